//! What a report says of a probe: what it found, the timeline of its attempts, and the command
//! that repeats it.

use std::sync::Arc;

use super::super::flow::Stop;
use super::Operation;
use super::trial::Trial;
use crate::check::Attack;
use crate::diag::Code;
use crate::event::{Detail, Exchange};
use crate::value::{Value, show_short};

/// Something that is not as it must be.
pub(super) struct Finding {
    /// The attempt that it is found of; it stands before what is told.
    pub(super) attempt: Option<u32>,
    /// One line: `must succeed, and it came to 500 Internal Server Error`.
    pub(super) told: String,
    /// What shows it.
    pub(super) details: Vec<Detail>,
    /// The attempt that it speaks of.
    pub(super) exchange: Option<Arc<Exchange>>,
    /// Why it can neither be shown nor refuted.
    pub(super) unknown: Option<String>,
}

pub(super) fn note(text: impl Into<String>) -> Detail {
    Detail::Note { text: text.into() }
}

pub(super) fn value(name: &str, value: &Value) -> Detail {
    Detail::Value { expression: name.into(), value: show_short(value, 160) }
}

impl Trial {
    /// The end of an attack: nothing was found, or one failure that tells all of it.
    pub(super) fn verdict(
        &mut self,
        operation: &Operation<'_>,
        attack: Option<&Attack<'_>>,
    ) -> Result<(), Stop> {
        let findings = std::mem::take(&mut self.findings);
        if findings.is_empty() {
            return Ok(());
        }
        let unknown = findings.iter().all(|finding| finding.unknown.is_some());
        let who = match attack {
            Some(attack) => format!("probe `{}`", attack.title),
            None => "the operation as it is".to_owned(),
        };
        let findings = joined(findings);
        let told: Vec<&str> = findings.iter().map(|finding| finding.told.as_str()).collect();
        let message = format!("{who}: {}", told.join("; "));
        let span = attack.map_or(operation.request_span, |attack| operation.place_of(attack));
        let mut failure = self.cx.failure(&self.env, Code::EXPECTATION, span, message);
        failure.label = match attack {
            Some(attack) if attack.profile.is_some() => {
                format!("`{}` is a probe of this profile", attack.name)
            }
            Some(_) => "this probe".to_owned(),
            None => "without any probe".to_owned(),
        };
        failure.details.push(self.timeline());
        failure.details.extend(self.downstream());
        for finding in findings {
            failure.details.extend(finding.details);
            failure.details.extend(finding.unknown.map(note));
            if failure.exchange.is_none() {
                failure.exchange = finding.exchange.map(|exchange| Box::new((*exchange).clone()));
            }
        }
        if attack.is_none() {
            failure.help =
                Some("the operation must succeed and show its effect before it is attacked".into());
        }
        Err(if unknown { Stop::Unknown(vec![failure]) } else { Stop::Failed(vec![failure]) })
    }
}

/// What was found of several attempts alike is told once; its differences name the attempt.
fn joined(findings: Vec<Finding>) -> Vec<Finding> {
    let mut joined: Vec<(Finding, Vec<u32>)> = Vec::new();
    for finding in findings {
        let alike =
            joined.iter_mut().find(|(known, _)| known.told == finding.told && known.attempt.is_some());
        match (alike, finding.attempt) {
            (Some((known, attempts)), Some(attempt)) => {
                if attempts.len() == 1 {
                    label(&mut known.details, attempts[0]);
                }
                let mut details = finding.details;
                label(&mut details, attempt);
                known.details.extend(details);
                attempts.push(attempt);
            }
            _ => {
                let attempts = finding.attempt.into_iter().collect();
                joined.push((finding, attempts));
            }
        }
    }
    let told = |(mut finding, attempts): (Finding, Vec<u32>)| {
        let names: Vec<String> = attempts.iter().map(u32::to_string).collect();
        finding.told = match names.split_last() {
            None => finding.told,
            Some((one, [])) => format!("attempt {one} {}", finding.told),
            Some((last, rest)) => format!("attempts {} and {last} each {}", rest.join(", "), finding.told),
        };
        finding
    };
    joined.into_iter().map(told).collect()
}

fn label(details: &mut [Detail], attempt: u32) {
    for detail in details {
        if let Detail::Difference { path, .. } = detail {
            *path = format!("attempt {attempt}: {path}");
        }
    }
}
