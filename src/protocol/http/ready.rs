//! What is the same each time a client makes the same request: a load makes it a million times.

use std::sync::{Arc, Mutex, PoisonError};

use hyper::Uri;
use reqwest::Method;
use reqwest::header::HeaderValue;

use super::super::{Call, CallPlace, Misuse, Session};
use super::client::Version;
use super::method;
use super::options::Options;
use super::target::Target;
use crate::value::{Object, Value};

/// A client remembers so many requests; others are read anew each time.
const MOST: usize = 32;

/// A request without its body, read.
#[derive(Debug)]
pub(super) struct Ready {
    asked: Asked,
    pub(super) options: Options,
    pub(super) method: Method,
    pub(super) target: Target,
    /// The host and port, as they name a connection.
    pub(super) authority: Box<str>,
    pub(super) host: HeaderValue,
    /// The path with the query.
    pub(super) path: Uri,
}

/// What it was read from.
#[derive(Debug)]
struct Asked {
    verb: Arc<str>,
    url: String,
    path: Arc<str>,
    options: Object,
}

/// What a client has read, the last one last.
#[derive(Debug, Default)]
struct Known(Mutex<Vec<Arc<Ready>>>);

impl Asked {
    fn is(&self, call: &Call, url: &str, path: &str) -> bool {
        *self.path == *path
            && self.url == url
            && self.verb == call.verb
            && self.options.len() == call.options.len()
            && self.options.iter().zip(&call.options).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
    }
}

/// Whether two values are the same in every way that an option can tell; a secret one stays one.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Duration(a), Value::Duration(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a.to_string() == b.to_string(),
        (Value::Object(a), Value::Object(b)) => {
            Arc::ptr_eq(a, b)
                || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        _ => false,
    }
}

impl Ready {
    /// The request, as it was read before or is read now; none when it cannot go over a client's own
    /// connections.
    pub(super) fn of(call: &Call, session: &Session) -> Result<Option<Arc<Ready>>, Misuse> {
        let (Some(endpoint), Some(CallPlace::Path(path))) = (&call.endpoint, &call.place) else {
            return Ok(None);
        };
        if path.secret || !call.members.is_empty() {
            return Ok(None);
        }
        let known = session.own::<Known>();
        let mut known = known.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.iter().rev().find(|ready| ready.asked.is(call, &endpoint.url, &path.text))
        {
            return Ok(Some(found.clone()));
        }
        let options = Options::read(call, session)?;
        let method = method(call, &options)?;
        let target = Target::of(call, &options)?;
        let plain = options.redirects == 0
            && options.pages.is_none()
            && matches!(options.version, Version::Negotiated | Version::One)
            && !target.is_secure();
        let url = &target.url;
        let path_and_query = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let (Ok(host), Ok(uri)) = (HeaderValue::try_from(url.authority()), path_and_query.parse()) else {
            return Ok(None);
        };
        if !plain {
            return Ok(None);
        }
        let asked = Asked {
            verb: call.verb.clone(),
            url: endpoint.url.clone(),
            path: path.text.clone(),
            options: call.options.clone(),
        };
        let authority = url.authority().into();
        let ready = Arc::new(Ready { asked, options, method, target, authority, host, path: uri });
        if known.len() == MOST {
            known.remove(0);
        }
        known.push(ready.clone());
        Ok(Some(ready))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_differs_in_any_way_is_another() {
        let one = || Value::object([("timeout", Value::Duration(5)), ("q", Value::text("a"))]);
        assert!(same(&one(), &one()));
        let secret = Value::object([("timeout", Value::Duration(5)), ("q", Value::text_with("a", true))]);
        assert!(!same(&one(), &secret));
        let order = Value::object([("q", Value::text("a")), ("timeout", Value::Duration(5))]);
        assert!(!same(&one(), &order));
        assert!(!same(&Value::int(1), &Value::text("1")));
        let number = |text: &str| Value::Number(text.parse().unwrap());
        assert!(!same(&number("1.1"), &number("1.10")), "a version is written");
    }
}
