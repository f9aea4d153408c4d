//! `scn data` as people and machines call it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::assert::OutputAssertExt as _;

use super::{ends, err, out, project, scn};

const SHOP: &str = r#"seed 3
input town = "Rome"
secret api_key
shape Customer {
  id:     uuid
  name:   text | ""
  tier:   "gold" | "silver"
  note?:  "it's \\ a \"note\", really\n"
  lines:  [{ sku: re"[a-z]{3}", qty: int(1..9) }; 0..2]
  town:   "${.tier} ${town}"
}
shape Leaky { id: uuid, key: "${api_key}!" }
"#;

fn shop() -> tempfile::TempDir {
    project(&[("scenarios/shop.scn", SHOP)])
}

fn drawn(dir: &Path, args: &[&str]) -> String {
    let (out, err) = ends(dir, &[&["data", "draw"], args].concat(), 0);
    assert_eq!(err, "");
    out
}

#[test]
fn value_n_is_the_same_however_many_are_drawn() {
    let dir = shop();
    let lines = |n: &str, more: &[&str]| {
        let args = [&["Customer", "-n", n, "--format", "jsonl"], more].concat();
        drawn(dir.path(), &args).lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let many = lines("50", &[]);
    assert_eq!(many.len(), 50);
    assert_eq!(lines("7", &[]), many[..7]);
    assert_eq!(lines("50", &["--seed", "3"]), many, "the files' own seed");
    assert_ne!(lines("50", &["--seed", "4"]), many);
    assert!(
        many.iter().any(|line| line.contains("\"note\""))
            && many.iter().any(|line| !line.contains("\"note\""))
    );
    assert!(many.iter().all(|line| line.contains(" Rome\"")), "{many:?}");
    assert!(lines("1", &["--set", "town=Oslo"])[0].contains(" Oslo\""));
    assert_eq!(lines("0", &[]).len(), 0);
    assert_eq!(drawn(dir.path(), &["Customer", "-n", "0"]), "[]\n");
}

/// What is drawn in a format and read back by the language is what the shape describes.
#[test]
fn what_is_drawn_is_read_back_by_its_shape() {
    let dir = shop();
    for (format, dialect, file) in [
        ("csv", "standard", "c.csv"),
        ("json", "standard", "c.json"),
        ("jsonl", "standard", "c.jsonl"),
        ("sql", "standard", "s.sql"),
        ("sql", "mysql", "m.sql"),
        ("sql", "postgres", "p.sql"),
        ("sql", "sqlite", "l.sql"),
    ] {
        let path = format!("scenarios/{file}");
        drawn(
            dir.path(),
            &["Customer", "-n", "250", "--format", format, "--dialect", dialect, "--out", &path],
        );
    }
    let test = r#"use "./shop.scn" { Customer }
let csv = from_csv(file("./c.csv"), of: Customer)
let json = from_json(file("./c.json"))
let lines = from_jsonl(file("./c.jsonl"))
let standard = from_sql(file("./s.sql")).Customer
let mysql = from_sql(file("./m.sql")).Customer
let postgres = from_sql(file("./p.sql")).Customer
let sqlite = from_sql(file("./l.sql")).Customer
scenario "all are the same" {
  exec "true"
  expect json.count == 250
  for c in json { expect c matches Customer }
  expect csv == json
  expect lines == json
  expect mysql == standard
  expect postgres == standard
  expect sqlite == standard
  expect standard[*].id == json[*].id
  expect from_json(standard[0].lines) == json[0].lines
}
"#;
    fs::write(dir.path().join("scenarios/test.scn"), test).unwrap();
    let assert = scn(dir.path(), &["run"]).env("SCN_API_KEY", "x".repeat(9)).assert();
    assert_eq!(assert.get_output().status.code(), Some(0), "{}{}", out(&assert), err(&assert));
}

#[test]
fn shapes_of_the_language_itself_need_no_files() {
    let dir = project(&[]);
    let text = drawn(dir.path(), &["{ id: uuid, qty: int(1..9) }", "-n", "3", "--format", "csv"]);
    assert_eq!(text.lines().count(), 4);
    assert!(text.starts_with("id,qty\n"), "{text}");
    assert_eq!(drawn(dir.path(), &["any int(5..5)", "-n", "2", "--format", "jsonl"]), "5\n5\n");
    let sql = drawn(
        dir.path(),
        &["{ a: \"it's\", b: int(1..1) }", "-n", "101", "--format", "sql", "--table", "t \"x"],
    );
    assert!(
        sql.starts_with(
            "-- dialect: standard\nINSERT INTO \"t \"\"x\" (\"a\", \"b\") VALUES\n('it''s', 1),\n"
        ),
        "{sql}"
    );
    assert_eq!(sql.matches("INSERT INTO").count(), 2);
    let (_, text) = ends(dir.path(), &["data", "draw", "{ a: int }", "--format", "sql"], 2);
    assert!(text.contains("--table NAME"), "{text}");
}

#[test]
fn shapes_that_are_wrong_are_told_at_their_place() {
    let dir = project(&[
        ("scenarios/a.scn", SHOP),
        ("scenarios/b.scn", "shape Order { id: uuid }\nshape Customer = \"b\"\n"),
    ]);
    for (shape, parts) in [
        ("Custmer", &["`Custmer`", "did you mean `Customer`?", "command line:1:1"][..]),
        ("Ordr", &["did you mean `Order`?"]),
        ("{ id: uid }", &["`uid`", "did you mean", "command line:1:7"]),
        ("{ id: uuid", &["command line:1"]),
        ("int(9..1)", &["command line:1"]),
        ("{ a: 1 + }", &["command line:1"]),
        ("Customer", &["means different things in `scenarios/a.scn` and `scenarios/b.scn`"]),
    ] {
        let (out, text) = ends(dir.path(), &["data", "draw", shape], 2);
        assert_eq!(out, "", "{shape}");
        for part in parts {
            assert!(text.contains(part), "{shape}: {part}: {text}");
        }
    }
    drawn(dir.path(), &["Customer", "scenarios/a.scn"]);
    let (_, text) = ends(dir.path(), &["data", "draw", "Customer", "none.scn"], 2);
    assert!(text.contains("`none.scn` does not exist"), "{text}");
    for args in [
        &["data"][..],
        &["data", "draw"],
        &["data", "draw", "int", "-n", "-1"],
        &["data", "draw", "int", "--format", "xml"],
    ] {
        ends(dir.path(), args, 2);
    }
}

#[test]
fn secrets_are_not_drawn() {
    let dir = shop();
    let path = dir.path().join("out.json");
    for target in ["-", "out.json"] {
        let args = ["data", "draw", "Leaky", "-n", "3", "--out", target];
        let assert = scn(dir.path(), &args).env("SCN_API_KEY", "hunter2hunter2").assert();
        assert_eq!(assert.get_output().status.code(), Some(2));
        let all = out(&assert) + &err(&assert);
        assert!(!all.contains("hunter2") && all.contains("made of a secret"), "{all}");
        assert!(!path.exists());
    }
    let (_, text) = ends(dir.path(), &["data", "draw", "Leaky"], 2);
    assert!(text.contains("`api_key` has no value"), "{text}");
}

#[test]
fn a_reader_that_goes_ends_the_drawing() {
    let dir = project(&[]);
    // As many as never end in the time of a test: only the closed pipe ends it.
    let mut child = scn(dir.path(), &["data", "draw", "uuid", "-n", "99999999999", "--format", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap().len(), 38);
    drop(lines);
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!((child.wait().unwrap().code(), text.as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_told_and_leaves_nothing() {
    let dir = project(&[("file", "")]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = scn(dir.path(), &["data", "draw", "uuid", "-n", "9999"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    for target in ["file/x.json", ".", "/proc/x.json", "/dev/full"] {
        let (_, text) = ends(dir.path(), &["data", "draw", "uuid", "--out", target], 3);
        assert!(text.contains("cannot be written"), "{target}: {text}");
    }
    // What fails half-way leaves no file and no half of one.
    ends(
        dir.path(),
        &["data", "draw", "{ a: int } | int", "-n", "500", "--format", "csv", "--out", "half.csv"],
        2,
    );
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["file"]);
}

const CUSTOMERS: &str = "id,email,name,phone,card,born,balance,tier,note\r\n\
1041,ada@lovelace.org,Ada Lovelace,+44 20 7946 0018,4111 1111 1111 1111,1815-12-10,1234.50,gold,\"calls often, \"\"loudly\"\"\"\r\n\
1042,grace@navy.mil,Grace Hopper,+1 (202) 555-0143,5500-0000-0000-0004,1906-12-09,0.00,basic,\r\n\
1043,ada@lovelace.org,Ada Lovelace,,,,99.99,basic,\"\"\r\n";

const ORDERS: &str = "{\"order\":\"ORD-7f3a-1\",\"customer_id\":1042,\"at\":\"1906-12-10T08:00:00Z\",\"ship\":{\"to\":\"Grace Hopper\",\"city\":\"Arlington\"},\"lines\":[{\"sku\":\"tea\",\"price\":29.90}]}\n\
{\"order\":\"ORD-7f3a-2\",\"customer_id\":1041,\"at\":null,\"ship\":{\"to\":\"Ada Lovelace\",\"city\":\"London\"},\"lines\":[]}\n";

const DUMP: &str = "-- PostgreSQL database dump\nSET client_encoding = 'UTF8';\n\
CREATE TABLE public.customers (\n    id bigint NOT NULL,\n    email text DEFAULT 'ada@lovelace.org'::text,\n    active boolean\n);\n\
COPY public.customers (id, email, active) FROM stdin;\n1041\tada@lovelace.org\tt\n1042\tgrace@navy.mil\tf\n\\.\n\
INSERT INTO public.visits (customer_id, page) VALUES (1041, 'It''s ada@lovelace.org'), (1042, NULL);\n";

const RULES: &str = r#"// What leaves production.
customers.id:      id(as: customer)
*.customer_id:     id(as: customer)
email:             email
name:              any person_name
ship.to:           any person_name
phone:             phone
card:              card
born:              date(days: 90, per: id)
at:                date(days: 90, per: customer_id)
balance:           number
order:             id
visits.page:       text
note:              drop
tier:              keep
city:              drop
lines:             keep
active:            keep
"#;

const REAL: &[&str] = &[
    "1041",
    "1042",
    "1043",
    "ada@lovelace.org",
    "lovelace",
    "grace@navy.mil",
    "Ada Lovelace",
    "Grace Hopper",
    "7946",
    "4111 1111 1111 1111",
    "5500-0000",
    "1815-12-10",
    "1906-12-09",
    "1906-12-10",
    "1234.50",
    "99.99",
    "calls often",
    "ORD-7f3a",
    "Arlington",
    "London",
];

const KEY: &str = "correct horse battery staple";

fn real() -> tempfile::TempDir {
    project(&[
        ("customers.csv", CUSTOMERS),
        ("orders.jsonl", ORDERS),
        ("dump.sql", DUMP),
        ("rules", RULES),
        ("key", &format!("{KEY}\n")),
    ])
}

fn anonymize(dir: &Path, args: &[&str], key: Option<&str>) -> Command {
    let mut command = scn(dir, &[&["data", "anonymize"], args].concat());
    command.envs(key.map(|key| ("SCN_DATA_KEY", key)));
    command
}

fn all(dir: &Path, key: Option<&str>, more: &[&str]) -> BTreeMap<String, String> {
    let files = ["customers.csv", "orders.jsonl", "dump.sql"];
    let args = [&files[..], &["--with", "rules", "--out", "safe"], more].concat();
    let assert = anonymize(dir, &args, key).assert();
    assert_eq!(assert.get_output().status.code(), Some(0), "{}", err(&assert));
    assert_eq!(out(&assert), "");
    let said = err(&assert);
    assert!(!said.contains(KEY) && REAL.iter().all(|real| !said.contains(real)), "{said}");
    let mut found = BTreeMap::from([("said".to_owned(), said)]);
    for name in files {
        found.insert(name.to_owned(), fs::read_to_string(dir.join("safe").join(name)).unwrap());
    }
    found
}

fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|column| column == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

#[test]
fn nothing_real_is_left_and_what_belongs_together_stays_together() {
    let dir = real();
    let safe = all(dir.path(), Some(KEY), &[]);
    for (name, text) in &safe {
        for real in REAL {
            assert!(!text.contains(real), "`{real}` is in {name}:\n{text}");
        }
        assert!(!text.contains(KEY));
    }
    let csv = &safe["customers.csv"];
    assert!(csv.starts_with("id,email,name,phone,card,born,balance,tier\r\n"), "{csv}");
    let (ids, emails, names) = (column(csv, "id"), column(csv, "email"), column(csv, "name"));
    assert!(emails[0] == emails[2] && emails[0] != emails[1] && emails[0].ends_with(".test"), "{emails:?}");
    assert_eq!(names[0], names[2]);
    assert!(ids[0] != ids[1] && ids.iter().all(|id| id.len() == 4), "{ids:?}");
    assert_eq!(column(csv, "tier"), ["gold", "basic", "basic"]);
    assert_eq!(column(csv, "phone")[2], "");
    assert_eq!(column(csv, "balance")[1], "0.00");
    // The same customer in a row of CSV, in a number of JSON, and in a dump.
    let orders: Vec<serde_json::Value> =
        safe["orders.jsonl"].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(orders[0]["customer_id"].to_string(), ids[1]);
    assert_eq!(orders[1]["customer_id"].to_string(), ids[0]);
    assert_eq!(orders[0]["ship"], serde_json::json!({ "to": names[1] }));
    // As text, since a reader with floats would drop the last digit.
    assert!(safe["orders.jsonl"].contains("\"price\":29.90"), "{}", safe["orders.jsonl"]);
    assert_eq!(orders[0]["lines"][0]["sku"], "tea");
    assert_eq!(orders[1]["at"], serde_json::Value::Null);
    // A day after the birth of the same customer is a day after it still.
    let born = chrono::NaiveDate::parse_from_str(&column(csv, "born")[1], "%Y-%m-%d").unwrap();
    assert_eq!(orders[0]["at"], format!("{}T08:00:00Z", born.succ_opt().unwrap()));
    let dump = &safe["dump.sql"];
    for line in [&format!("{}\t{}\tt", ids[0], emails[0]), &format!("{}\t{}\tf", ids[1], emails[1])] {
        assert!(dump.contains(line.as_str()), "{line}\n{dump}");
    }
    assert!(
        dump.contains(&format!("({}, NULL)", ids[1]))
            && dump.contains("CREATE TABLE \"public\".\"customers\"")
    );
    assert!(!dump.contains("DEFAULT") && !dump.contains("client_encoding"));
    let said = &safe["said"];
    for part in [
        "5  customers.id: id(as: customer)",
        "4  *.customer_id: id(as: customer)",
        "left out 1 statement without rows: SET 1",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn the_same_key_gives_the_same_bytes_and_another_one_others() {
    let dir = real();
    let first = all(dir.path(), Some(KEY), &[]);
    assert_eq!(all(dir.path(), Some(KEY), &[]), first);
    assert_eq!(all(dir.path(), None, &["--key-from", "key"]), first, "a file's last line end does not count");
    let other = all(dir.path(), Some("another key of some length"), &[]);
    for name in ["customers.csv", "orders.jsonl", "dump.sql"] {
        assert_ne!(other[name], first[name], "{name}");
    }
    // One file alone gives what it gives among others.
    let rules = "customers.id: id(as: customer)\nemail: email\nname: any person_name\nphone: phone\ncard: card\nborn: date(days: 90, per: id)\nbalance: number\nnote: drop\ntier: keep\n";
    fs::write(dir.path().join("one"), rules).unwrap();
    let assert = anonymize(dir.path(), &["customers.csv", "--with", "one"], Some(KEY)).assert();
    assert_eq!(out(&assert), first["customers.csv"]);
}

#[test]
fn the_output_of_a_dump_is_a_catalog() {
    let dir = real();
    all(dir.path(), Some(KEY), &[]);
    let test = "let shop = from_sql(file(\"./safe/dump.sql\"))\nlet customers = from_csv(file(\"./safe/customers.csv\"))\nscenario \"a\" {\n  exec \"true\"\n  expect shop.customers.count == 2\n  expect shop.customers[0].active == true\n  expect \"${shop.customers[0].id}\" == customers[0].id\n  expect shop.visits[0].customer_id == shop.customers[0].id\n}\n";
    fs::write(dir.path().join("t.scn"), test).unwrap();
    ends(dir.path(), &["run", "t.scn"], 0);
}

#[test]
fn yaml_is_read_and_written_as_itself() {
    let dir = real();
    let text = "# Ada Lovelace called\n- &ada\n  id: 1041\n  email: ada@lovelace.org\n  active: true\n  note: yes, \"ada\"\n- *ada\n- {id: 1042, email: grace@navy.mil, active: no}\n";
    fs::write(dir.path().join("customers.yaml"), text).unwrap();
    fs::write(dir.path().join("r"), "id: id(as: customer)\nemail: email\nactive: keep\nnote: text\n")
        .unwrap();
    let assert = anonymize(dir.path(), &["customers.yaml", "--with", "r"], Some(KEY)).assert();
    let (yaml, said) = (out(&assert), err(&assert));
    assert_eq!(assert.get_output().status.code(), Some(0), "{said}");
    for real in ["1041", "1042", "lovelace", "grace", "Ada", "ada", "yes"] {
        assert!(!yaml.contains(real) && !said.contains(real), "{real}: {yaml}{said}");
    }
    let id = column(&all(dir.path(), Some(KEY), &[])["customers.csv"], "id").remove(0);
    let blocks: Vec<&str> = yaml.split("- ").collect();
    assert!(blocks.len() == 4 && blocks[1] == blocks[2], "{yaml}");
    assert!(blocks[1].starts_with(&format!("id: {id}\n  email: ")), "{yaml}");
    assert!(blocks[1].contains("  active: true\n") && blocks[3].contains("  active: \"no\"\n"), "{yaml}");
    fs::write(dir.path().join("customers.yaml"), "- id: 1\n  <<: 2\n").unwrap();
    let assert = anonymize(dir.path(), &["customers.yaml", "--with", "r"], Some(KEY)).assert();
    assert!(err(&assert).contains("customers.yaml:2:3: `<<` merges"), "{}", err(&assert));
}

/// Two files of one name would be one file in the end.
#[test]
fn nothing_is_written_over() {
    let dir = real();
    fs::create_dir(dir.path().join("eu")).unwrap();
    fs::write(dir.path().join("eu/customers.csv"), CUSTOMERS).unwrap();
    let refused = |args: &[&str], part: &str| {
        let assert = anonymize(dir.path(), args, None).assert();
        assert_eq!(assert.get_output().status.code(), Some(2));
        assert!(err(&assert).contains(part), "{args:?}: {}", err(&assert));
    };
    let with = ["--with", "rules", "--key-from", "key", "--out"];
    let of = |files: &[&'static str], out: &'static str| [files, &with, &[out]].concat();
    refused(
        &of(&["customers.csv", "eu/customers.csv"], "safe"),
        "would both be written to `safe/customers.csv`",
    );
    refused(&of(&["customers.csv"], "key"), "`key` would be written over itself");
    refused(&of(&["customers.csv"], "rules"), "`rules` would be written over itself");
    refused(&of(&["eu/customers.csv", "dump.sql"], "."), "`dump.sql` would be written over itself");
    assert!(!dir.path().join("safe").exists());
    for (name, text) in [("rules", RULES), ("customers.csv", CUSTOMERS), ("dump.sql", DUMP)] {
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), text);
    }
}

#[test]
fn silence_is_strict() {
    let dir = real();
    let refused = |rules: &str, file: &str| {
        fs::write(dir.path().join("r"), rules).unwrap();
        let assert = anonymize(dir.path(), &[file, "--with", "r", "--out", "safe.out"], Some(KEY)).assert();
        assert_eq!(assert.get_output().status.code(), Some(2), "{}", err(&assert));
        assert!(!dir.path().join("safe.out").exists());
        let said = err(&assert);
        assert!(REAL.iter().all(|real| !said.contains(real)), "{said}");
        said
    };
    let said = refused("id: id\nemail: email\n", "customers.csv");
    assert!(
        said.contains("no rule says what becomes of these") && said.contains("customers.phone"),
        "{said}"
    );
    assert!(!said.contains("customers.email"), "{said}");
    let said = refused("order: id\ncustomer_id: id\nat: keep\nship.to: keep\nlines: keep\n", "orders.jsonl");
    assert!(said.contains("orders.ship.city") && !said.contains("orders.ship.to"), "{said}");
    let said = refused("customers: drop\nvisits.customer_id: id\n", "dump.sql");
    assert!(said.contains("public.visits.page"), "{said}");
    // A rule for nothing is misspelt, and what it was to hide would show.
    let said = refused("customers: keep\ncustomers.emial: email\n", "customers.csv");
    assert!(said.contains("no column or field is meant by this rule") && said.contains("r:2:1"), "{said}");
    // Beside the column that it was meant for, in one go.
    let said = refused("id: id\nemial: email\n*: keep\n", "customers.csv");
    assert!(said.contains("stands for a whole table"), "{said}");
    let said = refused(
        "id: id\nemial: email\nname: text\nphone: phone\ncard: card\nborn: keep\nbalance: keep\ntier: keep\nnote: drop\n",
        "customers.csv",
    );
    for part in
        ["customers.email", "no column or field is meant by this rule", "did you mean `email`?", "r:2:1"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said =
        refused("customers.id: email\ncustomers.email: card\n*.name: any persn_name\n", "customers.csv");
    assert!(said.contains("persn_name") && said.contains("did you mean"), "{said}");
    let said = refused(
        "id: email\nemail: card\nname: number\nphone: date\ncard: drop\nborn: drop\nbalance: drop\ntier: drop\nnote: drop\n",
        "customers.csv",
    );
    for part in [
        "customers.csv:2:1: `customers.id`: it is no e-mail address",
        "customers.csv:2:6: `customers.email`: it is no card number",
        "customers.csv:3:1",
        "customers.csv:4:1",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = refused("", "customers.csv");
    assert!(said.contains("no rule says"), "{said}");
}

#[test]
fn without_a_key_nothing_happens() {
    let dir = real();
    let args = ["customers.csv", "--with", "rules"];
    let said = |args: &[&str], key: Option<&str>| {
        let assert = anonymize(dir.path(), args, key).assert();
        assert_eq!((assert.get_output().status.code(), out(&assert).as_str()), (Some(2), ""));
        err(&assert)
    };
    assert!(said(&args, None).contains("SCN_DATA_KEY"));
    assert!(said(&args, Some("")).contains("SCN_DATA_KEY"));
    let short = said(&args, Some("hunter2"));
    assert!(short.contains("the key has 7 bytes") && !short.contains("hunter2"), "{short}");
    fs::create_dir(dir.path().join("keys")).unwrap();
    for (path, part) in [("none", "no such file"), ("keys", "is a directory"), ("/dev/zero", "is no key")] {
        let text = said(&[&args[..], &["--key-from", path]].concat(), None);
        assert!(text.contains(part), "{path}: {text}");
    }
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let dir = real();
    fs::write(dir.path().join("bad.csv"), b"id\n\xff\n").unwrap();
    fs::write(dir.path().join("bad.json"), "{\"id\": }").unwrap();
    fs::write(dir.path().join("bad.sql"), "UPDATE t SET a = 'ada@lovelace.org';").unwrap();
    fs::write(dir.path().join("notes.txt"), "x").unwrap();
    fs::create_dir(dir.path().join("dir.csv")).unwrap();
    fs::File::create(dir.path().join("huge.csv")).unwrap().set_len(101 << 20).unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("zero.csv")).unwrap();
    fs::write(dir.path().join("r"), "id: id\n").unwrap();
    for (file, part) in [
        ("none.csv", "`none.csv` does not exist"),
        ("custmers.csv", "did you mean `customers.csv`?"),
        ("dir.csv", "is a directory"),
        ("zero.csv", "is a pipe, socket or device"),
        ("huge.csv", "larger than 100 MiB"),
        ("bad.csv", "bad.csv:2:1: these bytes are not UTF-8"),
        ("bad.json", "bad.json:1:"),
        ("bad.sql", "bad.sql:1:1: `UPDATE` changes rows"),
        ("notes.txt", "is no .csv, .tsv, .json, .jsonl, .yaml or .sql file"),
    ] {
        let assert = anonymize(dir.path(), &[file, "--with", "r"], Some(KEY)).assert();
        let said = err(&assert);
        assert_eq!(
            (assert.get_output().status.code(), out(&assert).as_str()),
            (Some(2), ""),
            "{file}: {said}"
        );
        assert!(said.contains(part) && !said.contains("lovelace"), "{file}: {said}");
    }
    for (rules, part) in [
        ("none", "`none` does not exist"),
        ("dir.csv", "is a directory"),
        ("huge.csv", "larger than"),
        ("bad.csv", "is not UTF-8"),
    ] {
        let assert = anonymize(dir.path(), &["customers.csv", "--with", rules], Some(KEY)).assert();
        assert!(err(&assert).contains(part), "{rules}: {}", err(&assert));
    }
    let assert =
        anonymize(dir.path(), &["customers.csv", "--with", "rules", "--out", "./customers.csv"], Some(KEY))
            .assert();
    assert!(err(&assert).contains("written over itself"));
    let assert = anonymize(dir.path(), &["customers.csv", "dump.sql", "--with", "rules"], Some(KEY)).assert();
    assert!(err(&assert).contains("--out DIR"));
}

#[test]
fn the_functions_and_rules_are_explained() {
    let dir = project(&[]);
    for (name, part) in [
        ("from_csv", "the shape of a row"),
        ("from_sql", "whose dump it is"),
        ("card", "check digit"),
        ("catalog", "read data strictly"),
        ("rules", "nothing leaks by silence"),
    ] {
        let (text, _) = ends(dir.path(), &["explain", name], 0);
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{name}: {text}");
    }
    for args in [["data", "draw", "--help"], ["data", "anonymize", "--help"]] {
        let (help, _) = ends(dir.path(), &args, 0);
        assert!(help.contains("Exit codes"), "{help}");
    }
}
