//! How a process ended.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::value::Value;

/// How a process ended: with a code, or by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code, when it ended by itself.
    pub code: Option<i32>,
    /// The number of the signal that killed it.
    pub signal: Option<i32>,
}

impl Exit {
    /// Whether it ended with code 0.
    pub fn is_success(self) -> bool {
        self.code == Some(0)
    }

    /// The name of the signal that killed it, such as `SIGKILL`.
    pub fn signal_name(self) -> Option<String> {
        let number = self.signal?;
        Some(Signal::try_from(number).map_or_else(|_| format!("signal {number}"), |s| s.as_str().to_owned()))
    }
}

impl From<ExitStatus> for Exit {
    fn from(status: ExitStatus) -> Exit {
        Exit { code: status.code(), signal: status.signal() }
    }
}

/// `exit status 3`, `killed by SIGKILL`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal_name()) {
            (Some(code), _) => write!(f, "exit status {code}"),
            (None, Some(signal)) => write!(f, "killed by {signal}"),
            (None, None) => f.write_str("ended in an unknown way"),
        }
    }
}

/// One end of a service, as `.exits` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitRecord {
    /// How it ended.
    pub exit: Exit,
    /// Whether the runner or a scenario asked for it.
    pub expected: bool,
    /// When, since the run began.
    pub at: Duration,
}

impl ExitRecord {
    /// `{ status, code, signal, expected, at }`; `code` or `signal` is null when it has none.
    pub fn to_value(&self) -> Value {
        Value::object([
            ("status", Value::text(self.exit.to_string())),
            ("code", self.exit.code.map_or(Value::Null, Value::int)),
            ("signal", self.exit.signal_name().map_or(Value::Null, Value::text)),
            ("expected", Value::Bool(self.expected)),
            ("at", Value::duration(self.at)),
        ])
    }
}
