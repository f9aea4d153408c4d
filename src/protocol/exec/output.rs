//! What a command writes, in bounded memory, until it ends.

use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{ChildStderr, ChildStdout};
use tokio_util::sync::CancellationToken;

use crate::system::{Exit, Process};

/// How long output may still come after the end of the process, when something that left its
/// group holds the pipe open.
const AFTER_END: Duration = Duration::from_secs(1);

/// How the waiting ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Exit(Exit),
    Timeout,
    Cancelled,
    /// One of its outputs is longer than allowed.
    TooMuch(&'static str),
}

/// Both outputs.
pub(super) struct Output {
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
}

struct Pipe<R> {
    name: &'static str,
    reader: Option<R>,
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    pub(super) fn of(process: &mut Process, limit: usize) -> Output {
        Output {
            stdout: Pipe { name: "stdout", reader: process.stdout.take(), bytes: Vec::new(), limit },
            stderr: Pipe { name: "stderr", reader: process.stderr.take(), bytes: Vec::new(), limit },
        }
    }

    /// Reads until the process has ended and its pipes are empty.
    pub(super) async fn gather(
        &mut self,
        process: &Process,
        deadline: Instant,
        cancel: &CancellationToken,
    ) -> End {
        let mut ended = std::pin::pin!(process.wait());
        let mut exit = None;
        let mut deadline = deadline;
        loop {
            let reading = self.stdout.reader.is_some() || self.stderr.reader.is_some();
            if let Some(exit) = exit
                && !reading
            {
                return End::Exit(exit);
            }
            let read = tokio::select! {
                biased;
                () = cancel.cancelled() => return End::Cancelled,
                now = &mut ended, if exit.is_none() => {
                    exit = Some(now);
                    deadline = Instant::now() + AFTER_END;
                    continue;
                }
                () = tokio::time::sleep_until(deadline.into()) => return exit.map_or(End::Timeout, End::Exit),
                read = self.stdout.read(), if self.stdout.reader.is_some() => read,
                read = self.stderr.read(), if self.stderr.reader.is_some() => read,
            };
            if let Err(name) = read {
                return End::TooMuch(name);
            }
        }
    }

    pub(super) fn take(self) -> (Vec<u8>, Vec<u8>) {
        (self.stdout.bytes, self.stderr.bytes)
    }
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    /// Reads some; dropping the future loses nothing.
    async fn read(&mut self) -> Result<(), &'static str> {
        let Some(reader) = &mut self.reader else { return std::future::pending().await };
        self.bytes.reserve(16 * 1024);
        match reader.read_buf(&mut self.bytes).await {
            Ok(0) | Err(_) => self.reader = None,
            Ok(_) if self.bytes.len() > self.limit => {
                self.bytes.truncate(self.limit);
                return Err(self.name);
            }
            Ok(_) => {}
        }
        Ok(())
    }
}
