//! A call of two with three m-lines each, as a page offers them: microphone, camera, screen. The screen is silent most of the time.

use super::*;

const CAMERA: u16 = 1;
const SCREEN: u16 = 2;

struct Call {
    room: Room,
    wire: Wire,
    now: Instant,
    a: Client,
    b: Client,
}

fn three_lines(member: u16) -> MediaDescription {
    let kinds = [Kind::Audio, Kind::Video, Kind::Video];
    MediaDescription { lines: (0..).zip(kinds).map(|(nth, kind)| line(member, nth, kind, true, true)).collect() }
}

impl Call {
    fn new() -> Self {
        let mut room = Room::new();
        let [a, b] = [1, 2].map(|member| Client::join(&mut room, GCM, member, three_lines(member)));
        Self { room, wire: Wire::default(), now: begin(), a, b }
    }

    /// One packet of the first member's m-line.
    fn a_sends(&mut self, nth: u16, index: u64, payload: &[u8]) {
        let packet = self.a.rtp(VP8, up_ssrc(1, nth), index, payload);
        relay(&mut self.room, self.now, &[(self.a.member, packet)], &mut self.wire);
    }

    fn b_sends(&mut self, nth: u16, index: u64, payload: &[u8]) {
        let packet = self.b.rtp(VP8, up_ssrc(2, nth), index, payload);
        relay(&mut self.room, self.now, &[(self.b.member, packet)], &mut self.wire);
    }

    fn b_says(&mut self, write: impl FnOnce(&mut Compound)) {
        let mut compound = Compound::default();
        write(&mut compound);
        let packet = self.b.rtcp(compound.bytes());
        relay(&mut self.room, self.now, &[(self.b.member, packet)], &mut self.wire);
    }

    /// The first member's camera sends for so long, and the node says what it has to say.
    fn camera_for(&mut self, seconds: u64, index: &mut u64) {
        for _ in 0..seconds * 10 {
            self.a_sends(CAMERA, *index, DELTA);
            *index += 1;
            let end = self.now + ms(100);
            while let Some(due) = self.room.next_timeout().filter(|due| *due <= end) {
                self.now = self.now.max(due);
                self.room.handle_timeout(self.now, &mut self.wire);
            }
            self.now = end;
        }
    }

    /// What the first member was told: keyframes asked of its (camera, screen), and the last bitrate.
    fn told_a(&mut self) -> ([usize; 2], Option<u64>) {
        let (mut asked, mut remb) = ([0, 0], None);
        for compound in self.a.rtcp_got(&self.wire) {
            for packet in packets(&compound) {
                match packet {
                    Packet::Pli { media } if media == up_ssrc(1, CAMERA) => asked[0] += 1,
                    Packet::Pli { media } if media == up_ssrc(1, SCREEN) => asked[1] += 1,
                    Packet::Remb { bitrate } => remb = Some(bitrate),
                    _ => {}
                }
            }
        }
        self.wire.clear();
        (asked, remb)
    }

    /// The m-line and payload of what the second member got, in order.
    fn got_by_b(&mut self) -> Vec<(u16, Vec<u8>)> {
        let got = self.b.rtp_got(&self.wire);
        self.wire.clear();
        let line = |ssrc| (0..3).find(|nth| down_ssrc(2, *nth) == ssrc).unwrap();
        got.into_iter().map(|packet| (line(packet.ssrc), packet.payload)).collect()
    }
}

#[test]
fn the_nth_video_is_shown_on_the_nth_video_both_ways() {
    let mut call = Call::new();
    // The screen before the camera, and the camera never: the order of starting does not matter.
    call.a_sends(SCREEN, 0, KEYFRAME);
    call.a_sends(CAMERA, 0, KEYFRAME);
    call.b_sends(SCREEN, 0, KEYFRAME);
    assert_eq!(call.a.rtp_got(&call.wire)[0].ssrc, down_ssrc(1, SCREEN));
    assert_eq!(call.got_by_b(), [(SCREEN, KEYFRAME.to_vec()), (CAMERA, KEYFRAME.to_vec())]);
    for client in [&call.a, &call.b] {
        let shown: Vec<_> = call.room.slots(client.member).into_iter().map(|view| (view.mid, view.publisher_mid)).collect();
        assert_eq!(shown, ["0", "1", "2"].map(|mid| (Mid(mid.into()), Mid(mid.into()))));
    }
}

#[test]
fn who_comes_back_finds_the_same_order() {
    let mut call = Call::new();
    call.a_sends(SCREEN, 0, KEYFRAME);
    // A page that was loaded anew comes before the node knows that the old one is gone.
    let mut again = Client::join(&mut call.room, GCM, 3, three_lines(3));
    call.room.remove_member(call.b.member);
    call.wire.clear();
    call.a_sends(SCREEN, 1, DELTA);
    call.a_sends(CAMERA, 0, KEYFRAME);
    let shown: Vec<_> = again.rtp_got(&call.wire).into_iter().map(|packet| packet.ssrc).collect();
    assert_eq!(shown, [down_ssrc(3, SCREEN), down_ssrc(3, CAMERA)]);
    let packet = again.rtp(VP8, up_ssrc(3, SCREEN), 0, KEYFRAME);
    relay(&mut call.room, call.now, &[(again.member, packet)], &mut call.wire);
    assert_eq!(call.a.rtp_got(&call.wire)[0].ssrc, down_ssrc(1, SCREEN));
}

#[test]
fn a_screen_that_was_never_shared_costs_nothing() {
    let mut call = Call::new();
    let mut index = 1;
    call.a_sends(CAMERA, 0, KEYFRAME);
    for _ in 0..6 {
        call.b_says(|c| c.remb(Ssrc(5), 2_000_000, &[down_ssrc(2, CAMERA), down_ssrc(2, SCREEN)]));
        call.b_says(|c| c.pli(Ssrc(5), down_ssrc(2, SCREEN)));
        call.camera_for(10, &mut index);
    }
    let (asked, remb) = call.told_a();
    assert_eq!(asked, [0, 0], "nothing is asked of a line that never spoke");
    assert!(remb.is_some_and(|bitrate| bitrate > 1_900_000), "the camera has the whole line for itself: {remb:?}");
}

#[test]
fn a_screen_that_is_no_longer_shared_costs_nothing_either() {
    let mut call = Call::new();
    let mut index = 1;
    call.a_sends(CAMERA, 0, KEYFRAME);
    call.a_sends(SCREEN, 0, KEYFRAME);
    call.b_says(|c| c.remb(Ssrc(5), 2_000_000, &[down_ssrc(2, CAMERA), down_ssrc(2, SCREEN)]));
    call.camera_for(2, &mut index);
    let (_, remb) = call.told_a();
    assert!(remb.is_some_and(|bitrate| (1_900_000..=2_100_000).contains(&bitrate)), "two share one line: {remb:?}");
    // The last that is heard of the screen is that the subscriber lacks a keyframe.
    call.b_says(|c| c.pli(Ssrc(5), down_ssrc(2, SCREEN)));
    for _ in 0..12 {
        call.b_says(|c| c.remb(Ssrc(5), 2_000_000, &[down_ssrc(2, CAMERA)]));
        call.camera_for(10, &mut index);
    }
    let (asked, remb) = call.told_a();
    assert_eq!(asked, [0, 1], "asked once, and not again of one who is silent");
    assert!(remb.is_some_and(|bitrate| (1_900_000..=2_100_000).contains(&bitrate)), "{remb:?}");
    // It is shared again: what is still lacking is asked for at once.
    call.a_sends(SCREEN, 1, DELTA);
    assert_eq!(call.told_a().0, [0, 1]);
}

#[test]
fn a_screen_that_is_shared_late_begins_with_a_keyframe() {
    let mut call = Call::new();
    let mut index = 1;
    call.a_sends(CAMERA, 0, KEYFRAME);
    call.camera_for(30, &mut index);
    call.got_by_b();
    call.a_sends(SCREEN, 0, KEYFRAME);
    call.a_sends(SCREEN, 1, DELTA);
    assert_eq!(call.got_by_b(), [(SCREEN, KEYFRAME.to_vec()), (SCREEN, DELTA.to_vec())]);
    // The other side's encoder begins in the middle, and is asked at once.
    call.b_sends(SCREEN, 0, DELTA);
    let asked = call
        .b
        .rtcp_got(&call.wire)
        .iter()
        .flat_map(|compound| packets(compound).collect::<Vec<_>>())
        .any(|packet| matches!(packet, Packet::Pli { media } if media == up_ssrc(2, SCREEN)));
    assert!(asked);
}

#[test]
fn a_screen_shared_again_from_another_source_is_held_until_its_keyframe() {
    let mut call = Call::new();
    let mut index = 1;
    call.a_sends(SCREEN, 0, KEYFRAME);
    call.camera_for(5, &mut index);
    call.wire.clear();
    let mut media = three_lines(1);
    let other = Ssrc(0x00ff_0001);
    media.lines[usize::from(SCREEN)].up.as_mut().unwrap().ssrcs = vec![other];
    call.room.reconfigure(call.a.member, media);
    for (index, payload) in [(0, DELTA), (1, KEYFRAME), (2, DELTA)] {
        let packet = call.a.rtp(VP8, other, index, payload);
        relay(&mut call.room, call.now, &[(call.a.member, packet)], &mut call.wire);
    }
    assert_eq!(call.got_by_b(), [(SCREEN, KEYFRAME.to_vec()), (SCREEN, DELTA.to_vec())]);
}
