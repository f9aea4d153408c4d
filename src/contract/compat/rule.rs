//! The rules of compatibility as data: what `scn compat` looks for, at which levels, why it
//! breaks someone and what to do instead. `scn explain RULE` prints a row of these tables.

use super::Level;
use crate::diag::Code;

/// What a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// `.proto` files.
    Protobuf,
    /// OpenAPI documents.
    OpenApi,
}

/// One rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, its one line, and its page.
    pub code: &'static Code,
    /// What it speaks of.
    pub language: Language,
    /// The levels at which it is a break.
    pub levels: &'static [Level],
    /// What it breaks for whom; one line, no full stop.
    pub breaks: &'static str,
    /// What to do instead; one line, no full stop.
    pub advice: &'static str,
    /// The rule of `buf breaking` that asks the same, when there is one.
    pub known_as: &'static str,
}

impl Rule {
    /// Its name, such as `field-deleted`.
    pub fn name(&self) -> &'static str {
        self.code.name
    }
}

/// Every rule, protobuf's first.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    super::proto::RULES.iter().chain(super::openapi::RULES).copied()
}

/// The rule with this name.
pub fn find(name: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.code.name == name)
}

/// A table of rules: a constant for each, and `RULES` with all of them.
macro_rules! table {
    ($language:ident $($ident:ident $name:literal [$($level:ident)*] $known:literal: $summary:literal, $breaks:literal, $advice:literal;)*) => {
        $(
            #[doc = $summary]
            pub(crate) const $ident: &$crate::contract::compat::Rule = &$crate::contract::compat::Rule {
                code: &$crate::diag::Code {
                    name: $name,
                    summary: $summary,
                    explanation: concat!("What it breaks: ", $breaks, ".\n\nInstead: ", $advice, "."),
                    lint: false,
                    example: "",
                    language: "scn",
                },
                language: $crate::contract::compat::Language::$language,
                levels: &[$($crate::contract::compat::Level::$level),*],
                breaks: $breaks,
                advice: $advice,
                known_as: $known,
            };
        )*
        /// Every rule of this table.
        pub(crate) const RULES: &[&$crate::contract::compat::Rule] = &[$($ident),*];
    };
}
pub(super) use table;
