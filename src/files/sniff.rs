//! What a file is, by its bytes: never by its name or by what the sender says.

use super::AttachmentKind;

/// A type with how a client shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sniffed {
    pub kind: AttachmentKind,
    pub content_type: &'static str,
}

/// Bytes from the beginning of a file that are looked at.
pub const HEAD: usize = 8 * 1024;

const UNKNOWN: &str = "application/octet-stream";

/// What browsers show in place without running anything: nothing else ever leaves inline.
const INLINE: &[(&str, &str, AttachmentKind)] = &[
    ("image/jpeg", "image/jpeg", AttachmentKind::Image),
    ("image/png", "image/png", AttachmentKind::Image),
    ("image/gif", "image/gif", AttachmentKind::Image),
    ("image/webp", "image/webp", AttachmentKind::Image),
    ("image/avif", "image/avif", AttachmentKind::Image),
    ("video/mp4", "video/mp4", AttachmentKind::Video),
    ("video/x-m4v", "video/mp4", AttachmentKind::Video),
    ("video/webm", "video/webm", AttachmentKind::Video),
    ("audio/ogg", "audio/ogg", AttachmentKind::Audio),
    ("application/ogg", "audio/ogg", AttachmentKind::Audio),
    ("audio/opus", "audio/ogg", AttachmentKind::Audio),
    ("audio/mpeg", "audio/mpeg", AttachmentKind::Audio),
    ("audio/m4a", "audio/mp4", AttachmentKind::Audio),
    ("audio/mp4", "audio/mp4", AttachmentKind::Audio),
    ("audio/x-wav", "audio/wav", AttachmentKind::Audio),
    ("audio/wav", "audio/wav", AttachmentKind::Audio),
];

/// Looks at the beginning of a file.
#[must_use]
pub fn sniff(head: &[u8]) -> Sniffed {
    let file = |content_type| Sniffed { kind: AttachmentKind::File, content_type };
    let Some(found) = infer::get(head) else { return file(UNKNOWN) };
    // Markup and scripts are told to nobody as what they are: a browser might want to run them.
    if matches!(found.matcher_type(), infer::MatcherType::Text) {
        return file(UNKNOWN);
    }
    let inline = INLINE.iter().find(|(name, _, _)| *name == found.mime_type());
    inline.map_or(file(found.mime_type()), |(_, content_type, kind)| Sniffed { kind: *kind, content_type })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_list_is_shown_in_place() {
        let cases: &[(&[u8], AttachmentKind, &str)] = &[
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", AttachmentKind::Image, "image/png"),
            (b"GIF89a\x01\0\x01\0", AttachmentKind::Image, "image/gif"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", AttachmentKind::Image, "image/jpeg"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", AttachmentKind::Image, "image/webp"),
            (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", AttachmentKind::Image, "image/avif"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", AttachmentKind::Video, "video/mp4"),
            (b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead", AttachmentKind::Audio, "audio/ogg"),
            (b"%PDF-1.7 /JavaScript", AttachmentKind::File, "application/pdf"),
            (b"PK\x03\x04\x14\0", AttachmentKind::File, "application/zip"),
            (b"<!DOCTYPE html><script>", AttachmentKind::File, UNKNOWN),
            (b"<html><script>alert(1)</script>", AttachmentKind::File, UNKNOWN),
            (b"<?xml version=\"1.0\"?><svg onload='alert(1)'>", AttachmentKind::File, UNKNOWN),
            (b"<svg xmlns='http://www.w3.org/2000/svg'>", AttachmentKind::File, UNKNOWN),
            (b"#!/bin/sh\n", AttachmentKind::File, UNKNOWN),
            (b"alert(1)", AttachmentKind::File, UNKNOWN),
            (b"8BPS\0\x01", AttachmentKind::File, "image/vnd.adobe.photoshop"),
            (b"", AttachmentKind::File, UNKNOWN),
        ];
        for (head, kind, content_type) in cases {
            let expected = Sniffed { kind: *kind, content_type };
            assert_eq!(sniff(head), expected, "{:?}", String::from_utf8_lossy(head));
        }
    }
}
