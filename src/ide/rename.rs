//! Renaming: every place that names a thing, in every module that was read.

use super::{Edit, Snapshot};
use crate::check::{Mention, Referent};
use crate::lang::is_reserved;
use crate::source::Span;

/// Why something cannot be renamed; one line.
pub type Refusal = String;

/// The place of the name at a byte of a module, when it can be renamed.
///
/// # Errors
/// Says why it cannot.
pub fn renamed_at(snapshot: &Snapshot, unit: usize, offset: u32) -> Result<Span, Refusal> {
    target(snapshot, unit, offset).map(|mention| snapshot.whole(mention.span))
}

fn target(snapshot: &Snapshot, unit: usize, offset: u32) -> Result<Mention, Refusal> {
    let Some(mention) = snapshot.mention(unit, offset) else {
        return Err("there is no name here that could be renamed".to_owned());
    };
    let name = snapshot.slice(mention.span);
    match mention.of {
        Referent::Variable(_) => Ok(mention),
        Referent::Item(at) if snapshot.is_library(at.unit) => {
            Err(format!("`{name}` belongs to the standard library"))
        }
        Referent::Item(_) => Ok(mention),
        Referent::Module(_) | Referent::Script(_) | Referent::Contract(_) if !name.starts_with('"') => {
            Ok(mention)
        }
        Referent::Module(_) | Referent::Script(_) | Referent::Contract(_) => {
            Err("a file is renamed where it lies, not here".to_owned())
        }
        Referent::Declared(_) => {
            Err(format!("`{name}` is declared by a contract, which is not changed from here"))
        }
        Referent::Known { .. } | Referent::Lint(_) => Err(format!("`{name}` is a name of the language")),
    }
}

/// The edits that give the thing at a byte of a module another name.
///
/// # Errors
/// Says why it cannot be renamed, or not so.
pub fn rename(snapshot: &Snapshot, unit: usize, offset: u32, new: &str) -> Result<Vec<Edit>, Refusal> {
    let mention = target(snapshot, unit, offset)?;
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    if !new.starts_with(starts) || !new.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(format!("`{new}` is no name: letters, digits and `_`, and no digit first"));
    }
    if is_reserved(new) {
        return Err(format!("`{new}` is a reserved word"));
    }
    let name = snapshot.slice(mention.span);
    // Another name is an alias, and belongs to its own module.
    let own = match mention.of {
        Referent::Item(at) => snapshot.names_of(at).any(|own| own == name),
        Referent::Variable(_) => true,
        _ => false,
    };
    let file = |span: Span| snapshot.whole(span).source;
    let same = snapshot.mentions.iter().filter(|other| {
        other.of == mention.of
            && snapshot.slice(other.span) == name
            && (own || file(other.span) == file(mention.span))
    });
    let mut edits: Vec<Edit> = same
        .map(|other| Edit { span: snapshot.whole(other.span), text: snapshot.spelt(other, new) })
        .collect();
    edits.dedup();
    let taken = match mention.of {
        Referent::Variable(_) => false,
        _ => edits
            .iter()
            .filter_map(|edit| snapshot.unit(edit.span.source))
            .any(|unit| snapshot.program().lookup(unit, new).is_some()),
    };
    match taken {
        true => Err(format!("`{new}` is declared already")),
        false => Ok(edits),
    }
}

impl Snapshot {
    /// Whether a module belongs to the standard library.
    pub(super) fn is_library(&self, unit: usize) -> bool {
        let program = self.program();
        program.sources.get(program.units[unit].module.source).name.starts_with("std/")
            && program.units[unit].dir.as_os_str().is_empty()
    }

    /// The names that an item declares.
    fn names_of(&self, at: crate::check::ItemRef) -> impl Iterator<Item = &str> {
        crate::check::declared(self.program().item(at)).into_iter().map(|name| &*name.name)
    }

    /// The new name as it must be written at a place: `{ sku }` stands for `{ sku: sku }`, whose first
    /// half is data.
    fn spelt(&self, mention: &Mention, new: &str) -> String {
        match self.is_shorthand(mention.span) {
            true => format!("{}: {new}", self.slice(mention.span)),
            false => new.to_owned(),
        }
    }

    fn is_shorthand(&self, span: Span) -> bool {
        use crate::syntax::ast::{ExprKind, ObjectEntry};
        let mut found = false;
        let mut look = |entries: &[ObjectEntry]| {
            found |= entries.iter().any(|entry| {
                matches!(entry, ObjectEntry::Field { shorthand: true, value, .. } if value.span == span)
            });
        };
        let Some(unit) = self.unit(self.whole(span).source) else { return false };
        let items = self.program().units[unit].module.items.iter();
        for item in items.filter(|item| item.span.source == span.source) {
            crate::syntax::visit::item(item, &mut |expr| match &expr.kind {
                ExprKind::Object(object) | ExprKind::Refine(_, object) => look(&object.entries),
                ExprKind::Request(request) => request.options.iter().for_each(|it| look(&it.entries)),
                _ => {}
            });
        }
        found
    }
}
