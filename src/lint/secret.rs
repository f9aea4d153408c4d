//! `secret-literal`: finds them, and sees to it that no message shows them.

mod form;
mod name;

use std::sync::Arc;

use super::{Sight, allow};
use crate::check::Plan;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::value::Redactor;

/// Texts that look like secrets, by their form or by the name that they are given to.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let program = &sight.plan.program;
    let mut found: Vec<(Span, String)> = Vec::new();
    for (_, item) in program.items() {
        let place = allow::range(item);
        let text = program.sources.get(place.source).slice(place);
        found.extend(form::secrets(text).into_iter().map(|(range, what)| {
            let start = place.start as usize;
            (
                Span::new(place.source, start + range.start, start + range.end),
                format!("this looks like {what}"),
            )
        }));
        for (span, name) in name::secrets(item, &program.sources) {
            if !found.iter().any(|(known, _)| known.source == span.source && overlap(*known, span)) {
                found.push((span, format!("`{name}` holds what looks like a secret")));
            }
        }
    }
    let complain = |(span, message)| {
        Diagnostic::warning(Code::SECRET_LITERAL, span, message).help(
            "declare `secret api_key`, and give its value as `SCN_API_KEY` in the environment; \
             if it is none, say `@allow(secret-literal)`",
        )
    };
    found.into_iter().map(complain).collect()
}

fn overlap(a: Span, b: Span) -> bool {
    a.start < b.end && b.start < a.end
}

/// Lets no excerpt and no message show what was found.
pub(super) fn hide(plan: &mut Plan, diagnostics: &mut [Diagnostic]) {
    let secrets: Vec<Span> =
        diagnostics.iter().filter(|it| it.code == Code::SECRET_LITERAL).map(|it| it.at.span).collect();
    if secrets.is_empty() {
        return;
    }
    let program = Arc::make_mut(&mut plan.program);
    for secret in secrets {
        let text = program.sources.get(secret.source).slice(secret).to_owned();
        let mut again: Vec<Span> = Vec::new();
        for (id, source) in program.sources.iter() {
            let found = source.text.match_indices(&text);
            again.extend(found.map(|(start, _)| Span::new(id, start, start + text.len())));
        }
        again.into_iter().for_each(|span| program.sources.hide(span));
    }
    let redactor = Redactor::default();
    program.sources.hidden().flat_map(str::lines).for_each(|line| redactor.register(line.trim()));
    let mask = |text: &mut String| {
        if let std::borrow::Cow::Owned(masked) = redactor.mask(text) {
            *text = masked;
        }
    };
    for diagnostic in diagnostics {
        mask(&mut diagnostic.message);
        mask(&mut diagnostic.at.text);
        diagnostic.also.iter_mut().for_each(|label| mask(&mut label.text));
        diagnostic.help.iter_mut().for_each(mask);
        diagnostic.names.iter_mut().for_each(mask);
    }
}
