//! Scripts behind a request, `> {% … %}`: the few forms that most of them are made of.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::super::model::{Line, Request};
use super::super::{jsonpath, quote};
use super::Reader;

/// A form of a statement, and what becomes of it.
struct Form {
    form: &'static str,
    means: Meaning,
}

#[derive(Clone, Copy)]
enum Meaning {
    Test,
    Status,
    Equals,
    Has,
    Keeps,
    Prints,
}

const FORMS: &[Form] = &[
    Form {
        form: r#"client\.test\(\s*(?:"([^"]*)"|'([^']*)')\s*,\s*(?:(?:async\s+)?function\s*\(\s*\)|\(\s*\)\s*=>)\s*\{"#,
        means: Meaning::Test,
    },
    Form {
        form: r#"client\.assert\(\s*response\.status\s*={2,3}\s*(\d{3})\s*(?:,\s*(?:"[^"]*"|'[^']*'|`[^`]*`)\s*)?\)\s*;?"#,
        means: Meaning::Status,
    },
    Form {
        form: r#"client\.assert\(\s*response\.body((?:\.\w+|\[\d+\])+)\s*={2,3}\s*("[^"\\]*"|'[^'\\]*'|-?\d+(?:\.\d+)?|true|false|null)\s*(?:,\s*(?:"[^"]*"|'[^']*'|`[^`]*`)\s*)?\)\s*;?"#,
        means: Meaning::Equals,
    },
    Form {
        form: r#"client\.assert\(\s*response\.body((?:\.\w+|\[\d+\])*)\.hasOwnProperty\(\s*(?:"([^"]*)"|'([^']*)')\s*\)\s*(?:,\s*(?:"[^"]*"|'[^']*'|`[^`]*`)\s*)?\)\s*;?"#,
        means: Meaning::Has,
    },
    Form {
        form: r#"client\.global\.set\(\s*(?:"([^"]*)"|'([^']*)')\s*,\s*response\.body((?:\.\w+|\[\d+\])+)\s*\)\s*;?"#,
        means: Meaning::Keeps,
    },
    Form { form: r"client\.log\([^()]*\)\s*;?", means: Meaning::Prints },
];

static READ: LazyLock<Vec<(Option<Regex>, Meaning)>> = LazyLock::new(|| {
    FORMS.iter().map(|form| (Regex::new(&format!("^{}", form.form)).ok(), form.means)).collect()
});

impl Reader<'_> {
    /// Reads a script; whether it judges the status.
    pub(super) fn script(&mut self, request: &mut Request, text: &str) -> bool {
        let inner = text.trim().trim_start_matches('>').trim().trim_start_matches("{%");
        let inner = inner.split("%}").next().unwrap_or_default();
        let code = without_blocks(inner);
        let mut rest = code.trim();
        let mut judged = false;
        let mut lost = false;
        while !rest.is_empty() {
            let found = READ.iter().find_map(|(form, means)| Some((form.as_ref()?.captures(rest)?, *means)));
            let length = match &found {
                Some((captures, means)) => {
                    judged |= matches!(means, Meaning::Status);
                    lost |= !self.statement(request, captures, *means);
                    captures.get(0).map_or(1, |whole| whole.len())
                }
                // The end of a test, and what says nothing.
                None if rest.starts_with(['}', ')', ';']) => 1,
                None if rest.starts_with("//") => {
                    let line = rest.lines().next().unwrap_or_default();
                    request.after.push(Line::Comment(line.trim_start_matches('/').trim().to_owned()));
                    line.len()
                }
                None => {
                    lost = true;
                    rest.find('\n').unwrap_or(rest.len())
                }
            };
            rest = rest[length..].trim_start();
        }
        if lost {
            let shown: Vec<&str> = inner.split_whitespace().collect();
            request.after.push(Line::Lost(format!("a part of the script `{}`", shown.join(" "))));
        }
        judged
    }

    /// Whether the statement has a place.
    fn statement(&mut self, request: &mut Request, found: &Captures<'_>, means: Meaning) -> bool {
        let part = |at: usize| found.get(at).map(|part| part.as_str());
        let quoted = |first: usize| part(first).or_else(|| part(first + 1)).unwrap_or_default();
        let path = |at: usize| jsonpath::path("body", &format!("${}", part(at).unwrap_or_default()));
        let line = match means {
            Meaning::Test => Some(Line::Comment(quoted(1).to_owned())),
            Meaning::Status => Some(Line::Expect(format!("status == {}", part(1).unwrap_or_default()))),
            // What has a length in a script is a list or a text.
            Meaning::Equals if of_length(part(1)).is_some() => {
                let length = part(2).filter(|length| length.bytes().all(|b| b.is_ascii_digit()));
                let of = jsonpath::path("body", &format!("${}", of_length(part(1)).unwrap_or_default()));
                of.zip(length)
                    .map(|(of, length)| Line::Expect(format!("{of} matches list({length}) | text({length})")))
            }
            Meaning::Keeps if of_length(part(3)).is_some() => None,
            Meaning::Equals => path(1).map(|path| {
                let value = part(2).unwrap_or_default();
                let is_text = value.starts_with(['"', '\'']);
                let value = if is_text { quote::plain(&value[1..value.len() - 1]) } else { value.to_owned() };
                Line::Expect(format!("{path} == {value}"))
            }),
            Meaning::Has => {
                let object = path(1);
                let field = jsonpath::path("", &format!("$['{}']", quoted(2)));
                object.zip(field).map(|(object, field)| Line::Expect(format!("{object}{field} != absent")))
            }
            Meaning::Keeps => path(3).map(|path| {
                let name = quoted(1);
                let is_read = self.text.contains(&format!("{{{{{name}}}}}"));
                let own = self.variables.set(name, is_read, &mut self.story);
                Line::Let(own, path)
            }),
            Meaning::Prints => Some(Line::Comment("client.log: only what the editor prints".to_owned())),
        };
        let is_known = line.is_some();
        request.after.extend(line);
        is_known
    }
}

/// What has the length that a path ends with.
fn of_length(path: Option<&str>) -> Option<&str> {
    path?.strip_suffix(".length")
}

/// A script without what stands between `/*` and `*/`, which is never run.
fn without_blocks(script: &str) -> String {
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    let mut quote = None;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match quote {
            Some(_) if c == '\\' => length += rest[1..].chars().next().map_or(0, char::len_utf8),
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if rest.starts_with("//") => length = rest.find('\n').unwrap_or(rest.len()),
            None if rest.starts_with("/*") => {
                rest = rest[2..].split_once("*/").map_or("", |(_, after)| after);
                continue;
            }
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None => {}
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}
