//! What the grammar says, in words: the exact token, what could stand there, and advice.

use crate::diag::{Code, Diagnostic, nearest};
use crate::lang::{KEYWORDS, Role};
use crate::source::{SourceId, Span};
use crate::syntax::grammar::{Refusal, Rule};
use crate::syntax::lex::{Kind, Token};
use crate::syntax::recover::Entries;
use crate::syntax::words::words;

/// Where the grammar stopped.
pub(crate) struct Place<'a> {
    pub(crate) source: SourceId,
    pub(crate) text: &'a str,
    pub(crate) tokens: &'a [Token],
    /// The byte, in the whole text.
    pub(crate) at: usize,
    /// The entry around it.
    pub(crate) entry: Option<(&'a Entries<'a>, usize)>,
}

/// How many of the things that could stand there are named.
const MAX_EXPECTED: usize = 4;

/// The diagnostic for a refusal.
pub(crate) fn explain(place: &Place<'_>, refusal: &Refusal) -> Diagnostic {
    let found = place.found();
    let (span, name) = match found {
        Some(token) if token.kind == Kind::Newline => {
            (place.span(token.start, token.start), "this line end".to_owned())
        }
        // Inside of a string or path, in its `${…}`.
        Some(token) if token.start < place.at && matches!(token.kind, Kind::Text | Kind::Path) => {
            let rest = &place.text[place.at..token.end];
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let length = if word == 0 { rest.chars().next().map_or(0, char::len_utf8) } else { word };
            (place.span(place.at, place.at + length), format!("`{}`", &rest[..length]))
        }
        Some(token) => (place.span(token.start, token.end), format!("`{}`", short(token.text(place.text)))),
        None => {
            let end = place.text.trim_end().len();
            (place.span(end, end), "the end".to_owned())
        }
    };
    if refusal.expected.is_empty() {
        return Diagnostic::error(Code::SYNTAX, span, "this is too large, or nests too deeply, to be read")
            .help("split it into several items, or keep its data in a file");
    }
    if let Some(diagnostic) = place.unknown_head(found) {
        return diagnostic;
    }
    let diagnostic =
        Diagnostic::error(Code::SYNTAX, span, format!("unexpected {}", name.trim_start_matches("this ")));
    let diagnostic = match expectation(&refusal.expected) {
        Some(expected) => diagnostic.label(format!("expected {expected}")),
        None => diagnostic.label("cannot stand here"),
    };
    match place.advice(found, refusal) {
        Some(advice) => diagnostic.help(advice),
        None => diagnostic,
    }
}

/// A token as a message shows it.
fn short(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() > 30 {
        line.chars().take(27).collect::<String>() + "…"
    } else {
        line.to_owned()
    }
}

/// What ends things and what goes on at large, before the particular.
const FIRST: [&str; 9] = [
    "a line end",
    "`,`",
    "`}`",
    "`)`",
    "`]`",
    "an operator",
    "a relation",
    "a phrase such as `by .id`",
    "a value",
];

/// "a line end, an operator or a relation".
fn expectation(rules: &[Rule]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in rules.iter().filter_map(|r| words(*r)) {
        for name in name
            .split(" or a line end")
            .flat_map(|n| [n].into_iter().chain((n != name).then_some("a line end")))
        {
            if !name.is_empty() && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.sort_by_key(|name| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    names.truncate(MAX_EXPECTED);
    match names.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [first @ .., last] => Some(format!("{} or {last}", first.join(", "))),
    }
}

/// "did you mean `in`?", of the words that could stand there.
fn misspelt_keyword(word: &str, refusal: &Refusal) -> Option<String> {
    let expected = refusal.expected.iter().filter_map(|r| words(*r));
    let exact = expected.clone().filter_map(|name| name.strip_prefix('`')?.split(['`', ' ']).next());
    let phrases = KEYWORDS.iter().filter(|k| k.roles.contains(&Role::Phrase)).map(|k| k.word);
    let phrases = phrases.filter(|_| expected.clone().any(|name| name.starts_with("a phrase")));
    let is_word = |name: &&str| name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    crate::diag::did_you_mean(word, exact.chain(phrases).filter(is_word))
}

impl Place<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    /// The token at the place, or the next one.
    fn found(&self) -> Option<Token> {
        let first = self.tokens.partition_point(|token| token.end <= self.at);
        self.tokens[first..].iter().find(|token| token.kind != Kind::Comment).copied()
    }

    /// The last significant token before a place.
    fn before(&self, at: usize) -> Option<Token> {
        let end = self.tokens.partition_point(|token| token.end <= at);
        self.tokens[..end].iter().rev().find(|token| token.is_significant()).copied()
    }

    fn next_significant(&self, at: usize) -> Option<Token> {
        let first = self.tokens.partition_point(|token| token.start < at);
        self.tokens[first..].iter().find(|token| token.is_significant()).copied()
    }

    /// A statement or item that begins with no word that begins one.
    fn unknown_head(&self, found: Option<Token>) -> Option<Diagnostic> {
        let (entries, index) = self.entry?;
        let entry = &entries.list[index];
        let first = self.next_significant(entry.start)?;
        let text = first.text(self.text);
        let is = |role: Role| move |k: &&crate::lang::Keyword| k.roles.contains(&role);
        let words = |role: Role| KEYWORDS.iter().filter(is(role)).map(|k| k.word);
        let error = |message: String| {
            Diagnostic::error(Code::UNKNOWN_STATEMENT, self.span(first.start, first.end), message)
        };
        if entry.parent.is_none() {
            if first.kind == Kind::Symbol && text == "@" || words(Role::Item).any(|word| word == text) {
                return None;
            }
            let shown = short(text);
            if words(Role::Statement).any(|word| word == text) {
                return Some(
                    error(format!("`{shown}` stands outside of any block"))
                        .help("statements stand in the braces of a `scenario`, `fixture` or `action`"),
                );
            }
            let diagnostic = error(format!("`{shown}` begins no item"));
            return Some(match nearest(text, words(Role::Item)).first() {
                Some(word) => diagnostic.help(format!("did you mean `{word}`?")),
                None => diagnostic
                    .help("a file holds items such as `scenario`, `service`, `action`, `shape` and `use`"),
            });
        }
        if let Some(diagnostic) = entry.parent.and_then(|parent| self.misspelt_parent(entries, parent)) {
            return Some(diagnostic);
        }
        if first.kind != Kind::Word || found.is_some_and(|token| token.start < first.end) {
            return None;
        }
        if !self.in_statements(entries, entry.parent?) || words(Role::Statement).any(|word| word == text) {
            return None;
        }
        if words(Role::Item).any(|word| word == text) {
            return Some(
                error(format!("`{text}` stands inside of a block"))
                    .help("items stand at the top level of a file"),
            );
        }
        let word = self.misspelt(first, words(Role::Statement))?;
        Some(error(format!("`{text}` begins no statement")).help(format!("did you mean `{word}`?")))
    }

    /// A block that was read as a request with an object, because its first word is misspelt.
    fn misspelt_parent(&self, entries: &Entries<'_>, parent: usize) -> Option<Diagnostic> {
        let parent = &entries.list[parent];
        let first = self.next_significant(parent.start)?;
        let text = first.text(self.text);
        if parent.parent.is_none() || first.kind != Kind::Word || KEYWORDS.iter().any(|k| k.word == text) {
            return None;
        }
        let statements = KEYWORDS.iter().filter(|k| k.roles.contains(&Role::Statement)).map(|k| k.word);
        let word = self.misspelt(first, statements)?;
        let span = self.span(first.start, first.end);
        let message = format!("`{text}` begins no statement");
        Some(
            Diagnostic::error(Code::UNKNOWN_STATEMENT, span, message).help(format!("did you mean `{word}`?")),
        )
    }

    /// The word that a statement's first word is a slip of. Verbs are not known here, so only what
    /// is very near counts: `exec` is no `expect`.
    fn misspelt<'w>(&self, first: Token, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
        let text = first.text(self.text);
        if text.len() < 3 || text.bytes().all(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let allowed = if text.len() <= 4 { 1 } else { 2 };
        let title = self.next_significant(first.end).is_some_and(|next| next.kind == Kind::Text);
        let fits = |word: &&str| !title || matches!(*word, "step" | "show" | "fail" | "return");
        let near = nearest(text, words.filter(fits));
        near.into_iter().find(|word| strsim::osa_distance(text, word) <= allowed)
    }

    /// Whether the braces of an entry hold statements.
    fn in_statements(&self, entries: &Entries<'_>, parent: usize) -> bool {
        let head = entries.list[parent].head.map_or("", |head| head.text(self.text));
        !matches!(
            head,
            "service"
                | "environment"
                | "owner"
                | "double"
                | "profile"
                | "stage"
                | "shape"
                | "suite"
                | "variant"
        )
    }

    fn advice(&self, found: Option<Token>, refusal: &Refusal) -> Option<String> {
        let Some(token) = found else {
            return refusal
                .expected
                .contains(&Rule::block)
                .then(|| "a block in braces is missing".to_owned());
        };
        let text = token.text(self.text);
        let before = self.before(token.start);
        let touches_before = before.is_some_and(|b| b.end == token.start);
        let advice = match (token.kind, text) {
            (Kind::Symbol, "&&") => "write `and`",
            (Kind::Symbol, "||") => "write `or`",
            (Kind::Symbol, "!") => "write `not`",
            (Kind::Symbol, "=") if !refusal.expected.contains(&Rule::colon) => {
                return self.assignment(before);
            }
            (Kind::Symbol, "=>") => "`=>` is no operator; comparisons are `>=` and `<=`",
            (Kind::Symbol, "'") => "strings stand in double quotes: `\"…\"`",
            (Kind::Symbol, "#") => "comments begin with `//`",
            (Kind::Symbol, "$") => "`${…}` stands only in strings and paths",
            (Kind::Symbol, "-" | "/") => "binary `-` and `/` need a space on both sides",
            (Kind::Symbol, "?") => "there is no `?` operator; `name?:` marks an optional field of a shape",
            (Kind::Path, _) => {
                "a path stands only after `VERB TARGET`, otherwise it is quoted; a division needs a space on both sides"
            }
            (Kind::Symbol, ";") if refusal.expected.contains(&Rule::data_separator) => {
                "in an object or list of names, `,` or a line end separates entries"
            }
            (Kind::Symbol, ":") => return self.object_in_header(token),
            (Kind::Open, "{") if self.in_header() => {
                "in a header `{` opens the block: put an object into parentheses"
            }
            (Kind::Open, "(") if before.is_some_and(|b| b.kind == Kind::Word && b.end < token.start) => {
                "the `(` of a call touches its name"
            }
            (Kind::Newline, _)
                if self.next_significant(token.end).is_some_and(|n| n.text(self.text) == "{") =>
            {
                "the `{` stands at the end of this line, not on the next"
            }
            (Kind::Word, word) if let Some(advice) = misspelt_keyword(word, refusal) => return Some(advice),
            (Kind::Word, "else") => "`else` follows the `}` of its `if`",
            (Kind::Word, word) if crate::lang::is_reserved(word) && !touches_before => {
                return Some(format!("`{word}` is a reserved word here"));
            }
            _ if refusal.expected.contains(&Rule::colon) && before.is_some_and(|b| b.kind == Kind::Word) => {
                return before.map(|b| format!("a field is written `{}: value`", b.text(self.text)));
            }
            (Kind::Text, _) if self.previous_is_request() => "a request has one place and one body",
            _ => return None,
        };
        Some(advice.to_owned())
    }

    fn assignment(&self, before: Option<Token>) -> Option<String> {
        let begins = self.entry.is_some_and(|(entries, index)| {
            before.is_some_and(|b| b.start == entries.list[index].start && b.kind == Kind::Word)
        });
        match before {
            Some(name) if begins && crate::lang::is_reserved(name.text(self.text)) => None,
            Some(name) if begins => {
                Some(format!("write `let {} = …`; names are given once", name.text(self.text)))
            }
            _ => Some("to compare, write `==`".to_owned()),
        }
    }

    /// `if x matches Order { total: 1 } {`: what was meant as an object was read as the block.
    fn object_in_header(&self, _token: Token) -> Option<String> {
        let (entries, index) = self.entry?;
        let parent = entries.list[index].parent?;
        let head = entries.list[parent].head?.text(self.text);
        let header = matches!(
            head,
            "for"
                | "if"
                | "eventually"
                | "under"
                | "workload"
                | "forall"
                | "when"
                | "on"
                | "probe"
                | "idempotent"
        );
        header.then(|| format!("the `{{` after `{head} …` opens its block: put an object into parentheses"))
    }

    fn in_header(&self) -> bool {
        self.entry.is_some_and(|(entries, index)| {
            entries.list[index].head.is_some_and(|head| {
                matches!(
                    head.text(self.text),
                    "for"
                        | "if"
                        | "eventually"
                        | "under"
                        | "workload"
                        | "forall"
                        | "parallel"
                        | "idempotent"
                        | "probe"
                        | "on"
                )
            })
        })
    }

    fn previous_is_request(&self) -> bool {
        self.entry.is_some_and(|(entries, index)| {
            let first = self.next_significant(entries.list[index].start);
            first.is_some_and(|t| {
                t.kind == Kind::Word && !KEYWORDS.iter().any(|k| k.word == t.text(self.text))
            })
        })
    }
}
