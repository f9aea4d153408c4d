//! The names that SQL adds to the language.

use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::protocol::names::{Names, value};

const OWN: Names = Names("sql");
const TRANSACTION: &[Param] = &[Param::required("stream", Ty::Name, "what `begin` gave")];

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    Spec::new(Kind::Protocol, "", "sql", "databases: SQLite, PostgreSQL, MySQL and MariaDB")
        .example("service db { speaks sql; at \"sqlite://${scratch}/shop.db\" }"),
    OWN.verb(
        "query",
        &[
            Param::required("target", Ty::Name, "a database, or a transaction that `begin` gave"),
            Param::required(
                "statement",
                Ty::Text,
                "one statement; each `${…}` is bound as a value, a list after `in` as its values",
            ),
        ],
        "runs a statement, whether it gives rows or changes them",
        "query db \"select * from entries where order_id = ${order}\"",
    )
    .safety(Safety::Unknown),
    OWN.verb(
        "insert",
        &[
            Param::required("target", Ty::Name, "a table of a database or a transaction: `db.customers`"),
            Param::required("rows", Ty::Any, "an object by the names of the columns, or a list of them"),
        ],
        "inserts rows, all or none; gives them back with what the database made, where it can",
        "insert db.customers 50 of Customer",
    )
    .safety(Safety::Unsafe),
    OWN.verb(
        "begin",
        &[Param::required("target", Ty::Name, "a database")],
        "begins a transaction; one that is left open is rolled back when the scenario ends, or the case of a property",
        "let tx = begin db with { isolation: \"serializable\" }",
    )
    .safety(Safety::Unknown),
    OWN.verb("commit", TRANSACTION, "makes what was done in a transaction last", "commit tx")
        .safety(Safety::Unsafe),
    OWN.verb("rollback", TRANSACTION, "undoes what was done in a transaction", "rollback tx")
        .safety(Safety::Safe),
    OWN.option(
        "timeout",
        &[value(Ty::Duration, "30s unless given")],
        "how long the statement may take, connecting included; it is ended in the database too",
        "query db \"select * from entries\" with { timeout: 2s }",
    ),
    OWN.option(
        "max_rows",
        &[value(Ty::Number, "10,000 unless given")],
        "how many rows the statement may give; more are an error",
        "query db \"select * from entries\" with { max_rows: 100_000 }",
    ),
    OWN.option(
        "max_size",
        &[value(Ty::Size, "64MiB unless given")],
        "how large its rows may be together",
        "query db \"select document from files\" with { max_size: 256MiB }",
    ),
    OWN.option(
        "isolation",
        &[value(Ty::Text, "`read uncommitted`, `read committed`, `repeatable read` or `serializable`")],
        "the isolation level of the transaction that `begin` begins; the database's own unless given",
        "let tx = begin db with { isolation: \"repeatable read\" }",
    ),
    OWN.option(
        "read_only",
        &[value(Ty::Bool, "`false` unless given")],
        "has the database refuse what would change something",
        "query db \"select settle_all()\" with { read_only: true }",
    ),
    OWN.option(
        "returning",
        &[value(Ty::Bool, "`true` unless given")],
        "whether `insert` asks for the rows as the database keeps them",
        "insert db.audit { event: \"start\" } with { returning: false }",
    ),
    OWN.part("rows", "the rows that the statement gave, each an object", "expect rows.count == 1"),
    OWN.part(
        "row",
        "the only row; reading it is an error unless there is exactly one",
        "expect row.total == 59.98",
    ),
    OWN.part("count", "how many rows the statement gave", "expect count == 0"),
    OWN.part("affected", "how many rows it inserted, updated or deleted", "expect affected == 1"),
    OWN.part("columns", "the names of its columns, in their order", "expect columns == [\"id\", \"total\"]"),
    OWN.part("key", "the key that MySQL made for the first inserted row; else `absent`", "let id = key"),
    OWN.part("latency", "from sending the statement to the end of its rows", "expect latency < 250ms"),
    OWN.part(
        "error",
        "`{ kind, message, code, constraint, table, column, detail, hint }` as far as the database says, when the statement failed; the kind is unique, foreign_key, not_null, check, exclusion, missing, syntax, value, permission, read_only, locked, deadlock, serialization, aborted, database, or refused, reset, timeout, tls, protocol, cancelled; the code is the SQLSTATE",
        "expect error.kind == \"unique\"",
    ),
    Spec::new(
        Kind::Property,
        "transaction",
        "open",
        "whether a transaction is neither committed nor rolled back",
    )
    .example("expect tx.open == false"),
    Spec::new(Kind::Property, "transaction", "committed", "whether a transaction was committed")
        .example("expect tx.committed == true"),
];

/// The names of the options, for did-you-mean.
pub(super) fn option_names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().filter(|spec| spec.kind == Kind::Option).map(|spec| spec.name)
}
