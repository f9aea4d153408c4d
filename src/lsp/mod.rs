//! The language server: the protocol around [`crate::ide`]. One thread reads messages, one writes
//! them, and one answers them in order, so that an answer always speaks of the text that the client
//! had when it asked. Nothing that a client sends ends the server but `exit`.

mod answers;
mod convert;
mod document;
mod drawn;
mod folders;
mod position;
mod published;
mod results;
mod run;
mod server;
mod transport;
mod workspace;

pub use server::serve;
