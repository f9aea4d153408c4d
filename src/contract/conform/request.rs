//! Whether a request is what the contract takes.

use super::body::{allowed, as_json, form, is_json, text};
use super::{Body, Breach, Sent, below, unfit};
use crate::contract::form::kinds;
use crate::contract::style::{Given, Style, claims, in_query};
use crate::contract::{Address, Operation, Parameter, ParameterPlace, Segment};
use crate::shape::mismatches;
use crate::value::from_json;

/// What is wrong with a request.
pub fn sent(operation: &Operation, sent: &Sent<'_>) -> Vec<Breach> {
    let mut found = Vec::new();
    let query: Vec<(&str, &str)> = sent.query.iter().map(|(name, text)| (&**name, &**text)).collect();
    for parameter in &operation.parameters {
        let header = |wanted: &str| {
            let named = sent.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
            named.map(|(_, value)| value.as_str()).collect::<Vec<&str>>()
        };
        let no_header = |wanted: &str| {
            sent.wire.as_ref().is_some_and(|wire| wire.iter().all(|name| !name.eq_ignore_ascii_case(wanted)))
        };
        // Where it stands, what the scenario wrote, and whether nothing else can have put it there.
        let (word, given, is_all) = match parameter.place {
            ParameterPlace::Path => {
                let text = path_value(operation, parameter, &sent.segments);
                ("path parameter", Given::of(text.into_iter().collect()), false)
            }
            ParameterPlace::Query => {
                ("query parameter", in_query(parameter, &operation.parameters, &query), true)
            }
            ParameterPlace::Header => {
                ("header", Given::of(header(&parameter.name)), no_header(&parameter.name))
            }
            // The client keeps the cookies of a scenario, and adds them to what is written.
            ParameterPlace::Cookie => {
                let pairs = header(COOKIE).into_iter().flat_map(cookies);
                let own = pairs.filter(|(name, _)| *name == &*parameter.name).map(|(_, value)| value);
                ("cookie", Given::of(own.collect()), no_header(COOKIE))
            }
        };
        if given == Given::Nothing {
            if parameter.required && is_all {
                let what = format!("the {word} `{}` is missing", parameter.name);
                found.push(Breach::new(what, parameter.origin));
            }
        } else {
            found.extend(unfit(word, parameter, &given));
        }
    }
    found.extend(stranger(operation, &query));
    found.extend(sent_body(operation, sent));
    found
}

const COOKIE: &str = "cookie";

/// The names and values in a `Cookie` header (RFC 6265 §4.2.1).
pub fn cookies(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split(';').filter_map(|pair| pair.trim().split_once('='))
}

fn path_value<'t>(operation: &Operation, parameter: &Parameter, segments: &'t [String]) -> Option<&'t str> {
    let Address::Http { path, .. } = &operation.address else { return None };
    path.iter().zip(segments).find_map(|(segment, text)| match segment {
        Segment::Parameter { prefix, name, suffix } if *name == parameter.name => {
            text.strip_prefix(&**prefix)?.strip_suffix(&**suffix)
        }
        _ => None,
    })
}

/// A query parameter that the contract does not have.
fn stranger(operation: &Operation, query: &[(&str, &str)]) -> Option<Breach> {
    let known = || operation.parameters.iter().filter(|it| it.place == ParameterPlace::Query);
    // Where nothing is known of the fields of an object, each name may be one of them.
    if known().any(|it| it.style == Style::Apart && kinds(&it.pattern).is_none()) {
        return None;
    }
    let (name, _) = query.iter().find(|(name, _)| known().all(|parameter| !claims(parameter, name)))?;
    Some(Breach::new(format!("there is no query parameter `{name}`"), operation.origin))
}

fn sent_body(operation: &Operation, sent: &Sent<'_>) -> Option<Breach> {
    let payload = match (&operation.request, &sent.body) {
        (None, Body::Nothing) => return None,
        (None, _) => return Some(Breach::new("it takes no body", operation.origin)),
        (Some(payload), Body::Nothing) => {
            return payload.required.then(|| Breach::new("the body is missing", payload.origin));
        }
        (Some(payload), _) => payload,
    };
    let media = sent.media.as_deref()?;
    let pattern = match allowed(payload, media)? {
        Ok(pattern) => pattern?,
        Err(breach) => return Some(breach),
    };
    let parsed;
    let value = match &sent.body {
        Body::Json(value) => {
            parsed = as_json(value)?;
            &parsed
        }
        Body::Text(text) if is_json(media) => match from_json(text.as_bytes()) {
            Ok(value) => {
                parsed = value;
                &parsed
            }
            Err(error) => return Some(Breach::new(format!("the body is no JSON: {error}"), payload.origin)),
        },
        Body::Form(fields) => return form(fields, pattern, payload),
        Body::Text(body) => return text(media, body, pattern, payload),
        _ => return None,
    };
    let differences = below("body", mismatches(pattern, value));
    let what = "the body does not fit".to_owned();
    (!differences.is_empty()).then_some(Breach { what, differences, place: payload.origin })
}
