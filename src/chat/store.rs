//! The SQL of conversations and messages, by what it is about.

pub mod archive;
pub mod conversations;
pub mod members;
pub mod messages;
pub mod search;
