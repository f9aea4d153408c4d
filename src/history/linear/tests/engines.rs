//! The two searches against each other, on histories too long for the brute-force checker.

use super::random::{Random, long_history, model};
use crate::history::linear::depth::Depth;
use crate::history::linear::frontier::{Found, Frontier};
use crate::history::linear::timeline::Timeline;
use crate::history::meter::{Budget, Meter, Stop};
use crate::history::model::{Part, parts};
use std::time::{Duration, Instant};

fn budget() -> Budget {
    Budget { steps: 20_000, bytes: 1 << 30, deadline: Instant::now() + Duration::from_secs(600) }
}

fn broad<const W: usize>(part: &Part, timeline: &Timeline<'_>, explains: bool) -> Result<Found, Stop> {
    Frontier::<W>::new(timeline, part, Meter::new(budget(), None), explains).search(&[part.initial])
}

fn verdict(found: &Result<Found, Stop>) -> Option<usize> {
    match found {
        Ok(Found::Order(_)) => Some(usize::MAX),
        Ok(Found::Impossible(place)) => Some(*place),
        Err(_) => None,
    }
}

/// Both find an order, or the same first event that is impossible, whatever the width.
#[test]
fn both_searches_say_the_same() {
    let (mut held, mut failed) = (0, 0);
    for spec in crate::history::SPECS {
        let model = model(spec.name);
        for seed in 0..300 {
            let mut random = Random(seed);
            let valid = seed % 2 == 0;
            let operations = long_history(&model, &mut random, 12 + seed as usize % 40, valid);
            let Ok(parts) = parts(&model, &operations) else { continue };
            for part in &parts {
                let timeline = Timeline::new(&part.ops);
                let deep =
                    verdict(&Depth::new(&timeline, part, Meter::new(budget(), None)).search(part.initial));
                let narrow = verdict(&broad::<1>(part, &timeline, false));
                let wide = verdict(&broad::<4>(part, &timeline, false));
                let full = verdict(&broad::<1>(part, &timeline, true));
                let all: Vec<usize> = [deep, narrow, wide, full].into_iter().flatten().collect();
                let name = spec.name;
                assert!(all.iter().all(|found| *found == all[0]), "{name}, seed {seed}: {all:?}");
                assert!(!valid || all.iter().all(|found| *found == usize::MAX), "{name}, seed {seed}");
                *(if all.first() == Some(&usize::MAX) { &mut held } else { &mut failed }) += 1;
            }
        }
    }
    assert!(held > 1000 && failed > 200, "{held} hold, {failed} fail");
}
