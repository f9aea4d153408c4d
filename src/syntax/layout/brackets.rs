//! Brackets: what is open, and what lacks its partner.

use super::{Attributes, Open, Pass, SOFT};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::lex::{MAX_NESTING, Token};

impl Pass<'_> {
    pub(super) fn open(&mut self, token: Token) {
        if self.loose.contains(&token.start) {
            return;
        }
        let byte = self.text.as_bytes()[token.start];
        if self.stack.len() >= MAX_NESTING
            && let Some(item) = &mut self.item
            && !item.too_deep
        {
            item.too_deep = true;
            let span = Span::new(self.source, token.start, token.end);
            self.errors.push(
                Diagnostic::error(Code::SYNTAX, span, "brackets nest too deeply here")
                    .label(format!("{MAX_NESTING} brackets are open already"))
                    .help("name the inner parts with `let`"),
            );
        }
        self.stack.push(Open { at: token.start, byte, indent: self.indent });
    }

    pub(super) fn close(&mut self, token: Token) {
        let byte = self.text.as_bytes()[token.start];
        let wanted = match byte {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        if byte == b'}' {
            while let Some(top) = self.stack.last().copied()
                && top.byte != b'{'
                && self.stack.iter().any(|open| open.byte == b'{')
            {
                self.unclosed.push(top.at);
                self.stack.pop();
            }
            if self.repair && token.start == self.line_start + self.indent {
                self.close_deeper(token);
            }
        }
        match self.stack.last() {
            Some(top) if top.byte == wanted => {
                self.stack.pop();
                if self.stack.is_empty() && byte == b')' && self.attributes != Attributes::Over {
                    self.attributes = Attributes::After;
                }
            }
            // A closing bracket of another kind: the open one is the culprit when its partner is further out.
            Some(top) if top.byte != b'{' && self.stack.iter().any(|open| open.byte == wanted) => {
                self.unclosed.push(top.at);
                self.stack.pop();
                self.close(token);
            }
            _ => self.stray(token),
        }
    }

    /// A `}` that begins its line further left than the line of the brace it would close: the
    /// braces that are indented more lack theirs.
    fn close_deeper(&mut self, token: Token) {
        let mut before = token.start;
        while let Some(top) = self.stack.last().copied()
            && top.byte == b'{'
            && top.indent > self.indent
            && self.stack.len() > 1
        {
            if before == 0 || !self.soft[before - 1].is_ascii_whitespace() && self.soft[before - 1] != SOFT {
                break;
            }
            before -= 1;
            self.soft[before] = b'}';
            self.inserted.insert(before);
            self.stack.pop();
            self.report_unclosed(&[top]);
        }
    }

    /// An item begins, so everything that is open lacks its end.
    pub(super) fn close_all(&mut self) {
        let open = std::mem::take(&mut self.stack);
        self.unclosed.extend(open.iter().filter(|o| o.byte != b'{').map(|o| o.at));
        let braces: Vec<Open> = open.into_iter().filter(|o| o.byte == b'{').collect();
        self.report_unclosed(&braces);
        if let Some(item) = &mut self.item {
            item.lacks = braces.len();
        }
        self.end_item();
        self.last = None;
        self.before = None;
    }

    fn report_unclosed(&mut self, braces: &[Open]) {
        let Some((inner, outer)) = braces.split_last() else { return };
        let span = |open: &Open| Span::new(self.source, open.at, open.at + 1);
        let mut diagnostic =
            Diagnostic::error(Code::UNCLOSED, span(inner), "this `{` is not closed").label("opened here");
        for open in outer.iter().rev().take(3) {
            diagnostic = diagnostic.also(span(open), "nor is this one");
        }
        let help = if braces.len() == 1 {
            "a `}` is missing".to_owned()
        } else {
            format!("{} `}}` are missing", braces.len())
        };
        self.errors.push(diagnostic.help(help));
    }

    fn stray(&mut self, token: Token) {
        let bracket = token.text(self.text);
        let span = Span::new(self.source, token.start, token.end);
        self.errors.push(
            Diagnostic::error(Code::SYNTAX, span, format!("this `{bracket}` closes nothing"))
                .help("remove it"),
        );
        self.soft[token.start] = b' ';
        if self.item.is_some_and(|item| item.start == token.start) {
            self.item = None;
            self.attributes = Attributes::Between;
        }
    }
}
