//! HTTP of the doctor: one's own connection checks, the admin's list of them, and the dashboard.

use axum::{
    Json as Reply,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    ConnectionCheck, DoctorError, Findings,
    checks::{LoopbackEnd, StartedCheck},
    dashboard::{self, RelayReport},
    metrics,
    store::{self, Filter},
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Arrival, CurrentUser, Json, Path, Query},
    ids::CheckId,
    users::{Role, settings::Language},
};

impl From<DoctorError> for Error {
    fn from(error: DoctorError) -> Self {
        use DoctorError as E;
        match error {
            E::TooMany(wait) => Self::too_many_requests(wait),
            E::NoSuchCheck => Self::not_found(),
            E::Finished => Self::conflict("check_finished", "This check has its result already."),
            E::BadFindings(_) => {
                Self::invalid("bad_findings", "Each leg is named once, and one at least; none takes ten minutes.")
            }
            E::BadOffer(_) => Self::invalid("bad_offer", "The media node cannot answer this offer."),
            E::NodeAway => Self::unavailable("the media node does not answer"),
            E::Database(error) => error.into(),
        }
    }
}

/// Begins a check of one's connection: opens a relay for three minutes. A check of the same session that is open ends.
#[utoipa::path(post, path = "/api/connection-checks", tag = "doctor", operation_id = "start_connection_check", responses(
    (status = 201, body = StartedCheck),
    (status = 429, description = "too_many_requests", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn start(
    State(app): State<App>,
    current: CurrentUser,
    arrival: Arrival,
) -> Result<(StatusCode, Reply<StartedCheck>), Error> {
    let host = arrival.base.host_str().unwrap_or_default();
    let from = arrival.peer.address.ip().to_canonical();
    let started = app.doctor.start(&app, &current.session, from, host).await?;
    Ok((StatusCode::CREATED, Reply(started)))
}

/// An SDP offer of one end of the loopback.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoopbackOffer {
    end: LoopbackEnd,
    sdp: String,
}

/// The media node's answer to it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoopbackAnswer {
    sdp: String,
}

/// Joins the loopback through the media node: what the sender sends comes to the receiver. Both are peer connections of one page.
#[utoipa::path(post, path = "/api/connection-checks/{id}/offer", tag = "doctor", operation_id = "offer_loopback",
    params(("id" = CheckId, Path)), request_body = LoopbackOffer, responses(
    (status = 200, body = LoopbackAnswer),
    (status = 404, description = "not_found: no open check of this session", body = ErrorBody),
    (status = 422, description = "bad_offer", body = ErrorBody),
    (status = 503, description = "unavailable: the media node does not answer", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn offer(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<CheckId>,
    Json(LoopbackOffer { end, sdp }): Json<LoopbackOffer>,
) -> Result<Reply<LoopbackAnswer>, Error> {
    let sdp = app.doctor.answer(&app, &current.session, id, end, sdp).await?;
    Ok(Reply(LoopbackAnswer { sdp }))
}

/// Stores what a check found, once, and ends it.
#[utoipa::path(put, path = "/api/connection-checks/{id}", tag = "doctor", operation_id = "finish_connection_check",
    params(("id" = CheckId, Path)), request_body = Findings, responses(
    (status = 204),
    (status = 404, description = "not_found: no check of this user", body = ErrorBody),
    (status = 409, description = "check_finished", body = ErrorBody),
    (status = 422, description = "bad_findings", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn finish(
    State(app): State<App>,
    current: CurrentUser,
    Path(id): Path<CheckId>,
    Json(found): Json<Findings>,
) -> Result<StatusCode, Error> {
    app.doctor.finish(&app, &current.session, id, found).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The last check that the client has.
    before: Option<CheckId>,
    /// Only those whose verdict is not `ok`.
    #[serde(default)]
    failed: bool,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// A stretch of everybody's checks.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckPage {
    /// The newest first.
    checks: Vec<ConnectionCheck>,
    /// True if there are older ones.
    more: bool,
}

/// Everybody's connection checks of the last 30 days, the newest first.
#[utoipa::path(get, path = "/api/admin/connection-checks", tag = "admin", operation_id = "connection_checks", params(Wanted), responses(
    (status = 200, body = CheckPage),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, _: Admin, Query(wanted): Query<Wanted>) -> Result<Reply<CheckPage>, Error> {
    let Wanted { before, failed, limit } = wanted;
    let limit = limit.unwrap_or(50).clamp(1, 100);
    let mut checks = store::list(&app.db, Filter { before, failed }, limit + 1).await?;
    let more = checks.len() > limit as usize;
    checks.truncate(limit as usize);
    Ok(Reply(CheckPage { checks, more }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Reader {
    /// Of the sentences in the answer; English if unset.
    language: Option<Language>,
}

/// What the relay does now, since the start, and in the last 24 hours; and whether the server can be reached.
#[utoipa::path(get, path = "/api/admin/relay", tag = "admin", operation_id = "relay_report", params(Reader), responses(
    (status = 200, body = RelayReport),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn relay(State(app): State<App>, _: Admin, Query(reader): Query<Reader>) -> Result<Reply<RelayReport>, Error> {
    Ok(Reply(dashboard::report(&app, reader.language.unwrap_or(Language::En)).await?))
}

/// The numbers of the dashboard, and more, for Prometheus: with the token of the setting `metrics_token`, or as an admin.
#[utoipa::path(get, path = "/metrics", tag = "operations", operation_id = "metrics", responses(
    (status = 200, description = "Prometheus' text format 0.0.4", body = String, content_type = "text/plain"),
    (status = 401, description = "wrong_token", body = ErrorBody),
    (status = 404, description = "not_found: no token is set, and no admin asks", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
    current: Option<CurrentUser>,
) -> Result<impl IntoResponse, Error> {
    let is_admin = current.is_some_and(|current| current.user.role == Role::Admin);
    match &app.config.metrics_token {
        _ if is_admin => {}
        Some(token) if bearer(&headers).is_some_and(|given| token.is(given)) => {}
        Some(_) => return Err(Error::new(StatusCode::UNAUTHORIZED, "wrong_token", "Send the token of metrics_token.")),
        None => return Err(Error::not_found()),
    }
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics::page(&app).await))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
