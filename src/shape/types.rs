//! The built-in shapes: what each matches, by the standard that defines it. How they are drawn is
//! in the room beside this one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

use super::Pattern;
use super::calendar::{is_time, parse_date, parse_datetime};
use super::matching::range_fits;
use super::order::compare;
use crate::lang::{Kind, Param, Spec, Ty};
use crate::value::words::a_kind;
use crate::value::{Object, Value, show};

/// A built-in shape.
#[derive(Debug)]
pub struct Type {
    /// Its name, parameters and example.
    pub spec: &'static Spec,
    /// The kind of value it is, as [`Value::kind`] names it.
    pub kind: &'static str,
    /// Whether a value belongs to it, under its arguments.
    pub matches: fn(&Value, &Object) -> bool,
}

const fn shape(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Shape, "", name, summary).example(example)
}

const RANGE: &[Param] =
    &[Param::new("range", Ty::Any, "the least and the greatest value, inclusive: `1..9`")];
const LENGTH: &[Param] =
    &[Param::new("length", Ty::Any, "the least and the greatest length, `1..80`, or the one length")];
const VERSION: &[Param] = &[Param::new("version", Ty::Number, "only this version")];

/// The names of this room.
pub const SPECS: &[Spec] = &[
    shape("anything", "any value that is there, `null` included", "expect body matches { id: anything }"),
    shape("uuid", "a UUID as text, in either case (RFC 9562 §4)", "let key = any uuid").params(VERSION),
    shape("ulid", "a ULID as text: 26 digits of Crockford's base 32", "expect body.id matches ulid"),
    shape("int", "a number without a fraction", "let qty = any int(1..9)").params(RANGE),
    shape(
        "decimal",
        "a finite number; drawn with as many digits as its bounds have",
        "expect body matches { total: decimal(0.00..500.00), .. }",
    )
    .params(RANGE),
    shape("number", "any finite number", "expect body.ratio matches number(0..1)").params(RANGE),
    shape("bool", "`true` or `false`", "expect body.active matches bool"),
    shape("text", "text; its length is counted in characters", "expect body.name matches text(1..80)")
        .params(LENGTH),
    shape(
        "email",
        "an address `local@domain` with a dot-string before the `@` (RFC 5321 §4.1.2)",
        "expect body.email matches email",
    ),
    shape(
        "url",
        "an absolute URL (RFC 3986, read as the WHATWG URL Standard reads it)",
        "expect body.avatar matches url",
    ),
    shape("hostname", "a host name (RFC 1123 §2.1)", "expect body.host matches hostname"),
    shape(
        "ip",
        "an IPv4 or IPv6 address as text (RFC 791, RFC 4291 §2.2)",
        "expect body.address matches ip(4)",
    )
    .params(VERSION),
    shape(
        "datetime",
        "a `date-time` as text (RFC 3339 §5.6); a range compares instants",
        "expect body.created_at matches datetime",
    )
    .params(RANGE),
    shape("date", "a `full-date` as text (RFC 3339 §5.6)", "expect body.birthday matches date").params(RANGE),
    shape(
        "time",
        "a `partial-time` or `full-time` as text (RFC 3339 §5.6)",
        "expect body.opens matches time",
    ),
    shape("duration", "a span of time", "expect latency matches duration(0s..2s)").params(RANGE),
    shape("bytes", "bytes; a length counts them", "let blob = any bytes(16)").params(LENGTH),
    shape("base64", "text in base64 with padding (RFC 4648 §4)", "expect body.image matches base64"),
    shape(
        "base64url",
        "text in base64url, padded or not (RFC 4648 §5)",
        "expect body.token matches base64url",
    ),
    shape(
        "hex",
        "text of pairs of hexadecimal digits (RFC 4648 §8), in either case",
        "expect body.digest matches hex(64)",
    )
    .params(LENGTH),
    shape(
        "slug",
        "lower-case words of letters and digits joined by hyphens",
        "expect body.slug matches slug",
    ),
    shape("list", "a list", "expect body.items matches list(1..10)").params(LENGTH),
    shape("object", "an object", "expect body.meta matches object"),
    shape(
        "person_name",
        "the name of a person: text that is not blank, without control characters",
        "shape Customer { name: person_name }",
    ),
    shape(
        "company",
        "the name of a company: text that is not blank, without control characters",
        "shape Customer { employer: company }",
    ),
    shape(
        "address",
        "a postal address: text that is not blank, of one or more lines",
        "shape Customer { address: address }",
    ),
    shape("sentence", "some words: text that is not blank", "shape Review { text: sentence }"),
    shape(
        "phone",
        "a telephone number: 3 to 15 digits (E.164) with the usual separators",
        "shape Customer { phone?: phone }",
    ),
];

macro_rules! types {
    ($($index:literal $kind:literal $matches:expr;)*) => {
        const TYPES: &[Type] = &[$(Type { spec: &SPECS[$index], kind: $kind, matches: $matches }),*];
    };
}

types! {
    0 "anything" |value, _| !matches!(value, Value::Absent);
    1 "text" |value, args| is_text(value, |text| is_uuid(text, args));
    2 "text" |value, _| is_text(value, is_ulid);
    3 "number" |value, args| value.as_number().is_some_and(|number| number.to_i128().is_some() || integral(number)) && in_range(value, args);
    4 "number" |value, args| is_finite(value) && in_range(value, args);
    5 "number" |value, args| is_finite(value) && in_range(value, args);
    6 "bool" |value, _| value.as_bool().is_some();
    7 "text" |value, args| is_text(value, |text| has_length(text.chars().count(), args));
    8 "text" |value, _| is_text(value, is_email);
    9 "text" |value, _| is_text(value, is_url);
    10 "text" |value, _| is_text(value, is_hostname);
    11 "text" |value, args| is_text(value, |text| is_ip(text, args));
    12 "text" |value, args| is_text(value, |text| parse_datetime(text).is_some()) && in_range(value, args);
    13 "text" |value, args| is_text(value, |text| parse_date(text).is_some()) && in_range(value, args);
    14 "text" |value, _| is_text(value, is_time);
    15 "duration" |value, args| matches!(value, Value::Duration(_)) && in_range(value, args);
    16 "bytes" |value, args| matches!(value, Value::Bytes(bytes) if has_length(bytes.bytes.len(), args));
    17 "text" |value, _| is_text(value, |text| STANDARD.decode(text).is_ok());
    18 "text" |value, _| is_text(value, |text| URL_SAFE.decode(text).is_ok() || URL_SAFE_NO_PAD.decode(text).is_ok());
    19 "text" |value, args| is_text(value, |text| {
        text.len().is_multiple_of(2) && text.bytes().all(|b| b.is_ascii_hexdigit()) && has_length(text.len(), args)
    });
    20 "text" |value, _| is_text(value, is_slug);
    21 "list" |value, args| value.as_list().is_some_and(|list| has_length(list.len(), args));
    22 "object" |value, _| value.as_object().is_some();
    23 "text" |value, _| is_text(value, |text| is_line(text, false));
    24 "text" |value, _| is_text(value, |text| is_line(text, false));
    25 "text" |value, _| is_text(value, |text| is_line(text, true));
    26 "text" |value, _| is_text(value, |text| is_line(text, true));
    27 "text" |value, _| is_text(value, is_phone);
}

/// The built-in shape with this name.
pub fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|ty| ty.spec.name == name)
}

/// The pattern of a built-in shape with arguments by name: `int(1..9)` has `range`. Arguments are
/// checked here, once, so that `int("a".."b")` is an error and not a shape that nothing fits.
pub fn of_type(name: &str, args: Object) -> Result<Pattern, String> {
    let ty = find(name).ok_or_else(|| format!("there is no built-in shape `{name}`"))?;
    for (arg, value) in &args {
        if !ty.spec.params.iter().any(|param| *param.name == **arg) {
            return Err(format!("`{name}` has no parameter `{arg}`"));
        }
        check(name, ty.kind, arg, value).map_err(|why| format!("`{name}({})`: {why}", show(value)))?;
    }
    if name == "anything" {
        return Ok(Pattern::Anything);
    }
    Ok(Pattern::Type(ty.spec.name, Arc::new(args)))
}

fn check(name: &str, kind: &str, arg: &str, value: &Value) -> Result<(), String> {
    match (arg, value) {
        ("range", Value::Range(range)) => {
            let (low, high) = (&range.0, &range.1);
            for bound in [low, high] {
                let fits = match name {
                    "datetime" => is_text(bound, |text| parse_datetime(text).is_some()),
                    "date" => is_text(bound, |text| parse_date(text).is_some()),
                    _ => bound.kind() == kind,
                };
                if !fits {
                    return Err(format!("{} is no bound of `{name}`", show(bound)));
                }
            }
            ordered(low, high)
        }
        ("length", Value::Range(range)) => {
            let count = |value: &Value| value.as_number().and_then(crate::value::Number::to_usize);
            if count(&range.0).is_none() || count(&range.1).is_none() {
                return Err("a length is a range of whole numbers from 0".to_owned());
            }
            ordered(&range.0, &range.1)
        }
        ("length", Value::Number(number)) if number.to_usize().is_some() => Ok(()),
        ("length", _) => Err("a length is a whole number from 0, or a range of them".to_owned()),
        ("version", Value::Number(number)) => match (name, number.to_i128()) {
            ("ip", Some(4 | 6)) | ("uuid", Some(1..=8)) => Ok(()),
            ("ip", _) => Err("the versions are 4 and 6".to_owned()),
            _ => Err("the versions are 1 to 8".to_owned()),
        },
        ("version", other) => Err(format!("a version is a number, not {}", a_kind(other))),
        (_, other) => Err(format!("this takes a range such as `1..9`, not {}", a_kind(other))),
    }
}

fn ordered(low: &Value, high: &Value) -> Result<(), String> {
    match compare(low, high)? {
        Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal) => Ok(()),
        _ => Err("the range is empty: its end comes before its start".to_owned()),
    }
}

/// The least and the greatest length that the arguments allow.
pub(super) fn lengths(args: &Object) -> Option<(usize, usize)> {
    let count = |value: &Value| value.as_number().and_then(crate::value::Number::to_usize);
    match args.get("length")? {
        Value::Range(range) => Some((count(&range.0)?, count(&range.1)?)),
        one => count(one).map(|length| (length, length)),
    }
}

fn has_length(length: usize, args: &Object) -> bool {
    match args.get("length") {
        None => true,
        Some(_) => lengths(args).is_some_and(|(min, max)| (min..=max).contains(&length)),
    }
}

fn in_range(value: &Value, args: &Object) -> bool {
    match args.get("range") {
        None => true,
        Some(Value::Range(range)) => range_fits(&range.0, &range.1, value),
        Some(_) => false,
    }
}

fn is_text(value: &Value, test: impl FnOnce(&str) -> bool) -> bool {
    value.as_text().is_some_and(test)
}

fn is_finite(value: &Value) -> bool {
    value.as_number().is_some_and(|number| number.to_decimal().is_ok())
}

/// Integers that are larger than 128 bits have no fraction either.
fn integral(number: &crate::value::Number) -> bool {
    number.to_decimal().is_ok_and(|decimal| decimal.is_integer())
}

fn is_uuid(text: &str, args: &Object) -> bool {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    let version = args.get("version").and_then(Value::as_number).and_then(crate::value::Number::to_usize);
    shaped
        && version.is_none_or(|version| {
            // RFC 9562 §4.1 and §4.2: the variant stands in the top bits of octet 8.
            bytes[14] == b'0' + version as u8 && matches!(bytes[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B')
        })
}

/// The first digit is at most 7, since 26 digits of 5 bits are 130 and a ULID has 128.
fn is_ulid(text: &str) -> bool {
    text.len() == 26
        && text.as_bytes()[0] <= b'7'
        && text.bytes().all(|b| {
            b.is_ascii_alphanumeric() && !matches!(b.to_ascii_uppercase(), b'I' | b'L' | b'O' | b'U')
        })
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
    };
    local.len() <= 64 && text.len() <= 254 && local.split('.').all(atom) && is_hostname(domain)
}

fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

fn is_url(text: &str) -> bool {
    // The parser drops white space and control characters that have no place in a URL.
    !text.chars().any(|c| c.is_whitespace() || c.is_control()) && url::Url::parse(text).is_ok()
}

fn is_ip(text: &str, args: &Object) -> bool {
    match args.get("version").and_then(Value::as_number).and_then(crate::value::Number::to_usize) {
        Some(4) => text.parse::<Ipv4Addr>().is_ok(),
        Some(6) => text.parse::<Ipv6Addr>().is_ok(),
        _ => text.parse::<IpAddr>().is_ok(),
    }
}

fn is_slug(text: &str) -> bool {
    text.split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

fn is_line(text: &str, many: bool) -> bool {
    !text.trim().is_empty()
        && !text.chars().any(|c| c.is_control() && !(many && matches!(c, '\n' | '\r' | '\t')))
}

fn is_phone(text: &str) -> bool {
    let number = text.strip_prefix('+').unwrap_or(text);
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    (3..=15).contains(&digits)
        && number.bytes().all(|b| b.is_ascii_digit() || b" -.()/".contains(&b))
        && number.starts_with(|c: char| c.is_ascii_digit() || c == '(')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(name: &str, text: &str) -> bool {
        (find(name).unwrap().matches)(&Value::text(text), &Object::new())
    }

    #[test]
    fn the_table_and_the_specs_agree() {
        assert_eq!(TYPES.len(), SPECS.len());
        for (ty, spec) in TYPES.iter().zip(SPECS) {
            assert_eq!(ty.spec.name, spec.name);
            assert!(!spec.example.is_empty() && !spec.summary.is_empty());
        }
    }

    #[test]
    fn texts_belong_or_do_not() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            (
                "uuid",
                &["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"],
                &["f81d4fae7dec11d0a76500a0c91e6bf6", "f81d4fae-7dec-11d0-a765-00a0c91e6bfg", ""],
            ),
            (
                "ulid",
                &["01ARZ3NDEKTSV4RRFFQ69G5FAV"],
                &["81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ"],
            ),
            (
                "email",
                &["a@b", "first.last+tag@mail.example.com"],
                &["a", "@b", "a@", "a b@c", "a..b@c", ".a@b", "a@-b", "a@b@c", "a@b_c"],
            ),
            (
                "url",
                &["https://example.com/a?b#c", "mailto:a@b.c"],
                &["/a", "example.com", "https://", "https://a b", " https://a"],
            ),
            ("hostname", &["localhost", "a-b.example.com"], &["", "a..b", "-a", "a_b", "a."]),
            ("ip", &["127.0.0.1", "::1"], &["256.0.0.1", "1.2.3", "localhost", "127.0.0.1:80"]),
            ("datetime", &["2026-11-22T08:00:00Z"], &["2026-11-22", "2026-11-22T08:00:00"]),
            ("date", &["2026-11-22"], &["2026-02-30", "22.11.2026"]),
            ("base64", &["", "YQ=="], &["YQ", "Y===", "a b="]),
            ("base64url", &["YQ", "YQ==", "_-8"], &["+/8", "Y"]),
            ("hex", &["", "00ff", "00FF"], &["0", "0g"]),
            ("slug", &["a", "tea-pot-2"], &["", "-a", "a--b", "Tea", "a b"]),
            ("person_name", &["Zoë Ångström"], &["", "  ", "a\nb", "a\u{0}"]),
            ("address", &["1 Oak Street\nSpringfield"], &["", "\n"]),
            ("phone", &["+49 30 123456", "(030) 1234-5"], &["", "12", "call me", "+", "1234567890123456"]),
        ];
        for (name, good, bad) in cases {
            good.iter().for_each(|text| assert!(fits(name, text), "{text} is a {name}"));
            bad.iter().for_each(|text| assert!(!fits(name, text), "{text} is no {name}"));
        }
    }

    #[test]
    fn nothing_that_is_no_text_is_text() {
        for ty in TYPES.iter().filter(|ty| ty.kind == "text") {
            for value in [Value::int(1), Value::Null, Value::Absent, Value::list(vec![]), Value::Bool(true)] {
                assert!(!(ty.matches)(&value, &Object::new()), "{} {value:?}", ty.spec.name);
            }
        }
    }

    #[test]
    fn arguments_are_checked() {
        let range =
            |low: Value, high: Value| Object::from([("range".into(), Value::Range(Arc::new((low, high))))]);
        assert!(of_type("int", range(Value::int(1), Value::int(9))).is_ok());
        let error = of_type("int", range(Value::int(9), Value::int(1))).unwrap_err();
        assert!(error.contains("the range is empty"), "{error}");
        let error = of_type("int", range(Value::text("a"), Value::text("b"))).unwrap_err();
        assert!(error.contains("is no bound of `int`"), "{error}");
        assert!(of_type("ip", Object::from([("version".into(), Value::int(5))])).is_err());
        assert!(of_type("text", Object::from([("length".into(), Value::int(-1))])).is_err());
        assert!(of_type("text", Object::from([("size".into(), Value::int(1))])).is_err());
    }
}
