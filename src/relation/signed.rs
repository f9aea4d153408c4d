//! `signed`: every request carries the signature of its body, of the bytes as they came. Time
//! `O(bytes)`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::records::{invalid, records, shows};
use super::{Claim, OR_EMPTY, Rule, Says, Stays, Verdict, spec};
use crate::event::Detail;
use crate::function::{header_of, keyed_digest};
use crate::lang::{Param, Ty};
use crate::value::Value;

/// More calls than this are not listed.
const LISTED: usize = 10;

pub(super) const SIGNED: Rule = Rule {
    spec: &spec(
        "signed",
        "every request carries the signature of its body, in hexadecimal or base64",
        &[
            Param::required(
                "with",
                Ty::Any,
                "the function that signs, without its data: `hmac_sha256(\"key\")`",
            ),
            Param::required("in", Ty::Any, "where the signature stands: `header(\"X-Signature\")`"),
            Param::new("prefix", Ty::Text, "what stands before the signature, such as `sha256=`"),
            OR_EMPTY,
        ],
        "expect merchant.calls signed(with: hmac_sha256(\"test-key\"), in: header(\"X-Signature\"))",
    ),
    judge,
    says: |_| Says("is signed", "is not signed"),
    stays: |_| Stays::Neither,
};

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let given = |name: &str| claim.args.get(name).unwrap_or(&Value::Absent);
    let Some(header) = header_of(given("in")) else {
        return Err(invalid("`in` is the place of the signature: `header(\"X-Signature\")`"));
    };
    if keyed_digest(given("with"), b"").is_none() {
        return Err(invalid("`with` is the function that signs, without its data: `hmac_sha256(\"key\")`"));
    }
    let prefix = match given("prefix") {
        Value::Absent => "",
        Value::Text(text) => &text.text,
        _ => return Err(invalid("`prefix` is text")),
    };
    let mut details: Vec<Detail> = Vec::new();
    let mut wrong = 0;
    for (at, record) in records(claim)?.iter().enumerate() {
        let field = |name: &str| record.as_object().and_then(|fields| fields.get(name));
        let raw = match field("raw") {
            Some(Value::Bytes(bytes)) => &bytes.bytes,
            _ => return Err(invalid(format!("the bytes of {} were not kept", called(at, record)))),
        };
        let digest = keyed_digest(given("with"), raw).unwrap_or_default();
        let headers = field("headers").and_then(Value::as_object);
        let Some(why) = mistake(headers.and_then(|headers| headers.get(header.as_str())), prefix, &digest)
        else {
            continue;
        };
        wrong += 1;
        if wrong <= LISTED {
            let text = format!("{} {}", called(at, record), why.replace("{header}", &format!("`{header}`")));
            details.extend(shows(claim, text, &[]));
        }
    }
    if wrong > LISTED {
        details.extend(shows(claim, format!("and {} more", wrong - LISTED), &[]));
    }
    Ok(if wrong == 0 { Verdict::Holds } else { Verdict::Fails(details) })
}

/// What is wrong with a signature; none when it is right.
fn mistake(written: Option<&Value>, prefix: &str, digest: &[u8]) -> Option<String> {
    let written = match written {
        None | Some(Value::Absent) => return Some("has no header {header}".to_owned()),
        Some(Value::List(several)) => return Some(format!("has {{header}} {} times", several.len())),
        Some(value) => value.as_text().unwrap_or_default().trim(),
    };
    let Some(signature) = written.strip_prefix(prefix) else {
        return Some(format!("has a {{header}} that does not begin with `{prefix}`"));
    };
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let bare = signature.trim_end_matches('=');
    let fits = signature.eq_ignore_ascii_case(&hex)
        || bare == STANDARD_NO_PAD.encode(digest)
        || bare == URL_SAFE_NO_PAD.encode(digest);
    (!fits).then(|| "has a {header} that is not the signature of its body".to_owned())
}

/// `[2] POST /hooks/paid`
fn called(at: usize, record: &Value) -> String {
    let part = |name: &str| {
        let value = record.as_object().and_then(|fields| fields.get(name));
        value.and_then(Value::as_text).unwrap_or_default().to_owned()
    };
    format!("[{at}] `{} {}`", part("method"), part("path"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::Relation as _;
    use crate::value::Object;

    fn call(signature: Option<&str>, body: &'static [u8]) -> Value {
        let headers = signature.map(|signature| ("x-signature", Value::text(signature)));
        Value::object([
            ("method", Value::text("POST")),
            ("path", Value::text("/hooks")),
            ("headers", Value::object(headers)),
            ("raw", Value::bytes(body)),
        ])
    }

    fn of(function: &str, given: &str) -> Value {
        let function = crate::function::find(function).unwrap();
        let arguments =
            crate::function::Arguments::bind(function.spec, vec![Value::text(given)], Vec::new()).unwrap();
        (function.call)(&arguments).unwrap()
    }

    fn verdict(calls: Vec<Value>, key: &str, prefix: Option<&str>) -> Verdict {
        let mut args = Object::new();
        args.insert("with".into(), of("hmac_sha256", key));
        args.insert("in".into(), of("header", "X-Signature"));
        args.extend(prefix.map(|prefix| ("prefix".into(), Value::text(prefix))));
        let subject = Value::list(calls);
        SIGNED.judge(&Claim { subject: Some(&subject), args, ..Claim::default() })
    }

    /// RFC 4231 §4.3, test case 2.
    const KEY: &str = "Jefe";
    const BODY: &[u8] = b"what do ya want for nothing?";
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const BASE64: &str = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=";

    #[test]
    fn hexadecimal_and_base64_are_both_read() {
        for signature in [HEX, &HEX.to_uppercase(), BASE64, BASE64.trim_end_matches('=')] {
            assert_eq!(verdict(vec![call(Some(signature), BODY)], KEY, None), Verdict::Holds, "{signature}");
        }
        assert_eq!(
            verdict(vec![call(Some(&format!("sha256={HEX}")), BODY)], KEY, Some("sha256=")),
            Verdict::Holds
        );
    }

    #[test]
    fn one_wrong_or_missing_signature_is_named() {
        for (second, why) in [
            (call(Some(HEX), b"another body"), "is not the signature of its body"),
            (call(None, BODY), "has no header `x-signature`"),
            (call(Some(""), BODY), "is not the signature of its body"),
            (call(Some(&format!("sha256={HEX}")), BODY), "is not the signature of its body"),
        ] {
            let verdict = verdict(vec![call(Some(HEX), BODY), second], KEY, None);
            let Verdict::Fails(details) = verdict else { panic!("{verdict:?}") };
            let shown = format!("{details:?}");
            assert!(shown.contains("[1] `POST /hooks`") && shown.contains(why), "{shown}");
            assert!(!shown.contains("[0]"), "{shown}");
        }
        assert!(matches!(verdict(vec![call(Some(HEX), BODY)], "another", None), Verdict::Fails(_)));
        assert!(matches!(verdict(vec![call(Some(HEX), BODY)], KEY, Some("sha256=")), Verdict::Fails(_)));
    }

    #[test]
    fn nothing_shows_nothing() {
        assert!(matches!(verdict(Vec::new(), KEY, None), Verdict::Invalid(_)));
        let unkept = Value::object([("headers", Value::object([("x-signature", Value::text(HEX))]))]);
        assert!(matches!(verdict(vec![unkept], KEY, None), Verdict::Invalid(_)));
    }
}
