//! Reporters: one room each behind one small trait. They see events only, so that a replay prints
//! what the run printed. What a reporter should do differently is a wrapper around it, not a flag.

mod coverage;
mod differences;
mod exchange;
mod failure;
mod github;
mod json;
mod junit;
mod live;
mod load;
mod log;
mod page;
mod replay;
mod store;
mod style;
mod summary;
mod target;
mod terminal;
#[cfg(test)]
mod tests;
mod timeline;
mod watched;

pub use coverage::{CoverageReport, is_known_form};
pub(crate) use failure::write as write_failure;
pub use github::GitHub;
pub use json::Json;
pub use junit::JUnit;
pub use live::Live;
pub use page::Page;
pub use replay::{ReplayError, read_run};
pub(crate) use store::make_home;
pub use store::{RunFile, Runs};
pub use style::took;
pub(crate) use style::{Ink, indented, pad, plural};
pub use target::{Sheet, Target};
pub use terminal::Terminal;
pub use watched::{Watched, WriteFailures};
