//! How a protocol writes its names down.

use crate::lang::{Kind, Param, Spec, Ty};

/// The names of a protocol, by its own.
#[derive(Debug)]
pub(super) struct Names(pub(super) &'static str);

impl Names {
    pub(super) const fn verb(
        &self,
        name: &'static str,
        params: &'static [Param],
        summary: &'static str,
        example: &'static str,
    ) -> Spec {
        Spec::new(Kind::Verb, self.0, name, summary).params(params).example(example)
    }

    pub(super) const fn option(
        &self,
        name: &'static str,
        value: &'static [Param],
        summary: &'static str,
        example: &'static str,
    ) -> Spec {
        Spec::new(Kind::Option, self.0, name, summary).params(value).example(example)
    }

    /// A part of a response.
    pub(super) const fn part(
        &self,
        name: &'static str,
        summary: &'static str,
        example: &'static str,
    ) -> Spec {
        Spec::new(Kind::Response, self.0, name, summary).example(example)
    }
}

/// A property of what `open` gives.
pub(super) const fn of_stream(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Property, "stream", name, summary).example(example)
}

/// The value that an option takes.
pub(super) const fn value(ty: Ty, summary: &'static str) -> Param {
    Param::required("value", ty, summary)
}
