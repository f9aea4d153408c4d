//! Expressions where a value stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::plan::Definition;
use super::scope::Value;
use super::walker::{Hand, Meaning, Walker, list};
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Ident, ItemKind, ObjectEntry, ObjectExpr};

impl<'a> Walker<'a, '_> {
    /// An expression whose value is wanted.
    pub(super) fn value(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null
            | ExprKind::Absent
            | ExprKind::Bool(_)
            | ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::Size(_)
            | ExprKind::Percent(_)
            | ExprKind::Rate(..) => {}
            ExprKind::Text(template) => self.template(template),
            ExprKind::Regex(text) => self.regex(text, expr.span),
            ExprKind::Name(name) => match self.name(name, expr.span, false) {
                Meaning::Module(_) => self.not_a_value(name, expr.span, "a module"),
                Meaning::Script(_) => self.not_a_value(name, expr.span, "a script"),
                _ => {}
            },
            ExprKind::It(field) => {
                self.it(field, expr.span);
                self.known_at_hand(field);
            }
            ExprKind::List(items, open) => {
                items.iter().for_each(|item| self.value(item));
                if *open {
                    self.only_in_patterns(expr.span, "a list that ends in `..`");
                }
            }
            ExprKind::Object(object) => self.object(object),
            ExprKind::Unary(_, inner) => self.value(inner),
            ExprKind::Binary(op, left, right) => self.binary(*op, left, right, expr.span),
            ExprKind::Field(base, field) => self.field(base, field),
            ExprKind::Index(base, index) => self.index(base, index),
            ExprKind::Each(base) => self.value(base),
            ExprKind::Call(callee, args) => self.call(callee, args, expr.span, false),
            ExprKind::Any(pattern) => self.draw(pattern, expr.span),
            ExprKind::Many(count, pattern) => {
                self.typed(count, crate::lang::Ty::Number, "the count");
                self.draw(pattern, expr.span);
            }
            ExprKind::But(base, changes) => {
                self.value(base);
                self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(changes));
            }
            ExprKind::Link(from, to) => {
                self.link(from, to.as_deref(), expr.span);
                let span = super::link::place(from, to.as_deref(), expr.span);
                let text = self.text(span);
                let message = format!("`{text}` is a place, not a value");
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, span, message)
                        .help(format!("what passed there is `({text}).calls`; faults are at work `on` it")),
                );
            }
            ExprKind::Refine(base, _) => {
                self.pattern(expr);
                let name = self.text(base.span);
                let message = "a shape with fields is a pattern, not a value";
                self.push(Diagnostic::error(Code::WRONG_TYPE, expr.span, message).help(format!(
                    "draw one with `any {name} {{ … }}`, or compare with `matches {name} {{ … }}`"
                )));
            }
            ExprKind::Sized(..) => {
                self.pattern(expr);
                self.only_in_patterns(expr.span, "a sized list");
            }
            ExprKind::Compare(..) => {
                self.pattern(expr);
                self.only_in_patterns(expr.span, "a comparison without a left side");
            }
            ExprKind::Request(_)
            | ExprKind::Next(_)
            | ExprKind::If(_)
            | ExprKind::For(_)
            | ExprKind::Parallel(_)
            | ExprKind::Eventually(_) => {
                let message = "this stands only as a statement, or right of `let … =`";
                self.push(Diagnostic::error(Code::MISPLACED, expr.span, message));
            }
        }
    }

    pub(super) fn text(&self, span: Span) -> String {
        self.cx.program.sources.get(span.source).slice(span).to_owned()
    }

    fn not_a_value(&mut self, name: &str, span: Span, what: &str) {
        let message = format!("`{name}` is {what}, not a value");
        self.push(
            Diagnostic::error(Code::WRONG_TYPE, span, message)
                .help(format!("its names are reached as `{name}.x`")),
        );
    }

    fn only_in_patterns(&mut self, span: Span, what: &str) {
        let message = format!("{what} stands only in patterns");
        self.push(
            Diagnostic::error(Code::MISPLACED, span, message)
                .help("patterns stand after `matches` and `contains`"),
        );
    }

    /// `.x`: there must be something at hand.
    pub(super) fn it(&mut self, field: &Ident, span: Span) {
        if self.place.at_hand == Hand::Nothing {
            let message = format!("there is nothing at hand here for `.{}` to be a field of", field.name);
            self.push(
                Diagnostic::error(Code::MISPLACED, span, message)
                    .help("a leading dot works in keys such as `by .id`, in shapes and in doubles"),
            );
        }
    }

    fn binary(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr, span: Span) {
        self.value(left);
        self.compared(op, left, right);
        self.told_by(op, left, right);
        match op {
            BinaryOp::Matches | BinaryOp::NotMatches | BinaryOp::Contains | BinaryOp::NotContains => {
                self.pattern(right);
                if op == BinaryOp::NotMatches
                    && let Some(what) = self.closed(right)
                {
                    self.push(
                        Diagnostic::error(
                            Code::CLOSED_PATTERN,
                            right.span,
                            format!("`not matches` with {what}"),
                        )
                        .label("any other field in the value would make it hold")
                        .help("end the pattern with `..`, or say what each field must not be"),
                    );
                }
            }
            BinaryOp::Union => {
                self.value(right);
                self.only_in_patterns(span, "`|`");
            }
            _ => self.value(right),
        }
    }

    /// How to call a pattern that a further field would break, when it is one.
    pub(super) fn closed(&self, expr: &Expr) -> Option<String> {
        match &expr.kind {
            ExprKind::Object(object) => (!is_open(object)).then(|| "a closed pattern".to_owned()),
            ExprKind::Refine(base, object) => {
                if is_open(object) {
                    None
                } else {
                    self.closed(base)
                }
            }
            ExprKind::Any(inner) => self.closed(inner),
            ExprKind::Name(name) => {
                let (_, item) = self.cx.program.lookup_item(self.item.unit, name)?;
                let ItemKind::Shape(shape) = &item.kind else { return None };
                match &shape.pattern.kind {
                    ExprKind::Object(object) if !is_open(object) => Some(format!("`{name}`, a closed shape")),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The fields of an object value.
    pub(super) fn object(&mut self, object: &'a ObjectExpr) {
        self.doubled_fields(object);
        for entry in &object.entries {
            match entry {
                ObjectEntry::Field { name, optional, value, .. } => {
                    self.template(name);
                    self.value(value);
                    if *optional {
                        self.only_in_patterns(name.span, "an optional field");
                    }
                }
                ObjectEntry::Open(span) => self.only_in_patterns(*span, "`..` without a name"),
                ObjectEntry::Spread(base) => self.value(base),
            }
        }
    }

    /// Refuses a field that is written twice.
    pub(super) fn doubled_fields(&mut self, object: &ObjectExpr) {
        let mut seen: BTreeMap<Arc<str>, Span> = BTreeMap::new();
        for entry in &object.entries {
            let ObjectEntry::Field { name, .. } = entry else { continue };
            let Some(plain) = name.plain() else { continue };
            match seen.get(&plain) {
                Some(&first) => {
                    let message = format!("the field `{plain}` is written twice");
                    self.push(
                        Diagnostic::error(Code::DUPLICATE_NAME, name.span, message).also(first, "first here"),
                    );
                }
                None => {
                    seen.insert(plain, name.span);
                }
            }
        }
    }

    /// `a.b`
    fn field(&mut self, base: &'a Expr, field: &'a Ident) {
        self.field_of(base, field);
        self.figure_of(base, field);
        self.known_field(base, field);
    }

    fn field_of(&mut self, base: &'a Expr, field: &'a Ident) {
        if let ExprKind::Link(from, to) = &base.kind {
            return self.link_property((from, to.as_deref(), base.span), field);
        }
        if matches!(base.kind, ExprKind::Field(..)) && self.is_log(base) {
            let message = format!("a log has no `{}`", field.name);
            self.property(field, &["log", "list"], &message);
        }
        let ExprKind::Name(name) = &base.kind else { return self.value(base) };
        let meaning = self.name(name, base.span, false);
        match meaning {
            Meaning::Module(unit) => self.qualified(unit, field, false),
            Meaning::Script(_) => {
                let message = format!("`{name}.{}` is a function of a script", field.name);
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, field.span, message)
                        .help(format!("call it: `{name}.{}(…)`", field.name)),
                );
            }
            Meaning::Item(at) if matches!(self.cx.program.item(at).kind, ItemKind::Service(_)) => {
                self.property(field, &["service"], &format!("a service has no `{}`", field.name));
                self.calls_of(at, field);
            }
            Meaning::Variable => {
                let known = self.scopes.get(name).map(|variable| variable.value.clone());
                match known {
                    Some(Value::Stream(Some(protocol))) if &*protocol == super::sql::SQL => {
                        let message = format!("a transaction has no `{}`", field.name);
                        self.property(field, &["transaction"], &message);
                    }
                    Some(Value::Stream(Some(of))) if *of == *super::observe::OBSERVATION => {
                        let message = format!("an observation has no `{}`", field.name);
                        self.property(field, &[super::observe::OBSERVATION, "list"], &message);
                    }
                    Some(Value::Stream(Some(of))) if *of == *super::observe::LOG => {
                        let message = format!("an observed log has no `{}`", field.name);
                        self.property(
                            field,
                            &[super::observe::LOG, super::observe::OBSERVATION, "list"],
                            &message,
                        );
                    }
                    Some(Value::Stream(Some(protocol))) => {
                        let message = format!("a stream of {protocol} has no `{}`", field.name);
                        self.property(field, &["stream", "list"], &message);
                    }
                    Some(Value::Record(Some(protocol))) => self.record_field(field, &protocol),
                    Some(Value::Workload(names)) => self.figure(&names, field),
                    _ => {}
                }
            }
            Meaning::Case => self.case_field(field),
            _ => {}
        }
    }

    /// Whether it is the log of a service, `orders.log`, or a variable that observes one.
    pub(super) fn is_log(&self, expr: &Expr) -> bool {
        let (of, field) = match &expr.kind {
            ExprKind::Field(of, field) => (of, field),
            ExprKind::Name(name) => {
                let known = self.scopes.get(name).map(|variable| &variable.value);
                return matches!(known, Some(Value::Stream(Some(of))) if **of == *super::observe::LOG);
            }
            _ => return false,
        };
        &*field.name == "log" && self.names_service(of)
    }

    /// A property of something whose kind is known. Response names count too, since a stream has
    /// those of its protocol.
    fn property(&mut self, field: &Ident, of: &[&str], message: &str) {
        let registry = self.cx.registry;
        let mut known: Vec<&str> = registry
            .of_kind(Kind::Property)
            .filter(|spec| of.contains(&spec.of) || spec.of.is_empty())
            .map(|spec| spec.name)
            .collect();
        if let Some(spec) =
            registry.all(Kind::Property, &field.name).iter().find(|spec| of.contains(&spec.of))
        {
            if let Some(why) = spec.planned {
                self.not_yet(field.span, &format!("`.{}`", field.name), Some(why));
            }
            return;
        }
        let is_response = of.contains(&"stream") && !registry.all(Kind::Response, &field.name).is_empty();
        if known.is_empty() || known.contains(&&*field.name) || is_response {
            return;
        }
        known.sort_unstable();
        known.dedup();
        self.push(
            Diagnostic::error(Code::UNKNOWN_FIELD, field.span, message)
                .help(format!("it has {}", list(&known)))
                .did_you_mean(&field.name, known),
        );
    }

    fn record_field(&mut self, field: &Ident, protocol: &Arc<str>) {
        let registry = self.cx.registry;
        let known = registry.names(Kind::Response, protocol);
        // A request for several pages gives a list of responses, with the properties of a list.
        let is_list = registry.all(Kind::Property, &field.name).iter().any(|spec| spec.of == "list");
        if known.is_empty() || known.contains(&&*field.name) || is_list {
            return;
        }
        let message = format!("a response of {protocol} has no `{}`", field.name);
        self.push(
            Diagnostic::error(Code::UNKNOWN_FIELD, field.span, message)
                .help(format!("it has {}", list(&known)))
                .did_you_mean(&field.name, known),
        );
    }

    /// `case.x`: every case must have it, so that no case tests less than the others.
    fn case_field(&mut self, field: &Ident) {
        let Some(Expr { kind: ExprKind::List(cases, _), .. }) = self.cases else { return };
        for case in cases {
            let ExprKind::Object(object) = &case.kind else { continue };
            if object.entries.iter().any(|entry| !matches!(entry, ObjectEntry::Field { .. })) {
                continue;
            }
            let names: Vec<Arc<str>> = object
                .entries
                .iter()
                .filter_map(|entry| match entry {
                    ObjectEntry::Field { name, .. } => name.plain(),
                    _ => None,
                })
                .collect();
            if !names.contains(&field.name) {
                let message = format!("this case has no `{}`", field.name);
                self.push(
                    Diagnostic::error(
                        Code::UNKNOWN_FIELD,
                        field.span,
                        format!("not every case has `{}`", field.name),
                    )
                    .also(case.span, message)
                    .did_you_mean(&field.name, names.iter().map(|name| &**name)),
                );
                return;
            }
        }
    }

    /// `x.name` where `x` is a module.
    pub(super) fn qualified(&mut self, unit: usize, field: &Ident, pattern: bool) {
        match self.exported(unit, field) {
            Some(at) => {
                self.definition(Definition::Item(at), &field.name, field.span, pattern);
            }
            None => self.not_exported(unit, field),
        }
    }

    /// The item of a module that `x.name` means.
    pub(super) fn exported(&self, unit: usize, field: &Ident) -> Option<super::plan::ItemRef> {
        match self.cx.program.lookup(unit, &field.name) {
            Some(Definition::Item(at)) if at.unit == unit => Some(at),
            _ => None,
        }
    }

    pub(super) fn not_exported(&mut self, unit: usize, field: &Ident) {
        let name = &self.cx.program.sources.get(self.cx.program.units[unit].module.source).name;
        let message = format!("`{name}` has no `{}`", field.name);
        let known = super::modules::exports(self.cx.program, unit);
        self.push(
            Diagnostic::error(Code::UNKNOWN_IMPORT, field.span, message)
                .did_you_mean(&field.name, known.iter().map(|name| &**name)),
        );
    }

    fn index(&mut self, base: &'a Expr, index: &'a Expr) {
        self.value(base);
        let mut filter = None;
        crate::syntax::visit::expression(index, &mut |part| {
            if matches!(part.kind, ExprKind::It(_)) {
                filter.get_or_insert(part.span);
            }
        });
        if filter.is_some() {
            self.not_yet(index.span, "a filter in `[…]`", Some("a custom `fn` can filter a list"));
        }
        self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(index));
    }

    /// A regular expression must compile; the message points into the literal.
    pub(super) fn regex(&mut self, text: &str, span: Span) {
        let Err(error) = regex_syntax::Parser::new().parse(text) else {
            // It parses, but may still be too large to compile.
            if let Err(error) = regex::Regex::new(text) {
                let message = format!("the regular expression cannot be used: {error}");
                self.push(Diagnostic::error(Code::BAD_REGEX, span, message));
            }
            return;
        };
        let (what, start, end) = match &error {
            regex_syntax::Error::Parse(error) => {
                (error.kind().to_string(), error.span().start.offset, error.span().end.offset)
            }
            regex_syntax::Error::Translate(error) => {
                (error.kind().to_string(), error.span().start.offset, error.span().end.offset)
            }
            other => (other.to_string(), 0, text.len()),
        };
        // The literal begins with `re"`, and its text is raw.
        let first = span.start as usize + "re\"".len();
        let place =
            Span::new(span.source, first + start, first + end.max(start + 1).min(text.len().max(start + 1)));
        let place = if place.end <= span.end { place } else { span };
        let message = format!("the regular expression does not compile: {what}");
        self.push(
            Diagnostic::error(Code::BAD_REGEX, place, message)
                .help("the syntax is that of Rust's regex crate: no look-around, no back-references"),
        );
    }
}

/// Whether an object pattern lets other fields be.
fn is_open(object: &ObjectExpr) -> bool {
    object.entries.iter().any(|entry| matches!(entry, ObjectEntry::Open(_)))
}
