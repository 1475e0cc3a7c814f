#!/usr/bin/env python3
"""What do the lab's NATs and firewalls really do? One line per office: its name and a JSON object.

mapping:   same source port towards three (address, port) pairs: same outside port?
filtering: after writing to one (address, port), may another one write back?
tcp…:      do TCP connections to ports 443 and 8443 get through? a non-TLS one on 443?

    natprobe.py NETLAB IP1 IP2 [LETTER…]     runs itself as `server` in the internet and as `client` in each office
"""
import json
import os
import socket
import subprocess
import sys
import threading


def udp_socket(address):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(address)
    return sock


def server(ip1, ip2):
    socks = {key: udp_socket(key) for key in ((ip1, 9000), (ip1, 9001), (ip2, 9000))}
    listeners = [socket.create_server((ip2, port)) for port in (443, 8443)]
    for key in socks:
        threading.Thread(target=answer_udp, args=(socks, key, ip1, ip2), daemon=True).start()
    for listener in listeners:
        threading.Thread(target=answer_tcp, args=(listener,), daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


def answer_udp(socks, key, ip1, ip2):
    while True:
        question, client = socks[key].recvfrom(2048)
        if question == b"me":
            socks[key].sendto(json.dumps(client).encode(), client)
        elif question == b"others":  # answered from the other port and from the other address
            for other in ((ip1, 9001), (ip2, 9000)):
                socks[other].sendto(b"other", client)


def answer_tcp(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer_connection, args=(connection,), daemon=True).start()


def answer_connection(connection):
    with connection:
        try:
            connection.sendall(b"got " + connection.recv(10))
        except OSError:
            pass


def client(ip1, ip2):
    print(json.dumps({**udp_findings(ip1, ip2), **tcp_findings(ip2)}))


def udp_findings(ip1, ip2):
    sock = udp_socket(("0.0.0.0", 0))
    seen = [outside_address(sock, to) for to in ((ip1, 9000), (ip1, 9001), (ip2, 9000))]
    if not any(seen):
        return {"udp": "blocked"}
    ports = {address[1] if address else None for address in seen}
    return {
        "mapping": "endpoint-independent" if len(ports) == 1 else "endpoint-dependent (symmetric)",
        "port_kept": bool(seen[0]) and seen[0][1] == sock.getsockname()[1],
        "outside": seen[0] and seen[0][0],
        "filtering": filtering(ip1, ip2),
    }


def outside_address(sock, to, tries=3):
    """The (address, port) from which a datagram of ours arrives there, or None."""
    for _ in range(tries):
        sock.sendto(b"me", to)
        sock.settimeout(0.4)
        try:
            return json.loads(sock.recvfrom(2048)[0])
        except OSError:
            pass
    return None


def filtering(ip1, ip2):
    sock = udp_socket(("0.0.0.0", 0))
    sock.sendto(b"others", (ip1, 9000))
    sock.settimeout(0.6)
    heard = set()
    try:
        while True:
            heard.add(sock.recvfrom(2048)[1][0])
    except OSError:
        pass
    if ip2 in heard:
        return "endpoint-independent"
    return "address-dependent" if ip1 in heard else "address-and-port-dependent"


def tcp_findings(ip):
    def passes(port, data):
        try:
            with socket.create_connection((ip, port), 1.0) as connection:
                connection.settimeout(1.0)
                connection.sendall(data)
                return connection.recv(20).startswith(b"got")
        except OSError:
            return False

    return {
        "tcp443_tls": passes(443, b"\x16\x03\x01aaaa"),
        "tcp443_other": passes(443, b"\x00\x03\x00\x08"),
        "tcp8443": passes(8443, b"x"),
    }


def offices(netlab):
    status = subprocess.run([netlab, "status"], capture_output=True, text=True, check=True).stdout
    return [line[len("office-")] for line in status.splitlines() if line.startswith("office-")]


def probe(netlab, ip1, ip2, *letters):
    me = os.path.abspath(__file__)
    command = [netlab, "exec", "internet", "python3", me, "server", ip1, ip2]
    outside = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if outside.stdout.readline().strip() != "ready":
            sys.exit("the probe's server did not start (port 443 of turn.lab in use?)")
        for letter in letters or offices(netlab):
            host = f"office-{letter}"
            command = [netlab, "exec", host, "python3", me, "client", ip1, ip2]
            found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            print(host, found.stdout.strip(), flush=True)
    finally:
        outside.stdin.close()
        outside.terminate()
        outside.wait()


{"server": server, "client": client}.get(sys.argv[1], lambda *a: probe(sys.argv[1], *a))(*sys.argv[2:])
