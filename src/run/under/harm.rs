//! A fault as it is written, with its arguments evaluated.

use std::sync::Arc;

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::super::service::ServiceRef;
use crate::check::{LinkName, crash_link};
use crate::diag::{Code, did_you_mean};
use crate::lang::{Kind, Spec, Ty};
use crate::link::{Fault, fault};
use crate::source::Span;
use crate::syntax::ast::{Arg, Args, Expr, ExprKind};
use crate::system::fault::{PROCESS, ProcessFault};
use crate::value::{Key, Object, Value};

/// A fault with its place.
#[derive(Debug, Clone)]
pub(crate) struct Harm {
    /// As written: `lost_response(first: 1)`.
    pub(crate) written: Arc<str>,
    /// Where it is written.
    pub(crate) span: Span,
    /// What happens, and to what.
    pub(crate) what: What,
}

/// What happens, and to what.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// To links. The key and the method of the link are filled in when it begins.
    Link { on: LinkName, fault: Box<Fault> },
    /// To a service, or to one of its members; a crash counts the calls of a link.
    Process { service: Arc<ServiceRef>, fault: ProcessFault, counts: Option<LinkName> },
}

/// The arguments by the names of their parameters; a key stands apart, and so does a bare word.
struct Read {
    values: Object,
    per: Option<Key>,
}

impl Cx {
    /// Evaluates a fault and resolves its place.
    pub(crate) async fn harm(self: &Arc<Self>, env: &Env, written: &Expr, on: Option<&Expr>) -> Flow<Harm> {
        let (name, args) = match &written.kind {
            ExprKind::Call(callee, args) => (self.written(callee.span), Some(args)),
            _ => (self.written(written.span), None),
        };
        let Some(spec) = self.world.registry.get(Kind::Fault, &name).copied() else {
            let mut failure =
                self.failure(env, Code::UNKNOWN_NAME, written.span, format!("there is no fault `{name}`"));
            let known = self.world.registry.of_kind(Kind::Fault).map(|spec| spec.name);
            failure.help = did_you_mean(&name, known);
            return Err(failure.into());
        };
        let Some(on) = on else {
            return Err(self.bad_value(env, written.span, format!("`{name}` has no place")));
        };
        let read = self.fault_arguments(env, &spec, args).await?;
        let text: Arc<str> = self.written(written.span).into();
        let what = if spec.of == PROCESS {
            self.process_harm(env, &name, &read, args, written.span, on).await?
        } else {
            let ExprKind::Link(from, to) = &on.kind else {
                let message = format!("`{}` is no link", self.written(on.span));
                return Err(self.bad_value(env, on.span, message));
            };
            let link = self.link_at(env, from, to.as_deref(), on.span)?;
            let fault = fault::read(&name, &read.values, read.per, text.clone(), env.site(written.span))
                .map_err(|misuse| {
                    let at = misuse.option.as_deref().unwrap_or_default();
                    self.wrong_argument(env, &spec, args, at, written.span, misuse.message, misuse.help)
                })?;
            if let (Some(given), Some(place)) = (&fault.select.method, &link.method)
                && given != place
            {
                let message = format!("the place names the method `{place}`, and the fault `{given}`");
                let help = Some("name it once".to_owned());
                return Err(self.wrong_argument(env, &spec, args, "method", written.span, message, help));
            }
            What::Link { on: link, fault: Box::new(fault) }
        };
        Ok(Harm { written: text, span: written.span, what })
    }

    async fn process_harm(
        self: &Arc<Self>,
        env: &Env,
        name: &str,
        read: &Read,
        args: Option<&Args>,
        span: Span,
        on: &Expr,
    ) -> Flow<What> {
        let value = self.eval(env, on).await?;
        let service = match &value {
            Value::Live(live) => self.world.service_behind(&**live),
            _ => None,
        };
        let Some(service) = service else {
            let message = format!("`{}` is no service", self.written(on.span));
            return Err(self.bad_value(env, on.span, message));
        };
        let fault = ProcessFault::read(name, &read.values).map_err(|wrong| {
            let spec = self.world.registry.get(Kind::Fault, name).copied();
            match spec {
                Some(spec) => {
                    self.wrong_argument(env, &spec, args, wrong.argument, span, wrong.message, None)
                }
                None => self.bad_value(env, span, wrong.message),
            }
        })?;
        let counts = match &fault {
            ProcessFault::Crash { .. } => {
                let of = read.values.get("of").and_then(Value::as_text);
                let link = crash_link(&self.world.plan.program, env.unit, of, service.item);
                let link = link.filter(|link| !self.standing(link).is_empty());
                Some(link.ok_or_else(|| {
                    let message =
                        format!("the calls that `crash` counts pass over no link to `{}`", service.name);
                    self.bad_value(env, span, message)
                })?)
            }
            ProcessFault::Timed { .. } => None,
        };
        Ok(What::Process { service, fault, counts })
    }

    async fn fault_arguments(self: &Arc<Self>, env: &Env, spec: &Spec, args: Option<&Args>) -> Flow<Read> {
        let mut read = Read { values: Object::new(), per: None };
        for (index, arg) in args.iter().flat_map(|args| &args.args).enumerate() {
            let Some((name, ty)) = parameter(spec, index, arg) else {
                return Err(self.bad_value(
                    env,
                    arg.value.span,
                    format!("`{}` takes no such argument", spec.name),
                ));
            };
            match (ty, &arg.value.kind) {
                (Ty::Key, _) => read.per = Some(self.key(env, &arg.value)?),
                (Ty::Word, ExprKind::Name(word)) if env.get(word).is_none() => {
                    read.values.insert(name.into(), Value::text(word.clone()));
                }
                _ => {
                    let value = self.eval(env, &arg.value).await?;
                    self.present(env, &arg.value, &value)?;
                    read.values.insert(name.into(), value);
                }
            }
        }
        Ok(read)
    }

    #[expect(clippy::too_many_arguments, reason = "what a message needs")]
    fn wrong_argument(
        &self,
        env: &Env,
        spec: &Spec,
        args: Option<&Args>,
        name: &str,
        whole: Span,
        message: String,
        help: Option<String>,
    ) -> Stop {
        let given = args.iter().flat_map(|args| &args.args).enumerate();
        let at = given
            .filter(|(index, arg)| parameter(spec, *index, arg).is_some_and(|(known, _)| known == name))
            .map(|(_, arg)| arg.value.span)
            .next();
        let mut failure = self.failure(env, Code::BAD_VALUE, at.unwrap_or(whole), message);
        failure.help = help;
        failure.into()
    }
}

/// The parameter that an argument is for, by its name or place.
fn parameter(spec: &Spec, index: usize, arg: &Arg) -> Option<(&'static str, Ty)> {
    let param = match &arg.name {
        Some(name) => spec.params.iter().find(|param| *param.name == *name.name),
        None => spec.params.get(index),
    }?;
    Some((param.name, param.ty))
}
