//! Query parameters: in the path and in the option `query`.

use super::path::Path;
use super::{declared, mistake, option};
use crate::check::walker::{Walker, list};
use crate::contract::form::{Form, forms, listed};
use crate::contract::style::{Given, Reading, claims, in_query, read};
use crate::contract::{Operation, Parameter, ParameterPlace};
use crate::diag::Diagnostic;
use crate::shape::{Pattern, mismatches};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectEntry, Request};
use crate::value::{Value, show_short};

/// What is written under one name: what its values may be, each with its place. A value of which
/// nothing is known may be nothing.
struct Pair {
    name: String,
    span: Span,
    values: Vec<Vec<(String, Span)>>,
}

impl<'a> Walker<'a, '_> {
    pub(super) fn query(&mut self, operation: &Operation, path: &Path<'a>, request: &'a Request) {
        // Whether there may be others that are not known here.
        let (pairs, more) = self.pairs(path, request);
        let known: Vec<&Parameter> = parameters(operation).collect();
        for pair in &pairs {
            if known.iter().all(|parameter| !claims(parameter, &pair.name)) {
                self.unknown_parameter(operation, &pair.name, pair.span);
            }
        }
        // Each pair with its one value, when all of them are known.
        let single = |pair: &Pair| -> Option<Vec<(String, String, Span)>> {
            let values = pair.values.iter().map(|value| match value.as_slice() {
                [(text, span)] => Some((pair.name.clone(), text.clone(), *span)),
                _ => None,
            });
            values.collect()
        };
        let all: Option<Vec<_>> = pairs.iter().map(single).collect();
        let all: Option<Vec<_>> = all.map(Vec::into_iter).map(Iterator::flatten).map(Iterator::collect);
        let names = pairs.iter().flat_map(|pair| pair.values.iter().map(|_| (pair.name.as_str(), "")));
        let names: Vec<(&str, &str)> = names.collect();
        for parameter in known {
            match &all {
                Some(all) if !more => self.whole_parameter(operation, parameter, all, path.span),
                _ => self.each_value(parameter, &pairs),
            }
            let is_missing = in_query(parameter, &operation.parameters, &names) == Given::Nothing;
            if parameter.required && !more && is_missing {
                let message = format!("`{}` needs the query parameter `{}`", operation.name, parameter.name);
                let place = parameter.origin.map(|origin| (origin, "required here".to_owned()));
                self.push(mistake(path.span, message, place).help(format!("write `?{}=…`", parameter.name)));
            }
        }
    }

    /// All that stands in the path and in the option `query`, and whether there may be more.
    fn pairs(&self, path: &Path<'a>, request: &'a Request) -> (Vec<Pair>, bool) {
        let (mut pairs, mut more) = (Vec::new(), false);
        for (name, value) in &path.query {
            let Some(plain) = name.plain() else {
                more = true;
                continue;
            };
            let one = match value {
                None => vec![(String::new(), name.span)],
                Some(part) => match (part.plain(), part.value()) {
                    (Some(text), _) => vec![(decoded(&text), part.span)],
                    (None, Some(expr)) => self.scalars(expr),
                    (None, None) => Vec::new(),
                },
            };
            pairs.push(Pair { name: decoded(&plain), span: name.span, values: vec![one] });
        }
        let object = match option(request, "query") {
            Some(Expr { kind: ExprKind::Object(object), .. }) => object,
            other => return (pairs, more || other.is_some()),
        };
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
                ExprKind::Absent => continue,
                ExprKind::List(items, false) => items.iter().map(|item| self.scalars(item)).collect(),
                _ => vec![self.scalars(value)],
            };
            pairs.push(Pair { name: plain.to_string(), span: name.span, values });
        }
        (pairs, more)
    }

    /// A parameter of which all is known that is written.
    fn whole_parameter(
        &mut self,
        operation: &Operation,
        parameter: &Parameter,
        all: &[(String, String, Span)],
        whole: Span,
    ) {
        let pairs: Vec<(&str, &str)> = all.iter().map(|(name, text, _)| (&**name, &**text)).collect();
        let given = in_query(parameter, &operation.parameters, &pairs);
        let own = || all.iter().filter(|(name, ..)| claims(parameter, name));
        let reading = read(&parameter.pattern, parameter.style, &given);
        match (reading, given) {
            (Reading::Fits(_) | Reading::Unjudged, _) | (_, Given::Nothing | Given::Undefined) => {}
            (Reading::Differs(object), _) => {
                let differences = mismatches(&parameter.pattern, &object).listed;
                for difference in differences {
                    let field =
                        difference.path.trim_start_matches('.').split(['.', '[']).next().unwrap_or("");
                    let is_it = |name: &str| name == field || name.ends_with(&format!("[{field}]"));
                    let (name, word) = (&parameter.name, &difference.expected);
                    let named = own().find(|(name, ..)| is_it(name));
                    let at = named.or_else(|| own().next()).map_or(whole, |(.., span)| *span);
                    let place = parameter.origin.map(|origin| (origin, format!("`{name}` is declared here")));
                    let path = &difference.path;
                    let message = match word.strip_prefix("no such field") {
                        Some(rest) => format!("the query parameter `{name}` has no field `{field}`{rest}"),
                        None => {
                            format!("the query parameter `{name}{path}` is {word}, not {}", difference.actual)
                        }
                    };
                    self.push(mistake(at, message, place));
                }
            }
            (Reading::Unfit, Given::Texts(texts)) => {
                // The one that does not fit by itself; else the first of them.
                let places: Vec<&(String, String, Span)> = own().collect();
                let wrong = places.iter().find(|(_, text, _)| !element_fits(parameter, text));
                let is_one = || forms(&parameter.pattern).iter().all(|form| matches!(form, Form::Leaf(_)));
                if let (None, [_, (.., again), ..]) = (wrong, places.as_slice())
                    && is_one()
                {
                    let name = &parameter.name;
                    let place = parameter.origin.map(|origin| (origin, format!("`{name}` is declared here")));
                    let message =
                        format!("the query parameter `{name}` is one value, and it stands here again");
                    self.push(mistake(*again, message, place));
                    return;
                }
                let (text, at) = match (wrong.or(places.first()), texts.as_slice()) {
                    (Some((_, text, span)), _) => (text.as_str(), *span),
                    (None, texts) => (texts.first().copied().unwrap_or_default(), whole),
                };
                self.push(unfit("query parameter", parameter, &Value::text(text), at));
            }
            (Reading::Unfit, Given::Fields(_)) => {
                let at = own().next().map_or(whole, |(.., span)| *span);
                self.push(unfit("query parameter", parameter, &Value::text(""), at));
            }
        }
    }

    /// A parameter of which not all is known: a value that fits nowhere is wrong anyway.
    fn each_value(&mut self, parameter: &Parameter, pairs: &[Pair]) {
        let own = pairs.iter().filter(|pair| pair.name == *parameter.name);
        for (text, at) in own.flat_map(|pair| pair.values.iter().flatten()) {
            if !element_fits(parameter, text) {
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

/// Whether one of the texts of a parameter fits, by itself or as one element of a list.
fn element_fits(parameter: &Parameter, text: &str) -> bool {
    let element = |form: &Form| match form {
        Form::List(item, ..) => Pattern::Sized(Box::new(item.clone()), 0, u64::MAX),
        Form::Leaf(leaf) => leaf.clone(),
        _ => Pattern::Anything,
    };
    let given = Given::Texts(vec![text]);
    forms(&parameter.pattern).iter().any(|form| read(&element(form), parameter.style, &given).is_fine())
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
        let wanted = super::fit::shortened(&parameter.wanted());
        return mistake(at, format!("the {what} `{name}` is {wanted}, not {shown}"), place);
    }
    let message = format!("the {what} `{name}` is one of {}, not {shown}", list(&words));
    let diagnostic = mistake(at, message, place);
    diagnostic.did_you_mean(value.as_text().unwrap_or_default(), words)
}
