//! What every relation does with its subject: take its records, their keys and their groups.
//! A record that lacks a key is named, never skipped.

use super::{Claim, Verdict, note};
use crate::event::Detail;
use crate::shape::Index;
use crate::value::words::a_kind;
use crate::value::{Key, Value, show, show_short};

/// Values in details are cut in the middle to this many characters.
pub(super) const WIDTH: usize = 160;

/// A claim that cannot be judged.
pub(super) fn invalid(why: impl Into<String>) -> Verdict {
    Verdict::Invalid(vec![note(why)])
}

/// A sentence that shows why a claim does not hold, with the records it speaks of.
pub(super) fn fails(claim: &Claim<'_>, why: impl Into<String>, records: &[(usize, &Value)]) -> Verdict {
    Verdict::Fails(shows(claim, why, records))
}

/// A sentence with the subject's records it speaks of; each with where it came from and when, if the
/// subject is a history.
pub(super) fn shows(claim: &Claim<'_>, why: impl Into<String>, records: &[(usize, &Value)]) -> Vec<Detail> {
    let numbers = records.iter().map(|(at, _)| *at);
    let places = match &claim.origin {
        Some(origin) => origin.places(numbers),
        None => numbers.map(|at| format!("[{at}]")).collect(),
    };
    let shown = places
        .into_iter()
        .zip(records)
        .map(|(expression, (_, record))| Detail::Value { expression, value: show_short(record, WIDTH) });
    std::iter::once(note(why)).chain(shown).collect()
}

/// The records of the subject; none of them is an early verdict, as the claim says.
pub(super) fn records(claim: &Claim<'_>) -> Result<Vec<Value>, Verdict> {
    let records = list(claim.subject, "the subject")?;
    if records.is_empty() {
        return Err(nothing(claim, "there are no records: a relation over nothing shows nothing"));
    }
    Ok(records)
}

/// The elements of a list or history.
pub(super) fn list(value: Option<&Value>, what: &str) -> Result<Vec<Value>, Verdict> {
    match value {
        Some(Value::List(items)) => Ok(items.to_vec()),
        Some(Value::Live(live)) if live.items().is_some() => Ok(live.items().unwrap_or_default()),
        Some(other) => Err(invalid(format!("{what} is {}, not a list", a_kind(other)))),
        None => Err(invalid(format!("{what} is missing"))),
    }
}

/// The verdict over nothing: it holds only if the claim says `or_empty`.
pub(super) fn nothing(claim: &Claim<'_>, why: &str) -> Verdict {
    if claim.or_empty {
        Verdict::Holds
    } else {
        invalid(format!("{why}; end it with `or_empty` if that is fine"))
    }
}

/// The keys of all records; by default the records themselves.
pub(super) fn keys(records: &[Value], key: Option<&Key>) -> Result<Vec<Value>, Verdict> {
    let Some(key) = key else { return Ok(records.to_vec()) };
    let mut keys = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        let value = key.get(record);
        if lacks(&value) {
            return Err(lacking(at, key, record));
        }
        keys.push(value);
    }
    Ok(keys)
}

/// A record without its key.
pub(super) fn lacking(at: usize, key: impl std::fmt::Display, record: &Value) -> Verdict {
    let shown = Detail::Value { expression: format!("[{at}]"), value: show_short(record, WIDTH) };
    Verdict::Invalid(vec![note(format!("record [{at}] has no `{key}`")), shown])
}

fn lacks(key: &Value) -> bool {
    match key {
        Value::Absent => true,
        Value::List(parts) => parts.iter().any(lacks),
        _ => false,
    }
}

/// The records that are judged together.
#[derive(Debug)]
pub(super) struct Group {
    /// ` where .order_id is "a"`, or empty.
    pub(super) label: String,
    /// The positions of its records, in order.
    pub(super) members: Vec<usize>,
}

/// The groups of the records in the order of their first ones; one when there is no `per`.
pub(super) fn groups(records: &[Value], per: Option<&Key>) -> Result<Vec<Group>, Verdict> {
    let Some(key) = per else {
        return Ok(vec![Group { label: String::new(), members: (0..records.len()).collect() }]);
    };
    let keys = keys(records, per)?;
    let mut index = Index::default();
    let mut firsts: Vec<&Value> = Vec::new();
    let mut groups: Vec<Group> = Vec::new();
    for (at, value) in keys.iter().enumerate() {
        match index.find(value, |group| firsts[group]) {
            Some(group) => groups[group].members.push(at),
            None => {
                index.add(value, groups.len());
                firsts.push(value);
                groups.push(Group { label: format!(" where `{key}` is {}", show(value)), members: vec![at] });
            }
        }
    }
    Ok(groups)
}

/// The key as a message names it: `` `.seq` ``, or the record.
pub(super) fn key_name(by: Option<&Key>) -> String {
    by.map_or_else(|| "the value".to_owned(), |key| format!("`{key}`"))
}
