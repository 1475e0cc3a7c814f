//! Notices for those who are not looking at the page: mail and web push.
//!
//! Nothing calls this feature: it reads the event stream behind everybody's back, so that sending a message costs nothing more.
//!
//! - Mail follows the stream at a distance ([`outbox`]): what a member has not read a minute later makes a notice, the notice
//!   becomes a mail when its delay is over, the mail goes out until the mail server takes it. Each step is in the database before
//!   the next one begins, and so is the position in the stream.
//! - Push follows at once and remembers nothing ([`push`]): a notice that arrives late is worth nothing.

use crate::{app::App, clock::Millis, db::Db};

pub mod compose;
pub mod outbox;
pub mod push;
pub mod routes;
pub mod settings;
pub mod smtp;
pub mod store;
pub mod unsubscribe;
pub mod words;

pub use settings::{Encryption, MailServer, MailSettings};

/// Why something about notices was not done.
#[derive(Debug, thiserror::Error)]
pub enum NoticesError {
    #[error("a mail server has a name and a port")]
    BadServer,
    #[error("that is no sender's address")]
    BadSender,
    #[error("the delay is 1 to 1,440 minutes")]
    BadDelay,
    #[error("a password goes over an encrypted connection only")]
    PasswordNeedsTls,
    #[error("the server's configuration sets the mail server")]
    SetByConfig,
    #[error("no mail server is set")]
    MailOff,
    #[error("that is no push subscription of a browser")]
    BadSubscription,
    #[error("the link is not one of ours")]
    BadToken,
    #[error(transparent)]
    User(#[from] crate::users::UsersError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Starts the tasks that follow the event stream.
pub async fn start(app: &App) -> Result<(), NoticesError> {
    let keys = push::vapid::Keys::load_or_make(app).await?;
    app.tasks.spawn(outbox::run(app.clone()));
    app.tasks.spawn(push::run(app.clone(), keys));
    Ok(())
}

/// How long mails that were sent or given up stay, for the admin's counts.
const KEPT: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 60 * 60);

/// Deletes what has been kept long enough; returns how much.
pub async fn forget_old(db: &Db, now: Millis) -> sqlx::Result<u64> {
    store::delete_older(db, now.minus(KEPT)).await
}
