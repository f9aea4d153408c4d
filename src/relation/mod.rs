//! Relations: what an expectation says of its subject, one room each behind one trait. They see
//! values, keys and patterns, never protocols.

use crate::event::Detail;
use crate::lang::Spec;
use crate::shape::Pattern;
use crate::value::{Key, Object, Path, Value};

/// One relation.
pub trait Relation: Send + Sync {
    /// Its name, parameters, phrases and example.
    fn spec(&self) -> &'static Spec;
    /// Whether the claim holds.
    fn judge(&self, claim: &Claim<'_>) -> Verdict;
}

/// What is claimed, evaluated. The caller has already handled `not`, `within` and `because`.
#[derive(Debug, Default, Clone)]
pub struct Claim<'a> {
    /// What the relation speaks of; a stream or other history comes as the list of its records.
    pub subject: Option<&'a Value>,
    /// The arguments in parentheses, by parameter name; also the values of phrases that are no
    /// keys, by their word: `rises by 1` has `by`.
    pub args: Object,
    /// The subject before and after the `during` block or the `effect`; only `rises`, `unchanged`
    /// and `becomes` look at it.
    pub change: Option<(&'a Value, &'a Value)>,
    /// The operand as a value, when it has one as such.
    pub operand: Option<&'a Value>,
    /// The operand as a pattern.
    pub pattern: Option<&'a Pattern>,
    /// `by .id`
    pub by: Option<Key>,
    /// `per .order_id`
    pub per: Option<Key>,
    /// `of EXPECTED`
    pub of: Option<&'a Value>,
    /// `before PATTERN`
    pub before: Option<&'a Pattern>,
    /// `except .a, .b`
    pub except: Vec<Path>,
    /// `or_empty`
    pub or_empty: bool,
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not; what shows it.
    Fails(Vec<Detail>),
    /// The claim cannot be judged: the subject is empty or no list, a record lacks the key, an
    /// argument is wrong. It does not hold, and its negation does not hold either.
    Invalid(Vec<Detail>),
    /// Neither can be shown; why. Never a pass.
    Unknown(String),
}

impl Verdict {
    /// The verdict on the negated claim.
    #[must_use]
    pub fn negate(self) -> Verdict {
        match self {
            Verdict::Holds => Verdict::Fails(vec![note("it holds, and should not")]),
            Verdict::Fails(_) => Verdict::Holds,
            other => other,
        }
    }
}

/// A sentence as a detail.
pub(crate) fn note(text: impl Into<String>) -> Detail {
    Detail::Note { text: text.into() }
}

/// The relation with this name.
pub fn find(_name: &str) -> Option<&'static dyn Relation> {
    None
}
