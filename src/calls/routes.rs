//! HTTP of calls: one's own past calls, ICE servers of a live one, the media node's counters. Live calls go over the WebSocket.

use axum::{Json as Reply, extract::State};
use serde::{Deserialize, Serialize};
use staffline_media::control::NodeReport;
use utoipa::{IntoParams, ToSchema};

use super::{
    CallEntry, IceServer,
    store::{self, Filter},
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Arrival, CurrentUser, Path, Query},
    ids::CallId,
};

pub mod paths;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The last call that the client has.
    before: Option<CallId>,
    /// Only calls of others that one did not get to answer.
    #[serde(default)]
    missed: bool,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// A stretch of a user's own calls.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallPage {
    /// The newest first.
    calls: Vec<CallEntry>,
    /// True if there are older ones.
    more: bool,
}

/// One's own calls that have ended, the newest first.
#[utoipa::path(get, path = "/api/calls", tag = "calls", operation_id = "calls", params(Wanted), responses(
    (status = 200, body = CallPage),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, current: CurrentUser, Query(wanted): Query<Wanted>) -> Result<Reply<CallPage>, Error> {
    let Wanted { before, missed, limit } = wanted;
    let limit = limit.unwrap_or(50).clamp(1, 100);
    let mut calls = store::list(&app.db, current.user.id, Filter { before, missed }, limit + 1).await?;
    let more = calls.len() > limit as usize;
    calls.truncate(limit as usize);
    Ok(Reply(CallPage { calls, more }))
}

/// For an `RTCPeerConnection` of a call.
#[derive(Debug, Serialize, ToSchema)]
pub struct IceServers {
    ice_servers: Vec<IceServer>,
}

/// ICE servers with fresh credentials, for an ICE restart in a call that has lasted longer than those of its state are good for.
#[utoipa::path(post, path = "/api/calls/{id}/ice-servers", tag = "calls", operation_id = "ice_servers", params(("id" = CallId, Path)),
    responses(
        (status = 200, body = IceServers),
        (status = 404, description = "not_found: there is no such call, or it is none of yours, not answered or over", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn ice_servers(
    State(app): State<App>,
    current: CurrentUser,
    arrival: Arrival,
    Path(id): Path<CallId>,
) -> Result<Reply<IceServers>, Error> {
    let host = arrival.base.host_str().unwrap_or_default();
    let ice_servers = app.calls.ice_servers(id, current.user.id, host).ok_or_else(Error::not_found)?;
    Ok(Reply(IceServers { ice_servers }))
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
