//! Recording for compliance: which calls are recorded, who agreed, where the recordings are kept and under which keys, who hears them.
//!
//! The media node writes sealed bytes and knows nothing else. Calls say when a recording begins and ends ([`orders`]); the [`keeper`]
//! carries that out and keeps the rows. Nothing is recorded whose key is not in the database.

use std::{
    collections::{HashSet, VecDeque},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use staffline_media::{control::RoomId, recorder::RecordingEvent};
use tokio::sync::Notify;

use crate::{
    app::App,
    audit::{self, Action},
    config::Config,
    ids::{RecordingId, UserId},
};

pub mod bundle;
pub mod check;
pub mod daily;
pub mod exports;
pub mod heads;
pub mod keeper;
pub mod keys;
pub mod levels;
pub mod local;
pub mod mailed;
pub mod marks;
pub mod model;
pub mod open;
pub mod orders;
pub mod peaks;
pub mod policy;
pub mod recovery;
pub mod retention;
pub mod routes;
pub mod shelf;
pub mod store;
pub mod uploads;

pub use store::policy::{known, policy as stored_policy};

use keys::Keys;
use orders::{Consent, Order, Unrecorded};
use policy::RecordingPolicy;

/// Things that wait to be carried out or written. More means that the database has been away for long: nothing new is recorded then.
const MAX_WAITING: usize = 10_000;

/// The handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct Recordings(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    /// Where recordings are written.
    folder: PathBuf,
    keys: Keys,
    // Held to add or take one thing; never across an await.
    waiting: Mutex<Waiting>,
    /// Wakes the keeper.
    wake: Notify,
    /// Wakes the uploads.
    uploads: Notify,
    // Held while a policy is written, so that versions do not cross.
    policy_writer: tokio::sync::Mutex<()>,
    // Held to read or change a field; never across an await.
    health: Mutex<uploads::Health>,
}

#[derive(Debug, Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Recordings that the recorder has begun and not ended.
    open: HashSet<RecordingId>,
}

/// Something for the keeper.
#[derive(Clone, Debug)]
enum Job {
    Order(Order),
    Consent(Consent),
    Unrecorded(Box<Unrecorded>),
    /// From the recorder.
    Event {
        id: RecordingId,
        what: RecordingEvent,
    },
}

impl Recordings {
    /// Makes the folder and, at the first start, the server's key.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let folder = std::path::absolute(config.data.join("recordings"))?;
        keys::make_private_folder(&folder)?;
        Ok(Self(Arc::new(Parts {
            folder,
            keys: Keys::open(config)?,
            waiting: Mutex::default(),
            wake: Notify::new(),
            uploads: Notify::new(),
            policy_writer: tokio::sync::Mutex::new(()),
            health: Mutex::default(),
        })))
    }

    /// From a call. False if a recording cannot begin, because too much waits.
    pub fn order(&self, order: Order) -> bool {
        let begins = matches!(order, Order::Start(_));
        if begins && self.waiting().jobs.len() >= MAX_WAITING {
            return false;
        }
        self.push(Job::Order(order));
        true
    }

    pub fn consented(&self, consent: Consent) {
        self.push(Job::Consent(consent));
    }

    pub fn not_recorded(&self, unrecorded: Box<Unrecorded>) {
        self.push(Job::Unrecorded(unrecorded));
    }

    /// What the recorder tells.
    pub fn event(&self, id: u128, what: RecordingEvent) {
        self.push(Job::Event { id: RecordingId::of_u128(id), what });
    }

    /// Its own place in the folder.
    #[must_use]
    pub fn folder_of(&self, id: RecordingId) -> PathBuf {
        self.0.folder.join(id.to_string())
    }

    #[must_use]
    pub fn segment_path(&self, id: RecordingId, segment: u32) -> PathBuf {
        self.folder_of(id).join(format!("{segment:05}.seg"))
    }

    /// Its key as an age file, where there are recipients: who finds the folder and is one of them needs nothing else.
    #[must_use]
    pub fn age_key_path(&self, id: RecordingId) -> PathBuf {
        self.folder_of(id).join("key.age")
    }

    /// Recordings that run.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.waiting().open.len()
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Comes back when a segment is complete.
    async fn segment_waits(&self) {
        self.0.uploads.notified().await;
    }

    /// Something is to be uploaded, or held otherwise.
    fn upload_soon(&self) {
        self.0.uploads.notify_one();
    }

    fn health(&self) -> MutexGuard<'_, uploads::Health> {
        self.0.health.lock().expect("nothing panics while it holds this")
    }

    fn push(&self, job: Job) {
        self.waiting().jobs.push_back(job);
        self.0.wake.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().expect("nothing panics while it holds the queue")
    }
}

/// What the recorder would say, had it been asked and failed.
#[must_use]
pub fn failure(room: RoomId, id: RecordingId) -> staffline_media::control::Event {
    let what = RecordingEvent::Failed(staffline_media::recorder::RecordingFailure::Internal);
    staffline_media::control::Event::Recording { room, id: id.as_u128(), what }
}

/// Why something about recordings was not done.
#[derive(Debug, thiserror::Error)]
pub enum RecordingsError {
    #[error("there is no such thing")]
    NotFound,
    #[error("the recording is erased")]
    Erased,
    #[error("the recording goes on, or nothing of it is there")]
    NotClosed,
    #[error("a tag has 1 to 100 characters")]
    BadTag,
    #[error("a note has 1 to 4000 characters")]
    BadNote,
    #[error("a reason has 1 to 1000 characters")]
    BadReason,
    #[error("a hold ends in the future")]
    BadUntil,
    #[error("there is no such user")]
    NoSuchUser,
    #[error("an export has 1 to 100 recordings and conversations, and its period ends after it begins")]
    BadExport,
    #[error("another officer has to approve it")]
    OwnExport,
    #[error("the export does not wait for approval")]
    NotWaiting,
    #[error("the export is not approved")]
    NotApproved,
    #[error("the policy has been changed since it was read")]
    PolicyChanged,
    #[error("the bytes are not what was recorded: {0}")]
    Damaged(staffline_media::recorder::Broken),
    #[error("the bytes cannot be read")]
    Unreadable(#[source] std::io::Error),
    #[error(transparent)]
    Archive(#[from] crate::chat::archive::ArchiveError),
    #[error(transparent)]
    Key(keys::KeyError),
    #[error(transparent)]
    Draft(#[from] policy::draft::DraftError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Replaces the policy as a whole. It holds for calls that are answered from now on; who is recorded just now is asked anew.
pub async fn set_policy(app: &App, draft: policy::draft::Draft, by: UserId) -> Result<RecordingPolicy, RecordingsError> {
    let _one_at_a_time = app.recordings.0.policy_writer.lock().await;
    let before = app.calls.recording_policy();
    if draft.version.is_some_and(|version| version != before.version) {
        return Err(RecordingsError::PolicyChanged);
    }
    let known = store::policy::known(&app.db).await?;
    let after = draft.check(before.version, &known)?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    store::policy::set_policy(&mut tx, &after, by, now).await?;
    let action = Action::RecordingPolicyChanged { before: Box::new(before), after: Box::new(after.clone()) };
    audit::append(&mut tx, Some(by), action, now).await?;
    tx.commit().await?;
    tracing::info!(user.id = %by, policy.version = after.version, rules = after.rules.len(), "recording policy set");
    app.calls.set_recording_policy(after.clone());
    Ok(after)
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| char::from_digit(half.into(), 16).unwrap_or('0')).collect()
}

/// 32 bytes of what [`hex`] wrote.
#[must_use]
pub fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<_> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair.get(1)?).ok()).collect();
    bytes?.try_into().ok()
}
