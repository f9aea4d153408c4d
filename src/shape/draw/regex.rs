//! Texts that a regex matches, drawn along its syntax tree.

use std::sync::Arc;

use ::regex::Regex;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::stream::Stream;
use crate::shape::matching::whole_match;

/// A repetition without an upper bound is drawn at most this much longer than its least count.
const LONGER: u32 = 8;
/// No text is drawn longer.
const MAX_LENGTH: usize = 100_000;
/// Look-arounds of words can refuse what was drawn, so a few more are tried.
const TRIES: usize = 50;

/// What is to be known of a regex to draw of it, found once.
#[derive(Debug)]
pub(super) struct Text {
    regex: Arc<Regex>,
    tree: Part,
    /// Whether everything along the tree matches: there is nothing in it that looks around.
    certain: bool,
}

#[derive(Debug)]
enum Part {
    Text(Box<str>),
    /// The first characters of ranges with how many there are, and the sum.
    Class(Vec<(u32, u32)>, u32),
    Repeat(Box<Part>, u32, u32),
    All(Vec<Part>),
    One(Vec<Part>),
}

impl Text {
    /// Reads the regex. Errors: it matches nothing, or no text.
    pub(super) fn new(regex: &Arc<Regex>) -> Result<Text, String> {
        let source = regex.as_str();
        let tree = regex_syntax::parse(source).map_err(|_| format!("re\"{source}\" cannot be drawn"))?;
        let certain = tree.properties().look_set().is_empty();
        let tree = part(&tree).map_err(|why| format!("re\"{source}\" {why}"))?;
        Ok(Text { regex: regex.clone(), tree, certain })
    }

    /// A text that the whole regex matches.
    pub(super) fn draw(&self, stream: &mut Stream) -> Result<String, String> {
        for _ in 0..TRIES {
            let mut out = String::new();
            write(&self.tree, stream, &mut out)
                .map_err(|why| format!("re\"{}\" {why}", self.regex.as_str()))?;
            if self.certain || whole_match(&self.regex, &out)? {
                return Ok(out);
            }
        }
        Err(format!("no text was found that re\"{}\" matches", self.regex.as_str()))
    }

    /// The shortest text along the tree, the longest, and one of its last characters.
    pub(super) fn edges(&self) -> Vec<String> {
        let ends = [(false, false), (true, false), (true, true), (false, true)];
        let mut found: Vec<String> = Vec::new();
        for (long, last) in ends {
            let mut out = String::new();
            if end(&self.tree, long, last, &mut out) && !found.contains(&out) {
                found.push(out);
            }
        }
        found.retain(|text| whole_match(&self.regex, text) == Ok(true));
        found
    }
}

fn part(tree: &Hir) -> Result<Part, String> {
    Ok(match tree.kind() {
        HirKind::Empty | HirKind::Look(_) => Part::All(Vec::new()),
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0);
            Part::Text(text.map_err(|_| "matches bytes that are no text".to_owned())?.into())
        }
        HirKind::Class(class) => {
            let ranges: Vec<(u32, u32)> = match class {
                Class::Unicode(class) => {
                    class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
                }
                Class::Bytes(class) => {
                    class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
                }
            };
            class_of(&ranges).ok_or("matches nothing")?
        }
        HirKind::Repetition(repeat) => {
            let most = repeat.max.unwrap_or(u32::MAX).min(repeat.min.saturating_add(LONGER));
            Part::Repeat(Box::new(part(&repeat.sub)?), repeat.min, most)
        }
        HirKind::Capture(capture) => part(&capture.sub)?,
        HirKind::Concat(parts) => Part::All(parts.iter().map(part).collect::<Result<_, _>>()?),
        // An alternative that matches nothing is never taken.
        HirKind::Alternation(parts) => {
            let parts: Vec<Part> = parts.iter().filter_map(|alternative| part(alternative).ok()).collect();
            if parts.is_empty() {
                return Err("matches nothing".to_owned());
            }
            Part::One(parts)
        }
    })
}

/// Printable ASCII when the class has any: `.` and `\w` should not draw what nobody can read. The
/// surrogates, which are no characters, are left out.
fn class_of(ranges: &[(u32, u32)]) -> Option<Part> {
    let within = |low: u32, high: u32| {
        let cut = ranges.iter().map(move |&(from, to)| (from.max(low), to.min(high)));
        cut.filter(|(from, to)| from <= to).map(|(from, to)| (from, to - from + 1))
    };
    let mut found: Vec<(u32, u32)> = within(0x20, 0x7e).collect();
    if found.is_empty() {
        found = within(0, 0xd7ff).chain(within(0xe000, 0x10_ffff)).collect();
    }
    let sum = found.iter().map(|(_, count)| count).sum();
    (sum > 0).then_some(Part::Class(found, sum))
}

fn write(tree: &Part, stream: &mut Stream, out: &mut String) -> Result<(), String> {
    if out.len() > MAX_LENGTH {
        return Err(format!("makes texts of more than {MAX_LENGTH} bytes"));
    }
    match tree {
        Part::Text(text) => out.push_str(text),
        Part::Class(ranges, sum) => out.extend(character(ranges, stream.below((*sum).into()) as u32)),
        Part::Repeat(inner, least, most) => {
            let count = stream.between((*least).into(), (*most).into());
            (0..count).try_for_each(|_| write(inner, stream, out))?;
        }
        Part::All(parts) => parts.iter().try_for_each(|part| write(part, stream, out))?,
        Part::One(parts) => {
            let choice = stream.index(parts.len());
            parts.get(choice).map_or(Ok(()), |part| write(part, stream, out))?;
        }
    }
    Ok(())
}

fn character(ranges: &[(u32, u32)], mut at: u32) -> Option<char> {
    for &(from, count) in ranges {
        if at < count {
            return char::from_u32(from + at);
        }
        at -= count;
    }
    None
}

/// The text at an end: every repetition as short or as long as it is drawn, every class by its
/// first or last character. `false` when it grows too long.
fn end(tree: &Part, long: bool, last: bool, out: &mut String) -> bool {
    if out.len() > MAX_LENGTH {
        return false;
    }
    match tree {
        Part::Text(text) => out.push_str(text),
        Part::Class(ranges, sum) => out.extend(character(ranges, if last { sum - 1 } else { 0 })),
        Part::Repeat(inner, least, most) => {
            let count = if long { *most } else { *least };
            return (0..count).all(|_| end(inner, long, last, out));
        }
        Part::All(parts) => return parts.iter().all(|part| end(part, long, last, out)),
        Part::One(parts) => {
            let part = if last { parts.last() } else { parts.first() };
            return part.is_none_or(|part| end(part, long, last, out));
        }
    }
    true
}
