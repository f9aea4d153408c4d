//! Whether a condition holds, and what shows that it does not.

use std::cmp::Ordering;
use std::sync::Arc;

use super::cut::{Compared, sound};
use super::cx::{Cx, SHOWN};
use super::env::{Env, Observer};
use super::flow::{Flow, Stop};
use crate::diag::Code;
use crate::event::Detail;
use crate::function::operators;
use crate::shape;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::value::BoxFuture;
use crate::value::words::a_kind;
use crate::value::{Value, show_short};

/// Longer values are left out where a judgement shows the parts that matter.
const LINE: usize = 80;

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
    pub(super) fn of(holds: bool) -> Judgement {
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
                    if let Some(unknown) = [&first, &second].into_iter().find(|side| side.unknown.is_some()) {
                        return Ok(Judgement {
                            unknown: unknown.unknown.clone(),
                            message: format!("`{}` holds", self.written(expr.span)),
                            at: Some(expr.span),
                            ..Judgement::of(false)
                        });
                    }
                    let mut details = first.details;
                    details.extend(second.details);
                    let message = format!("neither side of `{}` holds", self.written(expr.span));
                    Ok(Judgement { message, details, ..Judgement::of(false) })
                }
                ExprKind::Unary(UnaryOp::Not, inner) => {
                    let inner = self.judge_as(env, inner, !wanted).await?;
                    let holds = if inner.unknown.is_some() { "holds" } else { "does not hold" };
                    let message = format!("`{}` {holds}", self.written(expr.span));
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
                            Judgement { holds: judged.holds == wanted && judged.unknown.is_none(), ..judged }
                        }
                    };
                    if !judgement.holds {
                        judgement.at.get_or_insert(expr.span);
                        if judgement.unknown.is_some() {
                            judgement.message = format!("`{}` holds", self.written(expr.span));
                        } else if judgement.message.is_empty() {
                            judgement.message = format!("`{}` does not hold", self.written(expr.span));
                        }
                    }
                    Ok(judgement)
                }
                _ => {
                    let value = self.eval(env, expr).await?;
                    let holds = self.truth(env, expr, &value)? == wanted;
                    let cut = self.cut(env, expr, &value);
                    let message = match &cut {
                        Some(_) => format!("`{}` is {wanted}", self.written(expr.span)),
                        None => format!("`{}` is {}", self.written(expr.span), !wanted),
                    };
                    let unknown = cut.map(|cut| cut.why());
                    let holds = holds && unknown.is_none();
                    Ok(Judgement { message, at: Some(expr.span), unknown, ..Judgement::of(holds) })
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
        let left_cut = self.cut(env, left, &subject);
        match op {
            Equal | NotEqual => {
                let expected = self.eval(env, right).await?;
                // A path that leads nowhere equals only a written `absent`.
                if !matches!(left.kind, ExprKind::Absent) && !matches!(right.kind, ExprKind::Absent) {
                    self.present(env, left, &subject)?;
                    self.present(env, right, &expected)?;
                }
                let right_cut = self.cut(env, right, &expected);
                let (subject, expected) = (settled(subject), settled(expected));
                let mut judgement = Judgement::of((op == Equal) == (subject == expected));
                if op == Equal && !judgement.holds {
                    judgement.details = self.unequal(&subject, &expected);
                    judgement.label = label_of(&subject, &expected);
                }
                let left = Compared { expr: left, value: &subject, cut: left_cut };
                Ok(sound(op, judgement, &left, &Compared { expr: right, value: &expected, cut: right_cut }))
            }
            In | NotIn => {
                self.present(env, left, &subject)?;
                let set = self.eval(env, right).await?;
                self.present(env, right, &set)?;
                let right_cut = self.cut(env, right, &set);
                let set = settled(set);
                let found = operators::is_in(&subject, &set)
                    .map_err(|message| self.bad_value(env, right.span, message))?;
                let mut judgement = Judgement::of(found == (op == In));
                if !judgement.holds {
                    judgement.label = format!("it is {}", show_short(&subject, 60));
                }
                let left = Compared { expr: left, value: &subject, cut: left_cut };
                Ok(sound(op, judgement, &left, &Compared { expr: right, value: &set, cut: right_cut }))
            }
            Matches | NotMatches | Contains | NotContains => {
                let negated = matches!(op, NotMatches | NotContains);
                if negated || matches!(op, Contains) {
                    self.present(env, left, &subject)?;
                }
                let pattern = self.pattern(env, right).await?;
                let right_cut = self.cut(env, right, &Value::Absent);
                let subject = settled(subject);
                let differences = if matches!(op, Matches | NotMatches) {
                    shape::mismatches(&pattern, &subject)
                } else {
                    shape::contains(&pattern, &subject)
                };
                let mut judgement = Judgement::of(differences.holds(negated));
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
                let left = Compared { expr: left, value: &subject, cut: left_cut };
                Ok(sound(
                    op,
                    judgement,
                    &left,
                    &Compared { expr: right, value: &Value::Absent, cut: right_cut },
                ))
            }
            _ => {
                self.present(env, left, &subject)?;
                let other = self.eval(env, right).await?;
                self.present(env, right, &other)?;
                let right_cut = self.cut(env, right, &other);
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
                let left = Compared { expr: left, value: &subject, cut: left_cut };
                Ok(sound(op, judgement, &left, &Compared { expr: right, value: &other, cut: right_cut }))
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
