//! Histories of operations for the tests, written and drawn.

use super::*;

pub(super) const MS: i64 = 1_000_000;

/// An operation from `start` to `end` in milliseconds; a value of `None` is null.
pub(super) fn op(
    process: i64,
    call: (&str, &[i64]),
    value: Option<i64>,
    (start, end): (i64, i64),
    outcome: &str,
) -> Value {
    let int = |value: &i64| Value::int(*value);
    Value::object([
        ("process", Value::int(process)),
        ("f", Value::text(call.0)),
        ("args", Value::list(call.1.iter().map(int).collect())),
        ("value", value.as_ref().map_or(Value::Null, int)),
        ("start", Value::Duration(start * MS)),
        ("end", Value::Duration(end * MS)),
        ("outcome", Value::text(outcome)),
    ])
}

/// Numbers that look random and are always the same (Steele, Lea and Flood 2014, SplitMix64).
pub(super) struct Draw(pub(super) u64);

impl Draw {
    pub(super) fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound.unsigned_abs()) as i64
    }

    /// Most are acknowledged.
    pub(super) fn outcome(&mut self) -> &'static str {
        ["ok", "ok", "ok", "ok", "ok", "info", "fail"][self.below(7) as usize]
    }

    /// Up to so many operations of three processes, each of which does one thing after another,
    /// often at once and sometimes in no time; `fill` makes one of its number, process and times.
    pub(super) fn history(
        &mut self,
        most: i64,
        mut fill: impl FnMut(&mut Draw, i64, i64, (i64, i64)) -> Value,
    ) -> Vec<Value> {
        let mut clocks = [0i64; 3];
        let count = 2 + self.below(most - 1);
        (0..count)
            .map(|number| {
                let process = self.below(3);
                let start = clocks[process as usize] + self.below(5);
                let end = start + self.below(6);
                clocks[process as usize] = end;
                fill(self, number, process, (start, end))
            })
            .collect()
    }
}

/// What a naive checker reads of an operation.
pub(super) struct Plain {
    pub(super) process: i128,
    pub(super) function: String,
    pub(super) args: Vec<Value>,
    pub(super) value: Value,
    pub(super) start: i64,
    /// When it is known to be over.
    pub(super) end: Option<i64>,
    pub(super) ok: bool,
    pub(super) failed: bool,
}

pub(super) fn plain(record: &Value) -> Plain {
    let operation = crate::history::Operation::read(record).unwrap();
    Plain {
        process: operation.process.as_number().unwrap().to_i128().unwrap(),
        function: operation.function.to_string(),
        args: operation.args,
        value: operation.value,
        start: operation.start,
        end: operation.end,
        ok: operation.outcome == crate::history::Outcome::Ok,
        failed: operation.outcome == crate::history::Outcome::Fail,
    }
}

/// Whether one was over before the other began: of one process, whether it comes first.
pub(super) fn is_before(history: &[Plain], a: usize, b: usize) -> bool {
    let over = history[a].end.is_some_and(|end| end < history[b].start);
    over || (history[a].end.is_some() && history[a].process == history[b].process && a < b)
}

pub(super) fn judged(name: &str, history: &[Value], fill: impl FnOnce(&mut Claim<'_>)) -> Verdict {
    let subject = Value::list(history.to_vec());
    let mut claim = Claim { subject: Some(&subject), ..Claim::default() };
    fill(&mut claim);
    find(name).unwrap().judge(&claim)
}
