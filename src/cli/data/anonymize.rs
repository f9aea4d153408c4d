//! `scn data anonymize`: all files are read and replaced before a byte is written, so that what
//! fails leaves nothing behind.

mod formats;
mod work;

use std::collections::BTreeSet;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::args::{Anonymize, Color};
use super::super::{Exit, terminal};
use super::shape::{self, Given, Told};
use super::write::Out;
use crate::anonymize::{Key, Method, Rules};
use crate::check::Program;
use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::load::{DataFile, Refused};
use crate::report::plural;
use crate::shape::Drawer;
use crate::source::{Source, Sources};
use crate::value::Redactor;
use crate::value::words::plain;
use formats::Options;
use work::Work;

/// The environment variable that holds the key.
const VARIABLE: &str = "SCN_DATA_KEY";
/// Nobody writes more rules.
const MAX_RULES: usize = 64 * 1024;
/// Nobody has a longer key.
const MAX_KEY: u64 = 4 * 1024;

/// Replaces and writes.
pub(super) fn anonymize(args: &Anonymize, color: Color) -> Exit {
    prepared(args, color).unwrap_or_else(|exit| exit)
}

fn prepared(args: &Anonymize, color: Color) -> Told<Exit> {
    let several = args.files.len() > 1;
    if several && args.out == "-" {
        return Err(say("several files need a directory to go to: `--out DIR`"));
    }
    let key = key(args.key_from.as_deref())?;
    let mut sources = Sources::default();
    let rules = rules(&args.rules, &mut sources, color)?;
    let options = Options { separator: separator(args.separator)?, dialect: args.dialect.map(Into::into) };
    let mut work = Work::new(&key, &rules);
    let (mut outputs, mut wrong, mut read) = (Vec::new(), Vec::new(), true);
    let targets = targets(args)?;
    for (file, target) in args.files.iter().zip(targets) {
        let data = DataFile::named(file).and_then(|data| data.read()).map_err(|refused| refuse(&refused))?;
        match formats::anonymized(file, &data, &options, &mut work) {
            Ok(text) => outputs.push((target, text)),
            Err(message) => {
                read = false;
                wrong.push(message);
            }
        }
        wrong.extend(work.take_errors().into_iter().map(|error| format!("{}:{error}", file.display())));
    }
    wrong.extend(work.unlisted());
    for message in &wrong {
        terminal::complain(message);
    }
    // Of a file that could not be read to its end, nobody knows what rules it would have needed.
    let idle = if read { idle(&work, &rules) } else { Vec::new() };
    if !idle.is_empty() {
        return Err(shape::complain(&idle, &sources, color));
    }
    if !wrong.is_empty() {
        return Err(Exit::Wrong);
    }
    for (target, text) in outputs {
        let put = Out::open(&target).and_then(|mut out| out.write(&text).and_then(|()| out.put()));
        match put {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Passed),
            Err(error) => {
                let to = if target == "-" { "standard output".to_owned() } else { format!("`{target}`") };
                terminal::complain(&format!("{to} cannot be written: {}", plain(&error)));
                return Err(Exit::Environment);
            }
        }
    }
    report(&work, &rules);
    Ok(Exit::Passed)
}

fn say(message: &str) -> Exit {
    terminal::complain(message);
    Exit::Wrong
}

fn refuse(refused: &Refused) -> Exit {
    let help = refused.help.as_ref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
    say(&format!("{}{help}", refused.message))
}

/// The key from its file, else from the environment. Nothing of it is ever shown.
fn key(file: Option<&Path>) -> Told<Key> {
    let bytes = match file {
        Some(path) => {
            let mut bytes = Vec::new();
            let read =
                std::fs::File::open(path).and_then(|file| file.take(MAX_KEY + 1).read_to_end(&mut bytes));
            if let Err(error) = read {
                return Err(say(&format!("the key `{}` cannot be read: {}", path.display(), plain(&error))));
            }
            if bytes.len() as u64 > MAX_KEY {
                return Err(say(&format!("`{}` is no key: it is larger than 4 KiB", path.display())));
            }
            bytes
        }
        None => match std::env::var_os(VARIABLE) {
            Some(value) if !value.is_empty() => value.into_encoded_bytes(),
            _ => {
                return Err(say(&format!(
                    "there is no key: set `{VARIABLE}` in the environment, or name its file with `--key-from FILE`\n  help: make one with `head -c 32 /dev/urandom | base64 > anonymize.key`, and keep it: the same key gives the same output"
                )));
            }
        },
    };
    Key::new(&bytes).map_err(|why| say(&why))
}

fn separator(given: Option<char>) -> Told<u8> {
    match given {
        None => Ok(b','),
        Some(c) if c.is_ascii() && !matches!(c, '"' | '\n' | '\r') => Ok(c as u8),
        Some(_) => Err(say("--separator is one ASCII character, such as `;`")),
    }
}

/// Reads the rules, and the shapes of those that draw.
fn rules(path: &Path, sources: &mut Sources, color: Color) -> Told<Rules> {
    let bytes = DataFile::named(path).and_then(|data| data.read()).map_err(|refused| refuse(&refused))?;
    if bytes.len() > MAX_RULES {
        return Err(say(&format!("`{}` is larger than 64 KiB: that is no file of rules", path.display())));
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Err(say(&format!("`{}` is not UTF-8", path.display())));
    };
    let source = sources.add(Source::new(path.display().to_string(), "", text.as_str()));
    let mut rules = Rules::parse(source, &text).map_err(|errors| shape::complain(&errors, sources, color))?;
    let registry = Arc::new(crate::rooms::registry());
    for rule in &mut rules.rules {
        if let Method::Draw(expr, drawer) = &mut rule.method {
            let program = Program { sources: sources.clone(), ..Program::default() };
            let given = Given { registry: &registry, inputs: Default::default(), seed: 0, color };
            let drawn = shape::evaluate(shape::alone(program), 0, expr, &given, &Redactor::default())?;
            *drawer = Some(Arc::new(Drawer::new(&drawn)));
        }
    }
    Ok(rules)
}

/// Where the output of each file goes: never to anything that is read, and never two to one place.
fn targets(args: &Anonymize) -> Told<Vec<String>> {
    if args.out == "-" {
        return Ok(vec![args.out.clone()]);
    }
    let inputs = || args.files.iter().chain([&args.rules]).chain(&args.key_from);
    let several = args.files.len() > 1;
    let mut targets: Vec<PathBuf> = Vec::new();
    for file in &args.files {
        let target = match several {
            true => Path::new(&args.out).join(file.file_name().unwrap_or_default()),
            false => PathBuf::from(&args.out),
        };
        let real = target.canonicalize().ok();
        if let Some(read) = inputs().find(|read| real.is_some() && read.canonicalize().ok() == real) {
            return Err(say(&format!(
                "`{}` would be written over itself: name another --out",
                read.display()
            )));
        }
        if let Some(first) = targets.iter().position(|other| *other == target) {
            return Err(say(&format!(
                "`{}` and `{}` would both be written to `{}`: anonymize them one by one",
                args.files[first].display(),
                file.display(),
                target.display()
            )));
        }
        targets.push(target);
    }
    Ok(targets.iter().map(|target| target.display().to_string()).collect())
}

/// Rules that no column needed: a misspelt one must not look as if it did something.
fn idle(work: &Work<'_>, rules: &Rules) -> Vec<Diagnostic> {
    let unused = rules.rules.iter().enumerate().filter(|(at, _)| !work.is_used(*at));
    unused
        .map(|(_, rule)| {
            let message = "no column or field is meant by this rule";
            let path = rule.path.join(".");
            // A rule need not begin with the name of the table.
            let end = |known: &str| {
                let parts: Vec<&str> = known.split('.').collect();
                parts[parts.len().saturating_sub(rule.path.len())..].join(".")
            };
            let known: BTreeSet<String> = work.paths().map(end).collect();
            let diagnostic = Diagnostic::error(Code::RULES, rule.span, message);
            match did_you_mean(&path, known.iter().map(String::as_str)) {
                Some(advice) => diagnostic.help(advice),
                None => diagnostic.help("another rule says more of it, or it is not in these files"),
            }
        })
        .collect()
}

fn report(work: &Work<'_>, rules: &Rules) {
    let counts: Vec<u64> = (0..rules.rules.len()).map(|at| work.count(at)).collect();
    let width = counts.iter().max().map_or(1, |most| most.to_string().len());
    for (rule, count) in rules.rules.iter().zip(&counts) {
        terminal::tell(&format!("{count:>width$}  {}\n", rule.written));
    }
    let skipped: usize = work.skipped().values().sum();
    if skipped > 0 {
        let words: Vec<String> =
            work.skipped().iter().map(|(word, count)| format!("{word} {count}")).collect();
        let all = plural(skipped, "statement");
        terminal::tell(&format!("left out {all} without rows: {}\n", words.join(", ")));
    }
}
