//! Texts as what a pattern asks for: a cell of CSV is an id as often as a number, and only the shape
//! knows which.

use base64::Engine as _;

use super::matching::fits;
use super::{FieldPattern, Pattern};
use crate::source::SourceId;
use crate::syntax::ast::ExprKind;
use crate::value::{Value, from_json};

/// The text itself when it fits, else the number, truth value, list or object in JSON, duration or
/// bytes in base64 that it writes and that fits; else the text.
pub fn read_text(pattern: &Pattern, text: &str) -> Value {
    let plain = Value::text(text);
    if matches!(pattern, Pattern::Derived(..)) || fits(pattern, &plain) {
        return plain;
    }
    // JSON's own grammar: `007`, `1_000` and `+1` are no numbers.
    if let Ok(value) = from_json(text.as_bytes())
        && !matches!(value, Value::Text(_))
        && fits(pattern, &value)
    {
        return value;
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && let Some(nanos) = duration(text)
        && fits(pattern, &Value::Duration(nanos))
    {
        return Value::Duration(nanos);
    }
    if let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(text) {
        let bytes = Value::bytes(bytes);
        if fits(pattern, &bytes) {
            return bytes;
        }
    }
    plain
}

fn duration(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    match crate::syntax::parse_expression(SourceId::default(), digits).ok()?.kind {
        ExprKind::Duration(nanos) => nanos.checked_mul(sign),
        _ => None,
    }
}

/// What a shape of objects says of a field: its own pattern, else that of all others.
pub fn field(pattern: &Pattern, name: &str) -> Option<FieldPattern> {
    match pattern {
        Pattern::Object(object) => {
            let own = object.fields.iter().find(|field| *field.name == *name).cloned();
            own.or_else(|| Some(FieldPattern::new(name, true, (**object.rest.as_ref()?).clone())))
        }
        Pattern::Map(map) => Some(FieldPattern::new(name, true, map.value.clone())),
        Pattern::Named(_, inner) => field(inner, name),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => field(inner, name),
        Pattern::Late(_, make) => field(&make(), name),
        Pattern::Union(parts) | Pattern::All(parts) => parts.iter().find_map(|part| field(part, name)),
        Pattern::Weighted(parts) => parts.iter().find_map(|(_, part)| field(part, name)),
        _ => None,
    }
}

/// The fields that a shape of objects names, in order; `None` when it is no such shape.
pub fn field_names(pattern: &Pattern) -> Option<Vec<std::sync::Arc<str>>> {
    match pattern {
        Pattern::Object(object) => Some(object.fields.iter().map(|field| field.name.clone()).collect()),
        Pattern::Named(_, inner) => field_names(inner),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => field_names(inner),
        Pattern::Late(_, make) => field_names(&make()),
        Pattern::Union(parts) | Pattern::All(parts) => merged(parts.iter()),
        Pattern::Weighted(parts) => merged(parts.iter().map(|(_, part)| part)),
        _ => None,
    }
}

/// Those that every object of the shape has.
pub fn required_names(pattern: &Pattern) -> Vec<std::sync::Arc<str>> {
    let of_any = |parts: &mut dyn Iterator<Item = &Pattern>| {
        let mut common = parts.next().map(required_names).unwrap_or_default();
        parts.for_each(|part| {
            let others = required_names(part);
            common.retain(|name| others.contains(name));
        });
        common
    };
    match pattern {
        Pattern::Object(object) => {
            object.fields.iter().filter(|field| !field.optional).map(|field| field.name.clone()).collect()
        }
        Pattern::Named(_, inner) => required_names(inner),
        Pattern::Unique(inner) | Pattern::Edges(inner, _) | Pattern::Judged(inner, _) => {
            required_names(inner)
        }
        Pattern::Late(_, make) => required_names(&make()),
        Pattern::All(parts) => parts.iter().flat_map(required_names).collect(),
        Pattern::Union(parts) => of_any(&mut parts.iter()),
        Pattern::Weighted(parts) => of_any(&mut parts.iter().map(|(_, part)| part)),
        _ => Vec::new(),
    }
}

fn merged<'a>(parts: impl Iterator<Item = &'a Pattern>) -> Option<Vec<std::sync::Arc<str>>> {
    let mut names = Vec::new();
    for part in parts {
        for name in field_names(part)? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::ObjectPattern;
    use crate::shape::types::of_type;
    use crate::value::{Object, show};

    fn ty(name: &'static str) -> Pattern {
        of_type(name, Object::new()).unwrap()
    }

    #[test]
    fn a_text_is_what_the_shape_asks_for() {
        for (name, text, want) in [
            ("text", "007", "\"007\""),
            ("int", "7", "7"),
            ("int", "9007199254740993", "9007199254740993"),
            ("int", "007", "\"007\""),
            ("int", "1_000", "\"1_000\""),
            ("int", "7.5", "\"7.5\""),
            ("decimal", "100.00", "100.00"),
            ("decimal", "1e5", "100000"),
            ("bool", "true", "true"),
            ("bool", "1", "\"1\""),
            ("duration", "1.5s", "1.5s"),
            ("duration", "-250ms", "-250ms"),
            ("bytes", "AP8=", "bytes(00ff)"),
            ("uuid", "x", "\"x\""),
        ] {
            assert_eq!(show(&read_text(&ty(name), text)), want, "{name} {text}");
        }
        let either = Pattern::Union(vec![ty("int"), ty("text")]);
        assert_eq!(show(&read_text(&either, "1")), "\"1\"");
        let list = Pattern::Sized(Box::new(ty("int")), 0, 9);
        assert_eq!(show(&read_text(&list, "[1,2]")), "[1, 2]");
    }

    #[test]
    fn fields_are_found_through_names_and_unions() {
        let object = |name: &str| {
            let fields = vec![FieldPattern::new(name, false, ty("int"))];
            Pattern::Object(ObjectPattern { fields, ..ObjectPattern::default() })
        };
        let both = Pattern::Named("N".into(), Pattern::Union(vec![object("a"), object("b")]).into());
        assert!(field(&both, "b").is_some() && field(&both, "c").is_none());
        assert_eq!(field_names(&both).unwrap(), ["a", "b"].map(std::sync::Arc::<str>::from));
        assert!(field_names(&ty("int")).is_none());
    }
}
