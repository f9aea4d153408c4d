//! Patterns of which less is drawn than fits.

use std::sync::Arc;

use crate::shape::{Difference, Judge, Pattern, describe};
use crate::value::{Value, show_short};

/// Fits what the pattern fits, but is always drawn as absent.
pub(super) fn not_drawn(pattern: Pattern) -> Pattern {
    drawn_as(Pattern::Absent, pattern)
}

/// Fits what the pattern fits; what is drawn is the other one, which fits less and is told from it
/// without a look deep inside.
pub(super) fn drawn_as(drawn: Pattern, pattern: Pattern) -> Pattern {
    let name = describe(&pattern);
    Pattern::Named(name.into(), Arc::new(Pattern::Weighted(vec![(1, drawn), (0, pattern)])))
}

/// A named pattern whose values a test decides; `drawn` is what is drawn of it, and shown.
pub(super) fn judged(
    name: &str,
    drawn: Pattern,
    test: impl Fn(&Value) -> bool + Send + Sync + 'static,
) -> Pattern {
    Pattern::Named(name.into(), Arc::new(Pattern::Judged(Box::new(drawn), judge(name, test))))
}

/// Judges by a test of the whole value.
pub(super) fn judge(expected: &str, test: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Judge {
    let expected = expected.to_owned();
    Arc::new(move |value| {
        if test(value) {
            return Vec::new();
        }
        vec![Difference { path: String::new(), expected: expected.clone(), actual: show_short(value, 60) }]
    })
}
