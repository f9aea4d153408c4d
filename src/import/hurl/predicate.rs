//! Predicates: what an assert says of its subject, as a claim of the language.

use super::super::model::{Line, Story, Text};
use super::super::private::is_private;
use super::super::quote;
use super::super::variables::Variables;
use super::content;
use super::query::{self, Subject};
use super::scan::{Scan, Wrong};

/// What an assert claims, and why that is not all of it.
#[derive(Debug, Default)]
pub(super) struct Claim {
    pub(super) claims: Vec<String>,
    pub(super) lost: Option<&'static str>,
}

/// What the language has words for, or why it has none.
type Said = Result<String, &'static str>;

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
    let is_bytes = subject.is_some_and(|subject| subject.is_bytes);
    let mut lost = None;
    let claim: Said = match word {
        "exists" if is_switch => Ok(format!("{of} {} true", if is_not { "!=" } else { "==" })),
        "exists" if is_not => Ok(format!("{of} == absent")),
        "exists" => Ok(format!("{of} != absent")),
        "isEmpty" if is_bytes => Ok(format!("{of}.size {} 0", if is_not { ">" } else { "==" })),
        "isEmpty" => Ok(format!("{of} {not}in [\"\", [], {{}}]")),
        "isInteger" if !is_not => {
            lost = Some("a number is not told apart by how it is written: `1.0` is a whole one, too");
            Ok(format!("{of} matches int"))
        }
        "matches" => {
            let pattern = query::pattern(scan)?;
            match quote::regex(&pattern).filter(|_| !pattern.contains("{{")) {
                Some(regex) => Ok(format!("{of} {not}contains {regex}")),
                None => Err("the regular expression is not one that scn reads"),
            }
        }
        "startsWith" | "endsWith" | "contains" | "includes" | "==" | "!=" | ">" | ">=" | "<" | "<=" => {
            let value = value(scan, subject, variables, story)?;
            let of_bytes = is_bytes && matches!(word, "startsWith" | "endsWith");
            value
                .and_then(|value| match word {
                    // Of bytes, what is compared is how they are written.
                    _ if of_bytes
                        && !["unhex(", "unbase64("].iter().any(|bytes| value.starts_with(bytes)) =>
                    {
                        Err("bytes begin and end with bytes")
                    }
                    _ if of_bytes => Ok((format!("hex({of})"), format!("hex({value})"))),
                    _ => Ok((of.to_owned(), value)),
                })
                .map(|(of, value)| match word {
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
    let claim = match subject {
        Some(subject) if subject.is_list && word != "exists" => Err("the header may come several times"),
        Some(subject) if subject.is_duration && !compares => Err("a duration is only compared"),
        _ => claim,
    };
    Ok(match claim {
        Ok(claim) => Claim { claims: vec![claim], lost },
        Err(why) => Claim { claims: Vec::new(), lost: Some(why) },
    })
}

/// The shape that a predicate names.
fn kind(word: &str) -> Option<Said> {
    Some(match word {
        "isNumber" => Ok("number".to_owned()),
        "isBoolean" => Ok("bool".to_owned()),
        "isString" => Ok("text".to_owned()),
        "isObject" => Ok("{ .. }".to_owned()),
        "isList" => Ok("[..]".to_owned()),
        "isIsoDate" => Ok("datetime".to_owned()),
        "isUuid" => Ok("uuid".to_owned()),
        "isIpv4" => Ok("ip(4)".to_owned()),
        "isIpv6" => Ok("ip(6)".to_owned()),
        "isCollection" => Err("it may be a list or an object"),
        "isFloat" | "isInteger" => Err("a number is not told apart by how it is written"),
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
) -> Result<Said, Wrong> {
    scan.skip_space();
    let is_duration = subject.is_some_and(|subject| subject.is_duration);
    let hidden = |text: Text, story: &mut Story| match subject.filter(|subject| is_private(&subject.named)) {
        Some(private) => story.hide(&private.named, &format!("what `{}` is", private.expr), &text),
        None => story.without_private("value that is expected", &text),
    };
    let text = |raw: &str, variables: &mut Variables, story: &mut Story| {
        let mut lost: Vec<Line> = Vec::new();
        let text = variables.text(raw, story, &mut lost, special);
        let text = hidden(text, story);
        if lost.is_empty() { Ok(text) } else { Err("scn cannot compute the variable") }
    };
    if scan.rest().starts_with('"') {
        let raw = scan.quoted()?;
        return Ok(text(&raw, variables, story).map(|text| quote::line(&text)));
    }
    if scan.take("```") {
        let block = content::block(scan)?;
        return Ok(match block.kind {
            "hex" | "base64" => Err("the value is bytes over several lines"),
            _ if block.is_template => text(&block.content, variables, story).map(|text| quote::line(&text)),
            _ => Ok(quote::line(&hidden(Text::plain(block.content), story))),
        });
    }
    if scan.take("`") {
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
