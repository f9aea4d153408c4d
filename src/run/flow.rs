//! How evaluation ends other than with a value.

use crate::event::Failure;
use crate::value::Value;

/// A value, or why there is none.
pub(crate) type Flow<T> = Result<T, Stop>;

/// Why evaluation stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Something does not hold or cannot be done; at least one failure.
    Failed(Vec<Failure>),
    /// Something can neither be shown nor refuted.
    Unknown(Vec<Failure>),
    /// A contract is broken: neither waiting nor another attempt can mend that.
    Broken(Vec<Failure>),
    /// `stop when`: an `eventually` must not try again.
    Terminal(Box<Failure>),
    /// `return`: ends the nearest block whose value is used, or the action.
    Return(Value),
    /// The scenario must end; the one who cancelled it knows why.
    Cancelled,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failed(vec![failure])
    }
}

impl Stop {
    /// The failures in it.
    pub(crate) fn failures(&self) -> &[Failure] {
        match self {
            Stop::Failed(failures) | Stop::Unknown(failures) | Stop::Broken(failures) => failures,
            Stop::Terminal(failure) => std::slice::from_ref(failure),
            Stop::Return(_) | Stop::Cancelled => &[],
        }
    }

    /// The failures in it.
    pub(crate) fn into_failures(self) -> Vec<Failure> {
        match self {
            Stop::Failed(failures) | Stop::Unknown(failures) | Stop::Broken(failures) => failures,
            Stop::Terminal(failure) => vec![*failure],
            Stop::Return(_) | Stop::Cancelled => Vec::new(),
        }
    }
}
