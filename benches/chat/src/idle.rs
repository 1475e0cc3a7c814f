//! What a socket costs on which nothing happens.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::{SinkExt, StreamExt};
use tokio::{task::JoinSet, time};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    server::Server,
    staff::{Person, Socket},
};

/// Sockets that are being opened at once.
const AT_ONCE: usize = 50;
/// Long enough for each socket to be pinged and to answer.
const SETTLE: Duration = Duration::from_secs(20);

/// Growth of the server's resident memory, bytes a socket. People have connected before, so that only sockets are counted.
pub(crate) async fn measure(server: &Server, staff: &[Person], count: usize) -> Result<u64> {
    let mut first = open(staff, staff.len()).await?;
    time::sleep(Duration::from_secs(2)).await;
    let before = server.resident()?;
    let mut rest = open(staff, count).await?;
    time::sleep(SETTLE).await;
    ensure!(rest.len() == count && rest.try_join_next().is_none(), "a socket was closed");
    let after = server.resident()?;
    rest.shutdown().await;
    first.shutdown().await;
    Ok(after.saturating_sub(before) / count as u64)
}

async fn open(staff: &[Person], count: usize) -> Result<JoinSet<()>> {
    let mut held = JoinSet::new();
    let mut opened = 0;
    while opened < count {
        let batch = (opened..count.min(opened + AT_ONCE)).map(|number| staff[number % staff.len()].socket());
        for socket in futures_util::future::try_join_all(batch).await? {
            held.spawn(hold(socket));
            opened += 1;
        }
    }
    Ok(held)
}

/// Until the server closes it.
async fn hold(mut socket: Socket) {
    while let Some(Ok(message)) = socket.next().await {
        if matches!(message, Message::Ping(_)) && socket.flush().await.is_err() {
            return;
        }
    }
}
