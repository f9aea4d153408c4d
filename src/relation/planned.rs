//! Relations that the language knows and this version cannot judge yet: `check` says so.

use super::spec;
use crate::lang::{Param, Spec, Ty};

const TRACES: &str = "traces are not collected yet";

/// Their names.
pub(super) const SPECS: &[Spec] = &[
    spec("connected", "every span but one has its parent in the trace", &[], "expect trace connected")
        .planned(TRACES),
    spec(
        "leaks_none",
        "no secret stands in the output",
        &[Param::required("of", Ty::Name, "`secrets`")],
        "expect orders.log leaks_none of secrets",
    )
    .planned("outputs are masked, but leaks are not judged yet"),
];
