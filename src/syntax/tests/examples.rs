//! The examples of the registry are scn: items, statements, settings, rules or expressions.

use crate::anonymize::Rules;
use crate::lang::{Kind, Spec};
use crate::source::SourceId;
use crate::syntax::{parse, parse_expression};

fn reads(example: &str) -> bool {
    let wrap = [
        example.to_owned(),
        format!("scenario \"s\" {{\n{example}\n}}\n"),
        format!("scenario \"s\" {{\nidempotent as x {{\n{example}\n}}\n}}\n"),
        format!("service s {{\n{example}\n}}\n"),
        format!("stage s {{\n{example}\n}}\n"),
        format!("double d of s {{\n{example}\n}}\n"),
        format!("{example}\nscenario \"s\" {{ }}\n"),
        format!("scenario \"s\" {{\nGET orders / with {{ {example} }}\n}}\n"),
    ];
    wrap.iter().any(|text| parse(SourceId(0), text).errors.is_empty())
        || parse_expression(SourceId(0), example).is_ok()
}

#[test]
fn every_example_of_the_registry_is_read() {
    let registry = crate::rooms::registry();
    // Rules have a file of their own, whose right sides are expressions.
    let is_read = |spec: &Spec| match spec.kind {
        Kind::Rule => Rules::parse(SourceId(0), spec.example).is_ok(),
        _ => reads(spec.example),
    };
    let unread: Vec<String> = registry
        .iter()
        .filter(|spec| !spec.example.is_empty() && !is_read(spec))
        .map(|spec| format!("{:?} {}: {}", spec.kind, spec.name, spec.example))
        .collect();
    assert!(unread.is_empty(), "{}", unread.join("\n"));
}
