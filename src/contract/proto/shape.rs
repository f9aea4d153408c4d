//! Messages as patterns: exactly the values that [`super::value`] makes of messages, and those it
//! takes for them.

mod known;
mod scalar;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::places::Places;
use crate::contract::drawn::{drawn_as, judged, not_drawn};
use crate::shape::{FieldPattern, MapPattern, ObjectPattern, Pattern};
use crate::value::{Object, Value};

/// Messages within themselves are drawn this deep at most; what fits is not limited by it.
const DRAWN_DEPTH: usize = 2;

/// Which values of a message are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Those that decoding gives: fields without presence are always there.
    Decoded,
    /// Those that encoding takes: fields may be left out and go by their JSON names, 64-bit
    /// integers may be texts, and so on.
    Sent,
}

/// Makes patterns of messages.
#[derive(Debug)]
pub(super) struct Shapes {
    places: Arc<Places>,
    side: Side,
    /// The full names of messages that may contain themselves.
    recursive: Arc<BTreeSet<String>>,
}

/// What was made already, so that a message that many others use is made once.
pub(super) type Made = BTreeMap<String, Pattern>;

impl Shapes {
    pub(super) fn new(places: Arc<Places>, side: Side, recursive: Arc<BTreeSet<String>>) -> Arc<Shapes> {
        Arc::new(Shapes { places, side, recursive })
    }

    /// The pattern of a message. `level` counts how often a message was met within itself.
    pub(super) fn message(
        self: &Arc<Self>,
        message: &MessageDescriptor,
        level: usize,
        made: &mut Made,
    ) -> Pattern {
        let name = message.full_name();
        if let Some(known) = made.get(name) {
            return known.clone();
        }
        let pattern = match self.known(message) {
            Some(known) => known,
            None => {
                let object = self.object(message, level, made);
                Pattern::Named(name.into(), Arc::new(Pattern::Object(object)))
            }
        };
        made.insert(name.to_owned(), pattern.clone());
        pattern
    }

    fn object(self: &Arc<Self>, message: &MessageDescriptor, level: usize, made: &mut Made) -> ObjectPattern {
        let mut object = ObjectPattern::default();
        let mut groups: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
        for field in message.fields() {
            let pattern = self.field(&field, level, made);
            let group = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
            let mut names: Vec<Arc<str>> = vec![field.name().into()];
            object.fields.push(FieldPattern {
                name: field.name().into(),
                optional: !field.is_required() && (self.side == Side::Sent || field.supports_presence()),
                pattern: pattern.clone(),
                origin: self.places.span(&field.parent_file(), field.path()),
            });
            if self.side == Side::Sent && field.json_name() != field.name() {
                names.push(field.json_name().into());
                object.fields.push(FieldPattern {
                    name: field.json_name().into(),
                    optional: true,
                    pattern: not_drawn(pattern),
                    origin: self.places.span(&field.parent_file(), field.path()),
                });
            }
            match group {
                Some(oneof) => groups.entry(oneof.full_name().to_owned()).or_default().extend(names),
                None if names.len() > 1 => object.exclusive.push(names),
                None => {}
            }
        }
        object.exclusive.extend(groups.into_values());
        for extension in message.extensions() {
            let kind = self.kind(&extension.kind(), level, made);
            let pattern =
                if extension.is_list() { Pattern::Sized(Box::new(kind), 0, u64::MAX) } else { kind };
            let name = format!("[{}]", extension.full_name());
            object.fields.push(FieldPattern::new(name, true, not_drawn(pattern)));
        }
        // Newer servers send fields that this contract does not know yet.
        let unknown = Pattern::Type("bytes", Arc::default());
        object.fields.push(FieldPattern::new(super::value::UNKNOWN, true, not_drawn(unknown)));
        object
    }

    /// The pattern of what a field holds when it is there.
    fn field(self: &Arc<Self>, field: &FieldDescriptor, level: usize, made: &mut Made) -> Pattern {
        let kind = field.kind();
        if let (true, Kind::Message(entry)) = (field.is_map(), &kind) {
            let (key, value) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
            let (value, again) = (self.kind(&value, level, made), self.is_recursive(&value));
            let key = scalar::map_key(&key);
            let map = Pattern::Map(Box::new(MapPattern { key, value, min: 0, max: u64::MAX }));
            let none = Pattern::Object(ObjectPattern::default());
            return if again && level >= DRAWN_DEPTH { drawn_as(none, map) } else { map };
        }
        let again = self.is_recursive(&kind);
        let single = self.kind(&kind, level, made);
        if field.is_list() {
            let list = Pattern::Sized(Box::new(single), 0, u64::MAX);
            let none = Pattern::List(Vec::new(), false);
            return if again && level >= DRAWN_DEPTH { drawn_as(none, list) } else { list };
        }
        if again && level >= DRAWN_DEPTH && !field.is_required() { not_drawn(single) } else { single }
    }

    fn is_recursive(&self, kind: &Kind) -> bool {
        matches!(kind, Kind::Message(message) if self.recursive.contains(message.full_name()))
    }

    fn kind(self: &Arc<Self>, kind: &Kind, level: usize, made: &mut Made) -> Pattern {
        match kind {
            Kind::Message(message) if self.is_recursive(kind) => {
                let (shapes, inner) = (self.clone(), message.clone());
                let make = move || shapes.message(&inner, level + 1, &mut Made::new());
                Pattern::Late(message.full_name().into(), Arc::new(make))
            }
            Kind::Message(message) => self.message(message, level, made),
            Kind::Enum(of) => self.enumeration(of),
            scalar => scalar::pattern(scalar, self.side),
        }
    }

    /// Values of an enum: known ones by name, others by number, since proto3's enums are open.
    pub(super) fn enumeration(&self, of: &EnumDescriptor) -> Pattern {
        if of.full_name() == super::value::NULL_VALUE {
            let takes = |value: &Value| matches!(value, Value::Null | Value::Number(_) | Value::Text(_));
            return judged(of.full_name(), Pattern::Equals(Value::Null), takes);
        }
        // Of several names with one number, decoding gives the first.
        let first = |name: &str, number| of.get_value(number).is_some_and(|value| value.name() == name);
        let drawn = of.values().filter(|value| first(value.name(), value.number()));
        let drawn = drawn.map(|value| Pattern::Equals(Value::text(value.name()))).collect();
        let (known, side) = (of.clone(), self.side);
        judged(of.full_name(), Pattern::Union(drawn), move |value| match value {
            Value::Text(text) => known.get_value_by_name(&text.text).is_some(),
            Value::Number(number) => number.to_i128().and_then(|number| i32::try_from(number).ok()).is_some(),
            Value::Null => side == Side::Sent,
            _ => false,
        })
    }
}

/// The messages that may contain themselves, directly or through others.
pub(super) fn recursive(messages: impl Iterator<Item = MessageDescriptor>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for message in messages.filter(|message| !message.is_map_entry()) {
        let mut seen = BTreeSet::new();
        let mut open = vec![message.clone()];
        while let Some(at) = open.pop() {
            // Those have forms of their own, in which nothing of a contract's is.
            if at.full_name().starts_with("google.protobuf.") {
                continue;
            }
            for field in at.fields() {
                let Kind::Message(inner) = field.kind() else { continue };
                if inner == message {
                    found.insert(message.full_name().to_owned());
                }
                if seen.insert(inner.full_name().to_owned()) {
                    open.push(inner);
                }
            }
        }
    }
    found
}

/// The arguments of a built-in shape with a range.
fn range(low: i128, high: i128) -> Arc<Object> {
    let range = Value::Range(Arc::new((Value::int(low), Value::int(high))));
    Arc::new(Object::from([(Arc::from("range"), range)]))
}
