//! Scenes as one HTML page, without scripts and without anything from elsewhere.

use std::fmt::Write as _;

use super::svg::{STYLE, clean, svg};
use super::{Part, Scene};

/// A page is never larger than this, in bytes.
pub const LARGEST: usize = 200_000;
/// What the end of the page takes at most.
const END: usize = 1_000;

const PAGE: &str = "\
body{margin:0;background:#fff;color:#1c2430;font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{max-width:1200px;margin:0 auto;padding:28px 24px}\
h1{font-size:21px;margin:0 0 4px}h2{font-size:17px;margin:36px 0 10px}\
section{margin-bottom:48px}p{margin:8px 0}.sub{color:#66717f}.what{font-weight:600;margin-top:14px}\
.draw{overflow-x:auto;border:1px solid #e3e7ec;border-radius:8px}.draw svg{display:block;min-width:100%}\
table{border-collapse:collapse;margin:14px 0;font-size:13px}\
td,th{text-align:left;padding:3px 18px 3px 0;vertical-align:top;border-bottom:1px solid #e3e7ec}\
th{color:#66717f;font-weight:400}td{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}\
tr.stuck td{color:#b3261e;font-weight:700}\
.ending{border-left:3px solid #b3261e;padding-left:14px}\
@media (prefers-color-scheme:dark){body{background:#10151b;color:#e4e9ef}.sub,th{color:#9aa5b1}\
.draw,td,th{border-color:#2b333d}tr.stuck td{color:#ff9d94}.ending{border-color:#ff9d94}}";

/// A page with a heading, a sentence below it, and named scenes, as many as there is room for.
pub fn html(heading: &str, sentence: &str, scenes: &[(String, Scene)]) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{}</title><style>{PAGE}{STYLE}</style></head>\
         <body><main><h1>{}</h1><p class=\"sub\">{}</p>\n",
        clean(heading),
        clean(heading),
        clean(sentence)
    );
    let mut drawn = 0;
    for (name, scene) in scenes {
        let section = section(name, scene);
        if out.len() + section.len() + END > LARGEST {
            break;
        }
        out.push_str(&section);
        drawn += 1;
    }
    if drawn < scenes.len() {
        let _ =
            writeln!(out, "<p class=\"sub\">and {} more that are not drawn here</p>", scenes.len() - drawn);
    }
    out.push_str("</main></body></html>\n");
    out
}

fn section(name: &str, scene: &Scene) -> String {
    let mut out = String::from("<section>");
    if !name.is_empty() {
        let _ = write!(out, "<h2>{}</h2>", clean(name));
    }
    let _ = write!(
        out,
        "<p class=\"what\">{}</p>\n<div class=\"draw\">{}</div>",
        clean(&scene.title),
        svg(scene, false)
    );
    out.push_str("<div class=\"ending\">");
    for text in &scene.ending {
        let _ = write!(out, "<p>{}</p>", clean(text));
    }
    out.push_str("</div>\n<table><tr><th></th><th>operation</th><th>by</th><th>when</th><th></th></tr>");
    let mut bars: Vec<_> = scene.bars.iter().filter(|bar| bar.part != Part::Context).collect();
    bars.sort_by_key(|bar| match bar.part {
        Part::Order(place) | Part::Named(place) => (0, place),
        Part::Stuck => (1, 0),
        Part::Spare | Part::Context => (2, 0),
    });
    for bar in bars.iter().take(TABLE) {
        let (class, key) = match bar.part {
            Part::Stuck => (" class=\"stuck\"", "✗".to_owned()),
            Part::Order(place) => ("", place.to_string()),
            Part::Named(place) => ("", format!("T{place}")),
            Part::Spare | Part::Context => ("", "·".to_owned()),
        };
        let _ = write!(
            out,
            "<tr{class}><td>{key}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            clean(&bar.label),
            clean(&bar.process),
            clean(&bar.when),
            clean(&bar.remark)
        );
    }
    out.push_str("</table>");
    let listed = bars.len().min(TABLE);
    let context = scene.bars.len() - bars.len();
    let mut notes = Vec::new();
    if bars.len() > listed {
        notes.push(format!("{} that belong to it are not listed", operations(bars.len() - listed)));
    }
    if context > 0 {
        notes.push(format!("{} at work around the same time drawn dotted", operations(context)));
    }
    if scene.left_out > 0 {
        notes.push(format!("{} of this history left out", operations(scene.left_out)));
    }
    if !notes.is_empty() {
        let _ = write!(out, "<p class=\"sub\">{}</p>", notes.join("; "));
    }
    out.push_str("</section>\n");
    out
}

fn operations(count: usize) -> String {
    format!("{count} operation{}", if count == 1 { "" } else { "s" })
}

/// More operations than this are counted.
const TABLE: usize = 40;
