//! `scn history check` as people and machines call it.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{ends, project, scn};

/// What `scn history check h.jsonl` says of a history: exit code, standard output, standard error.
fn says(history: &str, args: &[&str], code: i32) -> (String, String) {
    let dir = project(&[("h.jsonl", history)]);
    ends(dir.path(), &[&["history", "check", "h.jsonl"], args].concat(), code)
}

/// Lines of a register's history: `0 invoke write 1`, with an empty value for none.
fn lines(events: &[&str]) -> String {
    let line = |event: &&str| {
        let mut words = event.splitn(4, ' ');
        let (process, kind, f) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
        let value = words.next().map_or_else(String::new, |value| format!(r#","value":{value}"#));
        format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\"{value}}}\n")
    };
    events.iter().map(line).collect()
}

fn stale() -> String {
    lines(&[
        "0 invoke write 1",
        "0 ok write 1",
        "1 invoke read null",
        "1 ok read 1",
        "0 invoke write 2",
        "0 ok write 2",
        "1 invoke read null",
        "1 ok read 1",
    ])
}

#[test]
fn a_history_that_a_model_explains_is_valid() {
    let history = lines(&[
        "0 invoke write 1",
        "1 invoke read null",
        "1 ok read null",
        "2 invoke cas [1,2]",
        "0 ok write 1",
        "2 ok cas [1,2]",
        "1 invoke read",
        "1 ok read 2",
        "3 invoke write 9",
        "3 fail write 9",
        "4 invoke write 7",
    ]) + r#"{"process":":nemesis","type":"info","f":"partition"}
{"process":"nemesis","type":"info","f":"heal","value":["a"]}
"#;
    let (out, err) = says(&history, &["--as", "cas_register"], 0);
    assert_eq!(err, "");
    insta::assert_snapshot!(out);
}

#[test]
fn a_history_that_no_order_explains_is_drawn() {
    let (out, _) = says(&stale(), &["--as", "register"], 1);
    insta::assert_snapshot!(out);
    let (colored, _) = says(&stale(), &["--as", "register", "--color", "always"], 1);
    assert!(colored.contains("\u{1b}["), "{colored}");
}

/// What was read at the beginning, and what a compare says that did not match.
#[test]
fn the_initial_value_and_compares_count() {
    let read = lines(&["0 invoke read", "0 ok read 0"]);
    says(&read, &["--as", "register"], 1);
    says(&read, &["--as", "register", "--initial", "0"], 0);
    says(&read, &["--as", "register", "--initial", "1"], 1);
    says(&lines(&["0 invoke read", "0 ok read null"]), &["--as", "register", "--initial", "null"], 0);
    // Without a value a read constrains nothing.
    says(&lines(&["0 invoke read", "0 ok read"]), &["--as", "register", "--initial", "7"], 4);
    let cas = |matched: &str| {
        format!(
            "{}{{\"process\":0,\"type\":\"ok\",\"f\":\"cas\",\"value\":[1,2]{matched}}}\n",
            lines(&["0 invoke write 1", "0 ok write 1", "0 invoke cas [1,2]"])
        )
    };
    says(&cas(""), &["--as", "cas_register"], 0);
    says(&cas(r#","matched":true"#), &["--as", "cas_register"], 0);
    says(&cas(r#","matched":false"#), &["--as", "cas_register"], 1);
}

/// A service that answers whether it compared equal is believed, in `value` as in `matched`.
#[test]
fn the_answer_of_a_compare_counts() {
    for (model, initial, cas) in [("cas_register", "5", "[5,1]"), ("map", r#"{"k":5}"#, r#"["k",5,1]"#)] {
        let (read, key) = if model == "map" { ("get", r#" "k""#) } else { ("read", "") };
        let history = |answer: &str, seen: &str| {
            lines(&[
                &format!("0 invoke cas {cas}"),
                &format!("0 ok cas {answer}"),
                &format!("0 invoke {read}{key}"),
                &format!("0 ok {read} {seen}"),
            ])
        };
        let args = ["--as", model, "--initial", initial];
        for answer in ["false", r#"{"matched":false}"#] {
            says(&history(answer, "1"), &args, 1);
        }
        for answer in ["true", r#"{"matched":true,"rev":3}"#, cas, "null"] {
            says(&history(answer, "1"), &args, 0);
            says(&history(answer, "5"), &args, 1);
        }
    }
    let missed = lines(&["0 invoke cas [4,1]", "0 ok cas false", "0 invoke read", "0 ok read 5"]);
    says(&missed, &["--as", "cas_register", "--initial", "5"], 0);
    let (_, err) =
        says(&missed.replace("ok\",\"f\":\"cas", "fail\",\"f\":\"cas"), &["--as", "cas_register"], 2);
    assert!(err.contains("a compare that was carried out and did not match is `ok`"), "{err}");
    let torn = missed.replace("false}", "false,\"matched\":true}");
    let (_, err) = says(&torn, &["--as", "cas_register"], 2);
    assert!(err.contains("`matched` says otherwise than `value`"), "{err}");
}

/// An answer that is left out might be the one that shows what is wrong.
#[test]
fn an_answer_that_no_model_understands_is_a_mistake() {
    for (model, asked, answer, why) in [
        ("lock", "acquire", r#"{"ok":false}"#, "`acquire` answers true, false or nothing, not"),
        ("lock", "acquire", "\"no\"", "not `\"no\"`"),
        ("set", "add 1", "\"true\"", "true, false or nothing"),
        ("counter", "add 1", "\"7\"", "a number or nothing"),
        ("append_log", "append 1", r#"{"offset":7}"#, "a number or nothing"),
        ("register", "write 1", "2", "answers nothing, not `2`"),
        ("cas_register", "cas [1,2]", "[2,1]", "an object whose `matched` is one of them"),
    ] {
        let f = asked.split(' ').next().unwrap();
        let history = lines(&[&format!("0 invoke {asked}"), &format!("0 ok {f} {answer}")]);
        let (_, err) = says(&history, &["--as", model], 2);
        assert!(err.contains(why) && err.contains("h.jsonl:2:"), "{model}: {err}");
        assert!(err.contains("repeat the value of the invocation, or leave it out"), "{err}");
    }
    // What an operation ends with is on the object that it began with.
    let keyed = |key: &str, event: &str| lines(&[event]).replace('}', &format!(",\"key\":\"{key}\"}}"));
    let put = keyed("a", "0 invoke put 1") + &keyed("b", "0 ok put 1");
    let write = keyed("a", "0 invoke write 1") + &keyed("b", "0 ok write 1");
    for (history, args) in [
        (&put, &["--as", "map"][..]),
        (&put, &["--as", "map", "--per", "process"]),
        (&write, &["--as", "register"]),
        (&write, &["--as", "register", "--per", "key"]),
    ] {
        let (_, err) = says(history, args, 2);
        assert!(err.contains("another `key` than it began with in line 1"), "{args:?}: {err}");
        assert!(err.contains("it began with \"a\"") && err.contains("h.jsonl:2:"), "{args:?}: {err}");
    }
}

/// What a service answered wrongly stands in the line that ends the operation.
#[test]
fn a_mistake_is_told_at_the_line_that_makes_it() {
    let txn = r#"txn [["append","x",1]]"#;
    let other = r#"txn [["append","x",2]]"#;
    for (model, asked, answered, line, why) in [
        ("counter", "read", "read null", 2, "null is no number"),
        ("set", "contains 1", "contains 3", 2, "returned no `true` or `false`"),
        ("list_append", txn, other, 2, "another transaction"),
        ("append_log", "append 1", "append -1", 2, "no place in a log"),
        ("append_log", "read", "read 3", 2, "not a list"),
        ("append_log", "get \"a\"", "get 3", 1, "no place in a log"),
        ("counter", "add \"a\"", "add 3", 1, "is no number"),
        ("list_append", "txn 3", "txn []", 1, "is a number"),
    ] {
        let history = lines(&[&format!("0 invoke {asked}"), &format!("0 ok {answered}")]);
        let (_, err) = says(&history, &["--as", model], 2);
        assert!(err.contains(why) && err.contains(&format!("h.jsonl:{line}:")), "{model} {asked}: {err}");
    }
    // A set that has an element twice is none.
    let twice = lines(&["0 invoke add 1", "0 ok add 1", "0 invoke read", "0 ok read [1,1]"]);
    says(&twice, &["--as", "set"], 1);
    says(&lines(&["0 invoke read", "0 ok read [1,1]"]), &["--as", "set", "--initial", "[1]"], 1);
    let (_, err) = says(&twice, &["--as", "set", "--initial", "[1,1]"], 2);
    assert!(err.contains("1 is in the set twice"), "{err}");
    let (_, err) = says(&lines(&["0 :invoke read"]), &["--as", "set"], 2);
    assert!(err.contains("write `invoke`"), "{err}");
}

/// An operation that never ends, or of which nobody knows, may have happened, once.
#[test]
fn what_nobody_knows_may_have_happened() {
    for open in [&["0 invoke write 5"][..], &["0 invoke write 5", "0 info write 5"]] {
        for (read, code) in [("5", 0), ("null", 0), ("6", 1)] {
            let read = ["1 invoke read".to_owned(), format!("1 ok read {read}")];
            let events: Vec<&str> = open.iter().copied().chain(read.iter().map(String::as_str)).collect();
            says(&lines(&events), &["--as", "register"], code);
        }
    }
    // What failed did not happen.
    says(
        &lines(&["0 invoke write 5", "0 fail write 5", "1 invoke read", "1 ok read 5"]),
        &["--as", "register"],
        1,
    );
}

#[test]
fn every_key_is_judged_and_the_failing_ones_are_named() {
    let of = |key: &str, text: &str| text.replace("\"process\":", &format!("\"key\":\"{key}\",\"process\":"));
    let fine = lines(&["0 invoke write 1", "0 ok write 1"]);
    let history = of("a", &fine) + &of("b", &stale()) + &of("c", &fine) + &of("d", &stale());
    let (out, _) = says(&history, &["--as", "register", "--per", "key"], 1);
    insta::assert_snapshot!(out);
    // Keys that nobody speaks of are no object of their own.
    let (_, err) = says(&history, &["--as", "register"], 2);
    assert!(err.contains("`--per key` judges the operations of each key by themselves"), "{err}");
    let (_, err) = says(&fine, &["--as", "register", "--per", "key"], 2);
    assert!(err.contains("it has no `key`"), "{err}");
}

#[test]
fn nothing_judged_is_never_valid() {
    for history in [
        "",
        "\n\n",
        "{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"kill\"}\n",
        "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n{\"process\":0,\"type\":\"fail\",\"f\":\"write\"}\n",
    ] {
        let (out, _) = says(history, &["--as", "register"], 4);
        assert!(out.starts_with("nothing to judge:"), "{out}");
        let (out, _) = says(history, &["--as", "register", "--json"], 4);
        assert!(out.contains(r#""verdict":"nothing to judge""#), "{out}");
    }
}

/// Nothing that was read could contradict these.
#[test]
fn what_nobody_read_is_never_valid() {
    for (model, events) in [
        ("register", &["0 invoke write 1", "0 ok write 1"][..]),
        ("register", &["0 invoke write 1", "0 ok write 1", "1 invoke read", "1 info read"]),
        ("queue", &["0 invoke enqueue 1", "0 ok enqueue 1"]),
        ("list_append", &[r#"0 invoke txn [["append","x",1]]"#, r#"0 ok txn [["append","x",1]]"#]),
        ("list_append", &["0 invoke txn []", "0 ok txn []"]),
    ] {
        let (out, _) = says(&lines(events), &["--as", model], 4);
        assert!(out.starts_with("nothing to judge: no acknowledged operation read anything"), "{out}");
    }
    says(
        &lines(&[r#"0 invoke txn [["r","x",null]]"#, r#"0 ok txn [["r","x",[]]]"#]),
        &["--as", "list_append"],
        0,
    );
}

/// 1.5 is 1.50, and an object is the same in whatever order its fields were written.
#[test]
fn equal_values_are_the_same_however_they_are_written() {
    for (one, same) in [("1.5", "1.50"), ("0", "0.0"), (r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#)] {
        let keyed = |key: &str, events: &[&str]| {
            lines(events).replace("\"process\":", &format!("\"key\":{key},\"process\":"))
        };
        let lost = keyed(one, &["0 invoke write 1", "0 ok write 1"])
            + &keyed(same, &["1 invoke read", "1 ok read null"]);
        let (out, _) = says(&lost, &["--as", "register", "--per", "key"], 1);
        assert!(out.contains("1 of 1 ("), "{out}");
        let ends = keyed(one, &["0 invoke read"]) + &keyed(same, &["0 ok read null"]);
        says(&ends, &["--as", "register", "--per", "key"], 0);
        let whole = keyed(one, &["0 invoke read", "0 ok read null"])
            + &keyed(same, &["0 invoke read", "0 ok read null"]);
        says(&whole, &["--as", "register"], 0);

        let txn = |asked: &str, done: &str| {
            lines(&[&format!("0 invoke txn [{asked}]"), &format!("0 ok txn [{done}]")])
        };
        let append = |list: &str, element: &str| format!(r#"["append",{list},{element}]"#);
        let element = txn(&append("\"x\"", one), &append("\"x\"", same))
            + &txn(r#"["r","x",null]"#, &format!(r#"["r","x",[{same}]]"#));
        says(&element, &["--as", "list_append"], 0);
        let list = txn(&append(one, "7"), &append(one, "7"))
            + &txn(&format!(r#"["r",{same},null]"#), &format!(r#"["r",{same},[]]"#));
        says(&list, &["--as", "list_append", "--respect", "process"], 1);
        let put = format!("[{one},3]");
        let map = lines(&[
            &format!("0 invoke get {same}"),
            "0 ok get 3",
            &format!("0 invoke put {put}"),
            &format!("0 ok put {put}"),
        ]);
        let entry = format!("{{\"{}\":3}}", one.replace('"', "\\\""));
        says(&map, &["--as", "map", "--initial", &entry], 0);
    }
    let process = lines(&["0 invoke read", "0.0 ok read null", "0.0 invoke read", "0 ok read null"]);
    says(&process, &["--as", "register"], 0);
}

/// With too little memory or time a model has no answer, and says how far it came.
#[test]
fn limits_hold_for_every_model() {
    let models = [
        ("register", "write", "1"),
        ("cas_register", "write", "1"),
        ("map", "put", r#"["k",1]"#),
        ("set", "add", "1"),
        ("counter", "add", "1"),
        ("queue", "enqueue", "1"),
        ("stack", "push", "1"),
        ("lock", "acquire", "null"),
        ("append_log", "append", "1"),
        ("list_append", "txn", r#"[["append","x",1]]"#),
    ];
    let (_, err) = says("", &["--as", "qqqqqqqq"], 2);
    let known = err.split_once("the models are ").unwrap().1;
    for (model, f, value) in models {
        assert!(known.contains(model), "{known}");
        let history = lines(&[&format!("0 invoke {f} {value}"), &format!("0 ok {f} {value}")]);
        // Only a lock that was acquired says what was there before.
        says(&history, &["--as", model], if model == "lock" { 0 } else { 4 });
        let (out, _) = says(&history, &["--as", model, "--memory", "1B"], 5);
        assert!(out.contains("no answer within 1 B of memory: ") && out.contains(" of 1 "), "{out}");
    }
    let count = known.split_whitespace().collect::<String>().split(',').count();
    assert_eq!(count, models.len(), "{known}");
    for (model, f) in [("register", "write"), ("list_append", "txn")] {
        let mut history = String::new();
        for at in 0..20_000 {
            let value = if f == "txn" { format!(r#"[["append","x",{at}]]"#) } else { at.to_string() };
            history += &lines(&[&format!("0 invoke {f} {value}"), &format!("0 ok {f} {value}")]);
        }
        let (out, _) = says(&history, &["--as", model, "--time", "1ms"], 5);
        assert!(out.contains("no answer within 1ms: ") && out.contains(" of 20000 "), "{out}");
    }
}

#[test]
fn every_mistake_is_told_at_its_place() {
    let history = r#"{"process":0,"type":"invoke","f":"write","value":1}
{"process":0,"type":"invoke","f":"write","value":2}
{"process":1,"type":"ok","f":"read","value":1}
{"process":2,"type":"invok","f":"read"}
{"process":2,"type":"invoke","f":"raed"}
{"process":2,"type":"invoke","f":"cas","value":3}
{"proces":2,"type":"invoke","f":"read"}
{"process":2,"type":"invoke","f":"read","time":5}
{"process":3,"type":"invoke","f":"read",}
[1,2]
{"process":4,"type":"invoke","f":"write"}
{"process":0,"type":"ok","f":"read","value":2}
{"process":5,"type":":ok","f":"read"}
{"process":true,"type":"ok","f":"read"}
"#;
    let (_, err) = says(history, &["--as", "cas_register"], 2);
    insta::assert_snapshot!(err);
}

#[test]
fn times_that_are_wrong_are_told() {
    let timed = |times: &[(&str, &str)]| -> String {
        times
            .iter()
            .map(|(event, time)| lines(&[event]).replace('}', &format!(",\"time\":{time}}}")))
            .collect()
    };
    let back = timed(&[("0 invoke write 1", "10"), ("0 ok write 1", "9")]);
    let (_, err) = says(&back, &["--as", "register"], 2);
    assert!(err.contains("the time of this process goes backwards: it was 10 in line 1"), "{err}");
    let mixed = timed(&[("0 invoke write 1", "10")]) + &lines(&["0 ok write 1"]);
    let (_, err) = says(&mixed, &["--as", "register"], 2);
    assert!(err.contains("this line has no time, and those before it have one"), "{err}");
    let (_, err) = says(&timed(&[("0 invoke write 1", "1.5")]), &["--as", "register"], 2);
    assert!(err.contains("a time is a whole number of nanoseconds"), "{err}");
    // The lines of two clients one after the other: the times say that they were at work together.
    let apart = timed(&[
        ("0 invoke write 1", "0"),
        ("0 ok write 1", "100"),
        ("1 invoke read", "50"),
        ("1 ok read null", "60"),
    ]);
    says(&apart, &["--as", "register"], 0);
    let untimed = lines(&["0 invoke write 1", "0 ok write 1", "1 invoke read", "1 ok read null"]);
    says(&untimed, &["--as", "register"], 1);
}

#[test]
fn other_forms_are_recognised() {
    let (_, err) = says("{:type :invoke, :f :read, :process 0}\n", &["--as", "register"], 2);
    assert!(err.contains("this is EDN, as Jepsen stores it"), "{err}");
    let (_, err) = says("[\n{\"process\":0}\n]\n", &["--as", "register"], 2);
    assert!(err.contains("jq -c '.[]' FILE"), "{err}");
    // A mark of UTF-8, ends of lines from elsewhere and empty lines are no mistakes.
    let odd = format!("\u{feff}{}", lines(&["0 invoke read", "0 ok read null"]).replace('\n', "\r\n\r\n"));
    says(&odd, &["--as", "register"], 0);
    let dir = project(&[]);
    fs::write(dir.path().join("h.jsonl"), b"{\"process\":0,\"type\":\"\xff\"}\n").unwrap();
    let (_, err) = ends(dir.path(), &["history", "check", "h.jsonl", "--as", "register"], 2);
    assert!(err.contains("this line is not JSON") && err.contains("h.jsonl:1:"), "{err}");
}

/// A number that no counter holds is called what it is.
#[test]
fn numbers_that_no_counter_holds_are_told() {
    for (number, why) in
        [("1234567890123456789012345678901234567890", "too large"), ("0.1234567891", "too fine")]
    {
        let history = lines(&[&format!("0 invoke add {number}"), "0 ok add"]);
        let (_, err) = says(&history, &["--as", "counter"], 2);
        assert!(err.contains(&format!("{why} for a counter")), "{err}");
    }
}

#[test]
fn wrong_command_lines_and_files_are_told() {
    for (args, code, part) in [
        (&["--as", "cas_registr"][..], 2, "did you mean `cas_register`?"),
        (&["--as", "register", "--initial", "nul"], 2, "`nul` is not JSON"),
        (&["--as", "queue", "--initial", "3"], 2, "a queue begins with a list, not with a number"),
        (&["--as", "queue", "--initial", "3"], 2, "command line"),
        (&["--as", "map", "--initial", "[]"], 2, "a map begins with an object, not with a list"),
        (&["--as", "lock", "--initial", "1"], 2, "a lock begins with `true`, held, or `false`, free"),
        (&["--as", "counter", "--initial", "\"a\""], 2, "is no number"),
        (&["--as", "register", "--respect", "realtime"], 2, "only transactions have an order to respect"),
        (&["--as", "list_append", "--initial", "0"], 2, "lists begin without elements"),
        (&["--as", "register", "--picture", "a.png"], 2, "a picture is a `.svg` or a `.html` file"),
        (&["--as", "register", "--memory", "lots"], 2, "`512MiB`"),
        (&["--as", "register", "--time", "5"], 2, "`5` is no duration"),
        (&[], 2, "--as <MODEL>"),
    ] {
        let (_, err) = says(&stale(), args, code);
        assert!(err.contains(part), "{args:?}: {err}");
    }
    let dir = project(&[("d/x", "")]);
    for (file, part) in [("missing.jsonl", "no such file"), ("d", "it is a directory")] {
        let (_, err) = ends(dir.path(), &["history", "check", file, "--as", "register"], 2);
        assert!(err.contains(file) && err.contains(part), "{err}");
    }
}

#[test]
fn standard_input_is_read() {
    let dir = project(&[]);
    let mut child = scn(dir.path(), &["history", "check", "-", "--as", "register"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stale().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("not linearizable as register"));
}

/// The proof names the lines of the file, so that anybody can check it.
#[test]
fn a_machine_gets_the_verdict_with_its_proof() {
    let json = |history: &str, args: &[&str], code| -> serde_json::Value {
        let (out, _) = says(history, &[args, &["--json"]].concat(), code);
        serde_json::from_str(&out).unwrap()
    };
    let held = json(
        &lines(&["0 invoke write 1", "1 invoke read", "1 ok read null", "0 ok write 1"]),
        &["--as", "register"],
        0,
    );
    assert_eq!((&held["version"], &held["verdict"]), (&1.into(), &"valid".into()));
    // The read on line 2 came before the write on line 1.
    assert_eq!(held["objects"][0]["order"], serde_json::json!([2, 1]));
    let failed = json(&stale(), &["--as", "register"], 1);
    let object = &failed["objects"][0];
    assert_eq!((&failed["verdict"], &object["stuck"]), (&"invalid".into(), &7.into()));
    assert!(
        object["core"].as_array().unwrap().iter().any(|one| one["line"] == 7 && one["ends"] == 8),
        "{object}"
    );
    let wrong = json("{}\n", &["--as", "register"], 2);
    assert_eq!((&wrong["verdict"], &wrong["mistakes"][0]["line"]), (&"unreadable".into(), &1.into()));
}

fn skew() -> String {
    let txn = |process: u32, asked: &str, read: &str| {
        format!(
            "{{\"process\":{process},\"type\":\"invoke\",\"f\":\"txn\",\"value\":{asked}}}\n\
             {{\"process\":{process},\"type\":\"ok\",\"f\":\"txn\",\"value\":{read}}}\n"
        )
    };
    txn(0, r#"[["r","x",null],["append","y",1]]"#, r#"[["r","x",[]],["append","y",1]]"#)
        + &txn(1, r#"[["r","y",null],["append","x",2]]"#, r#"[["r","y",[]],["append","x",2]]"#)
        + &txn(2, r#"[["r","y",null],["r","x",null]]"#, r#"[["r","y",[1]],["r","x",[2]]]"#)
}

#[test]
fn transactions_are_judged_by_their_dependencies() {
    let (out, _) = says(&skew(), &["--as", "list_append"], 1);
    insta::assert_snapshot!(out);
    let (out, _) = says(&skew(), &["--as", "list_append", "--json"], 1);
    let verdict: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(verdict["objects"][0]["anomalies"][0]["kind"], "G2");
    // What one read is what it may read; the clock says otherwise.
    let stale = skew()
        .replace("[\"r\",\"y\",[]]", "[\"r\",\"y\",[1]]")
        .replace("[\"r\",\"x\",[2]]", "[\"r\",\"x\",[]]");
    says(&stale, &["--as", "list_append"], 0);
    let (out, _) = says(&stale, &["--as", "list_append", "--respect", "realtime"], 1);
    assert!(out.contains("G-single-realtime"), "{out}");
    // Whose element it is nobody can tell.
    let twice = skew().replace("\"append\",\"y\",1", "\"append\",\"x\",2");
    let (out, _) = says(&twice.replace("[\"r\",\"y\",[1]]", "[\"r\",\"y\",[]]"), &["--as", "list_append"], 5);
    assert!(out.contains("elements must be distinct"), "{out}");
    let (_, err) = says(&skew().replace("append", "apend"), &["--as", "list_append"], 2);
    assert!(err.contains("did you mean `append`?") && err.contains("h.jsonl:1:"), "{err}");
}

/// A picture needs nothing from elsewhere, is never larger than it may be, and says what it leaves out.
#[test]
fn pictures_are_whole_and_small() {
    let mut long = lines(&["0 invoke write 1", "0 ok write 1"]);
    for n in 2..3000 {
        let (invoke, ok) = (format!("{} invoke write {n}", n % 5), format!("{} ok write {n}", n % 5));
        long.push_str(&lines(&[&invoke, &ok]));
    }
    long.push_str(&lines(&["9 invoke read", "9 ok read 1"]));
    let evil = stale().replace("\"value\":1", r#""value":"<script>alert(1)</script>\u0000]]>&""#);
    for (history, model) in [(&long, "register"), (&evil, "register"), (&skew(), "list_append")] {
        for file in ["why.svg", "why.html", "WHY.HTML"] {
            let dir = project(&[("h.jsonl", history)]);
            ends(dir.path(), &["history", "check", "h.jsonl", "--as", model, "--picture", file], 1);
            let picture = fs::read_to_string(dir.path().join(file)).unwrap();
            assert!(picture.len() <= 200_000, "{}", picture.len());
            assert!(!picture.contains("<script") && !picture.contains('\0'), "{picture}");
            let links = picture.replace("http://www.w3.org/2000/svg", "");
            assert!(!links.contains("http") && !links.contains("url("), "{links}");
            assert!(picture.contains("prefers-color-scheme:dark"), "{picture}");
            if file == "why.svg" {
                let mut reader = quick_xml::Reader::from_str(&picture);
                while reader.read_event().unwrap() != quick_xml::events::Event::Eof {}
            }
            if history.len() > 10_000 {
                assert!(picture.contains("left out") || picture.contains("not drawn"), "{picture}");
            }
        }
    }
    let dir = project(&[("h.jsonl", &stale()), ("blocked", "")]);
    let (_, err) = ends(
        dir.path(),
        &["history", "check", "h.jsonl", "--as", "register", "--picture", "blocked/a.svg"],
        3,
    );
    assert!(err.contains("`blocked/a.svg` cannot be written"), "{err}");
    // Where all is well there is nothing to draw.
    let dir = project(&[("h.jsonl", &lines(&["0 invoke read", "0 ok read null"]))]);
    let (_, err) =
        ends(dir.path(), &["history", "check", "h.jsonl", "--as", "register", "--picture", "a.svg"], 0);
    assert!(err.contains("no picture") && !dir.path().join("a.svg").exists(), "{err}");
}

/// The help names what the registry knows.
#[test]
fn models_are_explained() {
    let dir = project(&[]);
    for model in ["register", "cas_register", "list_append"] {
        let (out, _) = ends(dir.path(), &["explain", model], 0);
        assert!(out.contains("model") && out.contains(model), "{out}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_scn")).args(["history", "check", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("--per") && help.contains("5 unknown"), "{help}");
}
