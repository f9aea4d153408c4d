//! `any not Order`: a valid draw with exactly one thing made wrong.

use super::describe::describe_short;
use super::draw::{DrawKey, Mistake, draw};
use super::matching::{fits, mismatches};
use super::{Pattern, wrong};
use crate::value::Value;

/// How often another value is drawn, of which something can be made wrong.
const TRIES: usize = 20;

/// One thing made wrong.
pub(super) const NEAR_MISS: Mistake =
    Mistake { one: near_miss, each: |pattern, key| near_miss(pattern, key).map(|value| vec![value]) };

/// A value that does not fit, for one reason alone where the shape allows it. Errors: nothing can
/// be drawn of the shape, or whatever is there fits it.
fn near_miss(pattern: &Pattern, key: &DrawKey) -> Result<Value, String> {
    for attempt in 0..TRIES {
        let key = key.with(format!("try {attempt}"));
        let drawn = draw(pattern, &key.with("valid"))?;
        let mut all = wrong::all(pattern, &drawn, false);
        // Nearest is what is wrong inside, not something else in place of the whole.
        if all.iter().any(|wrong| !wrong.change.path.is_empty()) {
            all.retain(|wrong| !wrong.change.path.is_empty());
        }
        // Those with one difference come first: a wrong kind of a whole object has many.
        let mut made: Vec<(usize, Value)> = all
            .iter()
            .filter_map(|wrong| wrong.change.apply(&drawn))
            .map(|made| (mismatches(pattern, &made).len(), made))
            .collect();
        let least = made.iter().map(|(count, _)| *count).min().unwrap_or_default();
        made.retain(|(count, _)| *count == least);
        if !made.is_empty() {
            let (_, value) = made.swap_remove(key.with("which").below(made.len()));
            debug_assert!(!fits(pattern, &value));
            return Ok(value);
        }
    }
    Err(format!("no value was found that is not `{}`", describe_short(pattern)))
}
