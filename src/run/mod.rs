//! The run: from a plan to events.
