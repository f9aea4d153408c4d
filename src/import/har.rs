//! HTTP archives (HAR 1.2): what a browser or a proxy recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;

use super::model::{Line, Request, Scenario, Story, Term, Text};
use super::{body, header, quote, wrong};
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
        given: BTreeMap::new(),
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
    /// The cookies that answers gave so far, by their domains and names.
    given: BTreeMap<(String, String), Given>,
    errors: Vec<Diagnostic>,
}

/// A cookie that an answer gave.
struct Given {
    value: String,
    /// Whether it goes to the hosts below its domain, too (RFC 6265 §5.1.3).
    is_wide: bool,
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

    /// The part of an object that need not be there; an empty one is as good as none.
    fn part_if<'n>(
        &mut self,
        node: &'n Arc<Node>,
        name: &str,
        what: &str,
        is_right: impl Fn(&Data) -> bool,
    ) -> Option<&'n Arc<Node>> {
        let part = node.get(name).filter(|part| !matches!(part.data, Data::Null))?;
        if is_right(&part.data) {
            return Some(part);
        }
        let message = format!("`{name}` is {}, and must be {what}", part.kind());
        self.wrong(part, message);
        None
    }

    fn object_if<'n>(&mut self, node: &'n Arc<Node>, name: &str) -> Option<&'n Arc<Node>> {
        self.part_if(node, name, "an object", |data| matches!(data, Data::Map(_)))
    }

    fn text_if(&mut self, node: &Arc<Node>, name: &str) -> Option<Arc<str>> {
        self.part_if(node, name, "a text", |data| matches!(data, Data::Text(_)))?.text().cloned()
    }

    fn list_if<'n>(&mut self, node: &'n Arc<Node>, name: &str) -> &'n [Arc<Node>] {
        let list = self.part_if(node, name, "a list", |data| matches!(data, Data::List(_)));
        list.map(|list| list.items()).unwrap_or_default()
    }

    /// Names and values of a list of `{ name, value }`.
    fn pairs(&mut self, node: &Arc<Node>, name: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for item in self.list_if(node, name) {
            let value = self.text_if(item, "value").map(|value| value.to_string()).unwrap_or_default();
            pairs.extend(self.text(item, "name").map(|name| (name.to_string(), value)));
        }
        pairs
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
            let shown = status.number().map_or_else(|| status.kind().to_owned(), ToString::to_string);
            return self.wrong(status, format!("`status` is {shown}, and must be a whole number"));
        };
        let address = url.split(['?', '#']).next().unwrap_or_default();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let scheme: String = url.chars().take_while(|c| *c != ':').take(20).collect();
            before.push(Line::Lost(format!("a request of `{scheme}:`, which is not HTTP")));
            return;
        }
        let host = ::url::Url::parse(&url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let Some(host) = host else {
            let place = asked.get("url").unwrap_or(asked);
            return self.wrong(place, "this is no URL that a request can be sent to");
        };
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
        self.headers(asked, status_code, &host, &mut made);
        self.body(asked, &mut made);
        made.after.push(Line::Expect(format!("status == {status_code}")));
        self.answer(answer, &host, &mut made);
        self.scenario.requests.push(made);
    }

    fn headers(&mut self, asked: &Arc<Node>, status: usize, host: &str, made: &mut Request) {
        let mut noise: Vec<String> = Vec::new();
        for (name, value) in self.pairs(asked, "headers") {
            let lower = name.to_ascii_lowercase();
            let is_noise = NOISE.contains(&&*lower)
                || lower.starts_with([':'])
                || lower.starts_with("sec-")
                || CONDITIONS.contains(&&*lower) && status != 304;
            if is_noise {
                noise.push(lower);
            } else if lower == "cookie" {
                self.cookies(&value, host, made);
            } else {
                header::add(made, &name, Text::plain(value), &mut self.story);
            }
        }
        if !noise.is_empty() {
            made.lose(format!("headers of the client: {}", noise.join(", ")));
        }
    }

    /// Whether the host would be sent this cookie, since an answer gave it: another value was made up
    /// by the page itself.
    fn is_given(&self, host: &str, cookie: &str) -> bool {
        let Some((name, value)) = cookie.split_once('=') else { return false };
        let mut domain = Some(host);
        while let Some(known) = domain {
            let given = self.given.get(&(known.to_owned(), name.to_owned()));
            if given.is_some_and(|given| given.value == value && (given.is_wide || known == host)) {
                return true;
            }
            domain = known.split_once('.').map(|(_, parent)| parent);
        }
        false
    }

    /// The cookies that no answer gave before: the others are kept and sent anyway.
    fn cookies(&mut self, value: &str, host: &str, made: &mut Request) {
        let (known, own): (Vec<&str>, Vec<&str>) =
            value.split(';').map(str::trim).partition(|cookie| self.is_given(host, cookie));
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
        let size = size(asked);
        let Some(data) = self.object_if(asked, "postData") else {
            if size.is_some_and(|size| size > 0) {
                lose_body(made, size);
            }
            return;
        };
        let kind = self.text_if(data, "mimeType").filter(|kind| !kind.is_empty());
        if let Some(kind) = &kind
            && made.header("content-type").is_none()
        {
            header::add(made, "Content-Type", Text::plain(&**kind), &mut self.story);
        }
        let text = self.text_if(data, "text");
        if let Some(text) = text.as_ref().filter(|text| !text.is_empty()) {
            return self.text_body(data, text, made);
        }
        let fields: Vec<(String, Text)> =
            self.pairs(data, "params").into_iter().map(|(name, value)| (name, Text::plain(value))).collect();
        if fields.is_empty() {
            // Without a size, a text that is there and empty is what was sent.
            if size.map_or(text.is_none(), |size| size > 0) {
                lose_body(made, size);
            }
            return;
        }
        let is_multipart = kind.is_some_and(|kind| body::media_type(&kind) == "multipart/form-data");
        made.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
        let fields = body::fields_of(fields, "form", &mut self.story);
        made.body = Some(Term::call(if is_multipart { "multipart" } else { "form" }, Term::Object(fields)));
        for param in self.list_if(data, "params") {
            if let Some(file) = self.text_if(param, "fileName") {
                made.lose(format!("that a part of the form is the file `{file}`"));
            }
        }
    }

    /// A body that the archive has as text, or in base64.
    fn text_body(&mut self, data: &Arc<Node>, text: &Arc<str>, made: &mut Request) {
        match self.text_if(data, "encoding").as_deref() {
            None | Some("") => body::set_text(made, &Text::plain(&**text), &mut self.story),
            Some("base64") => {
                let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text.trim()) else {
                    let place = data.get("text").unwrap_or(data);
                    return self.wrong(place, "`encoding` says that this is base64, and it is not");
                };
                if let Ok(text) = String::from_utf8(bytes) {
                    return body::set_text(made, &Text::plain(text), &mut self.story);
                }
                if made.header("content-type").is_none() {
                    made.headers.push(("Content-Type".to_owned(), Term::Raw("absent".to_owned())));
                }
                let bytes = format!("unbase64({})", quote::plain(text.trim()));
                made.body = Some(Term::call("bytes", Term::Raw(bytes)));
            }
            Some(encoding) => made.lose(format!("the body, whose encoding is `{encoding}`")),
        }
    }

    fn answer(&mut self, answer: &Arc<Node>, host: &str, made: &mut Request) {
        for (name, value) in self.pairs(answer, "headers") {
            if name.eq_ignore_ascii_case("set-cookie") {
                // Several stand below each other in one value.
                for cookie in value.lines() {
                    self.keep(cookie, host);
                }
            }
        }
        let content = self.object_if(answer, "content");
        let kind = content.and_then(|content| self.text_if(content, "mimeType"));
        let media = kind.map(|kind| body::media_type(&kind)).unwrap_or_default();
        if media == "application/json" || media.ends_with("+json") {
            made.after.push(Line::Expect(format!("headers.content-type contains {}", quote::plain(&media))));
        }
    }

    /// Keeps a cookie as the value of `Set-Cookie` gives it.
    fn keep(&mut self, cookie: &str, host: &str) {
        let mut parts = cookie.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let domain = parts
            .filter_map(|part| part.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("domain"))
            .map(|(_, domain)| domain.trim().trim_start_matches('.').to_ascii_lowercase())
            .filter(|domain| !domain.is_empty());
        let given = Given { value: value.trim().to_owned(), is_wide: domain.is_some() };
        let domain = domain.unwrap_or_else(|| host.to_owned());
        self.given.insert((domain, name.trim().to_owned()), given);
    }
}

fn lose_body(made: &mut Request, size: Option<usize>) {
    let size = size.map(|size| format!(" of {size} bytes")).unwrap_or_default();
    made.lose(format!("the body{size}, which the archive does not have"));
}

/// How many bytes the body had, as far as the archive says.
fn size(asked: &Node) -> Option<usize> {
    let text = |header: &Arc<Node>, name: &str| header.get(name)?.text().cloned();
    let said = asked.get("bodySize").and_then(|size| size.number()).and_then(|size| size.to_usize());
    let headers = asked.get("headers").map(|headers| headers.items()).unwrap_or_default();
    let length = headers
        .iter()
        .filter(|header| text(header, "name").is_some_and(|name| name.eq_ignore_ascii_case("content-length")))
        .find_map(|header| text(header, "value")?.trim().parse().ok());
    said.filter(|size| *size > 0).or(length).or(said)
}
