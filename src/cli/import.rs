//! `scn import`.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

use super::Exit;
use super::args::{Color, Import, ImportFormat};
use super::terminal::{self, Stream};
use crate::contract::Contract;
use crate::diag::{Diagnostic, render_all};
use crate::import::{self, Count, Format, Imported};
use crate::lang::Registry;
use crate::load::{Kept, load_again};
use crate::report::plural;
use crate::source::{Source, Sources};
use crate::value::words::plain;

/// More mistakes than these are only counted: a file with so many is no file of the format.
const MOST_SHOWN: usize = 20;

/// Reads a file of another tool and writes scenarios.
pub(super) fn import(args: &Import, color: Color) -> Exit {
    imported(args, color).unwrap_or_else(|exit| exit)
}

fn imported(args: &Import, color: Color) -> Result<Exit, Exit> {
    let source = read(&args.file).map_err(wrong)?;
    let registry = crate::rooms::registry();
    let out = args.out.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(out) = out.filter(|out| !args.force && out.exists()) {
        return Err(wrong(format!("`{}` is there already; --force writes over it", out.display())));
    }
    let told = |errors: &[Diagnostic], sources: &Sources| {
        let shown = &errors[..errors.len().min(MOST_SHOWN)];
        terminal::tell(&render_all(shown, sources, terminal::look(color, Stream::Err)));
        if errors.len() > shown.len() {
            terminal::complain(&format!("there are {} more mistakes", errors.len() - shown.len()));
        }
        Exit::Wrong
    };
    let made = match format(args.format) {
        Some(format) => {
            let files = files(format, out, &args.file);
            import::import(format, &source, &title(&source.name), &files, &registry).map_err(|errors| {
                let mut sources = Sources::default();
                sources.add(import::masked(&source));
                told(&errors, &sources)
            })?
        }
        None => openapi(args, &source, out, &registry, &told)?,
    };
    own_fault(&made, out, &registry)?;
    let exit = if args.strict && made.count.lost > 0 { Exit::Failed } else { Exit::Passed };
    let exit = match out {
        None => terminal::print(&made.text, exit),
        Some(out) => write(out, &made.text, args.force).map(|()| exit).map_err(|error| {
            terminal::complain(&format!("`{}` cannot be written: {}", out.display(), plain(&error)));
            Exit::Environment
        })?,
    };
    terminal::tell(&format!("{}\n", summary(made.count)));
    Ok(exit)
}

fn wrong(message: impl AsRef<str>) -> Exit {
    terminal::complain(message.as_ref());
    Exit::Wrong
}

/// The formats that are read by themselves.
fn format(format: ImportFormat) -> Option<Format> {
    Some(match format {
        ImportFormat::Curl => Format::Curl,
        ImportFormat::Hurl => Format::Hurl,
        ImportFormat::Http => Format::Http,
        ImportFormat::Har => Format::Har,
        ImportFormat::Openapi => return None,
    })
}

/// A document is read as the contract of a service, as the scenarios will read it.
fn openapi(
    args: &Import,
    source: &Source,
    out: Option<&Path>,
    registry: &Registry,
    told: &dyn Fn(&[Diagnostic], &Sources) -> Exit,
) -> Result<Imported, Exit> {
    if args.file == "-" {
        return Err(wrong(
            "an OpenAPI document is read from a file, since the service that is written names it",
        ));
    }
    let path = path_from(out, Path::new(&args.file))
        .map_err(|error| wrong(format!("`{}` cannot be read: {}", args.file, plain(&error))))?;
    let service = format!(
        "service s {{ speaks http contract {} }}\n",
        crate::value::to_json(&crate::value::Value::text(path.as_str()))
    );
    let (program, diagnostics) = load(out, &service);
    let contract = program.units.iter().flat_map(|unit| unit.contracts.values()).next();
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    let Some(Contract::OpenApi(document)) = contract.filter(|_| errors.is_empty()) else {
        if errors.is_empty() {
            return Err(wrong(format!("`{}` is no OpenAPI document", args.file)));
        }
        return Err(told(&errors, &program.sources));
    };
    import::openapi(document.interface(), source, &path, &title(&source.name), registry)
        .map_err(|errors| told(&errors, &program.sources))
}

/// Loads a text as the module that is to be written.
fn load(out: Option<&Path>, text: &str) -> (crate::check::Program, Vec<Diagnostic>) {
    let path = out.unwrap_or(Path::new("imported.scn"));
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let real = absolute.canonicalize().unwrap_or_else(|_| absolute.clone());
    let mut kept = Kept::default();
    kept.open(&real, Some(text.into()));
    kept.open(&absolute, Some(text.into()));
    load_again(&[path.to_owned()], Path::new("."), &mut kept)
}

/// What is written must be clean; if it is not, that is not the file's fault.
fn own_fault(made: &Imported, out: Option<&Path>, registry: &Registry) -> Result<(), Exit> {
    let (program, mut diagnostics) = load(out, &made.text);
    let (_, more) = crate::check::check(program, registry);
    diagnostics.extend(more);
    match diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        None => Ok(()),
        Some(error) => {
            terminal::complain(&format!(
                "scn itself is at fault: what it made of the file is not clean: {}\nplease report it",
                error.message
            ));
            Err(Exit::Environment)
        }
    }
}

/// The text of a file, or of standard input; without a byte order mark.
fn read(file: &str) -> Result<Source, String> {
    let (name, bytes) = if file == "-" {
        let mut bytes = Vec::new();
        ("standard input", io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes))
    } else {
        (file, fs::read(file))
    };
    let bytes = bytes.map_err(|error| format!("`{name}` cannot be read: {}", plain(&error)))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("`{name}` is not UTF-8: see line {line}, byte {at} of the file")
    })?;
    Ok(Source::new(name, "", text.strip_prefix('\u{feff}').unwrap_or(&text)))
}

/// `checkout` for `requests/checkout.hurl`.
fn title(name: &str) -> String {
    let stem = Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
    stem.filter(|stem| !stem.trim().is_empty()).unwrap_or_else(|| "imported".to_owned())
}

/// How a file is named in the module that is written: `./contracts/orders.yaml`.
fn path_from(out: Option<&Path>, file: &Path) -> io::Result<String> {
    let file = file.canonicalize()?;
    let dir = out.and_then(Path::parent).filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let dir = dir.canonicalize()?;
    let shared = file.components().zip(dir.components()).take_while(|(a, b)| a == b).count();
    let up = dir.components().count() - shared;
    let mut path = PathBuf::from(if up == 0 { "." } else { ".." });
    (1..up).for_each(|_| path.push(Component::ParentDir));
    file.components().skip(shared).for_each(|part| path.push(part));
    Ok(path.display().to_string())
}

/// The directory that files are named from, as the module names it: that of the file, but curl looks
/// from where it is called.
fn files(format: Format, out: Option<&Path>, file: &str) -> String {
    let dir = match format {
        Format::Hurl | Format::Http | Format::Har if file != "-" => Path::new(file).parent(),
        _ => None,
    };
    let dir = dir.filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Where there is no such directory, writing says so.
    path_from(out, dir).unwrap_or_else(|_| ".".to_owned())
}

/// Writes a file; one that is there already is replaced in one step.
fn write(path: &Path, text: &str, force: bool) -> io::Result<()> {
    if force && path.exists() {
        return super::fmt::replace(path, text);
    }
    File::options().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

fn summary(count: Count) -> String {
    let added = if count.added > 0 { format!(", {} added", count.added) } else { String::new() };
    let lost = match count.lost {
        0 => "nothing was left out".to_owned(),
        1 => "1 thing was not: see the comment that begins with \"not carried over\"".to_owned(),
        lost => format!("{lost} things were not: see the comments that begin with \"not carried over\""),
    };
    format!(
        "{}, {} carried over{added}; {lost}",
        plural(count.requests, "request"),
        plural(count.expectations, "expectation")
    )
}
