//! A call that is recorded, or may be: everybody agrees before media flows, the recorder runs before any offer passes, and where it
//! cannot the call ends, unless recording was somebody's wish alone.
//!
//! ```text
//! Idle --answered or switched on--> Consent --all agree--> Starting --the recorder has begun--> On
//! ```

use std::time::Duration;

use staffline_media::recorder::RecordingEvent;

use super::{Call, NodeCommand, Output, Phase};
use crate::{
    calls::{
        CallRecording, Outcome, Path, RecordingNotice, RecordingState, Signal, party::Side, policy::Policies, refusal::Refusal,
    },
    clock::Millis,
    ids::{DeviceId, RecordingId},
    recordings::{
        orders::{Begun, Consent, Fault, Note, OfCall, Order, Unrecorded},
        policy::{self, End, Mode, Verdict},
    },
    users::settings::Language,
};

/// How long a call waits for the consent of all.
pub const CONSENT: Duration = Duration::from_secs(60);
/// How long it waits for the recorder to begin.
pub const START: Duration = Duration::from_secs(10);
/// Devices of one side whose consent is remembered: as many as a user may have sockets.
const MAX_CONSENTS: usize = 64;

#[derive(Debug)]
pub(super) struct Recording {
    verdict: Verdict,
    stage: Stage,
    /// The one that runs, or ran last.
    id: Option<RecordingId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It rings, or nobody has asked for the recording.
    Idle,
    Consent {
        until: Millis,
    },
    Starting {
        until: Millis,
    },
    On {
        since: Millis,
        lagging: bool,
        /// Set while somebody who is here now has not agreed: a new device, or another version of the notice.
        until: Option<Millis>,
    },
    Failed,
}

impl Recording {
    fn deadline(&self) -> Option<Millis> {
        match self.stage {
            Stage::Consent { until } | Stage::Starting { until } => Some(until),
            Stage::On { until, .. } => until,
            Stage::Idle | Stage::Failed => None,
        }
    }

    fn version(&self) -> u32 {
        self.verdict.notice.version
    }

    fn always(&self) -> bool {
        self.verdict.mode == Mode::Always
    }
}

impl Call {
    pub(super) fn judge_recording(&self, policies: &Policies) -> Option<Verdict> {
        let end = |side| End { user_id: self.party(side).end.user_id, role: self.party(side).end.role };
        policy::judge(&policies.recording, self.conversation_id, end(Side::Caller), end(Side::Callee))
    }

    /// As the policy is at this moment: at the start and at the answer.
    pub(super) fn set_recording(&mut self, verdict: Option<Verdict>) {
        self.recording = verdict.map(|verdict| Recording { verdict, stage: Stage::Idle, id: None });
    }

    /// The name of the rule by which this call has to be recorded.
    pub(super) fn must_record(&self) -> Option<&str> {
        self.recording.as_ref().filter(|recording| recording.always()).map(|recording| recording.verdict.rule.as_str())
    }

    /// It is recorded, or about to be: it stays on the media node.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        let recorded = |recording: &Recording| recording.always() || !matches!(recording.stage, Stage::Idle | Stage::Failed);
        !self.is_ended() && self.recording.as_ref().is_some_and(recorded)
    }

    pub(super) fn recording_deadline(&self) -> Option<Millis> {
        self.recording.as_ref().and_then(Recording::deadline)
    }

    /// It was answered, and has to be recorded.
    pub(super) fn ask_consent(&mut self, now: Millis) -> Vec<Output> {
        let Some(recording) = &mut self.recording else { return Vec::new() };
        recording.stage = Stage::Consent { until: now.plus(CONSENT) };
        self.begin_if_agreed(now)
    }

    pub(super) fn consent(&mut self, now: Millis, side: Side, device: DeviceId, version: u32, language: Language) -> Vec<Output> {
        let refuse = |refusal| vec![Output::Refuse { device, refusal }];
        let Some(recording) = &self.recording else { return refuse(Refusal::RecordingNotAllowed) };
        if recording.version() != version {
            return refuse(Refusal::ConsentOutdated);
        }
        let text_hash = recording.verdict.notice.text_hash();
        let may_answer = side == Side::Callee && self.is_ringing();
        let call_id = self.id;
        let party = self.party_mut(side);
        if party.device != Some(device) && !may_answer {
            return refuse(Refusal::AnsweredElsewhere);
        }
        if party.consents.len() >= MAX_CONSENTS {
            party.consents.clear();
        }
        if party.consents.insert(device, version) == Some(version) {
            return vec![Output::ShowDevice(device)];
        }
        let user_id = party.end.user_id;
        let consent = Consent { call_id, user_id, device_id: device, notice_version: version, text_hash, language, at: now };
        let mut out = vec![Output::Consented(consent)];
        out.extend(self.note(Note::Consent { user_id, notice_version: version }));
        out.extend(self.agreed(now, side));
        out.extend(self.show());
        out
    }

    /// A side has agreed just now.
    fn agreed(&mut self, now: Millis, side: Side) -> Vec<Output> {
        let all = self.all_agree();
        let Some(recording) = &mut self.recording else { return Vec::new() };
        match &mut recording.stage {
            Stage::Consent { .. } => self.begin_if_agreed(now),
            Stage::On { until, .. } => {
                if all {
                    *until = None;
                }
                self.let_media_flow(now, side)
            }
            Stage::Idle | Stage::Starting { .. } | Stage::Failed => Vec::new(),
        }
    }

    /// A participant switches recording on demand on or off.
    pub(super) fn record(&mut self, now: Millis, side: Side, device: DeviceId, on: bool) -> Vec<Output> {
        let refuse = |refusal| vec![Output::Refuse { device, refusal }];
        let (answered, held) = (matches!(self.phase, Phase::Answered { .. }), self.is_held_by(side, device));
        if !self.may_switch(side) {
            return refuse(Refusal::RecordingNotAllowed);
        }
        if !answered {
            return refuse(Refusal::NotAnswered);
        }
        if !held {
            return refuse(Refusal::AnsweredElsewhere);
        }
        let Some(recording) = &mut self.recording else { return Vec::new() };
        let mut out = match (on, recording.stage) {
            (true, Stage::Idle | Stage::Failed) => {
                recording.stage = Stage::Consent { until: now.plus(CONSENT) };
                // Whatever was agreed to before: it is asked for now.
                self.caller.consents.clear();
                self.callee.consents.clear();
                Vec::new()
            }
            (false, Stage::Consent { .. } | Stage::Starting { .. } | Stage::On { .. }) => self.switch_off(now),
            _ => Vec::new(),
        };
        out.extend(self.show());
        out
    }

    /// Whether the user of a side may switch the recording.
    fn may_switch(&self, side: Side) -> bool {
        let role = self.party(side).end.role;
        self.recording.as_ref().is_some_and(|recording| !recording.always() && recording.verdict.by.contains(&role))
    }

    fn switch_off(&mut self, now: Millis) -> Vec<Output> {
        let mut out: Vec<_> = self.stop_recording().into_iter().collect();
        // Nobody has to agree any more.
        for side in [Side::Caller, Side::Callee] {
            out.extend(self.let_media_flow(now, side));
        }
        out
    }

    /// Ends what the recorder does for this call, if it does anything.
    pub(super) fn stop_recording(&mut self) -> Option<Output> {
        let room = self.room();
        let recording = self.recording.as_mut()?;
        let ran = matches!(recording.stage, Stage::Starting { .. } | Stage::On { .. });
        if recording.stage != Stage::Failed {
            recording.stage = Stage::Idle;
        }
        let id = recording.id.filter(|_| ran)?;
        Some(Output::Recorder(Order::Stop { id, room }))
    }

    fn begin_if_agreed(&mut self, now: Millis) -> Vec<Output> {
        if !self.all_agree() {
            return Vec::new();
        }
        self.recordings_made += 1;
        let id = RecordingId::of_u128(self.id.as_u128().wrapping_add(u128::from(self.recordings_made)));
        let (room, of) = (self.room(), self.of_call());
        let Some(recording) = &mut self.recording else { return Vec::new() };
        recording.id = Some(id);
        recording.stage = Stage::Starting { until: now.plus(START) };
        let (mode, notice) = (recording.verdict.mode, &recording.verdict.notice);
        let (notice_version, retention_days) = (notice.version, notice.retention_days);
        let begun = Begun { id, room, at: now, of, mode, notice_version, retention_days };
        vec![Output::Recorder(Order::Start(Box::new(begun)))]
    }

    fn all_agree(&self) -> bool {
        let version = self.recording.as_ref().map(Recording::version);
        version.is_some_and(|version| self.caller.agrees(version) && self.callee.agrees(version))
    }

    /// Why an offer of a side must not reach the media node yet; `Ok(false)`: it is to be held until the recorder runs.
    pub(super) fn may_offer(&self, side: Side) -> Result<bool, Refusal> {
        let Some(recording) = &self.recording else { return Ok(true) };
        let runs = matches!(recording.stage, Stage::On { .. });
        let gated = runs || (recording.always() && recording.stage != Stage::Failed);
        if !gated {
            return Ok(true);
        }
        let party = self.party(side);
        if party.agrees(recording.version()) {
            return Ok(runs);
        }
        let outdated = party.device.is_some_and(|device| party.consents.contains_key(&device));
        Err(if outdated { Refusal::ConsentOutdated } else { Refusal::ConsentNeeded })
    }

    /// Of one who has not agreed to what is told now, nothing passes: neither to the other nor into the recording. Their session stays, and
    /// goes on when they have.
    pub(super) fn hold_back(&mut self) -> Vec<Output> {
        let recording = self.recording.as_ref().filter(|_| !self.is_ended());
        let recorded = recording.filter(|recording| matches!(recording.stage, Stage::Starting { .. } | Stage::On { .. }));
        let version = recorded.map(Recording::version);
        let room = self.room();
        let mut out = Vec::new();
        for side in [Side::Caller, Side::Callee] {
            let party = self.party_mut(side);
            let on = version.is_some_and(|version| !party.agrees(version));
            let Some(peer) = party.node.peer.filter(|_| party.node.held_back != on) else { continue };
            party.node.held_back = on;
            let user_id = party.end.user_id;
            out.push(Output::Node(NodeCommand::HoldBack { room, peer, on }));
            out.extend(self.note(Note::HeldBack { user_id, on }));
        }
        out
    }

    pub(super) fn recorder_event(&mut self, now: Millis, id: u128, what: &RecordingEvent) -> Vec<Output> {
        let Some(recording) = self.recording.as_mut().filter(|recording| recording.id.is_some_and(|own| own.as_u128() == id))
        else {
            return Vec::new();
        };
        match (what, &mut recording.stage) {
            (RecordingEvent::Started, Stage::Starting { .. }) => self.recorder_started(now),
            (RecordingEvent::Lagging(on), Stage::On { lagging, .. }) if lagging != on => {
                *lagging = *on;
                self.show()
            }
            (RecordingEvent::Failed(failure), Stage::Starting { .. } | Stage::On { .. }) => {
                self.recording_failed(now, failure.into())
            }
            _ => Vec::new(),
        }
    }

    fn recorder_started(&mut self, now: Millis) -> Vec<Output> {
        let until = (!self.all_agree()).then(|| now.plus(CONSENT));
        let Some(recording) = &mut self.recording else { return Vec::new() };
        recording.stage = Stage::On { since: now, lagging: false, until };
        let (notice_version, rule) = (recording.version(), recording.verdict.rule.clone());
        let mut out = Vec::new();
        for side in [Side::Caller, Side::Callee] {
            let party = self.party(side);
            let (user_id, peer) = (party.end.user_id, party.node.peer.filter(|_| party.node.connected));
            if party.agrees(notice_version) {
                out.extend(self.note(Note::Consent { user_id, notice_version }));
            }
            out.extend(peer.and_then(|peer| self.note(Note::Join { user_id, peer })));
            out.extend(self.media_note(side));
        }
        if self.path() == Some(Path::MediaNode) {
            for side in [Side::Caller, Side::Callee] {
                out.extend(self.let_media_flow(now, side));
            }
            out.extend(self.show());
        } else {
            out.extend(self.move_to(now, Path::MediaNode, Some(rule)));
        }
        out
    }

    /// What was held back of a side passes, and its time to connect begins.
    fn let_media_flow(&mut self, now: Millis, side: Side) -> Vec<Output> {
        if self.path() != Some(Path::MediaNode) || self.may_offer(side) != Ok(true) {
            return Vec::new();
        }
        let party = self.party_mut(side);
        if !party.node.connected && party.node.deadline.is_none() {
            party.await_media(now);
        }
        match (party.device, party.held_offer.take()) {
            (Some(device), Some(sdp)) => self.signal_to_node(side, device, Signal::Offer { sdp }),
            _ => Vec::new(),
        }
    }

    /// Another device, or a page without what it knew, speaks for a side of a recorded call.
    pub(super) fn ask_newcomer(&mut self, now: Millis) {
        let missing = !self.all_agree();
        if let Some(Recording { stage: Stage::On { until, .. }, .. }) = &mut self.recording {
            *until = missing.then(|| until.unwrap_or(now.plus(CONSENT)));
        }
    }

    /// The policy has changed. What rings is judged anew; who talks and is recorded is asked anew. Nothing becomes laxer.
    pub(super) fn recording_policy_changed(&mut self, now: Millis, policies: &Policies) -> Vec<Output> {
        let judged = self.judge_recording(policies);
        let ringing = self.is_ringing();
        match (&mut self.recording, judged) {
            (present, judged) if ringing => {
                if present.as_ref().map(|present| &present.verdict) == judged.as_ref() {
                    return Vec::new();
                }
                self.set_recording(judged);
            }
            (Some(present), Some(judged)) if present.version() != judged.notice.version => {
                present.verdict.notice = judged.notice;
                match &mut present.stage {
                    Stage::On { until, .. } => *until = Some(now.plus(CONSENT)),
                    Stage::Consent { until } => *until = now.plus(CONSENT),
                    // What the recorder was asked for, was asked under the notice before.
                    Stage::Starting { .. } | Stage::Idle | Stage::Failed => {}
                }
            }
            _ => return Vec::new(),
        }
        self.show()
    }

    /// Something that had to happen for the recording did not.
    pub(super) fn recording_overdue(&mut self, now: Millis) -> Option<Vec<Output>> {
        let recording = self.recording.as_ref().filter(|recording| recording.deadline().is_some_and(|at| at <= now))?;
        Some(match recording.stage {
            Stage::Starting { .. } => self.recording_failed(now, Fault::Recorder),
            _ if recording.always() => self.recording_failed(now, Fault::NoConsent),
            _ => {
                let mut out = self.switch_off(now);
                out.extend(self.show());
                out
            }
        })
    }

    /// Where it had to be recorded, there is no call without a recording.
    fn recording_failed(&mut self, now: Millis, why: Fault) -> Vec<Output> {
        let of = self.of_call();
        let stop = self.stop_recording();
        let Some(recording) = &mut self.recording else { return Vec::new() };
        recording.stage = Stage::Failed;
        let (always, recording_id) = (recording.always(), recording.id);
        let mut out = vec![Output::NotRecorded(Box::new(Unrecorded { of, recording_id, why, at: now }))];
        out.extend(stop);
        if always {
            out.extend(self.end(now, Outcome::NotRecorded));
        } else {
            for side in [Side::Caller, Side::Callee] {
                out.extend(self.let_media_flow(now, side));
            }
            out.extend(self.show());
        }
        out
    }

    /// A line for the recording, if there is one.
    pub(super) fn note(&self, note: Note) -> Option<Output> {
        let recording = self.recording.as_ref().filter(|recording| matches!(recording.stage, Stage::On { .. }))?;
        Some(Output::Recorder(Order::Note { id: recording.id?, room: self.room(), note }))
    }

    pub(super) fn media_note(&self, side: Side) -> Option<Output> {
        let party = self.party(side);
        let (user_id, sends) = (party.end.user_id, party.sends);
        let (microphone, camera, screen, on_hold) = (sends.microphone, sends.camera, sends.screen, sends.on_hold);
        self.note(Note::Media { user_id, microphone, camera, screen, on_hold })
    }

    /// That the media of a side ends, if it has flowed.
    pub(super) fn leave_note(&self, side: Side) -> Option<Output> {
        let party = self.party(side);
        let (user_id, peer) = (party.end.user_id, party.node.peer.filter(|_| party.node.connected)?);
        self.note(Note::Leave { user_id, peer })
    }

    fn of_call(&self) -> OfCall {
        OfCall {
            call_id: self.id,
            conversation_id: self.conversation_id,
            kind: self.kind,
            caller_id: self.caller.end.user_id,
            callee_id: self.callee.end.user_id,
            rule: self.recording.as_ref().map(|recording| recording.verdict.rule.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn recording_for(&self, side: Side, device: DeviceId) -> Option<CallRecording> {
        let Recording { verdict, stage, .. } = self.recording.as_ref()?;
        let notice = &verdict.notice;
        let (answered, over) = (matches!(self.phase, Phase::Answered { .. }), self.is_ended());
        let state = match stage {
            Stage::Failed => RecordingState::Failed,
            _ if over => RecordingState::Off,
            Stage::Idle if verdict.mode == Mode::Always => RecordingState::Announced,
            Stage::Idle => RecordingState::Off,
            Stage::Consent { .. } | Stage::Starting { .. } => RecordingState::Consent,
            Stage::On { lagging: true, .. } => RecordingState::Interrupted,
            Stage::On { .. } => RecordingState::On,
        };
        let asked = answered && !matches!(stage, Stage::Idle | Stage::Failed);
        let missing = [&self.caller, &self.callee].into_iter().filter(|party| asked && !party.agrees(notice.version));
        Some(CallRecording {
            state,
            rule: verdict.rule.clone(),
            mode: verdict.mode,
            notice: RecordingNotice {
                version: notice.version,
                purpose_ru: notice.purpose.ru.clone(),
                purpose_en: notice.purpose.en.clone(),
                recorded_by: notice.recorded_by.clone(),
                retention_days: notice.retention_days,
                video: true,
            },
            consented: self.party(side).consents.get(&device) == Some(&notice.version),
            waiting_for: missing.map(|party| party.end.user_id).collect(),
            can_start: answered && self.may_switch(side),
            started_at: match stage {
                Stage::On { since, .. } => Some(*since),
                _ => None,
            },
        })
    }
}
