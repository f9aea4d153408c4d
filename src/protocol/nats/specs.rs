//! The names that NATS adds to the language.

use super::options::{ACK, DELIVER};
use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::protocol::broker::Form;
use crate::protocol::names::{Names, of_stream, value};
use crate::protocol::tls::TLS;

const OWN: Names = Names("nats");
const SERVER: Param = Param::required("target", Ty::Name, "a service that speaks nats");
const STREAM: Param = Param::required("stream", Ty::Name, "what `open` gave");
const MESSAGE: Param = Param::required("message", Ty::Object, "a message of the stream's, as it came");
const SENT: &[Param] = &[
    SERVER,
    Param::required("subject", Ty::Text, "words with dots between, such as `orders.created`"),
    Param::new("message", Ty::Any, "an object or list is sent as JSON; text and bytes as they are"),
];
const OPENED: &[Param] = &[
    SERVER,
    Param::required("subject", Ty::Text, "a subject; `*` stands for one word of it, `>` for the rest"),
];
const CONFIRMED: &[Param] = &[STREAM, MESSAGE];

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    Spec::new(Kind::Protocol, "", "nats", "NATS: publish, request, subscribe; streams and consumers of JetStream")
        .example("service bus { speaks nats; start \"nats-server -a ${host} -p ${port} -js -sd ${scratch}/bus\"; ready health within 10s }"),
    OWN.verb(
        "publish",
        SENT,
        "sends a message and waits until the server has taken it; with `stream`, until the stream has stored it",
        "publish bus \"orders.created\" { id: order } with { stream: \"ORDERS\", headers: { Nats-Msg-Id: order } }",
    )
    .safety(Safety::Unsafe),
    OWN.verb(
        "request",
        SENT,
        "sends a message and waits for the one answer to it; an error of JetStream's own API is an error here",
        "request bus \"$JS.API.STREAM.CREATE.ORDERS\" { name: \"ORDERS\", subjects: [\"orders.>\"] }",
    )
    .safety(Safety::Unknown),
    OWN.verb(
        "open",
        OPENED,
        "subscribes, and goes on once the server has; with `stream`, as a consumer of JetStream. Its items are `{ subject, body, headers, reply }`; of a consumer also `stream`, `seq`, `deliveries` and `redelivered`, and `reply` is where the message is confirmed",
        "let events = open bus \"orders.>\"",
    )
    .safety(Safety::Safe),
    OWN.verb("ack", CONFIRMED, "confirms a message of a consumer, and waits until the server knows", "ack events message")
        .safety(Safety::Unsafe),
    OWN.verb(
        "nak",
        CONFIRMED,
        "gives a message of a consumer back: it is delivered again, at once or after `delay`",
        "nak events message with { delay: 500ms }",
    )
    .safety(Safety::Unsafe),
    OWN.verb("term", CONFIRMED, "gives a message of a consumer up: it is never delivered again", "term events message")
        .safety(Safety::Unsafe),
    OWN.verb(
        "close",
        &[STREAM],
        "ends a subscription, and waits for what was sent to it before; fails when it had broken off",
        "close events",
    )
    .safety(Safety::Safe),
    OWN.verb("cancel", &[STREAM], "ends a subscription at once", "cancel events").safety(Safety::Safe),
    OWN.option(
        "timeout",
        &[value(Ty::Duration, "5s unless given")],
        "how long the server, or whoever answers a request, may take, connecting included",
        "request bus \"orders.get\" { id: order } with { timeout: 1s }",
    ),
    OWN.option(
        "headers",
        &[value(Ty::Object, "names and values; a list sends the name several times")],
        "headers to send",
        "publish bus \"orders.created\" { id: order } with { headers: { X-Tenant: \"acme\" } }",
    ),
    OWN.option(
        "body",
        &[value(Ty::OneOf(Form::WORDS), "`json`, `text` or `bytes`; unless given, an object or a list when it is JSON of one, otherwise text, or bytes when it is no UTF-8")],
        "what messages must be; one that is not is an error, and ends a subscription",
        "let events = open bus \"orders.>\" with { body: json }",
    ),
    OWN.option(
        "limit",
        &[value(Ty::Size, "64MiB unless given")],
        "how much a subscription holds; more ends it with an error, since a history with a hole proves nothing",
        "let events = open bus \"orders.>\" with { limit: 256MiB }",
    ),
    OWN.option(
        "queue",
        &[value(Ty::Text, "the group's name")],
        "subscribes as one of a group, each message going to one of them",
        "let work = open bus \"work\" with { queue: \"workers\" }",
    ),
    OWN.option(
        "stream",
        &[value(Ty::Text, "the name of a stream")],
        "the stream of JetStream that must store what is published, or that a consumer reads",
        "let events = open bus \"orders.>\" with { stream: \"ORDERS\" }",
    ),
    OWN.option(
        "durable",
        &[value(Ty::Text, "the name of a pull consumer; one that exists is used as it is")],
        "a consumer that outlives the subscription; without it, it ends with the scenario",
        "let work = open bus \"orders.>\" with { stream: \"ORDERS\", durable: \"billing\", ack: explicit }",
    ),
    OWN.option(
        "deliver",
        &[value(Ty::OneOf(DELIVER), "`all` unless given, `new`, `last` or `last_per_subject`")],
        "with which message a consumer begins",
        "let events = open bus \"orders.>\" with { stream: \"ORDERS\", deliver: new }",
    ),
    OWN.option(
        "since",
        &[value(Ty::Number, "a sequence number of the stream's, from 1")],
        "with which message a consumer begins",
        "let events = open bus \"orders.>\" with { stream: \"ORDERS\", since: 100 }",
    ),
    OWN.option(
        "ack",
        &[value(Ty::OneOf(ACK), "`none` unless given, `explicit` for each message, `all` for those before it too")],
        "what the consumer wants confirmed; what is not, it delivers again",
        "let work = open bus \"orders.>\" with { stream: \"ORDERS\", ack: explicit, ack_wait: 1s }",
    ),
    OWN.option(
        "ack_wait",
        &[value(Ty::Duration, "30s unless given")],
        "after how long a consumer delivers a message again that was not confirmed",
        "let work = open bus \"orders.>\" with { stream: \"ORDERS\", ack: explicit, ack_wait: 1s }",
    ),
    OWN.option(
        "max_deliver",
        &[value(Ty::Number, "without end unless given")],
        "how often a consumer delivers a message",
        "let work = open bus \"orders.>\" with { stream: \"ORDERS\", ack: explicit, max_deliver: 3 }",
    ),
    OWN.option(
        "delay",
        &[value(Ty::Duration, "at once unless given")],
        "after how long what `nak` gives back is delivered again",
        "nak work message with { delay: 500ms }",
    ),
    OWN.option("user", &[value(Ty::Text, "the name")], "who one is, with `password`", "with { user: \"shop\", password: bus_password }"),
    OWN.option("password", &[value(Ty::Text, "masked everywhere")], "the password of `user`", "with { user: \"shop\", password: bus_password }"),
    OWN.option("token", &[value(Ty::Text, "masked everywhere")], "a token to log in with", "with { token: bus_token }"),
    OWN.option(
        "creds",
        &[value(Ty::Text, "the path of a `.creds` file from the service's module, or its content; masked everywhere")],
        "a JWT and the seed that signs for it",
        "with { creds: \"./shop.creds\" }",
    ),
    OWN.option("nkey", &[value(Ty::Text, "a user's seed, `SU…`; masked everywhere")], "a key to log in with", "with { nkey: bus_seed }"),
    OWN.option(
        "tls",
        TLS,
        "whom to trust and who to be; with `ca`, only that authority is trusted; `{}` speaks TLS as it stands",
        "with { tls: { ca: \"./ca.pem\" } }",
    ),
    OWN.part("body", "the answer to a request", "expect body.state == \"PAID\""),
    OWN.part("headers", "its headers; text, or a list when a name came several times", "expect headers.X-Tenant == \"acme\""),
    OWN.part("subject", "the subject that the answer came on", "expect subject matches re\"_INBOX.*\""),
    OWN.part("stream", "the stream that stored what was published", "expect stream == \"ORDERS\""),
    OWN.part("seq", "its sequence number there", "expect seq == 1"),
    OWN.part(
        "duplicate",
        "whether the stream had it already, by its `Nats-Msg-Id`, and so did not store it again",
        "expect duplicate == true",
    ),
    OWN.part("latency", "until the server, or whoever answered, had answered", "expect latency < 250ms"),
    OWN.part(
        "error",
        "`{ kind, message, code }` when it did not work; the kind is no_responders, no_stream, permission, too_large, jetstream (the code is JetStream's own), slow_consumer, subject, or refused, reset, timeout, tls, protocol, cancelled",
        "expect error.kind == \"no_responders\"",
    ),
    of_stream("subject", "the subject that a subscription to NATS is of", "expect events.subject == \"orders.>\""),
    of_stream("consumer", "the name of the consumer behind a subscription to a stream of NATS", "show work.consumer"),
];

/// The names of the options, for did-you-mean.
pub(super) fn option_names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().filter(|spec| spec.kind == Kind::Option).map(|spec| spec.name)
}
