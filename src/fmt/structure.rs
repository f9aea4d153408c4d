//! What the formatter needs to know of the grammar's answer: which brace is which, and where the
//! entries lie that are aligned. Places are byte offsets in the text.

use std::collections::{BTreeMap, BTreeSet};

use pest::iterators::Pair;

use crate::syntax::grammar::{Rule, read};
use crate::syntax::layout::Layout;

/// What a brace holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Brace {
    /// Fields or names, of which each has a line or a comma.
    Data,
    /// Statements, settings or rules.
    Body,
}

/// A kind of entry that is aligned with its neighbours of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// The value of a setting.
    Setting,
    /// The value of a field.
    Field,
    /// What follows `same` and `effect`.
    Claim,
    /// The `on` of a probe.
    Probe,
    /// The braces of a double's rule.
    Rule,
}

/// An entry that may be aligned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Its kind.
    pub(super) column: Column,
    /// One past its last byte.
    pub(super) end: usize,
    /// Where the token stands that is aligned.
    pub(super) at: usize,
}

/// The structure of a text.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// Braces by their places.
    pub(super) braces: BTreeMap<usize, Brace>,
    /// Where items, their attributes, fields and names begin: a line that begins so goes nothing on.
    pub(super) begins: BTreeSet<usize>,
    /// `(` of arguments and of declared parameters.
    pub(super) calls: BTreeSet<usize>,
    /// `..` that opens or spreads, and is no range.
    pub(super) dots: BTreeSet<usize>,
    /// Where the faults of an `under` begin, by the place of the `under`.
    pub(super) faults: BTreeMap<usize, usize>,
    /// Aligned entries by their places.
    pub(super) entries: BTreeMap<usize, Entry>,
}

impl Structure {
    /// Reads every item once more. The text has no errors.
    pub(super) fn of(layout: &Layout) -> Structure {
        let mut structure = Structure::default();
        for slice in &layout.items {
            let Ok(pairs) = read(Rule::item_file, &layout.soft[slice.start..slice.end]) else { continue };
            for pair in pairs.clone().flat_map(Pair::into_inner) {
                structure.begins.insert(slice.start + pair.as_span().start());
            }
            for pair in pairs.flatten() {
                structure.note(&pair, slice.start);
            }
        }
        structure
    }

    fn note(&mut self, pair: &Pair<'_, Rule>, base: usize) {
        let start = base + pair.as_span().start();
        let end = start + pair.as_str().trim_end().trim_end_matches('\u{0b}').trim_end().len();
        let child = |rules: &[Rule]| {
            pair.clone()
                .into_inner()
                .find(|inner| rules.contains(&inner.as_rule()))
                .map(|inner| base + inner.as_span().start())
        };
        match pair.as_rule() {
            Rule::object => {
                self.braces.entry(start).or_insert(Brace::Data);
            }
            Rule::use_names => {
                self.braces.insert(start, Brace::Data);
            }
            Rule::block
            | Rule::settings
            | Rule::double_rules
            | Rule::profile_body
            | Rule::stage_body
            | Rule::mix => {
                self.braces.insert(start, Brace::Body);
            }
            Rule::params | Rule::args => {
                self.calls.insert(start);
            }
            Rule::dots => {
                self.dots.insert(start);
                self.begins.insert(start);
            }
            Rule::ellipsis => {
                self.dots.insert(start);
            }
            Rule::entry_field => {
                self.begins.insert(start);
                self.enter(Column::Field, start, end, child(&[Rule::expr]));
            }
            Rule::use_name => {
                self.begins.insert(start);
            }
            Rule::under => {
                self.faults.extend(child(&[Rule::fault]).map(|fault| (start, fault)));
            }
            Rule::variant => {
                self.begins.insert(start);
            }
            Rule::plain_setting => {
                self.begins.insert(start);
                let value = child(&[Rule::tight, Rule::setting_request, Rule::setting_phrase]);
                self.enter(Column::Setting, start, end, value);
            }
            Rule::same => self.enter(Column::Claim, start, end, child(&[Rule::tight])),
            Rule::effect => self.enter(Column::Claim, start, end, child(&[Rule::claim])),
            Rule::probe => self.enter(Column::Probe, start, end, child(&[Rule::k_on])),
            Rule::double_rule => self.enter(Column::Rule, start, end, child(&[Rule::block])),
            _ => {}
        }
    }

    fn enter(&mut self, column: Column, start: usize, end: usize, at: Option<usize>) {
        if let Some(at) = at {
            self.entries.insert(start, Entry { column, end, at });
        }
    }
}
