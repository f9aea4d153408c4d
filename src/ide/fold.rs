//! What can be folded away: braces over several lines, comments, imports.

use super::Snapshot;
use crate::source::SourceId;
use crate::syntax::lex::{self, Kind};

/// Lines that can be folded away, counted from 1, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// The line that stays.
    pub first: u32,
    /// The last that goes.
    pub last: u32,
    /// What it is.
    pub kind: FoldKind,
}

/// What is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldKind {
    /// Braces, brackets, a text.
    Region,
    /// Comments.
    Comment,
    /// `use`.
    Imports,
}

/// What can be folded in a file.
pub fn folds(snapshot: &Snapshot, file: SourceId) -> Vec<Fold> {
    let source = snapshot.program().sources.get(file);
    let line = |at: usize| source.line_column(at as u32).0;
    let lexed = lex::lex(file, &source.text);
    let mut folds = Vec::new();
    let mut open = Vec::new();
    let mut comment: Option<(u32, u32)> = None;
    let mut uses: Option<(u32, u32)> = None;
    for token in lexed.tokens.iter().filter(|token| token.kind != Kind::Newline) {
        let (first, last) = (line(token.start), line(token.end.max(1) - 1));
        match token.kind {
            Kind::Open => open.push(first),
            // The line with the closing bracket stays to be seen.
            Kind::Close => {
                let region = open.pop().map(|from| Fold {
                    first: from,
                    last: last.saturating_sub(1),
                    kind: FoldKind::Region,
                });
                folds.extend(region.filter(|fold| fold.first < fold.last));
            }
            Kind::Text if first < last => folds.push(Fold { first, last, kind: FoldKind::Region }),
            _ => {}
        }
        let alone = source.line(first).trim_start().starts_with("//");
        join(
            &mut comment,
            (first, last),
            token.kind == Kind::Comment && alone,
            FoldKind::Comment,
            &mut folds,
        );
        let begins = open.is_empty() && token.text(&source.text) == "use";
        let within = uses.is_some_and(|(_, end)| first <= end) || !open.is_empty() && uses.is_some();
        join(&mut uses, (first, last), begins || within, FoldKind::Imports, &mut folds);
    }
    join(&mut comment, (0, 0), false, FoldKind::Comment, &mut folds);
    join(&mut uses, (0, 0), false, FoldKind::Imports, &mut folds);
    folds.sort_by_key(|fold| (fold.first, fold.last));
    folds
}

/// Lets a run of lines grow, or ends it.
fn join(run: &mut Option<(u32, u32)>, lines: (u32, u32), same: bool, kind: FoldKind, folds: &mut Vec<Fold>) {
    match run {
        Some((_, last)) if same && lines.0 <= *last + 1 => *last = lines.1,
        _ => {
            if let Some((first, last)) = run.take()
                && first < last
            {
                folds.push(Fold { first, last, kind });
            }
            *run = same.then_some(lines);
        }
    }
}
