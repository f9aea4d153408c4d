//! Models: the objects that a history may be a history of. A role is what the model calls an
//! operation (`read`, `cas`); the function is what the history calls it.

use std::sync::Arc;

use crate::lang::{Kind, Param, Spec, Ty};
use crate::value::Value;

/// A model with the functions that play its roles.
#[derive(Debug, Clone)]
pub struct Model {
    /// Its name, such as `cas_register`.
    pub name: &'static str,
    /// Role and function. A role without an entry is played by the function of its own name.
    pub roles: Vec<(&'static str, Arc<str>)>,
    /// What the object holds before the first operation.
    pub initial: Value,
}

impl Model {
    /// The model with this name whose functions are named like its roles, and which begins as it
    /// begins by default.
    pub fn named(name: &str) -> Option<Model> {
        let spec = SPECS.iter().find(|spec| spec.name == name)?;
        Some(Model { name: spec.name, roles: Vec::new(), initial: Value::Null })
    }

    /// The role that a function plays.
    pub fn role(&self, function: &str) -> Option<&'static str> {
        let given = self.roles.iter().find(|(_, played)| **played == *function);
        if let Some((role, _)) = given {
            return Some(role);
        }
        let spec = SPECS.iter().find(|spec| spec.name == self.name)?;
        let role = spec.params.iter().map(|param| param.name).find(|role| *role == function)?;
        // A role that somebody else plays is not played by its namesake too.
        (role != "initial" && !self.roles.iter().any(|(given, _)| *given == role)).then_some(role)
    }
}

const READ: Param = Param::new("read", Ty::Role, "returns the value");
const WRITE: Param = Param::new("write", Ty::Role, "sets its last argument");
const INITIAL: Param = Param::new("initial", Ty::Any, "the value before the first operation; default null");

const fn model(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Model, "linearizable", name, summary).params(params).example(example)
}

/// The models of `linearizable`; their parameters are the roles, and `initial`.
pub const SPECS: &[Spec] = &[
    model(
        "register",
        "one value that is read and written",
        &[READ, WRITE, INITIAL],
        "expect ops linearizable as register(read: balance, write: set) per .args[0]",
    ),
    model(
        "cas_register",
        "a register that also compares and sets; a `cas` that returns false, or an object whose \
         `matched` is false, was carried out and did not match",
        &[
            READ,
            WRITE,
            Param::new("cas", Ty::Role, "sets its last argument if the value is the one before it"),
            INITIAL,
        ],
        "expect ops linearizable as cas_register(read: read, write: write, cas: cas) per .args[0]",
    ),
];
