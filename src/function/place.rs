//! Places in a request, as values: where a relation or a profile looks.

use std::sync::Arc;

use super::{functions, spec};
use crate::lang::{Param, Ty};
use crate::value::{Tagged, Value};

/// The function that names a header, and the tag of what [`header_of`] reads.
pub const HEADER: &str = "header";

functions! {
    spec(
        HEADER,
        "a place in a request: where a signature stands, by what a request is known again",
        &[Param::required("name", Ty::Text, "the header's name, in any case")],
        "expect merchant.calls signed(with: hmac_sha256(\"key\"), in: header(\"X-Signature\"))",
    )
        => |args| Ok(Value::Tagged(Arc::new(Tagged { tag: HEADER, value: Value::object([("name", args.value("name")?.clone())]) })));
}

/// The name of the header, in lower case, when the value is `header("…")`.
pub fn header_of(place: &Value) -> Option<String> {
    let Value::Tagged(tagged) = place else { return None };
    let fields = tagged.value.as_object().filter(|_| tagged.tag == HEADER)?;
    fields.get("name")?.as_text().map(str::to_ascii_lowercase)
}
