//! Models: the objects that a history may be a history of. A role is what the model calls an
//! operation (`read`, `cas`); the function is what the history calls it.

mod append_log;
mod counter;
mod object;
mod parts;
mod queue;
mod reading;
mod register;
mod set;
mod stack;
mod values;

use std::sync::Arc;

use crate::lang::{Kind, Param, Spec, Ty};
use crate::value::Value;

pub(super) use object::{Act, Discipline, Effect, Object, Op, State, States};
pub use parts::demands;
pub(super) use parts::{Part, Strange, parts};
pub(super) use queue::Deed;
pub(super) use values::Id;
pub(crate) use values::Same;

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

    /// Whether it can begin as it is to begin.
    ///
    /// # Errors
    /// Why not.
    pub fn begins(&self) -> Result<(), String> {
        parts(self, &[]).map(drop).map_err(|(_, why)| why)
    }

    /// The roles of this model.
    pub fn all_roles(&self) -> impl Iterator<Item = &'static str> {
        let spec = SPECS.iter().find(|spec| spec.name == self.name);
        spec.map_or(&[][..], |spec| spec.params).iter().map(|p| p.name).filter(|name| *name != "initial")
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
const PEEK: Param =
    Param::new("peek", Ty::Role, "returns what is next and leaves it there; null if there is nothing");
const INITIAL: Param = Param::new("initial", Ty::Any, "the value before the first operation; default null");
const EMPTY: Param = Param::new("initial", Ty::Any, "what is in it before the first operation; default []");

const fn model(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Model, "linearizable", name, summary).params(params).example(example)
}

/// The models of `linearizable`; their parameters are the roles, and `initial`. Of what an
/// operation returned, only what its role says is looked at; a success of which nobody recorded
/// what it returned is looked at for its effect only.
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
    model(
        "map",
        "a register for each key, which is the first argument",
        &[
            Param::new("get", Ty::Role, "returns the value of its key; null if there is none"),
            Param::new("put", Ty::Role, "sets the value of its key to its last argument"),
            Param::new("remove", Ty::Role, "removes its key"),
            Param::new(
                "cas",
                Ty::Role,
                "sets its last argument if the value is the one before it; false, or an object whose \
                 `matched` is false, if it is not",
            ),
            Param::new("initial", Ty::Object, "the entries before the first operation; default {}"),
        ],
        "expect ops linearizable as map(get: fetch, put: store, remove: drop)",
    ),
    model(
        "set",
        "a set of elements, each the last argument; judged element by element unless it is read whole",
        &[
            Param::new("add", Ty::Role, "adds its last argument; true if it was not there, false if it was"),
            Param::new("remove", Ty::Role, "removes its last argument; true if it was there, false if not"),
            Param::new("contains", Ty::Role, "returns whether its last argument is there"),
            Param::new("read", Ty::Role, "returns the list of all elements, in any order"),
            EMPTY,
        ],
        "expect ops linearizable as set(add: join, remove: leave, read: members)",
    ),
    model(
        "counter",
        "a number that is added to; numbers have at most 9 digits after the point",
        &[
            READ,
            Param::new("add", Ty::Role, "adds its last argument, default 1; a number it returns is the sum"),
            Param::new("subtract", Ty::Role, "subtracts it likewise"),
            Param::new("initial", Ty::Number, "the number before the first operation; default 0"),
        ],
        "expect ops linearizable as counter(read: balance, add: deposit) per .args[0]",
    ),
    model(
        "queue",
        "first in, first out",
        &[
            Param::new("enqueue", Ty::Role, "puts its last argument at the end; not null"),
            Param::new("dequeue", Ty::Role, "takes and returns the first; null if there is nothing"),
            PEEK,
            EMPTY,
        ],
        "expect ops linearizable as queue(enqueue: send, dequeue: receive)",
    ),
    model(
        "stack",
        "last in, first out",
        &[
            Param::new("push", Ty::Role, "puts its last argument on top; not null"),
            Param::new("pop", Ty::Role, "takes and returns what is on top; null if there is nothing"),
            PEEK,
            EMPTY,
        ],
        "expect ops linearizable as stack(push: push, pop: pop)",
    ),
    model(
        "lock",
        "held by one at a time; who that is does not matter",
        &[
            Param::new("acquire", Ty::Role, "takes the lock; false if it is held"),
            Param::new("release", Ty::Role, "gives it back; false if it is free"),
            Param::new("initial", Ty::Bool, "whether it is held before the first operation; default false"),
        ],
        "expect ops linearizable as lock(acquire: lock, release: unlock) per .args[0]",
    ),
    model(
        "append_log",
        "a list that grows at its end",
        &[
            Param::new(
                "append",
                Ty::Role,
                "adds its last argument; a number it returns is its place, counted from 0",
            ),
            Param::new("read", Ty::Role, "returns the whole list"),
            Param::new("get", Ty::Role, "returns the entry at a place, its last argument; null if none"),
            EMPTY,
        ],
        "expect ops linearizable as append_log(append: publish, read: entries)",
    ),
];
