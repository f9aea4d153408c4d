//! What holds for every database.

use std::sync::Arc;

use super::world::{World, cell, endpoint, error, field, inside, millis, shown, with};
use crate::lang::sql::Dialect;
use crate::protocol::{Call, Protocol as _};
use crate::value::{MASK, Value};

fn text(text: &str) -> Value {
    Value::text(text)
}

fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::list(items.into_iter().collect())
}

fn num(digits: &str) -> Value {
    Value::Number(digits.parse().unwrap())
}

async fn customers(world: &World) {
    let serial = match world.dialect {
        Dialect::Sqlite => "id integer primary key",
        Dialect::Postgres => "id bigserial primary key",
        Dialect::MySql => "id bigint auto_increment primary key",
    };
    world
        .query(&format!(
            "create table customers ({serial}, email varchar(100) unique, name varchar(100) not null default 'nobody', \
             age int check (age >= 0))"
        ))
        .await;
}

fn customer(email: &str) -> Value {
    Value::object([("email", text(email)), ("name", text("Alice"))])
}

async fn count(world: &World) -> Value {
    cell(&world.query("select count(*) as n from customers").await, "n")
}

pub(super) async fn rows_are_objects_with_their_columns(world: &World) {
    let reply = world.query("select 1 as one, 'zwei' as two, null as three").await;
    assert_eq!(field(&reply, "columns"), list(["one", "two", "three"].map(text)));
    let row = Value::object([("one", Value::int(1)), ("two", text("zwei")), ("three", Value::Null)]);
    assert_eq!(field(&reply, "rows"), list([row.clone()]));
    assert_eq!(field(&reply, "row"), row);
    assert_eq!((field(&reply, "count"), field(&reply, "affected")), (Value::int(1), Value::int(0)));
    assert_eq!(field(&reply, "error"), Value::Absent);
    assert_eq!((reply.exchange.protocol.as_str(), reply.exchange.response.as_str()), ("sql", "1 row"));

    let none = world.query("select 1 as one, 2 as two from (select 1 as x) as t where 1 = 2").await;
    assert_eq!(field(&none, "rows"), list([]));
    assert_eq!(field(&none, "columns"), list(["one", "two"].map(text)));
    assert_eq!(field(&none, "row").kind(), "not_one_row");
    let two = world.query("select 1 as one union all select 2").await;
    assert_eq!(field(&two, "count"), Value::int(2));
    assert!(format!("{:?}", field(&two, "row")).contains("exactly one row, and the statement gave 2"));
}

pub(super) async fn a_value_is_bound_and_never_text_of_the_statement(world: &World) {
    customers(world).await;
    world.done(world.insert("customers", customer("a@x"))).await;
    for attack in [
        "' or '1' = '1",
        "'; drop table customers; --",
        "\\' or 1=1 -- ",
        "\" or \"\" = \"",
        "${x}",
        "?",
        "$1",
    ] {
        let reply = world.bound("select * from customers where email = %", &[text(attack)]).await;
        assert_eq!(field(&reply, "count"), Value::int(0), "{attack}");
        let reply = world.bound("select % as echo", &[text(attack)]).await;
        assert_eq!(cell(&reply, "echo"), text(attack));
    }
    assert_eq!(count(world).await, Value::int(1));
    let parts = world.with_values("select * from %", &[text("customers")]);
    let (kind, message) = world.fails(parts).await;
    assert_eq!(kind, "syntax", "{message}");
    assert!(message.contains("write names of tables and columns out"), "{message}");
}

pub(super) async fn lists_after_in_are_expanded(world: &World) {
    customers(world).await;
    let rows = ["a@x", "b@x", "c@x"].map(customer);
    world.done(world.insert("customers", list(rows))).await;
    let wanted = list(["a@x", "c@x", "nobody"].map(text));
    for statement in [
        "select email from customers where email in % order by email",
        "select email from customers where email in (%) order by email",
    ] {
        let reply = world.bound(statement, std::slice::from_ref(&wanted)).await;
        assert_eq!(field(&reply, "count"), Value::int(2));
    }
    let reply = world.bound("select email from customers where email not in %", &[wanted]).await;
    assert_eq!(cell(&reply, "email"), text("b@x"));
    let empty = world.with_values("select email from customers where email in %", &[list([])]);
    assert!(world.send(empty).await.unwrap_err().message.contains("the list after `in` is empty"));
}

pub(super) async fn changes_are_counted(world: &World) {
    customers(world).await;
    world.done(world.insert("customers", list(["a@x", "b@x"].map(customer)))).await;
    let reply = world.bound("update customers set name = %", &[text("Zoë ☕")]).await;
    assert_eq!(field(&reply, "affected"), Value::int(2));
    assert_eq!(reply.exchange.response, "2 rows changed");
    let select = world.query("select name from customers where email = 'a@x'").await;
    assert_eq!((cell(&select, "name"), field(&select, "affected")), (text("Zoë ☕"), Value::int(0)));
    let reply = world.bound("delete from customers where email = %", &[text("a@x")]).await;
    assert_eq!(field(&reply, "affected"), Value::int(1));
    let ddl = world.query("create table other (a int)").await;
    assert_eq!(field(&ddl, "affected"), Value::int(0));
    let none = world.query("delete from customers where email = 'gone'").await;
    assert_eq!(field(&none, "affected"), Value::int(0));
}

pub(super) async fn values_go_there_and_back(world: &World) {
    let (types, decimal) = match world.dialect {
        Dialect::Sqlite => ("i integer, d text, t text, b blob, f real, y integer", "text"),
        Dialect::Postgres => {
            ("i bigint, d numeric(30,10), t text, b bytea, f double precision, y boolean", "numeric")
        }
        Dialect::MySql => ("i bigint, d decimal(30,10), t text, b blob, f double, y boolean", "decimal"),
    };
    world.query(&format!("create table v ({types})")).await;
    let yes = if world.dialect == Dialect::Postgres { Value::Bool(true) } else { Value::int(1) };
    for (i, d) in [
        ("9223372036854775807", "12345678901234567890.0123456789"),
        ("-9223372036854775808", "-0.0000000001"),
        ("9007199254740993", "100.0000000000"),
    ] {
        world.query("delete from v").await;
        let row = Value::object([
            ("i", num(i)),
            ("d", if decimal == "text" { text(d) } else { num(d) }),
            ("t", text("Zoë ☕ \u{1F600} ''\"\\ \n\t")),
            ("b", Value::bytes(vec![0u8, 1, 0xff, 0xfe])),
            ("f", Value::Number(crate::value::Number::Float { value: 0.1, single: false })),
            ("y", Value::Bool(true)),
        ]);
        world.done(world.insert("v", row)).await;
        let back = world.bound("select * from v where i = %", &[num(i)]).await;
        assert_eq!(cell(&back, "i"), num(i));
        match cell(&back, "d") {
            Value::Number(number) => assert_eq!(number.to_string(), d),
            other => assert_eq!(other, text(d)),
        }
        assert_eq!(cell(&back, "t"), text("Zoë ☕ \u{1F600} ''\"\\ \n\t"));
        assert_eq!(cell(&back, "b"), Value::bytes(vec![0u8, 1, 0xff, 0xfe]));
        assert_eq!(cell(&back, "f"), num("0.1"));
        assert_eq!(cell(&back, "y"), yes);
        for (column, value) in
            [("d", if decimal == "text" { text(d) } else { num(d) }), ("y", Value::Bool(true))]
        {
            let found = world.bound(&format!("select i from v where {column} = %"), &[value]).await;
            assert_eq!(field(&found, "count"), Value::int(1), "{column}");
        }
    }
    let nothing = Value::object([("i", Value::Null), ("t", text(""))]);
    world.done(world.insert("v", nothing)).await;
    let back = world.query("select i, t from v where i is null").await;
    assert_eq!((cell(&back, "i"), cell(&back, "t")), (Value::Null, text("")));
    let numbers = world.bound("select % + % as sum", &[Value::int(1), Value::int(2)]).await;
    assert_eq!(cell(&numbers, "sum"), Value::int(3));
}

pub(super) async fn objects_are_inserted_with_their_names_quoted(world: &World) {
    let q = |name: &str| world.dialect.quoted(name);
    let (table, order, odd) = (q("select"), q("order"), q("a b\"c`d"));
    world.query(&format!("create table {table} ({order} int, {odd} varchar(20))")).await;
    let row = Value::object([("order", Value::int(1)), ("a b\"c`d", text("x"))]);
    let reply = world.done(world.insert("select", row.clone())).await;
    assert_eq!(field(&reply, "affected"), Value::int(1));
    assert_eq!(field(&world.query(&format!("select * from {table}")).await, "row"), row);

    customers(world).await;
    let reply = world.done(world.insert("customers", customer("a@x"))).await;
    assert_eq!(cell(&reply, "id"), Value::int(1), "the database's own values come back");
    assert_eq!(cell(&reply, "age"), Value::Null);
    assert_eq!(reply.exchange.request, "insert db.customers");
    let bare = with(world.insert("customers", customer("b@x")), "returning", Value::Bool(false));
    let reply = world.done(bare).await;
    assert_eq!((field(&reply, "count"), field(&reply, "affected")), (Value::int(0), Value::int(1)));
    let defaults = world.done(world.insert("customers", Value::object::<&str>([]))).await;
    assert_eq!(cell(&defaults, "name"), text("nobody"));
}

pub(super) async fn many_rows_are_inserted_or_none(world: &World) {
    customers(world).await;
    let many = (0..2_500).map(|n| customer(&format!("{n}@x")));
    let reply = world.done(world.insert("customers", list(many))).await;
    assert_eq!((field(&reply, "affected"), field(&reply, "count")), (Value::int(2_500), Value::int(2_500)));
    assert_eq!(count(world).await, Value::int(2_500));
    let twice = (2_500..4_700).map(|n| customer(&format!("{n}@x"))).chain([customer("7@x")]);
    let (kind, message) = world.fails(world.insert("customers", list(twice))).await;
    assert_eq!(kind, "unique", "{message}");
    assert_eq!(count(world).await, Value::int(2_500), "nothing stays of an insert that failed");
    let none = world.send(world.insert("customers", list([]))).await.unwrap_err();
    assert!(none.message.contains("no rows"), "{}", none.message);
    let wrong = world.send(world.insert("customers", list([Value::int(1)]))).await.unwrap_err();
    assert!(wrong.message.contains("each row is an object"), "{}", wrong.message);
}

pub(super) async fn rows_may_lack_columns(world: &World) {
    customers(world).await;
    let rows = [
        Value::object([("email", text("a@x")), ("age", Value::int(7))]),
        Value::object([("email", text("b@x")), ("name", text("Bob"))]),
        Value::object([("email", text("c@x")), ("name", Value::Absent)]),
        Value::object([("age", Value::Null), ("email", text("d@x"))]),
    ];
    let reply = world.done(world.insert("customers", list(rows))).await;
    assert_eq!(field(&reply, "affected"), Value::int(4));
    let back = world.query("select name, age from customers order by email").await;
    let row = |name: &str, age: Value| Value::object([("name", text(name)), ("age", age)]);
    let wanted = [
        row("nobody", Value::int(7)),
        row("Bob", Value::Null),
        row("nobody", Value::Null),
        row("nobody", Value::Null),
    ];
    assert_eq!(field(&back, "rows"), list(wanted));
}

pub(super) async fn failures_have_a_kind(world: &World) {
    customers(world).await;
    let references = if world.dialect == Dialect::Sqlite { "integer" } else { "bigint" };
    world
        .query(&format!(
            "create table orders (id int primary key, customer {references}, foreign key (customer) references customers (id))"
        ))
        .await;
    world.done(world.insert("customers", customer("a@x"))).await;
    let insert = |table: &str, row: Value| world.insert(table, row);
    let cases: Vec<(Call, &str, &str)> = vec![
        (insert("customers", customer("a@x")), "unique", "23505"),
        (insert("customers", Value::object([("name", Value::Null)])), "not_null", "23502"),
        (insert("customers", Value::object([("age", Value::int(-1))])), "check", "23514"),
        (
            insert("orders", Value::object([("id", Value::int(1)), ("customer", Value::int(99))])),
            "foreign_key",
            "23503",
        ),
        (world.call("query", "select * from nowhere"), "missing", "42P01"),
        (world.call("query", "selec 1"), "syntax", "42601"),
    ];
    for (call, wanted, code) in cases {
        let reply = world.send(call).await.unwrap();
        let (kind, message) = error(&reply);
        assert_eq!(kind, wanted, "{message}");
        assert!(!reply.succeeded);
        let got = field(&reply, "error").as_object().unwrap()["code"].clone();
        if world.dialect == Dialect::Postgres {
            assert_eq!(got, text(code));
        }
        assert!(!got.as_text().unwrap().is_empty());
        assert!(reply.exchange.response.starts_with(wanted), "{}", reply.exchange.response);
    }
    assert_eq!(count(world).await, Value::int(1));
    let nobody = endpoint(
        match world.dialect {
            Dialect::Sqlite => "sqlite://./nothing.db",
            Dialect::Postgres => "postgres://me@127.0.0.1:1/db",
            Dialect::MySql => "mysql://me@127.0.0.1:1/db",
        },
        world.dir.path(),
    );
    let (kind, message) =
        world.fails(Call { endpoint: Some(nobody), ..world.call("query", "select 1") }).await;
    assert_eq!(kind, "refused", "{message}");
}

pub(super) async fn names_that_are_nearly_right_are_suggested(world: &World) {
    customers(world).await;
    let (kind, message) = world.fails(world.call("query", "select * from custmers")).await;
    assert_eq!(kind, "missing");
    assert!(message.contains("did you mean `customers`?"), "{message}");
    let row = Value::object([("emial", text("a@x"))]);
    let (kind, message) = world.fails(world.insert("customers", row)).await;
    assert_eq!(kind, "missing", "{message}");
    assert!(message.contains("did you mean `email`?"), "{message}");
}

pub(super) async fn a_transaction_is_seen_when_it_is_committed(world: &World) {
    customers(world).await;
    let tx = world.begin().await;
    assert_eq!((tx.kind(), tx.field("open")), ("transaction", Some(Value::Bool(true))));
    world.done(inside(world.insert("customers", customer("a@x")), &tx)).await;
    let inner = world.done(inside(world.call("query", "select count(*) as n from customers"), &tx)).await;
    assert_eq!(cell(&inner, "n"), Value::int(1));
    assert_eq!(count(world).await, Value::int(0), "others do not see what is not committed");
    world.done(inside(world.call("commit", ""), &tx)).await;
    assert_eq!(count(world).await, Value::int(1));
    assert_eq!(
        (tx.field("open"), tx.field("committed")),
        (Some(Value::Bool(false)), Some(Value::Bool(true)))
    );
}

pub(super) async fn a_transaction_is_undone_by_rollback_and_by_the_end(world: &World) {
    customers(world).await;
    let tx = world.begin().await;
    world.done(inside(world.insert("customers", customer("a@x")), &tx)).await;
    world.done(inside(world.call("rollback", ""), &tx)).await;
    assert_eq!(count(world).await, Value::int(0));
    world.done(inside(world.call("rollback", ""), &tx)).await;

    let tx = world.begin().await;
    world.done(inside(world.insert("customers", customer("b@x")), &tx)).await;
    tx.settle().await;
    assert!(tx.is_over());
    // Cleanup can write at once: nothing is locked any more.
    world.done(world.insert("customers", customer("b@x"))).await;
    assert_eq!(count(world).await, Value::int(1));
    world.done(inside(world.call("rollback", ""), &tx)).await;

    let tx = world.begin().await;
    world.done(inside(world.insert("customers", customer("c@x")), &tx)).await;
    drop(tx);
    world.done(world.insert("customers", customer("c@x"))).await;
    assert_eq!(count(world).await, Value::int(2));
}

pub(super) async fn a_transaction_that_is_over_says_how(world: &World) {
    customers(world).await;
    let tx = world.begin().await;
    world.done(inside(world.call("commit", ""), &tx)).await;
    for call in [world.call("query", "select 1"), world.call("commit", ""), world.call("rollback", "")] {
        let (kind, message) = world.fails(inside(call, &tx)).await;
        assert_eq!((kind.as_str(), message.contains("it was committed")), ("aborted", true), "{message}");
    }
    let tx = world.begin().await;
    tx.settle().await;
    let (_, message) = world.fails(inside(world.call("commit", ""), &tx)).await;
    assert!(message.contains("still open when its scenario or case ended"), "{message}");
    let misuse = world.send(world.call("commit", "")).await.unwrap_err();
    assert!(misuse.message.contains("needs a transaction"), "{}", misuse.message);
}

/// A statement that does not end by itself.
fn endless(world: &World) -> Call {
    world.call(
        "query",
        match world.dialect {
            Dialect::Sqlite => {
                "with recursive n(x) as (select 1 union all select x + 1 from n) select count(*) from n"
            }
            Dialect::Postgres => "select pg_sleep(1000)",
            Dialect::MySql => "select sleep(1000)",
        },
    )
}

pub(super) async fn a_statement_that_takes_too_long_is_ended(world: &World) {
    customers(world).await;
    let (kind, message) = world.fails(with(endless(world), "timeout", millis(300))).await;
    assert_eq!(kind, "timeout");
    assert!(message.contains("did not answer within 300ms"), "{message}");
    assert_eq!(count(world).await, Value::int(0), "the next statement has another connection");
    let tx = world.begin().await;
    world.done(inside(world.insert("customers", customer("a@x")), &tx)).await;
    world.fails(inside(with(endless(world), "timeout", millis(300)), &tx)).await;
    let (_, message) = world.fails(inside(world.call("commit", ""), &tx)).await;
    assert!(message.contains("its connection is gone"), "{message}");
    // The server has let go of it too, or this would wait for its locks.
    world.done(world.insert("customers", customer("a@x"))).await;
}

pub(super) async fn the_end_of_the_scenario_ends_a_statement(world: &World) {
    let cancel = world.session.cancel.clone();
    let call = endless(world);
    let ((kind, _), ()) = tokio::join!(world.fails(call), async move {
        tokio::task::yield_now().await;
        cancel.cancel();
    });
    assert_eq!(kind, "cancelled");
}

pub(super) async fn results_are_bounded(world: &World) {
    customers(world).await;
    world.done(world.insert("customers", list((0..20).map(|n| customer(&format!("{n}@x")))))).await;
    let all = || world.call("query", "select * from customers");
    let (kind, message) = world.fails(with(all(), "max_rows", Value::int(19))).await;
    assert_eq!(kind, "protocol");
    assert!(message.contains("more than 19 rows; `max_rows` allows more"), "{message}");
    let (_, message) = world.fails(with(all(), "max_size", Value::int(100))).await;
    assert!(message.contains("more than 100 bytes; `max_size` allows more"), "{message}");
    assert_eq!(field(&world.done(with(all(), "max_rows", Value::int(20))).await, "count"), Value::int(20));
}

pub(super) async fn only_what_is_safe_can_be_held_to_that(world: &World) {
    customers(world).await;
    world.done(world.insert("customers", customer("a@x"))).await;
    let changes = [
        "delete from customers",
        "insert into customers (name) values ('x')",
        "drop table customers",
        "create table more (a int)",
    ];
    for change in changes {
        let (kind, message) =
            world.fails(with(world.call("query", change), "read_only", Value::Bool(true))).await;
        assert_eq!(kind, "read_only", "{change}: {message}");
    }
    let mut safe = super::world::session(world.dir.path());
    safe.only_safe = true;
    for change in changes {
        let reply = world.sql.perform(&world.call("query", change), &safe).await.unwrap();
        assert_eq!(error(&reply).0, "read_only", "{change}");
    }
    let reply = world.sql.perform(&world.call("query", "select * from customers"), &safe).await.unwrap();
    assert_eq!(field(&reply, "count"), Value::int(1));
    let tx = world.sql.perform(&world.call("begin", ""), &safe).await.unwrap();
    let Value::Live(tx) = tx.record else { panic!("{:?}", tx.record) };
    let reply =
        world.sql.perform(&inside(world.insert("customers", customer("b@x")), &tx), &safe).await.unwrap();
    assert_eq!(error(&reply).0, "read_only");
    tx.settle().await;
    world.done(world.insert("customers", customer("b@x"))).await;
    assert_eq!(count(world).await, Value::int(2));
}

pub(super) async fn two_columns_of_one_name_are_an_error(world: &World) {
    let (kind, message) = world.fails(world.call("query", "select 1 as id, 2 as id")).await;
    assert_eq!(kind, "value");
    assert!(message.contains("two columns of the result are called `id`"), "{message}");
    assert!(message.contains("select a.id as a_id"), "{message}");
}

pub(super) async fn secrets_are_masked(world: &World) {
    customers(world).await;
    let secret = Value::text_with("s3cret-value", true);
    world.session.redactor.register("s3cret-value");
    let row = Value::object([("email", secret.clone()), ("name", text("Alice"))]);
    let inserted = world.done(world.insert("customers", row)).await;
    let asked = world
        .bound("select % as echo, name from customers where email = %", &[secret.clone(), secret.clone()])
        .await;
    let failed = world.send(world.with_values("select nothing(%)", &[secret])).await.unwrap();
    for reply in [&inserted, &asked, &failed] {
        let exchange = format!("{:?}", reply.exchange);
        assert!(!exchange.contains("s3cret"), "{exchange}");
    }
    assert!(format!("{:?}", asked.exchange).contains(MASK));
    let url = &world.endpoint.url;
    if let Some(password) = crate::protocol::sql::passwords(url).first() {
        for reply in [&inserted, &asked, &failed] {
            assert!(!shown(reply).contains(password.as_str()));
        }
        assert!(
            asked.exchange.shell.contains(MASK) || world.dialect == Dialect::MySql,
            "{}",
            asked.exchange.shell
        );
    }
}

pub(super) async fn many_at_once_share_connections(world: &World) {
    customers(world).await;
    let queries = (0..60).map(|n| {
        let call = world.with_values("select % as n", &[Value::int(n)]);
        async move { (n, world.done(call).await) }
    });
    for (n, reply) in futures_util::future::join_all(queries).await {
        assert_eq!(cell(&reply, "n"), Value::int(n));
    }
}

pub(super) async fn what_cannot_be_asked_is_refused(world: &World) {
    let misuse = |call: Call| async { world.send(call).await.map(|reply| reply.record).unwrap_err() };
    for (text, word) in [("begin", "begin"), ("COMMIT", "commit"), ("/* x */ rollback", "rollback")] {
        let refused = misuse(world.call("query", text)).await;
        assert!(refused.message.contains(&format!("runs no `{word}`")), "{}", refused.message);
    }
    assert!(misuse(world.call("query", " -- nothing\n")).await.message.contains("empty"));
    assert!(misuse(world.call("query", "")).await.message.contains("a statement in quotes"));
    assert!(misuse(world.call("insert", "")).await.message.contains("name of a table"));
    let object = Value::object([("id", Value::int(1))]);
    let refused = misuse(world.with_values("select %", &[object])).await;
    assert!(refused.message.contains("an object is no value"), "{}", refused.message);
    assert!(refused.help.unwrap().contains("name a field"));
    let refused = misuse(world.with_values("select '%'", &[Value::int(1)])).await;
    assert!(refused.message.contains("inside the quotes of `'…'`"), "{}", refused.message);
    let refused = misuse(with(world.call("query", "select 1"), "timeuot", millis(1))).await;
    assert_eq!(refused.option.as_deref(), Some("timeuot"));
    assert!(refused.help.unwrap().contains("`timeout`"));
    let at = endpoint("oracle://h/db", world.dir.path());
    let refused = misuse(Call { endpoint: Some(at), ..world.call("query", "select 1") }).await;
    assert!(refused.message.contains("its scheme names no database"), "{}", refused.message);
}

pub(super) async fn health_is_a_connection(world: &World) {
    world.query("create table t (a int)").await;
    assert_eq!(world.sql.healthy(&world.endpoint).await, Ok(()));
    let elsewhere = match world.dialect {
        Dialect::Sqlite => "sqlite://./nothing.db",
        Dialect::Postgres => "postgres://me:geheimes-wort@127.0.0.1:1/db",
        Dialect::MySql => "mysql://me:geheimes-wort@127.0.0.1:1/db",
    };
    let sick: Arc<_> = endpoint(elsewhere, world.dir.path());
    let why = world.sql.healthy(&sick).await.unwrap_err();
    assert!(!why.contains("geheimes") && !why.is_empty(), "{why}");
}
