//! The TURN server alone, with one open call: for `turnutils_uclient`, benches, and trying it by hand.
//!
//! ```text
//! cargo run --release -p staffline-media --example turn -- --udp 127.0.0.1:3478
//! turnutils_uclient -y -c -u USERNAME -w PASSWORD -p 3478 127.0.0.1
//! ```
//!
//! The first line that it prints is `username password`, good for a day; the second one says where it listens. With `--tls-cert FILE
//! --tls-key FILE` (PEM) it takes TLS connections on the TCP port of the same number. It runs until its standard input ends.

#![expect(clippy::print_stdout, reason = "an example says who may use it")]
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "this is the edge: a thread of its own accepts connections"
)]

use std::error::Error;
use std::io::Read;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use staffline_media::control::{Command, RoomId};
use staffline_media::driver::{self, Handle, Stream};
use staffline_media::srtp::SrtpProfile;

const CALL: RoomId = RoomId(1);
const USER: u128 = 1;
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Arguments {
    udp: SocketAddr,
    advertised: Vec<IpAddr>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut read = Self { udp: ([127, 0, 0, 1], 0).into(), advertised: Vec::new(), tls_cert: None, tls_key: None };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
            match name.as_str() {
                "--udp" => read.udp = value.parse()?,
                "--advertise" => read.advertised.push(value.parse()?),
                "--tls-cert" => read.tls_cert = Some(value.into()),
                "--tls-key" => read.tls_key = Some(value.into()),
                _ => return Err(format!("unknown: {name} {value}; see the head of examples/turn.rs").into()),
            }
        }
        Ok(read)
    }

    /// None without a certificate.
    fn tls(&self) -> Result<Option<Arc<ServerConfig>>, Box<dyn Error>> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let chain = CertificateDer::pem_file_iter(cert)?.collect::<Result<_, _>>()?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, PrivateKeyDer::from_pem_file(key)?)?;
        Ok(Some(Arc::new(config)))
    }
}

/// Hands over one connection after another, each with its handshake done. Nobody who is slow is thrown out here.
fn accept(listener: &TcpListener, tls: &Arc<ServerConfig>, node: &Handle) -> Result<(), Box<dyn Error>> {
    let hand_over = |mut socket: TcpStream| -> Result<(), Box<dyn Error>> {
        socket.set_nodelay(true)?;
        let mut session = ServerConnection::new(Arc::clone(tls))?;
        while session.is_handshaking() {
            session.complete_io(&mut socket)?;
        }
        socket.set_nonblocking(true)?;
        let mut received = Vec::new();
        // What came with the last message of the handshake; more would block.
        let _ = session.reader().read_to_end(&mut received);
        Ok(node.adopt(Stream { socket, tls: Some(Box::new(session)), received })?)
    };
    for socket in listener.incoming() {
        if let Err(error) = hand_over(socket?) {
            println!("a connection: {error}");
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let tls = arguments.tls()?;
    let profiles = vec![SrtpProfile::AeadAes128Gcm];
    let config = driver::Config {
        bind: arguments.udp,
        shards: 1,
        advertised: arguments.advertised,
        srtp_profiles: profiles,
        stream_patience: driver::StreamPatience::default(),
    };
    let node = Arc::new(driver::start(config, |_| {})?);
    node.send(Command::OpenRelay { call: CALL })?;
    let credentials = node.credentials(CALL, USER, A_DAY);
    println!("{} {}", credentials.username, credentials.password);
    if let Some(tls) = tls {
        let (listener, node) = (TcpListener::bind(node.local_addr())?, Arc::clone(&node));
        thread::spawn(move || accept(&listener, &tls, &node).unwrap_or_else(|error| println!("no more connections: {error}")));
    }
    println!("turn {}/udp", node.local_addr());
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
