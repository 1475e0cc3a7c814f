//! The one edge error: what a client is told when a request is refused.
//!
//! Features have their own errors without HTTP in them; their `routes.rs` map those to this. A client acts on the stable `code`; the
//! message is for people and names nothing internal. What went wrong inside is logged here, once, in the request's span.

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A refusal.
#[derive(Debug)]
pub struct Error {
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    at: Option<String>,
    retry_after: Option<Duration>,
    cause: Option<Cause>,
}

/// The body of every refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// Stable, for programs.
    #[schema(example = "wrong_credentials")]
    pub code: String,
    /// For people.
    pub message: String,
    /// Which part of the body is meant, such as `rules[2].name`; not every refusal says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub at: Option<String>,
}

impl Error {
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), at: None, retry_after: None, cause: None }
    }

    /// The request has the right shape and breaks a rule.
    #[must_use]
    pub fn invalid(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    #[must_use]
    pub fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "Sign in first.")
    }

    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Your role does not allow this.")
    }

    /// For what is absent and for what the user may not know of: one and the same answer.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing here.")
    }

    #[must_use]
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    #[must_use]
    pub fn too_many_requests(retry_after: Duration) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many attempts; wait a little.");
        Self { retry_after: Some(retry_after), ..error }
    }

    /// A part that we need does not answer now, and may soon.
    #[must_use]
    pub fn unavailable(cause: impl Into<Cause>) -> Self {
        let error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The server cannot do this just now; try again.");
        Self { retry_after: Some(Duration::from_secs(1)), cause: Some(cause.into()), ..error }
    }

    #[must_use]
    pub fn internal(cause: impl Into<Cause>) -> Self {
        let error = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on the server.");
        Self { cause: Some(cause.into()), ..error }
    }

    /// The part of the body that is meant.
    #[must_use]
    pub fn at(self, part: String) -> Self {
        Self { at: Some(part), ..self }
    }

    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        if is_outage(&error) { Self::unavailable(error) } else { Self::internal(error) }
    }
}

/// Whether the database is away or overloaded, as against a mistake of ours.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        // A connection that breaks while it is being made is a broken protocol to the driver.
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

/// PostgreSQL: connection exceptions, insufficient resources, operator intervention (classes 08, 53, 57).
/// SQLite: busy, locked, I/O error, full (primary codes 5, 6, 10, 13; the extended ones have them in the low byte).
fn is_outage_code(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() != 5 => matches!(number & 0xff, 5 | 6 | 10 | 13),
        _ => ["08", "53", "57"].iter().any(|class| code.starts_with(class)),
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            let cause = self.cause.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static));
            tracing::error!(code = self.code, error = cause, "request failed");
        }
        let body = ErrorBody { code: self.code.to_owned(), message: self.message.into_owned(), at: self.at };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(after) = self.retry_after {
            let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_from_a_mistake() {
        // 261 is SQLITE_BUSY_RECOVERY, 778 SQLITE_IOERR_WRITE.
        for code in ["08006", "53300", "57P01", "57P03", "5", "6", "13", "261", "778"] {
            assert!(is_outage_code(code), "{code}");
        }
        for code in ["23505", "42601", "1", "19", "2067", "22P02"] {
            assert!(!is_outage_code(code), "{code}");
        }
        assert_eq!(Error::from(sqlx::Error::PoolTimedOut).status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(Error::from(sqlx::Error::RowNotFound).status(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[tokio::test]
    async fn a_refusal_tells_nothing_of_its_cause() {
        let response = Error::internal("password of the database: secret").into_response();
        let headers = format!("{:?}", response.headers());
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("it is short");
        assert!(!headers.contains("secret") && !String::from_utf8_lossy(&body).contains("secret"));
        assert_eq!(serde_json::from_slice::<ErrorBody>(&body).expect("the one shape").code, "internal");
    }
}
