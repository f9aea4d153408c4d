//! What can go wrong with files, and what each of it looks like.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Kept, Loader, load, load_again};
use crate::check::Program;
use crate::diag::Diagnostic;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> &Place {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn load(&self, names: &[&str]) -> (Program, Vec<Diagnostic>) {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.path(name)).collect();
        load(&paths, self.0.path())
    }

    /// The messages, with this place's own name taken out.
    fn messages(&self, names: &[&str]) -> Vec<String> {
        let root = format!("{}/", self.0.path().display());
        let (program, diagnostics) = self.load(names);
        diagnostics
            .iter()
            .map(|d| format!("{}: {}", program.sources.place(d.at.span), d.message).replace(&root, ""))
            .collect()
    }
}

fn named(program: &Program) -> Vec<String> {
    let units = program.units.iter().filter(|unit| unit.named);
    units.map(|unit| program.sources.get(unit.module.source).name.clone()).collect()
}

#[test]
fn a_path_that_cannot_be_read_is_shown_in_the_command_line() {
    let place = Place::new();
    place.file("shop.scn", "").file("notes.txt", "").file("empty/readme.md", "");
    let (program, diagnostics) = place.load(&["shop.scn", "shpo.scn", "notes.txt", "empty"]);
    let at: Vec<&str> =
        diagnostics.iter().map(|d| program.sources.get(d.at.span.source).slice(d.at.span)).collect();
    let path = |name: &str| place.path(name).display().to_string();
    assert_eq!(at, [path("shpo.scn"), path("notes.txt"), path("empty")]);
    let messages: Vec<String> = diagnostics.iter().map(|d| d.message.clone()).collect();
    assert_eq!(
        messages,
        [
            format!("`{}` does not exist", path("shpo.scn")),
            format!("`{}` is not a `.scn` file", path("notes.txt")),
            format!("`{}` holds no `.scn` file", path("empty")),
        ]
    );
    assert_eq!(diagnostics[0].help.as_deref(), Some("did you mean `shop.scn`?"));
    assert_eq!(named(&program), [path("shop.scn")], "what can be read is read");
}

#[test]
fn bytes_that_are_no_utf8_are_shown_where_they_stand() {
    let place = Place::new();
    place.file("a.scn", b"// fine\n// \xff\xfe\n");
    assert_eq!(place.messages(&["a.scn"]), ["a.scn:2:4: `a.scn` is not UTF-8: byte 11 begins no character"]);
}

#[test]
fn directories_are_searched_in_order_without_what_was_built_or_hidden() {
    let place = Place::new();
    for name in
        ["b.scn", "a.scn", "sub/c.scn", "target/x.scn", "node_modules/x.scn", "out/x.scn", ".git/x.scn"]
    {
        place.file(name, "");
    }
    let (program, diagnostics) = place.load(&["."]);
    assert_eq!(diagnostics, []);
    let root = place.path(".");
    let want: Vec<String> =
        ["a.scn", "b.scn", "sub/c.scn"].iter().map(|name| root.join(name).display().to_string()).collect();
    assert_eq!(named(&program), want);
}

#[test]
fn a_file_reached_twice_is_one_module() {
    let place = Place::new();
    place.file("a.scn", "use \"./sub/../b.scn\"\nuse \"./b.scn\"\n").file("b.scn", "").file("sub/x.scn", "");
    let (program, diagnostics) = place.load(&["a.scn", "b.scn", "a.scn"]);
    assert_eq!(diagnostics, []);
    assert_eq!(program.units.len(), 2);
    assert!(program.units.iter().all(|unit| unit.named));
}

#[test]
fn imports_do_not_leave_the_project() {
    let outside = Place::new();
    outside.file("secret.scn", "let x = 1\n");
    let place = Place::new();
    let path = outside.path("secret.scn");
    place.file("a.scn", format!("use \"{}\"\nuse \"../nowhere.scn\"\nuse \"./link.scn\"\n", path.display()));
    std::os::unix::fs::symlink(&path, place.path("link.scn")).unwrap();
    let (program, diagnostics) = place.load(&["a.scn"]);
    assert_eq!(program.units.len(), 1);
    assert_eq!(diagnostics.len(), 3);
    for diagnostic in diagnostics {
        assert!(diagnostic.message.ends_with("lies outside of the project"), "{}", diagnostic.message);
    }
}

#[test]
fn pipes_directories_and_huge_files_are_refused() {
    let place = Place::new();
    place.file(
        "a.scn",
        "use \"./dir.scn\"\nuse \"./pipe.scn\"\nuse \"./huge.scn\"\nuse \"./gone.rhai\" as x\n",
    );
    fs::create_dir(place.path("dir.scn")).unwrap();
    nix::unistd::mkfifo(&place.path("pipe.scn"), nix::sys::stat::Mode::S_IRUSR).unwrap();
    fs::File::create(place.path("huge.scn")).unwrap().set_len(1 << 40).unwrap();
    assert_eq!(
        place.messages(&["a.scn"]),
        [
            "a.scn:1:5: `dir.scn` is a directory, not a file",
            "a.scn:2:5: `pipe.scn` is a pipe, socket or device, not a file",
            "a.scn:3:5: `huge.scn` is larger than 4 MiB",
            "a.scn:4:5: `gone.rhai` does not exist",
        ]
    );
}

#[test]
fn contracts_are_compiled_and_their_errors_shown_inside_them() {
    let place = Place::new();
    place
        .file("good.proto", "syntax = \"proto3\";\nmessage M {}\n")
        .file("bad.proto", "syntax = \"proto3\";\nmessage M { Missing m = 1; }\n")
        .file("api.yaml", "openapi: 3.1.0\n")
        .file(
            "a.scn",
            "service a { speaks grpc contract \"./good.proto\" }\n\
             service b { speaks grpc contract \"./bad.proto\" }\n\
             service c { speaks http contract \"./api.yaml\" }\n\
             service d { speaks http contract \"./api.txt\" }\n\
             service e { speaks http contract \"./gone.yaml\" }\n\
             service f { speaks http contract \"../up.yaml\" }\n",
        )
        .file("api.txt", "");
    let (program, diagnostics) = place.load(&["a.scn"]);
    let contracts: Vec<&str> = program.units[0].contracts.keys().map(|name| &**name).collect();
    assert_eq!(contracts, ["a", "c"]);
    let at = |d: &Diagnostic| {
        let source = program.sources.get(d.at.span.source);
        let name = Path::new(&source.name).file_name().unwrap().to_str().unwrap().to_owned();
        (name, source.line_column(d.at.span.start).0, source.slice(d.at.span).to_owned())
    };
    let places: Vec<_> = diagnostics.iter().map(at).collect();
    assert_eq!(
        places,
        [
            ("a.scn".to_owned(), 4, "\"./api.txt\"".to_owned()),
            ("a.scn".to_owned(), 5, "\"./gone.yaml\"".to_owned()),
            ("a.scn".to_owned(), 6, "\"../up.yaml\"".to_owned()),
            ("bad.proto".to_owned(), 2, "Missing".to_owned()),
        ]
    );
    assert!(
        diagnostics[3].message.starts_with("the contract does not compile: "),
        "{}",
        diagnostics[3].message
    );
    assert_eq!(
        program.sources.get(diagnostics[3].also[0].span.source).slice(diagnostics[3].also[0].span),
        "\"./bad.proto\""
    );
}

#[test]
fn long_chains_of_imports_end() {
    let place = Place::new();
    for n in 0..600 {
        place.file(&format!("m{n}.scn"), format!("use \"./m{}.scn\"\n", (n + 1) % 600));
    }
    let (program, diagnostics) = place.load(&["m0.scn"]);
    assert_eq!(program.units.len(), 600);
    assert_eq!(diagnostics.len(), 1, "one circle, told once");
    assert!(diagnostics[0].message.starts_with("modules import each other in a circle: "));
}

#[test]
fn what_a_loading_leaves_that_fell_over_is_not_used() {
    let place = Place::new();
    place.file("a.scn", "let a = 1\nlet b = 2\n");
    let paths = [place.path("a.scn")];
    let mut kept = Kept::for_editing();
    let (before, _) = load_again(&paths, place.0.path(), &mut kept);
    // It ends in the middle of things, as by a panic.
    drop(Loader::new(place.0.path(), &mut kept));
    let (after, found) = load_again(&paths, place.0.path(), &mut kept);
    assert_eq!((named(&after), found.len()), (named(&before), 0));
    assert_ne!(after.numbering, before.numbering, "what was found of the old pieces counts no more");
}
