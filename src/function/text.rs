//! Functions of texts. Positions and lengths count characters.

use super::operators::{derived, text_of};
use super::{Arguments, functions, spec};
use crate::lang::{Param, Ty};
use crate::value::Value;

/// No function makes a longer text.
const MAX_LENGTH: usize = 16 * 1024 * 1024;

const TEXT: &[Param] = &[Param::required("text", Ty::Text, "the text")];
const PART: &[Param] =
    &[Param::required("text", Ty::Text, "the text"), Param::required("part", Ty::Text, "what to look for")];

functions! {
    spec("upper", "in upper case (Unicode's full mapping)", TEXT, "expect upper(body.state) == \"PAID\"")
        => |args| map(args, |text| text.to_uppercase());
    spec("lower", "in lower case (Unicode's full mapping)", TEXT, "expect lower(body.state) == \"paid\"")
        => |args| map(args, |text| text.to_lowercase());
    spec("trim", "without white space at both ends", TEXT, "expect trim(stdout) == \"done\"")
        => |args| map(args, |text| text.trim().to_owned());
    spec("slug", "lower-case letters and digits, words joined by hyphens; other letters lose their marks or are left out", TEXT, "let path = \"/tags/${slug(name)}\"")
        => |args| map(args, slug);
    spec("replace", "with every occurrence of a part replaced", &[Param::required("text", Ty::Text, "the text"), Param::required("part", Ty::Text, "what to replace; not empty"), Param::required("by", Ty::Text, "what to put there")], "let dashed = replace(name, \" \", \"-\")")
        => replace;
    spec("split", "the parts between the separators; an empty text has one empty part", &[Param::required("text", Ty::Text, "the text"), Param::required("by", Ty::Text, "the separator; not empty")], "let lines = split(stdout, \"\\n\")")
        => split;
    spec("join", "the texts of a list with a separator between them", &[Param::required("list", Ty::List, "what `${…}` can write"), Param::new("by", Ty::Text, "the separator; default empty")], "let ids = join(orders[*].id, \",\")")
        => join;
    spec("starts_with", "whether the text starts with the part", PART, "expect starts_with(body.id, \"ord_\")")
        => |args| Ok(Value::Bool(args.text("text")?.text.starts_with(&*args.text("part")?.text)));
    spec("ends_with", "whether the text ends with the part", PART, "expect ends_with(body.file, \".pdf\")")
        => |args| Ok(Value::Bool(args.text("text")?.text.ends_with(&*args.text("part")?.text)));
    spec("repeat", "the text so many times", &[Param::required("text", Ty::Text, "the text"), Param::required("times", Ty::Number, "a whole number from 0")], "POST orders /v1/notes { text: repeat(\"x\", 10_000) }")
        => repeat;
}

fn map(args: &Arguments, change: impl FnOnce(&str) -> String) -> Result<Value, String> {
    let text = args.text("text")?;
    Ok(Value::text_with(change(&text.text), text.secret))
}

fn replace(args: &Arguments) -> Result<Value, String> {
    let (text, part, by) = (args.text("text")?, args.text("part")?, args.text("by")?);
    if part.text.is_empty() {
        return Err("`replace`: the part is empty".to_owned());
    }
    let count = text.text.matches(&*part.text).count();
    limit("replace", text.text.len().saturating_add(count.saturating_mul(by.text.len())))?;
    Ok(Value::text_with(text.text.replace(&*part.text, &by.text), args.is_secret()))
}

fn split(args: &Arguments) -> Result<Value, String> {
    let (text, by) = (args.text("text")?, args.text("by")?);
    if by.text.is_empty() {
        return Err("`split`: the separator is empty".to_owned());
    }
    let parts = text.text.split(&*by.text).map(|part| Value::text_with(part, args.is_secret()));
    Ok(Value::list(parts.collect()))
}

fn join(args: &Arguments) -> Result<Value, String> {
    let mut out = String::new();
    let items = args.list("list")?;
    let by = match args.get("by") {
        Some(_) => &*args.text("by")?.text,
        None => "",
    };
    for (i, item) in items.iter().enumerate() {
        let text = text_of(item).map_err(|why| format!("`join`: element [{i}]: {why}"))?;
        limit("join", out.len() + by.len() + text.text.len())?;
        if i > 0 {
            out.push_str(by);
        }
        out.push_str(&text.text);
    }
    Ok(Value::text_with(out, args.is_secret() || items.iter().any(Value::is_secret)))
}

fn repeat(args: &Arguments) -> Result<Value, String> {
    let text = args.value("text")?;
    let times = args.number("times")?;
    let times =
        times.to_usize().ok_or_else(|| format!("`repeat`: `times` is a whole number from 0, not {times}"))?;
    let source = &args.text("text")?.text;
    limit("repeat", source.len().saturating_mul(times))?;
    Ok(derived(source.repeat(times), &[text]))
}

fn limit(name: &str, length: usize) -> Result<(), String> {
    if length <= MAX_LENGTH {
        return Ok(());
    }
    Err(format!("`{name}`: a text of more than 16 MiB is refused"))
}

/// Lower-case ASCII words joined by hyphens.
pub(super) fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'a'..='z' | '0'..='9' => c.to_string(),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' => "a".into(),
            'ä' | 'æ' => "ae".into(),
            'ç' | 'č' | 'ć' => "c".into(),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ě' => "e".into(),
            'ì' | 'í' | 'î' | 'ï' => "i".into(),
            'ł' => "l".into(),
            'ñ' | 'ń' | 'ň' => "n".into(),
            'ò' | 'ó' | 'ô' | 'õ' | 'ō' => "o".into(),
            'ö' | 'ø' | 'œ' => "oe".into(),
            'ř' => "r".into(),
            'š' | 'ś' => "s".into(),
            'ß' => "ss".into(),
            'ù' | 'ú' | 'û' | 'ū' | 'ů' => "u".into(),
            'ü' => "ue".into(),
            'ý' | 'ÿ' => "y".into(),
            'ž' | 'ź' | 'ż' => "z".into(),
            '\'' | '’' | '\u{300}'..='\u{36f}' => continue,
            _ => "-".into(),
        };
        if plain != "-" {
            out.push_str(&plain);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}
