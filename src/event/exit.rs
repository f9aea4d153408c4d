//! Exit codes: one table, shown by `scn help`.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All that ran passed.
    Passed,
    /// An expectation failed.
    Failed,
    /// The scenarios or the command line are wrong.
    Wrong,
    /// The environment failed.
    Environment,
    /// Nothing ran.
    Nothing,
    /// Neither shown nor refuted.
    Inconclusive,
    /// The run was interrupted.
    Interrupted,
}

/// Every way to end, with its code and meaning.
pub const TABLE: &[(Exit, u8, &str)] = &[
    (Exit::Passed, 0, "passed"),
    (Exit::Failed, 1, "an expectation failed"),
    (Exit::Wrong, 2, "the scenarios or the command line are wrong"),
    (Exit::Environment, 3, "the environment failed"),
    (Exit::Nothing, 4, "nothing ran"),
    (Exit::Inconclusive, 5, "inconclusive: neither shown nor refuted"),
    (Exit::Interrupted, 130, "interrupted"),
];

impl Exit {
    /// The code that the process ends with.
    pub fn code(self) -> u8 {
        TABLE.iter().find(|(exit, ..)| *exit == self).map_or(3, |(_, code, _)| *code)
    }

    /// The exit with this code; an unknown one means that the environment failed.
    pub fn from_code(code: u8) -> Exit {
        TABLE.iter().find(|(_, known, _)| *known == code).map_or(Exit::Environment, |(exit, ..)| *exit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_come_back() {
        for (exit, code, _) in TABLE {
            assert_eq!(Exit::from_code(*code), *exit);
            assert_eq!(exit.code(), *code);
        }
    }
}
