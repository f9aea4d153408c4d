//! The names that replies over HTTP add to the language.

use crate::lang::{Param, Spec, Ty};
use crate::protocol::names::Names;

const OWN: Names = Names("http reply");

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    OWN.option(
        "status",
        &[Param::required(
            "value",
            Ty::Number,
            "from 200 to 599; without it the first success of the contract, or 200",
        )],
        "the status of the reply",
        "on POST /hooks { reply {} with { status: 503 } }",
    ),
    OWN.option(
        "headers",
        &[Param::required("value", Ty::Object, "name and value; a list sends the header several times")],
        "headers of the reply",
        "on POST /hooks { reply {} with { status: 429, headers: { Retry-After: 1 } } }",
    ),
    OWN.option(
        "contract",
        &[Param::required("value", Ty::OneOf(&["ignore"]), "`ignore`")],
        "`ignore` breaks the contract of the service that is played on purpose",
        "on GET /v1/orders { reply { nonsense: true } with { contract: ignore } }",
    ),
];
