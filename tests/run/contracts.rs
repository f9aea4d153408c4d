//! `compatible_with`: a released contract holds, or the run says what broke.

use crate::harness::{Project, project};

const OLD: &str = "syntax = \"proto3\";\npackage a.v1;\nmessage Entry {\n  string id = 1;\n  int64 amount = 2;\n}\nservice Books { rpc Get(Entry) returns (Entry); }\n";

fn with(new: &str, line: &str) -> Project {
    let text = format!(
        "service books {{ speaks grpc contract \"./new.proto\" ; at \"http://127.0.0.1:1\" }}\nscenario \"the contract holds\" {{\n  {line}\n}}\n"
    );
    project(&[("t.scn", &text), ("old.proto", OLD), ("new.proto", new)])
}

const LINE: &str = "expect books.contract compatible_with \"./old.proto\"";

#[test]
fn a_contract_that_only_grew_is_compatible() {
    let new = OLD.replace("int64 amount = 2;", "int64 amount = 2;\n  string note = 3;");
    with(&new, LINE).run(&[]).ends(0, &["1 passed"]);
    let line = "expect books.contract compatible_with(level: source) \"./old.proto\"";
    with(&new, line).run(&[]).ends(0, &["1 passed"]);
}

#[test]
fn a_contract_that_broke_fails_with_what_broke_where() {
    let new = OLD.replace("int64 amount", "string amount");
    with(&new, LINE).run(&[]).ends(
        1,
        &[
            "`books.contract` is not compatible with the older contract",
            "1 break of `old.proto` in `new.proto` at level json",
            "field-type-json",
            "the field `amount` of `a.v1.Entry` was `int64` and is `string` now",
            "new.proto:5:3",
            "old.proto:5:3",
            "add a new field with the new type",
        ],
    );
    // It is what the level asks for.
    let line = LINE.replace("compatible_with", "not compatible_with");
    with(&new, &line).run(&[]).ends(0, &["1 passed"]);
    with(OLD.replace("= 2;", "= 2 [json_name = \"sum\"];").as_str(), LINE)
        .run(&[])
        .ends(1, &["field-json-name-changed"]);
    let wire = LINE.replace("compatible_with", "compatible_with(level: wire)");
    with(OLD.replace("= 2;", "= 2 [json_name = \"sum\"];").as_str(), &wire).run(&[]).ends(0, &["1 passed"]);
    with(&new, &wire).run(&[]).ends(1, &["field-type-wire"]);
}

#[test]
fn nothing_compared_is_neither_compatible_nor_incompatible() {
    for (line, why) in [
        ("expect books.contract compatible_with \"./odl.proto\"", "`odl.proto` does not exist"),
        ("expect books.contract not compatible_with \"./gone/x.proto\"", "`gone/x.proto` does not exist"),
        ("expect books.contract compatible_with \"./new.proto\"", "compared with itself"),
        ("expect books.contract compatible_with \"/etc/hostname\"", "lies outside of the project"),
        ("expect books.contract compatible_with \"./t.scn\"", "is no contract that is known"),
        ("expect books.contract not compatible_with \"./empty.proto\"", "declares nothing"),
        ("expect \"./new.proto\" compatible_with \"./old.proto\"", "write `SERVICE.contract compatible_with"),
        ("expect books.url compatible_with \"./old.proto\"", "write `SERVICE.contract compatible_with"),
    ] {
        let project = with(OLD, line);
        project.write("empty.proto", "syntax = \"proto3\";\n");
        project.run(&[]).ends(1, &[why]);
    }
}

#[test]
fn wrong_levels_are_found_before_the_run() {
    let line = LINE.replace("compatible_with", "compatible_with(level: wrie)");
    with(OLD, &line).run(&[]).ends(2, &["did you mean `wire`?"]);
}

#[test]
fn the_contract_of_a_service_is_found() {
    let text = "service books { speaks grpc contract \"./contracts/new.proto\" ; at \"http://127.0.0.1:1\" }\n\
                scenario \"the contract holds\" {\n  expect books.contract compatible_with \"./contracts/old.proto\"\n}\n";
    let project = project(&[
        ("sub/t.scn", text),
        ("sub/contracts/old.proto", OLD),
        ("sub/contracts/new.proto", &OLD.replace("rpc Get", "rpc Fetch")),
    ]);
    project.scn(&["run", "sub/t.scn"]).ends(
        1,
        &["method-deleted", "the method `Get` of `a.v1.Books` is gone", "sub/contracts/old.proto:7"],
    );
    project.write(
        "sub/contracts/new.proto",
        &OLD.replace("int64 amount = 2;", "int64 amount = 2; bool paid = 3;"),
    );
    project.scn(&["run", "sub/t.scn"]).ends(0, &["1 passed"]);
}
