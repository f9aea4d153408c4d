//! A secret, and what is made from it, is in no output.

use crate::harness::{json, scn, server};

const SECRET: &str = "correct/horse \"battery\"+staple";

#[test]
fn a_secret_is_masked_in_every_form_and_every_output() {
    let url = server(|asked| {
        let echo = format!(
            "{{\"said\": {:?}, \"path\": {:?}, \"auth\": {:?}}}",
            asked.body,
            asked.path,
            asked.headers.get("authorization")
        );
        json("500 Internal Server Error", &echo.replace("Some(", "").replace(')', "").replace("None", "null"))
    });
    let text = format!(
        r#"
secret api_key
service s {{ speaks http; at "{url}" }}
service logs {{
  start "sh -c 'echo key is $KEY; echo $KEY | base64; touch up; exec sleep 1000'"
  env   {{ KEY: api_key }}
  ready "test -f up"
}}
scenario "in a body" {{
  POST s /pay {{ key: api_key, note: "with ${{api_key}}" }}
}}
scenario "in a path and a header" {{
  GET s /pay/${{api_key}} with {{ headers: {{ X-Key: api_key }}, auth: basic("me", api_key), query: {{ k: api_key }} }}
}}
scenario "in a bearer" {{
  GET s /pay with {{ auth: bearer(api_key) }}
}}
scenario "in text" {{
  POST s /pay text("key ${{api_key}}")
}}
scenario "compared" {{
  let made = "pre-${{api_key}}-post"
  show made
  show api_key
  expect made == "other" because "it is ${{api_key}}"
}}
scenario "compared in parts" {{
  expect {{ key: api_key, n: 1 }} == {{ key: "x", n: 2 }}
  expect base64(api_key) == "x"
  expect [api_key] matches [re"x"]
}}
scenario "in a command" {{
  exec "sh -c 'echo $1; echo $1 >&2; echo $1 | base64 -w0; exit 3' sh ${{api_key}}" with {{ env: {{ K: api_key }}, stdin: api_key }}
}}
scenario "in a log" {{
  expect logs.running
  expect logs.log contains "no such line" within 100ms
}}
scenario "in a step" {{
  step "with ${{api_key}}" {{ expect 1 == 2 }}
}}
"#
    );
    let project = scn(&text).with("SCN_API_KEY", SECRET);
    let ran = project
        .run(&["--report", "junit=r.xml", "--report", "json=r.json", "--report", "github=r.md"])
        .ends(1, &["in a log"]);
    let masked = |text: &str| text.contains("•") || text.contains("***");
    assert!(masked(&ran.out), "{}", ran.out);
    let mut forms = vec![
        SECRET.to_owned(),
        "Y29ycmVjdC9ob3JzZSAiYmF0dGVyeSIrc3RhcGxl".to_owned(),
        "correct/horse \\\"battery\\\"+staple".to_owned(),
        "correct%2Fhorse%20%22battery%22%2Bstaple".to_owned(),
        "correct%2Fhorse+%22battery%22%2Bstaple".to_owned(),
        // `me:` and the secret in base64.
        "bWU6Y29ycmVjdC9ob3JzZSAiYmF0dGVyeSIrc3RhcGxl".to_owned(),
    ];
    // A stray half would be as good as the whole.
    forms.push("battery".to_owned());
    forms.push("Y29ycmVjdC9ob3Jz".to_owned());
    let replayed = project.scn(&["replay"]);
    let outputs = [
        ("the page", ran.out.clone()),
        ("standard error", ran.err.clone()),
        ("junit", project.read("r.xml")),
        ("json", project.read("r.json")),
        ("the summary", project.read("r.md")),
        ("the event file", project.read(".scn/runs/1.jsonl")),
        ("the replay", replayed.out),
    ];
    for (name, output) in outputs {
        assert!(name == "standard error" || output.contains("in a log"), "{name} is empty");
        for form in &forms {
            let line = output.lines().find(|line| line.contains(form.as_str()));
            assert!(line.is_none(), "{name} has {form}: {line:?}");
        }
    }
}

#[test]
fn secrets_from_files_are_masked_too() {
    let project = scn(
        "secret key from file \"./key.txt\"\nscenario \"it\" { exec \"sh -c 'cat key.txt; exit 1'\" }\nscenario \"use\" { expect key == \"x\" }\n",
    );
    project.write("key.txt", "hunter2hunter2\n");
    project.run(&[]).ends(1, &["exit status 1"]).never_says(&["hunter2"]);
}

/// One that is missing is found before anything runs, if a scenario that is selected would read it.
#[test]
fn a_secret_that_is_missing_is_found_before_anything_runs() {
    let text = r#"
secret api_key
secret db_password
secret unused
input region: text
input tenant = "acme"
stage main
service shop {
  start "sh -c 'touch started; exec sleep 1000'"
  env   { PASSWORD: db_password }
  ready "true"
}
action read() { return "${api_key} ${tenant}" }
@skip("later")
scenario "skipped" in main { expect unused == "x" }
scenario "touches" in main { exec "touch touched" }
scenario "reads" in main { expect read() == "x" }
scenario "asks" in main { expect region == "x" }
scenario "starts" in main { expect shop.running }
"#;
    let all = scn(text);
    all.run(&[])
        .ends(
            2,
            &[
                "the secret `api_key` has no value",
                "[t.scn:2:8]",
                "set `SCN_API_KEY` in the environment",
                "the secret `db_password` has no value",
                "the input `region` has no value",
                "give it with `--set region=…`",
                "0 passed",
            ],
        )
        .never_says(&["`unused`", "`tenant`"]);
    assert!(!all.path().join("touched").exists() && !all.path().join("started").exists());
    all.run(&["--only", "\"touches\""]).ends(0, &["1 passed"]);
    all.run(&["--only", "\"starts\""]).ends(2, &["`db_password`"]).never_says(&["`api_key`"]);
    let given = scn(text).with("SCN_API_KEY", "hunter2hunter2").with("SCN_DB_PASSWORD", "hunter3hunter3");
    given.run(&["--set", "region=x"]).ends(1, &["3 passed", "1 failed"]).never_says(&["hunter"]);
}
