//! Reading piece by piece and checking what changed says what reading and checking all of it says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use scn::check::Memo;
use scn::ide::Snapshot;
use scn::lang::Registry;
use scn::load::{Kept, load, load_again, scenarios_below};

/// File, place, code and message of all that is said.
type Said = Vec<(String, u32, u32, &'static str, String)>;

fn said(snapshot: &Snapshot) -> Said {
    let mut said: Said = snapshot
        .diagnostics
        .iter()
        .map(|found| {
            let span = snapshot.whole(found.at.span);
            let file = snapshot.program().sources.get(span.source).name.clone();
            (file, span.start, span.end, found.code.name, found.message.clone())
        })
        .collect();
    said.sort();
    said.dedup();
    said
}

fn whole(paths: &[PathBuf], root: &Path, registry: &Arc<Registry>) -> Said {
    let (program, found) = load(paths, root);
    said(&Snapshot::new(program, found, registry.clone(), &mut Memo::default()))
}

#[test]
fn modules_in_pieces_are_what_they_are_as_a_whole() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let registry = Arc::new(scn::rooms::registry());
    let mut seen = 0;
    let below = ["tests/lang", "scenarios"].map(|dir| scenarios_below(&root.join(dir)));
    for path in below.concat() {
        let paths = [path];
        let wanted = whole(&paths, root, &registry);
        // Where something cannot be read, each piece has its own idea of what was meant.
        if wanted
            .iter()
            .any(|(_, _, _, code, _)| matches!(*code, "syntax" | "unclosed" | "unknown-statement"))
        {
            continue;
        }
        let mut kept = Kept::for_editing();
        let (program, found) = load_again(&paths, root, &mut kept);
        let snapshot = Snapshot::new(program, found, registry.clone(), &mut Memo::default());
        assert_eq!(said(&snapshot), wanted, "{}", paths[0].display());
        seen += 1;
    }
    assert!(seen > 50, "only {seen} files");
}

#[test]
fn what_is_kept_is_what_is_found_anew() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let registry = Arc::new(scn::rooms::registry());
    let lib = "stage e2e\n\nshape Key = \"a\" | \"b\"\n\n/// Reads.\n@safe\naction read(key) {\n  exec \"echo ${key}\"\n  return stdout\n}\n";
    let test = "use \"./lib.scn\" { e2e, read, Key }\n\nlet times = 2\n\nscenario \"one\" in e2e {\n  let key = any Key\n  expect read(key) contains key\n}\n\nscenario \"two\" in e2e {\n  let said = read(times)\n  expect said contains \"2\" because \"it was said\"\n  eventually within 1s { expect read(1) == said }\n}\n";
    let files = [("lib.scn", lib), ("test.scn", test)].map(|(name, text)| (root.join(name), text.to_owned()));
    let paths: Vec<PathBuf> = files.iter().map(|(path, _)| path.clone()).collect();
    for (path, text) in &files {
        std::fs::write(path, text).unwrap();
    }
    let (mut kept, mut memo) = (Kept::for_editing(), Memo::default());
    let mut texts = files;
    let mut random = 7u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below.max(1)
    };
    let words = [
        "",
        "\n",
        " ",
        "}",
        "{",
        "\"",
        "(",
        "x",
        "expect ",
        "let y = 1\n",
        "read(",
        "scenario \"n\" { show 1 }\n",
        "times",
        "// ",
    ];
    for round in 0..300 {
        let (path, text) = &mut texts[next(2)];
        // Now and then all is well again.
        if round % 10 == 9 {
            *text = std::fs::read_to_string(&*path).unwrap();
        } else {
            let (start, long) = (next(text.len()), next(6));
            let end = (start + long).min(text.len());
            text.replace_range(start..end, words[next(words.len())]);
        }
        kept.open(path, Some(text.as_str().into()));
        let (program, found) = load_again(&paths, &root, &mut kept);
        let again = said(&Snapshot::new(program, found, registry.clone(), &mut memo));
        let mut anew = Kept::for_editing();
        for (path, text) in &texts {
            anew.open(path, Some(text.as_str().into()));
        }
        let (program, found) = load_again(&paths, &root, &mut anew);
        let wanted = said(&Snapshot::new(program, found, registry.clone(), &mut Memo::default()));
        assert_eq!(again, wanted, "round {round}:\n{}\n----\n{}", texts[0].1, texts[1].1);
    }
}

#[test]
fn what_lies_around_a_change_is_cut_as_the_whole_is() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let registry = Arc::new(scn::rooms::registry());
    let path = root.join("a.scn");
    let scenario = |n: usize| {
        format!(
            "/// Says {n}.\n@tags(quick)\nscenario \"{n}\" in unit {{\n  let n = {n}\n  show \"\"\"\n  {n}\n  \"\"\"\n  expect n == [\n    {n},\n  ]\n}}\n\n"
        )
    };
    let mut text = format!("//! Says.\n\nstage unit\n\n{}", (0..12).map(scenario).collect::<String>());
    // Each closes what it opens, so that the pieces far from it stay; a few join or part items.
    let lines = [
        "\n",
        "// and so on\n",
        "/// doc\n",
        "let x = 1\n",
        "  show n\n",
        "  and n\n",
        "@tags(slow)\n",
        "scenario \"new\" {\n  show 1\n}\n",
        "  show { n }; show [n]\n",
        "}\n{\n",
        "let y = 1 +\n",
        "  \"\"\"\n  \"\"\"\n",
    ];
    let mut random = 11u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below.max(1)
    };
    let (mut kept, mut memo) = (Kept::for_editing(), Memo::default());
    let first = text.clone();
    for round in 0..400 {
        if round % 20 == 19 {
            text.clone_from(&first);
        }
        let starts: Vec<usize> =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let line = next(starts.len() - 1);
        match next(3) {
            0 => text.replace_range(starts[line]..starts[line + 1], ""),
            _ => text.insert_str(starts[line], lines[next(lines.len())]),
        }
        kept.open(&path, Some(text.as_str().into()));
        let (program, found) = load_again(std::slice::from_ref(&path), &root, &mut kept);
        let items = program.units[0].module.items.len();
        let again = said(&Snapshot::new(program, found, registry.clone(), &mut memo));
        let mut anew = Kept::for_editing();
        anew.open(&path, Some(text.as_str().into()));
        let (program, found) = load_again(std::slice::from_ref(&path), &root, &mut anew);
        assert_eq!(items, program.units[0].module.items.len(), "round {round}:\n{text}");
        let wanted = said(&Snapshot::new(program, found, registry.clone(), &mut Memo::default()));
        assert_eq!(again, wanted, "round {round}:\n{text}");
    }
}
