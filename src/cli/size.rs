//! Sizes of memory on the command line: `512MiB`, `2GiB`, `1000000`.

const UNITS: [(&str, usize); 7] = [
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("B", 1),
];

/// Reads a size in bytes; it is more than nothing.
pub(super) fn parse(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no size; write it like `512MiB` or `2GiB`");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: usize = number.parse().map_err(|_| wrong())?;
    let factor = match unit {
        "" => 1,
        unit => UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or_else(wrong)?,
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(parse("2GiB"), Ok(2 << 30));
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        assert_eq!(parse("1000"), Ok(1000));
        for text in ["", "0", "GiB", "1gb", "1.5GiB", "-1", "99999999999999999999GiB", "99999999999999GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
