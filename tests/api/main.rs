//! The server from outside: each test starts one in this process, on a port and a database of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails there and then")]

mod access;
mod audit;
mod calls;
mod calls_lines;
mod calls_list;
mod calls_paths;
mod calls_relayed;
mod calls_staying;
mod chat;
mod doctor;
mod doctor_faults;
mod events;
mod files_downloads;
mod files_images;
mod files_stores;
mod files_uploads;
mod files_voice;
mod groups;
mod harness;
mod http;
mod invitations;
mod mail;
mod mail_tls;
mod messages;
mod net;
mod push;
mod reads;
mod search;
mod session;
mod settings;
mod socket;
mod store;
mod sweep;
mod users;
