//! Counterexamples as pictures: processes are rows, operations bars from their start to their end,
//! the one that cannot be stands out, and what it could have met is said below. Pure, and without
//! colours: what a piece of text is, its [`Tone`] says.
//!
//! A picture shows order, not scale: a moment stands as far to the right as the labels before it
//! need, since the moments of a counterexample may be nanoseconds and hours apart.

mod axis;
mod scene;
mod terminal;
#[cfg(test)]
mod tests;
mod words;

pub use scene::{Arrow, Bar, Part, Scene};
pub use terminal::{Line, Tone, draw};
pub use words::{when, word};

use super::{Counterexample, Operation};

/// Columns of [`lines`]: what fits a terminal of 80 below the indentation of a report.
const WIDTH: usize = 74;

/// A counterexample as lines of plain text, at most 74 columns wide: for the details of a failed
/// expectation.
pub fn lines(operations: &[Operation], found: &Counterexample) -> Vec<String> {
    let scene = Scene::of(operations, found, |at| when(&operations[at]));
    let plain = |line: Line| line.into_iter().map(|(_, text)| text).collect::<String>();
    draw(&scene, WIDTH, true).into_iter().map(plain).collect()
}
