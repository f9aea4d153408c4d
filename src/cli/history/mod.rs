//! `scn history`.

mod meaning;
mod mistake;
mod page;
mod proof;
mod read;
mod scan;
mod theory;
mod verdict;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::Exit;
use super::args::{Color, History as Command, HistoryCheck};
use super::terminal::{self, Stream};
use crate::diag::{Code, Diagnostic, did_you_mean, render_all};
use crate::history::cycles::Respect;
use crate::source::{Source, Sources, Span};
use crate::value::from_json;
use crate::value::words::plain;
use mistake::{Mistake, Mistakes};
use read::History;
use theory::Theory;
use verdict::Verdict;

/// Obeys a command of histories.
pub(super) fn history(command: &Command, color: Color) -> Exit {
    match command {
        Command::Check(args) => check(args, color),
    }
}

fn check(args: &HistoryCheck, color: Color) -> Exit {
    let theory = match theory(args) {
        Ok(theory) => theory,
        Err((diagnostics, sources)) => {
            terminal::tell(&render_all(&diagnostics, &sources, terminal::look(color, Stream::Err)));
            return Exit::Wrong;
        }
    };
    let history = match open(args, &theory) {
        Ok(Ok(history)) => history,
        Ok(Err(mistakes)) => return refuse(args, &mistakes, color),
        Err(error) => {
            terminal::complain(&format!("`{}` cannot be read: {}", args.file, plain(&error)));
            return Exit::Wrong;
        }
    };
    let verdict = match Verdict::of(args, &theory, history) {
        Ok(verdict) => verdict,
        Err(mistakes) => return refuse(args, &mistakes, color),
    };
    if let Some(path) = &args.picture
        && let Err(error) = page::put(&verdict, path)
    {
        terminal::complain(&format!("`{}` cannot be written: {}", path.display(), plain(&error)));
        return Exit::Environment;
    }
    let text = match args.json {
        true => proof::json(&verdict),
        false => verdict.terminal(terminal::look(color, Stream::Out)),
    };
    terminal::print(&text, verdict.exit())
}

fn open(args: &HistoryCheck, theory: &Theory) -> io::Result<Result<History, Mistakes>> {
    let per = args.per.as_deref();
    if args.file == "-" {
        return read::read(io::stdin().lock(), theory, per);
    }
    let path = Path::new(&args.file);
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    read::read(BufReader::with_capacity(1 << 16, File::open(path)?), theory, per)
}

/// Tells what is wrong with the history.
fn refuse(args: &HistoryCheck, mistakes: &Mistakes, color: Color) -> Exit {
    let file = if args.file == "-" { "standard input" } else { &args.file };
    terminal::tell(&mistakes.render(file, terminal::look(color, Stream::Err)));
    if args.json {
        return terminal::print(&proof::wrong(mistakes), Exit::Wrong);
    }
    Exit::Wrong
}

/// What the history is to be held against, as the command line says.
fn theory(args: &HistoryCheck) -> Result<Theory, (Vec<Diagnostic>, Sources)> {
    let mut sources = Sources::default();
    let mut wrong = Vec::new();
    let mut option = |name: &str, value: &str| {
        let line = format!("--{name} {value}");
        let span = |id| Span::new(id, name.len() + 3, line.len());
        span(sources.add(Source::new("command line", "", line.clone())))
    };
    let mut theory = Theory::named(&args.model);
    if theory.is_none() {
        let specs = Theory::specs();
        let names: Vec<&str> = specs.iter().map(|spec| spec.name).collect();
        let near = did_you_mean(&args.model, names.iter().copied());
        let message = format!("there is no model `{}`", args.model);
        wrong.push(
            Diagnostic::error(Code::USAGE, option("as", &args.model), message)
                .help(near.unwrap_or_else(|| format!("the models are {}", names.join(", ")))),
        );
    }
    let is_serial = theory.as_ref().is_some_and(Theory::is_serial);
    if let Some(text) = &args.initial {
        match from_json(text.as_bytes()) {
            Ok(_) if is_serial => {
                let message = format!("`{}` has no initial value: lists begin without elements", args.model);
                wrong.push(Diagnostic::error(Code::USAGE, option("initial", text), message));
            }
            Ok(value) => {
                if let Some(Err(why)) = theory.as_mut().map(|theory| theory.begin(value)) {
                    wrong.push(Diagnostic::error(Code::USAGE, option("initial", text), why));
                }
            }
            Err(error) => {
                let message = format!("`{text}` is not JSON: {}", error.message);
                wrong.push(
                    Diagnostic::error(Code::USAGE, option("initial", text), message)
                        .help("write it as JSON, such as `0`, `null` or `'\"text\"'`"),
                );
            }
        }
    }
    let respect =
        args.respect.as_deref().and_then(|name| Respect::ALL.iter().find(|(known, _)| *known == name));
    if let Some((name, _)) = respect
        && theory.is_some()
        && !is_serial
    {
        let message = "only transactions have an order to respect";
        wrong.push(
            Diagnostic::error(Code::USAGE, option("respect", name), message)
                .help("`linearizable` is always true to real time"),
        );
    }
    if let Some(path) = &args.picture
        && page::form(path).is_none()
    {
        let text = path.display().to_string();
        wrong.push(Diagnostic::error(
            Code::USAGE,
            option("picture", &text),
            "a picture is a `.svg` or a `.html` file",
        ));
    }
    match theory {
        Some(mut theory) if wrong.is_empty() => {
            if let Some((_, respect)) = respect {
                theory.respect(*respect);
            }
            Ok(theory)
        }
        _ => Err((wrong, sources)),
    }
}

/// The line of an operation that a model cannot read.
fn unreadable(file: &str, line: u32, why: &str) -> Mistakes {
    let text = match file {
        "-" => String::new(),
        file => line_of(file, line).unwrap_or_default(),
    };
    let mut mistakes = Mistakes::default();
    let span = scan::value_of(&text, "value").unwrap_or(0..text.len());
    mistakes.add(Mistake::new(line, &text, span, why));
    mistakes
}

fn line_of(file: &str, line: u32) -> Option<String> {
    use std::io::BufRead as _;
    let lines = BufReader::new(File::open(file).ok()?).lines();
    lines.map_while(Result::ok).nth(line.saturating_sub(1) as usize)
}
