//! Predicates: what an assert says of its subject, as a claim of the language.

use super::super::model::{Line, Story, Text};
use super::super::quote;
use super::super::secrets::is_private;
use super::super::variables::Variables;
use super::query::{self, Subject};
use super::scan::{Scan, Wrong};

/// A claim; none where the language has no words for it, and why.
pub(super) type Claim = Result<String, &'static str>;

/// Names that stand for `{{newUuid}}` and the like.
pub(super) fn special(name: &str) -> Option<String> {
    match name {
        "newUuid" => Some("any uuid".to_owned()),
        "newDate" => Some("now()".to_owned()),
        _ => None,
    }
}

/// Reads a predicate to its end.
pub(super) fn read(
    scan: &mut Scan<'_>,
    subject: Option<&Subject>,
    variables: &mut Variables,
    story: &mut Story,
) -> Result<Claim, Wrong> {
    scan.skip_space();
    let is_not = scan.peek_word() == "not";
    if is_not {
        scan.word();
        scan.skip_space();
    }
    let before = scan.clone();
    let word = scan.word();
    let of = subject.map(|subject| &*subject.expr).unwrap_or_default();
    let not = if is_not { "not " } else { "" };
    let compares = matches!(word, "==" | "!=" | ">" | ">=" | "<" | "<=");
    // Hurl has such a part only where it is set.
    let is_switch = of.starts_with("cookies") && (of.ends_with(".secure") || of.ends_with(".http_only"));
    let claim: Claim = match word {
        "exists" if is_switch => Ok(format!("{of} {} true", if is_not { "!=" } else { "==" })),
        "exists" if is_not => Ok(format!("{of} == absent")),
        "exists" => Ok(format!("{of} != absent")),
        "isEmpty" => Ok(format!("{of}.count {} 0", if is_not { ">" } else { "==" })),
        "matches" => {
            let pattern = query::pattern(scan)?;
            match quote::regex(&pattern).filter(|_| !pattern.contains("{{")) {
                Some(regex) => Ok(format!("{of} {not}contains {regex}")),
                None => Err("the regular expression is not one that scn reads"),
            }
        }
        "startsWith" | "endsWith" | "contains" | "includes" | "==" | "!=" | ">" | ">=" | "<" | "<=" => {
            let value = value(scan, subject, variables, story)?;
            value.map(|value| match word {
                "startsWith" => format!("{not}starts_with({of}, {value})"),
                "endsWith" => format!("{not}ends_with({of}, {value})"),
                "contains" | "includes" => format!("{of} {not}contains {value}"),
                "==" if is_not => format!("{of} != {value}"),
                "!=" if is_not => format!("{of} == {value}"),
                _ if is_not => format!("not ({of} {word} {value})"),
                _ => format!("{of} {word} {value}"),
            })
        }
        _ => match kind(word) {
            Some(kind) => kind.map(|kind| format!("{of} {not}matches {kind}")),
            None => {
                let known = "==, !=, >, >=, <, <=, startsWith, endsWith, contains, matches, exists, isEmpty, isInteger, isString and the like";
                return Err(before.wrong(format!("`{word}` is no predicate: {known}")));
            }
        },
    };
    if !scan.is_done() {
        return Err(scan.wrong("nothing more can stand here"));
    }
    Ok(match subject {
        Some(subject) if subject.is_list && word != "exists" => Err("the header may come several times"),
        Some(subject) if subject.is_duration && !compares => Err("a duration is only compared"),
        _ => claim,
    })
}

/// The shape that a predicate names.
fn kind(word: &str) -> Option<Claim> {
    Some(match word {
        "isInteger" => Ok("int".to_owned()),
        "isNumber" => Ok("number".to_owned()),
        "isBoolean" => Ok("bool".to_owned()),
        "isString" => Ok("text".to_owned()),
        "isObject" => Ok("{ .. }".to_owned()),
        "isList" => Ok("[..]".to_owned()),
        "isIsoDate" => Ok("datetime".to_owned()),
        "isUuid" => Ok("uuid".to_owned()),
        "isIpv4" | "isIpv6" => Ok("ip".to_owned()),
        "isCollection" => Err("it may be a list or an object"),
        "isFloat" => Err("a number is not told apart by how it is written"),
        "isDate" => Err("there are no dates of that kind"),
        _ => return None,
    })
}

/// A value: a text, a number, a word of JSON, a variable, bytes.
fn value(
    scan: &mut Scan<'_>,
    subject: Option<&Subject>,
    variables: &mut Variables,
    story: &mut Story,
) -> Result<Claim, Wrong> {
    scan.skip_space();
    let is_duration = subject.is_some_and(|subject| subject.is_duration);
    let text = |raw: &str, variables: &mut Variables, story: &mut Story| {
        let mut lost: Vec<Line> = Vec::new();
        let mut text: Text = variables.text(raw, story, &mut lost, special);
        if let Some(private) = subject.filter(|subject| is_private(&subject.expr)) {
            let like = private.expr.rsplit('.').next().unwrap_or_default();
            text = story.hide(like, &format!("what `{}` is", private.expr), &text);
        } else {
            text = story.without_private("value that is expected", &text);
        }
        if lost.is_empty() { Ok(text) } else { Err("scn cannot compute the variable") }
    };
    if scan.rest().starts_with('"') {
        let raw = scan.quoted()?;
        return Ok(text(&raw, variables, story).map(|text| quote::line(&text)));
    }
    if scan.take("`") {
        if scan.rest().starts_with("``") {
            return Err(scan.wrong("a value over several lines is not read"));
        }
        let raw = scan.raw_until('`')?;
        return Ok(text(&raw, variables, story).map(|text| quote::line(&text)));
    }
    for (prefix, function) in [("hex,", "unhex"), ("base64,", "unbase64")] {
        if scan.take(prefix) {
            let inner = scan.raw_until(';')?;
            return Ok(Ok(format!("{function}({})", quote::plain(inner.trim()))));
        }
    }
    if scan.take("file,") {
        scan.raw_until(';')?;
        return Ok(Err("the value is a file"));
    }
    if scan.rest().starts_with("{{") {
        let start = scan.clone();
        scan.take("{{");
        let Some((inner, _)) = scan.rest().split_once("}}") else {
            return Err(start.wrong("`}}` is missing"));
        };
        let raw = format!("{{{{{inner}}}}}");
        scan.take(inner);
        scan.take("}}");
        let value = text(&raw, variables, story)
            .and_then(|text| text.as_value().map(str::to_owned).ok_or("scn cannot compute the variable"));
        return Ok(value.and_then(|value| {
            if is_duration { Err("a duration is compared to a variable") } else { Ok(value) }
        }));
    }
    let before = scan.clone();
    let word = scan.word();
    match word {
        "true" | "false" | "null" => Ok(Ok(word.to_owned())),
        _ => match word.parse::<crate::value::Number>() {
            Ok(number) if is_duration => match number.to_usize() {
                Some(milliseconds) if milliseconds < 1_000_000_000 => Ok(Ok(format!("{milliseconds}ms"))),
                _ => Ok(Err("it is no time in milliseconds")),
            },
            Ok(number) => Ok(Ok(number.to_string())),
            Err(_) => Err(before.wrong(
                "a value was expected here: a text in quotes, a number, true, false, null or {{a variable}}",
            )),
        },
    }
}
