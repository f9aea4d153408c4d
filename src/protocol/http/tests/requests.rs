//! Methods, URLs, headers, cookies, credentials, versions, pages.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::Query;
use axum::http::HeaderMap;
use axum::response::AppendHeaders;
use axum::routing::get as on_get;

use super::server::{canned, echo, nobody, serve};
use super::*;
use crate::lang::{Kind, Safety};
use crate::protocol::http::{SPECS, probe};
use crate::value::Piece;

#[tokio::test]
async fn every_method_goes_out_as_it_is_called() {
    let url = serve(echo()).await;
    let world = World::new();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] {
        let reply = world.send(call(method, &url, "/x")).await;
        assert_eq!(text(&reply, "body.method"), method);
        assert!(reply.succeeded);
    }
    let head = world.send(call("HEAD", &url, "/x")).await;
    assert_eq!((shown(&head, "status"), get(&head, "body")), ("200".to_owned(), Value::Absent));
    assert!(head.succeeded, "an empty body is what HEAD has");
    let purge = world.send(call("request", &url, "/x").with("method", Value::text("PURGE"))).await;
    assert_eq!(text(&purge, "body.method"), "PURGE");
}

#[tokio::test]
async fn methods_that_are_none_are_refused() {
    let world = World::new();
    for (verb, method) in
        [("request", ""), ("request", "purge"), ("request", "A B"), ("request", "CONNECT"), ("GET", "DELETE")]
    {
        let misuse =
            world.refuse(call(verb, "http://127.0.0.1:1", "/").with("method", Value::text(method))).await;
        assert_eq!(misuse.option.as_deref(), Some("method"), "{method}");
    }
    let misuse = world.refuse(call("request", "http://127.0.0.1:1", "/")).await;
    assert_eq!(misuse.message, "`request` needs the option `method`");
}

#[test]
fn an_option_cannot_make_a_safe_verb_unsafe_unseen() {
    let call = |verb: &str| call(verb, "http://127.0.0.1:1", "/");
    assert_eq!(Http::new().safety(&call("GET")), Safety::Safe);
    assert_eq!(Http::new().safety(&call("DELETE")), Safety::Unsafe);
    assert_eq!(Http::new().safety(&call("open").with("method", Value::text("POST"))), Safety::Unsafe);
    assert_eq!(Http::new().safety(&call("request").with("method", Value::text("QUERY"))), Safety::Safe);
    assert_eq!(Http::new().safety(&call("request").with("method", Value::text("PURGE"))), Safety::Unknown);
}

#[tokio::test]
async fn paths_urls_and_queries() {
    let url = serve(echo()).await;
    let world = World::new();
    let reply = world.send(call("GET", &format!("{url}/base/"), "/a%20b?x=1")).await;
    assert_eq!(text(&reply, "body.uri"), "/base/a%20b?x=1");
    let query = json(r#"{"state":"a b&c","page":2,"tag":["x","y"]}"#);
    let reply = world.send(call("GET", &url, "/o?z=0").with("query", query)).await;
    assert_eq!(text(&reply, "body.uri"), "/o?z=0&state=a%20b%26c&page=2&tag=x&tag=y");
    assert_eq!(text(&reply, "url"), format!("{url}/o?z=0&state=a%20b%26c&page=2&tag=x&tag=y"));

    let mut quoted = call("GET", &url, "");
    quoted.place = Some(CallPlace::Text(vec![Piece::Text("/o/".into()), Piece::Value(Value::text("a/b?"))]));
    assert_eq!(text(&world.send(quoted).await, "body.uri"), "/o/a%2Fb%3F");
    let mut whole = call("GET", "http://127.0.0.1:1", "");
    whole.place = Some(CallPlace::Text(vec![Piece::Value(Value::text(format!("{url}/o/1")))]));
    assert_eq!(text(&world.send(whole).await, "body.uri"), "/o/1");
    let mut bare = call("GET", "", "");
    bare.endpoint = None;
    bare.place = Some(CallPlace::Url(Text { text: format!("{url}/bare").into(), secret: false }));
    assert_eq!(text(&world.send(bare).await, "body.uri"), "/bare");
}

#[tokio::test]
async fn urls_that_would_be_changed_on_the_way_are_refused() {
    let world = World::new();
    for (path, says) in [
        ("/a/../b", "dot segment"),
        ("/a/%2e%2E/b", "dot segment"),
        ("/a#b", "is never sent"),
        ("a/b", "neither a path nor an HTTP URL"),
        ("ftp://x/", "neither a path nor an HTTP URL"),
    ] {
        let misuse = world.refuse(call("GET", "http://127.0.0.1:1", path)).await;
        assert!(misuse.message.contains(says), "{path}: {}", misuse.message);
    }
    let mut member = call("GET", "http://127.0.0.1:1", "/");
    member.members = vec!["GetOrder".into()];
    assert_eq!(world.refuse(member).await.message, "an HTTP service has no `.GetOrder`");
    let mut homeless = call("GET", "", "/x");
    homeless.endpoint = None;
    assert!(world.refuse(homeless).await.message.contains("no service is named"));
}

#[tokio::test]
async fn headers_go_out_and_come_back() {
    let url = serve(echo()).await;
    let world = World::new();
    let headers = Value::object([
        ("X-One", Value::int(1)),
        ("x-two", Value::list(vec![Value::text("a"), Value::text("b")])),
        ("User-Agent", Value::Absent),
        ("Accept", Value::text("text/html")),
    ]);
    let reply = world.send(call("GET", &url, "/").with("headers", headers)).await;
    assert_eq!(text(&reply, "body.headers.x-one"), "1");
    assert_eq!(text(&reply, "body.headers.x-two"), "a | b");
    assert_eq!(get(&reply, "body.headers.user-agent"), Value::Absent);
    assert_eq!(text(&reply, "body.headers.accept"), "text/html");

    let response = "HTTP/1.1 200 All Right\r\nX-A: 1\r\nx-b: 1\r\nX-B: 2\r\nSet-Cookie: s=1; HttpOnly; Secure; SameSite=Strict; Path=/p; Max-Age=60\r\nX-Latin: \u{e9}\r\nContent-Length: 0\r\n\r\n";
    let latin: Vec<u8> = response.chars().map(|c| c as u8).collect();
    let reply = world.send(call("GET", &canned(latin).await, "/")).await;
    assert_eq!(text(&reply, "reason"), "All Right");
    assert_eq!(
        shown(&reply, "headers"),
        r#"{ x-a: "1", x-b: ["1", "2"], set-cookie: ["s=1; HttpOnly; Secure; SameSite=Strict; Path=/p; Max-Age=60"], x-latin: "é", content-length: "0" }"#
    );
    assert_eq!(
        shown(&reply, "cookies"),
        r#"{ s: { value: "1", path: "/p", secure: true, http_only: true, same_site: "strict", max_age: 1m } }"#
    );
}

#[tokio::test]
async fn headers_that_cannot_be_sent_are_refused() {
    let world = World::new();
    for (name, value) in [
        ("bad name", Value::text("x")),
        ("x", Value::text("a\r\nb: c")),
        ("x", json("{}")),
        ("x", Value::Null),
        ("content-length", Value::int(3)),
        ("Transfer-Encoding", Value::text("chunked")),
        ("accept", Value::Absent),
    ] {
        let headers = Value::object([(name, value)]);
        let misuse = world.refuse(call("GET", "http://127.0.0.1:1", "/").with("headers", headers)).await;
        assert_eq!(misuse.option.as_deref(), Some("headers"), "{name}");
    }
}

#[tokio::test]
async fn options_that_are_wrong_are_named() {
    let world = World::new();
    let get = || call("GET", "http://127.0.0.1:1", "/");
    let misuse = world.refuse(get().with("timeuot", millis(1))).await;
    assert_eq!(misuse.message, "`http` has no option `timeuot`");
    assert!(misuse.help.unwrap().contains("`timeout`"));
    for (name, value) in [
        ("timeout", Value::int(3)),
        ("timeout", millis(0)),
        ("connect_timeout", Value::text("1s")),
        ("redirects", Value::int(-1)),
        ("redirects", Value::Bool(true)),
        ("version", Value::text("3")),
        ("auth", Value::text("secret")),
        ("auth", Value::text("Bearer a\nb")),
        ("auth", tagged("form", json("{}"))),
        ("tls", json(r#"{"caa":"x"}"#)),
        ("tls", json(r#"{"ca":1}"#)),
        ("tls", json(r#"{"key":"only.pem"}"#)),
        ("tls", json(r#"{"ca":"./does-not-exist.pem"}"#)),
        ("cookies", Value::int(1)),
        ("compression", Value::int(1)),
        ("limit", Value::text("big")),
        ("contract", Value::text("ignroe")),
        ("pages", Value::text("next")),
        ("trace", Value::text("no")),
        ("query", json(r#"{"a":{}}"#)),
        ("headers", Value::text("a: b")),
    ] {
        let misuse = world.refuse(get().with(name, value)).await;
        assert_eq!(misuse.option.as_deref(), Some(name), "{}", misuse.message);
    }
}

#[tokio::test]
async fn a_contract_can_be_ignored_and_absent_options_are_none() {
    let url = serve(echo()).await;
    let call = call("GET", &url, "/").with("contract", Value::text("ignore")).with("timeout", Value::Absent);
    assert!(World::new().send(call).await.succeeded);
}

#[tokio::test]
async fn credentials_are_sent_and_a_header_wins() {
    let url = serve(echo()).await;
    let world = World::new();
    let basic = Value::text("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    let reply = world.send(call("GET", &url, "/").with("auth", basic.clone())).await;
    assert_eq!(text(&reply, "body.headers.authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert!(
        reply.exchange.request_headers.contains(&("authorization".to_owned(), crate::value::MASK.to_owned()))
    );
    let reply = world
        .send(call("GET", &url, "/").with("auth", basic).with("headers", json(r#"{"Authorization":"mine"}"#)))
        .await;
    assert_eq!(text(&reply, "body.headers.authorization"), "mine");
    let in_url = url.replace("http://", "http://Aladdin:open%20sesame@");
    let reply = world.send(call("GET", &in_url, "/")).await;
    assert_eq!(text(&reply, "body.headers.authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(text(&reply, "url"), format!("{url}/"));
}

#[tokio::test]
async fn cookies_belong_to_the_scenario_unless_it_wants_none() {
    let router =
        Router::new().route("/login", on_get(|| async { [("set-cookie", "sid=7; Path=/")] })).merge(echo());
    let url = serve(router).await;
    let world = World::new();
    let on = |path: &str| call("GET", &url, path);
    let off = |path: &str| call("GET", &url, path).with("cookies", Value::Bool(false));
    world.send(on("/login")).await;
    assert_eq!(text(&world.send(on("/x")).await, "body.headers.cookie"), "sid=7");
    assert_eq!(get(&world.send(off("/x")).await, "body.headers.cookie"), Value::Absent);
    // Another scenario of the same run starts without.
    let other = session(Path::new("."));
    let reply = world.http.perform(&on("/x"), &other).await.unwrap();
    assert_eq!(get(&reply, "body.headers.cookie"), Value::Absent);
    // And where they are off, none are kept.
    let world = World::new();
    world.send(off("/login")).await;
    assert_eq!(get(&world.send(on("/x")).await, "body.headers.cookie"), Value::Absent);
}

#[tokio::test]
async fn cookies_that_are_written_out_are_sent_with_those_of_the_scenario() {
    let set = [("set-cookie", "sid=7; Path=/"), ("set-cookie", "theme=light; Path=/")];
    let router =
        Router::new().route("/login", on_get(move || async move { AppendHeaders(set) })).merge(echo());
    let url = serve(router).await;
    let world = World::new();
    world.send(call("GET", &url, "/login")).await;
    let cookies = |value: Value| call("GET", &url, "/x").with("headers", Value::object([("Cookie", value)]));
    for (written, sent) in [
        ("theme=dark; a=1", "theme=dark; a=1; sid=7"),
        ("a=1", "a=1; sid=7; theme=light"),
        ("", "sid=7; theme=light"),
        ("sid=; theme=", "sid=; theme="),
    ] {
        let reply = world.send(cookies(Value::text(written))).await;
        let got = text(&reply, "body.headers.cookie");
        let sorted = |text: &str| text.split("; ").map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&got), sorted(sent));
        assert!(got.starts_with(written), "{got}");
        let shown = (&reply.exchange.request_headers, &reply.exchange.shell);
        assert!(!format!("{shown:?}").contains("sid=7"), "{shown:?}");
    }
    // None are sent where the header must not be, and only those that are written where the jar is off.
    let reply = world.send(cookies(Value::Absent)).await;
    assert_eq!(get(&reply, "body.headers.cookie"), Value::Absent);
    let reply = world.send(cookies(Value::text("a=1")).with("cookies", Value::Bool(false))).await;
    assert_eq!(text(&reply, "body.headers.cookie"), "a=1");
}

#[tokio::test]
async fn a_trace_parent_is_sent_and_repeats() {
    let url = serve(echo()).await;
    let mut parents = Vec::new();
    for _ in 0..2 {
        let world = World::new();
        for _ in 0..2 {
            let reply = world.send(call("GET", &url, "/")).await;
            assert_eq!(text(&reply, "trace_id"), TRACE);
            parents.push(text(&reply, "body.headers.traceparent"));
        }
    }
    assert!(
        parents[0].starts_with(&format!("00-{TRACE}-"))
            && parents[0].ends_with("-01")
            && parents[0].len() == 55
    );
    assert_ne!(parents[0], parents[1]);
    assert_eq!(parents[..2], parents[2..]);
    let world = World::new();
    let reply = world.send(call("GET", &url, "/").with("trace", Value::Bool(false))).await;
    assert_eq!(get(&reply, "body.headers.traceparent"), Value::Absent);
    let own = json(r#"{"traceparent":"00-00000000000000000000000000000001-0000000000000002-00"}"#);
    let reply = world.send(call("GET", &url, "/").with("headers", own)).await;
    assert_eq!(text(&reply, "trace_id"), "00000000000000000000000000000001");
}

#[tokio::test]
async fn versions_are_spoken_as_demanded() {
    let url = serve(echo()).await;
    let world = World::new();
    for (version, spoken) in
        [(None, "1.1"), (Some("1.1"), "1.1"), (Some("2"), "2"), (Some("2-prior-knowledge"), "2")]
    {
        let mut call = call("POST", &url, "/").body(json(r#"{"a":1}"#));
        if let Some(version) = version {
            call = call.with("version", Value::text(version));
        }
        let reply = world.send(call).await;
        assert_eq!(text(&reply, "version"), spoken);
        assert_eq!(text(&reply, "body.version"), if spoken == "2" { "HTTP/2.0" } else { "HTTP/1.1" });
        assert_eq!(text(&reply, "body.body"), r#"{"a":1}"#);
    }
}

#[tokio::test]
async fn only_2xx_succeeds() {
    let world = World::new();
    for (status, succeeds) in
        [(200, true), (204, true), (299, true), (301, false), (304, false), (404, false), (500, false)]
    {
        let url = canned(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")).await;
        let reply = world.send(call("GET", &url, "/")).await;
        assert_eq!((shown(&reply, "status"), reply.succeeded), (status.to_string(), succeeds));
        assert_eq!(get(&reply, "error"), Value::Absent);
    }
}

async fn page(Query(query): Query<std::collections::BTreeMap<String, u32>>) -> (HeaderMap, String) {
    let page = query.get("page").copied().unwrap_or(1);
    let last = query.get("last").copied().unwrap_or(3);
    let mut headers = HeaderMap::new();
    headers.append("link", "</first>; rel=first".parse().unwrap());
    if page < last {
        headers.append("link", format!("<?page={}&last={last}>; rel=\"next\"", page + 1).parse().unwrap());
    } else if last == 0 {
        headers.append("link", "</pages?page=1&last=0>; rel=\"next\"".parse().unwrap());
    }
    (headers, page.to_string())
}

#[tokio::test]
async fn pages_are_followed_to_the_end_but_not_in_circles() {
    let url = serve(Router::new().route("/pages", on_get(page))).await;
    let world = World::new();
    let pages = |path: &str| call("GET", &url, path).with("pages", tagged("link", json(r#"{"rel":"next"}"#)));
    let reply = world.send(pages("/pages")).await;
    let bodies: Vec<String> =
        reply.record.as_list().unwrap().iter().map(|page| show(&page.as_object().unwrap()["body"])).collect();
    assert_eq!((bodies.join(" "), reply.succeeded), (r#""1" "2" "3""#.to_owned(), true));

    let reply = world.send(pages("/pages?page=1&last=0")).await;
    assert!(!reply.succeeded);
    assert!(text(&reply, "0.error.message").contains("lead in a circle"));
    let reply = world.send(pages("/pages?page=1&last=1000")).await;
    assert_eq!(reply.record.as_list().unwrap().len(), 100);
    assert!(!reply.succeeded && text(&reply, "99.error.message").contains("more than 100 pages"));
    let reply = world.send(pages("/nowhere")).await;
    assert!(!reply.succeeded && shown(&reply, "0.status") == "404");
    let misuse =
        world.refuse(call("POST", &url, "/pages").with("pages", tagged("link", Value::text("next")))).await;
    assert_eq!(misuse.option.as_deref(), Some("pages"));
}

#[tokio::test]
async fn connections_are_kept_and_their_phases_told() {
    let url = serve(echo()).await.replace("127.0.0.1", "localhost");
    let world = World::new();
    let first = world.send(call("GET", &url, "/")).await;
    for phase in ["dns", "connect", "first_byte", "total"] {
        assert!(get(&first, &format!("timing.{phase}")).as_duration().is_some(), "{phase}");
    }
    assert_eq!(get(&first, "timing.tls"), Value::Absent);
    let second = world.send(call("GET", &url, "/")).await;
    assert_eq!((get(&second, "timing.dns"), get(&second, "timing.connect")), (Value::Absent, Value::Absent));
    let names: Vec<&str> = second.exchange.phases.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["first_byte", "total"]);
}

#[tokio::test]
async fn health_and_probes() {
    let url = serve(Router::new().route("/healthz", on_get(|| async { "ok" }))).await;
    let http = Http::new();
    let endpoint = |url: &str| Arc::unwrap_or_clone(call("GET", url, "/").endpoint.unwrap());
    assert_eq!(http.healthy(&endpoint(&url)).await, Ok(()));
    let second = std::time::Duration::from_secs(10);
    assert_eq!(probe(&url, "/healthz", second).await, Ok(200));
    assert_eq!(probe(&url, "/nope", second).await, Ok(404));
    let dead = nobody().await;
    assert!(http.healthy(&endpoint(&dead)).await.unwrap_err().contains("connection refused"));
    assert!(probe(&dead, "/", second).await.unwrap_err().contains("refused the connection"));
    let silent = super::server::silent().await;
    let tiny = std::time::Duration::from_millis(30);
    assert!(probe(&silent, "/", tiny).await.unwrap_err().ends_with("did not answer within 30ms"));
}

#[test]
fn every_name_is_described() {
    for spec in SPECS {
        assert!(!spec.summary.is_empty() && !spec.example.is_empty(), "{}", spec.name);
        if spec.kind == Kind::Option {
            assert_eq!(spec.params.len(), 1, "{}", spec.name);
            assert!(spec.example.contains(spec.name), "{}", spec.name);
        }
        let module = match spec.kind {
            Kind::Protocol => spec.example.to_owned(),
            _ => format!("scenario \"x\" {{\n  {}\n}}\n", spec.example),
        };
        let parsed = crate::syntax::parse(crate::source::SourceId(0), &module);
        assert!(parsed.errors.is_empty(), "{}: {:?}", spec.example, parsed.errors);
    }
}
