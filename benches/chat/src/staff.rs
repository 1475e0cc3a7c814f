//! The people: each with a session of their own, made as everybody gets in, by invitation.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{client::IntoClientRequest, http::HeaderValue},
};

use crate::server::Server;

const PASSWORD: &str = "correct horse battery";
/// The server limits sign-ins by address: each address of 127.0.0.0/8 lets in fewer than that.
const PER_ADDRESS: usize = 50;
/// Invitations that are accepted at once; more only wait for the hashing of passwords.
const AT_ONCE: usize = 4;

pub(crate) type Socket = WebSocketStream<TcpStream>;

#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) cookie: String,
    origin: String,
    address: Ipv4Addr,
    http: Client,
}

/// Makes the first admin and the others; the admin is the first of them.
pub(crate) async fn hire(server: &mut Server, count: usize) -> Result<Vec<Person>> {
    let token = server.setup_token().await?;
    let body = json!({"token": token, "password": PASSWORD, "name": "Admin", "login": "admin", "email": "admin@example.org"});
    let admin = accept(&server.origin, address(0), &body).await?;
    let mut all = vec![admin.clone()];
    while all.len() < count {
        let batch = (all.len()..count.min(all.len() + AT_ONCE)).map(|number| invite(&admin, number));
        all.extend(futures_util::future::try_join_all(batch).await?);
    }
    Ok(all)
}

/// The server has been started anew, on another port.
pub(crate) fn moved(staff: &mut [Person], origin: &str) {
    staff.iter_mut().for_each(|person| origin.clone_into(&mut person.origin));
}

fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, 1 + u8::try_from(number / PER_ADDRESS % 250).unwrap_or_default())
}

async fn invite(admin: &Person, number: usize) -> Result<Person> {
    let login = format!("user{number}");
    let body = json!({"name": format!("User {number}"), "login": login, "email": "user@example.org", "role": "employee"});
    let added = admin.call(Method::POST, "/api/users", Some(&body)).await?;
    let url = added["invitation"]["url"].as_str().context("a link")?;
    let token = url.split_once('#').context("a token")?.1;
    accept(&admin.origin, address(number), &json!({"token": token, "password": PASSWORD})).await
}

async fn accept(origin: &str, address: Ipv4Addr, body: &Value) -> Result<Person> {
    let http = Client::builder().local_address(IpAddr::V4(address)).timeout(Duration::from_secs(30)).no_proxy().build()?;
    let response = http.post(format!("{origin}/api/invitations/accept")).header("origin", origin).json(body).send().await?;
    ensure!(response.status() == 200, "an invitation was refused: {}", response.status());
    let cookie =
        response.headers().get("set-cookie").context("a cookie")?.to_str()?.split(';').next().unwrap_or_default().to_owned();
    let answer: Value = response.json().await?;
    let id = answer["user"]["id"].as_str().context("an id")?.to_owned();
    Ok(Person { id, cookie, origin: origin.to_owned(), address, http })
}

impl Person {
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.origin)).header("origin", &self.origin);
        request = request.header("cookie", &self.cookie);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        ensure!(response.status().is_success(), "{path}: {} {}", response.status(), response.text().await?);
        Ok(response.json().await?)
    }

    pub(crate) async fn conversation_with(&self, other: &Self) -> Result<String> {
        let conversation = self.call(Method::POST, "/api/conversations", Some(&json!({"user_id": other.id}))).await?;
        Ok(conversation["id"].as_str().context("an id")?.to_owned())
    }

    /// From the person's own address: one alone has too few ports for ten thousand sockets.
    pub(crate) async fn socket(&self) -> Result<Socket> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.address, 0).into())?;
        let stream = socket.connect(self.origin.trim_start_matches("http://").parse()?).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("{}/api/socket", self.origin.replace("http", "ws")).into_client_request()?;
        request.headers_mut().insert("origin", HeaderValue::from_str(&self.origin)?);
        request.headers_mut().insert("cookie", HeaderValue::from_str(&self.cookie)?);
        Ok(client_async(request, stream).await?.0)
    }
}
