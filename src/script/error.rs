//! Why a script does not compile or broke off, with its place in the code.

use rhai::{EvalAltResult, ParseError, ParseErrorType, Position};

use super::ScriptOutcome;
use super::engine::{Fail, Limits, Overdue};

/// Why a script does not compile or broke off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptError {
    /// One line; lower case.
    pub message: String,
    /// The byte offset in the code, when it is known.
    pub offset: Option<usize>,
    /// What to do.
    pub help: Option<String>,
    /// What the script printed, at most the first lines.
    pub notes: Vec<String>,
}

impl ScriptError {
    pub(super) fn new(message: impl Into<String>) -> ScriptError {
        ScriptError { message: message.into(), offset: None, help: None, notes: Vec::new() }
    }

    pub(super) fn help(self, help: impl Into<String>) -> ScriptError {
        ScriptError { help: Some(help.into()), ..self }
    }

    pub(super) fn notes(self, notes: Vec<String>) -> ScriptError {
        ScriptError { notes, ..self }
    }

    pub(super) fn at(self, code: &str, place: Position) -> ScriptError {
        ScriptError { offset: offset(code, place), ..self }
    }
}

/// The byte offset of a place; rhai counts lines from 1 and columns in characters from 1.
fn offset(code: &str, place: Position) -> Option<usize> {
    let (line, column) = (place.line()?, place.position().unwrap_or(1).max(1));
    let start = match line {
        1 => 0,
        line => code.match_indices('\n').nth(line - 2).map(|(at, _)| at + 1)?,
    };
    let rest = &code[start..];
    let column = rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at);
    Some(start + column)
}

pub(super) fn from_parse(error: &ParseError, code: &str) -> ScriptError {
    let (kind, place) = (error.err_type(), error.position());
    let text = lower(&kind.to_string());
    let help = match kind {
        ParseErrorType::Reserved(word)
        | ParseErrorType::BadInput(rhai::LexError::ImproperSymbol(word, _))
            if DISABLED.contains(&&**word) =>
        {
            Some(format!("`{word}` is switched off: scripts compute and cannot load or evaluate other code"))
        }
        ParseErrorType::VariableUndefined(_) => {
            Some("a script sees its parameters and its own variables, nothing else".to_owned())
        }
        _ if DISABLED.iter().any(|word| text.contains(&format!("'{word}'"))) => {
            Some("scripts compute and cannot load or evaluate other code".to_owned())
        }
        _ => None,
    };
    let error = ScriptError::new(text).at(code, place);
    ScriptError { help, ..error }
}

/// Words of rhai that are switched off.
pub(super) const DISABLED: &[&str] = &["import", "eval", "export"];

/// How a script that broke off ended: `fail("why")` is an outcome, all else an error.
pub(super) fn from_eval(
    error: EvalAltResult,
    code: &str,
    limits: &Limits,
    secret: bool,
) -> Result<ScriptOutcome, ScriptError> {
    let mut inner = error;
    let mut place = inner.position();
    loop {
        inner = match inner {
            EvalAltResult::ErrorInFunctionCall(_, _, deeper, _) => *deeper,
            other => {
                inner = other;
                break;
            }
        };
        if !inner.position().is_none() {
            place = inner.position();
        }
    }
    let message = match &inner {
        EvalAltResult::ErrorTerminated(token, _) => {
            if let Some(fail) = token.clone().try_cast::<Fail>() {
                let masked = "the script failed; why is masked, since it was given a secret".to_owned();
                return Ok(ScriptOutcome::Fail(if secret { masked } else { fail.0 }));
            }
            if token.clone().try_cast::<Overdue>().is_some() {
                format!("the script takes longer than {:?}", limits.deadline)
            } else {
                "the script was stopped".to_owned()
            }
        }
        EvalAltResult::ErrorTooManyOperations(_) => {
            format!("the script runs away: it takes more than {} operations", limits.operations)
        }
        EvalAltResult::ErrorStackOverflow(_) => {
            format!("the script calls functions more than {} deep", limits.calls)
        }
        EvalAltResult::ErrorDataTooLarge(what, _) => {
            format!("the script makes too much data: {}", lower(what))
        }
        _ if secret => "the script broke off; why is masked, since it was given a secret".to_owned(),
        EvalAltResult::ErrorRuntime(thrown, _) if thrown.is_unit() => "the script threw an error".to_owned(),
        EvalAltResult::ErrorRuntime(thrown, _) => cut(&thrown.to_string()),
        other => {
            let mut plain = other.to_string();
            // The place is shown by the label; in the text it would count lines of the script.
            if let Some(at) = plain.rfind(" (line ") {
                plain.truncate(at);
            }
            cut(&lower(&plain))
        }
    };
    Err(ScriptError::new(message).at(code, place))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(500) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}
