//! What a claim is worth whose records are not all that happened: the history broke off, so that
//! nobody knows what would have come, or it has holes.
//!
//! Of a history that broke off its beginning is known. What a verdict over a beginning says of the
//! whole is a property of the relation: a violation that more records cannot heal stays one, and
//! what holds stays so only where more records cannot refute it ([`Stays`]). All else is unknown. Of
//! a history with holes nothing is known.

use std::sync::Arc;

use super::{Claim, Verdict, note};
use crate::event::Detail;
use crate::value::Gap;

/// A side of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The subject.
    Subject,
    /// The operand, or what stands after `of`.
    Other,
    /// One of them, whichever.
    Either,
}

/// To which side more records may come without refuting what holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    /// To none: the claim is about every record.
    Neither,
    /// To the subject: what the claim looks for was found.
    Subject,
    /// To the other side: the claim is that the subject is a part of it.
    Other,
}

/// A side that is not all that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    name: Arc<str>,
    gap: Gap,
}

impl Cut {
    /// Of a history as the scenario writes it. One that the scenario itself ended is whole: it
    /// wanted no more.
    pub fn of(name: impl Into<Arc<str>>, gap: Gap) -> Option<Cut> {
        (!matches!(gap, Gap::Closed(_))).then(|| Cut { name: name.into(), gap })
    }

    /// What is wrong with it, as a sentence.
    pub fn why(&self) -> String {
        match &self.gap {
            Gap::Hole(why) => why.clone(),
            Gap::Broken(why) | Gap::Closed(why) => {
                format!("`{}` {why}; what would have come then was not seen", self.name)
            }
        }
    }

    /// Whether nothing can be told from it.
    pub fn is_hole(&self) -> bool {
        matches!(self.gap, Gap::Hole(_))
    }
}

/// What a verdict over the records that are there says of all that happened.
pub(super) fn sound(claim: &Claim<'_>, stays: Stays, verdict: Verdict) -> Verdict {
    let sides = [(Side::Subject, &claim.cut), (Side::Other, &claim.other_cut)];
    let mut cuts = sides.into_iter().filter_map(|(side, cut)| Some((side, cut.as_ref()?)));
    if let Some((_, hole)) = cuts.clone().find(|(_, cut)| cut.is_hole()) {
        return Verdict::Unknown(hole.why());
    }
    match verdict {
        Verdict::Holds => {
            let unharmed = |side: Side| match stays {
                Stays::Neither => false,
                Stays::Subject => side == Side::Subject,
                Stays::Other => side == Side::Other,
            };
            match cuts.find(|(side, _)| !unharmed(*side)) {
                Some((_, cut)) => Verdict::Unknown(cut.why()),
                None => Verdict::Holds,
            }
        }
        Verdict::Lacks(lacking, details) => {
            match cuts.find(|(side, _)| lacking == Side::Either || *side == lacking) {
                Some((_, cut)) => Verdict::Unknown(match first_note(&details) {
                    Some(why) => format!("{why}; but {}", cut.why()),
                    None => cut.why(),
                }),
                None => Verdict::Fails(details),
            }
        }
        Verdict::Invalid(mut details) => {
            details.extend(cuts.map(|(_, cut)| note(cut.why())));
            Verdict::Invalid(details)
        }
        other => other,
    }
}

fn first_note(details: &[Detail]) -> Option<&str> {
    details.iter().find_map(|detail| match detail {
        Detail::Note { text } => Some(text.as_str()),
        _ => None,
    })
}
