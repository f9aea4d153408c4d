//! What must not stand in a file that is kept and shown: passwords, tokens, cookies. They become
//! secrets of the scenarios, and their characters are taken out wherever else they stand.

use aho_corasick::{AhoCorasick, MatchKind};

use super::model::{Piece, Text};
use super::names::Names;
use crate::value::{MASK, is_long_enough};

/// A shorter value also stands in texts that have nothing to do with it.
const SHORTEST_SOUGHT: usize = 6;

/// The secrets of a file.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<Secret>);

/// A value that is not written down.
#[derive(Debug)]
pub(super) struct Secret {
    pub(super) name: String,
    /// What it is in the file; none when the file does not have it either.
    value: Option<String>,
    /// What it is for, as a person would say it.
    pub(super) what: String,
}

impl Secret {
    /// Whether scn takes the value as a secret: a short one cannot be masked.
    pub(super) fn is_long_enough(&self) -> bool {
        self.value.as_ref().is_none_or(|value| is_long_enough(value))
    }
}

impl Secrets {
    /// The name of a value, which is not written down from now on.
    pub(super) fn hide(&mut self, names: &mut Names, like: &str, what: &str, value: &str) -> String {
        if let Some(known) = self.0.iter().find(|secret| secret.value.as_deref() == Some(value)) {
            return known.name.clone();
        }
        let name = names.fresh(like);
        self.0.push(Secret { name: name.clone(), value: Some(value.to_owned()), what: what.to_owned() });
        name
    }

    /// What the file has for a secret.
    pub(super) fn known(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|secret| secret.name == name)?.value.as_deref()
    }

    /// A private value that has a name already; the file need not have it.
    pub(super) fn declare(&mut self, name: &str, what: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        self.0.push(Secret { name: name.to_owned(), value, what: what.to_owned() });
    }

    /// The text with its characters hidden; the values in it stay, and so do a few characters beside
    /// one, as in `v1-${key}`.
    pub(super) fn hide_text(&mut self, names: &mut Names, like: &str, what: &str, text: &Text) -> Text {
        let has_value = text.0.iter().any(|piece| matches!(piece, Piece::Value(_)));
        let mut hidden = Text::default();
        for piece in &text.0 {
            match piece {
                Piece::Plain(plain)
                    if plain.trim().is_empty() || has_value && plain.len() < SHORTEST_SOUGHT =>
                {
                    hidden.push_plain(plain);
                }
                Piece::Plain(plain) => hidden.push_value(self.hide(names, like, what, plain)),
                Piece::Value(value) => hidden.push_value(value.clone()),
            }
        }
        hidden
    }

    /// All of them, in the order in which they were met.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.iter()
    }

    /// What finds them.
    pub(super) fn finder(&self) -> Finder<'_> {
        let sought: Vec<(&str, &str)> = self
            .0
            .iter()
            .filter_map(|secret| Some((&*secret.name, secret.value.as_deref()?)))
            .filter(|(_, value)| value.chars().count() >= SHORTEST_SOUGHT)
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(sought.iter().map(|(_, value)| value));
        // A set of plain texts always builds.
        Finder { names: sought.into_iter().map(|(name, _)| name).collect(), automaton: automaton.ok() }
    }
}

/// Finds secrets in texts.
pub(super) struct Finder<'a> {
    names: Vec<&'a str>,
    automaton: Option<AhoCorasick>,
}

impl Finder<'_> {
    /// The text with every secret in it replaced by its name.
    pub(super) fn cover(&self, text: &Text) -> Text {
        let mut covered = Text::default();
        for piece in &text.0 {
            match piece {
                Piece::Value(value) => covered.push_value(value.clone()),
                Piece::Plain(plain) => {
                    let mut end = 0;
                    for found in self.automaton.iter().flat_map(|automaton| automaton.find_iter(plain)) {
                        covered.push_plain(&plain[end..found.start()]);
                        covered.push_value(self.names[found.pattern().as_usize()]);
                        end = found.end();
                    }
                    covered.push_plain(&plain[end..]);
                }
            }
        }
        covered
    }

    /// Code with the secrets in its texts replaced by their names; none where that cannot be done.
    pub(super) fn cover_code(&self, code: &str) -> Option<String> {
        let names: Vec<String> = self.names.iter().map(|name| format!("${{{name}}}")).collect();
        let mut out = String::with_capacity(code.len());
        let mut rest = code;
        while let Some((before, after)) = rest.split_once('"') {
            let text = &after[..text_length(after)];
            let holds = |text: &str| self.automaton.as_ref().is_some_and(|found| found.is_match(text));
            let plain = text.replace("\\\"", "\"").replace("\\\\", "\\");
            let is_regex = before.ends_with("re");
            if is_regex && holds(text) || !holds(text) && holds(&plain) {
                return None;
            }
            let covered = self.automaton.as_ref().map(|found| found.replace_all(text, &names));
            out.push_str(before);
            out.push('"');
            out.push_str(&covered.unwrap_or_else(|| text.to_owned()));
            let end = (text.len() + 1).min(after.len());
            out.push_str(&after[text.len()..end]);
            rest = &after[end..];
        }
        out.push_str(rest);
        Some(out)
    }

    /// The text for a comment, with every secret in it masked.
    pub(super) fn mask(&self, text: &str) -> String {
        let masks = vec![MASK; self.names.len()];
        self.automaton.as_ref().map_or_else(|| text.to_owned(), |found| found.replace_all(text, &masks))
    }
}

/// How many bytes come before the quote that ends a text.
fn text_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_covered_wherever_they_stand() {
        let mut names = Names::default();
        let mut secrets = Secrets::default();
        assert_eq!(secrets.hide(&mut names, "token", "a token", "abcdef"), "token");
        assert_eq!(secrets.hide(&mut names, "token", "a token", "abcdefgh"), "token_2");
        assert_eq!(secrets.hide(&mut names, "other", "a token", "abcdef"), "token");
        let finder = secrets.finder();
        let covered = finder.cover(&Text::plain("x=abcdefghi&y=abcdef"));
        assert_eq!(covered.shown(), "x=${token_2}i&y=${token}");
        assert_eq!(finder.cover_code("abcdef == \"abcdef\"").as_deref(), Some("abcdef == \"${token}\""));
        assert_eq!(finder.cover_code("x contains re\"abcdef\""), None);
        assert_eq!(finder.mask("abcdefgh, abc"), "•••, abc");
    }
}
