//! The relations over calls of a link.

use super::*;

/// A call from `start` to `end` (milliseconds; nothing for one that lasts) with a response.
fn call(start: i64, end: Option<i64>, response: Option<&str>) -> Value {
    let time = |ms: i64| Value::Duration(ms * 1_000_000);
    let mut fields = vec![("id", Value::text("a")), ("start", time(start))];
    fields.extend(end.map(|end| ("end", time(end))));
    fields.extend(response.map(|response| ("response", json(response))));
    Value::object(fields)
}

/// Calls of 1 ms with these responses, each `pause` ms after the one before.
fn calls(of: &[(i64, &str)]) -> Value {
    let mut now = 0;
    let call = |(pause, response): &(i64, &str)| {
        now += pause;
        call(now, Some(now + 1), (!response.is_empty()).then_some(*response))
    };
    Value::list(of.iter().map(call).collect())
}

fn says<'a>(name: &str, subject: &'a Value, fill: impl FnOnce(&mut Claim<'a>)) -> Verdict {
    let mut claim = Claim { subject: Some(subject), per: key("id"), ..Claim::default() };
    fill(&mut claim);
    find(name).unwrap().judge(&claim)
}

fn set(claim: &mut Claim<'_>, name: &str, value: Value) {
    claim.args.insert(name.into(), value);
}

const OK: &str = r#"{"status":200}"#;
const BUSY: &str = r#"{"status":503}"#;

#[test]
fn no_relation_over_calls_holds_over_nothing() {
    let names = ["attempted", "gives_up_on", "honours_retry_after", "propagates_deadline", "opens_circuit"];
    let operand = json("[400]");
    let fill = |claim: &mut Claim<'_>| {
        claim.args.insert("at_most".into(), Value::int(3));
        claim.args.insert("after".into(), Value::int(1));
        claim.args.insert("for".into(), Value::Duration(1));
    };
    for name in names {
        let nothing = Value::list(Vec::new());
        let mut claim = Claim { subject: Some(&nothing), operand: Some(&operand), ..Claim::default() };
        fill(&mut claim);
        assert!(invalid(&find(name).unwrap().judge(&claim)), "{name}");
        claim.or_empty = true;
        claim.subject = None;
        assert!(invalid(&find(name).unwrap().judge(&claim)), "{name} without a subject");
    }
    let no_call = json(r#"[{"start":1}]"#);
    for name in &names[1..] {
        let mut claim = Claim { subject: Some(&no_call), operand: Some(&operand), ..Claim::default() };
        fill(&mut claim);
        claim.args.insert("at_most".into(), Value::Duration(1));
        assert!(why(find(name).unwrap().judge(&claim)).contains("not a duration since the run"), "{name}");
    }
}

#[test]
fn attempts_are_counted() {
    let three = calls(&[(0, BUSY), (50, BUSY), (100, OK)]);
    let judged = |least: Option<i64>, most: Option<i64>| {
        says("attempted", &three, |claim| {
            least.into_iter().for_each(|n| set(claim, "at_least", Value::int(n)));
            most.into_iter().for_each(|n| set(claim, "at_most", Value::int(n)));
        })
    };
    assert_eq!(judged(Some(2), Some(3)), Verdict::Holds);
    assert_eq!(judged(Some(3), None), Verdict::Holds);
    assert!(why(judged(None, Some(2))).contains("3 attempts, and not at most 2 where `.id` is \"a\""));
    assert!(why(judged(Some(4), Some(9))).contains("3 attempts, and not at least 4"));
    for (least, most) in [(None, None), (Some(1), None), (Some(3), Some(2)), (Some(-1), None)] {
        assert!(invalid(&judged(least, most)), "{least:?} {most:?}");
    }
}

#[test]
fn what_is_final_is_given_up() {
    let judged = |subject: &Value, statuses: &str| {
        let operand = json(statuses);
        says("gives_up_on", subject, |claim| claim.operand = Some(&operand))
    };
    let bad = r#"{"status":400}"#;
    assert_eq!(judged(&calls(&[(0, BUSY), (50, bad)]), "[400, 422]"), Verdict::Holds);
    assert_eq!(judged(&calls(&[(0, bad)]), "400"), Verdict::Holds);
    let again = calls(&[(0, BUSY), (50, bad), (100, OK)]);
    assert!(why(judged(&again, "[400]")).contains("[2] was tried although [1] had heard 400"));
    let named = calls(&[(0, r#"{"status":"INVALID_ARGUMENT"}"#), (50, OK)]);
    assert!(fails(&judged(&named, r#"["INVALID_ARGUMENT"]"#)));
    // What was under way already is no new attempt, and what the link hid was not heard.
    let under_way = Value::list(vec![call(0, Some(10), Some(bad)), call(9, Some(20), Some(OK))]);
    assert_eq!(judged(&under_way, "[400]"), Verdict::Holds);
    let hidden = calls(&[(0, r#"{"status":400,"sent":false}"#), (50, OK)]);
    assert!(invalid(&judged(&hidden, "[400]")));
    assert!(why(judged(&calls(&[(0, OK)]), "[400]")).contains("nobody heard such a status"));
    for odd in ["[]", "[true]", "null"] {
        assert!(invalid(&judged(&again, odd)), "{odd}");
    }
    let range = Value::list(vec![Value::Range((Value::int(400), Value::int(499)).into())]);
    assert!(fails(&says("gives_up_on", &again, |claim| claim.operand = Some(&range))));
}

#[test]
fn who_is_asked_to_wait_waits() {
    let after = |response: &str, pause: i64| {
        says("honours_retry_after", &calls(&[(0, response), (pause + 1, OK)]), |_| {})
    };
    let seconds = r#"{"status":503,"headers":{"retry-after":"2"}}"#;
    assert_eq!(after(seconds, 2_000), Verdict::Holds);
    assert_eq!(after(seconds, 1_995), Verdict::Holds, "two clocks may differ by some milliseconds");
    assert!(
        why(after(seconds, 1_500)).contains("[1] was tried 1.5s after [0] had been asked to wait 2s"),
        "{}",
        why(after(seconds, 1_500))
    );
    let date = r#"{"status":503,"headers":{"retry-after":"Fri, 02 Jan 2026 03:04:08 GMT","date":"Fri, 02 Jan 2026 03:04:05 GMT"}}"#;
    assert_eq!(after(date, 3_000), Verdict::Holds);
    assert!(fails(&after(date, 2_900)));
    let past = date.replace("03:04:08", "03:04:00");
    assert!(invalid(&after(&past, 1)), "nothing was asked for");
    assert!(invalid(&after(&seconds.replace('2', "0"), 1)), "nothing was asked for");
    let pushback = r#"{"status":"UNAVAILABLE","trailers":{"grpc-retry-pushback-ms":"250"}}"#;
    assert_eq!(after(pushback, 250), Verdict::Holds);
    assert!(fails(&after(pushback, 200)));
    let mut info = json(r#"{"status":"UNAVAILABLE","details":[{"type":"google.rpc.RetryInfo"}]}"#);
    if let Value::Object(fields) = &mut info {
        let detail = Value::object([
            ("type", Value::text("google.rpc.RetryInfo")),
            ("retry_delay", Value::Duration(250_000_000)),
        ]);
        std::sync::Arc::make_mut(fields).insert("details".into(), Value::list(vec![detail]));
    }
    let with = |pause: i64| {
        let mut first = call(0, Some(1), Some("{}"));
        if let Value::Object(fields) = &mut first {
            std::sync::Arc::make_mut(fields).insert("response".into(), info.clone());
        }
        let subject = Value::list(vec![first, call(pause + 1, Some(pause + 2), Some(OK))]);
        says("honours_retry_after", &subject, |_| {})
    };
    assert_eq!(with(250), Verdict::Holds);
    assert!(fails(&with(100)));

    let hidden = seconds.replace("503", "503,\"sent\":false");
    assert!(invalid(&after(&hidden, 1)), "nobody heard it");
    assert!(invalid(&after(BUSY, 1)), "nobody was asked to wait");
    assert!(invalid(&says("honours_retry_after", &calls(&[(0, seconds)]), |_| {})), "nobody came again");
    assert!(why(after(&seconds.replace('2', "soon"), 1)).contains("neither seconds nor a date"));
    let timeless = r#"{"status":503,"headers":{"retry-after":"Fri, 02 Jan 2026 03:04:08 GMT"}}"#;
    assert!(why(after(timeless, 1)).contains("no `date` to count from"));
}

/// A call with a trace and perhaps a timeout.
fn timed(trace: &str, timeout: Option<&str>) -> Value {
    let headers = timeout.map(|timeout| ("grpc-timeout", Value::text(timeout)));
    Value::object([
        ("start", Value::Duration(0)),
        ("trace", Value::text(trace)),
        ("headers", Value::object(headers)),
    ])
}

#[test]
fn deadlines_go_on() {
    let judged = |timeouts: &[Option<&str>], most: Option<i64>| {
        let subject = Value::list(timeouts.iter().map(|timeout| timed("t", *timeout)).collect());
        says("propagates_deadline", &subject, |claim| {
            claim.per = None;
            most.into_iter().for_each(|most| set(claim, "at_most", Value::Duration(most * 1_000_000)));
        })
    };
    assert_eq!(judged(&[Some("2S"), Some("1999998u")], Some(2_000)), Verdict::Holds);
    assert_eq!(judged(&[Some("1H")], None), Verdict::Holds);
    assert!(why(judged(&[Some("2S"), None], None)).contains("[1] does not say how much time there is"));
    assert!(why(judged(&[Some("2001m")], Some(2_000))).contains("[0] has 2.001s, more than 2s"));
    for odd in ["", "2", "S", "-1S", "2s", "123456789S", "é"] {
        assert!(why(judged(&[Some(odd)], None)).contains("which is no timeout"), "{odd}");
    }

    let of = |callers: &[Value], timeout| {
        let (subject, callers) = (Value::list(vec![timed("t", timeout)]), Value::list(callers.to_vec()));
        let claim = Claim { subject: Some(&subject), of: Some(&callers), ..Claim::default() };
        find("propagates_deadline").unwrap().judge(&claim)
    };
    let callers = [timed("u", None), timed("t", Some("2S"))];
    assert_eq!(of(&callers, Some("2S")), Verdict::Holds);
    assert!(why(of(&callers, Some("3S"))).contains("[0] has 3s, and its caller had 2s"));
    assert!(why(of(&callers[..1], Some("1S"))).contains("no call after `of` has the trace of [0]"));
    assert!(why(of(&[timed("t", None)], Some("1S"))).contains("had no deadline"));
}

/// All calls of a scenario have the same trace, so that the time tells who caused what.
#[test]
fn a_call_has_no_more_time_than_the_caller_at_work() {
    let at = |start: i64, end: i64, span: &str, timeout: &str| {
        Value::object([
            ("start", Value::Duration(start)),
            ("end", Value::Duration(end)),
            ("trace", Value::text("t")),
            (
                "headers",
                Value::object([("grpc-timeout", Value::text(timeout)), ("traceparent", Value::text(span))]),
            ),
        ])
    };
    let of = |callers: &[Value], calls: &[Value]| {
        let (calls, callers) = (Value::list(calls.to_vec()), Value::list(callers.to_vec()));
        let claim = Claim { subject: Some(&calls), of: Some(&callers), ..Claim::default() };
        find("propagates_deadline").unwrap().judge(&claim)
    };
    let apart = [at(1, 2, "a", "10S"), at(3, 4, "b", "1S")];
    assert_eq!(of(&apart, &[at(1, 2, "x", "9S"), at(3, 3, "x", "1S")]), Verdict::Holds);
    let late = of(&apart, &[at(1, 2, "x", "9S"), at(3, 3, "x", "5S")]);
    assert!(why(late).contains("[1] has 5s, and its caller had 1s"));
    assert!(why(of(&apart, &[at(5, 6, "x", "1S")])).contains("was under way when it began"));

    let together = [at(1, 9, "a", "10S"), at(2, 8, "b", "1S")];
    assert_eq!(of(&together, &[at(3, 4, "x", "1S")]), Verdict::Holds, "whichever caused it");
    assert!(fails(&of(&together, &[at(3, 4, "x", "11S")])), "whichever caused it");
    let Verdict::Unknown(why_not) = of(&together, &[at(3, 4, "x", "5S")]) else { panic!() };
    assert!(why_not.ends_with("[0] with 10s, [1] with 1s were under way at once"), "{why_not}");
    // A service that hands on the header as it came says which.
    assert_eq!(of(&together, &[at(3, 4, "a", "5S")]), Verdict::Holds);
    assert!(fails(&of(&together, &[at(3, 4, "b", "5S")])));
}

#[test]
fn circuits_open() {
    let judged = |subject: &Value, failures: Option<Value>| {
        says("opens_circuit", subject, |claim| {
            set(claim, "after", Value::int(3));
            set(claim, "for", Value::Duration(1_000_000_000));
            failures.into_iter().for_each(|failures| set(claim, "failures", failures));
        })
    };
    let three = [(0, BUSY), (50, ""), (50, r#"{"status":"UNAVAILABLE"}"#)];
    let then = |more: &[(i64, &'static str)]| calls(&[&three[..], more].concat());
    assert_eq!(judged(&then(&[(1_001, OK), (1, OK)]), None), Verdict::Holds);
    let early = judged(&then(&[(500, OK)]), None);
    assert!(why(early).contains("[3] was called 499ms after [2], failure 3 in a row, and not 1s later"));
    // One that finds out and fails is followed by another rest.
    assert!(fails(&judged(&then(&[(1_001, BUSY), (50, OK)]), None)));
    assert_eq!(judged(&then(&[(1_001, BUSY), (1_001, OK)]), None), Verdict::Holds);
    // What was under way already is no new call.
    let mut under_way = then(&[(1_001, OK)]).as_list().unwrap().to_vec();
    under_way.push(call(90, Some(120), Some(OK)));
    assert_eq!(judged(&Value::list(under_way), None), Verdict::Holds);
    // Nor is what was decided before the failure was heard of; who goes on is found.
    let last = 1 + three.iter().map(|(pause, _)| pause).sum::<i64>();
    let mut decided = then(&[(1_001, OK)]).as_list().unwrap().to_vec();
    decided.push(call(last + 1, Some(last + 2), Some(OK)));
    assert_eq!(judged(&Value::list(decided.clone()), None), Verdict::Holds);
    decided.push(call(last + 60, Some(last + 61), Some(OK)));
    assert!(fails(&judged(&Value::list(decided), None)));

    assert!(why(judged(&then(&[]), None)).contains("no circuit was seen to be open"), "nobody called again");
    assert!(invalid(&judged(&calls(&[(0, BUSY), (50, OK), (50, BUSY), (50, BUSY), (1, OK)]), None)));
    let client =
        calls(&[(0, r#"{"status":429}"#), (1, r#"{"status":429}"#), (1, r#"{"status":429}"#), (60, OK)]);
    assert!(invalid(&judged(&client, None)), "429 is no failure");
    assert!(fails(&judged(&client, Some(json("[429]")))), "unless it is said to be one");
    let no_rest = says("opens_circuit", &client, |claim| set(claim, "after", Value::int(0)));
    assert!(invalid(&no_rest));
}

#[test]
fn pauses_follow_a_curve() {
    let judged = |pauses: &[i64], jitter: Option<Value>| {
        let mut at = 0;
        let mut attempts = vec![call(0, Some(7), None)];
        attempts.extend(pauses.iter().map(|pause| {
            at += 7 + pause;
            call(at, Some(at + 7), None)
        }));
        says("backs_off", &Value::list(attempts), |claim| {
            set(claim, "from", Value::Duration(100_000_000));
            set(claim, "to", Value::Duration(400_000_000));
            set(claim, "factor", Value::int(2));
            jitter.into_iter().for_each(|jitter| set(claim, "jitter", jitter));
        })
    };
    let range = |less: &str, more: &str| Some(Value::Range((json(less), json(more)).into()));
    assert_eq!(judged(&[100, 200, 400, 400], None), Verdict::Holds);
    assert_eq!(judged(&[81, 239, 479], None), Verdict::Holds);
    assert!(
        why(judged(&[100, 100], None)).contains("the pause between [1] and [2] is 100ms, shorter than 200ms")
    );
    assert!(why(judged(&[100, 300], None)).contains("is 300ms, longer than 200ms"));
    assert_eq!(judged(&[199, 201, 790], range("0", "1")), Verdict::Holds);
    assert!(fails(&judged(&[99], range("0", "1"))));
    assert!(fails(&judged(&[201], range("0", "1"))));
    for (less, more) in [("-1", "1"), ("1", "0"), ("\"a\"", "1")] {
        assert!(invalid(&judged(&[100], range(less, more))), "{less}..{more}");
    }
    let with = |name: &'static str, value: Value| {
        says("backs_off", &calls(&[(0, BUSY), (100, OK)]), |claim| {
            set(claim, "from", Value::Duration(1));
            set(claim, "to", Value::Duration(1_000_000_000));
            set(claim, name, value);
        })
    };
    assert!(invalid(&with("factor", json("0.5"))));
    assert!(why(with("to", Value::Duration(0))).contains("`from` is longer than `to`"));
}
