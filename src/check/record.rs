//! Records of a few fields, and texts of a few words: a claim of another field or another word holds
//! of every record or of none, whatever the system does.

use std::sync::Arc;

use super::scope::{Response, Value as Held};
use super::walker::{Walker, list};
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::lang::call::ERROR_KINDS;
use crate::shape::{self, Pattern};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, ObjectEntry, ObjectExpr};
use crate::value::{LEVELS, Value, level};

/// Whose records a history has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Lines of a log: what else they have is the logger's business.
    Log,
    /// Calls on a link or of a double.
    Calls,
    /// Operations of a workload.
    Operations,
    /// The ends of a service's processes.
    Exits,
    /// What is asked again and again.
    Observations,
}

/// Texts, or numbers, that are one of a few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Words {
    /// The levels of logs.
    Level,
    /// How an operation ended.
    Outcome,
    /// `error.kind`
    ErrorKind,
    /// The statuses of gRPC.
    GrpcStatus,
    /// The statuses of HTTP.
    HttpStatus,
}

/// What an expression gives of which that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Records.
    Records(Of),
    /// One of them.
    Record(Of),
    /// A word of each.
    Words(Words),
    /// The word of one.
    Word(Words),
}

impl Told {
    /// What an element of it is.
    pub(super) fn element(self) -> Option<Told> {
        match self {
            Told::Records(of) => Some(Told::Record(of)),
            Told::Words(words) => Some(Told::Word(words)),
            Told::Record(_) | Told::Word(_) => None,
        }
    }
}

impl Of {
    /// The fields that its records may have; none when they may have any.
    fn fields(self) -> Option<&'static [&'static str]> {
        match self {
            Of::Log => None,
            Of::Calls => Some(&[
                "from",
                "to",
                "method",
                "path",
                "query",
                "headers",
                "body",
                "request",
                "raw",
                "response",
                "error",
                "faults",
                "attempt",
                "start",
                "end",
                "request_size",
                "response_size",
                "trace",
            ]),
            Of::Operations => {
                Some(&["process", "f", "args", "value", "start", "end", "outcome", "error", "trace"])
            }
            Of::Exits => Some(&["status", "code", "signal", "expected", "at"]),
            Of::Observations => Some(&["value", "error", "start", "end"]),
        }
    }

    /// The words of a field.
    fn words(self, field: &str) -> Option<Words> {
        match (self, field) {
            (Of::Log, "level") => Some(Words::Level),
            (Of::Operations, "outcome") => Some(Words::Outcome),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Of::Log => "a line of a log",
            Of::Calls => "a call",
            Of::Operations => "an operation",
            Of::Exits => "an exit",
            Of::Observations => "an observation",
        }
    }
}

impl Words {
    fn name(self) -> &'static str {
        match self {
            Words::Level => "no line of a log has the level",
            Words::Outcome => "no operation has the outcome",
            Words::ErrorKind => "no error has the kind",
            Words::GrpcStatus => "gRPC has no status",
            Words::HttpStatus => "HTTP has no status",
        }
    }

    /// The statuses of a protocol.
    fn status(protocol: &str) -> Option<Words> {
        match protocol {
            "grpc" => Some(Words::GrpcStatus),
            "http" => Some(Words::HttpStatus),
            _ => None,
        }
    }
}

impl<'a> Walker<'a, '_> {
    /// What two operands say of each other: `"ERROR" in s.log[*].level`, `s.log contains { level: "ERROR" }`,
    /// `error.kind != "timeout"` and the like.
    pub(super) fn told_by(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr) {
        let container = match op {
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Matches | BinaryOp::NotMatches => None,
            BinaryOp::In | BinaryOp::NotIn => Some(right),
            BinaryOp::Contains | BinaryOp::NotContains => Some(left),
            _ => return,
        };
        for (one, other) in [(left, right), (right, left)] {
            match self.told(one) {
                Some(Told::Records(of) | Told::Record(of)) => self.fits_record(of, other),
                Some(Told::Word(words))
                    if container.is_some_and(|container| std::ptr::eq(container, one)) =>
                {
                    self.part_of_word(words, other);
                }
                Some(Told::Word(words) | Told::Words(words)) => self.word(words, other),
                None => {}
            }
        }
    }

    /// A pattern of records.
    pub(super) fn fits_record(&mut self, of: Of, pattern: &'a Expr) {
        match &pattern.kind {
            ExprKind::Object(object) => self.fields_of_record(of, object),
            ExprKind::Refine(base, object) => {
                self.fits_record(of, base);
                self.fields_of_record(of, object);
            }
            ExprKind::But(base, with) | ExprKind::Binary(BinaryOp::Union, base, with) => {
                self.fits_record(of, base);
                self.fits_record(of, with);
            }
            ExprKind::List(items, _) => items.iter().for_each(|item| self.fits_record(of, item)),
            ExprKind::Compare(BinaryOp::Equal | BinaryOp::NotEqual, inner) | ExprKind::Unary(_, inner) => {
                self.fits_record(of, inner);
            }
            _ => {}
        }
    }

    fn fields_of_record(&mut self, of: Of, object: &'a ObjectExpr) {
        for entry in &object.entries {
            let ObjectEntry::Field { name, value, .. } = entry else { continue };
            let Some(field) = name.plain() else { continue };
            if let Some(words) = of.words(&field) {
                self.word(words, value);
            }
            match of.fields() {
                Some(known) if !known.contains(&&*field) => {
                    let message = format!("{} has no `{field}`", of.name());
                    self.push(
                        Diagnostic::error(Code::UNKNOWN_FIELD, name.span, message)
                            .help(format!("it has {}", list(known)))
                            .did_you_mean(&field, known.iter().copied()),
                    );
                }
                _ => {}
            }
            if let (Of::Calls, "error", ExprKind::Object(error)) = (of, &*field, &value.kind) {
                for entry in &error.entries {
                    if let ObjectEntry::Field { name, value, .. } = entry
                        && name.plain().as_deref() == Some("kind")
                    {
                        self.word(Words::ErrorKind, value);
                    }
                }
            }
        }
    }

    /// What an expression gives of a history or of a response: `s.log`, `(a -> b).calls.items`,
    /// `s.log[*].level`, `error.kind`, and variables of these.
    pub(super) fn told(&self, expr: &Expr) -> Option<Told> {
        if self.is_log(expr) {
            return Some(Told::Records(Of::Log));
        }
        match &expr.kind {
            ExprKind::Name(name) => match self.scopes.get(name) {
                Some(variable) => match &variable.value {
                    Held::Workload(_) => Some(Told::Records(Of::Operations)),
                    Held::Stream(Some(of)) if **of == *super::observe::OBSERVATION => {
                        Some(Told::Records(Of::Observations))
                    }
                    _ => self.memory.told.get(&variable.span).copied(),
                },
                None if &**name == "status" => match self.scopes.response() {
                    Response::Of(Some(protocol), _) => Words::status(protocol).map(Told::Word),
                    _ => None,
                },
                None => None,
            },
            ExprKind::Field(base, field) => self.told_field(base, field),
            ExprKind::Index(base, _) => self.told(base).and_then(Told::element),
            ExprKind::Each(base) => self.told(base),
            _ => None,
        }
    }

    fn told_field(&self, base: &Expr, field: &Ident) -> Option<Told> {
        match (&base.kind, &*field.name) {
            (ExprKind::Link(..), "calls") => return Some(Told::Records(Of::Calls)),
            (_, "calls") if self.names_service(base) => return Some(Told::Records(Of::Calls)),
            (_, "exits") if self.names_service(base) => return Some(Told::Records(Of::Exits)),
            (ExprKind::Name(name), "status") => {
                let Some(Held::Record(Some(protocol))) = self.held(name) else { return None };
                return Words::status(protocol).map(Told::Word);
            }
            (_, "kind") if self.is_error(base) => return Some(Told::Word(Words::ErrorKind)),
            _ => {}
        }
        match (self.told(base)?, &*field.name) {
            (Told::Records(of), "items") => Some(Told::Records(of)),
            (Told::Records(of), "first" | "last") => Some(Told::Record(of)),
            (Told::Records(of), name) if matches!(base.kind, ExprKind::Each(_)) => {
                of.words(name).map(Told::Words)
            }
            (Told::Record(of), name) => of.words(name).map(Told::Word),
            _ => None,
        }
    }

    fn held(&self, name: &str) -> Option<&Held> {
        self.scopes.get(name).map(|variable| &variable.value)
    }

    /// `error` of the last response, of a named one, of a stream, or of a call, over HTTP or gRPC: databases
    /// and brokers have other kinds.
    fn is_error(&self, expr: &Expr) -> bool {
        let protocol = match &expr.kind {
            ExprKind::Name(name) if &**name == "error" && self.held(name).is_none() => {
                match self.scopes.response() {
                    Response::Of(protocol, _) => protocol,
                    _ => return false,
                }
            }
            ExprKind::Field(base, field) if &*field.name == "error" => {
                let held = match &base.kind {
                    ExprKind::Name(name) => self.held(name),
                    _ => None,
                };
                match held {
                    Some(Held::Record(protocol) | Held::Stream(protocol)) => protocol,
                    _ => return self.told(base) == Some(Told::Record(Of::Calls)),
                }
            }
            _ => return false,
        };
        matches!(protocol.as_deref(), Some("http" | "grpc"))
    }

    /// A service by its name, or one of its members.
    pub(super) fn names_service(&self, expr: &Expr) -> bool {
        let expr = if let ExprKind::Index(service, _) = &expr.kind { service } else { expr };
        matches!(&expr.kind, ExprKind::Name(name) if self.scopes.get(name).is_none() && self.is_service(name))
    }

    /// All there are; none where they are numbers.
    fn all(&self, words: Words) -> Vec<&'static str> {
        match words {
            Words::Level => LEVELS.to_vec(),
            Words::Outcome => vec!["ok", "fail", "info"],
            Words::ErrorKind => ERROR_KINDS.to_vec(),
            Words::GrpcStatus => {
                let constants = self.cx.registry.of_kind(Kind::Constant);
                constants.filter(|spec| spec.of == "grpc").map(|spec| spec.name).collect()
            }
            Words::HttpStatus => Vec::new(),
        }
    }

    /// A word that there is not.
    fn word(&mut self, words: Words, expr: &'a Expr) {
        let written: Arc<str> = match &expr.kind {
            ExprKind::Text(text) => match text.plain() {
                Some(text) => text,
                None => return,
            },
            ExprKind::Number(number) => number.to_string().into(),
            ExprKind::Name(name) if words == Words::HttpStatus => {
                let constants = self.cx.registry.all(Kind::Constant, name);
                match constants.is_empty() || self.scopes.get(name).is_some() {
                    true => return,
                    false => name.clone(),
                }
            }
            ExprKind::Regex(text) => return self.word_like(words, text, expr),
            ExprKind::List(items, _) => return items.iter().for_each(|item| self.word(words, item)),
            ExprKind::Binary(BinaryOp::Union, one, other) => {
                self.word(words, one);
                return self.word(words, other);
            }
            ExprKind::Compare(BinaryOp::Equal | BinaryOp::NotEqual, of) | ExprKind::Unary(_, of) => {
                return self.word(words, of);
            }
            _ => return,
        };
        let help = match words {
            Words::Level if *level(&written) == *written => return,
            Words::Level => format!("whatever the logger calls it, it is `\"{}\"` here", level(&written)),
            // Three digits (RFC 9110 §15).
            Words::HttpStatus => match &expr.kind {
                ExprKind::Number(_) if written.len() == 3 && !written.starts_with(['0', '-']) => return,
                _ => "it is a number of three digits, such as 404".to_owned(),
            },
            _ if self.all(words).contains(&&*written) => return,
            _ => format!("it is one of {}", list(&self.all(words))),
        };
        let message = format!("{} `{written}`", words.name());
        self.push(Diagnostic::error(Code::WRONG_TYPE, expr.span, message).help(help));
    }

    /// A text that is part of no word.
    fn part_of_word(&mut self, words: Words, expr: &'a Expr) {
        let ExprKind::Text(text) = &expr.kind else { return self.word(words, expr) };
        let is_part = |text: Arc<str>| self.all(words).iter().any(|word| word.contains(&*text));
        if !text.plain().is_some_and(is_part) {
            self.word(words, expr);
        }
    }

    /// A regex that fits no word as a whole. Of levels there may be others, but none in lower case.
    fn word_like(&mut self, words: Words, text: &str, expr: &'a Expr) {
        let Ok(regex) = regex::Regex::new(text) else { return };
        let all = self.all(words);
        let pattern = Pattern::Regex(Arc::new(regex));
        let fits = all.iter().any(|word| shape::fits(&pattern, &Value::text(*word)));
        let is_alike = regex::Regex::new(&format!("(?i){text}"))
            .is_ok_and(|regex| all.iter().any(|word| regex.is_match(word)));
        if !fits && (is_alike || words != Words::Level) {
            let message = format!("{} re\"{text}\"", words.name());
            let help = match words {
                Words::HttpStatus => {
                    "it is a number of three digits: compare it with one, or with a range".to_owned()
                }
                _ => format!("it has to fit one as a whole, and they are {} here", all.join(", ")),
            };
            self.push(Diagnostic::error(Code::WRONG_TYPE, expr.span, message).help(help));
        }
    }
}
