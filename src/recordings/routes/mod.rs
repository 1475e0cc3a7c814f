//! HTTP of recordings.

use axum::{Json as Reply, extract::State};

pub mod exports;
pub mod find;
pub mod listen;
pub mod marks;
pub mod peaks;

use super::{
    RecordingsError,
    policy::{
        RecordingPolicy,
        draft::{Draft, DraftError},
    },
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Auditor, Json},
};

/// Two hundred rules with the longest names, and the longest texts.
const POLICY_LIMIT: usize = 256 * 1024;

impl From<DraftError> for Error {
    fn from(error: DraftError) -> Self {
        Self::invalid(error.code(), error.to_string()).at(error.at())
    }
}

impl From<RecordingsError> for Error {
    fn from(error: RecordingsError) -> Self {
        let text = error.to_string();
        match error {
            RecordingsError::NotFound => Self::not_found(),
            RecordingsError::Erased => Self::conflict("erased", "The recording is erased."),
            RecordingsError::NotClosed => Self::conflict("not_closed", "The recording goes on, or nothing of it is there."),
            RecordingsError::OwnExport => Self::conflict("own_export", "Another officer has to approve it."),
            RecordingsError::NotWaiting => Self::conflict("not_waiting", "The export does not wait for approval."),
            RecordingsError::NotApproved => Self::conflict("not_approved", "A second officer has to approve the export first."),
            RecordingsError::Damaged(_) => Self::conflict("damaged", text),
            RecordingsError::Unreadable(error) => Self::unavailable(error),
            RecordingsError::Key(error) => Self::internal(error),
            RecordingsError::BadTag => Self::invalid("bad_tag", text),
            RecordingsError::BadNote => Self::invalid("bad_note", text),
            RecordingsError::BadReason => Self::invalid("bad_reason", text),
            RecordingsError::BadUntil => Self::invalid("bad_until", text),
            RecordingsError::NoSuchUser => Self::invalid("no_such_user", text),
            RecordingsError::BadExport => Self::invalid("bad_export", text),
            RecordingsError::PolicyChanged => {
                Self::conflict("policy_changed", "Somebody has changed the policy meanwhile: look at it again.")
            }
            RecordingsError::Draft(error) => error.into(),
            RecordingsError::Archive(error) => error.into(),
            RecordingsError::Database(error) => error.into(),
        }
    }
}

/// Which calls are recorded.
#[utoipa::path(get, path = "/api/admin/recording-policy", tag = "admin", operation_id = "recording_policy", responses(
    (status = 200, body = RecordingPolicy),
    (status = 403, description = "forbidden: admins and compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn policy(State(app): State<App>, _: Auditor) -> Reply<RecordingPolicy> {
    Reply(app.calls.recording_policy())
}

/// Sets which calls are recorded that are answered from now on; it replaces the policy before as a whole, under the next version.
#[utoipa::path(put, path = "/api/admin/recording-policy", tag = "admin", operation_id = "set_recording_policy", request_body = Draft, responses(
    (status = 200, body = RecordingPolicy, description = "As it is kept"),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 409, description = "policy_changed: the draft is based on an older version", body = ErrorBody),
    (status = 422, description = "invalid_body, too_many_rules, bad_purpose, bad_recorded_by, bad_retention, bad_rule_name, rule_name_taken, \
        no_such_user, no_such_conversation, nobody_starts; `at` says where", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_policy(
    State(app): State<App>,
    Admin(current): Admin,
    Json(draft): Json<Draft, POLICY_LIMIT>,
) -> Result<Reply<RecordingPolicy>, Error> {
    Ok(Reply(super::set_policy(&app, draft, current.user.id).await?))
}
