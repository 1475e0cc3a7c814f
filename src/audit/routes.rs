//! HTTP of the audit log.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json as Reply,
    body::Body,
    extract::State,
    http::header,
    response::{AppendHeaders, IntoResponse},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Action, Entry, csv,
    store::{self, Filter},
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Auditor, Query},
    ids::{AuditId, UserId},
    users::{self, User},
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// The last entry that the client has.
    before: Option<AuditId>,
    /// What this user did.
    actor_id: Option<UserId>,
    /// This action only, by its word.
    action: Option<String>,
    /// At most so many; 1 to 200, 50 if unset.
    limit: Option<u32>,
}

impl Wanted {
    fn filter(self) -> Filter {
        Filter { before: self.before, actor_id: self.actor_id, action: self.action }
    }
}

/// A stretch of the log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The newest first.
    entries: Vec<Entry>,
    /// True if there are older ones.
    more: bool,
}

/// Who did what, the newest first.
#[utoipa::path(get, path = "/api/admin/audit", tag = "admin", operation_id = "audit", params(Wanted), responses(
    (status = 200, body = AuditPage),
    (status = 403, description = "forbidden: admins and compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(State(app): State<App>, _: Auditor, Query(wanted): Query<Wanted>) -> Result<Reply<AuditPage>, Error> {
    let limit = wanted.limit.unwrap_or(50).clamp(1, 200);
    let mut entries = store::list(&app.db, &wanted.filter(), limit + 1).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    Ok(Reply(AuditPage { entries, more }))
}

/// Entries that are read from the database at once.
const BATCH: u32 = 500;

/// The log as a table for a spreadsheet, the newest first. That it was taken is written to the log, too.
#[utoipa::path(get, path = "/api/admin/audit.csv", tag = "admin", operation_id = "export_audit", params(Wanted), responses(
    (status = 200, description = "time, actor, actor_login, action, target, details", body = String, content_type = "text/csv"),
    (status = 403, description = "forbidden: admins and compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn export(
    State(app): State<App>,
    Auditor(current): Auditor,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Error> {
    let mut tx = app.db.begin().await?;
    super::append(&mut tx, Some(current.user.id), Action::AuditExported, app.clock.now()).await?;
    tx.commit().await?;
    let everybody = users::all(&app.db).await?;
    let users: Arc<HashMap<_, _>> = Arc::new(everybody.into_iter().map(|user| (user.id, user)).collect());
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"staffline-audit.csv\""),
    ];
    Ok((AppendHeaders(headers), Body::from_stream(lines(app, wanted.filter(), users))))
}

/// The table, a batch at a time: however long the log is, little of it is in memory.
fn lines(app: App, filter: Filter, users: Arc<HashMap<UserId, User>>) -> impl stream::Stream<Item = sqlx::Result<String>> {
    let head = stream::once(async { Ok(csv::HEAD.to_owned()) });
    let rest = stream::try_unfold(Some(filter), move |filter| {
        let (app, users) = (app.clone(), Arc::clone(&users));
        async move {
            let Some(filter) = filter else { return Ok(None) };
            let entries = store::list(&app.db, &filter, BATCH).await.inspect_err(|error| {
                tracing::error!(%error, "an audit download broke off");
            })?;
            let text: String = entries.iter().map(|entry| csv::line(entry, &users)).collect();
            let full = entries.len() == BATCH as usize;
            let next = entries.last().filter(|_| full).map(|last| Filter { before: Some(last.id), ..filter });
            Ok(Some((text, next)))
        }
    });
    stream::StreamExt::chain(head, rest)
}
