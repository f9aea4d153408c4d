//! `scn fmt`.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{Color, Fmt};
use super::project::named;
use super::terminal::{self, Stream};
use crate::diag::{Look, render_all};
use crate::report::{Ink, plural};
use crate::source::{Source, Sources};
use crate::value::words::plain;

/// Formats files in place, or says which are not formatted.
pub(super) fn fmt(args: &Fmt, color: Color) -> Exit {
    if args.stdin {
        return stdin(args.check, color);
    }
    let mut files = Vec::new();
    for named in named(&args.paths) {
        if let Err(error) = collect(&named.path, true, &mut files) {
            terminal::complain(&format!("`{}` cannot be read: {}", named.path.display(), plain(&error)));
            return Exit::Wrong;
        }
    }
    files.sort();
    files.dedup();
    if files.is_empty() {
        terminal::complain("there are no .scn files here");
        return Exit::Wrong;
    }
    let mut tally = Tally::default();
    for file in &files {
        one(file, args.check, color, &mut tally);
    }
    let total = plural(files.len(), "file");
    let word = if args.check { "would change" } else { "changed" };
    let exit = match (tally.wrong, args.check && tally.changed > 0) {
        (0, false) => Exit::Passed,
        (0, true) => Exit::Failed,
        _ => Exit::Wrong,
    };
    let wrong =
        if tally.wrong > 0 { format!(", {} with errors left alone", tally.wrong) } else { String::new() };
    tally.out.push_str(&format!("{} of {total} {word}{wrong}\n", tally.changed));
    terminal::print(&tally.out, exit)
}

#[derive(Default)]
struct Tally {
    out: String,
    changed: usize,
    wrong: usize,
}

fn one(file: &Path, check: bool, color: Color, tally: &mut Tally) {
    let name = file.display().to_string();
    let name = name.strip_prefix("./").unwrap_or(&name);
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => {
            terminal::complain(&format!("`{name}` cannot be read: {}", plain(&error)));
            tally.wrong += 1;
            return;
        }
    };
    let Some(formatted) = format(name, &text, color) else {
        tally.wrong += 1;
        return;
    };
    if formatted == text {
        return;
    }
    tally.changed += 1;
    if check {
        tally.out.push_str(&diff(name, &text, &formatted, terminal::look(color, Stream::Out)));
        return;
    }
    match replace(file, &formatted) {
        Ok(()) => tally.out.push_str(&format!("{name}\n")),
        Err(error) => {
            terminal::complain(&format!("`{name}` cannot be written: {}", plain(&error)));
            tally.changed -= 1;
            tally.wrong += 1;
        }
    }
}

/// The formatted text; tells what is wrong when the text cannot be read.
fn format(name: &str, text: &str, color: Color) -> Option<String> {
    match crate::fmt::format(text) {
        Ok(formatted) => Some(formatted),
        Err(diagnostics) => {
            let mut sources = Sources::default();
            sources.add(Source::new(name, "", text));
            terminal::tell(&render_all(&diagnostics, &sources, terminal::look(color, Stream::Err)));
            None
        }
    }
}

fn stdin(check: bool, color: Color) -> Exit {
    let mut bytes = Vec::new();
    if let Err(error) = io::stdin().lock().read_to_end(&mut bytes) {
        terminal::complain(&format!("standard input cannot be read: {}", plain(&error)));
        return Exit::Wrong;
    }
    let Ok(text) = String::from_utf8(bytes) else {
        terminal::complain("standard input is not UTF-8");
        return Exit::Wrong;
    };
    let Some(formatted) = format("standard input", &text, color) else { return Exit::Wrong };
    if !check {
        return terminal::print(&formatted, Exit::Passed);
    }
    if formatted == text {
        return Exit::Passed;
    }
    let diff = diff("standard input", &text, &formatted, terminal::look(color, Stream::Out));
    terminal::print(&diff, Exit::Failed)
}

/// A unified diff.
fn diff(name: &str, old: &str, new: &str, look: Look) -> String {
    let diff = similar::TextDiff::from_lines(old, new);
    let text = diff.unified_diff().context_radius(3).header(name, &format!("{name} (formatted)")).to_string();
    text.lines().flat_map(|line| [colored(line, look), "\n".to_owned()]).collect()
}

fn colored(line: &str, look: Look) -> String {
    match line.chars().next() {
        _ if line.starts_with("---") || line.starts_with("+++") => look.ink(Ink::Strong, line),
        Some('+') => look.ink(Ink::Good, line),
        Some('-') => look.ink(Ink::Bad, line),
        Some('@') => look.ink(Ink::Place, line),
        _ => line.to_owned(),
    }
}

/// Directories that hold what was built or fetched, never scenarios.
const SKIPPED: &[&str] = &["target", "node_modules", "out"];

/// Every `.scn` file below a directory; hidden directories and those of build tools are left out.
fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        let scn = path.extension().is_some_and(|extension| extension == "scn");
        if named {
            fs::metadata(path)?;
        }
        if scn {
            files.push(path.to_owned());
        } else if named {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "its name does not end in .scn"));
        }
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let linked = entry.file_type()?.is_symlink() && entry.path().is_dir();
        if !hidden && !linked && !SKIPPED.iter().any(|skipped| name == *skipped) {
            collect(&entry.path(), false, files)?;
        }
    }
    Ok(())
}

/// Replaces a file in one step, so that a full disk cannot lose it; its permissions stay.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let mut file = tempfile::Builder::new().prefix(".scn-").tempfile_in(dir)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.persist(&path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diffs_are_unified() {
        let text = diff("a.scn", "a\nb\nc\n", "a\nB\nc\n", Look::plain(80));
        assert_eq!(text, "--- a.scn\n+++ a.scn (formatted)\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    }

    #[cfg(unix)]
    #[test]
    fn replacing_keeps_permissions_and_links() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a.scn"), dir.path().join("link.scn"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn directories_stand_for_their_scn_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.scn", "b.txt", "sub/c.scn", ".git/d.scn", "target/e.scn"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let mut files = Vec::new();
        collect(dir.path(), true, &mut files).unwrap();
        files.sort();
        assert_eq!(files, [dir.path().join("a.scn"), dir.path().join("sub/c.scn")]);
        assert!(collect(&dir.path().join("none.scn"), true, &mut files).is_err());
    }
}
