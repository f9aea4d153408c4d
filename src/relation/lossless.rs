//! `lossless of SENT`: what came back is what was sent, to the last bit; every field that is not,
//! and how it changed. Stricter than `==` in that numbers and texts of other types differ, and
//! milder in that NaN came back when NaN was sent. Time `O(n)`.

use super::change::without;
use super::records::invalid;
use super::{Claim, Rule, Says, Stays, Verdict, note, spec};
use crate::event::Detail;
use crate::lang::{Param, Ty};
use crate::value::{Number, Object, Value, show_short};

/// More changed fields than this are counted, not listed.
const LISTED: usize = 20;

/// Values in details are cut in the middle to this many characters.
const WIDTH: usize = 120;

pub(super) const LOSSLESS: Rule = Rule {
    spec: &spec(
        "lossless",
        "what came back is exactly what was sent; says which fields were lost and how",
        &[
            Param::required("of", Ty::Any, "what was sent"),
            Param::new("except", Ty::Key, "parts that may differ"),
        ],
        "expect body lossless of asked",
    ),
    judge,
    says: |_| Says("is lossless", "is not lossless"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let Some(sent) = claim.of else { return Err(invalid("`lossless` needs `of` what was sent")) };
    let Some(back) = claim.subject else { return Err(invalid("the subject is missing")) };
    if matches!(sent, Value::Absent) {
        return Err(invalid("nothing was sent"));
    }
    if matches!(back, Value::Live(_)) || matches!(sent, Value::Live(_)) {
        return Err(invalid("what changes by itself is no message; take its `.items`"));
    }
    let (mut sent, mut back) = (sent.clone(), back.clone());
    for path in &claim.except {
        (sent, back) = (without(&sent, &path.0), without(&back, &path.0));
    }
    let mut losses = Losses::default();
    losses.value(&mut String::new(), &sent, &back);
    Ok(if losses.count == 0 { Verdict::Holds } else { Verdict::Fails(losses.details()) })
}

/// What was lost so far.
#[derive(Default)]
struct Losses {
    found: Vec<(String, Detail)>,
    count: usize,
}

impl Losses {
    /// How each field was lost, then what was sent and what came back.
    fn details(self) -> Vec<Detail> {
        let mut details: Vec<Detail> = self.found.iter().map(|(how, _)| note(how.as_str())).collect();
        let listed = self.found.len();
        if self.count > listed {
            details.push(note(format!("and {} more", self.count - listed)));
        }
        details.extend(self.found.into_iter().map(|(_, difference)| difference));
        details
    }

    fn lost(&mut self, path: &str, how: &str, sent: &Value, back: &Value) {
        self.count += 1;
        if self.found.len() < LISTED {
            let name = if path.is_empty() { "the message".to_owned() } else { format!("`{path}`") };
            let difference = Detail::Difference {
                path: path.to_owned(),
                expected: show_short(sent, WIDTH),
                actual: show_short(back, WIDTH),
            };
            self.found.push((format!("{name} {how}"), difference));
        }
    }

    fn value(&mut self, path: &mut String, sent: &Value, back: &Value) {
        match (sent, back) {
            (Value::Object(a), Value::Object(b)) => self.object(path, a, b),
            (Value::List(a), Value::List(b)) if a.len() == b.len() => {
                if let Some(how) = reordered(a, b) {
                    return self.lost(path, how, sent, back);
                }
                for (index, (a, b)) in a.iter().zip(b.iter()).enumerate() {
                    self.below(path, &format!("[{index}]"), a, b);
                }
            }
            (Value::List(a), Value::List(b)) => {
                let how = format!("had {} items, and came back with {}", a.len(), b.len());
                self.lost(path, &how, sent, back);
            }
            _ if same(sent, back) => {}
            _ => self.lost(path, &how(sent, back), sent, back),
        }
    }

    fn object(&mut self, path: &mut String, sent: &Object, back: &Object) {
        for (name, value) in sent {
            self.below(path, &step(name), value, back.get(name).unwrap_or(&Value::Absent));
        }
        for (name, value) in back.iter().filter(|(name, _)| !sent.contains_key(*name)) {
            self.below(path, &step(name), &Value::Absent, value);
        }
    }

    fn below(&mut self, path: &mut String, step: &str, sent: &Value, back: &Value) {
        let length = path.len();
        path.push_str(step);
        self.value(path, sent, back);
        path.truncate(length);
    }
}

/// `.name`, or `["odd name"]` for a name that is no word.
fn step(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-".contains(c);
    if !name.is_empty() && name.chars().all(plain) {
        format!(".{name}")
    } else {
        format!("[{}]", crate::value::to_json(&Value::text(name)))
    }
}

/// Whether a value that has no parts came back as it was.
fn same(sent: &Value, back: &Value) -> bool {
    match (sent, back) {
        (Value::Number(a), Value::Number(b)) => same_number(a, b),
        _ => sent == back,
    }
}

/// Floats by their bits, so that NaN and the sign of zero count; all else by its value. One that
/// was written exactly rounds once to the type that came back.
fn same_number(sent: &Number, back: &Number) -> bool {
    match (sent, back) {
        (Number::Float { value: a, single: x }, Number::Float { value: b, single: y }) => {
            x == y && (a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
        }
        _ => sent == back,
    }
}

/// What became of a value that changed.
fn how(sent: &Value, back: &Value) -> String {
    let text = match (sent, back) {
        (Value::Absent, _) => "was not set, and came back set",
        (_, Value::Absent) if is_empty(sent) => "was set and empty, and came back as not set",
        (_, Value::Absent) => "did not come back",
        (_, Value::Null) => "came back as null",
        (Value::Number(a), Value::Number(b)) => return number(a, b),
        (Value::Number(_), Value::Text(_)) => "was a number, and came back as text",
        (Value::Text(_), Value::Number(_)) => "was text, and came back as a number",
        (Value::Text(a), Value::Text(b)) => return text(&a.text, &b.text).to_owned(),
        (Value::Bytes(a), Value::Bytes(b)) if a.bytes.starts_with(&b.bytes) => "was cut off",
        _ => "changed",
    };
    text.to_owned()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.text.is_empty(),
        Value::Bytes(bytes) => bytes.bytes.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(number) => number.to_f64() == 0.0,
        Value::Bool(value) => !value,
        _ => false,
    }
}

fn number(sent: &Number, back: &Number) -> String {
    let (a, b) = (sent.to_f64(), back.to_f64());
    if let (Number::Int(_), Number::Int(_)) = (sent, back)
        && a == b
    {
        return "was rounded as a float64 rounds".to_owned();
    }
    if a != b && (a as f32) == (b as f32) {
        return "was rounded as a float32 rounds".to_owned();
    }
    let text = match (a == 0.0, b == 0.0) {
        (true, true) => "lost the sign of its zero",
        (false, true) => "came back as zero",
        _ => "changed",
    };
    text.to_owned()
}

fn text(sent: &str, back: &str) -> &'static str {
    let at_nul = sent.split('\0').next().is_some_and(|head| head == back);
    if at_nul {
        "ended at its NUL"
    } else if back.is_empty() {
        "came back empty"
    } else if sent.starts_with(back) {
        "was cut off"
    } else if back.contains('\u{fffd}') && !sent.contains('\u{fffd}') {
        "came back with U+FFFD for what could not be read"
    } else if sent.trim() == back {
        "lost the space around it"
    } else if sent.to_lowercase() == back.to_lowercase() {
        "came back in another case"
    } else {
        "changed"
    }
}

/// Whether a list came back with the same items in another order.
fn reordered(sent: &[Value], back: &[Value]) -> Option<&'static str> {
    let index = crate::shape::Index::of(back);
    let mut used = vec![false; back.len()];
    if sent.iter().zip(back).all(|(a, b)| a == b) {
        return None;
    }
    for item in sent {
        let place = index.all(item, |at| &back[at]).find(|&place| !used[place])?;
        used[place] = true;
    }
    Some("came back in another order")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Path, Step, from_json};

    fn json(text: &str) -> Value {
        from_json(text.as_bytes()).unwrap()
    }

    fn verdict(sent: &Value, back: &Value) -> Verdict {
        let claim = Claim { subject: Some(back), of: Some(sent), ..Claim::default() };
        super::super::find("lossless").unwrap().judge(&claim)
    }

    fn notes(sent: &Value, back: &Value) -> Vec<String> {
        let Verdict::Fails(details) = verdict(sent, back) else { return Vec::new() };
        let notes = details.into_iter().filter_map(|detail| match detail {
            Detail::Note { text } => Some(text),
            _ => None,
        });
        notes.collect()
    }

    fn lost(sent: &str, back: &str) -> Vec<String> {
        notes(&json(sent), &json(back))
    }

    #[test]
    fn what_came_back_whole_is_lossless() {
        for text in
            ["{}", "[]", "\"\"", "0", "null", "{\"a\": [1, {\"b\": null}], \"c\": 18446744073709551615}"]
        {
            assert_eq!(verdict(&json(text), &json(text)), Verdict::Holds, "{text}");
        }
        assert_eq!(lost("{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}"), Vec::<String>::new());
    }

    #[test]
    fn every_lost_field_is_named_with_how() {
        let cases = [
            ("9007199254740993", "9007199254740992", "`.x` was rounded as a float64 rounds"),
            ("18446744073709551615", "18446744073709551616", "`.x` was rounded as a float64 rounds"),
            ("16777217", "16777216", "`.x` was rounded as a float32 rounds"),
            ("7", "0", "`.x` came back as zero"),
            ("7", "8", "`.x` changed"),
            ("7", "\"7\"", "`.x` was a number, and came back as text"),
            ("\"7\"", "7", "`.x` was text, and came back as a number"),
            ("7", "null", "`.x` came back as null"),
            ("\"a\\u0000b\"", "\"a\"", "`.x` ended at its NUL"),
            ("\"abc\"", "\"ab\"", "`.x` was cut off"),
            ("\"abc\"", "\"\"", "`.x` came back empty"),
            ("\" abc\"", "\"abc\"", "`.x` lost the space around it"),
            ("\"aBc\"", "\"abc\"", "`.x` came back in another case"),
            ("\"e\\u0301\"", "\"\\u00e9\"", "`.x` changed"),
            ("\"☕\"", "\"\\ufffd\"", "`.x` came back with U+FFFD for what could not be read"),
            ("[1, 2]", "[2, 1]", "`.x` came back in another order"),
            ("[1, 2]", "[1]", "`.x` had 2 items, and came back with 1"),
            ("[1, 2]", "[1, 3]", "`.x[1]` changed"),
            ("{\"a b\": 1}", "{\"a b\": 2}", "`.x[\"a b\"]` changed"),
            ("{\"y\": {\"z\": 1}}", "{\"y\": {\"z\": 2}}", "`.x.y.z` changed"),
        ];
        for (sent, back, how) in cases {
            let field = |value: &str| format!("{{\"x\": {value}, \"other\": 1}}");
            assert_eq!(lost(&field(sent), &field(back)), [how], "{sent} → {back}");
        }
        assert_eq!(lost("{\"x\": \"\"}", "{}"), ["`.x` was set and empty, and came back as not set"]);
        assert_eq!(lost("{\"x\": 5}", "{}"), ["`.x` did not come back"]);
        assert_eq!(lost("{}", "{\"x\": \"\"}"), ["`.x` was not set, and came back set"]);
        assert_eq!(lost("{\"x\": 1, \"y\": 2}", "{}").len(), 2);
        assert_eq!(lost("1", "2"), ["the message changed"]);
    }

    #[test]
    fn floats_are_compared_by_their_bits() {
        let float = |value: f64| Value::Number(Number::Float { value, single: false });
        assert_eq!(verdict(&float(f64::NAN), &float(f64::NAN)), Verdict::Holds);
        assert_eq!(notes(&float(-0.0), &float(0.0)), ["the message lost the sign of its zero"]);
        assert_eq!(
            notes(&float(0.1), &float(f64::from(0.1f32))),
            ["the message was rounded as a float32 rounds"]
        );
        assert_eq!(notes(&float(f64::NAN), &float(0.0)), ["the message came back as zero"]);
    }

    #[test]
    fn many_losses_are_counted_and_parts_may_be_left_out() {
        let many = |value: i128| Value::list((0..50).map(|_| Value::int(value)).collect());
        let found = notes(&many(1), &many(2));
        assert_eq!((found.len(), found[20].as_str()), (21, "and 30 more"));
        let (sent, back) = (json("{\"x\": 1, \"at\": 1}"), json("{\"x\": 1, \"at\": 2}"));
        let except = vec![Path(vec![Step::Field("at".into())])];
        let claim = Claim { subject: Some(&back), of: Some(&sent), except, ..Claim::default() };
        assert_eq!(super::super::find("lossless").unwrap().judge(&claim), Verdict::Holds);
    }

    #[test]
    fn nothing_sent_shows_nothing() {
        assert!(matches!(verdict(&Value::Absent, &Value::Absent), Verdict::Invalid(_)));
        let claim = Claim { subject: Some(&Value::Null), ..Claim::default() };
        assert!(matches!(super::super::find("lossless").unwrap().judge(&claim), Verdict::Invalid(_)));
    }
}
