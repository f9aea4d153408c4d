//! Relations: what an expectation says of its subject, one room each behind one trait. They see
//! values, keys and patterns, never protocols.

mod attempted;
mod backs_off;
mod calls;
mod causal;
mod change;
mod compatible_with;
mod converges_with;
mod cut;
mod expected;
mod fifo;
mod gapless;
mod gives_up_on;
mod has;
mod honours_retry_after;
mod increasing;
mod intervals;
mod linearizable;
mod lossless;
mod no_loss;
mod no_phantoms;
mod once;
mod opens_circuit;
mod operations;
mod origin;
mod pairs;
mod planned;
mod prefix_of;
mod propagates_deadline;
mod records;
mod roles;
mod same_order_as;
mod serializable;
mod session;
mod signed;
mod stale_below;
mod unique;

pub use change::without;
pub use cut::{Cut, Side};
pub use origin::Origin;

use cut::Stays;

use crate::event::Detail;
use crate::history::Model;
use crate::lang::{Kind, Param, Spec, Ty};
use crate::shape::Pattern;
use crate::value::{Key, Object, Path, Value};

/// One relation.
pub trait Relation: Send + Sync {
    /// Its name, parameters, phrases and example.
    fn spec(&self) -> &'static Spec;
    /// What is said of a subject for which the claim holds, and for which it does not.
    fn says(&self, claim: &Claim<'_>) -> Says;
    /// Whether the claim holds.
    fn judge(&self, claim: &Claim<'_>) -> Verdict;
}

/// `is ordered`, `is not ordered`: what follows a subject's name in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Says(pub &'static str, pub &'static str);

/// What is claimed, evaluated. The caller handles `not`, `within` and `because`.
#[derive(Debug, Default, Clone)]
pub struct Claim<'a> {
    /// What the relation speaks of; a stream or other history comes as the list of its records.
    pub subject: Option<&'a Value>,
    /// Where the subject's records come from and when they happened; none for a plain list.
    pub origin: Option<Origin>,
    /// The same of the operand, or of what stands after `of`.
    pub other_origin: Option<Origin>,
    /// Why the subject's records are not all that happened.
    pub cut: Option<Cut>,
    /// The same of the operand, or of what stands after `of`.
    pub other_cut: Option<Cut>,
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
    /// Whether the caller will [`negate`](Verdict::negate) the verdict; only `has` looks at it.
    pub denied: bool,
}

/// The judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    Holds,
    /// It does not; what shows it.
    Fails(Vec<Detail>),
    /// It does not, and might if more records came to that side. No relation ends with this: it
    /// fails, or nobody knows what would have come.
    Lacks(Side, Vec<Detail>),
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
            Verdict::Holds => Verdict::Fails(Vec::new()),
            Verdict::Fails(_) | Verdict::Lacks(..) => Verdict::Holds,
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
        *fifo::FIFO.spec,
        *causal::CAUSAL.spec,
        *no_loss::NO_LOSS.spec,
        *no_phantoms::NO_PHANTOMS.spec,
        *session::MONOTONIC_READS.spec,
        *session::READ_YOUR_WRITES.spec,
        *session::MONOTONIC_WRITES.spec,
        *session::WRITES_FOLLOW_READS.spec,
        *converges_with::CONVERGES_WITH.spec,
        *stale_below::STALE_BELOW.spec,
        *linearizable::LINEARIZABLE.spec,
        *serializable::SERIALIZABLE.spec,
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
    &fifo::FIFO,
    &causal::CAUSAL,
    &no_loss::NO_LOSS,
    &no_phantoms::NO_PHANTOMS,
    &session::MONOTONIC_READS,
    &session::READ_YOUR_WRITES,
    &session::MONOTONIC_WRITES,
    &session::WRITES_FOLLOW_READS,
    &converges_with::CONVERGES_WITH,
    &stale_below::STALE_BELOW,
    &linearizable::LINEARIZABLE,
    &serializable::SERIALIZABLE,
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
    says: fn(&Claim<'_>) -> Says,
    stays: fn(&Claim<'_>) -> Stays,
    judge: fn(&Claim<'_>) -> Result<Verdict, Verdict>,
}

impl Relation for Rule {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn says(&self, claim: &Claim<'_>) -> Says {
        (self.says)(claim)
    }

    fn judge(&self, claim: &Claim<'_>) -> Verdict {
        let (Ok(verdict) | Err(verdict)) = (self.judge)(claim);
        cut::sound(claim, (self.stays)(claim), verdict)
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
