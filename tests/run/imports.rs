//! What `scn import` writes is run: it passes where the service does what the file says, and fails
//! where it does not.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

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

/// Imports a text and runs it; `BASE` is the address of a server that answers so.
fn outcome(
    format: &str,
    text: &str,
    answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static,
) -> (Ran, String) {
    let base = server(answer);
    let text = text.replace("BASE", &base).replace("PORT", base.rsplit(':').next().unwrap());
    let project = project(&[("requests.yaml", &text)])
        .with("SCN_PASSWORD", "wonderland-7")
        .with("SCN_TOKEN", "tok_3f9a8b7c6d5e")
        .with("SCN_COOKIE_SESSION", "another-one");
    project.scn(&["import", format, "requests.yaml", "-o", "t.scn"]).ends(0, &[]);
    let made = project.read("t.scn");
    let has_user = made.contains("input user");
    let ran = project.run(if has_user { &["--set", "user=alice"] } else { &[] });
    (ran, made)
}

#[test]
fn what_a_file_expects_passes_and_fails_as_its_own_tool_has_it() {
    for (format, claim, right, wrong) in [
        // Hurl fails where a capture finds nothing.
        (
            "hurl",
            "[Captures]\nid: jsonpath \"$.a.b\"",
            &["{\"a\": {\"b\": 1}}"][..],
            &["{}", "{\"a\": 1}"][..],
        ),
        ("hurl", "[Captures]\nid: jsonpath \"$.a\" nth 1", &["{\"a\": [1, 2]}"], &["{\"a\": [1]}"]),
        (
            "hurl",
            "[Captures]\nlength: jsonpath \"$.a\" count",
            &["{\"a\": []}"],
            &["{\"a\": {\"count\": 1}}"],
        ),
        ("hurl", "[Captures]\nplace: header \"X-Kind\"", &["{\"kind\": 1}"], &["{}"]),
        ("hurl", "[Asserts]\njsonpath \"$.a\" isIpv4", &["{\"a\": \"10.0.0.1\"}"], &["{\"a\": \"::1\"}"]),
        ("hurl", "[Asserts]\njsonpath \"$.a\" isIpv6", &["{\"a\": \"::1\"}"], &["{\"a\": \"10.0.0.1\"}"]),
        (
            "hurl",
            "[Asserts]\njsonpath \"$.a\" isEmpty",
            &["{\"a\": \"\"}", "{\"a\": []}", "{\"a\": {}}"],
            &["{\"a\": {\"count\": 0}}", "{\"a\": \"x\"}", "{\"a\": [0]}", "{}"],
        ),
        (
            "hurl",
            "[Asserts]\njsonpath \"$.a\" not isEmpty",
            &["{\"a\": {\"count\": 0}}", "{\"a\": \"x\"}"],
            &["{\"a\": {}}", "{\"a\": \"\"}", "{\"a\": []}"],
        ),
        ("hurl", "[Asserts]\njsonpath \"$.a\" count == 0", &["{\"a\": []}"], &["{\"a\": {\"count\": 0}}"]),
        ("hurl", "[Asserts]\njsonpath \"$.a\" last == 5", &["{\"a\": [4, 5]}"], &["{\"a\": {\"last\": 5}}"]),
        ("hurl", "[Asserts]\nbytes count == 7", &["{\"a\":1}"], &["{\"a\":11}"]),
        ("hurl", "[Asserts]\nbytes startsWith hex,7b2261;", &["{\"a\":1}"], &["[1]"]),
        ("hurl", "[Asserts]\nbytes endsWith base64,fQ==;", &["{\"a\":1}"], &["[1]"]),
        ("hurl", "[Asserts]\nbytes not isEmpty", &["1"], &[""]),
        ("hurl", "[Asserts]\nbody == ```\n[\n1]```\nstatus < 300", &["[\n1]"], &["[1]"]),
        (
            "hurl",
            "[Asserts]\njsonpath \"$.session.user.name\" == \"alice\"",
            &["{\"session\": {\"user\": {\"name\": \"alice\"}}}"],
            &["{\"session\": {\"user\": {\"name\": \"bob\"}}}"],
        ),
        (
            "http",
            "client.assert(response.body.a.length === 2);",
            &["{\"a\": [1, 2]}", "{\"a\": \"ab\"}"],
            &["{\"a\": [1]}", "{\"a\": \"a\"}", "{\"a\": {}}"],
        ),
        (
            "http",
            "/* client.assert(response.status === 404); */\nclient.assert(response.body.a === \"/*\");",
            &["{\"a\": \"/*\"}"],
            &["{\"a\": 1}"],
        ),
    ] {
        let text = if format == "hurl" {
            format!("GET BASE/a\nHTTP 200\n{claim}\n")
        } else {
            format!("GET BASE/a\n\n> {{%\n{claim}\n%}}\n")
        };
        let answers = right.iter().map(|body| (body, 0)).chain(wrong.iter().map(|body| (body, 1)));
        for (body, code) in answers {
            let (ran, made) = outcome(format, &text, move |_| {
                let kind =
                    if body.contains("kind") { "application/json\r\nx-kind: a" } else { "application/json" };
                reply("200 OK", kind, body)
            });
            assert_eq!(ran.code, Some(code), "{claim}\n{body}\n{}{}\n{made}", ran.out, ran.err);
            assert!(!made.contains("not carried over"), "{made}");
        }
    }
}

#[test]
fn requests_are_sent_as_the_files_own_tool_sends_them() {
    type Right = fn(&Asked) -> bool;
    fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
        asked.headers.get(name).map(String::as_str)
    }
    // alice:wonderland-7
    let is_alice: Right = |asked| header(asked, "authorization") == Some("Basic YWxpY2U6d29uZGVybGFuZC03");
    let cases: Vec<(&str, &str, Right)> = vec![
        ("hurl", "GET BASE/a\n[BasicAuth]\n{{user}}: {{password}}\nHTTP 200\n", is_alice),
        ("hurl", "POST BASE/a\nhex,cafe;\nHTTP 200\n", |asked| {
            header(asked, "content-type").is_none() && header(asked, "content-length") == Some("2")
        }),
        ("hurl", "POST BASE/a\nbase64,YWI=; # two\nHTTP 200\n", |asked| {
            header(asked, "content-type").is_none() && asked.body == "ab"
        }),
        ("hurl", "POST BASE/a\n```novariable\n{{x}}\n```\nHTTP 200\n", |asked| asked.body == "{{x}}\n"),
        ("hurl", "POST BASE/a\n```escape\na\\tb\\u{e9}```\nHTTP 200\n", |asked| asked.body == "a\tbé"),
        ("hurl", "POST BASE/a\n```json, novariable\n[\"{{x}}\"]\n```\nHTTP 200\n", |asked| {
            asked.body == "[\"{{x}}\"]" && header(asked, "content-type") == Some("application/json")
        }),
        ("hurl", "GET BASE/moved\n[Options]\nmax-redirs: 5\nHTTP 302\n", |asked| asked.path == "/moved"),
        ("hurl", "GET BASE/moved\n[Options]\nmax-redirs: 5\nlocation: true\nHTTP 200\n", |_| true),
        ("http", "GET BASE/a\nAuthorization: Basic alice wonderland-7\n", is_alice),
        ("http", "GET BASE/a\nAuthorization: Basic alice:wonderland-7\n", is_alice),
        ("http", "GET BASE/a\nAuthorization: Basic {{user}} {{password}}\n", is_alice),
        ("http", "POST BASE/a\nX-Request-Type: GraphQL\n\nquery { a }\n", |asked| {
            asked.body == "{\"query\":\"query { a }\"}" && header(asked, "x-request-type").is_none()
        }),
        (
            "http",
            "POST BASE/a\nContent-Type: application/x-www-form-urlencoded\n\na = 1 &\nb = two words\n",
            |asked| asked.body == "a=1&b=two+words",
        ),
        (
            "http",
            "POST BASE/a\nContent-Type: multipart/form-data; boundary=B\n\n--B\nContent-Disposition: form-data; name=\"a\"\n\n1\n--B--\n",
            |asked| asked.body == "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B--",
        ),
        (
            "har",
            r#"{"log": {"entries": [{"request": {"method": "POST", "url": "BASE/a",
              "postData": {"mimeType": "image/png", "text": "yv4=", "encoding": "base64"}}, "response": {"status": 200}}]}}"#,
            |asked| {
                header(asked, "content-type") == Some("image/png")
                    && header(asked, "content-length") == Some("2")
            },
        ),
        (
            "har",
            r#"{"log": {"entries": [
              {"request": {"method": "GET", "url": "BASE/login"},
               "response": {"status": 200, "headers": [{"name": "Set-Cookie", "value": "session=first-one"}]}},
              {"request": {"method": "GET", "url": "BASE/again", "headers": [{"name": "Cookie", "value": "session=first-one"}]},
               "response": {"status": 200}},
              {"request": {"method": "GET", "url": "http://localhost:PORT/other", "headers": [{"name": "Cookie", "value": "session=another-one"}]},
               "response": {"status": 200}}]}}"#,
            |asked| match &*asked.path {
                "/again" => header(asked, "cookie") == Some("session=first-one"),
                "/other" => header(asked, "cookie") == Some("session=another-one"),
                _ => true,
            },
        ),
        (
            "openapi",
            r#"{ openapi: 3.1.0, info: { title: t, version: "1" }, servers: [{ url: "BASE" }], security: [{ t: [] }],
              components: { securitySchemes: { t: { type: http, scheme: bearer } } },
              paths: { /open: { get: { security: [], responses: { "200": { description: x } } } },
                       /closed: { get: { responses: { "200": { description: x } } } } } }"#,
            |asked| header(asked, "authorization").is_some() == (asked.path == "/closed"),
        ),
    ];
    for (format, text, is_right) in cases {
        let (ran, made) = outcome(format, text, move |asked| {
            let status = match (is_right(asked), &*asked.path) {
                (false, _) => "400 Bad Request",
                (true, "/moved") => "302 Found",
                (true, _) => "200 OK",
            };
            let kind = match &*asked.path {
                "/moved" => "text/plain\r\nlocation: /a",
                "/login" => "text/plain\r\nset-cookie: session=first-one",
                _ => "text/plain",
            };
            reply(status, kind, "")
        });
        assert_eq!(ran.code, Some(0), "{text}\n{}{}\n{made}", ran.out, ran.err);
    }
}

/// What real curl sends, and what its import sends: the same, but for the names of clients, boundaries,
/// and how a form may be written in more than one way.
#[test]
fn an_import_sends_what_curl_sends() {
    let curl = Command::new("curl").arg("--version").output();
    assert!(curl.is_ok(), "curl is missing, and this test compares with it: install it");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let base = server(move |asked| {
        log.lock().unwrap().push(sent(asked));
        match &*asked.path {
            "/login" => b"HTTP/1.1 200 OK\r\nset-cookie: sid=7; Path=/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_vec(),
            _ => json("200 OK", "{}"),
        }
    });
    let host = base.trim_start_matches("http://").to_owned();
    for (number, script) in SCRIPTS.iter().enumerate() {
        let script = script.replace("BASE", &base).replace("HOST", &host);
        let project = project(&[("a.sh", &script), ("d.json", "{\"a\": 1}"), ("d.csv", "1,2")]);
        let status = Command::new("sh").arg("a.sh").current_dir(project.path()).output().unwrap();
        assert!(status.status.success(), "{script}: {status:?}");
        let by_curl = std::mem::take(&mut *seen.lock().unwrap());
        project.scn(&["import", "curl", "a.sh", "-o", "t.scn"]).ends(0, &["nothing was left out"]);
        let project = project
            .with("SCN_TOKEN", "hush-hush-2")
            .with("SCN_T", "hush-hush-2")
            .with("SCN_PASSWORD", "hush-hush-1")
            .with("SCN_COOKIE_A", "1")
            .with("SCN_COOKIE_B", "2")
            .with("SCN_COOKIE_C", "3");
        let ran = project.run(&[]).ends(0, &["1 passed"]);
        let by_import = std::mem::take(&mut *seen.lock().unwrap());
        let made = project.read("t.scn");
        assert_eq!(by_curl, by_import, "{number}: {script}\n{made}\n{}", ran.out);
        assert!(!by_curl.is_empty() && !made.contains("hush-"), "{made}");
    }
}

/// A request without what every client says in its own way.
fn sent(asked: &Asked) -> String {
    let ignored = ["user-agent", "accept", "traceparent", "expect", "connection", "content-length"];
    let mut body = asked.body.clone();
    let mut headers = Vec::new();
    for (name, value) in asked.headers.iter().filter(|(name, _)| !ignored.contains(&&***name)) {
        let mut value = value.replace("; ", ";");
        if let Some((kind, boundary)) = value.clone().split_once(";boundary=") {
            body = body.replace(boundary, "BOUNDARY").replace("content-disposition", "Content-Disposition");
            value = kind.to_owned();
        }
        headers.push(format!("{name}: {value}"));
    }
    // The headers of a part in any case and order.
    let mut lines: Vec<String> =
        body.split("\r\n").map(|line| line.replace("content-type: ", "Content-Type: ")).collect();
    if body.contains("BOUNDARY") {
        lines
            .iter_mut()
            .for_each(|line| *line = line.trim_start_matches('-').trim_end_matches('-').to_owned());
    }
    format!("{} {} {headers:?} {lines:?}", asked.method, asked.path)
}

/// Each asks for what can be carried over as it is.
const SCRIPTS: &[&str] = &[
    // Flags with their values attached, some of them variables.
    "T=hush-hush-2; M=PUT\ncurl -sfH\"Authorization: Bearer $T\" BASE/a\ncurl -sf -X$M BASE/b\ncurl -sf -u\"me:hush-hush-1\" BASE/c\nOPTS='-s -f'\ncurl $OPTS BASE/d",
    // The header wins over the flag and the URL.
    "curl -sf -u a:hush-hush-1 -H 'Authorization: Bearer hush-hush-2' BASE/a\ncurl -sf -H 'Authorization: Bearer hush-hush-2' http://u:hush-hush-1@HOST/y",
    "curl -sf 'http://me+test:hush-hush-1@HOST/x'\ncurl -sf -u a:hush-hush-1 http://u:pw@HOST/y",
    // Pieces of JSON, and one that a variable says.
    "curl -sf BASE/e --json '{\"a\":' --json '1}'",
    // URLs of variables.
    "URL=BASE/v1/orders; RES=v1/orders; Q='a=1&b=2'; P=/v1/me; S=http; H=HOST; W='a%20b'\ncurl -sf \"$URL\"\ncurl -sf \"$URL?page=2\"\ncurl -sf \"$URL/7\"\ncurl -sf BASE/\"$RES\"\ncurl -sf \"BASE/x?$Q\"\ncurl -sf \"BASE$P\"\ncurl -sf \"$S://$H/s\"\ncurl -sf $H/t\ncurl -sf \"BASE/y?q=$W\"\nROOT=BASE/; curl -sf ${ROOT}z",
    // Parts of forms.
    "curl -sf BASE/post --form 'name=\"Alice\"' --form 'note=a;b' --form 'x=\"q;r\"' --form 't=hi;type=text/html; charset=utf-8' --form 'j=\"{\\\"a\\\":1}\";type=application/json' -F 'f=@d.csv' -F 'g=@d.csv;type=text/csv;filename=\"x.csv\"'",
    // What is encoded, once.
    "Q='tea & mugs'; R='a%20b'\ncurl -sf BASE/b --data-urlencode \"q=$Q\"\ncurl -sf BASE/c -G --data-urlencode \"q=$Q\"\ncurl -sf BASE/d -d \"q=$R\"\ncurl -sf BASE/e --data-urlencode \"q=$Q\" -H 'Content-Type: text/plain'\ncurl -sf 'BASE/g?z=1' -G -d \"q=$R\" -g",
    // Several requests by one URL.
    "curl -sf 'BASE/items/[01-03:2]{a,b}' BASE/'{x}'\ncurl -sfg 'BASE/x?[1]'",
    // Files.
    "curl -sf -T d.json BASE/c/\ncurl -sf -T d.json 'BASE/c/?x=1'\ncurl -sf -T d.json BASE\ncurl -sf -T d.json BASE/e -H 'Content-Type: a/b'\ncurl -sf --data-binary @d.json -H 'Content-Type:' BASE/f",
    // Characters and documents of the shell.
    "curl -sf --data-raw 'a' -H 'Content-Type: text/plain' BASE/a\ncurl -sf -d @- -H 'Content-Type: text/plain' BASE/b <<'END'\na $x\nb\nEND\ncurl -sf --data-binary @- -H 'Content-Type: text/plain' BASE/c <<END\na\n\nEND",
    // Headers and cookies.
    "curl -sf -H 'X-A:' -H 'X-A: 1' BASE/a\ncurl -sf -b a=1 -b b=2 BASE/b\ncurl -sf -b a=1 -H 'Cookie: c=3' BASE/c\ncurl -sf -e 'http://x.y/' BASE/d\ncurl -sf BASE/login\ncurl -sf BASE/me",
];
