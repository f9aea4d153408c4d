//! Masking of secrets in everything that leaves the run: taint travels with values, and the
//! redactor catches the same characters where taint cannot follow, such as a service's log.

use std::collections::BTreeSet;
use std::sync::{Arc, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::borrow::Cow;

/// What stands in every output in place of a secret.
pub const MASK: &str = "•••";

/// Shorter secrets are refused: masking them would mask half of every output.
pub fn is_long_enough(secret: &str) -> bool {
    secret.chars().count() >= 8
}

/// Knows the secrets of a run and masks them, together with their base64, URL and JSON forms, in
/// upper and lower case.
/// Cheap to clone; all clones share what was registered.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    inner: Arc<RwLock<Inner>>,
}

#[derive(Default)]
struct Inner {
    forms: BTreeSet<String>,
    finder: Option<AhoCorasick>,
}

/// Never prints the forms themselves.
impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} masked forms", self.forms.len())
    }
}

impl Redactor {
    /// Masks `secret` from now on. Secrets that are too short are not registered: they are
    /// refused where they are declared, and taint still masks the values made from them.
    pub fn register(&self, secret: &str) {
        self.register_all([secret]);
    }

    /// The same for several, at the cost of one.
    pub fn register_all<'s>(&self, secrets: impl IntoIterator<Item = &'s str>) {
        let Ok(mut inner) = self.inner.write() else { return };
        let mut is_new = false;
        for secret in secrets.into_iter().filter(|secret| is_long_enough(secret)) {
            if inner.forms.insert(secret.to_owned()) {
                is_new = true;
                inner.forms.extend(derived_forms(secret).into_iter().filter(|form| is_long_enough(form)));
            }
        }
        if !is_new {
            return;
        }
        // A pattern set of plain literals always builds.
        inner.finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .ascii_case_insensitive(true)
            .build(&inner.forms)
            .ok();
    }

    /// The text with every known secret masked.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Ok(inner) = self.inner.read() else { return Cow::Borrowed(MASK) };
        let masked = match &inner.finder {
            Some(finder) if finder.is_match(text) => {
                let masks = vec![MASK; finder.patterns_len()];
                Cow::Owned(finder.replace_all(text, &masks))
            }
            Some(_) => Cow::Borrowed(text),
            None => return Cow::Borrowed(text),
        };
        match super::cut::mask_cuts(&masked, &inner.forms) {
            Some(cut) => Cow::Owned(cut),
            None => masked,
        }
    }

    /// Whether the text contains a known secret.
    pub fn leaks(&self, text: &str) -> bool {
        matches!(self.mask(text), Cow::Owned(_))
    }
}

/// How often a secret may be text of JSON inside text of JSON, as a body in a structured log is.
const JSON_LEVELS: usize = 3;

/// The forms in which a secret travels: JSON, URL and shell escapes, and base64 at each of the three
/// alignments, less the edge characters that depend on the neighbours.
fn derived_forms(secret: &str) -> Vec<String> {
    let json = super::to_json(&super::Value::text(secret));
    let mut forms = vec![
        json[1..json.len() - 1].to_owned(),
        percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        secret.bytes().map(|byte| format!("{byte:02x}")).collect(),
        // What a database or a header may make of it.
        secret.to_uppercase(),
        secret.to_lowercase(),
    ];
    forms.push(forms[1].replace("%2D", "-").replace("%2E", ".").replace("%5F", "_").replace("%7E", "~"));
    let mut plain = secret.to_owned();
    for _ in 0..JSON_LEVELS {
        let json = super::to_json(&super::Value::text(plain.as_str()));
        json[1..json.len() - 1].clone_into(&mut plain);
        // What Go's encoder makes of characters that mean something in HTML.
        let html = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")];
        forms.push(html.iter().fold(plain.clone(), |text, (from, to)| text.replace(from, to)));
        forms.push(plain.clone());
    }
    forms.push(secret.replace('\'', r"'\''"));
    forms.retain(|form| form != secret);
    for offset in 0..3usize {
        let mut bytes = vec![0; offset];
        bytes.extend_from_slice(secret.as_bytes());
        // Characters that mix in the bytes before or after are not the secret's own.
        let first = (offset * 8).div_ceil(6);
        let last = bytes.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            forms.push(encoded[first..last].to_owned());
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn every_form_is_masked() {
        let redactor = Redactor::default();
        let secret = "hunter2/\"geheim\"?";
        redactor.register(secret);
        let json = super::super::to_json(&super::super::Value::text(secret));
        let url =
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let logged = super::super::to_json(&super::super::Value::text(format!("{{\"key\":{json}}}")));
        for text in [secret, &json, &url, &logged, &format!("a{secret}b")] {
            let masked = redactor.mask(text);
            assert!(masked.contains(MASK) && !masked.contains("geheim"), "{masked}");
        }
        for user in ["", "u", "us", "user:", "user2:"] {
            let basic = STANDARD.encode(format!("{user}{secret}tail"));
            assert!(redactor.leaks(&basic), "{user}");
        }
        for changed in ["HUNTER2/\"GEHEIM\"?", "Hunter2/\"Geheim\"?", "68756E746572322F2267656865696D223F"] {
            assert_eq!(redactor.mask(changed), MASK);
        }
        assert_eq!(redactor.mask("it is HUNTER2/\"GEH…"), "it is •••…");
        redactor.register("Grüße an alle");
        assert_eq!(redactor.mask("GRÜSSE AN ALLE"), MASK);
    }

    #[test]
    fn short_ones_are_not_registered() {
        let redactor = Redactor::default();
        redactor.register("short");
        assert_eq!(redactor.mask("a short text"), "a short text");
    }
}
