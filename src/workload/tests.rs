use std::time::Duration;

use super::*;
use crate::value::{Number, Value};

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn took(since_due: u64, service: u64) -> Took {
    Took { since_due: ms(since_due), service: ms(service) }
}

#[test]
fn a_rate_is_due_evenly_and_to_the_last_before_the_end() {
    let schedule = Schedule::new(200.0, 200.0, Duration::from_secs(30));
    assert_eq!(schedule.count(), 6_000);
    assert_eq!((schedule.due(0), schedule.due(1), schedule.due(400)), (ms(0), ms(5), ms(2_000)));
    // A tenth has no end in binary.
    assert_eq!(Schedule::new(0.1, 0.1, Duration::from_secs(30)).count(), 3);
    assert_eq!(Schedule::new(0.01, 0.01, Duration::from_secs(1)).count(), 1);
}

#[test]
fn a_ramp_is_due_where_the_integral_of_its_rate_is() {
    for (from, to) in [(10.0, 200.0), (200.0, 10.0), (0.0, 100.0), (100.0, 0.0), (50.0, 50.000_001)] {
        let length = Duration::from_secs(30);
        let schedule = Schedule::new(from, to, length);
        let mut last = Duration::ZERO;
        for index in 0..schedule.count() {
            let due = schedule.due(index);
            assert!(due >= last && due <= length, "{from}..{to}: {index} is due at {due:?}");
            last = due;
            let t = due.as_secs_f64();
            let integral = from * t + (to - from) * t * t / 60.0;
            assert!((integral - index as f64).abs() < 1e-3, "{from}..{to}: {integral} is not {index}");
        }
    }
}

#[test]
fn a_mix_has_its_shares_and_is_the_same_for_the_same_salt() {
    let mix = Mix::new(&[600_000_000, 300_000_000, 100_000_000], 42);
    let mut counts = [0u32; 3];
    for index in 0..100_000 {
        assert_eq!(mix.choose(index), mix.choose(index));
        counts[mix.choose(index)] += 1;
    }
    for (count, share) in counts.iter().zip([60_000i64, 30_000, 10_000]) {
        assert!((i64::from(*count) - share).abs() < 600, "{counts:?}");
    }
    let other = Mix::new(&[600_000_000, 300_000_000, 100_000_000], 43);
    assert!((0..100).any(|index| mix.choose(index) != other.choose(index)));
    assert_eq!(Mix::single().choose(7), 0);
}

fn figures(outcomes: &[(Ended, u64)]) -> Figures {
    let mut recorder = Recorder::default();
    for (ended, millis) in outcomes {
        recorder.start();
        recorder.end(*ended, took(*millis, millis / 2));
    }
    let mut figures = Figures::new(recorder, Duration::from_secs(2));
    figures.scheduled = outcomes.len() as u64;
    figures
}

#[test]
fn figures_add_up_or_say_which_do_not() {
    let mut figures =
        figures(&[(Ended::Ok, 10), (Ended::Failed, 1), (Ended::Rejected, 1), (Ended::TimedOut, 90)]);
    assert_eq!(figures.adds_up(), Ok(()));
    assert_eq!((figures.failed(), figures.rejected(), figures.errors()), (2, 1, 2));
    figures.dropped = 1;
    assert!(figures.adds_up().is_err_and(|why| why.contains("4 scheduled")));
    figures.scheduled = 5;
    assert_eq!(figures.adds_up(), Ok(()));
    figures.in_flight = 1;
    assert!(figures.adds_up().is_err_and(|why| why.contains("4 started")));
}

#[test]
fn a_fast_failure_is_no_fast_answer_and_a_timeout_is_a_slow_one() {
    let figures =
        figures(&[(Ended::Ok, 100), (Ended::Failed, 1), (Ended::Failed, 1), (Ended::TimedOut, 500)]);
    assert!(figures.nanos("p50").is_some_and(|nanos| (99_000_000..=100_100_000).contains(&nanos)));
    assert_eq!(figures.value("max"), Some(Value::Duration(500_000_000)));
    assert_eq!(figures.value("mean"), Some(Value::Duration(300_000_000)));
    assert_eq!(
        figures.value("rate"),
        Some(Value::Number("0.5".parse::<bigdecimal::BigDecimal>().map(Number::from_decimal).unwrap()))
    );
}

#[test]
fn times_without_operations_are_absent_and_one_error_is_never_none() {
    assert_eq!(figures(&[(Ended::Failed, 3)]).value("p99"), Some(Value::Absent));
    assert_eq!(figures(&[]).value("error_rate"), Some(Value::Absent));
    let mut recorder = Recorder::default();
    for index in 0..30_000_000u64 {
        recorder.start();
        if index < 10 {
            recorder.end(Ended::Failed, took(1, 1));
        }
    }
    let figures = Figures::new(recorder, Duration::from_secs(1));
    assert_ne!(figures.value("error_rate"), Some(Value::int(0)));
}

#[test]
fn quantiles_are_merged_from_parts() {
    let (mut even, mut odd, mut whole) = (Recorder::default(), Recorder::default(), Recorder::default());
    for millis in 1..=1_000 {
        let part = if millis % 2 == 0 { &mut even } else { &mut odd };
        for recorder in [part, &mut whole] {
            recorder.start();
            recorder.end(Ended::Ok, took(millis, millis));
        }
    }
    even.merge(&odd);
    let (merged, whole) = (Figures::new(even, ms(1)), Figures::new(whole, ms(1)));
    for (name, millis) in [("p50", 500), ("p90", 900), ("p99", 990), ("p999", 999), ("max", 1_000)] {
        assert_eq!(merged.nanos(name), whole.nanos(name));
        let nanos = merged.nanos(name).unwrap();
        let wanted = millis * 1_000_000;
        assert!(nanos.abs_diff(wanted) <= wanted / 500, "{name}: {nanos}");
    }
}

#[test]
fn every_figure_has_a_value_and_the_times_are_figures() {
    let figures = figures(&[(Ended::Ok, 10)]);
    for name in FIGURES {
        assert!(figures.value(name).is_some_and(|value| value != Value::Absent), "{name}");
    }
    assert!(TIMES.iter().all(|name| FIGURES.contains(name)));
}

#[test]
fn who_does_not_keep_up_measures_nothing() {
    let secs = Duration::from_secs;
    let calm = Effort {
        elapsed: secs(10),
        computed: secs(4),
        processors: 2.0,
        lag: Some(Duration::from_micros(80)),
    };
    assert_eq!(calm.unsound(Some(ms(3))), None);
    // All of both processors, and all of the one there is.
    let busy = Effort { computed: Duration::from_millis(19_500), ..calm };
    assert!(
        busy.unsound(Some(ms(3))).is_some_and(|why| why.contains("98 % of the time of all 2 processors"))
    );
    assert!(Effort { computed: secs(18), ..calm }.unsound(Some(ms(3))).is_none());
    let one = Effort { computed: Duration::from_millis(9_900), processors: 1.0, ..calm };
    assert!(one.unsound(None).is_some_and(|why| why.contains("99 % of the time of its one processor")));
    // In so short a time nothing can be said of that.
    assert_eq!(Effort { elapsed: ms(500), computed: ms(999), ..calm }.unsound(Some(ms(3))), None);
    // Late by most of what the operations took, and by little of it.
    let late = Effort { lag: Some(ms(30)), ..calm };
    assert!(late.unsound(Some(ms(50))).is_some_and(|why| why.contains("30.0 ms late (p99), of 50.0 ms")));
    assert_eq!(late.unsound(Some(ms(61))), None);
    assert_eq!(Effort { lag: Some(ms(24)), ..calm }.unsound(Some(ms(25))), None);
    // Clients are never late: nothing says when they are due.
    assert_eq!(Effort { lag: None, ..calm }.unsound(Some(ms(3))), None);
}

#[test]
fn histograms_grow_with_the_longest_time_and_keep_what_is_longer_still() {
    let (mut times, mut others) = (Times::default(), Times::default());
    assert_eq!((times.nanos("p99"), times.nanos("max"), times.nanos("mean")), (None, None, None));
    times.add(ms(1));
    others.add(Duration::from_secs(7_200));
    others.add(Duration::MAX);
    times.merge(&others);
    assert_eq!(times.nanos("max"), Some(u64::MAX));
    assert!(times.nanos("p50").is_some_and(|nanos| nanos >= 3_500_000_000_000));
}

#[test]
fn the_first_of_an_operation_is_found_or_is_not_there() {
    let mix = Mix::new(&[999_999_000, 1_000], 42);
    assert_eq!(mix.first(0, 10_000), Some(0));
    assert_eq!(mix.first(1, 10), None);
    assert_eq!((Mix::single().first(0, 1), Mix::single().first(1, 100)), (Some(0), None));
}
