//! The changes that shrinking tries on a value, guided by its shape: structure first, then size,
//! then value. Whether the result fits is asked afterwards, so a move may be bold.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::change::{At, Change, Move};
use super::matching::fits;
use super::shrink::DEPTH;
use super::simplest::{Taste, value_of};
use super::{ObjectPattern, Pattern, choice, smaller};
use crate::value::{Object, Value};

/// Lists and objects up to this size are tried without each single part.
const EACH: usize = 64;

/// The built-in shapes whose texts have a form that their simplest one shows.
const FORMED: &[&str] =
    &["uuid", "ulid", "email", "url", "hostname", "ip", "datetime", "date", "time", "phone"];

/// Moves by what they do, gathered in one walk.
#[derive(Debug, Default)]
struct Moves {
    structure: Vec<Move>,
    size: Vec<Move>,
    value: Vec<Move>,
}

/// Every move towards a simpler value.
pub(super) fn simplifying(pattern: &Pattern, value: &Value) -> Vec<Move> {
    let mut moves = Moves::default();
    let mut path = Vec::new();
    moves.walk(pattern, value, &mut path);
    [moves.structure, moves.size, moves.value].concat()
}

/// Every move that makes one part plain.
pub(super) fn isolating(pattern: &Pattern, value: &Value) -> Vec<Move> {
    let mut moves = Vec::new();
    plain(pattern, value, &mut Vec::new(), &mut moves);
    moves
}

impl Moves {
    fn walk(&mut self, pattern: &Pattern, value: &Value, path: &mut Vec<At>) {
        if path.len() > DEPTH || matches!(value, Value::Absent) {
            return;
        }
        match pattern {
            Pattern::Named(_, inner) => self.walk(inner, value, path),
            Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => {
                self.walk(inner, value, path);
            }
            // What does not fit is kept; what does is made simpler beside it.
            Pattern::Not(inner) => self.walk(inner, value, path),
            Pattern::Late(_, make) => self.walk(&make(), value, path),
            Pattern::All(parts) => parts.iter().for_each(|part| self.walk(part, value, path)),
            Pattern::Union(parts) => self.branches(&parts.iter().collect::<Vec<_>>(), value, path),
            Pattern::Weighted(parts) => {
                self.branches(&choice::drawn(parts).collect::<Vec<_>>(), value, path);
            }
            Pattern::Equals(Value::Regex(_) | Value::Range(_)) => self.leaf(pattern, value, path),
            Pattern::Equals(_) | Pattern::Derived(..) | Pattern::Absent | Pattern::Malformed(_) => {}
            Pattern::Object(object) => match value {
                Value::Object(fields) => self.object(pattern, object, fields, path),
                _ => self.leaf(pattern, value, path),
            },
            Pattern::Map(map) => match value {
                Value::Object(entries) => {
                    let names: Vec<Arc<str>> = entries.keys().cloned().collect();
                    self.without(&names, value, path);
                    self.parts(entries, path, |_| Some(&map.value));
                }
                _ => self.leaf(pattern, value, path),
            },
            Pattern::Sized(item, least, _) => match value {
                Value::List(items) => {
                    let least = usize::try_from(*least).unwrap_or(usize::MAX);
                    self.shorter(items.len(), least, path);
                    self.elements(items, path, |_| Some(&**item));
                }
                _ => self.leaf(pattern, value, path),
            },
            Pattern::List(parts, _) | Pattern::Unordered(parts, _) => match value {
                Value::List(items) => {
                    self.shorter(items.len(), parts.len(), path);
                    self.elements(items, path, |i| parts.get(i));
                }
                _ => self.leaf(pattern, value, path),
            },
            _ => match value {
                Value::List(items) => {
                    self.shorter(items.len(), 0, path);
                    self.elements(items, path, |_| None);
                }
                Value::Object(fields) => {
                    let names: Vec<Arc<str>> = fields.keys().cloned().collect();
                    self.without(&names, value, path);
                    self.parts(fields, path, |_| None);
                }
                _ => self.leaf(pattern, value, path),
            },
        }
    }

    /// The branch that the value is of, and the simplest values of those before it.
    fn branches(&mut self, parts: &[&Pattern], value: &Value, path: &mut Vec<At>) {
        let own = parts.iter().position(|part| fits(part, value));
        for part in &parts[..own.unwrap_or(parts.len())] {
            let Some(simple) = value_of(part, Taste::Simplest).filter(|simple| simple != value) else {
                continue;
            };
            let deep = matches!(value, Value::Object(_) | Value::List(_));
            let moves = if deep { &mut self.structure } else { &mut self.value };
            moves.push(Move::put(path, simple));
        }
        if let Some(own) = own {
            self.walk(parts[own], value, path);
        }
    }

    fn object(&mut self, pattern: &Pattern, object: &ObjectPattern, fields: &Object, path: &mut Vec<At>) {
        let whole = Value::Object(Arc::new(fields.clone()));
        if let Some(simple) = value_of(pattern, Taste::Simplest).filter(|simple| *simple != whole) {
            self.structure.push(Move::put(path, simple));
        }
        let needed: BTreeSet<&str> =
            object.fields.iter().filter(|field| !field.optional).map(|field| &*field.name).collect();
        let spare: Vec<Arc<str>> = fields.keys().filter(|name| !needed.contains(&***name)).cloned().collect();
        self.without(&spare, &whole, path);
        let of =
            |name: &str| object.fields.iter().find(|field| *field.name == *name).map(|field| &field.pattern);
        for (name, part) in fields {
            let Some(pattern) = of(name) else { continue };
            if let Some(simple) = value_of(pattern, Taste::Simplest).filter(|simple| simple != part) {
                path.push(At::Field(name.clone()));
                self.structure.push(Move::put(path, simple));
                path.pop();
            }
        }
        self.parts(fields, path, of);
    }

    fn parts<'p>(&mut self, fields: &Object, path: &mut Vec<At>, of: impl Fn(&str) -> Option<&'p Pattern>) {
        for (name, part) in fields {
            path.push(At::Field(name.clone()));
            self.walk(of(name).unwrap_or(&Pattern::Anything), part, path);
            path.pop();
        }
    }

    fn elements<'p>(
        &mut self,
        items: &[Value],
        path: &mut Vec<At>,
        of: impl Fn(usize) -> Option<&'p Pattern>,
    ) {
        // Of a long list the first elements stand for the rest until it is shorter.
        for (i, item) in items.iter().enumerate().take(EACH) {
            path.push(At::Index(i));
            self.walk(of(i).unwrap_or(&Pattern::Anything), item, path);
            path.pop();
        }
    }

    /// Without these fields: all of them, the half of them, each of them.
    fn without(&mut self, names: &[Arc<str>], object: &Value, path: &[At]) {
        let Some(fields) = object.as_object() else { return };
        for (from, to) in spans(names.len()) {
            let gone: BTreeSet<&str> = names[from..to].iter().map(|name| &**name).collect();
            let kept = fields.iter().filter(|(name, _)| !gone.contains(&***name));
            let kept: Object = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
            self.structure.push(Move::put(path, Value::Object(Arc::new(kept))));
        }
    }

    /// Shorter lists, not below the least length.
    fn shorter(&mut self, length: usize, least: usize, path: &[At]) {
        if length <= least {
            return;
        }
        let mut drop = |from, to| {
            self.structure.push(Move { path: path.to_vec(), change: Change::Drop(from, to) });
        };
        drop(least, length);
        if least > 0 {
            drop(0, length - least);
        }
        for (from, to) in spans(length).filter(|(from, to)| length - (to - from) >= least) {
            drop(from, to);
        }
    }

    fn leaf(&mut self, pattern: &Pattern, value: &Value, path: &[At]) {
        let simple = value_of(pattern, Taste::Simplest);
        let smaller = match (pattern, value) {
            // A text with a form of its own is no simpler with other characters.
            (Pattern::Type(name, _), Value::Text(text)) if FORMED.contains(name) => {
                smaller::formed(&text.text, simple.as_ref().filter(|simple| *simple != value))
            }
            _ => smaller::of(value, simple.as_ref()),
        };
        self.size.extend(smaller.size.into_iter().map(|new| Move::put(path, new)));
        self.value.extend(smaller.value.into_iter().map(|new| Move::put(path, new)));
    }
}

/// Spans of a whole: all, the halves, the quarters …, each single one. Of a large whole, spans below
/// its 32nd parts are only taken from its end.
pub(super) fn spans(length: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut size = length;
    let sizes = std::iter::from_fn(move || {
        let now = size;
        size = if size > 1 { size.div_ceil(2) } else { 0 };
        (now > 0).then_some(now)
    });
    sizes.flat_map(move |size| {
        let all = length <= EACH || size > length / 64;
        let first = if all { 0 } else { length - size };
        (first..length).step_by(size).map(move |from| (from, (from + size).min(length)))
    })
}

fn plain(pattern: &Pattern, value: &Value, path: &mut Vec<At>, moves: &mut Vec<Move>) {
    if path.len() > DEPTH {
        return;
    }
    match (pattern, value) {
        (Pattern::Named(_, inner), _) => return plain(inner, value, path, moves),
        (Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _), _) => {
            return plain(inner, value, path, moves);
        }
        (Pattern::Late(_, make), _) => return plain(&make(), value, path, moves),
        (Pattern::Object(object), Value::Object(fields)) => {
            for (name, part) in fields.iter() {
                if let Some(field) = object.fields.iter().find(|field| field.name == *name) {
                    path.push(At::Field(name.clone()));
                    plain(&field.pattern, part, path, moves);
                    path.pop();
                }
            }
            return;
        }
        (Pattern::Sized(item, ..), Value::List(items)) if !items.is_empty() => {
            for (i, part) in items.iter().enumerate().take(EACH) {
                path.push(At::Index(i));
                plain(item, part, path, moves);
                path.pop();
            }
            return;
        }
        _ => {}
    }
    if let Some(new) = value_of(pattern, Taste::Plain).filter(|new| new != value) {
        moves.push(Move::put(path, new));
    }
    // Another branch may be innocent.
    let branches: Vec<&Pattern> = match pattern {
        Pattern::Union(parts) => parts.iter().collect(),
        Pattern::Weighted(parts) => choice::drawn(parts).collect(),
        _ => Vec::new(),
    };
    for branch in branches.into_iter().skip(1).take(EACH) {
        if let Some(new) = value_of(branch, Taste::Plain).filter(|new| new != value) {
            moves.push(Move::put(path, new));
        }
    }
}
