//! The `scn` command as people and machines call it.
#![expect(clippy::unwrap_used, reason = "what tests share, like the tests themselves")]

#[path = "cli/data.rs"]
mod data;
#[path = "cli/history.rs"]
mod history;
#[path = "cli/import.rs"]
mod import;
#[path = "cli/lint.rs"]
mod lint;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use assert_cmd::assert::{Assert, OutputAssertExt as _};

/// The program in a directory, in an environment of its own: no HOME, no terminal, no CI.
fn scn(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scn"));
    command.current_dir(dir).args(args).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

fn out(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn err(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

/// Runs it and demands the exit code.
fn ends(dir: &Path, args: &[&str], code: i32) -> (String, String) {
    let assert = scn(dir, args).assert();
    let (out, err) = (out(&assert), err(&assert));
    assert_eq!(assert.get_output().status.code(), Some(code), "{args:?}\n{out}\n{err}");
    assert!(!err.contains("at fault"), "{err}");
    (out, err)
}

fn project(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

const SUMS: &str = r#"input greeting = "hello"
secret api_key

owner maths { runbook "docs/maths.md" }

stage unit
stage slow after unit

@tags(quick) @owner(maths)
scenario "one and one are two" in unit {
  exec "expr 1 + 1"
  expect stdout contains "2"
}

@tags(quick, wrong)
scenario "one and two are four" in unit {
  exec "expr 1 + 2"
  expect stdout contains "4"
}

scenario "a greeting is said" in slow {
  exec "echo ${greeting}"
  expect stdout contains "hello"
}
"#;

const GREEN: &str = r#"scenario "hello is said" {
  exec "echo hello"
  expect stdout contains "hello"
}

scenario "bye is said" {
  exec "echo bye"
  expect stdout contains "bye"
}
"#;

#[test]
fn help_shows_the_commands_and_the_exit_codes() {
    let dir = project(&[]);
    let (help, _) = ends(dir.path(), &["help"], 0);
    for word in [
        "run",
        "check",
        "fmt",
        "list",
        "explain",
        "compat",
        "lsp",
        "init",
        "replay",
        "data",
        "history",
        "completions",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(word)), "{word}: {help}");
    }
    assert!(help.contains("130  interrupted") && help.contains("4  nothing ran"), "{help}");
    assert!(!help.contains("__guard"), "{help}");
    let (_, usage) = ends(dir.path(), &[], 2);
    assert!(usage.contains("Usage: scn"), "{usage}");
    let (version, _) = ends(dir.path(), &["--version"], 0);
    assert_eq!(version, format!("scn {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn misspelt_commands_and_flags_are_refused_with_advice() {
    let dir = project(&[]);
    let (_, text) = ends(dir.path(), &["rnu"], 2);
    assert!(text.contains("'run'"), "{text}");
    for (command, flag, right) in [
        ("run", "--onyl", "--only"),
        ("check", "--deny-warning", "--deny-warnings"),
        ("fmt", "--chekc", "--check"),
        ("list", "--fromat", "--format"),
        ("replay", "--quite", "--quiet"),
    ] {
        let (_, text) = ends(dir.path(), &[command, flag], 2);
        assert!(text.contains(right), "{text}");
    }
    for args in [
        &["run", "--seed", "x"][..],
        &["run", "--jobs", "0"],
        &["run", "--timeout", "5"],
        &["run", "--set", "novalue"],
        &["explain", "a", "b"],
    ] {
        ends(dir.path(), args, 2);
    }
}

#[test]
fn completions_are_written_for_every_shell() {
    let dir = project(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (script, _) = ends(dir.path(), &["completions", shell], 0);
        assert!(script.contains("rerun-failed"), "{shell}");
    }
}

#[test]
fn explain_knows_codes_names_and_words() {
    let dir = project(&[]);
    let (text, _) = ends(dir.path(), &["explain", "unknown-name"], 0);
    assert!(text.contains("a name is not declared here"), "{text}");
    let (text, _) = ends(dir.path(), &["explain", "exec"], 0);
    assert!(text.contains("a verb of exec") && text.contains("example"), "{text}");
    let (text, _) = ends(dir.path(), &["explain", "eventually"], 0);
    assert!(text.contains("a structural word"), "{text}");
    let (_, text) = ends(dir.path(), &["explain", "eventualy"], 2);
    assert_eq!(text, "error: nothing here is called `eventualy`; did you mean `eventually`?\n");
    let (text, _) = ends(dir.path(), &["explain"], 0);
    assert!(text.contains("verbs") && text.contains("unknown-name"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colour where there is no terminal");
}

#[test]
fn colour_follows_the_flag_and_the_environment() {
    let dir = project(&[]);
    let run = |variables: &[(&str, &str)], args: &[&str]| {
        let assert = scn(dir.path(), args).envs(variables.iter().copied()).assert();
        out(&assert).contains('\u{1b}')
    };
    assert!(!run(&[], &["explain", "exec"]));
    assert!(run(&[("CLICOLOR_FORCE", "1")], &["explain", "exec"]));
    assert!(!run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["explain", "exec"]));
    assert!(run(&[("NO_COLOR", "1")], &["explain", "exec", "--color", "always"]));
    assert!(!run(&[("CLICOLOR_FORCE", "1")], &["explain", "exec", "--color", "never"]));
}

#[test]
fn init_makes_a_project_that_runs_as_it_stands_and_never_overwrites() {
    let dir = project(&[]);
    let (text, _) = ends(dir.path(), &["init", "shop"], 0);
    assert!(text.contains("made shop/scenarios/hello.scn") && text.contains("cd shop && scn run"), "{text}");
    let shop = dir.path().join("shop");
    ends(&shop, &["fmt", "--check"], 0);
    ends(&shop, &["check", "--deny-warnings"], 0);
    let (text, _) = ends(&shop, &["run"], 0);
    assert!(text.ends_with("passed: 2 scenarios hold\n"), "{text}");
    fs::write(shop.join("scenarios/hello.scn"), "// mine\n").unwrap();
    fs::remove_file(shop.join(".github/workflows/scn.yml")).unwrap();
    let (text, _) = ends(&shop, &["init"], 0);
    assert!(
        text.contains("kept scenarios/hello.scn") && text.contains("made .github/workflows/scn.yml"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(shop.join("scenarios/hello.scn")).unwrap(), "// mine\n");
    let blocked = project(&[("scenarios", "a file in the way")]);
    let (_, text) = ends(blocked.path(), &["init"], 3);
    assert!(text.starts_with("error: `scenarios/hello.scn` cannot be made: "), "{text}");
}

#[test]
fn check_reports_every_mistake_of_every_file_for_people_and_machines() {
    let dir = project(&[
        ("a.scn", "scenario \"a\" {\n  exepct 1 == 1\n  exec \"true\"\n  expect nme == 1\n}\n"),
        ("b.scn", "scenario \"b\" {\n  exec \"true\" with { timeuot: 2s }\n}\n"),
    ]);
    let (out, err) = ends(dir.path(), &["check"], 2);
    assert_eq!(out, "");
    for part in ["a.scn:2:", "did you mean `expect`?", "a.scn:4:", "b.scn:2:", "did you mean `timeout`?"] {
        assert!(err.contains(part), "{part}: {err}");
    }
    assert_eq!(err.matches("scn explain").count(), 1, "{err}");
    let (out, err) = ends(dir.path(), &["check", "--format", "json"], 2);
    assert_eq!(err, "");
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["errors"], 3, "{out}");
    assert_eq!(document["diagnostics"][0]["file"], "a.scn");
    let (out, _) = ends(dir.path(), &["check", "--format", "github"], 2);
    assert_eq!(out.lines().filter(|line| line.starts_with("::error file=")).count(), 3, "{out}");
    ends(dir.path(), &["run"], 2);
    ends(dir.path(), &["list"], 2);
    ends(dir.path(), &["check", "nowhere.scn"], 2);
    let warned = project(&[("w.scn", "scenario \"w\" {\n  let unused = 1\n  exec \"true\"\n}\n")]);
    let (out, err) = ends(warned.path(), &["check"], 0);
    assert!(err.contains("unused-let") && out.contains("1 file, 1 scenario: no errors"), "{out}{err}");
    ends(warned.path(), &["check", "--deny-warnings"], 2);
}

#[test]
fn fmt_writes_checks_and_filters() {
    let ugly = "scenario   \"a\"   {\nexec \"true\"   // stays\n}\n";
    let dir = project(&[("a.scn", ugly), ("sub/b.scn", "scenario \"b\" {\n  exec \"true\"\n}\n")]);
    let (diff, _) = ends(dir.path(), &["fmt", "--check"], 1);
    assert!(
        diff.contains("--- a.scn\n+++ a.scn (formatted)\n") && diff.contains("+  exec \"true\""),
        "{diff}"
    );
    assert!(diff.ends_with("1 of 2 files would change\n"), "{diff}");
    assert_eq!(fs::read_to_string(dir.path().join("a.scn")).unwrap(), ugly);
    let (text, _) = ends(dir.path(), &["fmt"], 0);
    assert_eq!(text, "a.scn\n1 of 2 files changed\n");
    let pretty = fs::read_to_string(dir.path().join("a.scn")).unwrap();
    assert!(pretty.contains("// stays"), "{pretty}");
    ends(dir.path(), &["fmt", "--check"], 0);
    fs::write(dir.path().join("bad.scn"), "scenario {\n").unwrap();
    let (_, text) = ends(dir.path(), &["fmt"], 2);
    assert!(text.contains("bad.scn:1:"), "{text}");
    assert_eq!(fs::read_to_string(dir.path().join("bad.scn")).unwrap(), "scenario {\n");
    let mut child =
        scn(dir.path(), &["fmt", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), ugly.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), pretty);
    ends(dir.path(), &["fmt", "Cargo.toml"], 2);
}

#[test]
fn list_shows_what_a_run_would_run() {
    let dir = project(&[("scenarios/sums.scn", SUMS)]);
    let (text, _) = ends(dir.path(), &["list"], 0);
    assert!(text.starts_with("stage unit\n  scenarios/sums.scn\n"), "{text}");
    assert!(text.contains("one and one are two  quick  owner maths"), "{text}");
    assert!(text.ends_with("3 scenarios\n"), "{text}");
    let (text, _) = ends(dir.path(), &["list", "--format", "json", "--only", "wrong or slow"], 0);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["left_out"], 1);
    assert_eq!(document["scenarios"][0]["title"], "one and two are four");
    assert_eq!(document["scenarios"][1]["stage"], "slow");
    let (text, _) = ends(dir.path(), &["list", "scenarios/sums.scn:11", "scenarios/sums.scn:22"], 0);
    assert!(
        text.contains("one and one")
            && text.contains("greeting")
            && text.ends_with("2 scenarios, 1 left out\n"),
        "{text}"
    );
}

#[test]
fn selections_that_cannot_be_meant_are_refused_at_their_column() {
    let dir = project(&[("sums.scn", SUMS)]);
    for (args, code, parts) in [
        (&["--only", "quick and wrnog"][..], 2, &["--only:1:11", "did you mean `wrong`?"][..]),
        (&["--only", "quick and"], 2, &["--only:1:10", "expected a tag"]),
        (&["--only", "(quick"], 2, &["this `(` is not closed"]),
        (&["--stage", "unti"], 2, &["there is no stage `unti`", "did you mean `unit`?"]),
        (&["sums.scn:1"], 2, &["line 1 of `sums.scn` is outside every scenario", "\"one and one are two\""]),
        (&["--only", "\"no such title\""], 4, &["nothing ran", "leaves out all of 3 scenarios"]),
        (&["--only", "zebra"], 4, &["no scenario has the tag or stage `zebra`"]),
        (&["--only", "quick", "--stage", "slow"], 4, &["--stage slow with --only 'quick'"]),
        (&["--set", "api_key=hunter2hunter2"], 2, &["`api_key` is a secret", "SCN_API_KEY"]),
        (&["--set", "greting=x"], 2, &["did you mean `greeting`?"]),
        (&["--env", "staging"], 2, &["there is no environment `staging`", "declare no `environment`"]),
        (&["--env-file", "none.env"], 2, &["the env file cannot be read: no such file"]),
        (&["--report", "junti=x.xml"], 2, &["did you mean `junit`?"]),
        (&["--report", "junit=-,json=-"], 2, &["only one report"]),
        (&["--rerun-failed"], 2, &["there is no last run"]),
    ] {
        let args = [&["run"], args].concat();
        let (_, text) = ends(dir.path(), &args, code);
        for part in parts {
            assert!(text.contains(part), "{args:?}: {part}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn runs_end_with_their_code_and_say_so() {
    let dir = project(&[("scenarios/green.scn", GREEN), ("red/sums.scn", SUMS)]);
    let (text, _) = ends(dir.path(), &["run"], 0);
    assert!(text.ends_with("passed: 2 scenarios hold\n"), "{text}");
    let key = [("SCN_API_KEY", "correct horse battery")];
    let assert = scn(dir.path(), &["run", "red"]).envs(key).assert().code(1);
    let text = out(&assert);
    assert!(text.contains("failed  one and two are four  red/sums.scn:16"), "{text}");
    assert!(text.contains("repeat    scn run red/sums.scn:16"), "{text}");
    assert!(text.contains("failed: 1 of "), "{text}");
    let assert = scn(dir.path(), &["run", "red", "--quiet", "--stage", "slow"]).envs(key).assert().code(0);
    assert!(!out(&assert).contains("a greeting is said"), "{}", out(&assert));
    let set = ["run", "red", "--only", "slow", "--set", "greeting=goodbye"];
    scn(dir.path(), &set).envs(key).assert().code(1);
    let (text, _) = ends(dir.path(), &["run", "--seed", "random"], 0);
    let seed = text.lines().next().unwrap().rsplit_once("seed ").unwrap().1.to_owned();
    let (again, _) = ends(dir.path(), &["run", "--seed", &seed], 0);
    assert_eq!(again.lines().next(), text.lines().next());
    let empty = project(&[("none.scn", "let x = 1\n")]);
    ends(empty.path(), &["run"], 4);
}

#[test]
fn a_replay_prints_what_the_run_printed_and_ends_as_it_ended() {
    let dir = project(&[("red.scn", &GREEN.replace("echo bye", "echo hello"))]);
    let (first, _) = ends(dir.path(), &["run"], 1);
    let (replayed, _) = ends(dir.path(), &["replay"], 1);
    assert_eq!(replayed, first);
    fs::write(dir.path().join("red.scn"), GREEN).unwrap();
    let (again, _) = ends(dir.path(), &["run", "--rerun-failed"], 0);
    assert!(
        again.contains("1 scenario") && again.contains("bye is said") && !again.contains("hello is said"),
        "{again}"
    );
    let (text, _) = ends(dir.path(), &["replay", "1"], 1);
    assert_eq!(text, first);
    let (text, _) = ends(dir.path(), &["replay", ".scn/runs/2.jsonl"], 0);
    assert_eq!(text, again);
    let (_, text) = ends(dir.path(), &["run", "--rerun-failed"], 4);
    assert!(text.contains("no scenario of the last run failed"), "{text}");
}

#[test]
fn replays_of_what_is_no_run_are_refused() {
    let dir = project(&[("notes.txt", "hello\n")]);
    let (_, text) = ends(dir.path(), &["replay"], 2);
    assert!(text.contains("no run is kept"), "{text}");
    let (_, text) = ends(dir.path(), &["replay", "notes.txt"], 2);
    assert!(text.starts_with("error: notes.txt:1: this is no event file"), "{text}");
    let (_, text) = ends(dir.path(), &["replay", "gone.jsonl"], 2);
    assert!(text.contains("neither a file nor the number of a run"), "{text}");
}

#[test]
fn reports_are_written_whole_or_the_run_fails() {
    let dir = project(&[("green.scn", GREEN)]);
    let reports = "junit=out/deep/junit.xml,json=out/run.jsonl,github=out/summary.md";
    let (text, _) = ends(dir.path(), &["run", "--report", reports], 0);
    assert!(!text.contains("::error"), "{text}");
    let junit = fs::read_to_string(dir.path().join("out/deep/junit.xml")).unwrap();
    assert!(junit.contains("tests=\"2\"") && junit.contains("failures=\"0\""), "{junit}");
    let events = fs::read_to_string(dir.path().join("out/run.jsonl")).unwrap();
    let kept = fs::read_to_string(dir.path().join(".scn/runs/1.jsonl")).unwrap();
    assert_eq!(events, kept);
    assert!(fs::read_to_string(dir.path().join("out/summary.md")).unwrap().contains("### scn: passed"));
    let (lines, page) = ends(dir.path(), &["run", "--report", "json=-"], 0);
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{lines}");
    assert!(page.contains("passed: 2 scenarios hold"), "the page goes to standard error: {page}");
    let (_, text) = ends(dir.path(), &["run", "--report", "junit=green.scn/x.xml"], 3);
    assert!(text.contains("the junit report `green.scn/x.xml` cannot be written"), "{text}");
}

#[test]
fn on_github_annotations_and_the_summary_come_by_themselves() {
    let dir = project(&[("red.scn", &GREEN.replace("echo bye", "echo hello"))]);
    let summary = dir.path().join("summary.md");
    let assert = scn(dir.path(), &["run"])
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", &summary)
        .assert()
        .code(1);
    let text = out(&assert);
    assert!(text.lines().any(|line| line.starts_with("::error file=red.scn,line=8,")), "{text}");
    assert!(fs::read_to_string(summary).unwrap().contains("failed: <b>bye is said</b>"));
}

#[test]
fn a_disk_that_cannot_keep_the_run_is_only_a_warning() {
    let dir = project(&[("green.scn", GREEN), (".scn", "a file in the way")]);
    let (_, text) = ends(dir.path(), &["run"], 0);
    assert!(text.contains("warning: this run is not kept"), "{text}");
}

#[test]
fn readers_that_go_away_and_full_disks_do_no_harm() {
    let dir = project(&[("green.scn", GREEN)]);
    for args in [&["explain"][..], &["run"], &["help"], &["completions", "bash"], &["list"]] {
        let mut child = scn(dir.path(), args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}: {text}");
        assert_eq!(text, "", "{args:?}");
    }
    #[cfg(target_os = "linux")]
    for args in [&["explain"][..], &["run"], &["list"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = scn(dir.path(), args).stdout(full).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}: {text}");
        assert!(text.contains("no space left on device") || text.contains("No space left"), "{text}");
    }
}

/// Reads what a program tells until a part of it has come.
#[cfg(unix)]
fn told(child: &mut std::process::Child) -> impl FnMut(&str) + use<> {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    move |part: &str| {
        let mut seen = String::new();
        let came = lines.by_ref().any(|line| {
            let line = line.unwrap();
            seen.push_str(&line);
            line.contains(part)
        });
        assert!(came, "`{part}` never came: {seen}");
    }
}

#[cfg(unix)]
#[test]
fn watching_runs_again_on_a_change_and_ends_on_ctrl_c() {
    let dir = project(&[("scenarios/green.scn", GREEN)]);
    let mut child =
        scn(dir.path(), &["run", "--watch"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut until = told(&mut child);
    until("waiting for a change");
    fs::write(dir.path().join("scenarios/green.scn"), GREEN).unwrap();
    until("green.scn has changed");
    until("waiting for a change");
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(0), "the last run passed");
}

#[cfg(unix)]
#[test]
fn watching_follows_catalogs_and_what_contracts_import() {
    let scenarios = r#"
let prices = from_csv(file("../data/prices.csv"))
service books { speaks grpc contract "../proto/books.proto" ; at "http://127.0.0.1:1" }
@cases(from_json(file("../data/cases.json")))
scenario "is read" {
  expect prices.count == 1
  expect from_yaml(file("../data/late.yaml")) == {} or case.n == 1
}
scenario "is written" {
  exec "sh -c 'echo 7$$ > ../data/made.json'"
  expect from_json(file("../data/made.json")) >= 0
}
"#;
    let imported = "syntax = \"proto3\";\npackage b;\nmessage Id { string id = 1; }\n";
    let contract = "syntax = \"proto3\";\npackage a;\nimport \"id.proto\";\nservice Books { rpc Get(b.Id) returns (b.Id); }\n";
    let dir = project(&[
        ("scenarios/t.scn", scenarios),
        ("data/prices.csv", "sku\ntea\n"),
        ("data/cases.json", "[{ \"n\": 1 }]"),
        ("data/late.yaml", "{}"),
        ("data/made.json", "1"),
        ("proto/books.proto", contract),
        ("proto/id.proto", imported),
    ]);
    let mut child =
        scn(dir.path(), &["run", "--watch"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut until = told(&mut child);
    until("waiting for a change");
    for (path, text) in [
        ("data/prices.csv", "sku\nmug\n"),
        ("data/cases.json", "[]"),
        ("data/cases.json", "[{ \"n\": 1 }]"),
        ("data/late.yaml", "{ }"),
        ("proto/id.proto", imported),
        ("proto/id.proto", "syntax = \"proto3\";\npackage nothing;\n"),
        ("proto/id.proto", imported),
    ] {
        fs::write(dir.path().join(path), text).unwrap();
        // What a run writes itself begins no other: then `made.json` would be what has changed.
        until(&format!("{path} has changed"));
        until("waiting for a change");
    }
    let pid = nix::unistd::Pid::from_raw(child.id() as i32);
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    child.wait().unwrap();
}

const BOOKS: &str = "syntax = \"proto3\";\npackage a.v1;\nmessage Entry {\n  string id = 1;\n  int64 amount = 2;\n}\nservice Books {\n  rpc Get(Entry) returns (Entry);\n  rpc List(Entry) returns (stream Entry);\n}\n";

const READERS: &str = r#"service books { speaks grpc contract "../new.proto" ; at "http://127.0.0.1:1" }
action read(id) { call books.Get { id } ; return body }
scenario "reads an amount" { expect read("a").amount == 1 }
scenario "reads nothing" { expect read("a").id == "a" }
scenario "lists" { let feed = open books.List { id: "a" } ; expect feed.count == 0 }
"#;

#[test]
fn compat_names_breaks_places_and_the_scenarios_that_touch_them() {
    let new = BOOKS
        .replace("int64 amount", "string amount")
        .replace("  rpc List(Entry) returns (stream Entry);\n", "");
    let dir = project(&[("old.proto", BOOKS), ("new.proto", &new), ("scenarios/t.scn", READERS)]);
    let (text, err) = ends(dir.path(), &["compat", "old.proto", "new.proto"], 1);
    for part in [
        "field-type-json",
        "the field `amount` of `a.v1.Entry` was `int64` and is `string` now",
        "[new.proto:5:3]",
        "[old.proto:5:3]",
        "help: add a new field with the new type",
        "breaks      one side cannot read",
        "touched by  scenarios/t.scn:3  reads an amount",
        "the method `List` of `a.v1.Books` is gone",
        "touched by  scenarios/t.scn:5  lists",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    assert!(!text.contains("reads nothing"), "{text}");
    assert!(text.ends_with("not compatible: 2 breaks of `old.proto` in `new.proto` at level json; 2 scenarios touch what is broken; `scn explain field-type-json` tells more\n"), "{text}");
    assert!(err.contains("the scenarios have mistakes"), "the contract lacks what they call: {err}");
    // The same without scenarios, and with others.
    let (text, _) =
        ends(dir.path(), &["compat", "old.proto", "new.proto", "--format", "json", "scenarios"], 1);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["version"], 1);
    assert_eq!(document["compatible"], false);
    assert_eq!(document["level"], "json");
    let first = &document["breaks"][0];
    assert_eq!(first["rule"], "field-type-json");
    assert_eq!(first["old"]["line"], 5);
    assert_eq!(first["new"]["file"], "new.proto");
    assert_eq!(first["touched_by"][0]["title"], "reads an amount");
    let (text, _) = ends(dir.path(), &["compat", "old.proto", "new.proto", "--format", "github"], 1);
    assert_eq!(
        text.lines().filter(|line| line.starts_with("::error file=new.proto,line=")).count(),
        2,
        "{text}"
    );
    assert!(text.contains("%0Atouched by scenarios/t.scn:3 reads an amount"), "{text}");
    fs::remove_dir_all(dir.path().join("scenarios")).unwrap();
    let (text, err) = ends(dir.path(), &["compat", "old.proto", "new.proto"], 1);
    assert!(!text.contains("touched by") && err.is_empty(), "{text}{err}");
    let (text, _) = ends(dir.path(), &["explain", "field-type-json"], 0);
    assert!(text.contains("a rule of `scn compat`") && text.contains("At the levels: json."), "{text}");
    assert!(text.contains("Instead:") && text.contains("FIELD_WIRE_JSON_COMPATIBLE_TYPE"), "{text}");
}

#[test]
fn compat_passes_what_only_grew_and_what_the_level_leaves_out() {
    let grown = BOOKS.replace("int64 amount = 2;", "int64 amount = 2;\n  string note = 3;");
    let renamed = BOOKS.replace("int64 amount", "int64 sum");
    let dir = project(&[("old.proto", BOOKS), ("grown.proto", &grown), ("renamed.proto", &renamed)]);
    for level in ["source", "package", "json", "wire"] {
        let (text, err) = ends(dir.path(), &["compat", "old.proto", "grown.proto", "--level", level], 0);
        assert_eq!(
            text,
            format!("compatible: `grown.proto` breaks nothing of `old.proto` at level {level}\n")
        );
        assert_eq!(err, "");
        let code = i32::from(level != "wire");
        ends(dir.path(), &["compat", "old.proto", "renamed.proto", "--level", level], code);
    }
    // What was added is a break on the way back.
    ends(dir.path(), &["compat", "grown.proto", "old.proto"], 1);
}

#[test]
fn compat_compares_directories_file_by_file() {
    let money = "syntax = \"proto3\";\npackage m.v1;\nmessage Money { int64 minor = 1; }\n";
    let order = "syntax = \"proto3\";\npackage o.v1;\nimport \"m/money.proto\";\nmessage Order { m.v1.Money total = 1; }\n";
    let dir = project(&[
        ("old/m/money.proto", money),
        ("old/o/order.proto", order),
        ("new/m/money.proto", &money.replace("int64", "double")),
        ("new/o/order.proto", &order.replace("total = 1", "total = 1; string id = 2")),
        (
            "new/o/more.proto",
            "syntax = \"proto3\";\npackage o.v1;\nimport \"m/money.proto\";\nmessage More { m.v1.Money x = 1; }\n",
        ),
    ]);
    let (text, _) = ends(dir.path(), &["compat", "old", "new"], 1);
    assert!(text.contains("new/m/money.proto:3:") && text.contains("old/m/money.proto:3:"), "{text}");
    assert!(text.contains("not compatible: 1 break of `old` in `new`"), "{text}");
    // Imports that count from the directory above.
    let (text, _) = ends(dir.path(), &["compat", "old/m", "new/m", "--level", "wire"], 1);
    assert!(text.contains("field-type-wire"), "{text}");
    ends(dir.path(), &["compat", "old/o", "new/o", "--level", "wire"], 1);
}

#[test]
fn compat_refuses_what_cannot_be_compared() {
    let dir = project(&[
        ("old.proto", BOOKS),
        ("other.proto", "syntax = \"proto3\";\npackage b.v1;\nmessage Other {}\n"),
        ("none.proto", "syntax = \"proto3\";\n"),
        ("bad/a.proto", "syntax = \"proto3\";\nmessage A { Missing x = 1; }\n"),
        ("bad/b.proto", "syntax = \"proto3\";\nmessage {}\n"),
        ("empty/readme.md", ""),
        ("notes.txt", "hello"),
    ]);
    fs::write(dir.path().join("utf8.proto"), b"\xff\xfe").unwrap();
    for (old, new, parts) in [
        ("odl.proto", "old.proto", &["`odl.proto` does not exist", "did you mean `old.proto`"][..]),
        (
            "gone.proto",
            "gone2.proto",
            &["`gone.proto` does not exist", "`gone2.proto` does not exist", "2 errors"],
        ),
        ("old.proto", "./old.proto", &["are the same file", "git show"]),
        ("old.proto", "empty", &["`empty` holds no `.proto` file"]),
        ("old.proto", "notes.txt", &["`notes.txt` is no contract that is known"]),
        (
            "bad",
            "old.proto",
            &["bad/a.proto:2:13", "`Missing` is not defined", "bad/b.proto:2:9", "2 errors"],
        ),
        ("old.proto", "/dev/zero", &["is no contract"]),
        ("old.proto", "utf8.proto", &["utf8.proto"]),
        ("none.proto", "old.proto", &["`none.proto` declares nothing"]),
    ] {
        let (out, err) = ends(dir.path(), &["compat", old, new], 2);
        assert_eq!(out, "");
        let joined = err.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in parts {
            assert!(joined.contains(part), "`{part}` is missing for {old} and {new} in\n{err}");
        }
    }
    for (name, package) in [("one/a.proto", "a.v1"), ("two/b.proto", "b.v1")] {
        let text = format!("syntax = \"proto3\";\npackage {package};\nmessage M {{}}\n");
        fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        fs::write(dir.path().join(name), text).unwrap();
    }
    let (_, err) = ends(dir.path(), &["compat", "one", "two", "--level", "wire"], 2);
    assert!(err.contains("no name in common"), "{err}");
    ends(dir.path(), &["compat", "old.proto"], 2);
    ends(dir.path(), &["compat", "old.proto", "other.proto", "--level", "strict"], 2);
    let grown = BOOKS.replace("int64 amount = 2;", "int64 amount = 2; bool paid = 3;");
    fs::write(dir.path().join("grown.proto"), grown).unwrap();
    let (_, err) = ends(dir.path(), &["compat", "old.proto", "grown.proto", "nowhere"], 2);
    assert!(err.contains("`nowhere` does not exist"), "{err}");
}

const API: &str = "openapi: 3.1.0\ninfo: { title: t, version: \"1\" }\npaths:\n  /v1/orders/{id}:\n    get:\n      parameters: [{ name: id, in: path, required: true, schema: { type: string } }]\n      responses:\n        \"200\":\n          description: ok\n          content:\n            application/json:\n              schema: { $ref: \"#/components/schemas/Order\" }\ncomponents:\n  schemas:\n    Order:\n      type: object\n      required: [id, state]\n      properties:\n        id: { type: string }\n        state: { enum: [PENDING, PAID] }\n";

#[test]
fn compat_holds_answers_of_openapi_to_what_they_were() {
    let reads = "service shop { speaks http contract \"../old.yaml\" ; at \"http://127.0.0.1:1\" }\n\
                 scenario \"reads a state\" { GET shop /v1/orders/o-1 ; expect body.state == \"PAID\" }\n\
                 scenario \"reads an id\" { GET shop /v1/orders/${\"o-1\"} ; expect body.id == \"o-1\" }\n";
    let dir = project(&[
        ("old.yaml", API),
        ("new.yaml", &API.replace("required: [id, state]", "required: [id]")),
        ("same.yaml", &API.replace("title: t", "title: other")),
        ("bad.yaml", &API.replace("schemas/Order\"", "schemas/Odrer\"")),
        ("old.proto", BOOKS),
        ("scenarios/t.scn", reads),
    ]);
    let (text, _) = ends(dir.path(), &["compat", "old.yaml", "new.yaml"], 1);
    for part in [
        "response-property-optional",
        "the property `state` of `Order` may be missing in answers now",
        "[new.yaml:20:9]",
        "[old.yaml:17:",
        "touched by  scenarios/t.scn:2  reads a state",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    assert!(!text.contains("reads an id"), "{text}");
    ends(dir.path(), &["compat", "old.yaml", "same.yaml", "--level", "source"], 0);
    ends(dir.path(), &["compat", "old.yaml", "new.yaml", "--level", "wire"], 0);
    let (_, err) = ends(dir.path(), &["compat", "old.yaml", "old.proto"], 2);
    assert!(err.contains("`old.yaml` is an OpenAPI document and `old.proto` is Protocol Buffers"), "{err}");
    let (_, err) = ends(dir.path(), &["compat", "old.yaml", "bad.yaml"], 2);
    assert!(err.contains("bad.yaml:12:") && err.contains("leads to nothing"), "{err}");
}
