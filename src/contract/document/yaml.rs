//! YAML 1.2 in its core schema, with the place of every part. An alias shares what it stands for,
//! and its parts are counted each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Data, Entries, Entry, MAX_DEPTH, Node, Wrong, bounded};
use crate::source::{SourceId, Span};
use crate::value::{Number, Value};

pub(super) fn parse(source: SourceId, text: &str) -> Result<Arc<Node>, Wrong> {
    let bare = text.strip_prefix('\u{feff}').unwrap_or(text);
    let places = Places::new(source, bare, text.len() - bare.len());
    let mut build = Build { open: Vec::new(), anchors: BTreeMap::new(), root: None };
    for event in Parser::new_from_str(bare) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().index();
            Wrong { span: places.span(at, at + 1), message: format!("this is no YAML: {}", error.info()) }
        })?;
        let span = places.span(span.start.index(), span.end.index());
        // The parser counts white space behind a text in.
        let written = text.get(span.start as usize..span.end as usize).unwrap_or_default();
        let span = Span { end: span.start + written.trim_end().len() as u32, ..span };
        build.event(event, span)?;
    }
    match build.root {
        Some(root) => Ok(root),
        None => Err(Wrong { span: places.span(0, 1), message: "the file is empty".to_owned() }),
    }
}

/// From places in characters to places in bytes.
struct Places {
    source: SourceId,
    /// The byte of each character; empty when each has one byte.
    bytes: Vec<usize>,
    length: usize,
    /// How many bytes come before them.
    before: usize,
}

impl Places {
    fn new(source: SourceId, text: &str, before: usize) -> Places {
        let bytes =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Places { source, bytes, length: text.len(), before }
    }

    fn byte(&self, index: usize) -> usize {
        let byte = match self.bytes.is_empty() {
            true => index.min(self.length),
            false => self.bytes.get(index).copied().unwrap_or(self.length),
        };
        self.before + byte
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.byte(start), self.byte(end.max(start)))
    }
}

/// A list or map that has not ended yet.
struct Open {
    span: Span,
    anchor: usize,
    kind: Kind,
}

enum Kind {
    List(Vec<Arc<Node>>),
    /// The entries, and a key that waits for its value.
    Map(Entries, Option<(Arc<str>, Span)>),
}

struct Build {
    open: Vec<Open>,
    /// What has an anchor, once it has ended.
    anchors: BTreeMap<usize, Arc<Node>>,
    root: Option<Arc<Node>>,
}

impl Build {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Wrong> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => Err(Wrong {
                span,
                message: "a contract is one document, and here a second begins".to_owned(),
            }),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(node) => self.put(node, span, None),
                None => {
                    Err(Wrong { span, message: "this alias stands within what it stands for".to_owned() })
                }
            },
            Event::Scalar(text, style, anchor, tag) => {
                let data = scalar(&text, style, tag.as_deref()).map_err(|message| Wrong { span, message })?;
                let node = Arc::new(Node::new(span, data));
                self.keep(anchor, &node);
                self.put(node, span, Some(&text))
            }
            Event::SequenceStart(anchor, _) => self.begin(span, anchor, Kind::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(span, anchor, Kind::Map(Entries::default(), None)),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, kind: Kind) -> Result<(), Wrong> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Wrong { span, message: format!("nested more than {MAX_DEPTH} deep") });
        }
        self.open.push(Open { span, anchor, kind });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Wrong> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let data = match open.kind {
            Kind::List(items) => Data::List(items),
            Kind::Map(entries, _) => Data::Map(entries.list),
        };
        let node = Arc::new(bounded(Node::new(open.span, data))?);
        self.keep(open.anchor, &node);
        self.put(node, open.span, None)
    }

    fn keep(&mut self, anchor: usize, node: &Arc<Node>) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
    }

    /// Puts a part where it belongs; `text` is how a scalar is written, which is what it is as a
    /// key: `200` is the key "200".
    fn put(&mut self, node: Arc<Node>, span: Span, text: Option<&str>) -> Result<(), Wrong> {
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(Kind::List(items)) => items.push(node),
            Some(Kind::Map(entries, key)) => match key.take() {
                Some((key, key_span)) => entries.add(Entry { key, key_span, value: node })?,
                None => {
                    let name: Arc<str> = match (text, node.text()) {
                        (_, Some(text)) => text.clone(),
                        (Some(text), None) => text.into(),
                        (None, None) => {
                            return Err(Wrong { span, message: "a key is a text".to_owned() });
                        }
                    };
                    if &*name == "<<" {
                        let message = "merge keys (`<<`) are no part of YAML 1.2, and are not read";
                        return Err(Wrong { span, message: message.to_owned() });
                    }
                    *key = Some((name, span));
                }
            },
        }
        Ok(())
    }
}

/// What a scalar is, as far as JSON has it too.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Data, String> {
    let value = match crate::catalog::yaml_scalar(text, style, tag) {
        // A hash of digits with an `e` among them is no number that anything could hold.
        Err(_) if tag.is_none() => return Ok(Data::Text(text.into())),
        value => value?,
    };
    Ok(match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(value),
        Value::Number(Number::Float { .. }) => return Err(format!("`{text}` is no number that JSON has")),
        Value::Number(number) => Data::Number(number),
        Value::Text(text) => Data::Text(text.text.clone()),
        // JSON has bytes in base64, as they are written here.
        _ => Data::Text(text.into()),
    })
}
