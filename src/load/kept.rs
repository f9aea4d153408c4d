//! What one loading leaves for the next. An editor loads after every keystroke, and hardly anything
//! changes in between: texts that did not change are not read again, and of a module that did change
//! only the pieces that did.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Identity;
use super::contract::{Key, Outcome};
use super::file::{self, Trouble};
use crate::diag::Diagnostic;
use crate::source::{Source, SourceId, Sources};
use crate::syntax::ast::{Doc, Item, ItemKind, Module, StatementKind};
use crate::syntax::{self, visit};

/// Pieces that nobody needs any more are forgotten once there are this many bytes of them.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// What was read, and the texts that stand for files.
#[derive(Debug, Default)]
pub struct Kept {
    /// Whether modules are read piece by piece. Their pieces are then sources of their own, so that
    /// places in one do not move when another changes.
    in_pieces: bool,
    /// The texts of open files, by their canonical paths: they stand for what is on the disk.
    open: BTreeMap<PathBuf, Arc<str>>,
    /// What was read from the disk.
    texts: BTreeMap<PathBuf, Arc<str>>,
    modules: BTreeMap<Identity, Known>,
    bytes: usize,
    /// Whether a loading began and did not come to its end. What it left then does not fit together.
    pub(super) is_loading: bool,
    /// How often the sources were numbered anew.
    pub(super) numbering: u32,
    pub(super) sources: Sources,
    /// What came of contracts, of those that cannot be used too.
    pub(super) contracts: BTreeMap<Key, Outcome>,
}

/// A module that was read in pieces.
#[derive(Debug)]
struct Known {
    source: SourceId,
    pieces: Vec<Piece>,
    /// As [`syntax::Pieces`] says.
    is_sound: bool,
}

/// A piece of a module, read.
#[derive(Debug, Clone)]
struct Piece {
    text: Arc<str>,
    source: SourceId,
    doc: Option<Doc>,
    items: Vec<Arc<Item>>,
    names_a_profile: bool,
    errors: Vec<Diagnostic>,
}

/// A module, read.
pub(super) struct Read {
    pub(super) module: Module,
    pub(super) pieces: Vec<(SourceId, u32)>,
    /// Whether an `idempotent` in it is judged by a profile.
    pub(super) names_a_profile: bool,
    pub(super) errors: Vec<Diagnostic>,
}

impl Kept {
    /// For loading again and again.
    pub fn for_editing() -> Kept {
        Kept { in_pieces: true, ..Kept::default() }
    }

    /// Lets a text stand for the file at a canonical path; none for what is on the disk.
    pub fn open(&mut self, path: &Path, text: Option<Arc<str>>) {
        match text {
            Some(text) => self.open.insert(path.to_path_buf(), text),
            None => self.open.remove(path),
        };
    }

    /// What is on the disk may have changed.
    pub fn forget_the_disk(&mut self) {
        self.texts.clear();
        self.contracts.clear();
    }

    /// Whether a text stands for a file.
    pub(super) fn is_open(&self, path: &Path) -> bool {
        self.real(path).is_ok_and(|real| self.open.contains_key(&real))
    }

    /// The canonical path of a file; that of an open one may be nowhere but in the editor.
    pub(super) fn real(&self, path: &Path) -> std::io::Result<PathBuf> {
        path.canonicalize().or_else(|error| {
            let absolute = std::path::absolute(path).unwrap_or_default();
            if self.open.contains_key(&absolute) { Ok(absolute) } else { Err(error) }
        })
    }

    /// The text of a file, `path` as it was written.
    pub(super) fn text(&mut self, path: &Path, real: &Path) -> Result<Arc<str>, Trouble> {
        if let Some(text) = self.open.get(real).or_else(|| self.texts.get(real)) {
            return Ok(text.clone());
        }
        let text = file::read_text(path)?;
        if self.in_pieces {
            self.texts.insert(real.to_path_buf(), text.clone());
        }
        Ok(text)
    }

    /// Makes room, when much of what is kept is of no use any more, or none of it since a loading fell over.
    pub(super) fn tidy(&mut self) {
        if self.bytes > MOST_BYTES || self.is_loading {
            self.bytes = 0;
            self.numbering += 1;
            self.sources = Sources::default();
            self.modules.clear();
            self.contracts.clear();
        }
    }

    /// Reads a module.
    pub(super) fn module(&mut self, identity: &Identity, source: Source, sources: &mut Sources) -> Read {
        let text = source.text.clone();
        if !self.in_pieces {
            let id = sources.add(source);
            let parsed = syntax::parse(id, &text);
            let names_a_profile = names_a_profile(&parsed.module.items);
            let pieces = Vec::new();
            return Read { module: parsed.module, pieces, names_a_profile, errors: parsed.errors };
        }
        let before = match self.modules.remove(identity) {
            Some(before) => {
                if sources.get(before.source).text != text {
                    sources.replace(before.source, source);
                }
                before
            }
            None => Known { source: sources.add(source), pieces: Vec::new(), is_sound: true },
        };
        let known = self.pieces(&text, before, sources);
        let (id, pieces) = (known.source, &known.pieces);
        let mut read = Read {
            module: Module {
                source: id,
                doc: pieces.first().and_then(|piece| piece.doc.clone()),
                items: Vec::new(),
            },
            pieces: Vec::with_capacity(pieces.len()),
            names_a_profile: pieces.iter().any(|piece| piece.names_a_profile),
            errors: Vec::new(),
        };
        let mut start = 0;
        for piece in pieces {
            read.module.items.extend(piece.items.iter().cloned());
            read.pieces.push((piece.source, start));
            read.errors.extend(piece.errors.iter().cloned());
            start += piece.text.len() as u32;
        }
        self.modules.insert(identity.clone(), known);
        read
    }

    /// The pieces of a text: those that begin or end it as they did before, and in between new ones.
    fn pieces(&mut self, text: &str, before: Known, sources: &mut Sources) -> Known {
        let Cut { old, ranges, is_sound } = Cut::of(text, &before);
        let Known { source: file, mut pieces, .. } = before;
        let same = |(piece, range): &(&Piece, &Range<usize>)| *piece.text == text[(*range).clone()];
        let replaced = &pieces[old.clone()];
        let head = replaced.iter().zip(&ranges).take_while(same).count();
        let rest = replaced.len().min(ranges.len()) - head;
        let tail = replaced.iter().rev().zip(ranges.iter().rev()).take(rest).take_while(same).count();
        let (first, last) = (old.start + head, old.end - tail);
        let new: Vec<Piece> = ranges[head..ranges.len() - tail]
            .iter()
            .map(|range| {
                let text: Arc<str> = text[range.clone()].into();
                self.bytes += text.len();
                let whole = sources.get(file);
                let (name, dir) = (whole.name.clone(), whole.dir.clone());
                let source = sources.add(Source::new(name, dir, text.clone()));
                let parsed = syntax::parse(source, &text);
                let Module { doc, items, .. } = parsed.module;
                let names_a_profile = names_a_profile(&items);
                Piece { text, source, doc, items, names_a_profile, errors: parsed.errors }
            })
            .collect();
        pieces.splice(first..last, new);
        Known { source: file, pieces, is_sound }
    }
}

/// How a text is cut that was cut before in another way.
struct Cut {
    /// The pieces of before that may be others now.
    old: Range<usize>,
    /// Where those lie that stand in their place.
    ranges: Vec<Range<usize>>,
    is_sound: bool,
}

impl Cut {
    /// Only what lies around a change is cut anew: from the piece before it, whose end may lie elsewhere
    /// now, to the one after it. If that one comes out as it was, what follows does so too, as long as
    /// all is closed that is opened; else everything is cut anew.
    fn of(text: &str, before: &Known) -> Cut {
        Cut::around(text, before).unwrap_or_else(|| {
            let syntax::Pieces { ranges, is_sound } = syntax::pieces(text);
            Cut { old: 0..before.pieces.len(), ranges, is_sound }
        })
    }

    fn around(text: &str, before: &Known) -> Option<Cut> {
        let pieces = &before.pieces;
        if pieces.is_empty() || !before.is_sound {
            return None;
        }
        let (mut head, mut start) = (0, 0);
        while pieces.get(head).is_some_and(|piece| text[start..].starts_with(&*piece.text)) {
            start += pieces[head].text.len();
            head += 1;
        }
        let (mut tail, mut end) = (pieces.len(), text.len());
        while tail > head && text[start..end].ends_with(&*pieces[tail - 1].text) {
            tail -= 1;
            end -= pieces[tail].text.len();
        }
        if head > 0 {
            head -= 1;
            start -= pieces[head].text.len();
        }
        let after = pieces.get(tail);
        if let Some(piece) = after {
            tail += 1;
            end += piece.text.len();
        }
        let syntax::Pieces { ranges, is_sound } = syntax::pieces(&text[start..end]);
        let ranges: Vec<Range<usize>> =
            ranges.into_iter().map(|range| range.start + start..range.end + start).collect();
        let is_as_it_was =
            |piece: &Piece| ranges.last().is_some_and(|range| text[range.clone()] == *piece.text);
        (is_sound && after.is_none_or(is_as_it_was)).then_some(Cut { old: head..tail, ranges, is_sound })
    }
}

/// Whether an `idempotent` of some items is judged by a profile.
fn names_a_profile(items: &[Arc<Item>]) -> bool {
    let mut named = false;
    for item in items {
        if let ItemKind::Scenario(scenario) = &item.kind {
            visit::statements(&scenario.body, &mut |statement| {
                named |=
                    matches!(&statement.kind, StatementKind::Idempotent(block) if block.profile.is_some());
            });
        }
    }
    named
}
