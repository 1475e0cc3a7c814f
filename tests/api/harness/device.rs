//! A browser's socket.

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::{net::TcpStream, time};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderValue, Request, header},
    },
};

use super::{Client, PATIENCE};

/// An open socket.
pub(crate) struct Device {
    pub(crate) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) id: String,
}

impl Client {
    /// Opens a socket from now on, past its hello.
    pub(crate) async fn connect(&self) -> Device {
        let (device, hello) = self.connect_at("/api/socket").await;
        assert_eq!(hello["reset"], false);
        device
    }

    /// Opens a socket that goes on after an event; its hello comes along.
    pub(crate) async fn resume(&self, after: i64) -> (Device, Value) {
        self.connect_at(&format!("/api/socket?after={after}")).await
    }

    async fn connect_at(&self, path: &str) -> (Device, Value) {
        let (socket, _) = connect_async(self.upgrade(path)).await.expect("the socket opens");
        let mut device = Device { socket, id: String::new() };
        let hello = device.frame().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        device.id = hello["device_id"].as_str().unwrap().to_owned();
        (device, hello)
    }

    /// The request for a socket, as the page would make it.
    pub(crate) fn upgrade(&self, path: &str) -> Request<()> {
        let mut request = format!("{}{path}", self.origin.replace("http", "ws")).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert(header::ORIGIN, HeaderValue::from_str(&self.origin).unwrap());
        headers.insert(header::COOKIE, HeaderValue::from_str(&self.cookies()).unwrap());
        request
    }
}

/// Tries to open a socket; the status with which it was refused.
pub(crate) async fn refused(request: Request<()>) -> u16 {
    match connect_async(request).await {
        Ok(_) => panic!("the socket opened"),
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

impl Device {
    /// The next frame of the server.
    pub(crate) async fn frame(&mut self) -> Value {
        time::timeout(PATIENCE, self.text()).await.expect("a frame comes")
    }

    async fn text(&mut self) -> Value {
        loop {
            match self.socket.next().await.expect("the socket is open").expect("the socket is well") {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame of a type; those before it are dropped.
    pub(crate) async fn frame_of(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        self.frame_of("event").await["event"].take()
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the frame goes out");
    }

    /// The code with which the server closes; frames before it are dropped.
    pub(crate) async fn closed(mut self) -> u16 {
        loop {
            let message = time::timeout(PATIENCE, self.socket.next()).await.expect("the server closes");
            match message {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("closed without a code: {other:?}"),
            }
        }
    }

    /// As [`Device::closed`]; no event of a type comes before it.
    pub(crate) async fn closed_without(mut self, event: &str) -> u16 {
        loop {
            match time::timeout(PATIENCE, self.socket.next()).await.expect("the server closes") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(Message::Text(text))) => assert!(!text.contains(&format!("\"{event}\"")), "{text}"),
                Some(Ok(_)) => {}
                other => panic!("closed without a code: {other:?}"),
            }
        }
    }

    /// The server still answers on it.
    pub(crate) async fn assert_open(&mut self) {
        self.send(&serde_json::json!({"type": "ping"})).await;
        self.frame_of("pong").await;
    }

    /// Proves silence without waiting: the answer to a ping must be the next frame.
    pub(crate) async fn assert_nothing_waits(&mut self) {
        self.send(&serde_json::json!({"type": "ping"})).await;
        let frame = self.frame().await;
        assert_eq!(frame["type"], "pong", "{frame}");
    }

    /// As [`Device::assert_nothing_waits`], where others may come and go meanwhile.
    pub(crate) async fn assert_no_event_waits(&mut self) {
        self.send(&serde_json::json!({"type": "ping"})).await;
        loop {
            let frame = self.frame().await;
            match frame["type"].as_str() {
                Some("pong") => return,
                Some("presence") => {}
                _ => panic!("{frame}"),
            }
        }
    }

    /// As [`Device::closed`], where the connection may break before the code gets through: then `None`.
    pub(crate) async fn closed_or_reset(mut self) -> Option<u16> {
        loop {
            match time::timeout(PATIENCE, self.socket.next()).await.expect("the server closes") {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
