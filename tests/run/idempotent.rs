//! Idempotency: each defect is found by the probes that are made for it and by no other, and a
//! service without one survives them all.

use std::collections::BTreeSet;

use crate::harness::{Project, Ran, scn};
use crate::payments;

/// The service with a defect, and what was paid.
fn service(defect: &str, more: &str) -> String {
    let start = payments::start();
    format!(
        r#"
service pay {{
  speaks http
  start "{start}"
  env {{ LISTEN: addr, STATE: "state.json", DEFECT: "{defect}", LIFE_MS: "2500" }}
  ready GET /healthz within 30s
  {more}
}}
@safe
action payments_of(customer) {{
  GET pay /v1/payments?customer=${{customer}}
  return body.payments
}}
"#
    )
}

fn scenario(statements: &str) -> String {
    format!(
        r#"
scenario "paid once" {{
  let alice = any uuid
  let key = any uuid
{statements}
}}
"#
    )
}

const REQUEST: &str = r#"
    POST pay /v1/payments { customer: alice, amount: 5 }
      with { headers: { Idempotency-Key: key, Authorization: "alice" } }"#;

fn project(defect: &str, profile: &str, probes: &str) -> Project {
    scn(&format!(
        "{}{}",
        service(defect, ""),
        scenario(&format!(
            "  idempotent as {profile} {{{REQUEST}\n{probes}\n    same status, body except .served_at\n    effect payments_of(alice).count rises by 1\n  }}"
        ))
    ))
}

/// Every probe that needs no link, at once.
const PROBES: &str = r#"
    probe in_flight(busy: 409)
    probe restart
    probe malformed_key(length: 256)
    probe expired(after: 3s)
    probe other_tenant(with: { headers: { Authorization: "bob" } })"#;

const IETF: &str = "ietf(by: header(\"Idempotency-Key\"))";

fn attacked(defect: &str) -> (Project, Ran) {
    let project = project(defect, IETF, PROBES);
    let ran = project.run(&["--report", "json=events.jsonl"]);
    (project, ran)
}

/// The probes that ended so, by name.
fn probes(project: &Project, outcome: &str) -> BTreeSet<String> {
    let text = project.read("events.jsonl");
    let events = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let probed = events.filter(|event| event["event"] == "probed" && event["outcome"] == outcome);
    probed.map(|event| event["probe"].as_str().unwrap().to_owned()).collect()
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// Fails, and exactly these probes find it.
#[track_caller]
fn is_found_by(defect: &str, finders: &[&str], says: &[&str]) -> Ran {
    let (project, ran) = attacked(defect);
    assert_eq!(probes(&project, "failed"), names(finders), "{defect}\n{}{}", ran.out, ran.err);
    assert_eq!(probes(&project, "inconclusive"), names(&[]), "{defect}\n{}", ran.out);
    ran.ends(1, says)
}

#[test]
fn a_service_that_keeps_its_keys_survives_every_probe() {
    let (project, ran) = attacked("");
    let all = [
        "replay",
        "concurrent",
        "reordered_body",
        "changed_body",
        "missing_key",
        "in_flight",
        "restart",
        "malformed_key",
        "expired",
        "other_tenant",
    ];
    assert_eq!(probes(&project, "survived"), names(&all), "{}{}", ran.out, ran.err);
    ran.ends(0, &["1 passed", "10 of 10 survived"]);
}

#[test]
fn equal_answers_and_an_effect_that_happens_twice_fail() {
    let finders = ["replay", "concurrent", "reordered_body", "in_flight", "restart"];
    is_found_by(
        "twice",
        &finders,
        &[
            "probe `replay`: the effect `payments_of(alice).count rises by 1` does not hold",
            "before 0 after 4",
            "it rises by 4, not by 1",
            "attempt 4 POST /v1/payments",
            "--probe replay",
            "5 of 10 survived; not concurrent, in_flight, reordered_body, replay, restart",
        ],
    )
    .never_says(&["another answer"]);
}

#[test]
fn an_effect_that_happens_again_a_moment_later_fails() {
    let finders = ["replay", "concurrent", "reordered_body", "in_flight", "restart"];
    is_found_by("late", &finders, &["it rises by"]);
}

#[test]
fn a_key_that_is_ignored_is_found_by_all_that_repeat() {
    let finders = ["replay", "concurrent", "reordered_body", "changed_body", "in_flight", "restart"];
    is_found_by(
        "ignored",
        &finders,
        &[
            "probe `replay`: attempts 2, 3 and 4 each came to another answer than attempt 1; the effect",
            "attempt 3: body.id",
        ],
    );
}

#[test]
fn a_race_is_found_by_those_that_race() {
    is_found_by("race", &["concurrent", "in_flight"], &["at the same time → 201 Created"]);
}

#[test]
fn keys_that_a_restart_forgets_are_found_by_it_alone() {
    is_found_by(
        "forgets",
        &["restart"],
        &["restart pay → done after", "attempt 2 came to another answer than attempt 1"],
    );
}

#[test]
fn another_body_that_is_answered_with_the_old_one_is_found() {
    is_found_by(
        "any_body",
        &["changed_body"],
        &["`status == changed` does not hold", "the other body, the same key"],
    );
}

#[test]
fn another_status_for_another_body_is_an_option_of_the_profile() {
    is_found_by("conflict", &["changed_body"], &["came to 409 Conflict"]);
    let profile = "ietf(by: header(\"Idempotency-Key\"), changed: 409)";
    project("conflict", profile, "").run(&["--probe", "changed_body"]).ends(0, &["1 of 1 survived"]);
    // `by` is a parameter like any other, and may stand in its place.
    let placed = "ietf(header(\"Idempotency-Key\"), changed: 409)";
    project("conflict", placed, "").run(&["--probe", "changed_body"]).ends(0, &["1 of 1 survived"]);
}

#[test]
fn the_order_of_fields_makes_no_other_body() {
    is_found_by("raw_body", &["reordered_body"], &["its fields in reverse order → 422"]);
}

#[test]
fn keys_that_tenants_share_are_found() {
    is_found_by(
        "shared_key",
        &["other_tenant"],
        &["attempt 2 is another tenant's", "the other tenant, the same key → 201 Created"],
    );
}

#[test]
fn keys_that_live_on_are_found() {
    is_found_by(
        "lives_on",
        &["expired"],
        &["wait 3s", "`payments_of(alice).count rises by 1` does not hold"],
    );
}

#[test]
fn a_request_without_its_key_must_do_nothing() {
    is_found_by(
        "key_optional",
        &["missing_key"],
        &[
            "came to 201 Created: `status == missing` does not hold",
            "`payments_of(alice).count` changed, and nothing may happen here",
        ],
    );
}

#[test]
fn malformed_keys_must_do_nothing() {
    is_found_by("any_key", &["malformed_key"], &["attempt 1 with the key", "nothing may happen here"]);
}

#[test]
fn an_answer_that_is_made_anew_is_found_although_nothing_happens_twice() {
    let finders = ["replay", "concurrent", "reordered_body", "in_flight", "restart"];
    is_found_by("other_answer", &finders, &["body.id"]).never_says(&["rises by 1` does not hold"]);
    is_found_by("replay_is_200", &finders, &["came to 200 OK and attempt 1 to 201 Created"]);
}

/// What does nothing, or fails, is no operation to attack.
#[test]
fn the_operation_itself_must_work() {
    for (defect, says) in [
        (
            "does_nothing",
            "the operation as it is: the effect `payments_of(alice).count rises by 1` does not hold",
        ),
        ("breaks", "the operation as it is: attempt 1 must succeed, and came to 500"),
    ] {
        let (project, ran) = attacked(defect);
        assert!(!project.read("events.jsonl").contains("\"probed\""), "{}", ran.out);
        ran.ends(1, &[says]);
    }
}

#[test]
fn the_command_of_a_probe_repeats_it_alone_with_the_same_data() {
    let (project, ran) = attacked("twice");
    let repeat = ran.out.lines().find(|line| line.contains("--probe restart")).unwrap().trim().to_owned();
    let words: Vec<&str> = repeat.split_whitespace().skip(2).collect();
    let again = project.scn(&words);
    assert!(again.says("probe `restart`") && !again.says("probe `replay`"), "{}", again.out);
    let key = |ran: &Ran| {
        let part = ran.out.split("probe `restart`").nth(1).unwrap().to_owned();
        part.lines().find_map(|line| line.trim().strip_prefix("idempotency-key: ").map(str::to_owned))
    };
    assert_eq!(key(&again), key(&ran));
    again.ends(1, &["0 of 1 survived; not restart"]);
    let nothing = project.run(&["--probe", "restrat"]);
    nothing.ends(2, &["nothing here has a probe `restrat`", "did you mean `restart`?"]);
    scn("scenario \"it\" { expect 1 == 1 }")
        .run(&["--probe", "restart"])
        .ends(2, &["nothing here has a probe `restart`: none of the selected scenarios has an `idempotent`"]);
}

#[test]
fn a_key_that_is_not_drawn_anew_is_no_trial() {
    let text = format!(
        "{}{}",
        service("", ""),
        scenario(&format!(
            "  idempotent as {IETF} {{\n    POST pay /v1/payments {{ customer: alice, amount: 5 }} with {{ headers: {{ Idempotency-Key: \"fixed\" }} }}\n    effect payments_of(alice).count rises by 1\n  }}\n  expect key != alice"
        ))
    );
    scn(&text).run(&[]).ends(1, &["the header `Idempotency-Key` is the same in every trial"]);
}

#[test]
fn another_body_that_is_wrong_by_itself_shows_nothing() {
    let text = format!(
        "{}{}",
        service("", ""),
        scenario(
            "  idempotent as consumer {\n    POST pay /hooks { id: key, customer: alice, amount: 5 }\n    probe changed_body({ id: absent }) { expect status == 422 }\n    effect payments_of(alice).count rises by 1\n  }"
        )
    );
    let project = scn(&text);
    let ran = project.run(&["--report", "json=events.jsonl", "--probe", "changed_body"]);
    assert_eq!(probes(&project, "inconclusive"), names(&["changed_body"]), "{}{}", ran.out, ran.err);
    ran.ends(5, &["the other body is refused by itself", "0 of 1 survived; unknown: changed_body"]);
}

#[test]
fn consumers_accept_each_delivery_and_act_once() {
    let hook = |defect: &str| {
        scn(&format!(
            "{}{}",
            service(defect, ""),
            scenario(
                "  idempotent as consumer {\n    POST pay /hooks { id: key, customer: alice, amount: 5 }\n    effect payments_of(alice).count rises by 1\n  }"
            )
        ))
    };
    hook("").run(&[]).ends(0, &["2 of 2 survived"]);
    hook("ignored")
        .run(&[])
        .ends(1, &["probe `redelivery`: the effect", "attempt 4 POST", "delivered again"]);
    // Any success will do: it says only that the message is taken.
    hook("replay_is_200").run(&["--probe", "redelivery"]).ends(0, &["1 of 1 survived"]);
}

#[test]
fn the_members_of_a_service_share_what_they_know() {
    let run = |defect: &str| {
        let text = format!(
            "{}{}",
            service(defect, "members 2"),
            scenario(&format!(
                "  idempotent {{{REQUEST}\n    probe other_replica\n    same status, body\n    effect payments_of(alice).count rises by 1\n  }}"
            ))
        );
        scn(&text).run(&[])
    };
    run("").ends(0, &["1 of 1 survived"]);
    run("forgets")
        .ends(1, &["probe `other_replica`", "to member 1 → 201 Created", "it rises by 2, not by 1"]);
}

#[test]
fn a_probe_that_cannot_attack_is_no_pass() {
    let text = format!(
        "{}{}",
        service("", ""),
        scenario(&format!(
            "  let body = {{ customer: alice }}\n  idempotent as {IETF} {{\n    POST pay /v1/payments body with {{ headers: {{ Idempotency-Key: key }} }}\n    probe reordered_body\n    effect payments_of(alice).count rises by 1\n  }}"
        ))
    );
    scn(&text)
        .run(&["--probe", "reordered_body"])
        .ends(1, &["no object of the body has two fields", "0 of 1 survived; not reordered_body"]);
}

/// What a trial defers is undone with it, and its data is its own.
#[test]
fn every_trial_cleans_up_after_itself() {
    let text = format!(
        "{}{}",
        service("", ""),
        scenario(&format!(
            "  defer exec \"sh -c 'echo ${{alice}} >> undone'\"\n  show alice\n  step \"pay\" {{\n  idempotent as {IETF} {{{REQUEST}\n    probe replay\n    same status, body\n    effect payments_of(alice).count rises by 1\n  }}\n  }}\n  GET pay /v1/payments?customer=${{alice}}\n  expect body.payments.count == 1"
        ))
    );
    let project = scn(&text);
    let ran = project.run(&[]).ends(0, &["5 of 5 survived"]);
    assert_eq!(ran.out.matches("alice = ").count(), 1, "{}", ran.out);
    let undone = project.read("undone");
    let lines: BTreeSet<&str> = undone.lines().collect();
    // The scenario itself, a trial for each probe, and one more that shows the changed body alone.
    assert_eq!((undone.lines().count(), lines.len()), (7, 7), "{undone}");
}

/// The payment service behind books that it posts to before it pays.
fn with_books(defect: &str, probes: &str) -> Project {
    let start = payments::start();
    scn(&format!(
        r#"
service books {{
  speaks http
  start "{start}"
  env {{ LISTEN: addr, STATE: "books.json" }}
  ready GET /healthz within 30s
}}
service pay {{
  speaks http
  start "{start}"
  env {{ LISTEN: addr, STATE: "state.json", DEFECT: "{defect}", BOOKS: books.addr }}
  ready GET /healthz within 30s
}}
@safe
action payments_of(customer) {{
  GET pay /v1/payments?customer=${{customer}}
  return body.payments
}}
{}"#,
        scenario(&format!(
            "  idempotent {{{REQUEST}\n{probes}\n    same status, body except .served_at\n    effect payments_of(alice).count rises by 1\n  }}"
        ))
    ))
}

const LINKS: &str = r#"
    probe lost_request
    probe lost_response
    probe lost_request on pay -> books
    probe lost_response on pay -> books
    probe failed_first on pay -> books
    probe in_flight(busy: 409, hold: 400ms) on pay -> books"#;

fn broken_links(defect: &str) -> (Project, Ran) {
    let project = with_books(defect, LINKS);
    let ran = project.run(&["--report", "json=events.jsonl"]);
    (project, ran)
}

#[test]
fn a_service_that_keeps_its_keys_survives_broken_links() {
    let (project, ran) = broken_links("");
    let all = [
        "lost_request#1",
        "lost_request#2",
        "lost_response#1",
        "lost_response#2",
        "failed_first",
        "in_flight",
    ];
    assert_eq!(probes(&project, "survived"), names(&all), "{}{}", ran.out, ran.err);
    ran.ends(0, &["6 of 6 survived"]);
}

#[test]
fn a_lost_answer_finds_what_is_done_again() {
    let (project, ran) = broken_links("ignored");
    let all = [
        "lost_request#1",
        "lost_request#2",
        "lost_response#1",
        "lost_response#2",
        "failed_first",
        "in_flight",
    ];
    assert_eq!(probes(&project, "failed"), names(&all), "{}{}", ran.out, ran.err);
    ran.ends(
        1,
        &[
            "× lost_response on client -> pay hits POST /v1/payments",
            "calls on pay -> books",
            "--probe 'lost_response#1'",
        ],
    );
}

#[test]
fn a_failure_that_is_kept_as_the_answer_is_found() {
    let (project, ran) = broken_links("failure_kept");
    let finders = ["lost_request#2", "lost_response#2", "failed_first"];
    assert_eq!(probes(&project, "failed"), names(&finders), "{}{}", ran.out, ran.err);
    ran.ends(1, &["probe `failed_first`: attempt 2 must succeed, and came to 502 Bad Gateway"]);
    let (project, ran) = broken_links("never_released");
    assert_eq!(probes(&project, "failed"), names(&finders), "{}{}", ran.out, ran.err);
    ran.ends(1, &["and came to 409 Conflict"]);
}

#[test]
fn what_a_service_does_by_itself_is_no_attack_on_an_attempt() {
    let project = with_books(
        "failure_kept",
        "    probe lost_request on pay -> books\n    probe lost_response on pay -> books",
    );
    project.write(
        "t.scn",
        &project.read("t.scn").replace("BOOKS: books.addr", "BOOKS: books.addr, BEATS: \"yes\""),
    );
    project.run(&[]).ends(1, &["and came to 502 Bad Gateway", "0 of 2 survived"]);
}

#[test]
fn a_race_is_found_for_sure_when_the_first_is_held_up() {
    let (project, ran) = broken_links("race");
    assert_eq!(probes(&project, "failed"), names(&["in_flight"]), "{}{}", ran.out, ran.err);
    ran.ends(1, &["while the first is under way → 201 Created"]);
}

#[test]
fn a_fault_that_hits_nothing_is_no_pass() {
    // Nothing is posted when the books are not asked.
    let text = with_books("", "    probe failed_first on pay -> books");
    text.write("t.scn", &text.read("t.scn").replace("BOOKS: books.addr", "BOOKS: \"\", OTHER: books.addr"));
    let ran = text.run(&["--report", "json=events.jsonl"]);
    ran.ends(5, &["probe `failed_first` shows nothing", "0 of 1 survived; unknown: failed_first"]);
}

/// The payment service over gRPC, behind books that it posts to before it pays.
fn over_grpc(defect: &str, probes: &str) -> Project {
    let start = payments::start();
    let text = format!(
        r#"
service books {{
  speaks http
  start "{start}"
  env {{ LISTEN: addr, STATE: "books.json" }}
  ready GET /healthz within 30s
}}
service pay {{
  speaks grpc contract "./pay.proto"
  start "{start}"
  env {{ LISTEN: addr, STATE: "state.json", DEFECT: "{defect}", BOOKS: books.addr, LIFE_MS: "2500" }}
  ready tcp within 30s
}}
@safe
action payments_of(customer) {{
  call pay.Paid {{ name: customer }}
  return body.payments
}}
{}"#,
        scenario(&format!(
            r#"
  idempotent as ietf(
    by: metadata("idempotency-key"), missing: "INVALID_ARGUMENT", in_flight: "ABORTED", changed: "FAILED_PRECONDITION"
  ) {{
    call pay.Pay {{ customer: alice, amount: 5 }} with {{ metadata: {{ idempotency-key: key, authorization: "alice" }} }}
{probes}
    same status, body except .served_at
    effect payments_of(alice).count rises by 1
  }}"#
        ))
    );
    crate::harness::project(&[("t.scn", &text), ("pay.proto", payments::PROTO)])
}

const GRPC: &str = r#"
    probe lost_request
    probe lost_response
    probe lost_response on pay -> books
    probe failed_first on pay -> books
    probe in_flight(busy: "ABORTED", hold: 400ms) on pay -> books
    probe restart
    probe malformed_key(length: 256)
    probe expired(after: 3s)
    probe redelivery
    probe other_tenant(with: { metadata: { authorization: "bob" } })"#;

#[test]
fn a_service_of_grpc_survives_every_probe_that_messages_can_have() {
    let project = over_grpc("", GRPC);
    let ran = project.run(&["--report", "json=events.jsonl"]);
    let all = [
        "replay",
        "concurrent",
        "changed_body",
        "missing_key",
        "lost_request",
        "lost_response#1",
        "lost_response#2",
        "failed_first",
        "in_flight",
        "restart",
        "malformed_key",
        "expired",
        "redelivery",
        "other_tenant",
    ];
    assert_eq!(probes(&project, "survived"), names(&all), "{}{}", ran.out, ran.err);
    ran.ends(0, &["14 of 14 survived"]);
}

#[test]
fn each_probe_finds_its_defect_over_grpc() {
    let repeats = ["replay", "concurrent", "lost_response#1", "lost_response#2", "in_flight", "restart"];
    for (defect, finders) in [
        ("ignored", [&repeats[..], &["changed_body", "lost_request", "failed_first", "redelivery"]].concat()),
        ("any_body", vec!["changed_body"]),
        ("conflict", vec!["changed_body"]),
        ("key_optional", vec!["missing_key"]),
        ("any_key", vec!["malformed_key"]),
        ("race", vec!["concurrent", "in_flight"]),
        ("forgets", vec!["restart"]),
        ("lives_on", vec!["expired"]),
        ("shared_key", vec!["other_tenant"]),
        ("failure_kept", vec!["lost_response#2", "failed_first"]),
    ] {
        let project = over_grpc(defect, GRPC);
        let ran = project.run(&["--report", "json=events.jsonl"]);
        assert_eq!(probes(&project, "failed"), names(&finders), "{defect}\n{}{}", ran.out, ran.err);
        assert_eq!(probes(&project, "inconclusive"), names(&[]), "{defect}\n{}", ran.out);
        ran.ends(1, &["1 failed"]);
    }
}

#[test]
fn fields_of_grpc_have_no_order_to_change() {
    over_grpc("", "    probe reordered_body")
        .run(&[])
        .ends(2, &["`reordered_body` sends fields in another order, and those of gRPC have none"]);
}
