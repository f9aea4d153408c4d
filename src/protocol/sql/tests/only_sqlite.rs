//! What only SQLite does.

use super::world::{World, cell, endpoint, field, inside, millis, with};
use crate::lang::sql::Dialect;
use crate::protocol::{Call, Protocol as _};
use crate::value::{Number, Value};

async fn world(test: &str) -> World {
    World::new(Dialect::Sqlite, test).await
}

#[tokio::test]
async fn values_are_what_they_are_whatever_the_column_says() {
    let world = world("dynamic").await;
    world.query("create table t (a integer, b boolean, c date, d decimal(10,2), e)").await;
    world.query("insert into t values ('text', 'yes', 5, '12.50', x'00ff')").await;
    let reply = world.query("select * from t").await;
    assert_eq!(cell(&reply, "a"), Value::text("text"));
    assert_eq!(cell(&reply, "b"), Value::text("yes"));
    assert_eq!(cell(&reply, "c"), Value::int(5));
    assert_eq!(cell(&reply, "d"), Value::Number(Number::Float { value: 12.5, single: false }));
    assert_eq!(cell(&reply, "e"), Value::bytes(vec![0u8, 255]));
    let odd = world.query("select cast(x'ff41' as text) as t, 1e400 as big, '' as empty, x'' as none").await;
    assert_eq!(cell(&odd, "t"), Value::bytes(vec![0xffu8, 0x41]), "text that is no UTF-8 is bytes");
    assert_eq!(cell(&odd, "empty"), Value::text(""));
    assert_eq!(cell(&odd, "none"), Value::bytes(Vec::new()));
}

#[tokio::test]
async fn a_decimal_keeps_its_digits_in_a_column_of_text() {
    let world = world("decimals").await;
    world.query("create table t (a text, b real, c varchar(10))").await;
    let number: Value = Value::Number("100.00".parse().unwrap());
    let row = Value::object(["a", "b", "c"].map(|name| (name, number.clone())));
    world.done(world.insert("t", row)).await;
    let back = world.query("select * from t").await;
    assert_eq!((cell(&back, "a"), cell(&back, "c")), (Value::text("100.00"), Value::text("100.00")));
    assert_eq!(cell(&back, "b"), number);
}

#[tokio::test]
async fn a_locked_database_says_so_in_time() {
    let world = world("locked").await;
    world.query("create table t (a int)").await;
    let tx = world.begin().await;
    world.done(inside(world.call("query", "insert into t values (1)"), &tx)).await;
    let call = with(world.call("query", "insert into t values (2)"), "timeout", millis(500));
    let (kind, message) = world.fails(call).await;
    assert_eq!((kind.as_str(), message.as_str()), ("locked", "database is locked"));
    world.done(inside(world.call("commit", ""), &tx)).await;
    world.query("insert into t values (2)").await;
}

#[tokio::test]
async fn a_file_is_made_only_when_that_is_asked_for() {
    let world = world("files").await;
    std::fs::create_dir(world.dir.path().join("dir")).unwrap();
    std::fs::write(
        world.dir.path().join("text.db"),
        "this is no database at all, whatever its name says".repeat(30),
    )
    .unwrap();
    for (url, kind, part) in [
        (
            "sqlite://./none.db",
            "refused",
            "`sqlite://./none.db` is not there; `?mode=rwc` after the path would make it",
        ),
        ("sqlite://./no/where.db?mode=rwc", "refused", "nor is its directory"),
        ("sqlite://./dir", "refused", "is a directory, not a database"),
        ("sqlite://./text.db", "protocol", "file is not a database"),
    ] {
        let at = endpoint(url, world.dir.path());
        let call = Call { endpoint: Some(at.clone()), ..world.call("query", "select * from sqlite_master") };
        let (got, message) = world.fails(call).await;
        assert_eq!(got, kind, "{message}");
        assert!(message.contains(part), "{message}");
        assert!(world.sql.healthy(&at).await.is_err(), "{url}");
    }
    assert!(!world.dir.path().join("none.db").exists());
    let at = endpoint("sqlite:made.db?mode=rwc", world.dir.path());
    world.done(Call { endpoint: Some(at), ..world.call("query", "create table t (a int)") }).await;
    assert!(world.dir.path().join("made.db").exists());
    for url in ["sqlite::memory:", "sqlite://", "sqlite://x.db?mode=rwx", "sqlite://x.db?cach=1"] {
        let at = endpoint(url, world.dir.path());
        let call = Call { endpoint: Some(at), ..world.call("query", "select 1") };
        assert!(world.send(call).await.is_err(), "{url}");
    }
}

#[tokio::test]
async fn a_file_that_is_read_only_stays_as_it_is() {
    let world = world("read_only").await;
    world.query("create table t (a int)").await;
    let at = endpoint("sqlite://./t.db?mode=ro", world.dir.path());
    let call = Call { endpoint: Some(at), ..world.call("query", "insert into t values (1)") };
    assert_eq!(world.fails(call).await.0, "read_only");
}

#[tokio::test]
async fn a_file_that_was_replaced_is_read_anew() {
    let world = world("replaced").await;
    world.query("create table t (a int)").await;
    world.query("insert into t values (1)").await;
    for entry in std::fs::read_dir(world.dir.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    assert_eq!(world.fails(world.call("query", "select * from t")).await.0, "missing");
}

#[tokio::test]
async fn the_pragma_that_would_allow_changes_allows_none() {
    let world = world("pragma").await;
    world.query("create table t (a int)").await;
    let mut safe = super::world::session(world.dir.path());
    safe.only_safe = true;
    let call = world.call("query", "pragma query_only = 0; insert into t values (1)");
    assert!(world.sql.perform(&call, &safe).await.unwrap_err().message.contains("one statement"));
    world.sql.perform(&world.call("query", "pragma query_only = 0"), &safe).await.unwrap();
    let reply = world.sql.perform(&world.call("query", "insert into t values (1)"), &safe).await.unwrap();
    assert_eq!(super::world::error(&reply).0, "read_only");
    assert_eq!(field(&world.query("select * from t").await, "count"), Value::int(0));
}

#[tokio::test]
async fn endless_rows_are_bounded_and_their_thread_ends() {
    let world = world("endless").await;
    let call = world
        .call("query", "with recursive n(x) as (select 1 union all select x + 1 from n) select x from n");
    let (kind, message) = world.fails(call).await;
    assert_eq!(kind, "protocol", "{message}");
    assert!(message.contains("more than 10000 rows"), "{message}");
}
