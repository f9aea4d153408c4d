//! What plans hold. The diagnostics have their own tests, in `tests/lang`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{ItemRef, Plan, Quarantine};
use crate::diag::Diagnostic;

/// The plan of a file below `tests/lang`.
fn plan_of(path: &str) -> (Plan, Vec<Diagnostic>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lang");
    let (program, mut diagnostics) = crate::load::load(&[root.join(path)], &root);
    let (plan, checked) = super::check(program, &crate::rooms::registry());
    diagnostics.extend(checked);
    (plan, diagnostics)
}

/// The plan of a text, which may be wrong.
fn plan_of_text(text: &str) -> (Plan, Vec<Diagnostic>) {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("a.scn");
    std::fs::write(&path, text).unwrap();
    let (program, mut diagnostics) = crate::load::load(&[path], dir.path());
    let (plan, checked) = super::check(program, &crate::rooms::registry());
    diagnostics.extend(checked);
    (plan, diagnostics)
}

fn names(plan: &Plan, items: &[ItemRef]) -> Vec<String> {
    let name = |&at: &ItemRef| {
        super::context::describe(&plan.program.item(at).kind).1.map(|name| name.name.to_string())
    };
    items.iter().map(|item| name(item).unwrap_or_default()).collect()
}

#[test]
fn a_clean_file_gives_a_full_plan() {
    let (plan, diagnostics) = plan_of("clean/shop.scn");
    assert_eq!(diagnostics, []);
    assert_eq!(plan.seed, None, "only named modules set the seed");

    let stages: Vec<(&str, &[usize])> =
        plan.stages.iter().map(|stage| (&*stage.name, &*stage.after)).collect();
    assert_eq!(stages, [("", &[][..]), ("contract", &[]), ("component", &[1]), ("e2e", &[2])]);

    let titles: Vec<&str> = plan.scenarios.iter().map(|scenario| &*scenario.title).collect();
    assert_eq!(titles[..3], ["the site is up", "an order reaches the ledger", "a bad quantity is refused",]);

    let up = &plan.scenarios[0];
    assert_eq!(up.stage, 0);
    // `orders` reads the address of `ledger`, so it comes after it.
    assert_eq!(names(&plan, &up.services), ["ledger", "orders"]);
    assert!(up.leases.is_empty() && up.fixtures.is_empty() && up.tags.is_empty());
    assert_eq!(up.timeout, None);

    let reaches = &plan.scenarios[1];
    assert_eq!(reaches.stage, 3);
    assert_eq!(reaches.owner.as_deref(), Some("payments"));
    assert_eq!(reaches.tags, ["critical", "money"].map(std::sync::Arc::<str>::from));
    assert_eq!(reaches.timeout, Some(Duration::from_secs(60)));
    assert_eq!((reaches.serial, reaches.retries, reaches.seed), (true, 2, Some(7)));
    assert_eq!(
        reaches.quarantine,
        Some(Quarantine { issue: "SHOP-12".into(), until: Some("2027-01-31".into()) })
    );
    assert_eq!(names(&plan, &reaches.services), ["ledger", "orders"]);
    assert_eq!(names(&plan, &reaches.fixtures), ["alice"]);
    let source = plan.program.sources.get(plan.program.units[0].module.source);
    assert!(source.line(reaches.lines.0).contains("an order reaches the ledger"));
    assert_eq!(source.line(reaches.lines.1), "}");

    assert!(plan.scenarios[2].cases.is_some());
    assert_eq!(plan.scenarios[2].stage, 0);

    let disturbs = &plan.scenarios[3];
    assert_eq!(names(&plan, &disturbs.leases), ["ledger", "orders"], "with what it connects to");
    assert_eq!(plan.scenarios[4].skip.as_deref(), Some("the sandbox is down"));
}

#[test]
fn services_and_leases_are_found_through_actions_fixtures_and_defers() {
    let (plan, diagnostics) = plan_of_text(
        r#"
seed 7
service db { speaks http; start "./db" }
service ledger { speaks http; start "./ledger"; env { DB: db.addr } }
service orders { speaks http; start "./orders"; env { LEDGER: "http://${ledger.addr}" } }
service mail { speaks http; start "./mail" }
service lonely { speaks http; start "./lonely" }
let base = orders.url
action break_it(service) { kill service }
action crash() { kill ledger }
fixture customer {
  POST mail /welcome {}
  return account
}
fixture account { return 1 }
stage e2e { on failure { GET lonely /dump }; finally { show account } }

scenario "deferred" in e2e {
  defer { crash() }
  show base
}
scenario "by a fixture" in e2e { expect customer == 1 }
scenario "unknown victim" in e2e { break_it(orders) }
scenario "none" { GET https://example.com/ }
"#,
    );
    assert_eq!(diagnostics, []);
    assert_eq!(plan.seed, Some(7));
    let of = |title: &str| plan.scenarios.iter().find(|scenario| &*scenario.title == title).unwrap();
    assert_eq!(names(&plan, &of("deferred").services), ["db", "ledger", "orders"]);
    assert_eq!(names(&plan, &of("deferred").leases), ["db", "ledger"]);
    assert_eq!(names(&plan, &of("by a fixture").services), ["mail"]);
    assert_eq!(names(&plan, &of("by a fixture").fixtures), ["account", "customer"]);
    // The action kills what it is given: any service that the scenario reaches.
    assert_eq!(names(&plan, &of("unknown victim").leases), ["db", "ledger", "orders"]);
    assert!(of("none").services.is_empty());
    let stage = plan.stages.iter().find(|stage| &*stage.name == "e2e").unwrap();
    assert_eq!(names(&plan, &stage.services), ["lonely"]);
    assert_eq!(names(&plan, &stage.fixtures), ["account"]);
}

#[test]
fn the_library_is_sound() {
    for module in crate::load::LIBRARY {
        let text =
            format!("use \"{}\" as it\nscenario \"s\" {{ expect {{}} matches it.Nothing }}\n", module.name);
        let (plan, diagnostics) = plan_of_text(&text);
        let messages: Vec<&str> = diagnostics.iter().map(|d| &*d.message).collect();
        // Nothing but the mistake that was made on purpose, which shows that the module was read.
        assert_eq!(messages, [format!("`{}` has no `Nothing`", module.name)]);
        assert!(plan.program.units.iter().any(|unit| !unit.named && !unit.module.items.is_empty()));
        assert!(module.text.starts_with("//! "), "{} says what it is for", module.name);
    }
}

#[test]
fn diagnostics_are_sorted_and_said_once() {
    let (_, diagnostics) = plan_of_text(
        "scenario \"s\" {\n  expect later\n  expect earlier\n}\nscenario \"s\" { expect first }\nshape S { a: nothing }\n",
    );
    let places: Vec<u32> = diagnostics.iter().map(|d| d.at.span.start).collect();
    let mut sorted = places.clone();
    sorted.sort_unstable();
    assert_eq!(places, sorted);
    assert_eq!(diagnostics.len(), 5);
}

#[test]
fn hostile_shapes_of_programs_end() {
    // A long chain of actions, a shape that contains itself, deep imports of the same names.
    let mut text = String::from(
        "service s { speaks http; start \"./s\" }\nshape T { next: T }\naction a0() { GET s / }\n",
    );
    for n in 1..3000 {
        text.push_str(&format!("action a{n}() {{ a{}() }}\n", n - 1));
    }
    text.push_str("scenario \"deep\" {\n  a2999()\n  let t = any T\n  show t\n}\n");
    let (plan, diagnostics) = plan_of_text(&text);
    let messages: Vec<&str> = diagnostics.iter().map(|diagnostic| &*diagnostic.message).collect();
    assert_eq!(messages, ["`T` needs itself, without end"]);
    assert_eq!(names(&plan, &plan.scenarios[0].services), ["s"]);
}

#[test]
fn torn_and_shuffled_files_are_reported_and_never_break_the_check() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lang/clean");
    let library = std::fs::read_to_string(dir.join("_lib.scn")).unwrap();
    let text = std::fs::read_to_string(dir.join("shop.scn")).unwrap();
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("_lib.scn"), library).unwrap();
    let path = root.path().join("a.scn");
    let check = |text: &str| {
        std::fs::write(&path, text).unwrap();
        let (program, mut diagnostics) = crate::load::load(std::slice::from_ref(&path), root.path());
        let (plan, checked) = super::check(program, &crate::rooms::registry());
        diagnostics.extend(checked);
        for diagnostic in &diagnostics {
            // Every place is one that can be shown.
            let source = plan.program.sources.get(diagnostic.at.span.source);
            assert!(diagnostic.at.span.end as usize <= source.text.len());
            assert!(source.text.is_char_boundary(diagnostic.at.span.start as usize));
        }
        diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    };
    assert_eq!(check(&text), 0);
    let lines: Vec<&str> = text.lines().collect();
    for cut in (0..text.len()).step_by(97).filter(|&cut| text.is_char_boundary(cut)) {
        check(&text[..cut]);
    }
    for left_out in (0..lines.len()).step_by(3) {
        let rest: Vec<&str> =
            lines.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, line)| *line).collect();
        check(&rest.join("\n"));
    }
    let backwards: Vec<&str> = lines.iter().rev().copied().collect();
    assert!(check(&backwards.join("\n")) > 0);
}
