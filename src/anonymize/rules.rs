//! The rules: a line for each column, `path: rule`, read like an expression of the language.

use std::sync::Arc;

use super::method::Method;
use super::SPECS;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::lang::Spec;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Args, Expr, ExprKind};
use crate::syntax::parse_expression;
use crate::value::Number;

/// What is said of the columns that a path means.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The last parts of the path; before them may stand anything.
    pub path: Vec<Arc<str>>,
    /// Whether a `*` stands before: any table, but one.
    pub table: bool,
    /// What is done.
    pub method: Method,
    /// What the permutation is named by.
    pub domain: Arc<str>,
    /// Where it stands.
    pub span: Span,
    /// As it was written, on one line.
    pub written: String,
}

/// All rules of a file in order.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// The farthest that a date may move: a century.
const MAX_DAYS: usize = 36_525;

impl Rules {
    /// Reads a file of rules. Errors: every line that is wrong, at its place.
    pub fn parse(source: SourceId, text: &str) -> Result<Rules, Vec<Diagnostic>> {
        let (mut rules, mut errors) = (Rules::default(), Vec::new());
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let code = line.split("//").next().unwrap_or_default().trim_end();
            if !code.trim().is_empty() {
                match rule(source, text, start, code) {
                    Ok(rule) => rules.add(rule, &mut errors),
                    Err(found) => errors.extend(found),
                }
            }
            start += line.len();
        }
        if errors.is_empty() { Ok(rules) } else { Err(errors) }
    }

    fn add(&mut self, rule: Rule, errors: &mut Vec<Diagnostic>) {
        let same = |other: &&Rule| other.path == rule.path && other.table == rule.table;
        match self.rules.iter().find(same) {
            Some(first) => errors.push(
                Diagnostic::error(Code::RULES, rule.span, "this path has a rule already")
                    .also(first.span, "the first one"),
            ),
            None => self.rules.push(rule),
        }
    }

    /// The rule of a column or field: of those that fit its path, the one that says most of it.
    pub fn of(&self, path: &[Arc<str>]) -> Option<usize> {
        let fits = |rule: &Rule| path.ends_with(&rule.path) && (!rule.table || path.len() > rule.path.len());
        let fitting = self.rules.iter().enumerate().filter(|(_, rule)| fits(rule));
        fitting.max_by_key(|(_, rule)| (rule.path.len(), rule.table)).map(|(at, _)| at)
    }
}

fn wrong(span: Span, message: impl Into<String>) -> Vec<Diagnostic> {
    vec![Diagnostic::error(Code::RULES, span, message)]
}

fn rule(source: SourceId, text: &str, start: usize, line: &str) -> Result<Rule, Vec<Diagnostic>> {
    let indent = line.len() - line.trim_start().len();
    let whole = Span::new(source, start + indent, start + line.len());
    let (path, table, colon) = path(line)
        .map_err(|(at, why)| wrong(Span::new(source, start + at, start + line.len()), why))?;
    // The rest at its place in the file, so that messages point at it.
    let mut padded = " ".repeat(start + colon + 1);
    padded.push_str(&text[start + colon + 1..start + line.len()]);
    if padded.trim().is_empty() {
        let message = "a rule is missing after the path";
        return Err(wrong(whole, message));
    }
    let expr = parse_expression(source, &padded)?;
    let (method, domain) = method(&expr)?;
    let written = line.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Rule { path, table, method, domain, span: whole, written })
}

/// The parts of a path, whether a `*` begins it, and where its colon is.
type Path = (Vec<Arc<str>>, bool, usize);

fn path(line: &str) -> Result<Path, (usize, &'static str)> {
    let mut parts: Vec<Arc<str>> = Vec::new();
    let mut at = line.len() - line.trim_start().len();
    loop {
        let rest = &line[at..];
        let part = if let Some(inner) = rest.strip_prefix('"') {
            let end = inner.find('"').ok_or((at, "the quote that opens here is never closed"))?;
            at += end + 2;
            &inner[..end]
        } else {
            let end = rest.find(['.', ':', '"']).unwrap_or(rest.len());
            at += end;
            rest[..end].trim_end()
        };
        if part.is_empty() || part.contains(char::is_whitespace) && !rest.starts_with('"') {
            return Err((at.min(line.len()), "a rule is written like `customers.email: email`"));
        }
        parts.push(part.into());
        let after = line[at..].trim_start();
        at = line.len() - after.len();
        match after.chars().next() {
            Some('.') => at += 1,
            Some(':') => break,
            _ => return Err((at, "a rule is written like `customers.email: email`")),
        }
    }
    let table = &*parts[0] == "*";
    if table {
        parts.remove(0);
    }
    if parts.is_empty() || parts.iter().any(|part| part.contains('*')) {
        return Err((0, "`*` stands for a whole table, at the beginning: `*.customer_id`"));
    }
    Ok((parts, table, at))
}

fn method(expr: &Expr) -> Result<(Method, Arc<str>), Vec<Diagnostic>> {
    let (name, args) = match &expr.kind {
        ExprKind::Any(inner) => return Ok((Method::Draw((**inner).clone(), None), "any".into())),
        ExprKind::Name(name) => (name, None),
        ExprKind::Call(callee, args) => match &callee.kind {
            ExprKind::Name(name) => (name, Some(args)),
            _ => return Err(wrong(expr.span, "a rule is a name, or `any SHAPE`")),
        },
        _ => return Err(wrong(expr.span, "a rule is a name, or `any SHAPE`")),
    };
    let Some(spec) = SPECS.iter().find(|spec| spec.name == &**name) else {
        let diagnostic = Diagnostic::error(Code::RULES, expr.span, format!("there is no rule `{name}`"));
        let names: Vec<String> = SPECS.iter().map(|spec| format!("`{}`", spec.name)).collect();
        let known = format!("the rules are {}, and `any SHAPE` draws anew", names.join(", "));
        let advice = did_you_mean(name, SPECS.iter().map(|spec| spec.name)).unwrap_or(known);
        return Err(vec![diagnostic.help(advice)]);
    };
    let given = Given::of(spec, args)?;
    let method = match spec.name {
        "keep" => Method::Keep,
        "drop" => Method::Drop,
        "id" => Method::Id,
        "number" => Method::Number,
        "email" => Method::Email,
        "phone" => Method::Phone,
        "card" => Method::Card,
        "date" => Method::Date { days: given.days.unwrap_or(30), per: given.per },
        _ => Method::Text,
    };
    Ok((method, given.domain.unwrap_or_else(|| name.clone())))
}

#[derive(Default)]
struct Given {
    domain: Option<Arc<str>>,
    per: Option<Arc<str>>,
    days: Option<u32>,
}

impl Given {
    fn of(spec: &Spec, args: Option<&Args>) -> Result<Given, Vec<Diagnostic>> {
        let mut given = Given::default();
        for (index, arg) in args.iter().flat_map(|args| &args.args).enumerate() {
            let (name, span) = match &arg.name {
                Some(name) => (Some(&*name.name), name.span),
                None => (spec.params.get(index).map(|param| param.name), arg.value.span),
            };
            let param = spec.params.iter().find(|param| Some(param.name) == name);
            let Some(param) = param else {
                let advice = name.and_then(|name| did_you_mean(name, spec.params.iter().map(|p| p.name)));
                let message = match name {
                    Some(name) => format!("`{}` has no parameter `{name}`", spec.name),
                    None => format!("`{}` takes {} arguments at most", spec.name, spec.params.len()),
                };
                let diagnostic = Diagnostic::error(Code::RULES, span, message);
                return Err(vec![match advice {
                    Some(advice) => diagnostic.help(advice),
                    None => diagnostic,
                }]);
            };
            match param.name {
                "days" => given.days = Some(days(&arg.value)?),
                "per" => given.per = Some(word(&arg.value)?),
                _ => given.domain = Some(word(&arg.value)?),
            }
        }
        Ok(given)
    }
}

fn days(value: &Expr) -> Result<u32, Vec<Diagnostic>> {
    let days = match &value.kind {
        ExprKind::Number(number) => Number::to_usize(number).filter(|days| (1..=MAX_DAYS).contains(days)),
        _ => None,
    };
    let message = || wrong(value.span, format!("`days` is a whole number from 1 to {MAX_DAYS}"));
    days.and_then(|days| u32::try_from(days).ok()).ok_or_else(message)
}

fn word(value: &Expr) -> Result<Arc<str>, Vec<Diagnostic>> {
    let found = match &value.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::It(field) => Some(field.name.clone()),
        ExprKind::Text(template) => template.plain(),
        _ => None,
    };
    found.ok_or_else(|| wrong(value.span, "a name stands here"))
}
