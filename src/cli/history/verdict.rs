//! The verdict on a recorded history, of all its objects, as people read it.

use std::fmt::Write as _;

use indexmap::IndexMap;

use super::mistake::Mistakes;
use super::read::History;
use super::theory::{Found, Judgement, Theory};
use super::{Exit, HistoryCheck};
use crate::diag::Look;
use crate::history::picture::{Scene, Tone, draw};
use crate::history::{Limits, Operation, Outcome, Same, picture};
use crate::report::{Ink, indented, plural};
use crate::value::{Value, show, show_short};

/// More objects than this are named, not drawn.
const DRAWN: usize = 3;
/// More objects than this are counted only.
const NAMED: usize = 20;

/// An object's history with its judgement.
pub(super) struct Part {
    /// The value of the field of `--per`; absent without one.
    pub(super) key: Value,
    /// In the order of their invocations.
    pub(super) operations: Vec<Operation>,
    /// Where each stands: where it begins, and where it ends.
    pub(super) lines: Vec<(u32, Option<u32>)>,
    /// When each was at work, if that was recorded.
    times: Option<Vec<(i64, Option<i64>)>>,
    pub(super) judgement: Judgement,
}

/// A judged history.
pub(super) struct Verdict {
    pub(super) claim: String,
    pub(super) model: &'static str,
    pub(super) per: Option<String>,
    /// In the order of the first operation of each.
    pub(super) parts: Vec<Part>,
    pub(super) left_out: usize,
    /// Whether any order explains all of it, so that the model was never put to the test.
    is_empty: bool,
}

impl Verdict {
    /// Judges a history.
    ///
    /// # Errors
    /// An operation that the model cannot read.
    pub(super) fn of(args: &HistoryCheck, theory: &Theory, history: History) -> Result<Verdict, Mistakes> {
        let left_out = history.left_out;
        let mut parts = parts(history);
        let histories: Vec<Vec<Operation>> =
            parts.iter_mut().map(|part| std::mem::take(&mut part.operations)).collect();
        let limits = Limits { time: args.time, memory: args.memory };
        let judged = theory.judge(&histories, &limits);
        for ((part, operations), judgement) in parts.iter_mut().zip(histories).zip(judged) {
            part.operations = operations;
            if let Judgement::Invalid(at, why) = &judgement {
                let line = part.line_of_wrong(theory, *at, &limits);
                return Err(super::unreadable(&args.file, line, why));
            }
            part.judgement = judgement;
        }
        let any_order =
            |part: &Part| matches!(part.judgement, Judgement::Holds(_)) && !theory.demands(&part.operations);
        let is_empty = parts.iter().all(any_order);
        let per = args.per.clone();
        Ok(Verdict { claim: theory.claim(), model: theory.name(), per, parts, left_out, is_empty })
    }

    /// How many operations have this outcome, or any.
    pub(super) fn count(&self, outcome: Option<Outcome>) -> usize {
        let all = self.parts.iter().flat_map(|part| &part.operations);
        all.filter(|operation| outcome.is_none_or(|outcome| operation.outcome == outcome)).count()
    }

    pub(super) fn failed(&self) -> Vec<(&Part, &Found)> {
        let parts = self.parts.iter();
        let found = parts.filter_map(|part| match &part.judgement {
            Judgement::Fails(found) => Some((part, found)),
            _ => None,
        });
        found.collect()
    }

    pub(super) fn unknown(&self) -> Vec<(&Part, &str)> {
        let parts = self.parts.iter();
        let unknown = parts.filter_map(|part| match &part.judgement {
            Judgement::Unknown(why) => Some((part, why.as_str())),
            _ => None,
        });
        unknown.collect()
    }

    pub(super) fn exit(&self) -> Exit {
        if !self.failed().is_empty() {
            Exit::Failed
        } else if self.is_empty {
            Exit::Nothing
        } else if !self.unknown().is_empty() {
            Exit::Inconclusive
        } else {
            Exit::Passed
        }
    }

    /// The scenes of all that fail, each with the object it is of.
    pub(super) fn scenes(&self) -> Vec<(String, &Part, Scene)> {
        let mut scenes = Vec::new();
        for (part, found) in self.failed() {
            let of = found.scenes(&part.operations, |at| part.when(at));
            scenes.extend(of.into_iter().map(|scene| (self.name(part), part, scene)));
        }
        scenes
    }

    /// `key "x"`; empty when there is one object only.
    fn name(&self, part: &Part) -> String {
        self.per.as_ref().map_or_else(String::new, |per| format!("{per} {}", show_short(&part.key, 60)))
    }

    /// As people read it.
    pub(super) fn terminal(&self, look: Look) -> String {
        let mut out = String::new();
        for (name, _, scene) in self.scenes().into_iter().take(DRAWN) {
            if !name.is_empty() {
                let _ = writeln!(out, "{}\n", look.loud(Ink::Strong, &name));
            }
            for line in draw(&scene, look.columns(), look.unicode) {
                let line: String = line.iter().map(|(tone, text)| tinted(look, *tone, text)).collect();
                let _ = writeln!(out, "{line}");
            }
            out.push('\n');
        }
        for (part, why) in self.unknown().into_iter().take(NAMED) {
            let name = self.name(part);
            let of = if name.is_empty() { String::new() } else { format!(" of {name}") };
            indented(&mut out, look, 0, &format!("nothing is known{of}: {why}"), Some(Ink::Odd));
        }
        let sentence = self.sentence();
        let (word, rest) = sentence.split_once(": ").unwrap_or((&sentence, ""));
        let ink = match self.exit() {
            Exit::Passed => Ink::Good,
            Exit::Failed => Ink::Bad,
            _ => Ink::Odd,
        };
        let mut told = String::new();
        indented(&mut told, look, 0, &format!("{word}: {rest}"), None);
        // The verdict itself stands out; it is never longer than a line.
        out.push_str(&told.replacen(word, &look.loud(ink, word), 1));
        out
    }

    /// `not linearizable as register`
    pub(super) fn heading(&self) -> String {
        self.sentence().split(": ").next().unwrap_or_default().to_owned()
    }

    /// `not linearizable as register: key "x" of 3; 120 operations …`
    pub(super) fn sentence(&self) -> String {
        let claim = format!("{} as {}", self.claim, self.model);
        let judged = self.judged();
        let failed = self.failed();
        let objects = |parts: Vec<&Part>| match &self.per {
            None => String::new(),
            Some(per) => {
                let names: Vec<String> =
                    parts.iter().take(NAMED).map(|part| show_short(&part.key, 40)).collect();
                let more = parts.len().saturating_sub(NAMED);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{} of {} ({per} {}{more}); ", parts.len(), self.parts.len(), names.join(", "))
            }
        };
        match self.exit() {
            Exit::Failed => {
                let parts = failed.iter().map(|(part, _)| *part).collect();
                let kinds = kinds(&failed);
                let unknown = match self.unknown().len() {
                    0 => String::new(),
                    count => format!("; {count} more unknown"),
                };
                format!("not {claim}: {kinds}{}{judged}{unknown}", objects(parts))
            }
            Exit::Nothing => format!(
                "nothing to judge: no acknowledged operation read anything, so any order explains them; {judged}"
            ),
            Exit::Inconclusive => {
                let parts = self.unknown().into_iter().map(|(part, _)| part).collect();
                format!("unknown whether {claim}: {}{judged}", objects(parts))
            }
            _ => format!("{claim}: {judged}"),
        }
    }

    /// What was looked at.
    fn judged(&self) -> String {
        let mut text = plural(self.count(None), "operation");
        if let Some(per) = &self.per {
            let _ = write!(text, " on {} by {per}", plural(self.parts.len(), "object"));
        }
        let mut notes = Vec::new();
        for (outcome, word) in [(Outcome::Fail, "failed"), (Outcome::Info, "of unknown outcome")] {
            let count = self.count(Some(outcome));
            if count > 0 {
                notes.push(format!("{count} {word}"));
            }
        }
        if !notes.is_empty() {
            let _ = write!(text, ", {}", notes.join(", "));
        }
        if self.left_out > 0 {
            let (lines, are) = (plural(self.left_out, "line"), if self.left_out == 1 { "is" } else { "are" });
            let _ = write!(text, "; left out {lines} that {are} no client's");
        }
        text
    }
}

/// The names of anomalies with their numbers: `G0, G1a (2); `.
fn kinds(failed: &[(&Part, &Found)]) -> String {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for (_, found) in failed {
        let Found::Cycles(anomalies) = found else { continue };
        for anomaly in anomalies {
            let name = anomaly.kind.to_string();
            match counts.iter_mut().find(|(known, _)| *known == name) {
                Some((_, count)) => *count += 1,
                None => counts.push((name, 1)),
            }
        }
    }
    let names: Vec<String> = counts
        .iter()
        .map(|(name, count)| if *count > 1 { format!("{name} ({count})") } else { name.clone() })
        .collect();
    if names.is_empty() { String::new() } else { format!("{}; ", names.join(", ")) }
}

impl Part {
    /// The line that makes an operation unreadable: where it ended if without its answer it could
    /// be read, else where it began.
    fn line_of_wrong(&self, theory: &Theory, at: usize, limits: &Limits) -> u32 {
        let silent = self.operations.get(at).map(|op| Operation { value: Value::Absent, ..op.clone() });
        let judged = theory.judge(&[silent.into_iter().collect()], limits);
        let is_asked_wrong = matches!(judged[..], [Judgement::Invalid(..)]);
        match self.lines.get(at) {
            Some((_, Some(last))) if !is_asked_wrong => *last,
            Some((first, _)) => *first,
            None => 0,
        }
    }

    /// When an operation was at work, if that was recorded, and the lines it stands on.
    pub(super) fn when(&self, at: usize) -> String {
        let lines = match self.lines.get(at) {
            Some((first, Some(last))) => format!("lines {first}–{last}"),
            Some((first, None)) => format!("line {first}"),
            None => String::new(),
        };
        let time = |nanos: i64| show(&Value::Duration(nanos));
        match self.times.as_ref().and_then(|times| times.get(at)) {
            Some((start, Some(end))) => format!("{} – {}, {lines}", time(*start), time(*end)),
            Some((start, None)) => format!("{} – …, {lines}", time(*start)),
            None => lines,
        }
    }
}

/// The history of each object, in the order of their first operations.
fn parts(history: History) -> Vec<Part> {
    let is_timed = !history.times.is_empty();
    let mut parts: Vec<Part> = Vec::new();
    let mut numbers: IndexMap<Same, usize> = IndexMap::new();
    let mut times = history.times.into_iter();
    for ((operation, key), lines) in history.operations.into_iter().zip(history.keys).zip(history.lines) {
        let next = parts.len();
        let at = *numbers.entry(Same::of(&key)).or_insert(next);
        if at == next {
            parts.push(Part {
                key,
                operations: Vec::new(),
                lines: Vec::new(),
                times: is_timed.then(Vec::new),
                judgement: Judgement::Unknown("it was not judged".to_owned()),
            });
        }
        let part = &mut parts[at];
        part.operations.push(operation);
        part.lines.push(lines);
        let time = times.next();
        if let (Some(times), Some(time)) = (&mut part.times, time) {
            times.push(time);
        }
    }
    parts
}

fn tinted(look: Look, tone: Tone, text: &str) -> String {
    match tone {
        Tone::Plain => text.to_owned(),
        Tone::Bad => look.loud(Ink::Bad, text),
        Tone::Good => look.ink(Ink::Good, text),
        Tone::Name => look.ink(Ink::Place, text),
        Tone::Faint => look.ink(Ink::Faint, text),
    }
}

/// An operation in words, whole.
pub(super) fn word(operation: &Operation) -> String {
    picture::word(operation, 60)
}
