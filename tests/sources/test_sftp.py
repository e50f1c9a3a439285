"""SFTP, from a real OpenSSH server."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from schemas.findings import PassingError, ReadError
from tests.sources.servers import Proxy, Sshd
from tests.sources.site import Remote, contents

BIG = random.Random(1).randbytes(3_000_000)


class Server:
    """A folder on the server, and a site that fetches from it."""

    def __init__(self, root: Path, sshd: Sshd, monkeypatch: pytest.MonkeyPatch, port: int = 0, **source: object) -> None:
        self.folder, self.sshd = root / "exports", sshd
        self.folder.mkdir(exist_ok=True)
        monkeypatch.setenv("LISBON_USER", sshd.user)
        monkeypatch.setenv("LISBON_KEY", str(sshd.key))
        told = {"kind": "sftp", "url": f"sftp://127.0.0.1:{port or sshd.port}{self.folder}", "username_env": "LISBON_USER", "timeout_s": 10}
        told |= {"key_env": "LISBON_KEY"} if not {"password_env", "key_block"} & source.keys() else {}
        told |= {"host_key": sshd.fingerprint} if "known_hosts" not in source else {}
        self.site = Remote(root, **(told | source))

    def put(self, name: str, content: bytes, age_s: int = 3600) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        at = path.stat().st_mtime - age_s
        os.utime(path, (at, at))


@pytest.fixture
def server(tmp_path, sshd, monkeypatch):
    made = Server(tmp_path, sshd, monkeypatch)
    made.put("dose.csv", b"id,dose\n1,50\n")
    made.put("2026/dose ä.csv", b"id,dose\n2,25\n")
    made.put("notes.txt", b"-")
    made.put(".hidden.csv", b"-")
    return made


def test_a_folder_is_landed_byte_for_byte_with_where_it_came_from(server):
    delivery = server.site.pull()
    assert contents(delivery) == {"dose.csv": b"id,dose\n1,50\n", "2026/dose ä.csv": b"id,dose\n2,25\n"}
    assert delivery.left_out == ("notes.txt",)
    source = server.site.receipt()["source"]
    assert (source["kind"], source["path"]) == ("sftp", server.site.unit.site.source.url)
    assert source["fetched_at"] == "2026-03-02T04:15:00+00:00"
    assert source["versions"]["dose.csv"].startswith("13 bytes, ")
    assert server.site.waiting() == []


def test_what_is_the_same_is_nothing_new_and_is_not_fetched_again(server, monkeypatch):
    first = server.site.pull()
    from flows.sources.sftp import Sftp

    monkeypatch.setattr(Sftp, "fetch", lambda *_: pytest.fail("fetched again"))
    assert server.site.pull() == first
    assert len(server.site.known()) == 1


def test_one_file_that_changed_is_a_delivery_and_only_it_is_fetched(server, monkeypatch):
    server.site.pull()
    server.put("dose.csv", b"id,dose\n1,25\n3,25\n")
    from flows.sources.sftp import Sftp

    fetched, fetch = [], Sftp.fetch
    monkeypatch.setattr(Sftp, "fetch", lambda self, there, *more: fetched.append(there.name) or fetch(self, there, *more))
    assert contents(server.site.pull()) == {"dose.csv": b"id,dose\n1,25\n3,25\n", "2026/dose ä.csv": b"id,dose\n2,25\n"}
    assert fetched == ["dose.csv"]


def test_a_change_that_keeps_size_and_time_is_seen_when_the_file_is_a_week_old(server):
    server.site.pull()
    path = server.folder / "dose.csv"
    was = path.stat()
    path.write_bytes(b"id,dose\n1,51\n")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert contents(server.site.pull())["dose.csv"] == b"id,dose\n1,50\n"
    assert contents(server.site.pull(days=7))["dose.csv"] == b"id,dose\n1,51\n"


def test_a_file_deleted_there_is_a_delivery_without_it(server):
    server.site.pull()
    (server.folder / "2026" / "dose ä.csv").unlink()
    assert list(contents(server.site.pull())) == ["dose.csv"]


def test_a_download_that_is_cut_lands_nothing_and_goes_on_where_it_stopped(tmp_path, sshd, monkeypatch):
    wire = Proxy(sshd.port)
    server = Server(tmp_path, sshd, monkeypatch, wire.port)
    server.put("big.csv", BIG)
    here = 0
    for _ in range(5):  # on a busy machine much of what came may be lost with the connection before it was read
        wire.cut(2_400_000 - here)
        with pytest.raises(PassingError, match="hung up"):
            server.site.pull()
        (part,) = server.site.waiting()
        here = part.stat().st_size
        if here > 2_000_000:
            break
    assert 2_000_000 < here < len(BIG)
    assert server.site.known() == []
    before = wire.passed
    assert contents(server.site.pull()) == {"big.csv": BIG}
    assert wire.passed - before < len(BIG)  # what was missing is asked for twice where the machine is busy
    assert server.site.waiting() == []
    wire.close()


def test_what_came_of_a_file_that_was_replaced_is_not_joined_to_the_new_one(tmp_path, sshd, monkeypatch):
    wire = Proxy(sshd.port)
    server = Server(tmp_path, sshd, monkeypatch, wire.port)
    server.put("big.csv", BIG)
    wire.cut(1_500_000)
    with pytest.raises(PassingError):
        server.site.pull()
    other = BIG[::-1]
    was = (server.folder / "big.csv").stat()
    (server.folder / "big.csv").write_bytes(other)
    os.utime(server.folder / "big.csv", ns=(was.st_atime_ns, was.st_mtime_ns))
    assert contents(server.site.pull()) == {"big.csv": other}
    wire.close()


def test_a_file_that_grows_while_it_is_read_is_told_and_not_landed(server, monkeypatch):
    from flows.sources.place import Part

    write = Part.write

    def and_grow(part, piece):
        write(part, piece)
        server.put("dose.csv", b"id,dose\n1,50\n2,50\n", age_s=0)

    monkeypatch.setattr(Part, "write", and_grow)
    with pytest.raises(PassingError, match="changed"):
        server.site.pull()
    monkeypatch.undo()
    monkeypatch.setenv("LISBON_USER", server.sshd.user)
    monkeypatch.setenv("LISBON_KEY", str(server.sshd.key))
    assert server.site.known() == []
    assert contents(server.site.pull())["dose.csv"] == b"id,dose\n1,50\n2,50\n"


def test_a_server_that_shows_another_key_than_declared_gets_no_login(tmp_path, sshd, monkeypatch):
    server = Server(tmp_path, sshd, monkeypatch, host_key="SHA256:" + "A" * 43)
    with pytest.raises(ReadError, match="another key than declared: ssh-ed25519 " + re.escape(sshd.fingerprint)) as error:
        server.site.pull()
    assert not isinstance(error.value, PassingError)


@pytest.mark.parametrize(("known", "told"), [("right", ""), ("wrong", "another key than the known one"), ("none", "is not known")])
def test_a_server_must_be_among_the_known_hosts(tmp_path, sshd, monkeypatch, known, told):
    server = Server(tmp_path, sshd, monkeypatch, known_hosts="hosts")
    server.put("dose.csv", b"id\n1\n")
    wrong = " ".join(sshd.wrong_key.with_suffix(".pub").read_text().split()[:2])
    keys = {"right": sshd.host_key, "wrong": wrong}
    (server.site.config / "hosts").write_text(f"[127.0.0.1]:{sshd.port} {keys[known]}\n" if known in keys else "")
    if not told:
        assert contents(server.site.pull()) == {"dose.csv": b"id\n1\n"}
        return
    with pytest.raises(ReadError, match=told):
        server.site.pull()


def test_a_wrong_key_or_password_is_final_and_neither_is_told(tmp_path, sshd, monkeypatch):
    server = Server(tmp_path, sshd, monkeypatch)
    monkeypatch.setenv("LISBON_KEY", sshd.wrong_key.read_text())
    for site, secret in (
        (server.site, sshd.wrong_key.read_text()),
        (Server(tmp_path, sshd, monkeypatch, password_env="LISBON_PASSWORD").site, "hunter2hunter2"),
    ):
        monkeypatch.setenv("LISBON_KEY", sshd.wrong_key.read_text())
        monkeypatch.setenv("LISBON_PASSWORD", "hunter2hunter2")
        with pytest.raises(ReadError, match="refuses the user name, password or key") as error:
            site.pull()
        assert not isinstance(error.value, PassingError)
        assert secret not in str(error.value)


def test_the_key_may_be_text_or_a_secret_block_and_a_missing_one_is_told_by_name(tmp_path, sshd, monkeypatch):
    server = Server(tmp_path, sshd, monkeypatch, key_block="lisbon-key")
    server.put("dose.csv", b"id\n1\n")
    assert contents(server.site.pull(blocks={"lisbon-key": sshd.key.read_text()}.__getitem__)) == {"dose.csv": b"id\n1\n"}
    other = Server(tmp_path, sshd, monkeypatch)
    monkeypatch.delenv("LISBON_KEY")
    with pytest.raises(ReadError, match="environment variable LISBON_KEY is not set"):
        other.site.pull()


def test_a_delivery_that_is_too_large_is_refused_before_it_comes(tmp_path, sshd, monkeypatch):
    server = Server(tmp_path, sshd, monkeypatch, max_mb=1)
    server.put("big.csv", BIG)
    with pytest.raises(ReadError, match="larger than 1 MB"):
        server.site.pull()
    assert server.site.waiting() == []


@pytest.mark.parametrize("name", ["do\nse.csv", "a\\..\\dose.csv", "\u202egnp.csv", "x" * 201])
def test_a_name_that_cannot_be_kept_is_refused(server, name):
    server.put(name, b"-")
    with pytest.raises(ReadError, match="name cannot be kept"):
        server.site.pull()


def test_a_link_out_of_the_folder_and_a_pipe_are_refused_and_a_link_within_is_read(server):
    (server.folder / "again.csv").symlink_to("dose.csv")
    assert contents(server.site.pull())["again.csv"] == b"id,dose\n1,50\n"
    (server.folder / "away.csv").symlink_to(server.folder.parent / "data" / "landing" / "sad01" / "07" / "deliveries.jsonl")
    with pytest.raises(ReadError, match="leads out of the folder"):
        server.site.pull()
    (server.folder / "away.csv").unlink()
    os.mkfifo(server.folder / "pipe.csv")
    with pytest.raises(ReadError, match="no plain file"):
        server.site.pull()


def test_no_folder_and_no_server_are_told_apart(tmp_path, sshd, monkeypatch):
    gone = Server(tmp_path, sshd, monkeypatch, url=f"sftp://127.0.0.1:{sshd.port}/there/is/none")
    with pytest.raises(ReadError, match="no such folder") as final:
        gone.site.pull()
    away = Server(tmp_path, sshd, monkeypatch, url="sftp://127.0.0.1:1/exports")
    with pytest.raises(PassingError, match="cannot be reached"):
        away.site.pull()
    assert not isinstance(final.value, PassingError)


def test_the_randomization_list_of_a_blinded_trial_is_never_fetched(tmp_path, sshd, monkeypatch):
    server = Server(tmp_path, sshd, monkeypatch)
    tables = {"dose": {"file": "*.csv"}, "randomization": {"file": "list.csv", "fields": {"arm": "arm"}}}
    server.site = Remote(tmp_path, tables, status="blinded", **server.site.unit.site.source.model_dump(exclude_none=True))
    server.put("dose.csv", b"id,dose\n1,50\n")
    server.put("list.csv", b"id,arm\n1,DCS\n2,PBO\n")
    server.put("copy.csv", b"id,arm\n1,DCS\n2,PBO\n")
    assert list(contents(server.site.pull())) == ["dose.csv"]
    assert not any("PBO" in text for text in server.site.texts())
