"""Real servers on this machine, each started for the tests and stopped by its process: PostgreSQL, OpenSSH, an S3-compatible store,
a web server with a certificate of its own.

What belongs here: starting, waiting, stopping. What does not: what the servers hold (the tests), REDCap (redcap_standin.py).
"""

from __future__ import annotations

import datetime as dt
import getpass
import ipaddress
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WAIT_S = 30


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, f"the server ended: {log.read_text()[-1000:]}"
        time.sleep(0.05)
    raise AssertionError(f"no answer on port {port}: {log.read_text()[-1000:]}")


@contextmanager
def _running(command: list[str], port: int, log: Path, stop: int = signal.SIGTERM, **more) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, **more)
    try:
        _wait(port, process, log)
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# PostgreSQL ------------------------------------------------------------------


def postgres_binaries() -> Path | None:
    """Where initdb and postgres are."""
    found = [p.parent for p in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    return next((p for p in reversed(found) if (p / "postgres").is_file()), None)


@contextmanager
def postgres(password: str, pem: Path) -> Iterator[int]:
    """A database cluster whose user `site` needs a password; gives its port. As root it runs as somebody else."""
    binaries, port = postgres_binaries(), free_port()
    assert binaries is not None
    someone = next((u for u in ("postgres", "nobody") if u in {p.pw_name for p in pwd.getpwall()}), "")
    other = {"user": someone, "group": pwd.getpwnam(someone).pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="trialweave-postgres-"))
    (folder / "password").write_text(password)
    (folder / "server.pem").write_bytes(pem.read_bytes())
    (folder / "server.pem").chmod(0o600)
    for path in (folder, *folder.iterdir()) if other else ():
        shutil.chown(path, someone)
    base = folder / "cluster"
    made = [binaries / "initdb", "-D", base, "-U", "site", "-A", "scram-sha-256", "--pwfile", folder / "password", "-E", "UTF8"]
    settings = {"listen_addresses": "127.0.0.1", "fsync": "off", "unix_socket_directories": str(folder), "shared_buffers": "16MB"}
    settings |= {"ssl": "on", "ssl_cert_file": str(folder / "server.pem"), "ssl_key_file": str(folder / "server.pem")}
    command = [str(binaries / "postgres"), "-D", str(base), "-p", str(port), *(f"--{k}={v}" for k, v in settings.items())]
    try:
        subprocess.run([*map(str, made), "--locale=C", "--no-sync"], check=True, capture_output=True, cwd="/", timeout=WAIT_S, **other)
        with _running(command, port, folder / "log", signal.SIGINT, cwd="/", **other):
            ready = [str(binaries / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port), "-t", str(WAIT_S)]
            end = time.monotonic() + WAIT_S
            while subprocess.run(ready, timeout=WAIT_S).returncode and time.monotonic() < end:
                time.sleep(0.05)
            yield port
    finally:
        shutil.rmtree(folder)


# OpenSSH -----------------------------------------------------------------------


def sshd_binary() -> str | None:
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class Sshd:
    """A running server: its port, user, the key that opens it, another that does not, its own public key."""

    port: int
    user: str
    key: Path
    wrong_key: Path
    host_key: str
    fingerprint: str


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """OpenSSH that offers SFTP only, to whoever runs the tests and has the key."""
    folder.mkdir(parents=True)
    for name in ("host", "user", "wrong"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True, timeout=WAIT_S)
    told = subprocess.run(["ssh-keygen", "-lf", str(folder / "host.pub")], check=True, capture_output=True, text=True).stdout
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    port = free_port()
    (folder / "config").write_text(f"""\
ListenAddress 127.0.0.1:{port}
HostKey {folder / "host"}
AuthorizedKeysFile {folder / "user.pub"}
PidFile none
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
Subsystem sftp internal-sftp
ForceCommand internal-sftp
MaxStartups 100
""")
    public = " ".join((folder / "host.pub").read_text().split()[:2])
    with _running([str(sshd_binary()), "-D", "-e", "-f", str(folder / "config")], port, folder / "log"):
        yield Sshd(port, getpass.getuser(), folder / "user", folder / "wrong", public, told.split()[1])


# S3 ----------------------------------------------------------------------------


@contextmanager
def s3_store() -> Iterator[str]:
    """An S3-compatible store that checks who asks; gives its address."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


# Web -----------------------------------------------------------------------------


def certificate(folder: Path, host: str = "localhost") -> tuple[Path, Path]:
    """A certificate for this machine, signed by an authority made for it: (authority's certificate, server's certificate and key)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    now = dt.datetime.now(dt.UTC)

    def signed(name: str, key, by_name: str, by, *, authority: bool) -> x509.Certificate:
        alternatives = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        usage = x509.KeyUsage(True, False, False, False, False, authority, authority, False, False)
        made = x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        made = made.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by_name)])).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        made = made.not_valid_after(now + dt.timedelta(days=2)).add_extension(usage, critical=True)
        made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        made = made.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        return made.sign(by, hashes.SHA256())

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    folder.mkdir(parents=True, exist_ok=True)
    authority, server = folder / f"{host}-authority.pem", folder / f"{host}.pem"
    authority.write_bytes(signed("authority", root, "authority", root, authority=True).public_bytes(serialization.Encoding.PEM))
    private = leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    server.write_bytes(signed(host, leaf, "authority", root, authority=False).public_bytes(serialization.Encoding.PEM) + private)
    return authority, server


@contextmanager
def web(handler: type[BaseHTTPRequestHandler], pem: Path | None) -> Iterator[int]:
    """A web server; with a certificate it speaks https."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Proxy:
    """A wire that can be cut: passes bytes on to a port, and hangs up once after so many have come back in all."""

    def __init__(self, to: int) -> None:
        self._to, self.cut_after, self.passed = to, 0, 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, after: int) -> None:
        """Cut whichever connection brings the byte after so many."""
        self.cut_after = self.passed + after

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, is_back: bool) -> None:
        with suppress(OSError):
            while piece := one.recv(16384):
                self.passed += len(piece) * is_back
                if self.cut_after and self.passed > self.cut_after:
                    self.cut_after = 0
                    break
                with suppress(OSError):  # what still comes is read to the end: a reset would take back what was sent before
                    other.sendall(piece)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)
