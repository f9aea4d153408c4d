//! An `idempotent` as a whole: that something is attacked and something is looked at, and that the
//! request has what the probes attack.

use std::sync::Arc;

use super::super::link::has_setting;
use super::super::plan::{Definition, ItemRef, LinkName, Party};
use super::super::profile::{BY, attacks, called, key_of, profile_of};
use super::super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::probe::{self, KeyPlace, Needs, On};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Idempotent, ItemKind, ObjectEntry, ObjectExpr, Request};

impl<'a> Walker<'a, '_> {
    /// What only the whole says: that there are probes and an effect, and that the request has
    /// what the probes attack.
    pub(super) fn idempotent_whole(
        &mut self,
        idempotent: &'a Idempotent,
        request: Option<&'a Request>,
        keyword: Span,
    ) {
        let broken = self.cx.is_broken_around(self.item);
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
        let profiled = profile_of(program, self.item.unit, idempotent);
        // One that is unknown, or has no probe itself, has a diagnostic of its own.
        let is_told = has_profile && profiled.is_none_or(|profiled| profiled.profile.probes.is_empty());
        if attacks.is_empty() && !is_told && !broken {
            self.push(
                Diagnostic::error(Code::NOTHING_CHECKED, keyword, "`idempotent` has no probe")
                    .help("name a profile, as in `idempotent as put`, or write `probe replay(times: 3)`"),
            );
        }
        let Some(request) = request else { return };
        let key = key_of(self.cx.program, self.item.unit, idempotent);
        if let Some((place, span)) = &key {
            self.carries(request, place, *span);
        }
        let target = self.target_of(request);
        for attack in &attacks {
            let Some(traits) = probe::find(&attack.name) else { continue };
            // What a profile attacks is said at its name.
            let span = match attack.profile {
                None => attack.probe.probe.span,
                Some(_) => idempotent.profile.as_ref().map_or(keyword, |profile| called(profile).0.span),
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
        let target = target?;
        let ItemKind::Service(service) = &self.cx.program.item(target).kind else { return None };
        (!has_setting(self.cx.program, target, "members")).then(|| {
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
