//! Paths as they are written, taken apart: each segment and each part of the query with its place.

use crate::source::{Source, Span};
use crate::syntax::ast::{Expr, Template, TemplatePart};

/// A part of a segment or of a value in the query.
#[derive(Debug, Clone)]
pub(super) enum Piece<'a> {
    /// As written.
    Text(String),
    /// `${…}`
    Value(&'a Expr),
}

/// What stands between two separators.
#[derive(Debug, Clone)]
pub(super) struct Part<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    pub(super) span: Span,
}

/// A path with its query.
#[derive(Debug, Clone)]
pub(super) struct Path<'a> {
    pub(super) segments: Vec<Part<'a>>,
    /// Names and values, in order.
    pub(super) query: Vec<(Part<'a>, Option<Part<'a>>)>,
    pub(super) span: Span,
}

impl<'a> Part<'a> {
    /// The text, when there is no `${…}` in it.
    pub(super) fn plain(&self) -> Option<String> {
        match self.pieces.as_slice() {
            [] => Some(String::new()),
            [Piece::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    /// The one `${…}` that is all of it.
    pub(super) fn value(&self) -> Option<&'a Expr> {
        match self.pieces.as_slice() {
            [Piece::Value(expr)] => Some(expr),
            _ => None,
        }
    }
}

/// A character or a value, and its place.
enum Token<'a> {
    Char(char, Span),
    Value(&'a Expr, Span),
}

impl Token<'_> {
    fn span(&self) -> Span {
        match self {
            Token::Char(_, span) | Token::Value(_, span) => *span,
        }
    }

    fn is(&self, wanted: char) -> bool {
        matches!(self, Token::Char(c, _) if *c == wanted)
    }
}

/// Takes a path apart; none when it does not begin with `/`.
pub(super) fn path<'a>(template: &'a Template, source: &Source) -> Option<Path<'a>> {
    let tokens = tokens(template, source);
    if !tokens.first()?.is('/') {
        return None;
    }
    let question = tokens.iter().position(|token| token.is('?')).unwrap_or(tokens.len());
    let (before, after) = tokens.split_at(question);
    let end = |index: usize| tokens.get(index).map_or(template.span, Token::span);
    let segments = before[1..].split(|token| token.is('/')).collect::<Vec<_>>();
    let mut at = 1;
    let mut parts = Vec::new();
    for segment in segments {
        parts.push(part(segment, end(at.min(question.saturating_sub(1)))));
        at += segment.len() + 1;
    }
    let mut query = Vec::new();
    for pair in
        after.get(1..).unwrap_or_default().split(|token| token.is('&')).filter(|pair| !pair.is_empty())
    {
        let equals = pair.iter().position(|token| token.is('='));
        let name = part(&pair[..equals.unwrap_or(pair.len())], pair[0].span());
        let value = equals.map(|equals| part(&pair[equals + 1..], pair[equals].span()));
        query.push((name, value));
    }
    let last = before.last().map_or(template.span, Token::span);
    let span = before.first().map_or(template.span, |first| first.span().to(last));
    Some(Path { segments: parts, query, span })
}

fn part<'a>(tokens: &[Token<'a>], empty: Span) -> Part<'a> {
    let span = match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.span().to(last.span()),
        _ => empty,
    };
    let mut pieces: Vec<Piece<'a>> = Vec::new();
    for token in tokens {
        match (token, pieces.last_mut()) {
            (Token::Char(c, _), Some(Piece::Text(text))) => text.push(*c),
            (Token::Char(c, _), _) => pieces.push(Piece::Text(c.to_string())),
            (Token::Value(expr, _), _) => pieces.push(Piece::Value(expr)),
        }
    }
    Part { pieces, span }
}

/// The characters with their places; all at the whole template where its text is not as written.
fn tokens<'a>(template: &'a Template, source: &Source) -> Vec<Token<'a>> {
    let text = &*source.text;
    let mut at = template.span.start as usize;
    if text.get(at..).is_some_and(|rest| rest.starts_with('"')) {
        at += 1;
    }
    let mut is_exact = true;
    let mut tokens = Vec::new();
    for part in &template.parts {
        match part {
            TemplatePart::Text(piece) => {
                is_exact &= text.get(at..).is_some_and(|rest| rest.starts_with(&**piece));
                for c in piece.chars() {
                    let span = Span::new(template.span.source, at, at + c.len_utf8());
                    tokens.push(Token::Char(c, if is_exact { span } else { template.span }));
                    at += c.len_utf8();
                }
            }
            TemplatePart::Expr(expr) => {
                let after = expr.span.end as usize;
                let close =
                    text.get(after..).and_then(|rest| rest.find('}')).map_or(after, |n| after + n + 1);
                let span = Span::new(template.span.source, at, close);
                tokens.push(Token::Value(expr, if is_exact { span } else { template.span }));
                at = close;
            }
        }
    }
    tokens
}
