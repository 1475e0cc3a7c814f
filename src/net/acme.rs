//! The certificate that is ordered of an authority (ACME, RFC 8555). That its names are ours is shown on our own port (TLS-ALPN-01,
//! RFC 8737). Account and certificate are kept in the data folder.

use std::{
    error::Error as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use instant_acme::{
    Account, AccountBuilder, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::{crypto::aws_lc_rs::default_provider, pki_types::PrivatePkcs8KeyDer, sign::CertifiedKey};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use super::{
    certificates::{self, CertificateError, Certificates, fingerprint},
    tls::{self, TlsError},
};
use crate::{
    app::App,
    clock::Millis,
    config::{Acme, Config},
};

/// An authority looks from several places, and may have much to do.
const PATIENCE: Duration = Duration::from_secs(120);
const LONGEST_RETRY: Duration = Duration::from_secs(60 * 60);

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("{}", chain(.0))]
    Client(#[from] instant_acme::Error),
    #[error("the authority does not offer TLS-ALPN-01 for {0}")]
    NoChallenge(String),
    #[error("the authority refuses: {0}")]
    Refused(String),
    #[error("no answer to the authority can be made: {0}")]
    Make(#[from] rcgen::Error),
    #[error("no answer to the authority can be signed: {0}")]
    Sign(#[from] rustls::Error),
    #[error("the certificate cannot be used: {0}")]
    Use(#[from] CertificateError),
    #[error("{0}")]
    Keep(#[from] TlsError),
    #[error("it took longer than {} s", PATIENCE.as_secs())]
    Late,
}

/// With what it comes from: a connection that was refused says so only there.
fn chain(error: &instant_acme::Error) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// What is kept of a certificate: it serves as long as nothing else is asked for.
#[derive(Serialize, Deserialize)]
struct Kept {
    directory: Url,
    domains: Vec<String>,
    /// PEM, as is the key.
    chain: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct KeptAccount {
    directory: Url,
    contact: Option<String>,
    credentials: AccountCredentials,
}

fn certificate_path(data: &Path) -> PathBuf {
    data.join("acme-certificate.json")
}

fn account_path(data: &Path) -> PathBuf {
    data.join("acme-account.json")
}

fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let text = fs::read(path).ok()?;
    serde_json::from_slice(&text).inspect_err(|error| tracing::warn!(path = %path.display(), %error, "not readable")).ok()
}

/// In one piece, whatever happens.
fn write(path: &Path, value: &impl Serialize) -> Result<(), TlsError> {
    let (text, new) = (serde_json::to_string(value), path.with_extension("new"));
    tls::write_private(&new, &text.map_err(|problem| TlsError::file(path, &problem))?)?;
    fs::rename(&new, path).map_err(|problem| TlsError::file(path, &problem))
}

/// The certificate of an earlier run, if it is what is asked for now.
#[must_use]
pub fn kept(config: &Config, settings: &Acme) -> Option<CertifiedKey> {
    let kept: Kept = read(&certificate_path(&config.data))?;
    if kept.directory != settings.directory || kept.domains != settings.domains {
        return None;
    }
    let read = certificates::read(kept.chain.as_bytes(), kept.key.as_bytes());
    read.inspect_err(|error| tracing::warn!(%error, "the kept certificate cannot be used")).ok()
}

/// When two thirds of its time are over.
fn due(certified: &CertifiedKey) -> Option<Millis> {
    let (_, leaf) = x509_parser::parse_x509_certificate(certified.cert.first()?).ok()?;
    let (from, until) = (leaf.validity().not_before.timestamp(), leaf.validity().not_after.timestamp());
    Some(Millis((until - (until - from) / 3) * 1000))
}

/// The orders of one authority.
pub struct Orders {
    settings: Acme,
    data: PathBuf,
    /// When the certificate is to be renewed; unset: there is none of the authority yet.
    due: Option<Millis>,
    failures: u32,
}

impl std::fmt::Debug for Orders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Orders").field("settings", &self.settings).field("due", &self.due).finish_non_exhaustive()
    }
}

impl Orders {
    #[must_use]
    pub fn new(app: &App, settings: &Acme, certificates: &Certificates) -> Self {
        let due = kept(&app.config, settings).and_then(|_| due(&certificates.current()));
        Self { settings: settings.clone(), data: app.config.data.clone(), due, failures: 0 }
    }

    /// Orders a certificate if one is due. Says when to look again.
    pub async fn look(&mut self, app: &App, certificates: &Certificates) -> Duration {
        if self.due.is_some_and(|due| app.clock.now() < due) {
            return app.tuning.certificate_check;
        }
        let domains = self.settings.domains.join(", ");
        let ordered = tokio::time::timeout(PATIENCE * 2, self.order(certificates)).await;
        certificates.forget_challenges();
        match ordered.unwrap_or(Err(OrderError::Late)) {
            Ok(certified) => {
                self.failures = 0;
                self.due = due(&certified);
                tracing::info!(domains, fingerprint = fingerprint(&certified), "the authority has given a certificate");
                certificates.replace(certified);
                app.tuning.certificate_check
            }
            Err(error) => {
                let retry = (app.tuning.certificate_retry * 4_u32.pow(self.failures.min(5))).min(LONGEST_RETRY);
                self.failures += 1;
                let next_s = retry.as_secs();
                tracing::error!(%error, domains, directory = %self.settings.directory, next_s, "there is no new certificate");
                retry
            }
        }
    }

    async fn order(&self, certificates: &Certificates) -> Result<CertifiedKey, OrderError> {
        let account = self.account().await?;
        let names: Vec<_> = self.settings.domains.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        answer_challenges(&mut order, certificates).await?;
        let retries = RetryPolicy::new().timeout(PATIENCE);
        match order.poll_ready(&retries).await {
            Ok(OrderStatus::Ready) => {}
            _ => return Err(OrderError::Refused(refusals(&mut order).await?)),
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&retries).await?;
        let certified = certificates::read(chain.as_bytes(), key.as_bytes())?;
        let Acme { directory, domains, .. } = self.settings.clone();
        write(&certificate_path(&self.data), &Kept { directory, domains, chain, key })?;
        Ok(certified)
    }

    /// The one of before, if it is of this authority.
    async fn account(&self) -> Result<Account, OrderError> {
        let Acme { directory, contact, .. } = &self.settings;
        let path = account_path(&self.data);
        let kept = read(&path).filter(|kept: &KeptAccount| kept.directory == *directory && kept.contact == *contact);
        if let Some(kept) = kept {
            return Ok(self.builder()?.from_credentials(kept.credentials).await?);
        }
        let mail = contact.as_ref().map(|contact| format!("mailto:{contact}"));
        let contacts: Vec<_> = mail.as_deref().into_iter().collect();
        let new = NewAccount { contact: &contacts, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = self.builder()?.create(&new, directory.to_string(), None).await?;
        write(&path, &KeptAccount { directory: directory.clone(), contact: contact.clone(), credentials })?;
        Ok(account)
    }

    fn builder(&self) -> Result<AccountBuilder, instant_acme::Error> {
        match &self.settings.ca {
            Some(ca) => Account::builder_with_root(ca),
            None => Account::builder(),
        }
    }
}

async fn answer_challenges(order: &mut Order, certificates: &Certificates) -> Result<(), OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let name = authorization.identifier().to_string();
        let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
        let mut challenge = challenge.ok_or_else(|| OrderError::NoChallenge(name.clone()))?;
        let answer = challenge_answer(&name, challenge.key_authorization().digest().as_ref())?;
        certificates.challenge(name, answer);
        challenge.set_ready().await?;
    }
    Ok(())
}

/// RFC 8737 §3: a certificate for the name alone, with the digest in it.
fn challenge_answer(name: &str, digest: &[u8]) -> Result<CertifiedKey, OrderError> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let made = params.self_signed(&key)?;
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let signing = default_provider().key_provider.load_private_key(private)?;
    // Not checked as others are: with an extension that must be understood and is not, it is no certificate to anybody else.
    Ok(CertifiedKey::new(vec![made.der().clone()], signing))
}

/// What the authority says of each name that it did not find to be ours.
async fn refusals(order: &mut Order) -> Result<String, OrderError> {
    let mut said = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let name = authorization.identifier().to_string();
        let state = authorization.refresh().await?;
        let problems = state.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        said.extend(problems.map(|problem| format!("{name}: {problem}")));
        if said.is_empty() && state.status != AuthorizationStatus::Valid {
            said.push(format!("{name}: {:?}", state.status));
        }
    }
    Ok(said.join("; "))
}
