//! Bodies: what was sent as characters becomes what the language has for it, where that sends the
//! same.

use super::model::{Piece, Request, Story, Term, Text};
use super::private::{holds_private, is_private, is_private_number};
use crate::value::{Value, from_json};

/// Deeper JSON is sent as text: nobody reads it, and the language bounds its nesting.
const DEEPEST: usize = 30;
/// The media type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// What stands for a value while JSON is read; a text that has them itself is not read.
const OPEN: char = '\u{f0000}';
const BARE: char = '\u{f0001}';
const CLOSE: char = '\u{f0002}';

/// Gives a request a body of text, as its content type says: JSON and forms as such, where that sends
/// the same; without a type none is sent. What is one value and no more may be anything, and is sent
/// as it is.
pub(super) fn set_text(request: &mut Request, text: &Text, story: &mut Story) {
    let kind = match request.header("content-type") {
        Some(Term::Text(kind)) => kind.as_plain().map(str::to_owned),
        _ => None,
    };
    let media = kind.as_deref().map(media_type).unwrap_or_default();
    if text.as_value().is_some() {
        // It is no text of JSON, and no field of a form.
    } else if media == "application/json" || media.ends_with("+json") {
        if let Some(term) = json(text, story) {
            // `application/json` is what a body of JSON is sent as anyway.
            if kind.as_deref() == Some("application/json") {
                remove(request, "content-type");
            }
            request.body = Some(term);
            return;
        }
    } else if media == FORM
        && let Some(fields) = form_fields(text)
    {
        if kind.as_deref() == Some(FORM) {
            remove(request, "content-type");
        }
        request.body = Some(form(fields, story));
        return;
    }
    let form = if media == FORM { form_without_private(text, story) } else { None };
    let text = form.unwrap_or_else(|| story.without_private("body", text));
    let mut arguments = vec![(None, Term::Text(text))];
    match kind {
        Some(kind) if kind.contains('/') => {
            remove(request, "content-type");
            arguments.push((Some("type"), Term::plain(kind)));
        }
        Some(_) => {}
        None if request.header("content-type").is_some() => {}
        None => request.headers.push(("Content-Type".to_owned(), Term::Raw("absent".to_owned()))),
    }
    request.body = Some(Term::Call("text", arguments));
}

/// A form that is written in its own way, with what is private hidden; none when it is no form.
fn form_without_private(text: &Text, story: &mut Story) -> Option<Text> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-_.[]%+".contains(&b);
    let mut form = Text::default();
    for (index, pair) in text.split('&').into_iter().enumerate() {
        let (name, value) = pair.split_once('=')?;
        let name = name.as_plain().filter(|name| !name.is_empty() && name.bytes().all(is_name))?;
        form.push_plain(if index == 0 { "" } else { "&" });
        form.push_plain(&format!("{name}="));
        let name = decoded(name).unwrap_or_default();
        let raw = value.as_plain().unwrap_or_default();
        let plain = decoded(raw).unwrap_or_else(|| raw.to_owned());
        if !is_private(&name) && (holds_private(raw) || !holds_private(&plain)) {
            form.append(&story.without_private("body", &value));
            continue;
        }
        let what = format!("the field `{name}` of a body");
        if value.as_plain().is_none() {
            form.append(&story.hide(&name, &what, &value));
            continue;
        }
        // Nobody wants to set it as it is encoded.
        match story.hide(&name, &what, &Text::plain(plain)).as_value() {
            Some(secret) => form.push_value(format!("url_encode({secret})")),
            None => form.push_plain(raw),
        }
    }
    Some(form)
}

fn remove(request: &mut Request, header: &str) {
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
}

/// `application/json` of `Application/JSON; charset=utf-8`.
pub(super) fn media_type(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A body of fields.
pub(super) fn form(fields: Vec<(String, Text)>, story: &mut Story) -> Term {
    Term::call("form", Term::Object(fields_of(fields, "form", story)))
}

/// Fields as those of an object, private ones hidden; one that stands several times is a list.
pub(super) fn fields_of(fields: Vec<(String, Text)>, of: &str, story: &mut Story) -> Vec<(String, Term)> {
    let field = |(name, value): (String, Text)| {
        let value = hidden(&name, &value, of, story);
        (name, Term::Text(value))
    };
    gathered(fields.into_iter().map(field).collect())
}

/// The content of a file, from the directory of the scenarios.
pub(super) fn file(path: &Text, kind: Option<Text>, name: Option<Text>) -> Term {
    let path = match path.0.first() {
        Some(Piece::Plain(first)) if !first.starts_with(['/', '.']) => {
            let mut from_here = Text::plain("./");
            from_here.append(path);
            from_here
        }
        _ => path.clone(),
    };
    let mut arguments = vec![(None, Term::Text(path))];
    arguments.extend(kind.map(|kind| (Some("type"), Term::Text(kind))));
    arguments.extend(name.map(|name| (Some("name"), Term::Text(name))));
    Term::Call("file", arguments)
}

/// Fields of which several of one name are a list.
pub(super) fn gathered(parts: Vec<(String, Term)>) -> Vec<(String, Term)> {
    let mut gathered: Vec<(String, Term)> = Vec::new();
    for (name, part) in parts {
        match gathered.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Term::List(list))) => list.push(part),
            Some((_, first)) => *first = Term::List(vec![first.clone(), part]),
            None => gathered.push((name, part)),
        }
    }
    gathered
}

/// The value of a field, hidden when its name or its look says that it is private.
pub(super) fn hidden(name: &str, value: &Text, of: &str, story: &mut Story) -> Text {
    let what = format!("the field `{name}` of a {of}");
    if story.invents && is_private(name) {
        let own = story.names.fresh(name);
        story.secrets.declare(&own, &what, None);
        Text::value(own)
    } else if is_private(name) {
        story.hide(name, &what, value)
    } else {
        story.without_private(of, value)
    }
}

/// Whether a text is a form that the language writes the same again.
pub(super) fn is_form(text: &Text) -> bool {
    form_fields(text).is_some()
}

/// The fields of a form, when the language writes the same characters again.
fn form_fields(text: &Text) -> Option<Vec<(String, Text)>> {
    let mut fields: Vec<(String, Text)> = Vec::new();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=')?;
        let name = decode(name.as_plain()?)?;
        // The fields of one name must stand together, since a list does.
        if fields.iter().any(|(known, _)| *known == name)
            && fields.last().is_none_or(|(last, _)| *last != name)
        {
            return None;
        }
        let mut decoded = Text::default();
        for piece in &value.0 {
            match piece {
                Piece::Plain(plain) => decoded.push_plain(&decode(plain)?),
                Piece::Value(value) => decoded.push_value(value.clone()),
            }
        }
        fields.push((name, decoded));
    }
    Some(fields)
}

/// The characters that a part of a form stands for, when it is written as the language writes it
/// (WHATWG URL §5.2).
fn decode(part: &str) -> Option<String> {
    let text = decoded(part)?;
    let again: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    (again == part).then_some(text)
}

/// The characters that a part of a form stands for.
fn decoded(part: &str) -> Option<String> {
    let part = part.replace('+', " ");
    percent_encoding::percent_decode_str(&part).decode_utf8().ok().map(|text| text.into_owned())
}

/// Gives a request a GraphQL document, with variables as JSON where there are some.
pub(super) fn set_graphql(request: &mut Request, document: Text, variables: &Text, story: &mut Story) {
    let document = story.without_private("GraphQL document", &document);
    let mut arguments = vec![(None, Term::Text(document))];
    match json(variables, story) {
        Some(variables) => arguments.push((Some("variables"), variables)),
        None if variables.is_empty() => {}
        None => request.lose("the variables of a GraphQL request, which are no JSON"),
    }
    request.body = Some(Term::Call("graphql", arguments));
}

/// JSON as the language writes it; none when it is no JSON, or would not be the same.
pub(super) fn json(text: &Text, story: &mut Story) -> Option<Term> {
    let (marked, values) = mark(text)?;
    let value = from_json(marked.as_bytes()).ok()?;
    if depth(&value) > DEEPEST {
        return None;
    }
    let reader = Marked { values };
    let term = reader.term("", &value, story)?;
    Some(match term {
        Term::Object(_) | Term::List(_) => term,
        scalar => Term::call("json", scalar),
    })
}

/// A JSON value that has no values of the story in it.
pub(super) fn constant(value: &Value, story: &mut Story) -> Option<Term> {
    (depth(value) <= DEEPEST).then(|| Marked { values: Vec::new() }.term("", value, story)).flatten()
}

fn depth(value: &Value) -> usize {
    match value {
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The text as JSON in which a mark stands for each value: inside of quotes as it is, else as a text
/// of its own.
fn mark(text: &Text) -> Option<(String, Vec<&str>)> {
    let mut out = String::new();
    let mut values = Vec::new();
    let mut is_quoted = false;
    for piece in &text.0 {
        match piece {
            Piece::Plain(plain) => {
                if plain.contains([OPEN, BARE, CLOSE]) {
                    return None;
                }
                let mut escaped = false;
                for c in plain.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' if is_quoted => escaped = true,
                        '"' => is_quoted = !is_quoted,
                        _ => {}
                    }
                }
                out.push_str(plain);
            }
            Piece::Value(value) => {
                let number = values.len();
                values.push(&**value);
                if is_quoted {
                    out.push_str(&format!("{OPEN}{number}{CLOSE}"));
                } else {
                    out.push_str(&format!("\"{BARE}{number}{CLOSE}\""));
                }
            }
        }
    }
    Some((out, values))
}

struct Marked<'a> {
    values: Vec<&'a str>,
}

impl Marked<'_> {
    fn term(&self, name: &str, value: &Value, story: &mut Story) -> Option<Term> {
        Some(match value {
            Value::Null => Term::Raw("null".to_owned()),
            Value::Bool(value) => Term::Raw(value.to_string()),
            Value::Number(number) if is_private_number(name, &number.to_string()) => {
                let text = hidden(name, &Text::plain(number.to_string()), "body", story);
                Term::Raw(format!("number({})", text.as_value()?))
            }
            Value::Number(number) => Term::Raw(number.to_string()),
            Value::Text(text) => {
                let text = &*text.text;
                if let Some(inner) = text.strip_prefix(BARE).and_then(|rest| rest.strip_suffix(CLOSE)) {
                    let value = *self.values.get(inner.parse::<usize>().ok()?)?;
                    return story.bare(value).map(Term::Raw);
                }
                let text = self.unmarked(text)?;
                Term::Text(hidden(name, &text, "body", story))
            }
            Value::List(items) => {
                Term::List(items.iter().map(|item| self.term(name, item, story)).collect::<Option<Vec<_>>>()?)
            }
            Value::Object(fields) => {
                let mut object = Vec::new();
                for (name, value) in fields.iter() {
                    if name.contains([OPEN, BARE, CLOSE]) {
                        return None;
                    }
                    object.push((name.to_string(), self.term(name, value, story)?));
                }
                Term::Object(object)
            }
            _ => return None,
        })
    }

    fn unmarked(&self, text: &str) -> Option<Text> {
        let mut out = Text::default();
        let mut rest = text;
        while let Some((plain, after)) = rest.split_once(OPEN) {
            let (number, after) = after.split_once(CLOSE)?;
            out.push_plain(plain);
            out.push_value(*self.values.get(number.parse::<usize>().ok()?)?);
            rest = after;
        }
        out.push_plain(rest);
        (!rest.contains(BARE)).then_some(out)
    }
}
