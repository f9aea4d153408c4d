//! Fields, and extensions, which are fields declared elsewhere: what they are called, what they
//! hold, how many of it, and how it is written.

use prost_reflect::{
    Cardinality, ExtensionDescriptor, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, Syntax,
};
use prost_types::{FieldDescriptorProto, FieldOptions};

use super::class::{Class, contains, json_class, wire_class};
use super::{Walk, table};
use crate::contract::compat::{Mark, Rule, Touches};

/// Numbers in a field's descriptor and in its options.
const NUMBER: i32 = 3;
const LABEL: i32 = 4;
const TYPE: i32 = 5;
const TYPE_NAME: i32 = 6;
const DEFAULT: i32 = 7;
const OPTIONS: i32 = 8;
const JSON_NAME: i32 = 10;
const CTYPE: i32 = 1;
const PACKED: i32 = 2;
const JSTYPE: i32 = 6;

/// A field or an extension.
pub(super) struct Field {
    name: String,
    /// The full name of the message it belongs to.
    owner: String,
    number: u32,
    json_name: String,
    kind: Kind,
    presence: Presence,
    group: bool,
    packed: bool,
    oneof: Option<String>,
    proto: FieldDescriptorProto,
    file: FileDescriptor,
    path: Vec<i32>,
}

/// How many values it holds, and whether it tells none from the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Implicit,
    Explicit,
    Required,
    Repeated,
    Map,
}

impl Presence {
    fn word(self) -> &'static str {
        match self {
            Presence::Implicit => "singular",
            Presence::Explicit => "`optional`",
            Presence::Required => "`required`",
            Presence::Repeated => "`repeated`",
            Presence::Map => "a map",
        }
    }

    fn of(cardinality: Cardinality, map: bool, presence: bool) -> Presence {
        match cardinality {
            _ if map => Presence::Map,
            Cardinality::Repeated => Presence::Repeated,
            Cardinality::Required => Presence::Required,
            Cardinality::Optional if presence => Presence::Explicit,
            Cardinality::Optional => Presence::Implicit,
        }
    }
}

impl Field {
    fn of(field: &FieldDescriptor) -> Field {
        // Messages tell none from the default without a label.
        let presence = field.supports_presence() && !matches!(field.kind(), Kind::Message(_));
        let label = field.field_descriptor_proto().proto3_optional()
            || field.parent_file().syntax() == Syntax::Proto2
            || field.containing_oneof().is_some();
        Field {
            name: field.name().to_owned(),
            owner: field.parent_message().full_name().to_owned(),
            number: field.number(),
            json_name: field.json_name().to_owned(),
            kind: field.kind(),
            presence: Presence::of(field.cardinality(), field.is_map(), presence && label),
            group: field.is_group(),
            packed: packed(field.field_descriptor_proto(), &field.parent_file()),
            oneof: field.containing_oneof().filter(|it| !it.is_synthetic()).map(|it| it.name().to_owned()),
            proto: field.field_descriptor_proto().clone(),
            file: field.parent_file(),
            path: field.path().to_vec(),
        }
    }

    pub(super) fn of_extension(field: &ExtensionDescriptor) -> Field {
        Field {
            name: field.name().to_owned(),
            owner: field.containing_message().full_name().to_owned(),
            number: field.number(),
            json_name: field.json_name().to_owned(),
            kind: field.kind(),
            presence: Presence::of(field.cardinality(), field.is_map(), true),
            group: field.is_group(),
            packed: packed(field.field_descriptor_proto(), &field.parent_file()),
            oneof: None,
            proto: field.field_descriptor_proto().clone(),
            file: field.parent_file(),
            path: field.path().to_vec(),
        }
    }

    fn options(&self) -> FieldOptions {
        self.proto.options.clone().unwrap_or_default()
    }

    /// The type as it is written, with full names.
    fn type_words(&self) -> String {
        match &self.kind {
            Kind::Message(entry) if self.presence == Presence::Map => {
                let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
                format!("map<{}, {}>", kind_words(&key.kind(), false), kind_words(&value.kind(), false))
            }
            kind => kind_words(kind, self.group),
        }
    }

    /// What it is when nothing is written, as the descriptor has it; for enums the first value.
    fn default(&self) -> Option<String> {
        if self.presence != Presence::Explicit && self.presence != Presence::Required {
            return None;
        }
        match (&self.proto.default_value, &self.kind) {
            // Writing what holds anyway changes nothing.
            (Some(written), Kind::String | Kind::Bytes) => Some(written.clone()).filter(|it| !it.is_empty()),
            (Some(written), Kind::Bool) => Some(written.clone()).filter(|it| it != "false"),
            (Some(written), Kind::Enum(_)) => Some(written.clone()),
            (Some(written), _) => Some(written.clone()).filter(|it| !matches!(it.as_str(), "0" | "0.0")),
            (None, Kind::Enum(declared)) => Some(declared.default_value().name().to_owned()),
            (None, _) => None,
        }
    }
}

/// Whether a list of numbers is packed: as it says, else as its syntax does it.
fn packed(field: &FieldDescriptorProto, file: &FileDescriptor) -> bool {
    let written = field.options.as_ref().and_then(|options| options.packed);
    written.unwrap_or(file.syntax() == Syntax::Proto3)
}

fn kind_words(kind: &Kind, group: bool) -> String {
    match kind {
        Kind::Message(message) if group => format!("group {}", message.full_name()),
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(declared) => declared.full_name().to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}

impl Walk<'_> {
    /// The fields of a message, paired by their numbers.
    pub(super) fn fields(&mut self, old: &MessageDescriptor, new: &MessageDescriptor) {
        for field in old.fields() {
            match new.get_field(field.number()) {
                Some(now) => self.field(&Field::of(&field), &Field::of(&now)),
                None => self.lost_field(&Field::of(&field), new),
            }
        }
        for field in new.fields().filter(|field| old.get_field(field.number()).is_none()) {
            let field = Field::of(&field);
            if field.presence == Presence::Required {
                let text = format!("`{}` demands a new `required` field `{}`", old.full_name(), field.name);
                let mark = self.old.places.named(&old.parent_file(), old.path(), "it demanded no such field");
                let after = self.new.places.part(&field.file, &field.path, &[LABEL], "now required");
                let touches = self.touching(old.full_name());
                self.say(table::REQUIRED_FIELD_CHANGED, text, mark, after, touches);
            }
        }
    }

    fn lost_field(&mut self, field: &Field, new: &MessageDescriptor) {
        let Field { name, owner, number, .. } = field;
        let moved = new.get_field_by_name(name);
        let gone = match &moved {
            Some(now) => {
                format!(
                    "the field `{name}` of `{owner}` had the number {number} and has {} now",
                    now.number()
                )
            }
            None => format!("the field `{name} = {number}` of `{owner}` is gone"),
        };
        let marks = |walk: &Walk<'_>| -> (Option<Mark>, Option<Mark>) {
            let after = match &moved {
                Some(now) => {
                    let text = format!("now {}", now.number());
                    walk.new.places.part(&now.parent_file(), now.path(), &[NUMBER], text)
                }
                None => {
                    walk.new.places.named(&new.parent_file(), new.path(), "and is no longer in this message")
                }
            };
            (walk.old.places.named(&field.file, &field.path, "it stood here"), after)
        };
        let touches = self.naming(owner, &[name, &field.json_name]);
        let (before, after) = marks(self);
        self.say(table::FIELD_DELETED, gone.clone(), before, after, touches.clone());
        if field.presence == Presence::Required {
            let (before, after) = marks(self);
            let text = format!("{gone}, and old programs refuse messages without it");
            self.say(table::REQUIRED_FIELD_CHANGED, text, before, after, touches.clone());
        }
        if !new.reserved_ranges().any(|range| range.contains(number)) {
            let (before, after) = marks(self);
            let text = format!("{gone}, and {number} is not reserved");
            self.say(table::FIELD_NUMBER_FREED, text, before, after, touches.clone());
        }
        if !new.reserved_names().any(|kept| kept == name) {
            let (before, after) = marks(self);
            let text = match &moved {
                Some(_) => format!("{gone}, so old JSON with `{name}` is read as another field"),
                None => format!("{gone}, and the name `{name}` is not reserved"),
            };
            self.say(table::FIELD_NAME_FREED, text, before, after, touches);
        }
    }

    /// Two fields with the same number.
    pub(super) fn field(&mut self, old: &Field, new: &Field) {
        if old.name != new.name {
            let text = format!(
                "the field {} of `{}` was called `{}` and is called `{}` now",
                old.number, old.owner, old.name, new.name
            );
            self.differs(table::FIELD_RENAMED, text, (old, new), &[], (&old.name, &new.name));
        } else if old.json_name != new.json_name {
            let text = format!(
                "the field `{}` of `{}` was `{}` in JSON and is `{}` now",
                old.name, old.owner, old.json_name, new.json_name
            );
            let names = (old.json_name.as_str(), new.json_name.as_str());
            self.differs(table::FIELD_JSON_NAME_CHANGED, text, (old, new), &[JSON_NAME], names);
        }
        self.types(old, new);
        self.cardinality(old, new);
        if old.oneof != new.oneof {
            let word = |oneof: &Option<String>| match oneof {
                Some(name) => format!("in the oneof `{name}`"),
                None => "in no oneof".to_owned(),
            };
            let (was, is) = (word(&old.oneof), word(&new.oneof));
            let text = format!("the field `{}` of `{}` was {was} and is {is} now", old.name, old.owner);
            self.differs(table::FIELD_ONEOF_CHANGED, text, (old, new), &[], (&was, &is));
        }
        self.field_options(old, new);
    }

    fn types(&mut self, old: &Field, new: &Field) {
        let same = self.same_type(old, new);
        if same {
            return;
        }
        let (was, is) = (old.type_words(), new.type_words());
        // What the cardinality rules say of a list that became a map needs no second word.
        let maps = (old.presence == Presence::Map, new.presence == Presence::Map);
        let one = ![old.presence, new.presence].contains(&Presence::Repeated);
        if maps.0 != maps.1 && (one || self.same_elements(old, new)) {
            return;
        }
        let what = format!("the field `{}` of `{}` was `{was}` and is `{is}` now", old.name, old.owner);
        let at = [TYPE_NAME, TYPE];
        if maps.0 == maps.1 {
            self.differs(table::FIELD_TYPE_CHANGED, what.clone(), (old, new), &at, (&was, &is));
        }
        if maps.0 == maps.1 && !self.fits(old, new, false) {
            self.differs(table::FIELD_TYPE_JSON, what.clone(), (old, new), &at, (&was, &is));
        }
        if maps.0 != maps.1 || !self.fits(old, new, true) {
            self.differs(table::FIELD_TYPE_WIRE, what, (old, new), &at, (&was, &is));
        }
    }

    fn same_type(&self, old: &Field, new: &Field) -> bool {
        if old.group != new.group {
            return false;
        }
        match entries(old, new) {
            Some((before, after)) => before.iter().zip(&after).all(|(a, b)| self.same_kind(a, b)),
            None => self.same_kind(&old.kind, &new.kind),
        }
    }

    fn same_kind(&self, old: &Kind, new: &Kind) -> bool {
        match (old, new) {
            (Kind::Message(before), Kind::Message(after)) => {
                self.renamed(&before.parent_file(), before.full_name()) == after.full_name()
            }
            (Kind::Enum(before), Kind::Enum(after)) => {
                self.renamed(&before.parent_file(), before.full_name()) == after.full_name()
            }
            (before, after) => before == after,
        }
    }

    /// Whether the types are of one class, so that each side reads what the other writes: bytes
    /// only, or JSON too.
    fn fits(&self, old: &Field, new: &Field, wire_only: bool) -> bool {
        if old.group != new.group {
            return false;
        }
        let fit = |before: &Kind, after: &Kind| {
            if self.same_kind(before, after) {
                return true;
            }
            if let (Kind::Enum(before), Kind::Enum(after)) = (before, after) {
                return contains(before, after, wire_only);
            }
            // Every text is bytes, but not the other way round, and JSON has bytes in base64.
            if (before, after) == (&Kind::String, &Kind::Bytes) {
                return wire_only;
            }
            let class = if wire_only { wire_class } else { json_class };
            let classes = (class(before), class(after));
            classes.0 == classes.1 && classes.0 != Class::None
        };
        match entries(old, new) {
            Some((before, after)) => before.iter().zip(&after).all(|(a, b)| fit(a, b)),
            None => fit(&old.kind, &new.kind),
        }
    }

    /// Whether a map and a list have the same bytes: those of a message with a key and a value
    /// (<https://protobuf.dev/programming-guides/encoding/#maps>).
    fn same_elements(&self, old: &Field, new: &Field) -> bool {
        let (Kind::Message(before), Kind::Message(after)) = (&old.kind, &new.kind) else { return false };
        !old.group
            && !new.group
            && [1, 2].into_iter().all(|number| match (before.get_field(number), after.get_field(number)) {
                (Some(was), Some(is)) => {
                    was.is_list() == is.is_list() && self.fits(&Field::of(&was), &Field::of(&is), true)
                }
                _ => false,
            })
    }

    fn cardinality(&mut self, old: &Field, new: &Field) {
        use Presence::{Explicit, Implicit, Map, Repeated, Required};
        if old.presence == new.presence {
            return;
        }
        let (was, is) = (old.presence.word(), new.presence.word());
        let text = format!("the field `{}` of `{}` was {was} and is {is} now", old.name, old.owner);
        let at = [LABEL, TYPE_NAME, TYPE];
        if old.presence == Required || new.presence == Required {
            self.differs(table::REQUIRED_FIELD_CHANGED, text, (old, new), &at, (was, is));
            return;
        }
        // Fields of a oneof are always told from the default; the oneof's rule speaks of those.
        let oneof = old.oneof.is_some() != new.oneof.is_some();
        let one = |presence| matches!(presence, Implicit | Explicit);
        if !(oneof && one(old.presence) && one(new.presence)) {
            self.differs(table::FIELD_CARDINALITY_CHANGED, text.clone(), (old, new), &at, (was, is));
        }
        if one(old.presence) && one(new.presence) {
            return;
        }
        self.differs(table::FIELD_CARDINALITY_JSON, text.clone(), (old, new), &at, (was, is));
        let many = |presence| matches!(presence, Repeated | Map);
        if !(many(old.presence) && many(new.presence)) {
            self.differs(table::FIELD_CARDINALITY_WIRE, text, (old, new), &at, (was, is));
        }
    }

    fn field_options(&mut self, old: &Field, new: &Field) {
        let same = self.same_type(old, new) && old.presence == new.presence;
        let of = format!("the field `{}` of `{}`", old.name, old.owner);
        let (was, is) = (old.default(), new.default());
        if same && was != is {
            let word = |value: &Option<String>| match value {
                Some(value) => format!("`{value}`"),
                None => "none".to_owned(),
            };
            let text = format!("{of} had the default {} and has {} now", word(&was), word(&is));
            self.differs(
                table::FIELD_DEFAULT_CHANGED,
                text,
                (old, new),
                &[DEFAULT],
                (&word(&was), &word(&is)),
            );
        }
        let numbers = wire_class(&old.kind) != Class::None || matches!(old.kind, Kind::Float | Kind::Double);
        if same && numbers && old.presence == Presence::Repeated && old.packed != new.packed {
            let word = |packed| if packed { "packed" } else { "not packed" };
            let (was, is) = (word(old.packed), word(new.packed));
            let text = format!("{of} was {was} and is {is} now");
            self.option_differs(table::FIELD_PACKED_CHANGED, text, (old, new), PACKED, (was, is));
        }
        let (before, after) = (old.options(), new.options());
        if before.jstype() != after.jstype() {
            let (was, is) = (before.jstype().as_str_name(), after.jstype().as_str_name());
            let text = format!("{of} had the `jstype` {was} and has {is} now");
            self.option_differs(table::FIELD_JSTYPE_CHANGED, text, (old, new), JSTYPE, (was, is));
        }
        if before.ctype() != after.ctype() {
            let (was, is) = (before.ctype().as_str_name(), after.ctype().as_str_name());
            let text = format!("{of} had the `ctype` {was} and has {is} now");
            self.option_differs(table::FIELD_CTYPE_CHANGED, text, (old, new), CTYPE, (was, is));
        }
    }

    /// A break of a field, with the places of the first of these parts that is written.
    fn differs(
        &mut self,
        rule: &'static Rule,
        text: String,
        (old, new): (&Field, &Field),
        parts: &[i32],
        (was, is): (&str, &str),
    ) {
        let before = self.old.places.part(&old.file, &old.path, parts, format!("it was {}", quoted(was)));
        let after = self.new.places.part(&new.file, &new.path, parts, format!("now {}", quoted(is)));
        let touches = self.touching_field(old, new);
        self.say(rule, text, before, after, touches);
    }

    /// The same for an option, which may not be written at all.
    fn option_differs(
        &mut self,
        rule: &'static Rule,
        text: String,
        (old, new): (&Field, &Field),
        option: i32,
        (was, is): (&str, &str),
    ) {
        let path = |field: &Field| {
            let written = field.proto.options.as_ref().is_some_and(|options| match option {
                CTYPE => options.ctype.is_some(),
                PACKED => options.packed.is_some(),
                _ => options.jstype.is_some(),
            });
            if written { [&field.path[..], &[OPTIONS, option]].concat() } else { field.path.clone() }
        };
        let before = self.old.places.part(&old.file, &path(old), &[], format!("it was {}", quoted(was)));
        let after = self.new.places.part(&new.file, &path(new), &[], format!("now {}", quoted(is)));
        let touches = self.touching_field(old, new);
        self.say(rule, text, before, after, touches);
    }

    fn touching_field(&self, old: &Field, new: &Field) -> Touches {
        self.naming(&old.owner, &[&old.name, &old.json_name, &new.name, &new.json_name])
    }
}

/// Words that are names or values stand in backticks.
fn quoted(word: &str) -> String {
    if word.contains([' ', '`']) || word == "none" || word == "singular" || word == "packed" {
        word.to_owned()
    } else {
        format!("`{word}`")
    }
}

/// The kinds of key and value, when both fields are maps.
fn entries(old: &Field, new: &Field) -> Option<([Kind; 2], [Kind; 2])> {
    if old.presence != Presence::Map || new.presence != Presence::Map {
        return None;
    }
    let of = |kind: &Kind| match kind {
        Kind::Message(entry) => {
            Some([entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind()])
        }
        _ => None,
    };
    Some((of(&old.kind)?, of(&new.kind)?))
}
