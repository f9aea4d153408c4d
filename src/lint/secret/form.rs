//! Secrets that are known by their form alone.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::name::{entropy, is_mixed, is_placeholder};

/// A form that a vendor gives to its keys, as the vendors document them.
struct Form {
    /// How it begins.
    prefix: &'static str,
    /// How many characters follow at least.
    more: usize,
    what: &'static str,
}

const fn form(prefix: &'static str, more: usize, what: &'static str) -> Form {
    Form { prefix, more, what }
}

const FORMS: &[Form] = &[
    form("sk_live_", 16, "a secret key of Stripe"),
    form("rk_live_", 16, "a restricted key of Stripe"),
    form("whsec_", 24, "a webhook secret of Stripe"),
    form("ghp_", 36, "a token of GitHub"),
    form("gho_", 36, "a token of GitHub"),
    form("ghu_", 36, "a token of GitHub"),
    form("ghs_", 36, "a token of GitHub"),
    form("ghr_", 36, "a token of GitHub"),
    form("github_pat_", 22, "a token of GitHub"),
    form("glpat-", 20, "a token of GitLab"),
    form("AKIA", 16, "an access key of AWS"),
    form("ASIA", 16, "an access key of AWS"),
    form("AIza", 35, "an API key of Google"),
    form("xoxb-", 20, "a token of Slack"),
    form("xoxp-", 20, "a token of Slack"),
    form("xoxa-", 20, "a token of Slack"),
    form("xapp-", 20, "a token of Slack"),
    form("npm_", 36, "a token of npm"),
    form("sk-ant-", 20, "an API key of Anthropic"),
    form("sk-proj-", 20, "an API key of OpenAI"),
];

/// What random characters of a key have at least, in bits; a row of `x` has none.
const RANDOM: f64 = 2.5;

/// Fewer characters in one piece are no line of a key but words.
const LINE: usize = 16;

/// What begins other secrets: a JSON Web Token, a key in PEM, the authority of a URL.
const OTHERS: [&str; 3] = ["eyJ", "-----BEGIN ", "://"];

/// Finds all beginnings in one pass: editors ask at each keystroke.
static BEGINNINGS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // A pattern set of plain literals always builds.
    AhoCorasick::new(FORMS.iter().map(|form| form.prefix).chain(OTHERS)).ok()
});

/// The secrets in a text: where each stands, and what it looks like. `limit` says where a range ends
/// if what it begins in ends earlier; it is asked of hardly any text.
pub(super) fn secrets(
    text: &str,
    limit: impl Fn(Range<usize>) -> usize,
) -> Vec<(Range<usize>, &'static str)> {
    let mut found: Vec<(Range<usize>, &'static str)> = Vec::new();
    for at in BEGINNINGS.iter().flat_map(|finder| finder.find_iter(text)) {
        if found.last().is_some_and(|(last, _)| at.start() < last.end) {
            continue;
        }
        let begins_word = !text[..at.start()].ends_with(is_key);
        found.extend(match (FORMS.get(at.pattern().as_usize()), &text[at.range()]) {
            (Some(form), _) if begins_word => key(text, at.range(), form),
            (None, "eyJ") if begins_word => json_web_token(text, at.start()),
            (None, "-----BEGIN ") => private_key(text, at.start(), &limit),
            (None, "://") => password(text, at.end()),
            _ => None,
        });
    }
    found
}

/// A key of a known form that begins with `prefix`.
fn key(text: &str, prefix: Range<usize>, form: &Form) -> Option<(Range<usize>, &'static str)> {
    let end = end_of(text, prefix.end, is_key);
    let key = &text[prefix.end..end];
    let is_random = key.len() >= form.more && entropy(key) >= RANDOM && !is_placeholder(key);
    is_random.then_some((prefix.start..end, form.what))
}

fn is_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// The first byte from `start` on whose character is another kind.
fn end_of(text: &str, start: usize, kind: impl Fn(char) -> bool) -> usize {
    text[start..].find(|c| !kind(c)).map_or(text.len(), |length| start + length)
}

/// Three parts in base64url, the first two of which are objects (RFC 7519 §3).
fn json_web_token(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let mut parts = [""; 3];
    let mut end = start;
    for (index, part) in parts.iter_mut().enumerate() {
        if index > 0 {
            end += text[end..].strip_prefix('.').map(|_| 1)?;
        }
        let begin = end;
        end = end_of(text, begin, is_key);
        *part = &text[begin..end];
    }
    let [head, claims, signature] = parts;
    let signed = head.len() >= 10 && claims.starts_with("eyJ") && claims.len() >= 10 && signature.len() >= 16;
    signed.then_some((start..end, "a JSON Web Token"))
}

/// A key in PEM, as far as it is there (RFC 7468 §10 and §11).
fn private_key(
    text: &str,
    start: usize,
    limit: impl Fn(Range<usize>) -> usize,
) -> Option<(Range<usize>, &'static str)> {
    let is_label = |c: char| c.is_ascii_uppercase() || c == ' ';
    let label = end_of(text, start + "-----BEGIN ".len(), is_label);
    if !text[..label].ends_with("PRIVATE KEY") || !text[label..].starts_with("-----") {
        return None;
    }
    let body = label + "-----".len();
    // No quote stands in a key, so it ends with the text that it stands in.
    let rest = &text[body..text[body..].find("-----").map_or(text.len(), |length| body + length)];
    let key = body + rest.find('"').unwrap_or(rest.len());
    let end = match text[key..].strip_prefix("-----END ") {
        Some(label) => text.len() - label.trim_start_matches(|c| is_label(c) || c == '-').len(),
        None => key,
    };
    let end = limit(start..end);
    let pieces =
        text.get(body..key.min(end))?.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '/'));
    let length: usize = pieces.map(str::len).filter(|&length| length >= LINE).sum();
    (length >= 2 * LINE).then_some((start..end, "a private key"))
}

/// The password of the userinfo in a URL (RFC 3986 §3.2.1) whose authority begins at `start`.
fn password(text: &str, start: usize) -> Option<(Range<usize>, &'static str)> {
    let is_inside = |c: char| !c.is_whitespace() && !matches!(c, '/' | '"' | '?' | '#' | '{' | '}');
    let mut colon = start;
    loop {
        colon = end_of(text, colon, |c| is_inside(c) && !matches!(c, ':' | '@' | '$'));
        match text[colon..].chars().next()? {
            ':' => break,
            // What `${…}` inserts may be a part of the user's name.
            '$' if text[colon..].starts_with("${") => {
                colon = end_of(text, colon, |c| !matches!(c, '}' | '/' | '\n'));
                colon += text[colon..].strip_prefix('}').map(|_| 1)?;
            }
            '$' => colon += 1,
            _ => return None,
        }
    }
    let (user, rest) = (&text[start..colon], colon + 1);
    let at = rest + text[rest..end_of(text, rest, is_inside)].rfind('@')?;
    let password = &text[rest..at];
    // A word would be masked wherever it stands.
    let is_secret =
        password.chars().count() >= 8 && is_mixed(password) && password != user && !is_placeholder(password);
    is_secret.then_some((rest..at, "the password of a URL"))
}

#[cfg(test)]
mod tests {
    use super::secrets;

    /// What of a text is taken for secrets.
    fn found(text: &str) -> Vec<&str> {
        secrets(text, |range| range.end).into_iter().map(|(range, _)| &text[range]).collect()
    }

    #[test]
    fn secrets_are_known_by_their_form() {
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAm4Q9zX2vB7nL5tR8wK1pD6sH\n-----END RSA PRIVATE KEY-----";
        assert_eq!(found(&format!("let key = \"\"\"\n{key}\n\"\"\"")), [key]);
        let escaped = key.replace('\n', "\\n");
        assert_eq!(found(&format!("\"{escaped}\"")), [escaped.as_str()]);
        let two = "\"glpat-x7Kq2Zt3Wn5Ym9Rb1Xc4\" xoxb-731048265190-Kq8Zt3Wn5Ym2";
        assert_eq!(found(two), ["glpat-x7Kq2Zt3Wn5Ym9Rb1Xc4", "xoxb-731048265190-Kq8Zt3Wn5Ym2"]);
        assert_eq!(found("redis://:Vq7rT2kP9x@h/0"), ["Vq7rT2kP9x"]);
        assert_eq!(found("x://a:p@ssw0rd-x@h"), ["p@ssw0rd-x"], "the last @ ends it");
        assert_eq!(found("mysql://${u}:Vq7rT2kP9x@h/x"), ["Vq7rT2kP9x"]);
        assert_eq!(found("mysql://a-${u}-b:Vq7$T2kP9x@${host}/x"), ["Vq7$T2kP9x"]);
        let told = format!("{key}, and more\n{key}");
        assert_eq!(found(&told), [key, key], "nothing but the key");
        let cut = &key[..key.find("\n-----END").unwrap()];
        assert_eq!(found(&format!("{cut}\" END")), [cut]);
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.Qk7vTn2mXz9Lp4Rw8Sd1Fg6H";
        assert_eq!(found(&format!("It was {token}.")), [token]);
    }

    /// Anybody may have any file open in an editor.
    #[test]
    fn the_time_grows_with_the_length() {
        for text in ["eyJ.", "-----BEGIN PRIVATE KEY-----", "://a:b@", "://${", "ghp_"] {
            assert_eq!(found(&text.repeat(200_000)), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn what_only_begins_like_a_secret_is_none() {
        for text in [
            "",
            "sk_live_",
            "ghp_short",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "task_live_Kq8Zt3Wn5Ym2Rb7X",
            "AKIAIOSFODNN7EXAMPLE",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.x.y",
            "-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEAm4Q9zX2vB7nL5tR8wK1pD6sH\n-----END CERTIFICATE-----",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
            "a \"-----BEGIN PRIVATE KEY-----\"\n  what stands between two texts \"-----END PRIVATE KEY-----\"",
            "-----BEGIN PRIVATE KEY----- stands at the beginning of a private key, and then its text",
            "postgres://postgres:postgres@h/x",
            "postgres://shop:${password}@h/x",
            "postgres://${user}:${password}@h/x",
            "postgres://${user}@h:5432/x",
            "postgres://${user:Vq7rT2kP9x@h/x",
            "http://a:expected@h/",
            "postgres://shop@h:5432/x",
            "https://h/a:b-longer-than-that@c",
            "://",
            "é://ü:ö@",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }
}
