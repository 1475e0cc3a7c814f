//! The size of an AVIF image, from its boxes (ISO/IEC 23008-12): enough for a place that does not jump.

use std::io::{BufRead, Read, Seek, SeekFrom};

use super::{WorkError, images::Size};

/// Boxes with the sizes come first in every file that was made to be shown.
const HEAD: usize = 64 * 1024;

/// The size as shown, of what is AVIF; `None` for any other file, which is left at its beginning.
pub fn size(input: &mut (impl BufRead + Seek)) -> Result<Option<Size>, WorkError> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    input.seek(SeekFrom::Start(0))?;
    if head.get(4..8) != Some(b"ftyp") {
        return Ok(None);
    }
    parse(&head).map(Some).ok_or_else(|| WorkError::refused("no image size"))
}

/// The largest `ispe` is the image itself; others are of its tiles and thumbnails. `irot` turns it.
fn parse(head: &[u8]) -> Option<Size> {
    let number = |at: usize| head.get(at..at + 4).map(|bytes| u32::from_be_bytes(bytes.try_into().expect("four")));
    let after =
        |name: &'static [u8; 4]| head.windows(4).enumerate().filter(move |(_, found)| found == name).map(|(at, _)| at + 4);
    let sizes = after(b"ispe").filter_map(|at| Some(Size { width: number(at + 4)?, height: number(at + 8)? }));
    let size = sizes.max_by_key(|size| u64::from(size.width) * u64::from(size.height))?;
    let turned = after(b"irot").any(|at| head.get(at).is_some_and(|angle| angle & 1 == 1));
    Some(if turned { Size { width: size.height, height: size.width } } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(parts: &[&[u8]]) -> Vec<u8> {
        [&b"\0\0\0\x18ftypavif\0\0\0\0avifmif1"[..]].iter().chain(parts).flat_map(|part| part.to_vec()).collect()
    }

    #[test]
    fn the_largest_size_counts_and_is_turned() {
        let (tile, whole) = (b"\0\0\0\x14ispe\0\0\0\0\0\0\0\x40\0\0\0\x40", b"\0\0\0\x14ispe\0\0\0\0\0\0\x07\x80\0\0\x04\x38");
        assert_eq!(parse(&file(&[tile, whole])), Some(Size { width: 1_920, height: 1_080 }));
        assert_eq!(parse(&file(&[whole, b"\0\0\0\x09irot\x01"])), Some(Size { width: 1_080, height: 1_920 }));
        assert_eq!(parse(&file(&[b"\0\0\0\x14ispe\0\0"])), None);
        let mut other = std::io::Cursor::new(b"\x89PNG\r\n\x1a\n".to_vec());
        assert!(matches!(size(&mut other), Ok(None)) && other.position() == 0);
    }
}
