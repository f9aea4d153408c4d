//! `.http` and `.rest` files, as the editors of JetBrains and the REST Client of VS Code read them:
//! requests between lines of `###`, with variables, and scripts behind them.

mod content;
mod script;
mod special;

use std::collections::BTreeMap;

use super::model::{Line, Piece, Request, Scenario, Story, Term, Text};
use super::variables::Variables;
use super::{header, place, quote, whole, wrong};
use crate::diag::Diagnostic;
use crate::lang::Registry;
use content::begins_handler;

/// How many redirects both editors follow, at least.
const REDIRECTS: &str = "10";

/// Reads a file.
pub(super) fn read(text: &str, title: &str, registry: &Registry) -> Result<Story, Vec<Diagnostic>> {
    let text = special::environment(text);
    let mut reader = Reader {
        text: &text,
        story: Story::new(registry),
        variables: Variables::default(),
        responses: BTreeMap::new(),
        scenario: Scenario { title: title.to_owned(), ..Scenario::default() },
        pending: Vec::new(),
        errors: Vec::new(),
    };
    reader.story.defaults.push(("redirects", Term::Raw(REDIRECTS.to_owned())));
    reader.file();
    let Reader { mut story, mut scenario, pending, errors, .. } = reader;
    whole(&text, &scenario, errors, "a request is a line such as `GET https://…`")?;
    scenario.after = pending;
    story.scenarios.push(scenario);
    Ok(story)
}

struct Reader<'a> {
    text: &'a str,
    story: Story,
    variables: Variables,
    /// The names of responses, by those of their requests in the file.
    responses: BTreeMap<String, String>,
    scenario: Scenario,
    /// What stands above the next request.
    pending: Vec<Line>,
    errors: Vec<Diagnostic>,
}

/// What the lines above a request say of it.
#[derive(Default)]
struct Head {
    title: Option<String>,
    name: Option<String>,
    no_redirect: bool,
    no_cookies: bool,
    options: Vec<(&'static str, String)>,
}

/// A line and where it begins.
type Row<'a> = (usize, &'a str);

impl<'a> Reader<'a> {
    fn file(&mut self) {
        let mut at = 0;
        let mut block: Vec<Row<'a>> = Vec::new();
        let mut title = None;
        for line in self.text.split_inclusive('\n') {
            let trimmed = line.trim_end_matches(['\n', '\r']);
            if let Some(after) = trimmed.strip_prefix("###") {
                self.block(&std::mem::take(&mut block), title.take());
                let after = after.trim_start_matches('#').trim();
                title = (!after.is_empty()).then(|| after.to_owned());
            } else {
                block.push((at, trimmed));
            }
            at += line.len();
        }
        self.block(&block, title);
    }

    /// The lines between two separators.
    fn block(&mut self, rows: &[Row<'a>], title: Option<String>) {
        let mut head = Head { title, ..Head::default() };
        let mut rest = rows;
        while let Some(((start, line), after)) = rest.split_first() {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                rest = after;
            } else if let Some(comment) = comment(trimmed) {
                self.comment(comment, &mut head);
                rest = after;
            } else if let Some(definition) = trimmed.strip_prefix('@') {
                self.define(definition, *start, line);
                rest = after;
            } else if trimmed.starts_with("< {%") || trimmed.starts_with("<{%") {
                let length =
                    rest.iter().position(|(_, line)| line.contains("%}")).map_or(rest.len(), |at| at + 1);
                self.pending.push(Line::Lost("the script before the request".to_owned()));
                rest = &rest[length..];
            } else if trimmed.starts_with("< ")
                || trimmed.starts_with("import ")
                || trimmed.starts_with("run ")
            {
                self.pending.push(Line::Lost(format!("`{trimmed}`")));
                rest = after;
            } else {
                self.request(rest, head);
                return;
            }
        }
        if let Some(title) = head.title {
            self.pending.push(Line::Comment(title));
        }
    }

    /// `@name login`, `@timeout 5 s` and the like, or what somebody has to say.
    fn comment(&mut self, comment: &str, head: &mut Head) {
        let Some(tag) = comment.strip_prefix('@') else {
            if !comment.is_empty() {
                self.pending.push(Line::Comment(comment.to_owned()));
            }
            return;
        };
        let (name, value) =
            tag.split_once([' ', '=', '\t']).map_or((tag, ""), |(name, value)| (name, value.trim()));
        let value = value.trim_start_matches('=').trim();
        match name {
            "name" => head.name = Some(value.to_owned()),
            "no-redirect" => head.no_redirect = true,
            "no-cookie-jar" => head.no_cookies = true,
            "no-log" | "note" | "no-auto-encoding" => self.pending.push(Line::Comment(comment.to_owned())),
            "timeout" | "connection-timeout" => {
                let option = if name == "timeout" { "timeout" } else { "connect_timeout" };
                let words: Vec<&str> = value.split_whitespace().collect();
                let unit = words.get(1).copied().unwrap_or("s");
                match words.first().and_then(|amount| amount.parse::<u32>().ok()).filter(|amount| *amount > 0)
                {
                    Some(amount) if matches!(unit, "ms" | "s" | "m") => {
                        head.options.push((option, format!("{amount}{unit}")))
                    }
                    _ => self.pending.push(Line::Lost(format!("`@{tag}`"))),
                }
            }
            "prompt" => self
                .pending
                .push(Line::Comment(format!("`{tag}`: the editor asks for it, here it is an input"))),
            _ => self.pending.push(Line::Lost(format!("`@{tag}`"))),
        }
    }

    /// `name = value`
    fn define(&mut self, definition: &str, start: usize, line: &str) {
        let Some((name, value)) = definition.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
        else {
            self.errors.push(wrong(start, start + line.len(), "a variable is `@name = value`"));
            return;
        };
        if name.is_empty() || name.contains(char::is_whitespace) {
            self.errors.push(wrong(start, start + line.len(), "this is no name of a variable"));
            return;
        }
        let mut lines = Vec::new();
        let text = self.template(value, &mut lines);
        self.pending.append(&mut lines);
        if self.variables.has(name) {
            self.pending.push(Line::Lost(format!("another value of `{name}`")));
            return;
        }
        if text.as_plain().is_some() {
            let own = self.story.outside(name, Some(text));
            self.variables.define(name, own);
            return;
        }
        // What an answer gave is only known from there on.
        let of_response = text.0.iter().any(|piece| {
            matches!(piece, Piece::Value(value) if self.responses.values().any(|name| value.starts_with(&format!("{name}."))))
        });
        if of_response {
            let is_read = self.text.contains(&format!("{{{{{name}}}}}"));
            let own = self.variables.set(name, is_read, &mut self.story);
            let value = text.as_value().map_or_else(|| quote::line(&text), str::to_owned);
            self.pending.push(Line::Let(own, value));
        } else {
            let own = self.story.names.fresh(name);
            self.variables.define(name, own.clone());
            let text = super::body::hidden(name, &text, "file", &mut self.story);
            self.story.lets.push((own, text));
        }
    }

    fn template(&mut self, raw: &str, lines: &mut Vec<Line>) -> Text {
        let responses = &self.responses;
        self.variables.text(raw, &mut self.story, lines, |name| special::value(name, responses))
    }

    fn request(&mut self, rows: &[Row<'a>], head: Head) {
        let Some(((start, first), mut rest)) = rows.split_first() else { return };
        let mut lines = std::mem::take(&mut self.pending);
        let mut url = first.trim().to_owned();
        // A long URL goes on in lines that are indented, or that begin with its query.
        while let Some(((_, line), after)) = rest.split_first() {
            let trimmed = line.trim();
            let goes_on = !trimmed.is_empty()
                && (line.starts_with([' ', '\t']) || trimmed.starts_with(['?', '&']))
                && comment(trimmed).is_none();
            if !goes_on {
                break;
            }
            url.push_str(trimmed);
            rest = after;
        }
        let (method, url, version) = request_line(&url);
        let mut request = Request { method, ..Request::default() };
        if matches!(&*request.method, "GRPC" | "WEBSOCKET" | "RSOCKET") {
            lines.push(Line::Lost(format!("the request `{} {url}`, which is not HTTP", request.method)));
            self.pending = lines;
            return;
        }
        request.url = self.template(&url, &mut lines);
        if let Some(version) = version {
            match version {
                "HTTP/1.1" => request.set("version", Term::plain("1.1")),
                "HTTP/2" => request.set("version", Term::plain("2")),
                other => lines.push(Line::Lost(format!("`{other}`, a version that scn does not speak"))),
            }
        }
        let mut raw_headers: Vec<(String, Text)> = Vec::new();
        while let Some(((start, line), after)) = rest.split_first() {
            let trimmed = line.trim();
            if trimmed.is_empty() || begins_handler(trimmed) {
                break;
            }
            rest = after;
            if let Some(comment) = comment(trimmed) {
                lines.push(Line::Comment(comment.to_owned()));
            } else if let Some((name, value)) = trimmed.split_once(':') {
                let value = self.template(value.trim(), &mut lines);
                raw_headers.push((name.trim().to_owned(), value));
            } else {
                self.errors.push(wrong(
                    *start,
                    start + line.len(),
                    "this is no header: a header is `Name: value`",
                ));
            }
        }
        if url.starts_with('/') {
            match raw_headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("host")) {
                Some(at) => {
                    let (_, host) = raw_headers.remove(at);
                    let mut whole = Text::plain("http://");
                    whole.append(&host);
                    whole.append(&request.url);
                    request.url = whole;
                }
                None => {
                    let message = "this request has neither a whole URL nor a header `Host`";
                    let error = wrong(*start, start + first.len(), message);
                    self.errors.push(error.help("write `GET https://…`"));
                    return;
                }
            }
        } else if place::scheme(&request.url) == Some("other") {
            lines.push(Line::Lost(format!("the request to `{url}`, which is not HTTP")));
            self.pending = lines;
            return;
        } else if !place::is_whole(&request.url) {
            if url.contains(char::is_whitespace) || !url.contains(['.', ':', '/']) || url.contains("{{") {
                let error = wrong(*start, start + first.len(), "this is no request");
                self.errors.push(
                    error.help("a request is a line such as `GET https://…`, a comment begins with `#`"),
                );
                return;
            }
            let mut whole = Text::plain("http://");
            whole.append(&request.url);
            request.url = whole;
        }
        let title = head.title.or_else(|| head.name.clone());
        request.title = Some(title.unwrap_or_else(|| place::title(&request.method, &request.url)));
        request.before = lines;
        let mut is_graphql = request.method == "GRAPHQL";
        if is_graphql {
            request.method = "POST".to_owned();
        }
        for (name, value) in raw_headers {
            let is_plain =
                |word: &str| value.as_plain().is_some_and(|plain| plain.eq_ignore_ascii_case(word));
            if name.eq_ignore_ascii_case("x-request-type") && is_plain("GraphQL") {
                is_graphql = true;
            } else if name.eq_ignore_ascii_case("authorization") {
                authorization(&mut request, value, &mut self.story);
            } else {
                header::add(&mut request, &name, value, &mut self.story);
            }
        }
        if head.no_redirect {
            request.set("redirects", Term::Raw("0".to_owned()));
        }
        if head.no_cookies {
            request.set("cookies", Term::Raw("false".to_owned()));
        }
        for (option, value) in head.options {
            request.set(option, Term::Raw(value));
        }
        self.body(&mut request, rest, is_graphql);
        if let Some(name) = head.name.filter(|name| {
            self.text.contains(&format!("{{{{{name}.")) || self.text.contains(&format!("{{{{ {name}."))
        }) {
            let own = self.story.names.fresh(&name);
            self.responses.insert(name, own.clone());
            request.response = Some(own);
        }
        self.scenario.requests.push(request);
    }
}

/// `Basic user password` and `Basic user:password`, which both editors encode.
fn authorization(request: &mut Request, value: Text, story: &mut Story) {
    let words = |text: &Text| {
        text.split_where(|plain| plain.find([' ', '\t']).map(|at| (at, at + 1)))
            .map(|(first, rest)| (first, rest.trimmed()))
    };
    if let Some(credentials) = value.strip_word("Basic ").map(Text::trimmed)
        && let Some((user, password)) = words(&credentials).or_else(|| credentials.split_once(':'))
    {
        return header::basic(request, &user, &password, story);
    }
    for scheme in ["Digest ", "AWS "] {
        let computed = value.strip_word(scheme).map(Text::trimmed);
        // What is computed already has its parameters.
        if computed.is_some_and(|rest| words(&rest).is_some() && rest.split_once('=').is_none()) {
            let scheme = scheme.trim();
            return request
                .lose(format!("the credentials of the scheme `{scheme}`, which scn does not compute"));
        }
    }
    header::add(request, "Authorization", value, story);
}

/// What stands behind `#` or `//`.
fn comment(line: &str) -> Option<&str> {
    line.strip_prefix('#').or_else(|| line.strip_prefix("//")).map(str::trim)
}

/// `GET https://… HTTP/1.1` in its parts; without a method it is `GET`.
fn request_line(line: &str) -> (String, String, Option<&'static str>) {
    let (mut rest, mut version) = (line, None);
    for known in ["HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/2.0", "HTTP/3", "HTTP/2 (Prior Knowledge)"] {
        if let Some(before) = rest.strip_suffix(known).filter(|before| before.ends_with([' ', '\t'])) {
            version = Some(if known.starts_with("HTTP/2") { "HTTP/2" } else { known });
            rest = before.trim_end();
            break;
        }
    }
    match rest.split_once([' ', '\t']) {
        Some((method, url)) if method.bytes().all(|b| b.is_ascii_uppercase()) && !method.is_empty() => {
            (method.to_owned(), url.trim().to_owned(), version)
        }
        _ => ("GET".to_owned(), rest.to_owned(), version),
    }
}
