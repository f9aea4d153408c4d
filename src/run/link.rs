//! The links of a run: those between services stand as long as the run, those from the runner
//! itself as long as the scenario that names them.

mod calls;
mod seen;
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use super::service::ServiceRef;
use crate::check::{Ends, ItemRef, LinkName, Party, link_name, link_place};
use crate::diag::Code;
use crate::event::Failure;
use crate::link::{Calls, Link, Spec, Wire};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::{Live, Stopwatch, Value};
use calls::Passage;
use seen::Seen;

/// The name of the runner itself as a caller.
const CLIENT: &str = "client";

/// Links by their ends: one for each member of each end.
#[derive(Debug, Default)]
pub(crate) struct Links {
    standing: Mutex<BTreeMap<Ends, Vec<Standing>>>,
    /// What expressions such as `(orders -> ledger)` stand for, so that each is one thing.
    passages: Mutex<Vec<(LinkName, Arc<Passage>)>>,
    /// What passed over links between services since a scenario began.
    histories: Mutex<Vec<(Arc<Link>, Arc<Calls>)>>,
}

/// A link that stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Who calls: the service or its member, or `client`.
    pub(crate) from: Arc<str>,
    /// The service or its member that is called.
    pub(crate) to: Arc<ServiceRef>,
    /// The link.
    pub(crate) link: Arc<Link>,
}

impl Links {
    /// The links that a name means, in the order of their ends.
    pub(crate) fn of(&self, name: &LinkName) -> Vec<Standing> {
        let standing = lock(&self.standing);
        let meant = standing
            .iter()
            .filter(|(ends, _)| ends.from == name.from && name.to.is_none_or(|to| to == ends.to));
        meant.flat_map(|(_, links)| links.iter().cloned()).collect()
    }

    /// A service as the settings of another see it: at the address of the link, when one stands.
    pub(crate) fn seen_from(&self, caller: Option<&ServiceRef>, service: Arc<ServiceRef>) -> Arc<dyn Live> {
        let Some(caller) = caller else { return service };
        let ends = Ends { from: Party::Service(caller.item), to: service.item };
        let standing = lock(&self.standing);
        let of_caller = standing.get(&ends).into_iter().flatten().filter(|link| link.from == caller.name);
        let links: Vec<Standing> = of_caller.cloned().collect();
        match Seen::new(&service, &links) {
            Some(seen) => Arc::new(seen),
            None => service,
        }
    }

    /// The runner's own link to a service or member, when it has one.
    pub(crate) fn way_to(&self, service: &ServiceRef) -> Option<Standing> {
        let ends = Ends { from: Party::Client, to: service.item };
        let standing = lock(&self.standing);
        let links = standing.get(&ends)?;
        // The front of several members stands for the first.
        links.iter().find(|link| link.to.name == service.name).or(links.first()).cloned()
    }

    /// Opens a link from each caller to the service or to each of its members.
    async fn open(
        &self,
        stopwatch: Stopwatch,
        ends: Ends,
        from: &[Arc<str>],
        to: &Arc<ServiceRef>,
    ) -> Result<(), String> {
        let mut links = Vec::new();
        for from in from {
            for to in parts(to) {
                let link = open(stopwatch, from, &to).await?;
                links.push(Standing { from: from.clone(), to, link });
            }
        }
        lock(&self.standing).insert(ends, links);
        Ok(())
    }
}

/// One link to one service or member.
async fn open(stopwatch: Stopwatch, from: &Arc<str>, to: &ServiceRef) -> Result<Arc<Link>, String> {
    let title = format!("{from} -> {}", to.name);
    let address = to
        .address()
        .ok_or_else(|| format!("the link `{title}` leads nowhere: the service has no address"))?;
    let found = tokio::net::lookup_host((address.host.as_str(), address.port)).await;
    let upstream = found.map(|mut found| found.next());
    let upstream = match upstream {
        Ok(Some(upstream)) => upstream,
        Ok(None) => {
            return Err(format!("the link `{title}` leads nowhere: `{}` has no address", address.host));
        }
        Err(error) => return Err(format!("the link `{title}` leads nowhere: `{}`: {error}", address.host)),
    };
    let secure = ["https:", "grpcs:"].iter().any(|scheme| address.url.starts_with(scheme));
    let wire = match &*to.protocol {
        _ if secure => Wire::Bytes,
        "http" => Wire::Http,
        "grpc" => Wire::Grpc,
        _ => Wire::Bytes,
    };
    let contract = to.contract().cloned();
    let spec = Spec { from: from.clone(), to: to.name.clone(), wire, upstream, contract, stopwatch };
    Link::open(spec).await.map_err(|error| format!("the link `{title}` cannot be made: {error}"))
}

/// A service's members; itself when it has none.
pub(crate) fn parts(service: &Arc<ServiceRef>) -> Vec<Arc<ServiceRef>> {
    if service.members.is_empty() { vec![service.clone()] } else { service.members.clone() }
}

impl Cx {
    /// Opens the links between services that the selected scenarios observe or break.
    pub(crate) async fn open_links(self: &Arc<Self>, selected: &[usize]) -> Result<(), Vec<Failure>> {
        let plan = &self.world.plan;
        let wanted: BTreeSet<Ends> = selected
            .iter()
            .filter_map(|index| plan.scenarios.get(*index))
            .flat_map(|planned| planned.links.iter().copied())
            .collect();
        let mut failures = Vec::new();
        for ends in wanted {
            let Party::Service(from) = ends.from else { continue };
            let (Some(from), Some(to)) = (self.world.service(from), self.world.service(ends.to)) else {
                continue;
            };
            if from.address().is_none_or(|address| address.given) {
                continue;
            }
            let callers: Vec<Arc<str>> = parts(&from).iter().map(|part| part.name.clone()).collect();
            if let Err(message) =
                self.world.links.open(self.world.processes.stopwatch(), ends, &callers, &to).await
            {
                failures.push(self.no_link(ends.to, message));
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Opens the runner's own links for one attempt of a scenario.
    pub(crate) async fn open_own_links(self: &Arc<Self>, wanted: &[Ends]) -> Result<(), Failure> {
        for ends in wanted.iter().filter(|ends| ends.from == Party::Client) {
            let Some(to) = self.world.service(ends.to) else { continue };
            let opened =
                self.links.open(self.world.processes.stopwatch(), *ends, &[CLIENT.into()], &to).await;
            opened.map_err(|message| self.no_link(ends.to, message))?;
        }
        Ok(())
    }

    fn no_link(&self, to: ItemRef, message: String) -> Failure {
        let mut failure = Failure::new(Code::SERVICE_START.name, message);
        failure.place = Some(self.world.place(self.world.plan.program.item(to).span));
        failure.repeat.clone_from(&self.repeat);
        failure
    }

    /// The links that a name means, as they stand for this scenario: several for a service with
    /// members and for `a -> *`.
    pub(crate) fn links_of(&self, name: &LinkName) -> Vec<Arc<Link>> {
        self.standing(name).into_iter().map(|standing| standing.link).collect()
    }

    /// The same with their ends.
    pub(crate) fn standing(&self, name: &LinkName) -> Vec<Standing> {
        let mut links = self.world.links.of(name);
        links.extend(self.links.of(name));
        links
    }

    /// From here on the links between services tell of this attempt of a scenario: it holds them
    /// alone, so that what passed before is nobody's any more. What passed before a trial is still
    /// the scenario's.
    pub(crate) fn begin_histories(&self, links: &[Ends]) {
        for ends in links {
            let name = LinkName { from: ends.from, to: Some(ends.to), method: None };
            for standing in self.world.links.of(&name) {
                let history = standing.link.calls().from_now();
                if !self.again {
                    history.forget_before();
                }
                lock(&self.links.histories).push((standing.link, history));
            }
        }
    }

    /// What passed over a link since the scenario began.
    pub(crate) fn history(&self, standing: &Standing) -> Arc<Calls> {
        let histories = lock(&self.links.histories);
        let found = histories.iter().find(|(link, _)| Arc::ptr_eq(link, &standing.link));
        found.map_or_else(|| standing.link.calls(), |(_, history)| history.clone())
    }

    /// What `(orders -> ledger.Post)` stands for.
    pub(super) fn link(
        self: &Arc<Self>,
        env: &Env,
        from: &Expr,
        to: Option<&Expr>,
        span: Span,
    ) -> Flow<Value> {
        let span = link_place(from, to, span);
        let name = self.link_at(env, from, to, span)?;
        let mut passages = lock(&self.links.passages);
        if let Some((_, known)) = passages.iter().find(|(known, _)| *known == name) {
            return Ok(Value::Live(known.clone()));
        }
        let calls: Vec<Arc<Calls>> = self.standing(&name).iter().map(|link| self.history(link)).collect();
        let mut calls = Calls::merged(&calls);
        if let Some(method) = &name.method {
            calls = calls.of(method);
        }
        let passage = Arc::new(Passage::new(self.written(span).into(), calls));
        passages.push((name, passage.clone()));
        Ok(Value::Live(passage))
    }

    /// The link that a place in the text names; it must stand.
    pub(super) fn link_at(&self, env: &Env, from: &Expr, to: Option<&Expr>, span: Span) -> Flow<LinkName> {
        let name = link_name(&self.world.plan.program, env.unit, from, to)
            .ok_or_else(|| self.bad_value(env, span, format!("`{}` is no link", self.written(span))))?;
        if self.standing(&name).is_empty() {
            let message = format!("the link `{}` does not stand here", self.written(span));
            let mut failure = self.failure(env, Code::NO_LINK, span, message);
            failure.help = Some(
                "the runner's own links belong to one scenario, and fixtures that several share have none"
                    .to_owned(),
            );
            return Err(failure.into());
        }
        Ok(name)
    }
}
