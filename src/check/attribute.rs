//! Attributes: where they may stand, what they take.

use std::sync::Arc;
use std::time::Duration;

use super::call::Wanted;
use super::context::describe;
use super::index::Referent;
use super::plan::Quarantine;
use super::walker::{Walker, list, plain_name};
use crate::diag::{Code, Diagnostic, find_code, lints};
use crate::lang::Kind;
use crate::syntax::ast::{Args, Attribute, Expr, ExprKind, Ident, Item, TemplatePart};
use crate::value::words::article;

/// More retries hide a failure instead of showing that it is rare.
const MAX_RETRIES: u64 = 100;

impl<'a> Walker<'a, '_> {
    /// All attributes of an item.
    pub(super) fn attributes(&mut self, item: &'a Item) {
        let (of, _) = describe(&item.kind);
        for (index, attribute) in item.attributes.iter().enumerate() {
            let name = &attribute.name;
            if let Some(first) = item.attributes[..index].iter().find(|other| other.name.name == name.name) {
                let message = format!("`@{}` is given twice", name.name);
                self.push(
                    Diagnostic::error(Code::DUPLICATE_NAME, name.span, message)
                        .also(first.span, "first here"),
                );
            }
            self.attribute(attribute, of, item);
        }
    }

    fn attribute(&mut self, attribute: &'a Attribute, of: &str, item: &'a Item) {
        let name = &attribute.name;
        let registry = self.cx.registry;
        let Some(spec) = registry.find(Kind::Attribute, of, &name.name).copied() else {
            let elsewhere: Vec<&str> =
                registry.all(Kind::Attribute, &name.name).iter().map(|spec| spec.of).collect();
            let known = registry.names(Kind::Attribute, of);
            let diagnostic = if elsewhere.is_empty() {
                let message = format!("there is no attribute `@{}`", name.name);
                let known: Vec<String> = known.iter().map(|name| format!("@{name}")).collect();
                Diagnostic::error(Code::UNKNOWN_OPTION, name.span, message)
                    .did_you_mean(&format!("@{}", name.name), known.iter().map(String::as_str))
            } else {
                let places: Vec<String> =
                    elsewhere.iter().map(|of| format!("{} {of}", article(of))).collect();
                let places = places.join(" or ");
                let message =
                    format!("`@{}` stands before {places}, not before {} {of}", name.name, article(of));
                Diagnostic::error(Code::UNKNOWN_OPTION, name.span, message)
            };
            self.push(diagnostic);
            return;
        };
        self.note(name.span, &spec);
        if let Some(why) = spec.planned {
            return self.not_yet(attribute.span, &format!("`@{}`", name.name), Some(why));
        }
        let nothing = Args { args: Vec::new(), span: name.span };
        match &*name.name {
            "tags" => self.tags(attribute),
            "allow" => self.allow(attribute),
            "owner" => self.owner(attribute),
            "matrix" => self.matrix(attribute, item),
            _ => {
                let wanted: Vec<Wanted> = spec.params.iter().map(Wanted::of_spec).collect();
                match &attribute.args {
                    Some(args) => self.arguments(name, &wanted, args, true),
                    None => {
                        let missing: Vec<&str> =
                            spec.params.iter().filter(|p| p.required).map(|p| p.name).collect();
                        if !missing.is_empty() {
                            let message = format!("`@{}` lacks {}", name.name, list(&missing));
                            self.push(
                                Diagnostic::error(Code::WRONG_ARGUMENTS, nothing.span, message)
                                    .help(format!("for example `{}`", spec.example)),
                            );
                        }
                    }
                }
                self.limits(attribute);
            }
        }
    }

    fn tags(&mut self, attribute: &Attribute) {
        let args = attribute.args.iter().flat_map(|args| &args.args);
        let mut any = false;
        for arg in args {
            any = true;
            if word(&arg.value).is_none() {
                let message = "a tag is a word or text";
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, arg.value.span, message)
                        .help("for example `@tags(smoke, money)`"),
                );
            }
        }
        if !any {
            let message = "`@tags` names no tag";
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, attribute.span, message)
                    .help("for example `@tags(smoke, money)`"),
            );
        }
    }

    fn allow(&mut self, attribute: &'a Attribute) {
        let args = attribute.args.as_ref().map_or(&[][..], |args| &args.args);
        if args.is_empty() {
            let message = "`@allow` names no lint";
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, attribute.span, message)
                    .help("for example `@allow(sleeps)`"),
            );
        }
        for arg in args {
            let Some(name) = plain_name(&arg.value).filter(|_| arg.name.is_none()) else {
                let message = "a lint is named by its code";
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, arg.value.span, message)
                        .help("for example `@allow(sleeps)`"),
                );
                continue;
            };
            match find_code(&name.name) {
                Some(code) if code.lint => self.note(name.span, Referent::Lint(code.name)),
                code => self.push(unknown_lint(&name, code.is_some())),
            }
        }
    }

    fn owner(&mut self, attribute: &'a Attribute) {
        match attribute.args.as_ref().map(|args| args.args.as_slice()) {
            Some([only]) => match plain_name(&only.value) {
                Some(name) => {
                    if let Some(at) = self.named_item(&name, "owner") {
                        self.cx.graph.mentions(self.item, at);
                    }
                }
                None => {
                    let message = "an owner is the name of an `owner` item";
                    self.push(Diagnostic::error(Code::WRONG_TYPE, only.value.span, message));
                }
            },
            _ => {
                let message = "`@owner` names one owner";
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, attribute.span, message)
                        .help("for example `@owner(payments)`"),
                );
            }
        }
    }

    /// What the registry's types cannot say.
    fn limits(&mut self, attribute: &'a Attribute) {
        let Some(value) = argument(attribute, 0) else { return };
        let known = !matches!(value.kind, ExprKind::Name(_) | ExprKind::Call(..) | ExprKind::Field(..));
        let wrong = match &*attribute.name.name {
            "timeout" => match &value.kind {
                ExprKind::Duration(nanos) if *nanos <= 0 => Some("a timeout is longer than nothing"),
                ExprKind::Duration(_) => None,
                _ if known => None,
                _ => Some("a timeout is written as a duration, such as `60s`"),
            },
            "retries" => match whole(value) {
                Some(count) if count <= MAX_RETRIES => None,
                _ if super::types::literal(value).is_some_and(|kind| kind != "number") => None,
                _ => Some("the number of retries is a whole number up to 100"),
            },
            "seed" => match whole(value) {
                Some(_) => None,
                None if super::types::literal(value).is_some_and(|kind| kind != "number") => None,
                None => Some("a seed is a whole number from 0 to 2^64 - 1"),
            },
            "skip" | "quarantine" if text(value).is_some_and(|text| text.trim().is_empty()) => {
                Some("the reason is empty; say why")
            }
            "skip" | "quarantine"
                if text(value).is_none() && super::types::literal(value).is_none_or(|k| k == "text") =>
            {
                Some("this is plain text, known before the run")
            }
            "cases" => match &value.kind {
                ExprKind::List(cases, _) if cases.is_empty() => {
                    Some("without a case the scenario would never run")
                }
                ExprKind::List(cases, _) => {
                    let odd = cases
                        .iter()
                        .find(|case| super::types::literal(case).is_some_and(|kind| kind != "object"));
                    if let Some(case) = odd {
                        let message = "a case is an object, such as `{ qty: 0 }`";
                        self.push(Diagnostic::error(Code::WRONG_TYPE, case.span, message));
                    }
                    None
                }
                _ => None,
            },
            _ => None,
        };
        if let Some(message) = wrong {
            self.push(Diagnostic::error(Code::WRONG_TYPE, value.span, message));
        }
        if &*attribute.name.name == "quarantine"
            && let Some(until) = named_argument(attribute, "until", 1)
            && date(until).is_none()
        {
            let message = "`until` is a day, written `date(\"2027-01-31\")`";
            self.push(Diagnostic::error(Code::WRONG_TYPE, until.span, message));
        }
    }
}

/// Says that a name is no lint's; `is_code` is whether it is that of another message.
fn unknown_lint(name: &Ident, is_code: bool) -> Diagnostic {
    if is_code {
        let message = format!("`{}` is no lint: it cannot be silenced", name.name);
        let lints: Vec<&str> = lints().collect();
        return Diagnostic::error(Code::UNKNOWN_LINT, name.span, message)
            .help(format!("the lints are {}", list(&lints)));
    }
    Diagnostic::error(Code::UNKNOWN_LINT, name.span, format!("there is no lint `{}`", name.name))
        .did_you_mean(&name.name, lints())
}

/// The attribute of an item.
pub(super) fn find<'a>(item: &'a Item, name: &str) -> Option<&'a Attribute> {
    item.attributes.iter().find(|attribute| &*attribute.name.name == name)
}

/// The argument at a position.
pub(super) fn argument(attribute: &Attribute, position: usize) -> Option<&Expr> {
    attribute.args.as_ref()?.args.get(position).map(|arg| &arg.value)
}

fn named_argument<'a>(attribute: &'a Attribute, name: &str, position: usize) -> Option<&'a Expr> {
    let args = &attribute.args.as_ref()?.args;
    let named = args.iter().find(|arg| arg.name.as_ref().is_some_and(|n| &*n.name == name));
    named.or_else(|| args.get(position).filter(|arg| arg.name.is_none())).map(|arg| &arg.value)
}

/// A bare word or plain text.
fn word(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => text(expr),
    }
}

fn text(expr: &Expr) -> Option<Arc<str>> {
    match &expr.kind {
        ExprKind::Text(template) => template.plain(),
        _ => None,
    }
}

fn whole(expr: &Expr) -> Option<u64> {
    match &expr.kind {
        ExprKind::Number(number) => u64::try_from(number.to_i128()?).ok(),
        _ => None,
    }
}

/// The day in `date("2027-01-31")`, when it is one.
fn date(expr: &Expr) -> Option<Arc<str>> {
    let ExprKind::Call(callee, args) = &expr.kind else { return None };
    let (ExprKind::Name(name), [only]) = (&callee.kind, args.args.as_slice()) else { return None };
    let ExprKind::Text(template) = &only.value.kind else { return None };
    let (true, [TemplatePart::Text(text)]) = (&**name == "date", template.parts.as_slice()) else {
        return None;
    };
    is_day(text).then(|| text.clone())
}

/// Whether the text is a day of the Gregorian calendar, as in RFC 3339 §5.6.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// What the attributes of a scenario say, for the plan.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) tags: Vec<Arc<str>>,
    pub(super) owner: Option<Arc<str>>,
    pub(super) timeout: Option<Duration>,
    pub(super) serial: bool,
    pub(super) retries: u32,
    pub(super) skip: Option<Arc<str>>,
    pub(super) quarantine: Option<Quarantine>,
    pub(super) cases: Option<Expr>,
    pub(super) seed: Option<u64>,
}

/// Reads the attributes of a scenario; what is wrong was reported by the walk.
pub(super) fn said(item: &Item) -> Said {
    let first = |name: &str| find(item, name).and_then(|attribute| argument(attribute, 0));
    let mut tags: Vec<Arc<str>> = Vec::new();
    if let Some(args) = find(item, "tags").and_then(|attribute| attribute.args.as_ref()) {
        tags.extend(args.args.iter().filter_map(|arg| word(&arg.value)));
    }
    let quarantine = find(item, "quarantine").and_then(|attribute| {
        Some(Quarantine {
            issue: named_argument(attribute, "issue", 0).and_then(text)?,
            until: named_argument(attribute, "until", 1).and_then(date),
        })
    });
    Said {
        tags,
        owner: first("owner").and_then(word),
        timeout: first("timeout").and_then(|value| match &value.kind {
            ExprKind::Duration(nanos) => u64::try_from(*nanos).ok().map(Duration::from_nanos),
            _ => None,
        }),
        serial: find(item, "serial").is_some(),
        retries: first("retries").and_then(whole).and_then(|count| u32::try_from(count).ok()).unwrap_or(0),
        skip: first("skip").and_then(text),
        quarantine,
        cases: first("cases").cloned(),
        seed: first("seed").and_then(whole),
    }
}

#[cfg(test)]
mod tests {
    use super::is_day;

    #[test]
    fn days_are_those_of_the_calendar() {
        for day in ["2026-11-22", "2028-02-29", "2000-02-29"] {
            assert!(is_day(day), "{day}");
        }
        for day in ["2026-02-29", "2100-02-29", "2026-13-01", "2026-1-1", "22.11.2026", "2026-04-31", ""] {
            assert!(!is_day(day), "{day}");
        }
    }
}
