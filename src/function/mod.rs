//! Functions, properties and operators of expressions: pure, exact, and aware of secrets. What
//! derives from a secret is secret.

mod body;
mod catalog;
mod digest;
mod encode;
pub mod operators;
mod place;
mod property;
mod text;
mod value;

use std::sync::Arc;

pub use catalog::{Reading, reads};
pub use digest::keyed_digest;
pub(crate) use encode::taint;
pub use place::{HEADER, header_of};
pub use property::{SPECS as PROPERTIES, property, property_names};

use crate::diag::did_you_mean;
use crate::lang::{Param, Spec, Ty};
use crate::value::words::a_kind;
use crate::value::{Number, Text, Value};

/// A function that expressions call.
#[derive(Debug)]
pub struct Function {
    /// Its name, parameters and example.
    pub spec: &'static Spec,
    /// Computes it.
    pub call: fn(&Arguments) -> Result<Value, String>,
}

/// The names of this room's functions, room by room.
pub const SPECS: &[&[Spec]] = &[
    body::SPECS,
    catalog::SPECS,
    digest::SPECS,
    encode::SPECS,
    place::SPECS,
    text::SPECS,
    value::SPECS,
    ELSEWHERE,
];

/// Functions that are not pure or no functions of values: the evaluator knows them by name.
const ELSEWHERE: &[Spec] = &[
    spec(
        "now",
        "the wall-clock time of the run as a date-time in UTC",
        &[],
        "expect body.created_at <= now()",
    ),
    spec(
        "unordered",
        "in patterns: the elements in any order, each pattern with its own",
        &[Param::required("list", Ty::Pattern, "the list of patterns; open with a last `..`")],
        "expect body.tags matches unordered([\"a\", \"b\"])",
    ),
    spec(
        "span",
        "in `trace has`: a span by name",
        &[
            Param::required("name", Ty::Text, "its name"),
            Param::new("in", Ty::Name, "the service"),
            Param::new("under", Ty::Duration, "the longest it may take"),
        ],
        "expect trace has span(\"ledger.v1.Ledger/Post\", in: ledger)",
    )
    .planned("traces are not collected yet"),
];

const FUNCTIONS: &[&[Function]] = &[
    body::FUNCTIONS,
    catalog::FUNCTIONS,
    digest::FUNCTIONS,
    encode::FUNCTIONS,
    place::FUNCTIONS,
    text::FUNCTIONS,
    value::FUNCTIONS,
];

/// The function with this name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().copied().flatten().find(|function| function.spec.name == name)
}

/// Arguments, bound to a function's parameters.
#[derive(Debug)]
pub struct Arguments {
    spec: &'static Spec,
    values: Vec<Option<Value>>,
}

impl Arguments {
    /// Binds arguments by position and by name. Errors: too many, unknown or doubled names, a
    /// required one missing, one of a wrong kind.
    pub fn bind(
        spec: &'static Spec,
        positional: Vec<Value>,
        named: Vec<(Arc<str>, Value)>,
    ) -> Result<Arguments, String> {
        let mut values: Vec<Option<Value>> = vec![None; spec.params.len()];
        if positional.len() > values.len() {
            return Err(format!(
                "`{}` takes at most {} arguments, not {}",
                spec.name,
                values.len(),
                positional.len()
            ));
        }
        for (place, value) in values.iter_mut().zip(positional) {
            *place = Some(value);
        }
        for (name, value) in named {
            let Some(at) = spec.params.iter().position(|param| *param.name == *name) else {
                let advice = did_you_mean(&name, spec.params.iter().map(|param| param.name));
                let advice = advice.map(|advice| format!("; {advice}")).unwrap_or_default();
                return Err(format!("`{}` has no parameter `{name}`{advice}", spec.name));
            };
            if values[at].is_some() {
                return Err(format!("`{}` is given `{name}` twice", spec.name));
            }
            values[at] = Some(value);
        }
        for (param, value) in spec.params.iter().zip(&values) {
            match value {
                None if param.required => {
                    return Err(format!("`{}` needs `{}`: {}", spec.name, param.name, param.summary));
                }
                Some(value) => check(spec, param.name, param.ty, value)?,
                None => {}
            }
        }
        Ok(Arguments { spec, values })
    }

    /// The argument of a parameter, when it was given.
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.spec.params.iter().position(|param| param.name == name)?;
        self.values.get(at)?.as_ref()
    }

    fn value(&self, name: &str) -> Result<&Value, String> {
        self.get(name).ok_or_else(|| format!("`{}` needs `{name}`", self.spec.name))
    }

    fn text(&self, name: &str) -> Result<&Text, String> {
        match self.value(name)? {
            Value::Text(text) => Ok(text),
            other => Err(self.wrong(name, "text", other)),
        }
    }

    fn number(&self, name: &str) -> Result<&Number, String> {
        match self.value(name)? {
            Value::Number(number) => Ok(number),
            other => Err(self.wrong(name, "a number", other)),
        }
    }

    fn list(&self, name: &str) -> Result<Vec<Value>, String> {
        match self.value(name)? {
            Value::List(items) => Ok(items.to_vec()),
            Value::Live(live) if live.items().is_some() => Ok(live.items().unwrap_or_default()),
            other => Err(self.wrong(name, "a list", other)),
        }
    }

    /// The bytes of a text or of bytes.
    fn bytes(&self, name: &str) -> Result<&[u8], String> {
        match self.value(name)? {
            Value::Text(text) => Ok(text.text.as_bytes()),
            Value::Bytes(bytes) => Ok(&bytes.bytes),
            other => Err(self.wrong(name, "text or bytes", other)),
        }
    }

    /// A small whole number, such as a count of digits.
    fn small(&self, name: &str, default: i64) -> Result<i64, String> {
        let Some(_) = self.get(name) else { return Ok(default) };
        let number = self.number(name)?;
        number
            .to_i128()
            .and_then(|number| i64::try_from(number).ok())
            .filter(|number| (-1_000..=1_000).contains(number))
            .ok_or_else(|| {
                format!("`{}`: `{name}` is a whole number from -1000 to 1000, not {number}", self.spec.name)
            })
    }

    fn is_secret(&self) -> bool {
        self.values.iter().flatten().any(Value::is_secret)
    }

    fn wrong(&self, name: &str, wanted: &str, got: &Value) -> String {
        format!("`{}`: `{name}` is {wanted}, not {}", self.spec.name, a_kind(got))
    }
}

/// Only what the type says beyond doubt; the rest is for the function itself.
fn check(spec: &Spec, name: &str, ty: Ty, value: &Value) -> Result<(), String> {
    let (fits, wanted) = match ty {
        Ty::Bool => (value.as_bool().is_some(), "`true` or `false`"),
        Ty::Number => (value.as_number().is_some(), "a number"),
        Ty::Text => (value.as_text().is_some(), "text"),
        Ty::Duration => (matches!(value, Value::Duration(_)), "a duration"),
        Ty::Object => (value.as_object().is_some(), "an object"),
        Ty::List => (value.as_list().is_some() || matches!(value, Value::Live(_)), "a list"),
        _ => (!matches!(value, Value::Absent), "a value that is there"),
    };
    if fits { Ok(()) } else { Err(format!("`{}`: `{name}` is {wanted}, not {}", spec.name, a_kind(value))) }
}

/// A table of functions: each `Spec` beside what computes it.
macro_rules! functions {
    ($($spec:expr => $call:expr;)*) => {
        /// The names of this room.
        pub(super) const SPECS: &[crate::lang::Spec] = &[$($spec),*];
        /// What computes them, in the same order.
        pub(super) const FUNCTIONS: &[super::Function] = &{
            const CALLS: &[fn(&super::Arguments) -> Result<crate::value::Value, String>] = &[$($call),*];
            let mut functions = [const { super::Function { spec: &SPECS[0], call: CALLS[0] } }; CALLS.len()];
            let mut i = 0;
            while i < CALLS.len() {
                functions[i] = super::Function { spec: &SPECS[i], call: CALLS[i] };
                i += 1;
            }
            functions
        };
    };
}
use functions;

/// A function's `Spec`.
const fn spec(
    name: &'static str,
    summary: &'static str,
    params: &'static [Param],
    example: &'static str,
) -> Spec {
    Spec::new(crate::lang::Kind::Function, "", name, summary).params(params).example(example)
}

#[cfg(test)]
mod tests;
