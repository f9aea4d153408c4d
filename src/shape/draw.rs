//! Drawing: a value of a shape as a pure function of a key, whatever else runs and in whatever
//! order. The bits come from SHA-256 in counter mode, so they are the same on every machine and in
//! every version of every library.

mod regex;
mod stream;
mod ty;

use std::cell::Cell;
use std::sync::Arc;

use ::regex::Regex;
use ring::digest::{Context, SHA256};

use super::describe::describe_short;
use super::matching::fits;
use super::{Comparison, FieldPattern, Pattern};
use crate::value::{Number, Object, Value};
use stream::Stream;

/// A list without an upper bound, or with a far one, is drawn at most this much longer than its
/// least length.
const LONGER: u64 = 10;
/// Shapes nested deeper than this are taken for endless.
const MAX_DEPTH: usize = 64;
/// No list is drawn longer.
const MAX_ELEMENTS: u64 = 100_000;

/// No draw has more parts in all: nested lists multiply.
const MAX_PARTS: u64 = 1_000_000;

/// Names one draw: the seed and every part of the place where it stands. Two draws with the same
/// key give the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawKey([u8; 32]);

impl DrawKey {
    /// The key of a run.
    pub fn new(seed: u64) -> DrawKey {
        DrawKey([0; 32]).with(seed.to_string())
    }

    /// The key of a part: a module, a title, a call, a draw site, an index. The parts of a key
    /// keep their limits: `a` and `bc` is not `ab` and `c`.
    #[must_use]
    pub fn with(&self, part: impl AsRef<[u8]>) -> DrawKey {
        let part = part.as_ref();
        let mut context = Context::new(&SHA256);
        context.update(&self.0);
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        DrawKey(key)
    }

    /// A number below `bound`, each with the same chance; 0 when the bound is 0.
    pub(crate) fn below(&self, bound: u128) -> u128 {
        self.stream().below(bound)
    }

    fn stream(&self) -> Stream {
        Stream::new(self.0)
    }
}

/// Draws a value that fits the pattern. Errors: nothing can be drawn of it, such as of `anything`
/// or of a comparison with a text.
pub fn draw(pattern: &Pattern, key: &DrawKey) -> Result<Value, String> {
    part(pattern, key, &Value::Absent, 0, &Cell::new(MAX_PARTS))
}

/// `here` is the nearest object around, as far as it is drawn; `left` is how many parts may still
/// be drawn.
fn part(
    pattern: &Pattern,
    key: &DrawKey,
    here: &Value,
    depth: usize,
    left: &Cell<u64>,
) -> Result<Value, String> {
    if depth > MAX_DEPTH {
        return Err(format!("the shape is nested more than {MAX_DEPTH} deep: does it contain itself?"));
    }
    left.set(left.get().checked_sub(1).ok_or_else(|| {
        format!("a value of more than {MAX_PARTS} parts is not drawn: make its lists shorter")
    })?);
    let deeper = |pattern: &Pattern, key: &DrawKey| part(pattern, key, here, depth + 1, left);
    match pattern {
        Pattern::Equals(Value::Regex(source)) | Pattern::Regex(source) => text_of(source, key),
        Pattern::Equals(Value::Range(range)) => ty::in_range(&range.0, &range.1, &mut key.stream()),
        Pattern::Equals(value) | Pattern::Compare(Comparison::Equal, value) => Ok(value.clone()),
        Pattern::Compare(op, Value::Number(bound)) => compared(*op, bound, key),
        Pattern::Type(name, args) => ty::draw(name, args, &mut key.stream()),
        Pattern::Range(low, high) => ty::in_range(low, high, &mut key.stream()),
        Pattern::Union(parts) if parts.is_empty() => Err("a union of nothing has no values".to_owned()),
        Pattern::Union(parts) => {
            let choice = key.with("choice").stream().below(parts.len() as u128) as usize;
            deeper(&parts[choice], &key.with("part"))
        }
        Pattern::List(items, _) | Pattern::Unordered(items, _) => {
            let drawn = items.iter().enumerate().map(|(i, item)| deeper(item, &key.with(i.to_string())));
            drawn.collect::<Result<Vec<Value>, String>>().map(Value::list)
        }
        Pattern::Sized(item, min, max) => {
            if *min > MAX_ELEMENTS {
                return Err(format!("a list of more than {MAX_ELEMENTS} elements is not drawn"));
            }
            let most = (*max).min(min + LONGER).max(*min);
            let count = min + key.with("length").stream().below(u128::from(most - min) + 1) as u64;
            let drawn = (0..count).map(|i| deeper(item, &key.with(i.to_string())));
            drawn.collect::<Result<Vec<Value>, String>>().map(Value::list)
        }
        Pattern::Object(shape) => object(&shape.fields, key, depth, left),
        Pattern::Absent => Ok(Value::Absent),
        Pattern::Named(name, inner) => deeper(inner, key).map_err(|why| match why.starts_with('`') {
            true => why,
            false => format!("`{name}`: {why}"),
        }),
        Pattern::Derived(text, derive) => {
            derive(here).map_err(|why| format!("`{text}` cannot be computed: {why}"))
        }
        Pattern::Weighted(parts) => {
            let total: u128 = parts.iter().map(|(weight, _)| u128::from(*weight)).sum();
            let mut at = key.with("choice").stream().below(total);
            for (weight, part) in parts {
                match at.checked_sub(u128::from(*weight)) {
                    Some(left) => at = left,
                    None => return deeper(part, &key.with("part")),
                }
            }
            Err("a choice of nothing has no values".to_owned())
        }
        Pattern::Unique(inner) | Pattern::Edges(inner, _) => deeper(inner, key),
        Pattern::Late(_, make) => deeper(&make(), key),
        Pattern::Judged(inner, judge) => (0..100)
            .map(|attempt| deeper(inner, &key.with(format!("try {attempt}"))))
            .find(|drawn| drawn.as_ref().map_or(true, |value| judge(value).is_empty()))
            .unwrap_or_else(|| Err("no value was found that fits".to_owned())),
        Pattern::Map(map) => {
            let most = map.max.min(map.min + LONGER).max(map.min);
            let count = map.min + key.with("length").stream().below(u128::from(most - map.min) + 1) as u64;
            let mut entries = Object::new();
            for i in 0..count {
                let own = key.with(i.to_string());
                let name = deeper(&map.key, &own.with("key"))?;
                let name = name.as_text().ok_or("a key is a text")?;
                entries.insert(name.into(), deeper(&map.value, &own.with("value"))?);
            }
            Ok(Value::Object(Arc::new(entries)))
        }
        Pattern::Not(inner) => super::near_miss::near_miss(inner, key),
        Pattern::Malformed(inner) => super::malformed::malformed(inner, key),
        Pattern::All(_)
        | Pattern::Anything
        | Pattern::Compare(..) => {
            Err(format!("nothing can be drawn of `{}`: say more about it", describe_short(pattern)))
        }
    }
}

/// Fields first that stand for themselves, then those that are computed from their siblings, in
/// whatever order they need each other.
fn object(fields: &[FieldPattern], key: &DrawKey, depth: usize, budget: &Cell<u64>) -> Result<Value, String> {
    let mut drawn: Vec<Option<Value>> = vec![None; fields.len()];
    let mut waiting: Vec<usize> = Vec::new();
    for (i, field) in fields.iter().enumerate() {
        let own = key.with(&*field.name);
        if field.optional && own.with("there").stream().below(2) == 0 {
            drawn[i] = Some(Value::Absent);
        } else if computes(&field.pattern) {
            waiting.push(i);
        } else {
            drawn[i] = Some(within(field, &own, &Value::Absent, depth, budget)?);
        }
    }
    while !waiting.is_empty() {
        let here = gather(fields, &drawn);
        let mut stuck = None;
        let mut left = Vec::new();
        for &i in &waiting {
            match within(&fields[i], &key.with(&*fields[i].name), &here, depth, budget) {
                Ok(value) => drawn[i] = Some(value),
                Err(why) => {
                    stuck.get_or_insert(why);
                    left.push(i);
                }
            }
        }
        if left.len() == waiting.len()
            && let Some(why) = stuck
        {
            return Err(why);
        }
        waiting = left;
    }
    Ok(gather(fields, &drawn))
}

fn within(
    field: &FieldPattern,
    key: &DrawKey,
    here: &Value,
    depth: usize,
    left: &Cell<u64>,
) -> Result<Value, String> {
    part(&field.pattern, key, here, depth + 1, left).map_err(|why| match why.starts_with("`.") {
        true => format!("`.{}{}", field.name, &why[1..]),
        false => format!("`.{}`: {why}", field.name),
    })
}

fn gather(fields: &[FieldPattern], drawn: &[Option<Value>]) -> Value {
    let there = fields.iter().zip(drawn).filter_map(|(field, value)| match value {
        None | Some(Value::Absent) => None,
        Some(value) => Some((field.name.clone(), value.clone())),
    });
    Value::Object(Arc::new(there.collect::<Object>()))
}

/// Whether a part looks at its siblings; objects inside it have siblings of their own.
fn computes(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Derived(..) => true,
        Pattern::Union(parts) | Pattern::List(parts, _) | Pattern::Unordered(parts, _) => {
            parts.iter().any(computes)
        }
        Pattern::Sized(item, ..) => computes(item),
        Pattern::Named(_, inner) => computes(inner),
        _ => false,
    }
}

fn compared(op: Comparison, bound: &Number, key: &DrawKey) -> Result<Value, String> {
    let step = Number::Int(key.stream().below(1_000) as i128 + 1);
    let moved = match op {
        Comparison::Greater | Comparison::GreaterEqual | Comparison::NotEqual | Comparison::Equal => {
            bound.add(&step)
        }
        Comparison::Less | Comparison::LessEqual => bound.sub(&step),
    };
    moved.map(Value::Number).map_err(|error| error.to_string())
}

/// A text that the whole regex matches: look-arounds of words can refuse what was drawn, so a few
/// more are tried.
fn text_of(source: &Arc<Regex>, key: &DrawKey) -> Result<Value, String> {
    for attempt in 0..50 {
        let text = Value::text(regex::text(source.as_str(), &mut key.with(attempt.to_string()).stream())?);
        if fits(&Pattern::Regex(source.clone()), &text) {
            return Ok(text);
        }
    }
    Err(format!("no text was found that re\"{}\" matches", source.as_str()))
}

#[cfg(test)]
mod tests;
