//! YAML 1.2 with the core schema (§10.3): `no` and `on` are texts, every digit of a number
//! survives, a key stands once. Aliases and depth are limited, for a few bytes can name terabytes.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::place::{Malformed, text};
use crate::value::{Number, Object, Value};

/// Nesting past this is refused, as in JSON.
const MAX_DEPTH: usize = 128;
/// No document has more nodes, aliases written out.
const MAX_NODES: u64 = 10_000_000;

/// Reads one YAML document; an empty one is `null`.
pub fn from_yaml(bytes: &[u8]) -> Result<Value, Malformed> {
    let text = text(bytes)?;
    let mut reader = Reader::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| wrong(error.marker(), error.info().to_owned()))?;
        reader.take(event, &span.start)?;
    }
    Ok(reader.root.map_or(Value::Null, |(value, _)| value))
}

fn wrong(at: &Marker, message: impl Into<String>) -> Malformed {
    Malformed { message: message.into(), line: at.line().max(1), column: at.col() + 1 }
}

/// A collection that is not complete yet.
enum Open {
    List(Vec<Value>),
    Object(Object, Option<Arc<str>>),
}

struct Frame {
    open: Open,
    anchor: usize,
    /// How many nodes are in it, aliases written out.
    nodes: u64,
}

#[derive(Default)]
struct Reader {
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, (Value, u64)>,
    root: Option<(Value, u64)>,
    documents: usize,
}

impl Reader {
    fn take(&mut self, event: Event<'_>, at: &Marker) -> Result<(), Malformed> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(wrong(at, "a second document begins: a catalog is one document"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    return self.key(&text, style, tag.as_deref(), at);
                }
                let value = scalar(&text, style, tag.as_deref()).map_err(|why| wrong(at, why))?;
                self.done(value, 1, anchor, at)
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(Open::List(Vec::new()), anchor, tag.as_deref(), "seq", at)
            }
            Event::MappingStart(anchor, tag) => {
                self.open(Open::Object(Object::new(), None), anchor, tag.as_deref(), "map", at)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(frame) = self.frames.pop() else { return Ok(()) };
                let value = match frame.open {
                    Open::List(items) => Value::list(items),
                    Open::Object(fields, _) => Value::Object(Arc::new(fields)),
                };
                self.done(value, frame.nodes, frame.anchor, at)
            }
            Event::Alias(anchor) => {
                if self.wants_key() {
                    return Err(wrong(at, "a key is a plain text, not an alias"));
                }
                match self.anchors.get(&anchor).cloned() {
                    Some((value, nodes)) => self.done(value, nodes, 0, at),
                    None => Err(wrong(at, "the alias names what contains it")),
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { open: Open::Object(_, None), .. }))
    }

    fn open(
        &mut self,
        open: Open,
        anchor: usize,
        tag: Option<&Tag>,
        kind: &str,
        at: &Marker,
    ) -> Result<(), Malformed> {
        if self.wants_key() {
            return Err(wrong(at, "a key is a plain text, not a list or an object"));
        }
        if self.frames.len() >= MAX_DEPTH {
            return Err(wrong(at, format!("nested more than {MAX_DEPTH} deep")));
        }
        match tag {
            Some(tag) if !(tag.is_yaml_core_schema() && tag.suffix == kind) => Err(wrong(at, unknown(tag))),
            _ => {
                self.frames.push(Frame { open, anchor, nodes: 1 });
                Ok(())
            }
        }
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        at: &Marker,
    ) -> Result<(), Malformed> {
        if text == "<<" && style == ScalarStyle::Plain {
            let message = "`<<` merges in YAML 1.1 only: write the fields out, or quote it when it is a name";
            return Err(wrong(at, message));
        }
        if let Some(tag) = tag.filter(|tag| !(tag.is_yaml_core_schema() && tag.suffix == "str")) {
            return Err(wrong(at, unknown(tag)));
        }
        if let Some(Frame { open: Open::Object(fields, key), .. }) = self.frames.last_mut() {
            if fields.contains_key(text) {
                return Err(wrong(at, format!("the key `{text}` stands twice in one object")));
            }
            *key = Some(text.into());
        }
        Ok(())
    }

    /// A node is complete: it goes into what is open around it.
    fn done(&mut self, value: Value, nodes: u64, anchor: usize, at: &Marker) -> Result<(), Malformed> {
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), nodes));
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some((value, nodes));
            return Ok(());
        };
        frame.nodes = frame.nodes.saturating_add(nodes);
        if frame.nodes > MAX_NODES {
            return Err(wrong(at, format!("more than {MAX_NODES} nodes, aliases written out")));
        }
        match &mut frame.open {
            Open::List(items) => items.push(value),
            Open::Object(fields, key) => {
                if let Some(key) = key.take() {
                    fields.insert(key, value);
                }
            }
        }
        Ok(())
    }
}

fn unknown(tag: &Tag) -> String {
    format!("the tag `{tag}` is not known here")
}

/// What a scalar is by the core schema; the error says why it is not what its tag says.
pub(crate) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain { plain(text) } else { Ok(Value::text(text)) };
    };
    let value = match tag.suffix.as_str() {
        _ if !tag.is_yaml_core_schema() => return Err(unknown(tag)),
        "str" => return Ok(Value::text(text)),
        "binary" => {
            let compact: String = text.split_whitespace().collect();
            let bytes = base64::engine::general_purpose::STANDARD.decode(compact);
            return bytes.map(Value::bytes).map_err(|_| "this is not base64".to_owned());
        }
        "null" | "bool" | "int" | "float" => plain(text)?,
        _ => return Err(unknown(tag)),
    };
    let fits = match &value {
        Value::Null => tag.suffix == "null",
        Value::Bool(_) => tag.suffix == "bool",
        Value::Number(Number::Int(_)) => matches!(tag.suffix.as_str(), "int" | "float"),
        Value::Number(_) => tag.suffix == "float",
        _ => false,
    };
    if fits { Ok(value) } else { Err(format!("this is no `{tag}`")) }
}

/// A plain scalar by the core schema (YAML 1.2.2 §10.3.2).
fn plain(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => float(f64::NAN),
        _ => match text.trim_start_matches(['+', '-']) {
            ".inf" | ".Inf" | ".INF" if text.len() <= 5 => {
                float(if text.starts_with('-') { f64::NEG_INFINITY } else { f64::INFINITY })
            }
            _ => return number(text),
        },
    })
}

fn float(value: f64) -> Value {
    Value::Number(Number::Float { value, single: false })
}

/// A number when it is one, else the text.
fn number(text: &str) -> Result<Value, String> {
    let based = |digits: &str, radix: u32| {
        let good = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        good.then(|| i128::from_str_radix(digits, radix).map_err(|_| "the number has too many digits"))
    };
    let found = text.strip_prefix("0o").and_then(|digits| based(digits, 8));
    if let Some(found) = found.or_else(|| text.strip_prefix("0x").and_then(|digits| based(digits, 16))) {
        return found.map(Value::int).map_err(str::to_owned);
    }
    if !is_decimal(text) {
        return Ok(Value::text(text));
    }
    // The language's own syntax wants digits on both sides of the point and no plus.
    let bare = text.strip_prefix('+').unwrap_or(text);
    let (sign, bare) = bare.strip_prefix('-').map_or(("", bare), |rest| ("-", rest));
    let (mantissa, exponent) = bare.find(['e', 'E']).map_or((bare, ""), |at| bare.split_at(at));
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => format!("0.{fraction}"),
        Some((whole, "")) => whole.to_owned(),
        _ => mantissa.to_owned(),
    };
    let read = format!("{sign}{mantissa}{exponent}").parse::<Number>();
    read.map(Value::Number).map_err(|error| error.to_string())
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match bare.find(['e', 'E']) {
        Some(at) => (&bare[..at], Some(&bare[at + 1..])),
        None => (bare, None),
    };
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}
