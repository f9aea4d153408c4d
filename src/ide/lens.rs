//! What stands over scenarios.

use super::Snapshot;
use crate::source::Span;

/// Something that can be done with a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The scenario's title.
    pub span: Span,
    /// What `scn run` takes for it: `scenarios/hello.scn:6`.
    pub target: String,
    /// The scenario's title as text.
    pub title: String,
}

/// The scenarios of a module.
pub fn lenses(snapshot: &Snapshot, unit: usize) -> Vec<Lens> {
    let program = snapshot.program();
    let source = program.sources.get(program.units[unit].module.source);
    let scenarios = snapshot.plan.scenarios.iter().filter(|scenario| scenario.item.unit == unit);
    scenarios
        .filter_map(|scenario| {
            let title = &snapshot.plan.body(scenario)?.title;
            let span = snapshot.whole(title.span);
            let (line, _) = source.line_column(span.start);
            Some(Lens { span, target: format!("{}:{line}", source.name), title: scenario.title.to_string() })
        })
        .collect()
}
