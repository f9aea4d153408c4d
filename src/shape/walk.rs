//! A walk through a value beside its pattern: where it is, what it found, how much it may do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::difference::LISTED;
use super::{Difference, Differences};
use crate::diag::nearest;
use crate::value::{Path, Step, Value};

/// Values deeper than this are not compared further.
const MAX_DEPTH: usize = 200;
/// More comparisons than this in one judgement are refused.
const MAX_STEPS: usize = 5_000_000;

/// Where a walk is, and what it found.
#[derive(Debug)]
pub(super) struct Walk {
    pub(super) path: String,
    pub(super) found: Differences,
    depth: usize,
    steps: usize,
    /// Ends at the first difference: only whether it fits is asked.
    quick: bool,
}

impl Walk {
    /// Finds every difference.
    pub(super) fn new() -> Walk {
        Walk { path: String::new(), found: Differences::default(), depth: 0, steps: 0, quick: false }
    }

    /// Ends at the first difference.
    pub(super) fn quick() -> Walk {
        Walk { quick: true, ..Walk::new() }
    }

    /// A walk from the same place that shares the limits; see [`Walk::back`].
    pub(super) fn branch(&self, quick: bool) -> Walk {
        Walk {
            path: self.path.clone(),
            found: Differences::default(),
            depth: self.depth,
            steps: self.steps,
            quick,
        }
    }

    /// Takes the work of a branch into account and gives what it found.
    pub(super) fn back(&mut self, branch: Walk) -> Differences {
        self.steps = branch.steps;
        branch.found
    }

    /// Steps down; `false` when a limit is reached. Each success needs a [`Walk::leave`].
    pub(super) fn enter(&mut self) -> bool {
        self.steps += 1;
        if self.is_done() {
            return false;
        }
        if self.depth >= MAX_DEPTH {
            self.invalid(format!("nested more than {MAX_DEPTH} deep"));
            return false;
        }
        if self.steps > MAX_STEPS {
            self.invalid(format!(
                "comparing takes more than {MAX_STEPS} steps; compare a part, or use a key"
            ));
            return false;
        }
        self.depth += 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Whether only the answer counts, and not what shows it.
    pub(super) fn is_quick(&self) -> bool {
        self.quick
    }

    /// Whether nothing more is asked.
    pub(super) fn is_done(&self) -> bool {
        self.found.invalid.is_some() || self.quick && !self.found.is_empty()
    }

    /// Adds a difference here: what should be there, and what is.
    pub(super) fn differ(&mut self, texts: impl FnOnce() -> (String, String)) {
        let (path, quick) = (&self.path, self.quick);
        self.found.push(|| {
            let (expected, actual) = if quick { Default::default() } else { texts() };
            Difference { path: path.clone(), expected, actual }
        });
    }

    /// Says that the question makes no sense.
    pub(super) fn invalid(&mut self, why: impl Into<String>) {
        self.found.invalid.get_or_insert_with(|| why.into());
    }

    /// What was found.
    pub(super) fn finish(self) -> Differences {
        self.found
    }

    /// Does something at an element.
    pub(super) fn index(&mut self, index: usize, each: impl FnOnce(&mut Walk)) {
        let length = self.path.len();
        let _ = write!(self.path, "[{index}]");
        each(self);
        self.path.truncate(length);
    }

    /// Does something at a field.
    pub(super) fn field(&mut self, name: &Arc<str>, each: impl FnOnce(&mut Walk)) {
        let length = self.path.len();
        self.path.push_str(&dotted(name));
        each(self);
        self.path.truncate(length);
    }

    /// Does something at a path below, as it is written.
    pub(super) fn below(&mut self, path: &str, each: impl FnOnce(&mut Walk)) {
        let length = self.path.len();
        self.path.push_str(path);
        each(self);
        self.path.truncate(length);
    }

    /// Walks the fields of an object beside those that are expected. `about` says of an expected
    /// part whether it may be missing, and its text.
    pub(super) fn object<'a, P: Copy>(
        &mut self,
        expected: impl Iterator<Item = (&'a Arc<str>, P)>,
        actual: &Value,
        open: bool,
        about: impl Fn(P) -> (bool, String),
        mut each: impl FnMut(P, &Value, &mut Walk),
    ) {
        let Some(fields) = actual.as_object() else { return };
        let expected: Vec<(&Arc<str>, P)> = expected.collect();
        let known: BTreeSet<&str> = expected.iter().map(|(name, _)| &***name).collect();
        let stranger =
            |name: &Arc<str>, value: &Value| !matches!(value, Value::Absent) && !known.contains(&**name);
        let mut missing: Vec<&str> = Vec::new();
        for (name, part) in expected {
            if self.is_done() {
                return;
            }
            match fields.get(name) {
                None | Some(Value::Absent) => {
                    let (may_be_missing, text) = about(part);
                    if may_be_missing {
                        continue;
                    }
                    missing.push(name);
                    let near = self.found.listed.len() < LISTED;
                    let near = near.then(|| {
                        let strangers = fields.iter().filter(|(name, value)| stranger(name, value));
                        let near = nearest(name, strangers.map(|(name, _)| &**name));
                        near.first().map(|near| format!(" (there is `{}`)", dotted(near)))
                    });
                    let near = near.flatten().unwrap_or_default();
                    self.field(name, |walk| walk.differ(|| (text, format!("absent{near}"))));
                }
                Some(value) => self.field(name, |walk| each(part, value, walk)),
            }
        }
        if open {
            return;
        }
        for (name, value) in fields.iter().filter(|(name, value)| stranger(name, value)) {
            if self.is_done() {
                return;
            }
            let missing = missing.iter().copied();
            self.field(name, |walk| {
                walk.differ(|| {
                    let near = nearest(name, missing).first().map(|near| dotted(near));
                    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                    (format!("no such field{near}"), super::diff::shown(value))
                });
            });
        }
    }

    /// Whether every difference of `found` lies below this place, and how many there are: the
    /// measure of the nearest candidate.
    pub(super) fn distance(&self, found: &Differences) -> (bool, usize) {
        let here = |difference: &Difference| difference.path == self.path;
        (found.invalid.is_some() || found.listed.iter().any(here), found.len())
    }
}

/// A field's name as a path writes it.
pub(super) fn dotted(name: &str) -> String {
    Path(vec![Step::Field(name.into())]).to_string()
}
