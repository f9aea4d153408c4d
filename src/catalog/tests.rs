//! Every format with what is right, what is wrong and where, and what must never end in a panic.

use proptest::prelude::*;

use super::csv::Csv;
use super::sql::{Dialect, Statement};
use super::*;
use crate::value::show;

fn rows(text: &str) -> String {
    show(&csv::read(text.as_bytes(), &Csv::default()).unwrap())
}

fn wrong_csv(text: &[u8]) -> String {
    csv::read(text, &Csv::default()).unwrap_err().to_string()
}

#[test]
fn cells_are_text_and_nothing_is_absent() {
    assert_eq!(rows("id,qty\n007,1e5\n,\"\"\n"), r#"[{ id: "007", qty: "1e5" }, { qty: "" }]"#);
    assert_eq!(rows("a,b\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\r\n"), r#"[{ a: "x\r\ny", b: "say \"hi\"" }]"#);
    assert_eq!(rows("\u{feff}a\n1"), r#"[{ a: "1" }]"#);
    assert_eq!(rows("a,b\n\n1,2\n\n"), r#"[{ a: "1", b: "2" }]"#);
    assert_eq!(rows("a\n1\n\n2\n"), r#"[{ a: "1" }, {}, { a: "2" }]"#);
    assert_eq!(rows("a,b\n"), "[]");
}

#[test]
fn other_separators_and_files_without_a_header_are_told() {
    let csv = Csv { separator: b';', columns: Some(vec!["a".into(), "b".into()]) };
    let value = csv::read(b"1;2,5\n\"x;y\";\n", &csv).unwrap();
    assert_eq!(show(&value), r#"[{ a: "1", b: "2,5" }, { a: "x;y" }]"#);
    assert_eq!(
        wrong_csv(b"id;name\n1;x\n"),
        "the header looks separated by \";\": say so with `separator` at line 1 column 1"
    );
}

#[test]
fn malformed_rows_are_errors_at_their_place() {
    for (text, message) in [
        (&b""[..], "there is no header at line 1 column 1"),
        (b"a,b\n1,2\n1,2,3\n", "the row has 3 cells, and the header has 2 at line 3 column 1"),
        (b"a,b\n1\n", "the row has one cell, and the header has 2 at line 2 column 1"),
        (b"a,b,a\n", "the column `a` stands twice in the header at line 1 column 5"),
        (b"a,,c\n", "a column has no name at line 1 column 3"),
        (b"a,b\n1,\"x\ny\n", "the quote that opens here is never closed at line 2 column 3"),
        (b"a,b\n\"x\"y,1\n", "text after the closing quote of a cell at line 2 column 4"),
        (
            b"a,b\nx\"y,1\n",
            "a quote inside a cell: put the cell in quotes and write it twice at line 2 column 2",
        ),
        (b"a,b\n1\r2,3\n", "a lone carriage return ends no row at line 2 column 2"),
        (b"a,b\n1,\xff\n", "these bytes are not UTF-8 at line 2 column 3"),
        (b"\xff\xfea\0", "this is UTF-16, not UTF-8 at line 1 column 1"),
    ] {
        assert_eq!(wrong_csv(text), message);
    }
}

fn yaml(text: &str) -> String {
    show(&from_yaml(text.as_bytes()).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn yaml_has_the_core_schema_of_1_2() {
    let text = "a: no\nb: on\nc: ~\nd: true\ne: 0x1F\nf: 0o17\ng: 9007199254740993\nh: 18446744073709551616\ni: 100.00\nj: \"1\"\nk: .5\nl: +3\nm: 1e3\nn: 2026-11-22\no: null\np: ''\nq: 1_000\nr:\n";
    assert_eq!(
        yaml(text),
        r#"{ a: "no", b: "on", c: null, d: true, e: 31, f: 15, g: 9007199254740993, h: 18446744073709551616, i: 100.00, j: "1", k: 0.5, l: 3, m: 1000, n: "2026-11-22", o: null, p: "", q: "1_000", r: null }"#
    );
    assert_eq!(
        yaml("- &x {a: 1}\n- *x\n- !!str 1\n- !!binary AP8=\n"),
        r#"[{ a: 1 }, { a: 1 }, "1", bytes(00ff)]"#
    );
    assert_eq!(yaml(""), "null");
    assert_eq!(yaml("text: |\n  a\n  b\n1: x\n"), r#"{ text: "a\nb\n", "1": "x" }"#);
}

#[test]
fn malformed_yaml_is_an_error_at_its_place() {
    for (text, message) in [
        ("a: 1\nb: 2\na: 3\n", "the key `a` stands twice in one object at line 3 column 1"),
        (
            "a: &x {b: 1}\nc:\n  <<: *x\n",
            "`<<` merges in YAML 1.1 only: write the fields out, or quote it when it is a name at line 3 column 3",
        ),
        ("a: !thing 1\n", "the tag `!thing` is not known here at line 1 column"),
        ("a: !!int x\n", "this is no `tag:yaml.org,2002:!int` at line 1 column"),
        ("--- 1\n--- 2\n", "a second document begins: a catalog is one document at line 2"),
        ("? [a]\n: 1\n", "a key is a plain text, not a list or an object at line 1"),
        ("a: &x [*x]\n", "the alias names what contains it at line 1"),
        ("a: [1\n", "at line 2"),
    ] {
        let error = from_yaml(text.as_bytes()).expect_err(text).to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
    let deep = "[".repeat(150);
    assert!(from_yaml(deep.as_bytes()).unwrap_err().message.contains("nested more than 128 deep"));
    for deep in ["[".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(from_yaml(deep.as_bytes()).is_err());
    }
    // A billion laughs: nine levels of ten aliases.
    let mut laughs = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..9 {
        let inner = vec![format!("*a{}", level - 1); 10].join(",");
        laughs.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    assert!(from_yaml(laughs.as_bytes()).unwrap_err().message.contains("aliases written out"));
}

#[test]
fn lines_of_json_are_a_list() {
    assert_eq!(show(&json_lines(b"{\"a\":1}\n\n2\r\n").unwrap()), "[{ a: 1 }, 2]");
    assert_eq!(json_lines(b"1\n{\"a\":}\n").unwrap_err().line, 2);
    assert_eq!(show(&json(b"\xef\xbb\xbf[1.50]").unwrap()), "[1.50]");
}

const POSTGRES: &str = r"--
-- PostgreSQL database dump
--
\restrict abc
SET standard_conforming_strings = on;
CREATE TABLE public.customers (
    id bigint NOT NULL,
    name character varying(40) DEFAULT 'x, y)'::character varying,
    active boolean,
    blob bytea,
    balance numeric(10,2),
    tags text[],
    CONSTRAINT positive CHECK ((balance > (0)::numeric))
);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $_$ begin INSERT INTO x VALUES (1); end $_$;
COPY public.customers (id, name, active, blob, balance, tags) FROM stdin;
1	Ann\tBe\\n	t	\\xdead	100.00	{1,2}
9007199254740993	\N	f	\\x	-0.10	\N
\.
INSERT INTO public.customers (id, name) VALUES (3, 'It''s\n ''' ), (4, E'a\tb\u00e9');
INSERT INTO audit.log (at, what) VALUES ('2026-01-01'::date, '{}'::jsonb) ON CONFLICT DO NOTHING;
SELECT pg_catalog.setval('public.s', 3, true);
\unrestrict abc
";

#[test]
fn dumps_of_postgres_are_read() {
    let value = sql::read(POSTGRES.as_bytes(), None).unwrap();
    assert_eq!(
        show(&value),
        concat!(
            r#"{ customers: [{ id: 1, name: "Ann\tBe\\n", active: true, blob: bytes(dead), balance: 100.00, tags: "{1,2}" }, "#,
            r#"{ id: 9007199254740993, name: null, active: false, blob: bytes(), balance: -0.10, tags: null }, "#,
            r#"{ id: 3, name: "It's\\n '" }, { id: 4, name: "a\tbé" }], "#,
            r#""audit.log": [{ at: "2026-01-01", what: "{}" }] }"#
        )
    );
}

const MYSQL: &str = r#"-- MySQL dump 10.13
/*!40101 SET NAMES utf8mb4 */;
# a comment; it's one
DROP TABLE IF EXISTS `items`;
CREATE TABLE `items` (
  `id` int NOT NULL AUTO_INCREMENT COMMENT 'it''s, (an id',
  `name` varchar(20) COLLATE utf8mb4_bin DEFAULT NULL,
  `raw` varbinary(9),
  `kind` enum('a','b') DEFAULT 'a',
  PRIMARY KEY (`id`),
  KEY `k` (`name`)
) ENGINE=InnoDB;
LOCK TABLES `items` WRITE;
INSERT INTO `items` VALUES (1,'It\'s a \\ \"b\"\n\0\Z',0xDEADBEEF,'a'),(2,NULL,_binary 'ab','b'),(4,'','','a');
UNLOCK TABLES;
DELIMITER ;;
/*!50003 CREATE TRIGGER t BEFORE INSERT ON items FOR EACH ROW BEGIN INSERT INTO log VALUES (1); END */;;
DELIMITER ;
REPLACE INTO items (id, raw) VALUES (-3, b'101');
"#;

#[test]
fn dumps_of_mysql_are_read() {
    let value = sql::read(MYSQL.as_bytes(), None).unwrap();
    assert_eq!(
        show(&value),
        concat!(
            r#"{ items: [{ id: 1, name: "It's a \\ \"b\"\n\u0000\u001a", raw: bytes(deadbeef), kind: "a" }, "#,
            r#"{ id: 2, name: null, raw: bytes(6162), kind: "b" }, "#,
            r#"{ id: 4, name: "", raw: bytes(), kind: "a" }, { id: -3, raw: 5 }] }"#
        )
    );
}

#[test]
fn double_quotes_open_a_text_where_mysql_takes_a_value() {
    let dump = r#"INSERT INTO t (a, b) VALUES ("it's \"so\"", "say ""no"" \\");"#;
    let value = sql::read(dump.as_bytes(), Some(Dialect::Mysql)).unwrap();
    assert_eq!(show(&value), r#"{ t: [{ a: "it's \"so\"", b: "say \"no\" \\" }] }"#);
    let wrong = sql::read(b"INSERT INTO t (a) VALUES (\"x\");", None).unwrap_err().to_string();
    assert!(wrong.contains("a text has single quotes, but in MySQL"), "{wrong}");
}

#[test]
fn rows_in_a_comment_that_mysql_runs_are_not_lost() {
    for comment in ["/*!40000 INSERT INTO t VALUES (9) */", "/*M!100 delete from t */"] {
        let dump = format!("INSERT INTO t (a) VALUES (1);\n{comment};\n");
        let wrong = sql::read(dump.as_bytes(), Some(Dialect::Mysql)).unwrap_err().to_string();
        assert!(wrong.contains("MySQL runs this comment") && wrong.contains("line 2 column 1"), "{wrong}");
        assert!(sql::read(dump.as_bytes(), Some(Dialect::Sqlite)).is_ok());
    }
}

#[test]
fn bytes_in_a_dump_of_mysql_are_told_how_to_be_dumped() {
    let dump = b"-- MariaDB dump 10.19\nINSERT INTO `t` (`a`) VALUES\n('\xff');\n";
    let wrong = sql::read(dump, None).unwrap_err().to_string();
    assert!(
        wrong.contains("not UTF-8: dump with `--hex-blob`") && wrong.contains("line 3 column 3"),
        "{wrong}"
    );
}

const SQLITE: &str = r#"PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, "a b" TEXT, x);
INSERT INTO t VALUES(1,'back\slash',X'00ff');
INSERT INTO t VALUES(2,replace('two\nlines','\n',char(10)),-1.5e3);
INSERT INTO t VALUES(3,unistr('tab\u0009'),NULL);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('t',3);
CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET x = CASE WHEN 1 THEN 2 END; INSERT INTO u VALUES(1); END;
COMMIT;
"#;

#[test]
fn dumps_of_sqlite_are_read() {
    let value = sql::read(SQLITE.as_bytes(), None).unwrap();
    assert_eq!(
        show(&value),
        r#"{ t: [{ id: 1, "a b": "back\\slash", x: bytes(00ff) }, { id: 2, "a b": "two\nlines", x: -1500 }, { id: 3, "a b": "tab\t", x: null }] }"#
    );
}

#[test]
fn what_looks_like_data_and_cannot_be_read_is_an_error() {
    for (text, message) in [
        (
            "SELECT 1;\nUPDATE t SET a = 1;",
            "`UPDATE` changes rows, and a catalog reads only what is inserted at line 2 column 1",
        ),
        ("DELETE FROM t;", "`DELETE` changes rows"),
        ("INSERT INTO t VALUES (1);", "the columns of `t` are not known"),
        (
            "INSERT INTO t (a) SELECT 1;",
            "only `VALUES` can be read here: a catalog computes nothing at line 1 column 19",
        ),
        ("INSERT INTO t (a, b) VALUES (1);", "the row has 1 values for 2 columns at line 1 column 29"),
        ("INSERT INTO t (a) VALUES (now());", "`now` is no value that stands in a dump"),
        ("INSERT INTO t (a) VALUES ('x);", "the text that opens here is never closed at line 1 column 27"),
        ("INSERT INTO t (a) VALUES ('a\\nb');", "a backslash escapes in MySQL and nowhere else"),
        (
            "INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = 2;",
            "only `ON CONFLICT DO NOTHING` can be read here",
        ),
        ("INSERT INTO t (a, a) VALUES (1, 2);", "the column `a` stands twice"),
        ("COPY t (a) FROM stdin;\n1\n", "the rows that begin here are never ended"),
        ("COPY t (a) FROM stdin;\n1\t2\n\\.\n", "the row has 2 values for 1 columns at line 2 column 1"),
        (
            "COPY t (a) FROM stdin WITH (FORMAT csv);\n1\n\\.\n",
            "only `COPY … FROM stdin;` in the text format",
        ),
        ("/* never", "the comment that opens here is never closed"),
        ("CREATE TABLE t (a int", "the table's definition is cut off"),
    ] {
        let error = sql::read(text.as_bytes(), None).expect_err(text).to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn skipped_statements_are_named() {
    let mut dump = sql::Dump::new(SQLITE, None);
    let mut skipped = Vec::new();
    while let Some(statement) = dump.statement().unwrap() {
        if let Statement::Skipped(word) = statement {
            skipped.push(word);
        }
    }
    assert_eq!(skipped, ["PRAGMA", "BEGIN", "DELETE", "INSERT", "CREATE", "COMMIT"]);
}

fn some_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::int(i128::from(n))),
        "[^\0]*".prop_map(Value::text),
        Just(Value::text("it's a \\ 'quote'\n\r\t\u{1a}é👩‍👩‍👧")),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Value::bytes),
    ]
}

proptest! {
    #[test]
    fn what_is_written_as_sql_is_read_back(rows in proptest::collection::vec((some_value(), some_value()), 1..5)) {
        for dialect in [Dialect::Standard, Dialect::Postgres, Dialect::Mysql, Dialect::Sqlite] {
            let one = |value: &Value| sql::literal(value, dialect).unwrap();
            let tuples: Vec<String> = rows.iter().map(|(a, b)| format!("({}, {})", one(a), one(b))).collect();
            let name = sql::identifier("a \"`b", dialect);
            let text = format!("CREATE TABLE t ({name} bytea, b bytea);\nINSERT INTO t VALUES {};", tuples.join(",\n"));
            let back = sql::read(text.as_bytes(), Some(dialect)).unwrap();
            let table = back.as_object().unwrap()["t"].as_list().unwrap().to_vec();
            for (row, (a, b)) in table.iter().zip(&rows) {
                let bool_as_number = |value: &Value| match value {
                    Value::Bool(bit) if dialect == Dialect::Sqlite => Value::int(u8::from(*bit)),
                    other => other.clone(),
                };
                let fields = row.as_object().unwrap();
                for (name, value) in [("a \"`b", a), ("b", b)] {
                    // PostgreSQL writes bytes as a text that begins so.
                    if !matches!(value, Value::Text(text) if text.text.starts_with("\\x")) {
                        prop_assert_eq!(fields[name].clone(), bool_as_number(value));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_written_as_csv_is_read_back(cells in proptest::collection::vec(proptest::option::of(".*|[\"\r\n;, ]*"), 2)) {
        for separator in [b',', b';', b'\t'] {
            let mut text = format!("a{0}b\n", char::from(separator));
            csv::write_cell(cells[0].as_deref(), separator, &mut text);
            text.push(char::from(separator));
            csv::write_cell(cells[1].as_deref(), separator, &mut text);
            text.push('\n');
            let csv = Csv { separator, columns: None };
            let mut rows = csv::Rows::new(text.as_bytes(), &csv).unwrap();
            let row = rows.row().unwrap().unwrap();
            let back: Vec<Option<String>> = row.into_iter().map(|cell| cell.text.map(|text| text.into_owned())).collect();
            prop_assert_eq!(back, cells.clone());
            prop_assert!(rows.row().unwrap().is_none());
            // The reader of another house agrees.
            let mut other = ::csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
            let record = other.records().next().unwrap().unwrap();
            let back: Vec<&str> = record.iter().collect();
            prop_assert_eq!(back, cells.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[a,;\"'\\\\\n\r\t():$#*/_.0-9x&!{}\\[\\]<-]{0,80}") {
        for input in [&bytes[..], text.as_bytes()] {
            let _ = csv::read(input, &Csv::default());
            let _ = from_yaml(input);
            let _ = json(input);
            let _ = json_lines(input);
            for dialect in [None, Some(Dialect::Mysql), Some(Dialect::Postgres)] {
                let _ = sql::read(input, dialect);
                for head in ["INSERT INTO t (a) VALUES ", "COPY t (a) FROM stdin;\n", "CREATE TABLE t ", "DELIMITER "] {
                    let _ = sql::read(&[head.as_bytes(), input].concat(), dialect);
                }
            }
        }
    }

    #[test]
    fn a_dump_with_a_hole_never_panics(from in 0usize..900, length in 0usize..40) {
        for dump in [POSTGRES, MYSQL, SQLITE] {
            let hole = |c: usize| c < from || c >= from + length;
            let text: String = dump.char_indices().filter(|(at, _)| hole(*at)).map(|(_, c)| c).collect();
            let _ = sql::read(text.as_bytes(), None);
        }
    }
}
