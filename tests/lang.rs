//! Language tests: every `.scn` file below `tests/lang` says, in comments, which diagnostics it
//! must give, and it must give exactly those.
//!
//! ```text
//!   // error[unknown-name]: `ordrs` is not declared here; did you mean `orders`?
//!   //  ^^^^^
//!   GET ordrs /healthz
//! ```
//!
//! The expectation speaks of the next line that is no comment. The carets, which may be left out,
//! show the exact token; where they have no room, `@COLUMN+WIDTH` after the code says the same.
//! After the message, `; ` and the advice may follow. Files that are imported may hold
//! expectations too; files whose names begin with `_` are only imported.

use std::path::{Path, PathBuf};

use scn::check::{Analysis, Memo, Plan, Program};
use scn::diag::{Code, Diagnostic, Severity};
use scn::lint::{Given, Level, Levels};
use scn::source::{Source, Sources};

/// A diagnostic as a test writes it, or as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    file: String,
    line: u32,
    code: String,
    message: String,
    help: Option<String>,
    /// Column and width, when the test shows them.
    token: Option<(u32, u32)>,
}

fn expected(source: &Source) -> Result<Vec<Line>, String> {
    let mut found: Vec<Line> = Vec::new();
    let mut open: Vec<Line> = Vec::new();
    for number in 1..=source.line_count() {
        let text = source.line(number);
        let Some(comment) = text.trim_start().strip_prefix("//").filter(|rest| !rest.starts_with(['/', '!']))
        else {
            for mut line in open.drain(..) {
                line.line = number;
                found.push(line);
            }
            continue;
        };
        let comment = comment.trim();
        if !comment.is_empty() && comment.chars().all(|c| c == '^') {
            let column = text.chars().position(|c| c == '^').unwrap_or(0) as u32 + 1;
            let last =
                open.last_mut().ok_or(format!("{}:{number}: carets without a diagnostic", source.name))?;
            last.token = Some((column, comment.chars().count() as u32));
        } else if comment.starts_with("error[") || comment.starts_with("warning[") {
            open.push(written(&source.name, number, comment)?);
        }
    }
    match open.first() {
        Some(line) => Err(format!("{}:{}: nothing follows this expectation", source.name, line.line)),
        None => Ok(found),
    }
}

fn written(file: &str, number: u32, comment: &str) -> Result<Line, String> {
    let wrong = || format!("{file}:{number}: an expectation is `error[CODE] @COLUMN+WIDTH: MESSAGE; ADVICE`");
    let (code, rest) = comment.split_once(']').ok_or_else(wrong)?;
    let (place, message) = rest.split_once(':').ok_or_else(wrong)?;
    let token = match place.trim().strip_prefix('@') {
        Some(place) => {
            let (column, width) = place.split_once('+').ok_or_else(wrong)?;
            Some((column.parse().map_err(|_| wrong())?, width.parse().map_err(|_| wrong())?))
        }
        None => None,
    };
    Ok(Line {
        file: file.to_owned(),
        line: number,
        code: format!("{code}]"),
        message: message.trim().to_owned(),
        help: None,
        token,
    })
}

fn given(diagnostic: &Diagnostic, sources: &Sources) -> Line {
    let span = diagnostic.at.span;
    let source = sources.get(span.source);
    let (line, column) = source.line_column(span.start);
    let (last, end) = source.line_column(span.end);
    let width =
        if last == line { end - column } else { source.line(line).chars().count() as u32 + 1 - column };
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    Line {
        file: source.name.clone(),
        line,
        code: format!("{severity}[{}]", diagnostic.code.name),
        message: diagnostic.message.clone(),
        help: diagnostic.help.clone(),
        token: Some((column, width)),
    }
}

/// Whether what came is what the test wants.
fn fits(wanted: &Line, came: &Line) -> bool {
    let messages =
        [Some(came.message.clone()), came.help.as_ref().map(|help| format!("{}; {help}", came.message))];
    wanted.file == came.file
        && wanted.line == came.line
        && wanted.code == came.code
        && messages.contains(&Some(wanted.message.clone()))
        && wanted.token.is_none_or(|token| Some(token) == came.token)
}

fn show(line: &Line) -> String {
    let token = line.token.map_or_else(String::new, |(column, width)| format!(" @{column}+{width}"));
    let help = line.help.as_ref().map_or_else(String::new, |help| format!("; {help}"));
    format!("{}:{}: {}{token}: {}{help}", line.file, line.line, line.code, line.message)
}

/// The plan of what was read, with what the check and the lints say of it.
fn checked(program: Program, levels: &Levels) -> (Plan, Vec<Diagnostic>) {
    let registry = scn::rooms::registry();
    let Analysis { mut plan, diagnostics: mut found, mentions } =
        scn::check::analyse(program, &registry, &mut Memo::default());
    let given = Given { registry: &registry, mentions: &mentions, whole: false };
    scn::lint::lint(&mut plan, given, levels, &mut found);
    (plan, found)
}

fn language(path: &Path) -> datatest_stable::Result<()> {
    let path = path.strip_prefix(std::env::current_dir()?).unwrap_or(path);
    let (program, mut diagnostics) = scn::load::load(&[PathBuf::from(path)], Path::new("tests/lang"));
    let sources = program.sources.clone();
    // Sentences of a language test need not prove anything, unless lints are what it tests.
    let mut levels = Levels::default();
    if !path.starts_with("tests/lang/lints") {
        levels.set(Code::NO_EXPECTATION, Level::Allow);
    }
    diagnostics.extend(checked(program, &levels).1);
    let mut wanted = Vec::new();
    for (_, source) in sources.iter().filter(|(_, source)| !source.name.starts_with("std/")) {
        wanted.extend(expected(source)?);
    }
    let mut unexpected: Vec<Line> = Vec::new();
    for came in diagnostics.iter().map(|diagnostic| given(diagnostic, &sources)) {
        match wanted.iter().position(|wanted| fits(wanted, &came)) {
            Some(at) => {
                wanted.remove(at);
            }
            None => unexpected.push(came),
        }
    }
    if wanted.is_empty() && unexpected.is_empty() {
        return Ok(());
    }
    let missing: String = wanted.iter().map(|line| format!("  missing    {}\n", show(line))).collect();
    let surplus: String = unexpected.iter().map(|line| format!("  unexpected {}\n", show(line))).collect();
    Err(format!("\n{missing}{surplus}").into())
}

/// The sample scenarios deserve no word at all.
fn sample(path: &Path) -> datatest_stable::Result<()> {
    let here = std::env::current_dir()?;
    let path = path.strip_prefix(&here).unwrap_or(path);
    let (program, mut diagnostics) = scn::load::load(&[PathBuf::from(path)], &here);
    let sources = program.sources.clone();
    let (plan, found) = checked(program, &Levels::default());
    diagnostics.extend(found);
    if diagnostics.is_empty() && plan.program.units.iter().any(|unit| unit.named) {
        return Ok(());
    }
    let all: String = diagnostics.iter().map(|d| format!("  {}\n", show(&given(d, &sources)))).collect();
    Err(format!("\n{all}").into())
}

datatest_stable::harness! {
    { test = language, root = "tests/lang", pattern = r"(^|/)[^_/][^/]*\.scn$" },
    { test = sample, root = "scenarios", pattern = r"\.scn$" },
}
