//! `scn lsp`.

use super::Exit;

/// Serves an editor until it is done; one that ends without saying goodbye is told so.
pub(super) fn lsp() -> Exit {
    if crate::lsp::serve() { Exit::Passed } else { Exit::Failed }
}
