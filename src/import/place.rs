//! Where requests go: the services that their URLs name, and the paths that are left of them.

use super::header::credentials;
use super::model::{Input, Piece, Request, Service, Text, hide};
use super::names::Names;
use super::secrets::{Secrets, hidden_within, holds_private, is_private_parameter};

/// The services of a story, those that were found on the way included.
pub(super) struct Places<'a> {
    pub(super) services: Vec<Service>,
    inputs: &'a mut Vec<Input>,
    lets: &'a [(String, Text)],
    secrets: &'a mut Secrets,
}

impl<'a> Places<'a> {
    pub(super) fn new(
        services: Vec<Service>,
        inputs: &'a mut Vec<Input>,
        lets: &'a [(String, Text)],
        secrets: &'a mut Secrets,
    ) -> Self {
        Places { services, inputs, lets, secrets }
    }

    /// Gives a request its service, and takes from its URL what a service or an option says better.
    pub(super) fn place(&mut self, mut request: Request, names: &mut Names) -> Request {
        if let Some((url, fragment)) = request.url.split_once('#') {
            request
                .lose(format!("the fragment `#{}`, which is never sent (RFC 9110 §7.1)", fragment.shown()));
            request.url = url;
        }
        if request.service.is_none()
            && let Some((origin, path)) = split(&request.url)
            && !self.is_local(&origin)
        {
            let origin = self.without_user(origin, &mut request, names);
            request.service = Some(self.service(origin, names));
            request.url = path;
        }
        request.url = self.without_secrets(&request.url, names);
        if let Some(path) = request.url.as_plain() {
            request.url = Text::plain(without_dots(path));
        }
        request
    }

    /// Whether an address is only known while the scenario runs, so that no service can stand at it.
    fn is_local(&self, origin: &Text) -> bool {
        let is_global = |name: &str| {
            self.inputs.iter().any(|input| input.name == name)
                || self.lets.iter().any(|(known, _)| known == name)
                || self.secrets.iter().any(|secret| secret.name == name)
        };
        origin.0.iter().any(|piece| matches!(piece, Piece::Value(value) if !is_global(value)))
    }

    /// The name of the service at an address.
    fn service(&mut self, origin: Text, names: &mut Names) -> String {
        if let Some(known) = self.services.iter().find(|service| service.at.as_ref() == Some(&origin)) {
            return known.name.clone();
        }
        let name = names.fresh(&self.name_of(&origin));
        self.services.push(Service {
            name: name.clone(),
            at: Some(origin),
            contract: None,
            notes: Vec::new(),
        });
        name
    }

    /// `shop` for `https://www.shop.example.com`; what an input holds names its service, too.
    fn name_of(&self, origin: &Text) -> String {
        let shown = match origin.as_value() {
            Some(value) => {
                let input = self.inputs.iter().find(|input| input.name == value);
                let known = input.and_then(|input| input.default.as_ref()).and_then(Text::as_plain);
                match known {
                    Some(known) => known.to_owned(),
                    None => return format!("{value}_service"),
                }
            }
            None => origin.as_plain().map_or_else(|| "service".to_owned(), str::to_owned),
        };
        let host = shown.split_once("://").map_or(&*shown, |(_, host)| host);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()))
            .map_or(host, |(host, _)| host);
        if host.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'[' | b']')) {
            return "service".to_owned();
        }
        let host = host.strip_prefix("www.").unwrap_or(host);
        // The last label says where a name is registered, not what it names.
        host.rsplit_once('.').map_or(host, |(labels, _)| labels).to_owned()
    }

    /// Takes user and password from an address; they become the option `auth`.
    fn without_user(&mut self, origin: Text, request: &mut Request, names: &mut Names) -> Text {
        let input = self.inputs.iter().find(|input| origin.as_value() == Some(&*input.name));
        let of_input = input.and_then(|input| input.user.clone());
        let (user, origin) = match of_input {
            Some(user) => (user, origin),
            None => match user(&origin) {
                Some(parts) => parts,
                None => return origin,
            },
        };
        let (user, password) = user.split_once(':').unwrap_or((user, Text::default()));
        let auth = credentials(&decoded(&user), &decoded(&password), |like, what, text| {
            hide(self.inputs, self.secrets, names, like, what, text)
        });
        request.set("auth", auth);
        origin
    }

    /// Hides the values of private parameters in a query, and what is private wherever it stands.
    fn without_secrets(&mut self, url: &Text, names: &mut Names) -> Text {
        let mut hide = |name: &str, text: &Text| {
            let what = format!("the parameter `{name}` of a URL");
            hide(self.inputs, self.secrets, names, name, &what, text)
        };
        let Some((path, query)) = url.split_once('?') else { return hidden_within(url, hide) };
        let mut out = hidden_within(&path, &mut hide);
        for (index, pair) in query.split('&').into_iter().enumerate() {
            out.push_plain(if index == 0 { "?" } else { "&" });
            let Some((name, value)) = pair.split_once('=') else {
                out.append(&hidden_within(&pair, &mut hide));
                continue;
            };
            let plain = decoded(&name);
            let plain = plain.as_plain().unwrap_or_default();
            out.append(&name);
            out.push_plain("=");
            let whole = decoded(&value);
            let is_secret = is_private_parameter(plain, &whole) || holds_private(&whole.shown());
            if is_secret && !value.is_empty() {
                out.append(&hide(plain, &whole));
            } else {
                out.append(&value);
            }
        }
        out
    }
}

/// User and password of an address, and the address without them.
pub(super) fn user(address: &Text) -> Option<(Text, Text)> {
    let (scheme, rest) = address.split_where(|plain| plain.find("://").map(|at| (at, at + 3)))?;
    let (authority, path) = rest
        .split_where(|plain| plain.find(['/', '?', '#']).map(|at| (at, at)))
        .unwrap_or((rest, Text::default()));
    // A password may have an `@` itself.
    let (user, host) = authority.rsplit_once('@')?;
    let mut without = scheme;
    without.push_plain("://");
    without.append(&host);
    without.append(&path);
    Some((user, without))
}

/// The scheme that a URL begins with; none where it begins with a value, or with a host.
pub(super) fn scheme(url: &Text) -> Option<&'static str> {
    let Some(Piece::Plain(first)) = url.0.first() else { return None };
    let (scheme, _) = first.split_once("://")?;
    let is_scheme = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let known = ["http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known));
    known.or((is_scheme && !scheme.is_empty()).then_some("other"))
}

/// Whether a request can be sent there: over HTTP, or to what a value says.
pub(super) fn is_whole(url: &Text) -> bool {
    matches!(scheme(url), Some("http" | "https")) || matches!(url.0.first(), Some(Piece::Value(_)))
}

/// What a request is called that has no name: its method and its path.
pub(super) fn title(method: &str, url: &Text) -> String {
    let path = split(url).map_or_else(|| url.clone(), |(_, path)| path);
    let path =
        path.split_where(|plain| plain.find(['?', '#']).map(|at| (at, at))).map_or(path, |(path, _)| path);
    let shown: String = path
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Plain(plain) => plain.clone(),
            Piece::Value(value) => format!("{{{value}}}"),
        })
        .collect();
    format!("{method} {shown}")
}

/// The address and the path of a URL: it begins with a scheme, or with a value that holds the address.
fn split(url: &Text) -> Option<(Text, Text)> {
    let mut origin = Text::default();
    let mut past_scheme = !matches!(url.0.first(), Some(Piece::Plain(_)));
    for (index, piece) in url.0.iter().enumerate() {
        let Piece::Plain(plain) = piece else {
            origin.append(&Text(vec![piece.clone()]));
            continue;
        };
        let mut from = 0;
        if !past_scheme {
            from = plain.find("://")? + 3;
            past_scheme = true;
        }
        if let Some(end) = plain[from..].find(['/', '?']) {
            origin.push_plain(&plain[..from + end]);
            let mut path = Text::default();
            if plain[from + end..].starts_with('?') {
                path.push_plain("/");
            }
            path.push_plain(&plain[from + end..]);
            path.append(&Text(url.0[index + 1..].to_vec()));
            return Some((origin, path));
        }
        origin.push_plain(plain);
    }
    Some((origin, Text::plain("/")))
}

/// What percent-encoding stands for, and `+` for a space.
fn decoded(text: &Text) -> Text {
    let decode = |plain: &str| {
        percent_encoding::percent_decode_str(&plain.replace('+', " ")).decode_utf8_lossy().into_owned()
    };
    Text(
        text.0
            .iter()
            .map(|piece| match piece {
                Piece::Plain(plain) => Piece::Plain(decode(plain)),
                Piece::Value(value) => Piece::Value(value.clone()),
            })
            .collect(),
    )
}

/// The path without `.` and `..`, as every client sends it (RFC 3986 §5.2.4).
fn without_dots(url: &str) -> String {
    let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let dots = |segment: &str| segment.to_ascii_lowercase().replace("%2e", ".");
    if !path.starts_with('/') || !path.split('/').any(|segment| matches!(&*dots(segment), "." | "..")) {
        return url.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match &*dots(segment) {
            dot @ ("." | "..") => {
                if dot == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            _ => kept.push(segment),
        }
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("/{}{query}", kept.join("/"))
}
