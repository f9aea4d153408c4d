//! Variants: other ways to build, start and configure a service.

use std::sync::Arc;

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::Flow;
use super::{ServiceRef, State, setting};
use crate::diag::Code;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Service as Declared, Setting, SettingValue};

/// The variants of a service, by name with their settings.
fn variants(declared: &Declared) -> impl Iterator<Item = (&str, &[Setting])> {
    declared.settings.iter().filter(|setting| &*setting.name.name == "variant").filter_map(|setting| {
        match (&setting.value, &setting.block) {
            (Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })), Some(block)) => {
                Some((&**name, block.as_slice()))
            }
            _ => None,
        }
    })
}

/// The setting of a service as the variant it runs as; what the variant leaves open is the service's.
pub(super) fn setting_as<'a>(
    declared: &'a Declared,
    variant: Option<&str>,
    name: &str,
) -> Option<&'a Setting> {
    let own = variant.and_then(|variant| variants(declared).find(|(known, _)| *known == variant));
    own.and_then(|(_, block)| block.iter().find(|setting| &*setting.name.name == name))
        .or_else(|| setting(declared, name))
}

impl Cx {
    /// `restart SERVICE with { variant: NAME }`: ends it and starts that variant of it.
    pub(crate) async fn restart_as(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        variant: Arc<str>,
        span: Span,
    ) -> Flow<()> {
        let ItemKind::Service(declared) = &self.world.plan.program.item(service.item).kind else {
            return Ok(());
        };
        let known: Vec<&str> = variants(declared).map(|(name, _)| name).collect();
        if !known.contains(&&*variant) {
            let message = format!("`{}` has no variant `{variant}`", service.name);
            let mut failure = self.failure(env, Code::BAD_VALUE, span, message);
            failure.help = crate::diag::did_you_mean(&variant, known);
            return Err(failure.into());
        }
        let mut state = service.state.lock().await;
        if let State::Up(running) = &*state {
            running.stop(None).await;
        }
        *lock(&service.variant) = Some(variant);
        *state = State::Down;
        match self.start(service).await {
            Ok(running) => {
                *state = State::Up(running);
                Ok(())
            }
            Err(failure) => Err((*failure).into()),
        }
    }
}
