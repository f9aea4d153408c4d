//! What a service's settings come to, for whoever starts it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::Flow;
use super::{ServiceRef, Variation, setting};
use crate::syntax::ast::{Expr, ExprKind, Service as Declared, Setting, SettingValue};
use crate::system::{CommandSpec, Farewell, Ready, ServiceSpec, split_command};
use crate::value::{Piece, Text, Value};

impl Cx {
    pub(super) async fn setting_text(self: &Arc<Self>, env: &Env, setting: &Setting) -> Flow<Text> {
        match &setting.value {
            Some(SettingValue::Expr(expr)) => {
                let value = self.eval(env, expr).await?;
                match value {
                    Value::Text(text) => Ok(text),
                    other => {
                        let message =
                            format!("`{}` takes text, and this is {}", setting.name.name, other.kind());
                        Err(self.bad_value(env, expr.span, message))
                    }
                }
            }
            _ => Err(self.bad_value(env, setting.span, format!("`{}` takes text", setting.name.name))),
        }
    }

    /// The command of a `build`, `start`, `run` or `ready exec`, with `in "dir"`.
    pub(crate) async fn command(
        self: &Arc<Self>,
        env: &Env,
        setting: &Setting,
        vars: &[(String, String)],
    ) -> Flow<CommandSpec> {
        let pieces: Vec<Piece> = match &setting.value {
            Some(SettingValue::Expr(Expr { kind: ExprKind::Text(template), .. })) => {
                self.pieces(env, template).await?
            }
            _ => {
                let message = format!("`{}` takes a command in quotes", setting.name.name);
                return Err(self.bad_value(env, setting.span, message));
            }
        };
        let argv = split_command(&pieces).map_err(|message| self.bad_value(env, setting.span, message))?;
        let base = &self.world.plan.program.units[env.unit].dir;
        let mut dir = base.clone();
        for phrase in setting.phrases.iter().filter(|phrase| &*phrase.word.name == "in") {
            if let Some(expr) = &phrase.value {
                let value = self.eval(env, expr).await?;
                dir = base.join(Path::new(value.as_text().unwrap_or_default()));
            }
        }
        Ok(CommandSpec { argv, dir, env: vars.to_vec() })
    }

    pub(super) async fn spec(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        declared: &Declared,
        wanted: &Variation,
    ) -> Flow<ServiceSpec> {
        let Some(address) = service.address() else {
            let message = format!("`{}` has neither `start` nor `at`", service.name);
            return Err(self.bad_value(env, declared.name.span, message));
        };
        let own = |name: &str| wanted.setting(declared, name);
        let mut vars: Vec<(String, String)> = Vec::new();
        // A variant's `env` adds to the service's, name by name; what a scenario gives, to both.
        for setting in setting(declared, "env").into_iter().chain(wanted.own(declared, "env")) {
            if let Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) = &setting.value {
                let fields = self.object(env, object).await?;
                add(&mut vars, &self.variables(env, &fields, setting.span)?);
            }
        }
        add(&mut vars, wanted.env());
        let start = match own("start") {
            Some(setting) if !address.given => Some(self.command(env, setting, &vars).await?),
            _ => None,
        };
        let (ready, ready_within) = self.readiness(env, service, own("ready"), &vars).await?;
        let json_log = matches!(
            own("log").and_then(|setting| setting.value.as_ref()),
            Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "json"
        );
        Ok(ServiceSpec {
            name: service.name.clone(),
            protocol: service.protocol.clone(),
            start,
            url: address.url,
            host: address.host,
            port: address.port,
            ready,
            ready_within: ready_within.unwrap_or(ServiceSpec::READY_WITHIN),
            json_log,
            stop_grace: ServiceSpec::STOP_GRACE,
            farewell: self.farewell(service),
        })
    }

    /// Has the protocol hang up.
    fn farewell(&self, service: &ServiceRef) -> Farewell {
        // Weak, since the world holds the service that will hold this.
        let world = Arc::downgrade(&self.world);
        let endpoint = service.endpoint(&self.world);
        Farewell(Some(Arc::new(move || {
            if let Some(world) = world.upgrade()
                && let Some(protocol) = world.protocol(&endpoint.protocol)
            {
                protocol.hang_up(&endpoint);
            }
        })))
    }

    /// `ready GET /healthz within 30s`, `ready health`, `ready tcp`, `ready exec "…"`.
    async fn readiness(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        setting: Option<&Setting>,
        vars: &[(String, String)],
    ) -> Flow<(Ready, Option<Duration>)> {
        let Some(setting) = setting else {
            // A port that accepts is the least that a service can show. One that is not ours is
            // there or is not: waiting for it would only hide that.
            let given = service.address().is_some_and(|address| address.given);
            return Ok((if given { Ready::None } else { Ready::Tcp }, None));
        };
        let mut within = None;
        for phrase in setting.phrases.iter().filter(|phrase| &*phrase.word.name == "within") {
            within = self.duration(env, phrase.value.as_ref()).await?;
        }
        let ready = match &setting.value {
            Some(SettingValue::Request { path, .. }) => {
                Ready::Http { path: self.text(env, path).await?.text.to_string() }
            }
            Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "tcp" => {
                Ready::Tcp
            }
            Some(SettingValue::Expr(Expr { kind: ExprKind::Name(name), .. })) if &**name == "health" => {
                // Weak, since the world holds the service that will hold this.
                let world = Arc::downgrade(&self.world);
                let endpoint = service.endpoint(&self.world);
                Ready::Health(Arc::new(move || {
                    let (world, endpoint) = (world.upgrade(), endpoint.clone());
                    Box::pin(async move {
                        let Some(world) = world else { return Err("the run is over".to_owned()) };
                        match world.protocol(&endpoint.protocol) {
                            Some(protocol) => protocol.healthy(&endpoint).await,
                            None => Err(format!("there is no protocol `{}`", endpoint.protocol)),
                        }
                    })
                }))
            }
            Some(SettingValue::Expr(Expr { kind: ExprKind::Text(_), .. })) => {
                Ready::Command(self.command(env, setting, vars).await?)
            }
            _ => {
                let message = "`ready` takes `GET /path`, `health`, `tcp` or a command in quotes";
                return Err(self.bad_value(env, setting.span, message));
            }
        };
        Ok((ready, within))
    }
}

/// Adds variables; a later one takes the place of an earlier one with its name.
fn add(vars: &mut Vec<(String, String)>, more: &[(String, String)]) {
    for (name, value) in more {
        vars.retain(|(known, _)| known != name);
        vars.push((name.clone(), value.clone()));
    }
}
