//! The names that Redis adds to the language.

use crate::lang::{Kind, Param, Safety, Spec, Ty};
use crate::protocol::broker::Form;
use crate::protocol::names::{Names, value};
use crate::protocol::tls::TLS;

const OWN: Names = Names("redis");
const SERVER: Param = Param::required("target", Ty::Name, "a service that speaks redis");
const STREAM: Param = Param::required("stream", Ty::Name, "what `open` gave");

/// Every name of this room.
pub const SPECS: &[Spec] = &[
    Spec::new(Kind::Protocol, "", "redis", "Redis and what speaks like it: commands, streams, channels")
        .example("service cache { speaks redis; start \"redis-server --port ${port} --save ''\"; ready health within 5s }"),
    OWN.verb(
        "command",
        &[
            SERVER,
            Param::required(
                "command",
                Ty::Text,
                "the command and its arguments, split at white space; each `${…}` is one argument, or part of one, whatever is in it",
            ),
            Param::new("more", Ty::Any, "more arguments: a list of them, or one; an object is sent as JSON"),
        ],
        "runs a command and waits for its reply; where only what is safe is allowed, the server itself says which command is",
        "command cache \"HSET order:${id} state ${state}\"",
    )
    .safety(Safety::Unknown),
    OWN.verb(
        "publish",
        &[
            SERVER,
            Param::required("channel", Ty::Text, "the channel"),
            Param::new("message", Ty::Any, "an object or list is sent as JSON; text and bytes as they are"),
        ],
        "sends a message to those who are subscribed to a channel; `receivers` counts them",
        "publish cache \"prices\" { sku: \"tea\", price: 4.20 }",
    )
    .safety(Safety::Unsafe),
    OWN.verb(
        "open",
        &[SERVER, Param::required("key", Ty::Text, "the key of a stream; with `channel`, a channel or a pattern of channels")],
        "reads the entries that are added to a stream from now on; its items are `{ stream, id, body }`, of a channel `{ channel, body }`",
        "let entries = open cache \"orders\"",
    )
    .safety(Safety::Safe),
    OWN.verb(
        "ack",
        &[STREAM, Param::required("message", Ty::Object, "an entry of the stream's, as it came")],
        "confirms an entry for the `group` that it was read for",
        "ack entries entry",
    )
    .safety(Safety::Unsafe),
    OWN.verb("close", &[STREAM], "ends the reading; fails when it had broken off", "close entries").safety(Safety::Safe),
    OWN.verb("cancel", &[STREAM], "ends the reading at once", "cancel entries").safety(Safety::Safe),
    OWN.option(
        "timeout",
        &[value(Ty::Duration, "5s unless given")],
        "how long the reply may take, connecting included",
        "command cache \"BLPOP jobs 1\" with { timeout: 2s }",
    ),
    OWN.option(
        "body",
        &[value(Ty::OneOf(Form::WORDS), "`json`, `text` or `bytes`; unless given, an object or a list when it is JSON of one, otherwise text, or bytes when it is no UTF-8")],
        "what messages of a channel must be; one that is not ends the reading with an error",
        "let prices = open cache \"prices\" with { channel: true, body: json }",
    ),
    OWN.option(
        "limit",
        &[value(Ty::Size, "64MiB unless given")],
        "how much is held of what `open` reads; more ends it with an error",
        "let entries = open cache \"orders\" with { limit: 256MiB }",
    ),
    OWN.option(
        "channel",
        &[value(Ty::Bool, "`false` unless given")],
        "whether `open` subscribes to a channel, or to a pattern of channels, instead of reading a stream",
        "let prices = open cache \"prices.*\" with { channel: true }",
    ),
    OWN.option(
        "since",
        &[value(Ty::Text, "the id of an entry; `\"0\"` is before the first")],
        "after which entry `open` begins to read; after what is there unless given",
        "let entries = open cache \"orders\" with { since: \"0\" }",
    ),
    OWN.option(
        "group",
        &[value(Ty::Text, "made when it is not there")],
        "the group of consumers that `open` reads for, each entry going to one of them",
        "let work = open cache \"orders\" with { group: \"billing\" }",
    ),
    OWN.option(
        "consumer",
        &[value(Ty::Text, "`scn` unless given")],
        "the name in the group",
        "let work = open cache \"orders\" with { group: \"billing\", consumer: \"a\" }",
    ),
    OWN.option("user", &[value(Ty::Text, "the name")], "who one is, with `password`", "with { user: \"shop\", password: cache_password }"),
    OWN.option("password", &[value(Ty::Text, "masked everywhere")], "the password", "with { password: cache_password }"),
    OWN.option(
        "tls",
        TLS,
        "whom to trust and who to be; with `ca`, only that authority is trusted; `{}` speaks TLS as it stands",
        "with { tls: { ca: \"./ca.pem\" } }",
    ),
    OWN.part(
        "body",
        "the reply: text (bytes when it is no UTF-8), a number, a list, an object, `true` or `false`, or `null` when there is nothing",
        "expect body == \"PAID\"",
    ),
    OWN.part("receivers", "how many were subscribed to what was published", "expect receivers == 1"),
    OWN.part("latency", "until the reply", "expect latency < 20ms"),
    OWN.part(
        "error",
        "`{ kind, message, code }` when it did not work; the kind is redis (the code is the server's word, such as WRONGTYPE), permission, read_only, or refused, reset, timeout, tls, protocol, cancelled",
        "expect error.code == \"WRONGTYPE\"",
    ),
    Spec::new(Kind::Property, "stream", "key", "the key or channel that a subscription to Redis is of")
        .example("expect entries.key == \"orders\""),
];

/// The names of the options, for did-you-mean.
pub(super) fn option_names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().filter(|spec| spec.kind == Kind::Option).map(|spec| spec.name)
}
