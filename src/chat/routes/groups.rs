//! HTTP of groups.

use axum::{Json as Reply, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    app::App,
    chat::{Conversation, groups},
    error::{Error, ErrorBody},
    http::extract::{CurrentUser, Json, Path},
    ids::{ConversationId, UserId},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewGroup {
    /// 1 to 100 characters.
    name: String,
    /// Whom to have in it beside its maker; at most 1,000.
    user_ids: Vec<UserId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupChange {
    name: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMembers {
    user_ids: Vec<UserId>,
}

/// Makes a group; whoever makes it owns it.
#[utoipa::path(post, path = "/api/groups", operation_id = "create_group", tag = "chat", request_body = NewGroup, responses(
    (status = 201, body = Conversation),
    (status = 404, description = "not_found: one of the users", body = ErrorBody),
    (status = 409, description = "user_deactivated", body = ErrorBody),
    (status = 422, description = "bad_name, group_too_large", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn create_group(
    State(app): State<App>,
    current: CurrentUser,
    Json(NewGroup { name, user_ids }): Json<NewGroup>,
) -> Result<(StatusCode, Reply<Conversation>), Error> {
    let group = groups::create(&app, current.user.id, &name, &user_ids).await?;
    Ok((StatusCode::CREATED, Reply(group)))
}

/// Renames a group; any member may.
#[utoipa::path(patch, path = "/api/conversations/{id}", operation_id = "change_group", tag = "chat", params(("id" = ConversationId, Path)), request_body = GroupChange, responses(
    (status = 200, body = Conversation),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 409, description = "not_a_group", body = ErrorBody),
    (status = 422, description = "bad_name", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn change_group(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(GroupChange { name }): Json<GroupChange>,
) -> Result<Reply<Conversation>, Error> {
    Ok(Reply(groups::rename(&app, current.user.id, id, &name).await?))
}

/// Adds members to a group; any member may. They see all of its history.
#[utoipa::path(post, path = "/api/conversations/{id}/members", operation_id = "add_members", tag = "chat", params(("id" = ConversationId, Path)), request_body = NewMembers, responses(
    (status = 200, body = Conversation),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 409, description = "not_a_group, user_deactivated", body = ErrorBody),
    (status = 422, description = "group_too_large", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn add_members(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<ConversationId>,
    Json(NewMembers { user_ids }): Json<NewMembers>,
) -> Result<Reply<Conversation>, Error> {
    Ok(Reply(groups::add(&app, current.user.id, id, &user_ids).await?))
}

/// Leaves a group (oneself), or removes a member (the owner). An owner who leaves hands over to the longest-standing member.
#[utoipa::path(delete, path = "/api/conversations/{id}/members/{user_id}", operation_id = "remove_member", tag = "chat", params(("id" = ConversationId, Path), ("user_id" = UserId, Path)), responses(
    (status = 204),
    (status = 404, description = "not_found: absent, or not a member", body = ErrorBody),
    (status = 403, description = "not_the_owner", body = ErrorBody),
    (status = 409, description = "not_a_group", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn remove_member(
    State(app): State<App>,
    current: CurrentUser,
    Path((id, user_id)): Path<(ConversationId, UserId)>,
) -> Result<StatusCode, Error> {
    groups::remove(&app, current.user.id, id, user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
