//! Staffline: staff chat and calls in one process on one port.

pub mod calls;
pub mod chat;
pub mod clock;
pub mod events;
pub mod ids;
pub mod users;
pub mod ws;
