//! Properties: found, shrunk to what is to blame, repeated; and never passed by accident.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::harness::{Ran, json, scn, server, wait_for};

/// A server that answers every POST with what a function makes of its body.
fn answering(answer: impl Fn(&[u8]) -> Vec<u8> + Clone + Send + Sync + 'static) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let route = post(move |body: Bytes| {
                let answer = answer(&body);
                async move { ([("content-type", "application/json")], answer) }
            });
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().fallback(route)).await.unwrap();
        });
    });
    format!("http://{address}")
}

/// An echo that loses something of each part of a document.
fn lossy(lose: fn(&str, Value) -> Option<Value>) -> String {
    answering(move |body| {
        let value: Value = serde_json::from_slice(body).unwrap();
        serde_json::to_vec(&walk("", value, lose)).unwrap()
    })
}

fn walk(name: &str, value: Value, lose: fn(&str, Value) -> Option<Value>) -> Option<Value> {
    let value = match value {
        Value::Array(items) => {
            Value::Array(items.into_iter().filter_map(|item| walk(name, item, lose)).collect())
        }
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter_map(|(name, part)| Some((name.clone(), walk(&name, part, lose)?)))
                .collect(),
        ),
        part => part,
    };
    lose(name, value)
}

const SHAPES: &str = r#"
shape Line { sku: re"[a-z]{3,8}", qty: int(1..9) }
shape Order {
  id:     uuid
  state:  "PENDING" | "PAID" | "SHIPPED"
  big:    int(0..18446744073709551615)
  total:  decimal(0.00..500.00)
  name:   text(0..20)
  nick:   text(0..20)
  note?:  text(1..40)
  lines:  [Line; 1..5]
}
"#;

fn property(url: &str, shape: &str, statements: &str) -> crate::harness::Project {
    scn(&format!(
        "service s {{ speaks http; at \"{url}\" }}\n{SHAPES}\nscenario \"survives\" {{\n  forall {shape} {{\n{statements}\n  }}\n}}\n"
    ))
}

fn survives(url: &str) -> crate::harness::Project {
    property(url, "order in Order for 200 cases", "    POST s /echo order\n    expect body == order")
}

/// Fails with one difference, shrunk to a value that has these parts; its command repeats it.
fn is_found(url: &str, parts: &[&str], path: &str) -> Ran {
    let project = survives(url);
    let ran = project.run(&["--seed", "7"]).ends(1, parts);
    assert!(ran.says("`order` shrunk, in"), "{}", ran.out);
    assert!(ran.says(&format!("path expected actual {path}")), "{}", ran.out);
    // One part is to blame, and so one line of the table speaks of it.
    let table: Vec<&str> = ran
        .out
        .lines()
        .skip_while(|line| !line.contains("path "))
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
        .collect();
    assert_eq!(table.len(), 1, "{}", ran.out);
    let repeat =
        ran.out.lines().find_map(|line| line.trim().strip_prefix("repeat")).unwrap().trim().to_owned();
    assert!(repeat.contains("--seed 7") && repeat.contains("--case "), "{repeat}");
    let words: Vec<&str> = repeat.split(' ').skip(1).collect();
    let again = project.scn(&words);
    let block =
        |ran: &Ran| ran.out.split("as first found").nth(1).unwrap().split("tries").next().unwrap().to_owned();
    assert_eq!(block(&again.ends(1, parts)), block(&ran), "the repetition tells the same");
    ran
}

#[test]
fn numbers_read_as_doubles_are_found_and_shrunk_to_one_field() {
    let url = lossy(|_, value| match value.as_u64() {
        Some(number) => Some(Value::from(number as f64 as u64)),
        None => Some(value),
    });
    is_found(
        &url,
        &[
            "big: 9007199254740993,",
            "id: \"00000000-0000-4000-8000-000000000000\",",
            "state: \"PENDING\",",
            "total: 0,",
            "name: \"\",",
            "nick: \"\",",
            "lines: [{ sku: \"aaa\", qty: 1 }]",
        ],
        ".big 9007199254740993 9007199254740992",
    );
}

#[test]
fn dropped_empty_texts_are_found_and_one_is_to_blame() {
    let url = lossy(|_, value| (value.as_str() != Some("")).then_some(value));
    let ran = is_found(&url, &["big: 0,", "lines: [{ sku: \"aaa\", qty: 1 }]"], ".n");
    let shrunk = ran.out.split("shrunk, in").nth(1).unwrap();
    let has = |text: &str| shrunk.contains(text);
    assert!(
        has("name: \"\",") && has("nick: \"a\",") || has("name: \"a\",") && has("nick: \"\","),
        "{shrunk}"
    );
    assert!(!has("note"), "{shrunk}");
}

#[test]
fn names_that_become_numbers_are_found() {
    let url = lossy(|name, value| {
        let number = ["PENDING", "PAID", "SHIPPED"].iter().position(|known| value.as_str() == Some(known));
        Some(number.filter(|_| name == "state").map_or(value, Value::from))
    });
    is_found(
        &url,
        &["state: \"PENDING\",", "big: 0,", "name: \"\","],
        ".state \"PENDING\" (text) 0 (number)",
    );
}

/// An echo that counts what it is asked.
fn counted() -> (String, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let url = answering(move |body| {
        count.fetch_add(1, Ordering::Relaxed);
        body.to_vec()
    });
    (url, asked)
}

#[test]
fn what_loses_nothing_passes() {
    let (url, asked) = counted();
    survives(&url).run(&[]).ends(0, &["1 passed"]);
    assert_eq!(asked.load(Ordering::Relaxed), 200);
}

#[test]
fn the_number_of_cases_can_be_replaced_and_has_a_default() {
    let (url, asked) = counted();
    let with = |shape: &str, args: &[&str], count: u32| {
        asked.store(0, Ordering::Relaxed);
        property(&url, shape, "    POST s /echo { n }\n    expect status == 200").run(args).ends(0, &[]);
        assert_eq!(asked.load(Ordering::Relaxed), count, "{shape} {args:?}");
    };
    with("n in any int", &[], 100);
    with("n in int for 3 cases", &[], 3);
    with("n in int for 3 cases", &["--cases", "40"], 40);
    with("n in int for 30 cases", &["--cases", "4"], 4);
    // What has fewer values than cases is tried whole, once each.
    with("n in int(1..7) for 200 cases", &[], 7);
    with("n in \"a\" | \"b\" | \"a\"", &[], 2);
    with("n in 5", &[], 1);
    property(&url, "n in int", "    POST s / { n }").run(&["--cases", "0"]).ends(2, &["--cases", "0"]);
}

#[test]
fn what_checks_nothing_never_passes() {
    let url = answering(<[u8]>::to_vec);
    property(&url, "n in int for 0 cases", "    POST s / { n }")
        .run(&[])
        .ends(2, &["from 1 to 1000000 cases"]);
    let none = "    POST s / { n }";
    let counted = format!(
        "service s {{ speaks http; at \"{url}\" }}\naction none() {{ return 0 }}\nscenario \"it\" {{\n  let count = none()\n  forall n in int for count cases {{\n{none}\n  }}\n}}\n"
    );
    scn(&counted)
        .run(&[])
        .ends(1, &["a property has from 1 to 1000000 cases, not 0", "no case checks nothing"]);
    property(&url, "n in int", "    show n").run(&[]).ends(2, &["this `forall` checks nothing"]);
    property(&url, "n in int(1..9)", "    if n > 9 { expect n == 0 }")
        .run(&[])
        .ends(1, &["nothing was checked in any of 9 cases"]);
    property(&url, "n in anything", none).run(&[]).ends(1, &["nothing can be drawn of `anything`"]);
    property(&url, "n in int(5..5)", "    expect n == 5").run(&[]).ends(0, &[]);
}

#[test]
fn cases_draw_by_their_key_alone() {
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = seen.clone();
    let url = answering(move |body| {
        sink.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        b"{}".to_vec()
    });
    let text = |above: &str| {
        format!(
            "service s {{ speaks http; at \"{url}\" }}\n{above}\nscenario \"it\" {{\n  forall n in int for 8 cases {{\n    POST s / {{ n, key: any uuid }}\n  }}\n}}\n"
        )
    };
    let run = |above: &str, args: &[&str]| {
        scn(&text(above)).run(args).ends(0, &[]);
        let mut bodies = std::mem::take(&mut *seen.lock().unwrap());
        bodies.retain(|body| body.contains("key"));
        bodies
    };
    let first = run("", &["--seed", "3"]);
    assert_eq!(first.len(), 8);
    let distinct: std::collections::BTreeSet<&str> =
        first.iter().map(|body| body.split("key").nth(1).unwrap()).collect();
    assert_eq!(distinct.len(), 8, "what is drawn inside is drawn anew for each case");
    let other = "scenario \"other\" {\n  forall m in int for 5 cases { POST s / { m } }\n}";
    assert_eq!(run(other, &["--seed", "3", "--jobs", "8"]), first);
    assert_ne!(run("", &["--seed", "4"]), first);
    let mut fifth = first.clone();
    fifth[..5].rotate_right(1);
    assert_eq!(run("", &["--seed", "3", "--case", "5"]), fifth, "the case that was asked for comes first");
    assert_eq!(run("", &["--seed", "3", "--cases", "2", "--case", "2"])[0], first[1]);
}

#[test]
fn a_case_that_no_property_has_is_no_pass() {
    let url = answering(<[u8]>::to_vec);
    let few = property(&url, "n in int for 3 cases", "    POST s / { n }");
    few.run(&["--case", "3"]).ends(0, &[]);
    few.run(&["--case", "4"]).ends(1, &["no property has a case 4: it was not tried", "`--cases`"]);
    few.run(&["--cases", "4", "--case", "4"]).ends(0, &[]);
    let none = few.run(&["--case", "4", "--cases", "3"]);
    none.ends(2, &["`--cases 3` leaves no case 4 for `--case`"]).never_says(&["failed"]);
    // Where something failed, that comes first.
    property(&url, "n in int for 3 cases", "    POST s / { n }\n    expect status == 500")
        .run(&["--case", "4"])
        .ends(1, &["`status == 500` does not hold"])
        .never_says(&["no property has"]);
}

#[test]
fn what_is_never_drawn_is_no_case() {
    let (url, asked) = counted();
    property(
        &url,
        "w in weighted(0 of \"a\", 1 of \"b\", 2 of \"c\")",
        "    POST s /echo { w }\n    expect body.w != \"a\"",
    )
    .run(&[])
    .ends(0, &[]);
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    // Nor is it what shrinking ends with.
    property(&url, "w in weighted(0 of (1), 1 of int(7..900))", "    expect w == 0")
        .run(&[])
        .ends(1, &["it is 7"])
        .never_says(&["it is 1"]);
}

#[test]
fn cleanup_belongs_to_the_case() {
    let project = property(
        "http://127.0.0.1:9",
        "n in int(1..3)",
        "    defer { exec \"sh -c 'echo undo $1 >> log' sh ${n}\" }\n    exec \"sh -c 'echo do $1 >> log' sh ${n}\"",
    );
    project.run(&[]).ends(0, &[]);
    assert_eq!(project.read("log"), "do 1\nundo 1\ndo 2\nundo 2\ndo 3\nundo 3\n");

    let project = property(
        "http://127.0.0.1:9",
        "n in int(1..900)",
        "    defer { exec \"sh -c 'echo undo >> log'\" }\n    exec \"sh -c 'echo do >> log'\"\n    expect n < 4",
    );
    project.run(&[]).ends(1, &["`n < 4` does not hold", "`n` shrunk"]);
    let log = project.read("log");
    assert_eq!(log, "do\nundo\n".repeat(log.lines().count() / 2), "every try undoes what it did");

    let failing =
        property("http://127.0.0.1:9", "n in int(1..9)", "    defer { exec \"false\" }\n    expect n > 0");
    failing.run(&[]).ends(1, &["cleanup failed: `exec`", "case 1 of 9"]);
}

#[test]
fn a_failure_that_does_not_come_again_is_not_shrunk() {
    let count = Arc::new(AtomicU32::new(0));
    let url = answering(move |_| {
        let n = count.fetch_add(1, Ordering::Relaxed);
        format!("{{\"ok\": {}}}", n != 4).into_bytes()
    });
    property(&url, "n in int for 9 cases", "    POST s / { n }\n    expect body.ok")
        .run(&[])
        .ends(1, &["case 5 of 9", "executed again, the same case did not fail in this way"])
        .never_says(&["shrunk, in"]);
}

#[test]
fn another_failure_is_not_the_same_failure() {
    // Odd numbers are refused, large ones break it: a 400 must not stand for a 500.
    let url = server(|asked| {
        let n: i64 = asked.body.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        match n {
            n if n % 2 == 1 => json("400 Bad Request", "{}"),
            ..200 => json("200 OK", "{}"),
            _ => json("500 Internal Server Error", "{}"),
        }
    });
    let ran = property(&url, "n in int(120..1000000)", "    POST s / { n }\n    expect status == 200")
        .run(&["--case", "3"])
        .ends(1, &["500 Internal Server Error"])
        .never_says(&["400 Bad Request"]);
    assert!(ran.says("`n` shrunk, in") && ran.says("tries 200 "), "{}", ran.out);
}

#[test]
fn one_try_of_an_eventually_inside_is_no_failure() {
    let count = Arc::new(AtomicU32::new(0));
    let asked = count.clone();
    let url =
        answering(move |_| format!("{{\"n\": {}}}", count.fetch_add(1, Ordering::Relaxed)).into_bytes());
    let body =
        "    eventually within 60s every 1ms {\n      POST s / { n }\n      expect body.n % 3 == 2\n    }";
    property(&url, "n in int(1..3)", body).run(&[]).ends(0, &[]);
    assert_eq!(asked.load(Ordering::Relaxed), 9);
    let outside = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\n  eventually {{\n    forall n in int {{ POST s / {{ n }} }}\n  }}\n}}\n"
    );
    scn(&outside).run(&[]).ends(2, &["`forall` does not stand in `eventually`"]);
}

#[test]
fn properties_side_by_side_keep_apart() {
    let url = answering(<[u8]>::to_vec);
    let text = format!(
        "service s {{ speaks http; at \"{url}\" }}\nscenario \"it\" {{\n  parallel {{\n    forall n in int(1..4) {{\n      POST s / {{ n }}\n      expect body.n == n\n    }}\n    forall m in int(1..5) {{\n      POST s / {{ m }}\n      expect body.m < 5\n    }}\n  }}\n}}\n"
    );
    scn(&text)
        .run(&[])
        .ends(1, &["`body.m < 5` does not hold", "`m` in case 5 of 5, which are all there are"]);
}

#[test]
fn a_timeout_names_the_case() {
    let url = server(|asked| {
        if asked.body.contains('3') {
            std::thread::sleep(std::time::Duration::from_secs(600));
        }
        json("200 OK", "{}")
    });
    let project = property(
        &url,
        "n in int(1..9)",
        "    defer { exec \"sh -c 'echo undo $1 >> log' sh ${n}\" }\n    POST s / { n }",
    );
    project
        .run(&["--timeout", "2s"])
        .ends(1, &["the scenario did not end within 2s", "`n` in case 3 of 9", "--case 3"]);
    assert_eq!(project.read("log"), "undo 1\nundo 2\nundo 3\n");
}

#[test]
fn shrinking_ends_in_time_and_tells_what_it_found() {
    // The first answer is quick and wrong; every later one takes forever.
    let count = Arc::new(AtomicU32::new(0));
    let url = server(move |_| {
        if count.fetch_add(1, Ordering::Relaxed) > 0 {
            std::thread::sleep(std::time::Duration::from_secs(600));
        }
        json("500 Internal Server Error", "{}")
    });
    property(&url, "n in int", "    POST s / { n }\n    expect status == 200")
        .run(&["--timeout", "3s"])
        .ends(1, &["`status == 200` does not hold", "there was no time left to shrink it", "case 1 of 100"]);
}

#[test]
fn an_interrupt_cleans_the_case_up_and_tells_what_was_found() {
    let project = property(
        "http://127.0.0.1:9",
        "n in int(1..90)",
        "    defer { exec \"sh -c 'echo undo >> log'\" }\n    exec \"sh -c 'echo do >> log; test -f go && touch running && exec sleep 1000; touch go'\" with { timeout: 1h }\n    expect n > 90",
    );
    let run = project.begin(&["--timeout", "1h"]);
    wait_for("shrinking runs", || project.path().join("running").exists());
    run.signal(Signal::SIGINT);
    run.end().ends(130, &["interrupted", "`n > 90` does not hold", "case 1 of 90"]);
    assert_eq!(project.read("log"), "do\nundo\ndo\nundo\n");
}

#[test]
fn a_replay_tells_the_same() {
    let url = lossy(|_, value| (value.as_str() != Some("")).then_some(value));
    let project = survives(&url);
    let ran = project.run(&["--seed", "7"]).ends(1, &["`order` shrunk"]);
    let replayed = project.scn(&["replay"]);
    assert_eq!(replayed.out, ran.out);
}
