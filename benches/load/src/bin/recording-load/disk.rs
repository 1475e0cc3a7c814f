//! Disks that are worse than the real one: small ones that are full, and ones that hang.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

const MIB: u64 = 1 << 20;

/// A file system of its own, as long as this value lives.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: TempDir,
    /// What it lies in; none if that is memory.
    _image: Option<tempfile::NamedTempFile>,
}

impl Disk {
    /// In memory.
    pub(crate) fn small(mib: u64) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let size = format!("size={mib}m,mode=700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()))?;
        Ok(Self { folder, _image: None })
    }

    /// ext4 in a file beside `near`.
    pub(crate) fn real(mib: u64, near: &Path) -> Result<Self> {
        let image = tempfile::NamedTempFile::new_in(near)?;
        image.as_file().set_len(mib * MIB)?;
        run(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(image.path()))?;
        let folder = tempfile::tempdir()?;
        run(Command::new("mount").args(["-o", "loop"]).arg(image.path()).arg(folder.path()))?;
        Ok(Self { folder, _image: Some(image) })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Whoever writes waits for so long.
    pub(crate) fn hang(&self, time: Duration) -> Result<()> {
        run(Command::new("fsfreeze").arg("--freeze").arg(self.path()))?;
        thread::sleep(time);
        run(Command::new("fsfreeze").arg("--unfreeze").arg(self.path()))
    }

    /// Leaves no room at all.
    pub(crate) fn fill(&self) -> Result<()> {
        let mut ballast = File::create(self.path().join("ballast"))?;
        let block = vec![0; MIB as usize];
        for len in [block.len(), 4096] {
            loop {
                match ballast.write_all(&block[..len]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Never left frozen; "not frozen" is the usual answer.
        let _ = Command::new("fsfreeze").arg("--unfreeze").arg(self.path()).stderr(std::process::Stdio::null()).status();
        let _ = run(Command::new("umount").arg("--lazy").arg(self.path()));
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", command.get_program().display()))?;
    ensure!(status.success(), "{command:?} failed; disks are made by root, or left out by --no-disks");
    Ok(())
}
