//! What a call takes, while its arguments are written.

use super::Snapshot;
use super::cursor::Cursor;
use super::hover::about_word;
use crate::lang::{Kind, Spec};
use crate::syntax::ast::{Args, ExprKind, ItemKind, ParamDecl, StatementKind};

/// A call's parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `place_order(customer: Customer, key = any uuid)`
    pub label: String,
    /// Each parameter as it stands in the label, with what it is.
    pub params: Vec<(String, String)>,
    /// The one that is being written.
    pub active: Option<usize>,
    /// Markdown.
    pub doc: String,
}

/// The call around a byte of a module.
pub fn signature(snapshot: &Snapshot, unit: usize, offset: u32) -> Option<Signature> {
    let cursor = Cursor::new(snapshot, unit, offset);
    let mut found: Option<(String, &Args, &[Kind])> = None;
    const CALLED: &[Kind] = &[Kind::Function, Kind::Shape, Kind::Fault, Kind::Probe, Kind::Model];
    cursor.expressions(&mut |expr| {
        if let ExprKind::Call(callee, args) = &expr.kind
            && cursor.is_in(args.span)
        {
            let name = match &callee.kind {
                ExprKind::Name(name) => name.to_string(),
                ExprKind::Field(_, field) => field.name.to_string(),
                _ => return,
            };
            // The innermost comes last.
            found = Some((name, args, CALLED));
        }
    });
    cursor.statements(&mut |statement| {
        if let StatementKind::Expect(expect) = &statement.kind
            && let Some(used) = &expect.relation
            && let Some(args) = used.args.as_ref().filter(|args| cursor.is_in(args.span))
            && found.is_none()
        {
            found = Some((used.name.name.to_string(), args, &[Kind::Relation]));
        }
    });
    if let Some(item) = cursor.item() {
        for attribute in &item.attributes {
            if let Some(args) = attribute.args.as_ref().filter(|args| cursor.is_in(args.span)) {
                found = Some((attribute.name.name.to_string(), args, &[Kind::Attribute]));
            }
        }
    }
    let (name, args, kinds) = found?;
    let index = args.args.iter().position(|arg| cursor.is_in(arg.value.span));
    let named = index.and_then(|index| args.args[index].name.as_ref()).map(|name| name.name.clone());
    let declared = cursor.program.units[unit].names.get(&*name).copied();
    let item = match declared {
        Some(crate::check::Definition::Item(at)) => Some(snapshot.program().item(at)),
        _ => snapshot
            .program()
            .items()
            .map(|(_, item)| item)
            .find(|item| crate::check::declared(item).iter().any(|own| *own.name == *name))
            .filter(|_| kinds != [Kind::Attribute]),
    };
    let params = item.and_then(|item| match &item.kind {
        ItemKind::Action(action) => Some(&action.params),
        ItemKind::Check(script) | ItemKind::Fn(script) => Some(&script.params),
        ItemKind::Double(double) => Some(&double.params),
        ItemKind::Profile(profile) => Some(&profile.params),
        _ => None,
    });
    let (params, doc) = match (params, item) {
        (Some(params), Some(item)) => {
            let doc = snapshot.doc(item.doc.as_ref());
            (params.iter().map(|param| of_declaration(snapshot, param)).collect::<Vec<_>>(), doc)
        }
        _ => {
            let spec = kinds.iter().find_map(|kind| snapshot.registry.get(*kind, &name))?;
            (of_spec(spec), about_word(&spec.into()))
        }
    };
    let active = match &named {
        Some(name) => params.iter().position(|(own, ..)| **own == **name),
        None => index.filter(|index| *index < params.len()),
    };
    let params: Vec<(String, String)> = params.into_iter().map(|(_, label, about)| (label, about)).collect();
    let labels: Vec<&str> = params.iter().map(|(label, _)| label.as_str()).collect();
    Some(Signature { label: format!("{name}({})", labels.join(", ")), params, active, doc })
}

fn of_declaration(snapshot: &Snapshot, param: &ParamDecl) -> (String, String, String) {
    let mut label = param.name.name.to_string();
    if let Some(ty) = &param.ty {
        label = format!("{label}: {}", snapshot.slice(ty.span));
    }
    if let Some(default) = &param.default {
        label = format!("{label} = {}", snapshot.slice(default.span));
    }
    (param.name.name.to_string(), label, String::new())
}

fn of_spec(spec: &Spec) -> Vec<(String, String, String)> {
    let params = spec.params.iter();
    params
        .map(|param| {
            let label = if param.required { param.name.to_owned() } else { format!("{}?", param.name) };
            (param.name.to_owned(), label, format!("{}: {}", param.ty.words(), param.summary))
        })
        .collect()
}
