//! Faults at work: how they begin, what they hit, how they end.

mod missed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use missed::Seen;

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::super::link::{Standing, parts};
use super::super::scenario::panicked;
use super::super::service::ServiceRef;
use super::{Harm, What};
use crate::diag::Code;
use crate::event::{EventKind, Failure};
use crate::link::fault::{Counted, Kind, Select};
use crate::link::{AtWork, Fault, Hit};
use crate::shape::DrawKey;
use crate::system::fault::{ProcessFault, Strike};

/// Tells of a hit, with the link or service that it was on.
type Tell = Arc<dyn Fn(&str, Hit) + Send + Sync>;

/// The hits so far.
type Hits = Arc<Mutex<Vec<Told>>>;

/// A hit.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// The index of its fault in what was begun.
    pub(crate) fault: usize,
    /// The link or service that was hit.
    pub(crate) on: String,
    pub(crate) hit: Hit,
}

/// Faults at work. They end when it is dropped, whatever became of the block; only
/// [`Faults::end`] also waits until the services are up again.
#[derive(Debug)]
#[must_use = "the faults end when it is dropped"]
pub(crate) struct Faults {
    harms: Vec<Harm>,
    hits: Hits,
    /// Those of each link, with the index of each among all.
    at_work: Vec<(AtWork, Vec<usize>)>,
    /// What each fault's links had seen when it began.
    seen: Vec<Seen>,
    began: Instant,
    ended: CancellationToken,
    strikes: JoinSet<Result<(), Box<Failure>>>,
    struck: Vec<Arc<ServiceRef>>,
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.ended.cancel();
        // A strike under way sees that and ends by itself: cut off in the middle it would leave
        // its service neither up nor down.
        self.strikes.detach_all();
    }
}

impl Faults {
    /// Every hit so far.
    pub(crate) fn hits(&self) -> Vec<Told> {
        lock(&self.hits).clone()
    }

    /// Ends them and brings back every service that was struck. Fails when one does not come back
    /// and, unless the block failed itself, when a fault hit nothing.
    pub(crate) async fn end(mut self, cx: &Arc<Cx>, env: &Env, passed: bool) -> Flow<()> {
        let took = self.began.elapsed();
        let spared: BTreeSet<usize> = self.spared().collect();
        let too_long: Vec<Failure> = self.too_long(cx, env).collect();
        drop(std::mem::take(&mut self.at_work));
        self.ended.cancel();
        let mut failures = Vec::new();
        while let Some(done) = self.strikes.join_next().await {
            match done {
                Ok(struck) => failures.extend(struck.err().map(|failure| *failure)),
                // Whether it struck as it promises is not known.
                Err(_) => failures.push(panicked()),
            }
        }
        for service in &self.struck {
            if let Err(failure) = service.bring_back().await {
                failures.push(*failure);
            }
        }
        for failure in &mut failures {
            failure.repeat.clone_from(&cx.repeat);
        }
        failures.extend(too_long);
        if passed && failures.is_empty() {
            failures = self.never_hit(cx, env, took, &spared);
        }
        if !failures.is_empty() {
            return Err(Stop::Failed(failures));
        }
        match self.passed_by(cx, env) {
            Some(failure) if passed => Err(Stop::Unknown(vec![failure])),
            _ => Ok(()),
        }
    }

    /// The faults that could have hit a message and, by their share, did not.
    fn spared(&self) -> impl Iterator<Item = usize> + '_ {
        self.at_work.iter().flat_map(|(at_work, indexes)| {
            let spared = indexes.iter().enumerate().filter(|(fault, _)| at_work.spared(*fault));
            spared.map(|(_, index)| *index)
        })
    }
}

/// The faults of one link, in their order, each with its index among all.
struct OnLink {
    standing: Standing,
    faults: Vec<(usize, Fault)>,
    /// Where a crash hears of its call.
    crashes: BTreeMap<usize, mpsc::UnboundedSender<Arc<ServiceRef>>>,
}

impl Cx {
    /// Puts faults to work until the guard is dropped. Which message they hit depends on the key of
    /// `env`, on the place of each fault, on the link, and on its position in the list.
    pub(crate) async fn begin_faults(self: &Arc<Self>, env: &Env, harms: Vec<Harm>) -> Flow<Faults> {
        self.can_be_struck(env, &harms)?;
        let hits = Hits::default();
        let ended = CancellationToken::new();
        let mut strikes = JoinSet::new();
        let mut struck: Vec<Arc<ServiceRef>> = Vec::new();
        let mut links: Vec<OnLink> = Vec::new();
        let mut at_once: Vec<oneshot::Receiver<()>> = Vec::new();
        let mut seen = Vec::with_capacity(harms.len());
        let tells: Vec<Tell> =
            harms.iter().enumerate().map(|(index, harm)| self.teller(index, harm, &hits)).collect();
        for (index, harm) in harms.iter().enumerate() {
            let key = env.site(harm.span).with(format!("fault {index}"));
            match &harm.what {
                What::Link { on, fault } => {
                    let standing = self.standing(on);
                    seen.push(Seen::by(&self.links_of(on)));
                    for standing in standing {
                        let mut fault = (**fault).clone();
                        fault.select.method = fault.select.method.or_else(|| on.method.clone());
                        self.add(&mut links, standing, index, fault, &key);
                    }
                }
                What::Process { service, fault, counts } => {
                    seen.push(counts.as_ref().map_or_else(Seen::default, |on| Seen::by(&self.links_of(on))));
                    struck.extend(parts(service));
                    match (fault, counts) {
                        (ProcessFault::Crash { nth, method, down }, Some(counts)) => {
                            let (send, heard) = mpsc::unbounded_channel();
                            let select =
                                Select { nth: Some(*nth), method: method.clone(), ..Select::default() };
                            let (written, counted) = (harm.written.clone(), Counted::default());
                            let fault =
                                Fault { written, kind: Kind::LostRequest, select, key, trace: None, counted };
                            let among = parts(service);
                            for standing in self.standing(counts) {
                                if !among.iter().any(|part| part.name == standing.to.name) {
                                    continue;
                                }
                                let on = self.add(&mut links, standing, index, fault.clone(), &key);
                                on.crashes.insert(index, send.clone());
                            }
                            strikes.spawn(crashes(heard, *down, ended.clone()));
                        }
                        _ => {
                            let (send, begun) = oneshot::channel();
                            if fault.when(0, &key) == Some(Duration::ZERO) {
                                at_once.push(begun);
                            }
                            let told = Heard { tell: tells[index].clone(), first: Mutex::new(Some(send)) };
                            strikes.spawn(strike_again(
                                parts(service),
                                fault.clone(),
                                key,
                                ended.clone(),
                                told,
                            ));
                        }
                    }
                }
            }
        }
        let at_work = links.into_iter().map(|on| begin(on, &tells)).collect();
        let faults = Faults { harms, hits, at_work, seen, began: Instant::now(), ended, strikes, struck };
        // What comes at once is there when the block begins. One that cannot strike does not say so.
        for begun in at_once {
            let _ = begun.await;
        }
        Ok(faults)
    }

    /// Refuses what would wait for the end of a block in which a service stands still.
    fn can_be_struck(&self, env: &Env, harms: &[Harm]) -> Flow<()> {
        for (index, harm) in harms.iter().enumerate() {
            let What::Process { service, .. } = &harm.what else { continue };
            let own = parts(service);
            let stands_still = harms.iter().enumerate().any(|(other, beside)| {
                let What::Process {
                    service,
                    fault: ProcessFault::Timed { strike: Strike::Pause(None), .. },
                    ..
                } = &beside.what
                else {
                    return false;
                };
                other != index
                    && parts(service).iter().any(|part| own.iter().any(|own| own.name == part.name))
            });
            if stands_still || own.iter().any(|part| self.world.is_paused(&part.name)) {
                let message = format!("`{}` cannot strike `{}`, which is paused", harm.written, service.name);
                let mut failure = self.failure(env, Code::BAD_VALUE, harm.span, message);
                failure.help = Some(
                    "say how long it is paused, `pause(for: 2s)`, or let one fault follow the other"
                        .to_owned(),
                );
                return Err(failure.into());
            }
        }
        Ok(())
    }

    fn add<'l>(
        &self,
        links: &'l mut Vec<OnLink>,
        standing: Standing,
        index: usize,
        mut fault: Fault,
        key: &DrawKey,
    ) -> &'l mut OnLink {
        fault.key = key.with(standing.link.title());
        fault.trace = Some(self.session.trace_id.as_str().into());
        let at = links.iter().position(|on| Arc::ptr_eq(&on.standing.link, &standing.link));
        let at = at.unwrap_or_else(|| {
            links.push(OnLink { standing, faults: Vec::new(), crashes: BTreeMap::new() });
            links.len() - 1
        });
        links[at].faults.push((index, fault));
        &mut links[at]
    }

    /// What a hit of one fault is told with: to the run's events, the scenario's timeline and the
    /// guard.
    fn teller(&self, index: usize, harm: &Harm, hits: &Hits) -> Tell {
        let (events, moments, hits, id) =
            (self.world.events.clone(), self.moments.clone(), hits.clone(), self.id);
        let (place, fault) = (self.world.bare_place(harm.span), harm.written.to_string());
        let whole = match &harm.what {
            What::Link { .. } => None,
            What::Process { fault: ProcessFault::Timed { strike, .. }, .. } => Some(strike.word()),
            What::Process { .. } => Some("crashed"),
        };
        Arc::new(move |on: &str, hit: Hit| {
            moments.hit(
                hit.at,
                match whole {
                    Some(word) => format!("{on} {word} by {fault}"),
                    None => format!("{fault} hit {} on {on}", hit.message),
                },
            );
            events.send(EventKind::Faulted {
                id,
                place: place.clone(),
                link: on.to_owned(),
                fault: fault.clone(),
                message: hit.message.clone(),
                index: hit.index,
            });
            lock(&hits).push(Told { fault: index, on: on.to_owned(), hit });
        })
    }
}

/// Puts the faults of one link to work.
fn begin(on: OnLink, tells: &[Tell]) -> (AtWork, Vec<usize>) {
    let OnLink { standing, faults, crashes } = on;
    let title = standing.link.title();
    let (indexes, faults): (Vec<usize>, Vec<Fault>) = faults.into_iter().unzip();
    let tells: Vec<Tell> = tells.to_vec();
    let to = standing.to.clone();
    let told = indexes.clone();
    let tell = move |hit: Hit| {
        let Some(index) = told.get(hit.fault).copied() else { return };
        let mut place = &*title;
        if let Some(crash) = crashes.get(&index) {
            // Nobody listens any more when the block has just ended.
            let _ = crash.send(to.clone());
            place = &to.name;
        }
        if let Some(tell) = tells.get(index) {
            tell(place, hit);
        }
    };
    (standing.link.apply(faults, Arc::new(tell)), indexes)
}

/// Kills whoever got the call that was waited for.
async fn crashes(
    mut heard: mpsc::UnboundedReceiver<Arc<ServiceRef>>,
    down: Duration,
    ended: CancellationToken,
) -> Result<(), Box<Failure>> {
    loop {
        let service = tokio::select! {
            // First what was heard: a crash that was told happens, even as the block ends.
            biased;
            service = heard.recv() => service,
            () = ended.cancelled() => None,
        };
        let Some(service) = service else { return Ok(()) };
        service.strike(Strike::Kill(down), &ended, &|| {}).await?;
    }
}

/// Who hears of strikes.
struct Heard {
    tell: Tell,
    /// Hears of the first alone.
    first: Mutex<Option<oneshot::Sender<()>>>,
}

/// Strikes at its times, of several members one after the other, from one that the key chooses.
async fn strike_again(
    parts: Vec<Arc<ServiceRef>>,
    fault: ProcessFault,
    key: DrawKey,
    ended: CancellationToken,
    told: Heard,
) -> Result<(), Box<Failure>> {
    let ProcessFault::Timed { strike, .. } = &fault else { return Ok(()) };
    let (began, first) = (Instant::now(), key.with("first").below(parts.len()));
    for number in 0.. {
        let Some(due) = fault.when(number, &key) else { return Ok(()) };
        tokio::select! {
            () = ended.cancelled() => return Ok(()),
            () = tokio::time::sleep_until(began + due) => {}
        }
        let Some(part) = parts.get((first + number as usize) % parts.len().max(1)) else { return Ok(()) };
        let tell = || {
            let (message, at) = ("process".to_owned(), std::time::Instant::now());
            (told.tell)(&part.name, Hit { fault: 0, message, index: u64::from(number) + 1, at });
            if let Some(first) = lock(&told.first).take() {
                let _ = first.send(());
            }
        };
        part.strike(*strike, &ended, &tell).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::draw::tests::{context, parts};
    use crate::run::world::World;

    #[tokio::test]
    async fn a_strike_that_panics_is_a_failure() {
        let cx = context(&Arc::new(World::new(parts(&["scenarios/hello.scn"], 0))));
        let mut strikes = JoinSet::new();
        strikes.spawn(async {
            assert_eq!(1, 2, "it panics");
            Ok(())
        });
        let faults = Faults {
            harms: Vec::new(),
            hits: Hits::default(),
            at_work: Vec::new(),
            seen: Vec::new(),
            began: Instant::now(),
            ended: CancellationToken::new(),
            strikes,
            struck: Vec::new(),
        };
        let env = Env::of_unit(0, cx.world.key, 0);
        let Err(stop) = faults.end(&cx, &env, true).await else { panic!("the block passes") };
        assert_eq!(stop.failures()[0].code, "internal");
    }
}
