//! All there is to say about a word, in words: `scn explain` shows one page, `scn reference` all, and an
//! editor those of the names under its pointer.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Keyword, Kind, Role, Safety, Spec};

/// What there is to say about one meaning of a word.
#[derive(Debug, Serialize)]
pub struct Page {
    /// The word itself.
    pub name: &'static str,
    /// `a verb of http, safe: it changes nothing`
    pub what: String,
    /// One line.
    pub summary: &'static str,
    /// What more there is to say; empty for most.
    pub text: String,
    /// Why it cannot be executed yet.
    pub planned: Option<&'static str>,
    /// What it takes, in its order.
    pub params: Vec<Parameter>,
    /// A piece that uses it, or what makes a message come; empty where a line of prose says enough.
    pub example: &'static str,
    /// What the example is written in: `scn`, or `text` for a file of rules.
    pub language: &'static str,
}

/// A parameter of a name.
#[derive(Debug, Serialize)]
pub struct Parameter {
    /// What it is called by name.
    pub name: &'static str,
    /// `a duration such as `250ms`, required`
    pub what: String,
    /// One line.
    pub summary: &'static str,
}

impl Page {
    /// All but its name and what it is, as Markdown.
    pub fn markdown(&self) -> String {
        let mut out = format!("{}\n", escaped(self.summary));
        if !self.text.is_empty() {
            let _ = write!(out, "\n{}\n", escaped(&self.text));
        }
        if let Some(why) = self.planned {
            let _ = write!(out, "\nnot yet: {}\n", escaped(why));
        }
        if !self.params.is_empty() {
            out.push('\n');
        }
        for param in &self.params {
            let _ =
                writeln!(out, "- `{}` ({}): {}", param.name, escaped(&param.what), escaped(param.summary));
        }
        if !self.example.is_empty() {
            let _ = write!(out, "\n```{}\n{}\n```\n", self.language, self.example);
        }
        out
    }
}

impl From<&Keyword> for Page {
    fn from(keyword: &Keyword) -> Page {
        let roles: Vec<&str> = keyword
            .roles
            .iter()
            .map(|role| match role {
                Role::Item => "begins an item",
                Role::Statement => "begins a statement",
                Role::Expression => "stands in expressions",
                Role::Phrase => "begins a phrase",
                Role::Part => "part of an item or statement",
            })
            .collect();
        let reserved = if keyword.reserved { ", reserved" } else { "" };
        Page {
            name: keyword.word,
            what: format!("a structural word: {}{reserved}", roles.join(", ")),
            summary: keyword.summary,
            text: String::new(),
            planned: None,
            params: Vec::new(),
            example: keyword.example,
            language: "scn",
        }
    }
}

impl From<&Spec> for Page {
    fn from(spec: &Spec) -> Page {
        let of = if spec.of.is_empty() { String::new() } else { format!(" of {}", spec.of) };
        let safety = match (spec.kind, spec.safety) {
            (Kind::Verb, Safety::Safe) => ", safe: it changes nothing",
            (Kind::Verb, Safety::Unsafe) => ", unsafe: it may change something",
            (Kind::Verb, Safety::Unknown) => ", neither known to be safe nor unsafe",
            _ => "",
        };
        let params = spec.params.iter().map(|param| {
            let must = if param.required { ", required" } else { "" };
            Parameter {
                name: param.name,
                what: format!("{}{must}", param.ty.words()),
                summary: param.summary,
            }
        });
        Page {
            name: spec.name,
            what: format!("{}{of}{safety}", spec.kind.word()),
            summary: spec.summary,
            text: String::new(),
            planned: spec.planned,
            params: params.collect(),
            example: spec.example,
            language: if spec.kind == Kind::Rule { "text" } else { "scn" },
        }
    }
}

/// What Markdown would take for marks, outside of what stands between backticks.
pub fn escaped(text: &str) -> String {
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index > 0 {
            out.push('`');
        }
        for c in part.chars() {
            if index % 2 == 0 && matches!(c, '*' | '_' | '<' | '>' | '[' | ']' | '|') {
                out.push('\\');
            }
            out.push(c);
        }
    }
    out
}
