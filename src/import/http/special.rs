//! The variables of `.http` files that the editors make themselves: `{{$uuid}}` and the like, and the
//! answers of requests with a name.

use std::collections::BTreeMap;

use regex::Regex;

use super::super::{jsonpath, quote};
use crate::value::is_label;

/// The text with the variables of the environment under their own names: `{{$env.HOME}}`,
/// `{{$processEnv HOME}}`, `{{$dotenv HOME}}`.
pub(super) fn environment(text: &str) -> String {
    let Ok(named) = Regex::new(r"\{\{\s*\$(?:processEnv|dotenv|env)[ .]\s*%?(\w+)\s*\}\}") else {
        return text.to_owned();
    };
    // As many characters, so that places in messages stay.
    named
        .replace_all(text, |found: &regex::Captures<'_>| {
            let name = &found[1];
            format!("{{{{{name}{}}}}}", " ".repeat(found[0].len() - name.len() - 4))
        })
        .into_owned()
}

/// What stands for a variable that the editor makes, or for a part of an earlier answer.
pub(super) fn value(name: &str, responses: &BTreeMap<String, String>) -> Option<String> {
    if let Some(own) = name.strip_prefix('$') {
        return made(own.trim());
    }
    let (request, part) = name.split_once(".response.")?;
    let response = responses.get(request.trim())?;
    if let Some(path) = part.strip_prefix("body.") {
        if path == "*" {
            return Some(format!("{response}.text"));
        }
        return jsonpath::path(&format!("{response}.body"), path);
    }
    let header = part.strip_prefix("headers.")?.to_ascii_lowercase();
    Some(if is_label(&header) {
        format!("{response}.headers.{header}")
    } else {
        format!("{response}.headers[{}]", quote::plain(&header))
    })
}

fn made(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split([' ', '(', ',', ')']).filter(|word| !word.is_empty()).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<i64>().ok());
    Some(match *words.first()? {
        "uuid" | "guid" | "random.uuid" => "any uuid".to_owned(),
        "isoTimestamp" => "now()".to_owned(),
        "random.email" => "any email".to_owned(),
        "randomInt" | "random.integer" => match (number(1), number(2)) {
            // The upper bound of both editors is not one of the numbers.
            (Some(from), Some(to)) if from < to && from >= 0 => format!("any int({from}..{})", to - 1),
            (None, None) => "any int(0..1000)".to_owned(),
            _ => return None,
        },
        "random.alphabetic" | "random.alphanumeric" => {
            let length = number(1).filter(|length| (1..=1000).contains(length))?;
            let class = if words[0] == "random.alphabetic" { "[A-Za-z]" } else { "[A-Za-z0-9]" };
            format!("any re\"{class}{{{length}}}\"")
        }
        _ => return None,
    })
}
