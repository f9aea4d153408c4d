//! What `scn import` writes is run: it passes where the service does what the file says, and fails
//! where it does not.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::harness::{Asked, Ran, json, project, reply, server};

/// A little shop; with a fault, one of its answers is wrong.
fn shop(fault: &'static str) -> String {
    let seen = Arc::new(AtomicUsize::new(0));
    server(move |asked| answer(asked, fault, &seen))
}

fn answer(asked: &Asked, fault: &str, seen: &AtomicUsize) -> Vec<u8> {
    let path = asked.path.split('?').next().unwrap_or_default();
    let query = asked.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let header = |name: &str| asked.headers.get(name).map(String::as_str).unwrap_or_default();
    let allowed = header("authorization") == "Bearer tok_3f9a8b7c6d5e";
    match (&*asked.method, path) {
        ("POST", "/login") => {
            let right = asked.body == "user=alice&password=wonderland-7"
                && header("content-type") == "application/x-www-form-urlencoded";
            let name = if fault == "name" { "bob" } else { "alice" };
            let body =
                format!("{{\"token\": \"tok_3f9a8b7c6d5e\", \"user\": {{\"id\": 7, \"name\": \"{name}\"}}}}");
            json(if right { "200 OK" } else { "403 Forbidden" }, &body)
        }
        ("POST", "/users/7/orders") => {
            seen.fetch_add(1, Ordering::SeqCst);
            let right = allowed
                && query == "dry=false"
                && header("content-type") == "application/json"
                && asked.body == "{\"sku\":\"tea\",\"note\":\"${5} \\\"net\\\"\\n\",\"price\":59.980}";
            let status = if fault == "status" { "200 OK" } else { "201 Created" };
            json(
                if right { status } else { "400 Bad Request" },
                "{\"id\": \"o-1\", \"lines\": [{\"sku\": \"tea\"}], \"total\": 59.98}",
            )
        }
        ("GET", "/orders/o-1") if seen.load(Ordering::SeqCst) > 0 => {
            let text = if fault == "text" { "mugs" } else { "tea for two" };
            reply("200 OK", "text/plain", text)
        }
        ("PUT", "/notes") => {
            let right =
                asked.body == "one\n  ${two} \"\"\"\nthree\n" && !asked.headers.contains_key("content-type");
            reply(
                if right && fault != "note" { "204 No Content" } else { "400 Bad Request" },
                "text/plain",
                "",
            )
        }
        _ => json("404 Not Found", &format!("{{\"path\": \"{path}\"}}")),
    }
}

const CURL: &str = r#"# A session
curl -sf BASE/login -d user=alice -d password=wonderland-7
curl -sf -H 'Authorization: Bearer tok_3f9a8b7c6d5e' "BASE/users/7/orders?dry=false" \
  --json '{"sku": "tea", "note": "${5} \"net\"\n", "price": 59.980}'
curl -sS --fail-with-body BASE/orders/o-1
curl -X PUT BASE/notes -H 'Content-Type:' --data-raw $'one\n  ${two} """\nthree\n'
"#;

const HURL: &str = r#"POST BASE/login
[Form]
user: alice
password: wonderland-7
HTTP 200
[Captures]
token: jsonpath "$.token"
user: jsonpath "$.user.id"
[Asserts]
jsonpath "$.user.name" == "alice"
header "Content-Type" contains "json"
duration < 10000

POST BASE/users/{{user}}/orders
Authorization: Bearer {{token}}
[Query]
dry: false
{"sku": "tea", "note": "${5} \"net\"\n", "price": 59.980}
HTTP/1.1 201
Content-Type: application/json
[Captures]
order: jsonpath "$.id"
[Asserts]
jsonpath "$.id" matches "^o-\\d+$"
jsonpath "$.lines" count == 1
jsonpath "$.lines[0].sku" startsWith "t"
jsonpath "$.total" == 59.98
jsonpath "$.gone" not exists

GET BASE/orders/{{order}}
HTTP 200
`tea for two`

PUT BASE/notes
```
one
  ${two} """
three
```
HTTP *
[Asserts]
status == 204
"#;

const HTTP: &str = r#"@base = BASE

### Log in
# @name login
POST {{base}}/login
Content-Type: application/x-www-form-urlencoded

user=alice
&password=wonderland-7

> {%
  client.test("ok", function() {
    client.assert(response.status === 200);
    client.assert(response.body.user.name === "alice");
  });
  client.global.set("user", response.body.user.id);
%}

### An order
POST {{base}}/users/{{user}}/orders
  ?dry=false
Authorization: Bearer {{login.response.body.$.token}}
Content-Type: application/json

{"sku": "tea", "note": "${5} \"net\"\n", "price": 59.980}

> {% client.assert(response.status === 201, "placed"); %}

###
GET {{base}}/orders/o-1
"#;

/// Imports a text for a shop with a fault, and runs it.
fn run(format: &str, text: &str, fault: &'static str) -> Ran {
    let base = shop(fault);
    let project = project(&[("requests", &text.replace("BASE", &base))]);
    project.scn(&["import", format, "requests", "-o", "t.scn"]).ends(0, &[]);
    let made = project.read("t.scn");
    assert!(!made.contains("wonderland-7") && !made.contains("tok_3f9a8b7c6d5e"), "{made}");
    assert!(Path::new(&project.path().join("t.scn")).is_file());
    let project = project.with("SCN_PASSWORD", "wonderland-7").with("SCN_TOKEN", "tok_3f9a8b7c6d5e");
    let ran = project.run(&[]);
    Ran { out: format!("{}\n{made}", ran.out), ..ran }
}

#[test]
fn imported_requests_pass_where_the_service_does_what_the_file_says() {
    for (format, text) in [("curl", CURL), ("hurl", HURL), ("http", HTTP)] {
        run(format, text, "").ends(0, &["1 passed"]);
    }
}

#[test]
fn imported_requests_fail_where_the_service_does_not() {
    for (format, text, fault) in [
        ("curl", CURL, "note"),
        ("hurl", HURL, "name"),
        ("hurl", HURL, "status"),
        ("hurl", HURL, "text"),
        ("hurl", HURL, "note"),
        ("http", HTTP, "name"),
        ("http", HTTP, "status"),
    ] {
        run(format, text, fault).ends(1, &["1 failed"]);
    }
}

#[test]
fn a_recorded_session_is_played_again() {
    let archive = |base: &str| {
        format!(
            r#"{{"log": {{"entries": [
              {{"request": {{"method": "POST", "url": "{base}/login", "headers": [],
                "postData": {{"mimeType": "application/x-www-form-urlencoded", "text": "user=alice&password=wonderland-7"}}}},
               "response": {{"status": 200, "headers": [], "content": {{"mimeType": "application/json"}}}}}},
              {{"request": {{"method": "GET", "url": "{base}/nowhere", "headers": [{{"name": "user-agent", "value": "x"}}]}},
               "response": {{"status": 404, "headers": [], "content": {{}}}}}}
            ]}}}}"#
        )
    };
    let base = shop("");
    for (text, code) in [(archive(&base), 0), (archive(&base).replace("404", "410"), 1)] {
        let project = project(&[("session.har", &text)]).with("SCN_PASSWORD", "wonderland-7");
        project
            .scn(&["import", "har", "session.har", "-o", "t.scn"])
            .ends(0, &["2 requests, 3 expectations"]);
        project.run(&[]).ends(code, &[]);
    }
}

#[test]
fn scenarios_of_a_contract_hold_a_service_to_it() {
    let contract = |base: &str| {
        format!(
            "openapi: 3.1.0\ninfo: {{ title: t, version: \"1\" }}\nservers: [{{ url: \"{base}\" }}]\npaths:\n  /login:\n    post:\n      requestBody:\n        required: true\n        content:\n          application/x-www-form-urlencoded:\n            schema:\n              type: object\n              required: [user]\n              properties: {{ user: {{ const: alice }} }}\n      responses:\n        \"403\": {{ description: refused, content: {{ application/json: {{ schema: {{ type: object, required: [token], properties: {{ token: {{ type: string }} }} }} }} }} }}\n"
        )
    };
    let base = shop("");
    for (text, code) in [(contract(&base), 0), (contract(&base).replace("token", "tocken"), 1)] {
        let project = project(&[("shop.yaml", &text)]);
        project
            .scn(&["import", "openapi", "shop.yaml", "-o", "t.scn"])
            .ends(0, &["1 request, 1 expectation"]);
        project.run(&[]).ends(code, &[]);
    }
}
