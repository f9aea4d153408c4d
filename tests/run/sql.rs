//! Databases through the real binary, against SQLite: what passes, what must not, and what the
//! messages say.

use crate::harness::{Project, project, scn};

const DB: &str = "service db { speaks sql; at \"sqlite://./t.db?mode=rwc\" }\n";

const TABLE: &str = r#"
action shop() {
  query db "create table if not exists customers (id integer primary key, email text unique, name text not null, total text)"
  query db "delete from customers"
}
"#;

fn with_table(scenarios: &str) -> Project {
    scn(&format!("{DB}{TABLE}{scenarios}"))
}

#[test]
fn rows_go_in_and_come_out_as_they_are() {
    with_table(
        r#"
shape Customer { email: email, name: person_name, total: decimal(0.00..500.00) }
scenario "one" {
  shop()
  let c = any Customer { total: 100.00 }
  defer query db "delete from customers where email = ${c.email}"
  insert db.customers c
  expect affected == 1 and row.id matches int
  let id = row.id
  query db "select * from customers where id = ${id}"
  expect row matches { id: id, email: c.email, name: c.name, total: "100.00" }
  expect columns == ["id", "email", "name", "total"] and count == 1
  expect rows[0].name == c.name and rows.count == 1 and latency < 10s
}
scenario "many" {
  shop()
  let drawn = 50 of Customer
  insert db.customers drawn
  expect affected == 50
  query db "select email from customers where email in ${drawn[*].email}"
  expect count == 50
  eventually within 5s {
    query db "select count(*) as n from customers"
    expect row.n == 50
  }
}
"#,
    )
    .run(&["--jobs", "1"])
    .ends(0, &["2 passed"]);
}

#[test]
fn nothing_is_green_that_did_not_hold() {
    let ran = with_table(
        r#"
scenario "unchecked failure" { shop(); query db "select * from custmers" }
scenario "wrong value" { shop(); insert db.customers { email: "a@x", name: "A" }; query db "select name from customers"; expect row.name == "B" }
scenario "no row" { shop(); query db "select * from customers where id = 99"; expect row.name == absent }
scenario "two rows" {
  shop()
  insert db.customers [{ email: "a@x", name: "A" }, { email: "b@x", name: "B" }]
  query db "select * from customers"
  expect row.name == "A"
}
scenario "count" { shop(); query db "select * from customers"; expect count == 1 }
scenario "other error" { shop(); query db "selec 1"; expect error.kind == "unique" }
scenario "no error" { shop(); query db "select 1 as one"; expect error.kind == "unique" }
scenario "two ids" { query db "select 1 as id, 2 as id" }
scenario "affected" { shop(); query db "delete from customers"; expect affected == 1 }
scenario "quoted" { let q = "'"; query db "select * from (select 1 as x) where x = ${q}"; expect count == 1 }
"#,
    )
    .run(&["--jobs", "1"]);
    ran.ends(
        1,
        &[
            "no such table: custmers; did you mean `customers`?",
            "to expect this, write `expect error.kind == \"missing\"`",
            "`row` stands for exactly one row, and the statement gave none",
            "`row` stands for exactly one row, and the statement gave 2",
            "two columns of the result are called `id`",
            "10 failed",
        ],
    );
}

#[test]
fn expected_failures_pass() {
    with_table(
        r#"
scenario "unique" {
  shop()
  insert db.customers { email: "a@x", name: "A" }
  insert db.customers { email: "a@x", name: "B" }
  expect error.kind == "unique" and error.column == "email" and error.message contains "UNIQUE"
  insert db.customers { email: "b@x", name: null }
  expect error.kind == "not_null" and error.code == "1299"
  query db "select count(*) as n from customers"
  expect row.n == 1
}
"#,
    )
    .run(&[])
    .ends(0, &["1 passed"]);
}

#[test]
fn an_attack_is_a_value() {
    with_table(
        r#"
@cases([{ text: "' or '1'='1" }, { text: "'; drop table customers; --" }, { text: "\" or \"\"=\"" }])
scenario "attack" {
  shop()
  insert db.customers { email: case.text, name: "A" }
  query db "select * from customers where name = ${case.text}"
  expect count == 0
  query db "select * from customers where email = ${case.text}"
  expect row.email == case.text
}
"#,
    )
    .run(&["--jobs", "1"])
    .ends(0, &["3 passed"]);
}

#[test]
fn what_cannot_be_bound_is_said() {
    with_table(
        r#"
scenario "object" { let c = { id: 1 }; query db "select ${c}" }
scenario "list" { let ids = [1, 2]; query db "select ${ids}" }
scenario "empty" { let ids = []; query db "select 1 where 1 in ${ids}" }
scenario "name" { shop(); let t = "customers"; query db "select * from ${t}" }
scenario "placeholder" { query db "select ?" }
scenario "begin" { query db "begin" }
scenario "huge" { query db "select ${18446744073709551615}" }
"#,
    )
    .run(&["--jobs", "1"])
    .ends(
        1,
        &[
            "an object is no value that a statement takes",
            "name a field, as in `${customer.id}`",
            "a list is bound only after `in`",
            "the list after `in` is empty, and SQL has no empty list",
            "`${…}` is a value, never a part of the statement: write names of tables and columns out",
            "the statement has a placeholder `?`, and nothing is bound to it",
            "`query` runs no `begin`",
            "SQLite has no integers as large as `18446744073709551615`",
            "7 failed",
        ],
    );
}

#[test]
fn transactions_last_or_leave_nothing() {
    with_table(
        r#"
scenario "commit" {
  shop()
  let tx = begin db
  insert tx.customers { email: "a@x", name: "A" }
  query tx "update customers set name = ${"B"}"
  expect affected == 1 and tx.open == true
  commit tx
  query db "select name from customers"
  expect row.name == "B" and tx.committed == true
}
scenario "rollback" {
  shop()
  let tx = begin db
  defer rollback tx
  insert tx.customers { email: "a@x", name: "A" }
  rollback tx
  query db "select * from customers"
  expect count == 0
}
scenario "over" {
  shop()
  let tx = begin db
  commit tx
  query tx "select 1"
  expect error.kind == "aborted" and error.message contains "it was committed"
}
"#,
    )
    .run(&["--jobs", "1"])
    .ends(0, &["3 passed"]);
}

#[test]
fn a_transaction_that_is_left_open_is_undone_before_cleanup() {
    let text = format!(
        r#"{DB}{TABLE}
scenario "left open" {{
  shop()
  defer insert db.customers {{ email: "a@x", name: "cleanup" }}
  let tx = begin db
  insert tx.customers {{ email: "a@x", name: "left" }}
  expect 1 == 2
}}
stage first
stage second after first
scenario "after" in second {{
  query db "select name from customers"
  expect row.name == "cleanup"
}}
"#
    )
    .replace("scenario \"left open\" {", "scenario \"left open\" in first {");
    let ran = scn(&text).run(&["--jobs", "1"]);
    ran.ends(1, &["1 passed", "1 failed"]).never_says(&["cleanup failed", "locked"]);
}

#[test]
fn a_transaction_that_a_case_left_open_ends_with_the_case() {
    let shrunk = with_table(
        r#"
scenario "each case" {
  shop()
  forall n in int(1..3) {
    defer query db "insert into customers (email, name) values (${n}, 'cleanup')"
    let tx = begin db
    insert tx.customers { email: "a@x", name: "left" }
  }
  query db "select name from customers"
  expect rows[*].name == ["cleanup", "cleanup", "cleanup"]
}
scenario "outside" {
  shop()
  let tx = begin db
  forall n in int(1..3) {
    insert tx.customers { email: "${n}@x", name: "kept" }
  }
  commit tx
  query db "select name from customers"
  expect count == 3
}
scenario "shrunk" {
  shop()
  forall n in int(1..900) {
    let tx = begin db
    insert tx.customers { email: "a@x", name: "left" }
    expect n < 4
  }
}
"#,
    )
    .run(&["--jobs", "1"]);
    // A try that waits for the one before would fail in another way.
    shrunk
        .ends(1, &["2 passed, 1 failed", "`n < 4` does not hold", "`n` shrunk"])
        .never_says(&["locked", "cleanup failed"]);
}

#[test]
fn a_locked_database_is_said_to_be_locked() {
    with_table(
        r#"
scenario "locked" {
  shop()
  let tx = begin db
  insert tx.customers { email: "a@x", name: "A" }
  insert db.customers { email: "b@x", name: "B" } with { timeout: 500ms }
}
"#,
    )
    .run(&[])
    .ends(1, &["database is locked", "locked 5"]);
}

#[test]
fn a_statement_that_never_ends_is_cut() {
    with_table(
        r#"
scenario "endless" {
  query db "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n" with { timeout: 300ms }
}
scenario "expected" {
  query db "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n" with { timeout: 300ms }
  expect error.kind == "timeout"
  query db "select 1 as one"
  expect row.one == 1
}
scenario "too many" {
  query db "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n" with { max_rows: 100 }
  expect error.message contains "more than 100 rows"
}
"#,
    )
    .run(&["--jobs", "1"])
    .ends(1, &["`sqlite://./t.db?mode=rwc` did not answer within 300ms", "2 passed", "1 failed"]);
}

#[test]
fn files_that_are_no_databases_are_told_apart() {
    let files = project(&[
        (
            "t.scn",
            r#"
service none { speaks sql; at "sqlite://./none.db" }
service dir { speaks sql; at "sqlite://./sub" }
service text { speaks sql; at "sqlite://./text.db"; ready health within 300ms }
service ro { speaks sql; at "sqlite://./ro.db?mode=ro" }
scenario "none" { query none "select 1" }
scenario "dir" { query dir "select 1" }
scenario "text" { query text "select * from t" }
"#,
        ),
        ("sub/x", ""),
        ("text.db", &"no database at all, whatever the name says\n".repeat(30)),
    ]);
    files.run(&["--jobs", "1"]).ends(
        1,
        &[
            "`sqlite://./none.db` is not there; `?mode=rwc` after the path would make it",
            "`sqlite://./sub` is a directory, not a database",
            "file is not a database",
        ],
    );
    assert!(!files.path().join("none.db").exists());
}

#[test]
fn passwords_and_secrets_are_in_no_output() {
    let text = r#"
secret word
service a { speaks sql; at "postgres://me:pw-in-the-url@127.0.0.1:1/shop"; ready health within 200ms }
service b { speaks sql; at "mysql://me:${word}@127.0.0.1:1/shop" }
service c { speaks sql; at "sqlite://./t.db?mode=rwc" }
scenario "health" { query a "select 1" }
scenario "refused" { query b "select 1" }
scenario "shown" { show b.url; show a.url; query c "select ${word} as echo, ${a.url} as url"; expect row.echo == "nope" }
scenario "expected" { query b "select 1"; expect error.kind == "refused" and error.message == "x" }
"#;
    let project = scn(text).with("SCN_WORD", "geheimes-wort-99");
    let ran = project.run(&["--jobs", "1", "--report", "json=run.jsonl,junit=junit.xml"]);
    let ran = ran.ends(1, &["refused the connection", "127.0.0.1:1/shop", "•••"]);
    let secrets = ["pw-in-the-url", "geheimes"];
    ran.never_says(&secrets);
    for file in ["run.jsonl", "junit.xml"] {
        let text = project.read(file);
        assert!(!text.is_empty() && secrets.iter().all(|secret| !text.contains(secret)), "{file}: {text}");
    }
}

#[test]
fn an_environment_that_is_safe_refuses_what_changes_something() {
    let text = r#"
service db { speaks sql; at "sqlite://./t.db?mode=rwc" }
environment live { allow safe }
scenario "reads" { query db "select * from t"; expect count == 1 }
scenario "writes" { query db "insert into t values (2)" }
scenario "inserts" { insert db.t { a: 3 } }
scenario "in a transaction" {
  let tx = begin db
  insert tx.t { a: 4 }
  expect error.kind == "read_only"
}
"#;
    let setup = scn(&format!(
        "{DB}scenario \"setup\" {{ query db \"create table t (a int)\"; query db \"insert into t values (1)\" }}"
    ));
    setup.run(&[]).ends(0, &["1 passed"]);
    setup.write("t.scn", text);
    setup.run(&["--env", "live", "--jobs", "1"]).ends(
        1,
        &[
            "attempt to write a readonly database",
            "`insert` may change something, and this environment allows only safe requests",
            "2 passed",
            "2 failed",
        ],
    );
    setup.write(
        "t.scn",
        &format!("{DB}scenario \"still\" {{ query db \"select count(*) as n from t\"; expect row.n == 1 }}"),
    );
    setup.run(&[]).ends(0, &["1 passed"]);
}

#[test]
fn the_report_shows_the_statement_its_values_and_a_line_to_repeat_it() {
    with_table(
        r#"
scenario "wrong" {
  shop()
  insert db.customers { email: "it's", name: "A" }
  query db "select name from customers where email = ${"it's"}"
  expect row.name == "B"
}
"#,
    )
    .run(&[])
    .ends(
        1,
        &[
            "select name from customers where email = ?1",
            "?1: \"it's\"",
            "1 row",
            "sqlite3",
            "where email =",
            "t.db",
        ],
    );
}

#[test]
fn a_database_that_is_started_has_the_url_that_it_is_given() {
    let text = r#"
service db {
  speaks sql
  start  "sh -c 'echo $URL > url; exec sleep 1000'"
  url    "sqlite://./started.db?mode=rwc"
  env    { URL: url }
  ready  health within 10s
}
scenario "started" {
  query db "select 1 as one"
  expect row.one == 1 and db.url == "sqlite://./started.db?mode=rwc" and db.running == true
  restart db
  query db "create table t (a int)"
  expect affected == 0
}
"#;
    let project = scn(text);
    project.run(&[]).ends(0, &["ready     db", "1 passed"]);
    assert_eq!(project.read("url").trim(), "sqlite://./started.db?mode=rwc");
    scn(&text.replace("?mode=rwc", "").replace("10s", "300ms")).run(&[]).ends(
        3,
        &["`db` does not start: it was not ready within 300ms", "is not there; `?mode=rwc` after the path"],
    );
}

/// What is left on a connection would be met by chance, or what follows would be lost in silence.
#[test]
fn a_statement_leaves_nothing_on_its_connection() {
    let refused = [
        ("select 1; begin immediate", "`query` takes one statement, and another one follows after `;`"),
        ("savepoint a", "`query` runs no `savepoint` outside of a transaction"),
        ("create temp table t (a int)", "`query` runs no `temporary table` outside of a transaction"),
        ("attach 'other.db' as other", "`query` runs no `attach` outside of a transaction"),
    ];
    for (statement, message) in refused {
        let first = format!("scenario \"first\" {{ query db \"{statement}\" }}\n");
        scn(&format!("{DB}{first}")).run(&[]).ends(1, &[message]);
    }
    let text = r#"
@serial
scenario "a setting" {
  query db "pragma foreign_keys = off"
  query db "pragma foreign_keys"
  expect row.foreign_keys == 1
  let tx = begin db
  query tx "savepoint a"
  query tx "create temp table mine (a int)"
  query tx "rollback to a"
  query tx "create temp table mine (a int)"
  commit tx
  query db "select * from mine"
  expect error.kind == "missing"
}
@serial
scenario "a trigger is one statement" {
  query db "create table a (n int)"
  defer query db "drop table a"
  query db "create trigger twice after insert on a begin update a set n = n * 2; update a set n = n + 1; end;"
  insert db.a { n: 20 } with { returning: false }
  query db "select n from a"
  expect row.n == 41
}
"#;
    scn(&format!("{DB}{text}")).run(&[]).ends(0, &["2 passed"]);
}

/// PostgreSQL as a service of the scenarios: started, restarted, killed, and shut down as it wants to
/// be, which it is only when no idle client keeps it waiting.
#[test]
#[ignore = "needs PostgreSQL: tests/databases finds it"]
fn postgres_is_started_as_a_service() {
    let command = std::env::var("SCN_TEST_POSTGRES_COMMAND").expect("tests/databases says how it is started");
    let data = std::path::PathBuf::from(command.rsplit(' ').next().unwrap());
    let text = r#"
service db {
  speaks sql
  start  "COMMAND -p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
  url    "postgres://scn:scn-test-password@${addr}/postgres"
  ready  health within 60s
}
@serial
scenario "rows outlast a restart" {
  defer query db "drop table kept"
  query db "create table kept (a int primary key)"
  insert db.kept [{ a: 1 }, { a: 2 }]
  restart db
  query db "select sum(a) as sum from kept"
  expect row.sum == 3
}
@serial
scenario "a transaction dies with the server" {
  defer restart db
  let tx = begin db
  query tx "create table lost (a int)"
  kill db
  query db "select 1"
  expect error.kind == "refused"
  query tx "select 1"
  expect error.kind in ["reset", "aborted"]
  expect tx.committed == false
  rollback tx
}
@serial
scenario "a stop is no crash" {
  defer restart db
  query db "select 1 as one"
  expect row.one == 1
  stop db
  exec "test -e DATA/postmaster.pid"
  expect exit_code == 1
}
"#
    .replace("COMMAND", &command)
    .replace("DATA", &data.display().to_string());
    let ran = scn(&text).run(&[]).ends(0, &["ready     db", "3 passed"]).never_says(&["scn-test-password"]);
    assert!(!data.join("postmaster.pid").exists(), "it was killed in the end: {}", ran.out);
    // What does not start says what the server said.
    let wrong = text.replace("-c listen_addresses", "-c no_such_setting=1 -c listen_addresses");
    scn(&wrong).run(&[]).ends(3, &["`db` does not start", "no_such_setting"]);
    let wrong = text.replace("scn-test-password", "wrong-password").replace("60s", "2s");
    scn(&wrong).run(&[]).ends(3, &["password authentication failed"]).never_says(&["wrong-password"]);
}
