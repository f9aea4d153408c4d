//! `malformed(Order)`: what a careless or hostile sender makes of an order. Some are values that
//! do not fit; others are no values any more but bytes that break off or were corrupted, which
//! each protocol makes of its own encoding. Every one knows what is wrong with it.

use std::sync::Arc;

use super::change::At;
use super::draw::{DrawKey, Mistake, draw};
use super::{Pattern, wrong};
use crate::lang::{Kind, Param, Spec, Ty};
use crate::value::{Object, Tagged, Value, from_json, show_short, to_json};

/// The tag of a malformed value.
pub const TAG: &str = "malformed";

/// The names of this room.
pub const SPECS: &[Spec] = &[Spec::new(
    Kind::Shape,
    "",
    TAG,
    "what a careless or hostile sender makes of a shape: truncated, of a wrong type, missing, oversized, corrupted …; sent as it is",
)
.params(&[Param::required("shape", Ty::Pattern, "the shape of what would be well formed")])
.example("forall bad in malformed(Order) for 100 cases { POST orders /v1/orders bad; expect status in 400..499 }")];

/// What is wrong with the bytes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It breaks off.
    Truncated,
    /// There is nothing.
    Empty,
    /// A byte in it is another one.
    Corrupted,
    /// A text in it is not UTF-8.
    InvalidUtf8,
    /// A field of it stands there twice.
    Doubled,
    /// Something follows it.
    Trailing,
    /// It is nested without end.
    Deep,
}

/// All of them, with what each is called and what it means.
const DAMAGES: &[(Damage, &str, &str)] = &[
    (Damage::Truncated, "truncated", "it breaks off"),
    (Damage::Empty, "empty", "there is nothing"),
    (Damage::Corrupted, "corrupted", "a byte of it is another one"),
    (Damage::InvalidUtf8, "invalid UTF-8", "a text in it is not UTF-8"),
    (Damage::Doubled, "duplicated key", "a field of it stands there twice"),
    (Damage::Trailing, "trailing garbage", "something follows it"),
    (Damage::Deep, "endless nesting", "it is nested 5000 deep"),
];

/// How deep endless nesting is.
pub const DEEP: usize = 5_000;

/// A malformed value, taken apart.
#[derive(Debug, Clone)]
pub struct Malformed {
    /// The well-formed value that it was made of.
    pub base: Value,
    /// What is wrong, such as `wrong type at .qty: text instead of a number`.
    pub told: String,
    /// What was done.
    pub how: How,
}

/// What makes it malformed.
#[derive(Debug, Clone)]
pub enum How {
    /// This value, which does not fit, stands for it; and where it differs, as a path of fields
    /// and indexes.
    Value(Value, Vec<Value>),
    /// Its bytes are damaged, at a place in thousandths of its length.
    Bytes(Damage, u16),
}

/// What a sender makes of a shape.
pub(super) const MALFORMED: Mistake = Mistake { one: malformed, each };

/// A malformed value of the shape. Errors: nothing can be drawn of the shape.
fn malformed(pattern: &Pattern, key: &DrawKey) -> Result<Value, String> {
    let base = draw(pattern, &key.with("valid"))?;
    let wrongs = wrong::all(pattern, &base, true);
    // First which mistake, then where: a long object must not drown the damaged bytes.
    let kinds = kinds(&wrongs);
    let kind = kinds[key.with("mutation").below(kinds.len())];
    Ok(of_kind(kind, base, &wrongs, key).value())
}

/// One malformed value for each kind of mistake that the shape allows.
pub(super) fn each(pattern: &Pattern, key: &DrawKey) -> Result<Vec<Value>, String> {
    let base = draw(pattern, &key.with("valid"))?;
    let wrongs = wrong::all(pattern, &base, true);
    let made = kinds(&wrongs).into_iter().map(|kind| of_kind(kind, base.clone(), &wrongs, &key.with(kind)));
    Ok(made.map(|malformed| malformed.value()).collect())
}

/// Every kind of mistake, damaged bytes first.
fn kinds(wrongs: &[wrong::Wrong]) -> Vec<&'static str> {
    let mut kinds: Vec<&str> = DAMAGES.iter().map(|(_, name, _)| *name).collect();
    for wrong in wrongs {
        if !kinds.contains(&wrong.mutation) {
            kinds.push(wrong.mutation);
        }
    }
    kinds
}

fn of_kind(kind: &str, base: Value, wrongs: &[wrong::Wrong], key: &DrawKey) -> Malformed {
    let of: Vec<&wrong::Wrong> = wrongs.iter().filter(|wrong| wrong.mutation == kind).collect();
    if !of.is_empty() {
        let wrong = of[key.with("where").below(of.len())];
        if let Some(value) = wrong.change.apply(&base) {
            let at = wrong.change.path.iter().map(step).collect();
            return Malformed { base, told: wrong.told(), how: How::Value(value, at) };
        }
    }
    let damage = DAMAGES.iter().find(|(_, name, _)| *name == kind).unwrap_or(&DAMAGES[0]);
    let at = key.with("where").below(1_000) as u16;
    Malformed { base, told: told(damage.0), how: How::Bytes(damage.0, at) }
}

fn told(damage: Damage) -> String {
    let (_, name, what) = DAMAGES.iter().find(|(known, ..)| *known == damage).unwrap_or(&DAMAGES[0]);
    format!("{name}: {what}")
}

fn step(at: &At) -> Value {
    match at {
        At::Field(name) => Value::text(name.clone()),
        At::Index(index) => Value::int(*index as i128),
    }
}

impl Malformed {
    /// Takes a drawn value apart; `None` when it is none.
    pub fn of(value: &Value) -> Option<Malformed> {
        let Value::Tagged(tagged) = value else { return None };
        let fields = tagged.value.as_object().filter(|_| tagged.tag == TAG)?;
        let told: String = fields.get("wrong")?.as_text()?.to_owned();
        let base = fields.get("base")?.clone();
        let how = match (fields.get("value"), fields.get("at")) {
            (Some(value), Some(Value::List(at))) => How::Value(value.clone(), at.to_vec()),
            (_, Some(Value::Number(at))) => {
                let (damage, ..) = DAMAGES.iter().find(|(_, name, _)| told.starts_with(name))?;
                How::Bytes(*damage, u16::try_from(at.to_i128()?).ok()?)
            }
            _ => return None,
        };
        Some(Malformed { base, told, how })
    }

    /// Whether one stands somewhere inside a value. None can be sent there: what is damaged are the
    /// bytes of a whole message.
    pub fn stands_inside(value: &Value) -> bool {
        let is_or_has = |part: &Value| Malformed::of(part).is_some() || Malformed::stands_inside(part);
        match value {
            Value::List(items) => items.iter().any(is_or_has),
            Value::Object(fields) => fields.values().any(is_or_has),
            _ => false,
        }
    }

    /// Whether a part of it is of another kind than it should be.
    pub fn is_mistyped(&self) -> bool {
        ["wrong type", "wrong nesting"].iter().any(|kind| self.told.starts_with(kind))
    }

    /// As a value, which a request sends as it is.
    pub fn value(&self) -> Value {
        let mut fields = Object::new();
        fields.insert("wrong".into(), Value::text(self.told.as_str()));
        fields.insert("base".into(), self.base.clone());
        match &self.how {
            How::Value(value, at) => {
                fields.insert("value".into(), value.clone());
                fields.insert("at".into(), Value::list(at.clone()));
            }
            How::Bytes(_, at) => {
                fields.insert("at".into(), Value::int(*at));
            }
        }
        Value::Tagged(Arc::new(Tagged { tag: TAG, value: Value::Object(Arc::new(fields)) }))
    }

    /// The same mistake in another value; `None` when it cannot be made there.
    pub(super) fn with_base(&self, base: &Value, pattern: &Pattern) -> Option<Malformed> {
        let How::Value(_, at) = &self.how else {
            return Some(Malformed { base: base.clone(), ..self.clone() });
        };
        let same = |wrong: &wrong::Wrong| {
            wrong.told() == self.told && wrong.change.path.iter().map(step).collect::<Vec<_>>() == *at
        };
        let wrong = wrong::all(pattern, base, true).into_iter().find(same)?;
        let value = wrong.change.apply(base)?;
        Some(Malformed { base: base.clone(), told: self.told.clone(), how: How::Value(value, at.clone()) })
    }

    /// As JSON: bytes that are no JSON any more, or those of a value that does not fit.
    pub fn json(&self) -> Vec<u8> {
        match &self.how {
            How::Value(value, _) => to_json(value).into_bytes(),
            How::Bytes(damage, at) => damaged(*damage, *at, &self.base),
        }
    }

    /// For people: what is wrong, and the value around it on one line.
    pub fn shown(&self, width: usize) -> String {
        match &self.how {
            How::Value(value, _) => show_short(value, width),
            How::Bytes(..) => format!("{} of {}", self.told, show_short(&self.base, width)),
        }
    }
}

fn damaged(damage: Damage, at: u16, base: &Value) -> Vec<u8> {
    let whole = to_json(base).into_bytes();
    let place = whole.len() * usize::from(at) / 1_000;
    let is_json = |bytes: &[u8]| from_json(bytes).is_ok();
    match damage {
        Damage::Empty => Vec::new(),
        Damage::Truncated => {
            // A number that breaks off is a number still.
            let cut = (1..=place.max(1).min(whole.len().saturating_sub(1))).rev();
            let mut cuts = cut.map(|cut| &whole[..cut]).filter(|cut| !is_json(cut));
            cuts.next().map_or_else(Vec::new, <[u8]>::to_vec)
        }
        Damage::Corrupted => {
            for offset in (place..whole.len()).chain(0..place) {
                for mask in [0x80, 0x20, 0x01] {
                    let mut bytes = whole.clone();
                    bytes[offset] ^= mask;
                    if !is_json(&bytes) {
                        return bytes;
                    }
                }
            }
            vec![0]
        }
        Damage::InvalidUtf8 => {
            let mut bytes = whole.clone();
            let quotes: Vec<usize> = (0..bytes.len()).filter(|i| bytes[*i] == b'"').collect();
            let offset = quotes.get(quotes.len() * usize::from(at) / 1_000).map_or(0, |quote| quote + 1);
            bytes.splice(offset..offset, [0xff, 0xfe]);
            bytes
        }
        Damage::Doubled => match base.as_object().and_then(|fields| fields.first()) {
            Some((name, _)) => {
                let name = to_json(&Value::text(name.clone()));
                let mut bytes = whole[..whole.len() - 1].to_vec();
                bytes.extend(format!(",{name}:null}}").into_bytes());
                bytes
            }
            None => b"{\"a\":1,\"a\":2}".to_vec(),
        },
        Damage::Trailing => [whole, b"}]\x00".to_vec()].concat(),
        Damage::Deep => [vec![b'['; DEEP], whole, vec![b']'; DEEP]].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{FieldPattern, ObjectPattern, fits, types};
    use crate::value::show;

    fn order() -> Pattern {
        let ty = |name: &'static str| types::of_type(name, Object::new()).unwrap();
        let line = ObjectPattern {
            fields: vec![
                FieldPattern::new(
                    "sku",
                    false,
                    Pattern::Regex(Arc::new(regex::Regex::new("[a-z]{3}").unwrap())),
                ),
                FieldPattern::new("qty", false, Pattern::Range(Value::int(1), Value::int(9))),
            ],
            ..ObjectPattern::default()
        };
        let fields = vec![
            FieldPattern::new("id", false, ty("uuid")),
            FieldPattern::new("note", true, ty("text")),
            FieldPattern::new("lines", false, Pattern::Sized(Box::new(Pattern::Object(line)), 1, 3)),
        ];
        Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() })
    }

    #[test]
    fn nothing_malformed_is_json_that_fits() {
        let pattern = order();
        for seed in 0..400 {
            let drawn = malformed(&pattern, &DrawKey::new(seed)).unwrap();
            let taken = Malformed::of(&drawn).unwrap();
            assert!(fits(&pattern, &taken.base), "{}", taken.told);
            assert!(!fits(&pattern, &drawn) && fits(&Pattern::Malformed(Box::new(pattern.clone())), &drawn));
            if let Ok(read) = from_json(&taken.json()) {
                assert!(!fits(&pattern, &read), "{}: {}", taken.told, show(&read));
            }
            assert_eq!(show(&taken.value()), show(&drawn));
        }
    }

    #[test]
    fn every_kind_of_mistake_is_made() {
        let pattern = order();
        let told: Vec<String> = each(&pattern, &DrawKey::new(1))
            .unwrap()
            .iter()
            .map(|v| Malformed::of(v).unwrap().told)
            .collect();
        for wanted in [
            "truncated",
            "empty",
            "corrupted",
            "invalid UTF-8",
            "duplicated key",
            "trailing garbage",
            "endless nesting",
            "wrong type",
            "missing",
            "null",
            "unknown field",
            "wrong nesting",
            "out of range",
            "wrong value",
            "oversized",
        ] {
            assert_eq!(told.iter().filter(|told| told.starts_with(wanted)).count(), 1, "{wanted}: {told:?}");
        }
        // And many draws make all of them too.
        for wanted in &told {
            let kind = wanted.split([':', ' ']).next().unwrap();
            let made = (0..600).any(|seed| {
                Malformed::of(&malformed(&pattern, &DrawKey::new(seed)).unwrap())
                    .unwrap()
                    .told
                    .starts_with(kind)
            });
            assert!(made, "{kind}");
        }
    }

    #[test]
    fn a_number_that_breaks_off_is_none() {
        let int = types::of_type("int", Object::new()).unwrap();
        for seed in 0..50 {
            let base = draw(&int, &DrawKey::new(seed)).unwrap();
            for (damage, name, _) in DAMAGES {
                assert!(
                    from_json(&damaged(*damage, 500, &base)).is_err() || *damage == Damage::Deep,
                    "{name}"
                );
            }
        }
    }
}
