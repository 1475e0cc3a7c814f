//! Test vectors as the RFCs print them.

/// Panics on anything but `N` bytes in hexadecimal; blanks are ignored.
pub(crate) fn hex<const N: usize>(text: &str) -> [u8; N] {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    assert_eq!(digits.len(), 2 * N);
    std::array::from_fn(|i| u8::from_str_radix(str::from_utf8(&digits[2 * i..2 * i + 2]).unwrap(), 16).unwrap())
}
