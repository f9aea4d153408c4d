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
use crate::contract::document::{Entry, Node};
use crate::source::Span;
use crate::value::{Value, show};

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

impl Side {
    /// The rule of this side.
    fn rule(self, request: &'static Rule, response: &'static Rule) -> &'static Rule {
        match self {
            Side::Request => request,
            Side::Response => response,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Side::Request => "requests",
            Side::Response => "answers",
        }
    }
}

/// Where in a body the walk is.
#[derive(Clone)]
pub(super) struct Place {
    side: Side,
    /// As messages name it.
    owner: String,
    /// The name of the property at hand, for whom it touches.
    names: Vec<String>,
    /// The pairs of schemas that this body has compared: one within itself, or used twice, is not
    /// compared again.
    seen: Rc<RefCell<BTreeSet<(usize, usize)>>>,
}

impl Place {
    pub(super) fn new(side: Side, owner: String, names: &[&str]) -> Place {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Place { side, owner, names, seen: Rc::default() }
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

impl Walk<'_> {
    /// Compares two schemas.
    pub(super) fn schema(&mut self, old: &Part, new: &Part, place: &Place) {
        let pair = (address_of(&old.1), address_of(&new.1));
        let mut place = place.clone();
        if !place.seen.borrow_mut().insert(pair) {
            return;
        }
        let (before, after) = (View::of(self.old, old), View::of(self.new, new));
        if let Some(name) = &before.name {
            place.owner = format!("`{name}`");
        }
        self.types(&before, &after, &place);
        self.values(&before, &after, &place);
        self.limits(&before, &after, &place);
        self.variants((old, &before), (new, &after), &place);
        self.properties(&before, &after, &place);
        if let (Some(was), Some(is)) = (&before.items, &after.items) {
            let owner = format!("the elements of {}", place.owner);
            self.schema(was, is, &Place { owner, ..place.clone() });
        }
        if let (Some(was), Some(is)) = (&before.extra, &after.extra) {
            let owner = format!("the values of {}", place.owner);
            self.schema(was, is, &Place { owner, ..place });
        }
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
        let keys: BTreeSet<&Arc<str>> = old.limits.keys().chain(new.limits.keys()).collect();
        for key in keys {
            let (was, is) = (old.limits.get(key), new.limits.get(key));
            let (sent, taken) = match place.side {
                Side::Request => (was, is),
                Side::Response => (is, was),
            };
            let Some((taken, _)) = taken else { continue };
            if says_nothing(key, taken) || sent.is_some_and(|(sent, _)| within(key, sent, taken)) {
                continue;
            }
            let word = |limit: Option<&(Value, Span)>| match limit {
                Some((value, _)) => show(value),
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

    /// Every form that may be sent must fit one that is understood.
    fn variants(&mut self, old: (&Part, &View), new: (&Part, &View), place: &Place) {
        if old.1.variants.is_empty() || new.1.variants.is_empty() {
            // A single form has been compared by its types, values and properties.
            return self.only_one_has_forms(old, new, place);
        }
        let rule = place.side.rule(table::REQUEST_VARIANT_REMOVED, table::RESPONSE_VARIANT_ADDED);
        let (sent, taken) = match place.side {
            Side::Request => (&old.1.variants, &new.1.variants),
            Side::Response => (&new.1.variants, &old.1.variants),
        };
        for (index, form) in sent.iter().enumerate() {
            // The form at the same place is the likely one.
            let likely = taken.get(index).into_iter().chain(taken);
            if likely.into_iter().any(|other| self.form_fits(form, other, place)) {
                continue;
            }
            let name = self.form_name(form, place.side).unwrap_or_else(|| format!("{}", index + 1));
            let span = form.1.entries().first().map_or(form.1.span, |entry| entry.key_span);
            let (message, before, after) = match place.side {
                Side::Request => (
                    format!("{} no longer takes the form `{name}`", place.owner),
                    (span, "it did here"),
                    (new.1.span, "and is one of these now"),
                ),
                Side::Response => (
                    format!("{} may have the form `{name}` now", place.owner),
                    (old.1.span, "it was one of these"),
                    (span, "and may be this now"),
                ),
            };
            self.say(rule, message, before, after, &place.names());
        }
    }

    /// A schema that is one form against one of several: it must fit, or all of them must fit it.
    fn only_one_has_forms(&mut self, old: (&Part, &View), new: (&Part, &View), place: &Place) {
        let (sent, taken) = match place.side {
            Side::Request => (old, new),
            Side::Response => (new, old),
        };
        let misfits: Vec<&Part> = match (sent.1.variants.is_empty(), taken.1.variants.is_empty()) {
            (true, false) => {
                let fits = taken.1.variants.iter().any(|form| self.form_fits(sent.0, form, place));
                if fits { Vec::new() } else { vec![sent.0] }
            }
            (false, true) => {
                let forms = sent.1.variants.iter();
                forms.filter(|form| !self.form_fits(form, taken.0, place)).collect()
            }
            _ => Vec::new(),
        };
        let Some(first) = misfits.first() else { return };
        let name = self.form_name(first, place.side).map(|name| format!(" `{name}`")).unwrap_or_default();
        let rule = place.side.rule(table::REQUEST_VARIANT_REMOVED, table::RESPONSE_VARIANT_ADDED);
        let message = match place.side {
            Side::Request => format!("{} no longer takes the form{name} that it took", place.owner),
            Side::Response => format!("{} may have a form{name} now that it did not have", place.owner),
        };
        let marks = ((old.1.span, "it was this"), (new.1.span, "and is this now"));
        self.say(rule, message, marks.0, marks.1, &place.names());
    }

    /// Whether a form that is sent is understood as another: compared on the side.
    fn form_fits(&self, sent: &Part, taken: &Part, place: &Place) -> bool {
        let mut aside = Walk {
            old: self.old,
            new: self.new,
            // The level at which every rule of bodies counts.
            level: crate::contract::compat::Level::Json,
            found: Vec::new(),
            at: Vec::new(),
        };
        let (old, new) = match place.side {
            Side::Request => (sent, taken),
            Side::Response => (taken, sent),
        };
        // What is looked at on the side is not compared yet for all others.
        let seen = Rc::new(RefCell::new(place.seen.borrow().clone()));
        aside.schema(old, new, &Place { seen, ..place.clone() });
        aside.found.is_empty()
    }

    fn form_name(&self, form: &Part, side: Side) -> Option<String> {
        let files = match side {
            Side::Request => self.old,
            Side::Response => self.new,
        };
        let view = View::of(files, form);
        let title = form.1.get("title").and_then(|title| title.text().cloned());
        view.name.or(title).map(|name| name.to_string())
    }

    fn properties(&mut self, old: &View, new: &View, place: &Place) {
        for (name, was) in &old.properties {
            match new.properties.get(name) {
                Some(is) => self.property(old, new, (name, was, is), place),
                None => self.lost_property(new, (name, was), place),
            }
        }
        for (name, is) in new.properties.iter().filter(|(name, _)| !old.properties.contains_key(*name)) {
            self.new_property(old, new, (name, is), place);
        }
        match (place.side, old.closed, new.closed) {
            (Side::Request, None, Some(now)) if is_object(old) => {
                let message = format!("{} no longer takes other properties in requests", place.owner);
                let marks = ((old.span, "it did here"), (now, "and does not any more"));
                self.say(table::REQUEST_OBJECT_CLOSED, message, marks.0, marks.1, &place.names());
            }
            (Side::Response, Some(before), None) if is_object(new) => {
                let message = format!("{} may have other properties in answers now", place.owner);
                let marks = ((before, "it could not"), (new.span, "and may now"));
                self.say(table::RESPONSE_OBJECT_OPENED, message, marks.0, marks.1, &place.names());
            }
            _ => {}
        }
    }

    fn property(
        &mut self,
        old: &View,
        new: &View,
        (name, was, is): (&Arc<str>, &(usize, Entry), &(usize, Entry)),
        place: &Place,
    ) {
        let only = match place.side {
            Side::Request => "readOnly",
            Side::Response => "writeOnly",
        };
        if View::is_only(self.new, is, only) {
            return;
        }
        let (before, after) = (old.required.get(name), new.required.get(name));
        match (place.side, before, after) {
            (Side::Request, None, Some(now)) => {
                let message = format!("the property `{name}` of {} is required in requests now", place.owner);
                let marks = ((was.1.key_span, "it was optional"), (*now, "now required"));
                self.say(table::REQUEST_PROPERTY_REQUIRED, message, marks.0, marks.1, &[]);
            }
            (Side::Response, Some(before), None) => {
                let message =
                    format!("the property `{name}` of {} may be missing in answers now", place.owner);
                let marks = ((*before, "it was required"), (is.1.key_span, "now optional"));
                self.say(table::RESPONSE_PROPERTY_OPTIONAL, message, marks.0, marks.1, &[name]);
            }
            _ => {}
        }
        let owner = format!("the property `{name}` of {}", place.owner);
        let names = vec![name.to_string()];
        let inner = Place { owner, names, ..place.clone() };
        self.schema(&(was.0, was.1.value.clone()), &(is.0, is.1.value.clone()), &inner);
    }

    fn lost_property(&mut self, new: &View, (name, was): (&Arc<str>, &(usize, Entry)), place: &Place) {
        let message = format!("the property `{name}` of {} is gone from {}", place.owner, place.side.word());
        match place.side {
            Side::Request if View::is_only(self.old, was, "readOnly") => {}
            Side::Request => match (&new.extra, new.closed) {
                (Some(extra), _) => {
                    let owner = format!("the property `{name}` of {}", place.owner);
                    let inner = Place { owner, names: vec![name.to_string()], ..place.clone() };
                    let extra = extra.clone();
                    self.schema(&(was.0, was.1.value.clone()), &extra, &inner);
                }
                // An open object ignores what it does not know, as it always did with others.
                (None, None) => {}
                (None, Some(closed)) => {
                    // That the object was closed at the same time is said of the object, too.
                    let marks = ((was.1.key_span, "it stood here"), (closed, "and others are refused"));
                    self.say(table::REQUEST_PROPERTY_REMOVED, message, marks.0, marks.1, &[name]);
                }
            },
            Side::Response if View::is_only(self.old, was, "writeOnly") => {}
            Side::Response => {
                let marks = ((was.1.key_span, "it stood here"), (new.span, "and is no longer in this"));
                self.say(table::RESPONSE_PROPERTY_REMOVED, message, marks.0, marks.1, &[name]);
            }
        }
    }

    fn new_property(
        &mut self,
        old: &View,
        new: &View,
        (name, is): (&Arc<str>, &(usize, Entry)),
        place: &Place,
    ) {
        match place.side {
            Side::Request => {
                if let Some(now) = new.required.get(name)
                    && !old.required.contains_key(name)
                    && !View::is_only(self.new, is, "readOnly")
                {
                    let message = format!("{} demands a new property `{name}` in requests", place.owner);
                    let marks = ((old.span, "it did not here"), (*now, "now required"));
                    self.say(table::REQUEST_PROPERTY_REQUIRED, message, marks.0, marks.1, &[]);
                }
            }
            Side::Response => {
                if let Some(closed) = old.closed
                    && !View::is_only(self.new, is, "writeOnly")
                {
                    let message =
                        format!("{} has a new property `{name}` in answers, and was closed", place.owner);
                    let marks = ((closed, "no others, it said"), (is.1.key_span, "now there"));
                    self.say(table::RESPONSE_PROPERTY_ADDED, message, marks.0, marks.1, &[]);
                }
            }
        }
    }
}

fn is_object(view: &View) -> bool {
    view.types.as_ref().is_none_or(|types| types.contains("object"))
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
        "uniqueItems" | "exclusiveMinimum" | "exclusiveMaximum" => *value == Value::Bool(false),
        _ => false,
    }
}

/// Whether all that keeps one limit keeps another. Of most keywords only equality can be shown.
fn within(key: &str, sent: &Value, taken: &Value) -> bool {
    let order = crate::shape::compare(sent, taken).ok().flatten();
    match key {
        _ if sent == taken => true,
        "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" | "minContains" => {
            order == Some(Ordering::Greater)
        }
        "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" | "maxContains" => {
            order == Some(Ordering::Less)
        }
        _ => false,
    }
}
