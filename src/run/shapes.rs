//! Shapes by name and by call: those of modules, which may contain themselves, and the built-in
//! ones with their arguments.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use crate::check::ItemRef;
use crate::diag::Code;
use crate::lang::Kind;
use crate::shape::{self, FieldPattern, Make, Pattern, choice};
use crate::source::Span;
use crate::syntax::ast::{Args, Expr, ExprKind, Shape};
use crate::value::{Object, Value};

/// A pattern that is filled once it is made.
type Cell = Arc<OnceLock<Pattern>>;

/// A shape that is being made, with those around it: one that meets itself here is made late.
#[derive(Debug)]
pub(crate) struct Making {
    item: ItemRef,
    cell: Cell,
    met: AtomicBool,
    outer: Option<Arc<Making>>,
    /// Overrides of shapes that are not made yet, to be looked at when they are.
    later: Arc<Mutex<Vec<Later>>>,
}

struct Later {
    span: Span,
    base: Make,
    fields: Vec<FieldPattern>,
}

impl std::fmt::Debug for Later {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Later").field(&self.span).field(&self.fields).finish()
    }
}

/// The shapes of one context that contain themselves. They know themselves by weak pointers, so
/// that they go when the context goes.
#[derive(Debug, Default)]
pub(crate) struct Recursive(Mutex<Vec<(ItemRef, Cell)>>);

impl Making {
    fn of(&self, item: ItemRef) -> Option<&Making> {
        let mut next = Some(self);
        while let Some(making) = next {
            if making.item == item {
                return Some(making);
            }
            next = making.outer.as_deref();
        }
        None
    }
}

impl Cx {
    /// A shape of a module.
    pub(super) async fn shape_pattern(
        self: &Arc<Self>,
        env: &Env,
        item: ItemRef,
        origin: u32,
        shape: &Shape,
    ) -> Flow<Pattern> {
        let name = &shape.name.name;
        if let Some(making) = env.making.as_ref().and_then(|making| making.of(item)) {
            making.met.store(true, Ordering::Relaxed);
            return Ok(Pattern::Late(name.clone(), late(name.clone(), Arc::downgrade(&making.cell))));
        }
        let known = |(known, _): &&(ItemRef, Cell)| *known == item;
        if env.making.is_none()
            && let Some(made) = lock(&self.recursive.0).iter().find(known).and_then(|(_, cell)| cell.get())
        {
            return Ok(made.clone());
        }
        if env.depth > 32 {
            let message = format!("shape `{name}` goes through more than 32 others");
            return Err(self.bad_value(env, shape.name.span, message));
        }
        let making = Arc::new(Making {
            item,
            cell: Cell::default(),
            met: AtomicBool::new(false),
            outer: env.making.clone(),
            later: env.making.as_ref().map(|outer| outer.later.clone()).unwrap_or_default(),
        });
        let mut inner = env.call(item.unit, origin, shape.name.span);
        inner.making = Some(making.clone());
        let pattern = Pattern::Named(name.clone(), Arc::new(self.pattern(&inner, &shape.pattern).await?));
        if making.met.load(Ordering::Relaxed) {
            let _ = making.cell.set(pattern.clone());
            lock(&self.recursive.0).push((item, making.cell.clone()));
        }
        if env.making.is_none() {
            for Later { span, base, fields } in lock(&making.later).drain(..) {
                shape::refine(&base(), fields).map_err(|message| self.bad_value(env, span, message))?;
            }
        }
        Ok(pattern)
    }

    /// `Order { state: "PAID" }`
    pub(super) fn refined(
        &self,
        env: &Env,
        base: &Pattern,
        fields: Vec<FieldPattern>,
        span: Span,
    ) -> Flow<Pattern> {
        if let (Pattern::Late(name, make), Some(making)) = (base, &env.making) {
            // The shape may be the one that is being made, so it is overridden when it is.
            let later = Later { span, base: make.clone(), fields: fields.clone() };
            lock(&making.later).push(later);
            let (own, make) = (name.clone(), make.clone());
            let refined =
                move || shape::refine(&make(), fields.clone()).unwrap_or_else(|_| choice::nothing(&own));
            return Ok(Pattern::Late(name.clone(), Arc::new(refined)));
        }
        shape::refine(base, fields).map_err(|message| self.bad_value(env, span, message))
    }

    /// A built-in shape with arguments.
    pub(super) async fn called_pattern(
        self: &Arc<Self>,
        env: &Env,
        name: &str,
        args: &Args,
        span: Span,
    ) -> Flow<Pattern> {
        match name {
            "unordered" => self.unordered(env, args, span).await,
            "weighted" => self.weighted(env, args, span).await,
            "one_of" => {
                let list = self.argument(env, name, "list", args, span)?;
                let value = self.eval(env, list).await?;
                let list = self.records(env, value, list.span)?;
                choice::one_of(&list).map_err(|message| self.bad_value(env, span, message))
            }
            "unique" => {
                let inner = self.argument(env, name, "shape", args, span)?;
                Ok(Pattern::Unique(Box::new(self.pattern(env, inner).await?)))
            }
            shape::malformed::TAG => {
                let inner = self.argument(env, name, "shape", args, span)?;
                Ok(Pattern::Malformed(Box::new(self.pattern(env, inner).await?)))
            }
            "edges" => {
                let inner = self.argument(env, name, "shape", args, span)?;
                let inner = self.pattern(env, inner).await?;
                let share = match args
                    .args
                    .iter()
                    .find(|arg| arg.name.as_ref().is_some_and(|name| &*name.name == "share"))
                {
                    Some(arg) => Some(self.eval(env, &arg.value).await?),
                    None => match args.args.iter().filter(|arg| arg.name.is_none()).nth(1) {
                        Some(arg) => Some(self.eval(env, &arg.value).await?),
                        None => None,
                    },
                };
                choice::edges(inner, share.as_ref()).map_err(|message| self.bad_value(env, span, message))
            }
            _ => self.type_pattern(env, name, args, span).await,
        }
    }

    /// The argument of a first parameter, by position or by name.
    fn argument<'a>(&self, env: &Env, shape: &str, name: &str, args: &'a Args, span: Span) -> Flow<&'a Expr> {
        let first = args.args.iter().find(|arg| match &arg.name {
            Some(given) => &*given.name == name,
            None => true,
        });
        first.map(|arg| &arg.value).ok_or_else(|| {
            self.failure(env, Code::WRONG_ARGUMENTS, span, format!("`{shape}` lacks `{name}`")).into()
        })
    }

    /// `weighted(gold: 1, basic: 9)` or `weighted(1 of "gold", 9 of int)`.
    async fn weighted(self: &Arc<Self>, env: &Env, args: &Args, span: Span) -> Flow<Pattern> {
        let mut parts = Vec::with_capacity(args.args.len());
        for arg in &args.args {
            let (weight, part) = match (&arg.name, &arg.value.kind) {
                (Some(name), _) => (&arg.value, Pattern::Equals(Value::text(name.name.clone()))),
                (None, ExprKind::Many(weight, part)) => (&**weight, self.pattern(env, part).await?),
                (None, _) => {
                    let message = "a choice of `weighted` has a weight, such as `9 of text`";
                    return Err(self.failure(env, Code::WRONG_ARGUMENTS, arg.value.span, message).into());
                }
            };
            let value = self.eval(env, weight).await?;
            let weight =
                choice::weight(&value).map_err(|message| self.bad_value(env, weight.span, message))?;
            parts.push((weight, part));
        }
        choice::weighted(parts).map_err(|message| self.bad_value(env, span, message))
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
}

/// Makes a shape that is being made, when it is; after its context has gone, nothing fits it.
fn late(name: Arc<str>, cell: Weak<OnceLock<Pattern>>) -> Make {
    Arc::new(move || {
        let made = cell.upgrade().and_then(|cell| cell.get().cloned());
        made.unwrap_or_else(|| choice::nothing(&name))
    })
}
