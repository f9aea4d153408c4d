//! The verdict for machines, with what proves it: an order that explains a history, or the few
//! operations that no order does. Operations are named by the line that begins them, so that
//! anybody can check the proof against the file.

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::mistake::{Mistake, Mistakes};
use super::theory::{Found, Judgement};
use super::verdict::{Part, Verdict, word};
use crate::cli::Exit;
use crate::history::Outcome;
use crate::value::{Value, to_json};

/// The version of the JSON document; grows when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    verdict: &'static str,
    claim: &'a str,
    model: &'a str,
    operations: usize,
    ok: usize,
    fail: usize,
    info: usize,
    left_out_lines: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    per: Option<&'a str>,
    objects: Vec<Json>,
}

/// A verdict; ends with a newline.
pub(super) fn json(verdict: &Verdict) -> String {
    let word = match verdict.exit() {
        Exit::Passed => "valid",
        Exit::Failed => "invalid",
        Exit::Nothing => "nothing to judge",
        _ => "unknown",
    };
    let document = Document {
        version: VERSION,
        verdict: word,
        claim: &verdict.claim,
        model: verdict.model,
        operations: verdict.count(None),
        ok: verdict.count(Some(Outcome::Ok)),
        fail: verdict.count(Some(Outcome::Fail)),
        info: verdict.count(Some(Outcome::Info)),
        left_out_lines: verdict.left_out,
        per: verdict.per.as_deref(),
        objects: verdict.parts.iter().map(object).collect(),
    };
    // Texts and numbers always serialize.
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

/// The mistakes of a history that cannot be judged; ends with a newline.
pub(super) fn wrong(mistakes: &Mistakes) -> String {
    #[derive(Serialize)]
    struct Wrong<'a> {
        version: u32,
        verdict: &'static str,
        errors: usize,
        mistakes: &'a [Mistake],
    }
    let document =
        Wrong { version: VERSION, verdict: "unreadable", errors: mistakes.count, mistakes: &mistakes.shown };
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

fn object(part: &Part) -> Json {
    let lines = |places: &[usize]| places.iter().map(|at| line(part, *at)).collect::<Vec<u32>>();
    let mut object = match &part.judgement {
        Judgement::Holds(order) => json!({ "verdict": "valid", "order": lines(order) }),
        Judgement::Fails(Found::Linear(found)) => {
            let core = found.core.iter().map(|(at, weakened)| {
                let mut operation = operation(part, *at);
                operation["weakened"] = json!(weakened);
                operation
            });
            json!({
                "verdict": "invalid",
                "core": core.collect::<Vec<Json>>(),
                "begins": if found.begins_anyhow { "anyhow" } else { "initial" },
                "order": lines(&found.order),
                "stuck": line(part, found.stuck),
                "states": found.states,
            })
        }
        Judgement::Fails(Found::Cycles(anomalies)) => {
            let anomalies = anomalies.iter().map(|found| {
                let dependencies = found.dependencies.iter().map(|tie| {
                    let of = |place: usize| found.operations.get(place).map(|at| line(part, *at));
                    json!({ "from": of(tie.from), "to": of(tie.to), "kind": tie.kind, "why": tie.why })
                });
                json!({
                    "kind": found.kind.to_string(),
                    "meaning": found.kind.meaning(),
                    "operations": found.operations.iter().map(|at| operation(part, *at)).collect::<Vec<Json>>(),
                    "dependencies": dependencies.collect::<Vec<Json>>(),
                    "sentences": found.sentences,
                })
            });
            json!({ "verdict": "invalid", "anomalies": anomalies.collect::<Vec<Json>>() })
        }
        Judgement::Unknown(why) | Judgement::Invalid(_, why) => json!({ "verdict": "unknown", "why": why }),
    };
    object["operations"] = json!(part.operations.len());
    if !matches!(part.key, Value::Absent) {
        object["key"] = serde_json::from_str(&to_json(&part.key)).unwrap_or_default();
    }
    object
}

/// The line that begins an operation.
fn line(part: &Part, at: usize) -> u32 {
    part.lines.get(at).map_or(0, |(first, _)| *first)
}

fn operation(part: &Part, at: usize) -> Json {
    let text = part.operations.get(at).map(word);
    let ends = part.lines.get(at).and_then(|(_, last)| *last);
    json!({ "line": line(part, at), "ends": ends, "operation": text })
}
