//! The settings: one struct for the flags, the environment and the file, validated once at start.
//!
//! A value is taken from the first of: a flag, `STAFFLINE_*`, the file, the default.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::{Args, ValueEnum, parser::ValueSource};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;
use url::{Host, Url};

use crate::files::limits::UploadLimits;
use crate::notifications::settings::FixedServer;
use crate::recordings::keys::{
    age::{BadRecipient, Recipient},
    parse_secret,
};

/// Everything that can be set. `docs/operations.md` has the same list, and a test that the two agree.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Address and port to listen on, TCP and UDP [default: 0.0.0.0:8080]
    #[arg(long, global = true, env = "STAFFLINE_LISTEN")]
    pub listen: Option<SocketAddr>,
    /// Folder for everything that is kept [default: data]
    #[arg(long, global = true, env = "STAFFLINE_DATA")]
    pub data: Option<PathBuf>,
    /// sqlite:<path> or postgres://user:password@host/name [default: staffline.db in the data folder]
    #[arg(long, global = true, env = "STAFFLINE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where browsers reach the server, such as https://chat.example.com [default: made from the address]
    #[arg(long, global = true, env = "STAFFLINE_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// Addresses under which browsers reach the media port, comma-separated [default: those of this machine]
    #[arg(long, global = true, env = "STAFFLINE_PUBLIC_IP", value_delimiter = ',')]
    pub public_ip: Option<Vec<IpAddr>>,
    /// Threads of the media node, each with a UDP port of its own, from that of listen on, 1 to 64 [default: 1]
    #[arg(long, global = true, env = "STAFFLINE_MEDIA_SHARDS")]
    pub media_shards: Option<u16>,
    /// off, self-signed (for a trial), files, or acme [default: files if tls_cert is set, else off]
    #[arg(long, global = true, env = "STAFFLINE_TLS")]
    pub tls: Option<TlsMode>,
    /// Certificate chain, PEM
    #[arg(long, global = true, env = "STAFFLINE_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// Private key, PEM
    #[arg(long, global = true, env = "STAFFLINE_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Names for which a certificate is ordered by ACME, comma-separated [default: host of public_url]
    #[arg(long, global = true, env = "STAFFLINE_ACME_DOMAINS", value_delimiter = ',')]
    pub acme_domains: Option<Vec<String>>,
    /// Mail address that the authority may write to
    #[arg(long, global = true, env = "STAFFLINE_ACME_CONTACT")]
    pub acme_contact: Option<String>,
    /// Directory of the authority [default: https://acme-v02.api.letsencrypt.org/directory]
    #[arg(long, global = true, env = "STAFFLINE_ACME_DIRECTORY")]
    pub acme_directory: Option<Url>,
    /// Who vouches for the directory's own certificate, PEM [default: those that the system trusts]
    #[arg(long, global = true, env = "STAFFLINE_ACME_CA")]
    pub acme_ca: Option<PathBuf>,
    /// Days without a visit after which a user must sign in again, 1 to 365 [default: 30]
    #[arg(long, global = true, env = "STAFFLINE_SESSION_DAYS")]
    pub session_days: Option<u32>,
    /// Where files are kept: s3://bucket/prefix, with the usual AWS_* variables [default: files in the data folder]
    #[arg(long, global = true, env = "STAFFLINE_FILES_URL")]
    pub files_url: Option<Url>,
    /// Largest file that may be uploaded, in MiB, until an admin sets another limit [default: 512]
    #[arg(long, global = true, env = "STAFFLINE_MAX_FILE_MIB")]
    pub max_file_mib: Option<u32>,
    /// All files of one user together, in GiB, until an admin sets another limit [default: 20]
    #[arg(long, global = true, env = "STAFFLINE_MAX_USER_GIB")]
    pub max_user_gib: Option<u32>,
    /// Mail server: smtps://user:password@host, smtp://host (STARTTLS) or smtp://host?tls=none [default: as set on the admin's page]
    #[arg(long, global = true, env = "STAFFLINE_SMTP_URL", hide_env_values = true)]
    pub smtp_url: Option<String>,
    /// Sender of all mail, such as "Staffline <chat@example.com>"; needed with smtp_url
    #[arg(long, global = true, env = "STAFFLINE_SMTP_FROM")]
    pub smtp_from: Option<String>,
    /// Authority of the mail server's certificate, PEM [default: those that the system trusts]
    #[arg(long, global = true, env = "STAFFLINE_SMTP_CA")]
    pub smtp_ca: Option<PathBuf>,
    /// Whether push services may be in a private network and without TLS, for a trial [default: false]
    #[arg(long, global = true, env = "STAFFLINE_PUSH_PRIVATE")]
    pub push_private: Option<bool>,
    /// Token with which Prometheus may read /metrics, 16 characters or more [default: only admins may]
    #[arg(long, global = true, env = "STAFFLINE_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<String>,
    /// Key that the keys of recordings are wrapped with, 32 bytes as base64 [default: recordings.key in the data folder, made at first start]
    #[arg(long, global = true, env = "STAFFLINE_RECORDING_KEY", hide_env_values = true)]
    pub recording_key: Option<String>,
    /// age recipients (age1...) who can open every recording without the server, comma-separated [default: none]
    #[arg(long, global = true, env = "STAFFLINE_RECORDING_RECIPIENTS", value_delimiter = ',')]
    pub recording_recipients: Option<Vec<String>>,
    /// Addresses that the head of all recordings is mailed to every day, comma-separated [default: none]
    #[arg(long, global = true, env = "STAFFLINE_RECORDING_HEADS_TO", value_delimiter = ',')]
    pub recording_heads_to: Option<Vec<String>>,
    /// Hours for which a closed recording stays on this server after it is in S3, 0 to 87600 [default: 24]
    #[arg(long, global = true, env = "STAFFLINE_RECORDING_LOCAL_HOURS")]
    pub recording_local_hours: Option<u32>,
    /// text or json [default: text]
    #[arg(long, global = true, env = "STAFFLINE_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// What to log, as in `info,staffline=debug` [default: info]
    #[arg(long, global = true, env = "STAFFLINE_LOG_FILTER")]
    pub log_filter: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    Off,
    SelfSigned,
    Files,
    Acme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}

/// The settings with every default filled in and every rule checked.
#[derive(Clone, Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database: Database,
    /// Unset: the server answers under whatever name it is asked by.
    pub public_url: Option<Url>,
    /// Set by hand; see [`Config::media_addresses`].
    pub public_ip: Vec<IpAddr>,
    /// Each has a UDP port, from that of `listen` on.
    pub media_shards: u16,
    pub tls: Tls,
    pub session_lifetime: Duration,
    pub files: FileStore,
    /// Until an admin sets others.
    pub upload_limits: UploadLimits,
    /// Unset: as the admin's page has it.
    pub smtp: Option<FixedServer>,
    /// PEM.
    pub smtp_ca: Option<Vec<u8>>,
    pub push_private: bool,
    pub metrics_token: Option<MetricsToken>,
    /// Unset: that of the file in the data folder.
    pub recording_key: Option<RecordingSecret>,
    pub recording_recipients: Vec<Recipient>,
    pub recording_heads_to: Vec<String>,
    /// Where files are kept in S3: how long copies of recordings stay here.
    pub recording_local: Duration,
    pub log_format: LogFormat,
    pub log_filter: String,
}

/// What the keys of recordings are wrapped with.
#[derive(Clone, PartialEq, Eq)]
pub struct RecordingSecret(pub [u8; 32]);

impl fmt::Debug for RecordingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordingSecret(…)")
    }
}

/// Who has it may read the metrics.
#[derive(Clone, PartialEq, Eq)]
pub struct MetricsToken(String);

impl MetricsToken {
    /// Shorter ones could be guessed.
    const SHORTEST: usize = 16;

    /// `None` if it is too short.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        (text.len() >= Self::SHORTEST).then(|| Self(text.to_owned()))
    }

    /// Takes as long for a token that is nearly right as for any other.
    #[must_use]
    pub fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

impl fmt::Debug for MetricsToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetricsToken(…)")
    }
}

/// Where everything is kept that is not a file.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// An absolute path.
    Sqlite(PathBuf),
    /// A URL as libpq has it, password and all.
    Postgres(String),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "Sqlite({})", path.display()),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

/// Where the bytes of files are kept.
#[derive(Clone, PartialEq, Eq)]
pub enum FileStore {
    Folder(PathBuf),
    /// `s3://bucket/prefix`, with the options of the environment, by their names there: keys, region, endpoint.
    S3 {
        url: Url,
        options: Vec<(String, String)>,
    },
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "Folder({})", path.display()),
            // The options have a secret key among them.
            Self::S3 { url, .. } => write!(f, "S3({url})"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    Off,
    /// Made at first start and kept in the data folder.
    SelfSigned,
    Files {
        cert: PathBuf,
        key: PathBuf,
    },
    Acme(Acme),
}

/// A certificate that is ordered of an authority (RFC 8555).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    /// Not empty, as they stand in a certificate.
    pub domains: Vec<String>,
    /// A mail address.
    pub contact: Option<String>,
    pub directory: Url,
    /// PEM, who vouches for the directory's own certificate; unset: those that the system trusts.
    pub ca: Option<PathBuf>,
}

/// Where a value came from, for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Flag,
    Environment,
    File(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{path}: {source}")]
    BadFile { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{name} ({from}): {problem}")]
    Invalid { name: &'static str, from: String, problem: String },
}

const MAX_SHARDS: u16 = staffline_media::shards::MAX_SHARDS as u16;

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The name of the file that is read from the data folder without being asked for.
const FILE_NAME: &str = "staffline.toml";

impl Config {
    /// Joins what the command line and the environment gave with the file, and checks the result.
    ///
    /// `source` tells where clap found a value; `file` is the one asked for by `--config`.
    pub fn load(
        given: &Settings,
        source: impl Fn(&str) -> Option<ValueSource>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let (from_file, path) = read_file(given, file)?;
        let mut sources = BTreeMap::new();
        let mut values = object(&from_file);
        values.keys().for_each(|name| drop(sources.insert(name.clone(), Source::File(path.clone()))));
        for (name, value) in object(given) {
            let environment = source(&name) == Some(ValueSource::EnvVariable);
            sources.insert(name.clone(), if environment { Source::Environment } else { Source::Flag });
            values.insert(name, value);
        }
        let settings = serde_json::from_value(Value::Object(values)).expect("each value was parsed by this type before");
        Checked { settings, sources }.into_config()
    }

    /// The default configuration on a data folder, for tests and tools.
    pub fn of_folder(data: &Path) -> Result<Self, ConfigError> {
        Self::load(&Settings { data: Some(data.to_owned()), ..Settings::default() }, |_| None, None)
    }

    /// The folder, readable by the server's own account only.
    pub fn make_data_folder(&self) -> std::io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.data)
    }

    /// What a link starts with: `public_url`, or the best guess from the address that we listen on.
    #[must_use]
    pub fn base_url(&self, bound: SocketAddr) -> Url {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let scheme = if self.tls == Tls::Off { "http" } else { "https" };
        let host = if bound.ip().is_unspecified() { "localhost".to_owned() } else { url_host(bound.ip()) };
        Url::parse(&format!("{scheme}://{host}:{}/", bound.port())).expect("an address makes a URL")
    }

    /// The addresses that go into ICE candidates: those set, or every unicast one of this machine;
    /// loopback only where we listen on it or there is nothing else.
    #[must_use]
    pub fn media_addresses(&self) -> Vec<IpAddr> {
        if !self.public_ip.is_empty() {
            return self.public_ip.clone();
        }
        if !self.listen.ip().is_unspecified() {
            return vec![self.listen.ip()];
        }
        let found = if_addrs::get_if_addrs().unwrap_or_default().into_iter().map(|interface| interface.ip());
        let (loopback, others): (Vec<_>, Vec<_>) =
            found.filter(|ip| self.reachable_from_listener(*ip)).partition(IpAddr::is_loopback);
        if others.is_empty() { loopback } else { others }
    }

    fn reachable_from_listener(&self, ip: IpAddr) -> bool {
        let link_local = matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
        let family = ip.is_ipv4() || self.listen.is_ipv6();
        family && !ip.is_unspecified() && !ip.is_multicast() && !link_local
    }
}

fn url_host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}

/// The file that was asked for must be there; the default one may be.
fn read_file(given: &Settings, file: Option<&Path>) -> Result<(Settings, PathBuf), ConfigError> {
    let path = file.map_or_else(|| data_folder(given.data.as_deref()).join(FILE_NAME), Path::to_owned);
    match std::fs::read_to_string(&path) {
        Ok(text) => match toml::from_str(&text) {
            Ok(settings) => Ok((settings, path)),
            Err(source) => Err(ConfigError::BadFile { path, source: Box::new(source) }),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => Ok((Settings::default(), path)),
        Err(source) => Err(ConfigError::Unreadable { path, source }),
    }
}

fn data_folder(set: Option<&Path>) -> PathBuf {
    set.unwrap_or(Path::new("data")).to_owned()
}

/// The values that are set, by name.
fn object(settings: &Settings) -> Map<String, Value> {
    let Ok(Value::Object(mut values)) = serde_json::to_value(settings) else { unreachable!("a struct serialises to an object") };
    values.retain(|_, value| !value.is_null());
    values
}

/// Settings with where each came from, on the way to a [`Config`].
struct Checked {
    settings: Settings,
    sources: BTreeMap<String, Source>,
}

impl Checked {
    fn into_config(self) -> Result<Config, ConfigError> {
        let data = data_folder(self.settings.data.as_deref());
        Ok(Config {
            listen: self.settings.listen.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 8080))),
            database: self.database(&data)?,
            public_url: self.public_url()?,
            public_ip: self.public_ip()?,
            media_shards: self.media_shards()?,
            tls: self.tls()?,
            session_lifetime: self.session_lifetime()?,
            files: self.files(&data)?,
            upload_limits: self.upload_limits()?,
            smtp: self.smtp()?,
            smtp_ca: self.smtp_ca()?,
            push_private: self.settings.push_private.unwrap_or(false),
            metrics_token: self.metrics_token()?,
            recording_key: self.recording_key()?,
            recording_recipients: self.recording_recipients()?,
            recording_heads_to: self.recording_heads_to()?,
            recording_local: self.recording_local()?,
            log_format: self.settings.log_format.unwrap_or(LogFormat::Text),
            log_filter: self.log_filter()?,
            data,
        })
    }

    fn database(&self, data: &Path) -> Result<Database, ConfigError> {
        let default = || format!("sqlite:{}", data.join("staffline.db").display());
        let url = self.settings.database_url.clone().unwrap_or_else(default);
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Database::Postgres(url));
        }
        let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
        let path = path.filter(|path| !path.is_empty()).ok_or_else(|| {
            self.invalid("database_url", "must be sqlite:<path> or postgres://user:password@host/name".to_owned())
        })?;
        // Absolute, whatever the working directory becomes.
        std::path::absolute(path).map(Database::Sqlite).map_err(|e| self.invalid("database_url", e.to_string()))
    }

    fn public_url(&self) -> Result<Option<Url>, ConfigError> {
        let Some(url) = &self.settings.public_url else { return Ok(None) };
        let plain = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(self.invalid("public_url", "must be http://host or https://host".to_owned()));
        }
        if !plain {
            return Err(self.invalid("public_url", "must have no path, query, fragment or user".to_owned()));
        }
        Ok(Some(url.clone()))
    }

    fn public_ip(&self) -> Result<Vec<IpAddr>, ConfigError> {
        let addresses = self.settings.public_ip.clone().unwrap_or_default();
        match addresses.iter().find(|ip| ip.is_unspecified() || ip.is_multicast()) {
            Some(ip) => Err(self.invalid("public_ip", format!("{ip} is no address that a browser could send to"))),
            None => Ok(addresses),
        }
    }

    fn tls(&self) -> Result<Tls, ConfigError> {
        let settings = &self.settings;
        let files = settings.tls_cert.is_some() || settings.tls_key.is_some();
        match settings.tls.unwrap_or(if files { TlsMode::Files } else { TlsMode::Off }) {
            TlsMode::Files => Ok(Tls::Files {
                cert: self.required_file("tls_cert", settings.tls_cert.as_ref())?,
                key: self.required_file("tls_key", settings.tls_key.as_ref())?,
            }),
            _ if files => {
                Err(self.invalid("tls", "leave it out, or set it to files, when tls_cert and tls_key are given".to_owned()))
            }
            TlsMode::SelfSigned => Ok(Tls::SelfSigned),
            TlsMode::Acme => self.acme().map(Tls::Acme),
            TlsMode::Off => Ok(Tls::Off),
        }
    }

    fn acme(&self) -> Result<Acme, ConfigError> {
        let settings = &self.settings;
        let own = || settings.public_url.as_ref().and_then(Url::host_str).map(|host| vec![host.to_owned()]);
        let given = settings.acme_domains.clone().or_else(own).unwrap_or_default();
        if given.is_empty() {
            return Err(self.invalid("acme_domains", "must be set, or public_url, when TLS is by acme".to_owned()));
        }
        let domain = |name: &String| match Host::parse(name.trim()) {
            Ok(Host::Domain(domain)) if domain.contains('.') && !domain.contains('*') => Ok(domain),
            _ => Err(self.invalid("acme_domains", format!("{name:?} is no name that a certificate can be ordered for"))),
        };
        let domains = given.iter().map(domain).collect::<Result<_, _>>()?;
        let contact = settings.acme_contact.clone();
        if contact.as_ref().is_some_and(|contact| !contact.contains('@') || contact.contains(':')) {
            return Err(self.invalid("acme_contact", "must be a mail address".to_owned()));
        }
        let production = || Url::parse(LETS_ENCRYPT).expect("a constant URL");
        let directory = settings.acme_directory.clone().unwrap_or_else(production);
        if directory.scheme() != "https" {
            return Err(self.invalid("acme_directory", "must begin with https://".to_owned()));
        }
        let ca = settings.acme_ca.as_ref().map(|path| self.required_file("acme_ca", Some(path))).transpose()?;
        Ok(Acme { domains, contact, directory, ca })
    }

    fn required_file(&self, name: &'static str, path: Option<&PathBuf>) -> Result<PathBuf, ConfigError> {
        let path = path.ok_or_else(|| self.invalid(name, "must be set when TLS is by files".to_owned()))?;
        match std::fs::File::open(path) {
            Ok(_) => Ok(path.clone()),
            Err(e) => Err(self.invalid(name, format!("cannot read {}: {e}", path.display()))),
        }
    }

    fn media_shards(&self) -> Result<u16, ConfigError> {
        let first = self.settings.listen.map_or(0, |listen| listen.port());
        match self.settings.media_shards.unwrap_or(1) {
            shards @ 1..=MAX_SHARDS if first.checked_add(shards - 1).is_some() => Ok(shards),
            shards @ 1..=MAX_SHARDS => {
                Err(self.invalid("media_shards", format!("there are no {shards} UDP ports from {first} on")))
            }
            shards => Err(self.invalid("media_shards", format!("{shards} is not between 1 and {MAX_SHARDS}"))),
        }
    }

    fn session_lifetime(&self) -> Result<Duration, ConfigError> {
        match self.settings.session_days.unwrap_or(30) {
            days @ 1..=365 => Ok(Duration::from_secs(u64::from(days) * 24 * 60 * 60)),
            days => Err(self.invalid("session_days", format!("{days} is not between 1 and 365"))),
        }
    }

    fn files(&self, data: &Path) -> Result<FileStore, ConfigError> {
        let Some(url) = &self.settings.files_url else {
            let folder = std::path::absolute(data.join("files"));
            return folder.map(FileStore::Folder).map_err(|e| self.invalid("files_url", e.to_string()));
        };
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "s3" || url.host_str().is_none_or(str::is_empty) || !plain {
            return Err(self.invalid("files_url", "must be s3://bucket or s3://bucket/prefix".to_owned()));
        }
        let options = std::env::vars().filter(|(name, _)| name.starts_with("AWS_")).collect();
        Ok(FileStore::S3 { url: url.clone(), options })
    }

    fn upload_limits(&self) -> Result<UploadLimits, ConfigError> {
        let (file, user) = (self.settings.max_file_mib.unwrap_or(512), self.settings.max_user_gib.unwrap_or(20));
        for (name, value) in [("max_file_mib", file), ("max_user_gib", user)] {
            if !(1..=1_048_576).contains(&value) {
                return Err(self.invalid(name, format!("{value} is not between 1 and 1048576")));
            }
        }
        Ok(UploadLimits { max_file_bytes: u64::from(file) << 20, max_user_bytes: u64::from(user) << 30 })
    }

    fn smtp(&self) -> Result<Option<FixedServer>, ConfigError> {
        let Some(url) = &self.settings.smtp_url else { return Ok(None) };
        let from = self.settings.smtp_from.as_deref();
        let from = from.ok_or_else(|| self.invalid("smtp_from", "must be set when smtp_url is".to_owned()))?;
        FixedServer::parse(url, from).map(Some).map_err(|problem| self.invalid("smtp_url", problem))
    }

    fn smtp_ca(&self) -> Result<Option<Vec<u8>>, ConfigError> {
        let Some(path) = &self.settings.smtp_ca else { return Ok(None) };
        let unreadable = |error| self.invalid("smtp_ca", format!("cannot read {}: {error}", path.display()));
        std::fs::read(path).map(Some).map_err(unreadable)
    }

    fn metrics_token(&self) -> Result<Option<MetricsToken>, ConfigError> {
        let Some(text) = &self.settings.metrics_token else { return Ok(None) };
        let token = MetricsToken::new(text);
        token.map(Some).ok_or_else(|| self.invalid("metrics_token", "has fewer than 16 characters".to_owned()))
    }

    fn recording_key(&self) -> Result<Option<RecordingSecret>, ConfigError> {
        let Some(text) = &self.settings.recording_key else { return Ok(None) };
        let secret = parse_secret(text).map(RecordingSecret);
        secret.map(Some).ok_or_else(|| self.invalid("recording_key", "is not 32 bytes as base64".to_owned()))
    }

    fn recording_recipients(&self) -> Result<Vec<Recipient>, ConfigError> {
        let texts = self.settings.recording_recipients.iter().flatten();
        let invalid = |error: BadRecipient| self.invalid("recording_recipients", error.to_string());
        texts.map(|text| text.parse().map_err(invalid)).collect()
    }

    fn recording_heads_to(&self) -> Result<Vec<String>, ConfigError> {
        let texts = self.settings.recording_heads_to.iter().flatten().map(|text| text.trim().to_owned());
        let checked = |text: String| match text.parse::<lettre::Address>() {
            Ok(_) => Ok(text),
            Err(error) => Err(self.invalid("recording_heads_to", format!("{text:?} is no mail address: {error}"))),
        };
        texts.map(checked).collect()
    }

    fn recording_local(&self) -> Result<Duration, ConfigError> {
        match self.settings.recording_local_hours.unwrap_or(24) {
            hours @ 0..=87_600 => Ok(Duration::from_secs(u64::from(hours) * 60 * 60)),
            hours => Err(self.invalid("recording_local_hours", format!("{hours} is not between 0 and 87600"))),
        }
    }

    fn log_filter(&self) -> Result<String, ConfigError> {
        let filter = self.settings.log_filter.clone().unwrap_or_else(|| "info".to_owned());
        match filter.parse::<tracing_subscriber::EnvFilter>() {
            Ok(_) => Ok(filter),
            Err(e) => Err(self.invalid("log_filter", e.to_string())),
        }
    }

    fn invalid(&self, name: &'static str, problem: String) -> ConfigError {
        let from = match self.sources.get(name) {
            Some(Source::Flag) => format!("--{}", name.replace('_', "-")),
            Some(Source::Environment) => format!("STAFFLINE_{}", name.to_uppercase()),
            Some(Source::File(path)) => path.display().to_string(),
            None => "not set".to_owned(),
        };
        ConfigError::Invalid { name, from, problem }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment => f.write_str("environment"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
