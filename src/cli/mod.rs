//! The command line: reads it, calls the rooms, writes what they say.

mod args;
mod chapters;
mod check;
mod compat;
mod data;
mod duration;
mod explain;
mod fmt;
mod history;
mod import;
mod init;
mod inputs;
mod levels;
mod list;
mod lsp;
mod only;
mod project;
mod reference;
mod replay;
mod run;
mod select;
mod size;
mod terminal;
mod watch;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

pub use crate::event::Exit;
use args::{Cli, Command};

/// What `main` does: reads the arguments, the first of which is the program's name, and obeys.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("unknown");
        terminal::complain(&format!(
            "scn itself is at fault{place}: {message}\nplease report it, with the event file of the run in `.scn/runs`"
        ));
    }));
    let args: Vec<OsString> = args.into_iter().collect();
    let exit = std::panic::catch_unwind(|| obey(args)).unwrap_or(Exit::Environment);
    ExitCode::from(exit.code())
}

fn obey(args: Vec<OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(mut error) => {
            suggest(&mut error);
            // A reader that is gone has seen enough.
            let _ = error.print();
            return if error.use_stderr() { Exit::Wrong } else { Exit::Passed };
        }
    };
    match &cli.command {
        Command::Run(args) => run::run(args, cli.color),
        Command::Check(args) => check::check(args, cli.color),
        Command::Fmt(args) => fmt::fmt(args, cli.color),
        Command::List(args) => list::list(args, cli.color),
        Command::Explain(args) => explain::explain(args, cli.color),
        Command::Reference { format } => reference::reference(*format),
        Command::Compat(args) => compat::compat(args, cli.color),
        Command::Lsp { .. } => lsp::lsp(),
        Command::Init(args) => init::init(args),
        Command::Replay(args) => replay::replay(args, cli.color),
        Command::Data(args) => data::data(args, cli.color),
        Command::History(args) => history::history(args, cli.color),
        Command::Import(args) => import::import(args, cli.color),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "scn", &mut script);
            terminal::print(&String::from_utf8_lossy(&script), Exit::Passed)
        }
    }
}

/// clap knows no near command for a swap of two letters; the language's own search does.
fn suggest(error: &mut clap::Error) {
    use clap::error::{ContextKind, ContextValue};
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand) else { return };
    if error.get(ContextKind::SuggestedSubcommand).is_some() {
        return;
    }
    let known = Cli::command();
    let near = crate::diag::nearest(word, known.get_subcommands().map(clap::Command::get_name));
    if !near.is_empty() {
        let near = near.into_iter().map(str::to_owned).collect();
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(near));
    }
}

/// Whether this is a step of GitHub Actions.
fn on_github() -> bool {
    std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}
