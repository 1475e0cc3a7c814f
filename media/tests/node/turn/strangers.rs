//! Whoever shows no credentials gets little for much, and leaves nothing (T4).

use std::time::Duration;

use proptest::prelude::*;
use staffline_media::control::Protocol;

use super::client::*;

/// The most that is sent for a byte received.
const WORST_AMPLIFICATION: f64 = 2.3;

#[test]
fn unsigned_requests_are_answered_briefly() {
    let mut scene = Scene::new();
    let client = scene.client(1, ANNA);
    let peer = xor_address(NODE, 1);
    let others: [Attributes<'_>; 4] = [&[], &[UDP], &[(XOR_PEER_ADDRESS, &peer)], &[(LIFETIME, &[0; 4]), (0x7ff0, b"what")]];
    for kind in [1, ALLOCATE, REFRESH, CREATE_PERMISSION, CHANNEL_BIND, SEND, DATA, 0x000a] {
        for attributes in others {
            let request = message(kind, 1, attributes);
            let sent: usize = scene.deliver(client.route, &request).iter().map(|(_, bytes)| bytes.len()).sum();
            let ratio = sent as f64 / request.len() as f64;
            assert!(ratio <= WORST_AMPLIFICATION, "{kind:#x} {attributes:?}: {sent} bytes for {}", request.len());
        }
    }
}

#[test]
fn a_flood_is_answered_until_the_bucket_is_empty() {
    let mut scene = Scene::new();
    let client = scene.client(1, ANNA);
    let request = message(ALLOCATE, 1, &[UDP]);
    let answered = (0..10_000).filter(|_| !scene.deliver(client.route, &request).is_empty()).count();
    assert_eq!(answered, 100);
    // The bucket is that of Binding requests as well.
    assert_eq!(scene.deliver(client.route, &message(1, 1, &[])), []);
    let mut anna = scene.client(2, ANNA);
    scene.allocate(&mut anna);
    scene.wait(Duration::from_secs(1));
    assert_eq!(scene.deliver(client.route, &request).len(), 1);
    assert_eq!(scene.report().allocations_udp, 1);
}

/// Wrong credentials are not judged for ever, and who is in is not disturbed by the others behind its address.
#[test]
fn a_flood_of_forgeries_ends_in_silence() {
    let mut scene = Scene::new();
    let (mut anna, mut forger) = (scene.client(1, ANNA), scene.client(1, BORIS));
    scene.allocate(&mut anna);
    forger.route.remote.set_port(9);
    forger.credentials.password.push('x');
    assert_eq!(scene.ask(&mut forger, ALLOCATE, &[UDP]).code(), 401);
    let forged = forger.request(ALLOCATE, &[UDP]);
    let answered = (0..1_000).filter(|_| !scene.deliver(forger.route, &forged).is_empty()).count();
    assert_eq!(answered, 97, "three were given before");
    assert_eq!(scene.report().turn_refused, 98, "the others were not looked at");
    assert_eq!(scene.ask(&mut anna, REFRESH, &[]).code(), 0);
}

#[test]
fn a_stream_of_a_turn_client_carries_nothing_else() {
    for protocol in [Protocol::TurnTcp, Protocol::TurnTls] {
        let mut scene = Scene::new();
        let client = TurnClient::new(1, protocol, scene.credentials(CALL, ANNA));
        let strays = scene.report().stray_packets;
        let others =
            [message(1, 1, &[(USERNAME, b"abcdefgh:them")]), vec![22, 254, 253, 0], vec![0x80; 100], vec![], vec![4; 30]];
        for bytes in &others {
            assert_eq!(scene.deliver(client.route, bytes), [], "{bytes:02x?}");
        }
        assert_eq!(scene.report().stray_packets - strays, others.len() as u64);
        let mapped = scene.ask_once(client.route, &message(1, 1, &[]));
        assert_eq!(mapped.address(XOR_MAPPED_ADDRESS), client.route.remote);
    }
}

#[test]
fn an_ice_tcp_connection_is_no_turn_client() {
    let mut scene = Scene::new();
    let client = TurnClient::new(1, Protocol::Tcp, scene.credentials(CALL, ANNA));
    assert_eq!(scene.deliver(client.route, &message(ALLOCATE, 1, &[UDP])), []);
}

/// A message that a client could send, and what becomes of it.
fn plausible() -> impl Strategy<Value = Vec<u8>> {
    let kind =
        prop_oneof![Just(1), Just(ALLOCATE), Just(REFRESH), Just(CREATE_PERMISSION), Just(CHANNEL_BIND), Just(SEND), Just(DATA)];
    let name = prop_oneof![0_u16..0x30, Just(0x8022), Just(0x8028), any::<u16>()];
    let attribute = (name, prop::collection::vec(any::<u8>(), 0..40));
    let stun = (kind, prop::collection::vec(attribute, 0..8)).prop_map(|(kind, attributes)| {
        let attributes: Vec<_> = attributes.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        message(kind, 1, &attributes)
    });
    let channel =
        (any::<u16>(), prop::collection::vec(any::<u8>(), 0..60)).prop_map(|(number, data)| channel_data(number, &data));
    prop_oneof![stun, channel, prop::collection::vec(any::<u8>(), 0..120)]
}

proptest! {
    /// Nobody who does not know a password changes anything, and nothing makes the server panic: not from an address of nobody, not
    /// from that of a client.
    #[test]
    fn bytes_of_strangers_change_nothing(
        messages in prop::collection::vec((plausible(), prop::collection::vec((any::<usize>(), any::<u8>()), 0..3)), 1..20),
        protocol in prop_oneof![Just(Protocol::Udp), Just(Protocol::TurnTcp), Just(Protocol::Tcp)],
    ) {
        let mut scene = Scene::new();
        let mut anna = TurnClient::new(1, protocol, scene.credentials(CALL, ANNA));
        if protocol != Protocol::Tcp {
            scene.allocate(&mut anna);
            prop_assert_eq!(scene.bind(&mut anna, 0x4000, NODE), 0);
        }
        let before = scene.report();
        let stranger = TurnClient::new(2, protocol, scene.credentials(CALL, BORIS));
        for (mut bytes, changes) in messages {
            for (at, byte) in changes {
                let len = bytes.len().max(1);
                if let Some(slot) = bytes.get_mut(at % len) {
                    *slot = byte;
                }
            }
            let sent = scene.deliver(stranger.route, &bytes);
            prop_assert!(sent.iter().all(|(to, _)| *to == stranger.route));
            scene.deliver(anna.route, &bytes);
        }
        let after = scene.report();
        prop_assert_eq!(
            (after.allocations_udp, after.allocations_tcp, after.sessions),
            (before.allocations_udp, before.allocations_tcp, 0)
        );
    }

    /// A damaged request with good credentials is refused or served, and the next one is served.
    #[test]
    fn damaged_requests_do_no_harm(at in any::<usize>(), byte in any::<u8>(), cut in 0_usize..200) {
        let mut scene = Scene::new();
        let mut anna = scene.client(1, ANNA);
        scene.allocate(&mut anna);
        let mut bytes = anna.request(REFRESH, &[(LIFETIME, &[0, 0, 3, 0])]);
        let len = bytes.len();
        bytes[at % len] = byte;
        bytes.truncate(len - cut.min(len));
        scene.deliver(anna.route, &bytes);
        prop_assert_eq!(scene.ask(&mut anna, REFRESH, &[]).code(), 0);
    }
}
