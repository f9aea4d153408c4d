//! The options of a request, read and checked. An unknown or ill-typed one is a misuse that names it.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use reqwest::header::{self, HeaderName, HeaderValue};

use super::super::tls::TlsOptions;
use super::super::{Call, Misuse, Session, credentials};
use super::client::Version;
use super::specs::option_names;
use crate::diag::did_you_mean;
use crate::value::words::a_kind;
use crate::value::{Object, Value};

const TIMEOUT: Duration = Duration::from_secs(30);
const LIMIT: usize = 16 * 1024 * 1024;
const CODINGS: &str = "gzip, br, zstd, deflate";

/// A header to send.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
    /// Whether reports must mask it.
    pub(super) secret: bool,
}

/// The options of one request.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) headers: Vec<Header>,
    /// Defaults that must not be sent.
    pub(super) without: Vec<HeaderName>,
    /// Name, value, and whether the value is secret.
    pub(super) query: Vec<(String, String, bool)>,
    pub(super) timeout: Duration,
    pub(super) connect_timeout: Option<Duration>,
    pub(super) redirects: usize,
    pub(super) version: Version,
    pub(super) tls: TlsOptions,
    /// Where the files of `tls` start from.
    pub(super) tls_dir: PathBuf,
    pub(super) cookies: bool,
    /// What to send as `accept-encoding`.
    pub(super) compression: Option<String>,
    pub(super) limit: usize,
    /// The relation to follow.
    pub(super) pages: Option<String>,
    pub(super) trace: bool,
    pub(super) method: Option<String>,
    pub(super) websocket: bool,
    pub(super) subprotocols: Vec<String>,
}

impl Options {
    pub(super) fn read(call: &Call, session: &Session) -> Result<Options, Misuse> {
        let mut options = Options {
            headers: Vec::new(),
            without: Vec::new(),
            query: Vec::new(),
            timeout: TIMEOUT,
            connect_timeout: None,
            redirects: 0,
            version: Version::Negotiated,
            tls: TlsOptions::default(),
            tls_dir: call
                .endpoint
                .as_ref()
                .map_or_else(|| session.dir.clone(), |endpoint| endpoint.dir.clone()),
            cookies: true,
            compression: None,
            limit: LIMIT,
            pages: None,
            trace: true,
            method: None,
            websocket: false,
            subprotocols: Vec::new(),
        };
        let mut auth = None;
        for (name, value) in &call.options {
            // An option that is absent is one that is not given: `{ timeout: input.timeout }`.
            if matches!(value, Value::Absent) {
                continue;
            }
            if &**name == "auth" {
                auth = Some(read_auth(value)?);
            } else {
                options.set(name, value)?;
            }
        }
        // A header that is written out wins over the credentials of the service.
        if let Some(auth) = auth.filter(|_| !options.has(&header::AUTHORIZATION)) {
            options.headers.push(auth);
        }
        Ok(options)
    }

    /// Whether a header is set, or left out on purpose.
    pub(super) fn has(&self, name: &HeaderName) -> bool {
        self.headers.iter().any(|header| header.name == *name) || self.without.contains(name)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Misuse> {
        match name {
            "headers" => self.set_headers(object(name, value)?)?,
            "query" => {
                self.query = pairs("query", object(name, value)?).map_err(|e| Misuse::option("query", e))?
            }
            "timeout" => self.timeout = duration(name, value)?,
            "connect_timeout" => self.connect_timeout = Some(duration(name, value)?),
            "redirects" => self.redirects = count(name, value)?,
            "version" => self.version = version(value)?,
            "tls" => self.tls = read_tls(object(name, value)?)?,
            "cookies" => self.cookies = boolean(name, value)?,
            "compression" => {
                self.compression = match value {
                    Value::Bool(on) => on.then(|| CODINGS.to_owned()),
                    Value::Text(codings) => Some(codings.text.to_string()),
                    other => {
                        return Err(ill_typed(name, "`true`, `false` or text such as `\"gzip\"`", other));
                    }
                }
            }
            "limit" => self.limit = count(name, value)?,
            "contract" => {
                if value.as_text() != Some("ignore") {
                    return Err(ill_typed(name, "`ignore`", value));
                }
            }
            "pages" => self.pages = Some(read_pages(value)?),
            "trace" => self.trace = boolean(name, value)?,
            "method" => self.method = Some(text(name, value)?),
            "websocket" => self.websocket = boolean(name, value)?,
            "subprotocols" => self.subprotocols = subprotocols(value)?,
            "code" | "reason" => {
                return Err(Misuse::option(name, format!("`{name}` is said by `close` of a WebSocket")));
            }
            _ => {
                let misuse = Misuse::option(name, format!("`http` has no option `{name}`"));
                return Err(match did_you_mean(name, option_names()) {
                    Some(advice) => misuse.help(advice),
                    None => misuse.help("`scn explain http` lists its options"),
                });
            }
        }
        Ok(())
    }

    fn set_headers(&mut self, fields: &Object) -> Result<(), Misuse> {
        for (name, value) in fields {
            let parsed = header_name(name)?;
            match value {
                Value::Absent if parsed == header::ACCEPT => {
                    return Err(Misuse::option("headers", "`accept` is always sent")
                        .help("it is `*/*` unless you set another"));
                }
                Value::Absent => self.without.push(parsed),
                Value::List(values) => {
                    for value in values.iter() {
                        self.headers.push(read_header(&parsed, value)?);
                    }
                }
                value => self.headers.push(read_header(&parsed, value)?),
            }
        }
        Ok(())
    }
}

/// The headers of a response, by name; one that is absent is left out.
pub(super) fn read_headers(fields: &Object) -> Result<Vec<Header>, Misuse> {
    let mut headers = Vec::new();
    for (name, value) in fields.iter().filter(|(_, value)| !matches!(value, Value::Absent)) {
        let parsed = header_name(name)?;
        for value in value.as_list().unwrap_or(std::slice::from_ref(value)) {
            headers.push(read_header(&parsed, value)?);
        }
    }
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, Misuse> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
        Misuse::option("headers", format!("`{}` cannot be the name of a header", name.escape_debug()))
            .help("header names have letters, digits and `-` (RFC 9110 §5.6.2)")
    })?;
    if parsed == header::CONTENT_LENGTH || parsed == header::TRANSFER_ENCODING {
        return Err(Misuse::option("headers", format!("`{parsed}` follows from the body and cannot be set"))
            .help("to send broken HTTP, run a tool that does with `exec`"));
    }
    Ok(parsed)
}

fn read_header(name: &HeaderName, value: &Value) -> Result<Header, Misuse> {
    let text = scalar(value)
        .ok_or_else(|| Misuse::option("headers", format!("`{name}` must be text, not {}", a_kind(value))))?;
    let secret = value.is_secret() || is_private(name);
    let value = HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        Misuse::option(
            "headers",
            format!("the value of `{name}` has a line break or another control character"),
        )
    })?;
    Ok(Header { name: name.clone(), value, secret })
}

/// Headers whose values are never shown.
pub(crate) fn is_private(name: &HeaderName) -> bool {
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE, header::SET_COOKIE].contains(name)
}

/// `Basic` credentials (RFC 7617).
pub(super) fn basic(user: &str, password: &str) -> Option<Header> {
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    let value = HeaderValue::try_from(format!("Basic {encoded}")).ok()?;
    Some(Header { name: header::AUTHORIZATION, value, secret: true })
}

/// The `authorization` header of `auth`.
fn read_auth(value: &Value) -> Result<Header, Misuse> {
    let value = HeaderValue::try_from(credentials(value)?).map_err(|_| {
        Misuse::option("auth", "the credentials have a line break or another control character")
    })?;
    Ok(Header { name: header::AUTHORIZATION, value, secret: true })
}

/// A URL holds a name or an address, and only a name can be put before another address.
fn read_tls(fields: &Object) -> Result<TlsOptions, Misuse> {
    let tls = TlsOptions::parse(fields)?;
    match &tls.server_name {
        Some(name) if name.parse::<std::net::IpAddr>().is_ok() => {
            Err(Misuse::option("tls", format!("`server_name` must be a host name, not the address `{name}`")))
        }
        _ => Ok(tls),
    }
}

fn read_pages(value: &Value) -> Result<String, Misuse> {
    let rel = match value {
        Value::Tagged(tagged) if tagged.tag == "link" => {
            let field = tagged.value.as_object().and_then(|fields| fields.get("rel"));
            field.unwrap_or(&tagged.value).as_text().map(str::to_owned)
        }
        _ => None,
    };
    rel.ok_or_else(|| ill_typed("pages", "`link(\"next\")`", value))
}

fn version(value: &Value) -> Result<Version, Misuse> {
    // `1.1` may be written as a number, too.
    match scalar(value).as_deref() {
        Some("1.1") => Ok(Version::One),
        Some("2" | "2-prior-knowledge") => Ok(Version::Two),
        _ => Err(ill_typed("version", "`\"1.1\"`, `\"2\"` or `\"2-prior-knowledge\"`", value)),
    }
}

/// Names and values for a query or a form: lists repeat the name, absent ones are left out.
pub(super) fn pairs(what: &str, fields: &Object) -> Result<Vec<(String, String, bool)>, String> {
    let mut pairs = Vec::new();
    for (name, value) in fields {
        let one = |value: &Value| {
            let text = scalar(value).ok_or_else(|| {
                format!(
                    "`{name}` in `{what}` must be text, a number or a list of them, not {}",
                    a_kind(value)
                )
            })?;
            Ok::<_, String>((name.to_string(), text, value.is_secret()))
        };
        match value {
            Value::Absent => {}
            Value::List(values) => {
                for value in values.iter() {
                    pairs.push(one(value)?);
                }
            }
            value => pairs.push(one(value)?),
        }
    }
    Ok(pairs)
}

/// The text of what has one text: text, number, bool.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn ill_typed(name: &str, expected: &str, value: &Value) -> Misuse {
    Misuse::option(name, format!("`{name}` must be {expected}, not {}", a_kind(value)))
}

/// Words of `Sec-WebSocket-Protocol` (RFC 6455 §4.1).
fn subprotocols(value: &Value) -> Result<Vec<String>, Misuse> {
    let wrong = || ill_typed("subprotocols", "a list of names such as `[\"v1.orders\"]`", value);
    let is_token = |name: &&str| HeaderName::from_bytes(name.as_bytes()).is_ok();
    let name = |value: &Value| value.as_text().filter(is_token).map(str::to_owned).ok_or_else(wrong);
    value.as_list().filter(|names| !names.is_empty()).ok_or_else(wrong)?.iter().map(name).collect()
}

fn object<'a>(name: &str, value: &'a Value) -> Result<&'a Object, Misuse> {
    value.as_object().ok_or_else(|| ill_typed(name, "an object", value))
}

fn text(name: &str, value: &Value) -> Result<String, Misuse> {
    value.as_text().map(str::to_owned).ok_or_else(|| ill_typed(name, "text", value))
}

fn boolean(name: &str, value: &Value) -> Result<bool, Misuse> {
    value.as_bool().ok_or_else(|| ill_typed(name, "`true` or `false`", value))
}

fn duration(name: &str, value: &Value) -> Result<Duration, Misuse> {
    match value.as_duration() {
        Some(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(Misuse::option(name, format!("`{name}` must be a duration above zero such as `2s`"))),
    }
}

fn count(name: &str, value: &Value) -> Result<usize, Misuse> {
    let number = value.as_number().and_then(crate::value::Number::to_usize);
    number
        .ok_or_else(|| Misuse::option(name, format!("`{name}` must be a whole number that is not negative")))
}
