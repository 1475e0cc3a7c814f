//! The load on several shards at once: what the packets of each cost its own thread, while the others work as well.

use std::io::{self, Write};
use std::path::Path;
use std::thread;

use anyhow::{Context, Result};
use load_kit::meter::Meter;
use load_kit::run::{self as kit, Timing};
use relay_load::figures::Figures;
use relay_load::load::Load;
use relay_load::run::Joined;
use relay_load::server::Server;
use relay_load::whip::Whip;
use serde::Serialize;

/// One shard in one run.
#[derive(Debug, Serialize)]
struct Row {
    shards: usize,
    shard: usize,
    #[serde(flatten)]
    figures: Figures,
}

pub(crate) fn measure(loads: &[Load], timing: Timing, program: &Path, shards: usize, out: &Path) -> Result<()> {
    let mut table = io::stdout();
    writeln!(table, "shard  {}", Figures::TABLE_HEAD)?;
    let mut all = Vec::new();
    for load in loads {
        for (shard, figures) in run(load, timing, program, shards).with_context(|| load.to_string())?.into_iter().enumerate() {
            writeln!(table, "{shard:>2}/{shards}   {}", figures.table_row())?;
            all.push(Row { shards, shard, figures });
        }
    }
    kit::write(out, &all)
}

/// The figures of each shard.
fn run(load: &Load, timing: Timing, program: &Path, shards: usize) -> Result<Vec<Figures>> {
    let server = Server::with_shards(program, load.cipher, shards)?;
    // A room is on the shard that its number gives, modulo theirs.
    let mut rooms: Vec<_> = (0..shards).map(|shard| Whip::in_room(&server, (shards + shard) as u64)).collect();
    let joined = rooms.iter_mut().map(|room| Joined::new(load, room)).collect::<Result<Vec<_>>>()?;
    thread::scope(|scope| {
        let exchanges = joined.into_iter().enumerate().map(|(shard, joined)| {
            let thread = if shard == 0 { "media".to_owned() } else { format!("media-{shard}") };
            let meter = Meter { server_pid: server.pid, thread: Some(thread) };
            scope.spawn(move || joined.exchange(timing, &meter))
        });
        let exchanges: Vec<_> = exchanges.collect();
        let figures =
            exchanges.into_iter().map(|exchange| exchange.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        figures.collect()
    })
}
