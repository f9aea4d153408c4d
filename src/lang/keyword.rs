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
}

const fn word(word: &'static str, roles: &'static [Role], summary: &'static str) -> Keyword {
    Keyword { word, roles, reserved: false, summary }
}

const fn reserved(word: &'static str, roles: &'static [Role], summary: &'static str) -> Keyword {
    Keyword { word, roles, reserved: true, summary }
}

use Role::{Expression, Item, Part, Phrase, Statement};

/// Every structural word of the language.
pub const KEYWORDS: &[Keyword] = &[
    word("use", &[Item], "brings names of another module, a script or a contract into this one"),
    word("seed", &[Item], "the seed of all drawn data, unless the command line names one"),
    word("input", &[Item], "a value set from outside by `--set`, the environment or an env file"),
    word("secret", &[Item], "an input that is masked in every output, with all that derives from it"),
    word("service", &[Item], "a part of the system under test: built, started, watched and stopped"),
    word("environment", &[Item], "running services to use instead of starting them, chosen by `--env`"),
    word("double", &[Item], "a test double on a service's real protocol and contract"),
    word("profile", &[Item], "a named set of probes and of what their answers must be, for `idempotent as`"),
    word("stage", &[Item], "a plane of the test; stages run in order"),
    word("shape", &[Item], "a set of values: draws them, matches them, documents them"),
    word("fixture", &[Item], "a value set up before the scenarios that reach it, and cleaned up after"),
    word("action", &[Item], "reusable steps with parameters and a result"),
    word("check", &[Item], "a custom relation, written in rhai"),
    word("fn", &[Item], "a custom function, written in rhai"),
    word("owner", &[Item], "who is told when a scenario fails"),
    word("scenario", &[Item], "a test"),
    reserved("let", &[Item, Statement], "names a value"),
    reserved("expect", &[Statement], "states what must hold"),
    word("step", &[Statement], "groups and names statements"),
    word("if", &[Statement], "runs a block when a condition holds"),
    word("else", &[Part], "the block for when the condition does not hold"),
    word("for", &[Statement, Part], "repeats a block for each element"),
    word("parallel", &[Statement], "runs statements, or a loop's turns, at the same time"),
    word("eventually", &[Statement], "repeats its block until its expectations hold"),
    word(
        "observe",
        &[Statement],
        "`observe x from SOURCE every 50ms` keeps a history in the background until its block ends: the answers to a `@safe` action or request, `{ value start end }` or `{ error start end }` each, or another history from here on",
    ),
    word("stop", &[Statement], "`stop when EXPR` ends an `eventually` as failed"),
    word("rejected", &[Statement], "`rejected when EXPR` ends an action as provably not applied"),
    word("under", &[Statement], "runs a block while faults are at work"),
    word("workload", &[Statement], "load that is also a history"),
    word("idempotent", &[Statement], "states that an operation is idempotent, and attacks the claim"),
    word("probe", &[Statement], "one attack on an idempotent operation"),
    word("same", &[Statement], "which parts of an answer every attempt must share"),
    word("effect", &[Statement], "what an idempotent operation changes, once"),
    word("forall", &[Statement], "a property of every drawn value"),
    word("defer", &[Statement], "cleanup: runs when the scenario or fixture ends, last in first out"),
    reserved("return", &[Statement], "ends a block or an action with a value"),
    word("wait", &[Statement], "waits a fixed time; prefer `eventually`"),
    word("show", &[Statement], "prints a value in the report"),
    word("next", &[Statement], "takes the next message of a stream"),
    word("reply", &[Statement], "a double's answer"),
    word("fail", &[Statement], "a double's refusal"),
    reserved("any", &[Expression], "draws a value of a shape, or matches any such value"),
    word("but", &[Expression], "overrides fields of a drawn value, valid or not"),
    reserved("not", &[Expression], "negates"),
    reserved("and", &[Expression], "both hold"),
    reserved("or", &[Expression], "at least one holds"),
    reserved("in", &[Expression, Part], "is an element of a list or range; also `scenario … in STAGE`"),
    reserved("matches", &[Expression], "fits a pattern; objects are closed unless they end in `..`"),
    reserved("contains", &[Expression], "has an element or a part that fits; objects are open"),
    reserved("true", &[Expression], "the truth value"),
    reserved("false", &[Expression], "the truth value"),
    reserved("null", &[Expression], "JSON null; not the same as `absent`"),
    reserved("absent", &[Expression], "equals only a field that is not there"),
    reserved("with", &[Phrase, Part], "options of a request; doubles of a scenario"),
    reserved("because", &[Phrase], "why an expectation matters; shown when it fails"),
    reserved("within", &[Phrase], "how long an expectation may take to become true"),
    reserved("throughout", &[Phrase], "how long an expectation must stay true"),
    reserved("by", &[Phrase, Part], "the key a relation looks at"),
    reserved("per", &[Phrase], "splits a history by a key"),
    reserved("of", &[Phrase, Expression, Part], "what a relation counts; `N of SHAPE`"),
    reserved("on", &[Phrase, Part], "the place of a fault or probe; a double's rule"),
    reserved("except", &[Phrase], "the parts that are left out"),
    reserved("when", &[Phrase, Part], "a condition"),
    word("as", &[Phrase, Part], "the model or profile to judge by; another name for an import"),
    word("before", &[Phrase], "the event that must come later"),
    word("during", &[Phrase], "the block over which a value must change as said"),
    word("or_empty", &[Phrase], "lets a relation hold over nothing at all"),
    word("every", &[Phrase], "the pause between two attempts, or two observations"),
    word("after", &[Phrase, Part], "the stages that come first; a double's delay"),
    word("at", &[Part], "the rate of an open workload"),
    word("clients", &[Part], "how many clients a closed workload has"),
    word("operations", &[Part], "how many operations a closed workload performs"),
    word("cases", &[Part], "how many values a property is tried on"),
    word("require", &[Part], "a gate: the stages after this one run only if it holds"),
    word("failure", &[Part], "`on failure { … }` runs when the stage fails"),
    word("finally", &[Part], "runs when the stage ends, however it ends"),
    word("suite", &[Part], "another runner's tests, run and counted in"),
    word("variant", &[Part], "another way to start a service"),
    word("contract", &[Part], "the file that describes a service's interface"),
    word("from", &[Part], "where a secret's file lies; what an `observe` looks at"),
    word("file", &[Part], "`secret name from file \"…\"`"),
    word("rhai", &[Part], "the language of a custom check or function"),
];

/// Whether a word may not name a variable.
pub fn is_reserved(name: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.reserved && keyword.word == name)
}
