//! A client's way to its TURN server: datagrams, or frames in a TLS connection. Never blocks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use load_kit::sys::{self, Batch};
use rustls::ClientConnection;
use rustls::pki_types::ServerName;

use crate::stun::HEADER_LEN;

const CHANNEL_HEADER_LEN: usize = 4;

#[derive(Debug)]
pub(crate) enum Line {
    Udp(UdpSocket),
    Tls(Box<Tls>),
}

#[derive(Debug)]
pub(crate) struct Tls {
    socket: TcpStream,
    session: ClientConnection,
    /// Decrypted, and no whole frame yet.
    rest: Vec<u8>,
}

impl Line {
    pub(crate) fn udp(server: SocketAddr) -> Result<Self> {
        let socket = sys::udp_socket()?;
        socket.connect(server)?;
        Ok(Self::Udp(socket))
    }

    /// Comes back with the handshake done.
    pub(crate) fn tls(server: SocketAddr, config: &Arc<rustls::ClientConfig>) -> Result<Self> {
        let mut socket = TcpStream::connect(server).with_context(|| format!("TCP to {server}"))?;
        socket.set_nodelay(true)?;
        let mut session = ClientConnection::new(Arc::clone(config), ServerName::IpAddress(server.ip().into()))?;
        session.set_buffer_limit(None);
        while session.is_handshaking() {
            session.complete_io(&mut socket).context("the TLS handshake")?;
        }
        socket.set_nonblocking(true)?;
        Ok(Self::Tls(Box::new(Tls { socket, session, rest: Vec::new() })))
    }

    /// One message, whose length is a multiple of 4. What a connection does not take at once goes with what is sent next.
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<()> {
        match self {
            Self::Udp(socket) => match socket.send(message) {
                // The kernel's queue is full: lost, as on the way.
                Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error.into()),
                _ => Ok(()),
            },
            Self::Tls(tls) => {
                tls.session.writer().write_all(message)?;
                tls.flush()
            }
        }
    }

    /// Gives each message that waits. `batch` is only borrowed.
    pub(crate) fn receive(&mut self, batch: &mut Batch, mut each: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Udp(socket) => {
                batch.receive(socket);
                batch.datagrams().for_each(|(_, message)| each(message));
                Ok(())
            }
            Self::Tls(tls) => tls.receive(each),
        }
    }

    /// Datagrams that this program was too slow for.
    pub(crate) fn receive_drops(&self) -> Result<u64> {
        match self {
            Self::Udp(socket) => Ok(sys::receive_drops(socket)?),
            Self::Tls(_) => Ok(0),
        }
    }
}

impl AsRawFd for Line {
    fn as_raw_fd(&self) -> RawFd {
        match self {
            Self::Udp(socket) => socket.as_raw_fd(),
            Self::Tls(tls) => tls.socket.as_raw_fd(),
        }
    }
}

impl Tls {
    fn flush(&mut self) -> Result<()> {
        while self.session.wants_write() {
            if would_block(self.session.write_tls(&mut self.socket))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn receive(&mut self, mut each: impl FnMut(&[u8])) -> Result<()> {
        while let Some(read) = would_block(self.session.read_tls(&mut self.socket))? {
            if read == 0 {
                bail!("the server closed the connection");
            }
            self.session.process_new_packets()?;
            let mut chunk = [0; 16 << 10];
            while let Some(taken) = would_block(self.session.reader().read(&mut chunk))? {
                self.rest.extend(&chunk[..taken]);
            }
        }
        self.flush()?;
        let mut from = 0;
        while let Some(length) = frame_len(&self.rest[from..]) {
            each(&self.rest[from..from + length]);
            from += length;
        }
        self.rest.drain(..from);
        Ok(())
    }
}

/// The length of the first frame if it is whole (RFC 8656 §12.5: padded in a stream).
fn frame_len(bytes: &[u8]) -> Option<usize> {
    let field = usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]));
    let length = if bytes[0] < 4 { HEADER_LEN + field } else { (CHANNEL_HEADER_LEN + field).next_multiple_of(4) };
    (bytes.len() >= length).then_some(length)
}

fn would_block<T>(result: io::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_end_where_they_say() {
        assert_eq!(frame_len(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]), Some(12));
        assert_eq!(frame_len(&[0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0]), None);
        assert_eq!(frame_len(&[0x01, 0x03, 0, 0]), None);
        let mut binding = vec![0; HEADER_LEN];
        binding[0] = 1;
        assert_eq!(frame_len(&binding), Some(HEADER_LEN));
    }
}
