//! `scn reference`: the pages of `scn explain`, all of them in one document.

use std::fmt::Write as _;

use serde::Serialize;

use super::Exit;
use super::args::ReferenceFormat;
use super::chapters::{Chapter, chapters};
use super::terminal;
use crate::lang::escaped;

/// The version of the JSON document; grows when a reader of the old one would misread the new one.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document {
    version: u32,
    chapters: Vec<Chapter>,
}

/// Prints the reference of the language.
pub(super) fn reference(format: ReferenceFormat) -> Exit {
    let chapters = chapters(&crate::rooms::registry());
    let text = match format {
        ReferenceFormat::Md => markdown(&chapters),
        // Texts always serialize.
        ReferenceFormat::Json => {
            serde_json::to_string_pretty(&Document { version: VERSION, chapters }).unwrap_or_default() + "\n"
        }
    };
    terminal::print(&text, Exit::Passed)
}

fn markdown(chapters: &[Chapter]) -> String {
    let mut out = String::from(
        "# The language scn\n\nEvery word of the language, as `scn reference` writes it from the tables that `scn check` reads; `scn explain NAME` shows one. The structure is [`scn.pest`](scn.pest).\n\n",
    );
    for Chapter { title, pages } in chapters {
        let _ = writeln!(out, "- [{title}](#{}), {}", anchor(title), pages.len());
    }
    for Chapter { title, pages } in chapters {
        let _ = write!(out, "\n## {title}\n");
        for page in pages {
            let _ = write!(out, "\n### `{}`\n\n*{}*\n\n{}", page.name, escaped(&page.what), page.markdown());
        }
    }
    out
}

/// Where a heading can be linked to, as the web forges make it.
fn anchor(title: &str) -> String {
    let words = title.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ' || *c == '-');
    words.map(|c| if c == ' ' { '-' } else { c }).collect()
}
