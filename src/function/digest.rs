//! Digests and keyed digests.

use std::sync::Arc;

use ring::{digest, hmac};

use super::encode::hex_of;
use super::{functions, spec};
use crate::lang::{Param, Ty};
use crate::value::{Binary, Tagged, Value};

const DATA: &[Param] = &[Param::required("data", Ty::Any, "text, taken as UTF-8, or bytes")];
const KEYED: &[Param] = &[
    Param::required("key", Ty::Any, "text, taken as UTF-8, or bytes"),
    Param::new(
        "data",
        Ty::Any,
        "text, taken as UTF-8, or bytes; without it, the function that signs, for `signed`",
    ),
];

/// The tag of a keyed digest whose data is yet to come.
const HMAC_SHA256: &str = "hmac_sha256";

functions! {
    spec("sha256", "the SHA-256 (FIPS 180-4) in lower-case hexadecimal", DATA, "expect headers.digest == sha256(body)")
        => |args| Ok(Value::text_with(hex_of(digest::digest(&digest::SHA256, args.bytes("data")?).as_ref()), args.is_secret()));
    spec("sha512", "the SHA-512 (FIPS 180-4) in lower-case hexadecimal", DATA, "let digest = sha512(\"a\")")
        => |args| Ok(Value::text_with(hex_of(digest::digest(&digest::SHA512, args.bytes("data")?).as_ref()), args.is_secret()));
    spec(HMAC_SHA256, "the HMAC (RFC 2104) with SHA-256 in lower-case hexadecimal", KEYED, "let signature = hmac_sha256(\"test-key\", \"payload\")")
        => |args| {
            let key = args.bytes("key")?;
            if args.get("data").is_none() {
                let key = Value::Bytes(Binary { bytes: key.to_vec().into(), secret: args.is_secret() });
                return Ok(Value::Tagged(Arc::new(Tagged { tag: HMAC_SHA256, value: Value::object([("key", key)]) })));
            }
            let key = hmac::Key::new(hmac::HMAC_SHA256, key);
            Ok(Value::text_with(hex_of(hmac::sign(&key, args.bytes("data")?).as_ref()), args.is_secret()))
        };
}

/// The digest of data by a function that got only its key, such as `hmac_sha256("key")`; none for
/// any other value.
pub fn keyed_digest(with: &Value, data: &[u8]) -> Option<Vec<u8>> {
    let Value::Tagged(tagged) = with else { return None };
    let Some(Value::Bytes(key)) = tagged.value.as_object().filter(|_| tagged.tag == HMAC_SHA256)?.get("key")
    else {
        return None;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key.bytes);
    Some(hmac::sign(&key, data).as_ref().to_vec())
}
