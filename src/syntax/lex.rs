//! Tokens: a tolerant pass over the text that never fails. The layout and the formatter read
//! them, and errors are located by them; the tree itself is made by the grammar.

mod strings;

use crate::diag::{Code, Diagnostic};
use crate::lang::{KEYWORDS, Role};
use crate::source::{SourceId, Span};

/// How deep brackets and interpolations may nest.
pub(crate) const MAX_NESTING: usize = 100;

/// The kinds of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word, hyphens included.
    Word,
    /// A number with all that touches it.
    Number,
    /// A string, regex or script with its quotes.
    Text,
    /// A bare path or URL.
    Path,
    /// `( [ {`
    Open,
    /// `) ] }`
    Close,
    /// An operator or other punctuation.
    Symbol,
    /// A `//` comment, docs included.
    Comment,
    /// A line end.
    Newline,
    /// What no token begins with; a diagnostic stands in [`Lexed::errors`].
    Bad,
}

/// A token by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub(crate) kind: Kind,
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
}

impl Token {
    /// Its text.
    pub(crate) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start..self.end).unwrap_or("")
    }

    /// Whether it is neither comment nor line end.
    pub(crate) fn is_significant(&self) -> bool {
        !matches!(self.kind, Kind::Comment | Kind::Newline)
    }
}

/// All tokens of a text.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    /// In order; white space lies between them.
    pub(crate) tokens: Vec<Token>,
    /// Line ends inside `${…}` of multi-line strings, which are space.
    pub(crate) inner_newlines: Vec<usize>,
    /// What no token can be made of.
    pub(crate) errors: Vec<Diagnostic>,
}

/// Cuts a text into tokens.
pub(crate) fn lex(source: SourceId, text: &str) -> Lexed {
    let mut lexer = Lexer { source, text, bytes: text.as_bytes(), at: 0, out: Lexed::default() };
    lexer.run();
    lexer.out
}

/// Whether the line that begins at `at`, a column 0, begins an item.
pub(crate) fn begins_item(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or("");
    let end = rest.bytes().position(|b| !is_word_byte(b)).unwrap_or(rest.len());
    let word = &rest[..end];
    // `let` begins statements too, and `@name` only items.
    rest.starts_with('@')
        || word != "let"
            && rest[end..].starts_with([' ', '\t'])
            && KEYWORDS.iter().any(|k| k.word == word && k.roles.contains(&Role::Item))
}

struct Lexer<'a> {
    source: SourceId,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    out: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) {
        if self.text.starts_with('\u{feff}') {
            self.at = 3;
        }
        while let Some(byte) = self.peek(0) {
            let mut start = self.at;
            let kind = match byte {
                b' ' | b'\t' | 0x0b | 0x0c => {
                    self.at += 1;
                    continue;
                }
                b'\r' => {
                    self.at += 1;
                    if self.peek(0) != Some(b'\n') {
                        self.error(
                            start,
                            start + 1,
                            "a carriage return stands alone",
                            "end lines with a line feed, or with both",
                        );
                    }
                    continue;
                }
                b'\n' => {
                    self.at += 1;
                    Kind::Newline
                }
                b'/' if self.peek(1) == Some(b'/') => {
                    self.at += self.bytes[start..]
                        .iter()
                        .position(|&b| b == b'\n')
                        .unwrap_or(self.bytes.len() - start);
                    while self.at > start && self.bytes[self.at - 1] == b'\r' {
                        self.at -= 1;
                    }
                    Kind::Comment
                }
                b'/' if self.peek(1) == Some(b'*') => {
                    self.foreign_comment();
                    Kind::Comment
                }
                b'/' if self.begins_path() => {
                    self.path();
                    Kind::Path
                }
                b'"' => {
                    self.string();
                    Kind::Text
                }
                b'0'..=b'9' => {
                    self.number();
                    Kind::Number
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
                b'(' | b'[' | b'{' => {
                    self.at += 1;
                    Kind::Open
                }
                b')' | b']' | b'}' => {
                    self.at += 1;
                    Kind::Close
                }
                0x80.. => {
                    start = self.foreign();
                    Kind::Bad
                }
                0..=0x1f | 0x7f => {
                    self.at += 1;
                    let message = format!("a control character, U+{byte:04X}");
                    self.error(start, start + 1, message, "remove it; in strings write it as `\\u{…}`");
                    Kind::Bad
                }
                _ => {
                    self.symbol();
                    Kind::Symbol
                }
            };
            self.out.tokens.push(Token { kind, start, end: self.at });
        }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn error(&mut self, start: usize, end: usize, message: impl Into<String>, help: &str) {
        let span = Span::new(self.source, start, end);
        self.out.errors.push(Diagnostic::error(Code::SYNTAX, span, message).help(help));
    }

    fn unclosed(&mut self, start: usize, end: usize, message: &str, help: &str) {
        let span = Span::new(self.source, start, end);
        self.out
            .errors
            .push(Diagnostic::error(Code::UNCLOSED, span, message).label("opened here").help(help));
    }

    /// A `/` after white space that touches what follows; a division has a space on both sides.
    fn begins_path(&self) -> bool {
        let before = self.at.checked_sub(1).map(|i| self.bytes[i]);
        matches!(before, None | Some(b' ' | b'\t' | b'\n'))
            && !matches!(
                self.peek(1),
                None | Some(b' ' | b'\t' | b'\n' | b'\r' | b';' | b',' | b')' | b']' | b'}')
            )
    }

    fn word(&mut self) -> Kind {
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            let joins = is_word_byte(byte) || byte == b'-' && self.peek(1).is_some_and(is_word_byte);
            if !joins {
                break;
            }
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        if word == "re" && self.peek(0) == Some(b'"') {
            self.regex(start);
            return Kind::Text;
        }
        if self.bytes[self.at..].starts_with(b"://") && word.bytes().all(|b| b.is_ascii_alphabetic()) {
            self.at += 3;
            self.path();
            return Kind::Path;
        }
        Kind::Word
    }

    /// From here to white space or one of `; , ) ] }`.
    fn path(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b',' | b')' | b']' | b'}' => break,
                b'$' if self.peek(1) == Some(b'{') => {
                    if !self.interpolation(false, 1) {
                        break;
                    }
                }
                b'{' => {
                    let inside =
                        self.bytes[self.at..].iter().position(|b| matches!(b, b'}' | b' ' | b'\n' | b'\r'));
                    match inside {
                        Some(length) if self.bytes[self.at + length] == b'}' => self.at += length + 1,
                        _ => break,
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) {
        let start = self.at;
        let digits = |from: usize, most: usize| {
            self.bytes[from..].iter().take(most).take_while(|b| b.is_ascii_digit()).count()
        };
        let date = digits(start, 5) == 4
            && self.bytes.get(start + 4) == Some(&b'-')
            && matches!(digits(start + 5, 2), 1 | 2)
            && self.bytes.get(start + 5 + digits(start + 5, 2)) == Some(&b'-')
            && digits(start + 6 + digits(start + 5, 2), 2) > 0;
        while let Some(byte) = self.peek(0) {
            let next = self.peek(1);
            let digit_follows = next.is_some_and(|b| b.is_ascii_digit());
            let joins = match byte {
                b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => true,
                b'.' => digit_follows,
                b'-' => next.is_some_and(|b| b.is_ascii_alphanumeric()),
                b'+' => digit_follows && (date || matches!(self.bytes[self.at - 1], b'e' | b'E')),
                b':' => date && digit_follows,
                _ => false,
            };
            if !joins {
                break;
            }
            self.at += 1;
        }
        if !date && self.peek(0) == Some(b'%') {
            self.at += 1;
        } else if !date
            && self.peek(0) == Some(b'/')
            && self.peek(1).is_some_and(|b| b.is_ascii_alphanumeric())
        {
            self.at += 1;
            while self.peek(0).is_some_and(|b| b.is_ascii_alphanumeric()) {
                self.at += 1;
            }
        }
    }

    fn symbol(&mut self) {
        const PAIRS: [&[u8]; 9] = [b"->", b"..", b"==", b"!=", b"<=", b">=", b"&&", b"||", b"=>"];
        let two = self.bytes.get(self.at..self.at + 2);
        self.at += if two.is_some_and(|two| PAIRS.contains(&two)) { 2 } else { 1 };
    }

    /// `/* … */`, as other languages write it.
    fn foreign_comment(&mut self) {
        let start = self.at;
        self.error(start, start + 2, "comments begin with `//`", "write `//` before each line");
        let end = self.line_end();
        let length = self.text[start..end].find("*/").map(|length| length + 2);
        self.at = length.map_or(end, |length| start + length);
    }

    /// A run of characters beyond ASCII, with what touches it.
    fn foreign(&mut self) -> usize {
        // A word that touches it belongs to it.
        let start = match self.out.tokens.last() {
            Some(token) if token.kind == Kind::Word && token.end == self.at => token.start,
            _ => self.at,
        };
        if start < self.at {
            self.out.tokens.pop();
        }
        let rest = &self.text[start..];
        let end = rest
            .find(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .unwrap_or(rest.len());
        self.at = start + end;
        let run = &rest[..end];
        let letter = run.chars().find(|c| !c.is_ascii()).is_some_and(char::is_alphabetic);
        let (message, help) = if letter {
            (
                format!("`{run}` is no name"),
                "names are written in ASCII letters, digits, `_` and `-`; any other field name stands in quotes",
            )
        } else if run.starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}']) {
            (format!("`{run}` begins with a typographic quote"), "strings stand in plain quotes: `\"…\"`")
        } else {
            let first = run.chars().find(|c| !c.is_ascii()).map_or(0, u32::from);
            (format!("an unexpected character, U+{first:04X}"), "remove it, or put it into a string")
        };
        self.error(start, start + end, message, help);
        start
    }
}

/// Whether a byte belongs to a word; a hyphen does when such a byte follows.
pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
