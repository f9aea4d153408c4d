//! `scn import`: each format as a golden module that checks, what it must never show, and what is no
//! file of the format at all.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use assert_cmd::assert::OutputAssertExt as _;

use super::{ends, project, scn};

/// Characters of the sample files that must stand in nothing that is written.
const SECRETS: &[&str] = &[
    "tok_3f9a8b7c6d5e",
    "correct-horse",
    "wonderland-7",
    "0123456789abcdef",
    "s3cr3t-pass",
    "4f8d1c2b3a495867",
    "9f8e7d6c5b4a",
    "all-of-it",
    "eyJhbGci",
    "c5rf-t0ken-77",
];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/import")
}

/// The module that a sample becomes; it must be clean as it is, formatted, and keep its secrets.
fn golden(format: &str, file: &str) -> String {
    let text = std::fs::read_to_string(samples().join(file)).unwrap();
    let dir = project(&[(file, &text)]);
    let (out, said) = ends(dir.path(), &["import", format, file, "-o", "new.scn"], 0);
    assert_eq!(out, "");
    let made = std::fs::read_to_string(dir.path().join("new.scn")).unwrap();
    for secret in SECRETS {
        assert!(!made.contains(secret) && !said.contains(secret), "{secret}\n{made}");
    }
    ends(dir.path(), &["check", "--deny-warnings", "new.scn"], 0);
    ends(dir.path(), &["fmt", "--check", "new.scn"], 0);
    let lost = made.matches("// not carried over: ").count();
    assert!(said.contains(&format!("{lost} things were not")), "{lost}: {said}");
    format!("{said}\n{made}")
}

#[test]
fn curl_becomes_scenarios() {
    insta::assert_snapshot!(golden("curl", "shop.sh"));
}

#[test]
fn hurl_becomes_scenarios() {
    insta::assert_snapshot!(golden("hurl", "shop.hurl"));
}

#[test]
fn http_files_become_scenarios() {
    insta::assert_snapshot!(golden("http", "shop.http"));
}

#[test]
fn archives_become_scenarios() {
    insta::assert_snapshot!(golden("har", "shop.har"));
}

#[test]
fn openapi_becomes_scenarios() {
    insta::assert_snapshot!(golden("openapi", "shop.yaml"));
}

#[test]
fn the_shops_own_contract_becomes_clean_scenarios() {
    let contracts = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop/contracts");
    let text = std::fs::read_to_string(contracts.join("orders.openapi.yaml")).unwrap();
    let dir = project(&[("contracts/orders.yaml", &text), ("scenarios/x.scn", "")]);
    ends(dir.path(), &["import", "openapi", "contracts/orders.yaml", "-o", "scenarios/orders.scn"], 0);
    let made = std::fs::read_to_string(dir.path().join("scenarios/orders.scn")).unwrap();
    assert!(made.contains("contract \"../contracts/orders.yaml\""), "{made}");
    ends(dir.path(), &["check", "scenarios/orders.scn"], 0);
}

#[test]
fn files_are_not_written_over() {
    let dir = project(&[("a.sh", "curl https://example.com"), ("a.scn", "kept")]);
    let (_, said) = ends(dir.path(), &["import", "curl", "a.sh", "-o", "a.scn"], 2);
    assert!(said.contains("`a.scn` is there already"), "{said}");
    assert_eq!(std::fs::read_to_string(dir.path().join("a.scn")).unwrap(), "kept");
    ends(dir.path(), &["import", "curl", "a.sh", "-o", "a.scn", "--force"], 0);
    ends(dir.path(), &["check", "a.scn"], 0);
    ends(dir.path(), &["import", "curl", "none.sh"], 2);
}

#[cfg(unix)]
#[test]
fn writing_over_a_file_keeps_its_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = project(&[("a.sh", "curl https://example.com"), ("a.scn", "old")]);
    let file = dir.path().join("a.scn");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    symlink("a.scn", dir.path().join("link.scn")).unwrap();
    ends(dir.path(), &["import", "curl", "a.sh", "-o", "link.scn", "--force"], 0);
    assert!(std::fs::symlink_metadata(dir.path().join("link.scn")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&file).unwrap().contains("GET example /"));
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    ends(dir.path(), &["import", "curl", "a.sh", "-o", "new.scn", "--force"], 0);
}

#[test]
fn files_are_named_from_the_scenarios() {
    let hurl = "POST https://a.b\n[Options]\ncacert: ca.pem\n[Multipart]\nf: file,d.json;\n";
    let dir = project(&[
        ("tests/a.hurl", hurl),
        ("tests/a.http", "POST https://a.b\nContent-Type: text/plain\n\n< ./d.json\n"),
        ("tests/a.sh", "curl -T tests/d.json --cacert /etc/ca.pem https://a.b/c"),
        ("tests/d.json", "{}"),
        ("scenarios/x.scn", ""),
    ]);
    for (format, file, out, parts) in [
        ("hurl", "tests/a.hurl", "scenarios/a.scn", &["\"../tests/d.json\"", "\"../tests/ca.pem\""][..]),
        ("http", "tests/a.http", "b.scn", &["\"./tests/d.json\""]),
        ("hurl", "tests/a.hurl", "tests/a.scn", &["\"./d.json\"", "\"ca.pem\""]),
        ("curl", "tests/a.sh", "scenarios/c.scn", &["\"../tests/d.json\"", "\"/etc/ca.pem\""]),
    ] {
        ends(dir.path(), &["import", format, file, "-o", out], 0);
        let made = std::fs::read_to_string(dir.path().join(out)).unwrap();
        for part in parts {
            assert!(made.contains(part), "{part}\n{made}");
        }
    }
}

/// The module that a script becomes.
#[track_caller]
fn curl(script: &str) -> String {
    let dir = project(&[("a.sh", script)]);
    ends(dir.path(), &["import", "curl", "a.sh", "-o", "a.scn"], 0);
    let made = std::fs::read_to_string(dir.path().join("a.scn")).unwrap();
    clean(&made);
    made
}

/// Whether what curl does otherwise is said.
#[test]
fn what_curl_does_otherwise_is_said() {
    for (script, lost) in [
        ("curl -L -X POST -d a=1 https://a.b", "that `-X POST` is sent again, without its body"),
        ("curl --location-trusted https://a.b", "sends credentials to other hosts"),
        ("curl -e 'https://x.y;auto' https://a.b", "`;auto` of `-e`"),
        ("curl -F a=1 -F b=2 -F a=3 https://a.b", "the order of the parts"),
        ("curl -H 'Content-Type: a/b' -H 'Content-Type: c/d' -d x https://a.b", "a second header"),
        ("curl --digest -u me:hush-hush-1 https://a.b", "scn has no scheme `digest`"),
        ("curl -d @- https://a.b", "standard input as the body"),
        ("echo x | curl -d @- https://a.b", "the command `echo`"),
        ("if curl https://a.b; then echo ok; fi", "`if` of the shell"),
        ("for i in 1 2; do curl https://a.b/$i; done", "`do` of the shell"),
        ("curl https://a.b; xargs curl https://c.d", "`xargs`, which is not curl, and the request"),
        ("curl $OPTS https://a.b", "what `${opts}` stands for"),
        ("curl https://a.b/$1", "`$1`, which only a shell can tell"),
        ("curl \"https://a.b/x?$Q\"", "that `${q}` may be several parameters"),
        ("curl https://a.b/[1-100]", "the other requests"),
        ("curl -F 'a=@b,c' https://a.b", "which names several files"),
    ] {
        let made = curl(script);
        let said = made.lines().any(|line| line.contains("// not carried over: ") && line.contains(lost));
        assert!(said, "{lost}\n{made}");
    }
}

#[test]
fn what_curl_would_not_do_is_not_done() {
    for (script, has, has_not) in [
        ("curl -fL --max-redirs 0 https://a.b", "expect status < 300", "< 400"),
        ("curl -L https://a.b", "cookies: false", "cookies: true"),
        (
            "curl -u a:hush-hush-1 -H 'Authorization: Bearer hush-hush-2' https://a.b",
            "bearer(token)",
            "basic(",
        ),
        ("curl -H 'Authorization: Bearer hush-hush-2' https://a:hush-hush-1@a.b", "bearer(token)", "basic("),
        ("curl --aws-sigv4 x -u a:hush-hush-1 https://a.b", "GET a /", "basic("),
        ("C=alice:hush-hush-1; curl -u \"$C\" https://a.b", "basic(\"alice\", password)", "hush"),
        ("curl -u \"$C\" https://a.b", "Basic ${base64(c)}", "auth:"),
        (
            "curl -H \"Authorization: Bearer $T\" -c jar https://a.b; curl https://a.b",
            "cookies: false",
            "with   {",
        ),
        ("curl -G 'https://a.b/g#f' -d a=1", "GET a /g?a=1", "GET a /g\n"),
        ("URL=https://a.b/v1; curl $URL", "GET a \"\"", "GET a /"),
        ("A=1; B=2; curl https://a.b/$B", "input b", "input a"),
    ] {
        let made = curl(script);
        assert!(made.contains(has) && !made.contains(has_not), "{has}, and not {has_not}\n{made}");
    }
}

/// What a variable holds is known, or stands first, where the language sends it as it is.
#[test]
fn urls_of_variables_are_sent_as_they_are() {
    let captured = "HTTP 302\n[Captures]\nloc: header \"Location\"\n\nGET";
    for (format, text, has) in [
        ("hurl", format!("GET https://a.b/x\n{captured} https://a.b{{{{loc}}}}\n"), "GET a \"${loc}\""),
        ("hurl", format!("GET {{{{u}}}}/x\n{captured} {{{{u}}}}{{{{loc}}}}\n"), "GET u_service \"${loc}\""),
        ("hurl", "GET {{page}}?a=1\n".to_owned(), "GET page_service \"?a=1\""),
        ("http", "@res = v1/x\nGET https://a.b/{{res}}\n".to_owned(), "GET a /v1/x"),
        ("http", "@u = https://a.b/v1/\nGET {{u}}x\n".to_owned(), "GET a /v1/x"),
    ] {
        let dir = project(&[("t", &text)]);
        ends(dir.path(), &["import", format, "t", "-o", "t.scn"], 0);
        let made = std::fs::read_to_string(dir.path().join("t.scn")).unwrap();
        assert!(made.contains(has), "{has}\n{made}");
        clean(&made);
    }
}

#[test]
fn what_is_lost_can_be_a_failure() {
    let dir =
        project(&[("a.sh", "curl --proxy x https://example.com"), ("b.sh", "curl -f https://example.com")]);
    ends(dir.path(), &["import", "curl", "a.sh"], 0);
    let (_, said) = ends(dir.path(), &["import", "curl", "a.sh", "--strict"], 1);
    assert!(said.contains("1 thing was not"), "{said}");
    let (_, said) = ends(dir.path(), &["import", "curl", "b.sh", "--strict"], 0);
    assert_eq!(said, "1 request, 1 expectation carried over; nothing was left out\n");
}

#[test]
fn what_has_no_place_is_said_where_it_stood() {
    let har = |request: &str| {
        format!(
            "{{\"log\": {{\"entries\": [{{\"request\": {{\"method\": \"POST\", \"url\": \"http://a.b/\", {request}}}, \"response\": {{\"status\": 200}}}}]}}}}"
        )
    };
    for (format, text, said) in [
        ("hurl", "GET http://a.b\nHTTP 200\n[Asserts]\njsonpath \"$.a\" isInteger\n".to_owned(), "`1.0` is a whole one"),
        ("hurl", "GET http://a.b\n[Form]\n{{name}}: 5\na: b\nHTTP 200\n".to_owned(), "whose name is a variable"),
        ("hurl", "GET http://a.b\n[Options]\nlocation-trusted: true\n".to_owned(), "sent to no other host"),
        ("hurl", "GET http://a.b\nHTTP 200\n[Asserts]\nbytes startsWith \"a\"\n".to_owned(), "bytes begin and end with bytes"),
        ("http", "GET http://a.b\nAuthorization: Digest alice wonderland-7\n".to_owned(), "of the scheme `Digest`"),
        ("http", "POST http://a.b\n\n<@latin1 ./a.json\n".to_owned(), "the variables in the file `./a.json`, which is sent as it is, nor is it read as latin1"),
        ("http", "GET http://a.b\n\n> {% client.global.set(\"n\", response.body.a.length); %}\n".to_owned(), "a part of the script"),
        ("har", har("\"bodySize\": 5"), "the body of 5 bytes"),
        ("har", har("\"headers\": [{\"name\": \"Content-Length\", \"value\": \"7\"}], \"postData\": {\"mimeType\": \"a/b\"}"), "the body of 7 bytes"),
        ("har", har("\"bodySize\": -1, \"postData\": {\"mimeType\": \"a/b\"}"), "the body, which the archive does not have"),
        ("har", har("\"postData\": {\"text\": \"a\", \"encoding\": \"rot13\"}"), "whose encoding is `rot13`"),
        (
            "openapi",
            "{ openapi: 3.1.0, info: { title: t, version: \"1\" }, servers: [{ url: \"http://a.b\" }], paths: { /x: { servers: [{ url: \"http://c.d/\" }], get: { responses: {} } } } }".to_owned(),
            "the server `http://c.d` of this operation",
        ),
    ] {
        let dir = project(&[("shop.yaml", &text)]);
        let (made, err) = ends(dir.path(), &["import", format, "shop.yaml"], 0);
        assert!(!made.contains("wonderland-7"), "{made}");
        let is_said = made.lines().any(|line| line.contains("not carried over: ") && line.contains(said));
        assert!(is_said, "{said} is missing for {text}\n{made}\n{err}");
    }
    let dir =
        project(&[("shop", &har("\"bodySize\": -1, \"postData\": {\"mimeType\": \"a/b\", \"text\": \"\"}"))]);
    let (made, _) = ends(dir.path(), &["import", "har", "shop"], 0);
    assert!(!made.contains("the body"), "{made}");
}

#[test]
fn an_operation_is_expected_to_go_well() {
    for (responses, expected) in [
        ("\"3XX\": { description: x }, \"404\": { description: x }", "expect status in 300..399"),
        ("\"302\": { description: x }, default: { description: x }", "expect status == 302"),
        ("\"404\": { description: x }, \"204\": { description: x }", "expect status == 204"),
        ("\"404\": { description: x }", "expect status == 404"),
        ("\"4XX\": { description: x }", "expect status in 400..499"),
    ] {
        let text = format!(
            "{{ openapi: 3.1.0, info: {{ title: t, version: \"1\" }}, paths: {{ /x: {{ get: {{ responses: {{ {responses} }} }} }} }} }}"
        );
        let dir = project(&[("shop.yaml", &text)]);
        let (made, _) = ends(dir.path(), &["import", "openapi", "shop.yaml"], 0);
        assert!(made.contains(expected), "{responses}\n{made}");
    }
}

fn piped(format: &str, bytes: &[u8]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let mut command = scn(dir.path(), &["import", format, "-"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || drop(input.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn standard_input_is_read() {
    let output = piped("curl", b"\xef\xbb\xbfcurl -f https://example.com\r\n");
    let assert = output.assert().success();
    let made = String::from_utf8(assert.get_output().stdout.clone()).unwrap();
    assert!(made.contains("GET example /") && made.contains("scenario \"standard input\""), "{made}");
}

#[test]
fn mistakes_are_shown_at_their_places_all_at_once() {
    for (format, text, said) in [
        (
            "curl",
            "curl https://a.b\ncurl -H\ncurl -s -X POST\n",
            &["[shop:2:6]", "`-H` needs a value", "[shop:3:1]", "no URL"][..],
        ),
        ("curl", "curl https://a.b -d 'x\n\n", &["[shop:1:21]", "not closed"]),
        (
            "curl",
            "curl ''\ncurl http://\ncurl 'http://a b/c'\ncurl -s http://a.b:notaport https://a.b/x[1]\n",
            &["[shop:1:6]", "[shop:2:6]", "[shop:3:6]", "[shop:4:9]", "invalid port", "[shop:4:29]", "`-g`"],
        ),
        (
            "curl",
            "curl \"https://a.b/x\" ^\n  -H \"accept: */*\" ^\n  --data-raw ^\"^{^\\^\"a^\\^\":1^}^\"\n",
            &["[shop:1:22]", "cmd.exe", "Copy as cURL (bash)"],
        ),
        ("curl", "curl ^\"https://a.b/x^\"\n", &["[shop:1:6]", "cmd.exe"]),
        ("hurl", "GET https://a.b:port/x\n", &["[shop:1:1]", "no whole URL"]),
        ("curl", "wget x", &["[shop:1:1]", "no request here", "a line begins with `curl`"]),
        (
            "hurl",
            "GET https://a.b\n[Assert]\n[Asserts]\nGET x\nHTTP 2000\n",
            &["[shop:2:1]", "[Asserts]` belongs to a response", "[shop:4:1]", "[shop:5:6]"],
        ),
        (
            "hurl",
            "GET https://a.b\nHTTP 200\n[Asserts]\nstatus = 200\njsnpath \"$\" exists\n",
            &["[shop:4:8]", "`=` is no predicate", "[shop:5:1]", "no query"],
        ),
        ("hurl", "GET https://a.b\n{\"a\": [1\n", &["[shop:2:1]", "not closed"]),
        (
            "http",
            "GET https://a.b\nno header\n\n###\nhello there\n",
            &["[shop:2:1]", "no header", "[shop:5:1]", "no request"],
        ),
        ("http", "GET /x\n", &["`Host`"]),
        (
            "hurl",
            "POST https://a.b\n{\"a\": 1} b\nHTTP 200\n`x`: y\n",
            &["[shop:2:10]", "nothing more can stand here", "[shop:4:4]"],
        ),
        (
            "hurl",
            "POST https://a.b\n```yaml\na\n```\n",
            &["[shop:2:4]", "`yaml` cannot stand behind these quotes: json, xml"],
        ),
        ("hurl", "POST https://a.b\n```escape\na\\x\n```\n", &["[shop:3:2]", "this is no escape"]),
        (
            "har",
            "{\"log\": {\"entries\": [{\"request\": {\"method\": \"GET\", \"url\": \"http://a.b\", \"headers\": \"no\", \"postData\": 1},\n\"response\": {\"status\": 200, \"content\": [],\n\"headers\": [{\"name\": \"a\", \"value\": 1}, {}]}}]}}",
            &[
                "`headers` is a text, and must be a list",
                "`postData` is a number, and must be an object",
                "`content` is a list, and must be an object",
                "`value` is a number, and must be a text",
                "no `name`",
            ],
        ),
        (
            "har",
            "{\"log\": {\"entries\": [{\"request\": {\"method\": \"GET\", \"url\": \"http://\"},\n\"response\": {\"status\": 200}},\n{\"request\": {\"method\": \"GET\", \"url\": \"http://a.b\"}, \"response\": {\"status\": 200.5}}]}}",
            &["[shop:1:59]", "no URL", "`status` is 200.5, and must be a whole number"],
        ),
        (
            "har",
            "{\"log\": {\"entries\": [{\"request\": {\"method\": \"POST\", \"url\": \"http://a.b\",\n\"postData\": {\"text\": \"?\", \"encoding\": \"base64\"}}, \"response\": {\"status\": 200}}]}}",
            &["[shop:2:22]", "`encoding` says that this is base64"],
        ),
        (
            "har",
            "{\"log\": {\"entries\": [{\"request\": {\"method\": 1}}]}}",
            &["[shop:1:22]", "`response`", "[shop:1:45]"],
        ),
        ("har", "{\"log\": {\"entries\": [", &["no JSON"]),
        ("har", "[]", &["`log`"]),
    ] {
        let dir = project(&[("shop", text)]);
        let (out, err) = ends(dir.path(), &["import", format, "shop"], 2);
        assert_eq!(out, "");
        for part in said {
            assert!(err.contains(part), "{part} is missing for {format}\n{text}\n{err}");
        }
    }
}

#[test]
fn messages_show_no_secret() {
    for (format, text) in [
        ("curl", "curl -H 'Authorization: Bearer hush-hush-1' 'https://a.b"),
        ("curl", "curl -u me:hush-hush-1 'https://me:hush-hush-1@a.b"),
        ("hurl", "GET https://a.b\nX-Token: hush-hush-1\n[BasicAuth]\nme hush-hush-1\n"),
        ("http", "@password = hush-hush-1\nGET https://a.b\nCookie hush-hush-1\n"),
        ("har", "{\"log\": {\"entries\": [{\"password\": \"hush-hush-1\"}]}}"),
        ("har", "{\"log\": {\"entries\": [{\"name\": \"X-Auth\", \"value\": \"hush-hush-1\"}]}}"),
        ("curl", r#"curl https://a.b -d "{\"password\":\"hush-hush-1\"}" -H"#),
        ("curl", "curl https://a.b -d 'user=a&pwd=hush-hush-1' -H"),
        ("curl", "curl https://a.b -uhush-hush-1 -H"),
        ("hurl", "GET https://a.b\nHTTP 200\n[Asserts]\njsonpath \"$.password\" equals2 \"hush-hush-1\"\n"),
    ] {
        let dir = project(&[("shop", text)]);
        let (_, err) = ends(dir.path(), &["import", format, "shop"], 2);
        assert!(!err.contains("hush-hush-1"), "{format}: {err}");
    }
}

/// What a file becomes, which must be clean.
#[track_caller]
fn made(format: &str, text: &str) -> String {
    let output = piped(format, text.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}\n{text}");
    let made = String::from_utf8(output.stdout).unwrap();
    clean(&made);
    made
}

#[test]
fn modules_show_no_secret() {
    let curl = |rest: &str| ("curl", format!("curl https://a.b/c {rest}"));
    let har = |kind: &str, text: &str| {
        let text = serde_json::json!({"log": {"entries": [{
            "request": {"method": "POST", "url": "https://a.b/", "headers": [], "postData": {"mimeType": kind, "text": text}},
            "response": {"status": 200, "headers": [], "content": {}},
        }]}});
        ("har", text.to_string())
    };
    let token = "sk_test_hush-hush-1-hush-hush-1";
    let jwt = "eyJhbGciOiJIUzI1NiJ9.hush-hush-1.c2lnbmF0dXJl";
    for (format, text) in [
        curl("-d 'email=alice@example.com&password=hush-hush-1'"),
        curl("-d 'password=hush%2fhush-hush-1'"),
        curl("-d 'password=hush%20hush-hush-1'"),
        curl(r#"-d '{"user":"alice","password":"hush-hush-1"}'"#),
        curl(r#"-H 'Content-Type: text/xml' -d '<Login><password>hush-hush-1</password></Login>'"#),
        curl(r#"--json '{"query":"mutation { login(password: \"hush-hush-1\") { id } }"}'"#),
        curl(r#"--json '{"pin": 493817, "password": 12345678, "otp": 918273}'"#),
        curl(r#"-F 'creds={"password":"hush-hush-1"};type=application/json'"#),
        curl(&format!("-u {token}:")),
        curl(&format!("-u {token}:x-oauth-basic")),
        curl("-H 'Ocp-Apim-Subscription-Key: hush-hush-1' -H 'X-Auth: hush-hush-1'"),
        curl("-H 'X-Next: https://a.b/?token=hush-hush-1'"),
        curl("-H 'Authorization: Token hush-hush-1'"),
        curl("# curl -u alice:hush-hush-1 -d 'pass=hush-hush-1' -b 'a=b; c=hush-hush-1'"),
        curl("> 'out?pwd=hush-hush-1'"),
        curl("; T=$(curl -d 'user=a&pwd=hush-hush-1' https://a.b); curl https://a.b/$T"),
        ("curl", "curl https://hush-hush-1@a.b/".to_owned()),
        ("curl", "curl https://u:p@hush-hush-1@a.b/".to_owned()),
        ("curl", format!("curl https://a.b/reset/{jwt}")),
        ("curl", "curl 'https://a.b/back?code=hush-hush-1&to=https%3A%2F%2Fa.b%2F%3Ftoken%3Dhush-hush-1'".to_owned()),
        ("curl", "BASE=https://alice:hush-hush-1@a.b\ncurl $BASE/x".to_owned()),
        ("curl", format!("KEY={token}\ncurl https://a.b -H \"X-K: $KEY\"")),
        ("curl", "HEADER='Authorization: Bearer hush-hush-1'\ncurl https://a.b -H \"$HEADER\"".to_owned()),
        ("curl", "BOTH=alice:hush-hush-1\ncurl https://a.b -u \"$BOTH\"".to_owned()),
        ("curl", "W=hush-hush-1\ncurl https://a.b -u \"me:$W\"".to_owned()),
        har("application/x-www-form-urlencoded", "email=a@b.c&password=hush-hush-1"),
        har("multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhush-hush-1\r\n--X--\r\n"),
        ("http", "@base = https://alice:hush-hush-1@a.b\nGET {{base}}/x\n".to_owned()),
        ("http", "@host = a.b\n@base = https://alice:hush-hush-1@{{host}}\nGET {{base}}/x\n".to_owned()),
        ("http", "POST https://a.b\n\npassword: hush-hush-1\n".to_owned()),
        ("hurl", "GET https://a.b\n[Options]\ncert: client.pem:hush-hush-1\nHTTP 200\n<a><token>hush-hush-1</token></a>\n".to_owned()),
        ("hurl", format!("GET https://a.b\n[Query]\nx: {token}\nHTTP 200\n[Asserts]\njsonpath \"$.x\" == \"{token}\"\n")),
        ("hurl", "GET https://a.b\nHTTP 200\n[Asserts]\njsonpath \"$..access_token\" == \"hush-hush-1\"\nxpath \"string(//password)\" startsWith \"hush-hush-1\"\n".to_owned()),
    ] {
        let made = made(format, &text);
        for secret in ["hush-hush", "493817", "12345678", "918273"] {
            assert!(!made.contains(secret), "{text}\n{made}");
        }
    }
}

#[test]
fn what_is_hidden_is_sent_as_the_file_says() {
    for (format, text, parts) in [
        (
            "curl",
            "curl https://a.b -d 'email=alice@example.com&password=w%2fonderland7'",
            &["text(\"email=alice@example.com&password=${url_encode(password)}\", type:"][..],
        ),
        ("curl", "curl https://a.b --json '{\"password\": 12345678}'", &["{ password: number(password) }"]),
        ("curl", "curl https://a.b -u sk_test_4eC39HqLyjWDarjtT1zdp7dc:", &["auth: basic(user, \"\")"]),
        (
            "curl",
            "W=alice:wonderland\ncurl https://a.b -u $W",
            &["secret password\n", "auth: basic(\"alice\", password)"],
        ),
        ("curl", "curl https://a.b -u \"$W\"", &["secret w\n", "Authorization: \"Basic ${base64(w)}\""]),
        (
            "curl",
            "BASE=https://alice:wonderland@a.b\ncurl $BASE/x",
            &["input base = \"https://a.b\"", "auth: basic(\"alice\", password)"],
        ),
        (
            "curl",
            "curl https://u:p@sswonderland@a.b/x",
            &["at     \"https://a.b\"", "basic(\"u\", password)"],
        ),
        (
            "curl",
            "curl https://a.b -H \"Authorization: Token $TKEY\" -H \"X-Api-Key: v1-$K\"",
            &["Authorization: \"Token ${tkey}\"", "X-Api-Key: \"v1-${k}\"", "secret tkey\n", "secret k\n"],
        ),
        ("curl", "curl https://a.b -H 'Authorization: Basic '$B64", &["Authorization: \"Basic ${b64}\""]),
    ] {
        let made = made(format, text);
        for part in parts {
            assert!(made.contains(part), "{part} is missing for\n{text}\n{made}");
        }
    }
}

#[test]
fn variables_in_json_are_json() {
    for (format, text, parts) in [
        (
            "curl",
            "SENT='{\"a\":1}'\ncurl -H 'Content-Type: application/json' -d \"$SENT\" https://a.b",
            &["input sent = \"{\\\"a\\\":1}\"", "text(\"${sent}\", type: \"application/json\")"][..],
        ),
        (
            "curl",
            r#"QTY=2; ITEMS='[1, {"sku": "${x}"}]'; IS_ON=true; curl https://a.b --json "{\"qty\": $QTY, \"items\": $ITEMS, \"on\": $IS_ON}""#,
            &[
                "input qty = 2\n",
                "input items = [1, { sku: \"\\${x}\" }]\n",
                "input is_on = true\n",
                "qty: qty",
            ],
        ),
        (
            "curl",
            r#"LEAF=tea; CUP='"Zoë"'; curl https://a.b --json "{\"a\": $CUP}"; curl https://a.b --json "{\"b\": $LEAF}""#,
            &["{ a: from_json(cup) }", "text(\"{\\\"b\\\": ${leaf}}\""],
        ),
        (
            "http",
            "@qty = 5\n@sent = {\"a\":1}\n###\nPOST https://a.b\nContent-Type: application/json\n\n{\"qty\": {{qty}}}\n###\nPOST https://a.b\nContent-Type: application/json\n\n{{sent}}\n",
            &["input qty = 5\n", "{ qty: qty }", "text(\"${sent}\", type: \"application/json\")"],
        ),
        ("curl", "PIN=493817\ncurl https://a.b --json \"{\\\"pin\\\": $PIN}\"", &["{ pin: number(pin) }"]),
    ] {
        let made = made(format, text);
        for part in parts {
            assert!(made.contains(part), "{part} is missing for\n{text}\n{made}");
        }
    }
}

#[test]
fn what_is_no_file_of_the_format_is_an_error_and_never_a_panic() {
    let deep = "[".repeat(100_000);
    let deep_json = format!("curl https://a.b --json '{deep}{}'", "]".repeat(100_000));
    let deep_har = format!("{{\"log\": {deep}");
    let hostile: Vec<(&str, Vec<u8>, i32)> = vec![
        ("curl", Vec::new(), 2),
        ("hurl", Vec::new(), 2),
        ("http", Vec::new(), 2),
        ("har", Vec::new(), 2),
        ("curl", b"\xff\xfe\x00".to_vec(), 2),
        ("hurl", (0..=255).collect(), 2),
        ("curl", b"curl \x00\x01\x1b[31m".to_vec(), 2),
        ("curl", b"curl -g https://a.b/\x00\x01\x1b[31m".to_vec(), 0),
        ("curl", deep_json.into_bytes(), 0),
        ("hurl", format!("GET https://a.b\n{deep}").into_bytes(), 2),
        ("hurl", b"GET https://a.b\n{\"a\": \"{{\"}\n".to_vec(), 0),
        ("har", deep_har.into_bytes(), 2),
        ("http", b"GET https://a.b\r\nX: y\r\n\r\n${x} \"\"\" \\u{0} $\\{\r\n".to_vec(), 0),
        ("curl", b"curl https://a.b -d '${x}$\"\"\"\\' -H 'X: ${y}' -d \"\\${z}\"".to_vec(), 0),
    ];
    for (format, bytes, code) in hostile {
        let output = piped(format, &bytes);
        let said = String::from_utf8_lossy(&output.stderr);
        let shown: String = said.chars().take(2000).collect();
        assert_eq!(output.status.code(), Some(code), "{format}: {shown}");
        assert!(!said.contains("at fault"), "{format}: {shown}");
        if code == 0 {
            clean(&String::from_utf8(output.stdout).unwrap());
        }
    }
}

#[test]
fn a_flood_of_mistakes_is_counted() {
    let output = piped("http", format!("GET https://a.b\n{}", "no header\n".repeat(1_000)).as_bytes());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.matches("this is no header").count() == 20 && said.contains("980 more"), "{said}");
}

#[test]
fn large_files_are_read() {
    let long = format!("curl https://a.b -d '{}'", "x".repeat(3 << 20));
    let wide = "curl -s https://a.b/1 -H 'X-Token: abcdefghi'\n".repeat(3_000);
    let quotes = format!("curl {}", "'".repeat((1 << 20) + 1));
    for (text, code) in [(long, 0), (wide, 0), (quotes, 2)] {
        let output = piped("curl", text.as_bytes());
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn long_files_take_no_longer_than_their_length() {
    let began = std::time::Instant::now();
    let comments = format!("GET https://a.b\n{}HTTP 200\n", "# said\n".repeat(40_000));
    let captures: String = (0..3_000).map(|at| format!("v{at}: jsonpath \"$.v{at}\"\n")).collect();
    let captures = format!("GET https://a.b\nHTTP 200\n[Captures]\n{captures}");
    let unclosed = format!("GET https://a.b\n{}", "{\n".repeat(40_000));
    for (text, code) in [(comments, 0), (captures, 0), (unclosed, 2)] {
        let output = piped("hurl", text.as_bytes());
        assert_eq!(output.status.code(), Some(code));
    }
    // Several minutes, where each line looks at all that follow.
    assert!(began.elapsed() < std::time::Duration::from_secs(90), "{:?}", began.elapsed());
}

/// Demands that a module has no errors and is formatted.
#[track_caller]
fn clean(text: &str) {
    let dir = project(&[("made.scn", text)]);
    ends(dir.path(), &["check", "made.scn"], 0);
    ends(dir.path(), &["fmt", "--check", "made.scn"], 0);
}
