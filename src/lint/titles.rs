//! `duplicate-title`. Two of one module are an error, which the check finds.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Sight;
use crate::check::PlannedScenario;
use crate::diag::{Code, Diagnostic};

/// Scenarios with the title of one in another module.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&Arc<str>, &PlannedScenario> = BTreeMap::new();
    let mut found = Vec::new();
    for scenario in &sight.plan.scenarios {
        let known = *first.entry(&scenario.title).or_insert(scenario);
        if known.item.unit == scenario.item.unit {
            continue;
        }
        let (Some(here), Some(there)) = (sight.plan.body(scenario), sight.plan.body(known)) else { continue };
        let message = "a scenario of another module has the same title";
        found.push(
            Diagnostic::warning(Code::DUPLICATE_TITLE, here.title.span, message)
                .also(there.title.span, "the first one")
                .help("say in the titles what differs: reports and `--only` know scenarios by them"),
        );
    }
    found
}
