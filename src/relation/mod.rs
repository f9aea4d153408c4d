//! Relations: what an expectation says of its subject, one room each behind one trait. They see
//! values, keys and patterns, never protocols.

mod attempted;
mod backs_off;
mod calls;
mod change;
mod compatible_with;
mod gapless;
mod gives_up_on;
mod has;
mod honours_retry_after;
mod increasing;
mod linearizable;
mod lossless;
mod once;
mod opens_circuit;
mod operations;
mod origin;
mod planned;
mod prefix_of;
mod propagates_deadline;
mod records;
mod same_order_as;
mod signed;
mod unique;

pub use change::without;
pub use origin::Origin;

use crate::event::Detail;
use crate::history::Model;
use crate::lang::{Kind, Param, Spec, Ty};
use crate::shape::Pattern;
use crate::value::{Key, Object, Path, Value};

/// One relation.
pub trait Relation: Send + Sync {
    /// Its name, parameters, phrases and example.
    fn spec(&self) -> &'static Spec;
    /// What is said of a subject for which it does not hold: `is not ordered`, `does not back off`;
    /// or for which it does and was not to.
    fn denial(&self, negated: bool) -> String;
    /// Whether the claim holds.
    fn judge(&self, claim: &Claim<'_>) -> Verdict;
}

/// What is claimed, evaluated. The caller has already handled `not`, `within` and `because`.
#[derive(Debug, Default, Clone)]
pub struct Claim<'a> {
    /// What the relation speaks of; a stream or other history comes as the list of its records.
    pub subject: Option<&'a Value>,
    /// Where the subject's records come from and when they happened; none for a plain list.
    pub origin: Option<Origin>,
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
    /// `as MODEL(role: action, …)`
    pub model: Option<Model>,
    /// The argument in parentheses that is a key: `(key: .args[0])`.
    pub key: Option<Key>,
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

/// The names of every relation.
pub const SPECS: &[&[Spec]] = &[
    &[
        *increasing::INCREASING.spec,
        *increasing::ORDERED.spec,
        *gapless::GAPLESS.spec,
        *unique::UNIQUE.spec,
        *has::HAS.spec,
        *once::EXACTLY_ONCE.spec,
        *once::AT_LEAST_ONCE.spec,
        *once::AT_MOST_ONCE.spec,
        *same_order_as::SAME_ORDER_AS.spec,
        *prefix_of::PREFIX_OF.spec,
        *change::RISES.spec,
        *change::UNCHANGED.spec,
        *change::BECOMES.spec,
        *attempted::ATTEMPTED.spec,
        *backs_off::BACKS_OFF.spec,
        *honours_retry_after::HONOURS_RETRY_AFTER.spec,
        *gives_up_on::GIVES_UP_ON.spec,
        *propagates_deadline::PROPAGATES_DEADLINE.spec,
        *opens_circuit::OPENS_CIRCUIT.spec,
        *compatible_with::COMPATIBLE_WITH.spec,
        *linearizable::LINEARIZABLE.spec,
        *lossless::LOSSLESS.spec,
        *signed::SIGNED.spec,
    ],
    planned::SPECS,
];

/// Every relation that can be judged.
static RELATIONS: &[&Rule] = &[
    &increasing::INCREASING,
    &increasing::ORDERED,
    &gapless::GAPLESS,
    &unique::UNIQUE,
    &has::HAS,
    &once::EXACTLY_ONCE,
    &once::AT_LEAST_ONCE,
    &once::AT_MOST_ONCE,
    &same_order_as::SAME_ORDER_AS,
    &prefix_of::PREFIX_OF,
    &change::RISES,
    &change::UNCHANGED,
    &change::BECOMES,
    &attempted::ATTEMPTED,
    &backs_off::BACKS_OFF,
    &honours_retry_after::HONOURS_RETRY_AFTER,
    &gives_up_on::GIVES_UP_ON,
    &propagates_deadline::PROPAGATES_DEADLINE,
    &opens_circuit::OPENS_CIRCUIT,
    &compatible_with::COMPATIBLE_WITH,
    &linearizable::LINEARIZABLE,
    &lossless::LOSSLESS,
    &signed::SIGNED,
];

/// The relation with this name.
pub fn find(name: &str) -> Option<&'static dyn Relation> {
    RELATIONS.iter().find(|rule| rule.spec.name == name).map(|rule| *rule as &dyn Relation)
}

/// A relation as its `Spec` beside its judge. The judge leaves early with a verdict as its error.
struct Rule {
    spec: &'static Spec,
    /// The infinitive with what belongs to it, when the name is a verb; else it follows `is`.
    verb: Option<&'static str>,
    judge: fn(&Claim<'_>) -> Result<Verdict, Verdict>,
}

impl Relation for Rule {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn denial(&self, negated: bool) -> String {
        match (self.verb, negated) {
            (Some(verb), false) => format!("does not {verb}"),
            (Some(verb), true) => format!("does {verb}"),
            (None, false) => format!("is not {}", self.spec.name),
            (None, true) => format!("is not not {}", self.spec.name),
        }
    }

    fn judge(&self, claim: &Claim<'_>) -> Verdict {
        match (self.judge)(claim) {
            Ok(verdict) | Err(verdict) => verdict,
        }
    }
}

/// A relation's `Spec`.
const fn spec(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Relation, "", name, summary).params(params).example(example)
}

const BY: Param = Param::new("by", Ty::Key, "the key of a record; by default the record itself");
const PER: Param = Param::new("per", Ty::Key, "judges the records with the same key by themselves");
const OR_EMPTY: Param = Param::new("or_empty", Ty::Bool, "holds over nothing at all");

#[cfg(test)]
mod tests;
