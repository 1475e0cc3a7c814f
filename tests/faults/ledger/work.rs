//! What one person does until the server dies under them, and how they go on when it is back: as a client would, by the same steps.

use std::sync::Arc;

use serde_json::json;

use super::book::Book;
use crate::process::Browser;

/// Every so many messages one has a file.
const FILE_EVERY: usize = 3;

pub(super) struct Worker {
    pub(super) browser: Browser,
    pub(super) origin: String,
    pub(super) conversation: String,
    pub(super) book: Arc<Book>,
}

/// One message on its way; each step is known to be done only when it was answered.
pub(super) struct Work {
    key: String,
    with_file: bool,
    /// The upload's id, from the moment at which the server named it.
    upload: Option<String>,
    uploaded: bool,
}

/// Bytes that only this key makes, some hundred KiB at most.
pub(super) fn content(key: &str) -> Vec<u8> {
    let seed = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407));
    let length = 1 + usize::try_from(seed % 300_000).expect("it fits");
    // The first bytes name no format that the server would want to look into.
    std::iter::successors(Some(seed), next).map(|state| (state >> 56).to_le_bytes()[0] | 0x80).take(length).collect()
}

impl Worker {
    /// Writes until the server goes away; gives back what was not finished.
    pub(super) async fn write(self, prefix: &str) -> (Self, Work) {
        for number in 0.. {
            let with_file = number % FILE_EVERY == FILE_EVERY - 1;
            let mut work = Work { key: format!("{prefix}-{number}"), with_file, upload: None, uploaded: false };
            if self.go_on(&mut work).await.is_err() {
                return (self, work);
            }
        }
        unreachable!("the server is killed before the numbers run out")
    }

    pub(super) async fn finish(&self, work: &mut Work) {
        self.go_on(work).await.expect("the server is back");
    }

    /// From wherever the work stands to its end. An error only if the server went away.
    async fn go_on(&self, work: &mut Work) -> reqwest::Result<()> {
        if work.with_file && !work.uploaded {
            self.upload(work).await?;
        }
        let path = format!("/api/conversations/{}/messages", self.conversation);
        let files: Vec<_> = work.upload.iter().collect();
        let body = json!({"client_key": work.key, "text": work.key, "attachment_ids": files});
        let (status, message) = self.browser.post(&self.origin, &path, &body).await?;
        self.book.answered();
        assert!(matches!(status, 200 | 201), "{message}");
        self.book.message(&work.key, message["id"].as_str().unwrap(), work.upload.clone());
        Ok(())
    }

    async fn upload(&self, work: &mut Work) -> reqwest::Result<()> {
        let bytes = content(&work.key);
        let id = match &work.upload {
            Some(id) => id.clone(),
            None => {
                let id = self.browser.create_upload(&self.origin, &format!("{}.bin", work.key), bytes.len()).await?;
                self.book.answered();
                work.upload.insert(id).clone()
            }
        };
        loop {
            let offset = self.browser.upload_offset(&self.origin, &id).await?;
            self.book.answered();
            if offset == bytes.len() {
                break;
            }
            let end = bytes.len().min(offset + 64 * 1024);
            self.browser.upload_part(&self.origin, &id, offset, bytes[offset..end].to_vec()).await?;
            self.book.answered();
        }
        self.book.file(&id, &work.key);
        work.uploaded = true;
        Ok(())
    }
}
