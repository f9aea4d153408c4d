//! `contract(ledger)`: what a service promises, as a value that `compatible_with` speaks of. The
//! files are read when the expectation is judged, and never outside of the project.

use std::any::Any;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::call::Given;
use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use super::world::ServiceRef;
use crate::contract::compat::{Pair, Problem, read};
use crate::event::Detail;
use crate::source::{Sources, Span};
use crate::syntax::ast::{ExprKind, ItemKind, Service, SettingValue};
use crate::value::words::a_kind;
use crate::value::{BoxFuture, Live, Value};

/// A contract by its path, not read yet.
#[derive(Debug)]
struct ContractRef {
    name: Arc<str>,
    path: PathBuf,
}

impl Live for ContractRef {
    fn kind(&self) -> &'static str {
        "contract"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, _: &str) -> Option<Value> {
        None
    }

    fn fields(&self) -> &'static [&'static str] {
        &[]
    }

    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn version(&self) -> u64 {
        0
    }

    fn changed(&self, _: u64) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    fn is_over(&self) -> bool {
        true
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Cx {
    /// `contract(ledger)`, or `contract("./ledger.proto")`.
    pub(crate) fn contract_of(&self, env: &Env, given: Given, span: Span) -> Flow<Value> {
        let [of] = given.positional.as_slice() else {
            return Err(self.bad_value(env, span, "`contract` takes a service, or the path of a contract"));
        };
        let (name, path) = match of {
            Value::Text(text) => (text.text.clone(), self.below_module(env.unit, &text.text)),
            Value::Live(live) => {
                let Some(service) = live.as_any().downcast_ref::<ServiceRef>() else {
                    let message = format!("a {} has no contract; a service has", live.kind());
                    return Err(self.bad_value(env, span, message));
                };
                let program = &self.world.plan.program;
                let written = match &program.item(service.item).kind {
                    ItemKind::Service(declared) => written(declared),
                    _ => None,
                };
                let Some(written) = written else {
                    let message = format!("the service `{}` names no contract", service.name);
                    return Err(self.bad_value(env, span, message));
                };
                (service.name.clone(), self.below_module(service.item.unit, &written))
            }
            other => {
                let message = format!("`contract` takes a service or a path, not {}", a_kind(other));
                return Err(self.bad_value(env, span, message));
            }
        };
        Ok(Value::Live(Arc::new(ContractRef { name, path })))
    }

    /// Both contracts, when the subject is one and the operand is the path of another.
    pub(crate) async fn contracts(
        self: &Arc<Self>,
        env: &Env,
        subject: &Value,
        operand: &Value,
        span: Span,
    ) -> Flow<Option<Value>> {
        let Value::Live(live) = subject else { return Ok(None) };
        let Some(new) = live.as_any().downcast_ref::<ContractRef>() else { return Ok(None) };
        let old = match operand {
            Value::Text(text) => self.below_module(env.unit, &text.text),
            Value::Live(live) => match live.as_any().downcast_ref::<ContractRef>() {
                Some(old) => old.path.clone(),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let new = new.path.clone();
        let root = self.world.root.canonicalize().unwrap_or_else(|_| self.world.root.clone());
        let real = (inside(&root, &old), inside(&root, &new));
        let wrong: Vec<String> =
            [&real.0, &real.1].into_iter().filter_map(|path| path.clone().err()).collect();
        if !wrong.is_empty() {
            return Err(self.bad_value(env, span, wrong.join("; ")));
        }
        if matches!(&real, (Ok(Some(old)), Ok(Some(new))) if old == new) {
            let message = format!("`{}` is compared with itself, which shows nothing", new.display());
            return Err(self.bad_value(env, span, message));
        }
        // Compiling takes its time, and other scenarios go on.
        let pair = tokio::task::spawn_blocking(move || both(&old, &new, &root)).await;
        match pair {
            Ok(Ok(pair)) => Ok(Some(Value::Live(Arc::new(pair)))),
            Ok(Err((problems, sources))) => Err(self.unread(env, span, &problems, &sources)),
            Err(_) => Err(self.bad_value(env, span, "the contracts could not be compared: the run ends")),
        }
    }

    fn unread(&self, env: &Env, span: Span, problems: &[Problem], sources: &Sources) -> Stop {
        let first = problems.first().map_or("a contract cannot be read", |problem| &problem.message);
        let mut stop = self.bad_value(env, span, first);
        if let Stop::Failed(failures) = &mut stop
            && let Some(failure) = failures.first_mut()
        {
            failure.help = problems.iter().find_map(|problem| problem.help.clone());
            failure.details.extend(problems.iter().map(|problem| {
                let place = problem.span.map(|span| format!("{}: ", sources.place(span))).unwrap_or_default();
                Detail::Note { text: format!("{place}{}", problem.message) }
            }));
        }
        stop
    }

    /// A path from the directory of a module, as people would write it.
    fn below_module(&self, unit: usize, path: &str) -> PathBuf {
        let joined = self.world.plan.program.units[unit].dir.join(path);
        let parts = joined.components().filter(|part| *part != Component::CurDir);
        parts.collect()
    }
}

/// The path after `contract` in a service.
fn written(service: &Service) -> Option<Arc<str>> {
    let phrases = service.settings.iter().flat_map(|setting| &setting.phrases);
    let phrase = phrases.filter(|phrase| &*phrase.word.name == "contract").find_map(|it| it.value.as_ref());
    let line = service.settings.iter().filter(|setting| &*setting.name.name == "contract");
    let line = line.filter_map(|setting| match &setting.value {
        Some(SettingValue::Expr(value)) => Some(value),
        _ => None,
    });
    match &phrase.or_else(|| line.into_iter().next())?.kind {
        ExprKind::Text(template) => template.plain(),
        _ => None,
    }
}

/// The real path; an error when it lies outside of the root, none when there is no such file, which
/// reading it says better.
fn inside(root: &Path, path: &Path) -> Result<Option<PathBuf>, String> {
    match path.canonicalize() {
        Ok(real) if real.starts_with(root) => Ok(Some(real)),
        Ok(_) => Err(format!("`{}` lies outside of the project", path.display())),
        Err(_) => Ok(None),
    }
}

fn both(old: &Path, new: &Path, root: &Path) -> Result<Pair, (Vec<Problem>, Sources)> {
    let mut sources = Sources::default();
    match (read(old, root, &mut sources), read(new, root, &mut sources)) {
        (Ok(old), Ok(new)) => Ok(Pair { old, new, sources }),
        (old, new) => {
            let problems = [old.err(), new.err()].into_iter().flatten().flatten().collect();
            Err((problems, sources))
        }
    }
}
