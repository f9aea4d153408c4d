//! What curl sends: `-d` and its like, and the parts of `-F`.

use std::collections::VecDeque;

use super::super::body::{self, hidden};
use super::super::model::{Input, Line, Piece, Story, Term, Text};
use super::super::place::{is_unreserved, known, spelled};

/// An argument of `-d` or one of its like.
pub(super) struct Data {
    pub(super) kind: Kind,
    pub(super) text: Text,
}

/// How an argument is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `-d`: `@file` without its line ends.
    Plain,
    /// `--data-binary`: `@file` as it is.
    Binary,
    /// `--data-raw`: as it is.
    Raw,
    /// `--data-urlencode`: `content`, `=content`, `name=content`, `@file`, `name@file`.
    Encoded,
    /// `--json`: as with `--data-binary`, but no `&` before it.
    Json,
}

/// Where the data goes, which decides how a value is encoded in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    /// Into a form, which encodes it.
    Form,
    /// Behind a URL, which encodes it where it is not known.
    Query,
    /// Into a text, where it stands as it is.
    Text,
}

/// The file that is the whole body, when one is.
pub(super) fn only_file(data: &[Data]) -> Option<Text> {
    match data {
        [Data { kind: Kind::Plain | Kind::Binary | Kind::Json, text }] => text.strip_word("@"),
        _ => None,
    }
}

/// All data as curl sends it, with `&` between; what has no place in it is noted in `lost`.
pub(super) fn joined(data: &[Data], goes: Goes, inputs: &[Input], lost: &mut Vec<Line>) -> Text {
    let mut all = Text::default();
    for (index, data) in data.iter().enumerate() {
        if index > 0 && data.kind != Kind::Json {
            all.push_plain("&");
        }
        // A form encodes what curl sends as it is.
        let text = match goes {
            Goes::Form => spelled(&data.text, inputs, |known| !is_unreserved(known)),
            Goes::Query | Goes::Text => data.text.clone(),
        };
        match data.kind {
            Kind::Raw => all.append(&text),
            Kind::Encoded => encoded(&data.text, goes, inputs, lost, &mut all),
            Kind::Plain | Kind::Binary | Kind::Json => match data.text.strip_word("@") {
                Some(path) => lost.push(Line::Lost(file(&path))),
                None => all.append(&text),
            },
        }
    }
    all
}

/// Data of a file that is not carried over.
fn file(path: &Text) -> String {
    match path.as_plain() {
        Some("-") => "standard input as data".to_owned(),
        _ => format!("the data of the file `{}`", path.shown()),
    }
}

fn encoded(text: &Text, goes: Goes, inputs: &[Input], lost: &mut Vec<Line>, all: &mut Text) {
    let encode = |plain: &str| url::form_urlencoded::byte_serialize(plain.as_bytes()).collect::<String>();
    let shown = text.shown();
    if shown.find('@').is_some_and(|at| !shown[..at].contains('=')) {
        return lost.push(Line::Lost(format!("the data of the file in `{shown}`")));
    }
    let (name, value) = text.split_once('=').unwrap_or((Text::default(), text.clone()));
    if !name.is_empty() {
        all.append(&name);
        all.push_plain("=");
    }
    for piece in &value.0 {
        match piece {
            Piece::Plain(plain) => all.push_plain(&encode(plain)),
            Piece::Value(value) if goes == Goes::Form => all.push_value(value.clone()),
            Piece::Value(value) => match known(inputs, value).filter(|known| !is_unreserved(known)) {
                Some(known) => all.push_plain(&encode(known)),
                None if goes == Goes::Text => all.push_value(format!("url_encode({value})")),
                None => all.push_value(value.clone()),
            },
        }
    }
}

/// A part of `-F name=content;type=…`, `-F name=@file;filename=…`, `-F name=<file`.
pub(super) fn part(text: &Text, is_string: bool, story: &mut Story) -> Result<(String, Term), String> {
    let (name, value) = text.split_once('=').ok_or("which has no `=`")?;
    let name = name.as_plain().ok_or("whose name is a variable")?.to_owned();
    if is_string {
        return Ok((name.clone(), Term::Text(hidden(&name, &value, "form", story))));
    }
    let is_file = value.strip_word("@").is_some();
    if value.strip_word("<").is_some() {
        return Err("the text of a file".to_owned());
    }
    if value.strip_word("(").is_some() {
        return Err("which begins a form in a form".to_owned());
    }
    let mut words = Words::of(&value.strip_word("@").unwrap_or(value));
    let content = words.next_word(is_file);
    let mut kind: Option<Text> = None;
    let mut file_name = None;
    let mut is_kind = false;
    while words.skip(';') {
        words.skip_space();
        let key = words.key().unwrap_or_default();
        match &*key {
            "type" if !is_kind => {
                kind = Some(words.until(&[';']));
                is_kind = true;
            }
            "filename" => {
                file_name = Some(words.next_word(is_file));
                is_kind = false;
            }
            "headers" | "encoder" => return Err(format!("whose `{key}` has no place")),
            // A parameter of the type; what stands anywhere else, curl skips.
            _ => {
                let rest = words.until(&[';']);
                if let Some(kind) = kind.as_mut().filter(|_| is_kind) {
                    kind.push_plain("; ");
                    if !key.is_empty() {
                        kind.push_plain(&format!("{key}="));
                    }
                    kind.append(&rest);
                }
            }
        }
    }
    if words.skip(',') {
        return Err("which names several files".to_owned());
    }
    if !is_file {
        let text = Term::Text(hidden(&name, &content, "form", story));
        let term = match kind {
            Some(kind) => Term::Call("text", vec![(None, text), (Some("type"), Term::Text(kind))]),
            None => text,
        };
        return Ok((name, term));
    }
    if content.as_plain() == Some("-") {
        return Err("the text of standard input".to_owned());
    }
    let kind = kind.or_else(|| content.as_plain().map(|path| Text::plain(kind_of(path))));
    Ok((name, body::file(&content, kind, file_name)))
}

/// What curl takes a file for by its name (lib/mime.c, `Curl_mime_contenttype`).
fn kind_of(path: &str) -> &'static str {
    const KINDS: &[(&str, &str)] = &[
        (".gif", "image/gif"),
        (".jpg", "image/jpeg"),
        (".jpeg", "image/jpeg"),
        (".png", "image/png"),
        (".svg", "image/svg+xml"),
        (".txt", "text/plain"),
        (".htm", "text/html"),
        (".html", "text/html"),
        (".pdf", "application/pdf"),
        (".xml", "application/xml"),
    ];
    let lower = path.to_ascii_lowercase();
    let known = KINDS.iter().find(|(end, _)| lower.ends_with(end));
    known.map_or("application/octet-stream", |(_, kind)| kind)
}

/// The words of an argument of `-F`, which `;` divides and double quotes hold together (src/tool_formparse.c).
struct Words {
    rest: VecDeque<Unit>,
}

/// A character, or a value.
#[derive(PartialEq, Eq)]
enum Unit {
    Char(char),
    Value(String),
}

impl Words {
    fn of(text: &Text) -> Words {
        let mut rest = VecDeque::new();
        for piece in &text.0 {
            match piece {
                Piece::Plain(plain) => rest.extend(plain.chars().map(Unit::Char)),
                Piece::Value(value) => rest.push_back(Unit::Value(value.clone())),
            }
        }
        Words { rest }
    }

    fn skip(&mut self, c: char) -> bool {
        let is = self.rest.front() == Some(&Unit::Char(c));
        if is {
            self.rest.pop_front();
        }
        is
    }

    fn skip_space(&mut self) {
        while matches!(self.rest.front(), Some(Unit::Char(c)) if c.is_ascii_whitespace()) {
            self.rest.pop_front();
        }
    }

    /// `type` of `type=`, which is taken away.
    fn key(&mut self) -> Option<String> {
        let mut key = String::new();
        for unit in &self.rest {
            match unit {
                Unit::Char(c) if c.is_ascii_alphabetic() => key.push(*c),
                Unit::Char('=') => {
                    self.rest.drain(..=key.len());
                    return Some(key);
                }
                _ => return None,
            }
        }
        None
    }

    /// Up to one of these characters, without white space at both ends.
    fn until(&mut self, ends: &[char]) -> Text {
        let mut text = Text::default();
        while let Some(unit) = self.rest.pop_front() {
            match unit {
                Unit::Char(c) if ends.contains(&c) => {
                    self.rest.push_front(Unit::Char(c));
                    break;
                }
                Unit::Char(c) => text.push_plain(c.encode_utf8(&mut [0; 4])),
                Unit::Value(value) => text.push_value(value),
            }
        }
        text.trimmed()
    }

    /// A word with its quotes taken off; `,` ends the name of a file, too.
    fn next_word(&mut self, is_file: bool) -> Text {
        let ends: &[char] = if is_file { &[';', ','] } else { &[';'] };
        self.skip_space();
        let has_end = self.rest.iter().skip(1).any(|unit| *unit == Unit::Char('"'));
        if !has_end || !self.skip('"') {
            return self.until(ends);
        }
        let mut text = Text::default();
        while let Some(unit) = self.rest.pop_front() {
            match unit {
                Unit::Char('"') => break,
                Unit::Char('\\') if matches!(self.rest.front(), Some(Unit::Char('"' | '\\'))) => {
                    if let Some(Unit::Char(c)) = self.rest.pop_front() {
                        text.push_plain(c.encode_utf8(&mut [0; 4]));
                    }
                }
                Unit::Char(c) => text.push_plain(c.encode_utf8(&mut [0; 4])),
                Unit::Value(value) => text.push_value(value),
            }
        }
        self.until(ends);
        text
    }
}
