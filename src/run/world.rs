//! What all scenarios of a run share: the plan, the protocols, the services, the inputs.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::{RwLock, mpsc};
use tokio::task::JoinSet;

use super::catalog::Catalogs;
use super::coverage::Counting;
use super::cx::lock;
pub(crate) use super::service::ServiceRef;
use crate::check::{ItemRef, Plan};
use crate::diag::Code;
use crate::event::{EventKind, Failure, ServiceLog};
use crate::lang::Registry;
use crate::protocol::Protocol;
use crate::script::{Script, ScriptError, ScriptFile, Scripts};
use crate::shape::DrawKey;
use crate::source::SourceId;
use crate::syntax::ast::ItemKind;
use crate::system::{Builds, Processes};
use crate::value::{Live, Redactor, Value};

/// How many of a service's last lines a failure shows.
const LOG_LINES: usize = 12;

/// Everything that scenarios share. Nothing in it changes but by its own locks.
pub(crate) struct World {
    /// What will run.
    pub(crate) plan: Arc<Plan>,
    /// All names.
    pub(crate) registry: Arc<Registry>,
    /// Where events go.
    pub(crate) events: EventSender,
    /// Masks secrets.
    pub(crate) redactor: Redactor,
    /// Starts processes.
    pub(crate) processes: Processes,
    /// Builds services, each once.
    pub(crate) builds: Builds,
    /// The script engine.
    pub(crate) scripts: Arc<Scripts>,
    /// The run's directory: where paths on the command line start from.
    pub(crate) root: PathBuf,
    /// Where builds put what they make: `${out}`.
    pub(crate) out: PathBuf,
    /// A directory of this run's own, gone when it ends: `${scratch}`.
    pub(crate) scratch: PathBuf,
    /// The key of all drawn data.
    pub(crate) key: DrawKey,
    /// The only source of wall-clock time.
    pub(crate) clock: Clock,
    /// Inputs and secrets that were given.
    pub(crate) inputs: BTreeMap<ItemRef, Value>,
    /// Whether the environment refuses everything that may change something.
    pub(crate) only_safe: bool,
    /// The services that the environment says where to find.
    pub(crate) elsewhere: BTreeSet<Arc<str>>,
    /// What the command line decides about properties.
    pub(crate) cases: super::Cases,
    /// `--probe`: the one probe that runs.
    pub(crate) probe: Option<String>,
    /// Whether some property has the case that the command line asks for.
    pub(crate) case_tried: AtomicBool,
    /// `@serial` scenarios hold it alone.
    pub(crate) serial: Arc<RwLock<()>>,
    /// What each module is called in the keys of drawn data.
    names: Vec<String>,
    /// The links between services.
    pub(crate) links: super::link::Links,
    /// The catalogs that were read.
    pub(crate) catalogs: Catalogs,
    /// The traces of the scenarios so far, of each attempt and of each trial.
    pub(crate) traces: Mutex<BTreeSet<String>>,
    /// What was warned of once and need not be told again.
    pub(crate) warned: Mutex<BTreeSet<String>>,
    /// What is exercised of the services' contracts.
    pub(crate) counting: Counting,
    protocols: Vec<Box<dyn Protocol>>,
    services: BTreeMap<ItemRef, Arc<ServiceRef>>,
    compiled: Mutex<BTreeMap<ItemRef, Result<Arc<Script>, ScriptError>>>,
    files: Mutex<BTreeMap<SourceId, Result<Arc<ScriptFile>, ScriptError>>>,
}

/// What a world is made of.
pub(crate) struct Parts {
    pub(crate) plan: Arc<Plan>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) events: EventSender,
    pub(crate) redactor: Redactor,
    pub(crate) processes: Processes,
    pub(crate) root: PathBuf,
    pub(crate) scratch: PathBuf,
    pub(crate) seed: u64,
    pub(crate) inputs: BTreeMap<ItemRef, Value>,
    pub(crate) only_safe: bool,
    pub(crate) elsewhere: BTreeSet<Arc<str>>,
    pub(crate) cases: super::Cases,
    pub(crate) probe: Option<String>,
    pub(crate) protocols: Vec<Box<dyn Protocol>>,
    pub(crate) services: BTreeMap<ItemRef, Arc<ServiceRef>>,
}

impl World {
    /// Puts the parts together.
    pub(crate) fn new(parts: Parts) -> World {
        World {
            names: super::module::names(&parts.plan.program, &parts.root),
            plan: parts.plan,
            registry: parts.registry,
            events: parts.events,
            redactor: parts.redactor,
            processes: parts.processes,
            builds: Builds::default(),
            scripts: Arc::new(Scripts::new()),
            out: parts.root.join(".scn").join("out"),
            root: parts.root,
            catalogs: Catalogs::new(&parts.scratch),
            scratch: parts.scratch,
            key: DrawKey::new(parts.seed),
            clock: Clock,
            inputs: parts.inputs,
            only_safe: parts.only_safe,
            elsewhere: parts.elsewhere,
            cases: parts.cases,
            probe: parts.probe,
            case_tried: AtomicBool::new(false),
            serial: Arc::new(RwLock::new(())),
            counting: Counting::of(parts.services.values()),
            protocols: parts.protocols,
            services: parts.services,
            links: super::link::Links::default(),
            traces: Mutex::default(),
            warned: Mutex::default(),
            compiled: Mutex::default(),
            files: Mutex::default(),
        }
    }

    /// The protocol with this name.
    pub(crate) fn protocol(&self, name: &str) -> Option<&dyn Protocol> {
        self.protocols.iter().find(|protocol| protocol.name() == name).map(AsRef::as_ref)
    }

    /// Opens the places where doubles play; they close when the tasks are dropped. Errors: one
    /// cannot be played.
    pub(crate) fn open_stands(&self) -> Result<JoinSet<Infallible>, Box<Failure>> {
        let mut stands = JoinSet::new();
        for service in self.services.values() {
            let Some(stand) = service.stand() else { continue };
            let (Some(listener), Some(protocol)) = (stand.listener(), self.protocol(&service.protocol))
            else {
                continue;
            };
            let failed = |why: String| Box::new(Failure::new(Code::SERVICE_START.name, why));
            let listener = tokio::net::TcpListener::from_std(listener)
                .map_err(|error| failed(format!("`{}` cannot be played: {error}", service.name)))?;
            let serving = protocol.serve(listener, service.endpoint(self), stand).map_err(|misuse| {
                let mut failure = failed(misuse.message);
                failure.help = misuse.help;
                failure
            })?;
            stands.spawn(serving);
        }
        Ok(stands)
    }

    /// Whether the process of a service with this name, or of one of its members, stands still.
    pub(crate) fn is_paused(&self, name: &str) -> bool {
        let stands = |service: &ServiceRef| service.process().is_some_and(|process| process.is_paused());
        self.services.values().any(|service| match *service.name == *name {
            true => stands(service) || service.members.iter().any(|member| stands(member)),
            false => service.members.iter().any(|member| *member.name == *name && stands(member)),
        })
    }

    /// The service that an item declares.
    pub(crate) fn service(&self, item: ItemRef) -> Option<Arc<ServiceRef>> {
        self.services.get(&item).cloned()
    }

    /// The service or member behind a live value.
    pub(crate) fn service_behind(&self, live: &dyn Live) -> Option<Arc<ServiceRef>> {
        let seen = live.as_any().downcast_ref::<ServiceRef>()?;
        let service = self.services.get(&seen.item)?;
        std::iter::once(service).chain(&service.members).find(|service| service.name == seen.name).cloned()
    }

    /// All services, in the order of their items.
    pub(crate) fn services(&self) -> impl Iterator<Item = &Arc<ServiceRef>> {
        self.services.values()
    }

    /// The last lines of services, for a report.
    pub(crate) fn log_tails<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<ServiceLog> {
        let mut tails = Vec::new();
        for name in names {
            let service = self.services.values().find(|service| &*service.name == name);
            if let Some(tail) = service.and_then(|service| service.tail(LOG_LINES))
                && !tail.lines.is_empty()
            {
                tails.push(tail);
            }
        }
        tails
    }

    /// A module's name as the key of drawn data: the same from every directory.
    pub(crate) fn unit_name(&self, unit: usize) -> &str {
        self.names.get(unit).map_or("", |name| name)
    }

    /// A compiled `check` or `fn`; compiled when first needed.
    pub(crate) fn script(&self, item: ItemRef) -> Result<Arc<Script>, ScriptError> {
        let mut compiled = lock(&self.compiled);
        let result = compiled.entry(item).or_insert_with(|| match &self.plan.program.item(item).kind {
            ItemKind::Check(script) | ItemKind::Fn(script) => {
                let params: Vec<Arc<str>> =
                    script.params.iter().map(|param| param.name.name.clone()).collect();
                self.scripts.compile(&script.name.name, &params, &script.code).map(Arc::new)
            }
            _ => Err(ScriptError {
                message: "not a script".into(),
                offset: None,
                help: None,
                notes: Vec::new(),
            }),
        });
        result.clone()
    }

    /// A compiled script file; compiled when first needed.
    pub(crate) fn script_file(&self, source: SourceId) -> Result<Arc<ScriptFile>, ScriptError> {
        let mut files = lock(&self.files);
        let result = files.entry(source).or_insert_with(|| {
            let source = self.plan.program.sources.get(source);
            self.scripts.compile_file(&source.name, &source.text).map(Arc::new)
        });
        result.clone()
    }
}

/// Sends events to the dispatcher, which numbers them. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct EventSender {
    sender: mpsc::UnboundedSender<(Instant, EventKind)>,
}

impl EventSender {
    /// A sender and the end where events come out.
    pub(crate) fn new() -> (EventSender, mpsc::UnboundedReceiver<(Instant, EventKind)>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (EventSender { sender }, receiver)
    }

    /// Sends an event; after the end of the run nobody listens, and nothing happens.
    pub(crate) fn send(&self, kind: EventKind) {
        let _ = self.sender.send((Instant::now(), kind));
    }
}

/// The wall clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock;

impl Clock {
    /// Now, as RFC 3339 in UTC with milliseconds.
    pub(crate) fn now_rfc3339(self) -> String {
        chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Today's date in UTC, as `2026-11-22`.
    pub(crate) fn today(self) -> String {
        chrono::Utc::now().date_naive().to_string()
    }
}

/// How far `next` has come in each stream of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    taken: Mutex<Vec<(Arc<dyn Live>, usize)>>,
}

impl Cursors {
    /// How many messages of the stream were taken.
    pub(crate) fn taken(&self, live: &Arc<dyn Live>) -> usize {
        lock(&self.taken).iter().find(|(known, _)| Arc::ptr_eq(known, live)).map_or(0, |(_, taken)| *taken)
    }

    /// Takes one more.
    pub(crate) fn take(&self, live: &Arc<dyn Live>) {
        let mut taken = lock(&self.taken);
        match taken.iter_mut().find(|(known, _)| Arc::ptr_eq(known, live)) {
            Some((_, count)) => *count += 1,
            None => taken.push((live.clone(), 1)),
        }
    }
}
