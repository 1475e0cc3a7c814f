//! Tables whose rows are written once: the database itself refuses to change or delete them, whoever asks.
//!
//! Triggers have no text that both databases understand, so they are not in the migrations; each statement here may be repeated.

use sqlx::{AnyPool, AssertSqlSafe};

use super::Engine;

const TABLES: &[&str] = &["audit_entries", "call_consents", "recording_failures", "recording_heads", "recording_notes"];

/// Puts the triggers where they are missing.
pub(super) async fn guard(pool: &AnyPool, engine: Engine) -> sqlx::Result<()> {
    for table in TABLES {
        let sql = match engine {
            Engine::Sqlite => sqlite(table),
            Engine::Postgres => postgres(table),
        };
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
    }
    Ok(())
}

fn sqlite(table: &str) -> String {
    let trigger = |what: &str| {
        format!(
            "create trigger if not exists {table}_no_{what} before {what} on {table} \
             begin select raise(abort, '{table} is append-only'); end;"
        )
    };
    trigger("update") + &trigger("delete")
}

/// Made only where missing: two servers that start together would trip over each other's `create or replace`.
fn postgres(table: &str) -> String {
    format!(
        "do $guard$ begin
            if not exists (select from pg_trigger where tgname = '{table}_append_only' and tgrelid = '{table}'::regclass) then
                create or replace function {table}_append_only() returns trigger language plpgsql as
                    $body$ begin raise exception '{table} is append-only'; end $body$;
                create trigger {table}_append_only before update or delete or truncate on {table}
                    for each statement execute function {table}_append_only();
            end if;
        end $guard$;"
    )
}
