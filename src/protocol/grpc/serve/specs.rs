//! The names that replies and failures over gRPC add to the language.

use crate::lang::{Param, Spec, Ty};
use crate::protocol::names::Names;

const METADATA: &[Param] =
    &[Param::required("value", Ty::Object, "name and text; names in `-bin` take bytes")];

const REPLY: Names = Names("grpc reply");
const FAIL: Names = Names("grpc fail");

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    REPLY.option(
        "headers",
        METADATA,
        "the initial metadata; of a stream, with its first reply",
        "on Post { reply any with { headers: { x-node: \"n1\" } } }",
    ),
    REPLY.option(
        "trailers",
        METADATA,
        "the trailing metadata",
        "on Post { reply any with { trailers: { x-cost: 3 } } }",
    ),
    REPLY.option(
        "contract",
        &[Param::required("value", Ty::OneOf(&["ignore"]), "`ignore`")],
        "`ignore` breaks the contract of the service that is played on purpose: bytes go out as they are, and `malformed(…)` as what was drawn",
        "on Post { reply any malformed(ledger.Entry) with { contract: ignore } }",
    ),
    FAIL.option(
        "details",
        &[Param::required("value", Ty::List, "objects, each with its `type` and the fields of that message")],
        "the error details",
        "on Post { fail NOT_FOUND \"no such order\" with { details: [{ type: \"google.rpc.ErrorInfo\", reason: \"GONE\" }] } }",
    ),
    FAIL.option(
        "trailers",
        METADATA,
        "the trailing metadata",
        "on Post { fail UNAVAILABLE \"try later\" with { trailers: { x-node: \"n1\" } } }",
    ),
];
