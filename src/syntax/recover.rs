//! Recovery. Where the grammar refuses an item, the smallest statement or entry around that place
//! is reported, taken out, and the item read again, so that one run reports every mistake and a
//! mistake costs one statement.

use crate::diag::{Code, Diagnostic, nearest};
use crate::lang::{KEYWORDS, Role};
use crate::source::{SourceId, Span};
use crate::syntax::ast::{Item, ItemKind};
use crate::syntax::build::{Builder, Docs};
use crate::syntax::explain::{Place, explain};
use crate::syntax::grammar::{Refusal, Rule, read};
use crate::syntax::layout::{HOLE, Layout, Slice};
use crate::syntax::lex::{Kind, Lexed, Token};

/// How many mistakes of one item are reported.
const MAX_ROUNDS: usize = 60;

/// Words whose braces hold statements.
const STATEMENT_BLOCKS: [&str; 15] = [
    "scenario",
    "fixture",
    "action",
    "step",
    "if",
    "else",
    "for",
    "parallel",
    "eventually",
    "under",
    "forall",
    "idempotent",
    "on",
    "probe",
    "finally",
];

/// Words whose braces hold other entries, a line each.
const ENTRY_BLOCKS: [&str; 10] = [
    "service",
    "environment",
    "owner",
    "double",
    "profile",
    "stage",
    "shape",
    "suite",
    "variant",
    "workload",
];

/// Whether a top-level line belongs to something unreadable above it.
pub(crate) fn belongs_to_error(text: &str, start: usize) -> bool {
    !text[..start].ends_with('\n') && start != 0
}

/// Whether a word that begins items stands here.
pub(crate) fn begins_with_item_word(text: &str, start: usize) -> bool {
    let rest = &text[start..];
    let word = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
    rest.starts_with('@') || KEYWORDS.iter().any(|k| k.word == word && k.roles.contains(&Role::Item))
}

/// Reads items one by one.
pub(crate) struct Reader<'a> {
    pub(crate) source: SourceId,
    pub(crate) text: &'a str,
    pub(crate) lexed: &'a Lexed,
    pub(crate) layout: &'a Layout,
    pub(crate) docs: &'a Docs<'a>,
}

impl<'a> Reader<'a> {
    /// The item of a slice; its doc lies after the byte `after`. Never fails: what cannot be read
    /// is an error in the tree.
    pub(crate) fn item(&self, slice: Slice, after: usize) -> (Item, Vec<Diagnostic>) {
        let soft = &self.layout.soft[slice.start..slice.end];
        if slice.too_deep {
            return (self.error_item(slice), Vec::new());
        }
        if slice.lacks > 0 {
            let closed = format!("{soft}{}", "}".repeat(slice.lacks));
            return match self.build(&closed, slice, after) {
                Ok(done) => done,
                Err(refusal) => self.repair(closed, slice, after, refusal),
            };
        }
        match self.build(soft, slice, after) {
            Ok(done) => done,
            Err(refusal) => self.repair(soft.to_owned(), slice, after, refusal),
        }
    }

    fn build(&self, soft: &str, slice: Slice, after: usize) -> Result<(Item, Vec<Diagnostic>), Refusal> {
        let pairs = read(Rule::item_file, soft)?;
        let mut builder = Builder::new(self.source, self.text, slice.start, self.docs);
        let item = builder.item_file(pairs, after).unwrap_or_else(|| self.error_item(slice));
        Ok((item, builder.errors))
    }

    fn error_item(&self, slice: Slice) -> Item {
        let span = Span::new(self.source, slice.start, slice.end);
        Item { doc: None, attributes: Vec::new(), kind: ItemKind::Error, span }
    }

    fn repair(&self, soft: String, slice: Slice, after: usize, first: Refusal) -> (Item, Vec<Diagnostic>) {
        let mut copy = soft.into_bytes();
        let tokens = self.tokens(slice);
        let mut entries = Entries::of(self.text, self.layout, tokens, slice);
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut refusal = first;
        for _ in 0..MAX_ROUNDS {
            let at = slice.start + refusal.at;
            let entry = entries.around(at);
            self.report(at, &entries, entry, &refusal, &mut found);
            let is_whole = !entries.take_out(entry, at, &mut copy, slice.start);
            if is_whole {
                return (self.error_item(slice), found);
            }
            let Ok(text) = std::str::from_utf8(&copy) else { break };
            match self.build(text, slice, after) {
                Ok((item, mut more)) => {
                    found.append(&mut more);
                    return (item, found);
                }
                Err(next) => refusal = next,
            }
        }
        let span = Span::new(self.source, slice.start, slice.start + 1);
        found.push(
            Diagnostic::error(
                Code::SYNTAX,
                span,
                "too many mistakes in this item; the rest of it was not read",
            )
            .help("correct those that are shown, and check again"),
        );
        (self.error_item(slice), found)
    }

    fn tokens(&self, slice: Slice) -> &'a [Token] {
        let tokens = &self.lexed.tokens;
        let first = tokens.partition_point(|token| token.start < slice.start);
        let last = tokens.partition_point(|token| token.start < slice.end);
        &tokens[first..last]
    }

    /// Says what is wrong, unless something was said of this entry already.
    fn report(
        &self,
        at: usize,
        entries: &Entries<'_>,
        entry: usize,
        refusal: &Refusal,
        found: &mut Vec<Diagnostic>,
    ) {
        let range = entries.list[entry].start..entries.list[entry].reach.max(at + 1);
        let inside = |error: &&Diagnostic| range.contains(&(error.at.span.start as usize));
        let known = self.lexed.errors.iter().chain(&self.layout.errors).chain(found.iter()).find(inside);
        if known.is_none() {
            let tokens = &self.lexed.tokens;
            let place =
                Place { source: self.source, text: self.text, tokens, at, entry: Some((entries, entry)) };
            found.push(explain(&place, refusal));
        }
    }
}

/// A statement, setting, field or rule, by its place; the first is the item itself.
#[derive(Debug)]
pub(crate) struct Entry {
    /// First byte.
    pub(crate) start: usize,
    /// One past its last byte.
    pub(crate) end: usize,
    /// One past what ends it.
    pub(crate) reach: usize,
    /// The entry in whose braces it stands.
    pub(crate) parent: Option<usize>,
    /// The word that leads it: in `let x = for …`, the `for`.
    pub(crate) head: Option<Token>,
    /// Its first brace that holds entries.
    pub(crate) body: Option<usize>,
    taken: Taken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Nothing,
    Header,
    All,
}

/// The entries of one item, each after the one in which it stands.
#[derive(Debug)]
pub(crate) struct Entries<'a> {
    pub(crate) list: Vec<Entry>,
    text: &'a str,
}

/// An open bracket, or the item itself.
struct Frame {
    /// Whether it holds entries.
    holds_entries: bool,
    /// The entry in which it stands.
    owner: usize,
    /// The entry at hand, in a frame that holds entries.
    current: Option<usize>,
}

impl<'a> Entries<'a> {
    fn of(text: &'a str, layout: &Layout, tokens: &[Token], slice: Slice) -> Self {
        let soft = layout.soft.as_bytes();
        let root = Entry {
            start: slice.start,
            end: slice.end,
            reach: slice.end + slice.lacks + 1,
            parent: None,
            head: None,
            body: None,
            taken: Taken::Nothing,
        };
        let mut entries = Entries { list: vec![root], text };
        let mut frames = vec![Frame { holds_entries: false, owner: 0, current: Some(0) }];
        let mut previous: Option<Token> = None;
        let mut done = slice.start;
        for &token in tokens {
            for &closer in layout.inserted.range(done..token.start) {
                entries.close(&mut frames, closer);
            }
            done = token.start;
            let Some(frame) = frames.last_mut() else { break };
            let ends = match token.kind {
                Kind::Newline => soft[token.start] == b'\n',
                Kind::Comment => continue,
                _ => token.text(text) == ";",
            };
            if ends {
                if frame.holds_entries
                    && let Some(current) = frame.current.take()
                {
                    entries.list[current].reach = token.end;
                }
                previous = None;
                continue;
            }
            if token.kind == Kind::Newline {
                continue;
            }
            if token.kind == Kind::Close {
                if frames.len() > 1
                    && let Some(closed) = frames.pop()
                    && let Some(current) = closed.current
                {
                    entries.list[current].reach = token.start + 1;
                }
            } else {
                if frame.holds_entries && frame.current.is_none() {
                    entries.list.push(Entry {
                        start: token.start,
                        end: token.end,
                        reach: slice.end + 1,
                        parent: Some(frame.owner),
                        head: None,
                        body: None,
                        taken: Taken::Nothing,
                    });
                    frame.current = Some(entries.list.len() - 1);
                }
                let owner = frame.current.unwrap_or(frame.owner);
                let top = frame.current.is_some();
                if top {
                    entries.follow_head(owner, token, previous);
                }
                if token.kind == Kind::Open && !layout.loose.contains(&token.start) {
                    let brace = token.text(text) == "{";
                    let holds = brace && top && entries.opens_body(owner, previous);
                    if holds {
                        entries.list[owner].body.get_or_insert(token.start);
                    }
                    frames.push(Frame { holds_entries: holds, owner, current: None });
                }
            }
            // Everything that is open grows.
            for frame in &frames {
                if let Some(current) = frame.current {
                    entries.list[current].end = token.end;
                }
            }
            previous = Some(token);
        }
        entries
    }

    fn close(&mut self, frames: &mut Vec<Frame>, at: usize) {
        if frames.len() > 1
            && let Some(closed) = frames.pop()
            && let Some(current) = closed.current
        {
            self.list[current].reach = at + 1;
        }
    }

    /// The head is the first word, but for `let … =`, `return`, `defer`, a share and attributes.
    fn follow_head(&mut self, entry: usize, token: Token, previous: Option<Token>) {
        let text = self.text;
        let entry = &mut self.list[entry];
        let word = token.text(text);
        let replaced = entry.head.is_some_and(|head| match head.text(text) {
            "let" => previous.is_some_and(|p| p.text(text) == "="),
            "return" | "defer" => previous == Some(head),
            _ => false,
        });
        let is_item_word = entry.parent.is_none()
            && token.kind == Kind::Word
            && entry
                .head
                .is_some_and(|head| text[entry.start..].starts_with('@') && !is_item_word(head.text(text)))
            && is_item_word(word);
        let first = entry.head.is_none() && token.kind == Kind::Word;
        if first || (replaced && token.kind == Kind::Word) || is_item_word {
            entry.head = Some(token);
        }
    }

    /// Whether a `{` opens statements or other entries.
    fn opens_body(&self, entry: usize, previous: Option<Token>) -> bool {
        let before = previous.map_or("", |token| token.text(self.text));
        if matches!(before, "else" | "during" | "finally" | "parallel" | "defer" | "failure") {
            return true;
        }
        let Some(head) = self.list[entry].head else { return false };
        let Some(word) = block_head(head.text(self.text)) else { return false };
        // The bodies of items that hold no statements open only at the top level.
        STATEMENT_BLOCKS.contains(&word)
            || self.list[entry].parent.is_none()
            || matches!(word, "suite" | "variant" | "workload")
    }

    /// The innermost entry around a place that still stands.
    fn around(&self, at: usize) -> usize {
        let inner = self.list.iter().rposition(|entry| entry.start <= at && at < entry.reach).unwrap_or(0);
        let mut entry = inner;
        while self.list[entry].taken == Taken::All
            && let Some(parent) = self.list[entry].parent
        {
            entry = parent;
        }
        entry
    }

    /// Takes an entry out of the copy, or just its header when statements follow in braces.
    /// `false` when it is the whole item.
    fn take_out(&mut self, index: usize, at: usize, copy: &mut [u8], base: usize) -> bool {
        let text = self.text;
        let entry = &mut self.list[index];
        let keeps_body = entry.taken == Taken::Nothing
            && entry
                .head
                .and_then(|head| block_head(head.text(text)))
                .is_some_and(|head| STATEMENT_BLOCKS.contains(&head));
        let end = match entry.body {
            Some(body) if keeps_body && at < body && body > entry.start => {
                entry.taken = Taken::Header;
                body
            }
            _ if entry.parent.is_none() => return false,
            _ => {
                entry.taken = Taken::All;
                entry.end
            }
        };
        let (start, end) = (entry.start - base, (end - base).min(copy.len()));
        copy[start..end].fill(b' ');
        copy[start] = HOLE;
        true
    }
}

fn is_item_word(word: &str) -> bool {
    KEYWORDS.iter().any(|k| k.word == word && k.roles.contains(&Role::Item))
}

/// The block word that this is, or is a misspelling of.
fn block_head(word: &str) -> Option<&'static str> {
    let all = || STATEMENT_BLOCKS.iter().chain(&ENTRY_BLOCKS).copied();
    if let Some(exact) = all().find(|known| *known == word) {
        return Some(exact);
    }
    if KEYWORDS.iter().any(|keyword| keyword.word == word) || word.len() < 4 {
        return None;
    }
    nearest(word, all()).first().copied()
}
