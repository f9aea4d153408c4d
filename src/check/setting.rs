//! Settings: the lines of services, environments, owners and suites.

use super::request::spoken;
use super::walker::{Walker, list, plain_name};
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Spec, Ty};
use crate::syntax::ast::{
    Environment, Expr, ExprKind, Ident, Owner, Service, Setting, SettingValue, Suite, Template,
};

/// What `ready` can wait for besides a request and a command.
const READY: &[&str] = &["health", "tcp"];

impl<'a> Walker<'a, '_> {
    /// `service name { … }`
    pub(super) fn service(&mut self, service: &'a Service) {
        let protocol = spoken(service);
        self.at(
            |place| place.service = true,
            |walker| walker.service_settings(&service.settings, protocol.as_ref()),
        );
        self.at_an_address(&service.settings);
        self.sql_service(service);
        self.variant_names(service);
    }

    /// Variants have names of their own; `current` is the service as declared.
    fn variant_names(&mut self, service: &Service) {
        let named: Vec<_> = super::matrix::variants(service).map(|(name, span, _)| (name, span)).collect();
        for (index, (name, span)) in named.iter().enumerate() {
            if &***name == super::matrix::CURRENT {
                let message = "`current` is the service as it is declared, and cannot name a variant";
                self.push(Diagnostic::error(Code::RESERVED_NAME, *span, message));
            } else if let Some((_, first)) = named[..index].iter().find(|(other, _)| other == name) {
                let message = format!("variant `{name}` is declared twice");
                let diagnostic = Diagnostic::error(Code::DUPLICATE_NAME, *span, message);
                self.push(diagnostic.also(*first, "first declared here"));
            }
        }
    }

    /// What is used at an address is not ours: what says how to run it would be ignored.
    fn at_an_address(&mut self, settings: &'a [Setting]) {
        let Some(at) = settings.iter().find(|setting| &*setting.name.name == "at") else { return };
        for setting in
            settings.iter().filter(|setting| matches!(&*setting.name.name, "start" | "members" | "url"))
        {
            let word = &setting.name.name;
            let message = format!("a service `at` an address has no `{word}`");
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, setting.name.span, message)
                    .also(at.name.span, "the address")
                    .help("start it here, or use it where it runs; `--env` chooses between the two"),
            );
        }
    }

    fn service_settings(&mut self, settings: &'a [Setting], protocol: Option<&Ident>) {
        self.doubled_settings(settings, &["variant"]);
        for setting in settings {
            let Some(spec) = self.setting_spec(setting, "service") else { continue };
            if let Some(why) = spec.planned {
                self.not_yet(setting.name.span, &format!("`{}`", setting.name.name), Some(why));
            }
            match &*setting.name.name {
                "speaks" => self.speaks(setting),
                "with" => {
                    if let Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) =
                        &setting.value
                    {
                        let name = protocol.map(|protocol| protocol.name.to_string());
                        self.options(object, name.as_deref());
                    } else {
                        self.setting(setting, &spec);
                    }
                }
                "variant" => {
                    if let Some(block) = &setting.block {
                        self.service_settings(block, protocol);
                    }
                }
                "ready" | "metrics" => self.probe(setting, &spec, protocol),
                _ => self.setting(setting, &spec),
            }
        }
    }

    /// `speaks http contract "…"`
    fn speaks(&mut self, setting: &'a Setting) {
        let name = match &setting.value {
            Some(SettingValue::Expr(value)) => plain_name(value),
            _ => None,
        };
        let known: Vec<&str> = self.cx.registry.of_kind(Kind::Protocol).map(|spec| spec.name).collect();
        let Some(name) = name else {
            let message = "`speaks` names a protocol";
            self.push(
                Diagnostic::error(Code::WRONG_TYPE, setting.span, message)
                    .help(format!("there are {}", list(&known))),
            );
            return;
        };
        match self.cx.registry.get(Kind::Protocol, &name.name).copied() {
            Some(spec) => {
                self.note(name.span, &spec);
                if let Some(why) = spec.planned {
                    self.not_yet(name.span, &format!("the protocol `{}`", name.name), Some(why));
                }
            }
            None => {
                let message = format!("there is no protocol `{}`", name.name);
                self.push(
                    Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                        .help(format!("there are {}", list(&known)))
                        .did_you_mean(&name.name, known),
                );
            }
        }
        if let Some(spec) = self.cx.registry.find(Kind::Setting, "service", "speaks").copied() {
            self.setting_phrases(setting, &spec);
        }
    }

    /// `ready GET /healthz within 30s`, `ready health`, `ready "./check"`
    fn probe(&mut self, setting: &'a Setting, spec: &Spec, protocol: Option<&Ident>) {
        match &setting.value {
            Some(SettingValue::Request { verb, path }) => self.probe_request(verb, path, protocol),
            Some(SettingValue::Expr(value)) => match plain_name(value) {
                Some(name) if READY.contains(&&*name.name) => {}
                Some(name) => {
                    let message = format!(
                        "`{}` takes a request, `health`, `tcp` or a command, not `{}`",
                        setting.name.name, name.name
                    );
                    self.push(
                        Diagnostic::error(Code::WRONG_TYPE, name.span, message)
                            .did_you_mean(&name.name, READY.iter().copied()),
                    );
                }
                None => self.typed(value, Ty::Text, &format!("`{}`", setting.name.name)),
            },
            None => self.lacks(setting, spec),
        }
        self.setting_phrases(setting, spec);
    }

    fn probe_request(&mut self, verb: &'a Ident, path: &'a Template, protocol: Option<&Ident>) {
        self.template(path);
        self.probes(verb, path);
        let registry = self.cx.registry;
        // A service of another protocol may still answer its probe over HTTP, so any known verb
        // of its own protocol or of HTTP will do.
        let of = protocol.map_or("http", |protocol| &*protocol.name);
        let known = registry.names(Kind::Verb, "http");
        if registry.find(Kind::Verb, of, &verb.name).is_none()
            && registry.find(Kind::Verb, "http", &verb.name).is_none()
        {
            let message = format!("there is no verb `{}`", verb.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_VERB, verb.span, message).did_you_mean(&verb.name, known),
            );
        }
    }

    /// `environment name { … }`
    pub(super) fn environment(&mut self, environment: &'a Environment) {
        self.doubled_settings(&environment.settings, &[]);
        for setting in &environment.settings {
            if let Some(spec) =
                self.cx.registry.find(Kind::Setting, "environment", &setting.name.name).copied()
            {
                self.setting(setting, &spec);
                continue;
            }
            self.service_address(setting);
        }
    }

    /// `orders at "https://…"` in an environment.
    fn service_address(&mut self, setting: &'a Setting) {
        let name = &setting.name;
        let found = self.cx.lookup(self.item.unit, &name.name);
        if found.is_none() && !self.may_be_lost(&name.name) {
            let mut known: Vec<&str> = self.cx.registry.names(Kind::Setting, "environment");
            let program = self.cx.program;
            let names = &program.units[self.item.unit].names;
            known.extend(names.iter().filter_map(|(name, definition)| {
                match definition {
                    super::plan::Definition::Item(at) => {
                        matches!(program.item(*at).kind, crate::syntax::ast::ItemKind::Service(_))
                            .then_some(&**name)
                    }
                    _ => None,
                }
            }));
            let message = format!("there is no service or setting `{}` here", name.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_OPTION, name.span, message).did_you_mean(&name.name, known),
            );
        } else if found.is_some() {
            self.named_item(name, "service");
        }
        let mut has_address = false;
        for phrase in &setting.phrases {
            has_address |= &*phrase.word.name == "at";
            if &*phrase.word.name != "at" {
                let message = format!("a service in an environment takes `at`, not `{}`", phrase.word.name);
                self.push(Diagnostic::error(Code::UNKNOWN_OPTION, phrase.word.span, message));
            }
            if let Some(value) = &phrase.value {
                self.typed(value, Ty::Text, "`at`");
                if let ExprKind::Text(template) = &value.kind
                    && template.plain().is_none()
                {
                    let message = "the address is plain text here, without `${…}`";
                    self.push(Diagnostic::error(Code::WRONG_TYPE, value.span, message));
                }
            }
        }
        if !has_address || setting.value.is_some() || setting.block.is_some() {
            let message = format!("where is `{}`?", name.name);
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message)
                    .help(format!("write `{} at \"https://…\"`", name.name)),
            );
        }
    }

    /// `owner name { … }`
    pub(super) fn owner_item(&mut self, owner: &'a Owner) {
        self.plain_settings(&owner.settings, "owner");
    }

    /// `suite name { run "…"; reads gotest }`
    pub(super) fn suite(&mut self, suite: &'a Suite) {
        self.plain_settings(&suite.settings, "suite");
        for wanted in ["run", "reads"] {
            if !suite.settings.iter().any(|setting| &*setting.name.name == wanted) {
                let message = format!("suite `{}` lacks `{wanted}`", suite.name.name);
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, suite.name.span, message)
                        .help("a suite is `run \"go test -json ./...\"` and `reads gotest`"),
                );
            }
        }
    }

    fn plain_settings(&mut self, settings: &'a [Setting], of: &'static str) {
        self.doubled_settings(settings, &[]);
        for setting in settings {
            if &*setting.name.name == "reads" && of == "suite" && self.report_file(setting) {
                continue;
            }
            if let Some(spec) = self.setting_spec(setting, of) {
                self.setting(setting, &spec);
            }
        }
    }

    /// `reads junit("junit.xml")`: whether the setting has this form.
    fn report_file(&mut self, setting: &'a Setting) -> bool {
        let Some(SettingValue::Expr(value)) = &setting.value else { return false };
        match &value.kind {
            ExprKind::Call(callee, args) if plain_name(callee).is_some_and(|name| &*name.name == "junit") => {
                match args.args.as_slice() {
                    [only] => self.typed(&only.value, Ty::Text, "the report's file"),
                    _ => {
                        let message = "`junit` takes the report's file";
                        self.push(
                            Diagnostic::error(Code::WRONG_ARGUMENTS, value.span, message)
                                .help("write `reads junit(\"junit.xml\")`"),
                        );
                    }
                }
                true
            }
            ExprKind::Name(name) if &**name == "junit" => {
                let message = "`reads junit` names no file";
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, value.span, message)
                        .help("write `reads junit(\"junit.xml\")`"),
                );
                true
            }
            _ => false,
        }
    }

    fn setting_spec(&mut self, setting: &'a Setting, of: &str) -> Option<Spec> {
        let name = &setting.name;
        let registry = self.cx.registry;
        if let Some(spec) = registry.find(Kind::Setting, of, &name.name) {
            self.note(name.span, spec);
            return Some(*spec);
        }
        let known = registry.names(Kind::Setting, of);
        let message = format!("{} {of} has no setting `{}`", crate::value::words::article(of), name.name);
        self.push(
            Diagnostic::error(Code::UNKNOWN_OPTION, name.span, message)
                .help(format!("it has {}", list(&known)))
                .did_you_mean(&name.name, known),
        );
        if let Some(SettingValue::Expr(value)) = &setting.value
            && plain_name(value).is_none()
        {
            self.value(value);
        }
        None
    }

    /// A setting with one value and phrases, by its types.
    fn setting(&mut self, setting: &'a Setting, spec: &Spec) {
        let name = &setting.name;
        if let Some(block) = &setting.block {
            let span = block.first().map_or(setting.span, |first| first.span);
            let message = format!("`{}` has no braces", name.name);
            self.push(Diagnostic::error(Code::WRONG_TYPE, span, message));
        }
        let ty = spec.params.iter().find(|param| param.name == "value").map(|param| param.ty);
        match (&setting.value, ty) {
            (Some(SettingValue::Expr(value)), Some(ty)) => self.typed(value, ty, &format!("`{}`", name.name)),
            (Some(SettingValue::Request { verb, .. }), _) => {
                let message = format!("`{}` takes no request", name.name);
                self.push(Diagnostic::error(Code::WRONG_TYPE, verb.span, message));
            }
            (Some(SettingValue::Expr(value)), None) => {
                let message = format!("`{}` takes no value", name.name);
                self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, value.span, message));
            }
            (None, Some(_)) => self.lacks(setting, spec),
            (None, None) => {}
        }
        self.setting_phrases(setting, spec);
    }

    fn lacks(&mut self, setting: &Setting, spec: &Spec) {
        let message = format!("`{}` lacks its value", setting.name.name);
        self.push(
            Diagnostic::error(Code::WRONG_ARGUMENTS, setting.name.span, message)
                .help(format!("for example `{}`", spec.example)),
        );
    }

    fn setting_phrases(&mut self, setting: &'a Setting, spec: &Spec) {
        for phrase in &setting.phrases {
            let word = &phrase.word;
            match spec.params.iter().find(|param| *param.name == *word.name && param.name != "value") {
                Some(param) => {
                    if let Some(value) = &phrase.value {
                        self.typed(value, param.ty, &format!("`{}`", word.name));
                    }
                }
                None => {
                    let known: Vec<&str> =
                        spec.params.iter().map(|param| param.name).filter(|name| *name != "value").collect();
                    let message = format!("`{}` takes no `{}`", setting.name.name, word.name);
                    let diagnostic = Diagnostic::error(Code::UNKNOWN_OPTION, word.span, message);
                    let diagnostic = if known.is_empty() {
                        diagnostic
                    } else {
                        diagnostic.help(format!("it takes {}", list(&known)))
                    };
                    self.push(diagnostic.did_you_mean(&word.name, known));
                    if let Some(value) = &phrase.value {
                        self.value(value);
                    }
                }
            }
        }
    }

    fn doubled_settings(&mut self, settings: &[Setting], repeatable: &[&str]) {
        for (index, setting) in settings.iter().enumerate() {
            let name = &setting.name;
            if repeatable.contains(&&*name.name) {
                continue;
            }
            if let Some(first) = settings[..index].iter().find(|other| other.name.name == name.name) {
                let message = format!("`{}` is set twice", name.name);
                self.push(
                    Diagnostic::error(Code::DUPLICATE_NAME, name.span, message)
                        .also(first.name.span, "first here"),
                );
            }
        }
    }
}
