//! The names that HTTP adds to the language.

use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::protocol::names::{Names, of_stream, value};
use crate::protocol::tls::TLS;

const OWN: Names = Names("http");
const OPERAND: &[Param] = &[
    Param::required("target", Ty::Name, "a service, with a path; or a whole URL"),
    Param::new(
        "body",
        Ty::Any,
        "an object or list is sent as JSON; `form text bytes file multipart graphql` say otherwise",
    ),
];

const STREAM: &[Param] = &[Param::required("stream", Ty::Name, "what `open` gave")];

const fn verb(name: &'static str, safety: Safety, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Verb, "http", name, summary).params(OPERAND).safety(safety).example(example)
}

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    Spec::new(Kind::Protocol, "", "http", "HTTP/1.1 and HTTP/2, with Server-Sent Events and WebSockets")
        .example("service orders { speaks http }"),
    verb("GET", Safety::Safe, "reads a resource (RFC 9110 §9.3.1)", "GET orders /v1/orders/${id}"),
    verb(
        "HEAD",
        Safety::Safe,
        "reads a resource's headers (RFC 9110 §9.3.2)",
        "HEAD orders /v1/orders/${id}",
    ),
    verb(
        "OPTIONS",
        Safety::Safe,
        "asks what a resource allows (RFC 9110 §9.3.7)",
        "OPTIONS orders /v1/orders",
    ),
    verb("TRACE", Safety::Safe, "asks for the request back (RFC 9110 §9.3.8)", "TRACE orders /"),
    verb(
        "QUERY",
        Safety::Safe,
        "reads by a query in the body (the HTTP QUERY method)",
        "QUERY orders /v1/orders { state: \"PAID\" }",
    ),
    verb(
        "POST",
        Safety::Unsafe,
        "lets a resource process a body (RFC 9110 §9.3.3)",
        "POST orders /v1/orders { customer: \"c1\" }",
    ),
    verb(
        "PUT",
        Safety::Unsafe,
        "replaces a resource (RFC 9110 §9.3.4)",
        "PUT orders /v1/orders/${id} { state: \"PAID\" }",
    ),
    verb(
        "PATCH",
        Safety::Unsafe,
        "changes parts of a resource (RFC 5789)",
        "PATCH orders /v1/orders/${id} { state: \"PAID\" }",
    ),
    verb("DELETE", Safety::Unsafe, "removes a resource (RFC 9110 §9.3.5)", "DELETE orders /v1/orders/${id}"),
    verb(
        "request",
        Safety::Unknown,
        "sends any other method, named by the option `method`",
        "request cache /v1/orders with { method: \"PURGE\" }",
    ),
    verb(
        "open",
        Safety::Safe,
        "opens a stream: of Server-Sent Events, `{ event, id, data, json, at }` each, or with `websocket: true` of messages, `{ data, json, at }` each",
        "let feed = open orders /v1/events",
    ),
    Spec::new(
        Kind::Verb,
        "http",
        "close",
        "ends a stream; of a WebSocket, with a close frame and the wait for its answer",
    )
    .params(STREAM)
    .safety(Safety::Safe)
    .example("close feed"),
    Spec::new(
        Kind::Verb,
        "http",
        "send",
        "sends a message on a WebSocket: text as it is, bytes as a binary frame, all else as JSON",
    )
    .params(&[
        Param::required("stream", Ty::Name, "what `open` gave"),
        Param::required("message", Ty::Any, "an object, text, `bytes(…)`, or any other value"),
    ])
    .safety(Safety::Unsafe)
    .example("send ws { subscribe: \"orders\" }"),
    Spec::new(Kind::Verb, "http", "cancel", "ends a stream at once")
        .params(STREAM)
        .safety(Safety::Safe)
        .example("cancel feed"),
    OWN.option(
        "headers",
        &[value(
            Ty::Object,
            "name and value; a list sends the header several times, `absent` leaves a default out",
        )],
        "headers to send",
        "GET orders / with { headers: { Accept-Language: \"de\" } }",
    ),
    OWN.option(
        "query",
        &[value(Ty::Object, "name and value, encoded; a list repeats the name, `absent` leaves it out")],
        "query parameters, added to those in the path",
        "GET orders /v1/orders with { query: { state: \"PAID\", page: 2 } }",
    ),
    OWN.option(
        "timeout",
        &[value(Ty::Duration, "from sending to the last byte, redirects included; 30s by default")],
        "how long the whole exchange may take; for `open`, until the headers have come",
        "GET orders / with { timeout: 2s }",
    ),
    OWN.option(
        "connect_timeout",
        &[value(Ty::Duration, "no limit of its own by default")],
        "how long name look-up, connecting and the TLS handshake may take",
        "GET orders / with { connect_timeout: 500ms }",
    ),
    OWN.option(
        "redirects",
        &[value(Ty::Number, "how many at most; 0 by default: a redirect is the response")],
        "how many redirects to follow; each is recorded in `hops`",
        "GET orders /old with { redirects: 3 }",
    ),
    OWN.option(
        "auth",
        &[value(Ty::Any, "`basic(\"user\", \"password\")`, `bearer(token)`, or text with another scheme")],
        "credentials, sent as the `authorization` header and always masked",
        "GET orders / with { auth: bearer(token) }",
    ),
    OWN.option(
        "version",
        &[value(
            Ty::OneOf(&["1.1", "2", "2-prior-knowledge"]),
            "`1.1`, `2` or `2-prior-knowledge`; without it TLS negotiates and plain text is 1.1",
        )],
        "the HTTP version that must be spoken; over plain text, 2 needs prior knowledge and `2` means that too",
        "GET orders / with { version: \"2\" }",
    ),
    OWN.option(
        "tls",
        TLS,
        "whom to trust and who to be; with `ca`, only that authority is trusted",
        "GET orders / with { tls: { ca: \"./ca.pem\", cert: \"./me.pem\", key: \"./me.key\" } }",
    ),
    OWN.option(
        "cookies",
        &[value(Ty::Bool, "`true` by default")],
        "whether this scenario's cookies are kept and sent, beside those of a header `cookie` that is written out, whose names win; each scenario begins without any",
        "GET shop /v1/me with { cookies: false }",
    ),
    OWN.option(
        "compression",
        &[value(Ty::Any, "`true` for `gzip, br, zstd, deflate`, or the codings as text; `false` by default")],
        "which content codings to ask for; whatever comes coded is decoded",
        "GET orders /v1/orders with { compression: \"gzip\" }",
    ),
    OWN.option(
        "limit",
        &[value(
            Ty::Size,
            "of the body before and after decoding, or of all events of a stream; 16MiB by default",
        )],
        "the largest body that is read; a larger one is an error",
        "GET orders /export with { limit: 64MiB }",
    ),
    OWN.option(
        "contract",
        &[value(Ty::OneOf(&["ignore"]), "`ignore`")],
        "`ignore` breaks the service's contract on purpose",
        "POST orders /v1/orders { customr: 1 } with { contract: ignore }",
    ),
    OWN.option(
        "pages",
        &[value(Ty::Any, "`link(\"next\")`: the relation of the `Link` header to follow (RFC 8288)")],
        "follows pages, at most 100; the response is then the list of all responses",
        "let pages = GET orders /v1/orders with { pages: link(\"next\") }",
    ),
    OWN.option(
        "trace",
        &[value(Ty::Bool, "`true` by default")],
        "whether the `traceparent` header is sent (W3C Trace Context); one that you set stays",
        "GET orders / with { trace: false }",
    ),
    OWN.option(
        "method",
        &[value(Ty::Text, "an upper-case method other than `CONNECT`")],
        "the method of `request`, or of an `open` that is no `GET`",
        "request cache / with { method: \"PURGE\" }",
    ),
    OWN.option(
        "websocket",
        &[value(Ty::Bool, "`false` by default")],
        "whether `open` asks for a WebSocket (RFC 6455) and not for Server-Sent Events",
        "let ws = open orders /v1/feed with { websocket: true }",
    ),
    OWN.option(
        "subprotocols",
        &[value(Ty::List, "names, the one that is liked best first")],
        "the subprotocols that are offered to a WebSocket's server; it chooses `ws.subprotocol`",
        "let ws = open orders /v1/feed with { websocket: true, subprotocols: [\"v1.orders\"] }",
    ),
    OWN.option(
        "code",
        &[value(
            Ty::Number,
            "1000, a normal end, unless given; 1001, 3000..4999 and others that a close frame may have",
        )],
        "the code with which `close` ends a WebSocket; what the other side says is `ws.code`",
        "close ws with { code: 4000, reason: \"enough\" }",
    ),
    OWN.option(
        "reason",
        &[value(Ty::Text, "at most 123 bytes; none unless given")],
        "the reason that `close` of a WebSocket gives beside its `code`",
        "close ws with { code: 4000, reason: \"enough\" }",
    ),
    OWN.part("status", "the status code, a number", "expect status == 201"),
    OWN.part(
        "reason",
        "the reason phrase that came with the status; HTTP/2 has none, so it is the usual one",
        "expect reason == \"Created\"",
    ),
    OWN.part("version", "the HTTP version that was spoken: `1.1` or `2`", "expect version == \"2\""),
    OWN.part(
        "headers",
        "the headers by lower-case name; text, or a list when one came several times; `set-cookie` is always a list",
        "expect headers.content-type == \"application/json\"",
    ),
    OWN.part(
        "body",
        "the body: a value when it is JSON, text when it is text, else bytes; `absent` when it is empty",
        "expect body.id matches uuid",
    ),
    OWN.part(
        "body_error",
        "why the body cannot be read: `{ message, line, column }`; `body` is then `unreadable(…)`, which equals nothing",
        "expect body_error.message contains \"UTF-8\"",
    ),
    OWN.part("raw", "the body's bytes, after content decoding", "expect raw.count == 4"),
    OWN.part("text", "the body as text, when it is text or JSON", "expect text contains \"total\""),
    OWN.part("size", "bytes of the body: `{ received, decoded }`", "expect size.received < size.decoded"),
    OWN.part("latency", "from sending the request to the last byte of the body", "expect latency < 250ms"),
    OWN.part(
        "timing",
        "`{ dns, connect, tls, first_byte, total }`; the first three are absent on a connection that was open already",
        "expect timing.first_byte < 100ms",
    ),
    OWN.part("url", "the URL that answered, after redirects", "expect url contains \"/v2/\""),
    OWN.part(
        "hops",
        "the redirects that were followed: `{ status, url, location, latency }` each",
        "expect hops.count == 1",
    ),
    OWN.part(
        "cookies",
        "the cookies that were set, by name: `{ value, path, domain, secure, http_only, same_site, max_age }`",
        "expect cookies.session.http_only == true",
    ),
    OWN.part("trailers", "the trailers by lower-case name", "expect trailers.checksum == \"abc\""),
    OWN.part("trace_id", "the trace id that was sent (W3C Trace Context)", "show trace_id"),
    OWN.part(
        "error",
        "`{ kind, message }` when no whole response came; the kind is refused, reset, timeout, tls, protocol, cancelled, or exhausted: then scn itself had no room for a connection",
        "expect error.kind == \"timeout\"",
    ),
    of_stream("status", "the status code of the response that opened it", "expect feed.status == 200"),
    of_stream(
        "headers",
        "the headers of the response that opened it",
        "expect feed.headers.cache-control == \"no-store\"",
    ),
    of_stream("count", "how many items came so far", "expect feed.count == 3 within 5s"),
    of_stream("items", "the items so far", "expect feed.items[0].event == \"created\""),
    of_stream("first", "the first item", "expect feed.first.id == \"1\""),
    of_stream("last", "the latest item", "expect feed.last.json.state == \"PAID\" within 5s"),
    of_stream("closed", "whether nothing more will come", "expect feed.closed == true within 5s"),
    of_stream("error", "`{ kind, message }` when it broke off", "expect feed.error == absent"),
    of_stream(
        "code",
        "the code that a WebSocket was closed with; 1006 when it broke off (RFC 6455 §7.4)",
        "expect ws.code == 1000",
    ),
    of_stream("message", "the reason that a WebSocket was closed with", "expect ws.message == \"bye\""),
    of_stream(
        "subprotocol",
        "the subprotocol that a WebSocket's server chose",
        "expect ws.subprotocol == \"v1.orders\"",
    ),
    of_stream("retry", "the reconnection time that the server asked for", "expect feed.retry == 3s"),
    of_stream("latency", "from sending the request to the response's headers", "expect feed.latency < 1s"),
    of_stream("url", "the URL that answered", "show feed.url"),
];

/// The names of the options, for did-you-mean.
pub(super) fn option_names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().filter(|spec| spec.kind == Kind::Option).map(|spec| spec.name)
}
