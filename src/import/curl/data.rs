//! What curl sends: `-d` and its like, and the parts of `-F`.

use super::super::body::{self, hidden};
use super::super::model::{Piece, Request, Story, Term, Text};

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
}

/// The file that is the whole body, when one is.
pub(super) fn only_file(data: &[Data]) -> Option<Text> {
    match data {
        [Data { kind: Kind::Plain | Kind::Binary, text }] => text.strip_word("@"),
        _ => None,
    }
}

/// All data as curl sends it, with `&` between.
pub(super) fn joined(data: &[Data], request: &mut Request) -> Text {
    let mut all = Text::default();
    for (index, data) in data.iter().enumerate() {
        if index > 0 {
            all.push_plain("&");
        }
        match data.kind {
            Kind::Raw => all.append(&data.text),
            Kind::Plain | Kind::Binary => match data.text.strip_word("@") {
                Some(path) => request.lose(format!("the data of the file `{}`", path.shown())),
                None => all.append(&data.text),
            },
            Kind::Encoded => encoded(&data.text, request, &mut all),
        }
    }
    all
}

fn encoded(text: &Text, request: &mut Request, all: &mut Text) {
    let shown = text.shown();
    if shown.find('@').is_some_and(|at| !shown[..at].contains('=')) {
        return request.lose(format!("the data of the file in `{shown}`"));
    }
    let (name, value) = text.split_once('=').unwrap_or((Text::default(), text.clone()));
    if !name.is_empty() {
        all.append(&name);
        all.push_plain("=");
    }
    for piece in &value.0 {
        match piece {
            Piece::Plain(plain) => {
                let encoded: String = url::form_urlencoded::byte_serialize(plain.as_bytes()).collect();
                all.push_plain(&encoded);
            }
            Piece::Value(value) => all.push_value(format!("url_encode({value})")),
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
    let mut pieces = value.split(';').into_iter();
    let mut content = pieces.next().unwrap_or_default();
    let mut kind = None;
    let mut file_name = None;
    for piece in pieces {
        match piece.clone().trimmed().split_once('=') {
            Some((key, value)) if key.as_plain() == Some("type") => kind = Some(value),
            Some((key, value)) if key.as_plain() == Some("filename") => file_name = Some(value),
            Some((key, _)) if matches!(key.as_plain(), Some("headers" | "encoder")) => {
                return Err(format!("whose `{}` has no place", key.shown()));
            }
            // A `;` of the content itself.
            _ => {
                content.push_plain(";");
                content.append(&piece);
            }
        }
    }
    if content.strip_word("<").is_some() {
        return Err("the text of a file".to_owned());
    }
    let term = match content.strip_word("@") {
        Some(path) => body::file(&unquoted(path), kind, file_name.map(unquoted)),
        None => {
            let text = Term::Text(hidden(&name, &content, "form", story));
            match kind {
                Some(kind) => Term::Call("text", vec![(None, text), (Some("type"), Term::Text(kind))]),
                None => text,
            }
        }
    };
    Ok((name, term))
}

/// What stands between double quotes.
fn unquoted(text: Text) -> Text {
    match text.as_plain() {
        Some(plain) => Text::plain(plain.trim_matches('"')),
        None => text,
    }
}
