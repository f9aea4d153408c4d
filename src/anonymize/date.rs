//! Dates that move.

use chrono::{Duration, NaiveDate};

use super::keyed::Key;

/// The date of an ISO 8601 date or date-time, moved by the days that the key gives `mover`; what
/// stands after the date stays.
pub(super) fn moved(key: &Key, domain: &[&[u8]], mover: &str, days: u32, text: &str) -> Result<String, String> {
    let wrong = || "it is no date such as 2026-11-22".to_owned();
    let (date, rest) = text.split_at_checked(10).ok_or_else(wrong)?;
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").map_err(|_| wrong())?;
    let time = rest.is_empty() || rest.starts_with(['T', 't', ' ']) && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    if !time {
        return Err(wrong());
    }
    let mut parts = domain.to_vec();
    parts.push(mover.as_bytes());
    // From 1 to `days`, forward or back.
    let drawn = key.below(&parts, u64::from(days) * 2) as i64;
    let by = if drawn < i64::from(days) { drawn + 1 } else { i64::from(days) - drawn - 1 };
    let date = date.checked_add_signed(Duration::days(by)).ok_or("it would move out of the calendar")?;
    Ok(format!("{}{rest}", date.format("%Y-%m-%d")))
}
