"""Where messages end in the tests: a mail server and a web server on this machine that keep what they are sent.

What belongs here: the servers. What does not: what the messages must say (test_alerts.py).
"""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.sources.servers import web


@dataclass
class Mails:
    """What a mail server was sent; `passwords` that were tried, `secured`: whether each letter came over a secured line."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    passwords: list[str] = field(default_factory=list)
    secured: list[bool] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)


@contextmanager
def mail_server(pem: Path | None = None, password: str = "") -> Iterator[Mails]:
    """An SMTP server (RFC 5321, STARTTLS with a certificate, AUTH PLAIN with a password)."""
    kept = Mails()

    class Talk(socketserver.StreamRequestHandler):
        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

        def handle(self) -> None:
            secured, known, to = False, not password, []
            self.say("220 sink")
            while line := self.rfile.readline(4096).decode().strip():
                word, _, rest = line.partition(" ")
                word = word.upper()
                if word == "EHLO":
                    extra = ["250-STARTTLS"] if pem and not secured else []
                    extra += ["250-AUTH PLAIN"] if password and (secured or not pem) else []
                    self.say("\r\n".join(["250-sink", *extra, "250 SIZE 1000000"]))
                elif word == "STARTTLS" and pem:
                    self.say("220 go")
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(pem)
                    self.connection = context.wrap_socket(self.connection, server_side=True)
                    self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", buffering=0)
                    secured = True
                elif word == "AUTH":
                    kept.passwords.append(base64.b64decode(rest.split()[1]).split(b"\0")[2].decode())
                    known = kept.passwords[-1] == password
                    self.say("235 ok" if known else "535 no")
                elif word == "MAIL" and not known:
                    self.say("530 who are you")
                elif word == "RCPT":
                    to.append(rest.partition(":")[2].strip("<> "))
                    self.say("250 ok")
                elif word == "DATA":
                    self.say("354 go on")
                    body = b""
                    while (piece := self.rfile.readline()) != b".\r\n":
                        body += piece.removeprefix(b".") if piece.startswith(b"..") else piece
                    kept.letters.append(email.message_from_bytes(body, policy=email.policy.default))  # type: ignore[arg-type]
                    kept.secured.append(secured)
                    kept.recipients.append(to)
                    self.say("250 kept")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that goes away is no trouble."""

    with Server(("127.0.0.1", 0), Talk) as server:
        kept.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield kept
        finally:
            server.shutdown()


@dataclass
class Posts:
    """What a web server was sent, and what it answers."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answer: int = 204


@contextmanager
def web_sink() -> Iterator[Posts]:
    """A web server that keeps the JSON posted to it."""
    kept = Posts()

    class Talk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            kept.headers.append({name.lower(): value for name, value in self.headers.items()})
            kept.paths.append(self.path)
            self.send_response(kept.answer)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Silent."""

    with web(Talk, None) as port:
        kept.url = f"http://127.0.0.1:{port}/hook"
        yield kept
