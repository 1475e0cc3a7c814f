//! The database: SQLite in the data folder, or PostgreSQL by URL, behind one SQL text.
//!
//! SQLite has one writer: a pool of one connection whose transactions begin `immediate`, so that writers wait in our queue instead of
//! failing in SQLite's; readers have their own connections and, in WAL mode, never wait. On PostgreSQL both are one pool.

use std::{path::Path, str::FromStr, sync::Arc, time::Duration};

use sqlx::{
    AnyPool, Row, Transaction,
    any::{Any, AnyPoolOptions, AnyRow},
    migrate::Migrator,
};
use tokio::sync::Mutex;
use url::Url;

use crate::config::Database;

mod append_only;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// A write transaction; dropped without `commit`, it is rolled back.
pub type Tx = Transaction<'static, Any>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Handles to the database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    write: AnyPool,
    read: AnyPool,
    engine: Engine,
    /// Of SQLite's writers, to begin.
    turn: Arc<Mutex<()>>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot prepare the SQLite file: {0}")]
    File(#[from] std::io::Error),
    #[error("cannot open the database: {0}")]
    Connect(#[from] sqlx::Error),
    #[error("cannot bring the schema up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Takes the right to write at once, rather than at the first write, when it could fail.
const BEGIN: &str = "begin immediate";

/// FULL: a commit that we acknowledged survives a power cut, not only a crash of the process. What is deleted is overwritten: it was
/// deleted because it must not be there any more.
const SQLITE_PRAGMAS: &str = "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; \
    pragma foreign_keys = on; pragma secure_delete = on; pragma wal_autocheckpoint = 1000;";

impl Db {
    /// Connects and brings the schema up to date.
    pub async fn open(database: &Database) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        let db = match database {
            Database::Sqlite(path) => Self::open_sqlite(path).await?,
            Database::Postgres(url) => Self::open_postgres(url).await?,
        };
        MIGRATIONS.run(&db.write).await?;
        append_only::guard(&db.write, db.engine).await?;
        Ok(db)
    }

    async fn open_sqlite(path: &Path) -> Result<Self, OpenError> {
        create_private(path)?;
        let mut url = Url::parse("sqlite:///?mode=rw").expect("a constant");
        url.set_path(&path.to_string_lossy());
        let options = || {
            AnyPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(None).max_lifetime(None).after_connect(
                |connection, _| Box::pin(async move { sqlx::raw_sql(SQLITE_PRAGMAS).execute(connection).await.map(drop) }),
            )
        };
        // The writer first: it turns WAL on, for which it needs the file for itself.
        let write = options().min_connections(1).max_connections(1).connect(url.as_str()).await?;
        let read = options().max_connections(SQLITE_READERS).connect(url.as_str()).await?;
        Ok(Self { write, read, engine: Engine::Sqlite, turn: Arc::default() })
    }

    async fn open_postgres(url: &str) -> Result<Self, OpenError> {
        let options = AnyPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(POSTGRES_CONNECTIONS);
        let pool = options.connect(url).await?;
        Ok(Self { write: pool.clone(), read: pool, engine: Engine::Postgres, turn: Arc::default() })
    }

    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Begins a write transaction.
    pub async fn begin(&self) -> sqlx::Result<Tx> {
        match self.engine {
            Engine::Sqlite => self.begin_immediate().await,
            Engine::Postgres => self.write.begin().await,
        }
    }

    /// One after another: between closing a useless connection and beginning in the new one nobody else may use that up.
    async fn begin_immediate(&self) -> sqlx::Result<Tx> {
        let turn = tokio::time::timeout(ACQUIRE_TIMEOUT, self.turn.lock()).await;
        let _turn = turn.map_err(|_| sqlx::Error::PoolTimedOut)?;
        match self.write.begin_with(BEGIN).await {
            // On a full disk SQLite ends a transaction by itself, in which its driver goes on believing.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.write.acquire().await?.close().await?;
                self.write.begin_with(BEGIN).await
            }
            begun => begun,
        }
    }

    /// Connections for single reads outside a transaction.
    #[must_use]
    pub fn read(&self) -> &AnyPool {
        &self.read
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> sqlx::Result<()> {
        sqlx::query("select last from event_counter where id = 1").fetch_one(&self.read).await.map(drop)
    }

    /// Waits for running queries and closes; SQLite folds its log into the file.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// The file holds everything that staff wrote: only the server's own account reads it.
/// SQLite gives its -wal and -shm files the same mode.
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

/// Reads a column that is text in the database and a type of ours in Rust (ids, roles).
pub fn parsed<T>(row: &AnyRow, column: &str) -> sqlx::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: String = row.try_get(column)?;
    text.parse().map_err(|source| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(source) })
}

/// As [`parsed`], of a column that may not be set.
pub fn optional<T>(row: &AnyRow, column: &str) -> sqlx::Result<Option<T>>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text: Option<String> = row.try_get(column)?;
    let parsed = text.map(|text| text.parse()).transpose();
    parsed.map_err(|source| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(source) })
}

/// A number of milliseconds as a time.
pub fn millis(row: &AnyRow, column: &str) -> sqlx::Result<crate::clock::Millis> {
    row.try_get(column).map(crate::clock::Millis)
}

/// A time that may not be set.
pub fn optional_millis(row: &AnyRow, column: &str) -> sqlx::Result<Option<crate::clock::Millis>> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(crate::clock::Millis))
}

/// A word in the database as the enum that has the same word in JSON.
pub fn word<T: serde::de::DeserializeOwned>(row: &AnyRow, column: &str) -> sqlx::Result<T> {
    let text: String = row.try_get(column)?;
    serde_json::from_value(serde_json::Value::String(text))
        .map_err(|source| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(source) })
}

/// The word of an enum, as it is in JSON, for the database: what [`word`] reads.
pub fn as_word(value: &impl serde::Serialize) -> sqlx::Result<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        Ok(other) => Err(sqlx::Error::Encode(format!("{other} is no word").into())),
        Err(error) => Err(sqlx::Error::Encode(error.into())),
    }
}

/// A boolean as it is kept: SQLite has none, and the driver decodes only what both databases have.
pub fn flag(row: &AnyRow, column: &str) -> sqlx::Result<bool> {
    Ok(row.try_get::<i64, _>(column)? != 0)
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;

    /// What a full disk does: the transaction is over in SQLite, and its driver does not know.
    async fn write_to_a_full_disk(db: Db) {
        for _ in 0..20 {
            let mut tx = db.begin().await.expect("a transaction begins");
            sqlx::raw_sql("rollback").execute(&mut *tx).await.expect("it ends");
            tx.commit().await.expect_err("nothing is left to commit");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn a_transaction_begins_whatever_became_of_those_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Db::open(&Database::Sqlite(folder.path().join("staffline.db"))).await.expect("a database");
        let mut writers = JoinSet::new();
        for _ in 0..8 {
            writers.spawn(write_to_a_full_disk(db.clone()));
        }
        writers.join_all().await;
    }
}
