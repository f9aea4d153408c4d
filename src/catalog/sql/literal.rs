//! Literals of `VALUES`, and the few functions that SQLite's dumps write instead of line ends.

use std::borrow::Cow;

use super::super::place::Malformed;
use super::Dialect;
use super::dump::Dump;
use super::kind::{hex, number};
use super::token::Token;
use crate::value::{Number, Value};

/// Functions in functions: `replace(replace('…', …), …)` and not much more.
const MAX_DEPTH: usize = 8;

impl Dump<'_> {
    /// One value.
    pub(super) fn value(&mut self) -> Result<Value, Malformed> {
        let value = self.part(0)?;
        // Casts (`'{}'::jsonb`) say again what the column says.
        while self.tokens.peek()? == Token::Sign(':') {
            self.tokens.next()?;
            let colon = self.tokens.next()? == Token::Sign(':');
            if !colon || !matches!(self.tokens.next()?, Token::Word(_) | Token::Name(_)) {
                return Err(self.tokens.wrong(self.tokens.start, "a cast is written like `::jsonb`"));
            }
            self.rest_of_type()?;
        }
        Ok(value)
    }

    /// `character varying(20)`, `timestamp without time zone`, `text[]`
    fn rest_of_type(&mut self) -> Result<(), Malformed> {
        let mut depth = 0usize;
        loop {
            match self.tokens.peek()? {
                Token::Sign('(' | '[') => depth += 1,
                Token::Sign(')' | ']') if depth > 0 => depth -= 1,
                Token::Word(_) => {}
                Token::Number(_) | Token::Sign(',') if depth > 0 => {}
                _ => return Ok(()),
            }
            self.tokens.next()?;
        }
    }

    fn part(&mut self, depth: usize) -> Result<Value, Malformed> {
        if let Some(text) = self.tokens.double_quoted()? {
            return self.prefixed("", text, self.tokens.start);
        }
        let token = self.tokens.next()?;
        let start = self.tokens.start;
        match token {
            Token::Name(_) => {
                let message = "this is a name, and a value stands here: a text has single quotes, but in MySQL, \
                               where `dialect` says so";
                Err(self.tokens.wrong(start, message))
            }
            Token::Text(prefix, text) => self.prefixed(prefix, text, start),
            Token::Number(text) => self.number(text, "", start),
            Token::Sign(sign @ ('-' | '+')) => match self.tokens.next()? {
                Token::Number(text) => self.number(text, if sign == '-' { "-" } else { "" }, start),
                _ => Err(self.tokens.wrong(start, "a number is missing after the sign")),
            },
            Token::Word(word) => self.word(word, start, depth),
            Token::End => Err(self.tokens.wrong(start, "the dump ends within a row")),
            _ => Err(self.tokens.wrong(start, "no value begins like this")),
        }
    }

    fn prefixed(&self, prefix: &str, text: Cow<'_, str>, start: usize) -> Result<Value, Malformed> {
        match prefix {
            "X" | "x" => match hex(&text) {
                Some(bytes) => Ok(Value::bytes(bytes)),
                None => Err(self.tokens.wrong(start, "these are no pairs of hexadecimal digits")),
            },
            // A number in MySQL, a string of bits elsewhere.
            "B" | "b" if self.tokens.dialect == Some(Dialect::Mysql) => {
                match i128::from_str_radix(&text, 2) {
                    Ok(bits) => Ok(Value::int(bits)),
                    Err(_) => Err(self.tokens.wrong(start, "these are no bits")),
                }
            }
            _ => Ok(Value::text(text)),
        }
    }

    fn number(&self, text: &str, sign: &str, start: usize) -> Result<Value, Malformed> {
        if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            return match hex(digits) {
                Some(bytes) if sign.is_empty() => Ok(Value::bytes(bytes)),
                _ => Err(self.tokens.wrong(start, "these are no pairs of hexadecimal digits")),
            };
        }
        number(&format!("{sign}{text}")).ok_or_else(|| self.tokens.wrong(start, "this number cannot be read"))
    }

    fn word(&mut self, word: &str, start: usize, depth: usize) -> Result<Value, Malformed> {
        let lower = word.to_ascii_lowercase();
        match lower.as_str() {
            "null" => return Ok(Value::Null),
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            "default" => return Ok(Value::Absent),
            "inf" | "infinity" => return Ok(float(f64::INFINITY)),
            "nan" => return Ok(float(f64::NAN)),
            _ => {}
        }
        let next = self.tokens.peek()?;
        match (lower.as_str(), next) {
            // `_utf8mb4 'x'`: the character set is the dump's own.
            (set, Token::Text(..)) if set.starts_with('_') => {
                let value = self.part(depth)?;
                Ok(match value {
                    Value::Text(text) if set == "_binary" => Value::bytes(text.text.as_bytes().to_vec()),
                    value => value,
                })
            }
            (set, Token::Number(_)) if set.starts_with('_') => self.part(depth),
            (function @ ("replace" | "char" | "unistr"), Token::Sign('(')) if depth < MAX_DEPTH => {
                let args = self.args(depth)?;
                apply(function, &args).ok_or_else(|| {
                    self.tokens.wrong(start, format!("`{function}` cannot be computed of these"))
                })
            }
            _ => {
                let message =
                    format!("`{word}` is no value that stands in a dump: a catalog computes nothing");
                Err(self.tokens.wrong(start, message))
            }
        }
    }

    fn args(&mut self, depth: usize) -> Result<Vec<Value>, Malformed> {
        self.tokens.next()?;
        let mut args = Vec::new();
        loop {
            args.push(self.part(depth + 1)?);
            match self.tokens.next()? {
                Token::Sign(',') => {}
                Token::Sign(')') => return Ok(args),
                _ => return Err(self.tokens.wrong(self.tokens.start, "`,` or `)` is missing after a value")),
            }
        }
    }
}

fn float(value: f64) -> Value {
    Value::Number(Number::Float { value, single: false })
}

/// SQLite's functions of texts, as its shell uses them for line ends and control characters.
fn apply(function: &str, args: &[Value]) -> Option<Value> {
    match (function, args) {
        ("replace", [text, part, by]) if !part.as_text()?.is_empty() => {
            Some(Value::text(text.as_text()?.replace(part.as_text()?, by.as_text()?)))
        }
        ("char", codes) => {
            let chars =
                codes.iter().map(|code| char::from_u32(code.as_number()?.to_usize()?.try_into().ok()?));
            chars.collect::<Option<String>>().map(Value::text)
        }
        ("unistr", [text]) => unistr(text.as_text()?).map(Value::text),
        _ => None,
    }
}

/// `\uXXXX`, `\UXXXXXXXX`, `\+XXXXXX`, `\XXXX` and `\\`.
fn unistr(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('\\') {
            out.push('\\');
            rest = after;
            continue;
        }
        let (skip, digits) = match rest.chars().next()? {
            'u' => (1, 4),
            'U' => (1, 8),
            '+' => (1, 6),
            _ => (0, 4),
        };
        let code = u32::from_str_radix(rest.get(skip..skip + digits)?, 16).ok()?;
        out.push(char::from_u32(code)?);
        rest = &rest[skip + digits..];
    }
    out.push_str(rest);
    Some(out)
}
