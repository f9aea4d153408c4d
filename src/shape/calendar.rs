//! Dates and times of RFC 3339 §5.6, as texts and as counts of nanoseconds since 1970 in UTC, in
//! the proleptic Gregorian calendar.

const SECOND: i128 = 1_000_000_000;
const DAY: i128 = 86_400 * SECOND;

/// The days since 1970-01-01 of a `full-date` such as `2026-11-22`.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&text[..4])?, digits(&text[5..7])?, digits(&text[8..])?);
    ((1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day))
        .then(|| days_from_civil(year, month, day))
}

/// The nanoseconds since midnight of a `partial-time` such as `23:59:59.5`. A leap second is
/// accepted as 60 and counts as the next second.
pub(crate) fn parse_time(text: &str) -> Option<i128> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let bytes = whole.as_bytes();
    if bytes.len() != 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (digits(&whole[..2])?, digits(&whole[3..5])?, digits(&whole[6..])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let nanos = match fraction {
        None => 0,
        Some(fraction) if fraction.is_empty() || fraction.len() > 30 => return None,
        Some(fraction) => {
            digits(&fraction[..fraction.len().min(9)])
                .filter(|_| fraction.bytes().all(|b| b.is_ascii_digit()))?
                * 10i64.pow(9 - fraction.len().min(9) as u32)
        }
    };
    Some(i128::from((hour * 60 + minute) * 60 + second) * SECOND + i128::from(nanos))
}

/// The nanoseconds east of UTC of a `time-offset`: `Z` or `+02:00`.
fn parse_offset(text: &str) -> Option<i128> {
    if matches!(text, "Z" | "z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let bytes = text.as_bytes();
    if bytes.len() != 6 || bytes[3] != b':' || !text.is_ascii() {
        return None;
    }
    let (hours, minutes) = (digits(&text[1..3])?, digits(&text[4..])?);
    (hours <= 23 && minutes <= 59).then(|| i128::from(sign * (hours * 60 + minutes) * 60) * SECOND)
}

/// The nanoseconds since 1970-01-01T00:00:00Z of a `date-time` such as `2026-11-22T08:00:00Z`.
pub(crate) fn parse_datetime(text: &str) -> Option<i128> {
    if !text.is_ascii() || text.len() < 20 || !matches!(text.as_bytes()[10], b'T' | b't' | b' ') {
        return None;
    }
    let days = parse_date(&text[..10])?;
    let rest = &text[11..];
    let at = rest.find(['Z', 'z', '+', '-'])?;
    let time = parse_time(&rest[..at])?;
    Some(i128::from(days) * DAY + time - parse_offset(&rest[at..])?)
}

/// A `full-time` or `partial-time`: with or without an offset.
pub(crate) fn is_time(text: &str) -> bool {
    let at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    parse_time(&text[..at]).is_some() && (at == text.len() || parse_offset(&text[at..]).is_some())
}

/// The `full-date` of a count of days, when its year has four digits.
pub(crate) fn show_date(days: i64) -> Option<String> {
    let (year, month, day) = civil_from_days(days);
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

/// The `date-time` in UTC of a count of nanoseconds, with as many digits after the second as it
/// needs.
pub(crate) fn show_datetime(nanos: i128) -> Option<String> {
    let date = show_date(i64::try_from(nanos.div_euclid(DAY)).ok()?)?;
    let rest = nanos.rem_euclid(DAY);
    let (seconds, fraction) = (rest / SECOND, rest % SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match fraction {
        0 => String::new(),
        nanos => format!(".{}", format!("{nanos:09}").trim_end_matches('0')),
    };
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}Z"))
}

fn digits(text: &str) -> Option<i64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Years begin in March here, so that the leap day is the last one of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_go_there_and_back() {
        for days in (-719_528..2_932_896).step_by(97) {
            let text = show_date(days).unwrap();
            assert_eq!(parse_date(&text), Some(days), "{text}");
        }
        assert_eq!(parse_date("1970-01-01"), Some(0));
        assert_eq!(parse_date("2024-02-29").and_then(show_date).as_deref(), Some("2024-02-29"));
        for bad in
            ["2023-02-29", "2026-13-01", "2026-00-01", "2026-1-01", "2026-11-31", "26-11-22", "é26-11-22"]
        {
            assert_eq!(parse_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn instants_know_their_offset() {
        let utc = parse_datetime("2026-11-22T08:00:00Z").unwrap();
        assert_eq!(parse_datetime("2026-11-22T10:00:00+02:00"), Some(utc));
        assert_eq!(parse_datetime("2026-11-22T08:00:00.000Z"), Some(utc));
        assert_eq!(show_datetime(utc + 1_500_000).as_deref(), Some("2026-11-22T08:00:00.0015Z"));
        for bad in [
            "2026-11-22",
            "2026-11-22T08:00:00",
            "2026-11-22T24:00:00Z",
            "2026-11-22T08:00:00+2:00",
            "2026-11-22T08:00:00.Z",
        ] {
            assert_eq!(parse_datetime(bad), None, "{bad}");
        }
        assert!(is_time("08:00:00") && is_time("08:00:00.5+01:00") && !is_time("8:00"));
    }
}
