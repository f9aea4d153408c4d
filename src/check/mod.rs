//! Meaning: from trees to a plan, with every diagnostic at once. Synchronous, no IO, never fails.

mod plan;

pub use plan::{
    Binding, Definition, Import, ItemRef, Plan, PlannedScenario, PlannedStage, Program, Quarantine, Unit,
};
