//! What a comparison says of a history that broke off: what was seen of it may be compared, and what
//! would have come then may turn the comparison around. Of relations that is their own property; see
//! [`crate::relation::Cut`].

use std::sync::Arc;

use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use super::judge::{Judgement, settled};
use crate::diag::Code;
use crate::event::Detail;
use crate::relation::Cut;
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};
use crate::value::{Gap, Live, Value};

/// The kind of what is asked again and again.
const OBSERVATION: &str = "observation";

/// One side of a comparison, evaluated.
pub(super) struct Compared<'a> {
    pub(super) expr: &'a Expr,
    pub(super) value: &'a Value,
    pub(super) cut: Option<Cut>,
}

impl Cx {
    /// What keeps an evaluated expression from speaking of all that happened: it is a history that
    /// broke off, or it was made of all the records of one. An expectation that is itself about how
    /// the history ended knows that it did.
    pub(super) fn cut(&self, env: &Env, expr: &Expr, value: &Value) -> Option<Cut> {
        let observer = env.observer.as_ref();
        let within = observer.and_then(|observer| observer.take_cut());
        if env.showing {
            return None;
        }
        match value {
            Value::Live(live) if observer.is_some_and(|observer| observer.knows_end(live)) => None,
            Value::Live(live) => Cut::of(self.written(expr.span), live.gap()?),
            _ => within,
        }
    }

    /// All the records of a history are read. When it broke off, an expectation notes that and weighs
    /// it; elsewhere, what is made of them would be taken for all that happened.
    pub(super) fn reads_whole(&self, env: &Env, live: &Arc<dyn Live>, span: Span) -> Flow<()> {
        let Some(cut) = live.gap().and_then(|gap| Cut::of(self.written(span), gap)) else { return Ok(()) };
        match &env.observer {
            _ if env.showing => Ok(()),
            Some(observer) => {
                if !observer.knows_end(live) {
                    observer.note_cut(cut);
                }
                Ok(())
            }
            None => {
                let name = self.written(span);
                let message = format!("nobody knows what is in `{name}`");
                let mut failure = self.failure(env, Code::EXPECTATION, span, message);
                failure.details.push(Detail::Note { text: cut.why() });
                failure.help = Some(format!("`{name}.items` are those that came"));
                Err(Stop::Unknown(vec![failure]))
            }
        }
    }

    /// Looks that all failed say nothing of what was looked for, but to a claim about their errors.
    pub(super) fn unanswered(&self, value: &Value, subject: Span, claim: Span) -> Option<Cut> {
        let Value::Live(live) = value else { return None };
        let items = live.items().filter(|items| live.kind() == OBSERVATION && !items.is_empty())?;
        let error = |item: &Value| item.as_object()?.get("error").cloned();
        let errors: Option<Vec<Value>> = items.iter().map(error).collect();
        let first = errors?.into_iter().next()?;
        if self.written(claim).contains("error") {
            return None;
        }
        let why = first.as_object().and_then(|error| error.get("message")).map(crate::value::show);
        let name = self.written(subject);
        let why = format!("none of the looks of `{name}` succeeded: {}", why.unwrap_or_default());
        Cut::of(name, Gap::Hole(why))
    }

    /// A history as the list of its records; anything else as it is.
    pub(super) fn records(&self, env: &Env, value: Value, span: Span) -> Flow<Value> {
        if let Value::Live(live) = &value {
            self.reads_whole(env, live, span)?;
        }
        Ok(settled(value))
    }
}

/// The judgement of a comparison, given what was not seen of its sides.
pub(super) fn sound(
    op: BinaryOp,
    judgement: Judgement,
    left: &Compared<'_>,
    right: &Compared<'_>,
) -> Judgement {
    let holds = judgement.holds;
    let turning =
        [(left, right, op), (right, left, mirrored(op))].into_iter().find_map(|(side, other, op)| {
            let cut = side.cut.as_ref()?;
            let turns = cut.is_hole() || may_turn(op, holds, side, other, std::ptr::eq(side, right));
            turns.then(|| cut.why())
        });
    match turning {
        Some(why) => Judgement { holds: false, unknown: Some(why), ..judgement },
        None => judgement,
    }
}

/// Whether more records of one side may make a comparison hold that does not, or not hold that does.
fn may_turn(op: BinaryOp, holds: bool, side: &Compared<'_>, other: &Compared<'_>, is_right: bool) -> bool {
    use BinaryOp::{
        Contains, Equal, Greater, GreaterEqual, In, Less, LessEqual, NotContains, NotEqual, NotIn,
    };
    let counts = matches!(&side.expr.kind, ExprKind::Field(_, field) if &*field.name == "count");
    match op {
        // What is in it stays in it.
        Contains if !is_right => !holds,
        NotContains if !is_right => holds,
        In if is_right => !holds,
        NotIn if is_right => holds,
        // Counts only grow, and lists only at their end.
        Greater | GreaterEqual if counts => !holds,
        Less | LessEqual if counts => holds,
        Equal | NotEqual => match (side.value, other.value) {
            (Value::Number(seen), Value::Number(wanted)) if counts => seen <= wanted,
            (Value::List(seen), Value::List(wanted)) => wanted.starts_with(seen),
            _ => true,
        },
        _ => true,
    }
}

/// The same comparison with its sides exchanged.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        other => other,
    }
}
