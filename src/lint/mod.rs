//! Lints: what the language allows and a reviewer would ask about. Each looks at the checked
//! modules and warns at its token; levels and `@allow` decide what becomes of that.

mod allow;
mod critical;
mod fixtures;
mod length;
mod level;
mod reach;
mod secret;
mod silent;
mod sleeps;
#[cfg(test)]
mod tests;
mod titles;

use crate::check::{self, Import, Mention, Plan, Unit};
use crate::diag::{Code, Diagnostic};
use crate::lang::Registry;

pub use level::{Level, Levels};

/// What lints look at.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// The names of the language.
    pub registry: &'a Registry,
    /// What the names in the text stand for.
    pub mentions: &'a [Mention],
    /// Whether these are all modules of a project: what nobody here needs, nobody needs.
    pub whole: bool,
}

/// What a lint sees: the plan, with all that is known of it.
#[derive(Clone, Copy)]
struct Sight<'a> {
    plan: &'a Plan,
    given: Given<'a>,
    /// What loading and checking found.
    diagnostics: &'a [Diagnostic],
}

impl Sight<'_> {
    /// Whether all was read and nothing is wrong: what is not understood may be what is missed.
    fn is_sound(&self) -> bool {
        let is_read = |unit: &Unit| {
            unit.broken.is_empty() && unit.imports.values().all(|import| *import != Import::Failed)
        };
        self.plan.program.units.iter().all(is_read) && !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// One lint.
struct Lint {
    code: &'static Code,
    /// Whether it needs all modules of a project.
    whole: bool,
    /// What it finds, as warnings; none for what the check finds on its way.
    find: Option<fn(&Sight<'_>) -> Vec<Diagnostic>>,
}

/// Every lint; each warns unless somebody says otherwise. That an `idempotent` says nothing of its effect is none: it is the error `no-effect`.
const LINTS: &[Lint] = &[
    Lint { code: Code::UNUSED_LET, whole: false, find: None },
    Lint { code: Code::UNUSED_IMPORT, whole: false, find: None },
    Lint { code: Code::EMPTY_SCENARIO, whole: false, find: None },
    Lint { code: Code::SLEEPS, whole: false, find: Some(sleeps::find) },
    Lint { code: Code::NO_EXPECTATION, whole: false, find: Some(silent::find) },
    Lint { code: Code::UNUSED_FIXTURE, whole: true, find: Some(fixtures::find) },
    Lint { code: Code::DUPLICATE_TITLE, whole: true, find: Some(titles::find) },
    Lint { code: Code::NO_OWNER, whole: false, find: Some(critical::find) },
    // Its finds carry more than a warning says, so `lint` asks for them itself.
    Lint { code: Code::SECRET_LITERAL, whole: false, find: None },
    Lint { code: Code::OVER_LONG, whole: false, find: Some(length::find) },
    Lint { code: Code::UNUSED_ALLOW, whole: false, find: None },
];

/// Adds what lints find to what loading and checking found, less what `@allow` silences, and gives each the
/// severity of its level. What looks like a secret is shown in no excerpt and no message afterwards.
pub fn lint(plan: &mut Plan, given: Given<'_>, levels: &Levels, diagnostics: &mut Vec<Diagnostic>) {
    let sight = Sight { plan, given, diagnostics };
    let sound = sight.is_sound();
    let lints = LINTS.iter().filter(|lint| given.whole || !lint.whole);
    let found: Vec<Diagnostic> = lints.filter_map(|lint| lint.find).flat_map(|find| find(&sight)).collect();
    let secrets = secret::find(&sight);
    let warnings: Vec<Diagnostic> = secrets.iter().map(|secret| secret.warning(&plan.program)).collect();
    diagnostics.extend(found.into_iter().chain(warnings));
    allow::apply(&plan.program, sound, given.whole, diagnostics);
    secret::hide(plan, &secrets, diagnostics);
    levels.apply(diagnostics);
    check::sort(diagnostics);
}
