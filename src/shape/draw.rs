//! Drawing: a value of a shape as a pure function of a key.

use ring::digest::{Context, SHA256};

use super::Pattern;
use crate::value::Value;

/// Names one draw: the seed and every part of the place where it stands. Two draws with the same
/// key give the same value, whatever else runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawKey([u8; 32]);

impl DrawKey {
    /// The key of a run.
    pub fn new(seed: u64) -> DrawKey {
        DrawKey([0; 32]).with(seed.to_string())
    }

    /// The key of a part: a module, a title, a call, a draw site, an index.
    #[must_use]
    pub fn with(&self, part: impl AsRef<[u8]>) -> DrawKey {
        let part = part.as_ref();
        let mut context = Context::new(&SHA256);
        context.update(&self.0);
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        DrawKey(key)
    }
}

/// Draws a value that fits the pattern.
pub fn draw(_pattern: &Pattern, _key: &DrawKey) -> Result<Value, String> {
    Err("not yet".into())
}
