//! Fixtures: set up for the scenarios that reach them, for each, for a stage or for the run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use crate::check::ItemRef;
use crate::event::Failure;
use crate::syntax::ast::{Attribute, ExprKind, Fixture, Item, ItemKind};
use crate::value::Value;

/// A fixture's value, or why there is none, once it has been set up.
type Cell = OnceCell<Result<Value, Vec<Failure>>>;

/// Fixtures that several scenarios share, with the context that cleans them up.
pub(crate) struct Scope {
    /// What they run in.
    pub(crate) cx: Arc<Cx>,
    cells: Mutex<BTreeMap<ItemRef, Arc<Cell>>>,
}

impl Scope {
    /// A scope with no fixtures yet.
    pub(crate) fn new(cx: Arc<Cx>) -> Scope {
        Scope { cx, cells: Mutex::default() }
    }

    /// The fixture's value, set up by whoever asks first.
    pub(super) async fn fixture(&self, item: ItemRef) -> Flow<Value> {
        let cell = lock(&self.cells).entry(item).or_default().clone();
        let value = cell
            .get_or_init(|| async {
                self.cx.set_up(item, &self.cx.world.key).await.map_err(Stop::into_failures)
            })
            .await
            .clone();
        let value = match value {
            Ok(value) => value,
            // Nothing failed, so it was cut off.
            Err(failures) if failures.is_empty() => return Err(Stop::Cancelled),
            Err(failures) => return Err(Stop::Failed(failures)),
        };
        lock(&self.cx.fixtures).insert(item, value.clone());
        Ok(value)
    }
}

impl Cx {
    /// Runs a fixture's statements; its value is what it returns.
    pub(crate) async fn set_up(self: &Arc<Self>, item: ItemRef, key: &crate::shape::DrawKey) -> Flow<Value> {
        let declared = self.world.plan.program.item(item);
        let ItemKind::Fixture(Fixture { name, body }) = &declared.kind else { return Ok(Value::Null) };
        let key = key.with(self.world.unit_name(item.unit)).with(format!("fixture {}", name.name));
        let mut env = Env::of_unit(item.unit, key, declared.span.start);
        let number = env.begin_try();
        let flow = self.statements(&mut env, &body.statements, None).await;
        match self.all_judged(number, flow) {
            Ok(_) => Ok(Value::Null),
            Err(Stop::Return(value)) => Ok(value),
            Err(Stop::Failed(mut failures) | Stop::Broken(mut failures)) => {
                for failure in &mut failures {
                    let text = format!("in fixture `{}`", name.name);
                    failure.details.push(crate::event::Detail::Note { text });
                }
                Err(Stop::Failed(failures))
            }
            Err(other) => Err(other),
        }
    }
}

/// How long a fixture lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Scenario,
    Stage,
    Run,
}

/// `@per(scenario|stage|run)`
pub(crate) fn lifetime(item: &Item) -> Lifetime {
    let word = |attribute: &Attribute| match &attribute.args.as_ref()?.args.first()?.value.kind {
        ExprKind::Name(name) => Some(name.clone()),
        _ => None,
    };
    let per = item.attributes.iter().find(|attribute| &*attribute.name.name == "per");
    match per.and_then(word).as_deref() {
        Some("run") => Lifetime::Run,
        Some("stage") => Lifetime::Stage,
        _ => Lifetime::Scenario,
    }
}
