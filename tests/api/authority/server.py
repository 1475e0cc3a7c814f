"""A small certificate authority that speaks ACME (RFC 8555), for tests: it checks every signature and nonce, really connects for
TLS-ALPN-01 (RFC 8737), and really signs. What it leaves out is what the server under test does not use.

    server.py FOLDER     writes FOLDER/ca.pem, prints its port

A line on its standard input is the port of 127.0.0.1 that all names lead to; before there is one, no name is anybody's.
"""

import base64
import datetime
import hashlib
import http.server
import json
import pathlib
import secrets
import socket
import ssl
import sys
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID, ObjectIdentifier

ACME_IDENTIFIER = ObjectIdentifier("1.3.6.1.5.5.7.1.31")
LIFETIME = datetime.timedelta(days=90)


class Problem(Exception):
    def __init__(self, kind, detail, status=400):
        super().__init__(detail)
        self.status = status
        self.body = {"type": f"urn:ietf:params:acme:error:{kind}", "detail": detail}


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_base64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def certificate(subject, key, issuer, issuer_key, names, ca=False):
    now = datetime.datetime.now(datetime.timezone.utc)
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def pem(*certificates):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


class Authority:
    def __init__(self, folder):
        self.lock = threading.Lock()
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.ca = certificate("Test CA", self.key.public_key(), "Test CA", self.key, [], ca=True)
        (folder / "ca.pem").write_bytes(pem(self.ca))
        own = ec.generate_private_key(ec.SECP256R1())
        chain = pem(certificate("localhost", own.public_key(), "Test CA", self.key, ["localhost"]))
        private = own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / "own.pem").write_bytes(private + chain)
        self.target = None
        self.nonces, self.accounts, self.orders, self.challenges, self.certificates = set(), {}, {}, {}, {}

    def nonce(self):
        nonce = secrets.token_urlsafe(16)
        self.nonces.add(nonce)
        return nonce

    def open(self, body, url):
        """The payload of a signed request, and the thumbprint of its key."""
        header = json.loads(unbase64(body["protected"]))
        if header["nonce"] not in self.nonces:
            raise Problem("badNonce", "unknown or used nonce")
        self.nonces.discard(header["nonce"])
        if header["url"] != url or header["alg"] != "ES256":
            raise Problem("malformed", "signed for another URL, or with another algorithm")
        jwk = header["jwk"] if "jwk" in header else self.accounts.get(header["kid"])
        if jwk is None:
            raise Problem("accountDoesNotExist", "no such account")
        numbers = [int.from_bytes(unbase64(jwk[axis]), "big") for axis in "xy"]
        key = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()
        raw = unbase64(body["signature"])
        signature = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.verify(signature, f"{body['protected']}.{body['payload']}".encode(), ec.ECDSA(hashes.SHA256()))
        # RFC 7638: of what a key must have, and no more.
        required = json.dumps({name: jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
        thumb = to_base64(hashlib.sha256(required.encode()).digest())
        payload = json.loads(unbase64(body["payload"])) if body["payload"] else None
        return payload, jwk, thumb

    def validate(self, challenge, thumb):
        name = challenge["name"]
        if self.target is None:
            raise Problem("connection", f"{name} leads nowhere")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["acme-tls/1"])
        try:
            with socket.create_connection(("127.0.0.1", self.target), timeout=5) as plain:
                with context.wrap_socket(plain, server_hostname=name) as stream:
                    protocol, shown = stream.selected_alpn_protocol(), stream.getpeercert(binary_form=True)
        except OSError as error:
            raise Problem("connection", f"{name}: {error}") from error
        shown = x509.load_der_x509_certificate(shown)
        names = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        proof = shown.extensions.get_extension_for_oid(ACME_IDENTIFIER)
        digest = hashlib.sha256(f"{challenge['token']}.{thumb}".encode()).digest()
        is_right = proof.critical and proof.value.value == b"\x04\x20" + digest
        if protocol != "acme-tls/1" or list(names) != [x509.DNSName(name)] or not is_right:
            raise Problem("unauthorized", f"{name} shows another certificate")

    def sign(self, order, csr):
        request = x509.load_der_x509_csr(unbase64(csr))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
        if order["status"] != "ready" or not request.is_signature_valid or sorted(names) != sorted(order["names"]):
            raise Problem("badCSR", "not what was ordered")
        return pem(certificate(names[0], request.public_key(), "Test CA", self.key, names), self.ca)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    authority = None

    def log_message(self, *_):
        pass

    def url(self, path):
        return f"https://localhost:{self.server.server_port}{path}"

    def answer(self, status, body, location=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", self.url(location))
        self.send_header("Replay-Nonce", self.authority.nonce())
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_HEAD(self):
        self.answer(200, b"")

    def do_GET(self):
        names = {"newNonce": "/nonce", "newAccount": "/account", "newOrder": "/order"}
        self.answer(200, {name: self.url(path) for name, path in names.items()})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.authority.lock:
            try:
                payload, jwk, thumb = self.authority.open(body, self.url(self.path))
                _, kind, *number = self.path.split("/")
                self.answer(*getattr(self, kind)(number and number[0], payload, jwk, thumb))
            except Problem as problem:
                self.answer(problem.status, problem.body)

    def account(self, _, payload, jwk, thumb):
        if not payload["termsOfServiceAgreed"]:
            raise Problem("userActionRequired", "the terms are not agreed to")
        self.authority.accounts[self.url(f"/account/{thumb}")] = jwk
        return 201, {"status": "valid"}, f"/account/{thumb}"

    def order(self, number, payload, *_):
        orders = self.authority.orders
        if number:
            return 200, self.show_order(number)
        number, names = secrets.token_hex(8), [identifier["value"] for identifier in payload["identifiers"]]
        orders[number] = {"status": "pending", "names": names, "challenges": []}
        for name in names:
            challenge = secrets.token_hex(8)
            token = secrets.token_urlsafe(32)
            self.authority.challenges[challenge] = {"name": name, "token": token, "status": "pending", "order": number}
            orders[number]["challenges"].append(challenge)
        return 201, self.show_order(number), f"/order/{number}"

    def show_order(self, number):
        order = self.authority.orders[number]
        shown = {
            "status": order["status"],
            "identifiers": [{"type": "dns", "value": name} for name in order["names"]],
            "authorizations": [self.url(f"/authorization/{challenge}") for challenge in order["challenges"]],
            "finalize": self.url(f"/finalize/{number}"),
        }
        if order["status"] == "valid":
            shown["certificate"] = self.url(f"/certificate/{number}")
        return shown

    def show_challenge(self, number):
        challenge = self.authority.challenges[number]
        shown = {key: challenge[key] for key in ("token", "status", "error") if key in challenge}
        return shown | {"type": "tls-alpn-01", "url": self.url(f"/challenge/{number}")}

    def authorization(self, number, *_):
        challenge = self.authority.challenges[number]
        identifier = {"type": "dns", "value": challenge["name"]}
        return 200, {"identifier": identifier, "status": challenge["status"], "challenges": [self.show_challenge(number)]}

    def challenge(self, number, _payload, _jwk, thumb):
        challenge = self.authority.challenges[number]
        order = self.authority.orders[challenge["order"]]
        try:
            self.authority.validate(challenge, thumb)
            challenge["status"] = "valid"
        except Problem as problem:
            challenge["status"], challenge["error"] = "invalid", problem.body
        states = [self.authority.challenges[one]["status"] for one in order["challenges"]]
        order["status"] = "ready" if set(states) == {"valid"} else "invalid" if "invalid" in states else "pending"
        # As an authority that looks later: what it found is in the authorization.
        return 200, self.show_challenge(number) | {"status": "processing", "error": None}

    def finalize(self, number, payload, *_):
        order = self.authority.orders[number]
        self.authority.certificates[number] = self.authority.sign(order, payload["csr"])
        order["status"] = "valid"
        return 200, self.show_order(number)

    def certificate(self, number, *_):
        return 200, self.authority.certificates[number]


def main():
    folder = pathlib.Path(sys.argv[1])
    authority = Handler.authority = Authority(folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    for line in sys.stdin:
        authority.target = int(line)


main()
