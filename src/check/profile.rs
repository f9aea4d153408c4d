//! Profiles: what an `idempotent` is judged by. Its probes and its `same` come from the profile
//! that it names and from its own block, which has the last word.

use std::sync::Arc;

use super::call::Wanted;
use super::plan::{Definition, ItemRef, Program};
use super::request::spoken;
use super::scope::{Response, Value};
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::probe::{self, KeyPlace, Needs, key_place};
use crate::source::Span;
use crate::syntax::ast::{
    Args, Expr, ExprKind, Idempotent, Ident, Item, ItemKind, Probe, Profile, Same, StatementKind,
};
use crate::syntax::visit;

/// The parameter that says where a request carries its key.
pub(super) const BY: &str = "by";

/// The profile that an `idempotent` names.
#[derive(Debug, Clone, Copy)]
pub struct Profiled<'a> {
    /// The item.
    pub item: ItemRef,
    /// The profile.
    pub profile: &'a Profile,
    /// The arguments.
    pub args: Option<&'a Args>,
}

/// One probe of an `idempotent`, the profile's included.
#[derive(Debug, Clone)]
pub struct Attack<'a> {
    /// The probe's name.
    pub name: Arc<str>,
    /// Its name among the others: `replay`, or `replay#2` when there are several.
    pub title: String,
    /// As written.
    pub probe: &'a Probe,
    /// The profile that it stands in; none when it stands in the block itself.
    pub profile: Option<ItemRef>,
}

/// The profile that an `idempotent` in a module names, when it is one. What the module does not
/// know is looked up in the standard library.
pub fn profile_of<'a>(program: &'a Program, unit: usize, idempotent: &'a Idempotent) -> Option<Profiled<'a>> {
    let (callee, args) = called(idempotent.profile.as_ref()?);
    let item = match &callee.kind {
        ExprKind::Name(name) => match program.lookup(unit, name) {
            Some(Definition::Item(item)) => item,
            Some(_) => return None,
            None => exported(program, program.profiles?, name)?,
        },
        ExprKind::Field(base, field) => {
            let ExprKind::Name(alias) = &base.kind else { return None };
            let Some(Definition::Module(unit)) = program.lookup(unit, alias) else { return None };
            exported(program, unit, &field.name)?
        }
        _ => return None,
    };
    let ItemKind::Profile(profile) = &program.item(item).kind else { return None };
    Some(Profiled { item, profile, args })
}

fn exported(program: &Program, unit: usize, name: &str) -> Option<ItemRef> {
    match program.lookup(unit, name)? {
        Definition::Item(item) => Some(item),
        _ => None,
    }
}

/// Every probe of an `idempotent`, in order: the profile's that the block does not replace, then
/// the block's own.
pub fn attacks<'a>(program: &'a Program, unit: usize, idempotent: &'a Idempotent) -> Vec<Attack<'a>> {
    let mut found: Vec<Attack<'a>> = Vec::new();
    let one = |probe: &'a Probe, profile| {
        let name = name_of(probe)?.name;
        Some(Attack { title: name.to_string(), name, probe, profile })
    };
    let own: Vec<Attack<'a>> = idempotent.probes.iter().filter_map(|probe| one(probe, None)).collect();
    if let Some(profiled) = profile_of(program, unit, idempotent) {
        let theirs = profiled.profile.probes.iter().filter_map(|probe| one(probe, Some(profiled.item)));
        let ordered = !is_grpc(program, unit, idempotent);
        found.extend(theirs.filter(|theirs| {
            let needs = probe::find(&theirs.name).map(|traits| traits.needs);
            !own.iter().any(|own| own.name == theirs.name) && (ordered || needs != Some(Needs::Order))
        }));
    }
    found.extend(own);
    let names: Vec<Arc<str>> = found.iter().map(|attack| attack.name.clone()).collect();
    for (index, attack) in found.iter_mut().enumerate() {
        let before = names[..index].iter().filter(|name| **name == attack.name).count();
        if names.iter().filter(|name| **name == attack.name).count() > 1 {
            attack.title = format!("{}#{}", attack.name, before + 1);
        }
    }
    found
}

/// The titles of the probes of every `idempotent` that stands in these items.
pub fn probes(program: &Program, items: impl IntoIterator<Item = ItemRef>) -> Vec<String> {
    let mut titles = Vec::new();
    for at in items {
        let body = match &program.item(at).kind {
            ItemKind::Scenario(scenario) => &scenario.body,
            ItemKind::Action(action) => &action.body,
            _ => continue,
        };
        visit::statements(body, &mut |statement| {
            if let StatementKind::Idempotent(idempotent) = &statement.kind {
                let attacks = attacks(program, at.unit, idempotent);
                titles.extend(attacks.into_iter().flat_map(|attack| [attack.title, attack.name.to_string()]));
            }
        });
    }
    titles.sort();
    titles.dedup();
    titles
}

/// Whether the request goes to a service that speaks gRPC.
fn is_grpc(program: &Program, unit: usize, idempotent: &Idempotent) -> bool {
    let statements = idempotent.body.statements.iter();
    let targets = statements.filter_map(|statement| match &statement.kind {
        StatementKind::Expr(Expr { kind: ExprKind::Request(request), .. }) => request.target.as_ref(),
        _ => None,
    });
    let mut items = targets.filter_map(|target| program.lookup_item(unit, &target.name.name));
    items.any(|(_, item)| match &item.kind {
        ItemKind::Service(service) => spoken(service).is_some_and(|protocol| &*protocol.name == "grpc"),
        _ => false,
    })
}

/// The lines that say which parts of the answers are the same: the block's own, else the profile's.
pub fn same_of<'a>(program: &'a Program, unit: usize, idempotent: &'a Idempotent) -> &'a [Same] {
    if !idempotent.same.is_empty() {
        return &idempotent.same;
    }
    profile_of(program, unit, idempotent).map_or(&[], |profiled| &profiled.profile.same)
}

/// Where the request carries its key, when the profile is told.
pub fn key_of(program: &Program, unit: usize, idempotent: &Idempotent) -> Option<(KeyPlace, Span)> {
    let (_, args) = called(idempotent.profile.as_ref()?);
    let args = &args?.args;
    let named = args.iter().find(|arg| arg.name.as_ref().is_some_and(|name| &*name.name == BY));
    let by = named.or_else(|| {
        let params = &profile_of(program, unit, idempotent)?.profile.params;
        let place = params.iter().position(|param| &*param.name.name == BY)?;
        args.iter().filter(|arg| arg.name.is_none()).nth(place)
    })?;
    Some((key_place(&by.value)?, by.value.span))
}

/// The name of a probe, when it is one.
pub(super) fn name_of(probe: &Probe) -> Option<Ident> {
    super::walker::plain_name(called(&probe.probe).0)
}

/// What is called, with its arguments: `ietf(by: …)`, `put`.
pub(super) fn called(expr: &Expr) -> (&Expr, Option<&Args>) {
    match &expr.kind {
        ExprKind::Call(callee, args) => (callee, Some(args)),
        _ => (expr, None),
    }
}

impl<'a> Walker<'a, '_> {
    /// `profile ietf(by, changed = 422) { … }`
    pub(super) fn profile(&mut self, profile: &'a Profile) {
        if profile.probes.is_empty() && !self.cx.is_broken_around(self.item) {
            let message = format!("profile `{}` has no probe", profile.name.name);
            self.push(
                Diagnostic::error(Code::NOTHING_CHECKED, profile.name.span, message)
                    .help("a profile says by which attacks an operation is judged: `probe replay(times: 3)`"),
            );
        }
        self.scopes.enter();
        for param in &profile.params {
            if let Some(ty) = &param.ty {
                self.pattern(ty);
            }
            if let Some(default) = &param.default {
                self.value(default);
            }
            if &*param.name.name != BY {
                self.declare(&param.name, Value::Plain, false);
            }
        }
        for probe in &profile.probes {
            self.scopes.enter();
            self.scopes.set_response(Response::Of(None, probe.span));
            self.attack(probe);
            self.scopes.leave();
        }
        self.scopes.enter();
        self.scopes.set_response(Response::Of(None, profile.name.span));
        profile.same.iter().for_each(|same| self.same(same));
        self.scopes.leave();
        self.leave();
    }

    /// `as ietf(by: …)`: that there is such a profile, and its arguments.
    pub(super) fn profile_use(&mut self, idempotent: &'a Idempotent) {
        let Some(named) = &idempotent.profile else { return };
        let (callee, args) = called(named);
        // A name that is read counts as used.
        if let ExprKind::Name(name) = &callee.kind {
            self.cx.lookup(self.item.unit, name);
        } else if let ExprKind::Field(base, _) = &callee.kind
            && let ExprKind::Name(alias) = &base.kind
        {
            self.cx.lookup(self.item.unit, alias);
        }
        let Some(profiled) = profile_of(self.cx.program, self.item.unit, idempotent) else {
            return self.no_profile(callee);
        };
        self.cx.graph.uses(self.item, profiled.item);
        let name = Ident { name: profiled.profile.name.name.clone(), span: callee.span };
        let wanted: Vec<Wanted> = profiled.profile.params.iter().map(wanted).collect();
        match args {
            Some(args) => self.arguments(&name, &wanted, args, true),
            None => {
                if let Some(missing) = wanted.iter().find(|param| param.required) {
                    let message = format!("`{}` lacks `{}`", name.name, missing.name);
                    let diagnostic = Diagnostic::error(Code::WRONG_ARGUMENTS, name.span, message);
                    self.push(match &*missing.name {
                        BY => diagnostic.help(format!(
                            "say where the request carries its key: `{}(by: header(\"Idempotency-Key\"))`",
                            name.name
                        )),
                        _ => diagnostic,
                    });
                }
            }
        }
    }

    fn no_profile(&mut self, callee: &'a Expr) {
        let Some(name) = super::walker::plain_name(callee) else {
            let message = "a profile is named here";
            return self.push(Diagnostic::error(Code::WRONG_TYPE, callee.span, message));
        };
        if let Some(Definition::Item(at)) = self.cx.program.lookup(self.item.unit, &name.name) {
            let (word, _) = super::context::describe(&self.cx.program.item(at).kind);
            let article = crate::value::words::article(word);
            let message = format!("`{}` is {article} {word}, not a profile", name.name);
            return self.push(Diagnostic::error(Code::WRONG_TYPE, name.span, message));
        }
        if self.may_be_lost(&name.name) {
            return;
        }
        let program = self.cx.program;
        let of_unit = |unit: usize| program.units[unit].names.iter();
        let all = of_unit(self.item.unit).chain(program.profiles.into_iter().flat_map(of_unit));
        let profiles = all.filter(|(_, definition)| match definition {
            Definition::Item(at) => is_profile(program.item(*at)),
            _ => false,
        });
        let known: Vec<&str> = profiles.map(|(name, _)| &**name).collect();
        let message = format!("there is no profile `{}` here", name.name);
        let diagnostic = Diagnostic::error(Code::UNKNOWN_NAME, name.span, message)
            .help(format!("there are {}", super::walker::list(&known)))
            .did_you_mean(&name.name, known);
        self.push(diagnostic);
    }

    /// `by: header("Idempotency-Key")`
    pub(super) fn key_place(&mut self, expr: &'a Expr, what: &str) {
        if key_place(expr).is_some() {
            return;
        }
        let message = format!("{what} is the place of a key in the request");
        self.push(Diagnostic::error(Code::WRONG_TYPE, expr.span, message).help(
            "write `header(\"Idempotency-Key\")`, `metadata(\"x-key\")`, or a field of the body such as `.message_id`",
        ));
    }
}

fn is_profile(item: &Item) -> bool {
    matches!(item.kind, ItemKind::Profile(_))
}

fn wanted(param: &crate::syntax::ast::ParamDecl) -> Wanted {
    let mut wanted = Wanted::of_declaration(param);
    if &*wanted.name == BY {
        wanted.ty = Ty::Place;
    }
    wanted
}
