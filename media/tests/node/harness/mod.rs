//! Clients, a network and a node, moved forward together in virtual time.

pub(crate) mod client;
pub(crate) mod network;
pub(crate) mod world;

pub(crate) use client::{Client, Flavour, Medium};
pub(crate) use world::{Envelope, Noted, TurnLink, World};
