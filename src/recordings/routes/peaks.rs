//! How loud a recording is along the way: a waveform, and who spoke when.

use std::collections::BTreeMap;

use axum::{Json as Reply, extract::State};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use staffline_media::{control::PeerId, recorder::StreamId};
use utoipa::ToSchema;

use super::{find::found, listen};
use crate::{
    app::App,
    audit::Action,
    compliance::officer::{Officer, record},
    error::{Error, ErrorBody},
    http::extract::Path,
    ids::{RecordingId, UserId},
    recordings::{
        RecordingsError,
        levels::{self, Levels},
        model::Stream,
        peaks,
        shelf::blocking,
        store::reading,
    },
    users,
};

/// Two days of a mix.
const MAX_MIX: u64 = 1024 * 1024 * 1024;
/// Levels of the longest recording in `streams`: beyond that, each stands for more.
const MOST: usize = 4_000;

/// How loud a recording is along the way. All levels are from 0 (silence) to 255, each that of the loudest sample in its step.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordingPeaks {
    /// What one level of `mix` and `speakers` stands for.
    step_ms: u32,
    /// All voices together, from the start of the recording on: a byte for each step, base64.
    mix: String,
    /// The oldest first. Nobody where a recording is older than this server tells who spoke.
    speakers: Vec<SpeakerLevels>,
    /// What one level of `streams` stands for: never finer than `step_ms`, and coarser in a long recording.
    bucket_ms: u32,
    /// The mix and the tracks, at most 4,000 levels each.
    streams: Vec<StreamPeaks>,
}

/// One session of a participant; whoever came back has another.
#[derive(Debug, Serialize, ToSchema)]
pub struct SpeakerLevels {
    /// As events name it.
    peer: String,
    user_id: Option<UserId>,
    name: String,
    /// Where the first level is, since the start of the recording.
    starts_ms: u64,
    /// A byte for each step, base64; behind the last is silence.
    levels: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct StreamPeaks {
    stream: u16,
    /// The loudest sample in each stretch of the stream, 0 to 255.
    levels: Vec<u8>,
}

/// A waveform, and who spoke when.
#[utoipa::path(get, path = "/api/recordings/{id}/peaks", tag = "recordings", operation_id = "recording_peaks", params(("id" = RecordingId, Path)),
    responses(
        (status = 200, body = RecordingPeaks),
        (status = 404, description = "not_found: there is none; compliance officers only", body = ErrorBody),
        (status = 409, description = "erased, damaged", body = ErrorBody),
        (status = "default", description = "Refused", body = ErrorBody),
    ))]
pub async fn peaks(
    State(app): State<App>,
    Officer(current): Officer,
    Path(id): Path<RecordingId>,
) -> Result<Reply<RecordingPeaks>, Error> {
    found(&app, id).await?;
    record(&app, &current, Action::RecordingOpened { recording_id: id, what: "peaks".to_owned() }).await?;
    let levels = written(&app, id).await?;
    let peers = reading::peers(&app.db, id).await?;
    let tracks = reading::streams(&app.db, id).await?;
    let names = users::all(&app.db).await?.into_iter().map(|user| (user.id, user.name)).collect();
    Ok(Reply(answer(&levels, &peers, &names, &tracks)))
}

/// As the recorder has written them; of an older recording, or one that broke off too soon, by decoding its mix.
async fn written(app: &App, id: RecordingId) -> Result<Levels, RecordingsError> {
    let events = match listen::happened(app, id).await {
        Err(RecordingsError::NotFound) => Vec::new(),
        read => read?,
    };
    if let Some(levels) = levels::of(&events) {
        return Ok(levels);
    }
    let mix = listen::whole(app, id, StreamId::MIX, MAX_MIX).await?;
    let (step_ms, mix) = blocking(move || Ok(peaks::of(&mix))).await?;
    Ok(Levels { step_ms, mix, voices: BTreeMap::new() })
}

fn answer(
    levels: &Levels,
    peers: &BTreeMap<PeerId, UserId>,
    names: &BTreeMap<UserId, String>,
    tracks: &[Stream],
) -> RecordingPeaks {
    let each = levels::coarser(&levels.mix, MOST);
    let mut speakers: Vec<_> = levels
        .voices
        .iter()
        .map(|(peer, voice)| {
            let user_id = peers.get(peer).copied();
            SpeakerLevels {
                peer: format!("{:032x}", peer.0),
                user_id,
                name: user_id.and_then(|id| names.get(&id)).cloned().unwrap_or_default(),
                starts_ms: voice.starts_ms,
                levels: STANDARD.encode(&voice.levels),
            }
        })
        .collect();
    speakers.sort_by_key(|speaker| speaker.starts_ms);
    let heard = |track: &&Stream| !levels.voices.is_empty() && track.sources.iter().any(|source| source == "microphone");
    let of_track = |track: &Stream| {
        let theirs = |peer| track.user_id.is_some() && peers.get(&peer) == track.user_id.as_ref();
        let levels = levels.between(theirs, track.starts_ms, track.duration_ms);
        StreamPeaks { stream: track.stream, levels: levels::loudest(&levels, each) }
    };
    let mix = StreamPeaks { stream: StreamId::MIX.0, levels: levels::loudest(&levels.mix, each) };
    RecordingPeaks {
        step_ms: levels.step_ms,
        mix: STANDARD.encode(&levels.mix),
        speakers,
        bucket_ms: levels.step_ms.saturating_mul(u32::try_from(each).unwrap_or(u32::MAX)),
        streams: [mix].into_iter().chain(tracks.iter().filter(heard).map(of_track)).collect(),
    }
}
