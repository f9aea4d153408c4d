//! Expressions in pattern position to patterns, with every name resolved; keys and draws.

use std::sync::Arc;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::diag::Code;
use crate::function::{self, operators};
use crate::lang::Kind;
use crate::shape::{self, Comparison, Derive, FieldPattern, ObjectPattern, Pattern};
use crate::source::Span;
use crate::syntax::ast::{
    Args, BinaryOp, Expr, ExprKind, ItemKind, ObjectEntry, ObjectExpr, Template, TemplatePart, UnaryOp,
};
use crate::syntax::visit;
use crate::value::BoxFuture;
use crate::value::{Key, Object, Path, Step, Text, Value};

/// Larger draws in one place are refused: they would not fit in memory.
const MAX_DRAWN: usize = 1_000_000;

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
                    ExprKind::Name(name) if &**name == shape::malformed::TAG && self.is_type(env, name) => {
                        let Some(inner) = args.args.first() else {
                            return Err(self.bad_value(env, expr.span, "`malformed` takes a shape"));
                        };
                        Ok(Pattern::Malformed(Box::new(self.pattern(env, &inner.value).await?)))
                    }
                    ExprKind::Name(name) if self.is_type(env, name) => {
                        self.type_pattern(env, name, args, expr.span).await
                    }
                    ExprKind::Name(name) if &**name == "unordered" => {
                        self.unordered(env, args, expr.span).await
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
                    Ok(Pattern::Not(Box::new(self.pattern(env, inner).await?)))
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
                    shape::refine(&base, changes.fields)
                        .map_err(|message| self.bad_value(env, expr.span, message))
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

    /// Exactly this value.
    async fn value_pattern(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<Pattern> {
        let value = self.eval(env, expr).await?;
        self.present(env, expr, &value)?;
        match super::judge::settled(value) {
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
        Ok(Pattern::Equals(super::judge::settled(value)))
    }

    async fn shape_pattern(
        self: &Arc<Self>,
        env: &Env,
        item: crate::check::ItemRef,
        origin: u32,
        shape: &crate::syntax::ast::Shape,
    ) -> Flow<Pattern> {
        if env.depth > 32 {
            let message = format!("shape `{}` contains itself without end", shape.name.name);
            return Err(self.bad_value(env, shape.name.span, message));
        }
        let inner = env.call(item.unit, origin, shape.name.span);
        let pattern = self.pattern(&inner, &shape.pattern).await?;
        Ok(Pattern::Named(shape.name.name.clone(), Arc::new(pattern)))
    }

    async fn type_pattern(self: &Arc<Self>, env: &Env, name: &str, args: &Args, span: Span) -> Flow<Pattern> {
        let Some(spec) = self.world.registry.get(Kind::Shape, name) else {
            return Err(self
                .failure(env, Code::UNKNOWN_NAME, span, format!("there is no shape `{name}`"))
                .into());
        };
        let mut bound = Object::new();
        let mut params = spec.params.iter();
        for arg in &args.args {
            let value = self.eval(env, &arg.value).await?;
            let name: Arc<str> = match &arg.name {
                Some(name) => name.name.clone(),
                None => match params.next() {
                    Some(param) => param.name.into(),
                    None => {
                        let message = format!("`{name}` takes at most {} arguments", spec.params.len());
                        return Err(self.failure(env, Code::WRONG_ARGUMENTS, arg.value.span, message).into());
                    }
                },
            };
            bound.insert(name, value);
        }
        shape::types::of_type(spec.name, bound).map_err(|message| self.bad_value(env, span, message))
    }

    async fn unordered(self: &Arc<Self>, env: &Env, args: &Args, span: Span) -> Flow<Pattern> {
        match args.args.as_slice() {
            [only] => match self.pattern(env, &only.value).await? {
                Pattern::List(items, open) => Ok(Pattern::Unordered(items, open)),
                Pattern::Equals(Value::List(items)) => {
                    Ok(Pattern::Unordered(items.iter().cloned().map(Pattern::Equals).collect(), false))
                }
                _ => Err(self.bad_value(env, only.value.span, "`unordered` takes a list")),
            },
            _ => Err(self.bad_value(env, span, "`unordered` takes one list")),
        }
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
        let derive: Derive = Arc::new(move |object: &Value| {
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

    /// `any SHAPE`: a value drawn by the key of this place.
    pub(crate) async fn draw(self: &Arc<Self>, env: &Env, pattern: &Expr, span: Span) -> Flow<Value> {
        let pattern = self.pattern(env, pattern).await?;
        let key = env.key.with(format!("draw {}", span.start.saturating_sub(env.origin)));
        shape::draw(&pattern, &key).map_err(|message| self.bad_value(env, span, message))
    }

    /// `50 of SHAPE`
    pub(crate) async fn draw_many(
        self: &Arc<Self>,
        env: &Env,
        count: &Expr,
        pattern: &Expr,
        span: Span,
    ) -> Flow<Value> {
        let wanted = self.eval(env, count).await?;
        let Some(wanted) = wanted.as_number().and_then(|n| n.to_usize()).filter(|n| *n <= MAX_DRAWN) else {
            let message = format!("a count of drawn values is between 0 and {MAX_DRAWN}");
            return Err(self.bad_value(env, count.span, message));
        };
        let pattern = self.pattern(env, pattern).await?;
        let key = env.key.with(format!("draw {}", span.start.saturating_sub(env.origin)));
        let drawn: Result<Vec<Value>, String> =
            (0..wanted).map(|index| shape::draw(&pattern, &key.with(format!("{index}")))).collect();
        drawn.map(Value::list).map_err(|message| self.bad_value(env, span, message))
    }

    /// `any SHAPE but { … }`: drawn, then overridden, valid or not.
    pub(crate) async fn draw_but(
        self: &Arc<Self>,
        env: &Env,
        base: &Expr,
        changes: &Expr,
        span: Span,
    ) -> Flow<Value> {
        let drawn = self.eval(env, base).await?;
        let changes = self.eval(env, changes).await?;
        match (drawn, changes) {
            (Value::Object(drawn), Value::Object(changes)) => {
                let mut fields = (*drawn).clone();
                for (name, value) in changes.iter() {
                    if matches!(value, Value::Absent) {
                        fields.shift_remove(name);
                    } else {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                Ok(Value::Object(Arc::new(fields)))
            }
            _ => Err(self.bad_value(env, span, "`but` overrides fields of a drawn object")),
        }
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
