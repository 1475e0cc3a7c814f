//! No request makes the server speak to anybody but its own (the deny table of T1).

use std::net::{IpAddr, SocketAddr};

use super::client::*;

const FORBIDDEN: [&str; 30] = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.0.1",
    "192.0.2.2",
    "8.8.8.8",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:0.0.0.0",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::7f00:1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::127.0.0.1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:102:304::80ff:fffe",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "2001:db8::2",
];

/// Ports of other servers on a machine, of ours, and of relayed addresses.
const PORTS: [u16; 5] = [80, 443, 5432, 8080, 50_000];

fn forbidden() -> impl Iterator<Item = SocketAddr> {
    FORBIDDEN.iter().flat_map(|ip| PORTS.map(|port| SocketAddr::new(ip.parse::<IpAddr>().unwrap(), port)))
}

/// Nobody is sent anything, and the node is not either: what it gets and cannot use it counts.
fn check_leads_nowhere(scene: &mut Scene, client: &TurnClient, peer: SocketAddr) {
    let before = scene.report();
    let indication = client.send_indication(peer, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(scene.deliver(client.route, &indication), [], "{peer}");
    assert_eq!(scene.report().stray_packets, before.stray_packets, "{peer}");
}

#[test]
fn everybody_else_is_forbidden() {
    let mut scene = Scene::new();
    let mut client = scene.client(1, ANNA);
    scene.allocate(&mut client);
    // With a permission for our own address, so that nothing is refused for the lack of one.
    assert_eq!(scene.permit(&mut client, NODE), 0);
    for peer in forbidden() {
        assert_eq!(scene.permit(&mut client, peer), 403, "CreatePermission {peer}");
        assert_eq!(scene.bind(&mut client, 0x4001, peer), 403, "ChannelBind {peer}");
        check_leads_nowhere(&mut scene, &client, peer);
    }
    assert_eq!(scene.bind(&mut client, 0x4001, NODE), 0, "the channel is still free");
}

#[test]
fn one_forbidden_peer_spoils_the_request() {
    let mut scene = Scene::new();
    let mut client = scene.client(1, ANNA);
    scene.allocate(&mut client);
    let (own, other) =
        (xor_address(NODE, client.transaction + 1), xor_address("10.0.0.1:1".parse().unwrap(), client.transaction + 1));
    let peers = [(XOR_PEER_ADDRESS, &own[..]), (XOR_PEER_ADDRESS, &other)];
    assert_eq!(scene.ask(&mut client, CREATE_PERMISSION, &peers).code(), 403);
    let check = client.send_indication(NODE, &message(1, 1, &[]));
    assert_eq!(scene.deliver(client.route, &check), [], "nothing was permitted");
}

/// A permission is for an address, whatever the port (RFC 8656 §9); it does not open other servers on ours.
#[test]
fn our_other_ports_are_nobody() {
    let mut scene = Scene::new();
    let mut client = scene.client(1, ANNA);
    scene.allocate(&mut client);
    for port in [80, 443, 5432, 50_000] {
        let peer = SocketAddr::new(NODE.ip(), port);
        assert_eq!(scene.permit(&mut client, peer), 0);
        assert_eq!(scene.bind(&mut client, 0x4001, peer), 403, "{peer}");
        check_leads_nowhere(&mut scene, &client, peer);
    }
}

#[test]
fn an_allocation_of_another_call_is_nobody() {
    let mut scene = Scene::new();
    scene.command(staffline_media::control::Command::OpenRelay { call: OTHER_CALL });
    let mut anna = scene.client(1, ANNA);
    let mut stranger = scene.client(2, BORIS);
    stranger.credentials = scene.credentials(OTHER_CALL, BORIS);
    let (of_anna, of_stranger) = (scene.allocate(&mut anna), scene.allocate(&mut stranger));
    assert_eq!((scene.permit(&mut anna, of_stranger), scene.permit(&mut stranger, of_anna)), (0, 0));
    assert_eq!(scene.bind(&mut stranger, 0x4000, of_anna), 403);
    check_leads_nowhere(&mut scene, &stranger, of_anna);
}

#[test]
fn the_other_family_is_refused() {
    let mut scene = Scene::new();
    let mut client = scene.client(1, ANNA);
    assert!(scene.allocate(&mut client).is_ipv4());
    assert_eq!(scene.permit(&mut client, NODE_V6), 443);
    assert_eq!(scene.bind(&mut client, 0x4000, NODE_V6), 443);
    let mut client = scene.client(2, ANNA);
    let v6 = scene.ask(&mut client, ALLOCATE, &[UDP, (ADDRESS_FAMILY, &[2, 0, 0, 0])]);
    assert_eq!(v6.address(XOR_RELAYED_ADDRESS).ip(), NODE_V6.ip());
    assert_eq!((scene.bind(&mut client, 0x4000, NODE_V6), scene.bind(&mut client, 0x4001, NODE)), (0, 443));
}
