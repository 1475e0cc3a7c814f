//! The ledger: what clients were told is safe. It lives outside the server's process.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

#[derive(Debug, Default)]
pub(super) struct Book {
    /// Client key to message id, and the file that it came with.
    messages: Mutex<BTreeMap<String, (String, Option<String>)>>,
    /// Upload id to the key that its bytes are made from.
    files: Mutex<BTreeMap<String, String>>,
    answers: AtomicUsize,
    changed: Notify,
}

impl Book {
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
    }

    pub(super) fn message(&self, key: &str, id: &str, file: Option<String>) {
        let before = self.messages.lock().unwrap().insert(key.to_owned(), (id.to_owned(), file));
        assert_eq!(before, None, "each key is sent until it is answered once");
    }

    /// The last byte of an upload was acknowledged.
    pub(super) fn file(&self, id: &str, key: &str) {
        self.files.lock().unwrap().insert(id.to_owned(), key.to_owned());
    }

    /// Waits for so many answers from now on.
    pub(super) async fn wait_for(&self, answers: usize) {
        let target = self.answers.load(Ordering::SeqCst) + answers;
        while self.answers.load(Ordering::SeqCst) < target {
            self.changed.notified().await;
        }
    }

    pub(super) fn messages(&self) -> BTreeMap<String, (String, Option<String>)> {
        self.messages.lock().unwrap().clone()
    }

    pub(super) fn files(&self) -> BTreeMap<String, String> {
        self.files.lock().unwrap().clone()
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.messages().len() + self.files().len()
    }
}
