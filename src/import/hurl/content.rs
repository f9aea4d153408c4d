//! Bodies of requests and of responses: JSON, XML, texts over several lines, bytes and files.

use super::super::model::{Line, Request, Term, Text};
use super::super::{body, quote};
use super::scan::Wrong;
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
        let wrong = |message: &str| (from..start + line.len(), message.to_owned());
        for (prefix, function) in [("hex,", "unhex"), ("base64,", "unbase64"), ("file,", "")] {
            let Some(inner) = rest.strip_prefix(prefix) else { continue };
            let Some((inner, _)) = inner.split_once(';') else {
                return Err(wrong("`;` is missing at the end"));
            };
            self.skip_to(from + prefix.len() + inner.len() + 1);
            let inner: String =
                inner.split_whitespace().collect::<Vec<_>>().join(if function.is_empty() { " " } else { "" });
            if function.is_empty() {
                let path = self.template(&inner, lines);
                return Ok(Some(Body::File(path)));
            }
            return Ok(Some(Body::Bytes(format!("{function}({})", quote::plain(&inner)))));
        }
        if let Some(inner) = rest.strip_prefix("```") {
            let Some((inner, _)) = inner.split_once("```") else {
                return Err(wrong("these quotes are not closed"));
            };
            self.skip_to(from + inner.len() + 6);
            let (head, content) = match inner.split_once('\n') {
                Some((head, content)) => (head.trim(), content),
                None => ("", inner),
            };
            let language = head.split(',').next().unwrap_or_default().trim();
            let content = content.replace("\r\n", "\n");
            let text = if language == "raw" { Text::plain(content) } else { self.template(&content, lines) };
            return Ok(Some(match language {
                "json" => Body::Json(text),
                "xml" => Body::Xml(text),
                "graphql" => Body::GraphQl(text),
                "base64" | "hex" => {
                    let Some(plain) = text.as_plain() else {
                        return Err(wrong("a variable cannot stand in bytes"));
                    };
                    let inner: String = plain.split_whitespace().collect();
                    let function = if language == "hex" { "unhex" } else { "unbase64" };
                    Body::Bytes(format!("{function}({})", quote::plain(&inner)))
                }
                _ => Body::Text(text),
            }));
        }
        if let Some(inner) = rest.strip_prefix('`') {
            let Some((inner, _)) = inner.split_once('`') else {
                return Err(wrong("this quote is not closed"));
            };
            self.skip_to(from + inner.len() + 2);
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
        let length = json_length(rest).ok_or_else(|| wrong("this JSON is not closed"))?;
        self.skip_to(from + length);
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
            Body::Bytes(bytes) => request.body = Some(Term::call("bytes", Term::Raw(bytes))),
            Body::File(path) => request.body = Some(file(&path)),
        }
    }

    /// Goes on with the first line that begins behind a place.
    fn skip_to(&mut self, place: usize) {
        while self.lines.get(self.at).is_some_and(|(start, _)| *start < place) {
            self.at += 1;
        }
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
