//! What scenarios touch of contracts: the operations they call, through actions, fixtures and
//! shapes too, and the words they write, such as fields and enum values. Pure; errs on the side
//! of too much: whoever calls an operation and writes a name counts as touching what has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::plan::{Definition, ItemRef, Plan, Program};
use crate::contract::{Address, Segment};
use crate::syntax::ast::{
    Block, Expr, ExprKind, Item, ItemKind, ObjectEntry, ObjectExpr, Place, Request, StatementKind, Template,
    TemplatePart,
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
    /// The verb and the segments of the path.
    Http { verb: Arc<str>, path: Vec<String> },
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
                // A path that only the run knows may be any.
                let unknown = matches!(path.as_slice(), [only] if only.starts_with(UNKNOWN));
                let fits_each = || path.iter().zip(segments).all(|(given, segment)| fits(given, segment));
                verb == method && (unknown || path.len() == segments.len() && fits_each())
            }
            _ => false,
        }
    }
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
            ItemKind::Scenario(scenario) => self.block(unit, &scenario.body),
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
            let Some(method) = target.members.last().map(|member| member.name.clone()) else { return };
            let contract = self.program.units[at.unit].contracts.get(&service.name.name);
            let operations = contract.map(|contract| &contract.interface().operations[..]);
            let services =
                operations.unwrap_or_default().iter().filter_map(|operation| match &operation.address {
                    Address::Grpc { service, method: other, .. } if *other == method => Some(service.clone()),
                    _ => None,
                });
            self.calls.insert(Call::Grpc { services: services.collect(), method });
            return;
        }
        let Some(place) = &request.place else { return };
        let (path, query) = path(Place::template(place));
        self.words.extend(query);
        let verb: Arc<str> = match &*request.verb.name {
            // A stream of events is got.
            "open" => "GET".into(),
            verb => verb.into(),
        };
        self.calls.insert(Call::Http { verb, path });
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
mod tests {
    use super::*;
    use crate::source::{Source, Sources};

    const TEXT: &str = r#"
service shop { speaks http }
service books { speaks grpc }
action place(qty) {
  POST shop /v1/orders { lines: [{ qty }] }
  return body
}
action read(id) { GET shop /v1/orders/${id}?state=PAID }
fixture alice { POST shop /v1/login form({ user: "alice" }) ; return body.token }
check fine(xs) rhai """ for x in xs { if x.minor == 0 { return fail("x"); } } """
scenario "calls" { let order = place(2) ; read(order.id) ; expect alice != "" }
scenario "asks the books" {
  call books.List { customer: "a" }
  expect body.entries fine()
  expect status == 404
}
"#;

    fn found(text: &str) -> (Plan, Vec<Contact>) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("t.scn");
        std::fs::write(&file, text).unwrap();
        let registry = crate::rooms::registry();
        let (program, diagnostics) = crate::load::load(&[file], dir.path());
        assert_eq!(diagnostics, []);
        let (plan, _) = crate::check::check(program, &registry);
        let contacts = contacts(&plan);
        (plan, contacts)
    }

    fn http(method: &str, path: &[&str]) -> Address {
        let segment = |text: &&str| match text.strip_prefix(':') {
            Some(name) => Segment::Parameter { prefix: "".into(), name: name.into(), suffix: "".into() },
            None => Segment::Literal((*text).into()),
        };
        Address::Http { method: method.into(), path: path.iter().map(segment).collect() }
    }

    fn grpc(method: &str) -> Address {
        let service = "a.v1.Books".into();
        Address::Grpc { service, method: method.into(), client_streaming: false, server_streaming: false }
    }

    #[test]
    fn calls_are_found_through_actions_and_fixtures() {
        let (plan, contacts) = found(TEXT);
        assert_eq!(plan.scenarios.len(), 2);
        let [calls, books] = &contacts[..] else { panic!("{contacts:?}") };
        for address in [
            http("POST", &["v1", "orders"]),
            http("GET", &["v1", "orders", ":id"]),
            http("POST", &["v1", "login"]),
        ] {
            assert!(calls.touches(std::slice::from_ref(&address), &[]), "{address:?}");
            assert!(!books.touches(&[address], &[]));
        }
        for address in [
            http("PUT", &["v1", "orders"]),
            http("GET", &["v1", "orders", "list"]),
            http("GET", &["v1", "orders", ":id", "lines"]),
            grpc("List"),
        ] {
            assert!(!calls.touches(&[address], &[]));
        }
        assert!(books.touches(&[grpc("List")], &[]) && !books.touches(&[grpc("Get")], &[]));
        assert!(!books.touches(&[], &[]), "what cannot be called is touched by nobody");
    }

    #[test]
    fn names_are_fields_values_queries_and_what_scripts_read() {
        let (_, contacts) = found(TEXT);
        let [calls, books] = &contacts[..] else { panic!("{contacts:?}") };
        let orders = [http("POST", &["v1", "orders"])];
        for name in ["qty", "lines", "id", "PAID", "state", "token", "alice"] {
            assert!(calls.touches(&orders, &[name.into()]), "{name}");
        }
        assert!(calls.touches(&orders, &["nothing".into(), "qty".into()]), "any of the names will do");
        assert!(!calls.touches(&orders, &["minor".into()]));
        for name in ["customer", "entries", "minor", "404"] {
            assert!(books.touches(&[grpc("List")], &[name.into()]), "{name}");
        }
        assert!(!books.touches(&[grpc("List")], &["qty".into()]));
    }

    #[test]
    fn modules_types_and_paths_of_the_run_are_seen_through() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        let api = "openapi: 3.1.0\ninfo: { title: t, version: '1' }\npaths: {}\n\
                   components: { schemas: { Order: { type: object, properties: { sku: { type: string } } } } }\n";
        write("api.yaml", api);
        write("m.scn", "service shop { speaks http contract \"./api.yaml\"; at \"http://a.test\" }\n");
        let text = "use \"./m.scn\" as m\nuse \"./m.scn\" { shop }\n\
                    scenario \"a\" { GET m.shop /orders }\n\
                    scenario \"b\" { POST shop /orders any shop.Order }\n\
                    scenario \"c\" { let next = \"/orders\"\n  GET shop \"${next}\" }\n";
        write("t.scn", text);
        let registry = crate::rooms::registry();
        let (program, _) = crate::load::load(&[dir.path().join("t.scn")], dir.path());
        let (plan, _) = crate::check::check(program, &registry);
        let contacts = contacts(&plan);
        let [a, b, c] = &contacts[..] else { panic!("{contacts:?}") };
        let (get, post) = ([http("GET", &["orders"])], [http("POST", &["orders"])]);
        assert!(a.touches(&get, &[]) && !a.touches(&post, &[]) && !a.touches(&get, &["sku".into()]));
        assert!(b.touches(&post, &["sku".into()]), "what is drawn has every field of its type");
        assert!(c.touches(&get, &[]) && c.touches(&[http("GET", &["a", ":b"])], &[]), "any path");
        assert!(!c.touches(&post, &[]));
    }

    #[test]
    fn the_parts_of_a_path() {
        let mut sources = Sources::default();
        let text = "scenario \"x\" { GET shop /a/${b}/c.json?d=e&f=${g} }\n";
        let id = sources.add(Source::new("t", "", text));
        let module = crate::syntax::parse(id, text).module;
        let ItemKind::Scenario(scenario) = &module.items[0].kind else { panic!() };
        let mut found = None;
        visit::block(&scenario.body, &mut |expr| {
            if let ExprKind::Request(request) = &expr.kind {
                found = request.place.as_ref().map(|place| path(Place::template(place)));
            }
        });
        let (segments, words) = found.unwrap();
        assert_eq!(segments, ["a", "\u{0}", "c.json"]);
        assert_eq!(words, ["d".into(), "e".into(), "f".into()] as [Arc<str>; 3]);
    }
}
