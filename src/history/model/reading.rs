//! What the models agree on in reading an operation.

use crate::history::Operation;
use crate::value::Value;

/// The argument at this place, counted from the last: what stands before may be a key.
pub(super) fn argument<'a>(
    operation: &'a Operation,
    from_last: usize,
    what: &str,
) -> Result<&'a Value, String> {
    let count = operation.args.len();
    count.checked_sub(from_last + 1).and_then(|index| operation.args.get(index)).ok_or_else(|| {
        let given =
            if count == 0 { "no argument".to_owned() } else { format!("only {count} of its arguments") };
        format!("`{}` has {given}: {what} is missing", operation.function)
    })
}

/// Whether nobody recorded what it returned.
pub(super) fn is_silent(operation: &Operation) -> bool {
    matches!(operation.value, Value::Absent)
}

/// Whether a compare matched: not when it returned `false` or an object whose `matched` is false.
pub(super) fn matched(value: &Value) -> bool {
    match value {
        Value::Bool(matched) => *matched,
        Value::Object(fields) => fields.get("matched").and_then(Value::as_bool).unwrap_or(true),
        _ => true,
    }
}
