//! How severe a line of a log is, by one name whatever its logger calls it.

/// The levels that loggers have, the least first.
pub(crate) const LEVELS: &[&str] = &["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

/// `error`, `err` and, of pino and bunyan, `50` are `ERROR`. What is no known level is in upper case.
pub(crate) fn level(written: &str) -> String {
    let upper = written.to_uppercase();
    let name = match upper.as_str() {
        "10" | "TRC" => "TRACE",
        "20" | "DBG" => "DEBUG",
        "30" | "INF" | "INFORMATION" => "INFO",
        "40" | "WRN" | "WARNING" => "WARN",
        "50" | "ERR" | "EROR" => "ERROR",
        "60" | "FTL" => "FATAL",
        _ => return upper,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn levels_have_one_name_each() {
        for (written, name) in [
            ("error", "ERROR"),
            ("ERROR", "ERROR"),
            ("err", "ERROR"),
            ("50", "ERROR"),
            ("warning", "WARN"),
            ("Information", "INFO"),
            ("error+2", "ERROR+2"),
            ("35", "35"),
        ] {
            assert_eq!(super::level(written), name);
        }
    }
}
