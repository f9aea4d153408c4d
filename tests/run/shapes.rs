//! Shapes drawn and matched by a run, each where it holds and where it must not.

use crate::harness::{Ran, scn};

const SHAPES: &str = r#"
let cities = ["Bonn", "Oslo", "Rome"]
shape Tree { label: text, children: [Tree; 0..3] }
shape Chain { value: int(1..9), next?: Chain }
shape Expression = int | { left: Expression, right: Expression }
shape Folder { name: text, inside: [Entry; 0..3] }
shape Entry = Folder | { file: text }
shape Ends { chain: Chain { next: absent } }
shape Person { id: unique(uuid), name: person_name, email: "${.name.slug}@example.test", tier: weighted(gold: 1, basic: 9) }
"#;

fn with(statements: &str) -> Ran {
    scn(&format!("{SHAPES}\nscenario \"it\" {{\n{statements}\n}}\n")).run(&[])
}

#[track_caller]
fn holds(statements: &str) {
    with(statements).ends(0, &[]);
}

#[track_caller]
fn fails(statements: &str, parts: &[&str]) {
    with(statements).ends(1, parts);
}

#[test]
fn what_contains_itself_is_drawn_and_matched() {
    holds(
        "let trees = 50 of Tree\nexpect trees matches [Tree; 50]\nexpect trees matches [{ label: text, children: list(0..3) }; 50]",
    );
    holds("let folders = 20 of Folder\nexpect folders matches [Folder; 20]\nexpect any Entry matches Entry");
    holds("let all = 50 of Expression\nexpect all matches [Expression; 50]");
    holds(
        "let chains = 20 of Chain\nexpect chains matches [Chain; 20]\nexpect chains not matches [Tree; 20]",
    );
    holds("let one = any Ends\nexpect one.chain.next == absent\nexpect one matches Ends");
    holds("let t = any Tree { label: \"root\" }\nexpect t matches Tree { label: \"root\" }");
    fails(
        r#"expect { label: "a", children: [{ label: "b", children: [{ label: 3, children: [] }] }] } matches Tree"#,
        &[".children[0].children[0].label", "text", "3 (number)"],
    );
    fails(
        r#"expect { value: 1, next: { value: 2, next: { value: 3, nxt: 4 } } } matches Chain"#,
        &[".next.next.nxt", "no such field"],
    );
    fails(r#"expect { chain: { value: 1, next: { value: 2 } } } matches Ends"#, &[".chain.next", "absent"]);
    fails(r#"let t = any Tree { labl: "root" }"#, &["has no field `labl`"]);
    fails("let n = any int { labl: 1 }\nshow n", &["`int` is no object shape, so it has no fields"]);
    let circle =
        scn("shape A { n: \"${.m}\", m: \"${.n}x\" }\nscenario \"it\" { expect any A matches A }\n").run(&[]);
    circle.ends(1, &["`.n`: `\"${.m}\"` cannot be computed", "do `.n` and `.m` need each other?"]);
    // An override of a shape that is still being made is looked at too.
    let late =
        scn("shape A { n: int, next?: A { m: 1 } }\nscenario \"it\" { expect any A matches A }\n").run(&[]);
    late.ends(1, &["has no field `m`"]);
}

#[test]
fn choices_have_weights_and_lists_have_elements() {
    holds(
        "let many = 400 of Person\nlet gold = for p in many { if p.tier == \"gold\" { return 1 } else { return 0 } }\nexpect gold.sum > 10\nexpect gold.sum < 90",
    );
    holds(
        "let drawn = 100 of weighted(0 of (1), 3 of (2), 1 of \"x\")\nexpect drawn matches [2 | \"x\"; 100]",
    );
    holds("expect \"gold\" matches weighted(gold: 1, basic: 9)");
    fails("expect \"silver\" matches weighted(gold: 1, basic: 9)", &["\"silver\"", "\"gold\""]);
    holds(
        "let drawn = 30 of one_of(cities)\nexpect drawn.unique.count == 3\nexpect drawn matches [one_of(cities); 30]",
    );
    fails("expect \"Bern\" matches one_of(cities)", &["\"Bonn\"", "\"Bern\""]);
    fails(
        "let none = []\nlet city = any one_of(none)\nshow city",
        &["`one_of` takes a list with at least one element"],
    );
    fails("let w = 0\nlet t = any weighted(a: w)\nshow t", &["needs a choice whose weight is more than 0"]);
    fails("let w = 1.5\nlet t = any weighted(a: w)\nshow t", &["a weight is a whole number"]);
}

#[test]
fn unique_values_differ_in_draws_and_in_answers() {
    holds("let all = 9 of unique(int(1..9))\nexpect all.sorted == [1, 2, 3, 4, 5, 6, 7, 8, 9]");
    holds("let people = 200 of Person\nexpect people unique by .id\nexpect people matches [Person; 200]");
    holds("let dice = any [unique(int(1..6)); 6]\nexpect dice.sorted == [1, 2, 3, 4, 5, 6]");
    fails(
        "let all = 10 of unique(int(1..9))\nshow all",
        &["`unique(int(1..9))` has only 9 values, and all of them are taken"],
    );
    fails("let dice = any [unique(int(1..6)); 7]\nshow dice", &["has only 6 values"]);
    fails(
        "expect [1, 2, 1] matches [unique(int); 3]",
        &["[2]", "a value that no other element has, and [0] has it"],
    );
    fails(
        "expect [{ id: 1, tag: \"a\" }, { id: 2, tag: \"a\" }] matches [{ id: unique(int), tag: unique(text) }; 2]",
        &["[1].tag", "[0].tag has it"],
    );
    holds("expect [{ id: 1 }, { id: 2 }] matches [{ id: unique(int) }; 2]");
    // Equal numbers are equal however they are written, and each list is a list of its own.
    fails("expect [1.0, 1.00] matches [unique(decimal); 2]", &["no other element has"]);
    holds("expect [[1, 2], [1, 2]] matches [[unique(int); 2]; 2]");
}

#[test]
fn boundary_values_are_drawn_as_often_as_asked() {
    holds(
        "let all = 60 of edges(text(0..40), share: 100%)\nexpect all contains \"\"\nexpect all matches [text(0..40); 60]",
    );
    holds(
        "let all = 60 of edges(int, share: 100%)\nexpect all matches [int; 60]\nexpect all.max > 4294967295",
    );
    holds("let all = 60 of edges(text(1..40), share: 0%)\nexpect all matches [re\"[a-z]{1,40}\"; 60]");
    fails(
        "let all = 60 of edges(text(0..40), share: 100%)\nexpect all matches [re\"[a-z]*\"; 60]",
        &["re\"[a-z]*\""],
    );
    fails("let t = any edges(text, share: 101%)\nshow t", &["a share is from 0% to 100%"]);
    fails("expect 3 matches edges(text)", &["3 (number)"]);
}

#[test]
fn not_in_a_pattern() {
    holds("expect { name: \"a\", n: null } matches { name: not \"root\", n: not 3 }");
    fails("expect { name: \"root\" } matches { name: not \"root\" }", &[".name", "not \"root\""]);
    fails("expect { n: 7 } matches { n: not int(1..9) }", &[".n", "not int(1..9)"]);
    // What is not there is not something else.
    fails("expect {} matches { name: not \"root\" }", &[".name", "absent"]);
    holds("expect [1, 2, 3] matches [not 4; 3]");
    fails("expect [1, 4, 3] matches [not 4; 3]", &["[1]"]);
    holds("expect { id: 1, state: \"NEW\" } matches not { state: \"PAID\", .. }");
    fails("expect { id: 1, state: \"PAID\" } matches not { state: \"PAID\", .. }", &["not {"]);
}

#[test]
fn all_kinds_of_patterns_are_drawn() {
    for (shape, pattern) in [
        ("re\"[A-Z]{2}-[0-9]{4}\"", "re\"[A-Z]{2}-[0-9]{4}\""),
        ("(> 0)", "(> 0)"),
        ("(< 0.5)", "decimal"),
        ("(>= date(\"2024-02-29\"))", "date"),
        ("(!= \"x\")", "text"),
        ("(1s..2s)", "duration"),
        ("[int, text]", "[int, text]"),
        ("{ a: int(1..2) | null, b?: bool, .. }", "{ a: int | null, b?: bool }"),
        ("[Person; 1..3]", "[Person; 1..3]"),
        ("Person { tier: \"gold\" }", "{ tier: \"gold\", .. }"),
        ("unordered([1, 2])", "unordered([2, 1])"),
    ] {
        holds(&format!("let drawn = 5 of ({shape})\nexpect drawn matches [{pattern}; 5]"));
    }
    fails("let x = any (> true)\nshow x", &["nothing can be drawn of `> true`"]);
    fails("let x = any anything\nshow x", &["nothing can be drawn of `anything`"]);
}
