//! All there is to say about a word: from the table of diagnostics, the rules of compatibility, the
//! keyword table and the registry. `scn explain` shows one, `scn reference` all of them.

use serde::Serialize;

use crate::contract::compat::{self, Language, Rule};
use crate::diag::CODES;
use crate::lang::{KEYWORDS, Kind, Page, Registry};

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
