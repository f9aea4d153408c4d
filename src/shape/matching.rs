//! Matching: every path at which a value does not fit a pattern, with what should be there and
//! what is.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use super::describe::describe_short;
use super::diff::{Mode, equal, leaf, shown};
use super::order::compare;
use super::walk::Walk;
use super::{
    Comparison, Difference, Differences, Judge, MapPattern, ObjectPattern, Pattern, distinct, pairing, types,
};
use crate::value::words::a_kind;
use crate::value::{Object, Value};

/// Every path at which the value does not fit the pattern; empty when it fits.
pub fn mismatches(pattern: &Pattern, value: &Value) -> Differences {
    let mut walk = Walk::new();
    fit(pattern, value, Place { here: value, open: false }, &mut walk);
    walk.finish()
}

/// The same with literal objects open, as in the operands of `contains` and `has`.
pub fn mismatches_open(pattern: &Pattern, value: &Value) -> Differences {
    let mut walk = Walk::new();
    fit(pattern, value, Place { here: value, open: true }, &mut walk);
    walk.finish()
}

/// Whether the value fits; stops at the first difference. What cannot be judged does not fit.
pub fn fits(pattern: &Pattern, value: &Value) -> bool {
    let mut walk = Walk::quick();
    fit(pattern, value, Place { here: value, open: false }, &mut walk);
    walk.finish().is_empty()
}

/// What a value lacks of the operand of `contains`. A text contains a text, or a place where a
/// regex matches; bytes contain bytes. A list contains an element that fits, and of a list as
/// operand one element for each of its patterns, found by maximum matching. An object contains
/// another's fields. Objects in the operand are open, except named shapes, which are as open as
/// they say.
pub fn contains(pattern: &Pattern, value: &Value) -> Differences {
    let mut walk = Walk::new();
    let items;
    let value = match value {
        Value::Live(live) => match live.items() {
            Some(records) => {
                items = Value::list(records);
                &items
            }
            None => value,
        },
        value => value,
    };
    let place = Place { here: value, open: true };
    match value {
        Value::Text(text) => text_contains(pattern, value, &text.text, &mut walk),
        Value::Bytes(bytes) => bytes_contain(pattern, value, &bytes.bytes, &mut walk),
        Value::List(items) => {
            let operand = operand_items(pattern);
            choose(&operand, items, true, "contains", place, &mut walk);
        }
        Value::Object(_) => match pattern {
            Pattern::Object(_) | Pattern::Named(..) | Pattern::Equals(Value::Object(_)) => {
                fit(pattern, value, place, &mut walk);
            }
            _ => walk.invalid(format!(
                "an object contains the fields of another, such as `contains {{ id: 1 }}`; `{}` is none",
                describe_short(pattern)
            )),
        },
        Value::Range(range) => match pattern {
            Pattern::Equals(wanted) if range_fits(&range.0, &range.1, wanted) => {}
            Pattern::Equals(wanted) => leaf(wanted, value, &mut walk),
            _ => walk.invalid("a range contains values, not patterns"),
        },
        Value::Absent => walk.differ(|| (describe_short(pattern), "absent".into())),
        value => walk.invalid(format!(
            "`contains` looks into texts, bytes, lists and objects, not into {}",
            a_kind(value)
        )),
    }
    walk.finish()
}

/// The patterns of which each needs its own element.
fn operand_items(pattern: &Pattern) -> Vec<Pattern> {
    match pattern {
        Pattern::List(items, _) | Pattern::Unordered(items, _) => items.clone(),
        Pattern::Equals(Value::List(items)) => items.iter().cloned().map(Pattern::Equals).collect(),
        single => vec![single.clone()],
    }
}

fn text_contains(pattern: &Pattern, value: &Value, text: &str, walk: &mut Walk) {
    let found = match pattern {
        Pattern::Equals(Value::Text(part)) => text.contains(&*part.text),
        Pattern::Regex(regex) | Pattern::Equals(Value::Regex(regex)) => regex.is_match(text),
        Pattern::Union(parts) => parts.iter().any(|part| {
            let mut branch = walk.branch(true);
            text_contains(part, value, text, &mut branch);
            walk.back(branch).is_empty()
        }),
        Pattern::Named(_, inner) => return text_contains(inner, value, text, walk),
        other => {
            let other = describe_short(other);
            return walk.invalid(format!("a text contains a text or a regex; `{other}` is neither"));
        }
    };
    if !found {
        walk.differ(|| (format!("a text that contains {}", describe_short(pattern)), shown(value)));
    }
}

fn bytes_contain(pattern: &Pattern, value: &Value, bytes: &[u8], walk: &mut Walk) {
    let part = match pattern {
        Pattern::Equals(Value::Bytes(part)) => &part.bytes[..],
        Pattern::Equals(Value::Text(part)) => part.text.as_bytes(),
        other => {
            let other = describe_short(other);
            return walk.invalid(format!("bytes contain bytes or a text; `{other}` is neither"));
        }
    };
    let found = part.is_empty() || bytes.windows(part.len()).any(|window| window == part);
    if !found {
        walk.differ(|| (format!("bytes that contain {}", describe_short(pattern)), shown(value)));
    }
}

/// What surrounds a part.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The nearest object around it, which computed parts look at.
    here: &'a Value,
    /// Whether literal objects may have other fields.
    open: bool,
}

impl<'a> Place<'a> {
    /// Inside this object.
    pub(super) fn around<'b>(self, here: &'b Value) -> Place<'b>
    where
        'a: 'b,
    {
        Place { here, ..self }
    }
}

/// Whether a part fits where it stands.
pub(super) fn fits_at(pattern: &Pattern, value: &Value, place: Place<'_>) -> bool {
    let mut walk = Walk::quick();
    fit(pattern, value, place, &mut walk);
    walk.finish().is_empty()
}

/// Compares a value with a pattern at the walk's path.
fn fit(pattern: &Pattern, value: &Value, place: Place<'_>, walk: &mut Walk) {
    if !walk.enter() {
        return;
    }
    match value {
        Value::Live(live) if !matches!(pattern, Pattern::Equals(Value::Live(_))) => match live.items() {
            Some(items) => fit_inner(pattern, &Value::list(items), place, walk),
            None => fit_inner(pattern, value, place, walk),
        },
        value => fit_inner(pattern, value, place, walk),
    }
    walk.leave();
}

fn fit_inner(pattern: &Pattern, value: &Value, place: Place<'_>, walk: &mut Walk) {
    let wrong = |walk: &mut Walk| walk.differ(|| (describe_short(pattern), with_kind(pattern, value)));
    match pattern {
        Pattern::Anything if !matches!(value, Value::Absent) => {}
        Pattern::Equals(expected) => equal(expected, value, Mode { open: place.open, pattern: true }, walk),
        Pattern::Compare(Comparison::Equal, expected) => {
            equal(expected, value, Mode { open: place.open, pattern: false }, walk);
        }
        Pattern::Compare(op, operand) => {
            if !compares(*op, value, operand) {
                wrong(walk);
            }
        }
        Pattern::Type(name, args) => match types::find(name) {
            Some(ty) if (ty.matches)(value, args) => {}
            Some(_) => wrong(walk),
            None => walk.invalid(format!("there is no built-in shape `{name}`")),
        },
        Pattern::Regex(regex) => match value.as_text().map(|text| whole_match(regex, text)) {
            Some(Ok(true)) => {}
            Some(Err(why)) => walk.invalid(why),
            _ => wrong(walk),
        },
        Pattern::Range(low, high) if range_fits(low, high, value) => {}
        Pattern::Union(parts) => union(pattern, parts, value, place, walk),
        Pattern::List(items, open) => match value.as_list() {
            Some(actual) => {
                list(items, *open, actual, place, walk);
                distinct::check(|at| items.get(at), actual, place, walk);
            }
            None => wrong(walk),
        },
        Pattern::Unordered(items, open) => match value.as_list() {
            Some(actual) => choose(items, actual, *open, "unordered", place, walk),
            None => wrong(walk),
        },
        Pattern::Sized(item, min, max) => match value.as_list() {
            Some(actual) => {
                sized(item, *min, *max, actual, place, walk);
                distinct::check(|_| Some(&**item), actual, place, walk);
            }
            None => wrong(walk),
        },
        Pattern::Object(object) => match value {
            Value::Object(_) => fields(object, value, place, walk),
            _ => wrong(walk),
        },
        Pattern::Absent if matches!(value, Value::Absent) => {}
        Pattern::Named(_, inner) => {
            // Of something that is no object at all, the shape's name says more than its fields.
            if matches!(**inner, Pattern::Object(_)) && !matches!(value, Value::Object(_)) {
                wrong(walk);
            } else {
                fit(inner, value, Place { open: false, ..place }, walk);
            }
        }
        Pattern::Derived(text, derive) => match derive.of(place.here) {
            Ok(expected) => equal(&expected, value, Mode { open: false, pattern: true }, walk),
            Err(why) => match derive.lacks(place.here) {
                Some(sibling) => walk.differ(|| {
                    (format!("{text}, of `.{sibling}`, which is not there"), super::diff::shown(value))
                }),
                None => walk.invalid(format!("`{text}` cannot be computed: {why}")),
            },
        },
        Pattern::All(parts) => {
            for part in parts {
                if !walk.is_done() {
                    fit(part, value, place, walk);
                }
            }
        }
        Pattern::Not(inner) | Pattern::Malformed(inner) => {
            let mut branch = walk.branch(true);
            fit(inner, value, place, &mut branch);
            let found = walk.back(branch);
            match found.invalid {
                Some(why) => walk.invalid(why),
                None if found.is_empty() || matches!(value, Value::Absent) => wrong(walk),
                None => {}
            }
        }
        Pattern::Map(map) => match value {
            Value::Object(entries) => self::map(map, entries, place, walk),
            _ => wrong(walk),
        },
        Pattern::Weighted(parts) => {
            let parts: Vec<Pattern> = parts.iter().map(|(_, part)| part.clone()).collect();
            union(pattern, &parts, value, place, walk);
        }
        Pattern::Unique(inner) | Pattern::Edges(inner, _) => fit(inner, value, place, walk),
        Pattern::Late(_, make) => fit(&make(), value, Place { open: false, ..place }, walk),
        Pattern::Judged(inner, judge) => judged(inner, judge, value, place, walk),
        Pattern::Anything | Pattern::Range(..) | Pattern::Absent => wrong(walk),
    }
}

/// The judge decides; what the pattern beside it says of a value that does not fit is easier to
/// read.
fn judged(inner: &Pattern, judge: &Judge, value: &Value, place: Place<'_>, walk: &mut Walk) {
    let found = judge(value);
    if found.is_empty() {
        return;
    }
    let mut branch = walk.branch(walk.is_quick());
    fit(inner, value, Place { open: false, ..place }, &mut branch);
    let shown = walk.back(branch);
    if !shown.is_empty() {
        return walk.found.append(shown);
    }
    for difference in found {
        let path = format!("{}{}", walk.path, difference.path);
        walk.found.push(|| Difference { path, ..difference });
    }
}

fn map(map: &MapPattern, entries: &Object, place: Place<'_>, walk: &mut Walk) {
    let count = entries.values().filter(|value| !matches!(value, Value::Absent)).count() as u64;
    if count < map.min || count > map.max {
        let wanted = match (map.min, map.max) {
            (min, u64::MAX) => format!("at least {min} entries"),
            (min, max) => format!("{min}..{max} entries"),
        };
        walk.differ(|| (wanted, format!("{count} entries")));
    }
    for (name, value) in entries.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
        if walk.is_done() {
            return;
        }
        walk.field(name, |walk| {
            let key = Value::text(name.clone());
            let mut branch = walk.branch(true);
            fit(&map.key, &key, place, &mut branch);
            if !walk.back(branch).is_empty() {
                walk.differ(|| (format!("a key that fits {}", describe_short(&map.key)), shown(&key)));
            }
            fit(&map.value, value, place, walk);
        });
    }
}

/// The value for a message, with its kind when the pattern is about another one.
fn with_kind(pattern: &Pattern, value: &Value) -> String {
    let shown = shown(value);
    let said = match pattern {
        Pattern::Range(low, _) => low.kind() == value.kind(),
        Pattern::Compare(_, operand) => operand.kind() == value.kind(),
        Pattern::Regex(_) => matches!(value, Value::Text(_)),
        Pattern::Type(name, _) => types::find(name).is_some_and(|ty| ty.kind == value.kind()),
        _ => false,
    };
    match value {
        Value::Number(_) | Value::Text(_) | Value::Bool(_) | Value::Duration(_) | Value::Bytes(_)
            if !said =>
        {
            format!("{shown} ({})", value.kind())
        }
        _ => shown,
    }
}

fn compares(op: Comparison, value: &Value, operand: &Value) -> bool {
    // Only `absent` speaks of what is not there.
    if matches!(value, Value::Absent) && !matches!(operand, Value::Absent) {
        return false;
    }
    let order = || compare(value, operand).ok().flatten();
    match op {
        Comparison::Equal => value == operand,
        Comparison::NotEqual => value != operand,
        Comparison::Less => order() == Some(Ordering::Less),
        Comparison::LessEqual => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order() == Some(Ordering::Greater),
        Comparison::GreaterEqual => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// Whether the value lies in the inclusive range; values of another kind do not.
pub(super) fn range_fits(low: &Value, high: &Value, value: &Value) -> bool {
    compares(Comparison::GreaterEqual, value, low) && compares(Comparison::LessEqual, value, high)
}

/// Whether the regex matches the whole text. Its own search prefers the first alternative to the
/// longest, so it is compiled once more with anchors around it.
pub(super) fn whole_match(regex: &Arc<regex::Regex>, text: &str) -> Result<bool, String> {
    static ANCHORED: LazyLock<Mutex<BTreeMap<String, Arc<regex::Regex>>>> = LazyLock::new(Mutex::default);
    let source = regex.as_str();
    let known = ANCHORED.lock().ok().and_then(|known| known.get(source).cloned());
    let anchored = match known {
        Some(anchored) => anchored,
        None => {
            // The newline ends a comment of the verbose mode, where white space means nothing.
            let compiled = regex::Regex::new(&format!(r"\A(?:{source})\z"))
                .or_else(|_| regex::Regex::new(&format!("\\A(?:{source}\n)\\z")))
                .map_err(|_| format!("re\"{source}\" cannot match a whole text"))?;
            let compiled = Arc::new(compiled);
            if let Ok(mut known) = ANCHORED.lock() {
                // Scenarios have few regexes; one that makes them without end gets no cache.
                if known.len() < 1_000 {
                    known.insert(source.to_owned(), compiled.clone());
                }
            }
            compiled
        }
    };
    Ok(anchored.is_match(text))
}

/// Whether a field with this pattern may be missing.
fn accepts_absent(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Absent
        | Pattern::Equals(Value::Absent)
        | Pattern::Compare(Comparison::Equal, Value::Absent) => true,
        Pattern::Union(parts) => parts.iter().any(accepts_absent),
        Pattern::Named(_, inner) => accepts_absent(inner),
        Pattern::Weighted(parts) => parts.iter().any(|(_, part)| accepts_absent(part)),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) => accepts_absent(inner),
        Pattern::All(parts) => !parts.is_empty() && parts.iter().all(accepts_absent),
        _ => false,
    }
}

fn fields(object: &ObjectPattern, value: &Value, place: Place<'_>, walk: &mut Walk) {
    let place = Place { here: value, ..place };
    walk.object(
        object.fields.iter().map(|field| (&field.name, field)),
        value,
        object.open || place.open,
        |field| (field.optional || accepts_absent(&field.pattern), describe_short(&field.pattern)),
        |field, value, walk| fit(&field.pattern, value, place, walk),
    );
    if let (Some(rest), Value::Object(entries)) = (&object.rest, value) {
        let known: BTreeSet<&str> = object.fields.iter().map(|field| &*field.name).collect();
        for (name, value) in entries.iter().filter(|(name, _)| !known.contains(&***name)) {
            if !matches!(value, Value::Absent) {
                walk.field(name, |walk| fit(rest, value, place, walk));
            }
        }
    }
    for group in &object.exclusive {
        let there: Vec<&str> = group.iter().map(|name| &**name).filter(|name| has(value, name)).collect();
        if there.len() > 1 {
            walk.differ(|| (format!("at most one of {}", group.join(", ")), there.join(" and ")));
        }
    }
}

fn has(object: &Value, name: &str) -> bool {
    object
        .as_object()
        .and_then(|fields| fields.get(name))
        .is_some_and(|value| !matches!(value, Value::Absent))
}

fn union(pattern: &Pattern, parts: &[Pattern], value: &Value, place: Place<'_>, walk: &mut Walk) {
    let mut nearest: Option<((bool, usize), &Pattern, Differences)> = None;
    for part in parts {
        let mut branch = walk.branch(walk.is_quick());
        fit(part, value, place, &mut branch);
        let found = walk.back(branch);
        if found.is_empty() {
            return;
        }
        if let Some(why) = found.invalid {
            return walk.invalid(why);
        }
        let distance = walk.distance(&found);
        if nearest.as_ref().is_none_or(|(least, ..)| distance < *least) {
            nearest = Some((distance, part, found));
        }
    }
    match nearest {
        // Branches that agree on the kind of thing: show what the nearest one misses.
        Some(((false, _), part, found)) => {
            let near = describe_short(part);
            walk.differ(|| (describe_short(pattern), format!("nearest to {near}, except for:")));
            walk.found.append(found);
        }
        _ => walk.differ(|| (describe_short(pattern), with_kind(pattern, value))),
    }
}

fn list(items: &[Pattern], open: bool, actual: &[Value], place: Place<'_>, walk: &mut Walk) {
    for (i, item) in items.iter().enumerate() {
        if walk.is_done() {
            return;
        }
        walk.index(i, |walk| match actual.get(i) {
            Some(value) => fit(item, value, place, walk),
            None if accepts_absent(item) => {}
            None => walk.differ(|| (describe_short(item), "no such element".into())),
        });
    }
    if !open {
        for (i, extra) in actual.iter().enumerate().skip(items.len()) {
            walk.index(i, |walk| walk.differ(|| ("no such element".into(), shown(extra))));
        }
    }
}

fn sized(item: &Pattern, min: u64, max: u64, actual: &[Value], place: Place<'_>, walk: &mut Walk) {
    let count = actual.len() as u64;
    if count < min || count > max {
        let wanted = match (min, max) {
            (min, max) if min == max => elements(min),
            (min, u64::MAX) => format!("at least {}", elements(min)),
            (min, max) => format!("{min}..{}", elements(max)),
        };
        walk.differ(|| (wanted, elements(count)));
    }
    for (i, value) in actual.iter().enumerate() {
        if walk.is_done() {
            return;
        }
        walk.index(i, |walk| fit(item, value, place, walk));
    }
}

fn elements(count: u64) -> String {
    if count == 1 { "1 element".into() } else { format!("{count} elements") }
}

/// Every pattern needs its own element; with `open`, other elements may be there too.
fn choose(items: &[Pattern], actual: &[Value], open: bool, word: &str, place: Place<'_>, walk: &mut Walk) {
    let mut candidates = Vec::with_capacity(items.len());
    for item in items {
        let mut fitting = Vec::new();
        for (i, value) in actual.iter().enumerate() {
            let mut branch = walk.branch(true);
            fit(item, value, place, &mut branch);
            let found = walk.back(branch);
            if let Some(why) = found.invalid {
                return walk.invalid(why);
            }
            if found.is_empty() {
                fitting.push(i);
            }
        }
        candidates.push(fitting);
    }
    let got = pairing::pair(&candidates, actual.len());
    let mut free = vec![true; actual.len()];
    got.iter().flatten().for_each(|&i| free[i] = false);
    for (item, got) in got.iter().enumerate() {
        if got.is_none() && !walk.is_done() {
            lacking(&items[item], &candidates[item], actual, &free, word, place, walk);
        }
    }
    if !open {
        for (i, _) in free.iter().enumerate().filter(|&(_, free)| *free) {
            walk.index(i, |walk| walk.differ(|| ("no such element".into(), shown(&actual[i]))));
        }
    }
}

/// Says that a pattern got no element, and what the nearest one lacks.
fn lacking(
    item: &Pattern,
    fitting: &[usize],
    actual: &[Value],
    free: &[bool],
    word: &str,
    place: Place<'_>,
    walk: &mut Walk,
) {
    if walk.is_quick() {
        return walk.differ(Default::default);
    }
    let wanted = || format!("an element that fits {}", describe_short(item));
    if !fitting.is_empty() {
        let taken: Vec<String> = fitting.iter().take(5).map(|i| format!("[{i}]")).collect();
        let taken = taken.join(", ");
        let why = format!(
            "only {taken}, which the other patterns of `{word}` need: each needs an element of its own"
        );
        return walk.differ(|| (wanted(), why));
    }
    // Elements that nothing else took are the likelier ones; a long list is not searched to its end.
    let mut order: Vec<usize> = (0..actual.len()).take(1_000).collect();
    order.sort_by_key(|&i| !free[i]);
    let mut nearest: Option<((bool, usize), usize, Differences)> = None;
    for i in order {
        let mut branch = walk.branch(false);
        let mut distance = (true, 0);
        branch.index(i, |branch| {
            fit(item, &actual[i], place, branch);
            distance = branch.distance(&branch.found);
        });
        let found = walk.back(branch);
        if nearest.as_ref().is_none_or(|(least, ..)| distance < *least) {
            nearest = Some((distance, i, found));
        }
    }
    let count = elements(actual.len() as u64);
    match nearest {
        None => walk.differ(|| (wanted(), "no elements".into())),
        Some(((true, _), ..)) => {
            walk.differ(|| (wanted(), format!("none of {count}: {}", shown(&Value::list(actual.to_vec())))))
        }
        Some((_, i, found)) => {
            walk.differ(|| (wanted(), format!("none of {count}; the nearest is [{i}], except for:")));
            walk.found.append(found);
        }
    }
}
