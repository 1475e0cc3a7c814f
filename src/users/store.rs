//! The SQL of users, their sessions and their invitations.

use sqlx::{AnyConnection, AnyExecutor, FromRow, Row, any::AnyRow};

use super::{User, account::OtherSession, login_key, sessions::Session, settings::Settings};
use crate::{
    clock::Millis,
    db::{self, Db},
    ids::{PictureId, SessionId, UserId},
    tokens::TokenHash,
};

impl FromRow<'_, AnyRow> for User {
    fn from_row(row: &AnyRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: db::parsed(row, "id")?,
            login: row.try_get("login")?,
            name: row.try_get("name")?,
            email: row.try_get("email")?,
            role: db::parsed(row, "role")?,
            picture: db::optional(row, "picture_id")?,
            invited: row.try_get::<i64, _>("has_password")? == 0,
            created_at: db::millis(row, "created_at")?,
            last_seen_at: db::optional_millis(row, "last_seen_at")?,
            deactivated_at: db::optional_millis(row, "deactivated_at")?,
        })
    }
}

/// The columns of a [`User`], from `users u`. A boolean would not decode on SQLite.
macro_rules! user_columns {
    () => {
        "u.id, u.login, u.name, u.email, u.role, u.picture_id, u.created_at, u.last_seen_at, u.deactivated_at, \
         cast(case when u.password_hash is null then 0 else 1 end as bigint) as has_password"
    };
}

/// False if the login is taken.
pub async fn insert(tx: &mut AnyConnection, user: &User, password_hash: Option<&str>) -> sqlx::Result<bool> {
    let sql = "insert into users (id, login, login_key, name, email, role, password_hash, created_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (login_key) do nothing";
    let done = sqlx::query(sql)
        .bind(user.id.to_string())
        .bind(&user.login)
        .bind(login_key(&user.login))
        .bind(&user.name)
        .bind(&user.email)
        .bind(user.role.to_string())
        .bind(password_hash)
        .bind(user.created_at.0)
        .execute(tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What an admin may change of a user.
pub async fn update(tx: &mut AnyConnection, user: &User) -> sqlx::Result<()> {
    sqlx::query("update users set name = $2, role = $3, deactivated_at = $4 where id = $1")
        .bind(user.id.to_string())
        .bind(&user.name)
        .bind(user.role.to_string())
        .bind(user.deactivated_at.map(|at| at.0))
        .execute(tx)
        .await
        .map(drop)
}

pub async fn set_picture(tx: &mut AnyConnection, id: UserId, picture: Option<PictureId>) -> sqlx::Result<()> {
    let query = sqlx::query("update users set picture_id = $2 where id = $1").bind(id.to_string());
    query.bind(picture.map(|id| id.to_string())).execute(tx).await.map(drop)
}

pub async fn by_id(executor: impl AnyExecutor<'_>, id: UserId) -> sqlx::Result<Option<User>> {
    let sql = concat!("select ", user_columns!(), " from users u where u.id = $1");
    sqlx::query_as(sql).bind(id.to_string()).fetch_optional(executor).await
}

pub async fn by_login(db: &Db, login_key: &str) -> sqlx::Result<Option<UserId>> {
    let row = sqlx::query("select id from users where login_key = $1").bind(login_key).fetch_optional(db.read()).await?;
    row.map(|row| db::parsed(&row, "id")).transpose()
}

/// Everybody, by name; deactivated users too, whose messages are still there.
pub async fn list(db: &Db) -> sqlx::Result<Vec<User>> {
    sqlx::query_as(concat!("select ", user_columns!(), " from users u order by u.name, u.id")).fetch_all(db.read()).await
}

/// Whether there is any admin, in whatever state.
pub async fn has_admin(executor: impl AnyExecutor<'_>) -> sqlx::Result<bool> {
    Ok(sqlx::query("select id from users where role = 'admin' limit 1").fetch_optional(executor).await?.is_some())
}

/// Admins who can sign in.
pub async fn active_admins(tx: &mut AnyConnection) -> sqlx::Result<i64> {
    let sql =
        "select count(*) as admins from users where role = 'admin' and deactivated_at is null and password_hash is not null";
    sqlx::query(sql).fetch_one(tx).await?.try_get("admins")
}

/// What signing in needs: who has this login and is not deactivated, and the hash of their password, if they have set one.
pub async fn credentials(db: &Db, login_key: &str) -> sqlx::Result<Option<(UserId, Option<String>)>> {
    let sql = "select id, password_hash from users where login_key = $1 and deactivated_at is null";
    let row = sqlx::query(sql).bind(login_key).fetch_optional(db.read()).await?;
    row.map(|row| Ok((db::parsed(&row, "id")?, row.try_get("password_hash")?))).transpose()
}

pub async fn set_password(tx: &mut AnyConnection, id: UserId, hash: &str) -> sqlx::Result<()> {
    let query = sqlx::query("update users set password_hash = $2 where id = $1").bind(id.to_string()).bind(hash);
    query.execute(tx).await.map(drop)
}

/// As [`set_password`], if the hash is still the one that the caller knows.
pub async fn replace_password(tx: &mut AnyConnection, id: UserId, known: Option<&str>, hash: &str) -> sqlx::Result<bool> {
    let sql = "update users set password_hash = $3 where id = $1 and password_hash = $2";
    let query = sqlx::query(sql).bind(id.to_string()).bind(known).bind(hash);
    Ok(query.execute(tx).await?.rows_affected() == 1)
}

pub async fn set_last_seen(db: &Db, id: UserId, at: Millis) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    sqlx::query("update users set last_seen_at = $2 where id = $1").bind(id.to_string()).bind(at.0).execute(&mut *tx).await?;
    tx.commit().await
}

pub async fn settings(executor: impl AnyExecutor<'_>, id: UserId) -> sqlx::Result<Option<Settings>> {
    let sql = "select language, theme, email_notices, desktop_notices, sound from users where id = $1";
    let row = sqlx::query(sql).bind(id.to_string()).fetch_optional(executor).await?;
    row.map(|row| {
        let language: Option<String> = row.try_get("language")?;
        Ok(Settings {
            language: language.map(|_| db::word(&row, "language")).transpose()?,
            theme: db::word(&row, "theme")?,
            email_notices: db::flag(&row, "email_notices")?,
            desktop_notices: db::flag(&row, "desktop_notices")?,
            sound: db::flag(&row, "sound")?,
        })
    })
    .transpose()
}

pub async fn update_settings(tx: &mut AnyConnection, id: UserId, settings: Settings) -> sqlx::Result<()> {
    let sql = "update users set language = $2, theme = $3, email_notices = $4, desktop_notices = $5, sound = $6 where id = $1";
    sqlx::query(sql)
        .bind(id.to_string())
        .bind(settings.language.map(|language| db::as_word(&language)).transpose()?)
        .bind(db::as_word(&settings.theme)?)
        .bind(i64::from(settings.email_notices))
        .bind(i64::from(settings.desktop_notices))
        .bind(i64::from(settings.sound))
        .execute(tx)
        .await
        .map(drop)
}

pub async fn insert_session(
    tx: &mut AnyConnection,
    session: &Session,
    hash: &TokenHash,
    agent: &str,
    now: Millis,
) -> sqlx::Result<()> {
    let sql = "insert into sessions (id, token_hash, user_id, agent, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    sqlx::query(sql)
        .bind(session.id.to_string())
        .bind(hash.as_str())
        .bind(session.user_id.to_string())
        .bind(agent)
        .bind(now.0)
        .bind(session.expires_at.0)
        .execute(tx)
        .await
        .map(drop)
}

/// The live session of a token and its user. The one query on the way of every request.
pub async fn session(db: &Db, hash: &TokenHash, now: Millis) -> sqlx::Result<Option<(Session, User)>> {
    let sql = concat!(
        "select s.id as session_id, s.expires_at, ",
        user_columns!(),
        " from sessions s join users u on u.id = s.user_id where s.token_hash = $1 and s.expires_at > $2 and u.deactivated_at is null"
    );
    let row = sqlx::query(sql).bind(hash.as_str()).bind(now.0).fetch_optional(db.read()).await?;
    row.map(|row| {
        let user = User::from_row(&row)?;
        let session =
            Session { id: db::parsed(&row, "session_id")?, user_id: user.id, expires_at: db::millis(&row, "expires_at")? };
        Ok((session, user))
    })
    .transpose()
}

/// When a session ends, if it is still there and its user may sign in.
pub async fn session_end(db: &Db, id: SessionId, now: Millis) -> sqlx::Result<Option<Millis>> {
    let sql = "select s.expires_at from sessions s join users u on u.id = s.user_id \
        where s.id = $1 and s.expires_at > $2 and u.deactivated_at is null";
    let row = sqlx::query(sql).bind(id.to_string()).bind(now.0).fetch_optional(db.read()).await?;
    row.map(|row| db::millis(&row, "expires_at")).transpose()
}

pub async fn extend_session(tx: &mut AnyConnection, id: SessionId, until: Millis) -> sqlx::Result<()> {
    let query = sqlx::query("update sessions set expires_at = $2 where id = $1").bind(id.to_string()).bind(until.0);
    query.execute(tx).await.map(drop)
}

/// Ends the session of a token; tells which it was.
pub async fn delete_session(tx: &mut AnyConnection, hash: &TokenHash) -> sqlx::Result<Option<SessionId>> {
    let query = sqlx::query("delete from sessions where token_hash = $1 returning id").bind(hash.as_str());
    query.fetch_optional(tx).await?.map(|row| db::parsed(&row, "id")).transpose()
}

pub async fn delete_sessions_of(tx: &mut AnyConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query("delete from sessions where user_id = $1").bind(user.to_string()).execute(tx).await.map(drop)
}

/// Ends every session of the user but this one.
pub async fn delete_other_sessions(tx: &mut AnyConnection, kept: Session) -> sqlx::Result<()> {
    let query = sqlx::query("delete from sessions where user_id = $1 and id <> $2");
    query.bind(kept.user_id.to_string()).bind(kept.id.to_string()).execute(tx).await.map(drop)
}

/// The newest first.
pub async fn other_sessions(db: &Db, kept: Session, now: Millis) -> sqlx::Result<Vec<OtherSession>> {
    let sql = "select id, agent, created_at from sessions where user_id = $1 and id <> $2 and expires_at > $3 order by id desc";
    let query = sqlx::query(sql).bind(kept.user_id.to_string()).bind(kept.id.to_string()).bind(now.0);
    let session = |row: &AnyRow| {
        Ok(OtherSession { id: db::parsed(row, "id")?, agent: row.try_get("agent")?, created_at: db::millis(row, "created_at")? })
    };
    query.fetch_all(db.read()).await?.iter().map(session).collect()
}

pub async fn insert_invitation(
    tx: &mut AnyConnection,
    hash: &TokenHash,
    user: Option<UserId>,
    now: Millis,
    expires_at: Millis,
) -> sqlx::Result<()> {
    sqlx::query("insert into invitations (token_hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)")
        .bind(hash.as_str())
        .bind(user.map(|user| user.to_string()))
        .bind(now.0)
        .bind(expires_at.0)
        .execute(tx)
        .await
        .map(drop)
}

/// Voids the links of a user, or, without one, those that would create the first admin.
pub async fn delete_invitations(tx: &mut AnyConnection, user: Option<UserId>) -> sqlx::Result<()> {
    let query = match user {
        Some(user) => sqlx::query("delete from invitations where user_id = $1").bind(user.to_string()),
        None => sqlx::query("delete from invitations where user_id is null"),
    };
    query.execute(tx).await.map(drop)
}

/// For whom a link is that can still be used: outer `None` if there is no such link, inner `None` for the first admin.
pub async fn invitation(db: &Db, hash: &TokenHash, now: Millis) -> sqlx::Result<Option<Option<UserId>>> {
    let sql = "select user_id from invitations where token_hash = $1 and used_at is null and expires_at > $2";
    let row = sqlx::query(sql).bind(hash.as_str()).bind(now.0).fetch_optional(db.read()).await?;
    row.map(|row| optional_user(&row)).transpose()
}

/// Uses a link up. The row's lock lets one of two who follow it at the same moment through.
pub async fn use_invitation(tx: &mut AnyConnection, hash: &TokenHash, now: Millis) -> sqlx::Result<Option<Option<UserId>>> {
    let sql =
        "update invitations set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2 returning user_id";
    let row = sqlx::query(sql).bind(hash.as_str()).bind(now.0).fetch_optional(tx).await?;
    row.map(|row| optional_user(&row)).transpose()
}

/// Deletes sessions and links that can no longer be used; returns how many.
pub async fn delete_expired(db: &Db, now: Millis) -> sqlx::Result<u64> {
    let mut tx = db.begin().await?;
    let sessions = sqlx::query("delete from sessions where expires_at <= $1").bind(now.0).execute(&mut *tx).await?;
    let links = sqlx::query("delete from invitations where expires_at <= $1").bind(now.0).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(sessions.rows_affected() + links.rows_affected())
}

fn optional_user(row: &AnyRow) -> sqlx::Result<Option<UserId>> {
    match row.try_get::<Option<String>, _>("user_id")? {
        Some(_) => db::parsed(row, "user_id").map(Some),
        None => Ok(None),
    }
}
