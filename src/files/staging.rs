//! The folder in which uploads grow until they are complete. One file for each, under the id of its attachment.

use std::{
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use tokio::{
    fs::{self, File, OpenOptions},
    io::{AsyncSeekExt, AsyncWriteExt, SeekFrom},
};

use crate::ids::AttachmentId;

#[derive(Clone, Debug)]
pub struct Staging {
    folder: PathBuf,
}

/// An upload's file, open for appending.
#[derive(Debug)]
pub struct Staged {
    file: File,
    length: u64,
}

impl Staging {
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder })
    }

    /// The bytes of an upload.
    pub fn path(&self, id: AttachmentId) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Something made from an upload on the way into the store.
    pub fn path_of(&self, id: AttachmentId, what: &str) -> PathBuf {
        self.folder.join(format!("{id}.{what}"))
    }

    /// Opens an upload of which `received` bytes were acknowledged; what a crash left beyond them is cut off.
    pub async fn append(&self, id: AttachmentId, received: u64) -> io::Result<Staged> {
        let path = self.path(id);
        let options = OpenOptions::new().create(true).write(true).truncate(false).mode(0o600).clone();
        let mut staged = Staged { file: options.open(&path).await?, length: 0 };
        let there = staged.file.metadata().await?.len();
        staged.cut(there.min(received)).await?;
        Ok(staged)
    }

    /// Removes everything of an upload. What is not there needs no removing.
    pub async fn remove(&self, id: AttachmentId) {
        for path in [self.path(id), self.path_of(id, "thumbnail"), self.path_of(id, "voice")] {
            remove(&path).await;
        }
    }

    /// The files that are there, each with the id in its name.
    pub async fn list(&self) -> io::Result<Vec<(PathBuf, Option<AttachmentId>)>> {
        let mut entries = fs::read_dir(&self.folder).await?;
        let mut found = Vec::new();
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            let id = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            found.push((path, id));
        }
        Ok(found)
    }
}

impl Staged {
    pub fn length(&self) -> u64 {
        self.length
    }

    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes).await?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Forgets everything after `length`.
    pub async fn cut(&mut self, length: u64) -> io::Result<()> {
        // What failed to be written is cut off, or shows itself at the next sync.
        drop(self.file.flush().await);
        self.file.set_len(length).await?;
        self.file.seek(SeekFrom::Start(length)).await?;
        self.length = length;
        Ok(())
    }

    /// Returns when the bytes are on the disk.
    pub async fn sync(&mut self) -> io::Result<()> {
        self.file.flush().await?;
        self.file.sync_data().await
    }
}

/// Removes a file, if it is there. What could not be removed is left to the sweep.
pub async fn remove(path: &Path) {
    match fs::remove_file(path).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, path = %path.display(), "a staged file was not removed");
        }
        _ => {}
    }
}

/// Writes a file and returns when it is on the disk.
pub async fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let options = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).clone();
    let mut file = options.open(path).await?;
    file.write_all(bytes).await?;
    file.flush().await?;
    file.sync_data().await
}
