//! Semantic tokens: every token with what it is. Words are what they stand for; structural words are
//! keywords where nothing else is known of them.

use super::Snapshot;
use crate::check::{Mention, Referent, describe};
use crate::lang::{KEYWORDS, Kind};
use crate::source::{SourceId, Span};
use crate::syntax::lex::{self, Kind as Lexical};

/// The types of tokens, as the protocol names them; [`Token::ty`] is an index.
pub const TYPES: &[&str] = &[
    "keyword",
    "string",
    "number",
    "comment",
    "operator",
    "variable",
    "parameter",
    "function",
    "type",
    "namespace",
    "property",
    "enumMember",
    "decorator",
    "method",
    "class",
    "regexp",
];

/// The modifiers; [`Token::declared`] is the first.
pub const MODIFIERS: &[&str] = &["declaration", "defaultLibrary"];

/// A token with what it is; it lies on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Where.
    pub span: Span,
    /// An index in [`TYPES`].
    pub ty: usize,
    /// Whether it declares what it names.
    pub declared: bool,
    /// Whether the language itself declares it.
    pub built_in: bool,
}

fn ty(name: &str) -> usize {
    TYPES.iter().position(|known| *known == name).unwrap_or(0)
}

/// The tokens of a module that touch a part of its file, in order.
pub fn tokens(snapshot: &Snapshot, unit: usize, start: u32, end: u32) -> Vec<Token> {
    let file = snapshot.program().units[unit].module.source;
    let text = snapshot.text(file);
    let mut named = mentions(snapshot, unit);
    named.retain(|mention| mention.span.start < end && mention.span.end > start);
    let mut found = Vec::new();
    let lexed = lex::lex(file, text);
    for (index, token) in lexed.tokens.iter().enumerate() {
        if token.start as u32 >= end || token.end as u32 <= start {
            continue;
        }
        let plain = |ty: &str| Some(self::ty(ty));
        let word = token.text(text);
        let ty = match token.kind {
            Lexical::Comment => plain("comment"),
            Lexical::Number => plain("number"),
            Lexical::Text if word.starts_with("re") => plain("regexp"),
            Lexical::Text | Lexical::Path => plain("string"),
            Lexical::Symbol if !matches!(word, "," | ";" | "." | ":") => plain("operator"),
            Lexical::Word => {
                let after = lexed.tokens.get(index + 1).map_or("", |next| next.text(text));
                let before = index.checked_sub(1).map_or("", |at| lexed.tokens[at].text(text));
                let label = matches!(after, ":" | "?:" | "?") || before == ".";
                match KEYWORDS.iter().any(|keyword| keyword.word == word) && !label {
                    true => plain("keyword"),
                    false => plain(if label { "property" } else { "variable" }),
                }
            }
            _ => None,
        };
        let Some(ty) = ty else { continue };
        pieces(snapshot, file, token, ty, &named, &mut found);
    }
    found
}

/// A token, line by line, with the names inside it taken out.
fn pieces(
    snapshot: &Snapshot,
    file: SourceId,
    token: &lex::Token,
    ty: usize,
    named: &[Mention],
    found: &mut Vec<Token>,
) {
    let (start, end) = (token.start as u32, token.end as u32);
    let first = named.partition_point(|mention| mention.span.start < start);
    let mut at = start;
    for mention in named[first..].iter().take_while(|mention| mention.span.start < end) {
        if mention.span.start < at || mention.span.end > end {
            continue;
        }
        lines(snapshot, Span { source: file, start: at, end: mention.span.start }, ty, found);
        let (ty, built_in) = of(snapshot, mention.of, ty);
        let declared = match mention.of {
            Referent::Variable(span) => snapshot.whole(span) == mention.span,
            Referent::Item(item) => {
                let name = snapshot.slice(mention.span);
                let item = snapshot.program().item(item);
                snapshot.whole(crate::check::name_span(item, name)) == mention.span
            }
            _ => false,
        };
        found.push(Token { span: mention.span, ty, declared, built_in });
        at = mention.span.end;
    }
    lines(snapshot, Span { source: file, start: at, end }, ty, found);
}

fn lines(snapshot: &Snapshot, span: Span, ty: usize, found: &mut Vec<Token>) {
    let mut start = span.start;
    for line in snapshot.slice(span).split_inclusive('\n') {
        let end = start + line.trim_end_matches(['\n', '\r']).len() as u32;
        if end > start {
            let span = Span { start, end, ..span };
            found.push(Token { span, ty, declared: false, built_in: false });
        }
        start += line.len() as u32;
    }
}

/// The names of a module, in the order of its file. A path or a text that stands for a file stays
/// what it is.
fn mentions(snapshot: &Snapshot, unit: usize) -> Vec<Mention> {
    let module = &snapshot.program().units[unit];
    let pieces = module.pieces.iter().map(|&(piece, _)| piece).chain([module.module.source]);
    let mut found: Vec<Mention> = pieces
        .flat_map(|piece| snapshot.mentions_of(piece))
        .map(|mention| Mention { span: snapshot.whole(mention.span), of: mention.of })
        .filter(|mention| !snapshot.slice(mention.span).starts_with(['"', '/']))
        .collect();
    found.sort();
    found.dedup_by_key(|mention| mention.span);
    found
}

/// The type of what a name stands for, and whether the language declares it.
fn of(snapshot: &Snapshot, of: Referent, otherwise: usize) -> (usize, bool) {
    match of {
        Referent::Variable(_) => (ty("variable"), false),
        Referent::Module(_) | Referent::Script(_) | Referent::Contract(_) => (ty("namespace"), false),
        Referent::Declared(_) => (ty("property"), false),
        Referent::Lint(_) => (ty("enumMember"), true),
        Referent::Item(at) => {
            let name = match describe(&snapshot.program().item(at).kind).0 {
                "action" | "function" | "check" | "profile" => "function",
                "shape" => "type",
                "service" | "double" | "stage" | "environment" | "owner" => "class",
                _ => "variable",
            };
            (ty(name), false)
        }
        Referent::Known { kind, .. } => {
            let name = match kind {
                Kind::Verb | Kind::Function | Kind::Fault | Kind::Probe | Kind::Rule => "function",
                Kind::Relation | Kind::Model => "method",
                Kind::Attribute => "decorator",
                Kind::Setting => "keyword",
                Kind::Shape | Kind::Protocol => "type",
                Kind::Constant => "enumMember",
                Kind::Option | Kind::Property => "property",
                Kind::Response => "variable",
            };
            (if kind == Kind::Setting { otherwise } else { ty(name) }, true)
        }
    }
}
