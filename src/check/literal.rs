//! The values of what is written out.

use crate::syntax::ast::{Expr, ExprKind, ObjectEntry, UnaryOp};
use crate::value::{Object, Value};

/// The value of a literal that has no parts; `absent` is none.
pub(crate) fn plain(expr: &Expr) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Null => Value::Null,
        ExprKind::Bool(value) => Value::Bool(*value),
        ExprKind::Number(number) | ExprKind::Percent(number) => Value::Number(number.clone()),
        ExprKind::Duration(nanos) => Value::Duration(*nanos),
        ExprKind::Size(bytes) => Value::int(*bytes),
        ExprKind::Text(template) => Value::text(template.plain()?),
        _ => return None,
    })
}

/// The value of an expression that is written out: literals, and lists and objects of them.
pub(crate) fn constant(expr: &Expr) -> Option<Value> {
    Some(match &expr.kind {
        ExprKind::Unary(UnaryOp::Negate, inner) => match constant(inner)? {
            Value::Number(number) => Value::Number(number.negate()),
            _ => return None,
        },
        ExprKind::List(items, false) => Value::list(items.iter().map(constant).collect::<Option<_>>()?),
        ExprKind::Object(object) => {
            let mut fields = Object::new();
            for entry in &object.entries {
                let ObjectEntry::Field { name, value, .. } = entry else { return None };
                fields.insert(name.plain()?, constant(value)?);
            }
            Value::object(fields)
        }
        _ => return plain(expr),
    })
}
