//! What a server replies, as a value, and what its errors mean.

use redis::{ErrorKind as Kind, RedisError, Value as Reply};

use crate::protocol::ErrorKind;
use crate::protocol::broker::Fault;
use crate::value::{Number, Object, Value};

/// The value of a reply.
pub(super) fn value(reply: Reply) -> Value {
    match reply {
        Reply::Nil => Value::Null,
        Reply::Int(number) => Value::int(number),
        Reply::BulkString(bytes) => text_or_bytes(bytes),
        Reply::SimpleString(text) => Value::text(text),
        Reply::VerbatimString { text, .. } => Value::text(text),
        Reply::Okay => Value::text("OK"),
        Reply::Boolean(value) => Value::Bool(value),
        Reply::Double(value) => Value::Number(Number::Float { value, single: false }),
        Reply::Array(items) | Reply::Set(items) => Value::list(items.into_iter().map(value).collect()),
        Reply::Map(pairs) => map(pairs),
        Reply::Attribute { data, .. } => value(*data),
        Reply::Push { data, .. } => Value::list(data.into_iter().map(value).collect()),
        // Digits, as text: no integer of the language is too large for them.
        Reply::BigNumber(digits) => {
            let text = String::from_utf8_lossy(&digits).into_owned();
            text.parse().map_or_else(|_| Value::text(text.clone()), Value::Number)
        }
        // See [`error_within`].
        Reply::ServerError(error) => Value::text(format!("{error:?}")),
        // A kind of reply that came after this was written.
        other => Value::text(format!("{other:?}")),
    }
}

/// The first error inside a reply, as scripts and transactions give them: not all of it succeeded.
pub(super) fn error_within(reply: &Reply) -> Option<Fault> {
    match reply {
        Reply::ServerError(error) => Some(refused(error.code(), error.details().unwrap_or_default())),
        Reply::Array(items) | Reply::Set(items) => items.iter().find_map(error_within),
        Reply::Push { data, .. } => data.iter().find_map(error_within),
        Reply::Map(pairs) => {
            pairs.iter().find_map(|(name, field)| error_within(name).or_else(|| error_within(field)))
        }
        Reply::Attribute { data, .. } => error_within(data),
        _ => None,
    }
}

fn text_or_bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::text(text),
        Err(error) => Value::bytes(error.into_bytes()),
    }
}

/// An object when its names are texts that differ; otherwise a list of pairs.
fn map(pairs: Vec<(Reply, Reply)>) -> Value {
    let mut pairs: Vec<(Value, Value)> =
        pairs.into_iter().map(|(name, field)| (value(name), value(field))).collect();
    let mut fields = Object::new();
    let plain = pairs.iter().all(|(name, field)| match name.as_text() {
        Some(name) => fields.insert(name.into(), field.clone()).is_none(),
        None => false,
    });
    match plain {
        true => Value::Object(fields.into()),
        false => Value::list(pairs.drain(..).map(|(name, field)| Value::list(vec![name, field])).collect()),
    }
}

/// Names and values one after the other, as RESP2 and entries of streams have them.
pub(super) fn fields(items: Vec<Reply>) -> Value {
    let mut items = items.into_iter();
    let mut pairs = Vec::new();
    while let (Some(name), Some(field)) = (items.next(), items.next()) {
        pairs.push((name, field));
    }
    map(pairs)
}

/// What the server itself says is wrong.
pub(super) fn refused(code: &str, said: &str) -> Fault {
    let kind = match code {
        "NOAUTH" | "WRONGPASS" | "NOPERM" => "permission",
        "READONLY" => "read_only",
        _ => "redis",
    };
    Fault::new(kind, format!("{code} {said}")).code(code)
}

/// What the client reports.
pub(super) fn fault(error: &RedisError, shown: &str) -> Fault {
    let said = error.detail().map_or_else(|| error.to_string(), str::to_owned);
    match (error.kind(), error.code()) {
        (Kind::AuthenticationFailed, code) => {
            let fault = Fault::new("permission", format!("`{shown}` refuses this login: {said}"));
            code.into_iter().fold(fault, Fault::code)
        }
        (Kind::Io, _) if error.is_timeout() => {
            Fault::broken(ErrorKind::Timeout, format!("`{shown}` did not answer in time"))
        }
        (Kind::Io, _) => Fault::reset(shown),
        (Kind::Parse, _) => {
            Fault::broken(ErrorKind::Protocol, format!("`{shown}` does not speak Redis: {said}"))
        }
        (Kind::RESP3NotSupported, _) => Fault::broken(
            ErrorKind::Protocol,
            format!("`{shown}` does not speak RESP3, which Redis does since 6.0"),
        ),
        (_, Some(code)) => refused(code, &said),
        _ => Fault::broken(ErrorKind::Protocol, format!("`{shown}` does not answer as it should: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_reply_is_a_value() {
        let text = |text: &str| Reply::BulkString(text.as_bytes().to_vec());
        assert_eq!(value(Reply::Nil), Value::Null);
        assert_eq!(value(text("ü")), Value::text("ü"));
        assert_eq!(value(Reply::BulkString(vec![0xff])), Value::bytes(&b"\xff"[..]));
        assert_eq!(
            value(Reply::BigNumber(b"12345678901234567890123".to_vec())),
            Value::int(12345678901234567890123_i128)
        );
        let pairs = vec![(text("a"), Reply::Int(1)), (text("b"), Reply::Boolean(true))];
        assert_eq!(value(Reply::Map(pairs)), Value::object([("a", Value::int(1)), ("b", Value::Bool(true))]));
        // Nothing is lost when names repeat, as those of an entry may.
        let twice = fields(vec![text("a"), text("1"), text("a"), text("2")]);
        assert_eq!(twice.as_list().map(<[Value]>::len), Some(2));
        let numbered = value(Reply::Map(vec![(Reply::Int(1), text("x"))]));
        assert_eq!(numbered, Value::list(vec![Value::list(vec![Value::int(1), Value::text("x")])]));
    }
}
