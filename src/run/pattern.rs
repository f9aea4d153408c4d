//! Expressions in pattern position to patterns, with every name resolved; keys.

use std::sync::Arc;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::contract::Arrives;
use crate::diag::Code;
use crate::function::{self, operators};
use crate::lang::Kind;
use crate::shape::{self, Comparison, Derive, FieldPattern, ObjectPattern, Pattern};
use crate::source::Span;
use crate::syntax::ast::{
    BinaryOp, Expr, ExprKind, ItemKind, ObjectEntry, ObjectExpr, Template, TemplatePart, UnaryOp,
};
use crate::syntax::visit;
use crate::value::BoxFuture;
use crate::value::{Key, Object, Path, Step, Text, Value};

/// Shapes that stand for shapes are followed this deep.
const DEPTH: usize = 16;

impl Cx {
    /// The pattern that an expression describes.
    pub(crate) fn pattern<'a>(
        self: &'a Arc<Self>,
        env: &'a Env,
        expr: &'a Expr,
    ) -> BoxFuture<'a, Flow<Pattern>> {
        Box::pin(async move {
            if let Some(pattern) = self.contract_type(env, expr) {
                return Ok(pattern);
            }
            match &expr.kind {
                ExprKind::Absent => Ok(Pattern::Absent),
                ExprKind::Any(inner) => self.pattern(env, inner).await,
                ExprKind::Name(name) => self.named_pattern(env, name, expr.span).await,
                ExprKind::Field(base, field) => {
                    if let ExprKind::Name(alias) = &base.kind
                        && env.get(alias).is_none()
                        && let Some(crate::check::Definition::Module(unit)) =
                            self.world.plan.program.lookup(env.unit, alias)
                        && let Some((item, declared)) = self.world.plan.program.lookup_item(unit, &field.name)
                        && let ItemKind::Shape(shape) = &declared.kind
                    {
                        return self.shape_pattern(env, item, declared.span.start, shape).await;
                    }
                    self.value_pattern(env, expr).await
                }
                ExprKind::Call(callee, args) => match &callee.kind {
                    ExprKind::Name(name) if self.is_type(env, name) || &**name == "unordered" => {
                        self.called_pattern(env, name, args, expr.span).await
                    }
                    _ => self.value_pattern(env, expr).await,
                },
                ExprKind::Regex(text) => match regex::Regex::new(text) {
                    Ok(regex) => Ok(Pattern::Regex(Arc::new(regex))),
                    Err(error) => {
                        Err(self.failure(env, Code::BAD_REGEX, expr.span, error.to_string()).into())
                    }
                },
                ExprKind::Binary(BinaryOp::Range, low, high) => {
                    Ok(Pattern::Range(self.eval(env, low).await?, self.eval(env, high).await?))
                }
                ExprKind::Binary(BinaryOp::Union, left, right) => {
                    let mut parts = Vec::new();
                    for side in [left, right] {
                        match self.pattern(env, side).await? {
                            Pattern::Union(inner) => parts.extend(inner),
                            other => parts.push(other),
                        }
                    }
                    Ok(Pattern::Union(parts))
                }
                ExprKind::Unary(UnaryOp::Not, inner) => {
                    let pattern = self.pattern(env, inner).await?;
                    Ok(match self.arrives(env, env.unit, inner, 0) {
                        Some(arrives) => not_on_arrival(pattern, arrives),
                        None => Pattern::Not(Box::new(pattern)),
                    })
                }
                ExprKind::Compare(op, inner) => {
                    let value = self.eval(env, inner).await?;
                    match comparison(*op) {
                        Some(comparison) => Ok(Pattern::Compare(comparison, value)),
                        None => {
                            let message = format!("`{}` does not stand in patterns", op.symbol());
                            Err(self.bad_value(env, expr.span, message))
                        }
                    }
                }
                ExprKind::List(items, open) => {
                    let mut patterns = Vec::with_capacity(items.len());
                    for item in items {
                        patterns.push(self.pattern(env, item).await?);
                    }
                    Ok(Pattern::List(patterns, *open))
                }
                ExprKind::Sized(item, count) => {
                    let item = self.pattern(env, item).await?;
                    let count = self.eval(env, count).await?;
                    let bounds = match &count {
                        Value::Range(range) => (size(&range.0), size(&range.1)),
                        value => (size(value), size(value)),
                    };
                    match bounds {
                        (Some(least), Some(most)) if least <= most => {
                            Ok(Pattern::Sized(Box::new(item), least, most))
                        }
                        _ => Err(self.bad_value(
                            env,
                            expr.span,
                            "a list's size is a count or a range of counts",
                        )),
                    }
                }
                ExprKind::Object(object) => self.object_pattern(env, object).await,
                ExprKind::Refine(base, object) => {
                    let base = self.pattern(env, base).await?;
                    let Pattern::Object(changes) = self.object_pattern(env, object).await? else {
                        return Ok(base);
                    };
                    self.refined(env, &base, changes.fields, expr.span)
                }
                ExprKind::But(base, _) => {
                    Err(self.bad_value(env, base.span, "`but` stands in draws, not in patterns"))
                }
                ExprKind::Text(template) if mentions_it(expr) => self.derived(env, template, expr.span).await,
                _ => self.value_pattern(env, expr).await,
            }
        })
    }

    /// A type of a contract: `ledger.Entry`.
    fn contract_type(&self, env: &Env, expr: &Expr) -> Option<Pattern> {
        let mut root = expr;
        while let ExprKind::Field(base, _) = &root.kind {
            root = base;
        }
        let ExprKind::Name(name) = &root.kind else { return None };
        if env.get(name).is_some() {
            return None;
        }
        match self.world.plan.program.type_name(env.unit, expr)?.found().as_slice() {
            [(_, declared)] => Some(declared.pattern.clone()),
            _ => None,
        }
    }

    /// How values of a shape travel, when the shape is a contract's or a refinement of one.
    fn arrives(&self, env: &Env, unit: usize, expr: &Expr, depth: usize) -> Option<Arrives> {
        let program = &self.world.plan.program;
        match &expr.kind {
            ExprKind::Refine(base, _) => self.arrives(env, unit, base, depth),
            ExprKind::Name(name) if env.get(name).is_none() && depth < DEPTH => {
                let (at, item) = program.lookup_item(unit, name)?;
                let ItemKind::Shape(shape) = &item.kind else { return None };
                self.arrives(env, at.unit, &shape.pattern, depth + 1)
            }
            ExprKind::Field(..) => match program.type_name(unit, expr)?.found().as_slice() {
                [(_, declared)] => declared.arrives.clone(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Exactly this value.
    async fn value_pattern(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<Pattern> {
        let value = self.eval(env, expr).await?;
        self.present(env, expr, &value)?;
        match self.records(env, value, expr.span)? {
            Value::Regex(regex) => Ok(Pattern::Regex(regex)),
            Value::Range(range) => Ok(Pattern::Range(range.0.clone(), range.1.clone())),
            value => Ok(Pattern::Equals(value)),
        }
    }

    fn is_type(&self, env: &Env, name: &str) -> bool {
        env.get(name).is_none()
            && self.world.plan.program.lookup(env.unit, name).is_none()
            && self.world.registry.get(Kind::Shape, name).is_some()
    }

    async fn named_pattern(self: &Arc<Self>, env: &Env, name: &str, span: Span) -> Flow<Pattern> {
        if env.get(name).is_none()
            && let Some((item, declared)) = self.world.plan.program.lookup_item(env.unit, name)
            && let ItemKind::Shape(shape) = &declared.kind
        {
            return self.shape_pattern(env, item, declared.span.start, shape).await;
        }
        if self.is_type(env, name)
            && let Some(spec) = self.world.registry.get(Kind::Shape, name)
        {
            return shape::types::of_type(spec.name, Object::new())
                .map_err(|message| self.bad_value(env, span, message));
        }
        let value = self.name(env, name, span).await?;
        if matches!(value, Value::Absent) {
            return Err(self.bad_value(env, span, format!("`{name}` is absent")));
        }
        Ok(Pattern::Equals(self.records(env, value, span)?))
    }

    async fn object_pattern(self: &Arc<Self>, env: &Env, object: &ObjectExpr) -> Flow<Pattern> {
        let mut pattern = ObjectPattern::default();
        for entry in &object.entries {
            match entry {
                ObjectEntry::Field { name, optional, value, .. } => {
                    let name = self.text(env, name).await?.text;
                    let field = FieldPattern::new(name, *optional, self.pattern(env, value).await?);
                    put(&mut pattern.fields, field);
                }
                ObjectEntry::Open(_) => pattern.open = true,
                ObjectEntry::Spread(base) => match fields_of(self.pattern(env, base).await?) {
                    Some(inner) => {
                        pattern.open |= inner.open;
                        pattern.rest = pattern.rest.or(inner.rest);
                        pattern.exclusive.extend(inner.exclusive);
                        inner.fields.into_iter().for_each(|field| put(&mut pattern.fields, field));
                    }
                    None => {
                        return Err(self.bad_value(
                            env,
                            base.span,
                            "`..` spreads an object or a shape of objects",
                        ));
                    }
                },
            }
        }
        Ok(Pattern::Object(pattern))
    }

    /// A text that is computed from its siblings: what does not speak of them is evaluated now.
    async fn derived(self: &Arc<Self>, env: &Env, template: &Template, span: Span) -> Flow<Pattern> {
        enum Part {
            Ready(Text),
            Sibling(Vec<Arc<str>>),
        }
        let mut parts = Vec::new();
        for part in &template.parts {
            match part {
                TemplatePart::Text(text) => {
                    parts.push(Part::Ready(Text { text: text.clone(), secret: false }))
                }
                TemplatePart::Expr(expr) => match sibling(expr) {
                    Some(path) => parts.push(Part::Sibling(path)),
                    None => {
                        let value = self.eval(env, expr).await?;
                        let text = operators::text_of(&value)
                            .map_err(|message| self.bad_value(env, expr.span, message))?;
                        parts.push(Part::Ready(text));
                    }
                },
            }
        }
        let siblings: Vec<Arc<str>> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Sibling(path) => path.first().cloned(),
                Part::Ready(_) => None,
            })
            .collect();
        let derive = Derive::new(siblings, move |object: &Value| {
            let mut whole = Text { text: "".into(), secret: false };
            let mut text = String::new();
            for part in &parts {
                match part {
                    Part::Ready(piece) => {
                        text.push_str(&piece.text);
                        whole.secret |= piece.secret;
                    }
                    Part::Sibling(path) => {
                        let mut value = object.clone();
                        for name in path {
                            value = part_of(&value, name)?;
                        }
                        let piece = operators::text_of(&value)?;
                        text.push_str(&piece.text);
                        whole.secret |= piece.secret;
                    }
                }
            }
            whole.text = text.into();
            Ok(Value::Text(whole))
        });
        Ok(Pattern::Derived(self.written(span).into(), derive))
    }

    /// Whether an expression is a key: `.id`, `.args[0]`, `[.a, .b]`.
    pub(crate) fn is_key(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::List(items, _) => {
                !items.is_empty() && items.iter().all(|item| key_path(item).is_some())
            }
            _ => key_path(expr).is_some(),
        }
    }

    /// The key that an expression describes.
    pub(crate) fn key(&self, env: &Env, expr: &Expr) -> Flow<Key> {
        match &expr.kind {
            ExprKind::List(items, _) => {
                items.iter().map(|item| self.key_path(env, item)).collect::<Flow<Vec<Path>>>().map(Key::Many)
            }
            _ => self.key_path(env, expr).map(Key::One),
        }
    }

    /// The path that an expression such as `.request.id` describes.
    pub(crate) fn key_path(&self, env: &Env, expr: &Expr) -> Flow<Path> {
        key_path(expr).map(Path).ok_or_else(|| -> Stop {
            let message =
                format!("`{}` is no key; a key is written like `.id` or `.args[0]`", self.written(expr.span));
            self.bad_value(env, expr.span, message)
        })
    }
}

/// What does not fit a shape, and is told from what fits where it arrives: a message carries no
/// `null`, and what its fields cannot hold is never sent.
fn not_on_arrival(pattern: Pattern, arrives: Arrives) -> Pattern {
    let not = Pattern::Not(Box::new(pattern.clone()));
    let name = shape::describe(&not);
    let judge: shape::Judge = Arc::new(move |value| {
        let difference = |actual: &str| {
            let (path, expected) = (String::new(), "a value that is told apart where it arrives".to_owned());
            vec![shape::Difference { path, expected, actual: actual.to_owned() }]
        };
        match (arrives.0)(value) {
            None => difference("one that the message cannot carry"),
            Some(arrived) if shape::fits(&pattern, &arrived) => {
                difference("one that arrives as one that fits")
            }
            Some(_) => Vec::new(),
        }
    });
    // Only what is drawn must be told apart: what is compared has arrived already.
    let drawn = Pattern::Judged(Box::new(not.clone()), judge);
    Pattern::Named(name.into(), Arc::new(Pattern::Weighted(vec![(1, drawn), (0, not)])))
}

fn key_path(expr: &Expr) -> Option<Vec<Step>> {
    match &expr.kind {
        ExprKind::It(field) => Some(vec![Step::Field(field.name.clone())]),
        ExprKind::Field(base, field) => {
            let mut steps = key_path(base)?;
            steps.push(Step::Field(field.name.clone()));
            Some(steps)
        }
        ExprKind::Each(base) => {
            let mut steps = key_path(base)?;
            steps.push(Step::Each);
            Some(steps)
        }
        ExprKind::Index(base, index) => {
            let mut steps = key_path(base)?;
            match &index.kind {
                ExprKind::Number(number) => steps.push(Step::Index(i64::try_from(number.to_i128()?).ok()?)),
                ExprKind::Text(text) => steps.push(Step::Field(text.plain()?)),
                _ => return None,
            }
            Some(steps)
        }
        _ => None,
    }
}

/// `.name.slug` as names, when it is such a path.
fn sibling(expr: &Expr) -> Option<Vec<Arc<str>>> {
    match &expr.kind {
        ExprKind::It(field) => Some(vec![field.name.clone()]),
        ExprKind::Field(base, field) => {
            let mut path = sibling(base)?;
            path.push(field.name.clone());
            Some(path)
        }
        _ => None,
    }
}

fn part_of(value: &Value, name: &str) -> Result<Value, String> {
    if let Value::Object(fields) = value
        && let Some(found) = fields.get(name)
    {
        return Ok(found.clone());
    }
    function::property(value, name).unwrap_or_else(|| Err(format!("there is no `.{name}` at hand")))
}

fn mentions_it(expr: &Expr) -> bool {
    let mut found = false;
    visit::expression(expr, &mut |part| found |= matches!(part.kind, ExprKind::It(_)));
    found
}

fn fields_of(pattern: Pattern) -> Option<ObjectPattern> {
    match pattern {
        Pattern::Object(object) => Some(object),
        Pattern::Named(_, inner) => fields_of((*inner).clone()),
        Pattern::Late(_, make) => fields_of(make()),
        // What a judge said of the whole does not hold of a part of something else.
        Pattern::Judged(inner, _) | Pattern::Edges(inner, _) => fields_of(*inner),
        Pattern::Equals(Value::Object(fields)) => Some(ObjectPattern {
            fields: fields
                .iter()
                .map(|(name, value)| FieldPattern::new(name.clone(), false, Pattern::Equals(value.clone())))
                .collect(),
            ..ObjectPattern::default()
        }),
        _ => None,
    }
}

/// A later field of the same name replaces the earlier one in its place.
fn put(fields: &mut Vec<FieldPattern>, field: FieldPattern) {
    match fields.iter_mut().find(|known| known.name == field.name) {
        Some(known) => *known = field,
        None => fields.push(field),
    }
}

fn size(value: &Value) -> Option<u64> {
    value.as_number().and_then(|number| number.to_i128()).and_then(|count| u64::try_from(count).ok())
}

fn comparison(op: BinaryOp) -> Option<Comparison> {
    Some(match op {
        BinaryOp::Equal => Comparison::Equal,
        BinaryOp::NotEqual => Comparison::NotEqual,
        BinaryOp::Less => Comparison::Less,
        BinaryOp::LessEqual => Comparison::LessEqual,
        BinaryOp::Greater => Comparison::Greater,
        BinaryOp::GreaterEqual => Comparison::GreaterEqual,
        _ => return None,
    })
}
