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
    clock::Millis,
    db::Tx,
    ids::{AuditId, CallId, ConversationId, MessageId, UserId},
    users::{Role, User},
};

pub mod csv;
pub mod routes;
pub mod store;

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
            Self::InvitationAccepted { .. }
            | Self::PasswordChanged { .. }
            | Self::SignedIn { .. }
            | Self::PathPolicyChanged { .. }
            | Self::CallMoved { .. }
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
