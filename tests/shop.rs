//! The runs that the README shows, against the real shop.
#![expect(clippy::unwrap_used, reason = "in tests a failure to prepare is a failure")]

mod page;

use std::process::Command;

use page::Place;
use regex::Regex;

/// The line of the page that stands for lines left out.
const LEFT_OUT: &str = "⋮";

/// What differs from run to run, from machine to machine, or with every new scenario.
const VARYING: [(&str, &str); 9] = [
    (r" *\b\d+\.\d ms\b", " TIME"),
    (r"\b\d+ (scenarios|tests|passed|at a time)\b", "N $1"),
    (r"passed: \d+", "passed: N"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID"),
    (r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", "TRACE"),
    (r"127\.0\.0\.1:\d+", "ADDRESS"),
    (r"\b(\d+m\d+s|\d+m|\d+(\.\d+)?(us|ms|s))\b", "TIME"),
    (r"log of (\w+), \d+ lines?", "log of $1"),
    (r"scn \d+\.\d+\.\d+", "scn VERSION"),
];

fn masked(text: &str) -> Vec<String> {
    let text = VARYING.iter().fold(text.to_owned(), |text, (pattern, name)| {
        Regex::new(pattern).unwrap().replace_all(&text, *name).into_owned()
    });
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// Finds the parts of the page, which are separated by what is left out, one after the other.
fn compare(shown: &str, said: &str) -> Result<(), String> {
    let (shown, said) = (masked(shown), masked(said));
    let mut rest = &said[..];
    for part in shown.split(|line| line == LEFT_OUT) {
        let at = rest.windows(part.len()).position(|lines| lines == part).ok_or_else(|| {
            format!("the page shows\n{}\nand the run says\n{}", part.join("\n"), said.join("\n"))
        })?;
        rest = &rest[at + part.len()..];
    }
    match rest {
        [] => Ok(()),
        more => Err(format!("the page ends before the run does:\n{}", more.join("\n"))),
    }
}

#[test]
fn a_difference_is_seen_and_what_varies_is_not() {
    let said = "head\none 12ms\ntwo\nthree 127.0.0.1:99\n";
    assert_eq!(compare("one 3.5s\n⋮\nthree 127.0.0.1:1234\n", said), Ok(()));
    assert!(compare("one 3.5s\n⋮\nfour\n", said).is_err());
    assert!(compare("two\n⋮\none 1s\n", said).is_err());
    assert!(compare("one 3.5s\n", said).is_err());
}

/// `tests/all` has just run everything; its event file says what was printed.
#[test]
#[ignore = "reads the run of all scenarios that `tests/all` makes"]
fn the_first_run_is_the_one_the_page_shows() {
    let output = Command::new(env!("CARGO_BIN_EXE_scn"))
        .current_dir(page::root())
        .args(["replay", ".scn/all.jsonl"])
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let first = page::all_blocks().into_iter().find(|block| block.language == "text").unwrap();
    if let Err(difference) = compare(&first.text, &said) {
        panic!("{difference}");
    }
}

#[test]
#[ignore = "builds and starts the shop, which needs Go; `tests/all` runs it"]
fn the_failing_run_is_the_one_the_page_shows() {
    fails_as_shown("When it fails", "wrong.scn", &[]);
}

#[test]
#[ignore = "builds and starts the shop, which needs Go; `tests/all` runs it"]
fn the_failing_probe_is_the_one_the_page_shows() {
    fails_as_shown("When a probe fails", "once.scn", &["--set", "defects=key_ignored"]);
}

/// The scenario of a section fails with the words of that section.
fn fails_as_shown(section: &str, name: &str, args: &[&str]) {
    let place = Place::new(name, &page::blocks(section, "scn")[0].text);
    let output = Command::new(env!("CARGO_BIN_EXE_scn"))
        .current_dir(&place.root)
        .args(["run", &place.file])
        .args(args)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let said = place.as_on_the_page(&String::from_utf8(output.stdout).unwrap());
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(compare(&page::blocks(section, "text")[0].text, &said), Ok(()));
}

/// What a run of a scenario says that imports from the shop, and how it ends.
fn run(text: &str) -> (Option<i32>, String) {
    let place = Place::new("lossy.scn", text);
    let output = Command::new(env!("CARGO_BIN_EXE_scn"))
        .current_dir(&place.root)
        .args(["run", &place.file, "--jobs", "1", "--seed", "3"])
        .env("NO_COLOR", "1")
        .env("COLUMNS", "200")
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

/// What becomes of each field that a relay with one defect loses, and of no other.
const DEFECTS: [(&str, &[&str]); 3] = [
    (
        "float64",
        &[
            "`.int64` was rounded as a float64 rounds",
            "`.uint64` was rounded as a float64 rounds",
            "`.counts.most` was rounded as a float64 rounds",
            "`.nested.int64` was rounded as a float64 rounds",
        ],
    ),
    (
        "drop_empty",
        &[
            "`.optional_string` was set and empty, and came back as not set",
            "`.nested.optional_string` was set and empty, and came back as not set",
        ],
    ),
    (
        "enum_number",
        &[
            "`.course` was a number, and came back as text",
            "`.nested.course` was a number, and came back as text",
        ],
    ),
];

#[test]
#[ignore = "builds and starts the shop, which needs Go; `tests/all` runs it"]
fn each_defect_of_the_relay_is_blamed_on_the_fields_that_it_loses() {
    let lost = Regex::new(r"`\.[a-z0-9_.]+` (was|changed|came|did|lost|ended|had)[^\n]*").unwrap();
    for (defect, blamed) in DEFECTS {
        let text = format!(
            "use \"std/lossless\" {{ round_trip }}\nuse \"./shop/shop.scn\" {{ relay }}\n\
             @matrix(relay: [{defect}, current])\nscenario \"lossy\" {{\n  round_trip(relay, {{\n    \
             int64: 9007199254740993, uint64: 9007199254740993, sint32: -1, double: 0.1\n    \
             string: \"e\\u{{301}}\", course: 7, optional_string: \"\", optional_int32: 0, numbers: [0]\n    \
             counts: {{ most: 9007199254740993, small: 1 }}\n    \
             nested: {{ int64: -9007199254740993, course: -1, optional_string: \"\" }}\n  }})\n}}\n"
        );
        let (code, said) = run(&text);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&format!("failed  lossy (relay: {defect})")), "{said}");
        assert!(said.contains("1 passed, 1 failed"), "{said}");
        let found: Vec<&str> = lost.find_iter(&said).map(|found| found.as_str().trim_end()).collect();
        assert_eq!(found, blamed, "{said}");
    }
}

#[test]
#[ignore = "builds and starts the shop, which needs Go; `tests/all` runs it"]
fn a_property_shrinks_what_a_defect_loses_to_one_field() {
    for (defect, field) in
        [("float64", "int64"), ("drop_empty", "optional_string"), ("enum_number", "course")]
    {
        let text = format!(
            "use \"std/lossless\" {{ round_trip }}\nuse \"./shop/shop.scn\" {{ relay }}\n\
             shape Message {{\n  int64?: 1 | 9007199254740993\n  string?: text(0..9)\n  \
             optional_string?: \"\" | \"a\"\n  course?: \"MAIN\" | 7\n  numbers?: [int(0..9); 0..3]\n}}\n\
             @matrix(relay: [{defect}])\nscenario \"lossy\" {{\n  forall message in Message for 200 cases {{\n    \
             round_trip(relay, message)\n  }}\n}}\n"
        );
        let (code, said) = run(&text);
        assert_eq!(code, Some(1), "{said}");
        let value = Regex::new(&format!(r"\{{ {field}: [^,]+ \}}")).unwrap();
        assert!(value.is_match(&said), "not shrunk to `{field}` alone:\n{said}");
        assert!(said.contains("--only 'case:\"relay: "), "{said}");
    }
}

#[test]
#[ignore = "builds and starts the shop, which needs Go; `tests/all` runs it"]
fn a_defect_that_nobody_knows_is_refused_at_the_start() {
    let text = "use \"./shop/shop.scn\" { relay }\nscenario \"odd\" {\n  \
        restart relay with { env: { SHOP_DEFECTS: \"flaot64\" } }\n}\n";
    let (code, said) = run(text);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`relay` does not start: it ended before it was ready: exit status 1"), "{said}");
    assert!(said.contains("there are drop_empty, enum_number, float64"), "{said}");
}
