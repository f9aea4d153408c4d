//! Which claims say that something did not happen.

use crate::value::Object;

/// Whether a claim says that no more records of a kind came than it names: what came after a history
/// broke off may refute it, although what was seen does not.
pub fn claims_absence(relation: &str, negated: bool, args: &Object) -> bool {
    match relation {
        "has" => negated || args.contains_key("times"),
        "unique" | "exactly_once" | "at_most_once" => !negated,
        _ => false,
    }
}
