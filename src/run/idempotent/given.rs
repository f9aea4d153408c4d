//! The arguments of a probe, evaluated.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::flow::Flow;
use super::change::whole;
use super::trial::Trial;
use crate::check::Attack;
use crate::lang::Kind;
use crate::probe::MOST;
use crate::source::Span;
use crate::syntax::ast::{Args, ExprKind};
use crate::value::{Value, show_short};

/// What a probe was given, by parameter.
pub(super) struct Given {
    values: BTreeMap<&'static str, (Value, Span)>,
}

impl Trial {
    /// Evaluates the arguments of a probe where they are written.
    pub(super) async fn given(&self, attack: &Attack<'_>) -> Flow<Given> {
        let mut values = BTreeMap::new();
        let args: Option<&Args> = match &attack.probe.probe.kind {
            ExprKind::Call(_, args) => Some(args),
            _ => None,
        };
        let params =
            self.cx.world.registry.get(Kind::Probe, &attack.name).map_or(&[][..], |spec| spec.params);
        let mut positional = params.iter();
        for arg in args.iter().flat_map(|args| &args.args) {
            let param = match &arg.name {
                Some(name) => params.iter().find(|param| param.name == &*name.name),
                None => positional.next(),
            };
            let Some(param) = param else { continue };
            let env = self.env_of(attack.profile.is_some());
            let value = self.cx.eval(env, &arg.value).await?;
            self.cx.present(env, &arg.value, &value)?;
            values.insert(param.name, (value, arg.value.span));
        }
        Ok(Given { values })
    }

    /// A number of repetitions.
    pub(super) fn times(&self, given: &Given, name: &str, default: u32) -> Flow<u32> {
        let Some((value, span)) = given.values.get(name) else { return Ok(default) };
        value.as_number().and_then(|number| whole(number, MOST.into())).ok_or_else(|| {
            let got = show_short(value, 40);
            self.cx.bad_value(&self.env, *span, format!("`{name}` is from 1 to {MOST}, not {got}"))
        })
    }

    /// A duration.
    pub(super) fn time(&self, given: &Given, name: &str) -> Flow<Option<Duration>> {
        let Some((value, span)) = given.values.get(name) else { return Ok(None) };
        value.as_duration().map(Some).ok_or_else(|| {
            let got = show_short(value, 40);
            self.cx.bad_value(&self.env, *span, format!("`{name}` is a duration such as `2s`, not {got}"))
        })
    }
}

impl Given {
    /// A value; absent when it was not given.
    pub(super) fn value(&self, name: &str) -> Value {
        self.values.get(name).map_or(Value::Absent, |(value, _)| value.clone())
    }

    /// Where a value is written.
    pub(super) fn span(&self, name: &str) -> Option<Span> {
        self.values.get(name).map(|(_, span)| *span)
    }
}
