//! The SQL of recordings.

pub mod exports;
pub mod heads;
pub mod keeping;
pub mod policy;
pub mod reading;
pub mod rows;
