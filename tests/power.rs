//! The power of the shop's scenarios: each mistake that the shop can be told to make is found by the
//! scenarios and the probes named here, and by no other; without mistakes nothing is found.
#![expect(clippy::unwrap_used, reason = "in tests a failure to prepare is a failure")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use serde_json::Value;

const IDEMPOTENCY: &str = "idempotency.scn";
const FAULTS: &str = "faults.scn";
const WEBHOOKS: &str = "webhooks.scn";
const EVENTS: &str = "events.scn";
const HISTORIES: &str = "histories.scn";
const CONTRACT: &str = "contract.scn";
const E2E: &str = "e2e.scn";

const ORDER: &str = "An order is placed once, however often it is sent";
const PAYMENT: &str = "A payment is booked once, whatever the network does";
const EXPIRED: &str = "A key is free again when it has expired";
const PUT: &str = "A note may be put again";
const DELETE: &str = "A note may be taken off again";
const POSTING: &str = "A posting is booked once, however often it is delivered";

const LATER: &str = "A posting is tried again later and later";
const LOST: &str = "What the ledger has booked is not booked again when its answer is lost";
const RESTARTED: &str = "Nor when the outbox is restarted before it hears";
const PUSHBACK: &str = "A ledger without room is left alone as long as it asks";
const WRONG: &str = "What the ledger calls wrong is not tried again";
const DEADLINE: &str = "The ledger is told how much time there is";

const SIGNED: &str = "Every event is told once, and signed";
const ANNOUNCED: &str = "Each order is announced exactly once";
const AWAY: &str = "Orders are announced in their order, also those of a time without the bus";
const AGAIN: &str = "A refused webhook comes again, later and later";
const IN_ORDER: &str = "The events of an order wait for each other";
const ON_THE_BUS: &str = "A payment on the bus may come again";
const DELIVERED_AGAIN: &str = "A payment that is delivered again is booked once";
const BUSY: &str = "A merchant who asks for it is left alone";
const REFUSED: &str = "What is refused for good is not told again";
const CIRCUIT: &str = "A merchant who fails again and again is left alone for a while";

const DETAILS: &str = "The ledger names what is wrong with a posting";
const IMPORT: &str = "Many postings in one stream are all taken, or none";
const LIMIT: &str = "Orders above the limit are rejected, and nothing is booked";

const KEYS: &str = "A key is for one tenant, one place and one body";
const NEEDS_KEY: &str = "A payment needs a key, and is booked once under it";
const EIGHT: &str = "Eight at once with one key make one order";
const SAME_KEY: &str = "The same key gives the same answer, byte for byte";
const ON_AND_OFF: &str = "A note may be put and taken off again and again";
const PAGES: &str = "A long list comes in pages, in the order of placing";
const STOCK: &str = "The stock of the catalog is there while a scenario needs it";
const RATE: &str = "Orders are taken at the rate at which they come";
const NONSENSE: &str = "No posting that makes no sense breaks the ledger";

const TOLD: &str = "The events of an order are told in order, each once";
const GO_ON: &str = "An order's events go on where they were";
const WATCHER: &str = "A watcher gets every entry of an account once, in order";
const NUMBERS: &str = "The numbers of an account go on after a restart";
const BROUGHT: &str = "A posting that the ledger has not heard of is brought again";
const REGISTER: &str = "A register is one register, whoever comes at once";
const OUTLIVES: &str = "What a register holds outlives its service";
const QUEUE: &str = "What is put into a queue first is taken first, and once";
const TRANSACTIONS: &str = "Transactions over lists come one after the other";
const SEEN_ORDER: &str = "Whoever has seen an order sees it again";
const SEEN_POSTING: &str = "Whoever has seen a posting sees it again";
const WHOLE: &str = "Nobody sees one entry of a posting without the other";

/// What a scenario says of a history, and of which defect, when it finds one.
const SAYS: &[(&str, &str)] = &[
    ("events_reordered", "`story` is not increasing"),
    ("events_skipped", "`story` is not gapless"),
    ("events_repeated", "`story` is not unique"),
    ("watch_swapped", "`entries` is not increasing"),
    ("watch_coalesced", "`entries` is not gapless"),
    ("watch_repeated", "`entries` is not unique"),
    ("seq_reused", "`body.entries` is not unique"),
    ("seq_skipped", "`body.entries` is not gapless"),
    ("outbox_forgets", "`entries_of(alice)` does not hold each expected key at least once"),
    ("register_cached", "`ops` is not linearizable"),
    ("register_written_later", "`ops` is not linearizable"),
    ("swap_race", "`ops` is not linearizable"),
    ("queue_last_first", "`ops` is not linearizable"),
    ("queue_taken_twice", "`ops` is not linearizable"),
    ("transaction_skew", "`txns` is not serializable"),
    ("transaction_lost", "`txns` is not serializable"),
    ("transaction_dirty", "`txns` is not serializable"),
    ("orders_of_replica", "`seen` does not have monotonic reads"),
    ("balance_of_replica", "`seen` does not have monotonic reads"),
];

/// What a defect may break besides, as chance will have it, and why.
///
/// Two events that do not wait for each other fail often enough in a row that the breaker opens; that
/// stretches a pause of one of them, so that the next one is shorter. A register may be read within
/// the 30 ms in which it is not written yet. Every second list comes from the replica, whoever asks
/// for it.
const AT_TIMES: &[(&str, &str)] =
    &[("webhook_order", AGAIN), ("register_written_later", STOCK), ("orders_of_replica", EIGHT)];

/// How many runs stand beside each other: they wait more than they work.
const AT_ONCE: usize = 3;

/// What finds a defect: a scenario, and in it these probes; none where the scenario itself fails.
type Finds = (&'static str, &'static [&'static str]);

/// Its name, the file whose scenarios are run, and what of it finds it.
type Defect = (&'static str, &'static str, &'static [Finds]);

/// Every defect.
const DEFECTS: &[Defect] = &[
    (
        "key_ignored",
        IDEMPOTENCY,
        &[
            (
                ORDER,
                &[
                    "replay",
                    "concurrent",
                    "changed_body",
                    "reordered_body",
                    "lost_request",
                    "lost_response",
                    "restart",
                ],
            ),
            (
                PAYMENT,
                &[
                    "replay",
                    "concurrent",
                    "reordered_body",
                    "changed_body",
                    "lost_response",
                    "in_flight",
                    "failed_first",
                ],
            ),
        ],
    ),
    ("key_shared_by_tenants", IDEMPOTENCY, &[(ORDER, &["other_tenant"]), (PAYMENT, &["other_tenant"])]),
    ("keys_in_memory", IDEMPOTENCY, &[(ORDER, &["restart"])]),
    ("concurrent_race", IDEMPOTENCY, &[(ORDER, &["concurrent"])]),
    ("changed_body_accepted", IDEMPOTENCY, &[(ORDER, &["changed_body"]), (PAYMENT, &["changed_body"])]),
    ("reordered_body_refused", IDEMPOTENCY, &[(ORDER, &["reordered_body"]), (PAYMENT, &["reordered_body"])]),
    ("missing_key_accepted", IDEMPOTENCY, &[(PAYMENT, &["missing_key"])]),
    ("malformed_key_accepted", IDEMPOTENCY, &[(ORDER, &["malformed_key"])]),
    ("expired_never", IDEMPOTENCY, &[(EXPIRED, &["expired"])]),
    ("response_before_effect", IDEMPOTENCY, &[(PAYMENT, &["failed_first"])]),
    ("error_cached", IDEMPOTENCY, &[(PAYMENT, &["failed_first"])]),
    (
        "location_not_saved",
        IDEMPOTENCY,
        &[(ORDER, &["replay", "concurrent", "reordered_body", "lost_request", "lost_response", "restart"])],
    ),
    ("wrong_status", IDEMPOTENCY, &[(ORDER, &["changed_body"]), (PAYMENT, &["changed_body"])]),
    ("note_appended", IDEMPOTENCY, &[(PUT, &["replay", "concurrent"])]),
    ("note_gone", IDEMPOTENCY, &[(DELETE, &["replay"])]),
    ("entry_id_per_attempt", FAULTS, &[(LOST, &[]), (RESTARTED, &[])]),
    ("outbox_twice_after_restart", FAULTS, &[(RESTARTED, &[])]),
    ("retry_without_backoff", FAULTS, &[(LATER, &[])]),
    ("pushback_ignored", FAULTS, &[(PUSHBACK, &[])]),
    ("retries_invalid", FAULTS, &[(WRONG, &[])]),
    ("unavailable_is_final", FAULTS, &[(LATER, &[]), (LOST, &[]), (RESTARTED, &[])]),
    ("deadline_not_propagated", FAULTS, &[(DEADLINE, &[])]),
    ("webhook_unsigned", WEBHOOKS, &[(SIGNED, &[])]),
    ("webhook_signs_other_bytes", WEBHOOKS, &[(SIGNED, &[])]),
    ("webhook_retry_after_ignored", WEBHOOKS, &[(BUSY, &[])]),
    ("webhook_retries_refused", WEBHOOKS, &[(REFUSED, &[])]),
    ("webhook_once", WEBHOOKS, &[(AGAIN, &[]), (IN_ORDER, &[]), (BUSY, &[]), (CIRCUIT, &[])]),
    ("webhook_new_id", WEBHOOKS, &[(AGAIN, &[]), (BUSY, &[])]),
    ("webhook_order", WEBHOOKS, &[(IN_ORDER, &[])]),
    ("circuit_never_opens", WEBHOOKS, &[(CIRCUIT, &[])]),
    ("event_twice", EVENTS, &[(ANNOUNCED, &[]), (AWAY, &[])]),
    ("event_once", EVENTS, &[(AWAY, &[])]),
    ("event_order", EVENTS, &[(AWAY, &[])]),
    ("redelivery_posts_twice", FAULTS, &[(LOST, &[]), (RESTARTED, &[])]),
    ("entries_forgotten", IDEMPOTENCY, &[(POSTING, &["restart"])]),
    ("partial_write", CONTRACT, &[(IMPORT, &[])]),
    ("duplicate_refused", FAULTS, &[(LOST, &[]), (RESTARTED, &[])]),
    ("conflict_accepted", IDEMPOTENCY, &[(POSTING, &["changed_body"])]),
    // A refused import says what is wrong in the same words.
    ("invalid_is_internal", CONTRACT, &[(DETAILS, &[]), (IMPORT, &[])]),
    ("limit_is_unavailable", E2E, &[(LIMIT, &[])]),
    ("unknown_is_empty", CONTRACT, &[(DETAILS, &[])]),
    ("events_reordered", HISTORIES, &[(TOLD, &[])]),
    ("events_skipped", HISTORIES, &[(TOLD, &[])]),
    ("events_repeated", HISTORIES, &[(GO_ON, &[])]),
    ("outbox_forgets", HISTORIES, &[(BROUGHT, &[])]),
    ("register_cached", HISTORIES, &[(REGISTER, &[])]),
    ("register_written_later", HISTORIES, &[(REGISTER, &[]), (OUTLIVES, &[])]),
    ("registers_in_memory", HISTORIES, &[(OUTLIVES, &[])]),
    ("swap_race", HISTORIES, &[(REGISTER, &[])]),
    ("queue_last_first", HISTORIES, &[(QUEUE, &[])]),
    ("queue_taken_twice", HISTORIES, &[(QUEUE, &[])]),
    ("transaction_skew", HISTORIES, &[(TRANSACTIONS, &[])]),
    ("transaction_lost", HISTORIES, &[(TRANSACTIONS, &[])]),
    ("transaction_dirty", HISTORIES, &[(TRANSACTIONS, &[])]),
    ("orders_of_replica", HISTORIES, &[(SEEN_ORDER, &[])]),
    ("watch_swapped", HISTORIES, &[(WATCHER, &[])]),
    ("watch_coalesced", HISTORIES, &[(WATCHER, &[])]),
    ("watch_repeated", HISTORIES, &[(WATCHER, &[])]),
    ("seq_reused", HISTORIES, &[(NUMBERS, &[])]),
    ("seq_skipped", HISTORIES, &[(NUMBERS, &[])]),
    ("balance_of_replica", HISTORIES, &[(SEEN_POSTING, &[])]),
    ("posting_torn", HISTORIES, &[(WHOLE, &[])]),
];

/// The scenarios that did not pass, each alone or with one of its probes that did not.
fn found(events: &Path) -> BTreeSet<String> {
    let lines = fs::read_to_string(events).unwrap();
    let events: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &'static str| events.iter().filter(move |event| event["event"] == kind);
    let mut found = BTreeSet::new();
    for finished in of("scenario_finished").filter(|finished| finished["outcome"]["is"] != "passed") {
        let title = finished["scenario"]["title"].as_str().unwrap();
        // Several suites beside each other may leave the runner too little of the machine to tell times.
        if title == RATE && finished["outcome"]["is"] == "inconclusive" {
            continue;
        }
        let probes: Vec<&str> = of("probed")
            .filter(|probed| probed["id"] == finished["id"] && probed["outcome"] != "survived")
            .map(|probed| probed["probe"].as_str().unwrap())
            .collect();
        if probes.is_empty() {
            found.insert(title.to_owned());
        }
        found.extend(probes.into_iter().map(|probe| format!("{title} / {probe}")));
    }
    found
}

/// Runs scenarios with a defect of the shop's, or with none.
fn run(scenarios: &str, defect: Option<(&str, &str)>) -> (BTreeSet<String>, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let place = tempfile::tempdir().unwrap();
    let events = place.path().join("run.jsonl");
    let output = Command::new(env!("CARGO_BIN_EXE_scn"))
        .current_dir(root)
        .args(["run", scenarios, "--seed", "42"])
        .arg(format!("--report=json={}", events.display()))
        .args(defect.iter().flat_map(|(input, name)| ["--set".to_owned(), format!("{input}={name}")]))
        .env("NO_COLOR", "1")
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    // Without a defect all passes, but for what is skipped or in quarantine.
    let code = output.status.code();
    assert!(code == Some(0) || defect.is_some() && matches!(code, Some(1 | 5)), "{said}");
    (found(&events), said.into_owned())
}

/// The names in the table of the shop's README under a head; its own tests compare it with the code.
fn names(head: &str) -> Vec<String> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/shop/README.md"));
    let readme = readme.unwrap();
    let (_, table) = readme.split_once(head).unwrap();
    let rows = table.lines().skip(2).take_while(|row| row.starts_with('|'));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

/// What finds a defect, as [`found`] tells it.
fn expected(by: &[Finds]) -> BTreeSet<String> {
    let one = |(scenario, probes): &Finds| match probes {
        [] => vec![(*scenario).to_owned()],
        probes => probes.iter().map(|probe| format!("{scenario} / {probe}")).collect(),
    };
    by.iter().flat_map(one).collect()
}

/// Every defect in turn, some beside each other, and what is wrong with what finds it.
fn each_defect(wrong: impl Fn(&Defect, &[String]) -> Vec<String> + Sync) {
    let ledger = names("| of the ledger | what it does |");
    let chosen = std::env::var("SCN_POWER").unwrap_or_default();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.split(',').any(|chosen| chosen == name);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut all = Vec::new();
        while let Some(defect) = DEFECTS.get(next.fetch_add(1, Relaxed)) {
            if is_chosen(defect.0) {
                let wrong = wrong(defect, &ledger);
                eprintln!(
                    "{}: {}",
                    defect.0,
                    if wrong.is_empty() { "as expected" } else { "not as expected" }
                );
                all.extend(wrong);
            }
        }
        all
    };
    let wrong: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Runs scenarios with a defect, and says what else finds it than is expected.
fn mistaken(
    scenarios: &str,
    name: &str,
    ledger: &[String],
    expected: &BTreeSet<String>,
    always: &BTreeSet<String>,
) -> Vec<String> {
    let input = if ledger.iter().any(|known| known == name) { "ledger_defects" } else { "defects" };
    let (mut found, said) = run(scenarios, Some((input, name)));
    found.retain(|scenario| !always.contains(scenario) && !AT_TIMES.contains(&(name, scenario.as_str())));
    let mut wrong = Vec::new();
    let says = SAYS.iter().find(|(of, _)| *of == name).map_or("", |(_, says)| *says);
    if !said.contains(says) {
        wrong.push(format!("{name} is not found by what it does: {says}\n{said}"));
    }
    if found != *expected {
        wrong.push(format!("{name} is found by {found:#?}, and not by {expected:#?}\n{said}"));
    }
    wrong
}

#[test]
fn every_defect_is_to_be_found_somewhere() {
    let orders = names("| of orders | what it does |");
    let ledger = names("| of the ledger | what it does |");
    assert!(orders.len() + ledger.len() >= 15, "{orders:?} {ledger:?}");
    let known: BTreeSet<&str> = orders.iter().chain(&ledger).map(String::as_str).collect();
    let listed: BTreeSet<&str> = DEFECTS.iter().map(|(name, ..)| *name).collect();
    assert_eq!(known, listed);
    assert_eq!(listed.len(), DEFECTS.len(), "a defect is listed twice");
    assert!(DEFECTS.iter().all(|(_, _, by)| !by.is_empty()));
}

#[test]
#[ignore = "builds and starts the shop, which needs Go; `tests/all` runs it"]
fn each_defect_is_found_by_what_is_meant_to_find_it_and_by_nothing_else() {
    for file in [IDEMPOTENCY, FAULTS, WEBHOOKS, EVENTS, HISTORIES, CONTRACT, E2E] {
        let (found, said) = run(&format!("scenarios/shop/{file}"), None);
        assert!(found.is_empty(), "{file} fails without a defect: {found:?}\n{said}");
    }
    each_defect(|(name, file, by), ledger| {
        mistaken(&format!("scenarios/shop/{file}"), name, ledger, &expected(by), &BTreeSet::new())
    });
}

/// What else of the whole suite rightly finds a defect, beside the file that is made for it: the
/// same promise is stated there in other words.
const ELSEWHERE: &[(&str, &[Finds])] = &[
    ("key_ignored", &[(KEYS, &[]), (NEEDS_KEY, &[]), (EIGHT, &[]), (SAME_KEY, &[])]),
    ("key_shared_by_tenants", &[(KEYS, &[])]),
    ("concurrent_race", &[(EIGHT, &[])]),
    ("changed_body_accepted", &[(KEYS, &[]), (SAME_KEY, &[])]),
    ("reordered_body_refused", &[(KEYS, &[])]),
    ("missing_key_accepted", &[(NEEDS_KEY, &[])]),
    ("malformed_key_accepted", &[(NEEDS_KEY, &[])]),
    ("location_not_saved", &[(KEYS, &[]), (EIGHT, &[]), (SAME_KEY, &[])]),
    ("wrong_status", &[(KEYS, &[]), (SAME_KEY, &[])]),
    ("note_appended", &[(ON_AND_OFF, &[])]),
    ("note_gone", &[(ON_AND_OFF, &[])]),
    ("entry_id_per_attempt", &[(DELIVERED_AGAIN, &[])]),
    ("outbox_twice_after_restart", &[(DELIVERED_AGAIN, &[])]),
    ("unavailable_is_final", &[(BROUGHT, &[])]),
    ("outbox_forgets", &[(LATER, &[]), (LOST, &[]), (RESTARTED, &[]), (PUSHBACK, &[])]),
    (
        "redelivery_posts_twice",
        &[
            (POSTING, &["redelivery", "concurrent", "restart", "changed_body"]),
            (ON_THE_BUS, &["redelivery"]),
            (DELIVERED_AGAIN, &[]),
        ],
    ),
    ("duplicate_refused", &[(POSTING, &["redelivery", "concurrent", "restart"])]),
    ("invalid_is_internal", &[(NONSENSE, &[])]),
    ("limit_is_unavailable", &[(NONSENSE, &[])]),
    ("orders_of_replica", &[(PAGES, &[])]),
];

/// `SCN_POWER=key_ignored,note_gone` takes these alone.
#[test]
#[ignore = "runs every scenario once for each defect, which takes most of an hour"]
fn nothing_else_in_the_whole_suite_finds_a_defect() {
    // What is skipped or in quarantine is so with every defect.
    let (always, _) = run("scenarios", None);
    each_defect(|(name, _, by), ledger| {
        let beside = ELSEWHERE.iter().find(|(known, _)| known == name).map_or(&[][..], |(_, by)| by);
        let expected = expected(by).union(&expected(beside)).cloned().collect();
        mistaken("scenarios", name, ledger, &expected, &always)
    });
}
