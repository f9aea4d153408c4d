//! Decoding, with the field at fault when text is not UTF-8.

use bytes::{Buf as _, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};

/// How deep messages may nest: prost's own limit.
const MAX_DEPTH: usize = 100;

/// Decodes a message. The error is one sentence that names the field when a text is not UTF-8:
/// the commonest cause, and the one whose place the decoder itself does not tell.
pub fn decode(bytes: &Bytes, descriptor: &MessageDescriptor) -> Result<DynamicMessage, String> {
    DynamicMessage::decode(descriptor.clone(), bytes.clone()).map_err(|error| {
        let name = descriptor.full_name();
        match invalid_text(bytes.clone(), descriptor, MAX_DEPTH) {
            Some(path) => format!("`{path}` of a `{name}` is text that is not UTF-8"),
            None => {
                let reason = error.to_string();
                let reason = reason.strip_prefix("failed to decode Protobuf message: ").unwrap_or(&reason);
                format!("what came is no `{name}`: {reason}")
            }
        }
    })
}

/// The path of the first text that is not UTF-8.
fn invalid_text(mut bytes: Bytes, descriptor: &MessageDescriptor, depth: usize) -> Option<String> {
    let mut counts = std::collections::BTreeMap::<u32, usize>::new();
    while bytes.has_remaining() {
        let (number, wire) = decode_key(&mut bytes).ok()?;
        let field = descriptor.get_field(number);
        let (Some(field), WireType::LengthDelimited) = (field, wire) else {
            skip_field(wire, number, &mut bytes, DecodeContext::default()).ok()?;
            continue;
        };
        let length = usize::try_from(decode_varint(&mut bytes).ok()?).ok()?;
        if length > bytes.remaining() {
            return None;
        }
        let part = bytes.copy_to_bytes(length);
        let count = counts.entry(number).or_default();
        let index = if field.is_list() { format!("[{count}]") } else { String::new() };
        *count += 1;
        match field.kind() {
            Kind::String if std::str::from_utf8(&part).is_err() => {
                return Some(format!(".{}{index}", field.name()));
            }
            Kind::Message(inner) if depth > 0 => {
                if let Some(rest) = invalid_text(part, &inner, depth - 1) {
                    return Some(format!(".{}{index}{rest}", field.name()));
                }
            }
            _ => {}
        }
    }
    None
}
