//! One call of curl, its flags read, and the request that it makes.

use std::ops::Range;

use super::super::model::{Line, Piece, Request, Story, Term, Text};
use super::super::{body, header, place};
use super::data::{self, Data, Goes, Kind};

/// How many redirects curl follows unless told.
const REDIRECTS: &str = "50";
const FORM: &str = "application/x-www-form-urlencoded";

/// What the flags between `--next`s say.
#[derive(Default)]
pub(super) struct Call {
    /// What is settled already.
    pub(super) request: Request,
    /// With where they stand.
    pub(super) urls: Vec<(Text, Range<usize>)>,
    /// Variables that may be URLs, flags or nothing.
    pub(super) doubtful: Vec<(Text, Range<usize>)>,
    pub(super) method: Option<String>,
    pub(super) data: Vec<Data>,
    pub(super) parts: Vec<(String, Term)>,
    pub(super) headers: Vec<(String, Text)>,
    pub(super) user: Option<Text>,
    /// The flag that names another scheme than `Basic`.
    pub(super) scheme: Option<String>,
    pub(super) cookies: Vec<Text>,
    /// Whether a header `Authorization` is said, if only to leave it out.
    sets_authorization: bool,
    /// Whether cookies are kept for the next call.
    pub(super) keeps_cookies: bool,
    pub(super) upload: Option<Text>,
    pub(super) is_get: bool,
    pub(super) is_head: bool,
    pub(super) is_json: bool,
    pub(super) fails: bool,
    pub(super) follows: bool,
    /// Whether braces and brackets in a URL mean themselves.
    pub(super) is_literal: bool,
    pub(super) most_redirects: Option<String>,
    pub(super) tls: Vec<(String, Term)>,
    /// Flags that say only what curl prints.
    pub(super) printing: Vec<String>,
    /// What `-G` puts behind the URL.
    query: Option<Text>,
    /// What `-T` puts behind a URL that ends with `/`.
    file_name: Option<Text>,
}

impl Call {
    /// The request, all but its URL.
    pub(super) fn request(&mut self, story: &mut Story) -> Request {
        let mut request = std::mem::take(&mut self.request);
        if !self.printing.is_empty() {
            self.printing.dedup();
            let flags = self.printing.join(" ");
            request.before.push(Line::Comment(format!("{flags}: only what curl prints")));
        }
        self.headers(&mut request, story);
        if let Some(user) = self.user.take() {
            self.user(&mut request, user, story);
        }
        self.body(&mut request, story);
        // Where no redirect may be followed, curl fails at one.
        let stops = self.follows && self.most_redirects.as_deref() == Some("0");
        if self.follows {
            let most = self.most_redirects.take().unwrap_or_else(|| REDIRECTS.to_owned());
            let number = most.parse::<u32>().map(|most| most.to_string());
            if number.is_err() {
                request.lose(format!("`--max-redirs {most}`: it is {REDIRECTS} here"));
            }
            request.set("redirects", Term::Raw(number.unwrap_or_else(|_| REDIRECTS.to_owned())));
        }
        if !self.tls.is_empty() {
            request.set("tls", Term::Object(std::mem::take(&mut self.tls)));
        }
        let (claim, why) = if self.fails {
            (if stops { "status < 300" } else { "status < 400" }, None)
        } else {
            ("status in 200..299", Some("curl takes any answer"))
        };
        request.after.push(match why {
            None => Line::Expect(claim.to_owned()),
            Some(why) => Line::Added(claim.to_owned(), why),
        });
        request
    }

    /// The headers that are said, and the cookies among them.
    fn headers(&mut self, request: &mut Request, story: &mut Story) {
        let headers = std::mem::take(&mut self.headers);
        let is = |name: &str, other: &str| name.trim().eq_ignore_ascii_case(other.trim());
        self.sets_authorization = headers.iter().any(|(name, _)| is(name, "authorization"));
        let is_sent = |name: &str| {
            headers.iter().any(|(other, value)| is(name, other) && !value.clone().trimmed().is_empty())
        };
        for (name, value) in &headers {
            if !value.clone().trimmed().is_empty() {
                header::add(request, name, value.clone(), story);
            } else if !is_sent(name) {
                emptied(request, name);
            }
        }
        // The header wins over the flag, and several flags are one header.
        let cookies = std::mem::take(&mut self.cookies);
        if let Some((first, rest)) = cookies.split_first() {
            let mut all = first.clone();
            for cookie in rest {
                all.push_plain("; ");
                all.append(cookie);
            }
            if headers.iter().any(|(name, _)| is(name, "cookie")) {
                request.before.push(Line::Comment("-b: the header `Cookie` is sent in its place".to_owned()));
            } else {
                header::add(request, "Cookie", all, story);
            }
        }
        let mut kinds = 0;
        request.headers.retain(|(name, _)| {
            kinds += usize::from(is(name, "content-type"));
            kinds < 2 || !is(name, "content-type")
        });
        if kinds > 1 {
            request.lose("a second header `Content-Type`");
        }
    }

    /// The argument of `-u`; curl sends a header `Authorization` in its place.
    fn user(&mut self, request: &mut Request, user: Text, story: &mut Story) {
        if let Some(scheme) = &self.scheme {
            return request.lose(format!("user and password, since scn has no scheme `{scheme}`"));
        }
        if self.sets_authorization {
            let why = "-u: the header `Authorization` is sent in its place";
            return request.before.push(Line::Comment(why.to_owned()));
        }
        header::user(request, &user, story);
    }

    /// Body and method: what is sent decides on the method, unless `-X` does.
    fn body(&mut self, request: &mut Request, story: &mut Story) {
        let data = std::mem::take(&mut self.data);
        let implied = match (&self.upload, self.is_head, self.is_get) {
            (Some(_), ..) => "PUT",
            (_, true, _) => "HEAD",
            (.., true) => "GET",
            _ if !data.is_empty() || !self.parts.is_empty() => "POST",
            _ => "GET",
        };
        let is_said = self.method.is_some();
        let method = self.method.take().unwrap_or_else(|| implied.to_owned());
        if self.follows && is_said && (!matches!(&*method, "GET" | "HEAD") || implied == "POST") {
            request.lose(format!("that `-X {method}` is sent again, without its body, after a redirect"));
        }
        request.method = if is_method(&method) {
            method
        } else {
            request.lose(format!("the method `{}`, which cannot be one", method.escape_debug()));
            implied.to_owned()
        };
        if self.is_get || self.is_head && !data.is_empty() {
            self.query = Some(data::joined(&data, Goes::Query, &story.inputs, &mut request.before));
            return;
        }
        if self.is_json {
            for name in ["Content-Type", "Accept"] {
                if request.header(name).is_none() {
                    request.headers.push((name.to_owned(), Term::plain("application/json")));
                }
            }
        }
        let has_kind = request.header("content-type").is_some();
        if let Some(path) = self.upload.take() {
            if path.as_plain() == Some("-") || path.as_plain() == Some(".") {
                return request.lose("standard input as the body");
            }
            // Unlike scn, curl does not say what a file is.
            if !has_kind {
                request.headers.push(("Content-Type".to_owned(), Term::Raw("absent".to_owned())));
            }
            self.file_name = path.as_plain().and_then(|path| path.rsplit('/').next()).map(Text::plain);
            request.body = Some(body::file(&path, None, None));
        } else if !self.parts.is_empty() {
            let parts = std::mem::take(&mut self.parts);
            if has_kind {
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                request.lose("the header `Content-Type`, since that of a form carries its boundary");
            }
            let names: Vec<String> = parts.iter().map(|(name, _)| name.clone()).collect();
            let is_apart = |(index, name): (usize, &String)| {
                index > 0 && names[index - 1] != *name && names[..index].contains(name)
            };
            if names.iter().enumerate().any(is_apart) {
                request.lose("the order of the parts of a form: those of one name stand together");
            }
            request.body = Some(Term::call("multipart", Term::Object(body::gathered(parts))));
        } else if let Some(path) = data::only_file(&data) {
            if path.as_plain() == Some("-") {
                return request.lose("standard input as the body");
            }
            if data.iter().any(|data| data.kind == Kind::Plain) {
                request.lose("that `-d` takes the line ends out of the file");
            }
            let kind = match request.header("content-type") {
                Some(Term::Text(kind)) => Some(kind.clone()),
                Some(_) => None,
                None => Some(Text::plain(FORM)),
            };
            if kind.is_some() {
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            }
            request.body = Some(body::file(&path, kind, None));
        } else if !data.is_empty() {
            if !has_kind {
                request.headers.push(("Content-Type".to_owned(), Term::plain(FORM)));
            }
            let is_form = match request.header("content-type") {
                Some(Term::Text(kind)) => kind.as_plain().is_some_and(|kind| body::media_type(kind) == FORM),
                _ => false,
            };
            let text = data::joined(&data, Goes::Text, &story.inputs, &mut request.before);
            let fields = data::joined(&data, Goes::Form, &story.inputs, &mut Vec::new());
            let text = match is_form {
                true if body::is_form(&fields) => fields,
                // It would be encoded once more.
                true if body::is_form(&text) => {
                    place::spelled(&text, &story.inputs, |known| !place::is_unreserved(known))
                }
                _ => text,
            };
            body::set_text(request, &text, story);
        }
    }

    /// Sets a field of the option `tls`, in the place of an earlier one.
    pub(super) fn set_tls(&mut self, field: &str, term: Term) {
        self.tls.retain(|(name, _)| name != field);
        self.tls.push((field.to_owned(), term));
    }

    /// The URL with what `-G` and `-T` put behind it.
    pub(super) fn url(&self, url: Text) -> Text {
        let (mut url, fragment) =
            url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
        if let Some(name) = &self.file_name {
            let (path, query) = url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
            let shown = path.shown();
            let after = shown.split_once("://").map_or(&*shown, |(_, after)| after);
            let is_host = !after.contains('/') && path.as_plain().is_some();
            let ends = after.ends_with('/');
            url = path;
            if is_host || ends {
                url.push_plain(if ends { "" } else { "/" });
                url.append(name);
            }
            if let Some(query) = query {
                url.push_plain("?");
                url.append(&query);
            }
        }
        if let Some(query) = self.query.as_ref().filter(|query| !query.is_empty()) {
            url.push_plain(if url.split_once('?').is_some() { "&" } else { "?" });
            url.append(query);
        }
        if let Some(fragment) = fragment {
            url.push_plain("#");
            url.append(&fragment);
        }
        url
    }
}

/// `-H 'Name:'` takes a header away, `-H 'Name;'` sends an empty one.
fn emptied(request: &mut Request, name: &str) {
    let name = name.trim();
    match name.strip_suffix(';') {
        Some(name) => request.headers.push((name.to_owned(), Term::plain(""))),
        None if name.eq_ignore_ascii_case("accept") => {
            request.lose("`-H 'Accept:'`: the header `Accept` is always sent");
        }
        None => request.headers.push((name.to_owned(), Term::Raw("absent".to_owned()))),
    }
}

/// A method that scn sends: upper-case letters, and no tunnel.
fn is_method(method: &str) -> bool {
    !method.is_empty() && method != "CONNECT" && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

/// The URL with its scheme, when it is one of HTTP: curl takes `http` where none is said.
pub(super) fn http(url: &Text, story: &Story) -> Option<Text> {
    let begins_whole = match &url.0[..] {
        [Piece::Value(value), rest @ ..] => {
            matches!(rest.first(), Some(Piece::Plain(next)) if next.starts_with("://"))
                || place::known(&story.inputs, value).is_none_or(|known| known.contains("://"))
        }
        _ => false,
    };
    match place::scheme(url) {
        Some("http" | "https") => Some(url.clone()),
        Some(_) => None,
        None if begins_whole => Some(url.clone()),
        None => {
            let mut whole = Text::plain("http://");
            whole.append(url);
            Some(whole)
        }
    }
}
