//! Who may reach what is kept: compliance officers. For everybody else there is nothing, and that they looked is written down.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::{
    app::App,
    audit::{self, Action},
    error::Error,
    http::extract::CurrentUser,
    users::Role,
};

/// A signed-in compliance officer.
#[derive(Clone, Debug)]
pub struct Officer(pub CurrentUser);

/// Longer ones tell nobody more.
const LONGEST_PATH: usize = 300;

impl FromRequestParts<App> for Officer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let current = CurrentUser::from_request_parts(parts, app).await?;
        if current.user.role == Role::Compliance {
            return Ok(Self(current));
        }
        let path = parts.uri.path().chars().take(LONGEST_PATH).collect();
        let action = Action::RecordingAccessRefused { method: parts.method.to_string(), path };
        record(app, &current, action).await?;
        Err(Error::not_found())
    }
}

/// Written and safe before anything is answered.
pub async fn record(app: &App, current: &CurrentUser, action: Action) -> Result<(), Error> {
    let mut tx = app.db.begin().await?;
    audit::append(&mut tx, Some(current.user.id), action, app.clock.now()).await?;
    Ok(tx.commit().await?)
}
