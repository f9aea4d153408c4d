//! One call of curl, its flags read, and the request that it makes.

use super::super::model::{Line, Piece, Request, Story, Term, Text};
use super::super::{body, header, place};
use super::data::{self, Data, Kind};

/// How many redirects curl follows unless told.
const REDIRECTS: &str = "50";
const FORM: &str = "application/x-www-form-urlencoded";

/// What the flags between `--next`s say.
#[derive(Default)]
pub(super) struct Call {
    /// What is settled already.
    pub(super) request: Request,
    pub(super) urls: Vec<Text>,
    pub(super) method: Option<String>,
    pub(super) data: Vec<Data>,
    pub(super) parts: Vec<(String, Term)>,
    pub(super) headers: Vec<(String, Text)>,
    pub(super) user: Option<Text>,
    pub(super) upload: Option<Text>,
    pub(super) is_get: bool,
    pub(super) is_head: bool,
    pub(super) is_json: bool,
    pub(super) fails: bool,
    pub(super) follows: bool,
    pub(super) most_redirects: Option<String>,
    pub(super) tls: Vec<(String, Term)>,
    /// Flags that say only what curl prints.
    pub(super) printing: Vec<String>,
    /// What `-G` puts behind the URL.
    query: Option<Text>,
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
        for (name, value) in std::mem::take(&mut self.headers) {
            if value.is_empty() {
                emptied(&mut request, &name);
            } else {
                header::add(&mut request, &name, value, story);
            }
        }
        if let Some(user) = self.user.take() {
            header::user(&mut request, &user, story);
        }
        self.body(&mut request, story);
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
            ("status < 400", None)
        } else {
            ("status in 200..299", Some("curl takes any answer"))
        };
        request.after.push(match why {
            None => Line::Expect(claim.to_owned()),
            Some(why) => Line::Added(claim.to_owned(), why),
        });
        request
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
        let method = self.method.take().unwrap_or_else(|| implied.to_owned());
        request.method = if is_method(&method) {
            method
        } else {
            request.lose(format!("the method `{}`, which cannot be one", method.escape_debug()));
            implied.to_owned()
        };
        if self.is_get || self.is_head && !data.is_empty() {
            self.query = Some(data::joined(&data, request));
            return;
        }
        if self.is_json {
            for name in ["Content-Type", "Accept"] {
                if request.header(name).is_none() {
                    request.headers.push((name.to_owned(), Term::plain("application/json")));
                }
            }
        }
        if let Some(path) = self.upload.take() {
            if path.as_plain() == Some("-") {
                request.lose("standard input as the body");
            } else {
                request.body = Some(body::file(&path, None, None));
            }
        } else if !self.parts.is_empty() {
            let parts = std::mem::take(&mut self.parts);
            if request.header("content-type").is_some() {
                request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
                request.lose("the header `Content-Type`, since that of a form carries its boundary");
            }
            request.body = Some(Term::call("multipart", Term::Object(body::gathered(parts))));
        } else if let Some(path) = data::only_file(&data) {
            if data.iter().any(|data| data.kind == Kind::Plain) {
                request.lose("that `-d` takes the line ends out of the file");
            }
            let kind = match request.header("content-type") {
                Some(Term::Text(kind)) => kind.clone(),
                _ => Text::plain(FORM),
            };
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
            request.body = Some(body::file(&path, Some(kind), None));
        } else if !data.is_empty() {
            if request.header("content-type").is_none() {
                request.headers.push(("Content-Type".to_owned(), Term::plain(FORM)));
            }
            let text = data::joined(&data, request);
            body::set_text(request, &text, story);
        }
    }

    /// Sets a field of the option `tls`, in the place of an earlier one.
    pub(super) fn set_tls(&mut self, field: &str, term: Term) {
        self.tls.retain(|(name, _)| name != field);
        self.tls.push((field.to_owned(), term));
    }

    /// The URL with what `-G` puts behind it.
    pub(super) fn url(&self, mut url: Text) -> Text {
        if let Some(query) = self.query.as_ref().filter(|query| !query.is_empty()) {
            url.push_plain(if url.split_once('?').is_some() { "&" } else { "?" });
            url.append(query);
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
pub(super) fn http(url: &Text) -> Option<Text> {
    match place::scheme(url) {
        Some("http" | "https") => Some(url.clone()),
        Some(_) => None,
        None if matches!(url.0.first(), Some(Piece::Value(_))) => Some(url.clone()),
        None => {
            let mut whole = Text::plain("http://");
            whole.append(url);
            Some(whole)
        }
    }
}
