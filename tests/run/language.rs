//! The constructs of the language, each where it holds and where it must not.

use crate::harness::{json, project, scn, server};

const LIBRARY: &str = r#"
let names = ["tea", "mug"]
action total(lines, rate = 2, plus = rate * 10) {
  let sum = for line in lines { return line.qty * rate }
  return { sum, plus }
}
action first_big(xs) {
  for x in xs {
    if x > 10 {
      step "found" { return x }
    }
  }
  return null
}
check balanced(entries, by) rhai """
  let sums = #{};
  for e in entries { sums[e[by]] = (sums[e[by]] ?? 0) + e.amount; }
  for key in sums.keys() {
    if sums[key] != 0 { return fail(`${key} is off by ${sums[key]}`); }
  }
"""
fn double(x) rhai """
  x * 2
"""
"#;

fn with(statements: &str) -> crate::harness::Ran {
    let text = format!(
        "use \"./_lib.scn\" {{ names, total, first_big, balanced, double }}\nuse \"./_lib.scn\" as lib\nuse \"./money.rhai\" as money\n\
         scenario \"it\" {{\n{statements}\n}}\n"
    );
    let money = "fn total(lines) {\n  let sum = 0;\n  for line in lines { sum += line.qty * line.price; }\n  sum\n}\n";
    project(&[("t.scn", &text), ("_lib.scn", LIBRARY), ("money.rhai", money)]).run(&[])
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
fn branches_and_loops_have_values() {
    holds(
        "let n = 3\nlet word = if n > 2 { return \"many\" } else { return \"few\" }\nexpect word == \"many\"",
    );
    holds(
        "let n = 1\nlet word = if n > 2 { \"many\" } else if n == 1 { \"one\" } else { \"none\" }\nexpect word == \"one\"",
    );
    holds("let squares = for n in 1..4 { n * n }\nexpect squares == [1, 4, 9, 16]");
    holds(
        "let squares = for n in 1..4 { if n % 2 == 0 { return n * n } else { return 0 } }\nexpect squares == [0, 4, 0, 16]",
    );
    holds("let squares = parallel for n in 1..20 { return n * n }\nexpect squares[19] == 400");
    holds(
        "let [a, b] = parallel {\nexec \"echo left\"\nexec \"echo right\"\n}\nexpect a.stdout == \"left\\n\" and b.stdout == \"right\\n\"",
    );
    holds("let pairs = for [a, b] in [[1, 2], [3, 4]] { a * b }\nexpect pairs == [2, 12]");
    fails(
        "let [a, b] = for n in 1..3 { n }\nexpect a == b",
        &["2 names want a list of 2, and this is a list of 3"],
    );
    fails(
        "let rs = for n in 1..3 { exec \"sh -c 'exit ${n}'\" }\nexpect rs[0].stdout == \"\"",
        &["exit status 1"],
    );
    fails("if 1 == 1 { expect 2 == 3 } else { expect 1 == 1 }", &["`2 == 3` does not hold", "t.scn:5:20"]);
    fails("for n in 1..3 {\nexpect n < 3\n}", &["`n < 3` does not hold", "3 is not < 3"]);
    fails("for n in 5 { expect n == 5 }", &["`for` goes over a list or a range"]);
    fails("let n = 5\nif n { expect 1 == 1 }", &["`n` is number, not a truth value"]);
}

#[test]
fn return_in_a_nested_construct_ends_the_action() {
    holds("expect first_big([1, 20, 30]) == 20");
    holds("expect first_big([1, 2]) == null");
    fails("expect first_big([1, 20]) == 1", &["`first_big([1, 20]) == 1` does not hold", "it is 20"]);
}

#[test]
fn actions_take_defaults_and_names() {
    let lines = "let lines = [{ qty: 1 }, { qty: 4 }]\n";
    holds(&format!("{lines}expect total(lines) == {{ sum: [2, 8], plus: 20 }}"));
    holds(&format!("{lines}expect total(lines, 3) == {{ sum: [3, 12], plus: 30 }}"));
    holds(&format!("{lines}expect lib.total(lines, plus: 1, rate: 5) == {{ sum: [5, 20], plus: 1 }}"));
    fails(
        &format!("{lines}let r = total([{{ qtty: 1 }}])\nexpect r.plus == 20"),
        &["`line.qty` is absent", "in `total`, called from t.scn:6:9"],
    );
}

#[test]
fn modules_scripts_and_checks_are_used_like_built_ins() {
    holds("expect lib.names == names and lib.double(21) == 42 and double(1) == 2");
    holds("expect money.total([{ qty: 2, price: 0.1 }, { qty: 1, price: 0.1 }]) == 0.3");
    let entries = "let entries = [{ account: \"a\", amount: 5.10 }, { account: \"a\", amount: -5.10 }, { account: \"b\", amount: 1 }]\n";
    fails(
        &format!("{entries}expect entries balanced by .account"),
        &["`entries` is not balanced", "b is off by 1"],
    );
    holds(&format!("{entries}expect entries not balanced by .account"));
    fails(&format!("{entries}expect money.total(entries) == 1"), &["money.rhai"]);
}

#[test]
fn every_difference_of_a_structure_is_shown() {
    let url = server(|_| {
        json(
            "200 OK",
            "{\"id\": 7, \"state\": \"PAID\", \"total\": 100.0, \"lines\": [{\"sku\": \"tea\", \"qty\": 2}], \"extra\": true}",
        )
    });
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\nGET s /\n\
         expect body matches {{ id: text, state: \"PENDING\" | \"SHIPPED\", total: 100.00, lines: [{{ sku: \"mug\", qty: > 2 }}] }}\n}}\n\
         scenario \"open\" {{\nGET s /\nexpect body matches {{ id: int, .. }} and body.total == 100\n}}\n"
    );
    scn(&text).run(&[]).ends(
        1,
        &[".id", ".state", ".lines[0].sku", ".lines[0].qty", ".extra", "1 passed, 1 failed", "curl"],
    );
}

#[test]
fn variants_last_as_long_as_their_scenario_and_members_are_apart() {
    let services = r#"
service s {
  speaks http
  start "sh -c 'echo mode $MODE; exec sleep 1000'"
  env { MODE: "plain" }
  ready "true"
  variant v1 { env { MODE: "other" } }
}
service many {
  speaks http
  start "sh -c 'exec sleep 1000'"
  ready "true"
  members 2
}
"#;
    let run = |body: &str| scn(&format!("{services}{body}")).run(&["--jobs", "1"]);
    let other = "restart s with { variant: v1 }\nexpect s.log contains { text: \"mode other\" } within 5s";
    let plain = "expect s.log contains { text: \"mode plain\" } within 5s";
    run(&format!("scenario \"a\" {{\n{other}\n}}\nscenario \"b\" {{\n{plain}\n}}\n")).ends(0, &[]);
    run(&format!(
        "scenario \"a\" {{\nrestart s with {{ variant: v1 }}\n{}\n}}\n",
        plain.replace("5s", "300ms")
    ))
    .ends(1, &["does not contain"]);
    run("scenario \"a\" { restart s with { variant: v2 } }\n").ends(2, &["`s` has no variant `v2`", "`v1`"]);
    let members = "kill many[1]\nexpect many.members[1].running == false and many.members[0].running";
    run(&format!("scenario \"a\" {{\n{members}\n}}\n")).ends(0, &[]);
    run("scenario \"a\" {\nkill many[1]\nexpect many.members[1].running\n}\n").ends(1, &["is false"]);
}

#[test]
fn several_parts_may_be_left_out_of_a_comparison() {
    let body = "let sent = { a: 1, b: 2, c: 3 }\nlet back = { a: 9, b: 8, c: 3 }\n";
    let run = |expect: &str| scn(&format!("scenario \"it\" {{\n{body}{expect}\n}}\n")).run(&[]);
    run("expect back lossless of sent except .a, .b").ends(0, &[]);
    run("expect back lossless of sent except .a").ends(1, &["`.b` changed"]);
    run("expect back lossless of sent").ends(1, &["`.a` changed", "`.b` changed"]);
    run("expect back lossless of absent").ends(1, &["nothing was sent"]);
}
