//! The options of a command.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diag::did_you_mean;
use crate::event::BODY_LIMIT;
use crate::protocol::Misuse;
use crate::system::{Input, Word};
use crate::value::{Bytes, MASK, Number, Object, Value, show, show_short, to_json};

/// The options, read.
pub(super) struct Options {
    pub(super) dir: PathBuf,
    pub(super) env: Vec<(String, Word)>,
    pub(super) stdin: Input,
    /// What it reads, for the report.
    pub(super) stdin_shown: String,
    pub(super) timeout: Duration,
    pub(super) limit: usize,
}

const KNOWN: [&str; 5] = ["dir", "env", "stdin", "timeout", "limit"];

impl Options {
    pub(super) fn read(options: &Object, base: &Path) -> Result<Options, Misuse> {
        let mut read = Options {
            dir: base.to_owned(),
            env: Vec::new(),
            stdin: Input::Null,
            stdin_shown: String::new(),
            timeout: Duration::from_secs(60),
            limit: 16 * 1024 * 1024,
        };
        for (name, value) in options {
            match &**name {
                "dir" => match value.as_text() {
                    Some(dir) => read.dir = base.join(dir),
                    None => return Err(wrong("dir", "text", value)),
                },
                "env" => read.env = env(value)?,
                "stdin" => {
                    let bytes = stdin(value)?;
                    read.stdin_shown = shown(value, &bytes);
                    read.stdin = Input::Bytes(bytes);
                }
                "timeout" => match value.as_duration().filter(|timeout| !timeout.is_zero()) {
                    Some(timeout) => read.timeout = timeout,
                    None => return Err(wrong("timeout", "a duration such as `10s`", value)),
                },
                "limit" => match value {
                    Value::Number(Number::Int(limit)) if *limit > 0 => {
                        read.limit = usize::try_from(*limit).unwrap_or(usize::MAX);
                    }
                    other => return Err(wrong("limit", "a size such as `16MiB`", other)),
                },
                other => {
                    let misuse = Misuse::option(other, format!("`exec` has no option `{other}`"));
                    return Err(match did_you_mean(other, KNOWN) {
                        Some(advice) => misuse.help(advice),
                        None => misuse.help(format!(
                            "its options are {}",
                            KNOWN.map(|name| format!("`{name}`")).join(", ")
                        )),
                    });
                }
            }
        }
        Ok(read)
    }
}

fn wrong(option: &str, wanted: &str, value: &Value) -> Misuse {
    Misuse::option(
        option,
        format!("`{option}` takes {wanted}, not {}: {}", value.kind(), show_short(value, 60)),
    )
}

fn env(value: &Value) -> Result<Vec<(String, Word)>, Misuse> {
    let fields = value.as_object().ok_or_else(|| wrong("env", "an object", value))?;
    let mut variables = Vec::new();
    for (name, value) in fields {
        let text = match value {
            Value::Text(text) => text.text.to_string(),
            Value::Number(_) | Value::Bool(_) | Value::Duration(_) => show(value),
            other => {
                let got = format!(
                    "`env` takes text, numbers, durations and truth values; `{name}` is {}",
                    other.kind()
                );
                return Err(Misuse::option("env", got));
            }
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Misuse::option("env", format!("`{name}` cannot name a variable")));
        }
        variables.push((name.to_string(), Word { text, secret: value.is_secret() }));
    }
    Ok(variables)
}

fn stdin(value: &Value) -> Result<Bytes, Misuse> {
    match value {
        Value::Text(text) => Ok(Bytes::copy_from_slice(text.text.as_bytes())),
        Value::Bytes(bytes) => Ok(bytes.bytes.clone()),
        Value::Object(_) | Value::List(_) => Ok(to_json(value).into()),
        other => Err(wrong("stdin", "text, bytes, an object or a list", other)),
    }
}

fn shown(value: &Value, bytes: &Bytes) -> String {
    if value.is_secret() {
        return MASK.to_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(BODY_LIMIT).collect()
}
