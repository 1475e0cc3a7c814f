//! The SQL of what is kept of the chat for compliance.

pub mod erasing;
pub mod holds;
pub mod keeping;
pub mod reading;
