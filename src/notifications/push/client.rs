//! The one request of RFC 8030: hands a push to the service that a subscription names.
//!
//! The name is resolved once, every address is checked, and the connection goes to a checked one: a name that changes its mind
//! between two look-ups reaches nothing. Redirects are not followed, and nothing of ours goes along but the push.

use std::{io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, body::Bytes, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
};
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::{addresses, encryption, store::Subscription, vapid::Keys};
use crate::{app::App, notifications::settings::Mail};

/// How a push is to be treated on its way.
#[derive(Clone, Debug)]
pub struct Push {
    /// How long the service keeps it for a device that is off.
    pub ttl: Duration,
    pub urgency: Urgency,
    /// A newer push of the same topic replaces it.
    pub topic: Option<String>,
}

/// What it is worth a sleeping device's battery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Normal,
    High,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    /// The subscription is no more.
    Gone,
}

#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error("the push service's address is no address for a push")]
    BadEndpoint,
    #[error("the push service's name leads to no public address")]
    Private,
    #[error("the push cannot be encrypted for this browser")]
    Encryption,
    #[error("the push service cannot be reached: {0}")]
    Connect(#[from] io::Error),
    #[error("the push service does not speak HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("the push service said {0}")]
    Refused(StatusCode),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The URL of a subscription, if pushes may go there as far as one sees without resolving its name.
pub fn check_endpoint(endpoint: &str, private: bool) -> Result<Url, PushError> {
    let url: Url = endpoint.parse().map_err(|_| PushError::BadEndpoint)?;
    let scheme = url.scheme() == "https" || (private && url.scheme() == "http");
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none() && endpoint.len() <= 2_048;
    let address = match url.host() {
        Some(Host::Ipv4(ip)) => Some(ip.into()),
        Some(Host::Ipv6(ip)) => Some(ip.into()),
        Some(Host::Domain(_)) => None,
        None => return Err(PushError::BadEndpoint),
    };
    if !scheme || !plain {
        return Err(PushError::BadEndpoint);
    }
    match address {
        Some(ip) if !private && !addresses::is_public(ip) => Err(PushError::Private),
        _ => Ok(url),
    }
}

/// Who sends: our keys, and whose certificates we trust.
#[derive(Debug)]
pub struct Client {
    keys: Keys,
    tls: Arc<ClientConfig>,
}

impl Client {
    /// Push services are few and public: Mozilla's list of authorities knows theirs.
    #[must_use]
    pub fn new(keys: Keys) -> Self {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self { keys, tls: Arc::new(tls) }
    }

    pub async fn send(&self, app: &App, to: &Subscription, push: &Push, payload: &[u8]) -> Result<Outcome, PushError> {
        let private = app.config.push_private;
        let url = check_endpoint(&to.endpoint, private)?;
        let request = request(app, &self.keys, &url, to, push, payload).await?;
        let tcp = connect(&url, private).await?;
        let status = if url.scheme() == "http" {
            exchange(tcp, request).await?
        } else {
            let name = ServerName::try_from(bare_host(&url)?.to_owned()).map_err(|_| PushError::BadEndpoint)?;
            exchange(TlsConnector::from(self.tls.clone()).connect(name, tcp).await?, request).await?
        };
        match status {
            status if status.is_success() => Ok(Outcome::Taken),
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Outcome::Gone),
            status => Err(PushError::Refused(status)),
        }
    }
}

/// Without the brackets that a URL has around an IPv6 address.
fn bare_host(url: &Url) -> Result<&str, PushError> {
    let host = url.host_str().ok_or(PushError::BadEndpoint)?;
    Ok(host.trim_start_matches('[').trim_end_matches(']'))
}

async fn request(
    app: &App,
    keys: &Keys,
    url: &Url,
    to: &Subscription,
    push: &Push,
    payload: &[u8],
) -> Result<Request<Full<Bytes>>, PushError> {
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| PushError::Encryption);
    let body = encryption::encrypt(payload, &decode(&to.p256dh)?, &decode(&to.auth)?).map_err(|_| PushError::Encryption)?;
    let subject = subject(app).await?;
    let authorization = keys.authorization(url, &subject, app.clock.now()).map_err(|_| PushError::Encryption)?;
    let urgency = match push.urgency {
        Urgency::Normal => "normal",
        Urgency::High => "high",
    };
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(target)
        .header(header::HOST, host)
        .header(header::AUTHORIZATION, authorization)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .header(header::CONTENT_ENCODING, "aes128gcm")
        .header("ttl", push.ttl.as_secs())
        .header("urgency", urgency);
    if let Some(topic) = &push.topic {
        request = request.header("topic", topic);
    }
    request.body(Full::new(body.into())).map_err(|_| PushError::BadEndpoint)
}

/// Where the operator of a push service finds us; some refuse pushes without it.
async fn subject(app: &App) -> sqlx::Result<String> {
    let mail = Mail::load(app).await?;
    Ok(match (mail.sender(), &app.config.public_url) {
        (Ok(sender), _) => format!("mailto:{}", sender.email),
        (Err(_), Some(url)) if url.scheme() == "https" => url.to_string(),
        _ => "mailto:postmaster@localhost".to_owned(),
    })
}

async fn connect(url: &Url, private: bool) -> Result<TcpStream, PushError> {
    let host = bare_host(url)?;
    let port = url.port_or_known_default().ok_or(PushError::BadEndpoint)?;
    let found: Vec<SocketAddr> = lookup_host((host, port)).await?.collect();
    let allowed: Vec<_> = found.into_iter().filter(|address| private || addresses::is_public(address.ip())).collect();
    if allowed.is_empty() {
        return Err(PushError::Private);
    }
    Ok(TcpStream::connect(&allowed[..]).await?)
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, PushError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let mut response = pin!(async { sender.send_request(request).await.map(|response| response.status()) });
    // The body of the answer is nobody's business: once its head is there, the connection is dropped.
    tokio::select! {
        biased;
        status = &mut response => return Ok(status?),
        ended = connection => ended?,
    }
    // A service that closes at once has answered before, or never will.
    Ok(response.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_goes_to_public_https_only() {
        assert!(check_endpoint("https://fcm.googleapis.com/fcm/send/abc", false).is_ok());
        let bad = [
            "http://push.example.com/x",
            "https://user@push.example.com/x",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://169.254.169.254/latest",
            "file:///etc/passwd",
            "gopher://push.example.com",
            "https://",
            "",
            "https://push.example.com/#x",
        ];
        for endpoint in bad {
            assert!(check_endpoint(endpoint, false).is_err(), "{endpoint}");
        }
        assert!(check_endpoint("http://127.0.0.1:1/x", true).is_ok());
        assert!(check_endpoint("file:///etc/passwd", true).is_err());
    }
}
