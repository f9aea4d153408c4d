//! Faults at work while a block runs.

use std::sync::{Arc, Mutex};

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use crate::check::LinkName;
use crate::event::EventKind;
use crate::link::fault::{Kind, Select};
use crate::link::{AtWork, Fault, Hit};
use crate::source::Span;

/// A fault with its place, its arguments evaluated.
#[derive(Debug, Clone)]
pub(crate) struct Harm {
    /// As written: `lost_response(first: 1)`.
    pub(crate) written: Arc<str>,
    /// Where it is written.
    pub(crate) span: Span,
    /// The links it is at work on.
    pub(crate) on: LinkName,
    /// What happens.
    pub(crate) kind: Kind,
    /// To which messages; the method of `on` is added to it.
    pub(crate) select: Select,
}

/// Faults at work. They end when it is dropped, whatever became of the block.
#[derive(Debug)]
#[must_use = "the faults end when it is dropped"]
pub(crate) struct Faults {
    _at_work: Vec<AtWork>,
    hits: Arc<Mutex<Vec<(usize, Hit)>>>,
}

impl Faults {
    /// Every hit so far, with the index of its fault in what was begun.
    pub(crate) fn hits(&self) -> Vec<(usize, Hit)> {
        lock(&self.hits).clone()
    }
}

impl Cx {
    /// Puts faults to work on their links until the guard is dropped. Which message they hit
    /// depends on the key of `env`, on the link, and on the fault's position in the list.
    pub(crate) async fn begin_faults(self: &Arc<Self>, env: &Env, harms: Vec<Harm>) -> Flow<Faults> {
        let hits: Arc<Mutex<Vec<(usize, Hit)>>> = Arc::default();
        let mut at_work = Vec::new();
        for (position, harm) in harms.into_iter().enumerate() {
            for link in self.links_of(&harm.on) {
                let key = env.key.with(format!("fault {position} on {}", link.title()));
                let mut select = harm.select.clone();
                select.method = select.method.or_else(|| harm.on.method.clone());
                let fault = Fault { written: harm.written.clone(), kind: harm.kind.clone(), select, key };
                let (events, id, title) = (self.world.events.clone(), self.id, link.title());
                let (place, written, hits) =
                    (self.world.bare_place(harm.span), harm.written.to_string(), hits.clone());
                let tell = Arc::new(move |hit: Hit| {
                    events.send(EventKind::Faulted {
                        id,
                        place: place.clone(),
                        link: title.clone(),
                        fault: written.clone(),
                        message: hit.message.clone(),
                        index: hit.index,
                    });
                    lock(&hits).push((position, hit));
                });
                at_work.push(link.apply(vec![fault], tell));
            }
        }
        Ok(Faults { _at_work: at_work, hits })
    }
}
