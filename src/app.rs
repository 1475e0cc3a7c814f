//! What the parts of the server share, and nothing else: no part has state of its own outside it.

use std::{ops::Deref, path::PathBuf, sync::Arc, time::Duration};

use tokio::time;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    calls::{self, Calls, policy::Policies},
    chat,
    clock::Clock,
    compliance,
    config::Config,
    db::Db,
    doctor::{self, Doctor},
    events::{self, publisher::Publisher},
    files::{self, Files},
    hub::{Departure, Hub},
    notifications,
    recordings::{self, Recordings},
    users::{self, limits::SignInLimits, passwords::Passwords},
};

/// The handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

#[derive(Debug)]
pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub hub: Hub,
    /// Commits transactions that tell of something.
    pub publisher: Publisher,
    pub passwords: Passwords,
    pub sign_in_limits: SignInLimits,
    pub calls: Calls,
    pub files: Files,
    pub doctor: Doctor,
    pub recordings: Recordings,
    pub tuning: Tuning,
    /// Cancelled when the server is to stop.
    pub stop: CancellationToken,
    /// Everything that outlives a request: awaited at the end.
    pub tasks: TaskTracker,
}

/// What nobody sets but tests, which do not want to wait and are another program.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// How long a user without a device still counts as here: a reload does not flicker.
    pub presence_grace: Duration,
    /// How often the server pings a socket.
    pub ping_every: Duration,
    /// How long a socket may be silent before nobody counts on it in a call; longer than `ping_every`.
    pub silent_after: Duration,
    /// How long a socket may be silent.
    pub dead_after: Duration,
    /// How often a socket's session is looked up again, for what another process changed.
    pub recheck_session: Duration,
    /// How often the session of one who uploads, or has a connection check open, is looked up again.
    pub recheck_upload: Duration,
    /// How long a client may take for its handshake, its headers, its body.
    pub request_patience: Duration,
    /// How often it is looked for a new certificate, or whether one is due.
    pub certificate_check: Duration,
    /// How soon a certificate that could not be got is ordered again; four times as long after each failure, up to an hour.
    pub certificate_retry: Duration,
    /// Sign-ins of one login from one address, and of one address: at once, then one per `sign_in_refill`.
    pub sign_in_burst: u32,
    pub sign_in_burst_of_address: u32,
    pub sign_in_refill: Duration,
    /// The program that decodes images and sounds: this one, even after another has been put in its place on the disk.
    pub worker: PathBuf,
    /// How often the outbox is looked through.
    pub mail_every: Duration,
    /// How old a message is before anybody counts as not having seen it: a socket that has died is known by then.
    pub mail_settle: Duration,
    /// Mails to one user in an hour; the last of them tells of all that is due.
    pub mails_per_hour: u32,
    /// How long a mail server or a push service may take for one mail or push.
    pub send_patience: Duration,
    /// How long a connection check may be open.
    pub check_lifetime: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            presence_grace: Duration::from_secs(5),
            ping_every: Duration::from_secs(15),
            silent_after: Duration::from_secs(20),
            dead_after: Duration::from_secs(40),
            recheck_session: Duration::from_secs(300),
            recheck_upload: Duration::from_secs(2),
            request_patience: Duration::from_secs(10),
            certificate_check: Duration::from_secs(30),
            certificate_retry: Duration::from_secs(60),
            sign_in_burst: 10,
            sign_in_burst_of_address: 100,
            sign_in_refill: Duration::from_secs(6),
            worker: PathBuf::from("/proc/self/exe"),
            mail_every: Duration::from_secs(5),
            mail_settle: Duration::from_secs(60),
            mails_per_hour: 10,
            send_patience: Duration::from_secs(60),
            check_lifetime: Duration::from_secs(180),
        }
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(60 * 60);

impl App {
    /// Opens the database and starts the background tasks.
    pub async fn start(config: Config, clock: Clock, tuning: Tuning) -> anyhow::Result<Self> {
        let app = Self::open(config, clock, tuning).await?;
        let last = events::bounds(&app.db).await?.last;
        let publisher = app.publisher.clone().run(app.db.clone(), app.hub.clone(), last, app.stop.clone());
        app.tasks.spawn(publisher);
        app.tasks.spawn(calls::service::run_deadlines(app.clone()));
        calls::history::recover(&app).await?;
        app.tasks.spawn(calls::history::run(app.clone()));
        recordings::recovery::recover_all(&app).await?;
        app.tasks.spawn(recordings::keeper::run(app.clone()));
        app.tasks.spawn(recordings::uploads::run(app.clone()));
        app.tasks.spawn(compliance::house::keep(app.clone()));
        notifications::start(&app).await?;
        app.tasks.spawn(doctor::hours::run(app.clone()));
        app.tasks.spawn(keep_house(app.clone()));
        Ok(app)
    }

    /// Opens the database, starts nothing: for a command beside a running server.
    pub async fn open(config: Config, clock: Clock, tuning: Tuning) -> anyhow::Result<Self> {
        config.make_data_folder()?;
        let db = Db::open(&config.database).await?;
        chat::search::prepare(&db).await?;
        let hub = Hub::default();
        let recordings = Recordings::open(&config)?;
        let policies = Policies { paths: calls::stored_policy(&db).await?, recording: recordings::stored_policy(&db).await? };
        let calls = Calls::new(hub.clone(), clock.clone(), policies, recordings.clone());
        let app = Self(Arc::new(Parts {
            sign_in_limits: SignInLimits::new(&tuning),
            passwords: Passwords::new(),
            hub,
            publisher: Publisher::default(),
            doctor: Doctor::default(),
            recordings,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            files: Files::open(&config, &tuning)?,
            config,
            db,
            clock,
            calls,
            tuning,
        }));
        Ok(app)
    }

    /// Ends the background tasks and closes the database, at the latest after `deadline`.
    pub async fn shut_down(&self, deadline: Duration) {
        self.hub.close_all();
        self.stop.cancel();
        self.tasks.close();
        if time::timeout(deadline, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "some tasks did not end in time");
        }
        self.stop_media().await;
        if time::timeout(deadline, self.db.close()).await.is_err() {
            tracing::warn!("the database did not close in time");
        }
    }

    /// Its thread is waited for where that blocks nobody.
    async fn stop_media(&self) {
        let calls = self.calls.clone();
        if tokio::task::spawn_blocking(move || calls.detach()).await.is_err() {
            tracing::error!("the media node did not end in order");
        }
    }

    /// Lets a user go offline, and remembers when, unless a device comes back within the grace.
    pub fn settle_later(&self, departure: Departure) {
        let app = self.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = app.stop.cancelled() => {}
                () = time::sleep(app.tuning.presence_grace) => {}
            }
            // Written first, so that whoever hears of it and asks is told when.
            if let Some(left_at) = app.hub.left_at(departure)
                && let Err(error) = users::left(&app.db, departure.user, left_at).await
            {
                tracing::error!(%error, "last_seen_at was not written");
            }
            app.hub.settle(departure);
        });
    }
}

/// Forgets what has expired.
async fn keep_house(app: App) {
    loop {
        let now = app.clock.now();
        app.sign_in_limits.forget_old();
        let events = events::forget_old(&app.db, now).await;
        let sessions = users::forget_expired(&app.db, now).await;
        sweep_files(&app).await;
        let mails = notifications::forget_old(&app.db, now).await;
        let checks = doctor::forget_old(&app).await;
        match events.and_then(|events| Ok((events, sessions?, mails?, checks?))) {
            Ok((events, sessions, mails, checks)) => tracing::debug!(events, sessions, mails, checks, "deleted what had expired"),
            Err(error) => tracing::error!(%error, "what has expired was not deleted"),
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = time::sleep(HOUSEKEEPING_EVERY) => {}
        }
    }
}

async fn sweep_files(app: &App) {
    match files::sweep::sweep(app).await {
        Ok(swept) => tracing::debug!(?swept, "removed files that nobody needs"),
        Err(error) => tracing::error!(%error, "files that nobody needs were not removed"),
    }
}
