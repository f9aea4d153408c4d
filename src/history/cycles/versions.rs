//! The versions of lists: which elements there are, who appended them, and in which order.

use indexmap::IndexMap;

use super::transaction::{Step, Transaction};
use crate::history::meter::{Meter, Stop};
use crate::history::{Outcome, Same};
use crate::value::{Value, show_short};

/// About what an element takes, its places in the tables included.
const ELEMENT_BYTES: usize = 2 * (size_of::<Element>() + size_of::<(usize, Same, usize)>()) + 64;

/// A step of a transaction.
pub(super) type At = (usize, usize);

/// An element of one list.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) list: usize,
    pub(super) value: Value,
    /// Who appended it, and with which step. One that failed only if nobody else did.
    pub(super) writer: Option<(usize, usize)>,
    /// Who appended it too, so that it is not known whose it is.
    pub(super) other: Option<usize>,
    /// Whether a read saw it.
    pub(super) seen: bool,
}

/// A list.
#[derive(Debug)]
pub(super) struct List {
    pub(super) name: Value,
    /// The elements that reads saw, in their order; empty when it cannot be told.
    pub(super) order: Vec<usize>,
    /// The read that saw the most.
    pub(super) longest: Option<(usize, usize)>,
    /// Elements of committed transactions that no read saw; they come after the others.
    pub(super) unseen: Vec<usize>,
    /// Whether its order can be told.
    pub(super) is_told: bool,
}

/// Everything that is known of the lists of a history. Transactions are numbered as they come.
#[derive(Debug, Default)]
pub(super) struct Versions {
    pub(super) lists: Vec<List>,
    pub(super) elements: Vec<Element>,
    /// For each transaction, for each step: its list, and the elements it appended or saw.
    pub(super) steps: Vec<Vec<(usize, Vec<usize>)>>,
    /// For each transaction whether it took effect.
    pub(super) committed: Vec<bool>,
    /// Reads that contradict the order of a list: list, the longest read, the other.
    pub(super) torn: Vec<(usize, At, At)>,
    /// Why what was recorded does not say everything.
    pub(super) ambiguous: Option<String>,
    names: IndexMap<Same, usize>,
    numbers: IndexMap<(usize, Same), usize>,
}

impl Versions {
    /// Compares what transactions did.
    ///
    /// # Errors
    /// The limit that came first.
    pub(super) fn of(transactions: &[Transaction], meter: &mut Meter<'_>) -> Result<Versions, Stop> {
        let mut versions = Versions::default();
        // Those that failed come last: an element belongs to who may have appended it.
        let (failed, others): (Vec<usize>, Vec<usize>) =
            (0..transactions.len()).partition(|at| transactions[*at].outcome == Outcome::Fail);
        versions.steps = vec![Vec::new(); transactions.len()];
        for &at in others.iter().chain(&failed) {
            let known = versions.elements.len();
            versions.take(at, &transactions[at]);
            let places: usize = versions.steps[at].iter().map(|(_, elements)| elements.len()).sum();
            meter.work(1 + places as u64)?;
            let steps = transactions[at].steps.len() * size_of::<(usize, Vec<usize>)>();
            let fresh = versions.elements.len() - known;
            meter.take(steps + places * size_of::<usize>() + fresh * ELEMENT_BYTES)?;
        }
        versions.commit(transactions);
        versions.order(transactions, meter)?;
        Ok(versions)
    }

    fn list(&mut self, name: &Value) -> usize {
        let next = self.lists.len();
        let at = *self.names.entry(Same::of(name)).or_insert(next);
        if at == next {
            let name = name.clone();
            self.lists.push(List {
                name,
                order: Vec::new(),
                longest: None,
                unseen: Vec::new(),
                is_told: true,
            });
        }
        at
    }

    fn element(&mut self, list: usize, value: &Value) -> usize {
        let next = self.elements.len();
        let at = *self.numbers.entry((list, Same::of(value))).or_insert(next);
        if at == next {
            self.elements.push(Element {
                list,
                value: value.clone(),
                writer: None,
                other: None,
                seen: false,
            });
        }
        at
    }

    /// Numbers the lists and elements of a transaction.
    fn take(&mut self, at: usize, transaction: &Transaction) {
        let failed = transaction.outcome == Outcome::Fail;
        let mut steps = Vec::with_capacity(transaction.steps.len());
        for (step, what) in transaction.steps.iter().enumerate() {
            match what {
                Step::Append { list, element } => {
                    let list = self.list(list);
                    let number = self.element(list, element);
                    let element = &mut self.elements[number];
                    match element.writer {
                        None => element.writer = Some((at, step)),
                        Some(_) if failed => {}
                        Some(_) => {
                            element.other.get_or_insert(at);
                        }
                    }
                    steps.push((list, vec![number]));
                }
                Step::Read { list, elements } => {
                    let list = self.list(list);
                    let elements = elements.iter().flatten().map(|value| self.element(list, value)).collect();
                    steps.push((list, elements));
                }
            }
        }
        self.steps[at] = steps;
    }

    /// Finds out who took effect: who says so, and whoever's elements were read.
    fn commit(&mut self, transactions: &[Transaction]) {
        for (steps, transaction) in self.steps.iter().zip(transactions) {
            for ((_, elements), step) in steps.iter().zip(&transaction.steps) {
                if matches!(step, Step::Read { .. }) {
                    elements.iter().for_each(|at| self.elements[*at].seen = true);
                }
            }
        }
        self.committed = transactions.iter().map(|one| one.outcome == Outcome::Ok).collect();
        for element in self.elements.iter().filter(|element| element.seen) {
            if let Some((writer, _)) = element.writer
                && transactions[writer].outcome == Outcome::Info
            {
                self.committed[writer] = true;
            }
        }
    }

    /// Orders the elements of each list by the longest read of it.
    fn order(&mut self, transactions: &[Transaction], meter: &mut Meter<'_>) -> Result<(), Stop> {
        for at in 0..self.elements.len() {
            let element = &self.elements[at];
            if let (Some((first, _)), Some(second)) = (element.writer, element.other) {
                self.lists[element.list].is_told = false;
                let text = format!(
                    "the element {} was appended to list {} by operations {} and {}, so it is not known \
                     whose it is: elements must be distinct",
                    show_short(&element.value, 40),
                    show_short(&self.lists[element.list].name, 40),
                    transactions[first].at,
                    transactions[second].at
                );
                self.ambiguous.get_or_insert(text);
            }
        }
        let reads = || {
            let of = |(at, one): (usize, &Transaction)| {
                let known = |step: &Step| matches!(step, Step::Read { elements: Some(_), .. });
                let steps: Vec<usize> =
                    (0..one.steps.len()).filter(|step| known(&one.steps[*step])).collect();
                steps.into_iter().map(move |step| (at, step)).collect::<Vec<_>>()
            };
            transactions.iter().enumerate().flat_map(of)
        };
        for (at, step) in reads() {
            let (list, elements) = &self.steps[at][step];
            let list = &mut self.lists[*list];
            if list.longest.is_none_or(|(other, place)| elements.len() > self.steps[other][place].1.len()) {
                list.longest = Some((at, step));
            }
        }
        for (at, step) in reads() {
            let (number, elements) = &self.steps[at][step];
            meter.work(1 + elements.len() as u64 / 8)?;
            let Some(longest) = self.lists[*number].longest else { continue };
            if !self.steps[longest.0][longest.1].1.starts_with(elements) {
                self.torn.push((*number, longest, (at, step)));
                self.lists[*number].is_told = false;
            }
        }
        for list in self.lists.iter_mut().filter(|list| list.is_told) {
            if let Some((at, step)) = list.longest {
                list.order.clone_from(&self.steps[at][step].1);
            }
        }
        for (at, element) in self.elements.iter().enumerate() {
            if let Some((writer, _)) = element.writer
                && !element.seen
                && self.committed[writer]
            {
                self.lists[element.list].unseen.push(at);
            }
        }
        Ok(())
    }

    /// Whether a transaction appended nothing more to the list after this element.
    pub(super) fn is_last(&self, element: usize) -> bool {
        let list = self.elements[element].list;
        let Some((writer, step)) = self.elements[element].writer else { return false };
        let appended = |(place, (other, elements)): (usize, &(usize, Vec<usize>))| {
            *other == list && elements.iter().any(|at| self.elements[*at].writer == Some((writer, place)))
        };
        !self.steps[writer].iter().enumerate().skip(step + 1).any(appended)
    }

    /// Who appended an element, if that took effect.
    pub(super) fn committed_writer(&self, element: usize) -> Option<usize> {
        self.elements[element].writer.map(|(writer, _)| writer).filter(|writer| self.committed[*writer])
    }
}
