//! Drawing: a value of a shape as a pure function of a key, whatever else runs and in whatever
//! order.
//!
//! A key is made by SHA-256 of every part of the place where the draw stands. Inside one draw each
//! part has bits of its own, ChaCha8 under that key with the way to the part as its nonce: the
//! names of the fields and the indexes of the elements. So a part never depends on what stands
//! beside it, and the bits are the same on every machine and in every version.

mod all;
mod boundary;
mod bounds;
mod key;
mod leaf;
mod limits;
mod many;
mod merge;
mod node;
mod object;
mod part;
mod regex;
mod stream;
#[cfg(test)]
mod tests;
mod unique;
mod way_out;
mod words;

use std::fmt;

use super::Pattern;
use crate::value::Value;
use node::{Node, Shared};

pub use key::DrawKey;
pub use many::Many;
pub(super) use node::Mistake;
use part::Drawing;

/// A pattern made ready for drawing: what follows from it is worked out once, and each draw is
/// then quick. Can be shared between threads.
pub struct Drawer {
    root: Node,
    shared: Shared,
    pattern: Pattern,
}

impl fmt::Debug for Drawer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Drawer").field(&self.pattern).finish()
    }
}

impl Drawer {
    /// Makes a pattern ready. What cannot be drawn of it is an error of the draw.
    pub fn new(pattern: &Pattern) -> Drawer {
        let shared = Shared::default();
        Drawer { root: node::node(pattern, &shared), shared, pattern: pattern.clone() }
    }

    /// A value that fits the pattern, the same for the same key. Errors: nothing can be drawn of a
    /// part, such as of `anything`, or the value would be too large.
    pub fn draw(&self, key: &DrawKey) -> Result<Value, String> {
        self.draw_with(key, None)
    }

    /// The same with boundary values: each part without parts of its own is one of its boundary
    /// values as often as `edges` says, in thousandths. `edges(…)` in the pattern says it for what
    /// is inside, whatever is given here.
    pub fn draw_with(&self, key: &DrawKey, edges: Option<u16>) -> Result<Value, String> {
        Drawing::new(self).draw(key, edges)
    }

    /// Values one after the other, each by its index: those that `n of` draws. `unique(…)` keeps
    /// them apart as it does in a list.
    pub fn many(&self, key: DrawKey) -> Many<'_> {
        Many::new(self, key)
    }

    /// Every value that fits, each once, the simplest first, when they are at most so many; `None`
    /// when there are more, or nobody knows.
    pub fn all(&self, most: usize) -> Option<Vec<Value>> {
        all::of(self, most)
    }

    /// The boundary values of the whole, in a fixed order, the first `most` of them and never more
    /// than [`BOUNDARIES`]: the least it can be, the most it can be, then every boundary of every
    /// part, one at a time; of what is malformed, one of each kind of mistake. All of them fit.
    /// What stands beside a boundary is drawn by the key. Empty when nothing can be drawn of the
    /// pattern.
    pub fn edges(&self, key: &DrawKey, most: usize) -> Vec<Value> {
        boundary::of(self, key, most.min(BOUNDARIES))
    }
}

/// No more boundary values than this are listed.
pub const BOUNDARIES: usize = 512;

/// Draws a value that fits the pattern. Errors: nothing can be drawn of it, such as of `anything`.
/// Of many values of one pattern, [`Drawer`] makes the pattern ready once.
pub fn draw(pattern: &Pattern, key: &DrawKey) -> Result<Value, String> {
    Drawer::new(pattern).draw(key)
}

/// The same with boundary values; see [`Drawer::draw_with`].
pub fn draw_with(pattern: &Pattern, key: &DrawKey, edges: Option<u16>) -> Result<Value, String> {
    Drawer::new(pattern).draw_with(key, edges)
}
