//! Strings, paths and the like: text with `${…}` in it.

use std::sync::Arc;

use pest::iterators::Pair;

use super::{Builder, Parts};
use crate::source::Span;
use crate::syntax::ast::{Template, TemplatePart};
use crate::syntax::grammar::Rule;
use crate::syntax::literal::{BadEscape, unescape};

/// A piece of a `"""`, before it is dedented.
enum Piece {
    /// As it stands in the file, with its offset.
    Raw(usize, String),
    Expr(TemplatePart),
}

impl<'a> Builder<'a> {
    pub(super) fn next_template(&mut self, parts: &mut Parts<'_>) -> Template {
        match parts.next() {
            Some(pair) => self.template(pair),
            None => Template { parts: Vec::new(), span: self.lost_ident().span },
        }
    }

    /// A string, path or URL.
    pub(super) fn template(&mut self, pair: Pair<'_, Rule>) -> Template {
        let start = self.base + pair.as_span().start();
        let span = Span::new(self.source, start, start + pair.as_str().len());
        let rule = pair.as_rule();
        let parts = match rule {
            Rule::path | Rule::url => self.path_parts(pair),
            _ => {
                let inner = pair.into_inner().collect::<Vec<_>>();
                match <[_; 1]>::try_from(inner) {
                    Ok([only]) if only.as_rule() == Rule::triple => self.dedented_parts(only),
                    Ok([only]) => self.string_parts(vec![only]),
                    Err(inner) => self.string_parts(inner),
                }
            }
        };
        Template { parts, span }
    }

    fn string_parts(&mut self, pairs: Vec<Pair<'_, Rule>>) -> Vec<TemplatePart> {
        let mut parts = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let at = self.base + pair.as_span().start();
            if pair.as_rule() == Rule::interpolation {
                parts.push(TemplatePart::Expr(self.inner_expr(pair)));
                continue;
            }
            let raw = self.raw(at, pair.as_str().len());
            let text = if raw.contains('\\') { self.resolve(at, raw).into() } else { Arc::from(raw) };
            parts.push(TemplatePart::Text(text));
        }
        parts
    }

    /// What stands in the file; the grammar's copy differs in white space.
    fn raw(&self, at: usize, length: usize) -> &'a str {
        self.text.get(at..at + length).unwrap_or("")
    }

    fn resolve(&mut self, at: usize, raw: &str) -> String {
        let mut bad = Vec::new();
        let text = unescape(raw, &mut bad);
        for BadEscape { start, end, message } in bad {
            let span = Span::new(self.source, at + start, at + end);
            self.error(
                span,
                message,
                "escapes are `\\n \\t \\r \\\" \\\\ \\$` and `\\u{…}`; a regex stands in `re\"…\"`",
            );
        }
        text
    }

    fn path_parts(&mut self, pair: Pair<'_, Rule>) -> Vec<TemplatePart> {
        let is_url = pair.as_rule() == Rule::url;
        let mut parts = Vec::new();
        let mut text = String::from(if is_url { "" } else { "/" });
        for pair in pair.into_inner() {
            if pair.as_rule() == Rule::interpolation {
                if !text.is_empty() {
                    parts.push(TemplatePart::Text(std::mem::take(&mut text).into()));
                }
                parts.push(TemplatePart::Expr(self.inner_expr(pair)));
                continue;
            }
            let at = self.base + pair.as_span().start();
            if let Some(brace) = pair.as_str().find('{') {
                let end =
                    pair.as_str()[brace..].find('}').map_or(pair.as_str().len(), |length| brace + length + 1);
                let span = Span::new(self.source, at + brace, at + end);
                let written = self.written(span);
                self.error(span, format!("`{written}` in a path is no value"), format!("write `${written}`"));
            }
            text.push_str(pair.as_str());
        }
        if !text.is_empty() {
            parts.push(TemplatePart::Text(text.into()));
        }
        parts
    }

    /// `"""…"""`: a first line end is dropped; when the closing quotes have a line of their own,
    /// that line too, and its indentation is what every line loses; otherwise the least is.
    fn dedented_parts(&mut self, pair: Pair<'_, Rule>) -> Vec<TemplatePart> {
        let mut pieces = Vec::new();
        for pair in pair.into_inner() {
            let at = self.base + pair.as_span().start();
            if pair.as_rule() == Rule::interpolation {
                pieces.push(Piece::Expr(TemplatePart::Expr(self.inner_expr(pair))));
            } else {
                pieces.push(Piece::Raw(at, self.raw(at, pair.as_str().len()).to_owned()));
            }
        }
        let indent = common_indent(&pieces);
        let count = pieces.len();
        let mut line_start = false;
        let mut parts = Vec::new();
        for (index, piece) in pieces.into_iter().enumerate() {
            match piece {
                Piece::Expr(part) => {
                    line_start = false;
                    parts.push(part);
                }
                Piece::Raw(at, mut raw) => {
                    if index == 0 {
                        let body = raw.trim_start_matches([' ', '\t', '\r']);
                        if let Some(rest) = body.strip_prefix('\n') {
                            raw = rest.to_owned();
                            line_start = true;
                        }
                    }
                    if index + 1 == count
                        && let Some((body, last)) = raw.rsplit_once('\n').map(|(b, l)| (b.to_owned(), l))
                        && last.bytes().all(|b| matches!(b, b' ' | b'\t'))
                    {
                        raw = body;
                    } else if index + 1 == count && index == 0 && line_start && raw.trim().is_empty() {
                        raw.clear();
                    }
                    let text = self.dedent(at, &raw, indent, line_start);
                    line_start = false;
                    if !text.is_empty() {
                        parts.push(TemplatePart::Text(text.into()));
                    }
                }
            }
        }
        parts
    }

    /// Takes `indent` columns from each line, resolves escapes and line ends.
    fn dedent(&mut self, at: usize, raw: &str, indent: usize, first_too: bool) -> String {
        let lines: Vec<&str> = raw
            .split('\n')
            .enumerate()
            .map(|(index, line)| {
                let line = line.strip_suffix('\r').unwrap_or(line);
                if index == 0 && !first_too {
                    return line;
                }
                let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
                &line[indent.min(blank)..]
            })
            .collect();
        let text = lines.join("\n");
        if text.contains('\\') {
            // Escapes are looked for in the file's own text, so that their places are right.
            let mut bad = Vec::new();
            let resolved = unescape(&text, &mut bad);
            if !bad.is_empty() {
                let written = self.raw(at, raw.len()).to_owned();
                self.resolve(at, &written);
            }
            return resolved;
        }
        text
    }
}

/// The indentation of the closing line, or else the least of all lines but the first.
fn common_indent(pieces: &[Piece]) -> usize {
    if let Some(Piece::Raw(_, raw)) = pieces.last()
        && let Some((_, last)) = raw.rsplit_once('\n')
        && last.bytes().all(|b| matches!(b, b' ' | b'\t'))
    {
        return last.len();
    }
    let mut least = None;
    for (index, piece) in pieces.iter().enumerate() {
        let Piece::Raw(_, raw) = piece else { continue };
        let mut lines = raw.split('\n').skip(1).peekable();
        while let Some(line) = lines.next() {
            let body = line.trim_start_matches([' ', '\t']);
            // A line that goes on in an interpolation is not blank.
            let goes_on = index + 1 < pieces.len() && lines.peek().is_none();
            if !body.trim().is_empty() || goes_on {
                let blank = line.len() - body.len();
                least = Some(least.map_or(blank, |l: usize| l.min(blank)));
            }
        }
    }
    least.unwrap_or(0)
}
