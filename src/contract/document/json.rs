//! JSON (RFC 8259) with the place of every part.

use std::sync::Arc;

use jiter::{Jiter, Peek};

use super::{Data, Entries, Entry, MAX_DEPTH, Node, Wrong, bounded};
use crate::source::{SourceId, Span};

pub(super) fn parse(source: SourceId, text: &str) -> Result<Arc<Node>, Wrong> {
    let bytes = text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes();
    let before = text.len() - bytes.len();
    let mut reader = Reader { jiter: Jiter::new(bytes), bytes, before, source };
    let node = reader.peek().and_then(|peek| reader.node(peek, 0))?;
    reader.jiter.finish().map_err(|error| reader.wrong(&error))?;
    Ok(Arc::new(bounded(node)?))
}

struct Reader<'a> {
    jiter: Jiter<'a>,
    bytes: &'a [u8],
    /// How many bytes come before those.
    before: usize,
    source: SourceId,
}

impl Reader<'_> {
    fn peek(&mut self) -> Result<Peek, Wrong> {
        self.jiter.peek().map_err(|error| self.wrong(&error))
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.before + start, self.before + end)
    }

    fn wrong(&self, error: &jiter::JiterError) -> Wrong {
        let at = error.index.min(self.bytes.len().saturating_sub(1));
        Wrong { span: self.span(at, at + 1), message: format!("this is no JSON: {}", error.error_type) }
    }

    fn node(&mut self, peek: Peek, depth: usize) -> Result<Node, Wrong> {
        let start = self.jiter.current_index();
        if depth > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} deep");
            return Err(Wrong { span: self.span(start, start + 1), message });
        }
        let data = match peek {
            Peek::Null => self.jiter.known_null().map(|()| Data::Null).map_err(|e| self.wrong(&e))?,
            Peek::True | Peek::False => Data::Bool(self.jiter.known_bool(peek).map_err(|e| self.wrong(&e))?),
            Peek::String => {
                let text = self.jiter.known_str().map(Arc::from);
                Data::Text(text.map_err(|e| self.wrong(&e))?)
            }
            Peek::Array => return self.list(start, depth),
            Peek::Object => return self.map(start, depth),
            _ => {
                let digits = self.jiter.known_number_bytes(peek).map(<[u8]>::to_vec);
                let digits = digits.map_err(|e| self.wrong(&e))?;
                let number = String::from_utf8_lossy(&digits).parse().map_err(
                    |error: crate::value::NumberError| Wrong {
                        span: self.span(start, start + digits.len()),
                        message: error.to_string(),
                    },
                )?;
                Data::Number(number)
            }
        };
        Ok(Node::new(self.span(start, self.jiter.current_index()), data))
    }

    fn list(&mut self, start: usize, depth: usize) -> Result<Node, Wrong> {
        let mut items = Vec::new();
        let mut next = self.jiter.known_array().map_err(|e| self.wrong(&e))?;
        while let Some(peek) = next {
            items.push(Arc::new(self.node(peek, depth + 1)?));
            next = self.jiter.array_step().map_err(|e| self.wrong(&e))?;
        }
        bounded(Node::new(self.span(start, start + 1), Data::List(items)))
    }

    fn map(&mut self, start: usize, depth: usize) -> Result<Node, Wrong> {
        let mut entries = Entries::default();
        let mut from = start + 1;
        let mut key: Option<Arc<str>> =
            self.jiter.known_object().map(|key| key.map(Arc::from)).map_err(|e| self.wrong(&e))?;
        while let Some(name) = key {
            let key_span = self.key_span(from);
            let peek = self.peek()?;
            let value = Arc::new(self.node(peek, depth + 1)?);
            entries.add(Entry { key: name, key_span, value })?;
            from = self.jiter.current_index();
            key = self.jiter.next_key().map(|key| key.map(Arc::from)).map_err(|e| self.wrong(&e))?;
        }
        bounded(Node::new(self.span(start, start + 1), Data::Map(entries.list)))
    }

    /// The next text in quotes: only white space and a comma can stand before a key.
    fn key_span(&self, from: usize) -> Span {
        let rest = &self.bytes[from.min(self.bytes.len())..];
        let start = from + rest.iter().position(|&byte| byte == b'"').unwrap_or(0);
        let mut end = start + 1;
        while let Some(&byte) = self.bytes.get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.span(start, (end + 1).min(self.bytes.len()))
    }
}
