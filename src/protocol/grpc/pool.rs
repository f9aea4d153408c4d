//! The connections of a run: one to each server and TLS identity, made anew when it is gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::connect::{Connection, Secure};
use super::fault::Stop;
use super::target::Target;
use crate::protocol::tls::TlsMaterial;

/// Where the connection of a target is, once there is one.
type Slot = tokio::sync::Mutex<Option<Arc<Connection>>>;

/// The address and the TLS identity.
type Key = (String, Option<TlsMaterial>);

#[derive(Debug, Default)]
pub(super) struct Pool {
    slots: Mutex<BTreeMap<Key, Arc<Slot>>>,
}

impl Pool {
    /// The connection to a target, which is live as far as is known; and whether it is new.
    pub(super) async fn get(
        &self,
        target: &Target,
        tls: Option<&TlsMaterial>,
    ) -> Result<(Arc<Connection>, bool), Stop> {
        let key = (target.url.clone(), tls.cloned());
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.entry(key).or_default().clone()
        };
        live(&slot, target, tls).await
    }
}

/// What a connection is replaced by when it takes no more requests.
#[derive(Debug)]
pub(super) struct Home {
    slot: Weak<Slot>,
    tls: Option<TlsMaterial>,
}

impl Home {
    /// The connection that stands there instead of one that broke; none when none can be made.
    pub(super) async fn again(&self, broken: &Connection) -> Option<Arc<Connection>> {
        broken.breaks();
        let slot = self.slot.upgrade()?;
        live(&slot, &broken.target, self.tls.as_ref()).await.ok().map(|(connection, _)| connection)
    }
}

/// The connection of a slot, made when there is none; and whether it is new.
async fn live(
    slot: &Arc<Slot>,
    target: &Target,
    tls: Option<&TlsMaterial>,
) -> Result<(Arc<Connection>, bool), Stop> {
    // Held while connecting, so that parallel calls share one connection.
    let mut held = slot.lock().await;
    if let Some(connection) = held.as_ref().filter(|connection| !connection.is_closed()) {
        return Ok((connection.clone(), false));
    }
    *held = None;
    let config = match tls {
        Some(tls) => {
            let (config, asked) = tls.config(&["h2"])?;
            Some(Secure { config: Arc::new(config), asked, name: tls.server_name.as_deref() })
        }
        None => None,
    };
    let home = Home { slot: Arc::downgrade(slot), tls: tls.cloned() };
    let connection = Arc::new(Connection::open(target, config, home).await?);
    *held = Some(connection.clone());
    Ok((connection, true))
}
