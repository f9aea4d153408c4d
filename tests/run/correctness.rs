//! Correctness under load: the history of a workload against a server with one mistake at a time,
//! against the same server without, and against one that does not always answer.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use crate::harness::{Asked, Ran, json, scn, server};

/// What is wrong with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mistake {
    None,
    /// A read gives what was there before the last write.
    Stale,
    /// Every fifth write is acknowledged and not done.
    Lost,
    /// Every fourth read comes from a replica that is three versions behind.
    Behind,
    /// Of three writes the first is not answered in time: half of those are done, half are not.
    Hangs,
    /// Every third read is not answered in time.
    HangsOnReads,
}

#[derive(Debug, Default)]
struct Store {
    registers: BTreeMap<String, Vec<String>>,
    items: Vec<String>,
    writes: usize,
    reads: usize,
}

/// `/r/KEY` is a register, `/versions` a counter that every `POST` raises, `/items` a list.
fn store(mistake: Mistake) -> String {
    let store = Mutex::new(Store::default());
    server(move |asked| {
        let (answer, hangs) = answered(&mut store.lock().unwrap(), mistake, asked);
        if hangs {
            sleep(Duration::from_secs(1));
        }
        json("200 OK", &answer)
    })
}

fn answered(store: &mut Store, mistake: Mistake, asked: &Asked) -> (String, bool) {
    let is_write = asked.method != "GET";
    let turn = if is_write {
        store.writes += 1;
        store.writes
    } else {
        store.reads += 1;
        store.reads
    };
    let hangs = match mistake {
        Mistake::Hangs => is_write && turn % 3 == 1,
        Mistake::HangsOnReads => !is_write && turn.is_multiple_of(3),
        _ => false,
    };
    let done = match mistake {
        Mistake::Lost => !turn.is_multiple_of(5),
        Mistake::Hangs => !hangs || turn.is_multiple_of(2),
        _ => true,
    };
    let answer = match (asked.path.trim_start_matches('/').split_once('/'), &*asked.path) {
        (Some(("r", key)), _) => {
            let values = store.registers.entry(key.to_owned()).or_default();
            if is_write && done {
                values.push(asked.body.clone());
            }
            let behind = usize::from(mistake == Mistake::Stale && !is_write);
            values.iter().rev().nth(behind).cloned().unwrap_or_else(|| "null".to_owned())
        }
        (_, "/items") => {
            if is_write && done {
                store.items.push(asked.body.clone());
            }
            format!("[{}]", store.items.join(","))
        }
        _ => {
            let behind = if mistake == Mistake::Behind && turn.is_multiple_of(4) { 3 } else { 0 };
            store.writes.saturating_sub(behind).to_string()
        }
    };
    (answer, hangs)
}

const ACTIONS: &str = r#"
shape Key = "a" | "b"
action read(key) {
  GET s /r/${key} with { timeout: 200ms }
  return body
}
action write(key, value) { PUT s /r/${key} json(value) with { timeout: 200ms } }
action version() {
  GET s /versions with { timeout: 200ms }
  return body
}
action raise() { POST s /versions {} with { timeout: 200ms } }
action put(id) { POST s /items json(id) with { timeout: 200ms } }
"#;

fn run(mistake: Mistake, statements: &str) -> Ran {
    let url = store(mistake);
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n{ACTIONS}\nscenario \"load\" {{\n{statements}\n}}\n"
    ))
    .run(&["--seed", "11"])
}

const REGISTER: &str = "
  workload ops by 3 clients for 60 operations {
    50% read(any Key)
    50% write(any Key, any int(1..1_000_000_000))
  }
  expect ops linearizable as register(read: read, write: write) per .args[0]
";

#[test]
fn a_register_under_load_is_linearizable_or_found_out() {
    run(Mistake::None, REGISTER).ends(0, &["60 ok"]);
    run(Mistake::Stale, REGISTER).ends(1, &["linearizable", "read"]);
}

#[test]
fn what_nobody_answered_may_have_happened_or_not() {
    run(Mistake::Hangs, REGISTER).ends(0, &["timed out"]);
    run(Mistake::HangsOnReads, REGISTER).ends(0, &["timed out"]);
    // An operation without an end is before nothing.
    let before = "workload ops by 1 clients for 12 operations { write(\"a\", any int(1..9)) }\n\
                  expect ops has { outcome: \"info\" } before { outcome: \"ok\" }\n";
    run(Mistake::Hangs, before).ends(5, &["neither be shown nor refuted"]);
}

const SESSIONS: &str = "
  workload ops by 2 clients for 60 operations {
    60% version()
    40% raise()
  }
  expect ops monotonic_reads(read: version) by .value per .process
";

#[test]
fn sessions_under_load_never_go_back_or_are_found_out() {
    run(Mistake::None, SESSIONS).ends(0, &["60 ok"]);
    run(Mistake::Behind, SESSIONS).ends(1, &["monotonic"]);
    run(Mistake::Hangs, SESSIONS).ends(0, &["timed out"]);
    run(Mistake::HangsOnReads, SESSIONS).ends(0, &["timed out"]);
}

const ITEMS: &str = "
  workload puts by 3 clients for 40 operations { put(any int(1..1_000_000_000_000)) }
  let all = GET s /items
  expect all.body no_loss of puts
";

#[test]
fn nothing_acknowledged_is_lost_or_it_is_found_out() {
    run(Mistake::None, ITEMS).ends(0, &["40 ok"]);
    run(Mistake::Lost, ITEMS).ends(1, &["was put in and never came out"]);
    run(Mistake::Hangs, ITEMS).ends(0, &["timed out"]);
    // Whoever was never answered put in nothing for certain.
    let hung = ITEMS.replace("put(any", "hung(any");
    let action = "action hung(id) { POST s /items json(id) with { timeout: 1ms } }\n";
    let url = server(|asked| {
        if asked.method == "POST" {
            sleep(Duration::from_millis(300));
        }
        json("200 OK", "[]")
    });
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n{ACTIONS}{action}\nscenario \"load\" {{\n{hung}\nexpect puts.ok == 0\n}}\n"
    ))
    .run(&[])
    .ends(1, &["nothing after `of` was put in for certain"]);
}
