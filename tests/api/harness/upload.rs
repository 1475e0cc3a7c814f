//! A browser's uploads, as tus-js-client makes them.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, header::HeaderMap};

use super::client::{Answer, Client, send};

/// What came back, as bytes.
#[derive(Debug)]
pub(crate) struct Bytes {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Bytes {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// `Upload-Metadata` of some pairs.
pub(crate) fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().map(|(key, value)| format!("{key} {}", BASE64_STANDARD.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

impl Client {
    /// A request of tus.
    pub(crate) fn tus(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.request(method, path).header("tus-resumable", "1.0.0")
    }

    pub(crate) async fn create_upload(&self, size: usize, pairs: &[(&str, &str)]) -> Answer {
        let request = self.tus(Method::POST, "/api/uploads").header("upload-length", size);
        send(request.header("upload-metadata", metadata(pairs))).await
    }

    /// An upload that waits for its bytes: its path.
    pub(crate) async fn begin_upload(&self, size: usize, name: &str) -> String {
        let answer = self.create_upload(size, &[("filename", name)]).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.header("location").to_owned()
    }

    pub(crate) fn chunk(&self, path: &str, offset: usize) -> reqwest::RequestBuilder {
        let request = self.tus(Method::PATCH, path).header("upload-offset", offset);
        request.header("content-type", "application/offset+octet-stream")
    }

    pub(crate) async fn send_chunk(&self, path: &str, offset: usize, bytes: &[u8]) -> Answer {
        send(self.chunk(path, offset).body(bytes.to_vec())).await
    }

    pub(crate) async fn offset(&self, path: &str) -> usize {
        let answer = send(self.tus(Method::HEAD, path)).await;
        assert_eq!(answer.status, 200);
        answer.header("upload-offset").parse().unwrap()
    }

    /// A complete upload: its id.
    pub(crate) async fn upload(&self, name: &str, bytes: &[u8]) -> String {
        self.upload_with(bytes, &[("filename", name)]).await
    }

    pub(crate) async fn upload_with(&self, bytes: &[u8], pairs: &[(&str, &str)]) -> String {
        let answer = self.create_upload(bytes.len(), pairs).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let path = answer.header("location").to_owned();
        if !bytes.is_empty() {
            let answer = self.send_chunk(&path, 0, bytes).await;
            assert_eq!(answer.status, 204, "{}", answer.text);
        }
        path.rsplit('/').next().unwrap().to_owned()
    }

    pub(crate) async fn fetch(&self, path: &str) -> Bytes {
        self.fetch_with(path, &[]).await
    }

    pub(crate) async fn fetch_with(&self, path: &str, headers: &[(&str, &str)]) -> Bytes {
        let request =
            headers.iter().fold(self.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Bytes { status, headers, bytes: response.bytes().await.expect("the answer is whole").to_vec() }
    }
}
