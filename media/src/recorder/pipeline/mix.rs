//! All voices together: decoded, added, encoded anew. It begins with the recording and is as long as it.

use std::collections::{BTreeMap, VecDeque};

use opus::{Application, Bitrate, Channels, Decoder, Encoder, SoftClip};

use super::{
    levels::{Block, Levels},
    ogg::{self, OggWriter, SILENCE},
    timeline::ticks,
    toc::{self, FRAME, LONGEST, RATE},
};
use crate::{
    control::PeerId,
    recorder::{Output, StreamId},
};

/// Nobody is waited for longer than this; what comes later is in its own track only.
pub(super) const HOLD_US: i64 = 700_000;

/// A voice is never so far ahead of the mix.
const AHEAD: usize = 3 * RATE as usize;

const BITS_PER_SECOND: i32 = 48_000;
const COMPLEXITY: i32 = 5;

/// The largest packet that we make.
const PACKET: usize = 1_275;

/// Frames that are all silence until the encoder need not be asked any more.
const DRAINED: u32 = 10;

pub(super) struct Mix {
    voices: BTreeMap<PeerId, Decoder>,
    notice: Notice,
    /// The sum from `position` on.
    sum: VecDeque<f32>,
    levels: Levels,
    /// Samples that are encoded.
    position: i64,
    encoder: Encoder,
    clip: SoftClip,
    ogg: OggWriter,
    /// Frames of silence up to here.
    silent: u32,
    bytes: u64,
}

/// What is said at the start; it is decoded as it is needed.
struct Notice {
    decoder: Decoder,
    packets: VecDeque<Vec<u8>>,
    /// Samples that are no sound yet.
    skip: usize,
    place: i64,
}

impl Mix {
    pub(super) fn new(notice: &[u8]) -> Result<Self, opus::Error> {
        let mut encoder = Encoder::new(RATE, Channels::Mono, Application::Audio)?;
        encoder.set_bitrate(Bitrate::Bits(BITS_PER_SECOND))?;
        encoder.set_complexity(COMPLEXITY)?;
        let skip = encoder.get_lookahead()?.clamp(0, FRAME as i32) as u16;
        Ok(Self {
            voices: BTreeMap::new(),
            notice: Notice::new(notice)?,
            sum: VecDeque::new(),
            levels: Levels::default(),
            position: 0,
            encoder,
            clip: SoftClip::new(Channels::Mono),
            ogg: OggWriter::new(1, skip),
            silent: 0,
            bytes: 0,
        })
    }

    /// A packet of a voice that begins at `place`, with `lost` frames before it that nobody has heard.
    pub(super) fn packet(&mut self, peer: PeerId, place: i64, lost: i64, payload: &[u8]) {
        if payload.len() <= toc::SILENT {
            return;
        }
        let decoder = match self.voices.entry(peer) {
            std::collections::btree_map::Entry::Occupied(voice) => voice.into_mut(),
            std::collections::btree_map::Entry::Vacant(voice) => {
                let Ok(decoder) = Decoder::new(RATE, Channels::Mono) else { return };
                voice.insert(decoder)
            }
        };
        let mut samples = [0.0; LONGEST];
        for back in (1..=lost).rev() {
            // The packet may have in it what was said before it.
            let frame = &mut samples[..FRAME as usize];
            let made_up =
                if back == 1 { decoder.decode_float(payload, frame, true) } else { decoder.decode_float(&[], frame, false) };
            let made_up = &samples[..made_up.unwrap_or(0)];
            if add(&mut self.sum, place - back * FRAME - self.position, made_up) {
                self.levels.voice(peer, place - back * FRAME, made_up);
            }
        }
        let count = decoder.decode_float(payload, &mut samples, false).unwrap_or(0);
        if add(&mut self.sum, place - self.position, &samples[..count]) {
            self.levels.voice(peer, place, &samples[..count]);
        }
    }

    pub(super) fn leave(&mut self, peer: PeerId) {
        self.voices.remove(&peer);
    }

    /// Mixes what all have said, of whom it is known up to `known`.
    pub(super) fn advance(&mut self, now_us: i64, known: i64, out: &mut dyn Output) {
        let until = known.clamp(ticks(now_us - HOLD_US, RATE), ticks(now_us, RATE).max(0));
        while self.position + FRAME <= until {
            let packet = self.frame();
            self.ogg.packet(packet);
        }
        self.write(out);
    }

    /// The rest, up to exactly now.
    pub(super) fn finish(&mut self, now_us: i64, out: &mut dyn Output) {
        let end = ticks(now_us, RATE).max(0);
        // The encoder is behind by what is skipped at the start.
        while self.position + FRAME < end + i64::from(self.ogg.skip()) {
            let packet = self.frame();
            self.ogg.packet(packet);
        }
        let packet = self.frame();
        self.ogg.finish(packet, end as u64);
        self.write(out);
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How loud it was, once some of it is mixed.
    pub(super) fn take_levels(&mut self) -> Option<Block> {
        self.levels.take(self.position)
    }

    /// All that is left, once all is mixed.
    pub(super) fn finish_levels(&mut self, now_us: i64) -> Vec<Block> {
        let whole = std::iter::from_fn(|| self.levels.take(self.position)).collect::<Vec<_>>();
        whole.into_iter().chain(self.levels.finish(ticks(now_us, RATE).max(0))).collect()
    }

    /// Encodes the next frame.
    fn frame(&mut self) -> Vec<u8> {
        let len = FRAME as usize;
        self.notice.speak(self.position, &mut self.sum);
        self.position += FRAME;
        let mut samples = [0.0; FRAME as usize];
        let there = self.sum.len().min(len);
        samples.iter_mut().zip(self.sum.drain(..there)).for_each(|(sample, sum)| *sample = sum);
        let is_silent = samples.iter().all(|sample| *sample == 0.0);
        self.silent = if is_silent { self.silent.saturating_add(1) } else { 0 };
        if self.silent > DRAINED {
            return vec![SILENCE];
        }
        self.clip.apply(&mut samples);
        self.levels.mix(self.position - FRAME, &samples);
        self.encoder.encode_vec_float(&samples, PACKET).unwrap_or_else(|_| vec![SILENCE])
    }

    fn write(&mut self, out: &mut dyn Output) {
        let pages = self.ogg.take();
        if !pages.is_empty() {
            self.bytes += pages.len() as u64;
            out.write(StreamId::MIX, &pages);
        }
    }
}

impl Notice {
    fn new(stream: &[u8]) -> Result<Self, opus::Error> {
        let (skip, packets) = ogg::read_packets(stream);
        Ok(Self { decoder: Decoder::new(RATE, Channels::Mono)?, packets: packets.into(), skip, place: 0 })
    }

    /// Adds what is said in the frame at `position`.
    fn speak(&mut self, position: i64, sum: &mut VecDeque<f32>) {
        while self.place < position + FRAME
            && let Some(packet) = self.packets.pop_front()
        {
            let mut samples = [0.0; LONGEST];
            let count = self.decoder.decode_float(&packet, &mut samples, false).unwrap_or(0);
            let skipped = self.skip.min(count);
            self.skip -= skipped;
            add(sum, self.place - position, &samples[skipped..count]);
            self.place += (count - skipped) as i64;
        }
    }
}

/// Adds samples to the sum, as far as it has not gone by; not if they are too far ahead.
fn add(sum: &mut VecDeque<f32>, at: i64, samples: &[f32]) -> bool {
    let gone = usize::try_from(at.saturating_neg()).unwrap_or(0);
    let at = usize::try_from(at).unwrap_or(0);
    let Some(samples) = samples.get(gone..).filter(|samples| at + samples.len() <= AHEAD) else { return false };
    if sum.len() < at + samples.len() {
        sum.resize(at + samples.len(), 0.0);
    }
    sum.range_mut(at..).zip(samples).for_each(|(sum, sample)| *sum += sample);
    true
}
