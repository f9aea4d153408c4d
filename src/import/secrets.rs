//! What must not stand in a file that is kept and shown: passwords, tokens, cookies. They become
//! secrets of the scenarios, and their characters are taken out wherever else they stand.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use super::model::{Piece, Text};
use super::names::Names;
use crate::source::Source;
use crate::value::{MASK, is_long_enough};

/// A shorter value also stands in texts that have nothing to do with it.
const SHORTEST_SOUGHT: usize = 6;

/// Words in a name whose value is private, without `-`, `_` and `.`, in lower case.
const PRIVATE_WORDS: &[&str] = &[
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "signature",
    "credential",
    "session",
    "csrf",
    "xsrf",
    "jwt",
    "assertion",
];
/// Names that are private as a whole.
const PRIVATE_NAMES: &[&str] = &["auth", "pass", "pwd", "pin", "otp", "sid", "sig"];
/// Names that hold one of the words and are not private.
const PUBLIC_NAMES: &[&str] = &["maxtokens", "tokentype", "clientassertiontype", "secfetchsession"];
/// How well-known tokens begin.
const TOKEN_BEGINNINGS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "AKIA",
];

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

    /// A private value that has a name already; the file need not have it.
    pub(super) fn declare(&mut self, name: &str, what: &str, value: Option<&str>) {
        let value = value.map(str::to_owned);
        self.0.push(Secret { name: name.to_owned(), value, what: what.to_owned() });
    }

    /// The text with its characters hidden; the values in it stay.
    pub(super) fn hide_text(&mut self, names: &mut Names, like: &str, what: &str, text: &Text) -> Text {
        let mut hidden = Text::default();
        for piece in &text.0 {
            match piece {
                Piece::Plain(plain) if plain.trim().is_empty() => hidden.push_plain(plain),
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

/// Whether the value under this name is nobody's business: of a header, a parameter, a field.
pub(super) fn is_private(name: &str) -> bool {
    let bare: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if PUBLIC_NAMES.contains(&&*bare) {
        return false;
    }
    PRIVATE_NAMES.contains(&&*bare) || PRIVATE_WORDS.iter().any(|word| bare.contains(word))
}

/// Whether a value looks like a token wherever it stands: a JWT (RFC 7519 §3), or one of a well-known make.
pub(super) fn is_token(value: &str) -> bool {
    let is_word = |text: &str| {
        text.len() > 16 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let is_jwt = value.starts_with("eyJ") && value.split('.').count() == 3;
    is_word(value) && (is_jwt || TOKEN_BEGINNINGS.iter().any(|begin| value.starts_with(begin)))
}

/// Names whose value is private, as they stand in a text.
const NAMES: &str = r"(?:authorization|cookie|token|secret|passw(?:or)?d|passphrase|api[-_]?key|access[-_]?key|session|csrf|xsrf|jwt|credential|signature)";
/// Flags of curl whose value is private.
const FLAGS: &str = r"(?:-u|--user|--oauth2-bearer|--cookie|-b|--proxy-user|-U|--pass)";
/// What is private wherever it stands: user and password of a URL, tokens of a well-known make.
const ANYWHERE: &str =
    r#"://([^/@\s"']+)@|\b(eyJ[\w.-]{16,}|(?:gh[pos]_|github_pat_|glpat-|xox[bp]-|sk[-_]|AKIA)[\w.-]{12,})"#;

/// What may be private: every value that follows such a name.
static DOUBTFUL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = format!(r#"(?i:{NAMES}|bearer|basic)[\w-]*["'\]]*\s*[:=\s]\s*["'\[]*([^"'\r\n&,;]+)"#);
    Regex::new(&format!(r#"{names}|{FLAGS}[\s=]*["']?([^"'\r\n]+)|{ANYWHERE}"#)).ok()
});
/// What surely is: where it is told apart from prose.
static PRIVATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let names = format!(r#"(?i:{NAMES})[\w-]*["'\]]*\s*[:=]\s*["'\[]*([^"'\r\n&,;`$]+)"#);
    let schemes = r"(?i:bearer|basic)\s+([\w.~+/=-]{8,})";
    Regex::new(&format!(r#"{names}|{schemes}|\s{FLAGS}\s+["']?([^"'\s`$]+)|{ANYWHERE}"#)).ok()
});

/// The source as a message may show it: what may be private has its characters replaced. Every other
/// place stays where it is.
pub fn masked(source: &Source) -> Source {
    // As many bytes, so that places stay.
    let text = replaced(&source.text, &DOUBTFUL, |private| "*".repeat(private.len()));
    Source::new(&*source.name, "", text)
}

/// A text of the file as a comment may show it.
pub(super) fn without_private(text: &str) -> String {
    replaced(text, &PRIVATE, |_| MASK.to_owned())
}

fn replaced(text: &str, private: &Option<Regex>, by: impl Fn(&str) -> String) -> String {
    // Without the expression nothing is known to be harmless.
    let Some(private) = private else { return by(text) };
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for found in private.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next()) {
        out.push_str(&text[end..found.start()]);
        out.push_str(&by(found.as_str()));
        end = found.end();
    }
    out.push_str(&text[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_are_known() {
        for name in
            ["Authorization", "X-Api-Key", "access_token", "set-cookie", "PASSWORD", "csrfToken", "sid"]
        {
            assert!(is_private(name), "{name}");
        }
        for name in ["Accept", "max_tokens", "monkey", "key", "author", "passenger"] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn messages_show_no_secret() {
        for line in [
            "curl -H 'Authorization: Bearer abcdef' x",
            "curl -H \"X-Api-Key: abcdef",
            "-u me:abcdef",
            "https://me:abcdef@example.com",
            "{\"password\": \"abcdef\"}",
            "password=abcdef&x=1",
        ] {
            let shown = masked(&Source::new("a", "", line));
            assert!(!shown.text.contains("abcdef") && shown.text.len() == line.len(), "{}", shown.text);
        }
    }

    #[test]
    fn comments_show_no_secret_and_stay_prose() {
        for (said, shown) in [
            ("curl -H \"Authorization: Bearer abcdefghi\" x", "curl -H \"Authorization: •••\" x"),
            ("a Bearer abcdefghi", "a Bearer •••"),
            ("the token of the user is needed", "the token of the user is needed"),
            ("curl -u me:pw x", "curl -u ••• x"),
            ("see https://me:pw@a.b/c", "see https://•••@a.b/c"),
        ] {
            assert_eq!(without_private(said), shown);
        }
    }

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
