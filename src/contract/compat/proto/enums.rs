//! Enums and their values.

use std::ops::Range;

use prost_reflect::{EnumDescriptor, EnumValueDescriptor};

use super::file::syntax;
use super::message::{index_of, numbers, without};
use super::{Walk, table};

/// Numbers in an enum's descriptor.
const RESERVED_RANGE: i32 = 4;
const RESERVED_NAME: i32 = 5;

impl Walk<'_> {
    pub(super) fn enums(&mut self) {
        let old = self.old;
        for declared in old.pool.all_enums().filter(|it| old.owns(&it.parent_file())) {
            match self.new_enum(&declared) {
                Some(now) => {
                    self.pairs += 1;
                    self.enumeration(&declared, &now);
                }
                None => self.lost_enum(&declared),
            }
        }
    }

    /// The enum of the new contract with the same name.
    pub(super) fn new_enum(&self, old: &EnumDescriptor) -> Option<EnumDescriptor> {
        self.new.pool.get_enum_by_name(&self.renamed(&old.parent_file(), old.full_name()))
    }

    fn lost_enum(&mut self, declared: &EnumDescriptor) {
        let outer = declared.parent_message();
        if outer.as_ref().is_some_and(|outer| self.new_message(outer).is_none()) {
            return;
        }
        let text = format!("the enum `{}` is gone", declared.full_name());
        let mark = self.old.places.named(&declared.parent_file(), declared.path(), "it stood here");
        let home = match outer.and_then(|outer| self.new_message(&outer)) {
            Some(outer) => {
                self.new.places.named(&outer.parent_file(), outer.path(), "and is no longer in this message")
            }
            None => {
                let file = self.counterpart(&declared.parent_file());
                file.and_then(|file| self.new.places.head(&file, "and is no longer in this file"))
            }
        };
        let touches = self.touching(declared.full_name());
        self.say(table::ENUM_DELETED, text, mark, home, touches);
    }

    fn enumeration(&mut self, old: &EnumDescriptor, new: &EnumDescriptor) {
        let files = (old.parent_file(), new.parent_file());
        if old.parent_message().is_none() {
            self.stays_in_file("enum", old.full_name(), (&files.0, old.path()), (&files.1, new.path()));
        }
        let word = |file| if syntax(file) == "proto2" { "closed" } else { "open" };
        let (was, is) = (word(&files.0), word(&files.1));
        if was != is {
            let text = format!("the enum `{}` was {was} and is {is} now", old.full_name());
            let marks = (
                self.old.places.named(&files.0, old.path(), format!("it was {was}")),
                self.new.places.named(&files.1, new.path(), format!("now {is}")),
            );
            let touches = self.touching(old.full_name());
            self.say(table::ENUM_OPENNESS_CHANGED, text, marks.0, marks.1, touches);
        }
        self.enum_reserved(old, new);
        let mut values: Vec<EnumValueDescriptor> = old.values().collect();
        values.sort_by(|a, b| a.path().cmp(b.path()));
        let mut seen = Vec::new();
        for value in values {
            // Aliases are looked at together with the first name of their number.
            if !seen.contains(&value.number()) {
                seen.push(value.number());
                self.value(old, new, &value);
            }
        }
    }

    fn value(&mut self, old: &EnumDescriptor, new: &EnumDescriptor, value: &EnumValueDescriptor) {
        let number = value.number();
        let names = |of: &EnumDescriptor| -> Vec<String> {
            let mut same: Vec<EnumValueDescriptor> =
                of.values().filter(|other| other.number() == number).collect();
            same.sort_by(|a, b| a.path().cmp(b.path()));
            same.iter().map(|other| other.name().to_owned()).collect()
        };
        let (before, after) = (names(old), names(new));
        if after.is_empty() {
            return self.lost_value(old, new, value, &before);
        }
        let full = old.full_name();
        for name in before.iter().filter(|name| !after.contains(name)) {
            let gone = old.get_value_by_name(name);
            let text = match before.len() {
                1 => format!(
                    "the value {number} of `{full}` was called `{name}` and is called `{}` now",
                    after[0]
                ),
                _ => format!("the value {number} of `{full}` is no longer called `{name}`"),
            };
            let mark = gone.and_then(|gone| {
                self.old.places.named(&old.parent_file(), gone.path(), format!("it was `{name}`"))
            });
            let now = new.get_value(number).and_then(|now| {
                self.new.places.named(&new.parent_file(), now.path(), format!("now `{}`", now.name()))
            });
            let touches = self.naming(full, &[name]);
            self.say(table::ENUM_VALUE_RENAMED, text, mark, now, touches);
        }
    }

    fn lost_value(
        &mut self,
        old: &EnumDescriptor,
        new: &EnumDescriptor,
        value: &EnumValueDescriptor,
        names: &[String],
    ) {
        let (full, number) = (old.full_name(), value.number());
        let name = value.name();
        let moved = new.get_value_by_name(name);
        let gone = match &moved {
            Some(now) => {
                format!("the value `{name}` of `{full}` had the number {number} and has {} now", now.number())
            }
            None => format!("the value `{name} = {number}` of `{full}` is gone"),
        };
        let marks = |walk: &Walk<'_>| {
            let after = match &moved {
                Some(now) => {
                    let text = format!("now {}", now.number());
                    walk.new.places.part(&new.parent_file(), now.path(), &[2], text)
                }
                None => {
                    walk.new.places.named(&new.parent_file(), new.path(), "and is no longer in this enum")
                }
            };
            (walk.old.places.named(&old.parent_file(), value.path(), "it stood here"), after)
        };
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        let touches = self.naming(full, &all);
        let (before, after) = marks(self);
        self.say(table::ENUM_VALUE_DELETED, gone.clone(), before, after, touches.clone());
        let number_kept = new.reserved_ranges().any(|range| range.contains(&number));
        if !number_kept {
            let (before, after) = marks(self);
            let text = format!("{gone}, and {number} is not reserved");
            self.say(table::ENUM_NUMBER_FREED, text, before, after, touches.clone());
        }
        for name in names {
            if new.reserved_names().any(|kept| kept == name) {
                continue;
            }
            let (before, after) = marks(self);
            let text = match new.get_value_by_name(name) {
                Some(_) => format!("{gone}, so old JSON with `{name}` is read as another value"),
                None => format!("{gone}, and the name `{name}` is not reserved"),
            };
            self.say(table::ENUM_NAME_FREED, text, before, after, touches.clone());
        }
    }

    fn enum_reserved(&mut self, old: &EnumDescriptor, new: &EnumDescriptor) {
        let full = old.full_name().to_owned();
        // The ends of enum ranges are inclusive.
        let wide = |range: std::ops::RangeInclusive<i32>| -> Range<i64> {
            i64::from(*range.start())..i64::from(*range.end()) + 1
        };
        let kept: Vec<Range<i64>> = new.reserved_ranges().map(wide).collect();
        let mut lost: Vec<(String, Vec<i32>)> = Vec::new();
        for (index, range) in old.reserved_ranges().map(wide).enumerate() {
            for part in without(&range, &kept) {
                lost.push((numbers(&part), vec![RESERVED_RANGE, index_of(index)]));
            }
        }
        for (index, word) in old.reserved_names().enumerate() {
            if !new.reserved_names().any(|kept| kept == word) {
                lost.push((format!("the name `{word}`"), vec![RESERVED_NAME, index_of(index)]));
            }
        }
        for (what, path) in lost {
            let text = format!("the enum `{full}` no longer reserves {what}");
            let path = [old.path(), &path].concat();
            let marks = (
                self.old.places.exactly(&old.parent_file(), &path, "it was reserved here"),
                self.new.places.named(&new.parent_file(), new.path(), "and is not any more"),
            );
            let touches = self.touching(&full);
            self.say(table::ENUM_RESERVED_DELETED, text, marks.0, marks.1, touches);
        }
    }
}
