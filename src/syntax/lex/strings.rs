//! Strings, regexes and `${…}`: where they end, and what to do when they do not.

use super::{Kind, Lexer, MAX_NESTING, begins_item};

impl Lexer<'_> {
    pub(super) fn string(&mut self) {
        let start = self.at;
        if !self.bytes[start..].starts_with(b"\"\"\"") {
            if self.follows_rhai() {
                self.at += 1;
                self.raw_line(start);
            } else {
                self.quoted(false, 0);
            }
            return;
        }
        if self.follows_rhai() {
            match self.text[start + 3..].find("\"\"\"") {
                Some(length) => self.at = start + 3 + length + 3,
                None => self.unclosed_block(start),
            }
        } else {
            self.quoted(true, 0);
        }
    }

    /// Whether the last token is the word after which a string is raw.
    fn follows_rhai(&self) -> bool {
        self.out
            .tokens
            .last()
            .is_some_and(|token| token.kind == Kind::Word && token.text(self.text) == "rhai")
    }

    fn raw_line(&mut self, start: usize) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\n' => break,
                _ => self.at += 1,
            }
        }
        self.unclosed(
            start,
            start + 1,
            "this string is not closed",
            "a string ends on its line; one over several lines stands in `\"\"\"`",
        );
    }

    pub(super) fn regex(&mut self, start: usize) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' if self.peek(1).is_some_and(|b| b != b'\n') => self.at += 2,
                b'\n' => break,
                _ => self.at += 1,
            }
        }
        self.unclosed(
            start,
            start + 3,
            "this regular expression is not closed",
            "it ends at the next `\"` of its line; a quote inside is written `\\\"`",
        );
    }

    /// A string from its opening quotes; `false` when it is not closed, which has been reported.
    fn quoted(&mut self, multi: bool, depth: usize) -> bool {
        let start = self.at;
        let known = self.out.errors.len();
        self.at += if multi { 3 } else { 1 };
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' if !multi => {
                    self.at += 1;
                    return true;
                }
                b'"' if self.bytes[self.at..].starts_with(b"\"\"\"") => {
                    self.at += 3;
                    return true;
                }
                b'\\' if self.peek(1).is_some_and(|b| b != b'\n') => self.at += 2,
                b'$' if self.peek(1) == Some(b'{') => {
                    let inner = self.at;
                    if !self.interpolation(multi, depth + 1) {
                        if multi {
                            self.after_bad_interpolation(start, inner, known);
                        }
                        return false;
                    }
                }
                b'\n' if !multi => break,
                _ => self.at += 1,
            }
        }
        if multi {
            self.unclosed_block(start);
        } else {
            self.unclosed(
                start,
                start + 1,
                "this string is not closed",
                "a string ends on its line; one over several lines stands in `\"\"\"`",
            );
        }
        false
    }

    /// From `${` to its `}`; `false` when it is not closed, which has been reported.
    pub(super) fn interpolation(&mut self, multi: bool, depth: usize) -> bool {
        let start = self.at;
        self.at += 2;
        let mut open = 1usize;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' if depth > MAX_NESTING => {
                    self.error(
                        start,
                        start + 2,
                        "strings nest too deeply here",
                        "name the inner parts with `let`",
                    );
                    self.at = self.line_end();
                    return false;
                }
                b'"' => {
                    let inner = multi && self.bytes[self.at..].starts_with(b"\"\"\"");
                    if !self.quoted(inner, depth) {
                        return false;
                    }
                    continue;
                }
                b'(' | b'[' | b'{' => open += 1,
                b')' | b']' | b'}' => {
                    open -= 1;
                    if open == 0 {
                        self.at += 1;
                        return true;
                    }
                }
                b'\n' if multi => self.out.inner_newlines.push(self.at),
                b'\n' => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        self.unclosed(
            start,
            start + 2,
            "this `${` is not closed",
            "write `${expr}`; for the characters themselves, `\\${`",
        );
        false
    }

    /// A `${` in a `"""` has no end: either the string has one, or that is what is missing.
    fn after_bad_interpolation(&mut self, start: usize, inner: usize, known: usize) {
        let close = self.text[inner..].find("\"\"\"").map(|length| inner + length);
        let item = self.next_item(start);
        match close {
            Some(close) if close < item => self.at = close + 3,
            _ => {
                self.out.errors.truncate(known);
                self.unclosed_block(start);
            }
        }
    }

    /// A `"""` without an end goes on to the next item at most.
    fn unclosed_block(&mut self, start: usize) {
        self.unclosed(start, start + 3, "this string is not closed", "it ends at the next `\"\"\"`");
        self.at = self.next_item(start);
    }

    /// The line end before the next line that begins an item, or the end of the text.
    fn next_item(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(length) = self.text[at..].find('\n') {
            at += length + 1;
            if begins_item(self.text, at) {
                return at - 1;
            }
        }
        self.bytes.len()
    }

    pub(super) fn line_end(&self) -> usize {
        self.bytes[self.at..]
            .iter()
            .position(|&b| b == b'\n')
            .map_or(self.bytes.len(), |length| self.at + length)
    }
}
