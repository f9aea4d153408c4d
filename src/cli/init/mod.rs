//! `scn init`: a project that runs as it stands.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::args::Init;
use super::{Exit, terminal};
use crate::value::words::plain;

/// What is made: path and content.
const FILES: &[(&str, &str)] = &[
    ("scenarios/hello.scn", include_str!("hello.scn")),
    (".github/workflows/scn.yml", include_str!("scn.yml")),
];

/// Makes the files that are not there yet; never overwrites one.
pub(super) fn init(args: &Init) -> Exit {
    let dir = args.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let mut out = String::new();
    let mut made = 0;
    for (path, content) in FILES {
        let path = dir.join(path);
        let shown = path.strip_prefix(".").unwrap_or(&path).display();
        match make(&path, content) {
            Ok(true) => {
                made += 1;
                out.push_str(&format!("made {shown}\n"));
            }
            Ok(false) => out.push_str(&format!("kept {shown}, which is there already\n")),
            Err(error) => {
                // What was made so far is said before what was not.
                terminal::print(&out, Exit::Environment);
                terminal::complain(&format!("`{shown}` cannot be made: {}", plain(&error)));
                return Exit::Environment;
            }
        }
    }
    let next =
        if dir == Path::new(".") { "scn run".to_owned() } else { format!("cd {} && scn run", dir.display()) };
    out.push_str(&if made > 0 { format!("\nnow: {next}\n") } else { "nothing to do\n".to_owned() });
    terminal::print(&out, Exit::Passed)
}

/// Whether the file was made; `false` when there is one.
fn make(path: &Path, content: &str) -> io::Result<bool> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    match File::options().write(true).create_new(true).open(path) {
        Ok(mut file) => file.write_all(content.as_bytes()).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
