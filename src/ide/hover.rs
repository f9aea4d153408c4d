//! What is shown of a name: Markdown.

use std::borrow::Cow;

use super::Snapshot;
use crate::check::Referent;
use crate::diag::find_code;
use crate::lang::{KEYWORDS, Page};
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind};
use crate::syntax::lex::{self, Kind as Token};

/// How many lines of a declaration are shown.
const LINES: usize = 24;

/// What there is to say of the name at a byte of a module, and the name's place.
pub fn hover(snapshot: &Snapshot, unit: usize, offset: u32) -> Option<(String, Span)> {
    if let Some(mention) = snapshot.mention(unit, offset) {
        let text = about(snapshot, mention.of, snapshot.slice(mention.span))?;
        return Some((text, snapshot.whole(mention.span)));
    }
    let (piece, at) = snapshot.piece(unit, offset);
    let text = &snapshot.program().sources.get(piece).text;
    let lexed = lex::lex(piece, text);
    let here = |token: &&lex::Token| token.start <= at as usize && (at as usize) < token.end;
    let token = lexed.tokens.iter().find(here).filter(|token| token.kind == Token::Word)?;
    let keyword = KEYWORDS.iter().find(|keyword| keyword.word == token.text(text))?;
    let span = snapshot.whole(Span::new(piece, token.start, token.end));
    Some((about_word(&keyword.into()), span))
}

/// What there is to say of what a name stands for.
pub(super) fn about(snapshot: &Snapshot, of: Referent, name: &str) -> Option<String> {
    let program = snapshot.program();
    match of {
        Referent::Known { kind, of, name } => {
            let spec = snapshot.registry.all(kind, name).iter().find(|spec| spec.of == of)?;
            Some(about_word(&spec.into()))
        }
        Referent::Lint(name) => Some(about_word(&find_code(name)?.into())),
        Referent::Item(at) => Some(about_item(snapshot, program.item(at))),
        Referent::Variable(span) => Some(code("scn", line_of(snapshot, span).trim())),
        Referent::Declared(span) => {
            let file = &program.sources.get(span.source).name;
            let language = if file.ends_with(".proto") { "proto" } else { "yaml" };
            Some(format!("{}\n{file}", code(language, &excerpt(snapshot, span))))
        }
        Referent::Module(unit) => {
            let module = &program.units[unit].module;
            let doc = snapshot.doc(module.doc.as_ref());
            Some(format!("`{}`\n\n{doc}", program.sources.get(module.source).name))
        }
        Referent::Script(source) => Some(format!("`{}`", program.sources.get(source).name)),
        Referent::Contract(_) => Some(format!("`{name}`, a contract: its types are `{name}.NAME`")),
    }
}

/// A word of the language, as `scn explain` tells of it.
pub(super) fn about_word(page: &Page) -> String {
    format!("**{}**, {}\n\n{}", page.name, page.what, page.markdown())
}

/// An item: how it is declared, and its doc. Of what has statements only the first line says what
/// it is; of a shape all of it does.
pub(super) fn about_item(snapshot: &Snapshot, item: &Item) -> String {
    let text = snapshot.program().sources.shown(item.span);
    let shown = match &item.kind {
        ItemKind::Shape(_) | ItemKind::Service(_) | ItemKind::Let(_) | ItemKind::Owner(_) => cut(&text),
        _ => text.lines().next().unwrap_or_default().trim_end_matches(['{', ' ']).to_owned(),
    };
    let doc = snapshot.doc(item.doc.as_ref());
    format!("{}\n{doc}", code("scn", &shown))
}

/// What a contract says from a place on: the line, and those that are indented under it or stand in
/// its braces.
fn excerpt(snapshot: &Snapshot, span: Span) -> String {
    let source = snapshot.program().sources.get(span.source);
    let (line, _) = source.line_column(span.start);
    let indent = |text: &str| text.len() - text.trim_start().len();
    let first = source.line(line);
    let depth = indent(first);
    let mut lines = vec![first.get(depth..).unwrap_or_default()];
    for number in line + 1..=source.line_count() {
        let text = source.line(number);
        let closes = text.trim_start().starts_with('}') && indent(text) == depth;
        if lines.len() >= LINES || !text.trim().is_empty() && indent(text) <= depth && !closes {
            break;
        }
        lines.push(text.get(depth..).unwrap_or_default());
        if closes {
            break;
        }
    }
    lines.join("\n")
}

fn line_of(snapshot: &Snapshot, span: Span) -> Cow<'_, str> {
    let sources = &snapshot.program().sources;
    sources.shown_line(span.source, sources.get(span.source).line_column(span.start).0)
}

fn cut(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    match lines.len() > LINES {
        true => format!("{}\n…", lines[..LINES].join("\n")),
        false => text.to_owned(),
    }
}

fn code(language: &str, text: &str) -> String {
    format!("```{language}\n{}\n```\n", text.trim_end())
}
