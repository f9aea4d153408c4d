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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) expr: String,
    /// A number of milliseconds in Hurl, and a duration here.
    pub(super) is_duration: bool,
    /// A list here and several single values in Hurl.
    pub(super) is_list: bool,
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
    let simple =
        |expr: &str| Query::Known(Subject { expr: expr.to_owned(), is_duration: false, is_list: false });
    let mut query = match word {
        "status" | "version" | "url" => simple(word),
        "body" => simple("text"),
        "bytes" | "rawbytes" => simple("raw"),
        "sha256" => simple("unhex(sha256(raw))"),
        "redirects" => simple("hops"),
        "duration" => Query::Known(Subject { expr: "latency".to_owned(), is_duration: true, is_list: false }),
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
        "variable" => simple(&variables.of(&scan.quoted()?, story)),
        "jsonpath" => match jsonpath::path("body", &scan.quoted()?) {
            Some(path) => simple(&path),
            None => Query::Lost("the path selects by more than names and places"),
        },
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
    Query::Known(Subject { expr, is_duration: false, is_list: lower == "set-cookie" })
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
    let name = if is_label(name) { format!(".{name}") } else { format!("[{}]", quote::plain(name)) };
    Query::Known(Subject { expr: format!("cookies{name}.{field}"), is_duration: false, is_list: false })
}

/// The next filter, if there is one.
fn filter(scan: &mut Scan<'_>, query: &Query) -> Result<Option<Query>, Wrong> {
    let expr = match query {
        Query::Known(subject) => subject.expr.clone(),
        Query::Lost(_) => String::new(),
    };
    let word = scan.peek_word();
    let text = |scan: &mut Scan<'_>| scan.quoted().map(|text| quote::plain(&text));
    let made = match word {
        "count" => format!("{expr}.count"),
        "first" => format!("{expr}[0]"),
        "last" => format!("{expr}.last"),
        "toInt" => format!("int({expr})"),
        "toFloat" => format!("number({expr})"),
        "toString" => format!("\"${{{expr}}}\""),
        "urlEncode" => format!("url_encode({expr})"),
        "urlDecode" => format!("url_decode({expr})"),
        "base64Encode" => format!("base64({expr})"),
        "base64UrlSafeEncode" => format!("base64url({expr})"),
        "base64Decode" | "base64UrlSafeDecode" => format!("unbase64({expr})"),
        "toHex" => format!("hex({expr})"),
        "utf8Decode" => format!("utf8({expr})"),
        "nth" => {
            scan.word();
            let at = scan.word();
            if at.len() > 9 || at.strip_prefix('-').unwrap_or(at).parse::<u32>().is_err() {
                return Err(scan.wrong("`nth` needs a whole number"));
            }
            return Ok(Some(again(query, format!("{expr}[{at}]"))));
        }
        "split" => {
            scan.word();
            let by = text(scan)?;
            return Ok(Some(again(query, format!("split({expr}, {by})"))));
        }
        "replace" => {
            scan.word();
            let (part, by) = (text(scan)?, text(scan)?);
            return Ok(Some(again(query, format!("replace({expr}, {part}, {by})"))));
        }
        "jsonpath" => {
            scan.word();
            let path = scan.quoted()?;
            let value = if expr == "text" || expr == "raw" { "body".to_owned() } else { expr };
            return Ok(Some(match jsonpath::path(&value, &path) {
                Some(path) => again(query, path),
                None => Query::Lost("the path selects by more than names and places"),
            }));
        }
        "regex" => {
            scan.word();
            pattern(scan)?;
            return Ok(Some(Query::Lost("a part of a text is not told by a regular expression")));
        }
        "xpath" | "decode" | "toDate" | "format" | "dateFormat" => {
            scan.word();
            scan.quoted()?;
            return Ok(Some(Query::Lost("the filter has no place")));
        }
        "replaceRegex" => {
            scan.word();
            pattern(scan)?;
            scan.quoted()?;
            return Ok(Some(Query::Lost("the filter has no place")));
        }
        "htmlEscape" | "htmlUnescape" | "daysAfterNow" | "daysBeforeNow" | "location" | "charsetDecode" => {
            scan.word();
            return Ok(Some(Query::Lost("the filter has no place")));
        }
        _ => return Ok(None),
    };
    scan.word();
    Ok(Some(again(query, made)))
}

/// The query with another expression; what was lost stays so.
fn again(query: &Query, expr: String) -> Query {
    match query {
        Query::Known(_) => Query::Known(Subject { expr, is_duration: false, is_list: false }),
        Query::Lost(why) => Query::Lost(why),
    }
}

/// A regular expression in quotes or between slashes.
pub(super) fn pattern(scan: &mut Scan<'_>) -> Result<String, Wrong> {
    scan.skip_space();
    if scan.take("/") { scan.raw_until('/') } else { scan.quoted() }
}
