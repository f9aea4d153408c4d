//! Draws of what has no parts: the built-in shapes, ranges and comparisons. What follows from the
//! arguments is worked out once, when the leaf is made.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::stream::Stream;
use super::{bounds, words};
use crate::shape::calendar::{show_date, show_datetime};
use crate::shape::types::lengths;
use crate::value::{Number, Object, Value};

pub(super) const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HEX: &[u8; 16] = b"0123456789abcdef";
pub(super) const SECOND: i128 = 1_000_000_000;
/// 2020-01-01 and 2029-12-31 in days since 1970: what dates are drawn of.
const DAYS: (i64, i64) = (18_262, 21_914);
/// No text or bytes are drawn longer.
pub(super) const MAX_LENGTH: usize = 1024 * 1024;

/// How a value without parts is drawn.
#[derive(Debug, Clone)]
pub(super) enum Leaf {
    /// Always this one.
    Only(Value),
    Bool,
    /// So many units of so many digits after the point.
    Units {
        low: i128,
        high: i128,
        scale: i64,
    },
    /// Nanoseconds: a count of steps of so many.
    Duration {
        low: i128,
        high: i128,
        step: i128,
    },
    /// Days since 1970.
    Date(i64, i64),
    /// Nanoseconds since 1970, in steps of so many.
    Datetime {
        low: i128,
        high: i128,
        step: i128,
    },
    Time,
    Uuid(u8),
    Ulid,
    Ip4,
    Ip6,
    /// Characters.
    Text(usize, usize),
    /// Bytes.
    Bytes(usize, usize),
    /// Pairs of digits.
    Hex(usize, usize),
    Base64,
    Base64Url,
    /// Something of the room of words.
    Words(fn(&mut Stream) -> String),
    /// A text before and after which letters are put, at least one.
    Longer(String, usize),
}

impl Leaf {
    /// The draw of a built-in shape with its arguments. Errors: nothing can be drawn of it.
    pub(super) fn of_type(name: &str, args: &Object) -> Result<Leaf, String> {
        if let Some(Value::Range(range)) = args.get("range") {
            return bounds::between(name, &range.0, &range.1);
        }
        let version = args.get("version").and_then(Value::as_number).and_then(Number::to_usize);
        Ok(match name {
            "uuid" => Leaf::Uuid(version.unwrap_or(4) as u8),
            "ulid" => Leaf::Ulid,
            "int" => Leaf::Units { low: 0, high: 1_000_000, scale: 0 },
            "decimal" | "number" => Leaf::Units { low: 0, high: 100_000_000, scale: 2 },
            "bool" => Leaf::Bool,
            "text" => {
                let (least, most) = length(args, 1, 20)?;
                Leaf::Text(least, most)
            }
            "email" => Leaf::Words(words::email),
            "url" => Leaf::Words(words::url),
            "hostname" => Leaf::Words(words::hostname),
            "ip" if version == Some(6) => Leaf::Ip6,
            "ip" => Leaf::Ip4,
            "datetime" => Leaf::Datetime {
                low: i128::from(DAYS.0) * 86_400,
                high: i128::from(DAYS.1) * 86_400,
                step: SECOND,
            },
            "date" => Leaf::Date(DAYS.0, DAYS.1),
            "time" => Leaf::Time,
            "duration" => Leaf::Duration { low: 1, high: 60_000, step: 1_000_000 },
            "bytes" => {
                let (least, most) = length(args, 16, 16)?;
                Leaf::Bytes(least, most)
            }
            "base64" => Leaf::Base64,
            "base64url" => Leaf::Base64Url,
            "hex" => {
                let (least, most) = length(args, 32, 32)?;
                let (least, most) = (least.div_ceil(2), most / 2);
                if least > most {
                    return Err("hexadecimal has an even length".to_owned());
                }
                Leaf::Hex(least, most)
            }
            "slug" => Leaf::Words(words::slug),
            "person_name" => Leaf::Words(words::person_name),
            "company" => Leaf::Words(words::company),
            "address" => Leaf::Words(words::address),
            "sentence" => Leaf::Words(words::sentence),
            "phone" => Leaf::Words(words::phone),
            "list" | "object" => {
                return Err(format!("`{name}` says nothing about what is in it, so nothing can be drawn"));
            }
            other => return Err(format!("`{other}` cannot be drawn")),
        })
    }

    /// A value.
    pub(super) fn draw(&self, stream: &mut Stream) -> Result<Value, String> {
        Ok(match self {
            Leaf::Only(value) => value.clone(),
            Leaf::Bool => Value::Bool(stream.below(2) == 1),
            Leaf::Units { low, high, scale } => bounds::scaled(stream.between(*low, *high), *scale),
            Leaf::Duration { low, high, step } => {
                Value::Duration((stream.between(*low, *high) * step) as i64)
            }
            Leaf::Date(low, high) => {
                let day = stream.between((*low).into(), (*high).into()) as i64;
                Value::text(show_date(day).ok_or("no such date")?)
            }
            Leaf::Datetime { low, high, step } => {
                Value::text(show_datetime(stream.between(*low, *high) * step).ok_or("no such date-time")?)
            }
            Leaf::Time => Value::text(format!(
                "{:02}:{:02}:{:02}",
                stream.below(24),
                stream.below(60),
                stream.below(60)
            )),
            Leaf::Uuid(version) => uuid(*version, stream.block()),
            Leaf::Ulid => {
                let mut text = String::with_capacity(26);
                // 26 digits of 5 bits are 130, and a ULID has 128.
                stream.letters(b"01", 1, &mut text);
                stream.letters(CROCKFORD, 25, &mut text);
                Value::text(text)
            }
            // The documentation ranges of RFC 5737 and RFC 3849.
            Leaf::Ip4 => Value::text(format!(
                "{}.{}",
                stream.one_of(&["192.0.2", "198.51.100", "203.0.113"]),
                stream.between(1, 254)
            )),
            Leaf::Ip6 => Value::text(format!(
                "2001:db8:{:x}::{:x}",
                stream.between(1, 0xffff),
                stream.between(1, 0xffff)
            )),
            Leaf::Text(least, most) => {
                let count = stream.between(*least as i128, *most as i128) as usize;
                let mut text = String::with_capacity(count);
                stream.letters(LOWER, count, &mut text);
                Value::text(text)
            }
            Leaf::Bytes(least, most) => {
                let count = stream.between(*least as i128, *most as i128) as usize;
                Value::bytes(stream.bytes(count))
            }
            Leaf::Hex(least, most) => {
                let count = stream.between(*least as i128, *most as i128) as usize;
                Value::text(hex(&stream.bytes(count)))
            }
            Leaf::Base64 => Value::text(STANDARD.encode(stream.block())),
            Leaf::Base64Url => Value::text(URL_SAFE_NO_PAD.encode(stream.block())),
            Leaf::Words(words) => Value::text(words(stream)),
            Leaf::Longer(before, most) => {
                let mut text = before.clone();
                let count = stream.between(1, *most as i128) as usize;
                stream.letters(LOWER, count, &mut text);
                Value::text(text)
            }
        })
    }

    /// Every value that it can draw, in order, when they are few enough to be listed.
    pub(super) fn all(&self, most: usize) -> Option<Vec<Value>> {
        let few = |low: i128, high: i128| {
            (high.checked_sub(low)? < most as i128).then(|| (low..=high).collect::<Vec<i128>>())
        };
        Some(match self {
            Leaf::Only(value) => vec![value.clone()],
            Leaf::Bool => vec![Value::Bool(false), Value::Bool(true)],
            Leaf::Units { low, high, scale } => {
                few(*low, *high)?.into_iter().map(|units| bounds::scaled(units, *scale)).collect()
            }
            Leaf::Duration { low, high, step } => {
                few(*low, *high)?.into_iter().map(|count| Value::Duration((count * step) as i64)).collect()
            }
            Leaf::Date(low, high) => {
                let days = few((*low).into(), (*high).into())?.into_iter();
                days.filter_map(|day| show_date(day as i64)).map(Value::text).collect()
            }
            Leaf::Datetime { low, high, step } => {
                let steps = few(*low, *high)?.into_iter();
                steps.filter_map(|count| show_datetime(count * step)).map(Value::text).collect()
            }
            Leaf::Text(0, 0) => vec![Value::text("")],
            Leaf::Text(0 | 1, 1) => {
                let letters = LOWER.iter().map(|letter| Value::text(char::from(*letter).to_string()));
                let empty = matches!(self, Leaf::Text(0, _)).then(|| Value::text(""));
                empty.into_iter().chain(letters).collect()
            }
            _ => return None,
        })
    }
}

/// RFC 9562 §5.4: all bits random but for the version and the variant.
fn uuid(version: u8, mut bytes: [u8; 16]) -> Value {
    bytes[6] = bytes[6] & 0x0f | version << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(*byte, &mut text);
    }
    Value::text(text)
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    bytes.iter().for_each(|byte| push_hex(*byte, &mut text));
    text
}

fn push_hex(byte: u8, text: &mut String) {
    text.push(char::from(HEX[usize::from(byte >> 4)]));
    text.push(char::from(HEX[usize::from(byte & 0x0f)]));
}

/// The least and the greatest length of what is drawn.
fn length(args: &Object, least: usize, most: usize) -> Result<(usize, usize), String> {
    let (least, most) = lengths(args).unwrap_or((least, most));
    if least > MAX_LENGTH {
        return Err(format!("nothing longer than {MAX_LENGTH} is drawn"));
    }
    // Of `1..1_000_000` mostly short ones are wanted; `edges` reaches the end.
    Ok((least, most.min(least + LONGER).min(MAX_LENGTH)))
}

/// A text with a far upper bound is drawn at most this much longer than its least length.
const LONGER: usize = 256;
