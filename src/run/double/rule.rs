//! Which calls a rule takes, before its condition is asked.

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use regex::Regex;

use crate::syntax::ast::{DoubleRule, ExprKind, Template, TemplatePart};
use crate::value::{Object, Value};

/// The `on METHOD PATH` of a rule, ready to be asked.
#[derive(Debug)]
pub(super) struct Matcher {
    method: Arc<str>,
    path: Option<(Regex, Vec<Arc<str>>)>,
}

/// How far a call fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// Method and path; what the path binds.
    Both(Vec<(Arc<str>, String)>),
    /// The path, and not the method.
    Path,
    /// The method, and not the path.
    Method,
    /// Neither.
    Neither,
}

impl Matcher {
    pub(super) fn of(rule: &DoubleRule) -> Matcher {
        Matcher { method: rule.method.name.clone(), path: rule.path.as_ref().and_then(path) }
    }

    pub(super) fn fit(&self, record: &Object) -> Fit {
        let text = |name: &str| record.get(name).and_then(Value::as_text).unwrap_or_default();
        let same = *self.method == *text("method");
        let whole = text("path");
        let below = whole.split_once('?').map_or(whole, |(path, _)| path);
        let bound = match &self.path {
            None => Some(Vec::new()),
            Some((regex, names)) => regex.captures(below).map(|found| {
                let values = found.iter().skip(1).flatten();
                let decoded =
                    values.map(|value| percent_decode_str(value.as_str()).decode_utf8_lossy().into_owned());
                names.iter().cloned().zip(decoded).collect()
            }),
        };
        match (same, bound, &self.path) {
            (true, Some(bound), _) => Fit::Both(bound),
            (true, None, _) => Fit::Method,
            (false, Some(_), Some(_)) => Fit::Path,
            (false, ..) => Fit::Neither,
        }
    }
}

/// The pattern of a path: each `${name}` takes a part of one segment.
fn path(template: &Template) -> Option<(Regex, Vec<Arc<str>>)> {
    let mut names = Vec::new();
    let mut pattern = "^".to_owned();
    for part in &template.parts {
        match part {
            TemplatePart::Text(text) => pattern.push_str(&regex::escape(text)),
            TemplatePart::Expr(expr) => {
                pattern.push_str("([^/]+)");
                if let ExprKind::Name(name) = &expr.kind {
                    names.push(name.clone());
                }
            }
        }
    }
    pattern.push('$');
    // Escaped text and one group always compile, unless they are too many.
    Some((Regex::new(&pattern).ok()?, names))
}
