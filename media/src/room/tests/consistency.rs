//! Whatever the network does, and whoever comes, goes, falls silent or asks: each subscriber sees one consistent RTP stream on each track.
//!
//! A script of random steps drives a room. One witness for each member opens all that the room sends it, in order, and holds it against what the
//! publishers sent; one receiver opens only what a bad line lets through, and asks for the rest.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{MediaDescription, Room, ms, support::*};
use crate::red::{Before, Red};
use crate::rtcp::{Compound, Packet, ReportBlock, packets};
use crate::srtp::{Opener, ReplayWindow, SrtpProfile};
use crate::testing::begin;
use crate::track::{Kind, Ssrc};

/// Members that come and go.
const MEMBERS: usize = 4;
const PROFILES: [SrtpProfile; MEMBERS] = [GCM, CM, GCM, CM];
/// The node closes a gap larger than this (`track/down.rs`).
const MAX_GAP: u64 = 1_000;

/// Two of three members send their picture in layers; of every two one knows sound that brings the packet before it along.
fn described(n: u16, slots: u16) -> MediaDescription {
    let media = if knows_red(n) { with_red(two_way(n, slots)) } else { two_way(n, slots) };
    if is_layered(n) { in_layers(media) } else { media }
}

fn knows_red(n: u16) -> bool {
    n.is_multiple_of(2)
}

fn is_layered(n: u16) -> bool {
    n % 3 != 1
}

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
    /// The member's number.
    owner: u16,
    ssrc: Ssrc,
    kind: Kind,
    /// Where it is one of several, its rid.
    rid: Option<u8>,
    next_index: u64,
    /// It was asked for a key frame.
    asked: bool,
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
    /// Added to the numbers of its pictures.
    picture_shift: u16,
}

/// What was seen of one down track.
#[derive(Debug, Default)]
struct Track {
    run: Option<Run>,
    highest: Option<(u64, u32, Instant)>,
    /// The number of the newest picture.
    picture: Option<u16>,
    /// By index: which packet of which source.
    seen: HashMap<u64, (usize, usize)>,
}

struct Member {
    /// The number that its SSRCs and keys are made of.
    n: u16,
    client: Client,
    /// Of its sources, those that it sends with now: audio, then the layers of its picture.
    sources: Vec<usize>,
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
    /// Changes from one layer to another.
    layers_changed: usize,
    /// Sound that was sent and never arrived by itself, by source and index.
    vanished: HashSet<(usize, u64)>,
    /// Of it, what was forwarded all the same.
    brought: usize,
    /// Packets of sound with another one in them.
    doubled: usize,
}

#[derive(Clone, Debug)]
enum Step {
    /// Packets on one of a member's tracks; `keyframe`: the first begins one.
    Send {
        who: usize,
        which: usize,
        count: u8,
        keyframe: bool,
    },
    /// The publisher has sent this many that nobody will ever see.
    Skip {
        who: usize,
        which: usize,
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
        which: usize,
    },
    /// The member's line carries another layer from now on.
    Want {
        who: usize,
        layer: usize,
    },
    /// What it carries, as the member says, in bit/s.
    Remb {
        who: usize,
        bitrate: u64,
    },
    /// What the member loses of sound, as it says, in 256ths.
    Lose {
        who: usize,
        fraction: u8,
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
        16 => (who.clone(), 0usize..4, 1u8..8, prop::bool::weighted(0.3))
            .prop_map(|(who, which, count, keyframe)| Step::Send { who, which, count, keyframe }),
        2 => (who.clone(), 0usize..4, prop_oneof![1u16..20, 900u16..1_100])
            .prop_map(|(who, which, count)| Step::Skip { who, which, count }),
        6 => (who.clone(), 0usize..3).prop_map(|(who, layer)| Step::Want { who, layer }),
        1 => (who.clone(), 100u64..20_000).prop_map(|(who, bitrate)| Step::Remb { who, bitrate }),
        2 => (who.clone(), prop_oneof![Just(0u8), Just(60)]).prop_map(|(who, fraction)| Step::Lose { who, fraction }),
        3 => Just(Step::Arrive),
        4 => prop_oneof![1u64..40, 1_000u64..7_000].prop_map(|millis| Step::Pass { millis }),
        4 => who.clone().prop_map(|who| Step::Nack { who }),
        2 => who.clone().prop_map(|who| Step::Pli { who }),
        1 => who.clone().prop_map(|who| Step::Turn { who }),
        1 => who.clone().prop_map(|who| Step::HoldBack { who }),
        1 => (who.clone(), 0usize..4).prop_map(|(who, which)| Step::Switch { who, which }),
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
            layers_changed: 0,
            vanished: HashSet::new(),
            brought: 0,
            doubled: 0,
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
            Step::Send { who, which, count, keyframe } => self.send(who, which, count, keyframe),
            Step::Skip { who, which, count } => {
                if let Some(source) = self.source(who, which) {
                    self.sources[source].next_index += u64::from(count);
                }
            }
            Step::Want { who, layer } => self.want(who, layer),
            Step::Remb { who, bitrate } => self.say(who, |compound, media| compound.remb(Ssrc(1), bitrate, &[media])),
            Step::Lose { who, fraction } => self.lose(who, fraction),
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
            Step::Switch { who, which } => self.switch(who, which),
            Step::Renegotiate { who, slots } => {
                if let Some(member) = &self.members[who] {
                    self.room.reconfigure(member.client.member, described(member.n, slots));
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
        let mut sources = vec![self.new_source(n, up_ssrc(n, 0), Kind::Audio, None)];
        if is_layered(n) {
            let ssrc = |rid: u8| Ssrc(0x2000_0000 | u32::from(n) << 16 | u32::from(rid));
            sources.extend(RIDS.map(|rid| self.new_source(n, ssrc(rid), Kind::Video, Some(rid))));
        } else {
            sources.push(self.new_source(n, up_ssrc(n, 1), Kind::Video, None));
        }
        self.members[who] = Some(Member {
            n,
            client: Client::join(&mut self.room, PROFILES[who], n, described(n, 2)),
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
    fn new_source(&mut self, owner: u16, ssrc: Ssrc, kind: Kind, rid: Option<u8>) -> usize {
        let epoch = u32::MAX - 9_000 * (self.sources.len() as u32 % 5);
        self.sources.push(Source { owner, ssrc, kind, rid, next_index: 65_480, asked: false, epoch, packets: Vec::new() });
        self.sources.len() - 1
    }

    /// Of what a member sends with now, the n-th.
    fn source(&self, who: usize, which: usize) -> Option<usize> {
        let sources = &self.members[who].as_ref()?.sources;
        Some(sources[which % sources.len()])
    }

    fn switch(&mut self, who: usize, which: usize) {
        let Some(before) = self.source(who, which) else { return };
        let Source { owner, kind, rid, .. } = self.sources[before];
        let ssrc = Ssrc(0x4000_0000 | u32::from(owner) << 16 | self.sources.len() as u32);
        let source = self.new_source(owner, ssrc, kind, rid);
        if let Some(member) = &mut self.members[who] {
            member.sources.iter_mut().filter(|known| **known == before).for_each(|known| *known = source);
        }
    }

    /// As if the member's line had changed.
    fn want(&mut self, who: usize, layer: usize) {
        let Some(member) = &self.members[who] else { return };
        let downs = &mut self.room.members.get_mut(member.client.member.index).unwrap().downs;
        let mut wanted = Vec::new();
        for down in downs.iter_mut().filter(|down| down.shown.layers.len() > 1) {
            down.shown.wanted = Some(down.shown.layers[layer]);
            wanted.extend(down.shown.wanted);
        }
        wanted.into_iter().for_each(|up| self.room.ask_keyframe_now(self.now, up));
    }

    /// Over a line that loses, delays and doubles.
    fn send(&mut self, who: usize, which: usize, count: u8, keyframe: bool) {
        for nth in 0..count {
            let Some(packet) = self.next_packet(who, which, keyframe && nth == 0) else { return };
            match (self.chance(10), self.chance(10), self.chance(5)) {
                (true, ..) => {
                    let at = self.source(who, which);
                    self.vanished.extend(at.and_then(|at| Some((at, self.sources[at].packets.last()?.index))));
                }
                (_, true, _) => self.late.push((who, packet)),
                (.., true) => self.batch.extend([(who, packet.clone()), (who, packet)]),
                _ => self.batch.push((who, packet)),
            }
        }
        if self.chance(20) {
            self.batch.reverse();
        }
    }

    fn next_packet(&mut self, who: usize, which: usize, keyframe: bool) -> Option<Vec<u8>> {
        let elapsed = self.now.saturating_duration_since(self.begun).as_millis() as u32;
        let at = self.source(who, which)?;
        let member = self.members[who].as_ref()?;
        let source = &mut self.sources[at];
        let index = source.next_index;
        source.next_index += 1;
        let keyframe = keyframe || std::mem::take(&mut source.asked);
        let (start, clock) = if source.kind == Kind::Video { (frame(at, index, keyframe), 90) } else { (b"o".to_vec(), 48) };
        let payload = [&start[..], &(at as u32).to_be_bytes(), &index.to_be_bytes()].concat();
        let timestamp = source.epoch.wrapping_add(elapsed * clock).wrapping_add(index as u32);
        // Of a packet that was brought along it is not known.
        let marker = source.kind == Kind::Video && index.is_multiple_of(3);
        let last =
            source.packets.last().filter(|last| last.index + 1 == index && knows_red(source.owner) && !index.is_multiple_of(4));
        let before = last.and_then(|last| Before::new(timestamp.wrapping_sub(last.timestamp), &last.payload));
        let (payload_type, wrapped) = match (source.kind, before) {
            (Kind::Video, _) => (VP8, payload.clone()),
            (Kind::Audio, None) => (OPUS, payload.clone()),
            (Kind::Audio, Some(before)) => (RED, with_before(before, &payload)),
        };
        source.packets.push(Sent { index, timestamp, marker, is_keyframe: keyframe, payload });
        // The mid, so that a source that was not announced finds its track.
        let line = u16::from(source.kind == Kind::Video);
        let tail = source.rid.map_or_else(|| names(line, 0, 0), |rid| names(line, RID, rid));
        let second = payload_type | if marker { 0x80 } else { 0 };
        Some(member.client.rtp_with([0x90, second], index, timestamp, source.ssrc, &tail, &wrapped))
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

    /// As a subscriber, about all that it was sent.
    fn lose(&mut self, who: usize, fraction_lost: u8) {
        let Some(member) = &mut self.members[who] else { return };
        let block = |ssrc: &Ssrc| ReportBlock { ssrc: ssrc.0, fraction_lost, ..ReportBlock::default() };
        let blocks: Vec<_> = member.tracks.keys().map(block).collect();
        let mut compound = Compound::default();
        compound.receiver_report(Ssrc(1), &blocks);
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
                match got.payload_type {
                    RTX => self.witness_resent(&member, &got),
                    RED => self.witness_red(&mut member, &got),
                    _ => self.witness(&mut member, &got),
                }
            }
            let asked = member.client.rtcp_got(&self.wire);
            self.receive_over_bad_line(&mut member);
            self.members[who] = Some(member);
            asked.iter().for_each(|compound| self.answer(who, compound));
        }
        self.wire.clear();
    }

    /// A packet on its own SSRC: it stands where the run of its source says, or begins another run as it may.
    fn witness(&mut self, member: &mut Member, got: &Got) {
        self.forwarded += 1;
        let (at, nth) = self.origin(got).expect("only what was sent is forwarded");
        let (source, sent) = (&self.sources[at], &self.sources[at].packets[nth]);
        assert!(!member.sources.contains(&at), "nobody hears itself");
        assert_eq!(
            (got.marker, without_numbers(&got.payload)),
            (sent.marker, without_numbers(&sent.payload)),
            "payload and marker are the publisher's"
        );
        assert_eq!(is_video(got.ssrc), source.kind == Kind::Video);
        let track = member.tracks.entry(got.ssrc).or_default();
        let fits = |run: &Run| {
            run.source == at
                && sent.index.checked_sub(run.first).is_some_and(|ahead| run.base + ahead == got.index)
                && sent.timestamp.wrapping_add(run.timestamp_offset) == got.timestamp
                && shifted(&sent.payload, run.picture_shift) == got.payload
        };
        if !track.run.as_ref().is_some_and(fits) {
            let before = track.run.replace(begin_run(self.now, track, at, source, sent, got));
            let before = before.filter(|before| before.source != at).map(|before| &self.sources[before.source]);
            self.layers_changed +=
                usize::from(before.is_some_and(|before| before.owner == source.owner && before.rid != source.rid));
        }
        self.brought += usize::from(source.kind == Kind::Audio && self.vanished.remove(&(at, sent.index)));
        let repeated = track.seen.insert(got.index, (at, nth));
        assert!(repeated.is_none(), "an index stands for one packet");
        if track.highest.is_none_or(|(index, ..)| got.index > index) {
            let gap = track.highest.map_or(0, |(index, ..)| got.index - index - 1);
            assert!(gap <= MAX_GAP, "a gap of {gap} was passed on");
            track.highest = Some((got.index, got.timestamp, self.now));
            track.picture = picture(&got.payload);
        }
    }

    /// What comes along is the packet before: what stands there on the track, or comes there behind this one, of which it was overtaken.
    fn witness_red(&mut self, member: &mut Member, got: &Got) {
        self.doubled += 1;
        assert!(knows_red(member.n), "only to whom it was agreed with");
        let red = Red::parse(&got.payload, OPUS).expect("it can be read");
        let own = Got { payload: got.payload[red.own..].to_vec(), ..got.clone() };
        self.witness(member, &own);
        let track = &member.tracks[&got.ssrc];
        let (at, nth) = track.seen[&got.index];
        let [(1, block)] = red.blocks().collect::<Vec<_>>()[..] else { panic!("one packet comes along: {red:?}") };
        let (sent, before) = (&self.sources[at].packets[nth], &self.sources[at].packets[nth - 1]);
        assert_eq!(before.index + 1, sent.index);
        assert!(track.run.is_some_and(|run| run.base < got.index), "it is of the same run");
        assert!(track.seen.get(&(got.index - 1)).is_none_or(|seen| *seen == (at, nth - 1)), "an index stands for one packet");
        let expected = (sent.timestamp.wrapping_sub(before.timestamp), &before.payload[..]);
        assert_eq!((block.offset, &got.payload[block.range.clone()]), expected);
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
        assert_eq!((payload, got.marker), (&shifted(&sent.payload, run.picture_shift)[..], sent.marker));
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

    /// As a publisher: by RTX, which itself gets lost at times, and by key frames.
    fn answer(&mut self, who: usize, compound: &[u8]) {
        for packet in packets(compound) {
            if let Packet::Pli { media } = packet {
                self.sources.iter_mut().filter(|source| source.ssrc == media).for_each(|source| source.asked = true);
            }
            let Packet::Nack { media, lost } = packet else { continue };
            let Some(member) = &self.members[who] else { return };
            let pictures = &member.sources[1..];
            let Some((layer, &at)) = pictures.iter().enumerate().find(|(_, at)| self.sources[**at].ssrc == media) else {
                continue;
            };
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
                let ssrc = Ssrc(rtx_ssrc(n, 1).0 | (layer as u32) << 8);
                let tail = self.sources[at].rid.map_or_else(|| names(1, 0, 0), |rid| names(1, REPAIRED_RID, rid));
                let packet = member.client.rtp_with([0x90, second], member.rtx_index, timestamp, ssrc, &tail, &payload);
                member.rtx_index += 1;
                self.batch.push((who, packet));
            }
        }
    }
}

/// The rules for a run: it goes on right behind what was sent; another publisher's picture begins with a key frame; its clock goes on
/// with the time that has passed. Of the same source it may begin anew after a gap too large to keep, or after it was held back.
fn begin_run(now: Instant, track: &Track, at: usize, source: &Source, sent: &Sent, got: &Got) -> Run {
    let picture_shift =
        picture(&got.payload).zip(picture(&sent.payload)).map_or(0, |(got, sent)| got.wrapping_sub(sent) & 0x7fff);
    let timestamp_offset = got.timestamp.wrapping_sub(sent.timestamp);
    let run = Run { source: at, base: got.index, first: sent.index, timestamp_offset, picture_shift };
    assert_eq!(got.payload, shifted(&sent.payload, picture_shift), "both numbers of a picture go on");
    let Some((highest, timestamp, then)) = track.highest else {
        assert_eq!((run.timestamp_offset, picture_shift), (0, 0), "the first publisher's clock is the track's");
        return run;
    };
    assert_eq!(got.index, highest + 1, "a new run has no gap before it");
    let before = track.run.expect("where there is a highest, there is a run");
    let goes_on =
        before.source == at && (before.timestamp_offset, before.picture_shift) == (run.timestamp_offset, run.picture_shift);
    if goes_on && sent.index.saturating_sub(before.first) > highest - before.base + 1 + MAX_GAP {
        return run;
    }
    assert!(source.kind == Kind::Audio || sent.is_keyframe, "another picture begins with a key frame");
    let rate = if source.kind == Kind::Video { 90 } else { 48 };
    let passed = (now.saturating_duration_since(then).as_millis() as u32).max(20) * rate;
    assert_eq!(got.timestamp.wrapping_sub(timestamp), passed, "the clock goes on with the time");
    let next = track.picture.map(|picture| (picture + 1) & 0x7fff);
    assert_eq!(picture(&got.payload), next, "pictures are numbered in a row");
    run
}

/// Lines of `two_way` are audio and video by turns, and the line is in the SSRC.
fn is_video(ssrc: Ssrc) -> bool {
    ssrc.0 >> 4 & 1 == 1
}

/// A frame of a picture, with its number of 15 bits and TL0PICIDX (RFC 7741 §4.2), which count alike here; a key frame tells its size.
fn frame(source: usize, index: u64, keyframe: bool) -> Vec<u8> {
    let picture = (index as u16).wrapping_add(0x7f00);
    let [high, low] = picture.to_be_bytes();
    let descriptor = [0x90, 0xc0, high | 0x80, low, low];
    let side = 16 * (1 + source as u8 % 8);
    let size = [0x10, 0, 0, 0x9d, 0x01, 0x2a, side, 0, side, 0];
    let header = if keyframe { &size[..] } else { &[0x11, 0, 0] };
    [&descriptor, header].concat()
}

fn with_before(before: Before<'_>, own: &[u8]) -> Vec<u8> {
    let mut payload = vec![0; before.len() + own.len()];
    before.write(OPUS, own, &mut payload);
    payload
}

fn picture(payload: &[u8]) -> Option<u16> {
    let [0x90, _, high, low, ..] = *payload else { return None };
    Some(u16::from_be_bytes([high & 0x7f, low]))
}

/// The same with other numbers.
fn shifted(payload: &[u8], shift: u16) -> Vec<u8> {
    let mut payload = payload.to_vec();
    if let Some(picture) = picture(&payload) {
        let [high, low] = picture.wrapping_add(shift).to_be_bytes();
        (payload[2], payload[3]) = (high | 0x80, low);
        payload[4] = payload[4].wrapping_add(shift as u8);
    }
    payload
}

fn without_numbers(payload: &[u8]) -> &[u8] {
    if picture(payload).is_some() { &payload[5..] } else { payload }
}

fn play(seed: u64, steps: &[Step]) -> Stage {
    let mut stage = Stage::new(seed);
    for step in steps {
        stage.run(step);
    }
    stage.run(&Step::Arrive);
    stage
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
    let mut steps = vec![Step::Send { who: 0, which: 1, count: 1, keyframe: true }];
    for _ in 0..160 {
        steps.push(Step::Skip { who: 0, which: 1, count: 980 });
        steps.extend([3, 4].map(|count| Step::Send { who: 0, which: 1, count, keyframe: false }));
        steps.extend([Step::Nack { who: 1 }, Step::Arrive, Step::Pass { millis: 20 }]);
    }
    let Stage { forwarded, resent, .. } = play(5, &steps);
    assert!(forwarded > 1_500 && resent > 20, "{forwarded} forwarded, {resent} sent again");
}

/// Members 0 and 2 are shown the picture of member 1 in one layer after another, and have lost packets of each.
#[test]
fn layers_change_over_a_bad_line_and_are_repaired() {
    let mut steps = Vec::new();
    for n in 0..150 {
        steps.extend([0, 2].map(|who| Step::Want { who, layer: (n + who) % 3 }));
        for count in [3, 5] {
            steps.extend([1, 2, 3].map(|which| Step::Send { who: 1, which, count, keyframe: false }));
            steps.extend([Step::Nack { who: 0 }, Step::Nack { who: 2 }, Step::Pass { millis: 20 }]);
        }
        steps.extend([Step::Arrive, Step::Pass { millis: 480 }]);
    }
    let Stage { forwarded, resent, layers_changed, .. } = play(7, &steps);
    assert!(layers_changed > 100 && resent > 100, "{layers_changed} changes, {forwarded} forwarded, {resent} sent again");
}

/// The property is one of something: the scripts forward, change layers and repair, and sound brings other sound along.
#[test]
fn the_scripts_get_through() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut total = (0, 0, 0, 0, 0);
    for seed in 0..16 {
        let steps = prop::collection::vec(step(), 240).new_tree(&mut runner).unwrap().current();
        let stage = play(seed, &steps);
        let of_sound = (total.3 + stage.brought, total.4 + stage.doubled);
        total = (total.0 + stage.forwarded, total.1 + stage.resent, total.2 + stage.layers_changed, of_sound.0, of_sound.1);
    }
    assert!(total.0 > 2_000 && total.1 > 50 && total.2 > 20 && total.3 > 3 && total.4 > 20, "{total:?}");
}
