//! Whatever is done to a file, what becomes of it is an error or a module without one.

use std::path::Path;

use super::{Format, import};
use crate::source::Source;

/// Demands that a module has no errors and is formatted.
#[track_caller]
fn clean(text: &str, from: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("made.scn");
    std::fs::write(&path, text).unwrap();
    let (program, mut diagnostics) = crate::load::load(&[path], dir.path());
    let (_, more) = crate::check::check(program, &crate::rooms::registry());
    diagnostics.extend(more);
    let errors: Vec<_> = diagnostics.into_iter().filter(crate::diag::Diagnostic::is_error).collect();
    assert!(errors.is_empty(), "{errors:?}\n{from}\n{text}");
    assert_eq!(crate::fmt::format(text).unwrap(), text);
}

/// Numbers that look random and are the same everywhere (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

/// A text with something taken out, put in, doubled or swapped.
fn mutant(text: &str, numbers: &mut Numbers) -> String {
    const SPICE: &[&str] = &[
        "\"",
        "'",
        "\\",
        "${",
        "}",
        "{{",
        "}}",
        "\n",
        "\r\n",
        "`",
        "```",
        "$",
        "#",
        "//",
        ":",
        ";",
        "@",
        "\0",
        "\u{feff}",
        "\u{202e}",
        "é",
        "😀",
        "\"\"\"",
        "[Asserts]",
        "HTTP 200",
        "###",
        "-d",
        "--json",
        "{",
        "[",
        "=",
        "&",
        "?",
        "%",
        "\t",
        " ",
        "../",
        "null",
        "1e999",
        "{{x}}",
        "${x}",
        "https://",
        "not",
        "body",
        "expect",
    ];
    let chars: Vec<char> = text.chars().collect();
    let mut out: Vec<char> = chars.clone();
    for _ in 0..=numbers.below(3) {
        let at = numbers.below(out.len().max(1));
        let end = (at + 1 + numbers.below(12)).min(out.len());
        match numbers.below(4) {
            0 => drop(out.drain(at.min(end)..end)),
            1 => {
                let spice = SPICE[numbers.below(SPICE.len())].chars();
                out.splice(at..at, spice);
            }
            2 => {
                let again = out[at.min(end)..end].to_vec();
                let to = numbers.below(out.len().max(1));
                out.splice(to..to, again);
            }
            _ => {
                let to = numbers.below(out.len().max(1));
                if at < out.len() {
                    out.swap(at, to);
                }
            }
        }
    }
    out.into_iter().collect()
}

/// Whatever is done to a file, it is an error or becomes a module without one.
#[test]
fn mutants_are_errors_or_clean() {
    let registry = crate::rooms::registry();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/import");
    let mut read = 0;
    for (format, file) in [
        (Format::Curl, "shop.sh"),
        (Format::Hurl, "shop.hurl"),
        (Format::Http, "shop.http"),
        (Format::Har, "shop.har"),
    ] {
        let text = std::fs::read_to_string(samples.join(file)).unwrap();
        // Pieces, so that one mistake does not hide the others.
        let pieces: Vec<String> = match format {
            Format::Har => vec![text],
            Format::Http => text.split("###").map(|piece| format!("###{piece}")).collect(),
            Format::Curl | Format::Hurl => text.split("\n\n").map(str::to_owned).collect(),
        };
        let mut numbers = Numbers(7);
        for _ in 0..1000 {
            let piece = &pieces[numbers.below(pieces.len())];
            let text = mutant(piece, &mut numbers);
            let source = Source::new("mutant", "", text.as_str());
            match import(format, &source, "mutant", ".", &registry) {
                Ok(made) => {
                    read += 1;
                    clean(&made.text, &text);
                }
                Err(errors) => {
                    assert!(errors.iter().all(|error| error.code.name == "import"), "{errors:?}\n{text}")
                }
            }
        }
    }
    assert!(read > 1_000, "{read}");
}
