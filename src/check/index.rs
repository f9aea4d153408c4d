//! What the names in the text stand for, as the walk found it: what an editor shows, follows and
//! renames.

use super::plan::{Definition, ItemRef};
use crate::lang::{Kind, Spec};
use crate::source::{SourceId, Span};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Referent {
    /// A variable or a parameter, by the place of its declaration.
    Variable(Span),
    /// An item.
    Item(ItemRef),
    /// A module: its index in [`super::Program::units`].
    Module(usize),
    /// A script file.
    Script(SourceId),
    /// A contract file: its index in [`super::Program::contracts`].
    Contract(usize),
    /// Something that a contract declares, at its place there.
    Declared(Span),
    /// A lint, by its code.
    Lint(&'static str),
    /// A name of the registry.
    Known {
        /// What it names.
        kind: Kind,
        /// What it belongs to.
        of: &'static str,
        /// The name.
        name: &'static str,
    },
}

impl From<Definition> for Referent {
    fn from(definition: Definition) -> Referent {
        match definition {
            Definition::Item(at) => Referent::Item(at),
            Definition::Module(unit) => Referent::Module(unit),
            Definition::Script(source) => Referent::Script(source),
            Definition::Contract(index) => Referent::Contract(index),
        }
    }
}

impl From<&Spec> for Referent {
    fn from(spec: &Spec) -> Referent {
        Referent::Known { kind: spec.kind, of: spec.of, name: spec.name }
    }
}

/// A name in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Where it stands.
    pub span: Span,
    /// What it stands for.
    pub of: Referent,
}
