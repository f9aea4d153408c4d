//! The runner, proved through the real binary: small projects, real servers, exit codes and the
//! lines of the messages that do not change from run to run.
#![expect(clippy::unwrap_used, reason = "in tests a failure to prepare is a failure")]

mod brokers;
mod catalogs;
mod contracts;
mod correctness;
mod coverage;
mod doubles;
mod draws;
mod environments;
mod faults;
mod grpc;
mod harness;
mod histories;
mod hostile;
mod idempotent;
mod imports;
mod interrupts;
mod language;
mod leases;
mod links;
mod loads;
mod matrix;
mod messages;
mod never;
mod payments;
mod promises;
mod properties;
mod relations;
mod robust;
mod secrets;
mod serializable;
mod services;
mod shapes;
mod sql;
mod stages;
mod time;
mod workloads;
