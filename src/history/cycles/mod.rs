//! Serializability of transactions that append to lists and read them: from what was read follows
//! in which order the elements of each list were appended, and from that which transaction must
//! have come before which. A cycle of such dependencies is an anomaly, and has a name.
//!
//! A list tells its whole past, so nothing is guessed. The elements that some read saw stand in the
//! order of the longest read, and those that none saw come after them. Whoever read a list came
//! after the last element that it saw and before the first one that it did not. If these
//! dependencies have no cycle, any order that is true to them is a serial execution with the same
//! results; if they have one, there is none. Both take time linear in the history.
//!
//! Adya, «Weak consistency: a generalized theory and optimistic implementations for distributed
//! transactions», MIT 1999; Kingsbury and Alvaro, «Elle: inferring isolation anomalies from
//! experimental observations», VLDB 2020.

mod anomaly;
mod graph;
mod reads;
mod search;
#[cfg(test)]
mod tests;
mod told;
mod transaction;
mod versions;

pub use anomaly::{Anomaly, Dependency, Kind};
pub use told::scene;

use std::time::Instant;

use super::meter::{Budget, Meter, Stop};
use super::{Limits, Model, Operation, Outcome};
use crate::lang::{Kind as Named, Param, Spec, Ty};
use crate::value::Value;
use graph::Graph;
use transaction::{Step, Transaction};
use versions::Versions;

/// The models of `serializable`.
pub const SPECS: &[Spec] = &[Spec::new(
    Named::Model,
    "serializable",
    "list_append",
    "lists that transactions append to and read: from what they read follows who came before whom, and a \
     cycle of that is named as Adya and Elle name it (G0, G1a, G1b, G1c, G-single, G2)",
)
.params(&[Param::new(
    TXN,
    Ty::Role,
    "a transaction: takes a list of `[\"append\", list, element]` and `[\"r\", list]` as its last argument, \
     and returns it with the elements that were read; elements are distinct",
)])
.example("expect txns serializable as list_append(txn: transact)")];

const TXN: &str = "txn";

/// `list_append` whose transactions are called `txn`.
pub fn model() -> Model {
    Model { name: SPECS[0].name, roles: Vec::new(), initial: Value::Null }
}

/// The role that a function plays in `list_append`.
pub fn role(model: &Model, function: &str) -> Option<&'static str> {
    let is_it = match model.roles.as_slice() {
        [] => function == TXN,
        given => given.iter().any(|(_, played)| **played == *function),
    };
    is_it.then_some(TXN)
}

/// Which orders a serial execution must be true to, besides its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Respect {
    /// None: serializability.
    Results,
    /// That of each process: strong session serializability.
    Process,
    /// What was over before another began comes first: strict serializability.
    Realtime,
}

impl Respect {
    /// All of them with their names in the language.
    pub const ALL: [(&'static str, Respect); 3] =
        [("results", Respect::Results), ("process", Respect::Process), ("realtime", Respect::Realtime)];

    /// The one with this name.
    pub fn named(name: &str) -> Option<Respect> {
        Respect::ALL.iter().find(|(known, _)| *known == name).map(|(_, respect)| *respect)
    }
}

/// Whether a history of transactions is serializable. Numbers are positions in the list of
/// operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serial {
    /// It is: in this order. Transactions that failed are left out, and those of unknown outcome
    /// that nobody saw.
    Holds(Vec<usize>),
    /// It is not; the gravest first.
    Fails(Vec<Anomaly>),
    /// What was recorded does not say; why.
    Unknown(String),
    /// An operation is no transaction; which one, and why.
    Invalid(usize, String),
}

/// Judges the transactions of one history: see [`serializable_all`].
pub fn serializable(operations: &[Operation], model: &Model, respect: Respect, limits: &Limits) -> Serial {
    judge(operations, model, respect, limits, limits.deadline())
}

/// Judges the transactions of separate histories, one after the other: operations whose last
/// argument, or whose result, is a list of `["append", list, element]` and `["r", list, elements]`.
///
/// A transaction of unknown outcome counts as committed as soon as one of its elements was read;
/// otherwise it may as well not have happened. One that is ok and returned nothing appended what it
/// was to append, and what it read is not known.
pub fn serializable_all<H>(histories: &[H], model: &Model, respect: Respect, limits: &Limits) -> Vec<Serial>
where
    H: AsRef<[Operation]>,
{
    let deadline = limits.deadline();
    histories.iter().map(|history| judge(history.as_ref(), model, respect, limits, deadline)).collect()
}

/// Whether a history puts serializability to the test: some transaction that succeeded says what it
/// read of a list. Any order explains a history that does not.
pub fn demands(operations: &[Operation], model: &Model) -> bool {
    operations.iter().filter(|operation| operation.outcome == Outcome::Ok).any(|operation| {
        let is_read = |step: &Step| matches!(step, Step::Read { elements: Some(_), .. });
        Transaction::read(operation, model).is_ok_and(|steps| steps.iter().any(is_read))
    })
}

fn judge(
    operations: &[Operation],
    model: &Model,
    respect: Respect,
    limits: &Limits,
    deadline: Instant,
) -> Serial {
    let mut meter = Meter::new(Budget { steps: u64::MAX, bytes: limits.memory, deadline }, None);
    let mut transactions = Vec::new();
    let over = |stop: Stop, reached: String| Serial::Unknown(format!("{}: {reached}", stop.told(limits)));
    for (at, operation) in operations.iter().enumerate() {
        let steps = match Transaction::read(operation, model) {
            Ok(steps) => steps,
            Err(why) => return Serial::Invalid(at, why),
        };
        let transaction = Transaction { at, outcome: operation.outcome, steps };
        if let Err(stop) = transaction.count(&mut meter) {
            let reached = format!("{at} of {} transactions were looked at", operations.len());
            return over(stop, reached);
        }
        transactions.push(transaction);
    }
    let all = format!("all {} transactions were read", transactions.len());
    let versions = match Versions::of(&transactions, &mut meter) {
        Ok(versions) => versions,
        Err(stop) => return over(stop, format!("{all}, but not compared")),
    };
    let mut anomalies = reads::anomalies(&transactions, &versions);
    let graph = Graph::of(&transactions, &versions, operations, respect, &mut meter);
    let mut unfinished = graph.as_ref().err().copied();
    if let Ok(graph) = &graph {
        let (cycles, stop) = search::cycles(graph, respect, &mut meter);
        anomalies.extend(cycles.iter().map(|cycle| told::cycle(cycle, &transactions, &versions)));
        unfinished = stop;
    }
    // What was found is wrong, whatever there is besides.
    if !anomalies.is_empty() {
        anomalies.sort_by_key(|anomaly| anomaly.kind);
        return Serial::Fails(anomalies);
    }
    if let Some(stop) = unfinished {
        return over(stop, format!("{all}, but not all their dependencies were followed"));
    }
    if let Some(why) = versions.ambiguous {
        return Serial::Unknown(why);
    }
    match graph.ok().and_then(|graph| graph.order()) {
        Some(order) => Serial::Holds(order.into_iter().map(|at| transactions[at].at).collect()),
        None => Serial::Unknown("their dependencies have no order, and show no cycle".to_owned()),
    }
}
