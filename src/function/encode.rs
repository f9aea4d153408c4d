//! Encodings of bytes and texts, both ways.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{Arguments, functions, spec};
use crate::lang::{Param, Ty};
use crate::value::{Binary, Value, to_json};

const DATA: &[Param] = &[Param::required("data", Ty::Any, "text, taken as UTF-8, or bytes")];
const TEXT: &[Param] = &[Param::required("text", Ty::Text, "the encoded text")];

/// All but the unreserved characters of RFC 3986 §2.3.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

functions! {
    spec("base64", "base64 with padding (RFC 4648 §4)", DATA, "let encoded = base64(\"user:word\")")
        => |args| Ok(Value::text_with(STANDARD.encode(args.bytes("data")?), args.is_secret()));
    spec("base64url", "base64url without padding (RFC 4648 §5)", DATA, "let part = base64url(\"a\")")
        => |args| Ok(Value::text_with(URL_SAFE_NO_PAD.encode(args.bytes("data")?), args.is_secret()));
    spec("unbase64", "the bytes of base64 or base64url, padded or not", TEXT, "expect unbase64(body.image).size > 0")
        => |args| {
            let text = &args.text("text")?.text;
            let decoded = STANDARD.decode(&**text).or_else(|_| STANDARD_NO_PAD.decode(&**text))
                .or_else(|_| URL_SAFE.decode(&**text)).or_else(|_| URL_SAFE_NO_PAD.decode(&**text));
            binary(args, decoded.map_err(|_| args.malformed("base64"))?)
        };
    spec("hex", "lower-case hexadecimal (RFC 4648 §8)", DATA, "show hex(body)")
        => |args| Ok(Value::text_with(hex_of(args.bytes("data")?), args.is_secret()));
    spec("unhex", "the bytes of hexadecimal, in either case", TEXT, "let blob = unhex(\"00ff\")")
        => |args| binary(args, unhex(&args.text("text")?.text).ok_or_else(|| args.malformed("hexadecimal"))?);
    spec("utf8", "the text of bytes that are UTF-8", &[Param::required("data", Ty::Any, "bytes")], "expect utf8(body) contains \"ok\"")
        => |args| match std::str::from_utf8(args.bytes("data")?) {
            Ok(text) => Ok(Value::text_with(text, args.is_secret())),
            Err(error) => Err(format!("`utf8`: byte {} is not UTF-8", error.valid_up_to())),
        };
    spec("url_encode", "percent-encoding of all but letters, digits and `-._~` (RFC 3986 §2.3)", &[Param::required("text", Ty::Text, "the text")], "GET orders \"/search?q=${url_encode(term)}\"")
        => |args| {
            let text = args.text("text")?;
            Ok(Value::text_with(utf8_percent_encode(&text.text, RESERVED).to_string(), text.secret))
        };
    spec("url_decode", "the text of percent-encoding; `+` stays a plus", TEXT, "expect url_decode(\"a%20b\") == \"a b\"")
        => url_decode;
    spec("to_json", "the compact JSON of a value", &[Param::required("value", Ty::Any, "the value")], "let signature = hmac_sha256(key, to_json(order))")
        => |args| Ok(Value::text_with(to_json(args.value("value")?), args.is_secret()));
}

impl Arguments {
    /// The text itself is not shown: it may be secret or huge.
    fn malformed(&self, what: &str) -> String {
        format!("`{}`: the text is not {what}", self.spec.name)
    }
}

/// Bytes in lower-case hexadecimal.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((digit(*high)? * 16 + digit(*low)?) as u8)).collect()
}

fn binary(args: &Arguments, bytes: Vec<u8>) -> Result<Value, String> {
    Ok(Value::Bytes(Binary { bytes: bytes.into(), secret: args.is_secret() }))
}

fn url_decode(args: &Arguments) -> Result<Value, String> {
    let text = args.text("text")?;
    let bytes = text.text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(i, byte)| {
        *byte == b'%' && !bytes.get(i + 1..i + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit))
    });
    let decoded = percent_decode_str(&text.text).decode_utf8();
    match decoded {
        Ok(decoded) if !broken => Ok(Value::text_with(&*decoded, text.secret)),
        _ => Err(args.malformed("percent-encoded UTF-8")),
    }
}

/// The same value with every text and all bytes in it secret. Numbers carry no taint: they become
/// secret texts of their digits, so that they cannot be shown.
pub(crate) fn taint(value: Value) -> Value {
    match value {
        Value::Text(text) => Value::text_with(text.text, true),
        Value::Bytes(bytes) => Value::Bytes(Binary { bytes: bytes.bytes, secret: true }),
        Value::List(items) => Value::list(items.iter().cloned().map(taint).collect()),
        Value::Object(fields) => {
            Value::object(fields.iter().map(|(name, value)| (name.clone(), taint(value.clone()))))
        }
        Value::Number(number) => Value::text_with(number.to_string(), true),
        other => other,
    }
}
