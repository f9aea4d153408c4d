//! Draws of the built-in shapes. Names, places and companies are made up; mail and hosts end in
//! `.test` and telephone numbers in 555-01, which belong to nobody (RFC 2606, NANP).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bigdecimal::BigDecimal;
use bigdecimal::num_traits::ToPrimitive as _;

use super::stream::Stream;
use crate::shape::calendar::{parse_date, parse_datetime, show_date, show_datetime};
use crate::shape::types::lengths;
use crate::value::{Number, Object, Value, show};

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SECOND: i128 = 1_000_000_000;
/// 2020-01-01 and 2029-12-31 in days since 1970: what dates are drawn of.
const DAYS: (i64, i64) = (18_262, 21_914);
/// No text or bytes are drawn longer.
const MAX_LENGTH: usize = 1024 * 1024;

const FIRST: &[&str] = &[
    "Ada", "Ben", "Carla", "Dmitri", "Elif", "Femi", "Greta", "Hiro", "Ines", "Jonas", "Kavya", "Lena",
    "Mateo", "Nora", "Omar", "Priya",
];
const LAST: &[&str] = &[
    "Abbott", "Bauer", "Costa", "Dahl", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jensen", "Keller",
    "Lopez", "Moreau", "Novak", "Okafor", "Petrov",
];
const STREET: &[&str] = &[
    "Oak Street",
    "Mill Lane",
    "Station Road",
    "Harbour View",
    "Church Hill",
    "Park Avenue",
    "Bridge Street",
    "Garden Row",
];
const TOWN: &[&str] =
    &["Ashford", "Brookside", "Clearwater", "Dunmore", "Eastvale", "Fairhaven", "Greenfield", "Hillcrest"];
const TRADE: &[&str] = &["Foods", "Logistics", "Motors", "Software", "Textiles", "Trading", "Works"];
const WORD: &[&str] = &[
    "a", "boat", "calm", "every", "finds", "green", "house", "its", "keeps", "light", "morning", "near",
    "quiet", "river", "the", "under", "warm", "way",
];

/// A value of a built-in shape.
pub(super) fn draw(name: &str, args: &Object, stream: &mut Stream) -> Result<Value, String> {
    if let Some(Value::Range(range)) = args.get("range") {
        return bounded(name, &range.0, &range.1, stream);
    }
    let version = args.get("version").and_then(Value::as_number).and_then(Number::to_usize);
    let text = match name {
        "uuid" => uuid(version.unwrap_or(4), stream),
        "ulid" => format!("{}{}", stream.one_of(&["0", "1"]), stream.letters(CROCKFORD, 25)),
        "int" => return Ok(Value::int(stream.between(0, 1_000_000))),
        "decimal" | "number" => return Ok(scaled(stream.between(0, 100_000_000), 2)),
        "bool" => return Ok(Value::Bool(stream.below(2) == 1)),
        "text" => {
            let length = length(args, 1, 20, stream)?;
            stream.letters(LOWER, length)
        }
        "email" => format!("{}{}@example.test", stream.letters(LOWER, 8), stream.below(1_000)),
        "url" => format!("https://example.test/{}", stream.letters(LOWER, 8)),
        "hostname" => format!("{}.example.test", stream.letters(LOWER, 8)),
        // The documentation ranges of RFC 5737 and RFC 3849.
        "ip" if version == Some(6) => format!("2001:db8::{:x}", stream.between(1, 0xffff)),
        "ip" => format!("192.0.2.{}", stream.between(1, 254)),
        "datetime" => {
            let at = stream.between(i128::from(DAYS.0) * 86_400, i128::from(DAYS.1) * 86_400);
            show_datetime(at * SECOND).ok_or("no such date-time")?
        }
        "date" => show_date(stream.between(DAYS.0.into(), DAYS.1.into()) as i64).ok_or("no such date")?,
        "time" => format!("{:02}:{:02}:{:02}", stream.below(24), stream.below(60), stream.below(60)),
        "duration" => return Ok(Value::Duration(stream.between(1, 60_000) as i64 * 1_000_000)),
        "bytes" => {
            let length = length(args, 16, 16, stream)?;
            return Ok(Value::bytes(stream.bytes(length)));
        }
        "base64" => STANDARD.encode(stream.bytes(16)),
        "base64url" => URL_SAFE_NO_PAD.encode(stream.bytes(16)),
        "hex" => hex(args, stream)?,
        "slug" => format!("{}-{}", stream.letters(LOWER, 5), stream.letters(LOWER, 5)),
        "person_name" => format!("{} {}", stream.one_of(FIRST), stream.one_of(LAST)),
        "company" => format!("{} {}", stream.one_of(LAST), stream.one_of(TRADE)),
        "address" => format!("{} {}, {}", stream.between(1, 199), stream.one_of(STREET), stream.one_of(TOWN)),
        "sentence" => sentence(stream),
        "phone" => format!("+1 {} 555 01{:02}", stream.between(201, 989), stream.below(100)),
        "list" | "object" => {
            return Err(format!("`{name}` says nothing about what is in it, so nothing can be drawn"));
        }
        other => return Err(format!("`{other}` cannot be drawn")),
    };
    Ok(Value::text(text))
}

/// A value of a range, both ends included.
pub(super) fn in_range(low: &Value, high: &Value, stream: &mut Stream) -> Result<Value, String> {
    match (low, high) {
        (Value::Number(_), Value::Number(_)) => bounded("decimal", low, high, stream),
        (Value::Duration(_), Value::Duration(_)) => bounded("duration", low, high, stream),
        (Value::Text(a), Value::Text(b))
            if parse_date(&a.text).is_some() && parse_date(&b.text).is_some() =>
        {
            bounded("date", low, high, stream)
        }
        (Value::Text(a), Value::Text(b))
            if parse_datetime(&a.text).is_some() && parse_datetime(&b.text).is_some() =>
        {
            bounded("datetime", low, high, stream)
        }
        _ => Err(format!(
            "nothing can be drawn of {}..{}: the ends are no numbers, durations or dates",
            show(low),
            show(high)
        )),
    }
}

fn bounded(name: &str, low: &Value, high: &Value, stream: &mut Stream) -> Result<Value, String> {
    let empty = || format!("the range {}..{} is empty", show(low), show(high));
    match (low, high) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (exact(a)?, exact(b)?);
            // As many digits after the point as the bounds show: 0.00..500.00 draws cents.
            let scale = if name == "int" {
                0
            } else {
                a.fractional_digit_count().max(b.fractional_digit_count()).max(0)
            };
            let unit = |bound: &BigDecimal, up: bool| {
                let mode =
                    if up { bigdecimal::RoundingMode::Ceiling } else { bigdecimal::RoundingMode::Floor };
                bound.with_scale_round(scale, mode).as_bigint_and_exponent().0.to_i128()
            };
            let (Some(a), Some(b)) = (unit(&a, true), unit(&b, false)) else {
                return Err("the bounds have too many digits to draw between them".to_owned());
            };
            if a > b { Err(empty()) } else { Ok(scaled(stream.between(a, b), scale)) }
        }
        (Value::Duration(a), Value::Duration(b)) if a <= b => {
            // Whole milliseconds where the bounds allow it: that is what people write.
            let (first, last) = (
                i128::from(*a).div_euclid(1_000_000) + i128::from(a % 1_000_000 != 0),
                i128::from(*b).div_euclid(1_000_000),
            );
            let nanos = if first <= last {
                stream.between(first, last) * 1_000_000
            } else {
                stream.between((*a).into(), (*b).into())
            };
            Ok(Value::Duration(nanos as i64))
        }
        (Value::Text(a), Value::Text(b)) => {
            let drawn = if let (Some(a), Some(b)) = (parse_date(&a.text), parse_date(&b.text)) {
                (a <= b).then(|| show_date(stream.between(a.into(), b.into()) as i64))
            } else if let (Some(a), Some(b)) = (parse_datetime(&a.text), parse_datetime(&b.text)) {
                let (first, last) = (-(-a).div_euclid(SECOND), b.div_euclid(SECOND));
                (a <= b).then(|| {
                    show_datetime(if first <= last { stream.between(first, last) * SECOND } else { a })
                })
            } else {
                None
            };
            drawn.flatten().map(Value::text).ok_or_else(empty)
        }
        _ => Err(empty()),
    }
}

fn exact(number: &Number) -> Result<BigDecimal, String> {
    number.to_decimal().map_err(|error| error.to_string())
}

fn scaled(units: i128, scale: i64) -> Value {
    Value::Number(Number::from_decimal(BigDecimal::new(units.into(), scale)))
}

fn length(args: &Object, least: usize, most: usize, stream: &mut Stream) -> Result<usize, String> {
    let (min, max) = lengths(args).unwrap_or((least, most));
    if min > MAX_LENGTH {
        return Err(format!("nothing longer than {MAX_LENGTH} is drawn"));
    }
    Ok(stream.between(min as i128, max.min(MAX_LENGTH) as i128) as usize)
}

/// RFC 9562 §5.4: all bits random but for the version and the variant.
fn uuid(version: usize, stream: &mut Stream) -> String {
    let mut bytes = stream.bytes(16);
    bytes[6] = bytes[6] & 0x0f | (version as u8) << 4;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Pairs of digits, so the length is even.
fn hex(args: &Object, stream: &mut Stream) -> Result<String, String> {
    let (min, max) = lengths(args).unwrap_or((32, 32));
    let (min, max) = (min.div_ceil(2), max.min(MAX_LENGTH) / 2);
    if min > max {
        return Err("hexadecimal has an even length".to_owned());
    }
    let pairs = stream.between(min as i128, max as i128) as usize;
    Ok(stream.bytes(pairs).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn sentence(stream: &mut Stream) -> String {
    let count = stream.between(4, 9);
    let words: Vec<&str> = (0..count).map(|_| stream.one_of(WORD)).collect();
    let text = words.join(" ");
    format!("{}{}.", text[..1].to_uppercase(), &text[1..])
}
