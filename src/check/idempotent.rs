//! `idempotent as PROFILE { … }`: one request, the probes that attack it, what their answers have
//! in common, and the effect that happens once.

use std::sync::Arc;

use super::call::Wanted;
use super::graph::Disturbed;
use super::plan::{Definition, ItemRef, LinkName, Party};
use super::profile::{BY, attacks, key_of, name_of};
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::lang::{Kind, Ty};
use crate::probe::{self, KeyPlace, Needs, On};
use crate::source::Span;
use crate::syntax::ast::{
    Block, Expect, Expr, ExprKind, Idempotent, ItemKind, LetTarget, ObjectEntry, ObjectExpr, Probe, Request,
    Same, Service, Statement, StatementKind,
};

/// The relations that compare a value before and after.
const CHANGES: &[&str] = &["rises", "unchanged", "becomes"];

impl<'a> Walker<'a, '_> {
    pub(super) fn idempotent(&mut self, idempotent: &'a Idempotent, keyword: Span) {
        if !self.is_at_top(keyword) {
            self.push(
                Diagnostic::error(Code::MISPLACED, keyword, "`idempotent` stands at the top of a scenario, or in a step there")
                    .help("each probe runs everything before it once more, on fresh data; nothing may repeat or skip it"),
            );
        }
        self.profile_use(idempotent);
        self.scopes.enter();
        self.clear("the request of `idempotent` stands alone", keyword);
        let request = self.idempotent_body(&idempotent.body, keyword);
        let answered = self.scopes.response().clone();
        self.clear("an effect is looked at before the request too", keyword);
        for effect in &idempotent.effects {
            self.effect(effect);
        }
        self.scopes.set_response(answered);
        for probe in &idempotent.probes {
            self.attack(probe);
        }
        for same in &idempotent.same {
            self.same(same);
        }
        self.leave();
        self.idempotent_whole(idempotent, request, keyword);
        self.clear("the request was repeated by `idempotent`", keyword);
        self.called_action = None;
    }

    /// Whether nothing but steps stands around it in a scenario.
    fn is_at_top(&self, keyword: Span) -> bool {
        fn within(block: &Block, keyword: Span) -> bool {
            block.statements.iter().any(|statement| match &statement.kind {
                StatementKind::Idempotent(_) => statement.span.start == keyword.start,
                StatementKind::Step(_, body) => within(body, keyword),
                _ => false,
            })
        }
        match &self.cx.program.item(self.item).kind {
            ItemKind::Scenario(scenario) => within(&scenario.body, keyword),
            _ => false,
        }
    }

    /// `let`s, the request, and what its answer must be. Returns the request.
    fn idempotent_body(&mut self, body: &'a Block, keyword: Span) -> Option<&'a Request> {
        let mut found: Option<(&'a Request, Span)> = None;
        for statement in &body.statements {
            match as_request(statement) {
                Some((request, alone)) => {
                    if let Some((_, first)) = found {
                        self.push(
                            Diagnostic::error(
                                Code::MISPLACED,
                                statement.span,
                                "`idempotent` repeats one request, and this is another",
                            )
                            .also(first, "the first")
                            .help("what comes before the operation stands above the block; an action that is called in a `let` may make requests"),
                        );
                    } else {
                        found = Some((request, statement.span));
                        if !alone {
                            self.push(
                                Diagnostic::error(
                                    Code::MISPLACED,
                                    statement.span,
                                    "the request of `idempotent` stands alone",
                                )
                                .help("it has many answers, and `status`, `body` and the like speak of each in turn; write it without `let`"),
                            );
                        }
                    }
                }
                None => match &statement.kind {
                    StatementKind::Let(_) if found.is_none() => {}
                    StatementKind::Expect(expect)
                        if found.is_some() && expect.within.is_none() && expect.during.is_none() => {}
                    StatementKind::Error => {}
                    _ => self.push(
                        Diagnostic::error(Code::MISPLACED, statement.span, "this does not stand in `idempotent`")
                            .help("it holds `let`s, one request, `expect`s of its answer, and then `probe`, `same` and `effect`"),
                    ),
                },
            }
        }
        self.statements(&body.statements);
        self.called_action = None;
        let broken = body.statements.iter().any(|statement| matches!(statement.kind, StatementKind::Error));
        if found.is_none() && !broken {
            self.push(
                Diagnostic::error(Code::NOTHING_CHECKED, keyword, "`idempotent` has no request")
                    .help("write the operation that it repeats: `POST orders /v1/orders { … }`"),
            );
        }
        found.map(|(request, _)| request)
    }

    /// `effect EXPR rises by 1`
    fn effect(&mut self, effect: &'a Expect) {
        self.saw_live = false;
        self.value(&effect.subject);
        let live = self.saw_live;
        self.called_action = None;
        match &effect.relation {
            Some(used) if CHANGES.contains(&&*used.name.name) && !used.negated => {
                self.relation(used);
                let by = used.phrases.iter().any(|phrase| &*phrase.word.name == "by")
                    || used.args.as_ref().is_some_and(|args| !args.args.is_empty());
                if &*used.name.name == "rises" && !by {
                    self.push(
                        Diagnostic::error(
                            Code::WRONG_ARGUMENTS,
                            used.name.span,
                            "this effect does not say how often it happens",
                        )
                        .help("`rises` alone holds of two payments as well as of one: write `rises by 1`"),
                    );
                }
            }
            other => {
                if let Some(used) = other {
                    self.relation(used);
                }
                let span = other.as_ref().map_or(effect.subject.span, |used| used.span);
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, span, "an effect is compared before and after")
                        .help("write `rises by 1`, `becomes …` or `unchanged`"),
                );
            }
        }
        for (phrase, word) in [(&effect.within, "within"), (&effect.throughout, "throughout")] {
            if let Some(duration) = phrase {
                self.typed(duration, Ty::Duration, &format!("`{word}`"));
            }
        }
        if let Some(because) = &effect.because {
            self.template(because);
        }
        if let Some(during) = &effect.during {
            self.misplaced(during.span, "an effect is compared around the request, not `during` a block");
        }
        if !live {
            self.push(
                Diagnostic::error(
                    Code::NEVER_CHANGES,
                    effect.subject.span,
                    "this effect cannot change: it is computed once",
                )
                .help("read it from the service: call a `@safe` action, or read a stream or a link"),
            );
        }
    }

    /// A probe by itself, in a block or in a profile.
    pub(super) fn attack(&mut self, probe: &'a Probe) {
        let Some(name) = name_of(probe) else {
            let message = "a probe is named here";
            return self.push(Diagnostic::error(Code::WRONG_TYPE, probe.probe.span, message));
        };
        let args = super::profile::called(&probe.probe).1;
        let (Some(traits), Some(spec)) =
            (probe::find(&name.name), self.cx.registry.get(Kind::Probe, &name.name).copied())
        else {
            let known = self.cx.registry.of_kind(Kind::Probe).map(|spec| spec.name).collect::<Vec<_>>();
            let message = format!("there is no probe `{}`", name.name);
            self.push(
                Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
                    .help(format!(
                        "there are {}",
                        known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                    ))
                    .did_you_mean(&name.name, known),
            );
            self.loose_probe(probe);
            return;
        };
        if let Some(why) = spec.planned {
            self.not_yet(name.span, &format!("`{}`", name.name), Some(why));
        }
        let wanted: Vec<Wanted> = spec.params.iter().map(Wanted::of_spec).collect();
        match args {
            Some(args) => {
                self.arguments(&name, &wanted, args, true);
                for arg in &args.args {
                    let named = arg.name.as_ref().map(|name| &*name.name);
                    if matches!(
                        named.or(spec.params.first().map(|param| param.name)),
                        Some("times" | "tries")
                    ) && let ExprKind::Number(number) = &arg.value.kind
                        && !number
                            .to_i128()
                            .is_some_and(|number| (1..=i128::from(probe::MOST)).contains(&number))
                    {
                        let message = format!("`{}` repeats from 1 to {} times", name.name, probe::MOST);
                        self.push(Diagnostic::error(Code::WRONG_TYPE, arg.value.span, message));
                    }
                }
            }
            None => {
                if let Some(missing) = spec.params.iter().find(|param| param.required) {
                    let message = format!("`{}` lacks `{}`", name.name, missing.name);
                    self.push(
                        Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message)
                            .help(format!("for example `{}`", spec.example)),
                    );
                }
            }
        }
        self.probe_place(probe, traits, &name.name);
        if let Some(body) = &probe.body {
            self.probe_body(body);
        }
    }

    fn loose_probe(&mut self, probe: &'a Probe) {
        self.mark(&probe.probe);
        if let Some(on) = &probe.on {
            self.mark(on);
        }
        if let Some(body) = &probe.body {
            crate::syntax::visit::block(body, &mut |part| {
                if let ExprKind::Name(name) = &part.kind
                    && let Some(variable) = self.scopes.find(name)
                {
                    variable.read = true;
                }
            });
        }
    }

    /// What a probe's block may hold: it judges answers that are there already.
    fn probe_body(&mut self, body: &'a Block) {
        let before = self.scopes.response().clone();
        for statement in &body.statements {
            let judges = match &statement.kind {
                StatementKind::Expect(expect) => expect.within.is_none() && expect.during.is_none(),
                StatementKind::Let(_) => as_request(statement).is_none(),
                StatementKind::Show(_) | StatementKind::Error => true,
                _ => false,
            };
            if !judges {
                self.push(
                    Diagnostic::error(
                        Code::MISPLACED,
                        statement.span,
                        "a probe's block only judges its answers",
                    )
                    .help("it holds `expect` and `let`; what happened to the system is said by `effect`"),
                );
            }
        }
        if !body.statements.iter().any(|s| matches!(s.kind, StatementKind::Expect(_) | StatementKind::Error))
        {
            self
                .push(Diagnostic::error(Code::NOTHING_CHECKED, body.span, "this block expects nothing").help(
                "it stands for the comparison of the answers; leave it out, or write `expect status == …`",
            ));
        }
        self.block(body);
        self.scopes.set_response(before);
    }

    /// What stands behind `on`.
    fn probe_place(&mut self, probe: &'a Probe, traits: &probe::Traits, name: &str) {
        match (&probe.on, traits.on) {
            (None, On::GivenLink) => {
                let message = format!("`{name}` needs a link that fails");
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, probe.probe.span, message)
                        .help(format!("for example `probe {name} on orders -> ledger`")),
                );
            }
            (None, _) => {}
            (Some(on), On::Nothing) => {
                let message = format!("`{name}` takes no place");
                self.push(
                    Diagnostic::error(Code::WRONG_ARGUMENTS, on.span, message).help("leave out the `on`"),
                );
                self.mark(on);
            }
            (Some(on), On::Service) => match self.service_named(on) {
                Some(at) => self.restarted(at, on.span),
                None => {
                    let message = format!("`{name}` is aimed at a service");
                    self.push(Diagnostic::error(Code::WRONG_TYPE, on.span, message));
                }
            },
            (Some(on), On::Link | On::GivenLink | On::AnyLink) => match &on.kind {
                ExprKind::Link(from, to) => {
                    if let Some(link) = self.link(from, to.as_deref(), on.span)
                        && let Some(why) = self.only_bytes(&link)
                    {
                        let message =
                            format!("`{name}` is aimed at messages, and only bytes pass over this link");
                        self.push(Diagnostic::error(Code::NO_LINK, on.span, message).label(why));
                    }
                }
                _ => {
                    let message = format!("`{name}` is aimed at a link");
                    self.push(
                        Diagnostic::error(Code::WRONG_TYPE, on.span, message)
                            .help("a link is written `orders -> ledger`, or `client -> orders`"),
                    );
                }
            },
        }
    }

    /// The service that an expression names.
    fn service_named(&mut self, expr: &Expr) -> Option<ItemRef> {
        let name = super::walker::plain_name(expr)?;
        match self.cx.lookup(self.item.unit, &name.name)? {
            Definition::Item(at) if matches!(self.cx.program.item(at).kind, ItemKind::Service(_)) => {
                self.cx.graph.uses(self.item, at);
                Some(at)
            }
            _ => None,
        }
    }

    /// A probe restarts a service: it must be the run's own, and the scenario has it alone.
    fn restarted(&mut self, at: ItemRef, span: Span) {
        self.cx.graph.disturbs(self.item, Disturbed::Service(at));
        let ItemKind::Service(service) = &self.cx.program.item(at).kind else { return };
        if !has(service, "start") {
            let message = format!(
                "`{}` is not started by the run, so `restart` cannot reach its process",
                service.name.name
            );
            self.push(
                Diagnostic::error(Code::WRONG_ARGUMENTS, span, message)
                    .help("give the service a `start`, or leave this probe out"),
            );
        }
    }

    /// `same status, body except .served_at`
    pub(super) fn same(&mut self, same: &'a Same) {
        for part in &same.parts {
            if same_root(part).is_none() {
                let message = "`same` names parts of the answer";
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, part.span, message)
                        .help("for example `same status, headers.etag, body except .served_at`"),
                );
            }
            self.value(part);
        }
        for path in &same.except {
            self.at(|place| place.at_hand = true, |walker| walker.value(path));
            if !is_path(path) {
                let message = "`except` leaves out fields";
                self.push(
                    Diagnostic::error(Code::WRONG_TYPE, path.span, message)
                        .help("a field is written `.served_at`, or `.lines[*].id`"),
                );
            }
        }
    }

    /// What only the whole says: that there are probes and an effect, and that the request has
    /// what the probes attack.
    fn idempotent_whole(&mut self, idempotent: &'a Idempotent, request: Option<&'a Request>, keyword: Span) {
        let broken = self.cx.is_broken(self.item.unit);
        let program = self.cx.program;
        let attacks = attacks(program, self.item.unit, idempotent);
        let has_profile = idempotent.profile.is_some();
        if idempotent.effects.is_empty() && !broken {
            self.push(
                Diagnostic::error(Code::NO_EFFECT, keyword, "`idempotent` does not say what the operation does")
                    .label("no `effect`")
                    .help("equal answers prove nothing of what happened: `effect entries_of(alice).count rises by 1`"),
            );
        }
        if attacks.is_empty() && !has_profile && !broken {
            self.push(
                Diagnostic::error(Code::NOTHING_CHECKED, keyword, "`idempotent` has no probe")
                    .help("name a profile, as in `idempotent as put`, or write `probe replay(times: 3)`"),
            );
        }
        let Some(request) = request else { return };
        let key = key_of(idempotent);
        if let Some((place, span)) = &key {
            self.carries(request, place, *span);
        }
        let target = self.target_of(request);
        for attack in &attacks {
            let Some(traits) = probe::find(&attack.name) else { continue };
            // What a profile attacks is said at its name.
            let span = match attack.profile {
                None => attack.probe.probe.span,
                Some(_) => idempotent
                    .profile
                    .as_ref()
                    .map_or(keyword, |profile| super::profile::called(profile).0.span),
            };
            let name = &attack.name;
            let message = match traits.needs {
                Needs::Key if key.is_none() => Some((
                    format!("`{name}` attacks the key, and nobody says where the request carries it"),
                    format!("name it: `idempotent as ietf({BY}: header(\"Idempotency-Key\"))`"),
                )),
                Needs::Order if self.protocol_of(request).as_deref() == Some("grpc") => Some((
                    format!("`{name}` sends fields in another order, and those of gRPC have none"),
                    "leave this probe out: what is sent would be the same bytes".to_owned(),
                )),
                Needs::Body | Needs::Order if request.operand.is_none() => Some((
                    format!("`{name}` attacks the body, and this request has none"),
                    "leave this probe out, or choose a profile without it".to_owned(),
                )),
                Needs::Members => self.lacks_members(target, request, name),
                _ => None,
            };
            if let Some((message, help)) = message {
                self.push(Diagnostic::error(Code::WRONG_ARGUMENTS, span, message).help(help));
            }
            if attack.probe.on.is_none() && matches!(traits.on, On::Service | On::Link) {
                match target {
                    Some(at) if traits.on == On::Service => self.restarted(at, span),
                    Some(to) => {
                        let link = LinkName { from: Party::Client, to: Some(to), method: None };
                        self.uses_link(&link, span);
                        if let Some(why) = self.only_bytes(&link) {
                            let message = format!(
                                "`{name}` is aimed at messages, and only bytes pass on the way to the service"
                            );
                            self.push(Diagnostic::error(Code::NO_LINK, span, message).label(why));
                        }
                    }
                    None => {
                        let message =
                            format!("`{name}` does not know its place: the request names no service");
                        self.push(
                            Diagnostic::error(Code::WRONG_ARGUMENTS, span, message)
                                .help("say where, with `on`"),
                        );
                    }
                }
            }
        }
    }

    /// The service that the request goes to.
    fn target_of(&mut self, request: &Request) -> Option<ItemRef> {
        let name = &request.target.as_ref()?.name.name;
        match self.cx.program.lookup(self.item.unit, name)? {
            Definition::Item(at) if matches!(self.cx.program.item(at).kind, ItemKind::Service(_)) => Some(at),
            _ => None,
        }
    }

    fn lacks_members(
        &self,
        target: Option<ItemRef>,
        request: &Request,
        probe: &str,
    ) -> Option<(String, String)> {
        if request.target.as_ref().is_some_and(|target| target.index.is_some()) {
            return Some((
                format!("`{probe}` chooses the member itself, and the request names one"),
                "leave out the index of the target".to_owned(),
            ));
        }
        let ItemKind::Service(service) = &self.cx.program.item(target?).kind else { return None };
        (!has(service, "members")).then(|| {
            (
                format!("`{probe}` needs another member, and `{}` has only one", service.name.name),
                "give the service `members 3`, or leave this probe out".to_owned(),
            )
        })
    }

    /// That the request carries the key where the profile is told.
    fn carries(&mut self, request: &Request, place: &KeyPlace, span: Span) {
        let found = match place {
            KeyPlace::Field(path) => match (&request.operand, path.first()) {
                (Some(operand), Some(first)) => match &operand.kind {
                    ExprKind::Object(object) => field(object, first, false).map(|_| ()),
                    // Only the run knows.
                    _ => Ok(()),
                },
                _ => Err(Vec::new()),
            },
            KeyPlace::Header(name) | KeyPlace::Metadata(name) => {
                let option = place.option().map_or("headers", |(option, _)| option);
                match request.options.as_ref().map(|options| field(options, option, false)) {
                    None => Err(Vec::new()),
                    Some(Err(_)) => Err(Vec::new()),
                    Some(Ok(None)) => Ok(()),
                    Some(Ok(Some(value))) => match &value.kind {
                        ExprKind::Object(object) => field(object, name, true).map(|_| ()),
                        _ => Ok(()),
                    },
                }
            }
        };
        if let Err(known) = found {
            let message = format!("the request carries no {}", place.told());
            let wanted = match place {
                KeyPlace::Header(name) | KeyPlace::Metadata(name) => name.to_string(),
                KeyPlace::Field(path) => path.join("."),
            };
            let diagnostic = Diagnostic::error(Code::WRONG_ARGUMENTS, span, message);
            let diagnostic = match place.option() {
                Some((option, name)) => {
                    diagnostic.help(format!("send it: `with {{ {option}: {{ {name}: key }} }}`"))
                }
                None => diagnostic.help(format!("send it in the body: `{{ {wanted}: key }}`")),
            };
            self.push(diagnostic.did_you_mean(&wanted, known.iter().map(|name| &**name)));
        }
    }
}

/// A field of an object as written: its value, none when only the run knows whether it is there.
/// Errors: it is not there; the names that are.
fn field<'o>(object: &'o ObjectExpr, name: &str, any_case: bool) -> Result<Option<&'o Expr>, Vec<Arc<str>>> {
    let mut known = Vec::new();
    let mut open = false;
    for entry in &object.entries {
        match entry {
            ObjectEntry::Field { name: written, value, .. } => match written.plain() {
                Some(written) if *written == *name || (any_case && written.eq_ignore_ascii_case(name)) => {
                    return Ok(Some(value));
                }
                Some(written) => known.push(written),
                None => open = true,
            },
            ObjectEntry::Open(_) | ObjectEntry::Spread(_) => open = true,
        }
    }
    if open { Ok(None) } else { Err(known) }
}

fn has(service: &Service, setting: &str) -> bool {
    service.settings.iter().any(|known| &*known.name.name == setting)
}

/// The request that a statement makes, and whether it stands alone.
fn as_request(statement: &Statement) -> Option<(&Request, bool)> {
    match &statement.kind {
        StatementKind::Expr(Expr { kind: ExprKind::Request(request), .. }) => Some((request, true)),
        StatementKind::Let(binding) => match (&binding.value.kind, &binding.target) {
            (ExprKind::Request(request), LetTarget::Name(_) | LetTarget::List(..)) => Some((request, false)),
            _ => None,
        },
        _ => None,
    }
}

/// The name that a part of `same` begins with.
fn same_root(part: &Expr) -> Option<&Arc<str>> {
    match &part.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Field(base, _) | ExprKind::Index(base, _) | ExprKind::Each(base) => same_root(base),
        _ => None,
    }
}

fn is_path(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::It(_) => true,
        ExprKind::Field(base, _) | ExprKind::Index(base, _) | ExprKind::Each(base) => is_path(base),
        _ => false,
    }
}
