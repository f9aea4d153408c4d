//! The options of statements.

use std::time::Duration;

use super::rows::Limits;
use super::specs::option_names;
use crate::diag::did_you_mean;
use crate::protocol::Misuse;
use crate::value::{Object, Value, show_short};

/// How long a statement may take unless it says so.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The isolation levels of the standard.
const LEVELS: &[&str] = &["read uncommitted", "read committed", "repeatable read", "serializable"];

/// The options of a request.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) timeout: Duration,
    pub(super) limits: Limits,
    pub(super) isolation: Option<&'static str>,
    pub(super) read_only: bool,
    pub(super) returning: bool,
}

impl Options {
    pub(super) fn read(written: &Object) -> Result<Options, Misuse> {
        let mut options = Options {
            timeout: TIMEOUT,
            limits: Limits { rows: 10_000, bytes: 64 << 20, lenient: false },
            isolation: None,
            read_only: false,
            returning: true,
        };
        for (name, value) in written.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
            let wrong = |wanted: &str| {
                let got = show_short(value, 60);
                Misuse::option(&**name, format!("`{name}` takes {wanted}, not {}: {got}", value.kind()))
            };
            let count = || {
                let number = value.as_number().and_then(crate::value::Number::to_usize);
                number.filter(|number| *number > 0)
            };
            match &**name {
                "timeout" => {
                    let timeout = value.as_duration().filter(|timeout| !timeout.is_zero());
                    options.timeout = timeout.ok_or_else(|| wrong("a duration such as `2s`"))?;
                }
                "max_rows" => options.limits.rows = count().ok_or_else(|| wrong("a number of rows"))?,
                "max_size" => {
                    options.limits.bytes = count().ok_or_else(|| wrong("a size such as `64MiB`"))?
                }
                "read_only" => {
                    options.read_only = value.as_bool().ok_or_else(|| wrong("`true` or `false`"))?;
                }
                "returning" => {
                    options.returning = value.as_bool().ok_or_else(|| wrong("`true` or `false`"))?;
                }
                "isolation" => {
                    let word = value.as_text().map(|text| text.replace('_', " ").to_lowercase());
                    let level = LEVELS.iter().find(|level| word.as_deref() == Some(**level));
                    options.isolation =
                        Some(level.ok_or_else(|| wrong("an isolation level such as `\"serializable\"`"))?);
                }
                _ => {
                    let misuse = Misuse::option(&**name, format!("SQL has no option `{name}`"));
                    return Err(match did_you_mean(name, option_names()) {
                        Some(advice) => misuse.help(advice),
                        None => misuse,
                    });
                }
            }
        }
        Ok(options)
    }
}
