//! One socket: greets, replays what the client missed, then passes frames both ways until somebody ends it.

use std::{num::NonZeroU32, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::{
    sync::{mpsc, watch},
    time,
};
use tracing::Instrument;

use super::frames::{ClientFrame, ServerFrame};
use crate::{
    app::{App, Tuning},
    calls::switchboard::Device,
    chat::{self, ChatError},
    events::{self, EventId},
    http::extract::{Arrival, CurrentUser},
    hub::{Closing, Outgoing},
    ids::{ConversationId, DeviceId, SessionId, UserId},
    users::{Presence, sessions},
};

/// The largest frame of a client: an SDP of a call with every codec has some 20 KiB.
pub const MAX_FRAME: usize = 64 * 1024;

/// The WebSocket layer reads further, so that we can say why we close: on a connection that still has unread bytes the
/// reason would not get through.
pub const MAX_READ: usize = 1024 * 1024;

/// Frames of a client: so many at once, then so many a second; who sends more is read more slowly.
const FRAMES_AT_ONCE: NonZeroU32 = NonZeroU32::new(200).expect("not zero");
const FRAMES_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("not zero");

/// Of these `typing`: from all 64 sockets of a user together they do not fill anybody's queue.
const TYPING_AT_ONCE: NonZeroU32 = NonZeroU32::new(3).expect("not zero");
const TYPING_PER_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("not zero");

/// Events that a replay reads from the database at once.
const REPLAY_PAGE: u32 = 200;

/// How long a closing handshake may take.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// Why a socket ended.
#[derive(Debug)]
enum Ending {
    /// The client closed it, or its connection broke.
    Gone,
    Server(Closing),
    TooLarge,
    Broken,
    Silent,
    Database(sqlx::Error),
}

impl Ending {
    /// Code (RFC 6455 §7.4, from 4000 on ours) and reason.
    fn close_frame(&self) -> Option<(u16, &'static str)> {
        Some(match self {
            Self::Gone => return None,
            Self::Server(Closing::GoingAway) => (1001, "the server restarts"),
            Self::Broken => (1002, "protocol error"),
            Self::TooLarge => (1009, "frame too large"),
            Self::Database(_) => (1011, "internal error"),
            Self::Server(Closing::SlowReader) => (1013, "reads too slowly"),
            Self::Server(Closing::SessionEnded) => (4401, "the session has ended"),
            Self::Silent => (4408, "no sign of life"),
        })
    }
}

/// Serves a socket until it ends.
pub async fn run(app: App, current: CurrentUser, arrival: Arrival, after: Option<EventId>, socket: WebSocket) {
    let (user, session, device) = (current.user.id, current.session.id, DeviceId::new());
    let span = tracing::info_span!("socket", %device, %user);
    let connection = app.hub.connect(user, session, device);
    let (mut sink, stream) = socket.split();
    let host = arrival.base.host_str().unwrap_or_default().to_owned();
    let serve = async {
        app.calls.device_here(device, Device { user_id: user, address: arrival.peer.address.ip().to_canonical(), host });
        let mut writer = Writer { app: &app, sink: &mut sink, queue: connection.queue, user, device };
        let mut reader = Reader::new(&app, stream, user, device);
        let ending = tokio::select! {
            ending = writer.run(after) => ending,
            ending = reader.run() => ending,
            ending = oversee(&app, session, connection.closing) => ending,
        };
        let stream = reader.stream;
        if let Ending::Database(error) = &ending {
            tracing::error!(%error, "a socket ended on a database error");
        }
        tracing::debug!(?ending, "closed");
        (ending, stream)
    };
    let (ending, stream) = serve.instrument(span).await;
    if let Some(departure) = app.hub.disconnect(device, app.clock.now()) {
        app.settle_later(departure);
    }
    if matches!(ending, Ending::Server(Closing::SessionEnded)) {
        app.calls.signed_out(device);
    }
    app.calls.device_gone(device);
    if let Some((code, reason)) = ending.close_frame() {
        let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
        // Who does not take part in the goodbye is left without it.
        let _ = time::timeout(CLOSE_PATIENCE, say_goodbye(sink, stream, frame)).await;
    }
}

/// Closes as RFC 6455 §7.1.1 says: the server's Close, then the client's, then the connection.
async fn say_goodbye(mut sink: SplitSink<WebSocket, Message>, mut stream: SplitStream<WebSocket>, frame: CloseFrame) {
    if sink.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = stream.next().await {}
    }
}

/// Ends the socket when the hub says so, and when its session is over.
///
/// The session is looked up once more after the device is registered: it may have ended in between, when no
/// socket was there yet to be closed.
async fn oversee(app: &App, session: SessionId, mut closing: watch::Receiver<Option<Closing>>) -> Ending {
    loop {
        let now = app.clock.now();
        let expires_at = match sessions::end_of(app, session).await {
            Ok(Some(expires_at)) => expires_at,
            Ok(None) => return Ending::Server(Closing::SessionEnded),
            // The database is away: no reason to send everybody away too.
            Err(error) => {
                tracing::warn!(%error, "a session could not be looked up");
                now.plus(app.tuning.recheck_session)
            }
        };
        let next_look = now.until(expires_at).min(app.tuning.recheck_session);
        if let Ok(told) = time::timeout(next_look, closing.wait_for(Option::is_some)).await {
            return told.ok().and_then(|why| *why).map_or(Ending::Gone, Ending::Server);
        }
    }
}

struct Writer<'a> {
    app: &'a App,
    sink: &'a mut SplitSink<WebSocket, Message>,
    queue: mpsc::Receiver<Outgoing>,
    user: UserId,
    device: DeviceId,
}

impl Writer<'_> {
    async fn run(&mut self, after: Option<EventId>) -> Ending {
        // The queue has been filling since before this reads where the stream stands: what is in both is dropped by its id.
        let replayed = match self.greet(after).await {
            Ok(replayed) => replayed,
            Err(ending) => return ending,
        };
        let mut ping = time::interval(self.app.tuning.ping_every);
        loop {
            let sent = tokio::select! {
                outgoing = self.queue.recv() => match outgoing {
                    Some(outgoing) => self.pass_on(outgoing, replayed).await,
                    None => return Ending::Gone,
                },
                _ = ping.tick() => self.sink.send(Message::Ping(Default::default())).await,
            };
            if sent.is_err() {
                return Ending::Gone;
            }
        }
    }

    /// `Hello`, then everything since `after`. Returns up to where the stream has been told.
    async fn greet(&mut self, after: Option<EventId>) -> Result<EventId, Ending> {
        let bounds = events::bounds(&self.app.db).await.map_err(Ending::Database)?;
        let resumed = after.filter(|after| events::can_resume(*after, bounds));
        let hello = ServerFrame::Hello {
            user_id: self.user,
            device_id: self.device,
            last_event_id: bounds.last,
            reset: after.is_some() && resumed.is_none(),
        };
        let hello = serde_json::to_string(&hello).expect("a frame of ours is JSON");
        self.sink.send(Message::Text(hello.into())).await.map_err(|_| Ending::Gone)?;
        let mut at = resumed.unwrap_or(bounds.last);
        while at < bounds.last {
            let rows = events::visible(&self.app.db, self.user, at, bounds.last, REPLAY_PAGE).await;
            let rows = rows.map_err(Ending::Database)?;
            at = rows.last().filter(|_| rows.len() == REPLAY_PAGE as usize).map_or(bounds.last, |row| row.id);
            for row in &rows {
                self.sink.feed(Message::Text(row.frame().into())).await.map_err(|_| Ending::Gone)?;
            }
        }
        self.sink.flush().await.map_err(|_| Ending::Gone)?;
        Ok(bounds.last)
    }

    /// Writes a frame and those behind it, with one flush.
    async fn pass_on(&mut self, first: Outgoing, replayed: EventId) -> Result<(), axum::Error> {
        let mut next = Some(first);
        while let Some(outgoing) = next {
            match outgoing {
                Outgoing::Event { id, .. } if id <= replayed => {}
                Outgoing::Event { frame, .. } | Outgoing::Frame(frame) => self.sink.feed(Message::Text(frame)).await?,
            }
            next = self.queue.try_recv().ok();
        }
        self.sink.flush().await
    }
}

struct Reader<'a> {
    app: &'a App,
    stream: SplitStream<WebSocket>,
    user: UserId,
    device: DeviceId,
    pace: DefaultDirectRateLimiter,
    typing_pace: DefaultDirectRateLimiter,
}

impl<'a> Reader<'a> {
    fn new(app: &'a App, stream: SplitStream<WebSocket>, user: UserId, device: DeviceId) -> Self {
        let pace = RateLimiter::direct(Quota::per_second(FRAMES_PER_SECOND).allow_burst(FRAMES_AT_ONCE));
        let typing_pace = RateLimiter::direct(Quota::per_second(TYPING_PER_SECOND).allow_burst(TYPING_AT_ONCE));
        Self { app, stream, user, device, pace, typing_pace }
    }

    async fn run(&mut self) -> Ending {
        loop {
            // Whatever comes is a sign of life, above all the browser's answers to our pings.
            let Some(received) = self.next().await else { return Ending::Silent };
            match received {
                None | Some(Ok(Message::Close(_))) => return Ending::Gone,
                Some(Err(error)) => return ending_of(&error),
                Some(Ok(Message::Text(text))) if text.len() > MAX_FRAME => return Ending::TooLarge,
                Some(Ok(Message::Binary(bytes))) if bytes.len() > MAX_FRAME => return Ending::TooLarge,
                Some(Ok(Message::Text(text))) => self.handle(&text).await,
                Some(Ok(Message::Binary(_))) => self.refuse("bad_frame", "Frames are text."),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            }
            self.pace.until_ready().await;
        }
    }

    /// What comes next; nothing if the line is dead. On the way there a call stops counting on this device: a participant who is not
    /// there is not to be shown as one for longer than a call waits.
    async fn next(&mut self) -> Option<Option<Result<Message, axum::Error>>> {
        let Tuning { silent_after, dead_after, .. } = self.app.tuning;
        if let Ok(received) = time::timeout(silent_after, self.stream.next()).await {
            return Some(received);
        }
        self.app.calls.device_silent(self.device, silent_after);
        let received = time::timeout(dead_after.saturating_sub(silent_after), self.stream.next()).await.ok()?;
        if matches!(received, Some(Ok(_))) {
            self.app.calls.device_heard(self.device);
        }
        Some(received)
    }

    async fn handle(&self, text: &str) {
        match serde_json::from_str(text) {
            Ok(ClientFrame::Ping) => drop(self.app.hub.send_to_device(self.device, &ServerFrame::Pong)),
            Ok(ClientFrame::Presence { presence: Presence::Offline }) => {
                self.refuse("bad_presence", "Who has a socket is online or away.");
            }
            Ok(ClientFrame::Presence { presence }) => self.app.hub.set_away(self.device, presence == Presence::Away),
            Ok(ClientFrame::Typing { conversation_id }) => self.typing(conversation_id).await,
            Ok(call) => self.app.calls.handle(self.app, self.device, self.user, call).await,
            Err(error) => self.refuse("bad_frame", &format!("This is no frame of the protocol: {error}.")),
        }
    }

    /// What comes too often is dropped: every one of these goes to every member.
    async fn typing(&self, conversation: ConversationId) {
        if self.typing_pace.check().is_err() {
            return;
        }
        match chat::reads::typing(self.app, self.user, conversation).await {
            Ok(()) => {}
            Err(ChatError::Database(error)) => tracing::warn!(%error, "typing was not shown"),
            Err(_) => self.refuse("not_found", "There is no such conversation here."),
        }
    }

    fn refuse(&self, code: &str, message: &str) {
        let frame = ServerFrame::Error { code: code.to_owned(), message: message.to_owned(), call_id: None, client_key: None };
        self.app.hub.send_to_device(self.device, &frame);
    }
}

/// The WebSocket layer does not give its errors a type of ours; a test sends a frame that is too large and sees 1009.
fn ending_of(error: &axum::Error) -> Ending {
    let text = error.to_string();
    if text.starts_with("Space limit exceeded") {
        Ending::TooLarge
    } else if text.contains("protocol") || text.contains("UTF-8") {
        Ending::Broken
    } else {
        Ending::Gone
    }
}
