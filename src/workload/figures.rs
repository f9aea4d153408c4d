//! What became of operations, in figures: counts that add up, and histograms (Tene's HdrHistogram)
//! of a fixed size however many operations there are.

use std::time::Duration;

use bigdecimal::{BigDecimal, RoundingMode};
use hdrhistogram::Histogram;

use crate::value::{Number, Value};

/// Times are told apart up to here, in nanoseconds: an hour.
const LONGEST: u64 = 3_600_000_000_000;

/// Times keep so many digits.
const DIGITS: u8 = 3;

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It succeeded.
    Ok,
    /// It failed.
    Failed,
    /// It failed by its own `rejected when`.
    Rejected,
    /// It got no answer in time.
    TimedOut,
}

/// How long an operation took.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Since it was due.
    pub since_due: Duration,
    /// Since it began.
    pub service: Duration,
}

/// Times, in a histogram that grows with the longest of them and not with their number: 270 KB where
/// one took an hour, half of that where the longest took milliseconds.
#[derive(Debug, Clone)]
pub struct Times {
    histogram: Option<Histogram<u64>>,
    sum: u128,
    max: u64,
}

impl Default for Times {
    fn default() -> Times {
        // Only a number of digits that makes no sense is refused.
        Times { histogram: Histogram::new(DIGITS).ok(), sum: 0, max: 0 }
    }
}

impl Times {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        if let Some(histogram) = &mut self.histogram {
            // It makes room for what it has no room for.
            let _ = histogram.record(nanos.min(LONGEST));
        }
        self.sum += u128::from(nanos);
        self.max = self.max.max(nanos);
    }

    /// Adds those of another part.
    pub fn merge(&mut self, other: &Times) {
        if let (Some(own), Some(other)) = (&mut self.histogram, &other.histogram) {
            // It makes room here too.
            let _ = own.add(other);
        }
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }

    /// A figure in nanoseconds, `p99` or `max`; none when there are no times.
    pub fn nanos(&self, name: &str) -> Option<u64> {
        let histogram = self.histogram.as_ref().filter(|histogram| !histogram.is_empty())?;
        // A bucket's upper end may lie past the longest time there was.
        let quantile = |of: f64| Some(histogram.value_at_quantile(of).min(self.max));
        match name {
            "p50" => quantile(0.5),
            "p90" => quantile(0.9),
            "p99" => quantile(0.99),
            "p999" => quantile(0.999),
            "max" => Some(self.max),
            "mean" => u64::try_from(self.sum / u128::from(histogram.len())).ok(),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> Value {
        let nanos = self.nanos(name).and_then(|nanos| i64::try_from(nanos).ok());
        nanos.map_or(Value::Absent, Value::Duration)
    }
}

/// Counts the operations of one kind, in one part of the load; parts are merged.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    started: u64,
    ok: u64,
    failed: u64,
    rejected: u64,
    timed_out: u64,
    since_due: Times,
    service: Times,
}

impl Recorder {
    /// An operation begins.
    pub fn start(&mut self) {
        self.started += 1;
    }

    /// An operation has ended. The time of one that failed is not counted: a fast refusal is no
    /// fast answer.
    pub fn end(&mut self, how: Ended, took: Took) {
        match how {
            Ended::Ok => self.ok += 1,
            Ended::Failed => self.failed += 1,
            Ended::Rejected => {
                self.failed += 1;
                self.rejected += 1;
            }
            Ended::TimedOut => self.timed_out += 1,
        }
        if matches!(how, Ended::Ok | Ended::TimedOut) {
            self.waited(took);
        }
    }

    /// An operation took so long and has not ended.
    pub fn waited(&mut self, took: Took) {
        self.since_due.add(took.since_due);
        self.service.add(took.service);
    }

    /// Adds another part.
    pub fn merge(&mut self, other: &Recorder) {
        self.started += other.started;
        self.ok += other.ok;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.timed_out += other.timed_out;
        self.since_due.merge(&other.since_due);
        self.service.merge(&other.service);
    }

    /// How many began and how many succeeded, failed and timed out so far.
    pub fn counts(&self) -> [u64; 4] {
        [self.started, self.ok, self.failed, self.timed_out]
    }
}

/// The figures of a workload, or of one operation in its mix.
#[derive(Debug, Clone)]
pub struct Figures {
    recorder: Recorder,
    /// How many were due.
    pub scheduled: u64,
    /// How many of those did not begin.
    pub dropped: u64,
    /// How many had not ended when the workload was over.
    pub in_flight: u64,
    /// How long the load lasted.
    pub elapsed: Duration,
    /// The longest time without a success.
    pub longest_gap: Duration,
}

impl Figures {
    /// From what was counted.
    pub fn new(recorder: Recorder, elapsed: Duration) -> Figures {
        Figures { recorder, scheduled: 0, dropped: 0, in_flight: 0, elapsed, longest_gap: Duration::ZERO }
    }

    /// Adds the figures of other operations of the same load.
    pub fn merge(&mut self, other: &Figures) {
        self.recorder.merge(&other.recorder);
        self.scheduled += other.scheduled;
        self.dropped += other.dropped;
        self.in_flight += other.in_flight;
    }

    /// How many began.
    pub fn started(&self) -> u64 {
        self.recorder.started
    }

    /// How many succeeded.
    pub fn ok(&self) -> u64 {
        self.recorder.ok
    }

    /// How many failed, the rejected ones included.
    pub fn failed(&self) -> u64 {
        self.recorder.failed
    }

    /// How many a `rejected when` ended.
    pub fn rejected(&self) -> u64 {
        self.recorder.rejected
    }

    /// How many got no answer in time.
    pub fn timed_out(&self) -> u64 {
        self.recorder.timed_out
    }

    /// How many neither succeeded nor were rejected.
    pub fn errors(&self) -> u64 {
        self.failed() - self.rejected() + self.timed_out() + self.in_flight
    }

    /// A time since the operations were due, in nanoseconds: `p50`, `max`.
    pub fn nanos(&self, name: &str) -> Option<u64> {
        self.recorder.since_due.nanos(name)
    }

    /// A time since the operations began, in nanoseconds.
    pub fn service_nanos(&self, name: &str) -> Option<u64> {
        self.recorder.service.nanos(name)
    }

    /// That every operation is counted once.
    ///
    /// # Errors
    /// The sum that is not right, with its parts.
    pub fn adds_up(&self) -> Result<(), String> {
        let Recorder { started, ok, failed, timed_out, .. } = self.recorder;
        let Figures { scheduled, dropped, in_flight, .. } = *self;
        if scheduled != started + dropped {
            return Err(format!("{scheduled} scheduled are not {started} started and {dropped} dropped"));
        }
        if started != ok + failed + timed_out + in_flight {
            return Err(format!(
                "{started} started are not {ok} ok, {failed} failed, {timed_out} timed out and {in_flight} in flight"
            ));
        }
        Ok(())
    }

    /// A figure by its name; none when there is no such figure. Times without operations are
    /// absent.
    pub fn value(&self, name: &str) -> Option<Value> {
        let count = |count: u64| Value::int(count);
        Some(match name {
            "p50" | "p90" | "p99" | "p999" | "max" | "mean" => self.recorder.since_due.value(name),
            "service" => {
                let each = ["p50", "p90", "p99", "p999", "max", "mean"];
                Value::object(each.map(|name| (name, self.recorder.service.value(name))))
            }
            "rate" => Value::Number(self.rate()),
            "error_rate" => share(self.errors(), self.started()),
            "rejected_rate" => share(self.rejected(), self.started()),
            "longest_gap" => Value::duration(self.longest_gap),
            "count" | "started" => count(self.started()),
            "scheduled" => count(self.scheduled),
            "dropped" => count(self.dropped),
            "ok" => count(self.ok()),
            "failed" => count(self.failed()),
            "timed_out" => count(self.timed_out()),
            "in_flight" => count(self.in_flight),
            _ => return None,
        })
    }

    /// Successes a second, cut to three digits after the point.
    fn rate(&self) -> Number {
        let nanos = self.elapsed.as_nanos().max(1);
        let rate = BigDecimal::from(u128::from(self.ok()) * 1_000_000_000) / BigDecimal::from(nanos);
        Number::from_decimal(rate.with_scale_round(3, RoundingMode::Down))
    }
}

/// A share, from 0 to 1. Endless digits are rounded up: what happened once is never none of it.
fn share(part: u64, whole: u64) -> Value {
    if whole == 0 {
        return Value::Absent;
    }
    let exact = Number::Int(i128::from(part)).div(&Number::Int(i128::from(whole)));
    Value::Number(exact.unwrap_or_else(|_| {
        let ratio = BigDecimal::from(part) / BigDecimal::from(whole);
        Number::from_decimal(ratio.with_scale_round(12, RoundingMode::Up))
    }))
}
