//! `causal by K`: causal consistency of registers. What an operation may depend on is before it in
//! the causal order `co`: the earlier operations of its process, the write that a read read from, and
//! whatever those depend on. A history is causally consistent when every read returns a value that
//! some arrangement of what it depends on explains.
//!
//! When no two writes write the same value to the same register, that is so unless one of four
//! patterns is there (Bouajjani, Enea, Guerraoui and Hamza, «On verifying causal consistency», POPL
//! 2017):
//!
//! - *CyclicCO*: an operation depends on itself.
//! - *ThinAirRead*: a read returns what nobody wrote.
//! - *WriteCOInitRead*: a read returns the initial value and depends on a write to the register.
//! - *WriteCORead*: a read returns what a write had written, and depends on another write to the
//!   register that itself depends on that one.
//!
//! `by` is the register of an operation, by default there is only one. Causal consistency is not
//! local, so that `per` the register would be another and weaker claim. A write of unknown outcome
//! that nobody read from did not happen; of one that somebody read from, nothing is known to come
//! after it but its readers. Time `O(n p)` with `p` processes that write, times a logarithm.

mod order;

use std::collections::{BTreeMap, BTreeSet};

use self::order::{Order, Step};
use super::expected::is_operation;
use super::operations::operations;
use super::records::{Group, groups, invalid, keys, lacking, nothing, records, shows};
use super::roles::{INITIAL, READ, Role, Roles, WRITE, initial, written};
use super::{Claim, OR_EMPTY, PER, Rule, Says, Side, Stays, Verdict, note, spec};
use crate::history::{Operation, Outcome};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

const BY: Param =
    Param::new("by", Ty::Key, "the register that an operation is on; by default all are on one");

pub(super) const CAUSAL: Rule = Rule {
    spec: &spec(
        "causal",
        "no read misses what it depends on",
        &[READ, WRITE, INITIAL, BY, PER, OR_EMPTY],
        "expect ops causal(read: get, write: put) by .args[0]",
    ),
    judge,
    says: |_| Says("is causal", "is not causal"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    if let Some(at) = records.iter().position(|record| !is_operation(record)) {
        return Err(invalid(format!("record [{at}] is no operation, and only these read and write")));
    }
    let operations = operations(&records)?;
    if let Some(at) = operations.iter().position(|operation| matches!(operation.process, Value::Absent)) {
        return Err(lacking(at, ".process", &records[at]));
    }
    let registers = match &claim.by {
        Some(by) => keys(&records, Some(by))?,
        None => vec![Value::Null; records.len()],
    };
    let mut judged = false;
    for group in groups(&records, claim.per.as_ref())? {
        let history = History::of(claim, &group, (&operations, &registers), &records)?;
        if let Some(found) = history.judge(&mut judged)? {
            return Ok(history.explained(claim, &found, &records, &group));
        }
    }
    if judged {
        return Ok(Verdict::Holds);
    }
    Err(nothing(claim, "no read depends on a write of its register, so none could miss anything"))
}

/// A read or write that happened.
struct Node {
    /// Its place among the records.
    at: usize,
    role: Role,
    /// The register, by number.
    register: usize,
    /// Its process, by number; a write of unknown outcome has one of its own.
    chain: usize,
    /// The node before it in its process.
    before: Option<usize>,
    /// The write that a read read from.
    from: Option<usize>,
}

/// The reads and writes of a group that happened.
struct History<'a> {
    nodes: Vec<Node>,
    chains: usize,
    operations: &'a [Operation],
}

/// Why a history is not causal. Numbers are nodes.
enum Found {
    Cycle(Vec<Step>),
    /// A read of the initial value, and a write that it depends on.
    Initial {
        read: usize,
        write: usize,
        path: Vec<Step>,
    },
    /// A read, the write it read from, and one in between.
    Overwritten {
        read: usize,
        from: usize,
        over: usize,
        path: Vec<Step>,
    },
}

impl<'a> History<'a> {
    fn of(
        claim: &Claim<'_>,
        group: &Group,
        (operations, registers): (&'a [Operation], &[Value]),
        records: &[Value],
    ) -> Result<History<'a>, Verdict> {
        let roles = Roles::of(claim)?;
        let mut members = Vec::with_capacity(group.members.len());
        for &at in &group.members {
            members.push((at, roles.must(at, &operations[at])?));
        }
        members.sort_by_key(|&(at, _)| (operations[at].start, at));
        let sources = Sources::of(claim, &members, operations, registers, records)?;
        let mut history = History { nodes: Vec::new(), chains: 0, operations };
        let (mut processes, mut lasts): (Index, Vec<Last>) = (Index::default(), Vec::new());
        let (mut numbers, mut register_firsts) = (Index::default(), Vec::new());
        let mut node_of: BTreeMap<usize, usize> = BTreeMap::new();
        let mut pending: Vec<(usize, usize)> = Vec::new();
        for &(at, role) in &members {
            let operation = &operations[at];
            let unknown = operation.outcome == Outcome::Info;
            let happened = match role {
                Role::Read => sources.reads.contains_key(&at),
                Role::Write => operation.outcome == Outcome::Ok || (unknown && sources.is_read(at)),
            };
            if !happened {
                continue;
            }
            let register = numbers.find(&registers[at], |n: usize| &registers[register_firsts[n]]);
            let register = register.unwrap_or_else(|| {
                numbers.add(&registers[at], register_firsts.len());
                register_firsts.push(at);
                register_firsts.len() - 1
            });
            let process = processes.find(&operation.process, |n: usize| &operations[lasts[n].first].process);
            let process = process.unwrap_or_else(|| {
                processes.add(&operation.process, lasts.len());
                lasts.push(Last { first: at, chain: None, node: None, at: None });
                lasts.len() - 1
            });
            let last = &mut lasts[process];
            if let Some(other) = last.at.filter(|&other| operations[other].end > Some(operation.start)) {
                let why = format!(
                    "process {} does [{other}] and [{at}] at the same time",
                    show(&operation.process)
                );
                return Err(Verdict::Invalid(shows(
                    claim,
                    why,
                    &[(other, &records[other]), (at, &records[at])],
                )));
            }
            let node = history.nodes.len();
            let chain = match last.chain {
                Some(chain) if !unknown => chain,
                _ => {
                    history.chains += 1;
                    history.chains - 1
                }
            };
            history.nodes.push(Node { at, role, register, chain, before: last.node, from: None });
            if !unknown {
                (last.chain, last.node, last.at) = (Some(chain), Some(node), Some(at));
            }
            node_of.insert(at, node);
            if let Some(Some(write)) = sources.reads.get(&at) {
                pending.push((node, *write));
            }
        }
        for (read, write) in pending {
            history.nodes[read].from = node_of.get(&write).copied();
        }
        Ok(history)
    }

    /// What is not causal; and whether any read had something to miss.
    fn judge(&self, judged: &mut bool) -> Result<Option<Found>, Verdict> {
        let order = match Order::of(&self.nodes, self.chains) {
            Err(why) => return Err(Verdict::Unknown(why)),
            Ok(Err(cycle)) => return Ok(Some(Found::Cycle(cycle))),
            Ok(Ok(order)) => order,
        };
        // By register, the writes of each process in their order.
        let mut writers: BTreeMap<usize, Vec<Vec<usize>>> = BTreeMap::new();
        let mut rows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.role == Role::Write) {
            let of = writers.entry(node.register).or_default();
            let row = *rows.entry((node.register, node.chain)).or_insert_with(|| {
                of.push(Vec::new());
                of.len() - 1
            });
            of[row].push(at);
        }
        for (read, node) in self.nodes.iter().enumerate().filter(|(_, node)| node.role == Role::Read) {
            let Some(of) = writers.get(&node.register) else { continue };
            for writes in of {
                let seen = writes.partition_point(|&write| order.is_before(write, read));
                let Some(&over) = seen.checked_sub(1).and_then(|last| writes.get(last)) else { continue };
                *judged = true;
                match node.from {
                    None => {
                        let path = order.path(&self.nodes, over, read);
                        return Ok(Some(Found::Initial { read, write: over, path }));
                    }
                    Some(from) if over != from && order.is_before(from, over) => {
                        let mut path = order.path(&self.nodes, from, over);
                        path.extend(order.path(&self.nodes, over, read));
                        return Ok(Some(Found::Overwritten { read, from, over, path }));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(None)
    }

    fn explained(&self, claim: &Claim<'_>, found: &Found, records: &[Value], group: &Group) -> Verdict {
        let at = |node: usize| self.nodes[node].at;
        let read_value = |node: usize| show(&self.operations[at(node)].value);
        let (why, path, shown) = match found {
            Found::Cycle(path) => {
                let nodes: Vec<usize> = path.iter().map(Step::to).collect();
                ("what happened depends on itself".to_owned(), path, nodes)
            }
            Found::Initial { read, write, path } => (
                format!(
                    "[{}] read {}, the initial value, though it depends on the write [{}]",
                    at(*read),
                    read_value(*read),
                    at(*write)
                ),
                path,
                vec![*write, *read],
            ),
            Found::Overwritten { read, from, over, path } => (
                format!(
                    "[{}] read {}, which [{}] wrote, though it depends on [{}], which overwrote that",
                    at(*read),
                    read_value(*read),
                    at(*from),
                    at(*over)
                ),
                path,
                vec![*from, *over, *read],
            ),
        };
        let mut places: Vec<usize> = shown.into_iter().chain(path.iter().map(Step::to)).map(at).collect();
        places.sort_unstable_by_key(|&at| (self.operations[at].start, at));
        places.dedup();
        let shown: Vec<(usize, &Value)> = places.iter().take(12).map(|&at| (at, &records[at])).collect();
        let mut details = shows(claim, format!("{why}{}", group.label), &shown);
        details.extend(path.iter().take(12).map(|step| note(self.told(step))));
        Verdict::Fails(details)
    }

    fn told(&self, step: &Step) -> String {
        match *step {
            Step::Process(a, b) => {
                let (a, b) = (self.nodes[a].at, self.nodes[b].at);
                format!("process {} did [{a}] before [{b}]", show(&self.operations[a].process))
            }
            Step::Read(write, read) => {
                format!("[{}] read what [{}] wrote", self.nodes[read].at, self.nodes[write].at)
            }
        }
    }
}

/// The last that a process did whose outcome is known.
struct Last {
    first: usize,
    chain: Option<usize>,
    node: Option<usize>,
    at: Option<usize>,
}

/// Where every read that returned something has it from; of the initial value, from nowhere.
struct Sources {
    reads: BTreeMap<usize, Option<usize>>,
    read: BTreeSet<usize>,
}

impl Sources {
    fn of(
        claim: &Claim<'_>,
        members: &[(usize, Role)],
        operations: &[Operation],
        registers: &[Value],
        records: &[Value],
    ) -> Result<Sources, Verdict> {
        let initial = initial(claim);
        let value = |at: usize, value: Value| Value::list(vec![registers[at].clone(), value]);
        let (mut index, mut failed) = (Index::default(), Index::default());
        let mut written_at: Vec<(usize, Value)> = Vec::new();
        for &(at, role) in members {
            if role != Role::Write {
                continue;
            }
            let set = written(&operations[at]);
            let key = value(at, set.clone());
            let place = written_at.len();
            if operations[at].outcome == Outcome::Fail {
                failed.add(&key, place);
            } else if set == initial {
                let why = format!(
                    "[{at}] writes {}, the initial value, so that nobody knows what a read of it read from",
                    show(&set)
                );
                return Err(Verdict::Invalid(shows(claim, why, &[(at, &records[at])])));
            } else if let Some(first) = index.find(&key, |place: usize| &written_at[place].1) {
                let other = written_at[first].0;
                let why = format!(
                    "[{other}] and [{at}] write the same, {}, so that nobody knows what a read of it read \
                     from; let every write write something else",
                    show(&set)
                );
                return Err(Verdict::Invalid(shows(
                    claim,
                    why,
                    &[(other, &records[other]), (at, &records[at])],
                )));
            } else {
                index.add(&key, place);
            }
            written_at.push((at, key));
        }
        let mut sources = Sources { reads: BTreeMap::new(), read: BTreeSet::new() };
        for &(at, role) in members {
            let operation = &operations[at];
            if role != Role::Read
                || operation.outcome != Outcome::Ok
                || matches!(operation.value, Value::Absent)
            {
                continue;
            }
            let key = value(at, operation.value.clone());
            let find = |index: &Index| {
                index.find(&key, |place: usize| &written_at[place].1).map(|place| written_at[place].0)
            };
            match find(&index) {
                Some(write) => {
                    sources.read.insert(write);
                    sources.reads.insert(at, Some(write));
                }
                None if operation.value == initial => {
                    sources.reads.insert(at, None);
                }
                None => {
                    let read = show(&operation.value);
                    // The record of the write may come later.
                    let lacks = |details| Verdict::Lacks(Side::Subject, details);
                    return Err(lacks(match find(&failed) {
                        Some(write) => shows(
                            claim,
                            format!("[{at}] read {read}, which only a failed write wrote, [{write}]"),
                            &[(write, &records[write]), (at, &records[at])],
                        ),
                        None => shows(
                            claim,
                            format!(
                                "[{at}] read {read}, which nobody wrote; what was there before is `initial`"
                            ),
                            &[(at, &records[at])],
                        ),
                    }));
                }
            }
        }
        Ok(sources)
    }

    fn is_read(&self, write: usize) -> bool {
        self.read.contains(&write)
    }
}
