"""One request to REDCap's API: paced, and its answer told by the body.

What belongs here: posting, pace, what the API's own words mean. What does not: what is asked (redcap.py), the client (web.py).
Sources of the messages: those that REDCapR and PyCap test for. A message may quote a record: none is shown.
"""

from __future__ import annotations

import json
import re
import time
from collections import deque
from typing import Any

from flows.sources import web
from flows.sources.place import Access

_TOKEN = re.compile(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{64}")
_ABSENT = ("classic project", "does not contain any repeating")
_MEMORY = ("ran out of server memory", "ran out of memory")
_RIGHTS = ("permission", "token", "api rights", "not have rights", "privileges")
_NAMES = "values in the parameter"
_BUSY = ("too many requests", "rate limit", "offline", "maintenance", "try again")


class TooMuch(Exception):
    """The server has no memory for what was asked; less may do."""


class Api:
    """The API of one project."""

    def __init__(self, access: Access) -> None:
        self._access = access
        token = (access.secret("token") or "").strip()
        if not _TOKEN.fullmatch(token):
            raise access.final("the token is none of REDCap's (32 digits and letters A to F)", "look at the secret the source names")
        self._token = token
        self._client = web.client(access)
        self._asked: deque[float] = deque()
        self.requests = 0

    def ask(self, content: str, **what: Any) -> str | None:
        """The body of an answer; None where this kind of project has nothing of it.

        Raises TooMuch; ReadError (rights, names that are not there, what is not foreseen); PassingError (busy, broken, cut).
        """
        self._pace()
        form: dict[str, str] = {"token": self._token, "content": content, "format": "csv", "returnFormat": "csv"}
        for name, value in what.items():
            if isinstance(value, list):
                form |= {f"{name}[{number}]": one for number, one in enumerate(value)}
            else:
                form[name] = str(value)
        self.requests += 1
        body = bytearray()
        with web.asked(self._access, self._client, "POST", self._access.source.url, data=form, statuses=range(200, 600)) as answer:
            for piece in answer.iter_bytes():
                body += piece
                self._access.bound.foresee(len(body))
            status = answer.status_code
        try:
            text = body.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._access.passing("what the server returned is no UTF-8 text, or cut") from None
        return self._judged(text, status)

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _pace(self) -> None:
        """Wait where this request would be one too many within a minute."""
        now = time.monotonic()
        while self._asked and now - self._asked[0] >= 60:
            self._asked.popleft()
        if len(self._asked) >= self._access.source.per_minute:
            self._access.bound.seconds()
            time.sleep(max(60 - (now - self._asked[0]), 0))
        self._asked.append(time.monotonic())

    def _judged(self, text: str, status: int) -> str | None:
        message = _error(text, status)
        if message is None:
            return text
        access, low = self._access, message.lower()
        if any(word in low for word in _ABSENT):
            return None
        if any(word in low for word in _MEMORY):
            raise TooMuch
        if status == 429 or any(word in low for word in _BUSY) or status >= 500:
            raise access.passing(f"REDCap is busy or broken ({status})")
        if status in (401, 403) or any(word in low for word in _RIGHTS):
            raise access.final("REDCap refuses the token", "look at the secret the source names, and at the API rights of its user")
        if _NAMES in low:
            raise access.final("a form, field or event of the source is not in the project", "correct source.forms, fields or events")
        if message.startswith("<"):
            raise access.passing("a web page came in place of data, as when REDCap is offline")
        raise access.final(f"REDCap refuses the request ({status})", "look at the logging of the project in REDCap for its reason")


def _error(text: str, status: int) -> str | None:
    """The message of an answer that is an error; None where it is data."""
    start = text.lstrip()[:2000]
    if start.upper().startswith("ERROR"):
        return start[5:].lstrip(": ")
    if start.startswith("{"):
        try:
            told = json.loads(text)
        except ValueError:
            told = {}
        return str(told["error"]) if isinstance(told, dict) and "error" in told else "no CSV"
    found = re.search(r"<error>(.*?)</error>", start, re.DOTALL)
    if found:
        return found[1]
    if start.startswith("<"):
        return start
    return f"status {status}" if status >= 300 else None
