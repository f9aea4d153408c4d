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
fn doubles_links_and_other_ways_to_call() {
    let text = r#"
service shop { speaks http; start "./shop" }
service books { speaks grpc; start "./books" }
service merchant { speaks http }
service bank { speaks grpc }
double grudging(times = 0) of merchant {
  on POST /hooks/${kind} when .body.tries < times { reply { accepted: true } }
}
double poor of bank { on Charge { fail NOT_FOUND "no" } }
scenario "doubles" with grudging(times: 2), poor { GET shop / }
scenario "links" {
  under lost_response(first: 1) on shop -> books.Post { GET shop / }
  expect (shop -> books.List).calls[0].request.amount == 1
}
scenario "verbs" {
  let way = "PUT"
  request shop /a with { method: "DELETE" }
  request shop /b with { method: way }
  request shop /c
  HEAD shop /d
  GET shop "${way}/deep/down"
  POST shop /e text("{\"colour\": 1}", type: "application/json")
}
"#;
    let (_, contacts) = found(text);
    let [doubles, links, verbs] = &contacts[..] else { panic!("{contacts:?}") };
    let touches = |contact: &Contact, address: Address, names: &[&str]| {
        contact.touches(&[address], &names.iter().map(|name| Arc::from(*name)).collect::<Vec<_>>())
    };
    for name in ["accepted", "tries", "body"] {
        assert!(touches(doubles, http("POST", &["hooks", ":kind"]), &[name]), "{name}");
    }
    assert!(touches(doubles, grpc("Charge"), &[]) && !touches(links, grpc("Charge"), &[]));
    assert!(touches(links, grpc("Post"), &["amount"]) && touches(links, grpc("List"), &[]));
    assert!(!touches(doubles, grpc("Post"), &[]) && !touches(links, grpc("Get"), &[]));
    for (method, path, is) in [
        ("DELETE", &["a"][..], true),
        ("GET", &["a"], false),
        ("PATCH", &["b"], true),
        ("GET", &["c"], true),
        ("POST", &["c"], false),
        ("GET", &["d"], true),
        ("GET", &["x", "y", "deep", "down"], true),
        ("GET", &["x", "deep", "up"], false),
    ] {
        assert_eq!(touches(verbs, http(method, path), &[]), is, "{method} {path:?}");
    }
    assert!(touches(verbs, http("POST", &["e"]), &["colour"]));
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
