//! What faults do to the process of a service.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio_util::sync::CancellationToken;

use super::ServiceRef;
use crate::event::Failure;
use crate::system::Service;
use crate::system::fault::Strike;

impl ServiceRef {
    /// Kills, restarts or pauses what runs, and tells when that is done; then brings it back, unless
    /// `ended` comes first: whoever ends it does that. Nothing is told of one that does not run.
    /// Nobody else starts or exchanges it meanwhile.
    pub(crate) async fn strike(
        &self,
        strike: Strike,
        ended: &CancellationToken,
        tell: &(dyn Fn() + Send + Sync),
    ) -> Result<(), Box<Failure>> {
        // Taken out, so that a strike that is cut off leaves nothing that counts as running.
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(_) => tokio::select! {
                biased;
                // Another one had hold of it until the end.
                () = ended.cancelled() => return Ok(()),
                state = self.state.lock() => state,
            },
        };
        let Some((running, variation)) = state.up.take() else { return Ok(()) };
        let done = match strike {
            Strike::Kill(down) => {
                let down = async {
                    if running.kill(Signal::SIGKILL).await.is_ok() {
                        tell();
                    }
                    pause(down, ended).await;
                };
                down.await;
                start_again(&running, ended).await
            }
            Strike::Restart => {
                if running.stop(None).await.is_some() {
                    tell();
                }
                start_again(&running, ended).await
            }
            Strike::Pause(held) => {
                if running.pause().is_ok() {
                    until_still(running.pid()).await;
                    tell();
                }
                match held {
                    Some(held) => pause(held, ended).await,
                    None => ended.cancelled().await,
                }
                // One that ended meanwhile needs no waking.
                let _ = running.resume();
                Ok(())
            }
        };
        if done.is_err() {
            self.blame();
        }
        state.up = Some((running, variation));
        done
    }

    /// Sees to it that it runs after faults: awake, up and ready.
    pub(crate) async fn bring_back(&self) -> Result<(), Box<Failure>> {
        let state = self.state.lock().await;
        let Some((running, _)) = &state.up else { return Ok(()) };
        let _ = running.resume();
        let done = start_again(running, &CancellationToken::new()).await;
        if done.is_err() {
            self.blame();
        }
        done
    }
}

/// How long a stopped process may take to stand still; then it is told to be paused all the same.
const STILL: Duration = Duration::from_secs(1);

/// Waits until every thread of a process has taken its SIGSTOP: until then some still work.
async fn until_still(pid: Option<u32>) {
    let began = tokio::time::Instant::now();
    while let Some(pid) = pid
        && works(pid)
        && began.elapsed() < STILL
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Whether a thread of a process is not stopped; where there is no `/proc`, none is.
fn works(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().any(|thread| {
        let stat = std::fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['T', 't', 'Z', 'X']))
    })
}

/// Waits so long, or until the end.
async fn pause(long: Duration, ended: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(long) => {}
        () = ended.cancelled() => {}
    }
}

async fn start_again(running: &Arc<Service>, ended: &CancellationToken) -> Result<(), Box<Failure>> {
    // The scenario may have started it itself.
    if ended.is_cancelled() || running.is_running() {
        return Ok(());
    }
    running.start_again().await.map_err(Box::new)
}
