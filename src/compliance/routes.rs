//! Where retention stands, and an admin's word that the clock is right.

use axum::{Json as Reply, extract::State, http::StatusCode};

use super::{
    clock,
    house::{self, Standing},
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Auditor},
};

/// Whether recordings and messages whose time is over are being erased.
#[utoipa::path(get, path = "/api/admin/retention", tag = "admin", operation_id = "retention", responses(
    (status = 200, body = Standing),
    (status = 403, description = "forbidden: admins and compliance officers only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn standing(State(app): State<App>, _: Auditor) -> Result<Reply<Standing>, Error> {
    Ok(Reply(house::standing(&app).await?))
}

/// The clock is right: what has been kept long enough is erased again from the next round on.
#[utoipa::path(post, path = "/api/admin/retention/confirm", tag = "admin", operation_id = "confirm_clock", responses(
    (status = 204, description = "Confirmed"),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 409, description = "not_frozen: there is nothing to confirm", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn confirm(State(app): State<App>, Admin(current): Admin) -> Result<StatusCode, Error> {
    if clock::confirm(&app, current.user.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::conflict("not_frozen", "There is nothing to confirm."))
    }
}
