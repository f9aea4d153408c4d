//! The permutations are permutations, the forms stay, and nothing shows through.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::source::SourceId;
use crate::value::{Value, show};

fn key() -> Key {
    Key::new(b"0123456789abcdef").unwrap()
}

fn other() -> Key {
    Key::new(b"fedcba9876543210").unwrap()
}

fn of(key: &Key, method: &Method, domain: &str, text: &str) -> Result<String, String> {
    let value = Value::text(text);
    let replaced = method.apply(key, domain, &Source { value: &value, beside: &|_| Some(Value::text("c1")) })?;
    Ok(replaced.as_text().unwrap().to_owned())
}

fn id(text: &str) -> String {
    of(&key(), &Method::Id, "id", text).unwrap()
}

#[test]
fn short_keys_are_refused_and_line_ends_do_not_count() {
    assert!(Key::new(b"0123456789abcde\n").unwrap_err().contains("15 bytes"));
    let same = |a: &[u8], b: &[u8]| {
        of(&Key::new(a).unwrap(), &Method::Id, "id", "12345678").unwrap()
            == of(&Key::new(b).unwrap(), &Method::Id, "id", "12345678").unwrap()
    };
    assert!(same(b"0123456789abcdef", b"0123456789abcdef\r\n"));
    assert!(!same(b"0123456789abcdef", b"0123456789abcdeg"));
    assert_eq!(format!("{:?}", key()), "a key");
}

#[test]
fn a_permutation_of_a_small_domain_reaches_all_of_it() {
    let three: BTreeSet<String> = (100..1000).map(|n| id(&n.to_string())).collect();
    assert_eq!(three, (100..1000).map(|n: u32| n.to_string()).collect());
    let padded: BTreeSet<String> = (0..100).map(|n| id(&format!("{n:03}"))).collect();
    assert_eq!(padded, (0..100).map(|n| format!("{n:03}")).collect());
    let words: BTreeSet<String> =
        ('a'..='z').flat_map(|a| ('A'..='Z').map(move |b| id(&format!("{a}-{b}")))).collect();
    assert_eq!(words.len(), 26 * 26);
    let moved = (100..1000).filter(|n| id(&n.to_string()) != n.to_string()).count();
    assert!(moved > 880, "{moved} of 900 moved");
}

#[test]
fn numbers_keep_what_they_fit_in() {
    for n in [1u64, 10, 999, 1_000_000_000, 2_147_483_647, 2_147_483_648, 4_294_967_296, 9_223_372_036_854_775_807] {
        let text = id(&n.to_string());
        let got: u64 = text.parse().unwrap();
        assert_eq!(text.len(), n.to_string().len());
        assert_eq!(got <= i32::MAX as u64, n <= i32::MAX as u64, "{n} {got}");
        assert_eq!(got <= i64::MAX as u64, n <= i64::MAX as u64, "{n} {got}");
    }
    let number = |text: &str| of(&key(), &Method::Number, "number", text);
    for text in ["-12.50", "0.05", "1234567.89", "5"] {
        let got = number(text).unwrap();
        assert_eq!(got.len(), text.len(), "{got}");
        assert_eq!(got.find('.'), text.find('.'));
        assert_eq!(got.starts_with("0."), text.starts_with("0."), "{got}");
        assert_eq!(got.starts_with('-'), text.starts_with('-'));
    }
    assert_eq!(number("0.00").unwrap(), "0.00");
    assert!(number("1e5").is_err() && number("abc").is_err());
}

#[test]
fn a_number_and_its_text_are_the_same_id() {
    let value = Value::int(4711);
    let number = Method::Id.apply(&key(), "id", &Source { value: &value, beside: &|_| None }).unwrap();
    assert_eq!(show(&number), id("4711"));
}

#[test]
fn forms_stay() {
    let uuid = id("6f1c2d3e-4b5a-4c7d-9e8f-0a1b2c3d4e5f");
    assert!(regex::Regex::new("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-9[0-9a-f]{3}-[0-9a-f]{12}$").unwrap().is_match(&uuid), "{uuid}");
    let object = id("507f1f77bcf86cd799439011");
    assert!(object.len() == 24 && object.chars().all(|c| c.is_ascii_hexdigit()), "{object}");
    let order = id("ORD-2026/ab");
    assert!(regex::Regex::new("^[A-Z]{3}-[0-9]{4}/[a-z]{2}$").unwrap().is_match(&order), "{order}");
    assert!(of(&key(), &Method::Id, "id", "Jürgen").unwrap_err().contains("use `text`"));
    let phone = of(&key(), &Method::Phone, "phone", "+49 (171) 123-4567").unwrap();
    assert!(regex::Regex::new(r"^\+\d\d \(\d{3}\) \d{3}-\d{4}$").unwrap().is_match(&phone), "{phone}");
    assert!(of(&key(), &Method::Phone, "phone", "call me").is_err());
    let email = of(&key(), &Method::Email, "email", "Ada.Lovelace+x@mail.example.com").unwrap();
    assert!(regex::Regex::new(r"^[A-Z][a-z]{2}\.[A-Z][a-z]{7}\+[a-z]@[a-z]{4}\.[a-z]{7}\.[a-z]{3}\.test$").unwrap().is_match(&email), "{email}");
    for bad in ["ada", "@x.com", "a b@x.com", "a@"] {
        assert!(of(&key(), &Method::Email, "email", bad).is_err(), "{bad}");
    }
}

#[test]
fn cards_have_a_valid_check_digit() {
    let card = |text: &str| of(&key(), &Method::Card, "card", text);
    let got = card("4111 1111 1111 1111").unwrap();
    let digits: Vec<u32> = got.chars().filter_map(|c| c.to_digit(10)).collect();
    assert_eq!((got.len(), digits.len()), (19, 16));
    assert_eq!(form::luhn(&digits[..15]), digits[15]);
    assert_ne!(got, "4111 1111 1111 1111");
    // ISO/IEC 7812-1's own example.
    assert_eq!(form::luhn(&[7, 9, 9, 2, 7, 3, 9, 8, 7, 1]), 3);
    for bad in ["4111 1111 1111 1112", "411", "x", "4111111111111111x"] {
        let why = card(bad).unwrap_err();
        assert!(!why.contains("411"), "{why}");
    }
}

#[test]
fn dates_move_together_and_never_stay() {
    let date = |per: bool, text: &str| {
        let method = Method::Date { days: 3, per: per.then(|| "id".into()) };
        of(&key(), &method, "date", text)
    };
    let mut seen = BTreeSet::new();
    for day in 1..29 {
        let text = format!("2024-02-{day:02}");
        let got = date(false, &text).unwrap();
        assert_ne!(got, text);
        let days = |text: &str| chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        seen.insert((days(&got) - days(&text)).num_days());
    }
    assert_eq!(seen, BTreeSet::from([-3, -2, -1, 1, 2, 3]));
    let (a, b) = (date(true, "2024-01-10").unwrap(), date(true, "2024-01-11T08:30:00.5Z").unwrap());
    assert!(b.ends_with("T08:30:00.5Z"));
    assert_eq!(a[8..].parse::<i32>().unwrap() + 1, b[8..10].parse::<i32>().unwrap());
    for bad in ["10.01.2024", "2024-13-01", "2024-01-01x", "", "é024-01-01aa"] {
        assert!(bad.is_empty() || date(false, bad).is_err(), "{bad}");
    }
}

#[test]
fn rules_are_read() {
    let text = "// what leaves\ncustomers.id: id(as: customer)\n*.customer_id : id(as: customer) // same\n\n\"odd name\": keep\nborn: date(days: 10, per: id)\nname: any person_name\n";
    let rules = Rules::parse(SourceId::default(), text).unwrap();
    assert_eq!(rules.rules.len(), 5);
    let path = |text: &str| text.split('.').map(std::sync::Arc::from).collect::<Vec<_>>();
    let found = |text: &str| rules.of(&path(text)).map(|at| rules.rules[at].written.clone());
    assert_eq!(found("customers.id").unwrap(), "customers.id: id(as: customer)");
    assert_eq!(found("orders.customer_id").unwrap(), "*.customer_id : id(as: customer)");
    assert_eq!(found("customer_id"), None);
    assert_eq!(found("orders.id"), None);
    assert_eq!(found("a.b.odd name").unwrap(), "\"odd name\": keep");
    assert_eq!(&*rules.rules[0].domain, "customer");
    assert!(matches!(&rules.rules[3].method, Method::Date { days: 10, per: Some(per) } if &**per == "id"));
    assert!(matches!(&rules.rules[4].method, Method::Draw(..)));
}

#[test]
fn the_rule_that_says_most_wins() {
    let rules = Rules::parse(SourceId::default(), "id: drop\n*.id: text\norders.id: keep\n").unwrap();
    let path = ["orders".into(), "id".into()];
    assert_eq!(rules.of(&path), Some(2));
    assert_eq!(rules.of(&["lines".into(), "id".into()]), Some(1));
}

#[test]
fn every_wrong_line_is_told() {
    let text = "a: emial\nb\nc: id(of: x)\na: keep\nd: date(days: 0)\ne: 1 + 1\n*: keep\na.*.b: keep\nf:\ng: keep(x)\na: drop\n";
    let errors = Rules::parse(SourceId::default(), text).unwrap_err();
    let all: Vec<String> = errors.iter().map(|error| format!("{} {}", error.at.span.start, error.message)).collect();
    for part in [
        "there is no rule `emial`", "a rule is written like", "`id` has no parameter `of`", "`days` is a whole number",
        "a rule is a name", "`*` stands for a whole table", "a rule is missing", "`keep` takes 0 arguments", "has a rule already",
    ] {
        assert!(all.iter().any(|error| error.contains(part)), "{part}: {all:#?}");
    }
    assert_eq!(errors[0].help.as_deref(), Some("did you mean `email`?"));
}

proptest! {
    #[test]
    fn equal_stays_equal_different_stays_different_and_keys_differ(
        a in "[A-Za-z0-9._-]{8,40}", b in "[A-Za-z0-9._-]{8,40}",
    ) {
        for method in [Method::Id, Method::Email] {
            let text = |text: &str| if matches!(method, Method::Email) { format!("{text}@{text}.org") } else { text.to_owned() };
            let of = |key: &Key, domain: &str, part: &str| of(key, &method, domain, &text(part));
            let (Ok(x), Ok(y)) = (of(&key(), "d", &a), of(&key(), "d", &b)) else { continue };
            prop_assert_eq!(a == b, x == y);
            prop_assert_eq!(&x, &of(&key(), "d", &a).unwrap());
            // A few digits may meet by chance, letters hardly.
            if a.chars().filter(|c| c.is_alphanumeric()).count() > 7 {
                prop_assert_ne!(&x, &of(&other(), "d", &a).unwrap());
                prop_assert_ne!(&x, &of(&key(), "e", &a).unwrap());
            }
        }
    }

    #[test]
    fn nothing_panics(text in ".{0,60}", rules in "[a-z.*\": (),0-9\n/]{0,60}") {
        for method in [Method::Id, Method::Number, Method::Email, Method::Phone, Method::Card, Method::Text,
            Method::Date { days: 30, per: None }]
        {
            let _ = of(&key(), &method, "d", &text);
        }
        let _ = Rules::parse(SourceId::default(), &rules);
        let _ = Rules::parse(SourceId::default(), &text);
    }

    #[test]
    fn a_scrambled_text_shows_no_word(text in "\\PC{4,60}") {
        let got = of(&key(), &Method::Text, "text", &text).unwrap();
        prop_assert_eq!(got.chars().count(), text.chars().count());
        for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 5) {
            prop_assert!(!got.contains(word));
        }
    }
}
