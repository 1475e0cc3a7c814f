//! The built binary under bad luck: killed while it works, started twice, stopped while busy.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there and then")]

mod calls;
#[path = "../api/harness/database.rs"]
mod database;
mod disk;
mod ledger;
mod outage;
mod power;
mod process;
mod recorded;
mod stop;
