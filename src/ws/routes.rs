//! The upgrade to a WebSocket. The Origin was checked before (`http/origin.rs`).

use std::time::Duration;

use axum::{
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::socket::{self, MAX_FRAME, MAX_READ};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    events::EventId,
    http::extract::{Arrival, CurrentUser, Query},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Resume {
    /// The last event that the client has seen; what came since is sent at once. Unset: only what comes from now on.
    #[param(value_type = Option<i64>)]
    after: Option<EventId>,
}

/// Most frames of a client fit; each of thousands of idle sockets holds one. The layer's own choice is 128 KiB.
const READ_BUFFER: usize = 2 * 1024;

/// Open tabs of one user; more are a client that has gone wild.
const MOST_DEVICES: usize = 64;

/// The WebSocket: `ClientFrame` one way, `ServerFrame` the other. See docs/protocol.md.
#[utoipa::path(get, path = "/api/socket", operation_id = "open_socket", tag = "events", params(Resume), responses(
    (status = 101, description = "Upgraded"),
    (status = 401, description = "not_signed_in", body = ErrorBody),
    (status = 403, description = "foreign_origin", body = ErrorBody),
    (status = 426, description = "upgrade_required", body = ErrorBody),
    (status = 429, description = "too_many_requests: 64 sockets of one user", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn open(
    State(app): State<App>,
    current: CurrentUser,
    arrival: Arrival,
    Query(Resume { after }): Query<Resume>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Error> {
    let upgrade = upgrade.map_err(|_| Error::new(StatusCode::UPGRADE_REQUIRED, "upgrade_required", "This is a WebSocket."))?;
    if app.hub.devices_of(current.user.id).len() >= MOST_DEVICES {
        return Err(Error::too_many_requests(Duration::from_secs(5)));
    }
    let upgrade = upgrade
        .max_frame_size(MAX_READ)
        .max_message_size(MAX_READ)
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_FRAME * 16);
    let task = move |socket| async move {
        let tasks = app.tasks.clone();
        tasks.track_future(socket::run(app, current, arrival, after, socket)).await;
    };
    Ok(upgrade.on_upgrade(task))
}
