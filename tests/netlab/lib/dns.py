#!/usr/bin/env python3
"""An office's DNS resolver: dns.py LISTEN_IP HOSTS_FILE

Answers A questions from the hosts file, "no such record" for other types of those names, NXDOMAIN at once for
every other name. UDP and TCP port 53.
"""
import socket
import struct
import sys
import threading

A_RECORD, IN_CLASS, TTL_S = 1, 1, 60
NO_ERROR, NXDOMAIN = 0x8580, 0x8583


def read_hosts(path):
    names = {}
    for line in open(path):
        ip, *hosts = line.split("#")[0].split() or [""]
        names.update((host.lower(), ip) for host in hosts)
    return names


def answer(names, query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    question, (kind,) = query[12:at + 5], struct.unpack("!H", query[at + 1:at + 3])
    ip = names.get(".".join(labels).lower())
    record = b""
    if ip is not None and kind == A_RECORD:
        record = b"\xc0\x0c" + struct.pack("!HHIH", A_RECORD, IN_CLASS, TTL_S, 4) + socket.inet_aton(ip)
    counts = struct.pack("!HHHHH", NO_ERROR if ip else NXDOMAIN, 1, 1 if record else 0, 0, 0)
    return query[:2] + counts + question + record


def serve_tcp(names, ip):
    listener = socket.create_server((ip, 53))
    while True:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.settimeout(2)
                (length,) = struct.unpack("!H", connection.recv(2))
                reply = answer(names, connection.recv(length))
                connection.sendall(struct.pack("!H", len(reply)) + reply)
            except (OSError, struct.error, IndexError):
                pass  # a client that goes away, or no DNS at all (the lab's own "is it up" connection)


def serve_udp(names, ip):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((ip, 53))
    # Only now may TCP answer: the lab takes it as the sign that the resolver is up.
    threading.Thread(target=serve_tcp, args=(names, ip), daemon=True).start()
    while True:
        query, client = sock.recvfrom(4096)
        try:
            sock.sendto(answer(names, query), client)
        except (OSError, struct.error, IndexError):
            pass


serve_udp(read_hosts(sys.argv[2]), sys.argv[1])
