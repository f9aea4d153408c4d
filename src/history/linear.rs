//! Linearizability (Herlihy and Wing 1990): some order of the operations, true to real time, that
//! the model allows.

use std::time::Duration;

use super::{Model, Operation};

/// How much a judgement may cost. What is over it is unknown, never a pass.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of all parts together.
    pub time: Duration,
    /// In bytes, of all parts together.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { time: Duration::from_secs(60), memory: 2 << 30 }
    }
}

/// Whether a history is linearizable. Numbers are positions in the list of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// It is: in this order. Operations that failed are left out, and those of unknown outcome
    /// that nothing needs.
    Holds(Vec<usize>),
    /// It is not.
    Fails(Counterexample),
    /// The limits came first; which.
    Unknown(String),
    /// The model cannot read an operation; which one, and why.
    Invalid(usize, String),
}

/// Why a history is not linearizable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// Few operations that no order explains, in the order of their starts: weakened where the
    /// history remains unexplained even if their outcome were unknown.
    pub core: Vec<(usize, bool)>,
    /// An order that explains as many of these as any does.
    pub order: Vec<usize>,
    /// The one that cannot come next.
    pub stuck: usize,
    /// What the object may hold when it should: each in words.
    pub states: Vec<String>,
}

/// Judges one object's history.
pub fn linearizable(_operations: &[Operation], _model: &Model, _limits: &Limits) -> Judged {
    Judged::Unknown("histories are not judged yet".to_owned())
}
