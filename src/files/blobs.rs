//! Where the bytes of files are kept for good: a folder by default, S3 by URL. Keys are made of ids, never of names.

use std::{
    io,
    ops::Range,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::body::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, ObjectStoreScheme, RetryConfig, aws::AmazonS3Builder,
    buffered::BufWriter, local::LocalFileSystem, prefix::PrefixStore,
};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
};

use super::object_lock::{Bucket, Hold, LockError, Mode};
use crate::{
    clock::Millis,
    config::FileStore,
    ids::{AttachmentId, PictureId, RecordingId},
};

/// What an object is, and its place in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Attachment(AttachmentId),
    Thumbnail(AttachmentId),
    Picture(PictureId),
    /// A part of a recording, sealed.
    Segment(RecordingId, u32),
    /// Its key, for those who can open it without the server.
    AgeKey(RecordingId),
}

/// The store, cheap to clone.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Set if the store is a folder: a staged file gets there without being copied.
    folder: Option<PathBuf>,
    /// Set if it is S3.
    bucket: Option<Bucket>,
}

/// An object that was found in the store.
#[derive(Clone, Debug)]
pub struct Found {
    /// Unset if no object of ours has such a name.
    pub key: Option<Key>,
    pub written_at: Millis,
    location: object_store::path::Path,
}

/// Parts of a large object on the way to S3.
const PART: usize = 8 * 1024 * 1024;

/// A store that does not answer is given up after this; who asked is told, or asks again later.
const RETRIES: usize = 5;
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);

impl Key {
    fn location(self) -> object_store::path::Path {
        object_store::path::Path::from(match self {
            Self::Attachment(id) => format!("attachments/{id}"),
            Self::Thumbnail(id) => format!("thumbnails/{id}"),
            Self::Picture(id) => format!("pictures/{id}"),
            Self::Segment(id, segment) => format!("recordings/{id}/{segment:05}.seg"),
            Self::AgeKey(id) => format!("recordings/{id}/key.age"),
        })
    }

    fn of(location: &object_store::path::Path) -> Option<Self> {
        let (kind, id) = location.as_ref().split_once('/')?;
        match kind {
            "attachments" => id.parse().ok().map(Self::Attachment),
            "thumbnails" => id.parse().ok().map(Self::Thumbnail),
            "pictures" => id.parse().ok().map(Self::Picture),
            "recordings" => {
                let (id, segment) = id.split_once('/')?;
                if segment == "key.age" {
                    return id.parse().ok().map(Self::AgeKey);
                }
                Some(Self::Segment(id.parse().ok()?, segment.strip_suffix(".seg")?.parse().ok()?))
            }
            _ => None,
        }
    }
}

impl Blobs {
    pub fn open(place: &FileStore) -> Result<Self, object_store::Error> {
        match place {
            FileStore::Folder(folder) => Self::open_folder(folder),
            FileStore::S3 { url, options } => Self::open_s3(url, options),
        }
    }

    fn open_folder(folder: &Path) -> Result<Self, object_store::Error> {
        let failed = |source: io::Error| object_store::Error::Generic { store: "folder", source: source.into() };
        for kind in ["attachments", "thumbnails", "pictures"] {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.join(kind)).map_err(failed)?;
        }
        let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
        Ok(Self { store: Arc::new(store), folder: Some(folder.to_owned()), bucket: None })
    }

    fn open_s3(url: &url::Url, options: &[(String, String)]) -> Result<Self, object_store::Error> {
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let builder = AmazonS3Builder::new().with_url(url.as_str()).with_retry(retry);
        let builder = options.iter().fold(builder, |builder, (name, value)| match name.to_ascii_lowercase().parse() {
            Ok(key) => builder.with_config(key, value),
            // Not everything that begins with AWS_ is an option of S3.
            Err(_) => builder,
        });
        let client = options.iter().fold(ClientOptions::new(), |client, (name, value)| {
            let name = name.to_ascii_lowercase();
            match name.strip_prefix("aws_").unwrap_or(&name).parse() {
                Ok(key) => client.with_config(key, value),
                Err(_) => client,
            }
        });
        let (_, prefix) = ObjectStoreScheme::parse(url)?;
        let store = builder.build()?;
        let bucket = Bucket::new(Arc::new(store.clone()), prefix.clone(), &client)?;
        Ok(Self { store: Arc::new(PrefixStore::new(store, prefix)), folder: None, bucket: Some(bucket) })
    }

    /// Whether it is another machine's, as against a folder here.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        self.folder.is_none()
    }

    /// Whether the store is a bucket that locks objects, and how firmly.
    pub async fn lock_mode(&self) -> Result<Option<Mode>, LockError> {
        match &self.bucket {
            Some(bucket) => bucket.lock_mode().await,
            None => Ok(None),
        }
    }

    /// Stores an object that nobody may change or remove. Only where [`Self::lock_mode`] says so.
    pub async fn put_held(&self, key: Key, object: Bytes, hold: Hold) -> Result<(), LockError> {
        match &self.bucket {
            Some(bucket) => bucket.put_held(&key.location(), object, hold).await,
            None => Ok(()),
        }
    }

    /// The same of one that is there.
    pub async fn hold(&self, key: Key, hold: Hold) -> Result<(), LockError> {
        let Some(bucket) = &self.bucket else { return Ok(()) };
        bucket.retain(&key.location(), hold.mode, hold.until).await?;
        bucket.set_legal_hold(&key.location(), hold.legal).await
    }

    pub async fn set_legal_hold(&self, key: Key, on: bool) -> Result<(), LockError> {
        match &self.bucket {
            Some(bucket) => bucket.set_legal_hold(&key.location(), on).await,
            None => Ok(()),
        }
    }

    /// Removes all that there is of a recording; where the bucket keeps `versions`, all of them.
    pub async fn remove_recording(&self, id: RecordingId, versions: bool) -> Result<(), LockError> {
        let place = object_store::path::Path::from(format!("recordings/{id}"));
        if let Some(bucket) = self.bucket.as_ref().filter(|_| versions) {
            return bucket.remove_versions(&place).await;
        }
        let found: Vec<_> = self.store.list(Some(&place)).map_ok(|meta| meta.location).try_collect().await?;
        for location in found {
            self.delete_at(&location).await?;
        }
        Ok(())
    }

    /// How large an object is.
    pub async fn size(&self, key: Key) -> Result<u64, object_store::Error> {
        Ok(self.store.head(&key.location()).await?.size)
    }

    /// A part of an object.
    pub async fn range(&self, key: Key, range: Range<u64>) -> Result<Bytes, object_store::Error> {
        self.store.get_range(&key.location(), range).await
    }

    /// Stores a staged file, which stays where it is. Returns when it is safe; a second time changes nothing.
    pub async fn put(&self, key: Key, staged: &Path) -> Result<(), object_store::Error> {
        if let Some(folder) = &self.folder
            && link(staged, &folder.join(key.location().as_ref())).await.is_ok()
        {
            return Ok(());
        }
        let mut file = File::open(staged).await.map_err(io_error)?;
        let mut writer = BufWriter::with_capacity(Arc::clone(&self.store), key.location(), PART).with_max_concurrency(2);
        match tokio::io::copy(&mut file, &mut writer).await {
            Ok(_) => writer.shutdown().await.map_err(io_error),
            Err(error) => {
                writer.abort().await?;
                Err(io_error(error))
            }
        }
    }

    /// A stretch of an object.
    pub async fn get(
        &self,
        key: Key,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, object_store::Error>>, object_store::Error> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        Ok(self.store.get_opts(&key.location(), options).await?.into_stream())
    }

    /// All of a small object, if it is there.
    pub async fn read(&self, key: Key) -> Result<Option<Bytes>, object_store::Error> {
        match self.store.get(&key.location()).await {
            Ok(found) => found.bytes().await.map(Some),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes an object, if it is there.
    pub async fn delete(&self, key: Key) -> Result<(), object_store::Error> {
        self.delete_at(&key.location()).await
    }

    pub async fn delete_found(&self, found: &Found) -> Result<(), object_store::Error> {
        self.delete_at(&found.location).await
    }

    async fn delete_at(&self, location: &object_store::path::Path) -> Result<(), object_store::Error> {
        match self.store.delete(location).await {
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            done => done,
        }
    }

    /// Everything in the store.
    pub fn list(&self) -> BoxStream<'static, Result<Found, object_store::Error>> {
        let found = self.store.list(None).map_ok(|meta| Found {
            key: Key::of(&meta.location),
            written_at: Millis(meta.last_modified.timestamp_millis()),
            location: meta.location,
        });
        found.boxed()
    }
}

/// Gives a file a second name on the same disk, and returns when that is safe.
async fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to).await {
        // From a try that a crash cut off, or one whose bytes were made anew.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(to).await?;
            fs::hard_link(from, to).await?;
        }
        linked => linked?,
    }
    let folder = to.parent().unwrap_or(Path::new("/"));
    File::open(folder).await?.sync_all().await
}

fn io_error(source: io::Error) -> object_store::Error {
    object_store::Error::Generic { store: "files", source: source.into() }
}
