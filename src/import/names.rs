//! Names for what is imported: words of scn that mean nothing else.

use std::collections::BTreeSet;

use crate::lang::{KEYWORDS, Kind, Registry};

/// A longer name helps nobody.
const LONGEST: usize = 40;

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Those of the language itself are taken from the beginning.
    pub(super) fn new(registry: &Registry) -> Names {
        let kinds = [
            Kind::Protocol,
            Kind::Verb,
            Kind::Function,
            Kind::Response,
            Kind::Constant,
            Kind::Shape,
            Kind::Relation,
            Kind::Fault,
            Kind::Probe,
            Kind::Model,
        ];
        let known = kinds.iter().flat_map(|kind| registry.of_kind(*kind)).map(|spec| spec.name);
        let words = KEYWORDS.iter().map(|keyword| keyword.word);
        Names(known.chain(words).chain(["scn"]).map(str::to_owned).collect())
    }

    /// A new name like this one: with a number behind it when it is taken.
    pub(super) fn fresh(&mut self, like: &str) -> String {
        let base = word(like);
        let mut name = base.clone();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        name
    }
}

/// Lower-case letters, digits and `_`, a letter first.
fn word(like: &str) -> String {
    let mut word = String::new();
    let mut after_lower = false;
    for c in like.chars() {
        if c.is_ascii_alphanumeric() {
            // `accessToken` reads as `access_token`.
            if c.is_ascii_uppercase() && after_lower {
                word.push('_');
            }
            after_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
            word.push(c.to_ascii_lowercase());
        } else {
            after_lower = false;
            if !word.is_empty() && !word.ends_with('_') {
                word.push('_');
            }
        }
        if word.len() >= LONGEST {
            break;
        }
    }
    let word = word.trim_end_matches('_');
    match word.chars().next() {
        None => "value".to_owned(),
        Some(c) if c.is_ascii_digit() => format!("n{word}"),
        Some(_) => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_of_scn() {
        assert_eq!(word("X-Api-Key"), "x_api_key");
        assert_eq!(word("accessToken"), "access_token");
        assert_eq!(word("127.0.0.1"), "n127_0_0_1");
        assert_eq!(word("…"), "value");
    }

    #[test]
    fn what_the_language_uses_is_taken() {
        let mut names = Names::new(&crate::rooms::registry());
        assert_eq!(names.fresh("status"), "status_2");
        assert_eq!(names.fresh("expect"), "expect_2");
        assert_eq!(names.fresh("order"), "order");
        assert_eq!(names.fresh("order"), "order_2");
    }
}
