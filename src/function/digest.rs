//! Digests and keyed digests.

use ring::{digest, hmac};

use super::encode::hex_of;
use super::{functions, spec};
use crate::lang::{Param, Ty};
use crate::value::Value;

const DATA: &[Param] = &[Param::required("data", Ty::Any, "text, taken as UTF-8, or bytes")];
const KEYED: &[Param] = &[
    Param::required("key", Ty::Any, "text, taken as UTF-8, or bytes"),
    Param::required("data", Ty::Any, "text, taken as UTF-8, or bytes"),
];

functions! {
    spec("sha256", "the SHA-256 (FIPS 180-4) in lower-case hexadecimal", DATA, "expect headers.digest == sha256(bytes)")
        => |args| Ok(Value::text_with(hex_of(digest::digest(&digest::SHA256, args.bytes("data")?).as_ref()), args.is_secret()));
    spec("sha512", "the SHA-512 (FIPS 180-4) in lower-case hexadecimal", DATA, "let digest = sha512(\"a\")")
        => |args| Ok(Value::text_with(hex_of(digest::digest(&digest::SHA512, args.bytes("data")?).as_ref()), args.is_secret()));
    spec("hmac_sha256", "the HMAC (RFC 2104) with SHA-256 in lower-case hexadecimal", KEYED, "let signature = hmac_sha256(\"test-key\", \"payload\")")
        => |args| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, args.bytes("key")?);
            Ok(Value::text_with(hex_of(hmac::sign(&key, args.bytes("data")?).as_ref()), args.is_secret()))
        };
}
