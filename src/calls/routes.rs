//! HTTP of calls: the admin's path policy and the media node's counters. Calls themselves go over the WebSocket.

use axum::{Json as Reply, extract::State};
use serde::Serialize;
use staffline_media::control::NodeReport;
use utoipa::ToSchema;

use super::policy::PathPolicy;
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Json},
};

/// Which path calls take.
#[utoipa::path(get, path = "/api/admin/path-policy", tag = "admin", operation_id = "path_policy", responses(
    (status = 200, body = PathPolicy),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn policy(State(app): State<App>, _: Admin) -> Reply<PathPolicy> {
    Reply(app.calls.policy())
}

/// Sets which path calls take that are answered from now on.
#[utoipa::path(put, path = "/api/admin/path-policy", tag = "admin", operation_id = "set_path_policy", request_body = PathPolicy, responses(
    (status = 200, body = PathPolicy),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 422, description = "invalid_body", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_policy(
    State(app): State<App>,
    Admin(current): Admin,
    Json(policy): Json<PathPolicy>,
) -> Result<Reply<PathPolicy>, Error> {
    app.calls.set_policy(&app, policy, current.user.id).await?;
    Ok(Reply(policy))
}

/// What the media node has done since its start, and what lives in it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MediaReport {
    rooms: u64,
    sessions: u64,
    /// RTP and RTCP datagrams from participants.
    media_packets_in: u64,
    /// Their UDP payload.
    media_bytes_in: u64,
    media_packets_out: u64,
    media_bytes_out: u64,
    /// Packets that were not authentic, came twice, or that no track wanted.
    media_packets_dropped: u64,
    retransmitted_packets: u64,
    keyframe_requests: u64,
    /// Answers to browsers that asked for their own address.
    stun_answers: u64,
    /// Datagrams that belonged to nobody.
    stray_packets: u64,
    /// Datagrams that the kernel did not take.
    unsent_packets: u64,
}

impl From<NodeReport> for MediaReport {
    fn from(report: NodeReport) -> Self {
        Self {
            rooms: report.rooms,
            sessions: report.sessions,
            media_packets_in: report.media_packets_in,
            media_bytes_in: report.media_bytes_in,
            media_packets_out: report.media_packets_out,
            media_bytes_out: report.media_bytes_out,
            media_packets_dropped: report.media_packets_dropped,
            retransmitted_packets: report.retransmitted_packets,
            keyframe_requests: report.keyframe_requests,
            stun_answers: report.stun_answers,
            stray_packets: report.stray_packets,
            unsent_packets: report.unsent_packets,
        }
    }
}

/// The media node's counters.
#[utoipa::path(get, path = "/api/admin/media", tag = "admin", operation_id = "media_report", responses(
    (status = 200, body = MediaReport),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 503, description = "unavailable: the media node does not answer", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn media(State(app): State<App>, _: Admin) -> Result<Reply<MediaReport>, Error> {
    let report = app.calls.report().await.ok_or_else(|| Error::unavailable("the media node does not answer"))?;
    Ok(Reply(report.into()))
}
