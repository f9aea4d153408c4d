//! The names that belong to no protocol and no relation: settings, attributes, gates.

use crate::lang::{Kind, Param, Spec, Ty};

const fn setting(of: &'static str, name: &'static str, summary: &'static str) -> Spec {
    Spec::new(Kind::Setting, of, name, summary)
}

const fn attribute(of: &'static str, name: &'static str, summary: &'static str) -> Spec {
    Spec::new(Kind::Attribute, of, name, summary)
}

const fn gate(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Response, "stage", name, summary).example(example)
}

/// A name that only a service's settings know.
const fn own(name: &'static str, summary: &'static str, example: &'static str) -> Spec {
    Spec::new(Kind::Constant, "service", name, summary).example(example)
}

/// The names of this room.
pub const SPECS: &[Spec] = &[
    // Services
    setting("service", "speaks", "the service's protocol, and the file that describes its interface")
        .params(&[
            Param::required("value", Ty::Name, "the protocol, such as `http` or `grpc`"),
            Param::new("contract", Ty::Text, "a `.proto` file, or an OpenAPI document"),
        ])
        .example(r#"speaks grpc contract "./contracts/ledger.proto""#),
    setting("service", "build", "the command that builds the service, run once before it is first started")
        .params(&[
            Param::required("value", Ty::Text, "the command, split into words, without a shell"),
            Param::new("in", Ty::Text, "the directory it runs in; by default that of the file"),
        ])
        .example(r#"build "go build -o ${out}/orders ./cmd/orders" in "./services/orders""#),
    setting("service", "start", "the command that runs the service, in a process group of its own")
        .params(&[
            Param::required("value", Ty::Text, "the command, split into words, without a shell"),
            Param::new("in", Ty::Text, "the directory it runs in; by default that of the file"),
        ])
        .example(r#"start "${out}/orders""#),
    setting("service", "env", "environment variables of the service's commands")
        .params(&[Param::required(
            "value",
            Ty::Object,
            "names and values; `port`, `addr` and `url` are its own",
        )])
        .example("env { PORT: port, LEDGER_ADDR: ledger.addr }"),
    setting("service", "ready", "what must succeed before the service counts as started")
        .params(&[
            Param::required("value", Ty::Any, "a request, `health`, `tcp`, or a command as text"),
            Param::new("within", Ty::Duration, "how long it may take; 30s unless given"),
        ])
        .example("ready GET /healthz within 30s"),
    setting("service", "at", "the address of a running service, which is used and not started")
        .params(&[Param::required("value", Ty::Text, "a URL")])
        .example(r#"at "http://127.0.0.1:8080""#),
    setting("service", "url", "the address of a service that is started, when host and port do not say it all")
        .params(&[Param::required("value", Ty::Text, "a URL; `addr` and `port` are the service's own")])
        .example(r#"url "postgres://postgres@${addr}/shop""#),
    setting("service", "log", "how the service writes its log")
        .params(&[Param::required("value", Ty::OneOf(&["json", "text"]), "the format of a line")])
        .example("log json"),
    setting("service", "metrics", "where the service offers its metrics")
        .params(&[Param::required("value", Ty::Any, "a request")])
        .example("metrics GET /metrics")
        .planned("no expectation reads metrics yet"),
    setting("service", "with", "options of every request to this service")
        .params(&[Param::required("value", Ty::Object, "options of the service's protocol")])
        .example("with { headers: { X-Region: region } }"),
    setting("service", "members", "how many processes of the service run")
        .params(&[Param::required("value", Ty::Number, "how many")])
        .example("members 3"),
    setting("service", "variant", "another way to build, start and configure the service")
        .params(&[Param::required("value", Ty::Word, "the variant's name")])
        .example(r#"variant v1 { start "${out}/ledger-v1" }"#),
    // What a service's settings see besides the names of the module
    own("port", "the free port that was handed out to the service", "env { PORT: port }"),
    own("host", "the host that the service is to listen on", "env { HOST: host }"),
    own("addr", "host and port, as in `127.0.0.1:4100`", "env { LISTEN: addr }"),
    own("url", "the address with its scheme", "env { PUBLIC_URL: url }"),
    own("out", "the directory for what builds make", "build \"go build -o ${out}/orders ./cmd/orders\""),
    own(
        "scratch",
        "a directory of this run alone, gone when it ends",
        "env { DATABASE_URL: \"sqlite://${scratch}/orders.db\" }",
    ),
    own("member", "the name of the process, when the service has several", "env { NODE: member }"),
    Spec::new(
        Kind::Property,
        "service",
        super::double::CALLS,
        "what came to the double that plays the service in this scenario, one record a call",
    )
    .example("expect merchant.calls exactly_once of [order] by .body.order_id within 5s"),
    // What a double's rules see besides the names of the module and its parameters
    Spec::new(
        Kind::Constant,
        "double",
        super::double::CALLS,
        "the calls that this double got in this scenario, this one last; of a bidirectional stream each message is one",
    )
    .example("double d of ledger { on Post { reply { seq: calls.count } } }"),
    Spec::new(
        Kind::Constant,
        "double",
        super::double::REQUEST,
        "the call's record: `{ method path query headers body raw trace … }`; for gRPC, `.x` is a field of its message",
    )
    .example("double d of ledger { on Post when request.headers.x-tenant == \"acme\" { reply any } }"),
    Spec::new(
        Kind::Function,
        "double",
        super::double::ATTEMPT,
        "how many calls that fit this rule's method and path have come with the same key, this one included",
    )
    .params(&[Param::new("by", Ty::Key, "the key of a call; without it, method, path and body")])
    .example("double d of merchant { on POST /hooks when attempt(by: .body.id) <= 2 { reply {} with { status: 503 } } }"),
    Spec::new(Kind::Constant, "", "trace", "the trace of the scenario, with the spans of every service")
        .example("expect trace connected")
        .planned("traces are not collected yet"),
    // Environments
    setting("environment", "allow", "refuses verbs that may change something")
        .params(&[Param::required("value", Ty::OneOf(&["safe"]), "which verbs may be used")])
        .example("allow safe"),
    // Suites
    setting("suite", "run", "the command that runs another runner's tests")
        .params(&[
            Param::required("value", Ty::Text, "the command, split into words, without a shell"),
            Param::new("in", Ty::Text, "the directory it runs in; by default that of the file"),
        ])
        .example(r#"run "go test -json ./..." in "./services/orders""#),
    setting("suite", "reads", "how the suite reports its results")
        .params(&[Param::required(
            "value",
            Ty::OneOf(&["gotest", "nextest", "cargo", "junit"]),
            "the format; `junit(\"junit.xml\")` names the file that the command writes",
        )])
        .example("reads gotest"),
    // Owners
    setting("owner", "runbook", "what to do when a scenario of this owner fails")
        .params(&[Param::required("value", Ty::Text, "a path or URL")])
        .example(r#"runbook "docs/runbooks/payments.md""#),
    setting("owner", "contact", "who is told when a scenario of this owner fails")
        .params(&[Param::required("value", Ty::Text, "a name, an address or a channel")])
        .example(r##"contact "#payments""##),
    // Attributes
    attribute("scenario", "tags", "words by which `--only` selects scenarios")
        .params(&[Param::required("tags", Ty::Any, "bare words or texts")])
        .example("@tags(critical, money)"),
    attribute("scenario", "owner", "who is told when it fails")
        .params(&[Param::required("owner", Ty::Name, "an `owner` item")])
        .example("@owner(payments)"),
    attribute("service", "owner", "who answers for the service")
        .params(&[Param::required("owner", Ty::Name, "an `owner` item")])
        .example("@owner(payments)"),
    attribute("scenario", "timeout", "how long the scenario may take, cleanup apart")
        .params(&[Param::required("timeout", Ty::Duration, "longer than nothing")])
        .example("@timeout(60s)"),
    attribute("scenario", "serial", "runs while no other scenario does").example("@serial"),
    attribute("scenario", "retries", "how often a failed scenario is tried again; it then counts as flaky")
        .params(&[Param::required("retries", Ty::Number, "a whole number up to 100")])
        .example("@retries(2)"),
    attribute("scenario", "skip", "does not run, and says why")
        .params(&[Param::required("reason", Ty::Text, "why")])
        .example(r#"@skip("the sandbox is down")"#),
    attribute("scenario", "quarantine", "runs, but its failure does not fail the run")
        .params(&[
            Param::required("issue", Ty::Text, "the issue that follows it up"),
            Param::new("until", Ty::Any, "`date(\"…\")`: after that day it no longer protects"),
        ])
        .example(r#"@quarantine("SHOP-12", until: date("2027-01-31"))"#),
    attribute("scenario", "cases", "runs once for each case, which its statements read as `case`")
        .params(&[Param::required("cases", Ty::List, "objects, at least one")])
        .example("@cases([{ qty: 0, code: 422 }, { qty: 10_000, code: 413 }])"),
    attribute("scenario", "seed", "draws as if the run had this seed")
        .params(&[Param::required("seed", Ty::Number, "a whole number")])
        .example("@seed(7)"),
    attribute(
        "scenario",
        "matrix",
        "runs once for each combination of named values, which its statements read by their names; \
         under the name of a service stand variants of it, `current` as declared",
    )
    .params(&[Param::required("name", Ty::List, "any name with its values, at least one; and so on")])
    .example("@matrix(mode: [\"fast\", \"safe\"], ledger: [current, v1])"),
    attribute("fixture", "per", "how long the fixture lives; a scenario unless given")
        .params(&[Param::required("scope", Ty::OneOf(&["scenario", "stage", "run"]), "its life")])
        .example("@per(run)"),
    attribute("action", "safe", "the action changes nothing, so it may be polled").example("@safe"),
    attribute("", "allow", "silences lints in what follows")
        .params(&[Param::required("lints", Ty::Any, "names of lints, such as `sleeps`")])
        .example("@allow(sleeps)"),
    // Gates
    gate(
        "pass_rate",
        "passed scenarios and tests of suites among those that ran, from 0 to 1",
        "require pass_rate == 100%",
    ),
    gate(
        "flaky_rate",
        "scenarios that passed only when retried, among those that ran",
        "require flaky_rate <= 1%",
    ),
    gate("passed", "how many scenarios and tests of suites passed", "require passed >= 12"),
    gate(
        "failed",
        "how many scenarios and tests of suites failed, or could not run or be judged",
        "require failed == 0",
    ),
    gate("flaky", "how many scenarios passed only when retried", "require flaky == 0"),
    gate("skipped", "how many scenarios and tests of suites were skipped", "require skipped <= 2"),
    gate("quarantined", "how many quarantined scenarios failed", "require quarantined <= 3"),
    gate("total", "how many scenarios and tests of suites there are", "require total >= 12"),
    Spec::new(Kind::Function, "stage", "coverage", "the share of a service's contract that the stage exercised, from 0 to 1: operations, declared statuses, enum values and optional fields")
        .params(&[Param::required("service", Ty::Name, "a service with a contract")])
        .example("require coverage(ledger) >= 90%"),
];
