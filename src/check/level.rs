//! Levels of logs: each has one name, whatever the logger calls it, and a text that is none of them
//! makes a comparison with every line mean the same.

use std::sync::Arc;

use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::shape::{self, Pattern};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ObjectEntry, ObjectExpr};
use crate::value::{LEVELS, Value, level};

/// What an expression gives that comes from a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logged {
    /// Lines.
    Lines,
    /// One of them.
    Line,
    /// The levels of lines.
    Levels,
    /// The level of one line.
    Level,
}

impl Logged {
    /// What an element of it is.
    pub(super) fn element(self) -> Option<Logged> {
        match self {
            Logged::Lines => Some(Logged::Line),
            Logged::Levels => Some(Logged::Level),
            Logged::Line | Logged::Level => None,
        }
    }
}

impl<'a> Walker<'a, '_> {
    /// The levels in `"ERROR" in s.log[*].level`, `s.log contains { level: "ERROR" }` and the like.
    pub(super) fn levels(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr) {
        let container = match op {
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Matches | BinaryOp::NotMatches => None,
            BinaryOp::In | BinaryOp::NotIn => Some(right),
            BinaryOp::Contains | BinaryOp::NotContains => Some(left),
            _ => return,
        };
        for (one, other) in [(left, right), (right, left)] {
            match self.logged(one) {
                Some(Logged::Lines | Logged::Line) => self.levels_in(other),
                Some(Logged::Level) if container.is_some_and(|container| std::ptr::eq(container, one)) => {
                    self.part_of_level(other)
                }
                Some(Logged::Level | Logged::Levels) => self.level(other),
                None => {}
            }
        }
    }

    /// Those of a pattern of lines.
    pub(super) fn levels_in(&mut self, pattern: &'a Expr) {
        match &pattern.kind {
            ExprKind::Object(object) => self.levels_of(object),
            ExprKind::Refine(of, object) => {
                self.levels_in(of);
                self.levels_of(object);
            }
            ExprKind::But(of, with) | ExprKind::Binary(BinaryOp::Union, of, with) => {
                self.levels_in(of);
                self.levels_in(with);
            }
            ExprKind::List(items, _) => items.iter().for_each(|item| self.levels_in(item)),
            ExprKind::Compare(BinaryOp::Equal | BinaryOp::NotEqual, of) | ExprKind::Unary(_, of) => {
                self.levels_in(of);
            }
            _ => {}
        }
    }

    fn levels_of(&mut self, object: &'a ObjectExpr) {
        for entry in &object.entries {
            if let ObjectEntry::Field { name, value, .. } = entry
                && name.plain().as_deref() == Some("level")
            {
                self.level(value);
            }
        }
    }

    /// What of a log an expression gives: `s.log`, `s.log.items`, `s.log[*].level`, `s.log.last.level`, and
    /// variables of these.
    pub(super) fn logged(&self, expr: &Expr) -> Option<Logged> {
        if self.is_log(expr) {
            return Some(Logged::Lines);
        }
        match &expr.kind {
            ExprKind::Name(name) => {
                let variable = self.scopes.get(name)?;
                self.memory.logged.get(&variable.span).copied()
            }
            ExprKind::Field(of, field) => match (self.logged(of)?, &*field.name) {
                (Logged::Lines, "items") => Some(Logged::Lines),
                (Logged::Lines, "first" | "last") => Some(Logged::Line),
                (Logged::Lines, "level") if matches!(of.kind, ExprKind::Each(_)) => Some(Logged::Levels),
                (Logged::Line, "level") => Some(Logged::Level),
                _ => None,
            },
            ExprKind::Index(of, _) => self.logged(of).and_then(Logged::element),
            ExprKind::Each(of) => self.logged(of),
            _ => None,
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

    /// A text that is part of no level, since they are in upper case.
    fn part_of_level(&mut self, expr: &'a Expr) {
        let ExprKind::Text(text) = &expr.kind else { return self.level(expr) };
        let is_part = |text: Arc<str>| LEVELS.iter().any(|level| level.contains(&*text));
        if !text.plain().is_some_and(is_part) {
            self.level(expr);
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
