//! A minimal HTTP/1.0 client over plain TCP, for servers on loopback: a connection for each request, and no chunks in the reply.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Far above any SDP answer.
const MAX_REPLY: u64 = 1 << 20;

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

/// An `http://127.x.y.z:port/path`: the type that keeps all of this tool's requests on this machine.
#[derive(Clone, Debug)]
pub struct LoopbackUrl {
    address: SocketAddr,
    path: String,
}

impl LoopbackUrl {
    /// The URL of another path of the same server; a full URL is taken as it is.
    pub fn join(&self, location: &str) -> Result<Self> {
        if location.starts_with('/') { Ok(Self { path: location.into(), ..self.clone() }) } else { location.parse() }
    }
}

impl std::str::FromStr for LoopbackUrl {
    type Err = anyhow::Error;

    fn from_str(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").with_context(|| format!("{url}: not an http:// URL"))?;
        let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let address: SocketAddr = host.parse().with_context(|| format!("{url}: not an IP address and port"))?;
        ensure!(address.ip().is_loopback(), "{url}: load is only ever sent to 127.0.0.0/8");
        Ok(Self { address, path: path.into() })
    }
}

impl std::fmt::Display for LoopbackUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "http://{}{}", self.address, self.path)
    }
}

/// One request on a connection of its own, with an SDP body.
pub fn request(method: &str, url: &LoopbackUrl, body: &str) -> Result<Reply> {
    exchange(method, url, "application/sdp", body).with_context(|| format!("{method} {url}"))
}

/// The same, with a JSON body.
pub fn request_json(method: &str, url: &LoopbackUrl, body: &str) -> Result<Reply> {
    exchange(method, url, "application/json", body).with_context(|| format!("{method} {url}"))
}

fn exchange(method: &str, url: &LoopbackUrl, kind: &str, body: &str) -> Result<Reply> {
    let mut stream = TcpStream::connect_timeout(&url.address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let LoopbackUrl { address, path } = url;
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes())?;
    let mut reply = Vec::new();
    stream.take(MAX_REPLY).read_to_end(&mut reply)?;
    parse(&String::from_utf8_lossy(&reply))
}

fn parse(reply: &str) -> Result<Reply> {
    let (head, body) = reply.split_once("\r\n\r\n").context("no HTTP reply")?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).context("no HTTP status")?;
    let header = |name: &str| {
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    if header("transfer-encoding").is_some() {
        bail!("a chunked reply, which this client does not read");
    }
    Ok(Reply { status, location: header("location"), body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_ever_asked() {
        assert!("http://127.0.0.1:80/whip".parse::<LoopbackUrl>().is_ok());
        for url in ["http://203.0.113.10:80/", "https://127.0.0.1:80/", "http://chat.lab/", "http://127.0.0.1.example:80/"] {
            assert!(url.parse::<LoopbackUrl>().is_err(), "{url}");
        }
    }

    #[test]
    fn a_location_is_a_path_or_a_url() {
        let base: LoopbackUrl = "http://127.0.0.1:8000/whip".parse().unwrap();
        assert_eq!(base.join("/session/1").unwrap().to_string(), "http://127.0.0.1:8000/session/1");
        assert!(base.join("http://203.0.113.10:80/session/1").is_err());
    }

    #[test]
    fn a_reply_has_status_location_and_body() {
        let reply = parse("HTTP/1.1 201 Created\r\nLocation: /r/1\r\n\r\nv=0\r\n").unwrap();
        assert_eq!((reply.status, reply.location.as_deref(), reply.body.as_str()), (201, Some("/r/1"), "v=0\r\n"));
        assert!(parse("garbage").is_err());
    }
}
