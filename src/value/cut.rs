//! Secrets at the places where a text was cut for a message: half a secret is no known form any
//! more, and still too much.

use std::collections::BTreeSet;

use super::redact::MASK;

/// What stands where something was left out.
const CUT: char = '…';

/// Fewer characters of a secret tell nothing.
const LEAST: usize = 4;

/// The text with every piece of a form masked that ends or begins at a cut; `None` when there is
/// none.
pub(super) fn mask_cuts(text: &str, forms: &BTreeSet<String>) -> Option<String> {
    if !text.contains(CUT) {
        return None;
    }
    let pieces: Vec<&str> = text.split(CUT).collect();
    let last = pieces.len() - 1;
    let mut changed = false;
    let masked: Vec<String> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            // Excerpts stand in quotes, outside of which the sign is.
            let (before, after) = (index > 0, index < last);
            let start = if before && piece.starts_with('"') { 1 } else { 0 };
            let end = piece.len() - usize::from(after && piece.len() > start && piece.ends_with('"'));
            let inner = &piece[start..end];
            let whole =
                before && after && inner.len() >= LEAST && forms.iter().any(|form| form.contains(inner));
            let (head, tail) = match whole {
                true => (inner.len(), 0),
                false => (
                    if before { longest(forms, |form| ends_of(form, inner)) } else { 0 },
                    if after { longest(forms, |form| starts_of(form, inner)) } else { 0 },
                ),
            };
            if head + tail == 0 {
                return (*piece).to_owned();
            }
            changed = true;
            let mask = |size: usize| if size > 0 { MASK } else { "" };
            let rest = inner.get(head..inner.len() - tail).unwrap_or_default();
            format!("{}{}{rest}{}{}", &piece[..start], mask(head), mask(tail), &piece[end..])
        })
        .collect();
    changed.then(|| masked.join("…"))
}

fn longest(forms: &BTreeSet<String>, size: impl Fn(&str) -> usize) -> usize {
    forms.iter().map(|form| size(form)).max().unwrap_or(0)
}

/// How many bytes at the start of `text` are the end of the form.
fn ends_of(form: &str, text: &str) -> usize {
    let ends = form.char_indices().map(|(at, _)| &form[at..]);
    ends.filter(|end| end.len() >= LEAST && text.starts_with(end)).map(str::len).max().unwrap_or(0)
}

/// How many bytes at the end of `text` are the start of the form.
fn starts_of(form: &str, text: &str) -> usize {
    let starts = form.char_indices().map(|(at, _)| &form[..at]);
    starts.filter(|start| start.len() >= LEAST && text.ends_with(start)).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_at_cuts_are_masked_and_nothing_else() {
        let forms: BTreeSet<String> = ["correct-horse".to_owned()].into();
        for (text, masked) in [
            ("key is correct-h…", "key is •••…"),
            ("…t-horse, he said", "…•••, he said"),
            ("the corr…orse", "the •••…•••"),
            ("…\"rect-hor\"…", "…\"•••\"…"),
            ("…\"a correct-\"…", "…\"a •••\"…"),
            ("…rect…", "…•••…"),
        ] {
            assert_eq!(mask_cuts(text, &forms).as_deref(), Some(masked), "{text}");
        }
        for text in ["correct…", "cor…", "…se", "a…b", "no cut, correct-"] {
            let masked = mask_cuts(text, &forms);
            assert_eq!(masked.is_some(), text == "correct…", "{text}: {masked:?}");
        }
    }
}
