//! Lines that carry no picture beside the sound: the sound comes through, and the picture comes back.

use super::*;

/// Bytes of a picture's packets, of which one comes every 20 ms, as of the sound: 200 and 20 kbit/s.
const PICTURE: usize = 500;
const SOUND: usize = 50;

/// One that speaks and shows itself, member 1, and two that see it, of whom the first has a line of so many bit/s. It may show its screen too.
struct Scene {
    room: Room,
    wire: Wire,
    now: Instant,
    publisher: Client,
    subscribers: [Client; 2],
    line: u64,
    index: u64,
    key: bool,
    /// Key frames that the publisher was asked for.
    asked: usize,
    /// Packets of sound that brought another one along.
    doubled: usize,
}

fn receiving(member: u16) -> MediaDescription {
    let mut media = two_way(member, 0);
    media.lines.push(line(member, 2, Kind::Video, false, true));
    media.lines.iter_mut().for_each(|line| line.up = None);
    media
}

/// With a screen that it shows beside its camera.
fn with_screen() -> MediaDescription {
    let mut media = two_way(1, 0);
    media.lines.push(line(1, 2, Kind::Video, true, false));
    media
}

impl Scene {
    fn new() -> Self {
        let mut room = Room::new();
        let publisher = Client::join(&mut room, GCM, 1, two_way(1, 0));
        let subscribers = [2, 3].map(|n| Client::join(&mut room, GCM, n, receiving(n)));
        Self {
            room,
            wire: Wire::default(),
            now: begin(),
            publisher,
            subscribers,
            line: 1_000_000,
            index: 0,
            key: true,
            asked: 0,
            doubled: 0,
        }
    }

    /// Gives what the two were sent of sound, and of the picture, by (index, whether it is a key frame).
    fn run(&mut self, seconds: u64) -> [(usize, Vec<(u64, bool)>); 2] {
        let mut got = [(0, Vec::new()), (0, Vec::new())];
        for _ in 0..seconds * 50 {
            self.send();
            if self.index.is_multiple_of(50) {
                self.tell();
            }
            self.room.handle_timeout(self.now, &mut self.wire);
            for (client, (sounds, pictures)) in self.subscribers.iter_mut().zip(&mut got) {
                for packet in client.rtp_got(&self.wire) {
                    self.doubled += usize::from(packet.payload_type == RED);
                    if packet.payload_type != VP8 {
                        *sounds += 1;
                    } else {
                        pictures.push((packet.index, packet.payload.starts_with(KEYFRAME)));
                    }
                }
            }
            for compound in self.publisher.rtcp_got(&self.wire) {
                let keys = packets(&compound).filter(|packet| matches!(packet, Packet::Pli { .. })).count();
                self.asked += keys;
                self.key |= keys > 0;
            }
            self.wire.clear();
            self.now += ms(20);
        }
        got
    }

    fn send(&mut self) {
        let mut picture = if std::mem::take(&mut self.key) { KEYFRAME } else { DELTA }.to_vec();
        picture.resize(PICTURE, 7);
        let batch = [(OPUS, 0, &[7; SOUND][..]), (VP8, 1, &picture)].map(|(payload_type, line, payload)| {
            (self.publisher.member, self.publisher.rtp(payload_type, up_ssrc(1, line), self.index, payload))
        });
        self.index += 1;
        relay(&mut self.room, self.now, &batch, &mut self.wire);
    }

    fn tell(&mut self) {
        let mut compound = Compound::default();
        compound.remb(Ssrc(1), self.line, &[]);
        let packet = self.subscribers[0].rtcp(compound.bytes());
        relay(&mut self.room, self.now, &[(self.subscribers[0].member, packet)], &mut self.wire);
    }
}

#[test]
fn sound_comes_through_without_the_picture_which_comes_back_with_the_line() {
    let mut scene = Scene::new();
    let [(sounds, pictures), _] = scene.run(5);
    assert_eq!((sounds, pictures.len()), (250, 250));
    // 34 of it are the sound's; the picture wants 200.
    scene.line = 190_000;
    let [(sounds, before), (_, others)] = scene.run(8);
    assert_eq!((sounds, others.len()), (400, 400), "the other one has nothing of it");
    assert!((150..=250).contains(&before.len()), "left out after three seconds: {}", before.len());
    scene.asked = 0;
    let plis = (0..3).map(|_| scene.subscribers[0].rtcp(&[0x81, 206, 0, 2, 0, 0, 0, 9, 0x80, 0x02, 0, 0x10]));
    let plis: Vec<_> = plis.collect();
    for pli in plis {
        relay(&mut scene.room, scene.now, &[(scene.subscribers[0].member, pli)], &mut scene.wire);
    }
    let [(sounds, pictures), _] = scene.run(3);
    assert_eq!((sounds, pictures.len(), scene.asked), (150, 0, 0), "no key frame is made for one that is shown nothing");

    scene.line = 400_000;
    let [(_, after), (_, others)] = scene.run(3);
    assert_eq!(scene.asked, 1);
    assert_eq!(after[0], (before.last().unwrap().0 + 1, true), "what was left out is not missed");
    assert!(after.len() > 80 && after.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1));
    assert_eq!(others.len(), 150);
}

#[test]
fn a_picture_that_fits_beside_the_sound_stays() {
    let mut scene = Scene::new();
    scene.line = 215_000;
    let [(sounds, pictures), _] = scene.run(20);
    assert_eq!((sounds, pictures.len()), (1_000, 1_000));
}

#[test]
fn a_line_that_stays_narrow_is_tried_now_and_then() {
    let mut scene = Scene::new();
    scene.line = 100_000;
    let [(sounds, pictures), _] = scene.run(60);
    let keys = pictures.iter().filter(|(_, is_key)| *is_key).count();
    assert_eq!((sounds, keys), (3_000, 3), "at first, after ten seconds and after twenty more");
    assert!((600..900).contains(&pictures.len()), "{}", pictures.len());
}

#[test]
fn who_takes_the_place_of_a_picture_that_was_left_out_is_shown() {
    let mut scene = Scene::new();
    scene.line = 100_000;
    scene.run(8);
    scene.room.remove_member(scene.publisher.member);
    scene.publisher = Client::join(&mut scene.room, GCM, 1, two_way(1, 0));
    (scene.index, scene.key) = (7_000, true);
    let [(_, pictures), _] = scene.run(1);
    assert_eq!(pictures.len(), 50);
}

/// What each of the two pictures was sent in the last seconds to the one whose line is narrow: camera and screen, which takes 20 kbit/s.
fn camera_and_screen(bitrate: u64) -> (usize, usize) {
    let mut scene = Scene::new();
    scene.room.reconfigure(scene.publisher.member, with_screen());
    scene.line = bitrate;
    let (mut camera, mut screen) = (0, 0);
    for round in 0..500 {
        let mut content = if round == 0 { KEYFRAME } else { DELTA }.to_vec();
        content.resize(SOUND, 7);
        let packet = scene.publisher.rtp(VP8, up_ssrc(1, 2), round, &content);
        relay(&mut scene.room, scene.now, &[(scene.publisher.member, packet)], &mut scene.wire);
        scene.send();
        if round % 50 == 0 {
            scene.tell();
        }
        scene.room.handle_timeout(scene.now, &mut scene.wire);
        let pictures = scene.subscribers[0].rtp_got(&scene.wire).into_iter().filter(|got| got.payload_type == VP8);
        for got in pictures.filter(|_| round >= 400) {
            *if got.payload.len() == SOUND { &mut screen } else { &mut camera } += 1;
        }
        scene.wire.clear();
        scene.now += ms(20);
    }
    (camera, screen)
}

#[test]
fn of_two_pictures_one_may_take_what_the_other_leaves() {
    assert_eq!(
        camera_and_screen(300_000),
        (100, 100),
        "half of the line is not enough for the camera, but nearly all of it is there for it"
    );
    assert_eq!(camera_and_screen(150_000), (0, 100), "what is left out is the one that does not fit");
}

#[test]
fn sound_is_not_doubled_on_a_line_that_has_no_room_for_it() {
    let mut scene = Scene::new();
    scene.room.reconfigure(scene.subscribers[0].member, with_red(receiving(2)));
    let mut compound = Compound::default();
    let block = ReportBlock { ssrc: down_ssrc(2, 0).0, fraction_lost: 26, ..ReportBlock::default() };
    compound.receiver_report(Ssrc(5), &[block]);
    for _ in 0..10 {
        let packet = scene.subscribers[0].rtcp(compound.bytes());
        relay(&mut scene.room, scene.now, &[(scene.subscribers[0].member, packet)], &mut scene.wire);
    }
    scene.line = 140_000;
    scene.tell();
    scene.run(2);
    assert_eq!(scene.doubled, 0);
    scene.line = 160_000;
    scene.tell();
    let [(sounds, _), _] = scene.run(2);
    assert_eq!((sounds, scene.doubled), (100, 100));
}
