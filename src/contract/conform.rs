//! Whether what went over the wire is what the contract allows: pure, from an operation and an
//! exchange to what is wrong with it.

mod body;
mod request;
mod response;
mod sequence;
#[cfg(test)]
mod tests;
mod unknown;

pub(super) use body::{is_json, judges};
pub use request::{cookies, sent};
pub use response::came;
pub use sequence::{describes_events, streamed};
pub use unknown::unknown_fields;

use std::borrow::Cow;

use super::Parameter;
use super::style::{Given, Reading, read};
use crate::shape::{Difference, Differences, describe, mismatches};
use crate::source::Span;
use crate::value::{Object, Value, show_short};

/// What was sent.
#[derive(Debug, Clone, Default)]
pub struct Sent<'a> {
    /// The segments of the path below the service's address, decoded.
    pub segments: Vec<String>,
    /// Names and values after the `?`, decoded.
    pub query: Vec<(String, String)>,
    /// Names and values of the headers that the scenario set.
    pub headers: Vec<(String, String)>,
    /// The names of all headers that were sent, when they are known.
    pub wire: Option<Vec<&'a str>>,
    /// What the body is, when it is known.
    pub media: Option<String>,
    /// The body.
    pub body: Body<'a>,
}

/// A body that was sent.
#[derive(Debug, Clone, Default)]
pub enum Body<'a> {
    /// None.
    #[default]
    Nothing,
    /// One of which nothing can be said, such as a file.
    Unread,
    /// A value in JSON.
    Json(Cow<'a, Value>),
    /// A text, whatever it is.
    Text(Cow<'a, str>),
    /// Names and values of a form, or the parts of a multipart body.
    Form(&'a Object),
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Came<'a> {
    /// The status.
    pub status: u16,
    /// The headers by lower-case name, texts or lists of them.
    pub headers: &'a Value,
    /// The body, `absent` when it is empty; none when it was not read or there is none to be, as
    /// after `HEAD`.
    pub body: Option<&'a Value>,
    /// Reads the events of an event stream, records with `data`, `event` and `id`.
    pub events: fn(&str) -> Result<Vec<Value>, String>,
}

/// Something that the contract does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// One line, lower case: `the status 418 is not declared`.
    pub what: String,
    /// Every path at which it differs.
    pub differences: Differences,
    /// Where the contract says so.
    pub place: Option<Span>,
}

impl Breach {
    fn new(what: impl Into<String>, place: Option<Span>) -> Breach {
        Breach { what: what.into(), differences: Differences::default(), place }
    }
}

/// What is wrong with a parameter as it is written.
fn unfit(word: &str, parameter: &Parameter, given: &Given<'_>) -> Option<Breach> {
    let reading = read(&parameter.pattern, parameter.style, given);
    if reading.is_fine() {
        return None;
    }
    let mut breach = Breach::new(format!("the {word} `{}` does not fit", parameter.name), parameter.origin);
    match (reading, given) {
        (Reading::Differs(object), _) => {
            breach.differences = below(&parameter.name, mismatches(&parameter.pattern, &object));
        }
        (_, Given::Texts(texts)) => breach.differences.push(|| Difference {
            path: parameter.name.to_string(),
            expected: parameter.wanted(),
            actual: texts
                .iter()
                .map(|text| show_short(&Value::text(*text), 120))
                .collect::<Vec<_>>()
                .join(", "),
        }),
        (_, Given::Fields(fields)) => {
            let fields = fields.iter().map(|(name, text)| (*name, Value::text(*text)));
            breach.differences.push(|| Difference {
                path: parameter.name.to_string(),
                expected: describe(&parameter.pattern),
                actual: show_short(&Value::object(fields), 120),
            });
        }
        (_, Given::Nothing | Given::Undefined) => {}
    }
    Some(breach)
}

/// Paths from the whole exchange.
fn below(part: &str, mut differences: Differences) -> Differences {
    for difference in &mut differences.listed {
        difference.path.insert_str(0, part);
    }
    differences
}
