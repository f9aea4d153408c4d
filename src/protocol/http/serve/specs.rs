//! The names that replies over HTTP add to the language.

use crate::lang::{Kind, Param, Spec, Ty};

const fn option(
    name: &'static str,
    value: &'static [Param],
    summary: &'static str,
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Option, "http reply", name, summary).params(value).example(example)
}

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    option(
        "status",
        &[Param::required(
            "value",
            Ty::Number,
            "from 200 to 599; without it the first success of the contract, or 200",
        )],
        "the status of the reply",
        "on POST /hooks { reply {} with { status: 503 } }",
    ),
    option(
        "headers",
        &[Param::required("value", Ty::Object, "name and value; a list sends the header several times")],
        "headers of the reply",
        "on POST /hooks { reply {} with { status: 429, headers: { Retry-After: 1 } } }",
    ),
    option(
        "contract",
        &[Param::required("value", Ty::OneOf(&["ignore"]), "`ignore`")],
        "`ignore` breaks the contract of the service that is played on purpose",
        "on GET /v1/orders { reply { nonsense: true } with { contract: ignore } }",
    ),
];
