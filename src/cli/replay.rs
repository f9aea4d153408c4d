//! `scn replay`.

use std::io;
use std::path::PathBuf;

use super::Exit;
use super::args::{Color, Replay};
use super::terminal::{self, Stream};
use crate::diag::did_you_mean;
use crate::event::EventKind;
use crate::event::Reporter as _;
use crate::report::{Page, Runs, Terminal, read_run};
use crate::value::words::plain;

/// Prints what a run printed, and ends as it ended.
pub(super) fn replay(args: &Replay, color: Color) -> Exit {
    let path = match find(args.run.as_deref()) {
        Ok(path) => path,
        Err(message) => {
            terminal::complain(&message);
            return Exit::Wrong;
        }
    };
    let page = Page::new(terminal::look(color, Stream::Out), args.quiet);
    let mut out = Terminal::new(page, io::stdout());
    let mut exit = Exit::Wrong;
    let mut unwritten = None;
    let result = read_run(&path, |event| {
        if let EventKind::RunFinished { exit: code, .. } = event.kind {
            exit = Exit::from_code(code);
        }
        match out.on(&event) {
            Ok(()) => true,
            Err(error) => {
                unwritten = Some(error);
                false
            }
        }
    });
    match (unwritten, result) {
        (Some(error), _) if error.kind() != io::ErrorKind::BrokenPipe => {
            terminal::complain(&format!("standard output cannot be written: {}", plain(&error)));
            Exit::Environment
        }
        (Some(_), _) => exit,
        (None, Err(error)) => {
            terminal::complain(&error.to_string());
            Exit::Wrong
        }
        (None, Ok(())) => exit,
    }
}

/// The file of a run: the last, a number, or a path.
fn find(run: Option<&str>) -> Result<PathBuf, String> {
    let runs = Runs::new(&PathBuf::from("."));
    let Some(run) = run else {
        return runs
            .last()
            .ok_or_else(|| "no run is kept in `.scn/runs` here; `scn run` keeps them".to_owned());
    };
    let path = PathBuf::from(run);
    if path.exists() {
        return Ok(path);
    }
    let kept: Vec<String> = runs.numbers().iter().map(u64::to_string).collect();
    match run.parse() {
        Ok(number) if kept.iter().any(|kept| kept == run) => Ok(runs.path(number)),
        Ok(_) if kept.is_empty() => {
            Err("no run is kept in `.scn/runs` here; `scn run` keeps them".to_owned())
        }
        Ok(_) => Err(format!("run {run} is not kept; there are {}", kept.join(", "))),
        Err(_) => {
            let near = did_you_mean(run, kept.iter().map(String::as_str));
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            Err(format!("`{run}` is neither a file nor the number of a run{near}"))
        }
    }
}
