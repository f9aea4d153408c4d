//! A reporter that cannot write must not stop the run: the failure is kept and told at its end.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::event::Event;
use crate::event::Reporter;
use crate::value::words::plain;

/// What reporters could not write, shared by all of them.
#[derive(Debug, Clone, Default)]
pub struct WriteFailures(Arc<Mutex<Vec<(String, bool)>>>);

impl WriteFailures {
    /// The messages so far, each with whether it is only a warning.
    pub fn take(&self) -> Vec<(String, bool)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps a failure.
    pub fn add(&self, message: String, warning: bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((message, warning));
    }
}

/// Keeps a reporter's first failure and leaves it alone after that.
pub struct Watched {
    inner: Option<Box<dyn Reporter>>,
    name: String,
    warning: bool,
    failures: WriteFailures,
}

impl Watched {
    /// Watches a reporter whose failure fails the run.
    pub fn new(name: impl Into<String>, inner: Box<dyn Reporter>, failures: &WriteFailures) -> Watched {
        Watched { inner: Some(inner), name: name.into(), warning: false, failures: failures.clone() }
    }

    /// Its failure is only worth a warning.
    #[must_use]
    pub fn only_warns(mut self) -> Watched {
        self.warning = true;
        self
    }

    fn keep(&mut self, error: &io::Error) {
        self.inner = None;
        // Whoever closed the pipe has read enough: `scn run | head` is no failure.
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.failures.add(format!("{} could not be written: {}", self.name, plain(error)), self.warning);
        }
    }
}

impl Reporter for Watched {
    fn on(&mut self, event: &Event) -> io::Result<()> {
        let result = self.inner.as_mut().map(|inner| inner.on(event));
        if let Some(Err(error)) = result {
            self.keep(&error);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        let result = self.inner.as_mut().map(|inner| inner.finish());
        if let Some(Err(error)) = result {
            self.keep(&error);
        }
        Ok(())
    }
}
