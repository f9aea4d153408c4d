//! Texts that a regex matches, drawn along its syntax tree.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::stream::Stream;

/// A repetition without an upper bound is drawn at most this much longer than its least count.
const LONGER: u32 = 8;
/// No text is drawn longer.
const MAX_LENGTH: usize = 100_000;

/// A text along the regex; anchors and word boundaries are taken to hold.
pub(super) fn text(source: &str, stream: &mut Stream) -> Result<String, String> {
    let tree = regex_syntax::parse(source).map_err(|_| format!("re\"{source}\" cannot be drawn"))?;
    let mut out = String::new();
    write(&tree, stream, &mut out).map_err(|why| format!("re\"{source}\" {why}"))?;
    Ok(out)
}

fn write(tree: &Hir, stream: &mut Stream, out: &mut String) -> Result<(), String> {
    if out.len() > MAX_LENGTH {
        return Err(format!("makes texts of more than {MAX_LENGTH} bytes"));
    }
    match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => Ok(()),
        HirKind::Literal(literal) => {
            let text =
                std::str::from_utf8(&literal.0).map_err(|_| "matches bytes that are no text".to_owned())?;
            out.push_str(text);
            Ok(())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ranges: Vec<(char, char)> =
                class.ranges().iter().map(|range| (range.start(), range.end())).collect();
            out.push(character(&ranges, stream).ok_or("matches nothing")?);
            Ok(())
        }
        HirKind::Class(Class::Bytes(class)) => {
            let ranges: Vec<(char, char)> =
                class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect();
            out.push(character(&ranges, stream).ok_or("matches nothing")?);
            Ok(())
        }
        HirKind::Repetition(repetition) => {
            let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min.saturating_add(LONGER));
            let count = stream.between(repetition.min.into(), most.into());
            (0..count).try_for_each(|_| write(&repetition.sub, stream, out))
        }
        HirKind::Capture(capture) => write(&capture.sub, stream, out),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, stream, out)),
        HirKind::Alternation(parts) => {
            let choice = stream.below(parts.len() as u128) as usize;
            parts.get(choice).map_or(Ok(()), |part| write(part, stream, out))
        }
    }
}

/// Printable ASCII when the class has any: `.` and `\w` should not draw what nobody can read.
fn character(ranges: &[(char, char)], stream: &mut Stream) -> Option<char> {
    let plain: Vec<(char, char)> = ranges
        .iter()
        .map(|&(from, to)| (from.max(' '), to.min('~')))
        .filter(|(from, to)| from <= to)
        .collect();
    let ranges = if plain.is_empty() { ranges } else { &plain };
    let size = |&(from, to): &(char, char)| u128::from(to as u32 - from as u32) + 1;
    let mut at = stream.below(ranges.iter().map(size).sum());
    for range in ranges {
        if at < size(range) {
            // A range may span the surrogates, which are no characters.
            return Some(char::from_u32(range.0 as u32 + at as u32).unwrap_or(range.0));
        }
        at -= size(range);
    }
    None
}
