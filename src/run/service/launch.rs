//! From a declared service to a process that is ready.

use std::sync::Arc;
use std::time::Duration;

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::Stop;
use super::{Address, ServiceRef, Variation, address_of, setting};
use crate::diag::Code;
use crate::event::{EventKind, Failure};
use crate::protocol::sql::{passwords, without_password};
use crate::source::Span;
use crate::syntax::ast::ItemKind;
use crate::system::{Builds, Service};
use crate::value::Value;

impl Cx {
    /// Gives every service that is `at` some address that address.
    pub(crate) async fn locate_services(self: &Arc<Self>) -> Result<(), Vec<Failure>> {
        let mut failures = Vec::new();
        let mut services: Vec<Arc<ServiceRef>> = Vec::new();
        for service in self.world.services() {
            services.push(service.clone());
            services.extend(service.members.iter().cloned());
        }
        for service in &services {
            let ItemKind::Service(declared) = &self.world.plan.program.item(service.item).kind else {
                continue;
            };
            let known = service.address();
            // One that is started has host and port; its `url` says the rest.
            let wanted = match &known {
                None => setting(declared, "at"),
                Some(address) if !address.given => setting(declared, "url"),
                Some(_) => None,
            };
            if let Some(setting) = wanted {
                let env = self.service_env(service);
                match self.setting_text(&env, setting).await {
                    Ok(url) => {
                        let found = address_of(&url.text);
                        let secret = found.secret || url.secret;
                        let found = match known {
                            Some(known) => Address { url: found.url, secret, ..known },
                            None => Address { secret, ..found },
                        };
                        *lock(&service.address) = Some(found);
                    }
                    Err(stop) => failures.extend(stop.into_failures()),
                }
            }
            for password in service.address().iter().flat_map(|address| passwords(&address.url)) {
                self.world.redactor.register(&password);
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    /// Sees to it that a service runs as declared and is ready.
    pub(crate) async fn ensure_running(
        self: &Arc<Self>,
        service: &Arc<ServiceRef>,
    ) -> Result<(), Box<Failure>> {
        self.ensure_as(service, &Variation::default()).await
    }

    /// Sees to it that a service runs as something and is ready. What fails once, fails for
    /// everyone who wants the same.
    pub(crate) async fn ensure_as(
        self: &Arc<Self>,
        service: &Arc<ServiceRef>,
        wanted: &Variation,
    ) -> Result<(), Box<Failure>> {
        for member in &service.members {
            Box::pin(self.ensure_as(member, wanted)).await?;
        }
        if !service.members.is_empty() || service.is_only_played() {
            return Ok(());
        }
        let mut state = service.state.lock().await;
        if let Some((_, failure)) = state.failed.iter().find(|(known, _)| known == wanted) {
            return Err(failure.clone());
        }
        if let Some((running, _)) = state.up.take_if(|(_, now)| now == wanted) {
            if running.is_ending() {
                // Whoever asked for that was cut off before it ended.
                running.stop(None).await;
            }
            let result = if running.is_running() {
                // A scenario that paused it and failed must not hang the next one.
                let _ = running.resume();
                Ok(())
            } else {
                running.start_again().await
            };
            if result.is_err() {
                service.blame();
            }
            state.up = Some((running, wanted.clone()));
            return result.map_err(Box::new);
        }
        // The scenario before this one had another, for itself alone.
        state.up = None;
        match self.launch(service, wanted, None).await {
            Ok(running) => {
                state.up = Some((running, wanted.clone()));
                Ok(())
            }
            Err(failure) => {
                let name = wanted.title(&service.name);
                self.emit(EventKind::ServiceFailed { service: name, failure: (*failure).clone() });
                service.blame();
                state.failed.push((wanted.clone(), failure.clone()));
                Err(failure)
            }
        }
    }

    /// Builds it, ends what runs in its place, starts it and waits until it is ready.
    pub(super) async fn launch(
        self: &Arc<Self>,
        service: &Arc<ServiceRef>,
        wanted: &Variation,
        grace: Option<Duration>,
    ) -> Result<Arc<Service>, Box<Failure>> {
        let world = &self.world;
        let item = world.plan.program.item(service.item);
        let ItemKind::Service(declared) = &item.kind else {
            return Err(Box::new(self.failure(
                &self.service_env(service),
                Code::INTERNAL,
                item.span,
                "not a service",
            )));
        };
        let env = self.service_env(service);
        let title = wanted.title(&service.name);
        let setting = |name: &str| wanted.setting(declared, name);
        let only = |stop: Stop| Box::new(first_failure(self, &env, item.span, stop));
        let mut build_us = 0;
        let given = service.address().is_some_and(|address| address.given);
        if !given && let Some(setting) = setting("build") {
            let command = self.command(&env, setting, &[]).await.map_err(only)?;
            std::fs::create_dir_all(&world.out).map_err(|error| {
                let text = format!("`{}` cannot be made: {error}", world.out.display());
                Box::new(self.failure(&env, Code::SERVICE_BUILD, setting.span, text))
            })?;
            // One that has run already takes no time, and says nothing.
            let done = world.builds.is_done(&command);
            if !done {
                self.emit(EventKind::ServiceBuilding { service: title.clone() });
            }
            let took = world
                .builds
                .build(&title, &command, Builds::WITHIN, &world.processes, &world.redactor)
                .await
                .map_err(|failure| Box::new(self.at_setting(failure, setting.span)))?;
            build_us = if done { 0 } else { took.as_micros() as u64 };
        }
        let spec = self.spec(&env, service, declared, wanted).await.map_err(only)?;
        let address = self.world.redactor.mask(&without_password(&spec.url)).into_owned();
        let place = setting("start").map_or(declared.name.span, |setting| setting.span);
        if let Some(before) = service.process() {
            before.stop(grace).await;
        }
        let running = Service::spawn(spec, &world.processes, &world.redactor)
            .await
            .map_err(|failure| Box::new(self.at_setting(failure, place)))?;
        service.replace(running.clone());
        self.emit(EventKind::ServiceStarted {
            service: title.clone(),
            address,
            pid: running.pid(),
            build_us,
        });
        let took = running.ready().await.map_err(|failure| {
            let place = setting("ready").map_or(place, |setting| setting.span);
            Box::new(self.at_setting(failure, place))
        })?;
        self.emit(EventKind::ServiceReady { service: title, took_us: took.as_micros() as u64 });
        Ok(running)
    }

    /// Shows the setting that a start-up failure comes from.
    fn at_setting(&self, mut failure: Failure, span: Span) -> Failure {
        failure.place.get_or_insert_with(|| self.world.place(span));
        failure
    }

    /// The names that a service's settings see besides the module's.
    fn service_env(&self, service: &Arc<ServiceRef>) -> Env {
        let item = self.world.plan.program.item(service.item);
        let key = self.world.key.with(self.world.unit_name(service.item.unit)).with(&*service.name);
        let mut env = Env::of_unit(service.item.unit, key, item.span.start);
        env.caller = Some(service.clone());
        if let Some(address) = service.address() {
            env.bind("port".into(), Value::int(address.port));
            env.bind("host".into(), Value::text(address.host.clone()));
            env.bind("addr".into(), Value::text(format!("{}:{}", address.host, address.port)));
            env.bind("url".into(), Value::text_with(address.url, address.secret));
        }
        env.bind("out".into(), Value::text(self.world.out.display().to_string()));
        env.bind("scratch".into(), Value::text(self.world.scratch.display().to_string()));
        env.bind("member".into(), Value::text(service.name.clone()));
        env
    }
}

/// The first failure of an evaluation that gave none otherwise.
fn first_failure(cx: &Cx, env: &Env, span: Span, stop: Stop) -> Failure {
    let mut failures = stop.into_failures();
    if failures.is_empty() {
        cx.failure(env, Code::INTERRUPTED, span, "the run was interrupted")
    } else {
        failures.remove(0)
    }
}
