//! The form of a text, and another text of the same form: digits for digits, letters for letters of
//! the same case, everything else in its place. Walking the cycle of the permutation until the form
//! is met again keeps it a permutation of the texts of that form (Black and Rogaway, "Ciphers with
//! arbitrary finite domains", 2002).

use super::feistel;
use super::keyed::Key;

/// Longer texts are no ids.
const MAX_LENGTH: usize = 1024;

/// What the characters at one place may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Digit,
    Lower,
    Upper,
    /// A hexadecimal digit, its letters in lower case or not.
    Hex(bool),
    Fixed(char),
}

impl Place {
    fn base(self) -> Option<u8> {
        match self {
            Place::Digit => Some(10),
            Place::Lower | Place::Upper => Some(26),
            Place::Hex(_) => Some(16),
            Place::Fixed(_) => None,
        }
    }

    fn digit(self, c: char) -> u8 {
        match self {
            Place::Digit => c as u8 - b'0',
            Place::Lower => c as u8 - b'a',
            Place::Upper => c as u8 - b'A',
            Place::Hex(_) => c.to_digit(16).unwrap_or(0) as u8,
            Place::Fixed(_) => 0,
        }
    }

    fn char(self, digit: u8) -> char {
        match self {
            Place::Digit => char::from(b'0' + digit),
            Place::Lower => char::from(b'a' + digit),
            Place::Upper => char::from(b'A' + digit),
            Place::Hex(lower) => {
                let c = char::from_digit(u32::from(digit), 16).unwrap_or('0');
                if lower { c } else { c.to_ascii_uppercase() }
            }
            Place::Fixed(c) => c,
        }
    }
}

/// What stays the same of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Form {
    places: Vec<Place>,
    /// Of a number: whether it begins with a zero, is zero, and the bits that it fits in.
    number: Option<(bool, bool, u8)>,
}

impl Form {
    fn of(text: &str) -> Result<Form, String> {
        if let Some(places) = uuid(text).or_else(|| hexadecimal(text)) {
            return Ok(Form { places, number: None });
        }
        let place = |c: char| match c {
            '0'..='9' => Ok(Place::Digit),
            'a'..='z' => Ok(Place::Lower),
            'A'..='Z' => Ok(Place::Upper),
            c if c.is_alphanumeric() => {
                Err("it has letters or digits outside of ASCII: use `text`".to_owned())
            }
            c => Ok(Place::Fixed(c)),
        };
        let places = text.chars().map(place).collect::<Result<Vec<Place>, String>>()?;
        Ok(Form { number: is_number(text).then(|| number_form(text)), places })
    }
}

/// RFC 9562: the version and the variant stay, the rest is hexadecimal.
fn uuid(text: &str) -> Option<Vec<Place>> {
    if text.len() != 36 || !text.is_ascii() {
        return None;
    }
    let lower = !text.contains(|c: char| c.is_ascii_uppercase());
    if !lower && text.contains(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let place = |(at, c): (usize, char)| match at {
        8 | 13 | 18 | 23 => (c == '-').then_some(Place::Fixed('-')),
        14 | 19 => c.is_ascii_hexdigit().then_some(Place::Fixed(c)),
        _ => c.is_ascii_hexdigit().then_some(Place::Hex(lower)),
    };
    text.chars().enumerate().map(place).collect()
}

/// Digests and object ids: long, with digits and letters, and no letter past `f`.
fn hexadecimal(text: &str) -> Option<Vec<Place>> {
    let lower = !text.contains(|c: char| c.is_ascii_uppercase());
    let good = text.len() >= 16
        && text.chars().all(|c| c.is_ascii_hexdigit())
        && text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_alphabetic())
        && (lower || !text.contains(|c: char| c.is_ascii_lowercase()));
    good.then(|| vec![Place::Hex(lower); text.len()])
}

/// Digits, with a minus and a point at most.
pub(super) fn is_number(text: &str) -> bool {
    let bare = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = bare.split_once('.').unwrap_or((bare, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole) && digits(fraction)
}

fn number_form(text: &str) -> (bool, bool, u8) {
    let bare = text.strip_prefix('-').unwrap_or(text);
    let zero = bare.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let whole = bare.split('.').next().unwrap_or_default();
    let bits = match whole.parse::<u128>() {
        Ok(value) if value <= i32::MAX as u128 => 31,
        Ok(value) if value <= u32::MAX.into() => 32,
        Ok(value) if value <= i64::MAX as u128 => 63,
        Ok(value) if value <= u64::MAX.into() => 64,
        _ => 128,
    };
    (whole.starts_with('0'), zero, bits)
}

/// Another text of the same form; different texts stay different.
pub(super) fn permuted(key: &Key, domain: &[&[u8]], text: &str) -> Result<String, String> {
    if text.chars().count() > MAX_LENGTH {
        return Err(format!("it has more than {MAX_LENGTH} characters: use `text`"));
    }
    let form = Form::of(text)?;
    let moving: Vec<Place> = form.places.iter().copied().filter(|place| place.base().is_some()).collect();
    if moving.is_empty() || form.number.is_some_and(|(_, zero, _)| zero) {
        return Ok(text.to_owned());
    }
    let bases: Vec<u8> = moving.iter().filter_map(|place| place.base()).collect();
    let chars = text.chars().zip(&form.places).filter(|(_, place)| place.base().is_some());
    let mut digits: Vec<u8> = chars.map(|(c, place)| place.digit(c)).collect();
    // The fixed characters and the kinds of the others name the permutation.
    let shape: String = form.places.iter().map(|place| kind(*place)).collect();
    let mut tweak = domain.to_vec();
    tweak.push(shape.as_bytes());
    loop {
        feistel::permute(key, &tweak, &mut digits, &bases);
        let mut next = digits.iter();
        let found: String = form
            .places
            .iter()
            .map(|place| match place {
                Place::Fixed(c) => *c,
                place => place.char(next.next().copied().unwrap_or(0)),
            })
            .collect();
        // The cycle leads back to the text itself at the latest.
        if Form::of(&found)? == form {
            return Ok(found);
        }
    }
}

fn kind(place: Place) -> String {
    match place {
        Place::Digit => "0".to_owned(),
        Place::Lower => "a".to_owned(),
        Place::Upper => "A".to_owned(),
        Place::Hex(lower) => if lower { "f" } else { "F" }.to_owned(),
        Place::Fixed(c) => format!("\\{c}"),
    }
}

/// A text without a meaning, of the same form as far as the eye sees: every letter and digit is
/// replaced by another of the bits that the whole text gives.
pub(super) fn scrambled(key: &Key, domain: &[&[u8]], text: &str) -> String {
    let mut parts = domain.to_vec();
    parts.push(text.as_bytes());
    let bits = key.bytes(&parts, text.chars().count() * 2);
    let (pairs, _) = bits.as_chunks::<2>();
    let one = |(c, pair): (char, &[u8; 2])| {
        let number = u16::from_be_bytes(*pair);
        let letter = |first: u8| char::from(first + (number % 26) as u8);
        match c {
            c if c.is_numeric() => char::from(b'0' + (number % 10) as u8),
            c if c.is_uppercase() => letter(b'A'),
            c if c.is_alphabetic() => letter(b'a'),
            // Marks and symbols outside of ASCII, such as flags, say something too.
            c if c.is_ascii() || c.is_whitespace() => c,
            _ => '·',
        }
    };
    text.chars().zip(pairs).map(one).collect()
}

/// A card number: all digits but the last by permutation, the last by Luhn.
pub(super) fn card(key: &Key, domain: &[&[u8]], text: &str) -> Result<String, String> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let good = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-'))
        && text.ends_with(|c: char| c.is_ascii_digit())
        && (12..=19).contains(&digits.len());
    if !good {
        return Err("it is no card number".to_owned());
    }
    if luhn(&digits[..digits.len() - 1]) != digits[digits.len() - 1] {
        return Err("it is no card number: its check digit is wrong".to_owned());
    }
    let body = permuted(key, domain, &text[..text.len() - 1])?;
    let digits: Vec<u32> = body.chars().filter_map(|c| c.to_digit(10)).collect();
    Ok(format!("{body}{}", luhn(&digits)))
}

/// The check digit of ISO/IEC 7812-1, annex B.
pub(super) fn luhn(digits: &[u32]) -> u32 {
    let doubled = |(at, digit): (usize, &u32)| match (at % 2, digit * 2) {
        (0, twice) if twice > 9 => twice - 9,
        (0, twice) => twice,
        _ => *digit,
    };
    let sum: u32 = digits.iter().rev().enumerate().map(doubled).sum();
    (10 - sum % 10) % 10
}
