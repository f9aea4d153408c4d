//! A scene as SVG (W3C SVG 1.1 with CSS): it brings its own style for light and dark, and needs
//! nothing from elsewhere.

use std::fmt::Write as _;

use textwrap::core::display_width;

use super::axis::{Axis, Span, rows};
use super::terminal::{chosen, cut};
use super::{Bar, Part, Scene};

/// More operations than this are not drawn.
const MOST: usize = 80;
/// Labels in bars are cut to so many columns.
const LABEL: usize = 34;
/// What a bar says to a pointer is cut to so many.
const HINT: usize = 160;
/// Names of rows are cut to so many columns.
const NAME: usize = 22;
/// Sentences are broken at so many columns.
const SENTENCE: usize = 100;

/// All lengths are in pixels. How wide a column of the monospaced font is, at most.
const COLUMN: usize = 8;
const BAR: usize = 28;
const ROW: usize = 46;
/// Arrows need more room between rows.
const ROW_WITH_ARROWS: usize = 84;
const MARGIN: usize = 20;
const LINE: usize = 20;

/// The style, for whoever puts drawings into a page too.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark}\
.h{--ink:#1c2430;--soft:#66717f;--rule:#e3e7ec;--row:#f6f8fa;--good:#0f6b5c;--goodbg:#d8f1ea;--bad:#b3261e;\
--badbg:#fde3e0;--plain:#33507a;--plainbg:#e1ebf8;--faint:#98a2ae;--faintbg:#eef1f4;--paper:#ffffff;\
font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}\
@media (prefers-color-scheme:dark){.h{--ink:#e4e9ef;--soft:#9aa5b1;--rule:#2b333d;--row:#171d25;--good:#7fd8c3;\
--goodbg:#12382f;--bad:#ff9d94;--badbg:#4a1a17;--plain:#a9c7f2;--plainbg:#1d2f4a;--faint:#76818d;--faintbg:#1e252e;\
--paper:#10151b}}\
.h text{fill:var(--ink)}.h .paper{fill:var(--paper)}.h .soft{fill:var(--soft)}.h .rule{stroke:var(--rule)}.h .row{fill:var(--row)}\
.h .title{font-weight:700;font-size:15px}\
.h .order rect{fill:var(--goodbg);stroke:var(--good)}.h .order text{fill:var(--good)}\
.h .stuck rect{fill:var(--badbg);stroke:var(--bad);stroke-width:2}.h .stuck text{fill:var(--bad);font-weight:700}\
.h .named rect,.h .spare rect{fill:var(--plainbg);stroke:var(--plain)}.h .named text,.h .spare text{fill:var(--plain)}\
.h .context rect{fill:var(--faintbg);stroke:var(--faint);stroke-dasharray:2 2}.h .context text{fill:var(--soft)}\
.h .dash{fill:none;stroke-dasharray:5 4}\
.h .order .dash{stroke:var(--good)}.h .stuck .dash{stroke:var(--bad)}.h .named .dash,.h .spare .dash{stroke:var(--plain)}\
.h .context .dash{stroke:var(--faint)}\
.h .way{fill:none;stroke:var(--good);stroke-width:1.5;stroke-dasharray:2 4;opacity:.8}\
.h .point circle{fill:var(--good)}.h .point text{fill:var(--paper);font-size:11px;font-weight:700;text-anchor:middle}\
.h .tie{fill:none;stroke:var(--bad);stroke-width:1.8}.h .head{fill:var(--bad)}\
.h .word rect{fill:var(--paper);stroke:var(--bad)}.h .word text{fill:var(--bad);font-weight:700;text-anchor:middle}";

/// Draws a scene. Alone it has its title and its sentences; in a page it leaves them to the page.
pub fn svg(scene: &Scene, alone: bool) -> String {
    let shown = chosen(&scene.bars, MOST, true);
    let drawing = Drawing::of(scene, &shown);
    let head = if alone { 64 } else { 30 };
    let mut below: Vec<String> = Vec::new();
    if alone {
        below.extend(scene.ending.iter().flat_map(|text| broken(text)));
        let hidden = scene.bars.len() - shown.len() + scene.left_out;
        if hidden > 0 {
            below.push(format!("{hidden} other operations of the history are not drawn"));
        }
    }
    let mut note = "time runs to the right; distances show order, not duration".to_owned();
    if scene.bars.iter().any(|bar| matches!(bar.part, Part::Order(_))) {
        note.push_str("; the numbers are the order that explains the most");
    }
    let sentences = below.iter().map(String::as_str).chain([note.as_str()]);
    let widest = sentences.map(|line| display_width(line) * COLUMN).max().unwrap_or(0);
    let title = if alone { display_width(&scene.title) * 9 } else { 0 };
    let width =
        (drawing.left + drawing.right + MARGIN).max(widest + 2 * MARGIN).max(title + 2 * MARGIN).max(360);
    let rows = head + drawing.rows.len() * drawing.row;
    let height = rows + if below.is_empty() { 8 } else { 24 + below.len() * LINE };
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"h\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"xMinYMin\" role=\"img\"><title>{}</title>",
        clean(&scene.title)
    );
    if alone {
        let _ = write!(
            out,
            "<style>{STYLE}</style><rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>"
        );
        let _ = write!(out, "<text class=\"title\" x=\"{MARGIN}\" y=\"30\">{}</text>", clean(&scene.title));
    }
    let _ = write!(out, "<text class=\"soft\" x=\"{MARGIN}\" y=\"{}\">{note}</text>", head - 12);
    // In a page the rows go on to its edge.
    drawing.write(&mut out, head, if alone { width } else { 4000 });
    for (line, text) in below.iter().enumerate() {
        let y = rows + 28 + line * LINE;
        let _ = write!(out, "<text x=\"{MARGIN}\" y=\"{y}\">{}</text>", clean(text));
    }
    out.push_str("</svg>\n");
    out
}

/// A text as XML, without what XML cannot hold.
pub(super) fn clean(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { '\u{fffd}' } else { c })
        .collect();
    quick_xml::escape::escape(text).into_owned()
}

fn broken(text: &str) -> Vec<String> {
    let options = textwrap::Options::new(SENTENCE).word_separator(textwrap::WordSeparator::AsciiSpace);
    textwrap::wrap(text, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// Where everything stands.
struct Drawing<'a> {
    scene: &'a Scene,
    /// The bars that are drawn: which, with their rows and texts.
    bars: Vec<(usize, usize, String)>,
    rows: Vec<String>,
    axis: Axis,
    /// Where the first moment stands.
    left: usize,
    /// Where what has no end is drawn to, from there.
    right: usize,
    /// The height of a row.
    row: usize,
}

impl<'a> Drawing<'a> {
    fn of(scene: &'a Scene, shown: &[usize]) -> Drawing<'a> {
        let bars = || shown.iter().map(|at| &scene.bars[*at]);
        let spans: Vec<(&str, i64, Option<i64>)> =
            bars().map(|bar| (bar.process.as_str(), bar.start, bar.end)).collect();
        let (placed, rows) = rows(&spans);
        let rows: Vec<String> = rows.iter().map(|name| cut(name, NAME)).collect();
        let texts: Vec<String> = bars().map(text).collect();
        let spans: Vec<Span> = bars()
            .zip(&texts)
            .map(|(bar, text)| {
                // A point of the order stands before the label.
                let point = if matches!(bar.part, Part::Order(_)) { 22 } else { 0 };
                let open = if bar.end.is_none() { 40 } else { 0 };
                Span {
                    start: bar.start,
                    end: bar.end,
                    room: display_width(text) * COLUMN + 20 + point + open,
                }
            })
            .collect();
        let axis = Axis::of(&spans, 10);
        let name = rows.iter().map(|name| display_width(name)).max().unwrap_or(0);
        let left = MARGIN + name * COLUMN + 18;
        let right = axis.right;
        let row = if scene.arrows.is_empty() { ROW } else { ROW_WITH_ARROWS };
        let bars = shown.iter().zip(placed).zip(texts).map(|((at, row), text)| (*at, row, text)).collect();
        Drawing { scene, bars, rows, axis, left, right, row }
    }

    fn write(&self, out: &mut String, head: usize, width: usize) {
        for (row, name) in self.rows.iter().enumerate() {
            let y = head + row * self.row;
            if row.is_multiple_of(2) {
                let _ = write!(
                    out,
                    "<rect class=\"row\" x=\"0\" y=\"{y}\" width=\"{width}\" height=\"{}\"/>",
                    self.row
                );
            }
            if row == 0 || self.rows[row - 1] != *name {
                let middle = y + self.row / 2 + 4;
                let _ =
                    write!(out, "<text class=\"soft\" x=\"{MARGIN}\" y=\"{middle}\">{}</text>", clean(name));
            }
        }
        let (way, points) = self.order(head);
        out.push_str(&way);
        for (at, row, text) in &self.bars {
            self.bar(out, &self.scene.bars[*at], *row, head, text);
        }
        out.push_str(&points);
        self.arrows(out, head);
    }

    fn ends(&self, bar: &Bar) -> (usize, usize) {
        (self.left + self.axis.at(bar.start), self.left + self.axis.end(bar.end))
    }

    fn bar(&self, out: &mut String, bar: &Bar, row: usize, head: usize, text: &str) {
        let y = head + row * self.row + (self.row - BAR) / 2;
        let (from, to) = self.ends(bar);
        let length = to.saturating_sub(from).max(4);
        let class = match bar.part {
            Part::Stuck => "stuck",
            Part::Order(_) => "order",
            Part::Named(_) => "named",
            Part::Spare => "spare",
            Part::Context => "context",
        };
        let remark = if bar.remark.is_empty() { String::new() } else { format!(", {}", bar.remark) };
        let told = format!("{} by {}, {}{remark}", bar.label, bar.process, bar.when);
        let _ = write!(out, "<g class=\"{class}\"><title>{}</title>", clean(&cut(&told, HINT)));
        let _ = write!(out, "<rect x=\"{from}\" y=\"{y}\" width=\"{length}\" height=\"{BAR}\" rx=\"5\"/>");
        if bar.end.is_none() {
            // What has no end is torn open at its right, and goes on.
            let (x, top, low) = (to.saturating_sub(16), y.saturating_sub(2), y + BAR + 2);
            let mut tear = format!("M{x} {top}");
            for tooth in 0..4 {
                let height = (low - top) / 4;
                let at = top + tooth * height;
                let _ = write!(tear, "L{} {}L{x} {}", x + 7, at + height / 2, at + height);
            }
            let behind = if row.is_multiple_of(2) { "row" } else { "paper" };
            let _ = write!(out, "<path class=\"{behind}\" d=\"{tear}L{} {low}L{} {top}Z\"/>", to + 4, to + 4);
            let middle = y + BAR / 2;
            let _ = write!(out, "<path class=\"dash\" d=\"M{} {middle}H{}\"/>", x + 10, to + 12);
        }
        let point = if matches!(bar.part, Part::Order(_)) { 22 } else { 0 };
        let _ = write!(
            out,
            "<text x=\"{}\" y=\"{}\">{}</text></g>",
            from + 10 + point,
            y + BAR / 2 + 5,
            clean(text)
        );
    }

    /// The way from where one operation of the order may have taken effect to where the next one
    /// may, and these points.
    fn order(&self, head: usize) -> (String, String) {
        let mut order: Vec<(usize, &Bar, usize)> = Vec::new();
        for (at, row, _) in &self.bars {
            if let Part::Order(place) = self.scene.bars[*at].part {
                order.push((place, &self.scene.bars[*at], *row));
            }
        }
        order.sort_by_key(|(place, ..)| *place);
        let mut way = String::new();
        let mut points = String::new();
        let mut before = 0;
        for (place, bar, row) in order {
            let (from, to) = self.ends(bar);
            let x = (from + 16).max(before + 6).min(to.max(from + 4) - 2);
            before = x;
            let y = head + row * self.row + self.row / 2;
            let _ = write!(way, "{}{x} {y}", if way.is_empty() { "M" } else { "L" });
            let _ = write!(
                points,
                "<g class=\"point\"><circle cx=\"{x}\" cy=\"{y}\" r=\"9\"/><text x=\"{x}\" y=\"{}\">{place}</text></g>",
                y + 4
            );
        }
        if !way.is_empty() {
            way = format!("<path class=\"way\" d=\"{way}\"/>");
        }
        (way, points)
    }

    fn arrows(&self, out: &mut String, head: usize) {
        let place = |at: usize| {
            self.bars.iter().find(|(bar, ..)| *bar == at).map(|(bar, row, _)| (&self.scene.bars[*bar], *row))
        };
        let mut words = String::new();
        for arrow in &self.scene.arrows {
            let (Some((one, upper)), Some((other, lower))) = (place(arrow.from), place(arrow.to)) else {
                continue;
            };
            let middle = |bar: &Bar| {
                let (from, to) = self.ends(bar);
                (from + to.max(from)) / 2
            };
            // Ways down keep to the left of ways up.
            let aside: isize = if upper < lower { -22 } else { 22 };
            let (x1, x2) = (middle(one) as isize + aside, middle(other) as isize + aside);
            let edge = |row: usize, down: bool| {
                let y = head + row * self.row + (self.row - BAR) / 2;
                (if down { y + BAR } else { y }) as isize
            };
            let (y1, y2, bend) = match upper.cmp(&lower) {
                std::cmp::Ordering::Less => (edge(upper, true), edge(lower, false), 26),
                std::cmp::Ordering::Greater => (edge(upper, false), edge(lower, true), -26),
                std::cmp::Ordering::Equal => (edge(upper, false), edge(lower, false), -26),
            };
            let second = if upper == lower { y2 - 26 } else { y2 - bend };
            let _ = write!(
                out,
                "<path class=\"tie\" d=\"M{x1} {y1}C{x1} {} {x2} {second} {x2} {}\"/>",
                y1 + bend,
                y2 - bend.signum() * 6
            );
            let (tip, wing) = if upper == lower { (y2, -9) } else { (y2, -9 * bend.signum()) };
            let _ =
                write!(out, "<path class=\"head\" d=\"M{x2} {tip}L{} {}H{}Z\"/>", x2 - 5, tip + wing, x2 + 5);
            let (x, y) = ((x1 + x2) / 2, if upper == lower { y1 - 20 } else { (y1 + y2) / 2 });
            let width = display_width(&arrow.label) * COLUMN + 12;
            let _ = write!(
                words,
                "<g class=\"word\"><rect x=\"{}\" y=\"{}\" width=\"{width}\" height=\"18\" rx=\"9\"/><text x=\"{x}\" y=\"{}\">{}</text></g>",
                x - width as isize / 2,
                y - 9,
                y + 4,
                clean(&arrow.label)
            );
        }
        out.push_str(&words);
    }
}

/// What stands in a bar.
fn text(bar: &Bar) -> String {
    let label = cut(&bar.label, LABEL);
    match bar.part {
        Part::Stuck => format!("✗ {label}"),
        Part::Named(place) => format!("T{place} {label}"),
        _ => label,
    }
}
