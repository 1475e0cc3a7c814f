//! Where the bytes of a recording are: in its folder, and, where segments go to an object store, there.

use std::{collections::BTreeMap, io, ops::Range, path::PathBuf};

use staffline_media::recorder::{Folder, ReadError, Reader, SegmentSource};
use tokio::{runtime::Handle, task};

use super::{RecordingsError, store::rows};
use crate::{
    app::App,
    files::blobs::{Blobs, Key},
    ids::RecordingId,
};

/// The segments of one recording. Its calls block: for threads that may.
#[derive(Debug)]
pub struct Shelf {
    id: RecordingId,
    folder: PathBuf,
    /// Those in the object store, with their lengths.
    remote: BTreeMap<u32, u64>,
    blobs: Blobs,
    runtime: Handle,
}

impl Shelf {
    pub async fn of(app: &App, id: RecordingId) -> sqlx::Result<Self> {
        let remote = rows::uploaded(&app.db, id).await?;
        let (folder, blobs) = (app.recordings.folder_of(id), app.files.blobs().clone());
        Ok(Self { id, folder, remote, blobs, runtime: Handle::current() })
    }
}

impl SegmentSource for Shelf {
    fn segments(&self) -> io::Result<BTreeMap<u32, u64>> {
        let mut all = self.remote.clone();
        match Folder::new(&self.folder).segments() {
            Ok(local) => all.extend(local),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(all)
    }

    fn read(&self, segment: u32, range: Range<u64>) -> io::Result<Vec<u8>> {
        match Folder::new(&self.folder).read(segment, range.clone()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.remote.contains_key(&segment) => {
                let bytes = self.runtime.block_on(self.blobs.range(Key::Segment(self.id, segment), range));
                bytes.map(|bytes| bytes.to_vec()).map_err(io::Error::other)
            }
            read => read,
        }
    }
}

/// A recording that is read, with its key.
pub async fn open(app: &App, id: RecordingId) -> Result<Reader<Shelf>, RecordingsError> {
    let wrapped = rows::wrapped_key(&app.db, id).await?.ok_or(RecordingsError::Erased)?;
    let key = app.recordings.keys().unwrap(id, &wrapped).map_err(RecordingsError::Key)?;
    let shelf = Shelf::of(app, id).await?;
    blocking(move || Ok(Reader::open(shelf, &key)?)).await
}

/// Where it hampers nobody.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RecordingsError> + Send + 'static,
) -> Result<T, RecordingsError> {
    task::spawn_blocking(work).await.unwrap_or_else(|error| Err(RecordingsError::Unreadable(io::Error::other(error))))
}

impl From<ReadError> for RecordingsError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Io(error) => Self::Unreadable(error),
            ReadError::Broken(broken) => Self::Damaged(broken),
            ReadError::NoStream => Self::NotFound,
        }
    }
}
