//! The language of `--only`: a boolean expression over tags, stages, owners, titles and files.

/// A condition on scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Only {
    /// Both hold.
    And(Box<Only>, Box<Only>),
    /// At least one holds.
    Or(Box<Only>, Box<Only>),
    /// It does not hold.
    Not(Box<Only>),
    /// One property.
    Is(Field, Word),
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// A bare word: a tag or a stage.
    TagOrStage,
    /// `tag:x`
    Tag,
    /// `stage:x`
    Stage,
    /// `owner:x`
    Owner,
    /// `"x"` or `title:x`: the title contains it, in whatever case.
    Title,
    /// `file:x`: the file's name contains it.
    File,
    /// `case:x`: one of its cases or combinations, by its whole name or a part of it, such as
    /// `case:2`, `case:"mode: fast"` or `case:"mode: fast, case 2"`.
    Case,
}

/// A word with its place in the expression, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OnlyError {
    pub(super) message: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What an expression may ask of a scenario.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) title: &'a str,
    pub(super) stage: &'a str,
    pub(super) owner: Option<&'a str>,
    pub(super) file: &'a str,
    pub(super) tags: &'a [std::sync::Arc<str>],
    /// What names this case or combination, part by part, empty when there is but one; none while
    /// all of them are asked for at once, before their values are known.
    pub(super) parts: Option<&'a [String]>,
}

const FIELDS: &[(&str, Field)] = &[
    ("tag", Field::Tag),
    ("stage", Field::Stage),
    ("owner", Field::Owner),
    ("title", Field::Title),
    ("file", Field::File),
    ("case", Field::Case),
];

impl Only {
    /// Whether the condition holds; none when that depends on the case.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> Option<bool> {
        match self {
            Only::And(a, b) => match (a.holds(subject), b.holds(subject)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Only::Or(a, b) => match (a.holds(subject), b.holds(subject)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Only::Not(a) => a.holds(subject).map(|holds| !holds),
            Only::Is(field, word) => {
                let text = word.text.as_str();
                let tagged = || subject.tags.iter().any(|tag| **tag == *text);
                Some(match field {
                    Field::TagOrStage => tagged() || subject.stage == text,
                    Field::Tag => tagged(),
                    Field::Stage => subject.stage == text,
                    Field::Owner => subject.owner == Some(text),
                    Field::Title => subject.title.to_lowercase().contains(&text.to_lowercase()),
                    Field::File => subject.file.contains(text),
                    Field::Case => return subject.parts.map(|parts| is_case(parts, text)),
                })
            }
        }
    }

    /// Whether it asks for cases or combinations, which only the run knows.
    pub(super) fn asks_for_cases(&self) -> bool {
        self.words().iter().any(|(field, _)| *field == Field::Case)
    }

    /// Every property it asks for, in order.
    pub(super) fn words(&self) -> Vec<(Field, &Word)> {
        match self {
            Only::And(a, b) | Only::Or(a, b) => [a.words(), b.words()].concat(),
            Only::Not(a) => a.words(),
            Only::Is(field, word) => vec![(*field, word)],
        }
    }
}

/// Whether a text is the whole name of a case or combination, one of its parts, or its number.
fn is_case(parts: &[String], text: &str) -> bool {
    let is_part = |part: &String| part == text || part.strip_prefix("case ") == Some(text);
    parts.iter().any(is_part) || (!parts.is_empty() && parts.join(", ") == text)
}

/// Reads an expression.
pub(super) fn parse(text: &str) -> Result<Only, OnlyError> {
    let tokens = lex(text)?;
    let mut reader = Reader { tokens: &tokens, next: 0, end: text.len(), depth: 0 };
    let only = reader.any_of()?;
    match reader.peek() {
        None => Ok(only),
        Some(Token { kind: Kind::Close, start, end }) => {
            Err(OnlyError { message: "this `)` closes nothing".to_owned(), start: *start, end: *end })
        }
        Some(token) => Err(OnlyError {
            message: "expected `and` or `or` before this".to_owned(),
            start: token.start,
            end: token.end,
        }),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    And,
    Or,
    Not,
    Is(Field, String),
}

fn lex(text: &str) -> Result<Vec<Token>, OnlyError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let start = at;
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let kind = match c {
            '(' => Kind::Open,
            ')' => Kind::Close,
            '"' => Kind::Is(Field::Title, quoted(text, &mut at)?),
            _ => {
                let word = bare(text, &mut at, true);
                if text[at..].starts_with(':') {
                    let Some((_, field)) = FIELDS.iter().find(|(name, _)| *name == word) else {
                        let known: Vec<String> =
                            FIELDS.iter().map(|(name, _)| format!("`{name}:`")).collect();
                        let message = format!("`{word}:` is no property; there are {}", known.join(", "));
                        return Err(OnlyError { message, start, end: at + 1 });
                    };
                    at += 1;
                    let value = if text[at..].starts_with('"') {
                        quoted(text, &mut at)?
                    } else {
                        bare(text, &mut at, false).to_owned()
                    };
                    if value.is_empty() {
                        let message = format!("expected a value after `{word}:`");
                        return Err(OnlyError { message, start, end: at });
                    }
                    Kind::Is(*field, value)
                } else {
                    match word {
                        "and" => Kind::And,
                        "or" => Kind::Or,
                        "not" => Kind::Not,
                        word => Kind::Is(Field::TagOrStage, word.to_owned()),
                    }
                }
            }
        };
        if matches!(kind, Kind::Open | Kind::Close) {
            at += 1;
        }
        tokens.push(Token { kind, start, end: at });
    }
    Ok(tokens)
}

fn bare<'a>(text: &'a str, at: &mut usize, colon: bool) -> &'a str {
    let rest = &text[*at..];
    let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"') || colon && c == ':';
    let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
    *at += word.len();
    word
}

fn quoted(text: &str, at: &mut usize) -> Result<String, OnlyError> {
    let start = *at;
    let mut value = String::new();
    let mut escaped = false;
    for (index, c) in text[start + 1..].char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => {
                *at = start + 1 + index + 1;
                return Ok(value);
            }
            c => value.push(c),
        }
    }
    Err(OnlyError { message: "this text is not closed".to_owned(), start, end: text.len() })
}

/// Deeper nesting is refused, so that no expression can exhaust the stack.
const MAX_DEPTH: usize = 100;

struct Reader<'a> {
    tokens: &'a [Token],
    next: usize,
    end: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let found = self.peek().is_some_and(|token| token.kind == *kind);
        self.next += usize::from(found);
        found
    }

    fn any_of(&mut self) -> Result<Only, OnlyError> {
        let mut left = self.all_of()?;
        while self.take(&Kind::Or) {
            left = Only::Or(Box::new(left), Box::new(self.all_of()?));
        }
        Ok(left)
    }

    fn all_of(&mut self) -> Result<Only, OnlyError> {
        let mut left = self.one()?;
        while self.take(&Kind::And) {
            left = Only::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Only, OnlyError> {
        let Some(token) = self.peek().cloned() else {
            let message = "expected a tag, a stage or a \"title\"".to_owned();
            return Err(OnlyError { message, start: self.end, end: self.end });
        };
        let fail =
            |message: &str| OnlyError { message: message.to_owned(), start: token.start, end: token.end };
        self.next += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(fail("this is nested too deeply"));
        }
        let only = match token.kind {
            Kind::Not => Only::Not(Box::new(self.one()?)),
            Kind::Open => {
                let inner = self.any_of()?;
                if !self.take(&Kind::Close) {
                    return Err(fail("this `(` is not closed"));
                }
                inner
            }
            Kind::Is(field, text) => Only::Is(field, Word { text, start: token.start, end: token.end }),
            Kind::Close | Kind::And | Kind::Or => {
                return Err(fail("expected a tag, a stage or a \"title\" before this"));
            }
        };
        self.depth -= 1;
        Ok(only)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn holds_for(text: &str, parts: Option<&[String]>) -> Option<bool> {
        let tags: Vec<Arc<str>> = vec!["critical".into(), "money".into()];
        parse(text).unwrap().holds(&Subject {
            title: "An Order reaches the ledger",
            stage: "e2e",
            owner: Some("payments"),
            file: "scenarios/shop/checkout.scn",
            tags: &tags,
            parts,
        })
    }

    fn holds(text: &str) -> bool {
        holds_for(text, Some(&[])).unwrap()
    }

    #[test]
    fn a_case_is_asked_for_by_its_parts_or_its_whole_name() {
        let parts = ["mode: fast".to_owned(), "case 2".to_owned()];
        for text in
            ["case:2", "case:\"mode: fast\"", "case:\"mode: fast, case 2\"", "not case:1", "money and case:2"]
        {
            assert_eq!(holds_for(text, Some(&parts)), Some(true), "{text}");
        }
        for text in ["case:1", "case:fast", "case:\"mode\"", "slow and case:2", "case:\"mode: fast, case\""] {
            assert_eq!(holds_for(text, Some(&parts)), Some(false), "{text}");
        }
        // Before the values are known, only what does not depend on them is decided.
        assert_eq!(holds_for("case:2", None), None);
        assert_eq!(holds_for("not case:2", None), None);
        assert_eq!(holds_for("slow and case:2", None), Some(false));
        assert_eq!(holds_for("money or case:2", None), Some(true));
        assert!(!holds("case:2"), "a scenario without cases is none of them");
    }

    #[test]
    fn expressions_choose() {
        for text in [
            "critical",
            "e2e",
            "critical and money",
            "slow or money",
            "not slow",
            "not slow and not flaky",
            "not (slow or flaky)",
            "\"order reaches\"",
            "title:ledger and owner:payments",
            "tag:money and stage:e2e",
            "file:shop/checkout",
            "title:\"the ledger\"",
            "slow and flaky or money",
            "not not money",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "slow",
            "tag:e2e",
            "stage:money",
            "critical and slow",
            "not money",
            "owner:other",
            "\"gone\"",
            "money and (slow or flaky)",
            "not money or slow",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        for (text, start, end, message) in [
            ("", 0, 0, "expected a tag, a stage or a \"title\""),
            ("a and", 5, 5, "expected a tag, a stage or a \"title\""),
            ("a b", 2, 3, "expected `and` or `or` before this"),
            ("and a", 0, 3, "expected a tag, a stage or a \"title\" before this"),
            ("(a or b", 0, 1, "this `(` is not closed"),
            ("a)", 1, 2, "this `)` closes nothing"),
            ("é and \"x", 7, 9, "this text is not closed"),
            (
                "tga:x",
                0,
                4,
                "`tga:` is no property; there are `tag:`, `stage:`, `owner:`, `title:`, `file:`, `case:`",
            ),
            ("tag: x", 0, 4, "expected a value after `tag:`"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.start, error.end, error.message.as_str()), (start, end, message), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert_eq!(parse(&deep).unwrap_err().message, "this is nested too deeply");
    }
}
