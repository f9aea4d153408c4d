//! The URLs that one with `{a,b}` and `[1-9]` stands for (curl(1), "Globbing").

use super::super::model::{Piece, Text};

/// More requests than these are not written down.
const MOST: usize = 50;

/// What a URL stands for.
pub(super) struct Globbed {
    pub(super) urls: Vec<Text>,
    /// Whether there are more.
    pub(super) is_cut: bool,
}

/// Reads a URL as curl does without `-g`; an error is why curl refuses it.
pub(super) fn globbed(url: &Text) -> Result<Globbed, &'static str> {
    let mut globbed = Globbed { urls: vec![Text::default()], is_cut: false };
    for piece in &url.0 {
        match piece {
            Piece::Value(value) => globbed.urls.iter_mut().for_each(|url| url.push_value(value.clone())),
            Piece::Plain(plain) => read(plain, &mut globbed)?,
        }
    }
    Ok(globbed)
}

fn read(plain: &str, globbed: &mut Globbed) -> Result<(), &'static str> {
    let mut rest = plain;
    while let Some(at) = rest.find(['{', '[', '}', ']', '\\']) {
        let (before, special) = rest.split_at(at);
        globbed.literal(before);
        let after = &special[1..];
        let is_host = globbed.urls[0].shown().ends_with("://") || before.ends_with('@');
        let close = after.find(if special.starts_with('{') { '}' } else { ']' });
        rest = match (special.as_bytes()[0], close) {
            (b'\\', _) => {
                let escaped = after.chars().next().filter(|c| "{}[]".contains(*c));
                globbed.literal(escaped.map_or("\\", |_| &after[..1]));
                escaped.map_or(after, |_| &after[1..])
            }
            // The address of a host (RFC 3986 §3.2.2).
            (b'[', Some(end)) if is_host => {
                globbed.literal(&special[..end + 2]);
                &after[end + 1..]
            }
            (b'{', Some(end)) => {
                let inner = &after[..end];
                if inner.is_empty() || inner.contains('{') {
                    return Err("nothing, or braces, in braces");
                }
                globbed.times(inner.split(',').map(str::to_owned));
                &after[end + 1..]
            }
            (b'[', Some(end)) => {
                globbed.times(range(&after[..end]).ok_or("brackets that are no range such as `[1-9]`")?);
                &after[end + 1..]
            }
            _ => return Err("a brace or a bracket without its other half"),
        };
    }
    globbed.literal(rest);
    Ok(())
}

impl Globbed {
    fn literal(&mut self, plain: &str) {
        self.urls.iter_mut().for_each(|url| url.push_plain(plain));
    }

    /// Each URL so far with each of these behind it; the last one changes first.
    fn times(&mut self, items: impl Iterator<Item = String>) {
        let items: Vec<String> = items.take(MOST + 1).collect();
        let mut all = Vec::new();
        for url in &self.urls {
            for item in &items {
                let mut url = url.clone();
                url.push_plain(item);
                all.push(url);
            }
        }
        self.is_cut |= all.len() > MOST;
        all.truncate(MOST);
        self.urls = all;
    }
}

/// `1-9`, `001-100:2`, `a-z`.
fn range(inner: &str) -> Option<impl Iterator<Item = String>> {
    let (bounds, step) = inner.split_once(':').unwrap_or((inner, "1"));
    let (first, last) = bounds.split_once('-')?;
    let step: usize = step.parse().ok().filter(|step| *step > 0)?;
    let letter = |text: &str| {
        let mut chars = text.chars();
        let letter = chars.next().filter(char::is_ascii_alphabetic)?;
        chars.next().is_none().then_some(u64::from(u32::from(letter)))
    };
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let (is_letter, from, to) = match (letter(first), letter(last)) {
        (Some(from), Some(to)) => (true, from, to),
        _ => (false, number(first)?, number(last)?),
    };
    let width = if first.starts_with('0') { first.len() } else { 0 };
    let shown = move |number: u64| match u8::try_from(number) {
        Ok(letter) if is_letter => char::from(letter).to_string(),
        _ => format!("{number:0width$}"),
    };
    (from <= to).then(|| (from..=to).step_by(step).map(shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(url: &str) -> Result<Vec<String>, &'static str> {
        Ok(globbed(&Text::plain(url))?.urls.iter().map(Text::shown).collect())
    }

    #[test]
    fn braces_and_brackets_stand_for_several() {
        assert_eq!(urls("h/[01-03:2]{a,b}").unwrap(), ["h/01a", "h/01b", "h/03a", "h/03b"]);
        assert_eq!(urls("h/[a-c:2]/{x}").unwrap(), ["h/a/x", "h/c/x"]);
        assert_eq!(urls("http://[::1]:80/\\[1\\]\\x").unwrap(), ["http://[::1]:80/[1]\\x"]);
        let many = globbed(&Text::plain("h/[0-999999999]/[1-9]")).unwrap();
        assert!(many.is_cut && many.urls.len() == MOST);
    }

    #[test]
    fn what_curl_refuses_is_refused() {
        for url in ["h/x[1]", "h/{a", "h/a}", "h/]", "h/[3-1]", "h/{}", "h/{a{b}}", "h/[1-2:0]", "h/[é-z]"] {
            assert!(urls(url).is_err(), "{url}");
        }
    }
}
