//! Query parameters: in the path and in the option `query`.

use super::path::Path;
use super::{declared, mistake, option};
use crate::check::walker::{Walker, list};
use crate::contract::form::{Form, forms, listed, parameter_fits};
use crate::contract::{Operation, Parameter, ParameterPlace};
use crate::diag::{Diagnostic, did_you_mean};
use crate::shape::describe;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectEntry, Request};
use crate::value::{Value, show_short};

impl<'a> Walker<'a, '_> {
    pub(super) fn query(&mut self, operation: &Operation, path: &Path<'a>, request: &'a Request) {
        let mut names: Vec<String> = Vec::new();
        // Whether there may be others that are not known here.
        let mut more = false;
        for (name, value) in &path.query {
            let Some(plain) = name.plain() else {
                more = true;
                continue;
            };
            let values = match value {
                None => vec![(String::new(), name.span)],
                Some(part) => match (part.plain(), part.value()) {
                    (Some(text), _) => vec![(decoded(&text), part.span)],
                    (None, Some(expr)) => self.scalars(expr),
                    (None, None) => Vec::new(),
                },
            };
            let plain = decoded(&plain);
            self.query_parameter(operation, &plain, name.span, &values);
            names.push(plain);
        }
        match option(request, "query") {
            Some(Expr { kind: ExprKind::Object(object), .. }) => {
                for entry in &object.entries {
                    let ObjectEntry::Field { name, value, .. } = entry else {
                        more = true;
                        continue;
                    };
                    let Some(plain) = name.plain() else {
                        more = true;
                        continue;
                    };
                    let values = match &value.kind {
                        ExprKind::List(items, _) => {
                            items.iter().flat_map(|item| self.scalars(item)).collect()
                        }
                        _ => self.scalars(value),
                    };
                    self.query_parameter(operation, &plain, name.span, &values);
                    if !matches!(value.kind, ExprKind::Absent) {
                        names.push(plain.to_string());
                    }
                }
            }
            Some(_) => more = true,
            None => {}
        }
        let required = parameters(operation).filter(|parameter| parameter.required);
        for parameter in required.filter(|parameter| !more && !given(&names, &parameter.name)) {
            let message = format!("`{}` needs the query parameter `{}`", operation.name, parameter.name);
            let place = parameter.origin.map(|origin| (origin, "required here".to_owned()));
            self.push(mistake(path.span, message, place).help(format!("write `?{}=…`", parameter.name)));
        }
    }

    fn query_parameter(&mut self, operation: &Operation, name: &str, span: Span, values: &[(String, Span)]) {
        let bare = name.split('[').next().unwrap_or(name);
        let Some(parameter) = operation
            .parameter(ParameterPlace::Query, name)
            .or_else(|| operation.parameter(ParameterPlace::Query, bare))
        else {
            // The fields of an object may stand as parameters of their own.
            let is_free = parameters(operation).any(|parameter| {
                forms(&parameter.pattern).iter().any(|form| !matches!(form, Form::Leaf(_) | Form::List(..)))
            });
            if !is_free {
                self.unknown_parameter(operation, name, span);
            }
            return;
        };
        for (text, at) in values {
            if !parameter_fits(&parameter.pattern, &[text]) {
                self.push(unfit("query parameter", parameter, &Value::text(text.as_str()), *at));
            }
        }
    }

    fn unknown_parameter(&mut self, operation: &Operation, name: &str, span: Span) {
        let known: Vec<&Parameter> = parameters(operation).collect();
        let names: Vec<&str> = known.iter().map(|parameter| &*parameter.name).collect();
        let near = crate::diag::nearest(name, names.iter().copied()).first().copied();
        let nearest = known.iter().find(|parameter| Some(&*parameter.name) == near);
        let place = match nearest.and_then(|parameter| Some((parameter, parameter.origin?))) {
            Some((parameter, origin)) => Some((origin, format!("`{}` is declared here", parameter.name))),
            None => declared(operation),
        };
        let message = format!("`{}` has no query parameter `{name}`", operation.name);
        let help =
            if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", list(&names)) };
        self.push(mistake(span, message, place).help(help).did_you_mean(name, names.iter().copied()));
    }
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().filter(|parameter| parameter.place == ParameterPlace::Query)
}

fn given(names: &[String], wanted: &str) -> bool {
    names.iter().any(|name| name == wanted || name.split('[').next() == Some(wanted))
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// A parameter whose value does not fit.
pub(super) fn unfit(what: &str, parameter: &Parameter, value: &Value, at: Span) -> Diagnostic {
    let (name, shown) = (&parameter.name, show_short(value, 60));
    let place = parameter.origin.map(|origin| (origin, format!("`{name}` is declared here")));
    let values = listed(&parameter.pattern).unwrap_or_default();
    let words: Vec<&str> = values.iter().filter_map(Value::as_text).collect();
    if words.is_empty() {
        let wanted = super::fit::shortened(&describe(&parameter.pattern));
        return mistake(at, format!("the {what} `{name}` is {wanted}, not {shown}"), place);
    }
    let message = format!("the {what} `{name}` is one of {}, not {shown}", list(&words));
    let diagnostic = mistake(at, message, place);
    match did_you_mean(value.as_text().unwrap_or_default(), words) {
        Some(advice) => diagnostic.help(advice),
        None => diagnostic,
    }
}
