//! One task per socket.

pub mod frames;
