//! The small words of messages.

use std::borrow::Cow;
use std::io;

use super::Value;

/// A value's kind with its article: `a list`, `an object`, `null`, `text`.
pub(crate) fn a_kind(value: &Value) -> String {
    match value.kind() {
        kind @ ("null" | "absent" | "text" | "bytes") => kind.to_owned(),
        kind => format!("{} {kind}", article(kind)),
    }
}

/// `a` or `an`, as the word wants.
pub(crate) fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o', 'u']) && !word.starts_with("uni") { "an" } else { "a" }
}

/// The system's words for an error, in lower case and without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// A word as a POSIX shell reads it back: bare when it is plain, otherwise in single quotes.
pub(crate) fn shell_quote(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_article_they_want() {
        assert_eq!(a_kind(&Value::list(Vec::new())), "a list");
        assert_eq!(a_kind(&Value::object(Vec::<(&str, Value)>::new())), "an object");
        assert_eq!(a_kind(&Value::text("x")), "text");
        assert_eq!((article("action"), article("unit")), ("an", "a"));
    }

    #[test]
    fn errors_lose_their_capital_and_their_number() {
        assert_eq!(plain(&io::Error::from_raw_os_error(2)), "no such file or directory");
    }

    #[test]
    fn words_survive_the_shell() {
        for plain in ["plain-1.0/x", "127.0.0.1:4100"] {
            assert_eq!(shell_quote(plain), plain);
        }
        assert_eq!(shell_quote("a b"), "'a b'");
        assert_eq!(shell_quote("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(shell_quote(""), "''");
    }
}
