//! Where requests go: the services that their URLs name, and the paths that are left of them.

use super::header::credentials;
use super::model::{Input, Piece, Request, Service, Text, hide};
use super::names::Names;
use super::private::{hidden_within, holds_private, is_private_parameter};
use super::secrets::Secrets;

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
        if request.service.is_none() {
            let of_input = self.user_of(&request.url);
            request.url = spelled_url(&request.url, self.inputs);
            let begins =
                |origin: &Text, value: &str, next: Option<&Piece>| self.begins_path(origin, value, next);
            if let Some((origin, path)) =
                split(&request.url, begins).filter(|(origin, _)| !self.is_local(origin))
            {
                request.url = self.path(&origin, path);
                let origin = self.without_user(origin, of_input, &mut request, names);
                request.service = Some(self.service(origin, names));
            }
        }
        for pair in request.url.split_once('?').map(|(_, query)| query.split('&')).unwrap_or_default() {
            if pair.as_plain().is_none() && pair.split_once('=').is_none() {
                request.lose(format!("that `{}` may be several parameters: it is sent as one", pair.shown()));
            }
        }
        request.url = self.without_secrets(&request.url, names);
        if let Some(path) = request.url.as_plain() {
            request.url = Text::plain(without_dots(path));
        }
        request
    }

    /// Whether an address is only known while the scenario runs, so that no service can stand at it.
    fn is_local(&self, origin: &Text) -> bool {
        origin.0.iter().any(|piece| matches!(piece, Piece::Value(value) if !self.is_global(value)))
    }

    fn is_global(&self, name: &str) -> bool {
        self.inputs.iter().any(|input| input.name == name)
            || self.lets.iter().any(|(known, _)| known == name)
            || self.secrets.iter().any(|secret| secret.name == name)
    }

    /// Whether a value behind a host is the path and no more of the host: `https://shop{{location}}`. One
    /// whose characters are known is spelled out where it is a path.
    fn begins_path(&self, origin: &Text, value: &str, next: Option<&Piece>) -> bool {
        if known(self.inputs, value).is_some() {
            return false;
        }
        let is_end = match next {
            None | Some(Piece::Value(_)) => true,
            Some(Piece::Plain(next)) => {
                next.starts_with('?') || next.starts_with('/') && !self.is_global(value)
            }
        };
        match origin.0.last() {
            Some(Piece::Value(_)) => is_end,
            Some(Piece::Plain(host)) => is_end && host.ends_with(|c: char| c.is_alphanumeric() || c == ']'),
            None => false,
        }
    }

    /// What is left of a URL behind its address: a path of its own begins with `/`, but nothing stands
    /// behind an address that may have a path already.
    fn path(&self, origin: &Text, path: Text) -> Text {
        let is_bare = match origin.0.first() {
            Some(Piece::Value(value)) if origin.as_value().is_some() => known(self.inputs, value)
                .and_then(|known| known.split_once("://"))
                .is_some_and(|(_, rest)| !rest.contains('/')),
            Some(Piece::Value(_)) => false,
            _ => true,
        };
        let is_path = matches!(path.0.first(), Some(Piece::Plain(plain)) if plain.starts_with('/'))
            || matches!(path.0.first(), Some(Piece::Value(_)));
        if is_path || !is_bare {
            return path;
        }
        let mut whole = Text::plain("/");
        whole.append(&path);
        whole
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

    /// User and password that were taken from the input that a URL begins with.
    fn user_of(&self, url: &Text) -> Option<Text> {
        let Some(Piece::Value(value)) = url.0.first() else { return None };
        self.inputs.iter().find(|input| input.name == *value)?.user.clone()
    }

    /// Takes user and password from an address, where no input had them; they become the option `auth`.
    fn without_user(
        &mut self,
        origin: Text,
        of_input: Option<Text>,
        request: &mut Request,
        names: &mut Names,
    ) -> Text {
        let (user, origin) = match of_input {
            Some(user) => (user, origin),
            None => match user(&origin) {
                Some(parts) => parts,
                None => return origin,
            },
        };
        let (user, password) = user.split_once(':').unwrap_or((user, Text::default()));
        // What the request says itself is sent in their place.
        if request.header("authorization").is_some()
            || request.options.iter().any(|(name, _)| *name == "auth")
        {
            return origin;
        }
        let auth = credentials(&decoded(&user, false), &decoded(&password, false), |like, what, text| {
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
            let plain = decoded(&name, true);
            let plain = plain.as_plain().unwrap_or_default();
            out.append(&name);
            out.push_plain("=");
            let whole = decoded(&value, true);
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
    matches!(scheme(url), Some("http" | "https")) && why_never(url).is_none()
        || matches!(url.0.first(), Some(Piece::Value(_)))
}

/// Why nothing can ever be sent to a URL: its host or port is none, and no value can change that.
pub(super) fn why_never(url: &Text) -> Option<String> {
    let plain = match &url.0[..] {
        [] => "",
        [Piece::Plain(plain)] => plain,
        [Piece::Plain(plain), ..] if plain.split_once("://")?.1.contains(['/', '?', '#']) => plain,
        _ => return None,
    };
    url::Url::parse(plain).err().map(|error| error.to_string())
}

/// What the file itself sets an input to.
pub(super) fn known<'a>(inputs: &'a [Input], name: &str) -> Option<&'a str> {
    inputs.iter().find(|input| input.name == name)?.default.as_ref()?.as_plain()
}

/// The text with those values spelled out that are known and would mean something else as one value.
pub(super) fn spelled(text: &Text, inputs: &[Input], means_more: impl Fn(&str) -> bool) -> Text {
    let mut out = Text::default();
    for piece in &text.0 {
        match piece {
            Piece::Plain(plain) => out.push_plain(plain),
            Piece::Value(value) => match known(inputs, value).filter(|known| means_more(known)) {
                Some(known) => out.push_plain(known),
                None => out.push_value(value.clone()),
            },
        }
    }
    out
}

/// Whether a value is sent as the characters that it has, in a URL and in a form (RFC 3986 §2.3).
pub(super) fn is_unreserved(value: &str) -> bool {
    value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
}

/// The URL with those values spelled out whose characters are known, and that are not the address, a part
/// of it, a segment or a parameter: the language encodes a value in a URL, and other tools do not.
fn spelled_url(url: &Text, inputs: &[Input]) -> Text {
    let mut out = Text::default();
    // What is known of it so far tells the part in which the next piece stands.
    let mut before = String::new();
    for (index, piece) in url.0.iter().enumerate() {
        let next = url.0.get(index + 1);
        match piece {
            Piece::Plain(plain) => {
                out.push_plain(plain);
                before.push_str(plain);
            }
            Piece::Value(value) => match known(inputs, value) {
                Some(known) if !stands(known, &before, next) => {
                    out.push_plain(known);
                    before.push_str(known);
                }
                known => {
                    out.push_value(value.clone());
                    let is_scheme = matches!(next, Some(Piece::Plain(next)) if next.starts_with("://"));
                    let unknown = if before.is_empty() && !is_scheme { "x://x" } else { "x" };
                    before.push_str(known.unwrap_or(unknown));
                }
            },
        }
    }
    out
}

/// Whether a value can stand as one in a URL, behind these characters.
fn stands(known: &str, before: &str, next: Option<&Piece>) -> bool {
    let authority = before.split_once("://").map_or(before, |(_, rest)| rest);
    if before.is_empty() {
        // An address, which may have a path. The slash at its end would be taken off.
        let is_whole = match next {
            None | Some(Piece::Value(_)) => true,
            Some(Piece::Plain(next)) => next.starts_with(['/', '?']),
        };
        is_whole
            && known
                .split_once("://")
                .is_none_or(|(_, rest)| !rest.contains(['?', '#', '@']) && !rest.ends_with('/'))
    } else if authority.contains(['/', '?']) {
        is_unreserved(known)
    } else {
        // A host or a port, but not user and password in one.
        let is_user = matches!(next, Some(Piece::Plain(next)) if next.starts_with('@'));
        let means_more = known.contains(['/', '?', '#', '@']) || is_user && known.contains(':');
        !means_more
    }
}

/// What a request is called that has no name: its method and its path.
pub(super) fn title(method: &str, url: &Text) -> String {
    let path = split(url, |_, _, _| false).map_or_else(|| url.clone(), |(_, path)| path);
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
    let slash = if shown.is_empty() { "/" } else { "" };
    format!("{method} {slash}{shown}")
}

/// The address and the path of a URL: it begins with a scheme, or with a value that holds the address.
/// `begins_path` knows of a value behind an address whether the path begins with it.
fn split(url: &Text, begins_path: impl Fn(&Text, &str, Option<&Piece>) -> bool) -> Option<(Text, Text)> {
    let mut origin = Text::default();
    // A value that stands first holds the scheme too, unless it is the scheme.
    let mut past_scheme = match &url.0[..] {
        [Piece::Value(_), Piece::Plain(next), ..] => !next.starts_with("://"),
        [Piece::Value(_), ..] => true,
        _ => false,
    };
    for (index, piece) in url.0.iter().enumerate() {
        let plain = match piece {
            Piece::Plain(plain) => plain,
            Piece::Value(value) if begins_path(&origin, value, url.0.get(index + 1)) => {
                return Some((origin, Text(url.0[index..].to_vec())));
            }
            Piece::Value(value) => {
                origin.push_value(value.clone());
                continue;
            }
        };
        let mut from = 0;
        if !past_scheme {
            from = plain.find("://")? + 3;
            past_scheme = true;
        }
        if let Some(end) = plain[from..].find(['/', '?']) {
            origin.push_plain(&plain[..from + end]);
            let mut path = Text::default();
            path.push_plain(&plain[from + end..]);
            path.append(&Text(url.0[index + 1..].to_vec()));
            return Some((origin, path));
        }
        origin.push_plain(plain);
    }
    Some((origin, Text::default()))
}

/// What percent-encoding stands for; in a query, `+` stands for a space.
fn decoded(text: &Text, is_query: bool) -> Text {
    let decode = |plain: &str| {
        let plain = if is_query { plain.replace('+', " ") } else { plain.to_owned() };
        percent_encoding::percent_decode_str(&plain).decode_utf8_lossy().into_owned()
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
