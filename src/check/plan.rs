//! What a run needs to know: the modules with their names resolved, the stages in order, the
//! scenarios with their attributes and everything they reach.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::contract::Contract;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::ast::{Item, ItemKind, Module};

/// All modules of a run: those that were named, and those they import.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Every file.
    pub sources: Sources,
    /// Grows when the files are numbered anew, so that no place of before means anything any more.
    pub numbering: u32,
    /// Every module, in the order in which they were first reached.
    pub units: Vec<Unit>,
    /// The contracts that modules `use` under a name.
    pub contracts: Vec<Contract>,
    /// The module of the standard library in which `idempotent as` looks for a profile that its
    /// own module does not have, when one is named at all: its index in `units`.
    pub profiles: Option<usize>,
}

/// One module with its names.
#[derive(Debug, Clone)]
pub struct Unit {
    /// Its tree.
    pub module: Module,
    /// The pieces in which it was read, each a source of its own, with the byte of the module at which
    /// it begins; none when it was read as a whole.
    pub pieces: Vec<(SourceId, u32)>,
    /// Whether it was named on the command line, so that its scenarios are candidates.
    pub named: bool,
    /// Where its relative paths start from.
    pub dir: PathBuf,
    /// Every name that is visible at its top level: its own items and what it imports.
    pub names: BTreeMap<Arc<str>, Definition>,
    /// Contracts by the service they belong to.
    pub contracts: BTreeMap<Arc<str>, Contract>,
    /// The lines that could not be read: what they declare is missing from the tree.
    pub broken: Vec<Span>,
    /// What each `use` came to, by its index in the module's items.
    pub imports: BTreeMap<usize, Import>,
}

/// What a `use` came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Import {
    /// A module: its index in [`Program::units`].
    Unit(usize),
    /// A script file.
    Script(SourceId),
    /// A contract file: its index in [`Program::contracts`].
    Contract(usize),
    /// Nothing: it could not be read, and a diagnostic says why.
    Failed,
}

/// What a top-level name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Definition {
    /// An item, here or in the module it was imported from.
    Item(ItemRef),
    /// `use "…" as x`: everything in that module, as `x.name`.
    Module(usize),
    /// `use "./x.rhai" as x`: the functions of that script file, as `x.name`.
    Script(SourceId),
    /// `use "./ledger.proto" as l`: the types of that contract, as `l.Entry`.
    Contract(usize),
}

/// An item by module and position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ItemRef {
    /// Index in [`Program::units`].
    pub unit: usize,
    /// Index in the module's items.
    pub item: usize,
}

impl Program {
    /// The item.
    pub fn item(&self, at: ItemRef) -> &Item {
        &self.units[at.unit].module.items[at.item]
    }

    /// What a name means at the top level of a module.
    pub fn lookup(&self, unit: usize, name: &str) -> Option<Definition> {
        self.units[unit].names.get(name).copied()
    }

    /// The item that a name means at the top level of a module, when it is an item.
    pub fn lookup_item(&self, unit: usize, name: &str) -> Option<(ItemRef, &Item)> {
        match self.lookup(unit, name)? {
            Definition::Item(at) => Some((at, self.item(at))),
            Definition::Module(_) | Definition::Script(_) | Definition::Contract(_) => None,
        }
    }

    /// All items of all modules.
    pub fn items(&self) -> impl Iterator<Item = (ItemRef, &Item)> {
        self.units.iter().enumerate().flat_map(|(unit, u)| {
            u.module.items.iter().enumerate().map(move |(item, it)| (ItemRef { unit, item }, &**it))
        })
    }
}

/// A name with its value, such as an attribute's argument kept as written.
pub type Binding = (Arc<str>, crate::syntax::ast::Expr);

/// What will run.
#[derive(Debug)]
pub struct Plan {
    /// The modules.
    pub program: Arc<Program>,
    /// The stages, each after those it names; scenarios without a stage belong to a first stage
    /// with an empty name, which is there only if it has scenarios.
    pub stages: Vec<PlannedStage>,
    /// Every scenario of the named modules in order of file and line, selected or not.
    pub scenarios: Vec<PlannedScenario>,
    /// `seed 42` of the first named module that has one.
    pub seed: Option<u64>,
    /// The inputs and secrets that each scenario, stage and service reads, through actions and
    /// fixtures too; those of the services that it reaches stand with these.
    pub inputs: BTreeMap<ItemRef, Vec<ItemRef>>,
}

/// A stage.
#[derive(Debug, Clone)]
pub struct PlannedStage {
    /// Its name; empty for scenarios without one.
    pub name: Arc<str>,
    /// Its item; none for scenarios without a stage.
    pub item: Option<ItemRef>,
    /// Indexes in [`Plan::stages`] of the stages that come first.
    pub after: Vec<usize>,
    /// Every service that its `on failure` and `finally` blocks reach, in order of dependency.
    pub services: Vec<ItemRef>,
    /// Every fixture that those blocks reach, in order of dependency.
    pub fixtures: Vec<ItemRef>,
}

/// A scenario with what its attributes say and what it reaches.
#[derive(Debug, Clone)]
pub struct PlannedScenario {
    /// Its item.
    pub item: ItemRef,
    /// Its title.
    pub title: Arc<str>,
    /// The 1-based line of its title, and its last line: `file.scn:LINE` means the one around it.
    pub lines: (u32, u32),
    /// Index in [`Plan::stages`].
    pub stage: usize,
    /// `@tags(a, b)`
    pub tags: Vec<Arc<str>>,
    /// `@owner(x)`
    pub owner: Option<Arc<str>>,
    /// `@timeout(60s)`
    pub timeout: Option<Duration>,
    /// `@serial`: runs while nothing else does.
    pub serial: bool,
    /// `@retries(2)`
    pub retries: u32,
    /// `@skip("why")`
    pub skip: Option<Arc<str>>,
    /// `@quarantine("issue", until: date("…"))`
    pub quarantine: Option<Quarantine>,
    /// `@cases([{…}])`: the list, evaluated at module level; the name `case` is bound to each.
    pub cases: Option<crate::syntax::ast::Expr>,
    /// `@matrix(mode: [..], ledger: [current, v1])`: it runs once for each combination.
    pub matrix: Vec<Axis>,
    /// `@seed(7)`: draws as if the run had this seed.
    pub seed: Option<u64>,
    /// Every service it reaches, through actions and fixtures too, with the services whose address
    /// those read; each after those it depends on.
    pub services: Vec<ItemRef>,
    /// The services it holds alone: those it kills, restarts or pauses, and the ends of links between
    /// services that it observes or breaks, with all they connect to.
    pub leases: Vec<ItemRef>,
    /// The links that it observes or breaks, through actions and fixtures too; `a -> *` is one for
    /// each service whose address `a` reads.
    pub links: Vec<Ends>,
    /// Every fixture it reaches, each after those it depends on.
    pub fixtures: Vec<ItemRef>,
    /// The doubles it takes, one a service; those services are not started for it.
    pub doubles: Vec<PlannedDouble>,
}

/// A double that a scenario takes.
#[derive(Debug, Clone)]
pub struct PlannedDouble {
    /// The double.
    pub double: ItemRef,
    /// The service that it plays.
    pub service: ItemRef,
    /// `grudging(times: 2)`, as the scenario has it.
    pub written: crate::syntax::ast::Expr,
}

/// Who calls over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// `client`: the runner itself.
    Client,
    /// A service.
    Service(ItemRef),
}

/// One link between two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ends {
    /// Who calls.
    pub from: Party,
    /// The service that is called.
    pub to: ItemRef,
}

/// Links as scenarios name them: `orders -> ledger`, `orders -> ledger.Post`, `orders -> *`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkName {
    /// Who calls.
    pub from: Party,
    /// The service that is called; none for `*`, all that the caller calls.
    pub to: Option<ItemRef>,
    /// Only the calls of this method: `Post`, `GET`.
    pub method: Option<Arc<str>>,
}

/// One name of a `@matrix` with what it stands for in turn.
#[derive(Debug, Clone)]
pub struct Axis {
    /// The name that the scenario's statements read.
    pub name: Arc<str>,
    /// What it stands for.
    pub values: AxisValues,
}

/// What a name of a `@matrix` stands for in turn.
#[derive(Debug, Clone)]
pub enum AxisValues {
    /// The items of a list, evaluated at module level.
    Values(crate::syntax::ast::Expr),
    /// A service as several of its variants.
    Variants {
        /// The service.
        service: ItemRef,
        /// Their names; none for the service as it is declared.
        variants: Vec<Option<Arc<str>>>,
    },
}

/// `@quarantine`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantine {
    /// The issue.
    pub issue: Arc<str>,
    /// `until: date("2026-12-01")`, as written: after that day it no longer protects.
    pub until: Option<Arc<str>>,
}

impl Plan {
    /// The item's kind as a scenario; plans hold nothing else in `scenarios`.
    pub fn body(&self, scenario: &PlannedScenario) -> Option<&crate::syntax::ast::Scenario> {
        match &self.program.item(scenario.item).kind {
            ItemKind::Scenario(body) => Some(body),
            _ => None,
        }
    }
}
