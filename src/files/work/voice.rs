//! Voice messages: whatever a browser recorded becomes Ogg with Opus, which all of them play. Opus stays as it is and only changes its
//! container (RFC 7845); other sound is decoded and encoded anew.

use std::{fs::File, io};

use base64::{Engine, prelude::BASE64_STANDARD};
use ogg::writing::{PacketWriteEndInfo, PacketWriter};
use opus::{Application, Bitrate, Channels, Decoder, Encoder};
use serde::{Deserialize, Serialize};
use symphonia::{
    core::{
        codecs::audio::{AudioCodecParameters, AudioDecoderOptions, well_known::CODEC_ID_OPUS},
        formats::{FormatReader, TrackType, probe::Hint},
        io::MediaSourceStream,
    },
    default::{get_codecs, get_probe},
};

use super::{
    WorkError, give, say,
    waveform::{Resampler, Waveform},
};

/// What the server tells of a voice message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    pub duration_ms: u32,
    /// Base64 of one byte a bar.
    pub waveform: String,
}

/// Of Opus in Ogg, always.
pub const RATE: u32 = 48_000;

/// The longest voice message.
const MAX_SAMPLES: u64 = 15 * 60 * RATE as u64;

/// Samples of the frames that we encode: 20 ms.
const FRAME: usize = 960;

/// Samples of the longest packet of Opus: 120 ms.
const LONGEST_PACKET: usize = 5_760;

/// Plenty for speech.
const BITS_PER_SECOND: i32 = 32_000;

pub fn convert(input: File) -> Result<(), WorkError> {
    let stream = MediaSourceStream::new(Box::new(input), symphonia::core::io::MediaSourceStreamOptions::default());
    let format = get_probe().probe(&Hint::new(), stream, Default::default(), Default::default());
    let mut format = format.map_err(WorkError::refused)?;
    let track = format.default_track(TrackType::Audio).ok_or_else(|| WorkError::refused("no sound"))?;
    let id = track.id;
    let codec =
        track.codec_params.as_ref().and_then(|codec| codec.audio()).ok_or_else(|| WorkError::refused("no codec"))?.clone();
    let recording =
        if codec.codec == CODEC_ID_OPUS { repack(&mut *format, id, &codec)? } else { encode(&mut *format, id, &codec)? };
    recording.finish()
}

/// Copies the packets, and listens to them on the way.
fn repack(format: &mut dyn FormatReader, track: u32, codec: &AudioCodecParameters) -> Result<Recording, WorkError> {
    let (channels, skip) = opus_head(codec).ok_or_else(|| WorkError::refused("an Opus header that is none"))?;
    let mut recording = Recording::begin(channels, skip)?;
    let mut decoder = Decoder::new(RATE, Channels::Mono).map_err(WorkError::refused)?;
    let mut samples = vec![0.0; LONGEST_PACKET];
    while let Some(packet) = next(format, track) {
        // A packet that is broken is left out, as a player would.
        let Ok(count) = decoder.decode_float(&packet, &mut samples, false) else { continue };
        recording.waveform.hear(&samples[..count]);
        recording.push(packet, count)?;
    }
    Ok(recording)
}

/// Decodes, and encodes as Opus.
fn encode(format: &mut dyn FormatReader, track: u32, codec: &AudioCodecParameters) -> Result<Recording, WorkError> {
    let mut decoder = get_codecs().make_audio_decoder(codec, &AudioDecoderOptions::default()).map_err(WorkError::refused)?;
    let mut encoder = Encoder::new(RATE, Channels::Mono, Application::Voip).map_err(WorkError::refused)?;
    encoder.set_bitrate(Bitrate::Bits(BITS_PER_SECOND)).map_err(WorkError::refused)?;
    let lookahead = encoder.get_lookahead().map_err(WorkError::refused)?;
    let skip = u16::try_from(lookahead).map_err(WorkError::refused)?;
    let mut recording = Recording::begin(1, skip)?;
    let (mut resampler, mut frame, mut interleaved) = (None, Vec::with_capacity(FRAME), Vec::<f32>::new());
    let mut heard = 0_u64;
    while let Some(packet) = next_packet(format, track) {
        let Ok(sound) = decoder.decode(&packet) else { continue };
        let (rate, channels) = (sound.spec().rate(), sound.num_planes().max(1));
        sound.copy_to_vec_interleaved(&mut interleaved);
        let resampler = resampler.get_or_insert_with(|| Resampler::new(rate, RATE));
        for samples in interleaved.chunks_exact(channels) {
            let mono = samples.iter().sum::<f32>() / samples.len() as f32;
            resampler.push(mono, |sample| frame.push(sample));
        }
        while frame.len() >= FRAME {
            let rest = frame.split_off(FRAME);
            heard += FRAME as u64;
            recording.encode(&mut encoder, &frame)?;
            frame = rest;
        }
    }
    heard += frame.len() as u64;
    // What the encoder holds back comes out with silence.
    frame.resize(frame.len() + usize::from(skip), 0.0);
    frame.resize(frame.len().next_multiple_of(FRAME), 0.0);
    for part in frame.chunks_exact(FRAME) {
        recording.encode(&mut encoder, part)?;
    }
    recording.length = Some(heard);
    Ok(recording)
}

/// Channels, and samples to skip at the beginning.
fn opus_head(codec: &AudioCodecParameters) -> Option<(u8, u16)> {
    let head = codec.extra_data.as_deref()?.strip_prefix(b"OpusHead")?;
    let (channels, skip) = (*head.get(1)?, head.get(2..4)?.try_into().ok()?);
    // Version 0 is that of MP4 (`dOps`), with the bytes of numbers the other way round.
    let skip = if head[0] == 0 { u16::from_be_bytes(skip) } else { u16::from_le_bytes(skip) };
    // Other mappings are of surround sound.
    (matches!(channels, 1 | 2) && head.get(10) == Some(&0)).then_some((channels, skip))
}

fn next_packet(format: &mut dyn FormatReader, track: u32) -> Option<symphonia::core::packet::Packet> {
    // A recording that was cut off ends in an error: what came before it counts.
    std::iter::from_fn(|| format.next_packet().ok().flatten()).find(|packet| packet.track_id == track)
}

fn next(format: &mut dyn FormatReader, track: u32) -> Option<Vec<u8>> {
    next_packet(format, track).map(|packet| packet.data.into_vec())
}

/// An Ogg file in the making.
struct Recording {
    writer: PacketWriter<'static, Vec<u8>>,
    waveform: Waveform,
    skip: u64,
    /// Samples of all packets that were pushed.
    samples: u64,
    /// The newest packet, which is the last one unless another comes.
    pending: Option<Vec<u8>>,
    /// Samples after the skipped ones, if the packets have more of them.
    length: Option<u64>,
}

/// The number of the only stream in the file.
const SERIAL: u32 = 1;

/// Pages of about a second, so that a player finds its way.
const SAMPLES_PER_PAGE: u64 = RATE as u64;

impl Recording {
    fn begin(channels: u8, skip: u16) -> Result<Self, WorkError> {
        let mut head = b"OpusHead\x01".to_vec();
        head.push(channels);
        head.extend(skip.to_le_bytes());
        head.extend(RATE.to_le_bytes());
        // No gain, and the mapping of one or two channels.
        head.extend([0, 0, 0]);
        let vendor = b"staffline";
        let length = u32::try_from(vendor.len()).expect("it is short").to_le_bytes();
        let tags = [&b"OpusTags"[..], &length, vendor, &[0; 4]].concat();
        let mut writer = PacketWriter::new(Vec::new());
        for packet in [head, tags] {
            writer.write_packet(packet, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        }
        Ok(Self { writer, waveform: Waveform::default(), skip: u64::from(skip), samples: 0, pending: None, length: None })
    }

    fn encode(&mut self, encoder: &mut Encoder, frame: &[f32]) -> Result<(), WorkError> {
        self.waveform.hear(frame);
        let packet = encoder.encode_vec_float(frame, 1_500).map_err(WorkError::refused)?;
        self.push(packet, frame.len())
    }

    fn push(&mut self, packet: Vec<u8>, samples: usize) -> Result<(), WorkError> {
        if let Some(before) = self.pending.replace(packet) {
            let page_ends = (self.samples + samples as u64) / SAMPLES_PER_PAGE > self.samples / SAMPLES_PER_PAGE;
            let end = if page_ends { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            self.writer.write_packet(before, SERIAL, end, self.samples)?;
        }
        self.samples += samples as u64;
        if self.samples > MAX_SAMPLES + RATE as u64 { Err(WorkError::refused("too long")) } else { Ok(()) }
    }

    fn finish(mut self) -> Result<(), WorkError> {
        let last = self.pending.take().ok_or_else(|| WorkError::refused("nothing to hear"))?;
        let length = self.length.unwrap_or(self.samples.saturating_sub(self.skip));
        if length == 0 || length > MAX_SAMPLES {
            return Err(WorkError::refused("too short or too long"));
        }
        // Players cut off what is beyond the position of the last page.
        let end = (self.skip + length).min(self.samples);
        self.writer.write_packet(last, SERIAL, PacketWriteEndInfo::EndStream, end)?;
        let duration_ms = u32::try_from(length * 1_000 / u64::from(RATE)).map_err(io::Error::other)?;
        say(&Voice { duration_ms, waveform: BASE64_STANDARD.encode(self.waveform.bars()) })?;
        give(&self.writer.into_inner())
    }
}
