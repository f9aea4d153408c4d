//! Finding the method that a call names.

use std::sync::{Arc, Mutex, PoisonError};

use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::contract::proto::Proto;
use crate::diag::did_you_mean;
use crate::protocol::{Call, CallPlace, Misuse};

/// The methods that one client has found by their names in contracts.
#[derive(Debug, Default)]
pub(super) struct Found(Mutex<Vec<(Arc<Proto>, String, MethodDescriptor)>>);

impl Found {
    /// The one method of a contract that fits, looked for once.
    pub(super) fn method(
        &self,
        proto: &Arc<Proto>,
        wanted: &str,
        service: &str,
    ) -> Result<MethodDescriptor, Misuse> {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = found.iter().find(|(of, name, _)| name == wanted && Arc::ptr_eq(of, proto));
        if let Some((.., method)) = known {
            return Ok(method.clone());
        }
        let method = find(proto, wanted, service)?;
        found.push((proto.clone(), wanted.to_owned(), method.clone()));
        Ok(method)
    }
}

/// The method as written: `GetEntry`, `Ledger.GetEntry`, `ledger.v1.Ledger.GetEntry`.
pub(super) fn wanted(call: &Call) -> Result<String, Misuse> {
    if !call.members.is_empty() {
        return Ok(call.members.join("."));
    }
    let path = match &call.place {
        Some(CallPlace::Path(path)) => path.text.trim_start_matches('/').replace('/', "."),
        _ => String::new(),
    };
    if path.is_empty() {
        let service = call.endpoint.as_ref().map_or("ledger", |endpoint| &endpoint.service);
        return Err(Misuse::new(format!("`{}` needs a method", call.verb))
            .help(format!("write it after the service: `{} {service}.GetEntry {{ … }}`", call.verb)));
    }
    Ok(path)
}

/// The one method that fits; how else the service could be meant goes into the advice.
pub(super) fn find(pool: &DescriptorPool, wanted: &str, service: &str) -> Result<MethodDescriptor, Misuse> {
    let (of, name) = match wanted.rsplit_once('.') {
        Some((of, name)) => (Some(of), name),
        None => (None, wanted),
    };
    let all: Vec<MethodDescriptor> = pool.services().flat_map(|s| s.methods().collect::<Vec<_>>()).collect();
    let mut found: Vec<&MethodDescriptor> = all
        .iter()
        .filter(|method| method.name() == name && of.is_none_or(|of| is_called(method, of)))
        .collect();
    // Health and reflection are in every server; whoever means them can say so.
    if found.len() > 1 {
        let own: Vec<_> = found.iter().copied().filter(|method| !is_infrastructure(method)).collect();
        if !own.is_empty() {
            found = own;
        }
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(unknown(&all, wanted, of, service)),
        several => {
            let names: Vec<String> =
                several.iter().map(|method| format!("`{}`", long_name(method, &all))).collect();
            Err(Misuse::new(format!("several services of `{service}` have a method `{name}`"))
                .help(format!("say which: {}", names.join(" or "))))
        }
    }
}

/// Whether a method's service has this name, full or in its last parts.
fn is_called(method: &MethodDescriptor, of: &str) -> bool {
    let full = method.parent_service().full_name();
    full == of || full.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'))
}

fn is_infrastructure(method: &MethodDescriptor) -> bool {
    method.parent_service().full_name().starts_with("grpc.")
}

/// `Service.Method`, with the package only where the short form is ambiguous.
fn long_name(method: &MethodDescriptor, all: &[MethodDescriptor]) -> String {
    let service = method.parent_service();
    let twins = all
        .iter()
        .filter(|other| other.name() == method.name() && other.parent_service().name() == service.name());
    let of = if twins.count() > 1 { service.full_name() } else { service.name() };
    format!("{of}.{}", method.name())
}

fn unknown(all: &[MethodDescriptor], wanted: &str, of: Option<&str>, service: &str) -> Misuse {
    let misuse = Misuse::new(format!("`{service}` has no method `{wanted}`"));
    let own = || all.iter().filter(|method| !is_infrastructure(method));
    let names: Vec<String> = match of {
        Some(_) => all.iter().map(|method| long_name(method, all)).collect(),
        None => all.iter().map(|method| method.name().to_owned()).collect(),
    };
    let last = wanted.rsplit('.').next().unwrap_or(wanted);
    let advice = did_you_mean(wanted, names.iter().map(String::as_str))
        .or_else(|| did_you_mean(last, all.iter().map(MethodDescriptor::name)));
    let listed: Vec<String> = own().take(12).map(|method| format!("`{}`", method.name())).collect();
    match advice {
        Some(advice) => misuse.help(advice),
        None if listed.is_empty() => misuse.help("its contract declares no service"),
        None => misuse.help(format!("it has {}", listed.join(", "))),
    }
}

/// `/ledger.v1.Ledger/GetEntry`.
pub(super) fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}
