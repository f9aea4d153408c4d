//! What an expression sees: variables, the last response, the thing at hand. Immutable and cheap
//! to clone, so that parallel branches cannot disturb each other.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::event::Exchange;
use crate::relation::Cut;
use crate::shape::DrawKey;
use crate::source::Span;
use crate::value::{Live, Value};

/// The names in scope at one place of a running block.
#[derive(Debug, Clone)]
pub(crate) struct Env {
    /// The module whose top-level names are visible.
    pub(crate) unit: usize,
    variables: Option<Arc<Variable>>,
    /// What `status`, `body` and the like speak of.
    pub(crate) response: Option<Arc<Response>>,
    /// What `.x` speaks of.
    pub(crate) it: Option<Value>,
    /// The titles of the steps around this place, outermost first.
    pub(crate) steps: Arc<Vec<String>>,
    /// How many action calls are around this place.
    pub(crate) depth: u32,
    /// The key of data drawn here: the run's seed, the scenario, the calls and turns around.
    pub(crate) key: DrawKey,
    /// Where the item starts in its file: draw sites count from there, so that another item above
    /// changes no drawn byte.
    pub(crate) origin: u32,
    /// Where the values of sub-expressions go while an expectation is judged.
    pub(crate) observer: Option<Observer>,
    /// The tries around this place: attempts of an `eventually` and the like, outermost first.
    pub(crate) tries: Arc<Vec<u64>>,
    /// Whether values are only shown here, so that reading them judges nothing.
    pub(crate) showing: bool,
    /// The shape that is being made here, when one is.
    pub(crate) making: Option<Arc<super::shapes::Making>>,
    /// Whether what stands here is tried again until it holds, so that a failure need not be the
    /// last word.
    pub(crate) repeated: bool,
    /// Whether branches of a `parallel` run beside what stands here.
    pub(crate) parallel: bool,
    /// Counts what is checked in the property around this place.
    pub(crate) checks: Option<Arc<AtomicU32>>,
    /// What is observed until the end of a block around this place.
    pub(crate) observed: Vec<Arc<super::observe::Observation>>,
    /// The last statement of the action around this place, whose value nobody reads.
    pub(crate) dropped: Option<Span>,
    /// The call that a double answers here.
    pub(crate) answering: Option<Arc<super::double::Turn>>,
    /// The service whose settings stand here: where it looks for others, links may stand.
    pub(crate) caller: Option<Arc<super::service::ServiceRef>>,
}

#[derive(Debug)]
struct Variable {
    name: Arc<str>,
    value: Value,
    response: Option<Arc<Response>>,
    outer: Option<Arc<Variable>>,
}

/// A response with what the report shows of it.
#[derive(Debug)]
pub(crate) struct Response {
    /// The protocol's record.
    pub(crate) record: Value,
    /// For the report.
    pub(crate) exchange: Exchange,
}

impl Env {
    /// The empty scope of a module.
    pub(crate) fn of_unit(unit: usize, key: DrawKey, origin: u32) -> Env {
        Env {
            unit,
            variables: None,
            response: None,
            it: None,
            steps: Arc::default(),
            depth: 0,
            key,
            origin,
            observer: None,
            tries: Arc::default(),
            showing: false,
            making: None,
            repeated: false,
            parallel: false,
            checks: None,
            observed: Vec::new(),
            dropped: None,
            answering: None,
            caller: None,
        }
    }

    /// Whether only names of the module are in scope, so that a place always means the same.
    pub(crate) fn is_plain(&self) -> bool {
        self.variables.is_none() && self.it.is_none() && self.response.is_none()
    }

    /// Binds a name from here on.
    pub(crate) fn bind(&mut self, name: Arc<str>, value: Value) {
        self.bind_response(name, value, None);
    }

    /// Binds a name to a response, so that a failure that speaks of the name can show it.
    pub(crate) fn bind_response(&mut self, name: Arc<str>, value: Value, response: Option<Arc<Response>>) {
        let outer = self.variables.take();
        self.variables = Some(Arc::new(Variable { name, value, response, outer }));
    }

    fn find(&self, name: &str) -> Option<&Variable> {
        let mut next = self.variables.as_deref();
        while let Some(variable) = next {
            if &*variable.name == name {
                return Some(variable);
            }
            next = variable.outer.as_deref();
        }
        None
    }

    /// A variable's value.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).map(|variable| &variable.value)
    }

    /// The response that a variable was bound to.
    pub(crate) fn response_of(&self, name: &str) -> Option<&Arc<Response>> {
        self.find(name).and_then(|variable| variable.response.as_ref())
    }

    /// The scope of an action's body: its own variables only.
    pub(crate) fn call(&self, unit: usize, origin: u32, site: Span) -> Env {
        let key = self.key.with(format!("call {}", site.start.saturating_sub(self.origin)));
        Env {
            steps: self.steps.clone(),
            depth: self.depth + 1,
            tries: self.tries.clone(),
            showing: self.showing,
            repeated: self.repeated,
            parallel: self.parallel,
            checks: self.checks.clone(),
            caller: self.caller.clone(),
            ..Env::of_unit(unit, key, origin)
        }
    }

    /// The key of what is drawn at a place of this item.
    pub(crate) fn site(&self, span: Span) -> DrawKey {
        self.key.with(format!("draw {}", span.start.saturating_sub(self.origin)))
    }

    /// The scope of one turn of a loop, or one branch of a `parallel`.
    pub(crate) fn turn(&self, index: usize, parallel: bool) -> Env {
        let key = self.key.with(format!("turn {index}"));
        Env { key, parallel: self.parallel || parallel, ..self.clone() }
    }

    /// The same scope for what is asked again and again beside it.
    pub(crate) fn observing(&self) -> Env {
        Env { response: None, repeated: true, observed: Vec::new(), checks: None, ..self.clone() }
    }

    /// The same scope with an observer of sub-expressions.
    pub(crate) fn observed(&self, observer: &Observer) -> Env {
        Env { observer: Some(observer.clone()), ..self.clone() }
    }

    /// The same scope where a double answers a call.
    pub(crate) fn answering(&self, turn: Arc<super::double::Turn>) -> Env {
        Env { answering: Some(turn), ..self.clone() }
    }

    /// The same scope with something else at hand, and nobody who looks on.
    pub(crate) fn with_at_hand(&self, it: Value) -> Env {
        Env { observer: None, it: Some(it), ..self.clone() }
    }

    /// The same scope where values are only shown.
    pub(crate) fn shown(&self) -> Env {
        Env { showing: true, ..self.clone() }
    }

    /// Counts a request or an expectation for the property around this place.
    pub(crate) fn count_check(&self) {
        if let Some(checks) = &self.checks {
            checks.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Goes into a step; returns what [`Env::leave_step`] wants back.
    pub(crate) fn enter_step(&mut self, title: String) -> Arc<Vec<String>> {
        let outer = self.steps.clone();
        let mut steps = (*outer).clone();
        steps.push(title);
        self.steps = Arc::new(steps);
        outer
    }

    /// Leaves a step.
    pub(crate) fn leave_step(&mut self, outer: Arc<Vec<String>>) {
        self.steps = outer;
    }
}

/// Something that changes, and which of its versions was seen.
pub(crate) type Watched = (Arc<dyn Live>, u64);

/// Collects the values of sub-expressions while an expectation is judged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observer {
    seen: Arc<Mutex<Vec<(Span, Value)>>>,
    absent: Arc<Mutex<Vec<(Span, String)>>>,
    live: Arc<Mutex<Vec<Watched>>>,
    cuts: Arc<Mutex<Vec<Cut>>>,
    /// The histories of which the expectation itself says how they ended.
    ends: Arc<Vec<Arc<dyn Live>>>,
}

impl Observer {
    /// For an expectation that is itself about how these histories ended.
    pub(crate) fn knowing(ends: Vec<Arc<dyn Live>>) -> Observer {
        Observer { ends: Arc::new(ends), ..Observer::default() }
    }

    /// Whether the expectation is itself about how a history ended.
    pub(crate) fn knows_end(&self, live: &Arc<dyn Live>) -> bool {
        self.ends.iter().any(|known| Arc::ptr_eq(known, live))
    }

    /// Notes that all the records were read of a history that is not all that happened.
    pub(crate) fn note_cut(&self, cut: Cut) {
        self.cuts.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(cut);
    }

    /// The first such history since this was last asked.
    pub(crate) fn take_cut(&self) -> Option<Cut> {
        let mut cuts = self.cuts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        std::mem::take(&mut *cuts).into_iter().next()
    }

    /// Notes a value; of several at one place, the last counts.
    pub(crate) fn note(&self, span: Span, value: &Value) {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match seen.iter_mut().find(|(at, _)| *at == span) {
            Some(entry) => entry.1 = value.clone(),
            None => seen.push((span, value.clone())),
        }
    }

    /// What was noted, in order of place, without the heads of longer paths: of `body.total` the
    /// `body` is left out.
    pub(crate) fn values(&self) -> Vec<(Span, Value)> {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        seen.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        seen.dedup_by_key(|(span, _)| span.start);
        seen
    }

    /// Notes a live thing, with the version it has before anything of it is read: a change in
    /// between is then not missed.
    pub(crate) fn note_live(&self, live: &Arc<dyn Live>) {
        let mut seen = self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !seen.iter().any(|(known, _)| Arc::ptr_eq(known, live)) {
            seen.push((live.clone(), live.version()));
        }
    }

    /// Notes a history that belongs to something live: what is read of the history is all that is
    /// read of the other.
    pub(crate) fn note_part(&self, whole: &Arc<dyn Live>, part: &Arc<dyn Live>) {
        let mut seen = self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.retain(|(known, _)| !Arc::ptr_eq(known, whole));
        drop(seen);
        self.note_live(part);
    }

    /// The live things that were read, with the versions they had.
    pub(crate) fn live(&self) -> Vec<Watched> {
        self.live.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Notes why a path leads nowhere.
    pub(crate) fn note_absence(&self, span: Span, why: String) {
        let mut absent = self.absent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !absent.iter().any(|(at, _)| *at == span) {
            absent.push((span, why));
        }
    }

    /// Why the path at a place leads nowhere.
    pub(crate) fn absence(&self, span: Span) -> Option<String> {
        let absent = self.absent.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        absent.iter().find(|(at, _)| *at == span).map(|(_, why)| why.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    #[test]
    fn inner_scopes_see_outer_names_and_leave_them_alone() {
        let mut outer = Env::of_unit(0, DrawKey::new(1), 0);
        outer.bind("a".into(), Value::int(1));
        let mut inner = outer.clone();
        inner.bind("b".into(), Value::int(2));
        assert_eq!(inner.get("a"), Some(&Value::int(1)));
        assert!(outer.get("b").is_none());
        assert!(inner.call(0, 0, Span::default()).get("a").is_none());
    }

    #[test]
    fn heads_of_paths_are_left_out() {
        let observer = Observer::default();
        let at = |start, end| Span::new(SourceId(0), start, end);
        observer.note(at(0, 4), &Value::int(1));
        observer.note(at(0, 10), &Value::int(2));
        observer.note(at(14, 15), &Value::int(3));
        let values: Vec<Value> = observer.values().into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, [Value::int(2), Value::int(3)]);
    }
}
