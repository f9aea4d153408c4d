//! Files that requests send or trust: a tool looks for them from another directory than the scenarios do.

use super::model::{Line, Piece, Request, Story, Term, Text};

/// Fields of the option `tls` that name files.
const TLS: &[&str] = &["ca", "cert", "key"];

/// Names every file from the directory of the scenarios; `from` leads to where they are named from now.
pub(super) fn rebase(story: &mut Story, from: &str) {
    if from == "." {
        return;
    }
    for (name, term) in &mut story.defaults {
        option(name, term, from);
    }
    for request in story.scenarios.iter_mut().flat_map(|scenario| &mut scenario.requests) {
        let Request { body, headers, query, options, after, .. } = request;
        body.iter_mut().for_each(|body| files(body, from));
        headers.iter_mut().chain(query).for_each(|(_, term)| files(term, from));
        options.iter_mut().for_each(|(name, term)| option(name, term, from));
        for line in after {
            if let Line::Equals(_, term) = line {
                files(term, from);
            }
        }
    }
}

fn option(name: &str, term: &mut Term, from: &str) {
    match term {
        Term::Object(fields) if name == "tls" => {
            for (_, term) in fields.iter_mut().filter(|(field, _)| TLS.contains(&&**field)) {
                if let Term::Text(path) = term {
                    moved(path, from);
                }
            }
        }
        term => files(term, from),
    }
}

fn files(term: &mut Term, from: &str) {
    match term {
        Term::Call("file", arguments) => {
            if let Some((_, Term::Text(path))) = arguments.first_mut() {
                moved(path, from);
            }
        }
        Term::Call(_, arguments) => arguments.iter_mut().for_each(|(_, term)| files(term, from)),
        Term::List(items) => items.iter_mut().for_each(|item| files(item, from)),
        Term::Object(fields) => fields.iter_mut().for_each(|(_, term)| files(term, from)),
        Term::Text(_) | Term::Raw(_) => {}
    }
}

fn moved(path: &mut Text, from: &str) {
    if let Some(Piece::Plain(first)) = path.0.first_mut()
        && !first.starts_with('/')
    {
        *first = format!("{from}/{}", first.trim_start_matches("./"));
    }
}
