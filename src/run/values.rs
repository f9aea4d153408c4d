//! Shapes outside of a run: nothing is started, sent or written; modules, inputs and catalogs are
//! what they are in a run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::cx::Cx;
use super::env::Env;
use super::inputs::resolve;
use super::world::{EventSender, Parts, World};
use crate::check::Plan;
use crate::diag::Diagnostic;
use crate::event::Failure;
use crate::lang::Registry;
use crate::protocol::Session;
use crate::shape::{DrawKey, Pattern};
use crate::syntax::ast::Expr;
use crate::system::Processes;
use crate::value::Redactor;

/// What a shape is evaluated in.
#[derive(Debug, Clone)]
pub struct Around {
    /// The modules, checked.
    pub plan: Arc<Plan>,
    /// All names.
    pub registry: Arc<Registry>,
    /// `--set` and the env file, by input name.
    pub inputs: BTreeMap<String, String>,
    /// The seed of what the modules draw themselves.
    pub seed: u64,
    /// The directory that files may not leave.
    pub root: PathBuf,
}

/// Why there is no pattern.
#[derive(Debug)]
pub enum Unknown {
    /// An input has a value that it cannot have.
    Inputs(Vec<Diagnostic>),
    /// The shape cannot be evaluated.
    Shape(Vec<Failure>),
    /// There is no runtime to evaluate it in.
    Runtime(std::io::Error),
}

/// The pattern that an expression of a module describes. Blocks. Secrets are registered with the
/// redactor, and what is drawn of them is tainted.
pub fn pattern(around: &Around, unit: usize, expr: &Expr, redactor: &Redactor) -> Result<Pattern, Unknown> {
    let variable = |name: &str| std::env::var(name).ok();
    let (inputs, problems) = resolve(&around.plan.program, &around.inputs, &variable, redactor);
    if !problems.is_empty() {
        return Err(Unknown::Inputs(problems));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_stack_size(super::STACK)
        .enable_all()
        .build()
        .map_err(Unknown::Runtime)?;
    // Nobody listens: a shape has no events.
    let (events, _) = EventSender::new();
    let world = Arc::new(World::new(Parts {
        plan: around.plan.clone(),
        registry: around.registry.clone(),
        events,
        redactor: redactor.clone(),
        processes: Processes::default(),
        root: around.root.clone(),
        scratch: around.root.join(".scn").join("scratch"),
        seed: around.seed,
        inputs,
        cases: super::Cases::default(),
        probe: None,
        only_safe: true,
        elsewhere: BTreeSet::new(),
        protocols: Vec::new(),
        services: BTreeMap::new(),
    }));
    let cancel = CancellationToken::new();
    let dir = world.plan.program.units.get(unit).map_or_else(PathBuf::new, |unit| unit.dir.clone());
    let trace = "0".repeat(32);
    let session = Session::new(redactor.clone(), cancel.clone(), dir, trace, world.processes.clone());
    let cx = Arc::new(Cx::new(world, None, Arc::new(session), cancel, None));
    let env = Env::of_unit(unit, DrawKey::new(around.seed), expr.span.start);
    let expr = expr.clone();
    // On a thread of the runtime, whose stack is as deep as shapes may nest.
    let evaluated = runtime.spawn(async move { cx.pattern(&env, &expr).await });
    let result = runtime.block_on(evaluated);
    runtime.shutdown_background();
    match result {
        Ok(Ok(pattern)) => Ok(pattern),
        Ok(Err(stop)) => Err(Unknown::Shape(stop.into_failures())),
        Err(error) => Err(Unknown::Runtime(std::io::Error::other(error))),
    }
}
