//! What keeps a history from being all that there was to see.

/// Why a history is less than what happened. The text continues a sentence that begins with what
/// it is: ``the stream `orders` `` …
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// The scenario itself ended it: what came before is whole.
    Closed(String),
    /// It broke off: what came before is whole, and nobody knows what would have come.
    Broken(String),
    /// Records are missing among those it has, so that nothing can be told from it. A whole sentence.
    Hole(String),
}
