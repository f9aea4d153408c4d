//! How the value of a parameter is written as text, and what is read of it (OpenAPI 3.1 §4.8.12.2
//! to §4.8.12.4). What OpenAPI leaves undefined, such as lists in lists, is not judged.

#[cfg(test)]
mod tests;

use indexmap::IndexMap;

use super::form::{Form, forms};
use super::{Parameter, ParameterPlace};
use crate::shape::{Pattern, describe, fits};
use crate::value::{Object, Value};

/// How the value of a parameter is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `1,2`, and an object as `a,1,b,2`: `simple`, and `form` that is not exploded.
    Commas,
    /// `1,2`, and an object as `a=1,b=2`: `simple` that is exploded.
    Pairs,
    /// A text for each element, and each field of an object is a parameter of its own: `form`.
    Apart,
    /// `1 2`, and an object as `a 1 b 2`: `spaceDelimited`.
    Spaces,
    /// `1|2`, and an object as `a|1|b|2`: `pipeDelimited`.
    Pipes,
    /// An object as `filter[a]=1&filter[b]=2`: `deepObject`.
    Deep,
}

/// What is written of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<'t> {
    /// Nothing.
    Nothing,
    /// It is written in a way of which OpenAPI says nothing.
    Undefined,
    /// Its texts, each where its name stands.
    Texts(Vec<&'t str>),
    /// The fields of an object, each by itself.
    Fields(Vec<(&'t str, &'t str)>),
}

impl<'t> Given<'t> {
    /// The texts that stand under a name, if any do.
    pub fn of(texts: Vec<&'t str>) -> Given<'t> {
        if texts.is_empty() { Given::Nothing } else { Given::Texts(texts) }
    }
}

/// What comes of reading what is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A value that fits.
    Fits(Value),
    /// Nothing that could be judged.
    Unjudged,
    /// An object that does not fit.
    Differs(Value),
    /// Nothing that could fit.
    Unfit,
}

impl Reading {
    /// Whether nothing stands against it.
    pub fn is_fine(&self) -> bool {
        matches!(self, Reading::Fits(_) | Reading::Unjudged)
    }
}

impl Style {
    /// The style of a place when nothing is said of it.
    pub fn of(place: ParameterPlace) -> Style {
        match place {
            ParameterPlace::Path | ParameterPlace::Header => Style::Commas,
            ParameterPlace::Query | ParameterPlace::Cookie => Style::Apart,
        }
    }

    /// The style with this name, exploded or not, where a parameter of this place may have it; none
    /// when it is not read.
    pub(super) fn named(name: &str, explode: Option<bool>, place: ParameterPlace) -> Option<Style> {
        use ParameterPlace::{Cookie, Header, Path, Query};
        Some(match (name, place, explode.unwrap_or(name == "form")) {
            ("simple", Path | Header, false) | ("form", Query | Cookie, false) => Style::Commas,
            ("simple", Path | Header, true) => Style::Pairs,
            ("form", Query | Cookie, true) | ("spaceDelimited" | "pipeDelimited", Query, true) => {
                Style::Apart
            }
            ("spaceDelimited", Query, false) => Style::Spaces,
            ("pipeDelimited", Query, false) => Style::Pipes,
            ("deepObject", Query, _) => Style::Deep,
            _ => return None,
        })
    }

    fn separator(self) -> Option<char> {
        match self {
            Style::Commas | Style::Pairs => Some(','),
            Style::Spaces => Some(' '),
            Style::Pipes => Some('|'),
            Style::Apart | Style::Deep => None,
        }
    }

    /// What stands between separators. Header lines of one name count as one (RFC 9110 §5.3).
    fn pieces<'t>(self, texts: &[&'t str]) -> Vec<&'t str> {
        match self.separator() {
            None => texts.to_vec(),
            Some(',') => texts.iter().flat_map(|text| text.split(',').map(str::trim)).collect(),
            Some(other) => texts.iter().flat_map(|text| text.split(other)).collect(),
        }
    }

    /// Names and values in the text of an object; none when it is written otherwise.
    fn pairs<'t>(self, texts: &[&'t str]) -> Option<Vec<(&'t str, &'t str)>> {
        let pieces = match self {
            Style::Apart | Style::Deep => return None,
            _ if matches!(texts, [""]) => Vec::new(),
            _ => self.pieces(texts),
        };
        if self == Style::Pairs {
            return pieces.into_iter().map(|piece| piece.split_once('=')).collect();
        }
        let (pairs, rest) = pieces.as_chunks::<2>();
        rest.is_empty().then(|| pairs.iter().map(|[name, value]| (*name, *value)).collect())
    }

    /// An object in this style, for people.
    pub fn example(self) -> &'static str {
        match self {
            Style::Commas => "name,value,name,value",
            Style::Pairs => "name=value,name=value",
            Style::Apart => "name=value&name=value",
            Style::Spaces => "name value name value",
            Style::Pipes => "name|value|name|value",
            Style::Deep => "parameter[name]=value",
        }
    }
}

impl Parameter {
    /// What it must be, for people; of an object also how it is written.
    pub fn wanted(&self) -> String {
        let wanted = describe(&self.pattern);
        let is_object = |form: &Form| matches!(form, Form::Object(_) | Form::Map(_));
        match forms(&self.pattern).iter().any(is_object) {
            true => format!("{wanted}, written `{}`", self.style.example()),
            false => wanted,
        }
    }
}

/// Whether a name after the `?` belongs to a parameter.
pub fn claims(parameter: &Parameter, name: &str) -> bool {
    name.split('[').next() == Some(&*parameter.name)
        || parameter.style == Style::Apart
            && forms(&parameter.pattern).iter().any(|form| match form {
                Form::Object(object) => {
                    object.open
                        || object.rest.is_some()
                        || object.fields.iter().any(|field| *field.name == *name)
                }
                Form::Anything | Form::Opaque(_) | Form::Map(_) => true,
                Form::List(..) | Form::Leaf(_) => false,
            })
}

/// What is written of a parameter after the `?`. `all` are the parameters of its operation.
pub fn in_query<'t>(parameter: &Parameter, all: &[Parameter], pairs: &[(&'t str, &'t str)]) -> Given<'t> {
    let name = &*parameter.name;
    if parameter.style == Style::Deep {
        let own = pairs.iter().filter_map(|(key, text)| Some((key.strip_prefix(name)?, *text)));
        let own: Vec<(&str, &str)> = own.filter(|(key, _)| key.is_empty() || key.starts_with('[')).collect();
        let within = |(key, text): &(&'t str, &'t str)| {
            let inner = key.strip_prefix('[')?.strip_suffix(']')?;
            (!inner.is_empty() && !inner.contains(['[', ']'])).then_some((inner, *text))
        };
        return match own.iter().map(within).collect::<Option<Vec<_>>>() {
            _ if own.is_empty() => Given::Nothing,
            Some(fields) => Given::Fields(fields),
            None => Given::Undefined,
        };
    }
    let has_field = |wanted: &str| {
        forms(&parameter.pattern).iter().any(|form| match form {
            Form::Object(object) => object.fields.iter().any(|field| *field.name == *wanted),
            _ => false,
        })
    };
    let is_own = |key: &str| key.split('[').next() == Some(name);
    let texts: Vec<&str> = pairs.iter().filter(|(key, _)| is_own(key)).map(|(_, text)| *text).collect();
    let apart = parameter.style == Style::Apart
        && forms(&parameter.pattern).iter().any(|form| matches!(form, Form::Object(_) | Form::Map(_)));
    let is_field = apart && has_field(name);
    if !texts.is_empty() && !is_field {
        return Given::Texts(texts);
    }
    let is_others = |key: &str| {
        all.iter().any(|other| {
            other.place == ParameterPlace::Query && *other.name == *key && other.name != parameter.name
        })
    };
    let fields: Vec<(&str, &str)> =
        pairs.iter().filter(|(key, _)| apart && claims(parameter, key) && !is_others(key)).copied().collect();
    if fields.is_empty() { Given::Nothing } else { Given::Fields(fields) }
}

/// Whether one text of a parameter fits it.
pub fn parameter_fits(parameter: &Parameter, text: &str) -> bool {
    read(&parameter.pattern, parameter.style, &Given::Texts(vec![text])).is_fine()
}

/// Whether the texts of a field of a form fit it: apart, or with commas between them where the form
/// says so in an `encoding`, or as JSON.
pub fn form_field_fits(pattern: &Pattern, texts: &[&str]) -> bool {
    let given = Given::Texts(texts.to_vec());
    let json = || matches!(texts, [one] if in_json(one).is_some_and(|value| fits(pattern, &value)));
    [Style::Apart, Style::Commas].into_iter().any(|style| read(pattern, style, &given).is_fine()) || json()
}

/// The object or list in a field of a form: as JSON, when nothing else is said (OpenAPI 3.1
/// §4.8.15).
pub(super) fn in_json(text: &str) -> Option<Value> {
    let value = crate::value::from_json(text.as_bytes()).ok();
    value.filter(|value| matches!(value, Value::Object(_) | Value::List(_)))
}

/// Reads what is written as the value that the pattern wants: `3` as the number 3 or the text.
pub fn read(pattern: &Pattern, style: Style, given: &Given<'_>) -> Reading {
    if let Given::Texts(texts) = given
        && let [one] = texts.as_slice()
        && let Some(value) = first(pattern, one)
    {
        return Reading::Fits(value);
    }
    let forms = forms(pattern);
    let mut differs = None;
    let mut unjudged = matches!(given, Given::Nothing | Given::Undefined);
    for form in &forms {
        let found = match (form, given) {
            (Form::Anything, _) => Reading::Unjudged,
            (Form::Opaque(Pattern::Judged(inner, _)), Given::Texts(texts)) => {
                judged_list(inner, style, texts)
            }
            (Form::Opaque(_), _) => Reading::Unjudged,
            (Form::List(item, ..), Given::Texts(texts)) => list(item, style, texts),
            (Form::Object(_) | Form::Map(_), Given::Texts(texts)) => match style.pairs(texts) {
                Some(pairs) => object(form, &pairs),
                None => Reading::Unfit,
            },
            (Form::Object(_) | Form::Map(_), Given::Fields(pairs)) => object(form, pairs),
            _ => Reading::Unfit,
        };
        match found {
            Reading::Fits(value) if fits(pattern, &value) => return Reading::Fits(value),
            Reading::Fits(value @ Value::Object(_)) => differs = differs.or(Some(value)),
            Reading::Unjudged => unjudged = true,
            _ => {}
        }
    }
    match differs {
        _ if unjudged => Reading::Unjudged,
        Some(object) => Reading::Differs(object),
        None => Reading::Unfit,
    }
}

/// The first reading of a text that fits.
fn first(pattern: &Pattern, text: &str) -> Option<Value> {
    readings(text).into_iter().find(|value| fits(pattern, value))
}

/// What a text may be read as.
pub(super) fn readings(text: &str) -> Vec<Value> {
    let mut readings = vec![Value::text(text)];
    match text {
        "true" => readings.push(Value::Bool(true)),
        "false" => readings.push(Value::Bool(false)),
        "null" => readings.push(Value::Null),
        _ => {
            let number = crate::value::from_json(text.as_bytes()).ok();
            readings.extend(number.filter(|value| matches!(value, Value::Number(_))));
        }
    }
    readings
}

/// Whether lists and objects may stand where one text does: OpenAPI does not say how.
fn is_nested(pattern: &Pattern) -> bool {
    !forms(pattern).iter().all(|form| matches!(form, Form::Leaf(_)))
}

fn list(item: &Pattern, style: Style, texts: &[&str]) -> Reading {
    // Nothing between the commas is the empty list, or a list of one empty text.
    let pieces = style.pieces(texts);
    let values: Option<Vec<Value>> = pieces.iter().map(|text| first(item, text)).collect();
    match values {
        Some(values) => Reading::Fits(Value::list(values)),
        None if matches!(texts, [""]) => Reading::Fits(Value::list(Vec::new())),
        None if is_nested(item) => Reading::Unjudged,
        None => Reading::Unfit,
    }
}

/// A list of which a judge says the rest, such as that its elements differ. Other values are not
/// known well enough from their texts.
fn judged_list(inner: &Pattern, style: Style, texts: &[&str]) -> Reading {
    match forms(inner).as_slice() {
        [Form::List(item, ..)] => list(item, style, texts),
        _ => Reading::Unjudged,
    }
}

/// The object of these fields, whether it fits or not.
fn object(form: &Form, pairs: &[(&str, &str)]) -> Reading {
    let mut texts: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for (name, text) in pairs {
        texts.entry(name).or_default().push(text);
    }
    let mut fields = Object::new();
    for (name, texts) in texts {
        let pattern = match form {
            Form::Object(object) => {
                let known = object.fields.iter().find(|field| *field.name == *name);
                known.map(|field| &field.pattern).or(object.rest.as_deref())
            }
            Form::Map(map) => Some(&map.value),
            _ => None,
        };
        let value = match pattern
            .map(|pattern| (pattern, read(pattern, Style::Apart, &Given::Texts(texts.clone()))))
        {
            Some((_, Reading::Fits(value))) => value,
            Some((pattern, _)) if is_nested(pattern) => return Reading::Unjudged,
            _ => Value::text(texts[0]),
        };
        fields.insert(name.into(), value);
    }
    Reading::Fits(Value::object(fields))
}
