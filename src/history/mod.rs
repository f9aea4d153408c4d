//! Histories of concurrent operations and whether a model explains them. Pure: what happened comes
//! in as [`Operation`]s, whoever recorded them; a judgement goes out with its certificate.

mod linear;
mod model;
mod operation;
pub mod picture;

pub use linear::{Counterexample, Judged, Limits, linearizable, linearizable_all};
pub use model::{Model, SPECS};
pub use operation::{Operation, Outcome};
