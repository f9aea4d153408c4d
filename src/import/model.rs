//! What every format is read into: scenarios of requests, with what is expected of the answers,
//! what was said beside them, and what has no place in scn.

use super::names::Names;
use super::private::{hidden_within, holds_private, is_private};
use super::secrets::Secrets;
use super::{body, place};
use crate::lang::Registry;
use crate::value::{Value, from_json};

/// A file, read.
#[derive(Debug, Default)]
pub(super) struct Story {
    /// What stands at the top: comments, and what belongs to no request.
    pub(super) head: Vec<Line>,
    pub(super) inputs: Vec<Input>,
    pub(super) secrets: Secrets,
    /// Services that are known before any request is; the writer adds those that the URLs name.
    pub(super) services: Vec<Service>,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) names: Names,
    /// Values at the top that are made of others.
    pub(super) lets: Vec<(String, Text)>,
    /// Whether values are made up where the file has none, so that a private one has to come from outside.
    pub(super) invents: bool,
    /// The options of every request, which the services say.
    pub(super) defaults: Vec<(&'static str, Term)>,
}

/// A value that is set from outside.
#[derive(Debug, Clone, Default)]
pub(super) struct Input {
    pub(super) name: String,
    /// Its type, such as `number`; text unless given.
    pub(super) kind: Option<&'static str>,
    pub(super) default: Option<Text>,
    /// The default as JSON, where the value stands in JSON without quotes.
    pub(super) json: Option<Term>,
    /// User and password, which the address that it holds has in the file.
    pub(super) user: Option<Text>,
    /// What is said above it.
    pub(super) note: String,
}

/// A service of the system under test.
#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: String,
    /// Its address, or that of the contract's own server; none: it has to be filled in.
    pub(super) at: Option<Text>,
    /// The path of its contract, from the scenarios' file.
    pub(super) contract: Option<String>,
    /// What is said above it.
    pub(super) notes: Vec<Line>,
}

/// A scenario.
#[derive(Debug, Clone, Default)]
pub(super) struct Scenario {
    pub(super) title: String,
    pub(super) before: Vec<Line>,
    pub(super) requests: Vec<Request>,
    /// What is left to be said after the last request.
    pub(super) after: Vec<Line>,
}

/// A request with all that belongs to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// The title of its step; without one it stands in the scenario itself.
    pub(super) title: Option<String>,
    /// The name of its response, where something later speaks of it.
    pub(super) response: Option<String>,
    pub(super) before: Vec<Line>,
    pub(super) method: String,
    /// The whole URL, or where a service is known its path.
    pub(super) url: Text,
    /// The service, where it does not follow from the URL.
    pub(super) service: Option<String>,
    pub(super) body: Option<Term>,
    pub(super) headers: Vec<(String, Term)>,
    pub(super) query: Vec<(String, Term)>,
    /// The other options, in the order in which they are written.
    pub(super) options: Vec<(&'static str, Term)>,
    /// Captures, expectations and what stands between them.
    pub(super) after: Vec<Line>,
}

/// A line beside or after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    /// What the file itself says, or what is worth saying.
    Comment(String),
    /// What has no place in scn; counted.
    Lost(String),
    /// `let NAME = …`
    Let(String, String),
    /// A statement that is none of these.
    Statement(String),
    /// `expect …`
    Expect(String),
    /// `expect SUBJECT == …`
    Equals(&'static str, Term),
    /// An expectation that the file does not have, and why.
    Added(String, &'static str),
}

/// Text with values in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) Vec<Piece>);

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Characters.
    Plain(String),
    /// An expression of scn, to stand in `${…}`.
    Value(String),
}

/// A value as scn writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Text(Text),
    /// An expression that is written already.
    Raw(String),
    List(Vec<Term>),
    Object(Vec<(String, Term)>),
    /// A call, each argument with its name, if it has one.
    Call(&'static str, Vec<(Option<&'static str>, Term)>),
}

impl Story {
    /// An empty one.
    pub(super) fn new(registry: &Registry) -> Story {
        Story { names: Names::new(registry), ..Story::default() }
    }

    /// The text with its characters hidden; a value in it is a secret from now on, if it comes from
    /// outside.
    pub(super) fn hide(&mut self, like: &str, what: &str, text: &Text) -> Text {
        hide(&mut self.inputs, &mut self.secrets, &mut self.names, like, what, text)
    }

    /// The text with what is private in it hidden, whatever it is; `of` says where it stands.
    pub(super) fn without_private(&mut self, of: &str, text: &Text) -> Text {
        hidden_within(text, |name, private| self.hide(name, &format!("`{name}` in a {of}"), private))
    }

    /// What the file says that a value from outside is.
    pub(super) fn known(&self, value: &str) -> Option<&str> {
        let input = self.inputs.iter().find(|input| input.name == value);
        match input {
            Some(input) => input.default.as_ref()?.as_plain(),
            None => self.secrets.known(value),
        }
    }

    /// A value that stands in JSON without quotes, as an expression: it is JSON itself. None when it
    /// cannot be.
    pub(super) fn bare(&mut self, value: &str) -> Option<String> {
        let input = self.inputs.iter().position(|input| input.name == value);
        let Some(known) = self.known(value) else {
            if let Some(at) = input {
                self.inputs[at].kind = Some("number | bool | text");
            }
            return Some(value.to_owned());
        };
        let json = from_json(known.as_bytes()).ok()?;
        let is_text = matches!(json, Value::Text(_) | Value::Null);
        if let Some(at) = input.filter(|_| !is_text)
            && let Some(term) = body::constant(&json, self)
        {
            self.inputs[at].json = Some(term);
            return Some(value.to_owned());
        }
        let function = if matches!(json, Value::Number(_)) { "number" } else { "from_json" };
        Some(format!("{function}({value})"))
    }

    /// A value from outside that the file calls by this name: a secret, if its name or the value says so.
    pub(super) fn outside(&mut self, called: &str, default: Option<Text>) -> String {
        let name = self.names.fresh(called);
        let what = format!("`{called}` of the file");
        let (default, user) = match default.as_ref().and_then(place::user) {
            Some((user, address)) => (Some(address), Some(user)),
            None => (default, None),
        };
        let is_plain = |text: &Text| text.as_plain().is_some_and(holds_private);
        if is_private(called) || default.as_ref().is_some_and(is_plain) {
            self.secrets.declare(&name, &what, default.as_ref().and_then(Text::as_plain));
        } else {
            let note = if default.is_some() {
                String::new()
            } else {
                format!("{what}: set it with --set {name}=…")
            };
            self.inputs.push(Input { name: name.clone(), default, user, note, ..Input::default() });
        }
        name
    }
}

/// The text with its characters hidden; a value in it is a secret from now on, if it comes from
/// outside.
pub(super) fn hide(
    inputs: &mut Vec<Input>,
    secrets: &mut Secrets,
    names: &mut Names,
    like: &str,
    what: &str,
    text: &Text,
) -> Text {
    for piece in &text.0 {
        let Piece::Value(value) = piece else { continue };
        if let Some(at) = inputs.iter().position(|input| input.name == *value) {
            let input = inputs.remove(at);
            let value = input.default.as_ref().and_then(Text::as_plain);
            secrets.declare(&input.name, what, value);
        }
    }
    secrets.hide_text(names, like, what, text)
}

impl Text {
    pub(super) fn plain(text: impl Into<String>) -> Text {
        Text(vec![Piece::Plain(text.into())])
    }

    pub(super) fn value(expression: impl Into<String>) -> Text {
        Text(vec![Piece::Value(expression.into())])
    }

    pub(super) fn push_plain(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Piece::Plain(last)) => last.push_str(text),
            _ => self.0.push(Piece::Plain(text.to_owned())),
        }
    }

    pub(super) fn push_value(&mut self, expression: impl Into<String>) {
        self.0.push(Piece::Value(expression.into()));
    }

    pub(super) fn append(&mut self, other: &Text) {
        for piece in &other.0 {
            match piece {
                Piece::Plain(text) => self.push_plain(text),
                Piece::Value(value) => self.push_value(value.clone()),
            }
        }
    }

    /// The characters, when there is no value among them.
    pub(super) fn as_plain(&self) -> Option<&str> {
        match &self.0[..] {
            [] => Some(""),
            [Piece::Plain(text)] => Some(text),
            _ => None,
        }
    }

    /// The expression, when the text is one value and no more.
    pub(super) fn as_value(&self) -> Option<&str> {
        match &self.0[..] {
            [Piece::Value(value)] => Some(value),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Plain(text) if text.is_empty()))
    }

    /// The text before and after a separator, which must be no part of a value.
    pub(super) fn split_once(&self, separator: char) -> Option<(Text, Text)> {
        self.split_where(|plain| plain.find(separator).map(|at| (at, at + separator.len_utf8())))
    }

    /// The text before and after the first place that is found in its characters.
    pub(super) fn split_where(&self, find: impl Fn(&str) -> Option<(usize, usize)>) -> Option<(Text, Text)> {
        for (index, piece) in self.0.iter().enumerate() {
            let Piece::Plain(plain) = piece else { continue };
            let Some((start, end)) = find(plain) else { continue };
            let mut before = Text(self.0[..index].to_vec());
            before.push_plain(&plain[..start]);
            let mut after = Text::default();
            after.push_plain(&plain[end..]);
            after.append(&Text(self.0[index + 1..].to_vec()));
            return Some((before, after));
        }
        None
    }

    /// All parts between separators.
    pub(super) fn split(&self, separator: char) -> Vec<Text> {
        let mut parts = Vec::new();
        let mut rest = self.clone();
        while let Some((part, after)) = rest.split_once(separator) {
            parts.push(part);
            rest = after;
        }
        parts.push(rest);
        parts
    }

    /// The same without white space at both ends.
    pub(super) fn trimmed(mut self) -> Text {
        if let Some(Piece::Plain(first)) = self.0.first_mut() {
            *first = first.trim_start().to_owned();
        }
        if let Some(Piece::Plain(last)) = self.0.last_mut() {
            *last = last.trim_end().to_owned();
        }
        self.0.retain(|piece| !matches!(piece, Piece::Plain(text) if text.is_empty()));
        self
    }

    /// The text before and after the last place of a separator, which must be no part of a value.
    pub(super) fn rsplit_once(&self, separator: char) -> Option<(Text, Text)> {
        let at = self
            .0
            .iter()
            .rposition(|piece| matches!(piece, Piece::Plain(plain) if plain.contains(separator)))?;
        let (before, after) = Text(self.0[at..].to_vec())
            .split_where(|plain| plain.rfind(separator).map(|at| (at, at + separator.len_utf8())))?;
        let mut whole = Text(self.0[..at].to_vec());
        whole.append(&before);
        Some((whole, after))
    }

    /// The rest, when the text begins with these characters, in any case.
    pub(super) fn strip_word(&self, word: &str) -> Option<Text> {
        let Some(Piece::Plain(first)) = self.0.first() else { return None };
        let head = first.get(..word.len()).filter(|head| head.eq_ignore_ascii_case(word))?;
        let mut rest = Text::default();
        rest.push_plain(&first[head.len()..]);
        rest.append(&Text(self.0[1..].to_vec()));
        Some(rest)
    }

    /// What people read: a value as `${…}`.
    pub(super) fn shown(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Plain(text) => text.clone(),
            Piece::Value(value) => format!("${{{value}}}"),
        };
        self.0.iter().map(piece).collect()
    }
}

impl Term {
    pub(super) fn plain(text: impl Into<String>) -> Term {
        Term::Text(Text::plain(text))
    }

    /// A call with one argument.
    pub(super) fn call(name: &'static str, argument: Term) -> Term {
        Term::Call(name, vec![(None, argument)])
    }
}

impl Request {
    /// Sets an option, in the place of an earlier one.
    pub(super) fn set(&mut self, name: &'static str, term: Term) {
        match self.options.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = term,
            None => self.options.push((name, term)),
        }
    }

    /// Notes what is not carried over.
    pub(super) fn lose(&mut self, what: impl Into<String>) {
        self.before.push(Line::Lost(what.into()));
    }

    /// The value of a header, by its name in any case.
    pub(super) fn header(&self, name: &str) -> Option<&Term> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}
