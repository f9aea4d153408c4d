//! Where a service is played: a listener that is there for the whole run, so that its address can
//! be handed out, and asks whoever plays the service at the moment.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use super::super::cx::lock;
use super::Active;
use crate::protocol::serve::{Host, Received, Refusal};
use crate::system::Port;
use crate::value::{BoxFuture, Live};

/// The place of one service.
#[derive(Debug)]
pub(crate) struct Stand {
    service: Arc<str>,
    address: SocketAddr,
    /// Until it is served.
    listener: Mutex<Option<TcpListener>>,
    active: Mutex<Option<Arc<Active>>>,
    /// Keeps the port ours.
    _port: Port,
}

impl Stand {
    /// Begins to listen; nobody answers yet. Errors: the port cannot be bound.
    pub(crate) fn open(service: Arc<str>, port: Port) -> std::io::Result<Arc<Stand>> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number()))?;
        listener.set_nonblocking(true)?;
        Ok(Arc::new(Stand {
            service,
            address: listener.local_addr()?,
            listener: Mutex::new(Some(listener)),
            active: Mutex::default(),
            _port: port,
        }))
    }

    /// The name of the service.
    pub(super) fn service(&self) -> &Arc<str> {
        &self.service
    }

    /// Where callers find it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same with its scheme.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The listener, once.
    pub(crate) fn listener(&self) -> Option<TcpListener> {
        lock(&self.listener).take()
    }

    /// Whether a scenario has it played now.
    pub(crate) fn is_active(&self) -> bool {
        lock(&self.active).is_some()
    }

    /// What came to the double that plays now.
    pub(crate) fn calls(&self) -> Option<Arc<dyn Live>> {
        lock(&self.active).as_ref().map(|active| active.history() as Arc<dyn Live>)
    }

    /// Has the service played by another; returns who played it until now.
    pub(super) fn begin(&self, active: Arc<Active>) -> Option<Arc<Active>> {
        lock(&self.active).replace(active)
    }

    /// Has it played as before.
    pub(super) fn end(&self, before: Option<Arc<Active>>) {
        *lock(&self.active) = before;
    }
}

impl Host for Stand {
    fn called(self: Arc<Self>, mut call: Received) -> BoxFuture<'static, ()> {
        let active = lock(&self.active).clone().filter(|active| !active.is_late(&call));
        Box::pin(async move {
            match active {
                Some(active) => active.called(call).await,
                None => {
                    let why = format!("no scenario has `{}` played now", self.service);
                    call.responder.refuse(Refusal::Inactive, &why);
                }
            }
        })
    }
}
