//! The same seed draws the same bytes, whatever else runs and in whatever order.

use std::collections::BTreeMap;

use crate::harness::{Project, scn};

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
