//! Which types can read each other
//! (<https://protobuf.dev/programming-guides/proto3/#updating>).

use prost_reflect::{EnumDescriptor, Kind};

/// Types of one class can read each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Varints, truncated where one side is smaller.
    Varint,
    /// Varints with the sign in the lowest bit.
    Zigzag,
    Fixed32,
    Fixed64,
    /// In JSON: numbers.
    Number32,
    /// In JSON: texts of digits.
    Digits64,
    /// Of no class but its own type.
    None,
}

/// The class of a type in bytes.
pub(super) fn wire_class(kind: &Kind) -> Class {
    match kind {
        Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Uint64 | Kind::Bool | Kind::Enum(_) => Class::Varint,
        Kind::Sint32 | Kind::Sint64 => Class::Zigzag,
        Kind::Fixed32 | Kind::Sfixed32 => Class::Fixed32,
        Kind::Fixed64 | Kind::Sfixed64 => Class::Fixed64,
        _ => Class::None,
    }
}

/// The class of a type in JSON. At this level the bytes must fit too, so the classes are those of both.
pub(super) fn json_class(kind: &Kind) -> Class {
    match kind {
        Kind::Int32 | Kind::Uint32 => Class::Number32,
        Kind::Int64 | Kind::Uint64 => Class::Digits64,
        Kind::Fixed32 | Kind::Sfixed32 => Class::Fixed32,
        Kind::Fixed64 | Kind::Sfixed64 => Class::Fixed64,
        _ => Class::None,
    }
}

/// Whether an enum has every value of another: by number, and by name when JSON counts.
pub(super) fn contains(old: &EnumDescriptor, new: &EnumDescriptor, wire_only: bool) -> bool {
    old.values().all(|value| match wire_only {
        true => new.get_value(value.number()).is_some(),
        false => new.get_value_by_name(value.name()).is_some_and(|now| now.number() == value.number()),
    })
}
