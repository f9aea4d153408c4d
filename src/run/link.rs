//! The links of a run: those between services stand as long as the run, those from the runner
//! itself as long as the scenario that names them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::cx::{Cx, lock};
use crate::check::{Ends, LinkName};
use crate::link::Link;

/// Links by their ends: one for each member of each end.
#[derive(Debug, Default)]
pub(crate) struct Links {
    standing: Mutex<BTreeMap<Ends, Vec<Arc<Link>>>>,
}

impl Links {
    /// The links that a name means, in the order of their ends.
    pub(crate) fn of(&self, name: &LinkName) -> Vec<Arc<Link>> {
        let standing = lock(&self.standing);
        let meant = standing
            .iter()
            .filter(|(ends, _)| ends.from == name.from && name.to.is_none_or(|to| to == ends.to));
        meant.flat_map(|(_, links)| links.iter().cloned()).collect()
    }
}

impl Cx {
    /// The links that a name means, as they stand for this scenario: several for a service with
    /// members and for `a -> *`.
    pub(crate) fn links_of(&self, name: &LinkName) -> Vec<Arc<Link>> {
        let mut links = self.world.links.of(name);
        links.extend(self.links.of(name));
        links
    }
}
