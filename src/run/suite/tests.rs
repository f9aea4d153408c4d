use std::path::Path;

use super::*;

/// Runs a suite whose runner prints a file and exits with a code.
async fn suite(results: &str, code: i32, reads: Reads) -> SuiteResult {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("results"), results).unwrap();
    script(dir.path(), &format!("cat results; exit {code}"), reads).await
}

async fn script(dir: &Path, text: &str, reads: Reads) -> SuiteResult {
    let argv = ["sh", "-c", text].map(str::to_owned).to_vec();
    let command = CommandSpec { argv, dir: dir.to_owned(), env: Vec::new() };
    let within = Duration::from_secs(600);
    run_suite("unit", &command, &reads, within, &Processes::default(), &Redactor::default()).await
}

fn outcomes(result: &SuiteResult) -> Vec<(&str, SuiteOutcome)> {
    result.tests.iter().map(|test| (test.name.as_str(), test.outcome)).collect()
}

fn why(result: &SuiteResult) -> &str {
    assert!(!result.passed());
    &result.failure.as_ref().expect("the suite failed as a whole").message
}

use SuiteOutcome::{Failed, Passed, Skipped};

const GO: &str = r#"{"Action":"start","Package":"shop/a"}
{"Action":"run","Package":"shop/a","Test":"TestOne"}
{"Action":"output","Package":"shop/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"run","Package":"shop/a","Test":"TestOne/sub"}
{"Action":"pass","Package":"shop/a","Test":"TestOne/sub","Elapsed":0}
{"Action":"pass","Package":"shop/a","Test":"TestOne","Elapsed":0.01}
{"Action":"output","Package":"shop/a","Test":"TestOne","Output":"late\n"}
{"Action":"run","Package":"shop/a","Test":"TestTwo"}
{"Action":"skip","Package":"shop/a","Test":"TestTwo","Elapsed":0}
{"Action":"pass","Package":"shop/a","Elapsed":0.02}
{"Action":"skip","Package":"shop/none","Elapsed":0}
"#;

#[tokio::test]
async fn go_tests_are_counted_with_their_subtests() {
    let result = suite(GO, 0, Reads::GoTest).await;
    assert!(result.passed(), "{result:?}");
    assert_eq!(
        outcomes(&result),
        [("shop/a.TestOne/sub", Passed), ("shop/a.TestOne", Passed), ("shop/a.TestTwo", Skipped)]
    );
}

#[tokio::test]
async fn a_failed_go_test_fails_the_suite_with_its_output() {
    let go = r#"{"Action":"run","Package":"p","Test":"T"}
{"Action":"output","Package":"p","Test":"T","Output":"    a_test.go:7: got 1\n"}
{"Action":"fail","Package":"p","Test":"T","Elapsed":0}
{"Action":"fail","Package":"p","Elapsed":0}
"#;
    let result = suite(go, 1, Reads::GoTest).await;
    assert!(!result.passed() && result.failure.is_none());
    assert_eq!(outcomes(&result), [("p.T", Failed)]);
    assert_eq!(result.tests[0].output, "    a_test.go:7: got 1\n");
}

#[tokio::test]
async fn a_go_package_that_does_not_build_or_panics_is_a_failure() {
    let build = r##"{"ImportPath":"p","Action":"build-output","Output":"# p\n./a.go:3: undefined: x\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p"}
"##;
    let result = suite(build, 1, Reads::GoTest).await;
    assert_eq!(outcomes(&result), [("p", Failed)]);
    assert!(result.tests[0].output.contains("undefined: x"), "{result:?}");

    let panic = r#"{"Action":"run","Package":"p","Test":"T"}
{"Action":"output","Package":"p","Test":"T","Output":"panic: test timed out after 1s\n"}
{"Action":"fail","Package":"p","Elapsed":1}
"#;
    let result = suite(panic, 1, Reads::GoTest).await;
    assert_eq!(outcomes(&result), [("p.T", Failed)]);
    assert!(result.tests[0].output.contains("timed out"));
}

#[tokio::test]
async fn go_results_that_prove_nothing_are_failures() {
    let broken_off = GO.lines().take(6).collect::<Vec<_>>().join("\n");
    for (results, code, want) in [
        ("", 0, "there is no event of `go test -json`"),
        ("ok  \tshop/a\t0.01s\n", 0, "there is no event of `go test -json`"),
        ("{\"Action\":\"skip\",\"Package\":\"p\"}\n", 0, "ran no test (exit status 0)"),
        (&broken_off, 0, "the results of the package `shop/a` break off"),
        (&format!("{GO}{{\"Action\": oops\n"), 0, "is no event of `go test -json`"),
        (GO, 1, "failed without a failed test: exit status 1"),
    ] {
        let result = suite(results, code, Reads::GoTest).await;
        assert!(why(&result).contains(want), "{want}: {}", why(&result));
    }
    let skipped = r#"{"Action":"run","Package":"p","Test":"T"}
{"Action":"skip","Package":"p","Test":"T"}
{"Action":"pass","Package":"p"}
"#;
    assert!(why(&suite(skipped, 0, Reads::GoTest).await).contains("ran no test, 1 were skipped"));
}

const CARGO: &str = "
running 3 tests
test a::works ... ok
test a::panics - should panic ... ok
test a::later ... ignored, not yet

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s

running 1 test
test src/lib.rs - f (line 3) ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s
";

const CARGO_FAILS: &str = "
running 2 tests
test a ... ok
test b ... FAILED

failures:

---- b stdout ----
left: 1
right: 2

failures:
    b

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";

#[tokio::test]
async fn cargo_tests_are_counted() {
    let result = suite(CARGO, 0, Reads::Cargo).await;
    assert!(result.passed(), "{result:?}");
    assert_eq!(
        outcomes(&result),
        [
            ("a::works", Passed),
            ("a::panics", Passed),
            ("a::later", Skipped),
            ("src/lib.rs - f (line 3)", Passed)
        ]
    );
    let result = suite(CARGO_FAILS, 101, Reads::Cargo).await;
    assert!(!result.passed() && result.failure.is_none(), "{result:?}");
    assert_eq!(outcomes(&result), [("a", Passed), ("b", Failed)]);
    assert!(result.tests[1].output.starts_with("left: 1\nright: 2\n"), "{result:?}");
}

#[tokio::test]
async fn cargo_results_that_prove_nothing_are_failures() {
    let crashed = CARGO.split("\ntest result").next().unwrap();
    let missing = CARGO.replace("test a::works ... ok\n", "");
    let none = "\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s\n";
    for (results, code, want) in [
        ("", 101, "there is no `test result:` line"),
        (crashed, 0, "ended without its `test result:` line"),
        (&missing, 0, "but the lines before it are 1 passed"),
        (none, 0, "ran no test"),
        (CARGO, 101, "failed without a failed test: exit status 101"),
    ] {
        let result = suite(results, code, Reads::Cargo).await;
        assert!(why(&result).contains(want), "{want}: {}", why(&result));
    }
}

const NEXTEST: &str = r#"{"type":"suite","event":"started","test_count":3}
{"type":"test","event":"started","name":"a::a$works"}
{"type":"test","event":"ok","name":"a::a$works","exec_time":0.1}
{"type":"test","event":"ignored","name":"a::a$later"}
{"type":"test","event":"failed","name":"a::a$breaks","stdout":"left: 1\n"}
{"type":"suite","event":"failed","passed":1,"failed":1,"ignored":1,"measured":0,"filtered_out":0,"exec_time":0.1}
"#;

#[tokio::test]
async fn nextest_events_are_counted_against_their_summary() {
    let result = suite(NEXTEST, 100, Reads::Nextest).await;
    assert!(result.failure.is_none(), "{result:?}");
    assert_eq!(outcomes(&result), [("a::a$works", Passed), ("a::a$later", Skipped), ("a::a$breaks", Failed)]);
    assert_eq!(result.tests[2].output, "left: 1\n");
    let broken_off = NEXTEST.lines().take(3).collect::<Vec<_>>().join("\n");
    let hidden = NEXTEST.replace("\"failed\",\"name\"", "\"started\",\"name\"");
    for (results, want) in [
        ("", "there is no event of libtest-json"),
        ("PASS [ 0.1s] a\n", "is no event of libtest-json"),
        (&broken_off, "break off before the end of a suite"),
        (&hidden, "1 passed, 1 failed, 1 ignored, but the tests are 1, 0, 1"),
    ] {
        let result = suite(results, 0, Reads::Nextest).await;
        assert!(why(&result).contains(want), "{want}: {}", why(&result));
    }
}

const JUNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1">
  <testsuite name="s" tests="4" failures="1" errors="0">
    <testcase classname="pkg.A" name="works" time="0.1"><system-out>noise</system-out></testcase>
    <testcase classname="pkg.A" name="breaks"><failure message="1 &lt; 2">at &amp; line &#55;</failure></testcase>
    <testcase name="later"><skipped/></testcase>
    <testcase name="off" status="notrun"/>
  </testsuite>
</testsuites>
"#;

#[test]
fn junit_files_are_read() {
    let tests = junit::parse(JUNIT).unwrap();
    let found: Vec<_> = tests.iter().map(|test| (test.name.as_str(), test.outcome)).collect();
    assert_eq!(
        found,
        [("pkg.A.works", Passed), ("pkg.A.breaks", Failed), ("later", Skipped), ("off", Skipped)]
    );
    assert_eq!(tests[1].output, "1 < 2\nat & line 7");
    for (text, want) in [
        ("", "it is empty"),
        ("<html></html>", "no JUnit report"),
        ("<testsuite><testcase name='a'>", "breaks off inside the element `testcase`"),
        ("<testsuite>\n<testcase name='a'></testsuite>", "it is no XML"),
        ("<testsuite name='s' errors='2'><testcase name='a'/></testsuite>", "`s` counts 2 failures"),
    ] {
        let error = junit::parse(text).unwrap_err();
        assert!(error.contains(want), "{want}: {error}");
    }
}

#[tokio::test]
async fn a_junit_file_counts_only_when_this_run_wrote_it() {
    let dir = tempfile::tempdir().unwrap();
    let good = JUNIT
        .replace("<failure message=\"1 &lt; 2\">at &amp; line &#55;</failure>", "")
        .replace("failures=\"1\"", "");
    std::fs::write(dir.path().join("good"), &good).unwrap();
    let reads = || Reads::Junit { path: "out.xml".into() };
    assert!(why(&script(dir.path(), "true", reads()).await).contains("wrote no JUnit file"));
    let result = script(dir.path(), "cp good out.xml", reads()).await;
    assert!(result.passed(), "{result:?}");
    let stale = script(dir.path(), "true", reads()).await;
    assert!(why(&stale).contains("is from before this run"), "{stale:?}");
    assert!(stale.tests.is_empty());
    // Written anew with the same content it counts again.
    let again = script(dir.path(), "rm out.xml; cp good other.xml; cp good out.xml", reads()).await;
    assert!(again.passed(), "{again:?}");
    assert!(
        why(&script(dir.path(), "cp good out.xml; exit 2", reads()).await)
            .contains("failed without a failed test")
    );
}

#[tokio::test]
async fn a_runner_that_takes_too_long_or_cannot_start_is_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let command = |argv: &[&str]| CommandSpec {
        argv: argv.iter().map(|word| (*word).to_owned()).collect(),
        dir: dir.path().to_owned(),
        env: Vec::new(),
    };
    let (processes, redactor) = (Processes::default(), Redactor::default());
    let endless = command(&["sleep", "1000"]);
    let result =
        run_suite("unit", &endless, &Reads::Cargo, Duration::from_millis(50), &processes, &redactor).await;
    assert!(why(&result).contains("was still running after 50ms"));
    let missing = command(&["no-such-tool"]);
    let result =
        run_suite("unit", &missing, &Reads::Cargo, Duration::from_secs(600), &processes, &redactor).await;
    assert!(why(&result).contains("does not start: `no-such-tool` is not found"));
}
