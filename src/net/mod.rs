//! The one port: accepts TCP, tells by the first byte what a connection is, outside and inside TLS, and serves it or hands it over to
//! the media node.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use staffline_media::driver::Stream;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

use crate::{app::App, http, http::extract::Peer};

pub mod acme;
pub mod certificates;
pub mod demux;
pub mod prefixed;
pub mod redirect;
pub mod stall;
pub mod tls;
pub mod upkeep;

use demux::FirstByte;
use prefixed::Prefixed;
use stall::StallGuard;
use tls::Identity;

/// Connections at the same time; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 20_000;

/// How long an answer may wait for the other end to read on.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// After an error of `accept` (no file handles left, say): time for some to be closed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The listening port, with what is needed to serve its connections.
pub struct Server {
    app: App,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections: Arc<Semaphore>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("listener", &self.listener).finish_non_exhaustive()
    }
}

impl Server {
    #[must_use]
    pub fn new(app: App, listener: TcpListener, identity: Option<Identity>) -> Self {
        let router = http::router(app.clone());
        let tls = identity.map(|Identity { acceptor, certificates, .. }| {
            app.tasks.spawn(upkeep::run(app.clone(), certificates));
            acceptor
        });
        Self { app, listener, tls, router, connections: Arc::new(Semaphore::new(MAX_CONNECTIONS)) }
    }

    /// Accepts until the app stops. Connections go on as tasks of the app.
    pub async fn run(self) {
        loop {
            let permit = Arc::clone(&self.connections).acquire_owned().await.expect("the semaphore is never closed");
            let accepted = tokio::select! {
                () = self.app.stop.cancelled() => return,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => self.spawn(stream, address, permit),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, address: SocketAddr, permit: OwnedSemaphorePermit) {
        let connection = Connection { app: self.app.clone(), tls: self.tls.clone(), router: self.router.clone(), address };
        self.app.tasks.spawn(async move {
            // Scanners and dropped phones end connections in every way: nothing to tell the admin.
            if let Err(error) = connection.serve(stream).await {
                tracing::debug!(error, "a connection ended");
            }
            drop(permit);
        });
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Connection {
    app: App,
    tls: Option<TlsAcceptor>,
    router: Router,
    address: SocketAddr,
}

impl Connection {
    async fn serve(self, stream: TcpStream) -> Result<(), Failure> {
        stream.set_nodelay(true)?;
        let mut first = [0];
        if self.in_time(stream.peek(&mut first)).await? == 0 {
            return Ok(());
        }
        match (FirstByte::of(first[0]), self.tls.clone()) {
            (FirstByte::Tls, Some(acceptor)) => {
                let stream = self.in_time(acceptor.accept(stream)).await?;
                let stream = self.in_time(Prefixed::read(stream)).await?;
                self.serve_inside_tls(stream).await
            }
            (FirstByte::Media, _) => {
                Ok(self.app.calls.adopt(Stream { socket: stream.into_std()?, tls: None, received: Vec::new() })?)
            }
            (FirstByte::Http, None) => {
                let router = self.router.clone();
                self.serve_http(stream, router, false, false).await
            }
            (FirstByte::Http, Some(_)) => {
                let router = redirect::router(self.app.config.public_url.clone());
                self.serve_http(stream, router, false, false).await
            }
            (FirstByte::Tls, None) | (FirstByte::Unknown, _) => Ok(()),
        }
    }

    async fn serve_inside_tls(self, stream: Prefixed<TlsStream<TcpStream>>) -> Result<(), Failure> {
        match stream.prefix().first().map(|byte| FirstByte::of(*byte)) {
            Some(FirstByte::Http) => {
                let http2 = stream.get_ref().get_ref().1.alpn_protocol() == Some(b"h2");
                let router = self.router.clone();
                self.serve_http(stream, router, http2, true).await
            }
            Some(FirstByte::Media) => {
                let (stream, received) = stream.into_parts();
                let (socket, tls) = stream.into_inner();
                let tls = Some(Box::new(tls));
                Ok(self.app.calls.adopt(Stream { socket: socket.into_std()?, tls, received })?)
            }
            Some(FirstByte::Tls | FirstByte::Unknown) | None => Ok(()),
        }
    }

    /// Waits for the beginning of a conversation, but neither long nor past the server's end.
    async fn in_time<T>(&self, beginning: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        tokio::select! {
            () = self.app.stop.cancelled() => Err(io::ErrorKind::ConnectionAborted.into()),
            begun = time::timeout(self.app.tuning.request_patience, beginning) => begun?,
        }
    }

    async fn serve_http(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        router: Router,
        http2: bool,
        tls: bool,
    ) -> Result<(), Failure> {
        let peer = Peer { address: self.address, tls };
        let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            request.map(axum::body::Body::new)
        });
        let builder = http_builder(http2, self.app.tuning.request_patience);
        let stream = TokioIo::new(StallGuard::new(stream, WRITE_PATIENCE));
        let connection = builder.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
        tokio::pin!(connection);
        tokio::select! {
            done = connection.as_mut() => return done,
            () = self.app.stop.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    }
}

/// One version, known by ALPN: hyper's own look at the first bytes has no time limit.
fn http_builder(http2: bool, patience: Duration) -> auto::Builder<TokioExecutor> {
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut builder = if http2 { builder.http2_only() } else { builder.http1_only() };
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(64 * 1024);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(128)
        .max_header_list_size(32 * 1024)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
