//! Real data as data that only looks real: keyed, in the same form, and the same for the same
//! wherever it stands. Pure: texts and values come in, and go out; no error shows what was in them.

mod date;
mod email;
mod feistel;
mod form;
mod keyed;
mod method;
mod rules;

pub use keyed::{Key, MIN_KEY};
pub use method::{Method, Source};
pub use rules::{Rule, Rules};

use crate::lang::{Kind, Param, Spec, Ty};

const AS: Param = Param::new(
    "as",
    Ty::Word,
    "the domain: the same input gives the same output in all rules of a domain; default the rule's name",
);

const fn rule(name: &'static str, summary: &'static str, params: &'static [Param], example: &'static str) -> Spec {
    Spec::new(Kind::Rule, "data", name, summary).params(params).example(example)
}

/// The names of this room: what a line of the rules may say of a column.
pub const SPECS: &[Spec] = &[
    rule("keep", "stays as it is: said of every column that may be seen", &[], "orders.amount: keep"),
    rule("drop", "is left out, with all that is in it", &[], "customers.note: drop"),
    rule(
        "id",
        "digits for digits and letters for letters by a keyed permutation, so different ones stay different; a UUID stays one, a number keeps its length and the bits it fits in",
        &[AS],
        "orders.customer_id: id(as: customer)",
    ),
    rule(
        "number",
        "another number with the same sign and as many digits before and after the point; zero stays zero",
        &[AS],
        "orders.amount: number",
    ),
    rule("email", "another address of the same form, at a host that ends in `.test` (RFC 2606)", &[AS], "customers.email: email"),
    rule("phone", "another number with the same length and punctuation", &[AS], "customers.phone: phone"),
    rule("card", "another card number of the same length with a valid check digit (ISO/IEC 7812-1)", &[AS], "customers.card: card"),
    rule(
        "date",
        "moved by whole days, never by none; the time of day stays",
        &[
            Param::new("days", Ty::Number, "by at most so many, forward or back; default 30"),
            Param::new("per", Ty::Word, "a column beside it: all dates with the same one move alike, so that intervals stay; default each date by itself"),
            AS,
        ],
        "customers.born: date(days: 30, per: id)",
    ),
    rule("text", "letters for letters and digits for digits, without a meaning; not for what must stay different", &[AS], "orders.note: text"),
];

#[cfg(test)]
mod tests;
