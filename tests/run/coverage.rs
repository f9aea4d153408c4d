//! What a run exercised of its contracts, through the real binary.

use crate::grpc::{CONTRACT, health};
use crate::harness::{Project, json, project, server};

/// Eight elements: two methods, their two `OK`s, four values of an enum in the answer.
fn calling(url: &str, stage: &str, statements: &str) -> Project {
    let text = format!(
        "service ledger {{ speaks grpc contract \"./health.proto\"; at \"{url}\" }}\n{stage}\n\
         scenario \"it\" in one {{\n{statements}\n}}\n"
    );
    project(&[("t.scn", &text), ("health.proto", CONTRACT)])
}

const CHECK: &str = "call ledger.Check { service: \"ledger\" }\nexpect body.status == \"SERVING\"";

#[test]
fn a_grpc_contract_is_counted_told_and_replayed() {
    let (_runtime, url) = health();
    let project = calling(&url, "stage one { require coverage(ledger) >= 37.5% }", CHECK);
    let line = "coverage ledger 37.5%: 1/2 operations, 1/2 statuses, 1/4 values never called: Health/Forget";
    project.run(&["--report", "coverage=c.json,coverage=c.txt"]).ends(0, &[line]);
    project.scn(&["replay"]).ends(0, &[line]);
    let report: serde_json::Value = serde_json::from_str(&project.read("c.json")).unwrap();
    let service = &report["services"][0];
    assert_eq!((&service["exercised"], &service["elements"]), (&3.into(), &8.into()));
    assert_eq!(service["stages"][0]["stage"], "one");
    let text = project.read("c.txt");
    assert!(text.contains("never exercised:\n    operations       grpc.health.v1.Health/Forget\n"), "{text}");
    // One thousandth more is not reached.
    calling(&url, "stage one { require coverage(ledger) >= 37.6% }", CHECK)
        .run(&[])
        .ends(1, &["the gate coverage(ledger) >= 37.6% of stage one"]);
}

#[test]
fn messages_of_streams_count_when_their_scenario_ends() {
    let (_runtime, url) = health();
    let watch = CONTRACT.replace(
        "rpc Forget(HealthCheckRequest) returns (H",
        "rpc Watch(HealthCheckRequest) returns (stream H",
    );
    let project = calling(
        &url,
        "stage one { require coverage(ledger) >= 25% }",
        "let seen = open ledger.Watch { service: \"ledger\" }\nexpect seen.count >= 1 within 30s",
    );
    project.write("health.proto", &watch);
    // The method and the value that came; it has not ended, so its `OK` was not seen.
    project.run(&[]).ends(0, &["ledger 25.0%: 1/2 operations, 0/2 statuses, 1/4 values"]);
    // A stream that never began exercised nothing.
    let nothing = "let seen = open ledger.Watch { service: \"ledger\" }\nexpect seen.error.kind == \"refused\" within 30s";
    let nobody = format!("http://127.0.0.1:{}", crate::harness::closed_port());
    let project = calling(&nobody, "stage one {}", nothing);
    project.write("health.proto", &watch);
    project.run(&[]).ends(0, &["ledger 0.0%"]);
}

#[test]
fn what_got_no_answer_or_did_not_run_counts_nothing() {
    let (_runtime, url) = health();
    let gate = "stage one { require coverage(ledger) > 0% }";
    // Nothing is exercised, and the gate fails.
    calling(&url, gate, "exec \"true\"").run(&[]).ends(1, &["the gate coverage(ledger) > 0% of stage one"]);
    // A refused connection is no response.
    let refused = "call ledger.Check { service: \"a\" }\nexpect error.kind == \"refused\"";
    let closed = crate::harness::closed_port();
    calling(&format!("http://127.0.0.1:{closed}"), gate, refused)
        .run(&[])
        .ends(1, &["the gate coverage(ledger) > 0% of stage one", "ledger 0.0%"]);
    // Neither does a skipped scenario count.
    let skipped = calling(&url, gate, CHECK);
    let text = skipped.read("t.scn").replace("scenario \"it\"", "@skip(\"not today\")\nscenario \"it\"");
    skipped.write("t.scn", &format!("{text}\nscenario \"other\" in one {{ exec \"true\" }}\n"));
    skipped.run(&[]).ends(1, &["the gate coverage(ledger) > 0% of stage one"]);
    // An error is a response of the operation, but not its `OK`.
    let missing = "call ledger.Check { service: \"none\" }\nexpect status == NOT_FOUND";
    calling(&url, "stage one {}", missing).run(&[]).ends(0, &["ledger 12.5%: 1/2 operations, 0/2 statuses"]);
}

const ORDERS: &str = r##"
openapi: 3.1.0
info: { title: orders, version: "1" }
paths:
  /orders:
    post:
      parameters:
        - { name: dry, in: query, schema: { type: boolean } }
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [kind]
              properties:
                kind: { enum: [gift, normal] }
                note: { type: string }
      responses:
        "201": { description: done, content: { application/json: { schema: { $ref: "#/components/schemas/Order" } } } }
        "400": { description: no }
  /never:
    get: { responses: { "200": { description: ok } } }
components:
  schemas:
    Order:
      type: object
      required: [state]
      properties:
        state: { enum: [PENDING, PAID] }
        reason: { type: string }
"##;

fn ordering(answer: Vec<u8>, statements: &str) -> Project {
    let url = server(move |_| answer.clone());
    let text = format!(
        "service orders {{ speaks http contract \"./orders.yaml\"; at \"{url}\" }}\n\
         scenario \"it\" {{\n{statements}\n}}\n"
    );
    project(&[("t.scn", &text), ("orders.yaml", ORDERS)])
}

#[test]
fn an_openapi_contract_is_counted_by_what_was_sent_and_received() {
    let created = || json("201 Created", r#"{"state":"PAID"}"#);
    let project = ordering(created(), "POST orders /orders { kind: \"gift\" }\nexpect status == 201");
    project.run(&["--report", "coverage=c.txt"]).ends(
        0,
        &["orders 42.8%: 1/2 operations, 1/3 statuses, 2/4 values, 2/5 fields never called: GET /never"],
    );
    let counted = |project: &Project| {
        let text = project.read("c.txt");
        let lines = text.lines().filter(|line| line.contains(" of ") && line.starts_with("  "));
        let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        words.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        counted(&project),
        "operations 1 of 2, statuses 1 of 3, values sent 1 of 2, values received 1 of 2, \
         fields sent 0 of 2, fields left out 2 of 2, fields received 0 of 1"
    );
    // What breaks the contract is not exercised; the operation is.
    let broken = "POST orders /orders?dry=perhaps { kind: \"other\", note: 3 } with { contract: ignore }\n\
                  expect status == 201";
    let project = ordering(json("201 Created", r#"{"state":"LOST","reason":1}"#), broken);
    project.run(&["--report", "coverage=c.txt"]).ends(0, &[]);
    assert_eq!(
        counted(&project),
        "operations 1 of 2, statuses 1 of 3, values sent 0 of 2, values received 0 of 2, \
         fields sent 0 of 2, fields left out 0 of 2, fields received 0 of 1"
    );
}

#[test]
fn messages_are_drawn_and_matched_by_their_names() {
    let (_runtime, url) = health();
    let text = format!(
        "use \"./health.proto\" as h\n\
         service ledger {{ speaks grpc contract \"./health.proto\"; at \"{url}\" }}\n\
         shape Marked {{ ..h.HealthCheckRequest, mark: int(1..9) }}\n\
         scenario \"types\" {{\n\
         let drawn = any ledger.HealthCheckRequest {{ service: \"ledger\" }}\n\
         expect drawn == {{ service: \"ledger\" }}\n\
         expect (3 of h.grpc.health.v1.HealthCheckRequest).count == 3\n\
         expect any Marked matches {{ service: text, mark: int(1..9) }}\n\
         call ledger.Check drawn\n\
         expect body matches ledger.HealthCheckResponse\n\
         expect body matches h.HealthCheckResponse {{ status: \"SERVING\" }}\n\
         expect body not matches h.HealthCheckResponse {{ status: \"NOT_SERVING\" }}\n\
         expect body matches h.HealthCheckRequest\n}}\n"
    );
    project(&[("t.scn", &text), ("health.proto", CONTRACT)]).run(&[]).ends(1, &["t.scn:13:", "status"]);
}
