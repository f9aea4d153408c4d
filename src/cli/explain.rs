//! `scn explain`: codes from the table of diagnostics, names from the registry, structural words
//! from the keyword table.

use std::fmt::Write as _;

use super::Exit;
use super::args::{Color, Explain};
use super::terminal::{self, Stream};
use crate::contract::compat;
use crate::diag::{CODES, Code, Look, did_you_mean, find_code};
use crate::lang::{KEYWORDS, Keyword, Kind, Param, Registry, Role, Safety, Spec};
use crate::report::{Ink, indented, pad};

/// Tells what a word means; without a word, what there is to ask about.
pub(super) fn explain(args: &Explain, color: Color) -> Exit {
    let look = terminal::look(color, Stream::Out);
    let registry = crate::rooms::registry();
    let Some(name) = &args.name else {
        return terminal::print(&overview(&registry, look), Exit::Passed);
    };
    match about(&registry, name, look) {
        Some(text) => terminal::print(&text, Exit::Passed),
        None => {
            let near = did_you_mean(name.trim_start_matches(['@', '.']), all_names(&registry))
                .unwrap_or_else(|| "`scn explain` lists all there is".to_owned());
            terminal::complain(&format!("nothing here is called `{name}`; {near}"));
            Exit::Wrong
        }
    }
}

/// Everything there is to say about a word, or `None` when it is unknown.
pub(super) fn about(registry: &Registry, name: &str, look: Look) -> Option<String> {
    // Attributes and properties are written with their sign.
    let bare = name.trim_start_matches(['@', '.']);
    let mut parts = Vec::new();
    parts.extend(find_code(bare).map(|code| about_code(code, look)));
    parts.extend(compat::find(bare).map(|rule| about_rule(rule, look)));
    parts.extend(KEYWORDS.iter().filter(|keyword| keyword.word == bare).map(|k| about_keyword(k, look)));
    parts.extend(registry.iter().filter(|spec| spec.name == bare).map(|spec| about_spec(spec, look)));
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn all_names(registry: &Registry) -> Vec<&'static str> {
    let codes = CODES.iter().map(|code| code.name);
    let words = KEYWORDS.iter().map(|keyword| keyword.word);
    let rules = compat::rules().map(compat::Rule::name);
    codes.chain(rules).chain(words).chain(registry.iter().map(|spec| spec.name)).collect()
}

fn heading(out: &mut String, look: Look, name: &str, what: &str) {
    let _ = writeln!(out, "{}  {}\n", look.loud(Ink::Strong, name), look.ink(Ink::Faint, what));
}

fn about_code(code: &Code, look: Look) -> String {
    let mut out = String::new();
    heading(&mut out, look, code.name, "a code of messages");
    indented(&mut out, look, 2, code.summary, None);
    out.push('\n');
    indented(&mut out, look, 2, code.explanation, None);
    out
}

/// A rule of `scn compat`: what it looks for, why, what to do, and where it counts.
fn about_rule(rule: &compat::Rule, look: Look) -> String {
    let mut out = String::new();
    let language = match rule.language {
        compat::Language::Protobuf => "Protocol Buffers",
        compat::Language::OpenApi => "OpenAPI",
    };
    heading(&mut out, look, rule.name(), &format!("a rule of `scn compat` for {language}"));
    indented(&mut out, look, 2, rule.code.summary, None);
    out.push('\n');
    indented(&mut out, look, 2, rule.code.explanation, None);
    out.push('\n');
    let levels: Vec<&str> = rule.levels.iter().map(|level| level.name()).collect();
    indented(&mut out, look, 2, &format!("At the levels: {}.", levels.join(", ")), None);
    if !rule.known_as.is_empty() {
        indented(&mut out, look, 2, &format!("`buf breaking` calls it {}.", rule.known_as), None);
    }
    out
}

fn about_keyword(keyword: &Keyword, look: Look) -> String {
    let mut out = String::new();
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
    heading(&mut out, look, keyword.word, &format!("a structural word: {}{reserved}", roles.join(", ")));
    indented(&mut out, look, 2, keyword.summary, None);
    out
}

fn about_spec(spec: &Spec, look: Look) -> String {
    let mut out = String::new();
    let of = if spec.of.is_empty() { String::new() } else { format!(" of {}", spec.of) };
    let safety = match (spec.kind, spec.safety) {
        (Kind::Verb, Safety::Safe) => ", safe: it changes nothing",
        (Kind::Verb, Safety::Unsafe) => ", unsafe: it may change something",
        (Kind::Verb, Safety::Unknown) => ", neither known to be safe nor unsafe",
        _ => "",
    };
    heading(&mut out, look, spec.name, &format!("{}{of}{safety}", spec.kind.word()));
    indented(&mut out, look, 2, spec.summary, None);
    if let Some(why) = spec.planned {
        let _ = writeln!(out);
        indented(&mut out, look, 2, &format!("not yet: {why}"), Some(Ink::Odd));
    }
    if !spec.params.is_empty() {
        out.push('\n');
        params(&mut out, look, spec.params);
    }
    if !spec.example.is_empty() {
        out.push('\n');
        indented(&mut out, look, 2, "example", Some(Ink::Faint));
        // Not wrapped: an example is to be copied.
        for line in spec.example.lines() {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        }
    }
    out
}

fn params(out: &mut String, look: Look, params: &[Param]) {
    let name = params.iter().map(|param| param.name.len()).max().unwrap_or(0).max(5);
    for param in params {
        let must = if param.required { ", required" } else { "" };
        let head = pad(&look.ink(Ink::Place, param.name), name);
        let kind = look.ink(Ink::Faint, &format!("{}{must}", param.ty.words()));
        let _ = writeln!(out, "  {head}  {kind}");
        indented(out, look, name + 4, param.summary, None);
    }
}

fn plural_word(kind: Kind) -> &'static str {
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

fn overview(registry: &Registry, look: Look) -> String {
    let mut out = String::new();
    let mut section = |title: &str, names: Vec<&str>| {
        if !names.is_empty() {
            let _ = writeln!(out, "{}", look.loud(Ink::Strong, title));
            indented(&mut out, look, 2, &names.join("  "), None);
            out.push('\n');
        }
    };
    const KINDS: &[Kind] = &[
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
    for kind in KINDS {
        let mut names: Vec<&str> = registry.of_kind(*kind).map(|spec| spec.name).collect();
        names.dedup();
        section(plural_word(*kind), names);
    }
    section("structural words", KEYWORDS.iter().map(|keyword| keyword.word).collect());
    section("rules of compatibility", compat::rules().map(compat::Rule::name).collect());
    section("codes of messages", CODES.iter().map(|code| code.name).collect());
    out.push_str("`scn explain NAME` tells more of each\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::Ty;

    #[test]
    fn every_code_keyword_and_name_is_explained() {
        let registry = crate::rooms::registry();
        for name in all_names(&registry) {
            let text = about(&registry, name, Look::plain(80)).unwrap();
            assert!(text.starts_with(name), "{text}");
            assert!(text.lines().count() > 2, "{text}");
        }
        for code in CODES {
            let text = about(&registry, code.name, Look::plain(60)).unwrap();
            assert!(text.contains(code.summary) || text.lines().count() > 4, "{text}");
        }
        assert_eq!(about(&registry, "no-such-thing", Look::plain(80)), None);
    }

    #[test]
    fn every_name_has_a_summary_and_an_example() {
        for spec in crate::rooms::registry().iter() {
            let name = format!("{:?} {} of `{}`", spec.kind, spec.name, spec.of);
            assert!(!spec.summary.trim().is_empty(), "{name} has no summary");
            assert!(!spec.example.trim().is_empty(), "{name} has no example");
            assert!(!spec.summary.contains('\n'), "the summary of {name} is longer than a line");
            for param in spec.params {
                assert!(!param.summary.trim().is_empty(), "{} of {name} has no summary", param.name);
            }
        }
    }

    #[test]
    fn a_name_is_explained_with_its_parameters_and_example() {
        const PARAMS: &[Param] = &[
            Param::required("value", Ty::Duration, "how long to wait, at most"),
            Param::new("unit", Ty::OneOf(&["ms", "s"]), "what it is counted in"),
        ];
        const SPECS: &[Spec] = &[
            Spec::new(Kind::Option, "http", "patience", "how long a request may take")
                .params(PARAMS)
                .example("GET orders /slow with {\n  patience: 2s\n}"),
            Spec::new(Kind::Verb, "grpc", "patience", "waits")
                .safety(Safety::Safe)
                .planned("streams come later"),
        ];
        let registry = Registry::new([SPECS]);
        insta::assert_snapshot!(about(&registry, "@patience", Look::plain(60)).unwrap());
    }
}
