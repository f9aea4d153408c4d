//! The names that replies and failures over gRPC add to the language.

use crate::lang::{Kind, Param, Spec, Ty};

const METADATA: &[Param] =
    &[Param::required("value", Ty::Object, "name and text; names in `-bin` take bytes")];

const fn option(
    of: &'static str,
    name: &'static str,
    value: &'static [Param],
    summary: &'static str,
    example: &'static str,
) -> Spec {
    Spec::new(Kind::Option, of, name, summary).params(value).example(example)
}

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    option(
        "grpc reply",
        "headers",
        METADATA,
        "the initial metadata; of a stream, with its first reply",
        "on Post { reply any with { headers: { x-node: \"n1\" } } }",
    ),
    option(
        "grpc reply",
        "trailers",
        METADATA,
        "the trailing metadata",
        "on Post { reply any with { trailers: { x-cost: 3 } } }",
    ),
    option(
        "grpc reply",
        "contract",
        &[Param::required("value", Ty::OneOf(&["ignore"]), "`ignore`")],
        "`ignore` breaks the contract of the service that is played on purpose: bytes go out as they are, and `malformed(…)` as what was drawn",
        "on Post { reply any malformed(ledger.Entry) with { contract: ignore } }",
    ),
    option(
        "grpc fail",
        "details",
        &[Param::required("value", Ty::List, "objects, each with its `type` and the fields of that message")],
        "the error details",
        "on Post { fail NOT_FOUND \"no such order\" with { details: [{ type: \"google.rpc.ErrorInfo\", reason: \"GONE\" }] } }",
    ),
    option(
        "grpc fail",
        "trailers",
        METADATA,
        "the trailing metadata",
        "on Post { fail UNAVAILABLE \"try later\" with { trailers: { x-node: \"n1\" } } }",
    ),
];
