//! What a request is made of: its place, operand and options, evaluated.

use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::Flow;
use super::request::Aim;
use super::world::ServiceRef;
use crate::check::ItemRef;
use crate::function::operators;
use crate::lang::{Kind, Registry, Ty};
use crate::protocol::{Call, CallPlace, Parts};
use crate::source::Span;
use crate::syntax::ast::{
    Expr, ExprKind, ItemKind, ObjectEntry, ObjectExpr, Place, Request, SettingValue, Template, TemplatePart,
};
use crate::value::{Live, Object, Piece, Text, Value};

/// What `${…}` inserts into a path keeps only the unreserved characters (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Cx {
    pub(super) async fn assemble(self: &Arc<Self>, env: &Env, request: &Request, aim: &Aim) -> Flow<Call> {
        // A service's own options are for requests to it, not for what is done to its process.
        let registry = &self.world.registry;
        let mut options = match aim {
            Aim::Service(service) if is_verb_of(registry, &request.verb.name, &service.protocol) => {
                self.service_options(env, service).await?
            }
            _ => Object::new(),
        };
        if let Some(written) = &request.options {
            merge(&mut options, self.options(env, written).await?);
        }
        let place = match &request.place {
            None => None,
            Some(Place::Path(template)) => Some(CallPlace::Path(self.encoded(env, template).await?)),
            Some(Place::Url(template)) => Some(CallPlace::Url(self.encoded(env, template).await?)),
            Some(Place::Text(template)) => Some(CallPlace::Text(self.pieces(env, template).await?)),
        };
        let operand = match &request.operand {
            Some(operand) => {
                let value = self.eval(env, operand).await?;
                self.present(env, operand, &value)?;
                Some(value)
            }
            None => None,
        };
        let (endpoint, stream) = match aim {
            Aim::Service(service) => {
                (Some(self.endpoint(service)), Some(service.clone().target() as Arc<dyn Live>))
            }
            Aim::Stream(live) => (None, Some(live.clone())),
            Aim::Nothing => (None, None),
        };
        let members = request
            .target
            .as_ref()
            .map_or(Vec::new(), |target| target.members.iter().map(|member| member.name.clone()).collect());
        let verb = request.verb.name.clone();
        let span = Some(self.next_span(env, request.verb.span));
        Ok(Call { verb, endpoint, stream, members, place, operand, options, span, reads: Parts::ALL })
    }

    /// The span of a request: a function of its place, of the calls and turns around it, and of how
    /// often it was made there before, so that requests at the same time tell themselves apart.
    fn next_span(&self, env: &Env, place: Span) -> u64 {
        if let Some(hand) = &self.load {
            // Each operation has a key of its own.
            return env.key.number().wrapping_add(u64::from(hand.next_request()));
        }
        let key = env.site(place).with("span");
        let count = {
            let mut spans = lock(&self.spans);
            let count = spans.entry(format!("{key:?}")).or_default();
            *count += 1;
            *count
        };
        key.with(count.to_string()).below(usize::MAX) as u64
    }

    /// Options: a bare word that an option knows, such as `contract: ignore`, stands for itself.
    pub(crate) async fn options(self: &Arc<Self>, env: &Env, written: &ObjectExpr) -> Flow<Object> {
        let mut options = Object::new();
        for entry in &written.entries {
            match entry {
                ObjectEntry::Field { name, value: Expr { kind: ExprKind::Name(word), .. }, .. }
                    if self.is_option_word(env, name, word) =>
                {
                    options.insert(self.text(env, name).await?.text, Value::text(word.clone()));
                }
                _ => {
                    let one = ObjectExpr { entries: vec![entry.clone()], span: written.span };
                    merge(&mut options, self.object(env, &one).await?);
                }
            }
        }
        Ok(options)
    }

    fn is_option_word(&self, env: &Env, option: &Template, word: &str) -> bool {
        let Some(option) = option.plain() else { return false };
        let declared = env.get(word).is_some() || self.world.plan.program.lookup(env.unit, word).is_some();
        let specs = self.world.registry.all(Kind::Option, &option);
        specs.iter().flat_map(|spec| spec.params).any(|param| match param.ty {
            // A variable of that name stands for its value.
            Ty::Word => env.get(word).is_none(),
            Ty::OneOf(words) => !declared && words.contains(&word),
            _ => false,
        })
    }

    /// The service's own `with { … }`.
    async fn service_options(self: &Arc<Self>, env: &Env, service: &ServiceRef) -> Flow<Object> {
        let item: ItemRef = service.item;
        let ItemKind::Service(declared) = &self.world.plan.program.item(item).kind else {
            return Ok(Object::new());
        };
        let mut options = Object::new();
        for setting in declared.settings.iter().filter(|setting| &*setting.name.name == "with") {
            if let Some(SettingValue::Expr(Expr { kind: ExprKind::Object(object), .. })) = &setting.value {
                let origin = self.world.plan.program.item(item).span.start;
                let inner = env.call(item.unit, origin, setting.span);
                merge(&mut options, self.options(&inner, object).await?);
            }
        }
        Ok(options)
    }

    /// A bare path or URL: what `${…}` inserts is percent-encoded, except in a URL's authority.
    async fn encoded(self: &Arc<Self>, env: &Env, template: &Template) -> Flow<Text> {
        let insert = |text: &mut String, piece: &str| {
            let in_authority = text.find("://").is_some_and(|at| !text[at + 3..].contains('/'));
            if in_authority {
                text.push_str(piece);
            } else {
                text.extend(utf8_percent_encode(piece, UNRESERVED));
            }
        };
        self.joined(env, template, insert).await
    }

    /// The text of a template, where `insert` adds what each `${…}` gives.
    pub(super) async fn joined(
        self: &Arc<Self>,
        env: &Env,
        template: &Template,
        insert: impl Fn(&mut String, &str),
    ) -> Flow<Text> {
        let mut text = String::new();
        let mut secret = false;
        for part in &template.parts {
            match part {
                TemplatePart::Text(piece) => text.push_str(piece),
                TemplatePart::Expr(expr) => {
                    let piece = self.piece(env, expr).await?;
                    secret |= piece.secret;
                    insert(&mut text, &piece.text);
                }
            }
        }
        Ok(Text { text: text.into(), secret })
    }

    /// What `${…}` gives as text; it must be there.
    async fn piece(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<Text> {
        let value = self.eval(env, expr).await?;
        self.present(env, expr, &value)?;
        operators::text_of(&value).map_err(|message| self.bad_value(env, expr.span, message))
    }

    /// Quoted text in pieces, so that a protocol can bind what `${…}` gave.
    pub(crate) async fn pieces(self: &Arc<Self>, env: &Env, template: &Template) -> Flow<Vec<Piece>> {
        let mut pieces = Vec::with_capacity(template.parts.len());
        for part in &template.parts {
            match part {
                TemplatePart::Text(text) => pieces.push(Piece::Text(text.clone())),
                TemplatePart::Expr(expr) => {
                    let value = self.eval(env, expr).await?;
                    self.present(env, expr, &value)?;
                    pieces.push(Piece::Value(value));
                }
            }
        }
        Ok(pieces)
    }
}

fn is_verb_of(registry: &Registry, verb: &str, protocol: &str) -> bool {
    registry.all(Kind::Verb, verb).iter().any(|spec| spec.of == protocol)
}

/// Later options replace earlier ones; headers and metadata are merged name by name.
pub(crate) fn merge(options: &mut Object, later: Object) {
    for (name, value) in later {
        let merged = match (&*name, options.get(&name), &value) {
            ("headers" | "metadata", Some(Value::Object(known)), Value::Object(more)) => {
                let mut fields = (**known).clone();
                for (field, value) in more.iter() {
                    let same = fields.keys().find(|known| known.eq_ignore_ascii_case(field)).cloned();
                    fields.insert(same.unwrap_or_else(|| field.clone()), value.clone());
                }
                Value::Object(Arc::new(fields))
            }
            _ => value,
        };
        options.insert(name, merged);
    }
}
