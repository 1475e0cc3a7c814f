//! Conversations by their names, for admins who make rules for one. Nothing of what is said in them.

use axum::{Json as Reply, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    app::App,
    audit::{self, Action},
    chat::{NamedConversation, names},
    error::{Error, ErrorBody},
    http::extract::{Admin, Query},
    ids::ConversationId,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In the name of a group, or in the name or login of one of the two.
    #[serde(default)]
    q: String,
    /// That one alone.
    id: Option<ConversationId>,
}

/// Conversations by name, at most 50: which one a rule is for. The look is an entry of the audit log.
#[utoipa::path(get, path = "/api/admin/conversations", tag = "admin", operation_id = "conversation_names", params(Wanted), responses(
    (status = 200, body = Vec<NamedConversation>),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn list(
    State(app): State<App>,
    Admin(current): Admin,
    Query(Wanted { q, id }): Query<Wanted>,
) -> Result<Reply<Vec<NamedConversation>>, Error> {
    let query = id.map_or_else(|| q.clone(), |id| id.to_string());
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, Some(current.user.id), Action::ConversationNamesListed { query }, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Reply(names::find(&app, &q, id).await?))
}
