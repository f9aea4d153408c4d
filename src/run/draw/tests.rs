//! Everything that scenarios draw, drawn again and again in any order and side by side.

use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::protocol::Session;
use crate::run::world::{EventSender, Parts, World};
use crate::syntax::ast::{ExprKind, ItemKind};
use crate::syntax::visit;
use crate::system::Processes;
use crate::value::{Redactor, show};

/// How often everything is drawn.
const ROUNDS: usize = 200;

/// A place where something is drawn, by its expression and what it sees.
struct Site {
    env: Env,
    unit: usize,
    span: Span,
}

fn world(paths: &[&str], seed: u64) -> Arc<World> {
    Arc::new(World::new(parts(paths, seed)))
}

/// What a world is made of that starts nothing.
pub(in crate::run) fn parts(paths: &[&str], seed: u64) -> Parts {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let paths: Vec<PathBuf> = paths.iter().map(|path| root.join(path)).collect();
    let registry = crate::rooms::registry();
    let (program, _) = crate::load::load(&paths, &root);
    let (plan, _) = crate::check::check(program, &registry);
    Parts {
        plan: Arc::new(plan),
        registry: Arc::new(registry),
        events: EventSender::new().0,
        redactor: Redactor::default(),
        processes: Processes::default(),
        root: root.clone(),
        scratch: root,
        seed,
        inputs: Default::default(),
        only_safe: false,
        elsewhere: Default::default(),
        cases: Default::default(),
        probe: None,
        protocols: Vec::new(),
        services: Default::default(),
    }
}

pub(in crate::run) fn context(world: &Arc<World>) -> Arc<Cx> {
    let cancel = CancellationToken::new();
    let session = Session::new(
        Redactor::default(),
        cancel.clone(),
        PathBuf::new(),
        "0".repeat(32),
        Processes::default(),
    );
    Arc::new(Cx::new(world.clone(), None, Arc::new(session), cancel, None))
}

/// Every place where an item of the program draws, under the keys that a run gives it.
fn sites(world: &Arc<World>) -> Vec<Site> {
    let program = &world.plan.program;
    let mut found = Vec::new();
    for (at, item) in program.items() {
        let unit = world.key.with(world.unit_name(at.unit));
        let planned = world.plan.scenarios.iter().position(|scenario| scenario.item == at);
        let of_unit = |key| Env::of_unit(at.unit, key, item.span.start);
        let env = match (&item.kind, planned) {
            (_, Some(planned)) => crate::run::scenario::first_env(world, planned),
            (ItemKind::Fixture(fixture), _) => of_unit(unit.with(format!("fixture {}", fixture.name.name))),
            _ => of_unit(unit.with("elsewhere")),
        };
        let mut note = |expr: &Expr| {
            if matches!(expr.kind, ExprKind::Any(_) | ExprKind::Many(..)) {
                found.push(Site { env: env.clone(), unit: at.unit, span: expr.span });
            }
        };
        match &item.kind {
            ItemKind::Scenario(scenario) => visit::block(&scenario.body, &mut note),
            ItemKind::Fixture(fixture) => visit::block(&fixture.body, &mut note),
            ItemKind::Action(action) => {
                visit::block(&action.body, &mut note);
                action
                    .params
                    .iter()
                    .flat_map(|param| &param.default)
                    .for_each(|d| visit::expression(d, &mut note));
            }
            ItemKind::Let(binding) => visit::expression(&binding.value, &mut note),
            _ => {}
        }
    }
    found
}

/// What a site draws, or why nothing can be drawn without the rest of the run.
async fn drawn(cx: &Arc<Cx>, site: &Site) -> String {
    let program = cx.world.plan.program.clone();
    let mut expr = None;
    for item in &program.units[site.unit].module.items {
        let mut note = |part: &Expr| {
            if part.span == site.span && matches!(part.kind, ExprKind::Any(_) | ExprKind::Many(..)) {
                expr = Some(part.clone());
            }
        };
        match &item.kind {
            ItemKind::Scenario(scenario) => visit::block(&scenario.body, &mut note),
            ItemKind::Fixture(fixture) => visit::block(&fixture.body, &mut note),
            ItemKind::Action(action) => {
                visit::block(&action.body, &mut note);
                action
                    .params
                    .iter()
                    .flat_map(|param| &param.default)
                    .for_each(|d| visit::expression(d, &mut note));
            }
            ItemKind::Let(binding) => visit::expression(&binding.value, &mut note),
            _ => {}
        }
    }
    match cx.eval(&site.env, &expr.unwrap()).await {
        Ok(value) => show(&value),
        Err(stop) => format!("{stop:?}"),
    }
}

/// Draws every site, in an order of its own, by so many at the same time.
async fn round(world: &Arc<World>, sites: &Arc<Vec<Site>>, round: usize, tasks: usize) -> Vec<String> {
    let cx = context(world);
    let mut order: Vec<usize> = (0..sites.len()).collect();
    order.sort_by_key(|at| (at.wrapping_add(round).wrapping_mul(0x9e37_79b9_7f4a_7c15 | (1 + round))) >> 7);
    let mut running = tokio::task::JoinSet::new();
    for task in 0..tasks {
        let (cx, sites) = (cx.clone(), sites.clone());
        let own: Vec<usize> = order.iter().copied().skip(task).step_by(tasks).collect();
        running.spawn(async move {
            let mut found = Vec::new();
            for at in own {
                found.push((at, drawn(&cx, &sites[at]).await));
                tokio::task::yield_now().await;
            }
            found
        });
    }
    let mut found = vec![String::new(); sites.len()];
    for (at, text) in running.join_all().await.into_iter().flatten() {
        found[at] = text;
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_is_drawn_alike_in_any_order_and_side_by_side() {
    for (paths, least) in [(&["scenarios"][..], 3), (&["tests/lang/shapes/drawn.scn"], 20)] {
        let world = world(paths, 42);
        let sites = Arc::new(sites(&world));
        assert!(sites.len() >= least, "{} places draw", sites.len());
        let first = round(&world, &sites, 0, 1).await;
        // What a fixture gives is there in a run alone.
        let failed =
            first.iter().filter(|text| text.starts_with("Failed") && !text.contains("is not set up here"));
        assert_eq!(failed.collect::<Vec<_>>(), Vec::<&String>::new());
        for turn in 1..ROUNDS {
            assert_eq!(round(&world, &sites, turn, turn % 8 + 1).await, first, "round {turn}");
        }
        let other = self::world(paths, 43);
        let other = round(&other, &sites_of(&other), 0, 1).await;
        // Few places have so few values that another seed may draw the same.
        let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
        assert!(same * 5 <= first.len(), "{same} of {} do not depend on the seed", first.len());
    }
}

fn sites_of(world: &Arc<World>) -> Arc<Vec<Site>> {
    Arc::new(sites(world))
}

#[test]
fn modules_are_called_alike_wherever_they_are_run_from() {
    let names = |paths: &[&str]| {
        let world = world(paths, 1);
        let units = 0..world.plan.program.units.len();
        units.map(|unit| world.unit_name(unit).to_owned()).collect::<Vec<String>>()
    };
    let all = names(&["scenarios/shop"]);
    assert!(all.contains(&"scenarios/shop/e2e.scn".to_owned()), "{all:?}");
    assert!(names(&["scenarios/shop/../shop/e2e.scn"]).iter().all(|name| all.contains(name)));
    assert!(all.iter().all(|name| !Path::new(name).is_absolute()));
}

#[tokio::test]
async fn a_long_draw_ends_when_the_run_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.scn");
    std::fs::write(&path, "let all = 1_000_000 of [int; 100]\nscenario \"s\" { expect all matches list }\n")
        .unwrap();
    let world = world(&[path.to_str().unwrap()], 1);
    let cx = context(&world);
    cx.cancel.cancel();
    let sites = sites(&world);
    assert_eq!(drawn(&cx, &sites[0]).await, "Cancelled");
}
