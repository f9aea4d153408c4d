//! Doubles: services that scenarios play, called over real connections by the runner itself and by
//! a server that calls back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::harness::{Project, Ran, json, project, scn, server};
use crate::services::shop;

const HOOKS: &str = r#"
openapi: 3.1.0
info: { title: hooks, version: "1" }
paths:
  /hooks/{kind}:
    post:
      parameters:
        - { name: kind, in: path, required: true, schema: { type: string } }
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              required: [id]
              properties: { id: { type: string }, n: { type: integer } }
      responses:
        "202":
          description: taken
          content:
            application/json:
              schema:
                type: object
                additionalProperties: false
                required: [seen, token]
                properties: { seen: { type: integer, minimum: 0 }, token: { type: string, format: uuid } }
        "503": { description: not now }
"#;

const LEDGER: &str = r#"
syntax = "proto3";
package ledger.v1;
service Ledger {
  rpc Get(Ask) returns (Entry);
  rpc Watch(Ask) returns (stream Entry);
  rpc Import(stream Entry) returns (Total);
  rpc Sync(stream Entry) returns (stream Entry);
}
message Ask { string id = 1; }
message Entry { string id = 1; int64 seq = 2; }
message Total { int64 count = 1; }
"#;

/// A run of scenarios with a service `merchant` that its contract describes.
fn hooked(text: &str) -> Project {
    let text = format!("service merchant {{ speaks http contract \"./hooks.yaml\" }}\n{text}");
    project(&[("t.scn", &text), ("hooks.yaml", HOOKS)])
}

/// A run of scenarios with a service `merchant` of which nothing is known.
fn plain(text: &str) -> Ran {
    scn(&format!("service merchant {{ speaks http }}\n{text}")).run(&[])
}

fn ledger(text: &str) -> Ran {
    let text = format!("service ledger {{ speaks grpc contract \"./ledger.proto\" }}\n{text}");
    project(&[("t.scn", &text), ("ledger.proto", LEDGER)]).run(&[])
}

/// A server that posts a webhook to where it is told, as often as it is refused.
fn caller() -> String {
    server(|asked| {
        let field = |name: &str| {
            let rest = asked.body.split(&format!("\"{name}\":\"")).nth(1).unwrap_or_default();
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        let mut codes = Vec::new();
        for _ in 0..5 {
            let code = post(&field("to"), "/hooks/paid", &field("say"));
            codes.push(code.clone());
            if code != "503" {
                break;
            }
        }
        json("200 OK", &format!("{{\"codes\":[{}]}}", codes.join(",")))
    })
}

/// The status of a POST; 0 without an answer.
fn post(to: &str, path: &str, id: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(to) else { return "0".to_owned() };
    let body = format!("{{\"id\":\"{id}\"}}");
    let _ = write!(
        stream,
        "POST {path} HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.split_whitespace().nth(1).unwrap_or("0").to_owned()
}

const GRUDGING: &str = r#"
double grudging(times = 0) of merchant {
  on POST /hooks/${kind} when attempt(by: .body.id) <= times { reply { no: kind } with { status: 503 } }
  on POST /hooks/${kind} {
    let seen = calls.count
    reply { kind, seen, first: calls[0].path } after 5ms with { headers: { X-Kind: kind, X-Many: ["a", "b"] } }
  }
  on GET /search when .query.page == absent { reply bytes("\u{1}") with { headers: { Content-Type: "image/png" } } }
  on GET /search when .query.page == "2" { reply "two" }
  on DELETE /gone { fail "as if it crashed" }
}
"#;

#[test]
fn a_double_answers_by_its_rules_and_remembers_what_came() {
    let text = format!(
        r#"{GRUDGING}
scenario "it" with grudging(times: 2) {{
  for n in 1..2 {{
    POST merchant /hooks/paid {{ id: "a" }}
    expect status == 503
    expect body == {{ no: "paid" }}
  }}
  POST merchant /hooks/paid {{ id: "a" }}
  expect status == 200
  expect body == {{ kind: "paid", seen: 3, first: "/hooks/paid" }}
  expect headers.x-kind == "paid"
  expect headers.x-many == ["a", "b"]
  POST merchant /hooks/a%20b {{ id: "b" }} with {{ version: "2" }}
  expect status == 503
  expect body.no == "a b"
  GET merchant /search?page=2
  expect body == "two"
  GET merchant /search
  expect headers.content-type == "image/png"
  expect size.received == 1
  DELETE merchant /gone
  expect error.kind == "reset"
  expect merchant.calls.count == 7
  expect merchant.calls[2] matches {{ method: "POST", path: "/hooks/paid", attempt: 3, body: {{ id: "a" }}, .. }}
  expect merchant.calls[2].response matches {{ status: 200, body: {{ seen: 3, .. }}, sent: true, .. }}
  expect merchant.calls[0].raw == bytes("{{\"id\":\"a\"}}")
  expect merchant.calls.last.error.kind == "reset"
  expect merchant.calls unique by .start
  expect merchant.calls[0].trace matches re"[0-9a-f]{{32}}"
}}
"#
    );
    plain(&text).ends(0, &["1 passed"]);
}

#[test]
fn a_call_that_no_rule_takes_fails_the_scenario_and_shows_the_nearest_rule() {
    let one =
        |statements: &str| plain(&format!("{GRUDGING}scenario \"it\" with grudging {{\n{statements}\n}}\n"));
    one("POST merchant /hook/paid { id: \"a\" }\nexpect status == 501").ends(
        1,
        &[
            "`POST /hook/paid` came to `grudging`, and no rule takes it",
            "its path is `/hooks/${kind}`, not `/hook/paid`",
            "501 Not Implemented",
        ],
    );
    one("PUT merchant /hooks/paid { id: \"a\" }\nexpect status == 501")
        .ends(1, &["its method is `POST`, not `PUT`"]);
    // The answer that the double could not give is not told as a second failure.
    one("PUT merchant /hooks/paid { id: \"a\" }")
        .ends(1, &["1 failed"])
        .never_says(&["nothing here expects that"]);
    plain(
        "double d of merchant { on GET / when .query.page == \"1\" { reply \"one\" } }\n\
         scenario \"it\" with d {\nGET merchant /?page=3\nexpect status == 501\n}\n",
    )
    .ends(1, &["`.query.page == \"1\"` does not hold", "\"3\""]);
}

#[test]
fn what_goes_wrong_in_a_rule_fails_the_scenario() {
    for (rule, why) in [
        ("on POST / when attempt(by: .body.nope) > 1 { reply 1 }", "`.body.nope` is absent"),
        ("on POST / { if 1 == 2 { reply {} } }", "this rule took a call and gave no answer"),
        ("on POST / { reply { a: 1 / 0 } }", "division by zero"),
        ("on POST / { expect .body.a == 2\n reply {} }", "`.body.a == 2` does not hold"),
        ("on POST / { reply {} with { status: .body.a } }", "a status is a number from 200 to 599, not 1"),
        ("on POST / { reply {} with { status: 204 } }", "has no body"),
        ("on POST / { reply {} with { headers: { Content-Length: 3 } } }", "follows from the body"),
    ] {
        plain(&format!(
            "double d of merchant {{ {rule} }}\n\
             scenario \"it\" with d {{\nPOST merchant / {{ a: 1 }}\nexpect status == 500\n}}\n"
        ))
        .ends(1, &[why, "t.scn:2:"]);
    }
}

#[test]
fn replies_and_calls_keep_to_the_contract() {
    let double = |reply: &str| {
        format!("double d of merchant {{ on POST /hooks/${{kind}} {{ let seen = calls.count\n{reply} }} }}\n")
    };
    let call = "scenario \"it\" with d {\nPOST merchant /hooks/paid { id: \"a\" }\nexpect status == 202\nexpect body.seen == 1\n}\n";
    hooked(&(double("reply { seen, token: any uuid }") + call)).run(&[]).ends(0, &[]);
    // What is computed is judged when it is sent.
    hooked(&(double("reply { seen: seen - 2, token: any uuid }") + call))
        .run(&[])
        .ends(1, &["this is no reply to `POST /hooks/{kind}`: the body does not fit", ".seen"]);
    hooked(&(double("reply { seen: seen - 2, token: any uuid } with { contract: ignore }") + call))
        .run(&[])
        .ends(1, &["the response to `POST /hooks/{kind}` breaks the contract"])
        .never_says(&["this is no reply"]);
    // So is what callers send; the runner's own requests say what they break.
    let broken = "scenario \"it\" with d {\nPOST merchant /hooks/paid { id: 1 } with { contract: ignore }\nexpect status == 202\n}\n";
    hooked(&(double("reply { seen, token: any uuid }") + broken))
        .run(&[])
        .ends(1, &["the call is no `POST /hooks/{kind}`: the body does not fit", "body.id"]);
    hooked(&(double("reply { seen, token: any uuid } with { contract: ignore }") + broken))
        .run(&[])
        .ends(0, &[]);
}

#[test]
fn drawn_replies_are_the_same_for_a_seed_however_many_run_at_once() {
    let mut text = "double d of merchant { on POST /hooks/${_} { reply any } }\n".to_owned();
    for n in 0..6 {
        text += &format!(
            "scenario \"s{n}\" with d {{\nlet all = parallel for k in 1..4 {{\n\
             POST merchant /hooks/x {{ id: \"a\", n: k }}\nreturn \"{n} ${{k}} ${{body.token}} ${{body.seen}}\"\n}}\n\
             for line in all {{ exec \"sh -c 'echo ${{line}} >> drawn'\" }}\n}}\n"
        );
    }
    let drawn = |args: &[&str]| {
        let project = hooked(&text);
        project.run(args).ends(0, &["6 passed"]);
        let mut lines: Vec<String> = project.read("drawn").lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines.len(), 24);
        lines
    };
    let one = drawn(&["--seed", "7", "--jobs", "1"]);
    assert_eq!(one, drawn(&["--seed", "7", "--jobs", "8"]));
    assert_ne!(one, drawn(&["--seed", "8", "--jobs", "8"]));
    let tokens: std::collections::BTreeSet<&str> =
        one.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    assert_eq!(tokens.len(), 24, "{one:?}");
}

#[test]
fn webhooks_are_received_refused_and_asserted() {
    let caller = caller();
    let text = |statements: &str| {
        format!(
            "service shop {{ speaks http; at \"{caller}\" }}\n\
             double d(times) of merchant {{\n\
             on POST /hooks/paid when attempt(by: .body.id) <= times {{ reply absent with {{ status: 503 }} }}\n\
             on POST /hooks/paid {{ reply absent }}\n}}\n\
             scenario \"it\" with d(times: 2) {{\n\
             POST shop / {{ to: merchant.addr, say: \"o1\" }}\n{statements}\n}}\n"
        )
    };
    plain(&text(
        "expect body.codes == [503, 503, 200]\n\
         expect merchant.calls at_least_once of [\"o1\"] by .body.id within 5s\n\
         expect merchant.calls.count == 3 throughout 50ms",
    ))
    .ends(0, &[]);
    // The duplicates are there to be seen.
    plain(&text("expect merchant.calls exactly_once of [\"o1\"] by .body.id")).ends(1, &["o1"]);
    plain(&text("expect merchant.calls at_least_once of [\"o2\"] by .body.id within 100ms")).ends(1, &["o2"]);
    // A call that comes while the scenario is busy with something else ends it.
    plain(&text("wait 60s").replace("on POST /hooks/paid {", "on POST /hooks/unpaid {"))
        .ends(1, &["`POST /hooks/paid` came to `d`"]);
}

#[test]
fn a_service_that_is_started_gets_the_address_of_the_double() {
    let text = "service merchant { speaks http }\n\
        service shop { start \"sh -c 'echo $HOOKS > address; touch up; exec sleep 1000'\"; env { HOOKS: merchant.url }; ready \"test -f up\" }\n\
        double d of merchant { on GET / { reply \"it\" } }\n\
        scenario \"it\" with d {\nexpect shop.running\nGET merchant /\nexec \"sh -c 'echo ${merchant.url} > known'\"\n}\n";
    let project = scn(text);
    project.run(&[]).ends(0, &[]);
    assert!(project.read("address").starts_with("http://127.0.0.1:"));
    assert_eq!(project.read("address"), project.read("known"));
}

#[test]
fn each_scenario_has_its_own_double_and_between_them_nobody_answers() {
    let mut text = "service merchant { speaks http }\n\
        double one(n) of merchant { on GET / { reply { one: n, seen: calls.count } } }\n\
        double two of merchant { on GET / { reply \"two\" } }\n\
        stage s { finally { GET merchant /\n expect status == 503\n expect body contains \"no scenario has `merchant` played now\" } }\n"
        .to_owned();
    for n in 0..4 {
        text += &format!(
            "scenario \"one {n}\" in s with one(n: {n}) {{\nfor k in 1..5 {{\nGET merchant /\nexpect body == {{ one: {n}, seen: k }}\n}}\n}}\n\
             scenario \"two {n}\" in s with two {{\nfor k in 1..5 {{\nGET merchant /\nexpect body == \"two\"\nexpect merchant.calls.count == k\n}}\n}}\n"
        );
    }
    for jobs in ["1", "8"] {
        scn(&text).run(&["--jobs", jobs]).ends(0, &["8 passed"]);
    }
}

#[test]
fn arguments_are_evaluated_where_the_scenario_stands() {
    let text = "double d(status: int(200..599), echo = \"none\") of merchant { on GET / { reply echo with { status } } }\n\
        @cases([{ code: 201 }, { code: 503 }])\n\
        scenario \"it\" with d(case.code) {\nGET merchant /\nexpect status == case.code\nexpect body == \"none\"\n}\n";
    plain(text).ends(0, &["2 passed"]);
    plain(&text.replace("d(case.code)", "d(case.code - 200)"))
        .ends(1, &["the argument `status` is not what"]);
}

#[test]
fn signatures_of_what_came_are_judged() {
    let one = |key: &str, header: &str| {
        plain(&format!(
            "double d of merchant {{ on POST / {{ reply absent }} }}\n\
             scenario \"it\" with d {{\nlet said = \"{{\\\"id\\\": 1}}\"\n\
             POST merchant / text(said, type: \"application/json\") with {{ headers: {{ {header}: \"sha256=${{hmac_sha256(\"{key}\", said)}}\" }} }}\n\
             expect merchant.calls signed(with: hmac_sha256(\"right\"), in: header(\"X-Signature\"), prefix: \"sha256=\")\n}}\n"
        ))
    };
    one("right", "X-Signature").ends(0, &[]);
    one("wrong", "X-Signature")
        .ends(1, &["[0] `POST /` has a `x-signature` that is not the signature of its body"]);
    one("right", "X-Sig").ends(1, &["[0] `POST /` has no header `x-signature`"]);
}

const STRICT: &str = r#"
double strict of ledger {
  on Get when .id == "none" {
    fail NOT_FOUND "no such »entry«" with {
      details: [{ type: "google.rpc.ErrorInfo", reason: "GONE" }, { type: "ledger.v1.Entry", id: "e" }],
      trailers: { x-cost: 3 },
    }
  }
  on Get when request.headers.x-tenant == "acme" {
    reply { id: .id, seq: calls.count } with { headers: { x-node: "n1" }, trailers: { x-cost: 4 } }
  }
  on Get { reply any }
  on Watch {
    reply { id: .id, seq: 1 }
    reply [{ id: .id, seq: 2 }, { id: .id, seq: 3 }] after 5ms
    if .id == "broken" { fail ABORTED "half-way" }
  }
  on Import { reply { count: .count } }
  on Sync when .id == "bad" { fail INVALID_ARGUMENT "a bad entry" }
  on Sync { reply { id: .id, seq: .seq + 100 } }
}
"#;

#[test]
fn grpc_is_played_with_all_kinds_of_streams() {
    ledger(&format!(
        r#"{STRICT}
scenario "unary" with strict {{
  call ledger.Get {{ id: "a" }} with {{ metadata: {{ x-tenant: "acme" }}, compression: "gzip" }}
  expect body == {{ id: "a", seq: 1 }}
  expect headers.x-node == "n1"
  expect trailers.x-cost == "4"
  call ledger.Get {{ id: "none" }}
  expect status == NOT_FOUND
  expect message == "no such »entry«"
  expect details[0].reason == "GONE"
  expect details[1] matches {{ type: "ledger.v1.Entry", id: "e", .. }}
  expect trailers.x-cost == "3"
  expect ledger.calls[1] matches {{ method: "Get", path: "/ledger.v1.Ledger/Get", request: {{ id: "none" }}, .. }}
  expect ledger.calls[1].response.status == "NOT_FOUND"
}}
scenario "streams" with strict {{
  let feed = open ledger.Watch {{ id: "a" }}
  expect feed.closed within 5s
  expect feed.status == OK
  expect feed gapless(from: 1) by .seq
  expect feed.count == 3
  let broken = open ledger.Watch {{ id: "broken" }}
  expect broken.closed within 5s
  expect broken.status == ABORTED
  expect broken.items.count == 3
  let total = call ledger.Import [{{ id: "a" }}, {{ id: "b" }}]
  expect total.body.count == 2
  let both = open ledger.Sync
  send both {{ id: "x", seq: 1 }}
  next both matches {{ id: "x", seq: 101 }} within 5s
  send both {{ id: "y", seq: 2 }}
  next both matches {{ id: "y", seq: 102 }} within 5s
  close both
  expect both.closed within 5s
  expect both.status == OK
  let bad = open ledger.Sync
  send bad {{ id: "bad" }}
  expect bad.closed within 5s
  expect bad.status == INVALID_ARGUMENT
  expect ledger.calls.count == 6
}}
"#
    ))
    .ends(0, &["2 passed"]);
}

#[test]
fn grpc_failures_of_doubles_are_told() {
    let one = |rules: &str, call: &str| {
        ledger(&format!("double d of ledger {{ {rules} }}\nscenario \"it\" with d {{\n{call}\n}}\n"))
    };
    let get = "call ledger.Get { id: \"a\" }\nexpect status != OK";
    one("on Watch { reply {} }", get)
        .ends(1, &["`Get` came to `d`, and no rule takes it", "it answers `Watch`, not `Get`"]);
    one("on Get { reply { id: calls.count } }", get).ends(1, &["this is no reply to `ledger.v1.Ledger/Get`"]);
    one("on Get { let t = \"no.Such\"\nfail ABORTED \"x\" with { details: [{ type: t }] } }", get)
        .ends(1, &["there is no message `no.Such`"]);
    one("on Get { if .id == \"b\" { reply {} } }", get)
        .ends(1, &["this rule took a call and gave no answer"]);
}

#[test]
fn a_double_of_grpc_breaks_its_contract_when_it_says_so() {
    let text = r#"
double liar of ledger {
  on Get when .id == "raw" { reply unhex("ffff") with { contract: ignore } }
  on Get when .id == "drawn" { reply any malformed({ id: text, seq: int }) with { contract: ignore } }
  on Get when .id == "wrong" { reply { id: [1] } with { contract: ignore } }
  on Get { reply unhex("ffff") }
  on Watch { reply [unhex("ffff"), { id: "a" }] with { contract: ignore } }
}
"#;
    let one = |call: &str| ledger(&format!("{text}scenario \"it\" with liar {{\n{call}\n}}\n"));
    one("let r = call ledger.Get { id: \"raw\" }\nexpect r.error.kind == \"protocol\"\nexpect ledger.calls[0].response.body == unhex(\"ffff\")")
        .ends(0, &[]);
    one("let r = call ledger.Get { id: \"drawn\" }\nexpect r.status == OK or r.error.kind == \"protocol\"")
        .ends(0, &[]);
    one("let feed = open ledger.Watch { id: \"a\" }\nexpect feed.closed within 5s\nexpect feed.error.kind == \"protocol\"")
        .ends(0, &[]);
    one("let r = call ledger.Get { id: \"wrong\" }\nexpect r.status != OK").ends(
        1,
        &["this cannot be encoded as an answer to `ledger.v1.Ledger/Get`", "reply the bytes of the message"],
    );
    one("let r = call ledger.Get { id: \"else\" }\nexpect r.status != OK")
        .ends(1, &["this is no reply to `ledger.v1.Ledger/Get`", "with { contract: ignore }"]);
}

const BOOKS: &str = r#"
double full of books {
  on POST /post when calls.count == 1 { reply {} with { status: 503 } }
  on POST /post { reply { count: 7 } with { status: 201 } }
}
double closed of books { on POST /post { fail "as if it were not there" } }
"#;

#[test]
fn a_service_that_is_started_is_played_for_those_who_call_it() {
    let text = format!(
        r#"{}{BOOKS}
scenario "real" {{
  POST shop /buy {{}}
  expect body.attempts == 1
  GET books /count
  expect body >= 1
}}
scenario "played" with full {{
  POST shop /buy {{}}
  expect body.attempts == 2
  expect books.calls.count == 2
  expect (shop -> books).calls.count == 2
  expect (shop -> books).calls[0].response.status == 503
  expect (shop -> books).calls[1].response.body == {{ count: 7 }} within 5s
  POST books /post {{ mine: true }}
  expect body.count == 7
  expect books.calls.count == 3
  expect (client -> books).calls.count == 1
}}
scenario "closed" with closed {{
  POST shop /buy {{}}
  expect status == 502
  expect books.calls.count == 3
}}
scenario "real again" {{
  POST shop /buy {{}}
  expect body.attempts == 1
}}
"#,
        shop()
    );
    let project = scn(&text);
    for jobs in ["1", "4"] {
        project.run(&["--jobs", jobs]).ends(0, &["4 passed"]);
    }
    // Played alone, the real one is not even started.
    let ran = project.run(&["--only", "\"played\""]).ends(0, &["1 passed"]);
    assert!(!ran.out.contains("ready     books"), "{}", ran.out);
}

#[test]
fn a_started_service_that_calls_what_its_double_does_not_take_fails_the_scenario() {
    let text = format!(
        "{}double d of books {{ on POST /other {{ reply {{}} }} }}\n\
         scenario \"it\" with d {{\nPOST shop /buy {{}}\nexpect status == 502\n}}\n",
        shop()
    );
    scn(&text)
        .run(&[])
        .ends(1, &["`POST /post` came to `d`, and no rule takes it", "its path is `/other`, not `/post`"]);
}

#[test]
fn each_trial_has_the_doubles_anew_and_the_scenario_has_its_own_again() {
    let text = "double once of merchant {\n\
        on POST /pay when calls.count == 1 { reply { fresh: true } }\n\
        on POST /pay { reply { fresh: false } }\n}\n\
        scenario \"it\" with once {\n\
        POST merchant /pay {}\n\
        expect body.fresh because \"it is the first call of this trial\"\n\
        idempotent {\nPOST merchant /pay { id: \"a\" }\nprobe replay(times: 2)\n\
        effect merchant.calls[0].body unchanged\n}\n\
        expect merchant.calls.count == 2\n}\n";
    plain(text).ends(0, &["1 of 1 survived"]);
    // What goes wrong in a trial is the scenario's trouble.
    let wrong = text
        .replace("when calls.count == 1", "when calls.count <= 2")
        .replace("on POST /pay { reply { fresh: false } }", "on POST /other { reply { fresh: false } }");
    plain(&wrong).ends(1, &["`POST /pay` came to `once`, and no rule takes it"]);
}

#[test]
fn a_late_call_of_another_scenario_is_not_this_ones() {
    let text = "double any_of of merchant { on POST /${path} { reply { trace: request.headers.traceparent } } }\n\
        scenario \"one\" with any_of {\nPOST merchant /a {}\n\
        exec \"sh -c 'echo -n ${body.trace} > trace'\"\n}\n\
        scenario \"two\" with any_of {\nlet known = exec \"cat trace\"\n\
        let late = POST merchant /late {} with { headers: { traceparent: known.stdout } }\n\
        expect late.status == 503\n\
        POST merchant /b {}\nexpect merchant.calls[*].path == [\"/b\"]\n}\n";
    let text = format!("service merchant {{ speaks http }}\n{text}");
    scn(&text).run(&["--jobs", "1"]).ends(0, &["2 passed"]);
}

#[test]
fn a_call_without_a_trace_may_be_one_of_an_earlier_scenario() {
    let none = "double none of books { on POST /other { reply {} } }\n";
    let last = "scenario \"two\" with none {\nPOST shop /buy {}\nexpect status == 502\n}\n";
    let first = "scenario \"one\" { GET books /count }\n";
    let note = "so it may be a late call of an earlier scenario";
    let ran = scn(&format!("{}{none}{first}{last}", shop())).run(&["--jobs", "1"]);
    ran.ends(1, &["no rule takes it", note]);
    scn(&format!("{}{none}{last}", shop())).run(&[]).ends(1, &["no rule takes it"]).never_says(&[note]);
}

#[test]
fn calls_to_doubles_stand_in_the_timeline_of_what_faults_did() {
    let text = "double d of merchant { on POST /pay { reply {} with { status: 202 } } }\n\
        scenario \"it\" with d {\n\
        under latency(1ms) on client -> merchant { POST merchant /pay {} }\nexpect 1 == 2\n}\n";
    plain(text).ends(1, &["timeline", "merchant is called: POST /pay", "202"]);
}
