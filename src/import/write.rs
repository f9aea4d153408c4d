//! The writer: from what was read to the text of a module.

use super::model::{Input, Line, Request, Scenario, Service, Story, Term, Text};
use super::place::Places;
use super::private::without_private;
use super::quote;
use super::secrets::{Finder, Secret};

/// What is longer stands on several lines.
const WIDTH: usize = 100;
/// A text with line ends that is longer than this is easier to read as a block.
const SHORT_TEXT: usize = 60;
/// A comment is cut here.
const LONGEST_COMMENT: usize = 240;

/// How much there was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Requests.
    pub requests: usize,
    /// Expectations that the file has.
    pub expectations: usize,
    /// Expectations that were added, where the file has none.
    pub added: usize,
    /// What was not carried over: so many comments say so.
    pub lost: usize,
}

/// Writes a module, not yet formatted.
pub(super) fn write(story: &mut Story) -> (String, Count) {
    let services = std::mem::take(&mut story.services);
    let mut places = Places::new(services, &mut story.inputs, &story.lets, &mut story.secrets);
    for request in story.scenarios.iter_mut().flat_map(|scenario| &mut scenario.requests) {
        *request = places.place(std::mem::take(request), &mut story.names);
    }
    let services = places.services;
    let finder = story.secrets.finder();
    let mut writer = Writer { out: String::new(), depth: 0, count: Count::default(), finder: &finder };
    for service in &services {
        writer.gap();
        writer.service(service, &story.defaults);
    }
    for scenario in &story.scenarios {
        writer.gap();
        writer.scenario(scenario);
    }
    let requests = std::mem::take(&mut writer.out);
    for secret in story.secrets.iter() {
        writer.secret(secret);
    }
    for (name, text) in &story.lets {
        let text = writer.text(text);
        writer.put(&format!("let {name} = {text}"));
    }
    let others = std::mem::take(&mut writer.out);
    writer.lines(&story.head);
    writer.gap();
    for input in &story.inputs {
        // What the file sets and nothing reads would only seem to change something.
        let reads =
            |other: &Input| other.default.as_ref().is_some_and(|text| mentions(&text.shown(), &input.name));
        let is_read = mentions(&requests, &input.name)
            || mentions(&others, &input.name)
            || story.inputs.iter().any(reads);
        if is_read || input.default.is_none() {
            writer.input(input);
        }
    }
    writer.out.push_str(&others);
    writer.gap();
    writer.out.push_str(&requests);
    (writer.out, writer.count)
}

/// Whether a name stands in a text as a word.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

struct Writer<'a> {
    out: String,
    depth: usize,
    count: Count,
    finder: &'a Finder<'a>,
}

impl Writer<'_> {
    fn indent(&self) -> usize {
        2 * self.depth
    }

    fn put(&mut self, line: &str) {
        let indent = " ".repeat(self.indent());
        self.out.push_str(&indent);
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// An empty line, unless there is one or nothing stands above.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// What is said in a comment or a title, without secrets.
    fn said(&self, text: &str) -> String {
        without_private(&self.finder.mask(text))
    }

    fn comment(&mut self, text: &str) {
        let text = self.said(text);
        for line in text.lines() {
            let line = quote::comment(line);
            let cut: String = line.chars().take(LONGEST_COMMENT).collect();
            let more = if cut.len() < line.len() { "…" } else { "" };
            self.put(format!("// {cut}{more}").trim_end());
        }
    }

    /// One line each, so that they can be counted.
    fn lost(&mut self, what: &str) {
        self.count.lost += 1;
        let what: Vec<&str> = what.split_whitespace().collect();
        self.comment(&format!("not carried over: {}", what.join(" ")));
    }

    fn lines(&mut self, lines: &[Line]) {
        for line in lines {
            match line {
                Line::Comment(text) => self.comment(text),
                Line::Lost(what) => self.lost(what),
                Line::Let(name, value) => match self.finder.cover_code(value) {
                    Some(value) => self.put(&format!("let {name} = {value}")),
                    None => {
                        self.lost("a value that would show a secret");
                        self.put(&format!("let {name} = \"\""));
                    }
                },
                Line::Statement(statement) => self.put(statement),
                Line::Equals(subject, term) => {
                    self.count.expectations += 1;
                    let term = self.term(term, subject.len() + "expect  == ".len(), 0);
                    self.put(&format!("expect {subject} == {term}"));
                }
                Line::Expect(claim) => match self.finder.cover_code(claim) {
                    Some(claim) => {
                        self.count.expectations += 1;
                        self.put(&format!("expect {claim}"));
                    }
                    None => self.lost("an expectation that would show a secret"),
                },
                Line::Added(claim, why) => {
                    self.count.added += 1;
                    self.comment(&format!("added: {why}"));
                    self.put(&format!("expect {claim}"));
                }
            }
        }
    }

    fn input(&mut self, input: &Input) {
        if !input.note.is_empty() {
            self.comment(&input.note);
        }
        let kind = input.kind.map(|kind| format!(": {kind}")).unwrap_or_default();
        let default = match (&input.json, &input.default) {
            (Some(json), _) => format!(" = {}", self.term(json, input.name.len() + "input  = ".len(), 0)),
            (None, Some(text)) => format!(" = {}", self.text(text)),
            (None, None) => String::new(),
        };
        self.put(&format!("input {}{kind}{default}", input.name));
    }

    fn secret(&mut self, secret: &Secret) {
        let (name, what) = (&secret.name, &secret.what);
        let variable = format!("SCN_{}", name.to_uppercase());
        if secret.is_long_enough() {
            self.comment(&format!("{what}: set it as {variable} in the environment or in an env file"));
            self.put(&format!("secret {name}"));
        } else {
            self.comment(&format!(
                "{what}: set it as {variable} in the environment or in an env file; it is too short to be a secret, which has 8 characters or more"
            ));
            self.put(&format!("input {name}"));
        }
    }

    fn service(&mut self, service: &Service, defaults: &[(&'static str, Term)]) {
        self.lines(&service.notes);
        self.put(&format!("service {} {{", service.name));
        self.depth += 1;
        match &service.contract {
            Some(path) => self.put(&format!("speaks http contract {}", quote::plain(path))),
            None => self.put("speaks http"),
        }
        if let Some(at) = &service.at {
            let at = self.text(at);
            self.put(&format!("at {at}"));
        }
        if !defaults.is_empty() {
            let defaults: Vec<(String, Term)> =
                defaults.iter().map(|(name, term)| ((*name).to_owned(), term.clone())).collect();
            let defaults = self.flat(&Term::Object(defaults));
            self.put(&format!("with {defaults}"));
        }
        self.depth -= 1;
        self.put("}");
    }

    fn scenario(&mut self, scenario: &Scenario) {
        let alone = scenario.requests.len() == 1;
        self.lines(&scenario.before);
        let title = self.said(&scenario.title);
        self.put(&format!("scenario {} {{", quote::plain(&title)));
        self.depth += 1;
        for (index, request) in scenario.requests.iter().enumerate() {
            if index > 0 {
                self.gap();
            }
            let title = request.title.as_ref().filter(|_| !alone);
            if let Some(title) = title {
                let title = quote::plain(&self.said(title));
                self.put(&format!("step {title} {{"));
                self.depth += 1;
            }
            self.request(request);
            if title.is_some() {
                self.depth -= 1;
                self.put("}");
            }
        }
        self.lines(&scenario.after);
        self.depth -= 1;
        self.put("}");
    }

    fn request(&mut self, request: &Request) {
        self.count.requests += 1;
        self.lines(&request.before);
        let known = crate::import::METHODS.contains(&&*request.method);
        let verb = if known { &*request.method } else { "request" };
        let service = request.service.as_deref().map(|name| format!("{name} ")).unwrap_or_default();
        let response = request.response.as_deref().map(|name| format!("let {name} = ")).unwrap_or_default();
        let mut line =
            format!("{response}{verb} {service}{}", self.path(&request.url, request.service.is_some()));
        if let Some(body) = &request.body {
            line.push(' ');
            let term = self.term(body, line.len(), 0);
            line.push_str(&term);
        }
        let mut options = Vec::new();
        if !known {
            options.push(("method".to_owned(), Term::plain(request.method.clone())));
        }
        if !request.query.is_empty() {
            options.push(("query".to_owned(), Term::Object(gathered(&request.query, false))));
        }
        if !request.headers.is_empty() {
            options.push(("headers".to_owned(), Term::Object(gathered(&request.headers, true))));
        }
        options.extend(request.options.iter().map(|(name, term)| ((*name).to_owned(), term.clone())));
        if !options.is_empty() {
            let options = Term::Object(options);
            let last = line.rsplit('\n').next().map_or(0, |last| last.chars().count());
            let flat = self.flat(&options);
            if !flat.contains('\n') && self.indent() + last + flat.chars().count() + 6 <= WIDTH {
                line.push_str(&format!(" with {flat}"));
            } else if line.contains('\n') {
                line.push_str(&format!(" with {}", self.term(&options, WIDTH, 0)));
            } else {
                let space = " ".repeat(self.indent() + 2);
                line.push_str(&format!("\n{space}with {}", self.term(&options, 5, 1)));
            }
        }
        self.put(&line);
        self.lines(&request.after);
    }

    /// A path, bare where the language takes it so.
    fn path(&self, url: &Text, is_path: bool) -> String {
        let url = self.finder.cover(url);
        let is_plain = |text: &str| {
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._~-%?&=:@+*!".contains(&b))
                && !text.contains("//")
        };
        match url.as_plain() {
            Some(text) if is_path && text.starts_with('/') && is_plain(text) => text.to_owned(),
            _ => quote::line(&url),
        }
    }

    fn text(&self, text: &Text) -> String {
        quote::line(&self.finder.cover(text))
    }

    /// A value, on one line where `before` columns leave room for it.
    fn term(&self, term: &Term, before: usize, deeper: usize) -> String {
        let flat = self.flat(term);
        if !flat.contains('\n') && self.indent() + before + flat.chars().count() <= WIDTH {
            return flat;
        }
        self.block(term, self.depth + deeper)
    }

    /// The value on one line, save texts that are blocks.
    fn flat(&self, term: &Term) -> String {
        match term {
            Term::Raw(raw) => raw.clone(),
            Term::Text(text) => {
                let text = self.finder.cover(text);
                let long = text.0.len() > 1 || text.as_plain().is_none_or(|text| text.len() > SHORT_TEXT);
                let breaks = text.shown().trim_end_matches('\n').contains('\n');
                if long && breaks { "\n".to_owned() } else { quote::line(&text) }
            }
            Term::List(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flat(item)).collect();
                format!("[{}]", items.join(", "))
            }
            Term::Object(fields) if fields.is_empty() => "{}".to_owned(),
            Term::Object(fields) => {
                let fields: Vec<String> = fields
                    .iter()
                    .map(|(name, value)| format!("{}: {}", quote::label(name), self.flat(value)))
                    .collect();
                format!("{{ {} }}", fields.join(", "))
            }
            Term::Call(name, arguments) => {
                let arguments: Vec<String> =
                    arguments.iter().map(|(label, value)| argument(*label, &self.flat(value))).collect();
                format!("{name}({})", arguments.join(", "))
            }
        }
    }

    /// The value over several lines; what is inside stands one level deeper.
    fn block(&self, term: &Term, depth: usize) -> String {
        let (outer, inner) = (" ".repeat(2 * depth), " ".repeat(2 * depth + 2));
        let part = |value: &Term, used: usize| {
            let flat = self.flat(value);
            if !flat.contains('\n') && inner.len() + used + flat.chars().count() <= WIDTH {
                flat
            } else {
                self.block(value, depth + 1)
            }
        };
        match term {
            Term::Object(fields) if !fields.is_empty() => {
                let mut out = String::from("{\n");
                for (name, value) in fields {
                    let name = quote::label(name);
                    out.push_str(&format!("{inner}{name}: {}\n", part(value, name.len() + 2)));
                }
                format!("{out}{outer}}}")
            }
            Term::List(items) if !items.is_empty() => {
                let mut out = String::from("[\n");
                for item in items {
                    out.push_str(&format!("{inner}{},\n", part(item, 1)));
                }
                format!("{out}{outer}]")
            }
            Term::Call(name, arguments) => {
                let arguments: Vec<String> = arguments
                    .iter()
                    .map(|(label, value)| {
                        let flat = self.flat(value);
                        let is_short = !flat.contains('\n') && flat.chars().count() < SHORT_TEXT;
                        argument(*label, &if is_short { flat } else { self.block(value, depth) })
                    })
                    .collect();
                format!("{name}({})", arguments.join(", "))
            }
            Term::Text(text) => {
                let text = self.finder.cover(text);
                if text.shown().contains('\n') {
                    quote::lines(&text, 2 * depth + 2)
                } else {
                    quote::line(&text)
                }
            }
            other => self.flat(other),
        }
    }
}

fn argument(label: Option<&str>, value: &str) -> String {
    label.map_or_else(|| value.to_owned(), |label| format!("{label}: {value}"))
}

/// The fields with those of one name as a list, which repeats it; header names ignore case.
fn gathered(fields: &[(String, Term)], ignore_case: bool) -> Vec<(String, Term)> {
    let mut gathered: Vec<(String, Vec<Term>)> = Vec::new();
    for (name, value) in fields {
        let same = |known: &str| if ignore_case { known.eq_ignore_ascii_case(name) } else { known == name };
        match gathered.iter_mut().find(|(known, _)| same(known)) {
            Some((_, values)) => values.push(value.clone()),
            None => gathered.push((name.clone(), vec![value.clone()])),
        }
    }
    gathered
        .into_iter()
        .map(|(name, mut values)| {
            let value = if values.len() == 1 { values.remove(0) } else { Term::List(values) };
            (name, value)
        })
        .collect()
}
