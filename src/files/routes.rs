//! HTTP of files: uploads by tus, downloads, the limits of the admin page.

use axum::{Json as Reply, extract::State, http::StatusCode};

use super::{
    FilesError,
    limits::{self, UploadLimits, UploadReport},
};
use crate::{
    app::App,
    error::{Error, ErrorBody},
    http::extract::{Admin, Json},
};

pub mod downloads;
pub mod pictures;
pub mod uploads;

impl From<FilesError> for Error {
    fn from(error: FilesError) -> Self {
        use FilesError as E;
        let too_large = |code, message: &'static str| Self::new(StatusCode::PAYLOAD_TOO_LARGE, code, message);
        match error {
            E::NoSuchFile => Self::not_found(),
            E::Incomplete => Self::invalid("upload_incomplete", "The upload is not complete yet."),
            E::AlreadySent => Self::invalid("upload_already_sent", "The upload hangs on a message already."),
            E::TooMany => Self::invalid("too_many_attachments", "A message has at most 20 attachments."),
            E::FileTooLarge => too_large("file_too_large", "The file is larger than this server allows."),
            E::QuotaExceeded => too_large("quota_exceeded", "Your files would take more space than this server allows."),
            E::MoreThanDeclared => too_large("more_than_declared", "More bytes came than the upload was made for."),
            E::WrongOffset => Self::conflict("wrong_offset", "The upload stands at another offset."),
            E::WrongChecksum => {
                let status = StatusCode::from_u16(460).expect("tus has it for this");
                Self::new(status, "wrong_checksum", "The checksum is not that of the bytes.")
            }
            E::TakenOver => Self::new(StatusCode::LOCKED, "taken_over", "Another request goes on with this upload."),
            E::SessionEnded => Self::not_signed_in(),
            E::Broken => Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The bytes ceased to come."),
            E::BadLimit => Self::invalid("bad_limit", "A limit is a number of bytes from 1 on."),
            E::NotAnImage => Self::invalid("not_an_image", "This is no image that the server can read."),
            E::NotAVoiceMessage => Self::invalid("not_a_voice_message", "This is no sound of at most 15 minutes."),
            E::StorageFull => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", "The server has no space left; try again later.")
            }
            E::Io(error) => Self::internal(error),
            E::Store(error) => Self::unavailable(error),
            E::Database(error) => error.into(),
        }
    }
}

/// How much may be uploaded, and how much there is.
#[utoipa::path(get, path = "/api/admin/uploads", tag = "admin", operation_id = "upload_limits", responses(
    (status = 200, body = UploadReport),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn limits(State(app): State<App>, _: Admin) -> Result<Reply<UploadReport>, Error> {
    Ok(Reply(limits::report(&app).await?))
}

/// Sets how much may be uploaded from now on. What is there stays.
#[utoipa::path(put, path = "/api/admin/uploads", tag = "admin", operation_id = "set_upload_limits", request_body = UploadLimits, responses(
    (status = 200, body = UploadReport),
    (status = 403, description = "forbidden: admins only", body = ErrorBody),
    (status = 422, description = "invalid_body, bad_limit", body = ErrorBody),
    (status = "default", description = "Refused", body = ErrorBody),
))]
pub async fn set_limits(
    State(app): State<App>,
    Admin(current): Admin,
    Json(limits): Json<UploadLimits>,
) -> Result<Reply<UploadReport>, Error> {
    limits::set(&app, limits, current.user.id).await?;
    Ok(Reply(limits::report(&app).await?))
}
