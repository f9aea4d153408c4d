//! The pages as people see them, from a run made by hand.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;
use crate::diag::Look;
use crate::event::{
    Detail, Event, EventKind, Exchange, FORMAT, Failure, Gate, Outcome, Place, Reporter, ScenarioInfo,
    ServiceLog, SuiteOutcome, SuiteTest, Summary,
};

fn place(line: u32, column: u32, width: u32, text: &str) -> Place {
    Place { file: "scenarios/shop/e2e.scn".into(), line, column, width, lines: vec![text.into()] }
}

fn scenario(title: &str, line: u32, stage: &str) -> ScenarioInfo {
    ScenarioInfo {
        title: title.into(),
        case: String::new(),
        instance: String::new(),
        file: "scenarios/shop/e2e.scn".into(),
        line,
        stage: stage.into(),
        tags: Vec::new(),
        owner: None,
        doc: None,
    }
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn exchange() -> Exchange {
    Exchange {
        protocol: "http".into(),
        service: Some("orders".into()),
        request: "POST http://127.0.0.1:41007/v1/orders".into(),
        request_headers: pairs(&[
            ("content-type", "application/json"),
            ("authorization", "Bearer •••"),
            ("idempotency-key", "0b6c2f4e-8a52-4c1f-9f0e-6a1b2c3d4e5f"),
        ]),
        request_body: r#"{"customer":"c-1","lines":[{"sku":"tea","qty":2}]}"#.into(),
        response: "201 Created".into(),
        response_headers: pairs(&[("content-type", "application/json"), ("location", "/v1/orders/o-77")]),
        response_body: r#"{"id":"o-77","state":"PAID","total":60.00,"lines":[{"sku":"tea","qty":"2"}]}"#.into(),
        trailers: Vec::new(),
        shell: "curl -sS -X POST -H 'content-type: application/json' --data '{\"customer\":\"c-1\"}' http://127.0.0.1:41007/v1/orders".into(),
        phases: vec![("connect".into(), 1_200), ("first_byte".into(), 39_800), ("total".into(), 41_300)],
    }
}

fn difference(path: &str, expected: &str, actual: &str) -> Detail {
    Detail::Difference { path: path.into(), expected: expected.into(), actual: actual.into() }
}

fn match_failure() -> Failure {
    Failure {
        place: Some(place(16, 12, 51, "    expect body matches Order { state: \"PENDING\", total: 59.98 }")),
        label: "does not fit at 3 places".into(),
        steps: vec!["Alice buys two teas".into()],
        details: vec![
            difference(".state", "\"PENDING\"", "\"PAID\""),
            difference(".total", "59.98", "60.00"),
            difference(".lines[0].qty", "int(1..9)", "\"2\", which is text and not a number"),
        ],
        exchange: Some(Box::new(exchange())),
        logs: vec![ServiceLog {
            service: "orders".into(),
            lines: vec![
                "level=INFO msg=\"listening\" addr=127.0.0.1:41007".into(),
                "level=WARN msg=\"price rounded up\" sku=tea trace_id=4bf92f3577b34da6a3ce929d0e0e4736"
                    .into(),
            ],
            left_out: 118,
        }],
        repeat: Some("scn run scenarios/shop/e2e.scn:12 --seed 42".into()),
        ..Failure::new("expectation", "`body` does not match `Order { state: \"PENDING\", total: 59.98 }`")
    }
}

fn latency_failure() -> Failure {
    Failure {
        place: Some(place(18, 12, 15, "    expect latency < 250ms because \"the page waits for it\"")),
        label: "is false".into(),
        steps: vec!["Alice buys two teas".into()],
        details: vec![Detail::Value { expression: "latency".into(), value: "312ms".into() }],
        because: Some("the page waits for it".into()),
        message: "`latency < 250ms` does not hold".into(),
        ..match_failure()
    }
}

fn attempts_failure() -> Failure {
    let attempt = |number: u32, text: &str| Detail::Attempt {
        number,
        at_us: u64::from(number - 1) * 50_000,
        text: text.into(),
    };
    let mut details: Vec<Detail> = vec![
        Detail::Value { expression: "body.amount".into(), value: "59.99".into() },
        Detail::Value { expression: "order.lines[0].price * 2".into(), value: "59.98".into() },
        Detail::Note { text: "the stream ended after 3 messages".into() },
    ];
    details.extend((1..=37).map(|number| attempt(number, "NOT_FOUND: no entry for order o-77")));
    details.extend((38..=40).map(|number| attempt(number, "body.amount == 59.98 is false")));
    Failure {
        place: Some(place(27, 14, 20, "      expect body.amount == 59.98")),
        label: "is false".into(),
        steps: vec!["the worker posts it".into(), "and the ledger agrees".into()],
        details,
        help: Some("raise `within`, or look at the log of ledger".into()),
        repeat: Some("scn run scenarios/shop/e2e.scn:40 --seed 42".into()),
        exchange: Some(Box::new(Exchange {
            protocol: "grpc".into(),
            service: Some("ledger".into()),
            request: "call ledger.v1.Ledger/GetEntry".into(),
            request_body: r#"{"order_id":"o-77"}"#.into(),
            response: "OK".into(),
            response_body: r#"{"amount":59.99}"#.into(),
            trailers: pairs(&[("grpc-status", "0")]),
            shell:
                "grpcurl -plaintext -d '{\"order_id\":\"o-77\"}' 127.0.0.1:41008 ledger.v1.Ledger/GetEntry"
                    .into(),
            phases: vec![("total".into(), 900)],
            ..Exchange::default()
        })),
        ..Failure::new("expectation", "`body.amount == 59.98` did not become true within 5s")
    }
}

fn finished(id: u32, scenario: ScenarioInfo, outcome: Outcome, failures: Vec<Failure>) -> EventKind {
    EventKind::ScenarioFinished {
        id,
        scenario,
        attempt: 1,
        retried: false,
        outcome,
        failures,
        took_us: 312_000,
        expectations: 4,
        requests: 2,
    }
}

/// A run in which everything happens that a page shows.
fn sample() -> Vec<Event> {
    let reaches = ScenarioInfo {
        tags: vec!["critical".into(), "money".into()],
        owner: Some("payments".into()),
        ..scenario("An order reaches the ledger", 12, "e2e")
    };
    let flaky = scenario("A refused webhook comes again, signed", 60, "e2e");
    let broken = Failure {
        details: vec![Detail::Lines {
            title: "its last lines".into(),
            lines: vec!["panic: listen tcp 127.0.0.1:41010: bind: address already in use".into()],
        }],
        help: Some("`scn explain service-start`".into()),
        ..Failure::new("service-start", "`mailer` ended with exit status 2 before it was ready")
    };
    let kinds = vec![
        EventKind::RunStarted {
            format: FORMAT,
            version: "0.1.0".into(),
            seed: 42,
            jobs: 4,
            scenarios: 8,
            deselected: 3,
            environment: None,
            command: ["scn", "run", "scenarios", "--seed", "42"].map(String::from).to_vec(),
            started_at: "2026-11-22T10:00:00Z".into(),
        },
        EventKind::Warning {
            code: "unused-let".into(),
            message: "`key` is never read".into(),
            place: Some(place(40, 7, 3, "")),
        },
        EventKind::ServiceBuilding { service: "orders".into() },
        EventKind::ServiceStarted {
            service: "orders".into(),
            address: "127.0.0.1:41007".into(),
            pid: Some(4711),
            build_us: 3_400_000,
        },
        EventKind::ServiceReady { service: "orders".into(), took_us: 120_000 },
        EventKind::ServiceFailed { service: "mailer".into(), failure: broken.clone() },
        EventKind::StageStarted { stage: "component".into(), scenarios: 2 },
        EventKind::SuiteStarted { stage: "component".into(), suite: "go_unit".into() },
        EventKind::SuiteFinished {
            stage: "component".into(),
            suite: "go_unit".into(),
            tests: vec![
                SuiteTest { name: "TestA".into(), outcome: SuiteOutcome::Passed, output: String::new() },
                SuiteTest { name: "TestB".into(), outcome: SuiteOutcome::Skipped, output: String::new() },
            ],
            failure: None,
            took_us: 1_200_000,
        },
        EventKind::ScenarioStarted {
            id: 0,
            scenario: ScenarioInfo {
                case: "case 2 of 3: qty -1, code 422".into(),
                ..scenario("A bad quantity is refused", 44, "component")
            },
            attempt: 1,
        },
        finished(
            0,
            ScenarioInfo {
                case: "case 2 of 3: qty -1, code 422".into(),
                ..scenario("A bad quantity is refused", 44, "component")
            },
            Outcome::Passed,
            Vec::new(),
        ),
        finished(
            1,
            scenario("Entries keep their order", 70, "component"),
            Outcome::Skipped { why: "the link is shared, see PAY-12".into() },
            Vec::new(),
        ),
        EventKind::StageFinished {
            stage: "component".into(),
            gates: vec![Gate { condition: "pass_rate == 100%".into(), values: Vec::new(), held: true }],
            failures: Vec::new(),
        },
        EventKind::StageStarted { stage: "e2e".into(), scenarios: 5 },
        EventKind::ScenarioStarted { id: 2, scenario: reaches.clone(), attempt: 1 },
        EventKind::StepStarted { id: 2, title: "Alice buys two teas".into() },
        EventKind::Shown {
            id: Some(2),
            place: place(20, 5, 4, ""),
            expression: "body.id".into(),
            value: "\"o-77\"".into(),
        },
        finished(2, reaches, Outcome::Failed, vec![match_failure(), latency_failure()]),
        EventKind::ScenarioFinished {
            id: 3,
            scenario: flaky.clone(),
            attempt: 1,
            retried: true,
            outcome: Outcome::Failed,
            failures: vec![Failure {
                place: Some(place(62, 10, 13, "  expect status == 200")),
                label: "is false".into(),
                details: vec![Detail::Value { expression: "status".into(), value: "503".into() }],
                repeat: Some("scn run scenarios/shop/e2e.scn:60 --seed 42".into()),
                ..Failure::new("expectation", "`status == 200` does not hold")
            }],
            took_us: 90_000,
            expectations: 1,
            requests: 1,
        },
        EventKind::ScenarioFinished {
            id: 3,
            scenario: flaky,
            attempt: 2,
            retried: false,
            outcome: Outcome::Flaky,
            failures: Vec::new(),
            took_us: 88_000,
            expectations: 1,
            requests: 1,
        },
        finished(4, scenario("A mail goes out", 80, "e2e"), Outcome::Broken, vec![broken]),
        finished(
            5,
            scenario(
                "An order with a title so long that no terminal shows it on one line reaches the ledger",
                40,
                "e2e",
            ),
            Outcome::Failed,
            vec![attempts_failure()],
        ),
        EventKind::StageFinished {
            stage: "e2e".into(),
            gates: vec![Gate {
                condition: "pass_rate >= 99%".into(),
                values: vec![Detail::Value { expression: "pass_rate".into(), value: "0.25".into() }],
                held: false,
            }],
            failures: Vec::new(),
        },
        EventKind::StageSkipped {
            stage: "load".into(),
            why: "the gate of stage e2e did not hold".into(),
            scenarios: 2,
        },
        EventKind::RunFinished {
            summary: Summary {
                passed: 2,
                flaky: 1,
                failed: 2,
                skipped: 3,
                broken: 1,
                suite_passed: 1,
                suite_skipped: 1,
                ..Summary::default()
            },
            failures: Vec::new(),
            exit: 1,
            took_us: 3_200_000,
        },
    ];
    numbered(kinds)
}

fn numbered(kinds: Vec<EventKind>) -> Vec<Event> {
    kinds
        .into_iter()
        .enumerate()
        .map(|(i, kind)| Event { seq: i as u64, at: i as u64 * 1000, kind })
        .collect()
}

/// Standard output in the tests: shared, so that it can be read after the reporter took it.
#[derive(Debug, Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn feed(reporter: &mut dyn Reporter, events: &[Event]) {
    for event in events {
        reporter.on(event).unwrap();
    }
    reporter.finish().unwrap();
}

fn page(events: &[Event], look: Look) -> String {
    let out = Shared::default();
    feed(&mut Terminal::new(Page::new(look, false), out.clone()), events);
    out.text()
}

/// Without the colours.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}

#[test]
fn a_failing_run_at_120_columns() {
    insta::assert_snapshot!(page(&sample(), Look::plain(120)));
}

#[test]
fn a_failing_run_at_80_columns() {
    insta::assert_snapshot!(page(&sample(), Look::plain(80)));
}

#[test]
fn a_failing_run_at_40_columns() {
    let out = page(&sample(), Look::plain(40));
    for line in out.lines().filter(|line| !line.contains("curl") && !line.contains("scn run")) {
        assert!(textwrap::core::display_width(line) <= 42, "{line}");
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_failing_run_in_colour_says_the_same() {
    let look = Look { color: true, ..Look::plain(80) };
    let out = page(&sample(), look);
    assert_eq!(bare(&out), page(&sample(), Look::plain(80)));
    insta::assert_snapshot!(out.replace('\u{1b}', "␛"));
}

#[test]
fn dumb_terminals_get_signs_in_ascii() {
    let out = page(&sample(), Look { color: false, unicode: false, width: 80 });
    assert!(!out.contains(['✓', '✗', '│', '›']), "{out}");
    assert!(out.contains("FAILED    An order reaches the ledger"), "{out}");
}

#[test]
fn no_width_and_hostile_texts_do_no_harm() {
    let mut events = sample();
    if let EventKind::ScenarioFinished { failures, scenario, .. } = &mut events[17].kind {
        scenario.title = "\u{1b}[2J\n日本\u{202e}".into();
        failures[0].message = "\u{1b}]0;x\u{7}\r\n".into();
        failures[0].label = "a\n\tb".into();
        failures[0].place =
            Some(Place { file: String::new(), line: 0, column: 0, width: 999, lines: vec![] });
    } else {
        panic!("the sample has moved");
    }
    for width in [0, 1, 23, 40, 69, 70, 10_000] {
        let out = page(&events, Look::plain(width));
        assert!(!out.contains(['\u{1b}', '\u{7}', '\r', '\u{202e}']), "{width}");
    }
}

#[test]
fn a_quiet_page_holds_failures_and_the_summary_only() {
    let out = Shared::default();
    feed(&mut Terminal::new(Page::new(Look::plain(80), true), out.clone()), &sample());
    let full = page(&sample(), Look::plain(80));
    assert!(full.ends_with(&out.text()));
    assert!(!out.text().contains("A bad quantity"), "{}", out.text());
}

fn ended(summary: Summary, exit: u8, scenarios: usize, deselected: usize) -> String {
    let mut events = sample();
    let mut start = events.remove(0);
    if let EventKind::RunStarted { scenarios: s, deselected: d, .. } = &mut start.kind {
        (*s, *d) = (scenarios, deselected);
    }
    let end = EventKind::RunFinished { summary, failures: Vec::new(), exit, took_us: 10 };
    let out = page(&numbered(vec![start.kind, end]), Look::plain(100));
    out.lines().last().unwrap().to_owned()
}

#[test]
fn the_verdict_never_calls_nothing_a_pass() {
    let one = Summary { passed: 1, ..Summary::default() };
    assert_eq!(ended(one, 0, 1, 0), "passed: 1 scenario holds");
    let flaky = Summary { passed: 3, flaky: 1, ..Summary::default() };
    assert_eq!(ended(flaky, 0, 3, 0), "passed: 3 scenarios hold, 1 of them only on a later attempt");
    let none = Summary::default();
    assert_eq!(
        ended(none, 4, 0, 0),
        "nothing ran: there are no scenarios here; that proves nothing, so it is no pass"
    );
    assert_eq!(
        ended(none, 4, 0, 7),
        "nothing ran: the selection left out all 7 scenarios; that proves nothing, so it is no pass"
    );
    let skipped = Summary { skipped: 2, ..Summary::default() };
    assert_eq!(
        ended(skipped, 4, 2, 0),
        "nothing ran: all 2 scenarios skipped; that proves nothing, so it is no pass"
    );
    let unknown = Summary { passed: 1, inconclusive: 1, ..Summary::default() };
    assert_eq!(
        ended(unknown, 5, 2, 0),
        "inconclusive: 1 scenario neither shown nor refuted; this is no pass"
    );
    assert_eq!(ended(one, 130, 2, 0), "interrupted: 1 scenario done before that; this is no pass");
    let broken = Summary { broken: 2, ..Summary::default() };
    assert_eq!(
        ended(broken, 3, 2, 0),
        "broken: the environment failed, not the expectations; 2 scenarios could not be judged"
    );
}

#[test]
fn a_replay_prints_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let runs = Runs::new(dir.path());
    feed(&mut runs.create().unwrap(), &sample());
    for look in [Look::plain(80), Look { color: true, ..Look::plain(47) }] {
        let live = Shared::default();
        feed(&mut Live::new(Terminal::new(Page::new(look, false), live.clone())), &sample());
        let mut events = Vec::new();
        read_run(&runs.last().unwrap(), |event| {
            events.push(event);
            true
        })
        .unwrap();
        assert_eq!(events, sample());
        assert_eq!(page(&events, look), live.text());
    }
}

#[test]
fn a_file_that_is_no_whole_run_is_refused_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.jsonl");
    let mut whole = Vec::new();
    for event in sample() {
        json::write_line(&mut whole, &event).unwrap();
    }
    let whole = String::from_utf8(whole).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let mut count = 0;
        let error = read_run(&path, |_| {
            count += 1;
            true
        });
        let error = error.err().map(|error| (error.line, error.message));
        (count, error)
    };
    assert_eq!(read(&whole), (lines.len(), None));
    let cut = read(&whole[..whole.len() - 9]);
    assert_eq!(cut, (lines.len() - 1, Some((lines.len(), "the file ends in the middle of an event".into()))));
    let short = read(&(lines[..5].join("\n") + "\n"));
    assert_eq!(short, (5, Some((5, "the file ends before the run does; it was cut off".into()))));
    let foreign = Some((1, "this is no event file of scn: it does not begin with `run_started`".to_owned()));
    assert_eq!(read("{\"a\":1}\n"), (0, foreign.clone()));
    assert_eq!(read("hello\n"), (0, foreign));
    assert_eq!(read(""), (0, Some((1, "the file is empty".into()))));
    let future = whole.replace("\"format\":1", "\"format\":7");
    assert_eq!(
        read(&future),
        (0, Some((1, format!("format 7, written by scn 0.1.0; this scn reads format {FORMAT}"))))
    );
    let odd = format!("{}\n{{\"seq\":1,\"at\":0,\"event\":\"danced\"}}\n", lines[0]);
    let (count, error) = read(&odd);
    assert_eq!(count, 1);
    let (line, message) = error.unwrap();
    assert!(line == 2 && message.starts_with("this is no event: unknown variant `danced`"), "{message}");
    let gap = format!("{}\n{}\n", lines[0], lines[2]);
    assert_eq!(read(&gap), (1, Some((2, "event 1 is missing; this one is 2".into()))));
    let bytes = [whole.as_bytes(), b"\xff\xfe\n"].concat();
    std::fs::write(&path, bytes).unwrap();
    assert!(read_run(&path, |_| true).is_err());
    assert!(read_run(dir.path(), |_| true).is_err());
    assert!(read_run(&dir.path().join("none"), |_| true).unwrap_err().message.starts_with("no such file"));
}

#[test]
fn junit_reads_like_jenkins_and_gitlab_want_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("junit.xml");
    let mut events = sample();
    if let EventKind::ScenarioFinished { failures, .. } = &mut events[17].kind {
        failures[0].message.push_str(" \u{1b}[31m\u{0}<&\"");
    }
    feed(&mut JUnit::new(&Target::File(path.clone())).unwrap(), &events);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(['\u{1b}', '\u{0}']), "{text}");
    let mut reader = quick_xml::Reader::from_str(&text);
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Eof => break,
            _ => continue,
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn json_lines_are_the_event_stream() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out/run.jsonl");
    feed(&mut Json::new(&Target::File(path.clone())).unwrap(), &sample());
    let mut events = Vec::new();
    read_run(&path, |event| {
        events.push(event);
        true
    })
    .unwrap();
    assert_eq!(events, sample());
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("summary.md");
    std::fs::write(&path, "before\n").unwrap();
    let out = Shared::default();
    feed(&mut GitHub::new(out.clone(), Some(path.clone())), &sample());
    let commands = out.text();
    for line in commands.lines() {
        assert!(line.starts_with("::error ") || line.starts_with("::warning "), "{line}");
    }
    assert!(
        commands.contains(
            "::error file=scenarios/shop/e2e.scn,line=16,col=12,endColumn=63,title=An order reaches the ledger::"
        ),
        "{commands}"
    );
    let summary = std::fs::read_to_string(path).unwrap();
    assert!(summary.starts_with("before\n### scn: failed"), "{summary}");
    insta::assert_snapshot!(summary);
}

/// A reporter whose disk is full from its third event on.
struct Full(u32, io::ErrorKind);

impl Reporter for Full {
    fn on(&mut self, _: &Event) -> io::Result<()> {
        self.0 += 1;
        assert!(self.0 <= 3, "a reporter that failed gets no more events");
        if self.0 == 3 { Err(self.1.into()) } else { Ok(()) }
    }
}

#[test]
fn a_reporter_that_cannot_write_is_told_of_once_and_left_alone() {
    let failures = WriteFailures::default();
    feed(
        &mut Watched::new("the junit report", Box::new(Full(0, io::ErrorKind::StorageFull)), &failures),
        &sample(),
    );
    let kept = failures.take();
    assert_eq!(kept, [("the junit report could not be written: no storage space".to_owned(), false)]);
    feed(&mut Watched::new("the page", Box::new(Full(0, io::ErrorKind::BrokenPipe)), &failures), &sample());
    assert!(failures.take().is_empty(), "whoever closes the pipe has read enough");
}

#[test]
fn what_fails_in_quarantine_is_brief_among_others_and_whole_alone() {
    let summary = Summary { passed: 4, quarantined: 1, ..Summary::default() };
    assert_eq!(ended(summary, 0, 5, 0), "passed: 4 scenarios hold, 1 fails in quarantine");
    let run = |scenarios: usize| {
        let mut start = sample().remove(0);
        if let EventKind::RunStarted { scenarios: count, .. } = &mut start.kind {
            *count = scenarios;
        }
        let outcome = Outcome::Quarantined { issue: "SHOP-17".into() };
        let known = finished(1, scenario("known", 12, ""), outcome, vec![match_failure()]);
        let end = EventKind::RunFinished { summary, failures: Vec::new(), exit: 0, took_us: 10 };
        page(&numbered(vec![start.kind, known, end]), Look::plain(100))
    };
    let (among, alone) = (run(5), run(1));
    for text in [".lines[0].qty", "repeat    scn run"] {
        assert!(among.contains(text) && alone.contains(text), "{text}: {among}");
    }
    for text in ["log of orders", "201 Created"] {
        assert!(!among.contains(text) && alone.contains(text), "{text}: {among}{alone}");
    }
}
