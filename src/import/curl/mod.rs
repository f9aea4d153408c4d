//! Command lines of curl: one, or a script of several. What the shell does besides is noted.

mod call;
mod data;
mod flags;

use std::collections::BTreeMap;

use super::model::{Line, Scenario, Story, Term, Text};
use super::shell::{self, Command, Part, Word};
use super::{place, quote, whole, wrong};
use crate::diag::Diagnostic;
use crate::lang::Registry;
use call::Call;
use data::Data;
use flags::{Act, Flag};

/// Reads a script.
pub(super) fn read(text: &str, title: &str, registry: &Registry) -> Result<Story, Vec<Diagnostic>> {
    let commands = shell::commands(text).map_err(|errors| {
        let error = |error: &shell::Unclosed| {
            wrong(error.at, (error.at + 1).min(text.len()), error.what)
                .help("scn reads the file as a POSIX shell does")
        };
        errors.iter().map(error).collect::<Vec<_>>()
    })?;
    let mut reader = Reader {
        story: Story::new(registry),
        variables: BTreeMap::new(),
        scenario: Scenario { title: title.to_owned(), ..Scenario::default() },
        lines: Vec::new(),
        keeps_cookies: false,
        errors: Vec::new(),
    };
    for command in commands {
        reader.command(command);
    }
    let Reader { mut story, mut scenario, mut lines, keeps_cookies, errors, .. } = reader;
    whole(text, &scenario, errors, "a line begins with `curl`")?;
    scenario.after.append(&mut lines);
    // Each curl starts without the cookies that an earlier one was given.
    if scenario.requests.len() > 1 && !keeps_cookies {
        story.defaults.push(("cookies", Term::Raw("false".to_owned())));
    }
    story.scenarios.push(scenario);
    Ok(story)
}

struct Reader {
    story: Story,
    /// The variables of the shell, by the names that they have here.
    variables: BTreeMap<String, String>,
    scenario: Scenario,
    /// What stands above the next request.
    lines: Vec<Line>,
    keeps_cookies: bool,
    errors: Vec<Diagnostic>,
}

impl Reader {
    fn command(&mut self, command: Command) {
        self.lines.extend(command.comments.iter().map(|comment| Line::Comment(comment.clone())));
        let mut words = &command.words[..];
        // A prompt that was copied with the line.
        while words.first().and_then(Word::plain).is_some_and(|word| matches!(word, "$" | "%" | ">")) {
            words = &words[1..];
        }
        if words.first().and_then(Word::plain) == Some("export") {
            words = &words[1..];
        }
        let mut is_assignment = false;
        while let Some(rest) = words.split_first().filter(|(word, _)| self.assign(word)).map(|(_, rest)| rest)
        {
            words = rest;
            is_assignment = true;
        }
        match words.split_first() {
            None if is_assignment => {}
            Some((name, arguments)) if name.plain().is_some_and(is_curl) => {
                for what in &command.rest {
                    self.lines.push(Line::Lost(format!("what the shell does with the output: `{what}`")));
                }
                self.curl(arguments, name);
            }
            Some((name, _)) => {
                let name = name.plain().unwrap_or("…").to_owned();
                self.lines.push(Line::Lost(format!("the command `{name}`, which is not curl")));
            }
            None => {}
        }
    }

    /// `NAME=value`
    fn assign(&mut self, word: &Word) -> bool {
        let Some(Part::Plain(first)) = word.parts.first() else { return false };
        let Some((name, _)) = first.split_once('=') else { return false };
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit());
        if !is_name {
            return false;
        }
        let (name, text) = (name.to_owned(), self.text(word));
        let value = text.split_once('=').map(|(_, value)| value).unwrap_or_default();
        if let Some(known) = self.variables.get(&name) {
            self.lines.push(Line::Lost(format!("another value of `{name}`, which stays `{known}`")));
        } else {
            let own = self.story.outside(&name, Some(value));
            self.variables.insert(name, own);
        }
        true
    }

    /// The word with its variables as inputs or secrets.
    fn text(&mut self, word: &Word) -> Text {
        let mut text = Text::default();
        for part in &word.parts {
            match part {
                Part::Plain(plain) => text.push_plain(plain),
                Part::Variable(name) => {
                    let own = self.variable(name, name);
                    text.push_value(own);
                }
                Part::Unknown(what) => {
                    let known = self.variables.contains_key(what);
                    let own = self.variable(what, "value");
                    if !known {
                        self.lines.push(Line::Lost(format!(
                            "`{what}`, which only a shell can tell: it is the input `{own}`"
                        )));
                    }
                    text.push_value(own);
                }
            }
        }
        text
    }

    fn variable(&mut self, called: &str, like: &str) -> String {
        if let Some(own) = self.variables.get(called) {
            return own.clone();
        }
        let own = self.story.outside(like, None);
        self.variables.insert(called.to_owned(), own.clone());
        own
    }

    fn curl(&mut self, words: &[Word], name: &Word) {
        let mut call = Call::default();
        let mut rest = words;
        let mut only_urls = false;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            let plain = word.plain().unwrap_or_default().to_owned();
            match &*plain {
                "--" if !only_urls => only_urls = true,
                _ if only_urls || !plain.starts_with('-') || plain == "-" => {
                    let url = self.text(word);
                    call.urls.push(url);
                }
                "--next" | "-:" => {
                    self.finish(std::mem::take(&mut call), name);
                }
                _ if plain.starts_with("--") => self.long(&plain, &mut rest, &mut call, word),
                _ => self.short(&plain, word, &mut rest, &mut call),
            }
        }
        self.finish(call, name);
    }

    fn long(&mut self, plain: &str, rest: &mut &[Word], call: &mut Call, word: &Word) {
        let (name, given) = plain.split_once('=').map_or((plain, None), |(name, value)| (name, Some(value)));
        let Some(flag) = flags::long(&name[2..]) else {
            // What nobody knows may take the next word, if that is neither a flag nor a URL.
            let takes = given.is_none()
                && rest
                    .first()
                    .and_then(Word::plain)
                    .is_some_and(|next| !next.starts_with('-') && !next.contains("://") && rest.len() > 1);
            if takes {
                *rest = &rest[1..];
            }
            return call.request.lose(format!("`{name}`, which is no flag that scn knows"));
        };
        let value = match (flag.takes, given) {
            (true, Some(given)) => Some(Text::plain(given)),
            (true, None) => match self.argument(rest) {
                Some(value) => Some(value),
                None => return self.lacks(name, word),
            },
            (false, _) => None,
        };
        self.flag(flag, name, value, call);
    }

    /// `-sSLk`, `-XPOST`, `-H value`.
    fn short(&mut self, plain: &str, word: &Word, rest: &mut &[Word], call: &mut Call) {
        for (at, letter) in plain.char_indices().skip(1) {
            let name = format!("-{letter}");
            let Some(flag) = flags::short(letter) else {
                call.request.lose(format!("`{name}`, which is no flag that scn knows"));
                continue;
            };
            if !flag.takes {
                self.flag(flag, &name, None, call);
                continue;
            }
            let attached = &plain[at + letter.len_utf8()..];
            let value = if attached.is_empty() { self.argument(rest) } else { Some(Text::plain(attached)) };
            match value {
                Some(value) => self.flag(flag, &name, Some(value), call),
                None => self.lacks(&name, word),
            }
            return;
        }
    }

    fn argument(&mut self, rest: &mut &[Word]) -> Option<Text> {
        let (word, after) = rest.split_first()?;
        *rest = after;
        Some(self.text(word))
    }

    fn lacks(&mut self, name: &str, word: &Word) {
        self.errors.push(wrong(word.span.start, word.span.end, format!("`{name}` needs a value after it")));
    }

    fn flag(&mut self, flag: &Flag, name: &str, value: Option<Text>, call: &mut Call) {
        let value = value.unwrap_or_default();
        let shown = || value.shown();
        match flag.act {
            Act::Request => call.method = Some(shown()),
            Act::Url => call.urls.push(value),
            Act::Header => match value.split_once(':') {
                Some((name, value)) => call.headers.push((name.shown(), value)),
                None => match value.as_plain().and_then(|plain| plain.strip_suffix(';')) {
                    Some(name) => call.headers.push((format!("{name};"), Text::default())),
                    None => call.request.lose(format!("`{name}`, whose value is no header")),
                },
            },
            Act::Named(header) => call.headers.push((header.to_owned(), value)),
            Act::Data(kind) => call.data.push(Data { kind, text: value }),
            Act::Json => {
                call.is_json = true;
                call.data.push(Data { kind: data::Kind::Binary, text: value });
            }
            Act::Form(is_string) => match data::part(&value, is_string, &mut self.story) {
                Ok(part) => call.parts.push(part),
                Err(why) => call.request.lose(format!("`{name}`, {why}")),
            },
            Act::User => call.user = Some(value),
            Act::Bearer => call.headers.push(("Authorization".to_owned(), {
                let mut text = Text::plain("Bearer ");
                text.append(&value);
                text
            })),
            Act::Cookie if value.split_once('=').is_some() => call.headers.push(("Cookie".to_owned(), value)),
            Act::Cookie | Act::CookieJar => {
                self.keeps_cookies = true;
                call.request
                    .lose(format!("`{name} {}`, a file of cookies; those of the scenario are kept", shown()));
            }
            Act::Range => {
                let mut range = Text::plain("bytes=");
                range.append(&value);
                call.headers.push(("Range".to_owned(), range));
            }
            Act::Get => call.is_get = true,
            Act::Head => call.is_head = true,
            Act::Upload => call.upload = Some(value),
            Act::Insecure => call.set_tls("insecure", Term::Raw("true".to_owned())),
            Act::Tls(field) => call.set_tls(field, Term::Text(value)),
            Act::Cert => match value.split_once(':') {
                Some((file, _)) => {
                    call.set_tls("cert", Term::Text(file));
                    call.request.lose(format!("the password of `{name}`"));
                }
                None => call.set_tls("cert", Term::Text(value)),
            },
            Act::Follow => call.follows = true,
            Act::MaxRedirects => call.most_redirects = Some(shown()),
            Act::Compressed => call.request.set("compression", Term::Raw("true".to_owned())),
            Act::Seconds(option) => match quote::seconds(&shown()) {
                Some(duration) => call.request.set(option, Term::Raw(duration)),
                None => call.request.lose(format!("`{name} {}`", shown())),
            },
            Act::Version(version) => call.request.set("version", Term::plain(version)),
            Act::Fail => call.fails = true,
            Act::Prints => call.printing.push(name.to_owned()),
            Act::Lost(why) => {
                // The value may be a password, so that it is not shown.
                call.request.lose(format!("`{name}`{}{why}", if why.is_empty() { "" } else { ", " }));
            }
        }
    }

    /// A request for each URL.
    fn finish(&mut self, mut call: Call, name: &Word) {
        let urls = std::mem::take(&mut call.urls);
        if urls.is_empty() {
            self.errors.push(wrong(name.span.start, name.span.end, "this curl has no URL"));
            return;
        }
        let mut all = call.request(&mut self.story);
        for url in urls {
            // What stands above the first stands above all.
            let mut before = std::mem::take(&mut self.lines);
            let Some(url) = call::http(&url) else {
                before.push(Line::Lost(format!("the request to `{}`, which is not HTTP", url.shown())));
                self.lines = before;
                continue;
            };
            let mut request = all.clone();
            // What is not carried over is said once.
            all.before.clear();
            before.append(&mut request.before);
            request.before = before;
            request.url = call.url(url);
            request.title = Some(place::title(&request.method, &request.url));
            self.scenario.requests.push(request);
        }
    }
}

fn is_curl(name: &str) -> bool {
    matches!(name.rsplit(['/', '\\']).next(), Some("curl" | "curl.exe"))
}
