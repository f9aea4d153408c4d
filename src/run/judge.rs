//! Whether a comparison or relation holds, and what shows that it does not.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cx::{Cx, SHOWN};
use super::env::{Env, Observer};
use super::flow::{Flow, Stop};
use crate::diag::Code;
use crate::event::Detail;
use crate::function::operators;
use crate::lang::{Spec, Ty};
use crate::relation::{self, Claim, Origin, Verdict};
use crate::shape;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, ItemKind, RelationUse, UnaryOp};
use crate::value::BoxFuture;
use crate::value::words::a_kind;
use crate::value::{Gap, Object, Value, show_short};

/// What a relation speaks of.
struct Subject<'a> {
    value: &'a Value,
    origin: Option<Origin>,
    /// Why it is not all that there was to see.
    gap: Option<Gap>,
}

/// Longer values are left out where a judgement shows the parts that matter.
const LINE: usize = 80;

/// Longer histories are judged off the threads that wait for the network.
const LONG: usize = 1_000;

/// Whether it holds, and what shows it when not.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// Whether it holds.
    pub(crate) holds: bool,
    /// Why it can neither be shown nor refuted; then it does not hold either.
    pub(crate) unknown: Option<String>,
    /// One line: `status == 201` does not hold.
    pub(crate) message: String,
    /// What shows it.
    pub(crate) details: Vec<Detail>,
    /// The place of the part that fails, when it is not the whole.
    pub(crate) at: Option<crate::source::Span>,
    /// What is said under that place.
    pub(crate) label: String,
}

impl Judgement {
    fn of(holds: bool) -> Judgement {
        Judgement { holds, ..Judgement::default() }
    }
}

impl Cx {
    /// Whether an expression holds.
    pub(crate) fn judge<'a>(
        self: &'a Arc<Self>,
        env: &'a Env,
        expr: &'a Expr,
    ) -> BoxFuture<'a, Flow<Judgement>> {
        self.judge_as(env, expr, true)
    }

    /// Whether an expression comes to `wanted`. A `not` is pushed down to what it denies, so that
    /// what can neither be shown nor refuted stays so on both sides of it.
    fn judge_as<'a>(
        self: &'a Arc<Self>,
        env: &'a Env,
        expr: &'a Expr,
        wanted: bool,
    ) -> BoxFuture<'a, Flow<Judgement>> {
        Box::pin(async move {
            match &expr.kind {
                ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                    // Denied, one becomes the other (De Morgan).
                    let both = (*op == BinaryOp::And) == wanted;
                    let first = self.judge_as(env, left, wanted).await?;
                    if first.holds != both {
                        return Ok(first);
                    }
                    let second = self.judge_as(env, right, wanted).await?;
                    if both || second.holds {
                        return Ok(second);
                    }
                    let mut details = first.details;
                    details.extend(second.details);
                    let message = format!("neither side of `{}` holds", self.written(expr.span));
                    let unknown = first.unknown.or(second.unknown);
                    Ok(Judgement { unknown, message, details, ..Judgement::of(false) })
                }
                ExprKind::Unary(UnaryOp::Not, inner) => {
                    let inner = self.judge_as(env, inner, !wanted).await?;
                    let message = format!("`{}` does not hold", self.written(expr.span));
                    Ok(Judgement {
                        message,
                        at: Some(expr.span),
                        unknown: inner.unknown,
                        ..Judgement::of(inner.holds)
                    })
                }
                ExprKind::Binary(op, left, right) if op.is_comparison() => {
                    let mut judgement = match op.denied() {
                        Some(denied) if !wanted => self.compare(env, denied, left, right).await?,
                        _ => {
                            let judged = self.compare(env, *op, left, right).await?;
                            Judgement { holds: judged.holds == wanted, ..judged }
                        }
                    };
                    if !judgement.holds {
                        judgement.at.get_or_insert(expr.span);
                        if judgement.message.is_empty() {
                            judgement.message = format!("`{}` does not hold", self.written(expr.span));
                        }
                    }
                    Ok(judgement)
                }
                _ => {
                    let value = self.eval(env, expr).await?;
                    let holds = self.truth(env, expr, &value)? == wanted;
                    let message = format!("`{}` is {}", self.written(expr.span), !wanted);
                    Ok(Judgement { message, at: Some(expr.span), ..Judgement::of(holds) })
                }
            }
        })
    }

    /// Whether a condition holds that chooses a way: one that can neither be shown nor refuted
    /// chooses none.
    pub(crate) async fn decide(self: &Arc<Self>, env: &Env, condition: &Expr) -> Flow<bool> {
        let judgement = self.judge(env, condition).await?;
        let Some(why) = judgement.unknown else { return Ok(judgement.holds) };
        let message = format!("`{}` can neither be shown nor refuted", self.written(condition.span));
        let mut failure = self.failure(env, Code::EXPECTATION, condition.span, message);
        failure.details.push(Detail::Note { text: why });
        Err(Stop::Unknown(vec![failure]))
    }

    async fn compare(
        self: &Arc<Self>,
        env: &Env,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
    ) -> Flow<Judgement> {
        use BinaryOp::{Contains, Equal, In, Matches, NotContains, NotEqual, NotIn, NotMatches};
        let subject = self.eval(env, left).await?;
        self.judges_whole(&subject);
        match op {
            Equal | NotEqual => {
                let expected = self.eval(env, right).await?;
                // A path that leads nowhere equals only a written `absent`.
                if !matches!(right.kind, ExprKind::Absent) {
                    self.present(env, left, &subject)?;
                }
                if !matches!(left.kind, ExprKind::Absent) && !matches!(right.kind, ExprKind::Absent) {
                    self.present(env, right, &expected)?;
                }
                let (subject, expected) = (settled(subject), settled(expected));
                if (op == Equal) == (subject == expected) {
                    return Ok(Judgement::of(true));
                }
                let mut judgement = Judgement::of(false);
                if op == Equal {
                    judgement.details = self.unequal(&subject, &expected);
                    judgement.label = label_of(&subject, &expected);
                }
                Ok(judgement)
            }
            In | NotIn => {
                self.present(env, left, &subject)?;
                let set = self.eval(env, right).await?;
                self.present(env, right, &set)?;
                let found = operators::is_in(&subject, &settled(set))
                    .map_err(|message| self.bad_value(env, right.span, message))?;
                let mut judgement = Judgement::of(found == (op == In));
                if !judgement.holds {
                    judgement.label = format!("it is {}", show_short(&subject, 60));
                }
                Ok(judgement)
            }
            Matches | NotMatches | Contains | NotContains => {
                let negated = matches!(op, NotMatches | NotContains);
                if negated || matches!(op, Contains) {
                    self.present(env, left, &subject)?;
                }
                let pattern = self.pattern(env, right).await?;
                let gap = match &subject {
                    Value::Live(live) if matches!(op, Contains | NotContains) => live.gap(),
                    _ => None,
                };
                let subject = settled(subject);
                let differences = if matches!(op, Matches | NotMatches) {
                    shape::mismatches(&pattern, &subject)
                } else {
                    shape::contains(&pattern, &subject)
                };
                let mut judgement = Judgement::of(differences.holds(negated));
                // Seen is seen; what was not seen may have been in the part that is missing.
                if let (true, Some(Gap::Broken(why))) = (judgement.holds == negated, gap) {
                    judgement.holds = false;
                    judgement.unknown = Some(format!("it {why}; what would have come then was not seen"));
                }
                if !judgement.holds && !negated {
                    let count = differences.len();
                    let verb = if op == Matches { "match" } else { "contain" };
                    judgement.message = format!(
                        "`{}` does not {verb} `{}`",
                        self.written(left.span),
                        self.written(right.span)
                    );
                    judgement.label = match count {
                        1 => "one difference".to_owned(),
                        count => format!("{count} differences"),
                    };
                }
                if let Some(why) = &differences.invalid {
                    // Neither it nor its negation holds.
                    return Err(self.bad_value(env, left.span.to(right.span), why.clone()));
                } else if !judgement.holds && !negated {
                    judgement.details = differences.into_details();
                }
                Ok(judgement)
            }
            _ => {
                self.present(env, left, &subject)?;
                let other = self.eval(env, right).await?;
                self.present(env, right, &other)?;
                let order = operators::compare(&subject, &other)
                    .map_err(|message| self.bad_value(env, left.span.to(right.span), message))?;
                let mut judgement = Judgement::of(order.is_some_and(|order| admits(op, order)));
                if !judgement.holds {
                    judgement.label = format!(
                        "{} is not {} {}",
                        show_short(&subject, 40),
                        op.symbol(),
                        show_short(&other, 40)
                    );
                }
                Ok(judgement)
            }
        }
    }

    /// What shows that two values differ: for structures every path, otherwise nothing but the
    /// values themselves, which the report shows anyway.
    fn unequal(&self, subject: &Value, expected: &Value) -> Vec<Detail> {
        let structured = |value: &Value| matches!(value, Value::List(_) | Value::Object(_));
        let long = |value: &Value| value.as_text().is_some_and(|text| text.len() > 60 || text.contains('\n'));
        if structured(subject) || structured(expected) || (long(subject) && long(expected)) {
            return shape::diff(expected, subject).into_details();
        }
        if subject.kind() != expected.kind() {
            let text = format!("{} never equals {}", a_kind(subject), a_kind(expected));
            return vec![Detail::Note { text }];
        }
        Vec::new()
    }

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
        let gap = match &value {
            Value::Live(live) => live.gap(),
            _ => None,
        };
        let (value, origin) = with_origin(value, || self.written(subject.span).into());
        let declared = self.world.plan.program.lookup_item(env.unit, &used.name.name);
        let denial = match relation::find(&used.name.name) {
            Some(built_in) if declared.is_none() => built_in.denial(used.negated),
            _ if used.negated => format!("is not not {}", used.name.name),
            _ => format!("is not {}", used.name.name),
        };
        let claimed = format!("`{}` {denial}", self.written(subject.span));
        let verdict = match declared {
            Some((item, declared)) if matches!(declared.kind, ItemKind::Check(_)) => {
                let ItemKind::Check(script) = &declared.kind else { return Ok(Judgement::of(false)) };
                let or_empty = used.phrases.iter().any(|phrase| &*phrase.word.name == "or_empty");
                if value.as_list().is_some_and(|items| items.is_empty()) {
                    // A script that goes over nothing finds nothing wrong.
                    let why = "there are no records: a relation over nothing shows nothing; \
                               end it with `or_empty` if that is fine";
                    let details = vec![Detail::Note { text: why.to_owned() }];
                    let message = claimed;
                    let at = Some(subject.span.to(used.span));
                    return Ok(Judgement { message, at, details, ..Judgement::of(or_empty) });
                }
                let values = self.check_arguments(env, &script.params, used, value).await?;
                let verdict = match self.script_check(env, item, values, used.span).await? {
                    None => Verdict::Holds,
                    Some(why) => Verdict::Fails(vec![Detail::Note { text: why }]),
                };
                if used.negated { verdict.negate() } else { verdict }
            }
            _ => self.built_in_relation(env, used, Subject { value: &value, origin, gap }, change).await?,
        };
        let mut judgement =
            Judgement { message: claimed, at: Some(subject.span.to(used.span)), ..Judgement::of(false) };
        match verdict {
            Verdict::Holds => judgement.holds = true,
            Verdict::Fails(details) | Verdict::Invalid(details) => judgement.details = details,
            Verdict::Unknown(why) => judgement.unknown = Some(why),
        }
        Ok(judgement)
    }

    async fn built_in_relation(
        self: &Arc<Self>,
        env: &Env,
        used: &RelationUse,
        Subject { value: subject, origin, gap }: Subject<'_>,
        change: Option<&(Value, Value)>,
    ) -> Flow<Verdict> {
        let name = &used.name.name;
        let Some(relation) = relation::find(name) else {
            let message = format!("there is no relation `{name}`");
            return Err(self.failure(env, Code::UNKNOWN_RELATION, used.name.span, message).into());
        };
        let spec = relation.spec();
        let mut claim: Claim<'static> = Claim { origin, ..Claim::default() };
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
                    args.insert(Arc::from(word), settled(self.eval(env, value).await?));
                }
            }
        }
        claim.args = args;
        let absence = relation::claims_absence(name, used.negated, &claim.args);
        let long = claim.model.is_some() || subject.as_list().is_some_and(|records| records.len() > LONG);
        let (subject, change) = (subject.clone(), change.cloned());
        let judge = move || {
            relation.judge(&Claim {
                subject: Some(&subject),
                change: change.as_ref().map(|(before, after)| (before, after)),
                operand: operand.as_ref(),
                pattern: pattern.as_ref(),
                of: of.as_ref(),
                before: before.as_ref(),
                ..claim
            })
        };
        let verdict = if long {
            // It computes, and so off the threads that wait for the network.
            let judged = tokio::task::spawn_blocking(judge).await;
            judged.unwrap_or_else(|error| Verdict::Unknown(format!("the judgement was cut off: {error}")))
        } else {
            judge()
        };
        let verdict = if used.negated { verdict.negate() } else { verdict };
        Ok(match (verdict, gap) {
            (Verdict::Holds, Some(Gap::Broken(why))) if absence => {
                Verdict::Unknown(format!("it {why}; what would have come then was not seen"))
            }
            (verdict, _) => verdict,
        })
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
            positional.push(settled(self.eval(env, operand).await?));
        }
        for phrase in &used.phrases {
            let Some(value) = &phrase.value else { continue };
            let value = if self.is_key(value) {
                crate::script::key_value(&self.key(env, value)?)
            } else {
                settled(self.eval(env, value).await?)
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

    /// The details every failed judgement shows: what was seen, then what differs.
    pub(crate) fn shown(&self, observer: &Observer, judgement: &Judgement) -> Vec<Detail> {
        let mut details =
            if judgement.details.iter().any(|detail| matches!(detail, Detail::Difference { .. })) {
                // The differences say it better than the whole value would.
                Vec::new()
            } else {
                let mut observed = self.observed(observer);
                if judgement.details.iter().any(|detail| matches!(detail, Detail::Value { .. })) {
                    // The records in question say it better than all of them would.
                    observed.retain(
                        |detail| !matches!(detail, Detail::Value { value, .. } if value.len() > LINE),
                    );
                }
                observed
            };
        details.extend(judgement.details.iter().cloned());
        details
    }
}

/// A history as the list of its records; anything else as it is.
pub(crate) fn settled(value: Value) -> Value {
    match &value {
        Value::Live(live) => match live.items() {
            Some(items) => Value::list(items),
            None => value,
        },
        _ => value,
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

fn admits(op: BinaryOp, order: Ordering) -> bool {
    match op {
        BinaryOp::Less => order.is_lt(),
        BinaryOp::LessEqual => order.is_le(),
        BinaryOp::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn label_of(subject: &Value, expected: &Value) -> String {
    let shown = show_short(subject, 60);
    if shown == show_short(expected, 60) || shown.len() > SHOWN {
        String::new()
    } else {
        format!("it is {shown}")
    }
}
