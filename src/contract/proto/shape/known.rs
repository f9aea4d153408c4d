//! The well-known types that have a form of their own as values.

use std::sync::{Arc, LazyLock};

use prost_reflect::MessageDescriptor;
use regex::Regex;

use super::{Shapes, Side, scalar};
use crate::contract::drawn::{drawn_as, judged};
use crate::contract::proto::value::{TYPE, to_message};
use crate::shape::{FieldPattern, MapPattern, ObjectPattern, Pattern};
use crate::value::Value;

impl Shapes {
    /// The pattern of a well-known type; none for messages that are objects of their fields. What
    /// fits is what encoding takes; the pattern inside says what is drawn.
    pub(super) fn known(&self, message: &MessageDescriptor) -> Option<Pattern> {
        let basic = |name| Pattern::Type(name, Arc::default());
        let name = message.full_name().strip_prefix("google.protobuf.")?;
        let drawn = match name {
            "Timestamp" => basic("datetime"),
            "Duration" => basic("duration"),
            "FieldMask" => field_mask(),
            "Struct" => drawn_as(json_object(), basic("object")),
            "Value" => drawn_as(json(), Pattern::Anything),
            "ListValue" => drawn_as(Pattern::Sized(Box::new(json_scalar()), 0, 3), basic("list")),
            "Any" => drawn_as(boxed_text(), basic("object")),
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
            | "BoolValue" | "StringValue" | "BytesValue" => {
                scalar::pattern(&message.get_field(1)?.kind(), Side::Decoded)
            }
            _ => return None,
        };
        let (descriptor, sent) = (message.clone(), self.side == Side::Sent);
        Some(judged(message.full_name(), drawn, move |value| {
            sent && matches!(value, Value::Null) || to_message(value, &descriptor).is_ok()
        }))
    }
}

/// Names of one lower-case word: those come back as they went.
fn field_mask() -> Pattern {
    static PATHS: LazyLock<Option<Arc<Regex>>> =
        LazyLock::new(|| Regex::new("[a-z]{1,8}(,[a-z]{1,8}){0,2}").ok().map(Arc::new));
    PATHS.clone().map_or_else(|| Pattern::Type("text", Arc::default()), Pattern::Regex)
}

fn json_scalar() -> Pattern {
    let basic = |name| Pattern::Type(name, Arc::default());
    Pattern::Union(vec![Pattern::Equals(Value::Null), basic("number"), basic("text"), basic("bool")])
}

fn json_object() -> Pattern {
    let key = Pattern::Type("text", Arc::default());
    Pattern::Map(Box::new(MapPattern { key, value: json_scalar(), min: 0, max: 3 }))
}

/// A JSON value of one level.
fn json() -> Pattern {
    let mut parts = vec![Pattern::Sized(Box::new(json_scalar()), 0, 3), json_object()];
    if let Pattern::Union(scalars) = json_scalar() {
        parts.extend(scalars);
    }
    Pattern::Union(parts)
}

/// An `Any` that every contract can read: a text in its box.
fn boxed_text() -> Pattern {
    let url = Value::text("type.googleapis.com/google.protobuf.StringValue");
    let fields = vec![
        FieldPattern::new(TYPE, false, Pattern::Equals(url)),
        FieldPattern::new("value", false, Pattern::Type("text", Arc::default())),
    ];
    Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() })
}
