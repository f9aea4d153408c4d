//! `under fault on place { … }`: a block that runs while faults are at work.

mod at_work;
mod harm;

use std::sync::Arc;

use super::ahead::Ahead;
use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::diag::Code;
use crate::source::Span;
use crate::syntax::ast::{Block, Fault};

pub(crate) use at_work::{Faults, Told};
pub(crate) use harm::{Harm, What};

impl Cx {
    /// Evaluates the faults, puts them to work, runs the block and ends them, whatever became of
    /// the block. One that hit nothing is a failure, since the block then proves nothing of it.
    pub(super) async fn under(
        self: &Arc<Self>,
        env: &mut Env,
        faults: &[Fault],
        body: &Block,
        span: Span,
        ahead: &Ahead<'_>,
    ) -> Flow<()> {
        let misplaced = match (env.repeated, env.parallel) {
            (true, _) => Some((
                "`under` stands in what is tried again and again, and each try would be broken anew",
                "put it around `eventually`",
            )),
            (_, true) => Some((
                "`under` stands in what `parallel` runs beside others, and its faults would hit those too",
                "put it around `parallel`",
            )),
            _ => None,
        };
        if let Some((message, help)) = misplaced {
            let mut failure = self.failure(env, Code::MISPLACED, span, message);
            failure.help = Some(help.to_owned());
            return Err(failure.into());
        }
        let mut harms = Vec::with_capacity(faults.len());
        for fault in faults {
            harms.push(self.harm(env, &fault.fault, fault.on.as_ref()).await?);
        }
        let at_work = self.begin_faults(env, harms).await?;
        let flow = self.statements_before(env, &body.statements, None, Some(ahead)).await;
        env.response = None;
        let passed = matches!(flow, Ok(_) | Err(Stop::Return(_)));
        let ended = match flow {
            Err(Stop::Cancelled) => return Err(Stop::Cancelled),
            _ => at_work.end(self, env, passed).await,
        };
        match (flow, ended) {
            (Ok(_), ended) => ended,
            (Err(Stop::Return(_)), Err(stop)) => Err(stop),
            (
                Err(Stop::Failed(mut failures) | Stop::Broken(mut failures) | Stop::Unknown(mut failures)),
                Err(more),
            ) => {
                failures.extend(more.into_failures());
                Err(Stop::Failed(failures))
            }
            (Err(stop), _) => Err(stop),
        }
    }
}
