//! Names that an open object allows and that look misspelt: JSON Schema lets every object have
//! other fields, so `totl` beside a declared `total` is no mistake, and hardly ever meant.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

/// Shorter names are near too many others.
const SHORTEST: usize = 4;
/// From here on two edits are few.
const LONG: usize = 8;

/// The declared name that a written one most likely means. Stricter than advice, since what is
/// written is allowed: only case, `-` and `_` differ, or one edit, in long names two, and not
/// only digits.
pub(super) fn meant<'n>(
    name: &str,
    names: &'n [(Arc<str>, Option<Span>)],
) -> Option<&'n (Arc<str>, Option<Span>)> {
    let length = name.chars().count();
    let allowed = match length {
        ..SHORTEST => 0,
        SHORTEST..LONG => 1,
        _ => 2,
    };
    let letters = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let near = names.iter().filter_map(|declared| {
        let (this, that) = (fold(name), fold(&declared.0));
        let distance = strsim::osa_distance(&this, &that);
        let counted = letters(&this) == letters(&that) && this != that;
        (distance <= allowed && that.chars().count() >= SHORTEST.min(length) && !counted)
            .then_some((distance, declared))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, declared)| declared)
}

fn fold(name: &str) -> String {
    name.to_lowercase().replace(['-', '_'], "")
}

/// Says so, of a name that stands at `span`.
pub(super) fn misspelt(name: &str, of: &str, span: Span, meant: &(Arc<str>, Option<Span>)) -> Diagnostic {
    let message = format!("{of} declares no field `{name}`, though it may have others");
    let diagnostic =
        Diagnostic::warning(Code::OFF_CONTRACT, span, message).help(format!("did you mean `{}`?", meant.0));
    match meant.1 {
        Some(origin) => diagnostic.also(origin, format!("`{}` is declared here", meant.0)),
        None => diagnostic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_hardly_meant_is_near() {
        let declared = ["total", "customer_id", "address_1", "id", "quantity"];
        let names: Vec<_> = declared.iter().map(|name| (Arc::from(*name), None)).collect();
        let found = |name: &str| meant(name, &names).map(|(name, _)| name.to_string());
        for (name, wanted) in [
            ("totl", Some("total")),
            ("Total", Some("total")),
            ("tootal", Some("total")),
            ("customerId", Some("customer_id")),
            ("custmer-id", Some("customer_id")),
            ("quanitty", Some("quantity")),
            ("ID", Some("id")),
            // Other names, of which advice alone would think otherwise.
            ("address_2", None),
            ("ids", None),
            ("it", None),
            ("local", None),
            ("quality", None),
            ("note", None),
        ] {
            assert_eq!(found(name).as_deref(), wanted, "{name}");
        }
    }
}
