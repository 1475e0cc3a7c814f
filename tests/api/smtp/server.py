"""A real mail server for the tests: aiosmtpd on a port of 127.0.0.1. What it takes it prints, one JSON line a mail; what it is to
refuse it reads, one JSON object a line. It ends with its standard input."""

import argparse
import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def say(**fields):
    print(json.dumps(fields), flush=True)


class Handler:
    """Answers as it was told last; None is the server's own answer."""

    def __init__(self):
        self.rcpt = None
        self.data = None
        self.delay = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt is not None:
            say(refused=self.rcpt)
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.delay:
            say(slow=True)
            await asyncio.sleep(self.delay)
        if self.data is not None:
            say(refused=self.data)
            return self.data
        say(
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            encrypted=server.transport.get_extra_info("sslcontext") is not None,
            user=session.auth_data,
            content=base64.b64encode(envelope.original_content).decode(),
        )
        return "250 taken"


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        right = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=right, handled=False, auth_data=data.login.decode())

    return check


async def main(options):
    handler = Handler()
    context = None
    if options.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)

    def protocol():
        starttls = options.tls == "starttls"
        auth = {}
        if options.user:
            check = authenticator(options.user, options.password)
            auth = {"authenticator": check, "auth_required": True, "auth_require_tls": options.tls == "starttls"}
        return SMTP(
            handler,
            enable_SMTPUTF8=True,
            hostname="mail.test",
            tls_context=context if starttls else None,
            require_starttls=starttls,
            **auth,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol, "127.0.0.1", options.port, ssl=context if options.tls == "implicit" else None
    )
    say(port=server.sockets[0].getsockname()[1])
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        for name, value in json.loads(line).items():
            setattr(handler, name, value)
        say(told=True)


parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--user")
parser.add_argument("--password")
asyncio.run(main(parser.parse_args()))
