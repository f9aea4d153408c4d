//! Requests that make no sense: what is sent, and what `survives` demands.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::harness::{Asked, Project, json, scn, server};

/// Sends malformed orders to a server and demands that it survives them.
fn attacked(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static, tolerant: &str) -> Project {
    let url = server(answer);
    scn(&format!(
        r#"use "std/robust" {{ survives }}
service s {{ speaks http; at "{url}"; ready GET /health }}
shape Order {{ id: uuid, name: text(1..9), lines: [{{ qty: int(1..9) }}; 1..3], note?: text(1..5) }}
scenario "it" {{
  forall bad in malformed(Order) for 60 cases {{
    let answer = POST s /orders bad
    survives(answer, s{tolerant})
  }}
}}
"#
    ))
}

fn is_json(body: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(body).is_ok()
}

#[test]
fn every_kind_of_mistake_goes_out_as_json() {
    let seen: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let sink = seen.clone();
    let answer = move |asked: &Asked| {
        if asked.method == "POST" {
            let kind = asked.headers.get("content-type").cloned().unwrap_or_default();
            sink.lock().unwrap().push((kind, asked.body.clone()));
            return json("422 Unprocessable Entity", "{}");
        }
        json("200 OK", "{}")
    };
    attacked(answer, "").run(&[]).ends(0, &[]);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 60);
    assert!(seen.iter().all(|(kind, _)| kind == "application/json"), "{seen:?}");
    assert!(seen.iter().filter(|(_, body)| !is_json(body)).count() > 5);
    assert!(seen.iter().filter(|(_, body)| is_json(body)).count() > 5);
    assert!(seen.iter().any(|(_, body)| body.is_empty()) && seen.iter().any(|(_, body)| body.len() > 4_000));
}

#[test]
fn a_service_that_fails_or_accepts_does_not_survive() {
    let strict = |asked: &Asked| {
        if asked.method == "GET" || is_json(&asked.body) {
            let status = if asked.method == "GET" { "200 OK" } else { "400 Bad Request" };
            return json(status, "{}");
        }
        json("500 Internal Server Error", "{}")
    };
    attacked(strict, "").run(&[]).ends(
        1,
        &[
            "what is wrong with a request is not the fault of the service",
            "`bad` is malformed: truncated: it breaks off",
            "500 Internal Server Error",
            "(truncated: it breaks off)",
            "`bad` shrunk",
        ],
    );
    let accepts = |_: &Asked| json("200 OK", "{}");
    attacked(accepts, "").run(&[]).ends(1, &["answer.status", "200"]);
    attacked(accepts, ", tolerant: true").run(&[]).ends(0, &[]);
    let breaks = |asked: &Asked| match asked.method.as_str() {
        "GET" => json("200 OK", "{}"),
        _ => Vec::new(),
    };
    attacked(breaks, ", tolerant: true")
        .run(&[])
        .ends(1, &["a request that makes no sense deserves an answer too"]);
}

#[test]
fn a_service_that_is_ill_afterwards_does_not_survive() {
    let asked = AtomicU32::new(0);
    let answer = move |request: &Asked| match request.method.as_str() {
        "GET" if asked.load(Ordering::Relaxed) >= 3 => json("503 Service Unavailable", "{}"),
        "GET" => json("200 OK", "{}"),
        _ => {
            asked.fetch_add(1, Ordering::Relaxed);
            json("400 Bad Request", "{}")
        }
    };
    attacked(answer, "").run(&[]).ends(1, &["`s` is not well", "503", "case 3 of 60"]);
}

#[test]
fn a_service_that_dies_of_it_is_told_with_the_case() {
    // It reads one request and ends when that is no JSON object.
    let program = r#"
import http.server, json, os
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.answer(200)
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('content-length', 0)))
        if not body: os._exit(7)
        self.answer(400)
    def answer(self, status):
        self.send_response(status); self.send_header('content-length', '0'); self.end_headers()
    def log_message(self, *args): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(os.environ['PORT'])), H).serve_forever()
"#;
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        return;
    }
    let project = scn(
        "use \"std/robust\" { survives }\nservice s { speaks http; start \"python3 server.py\"; env { PORT: port }; ready GET / within 60s }\n\
         shape Order { id: uuid }\nscenario \"it\" {\n  forall bad in malformed(Order) for 60 cases {\n    let answer = POST s / bad\n    survives(answer, s)\n  }\n}\n",
    );
    project.write("server.py", program);
    project.run(&[]).ends(
        1,
        &[
            "exited while it was needed",
            "7",
            "`bad` is malformed: empty: there is nothing",
            "case 3 of 60",
            "--case 3",
        ],
    );
}

#[test]
fn what_is_nearly_an_order_is_none() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = seen.clone();
    let url = server(move |asked| {
        sink.lock().unwrap().push(asked.body.clone());
        json("200 OK", &asked.body)
    });
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nshape Order {{ name: text(1..9), qty: int(1..9) }}\nscenario \"it\" {{\n  forall bad in any not Order for 40 cases {{\n    POST s / bad\n    expect body not matches Order {{ qty: 77, .. }}\n    expect body matches not Order\n  }}\n}}\n"
    );
    let wrong = text.replace("    expect body not matches Order { qty: 77, .. }\n", "");
    scn(&wrong).run(&[]).ends(0, &[]);
    let bodies = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(bodies.len(), 40);
    let distinct: std::collections::BTreeSet<&String> = bodies.iter().collect();
    assert!(distinct.len() > 15, "{distinct:?}");
    // Found when a service takes one for an order, with what is wrong with it.
    let taken = wrong.replace("expect body matches not Order", "expect status == 422");
    scn(&taken).run(&[]).ends(1, &["`bad` is wrong on purpose:", "`bad` shrunk"]);
}

#[test]
fn what_is_malformed_or_no_message_is_told_where_it_cannot_be_sent() {
    let project = scn(r#"
service s { speaks http; at "http://127.0.0.1:9" }
service g { speaks grpc contract "./g.proto"; at "http://127.0.0.1:9" }
shape Order { qty: int(1..9) }
shape Basket { orders: [malformed(Order); 1] }
scenario "inside http" { forall bad in Basket { POST s /orders bad } }
scenario "inside grpc" { forall bad in malformed(Order) { call g.Put { order: bad } } }
scenario "no message" { forall many in re"[a-z]{3}" { call g.Put { order: { qty: many } } } }
"#);
    project.write(
        "g.proto",
        "syntax = \"proto3\"; package g; service G { rpc Put(Basket) returns (Basket); }\n\
         message Basket { Order order = 1; } message Order { int32 qty = 1; }",
    );
    let whole = "`malformed(…)` is a whole message, and cannot stand inside another";
    for (title, parts) in [
        ("inside http", &[whole, "put it around the whole shape"][..]),
        ("inside grpc", &[whole, "put it around the whole shape"]),
        ("no message", &["this is no `g.Basket`", "one that is wrong on purpose is `malformed(…)`"]),
    ] {
        project.run(&["--only", &format!("\"{title}\"")]).ends(1, parts);
    }
}

#[test]
fn what_is_drawn_to_be_no_message_is_told_from_one_where_it_arrives() {
    let text = |shape: &str| {
        format!(
            "service g {{ speaks grpc contract \"./g.proto\"; at \"http://127.0.0.1:9\" }}\n\
             shape Good = g.Order {{ qty: int(0..9), name: text(0..3) }}\n\
             scenario \"it\" {{\n  forall bad in any not {shape} for 60 cases {{\n    \
             expect bad matches {{ qty: int, name: text }}\n    expect bad not matches Good\n  }}\n}}\n"
        )
    };
    let run = |text: &str| {
        let project = scn(text);
        project.write(
            "g.proto",
            "syntax = \"proto3\"; package g; service G { rpc Put(Order) returns (Order); }\n\
             message Order { int32 qty = 1; string name = 2; }",
        );
        project.run(&[])
    };
    // `null`, a field that is missing and `\"1\"` as a number would be the same as a valid message.
    run(&text("Good")).ends(0, &[]);
    run(&text("(g.Order { qty: int(0..9), name: text(0..3) })")).ends(0, &[]);
    // Every message that can be sent is one.
    run(&text("g.Order")).ends(1, &["no value was found that fits all of `not g.Order`"]);
    let compared = "service g { speaks grpc contract \"./g.proto\"; at \"http://127.0.0.1:9\" }\n\
                    scenario \"it\" {\n  expect \"x\" matches not g.Order\n}\n";
    run(compared).ends(0, &[]);
}

#[test]
fn ping_asks_what_ready_asks() {
    let url = server(|asked| match asked.path.as_str() {
        "/well" => json("200 OK", "{}"),
        _ => json("503 Service Unavailable", "{}"),
    });
    let text = |ready: &str, statements: &str| {
        format!("service s {{ speaks http; at \"{url}\"{ready} }}\nscenario \"it\" {{\n{statements}\n}}\n")
    };
    scn(&text("; ready GET /well", "  ping s")).run(&[]).ends(0, &[]);
    scn(&text("", "  ping s")).run(&[]).ends(0, &[]);
    let gone = format!(
        "service s {{ at \"http://127.0.0.1:{}\" }}\nscenario \"it\" {{\n  ping s\n}}\n",
        crate::harness::closed_port()
    );
    scn(&gone).run(&[]).ends(1, &["`s` is not well", "refused"]);
    scn(&gone.replace("ping s", "ping s\n  expect error.kind == \"refused\"")).run(&[]).ends(0, &[]);
}
