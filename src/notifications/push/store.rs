//! The SQL of push subscriptions. Each lives as long as its session: the database deletes it when the user signs out, is deactivated
//! or sets a new password.

use sqlx::{Row as _, any::AnyRow};

use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{ConversationId, SessionId, UserId},
    users::settings::Language,
};

/// Browsers of one user; the oldest goes when there are more.
const MAX_OF_USER: i64 = 20;

/// Where and how a browser is reached.
#[derive(Clone)]
pub struct Subscription {
    pub endpoint: String,
    /// Base64url.
    pub p256dh: String,
    pub auth: String,
}

// Whoever knows it could write to the browser.
impl std::fmt::Debug for Subscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}

/// A subscription with what decides whether and how it is used.
#[derive(Clone, Debug)]
pub struct Found {
    pub subscription: Subscription,
    pub user_id: UserId,
    pub language: Language,
    pub muted: bool,
}

/// Keeps a browser's subscription; one browser has one, whoever was signed in on it before.
pub async fn keep(
    db: &Db,
    user: UserId,
    session: SessionId,
    subscription: &Subscription,
    language: Language,
    now: Millis,
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let sql = "insert into push_subscriptions (endpoint, session_id, user_id, p256dh, auth, language, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (endpoint) do update set session_id = excluded.session_id, \
        user_id = excluded.user_id, p256dh = excluded.p256dh, auth = excluded.auth, language = excluded.language, \
        created_at = excluded.created_at";
    sqlx::query(sql)
        .bind(&subscription.endpoint)
        .bind(session.to_string())
        .bind(user.to_string())
        .bind(&subscription.p256dh)
        .bind(&subscription.auth)
        .bind(db::as_word(&language)?)
        .bind(now.0)
        .execute(&mut *tx)
        .await?;
    let sql = "delete from push_subscriptions where user_id = $1 and endpoint not in \
        (select endpoint from push_subscriptions where user_id = $1 order by created_at desc, endpoint limit $2)";
    sqlx::query(sql).bind(user.to_string()).bind(MAX_OF_USER).execute(&mut *tx).await?;
    tx.commit().await
}

/// Forgets the subscriptions of a session.
pub async fn delete_of_session(db: &Db, session: SessionId) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("delete from push_subscriptions where session_id = $1").bind(session.to_string()).execute(&mut *tx).await?;
    tx.commit().await
}

/// Forgets one that its push service no longer knows.
pub async fn delete(db: &Db, endpoint: &str) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("delete from push_subscriptions where endpoint = $1").bind(endpoint).execute(&mut *tx).await?;
    tx.commit().await
}

/// Of the members of a conversation except one.
pub async fn of_members(db: &Db, conversation: ConversationId, except: UserId, now: Millis) -> sqlx::Result<Vec<Found>> {
    let sql = "select p.endpoint, p.p256dh, p.auth, p.language, p.user_id, m.muted from members m \
        join push_subscriptions p on p.user_id = m.user_id join sessions s on s.id = p.session_id and s.expires_at > $3 \
        where m.conversation_id = $1 and m.user_id <> $2 order by p.endpoint";
    let query = sqlx::query(sql).bind(conversation.to_string()).bind(except.to_string()).bind(now.0);
    query.fetch_all(db.read()).await?.iter().map(found).collect()
}

pub async fn of_user(db: &Db, user: UserId, now: Millis) -> sqlx::Result<Vec<Found>> {
    let sql = "select p.endpoint, p.p256dh, p.auth, p.language, p.user_id, cast(0 as bigint) as muted from push_subscriptions p \
        join sessions s on s.id = p.session_id and s.expires_at > $2 where p.user_id = $1 order by p.endpoint";
    let query = sqlx::query(sql).bind(user.to_string()).bind(now.0);
    query.fetch_all(db.read()).await?.iter().map(found).collect()
}

fn found(row: &AnyRow) -> sqlx::Result<Found> {
    Ok(Found {
        subscription: Subscription {
            endpoint: row.try_get("endpoint")?,
            p256dh: row.try_get("p256dh")?,
            auth: row.try_get("auth")?,
        },
        user_id: db::parsed(row, "user_id")?,
        language: db::word(row, "language")?,
        muted: db::flag(row, "muted")?,
    })
}

/// Who wrote, and the name of the group.
#[derive(Clone, Debug)]
pub struct Names {
    pub sender: String,
    pub group: Option<String>,
}

pub async fn names(db: &Db, conversation: ConversationId, sender: UserId) -> sqlx::Result<Names> {
    let sql = "select u.name as sender, c.name as group_name from users u, conversations c where u.id = $1 and c.id = $2";
    let row = sqlx::query(sql).bind(sender.to_string()).bind(conversation.to_string()).fetch_one(db.read()).await?;
    Ok(Names { sender: row.try_get("sender")?, group: row.try_get("group_name")? })
}
