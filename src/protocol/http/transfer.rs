//! One exchange on the wire: sends, follows redirects, reads the body within its limits.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body as _, Frame};
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use tokio::time::Instant;

use super::super::tls::TlsMaterial;
use super::super::{ErrorKind, Misuse, Parts, Session};
use super::client::{Clients, Way};
use super::fault::Fault;
use super::options::{Header, Options, basic};
use super::payload::Payload;
use super::phases::Phases;
use super::target::Target;
use super::text::header_text;
use crate::value::Value;

/// What a scenario's requests share.
#[derive(Debug, Default)]
pub(super) struct State {
    jar: Jar,
    /// Whether anything was put into the jar.
    has_cookies: AtomicBool,
    spans: AtomicU64,
}

impl State {
    /// Takes over the cookies that an answer set.
    pub(super) fn keep_cookies(&self, headers: &HeaderMap, url: &url::Url) {
        if headers.contains_key(header::SET_COOKIE) {
            self.jar.set_cookies(&mut headers.get_all(header::SET_COOKIE).iter(), url);
            self.has_cookies.store(true, Ordering::Release);
        }
    }

    /// The cookies for an address.
    fn cookies(&self, url: &url::Url) -> Option<HeaderValue> {
        if self.has_cookies.load(Ordering::Acquire) { self.jar.cookies(url) } else { None }
    }
}

/// Sends the requests of one call.
pub(super) struct Transfer<'a> {
    pub(super) clients: &'a Clients,
    pub(super) session: &'a Session,
    pub(super) state: Arc<State>,
    pub(super) options: &'a Options,
    pub(super) material: TlsMaterial,
    pub(super) payload: &'a Payload,
    /// See [`super::super::Call::span`].
    pub(super) span: Option<u64>,
    /// How many requests it made.
    pub(super) sent: AtomicU64,
    /// The host that credentials belong to; nobody asks where no redirect is followed.
    pub(super) origin: Option<url::Origin>,
    /// See [`super::super::Call::reads`].
    pub(super) reads: Parts,
    /// What to accept unless the options say otherwise.
    pub(super) accept: &'static str,
}

/// What was sent last, and what came of it.
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) headers: Vec<Header>,
    /// Whether a redirect took the body away.
    pub(super) bodiless: bool,
    /// The name it was spoken to by, and the host whose address that has.
    pub(super) alias: Option<(String, String)>,
    /// The redirects that were followed.
    pub(super) hops: Vec<Value>,
    pub(super) phases: Arc<Phases>,
    /// When the first request was sent.
    pub(super) began: Instant,
    /// When the call must be over.
    pub(super) deadline: Instant,
    pub(super) head: Option<Head>,
    pub(super) fault: Option<Fault>,
}

/// A response without its body.
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) reason: String,
    pub(super) version: &'static str,
    pub(super) headers: HeaderMap,
    pub(super) cookies: Vec<(String, Value)>,
    pub(super) body: reqwest::Body,
    /// The connection, once it has switched protocols.
    pub(super) upgrade: Option<hyper::upgrade::OnUpgrade>,
}

impl Head {
    /// Whether the body ends with the connection and nothing else says how long it is (RFC 9112 §6.3,
    /// rule 8).
    pub(super) fn is_until_closed(&self) -> bool {
        let is_framed = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
            .iter()
            .any(|name| self.headers.contains_key(name));
        self.version.starts_with('1') && !is_framed
    }
}

/// A body as far as it came.
#[derive(Default)]
pub(super) struct Received {
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) fault: Option<Fault>,
}

impl Transfer<'_> {
    /// Sends a request and follows its redirects, until the headers of a response have come.
    pub(super) async fn send(&self, method: Method, target: Target) -> Result<Sent, Misuse> {
        let mut sent = Sent::new(self.options, method, target);
        let mut seen = BTreeSet::new();
        loop {
            seen.insert(sent.target.url.clone());
            let hop_began = Instant::now();
            self.send_once(&mut sent).await?;
            let Some(head) = &sent.head else { return Ok(sent) };
            let Some(location) = self.location(head) else { return Ok(sent) };
            let Some(next) = sent.target.follow(&location) else {
                let message = format!(
                    "`{}` redirects to `{}`, which is no HTTP URL",
                    sent.target.shown,
                    self.session.redactor.mask(&location)
                );
                sent.fault = Some(Fault::new(ErrorKind::Protocol, message));
                return Ok(sent);
            };
            if sent.hops.len() == self.options.redirects {
                sent.fault = Some(self.too_many(&sent, &next, seen.contains(&next.url)));
                return Ok(sent);
            }
            sent.hops.push(Value::object([
                ("status", Value::int(head.status.as_u16())),
                ("url", Value::text_with(sent.target.url.as_str(), sent.target.secret)),
                ("location", Value::text(location)),
                ("latency", Value::duration(hop_began.elapsed())),
            ]));
            // RFC 9110 §15.4: 303 turns into GET, and so do 301 and 302 after POST, as all clients do.
            let becomes_get = match head.status.as_u16() {
                303 => sent.method != Method::HEAD,
                301 | 302 => sent.method == Method::POST,
                _ => false,
            };
            if becomes_get {
                sent.method = Method::GET;
                sent.bodiless = true;
            }
            sent.target = next;
            sent.head = None;
        }
    }

    fn location(&self, head: &Head) -> Option<String> {
        let redirects =
            matches!(head.status.as_u16(), 301 | 302 | 303 | 307 | 308) && self.options.redirects > 0;
        let location = head.headers.get(header::LOCATION).filter(|_| redirects)?;
        Some(header_text(location.as_bytes()))
    }

    fn too_many(&self, sent: &Sent, next: &Target, circle: bool) -> Fault {
        let count = self.options.redirects;
        let next = self.session.redactor.mask(&next.shown).into_owned();
        let message = if circle {
            format!(
                "the redirects lead in a circle: after {count} of them `{}` leads back to `{next}`",
                sent.target.shown
            )
        } else {
            format!(
                "`{}` redirects once more, to `{next}`, after the {count} that the option `redirects` allows",
                sent.target.shown
            )
        };
        Fault::new(ErrorKind::Protocol, message)
    }

    async fn send_once(&self, sent: &mut Sent) -> Result<(), Misuse> {
        sent.headers = self.headers(sent);
        let (client, request) = self.request(sent).await?;
        // Time counts from here: making a client and opening a file are not the service's doing.
        sent.phases = Phases::start(self.options.connect_timeout);
        if sent.hops.is_empty() {
            sent.began = Instant::now();
            sent.deadline = sent.began + self.options.timeout;
        }
        let phases = sent.phases.clone();
        let shown = sent.target.shown.clone();
        let outcome = tokio::select! {
            biased;
            () = self.session.cancel.cancelled() => Err(Fault::cancelled(&shown)),
            response = phases.scope(async { client.execute(request).await }) => {
                response.map_err(|error| Fault::of_request(&error.without_url(), &shown))
            }
            () = tokio::time::sleep_until(sent.deadline) => {
                Err(Fault::timeout(&shown, self.options.timeout, phases.word()))
            }
        };
        match outcome {
            Ok(response) => {
                phases.head();
                if self.options.cookies {
                    self.state.keep_cookies(response.headers(), &sent.target.url);
                }
                sent.head = Some(Head::of(response));
            }
            Err(fault) => {
                phases.end();
                sent.fault = Some(fault);
            }
        }
        Ok(())
    }

    async fn request(&self, sent: &mut Sent) -> Result<(reqwest::Client, reqwest::Request), Misuse> {
        let mut url = sent.target.url.clone();
        sent.alias = None;
        let secure = sent.target.is_secure();
        if let (Some(name), true, Some(host)) =
            (&self.options.tls.server_name, secure && self.is_home(&url), sent.target.url.host_str())
        {
            url.set_host(Some(name)).map_err(|_| {
                Misuse::option("tls", format!("`server_name` cannot be `{name}`, which is no host name"))
            })?;
            sent.alias = Some((name.clone(), host.to_owned()));
        }
        let tls = secure.then(|| self.material.clone());
        let client =
            self.clients.get(Way { version: self.options.version, tls, alias: sent.alias.clone() })?;
        let mut headers = HeaderMap::new();
        for header in &sent.headers {
            headers.append(header.name.clone(), header.value.clone());
        }
        let request = client.request(sent.method.clone(), url).headers(headers);
        let request = if sent.bodiless { request } else { self.payload.attach(request).await? };
        let request = request
            .build()
            .map_err(|error| Misuse::new(format!("the request cannot be built: {}", error.without_url())))?;
        Ok((client, request))
    }

    /// The headers in the order in which they are sent: the client's own first, then those of the
    /// options. Credentials and secrets go to the first host only.
    pub(super) fn headers(&self, sent: &Sent) -> Vec<Header> {
        let mut headers = Vec::new();
        let mut add = |name: HeaderName, value: Result<HeaderValue, _>, secret: bool| {
            if let Ok(value) = value
                && !self.options.has(&name)
            {
                headers.push(Header { name, value, secret });
            }
        };
        let at_home = sent.hops.is_empty() || self.is_home(&sent.target.url);
        let agent = HeaderValue::from_static(concat!("scn/", env!("CARGO_PKG_VERSION")));
        add(header::USER_AGENT, Ok(agent), false);
        let accept = HeaderValue::from_static(self.payload.accept.unwrap_or(self.accept));
        add(header::ACCEPT, Ok(accept), false);
        if let Some(codings) = &self.options.compression {
            add(header::ACCEPT_ENCODING, HeaderValue::try_from(codings), false);
        }
        if let Some(kind) = self.payload.content_type.as_ref().filter(|_| !sent.bodiless) {
            add(header::CONTENT_TYPE, HeaderValue::try_from(kind), false);
        }
        if let Some(parent) = self.trace_parent() {
            add(HeaderName::from_static("traceparent"), HeaderValue::try_from(parent), false);
        }
        if let Some((user, password)) = &sent.target.credentials
            && let Some(auth) = basic(user, password)
        {
            add(auth.name, Ok(auth.value), true);
        }
        let body_headers = [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LANGUAGE];
        let own = self.options.headers.iter().filter(|header| {
            (at_home || !header.secret) && !(sent.bodiless && body_headers.contains(&header.name))
        });
        headers.extend(own.cloned());
        let keeps = self.options.cookies && !self.options.without.contains(&header::COOKIE);
        if let Some(jar) = self.state.cookies(&sent.target.url).filter(|_| keeps) {
            match with_jar(&headers, jar.as_bytes()) {
                None => headers.push(Header { name: header::COOKIE, value: jar, secret: true }),
                Some((at, value)) => {
                    headers[at] = Header { name: header::COOKIE, value, secret: true };
                }
            }
        }
        headers
    }

    /// Whether an address is at the host that credentials belong to.
    fn is_home(&self, url: &url::Url) -> bool {
        self.origin.as_ref() == Some(&url.origin())
    }

    /// `traceparent` (W3C Trace Context §3.2): the scenario's trace, and a span of its own for each
    /// request, page and redirect, so that a repeated run sends the same.
    fn trace_parent(&self) -> Option<String> {
        let trace = &self.session.trace_id;
        let valid = trace.len() == 32
            && trace.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && trace.bytes().any(|byte| byte != b'0');
        if !self.options.trace || !valid {
            return None;
        }
        let count = match self.span {
            Some(span) => span.wrapping_add(self.sent.fetch_add(1, Ordering::Relaxed)),
            None => self.state.spans.fetch_add(1, Ordering::Relaxed),
        };
        Some(format!("00-{trace}-{:016x}-01", span_id(trace, count)))
    }

    /// Reads the body to its end, at most `limit` bytes of it.
    pub(super) async fn receive(&self, sent: &Sent, body: reqwest::Body, length: Option<usize>) -> Received {
        let mut body = body;
        let mut received = Received::default();
        let mut first = Bytes::new();
        // Only a body in several pieces is copied together.
        let mut rest = BytesMut::new();
        loop {
            let frame = tokio::select! {
                biased;
                () = self.session.cancel.cancelled() => {
                    received.fault = Some(Fault::cancelled(&sent.target.shown));
                    break;
                }
                frame = next_frame(&mut body) => frame,
                () = tokio::time::sleep_until(sent.deadline) => {
                    let fault = Fault::timeout(&sent.target.shown, self.options.timeout, sent.phases.word());
                    received.fault = Some(fault);
                    break;
                }
            };
            let so_far = first.len().max(rest.len());
            let frame = match frame {
                None => break,
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    received.fault = Some(Fault::of_body(&error.without_url(), &sent.target.shown, so_far));
                    break;
                }
            };
            match frame.into_data() {
                Ok(data) => {
                    let left = self.options.limit - so_far;
                    let too_large = data.len() > left;
                    let data = if too_large { data.slice(..left) } else { data };
                    if so_far == 0 {
                        first = data;
                    } else {
                        if rest.is_empty() {
                            let expected = length.unwrap_or(0).min(self.options.limit);
                            rest.reserve(expected.max(2 * first.len()));
                            rest.extend_from_slice(&first);
                        }
                        rest.extend_from_slice(&data);
                    }
                    if too_large {
                        received.fault = Some(too_large_fault(&sent.target.shown, self.options.limit));
                        break;
                    }
                }
                Err(frame) => received.trailers = frame.into_trailers().ok(),
            }
        }
        sent.phases.end();
        received.body = if rest.is_empty() { first } else { rest.freeze() };
        received
    }
}

/// The first header `Cookie` among those that are written out, where it stands, with the cookies of the
/// jar behind its own: a client sends all in one (RFC 6265 §5.4). A name that is written out keeps its value.
fn with_jar(own: &[Header], jar: &[u8]) -> Option<(usize, HeaderValue)> {
    let is_cookie = |header: &&Header| header.name == header::COOKIE;
    let at = own.iter().position(|header| is_cookie(&header))?;
    let pairs = |cookies: &[u8]| -> Vec<Vec<u8>> {
        let pairs = cookies.split(|byte| *byte == b';').map(|pair| pair.trim_ascii().to_vec());
        pairs.filter(|pair| !pair.is_empty()).collect()
    };
    let name = |pair: &[u8]| pair.split(|byte| *byte == b'=').next().unwrap_or_default().to_vec();
    let said: BTreeSet<Vec<u8>> = own
        .iter()
        .filter(is_cookie)
        .flat_map(|header| pairs(header.value.as_bytes()))
        .map(|pair| name(&pair))
        .collect();
    let mut value = own[at].value.as_bytes().to_vec();
    for pair in pairs(jar).into_iter().filter(|pair| !said.contains(&name(pair))) {
        if !value.is_empty() {
            value.extend_from_slice(b"; ");
        }
        value.extend(pair);
    }
    // Parts of two values make a value.
    HeaderValue::from_bytes(&value).ok().map(|value| (at, value))
}

/// The next piece of a body; `None` at its end.
pub(super) async fn next_frame(body: &mut reqwest::Body) -> Option<Result<Frame<Bytes>, reqwest::Error>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

/// The body is over the limit.
pub(super) fn too_large_fault(url: &str, limit: usize) -> Fault {
    Fault::new(
        ErrorKind::Protocol,
        format!("the body of `{url}` is larger than the limit of {limit} bytes: set `limit` to read more"),
    )
}

impl Sent {
    /// Nothing is sent yet.
    pub(super) fn new(options: &Options, method: Method, target: Target) -> Sent {
        let began = Instant::now();
        Sent {
            method,
            target,
            headers: Vec::new(),
            bodiless: false,
            hops: Vec::new(),
            alias: None,
            phases: Phases::start(options.connect_timeout),
            began,
            deadline: began + options.timeout,
            head: None,
            fault: None,
        }
    }
}

impl Head {
    pub(super) fn of(response: reqwest::Response) -> Head {
        let cookies = cookies(&response);
        let (parts, body) = http_parts(response);
        Head::new(parts, body, cookies)
    }

    /// Of an answer that came another way.
    pub(super) fn of_parts(parts: ::http::response::Parts) -> Head {
        let cookies = if parts.headers.contains_key(header::SET_COOKIE) {
            let mut alike = ::http::Response::new(Bytes::new());
            alike.headers_mut().clone_from(&parts.headers);
            cookies(&reqwest::Response::from(alike))
        } else {
            Vec::new()
        };
        Head::new(parts, reqwest::Body::default(), cookies)
    }

    fn new(mut parts: ::http::response::Parts, body: reqwest::Body, cookies: Vec<(String, Value)>) -> Head {
        let upgrade = parts.extensions.remove::<hyper::upgrade::OnUpgrade>();
        let reason =
            parts.extensions.get::<hyper::ext::ReasonPhrase>().map(|reason| header_text(reason.as_bytes()));
        let canonical = parts.status.canonical_reason().unwrap_or_default();
        Head {
            status: parts.status,
            reason: reason.unwrap_or_else(|| canonical.to_owned()),
            version: match parts.version {
                ::http::Version::HTTP_2 => "2",
                ::http::Version::HTTP_10 => "1.0",
                _ => "1.1",
            },
            headers: parts.headers,
            cookies,
            body,
            upgrade,
        }
    }

    /// `201 Created`
    pub(super) fn status_line(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.reason).trim_end().to_owned()
    }
}

/// The cookies that an answer sets, by name.
fn cookies(response: &reqwest::Response) -> Vec<(String, Value)> {
    response
        .cookies()
        .map(|cookie| {
            let mut fields = vec![("value", Value::text(cookie.value()))];
            fields.extend(cookie.path().map(|path| ("path", Value::text(path))));
            fields.extend(cookie.domain().map(|domain| ("domain", Value::text(domain))));
            fields.push(("secure", Value::Bool(cookie.secure())));
            fields.push(("http_only", Value::Bool(cookie.http_only())));
            let same_site = match (cookie.same_site_strict(), cookie.same_site_lax()) {
                (true, _) => Some("strict"),
                (_, true) => Some("lax"),
                _ => None,
            };
            fields.extend(same_site.map(|site| ("same_site", Value::text(site))));
            fields.extend(cookie.max_age().map(|age| ("max_age", Value::duration(age))));
            (cookie.name().to_owned(), Value::object(fields))
        })
        .collect()
}

fn http_parts(response: reqwest::Response) -> (::http::response::Parts, reqwest::Body) {
    ::http::Response::<reqwest::Body>::from(response).into_parts()
}

/// FNV-1a (draft-eastlake-fnv) of the trace and the count; never zero, which would be invalid.
fn span_id(trace: &str, count: u64) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in trace.bytes().chain(count.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash.max(1)
}

/// How long since the first request was sent.
pub(super) fn since(sent: &Sent) -> Duration {
    sent.began.elapsed()
}
