use super::*;
use crate::value::{Number, from_json, show};

fn json(text: &str) -> Value {
    from_json(text.as_bytes()).unwrap()
}

fn compile(params: &[&str], code: &str) -> Result<(Scripts, Script), ScriptError> {
    let scripts = Scripts::with_limits(Limits { operations: 1_000_000, ..Limits::default() });
    let params: Vec<Arc<str>> = params.iter().map(|param| Arc::from(*param)).collect();
    let script = scripts.compile("test", &params, code)?;
    Ok((scripts, script))
}

fn run(code: &str, args: &[(&str, Value)]) -> Result<Value, ScriptError> {
    let names: Vec<&str> = args.iter().map(|(name, _)| *name).collect();
    let (scripts, script) = compile(&names, code)?;
    match scripts.call(&script, args.iter().map(|(_, value)| value.clone()).collect())? {
        ScriptOutcome::Value(value) => Ok(value),
        ScriptOutcome::Fail(why) => panic!("failed: {why}"),
    }
}

fn error(code: &str) -> ScriptError {
    run(code, &[]).expect_err(code)
}

fn check(code: &str) -> Result<Option<String>, ScriptError> {
    let (scripts, script) = compile(&[], code)?;
    scripts.check(&script, vec![])
}

/// As it stands in the tour.
const BALANCED: &str = "
  let sums = #{};
  for e in entries { sums[e[by]] = (sums[e[by]] ?? 0) + e.amount; }
  for account in sums.keys() {
    if sums[account] != 0 { return fail(`${account} is off by ${sums[account]}`); }
  }
";

#[test]
fn the_check_of_the_tour_works_as_written() {
    let (scripts, script) = compile(&["entries", "by"], BALANCED).unwrap();
    let by = key_value(&Key::One(Path(vec![Step::Field("account".into())])));
    assert_eq!(by, Value::text("account"));
    let check = |entries: &str| scripts.check(&script, vec![json(entries), by.clone()]);
    let even = r#"[{"account":"a","amount":0.1},{"account":"b","amount":5},{"account":"a","amount":0.2},{"account":"a","amount":-0.3},{"account":"b","amount":-5}]"#;
    assert_eq!(check(even), Ok(None));
    let odd = r#"[{"account":"a","amount":0.1},{"account":"a","amount":-0.25}]"#;
    assert_eq!(check(odd), Ok(Some("a is off by -0.15".into())));
    let misspelt = check(r#"[{"account":"a","amuont":1}]"#).unwrap_err();
    assert_eq!(&BALANCED[misspelt.offset.unwrap()..][..1], "+", "{misspelt:?}");
    check(r#"[{"acount":"a","amount":1}]"#).unwrap_err();
}

#[test]
fn only_nothing_and_true_pass() {
    assert_eq!(check(""), Ok(None));
    assert_eq!(check("true"), Ok(None));
    assert_eq!(check("let x = 1;"), Ok(None));
    assert_eq!(check("false"), Ok(Some("`test` returned false".into())));
    assert_eq!(check("fail(\"why\")"), Ok(Some("why".into())));
    assert_eq!(check("try { fail(\"why\") } catch { }"), Ok(Some("why".into())));
    assert_eq!(check("fn f() { fail(\"deep\") } f(); true"), Ok(Some("deep".into())));
    for code in ["1", "\"true\"", "[]", "#{}", "1.5", "fail(5)", "throw \"x\"", "Fn(\"fail\")", "|x| x"] {
        check(code).expect_err(code);
    }
}

#[test]
fn numbers_are_exact_both_ways() {
    assert_eq!(run("0.1 + 0.2 == 0.3", &[]).unwrap(), Value::Bool(true));
    assert_eq!(show(&run("0.1 + 0.2", &[]).unwrap()), "0.3");
    assert_eq!(show(&run("let x = 0.1; x += 0.2; x -= 0.05; x *= 2; x", &[]).unwrap()), "0.50");
    for digits in [
        "9007199254740993",
        "18446744073709551615",
        "-9223372036854775808",
        "9223372036854775808",
        "100.00",
        "-0.0000000000000000000000000001",
        "1e5",
        "7922816251426433759354395033",
    ] {
        let number: Number = digits.parse().unwrap();
        let back = run("x", &[("x", Value::Number(number.clone()))]).unwrap();
        assert_eq!(back, Value::Number(number), "{digits}");
    }
    assert_eq!(run("x + 1", &[("x", json("9007199254740993"))]).unwrap(), json("9007199254740994"));
    assert_eq!(
        run("x == 18446744073709551615", &[("x", json("18446744073709551615"))]).unwrap(),
        Value::Bool(true)
    );
    for digits in ["0.12345678901234567890123456789", "100000000000000000000000000000000", "1e4000"] {
        let error = run("x", &[("x", json(digits))]).unwrap_err();
        assert!(error.message.contains("28 digits"), "{digits}: {error}");
    }
    let nan = Value::Number(Number::Float { value: f64::NAN, single: false });
    assert!(run("x", &[("x", nan)]).is_err());
}

#[test]
fn nothing_is_rounded_in_silence() {
    assert!(error("1.0 / 3").message.contains("endless digits"));
    assert!(error("let x = 1.0; x /= 3; x").message.contains("endless digits"));
    assert_eq!(show(&run("1.0 / 8", &[]).unwrap()), "0.125");
    assert_eq!(show(&run("div(10, 3, 2)", &[]).unwrap()), "3.33");
    assert_eq!(show(&run("div(2.0, 3, 0)", &[]).unwrap()), "1");
    assert!(error("1.0 / 0").message.contains("division by zero"));
    assert!(error("div(1, 0, 2)").message.contains("division by zero"));
    assert!(error("0.00000000000000000001 * 0.00000000000000000001").message.contains("28 digits"));
    assert!(error("1000000000000000000000000000.0 + 0.00000000001").message.contains("28 digits"));
    assert!(error("9223372036854775807 + 1").message.contains("overflow"));
    assert_eq!(run("0.0 * 5.55", &[]).unwrap(), Value::int(0));
}

#[test]
fn values_go_there_and_back() {
    for text in [r#"{"a":[1,"é",null,true,{"b":2.50}],"c":{}}"#, "[]", "null", "\"\""] {
        assert_eq!(run("x", &[("x", json(text))]).unwrap(), json(text));
    }
    assert_eq!(run("x", &[("x", Value::bytes(&b"\x00\xff"[..]))]).unwrap(), Value::bytes(&b"\x00\xff"[..]));
    assert_eq!(run("x", &[("x", Value::Duration(1_500_000))]).unwrap(), json("1.5"));
    assert_eq!(run("type_of(x) == \"()\"", &[("x", Value::Absent)]).unwrap(), Value::Bool(true));
    assert_eq!(run("x.a == ()", &[("x", Value::object([("a", Value::Absent)]))]).unwrap(), Value::Bool(true));
    assert_eq!(run("'c'", &[]).unwrap(), Value::text("c"));
    assert!(error("|x| x").message.contains("no value"));
    let deep = (0..500).fold(Value::Null, |inner, _| Value::list(vec![inner]));
    assert!(run("x", &[("x", deep)]).unwrap_err().message.contains("too deep"));
}

#[test]
fn keys_of_every_form() {
    let path = |names: &[&str]| Path(names.iter().map(|name| Step::Field((*name).into())).collect());
    let record = json(r#"{"a":1,"b":{"c":2},"l":[5,6]}"#);
    let at = |key: Key| run("at(e, by)", &[("e", record.clone()), ("by", key_value(&key))]).unwrap();
    assert_eq!(at(Key::One(path(&["a"]))), Value::int(1));
    assert_eq!(at(Key::One(path(&["b", "c"]))), Value::int(2));
    assert_eq!(at(Key::Many(vec![path(&["a"]), path(&["b", "c"])])), json("[1,2]"));
    assert_eq!(at(Key::One(path(&["x", "y"]))), Value::Null);
    assert_eq!(at(Key::One(Path(vec![Step::Field("l".into()), Step::Index(-1)]))), Value::int(6));
}

#[test]
fn runaway_scripts_are_stopped() {
    for code in [
        "loop {}",
        "while true { }",
        "let x = 0; loop { x += 1; }",
        "let x = 0; for i in 0..1000000000000 { x = i; }",
    ] {
        let error = error(code);
        assert!(
            error.message.contains("runs away") || error.message.contains("longer than"),
            "{code}: {error}"
        );
    }
    assert!(error("fn f(x) { f(x + 1) } f(0)").message.contains("64 deep"));
    assert!(error("let s = \"x\"; loop { s += s; }").message.contains("too much data"));
    assert!(error("let s = \"x\"; s.pad(1000000000, \"y\")").message.contains("too much data"));
    assert!(error("let a = [1]; loop { a += a; }").message.contains("too much data"));
    assert!(error("let a = []; a.pad(1000000000, 1)").message.contains("too much data"));
    assert!(error("blob(1000000000)").message.contains("too much data"));
    assert!(error(&format!("{}1{}", "(".repeat(500), ")".repeat(500))).message.contains("complexity"));
    assert!(compile(&[], &"[".repeat(100_000)).is_err());
}

#[test]
fn time_is_limited() {
    let scripts = Scripts::new().deadline(Duration::ZERO);
    let script = scripts.compile("test", &[], "loop {}").unwrap();
    let error = scripts.call(&script, vec![]).unwrap_err();
    assert!(error.message.contains("longer than 0ns"), "{error}");
}

#[test]
fn the_sandbox_has_no_doors() {
    for code in [
        "import \"os\" as os;",
        "import \"/etc/passwd\" as p; p::x",
        "eval(\"1\")",
        "let f = Fn(\"eval\"); f.call(\"1\")",
        "export let x = 1;",
        "open(\"/etc/passwd\")",
        "read_file(\"/etc/passwd\")",
        "let f = Fn(\"open_file\"); f.call(\"/etc/passwd\")",
        "timestamp()",
        "let f = Fn(\"timestamp\"); f.call()",
        "sleep(1)",
        "let f = Fn(\"sleep\"); f.call(1000)",
        "system(\"ls\")",
        "env(\"HOME\")",
        "rand()",
        "unknown_variable",
    ] {
        assert!(run(code, &[]).is_err(), "{code}");
    }
    assert!(error("import \"os\" as os;").help.is_some_and(|help| help.contains("cannot load")));
}

#[test]
fn errors_point_into_the_code() {
    let code = "let a = \"ä\";\nlet y = ;\n";
    let error = compile(&[], code).unwrap_err();
    assert_eq!(&code[error.offset.unwrap()..], ";\n", "{error:?}");
    let code = "let a = 1;\n  let x = /* ä */ a + zzz;";
    let error = compile(&[], code).unwrap_err();
    assert_eq!(&code[error.offset.unwrap()..], "zzz;");
    assert_eq!(
        error.help.as_deref(),
        Some("a script sees its parameters and its own variables, nothing else")
    );
    let code = "fn f(x) {\n  x.nope()\n}\nf(1)";
    let error = run(code, &[]).unwrap_err();
    assert_eq!(&code[error.offset.unwrap()..][..4], "nope", "{error:?}");
    assert!(!error.message.contains("line"), "{error}");
    let code = "throw \"mine\"";
    assert_eq!(run(code, &[]).unwrap_err().message, "mine");
    assert!(compile(&["case"], "1").unwrap_err().message.contains("`case` is a reserved word"));
    let (scripts, script) = compile(&["a", "b"], "a").unwrap();
    assert_eq!(scripts.call(&script, vec![]).unwrap_err().message, "`test` takes 2 arguments, not 0");
}

#[test]
fn secrets_stay_secret() {
    let secret = || Value::text_with("geheimnis", true);
    let value = run("#{ a: [x.sub_string(0, 3)], b: x.to_upper() }", &[("x", secret())]).unwrap();
    assert!(value.is_secret() && !show(&value).to_lowercase().contains("geh"), "{}", show(&value));
    assert!(run("x.to_blob()", &[("x", secret())]).unwrap().is_secret());
    assert!(!run("x", &[("x", Value::text("a"))]).unwrap().is_secret());
    let (scripts, script) = compile(&["x"], "print(x); fail(x.sub_string(1))").unwrap();
    let why = scripts.check(&script, vec![secret()]).unwrap().unwrap();
    assert!(!why.contains("eheim"), "{why}");
    for code in [
        "throw x.sub_string(1)",
        "print(x.sub_string(1)); x.nope()",
        "let a = #{}; a[x.sub_string(1)].b.c.d",
        "parse_int(x)",
    ] {
        let error = run(code, &[("x", Value::object([("s", secret())])), ("y", secret())]);
        let error = error.err().unwrap_or_else(|| run(code, &[("x", secret())]).unwrap_err());
        assert!(!format!("{error:?}").contains("eheim"), "{error:?}");
    }
    let error = run("print(x); throw 1", &[("x", secret())]).unwrap_err();
    assert_eq!(error.notes, [MASK]);
    assert_eq!(run("print(\"a\"); throw 1", &[]).unwrap_err().notes, ["a"]);
}

#[test]
fn files_hold_functions() {
    let scripts = Scripts::new();
    let file = scripts
        .compile_file(
            "money.rhai",
            "fn net(x) { x - tax(x) }\nfn add(a, b) { a + b }\nprivate fn tax(x) { x * 0.19 }",
        )
        .unwrap();
    let names: Vec<&str> = file.functions().iter().map(|function| &*function.name).collect();
    assert_eq!(names, ["add", "net"]);
    let call = |name: &str, args: Vec<Value>| scripts.call_function(&file, name, args);
    assert_eq!(call("net", vec![json("100")]).unwrap(), ScriptOutcome::Value(json("81.00")));
    assert_eq!(call("nett", vec![]).unwrap_err().help.as_deref(), Some("did you mean `net`?"));
    assert_eq!(call("add", vec![Value::int(1)]).unwrap_err().message, "`add` takes 2 arguments, not 1");
    assert!(call("tax", vec![json("1")]).is_err());
    let error = scripts.compile_file("x.rhai", "fn f() {}\nlet x = 1;").unwrap_err();
    assert_eq!((error.message.as_str(), error.offset), ("a script file holds functions only", Some(10)));
    assert!(scripts.compile_file("x.rhai", "fn f( {").is_err());
}

#[test]
fn a_script_is_shared_between_threads() {
    let (scripts, script) = compile(&["x"], "let s = 0; for i in 0..x { s += i; } s").unwrap();
    std::thread::scope(|scope| {
        for n in 1..5i64 {
            let (scripts, script) = (&scripts, &script);
            scope.spawn(move || {
                let sum = scripts.call(script, vec![Value::int(n * 10)]).unwrap();
                assert_eq!(sum, ScriptOutcome::Value(Value::int(n * 10 * (n * 10 - 1) / 2)));
            });
        }
    });
}
