//! Catalogs in runs: files of data as values, in every format, with their mistakes at their place.

use crate::harness::{project, scn};

const PRODUCTS: &str =
    "sku,qty,price,note\ntea,007,29.90,\nmug,12,9007199254740993.10,\"a \"\"good\"\" mug\"\n";

const SHAPED: &str = r#"
shape Product { sku: re"[a-z]{3,8}", qty: text, price: decimal, note?: text }
let plain = from_csv(file("./data/products.csv"))
let products = from_csv(file("./data/products.csv"), of: Product)
let stock = from_json(file("./data/stock.json"))
let events = from_jsonl(file("./data/events.jsonl"))
let plans = from_yaml(file("./data/plans.yaml"))
let shop = from_sql(file("./data/shop.sql"))
scenario "every format is a value" {
  exec "true"
  expect plain[0] == { sku: "tea", qty: "007", price: "29.90" }
  expect plain[1].note == "a \"good\" mug"
  expect plain[0].note == absent
  expect products[1].price == 9007199254740993.10
  expect products[0].qty == "007"
  expect stock.tea == 18446744073709551616
  expect events[1].id == 2
  expect plans.basic == { trial: "no", price: 4.50 }
  expect shop.customers matches [{ id: 1, name: "Ann" }, { id: 2, name: null }]
  for product in products { expect product matches Product }
}
scenario "texts are read like files" {
  exec "true"
  expect from_csv("a;b\n1;2\n", separator: ";", of: { a: int, b: int }) == [{ a: 1, b: 2 }]
  expect from_yaml("a: on") == { a: "on" }
  expect from_sql("INSERT INTO t (a) VALUES ('x\\n');", dialect: mysql) == { t: [{ a: "x\n" }] }
}
"#;

#[test]
fn catalogs_of_every_format_are_values() {
    let project = project(&[
        ("t.scn", SHAPED),
        ("data/products.csv", PRODUCTS),
        ("data/stock.json", "{\"tea\": 18446744073709551616}"),
        ("data/events.jsonl", "{\"id\":1}\n{\"id\":2}\n"),
        ("data/plans.yaml", "basic: { trial: no, price: 4.50 }\n"),
        ("data/shop.sql", "INSERT INTO customers (id, name) VALUES (1, 'Ann'), (2, NULL);"),
    ]);
    project.run(&[]).ends(0, &["2 passed"]);
}

#[test]
fn paths_start_at_the_module_that_writes_them() {
    let project = project(&[
        (
            "t.scn",
            "use \"./lib/shop.scn\" { products }\nscenario \"a\" {\n  exec \"true\"\n  expect products.count == 2\n}\n",
        ),
        ("lib/shop.scn", "let products = from_csv(file(\"./products.csv\"))\n"),
        ("lib/products.csv", PRODUCTS),
    ]);
    project.run(&[]).ends(0, &["1 passed"]);
}

#[test]
fn a_missing_or_malformed_catalog_is_an_error_before_anything_runs() {
    let project = project(&[
        (
            "t.scn",
            "let a = from_csv(file(\"./prodcts.csv\"))\nlet b = from_csv(file(\"./bad.csv\"))\nlet c = from_json(file(\"../x.json\"))\nlet d = from_yaml(file(\"./d\"))\nscenario \"a\" {\n  exec \"touch ran\"\n  expect [a, b, c, d].count == 4\n}\n",
        ),
        ("products.csv", PRODUCTS),
        ("bad.csv", "a,b\n1,\"x\n"),
        ("d/x", ""),
    ]);
    project.scn(&["check", "t.scn"]).ends(
        2,
        &[
            "`prodcts.csv` does not exist",
            "did you mean `products.csv`?",
            "the quote that opens here is never closed",
            "bad.csv:2:3",
            "read here",
            "lies outside of the project",
            "`d` is a directory, not a file",
        ],
    );
    project.run(&[]).ends(2, &["never closed"]);
    assert!(!project.path().join("ran").exists());
}

#[test]
fn rows_that_do_not_fit_their_shape_are_all_told() {
    let project = project(&[
        (
            "t.scn",
            "let a = from_csv(file(\"./a.csv\"), of: { id: int, name?: text })\nscenario \"a\" {\n  exec \"true\"\n  expect a.count == 1\n}\n",
        ),
        ("a.csv", "id,name\n1,x\n007,y\nz,\n"),
    ]);
    project.run(&[]).ends(
        1,
        &[
            "rows of `./a.csv` do not fit their shape",
            "./a.csv:3:1: .id is \"007\" (text), not int",
            "./a.csv:4:1: .id is \"z\" (text), not int",
        ],
    );
}

/// Otherwise a file without rows would fit every shape.
#[test]
fn columns_that_a_shape_demands_are_there_even_when_no_row_is() {
    for (header, says) in [
        ("id,other\n", &["`./a.csv:1:1` cannot be read: it has no column `name`, none `price`"][..]),
        ("id,other\n1,x\n", &["it has no column `name`, none `price`"]),
        ("id,name,price\n", &["1 passed"]),
    ] {
        let text = "let a = from_csv(file(\"./a.csv\"), of: { id: int, name: text, price: decimal, note?: text, .. })\n\
                    scenario \"a\" { expect a.count == 0 }\n";
        let code = i32::from(says[0] != "1 passed");
        project(&[("t.scn", text), ("a.csv", header)]).run(&[]).ends(code, says);
    }
}

/// The name of a file has no rows, and nothing that is said of all of them would be judged.
#[test]
fn the_name_of_a_file_is_not_taken_for_its_content() {
    for (call, says) in [
        ("from_csv(\"./a.csv\")", "write `from_csv(file(\"./a.csv\"))`"),
        ("from_csv(\"${dir}/a.csv\")", "write `from_csv(file(\"${dir}/a.csv\"))`"),
        ("from_yaml(\"plans.yaml\")", "write `from_yaml(file(\"plans.yaml\"))`"),
    ] {
        let text = format!("let dir = \"x\"\nlet a = {call}\nscenario \"a\" {{ expect [a, dir] != [] }}\n");
        let says = ["takes this text for the content, not for the name of a file", says];
        scn(&text).run(&[]).ends(2, &says);
    }
    scn("scenario \"a\" { expect from_csv(\"a.csv\\nx\") == [{ \"a.csv\": \"x\" }] }\n")
        .run(&[])
        .ends(0, &[]);
}

/// Also when the file looks as it did: as long as before, and with the same time.
#[test]
fn what_a_scenario_writes_it_can_read() {
    let text = r#"scenario "a" {
  for n in [1, 2, 3] {
    exec "sh -c 'printf \"a\\n%s\\n\" $0 > made.csv; touch -d 2001-01-01 made.csv' ${n}"
    let made = from_csv(file("./made.csv"), of: { a: int })
    expect made == [{ a: n }]
  }
  expect from_csv(file("./none.csv")).count == 0
}
"#;
    scn(text).run(&[]).ends(1, &["`none.csv` does not exist"]);
}

#[test]
fn devices_and_endless_files_are_refused() {
    for (path, message) in [
        ("/dev/zero", "outside of the project"),
        ("./zero", "outside of the project"),
        ("./pipe", "is a pipe"),
    ] {
        let project = scn(&format!(
            "scenario \"a\" {{\n  exec \"true\"\n  expect from_json(file(\"{path}\")) == 1\n}}\n"
        ));
        std::os::unix::fs::symlink("/dev/zero", project.path().join("zero")).unwrap();
        nix::unistd::mkfifo(&project.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        project.run(&[]).ends(1, &[message]);
    }
}

#[test]
fn a_catalog_that_is_too_large_is_refused() {
    let project =
        scn("scenario \"a\" {\n  exec \"true\"\n  expect from_json(file(\"./big.json\")) == 1\n}\n");
    // A hole takes no room on the disk.
    std::fs::File::create(project.path().join("big.json")).unwrap().set_len(101 << 20).unwrap();
    project.run(&[]).ends(1, &["`big.json` is larger than 100 MiB"]);
}

#[test]
fn a_catalog_of_a_secret_is_masked() {
    let text = "secret pair\nscenario \"a\" {\n  let rows = from_csv(pair)\n  show rows\n  exec \"echo ${rows[0].b}\"\n  expect stdout == \"no\"\n}\n";
    let ran = scn(text).with("SCN_PAIR", "a,b\nhidden-one,hidden-two\n").run(&[]);
    ran.ends(1, &["•••"]).never_says(&["hidden-one", "hidden-two"]);
    let text = "secret pair\nscenario \"a\" {\n  exec \"true\"\n  expect from_csv(pair, of: { a: int, b: int }).count == 1\n}\n";
    let ran = scn(text).with("SCN_PAIR", "a,b\nhidden-one,hidden-two\n").run(&[]);
    ran.ends(1, &["they are not shown"]).never_says(&["hidden-one", "hidden-two"]);
}

/// A fixture loads a catalog into a database and takes it away again: each scenario sees all of it and
/// nothing of the other's, and nothing stays.
#[test]
fn a_fixture_loads_a_catalog_into_a_database_and_takes_it_away() {
    loads_a_catalog("sqlite://./shop.db?mode=rwc");
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/databases starts one"]
fn a_fixture_loads_a_catalog_into_postgres_and_takes_it_away() {
    loads_a_catalog(&std::env::var("SCN_TEST_POSTGRES").expect("tests/databases says where it is"));
}

#[test]
#[ignore = "needs a MySQL server: tests/databases starts one"]
fn a_fixture_loads_a_catalog_into_mysql_and_takes_it_away() {
    loads_a_catalog(&std::env::var("SCN_TEST_MYSQL").expect("tests/databases says where it is"));
}

fn loads_a_catalog(url: &str) {
    let text = r#"
service db { speaks sql; at "URL" }
shape Product { sku: text(1..8), price: decimal, note?: text, stock: int }
let products = from_csv(file("./products.csv"), of: Product)

fixture catalog {
  defer query db "drop table if exists products"
  query db "create table products (sku varchar(8) primary key, price numeric(9, 2) not null, note text, stock integer)"
  defer query db "delete from products"
  insert db.products products
  expect affected == 3
  return products
}

@serial
scenario "the catalog is there" {
  query db "select sku, price, note, stock from products order by sku"
  expect rows == [
    { sku: "mug", price: 12.5, note: "with \"ears\"", stock: 1 },
    { sku: "pot", price: 100, note: null, stock: 0 },
    { sku: "tea", price: 29.99, note: "a\nb", stock: 7 },
  ]
  expect catalog.count == 3
  insert db.products { sku: "more", price: 1 }
}
@serial
scenario "and there alone" {
  expect catalog.count == 3
  query db "select sku from products where stock > 0 order by sku"
  expect rows[*].sku == ["mug", "tea"]
  query db "select count(*) as n from products"
  expect row.n == 3
}
@serial
scenario "what does not fit is loaded as a whole or not at all" {
  let more = [{ sku: "cup", price: 2 }] + products
  insert db.products more
  expect error.kind == "unique"
  query db "select count(*) as n from products"
  expect row.n == catalog.count
}
"#
    .replace("URL", url);
    let rows =
        "sku,price,note,stock\ntea,29.99,\"a\nb\",7\nmug,12.50,\"with \"\"ears\"\"\",1\npot,100.00,,0\n";
    let project = project(&[("t.scn", &text), ("products.csv", rows)]);
    project.run(&[]).ends(0, &["3 passed"]);
    let nothing = format!(
        "service db {{ speaks sql; at \"{url}\" }}\nscenario \"left\" {{ query db \"select * from products\" }}"
    );
    project.write("left.scn", &nothing);
    project.scn(&["run", "left.scn"]).ends(1, &["missing", "products"]);
    // The catalog is loaded, or the scenario is red: a row that the table refuses is told.
    project.write("products.csv", &rows.replace("mug,", "tea,"));
    project.run(&[]).ends(1, &["failed  the catalog is there", "unique"]);
    project.scn(&["run", "left.scn"]).ends(1, &["missing", "products"]);
}

/// A fixture loads a catalog and takes it away again: the scenarios see it, and nothing stays.
#[test]
fn a_fixture_loads_a_catalog_and_takes_it_away() {
    let text = r#"
shape Product { sku: text, qty: int }
let products = from_csv(file("./products.csv"), of: Product)

fixture catalog {
  defer for product in products { exec "rm store/${product.sku}" }
  for product in products { exec "sh -c 'echo $1 > store/$0' ${product.sku} ${product.qty}" }
  return products
}

scenario "the store has the catalog" {
  expect catalog.count == 3
  exec "sh -c 'ls store | wc -l'"
  expect trim(stdout) == "3"
  exec "cat store/tea"
  expect stdout == "7\n"
}
"#;
    let project = project(&[("t.scn", text), ("products.csv", "sku,qty\ntea,7\nmug,1\npot,2\n")]);
    std::fs::create_dir(project.path().join("store")).unwrap();
    project.run(&[]).ends(0, &["1 passed"]);
    let left: Vec<_> = std::fs::read_dir(project.path().join("store")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
