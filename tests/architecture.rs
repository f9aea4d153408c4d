//! The house as `src/lib.rs` draws it: who may know whom, who may touch the world, and where names
//! may stand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may end so, also in what its parts share")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use scn::lang::KEYWORDS;

/// A source file without its comments and without its tests.
struct Room {
    /// Below `src`.
    path: PathBuf,
    /// The module at the top: `check` for `check/types.rs`.
    name: String,
    code: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn rooms() -> Vec<Room> {
    let src = root().join("src");
    let mut folders = vec![src.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            if stem == "tests" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let path = path.strip_prefix(&src).unwrap().to_path_buf();
                let first = path.iter().next().unwrap().to_str().unwrap();
                let name = first.trim_end_matches(".rs").to_owned();
                let code = text
                    .lines()
                    .take_while(|line| {
                        !line.starts_with("#[cfg(test)]\nmod tests {") && *line != "mod tests {"
                    })
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .map(str::to_owned)
                    .collect();
                found.push(Room { path, name, code });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 100, "only {} files were found", found.len());
    found
}

/// For each room, those it may know.
fn plan() -> BTreeMap<String, BTreeSet<String>> {
    let lib = read("src/lib.rs");
    let mut floors: Vec<(String, Vec<String>)> = Vec::new();
    let mut plan = BTreeMap::new();
    for line in lib.lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1) {
        let cells: Vec<&str> = line.trim_end_matches('|').split('|').map(str::trim).collect();
        let [floor, rooms, knows] = cells[..] else { panic!("an odd row: {line}") };
        let rooms: Vec<String> = rooms.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let mut known: BTreeSet<String> = match knows {
            "nothing of the rest" => BTreeSet::new(),
            "all above" => floors.iter().flat_map(|(_, rooms)| rooms.clone()).collect(),
            some => some
                .split(", ")
                .flat_map(|some| {
                    let floor = floors.iter().find(|(floor, _)| floor == some);
                    floor.unwrap_or_else(|| panic!("there is no floor {some} below {floor:?}")).1.clone()
                })
                .collect(),
        };
        for room in &rooms {
            known.insert(room.clone());
            plan.insert(room.clone(), known.clone());
        }
        floors.push((floor.to_owned(), rooms));
    }
    plan
}

/// The rooms that a line names after `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(rest.len());
        (end > 0).then_some(&rest[..end])
    })
}

#[test]
fn no_room_knows_one_above_it() {
    let plan = plan();
    let mut astray = Vec::new();
    for room in rooms() {
        if ["lib", "main"].contains(&room.name.as_str()) {
            continue;
        }
        let may = plan.get(&room.name).unwrap_or_else(|| panic!("`{}` stands on no floor", room.name));
        for line in &room.code {
            assert!(!line.contains("crate::{"), "{}: name each room on its own line", room.path.display());
            for other in named(line).filter(|other| plan.contains_key(*other) && !may.contains(*other)) {
                astray.push(format!("{} knows `{other}`: {}", room.path.display(), line.trim()));
            }
        }
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn every_room_stands_on_a_floor() {
    let declared: BTreeSet<String> = read("src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';').map(str::to_owned))
        .collect();
    assert_eq!(declared, plan().into_keys().collect());
}

/// The lines of some rooms that hold one of the words.
fn lines_with(words: &[&str], wanted: impl Fn(&Room) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for room in rooms().iter().filter(|room| wanted(room)) {
        let lines = room.code.iter().filter(|line| words.iter().any(|word| line.contains(word)));
        found.extend(lines.map(|line| format!("{}: {}", room.path.display(), line.trim())));
    }
    found
}

#[test]
fn reading_and_checking_touch_nothing() {
    let world = [
        "tokio",
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::process",
        "std::env",
        "async fn",
        "async move",
    ];
    let pure = ["lang", "syntax", "fmt", "check", "shape", "relation", "function", "ide"];
    let found = lines_with(&world, |room| pure.contains(&room.name.as_str()));
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(!lines_with(&world, |room| room.name == "run").is_empty(), "nothing is ever found");
}

#[test]
fn only_tokios_rooms_know_tokio() {
    let rooms = ["run", "protocol", "system", "link", "cli"];
    let found = lines_with(&["tokio", "async fn"], |room| !rooms.contains(&room.name.as_str()));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_clock_of_the_wall_and_chance_come_from_one_place() {
    let found =
        lines_with(&["SystemTime::now", "Utc::now", "Local::now", "rand::", "SystemRandom"], |_| true);
    let places: BTreeSet<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    // The clock and the seed of a run; the mark that finds a run's processes again; the generator
    // that a key of a draw seeds.
    let known = BTreeSet::from(["run/world.rs", "shape/draw/stream.rs", "system/process.rs"]);
    assert_eq!(places, known, "{}", found.join("\n"));
    let unseeded =
        lines_with(&["rand::rng()", "rand::random", "thread_rng", "from_os_rng", "OsRng"], |_| true);
    assert!(unseeded.is_empty(), "{}", unseeded.join("\n"));
}

/// Hash maps have no order, so they may be looked into and never walked.
#[test]
fn hash_maps_are_few_and_known() {
    let found = lines_with(&["HashMap", "HashSet"], |_| true);
    let places: BTreeSet<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    let known = [
        "contract/proto/value/read.rs", // handed to prost-reflect, which sorts map keys itself
        // what a search has met, to find again; never walked
        "history/linear/antichain.rs",
        "history/linear/certificate.rs",
        "history/linear/depth.rs",
        "history/linear/distinct/spans.rs",
        "history/linear/frontier/mod.rs",
        "history/linear/timeline.rs",
        "history/linear/usage.rs",
        "history/model/append_log.rs",
        "history/model/counter.rs",
        "history/model/object.rs",
        "history/model/queue.rs",
        "history/model/register.rs",
        "history/model/set.rs",
        "history/model/values.rs",
        "protocol/mod.rs",      // a scenario's slots by type
        "run/workload/hand.rs", // what was seen at a place, by place
        "shape/index.rs",       // positions by value
    ];
    assert_eq!(places, BTreeSet::from(known), "{}", found.join("\n"));
}

#[test]
fn no_lint_is_allowed_away() {
    let found = lines_with(&["#[allow", "#![allow"], |_| true);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn names_are_no_grammar() {
    let grammar: String =
        read("grammar/scn.pest").lines().map(|line| line.split("//").next().unwrap_or(line)).collect();
    let literals: BTreeSet<&str> = grammar.split('"').skip(1).step_by(2).collect();
    assert!(literals.contains("expect") && literals.len() > 50, "{literals:?}");
    let registry = scn::rooms::registry();
    let names: BTreeSet<&str> = registry.iter().map(|spec| spec.name).collect();
    let both: BTreeSet<&str> = names.intersection(&literals).copied().collect();
    // Words that structure needs may name something else where no structure stands.
    let keywords: BTreeSet<&str> = KEYWORDS.iter().map(|keyword| keyword.word).collect();
    assert_eq!(both, both.intersection(&keywords).copied().collect());
    let shared =
        ["at", "cases", "contract", "file", "owner", "per", "seed", "service", "stop", "variant", "with"];
    assert_eq!(both, BTreeSet::from(shared));
}

/// Protocols and relations are listed in one place.
#[test]
fn only_one_place_lists_the_rooms() {
    let lists = ["http::SPECS", "grpc::SPECS", "exec::SPECS", "Http::new()", "Grpc::new()"];
    let found = lines_with(&lists, |room| room.name != "rooms");
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(lines_with(&lists, |room| room.name == "rooms").len(), 5);
}

/// It takes a C compiler and half a minute, and ring does the same work.
#[test]
fn only_one_crypto_library_is_built() {
    let lock = read("Cargo.lock");
    assert!(lock.contains("name = \"ring\""));
    for other in ["aws-lc-sys", "aws-lc-rs", "openssl-sys"] {
        assert!(!lock.contains(&format!("name = \"{other}\"")), "`{other}` is built");
    }
}
