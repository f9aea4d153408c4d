//! The traps of the lexis, each with the form that must work and the form that must not.

use super::{good, outline, wrong};
use crate::source::SourceId;
use crate::syntax::ast::{ItemKind, StatementKind};
use crate::syntax::{parse, parse_expression};

/// The statements of a body, one outline each.
fn body(text: &str) -> Vec<String> {
    let parsed = good(&format!("scenario \"s\" {{\n{text}\n}}\n"));
    let ItemKind::Scenario(scenario) = &parsed.module.items[0].kind else { panic!("no scenario") };
    scenario.body.statements.iter().map(outline::statement).collect()
}

fn one(text: &str) -> String {
    let mut all = body(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn expr(text: &str) -> String {
    match parse_expression(SourceId(0), text) {
        Ok(expr) => outline::expr(&expr),
        Err(errors) => panic!("{text}: {}", super::messages(text, &errors)),
    }
}

fn wrong_body(text: &str) -> String {
    wrong(&format!("scenario \"s\" {{\n{text}\n}}\n"))
}

fn bad_expr(text: &str) -> String {
    super::messages(text, &parse_expression(SourceId(0), text).unwrap_err())
}

#[test]
fn precedence_from_loose_to_tight() {
    for (text, tree) in [
        ("a or b and c", "(or a (and b c))"),
        ("not a and b", "(and (not a) b)"),
        ("not a == b", "(not (== a b))"),
        ("a == b | c", "(== a (| b c))"),
        ("a | b..c", "(| a (.. b c))"),
        ("1..n + 1", "(.. 1 (+ n 1))"),
        ("a + b * c - d", "(- (+ a (* b c)) d)"),
        ("a - b - c", "(- (- a b) c)"),
        ("a / b % c", "(% (/ a b) c)"),
        ("-a * b", "(* (neg a) b)"),
        ("a - -b", "(- a (neg b))"),
        ("-1..-0.5", "(.. (neg 1) (neg 0.5))"),
        ("(a or b) and c", "(and (or a b) c)"),
        ("a in b and c not in d", "(and (in a b) (not in c d))"),
        ("a not contains b or a not   matches c", "(or (not contains a b) (not matches a c))"),
        ("x matches > 0 | null", "(matches x (| (> 0) null))"),
        ("{ total: >= 1.5, name: absent }", "{total: (>= 1.5), name: absent}"),
        ("any Customer { tier: \"gold\" }", "(any (refine Customer {tier: \"gold\"}))"),
        ("any Customer but { email: \"nope\" }", "(but (any Customer) {email: \"nope\"})"),
        ("any not Order", "(any (not Order))"),
        ("any Key == k", "(== (any Key) k)"),
        ("50 of Customer { tier: t }", "(50 of (refine Customer {tier: t}))"),
        ("case.n of Customer", "(case.n of Customer)"),
        ("f(any, x: any)", "f(any, x: any)"),
        ("(orders -> ledger.Post).calls[*].at[0]", "(-> orders ledger.Post).calls[*].at[0]"),
        ("(orders -> *)", "(-> orders *)"),
        ("[Line; 1..5]", "[Line; (.. 1 5)]"),
        ("[a, b, ..]", "[a b ..]"),
        ("[..]", "[ ..]"),
        ("{ ..Base, a?: 1, \"odd ${k}\": 2, b, .. }", "{..Base, a?: 1, odd ${k}: 2, b, ..}"),
        ("re\"a\\\"b\" | \"x\"", "(| (re \"a\\\\\\\"b\") \"x\")"),
    ] {
        assert_eq!(expr(text), tree, "{text}");
    }
}

#[test]
fn numbers_carry_their_units() {
    for (text, tree) in [
        ("10_000", "10000"),
        ("1e5", "100000"),
        ("1.5e-3", "0.0015"),
        ("250ms", "250000000ns"),
        ("1m30s", "90000000000ns"),
        ("1.5s", "1500000000ns"),
        ("2d", "172800000000000ns"),
        ("7us", "7000ns"),
        ("64KiB", "65536B"),
        ("1.5GB", "1500000000B"),
        ("5B", "5B"),
        ("99.9%", "(percent 0.999)"),
        ("200/s", "(rate 200 1000000000ns)"),
        ("5/100ms", "(rate 5 100000000ns)"),
        ("1..9", "(.. 1 9)"),
        ("0.00..500.00", "(.. 0.00 500.00)"),
        ("1s..2m", "(.. 1000000000ns 120000000000ns)"),
    ] {
        assert_eq!(expr(text), tree, "{text}");
    }
}

#[test]
fn dates_are_quoted() {
    for text in ["2026-11-22", "x == 2026-11-22T10:00:00.5+01:00", "24-12-2026"] {
        let said = bad_expr(text);
        assert!(said.contains("bare-date") && said.contains("write `date(\""), "{said}");
    }
    assert_eq!(bad_expr("a == 2026-1-2").lines().count(), 1);
}

#[test]
fn paths_are_no_divisions() {
    assert_eq!(
        body("GET orders /v1/a-b//c?x=1&y=%20;show 1 // c"),
        ["(request GET orders path \"/v1/a-b//c?x=1&y=%20\")", "show 1"]
    );
    assert_eq!(
        one("let r = GET orders /v1/${f({ a: \"}\" })}/x-${b}"),
        "let r = (request GET orders path \"/v1/${f({a: \"}\"})}/x-${b}\")"
    );
    assert_eq!(one("if ok { GET orders /a}"), "(if ok { (request GET orders path \"/a\") })");
    assert_eq!(one("GET https://a.b:1/c?d=//e // f"), "(request GET url \"https://a.b:1/c?d=//e\")");
    assert_eq!(one("POST orders \"/a b\" { x }"), "(request POST orders text \"/a b\" operand {x})");
    assert_eq!(one("show a / b"), "show (/ a b)");
    for text in
        ["show a /b", "show a/b", "show a/ b", "show f(a)/ b", "show a -b", "show f(a)-b", "show f(a)- b"]
    {
        let said = wrong_body(text);
        assert!(
            said.contains("needs a space on both sides") || said.contains("need a space on both sides"),
            "{text}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{text}: {said}");
    }
    assert!(wrong_body("GET orders /v1/{id}/x").contains("write `${id}`"));
}

#[test]
fn a_lone_slash_is_the_root_after_a_target() {
    assert_eq!(body("GET orders /\nshow 1"), ["(request GET orders path \"/\")", "show 1"]);
    assert_eq!(body("let r = GET etcd[1] /\nshow r"), ["let r = (request GET etcd[1] path \"/\")", "show r"]);
    assert_eq!(body("let a = b /\n  c"), ["let a = (/ b c)"]);
    assert_eq!(body("show total /\n 2"), ["show (/ total 2)"]);
    assert_eq!(one("let x = f(a) / 2"), "let x = (/ f(a) 2)");
    assert_eq!(one("GET orders / with { n: 2 }"), "(request GET orders path \"/\" with {n: 2})");
}

#[test]
fn hyphens_belong_to_names() {
    assert_eq!(expr("headers.content-type"), "headers.content-type");
    assert_eq!(expr("a-b"), "a-b");
    assert_eq!(expr("a - b"), "(- a b)");
    assert_eq!(expr("{ Idempotency-Key: k-1 }"), "{Idempotency-Key: k-1}");
    assert_eq!(expr("orders->ledger"), "(-> orders ledger)");
    assert_eq!(expr("x.and.in.not-null"), "x.and.in.not-null");
}

#[test]
fn header_braces_open_the_block() {
    assert_eq!(one("if x matches Order { show 1 }"), "(if (matches x Order) { show 1 })");
    assert_eq!(
        one("if x matches (Order { total: 1 }) { show 1 }"),
        "(if (matches x (refine Order {total: 1})) { show 1 })"
    );
    assert_eq!(one("for x in f({ a: 1 }) { show x }"), "(for x in f({a: 1}) { show x })");
    assert_eq!(one("forall o in Order for n cases { show o }"), "forall o in Order cases n { show o }");
    assert_eq!(one("observe x from feed every 5ms"), "observe x feed every 5000000ns");
    assert_eq!(
        one("observe x from GET feed / every 5ms"),
        "observe x (request GET feed path \"/\") every 5000000ns"
    );
    assert_eq!(
        one("observe x from POST feed / every"),
        "observe x (request POST feed path \"/\" operand every)"
    );
    assert_eq!(one("eventually within limit { show 1 }"), "(eventually within limit { show 1 })");
    assert_eq!(one("parallel for [a, b] in xs { show a }"), "(parallel-for [a b] in xs { show a })");
    assert_eq!(one("under kill on orders { show 1 }"), "under kill on orders { show 1 }");
    let said = wrong_body("if x matches Order { total: 1 } {\n show 1\n}");
    assert!(said.contains("put an object into parentheses"), "{said}");
    let said = wrong_body("if x == { total: 1 } { show 1 }");
    assert!(said.contains("put an object into parentheses"), "{said}");
}

#[test]
fn phrase_words_end_what_is_before_them() {
    assert_eq!(one("expect a.b is_like c by .x per .y"), "expect a.b | is_like c by .x per .y");
    assert_eq!(one("expect xs unique or_empty within 1s"), "expect xs | unique or_empty within 1000000000ns");
    assert_eq!(one("expect xs has { a } before { b } per .k"), "expect xs | has {a} before {b} per .k");
    assert_eq!(
        one("expect xs has Big { a } before b because \"c\""),
        "expect xs | has (refine Big {a}) before b because \"c\""
    );
    assert_eq!(
        one("expect a converges_with b except .x, .y within 2s throughout 1s"),
        "expect a | converges_with b except [.x .y] within 2000000000ns throughout 1000000000ns"
    );
    assert_eq!(one("expect n rises by k during { show 1 }"), "expect n | rises by k during { show 1 }");
    assert_eq!(one("expect a not increasing by .seq"), "expect a | not increasing by .seq");
    assert_eq!(one("expect not a"), "expect (not a)");
    // Contextual words are names elsewhere.
    assert_eq!(one("let before = as + during + step.x"), "let before = (+ (+ as during) step.x)");
    assert_eq!(body("wait(2)\nshow.x\nstep[0]\nprobe(x)"), ["wait(2)", "show.x", "step[0]", "probe(x)"]);
}

#[test]
fn relations_do_not_swallow_the_next_line() {
    assert_eq!(body("expect xs unique\nexpect ys unique"), ["expect xs | unique", "expect ys | unique"]);
    assert_eq!(body("expect xs gapless; show 1"), ["expect xs | gapless", "show 1"]);
    assert_eq!(body("expect xs connected // why\n\n// c\nshow 1"), ["expect xs | connected", "show 1"]);
    let said = wrong_body("expect status == 200 foo\nexpect status == 201");
    assert!(said.contains("`foo` follows a comparison"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn lines_go_on_where_they_must() {
    for text in [
        "expect a ==\n  b",
        "expect a\n  and b // c\n\n  // d\n  or c",
        "expect a in\n [1,\n\n 2]",
        "let a =\n  b",
        "let a = f(\n b\n, c // d\n)",
        "expect a\n  within 5s\n  throughout 1s\n  because \"x\"",
        "POST orders /x { a: 1,\n b: 2 }\n  // c\n  with { t: 1s }",
        "let k = \"a\"\n  | \"b\"",
        "let a = b.and.in\n  and c",
        "let a = x ..\n y",
    ] {
        assert_eq!(body(text).len(), 1, "{text}");
    }
    assert_eq!(body("let a = { x: 1\n ..\n}\nshow a").len(), 2);
    assert_eq!(one("f({\n with: 1\n or: 2\n})"), "f({with: 1, or: 2})");
    let said = wrong_body("let a = b\n  .c");
    assert!(said.contains("does not continue the one before"), "{said}");
}

#[test]
fn a_setting_may_begin_with_with() {
    let parsed = good("service a {\n  metrics GET /m\n  with { t: 1s }\n}\n");
    let ItemKind::Service(service) = &parsed.module.items[0].kind else { panic!("no service") };
    let names: Vec<&str> = service.settings.iter().map(|s| &*s.name.name).collect();
    assert_eq!(names, ["metrics", "with"]);
}

#[test]
fn comments_may_stand_anywhere() {
    let text = "//! m\n// a\n@x // b\n/// doc\n@y(1, // c\n 2)\nscenario \"s//\" in e2e { // d\n // e\n let a = [ // f\n 1, // g\n 2 // h\n ] // i\n // j\n show a // k\n} // l\n// m";
    let parsed = good(text);
    assert_eq!(parsed.comments.len(), 15);
    let item = &parsed.module.items[0];
    assert_eq!(item.doc.as_ref().unwrap().text, "doc");
    assert_eq!(item.attributes.len(), 2);
    assert_eq!(parsed.module.doc.unwrap().text, "m");
}

#[test]
fn spans_run_from_the_first_to_the_last_character() {
    let text =
        "scenario \"s\" {\n  let a = b   // c\n\n  expect  xs unique  by .k  // d\n  show (a + b)  \n}\n";
    let parsed = good(text);
    let ItemKind::Scenario(scenario) = &parsed.module.items[0].kind else { panic!("no scenario") };
    let slices: Vec<&str> =
        scenario.body.statements.iter().map(|s| &text[s.span.start as usize..s.span.end as usize]).collect();
    assert_eq!(slices, ["let a = b", "expect  xs unique  by .k", "show (a + b)"]);
    let StatementKind::Expect(expect) = &scenario.body.statements[1].kind else { panic!("no expect") };
    let relation = expect.relation.as_ref().unwrap();
    assert_eq!(&text[relation.span.start as usize..relation.span.end as usize], "unique  by .k");
    let block = scenario.body.span;
    assert_eq!(&text[block.end as usize - 1..block.end as usize], "}");
}

#[test]
fn strings_resolve_escapes_and_interpolations() {
    assert_eq!(expr(r#""a\n\t\"\\\$\u{e9} $x ${f("${y}")}""#), "\"a\\n\\t\\\"\\\\$é $x ${f(\"${y}\")}\"");
    assert_eq!(expr("\"\"\"\n    a\n      b ${c}\n\n    d\\n\n    \"\"\""), "\"a\\n  b ${c}\\n\\nd\\n\"");
    assert_eq!(expr("\"\"\"\n    a\n  ${c}b\n   d\"\"\""), "\"  a\\n${c}b\\n d\"");
    assert_eq!(expr("\"\"\"x \"y\" ${\n z\n }\"\"\""), "\"x \\\"y\\\" ${z}\"");
    assert_eq!(expr("\"\"\"\n\"\"\""), "\"\"");
    assert_eq!(expr("\"\"\"\r\n  a\r\n  b\r\n  \"\"\""), "\"a\\nb\"");
}

#[test]
fn scripts_stay_raw() {
    let text = "check c(xs, by) rhai \"\"\"\n  `${by}` + \"}\" // {\n\"\"\"\nfn f(x) rhai \"x + 1\"\n";
    let parsed = good(text);
    let ItemKind::Check(script) = &parsed.module.items[0].kind else { panic!("no check") };
    assert_eq!(&*script.code, "\n  `${by}` + \"}\" // {\n");
    assert_eq!(&text[script.code_span.start as usize..script.code_span.end as usize], &*script.code);
    let ItemKind::Fn(script) = &parsed.module.items[1].kind else { panic!("no fn") };
    assert_eq!(&*script.code, "x + 1");
}

#[test]
fn line_ends_of_every_kind() {
    let crlf = "\u{feff}/// d\r\nscenario \"s\" {\r\n\tGET orders /a\r\n\t// c\r\n\tshow \"b\" // e\r\n}\r\n";
    let parsed = good(crlf);
    assert_eq!(parsed.module.items[0].doc.as_ref().unwrap().text, "d");
    assert_eq!(&crlf[parsed.comments[1].start as usize..parsed.comments[1].end as usize], "// c");
    assert!(wrong("seed 1\rseed 2\n").contains("a carriage return stands alone"));
    for empty in ["", "\n", "\u{feff}", "// only\n", "\r\n\r\n", "   ", ";;\n;"] {
        assert!(good(empty).module.items.is_empty());
    }
}

#[test]
fn strange_characters_are_named() {
    assert!(wrong("seed \0\n").contains("a control character, U+0000"));
    assert!(wrong("seed \u{1}\n").contains("a control character, U+0001"));
    assert!(wrong("let gr\u{f6}\u{df}e = 1\n").contains("is no name"));
    assert!(wrong("let a = \u{201c}x\u{201d}\n").contains("typographic quote"));
    assert!(wrong("let a =\u{a0}1\n").contains("U+00A0"));
}

#[test]
fn reserved_words_name_nothing() {
    for text in ["let in = 1", "for not in xs { }", "let [a, of] = x"] {
        assert!(wrong_body(text).contains("is a reserved word"), "{text}: {}", wrong_body(text));
    }
    assert_eq!(one("let x = a.in"), "let x = a.in");
    let parsed = parse(SourceId(0), "action by(of) { }\n");
    assert_eq!(parsed.errors.len(), 2);
}

#[test]
fn everything_may_stand_right_of_let() {
    assert_eq!(
        one("let r = next feed matches { a } within 2s"),
        "let r = (next feed matches {a} within 2000000000ns)"
    );
    assert_eq!(
        one("return if a { 1 } else if b { 2 }\n else { 3 }"),
        "return (if a { 1 } else { (if b { 2 } else { 3 }) })"
    );
    assert_eq!(one("let [a, b] = parallel { f(); g() }"), "let [a b] = (parallel { f() ; g() })");
    assert_eq!(one("let x = Base but { a: 1 }"), "let x = (but Base {a: 1})");
    assert_eq!(one("defer { a(); b() }"), "defer { a() ; b() }");
    assert_eq!(one("restart etcd[1] with { variant: v2 }"), "(request restart etcd[1] with {variant: v2})");
    assert_eq!(
        one("insert db.customers 50 of Customer"),
        "(request insert db.customers operand (50 of Customer))"
    );
    assert_eq!(one("send feed { a }"), "(request send feed operand {a})");
    assert_eq!(one("stop ledger"), "(request stop ledger)");
    assert_eq!(
        one("POST orders /upload multipart({ photo: file(\"./a.png\") })"),
        "(request POST orders path \"/upload\" operand multipart({photo: file(\"./a.png\")}))"
    );
}
