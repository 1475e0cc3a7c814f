//! A tar archive (POSIX ustar) as far as a bundle needs it: regular files with short names, written and read in one go.

use std::io::{self, Read, Write};

const BLOCK: usize = 512;

#[derive(Debug)]
pub struct Tar<W> {
    out: W,
    mtime: u64,
}

impl<W: Write> Tar<W> {
    pub fn new(out: W, mtime: u64) -> Self {
        Self { out, mtime }
    }

    /// So many bytes must follow, then [`Self::end`].
    pub fn begin(&mut self, name: &str, size: u64) -> io::Result<()> {
        let mut header = [0; BLOCK];
        put(&mut header, 0, 100, name.as_bytes())?;
        put(&mut header, 100, 8, b"0000400\0")?;
        put(&mut header, 108, 8, b"0000000\0")?;
        put(&mut header, 116, 8, b"0000000\0")?;
        put(&mut header, 124, 12, &octal(size)?)?;
        put(&mut header, 136, 12, &octal(self.mtime)?)?;
        header[156] = b'0';
        put(&mut header, 257, 8, b"ustar\x0000")?;
        let sum = checksum(&header);
        put(&mut header, 148, 8, format!("{sum:06o}\0 ").as_bytes())?;
        self.out.write_all(&header)
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    pub fn end(&mut self, size: u64) -> io::Result<()> {
        self.out.write_all(&[0; BLOCK][..padding(size)])
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()
    }
}

/// Calls `each` with the name, the size and the contents of every file.
pub fn read<E: From<io::Error>>(
    mut archive: impl Read,
    mut each: impl FnMut(&str, u64, &mut dyn Read) -> Result<(), E>,
) -> Result<(), E> {
    loop {
        let mut header = [0; BLOCK];
        archive.read_exact(&mut header)?;
        if header == [0; BLOCK] {
            return Ok(());
        }
        let bad = || io::Error::new(io::ErrorKind::InvalidData, "this is no tar archive of ours");
        let number = |range: std::ops::Range<usize>| {
            let text = std::str::from_utf8(&header[range]).ok()?;
            u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
        };
        let stated = number(148..156).ok_or_else(bad)?;
        let mut blank = header;
        blank[148..156].fill(b' ');
        if stated != u64::from(checksum(&blank)) || header[156] != b'0' {
            return Err(bad().into());
        }
        let size = number(124..136).ok_or_else(bad)?;
        let end = header[..100].iter().position(|byte| *byte == 0).unwrap_or(100);
        let name = std::str::from_utf8(&header[..end]).map_err(|_| bad())?.to_owned();
        let mut contents = Read::take(&mut archive, size);
        each(&name, size, &mut contents)?;
        if contents.limit() > 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let mut rest = [0; BLOCK];
        let rest = &mut rest[..padding(size)];
        archive.read_exact(rest)?;
        if rest.iter().any(|byte| *byte != 0) {
            return Err(bad().into());
        }
    }
}

fn padding(size: u64) -> usize {
    let block = BLOCK as u64;
    usize::try_from((block - size % block) % block).unwrap_or(0)
}

/// Of a header whose own field for it is blank.
fn checksum(header: &[u8; BLOCK]) -> u32 {
    let blank = header[148..156].iter().all(|byte| *byte == 0);
    header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + if blank { 8 * u32::from(b' ') } else { 0 }
}

fn put(header: &mut [u8; BLOCK], at: usize, most: usize, bytes: &[u8]) -> io::Result<()> {
    if bytes.len() > most {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "too long for a tar header"));
    }
    header[at..at + bytes.len()].copy_from_slice(bytes);
    Ok(())
}

/// Eleven octal digits; more in the base-256 form of GNU would be beyond 8 GiB.
fn octal(number: u64) -> io::Result<Vec<u8>> {
    let text = format!("{number:011o}\0");
    if text.len() > 12 {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a file of a bundle has at most 8 GiB"));
    }
    Ok(text.into_bytes())
}
