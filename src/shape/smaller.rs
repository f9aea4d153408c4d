//! Smaller values of one kind: shorter texts and bytes, numbers towards zero, simpler characters.

use bigdecimal::num_traits::ToPrimitive as _;

use super::moves::spans;
use crate::value::{Number, Text, Value};

/// Candidates, the boldest first.
#[derive(Debug, Default)]
pub(super) struct Smaller {
    /// Shorter ones.
    pub(super) size: Vec<Value>,
    /// As long, but simpler.
    pub(super) value: Vec<Value>,
}

/// Texts up to this many characters lose and change single ones.
const EACH: usize = 64;

/// Where machines' numbers end, and what a double first cannot tell apart: the numbers with which
/// things go wrong. Ascending.
const NOTED: &[i128] = &[
    1,
    10,
    100,
    127,
    128,
    255,
    256,
    32_767,
    32_768,
    65_535,
    65_536,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 53,
    (1 << 53) + 1,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
];

/// Candidates for a value whose shape has this simplest one.
pub(super) fn of(value: &Value, simplest: Option<&Value>) -> Smaller {
    let mut smaller = Smaller::default();
    if let Some(simplest) = simplest.filter(|simplest| *simplest != value) {
        smaller.size.push(simplest.clone());
    }
    match value {
        Value::Bool(true) => smaller.value.push(Value::Bool(false)),
        Value::Number(number) => {
            let towards = simplest.and_then(Value::as_number);
            smaller.value.extend(numbers(number, towards).into_iter().map(Value::Number));
        }
        Value::Duration(nanos) => {
            let towards = match simplest {
                Some(Value::Duration(nanos)) => *nanos,
                _ => 0,
            };
            let steps = [1_000_000_000, 1_000_000].map(|unit| nanos / unit * unit);
            smaller.value.extend(steps.into_iter().filter(|step| step != nanos).map(Value::Duration));
            let nearer = nearer((*nanos).into(), towards.into());
            smaller
                .value
                .extend(nearer.into_iter().filter_map(|n| i64::try_from(n).ok()).map(Value::Duration));
        }
        Value::Text(text) => texts(text, &mut smaller),
        Value::Bytes(bytes) => {
            let kept =
                |from: usize, to: usize| Value::bytes([&bytes.bytes[..from], &bytes.bytes[to..]].concat());
            smaller.size.extend(spans(bytes.bytes.len()).map(|(from, to)| kept(from, to)));
            if bytes.bytes.iter().any(|byte| *byte != 0) {
                smaller.value.push(Value::bytes(vec![0; bytes.bytes.len()]));
            }
        }
        _ => {}
    }
    smaller
}

/// The same for a text with a form of its own: the simplest one, and of a date the first day of
/// its year, without its fraction of a second.
pub(super) fn formed(text: &str, simplest: Option<&Value>) -> Smaller {
    let mut smaller = Smaller { value: simplest.into_iter().cloned().collect(), ..Smaller::default() };
    if let Some(year) = text.get(..4).filter(|year| year.bytes().all(|b| b.is_ascii_digit())) {
        let rounds = match text.contains('T') {
            true => vec![
                format!("{year}-01-01T00:00:00Z"),
                format!("{}T00:00:00Z", text.get(..10).unwrap_or_default()),
            ],
            false => vec![format!("{year}-01-01")],
        };
        smaller.value.extend(rounds.into_iter().filter(|round| round != text).map(Value::text));
    }
    smaller
}

/// Numbers nearer to the simplest one, then those with fewer digits.
fn numbers(number: &Number, towards: Option<&Number>) -> Vec<Number> {
    let mut found = Vec::new();
    if let Number::Float { value, single } = number {
        let float = |value: f64| Number::Float { value, single: *single };
        let candidates = [0.0, 1.0, value.trunc(), (value / 2.0).trunc(), -value];
        let simpler = |new: &f64| {
            new.abs() < value.abs() || (value.is_sign_negative() && *new == -value) || !value.is_finite()
        };
        return candidates.into_iter().filter(simpler).map(float).collect();
    }
    let zero = Number::Int(0);
    let whole =
        |number: &Number| number.to_decimal().ok().and_then(|decimal| decimal.with_scale(0).to_i128());
    let target = towards.and_then(whole).unwrap_or(0);
    if let Some(int) = number.to_i128() {
        if !matches!(number, Number::Int(_)) {
            // `5.00` has more digits than `5`.
            found.push(Number::Int(int));
        }
        let sign = if int < 0 { -1 } else { 1 };
        let noted = NOTED.iter().map(|noted| noted * sign);
        let noted = noted.filter(|noted| noted.abs_diff(target) < int.abs_diff(target));
        found.extend(noted.map(Number::Int));
        if int < 0 {
            found.push(Number::Int(int.saturating_neg()));
        }
        found.extend(nearer(int, target).into_iter().map(Number::Int));
        return found;
    }
    for digits in [0, 1, 2, 4, 8] {
        found.extend(number.round(digits).ok().filter(|rounded| rounded != number));
    }
    if let Some(int) = whole(number) {
        found.push(Number::Int(int));
        if int != 0 {
            found.extend(number.sub(&Number::Int(int)).ok());
        }
    }
    if *number < zero {
        found.push(number.negate());
    }
    found
}

/// Halfway to the target, then ever shorter steps towards it.
fn nearer(from: i128, target: i128) -> Vec<i128> {
    let mut found = Vec::new();
    let mut step = from.saturating_sub(target) / 2;
    if from != target && step == 0 {
        return vec![target];
    }
    while step != 0 {
        found.push(from - step);
        step /= 2;
    }
    found
}

fn texts(text: &Text, smaller: &mut Smaller) {
    let make = |chars: &[char]| Value::text_with(chars.iter().collect::<String>(), text.secret);
    let chars: Vec<char> = text.text.chars().collect();
    for (from, to) in spans(chars.len()) {
        smaller.size.push(make(&[&chars[..from], &chars[to..]].concat()));
    }
    for simple in ['a', '0'] {
        let worse = |c: char| rank(c) > rank(simple);
        let replaced = |from: usize, to: usize| {
            let each = chars.iter().enumerate();
            each.map(|(i, &c)| if (from..to).contains(&i) && worse(c) { simple } else { c })
                .collect::<Vec<char>>()
        };
        if !chars.iter().any(|&c| worse(c)) {
            continue;
        }
        smaller.value.push(make(&replaced(0, chars.len())));
        for at in (0..chars.len().min(EACH)).filter(|at| worse(chars[*at])) {
            smaller.value.push(make(&replaced(at, at + 1)));
        }
    }
}

/// The simpler the character, the lower.
fn rank(c: char) -> u32 {
    match c {
        'a' => 0,
        '0' => 1,
        'b'..='z' => 2,
        '1'..='9' => 3,
        'A'..='Z' => 4,
        ' '..='~' => 5,
        _ => 6,
    }
}
