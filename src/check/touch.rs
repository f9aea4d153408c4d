//! What scenarios touch of contracts: the operations they call, watch on a link or play with a
//! double, through actions, fixtures and shapes too, and the words they write, such as fields and
//! enum values. Pure; errs on the side of too much: whoever calls an operation and writes a name
//! counts as touching what has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan::{Definition, ItemRef, Plan, Program};
use crate::contract::{Address, Segment};
use crate::syntax::ast::{
    Block, Double, Expr, ExprKind, Item, ItemKind, ObjectEntry, ObjectExpr, Place, Request, StatementKind,
    Template, TemplatePart,
};
use crate::syntax::visit;

/// Stands in a path for what only the run knows.
const UNKNOWN: char = '\u{0}';

/// What one scenario touches.
#[derive(Debug)]
pub struct Contact {
    /// Its index in [`Plan::scenarios`].
    pub scenario: usize,
    calls: BTreeSet<Call>,
    words: BTreeSet<Arc<str>>,
    /// Whether it speaks of a type of a contract, and so of every name in it.
    types: bool,
}

/// A request as far as it is known before the run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Call {
    /// The method, and the services of the contract that have it; none are known without one.
    Grpc { services: Vec<Arc<str>>, method: Arc<str> },
    /// The verb, none where only the run knows it, and the segments of the path.
    Http { verb: Option<Arc<str>>, path: Vec<String> },
}

/// What every scenario of a plan touches, in the plan's order.
pub fn contacts(plan: &Plan) -> Vec<Contact> {
    let all = plan.scenarios.iter().enumerate();
    all.map(|(scenario, planned)| {
        let mut walk = Walk::new(&plan.program);
        walk.reach(planned.item);
        Contact { scenario, calls: walk.calls, words: walk.words, types: walk.types }
    })
    .collect()
}

impl Contact {
    /// Whether the scenario calls one of the operations and, when there are names, writes one.
    pub fn touches(&self, operations: &[Address], names: &[Arc<str>]) -> bool {
        (names.is_empty() || self.types || names.iter().any(|name| self.words.contains(name)))
            && operations.iter().any(|operation| self.calls.iter().any(|call| call.reaches(operation)))
    }
}

impl Call {
    fn reaches(&self, operation: &Address) -> bool {
        match (self, operation) {
            (Call::Grpc { services, method }, Address::Grpc { service, method: other, .. }) => {
                method == other && (services.is_empty() || services.contains(service))
            }
            (Call::Http { verb, path }, Address::Http { method, path: segments }) => {
                // Every resource that can be read has a head (RFC 9110 §9.3.2).
                let same = verb.as_ref().is_none_or(|verb| match &**verb {
                    "HEAD" => matches!(&**method, "HEAD" | "GET"),
                    verb => *verb == **method,
                });
                same && reaches(path, segments)
            }
            _ => false,
        }
    }
}

fn reaches(path: &[String], segments: &[Segment]) -> bool {
    // What only the run knows at the beginning may be many segments.
    let (path, segments) = match path {
        [first, rest @ ..] if first.starts_with(UNKNOWN) && rest.len() <= segments.len() => {
            (rest, &segments[segments.len() - rest.len()..])
        }
        _ => (path, segments),
    };
    path.len() == segments.len() && path.iter().zip(segments).all(|(given, segment)| fits(given, segment))
}

fn fits(given: &str, segment: &Segment) -> bool {
    match segment {
        Segment::Literal(text) => *given == **text,
        Segment::Parameter { prefix, suffix, .. } => {
            given.contains(UNKNOWN) || {
                let inner = given.strip_prefix(&**prefix).and_then(|rest| rest.strip_suffix(&**suffix));
                inner.is_some_and(|inner| !inner.is_empty())
            }
        }
    }
}

/// The walk from one scenario.
struct Walk<'a> {
    program: &'a Program,
    seen: BTreeSet<ItemRef>,
    waiting: Vec<ItemRef>,
    calls: BTreeSet<Call>,
    words: BTreeSet<Arc<str>>,
    types: bool,
}

impl<'a> Walk<'a> {
    fn new(program: &'a Program) -> Walk<'a> {
        Walk {
            program,
            seen: BTreeSet::new(),
            waiting: Vec::new(),
            calls: BTreeSet::new(),
            words: BTreeSet::new(),
            types: false,
        }
    }

    fn reach(&mut self, start: ItemRef) {
        self.waiting.push(start);
        while let Some(at) = self.waiting.pop() {
            if self.seen.insert(at) {
                self.item(at.unit, self.program.item(at));
            }
        }
    }

    fn item(&mut self, unit: usize, item: &'a Item) {
        for attribute in &item.attributes {
            for arg in attribute.args.iter().flat_map(|args| &args.args) {
                self.expression(unit, &arg.value);
            }
        }
        match &item.kind {
            ItemKind::Scenario(scenario) => {
                scenario.with.iter().for_each(|double| self.expression(unit, double));
                self.block(unit, &scenario.body);
            }
            ItemKind::Double(double) => self.double(unit, double),
            ItemKind::Fixture(fixture) => self.block(unit, &fixture.body),
            ItemKind::Action(action) => {
                for default in action.params.iter().filter_map(|param| param.default.as_ref()) {
                    self.expression(unit, default);
                }
                self.block(unit, &action.body);
            }
            ItemKind::Let(binding) => self.expression(unit, &binding.value),
            ItemKind::Shape(shape) => self.expression(unit, &shape.pattern),
            ItemKind::Check(script) | ItemKind::Fn(script) => {
                let words = script.code.split(|c: char| !c.is_alphanumeric() && c != '_');
                self.words.extend(words.filter(|word| !word.is_empty()).map(Arc::from));
            }
            _ => {}
        }
    }

    fn double(&mut self, unit: usize, double: &'a Double) {
        for default in double.params.iter().filter_map(|param| param.default.as_ref()) {
            self.expression(unit, default);
        }
        let of = self.program.lookup_item(unit, &double.service.name).map(|(at, _)| at);
        for rule in &double.rules {
            rule.when.iter().for_each(|when| self.expression(unit, when));
            self.block(unit, &rule.body);
            match &rule.path {
                Some(template) => {
                    let path = path(template).0;
                    self.calls.insert(Call::Http { verb: Some(rule.method.name.clone()), path });
                }
                None => self.method(of, &rule.method.name),
            }
        }
    }

    fn block(&mut self, unit: usize, block: &'a Block) {
        visit::statements(block, &mut |statement| {
            if let StatementKind::Expect(expect) = &statement.kind
                && let Some(relation) = &expect.relation
            {
                self.name(unit, &relation.name.name);
            }
        });
        visit::block(block, &mut |expr| self.part(unit, expr));
    }

    fn expression(&mut self, unit: usize, expr: &'a Expr) {
        visit::expression(expr, &mut |part| self.part(unit, part));
    }

    /// One expression, without those inside it.
    fn part(&mut self, unit: usize, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Name(name) => {
                self.words.insert(name.clone());
                self.name(unit, name);
            }
            ExprKind::It(field) => {
                self.words.insert(field.name.clone());
            }
            ExprKind::Field(base, field) => {
                self.words.insert(field.name.clone());
                // `any ledger.Entry`
                self.types |=
                    self.program.type_name(unit, expr).is_some_and(|named| !named.found().is_empty());
                // `m.place_order`, when `m` is a module.
                if let ExprKind::Name(alias) = &base.kind
                    && let Some(Definition::Module(module)) = self.program.lookup(unit, alias)
                {
                    self.name(module, &field.name);
                }
            }
            ExprKind::Text(template) => {
                self.words.extend(template.plain());
                // A body may be written as a text.
                for part in &template.parts {
                    if let TemplatePart::Text(text) = part {
                        let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
                        self.words.extend(words.filter(|word| !word.is_empty()).map(Arc::from));
                    }
                }
            }
            ExprKind::Link(_, Some(to)) => {
                // `orders -> ledger.Post`
                if let ExprKind::Field(base, method) = &to.kind
                    && let ExprKind::Name(name) = &base.kind
                    && let Some((at, _)) = self.program.lookup_item(unit, name)
                {
                    self.method(Some(at), &method.name);
                }
            }
            ExprKind::Number(number) => {
                self.words.insert(number.to_string().into());
            }
            ExprKind::Object(object) | ExprKind::Refine(_, object) => self.keys(object),
            ExprKind::Request(request) => self.request(unit, request),
            _ => {}
        }
    }

    fn name(&mut self, unit: usize, name: &str) {
        if let Some((at, _)) = self.program.lookup_item(unit, name) {
            self.waiting.push(at);
        }
    }

    fn keys(&mut self, object: &ObjectExpr) {
        for entry in &object.entries {
            if let ObjectEntry::Field { name, .. } = entry {
                self.words.extend(name.plain());
            }
        }
    }

    fn request(&mut self, unit: usize, request: &Request) {
        let Some(target) = &request.target else { return };
        // `GET shop /a`, or `GET m.shop /a` behind the name of a module.
        let found = match self.program.lookup(unit, &target.name.name) {
            Some(Definition::Module(module)) => {
                target.members.first().and_then(|member| self.program.lookup_item(module, &member.name))
            }
            _ => self.program.lookup_item(unit, &target.name.name),
        };
        let Some((at, item)) = found else { return };
        let ItemKind::Service(service) = &item.kind else { return };
        let spoken = super::request::spoken(service);
        if spoken.as_ref().is_some_and(|protocol| &*protocol.name == "grpc") {
            if let Some(member) = target.members.last() {
                self.method(Some(at), &member.name);
            }
            return;
        }
        let Some(place) = &request.place else { return };
        let (path, query) = path(Place::template(place));
        self.words.extend(query);
        let method =
            request.options.iter().flat_map(|options| &options.entries).find_map(|entry| match entry {
                ObjectEntry::Field { name, value, .. } if name.plain().as_deref() == Some("method") => {
                    Some(value)
                }
                _ => None,
            });
        let verb = match (&*request.verb.name, method.map(|method| &method.kind)) {
            ("open" | "request", Some(ExprKind::Text(method))) => method.plain(),
            ("open" | "request", Some(_)) => None,
            ("open" | "request", None) => Some("GET".into()),
            (verb, _) => Some(verb.into()),
        };
        self.calls.insert(Call::Http { verb, path });
    }

    /// A method of a gRPC service.
    fn method(&mut self, of: Option<ItemRef>, method: &Arc<str>) {
        let Some((at, ItemKind::Service(service))) = of.map(|at| (at, &self.program.item(at).kind)) else {
            return;
        };
        let contract = self.program.units[at.unit].contracts.get(&service.name.name);
        let operations = contract.map(|contract| &contract.interface().operations[..]);
        let services =
            operations.unwrap_or_default().iter().filter_map(|operation| match &operation.address {
                Address::Grpc { service, method: other, .. } if other == method => Some(service.clone()),
                _ => None,
            });
        self.calls.insert(Call::Grpc { services: services.collect(), method: method.clone() });
    }
}

/// The segments of a path, and the words of its query.
fn path(template: &Template) -> (Vec<String>, Vec<Arc<str>>) {
    let mut text = String::new();
    for part in &template.parts {
        match part {
            TemplatePart::Text(part) => text.push_str(part),
            TemplatePart::Expr(_) => text.push(UNKNOWN),
        }
    }
    let (path, query) = text.split_once('?').unwrap_or((&text, ""));
    let segments = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
    let words = query.split(['&', '=']).filter(|word| !word.is_empty() && !word.contains(UNKNOWN));
    (segments, words.map(Arc::from).collect())
}

#[cfg(test)]
mod tests;
