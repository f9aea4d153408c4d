//! Levels of logs: each has one name, whatever the logger calls it, and a text that is none of them
//! makes a comparison with every line mean the same.

use std::sync::Arc;

use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::shape::{self, Pattern};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ObjectEntry};
use crate::value::{LEVELS, Value, level};

impl<'a> Walker<'a, '_> {
    /// The levels in `"ERROR" in s.log[*].level`, `s.log contains { level: "ERROR" }` and the like.
    pub(super) fn levels(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr) {
        match op {
            BinaryOp::Contains | BinaryOp::NotContains if self.is_log(left) => self.levels_in(right),
            BinaryOp::Equal
            | BinaryOp::NotEqual
            | BinaryOp::In
            | BinaryOp::NotIn
            | BinaryOp::Contains
            | BinaryOp::NotContains
            | BinaryOp::Matches
            | BinaryOp::NotMatches => {
                if self.is_level(left) {
                    self.level(right);
                }
                if self.is_level(right) {
                    self.level(left);
                }
            }
            _ => {}
        }
    }

    /// Those of a pattern of lines.
    pub(super) fn levels_in(&mut self, pattern: &'a Expr) {
        let ExprKind::Object(object) = &pattern.kind else { return };
        for entry in &object.entries {
            if let ObjectEntry::Field { name, value, .. } = entry
                && name.plain().as_deref() == Some("level")
            {
                self.level(value);
            }
        }
    }

    /// `s.log[*].level`, `s.log[0].level`, `s.log.last.level`
    fn is_level(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Field(of, field) => &*field.name == "level" && self.is_of_log(of),
            ExprKind::Index(of, _) | ExprKind::Each(of) => self.is_level(of),
            _ => false,
        }
    }

    fn is_of_log(&self, expr: &Expr) -> bool {
        self.is_log(expr)
            || match &expr.kind {
                ExprKind::Index(of, _) | ExprKind::Each(of) | ExprKind::Field(of, _) => self.is_of_log(of),
                _ => false,
            }
    }

    /// A level that no line has, since its name is another.
    fn level(&mut self, expr: &'a Expr) {
        let written = match &expr.kind {
            ExprKind::Text(text) => text.plain(),
            ExprKind::Number(number) => Some(number.to_string().into()),
            ExprKind::Regex(text) => return self.level_like(text, expr),
            ExprKind::List(items, _) => return items.iter().for_each(|item| self.level(item)),
            ExprKind::Binary(BinaryOp::Union, one, other) => {
                self.level(one);
                return self.level(other);
            }
            ExprKind::Compare(BinaryOp::Equal | BinaryOp::NotEqual, of) | ExprKind::Unary(_, of) => {
                return self.level(of);
            }
            _ => None,
        };
        let Some(written) = written else { return };
        let known = level(&written);
        if *known != *written {
            let message = format!("no line of a log has the level `{written}`");
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, expr.span, message)
                    .help(format!("whatever the logger calls it, it is `\"{known}\"` here")),
            );
        }
    }

    /// A regex that looks like a level and fits none, since they are in upper case and it has to fit
    /// the whole of one.
    fn level_like(&mut self, text: &str, expr: &'a Expr) {
        let Ok(regex) = regex::Regex::new(text) else { return };
        let pattern = Pattern::Regex(Arc::new(regex));
        let fits = LEVELS.iter().any(|level| shape::fits(&pattern, &Value::text(*level)));
        let is_alike = regex::Regex::new(&format!("(?i){text}"))
            .is_ok_and(|regex| LEVELS.iter().any(|level| regex.is_match(level)));
        if !fits && is_alike {
            let message = format!("no line of a log has a level like re\"{text}\"");
            let help = format!("it has to fit one as a whole, and they are {} here", LEVELS.join(", "));
            self.push(Diagnostic::error(Code::WRONG_TYPE, expr.span, message).help(help));
        }
    }
}
