//! A scene on a terminal: the bars, then the operations one below the other, then what follows.

use textwrap::core::display_width;

use super::axis::{Axis, Span, rows};
use super::{Bar, Part, Scene};

/// A line as its pieces.
pub type Line = Vec<(Tone, String)>;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// What is wrong.
    Bad,
    /// What is explained.
    Good,
    /// Names of rows.
    Name,
    /// Less important.
    Faint,
}

/// More operations than this are not drawn.
const MOST: usize = 24;
/// Names of processes are cut to so many columns.
const NAME: usize = 18;
/// Labels in the list have so many columns at least.
const LEAST: usize = 16;
/// Labels in bars are cut to these numbers of columns until the bars fit.
const LABELS: [usize; 3] = [40, 24, 14];

/// Draws a scene in so many columns, with more than ASCII or without. Lines have no colours and no
/// line ends.
pub fn draw(scene: &Scene, width: usize, unicode: bool) -> Vec<Line> {
    let width = width.clamp(40, 160);
    let signs = if unicode { &UNICODE } else { &ASCII };
    let scene = &if unicode { scene.clone() } else { in_ascii(scene) };
    let mut shown = chosen(&scene.bars, MOST, false);
    let plan = loop {
        if let Some(plan) = plan(&scene.bars, &shown, width, signs) {
            break Some(plan);
        }
        let Some(fewer) = shown.len().checked_sub(1).filter(|fewer| *fewer > 0) else { break None };
        shown = chosen(&scene.bars, fewer, false);
    };
    let mut lines = sentence(&scene.title, width, Tone::Plain);
    lines.push(Line::new());
    if let Some(plan) = plan {
        lines.extend(plan.lines(signs));
        lines.push(Line::new());
    }
    lines.extend(list(&scene.bars, &shown, width, signs));
    let hidden =
        scene.bars.iter().enumerate().filter(|(at, bar)| !shown.contains(at) && bar.part != Part::Context);
    let hidden = hidden.count();
    if hidden > 0 {
        let text = format!("and {hidden} more that belong to it, further from what is wrong");
        lines.extend(sentence(&text, width, Tone::Faint));
    }
    if !scene.ending.is_empty() {
        lines.push(Line::new());
    }
    for text in &scene.ending {
        lines.extend(sentence(text, width, Tone::Plain));
    }
    lines
}

/// The bars to draw: those that matter most, in the order of their starts; with those around them
/// or without.
pub(super) fn chosen(bars: &[Bar], count: usize, with_context: bool) -> Vec<usize> {
    let is_drawn = |at: &usize| with_context || bars[*at].part != Part::Context;
    let mut order: Vec<usize> = (0..bars.len()).filter(is_drawn).collect();
    // Of the order its end counts: that is where it goes no further.
    order.sort_by_key(|at| match bars[*at].part {
        Part::Stuck => (0, 0),
        Part::Order(place) => (1, usize::MAX - place),
        Part::Named(place) => (1, place),
        Part::Spare => (2, *at),
        Part::Context => (3, *at),
    });
    order.truncate(count);
    order.sort_unstable();
    order
}

/// Where everything stands.
struct Plan {
    axis: Axis,
    rows: Vec<String>,
    /// For each bar: row, text in it, tone, its ends.
    bars: Vec<(usize, String, Bar)>,
    gutter: usize,
}

/// A plan that fits: with labels as long as possible, else with their numbers alone.
fn plan(bars: &[Bar], shown: &[usize], width: usize, signs: &Signs) -> Option<Plan> {
    let spans: Vec<(&str, i64, Option<i64>)> =
        shown.iter().map(|at| (bars[*at].process.as_str(), bars[*at].start, bars[*at].end)).collect();
    let (placed, rows) = rows(&spans);
    let rows: Vec<String> = rows.iter().map(|name| cut(name, NAME)).collect();
    let gutter = rows.iter().map(|name| display_width(name)).max().unwrap_or(0) + 2;
    let labels = LABELS.iter().map(|most| Some(*most)).chain([None]);
    labels
        .map(|most| {
            let text = |bar: &Bar| {
                let key = key(bar.part, signs);
                match most {
                    Some(most) => {
                        format!(" {key}{}{} ", if key.is_empty() { "" } else { " " }, cut(&bar.label, most))
                    }
                    None => key,
                }
            };
            let bars: Vec<(usize, String, Bar)> = shown
                .iter()
                .zip(&placed)
                .map(|(at, row)| (*row, text(&bars[*at]), bars[*at].clone()))
                .collect();
            let spans: Vec<Span> = bars
                .iter()
                .map(|(_, text, bar)| Span {
                    start: bar.start,
                    end: bar.end,
                    room: display_width(text) + if bar.end.is_some() { 1 } else { 3 },
                })
                .collect();
            Plan { axis: Axis::of(&spans, 1), rows: rows.clone(), bars, gutter }
        })
        .find(|plan| plan.gutter + plan.axis.right < width)
}

impl Plan {
    fn lines(&self, signs: &Signs) -> Vec<Line> {
        let mut lines = Vec::new();
        for (row, name) in self.rows.iter().enumerate() {
            // A name stands on the first of its rows.
            let name = if row > 0 && self.rows[row - 1] == *name { "" } else { name };
            let mut line = vec![(Tone::Name, pad(name, self.gutter))];
            let mut bars: Vec<&(usize, String, Bar)> =
                self.bars.iter().filter(|(at, ..)| *at == row).collect();
            bars.sort_by_key(|(_, _, bar)| bar.start);
            let mut column = 0;
            for (_, text, bar) in bars {
                let (from, to) = (self.axis.at(bar.start), self.axis.end(bar.end));
                line.push((Tone::Plain, " ".repeat(from.saturating_sub(column))));
                line.extend(self.bar(text, bar, to.saturating_sub(from), signs));
                column = to + 1;
            }
            lines.push(trim(line));
        }
        lines
    }

    /// A bar whose last column is `length` after its first.
    fn bar(&self, text: &str, bar: &Bar, length: usize, signs: &Signs) -> Line {
        let tone = tone(bar.part);
        let [left, dash, right] = if bar.part == Part::Stuck { signs.stuck } else { signs.bar };
        let inside = length.saturating_sub(1);
        let used = display_width(text).min(inside);
        let before = usize::from(inside > used + 1);
        let after = inside.saturating_sub(used + before);
        let (after, end) = match bar.end {
            Some(_) => (dash.repeat(after), right),
            // Where it has no end it frays out.
            None => (format!("{}{}", dash, signs.open.repeat(after.saturating_sub(1))), signs.arrow),
        };
        let ends = if bar.part == Part::Stuck { Tone::Bad } else { Tone::Faint };
        vec![
            (ends, format!("{left}{}", dash.repeat(before))),
            (tone, text.to_owned()),
            (ends, format!("{after}{end}")),
        ]
    }
}

/// The operations one below the other: those of the order in it, then the others.
fn list(bars: &[Bar], shown: &[usize], width: usize, signs: &Signs) -> Vec<Line> {
    let mut order: Vec<&Bar> = shown.iter().map(|at| &bars[*at]).collect();
    order.sort_by_key(|bar| match bar.part {
        Part::Order(place) | Part::Named(place) => (0, place),
        Part::Stuck => (1, 0),
        Part::Spare => (2, 0),
        Part::Context => (3, 0),
    });
    let widest = |text: fn(&Bar) -> &str, most: usize| {
        order.iter().map(|bar| display_width(text(bar)).min(most)).max().unwrap_or(0)
    };
    let name = widest(|bar| &bar.process, NAME);
    let when = widest(|bar| &bar.when, 40);
    let remark = widest(|bar| &bar.remark, 40);
    // The label has what the others leave; where that is too little, remarks give way, and then
    // times.
    let room = |others: usize| width.saturating_sub(3 + 2 + name + 2 + others);
    let fits = |others: usize| room(others) >= LEAST;
    let (when, remark) = match () {
        () if fits(when + 2 + remark) => (when, remark),
        () if fits(when + 2) => (when, 0),
        () => (0, 0),
    };
    let label = widest(|bar| &bar.label, room(when + 2 + remark).max(LEAST));
    order
        .iter()
        .map(|bar| {
            let tone = tone(bar.part);
            let key = key(bar.part, signs);
            let key = if key.is_empty() { signs.dot.to_owned() } else { key };
            let mut line = vec![
                (tone, pad(&key, 3)),
                (tone, pad(&cut(&bar.label, label), label + 2)),
                (Tone::Name, pad(&cut(&bar.process, NAME), name + 2)),
            ];
            if when > 0 {
                line.push((Tone::Faint, pad(&cut(&bar.when, when), when + 2)));
            }
            if !bar.remark.is_empty() && remark > 0 {
                let tone = if bar.part == Part::Stuck { Tone::Bad } else { Tone::Faint };
                line.push((tone, cut(&bar.remark, remark)));
            }
            trim(line)
        })
        .collect()
}

fn sentence(text: &str, width: usize, tone: Tone) -> Vec<Line> {
    let options = textwrap::Options::new(width)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::wrap(text, options).into_iter().map(|line| vec![(tone, line.into_owned())]).collect()
}

fn tone(part: Part) -> Tone {
    match part {
        Part::Stuck => Tone::Bad,
        Part::Order(_) => Tone::Good,
        Part::Named(_) | Part::Spare => Tone::Plain,
        Part::Context => Tone::Faint,
    }
}

/// The sign of an operation, by which the list names the bars.
fn key(part: Part, signs: &Signs) -> String {
    match part {
        Part::Stuck => signs.wrong.to_owned(),
        Part::Order(place) => match signs.circled {
            // Unicode has circled numbers up to 20.
            true if (1..=20).contains(&place) => {
                char::from_u32(0x245f + place as u32).map(String::from).unwrap_or_default()
            }
            _ => place.to_string(),
        },
        Part::Named(place) => format!("T{place}"),
        Part::Spare | Part::Context => String::new(),
    }
}

struct Signs {
    bar: [&'static str; 3],
    stuck: [&'static str; 3],
    open: &'static str,
    arrow: &'static str,
    wrong: &'static str,
    dot: &'static str,
    circled: bool,
}

const UNICODE: Signs = Signs {
    bar: ["├", "─", "┤"],
    stuck: ["┣", "━", "┫"],
    open: "╌",
    arrow: "▶",
    wrong: "✗",
    dot: "·",
    circled: true,
};

const ASCII: Signs = Signs {
    bar: ["|", "-", "|"],
    stuck: ["[", "=", "]"],
    open: ".",
    arrow: ">",
    wrong: "x",
    dot: ".",
    circled: false,
};

/// The scene for a terminal without Unicode. What comes from outside stays as it is.
fn in_ascii(scene: &Scene) -> Scene {
    let ascii = |text: &str| text.replace('→', "->").replace('–', "-").replace('…', "..");
    let bars = scene.bars.iter().map(|bar| Bar {
        label: ascii(&bar.label),
        when: ascii(&bar.when),
        remark: ascii(&bar.remark),
        ..bar.clone()
    });
    Scene {
        title: ascii(&scene.title),
        bars: bars.collect(),
        ending: scene.ending.iter().map(|text| ascii(text)).collect(),
        ..scene.clone()
    }
}

/// The line without spaces at its end.
fn trim(mut line: Line) -> Line {
    while let Some((_, text)) = line.last_mut() {
        text.truncate(text.trim_end().len());
        if !text.is_empty() {
            break;
        }
        line.pop();
    }
    line
}

/// The text with spaces up to `width` columns.
fn pad(text: &str, width: usize) -> String {
    format!("{text}{:1$}", "", width.saturating_sub(display_width(text)))
}

/// The text cut in the middle to at most `width` columns, without what steers a terminal.
pub(super) fn cut(text: &str, width: usize) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if display_width(&text) <= width {
        return text;
    }
    let end: Vec<char> = text.chars().rev().take(width / 3).collect();
    let end: String = end.into_iter().rev().collect();
    let room = width.saturating_sub(1 + display_width(&end));
    let mut start = String::new();
    for c in text.chars() {
        if display_width(&start) + display_width(c.encode_utf8(&mut [0; 4])) > room {
            break;
        }
        start.push(c);
    }
    format!("{start}…{end}")
}
