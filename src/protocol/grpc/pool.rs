//! The connections of a run: one to each server and TLS identity, made anew when it is gone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::connect::{Connection, Secure};
use super::fault::Stop;
use super::target::Target;
use crate::protocol::tls::TlsMaterial;

type Slot = Arc<tokio::sync::Mutex<Option<Arc<Connection>>>>;

/// Keyed by address and TLS identity.
#[derive(Debug, Default)]
pub(super) struct Pool {
    slots: Mutex<BTreeMap<(String, Option<TlsMaterial>), Slot>>,
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
        // Held while connecting, so that parallel calls share one connection.
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok((connection.clone(), false));
        }
        *slot = None;
        let config = match tls {
            Some(tls) => {
                let (config, asked) = tls.config(&["h2"])?;
                Some(Secure { config: Arc::new(config), asked, name: tls.server_name.as_deref() })
            }
            None => None,
        };
        let connection = Arc::new(Connection::open(target, config).await?);
        *slot = Some(connection.clone());
        Ok((connection, true))
    }
}
