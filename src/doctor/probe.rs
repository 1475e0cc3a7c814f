//! Probes: one leg each, against our own port or somebody else's, from where this runs. They change nothing and need no account.

use std::{fmt, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use futures_util::future::try_join_all;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Response, StatusCode, body::Bytes, body::Incoming, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UdpSocket, lookup_host},
    time::{self, Instant},
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use url::{Host, Url};

use super::{
    certificate::{Certificate, CertificateFault, Trust},
    stun::{self, Answer, Question},
};
use crate::clock::Millis;

/// How long one leg may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A datagram may get lost: it is sent again after so long, then twice as long each time.
const RESEND_AFTER: Duration = Duration::from_millis(500);

/// Why a leg did not work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("the name leads to no address")]
    NoAddress,
    #[error("refused: nothing listens there, or a firewall says no")]
    Refused,
    #[error("no answer")]
    TimedOut,
    #[error("closed before an answer came")]
    Closed,
    #[error("the certificate is not good: {0:?}")]
    Certificate(CertificateFault),
    #[error("no TLS: {0}")]
    Tls(String),
    #[error("something else answers: {0}")]
    NotOurs(String),
    #[error("the proxy said {0}")]
    Proxy(String),
    /// Ours is ahead of the server's by so many milliseconds.
    #[error("the clocks differ by {0} ms")]
    Clock(i64),
    /// Of one shard of the media node.
    #[error("UDP {0}: {1}")]
    Port(u16, Box<Fault>),
    #[error("{0}")]
    Other(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Other(error.to_string()),
        }
    }
}

/// Where a server is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub host: Host,
    pub port: u16,
    /// Of the media node.
    pub shards: u16,
    pub tls: bool,
}

/// The ports of the media node's shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpPorts {
    pub first: u16,
    pub shards: u16,
}

impl fmt::Display for UdpPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.first, self.shards) {
            (first, 0 | 1) => write!(f, "{first}"),
            (first, shards) => write!(f, "{first}-{}", first.saturating_add(shards - 1)),
        }
    }
}

impl Target {
    /// `None` for a URL that is no web server's.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Some(Self { host: url.host()?.to_owned(), port: url.port_or_known_default()?, shards: 1, tls })
    }

    #[must_use]
    pub fn udp(&self) -> UdpPorts {
        UdpPorts { first: self.port, shards: self.shards }
    }

    /// One address of each family, the system's favourite first.
    pub async fn resolve(&self) -> Result<Vec<SocketAddr>, Fault> {
        let name = match &self.host {
            Host::Domain(name) => name,
            Host::Ipv4(ip) => return Ok(vec![SocketAddr::new((*ip).into(), self.port)]),
            Host::Ipv6(ip) => return Ok(vec![SocketAddr::new((*ip).into(), self.port)]),
        };
        let found = in_time(async { lookup_host((name.as_str(), self.port)).await.map_err(|_| Fault::NoAddress) }).await?;
        let mut addresses: Vec<SocketAddr> = Vec::new();
        for address in found {
            if addresses.iter().all(|known| known.is_ipv4() != address.is_ipv4()) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(Fault::NoAddress) } else { Ok(addresses) }
    }

    /// For `Host` and CONNECT.
    #[must_use]
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    fn server_name(&self) -> Result<ServerName<'static>, Fault> {
        match &self.host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|error| Fault::Tls(error.to_string())),
            Host::Ipv4(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
            Host::Ipv6(ip) => Ok(ServerName::from(std::net::IpAddr::from(*ip))),
        }
    }
}

/// How long a probe took, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timed<T> {
    pub ms: u32,
    pub outcome: Result<T, Fault>,
}

pub async fn timed<T>(probe: impl Future<Output = Result<T, Fault>>) -> Timed<T> {
    let begun = Instant::now();
    let outcome = probe.await;
    Timed { ms: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX), outcome }
}

async fn in_time<T>(probe: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    time::timeout(PATIENCE, probe).await.unwrap_or(Err(Fault::TimedOut))
}

/// Connects to the first address that lets it.
pub async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let mut last = Fault::NoAddress;
    for address in addresses {
        match in_time(async { Ok(TcpStream::connect(address).await?) }).await {
            Ok(stream) => return Ok(stream),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// TLS over a connection, whatever its certificate is worth.
pub async fn secure<S>(stream: S, target: &Target, trust: &Trust) -> Result<(TlsStream<S>, Certificate), Fault>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (config, look) = trust.look();
    let name = target.server_name()?;
    let secured = in_time(async {
        let handshake = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        handshake.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Fault::Tls(error.to_string()),
            _ => error.into(),
        })
    });
    Ok((secured.await?, look.found()))
}

/// Asks `/healthz`; what the server's clock said, if it did.
pub async fn health<S>(stream: S, target: &Target) -> Result<Option<Millis>, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    in_time(async {
        let request = Request::get("/healthz").header(header::HOST, target.authority()).header(header::CONNECTION, "close");
        let request = request.body(Empty::<Bytes>::new()).map_err(|error| Fault::Other(error.to_string()))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(no_http)?;
        let mut connection = pin!(connection);
        let mut answer = pin!(async { read_health(sender.send_request(request).await.map_err(no_http)?).await });
        tokio::select! {
            biased;
            answer = &mut answer => return answer,
            ended = &mut connection => ended.map_err(no_http)?,
        }
        answer.await
    })
    .await
}

async fn read_health(response: Response<Incoming>) -> Result<Option<Millis>, Fault> {
    let status = response.status();
    let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok()).and_then(Millis::of_http_date);
    let body = Limited::new(response.into_body(), 4_096).collect().await.map_err(|error| Fault::NotOurs(error.to_string()))?;
    let answer: Option<serde_json::Value> = serde_json::from_slice(&body.to_bytes()).ok();
    if status == StatusCode::OK && answer.is_some_and(|answer| answer["status"] == "ok") {
        return Ok(date);
    }
    Err(Fault::NotOurs(format!("HTTP {status}")))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn no_http(error: hyper::Error) -> Fault {
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Fault::Closed;
    }
    Fault::NotOurs(error.to_string())
}

/// STUN over UDP: the address that we are seen under.
pub async fn stun_udp(addresses: &[SocketAddr]) -> Result<SocketAddr, Fault> {
    match ask_udp(addresses, Question::Binding).await? {
        Answer::Mapped(seen) => Ok(seen),
        other => Err(Fault::NotOurs(format!("STUN {other:?}"))),
    }
}

/// The same at the port of each shard, at once; the address that the first one sees.
pub async fn stun_shards(addresses: &[SocketAddr], shards: u16) -> Result<SocketAddr, Fault> {
    let probe = |shard: u16| async move {
        let at = |address: &SocketAddr| SocketAddr::new(address.ip(), address.port().saturating_add(shard));
        let addresses: Vec<_> = addresses.iter().map(at).collect();
        let place = |fault| match addresses.first() {
            Some(address) if shards > 1 => Fault::Port(address.port(), Box::new(fault)),
            _ => fault,
        };
        stun_udp(&addresses).await.map_err(place)
    };
    let seen = try_join_all((0..shards).map(probe)).await?;
    seen.first().copied().ok_or(Fault::NoAddress)
}

/// A TURN server answers over UDP.
pub async fn turn_udp(addresses: &[SocketAddr]) -> Result<(), Fault> {
    is_turn(ask_udp(addresses, Question::Allocate).await?)
}

/// A TURN server answers on a connection.
pub async fn turn_stream(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Result<(), Fault> {
    let request = new_request(Question::Allocate)?;
    in_time(async {
        stream.write_all(request.bytes()).await?;
        stream.flush().await?;
        let mut message = vec![0; stun::HEADER];
        stream.read_exact(&mut message).await?;
        let header = message[..].try_into().expect("so long");
        let length = stun::whole_length(&header).ok_or_else(|| Fault::NotOurs("no STUN".to_owned()))?;
        message.resize(length, 0);
        stream.read_exact(&mut message[stun::HEADER..]).await?;
        is_turn(request.read(&message).ok_or_else(|| Fault::NotOurs("another STUN message".to_owned()))?)
    })
    .await
}

/// 401 is the challenge that every client meets first (RFC 8489 §9.2.4).
fn is_turn(answer: Answer) -> Result<(), Fault> {
    match answer {
        Answer::Error(401) => Ok(()),
        other => Err(Fault::NotOurs(format!("TURN {other:?}"))),
    }
}

fn new_request(question: Question) -> Result<stun::Request, Fault> {
    stun::Request::new(question).map_err(|error| Fault::Other(error.to_string()))
}

async fn ask_udp(addresses: &[SocketAddr], question: Question) -> Result<Answer, Fault> {
    let mut last = Fault::NoAddress;
    for address in addresses {
        match in_time(ask_one(*address, question)).await {
            Ok(answer) => return Ok(answer),
            Err(fault) => last = fault,
        }
    }
    Err(last)
}

/// Until the answer comes: the caller has the patience.
async fn ask_one(address: SocketAddr, question: Question) -> Result<Answer, Fault> {
    let any: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0; 16], 0).into() };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(address).await?;
    let request = new_request(question)?;
    let mut wait = RESEND_AFTER;
    let mut buffer = [0; stun::LONGEST];
    loop {
        socket.send(request.bytes()).await?;
        let resend = Instant::now() + wait;
        while let Ok(received) = time::timeout_at(resend, socket.recv(&mut buffer)).await {
            if let Some(answer) = request.read(&buffer[..received?]) {
                return Ok(answer);
            }
        }
        wait *= 2;
    }
}
