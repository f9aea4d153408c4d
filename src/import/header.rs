//! Headers: those that say something better said by an option, those that hold a secret, and those
//! that nobody can set.

use ::http::{HeaderName, HeaderValue};
use base64::Engine as _;

use super::model::{Piece, Request, Story, Term, Text};
use super::secrets::{is_private, is_token};

/// Adds a header to a request.
pub(super) fn add(request: &mut Request, name: &str, value: Text, story: &mut Story) {
    let name = name.trim();
    let value = value.trimmed();
    let lower = name.to_ascii_lowercase();
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return request
            .lose(format!("a header, since `{}` cannot be its name (RFC 9110 §5.1)", name.escape_debug()));
    }
    let is_sendable = |piece: &Piece| match piece {
        Piece::Plain(plain) => HeaderValue::from_bytes(plain.as_bytes()).is_ok(),
        Piece::Value(_) => true,
    };
    if !value.0.iter().all(is_sendable) {
        return request.lose(format!("the header `{name}`, whose value has a control character"));
    }
    match &*lower {
        "content-length" | "transfer-encoding" => {
            request.lose(format!("the header `{name}`, which follows from the body"));
        }
        "authorization" => authorization(request, value, story),
        "cookie" => cookies(request, value, story),
        _ if is_private(name) || value.as_plain().is_some_and(is_token) => {
            let what = format!("the header `{name}`");
            let value = story.hide(name, &what, &value);
            request.headers.push((name.to_owned(), Term::Text(value)));
        }
        _ => request.headers.push((name.to_owned(), Term::Text(value))),
    }
}

/// `Bearer` and `Basic` credentials become the option `auth` (RFC 6750, RFC 7617).
fn authorization(request: &mut Request, value: Text, story: &mut Story) {
    if let Some(token) = value.strip_word("Bearer ") {
        let token = token.trimmed();
        let what = "the token of the header `Authorization`";
        let token = story.hide("token", what, &token);
        return request.set("auth", Term::call("bearer", single(token)));
    }
    let plain = value.strip_word("Basic ").and_then(|encoded| {
        let encoded = encoded.trimmed();
        let bytes = base64::engine::general_purpose::STANDARD.decode(encoded.as_plain()?).ok()?;
        String::from_utf8(bytes).ok()
    });
    if let Some((user, password)) = plain.as_deref().and_then(|plain| plain.split_once(':')) {
        return basic(request, &Text::plain(user), &Text::plain(password), story);
    }
    let value = story.hide("authorization", "the header `Authorization`", &value);
    request.headers.push(("Authorization".to_owned(), Term::Text(value)));
}

/// User and password; the password is a secret.
pub(super) fn basic(request: &mut Request, user: &Text, password: &Text, story: &mut Story) {
    let what = format!("the password of `{}`", user.shown());
    let password = story.hide("password", &what, password);
    request.set("auth", Term::Call("basic", vec![(None, single(user.clone())), (None, single(password))]));
}

/// The header `Cookie`: the values are secrets, the names are not.
fn cookies(request: &mut Request, value: Text, story: &mut Story) {
    let mut header = Text::default();
    for (index, cookie) in value.split(';').into_iter().enumerate() {
        if index > 0 {
            header.push_plain("; ");
        }
        let cookie = cookie.trimmed();
        let Some((name, value)) = cookie.split_once('=') else {
            let what = "a part of the header `Cookie`";
            header.append(&story.hide("cookie", what, &cookie));
            continue;
        };
        let shown = name.shown();
        header.append(&name);
        header.push_plain("=");
        let what = format!("the cookie `{shown}`");
        header.append(&story.hide(&format!("cookie_{shown}"), &what, &value));
    }
    request.headers.push(("Cookie".to_owned(), Term::Text(header)));
}

/// A text that is one value and no more is that value.
pub(super) fn single(text: Text) -> Term {
    match text.as_value() {
        Some(value) => Term::Raw(value.to_owned()),
        None => Term::Text(text),
    }
}
