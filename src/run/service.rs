//! Services as scenarios see them: an address from the start, a process once something needs it.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use super::world::World;
use crate::check::{ItemRef, Program};
use crate::contract::Contract;
use crate::diag::Code;
use crate::event::{EventKind, Failure, ServiceLog};
use crate::protocol::Endpoint;
use crate::protocol::sql::{passwords, without_password};
use crate::source::Span;
use crate::syntax::ast::{
    Expr, ExprKind, Item, ItemKind, ObjectEntry, Service as Declared, Setting, SettingValue,
};
use crate::system::{Builds, CommandSpec, Port, Ports, Ready, Service, ServiceSpec, split_command};
use crate::value::Piece;
use crate::value::{Live, Text, Value};

/// Where a service listens, or is.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) url: String,
    /// Whether the URL is made from a secret or has a password in it.
    pub(crate) secret: bool,
    /// Whether the scenarios or an environment say where it is, so that it is not started.
    pub(crate) given: bool,
}

/// A declared service.
#[derive(Debug)]
pub(crate) struct ServiceRef {
    pub(crate) item: ItemRef,
    pub(crate) name: Arc<str>,
    pub(crate) protocol: Arc<str>,
    /// The members, when it has several; then it is itself only their front.
    pub(crate) members: Vec<Arc<ServiceRef>>,
    /// Held by the scenarios that use it: alone by those that kill or restart it.
    lease: Arc<tokio::sync::RwLock<()>>,
    address: Mutex<Option<Address>>,
    contract: Option<Contract>,
    dir: PathBuf,
    state: tokio::sync::Mutex<State>,
    current: Mutex<Option<Arc<Service>>>,
    /// The variant as which it runs.
    variant: Mutex<Option<Arc<str>>>,
    /// How many of its unexpected exits were reported.
    blamed: AtomicUsize,
    /// Keeps the port ours.
    _port: Option<Port>,
}

#[derive(Debug)]
enum State {
    Down,
    Up(Arc<Service>),
    /// It does not build or start: nobody tries again.
    Failed(Box<Failure>),
}

/// Makes the services of a program. Those that will be started get a port; those that are
/// somewhere else get their address once it can be evaluated.
pub(crate) fn services(
    program: &Program,
    reached: &[ItemRef],
    elsewhere: &BTreeMap<Arc<str>, String>,
    ports: &Ports,
) -> std::io::Result<BTreeMap<ItemRef, Arc<ServiceRef>>> {
    let mut services = BTreeMap::new();
    for &item in reached {
        let ItemKind::Service(declared) = &program.item(item).kind else { continue };
        let members = match setting(declared, "members").and_then(|setting| setting.value.as_ref()) {
            Some(SettingValue::Expr(Expr { kind: ExprKind::Number(number), .. })) => {
                number.to_usize().unwrap_or(1)
            }
            _ => 1,
        };
        let single = |name: Arc<str>, members: Vec<Arc<ServiceRef>>| -> std::io::Result<Arc<ServiceRef>> {
            let unit = &program.units[item.unit];
            let given = elsewhere.get(&declared.name.name).cloned();
            let started = setting(declared, "start").is_some() && given.is_none();
            let port = if started && members.is_empty() { Some(ports.take()?) } else { None };
            let scheme = if has_tls(declared) { "https" } else { "http" };
            let address = match (&port, &given) {
                (Some(port), _) => Some(Address {
                    host: "127.0.0.1".into(),
                    port: port.number(),
                    url: format!("{scheme}://127.0.0.1:{}", port.number()),
                    secret: false,
                    given: false,
                }),
                (None, Some(url)) => Some(address_of(url)),
                (None, None) => members.first().and_then(|first| first.address()),
            };
            Ok(Arc::new(ServiceRef {
                item,
                name,
                protocol: protocol_of(declared),
                members,
                lease: Arc::default(),
                address: Mutex::new(address),
                contract: unit.contracts.get(&declared.name.name).cloned(),
                dir: unit.dir.clone(),
                state: tokio::sync::Mutex::new(State::Down),
                current: Mutex::new(None),
                variant: Mutex::new(None),
                blamed: AtomicUsize::new(0),
                _port: port,
            }))
        };
        let name = declared.name.name.clone();
        let service = if members > 1 {
            let parts = (0..members)
                .map(|index| single(format!("{name}[{index}]").into(), Vec::new()))
                .collect::<std::io::Result<Vec<_>>>()?;
            single(name, parts)?
        } else {
            single(name, Vec::new())?
        };
        services.insert(item, service);
    }
    Ok(services)
}

/// The setting of a service with this name.
pub(crate) fn setting<'a>(declared: &'a Declared, name: &str) -> Option<&'a Setting> {
    declared.settings.iter().find(|setting| &*setting.name.name == name)
}

/// The variants of a service, by name with their settings.
fn variants(declared: &Declared) -> impl Iterator<Item = (&str, &[Setting])> {
    declared.settings.iter().filter(|setting| &*setting.name.name == "variant").filter_map(|setting| {
        match (&setting.value, &setting.block) {
            (Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })), Some(block)) => {
                Some((&**name, block.as_slice()))
            }
            _ => None,
        }
    })
}

/// The setting of a service as the variant it runs as; what the variant leaves open is the service's.
fn setting_as<'a>(declared: &'a Declared, variant: Option<&str>, name: &str) -> Option<&'a Setting> {
    let own = variant.and_then(|variant| variants(declared).find(|(known, _)| *known == variant));
    own.and_then(|(_, block)| block.iter().find(|setting| &*setting.name.name == name))
        .or_else(|| setting(declared, name))
}

/// The word after `speaks`; `http` without one.
fn protocol_of(declared: &Declared) -> Arc<str> {
    match setting(declared, "speaks").and_then(|setting| setting.value.as_ref()) {
        Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) => name.clone(),
        _ => Arc::from("http"),
    }
}

/// Whether the service's own `with` has a `tls`: then it is reached by `https`.
fn has_tls(declared: &Declared) -> bool {
    match setting(declared, "with").and_then(|setting| setting.value.as_ref()) {
        Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) => object.entries.iter().any(|entry| {
            matches!(entry, ObjectEntry::Field { name, .. } if name.plain().as_deref() == Some("tls"))
        }),
        _ => false,
    }
}

/// Host and port of a URL, as far as it has them.
fn address_of(url: &str) -> Address {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str()).unwrap_or_default().to_owned();
    let port = parsed.as_ref().and_then(url::Url::port_or_known_default).unwrap_or_default();
    let secret = !passwords(url).is_empty();
    Address { host, port, url: url.trim_end_matches('/').to_owned(), secret, given: true }
}

impl ServiceRef {
    /// What `kill`, `restart` and the like act on: the process, once it runs.
    pub(crate) fn target(self: Arc<Self>) -> Arc<dyn Live> {
        let current = lock(&self.current).clone();
        match current {
            Some(service) => service,
            None => self,
        }
    }

    /// What scenarios hold while they use it.
    pub(crate) fn lease(&self) -> Arc<tokio::sync::RwLock<()>> {
        self.lease.clone()
    }

    /// Where it is.
    pub(crate) fn address(&self) -> Option<Address> {
        lock(&self.address).clone()
    }

    /// As requests see it.
    pub(crate) fn endpoint(&self, _world: &World) -> Arc<Endpoint> {
        Arc::new(Endpoint {
            service: self.name.clone(),
            protocol: self.protocol.clone(),
            url: self.address().map_or_else(String::new, |address| address.url),
            contract: self.contract.clone(),
            dir: self.dir.clone(),
        })
    }

    /// The process, once it runs.
    pub(crate) fn process(&self) -> Option<Arc<Service>> {
        lock(&self.current).clone()
    }

    /// Takes note that its unexpected exits so far are reported; whether one of them was not yet.
    pub(crate) fn blame(&self) -> bool {
        let count = self.process().map_or(0, |service| unexpected(&service).count());
        self.blamed.fetch_max(count, Ordering::Relaxed) < count
    }

    /// The failures of its unexpected exits that nothing reported: they came when no scenario was
    /// using it, and would otherwise go unseen.
    pub(crate) fn unseen_exits(&self) -> Vec<Failure> {
        let Some(service) = self.process() else { return Vec::new() };
        let seen = self.blamed.load(Ordering::Relaxed);
        let failures = unexpected(&service).skip(seen).map(|exit| {
            let mut failure = service.exit_failure(exit);
            failure.message = format!("`{}` exited while no scenario was looking: {exit}", self.name);
            failure
        });
        failures.collect()
    }

    /// The last lines of its log.
    pub(crate) fn tail(&self, count: usize) -> Option<ServiceLog> {
        self.process().map(|service| service.tail(count))
    }

    /// Stops it and its members.
    pub(crate) async fn stop(&self, world: &World) {
        for member in &self.members {
            Box::pin(member.stop(world)).await;
        }
        let service = self.process();
        if let Some(service) = service
            && let Some(exit) = service.stop(None).await
        {
            let status = exit.to_string();
            world.events.send(EventKind::ServiceExited {
                service: self.name.to_string(),
                status,
                expected: true,
            });
        }
    }
}

fn unexpected(service: &Service) -> impl Iterator<Item = crate::system::Exit> {
    service.exits().into_iter().filter(|record| !record.expected).map(|record| record.exit)
}

impl Live for ServiceRef {
    fn kind(&self) -> &'static str {
        "service"
    }

    fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    fn field(&self, name: &str) -> Option<Value> {
        let address = self.address();
        match (name, address) {
            ("addr", Some(address)) => Some(Value::text(format!("{}:{}", address.host, address.port))),
            ("host", Some(address)) => Some(Value::text(address.host)),
            ("port", Some(address)) => Some(Value::int(address.port)),
            ("url", Some(address)) => Some(Value::text_with(address.url, address.secret)),
            ("name", _) => Some(Value::text(self.name.clone())),
            ("members", _) => {
                Some(Value::list(self.members.iter().map(|member| Value::Live(member.clone())).collect()))
            }
            _ => match self.process() {
                Some(service) => service.field(name),
                None => match name {
                    "log" | "exits" => Some(Value::list(Vec::new())),
                    "pid" => Some(Value::Null),
                    "running" => Some(Value::Bool(false)),
                    _ => None,
                },
            },
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["addr", "host", "port", "url", "name", "members", "log", "exits", "pid", "running"]
    }

    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn version(&self) -> u64 {
        self.process().map_or(0, |service| service.version())
    }

    fn changed(&self, seen: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self.process() {
            Some(service) => service.changed(seen),
            None => Box::pin(std::future::pending()),
        }
    }

    fn is_over(&self) -> bool {
        false
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Cx {
    /// Gives every service that is `at` some address that address.
    pub(crate) async fn locate_services(self: &Arc<Self>) -> Result<(), Vec<Failure>> {
        let mut failures = Vec::new();
        let mut services: Vec<Arc<ServiceRef>> = Vec::new();
        for service in self.world.services() {
            services.push(service.clone());
            services.extend(service.members.iter().cloned());
        }
        for service in &services {
            let ItemKind::Service(declared) = &self.world.plan.program.item(service.item).kind else {
                continue;
            };
            let known = service.address();
            // One that is started has host and port; its `url` says the rest.
            let wanted = match &known {
                None => setting(declared, "at"),
                Some(address) if !address.given => setting(declared, "url"),
                Some(_) => None,
            };
            if let Some(setting) = wanted {
                let env = self.service_env(service);
                match self.setting_text(&env, setting).await {
                    Ok(url) => {
                        let found = address_of(&url.text);
                        let secret = found.secret || url.secret;
                        let found = match known {
                            Some(known) => Address { url: found.url, secret, ..known },
                            None => Address { secret, ..found },
                        };
                        *lock(&service.address) = Some(found);
                    }
                    Err(stop) => failures.extend(stop.into_failures()),
                }
            }
            for password in service.address().iter().flat_map(|address| passwords(&address.url)) {
                self.world.redactor.register(&password);
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Sees to it that a service runs and is ready. What fails once, fails for everyone.
    pub(crate) async fn ensure_running(
        self: &Arc<Self>,
        service: &Arc<ServiceRef>,
    ) -> Result<(), Box<Failure>> {
        for member in &service.members {
            Box::pin(self.ensure_running(member)).await?;
        }
        if !service.members.is_empty() {
            return Ok(());
        }
        let mut state = service.state.lock().await;
        match &*state {
            State::Failed(failure) => return Err(failure.clone()),
            State::Up(running) if running.is_running() && lock(&service.variant).is_none() => {
                // A scenario that paused it and failed must not hang the next one.
                let _ = running.resume();
                return Ok(());
            }
            State::Up(other) if lock(&service.variant).is_some() => {
                // The scenario before this one chose a variant, for itself alone.
                other.stop(None).await;
                *lock(&service.variant) = None;
            }
            State::Up(down) => {
                let result = down.start_again().await;
                if result.is_err() {
                    service.blame();
                }
                return result.map_err(Box::new);
            }
            State::Down => {}
        }
        match self.start(service).await {
            Ok(running) => {
                *state = State::Up(running);
                Ok(())
            }
            Err(failure) => {
                let name = service.name.to_string();
                self.emit(EventKind::ServiceFailed { service: name, failure: (*failure).clone() });
                service.blame();
                *state = State::Failed(failure.clone());
                Err(failure)
            }
        }
    }

    /// `restart SERVICE with { variant: NAME }`: ends it and starts that variant of it.
    pub(crate) async fn restart_as(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        variant: Arc<str>,
        span: Span,
    ) -> Flow<()> {
        let ItemKind::Service(declared) = &self.world.plan.program.item(service.item).kind else {
            return Ok(());
        };
        let known: Vec<&str> = variants(declared).map(|(name, _)| name).collect();
        if !known.contains(&&*variant) {
            let message = format!("`{}` has no variant `{variant}`", service.name);
            let mut failure = self.failure(env, Code::BAD_VALUE, span, message);
            failure.help = crate::diag::did_you_mean(&variant, known);
            return Err(failure.into());
        }
        let mut state = service.state.lock().await;
        if let State::Up(running) = &*state {
            running.stop(None).await;
        }
        *lock(&service.variant) = Some(variant);
        *state = State::Down;
        match self.start(service).await {
            Ok(running) => {
                *state = State::Up(running);
                Ok(())
            }
            Err(failure) => Err((*failure).into()),
        }
    }

    async fn start(self: &Arc<Self>, service: &Arc<ServiceRef>) -> Result<Arc<Service>, Box<Failure>> {
        let world = &self.world;
        let item = world.plan.program.item(service.item);
        let ItemKind::Service(declared) = &item.kind else {
            return Err(Box::new(self.failure(
                &self.service_env(service),
                Code::INTERNAL,
                item.span,
                "not a service",
            )));
        };
        let env = self.service_env(service);
        let variant = lock(&service.variant).clone();
        let setting = |name: &str| setting_as(declared, variant.as_deref(), name);
        let only = |stop: Stop| Box::new(first_failure(self, &env, item.span, stop));
        let mut build_us = 0;
        let given = service.address().is_some_and(|address| address.given);
        if !given && let Some(setting) = setting("build") {
            let command = self.command(&env, setting, &[]).await.map_err(only)?;
            std::fs::create_dir_all(&world.out).map_err(|error| {
                let text = format!("`{}` cannot be made: {error}", world.out.display());
                Box::new(self.failure(&env, Code::SERVICE_BUILD, setting.span, text))
            })?;
            self.emit(EventKind::ServiceBuilding { service: service.name.to_string() });
            let took = world
                .builds
                .build(&service.name, &command, Builds::WITHIN, &world.processes, &world.redactor)
                .await
                .map_err(|failure| Box::new(self.at_setting(failure, setting.span)))?;
            build_us = took.as_micros() as u64;
        }
        let spec = self.spec(&env, service, declared).await.map_err(only)?;
        let address = self.world.redactor.mask(&without_password(&spec.url)).into_owned();
        let place = setting("start").map_or(declared.name.span, |setting| setting.span);
        let running = Service::spawn(spec, &world.processes, &world.redactor)
            .await
            .map_err(|failure| Box::new(self.at_setting(failure, place)))?;
        *lock(&service.current) = Some(running.clone());
        self.emit(EventKind::ServiceStarted {
            service: service.name.to_string(),
            address,
            pid: running.pid(),
            build_us,
        });
        let took = running.ready().await.map_err(|failure| {
            let place = setting("ready").map_or(place, |setting| setting.span);
            Box::new(self.at_setting(failure, place))
        })?;
        self.emit(EventKind::ServiceReady {
            service: service.name.to_string(),
            took_us: took.as_micros() as u64,
        });
        Ok(running)
    }

    /// Shows the setting that a start-up failure comes from.
    fn at_setting(&self, mut failure: Failure, span: Span) -> Failure {
        failure.place.get_or_insert_with(|| self.world.place(span));
        failure
    }

    /// The names that a service's settings see besides the module's.
    fn service_env(&self, service: &ServiceRef) -> Env {
        let item = self.world.plan.program.item(service.item);
        let key = self.world.key.with(self.world.unit_name(service.item.unit)).with(&*service.name);
        let mut env = Env::of_unit(service.item.unit, key, item.span.start);
        if let Some(address) = service.address() {
            env.bind("port".into(), Value::int(address.port));
            env.bind("host".into(), Value::text(address.host.clone()));
            env.bind("addr".into(), Value::text(format!("{}:{}", address.host, address.port)));
            env.bind("url".into(), Value::text_with(address.url, address.secret));
        }
        env.bind("out".into(), Value::text(self.world.out.display().to_string()));
        env.bind("scratch".into(), Value::text(self.world.scratch.display().to_string()));
        env.bind("member".into(), Value::text(service.name.clone()));
        env
    }

    async fn setting_text(self: &Arc<Self>, env: &Env, setting: &Setting) -> Flow<Text> {
        match &setting.value {
            Some(SettingValue::Expr(expr)) => {
                let value = self.eval(env, expr).await?;
                match value {
                    Value::Text(text) => Ok(text),
                    other => {
                        let message =
                            format!("`{}` takes text, and this is {}", setting.name.name, other.kind());
                        Err(self.bad_value(env, expr.span, message))
                    }
                }
            }
            _ => Err(self.bad_value(env, setting.span, format!("`{}` takes text", setting.name.name))),
        }
    }

    /// The command of a `build`, `start`, `run` or `ready exec`, with `in "dir"`.
    pub(crate) async fn command(
        self: &Arc<Self>,
        env: &Env,
        setting: &Setting,
        vars: &[(String, String)],
    ) -> Flow<CommandSpec> {
        let pieces: Vec<Piece> = match &setting.value {
            Some(SettingValue::Expr(Expr { kind: ExprKind::Text(template), .. })) => {
                self.pieces(env, template).await?
            }
            _ => {
                let message = format!("`{}` takes a command in quotes", setting.name.name);
                return Err(self.bad_value(env, setting.span, message));
            }
        };
        let argv = split_command(&pieces).map_err(|message| self.bad_value(env, setting.span, message))?;
        let base = &self.world.plan.program.units[env.unit].dir;
        let mut dir = base.clone();
        for phrase in setting.phrases.iter().filter(|phrase| &*phrase.word.name == "in") {
            if let Some(expr) = &phrase.value {
                let value = self.eval(env, expr).await?;
                dir = base.join(Path::new(value.as_text().unwrap_or_default()));
            }
        }
        Ok(CommandSpec { argv, dir, env: vars.to_vec() })
    }

    async fn spec(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        declared: &Declared,
    ) -> Flow<ServiceSpec> {
        let Some(address) = service.address() else {
            let message = format!("`{}` has neither `start` nor `at`", service.name);
            return Err(self.bad_value(env, declared.name.span, message));
        };
        let variant = lock(&service.variant).clone();
        let own = |name: &str| setting_as(declared, variant.as_deref(), name);
        let mut vars: Vec<(String, String)> = Vec::new();
        // A variant's `env` adds to the service's, name by name.
        let whole = setting(declared, "env").into_iter();
        for setting in whole.chain(own("env").filter(|_| variant.is_some())) {
            if let Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) = &setting.value {
                for (name, value) in self.object(env, object).await? {
                    let text = crate::function::operators::text_of(&value).map_err(|message| {
                        self.bad_value(env, setting.span, format!("`{name}`: {message}"))
                    })?;
                    if text.secret {
                        self.world.redactor.register(&text.text);
                    }
                    vars.retain(|(known, _)| *known != *name);
                    vars.push((name.to_string(), text.text.to_string()));
                }
            }
        }
        let start = match own("start") {
            Some(setting) if !address.given => Some(self.command(env, setting, &vars).await?),
            _ => None,
        };
        let (ready, ready_within) = self.readiness(env, service, declared, &vars).await?;
        let json_log = matches!(
            own("log").and_then(|setting| setting.value.as_ref()),
            Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "json"
        );
        Ok(ServiceSpec {
            name: service.name.clone(),
            protocol: service.protocol.clone(),
            start,
            url: address.url,
            host: address.host,
            port: address.port,
            ready,
            ready_within: ready_within.unwrap_or(ServiceSpec::READY_WITHIN),
            json_log,
            stop_grace: ServiceSpec::STOP_GRACE,
        })
    }

    /// `ready GET /healthz within 30s`, `ready health`, `ready tcp`, `ready exec "…"`.
    async fn readiness(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        declared: &Declared,
        vars: &[(String, String)],
    ) -> Flow<(Ready, Option<Duration>)> {
        let variant = lock(&service.variant).clone();
        let Some(setting) = setting_as(declared, variant.as_deref(), "ready") else {
            // A port that accepts is the least that a service can show. One that is not ours is
            // there or is not: waiting for it would only hide that.
            let given = service.address().is_some_and(|address| address.given);
            return Ok((if given { Ready::None } else { Ready::Tcp }, None));
        };
        let mut within = None;
        for phrase in setting.phrases.iter().filter(|phrase| &*phrase.word.name == "within") {
            within = self.duration(env, phrase.value.as_ref()).await?;
        }
        let ready = match &setting.value {
            Some(SettingValue::Request { path, .. }) => {
                Ready::Http { path: self.text(env, path).await?.text.to_string() }
            }
            Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "tcp" => {
                Ready::Tcp
            }
            Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "health" => {
                // Weak, since the world holds the service that will hold this.
                let world = Arc::downgrade(&self.world);
                let endpoint = service.endpoint(&self.world);
                Ready::Health(Arc::new(move || {
                    let (world, endpoint) = (world.upgrade(), endpoint.clone());
                    Box::pin(async move {
                        let Some(world) = world else { return Err("the run is over".to_owned()) };
                        match world.protocol(&endpoint.protocol) {
                            Some(protocol) => protocol.healthy(&endpoint).await,
                            None => Err(format!("there is no protocol `{}`", endpoint.protocol)),
                        }
                    })
                }))
            }
            Some(SettingValue::Expr(Expr { kind: ExprKind::Text(_), .. })) => {
                Ready::Command(self.command(env, setting, vars).await?)
            }
            _ => {
                let message = "`ready` takes `GET /path`, `health`, `tcp` or a command in quotes";
                return Err(self.bad_value(env, setting.span, message));
            }
        };
        Ok((ready, within))
    }
}

/// The first failure of an evaluation that gave none otherwise.
fn first_failure(cx: &Cx, env: &Env, span: Span, stop: Stop) -> Failure {
    let mut failures = stop.into_failures();
    if failures.is_empty() {
        cx.failure(env, Code::INTERRUPTED, span, "the run was interrupted")
    } else {
        failures.remove(0)
    }
}

/// What an environment says: where services are, and whether only safe requests are allowed.
#[derive(Debug, Default)]
pub(crate) struct Elsewhere {
    pub(crate) urls: BTreeMap<Arc<str>, String>,
    pub(crate) only_safe: bool,
}

impl Elsewhere {
    /// Reads `environment NAME { allow safe; orders at "…" }`; addresses there are plain text.
    pub(crate) fn of(item: &Item) -> Elsewhere {
        let mut found = Elsewhere::default();
        let ItemKind::Environment(environment) = &item.kind else { return found };
        for setting in &environment.settings {
            if &*setting.name.name == "allow" {
                found.only_safe = matches!(
                    &setting.value,
                    Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "safe"
                );
                continue;
            }
            for phrase in setting.phrases.iter().filter(|phrase| &*phrase.word.name == "at") {
                if let Some(Expr { kind: ExprKind::Text(template), .. }) = &phrase.value
                    && let Some(url) = template.plain()
                {
                    found.urls.insert(setting.name.name.clone(), url.to_string());
                }
            }
        }
        found
    }
}
