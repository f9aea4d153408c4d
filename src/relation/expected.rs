//! What stands after `of`: what was put in. Either plain keys, or the operations that put it in, of
//! which an acknowledged one did, a failed one did not, and one of unknown outcome may have.

use super::records::{invalid, list, there};
use super::{Claim, Verdict, note};
use crate::event::Detail;
use crate::history::{Operation, Outcome};
use crate::lang::{Param, Ty};
use crate::shape::Index;
use crate::value::{Value, show};

pub(super) const OF: Param = Param::required(
    "of",
    Ty::List,
    "the keys that were put in, or the operations that did: of these the acknowledged ones must be \
     there, those of unknown outcome may, and failed ones must not",
);

pub(super) const KEY: Param = Param::new(
    "key",
    Ty::Key,
    "the key of what stands after `of`; by default an operation's last argument, else the thing itself",
);

/// One key that was put in, or was to be.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) key: Value,
    /// The places after `of` at which it was put in for certain, perhaps, and not at all.
    pub(super) acknowledged: Vec<usize>,
    pub(super) unknown: Vec<usize>,
    pub(super) failed: Vec<usize>,
}

/// What was put in, and where each key stands in it.
pub(super) struct Expected {
    /// The elements as they stand after `of`.
    pub(super) elements: Vec<Value>,
    /// The keys, each once, in the order of their first elements.
    pub(super) puts: Vec<Put>,
    index: Index,
}

impl Expected {
    /// Reads what stands after `of`.
    pub(super) fn of(claim: &Claim<'_>) -> Result<Expected, Verdict> {
        let elements = list(claim.of, "what stands after `of`")?;
        let mut puts: Vec<Put> = Vec::new();
        let mut index = Index::default();
        for (at, element) in elements.iter().enumerate() {
            let (key, outcome) = read(claim, at, element)?;
            let place = index.find(&key, |put| &puts[put].key).unwrap_or_else(|| {
                index.add(&key, puts.len());
                puts.push(Put { key, acknowledged: Vec::new(), unknown: Vec::new(), failed: Vec::new() });
                puts.len() - 1
            });
            let put = &mut puts[place];
            match outcome {
                Outcome::Ok => put.acknowledged.push(at),
                Outcome::Info => put.unknown.push(at),
                Outcome::Fail => put.failed.push(at),
            }
        }
        Ok(Expected { elements, puts, index })
    }

    /// The same key put in twice would hide that two operations became one.
    pub(super) fn distinct(&self) -> Result<(), Verdict> {
        match self.puts.iter().find(|put| put.acknowledged.len() > 1) {
            Some(put) => Err(invalid(format!(
                "the expected keys [{}] and [{}] are the same, {}; write `.unique` if that is meant",
                put.acknowledged[0],
                put.acknowledged[1],
                show(&put.key)
            ))),
            None => Ok(()),
        }
    }

    /// The key as it was put in.
    pub(super) fn find(&self, key: &Value) -> Option<&Put> {
        self.index.find(key, |put| &self.puts[put].key).map(|put| &self.puts[put])
    }

    /// Elements after `of`, as a failure shows them.
    pub(super) fn shown(&self, claim: &Claim<'_>, places: &[usize]) -> Vec<Detail> {
        places.iter().take(3).map(|&at| there(claim, "of", at, &self.elements[at])).collect()
    }
}

fn read(claim: &Claim<'_>, at: usize, element: &Value) -> Result<(Value, Outcome), Verdict> {
    let operation = is_operation(element).then(|| Operation::read(element)).transpose();
    let operation = operation.map_err(|why| invalid(format!("the expected [{at}]: {why}")))?;
    let outcome = operation.as_ref().map_or(Outcome::Ok, |operation| operation.outcome);
    let key = match (&claim.key, operation) {
        (Some(key), _) => key.get(element),
        (None, Some(operation)) => operation.args.last().cloned().unwrap_or(Value::Absent),
        (None, None) => element.clone(),
    };
    if matches!(key, Value::Absent) {
        let why = note(match &claim.key {
            Some(key) => format!("the expected [{at}] has no `{key}`"),
            None if is_operation(element) => {
                format!(
                    "the expected operation [{at}] has no arguments; say its key, as in `(key: .value.id)`"
                )
            }
            None => format!("the expected key [{at}] is absent"),
        });
        return Err(Verdict::Invalid(vec![why, there(claim, "of", at, element)]));
    }
    Ok((key, outcome))
}

/// Whether a record is an operation of a workload or of a recorded history.
pub(super) fn is_operation(record: &Value) -> bool {
    let fields = record.as_object();
    fields.is_some_and(|fields| ["f", "outcome", "start"].iter().all(|field| fields.contains_key(*field)))
}
