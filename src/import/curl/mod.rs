//! Command lines of curl: one, or a script of several. What the shell does besides is noted.

mod call;
mod data;
mod flags;
mod glob;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::model::{Line, Piece, Scenario, Story, Term, Text};
use super::shell::{self, Command, Part, Word, is_curl};
use super::{place, quote, whole, wrong};
use crate::diag::Diagnostic;
use crate::lang::Registry;
use call::Call;
use data::Data;
use flags::{Act, Flag};

/// Words that stand before a command, and whether leaving them out changes what is sent.
const BEFORE: &[(&str, bool)] = &[
    ("time", false),
    ("command", false),
    ("exec", false),
    ("nohup", false),
    ("sudo", false),
    ("{", false),
    ("!", false),
    ("if", true),
    ("then", true),
    ("elif", true),
    ("else", true),
    ("while", true),
    ("until", true),
    ("do", true),
];

/// Reads a script.
pub(super) fn read(text: &str, title: &str, registry: &Registry) -> Result<Story, Vec<Diagnostic>> {
    if let Some(at) = caret(text) {
        let error = wrong(at, at + 1, "this is a command line for `cmd.exe`, which scn does not read");
        return Err(vec![error.help("in the browser, choose \"Copy as cURL (bash)\"")]);
    }
    let commands = shell::commands(text).map_err(|errors| {
        let error = |error: &shell::Unclosed| {
            wrong(error.at, (error.at + 1).min(text.len()), error.what)
                .help("scn reads the file as a POSIX shell does")
        };
        errors.iter().map(error).collect::<Vec<_>>()
    })?;
    let mut reader = Reader {
        story: Story::new(registry),
        assigned: BTreeMap::new(),
        variables: BTreeMap::new(),
        scenario: Scenario { title: title.to_owned(), ..Scenario::default() },
        lines: Vec::new(),
        keepers: BTreeSet::new(),
        at: 0..0,
        input: None,
        errors: Vec::new(),
    };
    for command in commands {
        reader.command(command);
    }
    let Reader { mut story, mut scenario, mut lines, keepers, errors, .. } = reader;
    whole(text, &scenario, errors, "a line begins with `curl`")?;
    scenario.after.append(&mut lines);
    let off = || Term::Raw("false".to_owned());
    let follows =
        |request: &super::model::Request| request.options.iter().any(|(name, _)| *name == "redirects");
    // Each curl starts without the cookies that an earlier one was given, and keeps none for a redirect.
    if keepers.is_empty() {
        if scenario.requests.len() > 1 || scenario.requests.iter().any(follows) {
            story.defaults.push(("cookies", off()));
        }
    } else {
        let others = scenario.requests.iter_mut().enumerate().filter(|(index, _)| !keepers.contains(index));
        others.for_each(|(_, request)| request.set("cookies", off()));
    }
    story.scenarios.push(scenario);
    Ok(story)
}

/// Where a `^` says that a command line is one for `cmd.exe`, as browsers copy it.
fn caret(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = line.trim_end();
        if line.starts_with("curl ") {
            let at =
                end.ends_with(" ^").then(|| end.len() - 1).or_else(|| line.find(" ^\"").map(|at| at + 1));
            if let Some(at) = at {
                return Some(start + at);
            }
        }
        start += line.len();
    }
    None
}

struct Reader {
    story: Story,
    /// What the script sets variables of the shell to, until one is read.
    assigned: BTreeMap<String, Text>,
    /// The variables that were read, by the names that they have here.
    variables: BTreeMap<String, String>,
    scenario: Scenario,
    /// What stands above the next request.
    lines: Vec<Line>,
    /// The requests that take part in a jar of cookies.
    keepers: BTreeSet<usize>,
    /// Where the word stands that is read.
    at: Range<usize>,
    /// What the script itself gives a command to read.
    input: Option<String>,
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
        let known = |word: &Word| BEFORE.iter().find(|(name, _)| word.plain() == Some(name));
        let before = words.iter().take_while(|word| known(word).is_some()).count();
        if words.get(before).and_then(Word::plain).is_some_and(is_curl) {
            for (name, _) in words[..before].iter().filter_map(known).filter(|(_, changes)| *changes) {
                self.lines.push(Line::Lost(format!("`{name}` of the shell: what follows is sent once")));
            }
            words = &words[before..];
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
                // A document that is known is the body, and not lost.
                let is_input = |what: &&String| {
                    command.input.is_some() && what.starts_with("<<") && !what.contains(['|', '>'])
                };
                for what in command.rest.iter().filter(|what| !is_input(what)) {
                    self.lines.push(Line::Lost(format!("what the shell does with the output: `{what}`")));
                }
                self.input = command.input;
                self.curl(arguments, name);
            }
            Some((name, arguments)) => {
                let has_curl = |word: &Word| {
                    word.parts.iter().any(|part| matches!(part, Part::Plain(plain) if plain.contains("curl")))
                };
                let more = if std::iter::once(name).chain(arguments).any(has_curl) {
                    ", and the request of the curl in it"
                } else {
                    ""
                };
                let name = name.plain().unwrap_or("…").to_owned();
                self.lines.push(Line::Lost(format!("the command `{name}`, which is not curl{more}")));
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
            self.assigned.insert(name, value);
        }
        true
    }

    /// The words as the shell makes them of values outside of quotes: `$OPTIONS` may be several, or none.
    fn split(&self, words: &[Word]) -> Vec<Word> {
        let mut all = Vec::new();
        for word in words {
            let value = match &word.parts[..] {
                [Part::Variable(name)] if word.is_split => self.value(name),
                _ => None,
            };
            let is_one = |value: &&str| !value.starts_with('-') && value.split_whitespace().count() == 1;
            match value {
                Some(value) if !is_one(&value) => all.extend(value.split_whitespace().map(|field| Word {
                    parts: vec![Part::Plain(field.to_owned())],
                    is_split: false,
                    span: word.span.clone(),
                })),
                _ => all.push(word.clone()),
            }
        }
        all
    }

    /// What the script sets a variable to.
    fn value(&self, called: &str) -> Option<&str> {
        let own = || place::known(&self.story.inputs, self.variables.get(called)?);
        self.assigned.get(called).and_then(Text::as_plain).or_else(own)
    }

    /// The text with those values spelled out that hold more than one value does.
    fn spelled(&self, text: &Text, means_more: impl Fn(&str) -> bool) -> Text {
        place::spelled(text, &self.story.inputs, means_more)
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
        let value = self.assigned.remove(called);
        let own = self.story.outside(like, value);
        self.variables.insert(called.to_owned(), own.clone());
        own
    }

    fn curl(&mut self, words: &[Word], name: &Word) {
        let mut call = Call::default();
        let words = self.split(words);
        let mut rest = &words[..];
        let mut only_urls = false;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            self.at = word.span.clone();
            let text = self.text(word);
            // What a word begins with tells what it is, whatever value stands behind.
            let begin = match text.0.first() {
                Some(Piece::Plain(plain)) => plain.clone(),
                _ => String::new(),
            };
            match text.as_plain() {
                Some("--") if !only_urls => only_urls = true,
                Some("--next" | "-:") if !only_urls => self.finish(std::mem::take(&mut call), name),
                _ if only_urls || !begin.starts_with('-') || text.as_plain() == Some("-") => {
                    let is_known =
                        matches!(&word.parts[..], [Part::Variable(name)] if self.value(name).is_some());
                    let is_doubtful = word.is_split && text.as_value().is_some() && !is_known;
                    let list = if is_doubtful { &mut call.doubtful } else { &mut call.urls };
                    list.push((text, word.span.clone()));
                }
                _ if begin.starts_with("--") => self.long(&text, &mut rest, &mut call),
                _ => self.short(&begin, &text, &mut rest, &mut call),
            }
        }
        self.finish(call, name);
    }

    fn long(&mut self, text: &Text, rest: &mut &[Word], call: &mut Call) {
        let (name, given) =
            text.split_once('=').map_or((text.clone(), None), |(name, value)| (name, Some(value)));
        let name = name.shown();
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
            (true, Some(given)) => Some(given),
            (true, None) => match self.argument(rest) {
                Some(value) => Some(value),
                None => return self.lacks(&name),
            },
            (false, _) => None,
        };
        self.flag(flag, &name, value, call);
    }

    /// `-sSLk`, `-XPOST`, `-H value`.
    fn short(&mut self, letters: &str, text: &Text, rest: &mut &[Word], call: &mut Call) {
        for (at, letter) in letters.char_indices().skip(1) {
            let name = format!("-{letter}");
            let Some(flag) = flags::short(letter) else {
                call.request.lose(format!("`{name}`, which is no flag that scn knows"));
                continue;
            };
            if !flag.takes {
                self.flag(flag, &name, None, call);
                continue;
            }
            let attached = text.strip_word(&letters[..at + letter.len_utf8()]).unwrap_or_default();
            let value = if attached.is_empty() { self.argument(rest) } else { Some(attached) };
            match value {
                Some(value) => self.flag(flag, &name, Some(value), call),
                None => self.lacks(&name),
            }
            return;
        }
        if text.as_plain().is_none() {
            call.request.lose(format!("what `{}` adds to the flags", text.shown()));
        }
    }

    fn argument(&mut self, rest: &mut &[Word]) -> Option<Text> {
        let (word, after) = rest.split_first()?;
        *rest = after;
        Some(self.text(word))
    }

    fn lacks(&mut self, name: &str) {
        self.wrong(&self.at.clone(), format!("`{name}` needs a value after it"));
    }

    fn wrong(&mut self, at: &Range<usize>, message: String) {
        self.errors.push(wrong(at.start, at.end, message));
    }

    fn flag(&mut self, flag: &Flag, name: &str, value: Option<Text>, call: &mut Call) {
        let value = value.unwrap_or_default();
        let shown = || value.shown();
        match flag.act {
            Act::Request => call.method = Some(self.spelled(&value, |_| true).shown()),
            Act::Url => call.urls.push((value, self.at.clone())),
            Act::Header => match self.spelled(&value, |known| known.contains(':')).split_once(':') {
                Some((name, value)) => call.headers.push((name.shown(), value)),
                None => match value.as_plain().and_then(|plain| plain.strip_suffix(';')) {
                    Some(name) => call.headers.push((format!("{name};"), Text::default())),
                    None => call.request.lose(format!("`{name}`, whose value is no header")),
                },
            },
            Act::Named("Referer") => {
                // Behind redirects, curl names the page that it comes from.
                let (page, auto) =
                    value.split_once(';').map_or((value, None), |(page, auto)| (page, Some(auto)));
                if let Some(auto) = auto {
                    call.request.lose(format!("`;{}` of `{name}`", auto.shown()));
                }
                call.headers.push(("Referer".to_owned(), page));
            }
            Act::Named(header) => call.headers.push((header.to_owned(), value)),
            Act::Data(kind) => {
                let text = self.read(kind, value);
                call.data.push(Data { kind, text });
            }
            Act::Json => {
                call.is_json = true;
                let text = self.read(data::Kind::Json, value);
                call.data.push(Data { kind: data::Kind::Json, text });
            }
            Act::Form(is_string) => match data::part(&value, is_string, &mut self.story) {
                Ok(part) => call.parts.push(part),
                Err(why) => call.request.lose(format!("`{name}`, {why}")),
            },
            Act::User => call.user = Some(self.spelled(&value, |known| known.contains(':'))),
            Act::Scheme => call.scheme = Some(name.trim_start_matches('-').to_owned()),
            Act::Bearer => call.headers.push(("Authorization".to_owned(), {
                let mut text = Text::plain("Bearer ");
                text.append(&value);
                text
            })),
            Act::Cookie | Act::CookieJar => {
                let cookies = self.spelled(&value, |known| known.contains('='));
                if matches!(flag.act, Act::Cookie) && cookies.split_once('=').is_some() {
                    return call.cookies.push(cookies);
                }
                call.keeps_cookies = true;
                let shown = cookies.shown();
                call.request
                    .lose(format!("`{name} {shown}`, a file of cookies; those of the scenario are kept"));
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
            Act::Trusted => {
                call.follows = true;
                call.request.lose(format!("that `{name}` sends credentials to other hosts, too"));
            }
            Act::Literal => call.is_literal = true,
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

    /// The argument of `-d` and its like, with what `@-` reads where the script has it.
    fn read(&mut self, kind: data::Kind, value: Text) -> Text {
        let value = if kind == data::Kind::Raw {
            value
        } else {
            self.spelled(&value, |known| known.starts_with('@'))
        };
        let is_input = kind != data::Kind::Raw && value.as_plain() == Some("@-");
        match self.input.take_if(|_| is_input) {
            None => value,
            // `-d` takes the line ends out.
            Some(input) if kind == data::Kind::Plain => Text::plain(input.replace(['\r', '\n'], "")),
            Some(input) => Text::plain(input),
        }
    }

    /// A request for each URL.
    fn finish(&mut self, mut call: Call, name: &Word) {
        let mut urls = std::mem::take(&mut call.urls);
        let mut doubtful = std::mem::take(&mut call.doubtful);
        if urls.is_empty() {
            urls.extend(doubtful.pop());
        }
        for (text, _) in doubtful {
            call.request.lose(format!("what `{}` stands for: flags, or nothing", text.shown()));
        }
        if urls.is_empty() {
            return self.wrong(&name.span, "this curl has no URL".to_owned());
        }
        let mut all = call.request(&mut self.story);
        for (url, at) in urls {
            // What stands above the first stands above all.
            let mut before = std::mem::take(&mut self.lines);
            let Some(url) = call::http(&url, &self.story) else {
                before.push(Line::Lost(format!("the request to `{}`, which is not HTTP", url.shown())));
                self.lines = before;
                continue;
            };
            if let Some(why) = place::why_never(&url) {
                self.wrong(&at, format!("nothing can be sent to this URL: {why}"));
                continue;
            }
            let globbed = match glob::globbed(&url).map(|globbed| (globbed.urls, globbed.is_cut)) {
                _ if call.is_literal => (vec![url], false),
                Ok(globbed) => globbed,
                Err(why) => {
                    self.wrong(&at, format!("curl sends nothing to this URL, since it has {why}"));
                    if let Some(last) = self.errors.pop() {
                        self.errors.push(last.help("`-g` takes braces and brackets as they are"));
                    }
                    continue;
                }
            };
            if globbed.1 {
                before.push(Line::Lost(
                    "the other requests that the braces and brackets of a URL stand for".to_owned(),
                ));
            }
            for url in globbed.0 {
                let mut request = all.clone();
                // What is not carried over is said once.
                all.before.clear();
                before.append(&mut request.before);
                request.before = std::mem::take(&mut before);
                request.url = call.url(url);
                request.title = Some(place::title(&request.method, &request.url));
                if call.keeps_cookies {
                    self.keepers.insert(self.scenario.requests.len());
                }
                self.scenario.requests.push(request);
            }
        }
    }
}
