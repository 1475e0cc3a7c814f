//! A database for one test: a file in its folder, or one of its own on the PostgreSQL that `scripts/test-postgres.sh` starts.

use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection, PgConnection};
use staffline::config;
use url::Url;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres { server: Url, name: String },
}

impl Database {
    /// `None` only if the caller asked to go without PostgreSQL.
    pub(crate) async fn create(engine: Engine, folder: &Path) -> Option<Self> {
        if engine == Engine::Sqlite {
            return Some(Self::Sqlite(folder.join("staffline.db")));
        }
        let Ok(server) = std::env::var("STAFFLINE_TEST_POSTGRES") else {
            let skip = std::env::var("STAFFLINE_SKIP").unwrap_or_default();
            assert!(
                skip.split(',').any(|word| word == "postgres"),
                "STAFFLINE_TEST_POSTGRES is not set: run scripts/test-postgres.sh cargo test, or go without by STAFFLINE_SKIP=postgres"
            );
            return None;
        };
        let server: Url = server.parse().expect("STAFFLINE_TEST_POSTGRES is a URL");
        let name = format!("staffline_test_{}", uuid::Uuid::now_v7().simple());
        execute(&server, format!("create database {name}")).await;
        Some(Self::Postgres { server, name })
    }

    pub(crate) fn config(&self) -> config::Database {
        match self {
            Self::Sqlite(path) => config::Database::Sqlite(path.clone()),
            Self::Postgres { server, name } => {
                let mut url = server.clone();
                url.set_path(name);
                config::Database::Postgres(url.into())
            }
        }
    }

    pub(crate) async fn drop(self) {
        if let Self::Postgres { server, name } = self {
            execute(&server, format!("drop database {name} with (force)")).await;
        }
    }
}

async fn execute(server: &Url, sql: String) {
    let mut connection = PgConnection::connect(server.as_str()).await.expect("PostgreSQL answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the role may create databases");
}
