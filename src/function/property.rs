//! Properties: what a value of some kind can be asked with a dot. Objects have none: a property
//! of theirs would answer for a field that is missing.

use std::cmp::Ordering;

use super::operators::{add, compare};
use super::text::slug;
use crate::lang::{Kind, Spec};
use crate::value::words::a_kind;
use crate::value::{Number, Value};

const fn of(kind: &'static str, name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Property, kind, name, summary).example(example)
}

/// The names of this room.
pub const SPECS: &[Spec] = &[
    of("list", "count", "how many elements there are", "expect body.lines.count == 2"),
    of(
        "list",
        "first",
        "the first element; an error when there is none",
        "expect body.lines.first.sku == \"tea\"",
    ),
    of(
        "list",
        "last",
        "the last element; an error when there is none",
        "expect body.lines.last.sku == \"tea\"",
    ),
    of(
        "list",
        "sorted",
        "in ascending order; the elements must have one",
        "expect body.tags.sorted == [\"a\", \"b\"]",
    ),
    of("list", "reversed", "in reverse order", "expect body.seqs.reversed == [3, 2, 1]"),
    of(
        "list",
        "unique",
        "without repetitions; the first of equal elements stays",
        "expect orders[*].id.unique.count == 3",
    ),
    of(
        "list",
        "sum",
        "the sum of numbers or durations; 0 when there are none",
        "expect body.lines[*].price.sum == body.total",
    ),
    of("list", "min", "the least element; an error when there is none", "expect latencies.min > 0s"),
    of("list", "max", "the greatest element; an error when there is none", "expect latencies.max < 1s"),
    of("text", "length", "how many characters there are", "expect body.name.length <= 80"),
    of("text", "size", "how many bytes of UTF-8 there are", "expect body.name.size <= 255"),
    of(
        "text",
        "slug",
        "lower-case letters and digits, words joined by hyphens",
        "email: \"${.name.slug}@example.test\"",
    ),
    of("text", "upper", "in upper case", "expect body.state.upper == \"PAID\""),
    of("text", "lower", "in lower case", "expect headers.server.lower contains \"shop\""),
    of("bytes", "size", "how many bytes there are", "expect body.size < 1MiB"),
    of("duration", "seconds", "how many seconds, exactly", "expect latency.seconds < 0.5"),
    of("duration", "milliseconds", "how many milliseconds, exactly", "expect latency.milliseconds < 500"),
];

/// The properties of a value's kind, for did-you-mean.
pub fn property_names(value: &Value) -> Vec<&'static str> {
    let kind = if items(value).is_some() { "list" } else { value.kind() };
    SPECS.iter().filter(|spec| spec.of == kind).map(|spec| spec.name).collect()
}

/// A property of a value, such as `.count` of a list; `None` when values of its kind have none of
/// that name. Fields of objects and of live things come first and are the caller's.
pub fn property(value: &Value, name: &str) -> Option<Result<Value, String>> {
    match value {
        Value::Text(text) => {
            let derived = |text_out: String| Ok(Value::text_with(text_out, text.secret));
            Some(match name {
                "length" => Ok(count(text.text.chars().count())),
                "size" => Ok(count(text.text.len())),
                "slug" => derived(slug(&text.text)),
                "upper" => derived(text.text.to_uppercase()),
                "lower" => derived(text.text.to_lowercase()),
                _ => return None,
            })
        }
        Value::Bytes(bytes) if name == "size" => Some(Ok(count(bytes.bytes.len()))),
        Value::Duration(nanos) => {
            let unit = match name {
                "seconds" => 1_000_000_000i128,
                "milliseconds" => 1_000_000,
                _ => return None,
            };
            let number = Number::Int(i128::from(*nanos)).div(&Number::Int(unit));
            Some(number.map(Value::Number).map_err(|error| error.to_string()))
        }
        value => of_list(&items(value)?, name),
    }
}

fn items(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(items) => Some(items.to_vec()),
        Value::Live(live) => live.items(),
        _ => None,
    }
}

fn of_list(items: &[Value], name: &str) -> Option<Result<Value, String>> {
    let or_empty =
        |item: Option<&Value>| item.cloned().ok_or_else(|| format!("an empty list has no `.{name}`"));
    Some(match name {
        "count" => Ok(count(items.len())),
        "first" => or_empty(items.first()),
        "last" => or_empty(items.last()),
        "reversed" => Ok(Value::list(items.iter().rev().cloned().collect())),
        "sorted" => sorted(items).map(Value::list),
        "unique" => Ok(Value::list(unique(items))),
        "sum" => match items.split_first() {
            None => Ok(Value::int(0)),
            Some((first @ (Value::Number(_) | Value::Duration(_)), rest)) => {
                rest.iter().try_fold(first.clone(), |sum, item| add(&sum, item))
            }
            Some((other, _)) => Err(format!("`.sum` adds numbers or durations, not {}", a_kind(other))),
        },
        "min" => sorted(items).and_then(|sorted| or_empty(sorted.first())),
        "max" => sorted(items).and_then(|sorted| or_empty(sorted.last())),
        _ => return None,
    })
}

fn count(count: usize) -> Value {
    Value::int(count as i128)
}

fn unique(items: &[Value]) -> Vec<Value> {
    let mut index = crate::shape::Index::default();
    let mut kept: Vec<Value> = Vec::new();
    for item in items {
        if index.find(item, |at| &kept[at]).is_none() {
            index.add(item, kept.len());
            kept.push(item.clone());
        }
    }
    kept
}

/// In ascending order; equal elements keep theirs.
fn sorted(items: &[Value]) -> Result<Vec<Value>, String> {
    let mut trouble = None;
    let mut sorted = items.to_vec();
    if let [only] = items {
        compare(only, only)?;
    }
    sorted.sort_by(|a, b| match compare(a, b) {
        Ok(Some(order)) => order,
        Ok(None) => {
            trouble.get_or_insert_with(|| "NaN has no order".to_owned());
            Ordering::Equal
        }
        Err(why) => {
            trouble.get_or_insert(why);
            Ordering::Equal
        }
    });
    match trouble {
        Some(why) => Err(why),
        None => Ok(sorted),
    }
}
