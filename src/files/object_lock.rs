//! What the library of the object store does not know of S3: objects that nobody may change or remove before their time (Object Lock), and
//! the versions that a bucket with it keeps of each object.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Bytes,
    http::{HeaderName, HeaderValue, Method, Request, StatusCode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use object_store::{
    ClientOptions,
    aws::AmazonS3,
    client::{HttpClient, HttpConnector, ReqwestConnector},
    path::Path,
    signer::{SignedUrlOptions, Signer},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::clock::Millis;

/// How long a signed request may take to be sent.
const EXPIRES: Duration = Duration::from_secs(300);
/// Of an answer that is read for what it says, and not for an object.
const EXCERPT: usize = 300;

/// How firmly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Those who have a special permission may still remove it.
    Governance,
    /// Nobody may.
    Compliance,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

/// What holds an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub mode: Mode,
    pub until: Millis,
    /// It stays beyond that, until this is lifted.
    pub legal: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error("the object store is not reached: {0}")]
    Http(#[from] object_store::client::HttpError),
    #[error("the object store refuses {what} with {status}: {answer}")]
    Refused { what: &'static str, status: StatusCode, answer: String },
    #[error("a request cannot be made")]
    Request(#[from] axum::http::Error),
}

/// A bucket, and the place in it that is ours.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Path,
    http: HttpClient,
}

/// One request.
struct Ask<'a> {
    what: &'static str,
    method: Method,
    path: &'a Path,
    query: &'a [(&'static str, &'a str)],
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Bucket {
    pub fn new(store: Arc<AmazonS3>, prefix: Path, client: &ClientOptions) -> Result<Self, object_store::Error> {
        Ok(Self { store, prefix, http: ReqwestConnector::default().connect(client)? })
    }

    /// Whether it locks objects, and how firmly where nothing else is said.
    pub async fn lock_mode(&self) -> Result<Option<Mode>, LockError> {
        let path = Path::default();
        let query = [("object-lock", "")];
        let ask = Ask {
            what: "GetObjectLockConfiguration",
            method: Method::GET,
            path: &path,
            query: &query,
            headers: vec![],
            body: Bytes::new(),
        };
        match self.ask(ask).await {
            Ok(answer) if answer.contains("<ObjectLockEnabled>Enabled<") => {
                let firm = answer.contains("<Mode>COMPLIANCE<");
                Ok(Some(if firm { Mode::Compliance } else { Mode::Governance }))
            }
            Ok(_) => Ok(None),
            // AWS says 404 where there is no lock; others do not know the request, or do not allow it.
            Err(LockError::Refused { status, answer, .. }) if is_no(status, &answer) => {
                if status == StatusCode::FORBIDDEN {
                    tracing::warn!("it is not allowed to ask whether the bucket locks objects: none is locked");
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Stores an object that is held from its first moment on.
    pub async fn put_held(&self, location: &Path, object: Bytes, hold: Hold) -> Result<(), LockError> {
        let path = self.full(location);
        let mut headers = vec![
            ("x-amz-object-lock-mode", hold.mode.name().to_owned()),
            ("x-amz-object-lock-retain-until-date", date(hold.until)),
            ("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()),
            ("x-amz-checksum-sha256", checksum(&object)),
        ];
        if hold.legal {
            headers.push(("x-amz-object-lock-legal-hold", "ON".to_owned()));
        }
        let ask = Ask { what: "PutObject", method: Method::PUT, path: &path, query: &[], headers, body: object };
        self.ask(ask).await.map(drop)
    }

    /// Holds an object that is there.
    pub async fn retain(&self, location: &Path, mode: Mode, until: Millis) -> Result<(), LockError> {
        let (mode, until) = (mode.name(), date(until));
        let body = format!("<Retention><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>");
        self.say("PutObjectRetention", location, "retention", body).await
    }

    pub async fn set_legal_hold(&self, location: &Path, on: bool) -> Result<(), LockError> {
        let body = format!("<LegalHold><Status>{}</Status></LegalHold>", if on { "ON" } else { "OFF" });
        self.say("PutObjectLegalHold", location, "legal-hold", body).await
    }

    /// Removes every version of all that lies under this place: what is only marked as deleted is still there. One that is held hinders none of
    /// the others.
    pub async fn remove_versions(&self, under: &Path) -> Result<(), LockError> {
        let prefix = format!("{}/", self.full(under));
        loop {
            let (root, query) = (Path::default(), [("versions", ""), ("prefix", prefix.as_str())]);
            let ask = Ask {
                what: "ListObjectVersions",
                method: Method::GET,
                path: &root,
                query: &query,
                headers: vec![],
                body: Bytes::new(),
            };
            let versions = versions(&self.ask(ask).await?);
            if versions.is_empty() {
                return Ok(());
            }
            let mut failed = None;
            for (key, version) in versions {
                let path = Path::from(key);
                let query = [("versionId", version.as_str())];
                let ask = Ask {
                    what: "DeleteObject",
                    method: Method::DELETE,
                    path: &path,
                    query: &query,
                    headers: vec![],
                    body: Bytes::new(),
                };
                if let Err(error) = self.ask(ask).await {
                    failed.get_or_insert(error);
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
    }

    async fn say(&self, what: &'static str, location: &Path, about: &'static str, body: String) -> Result<(), LockError> {
        let path = self.full(location);
        let headers =
            vec![("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()), ("x-amz-checksum-sha256", checksum(body.as_bytes()))];
        let ask = Ask { what, method: Method::PUT, path: &path, query: &[(about, "")], headers, body: body.into() };
        self.ask(ask).await.map(drop)
    }

    fn full(&self, location: &Path) -> Path {
        self.prefix.parts().chain(location.parts()).collect()
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<String, LockError> {
        let Ask { what, method, path, query, headers, body } = ask;
        let mut options = SignedUrlOptions::new().with_query(query.iter().copied());
        let mut request = Request::builder().method(method.clone());
        for (name, value) in headers {
            let (name, value) = (HeaderName::from_static(name), HeaderValue::try_from(value).map_err(axum::http::Error::from)?);
            options = options.with_signed_header(name.clone(), value.clone());
            request = request.header(name, value);
        }
        let url = self.store.signed_url_opts(method, path, EXPIRES, &options).await?;
        let answer = self.http.execute(request.uri(url.as_str()).body(body.into())?).await?;
        let (status, text) = (answer.status(), answer.into_body().bytes().await?);
        let text = String::from_utf8_lossy(&text).into_owned();
        if status.is_success() {
            Ok(text)
        } else {
            Err(LockError::Refused { what, status, answer: text.chars().take(EXCERPT).collect() })
        }
    }
}

/// Not a fault, and not for want of the bucket.
fn is_no(status: StatusCode, answer: &str) -> bool {
    (status.is_client_error() || status == StatusCode::NOT_IMPLEMENTED) && !answer.contains("NoSuchBucket")
}

fn checksum(bytes: &[u8]) -> String {
    STANDARD.encode(digest(&SHA256, bytes))
}

/// In whole seconds, as all servers read it; never earlier.
fn date(at: Millis) -> String {
    let seconds = at.0.saturating_add(999).div_euclid(1_000);
    let date = OffsetDateTime::from_unix_timestamp(seconds).ok().and_then(|date| date.format(&Rfc3339).ok());
    date.unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
}

/// Keys and versions of a listing. Our keys have nothing in them that XML would escape.
fn versions(listing: &str) -> Vec<(String, String)> {
    let field = |entry: &str, name: &str| {
        let (_, rest) = entry.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    let entries = ["<Version>", "<DeleteMarker>"].into_iter().flat_map(|kind| listing.split(kind).skip(1));
    entries.filter_map(|entry| Some((field(entry, "Key")?, field(entry, "VersionId")?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_versions_and_marks_of_a_listing_are_found() {
        let listing = "<ListVersionsResult><Name>b</Name><Prefix>r/</Prefix><Version><Key>r/1</Key><VersionId>v1</VersionId></Version>\
            <DeleteMarker><Key>r/1</Key><VersionId>v2</VersionId></DeleteMarker><Version><Key>r/2</Key><VersionId>null</VersionId></Version></ListVersionsResult>";
        let found = versions(listing);
        let pairs: Vec<_> = found.iter().map(|(key, version)| (key.as_str(), version.as_str())).collect();
        assert_eq!(pairs, [("r/1", "v1"), ("r/2", "null"), ("r/1", "v2")]);
    }

    #[test]
    fn a_date_is_never_earlier() {
        assert_eq!((date(Millis(0)), date(Millis(1))), ("1970-01-01T00:00:00Z".to_owned(), "1970-01-01T00:00:01Z".to_owned()));
    }
}
