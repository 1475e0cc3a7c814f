//! The media node alone, behind WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): any standard client can publish
//! to its one room and any number can subscribe. Those who talk to each other `POST /whip/ROOM`, a number.
//!
//! ```text
//! cargo run --release -p staffline-media --example whip -- --http 127.0.0.1:18090 --udp 127.0.0.1:0 --profile gcm
//! ```
//!
//! `POST /whip` and `POST /whep` take an offer and answer `201` with the session's `Location`; `DELETE` on it ends
//! the session. There is no trickle ICE: an ICE-lite server needs no candidates of its clients, so `PATCH` is 405, as
//! both documents allow. `GET /report` shows the node's counters.
//!
//! With `--shards N` rooms are spread over so many threads and UDP ports, by their numbers.
//!
//! With `--record FOLDER` every room is recorded from its first session until the last is deleted, each time in a folder of its own,
//! under a key of zeros. `GET /recordings` tells what has become of them, a line for each event since it was asked last.

#![expect(clippy::print_stdout, reason = "an example says where it listens")]
#![expect(clippy::disallowed_types, reason = "this is the edge: requests wait for the node's answers in a shared map")]

use std::collections::HashMap;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use staffline_media::control::{Command, Event, PeerId, RefusedReason, RoomId};
use staffline_media::driver::{self, Handle, SendError};
use staffline_media::recorder::{RecordingEvent, RecordingKey, RecordingPlan};
use staffline_media::srtp::SrtpProfile;
use tokio::sync::oneshot;

const ROOM: RoomId = RoomId(1);
/// Recordings of an example are no secret.
const KEY: RecordingKey = RecordingKey([0; 32]);
const SDP: HeaderValue = HeaderValue::from_static("application/sdp");

/// Requests that wait for the node, by the peer or the report they asked for; and what waits for a request.
#[derive(Default)]
struct Waiting {
    answers: HashMap<PeerId, oneshot::Sender<Result<String, RefusedReason>>>,
    reports: HashMap<u64, oneshot::Sender<String>>,
    /// Who is where.
    rooms: HashMap<PeerId, RoomId>,
    recordings: String,
}

type SharedWaiting = Arc<Mutex<Waiting>>;

struct App {
    node: Handle,
    waiting: SharedWaiting,
    last_id: AtomicU64,
    record: Option<PathBuf>,
}

impl App {
    fn next_id(&self) -> u64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn join(&self, room: RoomId, offer: String) -> Result<(u64, String), Response> {
        let id = self.next_id();
        let peer = PeerId(id.into());
        let (sender, answer) = oneshot::channel();
        lock(&self.waiting).answers.insert(peer, sender);
        self.enter(room, peer);
        if self.node.send(Command::Join { room, peer, offer }).is_err() {
            lock(&self.waiting).answers.remove(&peer);
            return Err(StatusCode::SERVICE_UNAVAILABLE.into_response());
        }
        match answer.await {
            Ok(Ok(sdp)) => Ok((id, sdp)),
            Ok(Err(reason)) => {
                self.leave(peer);
                Err((status_of(&reason), format!("{reason}\n")).into_response())
            }
            Err(_) => Err(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        }
    }

    /// The first one's entry begins the recording.
    fn enter(&self, room: RoomId, peer: PeerId) {
        let mut waiting = lock(&self.waiting);
        let is_first = !waiting.rooms.values().any(|other| *other == room);
        waiting.rooms.insert(peer, room);
        if let Some(folder) = self.record.as_ref().filter(|_| is_first) {
            let id = self.next_id();
            let plan =
                RecordingPlan { id: id.into(), folder: folder.join(id.to_string()), key: KEY, notice: Vec::new(), clock: None };
            let _ = self.node.send(Command::StartRecording { room, plan });
        }
    }

    /// The last one's leaving ends the recording. `None` if that one is in no room.
    fn leave(&self, peer: PeerId) -> Option<Result<(), SendError>> {
        let mut waiting = lock(&self.waiting);
        let room = waiting.rooms.remove(&peer)?;
        let left = self.node.send(Command::Leave { room, peer });
        if !waiting.rooms.values().any(|other| *other == room) {
            let _ = self.node.send(Command::StopRecording { room });
        }
        Some(left)
    }
}

fn lock(waiting: &SharedWaiting) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

fn status_of(reason: &RefusedReason) -> StatusCode {
    match reason {
        RefusedReason::BadOffer(_) => StatusCode::BAD_REQUEST,
        RefusedReason::NoCommonCodec => StatusCode::NOT_ACCEPTABLE,
        RefusedReason::UnknownPeer => StatusCode::NOT_FOUND,
        RefusedReason::AlreadyJoined => StatusCode::CONFLICT,
        RefusedReason::Full => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Called on the node's thread: it only hands over.
fn tell(waiting: &SharedWaiting, event: Event) {
    match event {
        Event::Answer { peer, sdp } => answer(waiting, peer, Ok(sdp)),
        Event::Refused { peer, reason } => answer(waiting, peer, Err(reason)),
        Event::Connected { peer, remote, .. } => println!("peer {} connected from {remote}", peer.0),
        Event::Closed { peer, reason } => println!("peer {} closed: {reason:?}", peer.0),
        Event::Recording { id, what, .. } => {
            if let Some(what) = told(&what) {
                lock(waiting).recordings.push_str(&format!("{id} {what}\n"));
            }
        }
        Event::Report { id, report } => {
            if let Some(sender) = lock(waiting).reports.remove(&id) {
                let _ = sender.send(format!("{report:#?}\n"));
            }
        }
    }
}

fn told(what: &RecordingEvent) -> Option<String> {
    Some(match what {
        RecordingEvent::Started => "started".to_owned(),
        RecordingEvent::Lagging(on) => format!("lagging {on}"),
        RecordingEvent::Failed(failure) => format!("failed {failure}"),
        RecordingEvent::Closed(summary) => {
            let hash: String = summary.head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("closed {} {} {hash}", summary.head.segment, summary.head.record)
        }
        RecordingEvent::Synced(_) | RecordingEvent::SegmentClosed { .. } => return None,
    })
}

fn answer(waiting: &SharedWaiting, peer: PeerId, result: Result<String, RefusedReason>) {
    if let Some(sender) = lock(waiting).answers.remove(&peer) {
        let _ = sender.send(result);
    }
}

/// Publishing and subscribing are the same to the node: the offer's directions say who sends.
async fn offer(State(app): State<Arc<App>>, room: Option<Path<u64>>, headers: HeaderMap, offer: String) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !content_type.to_ascii_lowercase().starts_with("application/sdp") {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    match app.join(room.map_or(ROOM, |Path(room)| RoomId(room.into())), offer).await {
        Ok((id, sdp)) => {
            let location = format!("/session/{id}");
            (StatusCode::CREATED, [(header::CONTENT_TYPE, SDP)], [(header::LOCATION, location)], sdp).into_response()
        }
        Err(response) => response,
    }
}

async fn options() -> Response {
    let accept_post = (header::HeaderName::from_static("accept-post"), SDP);
    let allow = (header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
    let methods = (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("OPTIONS, POST, DELETE"));
    let request_headers = (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("content-type, authorization"));
    (StatusCode::NO_CONTENT, [accept_post, allow, methods, request_headers]).into_response()
}

async fn end(State(app): State<Arc<App>>, Path(id): Path<u64>) -> StatusCode {
    let peer = PeerId(id.into());
    match app.leave(peer) {
        Some(Ok(())) => StatusCode::OK,
        Some(Err(_)) => StatusCode::SERVICE_UNAVAILABLE,
        None => StatusCode::NOT_FOUND,
    }
}

async fn recordings(State(app): State<Arc<App>>) -> String {
    std::mem::take(&mut lock(&app.waiting).recordings)
}

async fn report(State(app): State<Arc<App>>) -> Response {
    let id = app.next_id();
    let (sender, report) = oneshot::channel();
    lock(&app.waiting).reports.insert(id, sender);
    if app.node.send(Command::Report { id }).is_err() {
        lock(&app.waiting).reports.remove(&id);
    }
    match report.await {
        Ok(report) => report.into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// A page on another origin may use this example; it has nothing to protect.
async fn allow_any_origin(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("location"));
    response
}

struct Arguments {
    http: SocketAddr,
    udp: SocketAddr,
    shards: usize,
    advertised: Vec<IpAddr>,
    profiles: Vec<SrtpProfile>,
    record: Option<PathBuf>,
}

impl Arguments {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut read = Self {
            http: ([127, 0, 0, 1], 18090).into(),
            udp: ([127, 0, 0, 1], 0).into(),
            shards: 1,
            advertised: Vec::new(),
            profiles: vec![SrtpProfile::AeadAes128Gcm, SrtpProfile::Aes128CmHmacSha1_80],
            record: None,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
            match (name.as_str(), value.as_str()) {
                ("--http", address) => read.http = address.parse()?,
                ("--udp", address) => read.udp = address.parse()?,
                ("--shards", count) => read.shards = count.parse()?,
                ("--advertise", address) => read.advertised.push(address.parse()?),
                ("--record", folder) => read.record = Some(folder.into()),
                ("--profile", "gcm") => read.profiles = vec![SrtpProfile::AeadAes128Gcm],
                ("--profile", "cm") => read.profiles = vec![SrtpProfile::Aes128CmHmacSha1_80],
                _ => return Err(format!("unknown: {name} {value}; see the head of examples/whip.rs").into()),
            }
        }
        Ok(read)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::read()?;
    let waiting = SharedWaiting::default();
    let told = Arc::clone(&waiting);
    let config = driver::Config {
        bind: arguments.udp,
        shards: arguments.shards,
        advertised: arguments.advertised,
        srtp_profiles: arguments.profiles,
        stream_patience: Default::default(),
    };
    let node = driver::start(config, move |event| tell(&told, event))?;
    let media = node.local_addr();

    let app = Arc::new(App { node, waiting, last_id: AtomicU64::new(0), record: arguments.record });
    let router = Router::new()
        .route("/whip", post(offer).options(options))
        .route("/whip/{room}", post(offer).options(options))
        .route("/whep", post(offer).options(options))
        .route("/recordings", get(recordings))
        .route("/session/{id}", delete(end).options(options))
        .route("/report", get(report))
        .layer(DefaultBodyLimit::max(1 << 20))
        .layer(axum::middleware::map_response(allow_any_origin))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(arguments.http).await?;
    println!("WHIP http://{0}/whip  WHEP http://{0}/whep  media {media}/udp", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
