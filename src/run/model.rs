//! The model that a history is judged by, from `as MODEL(role: action, …)`.

use std::sync::Arc;

use super::cx::Cx;
use super::env::Env;
use super::flow::Flow;
use crate::diag::Code;
use crate::history::Model;
use crate::lang::{Kind, Ty};
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::Value;

impl Cx {
    /// What stands after `as` beside a relation. Roles are names, not evaluated; the rest is.
    pub(crate) async fn model(self: &Arc<Self>, env: &Env, relation: &str, written: &Expr) -> Flow<Model> {
        let (name, args) = match &written.kind {
            ExprKind::Call(callee, args) => (&**callee, args.args.as_slice()),
            _ => (written, &[][..]),
        };
        let found = match &name.kind {
            ExprKind::Name(name) => {
                let mut models = self.world.registry.all(Kind::Model, name).iter();
                models.find(|spec| spec.of == relation).copied()
            }
            _ => None,
        };
        let Some(spec) = found else {
            let message = format!("`{relation}` has no model `{}`", self.written(name.span));
            return Err(self.failure(env, Code::UNKNOWN_NAME, name.span, message).into());
        };
        let mut model = Model { name: spec.name, roles: Vec::new(), initial: Value::Null };
        for arg in args {
            let param =
                arg.name.as_ref().and_then(|name| spec.params.iter().find(|param| *param.name == *name.name));
            let Some(param) = param else {
                let message = format!("`{}` has no role for this", spec.name);
                return Err(self.failure(env, Code::WRONG_ARGUMENTS, arg.value.span, message).into());
            };
            if param.ty == Ty::Role {
                let players = self.players(env, &arg.value)?;
                model.roles.extend(players.into_iter().map(|player| (param.name, player)));
            } else {
                let value = self.eval(env, &arg.value).await?;
                self.present(env, &arg.value, &value)?;
                model.initial = self.records(env, value, arg.value.span)?;
            }
        }
        Ok(model)
    }

    /// The functions that play a role: an action's name, a text, or a list of these.
    pub(crate) fn players(self: &Arc<Self>, env: &Env, written: &Expr) -> Flow<Vec<Arc<str>>> {
        let one = match &written.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Field(_, name) => Some(name.name.clone()),
            ExprKind::Text(text) => text.plain(),
            ExprKind::List(items, _) => {
                let mut players = Vec::new();
                for item in items {
                    players.extend(self.players(env, item)?);
                }
                return Ok(players);
            }
            _ => None,
        };
        match one {
            Some(player) => Ok(vec![player]),
            None => {
                let message = format!("`{}` is no name of an action", self.written(written.span));
                Err(self.bad_value(env, written.span, message))
            }
        }
    }
}
