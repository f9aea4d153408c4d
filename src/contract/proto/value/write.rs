//! From messages to values.

use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _};

use super::{RAW, TYPE, UNKNOWN, known};
use crate::contract::proto::find_message;
use crate::value::{Number, Object, Value};

/// `Any` in `Any` in `Any` is unpacked this deep; below, it stays bytes. The decoder's own limit
/// starts anew with each `Any`, so without this a hostile message could overflow the stack.
const MAX_ANY: usize = 16;

/// The message as a value. `Any`s are unpacked by the message's own pool, the well-known types
/// and the error details.
pub(crate) fn from_message(message: &DynamicMessage) -> Value {
    let descriptor = message.descriptor();
    Writer { pool: descriptor.parent_pool(), any: 0 }.message(message)
}

/// The `Any` with this type URL and content as a value: `{ @type, …fields }`.
pub(crate) fn any(url: &str, bytes: &Bytes, pool: &DescriptorPool) -> Value {
    Writer { pool, any: 0 }.any(url, bytes)
}

/// How deep in `Any`s, and where their types are looked up.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    pool: &'a DescriptorPool,
    any: usize,
}

impl Writer<'_> {
    pub(super) fn message(self, message: &DynamicMessage) -> Value {
        known::write(self, message).unwrap_or_else(|| self.fields(message))
    }

    /// The message field by field, in the order of their numbers.
    pub(super) fn fields(self, message: &DynamicMessage) -> Value {
        let mut object = Object::new();
        for field in message.descriptor().fields() {
            if field.supports_presence() && !message.has_field(&field) {
                continue;
            }
            object.insert(Arc::from(field.name()), self.field(&field, &message.get_field(&field)));
        }
        for (extension, value) in message.extensions() {
            let name = format!("[{}]", extension.full_name());
            object.insert(Arc::from(name), self.value(&extension.kind(), value));
        }
        let mut unknown = Vec::new();
        for field in message.unknown_fields() {
            field.encode(&mut unknown);
        }
        if !unknown.is_empty() {
            object.insert(Arc::from(UNKNOWN), Value::bytes(unknown));
        }
        Value::Object(Arc::new(object))
    }

    fn field(self, field: &FieldDescriptor, value: &prost_reflect::Value) -> Value {
        let prost_reflect::Value::Map(map) = value else { return self.value(&field.kind(), value) };
        let Kind::Message(entry) = field.kind() else { return Value::Null };
        let kind = entry.map_entry_value_field().kind();
        // The map has no order of its own; keys in order make every output repeatable.
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by(|(a, _), (b, _)| compare(a, b));
        Value::object(entries.into_iter().map(|(key, value)| (key_text(key), self.value(&kind, value))))
    }

    pub(super) fn value(self, kind: &Kind, value: &prost_reflect::Value) -> Value {
        use prost_reflect::Value as Wire;
        match value {
            Wire::Bool(value) => Value::Bool(*value),
            Wire::I32(value) => Value::int(*value),
            Wire::I64(value) => Value::int(*value),
            Wire::U32(value) => Value::int(*value),
            Wire::U64(value) => Value::int(*value),
            Wire::F32(value) => Value::Number(Number::Float { value: f64::from(*value), single: true }),
            Wire::F64(value) => Value::Number(Number::Float { value: *value, single: false }),
            Wire::String(value) => Value::text(value.as_str()),
            Wire::Bytes(value) => Value::bytes(value.clone()),
            Wire::EnumNumber(number) => match kind {
                Kind::Enum(known) if known.full_name() == known::NULL_VALUE && *number == 0 => Value::Null,
                Kind::Enum(known) => known
                    .get_value(*number)
                    .map_or_else(|| Value::int(*number), |value| Value::text(value.name())),
                _ => Value::int(*number),
            },
            Wire::Message(message) => self.message(message),
            Wire::List(items) => Value::list(items.iter().map(|item| self.value(kind, item)).collect()),
            // Maps are fields, and handled there.
            Wire::Map(_) => Value::Null,
        }
    }

    pub(super) fn any(self, url: &str, bytes: &Bytes) -> Value {
        if url.is_empty() && bytes.is_empty() {
            return Value::Object(Arc::default());
        }
        let name = url.rsplit('/').next().unwrap_or(url);
        let known = (self.any < MAX_ANY).then(|| find_message(self.pool, name)).flatten();
        let decoded = known.and_then(|found| DynamicMessage::decode(found, bytes.clone()).ok());
        let mut object = Object::from_iter([(Arc::from(TYPE), Value::text(url))]);
        match decoded {
            None => {
                object.insert(Arc::from(RAW), Value::bytes(bytes.clone()));
            }
            Some(message) => {
                let inner = Writer { any: self.any + 1, ..self };
                match (known::is_special(name), inner.message(&message)) {
                    (false, Value::Object(fields)) => {
                        object.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
                    }
                    (_, value) => {
                        object.insert(Arc::from("value"), value);
                    }
                }
            }
        }
        Value::Object(Arc::new(object))
    }
}

fn key_text(key: &MapKey) -> Arc<str> {
    match key {
        MapKey::Bool(key) => Arc::from(if *key { "true" } else { "false" }),
        MapKey::I32(key) => key.to_string().into(),
        MapKey::I64(key) => key.to_string().into(),
        MapKey::U32(key) => key.to_string().into(),
        MapKey::U64(key) => key.to_string().into(),
        MapKey::String(key) => Arc::from(key.as_str()),
    }
}

fn compare(a: &MapKey, b: &MapKey) -> std::cmp::Ordering {
    match (a, b) {
        (MapKey::Bool(a), MapKey::Bool(b)) => a.cmp(b),
        (MapKey::I32(a), MapKey::I32(b)) => a.cmp(b),
        (MapKey::I64(a), MapKey::I64(b)) => a.cmp(b),
        (MapKey::U32(a), MapKey::U32(b)) => a.cmp(b),
        (MapKey::U64(a), MapKey::U64(b)) => a.cmp(b),
        _ => key_text(a).cmp(&key_text(b)),
    }
}
