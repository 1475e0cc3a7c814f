//! What every tool does around its runs: times, CPUs, where the figures go.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::sys;

/// How long the load lasts before it is measured, and while it is.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    pub warmup: Duration,
    pub measured: Duration,
}

impl Timing {
    /// In seconds, no more than `most` together.
    pub fn new(warmup: f64, measured: f64, most: f64) -> Result<Self> {
        let seconds = |s: f64| Duration::try_from_secs_f64(s).with_context(|| format!("{s} is no time"));
        ensure!(warmup + measured <= most, "a run is bounded to {most} s");
        Ok(Self { warmup: seconds(warmup)?, measured: seconds(measured)? })
    }
}

/// Confines this program to all CPUs but the first, and gives the server's; none of it with a single CPU.
pub fn pin() -> Result<Vec<usize>> {
    let cpus = sys::cpus()?;
    if cpus.len() < 2 {
        return Ok(Vec::new());
    }
    sys::run_on(&cpus[1..])?;
    Ok(vec![cpus[0]])
}

/// The program that was named, else the one that is built beside this one.
pub fn program(named: Option<&Path>, beside: &str) -> Result<PathBuf> {
    let built = || std::env::current_exe().map(|me| me.with_file_name(beside));
    Ok(named.map_or_else(built, |named| Ok(named.to_owned()))?)
}

/// A list of an earlier day must not be taken for the outcome of a run that failed.
pub fn forget(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Writes the list of runs.
pub fn write<T: Serialize>(path: &Path, runs: &[T]) -> Result<()> {
    write_json(path, &runs)?;
    writeln!(io::stdout(), "{} runs in {}", runs.len(), path.display())?;
    Ok(())
}

/// Sets fields of an object that others write to as well; theirs stay.
pub fn merge(path: &Path, fields: Map<String, Value>) -> Result<()> {
    let mut all: Map<String, Value> = match fs::read(path) {
        Ok(json) => serde_json::from_slice(&json).with_context(|| format!("{}", path.display()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
        Err(error) => return Err(error).with_context(|| format!("{}", path.display())),
    };
    all.extend(fields);
    write_json(path, &all)
}

pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, serde_json::to_string_pretty(value)? + "\n").with_context(|| format!("{}", path.display()))
}

pub fn thousandths(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// How many of those that were expected did not come, in percent.
pub fn loss_pct(received: u64, expected: u64) -> f64 {
    thousandths(100.0 * expected.saturating_sub(received) as f64 / expected.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("{value} is no object") };
        object
    }

    #[test]
    fn fields_of_others_stay_when_figures_are_merged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures/recording.json");
        merge(&path, object(json!({"kills": 50, "calls": 1}))).unwrap();
        merge(&path, object(json!({"calls": 40}))).unwrap();
        let merged: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(merged, json!({"kills": 50, "calls": 40}));
        fs::write(&path, "no JSON").unwrap();
        assert!(merge(&path, Map::new()).is_err());
    }

    #[test]
    fn a_run_is_bounded() {
        assert!(Timing::new(1.0, 4.0, 30.0).is_ok());
        for (warmup, measured) in [(1.0, 30.0), (-1.0, 1.0), (f64::NAN, 1.0)] {
            assert!(Timing::new(warmup, measured, 30.0).is_err());
        }
    }
}
