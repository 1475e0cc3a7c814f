//! `kill -9` while people write and upload, with a ledger outside the process: what was acknowledged is there, once, and nothing
//! else is left lying about.
//!
//! The number of kills for each database is `STAFFLINE_KILLS`; `make test-faults` sets fifty. The count of what went wrong is written to
//! `target/figures/ledger.json`, and is asserted to be nothing.

use std::{collections::BTreeSet, fs, path::Path, sync::Arc, time::Duration};

use serde::Serialize;
use sqlx::{Connection, SqliteConnection};
use staffline::{
    app::{App, Tuning},
    clock::Clock,
    config, files,
};

use crate::{
    database::{Database, Engine},
    process::{Browser, Process, open},
};

mod audit;
mod book;
mod work;

use book::Book;
use work::Worker;

const WRITERS: usize = 6;
const DEFAULT_KILLS: usize = 4;

#[derive(Debug, Default, Serialize)]
struct Figures {
    kills: usize,
    /// Messages and files whose safe arrival a client was told of.
    acknowledged: usize,
    lost: usize,
    #[serde(skip)]
    which: Vec<String>,
    doubled: usize,
    /// Files that no row names, and rows that name no file, after the sweep.
    orphans: usize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_once() {
    let mut total = Figures::default();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        if let Some(figures) = survive(engine).await {
            total.kills += figures.kills;
            total.acknowledged += figures.acknowledged;
            total.lost += figures.lost;
            total.which.extend(figures.which);
            total.doubled += figures.doubled;
            total.orphans += figures.orphans;
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("ledger.json"), serde_json::to_string_pretty(&total).unwrap() + "\n").unwrap();
    println!("{total:?}");
    assert!(total.acknowledged >= total.kills * WRITERS, "{total:?}");
    assert_eq!((total.lost, total.doubled, total.orphans), (0, 0, 0), "{total:?}");
}

async fn survive(engine: Engine) -> Option<Figures> {
    let kills = std::env::var("STAFFLINE_KILLS").map_or(DEFAULT_KILLS, |number| number.parse().expect("a number"));
    let folder = tempfile::tempdir().unwrap();
    let database = Database::create(engine, folder.path()).await?;
    let mut server = Process::start(folder.path(), &database.config()).await;
    let admin = Browser::first_admin(&mut server).await;
    let anna = admin.invite(&server.origin, "anna").await;
    let conversation = open(&admin, &anna, &server.origin).await;
    let book = Arc::new(Book::default());
    for round in 0..kills {
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let browser = if number % 2 == 0 { &admin } else { &anna }.clone();
                let worker =
                    Worker { browser, origin: server.origin.clone(), conversation: conversation.clone(), book: book.clone() };
                tokio::spawn(async move { worker.write(&format!("round-{round}-writer-{number}")).await })
            })
            .collect();
        // A moment that no one chose: after some number of answers, with the other requests at whatever point they are.
        book.wait_for(5 + getrandom::u32().unwrap() as usize % 150).await;
        server.kill().await;
        let mut unfinished = Vec::new();
        for writer in writers {
            unfinished.push(writer.await.unwrap());
        }
        server = Process::start(folder.path(), &database.config()).await;
        for (mut worker, mut work) in unfinished {
            worker.origin.clone_from(&server.origin);
            worker.finish(&mut work).await;
        }
    }
    let (lost, doubled) = audit::compare(&anna, &server.origin, &conversation, &book).await;
    server.terminate().await;
    assert!(server.ended().await.success());
    if let config::Database::Sqlite(path) = database.config() {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", path.display())).await.unwrap();
        let found: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await.unwrap();
        assert_eq!(found, "ok");
    }
    let orphans = orphans(folder.path(), &database).await;
    database.drop().await;
    Some(Figures { kills, acknowledged: book.acknowledged(), lost: lost.len(), which: lost, doubled, orphans })
}

/// Sweeps when a day has passed and everything that was given up is old. What is then left hangs on a message, and all of that is there.
async fn orphans(data: &Path, database: &Database) -> usize {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let config = config::Config { database: database.config(), ..config::Config::of_folder(data).unwrap() };
    let later = Clock::System.now().plus(Duration::from_secs(25 * 60 * 60));
    let app = App::open(config, Clock::manual(later), Tuning::default()).await.unwrap();
    files::sweep::sweep(&app).await.unwrap();
    let rows = sqlx::query_scalar::<_, String>("select id from attachments").fetch_all(app.db.read()).await.unwrap();
    let sent = "select id from attachments where message_id is not null and completed_at is not null";
    let sent = sqlx::query_scalar::<_, String>(sent).fetch_all(app.db.read()).await.unwrap();
    app.shut_down(Duration::from_secs(5)).await;
    let rows: BTreeSet<_> = rows.into_iter().collect();
    let sent: BTreeSet<_> = sent.into_iter().collect();
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(data.join(folder)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let kept = names("files/attachments");
    rows.difference(&sent).count() + sent.symmetric_difference(&kept).count() + names("staging").len()
}
