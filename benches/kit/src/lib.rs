//! What every whole-process load tool needs: the server's process, requests to it, system calls that std has no door to, CPU
//! accounting, counting on the receiving side, and where the figures go.

pub mod cpu;
pub mod http;
pub mod meter;
pub mod process;
pub mod run;
pub mod stats;
pub mod sys;
