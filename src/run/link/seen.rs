//! A service as another one sees it: at the address of the link between them.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;

use super::super::service::ServiceRef;
use super::Standing;
use crate::value::{BoxFuture, Live, Value};

/// A service at the address of a link; all else is its own.
#[derive(Debug)]
pub(super) struct Seen {
    service: Arc<ServiceRef>,
    address: SocketAddr,
    members: Vec<Arc<Seen>>,
}

impl Seen {
    /// By the links to it, or to its members; nothing when none stands.
    pub(super) fn new(service: &Arc<ServiceRef>, links: &[Standing]) -> Option<Seen> {
        let one = |service: &Arc<ServiceRef>| {
            let link = links.iter().find(|link| link.to.name == service.name)?;
            Some(Seen { service: service.clone(), address: link.link.address(), members: Vec::new() })
        };
        if service.members.is_empty() {
            return one(service);
        }
        let members: Vec<Arc<Seen>> = service.members.iter().filter_map(one).map(Arc::new).collect();
        // Its front stands at the address of the first member.
        let address = members.first()?.address;
        Some(Seen { service: service.clone(), address, members })
    }
}

/// A URL that leads to another host and port, and is the same otherwise.
pub(super) fn moved(url: &str, to: SocketAddr) -> String {
    let Ok(mut parsed) = url::Url::parse(url) else { return format!("http://{to}") };
    if parsed.set_host(Some(&to.ip().to_string())).is_err() || parsed.set_port(Some(to.port())).is_err() {
        return format!("http://{to}");
    }
    let moved = parsed.to_string();
    if url.ends_with('/') { moved } else { moved.trim_end_matches('/').to_owned() }
}

impl Live for Seen {
    fn kind(&self) -> &'static str {
        self.service.kind()
    }

    fn name(&self) -> Arc<str> {
        self.service.name()
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "addr" => Some(Value::text(self.address.to_string())),
            "host" => Some(Value::text(self.address.ip().to_string())),
            "port" => Some(Value::int(self.address.port())),
            "url" => {
                let own = self.service.address()?;
                Some(Value::text_with(moved(&own.url, self.address), own.secret))
            }
            "members" => {
                Some(Value::list(self.members.iter().map(|member| Value::Live(member.clone())).collect()))
            }
            _ => self.service.field(name),
        }
    }

    fn fields(&self) -> &'static [&'static str] {
        self.service.fields()
    }

    fn items(&self) -> Option<Vec<Value>> {
        self.service.items()
    }

    fn version(&self) -> u64 {
        self.service.version()
    }

    fn changed(&self, seen: u64) -> BoxFuture<'static, ()> {
        self.service.changed(seen)
    }

    fn is_over(&self) -> bool {
        self.service.is_over()
    }

    fn as_any(&self) -> &dyn Any {
        self.service.as_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_all_but_its_host_and_port() {
        let to: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        for (url, wanted) in [
            ("http://127.0.0.1:80", "http://127.0.0.1:4711"),
            ("http://10.0.0.1:4000/base/", "http://127.0.0.1:4711/base/"),
            ("https://orders.example.com/v1", "https://127.0.0.1:4711/v1"),
            ("postgres://me:secret@db:5432/shop?a=b", "postgres://me:secret@127.0.0.1:4711/shop?a=b"),
        ] {
            assert_eq!(moved(url, to), wanted);
        }
    }
}
