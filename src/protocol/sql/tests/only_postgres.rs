//! What only PostgreSQL does. `tests/databases` starts a server for these.

use super::world::{World, cell, endpoint, field, inside, with};
use crate::lang::sql::Dialect;
use crate::protocol::Call;
use crate::value::{Number, Value};

async fn world(test: &str) -> World {
    World::new(Dialect::Postgres, test).await
}

fn num(digits: &str) -> Value {
    Value::Number(digits.parse().unwrap())
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn every_type_is_read_exactly() {
    let world = world("types").await;
    world.query("create type mood as enum ('sad', 'happy')").await;
    world.query("create domain amount as numeric(10,2) check (value > 0)").await;
    let text = |text: &str| Value::text(text);
    let list = |items: Vec<Value>| Value::list(items);
    for (sql, wanted) in [
        ("true", Value::Bool(true)),
        ("32767::int2", Value::int(32_767)),
        ("(-2147483648)::int4", Value::int(-2_147_483_648)),
        ("9007199254740993::int8", Value::int(9_007_199_254_740_993_i64)),
        ("4294967295::oid", Value::int(4_294_967_295_i64)),
        ("100.00::numeric", num("100.00")),
        (
            "12345678901234567890123456789.000000000100::numeric",
            num("12345678901234567890123456789.000000000100"),
        ),
        ("-0.0001::numeric", num("-0.0001")),
        ("10000::numeric", Value::int(10_000)),
        ("1e30::numeric", num("1000000000000000000000000000000")),
        ("0.1::float8", num("0.1")),
        ("0.1::float4", num("0.1")),
        ("'Zoë ☕'::text", text("Zoë ☕")),
        ("'ab'::char(4)", text("ab  ")),
        ("'\\x00ff'::bytea", Value::bytes(vec![0u8, 255])),
        ("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid", text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ("date '2026-11-22'", text("2026-11-22")),
        ("date '0044-03-15 BC'", text("0044-03-15 BC")),
        ("'infinity'::date", text("infinity")),
        ("time '23:59:59.5'", text("23:59:59.5")),
        ("timetz '10:00:00+02'", text("10:00:00+02:00")),
        ("timestamp '2026-11-22 10:00:00.000001'", text("2026-11-22T10:00:00.000001")),
        ("timestamptz '2026-11-22 10:00:00+02'", text("2026-11-22T08:00:00Z")),
        ("interval '90 minutes'", Value::Duration(5_400_000_000_000)),
        ("interval '1 year 2 months 3 days 04:05:06.7'", text("P1Y2M3DT4H5M6.7S")),
        (
            "'{\"a\": 1.10, \"b\": [true, null]}'::jsonb",
            crate::value::from_json(b"{\"a\": 1.10, \"b\": [true, null]}").unwrap(),
        ),
        ("'9007199254740993'::json", Value::int(9_007_199_254_740_993_i64)),
        ("array[1, null, 3]", list(vec![Value::int(1), Value::Null, Value::int(3)])),
        (
            "array[[1, 2], [3, 4]]",
            list(vec![list(vec![Value::int(1), Value::int(2)]), list(vec![Value::int(3), Value::int(4)])]),
        ),
        ("array[]::text[]", list(vec![])),
        ("array['a,b', '\"']", list(vec![text("a,b"), text("\"")])),
        ("'happy'::mood", text("happy")),
        ("12.50::amount", num("12.50")),
        ("array['sad']::mood[]", list(vec![text("sad")])),
        ("'10.1.2.3'::inet", text("10.1.2.3")),
        ("'10.0.0.0/8'::cidr", text("10.0.0.0/8")),
        ("'::1'::inet", text("::1")),
        ("'08:00:2b:01:02:03'::macaddr", text("08:00:2b:01:02:03")),
        ("B'1010'", text("1010")),
        ("null::int", Value::Null),
    ] {
        let reply = world.query(&format!("select {sql} as v")).await;
        let got = cell(&reply, "v");
        assert_eq!(got, wanted, "{sql}");
        if let (Value::Number(got), Value::Number(wanted)) = (&got, &wanted) {
            assert_eq!(got.to_string(), wanted.to_string(), "{sql} keeps its digits");
        }
    }
    for (sql, is) in
        [("'NaN'::numeric", f64::is_nan as fn(f64) -> bool), ("'-Infinity'::numeric", f64::is_infinite)]
    {
        let got = cell(&world.query(&format!("select {sql} as v")).await, "v");
        assert!(matches!(got, Value::Number(Number::Float { value, .. }) if is(value)), "{sql}: {got:?}");
    }
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn a_type_that_is_not_known_is_an_error_that_names_it() {
    let world = world("unknown").await;
    for (sql, name) in
        [("'a b'::tsvector", "tsvector"), ("int4range(1, 5)", "int4range"), ("row(1, 2)", "record")]
    {
        let (kind, message) =
            world.fails(world.call("query", &format!("select 1 as ok, {sql} as odd"))).await;
        assert_eq!(kind, "value", "{message}");
        assert!(message.contains(&format!("the column `odd` is of type `{name}`")), "{message}");
        assert!(message.contains("cast(x as text)"), "{message}");
        assert_eq!(
            cell(&world.query(&format!("select cast({sql} as text) as odd")).await, "odd").kind(),
            "text"
        );
    }
    world.query("create table t (id int, at int4range)").await;
    let reply = world
        .done(world.insert("t", Value::object([("id", Value::int(1)), ("at", Value::text("[1,5)"))])))
        .await;
    assert_eq!(cell(&reply, "id"), Value::int(1));
    assert_eq!(cell(&world.query("select at::text as at from t").await, "at"), Value::text("[1,5)"));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn values_are_bound_as_the_type_that_stands_there() {
    let world = world("binds").await;
    world.query("create type mood as enum ('sad', 'happy')").await;
    world
        .query(
            "create table t (id uuid, n numeric, at timestamptz, day date, m mood, j jsonb, js json, tags text[], \
             wait interval, i int2, c char(4), v varchar(20), b bytea, ip inet, ok bool, f real, bits bit(3))",
        )
        .await;
    let json = Value::object([("a", num("1.10")), ("it's", Value::text("\"'\\"))]);
    let row: Vec<(&str, Value)> = vec![
        ("id", Value::text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ("n", num("100.00")),
        ("at", Value::text("2026-11-22T10:00:00+02:00")),
        ("day", Value::text("2026-11-22")),
        ("m", Value::text("happy")),
        ("j", json.clone()),
        ("js", Value::list(vec![Value::int(1), json])),
        ("tags", Value::list(vec![Value::text("a\"b,"), Value::text("NULL")])),
        ("wait", Value::Duration(1_500_000_000)),
        ("i", Value::int(-7)),
        ("c", Value::text("ab")),
        ("v", Value::text("x'y")),
        ("b", Value::bytes(vec![0u8, 92, 255])),
        ("ip", Value::text("10.1.2.3")),
        ("ok", Value::Bool(false)),
        ("f", num("0.5")),
        ("bits", Value::text("101")),
    ];
    let reply = world.done(world.insert("t", Value::object(row.clone()))).await;
    for (name, value) in &row {
        let wanted = match *name {
            "at" => Value::text("2026-11-22T08:00:00Z"),
            "c" => Value::text("ab  "),
            _ => value.clone(),
        };
        assert_eq!(cell(&reply, name), wanted, "{name}");
        if matches!(*name, "j" | "js") {
            continue;
        }
        let found = world
            .bound(&format!("select 1 as one from t where {name} = %"), std::slice::from_ref(value))
            .await;
        assert_eq!(field(&found, "count"), Value::int(1), "{name}");
    }
    let any = Value::list(vec![Value::int(-7), Value::int(8)]);
    assert_eq!(
        field(&world.bound("select 1 as one from t where i = any(%)", &[any]).await, "count"),
        Value::int(1)
    );
    let values = [Value::int(1), num("1.5"), Value::text("t"), Value::Bool(false), Value::int(5)];
    let plus = world.bound("select % + % as sum, % as text, % as no, concat(%, 'x') as c", &values).await;
    assert_eq!(
        (cell(&plus, "sum"), cell(&plus, "text"), cell(&plus, "no")),
        (num("2.5"), Value::text("t"), Value::Bool(false))
    );
    assert_eq!(cell(&plus, "c"), Value::text("5x"));
    let number = world.with_values("select 1 from t where v = %", &[Value::int(1)]);
    assert!(world.fails(number).await.1.contains("character varying = bigint"), "a number is no text");
    let (kind, message) =
        world.fails(world.with_values("select 1 from t where i = %", &[Value::text("abc")])).await;
    assert_eq!((kind.as_str(), message.contains("invalid input syntax")), ("value", true), "{message}");
    let null = world.bound("select 1 as one from t where id is not distinct from %", &[Value::Null]).await;
    assert_eq!(field(&null, "count"), Value::int(0));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn a_commit_after_a_failure_is_no_commit() {
    let world = world("aborted").await;
    world.query("create table t (a int primary key)").await;
    let tx = world.begin().await;
    world.done(inside(world.with_values("insert into t values (%)", &[Value::int(1)]), &tx)).await;
    world.fails(inside(world.with_values("insert into t values (%)", &[Value::int(1)]), &tx)).await;
    let (kind, _) = world.fails(inside(world.call("query", "select 1"), &tx)).await;
    assert_eq!(kind, "aborted");
    let (kind, message) = world.fails(inside(world.call("commit", ""), &tx)).await;
    assert_eq!(kind, "aborted");
    assert!(message.contains("nothing was committed"), "{message}");
    assert_eq!(field(&world.query("select * from t").await, "count"), Value::int(0));

    // A statement whose types are not clear at first does not end the transaction.
    let tx = world.begin().await;
    let sum = world
        .done(inside(world.with_values("select % + % as sum", &[Value::int(1), Value::int(2)]), &tx))
        .await;
    assert_eq!(cell(&sum, "sum"), Value::int(3));
    world.done(inside(world.call("query", "savepoint here"), &tx)).await;
    world.fails(inside(world.call("query", "select 1 / 0"), &tx)).await;
    world.done(inside(world.call("query", "rollback to savepoint here"), &tx)).await;
    world.done(inside(world.with_values("insert into t values (%)", &[Value::int(5)]), &tx)).await;
    world.done(inside(world.call("commit", ""), &tx)).await;
    assert_eq!(cell(&world.query("select a from t").await, "a"), Value::int(5));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn deferred_constraints_fail_the_commit() {
    let world = world("deferred").await;
    world
        .query("create table t (a int primary key, b int references t (a) deferrable initially deferred)")
        .await;
    let tx = world.begin().await;
    world.done(inside(world.call("query", "insert into t values (1, 2)"), &tx)).await;
    let (kind, _) = world.fails(inside(world.call("commit", ""), &tx)).await;
    assert_eq!(kind, "foreign_key");
    assert_eq!(tx.field("committed"), Some(Value::Bool(false)));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn isolation_is_what_was_asked_for() {
    let world = world("isolation").await;
    let call = with(world.call("begin", ""), "isolation", Value::text("serializable"));
    let Value::Live(tx) = world.done(call).await.record else { panic!() };
    let level = world.done(inside(world.call("query", "show transaction_isolation"), &tx)).await;
    assert_eq!(cell(&level, "transaction_isolation"), Value::text("serializable"));
    let wrong = with(world.call("begin", ""), "isolation", Value::text("serialisable"));
    assert_eq!(world.send(wrong).await.unwrap_err().option.as_deref(), Some("isolation"));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn a_changed_table_is_read_as_it_is_now() {
    let world = world("changed").await;
    world.query("create table t (a int)").await;
    world.query("insert into t values (1)").await;
    for _ in 0..3 {
        world.bound("select * from t where a = %", &[Value::int(1)]).await;
    }
    world.query("alter table t add column b text default 'x'").await;
    let reply = world.bound("select * from t where a = %", &[Value::int(1)]).await;
    assert_eq!(cell(&reply, "b"), Value::text("x"));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn a_wrong_password_is_refused_and_never_shown() {
    let world = world("password").await;
    let url = world.endpoint.url.replace("scn-test-password", "falsches-wort");
    let at = endpoint(&url, world.dir.path());
    let reply = world.send(Call { endpoint: Some(at), ..world.call("query", "select 1") }).await.unwrap();
    assert_eq!(super::world::error(&reply).0, "permission");
    assert!(!super::world::shown(&reply).contains("falsches"));
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
async fn a_failure_says_what_the_server_says() {
    let world = world("details").await;
    world.query("create table t (email text constraint one_email unique)").await;
    world.query("insert into t values ('a@x')").await;
    let reply = world.send(world.call("query", "insert into t values ('a@x')")).await.unwrap();
    let error = field(&reply, "error");
    let error = error.as_object().unwrap();
    assert_eq!(error["constraint"], Value::text("one_email"));
    assert_eq!(error["table"], Value::text("t"));
    assert_eq!(error["code"], Value::text("23505"));
    assert!(error["detail"].as_text().unwrap().contains("a@x"));
}
