//! The system under test: processes, ports, services, their logs and their end.
//!
//! Every process of a run is started by [`Processes`] in a group of its own, and a guard process
//! outlives the runner just long enough to end what it left behind.

mod build;
mod capture;
mod command;
mod exit;
mod failure;
pub mod fault;
mod group;
pub mod guard;
mod lines;
mod live;
mod log;
mod ports;
mod process;
mod ready;
mod service;
mod spawn;

pub use build::Builds;
pub use command::{CommandSpec, Word, shell_line, split_command, split_words};
pub use exit::{Exit, ExitRecord};
pub(crate) use failure::last_lines;
pub use guard::GuardCommand;
pub use lines::{Lines, Logs};
pub use live::SPECS;
pub use log::{Line, LineReader, Log, RawLine, Stream};
pub use ports::{Port, Ports};
pub use process::{Input, Process, ProcessSpec, Processes};
pub use ready::{Health, Ready};
pub use service::{Farewell, Service, ServiceSpec};
pub use spawn::SpawnError;
pub(crate) use spawn::interrupted_with_this_one;

/// Whether a process lives, for tests.
#[cfg(test)]
pub(crate) fn is_alive(pid: i32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    state.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X'])))
}

#[cfg(test)]
mod tests;
