//! Values in PostgreSQL's binary forms, as its `…send` functions write them.

use sqlx::TypeInfo as _;
use sqlx::postgres::{PgTypeInfo, PgTypeKind};

use super::rows::{json, number, text_or_bytes};
use crate::value::{Number, Value};

/// The days from 1970-01-01 to 2000-01-01, which the server counts from.
const EPOCH_DAYS: i64 = 10_957;
const DAY: i64 = 86_400_000_000;

/// Reads a value that is not NULL; `None` when its type is not known.
pub(super) fn read(info: &PgTypeInfo, bytes: &[u8]) -> Option<Value> {
    match info.kind() {
        PgTypeKind::Array(element) => return array(element, bytes),
        PgTypeKind::Domain(base) => return read(base, bytes),
        PgTypeKind::Enum(_) => return Some(text_or_bytes(bytes)),
        _ => {}
    }
    Some(match info.name() {
        "BOOL" => Value::Bool(*bytes.first()? != 0),
        "INT2" => Value::int(i16::from_be_bytes(exact(bytes)?)),
        "INT4" => Value::int(i32::from_be_bytes(exact(bytes)?)),
        "INT8" => Value::int(i64::from_be_bytes(exact(bytes)?)),
        "OID" => Value::int(u32::from_be_bytes(exact(bytes)?)),
        "FLOAT4" => {
            let value = f32::from_be_bytes(exact(bytes)?);
            Value::Number(Number::Float { value: f64::from(value), single: true })
        }
        "FLOAT8" => Value::Number(Number::Float { value: f64::from_be_bytes(exact(bytes)?), single: false }),
        "NUMERIC" => numeric(bytes)?,
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" | "\"CHAR\"" | "citext" | "xml" => {
            text_or_bytes(bytes)
        }
        "BYTEA" => Value::bytes(bytes.to_vec()),
        "UUID" => Value::text(uuid(bytes)?),
        "JSON" => json(bytes),
        // A version, always 1, stands before the text.
        "JSONB" => json(bytes.strip_prefix(&[1])?),
        "DATE" => Value::text(date(i32::from_be_bytes(exact(bytes)?))),
        "TIME" => Value::text(time(i64::from_be_bytes(exact(bytes)?))),
        "TIMETZ" => {
            let (at, west) = bytes.split_at_checked(8)?;
            let offset = offset(-i32::from_be_bytes(exact(west)?));
            Value::text(format!("{}{offset}", time(i64::from_be_bytes(exact(at)?))))
        }
        "TIMESTAMP" => Value::text(timestamp(i64::from_be_bytes(exact(bytes)?), "")),
        "TIMESTAMPTZ" => Value::text(timestamp(i64::from_be_bytes(exact(bytes)?), "Z")),
        "INTERVAL" => interval(bytes)?,
        "INET" | "CIDR" => Value::text(address(bytes)?),
        "MACADDR" | "MACADDR8" => {
            Value::text(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
        }
        "BIT" | "VARBIT" => bits(bytes)?,
        "VOID" => Value::Null,
        _ => return None,
    })
}

fn exact<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn word(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_be_bytes(exact(bytes.get(at..at + 4)?)?))
}

/// Dimensions, then elements, the last dimension the fastest.
fn array(element: &PgTypeInfo, bytes: &[u8]) -> Option<Value> {
    let dimensions = usize::try_from(word(bytes, 0)?).ok()?;
    let mut lengths = Vec::with_capacity(dimensions.min(6));
    for dimension in 0..dimensions {
        lengths.push(usize::try_from(word(bytes, 12 + dimension * 8)?).ok()?);
    }
    let mut rest = bytes.get(12 + dimensions * 8..)?;
    if lengths.is_empty() {
        return Some(Value::list(Vec::new()));
    }
    nested(element, &lengths, &mut rest)
}

fn nested(element: &PgTypeInfo, lengths: &[usize], rest: &mut &[u8]) -> Option<Value> {
    let (length, inner) = lengths.split_first()?;
    let mut items = Vec::new();
    for _ in 0..*length {
        if !inner.is_empty() {
            items.push(nested(element, inner, rest)?);
            continue;
        }
        let size = word(rest, 0)?;
        *rest = rest.get(4..)?;
        match usize::try_from(size) {
            Err(_) => items.push(Value::Null),
            Ok(size) => {
                items.push(read(element, rest.get(..size)?)?);
                *rest = rest.get(size..)?;
            }
        }
    }
    Some(Value::list(items))
}

/// Digits to the base of 10,000, with the number of decimal places that are shown.
fn numeric(bytes: &[u8]) -> Option<Value> {
    let short = |at: usize| Some(i16::from_be_bytes(exact(bytes.get(at..at + 2)?)?));
    let (count, weight, sign, scale) = (short(0)?, short(2)?, short(4)? as u16, short(6)?);
    let special = match sign {
        0xC000 => Some(f64::NAN),
        0xD000 => Some(f64::INFINITY),
        0xF000 => Some(f64::NEG_INFINITY),
        _ => None,
    };
    if let Some(value) = special {
        return Some(Value::Number(Number::Float { value, single: false }));
    }
    let digit = |position: i32| -> Option<i16> {
        match usize::try_from(position) {
            Ok(at) if position < i32::from(count) => short(8 + at * 2),
            _ => Some(0),
        }
    };
    let mut text = String::new();
    if sign == 0x4000 {
        text.push('-');
    }
    if weight < 0 {
        text.push('0');
    }
    for position in 0..=i32::from(weight) {
        let digit = digit(position)?;
        text.push_str(&if position == 0 { digit.to_string() } else { format!("{digit:04}") });
    }
    if scale > 0 {
        let mut fraction = String::new();
        let mut position = i32::from(weight) + 1;
        while fraction.len() < usize::try_from(scale).ok()? {
            fraction.push_str(&format!("{:04}", digit(position)?));
            position += 1;
        }
        fraction.truncate(usize::try_from(scale).ok()?);
        text.push('.');
        text.push_str(&fraction);
    }
    Some(number(&text))
}

fn uuid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = exact(bytes)?;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// `2026-11-22`; the ends of time by their names.
fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        days => civil(i64::from(days)),
    }
}

/// A day of the proleptic Gregorian calendar, by the days since 2000-01-01.
fn civil(days: i64) -> String {
    // Days since 0000-03-01, from which leap days are the last of a year.
    let days = days + EPOCH_DAYS + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    match year {
        1..=9_999 => format!("{year:04}-{month:02}-{day:02}"),
        // ISO 8601 has no year before 1 but by agreement; PostgreSQL writes `BC`.
        year if year < 1 => format!("{:04}-{month:02}-{day:02} BC", 1 - year),
        year => format!("+{year}-{month:02}-{day:02}"),
    }
}

/// `10:00:00.5`, by the microseconds since midnight.
fn time(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let fraction = match fraction {
        0 => String::new(),
        fraction => format!(".{fraction:06}").trim_end_matches('0').to_owned(),
    };
    format!("{:02}:{:02}:{:02}{fraction}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// `+02:00`, by the seconds east of UTC.
fn offset(east: i32) -> String {
    if east == 0 {
        return "Z".to_owned();
    }
    let sign = if east < 0 { '-' } else { '+' };
    let east = east.unsigned_abs();
    let seconds = if east % 60 == 0 { String::new() } else { format!(":{:02}", east % 60) };
    format!("{sign}{:02}:{:02}{seconds}", east / 3_600, east / 60 % 60)
}

fn timestamp(micros: i64, zone: &str) -> String {
    match micros {
        i64::MAX => "infinity".to_owned(),
        i64::MIN => "-infinity".to_owned(),
        micros => {
            let day = civil(micros.div_euclid(DAY));
            let time = time(micros.rem_euclid(DAY));
            match day.strip_suffix(" BC") {
                Some(day) => format!("{day}T{time}{zone} BC"),
                None => format!("{day}T{time}{zone}"),
            }
        }
    }
}

/// A duration when it is one: days and months have no fixed length, and stay text in ISO 8601.
fn interval(bytes: &[u8]) -> Option<Value> {
    let micros = i64::from_be_bytes(exact(bytes.get(..8)?)?);
    let (days, months) = (word(bytes, 8)?, word(bytes, 12)?);
    if days == 0
        && months == 0
        && let Some(nanos) = micros.checked_mul(1_000)
    {
        return Some(Value::Duration(nanos));
    }
    let mut text = "P".to_owned();
    for (count, unit) in [(months / 12, 'Y'), (months % 12, 'M'), (days, 'D')] {
        if count != 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if micros != 0 {
        text.push('T');
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        for (count, unit) in [(seconds / 3_600, 'H'), (seconds / 60 % 60, 'M')] {
            if count != 0 {
                text.push_str(&format!("{count}{unit}"));
            }
        }
        let (second, fraction) = (seconds % 60, fraction);
        if second != 0 || fraction != 0 {
            let sign = if micros < 0 { "-" } else { "" };
            let digits = format!("{sign}{}.{:06}", second.abs(), fraction.abs());
            text.push_str(digits.trim_end_matches('0').trim_end_matches('.'));
            text.push('S');
        }
    }
    Some(Value::text(text))
}

/// Family, bits, whether it is a network, length, address.
fn address(bytes: &[u8]) -> Option<String> {
    let [_, bits, network, _, address @ ..] = bytes else { return None };
    let (text, full) = match address.len() {
        4 => (std::net::Ipv4Addr::from(exact::<4>(address)?).to_string(), 32),
        16 => (std::net::Ipv6Addr::from(exact::<16>(address)?).to_string(), 128),
        _ => return None,
    };
    Some(if *bits == full && *network == 0 { text } else { format!("{text}/{bits}") })
}

fn bits(bytes: &[u8]) -> Option<Value> {
    let count = usize::try_from(word(bytes, 0)?).ok()?;
    let all = bytes.get(4..)?.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    Some(Value::text(all.take(count).map(|bit| if bit == 0 { '0' } else { '1' }).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, text) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (-1, "1999-12-31"),
            (9_822, "2026-11-22"),
            (-730_119, "0001-01-01"),
            (-730_120, "0001-12-31 BC"),
        ] {
            assert_eq!(date(days), text);
        }
        assert_eq!(timestamp(-1, "Z"), "1999-12-31T23:59:59.999999Z");
        assert_eq!(date(i32::MAX), "infinity");
    }

    #[test]
    fn offsets_have_a_sign() {
        assert_eq!(
            (offset(0).as_str(), offset(7_200).as_str(), offset(-19_800).as_str()),
            ("Z", "+02:00", "-05:30")
        );
    }
}
