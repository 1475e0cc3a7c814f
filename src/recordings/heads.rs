//! Where the chains of all recordings stood, as one chain of its own for the whole server: who changes or removes a row, or a recording,
//! has to forge everything after it, and the signatures. A copy that has left the server proves the rest.

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use staffline_media::recorder::Head;
use utoipa::ToSchema;

use super::{hex, store, unhex};
use crate::{app::App, clock::Millis, db::Tx, ids::RecordingId};

/// A row of the chain. What is hashed is one line of its fields, from `previous` to `last`, with spaces between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingHead)]
pub struct Row {
    /// 1, 2, 3, …
    pub number: u64,
    pub recording_id: RecordingId,
    pub segment: u32,
    pub record: u64,
    /// The chain of the recording at this place, SHA-256, hexadecimal; so are the others.
    pub head: String,
    pub at: Millis,
    /// Nothing more is recorded after it.
    pub last: bool,
    /// Of this row, over that of the row before.
    pub hash: String,
    /// Ed25519 over `hash` as it stands here, base64.
    pub signature: String,
}

/// What the hash of the row before the first is.
#[must_use]
pub fn origin() -> String {
    hex(&[0; 32])
}

impl Row {
    /// What its hash must be after a row with this one.
    #[must_use]
    pub fn hash_after(&self, previous: &str) -> String {
        let Self { number, recording_id, segment, record, head, at, last, .. } = self;
        let text = format!("{previous} {number} {recording_id} {segment} {record} {head} {} {}", at.0, u8::from(*last));
        hex(digest(&SHA256, text.as_bytes()).as_ref())
    }

    /// Whether it is what it was when it was signed, and follows on a row with this hash.
    #[must_use]
    pub fn follows(&self, previous: &str, public: &[u8]) -> bool {
        self.is_signed(public) && self.hash == self.hash_after(previous)
    }

    /// Whether its hash is signed by this key.
    #[must_use]
    pub fn is_signed(&self, public: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, public);
        STANDARD.decode(&self.signature).is_ok_and(|signature| key.verify(self.hash.as_bytes(), &signature).is_ok())
    }

    /// What it says of its recording; nothing if that is no hash.
    #[must_use]
    pub fn place(&self) -> Option<Head> {
        Some(Head { segment: self.segment, record: self.record, hash: unhex(&self.head)? })
    }
}

/// Adds where the chain of a recording stands, unless that is known. The keeper alone does so, which keeps the numbers without gaps.
pub(super) async fn append(tx: &mut Tx, app: &App, id: RecordingId, head: &Head, last: bool) -> sqlx::Result<()> {
    let before = store::heads::newest(&mut *tx).await?;
    let (number, previous) = before.map_or_else(|| (0, origin()), |(number, hash)| (number, hash));
    let mut row = Row {
        number: number + 1,
        recording_id: id,
        segment: head.segment,
        record: head.record,
        head: hex(&head.hash),
        at: app.clock.now(),
        last,
        hash: String::new(),
        signature: String::new(),
    };
    if !last && store::heads::knows(&mut *tx, &row).await? {
        return Ok(());
    }
    row.hash = row.hash_after(&previous);
    row.signature = app.recordings.keys().sign(row.hash.as_bytes());
    store::heads::insert(&mut *tx, &row).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_row_does_not_follow() {
        let keys = crate::recordings::keys::Keys::for_tests();
        let mut row = Row {
            number: 1,
            recording_id: RecordingId::new(),
            segment: 0,
            record: 7,
            head: hex(&[1; 32]),
            at: Millis(5),
            last: false,
            hash: String::new(),
            signature: String::new(),
        };
        row.hash = row.hash_after(&origin());
        row.signature = keys.sign(row.hash.as_bytes());
        assert!(row.follows(&origin(), keys.public()));
        assert!(!row.follows(&hex(&[9; 32]), keys.public()), "another one before it");
        assert!(!Row { record: 8, ..row.clone() }.follows(&origin(), keys.public()));
        assert!(!Row { last: true, ..row.clone() }.follows(&origin(), keys.public()));
        let changed = Row { record: 8, ..row };
        let rehashed = Row { hash: changed.hash_after(&origin()), ..changed };
        assert!(!rehashed.follows(&origin(), keys.public()), "the chain was made anew, but not signed");
    }
}
