//! Anomalies that single reads show, without a cycle.

use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::anomaly::{Anomaly, Kind};
use super::told::{elements as listed, name, value};
use super::transaction::{Step, Transaction};
use super::versions::Versions;
use crate::history::Outcome;

/// Of each kind so many are told.
const MOST: usize = 10;

/// What is wrong with the reads of a history.
pub(super) fn anomalies(transactions: &[Transaction], versions: &Versions) -> Vec<Anomaly> {
    let mut found = Found { transactions, versions, anomalies: Vec::new(), counts: BTreeMap::new() };
    for (at, transaction) in transactions.iter().enumerate() {
        if transaction.outcome == Outcome::Ok {
            found.internal(at);
            for (step, what) in transaction.steps.iter().enumerate() {
                if matches!(what, Step::Read { elements: Some(_), .. }) {
                    found.read(at, step);
                }
            }
        }
    }
    for (list, one, other) in &versions.torn {
        let list = name(versions, *list);
        let told = |at: &(usize, usize)| listed(versions, &versions.steps[at.0][at.1].1);
        let sentences = if one.0 == other.0 {
            vec![format!("T1 read {list} as {} and as {}", told(one), told(other))]
        } else {
            vec![format!("T1 read {list} as {}", told(one)), format!("T2 read it as {}", told(other))]
        };
        let why = "neither is the beginning of the other, but a list only ever grows at its end".to_owned();
        let mut operations = vec![one.0, other.0];
        operations.dedup();
        found.add(Kind::IncompatibleOrder, &operations, [sentences, vec![why]].concat());
    }
    found.shuffled();
    found.dirty_updates();
    found.anomalies
}

struct Found<'a> {
    transactions: &'a [Transaction],
    versions: &'a Versions,
    anomalies: Vec<Anomaly>,
    counts: BTreeMap<Kind, usize>,
}

impl Found<'_> {
    fn add(&mut self, kind: Kind, transactions: &[usize], sentences: Vec<String>) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= MOST {
            let operations = transactions.iter().map(|at| self.transactions[*at].at).collect();
            self.anomalies.push(Anomaly { kind, operations, dependencies: Vec::new(), sentences });
        }
    }

    /// What one read must not have seen.
    fn read(&mut self, at: usize, step: usize) {
        let versions = self.versions;
        let (list, elements) = &versions.steps[at][step];
        let read = || format!("T1 read {} as {}", name(versions, *list), listed(versions, elements));
        let mut seen = IndexSet::with_capacity(elements.len());
        for &element in elements {
            let what = || value(versions, element);
            let known = &versions.elements[element];
            if !seen.insert(element) && known.other.is_none() {
                let why = format!("{} stands in it twice, and was appended once", what());
                self.add(Kind::Duplicate, &[at], vec![read(), why]);
            }
            match known.writer {
                None => {
                    let why = format!("no transaction ever appended {}", what());
                    self.add(Kind::Garbage, &[at], vec![read(), why]);
                }
                Some((writer, _)) if self.transactions[writer].outcome == Outcome::Fail => {
                    let why = format!("T2 appended {} and failed, so nobody should ever see it", what());
                    self.add(Kind::G1a, &[at, writer], vec![read(), why]);
                }
                Some(_) => {}
            }
        }
        // What stands before its own elements is what it saw of others.
        let own =
            |element: &usize| versions.elements[*element].writer.is_some_and(|(writer, _)| writer == at);
        let Some(&last) = elements.iter().rev().find(|element| !own(element)) else { return };
        let Some((writer, _)) = versions.elements[last].writer else { return };
        if versions.lists[*list].is_told && !versions.is_last(last) && versions.committed[writer] {
            let what = value(versions, last);
            let why = format!("T2 appended {what} and then more to that list: T1 saw its work half done");
            self.add(Kind::G1b, &[at, writer], vec![read(), why]);
        }
    }

    /// A transaction must read what it read before, with what it appended since.
    fn internal(&mut self, at: usize) {
        let versions = self.versions;
        // For each list what it held when it was first read, if it was, and what was appended since.
        let mut views: IndexMap<usize, (Option<&[usize]>, Vec<usize>)> = IndexMap::new();
        let steps = versions.steps[at].iter().zip(&self.transactions[at].steps);
        for (place, ((list, elements), step)) in steps.enumerate() {
            let (base, since) = views.entry(*list).or_default();
            match step {
                Step::Append { .. } => since.extend(elements),
                Step::Read { elements: None, .. } => {}
                Step::Read { elements: Some(_), .. } => {
                    let fits = match base {
                        Some(base) => {
                            elements.len() == base.len() + since.len() && elements.starts_with(base)
                        }
                        None => true,
                    };
                    let own = |element: &usize| {
                        versions.elements[*element].writer.is_some_and(|(who, _)| who == at)
                            && versions.elements[*element].other.is_none()
                    };
                    let before = elements.len().saturating_sub(since.len());
                    let early =
                        elements[..before].iter().find(|element| own(element) && !since.contains(element));
                    if !fits || !elements.ends_with(since) {
                        let expected = match base {
                            Some(base) => listed(versions, &[*base, since.as_slice()].concat()),
                            None => format!("something that ends with {}", listed(versions, since)),
                        };
                        let name = name(versions, *list);
                        let read = format!("T1 read {name} as {}", listed(versions, elements));
                        let why = format!("by what it did itself before, that should be {expected}");
                        self.add(Kind::Internal, &[at], vec![read, why]);
                        return;
                    }
                    if let Some(&early) = early {
                        let what = value(versions, early);
                        let is_later = versions.elements[early].writer.is_some_and(|(_, step)| step > place);
                        let read =
                            format!("T1 read {} as {}", name(versions, *list), listed(versions, elements));
                        let why = match is_later {
                            true => format!("it appends {what} itself, and only later"),
                            false => format!("it appended {what} itself, and not there"),
                        };
                        self.add(Kind::Internal, &[at], vec![read, why]);
                        return;
                    }
                    if base.is_none() {
                        *base = Some(&elements[..before]);
                    }
                }
            }
        }
    }

    /// The elements of one transaction in another order than it appended them, or with gaps.
    fn shuffled(&mut self) {
        let versions = self.versions;
        let mut places: IndexMap<usize, usize> = IndexMap::new();
        for list in versions.lists.iter().filter(|list| list.is_told) {
            places.extend(list.order.iter().enumerate().map(|(place, element)| (*element, place)));
        }
        for (at, steps) in versions.steps.iter().enumerate().filter(|(at, _)| versions.committed[*at]) {
            // For each list the element before, and its place if it was seen.
            let mut before: IndexMap<usize, (usize, Option<usize>)> = IndexMap::new();
            for ((list, elements), step) in steps.iter().zip(&self.transactions[at].steps) {
                let (Step::Append { .. }, [element]) = (step, elements.as_slice()) else { continue };
                let place = places.get(element).copied();
                let Some((first, earlier)) = before.insert(*list, (*element, place)) else { continue };
                if place.is_none() || earlier.is_some_and(|earlier| Some(earlier) < place) {
                    continue;
                }
                let Some((reader, step)) = versions.lists[*list].longest else { continue };
                let (first, then) = (value(versions, first), value(versions, *element));
                let name = name(versions, *list);
                let read = listed(versions, &versions.steps[reader][step].1);
                let sentences = vec![
                    format!("T1 appended {first} to {name} and then {then}"),
                    format!("T{} read it as {read}", if reader == at { 1 } else { 2 }),
                ];
                let mut operations = vec![at, reader];
                operations.dedup();
                self.add(Kind::IncompatibleOrder, &operations, sentences);
            }
        }
    }

    /// A committed element behind an aborted one.
    fn dirty_updates(&mut self) {
        let versions = self.versions;
        for (number, list) in versions.lists.iter().enumerate() {
            let failed = |element: &&usize| {
                let writer = versions.elements[**element].writer;
                writer.is_some_and(|(writer, _)| self.transactions[writer].outcome == Outcome::Fail)
            };
            let Some(aborted) = list.order.iter().position(|element| failed(&element)) else { continue };
            let behind = list.order[aborted..]
                .iter()
                .find_map(|element| Some((*element, versions.committed_writer(*element)?)));
            let (Some((element, writer)), Some((reader, step))) = (behind, list.longest) else { continue };
            let Some((loser, _)) = versions.elements[list.order[aborted]].writer else { continue };
            let (lost, kept) = (value(versions, list.order[aborted]), value(versions, element));
            let name = name(versions, number);
            let sentences = vec![
                format!("T1 appended {lost} to {name} and failed"),
                format!("T2 appended {kept} behind it and committed"),
                format!("T3 read {name} as {}", listed(versions, &versions.steps[reader][step].1)),
            ];
            self.add(Kind::DirtyUpdate, &[loser, writer, reader], sentences);
        }
    }
}
