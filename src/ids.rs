//! Typed ids. Each is a UUIDv7 (RFC 9562): ordered by time in an index, unguessable enough to name things,
//! never used as a secret. Text in JSON and in the database.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id of this moment.
            #[expect(clippy::new_without_default, reason = "an id made by accident is a bug")]
            #[must_use]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            #[must_use]
            pub fn as_u128(self) -> u128 {
                self.0.as_u128()
            }

            /// The one that [`Self::as_u128`] gave.
            #[must_use]
            pub fn of_u128(number: u128) -> Self {
                Self(Uuid::from_u128(number))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// A member of staff.
    UserId
);
id!(
    /// A login session (the cookie), as against a peer session of WebRTC.
    SessionId
);
id!(
    /// One open socket of one browser tab.
    DeviceId
);
id!(ConversationId);
id!(MessageId);
id!(CallId);
id!(
    /// A file that is being uploaded, or hangs on a message.
    AttachmentId
);
id!(
    /// The picture of a user or a group; a new picture has a new id, so it may be cached for ever.
    PictureId
);
id!(
    /// A line of the audit log.
    AuditId
);
id!(
    /// A mail of the outbox.
    MailId
);
id!(
    /// A check of somebody's connection.
    CheckId
);
id!(
    /// What was recorded of a call, from the beginning of the recording to its end.
    RecordingId
);
id!(
    /// A remark of an officer on a recording.
    NoteId
);
id!(
    /// Why a recording must not be deleted.
    HoldId
);
id!(
    /// A bundle of recordings that leaves the server.
    ExportId
);
