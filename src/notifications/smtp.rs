//! Hands one mail to the mail server, and says in plain words what came of it.
//!
//! `starttls` means that TLS must follow, and a certificate that is not the server's means that nothing is sent.

use std::{error::Error as _, time::Duration};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    address::Envelope,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
        response::Code,
    },
};
use serde::Serialize;
use tokio::time;
use utoipa::ToSchema;

use super::{Encryption, MailServer, settings::Mail};

/// What went wrong, for the admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Name or port lead nowhere, or nobody answers there in time.
    Unreachable,
    /// No TLS where it is wanted, or a certificate that is not this server's.
    Tls,
    /// The server does not take user and password.
    Credentials,
    /// The server says: not now.
    Later,
    /// The server says: never.
    Refused,
    /// The address is none that mail can be sent to.
    Address,
}

/// Why a mail did not go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendError {
    pub problem: Problem,
    /// In the words of the mail server or of the network.
    pub said: String,
}

impl SendError {
    /// Whether the trouble is with the server, and so any other mail would have it too.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self.problem, Problem::Unreachable | Problem::Tls | Problem::Credentials)
    }

    fn new(problem: Problem, said: impl Into<String>) -> Self {
        // Whatever a server says, it is one line of a sane length on the admin's page and in the log.
        let said: String = said.into().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
        Self { problem, said }
    }
}

/// Sends; gives back what the server said. `ca`: an authority to trust beside the system's.
pub async fn send(mail: &Mail, ca: Option<&[u8]>, message: &Message, patience: Duration) -> Result<String, SendError> {
    let server = mail.settings.server.as_ref().ok_or_else(|| SendError::new(Problem::Unreachable, "no mail server is set"))?;
    let transport = transport(mail, server, ca)?;
    let one = one_recipient(message)?;
    let bytes = message.formatted();
    match time::timeout(patience, transport.send_raw(&one, &bytes)).await {
        Ok(Ok(response)) => Ok(format!("{} {}", response.code(), response.message().collect::<Vec<_>>().join(" "))),
        Ok(Err(error)) => Err(classify(&error)),
        Err(_) => Err(SendError::new(Problem::Unreachable, format!("no answer within {} s", patience.as_secs()))),
    }
}

/// No mail of ours has two: whatever its headers became, the envelope has one recipient.
fn one_recipient(message: &Message) -> Result<Envelope, SendError> {
    let envelope = message.envelope();
    match envelope.to() {
        [_] => Ok(envelope.clone()),
        _ => Err(SendError::new(Problem::Address, "a mail has one recipient")),
    }
}

fn transport(mail: &Mail, server: &MailServer, ca: Option<&[u8]>) -> Result<AsyncSmtpTransport<Tokio1Executor>, SendError> {
    // A URL has brackets around an IPv6 address, a certificate and the resolver have none.
    let host = server.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let tls = match server.encryption {
        Encryption::None => Tls::None,
        Encryption::Starttls => Tls::Required(parameters(&host, ca)?),
        Encryption::Tls => Tls::Wrapper(parameters(&host, ca)?),
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(server.port).tls(tls);
    let builder = match mail.sender() {
        Ok(sender) => builder.hello_name(ClientId::Domain(sender.email.domain().to_owned())),
        Err(_) => builder,
    };
    let builder = match (&server.user, &mail.password) {
        (Some(user), Some(password)) => builder.credentials(Credentials::new(user.clone(), password.0.clone())),
        _ => builder,
    };
    Ok(builder.build())
}

fn parameters(host: &str, ca: Option<&[u8]>) -> Result<TlsParameters, SendError> {
    let tls = |error: lettre::transport::smtp::Error| SendError::new(Problem::Tls, words(&error));
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca {
        builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(tls)?);
    }
    builder.build_rustls().map_err(tls)
}

fn classify(error: &lettre::transport::smtp::Error) -> SendError {
    let problem = match error.status() {
        // 530 to 538 are about signing in (RFC 4954).
        Some(code) if (530..=538).contains(&number(code)) => Problem::Credentials,
        Some(_) if error.is_transient() => Problem::Later,
        Some(_) => Problem::Refused,
        None if error.is_tls() || is_certificate_trouble(error) => Problem::Tls,
        // The server has no STARTTLS, no way to sign in that we know, no room for such an address: lettre refuses before it sends.
        None if error.is_client() => match words(error) {
            said if said.contains("STARTTLS") => Problem::Tls,
            said if said.contains("authentication") => Problem::Credentials,
            _ => Problem::Address,
        },
        None => Problem::Unreachable,
    };
    SendError::new(problem, words(error))
}

fn number(code: Code) -> u16 {
    code.to_string().parse().unwrap_or_default()
}

fn is_certificate_trouble(error: &lettre::transport::smtp::Error) -> bool {
    let mut source = error.source();
    while let Some(cause) = source {
        let inner = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        source = cause.source();
    }
    false
}

/// The error with its causes, the outermost first, each once.
fn words(error: &lettre::transport::smtp::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !said.contains(&more) {
            said = format!("{said}: {more}");
        }
        source = cause.source();
    }
    said
}
