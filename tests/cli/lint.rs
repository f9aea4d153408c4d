//! Lints as people and machines call them.

use std::path::Path;

use super::{ends, project};

const SLEEPS: &str = "service s { speaks http; at \"http://127.0.0.1:1\" }\n\nscenario \"a\" {\n  wait 1s\n  GET s /\n  expect status == 200\n}\n";

#[test]
fn the_last_level_holds() {
    let dir = project(&[("a.scn", SLEEPS)]);
    let check = |args: &[&str], code: i32| ends(dir.path(), &[&["check"], args].concat(), code).1;
    for (args, code, shown) in [
        (&[][..], 0, true),
        (&["--allow", "sleeps"], 0, false),
        (&["--allow", "sleeps", "--deny-warnings"], 0, false),
        (&["--warn", "sleeps"], 0, true),
        (&["--warn", "sleeps", "--deny-warnings"], 2, true),
        (&["--deny", "sleeps"], 2, true),
        (&["--deny", "sleeps", "--allow", "sleeps"], 0, false),
        (&["--allow", "sleeps", "--allow", "over-long", "--deny", "sleeps"], 2, true),
        (&["--deny", "over-long"], 0, true),
    ] {
        let said = check(args, code);
        assert_eq!(said.contains("this pause guesses"), shown, "{args:?}: {said}");
        assert_eq!(said.contains("1 error"), code == 2 && args.contains(&"--deny"), "{args:?}: {said}");
    }
    // What is checked as `lint` is checked all the same.
    let (_, said) = ends(dir.path(), &["lint", "a.scn", "--deny", "sleeps"], 2);
    assert!(said.contains("a.scn:4:3") && said.contains("eventually within 1s"), "{said}");
}

#[test]
fn a_lint_that_is_denied_stops_a_run() {
    let dir = project(&[("a.scn", SLEEPS)]);
    let (out, said) = ends(dir.path(), &["run", "--deny", "sleeps"], 2);
    assert!(said.contains("this pause guesses") && !out.contains("1 scenario"), "{out}{said}");
    let (out, said) = ends(dir.path(), &["run"], 1);
    assert!(format!("{out}{said}").contains("this pause guesses"), "{out}{said}");
    let (out, said) = ends(dir.path(), &["run", "--allow", "sleeps"], 1);
    assert!(!format!("{out}{said}").contains("this pause guesses"), "{out}{said}");
}

#[test]
fn only_lints_have_levels() {
    let dir = project(&[("a.scn", SLEEPS)]);
    let (_, said) = ends(dir.path(), &["check", "--deny", "slepes"], 2);
    assert!(said.contains("there is no such lint; did you mean `sleeps`?"), "{said}");
    let (_, said) = ends(dir.path(), &["check", "--allow", "unknown-name"], 2);
    assert!(said.contains("the code of another message; the lints are unused-let, "), "{said}");
}

/// What every file of a project would need, its single files do not tell.
#[test]
fn what_takes_the_whole_project_is_found_in_directories() {
    let dir = project(&[
        ("lib.scn", "fixture alice { return 1 }\nfixture bob { return 2 }\nfixture carol { return 3 }\n"),
        (
            "a.scn",
            "use \"./lib.scn\" { alice, bob }\n\nscenario \"same\" {\n  expect alice == 1\n}\n\nscenario \"own\" {\n  expect true\n}\n",
        ),
        ("b.scn", "use \"./lib.scn\" as lib\n\nscenario \"same\" {\n  expect lib.carol == 3\n}\n"),
    ]);
    let (_, said) = ends(dir.path(), &["check"], 0);
    for part in [
        "lib.scn:2:9",
        "no scenario needs the fixture `bob`",
        "b.scn:3:10",
        "has the same title",
        "a.scn:3:10",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("`alice`") && !said.contains("`carol`") && !said.contains("own"), "{said}");
    for files in [&["lib.scn"][..], &["lib.scn", "a.scn"], &["b.scn", "lib.scn"]] {
        let (_, said) = ends(dir.path(), &[&["check"], files].concat(), 0);
        assert!(!said.contains("unused-fixture") && !said.contains("duplicate-title"), "{files:?}: {said}");
    }
}

#[test]
fn a_directory_of_the_project_is_not_the_project() {
    let dir = project(&[
        ("scenarios/lib/a.scn", "fixture alice { return 1 }\nfixture bob { return 2 }\n"),
        ("scenarios/b.scn", "use \"./lib/a.scn\" { alice }\n\nscenario \"b\" { expect alice == 1 }\n"),
    ]);
    for (paths, told) in [
        (&[][..], true),
        (&["scenarios"], true),
        (&["."], true),
        (&["scenarios", "scenarios/b.scn"], true),
        (&["scenarios/lib"], false),
        (&["scenarios/lib", "scenarios/b.scn"], false),
    ] {
        let (_, said) = ends(dir.path(), &[&["check"], paths].concat(), 0);
        assert!(!said.contains("`alice`"), "{paths:?}: {said}");
        assert_eq!(said.contains("no scenario needs the fixture `bob`"), told, "{paths:?}: {said}");
    }
}

const SECRET: &str = "m4Q9zX2vB7nL5tR8wK1pD6sH";

const TOKENS: [&str; 3] = [
    "ghp_a8Kq2Zt3Wn5Ym7Rb1Xc9Vd4Ue6Tf0Sg2RhJk",
    "ghp_Z1pQ7mWx3Kd9Ls5Rv2Tn8Yb4Hc6Jf0Ga1SeUo",
    "ghp_Q4tM8vNz2Xw6Bk0Rd7Lp3Fy9Hs5Jg1Ca4TuEi",
];

/// Another message shows the line of the secret, and one on which it stands once more.
fn secret(allowed: bool) -> String {
    let allow = if allowed { "@allow(secret-literal)\n" } else { "" };
    format!(
        "{allow}scenario \"a\" {{\n  let unread = \"pre {SECRET}\"\n  let token = \"{SECRET}\"\n  exec \"echo ${{token}}\"\n  \
         expect stdout == \"another {SECRET}\"\n}}\n"
    )
}

fn outputs(dir: &Path) -> Vec<(String, String)> {
    let mut said = Vec::new();
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["check", "--format", "github"],
        &["check", "--allow", "secret-literal"],
        &["list"],
    ] {
        let (out, err) = ends(dir, args, 0);
        said.push((args.join(" "), format!("{out}{err}")));
    }
    for args in [&["run"][..], &["run", "--report", "json=-,junit=j.xml"], &["replay"]] {
        let (out, err) = ends(dir, args, 1);
        said.push((args.join(" "), format!("{out}{err}")));
    }
    said.push(("junit".into(), std::fs::read_to_string(dir.join("j.xml")).unwrap()));
    said
}

#[test]
fn what_looks_like_a_secret_is_in_no_output() {
    let dir = project(&[("a.scn", &secret(false))]);
    let said = outputs(dir.path());
    for (command, said) in &said {
        assert!(!said.contains(SECRET), "{command}: {said}");
    }
    let human = &said[0].1;
    assert!(human.contains("`token` holds what looks like a secret"), "{human}");
    assert!(human.contains("let unread = \"pre •"), "{human}");
    assert!(human.contains("let token = \"••••••••••••••••••••••••\""), "{human}");
    assert!(said[1].1.contains("\"code\": \"secret-literal\""), "{}", said[1].1);
    assert!(said[2].1.contains("title=secret-literal"), "{}", said[2].1);
    // Whoever says that it is none wants to read it.
    let dir = project(&[("a.scn", &secret(true))]);
    let said = outputs(dir.path());
    assert!(said[5].1.contains(SECRET), "{}", said[5].1);
    assert!(!said[0].1.contains("secret-literal"), "{}", said[0].1);
}

/// What a run shows is the value: without the escapes of the text, and line by line.
#[test]
fn what_is_written_with_escapes_is_in_no_output() {
    let dir = project(&[(
        "a.scn",
        r#"scenario "a" {
  let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAm4Q9zX2vB7nL5tR8wK1pD6sH\nQk7vTn2mXz9Lp4Rw8Sd1\n-----END RSA PRIVATE KEY-----"
  exec "printf %s ${key}"
  expect stdout contains "Qk7vTn2mXz9Lp4Rw8Sd1"
  let token = "Bearer X7bN4Q9zX2vB7nL5tR8wK\u{41}"
  let other_token = "\$6s4Q9zX2vB7nL5tR8wK1pD6"
  let third = "\u{67}hp_a8Kq2Zt3Wn5Ym7Rb1Xc9Vd4Ue6Tf0Sg2RhJk"
  exec "printf '%s %s %s' ${token} ${other_token} ${third}"
  show stdout
  expect stdout == "x"
}
"#,
    )]);
    for (command, said) in outputs(dir.path()) {
        for secret in [
            "MIIEowIBAAKCAQEAm4Q9zX2vB7nL5tR8wK1pD6sH",
            "Qk7vTn2mXz9Lp4Rw8Sd1",
            "X7bN4Q9zX2vB7nL5tR8wK",
            "6s4Q9zX2vB7nL5tR8wK1pD6",
            "a8Kq2Zt3Wn5Ym7Rb1Xc9Vd4Ue6Tf0Sg2RhJk",
        ] {
            assert!(!said.contains(secret), "{command}: {secret}: {said}");
        }
    }
}

/// Loading comes before checking, and quotes what it cannot read.
#[test]
fn a_secret_that_cannot_be_read_is_in_no_output() {
    let [first, second, _] = TOKENS;
    let dir = project(&[(
        "a.scn",
        &format!(
            "use \"https://u:m4Q9zX2vB7nL5tR8@h/x.scn\"\n\n\
             service s {{ speaks http contract \"./{first}.yaml\"; at \"http://127.0.0.1:1\" }}\n\n\
             scenario \"a\" {{\n  let token {second}\n}}\n"
        ),
    )]);
    for args in [&["check"][..], &["check", "--format", "json"], &["check", "--format", "github"], &["run"]] {
        let (out, err) = ends(dir.path(), args, 2);
        let said = format!("{out}{err}");
        assert!(said.contains("unexpected `") && said.contains("secret-literal"), "{said}");
        for secret in ["m4Q9zX2v", &first[..12], &second[..12]] {
            assert!(!said.contains(secret), "{args:?}: {secret}: {said}");
        }
    }
}

/// Comments are shown beside what stands on the next line.
#[test]
fn a_secret_in_a_comment_is_in_no_output() {
    let [first, second, third] = TOKENS;
    let key = "MIIEowIBAAKCAQEAm4Q9zX2vB7nL5tR8wK1pD6sH";
    let scenario = "{ exec \"true\" }";
    let dir = project(&[(
        "a.scn",
        &format!(
            "//! {first}\nscenario \"a\" {scenario}\n\n/// {second}\nscenario \"b\" {scenario}\n\n\
             // scenario \"old\" {{ let t = \"{third}\" }}\nscenario \"c\" {scenario}\n\n\
             // -----BEGIN PRIVATE KEY-----\n// {key}\nscenario \"d\" {scenario}\n"
        ),
    )]);
    for args in [&["check"][..], &["check", "--format", "json"], &["check", "--allow", "secret-literal"]] {
        let (out, err) = ends(dir.path(), args, 0);
        let said = format!("{out}{err}");
        assert!(said.contains("this scenario expects nothing"), "{said}");
        for secret in [first, second, third, key] {
            assert!(!said.contains(secret), "{args:?}: {secret}: {said}");
        }
    }
    let (_, said) = ends(dir.path(), &["check"], 0);
    assert_eq!(said.matches("remove it, and have the secret replaced").count(), 3, "{said}");
    assert!(said.contains("scenario \"d\" {"), "{said}");
}

/// Two texts that are looked for are no key, and what stands between them is shown.
#[test]
fn what_is_no_secret_is_shown() {
    let dir = project(&[(
        "a.scn",
        "scenario \"a\" {\n  exec \"echo expected http://a:expected@h/\"\n  \
         expect stdout contains \"-----BEGIN PRIVATE KEY-----\"\n  \
         expect stdout contains \"-----END PRIVATE KEY-----\"\n}\n",
    )]);
    let (out, err) = ends(dir.path(), &["run"], 1);
    let said = format!("{out}{err}");
    assert!(!said.contains("secret-literal") && !said.contains('•'), "{said}");
    assert!(said.contains("expect stdout contains \"-----BEGIN PRIVATE KEY-----\""), "{said}");
}
