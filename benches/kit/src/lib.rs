//! What every whole-process load tool needs: system calls that std has no door to, CPU accounting, counting on the receiving side.

pub mod cpu;
pub mod meter;
pub mod stats;
pub mod sys;
