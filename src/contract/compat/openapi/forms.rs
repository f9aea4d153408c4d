//! Schemas of several forms: `oneOf`, `anyOf`, and what tells their forms apart.

use std::cell::RefCell;
use std::rc::Rc;
use std::slice::from_ref;
use std::sync::Arc;

use super::schema::{Place, Side};
use super::view::View;
use super::{Part, Walk, table};
use crate::source::Span;

impl Walk<'_> {
    /// Of each choice that is understood, every form that may be sent must fit a form.
    pub(super) fn variants(&mut self, old: (&[Part], &View), new: (&[Part], &View), place: &Place) {
        if old.1.variants.is_empty() || new.1.variants.is_empty() {
            // A single form has been compared by its types, values and properties.
            return self.only_one_has_forms(old, new, place);
        }
        let (sent, taken) = place.sent_and_taken(old, new);
        for (index, choice) in taken.1.variants.iter().enumerate() {
            let misfit = |forms: &[Part]| {
                forms.iter().position(|form| {
                    // The form at the same place is the likely one.
                    let at =
                        forms.iter().position(|other| Arc::ptr_eq(&other.1, &form.1)).unwrap_or_default();
                    let mut likely = choice.get(at).into_iter().chain(choice);
                    !likely.any(|other| self.form_fits(from_ref(form), from_ref(other), place))
                })
            };
            let all = || sent.1.variants.iter().map(|forms| (forms, misfit(forms)));
            if all().any(|(_, misfit)| misfit.is_none()) {
                continue;
            }
            let Some((forms, Some(at))) = all().nth(index).or_else(|| all().next()) else { continue };
            self.lost_form(&forms[at], at, (old.1.span, new.1.span), place);
        }
    }

    fn lost_form(&mut self, form: &Part, index: usize, (old, new): (Span, Span), place: &Place) {
        let name = self.form_name(form, place.side).unwrap_or_else(|| format!("{}", index + 1));
        let span = form.1.entries().first().map_or(form.1.span, |entry| entry.key_span);
        let rule = place.side.rule(table::REQUEST_VARIANT_REMOVED, table::RESPONSE_VARIANT_ADDED);
        let (message, before, after) = match place.side {
            Side::Request => (
                format!("{} no longer takes the form `{name}`", place.owner),
                (span, "it did here"),
                (new, "and is one of these now"),
            ),
            Side::Response => (
                format!("{} may have the form `{name}` now", place.owner),
                (old, "it was one of these"),
                (span, "and may be this now"),
            ),
        };
        self.say(rule, message, before, after, &place.names());
    }

    /// A schema that is one form against one of several: it must fit, or all of them must fit it.
    fn only_one_has_forms(&mut self, old: (&[Part], &View), new: (&[Part], &View), place: &Place) {
        let (sent, taken) = place.sent_and_taken(old, new);
        let fits = |form: &[Part], other: &[Part]| self.form_fits(form, other, place);
        let misfit: Option<&[Part]> = if sent.1.variants.is_empty() {
            let mut choices = taken.1.variants.iter();
            let all = choices.all(|forms| forms.iter().any(|form| fits(sent.0, from_ref(form))));
            (!all).then_some(sent.0)
        } else {
            let misfits = |forms: &'_ [Part]| forms.iter().position(|form| !fits(from_ref(form), taken.0));
            let choices = sent.1.variants.iter().map(|forms| misfits(forms).map(|at| from_ref(&forms[at])));
            choices.collect::<Option<Vec<_>>>().and_then(|misfits| misfits.first().copied())
        };
        let Some(misfit) = misfit else { return };
        let name = misfit.first().and_then(|form| self.form_name(form, place.side));
        let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
        let rule = place.side.rule(table::REQUEST_VARIANT_REMOVED, table::RESPONSE_VARIANT_ADDED);
        let message = match place.side {
            Side::Request => format!("{} no longer takes the form{name} that it took", place.owner),
            Side::Response => format!("{} may have a form{name} now that it did not have", place.owner),
        };
        let marks = ((old.1.span, "it was this"), (new.1.span, "and is this now"));
        self.say(rule, message, marks.0, marks.1, &place.names());
    }

    /// Whether a form that is sent is understood as another: compared on the side.
    fn form_fits(&self, sent: &[Part], taken: &[Part], place: &Place) -> bool {
        let mut aside = Walk {
            old: self.old,
            new: self.new,
            // The level at which every rule of bodies counts.
            level: crate::contract::compat::Level::Json,
            found: Vec::new(),
            at: Vec::new(),
        };
        let (old, new) = place.sent_and_taken(sent, taken);
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
        let view = View::of(files, from_ref(form), form.1.span);
        let title = form.1.get("title").and_then(|title| title.text().cloned());
        view.name.or(title).map(|name| name.to_string())
    }

    /// What tells forms apart must be where it was, and each value that is sent must mean what it
    /// meant.
    pub(super) fn discriminator(&mut self, old: &View, new: &View, place: &Place) {
        let (Some(was), Some(is)) = (&old.discriminator, &new.discriminator) else { return };
        let mut say = |message: String, before: &str, after: &str| {
            let marks = ((was.span, before), (is.span, after));
            self.say(table::DISCRIMINATOR_CHANGED, message, marks.0, marks.1, &place.names());
        };
        if was.property != is.property {
            let (was, is) = (&was.property, &is.property);
            let message =
                format!("the forms of {} were told apart by `{was}` and are by `{is}` now", place.owner);
            return say(message, &format!("it was `{was}`"), &format!("now `{is}`"));
        }
        let (sent, taken) = place.sent_and_taken(was, is);
        for (value, form) in &sent.mapping {
            // What is not written is the name of a schema.
            if taken.mapping.get(value).map_or(value == form, |other| other == form) {
                continue;
            }
            let word =
                |form: Option<&Arc<str>>| form.map_or("nothing".to_owned(), |form| format!("`{form}`"));
            let (before, after) = (word(was.mapping.get(value)), word(is.mapping.get(value)));
            let message = format!(
                "`{value}` as `{}` of {} meant {before} and means {after} now",
                is.property, place.owner
            );
            say(message, &format!("it meant {before}"), &format!("now {after}"));
        }
    }
}
