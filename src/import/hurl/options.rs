//! The options of an entry: `[Options]`.

use super::super::model::{Line, Term, Text};
use super::super::{header, quote};
use super::scan::Wrong;
use super::{Entry, Reader};

impl Reader<'_> {
    /// `name: value` of `[Options]`.
    pub(super) fn option(
        &mut self,
        entry: &mut Entry,
        name: &str,
        value: &Text,
        place: usize,
        lines: &mut Vec<Line>,
    ) -> Result<(), Wrong> {
        let request = &mut entry.request;
        let shown = value.shown();
        let is_on = shown == "true";
        let lose = |lines: &mut Vec<Line>, why: &str| {
            lines.push(Line::Lost(format!("the option `{name}: {shown}`{why}")))
        };
        match name {
            "location" if is_on => entry.follows = true,
            "location-trusted" if is_on => {
                entry.follows = true;
                lose(lines, ": credentials are sent to no other host");
            }
            "max-redirs" => match shown.parse::<u32>() {
                Ok(most) => entry.most_redirects = Some(most),
                Err(_) => lose(lines, ""),
            },
            "insecure" if is_on => tls(request, "insecure", Term::Raw("true".to_owned())),
            "cacert" => tls(request, "ca", Term::Text(value.clone())),
            "cert" => {
                let (file, password) = value.split_once(':').unwrap_or((value.clone(), Text::default()));
                tls(request, "cert", Term::Text(file));
                if !password.is_empty() {
                    lines.push(Line::Lost("the password of the option `cert`".to_owned()));
                }
            }
            "key" => tls(request, "key", Term::Text(value.clone())),
            "compressed" if is_on => request.set("compression", Term::Raw("true".to_owned())),
            "http1.1" if is_on => request.set("version", Term::plain("1.1")),
            "http2" if is_on => request.set("version", Term::plain("2")),
            "max-time" | "connect-timeout" => {
                let option = if name == "max-time" { "timeout" } else { "connect_timeout" };
                match duration(&shown, "s") {
                    Some(duration) => request.set(option, Term::Raw(duration)),
                    None => lose(lines, ""),
                }
            }
            "delay" => match duration(&shown, "ms") {
                Some(duration) => lines.push(Line::Statement(format!("wait {duration}"))),
                None => lose(lines, ""),
            },
            "user" => {
                header::user(request, value, &mut self.story);
            }
            "header" => match value.split_once(':') {
                Some((name, value)) => header::add(request, &name.shown(), value, &mut self.story),
                None => lose(lines, ""),
            },
            "variable" => {
                let Some((called, value)) = value.split_once('=') else {
                    return Err((place..place + name.len(), "`variable` is `name=value`".to_owned()));
                };
                let called = called.trimmed();
                let Some(called) = called.as_plain().map(str::to_owned) else {
                    lose(lines, ", whose name is a variable");
                    return Ok(());
                };
                let value = super::super::body::hidden(&called, &value.trimmed(), "file", &mut self.story);
                let is_read = self.read.contains(&*called);
                let own = self.variables.set(&called, is_read, &mut self.story);
                lines.push(Line::Let(own, literal(&value)));
            }
            "retry" | "retry-interval" | "repeat" => lose(lines, ": `eventually` waits for what takes time"),
            "skip" if is_on => lose(lines, ": the request is sent"),
            "output" => lose(lines, ", which saves the answer in a file"),
            "verbose" | "very-verbose" | "verbosity" => {
                lines.push(Line::Comment(format!("{name}: only what Hurl prints")));
            }
            // What is switched off is as it is here.
            "location" | "location-trusted" | "insecure" | "compressed" | "http1.1" | "http2" | "skip"
                if shown == "false" => {}
            // The value may be private.
            "proxy" | "aws-sigv4" | "netrc-file" => {
                lines.push(Line::Lost(format!("the option `{name}`, for which scn has none")));
            }
            _ => lose(lines, ", for which scn has none"),
        }
        Ok(())
    }
}

fn tls(request: &mut super::Request, field: &str, value: Term) {
    match request.options.iter_mut().find(|(name, _)| *name == "tls") {
        Some((_, Term::Object(fields))) => {
            fields.retain(|(name, _)| name != field);
            fields.push((field.to_owned(), value));
        }
        _ => request.set("tls", Term::Object(vec![(field.to_owned(), value)])),
    }
}

/// `2s`, `500ms`, `1m`, or a number in the unit that is meant without one.
fn duration(text: &str, unit: &str) -> Option<String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let amount: u32 = digits.parse().ok().filter(|amount| (1..=1_000_000).contains(amount))?;
    match &text[digits.len()..] {
        "" if unit == "s" => quote::seconds(digits),
        "" => Some(format!("{amount}{unit}")),
        unit @ ("ms" | "s" | "m" | "h") => Some(format!("{amount}{unit}")),
        _ => None,
    }
}

/// A value as Hurl reads it: a number, a truth value, or a text.
fn literal(value: &Text) -> String {
    match value.as_plain() {
        Some(plain @ ("true" | "false" | "null")) => plain.to_owned(),
        Some(plain) => match plain.parse::<crate::value::Number>() {
            Ok(number) => number.to_string(),
            Err(_) => quote::plain(plain.trim_matches('"')),
        },
        None => value.as_value().map_or_else(|| quote::line(value), str::to_owned),
    }
}
