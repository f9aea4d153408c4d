//! What answers must be: a success, the same as another, a refusal, or what a probe's own block
//! says.

use std::sync::Arc;

use super::super::ahead::{Ahead, is_checked};
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::Operation;
use super::report::{Finding, note};
use super::trial::{Answer, Trial};
use crate::event::Detail;
use crate::relation::without;
use crate::shape::diff;
use crate::syntax::ast::{Block, Expr, ExprKind};
use crate::value::{Path, Value, show_short};

/// The gRPC statuses that say the caller is wrong (grpc.io/docs/guides/status-codes).
const CALLERS: &[&str] = &[
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNAUTHENTICATED",
];

impl Trial {
    /// An answer to the operation itself: a success, or what the block expects. Whether it is.
    pub(super) async fn accepts(&mut self, operation: &Operation<'_>, answer: &Answer) -> Flow<bool> {
        let before = self.findings.len();
        let checked = is_checked(&Ahead { rest: operation.expects, beyond: None }, None);
        if answer.broke() && !checked.error || !answer.succeeded && !checked.verdict {
            let told = format!("must succeed, and came to {}", answer.told());
            self.find(told, Vec::new(), answer);
        } else {
            let env = self.env.clone();
            self.judged(&env, operation.expects, answer).await?;
        }
        Ok(self.findings.len() == before)
    }

    /// A repeated answer: what the probe's block says, else the same as the first.
    pub(super) async fn repeats(
        &mut self,
        operation: &Operation<'_>,
        body: Option<(&Block, bool)>,
        first: &Answer,
        answer: &Answer,
    ) -> Flow<()> {
        match body {
            Some((block, profile)) => self.block_holds(block, profile, answer).await,
            None => self.is_same(operation, first, answer).await,
        }
    }

    /// What a probe's own block says of an answer.
    pub(super) async fn block_holds(&mut self, block: &Block, profile: bool, answer: &Answer) -> Flow<()> {
        let env = self.env_of(profile).clone();
        // A block that does not look whether there was an answer must not pass without one.
        let checked = is_checked(&Ahead { rest: &block.statements, beyond: None }, None);
        if answer.broke() && !checked.error {
            let told = format!("got no answer: {}", answer.told());
            self.find(told, Vec::new(), answer);
            return Ok(());
        }
        if !answer.succeeded && !checked.verdict && !checked.error {
            let told = format!("came to {}, and the probe's block does not look at it", answer.told());
            self.find(told, Vec::new(), answer);
        }
        self.judged(&env, &block.statements, answer).await
    }

    async fn judged(
        &mut self,
        env: &Env,
        statements: &[crate::syntax::ast::Statement],
        answer: &Answer,
    ) -> Flow<()> {
        let mut env = env.clone();
        env.response = Some(answer.response.clone());
        match self.cx.statements(&mut env, statements, None).await {
            Ok(_) => Ok(()),
            Err(Stop::Failed(failures)) => {
                for failure in failures {
                    let told = format!("came to {}: {}", answer.told(), failure.message);
                    self.find(told, failure.details, answer);
                }
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    /// The same answer, but for what may differ.
    pub(super) async fn is_same(
        &mut self,
        operation: &Operation<'_>,
        first: &Answer,
        answer: &Answer,
    ) -> Flow<()> {
        self.cx.count_expectation();
        let details = self.differences(operation, first, answer).await?;
        if !details.is_empty() {
            let told = match answer.part("status") == first.part("status") {
                true => format!("came to another answer than attempt {}", first.number),
                false => {
                    format!("came to {} and attempt {} to {}", answer.told(), first.number, first.told())
                }
            };
            self.find(told, details, answer);
        }
        Ok(())
    }

    /// Every path at which two answers differ, but for what may.
    pub(super) async fn differences(
        &self,
        operation: &Operation<'_>,
        first: &Answer,
        answer: &Answer,
    ) -> Flow<Vec<Detail>> {
        let mut details = Vec::new();
        if operation.same.is_empty() {
            let parts = ["status", "body"].map(|part| (part, first.part(part), answer.part(part)));
            let absent = |value: &Value| matches!(value, Value::Absent);
            if parts.iter().all(|(_, first, answer)| absent(first) && absent(answer)) {
                let text = "neither answer has a `status` or a `body`, so nothing was compared: write \
                            what must be the same, as in `same stdout`";
                details.push(note(text.to_owned()));
            }
            for (part, first, answer) in &parts {
                compare(&mut details, part, first, answer);
            }
            return Ok(details);
        }
        let profile = operation.idempotent.same.is_empty();
        for same in operation.same {
            let mut except: Vec<Path> = Vec::new();
            for path in &same.except {
                except.push(self.cx.key_path(&self.env, path)?);
            }
            for part in &same.parts {
                let written = self.cx.written(part.span);
                let strip = |value: Value| except.iter().fold(value, |value, path| without(&value, &path.0));
                let expected = strip(self.part_of(profile, part, first).await?);
                let actual = strip(self.part_of(profile, part, answer).await?);
                if matches!((&expected, &actual), (Value::Absent, Value::Absent))
                    && !matches!(part.kind, ExprKind::Name(_))
                {
                    details.push(note(format!("neither answer has `{written}`, so nothing was compared")));
                }
                compare(&mut details, &written, &expected, &actual);
            }
        }
        Ok(details)
    }

    async fn part_of(&self, profile: bool, part: &Expr, answer: &Answer) -> Flow<Value> {
        let mut env = self.env_of(profile).clone();
        env.response = Some(answer.response.clone());
        let value = self.cx.eval(&env, part).await?;
        self.cx.records(&env, value, part.span)
    }

    /// A refusal that says the caller is wrong: 4xx, or a gRPC status that means as much. A
    /// service that broke over the request has not refused it.
    pub(super) fn refuses(&mut self, answer: &Answer, why: &str) {
        self.cx.count_expectation();
        let status = answer.part("status");
        let refused = match &status {
            Value::Number(number) => number.to_i128().is_some_and(|status| (400..500).contains(&status)),
            Value::Text(text) => CALLERS.contains(&&*text.text),
            _ => false,
        };
        if answer.broke() || !refused {
            let told = format!("{why} must be refused, and came to {}", answer.told());
            self.find(told, Vec::new(), answer);
        }
    }

    /// Whether an answer is one of the refusals that mean that another attempt is under way.
    pub(super) fn is_busy(answer: &Answer, busy: &Value) -> bool {
        let status = answer.part("status");
        match busy {
            // A success is no refusal, whatever is called one.
            _ if answer.succeeded => false,
            Value::List(statuses) => statuses.contains(&status),
            Value::Absent | Value::Null => false,
            one => *one == status,
        }
    }

    /// Notes something that is not as it must be.
    pub(super) fn find(&mut self, told: String, details: Vec<Detail>, answer: &Answer) {
        let exchange = Some(Arc::new(answer.response.exchange.clone()));
        self.findings.push(Finding { attempt: Some(answer.number), told, details, exchange, unknown: None });
    }
}

/// Whether a probe's own block looks at how an answer went.
pub(super) fn looks_at_verdict(block: &Block) -> bool {
    is_checked(&Ahead { rest: &block.statements, beyond: None }, None).verdict
}

/// Adds the differences of one part, with the part before their paths.
fn compare(details: &mut Vec<Detail>, part: &str, expected: &Value, actual: &Value) {
    let found = diff(expected, actual);
    if found.is_empty() {
        return;
    }
    for detail in found.into_details() {
        details.push(match detail {
            Detail::Difference { path, expected, actual } => {
                Detail::Difference { path: format!("{part}{path}"), expected, actual }
            }
            other => other,
        });
    }
    if details.is_empty() {
        let text = format!("`{part}` was {}, and is {}", show_short(expected, 80), show_short(actual, 80));
        details.push(note(text));
    }
}
