//! The command line: configuration, then the app, then serving until told to stop.

use std::{
    fs::{File, TryLockError},
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use staffline::{
    app::{App, Tuning},
    calls,
    clock::Clock,
    config::{Config, LogFormat, Settings},
    doctor::{self, certificate::Trust, probe::Target, reach},
    files::work::{self, Job},
    http,
    net::{Server, tls},
    recordings,
    users::{self, NewUser, Role, UsersError, invitations, settings::Language},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tracing::{Level, Metadata};
use tracing_subscriber::{filter::filter_fn, layer::SubscriberExt, util::SubscriberInitExt};
use url::Url;

/// Staff chat and calls in one process on one port.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    /// Settings file, TOML [default: staffline.toml in the data folder, if it is there]
    #[arg(long, global = true, env = "STAFFLINE_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (also without any command)
    Serve,
    /// Print the OpenAPI document of the HTTP API
    Openapi,
    /// Print a one-time link: for the first admin, or, with a login, one that sets that user's password anew
    AdminLink { login: Option<String> },
    /// Try every way to a server from here, and say what keeps calls from connecting
    Doctor {
        /// Where browsers open the page [default: public_url, or this machine's own address]
        #[arg(long)]
        url: Option<Url>,
        /// ru or en [default: by LANG]
        #[arg(long)]
        lang: Option<Lang>,
    },
    /// Recordings: whether they are what was recorded, and their files without a server
    #[command(subcommand)]
    Recordings(RecordingsCommand),
    /// Decode a stranger's file, in a process with little memory and time: for the server itself
    #[command(hide = true)]
    Worker { job: Job },
    /// Add two sample users and print their invitation links
    Demo,
}

#[derive(Debug, Subcommand)]
enum RecordingsCommand {
    /// Look at every recording that is kept, or at a bundle that was taken; ends with 1 if something is not what was recorded
    Verify {
        /// A bundle (.tar); needs no server and no settings
        #[arg(long)]
        bundle: Option<PathBuf>,
    },
    /// Write the files of a recording, out of its folder and its key alone; needs no server, no settings and no network
    Open {
        /// The folder with its segments (00000.seg, …)
        folder: PathBuf,
        /// What `age -d` makes of its key.age: a file with 32 bytes, or - for the standard input
        #[arg(long)]
        key: PathBuf,
        /// Where the files go
        #[arg(long, default_value = ".")]
        to: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Lang {
    Ru,
    En,
}

/// How long running requests and tasks may take to end.
const DRAIN: Duration = Duration::from_secs(10);

fn main() -> anyhow::Result<()> {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches)?;
    if matches!(cli.command, Some(Command::Openapi)) {
        return say(&http::document().to_pretty_json()?);
    }
    if let Some(Command::Worker { job }) = cli.command {
        std::process::exit(work::run(job));
    }
    if let Some(Command::Recordings(RecordingsCommand::Verify { bundle: Some(path) })) = &cli.command {
        return verify_bundle(path);
    }
    if let Some(Command::Recordings(RecordingsCommand::Open { folder, key, to })) = &cli.command {
        let fine = recordings::open::open(folder, key, to, &mut io::stdout())?;
        std::process::exit(i32::from(!fine));
    }
    let config = load(&cli, &matches)?;
    start_log(&config);
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("nothing else in this process installs one");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            None | Some(Command::Serve) => serve(config).await,
            Some(Command::AdminLink { login }) => admin_link(config, login.as_deref()).await,
            Some(Command::Demo) => demo_users(config).await,
            Some(Command::Doctor { url, lang }) => examine(&config, url, lang).await,
            Some(Command::Recordings(RecordingsCommand::Verify { .. })) => verify_recordings(config).await,
            Some(Command::Openapi | Command::Worker { .. } | Command::Recordings(RecordingsCommand::Open { .. })) => {
                unreachable!("answered above")
            }
        }
    })
}

fn load(cli: &Cli, matches: &ArgMatches) -> anyhow::Result<Config> {
    Ok(Config::load(&cli.settings, |name| matches.value_source(name), cli.config.as_deref())?)
}

fn start_log(config: &Config) {
    let log = tracing_subscriber::fmt()
        .with_env_filter(&config.log_filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => log.finish().with(filter_fn(may_be_logged)).init(),
        LogFormat::Json => log.json().finish().with(filter_fn(may_be_logged)).init(),
    }
}

/// Whatever the filter of the admin: the WebSocket library tells every frame in full, with messages and the addresses of callers.
fn may_be_logged(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || !event.target().contains("tungstenite")
}

async fn serve(config: Config) -> anyhow::Result<()> {
    config.make_data_folder().with_context(|| format!("cannot make the data folder {}", config.data.display()))?;
    let _lock = lock(&config.data)?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let identity = tls::load(&config)?;
    let app = App::start(config, Clock::System, Tuning::default()).await?;
    calls::media::start(&app, address).with_context(|| format!("cannot listen on UDP {address}"))?;
    greet(&app, address, identity.as_ref()).await?;
    let server = tokio::spawn(Server::new(app.clone(), listener, identity).run());
    app.tasks.spawn(reach::run(app.clone(), address));
    stop_signal().await?;
    tracing::info!("stopping");
    app.shut_down(DRAIN).await;
    server.await?;
    Ok(())
}

/// Two servers on one folder would each think that they are alone with SQLite, the certificate and the sockets.
fn lock(data: &Path) -> anyhow::Result<File> {
    let path = data.join("staffline.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => bail!("another server runs on the data folder {}", data.display()),
        Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
    }
}

/// What the admin needs to see at start.
async fn greet(app: &App, address: SocketAddr, identity: Option<&tls::Identity>) -> anyhow::Result<()> {
    let base = app.config.base_url(address);
    say(&format!("Staffline {} listens on {address}: {base}", env!("CARGO_PKG_VERSION")))?;
    if let Some(identity) = identity {
        say(&format!("Certificate (SHA-256): {}", identity.fingerprint))?;
    }
    if let Some(invitation) = invitations::setup(app).await? {
        say(&format!("There is no admin yet. This link, good for one use, creates the first one:\n{}", invitation.url(&base)))?;
    }
    Ok(())
}

async fn stop_signal() -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn admin_link(config: Config, login: Option<&str>) -> anyhow::Result<()> {
    let base = config.base_url(config.listen);
    let app = App::open(config, Clock::System, Tuning::default()).await?;
    let invitation = match login {
        Some(login) => {
            let user = users::by_login(&app.db, login).await.with_context(|| format!("the login {login}"))?;
            users::invite_again(&app, user, None).await?
        }
        None => {
            invitations::setup(&app).await?.context("there is an admin already: name the login of the one who is to get in")?
        }
    };
    app.shut_down(DRAIN).await;
    say(invitation.url(&base).as_str())
}

/// Ends the process with 1 if a leg does not get through.
async fn examine(config: &Config, url: Option<Url>, lang: Option<Lang>) -> anyhow::Result<()> {
    let url = url.unwrap_or_else(|| config.base_url(config.listen));
    let target = Target::of(&url).context("the URL must be http://host or https://host")?;
    let target = Target { shards: config.media_shards, ..target };
    let language = match lang {
        Some(Lang::Ru) => Language::Ru,
        Some(Lang::En) => Language::En,
        None => doctor::command::language_of(|name| std::env::var(name).ok()),
    };
    let trust = Trust::load().context("cannot read the authorities that this machine trusts")?;
    let fine = doctor::command::run(&target, language, &Clock::System, &trust, &mut io::stdout()).await?;
    std::process::exit(i32::from(!fine));
}

/// Beside a running server, or without one. Ends the process with 1 if something is not what was recorded.
async fn verify_recordings(config: Config) -> anyhow::Result<()> {
    let app = App::open(config, Clock::System, Tuning::default()).await?;
    let fine = recordings::check::all(&app, &mut io::stdout()).await?;
    app.shut_down(DRAIN).await;
    std::process::exit(i32::from(!fine));
}

fn verify_bundle(path: &Path) -> anyhow::Result<()> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    match recordings::bundle::check(io::BufReader::new(file)) {
        Ok(checked) => {
            say(&format!("fine: {} recordings, {} files, signed by {}", checked.recordings, checked.files, checked.public))
        }
        Err(error) => {
            say(&format!("BROKEN: {error}"))?;
            std::process::exit(1)
        }
    }
}

/// Neutral people for `make demo`. Those who are there already keep what they have.
async fn demo_users(config: Config) -> anyhow::Result<()> {
    let base = config.base_url(config.listen);
    let app = App::open(config, Clock::System, Tuning::default()).await?;
    for (name, login) in [("Anna", "anna"), ("Boris", "boris")] {
        let email = format!("{login}@example.com");
        let new = NewUser { name: name.to_owned(), login: login.to_owned(), email, role: Role::Employee };
        match users::add(&app, new, None).await {
            Ok((_, invitation)) => say(&format!("{name}: {}", invitation.url(&base)))?,
            Err(UsersError::LoginTaken) => say(&format!("{name}: is here already"))?,
            Err(error) => return Err(error.into()),
        }
    }
    app.shut_down(DRAIN).await;
    Ok(())
}

fn say(line: &str) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{line}").context("cannot write to the terminal")
}
