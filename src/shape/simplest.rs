//! The simplest value of a shape: shortest, nearest to zero, of the simplest characters. And a
//! plain one, which is no limit of anything: shrinking tells by it which part is to blame.

use std::sync::Arc;

use regex_syntax::hir::{Class, Hir, HirKind};

use super::draw::{DrawKey, draw};
use super::matching::fits;
use super::order::compare;
use super::{Comparison, Pattern, choice, types};
use crate::value::{Number, Object, Value};

/// Which value is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taste {
    /// The simplest: `""`, 0, no element.
    Simplest,
    /// One that nobody would call an edge: `"a"`, 1, one element.
    Plain,
}

/// Shapes nested deeper have no simplest value: they may contain themselves.
const DEPTH: usize = 12;

/// A value that nobody would call an edge: `"a"`, 1, one element; `None` when none is known.
pub fn plain(pattern: &Pattern) -> Option<Value> {
    value_of(pattern, Taste::Plain)
}

/// A value of the pattern that suits the taste; `None` when none is known.
pub(super) fn value_of(pattern: &Pattern, taste: Taste) -> Option<Value> {
    let value = of(pattern, taste, 0)?;
    // Siblings that are computed are filled in by whoever changes the object around them.
    let whole = super::change::recompute(pattern, &value, 0)?;
    fits(pattern, &whole).then_some(whole)
}

fn of(pattern: &Pattern, taste: Taste, depth: usize) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    let deeper = |pattern: &Pattern| of(pattern, taste, depth + 1);
    match pattern {
        Pattern::Equals(Value::Regex(source)) | Pattern::Regex(source) => text_of(source, taste),
        Pattern::Equals(Value::Range(range)) => nearest(&range.0, &range.1, taste),
        Pattern::Equals(value) | Pattern::Compare(Comparison::Equal, value) => Some(value.clone()),
        Pattern::Range(low, high) => nearest(low, high, taste),
        Pattern::Type(name, args) => {
            of_type(name, args, taste).filter(|value| fits(pattern, value)).or_else(|| {
                // A built-in shape that this room does not know still has its draws.
                draw(pattern, &DrawKey::new(0)).ok()
            })
        }
        Pattern::Union(parts) => parts.iter().find_map(deeper),
        Pattern::Weighted(parts) => choice::drawn(parts).find_map(deeper),
        Pattern::List(items, _) | Pattern::Unordered(items, _) => {
            items.iter().map(deeper).collect::<Option<Vec<Value>>>().map(Value::list)
        }
        Pattern::Sized(item, min, max) => {
            let count = (*min).max(u64::from(taste == Taste::Plain).min(*max));
            if count == 0 {
                return Some(Value::list(Vec::new()));
            }
            if count > 1_000 {
                return None;
            }
            let item = deeper(item)?;
            Some(Value::list(vec![item; count as usize]))
        }
        Pattern::Object(object) => {
            let mut fields = Object::new();
            for field in object.fields.iter().filter(|field| !field.optional) {
                match deeper(&field.pattern)? {
                    Value::Absent => {}
                    value => {
                        fields.insert(field.name.clone(), value);
                    }
                }
            }
            Some(Value::Object(Arc::new(fields)))
        }
        Pattern::Map(map) => match map.min {
            0 => Some(Value::Object(Arc::default())),
            1 => {
                let key: Arc<str> = deeper(&map.key)?.as_text()?.into();
                Some(Value::object([(key, deeper(&map.value)?)]))
            }
            _ => None,
        },
        Pattern::Absent => Some(Value::Absent),
        Pattern::Named(_, inner) => deeper(inner),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => deeper(inner),
        Pattern::Late(_, make) => deeper(&make()),
        Pattern::All(parts) => parts.iter().find_map(deeper),
        // Computed when the object around it is complete.
        Pattern::Derived(..) => Some(Value::Null),
        Pattern::Compare(..) | Pattern::Anything | Pattern::Not(_) | Pattern::Malformed(_) => None,
    }
}

/// The bound nearest to zero, or zero itself.
fn nearest(low: &Value, high: &Value, taste: Taste) -> Option<Value> {
    let wanted = i128::from(taste == Taste::Plain);
    let wanted = match low {
        Value::Number(_) => Value::int(wanted),
        Value::Duration(_) => Value::Duration(wanted as i64 * 1_000_000_000),
        Value::Text(text) if text.text.contains('T') => Value::text("2000-01-01T00:00:00Z"),
        Value::Text(_) => Value::text("2000-01-01"),
        _ => return Some(low.clone()),
    };
    let before = compare(&wanted, low).ok()??;
    let after = compare(&wanted, high).ok()??;
    Some(if before.is_lt() {
        low.clone()
    } else if after.is_gt() {
        high.clone()
    } else {
        wanted
    })
}

fn of_type(name: &str, args: &Object, taste: Taste) -> Option<Value> {
    if let Some(Value::Range(range)) = args.get("range") {
        return nearest(&range.0, &range.1, taste);
    }
    let plain = usize::from(taste == Taste::Plain);
    let length = |least: usize| {
        let (min, max) = types::lengths(args).unwrap_or((least, usize::MAX));
        min.max(plain.min(max))
    };
    let version = args.get("version").and_then(Value::as_number).and_then(Number::to_usize);
    let text = match name {
        "int" | "decimal" | "number" => return Some(Value::int(plain as i128)),
        "bool" => return Some(Value::Bool(taste == Taste::Plain)),
        "duration" => return Some(Value::Duration(plain as i64 * 1_000_000_000)),
        "text" => repeated("a", length(0))?,
        "bytes" => return Some(Value::bytes(vec![plain as u8; Some(length(0)).filter(|n| *n <= LONGEST)?])),
        "list" => return Some(Value::list(vec![Value::Null; Some(length(0)).filter(|n| *n <= LONGEST)?])),
        "object" => return Some(Value::Object(Arc::default())),
        "hex" => repeated("0", length(0).next_multiple_of(2))?,
        "uuid" => format!("00000000-0000-{}000-8000-000000000000", version.unwrap_or(4)),
        "ulid" => "0".repeat(26),
        "email" => "a@example.test".to_owned(),
        "url" => "https://example.test/".to_owned(),
        "hostname" => "example.test".to_owned(),
        "ip" if version == Some(6) => "2001:db8::1".to_owned(),
        "ip" => "192.0.2.1".to_owned(),
        "datetime" => "2000-01-01T00:00:00Z".to_owned(),
        "date" => "2000-01-01".to_owned(),
        "time" => "00:00:00".to_owned(),
        "base64" | "base64url" => String::new(),
        "slug" | "person_name" | "company" | "address" | "sentence" => "a".to_owned(),
        "phone" => "+1 201 555 0100".to_owned(),
        _ => return None,
    };
    Some(Value::text(text))
}

/// No simplest text is longer.
const LONGEST: usize = 100_000;

fn repeated(piece: &str, count: usize) -> Option<String> {
    (count <= LONGEST).then(|| piece.repeat(count))
}

/// The shortest text along the regex, if it matches.
fn text_of(source: &Arc<regex::Regex>, taste: Taste) -> Option<Value> {
    let tree = regex_syntax::parse(source.as_str()).ok()?;
    let mut out = String::new();
    write(&tree, &mut out)?;
    let text = Value::text(out);
    let _ = taste;
    fits(&Pattern::Regex(source.clone()), &text).then_some(text)
}

fn write(tree: &Hir, out: &mut String) -> Option<()> {
    if out.len() > LONGEST {
        return None;
    }
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(()),
        HirKind::Literal(literal) => {
            out.push_str(std::str::from_utf8(&literal.0).ok()?);
            Some(())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges();
            let has =
                |wanted: &char| ranges.iter().any(|range| (range.start()..=range.end()).contains(wanted));
            out.push(['a', 'A', '0', ' '].into_iter().find(has).or_else(|| Some(ranges.first()?.start()))?);
            Some(())
        }
        HirKind::Class(Class::Bytes(class)) => {
            out.push(class.ranges().first()?.start().into());
            Some(())
        }
        HirKind::Repetition(repetition) => {
            (0..repetition.min).try_for_each(|_| write(&repetition.sub, out).ok_or(())).ok()
        }
        HirKind::Capture(capture) => write(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, out).ok_or(())).ok(),
        HirKind::Alternation(parts) => write(parts.first()?, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::FieldPattern;
    use crate::shape::ObjectPattern;
    use crate::value::show;

    fn simplest(pattern: &Pattern) -> String {
        value_of(pattern, Taste::Simplest).map_or("none".to_owned(), |value| show(&value))
    }

    fn ty(name: &'static str) -> Pattern {
        types::of_type(name, Object::new()).unwrap()
    }

    #[test]
    fn every_built_in_shape_that_can_be_drawn_has_a_simplest_value_that_fits() {
        for spec in types::SPECS {
            let Ok(pattern) = types::of_type(spec.name, Object::new()) else { continue };
            if draw(&pattern, &DrawKey::new(1)).is_err() {
                continue;
            }
            for taste in [Taste::Simplest, Taste::Plain] {
                let value = value_of(&pattern, taste);
                assert!(value.is_some_and(|value| fits(&pattern, &value)), "{}", spec.name);
            }
        }
    }

    #[test]
    fn the_simplest_is_nearest_to_zero_and_shortest() {
        let range = |low: i32, high: i32| Pattern::Range(Value::int(low), Value::int(high));
        assert_eq!(simplest(&range(-5, 5)), "0");
        assert_eq!(simplest(&range(3, 9)), "3");
        assert_eq!(simplest(&range(-9, -3)), "-3");
        assert_eq!(
            simplest(&Pattern::Regex(Arc::new(regex::Regex::new("[a-z]{3,8}x?|[0-9]").unwrap()))),
            "\"aaa\""
        );
        assert_eq!(simplest(&Pattern::Sized(Box::new(ty("int")), 2, 5)), "[0, 0]");
        assert_eq!(simplest(&Pattern::Anything), "none");
    }

    #[test]
    fn computed_siblings_are_computed() {
        let derive = super::super::Derive::new(["n"], |object: &Value| {
            Ok(Value::text(format!("<{}>", show(&object.as_object().unwrap()["n"]))))
        });
        let object = ObjectPattern {
            fields: vec![
                FieldPattern::new("n", false, ty("int")),
                FieldPattern::new("tag", false, Pattern::Derived("…".into(), derive)),
                FieldPattern::new("more", true, ty("text")),
            ],
            ..ObjectPattern::default()
        };
        assert_eq!(simplest(&Pattern::Object(object)), "{ n: 0, tag: \"<0>\" }");
    }
}
