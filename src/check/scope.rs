//! Scopes: the variables of a place, and the response that `status` and the like speak of there.

use std::sync::Arc;

use crate::source::Span;

/// What is known of a variable's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Computed once; never changes.
    Plain,
    /// A parameter or the like: anything.
    Unknown,
    /// A response of a protocol, when the protocol is known.
    Record(Option<Arc<str>>),
    /// A stream of a protocol, when the protocol is known.
    Stream(Option<Arc<str>>),
    /// A workload that is over, with the names of its operations.
    Workload(Arc<[Arc<str>]>),
}

/// A variable.
#[derive(Debug, Clone)]
pub(super) struct Variable {
    pub(super) name: Arc<str>,
    pub(super) span: Span,
    pub(super) value: Value,
    /// Whether it was read.
    pub(super) read: bool,
    /// Whether it is worth a warning when it is never read.
    pub(super) must_be_read: bool,
}

/// What `status`, `body` and the like speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Response {
    /// Nothing yet.
    None,
    /// Nothing any more: what cleared it, as in `a loop clears the response`, and where.
    Cleared(&'static str, Span),
    /// The response of the request there, of a protocol when it is known.
    Of(Option<Arc<str>>, Span),
}

/// The inside of a pair of braces.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) variables: Vec<Variable>,
    pub(super) response: Response,
}

/// All scopes of a place, outermost first.
#[derive(Debug)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
}

impl Scopes {
    pub(super) fn new() -> Scopes {
        let outermost = Scope { variables: Vec::new(), response: Response::None };
        Scopes { scopes: vec![outermost] }
    }

    /// Enters braces; the response of the place is still that of the place around it.
    pub(super) fn enter(&mut self) {
        let response = self.response().clone();
        self.scopes.push(Scope { variables: Vec::new(), response });
    }

    /// How many braces are open.
    pub(super) fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// Leaves braces; returns the variables that were declared in them. The outermost stays.
    pub(super) fn leave(&mut self) -> Vec<Variable> {
        if self.scopes.len() > 1 {
            self.scopes.pop().map(|scope| scope.variables).unwrap_or_default()
        } else {
            Vec::new()
        }
    }

    fn last(&mut self) -> Option<&mut Scope> {
        self.scopes.last_mut()
    }

    pub(super) fn declare(&mut self, variable: Variable) {
        if let Some(scope) = self.last() {
            scope.variables.push(variable);
        }
    }

    pub(super) fn find(&mut self, name: &str) -> Option<&mut Variable> {
        self.scopes
            .iter_mut()
            .rev()
            .flat_map(|scope| scope.variables.iter_mut().rev())
            .find(|v| &*v.name == name)
    }

    /// Looks without reading.
    pub(super) fn get(&self, name: &str) -> Option<&Variable> {
        self.scopes.iter().rev().flat_map(|scope| scope.variables.iter().rev()).find(|v| &*v.name == name)
    }

    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.scopes.iter().flat_map(|scope| &scope.variables).map(|variable| variable.name.clone()).collect()
    }

    pub(super) fn response(&self) -> &Response {
        self.scopes.last().map_or(&Response::None, |scope| &scope.response)
    }

    pub(super) fn set_response(&mut self, response: Response) {
        if let Some(scope) = self.last() {
            scope.response = response;
        }
    }
}
