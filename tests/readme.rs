//! What the README shows is true: its scenarios are clean, its commands exist, its messages and
//! its list of what is missing are those of this version.
#![expect(clippy::unwrap_used, reason = "in tests a failure to prepare is a failure")]

mod page;

use std::fs;
use std::process::Command;

use page::{Block, Place};
use scn::lang::Kind;

fn scn(place: &Place, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_scn"))
        .current_dir(&place.root)
        .args(args)
        .env("NO_COLOR", "1")
        .env_remove("GITHUB_ACTIONS")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), place.as_on_the_page(&String::from_utf8(text).unwrap()))
}

/// The blocks of scn of one section are one file.
fn clean(section: &str) {
    let text: Vec<String> = page::blocks(section, "scn").into_iter().map(|block| block.text).collect();
    let place = Place::new("page.scn", &text.join("\n"));
    let (code, said) = scn(&place, &["check", "--deny-warnings", &place.file]);
    assert_eq!(code, 0, "{section}: {said}");
    let (code, said) = scn(&place, &["fmt", "--check", &place.file]);
    assert_eq!(code, 0, "{section}: {said}");
}

#[test]
fn the_scenarios_of_the_page_are_clean() {
    clean("A scenario");
    clean("When it fails");
    clean("When a probe fails");
    clean("The language on one page");
}

#[test]
fn the_doubles_of_the_page_play() {
    clean("Doubles");
    let shown = &page::blocks("Doubles", "scn")[0].text;
    let place = Place::new("doubles.scn", shown);
    let (code, said) = scn(&place, &["run", &place.file]);
    assert_eq!(code, 0, "{said}");
    // With another key it is not signed, and with more patience it is not taken.
    for (right, wrong) in
        [("with: hmac_sha256(\"test-key\")", "with: hmac_sha256(\"other\")"), ("times: 2", "times: 3")]
    {
        let place = Place::new("doubles.scn", &shown.replace(right, wrong));
        let (code, said) = scn(&place, &["run", &place.file]);
        assert_eq!(code, 1, "{wrong}: {said}");
    }
}

#[test]
fn the_history_of_the_page_is_judged_as_shown() {
    let place = Place::new("history.jsonl", &page::blocks("Histories from elsewhere", "json")[0].text);
    let (code, said) = scn(&place, &["history", "check", &place.file, "--as", "register"]);
    assert_eq!(code, 1, "{said}");
    let shown = &page::blocks("Histories from elsewhere", "text")[0].text;
    assert_eq!(said.trim(), shown.trim(), "the page shows another verdict");
}

#[test]
fn the_file_of_another_tool_becomes_what_is_shown() {
    let place = Place::new("login.hurl", &page::blocks("Files of other tools", "hurl")[0].text);
    let out = place.file.replace(".hurl", ".scn");
    let (code, said) = scn(&place, &["import", "hurl", &place.file, "-o", &out]);
    assert_eq!(code, 0, "{said}");
    let made = fs::read_to_string(place.root.join(&out)).unwrap();
    assert_eq!(made, page::blocks("Files of other tools", "scn")[0].text, "the page shows another module");
    let (code, said) = scn(&place, &["check", "--deny-warnings", &out]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn the_first_scenario_is_the_one_that_runs() {
    let shown = &page::blocks("A scenario", "scn")[0].text;
    let real = fs::read_to_string(page::root().join("scenarios/hello.scn")).unwrap();
    assert!(real.ends_with(shown.as_str()), "scenarios/hello.scn is not what the page shows");
}

#[test]
fn the_wrong_scenarios_give_the_messages_shown() {
    let scenarios = page::blocks("When it is wrong", "scn");
    let messages = page::blocks("When it is wrong", "text");
    for (index, (name, args)) in
        [("bad.scn", &[][..]), ("lints.scn", &["--deny-warnings"])].into_iter().enumerate()
    {
        let place = Place::new(name, &scenarios[index].text);
        let (code, said) = scn(&place, &[&["check", &place.file], args].concat());
        assert_eq!(code, 2, "{said}");
        assert_eq!(said.trim(), messages[index].text.trim(), "the page shows other messages");
    }
}

/// With `--help` behind it, a command line is read but not obeyed; an unknown flag before it is
/// still an error.
#[test]
fn every_command_line_exists() {
    let lines: Vec<String> = page::all_blocks()
        .into_iter()
        .filter(|block| block.language == "sh")
        .flat_map(|block: Block| block.text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut seen = 0;
    for line in &lines {
        let line = line.split('#').next().unwrap_or_default().trim();
        let words: Vec<String> = line.split('"').enumerate().fold(Vec::new(), |mut words, (index, part)| {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
            words
        });
        let Some(args) = words
            .strip_prefix(&["scn".to_owned()][..])
            .or_else(|| words.strip_prefix(&["cargo", "run", "--"].map(str::to_owned)[..]))
        else {
            let others = ["tests/all", "cargo install --locked --path .", "cd my-project"];
            assert!(others.contains(&line), "`{line}` is not tested");
            continue;
        };
        for path in args.iter().filter(|arg| arg.contains(".scn:")) {
            let file = path.split(':').next().unwrap_or_default();
            assert!(page::root().join(file).is_file(), "{path}");
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_scn"));
        let output = command.args(args).arg("--help").output().unwrap();
        assert!(output.status.success(), "`{line}`: {}", String::from_utf8_lossy(&output.stderr));
        seen += 1;
    }
    assert!(seen > 10, "{seen} lines of `scn`");
    assert!(page::root().join("tests/all").is_file());
}

#[test]
fn the_exit_codes_are_those_of_the_program() {
    let page = page::read();
    for (_, code, meaning) in scn::event::EXITS {
        assert!(page.contains(&format!("| {code} | {meaning} |")), "{code} {meaning}");
    }
}

#[test]
fn what_is_not_there_yet_is_named() {
    let text = page::section("Not there yet");
    let registry = scn::rooms::registry();
    let mut missing: Vec<String> = registry
        .iter()
        .filter(|spec| spec.planned.is_some())
        .map(|spec| {
            let sign = if spec.kind == Kind::Attribute { "@" } else { "" };
            format!("`{sign}{}`", spec.name)
        })
        .filter(|name| !text.contains(name.as_str()))
        .collect();
    missing.dedup();
    assert!(missing.is_empty(), "the page does not say that these are missing: {missing:?}");
}

/// What the page says is missing must be refused: a page that is behind is wrong too.
#[test]
fn what_the_page_calls_missing_is_refused() {
    let registry = scn::rooms::registry();
    let statements = ["forall", "fn", "use", "not-yet"];
    let text = page::section("Not there yet");
    for name in text.split('`').skip(1).step_by(2) {
        let name = name.trim_start_matches('@');
        let is_name = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !is_name || statements.contains(&name) {
            continue;
        }
        let planned = registry.iter().any(|spec| spec.name == name && spec.planned.is_some());
        assert!(planned, "`{name}` is there, and the page says it is not");
    }
    let source = "scenario \"s\" {\n  expect trace connected\n}\n";
    let place = Place::new("planned.scn", source);
    let (code, said) = scn(&place, &["check", &place.file]);
    assert!(code == 2 && said.contains("not-yet"), "{said}");
}

/// Width and height of a PNG; else what is wrong with it.
fn picture(bytes: &[u8]) -> Result<(u32, u32), String> {
    let number = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let whole =
        bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") && bytes.ends_with(b"IEND\xae\x42\x60\x82");
    match (whole, number(16), number(20), bytes.len()) {
        (true, Some(width), Some(height), size) if size < 75_000 => Ok((width, height)),
        (true, _, _, size) => Err(format!("{size} bytes are too many")),
        _ => Err("it is no whole PNG".to_owned()),
    }
}

#[test]
fn the_pictures_of_the_page_are_there_and_small() {
    let text = page::section("Editors");
    let named: Vec<(&str, &str)> = text
        .split("![")
        .skip(1)
        .map(|rest| rest.split_once("](").unwrap())
        .map(|(says, rest)| (says, rest.split_once(')').unwrap().0))
        .collect();
    assert!(named.len() >= 2, "{named:?}");
    assert_eq!(page::read().matches("![").count(), named.len(), "a picture elsewhere is not tested");
    let mut bytes = 0;
    for (says, path) in named {
        assert!(says.len() > 40, "{path}: `{says}` tells nothing to who cannot see it");
        let file = fs::read(page::root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let (width, height) = picture(&file).unwrap_or_else(|why| panic!("{path}: {why}"));
        assert!((800..=2400).contains(&width) && height > 400, "{path}: {width} by {height}");
        assert!(picture(&file[..file.len() - 1]).is_err());
        assert!(picture(&[&file[..24], &[0; 75_000], &file[file.len() - 8..]].concat()).is_err());
        bytes += file.len();
    }
    assert!(bytes < 150_000, "{bytes} bytes of pictures");
    assert!(picture(b"<svg/>").is_err());
}
