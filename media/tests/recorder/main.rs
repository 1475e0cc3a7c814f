//! The recorder's pipeline in virtual time: senders whose packets are lost, swapped and late, and files that others' tools read.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed expectation is a failed test")]

mod harness;
mod hostile;
mod length;
mod mending;
mod mixing;
mod reading;
mod sync;
mod tools;
