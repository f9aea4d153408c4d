//! `as MODEL(role: action, …)`: the model that explains a history, and which actions play its roles.

use std::sync::Arc;

use super::plan::Definition;
use super::walker::{Hand, Walker, list, plain_name};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Spec, Ty};
use crate::syntax::ast::{Args, Expr, ExprKind, Ident, ItemKind};
use crate::value::words::article;

impl<'a> Walker<'a, '_> {
    /// What stands after `as` beside a relation.
    pub(super) fn model(&mut self, relation: &Ident, value: &'a Expr) {
        let (named, args) = match &value.kind {
            ExprKind::Call(callee, args) => (plain_name(callee), Some(args)),
            _ => (plain_name(value), None),
        };
        let known: Vec<Spec> = self
            .cx
            .registry
            .of_kind(Kind::Model)
            .filter(|spec| *spec.of == *relation.name)
            .copied()
            .collect();
        let names: Vec<&str> = known.iter().map(|spec| spec.name).collect();
        let example = known.first().map_or("", |spec| spec.example);
        let Some(name) = named else {
            self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(value));
            let message = format!("`as` names a model of `{}`", relation.name);
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, value.span, message)
                    .help(format!("the models are {}; for example `{example}`", list(&names))),
            );
            return;
        };
        let Some(spec) = known.iter().find(|spec| *spec.name == *name.name) else {
            let message = format!("`{}` has no model `{}`", relation.name, name.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                    .help(format!("the models are {}", list(&names)))
                    .did_you_mean(&name.name, names.iter().copied()),
            );
            return;
        };
        self.note(name.span, spec);
        if let Some(why) = spec.planned {
            self.not_yet(name.span, &format!("`{}`", name.name), Some(why));
        }
        if let Some(args) = args {
            self.model_args(&name, spec, args);
        }
    }

    fn model_args(&mut self, model: &Ident, spec: &Spec, args: &'a Args) {
        let mut players: Vec<(Arc<str>, &str)> = Vec::new();
        let roles: Vec<&str> = spec.params.iter().map(|param| param.name).collect();
        for arg in &args.args {
            let Some(role) = &arg.name else {
                self.at(
                    |place| place.at_hand = Hand::Anything,
                    |walker| walker.value_of_role(&arg.value, None),
                );
                let message = format!("`{}` takes roles by their names", model.name);
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, arg.value.span, message)
                        .help(format!("for example `{}`", spec.example)),
                );
                continue;
            };
            let Some(param) = spec.params.iter().find(|param| *param.name == *role.name) else {
                self.value_of_role(&arg.value, None);
                let message = format!("`{}` has no role `{}`", model.name, role.name);
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, role.span, message)
                        .help(format!("it has {}", list(&roles)))
                        .did_you_mean(&role.name, roles.iter().copied()),
                );
                continue;
            };
            let what = format!("`{}`", param.name);
            if param.ty != Ty::Role {
                self.at(
                    |place| place.at_hand = Hand::Anything,
                    |walker| walker.typed(&arg.value, param.ty, &what),
                );
                continue;
            }
            self.value_of_role(&arg.value, Some(&what));
            for (player, span) in players_of(&arg.value) {
                if let Some((_, other)) = players.iter().find(|(known, _)| *known == player) {
                    let message = format!("`{player}` plays `{other}` already");
                    self.push(
                        Diagnostic::error(Code::WRONG_ARGUMENTS, span, message)
                            .help("an operation has one role: what it does to the object"),
                    );
                } else {
                    players.push((player, param.name));
                }
            }
        }
    }

    /// The action that plays a role, or a list of several; texts name functions of histories that
    /// were recorded elsewhere. `what` names the role; without one only names are looked up.
    pub(super) fn value_of_role(&mut self, value: &'a Expr, what: Option<&str>) {
        match &value.kind {
            ExprKind::Name(name) => self.action_of_role(&Ident { name: name.clone(), span: value.span }),
            ExprKind::Field(base, field) => {
                match plain_name(base).map(|alias| (self.cx.lookup(self.item.unit, &alias.name), alias)) {
                    Some((Some(Definition::Module(unit)), _)) => match self.exported(unit, field) {
                        Some(at) => self.cx.graph.uses(self.item, at),
                        None => self.not_exported(unit, field),
                    },
                    _ => {
                        self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(value));
                        self.no_player(value, what);
                    }
                }
            }
            ExprKind::Text(template) if template.plain().is_some() => {}
            ExprKind::List(items, _) if !items.is_empty() => {
                items.iter().for_each(|item| self.value_of_role(item, what));
            }
            _ => {
                self.at(|place| place.at_hand = Hand::Anything, |walker| walker.value(value));
                self.no_player(value, what);
            }
        }
    }

    /// Whether it is the bare name of an action, which then counts as used.
    pub(super) fn is_action(&mut self, value: &Expr) -> bool {
        let Some(name) = plain_name(value).filter(|name| self.scopes.get(&name.name).is_none()) else {
            return false;
        };
        let Some(Definition::Item(at)) = self.cx.lookup(self.item.unit, &name.name) else { return false };
        self.cx.graph.uses(self.item, at);
        matches!(self.cx.program.item(at).kind, ItemKind::Action(_))
    }

    fn no_player(&mut self, value: &Expr, what: Option<&str>) {
        let Some(what) = what else { return };
        let message = format!("{what} is the name of an action");
        self.push(Diagnostic::error(Code::WRONG_TYPE, value.span, message).help(
            "write the action's name without parentheses; \
             a text names a function of a history that was recorded elsewhere",
        ));
    }

    fn action_of_role(&mut self, name: &Ident) {
        let what = if self.scopes.get(&name.name).is_some() {
            Some("a variable".to_owned())
        } else {
            match self.cx.lookup(self.item.unit, &name.name) {
                Some(Definition::Item(at)) => {
                    self.cx.graph.uses(self.item, at);
                    self.note(name.span, Definition::Item(at));
                    match &self.cx.program.item(at).kind {
                        ItemKind::Action(_) => None,
                        other => {
                            let (word, _) = super::context::describe(other);
                            Some(format!("{} {word}", article(word)))
                        }
                    }
                }
                Some(Definition::Module(_)) => Some("a module".to_owned()),
                Some(Definition::Script(_)) => Some("a script".to_owned()),
                Some(Definition::Contract(_)) => Some("a contract".to_owned()),
                None => return self.no_such_action(name),
            }
        };
        let Some(what) = what else { return };
        if let Some(variable) = self.scopes.find(&name.name) {
            variable.read = true;
        }
        let message = format!("`{}` is {what}, not an action", name.name);
        self.push(Diagnostic::error(Code::WRONG_TYPE, name.span, message).help(
            "a role is played by an action; \
             a text names a function of a history that was recorded elsewhere",
        ));
    }

    fn no_such_action(&mut self, name: &Ident) {
        if self.may_be_lost(&name.name) {
            return;
        }
        let unit = &self.cx.program.units[self.item.unit];
        let actions = unit.names.iter().filter(|(_, definition)| match definition {
            Definition::Item(at) => matches!(self.cx.program.item(*at).kind, ItemKind::Action(_)),
            _ => false,
        });
        let known: Vec<&str> = actions.map(|(name, _)| &**name).collect();
        let message = format!("there is no action `{}`", name.name);
        let advice = crate::diag::did_you_mean(&name.name, known).unwrap_or_else(|| {
            format!(
                "write `\"{}\"` if that is a function of a history that was recorded elsewhere",
                name.name
            )
        });
        self.push(Diagnostic::error(Code::UNKNOWN_NAME, name.span, message).help(advice));
    }
}

/// The functions that a role's value names, and where.
fn players_of(value: &Expr) -> Vec<(Arc<str>, crate::source::Span)> {
    match &value.kind {
        ExprKind::Name(name) => vec![(name.clone(), value.span)],
        ExprKind::Field(_, field) => vec![(field.name.clone(), value.span)],
        ExprKind::Text(template) => template.plain().map(|name| (name, value.span)).into_iter().collect(),
        ExprKind::List(items, _) => items.iter().flat_map(players_of).collect(),
        _ => Vec::new(),
    }
}
