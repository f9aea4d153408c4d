//! The grammar: `grammar/scn.pest`, compiled by pest.

use std::num::NonZeroUsize;
use std::sync::Once;

use pest::Parser;
use pest::error::Error;
use pest::iterators::Pairs;

/// Bounds the work on one item. The grammar is left-factored and takes some 200 calls a byte, so
/// this is reached by no text that people write; it is a net.
const CALL_LIMIT: Option<NonZeroUsize> = NonZeroUsize::new(200_000_000);

mod rules {
    #[derive(pest_derive::Parser)]
    #[grammar = "grammar/scn.pest"]
    pub(crate) struct Grammar;
}

pub(crate) use rules::Rule;

/// Why the grammar could not read a text, with the place in it.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The first byte that could not be read.
    pub(crate) at: usize,
    /// What could have stood there; nothing when the text is too much.
    pub(crate) expected: Vec<Rule>,
}

/// Reads a text by a rule.
pub(crate) fn read(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Refusal> {
    static LIMIT: Once = Once::new();
    LIMIT.call_once(|| pest::set_call_limit(CALL_LIMIT));
    rules::Grammar::parse(rule, text).map_err(|error| refusal(&error))
}

fn refusal(error: &Error<Rule>) -> Refusal {
    use pest::error::{ErrorVariant, InputLocation};
    let at = match error.location {
        InputLocation::Pos(at) | InputLocation::Span((at, _)) => at,
    };
    match &error.variant {
        ErrorVariant::ParsingError { positives, .. } => Refusal { at, expected: positives.clone() },
        ErrorVariant::CustomError { .. } => Refusal { at, expected: Vec::new() },
    }
}
