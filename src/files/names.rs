//! The names of files: for people only, never part of a path.

use std::fmt::Write;

use axum::http::HeaderValue;

/// Characters of a name.
const MAX_NAME: usize = 200;

/// Characters of an extension that is kept when a name is cut.
const MAX_EXTENSION: usize = 16;

/// A name as it may be shown and offered for saving: no path, no control characters, none that change the direction of reading
/// (`exe.gpj` must not look like `jpg.exe` read backwards), not too long.
#[must_use]
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control() && !is_invisible(*c)).collect();
    let clean = trim(&clean);
    if clean.is_empty() { "file".to_owned() } else { trim(&shorten(clean)).to_owned() }
}

/// Spaces around a name would not be seen, and some systems leave out what stands at its end.
fn trim(name: &str) -> &str {
    name.trim_start().trim_end_matches(|c: char| c == '.' || c.is_whitespace())
}

/// Marks of direction, isolates, joiners, line and paragraph separators, the byte order mark.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}')
}

/// Keeps the extension.
fn shorten(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name.to_owned();
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).filter(|e| e.chars().count() <= MAX_EXTENSION);
    let tail = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let head = MAX_NAME - tail.chars().count();
    name.chars().take(head).chain(tail.chars()).collect()
}

/// `Content-Disposition` by RFC 6266, with the name once for old clients and once by RFC 8187.
#[must_use]
pub fn disposition(inline: bool, name: &str) -> HeaderValue {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && !"\"\\%".contains(c) || c == ' ' { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes everything");
        }
    }
    let how = if inline { "inline" } else { "attachment" };
    let value = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    HeaderValue::from_str(&value).expect("only visible ASCII is left")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_plain_name_becomes_one() {
        let cases = [
            ("report.pdf", "report.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\x.exe", "x.exe"),
            ("a\0b\r\nSet-Cookie: x=y", "abSet-Cookie: x=y"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("..", "file"),
            ("/", "file"),
            ("", "file"),
            ("  отчёт за май.docx ", "отчёт за май.docx"),
            ("0 . .", "0"),
        ];
        for (name, expected) in cases {
            assert_eq!(clean(name), expected, "{name:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = clean(&format!("{}.tar.gz", "ж".repeat(300)));
        assert_eq!(name.chars().count(), MAX_NAME);
        assert!(name.ends_with("ж.gz"));
        assert_eq!(clean(&"x.".repeat(200)).chars().count(), MAX_NAME);
        let cut_at_a_space = clean(&format!("{} and more of it", "x".repeat(MAX_NAME - 1)));
        assert_eq!(cut_at_a_space, "x".repeat(MAX_NAME - 1));
    }

    #[test]
    fn the_header_has_the_name_in_both_forms() {
        let value = disposition(false, "отчёт \"1\" 100%.pdf");
        let expected = "attachment; filename=\"_____ _1_ 100_.pdf\"; \
            filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82%20%221%22%20100%25.pdf";
        assert_eq!(value, expected);
        assert_eq!(disposition(true, "a.png"), "inline; filename=\"a.png\"; filename*=UTF-8''a.png");
    }

    proptest! {
        #[test]
        fn no_name_breaks_out(name in any::<String>()) {
            let cleaned = clean(&name);
            prop_assert!(!cleaned.is_empty() && cleaned.chars().count() <= MAX_NAME);
            prop_assert!(!cleaned.contains(['/', '\\', '\0', '\r', '\n']) && cleaned != ".." && cleaned != ".");
            let header = disposition(true, &cleaned);
            let text = header.to_str().expect("ASCII");
            prop_assert_eq!(text.matches('"').count(), 2);
            prop_assert_eq!(clean(&cleaned), cleaned);
        }
    }
}
