//! What recordings and the chat have in common where they are kept for compliance: who may reach what is kept, the one clock by which
//! its time ends, and the archive in which it leaves the server.

pub mod clock;
pub mod house;
pub mod officer;
pub mod routes;
pub mod store;
pub mod tar;

/// The longest reason of a hold or an export.
pub const MAX_REASON: usize = 1_000;

/// A text without spaces around it, of 1 to so many characters.
#[must_use]
pub fn checked(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let fits = (1..=most).contains(&text.chars().count()) && !text.contains('\0');
    fits.then(|| text.to_owned())
}

/// However it is typed.
#[must_use]
pub fn folded(text: &str) -> String {
    text.trim().to_lowercase().replace('ё', "е")
}
