//! `secret-literal`: finds them, and sees to it that no message shows them.

mod form;
mod name;

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};

use super::Sight;
use crate::check::{Plan, Program};
use crate::diag::{Code, Diagnostic};
use crate::source::{SourceId, Sources, Span};
use crate::syntax::ast::{Item, Template, TemplatePart};
use crate::syntax::lex::{Kind, Token, lex};
use crate::syntax::visit;
use crate::value::{Redactor, is_long_enough};

/// What looks like a secret.
pub(super) struct Secret {
    /// Where it is written.
    span: Span,
    /// What it is, without quotes and escapes.
    value: String,
    message: String,
}

/// Texts that look like secrets, by their form or by the name that they are given to.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Secret> {
    let program = &sight.plan.program;
    let mut found: Vec<Secret> = Vec::new();
    let mut add = |secret: Secret| {
        if !found.iter().any(|known| overlap(known.span, secret.span)) {
            found.push(secret);
        }
    };
    // Where there are escapes the value tells more than what is written, so it comes first.
    program.items().for_each(|(_, item)| escaped(item, &program.sources, &mut add));
    for unit in &program.units {
        let pieces = unit.pieces.iter().map(|&(piece, _)| piece);
        let whole = unit.pieces.is_empty().then_some(unit.module.source);
        pieces.chain(whole).for_each(|source| written(source, &program.sources, &mut add));
    }
    for (_, item) in program.items() {
        name::secrets(item, &program.sources).into_iter().for_each(&mut add);
    }
    found
}

fn overlap(a: Span, b: Span) -> bool {
    a.source == b.source && a.start < b.end && b.start < a.end
}

/// What has the form of a secret in the values of texts that are written with escapes.
fn escaped(item: &Item, sources: &Sources, add: &mut dyn FnMut(Secret)) {
    visit::templates(item, &mut |template| {
        if !sources.get(template.span.source).slice(template.span).contains('\\') {
            return;
        }
        let parts = template.parts.iter().map(|part| match part {
            TemplatePart::Text(text) => text,
            TemplatePart::Expr(_) => "${}",
        });
        let text: String = parts.collect();
        for (range, what) in form::secrets(&text, |range| range.end) {
            let value = text[range].to_owned();
            let span = place(&value, template, sources);
            add(Secret { span, value, message: format!("this looks like {what}") });
        }
    });
}

/// What has the form of a secret as it is written, in comments too.
fn written(source: SourceId, sources: &Sources, add: &mut dyn FnMut(Secret)) {
    let text = &sources.get(source).text;
    let tokens = LazyCell::new(|| lex(source, text).tokens);
    for (range, what) in form::secrets(text, |range| in_comment(&tokens, range)) {
        let span = Span::new(source, range.start, range.end);
        add(Secret { span, value: text[range].to_owned(), message: format!("this looks like {what}") });
    }
}

/// The end of a range; if it begins in a comment, no later than this one and those on the lines below.
fn in_comment(tokens: &[Token], range: Range<usize>) -> usize {
    let here = &tokens[tokens.partition_point(|token| token.end <= range.start)..];
    if here.first().is_none_or(|first| first.kind != Kind::Comment || first.start > range.start) {
        return range.end;
    }
    let comments = here.iter().take_while(|token| !token.is_significant() && token.start < range.end);
    comments.last().map_or(range.end, |last| last.end.min(range.end))
}

/// Where a part of a text's value is written; all between the quotes when escapes stand in it.
fn place(part: &str, template: &Template, sources: &Sources) -> Span {
    let span = template.span;
    let text = sources.get(span.source).slice(span);
    let quotes = if text.starts_with("\"\"\"") { 3 } else { usize::from(text.starts_with('"')) };
    let (start, length) = match text.rfind(part) {
        Some(start) => (start, part.len()),
        None => (quotes, text.len().saturating_sub(2 * quotes)),
    };
    let start = span.start as usize + start;
    Span::new(span.source, start, start + length)
}

impl Secret {
    /// The warning of it.
    pub(super) fn warning(&self, program: &Program) -> Diagnostic {
        let around = |item: &Item| overlap(item.whole(), self.span);
        let help = match program.items().any(|(_, item)| around(item)) {
            true => {
                "declare `secret api_key`, and give its value as `SCN_API_KEY` in the environment; \
                 if it is none, say `@allow(secret-literal)`"
            }
            // No item needs its value, and none can allow it.
            false => "remove it, and have the secret replaced",
        };
        Diagnostic::warning(Code::SECRET_LITERAL, self.span, &*self.message).help(help)
    }
}

/// Lets no excerpt, no message and no run show what was found and is warned of.
pub(super) fn hide(plan: &mut Plan, secrets: &[Secret], diagnostics: &mut [Diagnostic]) {
    let warned = diagnostics.iter().filter(|it| it.code == Code::SECRET_LITERAL);
    let warned: BTreeSet<Span> = warned.map(|it| it.at.span).collect();
    let secrets: Vec<&Secret> = secrets.iter().filter(|secret| warned.contains(&secret.span)).collect();
    if secrets.is_empty() {
        return;
    }
    let sources = &mut Arc::make_mut(&mut plan.program).sources;
    for secret in secrets {
        let written = sources.get(secret.span.source).slice(secret.span).to_owned();
        for text in [&written, &secret.value] {
            // Logs show one line at a time; `\n` ends one in what JSON or a script says.
            let lines = text.lines().flat_map(|line| line.split("\\n")).map(str::trim);
            // The first and the last line of a key are the same in all keys.
            let lines = lines.filter(|line| !line.starts_with("-----")).chain([&**text]);
            lines.filter(|line| is_long_enough(line)).for_each(|line| sources.conceal(line));
        }
    }
    let mut places = warned;
    // A set of plain literals always builds.
    let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(sources.concealed());
    if let Ok(finder) = finder {
        // The same may stand elsewhere, as in another file.
        for (id, source) in sources.iter() {
            let found = finder.find_iter(&*source.text);
            places.extend(found.map(|found| Span::new(id, found.start(), found.end())));
        }
    }
    places.into_iter().for_each(|span| sources.hide(span));
    let redactor = Redactor::default();
    redactor.register_all(sources.concealed());
    let mask = |text: &mut String| {
        if let std::borrow::Cow::Owned(masked) = redactor.mask(text) {
            *text = masked;
        }
    };
    for diagnostic in diagnostics {
        mask(&mut diagnostic.message);
        mask(&mut diagnostic.at.text);
        diagnostic.also.iter_mut().for_each(|label| mask(&mut label.text));
        diagnostic.help.iter_mut().for_each(mask);
        diagnostic.names.iter_mut().for_each(mask);
    }
}
