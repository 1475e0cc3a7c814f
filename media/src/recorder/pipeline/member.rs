//! A participant: what comes of their microphone, camera and screen, and where it goes.

use super::{
    audio::{AudioTrack, Heard, Reason},
    books::{Desk, hex, millis, name},
    reel::{Reel, sound_ms},
    timeline::micros,
    toc,
    video::{Seen, VideoTrack},
};
use crate::{
    control::PeerId,
    recorder::{SenderClock, Source, Tapped},
};

/// Reports that are nearer to each other are not all written down.
const REPORT_US: i64 = 500_000;

/// A report comes not long after the time it tells, by the packets of its track.
const PLAUSIBLE_US: std::ops::Range<i64> = -500_000..1_500_000;

/// Nothing is waited for longer, even if all that comes of it is no sound.
const PATIENCE_US: i64 = 1_500_000;

/// What comes so soon after the end of a source was sent before it.
const LATE_US: i64 = 300_000;

/// What is nearer than this is together.
const TOGETHER_US: i64 = 5_000;

/// Two tracks of one sender are not further apart.
const APART_US: i64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Member {
    peer: PeerId,
    microphone: Option<Microphone>,
    camera: Option<Picture>,
    screen: Option<Picture>,
    /// When camera and screen have ended: what was on its way then is none that begin anew.
    ended_us: [Option<i64>; 2],
    /// Of microphone and camera.
    together: Reel,
    shown: Reel,
}

#[derive(Debug)]
struct Microphone {
    track: AudioTrack,
    clock: Option<Clock>,
}

#[derive(Debug)]
struct Picture {
    track: VideoTrack,
    clock: Option<Clock>,
    /// Whether it has its place by the sender's clock.
    is_aligned: bool,
}

/// The last report of a track.
#[derive(Clone, Copy, Debug)]
struct Clock {
    generation: u64,
    ntp_us: i64,
    timestamp: u32,
    told_us: i64,
}

impl Microphone {
    fn place_us(&self, timestamp: u32) -> Option<i64> {
        self.track.place_of(timestamp).map(|place| micros(place, toc::RATE))
    }
}

impl Member {
    pub(super) fn new(peer: PeerId) -> Self {
        Self {
            peer,
            microphone: None,
            camera: None,
            screen: None,
            ended_us: [None; 2],
            together: Reel::new(peer, Source::Camera),
            shown: Reel::new(peer, Source::Screen),
        }
    }

    pub(super) fn packet(&mut self, packet: &Tapped<'_>, desk: &mut Desk<'_>) {
        match packet.source {
            Source::Microphone => self.sound_packet(packet, desk),
            Source::Camera | Source::Screen => self.picture_packet(packet, desk),
        }
    }

    /// Notes where the sender's clock stands; the first time that those of sound and pictures are known they are put together.
    pub(super) fn sender_report(&mut self, report: &SenderClock, desk: &mut Desk<'_>) {
        let peer = hex(self.peer);
        let Some(clock) = self.clock(report.source) else { return };
        let told_us = clock.map(|clock| clock.told_us).filter(|told| desk.now_us - told < REPORT_US);
        if told_us.is_none() {
            let (source, ntp, timestamp) = (name(report.source), report.ntp, report.timestamp);
            desk.tell(format_args!(
                r#""type":"sender_report","peer":"{peer}","source":"{source}","ntp":"{ntp:016x}","timestamp":{timestamp}"#
            ));
        }
        *clock = Some(Clock {
            generation: report.generation,
            ntp_us: ((i128::from(report.ntp) * 1_000_000) >> 32) as i64,
            timestamp: report.timestamp,
            told_us: told_us.unwrap_or(desk.now_us),
        });
        if !self.is_plausible(report, desk.now_us) {
            self.clock(report.source).iter_mut().for_each(|clock| **clock = None);
            return;
        }
        self.follow_microphone(report, desk);
        for source in [Source::Camera, Source::Screen] {
            self.align(source, desk);
        }
    }

    fn follow_microphone(&mut self, report: &SenderClock, desk: &mut Desk<'_>) {
        let Some(microphone) = self.microphone.as_mut().filter(|_| report.source == Source::Microphone) else { return };
        let Some(clock) = microphone.clock else { return };
        let mut heard = Vec::new();
        microphone.track.report(clock.ntp_us, clock.timestamp, &mut heard);
        self.write_sound(heard, desk);
    }

    /// What waits too long is given up, and what is complete is written.
    pub(super) fn tick(&mut self, desk: &mut Desk<'_>) {
        let mut heard = Vec::new();
        if let Some(microphone) = &mut self.microphone {
            microphone.track.tick(desk.now_us, &mut heard);
        }
        self.write_sound(heard, desk);
        self.end_dead_camera(desk);
        for source in [Source::Camera, Source::Screen] {
            let mut seen = Vec::new();
            if let Some(picture) = self.picture(source) {
                picture.track.tick(desk.now_us, &mut seen);
                if picture.track.wants_keyframe(desk.now_us) {
                    desk.books.wishes.push((self.peer, source));
                }
            }
            self.write_pictures(source, seen, desk);
        }
        let camera_ms = self.camera.as_ref().map_or(u64::MAX, |camera| camera.track.known_until_ms(desk.now_us));
        let sound_ms = self.known_until().map_or(u64::MAX, sound_ms);
        let known_ms = sound_ms.min(camera_ms).max(millis(desk.now_us - PATIENCE_US));
        self.together.tick(known_ms.min(desk.now_ms()), desk);
        let screen_ms = self.screen.as_ref().map_or(0, |screen| screen.track.known_until_ms(desk.now_us));
        self.shown.tick(screen_ms, desk);
    }

    /// A source is not sent any more; it may begin anew.
    pub(super) fn ended(&mut self, source: Source, desk: &mut Desk<'_>) {
        self.finish_pictures(source, desk);
        match source {
            // Its silence is told by its track.
            Source::Microphone => {}
            Source::Camera => {
                self.camera = None;
                self.together.end_picture(desk.now_ms());
                self.ended_us[0] = Some(desk.now_us);
            }
            Source::Screen => {
                self.screen = None;
                self.shown.close(desk.now_ms(), desk);
                self.ended_us[1] = Some(desk.now_us);
            }
        }
    }

    /// Nothing more comes; `left` if the participant is gone, and the call is not.
    pub(super) fn finish(&mut self, left: bool, desk: &mut Desk<'_>) {
        let mut heard = Vec::new();
        if let Some(microphone) = &mut self.microphone {
            microphone.track.finish(desk.now_us, left, &mut heard);
        }
        self.write_sound(heard, desk);
        self.finish_pictures(Source::Camera, desk);
        self.finish_pictures(Source::Screen, desk);
        self.together.close(desk.now_ms(), desk);
        self.shown.close(desk.now_ms(), desk);
        if let Some(mix) = &mut desk.books.mix {
            mix.leave(self.peer);
        }
    }

    /// Up to here it is known what there is to hear. Unset if nothing is to be heard.
    pub(super) fn known_until(&self) -> Option<i64> {
        self.microphone.as_ref().map(|microphone| microphone.track.known_until())
    }

    fn sound_packet(&mut self, packet: &Tapped<'_>, desk: &mut Desk<'_>) {
        let begin = || Microphone { track: AudioTrack::new(desk.now_us, packet.generation), clock: None };
        let microphone = self.microphone.get_or_insert_with(begin);
        let mut heard = Vec::new();
        microphone.track.packet(desk.now_us, packet, &mut heard);
        self.write_sound(heard, desk);
    }

    fn picture_packet(&mut self, packet: &Tapped<'_>, desk: &mut Desk<'_>) {
        let ended_us = self.ended_us[usize::from(packet.source == Source::Screen)];
        if ended_us.is_some_and(|ended| desk.now_us - ended < LATE_US) {
            return;
        }
        let begin = || Picture { track: VideoTrack::new(desk.now_us, packet.generation), clock: None, is_aligned: false };
        let picture = if packet.source == Source::Screen { &mut self.screen } else { &mut self.camera };
        let picture = picture.get_or_insert_with(begin);
        let before = picture.track.generation();
        let mut seen = Vec::new();
        picture.track.packet(desk.now_us, packet, &mut seen);
        if picture.track.generation() != before {
            picture.is_aligned = false;
        }
        self.write_pictures(packet.source, seen, desk);
    }

    /// Screens may send nothing for long, while nothing moves on them; cameras do not.
    fn end_dead_camera(&mut self, desk: &mut Desk<'_>) {
        if let Some(camera) = self.camera.as_mut().filter(|camera| camera.track.is_dead(desk.now_us)) {
            camera.track.miss(Reason::Silence);
            desk.ended(self.peer, Source::Camera);
            self.ended(Source::Camera, desk);
        }
    }

    fn picture(&mut self, source: Source) -> Option<&mut Picture> {
        match source {
            Source::Microphone => None,
            Source::Camera => self.camera.as_mut(),
            Source::Screen => self.screen.as_mut(),
        }
    }

    fn clock(&mut self, source: Source) -> Option<&mut Option<Clock>> {
        match source {
            Source::Microphone => self.microphone.as_mut().map(|microphone| &mut microphone.clock),
            Source::Camera | Source::Screen => self.picture(source).map(|picture| &mut picture.clock),
        }
    }

    fn finish_pictures(&mut self, source: Source, desk: &mut Desk<'_>) {
        let mut seen = Vec::new();
        if let Some(picture) = self.picture(source) {
            picture.track.finish(desk.now_us, &mut seen);
        }
        self.write_pictures(source, seen, desk);
    }

    fn write_sound(&mut self, heard: Vec<Heard>, desk: &mut Desk<'_>) {
        for heard in heard {
            let (place, payload) = match heard {
                Heard::Packet { place, lost, payload, .. } => {
                    if let Some(mix) = &mut desk.books.mix {
                        mix.packet(self.peer, place, lost, &payload);
                    }
                    (place, payload)
                }
                Heard::Filler { place, payload } => (place, payload.to_vec()),
                Heard::Gap { from, to, reason } => {
                    if let Some(stream) = self.together.stream() {
                        desk.gap(stream, Source::Microphone, sound_ms(from), sound_ms(to), reason);
                    }
                    continue;
                }
                Heard::Anchor { place, timestamp, reason } => {
                    [&mut self.camera, &mut self.screen].into_iter().flatten().for_each(|picture| picture.is_aligned = false);
                    self.tell_anchor(Source::Microphone, sound_ms(place), timestamp, reason, desk);
                    continue;
                }
            };
            if self.together.sound(sound_ms(place), payload, desk)
                && let Some(camera) = &mut self.camera
            {
                camera.track.need_keyframe();
            }
        }
    }

    fn write_pictures(&mut self, source: Source, seen: Vec<Seen>, desk: &mut Desk<'_>) {
        for seen in seen {
            let reel = if source == Source::Screen { &mut self.shown } else { &mut self.together };
            match seen {
                Seen::Frame { at_ms, key, data } => reel.picture(at_ms, key, data, desk),
                Seen::Gap { from_ms, to_ms, reason } => {
                    if let Some(stream) = reel.stream() {
                        desk.gap(stream, source, from_ms, to_ms, reason);
                    }
                }
                Seen::Anchor { at_ms, timestamp, reason } => {
                    self.tell_anchor(source, at_ms, timestamp, reason, desk);
                }
            }
        }
    }

    fn tell_anchor(&self, source: Source, ms: u64, timestamp: i64, reason: &str, desk: &mut Desk<'_>) {
        let (peer, source) = (hex(self.peer), name(source));
        desk.tell(format_args!(
            r#""type":"anchor","peer":"{peer}","source":"{source}","timestamp":{timestamp},"ms":{ms},"reason":"{reason}""#
        ));
    }

    /// Whether a report agrees with the packets of its track.
    fn is_plausible(&mut self, report: &SenderClock, now_us: i64) -> bool {
        let (place_us, generation) = match report.source {
            Source::Microphone => {
                let Some(microphone) = &self.microphone else { return false };
                (microphone.place_us(report.timestamp), microphone.track.generation())
            }
            Source::Camera | Source::Screen => {
                let Some(Picture { track, .. }) = self.picture(report.source) else { return false };
                (track.place_us(report.timestamp), track.generation())
            }
        };
        generation == report.generation && place_us.is_some_and(|place| PLAUSIBLE_US.contains(&(now_us - place)))
    }

    /// Puts pictures where they belong beside the sound, once, and again when the sound was moved. It is never the sound that is moved for a picture: there
    /// would be a hole in it, or something would be cut out.
    fn align(&mut self, source: Source, desk: &mut Desk<'_>) {
        let Some(sound_us) = self.microphone.as_ref().and_then(|microphone| {
            let clock = microphone.clock.filter(|clock| clock.generation == microphone.track.generation())?;
            Some(microphone.place_us(clock.timestamp)? - clock.ntp_us)
        }) else {
            return;
        };
        let mut seen = Vec::new();
        let Some(picture) = self.picture(source).filter(|picture| !picture.is_aligned) else { return };
        let Some(clock) = picture.clock.filter(|clock| clock.generation == picture.track.generation()) else { return };
        let Some(place_us) = picture.track.place_us(clock.timestamp) else { return };
        let by_us = sound_us - (place_us - clock.ntp_us);
        if by_us.abs() < APART_US {
            picture.is_aligned = true;
        }
        if (TOGETHER_US..APART_US).contains(&by_us.abs()) {
            picture.track.align(by_us, clock.timestamp, &mut seen);
        }
        self.write_pictures(source, seen, desk);
    }
}
