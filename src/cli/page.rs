//! All there is to say about a word: from the table of diagnostics, the rules of compatibility, the
//! keyword table and the registry. `scn explain` shows one, `scn reference` all of them.

use serde::Serialize;

use crate::contract::compat::{self, Language, Rule};
use crate::diag::{CODES, Code};
use crate::lang::{KEYWORDS, Keyword, Kind, Registry, Role, Safety, Spec};

/// Every kind of name, in the order in which they are listed.
pub(super) const KINDS: &[Kind] = &[
    Kind::Protocol,
    Kind::Verb,
    Kind::Option,
    Kind::Setting,
    Kind::Attribute,
    Kind::Relation,
    Kind::Function,
    Kind::Property,
    Kind::Response,
    Kind::Constant,
    Kind::Shape,
    Kind::Fault,
    Kind::Probe,
    Kind::Model,
    Kind::Rule,
];

/// What there is to say about one meaning of a word.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    pub(super) name: &'static str,
    /// `a verb of http, safe: it changes nothing`
    pub(super) what: String,
    /// One line.
    pub(super) summary: &'static str,
    /// What more there is to say; empty for most.
    pub(super) text: String,
    /// Why it cannot be executed yet.
    pub(super) planned: Option<&'static str>,
    pub(super) params: Vec<Parameter>,
    /// A piece that uses it; empty where a line of prose says enough.
    pub(super) example: &'static str,
    /// What the example is written in: `scn`, or `text` for a file of rules.
    pub(super) language: &'static str,
}

/// A parameter of a name.
#[derive(Debug, Serialize)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// `a duration such as `250ms`, required`
    pub(super) what: String,
    pub(super) summary: &'static str,
}

/// Pages under one title.
#[derive(Debug, Serialize)]
pub(super) struct Chapter {
    /// `verbs`
    pub(super) title: &'static str,
    pub(super) pages: Vec<Page>,
}

/// Everything there is.
pub(super) fn chapters(registry: &Registry) -> Vec<Chapter> {
    let kinds = KINDS.iter().map(|kind| Chapter {
        title: kind_title(*kind),
        pages: registry.of_kind(*kind).map(Page::from).collect(),
    });
    let rest = [
        Chapter { title: "structural words", pages: KEYWORDS.iter().map(Page::from).collect() },
        Chapter { title: "rules of compatibility", pages: compat::rules().map(Page::from).collect() },
        Chapter { title: "codes of messages", pages: CODES.iter().map(|code| Page::from(*code)).collect() },
    ];
    kinds.chain(rest).filter(|chapter| !chapter.pages.is_empty()).collect()
}

impl From<&Code> for Page {
    fn from(code: &Code) -> Page {
        Page {
            name: code.name,
            what: "a code of messages".to_owned(),
            summary: code.summary,
            text: code.explanation.to_owned(),
            planned: None,
            params: Vec::new(),
            example: "",
            language: "scn",
        }
    }
}

impl From<&Rule> for Page {
    fn from(rule: &Rule) -> Page {
        let language = match rule.language {
            Language::Protobuf => "Protocol Buffers",
            Language::OpenApi => "OpenAPI",
        };
        let levels: Vec<&str> = rule.levels.iter().map(|level| level.name()).collect();
        let mut text = format!("{}\n\nAt the levels: {}.", rule.code.explanation, levels.join(", "));
        if !rule.known_as.is_empty() {
            text += &format!("\n`buf breaking` calls it {}.", rule.known_as);
        }
        Page { what: format!("a rule of `scn compat` for {language}"), text, ..Page::from(rule.code) }
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
            example: "",
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

fn kind_title(kind: Kind) -> &'static str {
    match kind {
        Kind::Protocol => "protocols",
        Kind::Verb => "verbs",
        Kind::Option => "options",
        Kind::Setting => "settings",
        Kind::Attribute => "attributes",
        Kind::Relation => "relations",
        Kind::Function => "functions",
        Kind::Property => "properties",
        Kind::Response => "parts of a response",
        Kind::Constant => "constants",
        Kind::Shape => "shapes",
        Kind::Fault => "faults",
        Kind::Probe => "probes",
        Kind::Model => "models",
        Kind::Rule => "rules of `scn data anonymize`",
    }
}
