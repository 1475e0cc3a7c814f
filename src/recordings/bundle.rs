//! A bundle that leaves the server: a tar with the tracks, the mixes, the messages, a signed manifest and how to verify it.
//!
//! ```text
//! <recording>/mix.ogg, track-2.webm, …, events.jsonl, details.json
//! <conversation>/messages.jsonl, conversation.html, details.json, files/…
//! VERIFY.md  public.key  manifest.json  manifest.sig
//! ```
//!
//! The manifest has the SHA-256 of every file before it; its signature is the server's, Ed25519.

use std::{
    io::{self, Read, Write},
    ops::Range,
};

use aws_lc_rs::{
    digest::{Context, SHA256},
    signature::{ED25519, UnparsedPublicKey},
};
use axum::body::Bytes;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use staffline_media::recorder::{Reader, StreamId};
use tokio::{runtime::Handle, sync::mpsc};

use super::{
    RecordingsError, heads, hex,
    model::{ConsentGiven, Entry, Export, Note, Stream, StreamKind},
    shelf::{self, Shelf},
    store::{self, reading},
};
use crate::{
    app::App,
    chat::archive,
    compliance::tar::{self, Tar},
    files::blobs::{Blobs, Key},
    ids::{AttachmentId, ConversationId, ExportId, RecordingId},
    users::settings::Language,
};

/// What is decrypted at once.
const CHUNK: u64 = 256 * 1024;
/// Chunks that wait for a slow reader.
const AHEAD: usize = 8;
/// The longest file of a bundle that is no recording.
const MAX_SMALL: u64 = 64 * 1024 * 1024;

const VERIFY: &str = include_str!("bundle/VERIFY.md");

/// What a bundle says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    pub export_id: ExportId,
    pub reason: String,
    pub recordings: Vec<Recorded>,
    #[serde(default)]
    pub conversations: Vec<ConversationId>,
    pub files: Vec<Listed>,
}

/// A recording as its server vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    pub id: RecordingId,
    /// Where its chain stood, as it was signed meanwhile and at its end.
    pub heads: Vec<Vouched>,
}

/// A head with the hash of the row before it, so that it can be checked alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    pub previous: String,
    #[serde(flatten)]
    pub row: heads::Row,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    pub bytes: u64,
    pub sha256: String,
}

/// What is known of a recording besides its streams.
#[derive(Debug, Serialize)]
struct Details {
    #[serde(flatten)]
    entry: Entry,
    streams: Vec<Stream>,
    consents: Vec<ConsentGiven>,
    notes: Vec<Note>,
}

/// All that goes into a bundle, but for the bytes of the streams.
struct Contents {
    export: Export,
    recordings: Vec<Content>,
    conversations: Vec<archive::export::Content>,
    public: Vec<u8>,
    mtime: u64,
}

struct Content {
    id: RecordingId,
    reader: Reader<Shelf>,
    details: Details,
    heads: Vec<Vouched>,
}

/// The bytes of the bundle, as they are made. What fails breaks them off. What is to be read is in this language.
pub async fn make(app: &App, export: Export, language: Language) -> Result<mpsc::Receiver<io::Result<Bytes>>, RecordingsError> {
    let mut recordings = Vec::new();
    for id in &export.recording_ids {
        recordings.push(content(app, *id).await?);
    }
    let mut conversations = Vec::new();
    for id in &export.conversation_ids {
        conversations.push(archive::export::content(app, *id, export.from, export.to, language).await?);
    }
    let public = app.recordings.keys().public().to_vec();
    let mtime = u64::try_from(app.clock.now().0 / 1_000).unwrap_or(0);
    let contents = Contents { export, recordings, conversations, public, mtime };
    let store = Store { blobs: app.files.blobs().clone(), runtime: Handle::current() };
    let (sender, receiver) = mpsc::channel(AHEAD);
    let recordings = app.recordings.clone();
    tokio::task::spawn_blocking(move || {
        let sign = |manifest: &[u8]| recordings.keys().sign(manifest);
        if let Err(error) = write(&contents, sign, &store, Pipe(&sender)) {
            tracing::error!(%error, "a bundle broke off");
            // Nobody may be listening any more.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Ok(receiver)
}

async fn content(app: &App, id: RecordingId) -> Result<Content, RecordingsError> {
    let (entry, _) = reading::entry_of(&app.db, id, app.clock.now()).await?.ok_or(RecordingsError::NotFound)?;
    let rows = store::heads::of(&app.db, id).await?;
    let details = Details {
        streams: reading::streams(&app.db, id).await?,
        consents: reading::consents(&app.db, entry.call_id).await?,
        notes: reading::notes(&app.db, id).await?,
        entry,
    };
    let heads = rows.into_iter().map(|(row, previous)| Vouched { previous, row }).collect();
    Ok(Content { id, reader: shelf::open(app, id).await?, details, heads })
}

/// To the task that answers the request.
struct Pipe<'a>(&'a mpsc::Sender<io::Result<Bytes>>);

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the bytes of attachments are. Reading blocks: for threads that may.
#[derive(Debug)]
struct Store {
    blobs: Blobs,
    runtime: Handle,
}

impl Store {
    fn read(&self, id: AttachmentId, range: Range<u64>) -> io::Result<Bytes> {
        self.runtime.block_on(self.blobs.range(Key::Attachment(id), range)).map_err(io::Error::other)
    }
}

fn write(contents: &Contents, sign: impl Fn(&[u8]) -> String, store: &Store, out: impl Write) -> io::Result<()> {
    let mut tar = Tar::new(out, contents.mtime);
    let mut files = Vec::new();
    for content in &contents.recordings {
        for (stream, bytes) in content.reader.streams() {
            files.push(add_stream(&mut tar, content, stream, bytes)?);
        }
        let details = serde_json::to_vec_pretty(&content.details)?;
        files.push(add(&mut tar, format!("{}/details.json", content.id), &details)?);
    }
    for content in &contents.conversations {
        for (name, bytes) in &content.texts {
            files.push(add(&mut tar, format!("{}/{name}", content.id), bytes)?);
        }
        for file in &content.files {
            let read = |range| store.read(file.id, range).map(Vec::from);
            files.push(add_chunks(&mut tar, format!("{}/{}", content.id, file.name), file.size, read)?);
        }
    }
    files.push(add(&mut tar, "VERIFY.md".to_owned(), VERIFY.as_bytes())?);
    files.push(add(&mut tar, "public.key".to_owned(), format!("{}\n", STANDARD.encode(&contents.public)).as_bytes())?);
    let recordings = contents.recordings.iter().map(|content| Recorded { id: content.id, heads: content.heads.clone() });
    let manifest = Manifest {
        format: "staffline recordings 1".to_owned(),
        export_id: contents.export.id,
        reason: contents.export.reason.clone(),
        recordings: recordings.collect(),
        conversations: contents.conversations.iter().map(|content| content.id).collect(),
        files,
    };
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    add(&mut tar, "manifest.json".to_owned(), &manifest)?;
    add(&mut tar, "manifest.sig".to_owned(), format!("{}\n", sign(&manifest)).as_bytes())?;
    tar.finish()
}

fn add(tar: &mut Tar<impl Write>, name: String, bytes: &[u8]) -> io::Result<Listed> {
    let size = bytes.len() as u64;
    tar.begin(&name, size)?;
    tar.write(bytes)?;
    tar.end(size)?;
    Ok(Listed { name, bytes: size, sha256: hex(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref()) })
}

/// As streams are called outside.
pub(super) fn file_name(stream: StreamId) -> String {
    match StreamKind::of(stream.0) {
        StreamKind::Events => "events.jsonl".to_owned(),
        StreamKind::Mix => "mix.ogg".to_owned(),
        StreamKind::Track => format!("track-{}.webm", stream.0),
    }
}

fn add_stream(tar: &mut Tar<impl Write>, content: &Content, stream: StreamId, size: u64) -> io::Result<Listed> {
    let name = format!("{}/{}", content.id, file_name(stream));
    add_chunks(tar, name, size, |range| content.reader.read(stream, range).map_err(io::Error::other))
}

/// A file that is read as it is written.
fn add_chunks(
    tar: &mut Tar<impl Write>,
    name: String,
    size: u64,
    read: impl Fn(Range<u64>) -> io::Result<Vec<u8>>,
) -> io::Result<Listed> {
    tar.begin(&name, size)?;
    let mut hash = Context::new(&SHA256);
    let mut at = 0;
    while at < size {
        let bytes = read(at..size.min(at + CHUNK))?;
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hash.update(&bytes);
        tar.write(&bytes)?;
        at += bytes.len() as u64;
    }
    tar.end(size)?;
    Ok(Listed { name, bytes: size, sha256: hex(hash.finish().as_ref()) })
}

/// Why a bundle is not what the server made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("the manifest was not signed by the key of this bundle, or was changed since")]
    NotSigned,
    #[error("the manifest cannot be read: {0}")]
    BadManifest(#[from] serde_json::Error),
    #[error("{0} is not what was exported")]
    Changed(String),
    #[error("{0} is missing")]
    Lost(String),
    #[error("{0} does not belong to it")]
    Surplus(String),
    #[error("head {0} of a recording was changed after it was signed")]
    Head(u64),
}

/// A bundle without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub recordings: usize,
    pub conversations: usize,
    pub files: usize,
    /// Of the server that signed it: to be compared with what that server is known by.
    pub public: String,
}

/// Looks at everything in a bundle; needs nothing but the bundle.
pub fn check(bundle: impl Read) -> Result<Checked, BundleError> {
    let mut found: Vec<Listed> = Vec::new();
    let (mut manifest, mut signature, mut public) = (None, None, None);
    tar::read::<BundleError>(bundle, |name, size, contents| {
        let mut hash = Context::new(&SHA256);
        let keeps = matches!(name, "manifest.json" | "manifest.sig" | "public.key") && size <= MAX_SMALL;
        let mut kept = Vec::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = contents.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            hash.update(&buffer[..count]);
            if keeps {
                kept.extend_from_slice(&buffer[..count]);
            }
        }
        match name {
            "manifest.json" => manifest = Some(kept),
            "manifest.sig" => signature = Some(kept),
            _ => {
                if name == "public.key" {
                    public = Some(kept);
                }
                found.push(Listed { name: name.to_owned(), bytes: size, sha256: hex(hash.finish().as_ref()) });
            }
        }
        Ok(())
    })?;
    let manifest = manifest.ok_or(BundleError::Missing("manifest.json"))?;
    let signature = decoded(signature.ok_or(BundleError::Missing("manifest.sig"))?).ok_or(BundleError::NotSigned)?;
    let public = decoded(public.ok_or(BundleError::Missing("public.key"))?).ok_or(BundleError::NotSigned)?;
    UnparsedPublicKey::new(&ED25519, &public).verify(&manifest, &signature).map_err(|_| BundleError::NotSigned)?;
    let manifest: Manifest = serde_json::from_slice(&manifest)?;
    compare(&manifest, &found)?;
    for recorded in &manifest.recordings {
        if let Some(wrong) = recorded.heads.iter().find(|head| !head.row.follows(&head.previous, &public)) {
            return Err(BundleError::Head(wrong.row.number));
        }
    }
    Ok(Checked {
        recordings: manifest.recordings.len(),
        conversations: manifest.conversations.len(),
        files: found.len(),
        public: STANDARD.encode(public),
    })
}

fn decoded(text: Vec<u8>) -> Option<Vec<u8>> {
    STANDARD.decode(String::from_utf8(text).ok()?.trim()).ok()
}

fn compare(manifest: &Manifest, found: &[Listed]) -> Result<(), BundleError> {
    for file in &manifest.files {
        match found.iter().find(|one| one.name == file.name) {
            None => return Err(BundleError::Lost(file.name.clone())),
            Some(one) if one != file => return Err(BundleError::Changed(file.name.clone())),
            Some(_) => {}
        }
    }
    match found.iter().find(|one| !manifest.files.contains(one)) {
        Some(one) => Err(BundleError::Surplus(one.name.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::FileStore;

    fn bundle(change: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let blobs = Blobs::open(&FileStore::Folder(folder.path().to_owned())).expect("a store");
        let store = Store { blobs, runtime: runtime.handle().clone() };
        let keys = super::super::keys::Keys::for_tests();
        let mut bytes = Vec::new();
        let export = Export {
            id: ExportId::new(),
            recording_ids: Vec::new(),
            conversation_ids: Vec::new(),
            from: None,
            to: None,
            reason: "audit".to_owned(),
            requested_by: crate::ids::UserId::new(),
            requested_at: crate::clock::Millis(0),
            needs_approval: false,
            approved_by: None,
            approved_at: None,
        };
        let contents =
            Contents { export, recordings: Vec::new(), conversations: Vec::new(), public: keys.public().to_vec(), mtime: 0 };
        write(&contents, |manifest| keys.sign(manifest), &store, &mut bytes).expect("a Vec");
        change(&mut bytes);
        bytes
    }

    #[test]
    fn a_bundle_is_checked_without_anything_else() {
        let checked = check(&bundle(|_| {})[..]).expect("it is whole");
        assert_eq!((checked.recordings, checked.files), (0, 2));
    }

    #[test]
    fn a_flipped_byte_is_found_wherever_it_is() {
        let whole = bundle(|_| {});
        for at in (0..whole.len()).step_by(61).filter(|at| whole[*at] != 0) {
            let changed = bundle(|bytes| bytes[at] ^= 1);
            assert!(check(&changed[..]).is_err(), "byte {at}");
        }
        assert!(check(&whole[..whole.len() / 2]).is_err(), "cut off");
    }
}
