//! Probes: attacks on an operation that is said to be idempotent. Each is a name with its
//! parameters, the place that it is aimed at, and what it needs of the request. What they do is in
//! `run::idempotent`; what they are called and promise is here, so that `check`, help and the
//! reference say the same.

mod place;
mod specs;

pub use place::{KeyPlace, key_place};
pub use specs::SPECS;

/// No probe repeats a request more often.
pub const MOST: u32 = 100;

/// Where a probe is aimed: what stands behind its `on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// It takes no place.
    Nothing,
    /// A service; by default the one that the request goes to.
    Service,
    /// A link; by default the runner's own to the service that the request goes to.
    Link,
    /// A link, which must be given.
    GivenLink,
    /// A link, when one is given.
    AnyLink,
}

/// What a probe must find before it can attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing special.
    Nothing,
    /// A place of the key: `by`.
    Key,
    /// A body of the request.
    Body,
    /// One whose fields have an order when they are sent, which those of gRPC have not.
    Order,
    /// A service that has several members.
    Members,
}

/// What distinguishes probes before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// The name.
    pub name: &'static str,
    /// What stands behind `on`.
    pub on: On,
    /// What it needs.
    pub needs: Needs,
    /// The fewest requests that it may be told to send: one alone is not concurrent.
    pub least: u32,
}

const fn probe(name: &'static str, on: On, needs: Needs) -> Traits {
    Traits { name, on, needs, least: 1 }
}

/// Every probe.
pub const PROBES: &[Traits] = &[
    probe("replay", On::Nothing, Needs::Nothing),
    Traits { least: 2, ..probe("concurrent", On::Nothing, Needs::Nothing) },
    probe("lost_request", On::Link, Needs::Nothing),
    probe("lost_response", On::Link, Needs::Nothing),
    probe("in_flight", On::AnyLink, Needs::Nothing),
    probe("restart", On::Service, Needs::Nothing),
    probe("changed_body", On::Nothing, Needs::Body),
    probe("reordered_body", On::Nothing, Needs::Order),
    probe("missing_key", On::Nothing, Needs::Key),
    probe("malformed_key", On::Nothing, Needs::Key),
    probe("failed_first", On::GivenLink, Needs::Nothing),
    probe("expired", On::Nothing, Needs::Nothing),
    probe("other_tenant", On::Nothing, Needs::Nothing),
    probe("other_replica", On::Nothing, Needs::Members),
    probe("redelivery", On::Nothing, Needs::Nothing),
];

/// The probe with this name.
pub fn find(name: &str) -> Option<&'static Traits> {
    PROBES.iter().find(|probe| probe.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_has_its_words_and_every_word_its_probe() {
        let mut told: Vec<&str> = SPECS.iter().map(|spec| spec.name).collect();
        let mut there: Vec<&str> = PROBES.iter().map(|probe| probe.name).collect();
        told.sort_unstable();
        there.sort_unstable();
        assert_eq!(told, there);
        assert!(SPECS.iter().all(|spec| spec.example.starts_with("probe ")));
    }
}
