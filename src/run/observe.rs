//! `observe NAME from SOURCE`: a history that the runner keeps in the background until the block
//! around it ends. What is asked for, a call or a request, is asked again and again; what tells of
//! itself is heard from now on.

mod asked;
mod observation;

use std::sync::Arc;
use std::time::Duration;

use super::cx::{Cx, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use super::judge::settled;
use crate::syntax::ast::{Expr, ExprKind, Observe};
use crate::syntax::visit;
use crate::value::{Live, Value};

use observation::History;
pub(crate) use observation::Observation;

/// The pause between two observations, unless it is said.
const EVERY: Duration = Duration::from_millis(50);

impl Cx {
    /// Begins to observe; the name is bound to the history.
    pub(super) async fn observe(self: &Arc<Self>, env: &mut Env, observe: &Observe) -> Flow<()> {
        let name = observe.name.name.clone();
        let every = self.duration(env, observe.every.as_ref()).await?;
        let observation = if every.is_some() || asks(&observe.source) {
            let every = every.unwrap_or(EVERY);
            if every.is_zero() {
                let span = observe.every.as_ref().map_or(observe.source.span, |every| every.span);
                return Err(self.bad_value(
                    env,
                    span,
                    "a pause of `0s` would leave no time for anything else",
                ));
            }
            let stop = self.cancel.child_token();
            let history = History::new(self.session.stopwatch);
            let asked = asked::Asked {
                cx: Arc::new(self.for_observation(stop.clone())),
                env: env.observing(),
                source: observe.source.clone(),
                every,
                history: history.clone(),
            };
            tokio::spawn(asked.run());
            Observation::asked(name.clone(), history, stop)
        } else {
            match self.eval(env, &observe.source).await? {
                Value::Live(live) if live.items().is_some() => Observation::heard(name.clone(), live),
                other => {
                    let message = format!(
                        "`{}` is {}, not a history",
                        self.written(observe.source.span),
                        crate::value::words::a_kind(&settled(other))
                    );
                    let stop = self.bad_value(env, observe.source.span, message);
                    return Err(stop);
                }
            }
        };
        let observation = Arc::new(observation);
        let live: Arc<dyn Live> = observation.clone();
        // However the scenario ends, it ends before cleanup.
        self.note_opened(env, &live);
        env.observed.push(observation);
        env.bind(name, Value::Live(live));
        Ok(())
    }

    /// The same scenario for what is asked in the background: it counts nothing for it, and is not
    /// where the scenario stands.
    fn for_observation(&self, cancel: tokio_util::sync::CancellationToken) -> Cx {
        let session = self.session.clone();
        let cx = Cx::new(self.world.clone(), self.id, session, cancel, self.repeat.clone());
        let deadline = *lock(&self.deadline);
        let story = self.story.clone();
        Cx {
            fixtures: self.fixtures.clone(),
            links: self.links.clone(),
            moments: self.moments.clone(),
            began: self.began,
            deadline: std::sync::Mutex::new(deadline),
            story,
            again: self.again,
            ..cx
        }
    }
}

/// The block that began these observations is over: so are they. A contract that was broken while
/// one asked is never only a record.
pub(super) async fn end(observed: Vec<Arc<Observation>>, flow: Flow<Value>) -> Flow<Value> {
    let mut broken = Vec::new();
    for observation in observed {
        observation.settle().await;
        broken.extend(observation.take_breaches());
    }
    match flow {
        Ok(_) | Err(Stop::Return(_)) if !broken.is_empty() => Err(Stop::Broken(broken)),
        Err(Stop::Failed(mut failures)) if !broken.is_empty() => {
            failures.extend(broken);
            Err(Stop::Broken(failures))
        }
        flow => flow,
    }
}

/// Whether a source tells nothing unless it is asked.
fn asks(source: &Expr) -> bool {
    let mut asks = false;
    visit::expression(source, &mut |part| {
        asks |= matches!(part.kind, ExprKind::Request(_) | ExprKind::Call(..))
    });
    asks
}
