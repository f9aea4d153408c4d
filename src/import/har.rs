//! HTTP archives (HAR 1.2): what a browser or a proxy recorded.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Line, Request, Scenario, Story, Term, Text};
use super::{body, header, wrong};
use crate::contract::document::{self, Data, Node};
use crate::diag::{Code, Diagnostic};
use crate::lang::Registry;
use crate::source::SourceId;

/// Headers that follow from the client or the connection, and say nothing of the test.
const NOISE: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "user-agent",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "pragma",
    "upgrade-insecure-requests",
    "dnt",
    "te",
    "priority",
    "referer",
    "save-data",
    "proxy-connection",
];
/// Headers that ask for an answer only if something changed.
const CONDITIONS: &[&str] = &["if-none-match", "if-modified-since"];

/// Reads an archive.
pub(super) fn read(text: &str, title: &str, registry: &Registry) -> Result<Story, Vec<Diagnostic>> {
    let root = document::parse(SourceId::default(), text, true).map_err(|error| {
        let mut error = *error;
        error.code = Code::IMPORT;
        vec![error]
    })?;
    let mut reader = Reader {
        story: Story::new(registry),
        scenario: Scenario { title: title.to_owned(), ..Scenario::default() },
        given: BTreeSet::new(),
        errors: Vec::new(),
    };
    reader.archive(&root);
    let Reader { mut story, scenario, errors, .. } = reader;
    if !errors.is_empty() {
        return Err(errors);
    }
    story.scenarios.push(scenario);
    Ok(story)
}

struct Reader {
    story: Story,
    scenario: Scenario,
    /// The names of the cookies that answers gave so far.
    given: BTreeSet<String>,
    errors: Vec<Diagnostic>,
}

impl Reader {
    fn wrong(&mut self, node: &Node, message: impl Into<String>) {
        self.errors.push(wrong(node.span.start as usize, node.span.end as usize, message));
    }

    /// The part of an object, which must be there.
    fn part<'n>(&mut self, node: &'n Arc<Node>, name: &str) -> Option<&'n Arc<Node>> {
        let part = node.get(name);
        if part.is_none() {
            let message = match node.data {
                Data::Map(_) => format!("this object has no `{name}`, which an HTTP archive has here"),
                _ => format!("this is {}, and an HTTP archive has an object with `{name}` here", node.kind()),
            };
            self.wrong(node, message);
        }
        part
    }

    fn text(&mut self, node: &Arc<Node>, name: &str) -> Option<Arc<str>> {
        let part = self.part(node, name)?;
        match part.text() {
            Some(text) => Some(text.clone()),
            None => {
                let message = format!("`{name}` is {}, and must be a text", part.kind());
                self.wrong(part, message);
                None
            }
        }
    }

    fn archive(&mut self, root: &Arc<Node>) {
        let Some(log) = self.part(root, "log") else { return };
        let Some(entries) = self.part(log, "entries") else { return };
        if !matches!(entries.data, Data::List(_)) {
            let message = format!("`entries` is {}, and must be a list", entries.kind());
            return self.wrong(entries, message);
        }
        let maker = log.get("creator").and_then(|creator| creator.get("name")).and_then(|name| name.text());
        if let Some(maker) = maker {
            self.story.head.push(Line::Comment(format!("recorded by {maker}")));
        }
        self.story.head.push(Line::Lost(
            "times, caches and pages of the archive, and what its answers were besides status and content type".to_owned(),
        ));
        let mut before = Vec::new();
        for entry in entries.items() {
            self.entry(entry, &mut before);
        }
        self.scenario.after = before;
        if self.scenario.requests.is_empty() && self.errors.is_empty() {
            self.wrong(entries, "there is no request here that was answered");
        }
    }

    fn entry(&mut self, entry: &Arc<Node>, before: &mut Vec<Line>) {
        let asked = self.part(entry, "request");
        let (method, url) =
            asked.map_or((None, None), |asked| (self.text(asked, "method"), self.text(asked, "url")));
        let answer = self.part(entry, "response");
        let status = answer.and_then(|answer| self.part(answer, "status"));
        let (Some(asked), Some(method), Some(url), Some(answer), Some(status)) =
            (asked, method, url, answer, status)
        else {
            return;
        };
        let Some(status_code) = status.number().and_then(crate::value::Number::to_usize) else {
            let message = format!("`status` is {}, and must be a number", status.kind());
            return self.wrong(status, message);
        };
        let address = url.split(['?', '#']).next().unwrap_or_default();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let scheme: String = url.chars().take_while(|c| *c != ':').take(20).collect();
            before.push(Line::Lost(format!("a request of `{scheme}:`, which is not HTTP")));
            return;
        }
        if !(100..=599).contains(&status_code) {
            before.push(Line::Lost(format!("the request to `{address}`, which was not answered")));
            return;
        }
        if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) || &*method == "CONNECT" {
            before.push(Line::Lost(format!(
                "the request `{}`, whose method scn does not send",
                method.escape_debug()
            )));
            return;
        }
        let path = address.splitn(4, '/').nth(3).unwrap_or_default();
        let mut made = Request {
            title: Some(format!("{method} /{path}")),
            before: std::mem::take(before),
            method: method.to_string(),
            url: Text::plain(&*url),
            ..Request::default()
        };
        self.headers(asked, status_code, &mut made);
        self.body(asked, &mut made);
        made.after.push(Line::Expect(format!("status == {status_code}")));
        self.answer(answer, &mut made);
        self.scenario.requests.push(made);
    }

    fn headers(&mut self, asked: &Arc<Node>, status: usize, made: &mut Request) {
        let mut noise: Vec<String> = Vec::new();
        for (name, value) in pairs(asked.get("headers")) {
            let lower = name.to_ascii_lowercase();
            let is_noise = NOISE.contains(&&*lower)
                || lower.starts_with([':'])
                || lower.starts_with("sec-")
                || CONDITIONS.contains(&&*lower) && status != 304;
            if is_noise {
                noise.push(lower);
            } else if lower == "cookie" {
                self.cookies(&value, made);
            } else {
                header::add(made, &name, Text::plain(value), &mut self.story);
            }
        }
        if !noise.is_empty() {
            made.lose(format!("headers of the client: {}", noise.join(", ")));
        }
    }

    /// The cookies that no answer gave before: the others are kept and sent anyway.
    fn cookies(&mut self, value: &str, made: &mut Request) {
        let (known, own): (Vec<&str>, Vec<&str>) = value
            .split(';')
            .map(str::trim)
            .partition(|cookie| cookie.split_once('=').is_some_and(|(name, _)| self.given.contains(name)));
        if !known.is_empty() {
            let names: Vec<&str> = known.iter().filter_map(|cookie| cookie.split('=').next()).collect();
            made.before.push(Line::Comment(format!(
                "the cookies `{}` came with an answer above",
                names.join("`, `")
            )));
        }
        if !own.is_empty() {
            header::add(made, "Cookie", Text::plain(own.join("; ")), &mut self.story);
        }
    }

    fn body(&mut self, asked: &Arc<Node>, made: &mut Request) {
        let Some(data) = asked.get("postData").filter(|data| matches!(data.data, Data::Map(_))) else {
            return;
        };
        let kind = data.get("mimeType").and_then(|kind| kind.text()).filter(|kind| !kind.is_empty());
        if let Some(kind) = kind
            && made.header("content-type").is_none()
        {
            header::add(made, "Content-Type", Text::plain(&**kind), &mut self.story);
        }
        let text = data.get("text").and_then(|text| text.text()).filter(|text| !text.is_empty());
        if let Some(text) = text {
            body::set_text(made, &Text::plain(&**text), &mut self.story);
            return;
        }
        let fields: Vec<(String, Text)> =
            pairs(data.get("params")).into_iter().map(|(name, value)| (name, Text::plain(value))).collect();
        if fields.is_empty() {
            return;
        }
        let is_multipart = kind.is_some_and(|kind| body::media_type(kind) == "multipart/form-data");
        made.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        let fields = body::fields_of(fields, "form", &mut self.story);
        made.body = Some(Term::call(if is_multipart { "multipart" } else { "form" }, Term::Object(fields)));
        let files = data.get("params").map(|params| params.items()).unwrap_or_default();
        for file in files.iter().filter_map(|param| param.get("fileName")).filter_map(|name| name.text()) {
            made.lose(format!("that a part of the form is the file `{file}`"));
        }
    }

    fn answer(&mut self, answer: &Arc<Node>, made: &mut Request) {
        for (name, value) in pairs(answer.get("headers")) {
            if name.eq_ignore_ascii_case("set-cookie") {
                // Several stand below each other in one value.
                for cookie in value.lines() {
                    let pair = cookie.split(';').next().unwrap_or_default();
                    if let Some((name, _)) = pair.split_once('=') {
                        self.given.insert(name.trim().to_owned());
                    }
                }
            }
        }
        let kind =
            answer.get("content").and_then(|content| content.get("mimeType")).and_then(|kind| kind.text());
        let media = kind.map(|kind| body::media_type(kind)).unwrap_or_default();
        if media == "application/json" || media.ends_with("+json") {
            made.after
                .push(Line::Expect(format!("headers.content-type contains {}", super::quote::plain(&media))));
        }
    }
}

/// Names and values of a list of `{ name, value }`.
fn pairs(list: Option<&Arc<Node>>) -> Vec<(String, String)> {
    let items = list.map(|list| list.items()).unwrap_or_default();
    let text = |node: &Arc<Node>, name: &str| {
        node.get(name).and_then(|text| text.text()).map(|text| text.to_string())
    };
    items
        .iter()
        .filter_map(|item| Some((text(item, "name")?, text(item, "value").unwrap_or_default())))
        .collect()
}
