//! What rules do to values, and what is to be said of it afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::anonymize::{Key, Method, Rules, Source};
use crate::value::{Object, Value};

/// More errors of a file are counted, not listed.
const LISTED: usize = 20;
/// More columns without a rule are counted, not listed.
const UNLISTED: usize = 50;

/// The state of one command.
pub(super) struct Work<'a> {
    key: &'a Key,
    rules: &'a Rules,
    counts: Vec<u64>,
    used: Vec<bool>,
    known: BTreeMap<Vec<Arc<str>>, Option<usize>>,
    paths: BTreeSet<String>,
    unlisted: BTreeSet<String>,
    errors: Vec<String>,
    more: usize,
    skipped: BTreeMap<String, usize>,
}

impl<'a> Work<'a> {
    pub(super) fn new(key: &'a Key, rules: &'a Rules) -> Work<'a> {
        Work {
            key,
            rules,
            counts: vec![0; rules.rules.len()],
            used: vec![false; rules.rules.len()],
            known: BTreeMap::new(),
            paths: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            errors: Vec::new(),
            more: 0,
            skipped: BTreeMap::new(),
        }
    }

    fn find(&mut self, path: &[Arc<str>]) -> Option<usize> {
        if let Some(found) = self.known.get(path) {
            return *found;
        }
        let found = self.rules.of(path);
        self.known.insert(path.to_vec(), found);
        found
    }

    fn method(&self, rule: usize) -> &'a Method {
        &self.rules.rules[rule].method
    }

    /// The rule of a column. One without a rule is noted, and nothing of it goes out.
    pub(super) fn column(&mut self, path: &[Arc<str>]) -> Option<usize> {
        let found = self.find(path);
        self.paths.insert(path.join("."));
        match found {
            Some(rule) => self.used[rule] = true,
            None => {
                self.unlisted.insert(path.join("."));
            }
        }
        found
    }

    /// The rule that keeps or drops all of a table or object.
    pub(super) fn whole(&mut self, path: &[Arc<str>]) -> Option<usize> {
        let found = self.find(path).filter(|rule| matches!(self.method(*rule), Method::Keep | Method::Drop));
        if let Some(rule) = found {
            self.used[rule] = true;
        }
        found
    }

    /// Whether a rule leaves out what it speaks of.
    pub(super) fn drops(&self, rule: usize) -> bool {
        matches!(self.method(rule), Method::Drop)
    }

    /// What stands in the place of a value. Errors say what is wrong with it and never show it.
    pub(super) fn replace(
        &mut self,
        rule: usize,
        value: &Value,
        beside: &dyn Fn(&str) -> Option<Value>,
    ) -> Result<Value, String> {
        self.counts[rule] += 1;
        self.method(rule).apply(self.key, &self.rules.rules[rule].domain, &Source { value, beside })
    }

    /// Replaces all of a value, names of fields as path. `around` is the object that it is in.
    pub(super) fn walk(&mut self, path: &mut Vec<Arc<str>>, value: &Value, around: Option<&Object>) -> Value {
        match value {
            Value::Object(_) | Value::List(_) => {
                if let Some(rule) = self.whole(path) {
                    self.counts[rule] += 1;
                    return if self.drops(rule) { Value::Absent } else { value.clone() };
                }
            }
            _ => {}
        }
        match value {
            Value::Object(fields) => {
                let mut replaced = Object::with_capacity(fields.len());
                for (name, value) in fields.iter() {
                    path.push(name.clone());
                    let value = self.walk(path, value, Some(fields));
                    path.pop();
                    if !matches!(value, Value::Absent) {
                        replaced.insert(name.clone(), value);
                    }
                }
                Value::Object(Arc::new(replaced))
            }
            Value::List(items) => {
                let replaced = items.iter().map(|item| self.walk(path, item, around));
                Value::list(replaced.filter(|item| !matches!(item, Value::Absent)).collect())
            }
            value => {
                let Some(rule) = self.column(path) else { return Value::Absent };
                let beside = |name: &str| around.and_then(|fields| fields.get(name)).cloned();
                self.replace(rule, value, &beside).unwrap_or_else(|why| {
                    self.error(format!(" `{}`: {why}", path.join(".")));
                    Value::Absent
                })
            }
        }
    }

    /// Notes an error with its place in the file.
    pub(super) fn error(&mut self, message: String) {
        if self.errors.len() < LISTED {
            self.errors.push(message);
        } else {
            self.more += 1;
        }
    }

    /// Whether there is an error of the file at hand, and how many there were before.
    pub(super) fn errors(&self) -> usize {
        self.errors.len()
    }

    /// Puts the place before the errors since then.
    pub(super) fn place_errors(&mut self, since: usize, place: &str) {
        for error in &mut self.errors[since..] {
            error.insert_str(0, place);
        }
    }

    /// The errors of the file at hand.
    pub(super) fn take_errors(&mut self) -> Vec<String> {
        let mut errors = std::mem::take(&mut self.errors);
        if self.more > 0 {
            errors.push(format!(" and {} more errors", std::mem::take(&mut self.more)));
        }
        errors
    }

    /// Counts a statement that is left out.
    pub(super) fn skip(&mut self, word: String) {
        *self.skipped.entry(word).or_default() += 1;
    }

    pub(super) fn skipped(&self) -> &BTreeMap<String, usize> {
        &self.skipped
    }

    pub(super) fn is_used(&self, rule: usize) -> bool {
        self.used[rule]
    }

    pub(super) fn count(&self, rule: usize) -> u64 {
        self.counts[rule]
    }

    /// Every column and field that was seen.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// What has no rule: silence is strict.
    pub(super) fn unlisted(&self) -> Option<String> {
        let mut names: Vec<String> =
            self.unlisted.iter().take(UNLISTED).map(|path| format!("  {path}")).collect();
        if self.unlisted.len() > UNLISTED {
            names.push(format!("  and {} more", self.unlisted.len() - UNLISTED));
        }
        (!names.is_empty()).then(|| {
            format!(
                "no rule says what becomes of these:\n{}\n  help: say `keep` of what may be seen, and `drop` of what is not needed",
                names.join("\n")
            )
        })
    }
}
