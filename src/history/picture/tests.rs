use super::*;
use crate::history::{Operation, Outcome};
use crate::value::Value;

fn op(process: i64, f: &str, arg: Option<i64>, value: Value, start: i64, end: Option<i64>) -> Operation {
    Operation {
        process: Value::int(process),
        function: f.into(),
        args: arg.map(Value::int).into_iter().collect(),
        value,
        start: start * 1_000_000,
        end: end.map(|end| end * 1_000_000),
        outcome: if end.is_some() { Outcome::Ok } else { Outcome::Info },
    }
}

fn stale() -> (Vec<Operation>, Counterexample) {
    let operations = vec![
        op(0, "write", Some(1), Value::Absent, 0, Some(10)),
        op(1, "read", None, Value::int(1), 12, Some(15)),
        op(0, "write", Some(2), Value::Absent, 20, Some(30)),
        op(3, "write", Some(9), Value::Absent, 22, None),
        op(2, "read", None, Value::int(1), 35, Some(40)),
    ];
    let found = Counterexample {
        core: vec![(0, false), (2, false), (3, true), (4, false)],
        begins_anyhow: false,
        order: vec![0, 2],
        stuck: 4,
        states: vec!["2".into(), "9".into()],
    };
    (operations, found)
}

#[test]
fn the_operation_that_cannot_be_stands_out_among_those_that_can() {
    let (operations, found) = stale();
    insta::assert_snapshot!(lines(&operations, &found).join("\n"));
}

#[test]
fn a_terminal_without_unicode_gets_ascii() {
    let (operations, found) = stale();
    let scene = Scene::of(&operations, &found, |at| when(&operations[at]));
    let text: Vec<String> = draw(&scene, 80, false)
        .into_iter()
        .map(|line| line.into_iter().map(|(_, text)| text).collect())
        .collect();
    assert!(text.iter().all(|line| line.is_ascii()), "{text:#?}");
    insta::assert_snapshot!(text.join("\n"));
}

/// However much there is, no line is wider than asked for, and what is not shown is counted.
#[test]
fn large_cores_are_cut_and_say_so() {
    let operations: Vec<Operation> = (0..200)
        .map(|n| {
            op(n % 7, "write", Some(n * 1_000_000_007), Value::text("x".repeat(90)), n * 3, Some(n * 3 + 20))
        })
        .collect();
    let found = Counterexample {
        core: (0..200).map(|at| (at, false)).collect(),
        begins_anyhow: false,
        order: (0..199).collect(),
        stuck: 199,
        states: vec!["\"日本語".repeat(20)],
    };
    for width in [60, 80, 100] {
        let scene = Scene::of(&operations, &found, |at| when(&operations[at]));
        let drawn = draw(&scene, width, true);
        let drawn: Vec<String> =
            drawn.into_iter().map(|line| line.into_iter().map(|(_, text)| text).collect()).collect();
        for line in &drawn {
            assert!(textwrap::core::display_width(line.trim_end()) <= width, "{width}: {line}");
        }
        let text = drawn.join("\n");
        assert!(text.contains("more that belong to it") && text.contains('✗'), "{text}");
        assert!(drawn.len() < 60, "{text}");
    }
}

/// Whatever stands in a history, a page is whole, harmless and not too large.
#[test]
fn pages_of_anything_are_small_and_harmless() {
    let evil = "<b onload=\"x\">&\"\"\"\"\"\"\u{1b}\0]]>".repeat(40);
    let operations: Vec<Operation> = (0..300)
        .map(|n| Operation {
            args: vec![Value::text(evil.as_str()); 9],
            ..op(n % 7, &evil, None, Value::text(evil.as_str()), n, Some(n + 20))
        })
        .collect();
    let found = Counterexample {
        core: (0..300).map(|at| (at, false)).collect(),
        begins_anyhow: false,
        order: (0..299).collect(),
        stuck: 299,
        states: vec![evil.clone(); 50],
    };
    let scene = Scene::of(&operations, &found, |at| when(&operations[at]));
    let scenes = [(evil.clone(), scene.clone()), (evil.clone(), scene.clone())];
    for text in [svg(&scene, true), html("not linearizable", "it is not", &scenes)] {
        assert!(text.len() <= LARGEST, "{}", text.len());
        assert!(!text.contains("<b onload") && !text.contains('\u{1b}') && !text.contains('\0'));
        assert!(text.contains("cannot come next"));
    }
}

/// When an operation was at work is worth more than a remark that the sentence below repeats.
#[test]
fn remarks_give_way_before_times_do() {
    let (operations, found) = stale();
    let scene = Scene::of(&operations, &found, |at| format!("454.499999s – 454.5s, lines {at}–900000"));
    for (width, times, remarks) in [(100, true, true), (74, true, false), (50, false, false)] {
        let text: String = draw(&scene, width, true).into_iter().flatten().map(|(_, text)| text).collect();
        assert_eq!(text.contains("lines 4–900000"), times, "{width}: {text}");
        assert_eq!(text.matches("cannot come next").count(), 1 + usize::from(remarks), "{width}: {text}");
    }
}
