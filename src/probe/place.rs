//! Where a request carries its key: `by: header("Idempotency-Key")`, `by: metadata("x-key")`,
//! `by: .message_id`.

use std::sync::Arc;

use crate::function::HEADER;
use crate::syntax::ast::{Expr, ExprKind};

/// What names an entry of gRPC metadata as [`HEADER`] names a header.
const METADATA: &str = "metadata";

/// A place in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header by name; names do not differ by case (RFC 9110 §5.1).
    Header(Arc<str>),
    /// An entry of gRPC metadata.
    Metadata(Arc<str>),
    /// A field of the body or message, from outside in.
    Field(Vec<Arc<str>>),
}

impl KeyPlace {
    /// As a sentence has it: "the header `Idempotency-Key`".
    pub fn told(&self) -> String {
        match self {
            KeyPlace::Header(name) => format!("header `{name}`"),
            KeyPlace::Metadata(name) => format!("metadata `{name}`"),
            KeyPlace::Field(path) => format!("field `.{}`", path.join(".")),
        }
    }

    /// The option that holds it, and its name there; none for a field.
    pub fn option(&self) -> Option<(&'static str, &Arc<str>)> {
        match self {
            KeyPlace::Header(name) => Some(("headers", name)),
            KeyPlace::Metadata(name) => Some((METADATA, name)),
            KeyPlace::Field(_) => None,
        }
    }
}

/// The place that an expression describes, when it describes one.
pub fn key_place(expr: &Expr) -> Option<KeyPlace> {
    match &expr.kind {
        ExprKind::Call(callee, args) => {
            let (ExprKind::Name(name), [arg]) = (&callee.kind, args.args.as_slice()) else { return None };
            let ExprKind::Text(text) = &arg.value.kind else { return None };
            let text = text.plain().filter(|text| !text.is_empty())?;
            match &**name {
                HEADER => Some(KeyPlace::Header(text)),
                METADATA => Some(KeyPlace::Metadata(text)),
                _ => None,
            }
        }
        _ => fields(expr).map(KeyPlace::Field),
    }
}

fn fields(expr: &Expr) -> Option<Vec<Arc<str>>> {
    match &expr.kind {
        ExprKind::It(field) => Some(vec![field.name.clone()]),
        ExprKind::Field(base, field) => {
            let mut path = fields(base)?;
            path.push(field.name.clone());
            Some(path)
        }
        _ => None,
    }
}
