//! Literals: numbers with their units, and the escapes of strings.

use crate::value::Number;

/// A number token, read.
#[derive(Debug, PartialEq)]
pub(crate) enum Numeric {
    /// `59.98`
    Number(Number),
    /// `250ms`, in nanoseconds.
    Duration(i64),
    /// `64KiB`, in bytes.
    Size(u64),
    /// `99.9%`, as 0.999.
    Percent(Number),
    /// `200/s`, with its period in nanoseconds.
    Rate(Number, i64),
}

/// Why a number token is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NumericError {
    /// Looks like a date or a time.
    Date,
    /// What is wrong, and what to write.
    Other(String, String),
}

/// Units of time, in nanoseconds, from the largest.
const TIMES: [(&str, i128); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Units of size, in bytes.
const SIZES: [(&str, u64); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// Reads a number token.
pub(crate) fn numeric(text: &str) -> Result<Numeric, NumericError> {
    if is_date(text) {
        return Err(NumericError::Date);
    }
    if let Some((count, period)) = text.split_once('/') {
        return rate(count, period);
    }
    if let Some(part) = text.strip_suffix('%') {
        let value = number(part)?;
        let hundredth: Number = number("0.01")?;
        return value
            .mul(&hundredth)
            .map(Numeric::Percent)
            .map_err(|error| other(error.to_string(), "write it shorter"));
    }
    if let Some(at) = operator(text) {
        let (left, right) = (&text[..at], &text[at + 1..]);
        let sign = &text[at..=at];
        return Err(other(
            format!("`{text}` is no number"),
            format!("`{sign}` needs a space on both sides: `{left} {sign} {right}`"),
        ));
    }
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.')) || is_exponent(text) {
        return number(text).map(Numeric::Number);
    }
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    if let Some((_, bytes)) = SIZES.iter().find(|(unit, _)| *unit == &text[unit_at..]) {
        return size(text, &text[..unit_at], *bytes);
    }
    duration(text).map(Numeric::Duration)
}

fn other(message: impl Into<String>, help: impl Into<String>) -> NumericError {
    NumericError::Other(message.into(), help.into())
}

/// `2026-11-22`, with or without a time; also `10-11-2026`.
fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let is_number =
        |part: Option<&str>| part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    is_number(parts.next())
        && is_number(parts.next())
        && parts.next().is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Where a minus stands that belongs to no exponent.
fn operator(text: &str) -> Option<usize> {
    if is_exponent(text) {
        return None;
    }
    text.find(['-', '+'])
}

fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    !exponent.is_empty()
        && exponent.bytes().all(|b| b.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.'))
}

fn number(text: &str) -> Result<Number, NumericError> {
    if text.matches('.').count() > 1 {
        return Err(other(format!("`{text}` is no number"), "put versions and addresses into quotes"));
    }
    let wrong_underscore = text.starts_with('_')
        || text.ends_with('_')
        || text.contains("__")
        || text.contains("_.")
        || text.contains("._");
    if wrong_underscore {
        return Err(other(format!("`{text}` is no number"), "`_` stands between two digits"));
    }
    text.parse().map_err(|error: crate::value::NumberError| match error {
        crate::value::NumberError::TooLarge => other(error.to_string(), "write a smaller number, or text"),
        error => other(error.to_string(), "numbers are written `42`, `10_000`, `59.98` or `1e5`"),
    })
}

fn size(whole: &str, count: &str, unit: u64) -> Result<Numeric, NumericError> {
    let bytes = number(count)?
        .mul(&Number::Int(i128::from(unit)))
        .map_err(|error| other(error.to_string(), "write it shorter"))?;
    match bytes.to_i128().map(u64::try_from) {
        Some(Ok(bytes)) => Ok(Numeric::Size(bytes)),
        Some(Err(_)) => Err(other(format!("`{whole}` is too large"), "sizes have 64 bits")),
        None => Err(other(format!("`{whole}` is no whole number of bytes"), "use a smaller unit")),
    }
}

fn rate(count: &str, period: &str) -> Result<Numeric, NumericError> {
    let bad = || {
        other(
            format!("`{count}/{period}` is no rate"),
            format!(
                "a rate is `200/s` or `10/m`; a division has a space on both sides: `{count} / {period}`"
            ),
        )
    };
    let period = match TIMES.iter().find(|(unit, _)| *unit == period) {
        Some((_, nanos)) => i64::try_from(*nanos).map_err(|_| bad())?,
        None if period.starts_with(|c: char| c.is_ascii_digit()) => duration(period).map_err(|_| bad())?,
        None => return Err(bad()),
    };
    if period <= 0 {
        return Err(other("a rate needs a period", "write `200/s`"));
    }
    number(count).map(|count| Numeric::Rate(count, period))
}

/// `1m30s`: parts with units from large to small.
fn duration(text: &str) -> Result<i64, NumericError> {
    let mut rest = text;
    let mut total: i128 = 0;
    let mut smallest = TIMES.len();
    let mut first = true;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit_end =
            rest[digits..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| digits + at);
        let (count, unit) = (&rest[..digits], &rest[digits..unit_end]);
        let Some(rank) = TIMES.iter().position(|(name, _)| *name == unit) else {
            return Err(bad_unit(text, unit));
        };
        if !first && rank <= smallest {
            return Err(other(
                format!("`{text}` is no duration"),
                "its parts go from large to small: `1m30s`",
            ));
        }
        let nanos = number(count)?
            .mul(&Number::Int(TIMES[rank].1))
            .map_err(|error| other(error.to_string(), "write it shorter"))?;
        let Some(nanos) = nanos.to_i128() else {
            return Err(other(format!("`{text}` is no whole number of nanoseconds"), "use a smaller unit"));
        };
        total = total.saturating_add(nanos);
        smallest = rank;
        first = false;
        rest = &rest[unit_end..];
    }
    i64::try_from(total).map_err(|_| other(format!("`{text}` is too long"), "durations reach 292 years"))
}

fn bad_unit(text: &str, unit: &str) -> NumericError {
    let known = TIMES.iter().map(|(name, _)| *name).chain(SIZES.iter().map(|(name, _)| *name));
    let help = match crate::diag::did_you_mean(unit, known) {
        Some(advice) if !unit.is_empty() => advice,
        _ => "units are `ns us ms s m h d`, `B kB MB GB KiB MiB GiB` and `%`".to_owned(),
    };
    let message = if unit.is_empty() {
        format!("`{text}` ends without a unit")
    } else {
        format!("`{unit}` is no unit")
    };
    other(message, help)
}

/// A bad escape, by its place in the raw text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadEscape {
    /// First byte.
    pub(crate) start: usize,
    /// One past the last.
    pub(crate) end: usize,
    /// What is wrong.
    pub(crate) message: String,
}

/// Resolves `\n \t \r \" \\ \$ \u{…}`; bad ones are reported and stand for themselves.
pub(crate) fn unescape(raw: &str, bad: &mut Vec<BadEscape>) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = 0;
    while let Some(length) = raw[rest..].find('\\') {
        let at = rest + length;
        out.push_str(&raw[rest..at]);
        let Some(c) = raw[at + 1..].chars().next() else {
            out.push('\\');
            return out;
        };
        rest = at + 1 + c.len_utf8();
        match c {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '"' | '\\' | '$' => out.push(c),
            'u' => {
                let digits =
                    raw[rest..].strip_prefix('{').and_then(|r| r.split_once('}')).map_or("", |(d, _)| d);
                let is_hex = matches!(digits.len(), 1..=6) && digits.bytes().all(|b| b.is_ascii_hexdigit());
                match is_hex.then(|| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)).flatten()
                {
                    Some(c) => {
                        out.push(c);
                        rest += digits.len() + 2;
                    }
                    None => {
                        if is_hex {
                            rest += digits.len() + 2;
                        }
                        let message = format!("`{}` is no character", &raw[at..rest]);
                        bad.push(BadEscape { start: at, end: rest, message });
                    }
                }
            }
            c => {
                bad.push(BadEscape { start: at, end: rest, message: format!("`\\{c}` is no escape") });
                out.push(c);
            }
        }
    }
    out.push_str(&raw[rest..]);
    out
}
