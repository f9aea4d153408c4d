//! The names that gRPC adds to the language.

use super::status::CODES;
use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::protocol::names::{Names, of_stream, value};
use crate::protocol::tls::TLS;

const OWN: Names = Names("grpc");
const OPERAND: &[Param] = &[
    Param::required(
        "target",
        Ty::Name,
        "a service with a method: `ledger.GetEntry`, `ledger.Ledger.GetEntry`",
    ),
    Param::new("message", Ty::Any, "an object; for a method that takes a stream, the list of all messages"),
];
const SEND: &[Param] = &[
    Param::required("stream", Ty::Name, "what `open` gave"),
    Param::new("message", Ty::Object, "the message; an empty one by default"),
];
const STREAM: &[Param] = &[Param::required("stream", Ty::Name, "what `open` gave")];

/// Every name of this room.
pub const SPECS: &[Spec] = &ALL;

const NAMES: [Spec; 39] = [
    Spec::new(
        Kind::Protocol,
        "",
        "grpc",
        "gRPC over HTTP/2: unary calls and streams, by contract or reflection",
    )
    .example("service ledger { speaks grpc contract \"./contracts/ledger.proto\" }"),
    OWN.verb(
        "call",
        OPERAND,
        "calls a method and waits for its one answer; a method that takes a stream gets a list",
        "call ledger.GetEntry { order_id: order } with { deadline: 2s }",
    )
    .safety(Safety::Unknown),
    OWN.verb(
        "open",
        OPERAND,
        "opens a stream of a method that streams either way; its items are the messages that come",
        "let feed = open ledger.Watch { account: alice.id }",
    )
    .safety(Safety::Unknown),
    OWN.verb("send", SEND, "sends a message on a stream", "send sync { entry_id: \"e1\" }")
        .safety(Safety::Unsafe),
    OWN.verb(
        "close",
        STREAM,
        "says that no more messages will be sent; on a method with one answer, waits for it",
        "close upload",
    )
    .safety(Safety::Unsafe),
    OWN.verb("cancel", STREAM, "ends a stream at once; its status is then `CANCELLED`", "cancel feed")
        .safety(Safety::Safe),
    OWN.option(
        "metadata",
        &[value(
            Ty::Object,
            "name and value; a list sends the name several times, names in `-bin` take bytes, `absent` leaves a default out",
        )],
        "metadata to send",
        "call ledger.GetEntry { order_id: order } with { metadata: { x-tenant: \"acme\" } }",
    ),
    OWN.option(
        "deadline",
        &[value(Ty::Duration, "30s by default; a stream has none unless you set one")],
        "how long the call may take, connecting included; also sent as `grpc-timeout`",
        "call ledger.GetEntry { order_id: order } with { deadline: 2s }",
    ),
    OWN.option(
        "compression",
        &[value(Ty::OneOf(&["gzip", "zstd"]), "`gzip` or `zstd`; none by default")],
        "how to compress what is sent; answers in either are always understood",
        "call ledger.Echo { string: text } with { compression: \"gzip\" }",
    ),
    OWN.option(
        "tls",
        TLS,
        "whom to trust and who to be; with `ca`, only that authority is trusted; `{}` speaks TLS as it stands",
        "call ledger.GetEntry { order_id: order } with { tls: { ca: \"./ca.pem\" } }",
    ),
    OWN.option(
        "max_size",
        &[value(Ty::Size, "of one message, after decompression; 4MiB by default")],
        "the largest message that is accepted; a larger one is an error",
        "call ledger.ListEntries {} with { max_size: 64MiB }",
    ),
    OWN.option(
        "auth",
        &[value(Ty::Any, "`basic(\"user\", \"password\")` or `bearer(token)`")],
        "credentials, sent as `authorization` metadata and always masked",
        "call ledger.GetEntry { order_id: order } with { auth: bearer(token) }",
    ),
    OWN.option(
        "contract",
        &[value(Ty::OneOf(&["ignore"]), "`ignore`")],
        "`ignore` lets `scn check` pass a message that breaks the contract; the wire can still carry only what it knows",
        "call ledger.GetEntry { order_id: \"\" } with { contract: ignore }",
    ),
    OWN.option(
        "trace",
        &[value(Ty::Bool, "`true` by default")],
        "whether `traceparent` metadata is sent (W3C Trace Context); one that you set stays",
        "call ledger.GetEntry { order_id: order } with { trace: false }",
    ),
    OWN.part("status", "the status by name: `OK`, `NOT_FOUND`, …", "expect status == NOT_FOUND"),
    OWN.part("code", "the status as a number, 0 to 16", "expect code == 5"),
    OWN.part(
        "message",
        "what the server said beside the status; empty when it said nothing",
        "expect message contains \"order\"",
    ),
    OWN.part(
        "details",
        "the error details, decoded: `{ type, …fields }` each, `{ type, bytes }` for a type that nobody knows",
        "expect details[0].reason == \"ORDER_UNKNOWN\"",
    ),
    OWN.part("body", "the answer; `absent` when there is none", "expect body.entry_id == order"),
    OWN.part(
        "asked",
        "the message that was sent, as the other side reads it: what was left out has its default; a list of them when the method takes a stream",
        "expect body lossless of asked",
    ),
    OWN.part(
        "headers",
        "the initial metadata by name; text, or a list when a name came several times; names in `-bin` give bytes",
        "expect headers.x-request-id == id",
    ),
    OWN.part("trailers", "the trailing metadata, likewise", "expect trailers.x-ledger-node matches text"),
    OWN.part("latency", "from sending the request to the end of the answer", "expect latency < 250ms"),
    OWN.part("trace_id", "the trace id that was sent (W3C Trace Context)", "show trace_id"),
    OWN.part(
        "error",
        "`{ kind, message }` when no whole answer came; the kind is refused, reset, timeout, tls, protocol, cancelled, or exhausted: then scn itself had no room for a connection",
        "expect error.kind == \"refused\"",
    ),
    of_stream("count", "how many messages came so far", "expect feed.count == 3 within 5s"),
    of_stream("items", "the messages so far", "expect feed.items[0].seq == 1"),
    of_stream("first", "the first message", "expect feed.first.seq == 1"),
    of_stream("last", "the latest message", "expect feed.last.type == \"PAID\" within 5s"),
    of_stream("closed", "whether nothing more will come", "expect feed.closed == true within 5s"),
    of_stream(
        "status",
        "the status by name once the stream is over; `absent` before",
        "expect feed.status == OK within 5s",
    ),
    of_stream("code", "the status as a number once the stream is over", "expect feed.code == 0 within 5s"),
    of_stream("message", "what the server said beside the status", "expect feed.message == \"\""),
    of_stream("details", "the error details, decoded", "expect feed.details[0].reason == \"OVER_LIMIT\""),
    of_stream(
        "headers",
        "the initial metadata, once it came",
        "expect feed.headers.x-request-id == id within 1s",
    ),
    of_stream(
        "trailers",
        "the trailing metadata, once the stream is over",
        "expect feed.trailers.x-ledger-node matches text",
    ),
    of_stream(
        "error",
        "`{ kind, message }` when it broke off without a status",
        "expect feed.error == absent",
    ),
    of_stream(
        "body",
        "the one answer to a stream of messages, once it came",
        "expect upload.body.imported == 3 within 5s",
    ),
    of_stream("latency", "from opening to the end, once the stream is over", "expect feed.latency < 5s"),
];

const ALL: [Spec; NAMES.len() + CODES.len()] = {
    let mut all = [NAMES[0]; NAMES.len() + CODES.len()];
    let mut at = 0;
    while at < NAMES.len() {
        all[at] = NAMES[at];
        at += 1;
    }
    while at < all.len() {
        let (name, summary) = CODES[at - NAMES.len()];
        all[at] = Spec::new(Kind::Constant, "grpc", name, summary).example("expect status == NOT_FOUND");
        at += 1;
    }
    all
};

/// The names of the options, for did-you-mean.
pub(super) fn option_names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().filter(|spec| spec.kind == Kind::Option).map(|spec| spec.name)
}
