//! Rules that no call can reach, since one before them takes it.

use crate::check::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Double, DoubleRule, Template, TemplatePart};

/// Stands for what a `${…}` takes.
const ANYTHING: char = '\u{1}';

impl Walker<'_, '_> {
    /// Warns of rules behind one that takes every call that they could take.
    pub(super) fn covered(&mut self, double: &Double) {
        for (index, rule) in double.rules.iter().enumerate() {
            let Some(first) = double.rules[..index].iter().find(|first| covers(first, rule)) else {
                continue;
            };
            let message = "no call reaches this rule";
            self.push(
                Diagnostic::warning(Code::DEAD_CODE, rule.method.span, message)
                    .also(first.method.span, "this one takes them all")
                    .help(
                        "the first rule that fits answers: put the special ones first, or give one a `when`",
                    ),
            );
        }
    }
}

fn covers(first: &DoubleRule, rule: &DoubleRule) -> bool {
    first.when.is_none()
        && first.method.name == rule.method.name
        && match (&first.path, &rule.path) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(first), Some(rule)) => path_covers(first, rule),
        }
}

fn path_covers(first: &Template, rule: &Template) -> bool {
    let pattern: String = first
        .parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => regex::escape(text),
            TemplatePart::Expr(_) => "[^/]+".to_owned(),
        })
        .collect();
    let sample: String = rule
        .parts
        .iter()
        .map(|part| match part {
            TemplatePart::Text(text) => text.to_string(),
            TemplatePart::Expr(_) => ANYTHING.to_string(),
        })
        .collect();
    regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(&sample))
}
