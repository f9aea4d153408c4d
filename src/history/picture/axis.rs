//! Where moments stand: in their order, and far enough apart for the labels between them.

use std::collections::BTreeMap;

/// An interval with the room that it needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: i64,
    pub(super) end: Option<i64>,
    /// From its first to its last column.
    pub(super) room: usize,
}

/// The columns of moments.
#[derive(Debug)]
pub(super) struct Axis {
    columns: BTreeMap<i64, usize>,
    /// Where intervals without an end are drawn to.
    pub(super) right: usize,
}

impl Axis {
    /// Places moments as far to the left as their order and the intervals' rooms allow; moments
    /// stand `step` apart at least, and twice that where something begins after something ended.
    pub(super) fn of(spans: &[Span], step: usize) -> Axis {
        let mut moments: BTreeMap<i64, (bool, Vec<Span>)> = BTreeMap::new();
        for span in spans {
            moments.entry(span.start).or_default().0 = true;
            if let Some(end) = span.end {
                moments.entry(end).or_default().1.push(*span);
            }
        }
        let mut columns: BTreeMap<i64, usize> = BTreeMap::new();
        let mut next = 0;
        let mut ended = false;
        for (moment, (starts, ends)) in &moments {
            let gap = if ended && *starts { step } else { 0 };
            let wanted =
                ends.iter().map(|span| columns.get(&span.start).map_or(0, |start| start + span.room));
            let column = wanted.max().unwrap_or(0).max(next + gap);
            columns.insert(*moment, column);
            next = column + step;
            ended = !ends.is_empty();
        }
        let open = spans.iter().filter(|span| span.end.is_none());
        let wanted = open.map(|span| columns.get(&span.start).map_or(0, |start| start + span.room));
        let last = columns.values().max().copied().unwrap_or(0);
        // What has no end goes on past everything that has one.
        let right = wanted.max().map_or(last, |wanted| wanted.max(last + 2 * step));
        Axis { columns, right }
    }

    /// The column of a moment that an interval starts or ends at.
    pub(super) fn at(&self, moment: i64) -> usize {
        self.columns.get(&moment).copied().unwrap_or(self.right)
    }

    /// The column of an end.
    pub(super) fn end(&self, end: Option<i64>) -> usize {
        end.map_or(self.right, |end| self.at(end))
    }
}

/// The rows of intervals, named: each name has one, or more where its intervals overlap. Gives
/// for each interval its row, and for each row its name.
pub(super) fn rows(spans: &[(&str, i64, Option<i64>)]) -> (Vec<usize>, Vec<String>) {
    let mut names: Vec<&str> = spans.iter().map(|(name, ..)| *name).collect();
    names.sort_by(|one, other| super::words::by_name(one, other));
    names.dedup();
    let mut placed = vec![0; spans.len()];
    let mut rows = Vec::new();
    for name in names {
        let first = rows.len();
        let mut free: Vec<Option<i64>> = Vec::new();
        let mut own: Vec<usize> = (0..spans.len()).filter(|at| spans[*at].0 == name).collect();
        own.sort_by_key(|at| spans[*at].1);
        for at in own {
            let (_, start, end) = spans[at];
            let lane = free.iter().position(|free| free.is_some_and(|free| free < start));
            let lane = lane.unwrap_or_else(|| {
                free.push(None);
                free.len() - 1
            });
            free[lane] = end;
            placed[at] = first + lane;
        }
        rows.extend(std::iter::repeat_n(name.to_owned(), free.len()));
    }
    (placed, rows)
}
