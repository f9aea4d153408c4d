//! A line of a Hurl file, read from left to right.

use std::ops::Range;

/// Where reading stands in a stretch of text.
#[derive(Debug, Clone)]
pub(super) struct Scan<'a> {
    text: &'a str,
    /// The place of the text in the file.
    base: usize,
    at: usize,
}

/// Why a stretch is not what it should be, and where.
pub(super) type Wrong = (Range<usize>, String);

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str, base: usize) -> Scan<'a> {
        Scan { text, base, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn skip_space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    /// Whether nothing but a comment is left.
    pub(super) fn is_done(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty() || self.rest().starts_with('#')
    }

    /// An error from here to the end of the word.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        let rest = self.rest();
        let length = rest.find([' ', '\t']).unwrap_or(rest.len()).max(1);
        let start = self.base + self.at;
        (start..(start + length).min(self.base + self.text.len().max(1)), message.into())
    }

    /// The next characters up to white space; empty at the end.
    pub(super) fn word(&mut self) -> &'a str {
        self.skip_space();
        let rest = self.rest();
        let word = &rest[..rest.find([' ', '\t']).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    /// The next word without taking it.
    pub(super) fn peek_word(&self) -> &'a str {
        self.clone().word()
    }

    /// Takes these characters, if they come next.
    pub(super) fn take(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        self.at += if found { prefix.len() } else { 0 };
        found
    }

    /// A text in double quotes, its escapes resolved; templates stay as they are.
    pub(super) fn quoted(&mut self) -> Result<String, Wrong> {
        self.skip_space();
        let start = self.clone();
        if !self.take("\"") {
            return Err(self.wrong("a text in quotes was expected here"));
        }
        let mut out = String::new();
        loop {
            let Some(c) = self.next() else { return Err(start.wrong("this text is not closed")) };
            match c {
                '"' => return Ok(out),
                '\\' => out.push(self.escape()?),
                c => out.push(c),
            }
        }
    }

    /// Up to the closing character, as it is.
    pub(super) fn raw_until(&mut self, close: char) -> Result<String, Wrong> {
        let start = self.clone();
        let mut out = String::new();
        while let Some(c) = self.next() {
            if c == close {
                return Ok(out);
            }
            if c == '\\' && self.rest().starts_with(close) {
                self.next();
                out.push(close);
                continue;
            }
            out.push(c);
        }
        Err(start.wrong(format!("`{close}` is missing at its end")))
    }

    /// All that is left, its escapes resolved.
    pub(super) fn unescaped(&mut self) -> Result<String, Wrong> {
        let mut out = String::new();
        while let Some(c) = self.next() {
            match c {
                '\\' => out.push(self.escape()?),
                c => out.push(c),
            }
        }
        Ok(out)
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// What an escape stands for, whose backslash is taken already.
    fn escape(&mut self) -> Result<char, Wrong> {
        let start = Scan { at: self.at - 1, ..self.clone() };
        self.escaped().ok_or_else(|| start.wrong("this is no escape"))
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits = self.rest().strip_prefix('{')?.split_once('}')?.0;
                let code = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 6)?;
                self.at += digits.len() + 2;
                char::from_u32(code)?
            }
            c @ ('"' | '\\' | '#' | '/' | ':' | '`' | '{' | '}' | '[' | ']' | ' ') => c,
            _ => return None,
        })
    }

    /// Unquoted text up to a `#` or the end, without white space at both ends; with `until` also up to
    /// that character, which is taken.
    pub(super) fn bare(&mut self, until: Option<char>) -> Result<String, Wrong> {
        self.skip_space();
        let mut out = String::new();
        let mut in_template = false;
        loop {
            let rest = self.rest();
            let Some(c) = rest.chars().next() else { break };
            if rest.starts_with("{{") {
                in_template = true;
            } else if rest.starts_with("}}") {
                in_template = false;
            }
            if c == '#' && !in_template {
                break;
            }
            self.at += c.len_utf8();
            if Some(c) == until && !in_template {
                return Ok(out.trim_end().to_owned());
            }
            if c == '\\' {
                out.push(self.escape()?);
            } else {
                out.push(c);
            }
        }
        if let Some(until) = until {
            return Err(self.wrong(format!("`{until}` is missing")));
        }
        Ok(out.trim_end().to_owned())
    }

    /// The comment at the end of the line, if there is one.
    pub(super) fn comment(&mut self) -> Option<String> {
        self.skip_space();
        self.rest().strip_prefix('#').map(|comment| comment.trim().to_owned())
    }

    /// The same text from another place on.
    pub(super) fn place(&self) -> usize {
        self.base + self.at
    }
}
