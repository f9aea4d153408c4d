//! What one loading leaves for the next. An editor loads after every keystroke, and hardly anything
//! changes in between: texts that did not change are not read again, and of a module that did change
//! only the pieces that did.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Identity;
use super::file::{self, Trouble};
use crate::contract::Contract;
use crate::diag::Diagnostic;
use crate::source::{Source, SourceId, Sources};
use crate::syntax::ast::{Doc, Item};
use crate::syntax::{self, ast::Module};

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
    modules: BTreeMap<Identity, (SourceId, Vec<Piece>)>,
    bytes: usize,
    /// How often the sources were numbered anew.
    pub(super) numbering: u32,
    pub(super) sources: Sources,
    /// By canonical path.
    pub(super) contracts: BTreeMap<PathBuf, Contract>,
}

/// A piece of a module, read.
#[derive(Debug, Clone)]
struct Piece {
    text: Arc<str>,
    source: SourceId,
    doc: Option<Doc>,
    items: Vec<Arc<Item>>,
    errors: Vec<Diagnostic>,
}

/// A module, read.
pub(super) struct Read {
    pub(super) module: Module,
    pub(super) pieces: Vec<(SourceId, u32)>,
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

    /// Makes room, when much of what is kept is of no use any more.
    pub(super) fn tidy(&mut self) {
        if self.bytes > MOST_BYTES {
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
            return Read { module: parsed.module, pieces: Vec::new(), errors: parsed.errors };
        }
        let (id, before) = match self.modules.remove(identity) {
            Some((id, before)) => {
                if sources.get(id).text != text {
                    sources.replace(id, source);
                }
                (id, before)
            }
            None => (sources.add(source), Vec::new()),
        };
        let pieces = self.pieces(&text, before, id, sources);
        let mut read = Read {
            module: Module {
                source: id,
                doc: pieces.first().and_then(|piece| piece.doc.clone()),
                items: Vec::new(),
            },
            pieces: Vec::with_capacity(pieces.len()),
            errors: Vec::new(),
        };
        let mut start = 0;
        for piece in &pieces {
            read.module.items.extend(piece.items.iter().cloned());
            read.pieces.push((piece.source, start));
            read.errors.extend(piece.errors.iter().cloned());
            start += piece.text.len() as u32;
        }
        self.modules.insert(identity.clone(), (id, pieces));
        read
    }

    /// The pieces of a text: those that begin or end it as they did before, and in between new ones.
    fn pieces(
        &mut self,
        text: &str,
        before: Vec<Piece>,
        file: SourceId,
        sources: &mut Sources,
    ) -> Vec<Piece> {
        let ranges = syntax::pieces(text);
        let same = |(piece, range): &(&Piece, &std::ops::Range<usize>)| *piece.text == text[(*range).clone()];
        let head = before.iter().zip(&ranges).take_while(same).count();
        let rest = before.len().min(ranges.len()) - head;
        let tail = before.iter().rev().zip(ranges.iter().rev()).take(rest).take_while(same).count();
        let last = before.len() - tail;
        let mut pieces = before;
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
                Piece { text, source, doc, items, errors: parsed.errors }
            })
            .collect();
        pieces.splice(head..last, new);
        pieces
    }
}
