//! `scn explain`.

use std::fmt::Write as _;

use super::Exit;
use super::args::{Color, Explain};
use super::chapters::chapters;
use super::terminal::{self, Stream};
use crate::contract::compat;
use crate::diag::{Look, did_you_mean, find_code};
use crate::lang::{KEYWORDS, Page, Parameter, Registry};
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
    let mut pages: Vec<Page> = find_code(bare).map(Page::from).into_iter().collect();
    pages.extend(compat::find(bare).map(Page::from));
    pages.extend(KEYWORDS.iter().filter(|keyword| keyword.word == bare).map(Page::from));
    pages.extend(registry.iter().filter(|spec| spec.name == bare).map(Page::from));
    let parts: Vec<String> = pages.iter().map(|page| show(page, look)).collect();
    (!parts.is_empty()).then(|| parts.join("\n"))
}

fn all_names(registry: &Registry) -> Vec<&'static str> {
    chapters(registry).iter().flat_map(|chapter| &chapter.pages).map(|page| page.name).collect()
}

fn show(page: &Page, look: Look) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}  {}\n", look.loud(Ink::Strong, page.name), look.ink(Ink::Faint, &page.what));
    indented(&mut out, look, 2, page.summary, None);
    if !page.text.is_empty() {
        out.push('\n');
        indented(&mut out, look, 2, &page.text, None);
    }
    if let Some(why) = page.planned {
        out.push('\n');
        indented(&mut out, look, 2, &format!("not yet: {why}"), Some(Ink::Odd));
    }
    if !page.params.is_empty() {
        out.push('\n');
        params(&mut out, look, &page.params);
    }
    if !page.example.is_empty() {
        out.push('\n');
        indented(&mut out, look, 2, "example", Some(Ink::Faint));
        // Not wrapped: an example is to be copied.
        for line in page.example.lines() {
            let _ = writeln!(out, "{}", format!("    {line}").trim_end());
        }
    }
    out
}

fn params(out: &mut String, look: Look, params: &[Parameter]) {
    let name = params.iter().map(|param| param.name.len()).max().unwrap_or(0).max(5);
    for param in params {
        let head = pad(&look.ink(Ink::Place, param.name), name);
        let _ = writeln!(out, "  {head}  {}", look.ink(Ink::Faint, &param.what));
        indented(out, look, name + 4, param.summary, None);
    }
}

fn overview(registry: &Registry, look: Look) -> String {
    let mut out = String::new();
    for chapter in chapters(registry) {
        let mut names: Vec<&str> = chapter.pages.iter().map(|page| page.name).collect();
        names.dedup();
        let _ = writeln!(out, "{}", look.loud(Ink::Strong, chapter.title));
        indented(&mut out, look, 2, &names.join("  "), None);
        out.push('\n');
    }
    out.push_str("`scn explain NAME` tells more of each; `scn reference` tells all\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::CODES;
    use crate::lang::{Kind, Param, Safety, Spec, Ty};

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
