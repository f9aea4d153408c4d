//! How long an editor waits after a keystroke in a module of 5,000 lines, for its diagnostics and for
//! completion, on one core: `cargo bench --bench lsp`. The aim is 10 ms for 99 of 100 keystrokes.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use scn::check::Memo;
use scn::ide::{Snapshot, complete};
use scn::load::{Kept, load_again};

/// How many keystrokes are measured.
const KEYSTROKES: usize = 500;

/// A module of as many lines.
fn module(lines: usize) -> String {
    let mut text = String::from("stage unit\n\nshape Line { sku: text, qty: int(1..9) }\n\n");
    for number in 0..lines / 10 {
        let _ = write!(
            text,
            "/// Says what it is given.\n@tags(quick)\nscenario \"number {number} is said\" in unit {{\n  \
             let line = any Line {{ qty: {} }}\n  exec \"echo ${{line.sku}} {number}\"\n  \
             expect stdout contains \"{number}\" because \"it was given\"\n  let said = stdout\n  \
             expect said contains line.sku\n}}\n\n",
            number % 9 + 1
        );
    }
    text
}

/// The time under which that share of the times lie.
fn percentile(times: &mut [Duration], share: f64) -> Duration {
    times.sort();
    times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default()
}

fn main() {
    let root = std::env::temp_dir();
    let path = root.canonicalize().unwrap_or(root).join("scn-bench-lsp.scn");
    let registry = Arc::new(scn::rooms::registry());
    let mut kept = Kept::for_editing();
    let mut memo = Memo::default();
    let mut text = module(5_000);
    println!("{} lines, {} bytes", text.lines().count(), text.len());
    let mut see = |text: &str| {
        kept.open(&path, Some(text.into()));
        let dir = path.parent().unwrap_or(Path::new("/"));
        let (program, found) = load_again(std::slice::from_ref(&path), dir, &mut kept);
        Snapshot::new(program, found, registry.clone(), &mut memo)
    };
    see(&text);
    // In the middle somebody writes an expectation, and takes it back.
    let middle = text[..text.len() / 2].rfind("  let said").unwrap_or(0);
    let written = "  expect stdout contains said because \"so\"\n";
    let (mut checks, mut completions) = (Vec::new(), Vec::new());
    for keystroke in 0..KEYSTROKES {
        let column = keystroke % written.len();
        if column == 0 && keystroke > 0 {
            text.replace_range(middle..middle + written.len(), "");
        }
        text.insert_str(middle + column, &written[column..=column]);
        let start = Instant::now();
        let snapshot = see(&text);
        checks.push(start.elapsed());
        let start = Instant::now();
        std::hint::black_box(complete(&snapshot, 0, (middle + column + 1) as u32));
        completions.push(start.elapsed());
    }
    for (name, times) in [("diagnostics", &mut checks), ("completion", &mut completions)] {
        let (half, most) = (percentile(times, 0.5), percentile(times, 0.99));
        println!("{name:12} p50 {half:>10.2?}  p99 {most:>10.2?}");
    }
}
