//! Requests against a compiled contract: its methods, and the fields of the messages they take.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::walker::{Walker, list};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{Expr, ExprKind, ObjectEntry, ObjectExpr, Request, Target};

impl Walker<'_, '_> {
    /// The method a request names must be in the contract, and take the fields it is given.
    pub(super) fn against(&mut self, pool: &DescriptorPool, target: &Target, request: &Request) {
        let methods = methods(pool);
        if methods.is_empty() {
            return;
        }
        let mut names: Vec<&str> = methods.iter().map(MethodDescriptor::name).collect();
        names.sort_unstable();
        names.dedup();
        let Some(member) = target.members.last() else {
            let message = format!("`{}` names no method of `{}`", request.verb.name, target.name.name);
            self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, target.span, message).help(format!(
                "write `{} {}.{}`; the contract has {}",
                request.verb.name,
                target.name.name,
                names[0],
                list(&names)
            )));
            return;
        };
        // The same name may be in several services; then the fields are those of any of them.
        let found: Vec<&MethodDescriptor> =
            methods.iter().filter(|method| method.name() == &*member.name).collect();
        match found.as_slice() {
            [] => {
                let message = format!("the contract has no method `{}`", member.name);
                self.push(
                    Diagnostic::error(Code::UNKNOWN_NAME, member.span, message)
                        .help(format!("it has {}", list(&names)))
                        .did_you_mean(&member.name, names.iter().copied()),
                );
            }
            [only] if !breaks_contract(request) => {
                if let Some(operand) = &request.operand {
                    self.fits(&only.input(), operand);
                }
            }
            _ => {}
        }
    }

    /// The fields of a literal object must be fields of the message.
    fn fits(&mut self, message: &MessageDescriptor, value: &Expr) {
        if message.full_name().starts_with("google.protobuf.") {
            return;
        }
        match &value.kind {
            ExprKind::Object(object) => self.fields(message, object),
            ExprKind::List(items, _) => items.iter().for_each(|item| self.fits(message, item)),
            _ => {}
        }
    }

    fn fields(&mut self, message: &MessageDescriptor, object: &ObjectExpr) {
        for entry in &object.entries {
            let ObjectEntry::Field { name, value, .. } = entry else { continue };
            let Some(plain) = name.plain() else { continue };
            let field = message.get_field_by_name(&plain).or_else(|| message.get_field_by_json_name(&plain));
            match field {
                Some(field) => {
                    if let Some(inner) = inner(&field) {
                        self.fits(&inner, value);
                    }
                }
                None => {
                    let fields: Vec<FieldDescriptor> = message.fields().collect();
                    let known: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
                    let text = format!("the message `{}` has no field `{plain}`", message.name());
                    self.push(
                        Diagnostic::error(Code::UNKNOWN_FIELD, name.span, text)
                            .help(format!("the contract gives it {}", list(&known)))
                            .did_you_mean(&plain, known.iter().copied()),
                    );
                }
            }
        }
    }
}

/// The methods of all services.
fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// The message that a field holds, or a list of; maps are named by their keys, so any will do.
fn inner(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if !field.is_map() => Some(message),
        _ => None,
    }
}

/// `with { contract: ignore }`
fn breaks_contract(request: &Request) -> bool {
    let options = request.options.iter().flat_map(|options| &options.entries);
    options.into_iter().any(|entry| match entry {
        ObjectEntry::Field { name, .. } => name.plain().as_deref() == Some("contract"),
        _ => false,
    })
}
