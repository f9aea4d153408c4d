//! Queries and filters: what an assert or a capture speaks of, as an expression of the language.

use super::super::model::Story;
use super::super::variables::Variables;
use super::super::{jsonpath, quote};
use super::scan::{Scan, Wrong};
use crate::value::is_label;

/// What a query is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Query {
    /// An expression.
    Known(Subject),
    /// Nothing that scn could say, and why.
    Lost(&'static str),
}

/// An expression, and what must be known of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) expr: String,
    /// What must hold for the expression to mean what the query does.
    pub(super) needs: Vec<String>,
    /// What the value is called, which says whether it is private; empty where nothing names it.
    pub(super) named: String,
    /// Whether there may be nothing of that kind in an answer.
    pub(super) may_miss: bool,
    /// A number of milliseconds in Hurl, and a duration here.
    pub(super) is_duration: bool,
    /// A list here and several single values in Hurl.
    pub(super) is_list: bool,
    pub(super) is_bytes: bool,
}

/// Reads a query and its filters.
pub(super) fn read(
    scan: &mut Scan<'_>,
    variables: &mut Variables,
    story: &mut Story,
) -> Result<Query, Wrong> {
    let before = {
        scan.skip_space();
        scan.clone()
    };
    let word = scan.word();
    let simple = |expr: &str| Query::Known(Subject { expr: expr.to_owned(), ..Subject::default() });
    let bytes =
        |expr: &str| Query::Known(Subject { expr: expr.to_owned(), is_bytes: true, ..Subject::default() });
    let mut query = match word {
        "status" | "version" | "url" => simple(word),
        "body" => simple("text"),
        "bytes" | "rawbytes" => bytes("raw"),
        "sha256" => bytes("unhex(sha256(raw))"),
        "redirects" => simple("hops"),
        "duration" => {
            Query::Known(Subject { expr: "latency".to_owned(), is_duration: true, ..Subject::default() })
        }
        "md5" => Query::Lost("there is no MD5"),
        "ip" => Query::Lost("the address of the server is not told"),
        "certificate" => {
            scan.quoted()?;
            Query::Lost("the certificate of the server is not told")
        }
        "xpath" => {
            scan.quoted()?;
            Query::Lost("there is no XPath")
        }
        "regex" => {
            pattern(scan)?;
            Query::Lost("a part of a text is not told by a regular expression")
        }
        "header" => header(&scan.quoted()?),
        "cookie" => cookie(&scan.quoted()?),
        "variable" => {
            let named = scan.quoted()?;
            let expr = variables.of(&named, story);
            Query::Known(Subject { expr, named, ..Subject::default() })
        }
        "jsonpath" => json(Subject { expr: "body".to_owned(), ..Subject::default() }, &scan.quoted()?),
        _ => {
            let known = "status, version, url, header, cookie, body, jsonpath, xpath, regex, variable, duration, bytes, sha256, md5, redirects, ip, certificate";
            return Err(before.wrong(format!("`{word}` is no query: {known}")));
        }
    };
    while let Some(filtered) = filter(scan, &query)? {
        query = filtered;
    }
    Ok(query)
}

fn header(name: &str) -> Query {
    let lower = name.to_ascii_lowercase();
    if lower.contains("{{") {
        return Query::Lost("the name of the header is a variable");
    }
    let expr = if is_label(&lower) {
        format!("headers.{lower}")
    } else {
        format!("headers[{}]", quote::plain(&lower))
    };
    let is_list = lower == "set-cookie";
    Query::Known(Subject { expr, named: lower, may_miss: true, is_list, ..Subject::default() })
}

/// What a JSONPath finds in a value.
fn json(within: Subject, path: &str) -> Query {
    match jsonpath::path(&within.expr, path) {
        Some(expr) => {
            let named = last_name(path).unwrap_or(&within.named).to_owned();
            Query::Known(Subject { expr, named, may_miss: true, needs: within.needs, ..Subject::default() })
        }
        None => Query::Lost("the path selects by more than names and places"),
    }
}

/// The last name in a path that says what is found: `name` of `$.user.name[0]`.
fn last_name(path: &str) -> Option<&str> {
    let says_nothing = |part: &str| matches!(part, "" | "$" | "*" | "value") || part.parse::<i64>().is_ok();
    path.rsplit(['.', '[', ']', '\'', '"']).map(str::trim).find(|part| !says_nothing(part))
}

fn cookie(text: &str) -> Query {
    let (name, attribute) = match text.split_once('[') {
        Some((name, attribute)) => (name, attribute.trim_end_matches(']')),
        None => (text, "Value"),
    };
    if name.contains("{{") {
        return Query::Lost("the name of the cookie is a variable");
    }
    let field = match attribute.to_ascii_lowercase().as_str() {
        "value" => "value",
        "path" => "path",
        "domain" => "domain",
        "secure" => "secure",
        "httponly" => "http_only",
        "samesite" => "same_site",
        "max-age" => "max_age",
        _ => return Query::Lost("that part of a cookie is not told"),
    };
    let label = if is_label(name) { format!(".{name}") } else { format!("[{}]", quote::plain(name)) };
    // Only what a cookie holds is private, and not how long or where.
    let named = if field == "value" { format!("cookie_{name}") } else { String::new() };
    Query::Known(Subject {
        expr: format!("cookies{label}.{field}"),
        named,
        may_miss: true,
        ..Subject::default()
    })
}

/// The next filter, if there is one; what was lost stays so.
fn filter(scan: &mut Scan<'_>, query: &Query) -> Result<Option<Query>, Wrong> {
    let subject = match query {
        Query::Known(subject) => subject.clone(),
        Query::Lost(_) => Subject::default(),
    };
    let expr = &*subject.expr;
    let text = |scan: &mut Scan<'_>| scan.quoted().map(|text| quote::plain(&text));
    let to = |expr: String| Subject {
        expr,
        needs: subject.needs.clone(),
        named: subject.named.clone(),
        ..Subject::default()
    };
    let before = scan.clone();
    let word = scan.word();
    let made = match word {
        "count" if subject.is_bytes => to(format!("{expr}.size")),
        "count" | "last" => {
            let mut made = to(format!("{expr}.{word}"));
            // Of an object, these are fields; what follows is a list anyway.
            if expr != "hops" && !expr.starts_with("split(") && !expr.contains("[*]") {
                made.needs.push(format!("{expr} matches [..]"));
            }
            made
        }
        "first" => Subject { may_miss: true, ..to(format!("{expr}[0]")) },
        "nth" => {
            let at = scan.word();
            if at.len() > 9 || at.strip_prefix('-').unwrap_or(at).parse::<u32>().is_err() {
                return Err(scan.wrong("`nth` needs a whole number"));
            }
            Subject { may_miss: true, ..to(format!("{expr}[{at}]")) }
        }
        "toInt" => to(format!("int({expr})")),
        "toFloat" => to(format!("number({expr})")),
        "toString" => to(format!("\"${{{expr}}}\"")),
        "urlEncode" => to(format!("url_encode({expr})")),
        "urlDecode" => to(format!("url_decode({expr})")),
        "base64Encode" => to(format!("base64({expr})")),
        "base64UrlSafeEncode" => to(format!("base64url({expr})")),
        "base64Decode" | "base64UrlSafeDecode" => {
            Subject { is_bytes: true, ..to(format!("unbase64({expr})")) }
        }
        "toHex" => to(format!("hex({expr})")),
        "utf8Decode" => to(format!("utf8({expr})")),
        "split" => to(format!("split({expr}, {})", text(scan)?)),
        "replace" => {
            let (part, by) = (text(scan)?, text(scan)?);
            to(format!("replace({expr}, {part}, {by})"))
        }
        "jsonpath" => {
            let path = scan.quoted()?;
            let value = if expr == "text" || expr == "raw" { "body" } else { expr };
            match json(to(value.to_owned()), &path) {
                Query::Known(found) => found,
                lost => return Ok(Some(lost)),
            }
        }
        "regex" => {
            pattern(scan)?;
            return Ok(Some(Query::Lost("a part of a text is not told by a regular expression")));
        }
        "xpath" | "decode" | "toDate" | "format" | "dateFormat" => {
            scan.quoted()?;
            return Ok(Some(Query::Lost("the filter has no place")));
        }
        "replaceRegex" => {
            pattern(scan)?;
            scan.quoted()?;
            return Ok(Some(Query::Lost("the filter has no place")));
        }
        "htmlEscape" | "htmlUnescape" | "daysAfterNow" | "daysBeforeNow" | "location" | "charsetDecode" => {
            return Ok(Some(Query::Lost("the filter has no place")));
        }
        _ => {
            *scan = before;
            return Ok(None);
        }
    };
    Ok(Some(match query {
        Query::Known(_) => Query::Known(made),
        Query::Lost(why) => Query::Lost(why),
    }))
}

/// A regular expression in quotes or between slashes.
pub(super) fn pattern(scan: &mut Scan<'_>) -> Result<String, Wrong> {
    scan.skip_space();
    if scan.take("/") { scan.raw_until('/') } else { scan.quoted() }
}
