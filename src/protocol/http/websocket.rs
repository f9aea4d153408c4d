//! The opening handshake of a WebSocket (RFC 6455 §4) as an HTTP/1.1 request like any other, so that
//! TLS, credentials, cookies and what a refusal says are those of the other verbs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::StatusCode;
use reqwest::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};

use super::super::{Call, ErrorKind, Misuse};
use super::client::Version;
use super::fault::Fault;
use super::options::{Header, Options};
use super::text::header_text;
use super::transfer::Head;

/// What the server appends to the key before it hashes it (RFC 6455 §1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a client offers.
#[derive(Debug)]
pub(super) struct Offer {
    key: String,
    subprotocols: Vec<String>,
}

impl Offer {
    /// Adds to the options what asks for a WebSocket. The key is a function of the request's name, so
    /// that a repeated run sends the same; it guards against caches, not against attackers.
    ///
    /// # Errors
    /// An option that does not go with a WebSocket.
    pub(super) fn make(call: &Call, options: &mut Options, trace: &str) -> Result<Offer, Misuse> {
        if options.version == Version::Two {
            return Err(Misuse::option("version", "a WebSocket is opened over HTTP/1.1"));
        }
        if options.method.as_deref().is_some_and(|method| method != "GET") {
            return Err(Misuse::option("method", "a WebSocket is opened by `GET` (RFC 6455 §4.1)"));
        }
        if call.operand.is_some() {
            return Err(Misuse::new("the request that opens a WebSocket has no body")
                .help("send a message once it is open: `send ws { … }`"));
        }
        let own = [
            CONNECTION,
            UPGRADE,
            SEC_WEBSOCKET_KEY,
            SEC_WEBSOCKET_VERSION,
            SEC_WEBSOCKET_PROTOCOL,
            SEC_WEBSOCKET_EXTENSIONS,
        ];
        if let Some(name) = own.iter().find(|name| options.has(name)) {
            return Err(Misuse::option(
                "headers",
                format!("`{name}` follows from `websocket` and cannot be set"),
            )
            .help("subprotocols are named with `subprotocols: [\"v1.orders\"]`"));
        }
        let name = format!("{trace} {}", call.span.unwrap_or_default());
        let key = STANDARD.encode(&digest(&SHA256, name.as_bytes()).as_ref()[..16]);
        let subprotocols = std::mem::take(&mut options.subprotocols);
        options.version = Version::One;
        let mut add = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::try_from(value) {
                options.headers.push(Header { name, value, secret: false });
            }
        };
        add(CONNECTION, "Upgrade");
        add(UPGRADE, "websocket");
        add(SEC_WEBSOCKET_VERSION, "13");
        add(SEC_WEBSOCKET_KEY, &key);
        if !subprotocols.is_empty() {
            add(SEC_WEBSOCKET_PROTOCOL, &subprotocols.join(", "));
        }
        Ok(Offer { key, subprotocols })
    }

    /// The subprotocol that the server chose, if it did.
    ///
    /// # Errors
    /// Why this answer opens no WebSocket (RFC 6455 §4.1).
    pub(super) fn accepted(&self, head: &Head, url: &str) -> Result<Option<String>, Fault> {
        let header = |name: HeaderName| head.headers.get(name).map(|value| header_text(value.as_bytes()));
        let is = |name: HeaderName, word: &str| {
            header(name)
                .is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
        };
        let wanted =
            STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{}{GUID}", self.key).as_bytes()));
        let chosen = header(SEC_WEBSOCKET_PROTOCOL);
        let why = if head.status != StatusCode::SWITCHING_PROTOCOLS {
            format!("it answered {}", head.status_line())
        } else if !is(UPGRADE, "websocket") || !is(CONNECTION, "upgrade") {
            "its headers do not say `upgrade: websocket` and `connection: upgrade`".to_owned()
        } else if header(SEC_WEBSOCKET_ACCEPT).as_deref() != Some(&wanted) {
            "its `sec-websocket-accept` is no answer to the key that was sent".to_owned()
        } else if let Some(extensions) = header(SEC_WEBSOCKET_EXTENSIONS) {
            format!("it chose `{}`, and no extension was offered", extensions.escape_debug())
        } else if let Some(chosen) = chosen.as_ref().filter(|chosen| !self.subprotocols.contains(chosen)) {
            format!("it chose the subprotocol `{}`, which was not offered", chosen.escape_debug())
        } else {
            return Ok(chosen);
        };
        Err(Fault::new(ErrorKind::Protocol, format!("`{url}` opened no WebSocket: {why}")))
    }
}
