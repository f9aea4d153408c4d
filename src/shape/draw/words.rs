//! Words as people know them: names, places, companies, sentences, of the tables that the `fake`
//! crate keeps. Only its tables are used, and picked from by the draw's own numbers. Mail and
//! hosts end in `.test` and telephone numbers in 555-01, which belong to nobody (RFC 2606, NANP).

use fake::locales::{Data, EN};

use super::stream::Stream;

/// `Ada Keller`
pub(super) fn person_name(stream: &mut Stream) -> String {
    join(&[stream.one_of(EN::NAME_FIRST_NAME), " ", stream.one_of(EN::NAME_LAST_NAME)])
}

/// `Keller and Sons`, `Keller and Okafor LLC`
pub(super) fn company(stream: &mut Stream) -> String {
    let two = stream.below(2) == 1;
    let name = stream.one_of(EN::NAME_LAST_NAME);
    let (and, other) = if two { (" and ", stream.one_of(EN::NAME_LAST_NAME)) } else { ("", "") };
    // After two names `and Sons` reads oddly, and nobody is called so.
    let suffix = stream.one_of(EN::COMPANY_SUFFIX);
    let suffix = if two && suffix.starts_with("and") { "Group" } else { suffix };
    join(&[name, and, other, " ", suffix])
}

/// `17 Keller Street, New Amandaville, OH 44101`
pub(super) fn address(stream: &mut Stream) -> String {
    let number = stream.between(1, 1_999).to_string();
    let street = stream.one_of(EN::NAME_LAST_NAME);
    let kind = stream.one_of(EN::ADDRESS_STREET_SUFFIX);
    let town = stream.one_of(EN::NAME_FIRST_NAME);
    let end = stream.one_of(EN::ADDRESS_CITY_SUFFIX);
    let state = stream.one_of(EN::ADDRESS_STATE_ABBR);
    let code = format!("{:05}", stream.between(501, 99_950));
    join(&[&number, " ", street, " ", kind, ", ", town, end, ", ", state, " ", &code])
}

/// Four to twelve words, the first with a capital, and a full stop.
pub(super) fn sentence(stream: &mut Stream) -> String {
    let count = stream.between(4, 12);
    let mut text = String::with_capacity(96);
    for at in 0..count {
        let word = stream.one_of(EN::LOREM_WORD);
        if at == 0 {
            text.extend(word.chars().take(1).flat_map(char::to_uppercase));
            text.extend(word.chars().skip(1));
        } else {
            text.push(' ');
            text.push_str(word);
        }
    }
    text.push('.');
    text
}

/// `ada.keller317@example.test`
pub(super) fn email(stream: &mut Stream) -> String {
    let mut text = String::with_capacity(48);
    plain(stream.one_of(EN::NAME_FIRST_NAME), &mut text);
    text.push('.');
    plain(stream.one_of(EN::NAME_LAST_NAME), &mut text);
    text.push_str(&stream.below(10_000).to_string());
    text.push_str(stream.one_of(&["@example.test", "@mail.example.test", "@post.example.test"]));
    text
}

/// `https://keller.example.test/dolorem/7423`
pub(super) fn url(stream: &mut Stream) -> String {
    let mut text = String::from("https://");
    text.push_str(&hostname(stream));
    for _ in 0..stream.between(1, 3) {
        text.push('/');
        text.push_str(stream.one_of(EN::LOREM_WORD));
    }
    text.push('/');
    text.push_str(&stream.below(1_000_000).to_string());
    text
}

/// `keller-17.example.test`
pub(super) fn hostname(stream: &mut Stream) -> String {
    let mut text = String::with_capacity(32);
    plain(stream.one_of(EN::NAME_LAST_NAME), &mut text);
    text.push('-');
    text.push_str(&stream.below(1_000).to_string());
    text.push_str(".example.test");
    text
}

/// `dolorem-ipsum-17`
pub(super) fn slug(stream: &mut Stream) -> String {
    let number = stream.below(1_000).to_string();
    join(&[stream.one_of(EN::LOREM_WORD), "-", stream.one_of(EN::LOREM_WORD), "-", &number])
}

/// `+1 614 555 0137`: a number that is kept for stories.
pub(super) fn phone(stream: &mut Stream) -> String {
    // An area code begins with 2 to 9, and its second digit is no 9.
    let area = stream.between(2, 9) * 100 + stream.between(0, 8) * 10 + stream.between(0, 9);
    format!("+1 {area} 555 01{:02}", stream.below(100))
}

/// Names as people of other countries have them, and some that break careless programs.
pub(super) const ODD_NAMES: &[&str] = &[
    "Zoë Ångström",
    "Jose\u{301} Nu\u{303}n\u{303}ez",
    "Seán O'Brien-O’Neill",
    "李小龍",
    "さくら 山田",
    "محمد عبد الله",
    "Ольга Петрова",
    "Łukasz Żółć",
    "Nguyễn Thị Ánh",
    "X Æ A-12",
    "Null",
    "Robert'); DROP TABLE customers;--",
    "👩‍👩‍👧‍👦",
    "I",
];

/// Only letters and digits, in lower case.
fn plain(word: &str, out: &mut String) {
    out.extend(word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()));
}

fn join(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| text.push_str(part));
    text
}
