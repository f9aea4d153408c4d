//! Positions: lines and columns from 0, columns in the units that were agreed on.

use gen_lsp_types::{Position, Range};

use crate::source::{Source, Span};

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, which every client knows.
    #[default]
    Utf16,
}

impl Encoding {
    /// As the protocol calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16 => "utf-16",
        }
    }

    /// How many units a text has.
    pub(super) fn width(self, text: &str) -> u32 {
        match self {
            Encoding::Utf8 => text.len() as u32,
            Encoding::Utf16 => text.chars().map(|c| c.len_utf16() as u32).sum(),
        }
    }

    /// The byte at a position; past the end of a line, its end, and past the last line, the end.
    pub(super) fn offset(self, source: &Source, position: Position) -> u32 {
        let Some(start) = source.line_start(position.line.saturating_add(1)) else {
            return source.text.len() as u32;
        };
        let mut units = 0;
        let line = source.line(position.line + 1);
        for (at, c) in line.char_indices() {
            if units >= position.character {
                return start + at as u32;
            }
            units += match self {
                Encoding::Utf8 => c.len_utf8() as u32,
                Encoding::Utf16 => c.len_utf16() as u32,
            };
        }
        start + line.len() as u32
    }

    /// The position of a byte.
    pub(super) fn position(self, source: &Source, offset: u32) -> Position {
        let offset = offset.min(source.text.len() as u32);
        let (line, _) = source.line_column(offset);
        let start = source.line_start(line).unwrap_or(0);
        let before = source.text.get(start as usize..offset as usize).unwrap_or_default();
        Position { line: line - 1, character: self.width(before) }
    }

    /// The range of a span.
    pub(super) fn range(self, source: &Source, span: Span) -> Range {
        Range { start: self.position(source, span.start), end: self.position(source, span.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_the_units_that_were_agreed_on() {
        let source = Source::new("a.scn", "", "é = \"𝄞\" x\r\nlet");
        for (encoding, column) in [(Encoding::Utf8, 12), (Encoding::Utf16, 9)] {
            let x = source.text.find('x').unwrap() as u32;
            let position = Position { line: 0, character: column };
            assert_eq!(encoding.position(&source, x), position);
            assert_eq!(encoding.offset(&source, position), x);
            let far = Position { line: 0, character: 99 };
            assert_eq!(encoding.offset(&source, far), x + 1, "the end of the line");
            assert_eq!(encoding.offset(&source, Position { line: 9, character: 0 }), 18);
        }
    }
}
