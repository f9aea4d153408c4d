//! The language server as editors talk to it: over standard input and output, with the real program.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what tests share, like the tests themselves")]

#[path = "lsp/client.rs"]
mod client;
#[path = "lsp/contracts.rs"]
mod contracts;
#[path = "lsp/edit.rs"]
mod edit;
#[path = "lsp/folders.rs"]
mod folders;
#[path = "lsp/know.rs"]
mod know;
#[path = "lsp/pieces.rs"]
mod pieces;
#[path = "lsp/run.rs"]
mod run;
#[path = "lsp/talk.rs"]
mod talk;
