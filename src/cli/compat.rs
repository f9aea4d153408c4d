//! `scn compat`.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use super::Exit;
use super::args::{Color, Compat, CompatFormat, CompatLevel};
use super::project::{Project, named};
use super::terminal::{self, Stream};
use crate::check::{Contact, contacts};
use crate::contract::compat::{Break, Level, Mark, Problem, Side, compare, read};
use crate::contract::proto::top;
use crate::diag::{Code, Diagnostic, Look, render, render_all, to_github};
use crate::report::{Ink, indented, pad, plural};
use crate::source::{Source, Sources, Span};

/// The version of the JSON document; grows when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

/// Breaks of which more scenarios than this are touched name only the first ones on a terminal.
const SHOWN: usize = 8;

/// Compares two contracts and says what breaks for whom.
pub(super) fn compat(args: &Compat, color: Color) -> Exit {
    let mut sources = Sources::default();
    let line = format!("{} {}", args.old.display(), args.new.display());
    let split = args.old.display().to_string().len();
    let command = sources.add(Source::new("command line", "", line.clone()));
    let spans = [Span::new(command, 0, split), Span::new(command, split + 1, line.len())];
    let (old, new) = match sides(args, spans, &mut sources) {
        Ok(sides) => sides,
        Err(wrong) => return complain(&wrong, &sources, args.format, color),
    };
    let level = level(args.level);
    let breaks = match compare(&old, &new, level) {
        Ok(breaks) => breaks,
        Err(why) => {
            let whole = Span::new(command, 0, line.len());
            let wrong = Diagnostic::error(Code::USAGE, whole, why).label("these were to be compared");
            return complain(&[wrong], &sources, args.format, color);
        }
    };
    let project = match scenarios(args) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let touched = project.as_ref().map(|project| touched(project, &breaks)).unwrap_or_default();
    let result = Compared { args, level, breaks, touched, sources };
    let exit = if result.breaks.is_empty() { Exit::Passed } else { Exit::Failed };
    let text = match args.format {
        CompatFormat::Terminal => result.terminal(terminal::look(color, Stream::Out)),
        CompatFormat::Json => result.json(),
        CompatFormat::Github => result.github(),
    };
    terminal::print(&text, exit)
}

fn level(level: CompatLevel) -> Level {
    match level {
        CompatLevel::Source => Level::Source,
        CompatLevel::Package => Level::Package,
        CompatLevel::Json => Level::Json,
        CompatLevel::Wire => Level::Wire,
    }
}

/// Both contracts, or everything that stands against either.
fn sides(args: &Compat, spans: [Span; 2], sources: &mut Sources) -> Result<(Side, Side), Vec<Diagnostic>> {
    if let (Ok(old), Ok(new)) = (args.old.canonicalize(), args.new.canonicalize())
        && old == new
    {
        let message = format!("`{}` and `{}` are the same file", args.old.display(), args.new.display());
        let help = "name the version that is in use first, and the one that is to replace it second; \
                    `git show REVISION:PATH` brings back an old one";
        let message = if old.is_dir() { message.replace("file", "directory") } else { message };
        return Err(vec![
            Diagnostic::error(Code::USAGE, spans[1], message).label("the same again").help(help),
        ]);
    }
    let mut wrong = Vec::new();
    let mut side = |path: &Path, span: Span| match read(path, &top(path), sources) {
        Ok(side) => Some(side),
        Err(problems) => {
            wrong.extend(problems.into_iter().map(|problem| complaint(problem, span)));
            None
        }
    };
    let (old, new) = (side(&args.old, spans[0]), side(&args.new, spans[1]));
    match (old, new) {
        (Some(old), Some(new)) => Ok((old, new)),
        _ => Err(wrong),
    }
}

fn complaint(problem: Problem, named: Span) -> Diagnostic {
    let diagnostic = match problem.span {
        Some(span) => Diagnostic::error(Code::CONTRACT, span, problem.message),
        None => Diagnostic::error(Code::UNREADABLE, named, problem.message).label("named here"),
    };
    match problem.help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn complain(wrong: &[Diagnostic], sources: &Sources, format: CompatFormat, color: Color) -> Exit {
    terminal::tell(&render_all(wrong, sources, terminal::look(color, Stream::Err)));
    if format == CompatFormat::Github {
        let commands: String = wrong.iter().map(|one| to_github(one, sources)).collect();
        return terminal::print(&commands, Exit::Wrong);
    }
    Exit::Wrong
}

/// The scenarios that may touch what is broken. None is fine where none were named; mistakes in
/// them are told, and what can be read of them is still looked at.
fn scenarios(args: &Compat) -> Result<Option<Project>, Exit> {
    let project = Project::open(&named(&args.paths));
    let units = &project.plan.program.units;
    if args.paths.is_empty() && !units.iter().any(|unit| unit.named) {
        return Ok(None);
    }
    let unreadable = |one: &&Diagnostic| one.code == Code::UNREADABLE && one.is_error();
    if !args.paths.is_empty() && project.diagnostics.iter().any(|one| unreadable(&one)) {
        let wrong: Vec<Diagnostic> = project.diagnostics.iter().filter(unreadable).cloned().collect();
        let look = terminal::look(Color::Auto, Stream::Err);
        terminal::tell(&render_all(&wrong, &project.plan.program.sources, look));
        return Err(Exit::Wrong);
    }
    if project.is_wrong() {
        terminal::tell(
            "warning: the scenarios have mistakes, so not all that touch a break may be named; `scn check` shows them\n",
        );
    }
    Ok(Some(project))
}

/// A scenario that touches a break.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Touching {
    file: String,
    line: u32,
    title: String,
}

/// For each break, the scenarios that touch it, by file and line.
fn touched(project: &Project, breaks: &[Break]) -> Vec<Vec<Touching>> {
    let contacts = contacts(&project.plan);
    let of = |contact: &Contact| {
        let scenario = &project.plan.scenarios[contact.scenario];
        Touching {
            file: project.file(contact.scenario).to_owned(),
            line: scenario.lines.0,
            title: scenario.title.to_string(),
        }
    };
    let touching = |one: &Break| {
        let (operations, names) = (&one.touches.operations, &one.touches.names);
        let mut found: Vec<Touching> =
            contacts.iter().filter(|contact| contact.touches(operations, names)).map(of).collect();
        found.sort();
        found
    };
    breaks.iter().map(touching).collect()
}

/// The result, to be written in one of three ways.
struct Compared<'a> {
    args: &'a Compat,
    level: Level,
    breaks: Vec<Break>,
    /// For each break; empty when there are no scenarios.
    touched: Vec<Vec<Touching>>,
    sources: Sources,
}

impl Compared<'_> {
    fn each(&self) -> impl Iterator<Item = (&Break, &[Touching])> {
        let touched = self.touched.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]));
        self.breaks.iter().zip(touched)
    }

    fn terminal(&self, look: Look) -> String {
        let mut out = String::new();
        for (one, touched) in self.each() {
            out.push_str(&render(&one.diagnostic(), &self.sources, look));
            let head = |text: &str| pad(&look.ink(Ink::Faint, text), 12);
            let _ = write!(out, "  {}", head("breaks"));
            let mut why = String::new();
            indented(&mut why, look, 14, one.rule.breaks, None);
            out.push_str(why.trim_start());
            for (index, scenario) in touched.iter().take(SHOWN).enumerate() {
                let head = head(if index == 0 { "touched by" } else { "" });
                let place = format!("{}:{}", scenario.file, scenario.line);
                let _ = writeln!(out, "  {head}{}  {}", look.ink(Ink::Place, &place), scenario.title);
            }
            if touched.len() > SHOWN {
                let _ = writeln!(out, "  {}and {} more", head(""), touched.len() - SHOWN);
            }
            out.push('\n');
        }
        let _ = writeln!(out, "{}", self.verdict());
        out
    }

    fn verdict(&self) -> String {
        let (old, new) = (self.args.old.display(), self.args.new.display());
        if self.breaks.is_empty() {
            return format!("compatible: `{new}` breaks nothing of `{old}` at level {}", self.level);
        }
        let mut all: Vec<&Touching> = self.touched.iter().flatten().collect();
        all.sort();
        all.dedup();
        let touched = match all.len() {
            0 => String::new(),
            1 => "; 1 scenario touches what is broken".to_owned(),
            count => format!("; {count} scenarios touch what is broken"),
        };
        let first = self.breaks.first().map_or("", |one| one.rule.name());
        format!(
            "not compatible: {} of `{old}` in `{new}` at level {}{touched}; `scn explain {first}` tells more",
            plural(self.breaks.len(), "break"),
            self.level
        )
    }

    fn github(&self) -> String {
        let mut out = String::new();
        for (one, touched) in self.each() {
            let mut diagnostic = one.diagnostic();
            let mut help = format!("it breaks: {}\ninstead: {}", one.rule.breaks, one.rule.advice);
            for scenario in touched {
                let _ = write!(help, "\ntouched by {}:{} {}", scenario.file, scenario.line, scenario.title);
            }
            diagnostic.help = Some(help);
            out.push_str(&to_github(&diagnostic, &self.sources));
        }
        out.push_str(&self.verdict());
        out.push('\n');
        out
    }

    fn json(&self) -> String {
        let spot = |mark: &Mark| {
            let source = self.sources.get(mark.span.source);
            let (line, column) = source.line_column(mark.span.start);
            Spot { file: source.name.clone(), line, column, label: mark.text.clone() }
        };
        let breaks = self.each().map(|(one, touched)| Entry {
            rule: one.rule.name(),
            levels: one.rule.levels.iter().map(|level| level.name()).collect(),
            message: &one.message,
            old: one.old.as_ref().map(spot),
            new: one.new.as_ref().map(spot),
            breaks: one.rule.breaks,
            advice: one.rule.advice,
            touched_by: touched,
        });
        let document = Document {
            version: VERSION,
            old: self.args.old.display().to_string(),
            new: self.args.new.display().to_string(),
            level: self.level.name(),
            compatible: self.breaks.is_empty(),
            breaks: breaks.collect(),
        };
        // Texts and numbers always serialize.
        serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
    }
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    old: String,
    new: String,
    level: &'static str,
    compatible: bool,
    breaks: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    rule: &'static str,
    levels: Vec<&'static str>,
    message: &'a str,
    old: Option<Spot>,
    new: Option<Spot>,
    breaks: &'static str,
    advice: &'static str,
    touched_by: &'a [Touching],
}

/// Lines and columns count from 1, columns in characters.
#[derive(Serialize)]
struct Spot {
    file: String,
    line: u32,
    column: u32,
    label: String,
}
