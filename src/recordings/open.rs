//! `staffline recordings open`: the files of a recording out of its folder and its key alone, without this server's database, its key, or a
//! network.

use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use anyhow::{Context, bail};
use staffline_media::recorder::{Folder, Reader, RecordingKey, verify};

use super::{bundle::file_name, keys::parse_secret};

/// What is decrypted at once.
const CHUNK: u64 = 1 << 20;
/// Nothing that holds a key is longer.
const MAX_KEY: u64 = 1_024;

/// Writes the files to `to`, which is made, and says what it has written. True if all of it is what was recorded.
pub fn open(folder: &Path, key: &Path, to: &Path, out: &mut impl Write) -> anyhow::Result<bool> {
    let key = read_key(key)?;
    let source = Folder::new(folder);
    let reader = Reader::open(source.clone(), &key).context("the recording cannot be opened: is this its key?")?;
    let fine = match verify(&source, Some(&key), &[]) {
        Ok(verified) => {
            let end = verified.head.map(|head| super::hex(&head.hash)).unwrap_or_default();
            writeln!(out, "fine: {} segments, {} records, the chain ends in {end}", verified.segments, verified.records)?;
            true
        }
        Err(error) => {
            writeln!(out, "BROKEN: {error}")?;
            false
        }
    };
    std::fs::create_dir_all(to)?;
    for (stream, size) in reader.streams() {
        let path = to.join(file_name(stream));
        let mut file = File::create_new(&path).with_context(|| format!("{} is not written", path.display()))?;
        let mut at = 0;
        while at < size {
            let bytes = reader.read(stream, at..size.min(at + CHUNK))?;
            if bytes.is_empty() {
                bail!("{} has an end that is missing", path.display());
            }
            at += bytes.len() as u64;
            file.write_all(&bytes)?;
        }
        writeln!(out, "{}: {size} bytes", path.display())?;
    }
    Ok(fine)
}

/// 32 bytes, as `age -d` gives them, or as base64; `-` is the standard input.
fn read_key(path: &Path) -> anyhow::Result<RecordingKey> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAX_KEY).read_to_end(&mut bytes)?;
    } else {
        let file = File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        file.take(MAX_KEY).read_to_end(&mut bytes)?;
    }
    let raw = <[u8; 32]>::try_from(&bytes[..]).ok();
    let key = raw.or_else(|| parse_secret(std::str::from_utf8(&bytes).ok()?));
    key.map(RecordingKey).context("the key of a recording has 32 bytes")
}
