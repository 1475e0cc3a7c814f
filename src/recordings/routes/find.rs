//! The list of recordings, all that is known of one, and what could not be recorded.

use axum::{
    Json as Reply,
    extract::{RawQuery, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::listen;
use crate::{
    app::App,
    audit::{self, Action, Target},
    calls::Outcome,
    clock::Millis,
    compliance::{
        folded,
        officer::{Officer, record},
    },
    error::{Error, ErrorBody},
    http::extract::{Path, Query},
    ids::{ConversationId, RecordingId, UserId},
    recordings::{
        model::{Detail, Entry, Failure, Gap, Review, Status},
        store::{
            heads,
            reading::{self, Filter},
        },
    },
    users,
};

/// Entries of the audit log that come with a recording.
const ACCESS: u32 = 100;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In the tag, a note, or the name or login of a participant.
    q: Option<String>,
    user_id: Option<UserId>,
    /// Begun at this time or later.
    from: Option<Millis>,
    /// Begun before.
    to: Option<Millis>,
    /// Seconds.
    min_s: Option<u32>,
    max_s: Option<u32>,
    conversation_id: Option<ConversationId>,
    outcome: Option<Outcome>,
    tag: Option<String>,
    review: Option<Review>,
    /// The last recording that the client has.
    before: Option<RecordingId>,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// A stretch of the recordings.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingPage {
    /// The newest first.
    recordings: Vec<Entry>,
    /// True if there are older ones.
    more: bool,
}

/// Recordings, the newest first.
#[utoipa::path(get, path = "/api/recordings", tag = "recordings", operation_id = "recordings", params(Wanted), responses(
    (status = 200, body = RecordingPage),
    (status = 404, description = "not_found: compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(
    State(app): State<App>,
    Officer(current): Officer,
    RawQuery(query): RawQuery,
    Query(wanted): Query<Wanted>,
) -> Result<Reply<RecordingPage>, Error> {
    let query = query.unwrap_or_default().chars().take(1_000).collect();
    record(&app, &current, Action::RecordingsListed { query }).await?;
    let limit = wanted.limit.unwrap_or(50).clamp(1, 100);
    let filter = filter_of(&app, wanted).await?;
    let mut recordings = reading::list(&app.db, &filter, app.clock.now(), limit + 1).await?;
    let more = recordings.len() > limit as usize;
    recordings.truncate(limit as usize);
    Ok(Reply(RecordingPage { recordings, more }))
}

async fn filter_of(app: &App, wanted: Wanted) -> Result<Filter, Error> {
    let text = wanted.q.map(|text| folded(&text)).filter(|text| !text.is_empty());
    let named = match &text {
        Some(text) => {
            let fits = |user: &users::User| folded(&user.name).contains(text) || folded(&user.login).contains(text);
            users::all(&app.db).await?.into_iter().filter(fits).map(|user| user.id).collect()
        }
        None => Vec::new(),
    };
    let millis = |seconds: u32| i64::from(seconds) * 1_000;
    Ok(Filter {
        text,
        named,
        user_id: wanted.user_id,
        from: wanted.from,
        to: wanted.to,
        min_ms: wanted.min_s.map(millis),
        max_ms: wanted.max_s.map(millis),
        conversation_id: wanted.conversation_id,
        outcome: wanted.outcome.map(|outcome| outcome.to_string()),
        tag: wanted.tag.map(|tag| folded(&tag)),
        review: wanted.review,
        before: wanted.before,
    })
}

/// All that is known of a recording.
#[utoipa::path(get, path = "/api/recordings/{id}", tag = "recordings", operation_id = "recording", params(("id" = RecordingId, Path)), responses(
    (status = 200, body = Detail),
    (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn detail(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
) -> Result<Reply<Detail>, Error> {
    let (entry, notice_version) = found(&app, id).await?;
    record(&app, &current, Action::RecordingOpened { recording_id: id, what: "detail".to_owned() }).await?;
    Ok(Reply(Detail {
        notice_version,
        gaps: gaps(&app, &entry).await,
        streams: reading::streams(&app.db, id).await?,
        consents: reading::consents(&app.db, entry.call_id).await?,
        notes: reading::notes(&app.db, id).await?,
        holds: reading::holds(&app.db, id).await?,
        accesses: audit::of(&app.db, Target::Recording(id), ACCESS).await?,
        head: heads::of(&app.db, id).await?.pop().map(|(row, _)| row.head),
        entry,
    }))
}

/// As the events of the recording tell; what cannot be read tells of none.
async fn gaps(app: &App, entry: &Entry) -> Vec<Gap> {
    if !matches!(entry.state, Status::Closed | Status::Recovered) {
        return Vec::new();
    }
    match listen::lines(app, entry.id).await {
        Ok(lines) => {
            lines.into_iter().filter(|line| line["type"] == "gap").filter_map(|line| serde_json::from_value(line).ok()).collect()
        }
        Err(error) => {
            tracing::warn!(%error, recording.id = %entry.id, "the events of a recording cannot be read");
            Vec::new()
        }
    }
}

/// One that there is.
pub(super) async fn found(app: &App, id: RecordingId) -> Result<(Entry, u32), Error> {
    reading::entry_of(&app.db, id, app.clock.now()).await?.ok_or_else(Error::not_found)
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FailuresWanted {
    /// Older than this time.
    before: Option<Millis>,
    /// At most so many; 1 to 100, 50 if unset.
    limit: Option<u32>,
}

/// A stretch of what could not be recorded.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailurePage {
    /// The newest first.
    failures: Vec<Failure>,
    more: bool,
}

/// Calls that had to be recorded and were not, or not to their end; the newest first.
#[utoipa::path(get, path = "/api/recordings/failures", tag = "recordings", operation_id = "recording_failures", params(FailuresWanted), responses(
    (status = 200, body = FailurePage),
    (status = 404, description = "not_found: compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn failures(
    State(app): State<App>,
    Officer(current): Officer,
    Query(FailuresWanted { before, limit }): Query<FailuresWanted>,
) -> Result<Reply<FailurePage>, Error> {
    record(&app, &current, Action::RecordingsListed { query: "failures".to_owned() }).await?;
    let limit = limit.unwrap_or(50).clamp(1, 100);
    let mut failures = reading::failures(&app.db, before, limit + 1).await?;
    let more = failures.len() > limit as usize;
    failures.truncate(limit as usize);
    Ok(Reply(FailurePage { failures, more }))
}
