//! How SQL is written, as far as a bound value must know: where quotes and comments begin and end,
//! and which word a statement begins with. Nothing here understands SQL.

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl Dialect {
    /// The dialect of the database at a URL, by its scheme.
    pub fn of_url(url: &str) -> Option<Dialect> {
        match url.split_once(':')?.0 {
            "sqlite" => Some(Dialect::Sqlite),
            "postgres" | "postgresql" => Some(Dialect::Postgres),
            "mysql" | "mariadb" => Some(Dialect::MySql),
            _ => None,
        }
    }

    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL",
        }
    }

    /// A name in quotes, so that any name is one.
    pub fn quoted(self, name: &str) -> String {
        match self {
            Dialect::MySql => format!("`{}`", name.replace('`', "``")),
            Dialect::Sqlite | Dialect::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }
}

/// Where the reading is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Code,
    /// In quotes that end with this character.
    Quotes(char, bool),
    Line,
    Block(usize),
    /// In PostgreSQL's `$tag$ … $tag$`.
    Dollar(String),
}

/// Reads the pieces of a statement one after the other and knows what stands between them.
#[derive(Debug, Clone)]
pub struct Scanner {
    dialect: Option<Dialect>,
    state: State,
    code: String,
}

/// Stands in [`Scanner::code`] where a value does.
pub const VALUE: char = '\u{1}';

impl Scanner {
    /// At the beginning of a statement. Without a dialect, what all have in common is known.
    pub fn new(dialect: Option<Dialect>) -> Scanner {
        Scanner { dialect, state: State::Code, code: String::new() }
    }

    /// Reads on.
    pub fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let taken = self.step(next, rest);
            rest = &rest[taken..];
        }
    }

    /// A value stands here.
    pub fn value(&mut self) {
        self.code.push(VALUE);
    }

    /// What a value here would stand in instead of being bound: `'…'`, a comment.
    pub fn inside(&self) -> Option<&'static str> {
        match &self.state {
            State::Code => None,
            State::Quotes('\'', _) => Some("the quotes of `'…'`"),
            State::Quotes('"', _) => Some("the quotes of `\"…\"`"),
            State::Quotes(..) => Some("the quotes of a name"),
            State::Dollar(_) => Some("the quotes of `$$…$$`"),
            State::Line | State::Block(_) => Some("a comment"),
        }
    }

    /// What was read outside quotes and comments, each of which is a space.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Takes one character, or more that belong together; how many bytes.
    fn step(&mut self, next: char, rest: &str) -> usize {
        let one = next.len_utf8();
        match &mut self.state {
            State::Code => return self.code_step(next, rest),
            State::Quotes(close, escapes) => {
                let (close, escapes) = (*close, *escapes);
                if next == '\\' && escapes {
                    return one + rest[one..].chars().next().map_or(0, char::len_utf8);
                }
                if next == close {
                    // A doubled quote stands for itself.
                    if rest[one..].starts_with(close) {
                        return 2 * one;
                    }
                    self.state = State::Code;
                }
            }
            State::Line if next == '\n' => {
                self.code.push('\n');
                self.state = State::Code;
            }
            State::Line => {}
            State::Block(depth) => {
                if rest.starts_with("*/") {
                    *depth -= 1;
                    if *depth == 0 {
                        self.state = State::Code;
                    }
                    return 2;
                }
                // Only PostgreSQL's comments nest.
                if rest.starts_with("/*") && self.dialect == Some(Dialect::Postgres) {
                    *depth += 1;
                    return 2;
                }
            }
            State::Dollar(tag) => {
                if rest.starts_with(tag.as_str()) {
                    let taken = tag.len();
                    self.state = State::Code;
                    return taken;
                }
            }
        }
        one
    }

    fn code_step(&mut self, next: char, rest: &str) -> usize {
        let mysql = self.dialect == Some(Dialect::MySql);
        let state = match next {
            '\'' => {
                let escapes = mysql || self.dialect == Some(Dialect::Postgres) && self.is_escape_string();
                Some(State::Quotes('\'', escapes))
            }
            '"' => Some(State::Quotes('"', mysql)),
            '`' if self.dialect != Some(Dialect::Postgres) => Some(State::Quotes('`', false)),
            '[' if self.dialect == Some(Dialect::Sqlite) => Some(State::Quotes(']', false)),
            '#' if mysql => Some(State::Line),
            '-' if rest.starts_with("--") => Some(State::Line),
            '/' if rest.starts_with("/*") => {
                self.state = State::Block(1);
                self.code.push(' ');
                return 2;
            }
            '$' if !matches!(self.dialect, Some(Dialect::Sqlite | Dialect::MySql)) => {
                if let Some(tag) = dollar_tag(rest) {
                    let taken = tag.len();
                    self.state = State::Dollar(tag.to_owned());
                    self.code.push(' ');
                    return taken;
                }
                None
            }
            _ => None,
        };
        match state {
            Some(state) => {
                self.state = state;
                self.code.push(' ');
            }
            None => self.code.push(next),
        }
        next.len_utf8()
    }

    /// Whether the quote that follows is one of PostgreSQL's `E'…'`.
    fn is_escape_string(&self) -> bool {
        let mut back = self.code.chars().rev();
        matches!(back.next(), Some('e' | 'E'))
            && !back.next().is_some_and(|c| c.is_alphanumeric() || c == '_')
    }
}

/// `$$` or `$tag$` at the beginning of a text.
fn dollar_tag(rest: &str) -> Option<&str> {
    let end = rest[1..].find('$')? + 1;
    let tag = &rest[1..end];
    let fits = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    fits.then(|| &rest[..=end])
}

/// The words of code as [`Scanner::code`] gives it, in lower case.
pub fn words(code: &str) -> impl Iterator<Item = String> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(dialect: Option<Dialect>, text: &str) -> Option<&'static str> {
        let mut scanner = Scanner::new(dialect);
        scanner.read(text);
        scanner.inside()
    }

    #[test]
    fn values_in_quotes_and_comments_are_seen() {
        for text in ["a = '", "a = 'it''s ", "a = \"", "x -- ", "x /* ", "a = 'x' and b = '", "`"] {
            assert!(inside(None, text).is_some(), "{text}");
        }
        for text in ["a = ", "a = 'it''s' and b = ", "-- c\nx = ", "/* ' */ x = ", "\"it's\" = ", "''"] {
            assert_eq!(inside(None, text), None, "{text}");
        }
    }

    #[test]
    fn each_dialect_has_its_own_quotes() {
        use Dialect::{MySql, Postgres, Sqlite};
        assert!(inside(Some(MySql), r"a = 'it\'s ").is_some());
        assert_eq!(inside(Some(Sqlite), r"a = 'c:\' and b = "), None);
        assert!(inside(Some(Postgres), r"a = E'it\'s ").is_some());
        assert_eq!(inside(Some(Postgres), r"a = 'c:\' and b = "), None);
        assert!(inside(Some(Postgres), "do $x$ it's $$ ").is_some());
        assert_eq!(inside(Some(Postgres), "do $x$ it's $x$ "), None);
        assert!(inside(Some(Postgres), "/* a /* b */ ").is_some());
        assert_eq!(inside(Some(MySql), "/* a /* b */ "), None);
        assert_eq!(inside(Some(Postgres), "a[1] = "), None);
        assert!(inside(Some(Sqlite), "[it's ").is_some());
        assert!(inside(Some(MySql), "x # it ").is_some());
        assert_eq!(inside(Some(Postgres), "a # "), None);
    }

    #[test]
    fn code_is_what_stands_outside() {
        let mut scanner = Scanner::new(Some(Dialect::Postgres));
        scanner.read("/* select */ Insert into \"delete\" values ('update', ");
        scanner.value();
        scanner.read(") -- end");
        assert_eq!(words(scanner.code()).collect::<Vec<_>>(), ["insert", "into", "values"]);
        assert!(scanner.code().contains(VALUE));
    }

    #[test]
    fn names_are_quoted_whatever_they_are() {
        assert_eq!(Dialect::Postgres.quoted("a\"b"), "\"a\"\"b\"");
        assert_eq!(Dialect::MySql.quoted("a`b"), "`a``b`");
    }
}
