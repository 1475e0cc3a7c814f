//! HTTP of attachments.

use super::FilesError;
use crate::error::Error;

impl From<FilesError> for Error {
    fn from(error: FilesError) -> Self {
        use FilesError as E;
        match error {
            E::NoSuchFile => Self::not_found(),
            E::Incomplete => Self::invalid("upload_incomplete", "The upload is not complete yet."),
            E::AlreadySent => Self::invalid("upload_already_sent", "The upload hangs on a message already."),
            E::TooMany => Self::invalid("too_many_attachments", "A message has at most 20 attachments."),
            E::Database(error) => error.into(),
        }
    }
}
