//! What it costs to judge a history, beside Porcupine on the same histories: `cargo bench --bench
//! history`. The aim is under 100 ms for 100,000 operations by 5 clients, under 1 s for 1,000 by 30
//! clients, and under 10 ms for 1,000 of which 3 % have an unknown outcome.
//!
//! Histories are of a register with reads, writes and compares of five values, as Jepsen draws
//! them; every client begins its next operation soon after the last one. An invalid history is a
//! valid one in which one read returned another value. Every judgement has a process of its own,
//! so that its peak memory is known: scn's is what the process took besides the history, Porcupine's
//! is all of it. Porcupine is built with `go`, and left out where there is none; it knows no limit
//! of memory, so that its process gets 4 GB and it gets less time. What scn says includes an order, or
//! the few operations that have none; Porcupine gives a verdict alone.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark may end so")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use scn::history::{Judged, Limits, Model, Operation, Outcome, linearizable};
use scn::value::Value;

/// Seconds that scn and Porcupine may take.
const LIMITS: (u64, u64) = (60, 10);

struct Case {
    name: &'static str,
    clients: usize,
    operations: usize,
    /// In a hundred.
    unknown: u32,
    spoilt: bool,
}

const fn case(name: &'static str, clients: usize, operations: usize, unknown: u32, spoilt: bool) -> Case {
    Case { name, clients, operations, unknown, spoilt }
}

const CASES: [Case; 6] = [
    case("100,000 by 5", 5, 100_000, 0, false),
    case("100,000 by 5, spoilt", 5, 100_000, 0, true),
    case("1,000 by 30", 30, 1_000, 0, false),
    case("1,000 by 30, spoilt", 30, 1_000, 0, true),
    case("1,000 by 5, 3 % unknown", 5, 1_000, 3, false),
    case("1,000 by 5, 3 % unknown, spoilt", 5, 1_000, 3, true),
];

const SEEDS: u64 = 3;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|arg| arg == "--judge") {
        return judge(Path::new(&args[at + 1]));
    }
    let porcupine = build_porcupine();
    println!("{:<33}{:>5}  {:<28}{:<28}", "operations", "seed", "scn", "porcupine");
    for case in &CASES {
        for seed in 0..SEEDS {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), written(&history(case, seed))).unwrap();
            let own = run(Command::new(&args[0]).arg("--judge").arg(file.path()));
            let other = porcupine.as_ref().map_or_else(String::new, |binary| {
                let limit = LIMITS.1.to_string();
                run(Command::new("sh").args(["-c", MEASURED, "sh"]).arg(binary).arg(file.path()).arg(limit))
            });
            println!("{:<33}{seed:>5}  {own:<28}{other:<28}", case.name);
        }
    }
}

/// Porcupine's verdict and time, and the most memory that its process had.
const MEASURED: &str = r#"ulimit -v 4000000
    said=$(/usr/bin/time -f '%M' -o "$2.peak" "$1" "$2" "$3" 2>/dev/null | tr '\n' ' ')
    [ -s "$2.peak" ] || { echo "not run: there is no /usr/bin/time"; exit; }
    case $said in '') printf 'out of memory at' ;; *) printf '%sms' "$said" ;; esac
    tail -1 "$2.peak" | awk '{ printf " %.1f MB", $1 / 1024 }'; rm -f "$2.peak""#;

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn build_porcupine() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/porcupine");
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("porcupine");
    let built = Command::new("go").arg("build").arg("-o").arg(&binary).current_dir(source).status();
    built.is_ok_and(|status| status.success()).then_some(binary)
}

fn model() -> Model {
    let model = Model::named("cas_register").expect("there is such a model");
    Model { initial: Value::int(-1), ..model }
}

fn judge(file: &Path) {
    let operations: Vec<Operation> = std::fs::read_to_string(file).unwrap().lines().map(operation).collect();
    let limits = Limits { time: Duration::from_secs(LIMITS.0), ..Limits::default() };
    let before = peak();
    let began = Instant::now();
    let judged = linearizable(&operations, &model(), &limits);
    let took = began.elapsed();
    let verdict = match judged {
        Judged::Holds(_) => "ok",
        Judged::Fails(_) => "illegal",
        Judged::Unknown(_) | Judged::Invalid(..) => "unknown",
    };
    println!("{verdict} {:.1} ms {:.1} MB", took.as_secs_f64() * 1e3, (peak() - before) as f64 / 1024.0);
}

/// The most memory that this process had so far, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// A history of a register that works, with times in nanoseconds.
fn history(case: &Case, seed: u64) -> Vec<Operation> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    // When each operation begins, takes effect, and ends.
    let mut times: Vec<(i64, i64, i64, usize)> = Vec::new();
    let mut next = vec![0i64; case.clients];
    while times.len() < case.operations {
        let client = (0..case.clients).min_by_key(|client| next[*client]).expect("there is a client");
        let start = next[client] + random.random_range(1..20);
        let effect = start + random.random_range(1..100);
        let end = effect + random.random_range(1..100);
        times.push((start, effect, end, client));
        next[client] = end;
    }
    let mut by_effect: Vec<usize> = (0..times.len()).collect();
    by_effect.sort_by_key(|at| times[*at].1);
    let mut operations: Vec<Option<Operation>> = vec![None; times.len()];
    let mut held = -1i64;
    for at in by_effect {
        let (start, _, end, client) = times[at];
        let (a, b) = (random.random_range(0..5i64), random.random_range(0..5i64));
        let unknown = random.random_range(0..100) < case.unknown;
        let (function, args, value) = match random.random_range(0..3) {
            0 => ("read", vec![], Value::int(held)),
            1 => ("write", vec![a], Value::Null),
            _ => ("cas", vec![a, b], Value::Bool(held == a)),
        };
        // Of those of unknown outcome, half never happened.
        if !(unknown && random.random_bool(0.5)) {
            held = match function {
                "write" => a,
                "cas" if held == a => b,
                _ => held,
            };
        }
        operations[at] = Some(Operation {
            process: Value::int(client as i64),
            function: function.into(),
            args: args.into_iter().map(Value::int).collect(),
            value: if unknown { Value::Absent } else { value },
            start,
            end: (!unknown).then_some(end),
            outcome: if unknown { Outcome::Info } else { Outcome::Ok },
        });
    }
    let mut operations: Vec<Operation> = operations.into_iter().flatten().collect();
    operations.sort_by_key(|operation| operation.start);
    if case.spoilt {
        spoil(&mut operations);
    }
    operations
}

/// A read returns what nobody can have written just then: of the reads late in the history, then of
/// those before, the first of which any other value is impossible.
fn spoil(operations: &mut [Operation]) {
    let late = operations.len() * 9 / 10;
    for at in (late..operations.len()).chain((0..late).rev()) {
        if &*operations[at].function != "read" || operations[at].outcome != Outcome::Ok {
            continue;
        }
        let value = operations[at].value.clone();
        let number = value.as_number().and_then(scn::value::Number::to_i128).unwrap_or(0);
        for other in 1..5 {
            operations[at].value = Value::int((number + other).rem_euclid(5));
            if matches!(linearizable(operations, &model(), &Limits::default()), Judged::Fails(_)) {
                return;
            }
        }
        operations[at].value = value;
    }
}

/// An operation a line, as Porcupine's program reads it too.
fn written(operations: &[Operation]) -> String {
    let mut out = String::new();
    for operation in operations {
        let shown = scn::value::show;
        let arg = |nth: usize| operation.args.get(nth).map_or_else(|| "0".to_owned(), shown);
        let result = match &operation.value {
            Value::Absent => "?".to_owned(),
            Value::Bool(matched) => u8::from(*matched).to_string(),
            Value::Null => "0".to_owned(),
            value => shown(value),
        };
        let end = operation.end.map_or_else(|| "?".to_owned(), |end| end.to_string());
        let function = &operation.function[..1];
        let _ = writeln!(out, "{function} {} {} {result} {} {end}", arg(0), arg(1), operation.start);
    }
    out
}

fn operation(line: &str) -> Operation {
    let fields: Vec<&str> = line.split(' ').collect();
    let number = |nth: usize| fields[nth].parse::<i64>().ok();
    let (function, args) = match fields[0] {
        "r" => ("read", vec![]),
        "w" => ("write", vec![number(1)]),
        _ => ("cas", vec![number(1), number(2)]),
    };
    Operation {
        process: Value::Null,
        function: function.into(),
        args: args.into_iter().flatten().map(Value::int).collect(),
        value: match (function, number(3)) {
            (_, None) => Value::Absent,
            ("cas", Some(matched)) => Value::Bool(matched == 1),
            (_, Some(value)) => Value::int(value),
        },
        start: number(4).expect("a start"),
        end: number(5),
        outcome: if number(5).is_some() { Outcome::Ok } else { Outcome::Info },
    }
}
