//! The `{{…}}` of Hurl files and `.http` files: variables that come from outside, that the file sets,
//! or that an answer gave.

use std::collections::BTreeMap;

use super::model::{Line, Story, Text};

/// The variables of a file, by the names that they have there.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// What each is here: a name, or an expression.
    known: BTreeMap<String, String>,
}

impl Variables {
    /// What a variable is here; one that nobody set comes from outside.
    pub(super) fn of(&mut self, called: &str, story: &mut Story) -> String {
        if let Some(own) = self.known.get(called) {
            return own.clone();
        }
        let own = story.outside(called, None);
        self.known.insert(called.to_owned(), own.clone());
        own
    }

    /// Whether it is set already.
    pub(super) fn has(&self, called: &str) -> bool {
        self.known.contains_key(called)
    }

    /// A variable that the file sets from here on, and its name here: with an underscore before it
    /// where nobody reads it.
    pub(super) fn set(&mut self, called: &str, is_read: bool, story: &mut Story) -> String {
        let fresh = story.names.fresh(called);
        let own = if is_read { fresh } else { format!("_{fresh}") };
        self.known.insert(called.to_owned(), own.clone());
        own
    }

    /// What a variable stands for, when that is no name.
    pub(super) fn define(&mut self, called: &str, expression: String) {
        self.known.insert(called.to_owned(), expression);
    }

    /// The text with its `{{…}}` as values. `special` knows those that are no variables; what nobody
    /// knows is noted in `lost`, and becomes an input.
    pub(super) fn text(
        &mut self,
        raw: &str,
        story: &mut Story,
        lost: &mut Vec<Line>,
        special: impl Fn(&str) -> Option<String>,
    ) -> Text {
        let mut text = Text::default();
        let mut rest = raw;
        while let Some((plain, after)) = rest.split_once("{{") {
            let Some((inner, after)) = after.split_once("}}") else { break };
            let name = inner.trim();
            text.push_plain(plain);
            rest = after;
            if let Some(expression) = special(name) {
                text.push_value(expression);
            } else if is_name(name) || self.has(name) {
                let own = self.of(name, story);
                text.push_value(own);
            } else if name.contains(['{', '"', ':', '\n']) || name.is_empty() {
                // Two braces of JSON, and no variable.
                text.push_plain("{{");
                text.push_plain(inner);
                text.push_plain("}}");
            } else {
                let own = self.of(name, story);
                lost.push(Line::Lost(format!(
                    "`{{{{{name}}}}}`, which scn cannot compute: it is the input `{own}`"
                )));
                text.push_value(own);
            }
        }
        text.push_plain(rest);
        text
    }
}

/// Letters, digits, `_`, `-`, and `.` between them.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(['$', '.'])
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
