//! The context of one run of a scenario, fixture or hook: what it shares with others, what it
//! counts, what it must clean up, and how it says that something went wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ring::digest::{SHA256, digest};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cleanup::Opened;
use super::env::{Env, Response};
use super::forall::Trial;
use super::unjudged::Unjudged;
use super::world::World;
use crate::check::ItemRef;
use crate::diag::Code;
use crate::event::{Detail, EventKind, Failure, Place};
use crate::protocol::Session;
use crate::source::Span;
use crate::syntax::ast::Block;
use crate::value::{Value, show_short};

/// Values in messages are cut at this many characters.
pub(crate) const SHOWN: usize = 400;

/// Longer excerpts of the source are cut.
const PLACE_LINES: u32 = 8;

/// What statements and expressions run in.
pub(crate) struct Cx {
    /// What the whole run shares.
    pub(crate) world: Arc<World>,
    /// The scenario's number in events; none for run fixtures and stage hooks.
    pub(crate) id: Option<u32>,
    /// What its requests share.
    pub(crate) session: Arc<Session>,
    /// Cancelled when it must end.
    pub(crate) cancel: CancellationToken,
    /// The values of the fixtures it reaches.
    pub(crate) fixtures: Arc<Mutex<BTreeMap<ItemRef, Value>>>,
    /// The command line that repeats it.
    pub(crate) repeat: Option<String>,
    /// How many expectations were judged.
    pub(crate) expectations: AtomicU32,
    /// Whether a connection broke or was refused: then a service may just have exited.
    pub(crate) broke: AtomicBool,
    /// How many requests were made.
    pub(crate) requests: AtomicU32,
    /// The place of the statement that runs now, for time-outs.
    pub(crate) current: Mutex<Option<Span>>,
    /// Cleanup in the order in which it was registered.
    pub(crate) defers: Mutex<Vec<Deferred>>,
    /// Responses that are no success and that something still has to judge.
    pub(crate) unjudged: Mutex<Vec<Unjudged>>,
    /// The links from the runner to services that it observes or breaks.
    pub(crate) links: Arc<super::link::Links>,
    /// How often each request was made, by the key of its place.
    pub(crate) spans: Mutex<BTreeMap<String, u32>>,
    /// When it began.
    pub(crate) began: std::time::Instant,
    /// What happened so far, for the timeline of a failure.
    pub(crate) moments: Arc<super::moments::Moments>,
    /// The shapes that contain themselves, once they are made.
    pub(crate) recursive: super::shapes::Recursive,
    /// What its requests opened.
    pub(crate) opened: Mutex<Vec<Opened>>,
    /// The streams that it opened on services with a contract.
    pub(crate) streams: Mutex<Vec<super::coverage::Opened>>,
    /// The streams that it opened of which the contract says what comes on them.
    pub(crate) promised: Mutex<Vec<super::promised::Promised>>,
    /// When its time is over, if that is known.
    pub(crate) deadline: Mutex<Option<Instant>>,
    /// The cases of properties that are being tried, for whoever must say what was cut off.
    pub(crate) trials: Mutex<Vec<Trial>>,
    /// The doubles that it has play, and what went wrong with them.
    pub(crate) doubles: super::double::Doubles,
    /// What scenario it runs, so that a probe can run its beginning once more.
    pub(crate) story: Option<Story>,
    /// Whether it is such a beginning: what it shows was shown before.
    pub(crate) again: bool,
    /// One who performs operations of a workload: it tells nothing of each.
    pub(crate) load: Option<super::workload::Hand>,
    /// The beginnings that were run once more and are not cleaned up yet.
    pub(crate) nested: Mutex<Vec<Arc<Cx>>>,
}

/// What scenario a context runs.
#[derive(Clone)]
pub(crate) struct Story {
    /// The scenario, or which of its cases.
    pub(crate) instance: super::scenario::Instance,
    /// The fixtures that it shares with others: those of the run and of its stage.
    pub(crate) scopes: [Arc<super::scenario::Scope>; 2],
}

/// A registered `defer`: runs with the values of its place.
#[derive(Clone)]
pub(crate) struct Deferred {
    /// What it is recognised by.
    pub(crate) number: u64,
    /// What it saw.
    pub(crate) env: Env,
    /// What to do.
    pub(crate) body: Block,
}

impl Cx {
    /// A context with nothing counted or registered yet.
    pub(crate) fn new(
        world: Arc<World>,
        id: Option<u32>,
        session: Arc<Session>,
        cancel: CancellationToken,
        repeat: Option<String>,
    ) -> Cx {
        Cx {
            world,
            id,
            session,
            cancel,
            fixtures: Arc::default(),
            repeat,
            expectations: AtomicU32::new(0),
            broke: AtomicBool::new(false),
            requests: AtomicU32::new(0),
            current: Mutex::new(None),
            defers: Mutex::default(),
            unjudged: Mutex::default(),
            links: Arc::default(),
            spans: Mutex::default(),
            began: std::time::Instant::now(),
            moments: Arc::default(),
            recursive: super::shapes::Recursive::default(),
            opened: Mutex::default(),
            streams: Mutex::default(),
            promised: Mutex::default(),
            deadline: Mutex::default(),
            trials: Mutex::default(),
            story: None,
            again: false,
            load: None,
            nested: Mutex::default(),
            doubles: super::double::Doubles::default(),
        }
    }

    /// The same scenario with another end: cleanup outlives what it cleans up after.
    pub(crate) fn for_cleanup(&self, cancel: CancellationToken) -> Cx {
        let mut session = Session::new(
            self.session.redactor.clone(),
            cancel.clone(),
            self.session.dir.clone(),
            self.session.trace_id.clone(),
            self.session.processes.clone(),
        );
        session.only_safe = self.session.only_safe;
        let mut cx = Cx::new(self.world.clone(), self.id, Arc::new(session), cancel, self.repeat.clone());
        cx.links = self.links.clone();
        cx.began = self.began;
        cx.moments = self.moments.clone();
        *lock(&cx.fixtures) = lock(&self.fixtures).clone();
        cx
    }

    /// The same scenario from its beginning, with a session, fixtures and cleanup of its own.
    pub(crate) fn again(self: &Arc<Self>, name: &str) -> Arc<Cx> {
        let cancel = self.cancel.child_token();
        let name = format!("{} {name}", self.session.trace_id);
        let mut session = Session::new(
            self.session.redactor.clone(),
            cancel.clone(),
            self.session.dir.clone(),
            trace_id(&name),
            self.session.processes.clone(),
        );
        session.only_safe = self.session.only_safe;
        let mut cx = Cx::new(self.world.clone(), self.id, Arc::new(session), cancel, self.repeat.clone());
        lock(&self.world.traces).insert(cx.session.trace_id.clone());
        cx.doubles = self.doubles.of_trial();
        cx.story = self.story.clone();
        cx.again = true;
        *lock(&cx.deadline) = *lock(&self.deadline);
        let cx = Arc::new(cx);
        lock(&self.nested).push(cx.clone());
        cx
    }

    /// The same scenario for the rules of its doubles, which see its fixtures as they are set up
    /// and count nothing for it: what they expect is not what it expects.
    pub(crate) fn for_doubles(&self, cancel: CancellationToken) -> Cx {
        let cx = self.for_cleanup(cancel);
        Cx { fixtures: self.fixtures.clone(), ..cx }
    }

    /// Sends an event.
    pub(crate) fn emit(&self, kind: EventKind) {
        if self.load.is_none() {
            self.world.events.send(kind);
        }
    }

    /// Counts a judged expectation.
    pub(crate) fn count_expectation(&self) {
        self.expectations.fetch_add(1, Ordering::Relaxed);
    }

    /// How many expectations were judged and requests made.
    pub(crate) fn counted(&self) -> u32 {
        self.expectations.load(Ordering::Relaxed) + self.requests.load(Ordering::Relaxed)
    }

    /// Notes which statement runs now.
    pub(crate) fn at(&self, span: Span) {
        *lock(&self.current) = Some(span);
    }

    /// The text of an expression as written, on one line.
    pub(crate) fn written(&self, span: Span) -> String {
        let text = self.world.plan.program.sources.get(span.source).slice(span);
        let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if words.chars().count() > 120 {
            words = words.chars().take(119).collect::<String>() + "…";
        }
        words
    }

    /// A failure at a place, to be filled in.
    pub(crate) fn failure(
        &self,
        env: &Env,
        code: &'static Code,
        span: Span,
        message: impl Into<String>,
    ) -> Failure {
        Failure {
            code: code.name.to_owned(),
            message: message.into(),
            place: Some(self.world.place(span)),
            label: String::new(),
            steps: (*env.steps).clone(),
            details: Vec::new(),
            because: None,
            help: None,
            exchange: None,
            logs: Vec::new(),
            repeat: self.repeat.clone(),
        }
    }

    /// The failure of a value that cannot be used as written.
    pub(crate) fn bad_value(&self, env: &Env, span: Span, message: impl Into<String>) -> super::flow::Stop {
        self.failure(env, Code::BAD_VALUE, span, message).into()
    }

    /// The values that an observer saw, as details: `body.total` is `60.00`.
    pub(crate) fn observed(&self, observer: &super::env::Observer) -> Vec<Detail> {
        let mut details = Vec::new();
        for (span, value) in observer.values() {
            let expression = self.written(span);
            let detail = Detail::Value { expression, value: show_short(&value, SHOWN) };
            if !details.contains(&detail) {
                details.push(detail);
            }
        }
        details
    }
}

/// A W3C trace id that belongs to a name (Trace Context §3.2.2.3).
pub(crate) fn trace_id(name: &str) -> String {
    digest(&SHA256, name.as_bytes()).as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Locks; a panic elsewhere cannot have left half a value in these maps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// A span as events carry it, with its lines.
    pub(crate) fn place(&self, span: Span) -> Place {
        let sources = &self.plan.program.sources;
        let source = sources.get(span.source);
        let (line, column) = source.line_column(span.start);
        let (last, end) = source.line_column(span.end);
        let first_line = source.line(line);
        let width = if last == line {
            end.saturating_sub(column)
        } else {
            first_line.chars().count() as u32 + 1 - column
        };
        let lines = (line..=last.min(line + PLACE_LINES - 1))
            .map(|n| sources.shown_line(span.source, n).into_owned())
            .collect();
        Place { file: source.name.clone(), line, column, width: width.max(1), lines }
    }

    /// The same without the lines, for events that only count.
    pub(crate) fn bare_place(&self, span: Span) -> Place {
        Place { lines: Vec::new(), ..self.place(span) }
    }
}

/// Adds what the report shows of a response.
pub(crate) fn with_exchange(mut failure: Failure, response: Option<&Arc<Response>>) -> Failure {
    if failure.exchange.is_none() {
        failure.exchange = response.map(|response| Box::new(response.exchange.clone()));
    }
    failure
}
