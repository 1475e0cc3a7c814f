//! Opus in Ogg (RFC 7845): what is said at the start is read from it, the mix is written in it.

use std::{io::Cursor, ops::Range};

use ogg::{
    PacketReader,
    writing::{PacketWriteEndInfo, PacketWriter},
};

use super::{
    scan::Mended,
    toc::{self, FRAME},
};

/// Packets of 20 ms in a page: half a second.
const PAGE: u32 = 25;

/// Each file has one stream, so it may be the same in all.
const SERIAL: u32 = 0x5354_4652;

/// What pages begin with.
const MAGIC: &[u8] = b"OggS";

/// The flag of the page that ends a stream.
const LAST_PAGE: u8 = 4;

/// A frame of 20 ms of the mix in which nothing is to be heard.
pub(super) const SILENCE: u8 = 0xf8;

/// The header of a stream; `skip` samples at its start are no sound yet.
pub(super) fn opus_head(channels: u8, skip: u16) -> Vec<u8> {
    let mut head = b"OpusHead".to_vec();
    head.extend_from_slice(&[1, channels]);
    head.extend_from_slice(&skip.to_le_bytes());
    head.extend_from_slice(&toc::RATE.to_le_bytes());
    head.extend_from_slice(&[0, 0, 0]);
    head
}

fn opus_tags() -> Vec<u8> {
    let vendor = b"staffline";
    let mut tags = b"OpusTags".to_vec();
    tags.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
    tags.extend_from_slice(vendor);
    tags.extend_from_slice(&0u32.to_le_bytes());
    tags
}

/// Writes a stream of packets of 20 ms, a page for each half second.
pub(super) struct OggWriter {
    packets: PacketWriter<'static, Vec<u8>>,
    skip: u16,
    samples: u64,
    in_page: u32,
}

impl OggWriter {
    pub(super) fn new(channels: u8, skip: u16) -> Self {
        let mut writer = Self { packets: PacketWriter::new(Vec::new()), skip, samples: 0, in_page: 0 };
        writer.write(opus_head(channels, skip), PacketWriteEndInfo::EndPage, 0);
        writer.write(opus_tags(), PacketWriteEndInfo::EndPage, 0);
        writer
    }

    pub(super) fn packet(&mut self, packet: Vec<u8>) {
        self.samples += FRAME as u64;
        self.in_page += 1;
        let is_last = self.in_page == PAGE;
        if is_last {
            self.in_page = 0;
        }
        let end = if is_last { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
        self.write(packet, end, self.samples);
    }

    /// The last packet, of which only so much is played that the whole is `samples` long.
    pub(super) fn finish(&mut self, packet: Vec<u8>, samples: u64) {
        let end = (samples + u64::from(self.skip)).min(self.samples + FRAME as u64);
        self.write(packet, PacketWriteEndInfo::EndStream, end);
    }

    pub(super) fn skip(&self) -> u16 {
        self.skip
    }

    /// The pages that have become whole.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.packets.inner_mut())
    }

    fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo, position: u64) {
        let written = self.packets.write_packet(packet, SERIAL, end, position);
        debug_assert!(written.is_ok(), "memory takes everything");
    }
}

/// Reads pages of a stream that was cut off.
#[derive(Debug, Default)]
pub(super) struct Pages {
    rest: Vec<u8>,
    /// Bytes in whole pages.
    keep: u64,
    skip: u64,
    /// Position and number of the last whole page.
    last: Option<(u64, u32)>,
    has_ended: bool,
}

impl Pages {
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let mut done = 0;
        while let Some(len) = page_len(&self.rest[done..]).or_else(|| torn_len(&self.rest[done..])) {
            self.page(done..done + len);
            done += len;
        }
        self.rest.drain(..done);
        self.keep += done as u64;
    }

    fn page(&mut self, range: Range<usize>) {
        let page = &self.rest[range];
        if !page.starts_with(MAGIC) {
            return;
        }
        let position = u64::from_le_bytes(field(page, 6));
        let number = u32::from_le_bytes(field(page, 18));
        if number == 0 && page.get(28..36) == Some(b"OpusHead") {
            self.skip = u64::from(u16::from_le_bytes(field(page, 38)));
        }
        self.last = Some((position, number));
        self.has_ended |= page[5] & LAST_PAGE != 0;
    }

    /// How the stream is ended. Unset if there is nothing to hear.
    pub(super) fn finish(&self) -> Option<Mended> {
        let (position, number) = self.last.filter(|(position, _)| *position > self.skip)?;
        let duration_ms = (position - self.skip) * 1000 / u64::from(toc::RATE);
        if self.has_ended {
            return Some(Mended { patches: vec![], tail: vec![], duration_ms });
        }
        // What no page begins with is passed over.
        let torn = (self.rest.len() >= 4).then(|| (self.keep, vec![0; 4]));
        Some(Mended { patches: torn.into_iter().collect(), tail: closing(position, number + 1), duration_ms })
    }
}

/// A last page. It must not be empty, but its packet ends where the one before does, and so is not played.
fn closing(position: u64, number: u32) -> Vec<u8> {
    let mut page = MAGIC.to_vec();
    page.push(0);
    page.push(LAST_PAGE);
    page.extend_from_slice(&position.to_le_bytes());
    page.extend_from_slice(&SERIAL.to_le_bytes());
    page.extend_from_slice(&number.to_le_bytes());
    page.extend_from_slice(&[0; 4]);
    page.extend_from_slice(&[1, 1, SILENCE]);
    let sum = checksum(&page);
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

/// How long the page is that begins here (RFC 3533 §6), if it is whole.
fn page_len(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<27>().filter(|header| header.starts_with(MAGIC))?;
    let sizes = bytes.get(27..27 + usize::from(header[26]))?;
    let len = 27 + sizes.len() + sizes.iter().map(|size| usize::from(*size)).sum::<usize>();
    (len <= bytes.len()).then_some(len)
}

/// How much there is before the next page, where a page was passed over.
fn torn_len(bytes: &[u8]) -> Option<usize> {
    if bytes.starts_with(MAGIC) {
        return None;
    }
    bytes.windows(MAGIC.len()).position(|bytes| bytes == MAGIC)
}

/// A field of a page that is whole.
fn field<const LEN: usize>(page: &[u8], at: usize) -> [u8; LEN] {
    page.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; LEN])
}

/// CRC-32 without reflection, as pages have it.
fn checksum(page: &[u8]) -> u32 {
    let bit = |sum: u32, _| if sum >> 31 == 1 { sum << 1 ^ 0x04c1_1db7 } else { sum << 1 };
    page.iter().fold(0, |sum, byte| (0..8).fold(sum ^ u32::from(*byte) << 24, bit))
}

/// The samples to skip at the start of a stream, and its packets. Empty if it is none.
pub(super) fn read_packets(stream: &[u8]) -> (usize, Vec<Vec<u8>>) {
    let mut reader = PacketReader::new(Cursor::new(stream));
    let mut packets = std::iter::from_fn(|| reader.read_packet().ok().flatten().map(|packet| packet.data));
    let skip = packets.next().filter(|head| head.starts_with(b"OpusHead")).and_then(|head| {
        let skip = head.get(10..)?.first_chunk::<2>()?;
        Some(usize::from(u16::from_le_bytes(*skip)))
    });
    let Some(skip) = skip else { return (0, Vec::new()) };
    (skip, packets.skip(1).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_every_size_come_back() {
        let sizes = (1..=1275).chain([255, 510, 765, 1020, 1275, 0, 1]);
        let packets = sizes.map(|size| vec![0xf8; size]).collect::<Vec<_>>();
        let mut writer = OggWriter::new(1, 312);
        for packet in &packets[1..] {
            writer.packet(packet.clone());
        }
        writer.finish(packets[0].clone(), 960 * 1282);
        let (skip, mut read) = read_packets(&writer.take());
        assert_eq!(skip, 312);
        read.rotate_right(1);
        assert!(read == packets);
    }

    #[test]
    fn a_stream_that_was_cut_off_is_closed_with_a_page() {
        let mut writer = OggWriter::new(1, 312);
        (0..60).for_each(|_| writer.packet(vec![0xf8; 300]));
        let bytes = writer.take();
        for (cut, packets, ms) in [(0, 51, 993), (1, 26, 493), (3000, 26, 493)] {
            let mut pages = Pages::default();
            let mut bytes = bytes[..bytes.len() - cut].to_vec();
            bytes.chunks(7).for_each(|piece| pages.feed(piece));
            let mended = pages.finish().unwrap();
            assert_eq!(mended.duration_ms, ms);
            for (at, patch) in mended.patches {
                bytes[at as usize..][..patch.len()].copy_from_slice(&patch);
            }
            bytes.extend_from_slice(&mended.tail);
            pages = Pages::default();
            pages.feed(&bytes);
            let again = pages.finish().map(|again| (again.patches.len(), again.tail.len(), again.duration_ms));
            assert_eq!(again, Some((0, 0, ms)), "it has ended");
            let mut reader = PacketReader::new(Cursor::new(bytes));
            let count = std::iter::from_fn(|| reader.read_packet().unwrap()).count();
            assert_eq!(count, 2 + packets);
        }
        assert_eq!(Pages::default().finish(), None);
    }

    #[test]
    fn what_is_no_stream_has_no_packets() {
        for stream in [&b""[..], b"OggS", &[7; 1000]] {
            assert_eq!(read_packets(stream), (0, vec![]));
        }
    }
}
