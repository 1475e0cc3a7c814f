//! Streams that were cut off are made whole, and lose no more than what was not written.

use staffline_media::recorder::{
    Source, StreamId,
    pipeline::{Mix, Scan},
};

use crate::{harness::*, reading::File};

/// A call of twenty seconds with a camera.
pub(crate) fn call() -> Recorded {
    let frame = |ms: u64| (ms, if ms.is_multiple_of(2000) { key_frame(640, 360, 3000) } else { delta_frame(800) });
    let frames = (0..20_000).step_by(40).map(frame).collect::<Vec<_>>();
    let packets = [voice(ANNA, 0, 20_000, dated), pictures(ANNA, Source::Camera, &frames)].concat();
    record(Mix::On, &[], happens(packets), 20_000)
}

/// What becomes of the first bytes of a stream.
pub(crate) fn mend(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut scan = Scan::default();
    bytes.chunks(65_536).for_each(|piece| scan.feed(piece));
    let mended = scan.finish()?;
    let mut whole = bytes.to_vec();
    for (at, patch) in &mended.patches {
        whole[*at as usize..][..patch.len()].copy_from_slice(patch);
    }
    whole.extend_from_slice(&mended.tail);
    Some(whole)
}

/// A stream as it was before its head was replaced.
pub(crate) fn unfinished(recorded: &Recorded, stream: StreamId) -> Vec<u8> {
    let mut bytes = recorded.bytes(stream).to_vec();
    let replaced = &recorded.streams.replaced[&stream];
    bytes[..replaced.len()].copy_from_slice(replaced);
    bytes
}

#[test]
fn a_stream_that_was_cut_off_can_be_sought() {
    let recorded = call();
    let (summary, whole) = recorded.file(ANNA);
    let bytes = unfinished(&recorded, summary.stream);
    let writes =
        recorded.streams.writes.iter().filter(|(stream, _)| *stream == summary.stream).map(|(_, len)| *len).collect::<Vec<_>>();
    let cuts = writes.iter().copied().chain((0..bytes.len()).step_by(7919));
    let mut mended = 0;
    for cut in cuts.filter(|cut| *cut <= *writes.iter().rev().nth(1).unwrap()) {
        let Some(file) = mend(&bytes[..cut]) else {
            assert!(cut < 20_000, "{cut} bytes have nothing in them");
            continue;
        };
        let file = File::read(&file);
        file.check();
        assert_eq!(file.clusters, whole.clusters[..file.clusters.len()]);
        let duration_ms = file.duration_ms.unwrap();
        let last = file.clusters.last().unwrap().last().unwrap();
        assert!((last.ms as f64..=last.ms as f64 + 20.0).contains(&duration_ms));
        assert_eq!(file.elements.last(), Some(&0x1c53_bb6b));
        mended += 1;
    }
    assert!(mended > 60);
}

#[test]
fn a_stream_is_never_far_behind() {
    let recorded = call();
    let (summary, whole) = recorded.file(ANNA);
    let ends = whole.clusters.iter().map(|cluster| cluster.last().unwrap().ms).collect::<Vec<_>>();
    assert!(ends.windows(2).all(|pair| pair[1] - pair[0] <= 600), "{ends:?}");
    let writes = recorded.streams.writes.iter().filter(|(stream, _)| *stream == summary.stream).count();
    assert!(writes >= whole.clusters.len() + 2, "each is written when it is whole");
}
