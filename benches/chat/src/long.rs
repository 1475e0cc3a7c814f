//! A conversation of years: written straight into the database, opened through the API.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use reqwest::Method;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use uuid::Uuid;

use crate::{quantile, staff::Person};

const REQUESTS: usize = 200;
/// A message a minute.
const MINUTE_MS: i64 = 60_000;
const LINES: &[&str] = &[
    "Добрый день, коллеги",
    "The contract is signed, I will send the scan in an hour.",
    "Посмотрите, пожалуйста, счёт № 4711: сумма не сходится с договором, а клиент ждёт ответа до вечера.",
    "ok",
    "https://crm.example.org/deals/4711",
    "Перезвоню после обеда",
];

#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) newest_p50: f64,
    pub(crate) newest_p99: f64,
    pub(crate) middle_p50: f64,
}

/// Between the first two people, while no server runs. Returns the conversation.
pub(crate) async fn seed(data: &Path, staff: &[Person], count: usize) -> Result<String> {
    let options = SqliteConnectOptions::new().filename(data.join("staffline.db"));
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let mut tx = connection.begin().await?;
    let last: i64 = sqlx::query_scalar("select last from event_counter").fetch_one(&mut *tx).await?;
    let sql = "select conversation_id from members where user_id = $1 \
        and conversation_id in (select conversation_id from members where user_id = $2)";
    let conversation: String = sqlx::query_scalar(sql).bind(&staff[0].id).bind(&staff[1].id).fetch_one(&mut *tx).await?;
    for (seq, number) in (last + 1..).zip(0..count) {
        let sql = "insert into messages (id, conversation_id, seq, sender_id, client_key, kind, text, created_at) \
            values ($1, $2, $3, $4, $5, 'text', $6, $7)";
        sqlx::query(sql)
            .bind(Uuid::now_v7().to_string())
            .bind(&conversation)
            .bind(seq)
            .bind(&staff[number / 3 % 2].id)
            .bind(format!("seeded-{number}"))
            .bind(format!("{number}: {}", LINES[number % LINES.len()]))
            .bind(1_767_225_600_000 + i64::try_from(number)? * MINUTE_MS)
            .execute(&mut *tx)
            .await?;
    }
    let counter = "update event_counter set last = last + $1";
    sqlx::query(counter).bind(i64::try_from(count)?).execute(&mut *tx).await?;
    tx.commit().await?;
    connection.close().await?;
    Ok(conversation)
}

/// On one connection that is kept, as a browser does.
pub(crate) async fn open(reader: &Person, conversation: &str) -> Result<Opened> {
    let newest = format!("/api/conversations/{conversation}/messages?limit=50");
    let page = reader.call(Method::GET, &newest, None).await?;
    let last = page["messages"][49]["seq"].as_i64().context("fifty messages")?;
    let middle = format!("{newest}&around={}", last / 2);
    let newest = times(reader, &newest).await?;
    let middle = times(reader, &middle).await?;
    Ok(Opened { newest_p50: quantile(&newest, 0.5), newest_p99: quantile(&newest, 0.99), middle_p50: quantile(&middle, 0.5) })
}

async fn times(reader: &Person, path: &str) -> Result<Vec<Duration>> {
    let mut all = Vec::new();
    for _ in 0..REQUESTS {
        let start = Instant::now();
        reader.call(Method::GET, path, None).await?;
        all.push(start.elapsed());
    }
    all.sort_unstable();
    Ok(all)
}
