"""Files on a web server.

A file is asked for with the ETag and date it had when it was last fetched, so that one that is the same is not sent again. What was cut
goes on where it stopped, when the server still has the same ETag. A body whose length nobody states is refused, because a cut one would
look whole; so is a web page in place of a data file (a login page). Of several files, each is asked for once more at the end.

What belongs here: conditional and partial requests. What does not: the client and statuses (web.py), what is wanted (incoming.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import httpx

from flows.sources import web
from flows.sources.place import Access, Part, There
from schemas.findings import PassingError

_PAGES = (".html", ".htm", ".xml", ".xhtml")


def connect(access: Access) -> Https:
    """Get ready; the server is first spoken to when a file is fetched."""
    return Https(access)


class Https:
    """Files below one address."""

    def __init__(self, access: Access) -> None:
        self._access = access
        token, password = access.secret("token"), access.secret("password")
        headers = {"accept-encoding": "identity"} | ({"authorization": f"Bearer {token.strip()}"} if token else {})
        self._client = web.client(access, headers=headers, auth=(access.username(), password) if password is not None else None)

    def files(self) -> Sequence[There]:
        """The files that are named; what they are like is known when they come."""
        source = self._access.source
        if not source.files:
            return [There(unquote(urlsplit(source.url).path.rpartition("/")[2]), ref=source.url)]
        return [There(name, ref=f"{source.url.rstrip('/')}/{quote(name)}") for name in source.files]

    def fetch(self, there: There, part: Part, known: str) -> There | None:
        """Ask for a file; None when the server says that it is what is known."""
        headers = _unless(known)
        etag = _told(part.version).get("etag", "")
        if resumes := not known and part.size > 0 and etag.startswith('"'):
            headers = {"range": f"bytes={part.size}-", "if-range": etag}
        with web.asked(self._access, self._client, "GET", there.ref, headers=headers) as answer:
            if answer.status_code == 304:
                return None
            if answer.status_code == 416 or (answer.status_code == 206 and not self._goes_on(answer, part)):
                part.remove()
                raise PassingError(f"{self._access.key}: {there.name} is another file than the one begun; it is fetched again")
            came, is_packed = self._came(there, answer), "content-encoding" in answer.headers
            if resumes and answer.status_code == 206:
                part.begin(part.version)
            else:
                part.begin("" if is_packed else came.version)  # what was unpacked on the way cannot go on where it stopped
            for piece in answer.iter_bytes() if is_packed else answer.iter_raw():
                part.write(piece)
        part.complete(came.size)
        return came

    def changed(self, came: Sequence[There]) -> list[str]:
        """Files that are not as they came any more, as far as the server tells; one file alone cannot disagree with others."""
        if len(came) < 2:
            return []
        out = []
        for there in came:
            if not there.version:
                continue
            asking = {"headers": _unless(there.version), "statuses": (200, 206, 304, 405, 501)}
            with web.asked(self._access, self._client, "HEAD", there.ref or self._ref(there), **asking) as answer:
                if answer.status_code == 200 and _version(answer) not in ("", there.version):
                    out.append(there.name)
        return out

    def greet(self) -> None:
        """Ask for each file without its content. Raises as fetch() does; a server that knows no HEAD has answered too."""
        for there in self.files():
            with web.asked(self._access, self._client, "HEAD", there.ref, statuses=(200, 405, 501)):
                pass

    def about(self) -> dict[str, Any]:
        """Nothing more."""
        return {}

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _ref(self, there: There) -> str:
        return next(t.ref for t in self.files() if t.name == there.name)

    def _goes_on(self, answer: httpx.Response, part: Part) -> bool:
        return answer.headers.get("content-range", "").startswith(f"bytes {part.size}-")

    def _came(self, there: There, answer: httpx.Response) -> There:
        """What the server says of the file it sends. Raises ReadError for a web page, and for a body that could be cut unseen."""
        access, kind = self._access, answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml") and not there.name.lower().endswith(_PAGES):
            raise access.final(f"{there.name} came as a web page, such as a login page", "look what the address gives, and at the secrets")
        size, headers = _size(answer), answer.headers
        if "content-length" not in headers and headers.get("transfer-encoding", "").lower() != "chunked":
            raise access.final(f"the server does not say how long {there.name} is, so a cut one would look whole", "have the server say it")
        if size is not None:
            access.bound.foresee(size)
        version = _version(answer)
        return There(there.name, version, _told(version).get("etag", "").startswith('"'), size, there.ref, settled=_is_settled(answer))


def _size(answer: httpx.Response) -> int | None:
    """How long the whole file is; None where the server does not say, or packs it on the way."""
    if "content-encoding" in answer.headers:
        return None
    name = "content-range" if answer.status_code == 206 else "content-length"
    told = answer.headers.get(name, "").rpartition("/")[2]
    return int(told) if told.isdigit() else None


def _version(answer: httpx.Response) -> str:
    """ETag and date of a file, as the server wrote them; empty where it wrote neither."""
    told = {name: answer.headers[name] for name in ("etag", "last-modified") if answer.headers.get(name)}
    return json.dumps(told) if told else ""


def _is_settled(answer: httpx.Response) -> bool:
    """Whether the file's date lies a minute behind the server's clock, so that another change would show (RFC 9110, 8.8.2.2)."""
    try:
        now, then = (parsedate_to_datetime(answer.headers[name]) for name in ("date", "last-modified"))
        return (now - then).total_seconds() >= 60
    except (KeyError, ValueError, TypeError):
        return False


def _told(version: str) -> dict[str, str]:
    try:
        told = json.loads(version)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _unless(version: str) -> dict[str, str]:
    """The headers that ask for a file unless it is the one that is known."""
    told = _told(version)
    return {to: told[name] for name, to in (("etag", "if-none-match"), ("last-modified", "if-modified-since")) if name in told}
