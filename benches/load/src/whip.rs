//! Signalling: WHIP (RFC 9725) to publish, and WHEP, its draft sibling in which the client offers too, to subscribe.

use anyhow::{Context, Result, ensure};

use load_kit::http::{self, LoopbackUrl};

use crate::peer::{Direction, Medium, Peer};
use crate::profile::NotingCrypto;
use crate::server::Server;
use crate::signalling::Signalling;

/// The sessions made at one server; they are deleted with this value.
#[derive(Debug)]
pub struct Whip<'a> {
    server: &'a Server,
    /// Whom it publishes to and subscribes from, if not in the server's one room.
    room: Option<u64>,
    sessions: Vec<LoopbackUrl>,
}

impl<'a> Whip<'a> {
    pub fn new(server: &'a Server) -> Self {
        Self { server, room: None, sessions: Vec::new() }
    }

    /// In a room of its own.
    pub fn in_room(server: &'a Server, room: u64) -> Self {
        Self { server, room: Some(room), sessions: Vec::new() }
    }

    /// Gives the answer to the offer of one of two who talk.
    pub fn call(&mut self, room: u64, offer: &str) -> Result<String> {
        self.post(&self.server.whip.join(&format!("/whip/{room}"))?, offer)
    }

    fn post(&mut self, url: &LoopbackUrl, offer: &str) -> Result<String> {
        let reply = http::request("POST", url, offer)?;
        ensure!(reply.status == 201, "POST {url}: {} {}", reply.status, reply.body);
        let location = reply.location.with_context(|| format!("POST {url}: no Location"))?;
        self.sessions.push(url.join(&location)?);
        Ok(reply.body)
    }
}

impl Signalling for Whip<'_> {
    fn publish(&mut self, offer: &str) -> Result<String> {
        match self.room {
            Some(room) => self.call(room, offer),
            None => self.post(&self.server.whip, offer),
        }
    }

    fn subscribe(&mut self, crypto: &NotingCrypto) -> Result<Peer> {
        let (mut peer, offer) = Peer::new(&[(Medium::Picture, Direction::RecvOnly)], crypto)?;
        let answer = match self.room {
            Some(room) => self.call(room, &offer),
            None => self.post(&self.server.whep, &offer),
        };
        peer.accept_answer(&answer?)?;
        Ok(peer)
    }
}

impl Drop for Whip<'_> {
    fn drop(&mut self) {
        for session in self.sessions.drain(..).rev() {
            // The server may be gone, which ends its sessions as well.
            let _ = http::request("DELETE", &session, "");
        }
    }
}
