//! What the recorder's pipeline costs by itself, without network and disk: examples/recording, as it says it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value};

/// A field for each line `name seconds (…)`.
pub(crate) fn measure(program: &Path) -> Result<Map<String, Value>> {
    let output = Command::new(program).output().with_context(|| format!("cannot start {}", program.display()))?;
    ensure!(output.status.success(), "{} failed", program.display());
    String::from_utf8(output.stdout)?.lines().map(field).collect()
}

fn field(line: &str) -> Result<(String, Value)> {
    let mut words = line.split(' ');
    let (name, seconds) = words.next().zip(words.next()).with_context(|| line.to_owned())?;
    Ok((name.to_owned(), seconds.parse::<f64>()?.into()))
}
