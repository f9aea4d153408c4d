//! The command line as clap reads it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::event::EXITS;
use crate::lint::Levels;

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
    #[command(visible_alias = "lint")]
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
    /// Prints the reference of the language: all that `scn explain` tells.
    Reference {
        /// How to write it.
        #[arg(long, value_enum, default_value_t = ReferenceFormat::Md)]
        format: ReferenceFormat,
    },
    /// Tells what a new version of a contract breaks for those who use the old one.
    #[command(
        after_help = "Exit codes: 0 compatible · 1 not compatible · 2 the arguments are wrong, or a contract cannot be read"
    )]
    Compat(Compat),
    /// Serves editors: the language server, over standard input and output.
    #[command(after_help = "Exit codes: 0 the editor ended the session · 1 it went away without a word")]
    Lsp {
        /// Does nothing: there is no other way to talk, but many editors say so.
        #[arg(long)]
        stdio: bool,
    },
    /// Makes a project that runs as it stands.
    Init(Init),
    /// Prints what a run printed.
    Replay(Replay),
    /// Draws data of shapes, and turns real data into data that may be shown.
    #[command(subcommand, arg_required_else_help = true)]
    Data(Data),
    /// Judges histories of operations that were recorded elsewhere.
    #[command(subcommand, arg_required_else_help = true)]
    History(History),
    /// Makes scenarios of other tools' files.
    #[command(after_help = IMPORT_HELP)]
    Import(Import),
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
    /// How many cases every `forall` has, whatever it says itself.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) cases: Option<u32>,
    /// The case that every `forall` begins with, as the report of a failure says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(super) case: Option<u32>,
    /// The one probe that every `idempotent` is attacked by, as the report of a failure says.
    #[arg(long, value_name = "NAME[#N]")]
    pub(super) probe: Option<String>,
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
    /// Also write reports: `junit=FILE`, `json=FILE`, `coverage=FILE`, `github` or `github=FILE`, separated by
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
    /// What becomes of what lints find.
    #[command(flatten)]
    pub(super) levels: Levels,
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
    /// What becomes of what lints find.
    #[command(flatten)]
    pub(super) levels: Levels,
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

/// How `scn reference` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReferenceFormat {
    /// Markdown.
    Md,
    /// One JSON document.
    Json,
}

/// `scn explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A code such as `unknown-name`, or a name such as `GET`, `timeout` or `ordered`.
    pub(super) name: Option<String>,
}

/// `scn compat`
#[derive(Debug, Args)]
pub(super) struct Compat {
    /// The contract that is in use: a `.proto` file, a directory of them, or an OpenAPI document.
    pub(super) old: PathBuf,
    /// The contract that is to replace it.
    pub(super) new: PathBuf,
    /// How strict to be: generated code by file, by package, JSON and bytes, or bytes alone.
    #[arg(long, value_enum, default_value_t = CompatLevel::Json)]
    pub(super) level: CompatLevel,
    /// How to write the result.
    #[arg(long, value_enum, default_value_t = CompatFormat::Terminal)]
    pub(super) format: CompatFormat,
    /// The scenarios among which to look for those that touch what is broken [default:
    /// `scenarios` if it is there, else the current directory].
    pub(super) paths: Vec<String>,
}

/// How strict `scn compat` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompatLevel {
    /// Generated code still compiles, also where it is generated by file.
    Source,
    /// Generated code still compiles, where it is generated by package.
    Package,
    /// Both sides still understand each other's bytes and JSON.
    Json,
    /// Both sides still understand each other's bytes, and calls find their way.
    Wire,
}

/// How `scn compat` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CompatFormat {
    /// For people.
    Terminal,
    /// One JSON document.
    Json,
    /// GitHub workflow commands.
    Github,
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

/// `scn data`
#[derive(Debug, Subcommand)]
pub(super) enum Data {
    /// Draws values of a shape: the same ones for the same seed, on every machine.
    #[command(after_help = DRAW_HELP)]
    Draw(Draw),
    /// Replaces what is real in data by what only looks like it: keyed, in the same form, and the
    /// same for the same everywhere.
    #[command(after_help = anonymize_help())]
    Anonymize(Anonymize),
}

const DRAW_HELP: &str = "Value N is the same however many are drawn. In CSV a field that is absent is an empty cell, \
an empty text is \"\", and lists and objects are JSON; in SQL they are texts of JSON. `from_csv(…, of: SHAPE)` and \
`from_json`, `from_jsonl` and `from_sql` read back what is written.\n\n\
Examples:\n  scn data draw Customer -n 1000 --format csv --out customers.csv\n  \
scn data draw '{ id: uuid, qty: int(1..9) }' --format sql --table lines --dialect postgres\n\n\
Exit codes: 0 drawn · 2 the shape or the command line is wrong · 3 the output cannot be written";

fn anonymize_help() -> String {
    let rules: Vec<&str> = crate::anonymize::SPECS.iter().map(|spec| spec.name).collect();
    format!(
        "RULES has a line for each column, and a column without a rule is an error:\n  \
customers.id:     id(as: customer)   // the same domain gives the same output everywhere\n  \
customers.email:  email\n  customers.name:   any person_name\n  customers.born:   date(days: 30, per: id)\n  \
*.customer_id:    id(as: customer)\n  *.note:           drop\n  orders.amount:    keep\n\n\
A file of rows is named after its table: customers.csv holds `customers`. `scn explain NAME` tells of each rule: \
{}, and `any SHAPE`.\n\n\
The key makes the output: the same key gives the same output, and who has it can test guesses. Keep it like a \
password, at least {} bytes, and never on the command line.\n\n\
Exit codes: 0 written · 2 the data, the rules or the command line are wrong · 3 the output cannot be written",
        rules.join(", "),
        crate::anonymize::MIN_KEY
    )
}

/// `scn data draw`
#[derive(Debug, Args)]
pub(super) struct Draw {
    /// The name of a shape in the files, a type of a contract such as `ledger.Entry`, or a shape as
    /// the language writes it.
    pub(super) shape: String,
    /// The files that declare the shape [default: `scenarios` if it is there, else the current
    /// directory]. A shape of built-in parts alone needs none.
    pub(super) paths: Vec<String>,
    /// How many values.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub(super) count: u64,
    /// How to write them.
    #[arg(long, value_enum, default_value_t = DataFormat::Json)]
    pub(super) format: DataFormat,
    /// The seed: a number, or `random` to draw one [default: the files' own, else 0].
    #[arg(long, value_name = "N|random", value_parser = parse_seed)]
    pub(super) seed: Option<Seed>,
    /// For SQL: the table [default: the shape's name].
    #[arg(long, value_name = "NAME")]
    pub(super) table: Option<String>,
    /// For SQL: whose literals and quotes.
    #[arg(long, value_enum, default_value_t = SqlDialect::Standard)]
    pub(super) dialect: SqlDialect,
    /// Write to a file, which is there only when it is whole; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(super) out: String,
    /// Read inputs from a file of NAME=VALUE lines.
    #[arg(long, value_name = "FILE")]
    pub(super) env_file: Option<PathBuf>,
    /// Set an input.
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_pair)]
    pub(super) set: Vec<(String, String)>,
}

/// How `scn data draw` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DataFormat {
    /// A header and a row for each value (RFC 4180).
    Csv,
    /// One list.
    Json,
    /// A value on each line.
    Jsonl,
    /// `INSERT` statements.
    Sql,
}

/// Whose SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SqlDialect {
    /// ISO SQL.
    Standard,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
    /// SQLite.
    Sqlite,
}

/// `scn data anonymize`
#[derive(Debug, Args)]
pub(super) struct Anonymize {
    /// Data to read: .csv, .tsv, .json, .jsonl, .yaml or .sql; the output has the same format.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// The rules, a line for each column.
    #[arg(long = "with", value_name = "RULES")]
    pub(super) rules: PathBuf,
    /// The file that holds the key [default: the environment variable SCN_DATA_KEY].
    #[arg(long, value_name = "FILE")]
    pub(super) key_from: Option<PathBuf>,
    /// Write to a file, which is there only when it is whole; `-` is standard output. With several
    /// FILEs a directory, for files of the same names.
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(super) out: String,
    /// For CSV: what stands between cells [default: `,`].
    #[arg(long, value_name = "CHARACTER")]
    pub(super) separator: Option<char>,
    /// For SQL: whose dump it is [default: what its first lines say].
    #[arg(long, value_enum)]
    pub(super) dialect: Option<SqlDialect>,
}

/// `scn history`
#[derive(Debug, Subcommand)]
pub(super) enum History {
    /// Tells whether a model explains a recorded history.
    #[command(after_help = HISTORY_HELP)]
    Check(HistoryCheck),
}

const HISTORY_HELP: &str = "A history is JSON lines in Jepsen's words. An operation begins and ends with a line of its process:\n  \
{\"process\": 0, \"type\": \"invoke\", \"f\": \"write\", \"value\": 1}\n  \
{\"process\": 0, \"type\": \"ok\", \"f\": \"write\", \"value\": 1}\n\n\
type     invoke, then ok: it took effect; fail: it provably did not; info, or no end: nobody knows\n\
f        a role of the model; `scn explain MODEL` shows them\n\
value    what was written, or read; a read without it constrains nothing; of `cas` [old, new]\n\
matched  false: a `cas` that was carried out and did not match; a `value` of false says so too\n\
time     in nanoseconds; without times the lines are in the order of what happened\n\n\
Lines of a process `nemesis`, or whose name begins with `:`, are no client's and are left out.\n\n\
Examples:\n  scn history check history.jsonl --as cas_register --per key\n  \
scn history check history.jsonl --as list_append --respect realtime --picture why.html\n\n\
Exit codes: 0 the model explains it · 1 it does not · 2 the history or the command line is wrong · \
3 the picture cannot be written · 4 there was nothing to judge · 5 unknown";

/// `scn history check`
#[derive(Debug, Args)]
pub(super) struct HistoryCheck {
    /// The history in JSON lines; `-` is standard input.
    pub(super) file: String,
    /// The model that is to explain it.
    #[arg(long = "as", value_name = "MODEL")]
    pub(super) model: String,
    /// Judges the operations with the same value of this field by themselves.
    #[arg(long, value_name = "FIELD")]
    pub(super) per: Option<String>,
    /// What the object holds at the beginning, in JSON [default: null].
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(super) initial: Option<String>,
    /// For transactions: the order that an execution one by one must be true to, besides their results.
    #[arg(long, value_name = "ORDER", value_parser = ["results", "process", "realtime"])]
    pub(super) respect: Option<String>,
    /// Write the verdict as JSON, with what proves it.
    #[arg(long)]
    pub(super) json: bool,
    /// Draw what is not explained: FILE.svg or FILE.html.
    #[arg(long, value_name = "FILE")]
    pub(super) picture: Option<PathBuf>,
    /// How long it may take; after that the verdict is unknown.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = super::duration::parse)]
    pub(super) time: Duration,
    /// How much memory the search may take.
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = super::size::parse)]
    pub(super) memory: usize,
}

const IMPORT_HELP: &str = "What has no place in scn becomes a comment that begins with \"not carried over\", and is counted. Passwords, \
tokens and cookies are not written down: they become secrets, which are set as SCN_NAME.\n\n\
Examples:\n  scn import curl requests.sh -o scenarios/requests.scn\n  \
pbpaste | scn import curl -\n\n\
Exit codes: 0 written · 1 --strict, and something was not carried over · 2 the file or the command line is wrong · \
3 the output cannot be written";

/// `scn import`
#[derive(Debug, Args)]
pub(super) struct Import {
    /// What the file is.
    #[arg(value_enum)]
    pub(super) format: ImportFormat,
    /// The file; `-` is standard input.
    pub(super) file: String,
    /// Write to a file and not to standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Write over a file that is there already.
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// End with 1 if something was not carried over.
    #[arg(long)]
    pub(super) strict: bool,
}

/// What `scn import` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ImportFormat {
    /// A shell script of `curl` command lines.
    Curl,
    /// A Hurl file.
    Hurl,
    /// A `.http` or `.rest` file of an editor.
    Http,
    /// An HTTP archive that a browser recorded.
    Har,
    /// An OpenAPI document, 3.0 to 3.2.
    Openapi,
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
