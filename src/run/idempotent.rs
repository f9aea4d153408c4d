//! `idempotent as PROFILE { … }`: the operation once as it is, then each probe on a trial of its
//! own: the scenario from its beginning to here, on fresh data, then the attack. Every answer and
//! the effect are judged; equal answers alone prove nothing.

mod answer;
mod attack;
mod change;
mod effect;
mod given;
mod links;
mod report;
mod trial;

use std::sync::Arc;

use tokio::time::Instant;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::check::{Attack, Program, attacks, key_of, profile_of, same_of};
use crate::diag::Code;
use crate::event::{EventKind, Failure, ProbeOutcome};
use crate::probe::KeyPlace;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Idempotent, Request, Same, Statement, StatementKind};
use crate::value::Value;

use trial::Trial;

/// The operation that is said to be idempotent.
pub(super) struct Operation<'a> {
    idempotent: &'a Idempotent,
    /// The place of the whole statement.
    span: Span,
    /// What comes before the request.
    lets: &'a [Statement],
    request: &'a Request,
    request_span: Span,
    /// What the block expects of an answer.
    expects: &'a [Statement],
    same: &'a [Same],
    /// Where the request carries its key, and where that is written.
    key: Option<(KeyPlace, Span)>,
    /// The key of the first trial: no other may have the same.
    first_key: Option<Value>,
    /// The trace of the first trial.
    first_trace: String,
}

impl Cx {
    /// Judges an operation that is said to be idempotent.
    pub(crate) async fn idempotent(self: &Arc<Self>, env: &Env, block: &Idempotent, span: Span) -> Flow<()> {
        let program = &self.world.plan.program;
        let Some(mut operation) = Operation::of(program, env.unit, block, span) else {
            let message = "`idempotent` has no request";
            return Err(self.failure(env, Code::NOTHING_CHECKED, span, message).into());
        };
        let mut plain = Trial::here(self, env, &operation).await?;
        operation.first_key = plain.key(&operation)?;
        operation.first_trace.clone_from(&self.session.trace_id);
        plain.as_it_is(&operation).await?;
        if self.again {
            return Ok(());
        }
        let mut failures = Vec::new();
        let mut unknown = Vec::new();
        for attack in self.chosen(env, &operation) {
            match self.probed(&operation, &attack).await {
                Ok(()) => {}
                Err(Stop::Failed(found)) => failures.extend(found),
                Err(Stop::Unknown(found)) => unknown.extend(found),
                Err(other) => return Err(other),
            }
        }
        if failures.is_empty() {
            return if unknown.is_empty() { Ok(()) } else { Err(Stop::Unknown(unknown)) };
        }
        failures.extend(unknown);
        Err(Stop::Failed(failures))
    }

    /// The probes that run: all, or those that the command line asks for.
    fn chosen<'a>(&'a self, env: &Env, operation: &Operation<'a>) -> Vec<Attack<'a>> {
        let program = &self.world.plan.program;
        let all = attacks(program, env.unit, operation.idempotent);
        let Some(wanted) = &self.world.probe else { return all };
        // Another one has it: the command line was held against all of them.
        all.into_iter().filter(|attack| attack.title == *wanted || *attack.name == **wanted).collect()
    }

    /// Runs one probe and tells how it went.
    async fn probed(self: &Arc<Self>, operation: &Operation<'_>, attack: &Attack<'_>) -> Flow<()> {
        let began = Instant::now();
        let place = operation.place_of(attack);
        self.at(place);
        let (attempts, result) = self.attack(operation, attack).await;
        let outcome = match &result {
            Ok(()) => ProbeOutcome::Survived,
            Err(Stop::Unknown(_)) => ProbeOutcome::Inconclusive,
            Err(Stop::Cancelled) => return result,
            Err(_) => ProbeOutcome::Failed,
        };
        if let Some(id) = self.id {
            self.emit(EventKind::Probed {
                id,
                place: self.world.bare_place(place),
                probe: attack.title.clone(),
                outcome,
                attempts,
                took_us: began.elapsed().as_micros() as u64,
            });
        }
        let repeat = self
            .repeat
            .as_ref()
            .map(|repeat| format!("{repeat} --probe {}", crate::value::words::shell_quote(&attack.title)));
        let complete = |mut failures: Vec<Failure>| {
            failures.iter_mut().for_each(|failure| failure.repeat.clone_from(&repeat));
            failures
        };
        match result {
            Err(Stop::Failed(failures) | Stop::Broken(failures)) => Err(Stop::Failed(complete(failures))),
            Err(Stop::Unknown(failures)) => Err(Stop::Unknown(complete(failures))),
            other => other,
        }
    }

    /// The scope in which what stands in a profile is evaluated: its parameters, bound.
    pub(super) async fn profile_env(
        self: &Arc<Self>,
        env: &Env,
        operation: &Operation<'_>,
    ) -> Flow<Option<Env>> {
        let program = self.world.plan.program.clone();
        let Some(profiled) = profile_of(&program, env.unit, operation.idempotent) else { return Ok(None) };
        let origin = program.item(profiled.item).span.start;
        let mut scope = Env::of_unit(profiled.item.unit, env.key.with("profile"), origin);
        scope.steps = env.steps.clone();
        scope.tries = env.tries.clone();
        let args = profiled.args.map_or(&[][..], |args| &args.args);
        let mut positional = args.iter().filter(|arg| arg.name.is_none());
        for param in &profiled.profile.params {
            let name = &param.name.name;
            let named = args.iter().find(|arg| arg.name.as_ref().is_some_and(|given| given.name == *name));
            let given = named.or_else(|| positional.next());
            if &**name == "by" {
                continue;
            }
            let value = match (given, &param.default) {
                (Some(arg), _) => self.eval(env, &arg.value).await?,
                (None, Some(default)) => self.eval(&scope, default).await?,
                (None, None) => Value::Absent,
            };
            scope.bind(name.clone(), value);
        }
        Ok(Some(scope))
    }
}

impl<'a> Operation<'a> {
    fn of(
        program: &'a Program,
        unit: usize,
        idempotent: &'a Idempotent,
        span: Span,
    ) -> Option<Operation<'a>> {
        let statements = &idempotent.body.statements;
        let at = statements.iter().position(|statement| as_request(statement).is_some())?;
        let (request, request_span) = as_request(&statements[at])?;
        Some(Operation {
            idempotent,
            span,
            lets: &statements[..at],
            request,
            request_span,
            expects: &statements[at + 1..],
            same: same_of(program, unit, idempotent),
            key: key_of(program, unit, idempotent),
            first_key: None,
            first_trace: String::new(),
        })
    }

    /// Where a probe is to be shown: where it is written, or the profile that has it is named.
    fn place_of(&self, attack: &Attack<'_>) -> Span {
        match (attack.profile, &self.idempotent.profile) {
            (Some(_), Some(profile)) => profile.span,
            _ => attack.probe.span,
        }
    }
}

fn as_request(statement: &Statement) -> Option<(&Request, Span)> {
    match &statement.kind {
        StatementKind::Expr(Expr { kind: ExprKind::Request(request), span }) => Some((request, *span)),
        _ => None,
    }
}
