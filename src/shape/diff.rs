//! Where two values differ. Lists are aligned, so that one inserted element is one difference and
//! does not make every later element differ.

use super::Differences;
use super::matching::{range_fits, whole_match};
use super::walk::Walk;
use crate::value::{Value, show_short};

/// Values in messages are cut in the middle to this many characters.
const WIDTH: usize = 120;
/// Lists whose lengths multiply to more than this are compared by position.
const ALIGN_LIMIT: usize = 250_000;

/// Every path at which two values differ; lists are aligned.
pub fn diff(expected: &Value, actual: &Value) -> Differences {
    let mut walk = Walk::new();
    equal(expected, actual, Mode { open: false, pattern: false }, &mut walk);
    walk.finish()
}

/// How values are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mode {
    /// Objects may have other fields: the operand of `contains`.
    pub(super) open: bool,
    /// Regexes and ranges inside the expected value stand for what they match.
    pub(super) pattern: bool,
}

/// Compares the expected value with the actual one at the walk's path.
pub(super) fn equal(expected: &Value, actual: &Value, mode: Mode, walk: &mut Walk) {
    if !walk.enter() {
        return;
    }
    match (expected, actual) {
        (Value::Object(fields), Value::Object(_)) => {
            walk.object(
                fields.iter(),
                actual,
                mode.open,
                |value| (matches!(value, Value::Absent), shown(value)),
                |value, actual, walk| equal(value, actual, mode, walk),
            );
        }
        (Value::List(expected), Value::List(actual)) => lists(expected, actual, mode, walk),
        (Value::Live(_), Value::Live(_)) if expected == actual => {}
        (Value::Live(live), _) if live.items().is_some() => {
            equal(&Value::list(live.items().unwrap_or_default()), actual, mode, walk);
        }
        (_, Value::Live(live)) if live.items().is_some() => {
            equal(expected, &Value::list(live.items().unwrap_or_default()), mode, walk);
        }
        (Value::Regex(regex), Value::Text(text)) if mode.pattern => match whole_match(regex, &text.text) {
            Ok(true) => {}
            Ok(false) => leaf(expected, actual, walk),
            Err(why) => walk.invalid(why),
        },
        (Value::Range(range), actual) if mode.pattern && !matches!(actual, Value::Range(_)) => {
            if !range_fits(&range.0, &range.1, actual) {
                leaf(expected, actual, walk);
            }
        }
        _ if expected == actual => {}
        _ => leaf(expected, actual, walk),
    }
    walk.leave();
}

/// Two parts that differ, with what makes them differ when their texts alone do not show it.
pub(super) fn leaf(expected: &Value, actual: &Value, walk: &mut Walk) {
    walk.differ(|| {
        if let (Value::Text(a), Value::Text(b)) = (expected, actual)
            && !a.secret
            && !b.secret
            && let Some(pair) = excerpts(&a.text, &b.text)
        {
            return pair;
        }
        let (mut left, mut right) = (shown(expected), shown(actual));
        if expected.kind() != actual.kind() {
            for (text, value) in [(&mut left, expected), (&mut right, actual)] {
                if matches!(
                    value,
                    Value::Number(_) | Value::Text(_) | Value::Bool(_) | Value::Duration(_) | Value::Bytes(_)
                ) {
                    text.push_str(&format!(" ({})", value.kind()));
                }
            }
        } else if left == right {
            right.push_str(match actual {
                Value::Number(_) => " (NaN equals nothing)",
                Value::Text(_) | Value::Bytes(_) if actual.is_secret() || expected.is_secret() => {
                    " (a different secret)"
                }
                _ => " (differs in what is not shown)",
            });
        }
        (left, right)
    });
}

/// A value for a message.
pub(super) fn shown(value: &Value) -> String {
    show_short(value, WIDTH)
}

/// Long texts: the part around the first character in which they differ.
fn excerpts(expected: &str, actual: &str) -> Option<(String, String)> {
    if expected.chars().count().max(actual.chars().count()) <= WIDTH - 2 {
        return None;
    }
    let same = expected.chars().zip(actual.chars()).take_while(|(a, b)| a == b).count();
    let start = same.saturating_sub(30);
    let cut = |text: &str| {
        let piece: String = text.chars().skip(start).take(WIDTH - 30).collect();
        let more = text.chars().count() > start + WIDTH - 30;
        let quoted = crate::value::to_json(&Value::text(piece));
        format!("{}{quoted}{}", if start > 0 { "…" } else { "" }, if more { "…" } else { "" })
    };
    let place = format!(" (from character {})", same + 1);
    Some((cut(expected), format!("{}{place}", cut(actual))))
}

/// One step of an alignment.
enum Step {
    Both(usize, usize),
    Missing(usize),
    Extra(usize),
}

fn lists(expected: &[Value], actual: &[Value], mode: Mode, walk: &mut Walk) {
    let start = expected.iter().zip(actual).take_while(|(a, b)| alike(a, b, mode) == 0).count();
    let most = expected.len().min(actual.len()) - start;
    let end = expected.iter().rev().zip(actual.iter().rev()).take(most);
    let end = end.take_while(|(a, b)| alike(a, b, mode) == 0).count();
    let (left, right) = (&expected[start..expected.len() - end], &actual[start..actual.len() - end]);
    for step in align(left, right, mode) {
        if walk.is_done() {
            return;
        }
        match step {
            Step::Both(a, b) => {
                walk.index(start + b, |walk| equal(&left[a], &right[b], mode, walk));
            }
            Step::Missing(a) => walk.index(start + a, |walk| {
                walk.differ(|| (shown(&left[a]), "no such element".into()));
            }),
            Step::Extra(b) => walk.index(start + b, |walk| {
                walk.differ(|| ("no such element".into(), shown(&right[b])));
            }),
        }
    }
}

/// How far two elements are apart: 0 equal, 1 mostly alike, 3 different. Leaving one out costs 2,
/// so that a changed element is one step and not two.
fn alike(expected: &Value, actual: &Value, mode: Mode) -> u32 {
    match (expected, actual) {
        _ if expected == actual => 0,
        (Value::Regex(_) | Value::Range(_), _) if mode.pattern => {
            let mut walk = Walk::quick();
            equal(expected, actual, mode, &mut walk);
            if walk.finish().is_empty() { 0 } else { 3 }
        }
        (Value::Object(a), Value::Object(b)) => {
            let near = |(x, y): (&Value, &Value)| alike(x, y, mode) == 0;
            let same = a
                .iter()
                .filter(|(name, value)| b.get(*name).is_some_and(|other| near((value, other))))
                .count();
            if mode.open && same == a.len() || mode.pattern && same == a.len() && a.len() == b.len() {
                0
            } else if same * 2 >= a.len().max(1) {
                1
            } else {
                3
            }
        }
        _ => 3,
    }
}

/// The cheapest alignment (Needleman and Wunsch 1970), `O(n·m)` in time and space.
fn align(left: &[Value], right: &[Value], mode: Mode) -> Vec<Step> {
    let (rows, columns) = (left.len() + 1, right.len() + 1);
    if rows.saturating_mul(columns) > ALIGN_LIMIT {
        let both = left.len().min(right.len());
        let pairs = (0..both).map(|i| Step::Both(i, i));
        return pairs
            .chain((both..left.len()).map(Step::Missing))
            .chain((both..right.len()).map(Step::Extra))
            .collect();
    }
    let mut cost = vec![0u32; rows * columns];
    let mut apart = vec![0u32; rows * columns];
    for row in 0..rows {
        for column in 0..columns {
            let at = row * columns + column;
            cost[at] = match (row, column) {
                (0, n) | (n, 0) => 2 * n as u32,
                _ => {
                    apart[at] = alike(&left[row - 1], &right[column - 1], mode);
                    let swap = cost[at - columns - 1] + apart[at];
                    swap.min(cost[at - columns] + 2).min(cost[at - 1] + 2)
                }
            };
        }
    }
    let (mut row, mut column) = (rows - 1, columns - 1);
    let mut steps = Vec::new();
    while row > 0 || column > 0 {
        let at = row * columns + column;
        if row > 0 && column > 0 && cost[at] == cost[at - columns - 1] + apart[at] {
            (row, column) = (row - 1, column - 1);
            steps.push(Step::Both(row, column));
        } else if row > 0 && cost[at] == cost[at - columns] + 2 {
            row -= 1;
            steps.push(Step::Missing(row));
        } else {
            column -= 1;
            steps.push(Step::Extra(column));
        }
    }
    steps.reverse();
    steps
}
