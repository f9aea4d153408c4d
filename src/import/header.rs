//! Headers: those that say something better said by an option, those that hold a secret, and those
//! that nobody can set.

use ::http::{HeaderName, HeaderValue};
use base64::Engine as _;

use super::model::{Piece, Request, Story, Term, Text};
use super::private::{holds_private, is_private};

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
        _ if is_private(name) => {
            let what = format!("the header `{name}`");
            let value = story.hide(name, &what, &value);
            request.headers.push((name.to_owned(), Term::Text(value)));
        }
        _ => {
            let value = story.without_private(&format!("header `{name}`"), &value);
            request.headers.push((name.to_owned(), Term::Text(value)));
        }
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
    // The scheme is no secret (RFC 9110 §11.4).
    let is_scheme = |text: &Text| {
        text.as_plain().is_some_and(|plain| plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    let (mut header, value) = match value.split_once(' ').filter(|(scheme, _)| is_scheme(scheme)) {
        Some((scheme, value)) => (Text::plain(scheme.shown() + " "), value.trimmed()),
        None => (Text::default(), value),
    };
    header.append(&story.hide("authorization", "the header `Authorization`", &value));
    request.headers.push(("Authorization".to_owned(), Term::Text(header)));
}

/// `user:password` in one, as options of curl and Hurl have it.
pub(super) fn user(request: &mut Request, value: &Text, story: &mut Story) {
    if let Some((user, password)) = value.split_once(':') {
        return basic(request, &user, &password, story);
    }
    let has_both =
        value.as_value().is_some_and(|value| story.known(value).is_none_or(|known| known.contains(':')));
    if !has_both {
        request.lose("the password of a user, which is asked for: it is empty here");
        return basic(request, value, &Text::default(), story);
    }
    let what = "user and password, with `:` between them";
    let both = story.hide("credentials", what, value);
    let both = both.as_value().map(|both| format!("base64({both})")).unwrap_or_default();
    let mut header = Text::plain("Basic ");
    header.push_value(both);
    request.headers.push(("Authorization".to_owned(), Term::Text(header)));
}

/// User and password of a request.
pub(super) fn basic(request: &mut Request, user: &Text, password: &Text, story: &mut Story) {
    request.set("auth", credentials(user, password, |like, what, text| story.hide(like, what, text)));
}

/// User and password: the password is a secret, and so is the user without one, which is a token then.
pub(super) fn credentials(
    user: &Text,
    password: &Text,
    mut hide: impl FnMut(&str, &str, &Text) -> Text,
) -> Term {
    let is_secret = password.is_empty() || holds_private(&user.shown());
    let what = if is_secret {
        "the password of a user".to_owned()
    } else {
        format!("the password of `{}`", user.shown())
    };
    let user = if is_secret { hide("user", "the user of a request", user) } else { user.clone() };
    let password = hide("password", &what, password);
    Term::Call("basic", vec![(None, single(user)), (None, single(password))])
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
