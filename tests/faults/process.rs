//! A server process, and a browser to talk to it.

use std::{
    path::Path,
    process::{ExitStatus, Output, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use futures_util::StreamExt;
use reqwest::{Method, RequestBuilder};
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
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The binary on a data folder and a database, on a free port.
pub(crate) fn command(data: &Path, database: &config::Database) -> Command {
    command_with_log(data, database, "warn")
}

pub(crate) fn command_with_log(data: &Path, database: &config::Database, filter: &str) -> Command {
    let url = match database {
        config::Database::Sqlite(path) => format!("sqlite:{}", path.display()),
        config::Database::Postgres(url) => url.clone(),
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_staffline"));
    command.env_clear().arg("--data").arg(data).args(["--database-url", &url, "--listen", "127.0.0.1:0", "--log-filter", filter]);
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
        Self::spawn(command(data, database)).await
    }

    /// With more settings than [`command`] has.
    pub(crate) async fn spawn(mut command: Command) -> Self {
        let mut child = command.arg("serve").stdout(Stdio::piped()).spawn().unwrap();
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

    /// From now on none of its threads does anything.
    pub(crate) async fn freeze(&self) {
        let id = self.child.id().expect("it runs").to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().await.unwrap().success());
        // A thread that writes stops when it has written.
        let stopped = |thread: std::fs::DirEntry| {
            // One that has ended meanwhile does nothing, either.
            std::fs::read_to_string(thread.path().join("stat")).map_or(true, |stat| stat.contains(") T "))
        };
        while !std::fs::read_dir(format!("/proc/{id}/task")).unwrap().all(|thread| stopped(thread.unwrap())) {
            time::sleep(Duration::from_millis(5)).await;
        }
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
        self.invite_as(origin, login, "employee").await
    }

    pub(crate) async fn invite_as(&self, origin: &str, login: &str, role: &str) -> Self {
        let body = json!({"name": login, "login": login, "email": "x@example.com", "role": role});
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

    /// Announces an upload (tus creation); its id.
    pub(crate) async fn create_upload(&self, origin: &str, name: &str, length: usize) -> reqwest::Result<String> {
        let metadata = format!("filename {}", BASE64.encode(name));
        let request =
            self.tus(Method::POST, origin, "/api/uploads").header("upload-length", length).header("upload-metadata", metadata);
        let response = request.send().await?;
        assert_eq!(response.status(), 201);
        let location = response.headers()["location"].to_str().unwrap();
        Ok(location.rsplit('/').next().unwrap().to_owned())
    }

    /// How much of an upload has safely arrived.
    pub(crate) async fn upload_offset(&self, origin: &str, id: &str) -> reqwest::Result<usize> {
        let response = self.tus(Method::HEAD, origin, &format!("/api/uploads/{id}")).send().await?;
        assert_eq!(response.status(), 200);
        Ok(response.headers()["upload-offset"].to_str().unwrap().parse().unwrap())
    }

    pub(crate) async fn upload_part(&self, origin: &str, id: &str, offset: usize, bytes: Vec<u8>) -> reqwest::Result<()> {
        let request = self.tus(Method::PATCH, origin, &format!("/api/uploads/{id}")).header("upload-offset", offset);
        let response = request.header("content-type", "application/offset+octet-stream").body(bytes).send().await?;
        assert_eq!(response.status(), 204);
        Ok(())
    }

    fn tus(&self, method: Method, origin: &str, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{origin}{path}")).header("origin", origin);
        request.header("cookie", &self.cookie).header("tus-resumable", "1.0.0")
    }

    /// The bytes, if the server gives them.
    pub(crate) async fn download(&self, origin: &str, path: &str) -> Option<Vec<u8>> {
        let response = self.http.get(format!("{origin}{path}")).header("cookie", &self.cookie).send().await.unwrap();
        if response.status() != 200 {
            return None;
        }
        Some(response.bytes().await.unwrap().to_vec())
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

/// The direct conversation of two.
pub(crate) async fn open(one: &Browser, other: &Browser, origin: &str) -> String {
    let user = other.get(origin, "/api/session").await["user"]["id"].clone();
    let (_, conversation) = one.post(origin, "/api/conversations", &json!({"user_id": user})).await.unwrap();
    conversation["id"].as_str().unwrap().to_owned()
}
