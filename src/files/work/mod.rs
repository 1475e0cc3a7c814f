//! What runs in a process of its own: `staffline worker JOB` reads a file from standard input, writes a line of JSON and then what it
//! has made to standard output, and says by its exit code how it went. It trusts nothing that it reads.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
};

use clap::ValueEnum;
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::Serialize;

pub mod heif;
pub mod images;
pub mod voice;
pub mod waveform;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// A small copy of an image, and the size of the image.
    Thumbnail,
    /// The middle of an image, square and small.
    Picture,
    /// A voice message as Ogg with Opus, its length and waveform.
    Voice,
}

/// Exit code for input that would need more memory than there is.
pub const TOO_LARGE: i32 = 4;

/// Exit code for input that is not what it should be.
const REFUSED: i32 = 3;

/// All memory of the process, its own code included.
const MEMORY: u64 = 256 * 1024 * 1024;

/// Why a job was not done.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error("too large")]
    TooLarge,
    #[error("not decodable: {0}")]
    Refused(Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl WorkError {
    fn refused(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Refused(why.into())
    }
}

impl Job {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thumbnail => "thumbnail",
            Self::Picture => "picture",
            Self::Voice => "voice",
        }
    }

    /// Processor time, after which the process is ended.
    #[must_use]
    pub fn cpu_seconds(self) -> u64 {
        match self {
            Self::Thumbnail | Self::Picture => 5,
            Self::Voice => 30,
        }
    }
}

/// Does a job and gives the exit code.
pub fn run(job: Job) -> i32 {
    match limit(job).and_then(|()| perform(job)) {
        Ok(()) => 0,
        Err(WorkError::TooLarge) => TOO_LARGE,
        Err(_) => REFUSED,
    }
}

fn limit(job: Job) -> Result<(), WorkError> {
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, job.cpu_seconds()),
        (Resource::Core, 0),
        // Nothing is written but to the pipe, nothing is opened, nothing is started.
        (Resource::Fsize, 0),
        (Resource::Nofile, 8),
        (Resource::Nproc, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).map_err(io::Error::from)?;
    }
    Ok(())
}

fn perform(job: Job) -> Result<(), WorkError> {
    // A file, so that decoders can seek in it.
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    match job {
        Job::Thumbnail => images::thumbnail(input),
        Job::Picture => images::picture(input),
        Job::Voice => voice::convert(input),
    }
}

/// Says what the input is, before what may take long or fail.
fn say(about: &impl Serialize) -> Result<(), WorkError> {
    let mut line = serde_json::to_vec(about).map_err(WorkError::refused)?;
    line.push(b'\n');
    give(&line)
}

fn give(bytes: &[u8]) -> Result<(), WorkError> {
    let mut output = io::stdout().lock();
    output.write_all(bytes)?;
    Ok(output.flush()?)
}
