//! What seed 0 draws where a module says `any`: an example of the shape at hand.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::ide::Snapshot;
use crate::run::values::{Around, pattern};
use crate::shape::{DrawKey, Drawer};
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::value::{Redactor, show_short};

/// How much of a value is shown.
const WIDTH: usize = 48;

/// An example of what an expression of a module describes; none where that depends on a run.
pub(super) fn example(snapshot: &Snapshot, unit: usize, shape: &Expr) -> Option<String> {
    let around = Around {
        plan: snapshot.plan.clone(),
        registry: snapshot.registry.clone(),
        inputs: BTreeMap::new(),
        seed: 0,
        root: PathBuf::from("."),
    };
    let redactor = Redactor::default();
    let pattern = pattern(&around, unit, shape, &redactor).ok()?;
    let value = Drawer::new(&pattern).draw(&DrawKey::new(0)).ok()?;
    (!value.is_secret()).then(|| show_short(&value, WIDTH))
}

/// The examples of one state of a workspace, by the place of their `any`.
pub(super) type Examples = BTreeMap<Span, Option<String>>;
