//! Staffline: staff chat and calls in one process on one port.
//!
//! A request comes in by `net`, is routed by `http` (or lives on as a socket in `ws`), and calls an operation of a feature: `users`,
//! `chat`, `calls`, `files`. The operation applies its rules in a transaction through its `store`, and stores an `events::Event` with it. After
//! the commit the publisher hands the event to the `hub`, which queues it for every socket that may see it.
//!
//! | module | owns |
//! |---|---|
//! | `config`, `app` | the settings; what the parts share |
//! | `net` | the port: accept, TLS, what a connection is |
//! | `http` | routes, who asks, headers, the page's files |
//! | `ws` | one task per socket |
//! | `users`, `chat`, `calls`, `files` | the features |
//! | `notifications` | mail and push for those who are away; follows `events` |
//! | `recordings` | calls that are recorded for compliance: who agreed, the keys, who hears them |
//! | `doctor` | why calls do not connect, and what the relay carries |
//! | `audit` | who did what, for admins and compliance officers |
//! | `events`, `hub` | what clients are told, and who is there to be told |
//! | `db`, `clock`, `ids`, `tokens`, `error` | what they all stand on |

pub mod app;
pub mod audit;
pub mod calls;
pub mod chat;
pub mod clock;
pub mod compliance;
pub mod config;
pub mod db;
pub mod doctor;
pub mod error;
pub mod events;
pub mod files;
pub mod http;
pub mod hub;
pub mod ids;
pub mod net;
pub mod notifications;
pub mod recordings;
pub mod tokens;
pub mod users;
pub mod ws;
