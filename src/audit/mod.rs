//! Who did what: the audit log, for admins and compliance officers.
//!
//! An entry is written in the transaction of what it tells of, so that neither is there without the other. There is no SQL that
//! changes or deletes one, and the database refuses it (`db/append_only.rs`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    calls::{
        Path,
        policy::{self, PathPolicy},
    },
    chat::archive::policy::ChatRetention,
    clock::Millis,
    db::Tx,
    events::EventId,
    ids::{AttachmentId, AuditId, CallId, ConversationId, ExportId, HoldId, MessageId, NoteId, RecordingId, UserId},
    recordings::{model::Review, orders::Fault, policy::RecordingPolicy},
    users::{Role, User},
};

pub mod csv;
pub mod routes;
pub mod store;

pub use store::of;

/// What was done. Old entries are read for years: a field may be added with a default, none may be renamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
#[schema(as = AuditAction)]
pub enum Action {
    UserAdded {
        user_id: UserId,
        login: String,
        name: String,
        role: Role,
    },
    /// Name or role.
    UserChanged {
        user_id: UserId,
        before: Described,
        after: Described,
    },
    UserDeactivated {
        user_id: UserId,
    },
    UserReactivated {
        user_id: UserId,
    },
    /// A new link was made, which sets the password anew.
    UserInvitedAgain {
        user_id: UserId,
    },
    /// The actor followed a link and set a password.
    InvitationAccepted {
        #[schema(value_type = String)]
        address: IpAddr,
    },
    /// The actor changed their own password.
    PasswordChanged {
        #[schema(value_type = String)]
        address: IpAddr,
    },
    /// An admin or a compliance officer signed in.
    SignedIn {
        #[schema(value_type = String)]
        address: IpAddr,
    },
    /// Somebody gave a wrong password for this user.
    SignInFailed {
        user_id: UserId,
        #[schema(value_type = String)]
        address: IpAddr,
    },
    PathPolicyChanged {
        #[serde(deserialize_with = "policy::recorded")]
        before: PathPolicy,
        #[serde(deserialize_with = "policy::recorded")]
        after: PathPolicy,
    },
    /// An admin put a call that went on, on another path.
    CallMoved {
        call_id: CallId,
        caller_id: UserId,
        callee_id: UserId,
        before: Path,
        after: Path,
    },
    RecordingPolicyChanged {
        before: Box<RecordingPolicy>,
        after: Box<RecordingPolicy>,
    },
    /// A call that had to be recorded was not, or not to its end.
    RecordingFailed {
        call_id: CallId,
        caller_id: UserId,
        callee_id: UserId,
        rule: String,
        fault: Fault,
    },
    /// Somebody who is no compliance officer tried to reach recordings or the conversations of others.
    RecordingAccessRefused {
        method: String,
        path: String,
    },
    /// An admin looked for a conversation by its name, or by its id.
    ConversationNamesListed {
        query: String,
    },
    /// An officer looked through the recordings, by this query.
    RecordingsListed {
        query: String,
    },
    /// An officer looked at what is known of a recording, its events or its waveform.
    RecordingOpened {
        recording_id: RecordingId,
        what: String,
    },
    /// An officer heard or saw a stream of a recording, from this byte on.
    RecordingPlayed {
        recording_id: RecordingId,
        stream: u16,
        from: u64,
    },
    RecordingMarked {
        recording_id: RecordingId,
        tag: Option<String>,
        review: Review,
    },
    RecordingNoted {
        recording_id: RecordingId,
        note_id: NoteId,
    },
    RecordingHeld {
        recording_id: RecordingId,
        hold_id: HoldId,
        owner_id: UserId,
        reason: String,
        until: Option<Millis>,
    },
    RecordingHoldReleased {
        recording_id: RecordingId,
        hold_id: HoldId,
    },
    RecordingVerified {
        recording_id: RecordingId,
        fine: bool,
    },
    RecordingExportRequested {
        export_id: ExportId,
        recording_ids: Vec<RecordingId>,
        #[serde(default)]
        conversation_ids: Vec<ConversationId>,
        reason: String,
    },
    RecordingExportApproved {
        export_id: ExportId,
    },
    RecordingExportTaken {
        export_id: ExportId,
        recording_ids: Vec<RecordingId>,
        #[serde(default)]
        conversation_ids: Vec<ConversationId>,
    },
    /// Its time was over: the keys are gone, and so nobody can read it any more.
    RecordingErased {
        recording_id: RecordingId,
    },
    /// How long messages are kept.
    ChatRetentionChanged {
        before: Box<ChatRetention>,
        after: Box<ChatRetention>,
    },
    /// The time of the oldest messages of a conversation, up to this one, was over: they are gone with all that hung on them.
    MessagesErased {
        conversation_id: ConversationId,
        up_to: EventId,
        messages: u64,
        files: u64,
    },
    /// An officer looked for conversations, messages or holds, by this query.
    ConversationsSearched {
        query: String,
    },
    /// An officer looked at a conversation, or read a stretch of it.
    ConversationOpened {
        conversation_id: ConversationId,
        what: String,
    },
    /// An officer took a file that was sent in a conversation.
    ConversationFileTaken {
        conversation_id: ConversationId,
        attachment_id: AttachmentId,
    },
    /// One conversation, or all of a person.
    ConversationHeld {
        conversation_id: Option<ConversationId>,
        user_id: Option<UserId>,
        hold_id: HoldId,
        owner_id: UserId,
        reason: String,
        until: Option<Millis>,
    },
    ConversationHoldReleased {
        conversation_id: Option<ConversationId>,
        user_id: Option<UserId>,
        hold_id: HoldId,
    },
    /// The clock jumped, or stood still for long: nothing is erased until an admin has looked.
    RetentionFrozen {
        before: Millis,
        after: Millis,
    },
    RetentionConfirmed,
    UploadLimitsChanged {
        max_file_bytes: u64,
        max_user_bytes: u64,
    },
    /// Unset: no mail is sent.
    MailSettingsChanged {
        server: Option<String>,
        sender: Option<String>,
    },
    /// A compliance officer read what a message said before it was edited or deleted.
    MessageVersionsRead {
        message_id: MessageId,
        conversation_id: ConversationId,
    },
    /// The log was downloaded.
    AuditExported,
}

/// What an admin may change of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DescribedUser)]
pub struct Described {
    pub name: String,
    pub role: Role,
}

impl From<&User> for Described {
    fn from(user: &User) -> Self {
        Self { name: user.name.clone(), role: user.role }
    }
}

/// What an action was done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    User(UserId),
    Message(MessageId),
    Recording(RecordingId),
    Conversation(ConversationId),
}

impl Action {
    /// What it was done to, where the action does not say it all.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::UserAdded { user_id, .. }
            | Self::UserChanged { user_id, .. }
            | Self::UserDeactivated { user_id }
            | Self::UserReactivated { user_id }
            | Self::UserInvitedAgain { user_id }
            | Self::SignInFailed { user_id, .. } => Some(Target::User(*user_id)),
            Self::MessageVersionsRead { message_id, .. } => Some(Target::Message(*message_id)),
            Self::ConversationHeld { conversation_id, user_id, .. }
            | Self::ConversationHoldReleased { conversation_id, user_id, .. } => {
                conversation_id.map(Target::Conversation).or(user_id.map(Target::User))
            }
            Self::MessagesErased { conversation_id, .. }
            | Self::ConversationOpened { conversation_id, .. }
            | Self::ConversationFileTaken { conversation_id, .. } => Some(Target::Conversation(*conversation_id)),
            Self::RecordingOpened { recording_id, .. }
            | Self::RecordingPlayed { recording_id, .. }
            | Self::RecordingMarked { recording_id, .. }
            | Self::RecordingNoted { recording_id, .. }
            | Self::RecordingHeld { recording_id, .. }
            | Self::RecordingHoldReleased { recording_id, .. }
            | Self::RecordingVerified { recording_id, .. }
            | Self::RecordingErased { recording_id } => Some(Target::Recording(*recording_id)),
            Self::InvitationAccepted { .. }
            | Self::PasswordChanged { .. }
            | Self::SignedIn { .. }
            | Self::PathPolicyChanged { .. }
            | Self::CallMoved { .. }
            | Self::RecordingPolicyChanged { .. }
            | Self::RecordingFailed { .. }
            | Self::RecordingAccessRefused { .. }
            | Self::ConversationNamesListed { .. }
            | Self::RecordingsListed { .. }
            | Self::RecordingExportRequested { .. }
            | Self::RecordingExportApproved { .. }
            | Self::RecordingExportTaken { .. }
            | Self::ChatRetentionChanged { .. }
            | Self::ConversationsSearched { .. }
            | Self::RetentionFrozen { .. }
            | Self::RetentionConfirmed
            | Self::UploadLimitsChanged { .. }
            | Self::MailSettingsChanged { .. }
            | Self::AuditExported => None,
        }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Entry {
    pub id: AuditId,
    pub at: Millis,
    /// Unset: nobody who was signed in.
    pub actor_id: Option<UserId>,
    #[serde(flatten)]
    pub action: Action,
}

/// Writes an entry, in the transaction of what it tells of. Before `events::append`, which is the last thing before a commit.
pub async fn append(tx: &mut Tx, actor_id: Option<UserId>, action: Action, now: Millis) -> sqlx::Result<()> {
    store::insert(tx, &Entry { id: AuditId::new(), at: now, actor_id, action }).await
}
