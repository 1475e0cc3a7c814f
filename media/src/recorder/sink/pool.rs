//! The threads that wait for the disk, so that the recorder's thread does not: it goes on with all recordings, and can tell of
//! a disk that hangs while it hangs.
//!
//! Each recording has one job at most in here, which holds its folder: nothing is written out of turn, and the queues are as
//! long as there are recordings.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Builder;

use super::disk::{SegmentFiles, Written};
use super::give_way;
use crate::recorder::segment::Piece;

/// Forty recordings write once a second, some milliseconds each; all of them mostly to the same disk.
const THREADS: usize = 4;

/// Names a recording as long as the recorder's thread lives.
pub(super) type Token = u64;

/// To be written.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) token: Token,
    pub(super) files: SegmentFiles,
    pub(super) pieces: Vec<Piece>,
    /// Whether to wait until they are on the disk.
    pub(super) sync: bool,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) token: Token,
    pub(super) files: SegmentFiles,
    pub(super) result: io::Result<Written>,
}

/// How jobs are done; tests have slower ways.
pub(super) type Write = Arc<dyn Fn(&mut SegmentFiles, &[Piece], bool) -> io::Result<Written> + Send + Sync>;

#[derive(Debug)]
pub(super) struct Pool {
    jobs: Sender<Job>,
    done: Receiver<Done>,
}

impl Pool {
    pub(super) fn start(write: &Write) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel();
        let (results, done) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        for index in 0..THREADS {
            let (queue, results, write) = (Arc::clone(&queue), results.clone(), Arc::clone(write));
            Builder::new().name(format!("recorder-disk-{index}")).spawn(move || {
                give_way();
                work(&queue, &results, &write);
            })?;
        }
        Ok(Self { jobs, done })
    }

    pub(super) fn submit(&self, job: Job) {
        // The threads live as long as this sender does.
        let _ = self.jobs.send(job);
    }

    pub(super) fn take_done(&self) -> Option<Done> {
        self.done.try_recv().ok()
    }
}

/// Ends when the pool is gone.
fn work(queue: &Mutex<Receiver<Job>>, results: &Sender<Done>, write: &Write) {
    loop {
        // Whoever waits for a job holds the lock; nobody holds it while working.
        let Ok(Job { token, mut files, pieces, sync }) = queue.lock().unwrap_or_else(PoisonError::into_inner).recv() else {
            return;
        };
        let result = catch_unwind(AssertUnwindSafe(|| write(&mut files, &pieces, sync)))
            .unwrap_or_else(|_| Err(io::Error::other("writing panicked")));
        if results.send(Done { token, files, result }).is_err() {
            return;
        }
    }
}
