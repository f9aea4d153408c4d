//! Histories of concurrent operations and whether a model explains them. Pure: what happened comes
//! in as [`Operation`]s, whoever recorded them; a judgement goes out with its certificate.

pub mod cycles;
mod linear;
mod meter;
mod model;
mod operation;
pub mod picture;

pub use linear::{Counterexample, Judged, linearizable, linearizable_all};
pub use meter::Limits;
pub(crate) use model::Same;
pub use model::{Model, SPECS, demands};
pub use operation::{Operation, Outcome};
