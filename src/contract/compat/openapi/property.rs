//! The properties of objects: which there are, which must be, and what all others are.

use std::sync::Arc;

use super::schema::{Place, Side, may_be};
use super::view::View;
use super::{Part, Walk, table};
use crate::contract::document::Entry;
use crate::source::Span;

/// What one place says of a property, and in which document it does.
type Said = (usize, Entry);

impl Walk<'_> {
    pub(super) fn properties(&mut self, old: &View, new: &View, place: &Place) {
        for (name, was) in &old.properties {
            match new.properties.get(name) {
                Some(is) => self.property(old, new, (name, was, is), place),
                None => self.lost_property(new, (name, was), place),
            }
        }
        for (name, is) in new.properties.iter().filter(|(name, _)| !old.properties.contains_key(*name)) {
            self.new_property(old, new, (name, is), place);
        }
        self.required_strangers(old, new, place);
        match (place.side, old.closed, new.closed) {
            (Side::Request, None, Some(now)) if may_be(old, "object") => {
                let message = format!("{} no longer takes other properties in requests", place.owner);
                let marks = ((old.span, "it did here"), (now, "and does not any more"));
                self.say(table::REQUEST_OBJECT_CLOSED, message, marks.0, marks.1, &place.names());
            }
            (Side::Response, Some(before), None) if may_be(new, "object") => {
                let message = format!("{} may have other properties in answers now", place.owner);
                let marks = ((before, "it could not"), (new.span, "and may now"));
                self.say(table::RESPONSE_OBJECT_OPENED, message, marks.0, marks.1, &place.names());
            }
            _ => {}
        }
    }

    /// Properties that are required by their names, and not described.
    fn required_strangers(&mut self, old: &View, new: &View, place: &Place) {
        let only = |a: &View, b: &View| -> Vec<(Arc<str>, Span)> {
            let names = a.required.iter().filter(|(name, _)| {
                // What is described is compared by itself.
                let told = a.properties.contains_key(*name)
                    || place.side == Side::Response && b.properties.contains_key(*name);
                !told && !b.required.contains_key(*name)
            });
            names.map(|(name, span)| (name.clone(), *span)).collect()
        };
        match place.side {
            Side::Request if may_be(old, "object") => {
                for (name, now) in only(new, old) {
                    self.demanded(old, &name, now, place);
                }
            }
            Side::Response if may_be(new, "object") => {
                for (name, before) in only(old, new) {
                    let marks = ((before, "it was required"), (new.span, "and is not any more"));
                    self.may_be_missing(&name, marks, place);
                }
            }
            _ => {}
        }
    }

    fn demanded(&mut self, old: &View, name: &str, now: Span, place: &Place) {
        let message = format!("{} demands a new property `{name}` in requests", place.owner);
        let marks = ((old.span, "it did not here"), (now, "now required"));
        self.say(table::REQUEST_PROPERTY_REQUIRED, message, marks.0, marks.1, &[]);
    }

    fn may_be_missing(&mut self, name: &str, marks: ((Span, &str), (Span, &str)), place: &Place) {
        let message = format!("the property `{name}` of {} may be missing in answers now", place.owner);
        self.say(table::RESPONSE_PROPERTY_OPTIONAL, message, marks.0, marks.1, &[name]);
    }

    fn property(
        &mut self,
        old: &View,
        new: &View,
        (name, was, is): (&Arc<str>, &[Said], &[Said]),
        place: &Place,
    ) {
        let only = match place.side {
            Side::Request => "readOnly",
            Side::Response => "writeOnly",
        };
        let hidden = (View::is_only(self.old, was, only), View::is_only(self.new, is, only));
        let spans = (key_span(was, old.span), key_span(is, new.span));
        if hidden.1 {
            if place.side == Side::Response && !hidden.0 {
                let message = format!("the property `{name}` of {} is gone from answers", place.owner);
                let marks = ((spans.0, "it stood here"), (spans.1, "and is only sent to the service now"));
                self.say(table::RESPONSE_PROPERTY_REMOVED, message, marks.0, marks.1, &[name]);
            }
            return;
        }
        let before = old.required.get(name).filter(|_| !hidden.0);
        match (place.side, before, new.required.get(name)) {
            (Side::Request, None, Some(now)) => {
                let message = format!("the property `{name}` of {} is required in requests now", place.owner);
                let was = if hidden.0 { "it was `readOnly`" } else { "it was optional" };
                let marks = ((spans.0, was), (*now, "now required"));
                self.say(table::REQUEST_PROPERTY_REQUIRED, message, marks.0, marks.1, &[]);
            }
            (Side::Response, Some(before), None) => {
                self.may_be_missing(name, ((*before, "it was required"), (spans.1, "now optional")), place);
            }
            _ => {}
        }
        let (was, is) = (values_of(was), values_of(is));
        let inner = place.property(name, spans);
        if place.side == Side::Request && before.is_none() && !hidden.0 {
            self.defaults(&was, &is, &inner.owner, &[name]);
        }
        self.schema(&was, &is, &inner);
    }

    fn lost_property(&mut self, new: &View, (name, was): (&Arc<str>, &[Said]), place: &Place) {
        let message = format!("the property `{name}` of {} is gone from {}", place.owner, place.side.word());
        let stood = key_span(was, place.spans.0);
        match place.side {
            Side::Request if View::is_only(self.old, was, "readOnly") => {}
            Side::Request => match new.closed {
                // An open object ignores what it does not know, as it always did with others.
                None => {
                    let inner = place.property(name, (stood, new.span));
                    self.schema(&values_of(was), &new.extra, &inner);
                }
                Some(closed) => {
                    // That the object was closed at the same time is said of the object, too.
                    let marks = ((stood, "it stood here"), (closed, "and others are refused"));
                    self.say(table::REQUEST_PROPERTY_REMOVED, message, marks.0, marks.1, &[name]);
                }
            },
            Side::Response if View::is_only(self.old, was, "writeOnly") => {}
            Side::Response => {
                let marks = ((stood, "it stood here"), (new.span, "and is no longer in this"));
                self.say(table::RESPONSE_PROPERTY_REMOVED, message, marks.0, marks.1, &[name]);
            }
        }
    }

    fn new_property(&mut self, old: &View, new: &View, (name, is): (&Arc<str>, &[Said]), place: &Place) {
        let only = match place.side {
            Side::Request => "readOnly",
            Side::Response => "writeOnly",
        };
        if View::is_only(self.new, is, only) {
            return;
        }
        let stands = key_span(is, new.span);
        match place.side {
            Side::Request => {
                if let Some(now) = new.required.get(name)
                    && !old.required.contains_key(name)
                {
                    self.demanded(old, name, *now, place);
                }
            }
            Side::Response => {
                if let Some(closed) = old.closed {
                    let message =
                        format!("{} has a new property `{name}` in answers, and was closed", place.owner);
                    let marks = ((closed, "no others, it said"), (stands, "now there"));
                    self.say(table::RESPONSE_PROPERTY_ADDED, message, marks.0, marks.1, &[]);
                }
            }
        }
        // What all others were, this one was too.
        if !old.extra.is_empty() {
            self.schema(&old.extra, &values_of(is), &place.property(name, (old.span, stands)));
        }
    }
}

impl Place {
    /// A property of the object at hand.
    fn property(&self, name: &str, spans: (Span, Span)) -> Place {
        let owner = format!("the property `{name}` of {}", self.owner);
        Place { owner, names: vec![name.to_owned()], spans, ..self.clone() }
    }
}

fn values_of(property: &[Said]) -> Vec<Part> {
    property.iter().map(|(doc, entry)| (*doc, entry.value.clone())).collect()
}

fn key_span(property: &[Said], otherwise: Span) -> Span {
    property.first().map_or(otherwise, |(_, entry)| entry.key_span)
}
