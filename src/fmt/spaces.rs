//! Spaces between two tokens of a line.

use super::lines::Line;
use super::structure::Structure;
use crate::syntax::lex::{Kind, Token};

/// Gives every piece the spaces before it.
pub(super) fn space(text: &str, lines: &mut [Line], structure: &Structure) {
    for line in lines {
        for index in 1..line.pieces.len() {
            let before = line.pieces[index - 1].token;
            let token = line.pieces[index].token;
            let after = line.pieces.get(index + 1).map(|piece| piece.token);
            line.pieces[index].spaces = usize::from(is_spaced(text, before, token, after, structure));
        }
    }
}

/// Whether a space stands between two tokens.
fn is_spaced(text: &str, before: Token, token: Token, after: Option<Token>, structure: &Structure) -> bool {
    let touches = before.end == token.start;
    let (a, b) = (before.text(text), token.text(text));
    if token.kind == Kind::Comment {
        return true;
    }
    let is_range = |t: Token| t.text(text) == ".." && !structure.dots.contains(&t.start);
    // `.low .. .high` would read badly without.
    let spacious = |t: Token, next: Option<Token>| is_range(t) && next.is_some_and(|n| n.text(text) == ".");
    match (a, b) {
        ("{", "}") => false,
        ("{", _) | (_, "}") => true,
        ("(" | "[" | "." | "@", _) | (_, ")" | "]" | "," | ";" | ":" | "?") => false,
        ("," | ";" | ":", _) => true,
        // Only the prefix touches what follows it.
        ("-", _) => !touches,
        // Fields, calls and indices touch; a leading `.`, a list and parentheses do not.
        (_, "." | "[") => !(touches && matches!(before.kind, Kind::Word | Kind::Text | Kind::Close)),
        (_, "(") => !structure.calls.contains(&token.start),
        (_, "..") if is_range(token) => spacious(token, after),
        ("..", _) => spacious(before, Some(token)),
        _ => true,
    }
}
