//! Anomalies in sentences, and as scenes.

use super::anomaly::{Anomaly, Dependency};
use super::graph::{Edge, Tie};
use super::search::Cycle;
use super::transaction::Transaction;
use super::versions::Versions;
use crate::history::Operation;
use crate::history::picture::{Arrow, Bar, Part, Scene, process, shorten};
use crate::value::{Value, show_short};

/// More ties than this are counted.
const TOLD: usize = 10;
/// Values are cut in the middle to so many characters.
const LONGEST: usize = 60;

/// A list by its name.
pub(super) fn name(versions: &Versions, list: usize) -> String {
    bare(&versions.lists[list].name)
}

/// A name without the quotes of a text.
fn bare(value: &Value) -> String {
    value.as_text().map_or_else(|| show_short(value, 40), str::to_owned)
}

/// An element.
pub(super) fn value(versions: &Versions, element: usize) -> String {
    show_short(&versions.elements[element].value, 40)
}

/// Elements as a list.
pub(super) fn elements(versions: &Versions, elements: &[usize]) -> String {
    let values: Vec<Value> = elements.iter().map(|at| versions.elements[*at].value.clone()).collect();
    show_short(&Value::list(values), LONGEST)
}

/// A cycle as an anomaly.
pub(super) fn cycle(cycle: &Cycle, transactions: &[Transaction], versions: &Versions) -> Anomaly {
    let count = cycle.ties.len();
    let mut operations: Vec<usize> = cycle.ties.iter().map(|(at, _)| *at).collect();
    let mut dependencies = Vec::new();
    for (place, (from, edge)) in cycle.ties.iter().enumerate() {
        let next = (place + 1) % count;
        let to = operations[next];
        let why = why(edge, (place, *from), (next, to), &mut operations, versions);
        let kind = match edge.tie {
            Tie::Ww => "ww",
            Tie::Wr => "wr",
            Tie::Rw => "rw",
            Tie::Process => "process",
            Tie::Realtime | Tie::Through => "realtime",
        };
        dependencies.push(Dependency { from: place, to: next, kind, why });
    }
    let mut sentences: Vec<String> = dependencies
        .iter()
        .map(|tie| format!("{}, so T{} came before T{}", tie.why, tie.from + 1, tie.to + 1))
        .collect();
    sentences
        .push("so T1 would have come before itself: no order of these transactions explains them".to_owned());
    let operations = operations.into_iter().map(|at| transactions[at].at).collect();
    Anomaly { kind: cycle.kind, operations, dependencies, sentences }
}

/// How a tie follows from what both did. Whoever else shows it joins the operations.
fn why(
    edge: &Edge,
    (one, from): (usize, usize),
    (other, to): (usize, usize),
    operations: &mut Vec<usize>,
    versions: &Versions,
) -> String {
    let (one, other) = (one + 1, other + 1);
    let Some(element) = edge.element else {
        return match edge.tie {
            Tie::Process => format!("T{one} was done by the process that then did T{other}"),
            _ => format!("T{one} was over before T{other} began"),
        };
    };
    let list = versions.elements[element].list;
    let (what, name) = (value(versions, element), name(versions, list));
    let order = &versions.lists[list].order;
    match edge.tie {
        Tie::Wr => {
            let read = read_of(versions, to, list, |elements| elements.contains(&element));
            format!("T{one} appended {what} to {name}, and T{other} saw it, when it read {read}")
        }
        Tie::Rw => {
            let read = read_of(versions, from, list, |elements| !elements.contains(&element));
            format!("T{one} read {name} as {read}, without the {what} that T{other} appended")
        }
        _ => {
            let place = order.iter().position(|at| *at == element);
            let before = order[..place.unwrap_or(order.len())]
                .iter()
                .rev()
                .find(|at| versions.elements[**at].writer.is_some_and(|(writer, _)| writer == from));
            let before = before.map_or_else(String::new, |at| value(versions, *at));
            let reader = versions.lists[list].longest;
            let shown = reader.map(|(reader, step)| {
                let place = operations.iter().position(|at| *at == reader).unwrap_or_else(|| {
                    operations.push(reader);
                    operations.len() - 1
                });
                (place + 1, elements(versions, &versions.steps[reader][step].1))
            });
            let saw = shown.map_or_else(String::new, |(place, read)| format!(", as T{place} read {read}"));
            match place {
                Some(_) => {
                    format!("T{one} appended {before} to {name}, and T{other} {what} right behind it{saw}")
                }
                None => format!(
                    "T{one} appended {before} to {name}, and T{other} {what}, which came later{saw} without it"
                ),
            }
        }
    }
}

/// What a transaction read of a list, of its reads the first that is as it should be.
fn read_of(versions: &Versions, at: usize, list: usize, fits: impl Fn(&[usize]) -> bool) -> String {
    let reads = versions.steps[at].iter().filter(|(other, _)| *other == list);
    let found = reads.map(|(_, elements)| elements.as_slice()).find(|elements| fits(elements));
    elements(versions, found.unwrap_or_default())
}

/// An anomaly as a scene. `when` says of an operation, by its position, when it was at work or
/// where it stands.
pub fn scene(operations: &[Operation], found: &Anomaly, when: impl Fn(usize) -> String) -> Scene {
    let mut bars: Vec<(usize, Bar)> = Vec::new();
    for (place, &at) in found.operations.iter().enumerate() {
        let Some(operation) = operations.get(at) else { continue };
        let bar = Bar {
            process: process(&operation.process),
            label: shorten(&label(operation)),
            start: operation.start,
            end: operation.end,
            part: Part::Named(place + 1),
            remark: if operation.outcome == crate::history::Outcome::Fail {
                "failed".into()
            } else {
                String::new()
            },
            when: when(at),
        };
        bars.push((place, bar));
    }
    bars.sort_by_key(|(place, bar)| (bar.start, *place));
    let bar_of = |place: usize| bars.iter().position(|(other, _)| *other == place).unwrap_or(0);
    let arrows = found.dependencies.iter().map(|tie| Arrow {
        from: bar_of(tie.from),
        to: bar_of(tie.to),
        label: tie.kind.to_owned(),
    });
    Scene {
        title: format!("{}: {}", found.kind, found.kind.meaning()),
        arrows: arrows.collect(),
        ending: ending(&found.sentences),
        left_out: operations.len().saturating_sub(bars.len()),
        bars: bars.into_iter().map(|(_, bar)| bar).collect(),
    }
}

/// The sentences that fit: of a long cycle its first ties, and the conclusion.
fn ending(sentences: &[String]) -> Vec<String> {
    let Some((last, ties)) = sentences.split_last().filter(|(_, ties)| ties.len() > TOLD) else {
        return sentences.to_vec();
    };
    let more = format!("and so on, over {} more transactions", ties.len() - TOLD);
    ties[..TOLD].iter().chain([&more, last]).cloned().collect()
}

/// A transaction as its steps: `append x 1, r y [1, 2]`.
fn label(operation: &Operation) -> String {
    let value = match &operation.value {
        Value::List(_) => Some(&operation.value),
        _ => operation.args.last(),
    };
    let steps = value.and_then(Value::as_list).unwrap_or_default().iter().map(|step| {
        let parts = step.as_list().unwrap_or_default();
        parts.iter().map(bare).collect::<Vec<_>>().join(" ")
    });
    steps.collect::<Vec<_>>().join(", ")
}
