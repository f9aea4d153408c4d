//! Bodies of requests and of responses: JSON, XML, texts over several lines, bytes and files.

use super::super::model::{Line, Request, Term, Text};
use super::super::{body, quote};
use super::scan::{Scan, Wrong};
use super::{Entry, Reader, is_request, is_response};

/// A body as it is written.
pub(super) enum Body {
    Json(Text),
    Xml(Text),
    Text(Text),
    GraphQl(Text),
    /// An expression of bytes.
    Bytes(String),
    File(Text),
}

/// What stands between two ```.
pub(super) struct Block<'a> {
    /// `json`, `xml`, `graphql`, `base64`, `hex`, or nothing.
    pub(super) kind: &'a str,
    pub(super) content: String,
    /// Whether variables stand in it.
    pub(super) is_template: bool,
}

/// Reads a block up to the quotes that close it; those that open it are taken already.
pub(super) fn block<'a>(scan: &mut Scan<'a>) -> Result<Block<'a>, Wrong> {
    let Some((inner, _)) = scan.rest().split_once("```") else {
        return Err(scan.wrong("these quotes are not closed"));
    };
    let mut block = Block { kind: "", content: inner.replace("\r\n", "\n"), is_template: true };
    let Some((head, content)) = inner.split_once('\n') else {
        scan.take(inner);
        scan.take("```");
        return Ok(block);
    };
    let mut escapes = false;
    for word in head.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        match word {
            "escape" => escapes = true,
            "novariable" | "raw" => block.is_template = false,
            "json" | "xml" | "graphql" | "base64" | "hex" => block.kind = word,
            _ => {
                let known = "json, xml, graphql, base64, hex, escape and novariable";
                return Err(scan.wrong(format!("`{word}` cannot stand behind these quotes: {known} can")));
            }
        }
    }
    scan.take(&inner[..inner.len() - content.len()]);
    block.content = if escapes {
        Scan::new(content, scan.place()).unescaped()?.replace("\r\n", "\n")
    } else {
        content.replace("\r\n", "\n")
    };
    scan.take(content);
    scan.take("```");
    Ok(block)
}

/// Whether a line begins a body below the lines of a section.
pub(super) fn begins_body(line: &str) -> bool {
    let begins = line.starts_with(['{', '[', '<', '`'])
        || ["hex,", "base64,", "file,"].iter().any(|prefix| line.starts_with(prefix));
    begins && !is_pair(line)
}

/// `{{name}}: value`, which looks like JSON at first.
fn is_pair(line: &str) -> bool {
    line.starts_with("{{") && Scan::new(line, 0).bare(Some(':')).is_ok()
}

impl<'a> Reader<'a> {
    /// A body that begins on this line; the lines that it goes on are taken.
    pub(super) fn body(
        &mut self,
        start: usize,
        line: &'a str,
        lines: &mut Vec<Line>,
    ) -> Result<Option<Body>, Wrong> {
        let trimmed = line.trim_start();
        let from = start + line.len() - trimmed.len();
        let rest = &self.text[from..];
        if is_pair(trimmed) {
            return Ok(None);
        }
        let wrong = |message: &str| (from..start + line.len(), message.to_owned());
        for (prefix, function) in [("hex,", "unhex"), ("base64,", "unbase64"), ("file,", "")] {
            let Some(inner) = rest.strip_prefix(prefix) else { continue };
            let Some((inner, _)) = inner.split_once(';') else {
                return self.unclosed(wrong("`;` is missing at the end"));
            };
            self.end_body(from + prefix.len() + inner.len() + 1, lines)?;
            let inner: String =
                inner.split_whitespace().collect::<Vec<_>>().join(if function.is_empty() { " " } else { "" });
            if function.is_empty() {
                let path = self.template(&inner, lines);
                return Ok(Some(Body::File(path)));
            }
            return Ok(Some(Body::Bytes(format!("{function}({})", quote::plain(&inner)))));
        }
        if let Some(inner) = rest.strip_prefix("```") {
            let Some(length) = inner.find("```") else {
                return self.unclosed(wrong("these quotes are not closed"));
            };
            self.end_body(from + length + 2 * "```".len(), lines)?;
            let Block { kind, content, is_template } = block(&mut Scan::new(inner, from + "```".len()))?;
            let text = if is_template { self.template(&content, lines) } else { Text::plain(content) };
            return Ok(Some(match kind {
                "json" => Body::Json(text),
                "xml" => Body::Xml(text),
                "graphql" => Body::GraphQl(text),
                "base64" | "hex" => {
                    let Some(plain) = text.as_plain() else {
                        return Err(wrong("a variable cannot stand in bytes"));
                    };
                    let inner: String = plain.split_whitespace().collect();
                    let function = if kind == "hex" { "unhex" } else { "unbase64" };
                    Body::Bytes(format!("{function}({})", quote::plain(&inner)))
                }
                _ => Body::Text(text),
            }));
        }
        if let Some(inner) = rest.strip_prefix('`') {
            let Some((inner, _)) = inner.split_once('`') else {
                return self.unclosed(wrong("this quote is not closed"));
            };
            self.end_body(from + inner.len() + 2, lines)?;
            return Ok(Some(Body::Text(self.template(inner, lines))));
        }
        if trimmed.starts_with('<') {
            // XML goes on to the response or to the next request.
            let mut end = self.at;
            while self
                .lines
                .get(end)
                .is_some_and(|(_, line)| !is_request(line.trim()) && !is_response(line.trim()))
            {
                end += 1;
            }
            self.at = end;
            let to = self.lines.get(end).map_or(self.text.len(), |(start, _)| *start);
            let text = self.text[from..to].trim_end().replace("\r\n", "\n");
            return Ok(Some(Body::Xml(self.template(&text, lines))));
        }
        let is_json = trimmed.starts_with(['{', '[', '"', '-'])
            || trimmed.starts_with(|c: char| c.is_ascii_digit())
            || ["true", "false", "null"].contains(&trimmed);
        if !is_json {
            return Ok(None);
        }
        let Some(length) = json_length(rest) else {
            return self.unclosed(wrong("this JSON is not closed"));
        };
        self.end_body(from + length, lines)?;
        let text = rest[..length].to_owned();
        let text = self.template(&text, lines);
        Ok(Some(Body::Json(text)))
    }

    pub(super) fn add_body(
        &mut self,
        entry: &mut Entry,
        body: Body,
        start: usize,
        line: &str,
    ) -> Result<(), Wrong> {
        let twice = || (start..start + line.len(), "there is a body already".to_owned());
        let Some(answer) = &mut entry.answer else {
            return if entry.body.replace(body).is_some() { Err(twice()) } else { Ok(()) };
        };
        let line = match body {
            Body::Json(text) => match body::json(&text, &mut self.story) {
                // `json(…)` makes a body and no value.
                Some(Term::Call("json", mut scalar)) => Line::Equals("body", scalar.remove(0).1),
                Some(term) => Line::Equals("body", term),
                None => return Err((start..start + line.len(), "this is no JSON".to_owned())),
            },
            Body::Xml(text) | Body::Text(text) | Body::GraphQl(text) => {
                Line::Equals("text", Term::Text(self.story.without_private("body of an answer", &text)))
            }
            Body::Bytes(bytes) => Line::Expect(format!("raw == {bytes}")),
            Body::File(path) => Line::Lost(format!("that the body is the file `{}`", path.shown())),
        };
        answer.implied.push(line);
        Ok(())
    }

    pub(super) fn request_body(&mut self, request: &mut Request, body: Body) {
        let typed = |request: &mut Request, kind: &str| {
            if request.header("content-type").is_none() {
                request.headers.push(("Content-Type".to_owned(), Term::plain(kind)));
            }
        };
        // Hurl says nothing of what it does not understand.
        let untyped = |request: &mut Request, body: Term| {
            if request.header("content-type").is_none() {
                request.headers.push(("Content-Type".to_owned(), Term::Raw("absent".to_owned())));
            }
            request.body = Some(body);
        };
        match body {
            Body::Json(text) => {
                typed(request, "application/json");
                body::set_text(request, &text, &mut self.story);
            }
            Body::Xml(text) => {
                typed(request, "application/xml");
                body::set_text(request, &text, &mut self.story);
            }
            Body::Text(text) => body::set_text(request, &text, &mut self.story),
            Body::GraphQl(text) => {
                let (document, variables) = text
                    .split_where(|plain| plain.find("\nvariables").map(|at| (at, at + "\nvariables".len())))
                    .unwrap_or((text, Text::default()));
                body::set_graphql(request, document, &variables, &mut self.story);
            }
            Body::Bytes(bytes) => untyped(request, Term::call("bytes", Term::Raw(bytes))),
            Body::File(path) => untyped(request, file(&path)),
        }
    }

    /// Goes on with the first line behind the end of a body; on its last line only a comment may follow.
    fn end_body(&mut self, end: usize, lines: &mut Vec<Line>) -> Result<(), Wrong> {
        while self.lines.get(self.at).is_some_and(|(start, _)| *start < end) {
            self.at += 1;
        }
        let to = self.lines.get(self.at).map_or(self.text.len(), |(start, _)| *start);
        let mut scan = Scan::new(self.text[end..to].trim_end_matches(['\n', '\r']), end);
        if !scan.is_done() {
            return Err(scan.wrong("nothing more can stand here"));
        }
        lines.extend(scan.comment().map(Line::Comment));
        Ok(())
    }

    /// A body that nothing closes goes on to the end of the file.
    fn unclosed(&mut self, wrong: Wrong) -> Result<Option<Body>, Wrong> {
        self.at = self.lines.len();
        Err(wrong)
    }

    /// A line, or the lines up to the one that closes the block in it.
    pub(super) fn with_block(&mut self, start: usize, line: &'a str) -> &'a str {
        let Some((before, inner)) = line.split_once("```") else { return line };
        if inner.contains("```") {
            return line;
        }
        let from = start + before.len() + "```".len();
        let Some(length) = self.text[from..].find("```") else {
            self.at = self.lines.len();
            return line;
        };
        let close = from + length + "```".len();
        while self.lines.get(self.at).is_some_and(|(start, _)| *start < close) {
            self.at += 1;
        }
        let last = self.lines[self.at - 1];
        &self.text[start..last.0 + last.1.len()]
    }
}

/// The file of a part, `file,path; type`, or of a body.
pub(super) fn file(value: &Text) -> Term {
    let path = value.strip_word("file,").unwrap_or_else(|| value.clone());
    let (path, kind) = path.split_once(';').unwrap_or((path, Text::default()));
    let kind = kind.trimmed();
    body::file(&path.trimmed(), Some(kind).filter(|kind| !kind.is_empty()), None)
}

/// How many bytes the JSON at the beginning of a text has.
fn json_length(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut is_quoted = false;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if is_quoted {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    is_quoted = false;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
            continue;
        }
        match c {
            '"' => is_quoted = true,
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            '\n' | '\r' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    (depth == 0 && !is_quoted).then_some(text.len())
}
