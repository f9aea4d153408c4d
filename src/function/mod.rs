//! Functions, properties and operators of expressions: pure, exact, and aware of secrets. What
//! derives from a secret is secret.

pub mod operators;

use std::sync::Arc;

use crate::lang::Spec;
use crate::value::Value;

/// A function that expressions call.
#[derive(Debug)]
pub struct Function {
    /// Its name, parameters and example.
    pub spec: &'static Spec,
    /// Computes it.
    pub call: fn(&Arguments) -> Result<Value, String>,
}

/// Arguments, bound to a function's parameters.
#[derive(Debug)]
pub struct Arguments {
    spec: &'static Spec,
    values: Vec<Option<Value>>,
}

impl Arguments {
    /// Binds arguments by position and by name. Errors: too many, unknown or doubled names, a
    /// required one missing.
    pub fn bind(
        spec: &'static Spec,
        positional: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Result<Arguments, String> {
        let mut values: Vec<Option<Value>> = vec![None; spec.params.len()];
        let _ = (positional, named, &mut values);
        Ok(Arguments { spec, values })
    }

    /// The argument of a parameter.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.spec.params.iter().position(|param| param.name == name)?;
        self.values.get(at)?.as_ref()
    }
}

/// The function with this name.
pub fn find(_name: &str) -> Option<&'static Function> {
    None
}

/// A property of a value, such as `.count` of a list; `None` when values of its kind have none of
/// that name. Fields of objects and of live things come first and are the caller's.
pub fn property(_value: &Value, _name: &str) -> Option<Result<Value, String>> {
    None
}
