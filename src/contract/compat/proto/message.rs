//! Messages: whether they are there, what they reserve, their `oneof`s and their extensions.

use std::ops::Range;

use prost_reflect::{ExtensionDescriptor, MessageDescriptor};

use super::field::Field;
use super::{Walk, table};

/// Numbers in a message's descriptor: its fields, options, `oneof`s, and what it reserves.
const EXTENSION_RANGE: i32 = 5;
const OPTIONS: i32 = 7;
const ONEOF: i32 = 8;
const RESERVED_RANGE: i32 = 9;
const RESERVED_NAME: i32 = 10;
/// Numbers in a message's options.
const MESSAGE_SET: i32 = 1;
const NO_ACCESSOR: i32 = 2;

impl Walk<'_> {
    pub(super) fn messages(&mut self) {
        let old = self.old;
        let all = old.pool.all_messages().filter(|message| old.owns(&message.parent_file()));
        for message in all.filter(|message| !message.is_map_entry()) {
            match self.new_message(&message) {
                Some(now) => {
                    self.pairs += 1;
                    self.message(&message, &now);
                }
                None => self.lost_message(&message),
            }
        }
    }

    /// The message of the new contract with the same name.
    pub(super) fn new_message(&self, old: &MessageDescriptor) -> Option<MessageDescriptor> {
        self.new.pool.get_message_by_name(&self.renamed(&old.parent_file(), old.full_name()))
    }

    fn lost_message(&mut self, message: &MessageDescriptor) {
        // What stood in a message that is gone went with it.
        let outer = message.parent_message();
        if outer.as_ref().is_some_and(|outer| self.new_message(outer).is_none()) {
            return;
        }
        let text = format!("the message `{}` is gone", message.full_name());
        let mark = self.old.places.named(&message.parent_file(), message.path(), "it stood here");
        let home = match outer.and_then(|outer| self.new_message(&outer)) {
            Some(outer) => {
                self.new.places.named(&outer.parent_file(), outer.path(), "and is no longer in this message")
            }
            None => {
                let file = self.counterpart(&message.parent_file());
                file.and_then(|file| self.new.places.head(&file, "and is no longer in this file"))
            }
        };
        let touches = self.touching(message.full_name());
        self.say(table::MESSAGE_DELETED, text, mark, home, touches);
    }

    fn message(&mut self, old: &MessageDescriptor, new: &MessageDescriptor) {
        let files = (old.parent_file(), new.parent_file());
        if old.parent_message().is_none() {
            self.stays_in_file("message", old.full_name(), (&files.0, old.path()), (&files.1, new.path()));
        }
        self.message_options(old, new);
        self.reserved(old, new);
        self.oneofs(old, new);
        self.fields(old, new);
    }

    fn message_options(&mut self, old: &MessageDescriptor, new: &MessageDescriptor) {
        let read = |message: &MessageDescriptor| {
            let options = message.descriptor_proto().options.as_ref();
            options.map_or((false, false), |options| {
                (options.message_set_wire_format(), options.no_standard_descriptor_accessor())
            })
        };
        let (was, is) = (read(old), read(new));
        let name = old.full_name();
        // An option that is not written has the place of the message.
        let marks = |walk: &Walk<'_>, number: i32, (was, is): (bool, bool)| {
            let path = |message: &MessageDescriptor, written: bool| {
                if written { [message.path(), &[OPTIONS, number]].concat() } else { message.path().to_vec() }
            };
            (
                walk.old.places.part(&old.parent_file(), &path(old, was), &[], format!("it was {was}")),
                walk.new.places.part(&new.parent_file(), &path(new, is), &[], format!("now {is}")),
            )
        };
        if was.0 != is.0 {
            let text = format!("`message_set_wire_format` of `{name}` was {} and is {} now", was.0, is.0);
            let (before, after) = marks(self, MESSAGE_SET, (was.0, is.0));
            let touches = self.touching(name);
            self.say(table::MESSAGE_SET_CHANGED, text, before, after, touches);
        }
        if !was.1 && is.1 {
            let text = format!("`{name}` no longer has its standard accessor `descriptor()`");
            let (before, after) = marks(self, NO_ACCESSOR, (was.1, is.1));
            let touches = self.touching(name);
            self.say(table::ACCESSOR_REMOVED, text, before, after, touches);
        }
    }

    fn reserved(&mut self, old: &MessageDescriptor, new: &MessageDescriptor) {
        let name = old.full_name().to_owned();
        let home = |walk: &Walk<'_>, text: &str| walk.new.places.named(&new.parent_file(), new.path(), text);
        let kept: Vec<Range<i64>> = new.reserved_ranges().map(wide).collect();
        for (index, range) in old.reserved_ranges().map(wide).enumerate() {
            for lost in without(&range, &kept) {
                let text = format!("`{name}` no longer reserves {}", numbers(&lost));
                let path = [old.path(), &[RESERVED_RANGE, index_of(index)]].concat();
                let mark = self.old.places.exactly(&old.parent_file(), &path, "it was reserved here");
                let after = home(self, "and is not any more");
                let touches = self.touching(&name);
                self.say(table::MESSAGE_RESERVED_DELETED, text, mark, after, touches);
            }
        }
        for (index, word) in old.reserved_names().enumerate() {
            if new.reserved_names().any(|kept| kept == word) {
                continue;
            }
            let text = format!("`{name}` no longer reserves the name `{word}`");
            let path = [old.path(), &[RESERVED_NAME, index_of(index)]].concat();
            let mark = self.old.places.exactly(&old.parent_file(), &path, "it was reserved here");
            let after = home(self, "and is not any more");
            let touches = self.touching(&name);
            self.say(table::MESSAGE_RESERVED_DELETED, text, mark, after, touches);
        }
        let open: Vec<Range<i64>> = new.extension_ranges().map(wide).collect();
        for (index, range) in old.extension_ranges().map(wide).enumerate() {
            for lost in without(&range, &open) {
                let text = format!("`{name}` can no longer be extended by {}", numbers(&lost));
                let path = [old.path(), &[EXTENSION_RANGE, index_of(index)]].concat();
                let mark = self.old.places.exactly(&old.parent_file(), &path, "it was open here");
                let after = home(self, "and is not any more");
                let touches = self.touching(&name);
                self.say(table::EXTENSION_RANGE_DELETED, text, mark, after, touches);
            }
        }
    }

    fn oneofs(&mut self, old: &MessageDescriptor, new: &MessageDescriptor) {
        for (index, oneof) in old.oneofs().enumerate().filter(|(_, oneof)| !oneof.is_synthetic()) {
            if new.oneofs().any(|now| !now.is_synthetic() && now.name() == oneof.name()) {
                continue;
            }
            let text = format!("the oneof `{}` of `{}` is gone", oneof.name(), old.full_name());
            let path = [old.path(), &[ONEOF, index_of(index)]].concat();
            let marks = (
                self.old.places.named(&old.parent_file(), &path, "it stood here"),
                self.new.places.named(&new.parent_file(), new.path(), "and is no longer in this message"),
            );
            let fields: Vec<String> = oneof.fields().map(|field| field.name().to_owned()).collect();
            let names: Vec<&str> = fields.iter().map(String::as_str).chain([oneof.name()]).collect();
            let touches = self.naming(old.full_name(), &names);
            self.say(table::ONEOF_DELETED, text, marks.0, marks.1, touches);
        }
    }

    /// Extensions, paired by the message they extend and their number.
    pub(super) fn extensions(&mut self) {
        let old = self.old;
        for extension in old.pool.all_extensions().filter(|it| old.owns(&it.parent_file())) {
            match self.new_extension(&extension) {
                Some(now) => {
                    self.pairs += 1;
                    let files = (extension.parent_file(), now.parent_file());
                    if extension.parent_message().is_none() {
                        let full = extension.full_name();
                        self.stays_in_file(
                            "extension",
                            full,
                            (&files.0, extension.path()),
                            (&files.1, now.path()),
                        );
                    }
                    self.field(&Field::of_extension(&extension), &Field::of_extension(&now));
                }
                None => {
                    let owner = extension.containing_message();
                    let text = format!(
                        "the extension `{}` of `{}` is gone",
                        extension.full_name(),
                        owner.full_name()
                    );
                    let file = extension.parent_file();
                    let mark = self.old.places.named(&file, extension.path(), "it stood here");
                    let home = self
                        .counterpart(&file)
                        .and_then(|file| self.new.places.head(&file, "and is no longer in this file"));
                    let touches = self.naming(owner.full_name(), &[extension.name()]);
                    self.say(table::EXTENSION_DELETED, text, mark, home, touches);
                }
            }
        }
    }

    fn new_extension(&self, old: &ExtensionDescriptor) -> Option<ExtensionDescriptor> {
        let owner = old.containing_message();
        let owner = self.renamed(&owner.parent_file(), owner.full_name());
        self.new.pool.get_message_by_name(&owner)?.get_extension(old.number())
    }
}

pub(super) fn index_of(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn wide(range: Range<u32>) -> Range<i64> {
    i64::from(range.start)..i64::from(range.end)
}

/// The parts of a range that none of the others covers.
pub(super) fn without(range: &Range<i64>, others: &[Range<i64>]) -> Vec<Range<i64>> {
    let mut left = vec![range.clone()];
    for other in others {
        left = left
            .into_iter()
            .flat_map(|part| [part.start..part.end.min(other.start), part.start.max(other.end)..part.end])
            .filter(|part| part.start < part.end)
            .collect();
    }
    left
}

/// `the number 4`, `the numbers 4 to 9`; the end is exclusive.
pub(super) fn numbers(range: &Range<i64>) -> String {
    match range.end - range.start {
        1 => format!("the number {}", range.start),
        _ => format!("the numbers {} to {}", range.start, range.end - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "these are ranges, not their numbers")]
    fn what_ranges_leave_uncovered() {
        let only = |parts: &[Range<i64>]| without(&(2..10), parts);
        assert_eq!(only(&[]), [2..10]);
        assert_eq!(only(&[0..20]), []);
        assert_eq!(only(&[4..6]), [2..4, 6..10]);
        assert_eq!(only(&[2..4, 4..10]), []);
        assert_eq!(only(&[0..3, 9..12]), [3..9]);
        assert_eq!(only(&[20..30]), [2..10]);
    }
}
