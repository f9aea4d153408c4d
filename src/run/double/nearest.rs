//! A call that no rule takes: the rule that comes nearest, and why it does not take it.

use std::sync::Arc;

use super::super::cx::{Cx, SHOWN};
use super::super::env::Env;
use super::rule::Fit;
use crate::diag::{Code, nearest};
use crate::event::{Detail, Failure};
use crate::source::Span;
use crate::syntax::ast::DoubleRule;
use crate::value::{Value, show_short};

/// Why a rule did not take a call.
#[derive(Debug)]
pub(super) enum Miss {
    /// Its condition does not hold: what shows it, and in words.
    Condition(Vec<Detail>, String),
    /// Another method at the same path.
    Method,
    /// The same method at another path.
    Path,
    /// Another method at another path.
    Neither,
}

impl Miss {
    pub(super) fn of(fit: Fit) -> Miss {
        match fit {
            Fit::Path => Miss::Method,
            Fit::Both(_) | Fit::Method => Miss::Path,
            Fit::Neither => Miss::Neither,
        }
    }

    pub(super) fn condition(details: Vec<Detail>, message: String) -> Miss {
        Miss::Condition(details, message)
    }

    fn rank(&self) -> u8 {
        match self {
            Miss::Condition(..) => 0,
            Miss::Method => 1,
            Miss::Path => 2,
            Miss::Neither => 3,
        }
    }
}

/// The failure of a call that no rule takes; `misses` are those of the rules, in order.
pub(super) fn failure(
    cx: &Cx,
    env: &Env,
    record: &Value,
    double: (&Arc<str>, Span),
    rules: &[DoubleRule],
    misses: Vec<Miss>,
) -> Failure {
    let part = |name: &str| {
        let value = record.as_object().and_then(|fields| fields.get(name));
        value.and_then(Value::as_text).unwrap_or_default().to_owned()
    };
    let (method, path) = (part("method"), part("path"));
    let is_grpc = rules.iter().all(|rule| rule.path.is_none());
    let called = if is_grpc { method.clone() } else { format!("{method} {path}") };
    let (name, place) = double;
    let message = format!("`{called}` came to `{name}`, and no rule takes it");
    let near = closest(cx, rules, &misses, &called);
    let span = near.and_then(|index| rules.get(index)).map_or(place, head);
    let mut failure = cx.failure(env, Code::UNMATCHED_CALL, span, message);
    if let Some((rule, miss)) =
        near.and_then(|index| Some((rules.get(index)?, misses.into_iter().nth(index)?)))
    {
        failure.label = "this rule comes nearest".to_owned();
        let why = match miss {
            Miss::Condition(details, message) => {
                failure.details.extend(details);
                message
            }
            Miss::Method => format!("its method is `{}`, not `{method}`", rule.method.name),
            Miss::Path | Miss::Neither if is_grpc => {
                format!("it answers `{}`, not `{method}`", rule.method.name)
            }
            Miss::Path | Miss::Neither => match &rule.path {
                Some(own) => format!("its path is `{}`, not `{path}`", cx.written(own.span)),
                None => format!("its method is `{}`, not `{method}`", rule.method.name),
            },
        };
        failure.details.push(Detail::Note { text: why });
    }
    let message = record.as_object().and_then(|fields| fields.get("body"));
    if let Some(body) = message.filter(|body| !matches!(body, Value::Absent)) {
        failure
            .details
            .push(Detail::Value { expression: "request.body".to_owned(), value: show_short(body, SHOWN) });
    }
    failure.help =
        Some(format!("write a rule for it, such as `on {called} {{ reply … }}`, or mend the caller"));
    failure
}

/// From `on` to the condition of a rule.
fn head(rule: &DoubleRule) -> Span {
    let end = rule.when.as_ref().map(|when| when.span).or(rule.path.as_ref().map(|path| path.span));
    end.map_or(rule.method.span, |end| rule.method.span.to(end))
}

fn closest(cx: &Cx, rules: &[DoubleRule], misses: &[Miss], called: &str) -> Option<usize> {
    let best = misses.iter().map(Miss::rank).min()?;
    let alike: Vec<usize> =
        (0..rules.len().min(misses.len())).filter(|&index| misses[index].rank() == best).collect();
    if best < 2 {
        return alike.first().copied();
    }
    let written: Vec<String> = alike
        .iter()
        .map(|&index| match &rules[index].path {
            Some(path) => format!("{} {}", rules[index].method.name, cx.written(path.span)),
            None => rules[index].method.name.to_string(),
        })
        .collect();
    let like = nearest(called, written.iter().map(String::as_str)).first().copied();
    let found = like.and_then(|like| written.iter().position(|written| written == like));
    alike.get(found.unwrap_or(0)).copied()
}
