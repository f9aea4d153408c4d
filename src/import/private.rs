//! What is private: by its name, by its form, and wherever in a text it stands under such a name.

use std::ops::Range;
use std::sync::LazyLock;

use base64::Engine as _;
use regex::Regex;

use super::model::{Piece, Text};
use crate::source::Source;
use crate::value::{MASK, is_long_enough};

/// A number with fewer digits is no password.
const SHORTEST_NUMBER: usize = 3;

/// Words in a name whose value is private, without `-`, `_` and `.`, in lower case.
const PRIVATE_WORDS: &[&str] = &[
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "authkey",
    "privatekey",
    "subscriptionkey",
    "applicationkey",
    "functionskey",
    "signature",
    "credential",
    "creds",
    "session",
    "csrf",
    "xsrf",
    "jwt",
    "assertion",
];
/// Names that are private as a whole.
const PRIVATE_NAMES: &[&str] = &["auth", "xauth", "pass", "pwd", "pin", "otp", "sid", "sig"];
/// Names that hold one of the words and are not private.
const PUBLIC_NAMES: &[&str] = &["maxtokens", "tokentype", "clientassertiontype", "secfetchsession"];
/// How well-known tokens begin.
const TOKEN_BEGINNINGS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "whsec_",
    "npm_",
    "AIza",
    "AKIA",
    "ASIA",
];

/// Whether the value under this name is nobody's business: of a header, a parameter, a field.
pub(super) fn is_private(name: &str) -> bool {
    let bare = bare(name);
    if PUBLIC_NAMES.contains(&&*bare) {
        return false;
    }
    PRIVATE_NAMES.contains(&&*bare) || PRIVATE_WORDS.iter().any(|word| bare.contains(word))
}

/// Whether a number under this name is: `pin`, but neither `total_tokens` nor `session_timeout`, which
/// count and measure.
pub(super) fn is_private_number(name: &str, number: &str) -> bool {
    let bare = bare(name);
    let ends = PRIVATE_NAMES.contains(&&*bare) || PRIVATE_WORDS.iter().any(|word| bare.ends_with(word));
    ends && number.bytes().filter(u8::is_ascii_digit).count() >= SHORTEST_NUMBER
}

/// Whether the value of a parameter of a URL is: there, a `key` opens what it names, and a longer
/// `code` is one of OAuth (RFC 6749 §4.1.2).
pub(super) fn is_private_parameter(name: &str, value: &Text) -> bool {
    is_private(name) || name == "key" || name == "code" && value.as_plain().is_none_or(is_long_enough)
}

fn bare(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The source as a message may show it: what may be private has its characters replaced. Every other
/// place stays where it is.
pub fn masked(source: &Source) -> Source {
    // As many bytes and the same lines, so that places stay.
    let stars = |private: &str| {
        private.chars().map(|c| if c == '\n' { c.to_string() } else { "*".repeat(c.len_utf8()) }).collect()
    };
    Source::new(&*source.name, "", replaced(&source.text, Look::Doubtful, stars))
}

/// A text of the file as a comment may show it.
pub(super) fn without_private(text: &str) -> String {
    replaced(text, Look::Sure, |_| MASK.to_owned())
}

/// Whether a text is private or holds something that is, whatever it is called.
pub(super) fn holds_private(text: &str) -> bool {
    !private(text, Look::Sure).is_empty()
}

/// The text without what is private in it: `hide` makes each such part, whose name it is given, a
/// secret.
pub(super) fn hidden_within(text: &Text, mut hide: impl FnMut(&str, &Text) -> Text) -> Text {
    let flat: String = text
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Plain(plain) => plain,
            Piece::Value(_) => VALUE,
        })
        .collect();
    let mut out = Text::default();
    let mut end = 0;
    for found in private(&flat, Look::Sure) {
        out.append(&slice(text, end..found.place.start));
        out.append(&hide(found.name, &slice(text, found.place.clone())));
        end = found.place.end;
    }
    out.append(&slice(text, end..flat.len()));
    out
}

/// Stands for a value where private parts are looked for: no part of a name or of what ends a value.
const VALUE: &str = "\u{f0000}";

/// A part of a text, by places in it where each value is as long as what stands for it.
fn slice(text: &Text, place: Range<usize>) -> Text {
    let mut part = Text::default();
    let mut at = 0;
    for piece in &text.0 {
        let length = match piece {
            Piece::Plain(plain) => plain.len(),
            Piece::Value(_) => VALUE.len(),
        };
        let (start, end) = (place.start.clamp(at, at + length), place.end.clamp(at, at + length));
        if start < end {
            match piece {
                Piece::Plain(plain) => part.push_plain(&plain[start - at..end - at]),
                Piece::Value(value) => part.push_value(value.clone()),
            }
        }
        at += length;
    }
    part
}

fn replaced(text: &str, look: Look, by: impl Fn(&str) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for found in private(text, look) {
        out.push_str(&text[end..found.place.start]);
        out.push_str(&by(&text[found.place.clone()]));
        end = found.place.end;
    }
    out.push_str(&text[end..]);
    out
}

/// How closely a text is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What is told apart from prose.
    Sure,
    /// What may be private, since a mistake may have cut off what tells it.
    Doubtful,
}

/// A private value in a text, and what it is called there.
#[derive(Debug, Clone)]
struct Found<'t> {
    name: &'t str,
    place: Range<usize>,
}

/// A name and what stands between it and its value, or a flag of curl and its value.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let name = "[a-zA-Z0-9_-]+";
    let quote = r#"\\*["']"#;
    Regex::new(&format!(
        r#"(?x)
        # <pin unit="x">1234</pin>
          <(?:{name}:)?(?P<element>{name})(?:\s[^<>]*)?>
        # Content-Disposition: form-data; name="pin"
        | \bname="?(?P<part>{name})"?(?:;[^\r\n]*)?\r?\n(?:[^\r\n]+\r?\n){{0,4}}\r?\n
        | (?:^|\s)(?P<flag>{FLAGS})(?P<apart>\s{{1,9}}|=)?
        | (?:%5B)?(?P<name>{name})(?:
            # {{"name": "pin", "value": "1234"}}
            {quote}\s{{0,9}},\s{{0,40}}{quote}value{quote}\s{{0,9}}:\s{{0,9}}
            # pin=1234, "pin": 1234, jsonpath "$.pin" == "1234"
          | {CLOSE}{{0,4}}\s{{0,9}}(?:[=!~]=*>?|:=?)\s{{0,9}}
            # jsonpath "$.pin" startsWith "12"
          | (?P<compared>{CLOSE}{{1,4}}{COMPARISON})
          | (?P<space>{CLOSE}{{0,4}}\s{{1,9}})
        )
        "#
    ))
    .ok()
});
/// Flags of curl whose value is private.
const FLAGS: &str = "--user|--oauth2-bearer|--cookie|--proxy-user|--pass|--proxy-pass|-u|-U|-b";
/// What ends a name that is quoted, or a part of a path: `"`, `\"`, `']`, `)"`, and `]` as a URL has it.
const CLOSE: &str = r#"(?:\\*["'\])]|%5D)"#;
/// A comparison in words or signs, up to the quote of what is compared.
const COMPARISON: &str = r"\s{1,9}(?:not\s{1,9})?(?:[=!<>]{1,2}|[a-zA-Z][a-zA-Z0-9]{0,30})\s{1,9}";
/// What leads from a value to another one that it is compared to.
static COMPARED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!("^{CLOSE}{{1,4}}{COMPARISON}")).ok());
/// What is private wherever it stands: credentials behind their scheme, user and password of a URL, and
/// tokens, which are JWTs (RFC 7519 §3) or of a well-known make.
static ANYWHERE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let begins: Vec<String> = TOKEN_BEGINNINGS.iter().map(|begin| regex::escape(begin)).collect();
    let begins = begins.join("|");
    Regex::new(&format!(
        r#"(?x)
        (?i:\bbearer)\s+(?P<bearer>[\w.~+/=-]{{8,}})
        | (?i:\bbasic)\s+(?P<basic>[\w+/=-]{{8,}})
        | ://(?P<credentials>[^/\s"'<>?]+)@
        | (?:^|[^\w-])(?P<token>eyJ[\w-]{{6,}}\.[\w-]+\.[\w-]*|(?:{begins})[\w.-]{{13,}})
        "#
    ))
    .ok()
});

/// All private values of a text, in order: those under a private name, whatever stands between, and
/// those that are told by themselves.
fn private(text: &str, look: Look) -> Vec<Found<'_>> {
    let (Some(named), Some(anywhere)) = (NAMED.as_ref(), ANYWHERE.as_ref()) else {
        // Without the expressions nothing is known to be harmless.
        return vec![Found { name: "text", place: 0..text.len() }];
    };
    let mut found: Vec<Found<'_>> = Vec::new();
    for hit in anywhere.captures_iter(text) {
        for (group, name) in [
            ("bearer", "token"),
            ("basic", "credentials"),
            ("credentials", "credentials"),
            ("token", "token"),
        ] {
            let value = hit.name(group).filter(|value| group != "basic" || is_basic(value.as_str()));
            found.extend(value.map(|value| Found { name, place: value.range() }));
        }
    }
    let mut at = 0;
    while let Some(hit) = named.captures_at(text, at) {
        let end = hit.get(0).map_or(text.len(), |whole| whole.end());
        let (name, mut next) = if let Some(name) = hit.name("element") {
            at = name.end();
            (name.as_str(), is_private(name.as_str()).then(|| element(text, end)).flatten())
        } else if let Some(name) = hit.name("part") {
            at = name.end();
            (name.as_str(), is_private(name.as_str()).then(|| part(text, end)))
        } else if let Some(flag) = hit.name("flag") {
            at = flag.end();
            ("credentials", of_flag(text, end, flag.as_str(), hit.name("apart").is_some(), look))
        } else if let Some(name) = hit.name("name") {
            at = name.end();
            let is_named = is_private(name.as_str())
                || look == Look::Doubtful
                    && matches!(&*bare(name.as_str()), "bearer" | "basic" | "basicauth");
            let between = if hit.name("compared").is_some() {
                Between::Comparison
            } else if hit.name("space").is_some() {
                Between::Space
            } else {
                Between::Sign
            };
            (name.as_str(), is_named.then(|| of_name(text, name.range(), between, end, look)).flatten())
        } else {
            break;
        };
        while let Some(place) = next.filter(|place| !place.is_empty()) {
            at = at.max(place.end);
            let compared = COMPARED.as_ref().and_then(|compared| compared.find(&text[place.end..]));
            next = compared.and_then(|compared| quoted(text, place.end + compared.end()));
            found.push(Found { name, place });
        }
    }
    found.sort_by_key(|found| found.place.start);
    found.dedup_by(|next, kept| {
        let overlaps = next.place.start < kept.place.end;
        if overlaps {
            kept.place.end = kept.place.end.max(next.place.end);
        }
        overlaps
    });
    found
}

/// Whether this is `user:password` in base64 (RFC 7617 §2), and no word behind the word `basic`.
fn is_basic(encoded: &str) -> bool {
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
    bytes.is_ok_and(|bytes| bytes.contains(&b':'))
}

/// What stands between a name and its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Sign,
    Comparison,
    Space,
}

/// The value of a name, which begins at `from`.
fn of_name(
    text: &str,
    name: Range<usize>,
    between: Between,
    from: usize,
    look: Look,
) -> Option<Range<usize>> {
    let before = &text[..name.start];
    let name = &text[name];
    let is_header = ["cookie", "authorization"].iter().any(|word| bare(name).contains(word));
    match (between, look) {
        // `$password: String!` says the type of a variable.
        (Between::Sign, Look::Sure) if before.ends_with('$') => quoted(text, from),
        (Between::Sign, _) if is_header => value(text, from, name, End::Line),
        (Between::Sign, _) => value(text, from, name, End::Part),
        // Prose goes on behind a space; an option has its value there.
        (Between::Space, Look::Sure) if name.starts_with("--") => value(text, from, name, End::Word),
        (Between::Space, Look::Sure) => None,
        (Between::Comparison, Look::Sure) => quoted(text, from),
        // Nothing tells where it ends.
        (Between::Comparison | Between::Space, Look::Doubtful) => quoted(text, from).or_else(|| {
            let close = |c: char| c.is_whitespace() || "\\\"'])".contains(c);
            let rest = text[before.len() + name.len()..].trim_start_matches(close);
            let from = text.len() - rest.len();
            Some(from..from + rest.find('\n').unwrap_or(rest.len()))
        }),
    }
}

/// The value of a flag of curl, which may stand right behind a short one.
fn of_flag(text: &str, from: usize, flag: &str, is_apart: bool, look: Look) -> Option<Range<usize>> {
    let end = if look == Look::Sure { End::Word } else { End::Line };
    let place = value(text, from, flag, end)?;
    let is_short = !flag.starts_with("--");
    let is_value =
        is_apart || is_short && (look == Look::Doubtful || text[place.clone()].contains([':', '=']));
    is_value.then_some(place)
}

/// The content of an element, which ends with its tag.
fn element(text: &str, from: usize) -> Option<Range<usize>> {
    const DATA: &str = "<![CDATA[";
    if text[from..].starts_with(DATA) {
        let from = from + DATA.len();
        return Some(from..from + text[from..].find("]]>")?);
    }
    let end = from + text[from..].find('<')?;
    text[end..].starts_with("</").then_some(from..end)
}

/// The content of a part, up to the next boundary (RFC 2046 §5.1).
fn part(text: &str, from: usize) -> Range<usize> {
    let content = text[from..].split_once("\n--").map_or(&text[from..], |(content, _)| content);
    from..from + content.trim_end_matches('\r').len()
}

/// What stands between quotes; they may be escaped, and the same ones end it.
fn quoted(text: &str, from: usize) -> Option<Range<usize>> {
    let opening = text[from..].strip_prefix('$').unwrap_or(&text[from..]);
    let escapes = opening.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = opening[escapes..].chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let start = text.len() - opening.len() + escapes + 1;
    let inner = &text[start..];
    let ends = |at: &usize| {
        let before = inner[..*at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        // In each text within a text, what escapes is escaped itself.
        before % (2 * (escapes + 1)) == escapes
    };
    let end = inner.match_indices(quote).map(|(at, _)| at).find(ends);
    let end = end.map(|at| at - escapes).or_else(|| inner.find('\n')).unwrap_or(inner.len());
    Some(start..start + end)
}

/// Where a value without quotes ends, besides at quotes and at the end of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Line,
    /// At white space, too.
    Word,
    /// At what separates fields, parameters and elements.
    Part,
}

/// A value, in quotes or without.
fn value(text: &str, from: usize, name: &str, end: End) -> Option<Range<usize>> {
    if let Some(place) = quoted(text, from) {
        return Some(place);
    }
    let rest = &text[from..];
    if end == End::Part {
        if let Some(list) = rest.strip_prefix('[') {
            return Some(from + 1..from + 1 + list.find([']', '\n']).unwrap_or(list.len()));
        }
        let word = rest.split(|c: char| c.is_whitespace() || "\"'`,;&<>(){}[]\\".contains(c)).next()?;
        if word.parse::<crate::value::Number>().is_ok() {
            return is_private_number(name, word).then(|| from..from + word.len());
        }
        if matches!(word, "true" | "false" | "null" | "None" | "undefined")
            || rest.starts_with('{') && !rest.starts_with("{{")
        {
            return None;
        }
    }
    // A variable is shown; what stands behind it is not.
    let variable = VARIABLE.as_ref().and_then(|variable| variable.find(rest)).map_or(0, |found| found.end());
    let (from, rest) = (from + variable, &rest[variable..]);
    if variable > 0 && rest.starts_with([' ', ',', ';', ')', '}', ']', '\\']) {
        return None;
    }
    let mut chars = rest.char_indices().peekable();
    let mut length = rest.len();
    while let Some((at, c)) = chars.next() {
        let is_end = match c {
            '"' | '\'' | '`' | '\n' => true,
            ' ' | '\t' => end == End::Word,
            '&' | '<' => end == End::Part,
            ',' | ';' if end == End::Part => chars.peek().is_none_or(|(_, next)| next.is_whitespace()),
            _ => false,
        };
        if is_end {
            length = at;
            break;
        }
    }
    Some(from..from + rest[..length].trim_end_matches(|c: char| c.is_whitespace() || c == '\\').len())
}

/// `$NAME`, `${NAME}`, `{{name}}`
static VARIABLE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(?:\$\w+|\$\{[^{}\s]*\}|\{\{[^{}]*\}\})").ok());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_are_known() {
        for name in [
            "Authorization",
            "X-Api-Key",
            "access_token",
            "set-cookie",
            "PASSWORD",
            "csrfToken",
            "sid",
            "X-Auth",
            "Ocp-Apim-Subscription-Key",
            "DD-APPLICATION-KEY",
        ] {
            assert!(is_private(name), "{name}");
        }
        for name in ["Accept", "max_tokens", "monkey", "key", "author", "passenger"] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn messages_show_no_secret() {
        for line in [
            "curl -H 'Authorization: Bearer abcdef' x",
            "curl -H \"X-Api-Key: abcdef",
            "-u me:abcdef",
            "https://me:abcdef@example.com",
            "{\"password\": \"abcdef\"}",
            "password=abcdef&x=1",
            r#"-d "{\"password\":\"abcdef\"}" -H"#,
            "-d 'user=a&pwd=abcdef' -H",
            r#"jsonpath "$.password" equals2 "abcdef""#,
            r#"jsonpath "$.password" abcdef"#,
            "password abcdef",
            "password is 'abcdef'",
            "-uabcdef x",
            "basic abcdef",
            "[BasicAuth]\nme abcdef",
            "https://u:p@abcdef@h/x",
        ] {
            let shown = masked(&Source::new("a", "", line));
            assert!(!shown.text.contains("abcdef") && shown.text.len() == line.len(), "{}", shown.text);
        }
    }

    #[test]
    fn comments_show_no_secret_and_stay_prose() {
        for (said, shown) in [
            ("curl -H \"Authorization: Bearer abcdefghi\" x", "curl -H \"Authorization: •••\" x"),
            ("a Bearer abcdefghi", "a Bearer •••"),
            ("the token of the user is needed", "the token of the user is needed"),
            ("curl -u me:pw x", "curl -u ••• x"),
            ("see https://me:pw@a.b/c", "see https://•••@a.b/c"),
            ("see https://me:p@w@a.b/c", "see https://•••@a.b/c"),
            ("curl -u \"$ME:hush\" x", "curl -u \"•••\" x"),
            ("curl -H \"Cookie: a=hush; b=hush\" x", "curl -H \"Cookie: •••\" x"),
            ("-d 'user=a&pwd=hush' x", "-d 'user=a&pwd=•••' x"),
            ("--token hush x", "--token ••• x"),
            ("curl -u $ME:hush x", "curl -u $ME••• x"),
            ("password=$PASS, and Basic knowledge", "password=$PASS, and Basic knowledge"),
            ("Basic bWU6cHc= x", "Basic ••• x"),
            ("`$..access_token` == \"x\"", "`$..access_token` == \"x\""),
            ("jsonpath \"$..access_token\" == \"hush\"", "jsonpath \"$..access_token\" == \"•••\""),
            ("xpath \"string(//password)\" == \"hush\"", "xpath \"string(//password)\" == \"•••\""),
            ("jsonpath \"$.x.secret\" startsWith \"hush\"", "jsonpath \"$.x.secret\" startsWith \"•••\""),
            ("regex \"token=(.*)\" == \"hush\"", "regex \"token=•••\" == \"•••\""),
            (
                "jsonpath \"$.session.user.name\" == \"alice\"",
                "jsonpath \"$.session.user.name\" == \"alice\"",
            ),
            ("total_tokens: 5000, max_tokens=300", "total_tokens: 5000, max_tokens=300"),
        ] {
            assert_eq!(without_private(said), shown);
        }
    }

    #[test]
    fn private_values_are_found_in_any_body() {
        let long = format!("sk_test_{}", "a".repeat(20));
        for (body, found) in [
            (r#"{"user":"alice","password":"hush, \"hush\""}"#, &[r#"hush, \"hush\""#][..]),
            (r#"{\"pwd\": \"hush \\\"x\\\"\", \"a\": 1}"#, &[r#"hush \\\"x\\\""#]),
            (r#"{"pin":493817,"password":12345678,"on":true,"token":null}"#, &["493817", "12345678"]),
            (r#"{"tokens":["a","b"],"credentials":{"pass":"hush"}}"#, &[r#""a","b""#, "hush"]),
            (r#"[{"name": "password", "value": "hush"}]"#, &["hush"]),
            ("<Login><user>a</user><ns:password a='b'>hush</ns:password><pin/></Login>", &["hush"]),
            ("<secret><![CDATA[hu<sh]]></secret><a password=\"hush\"/>", &["hu<sh", "hush"]),
            ("mutation { login(password: \"hush\", pin: 4711) { token } }", &["hush", "4711"]),
            ("mutation L($password: String!) { login(password: $password) { token } }", &[]),
            ("--X\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhush\r\n--X--\r\n", &["hush"]),
            ("user[password]=hush&user%5Bpwd%5D=hu,sh&x=1", &["hush", "hu,sh"]),
            ("user: a\npassword: hush hush\nx: 1", &["hush hush"]),
            (&long, &[&long]),
            ("a task-list of the passenger's own", &[]),
            ("forgot your password? Bring the token of the session.", &[]),
        ] {
            let all: Vec<&str> =
                private(body, Look::Sure).into_iter().map(|found| &body[found.place]).collect();
            assert_eq!(all, found, "{body}");
        }
    }

    #[test]
    fn what_is_found_may_have_values_in_it() {
        let mut text = Text::plain("a=1&password=");
        text.push_value("x");
        text.push_plain("hush&b=");
        text.push_value("y");
        let covered = hidden_within(&text, |name, part| Text::plain(format!("<{name} {}>", part.shown())));
        assert_eq!(covered.shown(), "a=1&password=<password ${x}hush>&b=${y}");
    }

    /// A search from each name to the end of the text would take minutes.
    #[test]
    fn long_texts_are_searched_in_time() {
        for part in [
            "password=",
            "\"password\":\"",
            "<password>",
            "<password ",
            "name=\"pin\"\n\n",
            "://",
            "pin [",
            "-u ",
        ] {
            let text = part.repeat(30_000);
            private(&text, Look::Sure);
            private(&text, Look::Doubtful);
        }
    }
}
