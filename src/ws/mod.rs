//! One task per socket.

pub mod frames;
pub mod routes;
pub mod socket;
