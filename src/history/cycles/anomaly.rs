//! What can be wrong with the transactions of a history.

use std::fmt;

use super::Respect;

/// An anomaly with the transactions that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anomaly {
    /// Its name.
    pub kind: Kind,
    /// The transactions by their positions in the history; sentences call the first `T1`, the next
    /// `T2` and so on.
    pub operations: Vec<usize>,
    /// Who must have come before whom. In a cycle each leads to the next.
    pub dependencies: Vec<Dependency>,
    /// What happened, a sentence each; lower case, no full stop.
    pub sentences: Vec<String>,
}

/// One transaction must have come before another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The place of the first among the anomaly's operations, from 0.
    pub from: usize,
    /// The place of the other.
    pub to: usize,
    /// `ww`, `wr`, `rw`, `process` or `realtime`.
    pub kind: &'static str,
    /// How that follows, from what both did.
    pub why: String,
}

/// The names of anomalies, the gravest first: by how weak a system must be to show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A read saw an element that nobody appended.
    Garbage,
    /// A read saw an element twice that was appended once.
    Duplicate,
    /// Reads saw a list in orders that it cannot have had, by other reads or by who appended.
    IncompatibleOrder,
    /// A transaction read something else than its own reads and appends before say.
    Internal,
    /// A committed transaction built upon what an aborted one left.
    DirtyUpdate,
    /// A cycle of writes alone.
    G0(Respect),
    /// A read saw what an aborted transaction wrote.
    G1a,
    /// A read saw what a transaction wrote before it was done with it.
    G1b,
    /// A cycle of writes and of reads that saw them.
    G1c(Respect),
    /// A cycle in which one read did not see a write.
    GSingle(Respect),
    /// A cycle in which several reads did not see a write.
    G2(Respect),
}

impl Kind {
    /// The name alone, without the orders that it needs.
    fn base(self) -> &'static str {
        match self {
            Kind::Garbage => "garbage read",
            Kind::Duplicate => "duplicate element",
            Kind::IncompatibleOrder => "incompatible order",
            Kind::Internal => "internal",
            Kind::DirtyUpdate => "dirty update",
            Kind::G0(_) => "G0",
            Kind::G1a => "G1a",
            Kind::G1b => "G1b",
            Kind::G1c(_) => "G1c",
            Kind::GSingle(_) => "G-single",
            Kind::G2(_) => "G2",
        }
    }

    /// What it is called in words, and what that means.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::Garbage => "a read saw an element that no transaction appended",
            Kind::Duplicate => "a read saw an element twice that was appended once",
            Kind::IncompatibleOrder => "a list was read in an order that it cannot have had",
            Kind::Internal => "a transaction contradicts itself: it read something else than it did before",
            Kind::DirtyUpdate => "a committed transaction built upon what an aborted one left",
            Kind::G0(_) => "dirty write: the writes of transactions are interleaved",
            Kind::G1a => "aborted read: a transaction saw what an aborted one wrote",
            Kind::G1b => "intermediate read: a transaction saw another's work half done",
            Kind::G1c(_) => "circular information flow: each transaction saw or overwrote what another wrote",
            Kind::GSingle(_) => {
                "read skew: one transaction saw part of what another did, and missed the rest"
            }
            Kind::G2(_) => "write skew: transactions missed what each other wrote",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base())?;
        match self {
            Kind::G0(respect) | Kind::G1c(respect) | Kind::GSingle(respect) | Kind::G2(respect) => {
                match respect {
                    Respect::Results => Ok(()),
                    Respect::Process => f.write_str("-process"),
                    Respect::Realtime => f.write_str("-realtime"),
                }
            }
            _ => Ok(()),
        }
    }
}
