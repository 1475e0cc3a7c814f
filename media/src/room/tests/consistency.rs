//! Whatever the network does, and whoever comes, goes, falls silent or asks: each subscriber sees one consistent RTP stream on each track.
//!
//! A script of random steps drives a room. One witness for each member opens all that the room sends it, in order, and holds it against what the
//! publishers sent; one receiver opens only what a bad line lets through, and asks for the rest.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Room, ms, support::*};
use crate::rtcp::Compound;
use crate::rtcp::{Packet, packets};
use crate::srtp::{Opener, ReplayWindow, SrtpProfile};
use crate::testing::begin;
use crate::track::{Kind, Ssrc};

/// Members that come and go.
const MEMBERS: usize = 4;
const PROFILES: [SrtpProfile; MEMBERS] = [GCM, CM, GCM, CM];
/// The node closes a gap larger than this (`track/down.rs`).
const MAX_GAP: u64 = 1_000;

/// What a publisher sent, by which a forwarded packet is known.
#[derive(Clone, Debug)]
struct Sent {
    index: u64,
    timestamp: u32,
    marker: bool,
    is_keyframe: bool,
    payload: Vec<u8>,
}

/// One source: an SSRC under the keys of one stay in the room.
#[derive(Debug)]
struct Source {
    ssrc: Ssrc,
    kind: Kind,
    next_index: u64,
    /// Where its clock began.
    epoch: u32,
    packets: Vec<Sent>,
}

/// A run of packets from one source, as the witness sees it.
#[derive(Clone, Copy, Debug)]
struct Run {
    source: usize,
    base: u64,
    first: u64,
    timestamp_offset: u32,
}

/// What was seen of one down track.
#[derive(Debug, Default)]
struct Track {
    run: Option<Run>,
    highest: Option<(u64, u32, Instant)>,
    /// By index: which packet of which source.
    seen: HashMap<u64, (usize, usize)>,
}

struct Member {
    /// The number that its SSRCs and keys are made of.
    n: u16,
    client: Client,
    /// Of its sources, those that it sends with now: audio, video.
    sources: [usize; 2],
    tracks: HashMap<Ssrc, Track>,
    /// The far end of a bad line: what it can open, and what it lacks.
    opener: Opener,
    windows: HashMap<Ssrc, ReplayWindow>,
    lost: HashMap<Ssrc, Vec<u16>>,
    rtx_index: u64,
    held_back: bool,
}

struct Stage {
    room: Room,
    now: Instant,
    begun: Instant,
    members: [Option<Member>; MEMBERS],
    joined: u16,
    sources: Vec<Source>,
    /// Packets that are late.
    late: Vec<(usize, Vec<u8>)>,
    batch: Vec<(usize, Vec<u8>)>,
    wire: Wire,
    random: u64,
    forwarded: usize,
    resent: usize,
}

#[derive(Clone, Debug)]
enum Step {
    /// Packets on one of a member's tracks; `keyframe`: the first begins one.
    Send {
        who: usize,
        video: bool,
        count: u8,
        keyframe: bool,
    },
    /// The publisher has sent this many that nobody will ever see.
    Skip {
        who: usize,
        video: bool,
        count: u16,
    },
    /// What was late comes now.
    Arrive,
    Pass {
        millis: u64,
    },
    Nack {
        who: usize,
    },
    Pli {
        who: usize,
    },
    /// Comes if it is not there, goes otherwise.
    Turn {
        who: usize,
    },
    HoldBack {
        who: usize,
    },
    /// The member sends with another SSRC from now on.
    Switch {
        who: usize,
        video: bool,
    },
    /// With more slots, or fewer.
    Renegotiate {
        who: usize,
        slots: u16,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..MEMBERS;
    prop_oneof![
        12 => (who.clone(), any::<bool>(), 1u8..8, prop::bool::weighted(0.3))
            .prop_map(|(who, video, count, keyframe)| Step::Send { who, video, count, keyframe }),
        2 => (who.clone(), any::<bool>(), prop_oneof![1u16..20, 900u16..1_100])
            .prop_map(|(who, video, count)| Step::Skip { who, video, count }),
        3 => Just(Step::Arrive),
        4 => prop_oneof![1u64..40, 1_000u64..7_000].prop_map(|millis| Step::Pass { millis }),
        4 => who.clone().prop_map(|who| Step::Nack { who }),
        2 => who.clone().prop_map(|who| Step::Pli { who }),
        1 => who.clone().prop_map(|who| Step::Turn { who }),
        1 => who.clone().prop_map(|who| Step::HoldBack { who }),
        1 => (who.clone(), any::<bool>()).prop_map(|(who, video)| Step::Switch { who, video }),
        1 => (who, 0u16..4).prop_map(|(who, slots)| Step::Renegotiate { who, slots }),
    ]
}

impl Stage {
    fn new(seed: u64) -> Self {
        let now = begin();
        let mut stage = Self {
            room: Room::new(),
            now,
            begun: now,
            members: [const { None }; MEMBERS],
            joined: 0,
            sources: Vec::new(),
            late: Vec::new(),
            batch: Vec::new(),
            wire: Wire::default(),
            random: seed | 1,
            forwarded: 0,
            resent: 0,
        };
        (0..MEMBERS - 1).for_each(|who| stage.turn(who));
        stage
    }

    /// xorshift64*
    fn chance(&mut self, percent: u64) -> bool {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % 100 < percent
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Send { who, video, count, keyframe } => self.send(who, video, count, keyframe),
            Step::Skip { who, video, count } => {
                if let Some(member) = &self.members[who] {
                    self.sources[member.sources[usize::from(video)]].next_index += u64::from(count);
                }
            }
            Step::Arrive => {
                let late = std::mem::take(&mut self.late);
                self.batch.extend(late.into_iter().rev());
            }
            Step::Pass { millis } => self.pass(ms(millis)),
            Step::Nack { who } => self.nack(who),
            Step::Pli { who } => self.say(who, |compound, media| compound.pli(Ssrc(1), media)),
            Step::Turn { who } => self.turn(who),
            Step::HoldBack { who } => {
                if let Some(member) = &mut self.members[who] {
                    member.held_back = !member.held_back;
                    self.room.hold_back(self.now, member.client.member, member.held_back);
                }
            }
            Step::Switch { who, video } => self.switch(who, usize::from(video)),
            Step::Renegotiate { who, slots } => {
                if let Some(member) = &self.members[who] {
                    self.room.reconfigure(member.client.member, two_way(member.n, slots));
                }
            }
        }
        self.flush();
    }

    /// A new stay has keys of its own.
    fn turn(&mut self, who: usize) {
        if let Some(member) = self.members[who].take() {
            self.room.remove_member(member.client.member);
            self.late.retain(|(late, _)| *late != who);
            return;
        }
        self.joined += 1;
        let n = self.joined;
        let sources = [Kind::Audio, Kind::Video].map(|kind| self.new_source(up_ssrc(n, u16::from(kind == Kind::Video)), kind));
        self.members[who] = Some(Member {
            n,
            client: Client::join(&mut self.room, PROFILES[who], n, two_way(n, 2)),
            sources,
            tracks: HashMap::new(),
            opener: Opener::new(PROFILES[who], &keys(PROFILES[who], n).tx),
            windows: HashMap::new(),
            lost: HashMap::new(),
            rtx_index: 7,
            held_back: false,
        });
    }

    /// Close to the end of its sequence numbers, where RFC 3550 lets it begin (a late joiner may count from there, too).
    fn new_source(&mut self, ssrc: Ssrc, kind: Kind) -> usize {
        let epoch = u32::MAX - 9_000 * (self.sources.len() as u32 % 5);
        self.sources.push(Source { ssrc, kind, next_index: 65_480, epoch, packets: Vec::new() });
        self.sources.len() - 1
    }

    fn switch(&mut self, who: usize, line: usize) {
        let Some(member) = &self.members[who] else { return };
        let n = member.n;
        let kind = self.sources[member.sources[line]].kind;
        let ssrc = Ssrc(0x4000_0000 | u32::from(n) << 16 | self.sources.len() as u32);
        let source = self.new_source(ssrc, kind);
        if let Some(member) = &mut self.members[who] {
            member.sources[line] = source;
        }
    }

    /// Over a line that loses, delays and doubles.
    fn send(&mut self, who: usize, video: bool, count: u8, keyframe: bool) {
        for nth in 0..count {
            let Some(packet) = self.next_packet(who, usize::from(video), keyframe && nth == 0) else { return };
            match (self.chance(10), self.chance(10), self.chance(5)) {
                (true, ..) => {}
                (_, true, _) => self.late.push((who, packet)),
                (.., true) => self.batch.extend([(who, packet.clone()), (who, packet)]),
                _ => self.batch.push((who, packet)),
            }
        }
        if self.chance(20) {
            self.batch.reverse();
        }
    }

    fn next_packet(&mut self, who: usize, line: usize, keyframe: bool) -> Option<Vec<u8>> {
        let elapsed = self.now.saturating_duration_since(self.begun).as_millis() as u32;
        let member = self.members[who].as_ref()?;
        let at = member.sources[line];
        let source = &mut self.sources[at];
        let (start, clock) =
            if source.kind == Kind::Video { (if keyframe { KEYFRAME } else { DELTA }, 90) } else { (b"o".as_slice(), 48) };
        let index = source.next_index;
        source.next_index += 1;
        let payload = [start, &(at as u32).to_be_bytes(), &index.to_be_bytes()].concat();
        let timestamp = source.epoch.wrapping_add(elapsed * clock).wrapping_add(index as u32);
        let marker = index.is_multiple_of(3);
        let payload_type = if source.kind == Kind::Video { VP8 } else { OPUS };
        source.packets.push(Sent { index, timestamp, marker, is_keyframe: keyframe, payload: payload.clone() });
        // The mid, so that a source that was not announced finds its track.
        let tail = [0xbe, 0xde, 0, 1, 0x40, b'0' + line as u8, 0, 0];
        let second = payload_type | if marker { 0x80 } else { 0 };
        Some(member.client.rtp_with([0x90, second], index, timestamp, source.ssrc, &tail, &payload))
    }

    /// As a subscriber, about the first video that it was sent.
    fn say(&mut self, who: usize, write: impl FnOnce(&mut Compound, Ssrc)) {
        let Some(member) = &mut self.members[who] else { return };
        let Some(media) = member.tracks.keys().copied().filter(|ssrc| is_video(*ssrc)).min() else { return };
        let mut compound = Compound::default();
        write(&mut compound, media);
        let packet = member.client.rtcp(compound.bytes());
        self.batch.push((who, packet));
    }

    /// For what its line has lost, and for some that it has.
    fn nack(&mut self, who: usize) {
        let Some(member) = &mut self.members[who] else { return };
        let lost = std::mem::take(&mut member.lost);
        for (media, mut lost) in lost.into_iter().filter(|(media, _)| is_video(*media)) {
            lost.truncate(40);
            lost.push(lost[0].wrapping_sub(1));
            let mut compound = Compound::default();
            compound.nack(Ssrc(1), media, &lost);
            let packet = member.client.rtcp(compound.bytes());
            self.batch.push((who, packet));
        }
    }

    fn pass(&mut self, time: Duration) {
        self.flush();
        let end = self.now + time;
        while let Some(due) = self.room.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.room.handle_timeout(self.now, &mut self.wire);
        }
        self.now = end;
    }

    fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let keyed = |(who, packet): (usize, Vec<u8>)| Some((self.members[who].as_ref()?.client.member, packet));
        let batch: Vec<_> = batch.into_iter().filter_map(keyed).collect();
        relay(&mut self.room, self.now, &batch, &mut self.wire);
        self.hear();
    }

    fn hear(&mut self) {
        for who in 0..MEMBERS {
            let Some(mut member) = self.members[who].take() else { continue };
            for got in member.client.rtp_got(&self.wire) {
                if got.payload_type == RTX {
                    self.witness_resent(&member, &got);
                } else {
                    self.witness(&mut member, &got);
                }
            }
            let asked = member.client.rtcp_got(&self.wire);
            self.receive_over_bad_line(&mut member);
            self.members[who] = Some(member);
            asked.iter().for_each(|compound| self.answer_nacks(who, compound));
        }
        self.wire.clear();
    }

    /// A packet on its own SSRC: it stands where the run of its source says, or begins another run as it may.
    fn witness(&mut self, member: &mut Member, got: &Got) {
        self.forwarded += 1;
        let (at, nth) = self.origin(got).expect("only what was sent is forwarded");
        let (source, sent) = (&self.sources[at], &self.sources[at].packets[nth]);
        assert!(!member.sources.contains(&at), "nobody hears itself");
        assert_eq!((got.marker, &got.payload), (sent.marker, &sent.payload), "payload and marker are the publisher's");
        assert_eq!(is_video(got.ssrc), source.kind == Kind::Video);
        let track = member.tracks.entry(got.ssrc).or_default();
        let fits = |run: &Run| {
            run.source == at
                && sent.index.checked_sub(run.first).is_some_and(|ahead| run.base + ahead == got.index)
                && sent.timestamp.wrapping_add(run.timestamp_offset) == got.timestamp
        };
        if !track.run.as_ref().is_some_and(fits) {
            track.run = Some(begin_run(self.now, track, at, source, sent, got));
        }
        let repeated = track.seen.insert(got.index, (at, nth));
        assert!(repeated.is_none(), "an index stands for one packet");
        if track.highest.is_none_or(|(index, ..)| got.index > index) {
            let gap = track.highest.map_or(0, |(index, ..)| got.index - index - 1);
            assert!(gap <= MAX_GAP, "a gap of {gap} was passed on");
            track.highest = Some((got.index, got.timestamp, self.now));
        }
    }

    fn origin(&self, got: &Got) -> Option<(usize, usize)> {
        let tail: &[u8; 12] = got.payload.last_chunk()?;
        let at = u32::from_be_bytes(*tail.first_chunk()?) as usize;
        let index = u64::from_be_bytes(*tail.last_chunk()?);
        let nth = self.sources.get(at)?.packets.binary_search_by_key(&index, |sent| sent.index).ok()?;
        Some((at, nth))
    }

    /// Over RTX comes what had gone out under the number before the payload: the same, in all that RTX leaves of it (RFC 4588 §4).
    fn witness_resent(&mut self, member: &Member, got: &Got) {
        self.resent += 1;
        let media = Ssrc(got.ssrc.0 & !1);
        let track = &member.tracks[&media];
        let (original, payload) = got.payload.split_first_chunk::<2>().expect("the original number");
        let original = u16::from_be_bytes(*original);
        let run = track.run.expect("there is a run to repair");
        let highest = track.highest.expect("of which something was sent").0;
        let index = highest - u64::from((highest as u16).wrapping_sub(original));
        // What was never sent before, since the track showed somebody else meanwhile, stands where the run says.
        let (at, nth) = track.seen.get(&index).copied().unwrap_or_else(|| {
            let in_source = run.first + (index - run.base);
            let found = self.sources[run.source].packets.binary_search_by_key(&in_source, |sent| sent.index);
            (run.source, found.expect("it is of this run"))
        });
        assert_eq!(at, run.source, "nothing is sent again of a run that is over");
        let sent = &self.sources[at].packets[nth];
        assert_eq!((payload, got.marker), (&sent.payload[..], sent.marker));
        assert_eq!(got.timestamp, sent.timestamp.wrapping_add(run.timestamp_offset));
    }

    /// A tenth is lost and some comes late; all that comes can be opened, and is what the witness saw.
    fn receive_over_bad_line(&mut self, member: &mut Member) {
        let mut arrived = self.wire.to(member.client.route);
        arrived.retain(|packet| !crate::rtp::is_rtcp(packet));
        if self.chance(30) && arrived.len() > 1 {
            let last = arrived.len() - 1;
            arrived.swap(last, last - 1);
        }
        for mut packet in arrived {
            let ssrc = Ssrc(u32::from_be_bytes(packet[8..12].try_into().unwrap()));
            let sequence = u16::from_be_bytes([packet[2], packet[3]]);
            if self.chance(10) {
                member.lost.entry(ssrc).or_default().push(sequence);
                continue;
            }
            let window = member.windows.entry(ssrc).or_default();
            let Some(index) = window.index_of(sequence).filter(|index| window.is_new(*index)) else { continue };
            member.opener.open_rtp(window, 12, &mut packet).expect("it can be opened without what was lost before it");
            if ssrc.0 & 1 == 0 {
                assert!(member.tracks[&ssrc].seen.contains_key(&index), "the roll-over count is the witness's");
            }
        }
    }

    /// As a publisher: by RTX, which itself gets lost at times.
    fn answer_nacks(&mut self, who: usize, compound: &[u8]) {
        for packet in packets(compound) {
            let Packet::Nack { media, lost } = packet else { continue };
            let Some(member) = &self.members[who] else { return };
            let at = member.sources[1];
            if self.sources[at].ssrc != media {
                continue;
            }
            for sequence in lost {
                if !self.chance(90) {
                    continue;
                }
                let Some(sent) = self.sources[at].packets.iter().rev().find(|sent| sent.index as u16 == sequence) else {
                    continue;
                };
                let payload = [&sequence.to_be_bytes(), &sent.payload[..]].concat();
                let (n, second) = (self.members[who].as_ref().map_or(0, |member| member.n), RTX | u8::from(sent.marker) << 7);
                let timestamp = sent.timestamp;
                let Some(member) = &mut self.members[who] else { return };
                let packet = member.client.rtp_with([0x80, second], member.rtx_index, timestamp, rtx_ssrc(n, 1), &[], &payload);
                member.rtx_index += 1;
                self.batch.push((who, packet));
            }
        }
    }
}

/// The rules for a run: it goes on right behind what was sent; another publisher's picture begins with a key frame; its clock goes on
/// with the time that has passed. Of the same source it may begin anew after a gap too large to keep, or after it was held back.
fn begin_run(now: Instant, track: &Track, at: usize, source: &Source, sent: &Sent, got: &Got) -> Run {
    let run =
        Run { source: at, base: got.index, first: sent.index, timestamp_offset: got.timestamp.wrapping_sub(sent.timestamp) };
    let Some((highest, timestamp, then)) = track.highest else {
        assert_eq!(run.timestamp_offset, 0, "the first publisher's clock is the track's");
        return run;
    };
    assert_eq!(got.index, highest + 1, "a new run has no gap before it");
    let before = track.run.expect("where there is a highest, there is a run");
    let goes_on = before.source == at && before.timestamp_offset == run.timestamp_offset;
    if goes_on && sent.index.saturating_sub(before.first) > highest - before.base + 1 + MAX_GAP {
        return run;
    }
    assert!(source.kind == Kind::Audio || sent.is_keyframe, "another picture begins with a key frame");
    let rate = if source.kind == Kind::Video { 90 } else { 48 };
    let passed = (now.saturating_duration_since(then).as_millis() as u32).max(20) * rate;
    assert_eq!(got.timestamp.wrapping_sub(timestamp), passed, "the clock goes on with the time");
    run
}

/// Lines of `two_way` are audio and video by turns, and the line is in the SSRC.
fn is_video(ssrc: Ssrc) -> bool {
    ssrc.0 >> 4 & 1 == 1
}

fn play(seed: u64, steps: &[Step]) -> (usize, usize) {
    let mut stage = Stage::new(seed);
    for step in steps {
        stage.run(step);
    }
    stage.run(&Step::Arrive);
    (stage.forwarded, stage.resent)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_subscriber_sees_one_consistent_stream(seed in any::<u64>(), steps in prop::collection::vec(step(), 40..240)) {
        play(seed, &steps);
    }
}

/// So much that every sequence number has been used, and used again under the next roll-over count.
#[test]
fn a_long_stream_stays_consistent_over_its_wraps() {
    let mut steps = vec![Step::Send { who: 0, video: true, count: 1, keyframe: true }];
    for _ in 0..160 {
        steps.push(Step::Skip { who: 0, video: true, count: 980 });
        steps.extend([3, 4].map(|count| Step::Send { who: 0, video: true, count, keyframe: false }));
        steps.extend([Step::Nack { who: 1 }, Step::Arrive, Step::Pass { millis: 20 }]);
    }
    let (forwarded, resent) = play(5, &steps);
    assert!(forwarded > 1_500 && resent > 20, "{forwarded} forwarded, {resent} sent again");
}

/// The property is one of something: the scripts forward, switch and repair.
#[test]
fn the_scripts_get_through() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut total = (0, 0);
    for seed in 0..16 {
        let steps = prop::collection::vec(step(), 240).new_tree(&mut runner).unwrap().current();
        let (forwarded, resent) = play(seed, &steps);
        total = (total.0 + forwarded, total.1 + resent);
    }
    assert!(total.0 > 2_000 && total.1 > 50, "{total:?}");
}
