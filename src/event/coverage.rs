//! How much of a contract a run exercised, counted from its events.
//!
//! The elements of a contract are: each operation; each response status it declares (for gRPC the
//! `OK` of each method, since a `.proto` declares no other); each value of an enum, once for
//! requests and once for responses; and each field or parameter that may be left out, once as sent,
//! once as left out and once as received. A field of a message is counted by the type it belongs
//! to, wherever that type stands. Only requests that got a response count, and of what they carried
//! only the parts that fit the contract.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::EventKind;

/// A part of a contract that a run can exercise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Element {
    /// What it is.
    pub kind: ElementKind,
    /// `POST /v1/orders`, `POST /v1/orders 201`, `State PAID`, `Draft.note`.
    pub name: String,
}

/// What a part of a contract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ElementKind {
    /// An operation.
    Operation,
    /// A status that an operation may answer.
    Status,
    /// A value of an enum in a request.
    ValueSent,
    /// A value of an enum in a response.
    ValueReceived,
    /// An optional field or parameter of a request that is there.
    FieldSent,
    /// One that is left out.
    FieldLeftOut,
    /// An optional field or header of a response that is there.
    FieldReceived,
}

impl ElementKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [ElementKind; 7] = [
        ElementKind::Operation,
        ElementKind::Status,
        ElementKind::ValueSent,
        ElementKind::ValueReceived,
        ElementKind::FieldSent,
        ElementKind::FieldLeftOut,
        ElementKind::FieldReceived,
    ];

    /// As tables name many of them.
    pub fn plural(self) -> &'static str {
        match self {
            ElementKind::Operation => "operations",
            ElementKind::Status => "statuses",
            ElementKind::ValueSent => "values sent",
            ElementKind::ValueReceived => "values received",
            ElementKind::FieldSent => "fields sent",
            ElementKind::FieldLeftOut => "fields left out",
            ElementKind::FieldReceived => "fields received",
        }
    }
}

/// What a request exercised of the contract of its service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// The service that declares the contract.
    pub service: String,
    /// The elements, as indexes in the list of [`EventKind::ContractCounted`].
    pub elements: Vec<u32>,
}

/// What a run exercised.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// By service, in the order in which they were told.
    pub services: Vec<Covered>,
    stage: String,
}

/// What was exercised of one service's contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// Its name.
    pub service: String,
    /// All elements.
    pub elements: Vec<Element>,
    /// Those that were exercised, by stage in the order of the run; the name is empty for
    /// scenarios without a stage and for what comes before the first.
    pub stages: Vec<(String, BTreeSet<u32>)>,
}

impl Coverage {
    /// Takes an event into account.
    pub fn add(&mut self, kind: &EventKind) {
        match kind {
            EventKind::ContractCounted { service, elements } => self.declare(service, elements.clone()),
            EventKind::StageStarted { stage, .. } => self.stage.clone_from(stage),
            EventKind::Requested { touched: Some(touched), .. } => self.touch(touched),
            _ => {}
        }
    }

    fn declare(&mut self, service: &str, elements: Vec<Element>) {
        if self.services.iter().all(|known| known.service != service) {
            self.services.push(Covered { service: service.to_owned(), elements, stages: Vec::new() });
        }
    }

    fn touch(&mut self, touched: &Touched) {
        let Some(covered) = self.services.iter_mut().find(|known| known.service == touched.service) else {
            return;
        };
        let count = covered.elements.len() as u32;
        let index = covered.stages.iter().position(|(stage, _)| *stage == self.stage).unwrap_or_else(|| {
            covered.stages.push((self.stage.clone(), BTreeSet::new()));
            covered.stages.len() - 1
        });
        covered.stages[index].1.extend(touched.elements.iter().filter(|element| **element < count));
    }

    /// How many elements of a service's contract the stage that runs now exercised, and how many
    /// there are.
    pub fn of_stage(&self, service: &str) -> (usize, usize) {
        let Some(covered) = self.services.iter().find(|known| known.service == service) else {
            return (0, 0);
        };
        let stage = covered.stages.iter().find(|(stage, _)| *stage == self.stage);
        (stage.map_or(0, |(_, touched)| touched.len()), covered.elements.len())
    }
}

impl Covered {
    /// The elements that any stage exercised.
    pub fn touched(&self) -> BTreeSet<u32> {
        self.stages.iter().flat_map(|(_, touched)| touched.iter().copied()).collect()
    }

    /// Of each kind that there is: how many were exercised, and how many there are.
    pub fn counts(&self, touched: &BTreeSet<u32>) -> Vec<(ElementKind, usize, usize)> {
        let of = |kind| {
            let all = self.elements.iter().enumerate().filter(move |(_, element)| element.kind == kind);
            let hit = all.clone().filter(|(index, _)| touched.contains(&(*index as u32))).count();
            (kind, hit, all.count())
        };
        ElementKind::ALL.into_iter().map(of).filter(|(_, _, all)| *all > 0).collect()
    }

    /// The elements that nothing exercised, in the order of the contract.
    pub fn missing(&self) -> Vec<&Element> {
        let touched = self.touched();
        let elements = self.elements.iter().enumerate();
        elements.filter(|(index, _)| !touched.contains(&(*index as u32))).map(|(_, it)| it).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Exchange, Place};

    fn element(kind: ElementKind, name: &str) -> Element {
        Element { kind, name: name.to_owned() }
    }

    fn request(elements: &[u32]) -> EventKind {
        EventKind::Requested {
            id: Some(0),
            place: Place { file: "a".into(), line: 1, column: 1, width: 1, lines: Vec::new() },
            exchange: Exchange::default(),
            touched: Some(Touched { service: "ledger".into(), elements: elements.to_vec() }),
        }
    }

    #[test]
    fn each_element_counts_once_a_stage_and_strangers_do_not_count() {
        let mut coverage = Coverage::default();
        assert_eq!(coverage.of_stage("ledger"), (0, 0));
        coverage.add(&EventKind::ContractCounted {
            service: "ledger".into(),
            elements: vec![
                element(ElementKind::Operation, "a/Get"),
                element(ElementKind::Operation, "a/Put"),
                element(ElementKind::Status, "a/Get OK"),
            ],
        });
        let stage = |name: &str| EventKind::StageStarted { stage: name.into(), scenarios: 1 };
        coverage.add(&stage("one"));
        coverage.add(&request(&[0, 2, 2, 99]));
        coverage.add(&request(&[0]));
        assert_eq!(coverage.of_stage("ledger"), (2, 3));
        coverage.add(&stage("two"));
        assert_eq!(coverage.of_stage("ledger"), (0, 3), "each stage counts its own");
        let covered = &coverage.services[0];
        assert_eq!(covered.missing(), [&element(ElementKind::Operation, "a/Put")]);
        assert_eq!(
            covered.counts(&covered.touched()),
            [(ElementKind::Operation, 1, 2), (ElementKind::Status, 1, 1)]
        );
    }
}
