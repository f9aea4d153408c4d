//! Protocol Buffers: the rules, and the walk over two sets of descriptors that finds what breaks
//! them. Messages, enums and services are paired by their full names, fields and enum values by
//! their numbers.

mod class;
mod enums;
mod field;
mod file;
mod message;
mod places;
mod service;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prost_reflect::{DescriptorPool, FileDescriptor, Kind, MessageDescriptor};

use super::{Break, Level, Mark, Nothing, Rule, Touches};
use crate::contract::Address;
use crate::source::{SourceId, Sources};
use places::Places;
pub(crate) use table::RULES;

/// One contract as descriptors, with the places of what they declare.
#[derive(Debug)]
pub(crate) struct ProtoSide {
    pool: DescriptorPool,
    /// The files that are the contract's own, by the name under which they are imported: their
    /// path below the directory that was named.
    files: BTreeMap<String, String>,
    /// The import name of the one file that was named, when it was a file.
    only: Option<String>,
    places: Places,
}

impl ProtoSide {
    /// Takes compiled files; `files` holds, by import name, the path and the source of each that
    /// is not built in.
    pub(crate) fn new(
        pool: DescriptorPool,
        files: BTreeMap<String, (String, SourceId)>,
        only: Option<String>,
        sources: &Sources,
    ) -> ProtoSide {
        let places = Places::new(&pool, &files, sources);
        let files = files.into_iter().map(|(name, (path, _))| (name, path)).collect();
        ProtoSide { pool, files, only, places }
    }

    /// Whether a file is the contract's own.
    fn owns(&self, file: &FileDescriptor) -> bool {
        self.files.contains_key(file.name())
    }

    /// The contract's own files.
    fn own_files(&self) -> impl Iterator<Item = FileDescriptor> {
        self.pool.files().filter(|file| self.owns(file))
    }
}

/// The walk.
pub(crate) struct Walk<'a> {
    old: &'a ProtoSide,
    new: &'a ProtoSide,
    level: Level,
    breaks: Vec<Break>,
    /// Packages that have another name now: old to new.
    packages: BTreeMap<String, String>,
    /// By the full name of a message or enum: the methods through which it can be reached.
    reach: BTreeMap<String, Arc<[Address]>>,
    /// Every method of the old contract.
    everything: Arc<[Address]>,
    /// How many declarations were found on both sides.
    pairs: usize,
}

/// Compares.
pub(crate) fn compare(old: &ProtoSide, new: &ProtoSide, level: Level) -> Result<Vec<Break>, Nothing> {
    let mut walk = Walk {
        old,
        new,
        level,
        breaks: Vec::new(),
        packages: BTreeMap::new(),
        reach: reach(old),
        everything: old.pool.services().flat_map(|service| addresses(&service)).collect(),
        pairs: 0,
    };
    let declared = old.own_files().any(|file| {
        file.messages().len() + file.enums().len() + file.services().len() + file.extensions().len() > 0
    });
    if !declared {
        return Err(Nothing::Declared);
    }
    walk.files();
    walk.messages();
    walk.enums();
    walk.extensions();
    walk.services();
    let found = walk.breaks.iter().any(|found| found.rule.levels.contains(&level));
    if walk.pairs == 0 && !found {
        return Err(Nothing::InCommon);
    }
    Ok(walk.breaks)
}

impl Walk<'_> {
    /// Notes a break, when its rule belongs to the level.
    fn say(
        &mut self,
        rule: &'static Rule,
        message: String,
        old: Option<Mark>,
        new: Option<Mark>,
        touches: Touches,
    ) {
        if rule.levels.contains(&self.level) {
            self.breaks.push(Break { rule, message, old, new, touches });
        }
    }

    /// The name under which a declaration of the old contract is looked for in the new one.
    fn renamed(&self, file: &FileDescriptor, full_name: &str) -> String {
        let package = file.package_name();
        let Some(now) = self.packages.get(package) else { return full_name.to_owned() };
        let rest = full_name.strip_prefix(package).unwrap_or(full_name).trim_start_matches('.');
        if now.is_empty() { rest.to_owned() } else { format!("{now}.{rest}") }
    }

    /// The file of the new contract that stands where an old one stood.
    fn counterpart(&self, old: &FileDescriptor) -> Option<FileDescriptor> {
        if let (Some(before), Some(after)) = (&self.old.only, &self.new.only)
            && before == old.name()
        {
            return self.new.pool.get_file_by_name(after);
        }
        let path = self.old.files.get(old.name())?;
        let name = self.new.files.iter().find(|(_, other)| *other == path).map(|(name, _)| name)?;
        self.new.pool.get_file_by_name(name)
    }

    /// Says when a declaration that is still there stands in another file. Nothing is said of
    /// those whose file is gone: that was said of the file.
    fn stays_in_file(
        &mut self,
        what: &str,
        full_name: &str,
        old: (&FileDescriptor, &[i32]),
        new: (&FileDescriptor, &[i32]),
    ) {
        let Some(home) = self.counterpart(old.0) else { return };
        if home.name() == new.0.name() {
            return;
        }
        let (from, to) = (self.old.places.name_of(old.0), self.new.places.name_of(new.0));
        let message = format!("the {what} `{full_name}` stood in `{from}` and stands in `{to}` now");
        let marks = (
            self.old.places.named(old.0, old.1, "it stood here"),
            self.new.places.named(new.0, new.1, "now here"),
        );
        let touches = self.touching(full_name);
        self.say(table::DECLARATION_MOVED, message, marks.0, marks.1, touches);
    }

    /// Whoever calls a method that reaches the declaration with this name.
    fn touching(&self, full_name: &str) -> Touches {
        Touches { operations: self.reach.get(full_name).cloned().unwrap_or_default(), names: Vec::new() }
    }

    /// Whoever does that and writes one of the names.
    fn naming(&self, full_name: &str, names: &[&str]) -> Touches {
        let mut names: Vec<Arc<str>> = names.iter().map(|name| Arc::from(*name)).collect();
        names.sort();
        names.dedup();
        Touches { names, ..self.touching(full_name) }
    }

    /// Whoever calls anything of the contract.
    fn all(&self) -> Touches {
        Touches { operations: self.everything.clone(), names: Vec::new() }
    }
}

/// The methods of a service as addresses.
fn addresses(service: &prost_reflect::ServiceDescriptor) -> Vec<Address> {
    service.methods().map(|method| address(&method)).collect()
}

fn address(method: &prost_reflect::MethodDescriptor) -> Address {
    Address::Grpc {
        service: method.parent_service().full_name().into(),
        method: method.name().into(),
        client_streaming: method.is_client_streaming(),
        server_streaming: method.is_server_streaming(),
    }
}

/// For every message and enum, the methods whose messages hold it at any depth.
fn reach(side: &ProtoSide) -> BTreeMap<String, Arc<[Address]>> {
    let mut found: BTreeMap<String, Vec<Address>> = BTreeMap::new();
    for service in side.pool.services() {
        for method in service.methods() {
            let mut seen = BTreeSet::new();
            let mut waiting = vec![method.input(), method.output()];
            while let Some(message) = waiting.pop() {
                if !seen.insert(message.full_name().to_owned()) {
                    continue;
                }
                for kind in kinds(&message) {
                    match kind {
                        Kind::Message(inner) => waiting.push(inner),
                        Kind::Enum(inner) => {
                            seen.insert(inner.full_name().to_owned());
                        }
                        _ => {}
                    }
                }
            }
            for name in seen {
                found.entry(name).or_default().push(address(&method));
            }
        }
    }
    found.into_iter().map(|(name, methods)| (name, methods.into())).collect()
}

fn kinds(message: &MessageDescriptor) -> Vec<Kind> {
    message.fields().map(|field| field.kind()).collect()
}
