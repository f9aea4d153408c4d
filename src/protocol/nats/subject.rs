//! Subjects (<https://docs.nats.io/nats-concepts/subjects>): words with dots between, and on a
//! subscription `*` for one word and `>` for the rest.

use crate::protocol::Misuse;

/// Whether a message can be sent to a subject.
pub(super) fn to(subject: &str) -> Result<(), Misuse> {
    words(subject)?;
    match subject.split('.').find(|word| matches!(*word, "*" | ">")) {
        None => Ok(()),
        Some(word) => {
            Err(Misuse::new(format!("`{subject}` is no subject to send to: it has the wildcard `{word}`"))
                .help("wildcards are for `open`; a message goes to one subject"))
        }
    }
}

/// Whether subjects can be subscribed to.
pub(super) fn of(subject: &str) -> Result<(), Misuse> {
    words(subject)?;
    match subject.split_once('>') {
        Some((before, rest)) if (before.is_empty() || before.ends_with('.')) && !rest.is_empty() => Err(
            Misuse::new(format!("`{subject}` is no subject: `>` stands for the rest, so nothing follows it")),
        ),
        _ => Ok(()),
    }
}

fn words(subject: &str) -> Result<(), Misuse> {
    let wrong = |why: &str| {
        Err(Misuse::new(format!("`{}` is no subject: {why}", subject.escape_debug()))
            .help("a subject is words with dots between, such as `orders.created`"))
    };
    if subject.is_empty() {
        return wrong("it is empty");
    }
    if subject.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("it has white space");
    }
    if subject.split('.').any(str::is_empty) {
        return wrong("a word between its dots is empty");
    }
    Ok(())
}

/// Whether a name can be that of a stream or a consumer.
pub(super) fn name(option: &str, name: &str) -> Result<(), Misuse> {
    let bad =
        name.is_empty() || name.chars().any(|c| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c));
    if bad {
        let message =
            format!("`{}` is no name: it has white space or one of `. * > / \\`", name.escape_debug());
        return Err(Misuse::option(option, message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_words_with_dots_between() {
        for good in ["orders", "orders.created", "$JS.API.INFO", "a.ü"] {
            assert_eq!((to(good), of(good)), (Ok(()), Ok(())), "{good}");
        }
        for bad in ["", ".", "a.", ".a", "a..b", "a b", "a\r\nPUB x 0"] {
            assert!(to(bad).is_err() && of(bad).is_err(), "{bad}");
        }
        for wild in ["*", ">", "a.*", "a.>", "a.*.b"] {
            assert!(to(wild).is_err() && of(wild).is_ok(), "{wild}");
        }
        assert!(of("a.>.b").is_err());
        assert!(name("stream", "ORDERS").is_ok() && name("stream", "A.B").is_err());
    }
}
