//! Values and patterns as they are written against what a contract says, token by token.

use std::sync::Arc;

use super::{mistake, near};
use crate::check::literal::constant;
use crate::check::types::literal;
use crate::check::walker::{Walker, list};
use crate::contract::form::{self, Form, forms, kinds, listed};
use crate::contract::style::form_field_fits;
use crate::diag::{CURSOR, Diagnostic, nearest};
use crate::shape::{ObjectPattern, Pattern, describe, fits};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ObjectEntry, ObjectExpr, Template};
use crate::value::words::article;
use crate::value::{Value, show_short};

/// Expressions within expressions are followed this deep.
const DEPTH: usize = 64;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A value that is sent: everything required must be there.
    Value,
    /// A message that is sent where one is described as it is read: a field that it lacks has its
    /// default there.
    Message,
    /// The fields of a form, whose numbers are texts.
    Form,
    /// A pattern, or a value that is compared: what it does not name it says nothing of.
    Pattern,
    /// A shape of which a value is drawn: the fields of a pattern, and all that is required.
    Shape,
}

/// Where in a contract.
#[derive(Debug, Clone)]
pub(super) struct At {
    /// What the value is called: the field's name, or `this`.
    pub(super) name: Arc<str>,
    /// Where the contract says so.
    pub(super) origin: Option<Span>,
}

/// Holds expressions against patterns, and collects the mistakes.
pub(super) struct Fit<'w, 'a, 'c> {
    pub(super) walker: &'w Walker<'a, 'c>,
    /// `the body of `POST /v1/orders``: the subject of messages about fields.
    pub(super) whole: String,
    pub(super) written: Written,
    pub(super) found: Vec<Diagnostic>,
    pub(super) depth: usize,
}

impl<'w, 'a, 'c> Fit<'w, 'a, 'c> {
    pub(super) fn new(walker: &'w Walker<'a, 'c>, whole: String, written: Written) -> Fit<'w, 'a, 'c> {
        Fit { walker, whole, written, found: Vec::new(), depth: 0 }
    }

    /// The same with nothing found.
    pub(super) fn again(&self, written: Written) -> Fit<'w, 'a, 'c> {
        Fit { written, found: Vec::new(), whole: self.whole.clone(), ..*self }
    }

    fn is_pattern(&self) -> bool {
        matches!(self.written, Written::Pattern | Written::Shape)
    }

    /// An expression where a value of the pattern is wanted.
    pub(super) fn value(&mut self, expr: &'a Expr, pattern: &Pattern, at: &At) {
        if self.depth >= DEPTH {
            return;
        }
        self.depth += 1;
        self.one(expr, pattern, at);
        self.depth -= 1;
    }

    fn one(&mut self, expr: &'a Expr, pattern: &Pattern, at: &At) {
        match &expr.kind {
            ExprKind::Name(name) if self.is_pattern() && self.walker.scopes.get(name).is_none() => {
                if !self.shape_by_name(expr, pattern, at) {
                    self.behind(expr, pattern, at);
                }
            }
            ExprKind::Name(_) | ExprKind::Field(..) => self.behind(expr, pattern, at),
            ExprKind::Object(object) => self.object(object, expr, pattern, at),
            ExprKind::List(items, open) => self.list(items, *open, expr, pattern, at),
            ExprKind::Any(inner) => self.drawn(inner, pattern, at),
            ExprKind::But(..) | ExprKind::Absent => {}
            ExprKind::Refine(base, object) if self.is_pattern() => {
                self.shape_by_name(base, pattern, at);
                let mut own = self.again(Written::Pattern);
                own.object(object, expr, pattern, at);
                self.found.append(&mut own.found);
            }
            ExprKind::Binary(BinaryOp::Union, left, right) if self.is_pattern() => {
                for side in [left, right] {
                    if !matches!(side.kind, ExprKind::Null) {
                        self.value(side, pattern, at);
                    }
                }
            }
            ExprKind::Sized(item, _) if self.is_pattern() => {
                if let Some(items) = form::elements(std::slice::from_ref(pattern)) {
                    self.value(item, &Pattern::Union(items), &element(at));
                }
            }
            ExprKind::Compare(BinaryOp::Equal, inner) => self.value(inner, pattern, at),
            ExprKind::Compare(_, inner) => self.kind(inner, pattern, at),
            ExprKind::Call(callee, args) if self.is_pattern() => {
                if let (ExprKind::Name(name), [only]) = (&callee.kind, args.args.as_slice())
                    && &**name == "unordered"
                {
                    self.value(&only.value, pattern, at);
                }
            }
            _ => match constant(expr) {
                Some(value) => self.constant(&value, expr.span, pattern, at),
                None => self.kind(expr, pattern, at),
            },
        }
    }

    /// What a name stands for, when that is written down.
    fn behind(&mut self, expr: &'a Expr, pattern: &Pattern, at: &At) {
        for behind in self.walker.behind(expr) {
            if !std::ptr::eq(behind, expr) {
                self.value(behind, pattern, at);
            }
        }
    }

    /// A value that is known whole.
    fn constant(&mut self, value: &Value, span: Span, pattern: &Pattern, at: &At) {
        let fits = match (self.written, value) {
            // What JSON makes of it is not for here to say.
            (_, Value::Duration(_)) if fits(pattern, value) => true,
            (Written::Form, _) => form_field_fits(pattern, &[&plain(value)]),
            _ => fits(pattern, value),
        };
        if !fits {
            self.found.push(unfit(value, span, pattern, at));
        }
    }

    /// A value of which only the kind is known.
    pub(super) fn kind(&mut self, expr: &'a Expr, pattern: &Pattern, at: &At) {
        let (Some(kind), Some(wanted)) = (literal(expr), kinds(pattern)) else { return };
        let same = match kind {
            "size" | "rate" => return,
            "regex" => "text",
            "range" => return,
            kind => kind,
        };
        if self.written == Written::Form || wanted.contains(&same) || same == "null" && self.is_pattern() {
            return;
        }
        let message = format!("{} is {}, not {}", called(at), many(&wanted), with_article(kind));
        self.found.push(mistake(expr.span, message, place(at)));
    }

    pub(super) fn object(&mut self, object: &'a ObjectExpr, expr: &'a Expr, pattern: &Pattern, at: &At) {
        let forms = forms(pattern);
        if forms.iter().any(|form| matches!(form, Form::Anything)) {
            return;
        }
        let is_opaque = forms.iter().any(|form| matches!(form, Form::Opaque(_)));
        let mut best: Option<Vec<Diagnostic>> = None;
        for form in &forms {
            let mut one = self.again(self.written);
            match form {
                Form::Object(known) => one.fields(object, expr.span, known, at),
                Form::Map(map) => one.entries(object, map, at),
                _ => continue,
            }
            if best.as_ref().is_none_or(|best| one.found.len() < best.len()) {
                best = Some(one.found);
            }
        }
        match best {
            Some(found) if found.is_empty() || !is_opaque => self.found.extend(found),
            _ if is_opaque => self.opaque(expr, pattern, at),
            _ => {
                let wanted = kinds(pattern).map_or_else(|| described(pattern), |kinds| many(&kinds));
                let message = format!("{} is {wanted}, not an object", called(at));
                self.found.push(mistake(expr.span, message, place(at)));
            }
        }
    }

    /// A whole value where only whole values can be judged.
    fn opaque(&mut self, expr: &'a Expr, pattern: &Pattern, at: &At) {
        if self.is_pattern() {
            return;
        }
        if let Some(value) = constant(expr)
            && !fits(pattern, &value)
        {
            // What stands beside a judge says more of where it does not fit.
            let mut inner = self.again(self.written);
            for form in forms(pattern) {
                if let Form::Opaque(Pattern::Judged(beside, _)) = form {
                    inner.value(expr, &beside, at);
                }
            }
            match inner.found.is_empty() {
                true => self.found.push(unfit(&value, expr.span, pattern, at)),
                false => self.found.append(&mut inner.found),
            }
        }
    }

    /// The fields of an object against those that are declared.
    fn fields(&mut self, object: &'a ObjectExpr, span: Span, known: &ObjectPattern, at: &At) {
        let mut given: Vec<(Arc<str>, bool)> = Vec::new();
        let mut more = false;
        self.written_fields(object, known, at, &mut given, &mut more);
        self.exclusive(object, known);
        if more || matches!(self.written, Written::Pattern | Written::Message) {
            return;
        }
        let is_there = |name: &str| given.iter().any(|(given, there)| &**given == name && *there);
        let missing: Vec<_> = known
            .fields
            .iter()
            .filter(|field| !field.optional && !is_there(&field.name))
            .filter(|field| !fits(&field.pattern, &Value::Absent))
            .collect();
        if let Some(first) = missing.first() {
            let names: Vec<&str> = missing.iter().map(|field| &*field.name).collect();
            let message = format!("{} lacks {}", self.subject(at), list(&names));
            let place = first.origin.map(|origin| (origin, format!("`{}` is required", first.name)));
            let fields = missing.iter().map(|field| (field.name.to_string(), sample(&field.pattern)));
            self.found.push(mistake(span, message, place).lacking(fields));
        }
    }

    fn written_fields(
        &mut self,
        object: &'a ObjectExpr,
        known: &ObjectPattern,
        at: &At,
        given: &mut Vec<(Arc<str>, bool)>,
        more: &mut bool,
    ) {
        for entry in &object.entries {
            match entry {
                ObjectEntry::Field { name, value, optional, .. } => match name.plain() {
                    Some(plain) => {
                        let is_there = !matches!(value.kind, ExprKind::Absent) && !*optional;
                        self.field(&plain, name, value, (object, known), at);
                        given.push((plain, is_there));
                    }
                    None => *more = true,
                },
                ObjectEntry::Open(_) => *more = true,
                ObjectEntry::Spread(base) => {
                    *more = true;
                    for behind in self.walker.behind(base) {
                        if let ExprKind::Object(inner) = &behind.kind {
                            self.written_fields(inner, known, at, given, more);
                        }
                    }
                }
            }
        }
    }

    fn field(
        &mut self,
        plain: &Arc<str>,
        name: &Template,
        value: &'a Expr,
        (object, known): (&ObjectExpr, &ObjectPattern),
        at: &At,
    ) {
        if let Some(field) = known.fields.iter().find(|field| field.name == *plain) {
            let inner = At { name: plain.clone(), origin: field.origin.or(at.origin) };
            return self.value(value, &field.pattern, &inner);
        }
        if let Some(rest) = &known.rest {
            return self.value(value, rest, &At { name: plain.clone(), origin: at.origin });
        }
        // That a field is not there may be said of any.
        let denies = self.is_pattern() && matches!(value.kind, ExprKind::Absent);
        let names = form::shown(known);
        if known.open && !denies && **plain != *CURSOR {
            let others: Vec<_> = names.into_iter().filter(|(name, _)| !writes(object, name)).collect();
            if let Some(meant) = near::meant(plain, &others) {
                self.found.push(near::misspelt(plain, &self.subject(at), name.span, meant));
            }
            return;
        }
        if denies {
            return;
        }
        let words: Vec<&str> = names.iter().map(|(name, _)| &**name).collect();
        let message = format!("{} has no field `{plain}`", self.subject(at));
        let help =
            if words.is_empty() { "it has none".to_owned() } else { format!("it has {}", list(&words)) };
        let diagnostic = mistake(name.span, message, nearest_place(plain, &names, at)).help(help);
        self.found.push(diagnostic.did_you_mean(plain, words));
    }

    /// Of a group of fields at most one may be there.
    fn exclusive(&mut self, object: &ObjectExpr, known: &ObjectPattern) {
        for group in &known.exclusive {
            let mut there = object.entries.iter().filter_map(|entry| match entry {
                ObjectEntry::Field { name, value, .. } if !matches!(value.kind, ExprKind::Absent) => {
                    name.plain().filter(|plain| group.contains(plain)).map(|plain| (plain, name.span))
                }
                _ => None,
            });
            if let (Some((first, span)), Some((second, again))) = (there.next(), there.next()) {
                let message = format!("only one of `{first}` and `{second}` can be there");
                self.found.push(mistake(again, message, Some((span, "the first of them".to_owned()))));
            }
        }
    }

    fn entries(&mut self, object: &'a ObjectExpr, map: &crate::shape::MapPattern, at: &At) {
        for entry in &object.entries {
            let ObjectEntry::Field { name, value, .. } = entry else { continue };
            let Some(plain) = name.plain() else { continue };
            let key = Value::text(plain.clone());
            if !fits(&map.key, &key) {
                let at = At { name: "the key".into(), origin: at.origin };
                self.found.push(unfit(&key, name.span, &map.key, &at));
            }
            self.value(value, &map.value, &At { name: plain, origin: at.origin });
        }
    }

    fn list(&mut self, items: &'a [Expr], open: bool, expr: &'a Expr, pattern: &Pattern, at: &At) {
        let forms = forms(pattern);
        if forms.iter().any(|form| matches!(form, Form::Anything)) {
            return;
        }
        let mut best: Option<Vec<Diagnostic>> = None;
        for form in &forms {
            let Form::List(item, min, max) = form else { continue };
            let mut one = self.again(self.written);
            let count = items.len() as u64;
            if count > *max || count < *min && !open {
                let message = format!("{} has {}, not {count}", called(at), elements(*min, *max));
                one.found.push(mistake(expr.span, message, place(at)));
            }
            let inner = element(at);
            items.iter().for_each(|part| one.value(part, item, &inner));
            if best.as_ref().is_none_or(|best| one.found.len() < best.len()) {
                best = Some(one.found);
            }
        }
        match best {
            Some(found) => self.found.extend(found),
            None if forms.iter().any(|form| matches!(form, Form::Opaque(_))) => {
                self.opaque(expr, pattern, at)
            }
            None => {
                let wanted = kinds(pattern).map_or_else(|| described(pattern), |kinds| many(&kinds));
                let message = format!("{} is {wanted}, not a list", called(at));
                self.found.push(mistake(expr.span, message, place(at)));
            }
        }
    }

    /// What messages about fields speak of.
    fn subject(&self, at: &At) -> String {
        match &*at.name {
            "" => self.whole.clone(),
            "body" if self.written == Written::Pattern => format!("the body of {}", self.whole),
            name => format!("`{name}` in {}", self.whole),
        }
    }
}

/// Whether an object has a field of this name.
fn writes(object: &ObjectExpr, wanted: &str) -> bool {
    object.entries.iter().any(
        |entry| matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some(wanted)),
    )
}

fn element(at: &At) -> At {
    At { name: at.name.clone(), origin: at.origin }
}

/// The place of the field that is meant, or of what is around.
pub(super) fn nearest_place(
    name: &str,
    names: &[(Arc<str>, Option<Span>)],
    at: &At,
) -> Option<(Span, String)> {
    let near = nearest(name, names.iter().map(|(name, _)| &**name)).first().copied();
    let found = names.iter().find(|(name, _)| Some(&**name) == near);
    match found.and_then(|(name, origin)| Some((name, (*origin)?))) {
        Some((name, origin)) => Some((origin, format!("`{name}` is declared here"))),
        None => at.origin.map(|origin| (origin, "declared here".to_owned())),
    }
}

/// The value as messages name it.
fn called(at: &At) -> String {
    if at.name.is_empty() { "this".to_owned() } else { format!("`{}`", at.name) }
}

fn place(at: &At) -> Option<(Span, String)> {
    let text = if at.name.is_empty() {
        "declared here".to_owned()
    } else {
        format!("`{}` is declared here", at.name)
    };
    at.origin.map(|origin| (origin, text))
}

/// A literal that does not fit.
fn unfit(value: &Value, span: Span, pattern: &Pattern, at: &At) -> Diagnostic {
    let shown = show_short(value, 60);
    let name = called(at);
    let values = listed(pattern).unwrap_or_default();
    let texts: Vec<&str> = values.iter().filter_map(Value::as_text).collect();
    if texts.is_empty() {
        let message = format!("{name} is {}, not {shown}", described(pattern));
        return mistake(span, message, place(at));
    }
    let message = match texts.as_slice() {
        [only] => format!("{name} is `{only}`, not {shown}"),
        several => format!("{name} is one of {}, not {shown}", list(several)),
    };
    let diagnostic = mistake(span, message, place(at));
    match value.as_text() {
        Some(text) => diagnostic.did_you_mean(text, texts),
        None => diagnostic,
    }
}

/// A value of the kind that a pattern wants, as it is written.
fn sample(pattern: &Pattern) -> String {
    if let Some(first) = listed(pattern).and_then(|values| values.into_iter().next()) {
        return show_short(&first, 200);
    }
    let plain = match kinds(pattern).as_deref() {
        Some(["text"]) => "\"\"",
        Some(["number"]) => "0",
        Some(["bool"]) => "false",
        Some(["list"]) => "[]",
        Some(["object"]) => "{}",
        _ => "null",
    };
    plain.to_owned()
}

fn described(pattern: &Pattern) -> String {
    shortened(&describe(pattern))
}

/// At most a line.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn many(kinds: &[&str]) -> String {
    kinds.iter().map(|kind| with_article(kind)).collect::<Vec<_>>().join(" or ")
}

fn with_article(kind: &str) -> String {
    match kind {
        "text" | "null" | "bytes" => kind.to_owned(),
        kind => format!("{} {kind}", article(kind)),
    }
}

fn elements(min: u64, max: u64) -> String {
    match (min, max) {
        (min, u64::MAX) => format!("at least {min} elements"),
        (min, max) if min == max => format!("{min} elements"),
        (min, max) => format!("{min} to {max} elements"),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.text.to_string(),
        other => show_short(other, 200),
    }
}
