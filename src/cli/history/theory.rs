//! What a history is held against: a model with the judge it belongs to.

use crate::history::cycles::{self, Anomaly, Respect, Serial, serializable_all};
use crate::history::picture::Scene;
use crate::history::{Counterexample, Judged, Limits, Model, Operation, demands, linearizable_all};
use crate::lang::{Kind, Spec, Ty};

/// A model and how it is judged.
#[derive(Debug)]
pub(super) struct Theory {
    model: Model,
    spec: Spec,
    respect: Respect,
}

/// The judgement of one object's history. Numbers are positions in it.
#[derive(Debug)]
pub(super) enum Judgement {
    /// The model explains it, in this order.
    Holds(Vec<usize>),
    Fails(Found),
    Unknown(String),
    /// This operation cannot be read.
    Invalid(usize, String),
}

/// What shows that a history is not explained.
#[derive(Debug)]
pub(super) enum Found {
    Linear(Counterexample),
    Cycles(Vec<Anomaly>),
}

impl Theory {
    /// All models by their names.
    pub(super) fn specs() -> Vec<Spec> {
        crate::rooms::registry().of_kind(Kind::Model).filter(|spec| spec.planned.is_none()).copied().collect()
    }

    /// The model with this name.
    pub(super) fn named(name: &str) -> Option<Theory> {
        let spec = Theory::specs().into_iter().find(|spec| spec.name == name)?;
        let is_serial = cycles::SPECS.iter().any(|known| known.name == spec.name);
        let model = if is_serial { cycles::model() } else { Model::named(name)? };
        Some(Theory { model, spec, respect: Respect::Results })
    }

    /// Begins with this value.
    ///
    /// # Errors
    /// Why the model cannot.
    pub(super) fn begin(&mut self, initial: crate::value::Value) -> Result<(), String> {
        self.model.initial = initial;
        self.model.begins()
    }

    /// An execution one by one must be true to this order too.
    pub(super) fn respect(&mut self, respect: Respect) {
        self.respect = respect;
    }

    pub(super) fn name(&self) -> &'static str {
        self.spec.name
    }

    /// `linearizable` or `serializable`, with the order that it must be true to.
    pub(super) fn claim(&self) -> String {
        let respect = Respect::ALL.iter().find(|(_, respect)| *respect == self.respect);
        match (self.is_serial(), self.respect, respect) {
            (true, Respect::Process | Respect::Realtime, Some((name, _))) => {
                format!("{} ({name})", self.spec.of)
            }
            _ => self.spec.of.to_owned(),
        }
    }

    /// The functions that it knows.
    pub(super) fn roles(&self) -> Vec<&'static str> {
        self.spec.params.iter().filter(|param| param.ty == Ty::Role).map(|param| param.name).collect()
    }

    pub(super) fn role(&self, function: &str) -> Option<&'static str> {
        if self.is_serial() { cycles::role(&self.model, function) } else { self.model.role(function) }
    }

    /// Whether operations are transactions.
    pub(super) fn is_serial(&self) -> bool {
        self.spec.of == "serializable"
    }

    /// Whether operations have a key as their first argument.
    pub(super) fn is_map(&self) -> bool {
        self.spec.name == "map"
    }

    /// Whether operations on several objects are judged together.
    pub(super) fn has_keys_inside(&self) -> bool {
        self.is_serial() || self.is_map()
    }

    /// Whether a history puts the model to the test: any order explains one that does not.
    pub(super) fn demands(&self, history: &[Operation]) -> bool {
        if self.is_serial() { cycles::demands(history, &self.model) } else { demands(history, &self.model) }
    }

    /// Judges histories of separate objects; a judgement for each.
    pub(super) fn judge(&self, histories: &[Vec<Operation>], limits: &Limits) -> Vec<Judgement> {
        if self.is_serial() {
            let judged = serializable_all(histories, &self.model, self.respect, limits).into_iter();
            return judged
                .map(|judged| match judged {
                    Serial::Holds(order) => Judgement::Holds(order),
                    Serial::Fails(found) => Judgement::Fails(Found::Cycles(found)),
                    Serial::Unknown(why) => Judgement::Unknown(why),
                    Serial::Invalid(at, why) => Judgement::Invalid(at, why),
                })
                .collect();
        }
        let judged = linearizable_all(histories, &self.model, limits).into_iter();
        judged
            .map(|judged| match judged {
                Judged::Holds(order) => Judgement::Holds(order),
                Judged::Fails(found) => Judgement::Fails(Found::Linear(found)),
                Judged::Unknown(why) => Judgement::Unknown(why),
                Judged::Invalid(at, why) => Judgement::Invalid(at, why),
            })
            .collect()
    }
}

impl Found {
    /// What it shows, as scenes: of several anomalies each.
    pub(super) fn scenes(&self, operations: &[Operation], when: impl Fn(usize) -> String) -> Vec<Scene> {
        match self {
            Found::Linear(found) => vec![Scene::of(operations, found, when)],
            Found::Cycles(found) => found.iter().map(|one| cycles::scene(operations, one, &when)).collect(),
        }
    }
}
