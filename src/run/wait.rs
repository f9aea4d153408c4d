//! What waiting came to, attempt by attempt.

use std::time::Duration;

use super::flow::Stop;
use crate::event::Detail;
use crate::value::{Value, show_short};

/// The default deadline of `eventually` and `next`.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How many attempts a report shows: the first ones and the last ones.
const SHOWN_ATTEMPTS: (usize, usize) = (3, 5);

/// What attempts came to, kept small however many there are: equal neighbours are one.
#[derive(Default)]
pub(super) struct Attempts {
    seen: Vec<(u32, u64, String, u32)>,
    count: u32,
}

impl Attempts {
    pub(super) fn note(&mut self, at: Duration, text: String) {
        self.count += 1;
        match self.seen.last_mut() {
            Some((_, _, last, times)) if *last == text => *times += 1,
            _ => {
                let (head, tail) = SHOWN_ATTEMPTS;
                if self.seen.len() >= head + tail {
                    self.seen.remove(head);
                }
                self.seen.push((self.count, at.as_micros() as u64, text, 1));
            }
        }
    }

    pub(super) fn details(self) -> Vec<Detail> {
        let again = |text: String, times: u32| {
            if times > 1 { format!("{text} (the same {times} times)") } else { text }
        };
        self.seen
            .into_iter()
            .map(|(number, at_us, text, times)| Detail::Attempt { number, at_us, text: again(text, times) })
            .collect()
    }
}

/// The failure after waiting: says how long, and shows the attempts.
pub(super) fn waited(
    stop: Stop,
    attempts: Attempts,
    within: Duration,
    ended: bool,
    story: Option<String>,
) -> Stop {
    let (mut failures, unknown) = match stop {
        Stop::Failed(failures) => (failures, false),
        Stop::Unknown(failures) => (failures, true),
        other => return other,
    };
    if let Some(failure) = failures.first_mut() {
        let count = attempts.count;
        let tries = if count == 1 { "1 attempt".to_owned() } else { format!("{count} attempts") };
        let limit = show_short(&Value::duration(within), 20);
        let text = if ended {
            format!("nothing can change any more; looked at {tries}")
        } else {
            format!("still so after {limit} and {tries}")
        };
        failure.details.push(Detail::Note { text });
        // What is unknown has said why.
        failure.details.extend(story.filter(|_| !unknown || ended).map(|text| Detail::Note { text }));
        failure.details.extend(attempts.details());
    }
    if unknown { Stop::Unknown(failures) } else { Stop::Failed(failures) }
}
