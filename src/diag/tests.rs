use super::*;
use crate::source::{Source, SourceId, Sources, Span};

fn sources(texts: &[(&str, &str)]) -> Sources {
    let mut sources = Sources::default();
    for (name, text) in texts {
        sources.add(Source::new(*name, "", *text));
    }
    sources
}

/// The span of the first `word` of a file.
fn span(sources: &Sources, file: u32, word: &str) -> Span {
    let start = sources.get(SourceId(file)).text.find(word).unwrap();
    Span::new(SourceId(file), start, start + word.len())
}

fn sample() -> (Diagnostic, Sources) {
    let sources = sources(&[
        (
            "checkout.scn",
            "use \"./shop.scn\" { orders }\n\nscenario \"é\" {\n  POST orders /v1/orders { custommer: 1 }\n}\n",
        ),
        ("shop.scn", "service orders {\n  speaks http\n}\n"),
    ]);
    let diagnostic = Diagnostic::error(
        Code::UNKNOWN_FIELD,
        span(&sources, 0, "custommer"),
        "the body of `POST /v1/orders` has no field `custommer`",
    )
    .label("not a field of `NewOrder`")
    .also(span(&sources, 0, "/v1/orders"), "this operation")
    .also(span(&sources, 1, "speaks http"), "its contract is named here")
    .help("did you mean `customer`?");
    (diagnostic, sources)
}

#[test]
fn a_diagnostic_shows_code_token_label_related_places_and_help() {
    let (diagnostic, sources) = sample();
    insta::assert_snapshot!(render(&diagnostic, &sources, Look::plain(80)));
}

#[test]
fn narrow_terminals_wrap() {
    let (diagnostic, sources) = sample();
    let out = render(&diagnostic, &sources, Look::plain(40));
    for line in out.lines() {
        assert!(textwrap::core::display_width(line) <= 44, "{line}");
    }
    insta::assert_snapshot!(out);
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let (diagnostic, sources) = sample();
    assert!(!render(&diagnostic, &sources, Look::plain(80)).contains('\u{1b}'));
    assert!(
        render(&diagnostic, &sources, Look { color: true, unicode: true, width: 80 }).contains("\u{1b}[")
    );
    let (plain, sources) = (Diagnostic::error(Code::SYNTAX, span(&sources, 1, "speaks"), "no"), sources);
    assert!(render(&plain, &sources, Look { color: false, unicode: false, width: 80 }).is_ascii());
}

#[test]
fn lists_say_once_where_to_read_more() {
    let (error, sources) = sample();
    let warning =
        Diagnostic::warning(Code::UNUSED_LET, span(&sources, 0, "orders"), "`orders` is never read");
    let out = render_all(&[error, warning], &sources, Look::plain(80));
    assert!(out.find("unused-let").unwrap() < out.find("unknown-field").unwrap(), "{out}");
    assert!(out.ends_with("1 error and 1 warning; `scn explain unknown-field` tells more\n"), "{out}");
    assert_eq!(out.matches("scn explain").count(), 1);
}

#[test]
fn odd_texts_and_spans_are_drawn_without_a_panic() {
    let texts = [
        "",
        "\n",
        "let\tx = 1\r\n\tlet y = 2\r\n",
        "let 名前 = \"日本語 😀 é\u{301}\"\nlet z",
        "a\u{1b}[31mred\u{85}\u{202e}x\n\n\n\nb",
        &"x".repeat(1000),
        &"日".repeat(300),
    ];
    for text in texts {
        let sources = sources(&[("odd.scn", text)]);
        let length = text.len();
        let mut ends: Vec<usize> = (0..=length.min(40)).collect();
        ends.extend([length, length + 1, length + 99]);
        for &start in &ends {
            for &end in &ends {
                for width in [0, 1, 20, 80] {
                    let at = Span::new(SourceId(0), start, end);
                    let out = Diagnostic::error(Code::SYNTAX, at, "no").label("here").also(at, "and");
                    let out = render(&out, &sources, Look::plain(width));
                    assert!(out.contains("odd.scn:"), "{text:?} {start}..{end}: {out}");
                    assert!(!out.contains(['\u{1b}', '\u{202e}', '\r', '\u{85}']), "{out:?}");
                }
            }
        }
    }
}

#[test]
fn carets_stand_under_wide_characters_tabs_and_in_long_lines() {
    let long = format!("{} = needle + {}", "a".repeat(120), "b".repeat(200));
    let text = format!("\tlet 名 = needle\r\n{long}\n");
    let sources = sources(&[("wide.scn", &text)]);
    let first = span(&sources, 0, "needle");
    let start = text.rfind("needle").unwrap();
    let second = Span::new(SourceId(0), start, start + 6);
    let one = Diagnostic::error(Code::SYNTAX, first, "one").label("here");
    let two = Diagnostic::error(Code::SYNTAX, second, "two").label("there");
    let at_end = Diagnostic::error(Code::UNCLOSED, Span::new(SourceId(0), text.len(), text.len()), "end")
        .label("the file ends here");
    let many =
        Diagnostic::error(Code::SYNTAX, Span::new(SourceId(0), 1, start + 6), "many").label("all this");
    let drawn: Vec<String> =
        [one, two, at_end, many].iter().map(|d| render(d, &sources, Look::plain(60))).collect();
    insta::assert_snapshot!(drawn.join("\n"));
}

#[test]
fn json_is_versioned_and_carries_places_in_lines_and_bytes() {
    let (diagnostic, sources) = sample();
    insta::assert_snapshot!(to_json(&[diagnostic], &sources));
}

#[test]
fn github_commands_are_escaped() {
    let sources = sources(&[("a,b:c.scn", "x\ny\n")]);
    let one = Diagnostic::error(Code::SYNTAX, Span::new(SourceId(0), 2, 3), "100% wrong\r\n::error::")
        .label("here, now: yes")
        .help("write `y`");
    assert_eq!(
        to_github(&one, &sources),
        "::error file=a%2Cb%3Ac.scn,line=2,endLine=2,col=1,endColumn=2,title=syntax\
         ::100%25 wrong%0D%0A::error::%0Ahere, now: yes%0Awrite `y`\n"
    );
    let warning = Diagnostic::warning(Code::UNUSED_LET, Span::new(SourceId(0), 0, 3), "x");
    assert_eq!(
        to_github(&warning, &sources),
        "::warning file=a%2Cb%3Ac.scn,line=1,endLine=2,title=unused-let::x\n"
    );
}
