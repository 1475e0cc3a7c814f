//! The port: TLS and plain on one, and those who connect and say nothing.

use std::{io, path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use staffline::{
    app::Tuning,
    config::{Config, Tls},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::harness::{Engine, PATIENCE, Setup, TestApp, run_with, tuning};

fn with_tls(config: &mut Config) {
    config.tls = Tls::SelfSigned;
}

pub(crate) async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A peer that ends without saying goodbye in TLS has still said everything.
    let _ = time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server closes");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Trusts one certificate, or, without it, whatever is shown.
pub(crate) fn trusting(certificate: Option<&Path>) -> ClientConfig {
    let builder = ClientConfig::builder();
    let Some(certificate) = certificate else {
        return builder.dangerous().with_custom_certificate_verifier(Arc::new(Anything)).with_no_client_auth();
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    builder.with_root_certificates(roots).with_no_client_auth()
}

pub(crate) async fn tls_to(app: &TestApp, name: &str, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(app.address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

pub(crate) async fn tls(app: &TestApp, name: &str) -> TlsStream<TcpStream> {
    tls_to(app, name, trusting(Some(&app.app.config.data.join("tls-cert.pem")))).await.unwrap()
}

/// Trusts whom it sees.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn one_port_speaks_tls_and_sends_plain_http_on_to_it() {
    run_with(Engine::Sqlite, Setup { change: with_tls, ..Setup::default() }, |app| async move {
        let get = format!("GET /readyz?x=1 HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", app.address);
        // By name and by address: the certificate has both.
        for name in ["localhost", "127.0.0.1"] {
            let answer = ask(tls(&app, name).await, &get).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
            assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
        }
        let answer = ask(TcpStream::connect(app.address).await.unwrap(), &get).await;
        assert!(answer.starts_with("HTTP/1.1 308 "), "{answer}");
        assert!(answer.contains(&format!("location: https://{}/readyz?x=1\r\n", app.address)), "{answer}");
        // The cookie of a page over TLS is never sent in the clear.
        let body = r#"{"login":"nobody","password":"wrong password"}"#;
        let post = format!(
            "DELETE /api/session HTTP/1.1\r\nHost: {0}\r\nOrigin: https://{0}\r\nConnection: close\r\nContent-Length: {1}\r\n\r\n{body}",
            app.address,
            body.len()
        );
        let answer = ask(tls(&app, "localhost").await, &post).await;
        assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains("; Secure\r\n"), "{answer}");
        let forged = post.replace("Origin: https", "Origin: http");
        assert!(ask(tls(&app, "localhost").await, &forged).await.starts_with("HTTP/1.1 403 "));
    })
    .await;
}

#[tokio::test]
async fn the_certificate_is_kept_and_private() {
    use std::os::unix::fs::PermissionsExt;
    run_with(Engine::Sqlite, Setup { change: with_tls, ..Setup::default() }, |app| async move {
        let config = &app.app.config;
        let once = staffline::net::tls::load(config).unwrap().unwrap().fingerprint;
        assert_eq!(staffline::net::tls::load(config).unwrap().unwrap().fingerprint, once, "made once");
        assert_eq!(once.len(), 32 * 3 - 1);
        for file in ["tls-key.pem", "staffline.db"] {
            let mode = std::fs::metadata(config.data.join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_dawdles_is_dropped_and_holds_up_nobody() {
    // Our own handshakes have to keep to it as well.
    let tuning = Tuning { request_patience: Duration::from_secs(2), ..tuning() };
    run_with(Engine::Sqlite, Setup { tuning: tuning.clone(), ..Setup::default() }, |app| async move {
        dawdle(&app, &["", "G", "GET / HTTP/1.1\r\nHost: x\r\nX-", "\x00\x01\x00\x00", "\x16\x03\x01", "\u{7f}noise"]).await;
        let admin = app.admin().await;
        admin.get("/api/session").await.expect(200);
    })
    .await;
    run_with(Engine::Sqlite, Setup { tuning, change: with_tls }, |app| async move {
        dawdle(&app, &["", "\x16", "\x16\x03\x01\x02\x00\x01", "GET / HTTP/1.1\r\n"]).await;
        tls(&app, "localhost").await;
    })
    .await;
}

/// Opens connections that say the beginning of something and wait: each is closed by the server.
async fn dawdle(app: &TestApp, beginnings: &[&str]) {
    let each = beginnings.iter().map(async |beginning| {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let end = time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(end.is_ok(), "{beginning:?} is still connected");
    });
    futures_util::future::join_all(each).await;
}
