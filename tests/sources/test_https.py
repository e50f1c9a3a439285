"""HTTPS, from a real web server with a certificate made for it."""

from __future__ import annotations

import base64
import gzip
import random
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from flows import doctor
from schemas.findings import PassingError, ReadError
from tests.sources import servers
from tests.sources.site import Remote, contents

BIG = random.Random(3).randbytes(2_000_000)


class Shelf:
    """What the web server does: name -> content, and what goes wrong once."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.cut_once: int | None = None
        self.token, self.password = "", ""
        self.etags, self.weak, self.head = True, False, True
        self.after: object = None

    def sent(self, name: str) -> list[str]:
        """How often, and how, a file was asked for."""
        return [f"{method} {headers.get('range', '')}".strip() for method, path, headers in self.asked if path.endswith(name)]


def handler_of(shelf: Shelf) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET(body=False)

        def do_GET(self, body: bool = True) -> None:
            headers = {k.lower(): v for k, v in self.headers.items()}
            name = self.path.rpartition("/")[2]
            shelf.asked.append((self.command, self.path, headers))
            if waiting := shelf.answers.get(name):
                return self.say(*waiting.pop(0), body)
            right = f"Basic {base64.b64encode(shelf.password.encode()).decode()}" if shelf.password else f"Bearer {shelf.token}"
            if (shelf.token or shelf.password) and headers.get("authorization") != right:
                return self.say(401, {}, b"who are you", body)
            content = shelf.files.get(name)
            if content is None:
                return self.say(404, {}, b"gone", body)
            tag = f'{"W/" if shelf.weak else ""}"{random.Random(content).getrandbits(40)}"'
            told = {"etag": tag} if shelf.etags else {"last-modified": "Sun, 01 Mar 2026 04:00:00 GMT"}
            if headers.get("if-none-match") == tag or (not shelf.etags and "if-modified-since" in headers):
                return self.say(304, told, b"", body)
            start = int(headers["range"][6:-1]) if "range" in headers and headers.get("if-range") == tag else 0
            if start:
                told["content-range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self.say(206 if start else 200, told, content[start:], body)
            if shelf.after:
                shelf.after(name)  # type: ignore[operator]

        def say(self, status: int, headers: dict[str, str], content: bytes, body: bool = True) -> None:
            self.send_response(status)
            for key, value in headers.items():
                self.send_header(key, value)
            if "transfer-encoding" not in headers and headers.get("content-length") is None and headers.pop("no-length", None) is None:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            if not body:
                return
            if shelf.cut_once is not None and len(content) > shelf.cut_once:
                self.wfile.write(content[: shelf.cut_once])
                self.wfile.flush()
                shelf.cut_once, self.close_connection = None, True
                self.connection.shutdown(2)
                return
            self.wfile.write(content)
            if "connection" in headers:
                self.close_connection = True

    return Handler


@pytest.fixture
def shelf(certificate) -> Iterator[Shelf]:
    made = Shelf()
    with servers.web(handler_of(made), certificate[1]) as made.port:
        yield made


def site(root: Path, shelf: Shelf, certificate, **source: object) -> Remote:
    told = {"kind": "https", "url": f"https://localhost:{shelf.port}/lisbon/", "files": ["dose.csv"], "timeout_s": 5}
    return Remote(root, **(told | {"ca_file": str(certificate[0])} | source))


def test_named_files_are_landed_with_their_etags(tmp_path, shelf, certificate):
    shelf.files = {"dose.csv": b"id,dose\n1,50\n", "subject%20%C3%A4.csv": b"id\n1\n"}
    made = site(tmp_path, shelf, certificate, files=["dose.csv", "subject ä.csv"])
    assert contents(made.pull()) == {"dose.csv": b"id,dose\n1,50\n", "subject ä.csv": b"id\n1\n"}
    source = made.receipt()["source"]
    assert (source["kind"], source["path"]) == ("https", made.unit.site.source.url)
    assert source["versions"]["dose.csv"].startswith('{"etag": ')
    assert made.waiting() == []


def test_an_address_may_be_one_file(tmp_path, shelf, certificate):
    shelf.files = {"dose.csv": b"id\n1\n"}
    made = site(tmp_path, shelf, certificate, url=f"https://localhost:{shelf.port}/share/dose.csv", files=[])
    assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}


def test_a_server_can_be_greeted_without_fetching_anything(tmp_path, shelf, certificate):
    shelf.files = {"dose.csv": b"id\n1\n"}
    told = doctor._source(site(tmp_path, shelf, certificate).unit, tmp_path)
    assert (told.state, told.told, shelf.sent("dose.csv")) == ("ok", "https: 1 files", ["HEAD"])
    shelf.files = {}
    assert doctor._source(site(tmp_path, shelf, certificate).unit, tmp_path).state == "bad"


@pytest.mark.parametrize("etags", [True, False])
def test_what_is_the_same_is_asked_for_by_its_version_and_not_sent_again(tmp_path, shelf, certificate, etags):
    shelf.files, shelf.etags = {"dose.csv": b"id\n1\n"}, etags
    made = site(tmp_path, shelf, certificate)
    first = made.pull()
    assert made.pull() == first
    asked = shelf.asked[-1][2]
    assert ("if-none-match" in asked, "if-modified-since" in asked) == (etags, not etags)
    if etags:
        shelf.files["dose.csv"] = b"id\n1\n2\n"
        assert contents(made.pull()) == {"dose.csv": b"id\n1\n2\n"}


def test_a_date_alone_is_not_believed_for_longer_than_a_week(tmp_path, shelf, certificate):
    shelf.files, shelf.etags = {"dose.csv": b"id\n1\n"}, False
    made = site(tmp_path, shelf, certificate)
    made.pull()
    shelf.files["dose.csv"] = b"id\n2\n"
    assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}
    assert contents(made.pull(days=7)) == {"dose.csv": b"id\n2\n"}


def test_a_download_that_is_cut_lands_nothing_and_goes_on_where_it_stopped(tmp_path, shelf, certificate):
    shelf.files, shelf.cut_once = {"dose.csv": BIG}, 1_200_000
    made = site(tmp_path, shelf, certificate)
    with pytest.raises(PassingError, match="hung up"):
        made.pull()
    (part,) = made.waiting()
    here = part.stat().st_size
    assert 0 < here <= 1_200_000
    assert contents(made.pull()) == {"dose.csv": BIG}
    assert shelf.sent("dose.csv") == ["GET", f"GET bytes={here}-"]


def test_what_came_of_a_file_that_was_replaced_is_fetched_whole(tmp_path, shelf, certificate):
    shelf.files, shelf.cut_once = {"dose.csv": BIG}, 1_200_000
    made = site(tmp_path, shelf, certificate)
    with pytest.raises(PassingError):
        made.pull()
    shelf.files["dose.csv"] = BIG[::-1]
    assert contents(made.pull()) == {"dose.csv": BIG[::-1]}


def test_a_chunked_body_that_is_cut_is_noticed_and_one_without_a_length_is_refused(tmp_path, shelf, certificate):
    made = site(tmp_path, shelf, certificate)
    shelf.answers["dose.csv"] = [(200, {"transfer-encoding": "chunked", "connection": "close"}, b"5\r\nid\n1\n\r\n5\r\n2")]
    with pytest.raises(PassingError, match="hung up"):
        made.pull()
    shelf.answers["dose.csv"] = [(200, {"transfer-encoding": "chunked", "connection": "close"}, b"5\r\nid\n1\n\r\n0\r\n\r\n")]
    assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}
    shelf.answers["dose.csv"] = [(200, {"connection": "close", "no-length": "1"}, b"id\n1\n")]
    with pytest.raises(ReadError, match="does not say how long") as final:
        made.pull()
    assert not isinstance(final.value, PassingError)


def test_a_body_packed_on_the_way_is_unpacked_within_bounds(tmp_path, shelf, certificate):
    made = site(tmp_path, shelf, certificate, max_mb=1)
    shelf.answers["dose.csv"] = [(200, {"content-encoding": "gzip"}, gzip.compress(b"id\n1\n"))]
    assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}
    shelf.answers["dose.csv"] = [(200, {"content-encoding": "gzip"}, gzip.compress(b"0" * 1_000_001))]
    with pytest.raises(ReadError, match="larger than 1 MB"):
        made.pull()


def test_a_delivery_that_is_too_large_is_refused_before_it_comes(tmp_path, shelf, certificate):
    shelf.files = {"dose.csv": BIG}
    with pytest.raises(ReadError, match="larger than 1 MB"):
        site(tmp_path, shelf, certificate, max_mb=1).pull()


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("/elsewhere/dose.csv", ""),
        ("https://localhost:1/dose.csv", "another place (https://localhost)"),
        ("https://127.0.0.1:{port}/dose.csv", "another place (https://127.0.0.1)"),
        ("http://localhost:{port}/dose.csv", "another place (http://localhost)"),
        ("file:///etc/passwd", "another place (file://)"),
    ],
)
def test_a_redirect_is_followed_to_the_same_host_over_https_only(tmp_path, shelf, certificate, where, told):
    shelf.files = {"dose.csv": b"id\n1\n"}
    shelf.answers["dose.csv"] = [(302, {"location": where.format(port=shelf.port)}, b"")]
    made = site(tmp_path, shelf, certificate)
    if not told:
        assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}
        return
    with pytest.raises(ReadError) as final:
        made.pull()
    assert told in str(final.value) and not isinstance(final.value, PassingError)
    assert len(shelf.asked) == 1


def test_a_redirect_in_circles_ends(tmp_path, shelf, certificate):
    shelf.answers["dose.csv"] = [(302, {"location": "/lisbon/dose.csv"}, b"")] * 50
    with pytest.raises(ReadError, match="round in circles"):
        site(tmp_path, shelf, certificate).pull()
    assert len(shelf.asked) == 6


@pytest.mark.parametrize(("status", "may_pass"), [(500, True), (503, True), (429, True), (401, False), (403, False), (404, False)])
def test_statuses_that_may_pass_are_told_from_those_that_stay(tmp_path, shelf, certificate, status, may_pass):
    shelf.files, shelf.answers["dose.csv"] = {"dose.csv": b"id\n1\n"}, [(status, {}, b"")]
    made = site(tmp_path, shelf, certificate)
    with pytest.raises(ReadError, match=str(status)) as error:
        made.pull()
    assert isinstance(error.value, PassingError) is may_pass
    assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}


def test_a_server_that_asks_for_patience_gets_it(tmp_path, shelf, certificate, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("flows.sources.web.time.sleep", slept.append)
    shelf.files, shelf.answers["dose.csv"] = {"dose.csv": b"id\n1\n"}, [(429, {"retry-after": "7"}, b""), (503, {"retry-after": "11"}, b"")]
    made = site(tmp_path, shelf, certificate)
    assert contents(made.pull()) == {"dose.csv": b"id\n1\n"}
    assert slept == [7.0, 11.0]
    shelf.answers["dose.csv"] = [(429, {"retry-after": "3600"}, b"")]
    with pytest.raises(PassingError, match="busy"):
        made.pull()


def test_a_login_page_in_place_of_data_is_refused(tmp_path, shelf, certificate):
    shelf.answers["dose.csv"] = [(200, {"content-type": "text/html; charset=utf-8"}, b"<html>log in</html>")]
    with pytest.raises(ReadError, match="came as a web page"):
        site(tmp_path, shelf, certificate).pull()


def test_a_token_or_password_is_sent_and_a_wrong_one_is_final_and_not_told(tmp_path, shelf, certificate, monkeypatch):
    shelf.files, shelf.token = {"dose.csv": b"id\n1\n"}, "geheim-32"
    monkeypatch.setenv("LISBON_TOKEN", "geheim-32")
    assert contents(site(tmp_path / "1", shelf, certificate, token_env="LISBON_TOKEN").pull()) == {"dose.csv": b"id\n1\n"}
    monkeypatch.setenv("LISBON_TOKEN", "falsch-32")
    with pytest.raises(ReadError, match="refuses the user name, password or token") as error:
        site(tmp_path / "2", shelf, certificate, token_env="LISBON_TOKEN").pull()
    assert "falsch-32" not in str(error.value)
    shelf.token, shelf.password = "", "lisbon:pass wörd:9"
    monkeypatch.setenv("LISBON_USER", "lisbon")
    made = site(tmp_path / "3", shelf, certificate, username_env="LISBON_USER", password_block="lisbon")
    assert contents(made.pull(blocks={"lisbon": "pass wörd:9"}.__getitem__)) == {"dose.csv": b"id\n1\n"}
    assert not any("wörd" in text.encode("latin-1").decode("utf-8", "replace") for text in made.texts())


def test_a_server_with_a_certificate_of_somebody_else_gets_no_request(tmp_path, shelf, certificate, monkeypatch):
    monkeypatch.setenv("LISBON_TOKEN", "geheim-32")
    other, _ = servers.certificate(tmp_path / "tls", "other")
    for source in ({"ca_file": None}, {"ca_file": str(other)}):
        with pytest.raises(ReadError, match="certificate is not trusted") as error:
            site(tmp_path, shelf, certificate, token_env="LISBON_TOKEN", **source).pull()
        assert not isinstance(error.value, PassingError)
    assert shelf.asked == []


def test_a_silent_server_ends_the_try_after_the_declared_time(tmp_path, shelf, certificate):
    shelf.answers["dose.csv"] = [(200, {"content-length": "100"}, b"id\n")]
    made = site(tmp_path, shelf, certificate, timeout_s=1)
    with pytest.raises(PassingError, match="silent too long"):
        made.pull()


def test_one_of_two_files_replaced_after_it_was_read_is_told(tmp_path, shelf, certificate):
    shelf.files = {"dose.csv": b"id,dose\n1,50\n", "subject.csv": b"id\n1\n"}
    made = site(tmp_path, shelf, certificate, files=["dose.csv", "subject.csv"])

    def replace(name: str) -> None:
        if name == "subject.csv":
            shelf.files["dose.csv"] = b"id,dose\n1,25\n"

    shelf.after = replace
    with pytest.raises(PassingError, match="changed while the export was read, first dose"):
        made.pull()
    assert made.known() == []


def test_a_file_deleted_there_is_told(tmp_path, shelf, certificate):
    shelf.files = {"dose.csv": b"id\n1\n"}
    made = site(tmp_path, shelf, certificate)
    made.pull()
    shelf.files.clear()
    with pytest.raises(ReadError, match="there is no such file"):
        made.pull()


def test_no_address_without_tls_but_on_this_machine(tmp_path, shelf, certificate):
    from pydantic import ValidationError

    for url in ("http://example.org/x.csv", "ftp://example.org/x.csv", "https://user:pw@example.org/x.csv", "https://example.org/x.csv?token=1"):
        with pytest.raises(ValidationError):
            site(tmp_path, shelf, certificate, url=url, files=[])
