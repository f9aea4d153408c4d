//! What a statement would leave behind on its connection: an open transaction, a setting, a name.
//! The next statement may have another connection, so what is left there would be met by chance, or
//! lost with all that follows.

use super::statement::Statement;
use crate::lang::sql::Dialect;
use crate::protocol::Misuse;

/// The words that begin statements which a connection remembers.
const REMEMBERED: &[&str] = &[
    "attach",
    "close",
    "deallocate",
    "declare",
    "detach",
    "discard",
    "fetch",
    "handler",
    "listen",
    "lock",
    "move",
    "prepare",
    "release",
    "reset",
    "savepoint",
    "set",
    "unlisten",
    "unlock",
    "use",
];
/// What MySQL's `set` sets for the server, for a user, or for one statement.
const LASTING: &[&str] = &["global", "persist", "persist_only", "password", "default", "statement"];
/// The words that begin statements before which MySQL commits
/// (<https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html>).
const COMMITTING: &[&str] = &[
    "alter",
    "analyze",
    "cache",
    "check",
    "create",
    "drop",
    "flush",
    "grant",
    "install",
    "lock",
    "optimize",
    "rename",
    "repair",
    "reset",
    "revoke",
    "truncate",
    "uninstall",
];
const TRANSACTION: &str =
    "a transaction is `let tx = begin db`, `query tx \"…\"`, `commit tx` or `rollback tx`";

impl Statement {
    /// Refuses what `query` must not run where it stands: more than one statement, one that begins or
    /// ends a transaction, one whose effect would be left to chance.
    pub(super) fn keeps_its_place(&self, dialect: Dialect, in_transaction: bool) -> Result<(), Misuse> {
        let first = self.first();
        if self.several && !self.has_body(dialect) {
            return Err(Misuse::new("`query` takes one statement, and another one follows after `;`")
                .help("write a `query` for each; a transaction keeps them together: `let tx = begin db`"));
        }
        if self.is("copy", 0) && self.words.iter().any(|word| matches!(word.as_str(), "stdin" | "stdout")) {
            return Err(Misuse::new("`query` has no standard input or output that `copy` could use")
                .help("`insert db.table rows` writes rows, and `select` reads them"));
        }
        let other = "the next statement may have another connection";
        if let Some(word) = self.ends_or_begins() {
            return Err(Misuse::new(format!("`query` runs no `{word}`: {other}")).help(TRANSACTION));
        }
        if in_transaction && dialect == Dialect::MySql && COMMITTING.contains(&first) && !self.is_temporary()
        {
            return Err(Misuse::new(format!(
                "MySQL commits a transaction before it runs `{first}`: nothing of it could be undone"
            ))
            .help(format!("run it outside of the transaction: `query db \"{first} …\"`")));
        }
        if !in_transaction && self.is_remembered() {
            let what = if self.is_temporary() { "temporary table" } else { first };
            return Err(Misuse::new(format!("`query` runs no `{what}` outside of a transaction: {other}"))
                .help("a transaction has one connection: `let tx = begin db`, `query tx \"…\"`"));
        }
        Ok(())
    }

    /// Whether its connection is not as it was before, so that nobody else must have it.
    pub(super) fn marks_its_connection(&self) -> bool {
        self.is("pragma", 0) || self.is_remembered()
    }

    fn is(&self, word: &str, at: usize) -> bool {
        self.words.get(at).is_some_and(|found| found == word)
    }

    fn is_remembered(&self) -> bool {
        let lasts = self.is("set", 0) && LASTING.iter().any(|word| self.is(word, 1));
        self.is_temporary() || REMEMBERED.contains(&self.first()) && !lasts
    }

    /// `create temporary table`, `create or replace temp view`, `drop temporary table`.
    fn is_temporary(&self) -> bool {
        let at = if self.is("or", 1) && self.is("replace", 2) { 3 } else { 1 };
        let scope = usize::from(self.is("local", at) || self.is("global", at));
        matches!(self.first(), "create" | "drop")
            && ["temp", "temporary"].iter().any(|word| self.is(word, at + scope))
            // A trigger of SQLite is as temporary, but has a body to look at first.
            && !self.is("trigger", at + scope + 1)
    }

    /// Whether it defines what has statements of its own. SQLite runs whatever follows its `end`;
    /// the others refuse that themselves.
    fn has_body(&self, dialect: Dialect) -> bool {
        const BODIES: &[&str] = &["trigger", "procedure", "function", "event", "package"];
        let names = |words: &[&str]| self.words.iter().take(8).any(|word| words.contains(&word.as_str()));
        self.is("create", 0)
            && match dialect {
                Dialect::Sqlite => names(&["trigger"]) && self.words.last().is_some_and(|word| word == "end"),
                _ => names(BODIES),
            }
    }

    /// The word with which it begins or ends a transaction, when it does. Going back to a savepoint
    /// does neither.
    fn ends_or_begins(&self) -> Option<&str> {
        let back = self.words.iter().any(|word| word == "to");
        match self.first() {
            "begin" | "commit" | "end" | "abort" | "xa" => Some(self.first()),
            "start" if self.is("transaction", 1) => Some("start transaction"),
            "prepare" if self.is("transaction", 1) => Some("prepare transaction"),
            "set" if self.words.iter().any(|word| word == "autocommit") => Some("set autocommit"),
            "rollback" if !back => Some("rollback"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Piece;

    fn refusal(dialect: Dialect, in_transaction: bool, text: &str) -> Option<String> {
        let statement = Statement::read(&[Piece::Text(text.into())], dialect).unwrap();
        statement.keeps_its_place(dialect, in_transaction).err().map(|misuse| misuse.message)
    }

    #[test]
    fn one_statement_is_run_and_no_second_one() {
        let all = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];
        for dialect in all {
            for text in ["select 1; begin immediate", "select 1;select 2;", "select 1 /* ; */ ; select ';'"] {
                let message = refusal(dialect, false, text).unwrap();
                assert!(message.contains("one statement"), "{text}: {message}");
            }
            for text in ["select 1;", "select 1 ; \n;", "select ';' -- ; select", "select 1"] {
                assert_eq!(refusal(dialect, false, text), None, "{text}");
            }
        }
        let trigger = "create trigger t after insert on a begin delete from b; delete from c; end";
        assert_eq!(refusal(Dialect::Sqlite, false, trigger), None);
        assert!(refusal(Dialect::Sqlite, false, &format!("{trigger}; begin immediate")).is_some());
        assert!(refusal(Dialect::Sqlite, false, "create table trigger_of (a); savepoint a").is_some());
        let procedure = "create procedure p() begin select 1; select 2; end";
        assert_eq!(refusal(Dialect::MySql, false, procedure), None);
    }

    #[test]
    fn what_a_connection_remembers_needs_a_transaction() {
        for (dialect, text) in [
            (Dialect::Sqlite, "savepoint a"),
            (Dialect::Sqlite, "attach 'x.db' as x"),
            (Dialect::Postgres, "SET search_path = other"),
            (Dialect::Postgres, "create temp table t (a int)"),
            (Dialect::Postgres, "create global temporary table t (a int)"),
            (Dialect::Postgres, "prepare p as select 1"),
            (Dialect::MySql, "use other"),
            (Dialect::MySql, "set @x = 1"),
            (Dialect::MySql, "create or replace temporary table t (a int)"),
        ] {
            assert!(refusal(dialect, false, text).unwrap().contains("another connection"), "{text}");
            assert_eq!(refusal(dialect, true, text), None, "{text}");
            let statement = Statement::read(&[Piece::Text(text.into())], dialect).unwrap();
            assert!(statement.marks_its_connection(), "{text}");
        }
        for (dialect, text) in [
            (Dialect::Sqlite, "pragma table_info('t')"),
            (Dialect::MySql, "set global max_connections = 10"),
            (Dialect::MySql, "set statement sql_mode = '' for insert into t values ('0000-00-00')"),
            (Dialect::Postgres, "create table temp_of (a int)"),
            (Dialect::Postgres, "create table temporary (a int)"),
        ] {
            assert_eq!(refusal(dialect, false, text), None, "{text}");
        }
    }

    #[test]
    fn transactions_begin_and_end_by_verbs_alone() {
        for text in ["commit", "ROLLBACK", "/* x */ begin", "prepare transaction 'x'", "set autocommit = 0"] {
            assert!(refusal(Dialect::Postgres, true, text).is_some(), "{text}");
        }
        assert_eq!(refusal(Dialect::Postgres, true, "rollback to savepoint a"), None);
        let message = refusal(Dialect::MySql, true, "create table t (a int)").unwrap();
        assert!(message.contains("commits a transaction before it runs `create`"), "{message}");
        assert_eq!(refusal(Dialect::MySql, true, "create temporary table t (a int)"), None);
        assert_eq!(refusal(Dialect::Postgres, true, "create table t (a int)"), None);
    }

    #[test]
    fn a_copy_that_speaks_to_the_client_is_refused() {
        let message = refusal(Dialect::Postgres, false, "copy t from stdin").unwrap();
        assert!(message.contains("standard input"), "{message}");
        assert_eq!(refusal(Dialect::Postgres, false, "copy t from '/data/x.csv'"), None);
    }
}
