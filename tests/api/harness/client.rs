//! A browser's HTTP side: cookies, and the Origin of the page.

use reqwest::{Method, header, header::HeaderMap};
use serde_json::Value;

use super::PATIENCE;

/// Keeps its cookies like a browser's profile.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) origin: String,
    http: reqwest::Client,
    jar: std::sync::Arc<reqwest::cookie::Jar>,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body, after a look at the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The refusal's code, after a look at the status and at the shape that every refusal has.
    #[track_caller]
    pub(crate) fn refused(self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        let keys: Vec<_> = body.as_object().expect("an object").keys().filter(|key| *key != "at").collect();
        assert_eq!(keys, ["code", "message"], "{body}");
        body["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn new(origin: String) -> Self {
        Self::at(origin, None)
    }

    /// A browser with this address.
    pub(crate) fn at(origin: String, address: Option<std::net::IpAddr>) -> Self {
        let jar = std::sync::Arc::new(reqwest::cookie::Jar::default());
        let http = reqwest::Client::builder()
            .cookie_provider(jar.clone())
            .local_address(address)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self { origin, http, jar }
    }

    /// A request as the page would make it; a test may still change it.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.origin));
        request.header(header::ORIGIN, &self.origin)
    }

    /// A request without an Origin.
    pub(crate) fn bare(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.origin))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PUT, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn id(&self) -> String {
        self.get("/api/session").await.expect(200)["user"]["id"].as_str().unwrap().to_owned()
    }

    /// The cookies that it would send now.
    pub(crate) fn cookies(&self) -> String {
        use reqwest::cookie::CookieStore;
        let cookies = self.jar.cookies(&self.origin.parse().unwrap());
        cookies.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    pub(crate) fn set_cookie(&self, cookie: &str) {
        self.jar.add_cookie_str(cookie, &self.origin.parse().unwrap());
    }

    /// Another browser with the same cookies.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new(self.origin.clone());
        copy.set_cookie(&self.cookies());
        copy
    }

    /// Sends a text to a conversation and gives the message back.
    pub(crate) async fn say(&self, conversation: &str, text: &str) -> Value {
        let body = serde_json::json!({"client_key": super::new_key(), "text": text});
        self.post(&format!("/api/conversations/{conversation}/messages"), &body).await.expect(201)
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.expect("the answer is whole") }
}
