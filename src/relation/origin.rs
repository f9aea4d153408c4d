//! Where records come from and when they happened, so that a failure can say it of each it shows.

use std::sync::Arc;

/// The history that a claim's records are from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// As the scenario writes it: `feed`, `(orders -> ledger).calls`.
    pub name: Arc<str>,
    /// When each record began and was over, in nanoseconds since the run began; both are the same
    /// for a message, and without an end it lasts.
    pub times: Vec<(i64, Option<i64>)>,
}

impl Origin {
    /// `[3] of feed at 1.204s` for each of these records, as exactly as it takes to tell their times
    /// apart.
    pub fn places(&self, records: impl IntoIterator<Item = usize>) -> Vec<String> {
        let records: Vec<usize> = records.into_iter().collect();
        let mut shown: Vec<i64> =
            records.iter().filter_map(|at| self.times.get(*at)).map(|time| time.0).collect();
        shown.sort_unstable();
        shown.dedup();
        let close = shown.windows(2).any(|pair| pair[0] / MILLISECOND == pair[1] / MILLISECOND);
        records.into_iter().map(|at| self.place(at, if close { 6 } else { 3 })).collect()
    }

    fn place(&self, at: usize, digits: usize) -> String {
        let seconds = |nanos: i64| format!("{:.digits$}s", nanos as f64 / 1e9);
        let name = &self.name;
        match self.times.get(at) {
            None => format!("[{at}] of {name}"),
            Some((start, None)) => format!("[{at}] of {name} from {}, not over", seconds(*start)),
            Some((start, Some(end))) if start == end => format!("[{at}] of {name} at {}", seconds(*start)),
            Some((start, Some(end))) => {
                format!("[{at}] of {name} from {} to {}", seconds(*start), seconds(*end))
            }
        }
    }
}

const MILLISECOND: i64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn places(times: &[(i64, Option<i64>)]) -> Vec<String> {
        Origin { name: "feed".into(), times: times.to_vec() }.places(0..times.len())
    }

    #[test]
    fn a_record_says_where_it_comes_from_and_when() {
        assert_eq!(places(&[(1_204_000_000, Some(1_204_000_000))]), ["[0] of feed at 1.204s"]);
        assert_eq!(
            places(&[(0, Some(20_400_000)), (7_000_000, None)]),
            ["[0] of feed from 0.000s to 0.020s", "[1] of feed from 0.007s, not over"]
        );
        assert_eq!(Origin { name: "feed".into(), times: Vec::new() }.places([4]), ["[4] of feed"]);
    }

    #[test]
    fn times_within_a_millisecond_are_told_apart() {
        let (a, b) = (1_204_100_000, 1_204_900_000);
        assert_eq!(
            places(&[(a, Some(a)), (b, Some(b))]),
            ["[0] of feed at 1.204100s", "[1] of feed at 1.204900s"]
        );
    }
}
