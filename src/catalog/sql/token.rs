//! The tokens of a dump.

use std::borrow::Cow;

use super::super::place::Malformed;
use super::Dialect;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A bare word, or a number: whatever letters, digits, `_` and `$` make.
    Word(&'a str),
    /// A number as written, without a sign.
    Number(&'a str),
    /// A name in double quotes or backticks, quotes undone.
    Name(Cow<'a, str>),
    /// A text in single quotes, quotes and escapes undone; with its prefix, such as `X` or `E`.
    Text(&'a str, Cow<'a, str>),
    /// A text between dollar signs (PostgreSQL).
    Dollar,
    /// Any other character.
    Sign(char),
    /// The end.
    End,
}

/// Cuts a dump into tokens.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) dialect: Option<Dialect>,
    /// Where the last token began.
    pub(super) start: usize,
}

/// Whether what begins here is a comment that MySQL or MariaDB runs (`/*!40000 … */`) and that
/// changes rows.
fn runs_rows(text: &str) -> bool {
    let inner = text.strip_prefix("/*!").or_else(|| text.strip_prefix("/*M!"));
    let word = inner.map(|inner| inner.trim_start_matches(|c: char| c.is_ascii_digit() || c.is_whitespace()));
    word.is_some_and(|rest| {
        let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
        ["insert", "replace", "update", "delete", "load"].iter().any(|verb| word.eq_ignore_ascii_case(verb))
    })
}

impl<'a> Tokens<'a> {
    pub(super) fn wrong(&self, offset: usize, message: impl Into<String>) -> Malformed {
        Malformed::at(self.text, offset, message)
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// Goes past white space and comments.
    pub(super) fn space(&mut self) -> Result<(), Malformed> {
        loop {
            let rest = &self.bytes()[self.at..];
            match rest {
                [byte, ..] if byte.is_ascii_whitespace() => self.at += 1,
                [b'-', b'-', ..] => self.line(),
                [b'#', ..] if self.dialect == Some(Dialect::Mysql) => self.line(),
                [b'/', b'*', ..] => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Goes past the end of the line.
    pub(super) fn line(&mut self) {
        let rest = &self.bytes()[self.at..];
        self.at += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
    }

    /// Comments nest in PostgreSQL (SQL:1999 too), and nowhere else.
    fn comment(&mut self) -> Result<(), Malformed> {
        let start = self.at;
        if self.dialect == Some(Dialect::Mysql) && runs_rows(&self.text[start..]) {
            // MySQL runs what such a comment holds: its rows would be lost without a word.
            let why = "MySQL runs this comment, and it changes rows: take it out of `/*! … */`";
            return Err(self.wrong(start, why));
        }
        let nests = self.dialect == Some(Dialect::Postgres);
        let mut depth = 0;
        loop {
            match &self.bytes()[self.at..] {
                [b'/', b'*', ..] if depth == 0 || nests => (self.at, depth) = (self.at + 2, depth + 1),
                [b'*', b'/', ..] => (self.at, depth) = (self.at + 2, depth - 1),
                [] => return Err(self.wrong(start, "the comment that opens here is never closed")),
                _ => self.at += 1,
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, Malformed> {
        self.space()?;
        self.start = self.at;
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        match first {
            '\'' => {
                self.quoted(b'\'', "", self.dialect == Some(Dialect::Mysql)).map(|text| Token::Text("", text))
            }
            '"' | '`' => self.name(first as u8).map(Token::Name),
            '$' => self.dollar(),
            _ if first.is_ascii_digit() => Ok(Token::Number(self.number())),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => Ok(Token::Number(self.number())),
            _ if first.is_alphabetic() || first == '_' => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'));
                let word = &rest[..end.unwrap_or(rest.len())];
                self.at += word.len();
                let quote = self.bytes().get(self.at) == Some(&b'\'');
                if quote && matches!(word, "E" | "e" | "X" | "x" | "B" | "b" | "N" | "n") {
                    let escapes = matches!(word, "E" | "e")
                        || matches!(word, "N" | "n") && self.dialect == Some(Dialect::Mysql);
                    return self.quoted(b'\'', word, escapes).map(|text| Token::Text(word, text));
                }
                Ok(Token::Word(word))
            }
            _ => {
                self.at += first.len_utf8();
                Ok(Token::Sign(first))
            }
        }
    }

    /// The next token, which stays where it is.
    pub(super) fn peek(&mut self) -> Result<Token<'a>, Malformed> {
        let (at, start) = (self.at, self.start);
        let token = self.next();
        (self.at, self.start) = (at, start);
        token
    }

    fn number(&mut self) -> &'a str {
        let bytes = self.bytes();
        let from = self.at;
        if bytes[from] == b'0' && matches!(bytes.get(from + 1), Some(b'x' | b'X')) {
            let digits = bytes[from + 2..].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
            self.at = from + 2 + digits;
            return &self.text[from..self.at];
        }
        while let Some(byte) = bytes.get(self.at) {
            let sign = matches!(byte, b'+' | b'-') && matches!(bytes[self.at - 1], b'e' | b'E');
            let exponent = matches!(byte, b'e' | b'E')
                && bytes.get(self.at + 1).is_some_and(|next| matches!(next, b'0'..=b'9' | b'+' | b'-'));
            if !(byte.is_ascii_digit() || *byte == b'.' || exponent || self.at > from && sign) {
                break;
            }
            self.at += 1;
        }
        &self.text[from..self.at]
    }

    /// The text in double quotes that begins here: where MySQL takes a value, they open a text.
    pub(super) fn double_quoted(&mut self) -> Result<Option<Cow<'a, str>>, Malformed> {
        self.space()?;
        if self.dialect != Some(Dialect::Mysql) || self.bytes().get(self.at) != Some(&b'"') {
            return Ok(None);
        }
        self.start = self.at;
        self.quoted(b'"', "", true).map(Some)
    }

    /// A text in quotes.
    fn quoted(&mut self, quote: u8, prefix: &str, escapes: bool) -> Result<Cow<'a, str>, Malformed> {
        let open = self.at;
        let mut text = Cow::Borrowed("");
        let mut from = open + 1;
        loop {
            let rest = &self.bytes()[from..];
            let Some(length) = rest.iter().position(|byte| *byte == quote || *byte == b'\\') else {
                return Err(self.wrong(open, "the text that opens here is never closed"));
            };
            let piece = &self.text[from..from + length];
            match &mut text {
                Cow::Borrowed("") => text = Cow::Borrowed(piece),
                text => text.to_mut().push_str(piece),
            }
            self.at = from + length + 1;
            if self.bytes()[self.at - 1] == quote {
                if self.bytes().get(self.at) != Some(&quote) {
                    return Ok(text);
                }
                text.to_mut().push(char::from(quote));
                from = self.at + 1;
            } else if escapes {
                self.escape(prefix, text.to_mut())?;
                from = self.at;
            } else if self.dialect.is_none() {
                let message =
                    "a backslash escapes in MySQL and nowhere else: say whose dump this is with `dialect`";
                return Err(self.wrong(self.at - 1, message));
            } else {
                text.to_mut().push('\\');
                from = self.at;
            }
        }
    }

    /// What stands after a backslash: MySQL 8.4 §11.1.1, PostgreSQL §4.1.2.2.
    fn escape(&mut self, prefix: &str, out: &mut String) -> Result<(), Malformed> {
        let postgres = matches!(prefix, "E" | "e");
        let rest = &self.text[self.at..];
        let Some(c) = rest.chars().next() else {
            return Err(self.wrong(self.at - 1, "the text ends in a backslash"));
        };
        self.at += c.len_utf8();
        let meant = match c {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' if postgres => '\u{c}',
            '0' if !postgres => '\0',
            'Z' if !postgres => '\u{1a}',
            '%' | '_' if !postgres => {
                out.push('\\');
                c
            }
            'x' | 'u' | 'U' | '0'..='7' if postgres => {
                let (radix, most, from) = match c {
                    'x' => (16, 2, 1),
                    'u' => (16, 4, 1),
                    'U' => (16, 8, 1),
                    _ => (8, 3, 0),
                };
                let digits: String =
                    rest[from..].chars().take(most).take_while(|d| d.is_digit(radix)).collect();
                self.at += digits.len() + from - 1;
                let code = u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32);
                // A byte above ASCII is a part of a character, and only the whole has a meaning.
                code.filter(|code| matches!(c, 'u' | 'U') || code.is_ascii())
                    .ok_or_else(|| self.wrong(self.at, "the escape names no character"))?
            }
            c => c,
        };
        out.push(meant);
        Ok(())
    }

    fn name(&mut self, quote: u8) -> Result<Cow<'a, str>, Malformed> {
        let open = self.at;
        let mut name = Cow::Borrowed("");
        let mut from = open + 1;
        loop {
            let Some(length) = self.bytes()[from..].iter().position(|byte| *byte == quote) else {
                return Err(self.wrong(open, "the name that opens here is never closed"));
            };
            let piece = &self.text[from..from + length];
            match &mut name {
                Cow::Borrowed("") => name = Cow::Borrowed(piece),
                name => name.to_mut().push_str(piece),
            }
            self.at = from + length + 1;
            if self.bytes().get(self.at) != Some(&quote) {
                return Ok(name);
            }
            name.to_mut().push(char::from(quote));
            from = self.at + 1;
        }
    }

    /// `$$…$$` and `$tag$…$tag$`; a dollar sign alone is a sign.
    fn dollar(&mut self) -> Result<Token<'a>, Malformed> {
        let rest = &self.text[self.at..];
        let end = rest[1..].find('$').map(|at| at + 2);
        let mark = end.map(|end| &rest[..end]).filter(|mark| {
            let tag = &mark[1..mark.len() - 1];
            !tag.starts_with(|c: char| c.is_ascii_digit())
                && tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        });
        let Some(mark) = mark else {
            self.at += 1;
            return Ok(Token::Sign('$'));
        };
        match rest[mark.len()..].find(mark) {
            Some(at) => {
                self.at += mark.len() * 2 + at;
                Ok(Token::Dollar)
            }
            None => Err(self.wrong(self.at, "the text that opens here is never closed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::runs_rows;

    #[test]
    fn comments_that_mysql_runs_may_write_rows() {
        for text in ["/*!40000 INSERT INTO a VALUES (1) */", "/*! replace into a", "/*M!100 Insert into a"] {
            assert!(runs_rows(text), "{text}");
        }
        for text in ["/*!40101 SET a=1 */", "/* INSERT INTO a */", "/*!40000 ALTER TABLE a */"] {
            assert!(!runs_rows(text), "{text}");
        }
    }
}
