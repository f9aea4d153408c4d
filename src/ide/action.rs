//! What can be done about a diagnostic.

use std::path::Path;

use super::complete::relative;
use super::{Edit, Snapshot};
use crate::check::{Import, declared};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Item, ItemKind, ObjectExpr};
use crate::syntax::visit;

/// A remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What it does; one line.
    pub title: String,
    /// What it takes.
    pub edits: Vec<Edit>,
    /// The diagnostic that it remedies: its index in [`Snapshot::diagnostics`].
    pub of: usize,
    /// Whether it is most likely what is wanted.
    pub preferred: bool,
}

/// The remedies of what is said of a part of a file.
pub fn actions(snapshot: &Snapshot, unit: usize, start: u32, end: u32) -> Vec<Action> {
    let file = snapshot.program().units[unit].module.source;
    let mut found = Vec::new();
    for (of, diagnostic) in snapshot.diagnostics.iter().enumerate() {
        let span = snapshot.whole(diagnostic.at.span);
        if span.source != file || span.end < start || span.start > end {
            continue;
        }
        let mut push = |title: String, edits: Vec<Edit>, preferred: bool| {
            found.push(Action { title, edits, of, preferred });
        };
        for (index, name) in diagnostic.names.iter().enumerate() {
            let edit = Edit { span, text: name.trim_start_matches('@').to_owned() };
            push(format!("write `{name}`"), vec![edit], index == 0);
        }
        if diagnostic.code == Code::UNKNOWN_NAME {
            for (title, edit) in imports(snapshot, unit, diagnostic) {
                push(title, vec![edit], false);
            }
        }
        if !diagnostic.lacks.is_empty()
            && let Some(edit) = fields(snapshot, unit, diagnostic)
        {
            let names: Vec<String> = diagnostic.lacks.iter().map(|(name, _)| format!("`{name}`")).collect();
            push(format!("add {}", names.join(", ")), vec![edit], true);
        }
        if diagnostic.code.lint
            && diagnostic.code != Code::UNUSED_ALLOW
            && let Some(edit) = allow(snapshot, unit, diagnostic)
        {
            push(format!("allow `{}` here", diagnostic.code.name), vec![edit], false);
        }
    }
    found
}

/// The modules that declare a name which is not known here, and what it takes to import it.
fn imports(snapshot: &Snapshot, unit: usize, diagnostic: &Diagnostic) -> Vec<(String, Edit)> {
    let program = snapshot.program();
    let name = snapshot.slice(diagnostic.at.span);
    let own = &program.units[unit];
    let mut found = Vec::new();
    for (other, candidate) in program.units.iter().enumerate() {
        let declares = |item: &crate::syntax::ast::Item| declared(item).iter().any(|own| *own.name == *name);
        if other == unit || !candidate.module.items.iter().any(|item| declares(item)) {
            continue;
        }
        let file = &program.sources.get(candidate.module.source).name;
        let path =
            if snapshot.is_library(other) { file.clone() } else { relative(&own.dir, Path::new(file)) };
        let there = own.imports.iter().find_map(|(&item, import)| match &own.module.items[item].kind {
            ItemKind::Use(used) if *import == Import::Unit(other) => used.names.as_ref()?.last(),
            _ => None,
        });
        let edit = match there {
            Some(last) => {
                let at = snapshot.whole(last.alias.as_ref().unwrap_or(&last.name).span);
                Edit { span: Span { start: at.end, ..at }, text: format!(", {name}") }
            }
            None => {
                Edit { span: after_imports(snapshot, unit), text: format!("use \"{path}\" {{ {name} }}\n") }
            }
        };
        found.push((format!("import `{name}` of `{path}`"), edit));
    }
    found
}

/// Where another `use` goes: under the last one, or under the doc of the module.
fn after_imports(snapshot: &Snapshot, unit: usize) -> Span {
    let module = &snapshot.program().units[unit].module;
    let uses = module.items.iter().rev().find(|item| matches!(item.kind, ItemKind::Use(_)));
    let above = uses.map(|item| item.span).or(module.doc.as_ref().map(|doc| doc.span));
    let start = above.map_or(0, |span| {
        let end = snapshot.whole(span).end as usize;
        let text = snapshot.text(module.source);
        text[end.min(text.len())..].find('\n').map_or(text.len(), |newline| end + newline + 1)
    });
    Span::new(module.source, start, start)
}

/// What silences a lint in the item in which it found something.
fn allow(snapshot: &Snapshot, unit: usize, diagnostic: &Diagnostic) -> Option<Edit> {
    let place = diagnostic.at.span;
    let name = diagnostic.code.name;
    let around = |item: &&std::sync::Arc<Item>| {
        let whole = item.whole();
        whole.source == place.source && (whole.start..=whole.end).contains(&place.start)
    };
    let item = snapshot.program().units[unit].module.items.iter().find(around)?;
    let known = item.attributes.iter().find(|attribute| &*attribute.name.name == "allow");
    if let Some(known) = known {
        let args = known.args.as_ref();
        return Some(match args.and_then(|args| args.args.last()) {
            Some(last) => {
                let span = snapshot.whole(last.value.span);
                Edit { span: Span { start: span.end, ..span }, text: format!(", {name}") }
            }
            // `@allow()`, or even `@allow`.
            None => {
                let span = snapshot.whole(args.map_or(known.name.span, |args| args.span));
                let start = if args.is_some() { span.start } else { span.end };
                Edit { span: Span { start, ..span }, text: format!("({name})") }
            }
        });
    }
    let start = snapshot.whole(item.attributes.first().map_or(item.span, |first| first.span));
    Some(Edit { span: Span { end: start.start, ..start }, text: format!("@allow({name})\n") })
}

/// The fields that an object lacks, written into it.
fn fields(snapshot: &Snapshot, unit: usize, diagnostic: &Diagnostic) -> Option<Edit> {
    let at = diagnostic.at.span;
    let mut object: Option<&ObjectExpr> = None;
    for item in
        snapshot.program().units[unit].module.items.iter().filter(|item| item.span.source == at.source)
    {
        visit::item(item, &mut |expr| {
            if let ExprKind::Object(found) | ExprKind::Refine(_, found) = &expr.kind
                && expr.span == at
            {
                object = Some(found);
            }
        });
    }
    let object = object?;
    let span = snapshot.whole(object.span);
    let inner = snapshot.slice(object.span);
    let fields: Vec<String> =
        diagnostic.lacks.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let fields = fields.join(", ");
    let text = if object.entries.is_empty() {
        format!("{{ {fields} }}")
    } else {
        let body = inner.strip_suffix('}')?.trim_end();
        let (separator, end) = match inner.contains('\n') {
            true => ("\n", "\n}"),
            false => (", ", " }"),
        };
        format!("{body}{separator}{fields}{end}")
    };
    Some(Edit { span, text })
}
