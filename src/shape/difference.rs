//! What matching finds: the paths at which a value does not fit.

use crate::event::Detail;

/// More differences than this are counted, not listed.
pub(super) const LISTED: usize = 50;

/// A path at which a value does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// From the subject: `.lines[0].qty`; empty for the subject itself.
    pub path: String,
    /// What should be there, as the language writes it.
    pub expected: String,
    /// What is there, secrets masked.
    pub actual: String,
}

/// Every difference of a value, at most `LISTED` of them written out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// The first ones, in the order of the pattern.
    pub listed: Vec<Difference>,
    /// How many more there are.
    pub more: usize,
    /// Why the question itself makes no sense (`5 contains 3`, a computed part that fails): then
    /// neither it nor its negation holds.
    pub invalid: Option<String>,
}

impl Differences {
    /// Whether the value fits.
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.invalid.is_none()
    }

    /// Whether the comparison holds, or with `negated` its `not` form.
    pub fn holds(&self, negated: bool) -> bool {
        self.invalid.is_none() && self.listed.is_empty() != negated
    }

    /// How many there are, listed or not.
    pub fn len(&self) -> usize {
        self.listed.len() + self.more
    }

    /// As details of a failure.
    pub fn into_details(self) -> Vec<Detail> {
        let mut details: Vec<Detail> = self.listed.into_iter().map(Detail::from).collect();
        if self.more > 0 {
            details.push(Detail::Note { text: format!("and {} more differences", self.more) });
        }
        details.extend(self.invalid.map(|text| Detail::Note { text }));
        details
    }

    /// Adds one; past [`LISTED`] it is only counted, and its texts are never made.
    pub(crate) fn push(&mut self, make: impl FnOnce() -> Difference) {
        if self.listed.len() < LISTED {
            self.listed.push(make());
        } else {
            self.more += 1;
        }
    }

    /// Adds all of another.
    pub(crate) fn append(&mut self, other: Differences) {
        for difference in other.listed {
            self.push(|| difference);
        }
        self.more += other.more;
        self.invalid = self.invalid.take().or(other.invalid);
    }
}

impl From<Difference> for Detail {
    fn from(difference: Difference) -> Detail {
        let Difference { path, expected, actual } = difference;
        Detail::Difference { path, expected, actual }
    }
}
