//! The scenario language and its runner.
//!
//! ```text
//! Source ──syntax──▶ Parsed ──check──▶ Plan ──run──▶ events ──report──▶ terminal, junit, json, github
//!    ▲                 │                               └──▶ event file ──replay──▶ (the same reports)
//! fmt, ide ◀───────────┘
//! ```
//!
//! | floor     | rooms                                      | may know                               |
//! |-----------|--------------------------------------------|----------------------------------------|
//! | values    | [`value`], [`source`], [`event`], [`catalog`] | nothing of the rest                 |
//! | language  | [`lang`], [`diag`], [`syntax`], [`fmt`]    | values                                 |
//! | contracts | [`shape`], [`contract`]                    | values, language                       |
//! | computing | [`function`], [`script`], [`anonymize`], [`probe`], [`history`], [`workload`] | values, language, contracts            |
//! | meaning   | [`check`], [`lint`], [`load`] (reads files) | all above                             |
//! | the world | [`system`], [`protocol`], [`link`]         | values, language, contracts            |
//! | judgement | [`relation`]                               | values, language, contracts, computing |
//! | the house | [`rooms`]                                  | all above                              |
//! | imports   | [`import`]                                 | values, language, contracts            |
//! | the run   | [`run`]                                    | all above                              |
//! | reports   | [`report`]                                 | values, language                       |
//! | faces     | [`ide`], [`lsp`], [`cli`]                  | all above                              |
//!
//! On one floor, a room may know those that stand before it. A test reads this table and holds the
//! rooms to it.
//!
//! Invariants:
//! - `syntax`, `fmt`, `check` and `ide` are synchronous, do no IO and never fail: they return a value and
//!   diagnostics. Tokio lives in `run`, `protocol`, `system`, `link` and `cli`.
//! - Structure is grammar, names are data: no protocol, relation or option name stands in
//!   `grammar/scn.pest`. One composition root, [`rooms`], lists the rooms, a line each.
//! - A reply is a [`value::Value`] record, so relations never learn protocols. A reporter sees
//!   events only, so a replay prints what the run printed.
//! - One owner for run state, signals, cancellation and event order: `run::dispatch`.
//! - Language names have one source: the keyword table and the registry in [`lang`].
//! - Unknown is never a pass, and nothing that did not run counts as passed.

pub mod anonymize;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod contract;
pub mod diag;
pub mod event;
pub mod fmt;
pub mod function;
pub mod history;
pub mod ide;
pub mod import;
pub mod lang;
pub mod link;
pub mod lint;
pub mod load;
pub mod lsp;
pub mod probe;
pub mod protocol;
pub mod relation;
pub mod report;
pub mod rooms;
pub mod run;
pub mod script;
pub mod shape;
pub mod source;
pub mod syntax;
pub mod system;
pub mod value;
pub mod workload;
