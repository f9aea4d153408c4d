//! The picture of what is not explained, as a file.

use std::io::{self, Write as _};
use std::path::Path;

use super::theory::Judgement;
use super::verdict::{Part, Verdict};
use crate::history::Operation;
use crate::history::picture::{self, Scene};
use crate::report::Target;

/// So many operations that were at work around the same time are drawn too.
const CONTEXT: usize = 16;

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Svg,
    Html,
}

/// What a file's name says of its form.
pub(super) fn form(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "svg" => Some(Form::Svg),
        "html" | "htm" => Some(Form::Html),
        _ => None,
    }
}

/// Writes the picture; without anything to show there is none.
pub(super) fn put(verdict: &Verdict, path: &Path) -> io::Result<()> {
    let mut scenes: Vec<(String, Scene)> = Vec::new();
    for (name, part, mut scene) in verdict.scenes() {
        if matches!(part.judgement, Judgement::Fails(_)) && scene.arrows.is_empty() {
            scene.with_context(&around(part, &scene));
        }
        scenes.push((name, scene));
    }
    let Some((name, first)) = scenes.first() else {
        super::terminal::tell(&format!("no picture: `{}` is not written\n", path.display()));
        return Ok(());
    };
    let text = match form(path) {
        Some(Form::Svg) => {
            let mut scene = first.clone();
            if !name.is_empty() {
                scene.title = format!("{name}: {}", scene.title);
            }
            if scenes.len() > 1 {
                scene.ending.push(format!("{} more are in a picture that is HTML", scenes.len() - 1));
            }
            picture::svg(&scene, true)
        }
        _ => {
            let sentence = verdict.sentence();
            let judged = sentence.split_once(": ").map_or("", |(_, judged)| judged);
            picture::html(&verdict.heading(), judged, &scenes)
        }
    };
    let mut sheet = Target::new(&path.display().to_string()).open()?;
    sheet.write_all(text.as_bytes())?;
    sheet.put()
}

/// Operations that were at work while those of a scene were, the latest first, since what is wrong
/// shows at the end.
fn around(part: &Part, scene: &Scene) -> Vec<(Operation, String)> {
    let first = scene.bars.iter().map(|bar| bar.start).min().unwrap_or(0);
    let last = scene.bars.iter().filter_map(|bar| bar.end).max().unwrap_or(i64::MAX);
    let is_drawn = |operation: &Operation| {
        scene.bars.iter().any(|bar| bar.start == operation.start && bar.end == operation.end)
    };
    let near = part.operations.iter().enumerate().rev().filter(|(_, operation)| {
        operation.start <= last && operation.end.is_none_or(|end| end >= first) && !is_drawn(operation)
    });
    near.take(CONTEXT).map(|(at, operation)| (operation.clone(), part.when(at))).collect()
}
