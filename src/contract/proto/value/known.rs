//! The well-known types that have a form of their own as values.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage as _};
use regex::Regex;

use super::read::{Place, Reader};
use super::write::Writer;
use super::{RAW, TYPE};
use crate::contract::proto::find_message;
use crate::value::{Object, Value};

/// The enum whose one value is JSON's null.
pub(in crate::contract::proto) const NULL_VALUE: &str = "google.protobuf.NullValue";

const NANOS: i128 = 1_000_000_000;
/// The longest `google.protobuf.Duration`, in seconds: 10,000 years.
const MAX_DURATION: i64 = 315_576_000_000;
/// The seconds of 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, between which a
/// `google.protobuf.Timestamp` must lie.
const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// The message in its own form; `None` when it has none, or cannot express this content.
pub(super) fn write(writer: Writer<'_>, message: &DynamicMessage) -> Option<Value> {
    let descriptor = message.descriptor();
    let name = descriptor.full_name();
    if !name.starts_with("google.protobuf.") || message.unknown_fields().next().is_some() {
        return None;
    }
    match name {
        "google.protobuf.Timestamp" => write_timestamp(integer(message, 1)?, integer(message, 2)?),
        "google.protobuf.Duration" => write_duration(integer(message, 1)?, integer(message, 2)?),
        "google.protobuf.FieldMask" => write_mask(message),
        "google.protobuf.Struct" => {
            let fields = writer.fields(message);
            fields.as_object()?.get("fields").cloned()
        }
        "google.protobuf.ListValue" => {
            let fields = writer.fields(message);
            fields.as_object()?.get("values").cloned()
        }
        "google.protobuf.Value" => {
            let set = message.fields().next();
            Some(set.map_or(Value::Absent, |(field, value)| writer.value(&field.kind(), value)))
        }
        "google.protobuf.Any" => {
            let (url, bytes) = (message.get_field_by_number(1)?, message.get_field_by_number(2)?);
            Some(writer.any(url.as_str()?, bytes.as_bytes()?))
        }
        _ if is_wrapper(name) => {
            let value = descriptor.get_field(1)?;
            Some(writer.value(&value.kind(), &message.get_field(&value)))
        }
        _ => None,
    }
}

/// Whether an `Any` of this type holds it under `value`, as the JSON mapping says.
pub(super) fn is_special(name: &str) -> bool {
    matches!(
        name.strip_prefix("google.protobuf."),
        Some("Timestamp" | "Duration" | "FieldMask" | "Struct" | "ListValue" | "Value" | "Any")
    ) || is_wrapper(name)
}

fn is_wrapper(name: &str) -> bool {
    matches!(
        name.strip_prefix("google.protobuf."),
        Some(
            "DoubleValue"
                | "FloatValue"
                | "Int64Value"
                | "UInt64Value"
                | "Int32Value"
                | "UInt32Value"
                | "BoolValue"
                | "StringValue"
                | "BytesValue"
        )
    )
}

/// Whether null is a value of this kind, not the lack of one.
pub(super) fn takes_null(kind: &Kind) -> bool {
    match kind {
        Kind::Message(message) => message.full_name() == "google.protobuf.Value",
        Kind::Enum(of) => of.full_name() == NULL_VALUE,
        _ => false,
    }
}

/// Reads the form of its own; `None` when this type, or this value, is read field by field.
pub(super) fn read(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<Option<DynamicMessage>> {
    let name = descriptor.full_name();
    let raw = matches!(value, Value::Object(_));
    match name {
        "google.protobuf.Timestamp" if !raw => Some(read_timestamp(reader, value, descriptor, at)),
        "google.protobuf.Duration" if !raw => Some(read_duration(reader, value, descriptor, at)),
        "google.protobuf.FieldMask" if !raw => Some(read_mask(reader, value, descriptor, at)),
        "google.protobuf.Struct" => Some(read_struct(reader, value, descriptor, at)),
        "google.protobuf.ListValue" => Some(read_list(reader, value, descriptor, at)),
        "google.protobuf.Value" => Some(read_value(reader, value, descriptor, at)),
        "google.protobuf.Any" => Some(read_any(reader, value, descriptor, at)),
        _ if is_wrapper(name) => {
            let field = descriptor.get_field(1)?;
            let inner = reader.single(value, &field.kind(), at);
            Some(inner.map(|inner| with(descriptor, [(1, inner)])))
        }
        _ => None,
    }
}

fn with<const N: usize>(
    descriptor: &MessageDescriptor,
    fields: [(u32, prost_reflect::Value); N],
) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for (number, value) in fields {
        // The well-known types have fixed numbers; a contract that redefines them differently
        // gets an empty message instead of a panic.
        let _ = message.try_set_field_by_number(number, value);
    }
    message
}

fn integer(message: &DynamicMessage, number: u32) -> Option<i64> {
    let value = message.get_field_by_number(number)?;
    value.as_i64().or_else(|| value.as_i32().map(i64::from))
}

fn seconds_nanos(descriptor: &MessageDescriptor, seconds: i64, nanos: i32) -> DynamicMessage {
    with(descriptor, [(1, prost_reflect::Value::I64(seconds)), (2, prost_reflect::Value::I32(nanos))])
}

// Timestamp: RFC 3339.

fn write_timestamp(seconds: i64, nanos: i64) -> Option<Value> {
    let nanos = i32::try_from(nanos).ok().filter(|nanos| (0..1_000_000_000).contains(nanos))?;
    TIMESTAMPS.contains(&seconds).then(|| Value::text(prost_types::Timestamp { seconds, nanos }.to_string()))
}

fn read_timestamp(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    /// RFC 3339 §5.6; the parser alone would also take other forms.
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$").ok()
    });
    let expected = "a timestamp such as \"2026-11-22T10:00:00Z\"";
    let text = value.as_text().filter(|text| FORM.as_ref().is_some_and(|form| form.is_match(text)));
    let Some(Ok(time)) = text.map(str::parse::<prost_types::Timestamp>) else {
        return reader.mismatch(at, expected, value);
    };
    if !TIMESTAMPS.contains(&time.seconds) {
        return reader.fail(at, "a timestamp lies between the years 1 and 9999", None);
    }
    Some(seconds_nanos(descriptor, time.seconds, time.nanos))
}

// Duration.

fn write_duration(seconds: i64, nanos: i64) -> Option<Value> {
    let same_sign = seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0);
    if !same_sign || nanos.abs() >= NANOS as i64 || seconds.abs() > MAX_DURATION {
        return None;
    }
    let total = i128::from(seconds) * NANOS + i128::from(nanos);
    if let Ok(total) = i64::try_from(total) {
        return Some(Value::Duration(total));
    }
    let sign = if total < 0 { "-" } else { "" };
    let fraction = format!("{:09}", nanos.abs());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(Value::text(format!("{sign}{}{point}{fraction}s", seconds.abs())))
}

fn read_duration(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    static FORM: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$").ok());
    let total = match value {
        Value::Duration(nanos) => Some(i128::from(*nanos)),
        Value::Text(text) => FORM.as_ref().and_then(|form| form.captures(&text.text)).and_then(|parts| {
            let seconds: i128 = parts.get(2)?.as_str().parse().ok()?;
            let fraction = parts.get(3).map_or("", |fraction| fraction.as_str());
            let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
            let sign = if parts.get(1)?.is_empty() { 1 } else { -1 };
            Some(sign * (seconds * NANOS + nanos))
        }),
        _ => None,
    };
    let Some(total) = total else { return reader.mismatch(at, "a duration such as `1.5s`", value) };
    let (seconds, nanos) = ((total / NANOS) as i64, (total % NANOS) as i32);
    if seconds.abs() > MAX_DURATION {
        return reader.fail(at, "a duration has at most 315576000000 seconds", None);
    }
    Some(seconds_nanos(descriptor, seconds, nanos))
}

// FieldMask: paths in lowerCamelCase, joined by commas.

fn write_mask(message: &DynamicMessage) -> Option<Value> {
    let paths = message.get_field_by_number(1)?;
    let paths: Vec<String> = paths
        .as_list()?
        .iter()
        .map(|path| {
            let path = path.as_str()?;
            let camel = camel(path);
            (!path.is_empty() && !path.contains(',') && snake(&camel) == path).then_some(camel)
        })
        .collect::<Option<_>>()?;
    Some(Value::text(paths.join(",")))
}

fn camel(path: &str) -> String {
    let mut out = String::new();
    let mut raise = false;
    for c in path.chars() {
        match c {
            '_' => raise = true,
            c if raise => {
                out.push(c.to_ascii_uppercase());
                raise = false;
            }
            c => out.push(c),
        }
    }
    out
}

fn snake(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn read_mask(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    let Some(text) = value.as_text() else {
        return reader.mismatch(at, "a field mask such as \"orderId,lines\"", value);
    };
    // Names as the `.proto` writes them are taken as they are.
    let path = |path: &str| if path.contains('_') { path.to_owned() } else { snake(path) };
    let paths = text.split(',').filter(|part| !part.is_empty());
    let paths = paths.map(|part| prost_reflect::Value::String(path(part))).collect();
    Some(with(descriptor, [(1, prost_reflect::Value::List(paths))]))
}

// Struct, Value, ListValue: JSON in messages.

fn read_struct(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    let Value::Object(_) = value else { return reader.mismatch(at, "an object", value) };
    let map = reader.map(value, &descriptor.get_field(1)?.kind(), at)?;
    Some(with(descriptor, [(1, map)]))
}

fn read_list(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    let Value::List(_) = value else { return reader.mismatch(at, "a list", value) };
    let list = reader.list(value, &descriptor.get_field(1)?.kind(), at)?;
    Some(with(descriptor, [(1, list)]))
}

fn read_value(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    let number = match value {
        Value::Absent => return Some(DynamicMessage::new(descriptor.clone())),
        Value::Null => 1,
        Value::Number(_) => 2,
        Value::Text(_) => 3,
        Value::Bool(_) => 4,
        Value::Object(_) => 5,
        Value::List(_) => 6,
        _ => return reader.mismatch(at, "a JSON value", value),
    };
    let field = descriptor.get_field(number)?;
    let inner = reader.single(value, &field.kind(), at)?;
    Some(with(descriptor, [(number, inner)]))
}

// Any.

fn read_any(
    reader: &mut Reader,
    value: &Value,
    descriptor: &MessageDescriptor,
    at: Place<'_>,
) -> Option<DynamicMessage> {
    let expected = "an `Any` such as { \"@type\": \"type.googleapis.com/shop.v1.Order\", … }";
    let Value::Object(object) = value else { return reader.mismatch(at, expected, value) };
    if object.is_empty() {
        return Some(DynamicMessage::new(descriptor.clone()));
    }
    let Some(url) = object.get(TYPE).and_then(Value::as_text) else {
        return reader.mismatch(at, expected, value);
    };
    let name = url.rsplit('/').next().unwrap_or(url);
    let bytes: Bytes = match (object.get(RAW), find_message(&reader.pool, name)) {
        (Some(raw), _) => reader.bytes(raw, Place::Field(&at, RAW))?.into(),
        (None, None) => {
            let help = format!("give its bytes under `{RAW}`, or import the file that defines it");
            return reader.fail(
                Place::Field(&at, TYPE),
                format!("the contract has no message `{name}`"),
                Some(help),
            );
        }
        (None, Some(found)) if is_special(name) => {
            let inner = object.get("value").unwrap_or(&Value::Absent);
            reader.message(inner, &found, Place::Field(&at, "value"))?.encode_to_vec().into()
        }
        (None, Some(found)) => {
            let fields: Object = object
                .iter()
                .filter(|(name, _)| &***name != TYPE)
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            reader.message(&Value::Object(Arc::new(fields)), &found, at)?.encode_to_vec().into()
        }
    };
    let url = prost_reflect::Value::String(url.to_owned());
    Some(with(descriptor, [(1, url), (2, prost_reflect::Value::Bytes(bytes))]))
}
