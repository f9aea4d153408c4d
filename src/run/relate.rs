//! Whether a relation holds: one of the language, or a script's.

use std::sync::Arc;

use super::cx::Cx;
use super::env::{Env, Observer};
use super::flow::Flow;
use super::judge::{Judgement, settled};
use crate::diag::Code;
use crate::event::Detail;
use crate::lang::{Spec, Ty};
use crate::relation::{self, Claim, Cut, Origin, Says, Verdict};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, RelationUse};
use crate::value::{Object, Value};

/// What a relation speaks of.
struct Subject<'a> {
    value: &'a Value,
    origin: Option<Origin>,
    /// Why it is not all that there was to see.
    cut: Option<Cut>,
}

/// Longer histories are judged off the threads that wait for the network.
const LONG: usize = 1_000;

impl Cx {
    /// Whether a relation holds of a subject.
    pub(crate) async fn relate(
        self: &Arc<Self>,
        env: &Env,
        subject: &Expr,
        used: &RelationUse,
        change: Option<&(Value, Value)>,
    ) -> Flow<Judgement> {
        let value = match change {
            Some((_, after)) => after.clone(),
            None => self.eval(env, subject).await?,
        };
        // What becomes something may have been nothing before, or become it: its pattern tells. A
        // misspelt field becomes nothing, since it fitted `absent` all along.
        let judged_by_pattern = change.is_some() && used.operand.is_some() && !used.negated;
        if !judged_by_pattern {
            self.present(env, subject, &value)?;
        }
        self.judges_history(env, &value);
        let mut cut = self.cut(env, subject, &value);
        cut = cut.or_else(|| self.unanswered(&value, subject.span, used.span));
        let (value, origin) = with_origin(value, || self.written(subject.span).into());
        let declared = self.world.plan.program.lookup_item(env.unit, &used.name.name);
        let (verdict, says) = match declared {
            Some((item, declared)) if matches!(declared.kind, ItemKind::Check(_)) => {
                let ItemKind::Check(script) = &declared.kind else { return Ok(Judgement::of(false)) };
                let name = &used.name.name;
                let says = (format!("is {name}"), format!("is not {name}"));
                let verdict = if value.as_list().is_some_and(|items| items.is_empty()) {
                    // A script that goes over nothing finds nothing wrong.
                    let or_empty = used.phrases.iter().any(|phrase| &*phrase.word.name == "or_empty");
                    let why = "there are no records: a relation over nothing shows nothing; \
                               end it with `or_empty` if that is fine";
                    match or_empty {
                        true => Verdict::Holds,
                        false => Verdict::Invalid(vec![Detail::Note { text: why.to_owned() }]),
                    }
                } else {
                    let values = self.check_arguments(env, &script.params, used, value.clone()).await?;
                    cut = cut.or_else(|| env.observer.as_ref()?.take_cut());
                    match self.script_check(env, item, values, used.span).await? {
                        None => Verdict::Holds,
                        Some(why) => Verdict::Fails(vec![Detail::Note { text: why }]),
                    }
                };
                // What a script finds in a part, it need not find in the whole.
                let verdict = match cut {
                    Some(cut) => Verdict::Unknown(cut.why()),
                    None => verdict,
                };
                (verdict, says)
            }
            _ => {
                let subject = Subject { value: &value, origin, cut };
                let (verdict, Says(yes, no)) = self.built_in_relation(env, used, subject, change).await?;
                (verdict, (yes.to_owned(), no.to_owned()))
            }
        };
        // With `or_empty`, nothing at all is fine both ways.
        let or_empty = || used.phrases.iter().any(|phrase| &*phrase.word.name == "or_empty");
        let verdict = match (used.negated, value.as_list()) {
            (true, Some([])) if verdict == Verdict::Holds && or_empty() => verdict,
            (true, _) => verdict.negate(),
            (false, _) => verdict,
        };
        let (yes, no) = says;
        let mut judgement =
            Judgement { at: Some(subject.span.to(used.span)), ..Judgement::of(verdict == Verdict::Holds) };
        let subject = self.written(subject.span);
        judgement.message = match (&verdict, used.negated) {
            (Verdict::Unknown(_), _) => format!("`{subject}` {yes}"),
            (Verdict::Invalid(_), _) => format!("it cannot be judged whether `{subject}` {yes}"),
            (_, false) => format!("`{subject}` {no}"),
            (_, true) => format!("`{subject}` {yes}, and should not"),
        };
        match verdict {
            Verdict::Holds => {}
            Verdict::Fails(details) | Verdict::Lacks(_, details) | Verdict::Invalid(details) => {
                judgement.details = details;
            }
            Verdict::Unknown(why) => judgement.unknown = Some(why),
        }
        Ok(judgement)
    }

    async fn built_in_relation(
        self: &Arc<Self>,
        env: &Env,
        used: &RelationUse,
        Subject { value: subject, origin, cut }: Subject<'_>,
        change: Option<&(Value, Value)>,
    ) -> Flow<(Verdict, Says)> {
        let name = &used.name.name;
        let Some(relation) = relation::find(name) else {
            let message = format!("there is no relation `{name}`");
            return Err(self.failure(env, Code::UNKNOWN_RELATION, used.name.span, message).into());
        };
        let spec = relation.spec();
        let mut claim: Claim<'static> = Claim { origin, cut, denied: used.negated, ..Claim::default() };
        let mut args = Object::new();
        let mut places = spec.params.iter().filter(|param| !is_phrase(param.name));
        for arg in used.args.iter().flat_map(|written| &written.args) {
            let name = arg.name.as_ref().map(|name| name.name.clone());
            let Some(name) = name.or_else(|| places.next().map(|param| Arc::from(param.name))) else {
                continue;
            };
            let ty = spec.params.iter().find(|param| *param.name == *name).map(|param| param.ty);
            let value = match self.relation_word(env, spec, &name, &arg.value) {
                Some(word) => word,
                None if ty == Some(Ty::Role) => {
                    let players = self.players(env, &arg.value)?;
                    Value::list(players.into_iter().map(Value::text).collect())
                }
                None if ty == Some(Ty::Key) => {
                    claim.key = Some(self.key(env, &arg.value)?);
                    continue;
                }
                None => self.eval(env, &arg.value).await?,
            };
            if arg.name.is_none() {
                self.present(env, &arg.value, &value)?;
            }
            args.insert(name, value);
        }
        let takes_pattern = |name: &str| {
            spec.params.iter().any(|param| param.name == name && matches!(param.ty, Ty::Pattern))
        };
        let mut operand = None;
        let mut pattern = None;
        if let Some(written) = &used.operand {
            if takes_pattern("operand") || takes_pattern("pattern") {
                pattern = Some(self.pattern(env, written).await?);
            } else {
                let value = self.eval(env, written).await?;
                self.judges_history(env, &value);
                claim.other_cut = self.cut(env, written, &value);
                let (value, origin) = with_origin(value, || self.written(written.span).into());
                claim.other_origin = origin;
                operand = match self.contracts(env, subject, &value, written.span).await? {
                    Some(both) => Some(both),
                    None => Some(value),
                };
            }
        }
        let mut of = None;
        let mut before = None;
        for phrase in &used.phrases {
            let word = &*phrase.word.name;
            let Some(value) = &phrase.value else {
                claim.or_empty |= word == "or_empty";
                continue;
            };
            match word {
                "as" => claim.model = Some(self.model(env, spec.name, value).await?),
                "by" if self.is_key(value) => claim.by = Some(self.key(env, value)?),
                "per" => claim.per = Some(self.key(env, value)?),
                "of" => {
                    let put_in = self.eval(env, value).await?;
                    self.judges_history(env, &put_in);
                    claim.other_cut = self.cut(env, value, &put_in);
                    let (put_in, origin) = with_origin(put_in, || self.written(value.span).into());
                    (of, claim.other_origin) = (Some(put_in), origin);
                }
                "before" => before = Some(self.pattern(env, value).await?),
                "except" => {
                    // Several come as a list.
                    let parts = match &value.kind {
                        ExprKind::List(parts, _) => parts.as_slice(),
                        _ => std::slice::from_ref(value),
                    };
                    for part in parts {
                        claim.except.push(self.key_path(env, part)?);
                    }
                }
                _ => {
                    let given = self.eval(env, value).await?;
                    args.insert(Arc::from(word), self.records(env, given, value.span)?);
                }
            }
        }
        claim.args = args;
        // What an argument is made of is no side of the claim, for which the relation could answer.
        if let Some(cut) = env.observer.as_ref().and_then(Observer::take_cut) {
            return Ok((Verdict::Unknown(cut.why()), relation.says(&claim)));
        }
        let long = claim.model.is_some() || subject.as_list().is_some_and(|records| records.len() > LONG);
        let (subject, change) = (subject.clone(), change.cloned());
        let judge = move || {
            let claim = Claim {
                subject: Some(&subject),
                change: change.as_ref().map(|(before, after)| (before, after)),
                operand: operand.as_ref(),
                pattern: pattern.as_ref(),
                of: of.as_ref(),
                before: before.as_ref(),
                ..claim
            };
            (relation.judge(&claim), relation.says(&claim))
        };
        if !long {
            return Ok(judge());
        }
        // It computes, and so off the threads that wait for the network.
        let judged = tokio::task::spawn_blocking(judge).await;
        Ok(judged.unwrap_or_else(|error| {
            let why = format!("the judgement was cut off: {error}");
            (Verdict::Unknown(why), Says("is as expected", "is not as expected"))
        }))
    }

    /// A bare word that a parameter knows, such as `wire` in `compatible_with(level: wire)`, stands
    /// for itself unless it is declared.
    fn relation_word(&self, env: &Env, spec: &Spec, param: &str, value: &Expr) -> Option<Value> {
        let ExprKind::Name(word) = &value.kind else { return None };
        let declared = env.get(word).is_some() || self.world.plan.program.lookup(env.unit, word).is_some();
        let known = spec.params.iter().find(|known| known.name == param)?;
        match known.ty {
            Ty::OneOf(words) if !declared && words.contains(&&**word) => Some(Value::text(word.clone())),
            _ => None,
        }
    }

    /// The arguments of a custom relation: the subject first, then arguments in parentheses, the
    /// operand, and phrases by their word; keys come as the script sees keys.
    async fn check_arguments(
        self: &Arc<Self>,
        env: &Env,
        params: &[crate::syntax::ast::ParamDecl],
        used: &RelationUse,
        subject: Value,
    ) -> Flow<Vec<Value>> {
        let mut values: Vec<Option<Value>> = vec![None; params.len()];
        if let Some(first) = values.first_mut() {
            *first = Some(subject);
        }
        let mut positional = Vec::new();
        let mut named: Vec<(Arc<str>, Value)> = Vec::new();
        if let Some(args) = &used.args {
            let given = self.arguments(env, args).await?;
            positional.extend(given.positional);
            named.extend(given.named);
        }
        if let Some(operand) = &used.operand {
            let given = self.eval(env, operand).await?;
            positional.push(self.records(env, given, operand.span)?);
        }
        for phrase in &used.phrases {
            let Some(value) = &phrase.value else { continue };
            let value = if self.is_key(value) {
                crate::script::key_value(&self.key(env, value)?)
            } else {
                let given = self.eval(env, value).await?;
                self.records(env, given, value.span)?
            };
            named.push((phrase.word.name.clone(), value));
        }
        for (name, value) in named {
            match params.iter().position(|param| param.name.name == name) {
                Some(at) if values[at].is_none() => values[at] = Some(value),
                _ => {
                    let message = format!("`{}` has no parameter `{name}`", used.name.name);
                    return Err(self.failure(env, Code::WRONG_ARGUMENTS, used.span, message).into());
                }
            }
        }
        let mut positional = positional.into_iter();
        let mut bound = Vec::with_capacity(params.len());
        for (param, value) in params.iter().zip(values) {
            let value = match (value, &param.default) {
                (Some(value), _) => value,
                (None, default) => match (positional.next(), default) {
                    (Some(value), _) => value,
                    (None, Some(default)) => self.eval(env, default).await?,
                    (None, None) => {
                        let message = format!("`{}` needs `{}`", used.name.name, param.name.name);
                        return Err(self.failure(env, Code::WRONG_ARGUMENTS, used.span, message).into());
                    }
                },
            };
            bound.push(value);
        }
        if positional.next().is_some() {
            let message = format!("`{}` has too many arguments", used.name.name);
            return Err(self.failure(env, Code::WRONG_ARGUMENTS, used.span, message).into());
        }
        Ok(bound)
    }
}

/// A history as the list of its records, with where they come from and when they happened.
fn with_origin(value: Value, name: impl FnOnce() -> Arc<str>) -> (Value, Option<Origin>) {
    let Value::Live(live) = &value else { return (value, None) };
    // The times are read after the records, and cover all of them.
    let records = settled(value.clone());
    let times = records.as_list().and_then(|_| live.times());
    let origin = times.map(|times| Origin { name: name(), times });
    (records, origin)
}

fn is_phrase(name: &str) -> bool {
    matches!(
        name,
        "by" | "per" | "of" | "before" | "except" | "or_empty" | "operand" | "pattern" | "as" | "on"
    )
}
