//! Services as something else than declared: as a variant, or with another environment, for one
//! scenario. The next one that uses the service finds it as declared.

use std::sync::Arc;
use std::time::Duration;

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::Flow;
use super::{ServiceRef, setting};
use crate::check::{CURRENT, variants};
use crate::diag::{Code, did_you_mean};
use crate::event::Exchange;
use crate::source::Span;
use crate::syntax::ast::{ItemKind, Service as Declared, Setting};
use crate::value::{Object, Value, show_short};

/// As what a service runs; as declared by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variation {
    /// One of its variants.
    variant: Option<Arc<str>>,
    /// Variables of its environment beside those of its settings, or in their place.
    env: Vec<(String, String)>,
}

impl Variation {
    /// A variant, or the service as declared.
    pub(crate) fn of(variant: Option<Arc<str>>) -> Variation {
        Variation { variant, env: Vec::new() }
    }

    /// The variables that come on top of those of the settings.
    pub(super) fn env(&self) -> &[(String, String)] {
        &self.env
    }

    /// A setting of the service: the variant's own, or what it leaves open.
    pub(super) fn setting<'a>(&self, declared: &'a Declared, name: &str) -> Option<&'a Setting> {
        self.own(declared, name).or_else(|| setting(declared, name))
    }

    /// A setting of the variant itself.
    pub(super) fn own<'a>(&self, declared: &'a Declared, name: &str) -> Option<&'a Setting> {
        let variant = self.variant.as_deref()?;
        let (.., block) = variants(declared).find(|(known, ..)| ***known == *variant)?;
        block.iter().find(|setting| &*setting.name.name == name)
    }

    /// The name of a service that runs so: `ledger as v1`, `orders with CACHE`.
    pub(super) fn title(&self, service: &str) -> String {
        let mut title = service.to_owned();
        if let Some(variant) = &self.variant {
            title = format!("{title} as {variant}");
        }
        if !self.env.is_empty() {
            // The values may be long, and may be secret.
            let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
            title = format!("{title} with {}", names.join(", "));
        }
        title
    }
}

/// The options of a `restart` that ask for more than to start again.
pub(crate) fn is_exchange(options: &Object) -> bool {
    options.contains_key("variant") || options.contains_key("env")
}

impl Cx {
    /// `restart SERVICE with { variant: NAME, env: { … } }`: ends it and starts that of it.
    pub(crate) async fn exchange(
        self: &Arc<Self>,
        env: &Env,
        service: &Arc<ServiceRef>,
        options: &Object,
        span: Span,
    ) -> Flow<Exchange> {
        let (wanted, grace) = self.wanted(env, service, options, span)?;
        let parts = if service.members.is_empty() { std::slice::from_ref(service) } else { &service.members };
        for part in parts {
            let mut state = part.state.lock().await;
            state.up = None;
            let running = self.launch(part, &wanted, grace).await.map_err(|failure| {
                part.blame();
                *failure
            })?;
            state.up = Some((running, wanted.clone()));
        }
        Ok(Exchange {
            protocol: "system".to_owned(),
            service: Some(service.name.to_string()),
            request: format!("restart {}", wanted.title(&service.name)),
            response: "running".to_owned(),
            ..Exchange::default()
        })
    }

    fn wanted(
        &self,
        env: &Env,
        service: &ServiceRef,
        options: &Object,
        span: Span,
    ) -> Flow<(Variation, Option<Duration>)> {
        let mut wanted = Variation::default();
        let mut grace = None;
        for (name, value) in options {
            let shown = || show_short(value, 60);
            match (&**name, value) {
                ("variant", Value::Text(text)) => {
                    wanted.variant = self.known_variant(env, service, &text.text, span)?;
                }
                ("variant", _) => {
                    let message = format!("`variant` takes the name of a variant, not {}", shown());
                    return Err(self.bad_value(env, span, message));
                }
                ("env", Value::Object(fields)) => wanted.env = self.variables(env, fields, span)?,
                ("env", _) => {
                    let message =
                        format!("`env` takes an object such as `{{ CACHE: \"on\" }}`, not {}", shown());
                    return Err(self.bad_value(env, span, message));
                }
                ("grace", value) => match value.as_duration() {
                    Some(time) => grace = Some(time),
                    None => {
                        let message = format!("`grace` takes a duration such as `10s`, not {}", shown());
                        return Err(self.bad_value(env, span, message));
                    }
                },
                _ => {
                    let mut failure =
                        self.failure(env, Code::BAD_VALUE, span, format!("`restart` has no option `{name}`"));
                    failure.help = did_you_mean(name, ["variant", "env", "grace"]);
                    return Err(failure.into());
                }
            }
        }
        Ok((wanted, grace))
    }

    fn known_variant(
        &self,
        env: &Env,
        service: &ServiceRef,
        variant: &str,
        span: Span,
    ) -> Flow<Option<Arc<str>>> {
        let ItemKind::Service(declared) = &self.world.plan.program.item(service.item).kind else {
            return Ok(None);
        };
        if variant == CURRENT {
            return Ok(None);
        }
        let known: Vec<&Arc<str>> = variants(declared).map(|(name, ..)| name).collect();
        if let Some(found) = known.iter().find(|known| ****known == *variant) {
            return Ok(Some((*found).clone()));
        }
        let message = format!("`{}` has no variant `{variant}`", service.name);
        let mut failure = self.failure(env, Code::BAD_VALUE, span, message);
        failure.help = did_you_mean(variant, known.iter().map(|known| &***known));
        Err(failure.into())
    }

    /// The variables of an environment as texts; those that are secret are masked from here on.
    pub(super) fn variables(&self, env: &Env, fields: &Object, span: Span) -> Flow<Vec<(String, String)>> {
        let mut variables = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            let text = crate::function::operators::text_of(value)
                .map_err(|message| self.bad_value(env, span, format!("`{name}`: {message}")))?;
            if text.secret {
                self.world.redactor.register(&text.text);
            }
            variables.push((name.to_string(), text.text.to_string()));
        }
        Ok(variables)
    }
}
