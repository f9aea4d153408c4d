//! Reading what a process writes into a log.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{Log, Process, Processes, Stream};

/// How long output may still come after the end of a process, when something that left its group
/// holds the pipe open.
const AFTER_END: Duration = Duration::from_secs(1);

/// Reads both outputs of a process into a log until they end.
#[derive(Debug)]
pub(crate) struct Capture {
    readers: Vec<JoinHandle<()>>,
}

impl Capture {
    /// Begins to read.
    pub(crate) fn start(process: &mut Process, log: &Arc<Log>, processes: &Processes) -> Capture {
        let mut readers = Vec::new();
        if let Some(stdout) = process.stdout.take() {
            readers.push(follow(stdout, Stream::Stdout, log, processes));
        }
        if let Some(stderr) = process.stderr.take() {
            readers.push(follow(stderr, Stream::Stderr, log, processes));
        }
        Capture { readers }
    }

    /// Waits until everything is read that the process, which has ended, has written.
    pub(crate) async fn finish(&mut self) {
        let deadline = tokio::time::Instant::now() + AFTER_END;
        for reader in &mut self.readers {
            if !reader.is_finished() {
                let _ = tokio::time::timeout_at(deadline, &mut *reader).await;
            }
            reader.abort();
        }
        self.readers.clear();
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        for reader in &self.readers {
            reader.abort();
        }
    }
}

fn follow(
    pipe: impl tokio::io::AsyncRead + Unpin + Send + 'static,
    stream: Stream,
    log: &Arc<Log>,
    processes: &Processes,
) -> JoinHandle<()> {
    let (log, processes) = (log.clone(), processes.clone());
    tokio::spawn(async move {
        // A pipe that cannot be read has no more lines.
        let _ = log.follow(pipe, stream, || processes.stopwatch().elapsed()).await;
    })
}
