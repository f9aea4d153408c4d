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
    /// The arguments in parentheses, by parameter name.
    pub args: Object,
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
    /// Neither can be shown; why. Never a pass.
    Unknown(String),
}
