//! How much may be uploaded: set by an admin, else by the configuration.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{FilesError, store};
use crate::{
    app::App,
    audit::{self, Action},
    config::Config,
    db::Db,
    ids::UserId,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadLimits {
    /// The largest file, in bytes.
    #[schema(minimum = 1)]
    pub max_file_bytes: u64,
    /// All files of one user together, in bytes.
    #[schema(minimum = 1)]
    pub max_user_bytes: u64,
}

/// The limits, and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct UploadReport {
    pub max_file_bytes: u64,
    pub max_user_bytes: u64,
    /// Of all files that are complete.
    pub used_bytes: u64,
    pub file_count: u64,
}

/// Beyond this a size is a typing error, and its sum with others no number of the database.
const MAX_LIMIT: u64 = 1 << 50;

/// The limits of now.
pub async fn current(db: &Db, config: &Config) -> sqlx::Result<UploadLimits> {
    Ok(store::limits(db).await?.unwrap_or(config.upload_limits))
}

pub async fn report(app: &App) -> sqlx::Result<UploadReport> {
    let UploadLimits { max_file_bytes, max_user_bytes } = current(&app.db, &app.config).await?;
    let (file_count, used_bytes) = store::usage(&app.db).await?;
    Ok(UploadReport { max_file_bytes, max_user_bytes, used_bytes, file_count })
}

/// Sets the limits for what is uploaded from now on.
pub async fn set(app: &App, limits: UploadLimits, by: UserId) -> Result<(), FilesError> {
    let fits = |bytes| (1..=MAX_LIMIT).contains(&bytes);
    if !fits(limits.max_file_bytes) || !fits(limits.max_user_bytes) {
        return Err(FilesError::BadLimit);
    }
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    store::set_limits(&mut tx, limits, by, now).await?;
    let UploadLimits { max_file_bytes, max_user_bytes } = limits;
    audit::append(&mut tx, Some(by), Action::UploadLimitsChanged { max_file_bytes, max_user_bytes }, now).await?;
    Ok(tx.commit().await?)
}
