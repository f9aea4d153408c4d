//! The command line as clap reads it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::event::EXITS;

/// Scenarios for systems of services: declare what exists, say what happens, state what must hold.
#[derive(Debug, Parser)]
#[command(name = "scn", version, about, after_help = exit_codes(), max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = false)]
pub(super) struct Cli {
    /// Whether to colour: on a terminal and without NO_COLOR, unless told.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub(super) color: Color,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless NO_COLOR is set; CLICOLOR_FORCE colours everywhere.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs scenarios.
    #[command(after_help = exit_codes())]
    Run(Box<Run>),
    /// Reads everything and reports every mistake, without running anything.
    Check(Check),
    /// Formats files in place.
    #[command(
        after_help = "Exit codes: 0 all is formatted · 1 --check found files that are not · 2 a file cannot be read or has syntax errors"
    )]
    Fmt(Fmt),
    /// Lists scenarios by stage and file.
    List(List),
    /// Tells what a code or a name of the language means.
    Explain(Explain),
    /// Makes a project that runs as it stands.
    Init(Init),
    /// Prints what a run printed.
    Replay(Replay),
    /// Prints a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Which scenarios.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Selection {
    /// Files, directories, or FILE:LINE for the scenario around that line [default: `scenarios`
    /// if it is there, else the current directory].
    pub(super) paths: Vec<String>,
    /// Only this stage; may be given several times.
    #[arg(long, value_name = "STAGE")]
    pub(super) stage: Vec<String>,
    /// Only scenarios for which this holds: tags and stages by name, "part of a title", `tag:x
    /// stage:x owner:x title:x file:x`, one case or combination by `case:x`, with `and or not ( )`.
    #[arg(long, value_name = "EXPRESSION", allow_hyphen_values = true)]
    pub(super) only: Option<String>,
}

/// `scn run`
#[derive(Debug, Clone, Args)]
pub(super) struct Run {
    /// Which scenarios.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// The seed of all drawn data: a number, or `random` to draw one.
    #[arg(long, value_name = "N|random", value_parser = parse_seed)]
    pub(super) seed: Option<Seed>,
    /// How many scenarios run at the same time [default: the number of processors].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: Option<u16>,
    /// Use this environment's services instead of starting them.
    #[arg(long, value_name = "ENVIRONMENT")]
    pub(super) env: Option<String>,
    /// Read inputs and secrets from a file of NAME=VALUE lines.
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Option<PathBuf>,
    /// Set an input; secrets are refused here, since others can read the command line.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub(super) set: Vec<(String, String)>,
    /// Also write reports: `junit=FILE`, `json=FILE`, `github` or `github=FILE`, separated by
    /// commas; `-` is standard output.
    #[arg(long, value_name = "KIND=FILE", value_delimiter = ',')]
    pub(super) report: Vec<String>,
    /// Stop at the first failure.
    #[arg(long)]
    pub(super) fail_fast: bool,
    /// Only the I-th of N parts, for N machines: every scenario, case and combination is in one.
    #[arg(long, value_name = "I/N", value_parser = parse_shard)]
    pub(super) shard: Option<Shard>,
    /// Only what did not pass in the last run.
    #[arg(long)]
    pub(super) rerun_failed: bool,
    /// Run again whenever a file changes; Ctrl-C ends it.
    #[arg(long)]
    pub(super) watch: bool,
    /// The timeout of scenarios that name none.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = super::duration::parse)]
    pub(super) timeout: Duration,
    /// Print only failures and the summary.
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// `scn check`
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files and directories.
    pub(super) paths: Vec<String>,
    /// How to write the result.
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(super) format: CheckFormat,
    /// Treat warnings as errors.
    #[arg(long)]
    pub(super) deny_warnings: bool,
}

/// How `scn check` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// GitHub workflow commands.
    Github,
}

/// `scn fmt`
#[derive(Debug, Args)]
pub(super) struct Fmt {
    /// Files and directories.
    pub(super) paths: Vec<String>,
    /// Change nothing; show what would change and end with 1 if there is anything.
    #[arg(long)]
    pub(super) check: bool,
    /// Format standard input to standard output.
    #[arg(long, conflicts_with = "paths")]
    pub(super) stdin: bool,
}

/// `scn list`
#[derive(Debug, Args)]
pub(super) struct List {
    /// Which scenarios.
    #[command(flatten)]
    pub(super) selection: Selection,
    /// How to write the list.
    #[arg(long, value_enum, default_value_t = ListFormat::Human)]
    pub(super) format: ListFormat,
}

/// How `scn list` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// For people.
    Human,
    /// One JSON document.
    Json,
}

/// `scn explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A code such as `unknown-name`, or a name such as `GET`, `timeout` or `ordered`.
    pub(super) name: Option<String>,
}

/// `scn init`
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Where [default: the current directory].
    pub(super) dir: Option<PathBuf>,
}

/// `scn replay`
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The number of a kept run, or an event file [default: the last run].
    pub(super) run: Option<String>,
    /// Print only failures and the summary.
    #[arg(long, short)]
    pub(super) quiet: bool,
}

/// `--seed`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seed {
    /// This one.
    Fixed(u64),
    /// A new one.
    Random,
}

/// `--shard 2/3`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shard {
    /// Which part, from 1.
    pub(super) number: usize,
    /// Of how many.
    pub(super) of: usize,
}

fn parse_shard(text: &str) -> Result<Shard, String> {
    let numbers =
        text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
        _ => Err("write it as I/N with I from 1 to N, such as `2/3`".to_owned()),
    }
}

/// The table of exit codes as the help shows it.
fn exit_codes() -> String {
    let rows: Vec<String> =
        EXITS.iter().map(|(_, code, meaning)| format!("  {code:>3}  {meaning}")).collect();
    format!("Exit codes:\n{}", rows.join("\n"))
}

fn parse_seed(text: &str) -> Result<Seed, String> {
    if text == "random" {
        return Ok(Seed::Random);
    }
    text.replace('_', "")
        .parse()
        .map(Seed::Fixed)
        .map_err(|_| format!("a seed is `random` or a whole number from 0 to {}", u64::MAX))
}

fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn seeds_and_pairs_are_read() {
        assert_eq!(parse_seed("10_000"), Ok(Seed::Fixed(10_000)));
        assert_eq!(parse_seed("random"), Ok(Seed::Random));
        assert!(parse_seed("-1").is_err());
        assert_eq!(parse_pair("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(parse_pair("a").is_err() && parse_pair("=x").is_err());
    }
}
