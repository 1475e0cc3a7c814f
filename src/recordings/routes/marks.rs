//! What officers write on recordings: tags, the state of review, notes, holds.

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::find::found;
use crate::{
    app::App,
    clock::Millis,
    compliance::officer::Officer,
    error::{Error, ErrorBody},
    http::extract::{Json, Path},
    ids::{HoldId, RecordingId, UserId},
    recordings::{
        marks,
        model::{Entry, Hold, Note, Review},
    },
};

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecordingChange)]
pub struct Change {
    /// At most 100 characters; null takes it away.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    tag: Option<Option<String>>,
    #[serde(default)]
    review: Option<Review>,
}

/// Null is not the same as left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Changes the tag or the state of review.
#[utoipa::path(patch, path = "/api/recordings/{id}", tag = "recordings", operation_id = "change_recording", params(("id" = RecordingId, Path)),
    request_body = Change, responses(
        (status = 200, body = Entry),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 422, description = "bad_tag", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn change(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
    Json(change): Json<Change>,
) -> Result<Reply<Entry>, Error> {
    let (before, _) = found(&app, id).await?;
    let tag = change.tag.unwrap_or(before.tag);
    marks::mark(&app, id, tag, change.review.unwrap_or(before.review), current.user.id).await?;
    Ok(Reply(found(&app, id).await?.0))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRecordingNote)]
pub struct NewNote {
    /// 1 to 4,000 characters.
    text: String,
    /// What of the recording it is about; unset: all of it.
    #[serde(default)]
    at_ms: Option<u64>,
}

/// Adds a note, which stays as it is.
#[utoipa::path(post, path = "/api/recordings/{id}/notes", tag = "recordings", operation_id = "note_recording", params(("id" = RecordingId, Path)),
    request_body = NewNote, responses(
        (status = 201, body = Note),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 422, description = "bad_note", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn note(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
    Json(NewNote { text, at_ms }): Json<NewNote>,
) -> Result<(StatusCode, Reply<Note>), Error> {
    found(&app, id).await?;
    let note = marks::note(&app, id, &text, at_ms, current.user.id).await?;
    Ok((StatusCode::CREATED, Reply(note)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRecordingHold)]
pub struct NewHold {
    /// 1 to 1,000 characters.
    reason: String,
    /// Who answers for it.
    owner_id: UserId,
    /// Unset: until it is released.
    #[serde(default)]
    until: Option<Millis>,
}

/// Holds a recording: it is not erased while the hold lasts.
#[utoipa::path(post, path = "/api/recordings/{id}/holds", tag = "recordings", operation_id = "hold_recording", params(("id" = RecordingId, Path)),
    request_body = NewHold, responses(
        (status = 201, body = Hold),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "erased: its time was over", body = ErrorBody),
        (status = 422, description = "bad_reason, bad_until, no_such_user", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn hold(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
    Json(NewHold { reason, owner_id, until }): Json<NewHold>,
) -> Result<(StatusCode, Reply<Hold>), Error> {
    found(&app, id).await?;
    let hold = marks::hold(&app, id, &reason, owner_id, until, current.user.id).await?;
    Ok((StatusCode::CREATED, Reply(hold)))
}

/// Releases a hold.
#[utoipa::path(post, path = "/api/recordings/{id}/holds/{hold_id}/release", tag = "recordings", operation_id = "release_recording",
    params(("id" = RecordingId, Path), ("hold_id" = HoldId, Path)), responses(
        (status = 204, description = "Released"),
        (status = 404, description = "not_found: there is none that lasts; compliance officers only", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn release(
    State(app): State<App>,
    Officer(current): Officer,
    Path((id, hold)): Path<(RecordingId, HoldId)>,
) -> Result<StatusCode, Error> {
    marks::release(&app, id, hold, current.user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
