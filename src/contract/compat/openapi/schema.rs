//! Schemas: whether all that may be sent by the one side is understood by the other. In requests
//! the old side sends, so what was allowed must still be; in answers the new side does, so
//! nothing may be allowed that was not.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use super::view::View;
use super::{Part, Walk, table};
use crate::contract::compat::Rule;
use crate::contract::document::Node;
use crate::source::Span;
use crate::value::{Value, show, show_short};

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

impl Side {
    /// The rule of this side.
    pub(super) fn rule(self, request: &'static Rule, response: &'static Rule) -> &'static Rule {
        match self {
            Side::Request => request,
            Side::Response => response,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Side::Request => "requests",
            Side::Response => "answers",
        }
    }
}

/// Where in a body the walk is.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) side: Side,
    /// As messages name it.
    pub(super) owner: String,
    /// The name of the property at hand, for whom it touches.
    pub(super) names: Vec<String>,
    /// Where what is compared stands on both sides, for what says nothing itself.
    pub(super) spans: (Span, Span),
    /// The pairs of schemas that this body has compared: one within itself, or used twice, is not
    /// compared again.
    pub(super) seen: Rc<RefCell<BTreeSet<Pair>>>,
}

/// The parts of both sides, by their addresses.
pub(super) type Pair = (Vec<usize>, Vec<usize>);

impl Place {
    pub(super) fn new(side: Side, owner: String, names: &[&str], spans: (Span, Span)) -> Place {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Place { side, owner, names, spans, seen: Rc::default() }
    }

    /// Of what the one sends and the other takes, from what was and what is.
    pub(super) fn sent_and_taken<T>(&self, old: T, new: T) -> (T, T) {
        match self.side {
            Side::Request => (old, new),
            Side::Response => (new, old),
        }
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

impl Walk<'_> {
    /// Compares what may be sent, where all of several schemas hold on each side.
    pub(super) fn schema(&mut self, old: &[Part], new: &[Part], place: &Place) {
        let addresses = |parts: &[Part]| parts.iter().map(|part| address_of(&part.1)).collect();
        let mut place = place.clone();
        let both_any = old.is_empty() && new.is_empty();
        if both_any || !place.seen.borrow_mut().insert((addresses(old), addresses(new))) {
            return;
        }
        let (before, after) =
            (View::of(self.old, old, place.spans.0), View::of(self.new, new, place.spans.1));
        place.spans = (before.span, after.span);
        if let Some(name) = &before.name {
            place.owner = format!("`{name}`");
        }
        self.types(&before, &after, &place);
        self.values(&before, &after, &place);
        self.limits(&before, &after, &place);
        self.variants((old, &before), (new, &after), &place);
        self.discriminator(&before, &after, &place);
        self.properties(&before, &after, &place);
        if may_be(&before, "array") && may_be(&after, "array") {
            let owner = format!("an element of {}", place.owner);
            self.schema(&before.items, &after.items, &Place { owner, ..place.clone() });
        }
        // An object without others is told apart where its properties are.
        let takes_others = before.closed.is_none() && after.closed.is_none();
        if takes_others && may_be(&before, "object") && may_be(&after, "object") {
            let owner = format!("a value of {}", place.owner);
            self.schema(&before.extra, &after.extra, &Place { owner, ..place });
        }
    }

    /// Compares what the absence of something means, which may be left out.
    pub(super) fn defaults(&mut self, old: &[Part], new: &[Part], owner: &str, names: &[&str]) {
        let (before, after) =
            (View::of(self.old, old, Span::default()), View::of(self.new, new, Span::default()));
        let Some((was, from)) = before.default else { return };
        let now = after.default.as_ref();
        if now.is_some_and(|(now, _)| *now == was) || new.is_empty() {
            return;
        }
        let was = show(&was);
        let is = now.map_or("none".to_owned(), |(now, _)| show(now));
        let message = format!("{owner} had the default {was} and has {is} now");
        let to = now.map_or(after.span, |(_, span)| *span);
        let (was, is) = (format!("it was {was}"), format!("now {is}"));
        self.say(table::REQUEST_DEFAULT_CHANGED, message, (from, &was), (to, &is), names);
    }

    fn types(&mut self, old: &View, new: &View, place: &Place) {
        let (sent, taken) = match place.side {
            Side::Request => (&old.types, &new.types),
            Side::Response => (&new.types, &old.types),
        };
        let Some(taken) = taken else { return };
        let fits = |ty: &Arc<str>| taken.contains(ty) || (&**ty == "integer" && taken.contains("number"));
        if sent.as_ref().is_some_and(|sent| sent.iter().all(fits)) {
            return;
        }
        let word = |types: &Option<BTreeSet<Arc<str>>>| match types {
            None => "of any type".to_owned(),
            Some(types) if types.is_empty() => "of no type".to_owned(),
            Some(types) => {
                let names: Vec<String> = types.iter().map(|ty| format!("`{ty}`")).collect();
                names.join(" or ")
            }
        };
        let (was, is) = (word(&old.types), word(&new.types));
        let message = format!("{} was {was} in {} and is {is} now", place.owner, place.side.word());
        let rule = place.side.rule(table::REQUEST_TYPE_NARROWED, table::RESPONSE_TYPE_WIDENED);
        let (before, after) = (format!("it was {was}"), format!("now {is}"));
        self.say(rule, message, (old.span, &before), (new.span, &after), &place.names());
    }

    fn values(&mut self, old: &View, new: &View, place: &Place) {
        let (sent, taken) = match place.side {
            Side::Request => (&old.values, &new.values),
            Side::Response => (&new.values, &old.values),
        };
        let Some(taken) = taken else { return };
        let rule = place.side.rule(table::REQUEST_VALUE_REMOVED, table::RESPONSE_VALUE_ADDED);
        let Some(sent) = sent else {
            // Where the types say it already, it needs no second word.
            if place.side == Side::Response && new.types.is_none() && old.types.is_some() {
                return;
            }
            let (was, is) = match place.side {
                Side::Request => ("had any value", "only has some"),
                Side::Response => ("only had some values", "may have any"),
            };
            let message = format!("{} {was} in {} and {is} now", place.owner, place.side.word());
            let spans = (first(&old.values, old.span), first(&new.values, new.span));
            return self.say(rule, message, (spans.0, was), (spans.1, is), &place.names());
        };
        for (value, span) in sent {
            if taken.iter().any(|(known, _)| known == value) {
                continue;
            }
            let shown = show(value);
            let mut names = place.names();
            let text = value.as_text().map(str::to_owned);
            // Who writes the value touches it, whatever the field is called.
            if let Some(text) = &text {
                names = vec![text];
            }
            let (message, before, after) = match place.side {
                Side::Request => (
                    format!("{} may no longer be {shown} in requests", place.owner),
                    (*span, "it could be this"),
                    (first(&new.values, new.span), "and is one of these now"),
                ),
                Side::Response => (
                    format!("{} may be {shown} in answers now", place.owner),
                    (first(&old.values, old.span), "it was one of these"),
                    (*span, "and may be this now"),
                ),
            };
            self.say(rule, message, before, after, &names);
        }
    }

    fn limits(&mut self, old: &View, new: &View, place: &Place) {
        let (sent, taken) = place.sent_and_taken(&old.limits, &new.limits);
        let keys: BTreeSet<&Arc<str>> = old.limits.keys().chain(new.limits.keys()).collect();
        for key in keys {
            let keeps = |(limit, _): &&(Value, Span)| {
                says_nothing(key, limit)
                    || sent.iter().any(|(other, values)| {
                        values.iter().any(|(sent, _)| within((other, sent), (key, limit)))
                    })
            };
            let Some(broken) = taken.get(key).and_then(|all| all.iter().find(|limit| !keeps(limit))) else {
                continue;
            };
            let one = sent.get(key).and_then(|all| all.first());
            let (was, is) = place.sent_and_taken(one, Some(broken));
            let word = |limit: Option<&(Value, Span)>| match limit {
                Some((value, _)) => show_short(value, 200),
                None => "not set".to_owned(),
            };
            let message = format!(
                "`{key}` of {} was {} in {} and is {} now",
                place.owner,
                word(was),
                place.side.word(),
                word(is)
            );
            let rule = place.side.rule(table::REQUEST_LIMIT_NARROWED, table::RESPONSE_LIMIT_WIDENED);
            let spans = (was.map_or(old.span, |it| it.1), is.map_or(new.span, |it| it.1));
            let (before, after) = (format!("it was {}", word(was)), format!("now {}", word(is)));
            self.say(rule, message, (spans.0, &before), (spans.1, &after), &place.names());
        }
    }
}

pub(super) fn may_be(view: &View, ty: &str) -> bool {
    view.types.as_ref().is_none_or(|types| types.contains(ty))
}

fn first(values: &Option<Vec<(Value, Span)>>, otherwise: Span) -> Span {
    values.as_ref().and_then(|values| values.first()).map_or(otherwise, |(_, span)| *span)
}

fn address_of(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node) as usize
}

/// Limits that hold for every value anyway.
fn says_nothing(key: &str, value: &Value) -> bool {
    let zero = value.as_number().is_some_and(|number| number.to_i128() == Some(0));
    match key {
        "minLength" | "minItems" | "minProperties" => zero,
        "uniqueItems" => *value == Value::Bool(false),
        _ => false,
    }
}

/// Whether all that keeps one limit keeps another. Of most keywords only equality can be shown.
fn within((name, sent): (&str, &Value), (key, taken): (&str, &Value)) -> bool {
    let order = crate::shape::compare(sent, taken).ok().flatten();
    match (name, key) {
        // What is above a bound is not below it either.
        ("exclusiveMinimum", "minimum") => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        ("exclusiveMaximum", "maximum") => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ("minimum", "exclusiveMinimum") => order == Some(Ordering::Greater),
        ("maximum", "exclusiveMaximum") => order == Some(Ordering::Less),
        _ if name != key => false,
        _ if sent == taken => true,
        (_, "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" | "minContains") => {
            order == Some(Ordering::Greater)
        }
        (_, "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" | "maxContains") => {
            order == Some(Ordering::Less)
        }
        (_, "multipleOf") => {
            let rest = sent.as_number().zip(taken.as_number()).and_then(|(sent, of)| sent.rem(of).ok());
            rest.is_some_and(|rest| rest.to_i128() == Some(0))
        }
        (_, "format") => {
            matches!(
                (sent.as_text(), taken.as_text()),
                (Some("int32"), Some("int64")) | (Some("float"), Some("double"))
            )
        }
        _ => false,
    }
}
