//! Whether silence says something. Whoever sends the records of a history may have stopped working
//! while its connections stay open, and then that nothing came shows nothing.
//!
//! A process of this run that stands still is known to; NATS, Redis and WebSockets are asked for a
//! sign of life, and what they sent before has come when they give it. Server-Sent Events have no such
//! question, and gRPC has one that servers punish: there, silence of a server elsewhere that hangs is
//! taken for silence.

use std::time::Duration;

use super::cx::Cx;
use super::env::Observer;
use super::flow::{Flow, Stop};
use crate::value::{Value, show_short};

/// How long a sign of life may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl Cx {
    /// Why the silence of what an expectation looked at shows nothing; `None` when it does.
    pub(super) async fn silence(&self, observer: &Observer) -> Flow<Option<String>> {
        for (live, _) in observer.live() {
            if live.items().is_none() || live.is_over() || observer.knows_end(&live) {
                continue;
            }
            let source = live.source();
            if self.world.is_paused(&source) {
                return Ok(Some(format!("`{source}` is paused, so that its silence shows nothing")));
            }
            let answered = tokio::select! {
                () = self.cancel.cancelled() => return Err(Stop::Cancelled),
                answered = tokio::time::timeout(PATIENCE, live.hail()) => answered,
            };
            let why = match answered {
                Ok(Ok(())) => continue,
                Ok(Err(why)) => why,
                Err(_) => {
                    let patience = show_short(&Value::duration(PATIENCE), 20);
                    format!("asked whether it is still there, `{source}` did not answer within {patience}")
                }
            };
            return Ok(Some(format!("{why}: its silence shows nothing")));
        }
        Ok(None)
    }
}
