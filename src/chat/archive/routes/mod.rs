//! HTTP of what is kept of the chat: for compliance officers, and its retention for admins.

use axum::{Json as Reply, extract::State};

pub mod find;
pub mod holds;

use super::{
    ArchiveError,
    policy::{ChatRetention, Draft},
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Auditor, Json},
};

/// Two hundred rules with the longest names.
const POLICY_LIMIT: usize = 256 * 1024;

impl From<ArchiveError> for Error {
    fn from(error: ArchiveError) -> Self {
        let text = error.to_string();
        match error {
            ArchiveError::NotFound => Self::not_found(),
            ArchiveError::BadReason => Self::invalid("bad_reason", text),
            ArchiveError::BadUntil => Self::invalid("bad_until", text),
            ArchiveError::NoSuchUser => Self::invalid("no_such_user", text),
            ArchiveError::BadHold => Self::invalid("bad_hold", text),
            ArchiveError::BadQuery => Self::invalid("bad_query", text),
            ArchiveError::TooLarge => Self::conflict("too_large", text),
            ArchiveError::PolicyChanged => {
                Self::conflict("policy_changed", "Somebody has changed the policy meanwhile: look at it again.")
            }
            ArchiveError::Draft(error) => error.into(),
            ArchiveError::Database(error) => error.into(),
        }
    }
}

/// How long messages are kept.
#[utoipa::path(get, path = "/api/admin/chat-retention", tag = "admin", operation_id = "chat_retention", responses(
    (status = 200, body = ChatRetention),
    (status = 403, description = "forbidden: admins and compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn policy(State(app): State<App>, _: Auditor) -> Result<Reply<ChatRetention>, Error> {
    Ok(Reply(super::retention_policy(&app).await?))
}

/// Sets how long messages are kept; it replaces the policy before as a whole, under the next version. The next hourly round erases by it.
#[utoipa::path(put, path = "/api/admin/chat-retention", tag = "admin", operation_id = "set_chat_retention", request_body = Draft, responses(
    (status = 200, body = ChatRetention, description = "As it is kept"),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 409, description = "policy_changed: the draft is based on an older version", body = ErrorBody),
    (status = 422, description = "invalid_body, too_many_rules, bad_retention, bad_rule_name, rule_name_taken, no_such_user, \
        no_such_conversation; `at` says where", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_policy(
    State(app): State<App>,
    Admin(current): Admin,
    Json(draft): Json<Draft, POLICY_LIMIT>,
) -> Result<Reply<ChatRetention>, Error> {
    Ok(Reply(super::set_retention_policy(&app, draft, current.user.id).await?))
}
