//! A probe as it is written, in a block or in a profile: its name, its arguments, its place and its
//! own block.

use super::super::call::Wanted;
use super::super::graph::Disturbed;
use super::super::link::has_setting;
use super::super::plan::{Definition, ItemRef, Party};
use super::super::profile::{called, name_of};
use super::super::walker::{Walker, plain_name};
use super::as_request;
use crate::diag::{Code, Diagnostic};
use crate::lang::Kind;
use crate::probe::{self, On};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, ItemKind, Probe, StatementKind};

impl<'a> Walker<'a, '_> {
    /// A probe by itself, in a block or in a profile.
    pub(in crate::check) fn attack(&mut self, probe: &'a Probe) {
        let Some(name) = name_of(probe) else {
            let message = "a probe is named here";
            return self.push(Diagnostic::error(Code::WRONG_TYPE, probe.probe.span, message));
        };
        let args = called(&probe.probe).1;
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
        self.note(name.span, &spec);
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
                        && !number.to_i128().is_some_and(|number| {
                            (i128::from(traits.least)..=i128::from(probe::MOST)).contains(&number)
                        })
                    {
                        let message =
                            format!("`{}` repeats from {} to {} times", name.name, traits.least, probe::MOST);
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
                    let Some(link) = self.link(from, to.as_deref(), on.span) else { return };
                    if let Some(why) = self.only_bytes(&link) {
                        let message =
                            format!("`{name}` is aimed at messages, and only bytes pass over this link");
                        self.push(Diagnostic::error(Code::NO_LINK, on.span, message).label(why));
                    } else if link.from == Party::Client && traits.on != On::Link {
                        let message = format!("`{name}` is aimed at a link behind the service");
                        self.push(
                            Diagnostic::error(Code::NO_LINK, on.span, message)
                                .label("what fails here never reaches the service")
                                .help(format!("for example `probe {name} on orders -> ledger`")),
                        );
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
        let name = plain_name(expr)?;
        match self.cx.lookup(self.item.unit, &name.name)? {
            Definition::Item(at) if matches!(self.cx.program.item(at).kind, ItemKind::Service(_)) => {
                self.cx.graph.uses(self.item, at);
                self.note(name.span, Definition::Item(at));
                Some(at)
            }
            _ => None,
        }
    }

    /// A probe restarts a service: it must be the run's own, and the scenario has it alone.
    pub(super) fn restarted(&mut self, at: ItemRef, span: Span) {
        self.cx.graph.disturbs(self.item, Disturbed::Service(at));
        let ItemKind::Service(service) = &self.cx.program.item(at).kind else { return };
        if !has_setting(self.cx.program, at, "start") {
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
}
