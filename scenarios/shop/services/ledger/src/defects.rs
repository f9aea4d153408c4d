//! Mistakes that the ledger can be told to make. They are for tests that must find them: each is one
//! that such services are known to make, at one place.

/// One mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Defect {
    /// The same posting is written whenever it comes.
    RedeliveryPostsTwice,
    /// What was written before the start is not known any more.
    EntriesForgotten,
    /// An import stops in the middle.
    PartialWrite,
    /// The same posting again is a conflict.
    DuplicateRefused,
    /// Another posting under the same id is taken for the first.
    ConflictAccepted,
    /// The caller's mistake is told as the ledger's.
    InvalidIsInternal,
    /// What will never work is told as what may work later.
    LimitIsUnavailable,
    /// What is not there is told as an empty entry.
    UnknownIsEmpty,
    /// A watcher gets what comes together backwards.
    WatchSwapped,
    /// A watcher gets only the last of what comes together.
    WatchCoalesced,
    /// A watcher gets the last entry again before the next.
    WatchRepeated,
    /// The numbers of an account begin anew with the process.
    SeqReused,
    /// The numbers of an account go on ten later with the process.
    SeqSkipped,
    /// Two replicas answer in turn, and one of them is late.
    BalanceOfReplica,
    /// The two entries of a posting are written one after the other.
    PostingTorn,
}

/// Every mistake: its name, and what it does.
pub const TABLE: &[(&str, Defect, &str)] = &[
    (
        "redelivery_posts_twice",
        Defect::RedeliveryPostsTwice,
        "a posting is written each time it comes, whatever its `entry_id`",
    ),
    ("entries_forgotten", Defect::EntriesForgotten, "an `entry_id` is known until the process ends"),
    ("partial_write", Defect::PartialWrite, "an import that is refused keeps what came before"),
    ("duplicate_refused", Defect::DuplicateRefused, "the same posting again is ALREADY_EXISTS"),
    ("conflict_accepted", Defect::ConflictAccepted, "another posting under a known `entry_id` is OK"),
    ("invalid_is_internal", Defect::InvalidIsInternal, "a bad field is INTERNAL"),
    ("limit_is_unavailable", Defect::LimitIsUnavailable, "an amount over the limit is UNAVAILABLE"),
    ("unknown_is_empty", Defect::UnknownIsEmpty, "an unknown order has an empty entry"),
    (
        "watch_swapped",
        Defect::WatchSwapped,
        "of the entries of an account that come together a watcher gets the last first",
    ),
    (
        "watch_coalesced",
        Defect::WatchCoalesced,
        "of the entries of an account that come together a watcher gets only the last",
    ),
    ("watch_repeated", Defect::WatchRepeated, "a watcher gets the last entry again before the next"),
    ("seq_reused", Defect::SeqReused, "an account's numbers begin anew with the process"),
    ("seq_skipped", Defect::SeqSkipped, "an account's numbers go on ten later with the process"),
    (
        "balance_of_replica",
        Defect::BalanceOfReplica,
        "every second balance comes from a replica that is 300 ms behind",
    ),
    ("posting_torn", Defect::PostingTorn, "the two entries of a posting are written one after the other"),
];

/// The mistakes that a ledger makes; by default none.
#[derive(Debug, Clone, Default)]
pub struct Defects(Vec<Defect>);

impl Defects {
    /// Whether the ledger makes this one.
    #[must_use]
    pub fn has(&self, defect: Defect) -> bool {
        self.0.contains(&defect)
    }

    /// Reads the names in `SHOP_DEFECTS`, separated by commas.
    ///
    /// # Errors
    /// What is no name, with those that are.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let named = |name: &str| {
            let found = TABLE.iter().find(|(known, ..)| *known == name);
            found.map(|(_, defect, _)| *defect).ok_or_else(|| {
                let known: Vec<_> = TABLE.iter().map(|(known, ..)| *known).collect();
                format!("there is no defect `{name}`; there are {}", known.join(", "))
            })
        };
        text.split(',').map(named).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Defect> for Defects {
    fn from(defect: Defect) -> Self {
        Self(vec![defect])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_unknown_ones_refused() {
        assert!(Defects::parse("").is_ok_and(|none| none.0.is_empty()));
        let two = Defects::parse("partial_write,unknown_is_empty");
        assert!(two.is_ok_and(|two| two.0 == [Defect::PartialWrite, Defect::UnknownIsEmpty]));
        for text in ["partial", "partial_write,", "partial_write, unknown_is_empty"] {
            let refused = Defects::parse(text).err().unwrap_or_default();
            assert!(refused.contains("there are redelivery_posts_twice, entries_forgotten"), "{refused}");
        }
    }

    #[test]
    fn the_table_is_that_of_the_readme() {
        let readme = include_str!("../../../README.md");
        let mut table = String::from("| of the ledger | what it does |\n|---|---|\n");
        for (name, _, does) in TABLE {
            table += &format!("| `{name}` | {does} |\n");
        }
        assert!(readme.contains(&(table.clone() + "\n")), "the README does not show this table:\n{table}");
    }
}
