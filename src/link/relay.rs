//! A connection of which nothing is understood: bytes both ways, and its end as it comes.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::near::{Conn, Near, resets};

const BUFFER: usize = 64 << 10;

/// Passes on until both sides have ended. `back` goes to the caller first.
pub(super) async fn serve(
    conn: &Arc<Conn>,
    mut near: Near,
    mut far: TcpStream,
    back: BytesMut,
    mut upstream: watch::Receiver<SocketAddr>,
) {
    let relay = async {
        near.write_all(&back).await?;
        tokio::io::copy_bidirectional_with_sizes(&mut near, &mut far, BUFFER, BUFFER).await
    };
    let relayed = tokio::select! {
        relayed = relay => relayed,
        // The service is another from now on, and nobody knows where a message ends here.
        _ = upstream.changed() => return,
    };
    if relayed.is_err() {
        resets(&far);
        conn.reset();
    }
}
