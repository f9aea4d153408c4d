//! What a rule does to a value.

use std::sync::Arc;

use super::keyed::Key;
use super::{date, email, form};
use crate::shape::{DrawKey, Drawer};
use crate::value::{Number, Value};

/// What a rule does.
#[derive(Debug, Clone)]
pub enum Method {
    /// Nothing.
    Keep,
    /// Leaves it out.
    Drop,
    /// A keyed permutation of the texts of the same form.
    Id,
    /// The same of numbers.
    Number,
    /// An address at `.test`.
    Email,
    /// A telephone number.
    Phone,
    /// A card number.
    Card,
    /// Moves a date by at most so many days.
    Date {
        /// At least one.
        days: u32,
        /// The column beside it whose value moves the date.
        per: Option<Arc<str>>,
    },
    /// A text without a meaning.
    Text,
    /// Draws anew: the shape as it was written, and what draws it once it is known.
    Draw(crate::syntax::ast::Expr, Option<Arc<Drawer>>),
}

/// What is replaced, and what stands beside it.
pub struct Source<'a> {
    /// The value.
    pub value: &'a Value,
    /// The value of a column beside it, for `per`.
    pub beside: &'a dyn Fn(&str) -> Option<Value>,
}

impl Method {
    /// What stands in the place of a value. `null`, what is absent and an empty text stay. Errors
    /// say what is wrong with the value and never show it.
    pub fn apply(&self, key: &Key, domain: &str, source: &Source<'_>) -> Result<Value, String> {
        let value = source.value;
        let nothing = match value {
            Value::Null | Value::Absent => true,
            Value::Text(text) => text.text.is_empty(),
            _ => false,
        };
        if nothing || matches!(self, Method::Keep) {
            return Ok(value.clone());
        }
        if matches!(self, Method::Drop) {
            return Ok(Value::Absent);
        }
        let text = match value {
            Value::Text(text) => text.text.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Bool(_) => return Err("a truth value cannot be replaced: `keep` or `drop` it".to_owned()),
            Value::Bytes(_) => return Err("bytes cannot be replaced: `keep` or `drop` them".to_owned()),
            _ => return Err("only texts and numbers can be replaced".to_owned()),
        };
        let parts = [domain.as_bytes()];
        let replaced = match self {
            Method::Draw(_, Some(drawer)) => {
                let key = DrawKey::new(0).with(key.bytes(&[&b"draw"[..], domain.as_bytes(), text.as_bytes()], 32));
                return drawer.draw(&key);
            }
            Method::Draw(_, None) => return Err("its shape is not known".to_owned()),
            Method::Id => form::permuted(key, &parts, &text)?,
            Method::Number if form::is_number(&text) => form::permuted(key, &parts, &text)?,
            Method::Number => return Err("it is no number of plain digits".to_owned()),
            Method::Phone if is_phone(&text) => form::permuted(key, &parts, &text)?,
            Method::Phone => return Err("it is no telephone number".to_owned()),
            Method::Email => email::email(key, &parts, &text)?,
            Method::Card => form::card(key, &parts, &text)?,
            Method::Text => form::scrambled(key, &parts, &text),
            Method::Date { days, per } => {
                let mover = match per {
                    None => text.clone(),
                    Some(name) => match (source.beside)(name) {
                        Some(Value::Text(text)) => text.text.to_string(),
                        Some(Value::Number(number)) => number.to_string(),
                        _ => return Err(format!("there is no `{name}` beside it")),
                    },
                };
                date::moved(key, &parts, &mover, *days, &text)?
            }
            Method::Keep | Method::Drop => text,
        };
        if !matches!(value, Value::Number(_)) {
            return Ok(Value::text(replaced));
        }
        // A number stays one; of what has no number's form it becomes a text.
        Ok(replaced.parse::<Number>().map(Value::Number).unwrap_or_else(|_| Value::text(replaced)))
    }
}

fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let sign = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '-' | '(' | ')' | '/' | '.');
    (5..=20).contains(&digits) && text.chars().all(sign)
}
