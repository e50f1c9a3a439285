"""What holds for every kind of source."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from flows.docs.source_pages import kinds
from flows.engine import incoming, landing, state
from flows.sources.place import Bound, Part, There
from schemas.findings import PassingError, ReadError
from schemas.source import RemoteSource
from tests.sources.site import Remote, contents

SFTP: dict[str, Any] = {"kind": "sftp", "url": "sftp://127.0.0.1:1/x", "username": "me", "key_env": "K", "host_key": "SHA256:x"}


class Shelf:
    """A place in memory: name -> content; a version is the content's own."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.held, self.fetched = files, []
        self.on_fetch: Any = lambda name: None
        self.optional: set[str] = set()
        self.is_exact = self.is_settled = True
        self.numbers: dict[bytes, int] = {}

    def connect(self, access):
        self.bound = access.bound
        return self

    def files(self):
        return [self._there(name, content) for name, content in self.held.items()]

    def _there(self, name, content):
        version = f"v{self.numbers.setdefault(content, len(self.numbers) + 1)}"
        return There(name, version, self.is_exact, len(content), optional=name in self.optional, settled=self.is_settled)

    def fetch(self, there, part, known):
        self.fetched.append(there.name)
        self.on_fetch(there.name)
        at = part.begin(there.version)
        part.write(self.held[there.name][at:])
        part.complete(there.size)
        return there

    def changed(self, came):
        now = {t.name: t.version for t in self.files()}
        return [c.name for c in came if now.get(c.name) != c.version]

    def about(self):
        return {"shelf": "3"}

    def close(self):
        pass


@pytest.fixture
def shelf(monkeypatch):
    made = Shelf({"dose.csv": b"id,dose\n1,50\n", "subject.csv": b"id\n1\n"})
    monkeypatch.setattr("flows.sources.sftp.connect", made.connect)
    return made


def test_every_kind_has_a_model_and_a_module_of_its_name():
    for kind, model in kinds().items():
        module = import_module(f"flows.sources.{kind}")
        assert hasattr(module, "find" if kind == "files" else "connect"), kind
        assert issubclass(model, RemoteSource) is (kind != "files")


def test_the_receipt_says_where_from_which_version_and_when(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)
    made.pull()
    source = made.receipt()["source"]
    assert (source["kind"], source["path"], source["shelf"]) == ("sftp", "sftp://127.0.0.1:1/x", "3")
    assert source["fetched_at"] == made.receipt()["delivered_at"].replace("Z", "+00:00") == "2026-03-02T04:15:00+00:00"
    assert source["versions"] == {"dose.csv": "v1", "subject.csv": "v2"}


def test_a_failure_in_the_middle_keeps_what_came_and_lands_nothing(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)

    def fail(name):
        if name == "subject.csv":
            raise PassingError("away")

    shelf.on_fetch = fail
    with pytest.raises(PassingError, match="away"):
        made.pull()
    assert len(made.waiting()) == 1 and made.known() == []
    shelf.on_fetch = lambda name: None
    assert contents(made.pull()) == shelf.held
    assert made.waiting() == []


def test_a_landed_file_that_was_tampered_with_is_fetched_again(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)
    path = made.pull().folder / "dose.csv"
    path.chmod(0o644)
    path.write_bytes(b"id,dose\n1,99\n")
    shelf.held["subject.csv"] = b"id\n2\n"
    assert contents(made.pull()) == {"dose.csv": b"id,dose\n1,50\n", "subject.csv": b"id\n2\n"}
    assert shelf.fetched == ["dose.csv", "subject.csv", "dose.csv", "subject.csv"]


@pytest.mark.parametrize("note", ["", "{", "[]", '{"place": 1}', '{"place": "x", "files": {"dose.csv": {}}}'])
def test_a_damaged_note_means_that_everything_is_fetched(shelf, tmp_path, note):
    made = Remote(tmp_path, **SFTP)
    first = made.pull()
    (made.data / "incoming" / "sad01" / "07" / incoming.SEEN).write_text(note)
    assert made.pull() == first
    assert len(shelf.fetched) == 4


@pytest.mark.parametrize(
    ("exact", "settled", "days", "again"), [(True, True, 30, 0), (False, True, 6, 0), (False, True, 7, 2), (False, False, 1, 2)]
)
def test_a_version_of_size_and_time_is_believed_for_a_week_and_not_of_a_fresh_file(shelf, tmp_path, exact, settled, days, again):
    shelf.is_exact, shelf.is_settled = exact, settled
    made = Remote(tmp_path, **SFTP)
    first = made.pull()
    assert made.pull(days=days) == first
    assert len(shelf.fetched) == 2 + again


def test_another_place_means_that_everything_is_fetched(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)
    first = made.pull()
    other = Remote(tmp_path, **(SFTP | {"url": "sftp://127.0.0.1:1/y"}))
    other.nights = made.nights
    assert other.pull() == first
    assert len(shelf.fetched) == 4


def test_optional_files_are_neither_fetched_nor_told_as_unread(shelf, tmp_path):
    shelf.held |= {"events.txt": b"-", "notes.txt": b"-"}
    shelf.optional = {"events.txt"}
    assert Remote(tmp_path, **SFTP).pull().left_out == ("notes.txt",)
    assert shelf.fetched == ["dose.csv", "subject.csv"]


def test_of_a_blinded_trial_a_file_that_shows_the_arms_is_removed_at_once(shelf, tmp_path):
    shelf.held["extra.csv"] = b"id,arm\n1,DCS\n2,PBO\n"
    made = Remote(tmp_path, status="blinded", **SFTP)
    shelf.held["dose.csv"] = b"id,dose\n1,50\n"
    assert list(contents(made.pull())) == ["dose.csv", "subject.csv"]
    assert not any("PBO" in text for text in made.texts())


def test_what_waits_is_for_its_owner_only_and_a_purge_forgets_it(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)
    made.pull()
    home = made.data / incoming.HOME / "sad01" / "07"
    assert home.stat().st_mode & 0o077 == 0
    incoming.forget(made.data, made.unit)
    assert not home.exists()


def test_a_remote_site_is_always_asked_before_it_is_said_that_nothing_changed(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)
    one, other = landing.peek(made.unit, made.config), landing.peek(made.unit, made.config)
    assert one and other and one != other
    assert shelf.fetched == []
    assert state._peek(made.unit, made.config)


def test_a_delivery_that_takes_too_long_is_stopped_and_goes_on_the_next_time(shelf, tmp_path, monkeypatch):
    made = Remote(tmp_path, **SFTP, max_minutes=1)
    clock = [0.0]
    monkeypatch.setattr("flows.sources.place.time.monotonic", lambda: clock[0])
    shelf.on_fetch = lambda name: clock.__setitem__(0, clock[0] + 61)
    with pytest.raises(PassingError, match="not complete after 1 minutes"):
        made.pull()
    shelf.on_fetch = lambda name: None
    assert contents(made.pull()) == shelf.held


def test_what_has_been_fetched_counts_for_the_bound_also_when_it_goes_on(tmp_path):
    source = Remote(tmp_path, **SFTP, max_mb=1).unit.site.source
    part = Part(tmp_path / "x.csv", Bound("k", source), "k")
    assert part.begin("v1") == 0
    part.write(b"x" * 600_000)
    again = Part(tmp_path / "x.csv", Bound("k", source), "k")
    assert again.begin("v1") == 600_000
    with pytest.raises(ReadError, match="larger than 1 MB"):
        again.write(b"x" * 400_001)
    assert Part(tmp_path / "x.csv", Bound("k", source), "k").begin("v2") == 0


def test_more_files_than_an_export_has_are_refused(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr("flows.sources.place.MAX_FILES", 1)
    with pytest.raises(ReadError, match="more than 1 files"):
        Remote(tmp_path, **SFTP).pull()


def test_the_note_of_what_was_seen_holds_no_content(shelf, tmp_path):
    made = Remote(tmp_path, **SFTP)
    made.pull()
    told = json.loads((made.data / incoming.HOME / "sad01" / "07" / incoming.SEEN).read_text())
    assert set(told["files"]["dose.csv"]) == {"version", "exact", "sha256", "at"}
