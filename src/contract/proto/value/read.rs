//! From values to messages, with every part that does not fit.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _,
};

use super::{FieldError, UNKNOWN, known};
use crate::diag::did_you_mean;
use crate::value::{Number, Object, Path, Step, Value, show_short};

/// The value as a message of this type, or everything that does not fit.
pub fn to_message(value: &Value, descriptor: &MessageDescriptor) -> Result<DynamicMessage, Vec<FieldError>> {
    let mut reader = Reader { pool: descriptor.parent_pool().clone(), errors: Vec::new() };
    match reader.message(value, descriptor, Place::Root) {
        Some(message) if reader.errors.is_empty() => Ok(message),
        _ => Err(reader.errors),
    }
}

/// Where in the value.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Root,
    Field(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn path(self) -> Path {
        let (outer, step) = match self {
            Place::Root => return Path::default(),
            Place::Field(outer, name) => (outer, Step::Field(Arc::from(name))),
            Place::Index(outer, index) => (outer, Step::Index(index as i64)),
        };
        let mut path = outer.path();
        path.0.push(step);
        path
    }
}

pub(super) struct Reader {
    pub(super) pool: DescriptorPool,
    errors: Vec<FieldError>,
}

impl Reader {
    pub(super) fn fail<T>(
        &mut self,
        at: Place<'_>,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Option<T> {
        self.errors.push(FieldError { path: at.path().to_string(), message: message.into(), help });
        None
    }

    pub(super) fn mismatch<T>(&mut self, at: Place<'_>, expected: &str, value: &Value) -> Option<T> {
        self.fail(at, format!("expected {expected}, got {}", described(value)), None)
    }

    pub(super) fn message(
        &mut self,
        value: &Value,
        descriptor: &MessageDescriptor,
        at: Place<'_>,
    ) -> Option<DynamicMessage> {
        if let Some(known) = known::read(self, value, descriptor, at) {
            return known;
        }
        let Value::Object(object) = value else {
            return self.mismatch(at, &format!("a `{}`", descriptor.full_name()), value);
        };
        self.fields(object, descriptor, at)
    }

    /// An object, field by field.
    pub(super) fn fields(
        &mut self,
        object: &Object,
        descriptor: &MessageDescriptor,
        at: Place<'_>,
    ) -> Option<DynamicMessage> {
        let before = self.errors.len();
        let mut message = DynamicMessage::new(descriptor.clone());
        let mut written = BTreeMap::new();
        for (name, value) in object {
            if matches!(value, Value::Absent) {
                continue;
            }
            let at = Place::Field(&at, name);
            if &**name == UNKNOWN {
                self.unknown(&mut message, value, at);
            } else if let Some(full_name) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
                self.extension(&mut message, full_name, value, at);
            } else if let Some(field) = find_field(descriptor, name) {
                if let Some(first) = written.insert(field.number(), name) {
                    let _: Option<()> =
                        self.fail(at, format!("the same field is given as `{first}` already"), None);
                    continue;
                }
                self.field(&mut message, &field, value, at);
            } else {
                self.no_such_field(descriptor, name, at);
            }
        }
        for field in descriptor.fields().filter(|field| field.is_required() && !message.has_field(field)) {
            // A field that was given, but does not fit, is reported already.
            if !written.contains_key(&field.number()) {
                let at = Place::Field(&at, field.name());
                let _: Option<()> = self.fail(at, "required, but not given", None);
            }
        }
        (self.errors.len() == before).then_some(message)
    }

    fn no_such_field(&mut self, descriptor: &MessageDescriptor, name: &str, at: Place<'_>) {
        let names: Vec<String> = descriptor.fields().map(|field| field.name().to_owned()).collect();
        let help =
            did_you_mean(name, names.iter().map(String::as_str)).or_else(|| listed("its fields are", &names));
        let _: Option<()> =
            self.fail(at, format!("`{}` has no field `{name}`", descriptor.full_name()), help);
    }

    fn unknown(&mut self, message: &mut DynamicMessage, value: &Value, at: Place<'_>) {
        let Some(bytes) = self.bytes(value, at) else { return };
        if message.merge(bytes.as_slice()).is_err() {
            let _: Option<()> = self.fail(at, "these bytes are no fields", None);
        }
    }

    fn extension(&mut self, message: &mut DynamicMessage, name: &str, value: &Value, at: Place<'_>) {
        let Some(extension) = message.descriptor().get_extension_by_full_name(name) else {
            let what = format!("`{}` has no extension `{name}`", message.descriptor().full_name());
            let _: Option<()> = self.fail(at, what, None);
            return;
        };
        let value = if extension.is_list() {
            self.list(value, &extension.kind(), at)
        } else {
            self.single(value, &extension.kind(), at)
        };
        if let Some(value) = value {
            message.set_extension(&extension, value);
        }
    }

    fn field(&mut self, message: &mut DynamicMessage, field: &FieldDescriptor, value: &Value, at: Place<'_>) {
        let kind = field.kind();
        if matches!(value, Value::Null) && (field.is_list() || field.is_map() || !known::takes_null(&kind)) {
            return;
        }
        let oneof = field.containing_oneof();
        if let Some(other) = oneof.and_then(|oneof| oneof.fields().find(|other| message.has_field(other))) {
            let oneof = other.containing_oneof();
            let of = oneof.as_ref().map_or("", |oneof| oneof.name());
            let what = format!("only one of `{of}` may be set, and `{}` is", other.name());
            let _: Option<()> = self.fail(at, what, None);
            return;
        }
        let value = if field.is_map() {
            self.map(value, &kind, at)
        } else if field.is_list() {
            self.list(value, &kind, at)
        } else {
            self.single(value, &kind, at)
        };
        if let Some(value) = value {
            message.set_field(field, value);
        }
    }

    pub(super) fn list(&mut self, value: &Value, kind: &Kind, at: Place<'_>) -> Option<prost_reflect::Value> {
        let live;
        let items = match value {
            Value::List(items) => items.as_slice(),
            Value::Live(history) if history.items().is_some() => {
                live = history.items().unwrap_or_default();
                live.as_slice()
            }
            _ => return self.mismatch(at, &format!("a list of {}", kind_name(kind)), value),
        };
        let items = items.iter().enumerate();
        let read: Vec<_> =
            items.map(|(index, item)| self.single(item, kind, Place::Index(&at, index))).collect();
        read.into_iter().collect::<Option<Vec<_>>>().map(prost_reflect::Value::List)
    }

    pub(super) fn map(&mut self, value: &Value, kind: &Kind, at: Place<'_>) -> Option<prost_reflect::Value> {
        let Kind::Message(entry) = kind else { return None };
        let (key_kind, kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let Value::Object(object) = value else {
            let expected = format!("an object that maps {} to {}", kind_name(&key_kind), kind_name(&kind));
            return self.mismatch(at, &expected, value);
        };
        let mut map = HashMap::new();
        let mut whole = true;
        for (name, value) in object.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
            let at = Place::Field(&at, name);
            let key = map_key(name, &key_kind);
            if key.is_none() {
                let what = format!("the key is no {}", kind_name(&key_kind));
                let _: Option<()> = self.fail(at, what, None);
            }
            match (key, self.single(value, &kind, at)) {
                (Some(key), Some(value)) => {
                    if map.insert(key, value).is_some() {
                        whole = false;
                        let _: Option<()> = self.fail(at, "the same key is given twice", None);
                    }
                }
                _ => whole = false,
            }
        }
        whole.then_some(prost_reflect::Value::Map(map))
    }

    pub(super) fn single(
        &mut self,
        value: &Value,
        kind: &Kind,
        at: Place<'_>,
    ) -> Option<prost_reflect::Value> {
        use prost_reflect::Value as Wire;
        match kind {
            Kind::Message(descriptor) => self.message(value, descriptor, at).map(Wire::Message),
            Kind::Bool => match value {
                Value::Bool(value) => Some(Wire::Bool(*value)),
                _ => self.mismatch(at, "bool", value),
            },
            Kind::String => match value {
                Value::Text(text) => Some(Wire::String(text.text.to_string())),
                _ => self.mismatch(at, "string", value),
            },
            Kind::Bytes => self.bytes(value, at).map(|bytes| Wire::Bytes(bytes.into())),
            Kind::Double => self.float(value, at, "double").map(|value| Wire::F64(value.to_f64())),
            Kind::Float => self.single_precision(value, at).map(Wire::F32),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                self.integer(value, kind, at, i32::MIN.into(), i32::MAX.into()).map(|n| Wire::I32(n as i32))
            }
            Kind::Uint32 | Kind::Fixed32 => {
                self.integer(value, kind, at, 0, u32::MAX.into()).map(|n| Wire::U32(n as u32))
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                self.integer(value, kind, at, i64::MIN.into(), i64::MAX.into()).map(|n| Wire::I64(n as i64))
            }
            Kind::Uint64 | Kind::Fixed64 => {
                self.integer(value, kind, at, 0, u64::MAX.into()).map(|n| Wire::U64(n as u64))
            }
            Kind::Enum(of) => self.enumeration(value, of, at).map(Wire::EnumNumber),
        }
    }

    fn integer(&mut self, value: &Value, kind: &Kind, at: Place<'_>, low: i128, high: i128) -> Option<i128> {
        let wide = high > i128::from(u32::MAX);
        let number = match value {
            Value::Number(number) => number.clone(),
            Value::Text(text) if wide => match text.text.parse::<i128>() {
                Ok(number) => Number::Int(number),
                Err(_) => return self.mismatch(at, &kind_name(kind), value),
            },
            _ => return self.mismatch(at, &kind_name(kind), value),
        };
        let Some(integer) = number.to_i128() else {
            return self.mismatch(at, &kind_name(kind), value);
        };
        if !(low..=high).contains(&integer) {
            return self.fail(
                at,
                format!("{integer} does not fit {} ({low}..{high})", kind_name(kind)),
                None,
            );
        }
        Some(integer)
    }

    fn float(&mut self, value: &Value, at: Place<'_>, expected: &str) -> Option<Number> {
        let special = match value {
            Value::Number(number) => return Some(number.clone()),
            Value::Text(text) => match &*text.text {
                "NaN" => f64::NAN,
                "Infinity" => f64::INFINITY,
                "-Infinity" => f64::NEG_INFINITY,
                _ => return self.mismatch(at, expected, value),
            },
            _ => return self.mismatch(at, expected, value),
        };
        Some(Number::Float { value: special, single: false })
    }

    fn single_precision(&mut self, value: &Value, at: Place<'_>) -> Option<f32> {
        let number = self.float(value, at, "float")?;
        // Decimals are rounded once, from their digits.
        let single = match &number {
            Number::Float { value, .. } => *value as f32,
            exact => exact.to_string().parse().unwrap_or(f32::NAN),
        };
        if single.is_infinite() && number.to_f64().is_finite() {
            return self.fail(at, format!("{number} does not fit float"), None);
        }
        Some(single)
    }

    pub(super) fn bytes(&mut self, value: &Value, at: Place<'_>) -> Option<Vec<u8>> {
        match value {
            Value::Bytes(bytes) => Some(bytes.bytes.to_vec()),
            Value::Text(text) => match base64_any(&text.text) {
                Some(bytes) => Some(bytes),
                None => self.mismatch(at, "bytes, or base64 as text", value),
            },
            _ => self.mismatch(at, "bytes", value),
        }
    }

    fn enumeration(
        &mut self,
        value: &Value,
        of: &prost_reflect::EnumDescriptor,
        at: Place<'_>,
    ) -> Option<i32> {
        match value {
            Value::Null if of.full_name() == known::NULL_VALUE => Some(0),
            Value::Text(text) => match of.get_value_by_name(&text.text) {
                Some(value) => Some(value.number()),
                None => {
                    let names: Vec<String> = of.values().map(|value| value.name().to_owned()).collect();
                    let help = did_you_mean(&text.text, names.iter().map(String::as_str))
                        .or_else(|| listed("its values are", &names));
                    self.fail(at, format!("`{}` has no value {}", of.full_name(), shown(value)), help)
                }
            },
            Value::Number(_) => {
                self.integer(value, &Kind::Int32, at, i32::MIN.into(), i32::MAX.into()).map(|n| n as i32)
            }
            _ => self.mismatch(at, &format!("a `{}` by name or number", of.full_name()), value),
        }
    }
}

/// A field by the name in the `.proto`, or by its JSON name.
fn find_field(descriptor: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    descriptor.get_field_by_name(name).or_else(|| descriptor.get_field_by_json_name(name))
}

fn map_key(text: &str, kind: &Kind) -> Option<MapKey> {
    match kind {
        Kind::String => Some(MapKey::String(text.to_owned())),
        Kind::Bool => text.parse().ok().map(MapKey::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => text.parse().ok().map(MapKey::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => text.parse().ok().map(MapKey::I64),
        Kind::Uint32 | Kind::Fixed32 => text.parse().ok().map(MapKey::U32),
        Kind::Uint64 | Kind::Fixed64 => text.parse().ok().map(MapKey::U64),
        _ => None,
    }
}

/// Standard or URL-safe base64 (RFC 4648 §4 and §5), padded or not, as the JSON mapping demands.
fn base64_any(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [alphabet::STANDARD, alphabet::URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
}

/// Whether the text can stand for bytes.
pub(in crate::contract::proto) fn is_base64(text: &str) -> bool {
    base64_any(text).is_some()
}

/// The type as a `.proto` writes it.
fn kind_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => format!("`{}`", message.full_name()),
        Kind::Enum(of) => format!("`{}`", of.full_name()),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Null | Value::Absent => value.kind().to_owned(),
        _ => format!("{} {}", value.kind(), shown(value)),
    }
}

fn shown(value: &Value) -> String {
    show_short(value, 60)
}

fn listed(words: &str, names: &[String]) -> Option<String> {
    let quoted: Vec<String> = names.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 12 { ", …" } else { "" };
    (!names.is_empty()).then(|| format!("{words} {}{more}", quoted.join(", ")))
}
