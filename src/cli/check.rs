//! `scn check`.

use super::Exit;
use super::args::{Check, CheckFormat, Color};
use super::project::{Project, named};
use super::terminal::{self, Stream};
use crate::diag::{count, render_all, to_github, to_json};
use crate::report::plural;

/// Reads everything and reports every mistake.
pub(super) fn check(args: &Check, color: Color) -> Exit {
    let project = Project::open_at(&named(&args.paths), &args.levels);
    let diagnostics = &project.diagnostics;
    let sources = &project.plan.program.sources;
    let denied = args.deny_warnings && !diagnostics.is_empty();
    let exit = if project.is_wrong() || denied { Exit::Wrong } else { Exit::Passed };
    match args.format {
        CheckFormat::Json => terminal::print(&to_json(diagnostics, sources), exit),
        CheckFormat::Github => {
            let commands: String = diagnostics.iter().map(|d| to_github(d, sources)).collect();
            terminal::print(&commands, exit)
        }
        CheckFormat::Human => {
            let look = terminal::look(color, Stream::Err);
            terminal::tell(&render_all(diagnostics, sources, look));
            if exit != Exit::Passed {
                if denied && !project.is_wrong() {
                    terminal::complain(&format!("{}, and --deny-warnings is given", count(diagnostics)));
                }
                return exit;
            }
            let files = project.plan.program.units.iter().filter(|unit| unit.named).count();
            let scenarios = project.plan.scenarios.len();
            let found = format!("{}, {}", plural(files, "file"), plural(scenarios, "scenario"));
            let verdict = if diagnostics.is_empty() { "nothing to complain of" } else { "no errors" };
            terminal::print(&format!("{found}: {verdict}\n"), exit)
        }
    }
}
