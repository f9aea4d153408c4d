//! How much a lint matters to a team.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Severity};

/// What becomes of what a lint finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Nothing is said.
    Allow,
    /// A warning.
    Warn,
    /// An error: nothing runs.
    Deny,
}

/// The level of every lint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// Gives a lint another level; what was said of it before is forgotten.
    pub fn set(&mut self, lint: &'static Code, level: Level) {
        self.0.insert(lint.name, level);
    }

    /// The level of a lint.
    fn of(&self, code: &Code) -> Level {
        self.0.get(code.name).copied().unwrap_or(Level::Warn)
    }

    /// Gives the warnings of lints their severity, or drops them.
    pub(super) fn apply(&self, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain_mut(|diagnostic| {
            if !diagnostic.code.lint {
                return true;
            }
            let level = self.of(diagnostic.code);
            diagnostic.severity = if level == Level::Deny { Severity::Error } else { Severity::Warning };
            level != Level::Allow
        });
    }
}
