//! Where a draw stands: the key of the whole draw, and within it the place of each part.

use ring::digest::{Context, SHA256};

use super::stream::Stream;

/// Names one draw: the seed and every part of the place where it stands. Two draws with the same
/// key give the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawKey([u8; 32]);

impl DrawKey {
    /// The key of a run.
    pub fn new(seed: u64) -> DrawKey {
        DrawKey([0; 32]).with(seed.to_string())
    }

    /// The key of a part: a module, a title, a call, a draw site, an index. The parts of a key
    /// keep their limits: `a` and `bc` is not `ab` and `c`.
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

    /// A number that belongs to it.
    pub(crate) fn number(&self) -> u64 {
        self.0.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A number below `bound`, each with the same chance; 0 when the bound is 0.
    pub(crate) fn below(&self, bound: usize) -> usize {
        Place::new(self).stream().below(bound as u128) as usize
    }
}

/// The name of a part inside its whole, as a number: FNV-1a of 64 bits over its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Label(u64);

impl Label {
    /// Whether an optional part is there.
    pub(super) const THERE: Label = Label::word("there?");
    /// How many elements there are.
    pub(super) const LENGTH: Label = Label::word("length?");
    /// Which alternative it is.
    pub(super) const CHOICE: Label = Label::word("choice?");
    /// What the alternative holds.
    pub(super) const CHOSEN: Label = Label::word("chosen");
    /// Whether it is a boundary value, and which.
    pub(super) const EDGE: Label = Label::word("edge?");
    /// The key of an entry.
    pub(super) const KEY: Label = Label::word("key");
    /// The value of an entry.
    pub(super) const VALUE: Label = Label::word("value");

    const fn word(word: &str) -> Label {
        Label::hash(b'w', word.as_bytes())
    }

    /// A field.
    pub(super) const fn field(name: &str) -> Label {
        Label::hash(b'f', name.as_bytes())
    }

    /// An element.
    pub(super) const fn index(index: u64) -> Label {
        Label::hash(b'i', &index.to_be_bytes())
    }

    /// One more try at the same part.
    pub(super) const fn attempt(attempt: u64) -> Label {
        Label::hash(b'a', &attempt.to_be_bytes())
    }

    /// `kind` keeps a field `0` apart from the element 0.
    const fn hash(kind: u8, bytes: &[u8]) -> Label {
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash = (0xcbf2_9ce4_8422_2325 ^ kind as u64).wrapping_mul(PRIME);
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u64).wrapping_mul(PRIME);
            at += 1;
        }
        Label(hash)
    }
}

/// A place in a draw: the way from the whole to the part, by the names of fields and the indexes
/// of elements and by nothing else. What stands beside a part therefore never changes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    key: &'a DrawKey,
    path: u64,
}

impl<'a> Place<'a> {
    pub(super) fn new(key: &'a DrawKey) -> Place<'a> {
        Place { key, path: 0 }
    }

    /// The place of a part.
    #[must_use]
    pub(super) fn at(self, label: Label) -> Place<'a> {
        // The finalizer of MurmurHash3 (public domain) over a multiple of the golden ratio: one
        // bit of the way changes half of the number, and the order of the steps counts.
        let mut path = self.path.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(label.0);
        path = (path ^ (path >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        path = (path ^ (path >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        Place { path: path ^ (path >> 33), ..self }
    }

    /// A key of its own for what is drawn here by other means.
    pub(super) fn own(self) -> DrawKey {
        self.key.with(self.path.to_be_bytes())
    }

    /// The bits of this place.
    pub(super) fn stream(self) -> Stream {
        Stream::new(&self.key.0, self.path)
    }
}
