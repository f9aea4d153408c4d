//! Command lines as a POSIX shell reads them (XCU §2): words with their quotes taken off, and the
//! variables in them.

use std::ops::Range;

/// A line of a shell script.
#[derive(Debug, Default)]
pub(super) struct Command {
    pub(super) words: Vec<Word>,
    /// The comments above and behind it.
    pub(super) comments: Vec<String>,
    /// What the shell does with its input and output: `| jq .`, `> file`.
    pub(super) rest: Vec<String>,
    /// The document that stands behind it (`<<END`), where no shell has to read it.
    pub(super) input: Option<String>,
}

/// A word.
#[derive(Debug, Clone, Default)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    /// Whether the shell makes several of it, or none: a value stands in it outside of quotes.
    pub(super) is_split: bool,
    /// Where it stands.
    pub(super) span: Range<usize>,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Characters.
    Plain(String),
    /// `$NAME`
    Variable(String),
    /// `$(…)`, and whatever else only a shell can tell.
    Unknown(String),
}

/// Why a text is no script.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclosed {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl Word {
    /// The characters, when there is nothing else.
    pub(super) fn plain(&self) -> Option<&str> {
        match &self.parts[..] {
            [] => Some(""),
            [Part::Plain(text)] => Some(text),
            _ => None,
        }
    }

    fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Plain(text)) => text.push(c),
            _ => self.parts.push(Part::Plain(c.to_string())),
        }
    }
}

/// Cuts a script into commands.
pub(super) fn commands(text: &str) -> Result<Vec<Command>, Vec<Unclosed>> {
    // The first line of a script may say who reads it.
    let at = if text.starts_with("#!") { text.find('\n').unwrap_or(text.len()) } else { 0 };
    let mut reader = Reader {
        text,
        at,
        commands: Vec::new(),
        now: Command::default(),
        documents: Vec::new(),
        errors: Vec::new(),
    };
    reader.read();
    if reader.errors.is_empty() { Ok(reader.commands) } else { Err(reader.errors) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    commands: Vec<Command>,
    now: Command,
    /// The documents that begin with the next line: the number of the command, and the word that ends each.
    documents: Vec<(usize, Word)>,
    errors: Vec<Unclosed>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// The end of a line that a backslash takes away, after the backslash.
    fn skip_line_end(&mut self) -> bool {
        for end in ["\r\n", "\n"] {
            if self.rest().starts_with(end) {
                self.at += end.len();
                return true;
            }
        }
        false
    }

    fn end(&mut self) {
        if !self.now.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.now));
        }
    }

    fn read(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                '\n' | ';' => {
                    self.at += 1;
                    self.end();
                    if c == '\n' {
                        self.documents();
                    }
                }
                ' ' | '\t' | '\r' => self.at += 1,
                '#' => {
                    let line = self.rest().lines().next().unwrap_or_default();
                    let (comment, length) = (line.trim_start_matches('#').trim().to_owned(), line.len());
                    self.now.comments.push(comment);
                    self.at += length;
                }
                '&' if self.rest().starts_with("&&") => {
                    self.at += 2;
                    self.end();
                }
                '&' => {
                    self.at += 1;
                    self.now.rest.push("&".to_owned());
                    self.end();
                }
                '|' if self.rest().starts_with("||") => {
                    self.at += 2;
                    self.end();
                }
                '|' | '>' | '<' => self.redirection(),
                '\\' if self.rest()[1..].starts_with(['\n', '\r']) => {
                    self.at += 1;
                    if !self.skip_line_end() {
                        self.at += 1;
                    }
                }
                _ => self.word(),
            }
        }
        self.end();
        // Comments behind the last command belong to nobody else.
        if let Some(last) = self.commands.last_mut() {
            last.comments.append(&mut self.now.comments);
        }
    }

    /// Up to the end of the command: what the shell does with input and output. A curl behind `|` is a
    /// command of its own.
    fn redirection(&mut self) {
        let start = self.at;
        let words = self.now.words.len();
        while let Some(c) = self.peek() {
            match c {
                '|' if is_curl_next(&self.rest()[1..]) => {
                    self.now.words.truncate(words);
                    self.now.rest.push(format!("{} | curl …", &self.text[start..self.at]).trim().to_owned());
                    self.at += 1;
                    return self.end();
                }
                '<' if self.rest().starts_with("<<") && !self.rest().starts_with("<<<") => {
                    self.at += if self.rest().starts_with("<<-") { 3 } else { 2 };
                    while self.peek().is_some_and(|c| matches!(c, ' ' | '\t')) {
                        self.at += 1;
                    }
                    let before = self.now.words.len();
                    self.word();
                    let number = self.commands.len();
                    self.documents.extend(self.now.words.drain(before..).map(|word| (number, word)));
                }
                '\n' | ';' => break,
                '&' if self.rest().starts_with("&&") => break,
                '\\' if self.rest()[1..].starts_with(['\n', '\r']) => {
                    self.at += 1;
                    self.skip_line_end();
                }
                ' ' | '\t' | '\r' | '|' | '>' | '<' | '&' => self.at += 1,
                _ => self.word(),
            }
        }
        self.now.words.truncate(words);
        let what = self.text[start..self.at].trim().replace("\\\n", " ");
        self.now.rest.push(what);
    }

    /// The documents of the line that has ended, each up to a line with its word alone (XCU §2.7.4).
    fn documents(&mut self) {
        for (number, end) in std::mem::take(&mut self.documents) {
            let is_quoted = self.text[end.span.clone()].contains(['\'', '"', '\\']);
            let end = end.plain().unwrap_or_default();
            let mut document = String::new();
            while self.at < self.text.len() {
                let text = self.text;
                let line = text[self.at..].split_inclusive('\n').next().unwrap_or_default();
                self.at += line.len();
                if line.trim() == end {
                    break;
                }
                document.push_str(line);
            }
            let is_plain = is_quoted || !document.contains(['$', '`', '\\']);
            if let Some(command) = self.commands.get_mut(number).filter(|_| is_plain) {
                command.input = Some(document);
            }
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let mut word = Word::default();
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\n' | ';' | '|' | '>' | '<' | '&' => break,
                '\'' => self.single(&mut word),
                '"' => self.double(&mut word),
                '$' if self.rest().starts_with("$'") => self.ansi(&mut word),
                '$' | '`' => {
                    let parts = word.parts.len();
                    self.expansion(&mut word);
                    word.is_split |= word.parts[parts..].iter().any(|part| !matches!(part, Part::Plain(_)));
                }
                '\\' => {
                    self.at += 1;
                    if !self.skip_line_end()
                        && let Some(c) = self.next()
                    {
                        word.push(c);
                    }
                }
                c => {
                    self.at += c.len_utf8();
                    word.push(c);
                }
            }
        }
        word.span = start..self.at;
        // `2>` names a stream and is no word.
        let is_stream = matches!(word.plain(), Some("1" | "2")) && self.peek() == Some('>');
        if !is_stream {
            self.now.words.push(word);
        }
    }

    /// What never ends is an error at its beginning, and what follows is not looked at: it would be
    /// taken for something that it is not.
    fn unclosed(&mut self, at: usize, what: &'static str) {
        self.errors.push(Unclosed { at, what });
        self.at = self.text.len();
    }

    /// An empty word is a word too.
    fn open(&mut self, word: &mut Word, length: usize) -> usize {
        let at = self.at;
        self.at += length;
        if word.parts.is_empty() {
            word.parts.push(Part::Plain(String::new()));
        }
        at
    }

    fn single(&mut self, word: &mut Word) {
        let at = self.open(word, 1);
        match self.rest().find('\'') {
            Some(length) => {
                let inner = self.rest()[..length].to_owned();
                inner.chars().for_each(|c| word.push(c));
                self.at += length + 1;
            }
            None => self.unclosed(at, "this quote is not closed"),
        }
    }

    fn double(&mut self, word: &mut Word) {
        let at = self.open(word, 1);
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.at += 1;
                    return;
                }
                '$' | '`' => self.expansion(word),
                '\\' => {
                    self.at += 1;
                    if self.skip_line_end() {
                        continue;
                    }
                    match self.next() {
                        Some(c @ ('$' | '`' | '"' | '\\')) => word.push(c),
                        Some(c) => {
                            word.push('\\');
                            word.push(c);
                        }
                        None => {}
                    }
                }
                c => {
                    self.at += c.len_utf8();
                    word.push(c);
                }
            }
        }
        self.unclosed(at, "this quote is not closed");
    }

    /// `$'…'` with the escapes of ANSI C, some of which are bytes; what is then no text is left to a shell.
    fn ansi(&mut self, word: &mut Word) {
        let at = self.open(word, 2);
        let mut bytes = Vec::new();
        let push =
            |bytes: &mut Vec<u8>, c: char| bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        while let Some(c) = self.next() {
            match c {
                '\'' => {
                    match String::from_utf8(bytes) {
                        Ok(text) => text.chars().for_each(|c| word.push(c)),
                        Err(_) => word.parts.push(Part::Unknown(self.text[at..self.at].to_owned())),
                    }
                    return;
                }
                '\\' => match self.next() {
                    Some('n') => bytes.push(b'\n'),
                    Some('t') => bytes.push(b'\t'),
                    Some('r') => bytes.push(b'\r'),
                    Some('a') => bytes.push(0x07),
                    Some('b') => bytes.push(0x08),
                    Some('e' | 'E') => bytes.push(0x1b),
                    Some('f') => bytes.push(0x0c),
                    Some('v') => bytes.push(0x0b),
                    Some('x') => {
                        let byte = self.digits(2, 16);
                        bytes.extend(u8::try_from(byte));
                    }
                    Some('u') => push(&mut bytes, self.code(4)),
                    Some('U') => push(&mut bytes, self.code(8)),
                    Some('0'..='7') => {
                        self.at -= 1;
                        // Of more than eight bits, the lower eight count.
                        bytes.push(self.digits(3, 8).to_le_bytes()[0]);
                    }
                    Some(c @ ('\'' | '"' | '\\' | '?')) => push(&mut bytes, c),
                    Some(c) => {
                        bytes.push(b'\\');
                        push(&mut bytes, c);
                    }
                    None => break,
                },
                c => push(&mut bytes, c),
            }
        }
        self.unclosed(at, "this quote is not closed");
    }

    /// A character by its number; halves of a pair (UTF-16) are put together.
    fn code(&mut self, most: usize) -> char {
        let mut number = self.digits(most, 16);
        if (0xd800..0xdc00).contains(&number) && self.rest().starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let low = self.digits(4, 16);
            if (0xdc00..0xe000).contains(&low) {
                number = 0x10000 + ((number - 0xd800) << 10) + (low - 0xdc00);
            } else {
                self.at = before;
            }
        }
        char::from_u32(number).unwrap_or('\u{fffd}')
    }

    fn digits(&mut self, most: usize, radix: u32) -> u32 {
        let mut number = 0u32;
        for _ in 0..most {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else { break };
            number = number.saturating_mul(radix).saturating_add(digit);
            self.at += 1;
        }
        number
    }

    /// `$NAME`, `${NAME}`, `$1`, `$(…)`, `` `…` ``.
    fn expansion(&mut self, word: &mut Word) {
        let at = self.at;
        let is_tick = self.next() == Some('`');
        let (open, close) = match self.peek() {
            _ if is_tick => (None, '`'),
            Some('(') => (Some('('), ')'),
            Some('{') => (Some('{'), '}'),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
                let name = self.rest()[..length].to_owned();
                self.at += length;
                word.parts.push(Part::Variable(name));
                return;
            }
            // An argument of the script, or what the shell knows of itself (XCU §2.5).
            Some(c) if c.is_ascii_digit() || "@*#?!$-".contains(c) => {
                self.at += 1;
                word.parts.push(Part::Unknown(self.text[at..self.at].to_owned()));
                return;
            }
            _ => {
                word.push('$');
                return;
            }
        };
        let mut depth = 0;
        while let Some(c) = self.next() {
            if Some(c) == open {
                depth += 1;
            } else if c == close {
                depth -= 1;
                if depth <= 0 {
                    let inner = self.text[at..self.at].to_owned();
                    let name = inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
                    let is_name = |name: &&str| {
                        !name.is_empty()
                            && !name.starts_with(|c: char| c.is_ascii_digit())
                            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                    };
                    word.parts.push(match name.filter(is_name) {
                        Some(name) => Part::Variable(name.to_owned()),
                        None => Part::Unknown(inner),
                    });
                    return;
                }
            }
        }
        self.unclosed(at, "this expansion is not closed");
    }
}

/// Whether a command of curl begins here.
fn is_curl_next(text: &str) -> bool {
    text.split_whitespace().next().is_some_and(is_curl)
}

/// Whether a command is curl.
pub(super) fn is_curl(name: &str) -> bool {
    matches!(name.rsplit(['/', '\\']).next(), Some("curl" | "curl.exe"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let commands = commands(text).unwrap();
        commands[0].words.iter().map(|word| word.plain().unwrap().to_owned()).collect()
    }

    #[test]
    fn quotes_are_taken_off() {
        assert_eq!(
            words("a 'b c' \"d\\\"e\\n\" f\\ g '' $'h\\n\\x41\\ud83d\\ude00'"),
            ["a", "b c", "d\"e\\n", "f g", "", "h\nA😀"]
        );
        assert_eq!(words("a \\\n  b \\\r\n c"), ["a", "b", "c"]);
        assert_eq!(words("a'b'\"c\" d\\'e"), ["abc", "d'e"]);
    }

    #[test]
    fn commands_comments_and_the_rest_are_told_apart() {
        let commands = commands("# one\na b | jq . > x # two\nc 2>/dev/null && d; e#f").unwrap();
        let first: Vec<_> = commands.iter().map(|command| command.words[0].plain().unwrap()).collect();
        assert_eq!(first, ["a", "c", "d", "e#f"]);
        assert_eq!(commands[0].comments, ["one"]);
        assert_eq!(commands[0].words.len(), 2);
        assert_eq!(commands[0].rest, ["| jq . > x # two"]);
        assert_eq!(commands[1].rest, [">/dev/null"]);
    }

    #[test]
    fn variables_are_known() {
        let commands = commands("a \"x $B ${C}\" $(date +%s) '$D' $").unwrap();
        let parts = |at: usize| commands[0].words[at].parts.clone();
        assert_eq!(
            parts(1),
            [
                Part::Plain("x ".into()),
                Part::Variable("B".into()),
                Part::Plain(" ".into()),
                Part::Variable("C".into())
            ]
        );
        assert_eq!(parts(2), [Part::Unknown("$(date +%s)".into())]);
        assert_eq!(parts(3), [Part::Plain("$D".into())]);
        assert_eq!(parts(4), [Part::Plain("$".into())]);
    }

    #[test]
    fn bytes_in_quotes_are_characters_together() {
        assert_eq!(words(r"a $'caf\xc3\xa9 \303\251 \u00e9 \q\x41\101'"), ["a", "café é é \\qAA"]);
        let commands = commands(r"a $'\xff'").unwrap();
        assert_eq!(commands[0].words[1].parts[1..], [Part::Unknown(r"$'\xff'".into())]);
    }

    #[test]
    fn arguments_of_the_script_are_left_to_the_shell() {
        let commands = commands("a \"/$1/${2}/$@\" $B c$D").unwrap();
        let unknown = |what: &str| Part::Unknown(what.into());
        let slash = || Part::Plain("/".into());
        let expected = [slash(), unknown("$1"), slash(), unknown("${2}"), slash(), unknown("$@")];
        assert_eq!(commands[0].words[1].parts, expected);
        let split: Vec<bool> = commands[0].words.iter().map(|word| word.is_split).collect();
        assert_eq!(split, [false, false, true, true]);
    }

    #[test]
    fn documents_and_pipes_are_read() {
        let text = "curl -d @- <<'END' | jq .\n{\"a\": 1}\n# b\nEND\necho x | curl c > d\ncat <<E\n$x\nE\ne";
        let commands = commands(text).unwrap();
        let first: Vec<_> = commands.iter().map(|command| command.words[0].plain().unwrap()).collect();
        assert_eq!(first, ["curl", "echo", "curl", "cat", "e"]);
        assert_eq!(commands[0].input.as_deref(), Some("{\"a\": 1}\n# b\n"));
        assert_eq!(commands[1].rest, ["| curl …"]);
        assert_eq!(commands[2].rest, ["> d"]);
        assert_eq!(commands[3].input, None);
    }

    #[test]
    fn what_is_not_closed_is_told_at_its_beginning() {
        assert_eq!(commands("a 'b").unwrap_err(), [Unclosed { at: 2, what: "this quote is not closed" }]);
        assert_eq!(commands("a \"b\n\\").unwrap_err()[0].at, 2);
        assert_eq!(commands("a $(b").unwrap_err()[0].at, 2);
    }
}
