//! What only MySQL and MariaDB do. `tests/databases` starts a server for these.

use super::world::{World, cell, endpoint, error, field, shown};
use crate::lang::sql::Dialect;
use crate::protocol::Call;
use crate::value::Value;

async fn world(test: &str) -> World {
    World::new(Dialect::MySql, test).await
}

fn num(digits: &str) -> Value {
    Value::Number(digits.parse().unwrap())
}

#[tokio::test]
#[ignore = "needs a MySQL server: tests/databases starts one"]
async fn every_type_is_read_exactly() {
    let world = world("types").await;
    let columns = [
        ("a", "tinyint", "-128", Value::int(-128)),
        ("b", "tinyint unsigned", "255", Value::int(255)),
        ("c", "smallint", "-32768", Value::int(-32_768)),
        ("d", "mediumint", "-8388608", Value::int(-8_388_608)),
        ("e", "bigint", "-9223372036854775808", Value::int(i64::MIN)),
        ("f", "bigint unsigned", "18446744073709551615", Value::int(u64::MAX)),
        ("g", "decimal(30,4)", "12345678901234567890.1000", num("12345678901234567890.1000")),
        ("h", "float", "0.1", num("0.1")),
        ("i", "double", "0.1", num("0.1")),
        ("j", "date", "'2026-11-22'", Value::text("2026-11-22")),
        ("k", "datetime(6)", "'2026-11-22 10:00:00.000001'", Value::text("2026-11-22T10:00:00.000001")),
        ("l", "timestamp", "'2026-11-22 10:00:00'", Value::text("2026-11-22T10:00:00Z")),
        ("m", "time", "'-30:15:10'", Value::text("-30:15:10")),
        ("n", "year", "2026", Value::int(2026)),
        ("o", "char(5)", "'Zoë'", Value::text("Zoë")),
        ("p", "text collate utf8mb4_bin", "'☕'", Value::text("☕")),
        ("q", "varbinary(5)", "x'00ff'", Value::bytes(vec![0u8, 255])),
        ("r", "enum('sad','happy')", "'happy'", Value::text("happy")),
        ("s", "set('a','b')", "'a,b'", Value::text("a,b")),
        ("t", "bit(10)", "b'1000000001'", Value::int(513)),
        ("u", "boolean", "true", Value::int(1)),
        ("v", "blob", "x''", Value::bytes(Vec::new())),
        ("w", "int", "null", Value::Null),
        ("x", "time(3)", "'00:00:00'", Value::text("00:00:00")),
    ];
    let types: Vec<String> = columns.iter().map(|(name, ty, ..)| format!("{name} {ty}")).collect();
    world.query(&format!("create table v ({})", types.join(", "))).await;
    let values: Vec<&str> = columns.iter().map(|(_, _, value, _)| *value).collect();
    world.query(&format!("insert into v values ({})", values.join(", "))).await;
    let back = world.query("select * from v").await;
    for (name, ty, _, wanted) in &columns {
        assert_eq!(cell(&back, name), *wanted, "{ty}");
    }
    assert_eq!(cell(&back, "g").as_number().unwrap().to_string(), "12345678901234567890.1000");
    for (name, value) in [("f", num("18446744073709551615")), ("g", num("12345678901234567890.1000"))] {
        let found = world.bound(&format!("select 1 as one from v where {name} = %"), &[value]).await;
        assert_eq!(field(&found, "count"), Value::int(1), "{name}");
    }
    world.query("set statement sql_mode = '' for insert into v (j) values ('0000-00-00')").await;
    let zero = world.query("select j from v where a is null").await;
    assert_eq!(cell(&zero, "j"), Value::text("0000-00-00"), "a zero date is no null");
    let (kind, message) = world.fails(world.call("query", "select point(1, 2) as place")).await;
    assert_eq!(kind, "value");
    assert!(message.contains("`place` is of type `geometry`"), "{message}");
}

#[tokio::test]
#[ignore = "needs a MySQL server: tests/databases starts one"]
async fn points_in_time_are_inserted_as_they_are_read() {
    let world = world("times").await;
    world.query("create table t (at timestamp(3), said datetime, note text, j json)").await;
    let at = Value::text("2026-11-22T10:00:00.5+02:00");
    let row = Value::object([
        ("at", at.clone()),
        ("said", at.clone()),
        ("note", at.clone()),
        ("j", Value::object([("a", Value::int(1))])),
    ]);
    world.done(world.insert("t", row)).await;
    let back = world.query("select at, note, json_extract(j, '$.a') as a from t").await;
    assert_eq!(cell(&back, "at"), Value::text("2026-11-22T08:00:00.5Z"));
    assert_eq!(cell(&back, "note"), at, "text stays as it is");
}

#[tokio::test]
#[ignore = "needs a MySQL server: tests/databases starts one"]
async fn statements_that_cannot_be_prepared_run_all_the_same() {
    let world = world("unprepared").await;
    world.query("create table t (a int)").await;
    world.query("create trigger twice before insert on t for each row set new.a = new.a * 2").await;
    world.query("insert into t values (21)").await;
    assert_eq!(cell(&world.query("select a from t").await, "a"), Value::int(42));
}

#[tokio::test]
#[ignore = "needs a MySQL server: tests/databases starts one"]
async fn a_wrong_password_is_refused_and_never_shown() {
    let world = world("password").await;
    let url = world.endpoint.url.replace("scn-test-password", "falsches-wort");
    let at = endpoint(&url, world.dir.path());
    let reply = world.send(Call { endpoint: Some(at), ..world.call("query", "select 1") }).await.unwrap();
    assert_eq!(error(&reply).0, "permission");
    assert!(!shown(&reply).contains("falsches"));
}
