//! The one table of codes: what `scn explain CODE` prints, and what every diagnostic names.

use crate::lang::Page;

/// A kind of message.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The name, such as `unknown-name`.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    /// A paragraph or two: what it means, how it comes about, what to do.
    pub explanation: &'static str,
    /// Whether it is a lint: a warning unless `--allow`, `--warn` or `--deny` say otherwise, which
    /// `@allow` silences for one item.
    pub lint: bool,
    /// What has this mistake and no other: a module, or a file of another language. Empty where
    /// that would be too long, or takes more than a file.
    pub example: &'static str,
    /// What the example is written in: `scn` or `text`.
    pub language: &'static str,
}

/// The code with this name.
pub fn find(name: &str) -> Option<&'static Code> {
    CODES.iter().copied().find(|code| code.name == name)
}

/// The lints by name, in the order of the table.
pub fn lints() -> impl Iterator<Item = &'static str> + Clone {
    CODES.iter().filter(|code| code.lint).map(|code| code.name)
}

impl From<&Code> for Page {
    fn from(code: &Code) -> Page {
        Page {
            name: code.name,
            what: if code.lint { "a lint, which warns unless told otherwise" } else { "a code of messages" }
                .to_owned(),
            summary: code.summary,
            text: code.explanation.to_owned(),
            planned: None,
            params: Vec::new(),
            example: code.example,
            language: code.language,
        }
    }
}

macro_rules! codes {
    ($($ident:ident $name:literal $(($lint:ident))? $([$example:ident])?: $summary:literal, $explanation:literal;)*) => {
        impl Code {
            $(#[doc = $summary] pub const $ident: &'static Code = &Code {
                name: $name,
                summary: $summary,
                explanation: $explanation,
                lint: is_lint!($($lint)?),
                example: example!($name $($example)?).trim_ascii_end(),
                language: language!($($example)?),
            };)*
        }
        /// Every code, in the order of the floors that make them.
        pub const CODES: &[&Code] = &[$(Code::$ident),*];
    };
}

macro_rules! is_lint {
    () => {
        false
    };
    (lint) => {
        true
    };
}

macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("examples/", $name, ".scn"))
    };
    ($name:literal text) => {
        include_str!(concat!("examples/", $name, ".txt"))
    };
    ($name:literal none) => {
        ""
    };
}

macro_rules! language {
    (text) => {
        "text"
    };
    ($($other:ident)?) => {
        "scn"
    };
}

codes! {
    // Reading
    UNREADABLE "unreadable-file": "a file cannot be read",
        "The file is missing, is a directory, is not UTF-8, or may not be read. The message says which.\n\nPaths on the command line start from the current directory; paths in `use`, `contract` and `file(…)` start from the directory of the file that names them.";
    IMPORT "import" [text]: "a file of another tool cannot be read",
        "`scn import` reads command lines of curl, Hurl files, `.http` files, HTTP archives and OpenAPI documents. The label shows the first place that is not what the format says; where the file goes on after it, the other mistakes are shown too. Nothing is written then. What is right and has no place in scn is no mistake: it becomes a comment.";
    // Syntax
    SYNTAX "syntax": "the text does not follow the grammar",
        "The label shows the first token that cannot stand there and what could. One mistake costs one statement: everything after it is still read and checked, so one run shows all mistakes.";
    UNKNOWN_STATEMENT "unknown-statement": "a line begins with a word that begins no statement",
        "Inside a block a line begins with a keyword (`expect`, `let`, `step`, …), with a verb (`GET`, `call`, `exec`, …) or with a call of an action (`place_order(alice)`).";
    UNCLOSED "unclosed": "a bracket, brace or string is not closed",
        "The label shows where it was opened.";
    BARE_DATE "bare-date": "a date stands without `date(\"…\")`",
        "`2026-11-22` would read as a subtraction. Write `date(\"2026-11-22\")`.";
    // Names and imports
    UNKNOWN_NAME "unknown-name": "a name is not declared here",
        "Bare names are lexical: they are declared by `let`, by a parameter, by an item of the module, or imported with `use`. `step` does not open a scope; every other brace does. Fields of the thing at hand are written with a leading dot, such as `.id`.";
    DUPLICATE_NAME "duplicate-name": "a name is declared twice",
        "Shadowing is an error, so that a name means one thing in the whole block.";
    RESERVED_NAME "reserved-name": "a reserved word cannot name a variable",
        "Reserved words may still be field names and labels.";
    UNUSED_LET "unused-let" (lint): "a variable is never read",
        "Remove it, or start its name with `_`.";
    IMPORT_CYCLE "import-cycle": "modules import each other in a circle",
        "Move what both need into a third module.";
    UNKNOWN_IMPORT "unknown-import": "an imported name does not exist in that module",
        "The names a module offers are its items: services, shapes, fixtures, actions, checks, stages, owners, inputs and lets.";
    UNUSED_IMPORT "unused-import" (lint): "an imported name is never used",
        "Remove it from the `use` line.";
    // Meaning
    UNKNOWN_OPTION "unknown-option": "an option, setting or attribute has no such name",
        "`scn explain NAME` describes each option. Unknown names are errors before anything runs: a misspelt `timeuot` must not become a test without a timeout.";
    WRONG_TYPE "wrong-type": "a value has the wrong type",
        "The registry knows the type of every option, setting and parameter; `scn explain NAME` shows it.";
    WRONG_ARGUMENTS "wrong-arguments": "a call has too few, too many or unknown arguments",
        "Parameters without a default must be given, by position or by name.";
    UNKNOWN_VERB "unknown-verb": "a request begins with an unknown verb",
        "Verbs belong to protocols; the target's protocol decides which are known.";
    UNKNOWN_RELATION "unknown-relation": "an expectation uses an unknown relation",
        "Relations are built in, or declared with `check`.";
    NO_RESPONSE "no-response": "there is no response to speak of here",
        "`status`, `headers`, `body` and the like speak of the last request of this block. Calls of actions, loops, `parallel`, `if` and workloads clear them; name the response with `let r = …` and read `r.status`.";
    NEVER_CHANGES "never-changes": "`within` waits for something that cannot change",
        "`within` and `throughout` poll until an expectation holds. A value that was computed once never changes: poll something live, such as a stream, a service or a `@safe` action, or use `eventually within … { … }` around the request.";
    UNREACHABLE_STAGE "unreachable-stage": "a stage can never run",
        "Its `after` leads in a circle, or names a stage that does not exist.";
    WORKLOAD "workload": "a workload does not say what load it is",
        "A closed workload has clients, each of which performs one operation after the other: `by 8 clients for 400 operations`, `by 8 clients for 30s`. An open one starts operations at a rate, whether or not earlier ones have ended, and its times count from when an operation was due: `at 200/s for 30s`, or `at 10/s..200/s for 30s` for a rate that grows. An operation is a request or the call of an action; of several each has a share, `60% read(key)`, and the shares are 100 % together.";
    NO_LINK "no-link": "nothing can pass over a link",
        "The runner stands between two services only where it says to one of them where the other is: where the settings of `orders` read `ledger.addr`, `host`, `port` or `url`, it hands out the address of the link `orders -> ledger`. A service that is `at` an address was told by somebody else, so only `client -> orders`, the runner's own way to it, can be observed or broken. What passes encrypted, or in a protocol other than HTTP and gRPC, passes as bytes: it has no calls, and only faults of bytes can hit it.";
    NOT_YET "not-yet": "a construct is known but cannot be executed yet",
        "The language reads it, formats it and checks its names; this version of the runner cannot execute it, and nothing is silently skipped.";
    DEAD_CODE "dead-code": "a statement can never run",
        "It follows a `return` in the same block, or it is a rule of a double after one that takes every call that it could take.";
    UNKNOWN_FIELD "unknown-field": "a field or property does not exist",
        "The kind of the value is known here, and it has no such property.";
    BAD_REGEX "bad-regex": "a regular expression does not compile",
        "The syntax is that of Rust's regex crate: no look-around, no back-references.";
    SHORT_SECRET "short-secret": "a secret is too short to be masked",
        "Secrets have at least 8 characters: masking a shorter one would mask half of every output.";
    SECRET_MISSING "secret-missing": "a secret or an input has no value",
        "Secrets come from `SCN_NAME` in the environment, from an env file, or from the file that `from file` names; never from `--set`, which other users of the machine can read in the process list.";
    MISPLACED "misplaced": "a statement or expression stands where it cannot work",
        "`stop when` belongs into `eventually`, `rejected when` into an action, `reply` and `fail` into a double, `return` into a block that has a value. An expression that stands alone does nothing; state it with `expect`, or name it with `let`.";
    CLOSED_PATTERN "closed-pattern": "`not matches` with a closed pattern would hold for the wrong reason",
        "Objects in patterns are closed: one more field in the answer and the pattern no longer fits, so `not matches` would pass whatever the named fields hold. End the pattern with `..`.";
    UNSAFE_ACTION "unsafe-action": "what is asked again and again may change something",
        "A `@safe` action may be polled, and `observe` asks again and again, so it may be called any number of times. It contains only safe verbs (RFC 9110 §9.2.1) and calls only other `@safe` actions.";
    QUOTED_VALUE "quoted-value": "a value of a statement stands in quotes",
        "In `query db \"… where id = ${id}\"`, each `${…}` is bound as a parameter, so that it can never be read as SQL. In quotes there are no parameters: there the database would see the placeholder as text. Leave the quotes out; to build text, write `${\"%${name}%\"}`.";
    DEPENDENCY_CYCLE "dependency-cycle": "declarations need each other in a circle",
        "Each would have to be set up before the other. Addresses of services are the exception: they exist before anything starts.";
    EMPTY_SCENARIO "empty-scenario" (lint): "a scenario that makes no request and expects nothing",
        "It would pass whatever the system does. Write what must hold, or skip it with a reason: `@skip(\"…\")`.";
    DUPLICATE_SCENARIO "duplicate-scenario": "two scenarios of one module have the same title",
        "A scenario's title is its name in reports and the key of its drawn data, so it must be unique in its module.";
    SCRIPT_SYNTAX "script-syntax": "a rhai script does not compile",
        "Scripts are rhai with exact decimals instead of floats. They can compute; they cannot read files, open connections or start programs.";
    CONTRACT "contract": "a contract file cannot be used",
        "A `.proto` file is compiled when the scenarios are checked, with its imports found beside it; an OpenAPI file is read as YAML or JSON.";
    OFF_CONTRACT "off-contract": "a request or an expectation does not fit the service's contract",
        "The contract of the service has no such method, path, parameter, field, value or status, or demands one that is not given. The second place shows where the contract says so.\n\nEverything that is written down is checked before anything runs; what is computed or drawn is checked when it is sent. A test that means to break the contract says so for that call: `with { contract: ignore }`.";
    NO_DOUBLE "no-double": "a scenario depends on a service that nothing plays",
        "A service with neither `start` nor `at` is played by a double. Every scenario that reaches it, be it through the settings of another service, names one: `scenario \"…\" with NAME`, where `double NAME of SERVICE { on … { reply … } }`.";
    CATALOG "catalog": "data cannot be read as a catalog",
        "`from_csv`, `from_json`, `from_yaml` and `from_sql` read data strictly: what is malformed, doubled or does not fit the shape that `of:` names is an error at its line and column, and nothing is guessed. Catalogs of top-level `let`s are read when the scenarios are checked.";
    RULES "rules" [text]: "a rule of `scn data anonymize` is wrong",
        "Each line says of a column what becomes of it: `customers.email: email`. A column without a rule is an error, so that nothing leaks by silence; so is a rule that no column needs. `scn explain` tells of each rule.";
    HISTORY "history" [text]: "a recorded history cannot be read",
        "`scn history check` reads one JSON object a line, in Jepsen's words: `{\"process\": 0, \"type\": \"invoke\", \"f\": \"write\", \"value\": 1}` when an operation begins, and a line with the same `process` and the type `ok`, `fail` or `info` when it is over. `ok` took effect, `fail` provably did not, and of `info` nobody knows; so it is with an operation that never ends.\n\nA history that is read wrongly is judged wrongly, so nothing is guessed: every line must be understood.";
    // Lints
    SLEEPS "sleeps" (lint): "a pause stands where something is waited for",
        "After a `wait` something is read and expected: the pause guesses how long the system takes. Where the guess is short the scenario is flaky, and where it is long every run pays for it. `eventually within 2s { … }`, or `within 2s` after the expectation, goes on as soon as it holds. To show that something stays as it is, write `expect … throughout 2s`.\n\nA pause that is meant is left alone: in `under`, `workload`, `parallel`, `eventually`, `idempotent` and doubles, in actions that workloads call, and before something that changes the system.";
    NO_EXPECTATION "no-expectation" (lint): "a scenario expects nothing",
        "Nothing that it runs states an expectation: neither its statements, nor the actions that it calls or the doubles that it takes. All it shows is that its requests succeed, whatever they answer. Write what must hold, if only `expect status == 200`. What fixtures expect is not counted: that is how a scenario begins, not what it shows.";
    UNUSED_FIXTURE "unused-fixture" (lint): "no scenario needs a fixture",
        "No file names it but to import it. Remove it. It is looked for where all scenarios are checked: a part may leave out who uses it.";
    DUPLICATE_TITLE "duplicate-title" (lint): "scenarios of two modules have the same title",
        "A report names a scenario by its title, and so does `--only`: two of one name are told apart only by their files. Say in the titles what differs. It is looked for where all scenarios are checked, not a part.";
    NO_OWNER "no-owner" (lint): "a critical scenario has no owner",
        "`@tags(critical)` says that its failure matters, and nobody is told of it. Name an `owner` item: `@owner(payments)`.";
    SECRET_LITERAL "secret-literal" (lint): "a secret seems to stand in the text",
        "What stands in a file is known to everyone who can read the file or its history. Declare `secret api_key`, and give its value as `SCN_API_KEY` in the environment, in an env file, or in the file that `from file` names. What was committed is known: have it replaced.\n\nA secret is known by its form, in comments too, such as `ghp_…`, `AKIA…`, a private key, a JSON Web Token or a password of letters and digits in a URL; or by its name, such as `password`, `token`, `api_key`, `auth` or `Authorization`, where its text has 16 characters or more in one piece, with letters and digits in no simple pattern. Values such as `test-token` and `changeme` are left alone.\n\nThe text is shown in no message, nor by a run. `@allow(secret-literal)` above an item says of the item and its doc that it is none, and then it is shown.";
    OVER_LONG "over-long" (lint) [none]: "a scenario is too long to be read at once",
        "It has more than 60 statements, those in its blocks included. Make actions of what has a name of its own, or several scenarios of what shows several things.";
    UNUSED_ALLOW "unused-allow" (lint): "an `@allow` silences nothing",
        "What it was for is gone, and it would hide the next one. Remove it.";
    UNKNOWN_LINT "unknown-lint": "no lint has this name",
        "`@allow`, `--allow`, `--warn` and `--deny` take the names of lints: the codes that `scn explain` calls lints. Other messages cannot be silenced.";
    USAGE "usage" [text]: "the command line is wrong",
        "`scn help` and `scn help COMMAND` show what there is.";
    // The run
    REJECTED "rejected": "an action was rejected",
        "A `rejected when` of the action holds: the service declined, and nothing was changed. In a workload this is no error; it counts as rejected, and in its history as an operation that provably did not happen. Anywhere else it fails what called the action.";
    EXPECTATION "expectation": "an expectation does not hold",
        "The report shows the values of the parts of a comparison, or every path at which a pattern does not fit.";
    NO_EFFECT "no-effect": "an idempotent operation does not say what it does",
        "Equal answers prove nothing of what happened: a service may answer the same twice and charge twice. `idempotent` therefore compares the state of the system too. Write what the operation changes, as something that can be read again and again: `effect entries_of(alice).count rises by 1`, `effect stored(id) becomes { … }`, or `unchanged` for an operation that is safe.";
    NOTHING_CHECKED "nothing-checked": "a scenario, a property or a loop checked nothing",
        "A scenario whose statements made no request and judged no expectation proves nothing, so it fails; so does a `forall` with no case in which something was checked. A loop over an empty list has no turn, and what it expects was not judged: that is a warning.";
    FAULT_NEVER_HIT "fault-never-hit": "a fault was at work and hit nothing",
        "The block of `under` ended, and no message, connection or process was hit: what it shows holds without the fault too, so it proves nothing of it. Either nothing passed over the link while the block ran, or no message fits the fault's method, route or index, or the block ended before the fault began (`after`). A fault for a share of the messages may pass by each of a few; it fails only when none passed at all. See what passed with `show (orders -> ledger).calls`.";
    UNEXPECTED_STATUS "unexpected-status": "a response that nobody checked was no success",
        "Silence is strict: a response whose status no expectation reads must be a success (2xx for HTTP, `OK` for gRPC, exit code 0 for `exec`). Write the status you expect.";
    REQUEST_FAILED "request-failed": "a request got no response",
        "It was refused, reset, timed out, failed in TLS, or broke the protocol. To expect that, read `error.kind`: one of refused, reset, timeout, tls, protocol, cancelled.";
    CONTRACT_BROKEN "contract-broken": "a service breaks its contract",
        "The response has a status, a content type, a header or a body that the contract does not allow. The table shows each path that differs, and the message where the contract says what it should be.\n\nOne of the two is wrong: mend the service, or the contract. Nothing waits for it and no other attempt is made: a contract that is broken once is broken. A test that means to break the contract says so for that call: `with { contract: ignore }`.";
    UNMATCHED_CALL "unmatched-call": "a call came to a double, and no rule answers it",
        "The caller got 501 or `UNIMPLEMENTED`, and the scenario fails: a double answers what the scenario says, and a call that nobody thought of is news. The report shows the call, the rule that comes nearest and why it does not take it. Write a rule for the call, or mend the caller.";
    BAD_VALUE "bad-value": "a value cannot be used like this",
        "An operator or function got a value of a kind it does not take, or a path leads through something that is not there.";
    TIMED_OUT "timed-out": "a scenario took too long",
        "Everything has a timeout. `@timeout(60s)` sets a scenario's, `--timeout` the default.";
    SERVICE_BUILD "service-build": "a service does not build",
        "The report shows the last lines of the build.";
    SERVICE_START "service-start": "a service does not start or does not become ready",
        "The report shows how it ended, and its last lines.";
    SERVICE_EXIT "service-exit": "a service exited while a scenario needed it",
        "A service that ends unexpectedly fails the running scenarios. To expect it, read `.exits`.";
    CLEANUP "cleanup": "cleanup failed",
        "A `defer` failed. It is reported beside the scenario's own result, not instead of it.";
    INCONCLUSIVE "inconclusive" [none]: "what a cleanup or a stage's hook says can neither be shown nor refuted",
        "A `defer`, `finally` or `on failure` expects something of a history that broke off or has a hole. What it says was not refuted, so it is no failure, and it was not shown either: the run is inconclusive, with exit code 5, unless something else failed.";
    SCRIPT "script": "a script failed or ran away",
        "Scripts have limits on operations, depth, sizes and time.";
    GATE "gate": "a stage's gate did not hold",
        "The stages after it did not run.";
    SUITE "suite": "another runner's suite failed",
        "A suite passes when its runner exits 0 and its report counts at least one test.";
    NOTHING_RAN "nothing-ran": "no scenario ran",
        "A run in which nothing ran proves nothing, so it is a failure with exit code 4.";
    INTERRUPTED "interrupted" [none]: "the run was interrupted",
        "Cleanup has run. A second Ctrl-C skips what is left of it and kills the services.";
    INTERNAL "internal" [none]: "scn itself is at fault",
        "Please report it, with the event file of the run.";
}
