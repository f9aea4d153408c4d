//! Services as scenarios see them: an address from the start, a process once something needs it.

mod elsewhere;
mod launch;
mod spec;
mod strike;
mod variant;

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::cx::lock;
use super::double::Stand;
use super::world::World;
use crate::check::{ItemRef, Program};
use crate::contract::Contract;
use crate::event::{EventKind, Failure, ServiceLog};
use crate::protocol::Endpoint;
use crate::protocol::sql::passwords;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, ObjectEntry, Service as Declared, Setting, SettingValue};
use crate::system::{Lines, Logs, Port, Ports, Service};
use crate::value::{Live, Value};

pub(crate) use elsewhere::Elsewhere;
pub(crate) use variant::{Variation, is_exchange};

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
    /// At its address, as it was when somebody last asked.
    endpoint: Mutex<Option<Arc<Endpoint>>>,
    contract: Option<Contract>,
    /// What its processes log, one after the other.
    logs: Arc<Logs>,
    dir: PathBuf,
    state: tokio::sync::Mutex<State>,
    current: Mutex<Option<Arc<Service>>>,
    /// How many of the unexpected exits of the current one were reported.
    blamed: AtomicUsize,
    /// The failures of those before it that nothing reported.
    unseen: Mutex<Vec<Failure>>,
    /// Where doubles play it, when it can be played.
    stand: Option<Arc<Stand>>,
    /// Whether doubles are all there is of it.
    only_played: bool,
    /// Keeps the port ours.
    _port: Option<Port>,
}

/// What is known to run. Whoever changes that takes it out first, so that a change that is cut off
/// in the middle leaves nothing that counts as running.
#[derive(Debug, Default)]
struct State {
    /// What was started and became ready, and as what.
    up: Option<(Arc<Service>, Variation)>,
    /// What does not build or start: nobody tries again.
    failed: Vec<(Variation, Box<Failure>)>,
}

/// Makes the services of a program. Those that will be started get a port; those that are
/// somewhere else get their address once it can be evaluated.
pub(crate) fn services(
    program: &Program,
    reached: &[ItemRef],
    elsewhere: &BTreeMap<Arc<str>, String>,
    played: &BTreeSet<ItemRef>,
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
            let only_played = !started && given.is_none() && setting(declared, "at").is_none();
            let stand = match played.contains(&item) {
                true => Some(Stand::open(name.clone(), ports.take()?)?),
                false => None,
            };
            let scheme = scheme(declared);
            let address = match (&port, &given) {
                (Some(port), _) => Some(Address {
                    host: "127.0.0.1".into(),
                    port: port.number(),
                    url: format!("{scheme}://127.0.0.1:{}", port.number()),
                    secret: false,
                    given: false,
                }),
                (None, Some(url)) => Some(address_of(url)),
                (None, None) => match stand.as_ref().filter(|_| only_played) {
                    Some(stand) => Some(address_of(&stand.url())),
                    None => members.first().and_then(|first| first.address()),
                },
            };
            Ok(Arc::new(ServiceRef {
                item,
                logs: Logs::new(name.clone()),
                name,
                protocol: protocol_of(declared),
                members,
                lease: Arc::default(),
                address: Mutex::new(address),
                endpoint: Mutex::default(),
                contract: unit.contracts.get(&declared.name.name).cloned(),
                dir: unit.dir.clone(),
                state: tokio::sync::Mutex::default(),
                current: Mutex::new(None),
                blamed: AtomicUsize::new(0),
                unseen: Mutex::default(),
                stand,
                only_played,
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

/// The word after `speaks`; `http` without one.
fn protocol_of(declared: &Declared) -> Arc<str> {
    match setting(declared, "speaks").and_then(|setting| setting.value.as_ref()) {
        Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) => name.clone(),
        _ => Arc::from("http"),
    }
}

/// The scheme of what is started here, by what it speaks.
fn scheme(declared: &Declared) -> &'static str {
    let speaks = setting(declared, "speaks").and_then(|setting| match setting.value.as_ref()? {
        SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. }) => Some(&**name),
        _ => None,
    });
    match (speaks, has_tls(declared)) {
        (Some("nats"), false) => "nats",
        (Some("nats"), true) => "tls",
        (Some("redis"), false) => "redis",
        (Some("redis"), true) => "rediss",
        (_, false) => "http",
        (_, true) => "https",
    }
}

/// Whether the service's own `with` has a `tls`: then it is reached over TLS.
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
    /// The contract it names.
    pub(crate) fn contract(&self) -> Option<&Contract> {
        self.contract.as_ref()
    }

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

    /// Where doubles play it, when it can be played.
    pub(crate) fn stand(&self) -> Option<Arc<Stand>> {
        self.stand.clone()
    }

    /// Whether doubles are all there is of it.
    pub(crate) fn is_only_played(&self) -> bool {
        self.only_played && self.stand.is_some()
    }

    /// As requests see it: the double that plays it, while one does.
    pub(crate) fn endpoint(&self, _world: &World) -> Arc<Endpoint> {
        let played = self.stand.as_ref().filter(|stand| stand.is_active()).map(|stand| stand.url());
        if let Some(url) = played {
            return self.endpoint_at(url);
        }
        // It moves seldom, and is asked for with every request.
        let address = lock(&self.address);
        let url = address.as_ref().map_or("", |address| &address.url);
        let mut known = lock(&self.endpoint);
        match &*known {
            Some(endpoint) if endpoint.url == url => endpoint.clone(),
            _ => known.insert(self.endpoint_at(url.to_owned())).clone(),
        }
    }

    fn endpoint_at(&self, url: String) -> Arc<Endpoint> {
        Arc::new(Endpoint {
            service: self.name.clone(),
            protocol: self.protocol.clone(),
            url,
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
        let mut failures = lock(&self.unseen).clone();
        failures.extend(self.unseen_of_current());
        failures
    }

    fn unseen_of_current(&self) -> Vec<Failure> {
        let Some(service) = self.process() else { return Vec::new() };
        let seen = self.blamed.load(Ordering::Relaxed);
        let failures = unexpected(&service).skip(seen).map(|exit| {
            let mut failure = service.exit_failure(exit);
            failure.message = format!("`{}` exited while no scenario was looking: {exit}", self.name);
            failure
        });
        failures.collect()
    }

    /// Another process takes its place.
    fn replace(&self, next: Arc<Service>) {
        lock(&self.unseen).extend(self.unseen_of_current());
        // What is somewhere else has a log that nobody here reads.
        if next.is_ours() {
            self.logs.begin(next.log());
        }
        *lock(&self.current) = Some(next);
        self.blamed.store(0, Ordering::Relaxed);
    }

    /// The last lines of its log.
    pub(crate) fn tail(&self, count: usize) -> Option<ServiceLog> {
        self.process().map(|service| service.tail(count))
    }

    /// What it logs, or its members do.
    fn lines(&self) -> Lines {
        let places = match &*self.members {
            [] => vec![self.logs.clone()],
            members => members.iter().map(|member| member.logs.clone()).collect(),
        };
        Lines::new(self.name.clone(), places)
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
            ("calls", _) => Some(match self.stand.as_ref().and_then(|stand| stand.calls()) {
                Some(calls) => Value::Live(calls),
                None => Value::Absent,
            }),
            ("name", _) => Some(Value::text(self.name.clone())),
            ("contract", _) => Some(match &self.contract {
                Some(contract) => super::contract::value(&self.name, contract),
                None => Value::Absent,
            }),
            ("members", _) => {
                Some(Value::list(self.members.iter().map(|member| Value::Live(member.clone())).collect()))
            }
            ("log", _) => Some(Value::Live(Arc::new(self.lines()))),
            ("log_dropped", _) => self.lines().field("dropped"),
            _ => match self.process() {
                Some(service) => service.field(name),
                None => match name {
                    "exits" => Some(Value::list(Vec::new())),
                    "pid" => Some(Value::Null),
                    "running" => Some(Value::Bool(false)),
                    _ => None,
                },
            },
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "addr",
            "host",
            "port",
            "url",
            "name",
            "contract",
            "members",
            "calls",
            "log",
            "log_dropped",
            "exits",
            "pid",
            "running",
        ]
    }

    fn items(&self) -> Option<Vec<Value>> {
        None
    }

    fn version(&self) -> u64 {
        let members: u64 = self.members.iter().map(|member| member.version()).sum();
        self.process().map_or(members, |service| service.version())
    }

    fn changed(&self, seen: u64) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        if !self.members.is_empty() {
            // The versions first: what changes after they were read ends the wait.
            let versions: Vec<u64> = self.members.iter().map(|member| member.version()).collect();
            if versions.iter().sum::<u64>() != seen {
                return Box::pin(std::future::ready(()));
            }
            let waits: Vec<_> =
                self.members.iter().zip(versions).map(|(member, seen)| member.changed(seen)).collect();
            return Box::pin(async move {
                futures_util::future::select_all(waits).await;
            });
        }
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
