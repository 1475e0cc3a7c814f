//! The way of a mail: the event stream makes notices, notices that are due make mails, mails go out.
//!
//! One task does all of it in turn, so that no two steps see the same row at the same time. Every step is a transaction of its own
//! and can be repeated: after a crash the task goes on where the database says that it was. A mail may then go out twice, with the
//! same Message-ID; none is lost.

use std::{collections::HashMap, time::Duration};

use futures_util::future::join_all;
use tokio::time;
use url::Url;

use super::{
    NoticesError, compose,
    settings::Mail,
    smtp::{self, Problem, SendError},
    store::{self, Attempt, Due, Mailing, NewNotice, Part},
    unsubscribe::{self, Signer},
};
use crate::{
    app::App,
    chat::{Message, MessageContent},
    clock::Millis,
    events::{self, Event, EventId},
    ids::{MailId, UserId},
};

const EVENTS_AT_ONCE: u32 = 500;
const NOTICES_AT_ONCE: u32 = 500;
const MAILS_AT_ONCE: u32 = 32;
/// Connections to the mail server at the same time.
const CONNECTIONS: usize = 4;
/// The stream may be ahead of the kept position by so many events that made no notice: what is looked at again after a crash.
const POSITION_SLACK: i64 = 1_000;
/// Put off what is due for one who sits before the page.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

const FIRST_RETRY: Duration = Duration::from_secs(60);
const LAST_RETRY: Duration = Duration::from_secs(60 * 60);
/// A server that says "never" is asked again so often: it may be set up wrong rather than right.
const REFUSALS: u32 = 3;
/// A mail that has waited so long for its server is of no use any more.
const PATIENCE: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// What the task remembers between its rounds.
#[derive(Debug)]
struct Postman {
    signer: Signer,
    position: Position,
    /// The mail server is away: no mail is tried before.
    closed_until: Millis,
    outages: u32,
}

#[derive(Clone, Copy, Debug)]
struct Position {
    reached: EventId,
    kept: EventId,
}

/// Runs until the server stops.
pub async fn run(app: App) {
    let mut postman = None;
    let mut healthy = true;
    loop {
        match round(&app, &mut postman).await {
            Ok(true) => continue,
            Ok(false) => healthy = true,
            Err(error) => {
                if std::mem::take(&mut healthy) {
                    tracing::error!(%error, "the outbox stands still; trying again");
                }
            }
        }
        tokio::select! {
            () = app.stop.cancelled() => return,
            () = time::sleep(app.tuning.mail_every) => {}
        }
    }
}

/// One of each step; true if there may be more to do at once.
async fn round(app: &App, postman: &mut Option<Postman>) -> Result<bool, NoticesError> {
    if app.stop.is_cancelled() {
        return Ok(false);
    }
    let postman = match postman {
        Some(postman) => postman,
        none => none.insert(Postman::begin(app).await?),
    };
    let mail = Mail::load(app).await?;
    let more = postman.gather(app, &mail).await?;
    if mail.settings.server.is_none() {
        return Ok(more);
    }
    let sealed = seal(app).await?;
    postman.deliver(app, &mail).await?;
    Ok(more || sealed)
}

impl Postman {
    async fn begin(app: &App) -> Result<Self, NoticesError> {
        let kept = store::position(&app.db).await?;
        let position = Position { reached: kept, kept };
        Ok(Self { signer: Signer::load_or_make(app).await?, position, closed_until: Millis(0), outages: 0 })
    }

    /// Reads on in the stream, up to what is too fresh, and notes who has not read. True if there may be more.
    async fn gather(&mut self, app: &App, mail: &Mail) -> Result<bool, NoticesError> {
        let settled = app.clock.now().minus(app.tuning.mail_settle);
        let delay = Duration::from_secs(u64::from(mail.settings.delay_minutes) * 60);
        let rows = events::all(&app.db, self.position.reached, EVENTS_AT_ONCE).await?;
        let (mut notices, mut reached) = (Vec::new(), self.position.reached);
        for row in &rows {
            if let Some(message) = told_message(row) {
                if message.created_at > settled {
                    break;
                }
                if mail.settings.server.is_some() {
                    notices.extend(unread_by(app, &message, message.created_at.plus(delay)).await?);
                }
            }
            reached = row.id;
        }
        let more = rows.len() == EVENTS_AT_ONCE as usize && reached == rows[rows.len() - 1].id;
        self.advance(app, reached, &notices).await?;
        Ok(more)
    }

    /// What was read and what it led to become true together. A position alone is not worth a write each time.
    async fn advance(&mut self, app: &App, reached: EventId, notices: &[NewNotice]) -> sqlx::Result<()> {
        self.position.reached = reached;
        if notices.is_empty() && reached.0 - self.position.kept.0 < POSITION_SLACK {
            return Ok(());
        }
        let mut tx = app.db.begin().await?;
        for notice in notices {
            store::insert_notice(&mut tx, *notice).await?;
        }
        store::set_position(&mut tx, reached).await?;
        tx.commit().await?;
        self.position.kept = reached;
        Ok(())
    }

    /// Tries what is to go out now.
    async fn deliver(&mut self, app: &App, mail: &Mail) -> Result<(), NoticesError> {
        let now = app.clock.now();
        if now < self.closed_until {
            return Ok(());
        }
        let waiting = store::waiting(&app.db, now, MAILS_AT_ONCE).await?;
        // After an outage one mail alone finds out whether the server is back.
        let at_once = if self.outages > 0 { 1 } else { CONNECTIONS };
        for mails in waiting.chunks(at_once) {
            let outcomes = join_all(mails.iter().map(|mailing| deliver_one(app, mail, &self.signer, mailing))).await;
            for outcome in outcomes {
                if outcome? == Outage::Yes {
                    self.outages += 1;
                    self.closed_until = now.plus(retry_after(self.outages));
                    return Ok(());
                }
            }
            self.outages = 0;
        }
        Ok(())
    }
}

/// The message that an event tells of, if it is one that mails tell of.
fn told_message(row: &events::Row) -> Option<Message> {
    // A test holds this and the type together; most events need no parsing.
    if !row.payload.starts_with(r#"{"type":"message_created""#) {
        return None;
    }
    let Ok(Event::MessageCreated { message }) = row.decode().map(|stored| stored.event) else {
        tracing::error!(event.id = row.id.0, "an event cannot be read");
        return None;
    };
    message.content.counts().then_some(message)
}

/// A muted conversation only tells of what is meant for oneself.
#[must_use]
pub fn concerns(message: &Message, user: UserId, muted: bool) -> bool {
    let mentioned = matches!(&message.content, MessageContent::Text { mentions, .. } if mentions.contains(&user));
    !muted || mentioned
}

async fn unread_by(app: &App, message: &Message, due_at: Millis) -> sqlx::Result<Vec<NewNotice>> {
    let (conversation_id, seq) = (message.conversation_id, message.seq);
    let readers = store::unread_by(&app.db, conversation_id, message.sender_id, seq).await?;
    let wanted = readers.into_iter().filter(|reader| concerns(message, reader.user_id, reader.muted));
    let absent = wanted.filter(|reader| !app.hub.attends(reader.user_id));
    Ok(absent.map(|reader| NewNotice { user_id: reader.user_id, conversation_id, seq, due_at }).collect())
}

/// Makes mails of the notices that are due, at most one for each user; true if any was made.
async fn seal(app: &App) -> Result<bool, NoticesError> {
    let now = app.clock.now();
    let mut of_user: HashMap<UserId, Vec<Due>> = HashMap::new();
    for due in store::due(&app.db, now, NOTICES_AT_ONCE).await? {
        of_user.entry(due.user_id).or_default().push(due);
    }
    let mut sealed = false;
    for (user, due) in of_user {
        sealed |= seal_for(app, user, &due, now).await?;
    }
    Ok(sealed)
}

async fn seal_for(app: &App, user: UserId, due: &[Due], now: Millis) -> Result<bool, NoticesError> {
    let unread = unread_parts(app, user, due).await?;
    let sent = store::sent(&app.db, user, now.minus(HOUR)).await?;
    let left = app.tuning.mails_per_hour.saturating_sub(sent.count);
    let until = if unread.is_empty() {
        None
    } else if left == 0 {
        Some(sent.first.map_or(now.plus(LOOK_AGAIN), |first| first.plus(HOUR)))
    } else if sent.waiting || app.hub.attends(user) {
        Some(now.plus(LOOK_AGAIN))
    } else {
        None
    };
    let mut tx = app.db.begin().await?;
    for due in due.iter().filter(|due| !unread.iter().any(|(unread, _)| unread.conversation_id == due.conversation_id)) {
        store::settle_notice(&mut tx, due, due.told_seq).await?;
    }
    // The last mail of the hour takes everything along.
    let taken = match until {
        Some(_) => &[],
        None if left == 1 => &unread[..],
        None => &unread[..unread.len().min(1)],
    };
    for (due, part) in taken {
        store::settle_notice(&mut tx, due, part.until).await?;
    }
    if let Some(until) = until {
        store::postpone(&mut tx, user, now, until).await?;
    }
    if !taken.is_empty() {
        let parts = taken.iter().map(|(_, part)| *part).collect();
        store::insert_mailing(&mut tx, &Mailing { id: MailId::new(), user_id: user, parts, created_at: now, attempts: 0 })
            .await?;
    }
    tx.commit().await?;
    Ok(!taken.is_empty())
}

/// What is due and still unread, with the stretch of messages.
async fn unread_parts(app: &App, user: UserId, due: &[Due]) -> sqlx::Result<Vec<(Due, Part)>> {
    let mut unread = Vec::new();
    for due in due {
        let after = due.read_seq.max(due.told_seq);
        if let Some(until) = store::newest(&app.db, user, due.conversation_id, after).await? {
            unread.push((*due, Part { conversation_id: due.conversation_id, after, until }));
        }
    }
    Ok(unread)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outage {
    Yes,
    No,
}

async fn deliver_one(app: &App, mail: &Mail, signer: &Signer, mailing: &Mailing) -> Result<Outage, NoticesError> {
    let Some(sent) = try_to_send(app, mail, signer, mailing).await? else {
        // Read, deleted, switched off or signed out meanwhile.
        store::drop_mailing(&app.db, mailing.id).await?;
        return Ok(Outage::No);
    };
    let now = app.clock.now();
    match sent {
        Ok(_) => {
            tracing::debug!(mail.id = %mailing.id, user.id = %mailing.user_id, "mail sent");
            store::record(&app.db, mailing.id, &Attempt::Sent, now).await?;
            Ok(Outage::No)
        }
        Err(error) => {
            let attempt = after_failure(mailing, &error, now);
            let given_up = matches!(attempt, Attempt::GivenUp { .. });
            // What the server said may name the address: that is for the admin's page only.
            tracing::warn!(mail.id = %mailing.id, user.id = %mailing.user_id, problem = ?error.problem, given_up, "mail not sent");
            store::record(&app.db, mailing.id, &attempt, now).await?;
            Ok(if error.is_outage() { Outage::Yes } else { Outage::No })
        }
    }
}

/// `None` if there is nothing to tell any more.
async fn try_to_send(
    app: &App,
    mail: &Mail,
    signer: &Signer,
    mailing: &Mailing,
) -> Result<Option<Result<String, SendError>>, NoticesError> {
    let user_id = mailing.user_id;
    let Some(to) = store::addressee(&app.db, user_id).await? else { return Ok(None) };
    let mut threads = Vec::new();
    for part in &mailing.parts {
        threads.extend(store::thread(&app.db, user_id, part, compose::LINES).await?);
    }
    if threads.is_empty() {
        return Ok(None);
    }
    let base = base_url(app);
    let envelope = compose::Envelope {
        mail,
        name: &to.name,
        email: &to.email,
        language: to.language.unwrap_or(mail.settings.language),
        id: mailing.id,
        date: mailing.created_at,
    };
    let unsubscribe = unsubscribe::link(&base, &signer.token(user_id));
    let notice = compose::Notice { threads: &threads, user_id, base: &base, unsubscribe: &unsubscribe };
    let message = match compose::notice(&envelope, &notice) {
        Ok(message) => message,
        Err(error) => return Ok(Some(Err(error))),
    };
    Ok(Some(smtp::send(mail, app.config.smtp_ca.as_deref(), &message, app.tuning.send_patience).await))
}

/// Where links in mails lead.
#[must_use]
pub fn base_url(app: &App) -> Url {
    app.config.base_url(app.config.listen)
}

fn after_failure<'a>(mailing: &Mailing, error: &'a SendError, now: Millis) -> Attempt<'a> {
    let attempts = mailing.attempts + 1;
    let hopeless = matches!(error.problem, Problem::Refused | Problem::Address) && attempts >= REFUSALS;
    if hopeless || mailing.created_at.until(now) >= PATIENCE {
        return Attempt::GivenUp { problem: &error.said };
    }
    Attempt::Again { at: now.plus(retry_after(attempts)), problem: &error.said }
}

/// A minute, then twice as long each time, up to an hour.
fn retry_after(attempts: u32) -> Duration {
    FIRST_RETRY.saturating_mul(2_u32.saturating_pow(attempts.saturating_sub(1))).min(LAST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailing(attempts: u32) -> Mailing {
        Mailing { id: MailId::new(), user_id: UserId::new(), parts: Vec::new(), created_at: Millis(0), attempts }
    }

    fn check(problem: Problem, attempts: u32, now: Duration) -> Option<Duration> {
        let error = SendError { problem, said: String::new() };
        match after_failure(&mailing(attempts), &error, Millis(0).plus(now)) {
            Attempt::Again { at, .. } => Some(Millis(0).plus(now).until(at)),
            Attempt::GivenUp { .. } => None,
            Attempt::Sent => panic!("it failed"),
        }
    }

    #[test]
    fn trying_again_takes_longer_each_time_and_ends() {
        let minutes = |n: u64| Some(Duration::from_secs(n * 60));
        assert_eq!(check(Problem::Unreachable, 0, Duration::ZERO), minutes(1));
        assert_eq!(check(Problem::Later, 3, Duration::ZERO), minutes(8));
        assert_eq!(check(Problem::Tls, 30, Duration::ZERO), minutes(60));
        assert_eq!(check(Problem::Refused, 1, Duration::ZERO), minutes(2));
        assert_eq!(check(Problem::Refused, 2, Duration::ZERO), None);
        assert_eq!(check(Problem::Unreachable, 5, PATIENCE), None);
    }

    #[test]
    fn messages_are_known_by_how_their_event_begins() {
        let message: Message = serde_json::from_str(
            r#"{"id":"0198c0de-0000-7000-8000-000000000001","conversation_id":"0198c0de-0000-7000-8000-000000000002","seq":7,
            "sender_id":"0198c0de-0000-7000-8000-000000000003","client_key":"12345678","created_at":1,"kind":"text","text":"x",
            "edited_at":null,"reply_to":null,"attachments":[],"mentions":[]}"#,
        )
        .expect("a message");
        let payload = serde_json::to_string(&Event::MessageCreated { message: message.clone() }).expect("JSON");
        let audience = events::Audience::Conversation(message.conversation_id);
        assert_eq!(told_message(&events::Row { id: EventId(7), audience, payload }), Some(message));
    }
}
