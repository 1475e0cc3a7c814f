//! The mix: everybody in their place, from the start of the recording to its end.

use std::{collections::BTreeMap, io::Cursor};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ogg::{
    PacketReader,
    writing::{PacketWriteEndInfo, PacketWriter},
};
use opus::{Channels, Decoder};
use staffline_media::recorder::{StreamId, pipeline::Mix};

use crate::harness::*;

/// The mix as it sounds, and how many samples it says it has.
fn listen(recorded: &Recorded) -> (Vec<f32>, u64) {
    let mut packets = PacketReader::new(Cursor::new(recorded.bytes(StreamId::MIX)));
    let head = packets.read_packet().unwrap().unwrap();
    let skip = u16::from_le_bytes([head.data[10], head.data[11]]);
    packets.read_packet().unwrap().unwrap();
    let mut decoder = Decoder::new(48_000, Channels::Mono).unwrap();
    let (mut sound, mut samples, mut last) = (Vec::new(), vec![0.0; 5760], 0);
    while let Some(packet) = packets.read_packet().unwrap() {
        let count = decoder.decode_float(&packet.data, &mut samples, false).unwrap();
        sound.extend_from_slice(&samples[..count]);
        last = packet.absgp_page();
    }
    let len = last - u64::from(skip);
    sound.drain(..usize::from(skip));
    sound.truncate(len as usize);
    (sound, len)
}

/// Loudness of each 10 ms.
fn loudness(sound: &[f32]) -> Vec<f32> {
    sound.chunks(480).map(|part| (part.iter().map(|sample| sample * sample).sum::<f32>() / part.len() as f32).sqrt()).collect()
}

/// The 10 ms in which something is heard first.
fn onset_ms(sound: &[f32]) -> u64 {
    loudness(sound).iter().position(|loudness| *loudness > 0.05).unwrap() as u64 * 10
}

/// A voice that says a tone between two times, and nothing otherwise.
fn speaker(peer: staffline_media::control::PeerId, from_ms: u64, to_ms: u64, tone_ms: std::ops::Range<u64>) -> Vec<Packet> {
    let sound = tone((to_ms - from_ms) / 20, |frame| tone_ms.contains(&(from_ms + 20 * frame)));
    voice(peer, from_ms, to_ms, |ms| sound[((ms - from_ms) / 20) as usize].clone())
}

#[test]
fn who_joins_late_is_heard_in_their_place() {
    let packets = [speaker(ANNA, 0, 40_000, 5000..6000), speaker(BORIS, 30_000, 40_000, 30_000..31_000)].concat();
    let recorded = record(Mix::On, &[], happens(packets), 40_013);
    let (sound, len) = listen(&recorded);
    assert_eq!((len, sound.len()), (40_013 * 48, 40_013 * 48));
    assert!(onset_ms(&sound).abs_diff(5000) <= 40, "{}", onset_ms(&sound));
    let late = &sound[20_000 * 48..];
    assert!((onset_ms(late) + 20_000).abs_diff(30_000) <= 40, "{}", onset_ms(late) + 20_000);
    let mix = recorded.summaries.iter().find(|summary| summary.stream == StreamId::MIX).unwrap();
    assert_eq!((mix.starts_ms, mix.duration_ms), (0, 40_013));
    assert_eq!(mix.bytes, recorded.bytes(StreamId::MIX).len() as u64);
}

#[test]
fn levels_tell_who_is_heard_and_when() {
    let packets = [speaker(ANNA, 0, 12_000, 5000..6000), speaker(BORIS, 6000, 12_000, 7000..11_000)].concat();
    let recorded = record(Mix::On, &[], happens(packets), 12_340);
    let (sound, _) = listen(&recorded);
    let levels = levels(&recorded);
    let (mix, anna, boris) = (&levels["mix"], &levels[&hex(ANNA)], &levels[&hex(BORIS)]);
    assert_eq!(mix.len(), 124, "up to the end");
    for (step, level) in mix.iter().enumerate() {
        let part = &sound[step * 4800..sound.len().min((step + 1) * 4800)];
        let loudest = part.iter().fold(0.0_f32, |loudest, sample| loudest.max(sample.abs())) * 256.0;
        assert!((f32::from(*level) - loudest).abs() < 20.0, "step {step}: {level} and {loudest}");
    }
    let loud = |levels: &[u8]| (0..levels.len()).filter(|step| levels[*step] > 40).collect::<Vec<_>>();
    let (anna, boris) = (loud(anna), loud(boris));
    // A decoder goes on for some milliseconds.
    assert!((50..=50).contains(&anna[0]) && (59..=60).contains(anna.last().unwrap()) && anna.len() <= 11, "{anna:?}");
    assert!((70..=70).contains(&boris[0]) && (109..=110).contains(boris.last().unwrap()) && boris.len() >= 40, "{boris:?}");
    let without = record(Mix::Off, &[], happens(speaker(ANNA, 0, 6000, 0..6000)), 6000);
    assert!(!without.events().iter().any(|event| event.contains("levels")), "nothing is decoded for them");
}

/// All levels that were written, by whose they are.
fn levels(recorded: &Recorded) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::<String, Vec<u8>>::new();
    for event in recorded.events().into_iter().filter(|event| event.contains(r#""type":"levels""#)) {
        let at = number(&event, "from_ms") as usize / 100;
        let fields = event.split_once(r#""mix""#).unwrap().1.split('"').collect::<Vec<_>>();
        let named = fields[5..].chunks(4).filter(|named| named.len() == 4).map(|named| (named[0], named[2]));
        for (name, levels) in [("mix", fields[1])].into_iter().chain(named) {
            let row = all.entry(name.to_owned()).or_default();
            row.resize(at, 0);
            row.extend(STANDARD.decode(levels).unwrap());
        }
    }
    all
}

fn hex(peer: staffline_media::control::PeerId) -> String {
    format!("{:032x}", peer.0)
}

#[test]
fn the_notice_is_said_at_the_start() {
    let mut ogg = PacketWriter::new(Vec::new());
    let mut head = b"OpusHead\x01\x01\x38\x01".to_vec();
    head.extend_from_slice(&48_000u32.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    ogg.write_packet(head, 1, PacketWriteEndInfo::EndPage, 0).unwrap();
    ogg.write_packet(b"OpusTags\0\0\0\0\0\0\0\0".to_vec(), 1, PacketWriteEndInfo::EndPage, 0).unwrap();
    for (frame, packet) in tone(100, |_| true).into_iter().enumerate() {
        ogg.write_packet(packet, 1, PacketWriteEndInfo::NormalPacket, 960 * (frame as u64 + 1)).unwrap();
    }
    ogg.write_packet(vec![0xf8], 1, PacketWriteEndInfo::EndStream, 960 * 101).unwrap();
    let recorded = record(Mix::On, ogg.inner(), vec![], 5000);
    let loudness = loudness(&listen(&recorded).0);
    assert!(loudness[5..190].iter().all(|loudness| *loudness > 0.2), "{loudness:?}");
    assert!(loudness[215..].iter().all(|loudness| *loudness < 0.01), "{loudness:?}");
}

#[test]
fn a_lost_packet_is_made_up_and_many_are_silence() {
    let mut packets = speaker(ANNA, 0, 5000, 0..5000);
    packets.retain(|packet| !matches!(packet.at_us / 20_000, 100 | 101 | 150..170));
    let recorded = record(Mix::On, &[], happens(packets), 5000);
    let loudness = loudness(&listen(&recorded).0);
    assert!(loudness[180..220].iter().all(|loudness| *loudness > 0.05), "{:?}", &loudness[180..220]);
    assert!(loudness[305..330].iter().all(|loudness| *loudness < 0.01), "{:?}", &loudness[305..330]);
    assert!(loudness[350..490].iter().all(|loudness| *loudness > 0.05));
}

#[test]
fn many_loud_voices_do_not_overflow() {
    let peers = (1..=8).map(staffline_media::control::PeerId);
    let packets = peers.flat_map(|peer| speaker(peer, 0, 2000, 0..2000)).collect::<Vec<_>>();
    let recorded = record(Mix::On, &[], happens(packets), 2000);
    let (sound, _) = listen(&recorded);
    assert!(sound.iter().all(|sample| sample.abs() < 1.2));
    assert!(onset_ms(&sound) <= 40);
}

#[test]
fn nobody_makes_a_mix_of_silence() {
    let recorded = record(Mix::On, &[], vec![], 60_000);
    assert_eq!(listen(&recorded).1, 60_000 * 48);
    assert!(recorded.bytes(StreamId::MIX).len() < 20_000, "silence is not encoded");
    let off = record(Mix::Off, &[], vec![], 60_000);
    assert!(!off.streams.bytes.contains_key(&StreamId::MIX));
    assert_eq!(off.summaries.len(), 1, "only the events");
}

#[test]
fn what_is_heard_is_written_soon() {
    // Boris sends nothing any more, without having left: he is not waited for.
    let packets = [speaker(ANNA, 0, 10_000, 0..10_000), speaker(BORIS, 0, 2000, 0..2000)].concat();
    let recorded = record(Mix::On, &[], happens(packets), 10_000);
    let writes = recorded.streams.writes.iter().filter(|(stream, _)| *stream == StreamId::MIX).count();
    assert!(writes >= 19, "a page for each half second: {writes}");
}
