//! Colours, widths and durations: what the pages of the terminal share.

use std::borrow::Cow;
use std::fmt::Write as _;

use owo_colors::{OwoColorize as _, Style};
use textwrap::core::display_width;

use crate::diag::Look;

/// A role that a piece of text plays; the one place that knows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Passed, or as expected.
    Good,
    /// Failed, or not as expected.
    Bad,
    /// Worth a look.
    Odd,
    /// Names and headings.
    Strong,
    /// Places and paths.
    Place,
    /// Less important.
    Faint,
}

impl Look {
    /// The text in the colour of its role.
    pub(crate) fn ink(self, ink: Ink, text: &str) -> String {
        if !self.color || text.is_empty() {
            return text.to_owned();
        }
        let style = match ink {
            Ink::Good => Style::new().green(),
            Ink::Bad => Style::new().red(),
            Ink::Odd => Style::new().yellow(),
            Ink::Strong => Style::new().bold(),
            Ink::Place => Style::new().cyan(),
            Ink::Faint => Style::new().bright_black(),
        };
        text.style(style).to_string()
    }

    /// Bold and in the colour of its role.
    pub(crate) fn loud(self, ink: Ink, text: &str) -> String {
        if self.color && ink != Ink::Strong {
            self.ink(ink, &text.bold().to_string())
        } else {
            self.ink(ink, text)
        }
    }

    /// `unicode` where it can be shown, otherwise `ascii`.
    pub(crate) fn sign(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        if self.unicode { unicode } else { ascii }
    }

    /// The columns there are; terminals that claim to have none get enough to be read.
    pub(crate) fn columns(self) -> usize {
        self.width.clamp(24, 200)
    }
}

/// Text from outside, without what steers a terminal. Tabs become spaces.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let odd = |c: char| {
        c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push_str("    "),
            '\r' => {}
            c if odd(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Breaks text into lines of at most `width` columns: at spaces where there are any, inside words
/// otherwise. Its own line ends stay; there is always at least one line.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let text = clean(text);
    let options = textwrap::Options::new(width.max(8))
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        // Leading space is the indentation of data; it is kept on the lines that follow.
        let body = line.trim_start();
        let indent = " ".repeat((line.len() - body.len()).min(width / 2));
        let options = options.clone().initial_indent(&indent).subsequent_indent(&indent);
        lines.extend(textwrap::wrap(body, options).into_iter().map(|line| line.trim_end().to_owned()));
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Writes `text` at an indentation, wrapped.
pub(crate) fn indented(out: &mut String, look: Look, indent: usize, text: &str, ink: Option<Ink>) {
    for line in wrap(text, look.columns().saturating_sub(indent)) {
        if line.is_empty() {
            out.push('\n');
            continue;
        }
        let line = ink.map_or_else(|| line.clone(), |ink| look.ink(ink, &line));
        let _ = writeln!(out, "{:indent$}{line}", "");
    }
}

/// Writes a heading and, beside it, a text that hangs from its column.
pub(crate) fn hanging(out: &mut String, look: Look, indent: usize, heading: &str, text: &str, ink: Ink) {
    let hang = indent + 10;
    for (index, line) in wrap(text, look.columns().saturating_sub(hang)).iter().enumerate() {
        if index == 0 {
            let head = pad(&look.ink(ink, heading), 10);
            let _ = writeln!(out, "{:indent$}{head}{line}", "");
        } else {
            let _ = writeln!(out, "{:hang$}{line}", "");
        }
    }
}

/// The text with spaces up to `width` columns; never cut.
pub(crate) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(display_width(text));
    format!("{text}{:missing$}", "")
}

/// A time as people say it: `850us`, `12ms`, `3.2s`, `1m05s`.
pub fn took(micros: u64) -> String {
    match micros {
        0 => "0ms".to_owned(),
        1..1_000 => format!("{micros}us"),
        1_000..1_000_000 => format!("{}ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{}.{}s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        _ => {
            let seconds = micros / 1_000_000;
            match seconds / 3600 {
                0 => format!("{}m{:02}s", seconds / 60, seconds % 60),
                hours => format!("{hours}h{:02}m{:02}s", seconds % 3600 / 60, seconds % 60),
            }
        }
    }
}

/// `1 scenario`, `2 scenarios`.
pub(crate) fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_say_them() {
        for (micros, want) in [
            (0, "0ms"),
            (999, "999us"),
            (12_345, "12ms"),
            (999_999, "999ms"),
            (3_250_000, "3.2s"),
            (59_999_999, "59.9s"),
            (65_000_000, "1m05s"),
            (3_725_000_000, "1h02m05s"),
        ] {
            assert_eq!(took(micros), want);
        }
    }

    #[test]
    fn wrapping_keeps_indentation_and_breaks_long_words() {
        assert_eq!(wrap("  \"a\": \"bbbbbbbb cccc\"", 14), ["  \"a\":", "  \"bbbbbbbb", "  cccc\""]);
        assert_eq!(wrap("xxxxxxxxxxxxxxxxxxxx", 8), ["xxxxxxxx", "xxxxxxxx", "xxxx"]);
        assert_eq!(wrap("", 8), [""]);
        assert_eq!(wrap("a\n\nb", 8), ["a", "", "b"]);
        assert_eq!(wrap("日本語日本語日本語", 8), ["日本語日", "本語日本", "語"]);
    }

    #[test]
    fn nothing_from_outside_steers_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\tc\r\nd\u{202e}"), "a\u{fffd}[31mb    c\nd\u{fffd}");
    }
}
