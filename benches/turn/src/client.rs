//! A TURN client with one allocation, and one channel to another client's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use load_kit::sys::{Batch, Poll};

use crate::line::Line;
use crate::server::Server;
use crate::stun::{Answer, Credentials, Login, Method, Request};

/// Each client has a single peer.
const CHANNEL: u16 = 0x4000;
const HEADER_LEN: usize = 4;
/// Before a datagram is sent again; a connection loses none.
const PATIENCE: Duration = Duration::from_secs(1);
const ATTEMPTS: usize = 3;
const UNAUTHENTICATED: u16 = 401;

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) line: Line,
    login: Login,
    relayed: SocketAddr,
    transactions: u64,
    frame: Vec<u8>,
}

/// Two clients whose allocations have a channel to each other.
pub(crate) fn pair(server: &Server, tls: Option<&Arc<rustls::ClientConfig>>) -> Result<[Client; 2]> {
    let mut one = Client::new(server, tls)?;
    let mut other = Client::new(server, tls)?;
    one.bind(other.relayed)?;
    other.bind(one.relayed)?;
    Ok([one, other])
}

impl Client {
    fn new(server: &Server, tls: Option<&Arc<rustls::ClientConfig>>) -> Result<Self> {
        let mut line = match tls {
            Some(config) => Line::tls(server.tls, config)?,
            None => Line::udp(server.udp)?,
        };
        let login = challenge(&mut line, &server.credentials).context("the first Allocate")?;
        let request = Request::new(Method::Allocate, 2).relaying_udp().finish(Some(&login));
        let relayed = ask(&mut line, &request, |answer| {
            answer.expect_success()?;
            answer.relayed_address()
        })
        .context("Allocate")?;
        Ok(Self { line, login, relayed, transactions: 2, frame: Vec::new() })
    }

    fn bind(&mut self, peer: SocketAddr) -> Result<()> {
        self.transactions += 1;
        let request = Request::new(Method::ChannelBind, self.transactions).channel(CHANNEL, peer)?.finish(Some(&self.login));
        ask(&mut self.line, &request, |answer| answer.expect_success()).context("ChannelBind")
    }

    /// Sends the peer what it is given.
    pub(crate) fn send(&mut self, payload: &[u8]) -> Result<()> {
        self.frame.clear();
        self.frame.extend(CHANNEL.to_be_bytes());
        self.frame.extend((payload.len() as u16).to_be_bytes());
        self.frame.extend(payload);
        self.line.send(&self.frame)
    }

    /// Gives each payload that came from the peer.
    pub(crate) fn receive(&mut self, batch: &mut Batch, mut each: impl FnMut(&[u8])) -> Result<()> {
        self.line.receive(batch, |message| {
            if let Some((header, payload)) = message.split_at_checked(HEADER_LEN)
                && header[..2] == CHANNEL.to_be_bytes()
            {
                each(payload);
            }
        })
    }
}

/// An unsigned Allocate, for the realm and the nonce of its refusal.
fn challenge(line: &mut Line, credentials: &Credentials) -> Result<Login> {
    let request = Request::new(Method::Allocate, 1).relaying_udp().finish(None);
    ask(line, &request, |answer| match answer.error_code() {
        UNAUTHENTICATED => Login::new(credentials, answer),
        code => bail!("an Allocate without credentials was answered with {code}"),
    })
}

/// A request, and what is read of its answer.
fn ask<T>(line: &mut Line, request: &[u8], read: impl Fn(&Answer<'_>) -> Result<T>) -> Result<T> {
    let mut batch = Batch::default();
    for _ in 0..ATTEMPTS {
        line.send(request)?;
        let end = Instant::now() + PATIENCE;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            Poll::new([&*line].into_iter()).readable(left).for_each(drop);
            let mut found = None;
            line.receive(&mut batch, |message| {
                if let Some(answer) = Answer::read(message).filter(|answer| answer.answers(request)) {
                    found = Some(read(&answer));
                }
            })?;
            if let Some(result) = found {
                return result;
            }
        }
    }
    bail!("no answer from the TURN server")
}
