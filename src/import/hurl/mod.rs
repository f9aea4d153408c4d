//! Hurl files (hurl.dev, version 8): entries of a request and of what is expected of its response,
//! line by line.

mod answer;
mod content;
mod options;
mod predicate;
mod query;
mod scan;

use std::collections::BTreeSet;

use super::model::{Line, Request, Scenario, Story, Term, Text};
use super::variables::Variables;
use super::{body, header, place, quote, whole, wrong};
use crate::diag::Diagnostic;
use crate::lang::Registry;
use content::Body;
use predicate::special;
use scan::{Scan, Wrong};

/// Reads a file.
pub(super) fn read(text: &str, title: &str, registry: &Registry) -> Result<Story, Vec<Diagnostic>> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push((at, line.trim_end_matches(['\n', '\r'])));
        at += line.len();
    }
    let mut reader = Reader {
        text,
        lines,
        at: 0,
        read: names_read(text),
        story: Story::new(registry),
        variables: Variables::default(),
        scenario: Scenario { title: title.to_owned(), ..Scenario::default() },
        pending: Vec::new(),
        errors: Vec::new(),
    };
    reader.file();
    let Reader { mut story, mut scenario, pending, errors, .. } = reader;
    whole(text, &scenario, errors, "a request begins with `GET https://…`")?;
    scenario.after = pending;
    story.scenarios.push(scenario);
    Ok(story)
}

/// How many redirects Hurl follows unless told.
const REDIRECTS: u32 = 50;
const REQUEST_SECTIONS: &[&str] = &[
    "QueryStringParams",
    "Query",
    "FormParams",
    "Form",
    "MultipartFormData",
    "Multipart",
    "Cookies",
    "BasicAuth",
    "Options",
];
const RESPONSE_SECTIONS: &[&str] = &["Captures", "Asserts"];

struct Reader<'a> {
    text: &'a str,
    /// Each line with its place, without its end.
    lines: Vec<(usize, &'a str)>,
    at: usize,
    /// The variables that are read anywhere in the file.
    read: BTreeSet<&'a str>,
    story: Story,
    variables: Variables,
    scenario: Scenario,
    /// Comments above the next request.
    pending: Vec<Line>,
    errors: Vec<Diagnostic>,
}

/// An entry that is read.
#[derive(Default)]
struct Entry {
    request: Request,
    /// What the headers say, until the body is known.
    raw_headers: Vec<(String, Text)>,
    form: Vec<(String, Text)>,
    parts: Vec<(String, Term)>,
    cookies: Text,
    body: Option<Body>,
    follows: bool,
    most_redirects: Option<u32>,
    answer: Option<Answer>,
}

/// What is expected of the response.
#[derive(Default)]
struct Answer {
    /// What follows from its first line, its headers and its body.
    implied: Vec<Line>,
    captures: Vec<Line>,
    asserts: Vec<Line>,
    any_status: bool,
}

impl<'a> Reader<'a> {
    fn error(&mut self, (range, message): Wrong) {
        self.errors.push(wrong(range.start, range.end, message));
    }

    fn line(&self) -> Option<(usize, &'a str)> {
        self.lines.get(self.at).copied()
    }

    fn file(&mut self) {
        while let Some((start, line)) = self.line() {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                self.at += 1;
            } else if let Some(comment) = trimmed.strip_prefix('#') {
                self.pending.push(Line::Comment(comment.trim().to_owned()));
                self.at += 1;
            } else if is_request(trimmed) {
                self.entry();
            } else {
                self.errors.push(
                    wrong(start, start + line.len(), "this begins no request")
                        .help("a request begins with a method in capitals and a URL: `GET https://…`"),
                );
                self.at += 1;
                while self.line().is_some_and(|(_, line)| !is_request(line.trim())) {
                    self.at += 1;
                }
            }
        }
    }

    /// Text with templates; what cannot be computed is noted with `lines`.
    fn template(&mut self, raw: &str, lines: &mut Vec<Line>) -> Text {
        self.variables.text(raw, &mut self.story, lines, special)
    }

    fn entry(&mut self) {
        let mut entry = Entry::default();
        let Some((start, line)) = self.line() else { return };
        self.at += 1;
        let mut scan = Scan::new(line, start);
        let method = scan.word().to_owned();
        match scan.bare(None) {
            Ok(url) => {
                let mut lines = std::mem::take(&mut self.pending);
                let text = self.template(&url, &mut lines);
                if !place::is_whole(&text) {
                    self.errors.push(
                        wrong(start, start + line.len(), "this request has no whole URL")
                            .help("it begins with `http://`, `https://` or `{{a variable}}`"),
                    );
                }
                lines.extend(scan.comment().map(Line::Comment));
                let title = Some(place::title(&method, &text));
                entry.request = Request { title, before: lines, method, url: text, ..Request::default() };
            }
            Err(error) => self.error(error),
        }
        while let Some((start, line)) = self.line() {
            let trimmed = line.trim();
            if is_request(trimmed) {
                break;
            }
            self.at += 1;
            if let Err(error) = self.part(&mut entry, start, line, trimmed) {
                self.error(error);
            }
        }
        self.finish(entry);
    }

    /// A line of an entry with what belongs to it.
    fn part(
        &mut self,
        entry: &mut Entry,
        start: usize,
        line: &'a str,
        trimmed: &'a str,
    ) -> Result<(), Wrong> {
        if trimmed.is_empty() {
            return Ok(());
        }
        if trimmed.starts_with('#') {
            self.comments(entry, trimmed);
            return Ok(());
        }
        if let Some(name) = section(trimmed) {
            return self.section(entry, name, start, line);
        }
        if entry.answer.is_none() && is_response(trimmed) {
            entry.answer = Some(Answer::default());
            return self.status(entry, Scan::new(line, start));
        }
        let mut lines = Vec::new();
        if let Some(body) = self.body(start, line, &mut lines)? {
            match &mut entry.answer {
                None => entry.request.before.append(&mut lines),
                Some(answer) => answer.implied.append(&mut lines),
            }
            return self.add_body(entry, body, start, line);
        }
        // A header.
        let mut scan = Scan::new(line, start);
        let name = scan.bare(Some(':')).map_err(|_| {
            (start..start + line.len(), "this is neither a header, nor a section, nor a body".to_owned())
        })?;
        let raw = scan.bare(None)?;
        let mut lost = Vec::new();
        let value = self.template(&raw, &mut lost);
        let name = self.template(&name, &mut lost).shown();
        match &mut entry.answer {
            None => {
                entry.request.before.append(&mut lost);
                entry.raw_headers.push((name, value));
            }
            Some(answer) => {
                answer.implied.append(&mut lost);
                let lower = name.to_ascii_lowercase();
                let field = if crate::value::is_label(&lower) {
                    format!(".{lower}")
                } else {
                    format!("[{}]", quote::plain(&lower))
                };
                let claim = if lower == "set-cookie" { "contains" } else { "==" };
                let value = if super::private::is_private(&name) {
                    self.story.hide(&name, &format!("the header `{name}` of an answer"), &value)
                } else {
                    self.story.without_private("header of an answer", &value)
                };
                answer.implied.push(Line::Expect(format!("headers{field} {claim} {}", quote::line(&value))));
            }
        }
        Ok(())
    }

    /// A run of comments: what stands above the next request belongs to that.
    fn comments(&mut self, entry: &mut Entry, first: &str) {
        let comment = |line: &str| Line::Comment(line.trim_start_matches('#').trim().to_owned());
        let mut comments = vec![comment(first)];
        while let Some((_, line)) = self.line() {
            let line = line.trim();
            if line.starts_with('#') {
                comments.push(comment(line));
            } else if !line.is_empty() {
                break;
            }
            self.at += 1;
        }
        let of_next = self.line().is_none_or(|(_, line)| is_request(line.trim()));
        match &mut entry.answer {
            _ if of_next => self.pending.append(&mut comments),
            Some(answer) => answer.asserts.append(&mut comments),
            None => entry.request.before.append(&mut comments),
        }
    }

    /// The lines below `[Name]`.
    fn section(&mut self, entry: &mut Entry, name: &str, start: usize, line: &str) -> Result<(), Wrong> {
        let is_request = REQUEST_SECTIONS.contains(&name);
        let is_response = RESPONSE_SECTIONS.contains(&name);
        if is_request && entry.answer.is_some() || is_response && entry.answer.is_none() {
            let side = if is_request { "request" } else { "response" };
            return Err((start..start + line.len(), format!("`[{name}]` belongs to a {side}")));
        }
        if !is_request && !is_response {
            let known = REQUEST_SECTIONS.iter().chain(RESPONSE_SECTIONS).copied();
            let mut error = wrong(start, start + line.len(), format!("there is no section `[{name}]`"));
            error = error.did_you_mean(name, known);
            self.errors.push(error);
        }
        while let Some((start, line)) = self.line() {
            let trimmed = line.trim();
            if content::begins_body(trimmed) || self::is_request(trimmed) || self::is_response(trimmed) {
                break;
            }
            self.at += 1;
            if trimmed.is_empty() {
                continue;
            }
            if trimmed.starts_with('#') {
                self.part(entry, start, line, trimmed)?;
                continue;
            }
            let row = match name {
                "Captures" => self.capture(entry, Scan::new(line, start)),
                "Asserts" => {
                    let line = self.with_block(start, line);
                    self.assert(entry, Scan::new(line, start), line.trim())
                }
                _ if is_request => self.row(entry, name, Scan::new(line, start)),
                _ => Ok(()),
            };
            if let Err(error) = row {
                self.error(error);
            }
        }
        Ok(())
    }

    /// `name: value` of a section of the request.
    fn row(&mut self, entry: &mut Entry, section: &str, mut scan: Scan<'_>) -> Result<(), Wrong> {
        let place = scan.place();
        let name = scan.bare(Some(':'))?;
        let raw = scan.bare(None)?;
        let comment = scan.comment();
        let mut lines = Vec::new();
        let name_text = self.template(&name, &mut lines);
        if section == "BasicAuth" {
            let password = self.template(&raw, &mut lines);
            header::basic(&mut entry.request, &name_text, &password, &mut self.story);
            entry.request.before.append(&mut lines);
            entry.request.before.extend(comment.map(Line::Comment));
            return Ok(());
        }
        let Some(name) = name_text.as_plain().map(str::to_owned) else {
            lines.push(Line::Lost(format!("a line of `[{section}]`, whose name is a variable")));
            entry.request.before.append(&mut lines);
            return Ok(());
        };
        let value = self.template(&raw, &mut lines);
        match section {
            "Query" | "QueryStringParams" => {
                let value = if super::private::is_private_parameter(&name, &value) {
                    self.story.hide(&name, &format!("the parameter `{name}` of a URL"), &value)
                } else {
                    self.story.without_private("URL", &value)
                };
                entry.request.query.push((name, Term::Text(value)));
            }
            "Form" | "FormParams" => entry.form.push((name, value)),
            "Multipart" | "MultipartFormData" => {
                let part = match raw.strip_prefix("file,") {
                    Some(_) => content::file(&value),
                    None => Term::Text(body::hidden(&name, &value, "form", &mut self.story)),
                };
                entry.parts.push((name, part));
            }
            "Cookies" => {
                if !entry.cookies.is_empty() {
                    entry.cookies.push_plain("; ");
                }
                entry.cookies.push_plain(&format!("{name}="));
                entry.cookies.append(&value);
            }
            _ => self.option(entry, &name, &value, place, &mut lines)?,
        }
        entry.request.before.append(&mut lines);
        entry.request.before.extend(comment.map(Line::Comment));
        Ok(())
    }

    fn finish(&mut self, mut entry: Entry) {
        let mut request = std::mem::take(&mut entry.request);
        for (name, value) in std::mem::take(&mut entry.raw_headers) {
            header::add(&mut request, &name, value, &mut self.story);
        }
        if !entry.cookies.is_empty() {
            header::add(&mut request, "Cookie", std::mem::take(&mut entry.cookies), &mut self.story);
        }
        // Hurl follows none unless it is told to, however many it may follow.
        if entry.follows {
            let most = entry.most_redirects.unwrap_or(REDIRECTS);
            request.set("redirects", Term::Raw(most.to_string()));
        }
        let bodies = [!entry.form.is_empty(), !entry.parts.is_empty(), entry.body.is_some()];
        if bodies.iter().filter(|is_there| **is_there).count() > 1 {
            request.lose("all bodies of the request but the last");
        }
        if !entry.form.is_empty() {
            request.body = Some(body::form(std::mem::take(&mut entry.form), &mut self.story));
        }
        if !entry.parts.is_empty() {
            let parts = body::gathered(std::mem::take(&mut entry.parts));
            request.body = Some(Term::call("multipart", Term::Object(parts)));
        }
        if let Some(body) = entry.body.take() {
            self.request_body(&mut request, body);
        }
        match entry.answer {
            None => {
                request.after.push(Line::Added("status in 200..299".to_owned(), "Hurl takes any answer here"))
            }
            Some(answer) => {
                let judges_status = answer.asserts.iter().any(|line| {
                    matches!(line, Line::Expect(claim) if claim.starts_with("status ") || claim.starts_with("not (status "))
                });
                if answer.any_status && !judges_status {
                    request
                        .after
                        .push(Line::Added("status in 100..599".to_owned(), "`HTTP *` takes any status"));
                }
                request.after.extend(answer.implied);
                request.after.extend(answer.captures);
                request.after.extend(answer.asserts);
            }
        }
        self.scenario.requests.push(request);
    }
}

/// The variables that a text reads: in `{{…}}`, or by the query `variable "…"`.
fn names_read(text: &str) -> BTreeSet<&str> {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let in_braces = text.split("{{").skip(1).map(str::trim_start);
    let asked = text.split("variable").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
    in_braces.chain(asked).filter_map(|rest| rest.split(|c| !is_name(c)).next()).collect()
}

/// A method in capitals and something behind it.
fn is_request(line: &str) -> bool {
    let Some((method, rest)) = line.split_once([' ', '\t']) else { return false };
    let is_method = method.len() > 1 && method.bytes().all(|b| b.is_ascii_uppercase());
    is_method && method != "HTTP" && !rest.trim().is_empty()
}

fn is_response(line: &str) -> bool {
    let word = line.split([' ', '\t']).next().unwrap_or_default();
    word == "HTTP" || word.starts_with("HTTP/")
}

/// `Asserts` of `[Asserts]`; what has another form is a list of JSON.
fn section(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim();
    let is_name = name.len() > 1
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && name.as_bytes()[0].is_ascii_uppercase();
    (is_name && (rest.is_empty() || rest.starts_with('#'))).then_some(name)
}
