//! Exports: what was asked for, and who approved it.

use sqlx::{AnyConnection, any::AnyRow};

use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{ExportId, UserId},
    recordings::model::Export,
};

pub async fn insert(tx: &mut AnyConnection, export: &Export) -> sqlx::Result<()> {
    let sql = "insert into recording_exports (id, reason, requested_by, requested_at, needs_approval, from_at, to_at) values ($1, $2, $3, $4, $5, $6, $7)";
    let query = sqlx::query(sql)
        .bind(export.id.to_string())
        .bind(&export.reason)
        .bind(export.requested_by.to_string())
        .bind(export.requested_at.0)
        .bind(i64::from(export.needs_approval))
        .bind(export.from.map(|at| at.0))
        .bind(export.to.map(|at| at.0));
    query.execute(&mut *tx).await?;
    for id in &export.recording_ids {
        let sql = "insert into recording_export_items (export_id, recording_id) values ($1, $2)";
        sqlx::query(sql).bind(export.id.to_string()).bind(id.to_string()).execute(&mut *tx).await?;
    }
    for id in &export.conversation_ids {
        let sql = "insert into recording_export_conversations (export_id, conversation_id) values ($1, $2)";
        sqlx::query(sql).bind(export.id.to_string()).bind(id.to_string()).execute(&mut *tx).await?;
    }
    Ok(())
}

/// By another officer than the one who asked, once.
pub async fn approve(tx: &mut AnyConnection, id: ExportId, by: UserId, now: Millis) -> sqlx::Result<bool> {
    let sql = "update recording_exports set approved_by = $2, approved_at = $3 where id = $1 and approved_by is null and requested_by <> $2 \
        and needs_approval = 1";
    let query = sqlx::query(sql).bind(id.to_string()).bind(by.to_string()).bind(now.0);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

pub async fn by_id(db: &Db, id: ExportId) -> sqlx::Result<Option<Export>> {
    let sql = "select id, reason, requested_by, requested_at, needs_approval, approved_by, approved_at, from_at, to_at from recording_exports where id = $1";
    match sqlx::query(sql).bind(id.to_string()).fetch_optional(db.read()).await? {
        Some(row) => export(db, &row).await.map(Some),
        None => Ok(None),
    }
}

/// The newest first.
pub async fn list(db: &Db, limit: u32) -> sqlx::Result<Vec<Export>> {
    let sql = "select id, reason, requested_by, requested_at, needs_approval, approved_by, approved_at, from_at, to_at from recording_exports \
        order by id desc limit $1";
    let mut exports = Vec::new();
    for row in sqlx::query(sql).bind(i64::from(limit)).fetch_all(db.read()).await? {
        exports.push(export(db, &row).await?);
    }
    Ok(exports)
}

async fn export(db: &Db, row: &AnyRow) -> sqlx::Result<Export> {
    use sqlx::Row as _;
    let id: ExportId = db::parsed(row, "id")?;
    let sql = "select recording_id from recording_export_items where export_id = $1 order by recording_id";
    let items = sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?;
    let sql = "select conversation_id from recording_export_conversations where export_id = $1 order by conversation_id";
    let conversations = sqlx::query(sql).bind(id.to_string()).fetch_all(db.read()).await?;
    Ok(Export {
        id,
        recording_ids: items.iter().map(|row| db::parsed(row, "recording_id")).collect::<sqlx::Result<_>>()?,
        conversation_ids: conversations.iter().map(|row| db::parsed(row, "conversation_id")).collect::<sqlx::Result<_>>()?,
        from: db::optional_millis(row, "from_at")?,
        to: db::optional_millis(row, "to_at")?,
        reason: row.try_get("reason")?,
        requested_by: db::parsed(row, "requested_by")?,
        requested_at: db::millis(row, "requested_at")?,
        needs_approval: db::flag(row, "needs_approval")?,
        approved_by: db::optional(row, "approved_by")?,
        approved_at: db::optional_millis(row, "approved_at")?,
    })
}
