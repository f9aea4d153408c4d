//! What a request is aimed at: the URL, and the form of it that may be shown.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::super::{Call, CallPlace, Misuse};
use super::options::{Options, scalar};
use crate::value::MASK;
use crate::value::Piece;
use crate::value::words::a_kind;

/// What RFC 3986 §2.3 calls unreserved stays as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where a request goes.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// Without credentials.
    pub(super) url: Url,
    /// The same for people, secrets masked.
    pub(super) shown: String,
    /// Whether the URL has secret parts.
    pub(super) secret: bool,
    /// User and password that stood in the URL, decoded.
    pub(super) credentials: Option<(String, String)>,
}

impl Target {
    pub(super) fn of(call: &Call, options: &Options) -> Result<Target, Misuse> {
        if let Some(member) = call.members.first() {
            return Err(Misuse::new(format!("an HTTP service has no `.{member}`"))
                .help("write a path: `GET orders /v1/orders`"));
        }
        let base = call.endpoint.as_ref().map(|endpoint| endpoint.url.trim_end_matches('/'));
        let (written, secret) = match &call.place {
            None => (String::new(), false),
            Some(CallPlace::Path(text) | CallPlace::Url(text)) => (text.text.to_string(), text.secret),
            Some(CallPlace::Text(pieces)) => join(pieces)?,
        };
        let shown_written = if secret { MASK } else { &written };
        let whole = if written.starts_with("http://") || written.starts_with("https://") {
            written.clone()
        } else if written.is_empty() || written.starts_with(['/', '?']) {
            let base = base.ok_or_else(|| {
                Misuse::new(format!("`{shown_written}` is no whole URL, and no service is named"))
                    .help("write `GET orders /path` or `GET https://…`")
            })?;
            format!("{base}{written}")
        } else {
            return Err(Misuse::new(format!("`{shown_written}` is neither a path nor an HTTP URL"))
                .help("a path begins with `/`, a URL with `http://` or `https://`"));
        };
        let mut url = Url::parse(&whole).map_err(|error| {
            Misuse::new(format!("`{}` is no URL: {error}", if secret { MASK } else { &whole }))
        })?;
        refuse_what_is_not_sent(&whole, &url, shown_written)?;
        let credentials = take_credentials(&mut url);
        let mut shown =
            if secret { format!("{}/{MASK}", url.origin().ascii_serialization()) } else { url.to_string() };
        add_query(&mut url, &mut shown, &options.query);
        let secret = secret || options.query.iter().any(|(.., secret)| *secret);
        Ok(Target { url, shown, secret, credentials })
    }

    /// Where a link in a response of this target leads.
    pub(super) fn follow(&self, link: &str) -> Option<Target> {
        let mut url = self.url.join(link).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        url.set_fragment(None);
        let credentials = take_credentials(&mut url);
        // The server may have put secret parts of the request into the link.
        let shown = if self.secret {
            format!("{}/{MASK}", url.origin().ascii_serialization())
        } else {
            url.to_string()
        };
        Some(Target { url, shown, secret: self.secret, credentials })
    }

    pub(super) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }
}

/// Quoted text in one piece. What `${…}` gave is encoded, unless it stands first: then it is a path
/// or URL itself, such as a `location`.
fn join(pieces: &[Piece]) -> Result<(String, bool), Misuse> {
    let mut text = String::new();
    let mut secret = false;
    for piece in pieces {
        match piece {
            Piece::Text(written) => text.push_str(written),
            Piece::Value(value) => {
                let part = scalar(value)
                    .ok_or_else(|| Misuse::new(format!("{} cannot stand in a path", a_kind(value))))?;
                secret |= value.is_secret();
                if text.is_empty() {
                    text.push_str(&part);
                } else {
                    text.extend(utf8_percent_encode(&part, SEGMENT));
                }
            }
        }
    }
    Ok((text, secret))
}

/// What a client would change on the way is refused instead: the test would not test what it says.
fn refuse_what_is_not_sent(whole: &str, url: &Url, shown: &str) -> Result<(), Misuse> {
    if url.fragment().is_some() {
        return Err(Misuse::new(format!("the fragment of `{shown}` is never sent (RFC 9110 §7.1)"))
            .help("leave out the part from `#` on, or write `%23`"));
    }
    let path = whole.split(['?', '#']).next().unwrap_or_default();
    let dots = path.split('/').skip(3).map(|segment| segment.to_ascii_lowercase().replace("%2e", "."));
    if dots.into_iter().any(|segment| segment == "." || segment == "..") {
        return Err(Misuse::new(format!(
            "`{shown}` has a dot segment, which is resolved before anything is sent"
        ))
        .help("write the path that it leads to (RFC 3986 §5.2.4)"));
    }
    Ok(())
}

fn take_credentials(url: &mut Url) -> Option<(String, String)> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let found = (decode(url.username()), decode(url.password().unwrap_or_default()));
    // These fail only for URLs without a host, which HTTP URLs are not.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(found)
}

fn add_query(url: &mut Url, shown: &mut String, query: &[(String, String, bool)]) {
    if query.is_empty() {
        return;
    }
    let mut separator = if url.query().is_some() { '&' } else { '?' };
    for (name, value, secret) in query {
        let (name, value): (String, String) =
            (utf8_percent_encode(name, SEGMENT).collect(), utf8_percent_encode(value, SEGMENT).collect());
        let earlier = url.query().map(|query| format!("{query}&")).unwrap_or_default();
        url.set_query(Some(&format!("{earlier}{name}={value}")));
        shown.push(separator);
        separator = '&';
        shown.push_str(&name);
        shown.push('=');
        shown.push_str(if *secret { MASK } else { &value });
    }
}
