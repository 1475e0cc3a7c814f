//! Pictures of people and groups.

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::downloads::respond_small;
use crate::{
    app::App,
    chat,
    error::{Error, ErrorBody},
    files::{FilesError, blobs::Key, pictures, store},
    http::extract::{CurrentUser, Path, read_body},
    ids::{ConversationId, PictureId, UserId},
    users,
};

/// How long an image may take to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sets the picture of whoever asks: any image in the body, of which the middle is taken.
#[utoipa::path(put, path = "/api/users/me/picture", tag = "users", operation_id = "set_own_picture",
    request_body(content = Vec<u8>, content_type = "image/*", description = "At most 10 MiB"), responses(
    (status = 204, description = "Set; everybody is told by user_changed"),
    (status = 413, description = "body_too_large", body = ErrorBody),
    (status = 422, description = "not_an_image", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_own(State(app): State<App>, current: CurrentUser, body: Body) -> Result<StatusCode, Error> {
    let picture = receive(&app, body).await?;
    set_of_user(&app, current.user.id, Some(picture)).await
}

/// Takes away the picture of whoever asks.
#[utoipa::path(delete, path = "/api/users/me/picture", tag = "users", operation_id = "delete_own_picture", responses(
    (status = 204, description = "Gone"),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn delete_own(State(app): State<App>, current: CurrentUser) -> Result<StatusCode, Error> {
    set_of_user(&app, current.user.id, None).await
}

/// Sets the picture of a group of the reader.
#[utoipa::path(put, path = "/api/conversations/{id}/picture", tag = "conversations", operation_id = "set_group_picture",
    params(("id" = ConversationId, Path)),
    request_body(content = Vec<u8>, content_type = "image/*", description = "At most 10 MiB"), responses(
    (status = 204, description = "Set; the members are told by conversation_updated and a notice"),
    (status = 404, description = "not_found: absent, or the reader is no member", body = ErrorBody),
    (status = 413, description = "body_too_large", body = ErrorBody),
    (status = 409, description = "not_a_group", body = ErrorBody),
    (status = 422, description = "not_an_image", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_of_group(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    body: Body,
) -> Result<StatusCode, Error> {
    let picture = receive(&app, body).await?;
    set_of_conversation(&app, current.user.id, id, Some(picture)).await
}

/// Takes away the picture of a group of the reader.
#[utoipa::path(delete, path = "/api/conversations/{id}/picture", tag = "conversations", operation_id = "delete_group_picture",
    params(("id" = ConversationId, Path)), responses(
    (status = 204, description = "Gone"),
    (status = 404, description = "not_found: absent, or the reader is no member", body = ErrorBody),
    (status = 409, description = "not_a_group", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn delete_of_group(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
) -> Result<StatusCode, Error> {
    set_of_conversation(&app, current.user.id, id, None).await
}

/// A picture of a user, or of a group of the reader. It never changes: a new picture has a new id.
#[utoipa::path(get, path = "/api/pictures/{id}", tag = "files", operation_id = "picture", params(("id" = PictureId, Path)), responses(
    (status = 200, description = "256 by 256 pixels, JPEG or WebP", body = Vec<u8>, content_type = "image/*"),
    (status = 304, description = "Unchanged: it never changes"),
    (status = 404, description = "not_found: absent, replaced, or of a group of others", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn picture(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<PictureId>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    if !store::may_see_picture(&app.db, id, current.user.id).await? {
        return Err(Error::not_found());
    }
    respond_small(&app, Key::Picture(id), &id.to_string(), "private, max-age=31536000, immutable", &headers).await
}

async fn receive(app: &App, body: Body) -> Result<PictureId, Error> {
    let image = read_body(body, pictures::MAX_PICTURE, PATIENCE).await?;
    if image.is_empty() {
        return Err(FilesError::NotAnImage.into());
    }
    Ok(pictures::store(app, &image).await?)
}

async fn set_of_user(app: &App, user: UserId, picture: Option<PictureId>) -> Result<StatusCode, Error> {
    settle(app, picture, users::set_picture(app, user, picture).await).await
}

async fn set_of_conversation(app: &App, by: UserId, id: ConversationId, picture: Option<PictureId>) -> Result<StatusCode, Error> {
    let set = chat::groups::set_picture(app, by, id, picture).await;
    settle(app, picture, set.map(|(_, before)| before)).await
}

/// Removes the picture that is no longer needed: the one before, or the new one if it was not set.
async fn settle<E: Into<Error>>(
    app: &App,
    picture: Option<PictureId>,
    set: Result<Option<PictureId>, E>,
) -> Result<StatusCode, Error> {
    let useless = set.as_ref().map_or(picture, |before| *before);
    if let Some(useless) = useless {
        pictures::discard(app, useless).await;
    }
    set.map(|_| StatusCode::NO_CONTENT).map_err(Into::into)
}
