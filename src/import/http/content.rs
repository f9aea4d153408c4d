//! What stands below the headers of a request: its body, and what is done with the answer.

use super::super::body;
use super::super::model::{Line, Piece, Request, Term, Text};
use super::{Reader, Row};

impl<'a> Reader<'a> {
    /// The body and the handlers behind it.
    pub(super) fn body(&mut self, request: &mut Request, rows: &[Row<'a>], is_graphql: bool) {
        let mut content: Vec<&str> = Vec::new();
        let mut files = Vec::new();
        let mut rest = rows;
        let mut judged = false;
        while let Some(((_, line), after)) = rest.split_first() {
            let trimmed = line.trim();
            if let Some(handler) = handler(trimmed) {
                let length = match handler {
                    Handler::Script => {
                        rest.iter().position(|(_, line)| line.contains("%}")).map_or(rest.len(), |at| at + 1)
                    }
                    _ => 1,
                };
                match handler {
                    Handler::Script => {
                        let text: Vec<&str> = rest[..length].iter().map(|(_, line)| *line).collect();
                        judged |= self.script(request, &text.join("\n"));
                    }
                    Handler::Saves => request.lose(format!("`{trimmed}`, which saves the answer in a file")),
                    Handler::File => request.lose(format!("the script of the file in `{trimmed}`")),
                    Handler::Reference => request.lose(format!("`{trimmed}`, an earlier answer")),
                }
                rest = &rest[length..];
                continue;
            }
            rest = after;
            match trimmed.strip_prefix('<').filter(|path| path.starts_with([' ', '@'])) {
                Some(path) => files.push(file(request, path)),
                None => content.push(line),
            }
        }
        let mut lines = Vec::new();
        let text = content.join("\n");
        let text = text.trim_end_matches(['\n', ' ', '\t']).trim_start_matches('\n');
        match files.as_slice() {
            [path] if text.trim().is_empty() => {
                let path = self.template(path, &mut lines);
                let kind = match request.header("content-type") {
                    Some(Term::Text(kind)) => Some(kind.clone()),
                    _ => None,
                };
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                request.body = Some(body::file(&path, kind, None));
            }
            files => {
                for path in files {
                    request.lose(format!("the file `{path}` inside of a body"));
                }
                if is_graphql {
                    let text = self.template(text, &mut lines);
                    self.graphql(request, text);
                } else if !text.is_empty() {
                    let text = self.template(text, &mut lines);
                    let text = match &*media_type(request) {
                        "application/x-www-form-urlencoded" => form(&text),
                        // The editors end the lines between the parts as RFC 2046 §4.1.1 does.
                        media if media.starts_with("multipart/") => with_lines(&text),
                        _ => text,
                    };
                    body::set_text(request, &text, &mut self.story);
                }
            }
        }
        request.before.append(&mut lines);
        if !judged {
            request
                .after
                .insert(0, Line::Added("status in 200..299".to_owned(), "the file takes any answer"));
        }
    }

    fn graphql(&mut self, request: &mut Request, text: Text) {
        let (document, variables) = text
            .split_where(|plain| plain.find("\n\n{").map(|at| (at, at + 2)))
            .unwrap_or((text, Text::default()));
        body::set_graphql(request, document, &variables, &mut self.story);
    }
}

/// The path of `< path`, or of `<@ path`: the variables in that file are not replaced.
fn file(request: &mut Request, path: &str) -> String {
    let Some(template) = path.strip_prefix('@') else { return path.trim().to_owned() };
    // An encoding may stand right behind the `@`.
    let (encoding, path) = match template.split_once([' ', '\t']) {
        Some((encoding, path)) => (encoding, path.trim()),
        None => ("", template),
    };
    let encoding =
        if encoding.is_empty() { String::new() } else { format!(", nor is it read as {encoding}") };
    request.lose(format!("the variables in the file `{path}`, which is sent as it is{encoding}"));
    path.to_owned()
}

fn media_type(request: &Request) -> String {
    match request.header("content-type") {
        Some(Term::Text(kind)) => body::media_type(&kind.shown()),
        _ => String::new(),
    }
}

/// A form whose pairs may stand below each other, and with blanks around their signs.
fn form(text: &Text) -> Text {
    let part = |text: Text| {
        let mut part = text.trimmed();
        for piece in &mut part.0 {
            if let Piece::Plain(plain) = piece {
                *plain = plain.replace(' ', "+");
            }
        }
        part
    };
    let mut form = Text::default();
    for (index, pair) in text.split('&').into_iter().enumerate() {
        form.push_plain(if index > 0 { "&" } else { "" });
        match pair.split_once('=') {
            Some((name, value)) => {
                form.append(&part(name));
                form.push_plain("=");
                form.append(&part(value));
            }
            None => form.append(&part(pair)),
        }
    }
    form
}

fn with_lines(text: &Text) -> Text {
    let mut out = Text::default();
    for piece in &text.0 {
        match piece {
            Piece::Plain(plain) => out.push_plain(&plain.replace('\n', "\r\n")),
            Piece::Value(value) => out.push_value(value.clone()),
        }
    }
    out
}

/// What is done with an answer.
enum Handler {
    Script,
    File,
    Saves,
    Reference,
}

fn handler(line: &str) -> Option<Handler> {
    if line.starts_with("> {%") || line.starts_with(">{%") {
        Some(Handler::Script)
    } else if line.starts_with(">>") {
        Some(Handler::Saves)
    } else if line.starts_with("<>") {
        Some(Handler::Reference)
    } else if line.starts_with("> ") && !line.contains('<') {
        Some(Handler::File)
    } else {
        None
    }
}

pub(super) fn begins_handler(line: &str) -> bool {
    handler(line).is_some() || line.starts_with("< ")
}
