//! Inputs and secrets: from `--set` and the env file, from `SCN_NAME` in the environment, from a
//! secret's file. Defaults are evaluated where they are read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::check::{ItemRef, Program, constant};
use crate::diag::{Code, Diagnostic};
use crate::source::SourceId;
use crate::syntax::ast::{Expr, ExprKind, Input, ItemKind, Secret};
use crate::value::{Redactor, Value, is_long_enough};

/// The values that were given, and what is wrong with them. `given` comes from the command line
/// and the env file, `variable` looks into the environment.
pub(crate) fn resolve(
    program: &Program,
    given: &BTreeMap<String, String>,
    variable: &dyn Fn(&str) -> Option<String>,
    redactor: &Redactor,
) -> (BTreeMap<ItemRef, Value>, Vec<Diagnostic>) {
    let mut values = BTreeMap::new();
    let mut problems = Vec::new();
    for (at, item) in program.items() {
        let value = match &item.kind {
            ItemKind::Input(input) => {
                let name = &*input.name.name;
                let text = given.get(name).cloned().or_else(|| variable(&variable_name(name)));
                text.map(|text| read(input, &text))
            }
            ItemKind::Secret(secret) => {
                let dir = &program.units[at.unit].dir;
                match secret_text(secret, dir, given, variable) {
                    Some(Ok(text)) => Some(taint(secret, &text, redactor)),
                    Some(Err(problem)) => Some(Err(problem)),
                    None => None,
                }
            }
            _ => None,
        };
        match value {
            Some(Ok(value)) => {
                values.insert(at, value);
            }
            Some(Err(problem)) => problems.push(*problem),
            None => {}
        }
    }
    (values, problems)
}

/// Those of the inputs and secrets that have neither a value nor a default, each as a mistake at its
/// declaration.
pub(crate) fn missing(
    program: &Program,
    wanted: &BTreeSet<ItemRef>,
    values: &BTreeMap<ItemRef, Value>,
) -> Vec<Diagnostic> {
    let without = wanted.iter().filter(|at| !values.contains_key(at));
    without
        .filter_map(|at| {
            let (kind, name) = match &program.item(*at).kind {
                ItemKind::Input(Input { default: None, name, .. }) => ("input", name),
                ItemKind::Secret(secret) => ("secret", &secret.name),
                _ => return None,
            };
            let message = format!("the {kind} `{}` has no value", name.name);
            let diagnostic = Diagnostic::error(Code::SECRET_MISSING, name.span, message);
            Some(diagnostic.help(advice(kind, &name.name)))
        })
        .collect()
}

/// How an input or a secret gets its value.
pub(crate) fn advice(kind: &str, name: &str) -> String {
    let variable = variable_name(name);
    match kind {
        "secret" => format!("set `{variable}` in the environment, or name an `--env-file` that has it"),
        _ => format!("give it with `--set {name}=…`, or set `{variable}` in the environment"),
    }
}

/// `api_key` is `SCN_API_KEY` in the environment.
fn variable_name(name: &str) -> String {
    format!("SCN_{}", name.to_uppercase().replace('-', "_"))
}

/// Text becomes what the input's type or default is: a number, a duration, a truth value.
fn read(input: &Input, text: &str) -> Result<Value, Box<Diagnostic>> {
    let wants_text = match (&input.ty, &input.default) {
        (Some(Expr { kind: ExprKind::Name(name), .. }), _) => &**name == "text",
        (None, Some(default)) => matches!(default.kind, ExprKind::Text(_)),
        (None, None) => true,
        _ => false,
    };
    if wants_text {
        return Ok(Value::text(text));
    }
    let wrong = |what: &str| {
        let message = format!("`{text}` is no value for the input `{}`", input.name.name);
        Box::new(Diagnostic::error(Code::WRONG_TYPE, input.name.span, message).label(what.to_owned()))
    };
    match crate::syntax::parse_expression(SourceId::default(), text) {
        Ok(expr) => {
            let value =
                literal(&expr).ok_or_else(|| wrong("it takes a literal, such as `3`, `250ms` or `true`"))?;
            match wanted_kind(input) {
                Some(kind) if kind != value.kind() => {
                    Err(wrong(&format!("it takes a {kind}, and this is a {}", value.kind())))
                }
                _ => Ok(value),
            }
        }
        // A word that is no literal is meant as text where text is one of the possible values.
        Err(_) if input.ty.as_ref().is_some_and(|ty| matches!(ty.kind, ExprKind::Binary(..))) => {
            Ok(Value::text(text))
        }
        Err(_) => Err(wrong("it takes a literal, such as `3`, `250ms` or `true`")),
    }
}

/// The kind that a default or a plain type demands; none where several are possible.
fn wanted_kind(input: &Input) -> Option<&'static str> {
    match (&input.ty, &input.default) {
        (Some(Expr { kind: ExprKind::Name(name), .. }), _) => match &**name {
            "int" | "decimal" | "number" => Some("number"),
            "bool" => Some("bool"),
            "duration" => Some("duration"),
            _ => None,
        },
        (Some(_), _) => None,
        (None, default) => match literal(default.as_ref()?)? {
            Value::Null => None,
            value => Some(value.kind()),
        },
    }
}

/// The value of a literal, where a word stands for itself.
fn literal(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Name(name) => Some(Value::text(name.clone())),
        ExprKind::List(items, false) => {
            Some(Value::list(items.iter().map(literal).collect::<Option<Vec<_>>>()?))
        }
        _ => constant(expr),
    }
}

/// A secret's text, from the env file, the environment, or its file; without its last line end.
fn secret_text(
    secret: &Secret,
    dir: &Path,
    given: &BTreeMap<String, String>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Result<String, Box<Diagnostic>>> {
    let name = &*secret.name.name;
    if let Some(text) = given.get(name).cloned().or_else(|| variable(&variable_name(name))) {
        return Some(Ok(text));
    }
    let file = secret.file.as_ref()?.plain()?;
    let text = std::fs::read_to_string(dir.join(&*file));
    Some(text.map(|text| text.trim_end_matches(['\n', '\r']).to_owned()).map_err(|error| {
        let message = format!("the secret `{name}` cannot be read from `{file}`: {error}");
        Box::new(Diagnostic::error(Code::SECRET_MISSING, secret.name.span, message))
    }))
}

fn taint(secret: &Secret, text: &str, redactor: &Redactor) -> Result<Value, Box<Diagnostic>> {
    if !is_long_enough(text) {
        let message = format!("the secret `{}` has fewer than 8 characters", secret.name.name);
        return Err(Box::new(
            Diagnostic::error(Code::SHORT_SECRET, secret.name.span, message)
                .label("it could not be masked without masking half of every output"),
        ));
    }
    redactor.register(text);
    Ok(Value::text_with(text, true))
}
