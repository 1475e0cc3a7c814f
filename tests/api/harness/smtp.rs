//! The mail server that tests send to: aiosmtpd in a process of its own, which `scripts/smtp-venv` has installed.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::LazyLock,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time,
};

use super::{Client, PATIENCE};

/// How the mail server is set up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options<'a> {
    /// 0: a free one.
    pub(crate) port: u16,
    /// `starttls` or `implicit`, with a certificate for this name.
    pub(crate) tls: Option<(&'a str, &'a str)>,
    pub(crate) user: Option<(&'a str, &'a str)>,
}

/// Ends with its input when it is dropped.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    said: Lines<BufReader<ChildStdout>>,
    input: ChildStdin,
    _child: Child,
    _folder: tempfile::TempDir,
}

/// A mail as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) sender: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) encrypted: bool,
    pub(crate) user: Option<String>,
    pub(crate) content: String,
}

impl MailServer {
    pub(crate) async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub(crate) async fn start_with(options: Options<'_>) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/tools/smtp/bin/python");
        assert!(python.exists(), "the tests' mail server is missing: run scripts/smtp-venv");
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(python);
        command.arg(root.join("tests/api/smtp/server.py")).arg("--port").arg(options.port.to_string());
        if let Some((kind, name)) = options.tls {
            let (cert, key) = certificate(folder.path(), name);
            command.args(["--tls", kind]).arg("--cert").arg(cert).arg("--key").arg(key);
        }
        if let Some((user, password)) = options.user {
            command.args(["--user", user, "--password", password]);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let input = child.stdin.take().unwrap();
        let mut server = Self { port: 0, said, input, _child: child, _folder: folder };
        server.port = server.line().await["port"].as_u64().unwrap().try_into().unwrap();
        server
    }

    async fn line(&mut self) -> Value {
        let line = time::timeout(PATIENCE, self.said.next_line()).await.expect("the mail server says something").unwrap();
        serde_json::from_str(&line.expect("the mail server runs")).unwrap()
    }

    /// What it answers from now on: `rcpt`, `data` (a reply, or null for its own), `delay` (seconds before the reply to the data).
    pub(crate) async fn tell(&mut self, how: Value) {
        self.input.write_all(format!("{how}\n").as_bytes()).await.unwrap();
        while self.line().await["told"] != true {}
    }

    /// The next mail that it takes.
    pub(crate) async fn mail(&mut self) -> Received {
        loop {
            let line = self.line().await;
            if line["content"].is_string() {
                return received(&line);
            }
        }
    }

    /// The next time that it refuses something.
    pub(crate) async fn refusal(&mut self) {
        while !self.line().await["refused"].is_string() {}
    }

    /// The next time that it is slow.
    pub(crate) async fn slowness(&mut self) {
        while self.line().await["slow"] != true {}
    }
}

fn received(line: &Value) -> Received {
    let content = BASE64_STANDARD.decode(line["content"].as_str().unwrap()).unwrap();
    Received {
        sender: line["sender"].as_str().unwrap().to_owned(),
        recipients: line["recipients"].as_array().unwrap().iter().map(|to| to.as_str().unwrap().to_owned()).collect(),
        encrypted: line["encrypted"].as_bool().unwrap(),
        user: line["user"].as_str().map(str::to_owned),
        content: String::from_utf8(content).expect("mail is ASCII or UTF-8"),
    }
}

impl Received {
    /// The values of a header, unfolded, as they are on the wire.
    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        let head = self.content.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
        let lines = head.split("\r\n").filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }

    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> String {
        let values = self.headers(name);
        assert_eq!(values.len(), 1, "{name} in {}", self.content);
        values[0].clone()
    }

    /// The plain and the HTML part, decoded.
    pub(crate) fn bodies(&self) -> [String; 2] {
        let kind = self.header("Content-Type");
        let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let parts: Vec<_> = self.content.split(&format!("--{boundary}")).skip(1).take(2).map(body).collect();
        parts.try_into().expect("two alternatives")
    }
}

fn body(part: &str) -> String {
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    let bytes = if head.contains("base64") {
        BASE64_STANDARD.decode(body.replace("\r\n", "")).unwrap()
    } else if head.contains("quoted-printable") {
        unquoted(body)
    } else {
        body.as_bytes().to_vec()
    };
    String::from_utf8(bytes).unwrap()
}

/// Quoted-printable (RFC 2045 §6.7).
fn unquoted(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let mut parts = joined.split('=');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    bytes
}

/// The authority that the tests' mail servers have their certificates from, one for the whole run.
static AUTHORITY: LazyLock<CertifiedIssuer<'static, KeyPair>> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
});

/// Its certificate, PEM: for the server's configuration.
pub(crate) fn authority() -> Vec<u8> {
    AUTHORITY.pem().into_bytes()
}

fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &AUTHORITY).unwrap();
    let (cert_path, key_path) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert_path, certificate.pem()).unwrap();
    std::fs::write(&key_path, key.serialize_pem()).unwrap();
    (cert_path, key_path)
}

/// What an admin's page sends to have mail go to a server of the tests.
pub(crate) fn settings(port: u16) -> Value {
    json!({
        "server": {"host": "localhost", "port": port, "encryption": "none", "user": null},
        "sender": "Staffline <chat@example.com>",
        "delay_minutes": 5,
        "include_text": true,
        "language": "en",
    })
}

impl Client {
    /// As an admin: mail goes to this server.
    pub(crate) async fn send_mail_by(&self, server: &MailServer) {
        self.put("/api/admin/mail", &json!({"settings": settings(server.port)})).await.expect(200);
    }
}
