//! One excerpt of one file with marks, drawn by miette. Whoever draws gives the lines to show, so
//! that a replay draws the same picture without the file.

use std::borrow::Cow;
use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, SourceSpan, SpanContents};

use super::{Look, Severity};

/// A mark that covers more lines than this is shown at its first line only.
const TALLEST: usize = 8;

/// What stands above, inside and below the excerpt.
#[derive(Debug)]
pub(crate) struct Picture<'a> {
    /// The code, when it is to be shown.
    pub(crate) code: Option<&'a str>,
    /// Picks the colour and the sign before the message; `None` is a mere note.
    pub(crate) severity: Option<Severity>,
    /// The message.
    pub(crate) message: &'a str,
    /// The excerpt.
    pub(crate) excerpt: Option<Excerpt<'a>>,
    /// The advice below.
    pub(crate) help: Option<&'a str>,
}

/// Lines of a file.
#[derive(Debug)]
pub(crate) struct Excerpt<'a> {
    /// The file's name.
    pub(crate) file: &'a str,
    /// The lines.
    pub(crate) lines: Vec<Cow<'a, str>>,
    /// The 1-based number of the first of them.
    pub(crate) first: usize,
    /// The marks; the first is the one that gives the place in the heading.
    pub(crate) marks: Vec<Mark<'a>>,
}

/// A stretch of an excerpt: lines count from 0 within it, columns in bytes.
#[derive(Debug, Clone)]
pub(crate) struct Mark<'a> {
    /// Line and byte where it starts.
    pub(crate) from: (usize, usize),
    /// Line and byte where it ends.
    pub(crate) to: (usize, usize),
    /// The 1-based column in characters, for the heading.
    pub(crate) column: usize,
    /// What is said there.
    pub(crate) text: &'a str,
}

/// Draws the picture; ends with a newline.
pub(crate) fn draw(picture: &Picture<'_>, look: Look) -> String {
    let width = look.width.clamp(20, 400);
    let handler = GraphicalReportHandler::new_themed(theme(look))
        .with_width(width)
        .with_links(false)
        .with_context_lines(1)
        .tab_width(TAB)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .without_syntax_highlighting();
    let page = picture.excerpt.as_ref().map(|excerpt| Page::of(excerpt, width));
    let mut out = String::new();
    // Writing to a string cannot fail; miette's own errors leave what was drawn so far.
    let _ = handler.render_report(&mut out, &Report { picture, page });
    out.lines().map(str::trim_end).flat_map(|line| [line, "\n"]).collect()
}

const TAB: usize = 4;

fn theme(look: Look) -> GraphicalTheme {
    match (look.unicode, look.color) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::unicode_nocolor(),
        (false, true) => {
            GraphicalTheme { characters: GraphicalTheme::none().characters, ..GraphicalTheme::unicode() }
        }
        (false, false) => GraphicalTheme::none(),
    }
}

/// The excerpt as one text in which every line fits the terminal, with the marks moved along.
#[derive(Debug)]
struct Page {
    file: String,
    text: String,
    first: usize,
    marks: Vec<Placed>,
}

#[derive(Debug)]
struct Placed {
    start: usize,
    len: usize,
    column: usize,
    text: String,
}

impl Page {
    fn of(excerpt: &Excerpt<'_>, width: usize) -> Page {
        let digits = (excerpt.first + excerpt.lines.len()).to_string().len();
        let room = width.saturating_sub(digits + 6).max(16);
        let mut text = String::new();
        let mut placed: Vec<Line> = Vec::new();
        for (index, line) in excerpt.lines.iter().enumerate() {
            let wanted = excerpt
                .marks
                .iter()
                .find(|mark| mark.from.0 == index)
                .map(|mark| (mark.from.1, if mark.to.0 == index { mark.to.1 } else { line.len() }));
            let window = window(line, wanted, room);
            let start = text.len();
            if window.start > 0 {
                text.push('…');
            }
            let prefix = text.len() - start;
            text.extend(line[window.start..window.end].chars().flat_map(harmless));
            if window.end < line.len() {
                text.push('…');
            }
            placed.push(Line { start: start + prefix, from: window.start, to: window.end });
            text.push('\n');
        }
        let offset = |(line, byte): (usize, usize)| match placed.get(line) {
            Some(line) => line.start + byte.clamp(line.from, line.to) - line.from,
            None => text.len(),
        };
        let marks = excerpt
            .marks
            .iter()
            .map(|mark| {
                let to = if mark.to.0 > mark.from.0 + TALLEST { (mark.from.0, usize::MAX) } else { mark.to };
                let start = floor(&text, offset(mark.from));
                let end = floor(&text, offset(to)).max(start);
                let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
                // The label hangs from the middle of the mark.
                let hang = columns(&text[line..start]) + columns(&text[start..end]).min(room) / 2 + 4;
                let label = textwrap::fill(mark.text, room.saturating_sub(hang).max(10));
                Placed { start, len: end - start, column: mark.column, text: label }
            })
            .collect();
        Page { file: excerpt.file.to_owned(), text, first: excerpt.first, marks }
    }
}

struct Line {
    start: usize,
    from: usize,
    to: usize,
}

/// The part of a line that is shown: all of it when it fits, otherwise the part around the mark.
fn window(line: &str, mark: Option<(usize, usize)>, room: usize) -> std::ops::Range<usize> {
    if columns(line) <= room {
        return 0..line.len();
    }
    let (from, to) = mark.unwrap_or((0, 0));
    let from = floor(line, from.min(line.len()));
    let to = floor(line, to.min(line.len())).max(from);
    let mut start = 0;
    if columns(&line[..to]) + 1 > room {
        // Keep a third of the room for what stands before the mark.
        start = from;
        let mut before = 0;
        for (index, c) in line[..from].char_indices().rev() {
            before += column_width(c);
            if before > room / 3 {
                break;
            }
            start = index;
        }
    }
    let mut used = usize::from(start > 0) + 1;
    let mut end = start;
    for (index, c) in line[start..].char_indices() {
        used += column_width(c);
        if used > room {
            break;
        }
        end = start + index + c.len_utf8();
    }
    start..end
}

fn columns(text: &str) -> usize {
    text.chars().map(column_width).sum()
}

fn column_width(c: char) -> usize {
    if c == '\t' { TAB } else { textwrap::core::display_width(c.encode_utf8(&mut [0; 4])) }
}

/// The nearest character boundary at or before `index`.
fn floor(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

/// What steers terminals must not reach them; the stand-in has as many bytes, so that marks stay.
fn harmless(c: char) -> impl Iterator<Item = char> {
    let (stand_in, times) = match c {
        '\t' => ('\t', 1),
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => ('\u{fffd}', 1),
        c if c.is_control() => ('?', c.len_utf8()),
        c => (c, 1),
    };
    std::iter::repeat_n(stand_in, times)
}

impl miette::SourceCode for Page {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_str().read_span(span, before, after)?;
        let mut column = inner.column();
        if before == 0
            && let Some(mark) = self.marks.iter().find(|mark| mark.start == span.offset())
        {
            column = mark.column.saturating_sub(1);
        }
        Ok(Box::new(miette::MietteSpanContents::new_named(
            self.file.clone(),
            inner.data(),
            *inner.span(),
            inner.line() + self.first.saturating_sub(1),
            column,
            inner.line_count(),
        )))
    }
}

#[derive(Debug)]
struct Report<'a> {
    picture: &'a Picture<'a>,
    page: Option<Page>,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clean: String =
            self.picture.message.chars().map(|c| if c == '\u{1b}' { '?' } else { c }).collect();
        f.write_str(&clean)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.picture.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.picture.severity {
            Some(Severity::Error) => miette::Severity::Error,
            Some(Severity::Warning) => miette::Severity::Warning,
            None => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.picture.help.map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.page.as_ref().map(|page| page as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let page = self.page.as_ref()?;
        Some(Box::new(page.marks.iter().enumerate().map(|(index, mark)| {
            let text = (!mark.text.is_empty()).then(|| mark.text.clone());
            let span = (mark.start, mark.len);
            if index == 0 {
                LabeledSpan::new_primary_with_span(text, span)
            } else {
                LabeledSpan::new_with_span(text, span)
            }
        })))
    }
}
