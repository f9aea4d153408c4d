//! Requests: the target, the verb that its protocol knows, the operand, the options.

use std::sync::Arc;

use super::context::describe;
use super::graph::Disturbed;
use super::index::Referent;
use super::plan::{Definition, ItemRef};
use super::scope::Value;
use super::types::literal;
use super::walker::{Walker, list};
use crate::contract::Contract;
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Safety, Spec, Ty};
use crate::syntax::ast::{
    ExprKind, Ident, ItemKind, Next, ObjectEntry, ObjectExpr, Place, Request, Service, SettingValue, Target,
    Template, TemplatePart,
};
use crate::value::words::article;

/// The protocol of a bare URL.
const HTTP: &str = "http";
/// What verbs on processes belong to: `kill`, `restart`.
const SYSTEM: &str = "system";
/// The parameters of verbs that stand for what they are aimed at.
const TARGETS: &[&str] = &["target", "service"];
/// The parameter of verbs that are aimed at a stream.
const STREAM: &str = "stream";

/// What a request is aimed at.
enum Aim {
    /// A service that is declared.
    Service(ItemRef),
    /// A stream of a protocol, when it is known.
    Stream(Option<Arc<str>>),
    /// A parameter: anything.
    Anything,
    /// A bare URL.
    Url,
    /// Nothing: `exec "…"`.
    Nowhere,
    /// Something that cannot be; a diagnostic says so.
    Wrong,
}

impl<'a> Walker<'a, '_> {
    /// A request. Returns its protocol, when it is known.
    pub(super) fn request(&mut self, request: &'a Request) -> Option<Arc<str>> {
        let aim = self.aim(request);
        let protocol = self.protocol(&aim, request);
        let spec = self.verb(&aim, protocol.as_deref(), request);
        if let Some(index) = request.target.as_ref().and_then(|target| target.index.as_ref()) {
            self.value(index);
        }
        let is_request = spec.is_some_and(|spec| spec.of != SYSTEM);
        match (&aim, self.contract(&aim)) {
            (Aim::Service(at), Some(contract)) if is_request => {
                self.against(contract.interface(), *at, request);
            }
            (Aim::Stream(_), _) if is_request => self.sends(request),
            _ => {}
        }
        if spec.is_some_and(|spec| spec.of == super::sql::SQL) {
            self.sql_request(request);
        }
        if let Some(place) = &request.place {
            self.template(place.template());
        }
        if let Some(operand) = &request.operand {
            self.value(operand);
        }
        let of = spec.map_or(protocol.as_deref().map(str::to_owned), |spec| Some(spec.of.to_owned()));
        if let Some(options) = &request.options {
            self.options(options, of.as_deref());
            self.variant_option(&aim, options);
        }
        of.map(Arc::from)
    }

    /// `restart ledger with { variant: v1 }`: a variant that the service declares.
    fn variant_option(&mut self, aim: &Aim, options: &ObjectExpr) {
        let Aim::Service(at) = aim else { return };
        let ItemKind::Service(service) = &self.cx.program.item(*at).kind else { return };
        for entry in &options.entries {
            if let ObjectEntry::Field { name, value, .. } = entry
                && name.plain().as_deref() == Some("variant")
                && let Some(word) = super::walker::plain_name(value)
                && self.scopes.get(&word.name).is_none()
            {
                self.variant(service, &service.name.name, &word);
            }
        }
    }

    fn aim(&mut self, request: &'a Request) -> Aim {
        let Some(target) = &request.target else {
            return match &request.place {
                Some(Place::Url(_)) => Aim::Url,
                Some(Place::Text(text)) if is_url(text) && self.is_http(&request.verb) => Aim::Url,
                _ => Aim::Nowhere,
            };
        };
        let name = &target.name;
        if let Some(variable) = self.scopes.find(&name.name) {
            variable.read = true;
            let (declared, value) = (variable.span, variable.value.clone());
            self.note(name.span, Referent::Variable(declared));
            return match value {
                Value::Stream(of) => Aim::Stream(super::observe::protocol(of)),
                Value::Unknown => Aim::Anything,
                Value::Plain | Value::Record(_) | Value::Workload(_) => {
                    let message = format!("`{}` is no service and no stream", name.name);
                    let place = declared;
                    self.push(
                        Diagnostic::error(Code::WRONG_TYPE, name.span, message)
                            .also(place, "declared here")
                            .help("a stream is what `let x = open …` gives"),
                    );
                    Aim::Wrong
                }
            };
        }
        match self.cx.lookup(self.item.unit, &name.name) {
            Some(Definition::Item(at)) => self.aim_at(at, name),
            Some(Definition::Module(unit)) => match target.members.first() {
                Some(member) => match self.exported(unit, member) {
                    Some(at) => {
                        let why = format!("import it by name: `use \"…\" {{ {} }}`", member.name);
                        self.not_yet(target.span, "a request to a service of an aliased module", Some(&why));
                        self.aim_at(at, member)
                    }
                    None => {
                        self.not_exported(unit, member);
                        Aim::Wrong
                    }
                },
                None => self.no_service(target),
            },
            Some(Definition::Script(_) | Definition::Contract(_)) => self.no_service(target),
            None => {
                if !self.may_be_lost(&name.name) {
                    let known = self.targets();
                    let message = format!("`{}` is not declared here", name.name);
                    self.push(
                        Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                            .did_you_mean(&name.name, known.iter().map(|name| &**name)),
                    );
                }
                Aim::Wrong
            }
        }
    }

    fn is_http(&self, verb: &Ident) -> bool {
        self.cx.registry.all(Kind::Verb, &verb.name).iter().any(|spec| spec.of == HTTP)
    }

    fn aim_at(&mut self, at: ItemRef, name: &Ident) -> Aim {
        let kind = &self.cx.program.item(at).kind;
        let ItemKind::Service(_) = kind else {
            let (word, _) = describe(kind);
            let message = format!("`{}` is {} {word}, not a service", name.name, article(word));
            self.push(Diagnostic::error(Code::WRONG_TYPE, name.span, message));
            return Aim::Wrong;
        };
        self.cx.graph.uses(self.item, at);
        self.note(name.span, Referent::Item(at));
        Aim::Service(at)
    }

    fn no_service(&mut self, target: &Target) -> Aim {
        let message = format!("`{}` is no service", target.name.name);
        self.push(Diagnostic::error(Code::WRONG_TYPE, target.name.span, message));
        Aim::Wrong
    }

    /// Whether a service has a setting, or has it on a line that could not be read.
    fn is_set(&self, at: ItemRef, service: &Service, word: &str) -> bool {
        let item = self.cx.program.item(at);
        let text = self.cx.program.sources.get(item.span.source).slice(item.span);
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        service.settings.iter().any(|setting| &*setting.name.name == word)
            || self.cx.is_broken_around(at) && words.any(|written| written == word)
    }

    /// Every name that a request can be aimed at.
    fn targets(&self) -> Vec<Arc<str>> {
        let unit = &self.cx.program.units[self.item.unit];
        let mut known = self.scopes.names();
        known.extend(unit.names.iter().filter_map(|(name, definition)| match definition {
            Definition::Item(at) => {
                matches!(self.cx.program.item(*at).kind, ItemKind::Service(_)).then(|| name.clone())
            }
            Definition::Module(_) => Some(name.clone()),
            Definition::Script(_) | Definition::Contract(_) => None,
        }));
        known
    }

    /// The protocol of a request, without any diagnostic.
    pub(super) fn protocol_of(&self, request: &Request) -> Option<Arc<str>> {
        let Some(target) = &request.target else { return Some(HTTP.into()) };
        if let Some(variable) = self.scopes.get(&target.name.name) {
            return match &variable.value {
                Value::Stream(of) => super::observe::protocol(of.clone()),
                _ => None,
            };
        }
        let (_, item) = self.cx.program.lookup_item(self.item.unit, &target.name.name)?;
        match &item.kind {
            ItemKind::Service(service) => spoken(service).map(|name| name.name.clone()),
            _ => None,
        }
    }

    fn protocol(&mut self, aim: &Aim, request: &Request) -> Option<Arc<str>> {
        match aim {
            Aim::Service(at) => match &self.cx.program.item(*at).kind {
                ItemKind::Service(service) => spoken(service).map(|name| name.name.clone()),
                _ => None,
            },
            Aim::Stream(protocol) => protocol.clone(),
            Aim::Url => Some(HTTP.into()),
            Aim::Nowhere => {
                let specs = self.cx.registry.all(Kind::Verb, &request.verb.name);
                specs.first().map(|spec| Arc::from(spec.of))
            }
            Aim::Anything | Aim::Wrong => None,
        }
    }

    /// The verb's entry, when the target's protocol knows it.
    fn verb(&mut self, aim: &Aim, protocol: Option<&str>, request: &Request) -> Option<Spec> {
        let verb = &request.verb;
        let all = self.cx.registry.all(Kind::Verb, &verb.name).to_vec();
        if all.is_empty() {
            self.unknown_verb(verb, protocol);
            return None;
        }
        // A service whose protocol is misspelt, or stands on a line that could not be read, has
        // had its diagnostic.
        let unclear = match (aim, protocol) {
            (Aim::Service(at), None) => match &self.cx.program.item(*at).kind {
                ItemKind::Service(service) => self.is_set(*at, service, "speaks"),
                _ => false,
            },
            (_, Some(protocol)) => self.cx.registry.get(Kind::Protocol, protocol).is_none(),
            _ => false,
        };
        let fits = |spec: &&Spec| match (aim, protocol) {
            (Aim::Service(_), protocol) => spec.of == SYSTEM || unclear || protocol == Some(spec.of),
            (Aim::Stream(Some(protocol)), _) => **protocol == *spec.of,
            (Aim::Url, _) => spec.of == HTTP,
            (Aim::Nowhere, _) => {
                !spec.params.iter().any(|param| TARGETS.contains(&param.name) || param.name == STREAM)
            }
            (Aim::Stream(None) | Aim::Anything | Aim::Wrong, _) => true,
        };
        let Some(spec) = all.iter().find(fits).copied() else {
            self.wrong_verb(aim, protocol, request, &all);
            return None;
        };
        self.note(verb.span, &spec);
        if let Some(why) = spec.planned {
            self.not_yet(verb.span, &format!("`{}`", verb.name), Some(why));
        }
        if let (Aim::Service(_), Some(target), true) = (aim, &request.target, takes_stream(&spec)) {
            let message = format!("`{}` wants a stream, and `{}` is a service", verb.name, target.name.name);
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, target.name.span, message)
                    .help("a stream is what `let x = open …` gives"),
            );
        }
        if let Some(who) = self.place.safe.filter(|_| spec.safety == Safety::Unsafe) {
            let message = format!("{who} uses `{}`, which may change something", verb.name);
            self.push(Diagnostic::error(Code::UNSAFE_ACTION, verb.span, message));
        }
        if spec.of == SYSTEM && spec.safety != Safety::Safe {
            let whom = match aim {
                Aim::Service(at) => Disturbed::Service(*at),
                _ => Disturbed::Unknown,
            };
            if !matches!(aim, Aim::Wrong) {
                self.cx.graph.disturbs(self.item, whom);
            }
        }
        Some(spec)
    }

    fn unknown_verb(&mut self, verb: &Ident, protocol: Option<&str>) {
        let registry = self.cx.registry;
        let mut known: Vec<&str> = match protocol {
            Some(protocol) => registry.names(Kind::Verb, protocol),
            None => registry.of_kind(Kind::Verb).map(|spec| spec.name).collect(),
        };
        known.extend(registry.names(Kind::Verb, SYSTEM));
        known.dedup();
        let message = format!("there is no verb `{}`", verb.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_VERB, verb.span, message);
        let diagnostic = if known.is_empty() {
            diagnostic
        } else {
            diagnostic.help(format!("there are {}", list(&known)))
        };
        self.push(diagnostic.did_you_mean(&verb.name, known));
    }

    fn wrong_verb(&mut self, aim: &Aim, protocol: Option<&str>, request: &Request, specs: &[Spec]) {
        let verb = &request.verb;
        let of: Vec<&str> = specs.iter().map(|spec| spec.of).collect();
        let diagnostic = match (aim, &request.target, protocol) {
            (Aim::Nowhere, ..) => {
                let message = format!("`{}` needs a service", verb.name);
                let diagnostic = Diagnostic::error(Code::UNKNOWN_VERB, verb.span, message);
                let services = self.targets();
                let sample = services.first().map_or("orders", |name| &**name);
                diagnostic.help(if of.contains(&HTTP) {
                    format!("name one, as in `{} {sample} /path`, or write a whole URL", verb.name)
                } else {
                    format!("name one, as in `{} {sample}…`", verb.name)
                })
            }
            (Aim::Service(_) | Aim::Stream(_), Some(target), protocol) => {
                let what = match (aim, protocol) {
                    (Aim::Stream(_), Some(protocol)) => {
                        format!("`{}` is a stream of {protocol}", target.name.name)
                    }
                    (_, Some(protocol)) => format!("`{}` speaks {protocol}", target.name.name),
                    (_, None) => format!("`{}` speaks no protocol", target.name.name),
                };
                let message = format!("`{}` is a verb of {}; {what}", verb.name, of.join(" and "));
                let known =
                    protocol.map(|protocol| self.cx.registry.names(Kind::Verb, protocol)).unwrap_or_default();
                let diagnostic = Diagnostic::error(Code::UNKNOWN_VERB, verb.span, message);
                if known.is_empty() {
                    diagnostic.help("say what it speaks, such as `speaks http`")
                } else {
                    diagnostic.help(format!("its verbs are {}", list(&known)))
                }
            }
            _ => {
                let message = format!("`{}` is a verb of {}, and a URL is http", verb.name, of.join(" and "));
                Diagnostic::error(Code::UNKNOWN_VERB, verb.span, message)
            }
        };
        self.push(diagnostic);
    }

    fn contract(&self, aim: &Aim) -> Option<&'a Contract> {
        let Aim::Service(at) = aim else { return None };
        let ItemKind::Service(service) = &self.cx.program.item(*at).kind else { return None };
        self.cx.program.units[at.unit].contracts.get(&service.name.name)
    }

    /// `next feed matches P within 2s`
    pub(super) fn next(&mut self, next: &'a Next) {
        self.value(&next.stream);
        if let ExprKind::Name(name) = &next.stream.kind {
            let known = self.scopes.get(name).map(|variable| (variable.value.clone(), variable.span));
            let item = self.cx.program.lookup_item(self.item.unit, name).map(|(_, item)| &item.kind);
            let wrong = match (known, item) {
                (Some((Value::Plain | Value::Record(_) | Value::Workload(_), span)), _) => Some(Some(span)),
                (None, Some(ItemKind::Service(_))) => Some(None),
                _ => None,
            };
            if let Some(declared) = wrong {
                let message = format!("`{name}` is no stream");
                let diagnostic = Diagnostic::error(Code::WRONG_TYPE, next.stream.span, message)
                    .help("a stream is what `let x = open …` gives");
                self.push(match declared {
                    Some(span) => diagnostic.also(span, "declared here"),
                    None => diagnostic,
                });
            }
        } else if let Some(kind) = literal(&next.stream) {
            let message = format!("a {STREAM} is wanted here, not {} {kind}", article(kind));
            self.push(Diagnostic::error(Code::WRONG_TYPE, next.stream.span, message));
        }
        if let Some(pattern) = &next.pattern {
            self.next_matches(&next.stream, pattern);
            self.pattern(pattern);
        }
        if let Some(within) = &next.within {
            self.typed(within, Ty::Duration, "`within`");
        }
    }
}

/// The protocol after `speaks`, as written.
pub(super) fn spoken(service: &Service) -> Option<Ident> {
    let setting = service.settings.iter().find(|setting| &*setting.name.name == "speaks")?;
    match &setting.value {
        Some(SettingValue::Expr(value)) => super::walker::plain_name(value),
        _ => None,
    }
}

/// Whether a verb is aimed at a stream.
fn takes_stream(spec: &Spec) -> bool {
    spec.params.iter().any(|param| param.name == STREAM)
}

/// Whether quoted text is a URL, or begins with a value and so may be one.
fn is_url(text: &Template) -> bool {
    match text.parts.first() {
        Some(TemplatePart::Text(text)) => text.starts_with("http://") || text.starts_with("https://"),
        Some(TemplatePart::Expr(_)) => true,
        None => false,
    }
}
