//! From what was counted to what is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::super::cx::{Cx, lock};
use super::health::Health;
use super::history::History;
use super::load::{Load, Shard};
use super::measured::Measured;
use super::operate::Came;
use crate::event::{EventKind, LoadClass, LoadFigures};
use crate::syntax::ast::Workload;
use crate::workload::{Figures, Recorder, Times, Took};

/// The times of a figure, in the order in which they are told.
const TIMES: [&str; 6] = ["p50", "p90", "p99", "p999", "max", "mean"];

impl Cx {
    /// What a load that is over came to. Of one that is cut short, what has begun and not ended is in
    /// flight: nobody waits for it.
    ///
    /// # Errors
    /// The figures do not add up, which is a mistake of the runner.
    pub(super) fn measured(
        &self,
        load: &Load,
        workload: &Workload,
        ended: Instant,
        health: Health,
        is_cut: bool,
    ) -> Result<Measured, String> {
        let count = load.operations.len();
        let mut counted = vec![Recorder::default(); count];
        let (mut dropped, mut in_flight) = (vec![0u64; count], vec![0u64; count]);
        let mut lag = Times::default();
        for shard in &load.shards {
            let shard = lock(shard);
            counted.iter_mut().zip(&shard.counted).for_each(|(sum, part)| sum.merge(part));
            dropped.iter_mut().zip(&shard.dropped).for_each(|(sum, part)| *sum += part);
            lag.merge(&shard.lag);
        }
        for cx in load.hands() {
            let Some(hand) = &cx.load else { continue };
            let Some(begun) = hand.take() else { continue };
            if begun.ticket.measured {
                in_flight[begun.operation] += 1;
                let since_due = ended.saturating_duration_since(begun.ticket.due.unwrap_or(begun.start));
                let service = ended.saturating_duration_since(begun.start);
                counted[begun.operation].waited(Took { since_due, service });
            }
            load.keep(hand, begun, &Came::cut_off(), None);
        }
        let mut scheduled = load.scheduled.load(Ordering::Relaxed);
        if is_cut {
            let begun = counted.iter().map(Recorder::counts);
            let open = begun.map(|[started, ok, failed, timed_out]| started - ok - failed - timed_out);
            in_flight = open.collect();
            scheduled = counted.iter().map(|part| part.counts()[0]).chain(dropped.iter().copied()).sum();
        }
        let elapsed = ended.saturating_duration_since(load.from);
        let mut whole = Recorder::default();
        counted.iter().for_each(|part| whole.merge(part));
        let mut figures = Figures::new(whole, elapsed);
        figures.scheduled = scheduled;
        figures.dropped = dropped.iter().sum();
        figures.in_flight = in_flight.iter().sum();
        figures.longest_gap = load.longest_gap(ended);
        figures.adds_up()?;
        let p99 = figures.nanos("p99").map(Duration::from_nanos);
        let unsound = health.effort(lag.nanos("p99")).unsound(p99);
        let parts = counted.into_iter().enumerate().map(|(at, recorder)| {
            let mut figures = Figures::new(recorder, elapsed);
            figures.dropped = dropped[at];
            figures.scheduled = figures.started() + dropped[at];
            figures.in_flight = in_flight[at];
            let name = load.operations[at].name.clone();
            Measured { name, figures, unsound: unsound.clone(), parts: Vec::new(), records: None, lost: 0 }
        });
        let parts = merged(parts);
        for part in &parts {
            part.figures.adds_up()?;
        }
        let (records, lost) = match load.history.as_ref().map(History::take) {
            Some((records, lost)) => (Some(records), lost),
            None => (None, 0),
        };
        let parts = parts.into_iter().map(Arc::new).collect();
        Ok(Measured { name: workload.name.name.clone(), figures, unsound, parts, records, lost })
    }

    /// Tells what a load came to.
    pub(super) fn tell_load(&self, load: &Load, workload: &Workload, measured: &Measured) {
        let several = measured.parts.len() > 1;
        let parts = measured.parts.iter().filter(|_| several);
        let figures = std::iter::once(measured).chain(parts.map(|part| &**part)).map(told).collect();
        let classes = lock(&load.classes);
        let failures = (0..load.operations.len()).flat_map(|at| {
            classes.of(at).into_iter().map(move |class| LoadClass {
                operation: load.operations[at].name.to_string(),
                count: class.count,
                message: class.first.message.clone(),
            })
        });
        let sum = |of: fn(&Shard) -> u64| load.shards.iter().map(|shard| of(&lock(shard))).sum();
        self.emit(EventKind::Loaded {
            id: self.id,
            place: self.world.bare_place(workload.name.span),
            figures,
            failures: failures.collect(),
            warm_up: sum(|shard| shard.warmed_up),
            warm_up_failed: sum(|shard| shard.warmed_up_badly),
            unsound: measured.unsound.clone(),
        });
    }
}

/// Operations of one name have one set of figures.
fn merged(parts: impl Iterator<Item = Measured>) -> Vec<Measured> {
    let mut all: Vec<Measured> = Vec::new();
    for part in parts {
        match all.iter_mut().find(|known| known.name == part.name) {
            Some(known) => known.figures.merge(&part.figures),
            None => all.push(part),
        }
    }
    all
}

fn told(measured: &Measured) -> LoadFigures {
    let figures = &measured.figures;
    let times = |nanos: &dyn Fn(&str) -> Option<u64>| {
        TIMES.iter().filter_map(|name| Some(((*name).to_owned(), nanos(name)? / 1_000))).collect()
    };
    LoadFigures {
        name: measured.name.to_string(),
        scheduled: figures.scheduled,
        started: figures.started(),
        ok: figures.ok(),
        failed: figures.failed(),
        rejected: figures.rejected(),
        timed_out: figures.timed_out(),
        in_flight: figures.in_flight,
        dropped: figures.dropped,
        elapsed_us: figures.elapsed.as_micros() as u64,
        longest_gap_us: figures.longest_gap.as_micros() as u64,
        times_us: times(&|name| figures.nanos(name)),
        service_us: times(&|name| figures.service_nanos(name)),
    }
}
