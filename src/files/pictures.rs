//! Pictures of people and groups: square, small, and under a new id each time, so that a browser may keep them for ever.

use std::path::Path;

use super::{
    FilesError,
    blobs::Key,
    staging,
    work::{Job, images::Size},
    worker::Ending,
};
use crate::{
    app::App,
    ids::{AttachmentId, PictureId},
};

/// Bytes of an image that is to become a picture.
pub const MAX_PICTURE: usize = 10 * 1024 * 1024;

/// Makes a picture of an image and stores it. Whoever asked then says whose it is; one that is nobody's is swept away.
pub async fn store(app: &App, image: &[u8]) -> Result<PictureId, FilesError> {
    let (name, id) = (AttachmentId::new(), PictureId::new());
    let (source, made) = (app.files.staging.path(name), app.files.staging.path_of(name, "thumbnail"));
    let done = make(app, image, &source, &made, id).await;
    app.files.staging.remove(name).await;
    done.map(|()| id)
}

async fn make(app: &App, image: &[u8], source: &Path, made: &Path, id: PictureId) -> Result<(), FilesError> {
    staging::write(source, image).await?;
    let outcome = app.files.workers.run::<Size>(Job::Picture, source).await?;
    if outcome.ending != Ending::Done || outcome.bytes.is_empty() {
        return Err(FilesError::NotAnImage);
    }
    staging::write(made, &outcome.bytes).await?;
    Ok(app.files.blobs.put(Key::Picture(id), made).await?)
}

/// Removes a picture that another has replaced. What fails is left to the sweep.
pub async fn discard(app: &App, id: PictureId) {
    if let Err(error) = app.files.blobs.delete(Key::Picture(id)).await {
        tracing::warn!(%error, %id, "a picture was not removed");
    }
}
