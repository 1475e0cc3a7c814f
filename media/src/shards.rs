//! Which shard a room is on, and how a packet tells it.
//!
//! Everything of a room is on one shard: its sessions, its recording, and the allocations of its call. So what one of them hands to another never
//! leaves the thread. UDP goes to the port of the right shard; TCP connections all come in at one port, and are passed on by their first packets.

use crate::control::RoomId;
use crate::{ice, stun, turn};

/// One character of a username fragment names the shard.
pub const MAX_SHARDS: usize = ice::ICE_CHARS.len();

/// The shard of a room, of so many. The lowest digits of ids are random, or count.
#[must_use]
pub fn shard_of(room: RoomId, shards: usize) -> usize {
    (room.0 % shards.max(1) as u128) as usize
}

/// The shard, of so many, that a client's packet is for, if it says so: a connectivity check by the username fragment that we gave to its session, an
/// Allocate request by the call of its credentials. Neither is authenticated yet, which the shard does.
pub(crate) fn named_in(packet: &[u8], shards: usize) -> Option<usize> {
    let check = stun::Request::parse(packet).and_then(|request| ice::shard_in(request.username?));
    let allocate = || turn::call_of(packet).map(|call| shard_of(call, shards));
    check.or_else(allocate).filter(|shard| *shard < shards)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stun::tests::signed_request;

    #[test]
    fn rooms_are_spread_over_all_shards() {
        assert_eq!([0, 1, 2, 3, 4].map(|id| shard_of(RoomId(id), 2)), [0, 1, 0, 1, 0]);
        assert!((0..100).all(|id| shard_of(RoomId(u128::MAX - id), 1) == 0));
    }

    #[test]
    fn a_check_names_a_shard_that_there_is_or_none() {
        let named = |username: &str, shards| named_in(&signed_request(username, "password", false), shards);
        assert_eq!([named("Axxxxxxx:them", 3), named("Cxxxxxxx:them", 3)], [Some(0), Some(2)]);
        assert_eq!([named("Dxxxxxxx:them", 3), named("", 3), named("=xxxxxxx:them", 64)], [None; 3]);
        assert_eq!([named_in(b"", 3), named_in(&[0x80; 40], 3)], [None; 2]);
    }
}
