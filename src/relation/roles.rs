//! Who reads and who writes in a history of operations.

use std::sync::Arc;

use super::Claim;
use super::records::invalid;
use super::{Verdict, note};
use crate::history::Operation;
use crate::lang::{Param, Ty};
use crate::value::Value;

pub(super) const READ: Param =
    Param::new("read", Ty::Role, "the actions that read; default the functions called `read`");
pub(super) const WRITE: Param =
    Param::new("write", Ty::Role, "the actions that write; default the functions called `write`");
pub(super) const INITIAL: Param =
    Param::new("initial", Ty::Any, "the value before the first write; default null");

/// What an operation does to a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Read,
    Write,
}

/// The functions that read, and those that write.
#[derive(Debug)]
pub(super) struct Roles {
    read: Vec<Arc<str>>,
    write: Vec<Arc<str>>,
}

impl Roles {
    pub(super) fn of(claim: &Claim<'_>) -> Result<Roles, Verdict> {
        let roles = Roles { read: players(claim, "read"), write: players(claim, "write") };
        match roles.read.iter().find(|function| roles.write.contains(function)) {
            Some(both) => Err(invalid(format!("`{both}` cannot both read and write"))),
            None => Ok(roles),
        }
    }

    pub(super) fn role(&self, function: &str) -> Option<Role> {
        let plays = |players: &[Arc<str>]| players.iter().any(|player| **player == *function);
        if plays(&self.read) { Some(Role::Read) } else { plays(&self.write).then_some(Role::Write) }
    }

    /// The role of an operation on a register. One that plays none might change it all the same, so
    /// that it is named, never skipped.
    pub(super) fn must(&self, at: usize, operation: &Operation) -> Result<Role, Verdict> {
        self.role(&operation.function).ok_or_else(|| {
            Verdict::Invalid(vec![
                note(format!("[{at}] calls `{}`, which neither reads nor writes", operation.function)),
                note("name those who do: `(read: ACTION, write: [ACTION, …])`"),
            ])
        })
    }
}

/// What a write sets: its last argument.
pub(super) fn written(operation: &Operation) -> Value {
    operation.args.last().cloned().unwrap_or(Value::Absent)
}

/// The value before the first write.
pub(super) fn initial(claim: &Claim<'_>) -> Value {
    claim.args.get("initial").cloned().unwrap_or(Value::Null)
}

fn players(claim: &Claim<'_>, role: &str) -> Vec<Arc<str>> {
    match claim.args.get(role) {
        Some(Value::List(players)) => players.iter().filter_map(text).collect(),
        Some(player) => text(player).into_iter().collect(),
        None => vec![role.into()],
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(text.text.clone()),
        _ => None,
    }
}
