//! Messages that are none: what `malformed(…)` drew, in the encoding of Protocol Buffers. A value
//! that still is a message goes out as one; of any other, and of damaged bytes, something goes
//! out that no receiver can decode.

use bytes::Bytes;
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::contract::proto::value::{FieldError, decode, to_message};
use crate::shape::Malformed;
use crate::shape::malformed::{DEEP, Damage, How};
use crate::value::Value;

/// The bytes of a malformed message. Errors: what it was made of is no such message.
pub(super) fn bytes(malformed: &Malformed, input: &MessageDescriptor) -> Result<Bytes, Vec<FieldError>> {
    let whole = to_message(&malformed.base, input)?.encode_to_vec();
    let made = match &malformed.how {
        // The mapping reads numbers out of texts and enums out of numbers, but a wire has types.
        How::Value(_, at) if malformed.is_mistyped() => misfit(&malformed.base, at, &whole, input),
        How::Value(value, at) => match to_message(value, input) {
            Ok(message) => message.encode_to_vec(),
            Err(_) => misfit(&malformed.base, at, &whole, input),
        },
        How::Bytes(damage, at) => damaged(*damage, *at, &whole, input),
    };
    Ok(made.into())
}

/// In place of the field that does not fit, one of a wire type that it cannot have.
fn misfit(base: &Value, at: &[Value], whole: &[u8], input: &MessageDescriptor) -> Vec<u8> {
    let name = at.first().and_then(Value::as_text);
    let field = name.and_then(|name| {
        input.get_field_by_name(name).or_else(|| input.get_field_by_json_name(name))
    });
    let (Some(name), Some(field), Some(fields)) = (name, field, base.as_object()) else {
        return illegal(whole);
    };
    let mut fields = fields.clone();
    fields.shift_remove(name);
    let rest = to_message(&Value::Object(std::sync::Arc::new(fields)), input);
    let mut bytes = rest.map_or_else(|_| Vec::new(), |rest| rest.encode_to_vec());
    if is_delimited(&field) {
        encode_key(field.number(), WireType::Varint, &mut bytes);
        encode_varint(1, &mut bytes);
    } else {
        // More bytes than any number has.
        encode_key(field.number(), WireType::Varint, &mut bytes);
        bytes.extend([0xff; 10]);
        bytes.push(0x01);
    }
    bytes
}

fn is_delimited(field: &FieldDescriptor) -> bool {
    field.is_map() || matches!(field.kind(), Kind::String | Kind::Bytes | Kind::Message(_))
}

/// With a field of the number 0, which no message has.
fn illegal(whole: &[u8]) -> Vec<u8> {
    [whole, &[0x02, 0x01, 0x78]].concat()
}

fn damaged(damage: Damage, at: u16, whole: &[u8], input: &MessageDescriptor) -> Vec<u8> {
    let place = whole.len() * usize::from(at) / 1_000;
    let is_broken = |bytes: &[u8]| decode(&Bytes::copy_from_slice(bytes), input).is_err();
    let made = match damage {
        // No bytes are a message too, of which every field is missing.
        Damage::Empty => return Vec::new(),
        Damage::Truncated => {
            let cut = (0..whole.len()).map(|n| (place + n) % whole.len().max(1));
            cut.map(|cut| &whole[..cut]).find(|cut| is_broken(cut)).map(<[u8]>::to_vec)
        }
        Damage::Corrupted => (0..whole.len()).map(|n| (place + n) % whole.len()).find_map(|offset| {
            let mut bytes = whole.to_vec();
            bytes[offset] ^= 0x87;
            is_broken(&bytes).then_some(bytes)
        }),
        Damage::InvalidUtf8 => input.fields().find(|field| matches!(field.kind(), Kind::String) && !field.is_map()).map(|field| {
            let mut bytes = whole.to_vec();
            encode_key(field.number(), WireType::LengthDelimited, &mut bytes);
            encode_varint(2, &mut bytes);
            bytes.extend([0xff, 0xfe]);
            bytes
        }),
        // A field that stands twice is legal here, and so is an unknown one.
        Damage::Doubled => None,
        Damage::Trailing => Some([whole, &[0xff; 12]].concat()),
        Damage::Deep => {
            // Groups in groups, none of which ends.
            let mut bytes = whole.to_vec();
            (0..DEEP).for_each(|_| encode_key(1_000, WireType::StartGroup, &mut bytes));
            Some(bytes)
        }
    };
    made.unwrap_or_else(|| illegal(whole))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::shape::{DrawKey, FieldPattern, ObjectPattern, Pattern, draw, types};
    use crate::value::Object;

    /// `google.protobuf.FieldDescriptorProto` has texts, numbers, enums and messages.
    fn input() -> MessageDescriptor {
        prost_reflect::DescriptorPool::global().get_message_by_name("google.protobuf.FieldDescriptorProto").unwrap()
    }

    #[test]
    fn what_goes_out_is_no_message_or_one_that_does_not_fit() {
        let ty = |name: &'static str| types::of_type(name, Object::new()).unwrap();
        let fields = vec![
            FieldPattern::new("name", false, Pattern::Regex(Arc::new(regex::Regex::new("[a-z]{3,9}").unwrap()))),
            FieldPattern::new("number", false, Pattern::Range(Value::int(1), Value::int(99))),
            FieldPattern::new("proto3_optional", false, ty("bool")),
        ];
        let shape = Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() });
        let malformed = Pattern::Malformed(Box::new(shape));
        let mut broken = 0;
        for seed in 0..200 {
            let drawn = Malformed::of(&draw(&malformed, &DrawKey::new(seed)).unwrap()).unwrap();
            let sent = bytes(&drawn, &input()).unwrap();
            match decode(&sent, &input()) {
                Err(_) => broken += 1,
                Ok(_) => assert!(
                    matches!(drawn.how, How::Value(..) | How::Bytes(Damage::Empty, _)),
                    "{} went out whole",
                    drawn.told
                ),
            }
        }
        assert!(broken > 80, "{broken}");
    }
}
