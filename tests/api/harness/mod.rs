//! `TestApp`: a whole server with a real database; `both!` runs a test on each engine.

pub(crate) mod authority;
mod client;
mod database;
mod device;
pub(crate) mod push;
pub(crate) mod smtp;
pub(crate) mod turn;
mod upload;

use std::{net::SocketAddr, path::Path, time::Duration};

pub(crate) use client::{Answer, Client, send as client_send};
pub(crate) use database::{Database, Engine};
pub(crate) use device::{Device, refused};
use serde_json::json;
use staffline::{
    app::{App, Tuning},
    calls,
    clock::{Clock, Millis},
    config::Config,
    net::{Server, tls},
    users::invitations,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// The password of everybody in the tests.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// No test waits longer for what must come. Only what never comes takes so long, on whatever machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test on SQLite and on PostgreSQL.
macro_rules! both {
    ($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block) => {
        mod $name {
            use super::*;

            async fn test($app: TestApp) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                crate::harness::run(crate::harness::Engine::Sqlite, test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                crate::harness::run(crate::harness::Engine::Postgres, test).await;
            }
        }
    };
}
pub(crate) use both;

/// A running server. Its clock stands still until a test moves it.
#[derive(Clone)]
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) address: SocketAddr,
    pub(crate) tls: bool,
}

/// What a test may set before the server starts.
pub(crate) struct Setup {
    pub(crate) tuning: Tuning,
    pub(crate) change: fn(&mut Config),
}

impl Default for Setup {
    fn default() -> Self {
        Self { tuning: tuning(), change: |_| {} }
    }
}

/// Short spans where a test waits for them to pass, long ones where it must not run into them.
pub(crate) fn tuning() -> Tuning {
    Tuning {
        presence_grace: Duration::from_millis(50),
        // A device that a test does not read answers no ping.
        silent_after: Duration::from_secs(300),
        dead_after: Duration::from_secs(600),
        recheck_session: Duration::from_millis(100),
        recheck_upload: Duration::from_millis(100),
        sign_in_burst: 1_000,
        certificate_check: Duration::from_millis(50),
        certificate_retry: Duration::from_millis(50),
        worker: env!("CARGO_BIN_EXE_staffline").into(),
        sign_in_burst_of_address: 1_000,
        mail_every: Duration::from_millis(20),
        mails_per_hour: 3,
        send_patience: PATIENCE,
        ..Tuning::default()
    }
}

/// Runs `test` on a server with a fresh database, and cleans up even if it panics.
pub(crate) async fn run<F: Future<Output = ()> + Send + 'static>(engine: Engine, test: impl FnOnce(TestApp) -> F) {
    run_with(engine, Setup::default(), test).await;
}

pub(crate) async fn run_with<F: Future<Output = ()> + Send + 'static>(
    engine: Engine,
    setup: Setup,
    test: impl FnOnce(TestApp) -> F,
) {
    let folder = tempfile::tempdir().unwrap();
    let Some(database) = Database::create(engine, folder.path()).await else { return };
    let app = start(&folder, &database, setup).await;
    let outcome = tokio::spawn(test(app.clone())).await;
    app.app.shut_down(Duration::from_secs(5)).await;
    database.drop().await;
    if let Err(failed) = outcome {
        std::panic::resume_unwind(failed.into_panic());
    }
}

async fn start(folder: &TempDir, database: &Database, setup: Setup) -> TestApp {
    let config = config(folder.path(), database, setup.change);
    let identity = tls::load(&config).unwrap();
    let tls = identity.is_some();
    let app = App::start(config, Clock::manual(Millis(1_767_225_600_000)), setup.tuning).await.unwrap();
    let (listener, address) = one_port(&app).await;
    tokio::spawn(Server::new(app.clone(), listener, identity).run());
    TestApp { app, address, tls }
}

/// A port that is free for TCP, with the media node on the same number of UDP; another test may have taken that one.
async fn one_port(app: &App) -> (TcpListener, SocketAddr) {
    for _ in 0..20 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if calls::media::start(app, address).is_ok() {
            return (listener, address);
        }
    }
    panic!("no port is free for TCP and UDP");
}

fn config(folder: &Path, database: &Database, change: fn(&mut Config)) -> Config {
    // Whoever comes first installs it; the others find it there.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut config = Config::of_folder(folder).unwrap();
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.database = database.config();
    change(&mut config);
    config
}

impl TestApp {
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// A browser that nobody is signed in on.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.origin())
    }

    /// As [`Self::client`], at another address of this machine.
    pub(crate) fn client_at(&self, address: &str) -> Client {
        Client::at(self.origin(), Some(address.parse().unwrap()))
    }

    /// The first admin, signed in, made as a real one is.
    pub(crate) async fn admin(&self) -> Client {
        let link = invitations::setup(&self.app).await.unwrap().expect("nobody is here yet");
        let client = self.client();
        let body = json!({
            "token": link.token.as_str(), "password": PASSWORD, "name": "Admin", "login": "admin", "email": "admin@example.com",
        });
        client.post("/api/invitations/accept", &body).await.expect(200);
        client
    }

    /// A new user, signed in.
    pub(crate) async fn user(&self, admin: &Client, login: &str, role: &str) -> Client {
        let body =
            json!({"name": format!("User {login}"), "login": login, "email": format!("{login}@example.com"), "role": role});
        let added = admin.post("/api/users", &body).await.expect(201);
        let client = self.client();
        let body = json!({"token": token_of(added["invitation"]["url"].as_str().unwrap()), "password": PASSWORD});
        client.post("/api/invitations/accept", &body).await.expect(200);
        client
    }

    /// An admin and two employees, Anna and Boris, who have a conversation: its id comes last.
    pub(crate) async fn office(&self) -> (Client, Client, Client, String) {
        let admin = self.admin().await;
        let anna = self.user(&admin, "anna", "employee").await;
        let boris = self.user(&admin, "boris", "employee").await;
        let boris_id = boris.id().await;
        let conversation = anna.post("/api/conversations", &json!({"user_id": boris_id})).await.expect(201);
        let id = conversation["id"].as_str().unwrap().to_owned();
        (admin, anna, boris, id)
    }

    /// Moves the server's clock on.
    pub(crate) fn advance(&self, by: Duration) {
        self.app.clock.advance(by);
    }
}

/// The secret of a link.
pub(crate) fn token_of(url: &str) -> String {
    url.split_once('#').expect("the token is the fragment").1.to_owned()
}

/// A client key that nobody used before.
pub(crate) fn new_key() -> String {
    uuid::Uuid::now_v7().to_string()
}
