//! From the last byte to an attachment: a look at the bytes, then the object store, then the database, in this order: a crash
//! leaves at most an object that no row knows, which the sweep removes.

use std::{io, path::Path};

use tokio::{fs::File, io::AsyncReadExt};

use super::{
    Attachment, AttachmentKind, FilesError,
    blobs::Key,
    names, sniff, staging, store,
    store::Upload,
    turns::Turn,
    work::{Job, images::Size, voice::Voice},
    worker::Ending,
};
use crate::{app::App, ids::AttachmentId};

/// Completes an upload, to the end even if nobody waits for it any more.
pub async fn in_background(app: &App, upload: Upload, turn: Turn) -> Result<(), FilesError> {
    let app = app.clone();
    let task = {
        let app = app.clone();
        async move {
            let done = complete(&app, &upload).await;
            drop(turn);
            done
        }
    };
    app.tasks.spawn(task).await.map_err(|error| FilesError::Io(io::Error::other(error)))?
}

async fn complete(app: &App, upload: &Upload) -> Result<(), FilesError> {
    let staged = app.files.staging.path(upload.id);
    if upload.size == 0 {
        staging::write(&staged, b"").await?;
    }
    let (attachment, file) = if upload.voice {
        (convert_voice(app, upload, &staged).await?, app.files.staging.path_of(upload.id, "voice"))
    } else {
        (inspect(app, upload, &staged).await?, staged)
    };
    app.files.blobs.put(Key::Attachment(upload.id), &file).await?;
    if !store::complete(&app.db, &attachment, app.clock.now()).await? {
        // Given up or swept away meanwhile.
        discard(app, upload.id).await;
        return Err(FilesError::NoSuchFile);
    }
    app.files.staging.remove(upload.id).await;
    Ok(())
}

/// Removes whatever there is of an upload whose row has gone. What fails is left to the sweep.
pub async fn discard(app: &App, id: AttachmentId) {
    app.files.staging.remove(id).await;
    for key in [Key::Attachment(id), Key::Thumbnail(id)] {
        if let Err(error) = app.files.blobs.delete(key).await {
            tracing::warn!(%error, %id, "an object was not removed");
        }
    }
}

/// What the file is. A thumbnail is stored on the way: it must be there before anybody is told of it.
async fn inspect(app: &App, upload: &Upload, staged: &Path) -> Result<Attachment, FilesError> {
    let sniffed = sniff::sniff(&head(staged).await?);
    let mut attachment = Attachment {
        id: upload.id,
        name: upload.name.clone(),
        size: upload.size,
        kind: sniffed.kind,
        content_type: sniffed.content_type.to_owned(),
        width: None,
        height: None,
        duration_ms: None,
        waveform: None,
        preview: false,
    };
    match attachment.kind {
        AttachmentKind::Image => inspect_image(app, &mut attachment, staged).await?,
        AttachmentKind::Video => {
            (attachment.width, attachment.height) = (upload.width, upload.height);
            attachment.duration_ms = upload.duration_ms;
        }
        AttachmentKind::Audio => attachment.duration_ms = upload.duration_ms,
        AttachmentKind::Voice | AttachmentKind::File => {}
    }
    Ok(attachment)
}

/// Makes a voice message that every browser plays. One that is none leaves nothing behind.
async fn convert_voice(app: &App, upload: &Upload, staged: &Path) -> Result<Attachment, FilesError> {
    let outcome = app.files.workers.run::<Voice>(Job::Voice, staged).await?;
    let Some(voice) = outcome.about.filter(|_| outcome.ending == Ending::Done && !outcome.bytes.is_empty()) else {
        if store::delete_upload(&app.db, upload.id).await? {
            discard(app, upload.id).await;
        }
        return Err(FilesError::NotAVoiceMessage);
    };
    staging::write(&app.files.staging.path_of(upload.id, "voice"), &outcome.bytes).await?;
    let stem = upload.name.rsplit_once('.').map_or(upload.name.as_str(), |(stem, _)| stem);
    Ok(Attachment {
        id: upload.id,
        name: names::clean(&format!("{stem}.ogg")),
        size: outcome.bytes.len() as u64,
        kind: AttachmentKind::Voice,
        content_type: "audio/ogg".to_owned(),
        width: None,
        height: None,
        duration_ms: Some(voice.duration_ms),
        waveform: Some(voice.waveform),
        preview: false,
    })
}

/// What cannot be decoded, or would burden a browser, is only a file: it may still be downloaded.
async fn inspect_image(app: &App, attachment: &mut Attachment, staged: &Path) -> Result<(), FilesError> {
    let outcome = app.files.workers.run::<Size>(Job::Thumbnail, staged).await?;
    let Some(size) = outcome.about.filter(|size| size.fits() && outcome.ending != Ending::Refused) else {
        attachment.kind = AttachmentKind::File;
        return Ok(());
    };
    (attachment.width, attachment.height) = (Some(size.width), Some(size.height));
    if !outcome.bytes.is_empty() {
        let thumbnail = app.files.staging.path_of(attachment.id, "thumbnail");
        staging::write(&thumbnail, &outcome.bytes).await?;
        app.files.blobs.put(Key::Thumbnail(attachment.id), &thumbnail).await?;
        attachment.preview = true;
    }
    Ok(())
}

async fn head(path: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    File::open(path).await?.take(sniff::HEAD as u64).read_to_end(&mut head).await?;
    Ok(head)
}
