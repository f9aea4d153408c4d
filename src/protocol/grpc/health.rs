//! Readiness by the health protocol (<https://grpc.io/docs/guides/health-checking/>).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;

use super::Grpc;
use super::fault::{Fault, Stop};
use super::invoke::{End, Rpc};
use super::options::Options;
use super::status::Code;
use super::target::Target;
use super::wire::Seen;
use crate::protocol::{Endpoint, Misuse};
use crate::value::Object;

const PATH: &str = "/grpc.health.v1.Health/Check";
/// A server that takes longer is not ready; the caller asks again.
const PATIENCE: Duration = Duration::from_secs(5);

/// `grpc.health.v1.HealthCheckResponse`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Health {
    #[prost(int32, tag = "1")]
    status: i32,
}

impl Grpc {
    /// Asks for the health of the whole server.
    pub(super) async fn check_health(&self, endpoint: &Endpoint) -> Result<(), String> {
        let plain = |misuse: Misuse| match misuse.help {
            Some(help) => format!("{}; {help}", misuse.message),
            None => misuse.message,
        };
        let target = Target::new(endpoint, false).map_err(plain)?;
        let url = target.url.clone();
        let asked = tokio::time::timeout(PATIENCE, self.ask_health(&target)).await;
        let (answer, end) = match asked {
            Ok(Ok(asked)) => asked,
            Ok(Err(Stop::Misuse(misuse))) => return Err(plain(misuse)),
            Ok(Err(Stop::Fault(fault))) => return Err(fault.message),
            Err(_) => return Err(Fault::deadline(&url, PATIENCE).message),
        };
        match (answer, end) {
            (Some(bytes), _) => match Health::decode(bytes).map(|health| health.status) {
                Ok(1) => Ok(()),
                Ok(2) => Err(format!("`{url}` says that it is NOT_SERVING")),
                Ok(3) => Err(format!("`{url}` says that it has no such service: SERVICE_UNKNOWN")),
                Ok(_) => Err(format!("`{url}` says that its health is UNKNOWN")),
                Err(error) => Err(format!("the health of `{url}` cannot be decoded: {error}")),
            },
            (None, End::Sent(sent)) if sent.code == Code::UNIMPLEMENTED => Err(format!(
                "`{url}` offers no health service (UNIMPLEMENTED): use `ready tcp`, or register `grpc.health.v1.Health`"
            )),
            (None, End::Sent(sent)) => {
                Err(format!("`{url}` refused the health check: {}: {}", sent.code.name(), sent.message))
            }
            (None, End::Fault(fault)) => Err(fault.message),
        }
    }

    async fn ask_health(&self, target: &Target) -> Result<(Option<Bytes>, End), Stop> {
        let options = Options::parse(&Object::new())?;
        let tls = target.tls.then(crate::protocol::tls::TlsMaterial::default);
        let (connection, _) = self.pool.get(target, tls.as_ref()).await?;
        let rpc = Rpc {
            connection,
            path: PATH.to_owned(),
            headers: options.headers(Some(PATIENCE)),
            compression: None,
            max_size: options.max_size,
            seen: Arc::new(Seen::default()),
        };
        // An empty request asks for the server as a whole.
        Ok(rpc.one(tokio_stream::once(Bytes::new())).await)
    }
}
