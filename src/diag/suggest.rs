//! Did-you-mean.

/// The word that an editor puts where it asks what could stand there; nobody writes it.
pub const CURSOR: &str = "scn__cursor__";

/// The known names nearest to a word, best first, at most three. Near is: equal but for case or
/// `-` against `_`, or few edits for the word's length (a swap of neighbours counts as one), or
/// the one is the start of the other.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = fold(word);
    let allowed = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other = fold(candidate);
            let distance = strsim::osa_distance(&folded, &other);
            // Two-letter names are near everything; ask for a common first letter.
            let close = distance <= allowed
                && distance < other.chars().count().max(2)
                && (distance <= 1
                    || folded.chars().next() == other.chars().next()
                    || distance * 3 <= other.len());
            let starts = folded.len() >= 3
                && (other.starts_with(&folded) || folded.starts_with(&other) && other.len() >= 3);
            (close || starts).then_some((distance, candidate))
        })
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, name)| name).take(3).collect()
}

/// "did you mean `x`?", or `None` when nothing is near.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    advise(&nearest(word, known))
}

/// The same, of names that are known to be near.
pub(super) fn advise(near: &[&str]) -> Option<String> {
    let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("did you mean {one}?")),
        [first @ .., last] => Some(format!("did you mean {} or {last}?", first.join(", "))),
    }
}

fn fold(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspellings_find_their_word() {
        let known = ["expect", "eventually", "scenario", "step", "let", "status"];
        for (word, want) in [
            ("exepct", "expect"),
            ("eventualy", "eventually"),
            ("Scenario", "scenario"),
            ("stpe", "step"),
            ("stauts", "status"),
        ] {
            assert_eq!(nearest(word, known).first(), Some(&want), "{word}");
        }
        assert!(nearest("zebra", known).is_empty());
        assert_eq!(did_you_mean("stat", ["status", "state"]).unwrap(), "did you mean `state` or `status`?");
    }
}
