//! What a contract says of a service's methods.

use prost_reflect::DescriptorPool;

/// The names of all methods of all services, in alphabetical order.
pub(super) fn methods(pool: &DescriptorPool) -> Vec<String> {
    let mut names: Vec<String> = pool
        .services()
        .flat_map(|service| service.methods().map(|method| method.name().to_owned()).collect::<Vec<_>>())
        .collect();
    names.sort();
    names.dedup();
    names
}
