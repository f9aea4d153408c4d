//! Contracts: what the scenarios get wrong is told before anything runs, and what the services get
//! wrong when they do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use scn::diag::Diagnostic;
use scn::source::Sources;

use crate::harness::{Project, json, project, reply, server};

/// A mistake: in which file, what stands there, what is put in its place with the wrong token
/// between `«` and `»`, what is said of it, and a line of the contract that says so.
struct Mistake(&'static str, &'static str, &'static str, &'static str, (&'static str, &'static str));

const YAML: &str = "orders.openapi.yaml";
const PROTO: &str = "ledger.proto";

const MISTAKES: &[Mistake] = &[
    // Requests over HTTP.
    Mistake(
        "contract.scn",
        "qty: case.qty }]",
        "qty: case.qty, «colour»: 1 }]",
        "`lines` in the body of `POST /v1/orders` has no field `colour`",
        (YAML, "lines:"),
    ),
    Mistake(
        "component.scn",
        "{ sku: \"pot\", qty: 1 }]",
        "{ sku: \"pot\", qty: «\"one\"» }]",
        "`qty` is int, not \"one\"",
        (YAML, "qty:"),
    ),
    Mistake(
        "component.scn",
        "{ customer: alice.id, lines: [{ sku: \"pot\", qty: 2 }] }",
        "«{ customer: alice.id }»",
        "the body of `POST /v1/orders` lacks `lines`",
        (YAML, "lines:"),
    ),
    Mistake("e2e.scn", "/readyz", "/«redyz»", "the contract has no path `/redyz`", (YAML, "get:")),
    Mistake(
        "component.scn",
        "DELETE orders /v1/orders/${order.id}\n",
        "«PUT» orders /v1/orders/${order.id}\n",
        "the contract has no `PUT /v1/orders/{id}`",
        (YAML, "get:"),
    ),
    Mistake(
        "component.scn",
        "?customer=${alice.id}\n",
        "?«custmer»=${alice.id}\n",
        "`GET /v1/orders` has no query parameter `custmer`",
        (YAML, "name: customer"),
    ),
    Mistake(
        "component.scn",
        "&limit=2",
        "&limit=«two»",
        "the query parameter `limit` is int(1..100), not \"two\"",
        (YAML, "name: limit"),
    ),
    Mistake(
        "contract.scn",
        "GET orders /old/orders/${id}\n",
        "GET orders /old/orders/«42»\n",
        "the path parameter `id` is uuid, not \"42\"",
        (YAML, "name: id"),
    ),
    Mistake(
        "shop.scn",
        "Idempotency-Key: key",
        "«Idempotncy-Key»: key",
        "`POST /v1/orders` has no header `Idempotncy-Key`",
        (YAML, "name: Idempotency-Key"),
    ),
    Mistake(
        "shop.scn",
        "form({ user: \"alice\", password })",
        "«text»(\"alice\")",
        "`POST /v1/login` takes no `text/plain`",
        (YAML, "requestBody:"),
    ),
    // Responses over HTTP.
    Mistake(
        "contract.scn",
        "expect status == 401",
        "expect status == «402»",
        "no response of `GET /v1/me` has the status 402",
        (YAML, "get:"),
    ),
    Mistake(
        "e2e.scn",
        "\"/v1/orders/${body.id}\"",
        "\"/v1/orders/${body.«idd»}\"",
        "the body of the response 201 of `POST /v1/orders` has no field `idd`",
        (YAML, "id:"),
    ),
    Mistake(
        "shop.scn",
        "stop when body.state == \"REJECTED\"",
        "stop when body.state == «\"REJECTD\"»",
        "`state` is one of `PENDING`, `PAID`, `REJECTED` and `CANCELLED`, not \"REJECTD\"",
        (YAML, "state:"),
    ),
    Mistake(
        "component.scn",
        "again.headers.idempotent-replayed",
        "again.headers.«idempotent-replayd»",
        "no response of `POST /v1/orders` has the header `idempotent-replayd`",
        (YAML, "Idempotent-Replayed:"),
    ),
    // gRPC.
    Mistake(
        "shop.scn",
        "ledger.ListEntries",
        "ledger.«ListEntrys»",
        "the contract has no method `ListEntrys`",
        (PROTO, "rpc ListEntries"),
    ),
    Mistake(
        "e2e.scn",
        "call ledger.GetEntry { order_id: order.id }",
        "call ledger.GetEntry { «order»: order.id }",
        "the message `GetEntryRequest` has no field `order`",
        (PROTO, "string order_id"),
    ),
    Mistake(
        "contract.scn",
        "type: \"PLACED\" }\n",
        "type: «\"PLACD\"» }\n",
        "`type` is one of `ENTRY_TYPE_UNSPECIFIED`, `PLACED`, `PAID` and `VOID`, not \"PLACD\"",
        (PROTO, "EntryType type"),
    ),
    Mistake(
        "e2e.scn",
        "Entry { amount_minor: 5998, type: \"PLACED\" }",
        "Entry { amount_minor: 5998, type: «\"PLACT\"» }",
        "not \"PLACT\"",
        (PROTO, "EntryType type"),
    ),
    Mistake(
        "component.scn",
        "amount_minor: 100 * n",
        "amount_minor: «\"many\"»",
        "`amount_minor` is int64, not \"many\"",
        (PROTO, "int64 amount_minor"),
    ),
    Mistake(
        "component.scn",
        "duplicate: false, ..",
        "«duplicat»: false, ..",
        "has no field `duplicat`",
        (PROTO, "bool duplicate"),
    ),
    Mistake(
        "contract.scn",
        "body.uint64 == kitchen.uint64",
        "body.«uint46» == kitchen.uint64",
        "the body of no response of `ledger.v1.Ledger/Echo` has a field `uint46`",
        (PROTO, "uint64 uint64"),
    ),
    Mistake(
        "e2e.scn",
        "open ledger.Watch { account: alice.id }",
        "open ledger.Watch { «acount»: alice.id }",
        "the message `WatchRequest` has no field `acount`",
        (PROTO, "string account"),
    ),
];

/// Where a wrong token stands: file, line, column, and itself.
type Mark = (PathBuf, u32, u32, String);

/// What `check` says of a copy of the shop with these mistakes, and where each of them stands.
fn planted(mistakes: &[&Mistake]) -> (Vec<Diagnostic>, Sources, Vec<Mark>) {
    let copy = tempfile::tempdir().unwrap();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop");
    let mut marks = Vec::new();
    for name in [
        "shop.scn",
        "contract.scn",
        "component.scn",
        "e2e.scn",
        "checks/money.rhai",
        "password.txt",
        "contracts/ledger.proto",
        "contracts/orders.openapi.yaml",
    ] {
        let mut text = std::fs::read_to_string(shop.join(name)).unwrap();
        for Mistake(_, right, wrong, ..) in mistakes.iter().filter(|mistake| mistake.0 == name) {
            assert!(text.contains(right), "`{right}` is no longer in {name}");
            text = text.replacen(right, wrong, 1);
        }
        let path = copy.path().join(name);
        let mut plain = String::new();
        for c in text.chars() {
            match c {
                '«' => {
                    let line = 1 + plain.matches('\n').count() as u32;
                    let column = 1 + plain.rsplit('\n').next().unwrap().chars().count() as u32;
                    marks.push((path.clone(), line, column, String::new()));
                }
                '»' => {
                    let (.., line, column, token) = marks.last_mut().unwrap();
                    let rest = plain.lines().nth(*line as usize - 1).unwrap();
                    *token = rest.chars().skip(*column as usize - 1).collect();
                }
                c => plain.push(c),
            }
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, plain).unwrap();
    }
    let (program, mut diagnostics) = scn::load::load(&[copy.path().to_path_buf()], copy.path());
    let sources = program.sources.clone();
    diagnostics.extend(scn::check::check(program, &scn::rooms::registry()).1);
    // Whether the samples deserve any other word, another test says.
    diagnostics.retain(|diagnostic| diagnostic.code.name == "off-contract");
    (diagnostics, sources, marks)
}

/// Whether a diagnostic stands at a token, says this of it, and shows this line of the contract.
fn tells(diagnostic: &Diagnostic, sources: &Sources, mark: &Mark, mistake: &Mistake) -> bool {
    let (path, line, column, token) = mark;
    let (source, span) = (sources.get(diagnostic.at.span.source), diagnostic.at.span);
    let (contract, says) = mistake.4;
    let shows = diagnostic.also.iter().any(|label| {
        let source = sources.get(label.span.source);
        let (line, _) = source.line_column(label.span.start);
        source.name.ends_with(contract) && source.line(line).contains(says)
    });
    diagnostic.code.name == "off-contract"
        && Path::new(&source.name) == path
        && source.line_column(span.start) == (*line, *column)
        && source.slice(span) == token
        && diagnostic.message.contains(mistake.3)
        && shows
}

fn shown(diagnostics: &[Diagnostic], sources: &Sources) -> String {
    let each = diagnostics.iter().map(|diagnostic| {
        let also: Vec<String> = diagnostic.also.iter().map(|label| sources.place(label.span)).collect();
        format!("{}: {} [{}]\n", sources.place(diagnostic.at.span), diagnostic.message, also.join(", "))
    });
    each.collect()
}

#[test]
fn the_shop_as_it_is_breaks_no_contract() {
    let (diagnostics, sources, _) = planted(&[]);
    assert!(diagnostics.is_empty(), "{}", shown(&diagnostics, &sources));
}

#[test]
fn each_planted_mistake_is_told_at_its_token_with_the_place_in_the_contract() {
    for mistake in MISTAKES {
        let (diagnostics, sources, marks) = planted(&[mistake]);
        let all = shown(&diagnostics, &sources);
        let [diagnostic] = diagnostics.as_slice() else {
            panic!("`{}` should give one diagnostic:\n{all}", mistake.2);
        };
        assert!(tells(diagnostic, &sources, &marks[0], mistake), "`{}`:\n{all}", mistake.2);
    }
}

#[test]
fn all_planted_mistakes_are_told_at_once() {
    let (diagnostics, sources, marks) = planted(&MISTAKES.iter().collect::<Vec<_>>());
    let all = shown(&diagnostics, &sources);
    assert_eq!((diagnostics.len(), marks.len()), (MISTAKES.len(), MISTAKES.len()), "{all}");
    for mistake in MISTAKES {
        let token = mistake.2.split(['«', '»']).nth(1).unwrap();
        let told = diagnostics.iter().any(|diagnostic| {
            marks.iter().any(|mark| mark.3 == token && tells(diagnostic, &sources, mark, mistake))
        });
        assert!(told, "`{}` is missing in\n{all}", mistake.2);
    }
}

const CONTRACT: &str = r##"openapi: 3.1.0
info: { title: Things, version: "1" }
paths:
  /things/{id}:
    get:
      parameters:
        - { name: id, in: path, required: true, schema: { type: integer } }
        - { name: page, in: query, schema: { type: integer } }
      responses:
        "200":
          description: It.
          headers:
            X-Version: { required: true, schema: { type: integer } }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Thing" }
        "204": { description: Nothing. }
        "308": { description: Moved. }
        "418":
          description: Something else.
          content:
            text/plain: { schema: { type: integer } }
            application/x-www-form-urlencoded:
              schema: { type: object, required: [id], properties: { id: { type: integer } } }
            application/json; v=1:
              schema: { type: object, additionalProperties: false, properties: { one: { type: integer } } }
            application/json; v=2:
              schema: { type: object, additionalProperties: false, properties: { two: { type: integer } } }
        "404":
          description: No such thing.
          content: { application/problem+json: { schema: { type: object, required: [title] } } }
  /mine:
    get:
      parameters:
        - { name: session, in: cookie, required: true, schema: { type: string, minLength: 4 } }
        - { name: X-Who, in: header, required: true, schema: { type: integer } }
      responses:
        "201": { description: Made. }
  /things:
    post:
      requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/Thing" } } }
      responses:
        "201": { description: Made. }
components:
  schemas:
    Thing:
      type: object
      additionalProperties: false
      required: [id, state]
      properties:
        id: { type: integer }
        state: { enum: [new, used] }
        password: { type: string, writeOnly: true }
        parts: { type: array, items: { type: string } }
"##;

fn with_head(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}")
        .into()
}

const GOOD: &str = "content-type: application/json; charset=utf-8\r\nx-version: 3\r\n";
const FINE: &str = r#"{"id":1,"state":"new"}"#;

/// What the server says to `/things/N`, and what is wrong with it; nothing is with the first ones.
const ANSWERS: &[(&str, &str, &str, &[&str])] = &[
    ("200 OK", GOOD, FINE, &[]),
    ("204 No Content", "", "", &[]),
    ("404 Not Found", "content-type: application/problem+json\r\n", r#"{"title":"gone"}"#, &[]),
    ("200 OK", GOOD, r#"{"id":1,"state":"new","extra":true}"#, &["body.extra", "no such field"]),
    ("200 OK", GOOD, r#"{"id":"1","state":"new"}"#, &["body.id", "int", "\"1\" (text)"]),
    ("200 OK", GOOD, r#"{"id":1,"state":"old"}"#, &["body.state", "\"new\" | \"used\"", "\"old\""]),
    ("200 OK", GOOD, r#"{"id":1}"#, &["body.state", "absent"]),
    ("200 OK", GOOD, r#"{"id":1,"state":"new","parts":["a",2]}"#, &["body.parts[1]"]),
    ("200 OK", GOOD, "{\"id\":1,", &["the body is no JSON"]),
    (
        "206 Partial Content",
        GOOD,
        FINE,
        &["the status 206 is not declared", "200 or 204 or 308 or 418 or 404"],
    ),
    (
        "200 OK",
        "content-type: text/html\r\nx-version: 3\r\n",
        "<p>",
        &["the content type `text/html` is not", "headers.content-type", "application/json"],
    ),
    ("200 OK", "content-type: application/json\r\n", FINE, &["the header `x-version` is missing"]),
    (
        "200 OK",
        "content-type: application/json\r\nx-version: three\r\n",
        FINE,
        &["the header `x-version` does not fit", "three"],
    ),
    ("200 OK", "x-version: 3\r\n", FINE, &["there is a body, but no content type"]),
    ("200 OK", GOOD, "", &["the body is empty"]),
    ("404 Not Found", "content-type: application/problem+json\r\n", "{}", &["body.title"]),
    ("418 Teapot", "content-type: text/plain\r\n", "12", &[]),
    ("418 Teapot", "content-type: application/x-www-form-urlencoded\r\n", "id=1&a=b", &[]),
    ("418 Teapot", "content-type: application/json; v=2\r\n", r#"{"two":2}"#, &[]),
    ("418 Teapot", "content-type: text/plain\r\n", "twelve", &["body", "int", "\"twelve\""]),
    ("418 Teapot", "content-type: application/x-www-form-urlencoded\r\n", "id=x", &["body.id", "int"]),
    ("418 Teapot", "content-type: application/json; v=2\r\n", r#"{"three":2}"#, &["body.three"]),
    ("200 OK", GOOD, r#"{"id":1,"state":"new","password":"s"}"#, &["body.password", "absent", "\"s\""]),
];

fn things() -> String {
    server(|asked| {
        let id = asked.path.split(['/', '?']).nth(2).and_then(|id| id.parse::<usize>().ok());
        match (asked.method.as_str(), id.and_then(|id| ANSWERS.get(id))) {
            ("HEAD", Some(_)) => "HTTP/1.1 200 OK\r\nx-version: 3\r\nconnection: close\r\n\r\n".into(),
            (_, Some((status, headers, body, _))) => with_head(status, headers, body),
            (_, None) if asked.path == "/mine" => with_head("201 Created", "", ""),
            ("POST", None) => with_head("201 Created", "", ""),
            (_, None) => with_head("308 Permanent Redirect", "location: /things/3\r\n", ""),
        }
    })
}

fn calling(url: &str, statements: &str) -> Project {
    let text = format!(
        "service s {{ speaks http contract \"./things.yaml\"; at \"{url}\" }}\n\
         action word() {{ return \"abc\" }}\n{statements}"
    );
    project(&[("t.scn", &text), ("things.yaml", CONTRACT)])
}

fn one(url: &str, statements: &str) -> Project {
    calling(url, &format!("scenario \"it\" {{\n{statements}\n}}\n"))
}

#[test]
fn every_broken_promise_of_a_response_is_red() {
    let url = things();
    for (id, (status, _, _, parts)) in ANSWERS.iter().enumerate() {
        let code = &status[..3];
        // An undeclared status could not be expected: `check` says so.
        let expect =
            if code == "206" { "expect status < 300".to_owned() } else { format!("expect status == {code}") };
        let ran = one(&url, &format!("GET s /things/{id}\n{expect}")).run(&[]);
        if parts.is_empty() {
            ran.ends(0, &[]);
            continue;
        }
        let ran = ran.ends(1, &["the response to `GET /things/{id}` breaks the contract:", "t.scn:4:1"]);
        assert!(ran.says("things.yaml:") && ran.says("`with { contract: ignore }`"), "{}", ran.out);
        let ran = ran.ends(1, parts).never_says(&["nothing here expects that"]);
        assert!(ran.says("1 failed"), "{}", ran.out);
        one(&url, &format!("GET s /things/{id} with {{ contract: ignore }}\n{expect}")).run(&[]).ends(0, &[]);
    }
}

#[test]
fn what_is_computed_is_judged_as_it_was_sent() {
    let url = things();
    one(&url, "let r = GET s /things/${word()}\nexpect r.status == 200")
        .run(&[])
        .ends(1, &["this is no `GET /things/{id}`", "the path parameter `id` does not fit", "\"abc\""]);
    one(&url, "GET s /things/0?page=${word()}")
        .run(&[])
        .ends(1, &["this is no `GET /things/{id}`", "the query parameter `page` does not fit"]);
    one(&url, "GET s /${word()}/0").run(&[]).ends(1, &["the contract has no such path"]);
    one(&url, "let r = POST s /things { id: word(), state: \"new\" }\nexpect r.status == 201")
        .run(&[])
        .ends(1, &["this is no `POST /things`", "body.id", "\"abc\" (text)"]);
    one(&url, "POST s /things { id: word(), state: \"new\" } with { contract: ignore }")
        .run(&[])
        .ends(0, &[]);
    one(&url, "POST s /things { id: 1, state: \"new\" }").run(&[]).ends(0, &[]);
}

#[test]
fn headers_and_cookies_that_are_computed_are_there_and_fit() {
    let url = things();
    let mine = |headers: &str| {
        let text = format!(
            "let headers = {{ {headers} }}\nlet r = GET s /mine with {{ headers: headers }}\nexpect r.status == 201"
        );
        one(&url, &text).run(&[])
    };
    mine("Cookie: \"session=abcd\", X-Who: 3").ends(0, &[]);
    mine("Cookie: \"other=abcd\", X-Who: word().length").ends(0, &[]);
    mine("X-Who: 3").ends(1, &["this is no `GET /mine`", "the cookie `session` is missing", "things.yaml:"]);
    mine("Cookie: \"session=${word()}\", X-Who: 3")
        .ends(1, &["the cookie `session` does not fit", "\"abc\""]);
    mine("Cookie: \"session=abcd\"").ends(1, &["the header `x-who` is missing"]);
}

#[test]
fn nothing_swallows_a_broken_contract() {
    // The second answer keeps the contract: whoever tries again would never know.
    let turns = |first: &'static str| {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let url = server(move |_| match count.fetch_add(1, Ordering::SeqCst) {
            0 => with_head("200 OK", GOOD, first),
            _ => with_head("200 OK", GOOD, FINE),
        });
        (url, asked)
    };
    let broken = r#"{"id":1,"state":"new","extra":1}"#;
    for statements in [
        "eventually within 5s {\nGET s /things/1\nexpect body.state == \"new\"\n}",
        "for n in 1..2 {\nGET s /things/${n}\n}",
        "let rs = parallel {\nGET s /things/1\nGET s /things/2\n}\nexpect rs[0].status == 200",
        "eventually within 5s { parallel for n in 1..2 { GET s /things/${n} } }",
        "let r = GET s /things/1\nexpect r.status == 200\nexpect r.body.state == \"new\"",
        "step \"a\" { GET s /things/1 }",
    ] {
        let (url, asked) = turns(broken);
        one(&url, statements).run(&[]).ends(1, &["breaks the contract", "body.extra", "1 failed"]);
        assert!(asked.load(Ordering::SeqCst) <= 2, "{statements}");
    }
    let (url, _) = turns(broken);
    let text = "@safe\naction state() {\nGET s /things/1\nreturn body.state\n}\nscenario \"it\" { expect state() == \"new\" within 5s }\n";
    calling(&url, text).run(&[]).ends(1, &["breaks the contract", "in `state`"]);
}

#[test]
fn one_cause_is_told_once() {
    let url = server(|_| json("500 Internal Server Error", "{}"));
    let ran = one(&url, "GET s /things/1").run(&[]).ends(
        1,
        &[
            "answered 500 Internal Server Error, and nothing here expects that",
            "the status 500 is not declared",
        ],
    );
    assert_eq!(ran.out.matches("\n  × ").count(), 1, "{}", ran.out);
    let url = server(|_| reply("200 OK", "text/plain", "hm"));
    // Without a contract nobody minds.
    let text = format!("service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{ GET s /things/1 }}\n");
    crate::harness::scn(&text).run(&[]).ends(0, &[]);
}

#[test]
fn heads_and_redirects_are_judged_by_what_they_mean() {
    let url = things();
    one(&url, "HEAD s /things/1").run(&[]).ends(0, &[]);
    one(&url, "GET s /things/99\nexpect status == 308").run(&[]).ends(0, &[]);
    // The last response is the third one, which is broken.
    one(&url, "GET s /things/99 with { redirects: 1 }")
        .run(&[])
        .ends(1, &["breaks the contract", "body.extra"]);
}

#[test]
fn each_redirect_has_a_status_that_is_declared() {
    let url = server(|asked| match asked.path.as_str() {
        "/things/1" => with_head("308 Permanent Redirect", "location: /things/2\r\n", ""),
        "/things/2" => with_head("307 Temporary Redirect", "location: /things/3\r\n", ""),
        "/things/4" => with_head("308 Permanent Redirect", "location: /elsewhere\r\n", ""),
        "/elsewhere" => with_head("307 Temporary Redirect", "location: /things/3\r\n", ""),
        _ => with_head("204 No Content", "", ""),
    });
    let follow = |id: u32| one(&url, &format!("GET s /things/{id} with {{ redirects: 2 }}")).run(&[]);
    follow(1).ends(1, &["breaks the contract", "the status 307 is not declared"]);
    // Of what the contract does not have, it promises nothing; of what comes after that, it does.
    follow(4).ends(0, &[]);
}

const BODIES: &str = "openapi: 3.1.0
info: { title: Bodies, version: '1' }
paths:
  /it:
    post:
      parameters: [{ name: X-N, in: header, schema: { type: integer } }]
      requestBody:
        content:
          text/plain: { schema: { type: string, pattern: '^ok$' } }
          multipart/form-data: { schema: { $ref: '#/components/schemas/It' } }
          application/x-www-form-urlencoded: { schema: { $ref: '#/components/schemas/It' } }
          application/json: { schema: { $ref: '#/components/schemas/It' } }
      responses: { '200': { description: Taken. } }
components:
  schemas:
    It: { type: object, required: [a], additionalProperties: false, properties: { a: { type: integer } } }
";

#[test]
fn whatever_is_sent_is_held_against_the_contract() {
    let url = server(|_| reply("200 OK", "text/plain", ""));
    let sends = |rest: &str| {
        let text = format!(
            "service s {{ speaks http contract \"./it.yaml\"; at \"{url}\" }}\nscenario \"it\" {{\n  POST s /it {rest}\n}}\n"
        );
        let files =
            [("t.scn", &*text), ("it.yaml", BODIES), ("a.json", "{\"a\":1}"), ("x.json", "{\"a\":\"x\"}")];
        project(&files).run(&[])
    };
    let form = "type: \"application/x-www-form-urlencoded\"";
    for right in [
        "text(\"ok\")",
        "multipart({ a: \"1\" })",
        "multipart({ a: file(\"./a.json\") })",
        &format!("text(\"a=1\", {form})"),
        "bytes(\"{\\\"a\\\":1}\", type: \"application/json\")",
        "file(\"./a.json\")",
        "text(\"ok\") with { headers: { X-N: [\"1\"] } }",
        // What is compressed is not looked into.
        "bytes(\"zip\", type: \"application/json\") with { headers: { Content-Encoding: \"gzip\" } }",
    ] {
        sends(right).ends(0, &["1 passed"]);
    }
    for wrong in [
        "text(\"no\")",
        "multipart({ zzz: \"x\" })",
        "multipart({ a: text(\"x\") })",
        "multipart({ a: \"1\", zzz: file(\"./a.json\") })",
        &format!("text(\"a=x\", {form})"),
        "bytes(\"{\\\"a\\\":\\\"x\\\"}\", type: \"application/json\")",
        "file(\"./x.json\")",
        "graphql(\"{ a }\")",
        "text(\"ok\") with { headers: { X-N: [\"1\", \"2\"] } }",
        "text(\"ok\") with { headers: { X-N: [\"x\"] } }",
    ] {
        sends(wrong).ends(1, &["this is no `POST /it`"]);
    }
}

#[test]
fn a_whole_service_may_be_let_be() {
    let url = things();
    let text = format!(
        "service s {{ speaks http contract \"./things.yaml\"; at \"{url}\"; with {{ contract: ignore }} }}\n\
         scenario \"it\" {{\nGET s /things/3\nexpect body.none == absent\n}}\n"
    );
    project(&[("t.scn", &text), ("things.yaml", CONTRACT)]).run(&[]).ends(0, &[]);
}

const EVENTS: &str = "openapi: 3.2.0
info: { title: Ticks, version: '1' }
paths:
  /ticks:
    get:
      responses:
        '200':
          description: Ticks.
          content:
            text/event-stream:
              itemSchema:
                type: object
                required: [data]
                properties: { event: { enum: [tick, message] }, data: { type: string, pattern: '^[0-9]+$' } }
";

/// A service whose stream of events is described part by part.
fn ticking(events: &'static str, statements: &str) -> Project {
    let url = server(move |_| {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\ncontent-length: ";
        format!("{head}{}\r\n\r\n{events}", events.len()).into()
    });
    let text = format!(
        "service s {{ speaks http contract \"./ticks.yaml\"; at \"{url}\" }}\nscenario \"it\" {{\n{statements}\n}}\n"
    );
    project(&[("t.scn", &text), ("ticks.yaml", EVENTS)])
}

#[test]
fn each_event_of_a_stream_keeps_the_promise() {
    let opened = "  let feed = open s /ticks\n  expect feed.closed within 5s\n  expect feed.count == 3";
    let got = "  GET s /ticks\n  expect status == 200";
    let good = "event: tick\ndata: 1\n\ndata: 2\n\nid: 7\ndata: 3\n\n";
    for statements in [opened, got] {
        ticking(good, statements).run(&[]).ends(0, &["1 passed"]);
        for (bad, parts) in [
            ("data: 1\n\ndata: two\n\ndata: 3\n\n", &["part 2 does not fit", "[1].data"][..]),
            (
                "data: 1\n\ndata: 2\n\nevent: tock\ndata: 3\n\n",
                &["part 3 does not fit", "[2].event", "\"tock\""],
            ),
        ] {
            let told =
                [&["the response to `GET /ticks` breaks the contract", "ticks.yaml:7"][..], parts].concat();
            ticking(bad, statements).run(&[]).ends(1, &told);
            let ignored = statements.replacen("/ticks", "/ticks with { contract: ignore }", 1);
            ticking(bad, &ignored).run(&[]).ends(0, &["1 passed"]);
        }
    }
    // Beside another failure it is told too.
    ticking("data: x\n\n", opened).run(&[]).ends(1, &["feed.count", "part 1 does not fit"]);
}

#[test]
fn a_broken_promise_fails_beside_what_can_neither_be_shown_nor_refuted() {
    for (data, code, part) in [("1", 5, "broke off"), ("x", 1, "part 1 does not fit")] {
        // It breaks off before all that was announced has come.
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 99\r\n\r\n";
        let url = server(move |_| format!("{head}data: {data}\n\n").into());
        let text = format!(
            "service s {{ speaks http contract \"./ticks.yaml\"; at \"{url}\" }}\nscenario \"it\" {{\n  \
             let feed = open s /ticks\n  expect feed.closed within 5s\n  expect feed.count == 1\n}}\n"
        );
        project(&[("t.scn", &text), ("ticks.yaml", EVENTS)]).run(&[]).ends(code, &[part]);
    }
}
