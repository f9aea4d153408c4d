//! Load, without the world: when operations are due, which one each is, and what became of them
//! all. Pure: a run reads the clock and performs the operations.

mod figures;
mod health;
mod mix;
mod schedule;
mod specs;

pub use figures::{Ended, Figures, Recorder, Times, Took};
pub use health::Effort;
pub use mix::Mix;
pub use schedule::Schedule;
pub use specs::{FIGURES, OPTIONS, SPECS, TIMES};

#[cfg(test)]
mod tests;
