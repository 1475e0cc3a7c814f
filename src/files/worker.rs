//! Strangers' pictures and sounds are decoded by a process of their own, with little memory and time: what is made to break or to
//! burden a decoder breaks only that. This is the server's side; the process's is in [`work`](super::work).

use std::{io, path::Path, process::Stdio, time::Duration};

use serde::de::DeserializeOwned;
use tokio::{io::AsyncReadExt, process::Command, sync::Semaphore, time};

use super::work::{Job, TOO_LARGE};

/// Processes at a time; more wait.
const PLACES: usize = 2;

/// The largest thing that a process gives back: 15 minutes of the best Opus.
const MAX_OUTPUT: u64 = 64 * 1024 * 1024;

/// Starts the processes.
#[derive(Debug)]
pub struct Workers {
    program: std::path::PathBuf,
    places: Semaphore,
}

/// What a process came to.
#[derive(Debug)]
pub struct Outcome<T> {
    /// What it said of its input, if it got as far.
    pub about: Option<T>,
    /// What it made: empty unless it was done.
    pub bytes: Vec<u8>,
    pub ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// The input is not what it seemed, or broken.
    Refused,
    /// More memory or time would have been needed.
    TooMuch,
}

impl Workers {
    pub fn new(program: &Path) -> Self {
        Self { program: program.to_owned(), places: Semaphore::new(PLACES) }
    }

    /// Does a job on a file, or gives up in time.
    pub async fn run<T: DeserializeOwned>(&self, job: Job, input: &Path) -> io::Result<Outcome<T>> {
        let _place = self.places.acquire().await.expect("it is never closed");
        let input = std::fs::File::open(input)?;
        let mut child = Command::new(&self.program)
            .args(["worker", job.as_str()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(input))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut output = Vec::new();
        let mut stdout = child.stdout.take().expect("it is piped").take(MAX_OUTPUT);
        let work = async {
            stdout.read_to_end(&mut output).await?;
            child.wait().await
        };
        let status = match time::timeout(deadline(job), work).await {
            Ok(status) => Some(status?),
            Err(_) => {
                child.kill().await?;
                None
            }
        };
        let ending = match status.and_then(|status| status.code()) {
            Some(0) => Ending::Done,
            Some(code) if code != TOO_LARGE => Ending::Refused,
            // Ended by a signal: by a limit, by an allocation that failed, by us.
            _ => Ending::TooMuch,
        };
        Ok(read(output, ending))
    }
}

/// The processor time that a job may take is limited by the process itself; this is for a machine that has none to give.
fn deadline(job: Job) -> Duration {
    Duration::from_secs(4 * job.cpu_seconds())
}

/// A line of JSON, and then bytes.
fn read<T: DeserializeOwned>(mut output: Vec<u8>, ending: Ending) -> Outcome<T> {
    let line = output.iter().position(|byte| *byte == b'\n');
    let about = line.and_then(|end| serde_json::from_slice(&output[..end]).ok());
    let bytes = line.map(|end| output.split_off(end + 1)).filter(|_| ending == Ending::Done).unwrap_or_default();
    Outcome { about, bytes, ending }
}
