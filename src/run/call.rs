//! Calls: actions, scripts and built-in functions.

use std::sync::Arc;

use super::cx::Cx;
use super::env::{Env, Response};
use super::flow::{Flow, Stop};
use super::unjudged::is_same;
use crate::check::{ATTEMPT, Definition, ItemRef};
use crate::diag::{Code, did_you_mean};
use crate::function::{self, Arguments};
use crate::lang::Kind;
use crate::script::ScriptOutcome;
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Action, Args, Expr, ExprKind, ItemKind, ParamDecl};
use crate::value::{Live, Value};

/// Deeper calls are a runaway recursion.
const MAX_DEPTH: u32 = 64;

/// Where the code of a script stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wrote {
    /// In an item of a `.scn` file.
    Item(ItemRef),
    /// In a file of its own.
    File(SourceId),
}

/// Evaluated arguments: those by position, and those by name.
pub(crate) struct Given {
    pub(crate) positional: Vec<Value>,
    pub(crate) named: Vec<(Arc<str>, Value)>,
    /// The responses among them, so that a failure inside an action can show them.
    pub(crate) responses: Vec<Arc<Response>>,
    /// The histories among them, and where they are given.
    histories: Vec<(Arc<dyn Live>, Span)>,
}

impl Given {
    /// Nothing.
    pub(crate) fn none() -> Given {
        Given { positional: Vec::new(), named: Vec::new(), responses: Vec::new(), histories: Vec::new() }
    }
}

impl Cx {
    /// The value of a call.
    pub(crate) async fn call(
        self: &Arc<Self>,
        env: &Env,
        callee: &Expr,
        args: &Args,
        span: Span,
    ) -> Flow<Value> {
        let (unit, name) = match &callee.kind {
            ExprKind::Name(name) => (env.unit, name.clone()),
            ExprKind::Field(base, field) => match &base.kind {
                ExprKind::Name(alias) => match self.world.plan.program.lookup(env.unit, alias) {
                    Some(Definition::Module(unit)) => (unit, field.name.clone()),
                    Some(Definition::Script(source)) => {
                        let given = self.arguments(env, args).await?;
                        self.reads_each(env, &given)?;
                        return self.script_file_call(env, source, &field.name, given, span).await;
                    }
                    _ => return Err(self.not_callable(env, callee)),
                },
                _ => return Err(self.not_callable(env, callee)),
            },
            _ => return Err(self.not_callable(env, callee)),
        };
        if function::reads(&name)
            && self.world.plan.program.lookup(unit, &name).is_none()
            && let Some(function) = function::find(&name)
        {
            return self.catalog(env, function, args, span).await;
        }
        if let Some(turn) = env.answering.as_ref().filter(|_| &*name == ATTEMPT)
            && self.world.plan.program.lookup(unit, &name).is_none()
        {
            return self.attempt(env, turn, args, span).await;
        }
        let given = self.arguments(env, args).await?;
        if &*name == "coverage" && self.world.plan.program.lookup(unit, &name).is_none() {
            return self.coverage_of(env, given, span);
        }
        if let Some((item, declared)) = self.world.plan.program.lookup_item(unit, &name) {
            return match &declared.kind {
                ItemKind::Action(action) => {
                    let origin = declared.span.start;
                    self.action(env, item, origin, action, given, span).await
                }
                ItemKind::Fn(script) => {
                    self.reads_each(env, &given)?;
                    let values = self.bind(env, &script.params, given, span, env).await?;
                    let values = values.into_iter().map(|(_, value)| value).collect();
                    self.script_call(env, item, values, span).await
                }
                _ => Err(self.not_callable(env, callee)),
            };
        }
        self.reads_each(env, &given)?;
        self.built_in(env, &name, given, span)
    }

    /// A function is given the records of histories.
    fn reads_each(&self, env: &Env, given: &Given) -> Flow<()> {
        given.histories.iter().try_for_each(|(live, span)| self.reads_whole(env, live, *span))
    }

    fn not_callable(&self, env: &Env, callee: &Expr) -> Stop {
        self.bad_value(env, callee.span, format!("`{}` cannot be called", self.written(callee.span)))
    }

    /// Evaluates arguments in order.
    pub(crate) async fn arguments(self: &Arc<Self>, env: &Env, args: &Args) -> Flow<Given> {
        let mut given = Given::none();
        for arg in &args.args {
            let value = self.eval(env, &arg.value).await?;
            if let ExprKind::Name(name) = &arg.value.kind {
                given.responses.extend(env.response_of(name).cloned());
            }
            if let Value::Live(live) = &value {
                given.histories.push((live.clone(), arg.value.span));
            }
            match &arg.name {
                Some(name) => given.named.push((name.name.clone(), value)),
                None => {
                    self.present(env, &arg.value, &value)?;
                    given.positional.push(value);
                }
            }
        }
        Ok(given)
    }

    /// A function of the tables, or one that needs the run's clock.
    fn built_in(&self, env: &Env, name: &str, given: Given, span: Span) -> Flow<Value> {
        if name == "now" {
            return Ok(Value::text(self.world.clock.now_rfc3339()));
        }
        let Some(function) = function::find(name) else {
            let mut failure =
                self.failure(env, Code::UNKNOWN_NAME, span, format!("there is no function `{name}`"));
            failure.help = did_you_mean(name, self.world.registry.names(Kind::Function, ""));
            return Err(failure.into());
        };
        let result = Arguments::bind(function.spec, given.positional, given.named)
            .and_then(|arguments| (function.call)(&arguments));
        let value = result.map_err(|message| self.bad_value(env, span, message))?;
        // What a function makes of a secret travels on in outputs that taint cannot follow.
        if let Value::Text(text) = &value
            && text.secret
        {
            self.session.redactor.register(&text.text);
        }
        Ok(value)
    }

    /// Binds arguments to declared parameters, in their order; defaults are evaluated in `inner`,
    /// anew for each call.
    pub(crate) async fn bind(
        self: &Arc<Self>,
        env: &Env,
        params: &[ParamDecl],
        given: Given,
        span: Span,
        inner: &Env,
    ) -> Flow<Vec<(Arc<str>, Value)>> {
        if given.positional.len() > params.len() {
            let message = format!(
                "{} arguments are too many; there are {} parameters",
                given.positional.len(),
                params.len()
            );
            return Err(self.failure(env, Code::WRONG_ARGUMENTS, span, message).into());
        }
        let mut named = given.named;
        let mut positional = given.positional.into_iter();
        let mut scope = inner.clone();
        let mut bound = Vec::with_capacity(params.len());
        for param in params {
            let name = &param.name.name;
            let by_name = named.iter().position(|(n, _)| n == name).map(|at| named.remove(at).1);
            let value = match (positional.next(), by_name, &param.default) {
                (Some(_), Some(_), _) => {
                    let message = format!("`{name}` is given twice");
                    return Err(self.failure(env, Code::WRONG_ARGUMENTS, span, message).into());
                }
                (Some(value), None, _) | (None, Some(value), _) => value,
                (None, None, Some(default)) => self.eval(&scope, default).await?,
                (None, None, None) => {
                    let message = format!("the argument `{name}` is missing");
                    return Err(self.failure(env, Code::WRONG_ARGUMENTS, span, message).into());
                }
            };
            if let Some(ty) = &param.ty {
                Box::pin(self.fits(env, &scope, name, ty, &value, span)).await?;
            }
            scope.bind(name.clone(), value.clone());
            bound.push((name.clone(), value));
        }
        if let Some((name, _)) = named.first() {
            let mut failure =
                self.failure(env, Code::WRONG_ARGUMENTS, span, format!("there is no parameter `{name}`"));
            failure.help = did_you_mean(name, params.iter().map(|param| &*param.name.name));
            return Err(failure.into());
        }
        Ok(bound)
    }

    /// Refuses an argument that its parameter's type does not admit.
    async fn fits(
        self: &Arc<Self>,
        env: &Env,
        scope: &Env,
        name: &str,
        ty: &Expr,
        value: &Value,
        span: Span,
    ) -> Flow<()> {
        let pattern = self.pattern(scope, ty).await?;
        let differences = crate::shape::mismatches(&pattern, value);
        if differences.is_empty() {
            return Ok(());
        }
        let message = format!("the argument `{name}` is not what `{}` describes", self.written(ty.span));
        let mut failure = self.failure(env, Code::BAD_VALUE, span, message);
        failure.details = differences.into_details();
        Err(failure.into())
    }

    /// The action that a callee names.
    pub(crate) fn action_named(&self, env: &Env, callee: &Expr) -> Option<(ItemRef, u32, &Action)> {
        let program = &self.world.plan.program;
        let (unit, name) = match &callee.kind {
            ExprKind::Name(name) => (env.unit, name),
            ExprKind::Field(base, field) => match &base.kind {
                ExprKind::Name(alias) => match program.lookup(env.unit, alias) {
                    Some(Definition::Module(unit)) => (unit, &field.name),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        let (item, declared) = program.lookup_item(unit, name)?;
        match &declared.kind {
            ItemKind::Action(action) => Some((item, declared.span.start, action)),
            _ => None,
        }
    }

    /// Runs an action's body in its own scope.
    async fn action(
        self: &Arc<Self>,
        env: &Env,
        item: ItemRef,
        origin: u32,
        action: &Action,
        given: Given,
        span: Span,
    ) -> Flow<Value> {
        let (inner, _) = self.enter(env, item, origin, action, given, span).await?;
        self.perform_action(inner, action, span).await
    }

    /// The scope of an action's body, with the values of its parameters, which come beside it too.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        env: &Env,
        item: ItemRef,
        origin: u32,
        action: &Action,
        given: Given,
        span: Span,
    ) -> Flow<(Env, Vec<Value>)> {
        if env.depth >= MAX_DEPTH {
            let message = format!("actions call each other more than {MAX_DEPTH} deep");
            return Err(self.bad_value(env, span, message));
        }
        let mut inner = env.call(item.unit, origin, span);
        let responses = given.responses.clone();
        let bound = self.bind(env, &action.params, given, span, &inner).await?;
        let mut values = Vec::with_capacity(bound.len());
        for (name, value) in bound {
            let response = responses.iter().find(|response| is_same(&response.record, &value)).cloned();
            values.push(value.clone());
            inner.bind_response(name, value, response);
        }
        Ok((inner, values))
    }

    /// Runs an action's body in the scope that [`Cx::enter`] gave.
    pub(crate) async fn perform_action(
        self: &Arc<Self>,
        mut inner: Env,
        action: &Action,
        span: Span,
    ) -> Flow<Value> {
        inner.dropped = action.body.statements.last().map(|statement| statement.span);
        match Box::pin(self.statements(&mut inner, &action.body.statements, None)).await {
            Ok(_) => Ok(Value::Null),
            Err(Stop::Return(value)) => Ok(value),
            Err(Stop::Failed(failures)) => Err(Stop::Failed(self.called_from(failures, action, span))),
            Err(Stop::Broken(failures)) => Err(Stop::Broken(self.called_from(failures, action, span))),
            Err(other) => Err(other),
        }
    }

    /// Says where an action was called from: its own place alone would not tell which call failed.
    fn called_from(
        &self,
        mut failures: Vec<crate::event::Failure>,
        action: &Action,
        span: Span,
    ) -> Vec<crate::event::Failure> {
        let place = self.world.place(span);
        for failure in &mut failures {
            let text = format!(
                "in `{}`, called from {}:{}:{}",
                action.name.name, place.file, place.line, place.column
            );
            failure.details.push(crate::event::Detail::Note { text });
        }
        failures
    }

    async fn script_call(
        self: &Arc<Self>,
        env: &Env,
        item: ItemRef,
        values: Vec<Value>,
        span: Span,
    ) -> Flow<Value> {
        let script = self
            .world
            .script(item)
            .map_err(|error| self.script_failure(env, Wrote::Item(item), span, &error))?;
        let scripts = self.world.scripts.clone();
        let outcome = blocking(move || scripts.call(&script, values)).await;
        match outcome {
            Ok(ScriptOutcome::Value(value)) => Ok(value),
            Ok(ScriptOutcome::Fail(why)) => Err(self.failure(env, Code::SCRIPT, span, why).into()),
            Err(error) => Err(self.script_failure(env, Wrote::Item(item), span, &error)),
        }
    }

    async fn script_file_call(
        self: &Arc<Self>,
        env: &Env,
        source: crate::source::SourceId,
        name: &str,
        given: Given,
        span: Span,
    ) -> Flow<Value> {
        let file = self
            .world
            .script_file(source)
            .map_err(|error| self.script_failure(env, Wrote::File(source), span, &error))?;
        let Some(function) = file.functions().iter().find(|function| &*function.name == name).cloned() else {
            return Err(self.bad_value(env, span, format!("the script has no function `{name}`")));
        };
        if !given.named.is_empty() || given.positional.len() != function.params.len() {
            let message = format!("`{name}` takes {} arguments by position", function.params.len());
            return Err(self.failure(env, Code::WRONG_ARGUMENTS, span, message).into());
        }
        let scripts = self.world.scripts.clone();
        let called = function.name.clone();
        match blocking(move || scripts.call_function(&file, &called, given.positional)).await {
            Ok(ScriptOutcome::Value(value)) => Ok(value),
            Ok(ScriptOutcome::Fail(why)) => Err(self.failure(env, Code::SCRIPT, span, why).into()),
            Err(error) => Err(self.script_failure(env, Wrote::File(source), span, &error)),
        }
    }

    /// Runs a `check`: `None` when it passes, why when it does not.
    pub(crate) async fn script_check(
        self: &Arc<Self>,
        env: &Env,
        item: ItemRef,
        values: Vec<Value>,
        span: Span,
    ) -> Flow<Option<String>> {
        let script = self
            .world
            .script(item)
            .map_err(|error| self.script_failure(env, Wrote::Item(item), span, &error))?;
        let scripts = self.world.scripts.clone();
        blocking(move || scripts.check(&script, values))
            .await
            .map_err(|error| self.script_failure(env, Wrote::Item(item), span, &error))
    }

    /// A script's error at its line, in the `.scn` file or in the script's own.
    pub(crate) fn script_failure(
        &self,
        env: &Env,
        wrote: Wrote,
        span: Span,
        error: &crate::script::ScriptError,
    ) -> Stop {
        let code = match wrote {
            Wrote::File(source) => Some((source, 0)),
            Wrote::Item(item) => match &self.world.plan.program.item(item).kind {
                ItemKind::Check(script) | ItemKind::Fn(script) => {
                    Some((script.code_span.source, script.code_span.start as usize))
                }
                _ => None,
            },
        };
        let at = match (code, error.offset) {
            (Some((source, start)), Some(offset)) => Span::new(source, start + offset, start + offset + 1),
            _ => span,
        };
        let mut failure = self.failure(env, Code::SCRIPT, at, error.message.clone());
        failure.help = error.help.clone();
        if at != span {
            let place = self.world.place(span);
            let text = format!("called from {}:{}:{}", place.file, place.line, place.column);
            failure.details.push(crate::event::Detail::Note { text });
        }
        for note in &error.notes {
            failure.details.push(crate::event::Detail::Note { text: note.clone() });
        }
        failure.into()
    }
}

/// Scripts compute; off the threads that wait for the network.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, crate::script::ScriptError> + Send + 'static,
) -> Result<T, crate::script::ScriptError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(crate::script::ScriptError {
            message: format!("the script was cut off: {error}"),
            offset: None,
            help: None,
            notes: Vec::new(),
        }),
    }
}
