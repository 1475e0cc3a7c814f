//! HTTP of the event stream: for clients whose socket is down.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{EventId, Page};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{CurrentUser, Query},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// The last event that the client has seen.
    #[param(value_type = i64)]
    after: EventId,
    /// At most so many; 1 to 500, 200 if unset.
    limit: Option<u32>,
}

/// What the user may see of the stream after `after`. What the socket would have brought; asked every 5 s while it is down.
#[utoipa::path(get, path = "/api/events", operation_id = "list_events", tag = "events", params(After), responses(
    (status = 200, body = Page),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(
    State(app): State<App>,
    current: CurrentUser,
    Query(After { after, limit }): Query<After>,
) -> Result<Json<Page>, Error> {
    let limit = limit.unwrap_or(200).clamp(1, 500);
    Ok(Json(super::page(&app.db, current.user.id, after, limit).await?))
}
