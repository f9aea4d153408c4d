//! The layout: which line ends end something, where the items lie, which brackets have no
//! partner. It gives the grammar a copy of the text, byte for byte as long, in which comments are
//! spaces and a line end that ends nothing is [`SOFT`].

mod brackets;

use std::collections::BTreeSet;

use crate::diag::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::lex::{Kind, Lexed, Token, begins_item};

/// Stands for a line end that ends nothing.
pub(crate) const SOFT: u8 = 0x0b;
/// Stands for what was reported and taken out.
pub(crate) const HOLE: u8 = 0x01;

/// How often brackets without a partner make the layout begin again.
const MAX_ROUNDS: usize = 8;

/// A text, ready for the grammar.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The copy.
    pub(crate) soft: String,
    /// The items in order.
    pub(crate) items: Vec<Slice>,
    /// Brackets without a partner.
    pub(crate) errors: Vec<Diagnostic>,
    /// Opening brackets that count as none.
    pub(crate) loose: BTreeSet<usize>,
    /// Where a missing `}` was put into the copy.
    pub(crate) inserted: BTreeSet<usize>,
}

/// A top-level item with its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slice {
    /// Its first byte.
    pub(crate) start: usize,
    /// One past its last.
    pub(crate) end: usize,
    /// How many `}` it lacks at its end.
    pub(crate) lacks: usize,
    /// Whether it nests too deeply to be read.
    pub(crate) too_deep: bool,
}

/// Lays a text out.
pub(crate) fn lay_out(source: SourceId, text: &str, lexed: &Lexed) -> Layout {
    let mut loose = BTreeSet::new();
    let mut last = Pass::new(source, text, lexed, &loose, false).run();
    // On the happy path that was all. Otherwise brackets that have no partner are found by the
    // places at which items begin and by indentation, and those of one line are left out.
    for _ in 0..MAX_ROUNDS {
        if last.layout.errors.is_empty() && last.unclosed.is_empty() {
            break;
        }
        let known = loose.len();
        loose.extend(last.unclosed.iter().copied());
        let again = Pass::new(source, text, lexed, &loose, true).run();
        last = again;
        if last.unclosed.iter().all(|at| loose.contains(at)) && loose.len() == known {
            break;
        }
    }
    for &at in &loose {
        let bracket = &text[at..at + 1];
        let span = Span::new(source, at, at + 1);
        last.layout.errors.push(
            Diagnostic::error(Code::UNCLOSED, span, format!("this `{bracket}` is not closed"))
                .label("opened here")
                .help(format!("a `{}` is missing", closer(bracket))),
        );
    }
    last.layout.loose = loose;
    last.layout
}

/// The bracket that closes another.
pub(crate) fn closer(open: &str) -> &'static str {
    match open {
        "(" => ")",
        "[" => "]",
        _ => "}",
    }
}

struct Outcome {
    layout: Layout,
    /// `(` and `[` that met the end of what they stand in.
    unclosed: Vec<usize>,
}

/// An open bracket.
#[derive(Debug, Clone, Copy)]
struct Open {
    at: usize,
    byte: u8,
    /// The indentation of its line.
    indent: usize,
}

/// What stood before on the same logical line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attributes {
    /// The item has not begun: only attributes so far.
    Between,
    /// Right after `@`.
    Name,
    /// Right after the name or the arguments.
    After,
    /// In the item.
    Over,
}

struct Pass<'a> {
    source: SourceId,
    text: &'a str,
    lexed: &'a Lexed,
    loose: &'a BTreeSet<usize>,
    repair: bool,
    soft: Vec<u8>,
    stack: Vec<Open>,
    items: Vec<Slice>,
    item: Option<Slice>,
    attributes: Attributes,
    errors: Vec<Diagnostic>,
    unclosed: Vec<usize>,
    inserted: BTreeSet<usize>,
    line_start: usize,
    indent: usize,
    /// The last two significant tokens since the last hard line end.
    last: Option<Token>,
    before: Option<Token>,
    /// Whether `VERB TARGET` or `on VERB` stands last, so that a lone `/` is a path.
    target_before: bool,
    slash_is_path: bool,
}

impl<'a> Pass<'a> {
    fn new(
        source: SourceId,
        text: &'a str,
        lexed: &'a Lexed,
        loose: &'a BTreeSet<usize>,
        repair: bool,
    ) -> Self {
        Pass {
            source,
            text,
            lexed,
            loose,
            repair,
            soft: text.as_bytes().to_vec(),
            stack: Vec::new(),
            items: Vec::new(),
            item: None,
            attributes: Attributes::Between,
            errors: Vec::new(),
            unclosed: Vec::new(),
            inserted: BTreeSet::new(),
            line_start: 0,
            indent: 0,
            last: None,
            before: None,
            target_before: false,
            slash_is_path: false,
        }
    }

    fn run(mut self) -> Outcome {
        if self.text.starts_with('\u{feff}') {
            self.soft[..3].fill(b' ');
        }
        for &at in &self.lexed.inner_newlines {
            self.soft[at] = SOFT;
        }
        let tokens = &self.lexed.tokens;
        let mut index = 0;
        let mut previous_end = 0;
        while let Some(&token) = tokens.get(index) {
            self.blank_between(previous_end, token.start);
            previous_end = token.end;
            match token.kind {
                Kind::Comment => self.soft[token.start..token.end].fill(b' '),
                Kind::Newline => {
                    // A run of line ends and comments is decided as one.
                    let mut end = index + 1;
                    while tokens.get(end).is_some_and(|t| !t.is_significant()) {
                        end += 1;
                    }
                    let soft = self.is_soft(tokens.get(end));
                    previous_end = token.start;
                    for &t in &tokens[index..end] {
                        self.blank_between(previous_end, t.start);
                        previous_end = t.end;
                        match t.kind {
                            Kind::Newline if soft => self.soft[t.start] = SOFT,
                            Kind::Newline => {}
                            _ => self.soft[t.start..t.end].fill(b' '),
                        }
                    }
                    if !soft {
                        self.hard_break(tokens.get(end));
                    }
                    if let Some(next) = tokens.get(end) {
                        self.line_start = self.text[..next.start].rfind('\n').map_or(0, |at| at + 1);
                        self.indent = next.start - self.line_start;
                    }
                    index = end;
                    continue;
                }
                _ => self.significant(token),
            }
            index += 1;
        }
        self.blank_between(previous_end, self.text.len());
        self.finish()
    }

    /// Carriage returns and other white space become spaces.
    fn blank_between(&mut self, start: usize, end: usize) {
        for byte in &mut self.soft[start..end] {
            if *byte != b'\t' {
                *byte = b' ';
            }
        }
    }

    fn significant(&mut self, token: Token) {
        if self.repair
            && !self.stack.is_empty()
            && token.start == self.line_start
            && token.kind == Kind::Word
            && begins_item(self.text, token.start)
        {
            self.close_all();
        }
        if self.stack.is_empty() {
            let text = token.text(self.text);
            if text == ";" {
                self.end_item();
                self.soft[token.start] = b' ';
                self.last = None;
                self.before = None;
                return;
            }
            self.item.get_or_insert(Slice { start: token.start, end: token.end, lacks: 0, too_deep: false });
            self.follow_attributes(token, text);
        }
        match token.kind {
            Kind::Open => self.open(token),
            Kind::Close => self.close(token),
            Kind::Bad => self.soft[token.start..token.end].fill(b'#'),
            _ => {}
        }
        if let Some(item) = &mut self.item {
            item.end = token.end;
        }
        if token.text(self.text) == ";" {
            self.last = None;
            self.before = None;
            self.target_before = false;
        } else {
            self.slash_is_path = self.target_before;
            self.target_before = self.leads_to_path(token);
            self.before = self.last;
            self.last = Some(token);
        }
    }

    /// Whether after this token a lone `/` is a path: `VERB TARGET` or `on VERB` went before.
    fn leads_to_path(&self, token: Token) -> bool {
        let Some(last) = self.last else { return false };
        if last.end == token.start {
            // Part of a target: `ledger.Post`, `etcd[1]`.
            return self.target_before;
        }
        if last.kind != Kind::Word || token.kind != Kind::Word {
            return false;
        }
        let word = last.text(self.text);
        let verb = word == "on" || !crate::lang::KEYWORDS.iter().any(|keyword| keyword.word == word);
        verb && !crate::lang::is_reserved(token.text(self.text))
    }

    fn follow_attributes(&mut self, token: Token, text: &str) {
        self.attributes = match (self.attributes, text) {
            (Attributes::Between | Attributes::After, "@") => Attributes::Name,
            (Attributes::Name, _) if token.kind == Kind::Word => Attributes::After,
            (Attributes::After, "(") if self.last.is_some_and(|last| last.end == token.start) => {
                Attributes::After
            }
            _ => Attributes::Over,
        };
    }

    /// Whether the coming line end, before the token `next`, ends nothing.
    fn is_soft(&self, next: Option<&Token>) -> bool {
        // What begins an item continues none, whatever the line before asks for.
        let begins = self.repair || self.stack.is_empty() && self.attributes == Attributes::Over;
        if begins && next.is_some_and(|n| n.kind == Kind::Word && self.is_item_line(n)) {
            return false;
        }
        if self.stack.last().is_some_and(|open| open.byte != b'{') {
            return true;
        }
        if self.stack.is_empty() && self.attributes == Attributes::After {
            return true;
        }
        self.last.is_some() && (self.line_goes_on() || next.is_some_and(|next| self.continues(next)))
    }

    fn is_item_line(&self, token: &Token) -> bool {
        (token.start == 0 || self.text.as_bytes()[token.start - 1] == b'\n')
            && begins_item(self.text, token.start)
    }

    /// Whether the last token asks for more.
    fn line_goes_on(&self) -> bool {
        let Some(last) = self.last else { return false };
        let before = self.before.map_or("", |token| token.text(self.text));
        match (last.kind, last.text(self.text)) {
            (Kind::Symbol, "..") => self.before.is_some_and(|token| {
                matches!(token.kind, Kind::Word | Kind::Number | Kind::Text | Kind::Close)
            }),
            (Kind::Symbol, "*") => before != "->",
            (Kind::Symbol, "/") => !self.slash_is_path,
            (Kind::Symbol, symbol) => matches!(
                symbol,
                "," | "=" | "|" | "+" | "-" | "%" | "->" | "==" | "!=" | "<" | "<=" | ">" | ">="
            ),
            (Kind::Word, "and" | "or" | "not" | "in" | "matches" | "contains") => before != ".",
            _ => false,
        }
    }

    /// Whether a line that begins with this token continues the one before.
    fn continues(&self, next: &Token) -> bool {
        let text = next.text(self.text);
        let joins = match next.kind {
            Kind::Word => {
                matches!(text, "and" | "or" | "with" | "because" | "within" | "throughout")
            }
            Kind::Symbol => text == "|",
            _ => false,
        };
        // `with: …` is a label in an object.
        joins && !self.text[next.end..].trim_start_matches([' ', '\t']).starts_with([':', '?'])
    }

    fn hard_break(&mut self, next: Option<&Token>) {
        self.last = None;
        self.before = None;
        self.target_before = false;
        // A `{` begins no item: it belongs to the header above.
        let body = next.is_some_and(|token| token.text(self.text) == "{");
        if self.stack.is_empty() && !body {
            self.end_item();
        }
    }

    fn end_item(&mut self) {
        self.items.extend(self.item.take());
        self.attributes = Attributes::Between;
    }

    fn finish(mut self) -> Outcome {
        if self.repair || self.stack.iter().all(|open| open.byte == b'{') {
            self.close_all();
        } else {
            self.unclosed.extend(self.stack.iter().filter(|open| open.byte != b'{').map(|open| open.at));
        }
        self.end_item();
        // Only whole tokens of ASCII and runs of foreign characters were overwritten.
        let soft = String::from_utf8(self.soft)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).replace('\u{fffd}', "#"));
        let layout = Layout {
            soft,
            items: self.items,
            errors: self.errors,
            loose: BTreeSet::new(),
            inserted: self.inserted,
        };
        Outcome { layout, unclosed: self.unclosed }
    }
}
