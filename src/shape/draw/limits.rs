//! Boundary values: what lies at the limits of a leaf, and what careless programs trip over. Every
//! one of them fits.

use super::leaf::{Leaf, MAX_LENGTH};
use super::words;
use crate::shape::matching::fits;
use crate::shape::types::lengths;
use crate::shape::{Comparison, Pattern};
use crate::value::{Number, Object, Value};

/// A text without an upper bound is at most so long at its limit.
const LONG: usize = 10_000;

/// The boundary values of a leaf in a fixed order: the least, the greatest, then the odd ones.
pub(super) fn of(pattern: &Pattern, leaf: &Leaf) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for value in candidates(pattern, leaf) {
        // `1` and `1.0` are equal and both wanted once only; texts differ by their characters.
        if fits(pattern, &value) && !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

fn candidates(pattern: &Pattern, leaf: &Leaf) -> Vec<Value> {
    match (pattern, leaf) {
        (_, Leaf::Only(value)) => vec![value.clone()],
        (_, Leaf::Bool) => vec![Value::Bool(false), Value::Bool(true)],
        (Pattern::Type(name, args), _) => match args.get("range") {
            Some(Value::Range(range)) => {
                [vec![range.0.clone(), range.1.clone()], near(&range.0, &range.1), of_type(name, args)]
                    .concat()
            }
            _ => of_type(name, args),
        },
        (Pattern::Range(low, high), _) => {
            [vec![low.clone(), high.clone()], near(low, high), of_kind(low)].concat()
        }
        (Pattern::Compare(op, bound), _) => {
            let beside = match op {
                Comparison::Greater | Comparison::Less | Comparison::NotEqual => near(bound, bound),
                _ => vec![bound.clone()],
            };
            [beside, of_kind(bound)].concat()
        }
        _ => Vec::new(),
    }
}

/// One step inside of two ends, and outside: what does not fit is left out later.
fn near(low: &Value, high: &Value) -> Vec<Value> {
    let step = |value: &Value, by: i128| match value {
        Value::Number(number) => {
            let scale = number.to_decimal().ok()?.fractional_digit_count().max(0);
            let step = match super::bounds::scaled(by, scale) {
                Value::Number(step) => number.add(&step).ok()?,
                _ => return None,
            };
            Some(Value::Number(step))
        }
        Value::Duration(nanos) => nanos.checked_add(by as i64).map(Value::Duration),
        _ => None,
    };
    [step(low, 1), step(high, -1)].into_iter().flatten().collect()
}

/// What is odd about values of this kind.
fn of_kind(value: &Value) -> Vec<Value> {
    match value {
        Value::Number(_) => [decimals(), integers()].concat(),
        Value::Duration(_) => durations(),
        Value::Text(_) => [dates(), datetimes(), texts(0, LONG)].concat(),
        _ => Vec::new(),
    }
}

fn of_type(name: &str, args: &Object) -> Vec<Value> {
    let (least, most) = lengths(args).unwrap_or((0, LONG));
    let most = most.min(MAX_LENGTH);
    let list = |texts: &[&str]| texts.iter().map(|text| Value::text(*text)).collect::<Vec<Value>>();
    match name {
        "int" => integers(),
        "decimal" | "number" => [decimals(), integers()].concat(),
        "text" => texts(least, most),
        "bytes" => bytes(least, most),
        "hex" => {
            [Value::text("0".repeat(least)), Value::text("F".repeat(most)), Value::text("00ff7F80")].into()
        }
        "duration" => durations(),
        "date" => dates(),
        "datetime" => datetimes(),
        "time" => list(&["00:00:00", "23:59:59", "23:59:60", "23:59:59.999999999", "12:00:00.5+14:00"]),
        "uuid" => uuids(args),
        "ulid" => {
            list(&["00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ", "01arz3ndektsv4rrffq69g5fav"])
        }
        "ip" => list(&[
            "0.0.0.0",
            "255.255.255.255",
            "127.0.0.1",
            "::",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            "::1",
            "::ffff:192.0.2.1",
            "2001:DB8::A",
        ]),
        "base64" => list(&["", "AA==", "AAA=", "////", "+/+/"]),
        "base64url" => list(&["", "AA", "AA==", "____", "-_-_"]),
        "slug" => [list(&["a", "0", "a-0-b"]), vec![Value::text("a".repeat(LONG))]].concat(),
        "hostname" => list(&[
            "a",
            "0",
            "1.example.test",
            "xn--bcher-kva.example.test",
            "UPPER.EXAMPLE.TEST",
            &labels(253),
        ]),
        "email" => list(&[
            "a@b",
            "o'brien+tag@example.test",
            "!#$%&'*+-/=?^_`{|}~@example.test",
            "UPPER@EXAMPLE.TEST",
            "a.b.c@x.y.z.example.test",
            &format!("{}@example.test", "a".repeat(64)),
            &format!("a@{}", labels(252)),
        ]),
        "url" => list(&[
            "https://example.test",
            "http://example.test:65535/",
            "https://example.test/?q=a%20b&c=%C3%A9#part",
            "https://user:pass@example.test/",
            "https://[2001:db8::1]/",
            "https://例え.test/パス",
            "mailto:a@example.test",
            "urn:example:a:b",
            &format!("https://example.test/{}", "a".repeat(2_000)),
        ]),
        "person_name" | "company" => {
            [list(words::ODD_NAMES), vec![Value::text("é".repeat(255)), Value::text("a".repeat(LONG))]]
                .concat()
        }
        "address" | "sentence" => [
            list(&[
                "1",
                "1 Oak Street\nSpringfield\n",
                "\tÉ\r\n",
                "12½ Straße, Köln",
                "東京都千代田区1-1",
                "123 <b>Main</b> & Co.",
            ]),
            list(words::ODD_NAMES),
            vec![Value::text("é".repeat(LONG))],
        ]
        .concat(),
        "phone" => list(&["110", "+999999999999999", "+1 (614) 555-0137", "(030) 123.45/67", "0000000000"]),
        _ => Vec::new(),
    }
}

fn number(text: &str) -> Option<Value> {
    text.parse::<Number>().ok().map(Value::Number)
}

fn numbers(texts: &[&str]) -> Vec<Value> {
    texts.iter().filter_map(|text| number(text)).collect()
}

/// Around zero, the ends of 16, 32 and 64 bits with and without a sign, and 2^53, past which an
/// IEEE double skips whole numbers.
fn integers() -> Vec<Value> {
    numbers(&[
        "0",
        "1",
        "-1",
        "32767",
        "65536",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967295",
        "4294967296",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
    ])
}

/// What binary fractions cannot hold, many digits, and digits that say nothing.
fn decimals() -> Vec<Value> {
    numbers(&[
        "0",
        "0.1",
        "-0.1",
        "0.01",
        "0.30",
        "1.10",
        "99.995",
        "0.1000000000000000055",
        "3.14159265358979323846264338327950288",
        "9007199254740993.01",
        "0.000000000000000000001",
    ])
}

fn durations() -> Vec<Value> {
    let nanos =
        [0, 1, -1, 999_999, 1_000_000, 999_999_999, 1_000_000_000, 86_400_000_000_000, i64::MAX, i64::MIN];
    nanos.map(Value::Duration).into()
}

fn dates() -> Vec<Value> {
    let days = [
        "1970-01-01",
        "1969-12-31",
        "2000-02-29",
        "2024-02-29",
        "1900-02-28",
        "2023-12-31",
        "2024-01-01",
        "2038-01-19",
        "9999-12-31",
        "0001-01-01",
    ];
    days.map(Value::text).into()
}

/// Leap days and seconds, the ends of 32 bits of seconds, far offsets, fine fractions.
fn datetimes() -> Vec<Value> {
    let times = [
        "1970-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "2024-02-29T23:59:59.999999999Z",
        "2016-12-31T23:59:60Z",
        "2038-01-19T03:14:08Z",
        "2024-03-31T02:30:00+01:00",
        "2024-01-01T00:00:00+14:00",
        "2024-01-01T00:00:00-12:00",
        "2024-01-01T00:00:00.000Z",
        "2024-01-01t00:00:00z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ];
    times.map(Value::text).into()
}

fn uuids(args: &Object) -> Vec<Value> {
    let text = match args.get("version").and_then(Value::as_number).and_then(Number::to_usize) {
        Some(version) => [
            format!("00000000-0000-{version}000-8000-000000000000"),
            format!("ffffffff-ffff-{version}fff-bfff-ffffffffffff"),
            format!("ABCDEF01-2345-{version}789-ABCD-EF0123456789"),
        ],
        // The nil and the max UUID of RFC 9562 §5.9 and §5.10, and one in upper case.
        None => [
            "00000000-0000-0000-0000-000000000000".to_owned(),
            "ffffffff-ffff-ffff-ffff-ffffffffffff".to_owned(),
            "ABCDEF01-2345-4789-ABCD-EF0123456789".to_owned(),
        ],
    };
    text.map(Value::text).into()
}

/// Texts of a length: the shortest and the longest, then what is odd about characters.
fn texts(least: usize, most: usize) -> Vec<Value> {
    let odd = [
        " ",
        "é",
        "e\u{301}",
        "ß",
        "İ",
        "👩‍👩‍👧‍👦",
        "𝒳",
        "日本語",
        "שלום",
        "\u{202e}abc",
        "\u{feff}a",
        "a\u{200b}b",
        "\n",
        "\r\n",
        "\t",
        "\u{0}",
        "\u{7f}",
        "\"",
        "\\",
        "'; DROP TABLE customers;--",
        "<script>alert(1)</script>",
        "${x}",
        "%s%n",
        "../../etc/passwd",
        "null",
        "true",
        "0",
        "-1",
        "1e309",
        " a ",
    ];
    let mut found = vec![
        Value::text("a".repeat(least)),
        Value::text("a".repeat(most)),
        Value::text("é".repeat(most)),
        Value::text("𝒳".repeat(most)),
    ];
    found.extend(odd.iter().map(|text| Value::text(fitted(text, least, most))));
    found
}

/// Repeated until it is long enough, and cut where it grows too long.
fn fitted(text: &str, least: usize, most: usize) -> String {
    let count = text.chars().count().max(least).min(most);
    text.chars().cycle().take(count).collect()
}

fn bytes(least: usize, most: usize) -> Vec<Value> {
    let odd: [&[u8]; 6] = [b"\0", b"\xff", b"\xc3\x28", b"\r\n", b"\x1f\x8b", b"\xef\xbb\xbf"];
    let mut found = vec![Value::bytes(vec![0; least]), Value::bytes(vec![0xff; most])];
    found.extend(odd.iter().map(|part| {
        let count = part.len().max(least).min(most);
        Value::bytes(part.iter().copied().cycle().take(count).collect::<Vec<u8>>())
    }));
    found
}

/// A host name of so many characters, in labels of up to 63.
fn labels(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let rest = length - text.len();
        let label = match rest {
            ..=63 => rest,
            // A label of one character is left for the end, not none.
            64 => 62,
            _ => 63,
        };
        text.push_str(&"a".repeat(label));
        if text.len() < length {
            text.push('.');
        }
    }
    text
}
