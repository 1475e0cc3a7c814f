//! A server process, and a browser to talk to it.

use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use futures_util::StreamExt;
use serde_json::{Value, json};
use staffline::config;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdout, Command},
    time,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The binary on a data folder and a database, on a free port.
pub(crate) fn command(data: &Path, database: &config::Database) -> Command {
    let url = match database {
        config::Database::Sqlite(path) => format!("sqlite:{}", path.display()),
        config::Database::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_staffline"));
    command.env_clear().arg("--data").arg(data).args(["--database-url", &url, "--listen", "127.0.0.1:0", "--log-filter", "warn"]);
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// Runs a command of the binary to its end.
pub(crate) async fn run(mut command: Command) -> Output {
    time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap()
}

/// A server that has said where it listens.
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) origin: String,
}

impl Process {
    pub(crate) async fn start(data: &Path, database: &config::Database) -> Self {
        let mut child = command(data, database).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = time::timeout(PATIENCE, lines.next_line()).await.expect("it starts").unwrap().expect("it says where");
        let origin = line.split(": ").nth(1).expect("an address").trim_end_matches('/').to_owned();
        Self { child, lines, origin }
    }

    /// The token of the link for the first admin.
    pub(crate) async fn setup_token(&mut self) -> String {
        loop {
            let line = time::timeout(PATIENCE, self.lines.next_line()).await.expect("a link").unwrap().expect("a link");
            if let Some((_, token)) = line.split_once("/invitation#") {
                return token.to_owned();
            }
        }
    }

    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop, as a service manager does.
    pub(crate) async fn terminate(&self) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        time::timeout(PATIENCE, self.child.wait()).await.expect("it ends").unwrap()
    }
}

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A signed-in browser. The session outlives the process that it talks to.
#[derive(Clone)]
pub(crate) struct Browser {
    http: reqwest::Client,
    cookie: String,
}

impl Browser {
    pub(crate) async fn accept(origin: &str, body: &Value) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
        let request = http.post(format!("{origin}/api/invitations/accept")).header("origin", origin).json(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { http, cookie }
    }

    pub(crate) async fn first_admin(server: &mut Process) -> Self {
        let token = server.setup_token().await;
        let body = json!({"token": token, "password": PASSWORD, "name": "Admin", "login": "admin", "email": "admin@example.com"});
        Self::accept(&server.origin, &body).await
    }

    /// Adds a user and signs them in.
    pub(crate) async fn invite(&self, origin: &str, login: &str) -> Self {
        let body = json!({"name": login, "login": login, "email": "x@example.com", "role": "employee"});
        let (_, added) = self.post(origin, "/api/users", &body).await.expect("the server answers");
        let token = added["invitation"]["url"].as_str().unwrap().split_once('#').unwrap().1;
        Self::accept(origin, &json!({"token": token, "password": PASSWORD})).await
    }

    /// A request as the page would make it.
    pub(crate) fn request(&self, method: reqwest::Method, origin: &str, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{origin}{path}")).header("origin", origin).header("cookie", &self.cookie)
    }

    pub(crate) async fn get(&self, origin: &str, path: &str) -> Value {
        let response = self.http.get(format!("{origin}{path}")).header("cookie", &self.cookie).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// Status and body; an error if the server went away before it answered.
    pub(crate) async fn post(&self, origin: &str, path: &str, body: &Value) -> reqwest::Result<(u16, Value)> {
        let request =
            self.http.post(format!("{origin}{path}")).header("origin", origin).header("cookie", &self.cookie).json(body);
        let response = request.send().await?;
        Ok((response.status().as_u16(), response.json().await?))
    }

    /// Status and Retry-After.
    pub(crate) async fn status(&self, origin: &str, path: &str) -> (u16, Option<String>) {
        let response = self.http.get(format!("{origin}{path}")).header("cookie", &self.cookie).send().await.unwrap();
        let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
        (response.status().as_u16(), wait)
    }

    /// Opens a socket, past its hello.
    pub(crate) async fn socket(&self, origin: &str) -> Socket {
        let mut request = format!("{}/api/socket", origin.replace("http", "ws")).into_client_request().unwrap();
        request.headers_mut().insert("origin", HeaderValue::from_str(origin).unwrap());
        request.headers_mut().insert("cookie", HeaderValue::from_str(&self.cookie).unwrap());
        let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert!(socket.next().await.unwrap().unwrap().is_text(), "hello");
        socket
    }
}
