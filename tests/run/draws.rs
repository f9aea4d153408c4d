//! The same seed draws the same bytes, whatever else runs and in whatever order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::harness::{Project, json, project, scn, server};

const DRAWING: &str = r#"
action fresh(tag) { return "${tag}-${any uuid}" }
fixture person { return { id: any uuid, age: any int(1..99) } }
scenario "a" {
  let id = any uuid
  let n = any int(1..1000000)
  exec "sh -c 'echo $1 $2 $3 > drawn.a' sh ${id} ${n} ${person.id}"
}
scenario "b" {
  let ids = parallel for n in 1..4 { return any uuid }
  let two = [fresh("x"), fresh("x")]
  expect two unique
  expect ids unique
  exec "sh -c 'echo $1 $2 $3 > drawn.b' sh ${ids} ${two} ${person.age}" 
}
@cases([{ n: 1 }, { n: 2 }])
scenario "c" {
  let id = any uuid
  exec "sh -c 'echo $2 > drawn.c$1' sh ${case.n} ${id}"
}
@seed(7)
scenario "d" {
  let id = any uuid
  exec "sh -c 'echo $1 > drawn.d' sh ${id}"
}
"#;

fn drawn(project: &Project, args: &[&str]) -> BTreeMap<String, String> {
    for name in ["a", "b", "c1", "c2", "d"] {
        let _ = std::fs::remove_file(project.path().join(format!("drawn.{name}")));
    }
    project.run(args).ends(0, &[]);
    let read = |name: &str| (name.to_owned(), project.read(&format!("drawn.{name}")));
    ["a", "b", "c1", "c2", "d"].into_iter().map(read).collect()
}

#[test]
fn draws_depend_on_the_seed_and_the_place_alone() {
    let text = DRAWING.replace("${ids}", "${ids[0]}").replace("${two}", "${two[1]}");
    let project = scn(&text);
    let first = drawn(&project, &["--seed", "5", "--jobs", "1"]);
    assert!(first.values().all(|text| text.trim().len() > 2), "{first:?}");
    assert_ne!(first["c1"], first["c2"]);
    for args in [&["--jobs", "8"][..], &["--jobs", "3"]] {
        assert_eq!(drawn(&project, &[&["--seed", "5"], args].concat()), first);
    }
    let only = drawn(&project, &["--seed", "5", "--only", "\"b\""]);
    assert_eq!(only["b"], first["b"]);
    assert_eq!(only["a"], "");
    let other = drawn(&project, &["--seed", "6"]);
    for name in ["a", "b", "c1", "c2"] {
        assert_ne!(other[name], first[name], "{name}");
    }
    assert_eq!(other["d"], first["d"], "a scenario with a seed of its own keeps it");
    let above = format!("scenario \"above\" {{\n  let id = any uuid\n  exec \"echo ${{id}}\"\n}}\n{text}");
    project.write("t.scn", &above);
    assert_eq!(drawn(&project, &["--seed", "5"]), first);
}

const POSTING: &str = r#"
shape Person { id: uuid, name: person_name, email: "${.name.slug}@example.test", age: int(18..99), phone?: phone }
scenario "first" { POST "URL/first" any Person }
scenario "second" { for n in 1..3 { POST "URL/second" 3 of Person } }
scenario "third" { parallel for n in 1..4 { POST "URL/third" any edges(Person, share: 50%) } }
"#;

#[test]
fn neither_jobs_nor_only_nor_neighbours_change_a_drawn_byte() {
    let asked: Arc<Mutex<BTreeSet<(String, String)>>> = Arc::default();
    let seen = asked.clone();
    let url = server(move |asked| {
        seen.lock().unwrap().insert((asked.path.clone(), asked.body.clone()));
        json("200 OK", "{}")
    });
    let text = POSTING.replace("URL", &url);
    let project = scn(&text);
    let posted = |args: &[&str]| {
        asked.lock().unwrap().clear();
        project.scn(&[&["run", "--seed", "11"], args].concat()).ends(0, &[]);
        asked.lock().unwrap().clone()
    };
    let first = posted(&["t.scn"]);
    assert_eq!(first.len(), 1 + 3 + 4);
    assert_eq!(posted(&["t.scn", "--jobs", "1"]), first);
    assert_eq!(posted(&["t.scn", "--jobs", "8"]), first);
    let of = |path: &str| first.iter().filter(|(at, _)| at == path).cloned().collect::<BTreeSet<_>>();
    assert_eq!(posted(&["t.scn", "--only", "\"second\""]), of("/second"));
    // Another scenario above, another file beside, and another shape between.
    let above =
        format!("shape Other {{ a: int }}\nscenario \"zeroth\" {{ POST \"{url}/other\" any Other }}\n");
    project.write("t.scn", &format!("{above}{text}"));
    project.write("a.scn", &above);
    let more = posted(&["a.scn", "t.scn"]);
    assert!(more.is_superset(&first) && more.len() > first.len());
    // Another seed, and another title, draw something else.
    asked.lock().unwrap().clear();
    project.run(&["--seed", "12"]).ends(0, &[]);
    assert!(asked.lock().unwrap().is_disjoint(&first));
    project.write("t.scn", &text.replace("\"first\"", "\"First\""));
    let renamed = posted(&["t.scn"]);
    assert!(renamed.is_superset(&of("/second")) && renamed.is_disjoint(&of("/first")));
}

#[test]
fn a_seed_draws_the_same_from_every_directory_and_in_every_copy() {
    const DRAWS: &str = r#"
use "../_lib.scn" { pair }
scenario "it" {
  let id = any uuid
  let two = pair()
  exec "sh -c 'echo $1 $2 > drawn' sh ${id} ${two}"
}
"#;
    let lib = "action pair() { return any uuid }\n";
    let make = || project(&[("scenarios/sub/t.scn", DRAWS), ("scenarios/_lib.scn", lib)]);
    let drawn = |project: &Project, from: &str, path: &str| {
        let _ = std::fs::remove_file(project.path().join("scenarios/sub/drawn"));
        let mut command = project.command(&["run", path, "--seed", "3"]);
        let output = command.current_dir(project.path().join(from)).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        project.read("scenarios/sub/drawn")
    };
    let (here, there) = (make(), make());
    let first = drawn(&here, ".", "scenarios/sub/t.scn");
    assert_eq!(first.len(), 2 * 36 + 2);
    assert_eq!(drawn(&here, ".", "scenarios"), first);
    assert_eq!(drawn(&here, "scenarios", "sub"), first);
    assert_eq!(drawn(&here, "scenarios", "./sub/../sub/t.scn"), first);
    assert_eq!(drawn(&there, ".", "scenarios/sub/t.scn"), first, "in another copy");
    // A project that is marked has the same names, and another module has other draws.
    std::fs::create_dir(there.path().join(".git")).unwrap();
    assert_eq!(drawn(&there, "scenarios", "sub/t.scn"), first);
    std::fs::rename(there.path().join("scenarios/sub"), there.path().join("scenarios/other")).unwrap();
    assert_eq!(there.read("scenarios/other/drawn"), first);
    there.scn(&["run", "scenarios/other/t.scn", "--seed", "3"]).ends(0, &[]);
    assert_ne!(there.read("scenarios/other/drawn"), first);
}
