//! Small copies of images.

use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Seek},
};

use image::{
    DynamicImage, ImageDecoder, ImageError, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, webp::WebPEncoder},
    imageops::FilterType,
    metadata::Orientation,
};
use serde::{Deserialize, Serialize};

use super::{WorkError, give, heif, say};

/// What an image is: its size as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

/// The most pixels of an image that is shown: every camera has fewer, and a browser must hold four bytes of each.
pub const MAX_PIXELS: u64 = 64_000_000;

/// The longer side of a thumbnail.
const THUMBNAIL: u32 = 640;

/// The side of a picture.
const PICTURE: u32 = 256;

const JPEG_QUALITY: u8 = 82;

/// Beyond this the decoder itself stops; the process's limit is the last resort.
const DECODER_MEMORY: u64 = 208 * 1024 * 1024;

pub fn thumbnail(input: File) -> Result<(), WorkError> {
    let mut input = BufReader::new(input);
    if let Some(size) = heif::size(&mut input)? {
        // Nothing here decodes it. A browser that can shows the original.
        say(&size)?;
        return if size.fits() { Ok(()) } else { Err(WorkError::TooLarge) };
    }
    let image = decode(input, |size| say(&size))?;
    give(&encode(&shrunk(image, THUMBNAIL))?)
}

pub fn picture(input: File) -> Result<(), WorkError> {
    let image = decode(BufReader::new(input), |size| say(&size))?;
    let side = image.width().min(image.height());
    let (x, y) = ((image.width() - side) / 2, (image.height() - side) / 2);
    let square = image.crop_imm(x, y, side, side);
    drop(image);
    // By averaging first: it needs no copy in floating point.
    let square = shrunk(square, PICTURE * 4);
    give(&encode(&square.resize_exact(PICTURE, PICTURE, FilterType::CatmullRom))?)
}

/// The first frame, as it is shown. Its size is told before the pixels are touched.
fn decode(
    input: BufReader<impl Read + Seek>,
    tell: impl FnOnce(Size) -> Result<(), WorkError>,
) -> Result<DynamicImage, WorkError> {
    let mut reader = ImageReader::new(input).with_guessed_format()?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODER_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let size = Size::shown(decoder.dimensions(), orientation);
    tell(size)?;
    if !size.fits() || decoder.total_bytes() > DECODER_MEMORY {
        return Err(WorkError::TooLarge);
    }
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    Ok(image)
}

fn failed(error: ImageError) -> WorkError {
    match error {
        ImageError::Limits(_) => WorkError::TooLarge,
        error => WorkError::refused(error),
    }
}

impl Size {
    fn shown((width, height): (u32, u32), orientation: Orientation) -> Self {
        use Orientation as O;
        match orientation {
            O::Rotate90 | O::Rotate270 | O::Rotate90FlipH | O::Rotate270FlipH => Self { width: height, height: width },
            _ => Self { width, height },
        }
    }

    /// Whether it is an image that may be shown.
    #[must_use]
    pub fn fits(self) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        (1..=MAX_PIXELS).contains(&pixels)
    }
}

/// At most so large, never larger than it was.
fn shrunk(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width().max(image.height()) <= side { image } else { image.thumbnail(side, side) }
}

/// JPEG, or WebP for what can be seen through.
fn encode(image: &DynamicImage) -> Result<Vec<u8>, WorkError> {
    let mut bytes = Cursor::new(Vec::new());
    if image.color().has_alpha() {
        let image = image.to_rgba8();
        if image.pixels().any(|pixel| pixel.0[3] < 255) {
            image.write_with_encoder(WebPEncoder::new_lossless(&mut bytes)).map_err(failed)?;
            return Ok(bytes.into_inner());
        }
    }
    image.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)).map_err(failed)?;
    Ok(bytes.into_inner())
}
