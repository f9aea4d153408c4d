//! Every rule at every level. The files in `tests/compat` hold pairs of contracts and say in
//! comments what must be found where, and nothing else may be.
//!
//! ```text
//! // field-deleted: source package          the rule of the file, and its levels
//!
//! // === a field goes                       a case
//! // --- old                                a file of one side; several have names
//! message M {
//!   //! field-deleted                       breaks with a place in the next line
//!   string gone = 1;
//! }
//! // --- new
//! …
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;
use crate::diag::{Look, render};
use crate::source::Sources;

/// The place of a break: which side, in which file, in which line.
type At = (&'static str, String, u32, &'static str);

struct Case {
    title: String,
    /// By side and name.
    files: BTreeMap<(&'static str, String), String>,
    expected: Vec<At>,
}

struct Page {
    rule: &'static Rule,
    cases: Vec<Case>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compat")
}

fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| page(path)).collect()
}

fn page(path: &Path) -> Page {
    let text = std::fs::read_to_string(path).unwrap();
    let ending = path.extension().unwrap().to_str().unwrap();
    let sign = if ending == "proto" { "//" } else { "#" };
    let mut lines = text.lines();
    let head = lines.next().unwrap().trim_start_matches(sign).trim();
    let (name, levels) = head.split_once(':').unwrap_or_else(|| panic!("{}: no head", path.display()));
    let rule = find(name).unwrap_or_else(|| panic!("{}: there is no rule `{name}`", path.display()));
    let said: Vec<&str> = levels.split_whitespace().collect();
    let known: Vec<&str> = rule.levels.iter().map(|level| level.name()).collect();
    assert_eq!(known, said, "the levels of `{name}`");
    assert_eq!(path.file_stem().unwrap().to_str().unwrap(), name);
    let mut cases: Vec<Case> = Vec::new();
    let mut file: Option<(&'static str, String)> = None;
    let mut waiting: Vec<&'static str> = Vec::new();
    for line in lines {
        if let Some(title) = line.strip_prefix(&format!("{sign} === ")) {
            cases.push(Case { title: title.to_owned(), files: BTreeMap::new(), expected: Vec::new() });
            file = None;
            continue;
        }
        if let Some(head) = line.strip_prefix(&format!("{sign} --- ")) {
            let (side, name) = head.split_once(' ').unwrap_or((head, ""));
            let side = if side == "old" { "old" } else { "new" };
            let name = if name.is_empty() { format!("{side}.{ending}") } else { name.to_owned() };
            file = Some((side, name));
            continue;
        }
        let (Some(case), Some((side, name))) = (cases.last_mut(), &file) else { continue };
        let text = case.files.entry((side, name.clone())).or_default();
        text.push_str(line);
        text.push('\n');
        match line.trim().strip_prefix(&format!("{sign}! ")) {
            Some(names) => waiting.extend(names.split_whitespace().map(|name| {
                find(name).unwrap_or_else(|| panic!("{}: there is no rule `{name}`", path.display())).name()
            })),
            None => {
                let number = text.lines().count() as u32;
                case.expected.extend(waiting.drain(..).map(|rule| (*side, name.clone(), number, rule)));
            }
        }
    }
    assert!(waiting.is_empty(), "{}: nothing follows {waiting:?}", path.display());
    for case in &mut cases {
        case.expected.sort();
    }
    Page { rule, cases }
}

/// The two sides of a case, written down: files by themselves, or directories.
struct Written {
    dir: tempfile::TempDir,
    old: PathBuf,
    new: PathBuf,
}

fn write(case: &Case) -> Written {
    let dir = tempfile::tempdir().unwrap();
    for ((side, name), text) in &case.files {
        let path = dir.path().join(side).join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = |side: &str| {
        let alone: Vec<&str> =
            case.files.keys().filter(|(of, _)| *of == side).map(|(_, name)| name.as_str()).collect();
        let folder = dir.path().join(side);
        match alone.as_slice() {
            [one] if one.starts_with(side) => folder.join(one),
            _ => folder,
        }
    };
    let (old, new) = (path("old"), path("new"));
    Written { dir, old, new }
}

fn compared(old: &Path, new: &Path, root: &Path, level: Level) -> (Vec<Break>, Sources) {
    let mut sources = Sources::default();
    let mut side = |path: &Path| match read(path, root, &mut sources) {
        Ok(side) => side,
        Err(problems) => panic!("{problems:#?}"),
    };
    let (before, after) = (side(old), side(new));
    let breaks = compare(&before, &after, level).unwrap_or_else(|why| panic!("{}: {why}", old.display()));
    (breaks, sources)
}

/// Where breaks have their places, below the directory of the case.
fn places(breaks: &[Break], sources: &Sources, dir: &Path) -> Vec<At> {
    let mut found = Vec::new();
    for one in breaks {
        for (side, mark) in [("old", &one.old), ("new", &one.new)] {
            let Some(mark) = mark else { continue };
            let source = sources.get(mark.span.source);
            let path = Path::new(&source.name).strip_prefix(dir.join(side));
            let path = path.unwrap_or_else(|_| panic!("{} is not of the {side} side", source.name));
            let (line, _) = source.line_column(mark.span.start);
            found.push((side, path.display().to_string(), line, one.rule.name()));
        }
    }
    found.sort();
    found
}

#[test]
fn every_rule_fires_where_it_must_and_nowhere_else() {
    let mut wrong = Vec::new();
    for page in pages() {
        for case in &page.cases {
            let written = write(case);
            let mut stricter: Option<bool> = None;
            for level in Level::ALL {
                let (breaks, sources) = compared(&written.old, &written.new, written.dir.path(), level);
                let found = places(&breaks, &sources, written.dir.path());
                let expected: Vec<At> = case
                    .expected
                    .iter()
                    .filter(|(.., rule)| find(rule).unwrap().levels.contains(&level))
                    .cloned()
                    .collect();
                if found != expected {
                    wrong.push(format!(
                        "{}, {}, at {level}:\n  expected {expected:?}\n  found    {found:?}",
                        page.rule.name(),
                        case.title
                    ));
                }
                // What is compatible at a level is so at every more lenient one.
                assert!(stricter != Some(true) || breaks.is_empty(), "{}: {}", page.rule.name(), case.title);
                stricter = Some(breaks.is_empty());
                let again = compared(&written.old, &written.new, written.dir.path(), level);
                let texts = |(breaks, sources): &(Vec<Break>, Sources)| -> Vec<String> {
                    breaks.iter().map(|one| render(&one.diagnostic(), sources, Look::plain(80))).collect()
                };
                assert_eq!(texts(&(breaks, sources)), texts(&again));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_page_on_which_it_fires_and_does_not() {
    let pages = pages();
    let names: BTreeSet<&str> = pages.iter().map(|page| page.rule.name()).collect();
    let known: BTreeSet<&str> = rules().map(Rule::name).collect();
    assert_eq!(names, known);
    for page in &pages {
        let name = page.rule.name();
        let fires = |case: &&Case| case.expected.iter().any(|(.., rule)| *rule == name);
        assert!(page.cases.iter().any(|case| fires(&case)), "`{name}` never fires");
        assert!(page.cases.iter().any(|case| !fires(&case)), "`{name}` always fires");
    }
}

#[test]
fn rules_are_told_apart_and_say_what_to_do() {
    let mut names = BTreeSet::new();
    for rule in rules() {
        assert!(names.insert(rule.name()), "`{}` is there twice", rule.name());
        assert!(crate::diag::find_code(rule.name()).is_none(), "`{}` is a code too", rule.name());
        for text in [rule.code.summary, rule.breaks, rule.advice] {
            assert!(!text.is_empty() && !text.ends_with('.') && !text.contains('\n'), "{text}");
            assert!(!text.starts_with(|first: char| first.is_ascii_lowercase()) || text.len() > 10, "{text}");
        }
        assert!(!rule.levels.is_empty() && rule.levels.is_sorted(), "{}", rule.name());
    }
}

/// Every contract of the repository is compatible with itself, also with a copy elsewhere.
#[test]
fn a_contract_is_compatible_with_itself() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut waiting = vec![root.join("scenarios"), root.join("tests")];
    let mut count = 0;
    while let Some(dir) = waiting.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let ending = path.extension().and_then(|ending| ending.to_str());
            if !matches!(ending, Some("proto" | "yaml" | "json")) || path.starts_with(folder()) {
                continue;
            }
            let mut sources = Sources::default();
            let Ok(side) = read(&path, root, &mut sources) else { continue };
            let other = tempfile::tempdir().unwrap();
            let copy = other.path().join(path.file_name().unwrap());
            std::fs::copy(&path, &copy).unwrap();
            for level in Level::ALL {
                let copied = read(&copy, other.path(), &mut sources).unwrap();
                for other in [&side, &copied] {
                    let found = compare(&side, other, level).unwrap();
                    assert!(found.is_empty(), "{} at {level}: {found:#?}", path.display());
                }
            }
            count += 1;
        }
    }
    assert!(count >= 2, "only {count} contracts were found");
    for page in pages() {
        for case in &page.cases {
            let written = write(case);
            for path in [&written.old, &written.new] {
                let mut sources = Sources::default();
                let side = read(path, written.dir.path(), &mut sources).unwrap();
                // An empty file is a case of its own.
                if let Ok(found) = compare(&side, &side, Level::Source) {
                    assert!(found.is_empty(), "{}: {found:#?}", case.title);
                }
            }
        }
    }
}
