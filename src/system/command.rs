//! Command lines: words split at parse time, never by a shell.

use std::path::PathBuf;

use crate::value::Piece;
use crate::value::words::shell_quote;
use crate::value::{MASK, Number, Value, show_short};

/// A command, evaluated.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandSpec {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it runs; relative paths to programs start here.
    pub dir: PathBuf,
    /// What its environment has besides the runner's own.
    pub env: Vec<(String, String)>,
}

/// A word of a command line with its taint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The characters.
    pub text: String,
    /// Whether a part of it came from a secret.
    pub secret: bool,
}

/// Splits written text into words at white space. Single quotes keep everything, double quotes
/// keep everything but `\"` and `\\`, a backslash outside of quotes keeps the next character.
/// Nothing is expanded. What `${…}` gave is never split and never read as a quote.
pub fn split_words(pieces: &[Piece]) -> Result<Vec<Word>, String> {
    let mut splitter = Splitter::default();
    for piece in pieces {
        match piece {
            Piece::Text(text) => splitter.written(text)?,
            Piece::Value(value) => splitter.value(value)?,
        }
    }
    splitter.finish()
}

/// The words of [`split_words`] without their taint.
pub fn split_command(pieces: &[Piece]) -> Result<Vec<String>, String> {
    Ok(split_words(pieces)?.into_iter().map(|word| word.text).collect())
}

#[derive(Default)]
struct Splitter {
    words: Vec<Word>,
    /// The word under way; `Some` with no characters after `""`.
    word: Option<Word>,
    quote: Option<char>,
}

impl Splitter {
    fn written(&mut self, text: &str) -> Result<(), String> {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match (self.quote, c) {
                (Some(quote), c) if c == quote => self.quote = None,
                (Some('"'), '\\') if matches!(chars.peek(), Some('"' | '\\')) => {
                    self.push(chars.next().unwrap_or('\\'));
                }
                (Some(_), c) => self.push(c),
                (None, '"' | '\'') => {
                    self.quote = Some(c);
                    self.current();
                }
                (None, '\\') => match chars.next() {
                    Some(next) => self.push(next),
                    None => return Err("a command ends in a lone `\\`".to_owned()),
                },
                (None, c) if c.is_whitespace() => self.words.extend(self.word.take()),
                (None, c) => self.push(c),
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), String> {
        let text = match value {
            Value::Text(text) => text.text.to_string(),
            Value::Number(Number::Int(number)) => number.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Duration(_) => show_short(value, 60),
            other => {
                return Err(format!(
                    "a command takes text, numbers, durations and truth values, not {}: {}",
                    other.kind(),
                    show_short(other, 60)
                ));
            }
        };
        if text.contains('\0') {
            return Err("a command cannot contain a NUL character".to_owned());
        }
        let word = self.current();
        word.text.push_str(&text);
        word.secret |= value.is_secret();
        Ok(())
    }

    fn current(&mut self) -> &mut Word {
        self.word.get_or_insert_with(|| Word { text: String::new(), secret: false })
    }

    fn push(&mut self, c: char) {
        self.current().text.push(c);
    }

    fn finish(mut self) -> Result<Vec<Word>, String> {
        if let Some(quote) = self.quote {
            return Err(format!("the quote {quote} is not closed in a command"));
        }
        self.words.extend(self.word.take());
        match self.words.first() {
            None => Err("the command is empty".to_owned()),
            Some(program) if program.text.is_empty() => Err("the command names no program".to_owned()),
            Some(_) => Ok(self.words),
        }
    }
}

/// The words on one line as a POSIX shell reads them back, secret ones masked.
pub fn shell_line(words: &[Word]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| if word.secret { format!("'{MASK}'") } else { shell_quote(&word.text).into_owned() })
        .collect();
    quoted.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Result<Vec<String>, String> {
        split_command(&[Piece::Text(text.into())])
    }

    #[test]
    fn written_text_splits_like_in_a_shell_and_nothing_is_expanded() {
        assert_eq!(written("  go build -o out  ./cmd ").unwrap(), ["go", "build", "-o", "out", "./cmd"]);
        assert_eq!(
            written(r#"sh -c 'echo "$A" *' "a \"b\" \n" x\ y"#).unwrap()[2..],
            [r#"echo "$A" *"#, r#"a "b" \n"#, "x y"]
        );
        assert_eq!(written(r#"a "" ''b"#).unwrap(), ["a", "", "b"]);
    }

    #[test]
    fn values_are_never_split_nor_read_as_quotes() {
        let pieces = [
            Piece::Text("echo --name=".into()),
            Piece::Value(Value::text("it's a \"b\"; rm -rf $HOME")),
            Piece::Text(" ".into()),
            Piece::Value(Value::int(7)),
            Piece::Value(Value::text_with("geheim", true)),
        ];
        assert_eq!(split_command(&pieces).unwrap(), ["echo", "--name=it's a \"b\"; rm -rf $HOME", "7geheim"]);
        let words = split_words(&pieces).unwrap();
        assert_eq!(words.iter().map(|word| word.secret).collect::<Vec<_>>(), [false, false, true]);
        assert!(!shell_line(&words).contains("geheim"));
    }

    #[test]
    fn what_is_no_command_is_refused() {
        assert_eq!(written("echo 'a").unwrap_err(), "the quote ' is not closed in a command");
        assert_eq!(written("  ").unwrap_err(), "the command is empty");
        assert_eq!(written("'' a").unwrap_err(), "the command names no program");
        assert!(written("a \\").unwrap_err().contains("lone"));
        let null = split_command(&[Piece::Text("a ".into()), Piece::Value(Value::Null)]).unwrap_err();
        assert!(null.contains("not null"), "{null}");
    }

    #[test]
    fn shell_lines_read_back_as_the_same_words() {
        let words = written(r#"./ctl 'it'\''s' "" a=b *"#).unwrap();
        let line = shell_line(
            &words.iter().map(|text| Word { text: text.clone(), secret: false }).collect::<Vec<_>>(),
        );
        assert_eq!(line, r"./ctl 'it'\''s' '' a=b '*'");
        assert_eq!(written(&line).unwrap(), words);
    }
}
