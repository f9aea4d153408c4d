//! The options of requests, by the protocol that knows them.

use super::walker::{Hand, Walker, list};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Ty};
use crate::syntax::ast::{Expr, ObjectEntry, ObjectExpr, Template};

impl<'a> Walker<'a, '_> {
    /// `with { … }`: the options of a protocol; those of all when it is not known.
    pub(super) fn options(&mut self, options: &'a ObjectExpr, protocol: Option<&str>) {
        self.doubled_fields(options);
        for entry in &options.entries {
            match entry {
                ObjectEntry::Field { name, value, .. } => self.option(name, value, protocol),
                ObjectEntry::Spread(base) => self.value(base),
                ObjectEntry::Open(span) => {
                    let message = "`..` without a name stands only in patterns";
                    self.push(Diagnostic::error(Code::MISPLACED, *span, message));
                }
            }
        }
    }

    fn option(&mut self, name: &'a Template, value: &'a Expr, protocol: Option<&str>) {
        let registry = self.cx.registry;
        let Some(plain) = name.plain() else {
            self.template(name);
            let message = "the name of an option is plain text, without `${…}`";
            self.push(Diagnostic::error(Code::UNKNOWN_OPTION, name.span, message));
            return self.value(value);
        };
        let found = match protocol {
            Some(protocol) => registry.find(Kind::Option, protocol, &plain),
            None => registry.get(Kind::Option, &plain),
        };
        let Some(spec) = found.copied() else {
            self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(value));
            let known: Vec<&str> = match protocol {
                Some(protocol) => registry.names(Kind::Option, protocol),
                None => registry.of_kind(Kind::Option).map(|spec| spec.name).collect(),
            };
            let whose = protocol.map_or_else(String::new, |protocol| format!(" of {protocol}"));
            let message = format!("there is no option `{plain}`{whose}");
            let diagnostic = Diagnostic::error(Code::UNKNOWN_OPTION, name.span, message);
            let diagnostic = if known.is_empty() {
                diagnostic
            } else {
                diagnostic.help(format!("there are {}", list(&known)))
            };
            self.push(diagnostic.did_you_mean(&plain, known));
            return;
        };
        self.note(name.span, &spec);
        if let Some(why) = spec.planned {
            self.not_yet(name.span, &format!("the option `{plain}`"), Some(why));
        }
        let ty = spec.params.first().map_or(Ty::Any, |param| param.ty);
        self.typed(value, ty, &format!("`{plain}`"));
    }
}
