//! The one table of structural words. The grammar's literals are these and no others; a test
//! walks the grammar and demands it.

/// Where a keyword stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Begins an item at top level.
    Item,
    /// Begins a statement in a block.
    Statement,
    /// A word inside an expression.
    Expression,
    /// Introduces a phrase after a subject, relation or request.
    Phrase,
    /// A word inside the header or body of an item or statement.
    Part,
}

/// A structural word.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// The word.
    pub word: &'static str,
    /// Its places; a word may have several.
    pub roles: &'static [Role],
    /// Whether it may not name a variable.
    pub reserved: bool,
    /// One line for hover and the reference.
    pub summary: &'static str,
    /// A piece that uses it.
    pub example: &'static str,
}

const fn word(
    word: &'static str,
    roles: &'static [Role],
    summary: &'static str,
    example: &'static str,
) -> Keyword {
    Keyword { word, roles, reserved: false, summary, example }
}

const fn reserved(
    word: &'static str,
    roles: &'static [Role],
    summary: &'static str,
    example: &'static str,
) -> Keyword {
    Keyword { reserved: true, ..self::word(word, roles, summary, example) }
}

use Role::{Expression, Item, Part, Phrase, Statement};

/// Every structural word of the language.
pub const KEYWORDS: &[Keyword] = &[
    word(
        "use",
        &[Item],
        "brings names of another module, a script or a contract into this one",
        "use \"std/idempotency\" { ietf }\nuse \"./money.rhai\" as money",
    ),
    word("seed", &[Item], "the seed of all drawn data, unless the command line names one", "seed 42"),
    word(
        "input",
        &[Item],
        "a value set from outside by `--set`, the environment or an env file",
        "input region = \"eu\"",
    ),
    word(
        "secret",
        &[Item],
        "an input that is masked in every output, with all that derives from it",
        "secret api_key",
    ),
    word(
        "service",
        &[Item],
        "a part of the system under test: built, started, watched and stopped",
        "service orders {\n  speaks http\n  start  \"./orders\"\n  ready  GET /healthz within 30s\n}",
    ),
    word(
        "environment",
        &[Item],
        "running services to use instead of starting them, chosen by `--env`",
        "service orders { speaks http; start \"./orders\" }\nenvironment staging { orders at \"https://orders.staging.example.com\" }",
    ),
    word(
        "double",
        &[Item],
        "a test double on a service's real protocol and contract",
        "double calm of merchant { on POST /hooks/paid { reply {} } }",
    ),
    word(
        "profile",
        &[Item],
        "a named set of probes and of what their answers must be, for `idempotent as`",
        "profile twice { probe replay(times: 2) }",
    ),
    word(
        "stage",
        &[Item],
        "a plane of the test; stages run in order",
        "stage e2e { require pass_rate == 100% }",
    ),
    word(
        "shape",
        &[Item],
        "a set of values: draws them, matches them, documents them",
        "shape Line { sku: re\"[a-z]{3,8}\", qty: int(1..9) }",
    ),
    word(
        "fixture",
        &[Item],
        "a value set up before the scenarios that reach it, and cleaned up after",
        "fixture alice {\n  POST orders /v1/customers { name: \"Ada\" }\n  return body\n}",
    ),
    word(
        "action",
        &[Item],
        "reusable steps with parameters and a result",
        "action place_order(sku, qty = 1) {\n  POST orders /v1/orders { sku, qty }\n  return body.id\n}",
    ),
    word(
        "check",
        &[Item],
        "a custom relation, written in rhai",
        "check balanced(entries) rhai \"\"\"\n  if entries.len() % 2 != 0 { return fail(\"a side is missing\"); }\n\"\"\"",
    ),
    word("fn", &[Item], "a custom function, written in rhai", "fn double(n) rhai \"\"\"\n  n * 2\n\"\"\""),
    word(
        "owner",
        &[Item],
        "who is told when a scenario fails",
        "owner payments { runbook \"docs/runbooks/payments.md\" }",
    ),
    word(
        "scenario",
        &[Item],
        "a test",
        "scenario \"Orders are taken\" {\n  POST orders /v1/orders { sku: \"tea\" }\n  expect status == 201\n}",
    ),
    reserved("let", &[Item, Statement], "names a value", "let total = 3 * 29.99"),
    reserved("expect", &[Statement], "states what must hold", "expect status == 201"),
    word(
        "step",
        &[Statement],
        "groups and names statements",
        "step \"the order is placed\" {\n  POST orders /v1/orders { sku: \"tea\" }\n  expect status == 201\n}",
    ),
    word(
        "if",
        &[Statement],
        "runs a block when a condition holds",
        "if total > 100 { expect discount == 10 }",
    ),
    word(
        "else",
        &[Part],
        "the block for when the condition does not hold",
        "let price = if gold { 90 } else { 100 }",
    ),
    word(
        "for",
        &[Statement, Part],
        "repeats a block for each element",
        "for sku in [\"tea\", \"mug\"] { POST orders /v1/orders { sku } }",
    ),
    word(
        "parallel",
        &[Statement],
        "runs statements, or a loop's turns, at the same time",
        "parallel for n in 1..8 { POST orders /v1/orders { sku: \"tea\" } }",
    ),
    word(
        "eventually",
        &[Statement],
        "repeats its block until its expectations hold",
        "eventually within 5s every 50ms {\n  GET orders /v1/orders/a\n  expect body.state == \"POSTED\"\n}",
    ),
    word(
        "observe",
        &[Statement],
        "`observe x from SOURCE every 50ms` keeps a history in the background until its block ends: the answers to a `@safe` action or request, `{ value start end }` or `{ error start end }` each, or another history from here on",
        "observe states from GET orders /v1/orders/a every 50ms",
    ),
    word(
        "stop",
        &[Statement],
        "`stop when EXPR` ends an `eventually` as failed",
        "eventually within 5s {\n  GET orders /v1/orders/a\n  stop when body.state == \"REJECTED\"\n  expect body.state == \"POSTED\"\n}",
    ),
    word(
        "rejected",
        &[Statement],
        "`rejected when EXPR` ends an action as provably not applied",
        "action pay(amount) {\n  POST orders /v1/payments { amount }\n  rejected when status == 409\n  return body\n}",
    ),
    word(
        "under",
        &[Statement],
        "runs a block while faults are at work",
        "under latency(200ms) on orders -> ledger {\n  POST orders /v1/orders { sku: \"tea\" }\n  expect status == 201\n}",
    ),
    word(
        "workload",
        &[Statement],
        "load that is also a history",
        "workload load by 8 clients for 400 operations { POST orders /v1/orders { sku: \"tea\" } }",
    ),
    word(
        "idempotent",
        &[Statement],
        "states that an operation is idempotent, and attacks the claim",
        "idempotent {\n  POST orders /v1/orders { sku: \"tea\" }\n  probe replay(times: 3)\n  same status, body\n  effect entries().count rises by 1\n}",
    ),
    word(
        "probe",
        &[Statement],
        "one attack on an idempotent operation",
        "probe lost_response on client -> orders",
    ),
    word(
        "same",
        &[Statement],
        "which parts of an answer every attempt must share",
        "same status, body except .served_at",
    ),
    word(
        "effect",
        &[Statement],
        "what an idempotent operation changes, once",
        "effect entries().count rises by 1",
    ),
    word(
        "forall",
        &[Statement],
        "a property of every drawn value",
        "forall n in int(1..9) for 100 cases {\n  POST orders /v1/orders { sku: \"tea\", qty: n }\n  expect status == 201\n}",
    ),
    word(
        "defer",
        &[Statement],
        "cleanup: runs when the scenario or fixture ends, last in first out",
        "defer query db \"delete from orders where id = ${id}\"",
    ),
    reserved(
        "return",
        &[Statement],
        "ends a block or an action with a value",
        "action order(id) {\n  GET orders /v1/orders/${id}\n  return body\n}",
    ),
    word("wait", &[Statement], "waits a fixed time; prefer `eventually`", "wait 200ms"),
    word("show", &[Statement], "prints a value in the report", "show (orders -> ledger).calls"),
    word(
        "next",
        &[Statement],
        "takes the next message of a stream",
        "let ws = open orders /feed with { websocket: true }\nlet first = next ws matches { type: \"PLACED\", .. } within 2s",
    ),
    word(
        "reply",
        &[Statement],
        "a double's answer",
        "double calm of merchant { on POST /hooks/paid { reply { ok: true } with { status: 202 } } }",
    ),
    word(
        "fail",
        &[Statement],
        "a double's refusal",
        "double strict of ledger { on Post { fail RESOURCE_EXHAUSTED \"over the limit\" } }",
    ),
    reserved(
        "any",
        &[Expression],
        "draws a value of a shape, or matches any such value",
        "let id = any uuid",
    ),
    word(
        "but",
        &[Expression],
        "overrides fields of a drawn value, valid or not",
        "let order = any Order but { qty: -1 }",
    ),
    reserved("not", &[Expression], "negates", "expect not (total > 100)"),
    reserved("and", &[Expression], "both hold", "expect status == 200 and body.count > 0"),
    reserved("or", &[Expression], "at least one holds", "expect status == 200 or status == 404"),
    reserved(
        "in",
        &[Expression, Part],
        "is an element of a list or range; also `scenario … in STAGE`",
        "expect status in 200..299",
    ),
    reserved(
        "matches",
        &[Expression],
        "fits a pattern; objects are closed unless they end in `..`",
        "expect body matches { id: uuid, state: \"PENDING\" | \"PAID\", .. }",
    ),
    reserved(
        "contains",
        &[Expression],
        "has an element or a part that fits; objects are open",
        "expect body.lines contains { sku: \"tea\" }",
    ),
    reserved("true", &[Expression], "the truth value", "expect body.paid == true"),
    reserved("false", &[Expression], "the truth value", "expect body.paid == false"),
    reserved("null", &[Expression], "JSON null; not the same as `absent`", "expect body.voided_at == null"),
    reserved(
        "absent",
        &[Expression],
        "equals only a field that is not there",
        "expect body.voided_at == absent",
    ),
    reserved(
        "with",
        &[Phrase, Part],
        "options of a request; doubles of a scenario",
        "GET orders /v1/orders with { timeout: 2s }",
    ),
    reserved(
        "because",
        &[Phrase],
        "why an expectation matters; shown when it fails",
        "expect latency < 250ms because \"the page waits for it\"",
    ),
    reserved(
        "within",
        &[Phrase],
        "how long an expectation may take to become true",
        "expect entries.count == 3 within 5s",
    ),
    reserved(
        "throughout",
        &[Phrase],
        "how long an expectation must stay true",
        "expect entries.count == 3 throughout 500ms",
    ),
    reserved("by", &[Phrase, Part], "the key a relation looks at", "expect entries increasing by .seq"),
    reserved(
        "per",
        &[Phrase],
        "splits a history by a key",
        "expect entries gapless(from: 1) by .seq per .account",
    ),
    reserved(
        "of",
        &[Phrase, Expression, Part],
        "what a relation counts; `N of SHAPE`",
        "expect entries exactly_once of [\"a\", \"b\"] by .order_id",
    ),
    reserved(
        "on",
        &[Phrase, Part],
        "the place of a fault or probe; a double's rule",
        "under kill(after: 1s) on orders { expect latency < 2s }",
    ),
    reserved("except", &[Phrase], "the parts that are left out", "same body except .served_at"),
    reserved(
        "when",
        &[Phrase, Part],
        "a condition",
        "double grudging of merchant {\n  on POST /hooks/paid when attempt(by: .body.id) <= 2 { reply {} with { status: 503 } }\n  on POST /hooks/paid { reply {} }\n}",
    ),
    word(
        "as",
        &[Phrase, Part],
        "the model or profile to judge by; another name for an import",
        "expect ops linearizable as register(read: read, write: write)",
    ),
    word(
        "before",
        &[Phrase],
        "the event that must come later",
        "expect entries has { type: \"PLACED\" } before { type: \"PAID\" } per .order_id",
    ),
    word(
        "during",
        &[Phrase],
        "the block over which a value must change as said",
        "expect entries().count rises by 1 during { POST orders /v1/orders { sku: \"tea\" } }",
    ),
    word(
        "or_empty",
        &[Phrase],
        "lets a relation hold over nothing at all",
        "expect entries increasing or_empty by .seq",
    ),
    word(
        "every",
        &[Phrase],
        "the pause between two attempts, or two observations",
        "eventually within 5s every 50ms {\n  GET orders /v1/orders/a\n  expect status == 200\n}",
    ),
    word(
        "after",
        &[Phrase, Part],
        "the stages that come first; a double's delay",
        "stage component\nstage e2e after component",
    ),
    word(
        "at",
        &[Part],
        "the rate of an open workload",
        "workload load at 200/s for 30s { POST orders /v1/orders { sku: \"tea\" } }",
    ),
    word(
        "clients",
        &[Part],
        "how many clients a closed workload has",
        "workload load by 8 clients for 30s { POST orders /v1/orders { sku: \"tea\" } }",
    ),
    word(
        "operations",
        &[Part],
        "how many operations a closed workload performs",
        "workload load by 8 clients for 400 operations { POST orders /v1/orders { sku: \"tea\" } }",
    ),
    word(
        "cases",
        &[Part],
        "how many values a property is tried on",
        "forall id in uuid for 100 cases {\n  GET orders /v1/orders/${id}\n  expect status == 404\n}",
    ),
    word(
        "require",
        &[Part],
        "a gate: the stages after this one run only if it holds",
        "stage e2e { require pass_rate == 100%, flaky_rate <= 1% }",
    ),
    word(
        "failure",
        &[Part],
        "`on failure { … }` runs when the stage fails",
        "stage e2e { on failure { exec \"./collect-dumps\" } }",
    ),
    word(
        "finally",
        &[Part],
        "runs when the stage ends, however it ends",
        "stage e2e { finally { exec \"./clean-up\" } }",
    ),
    word(
        "suite",
        &[Part],
        "another runner's tests, run and counted in",
        "stage unit { suite go { run \"go test -json ./...\"; reads gotest } }",
    ),
    word(
        "variant",
        &[Part],
        "another way to start a service",
        "service ledger {\n  speaks grpc\n  start  \"./ledger\"\n  variant v1 { start \"./ledger-v1\" }\n}",
    ),
    word(
        "contract",
        &[Part],
        "the file that describes a service's interface",
        "service orders {\n  speaks http contract \"./orders.openapi.yaml\"\n  start  \"./orders\"\n}",
    ),
    word(
        "from",
        &[Part],
        "where a secret's file lies; what an `observe` looks at",
        "secret api_key from file \"./api_key.txt\"",
    ),
    word("file", &[Part], "`secret name from file \"…\"`", "secret api_key from file \"./api_key.txt\""),
    word(
        "rhai",
        &[Part],
        "the language of a custom check or function",
        "fn double(n) rhai \"\"\"\n  n * 2\n\"\"\"",
    ),
];

/// Whether a word may not name a variable.
pub fn is_reserved(name: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.reserved && keyword.word == name)
}
