"""A REDCap project, by its API, as the files its web pages would give: data.csv in raw codes, dictionary.csv.

The identifiers are asked for first, then the records by identifier, so many at a time; a chunk that comes back without one of those it was
asked for, or with another, ends the delivery. A chunk the server has no memory for is asked for in halves. At the end identifiers and
dictionary must be what they were: a record made or deleted meanwhile is told, and all is read again. Each record is as it was when its
chunk was read. The API says what is wrong in the body, not by the status; that a classic project has no events is no fault.

What belongs here: what is asked of a project, and the proof that all of it came. What does not: one request (redcap_api.py), reading
what came (flows/readers/redcap.py).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from typing import Any

from flows.sources.place import Access, Part, There
from flows.sources.redcap_api import Api, TooMuch
from schemas.findings import PassingError

DATA, DICTIONARY = "data.csv", "dictionary.csv"

#: Files beside the data: what the API calls their content, and the header of one that has nothing in it.
_BESIDE = {
    "events.csv": ("event", "event_name,arm_num,unique_event_name,custom_event_label,event_id\n"),
    "form_events.csv": ("formEventMapping", "arm_num,unique_event_name,form\n"),
    "repeating.csv": ("repeatingFormsEvents", "event_name,form_name,custom_form_label\n"),
}


def connect(access: Access) -> Redcap:
    """Show the token. Raises ReadError when the server refuses it."""
    place = Redcap(access)
    try:
        place.greet()
    except BaseException:
        place.close()
        raise
    return place


class Redcap:
    """A project, and what of it came so far."""

    def __init__(self, access: Access) -> None:
        self._access, self._source = access, access.source
        self._api = Api(access)
        self._version = self._dictionary = ""
        self._id, self._without = "", 0
        self._ids: list[str] = []

    def greet(self) -> None:
        """Dictionary and identifiers."""
        self._version = (self._api.ask("version") or "").strip()[:20]
        self._dictionary = self._api.ask("metadata") or ""
        rows = _rows(self._dictionary)
        if len(rows) < 2 or "field_name" not in rows[0] or len(rows[1]) != len(rows[0]):
            raise self._access.final("the project has no data dictionary for this token", "look at the rights of the token's user")
        self._id = rows[1][rows[0].index("field_name")]
        self._ids = self._identifiers()

    def files(self) -> Sequence[There]:
        """The files a project gives; nobody need read those beside the data."""
        beside = [There(name, optional=True) for name in _BESIDE]
        return [There(DATA), There(DICTIONARY, _sha(self._dictionary), True, optional=True), *beside]

    def fetch(self, there: There, part: Part, known: str) -> There | None:
        """Write one of the files."""
        part.begin("")
        if there.name == DATA:
            self._records(part)
            return There(DATA, f"{len(self._ids)} records")
        if there.name in _BESIDE:
            content, header = _BESIDE[there.name]
            text = self._api.ask(content) or header
        else:
            text = self._dictionary
        part.write(text.encode())
        part.complete(None)
        return There(there.name, _sha(text), exact=True)

    def changed(self, came: Sequence[There]) -> list[str]:
        """Whether identifiers and dictionary are still those that were read."""
        out = [DATA] if self._identifiers() != self._ids else []
        return out if (self._api.ask("metadata") or "") == self._dictionary else [*out, DICTIONARY]

    def about(self) -> dict[str, Any]:
        """Version, counts."""
        told: dict[str, Any] = {"redcap_version": self._version, "records": len(self._ids), "requests": self._api.requests}
        return told | ({"records_without_these_forms": self._without} if self._without else {})

    def close(self) -> None:
        """Hang up."""
        self._api.close()

    def _chosen(self) -> dict[str, list[str]]:
        """The forms and fields that are asked for, empty for all; the identifier comes only when it is named beside them."""
        forms, fields = list(self._source.forms), list(self._source.fields)
        return {"forms": forms, "fields": list(dict.fromkeys([self._id, *fields]))} if forms or fields else {}

    def _identifiers(self) -> list[str]:
        """Every record's identifier, in the order of the project."""
        rows = _rows(self._api.ask("record", type="flat", fields=[self._id], events=list(self._source.events)) or "")
        if len(rows) < 2 or self._id not in rows[0]:
            raise self._access.final("the project shows no record to this token", "look at the rights of the token's user and at `events`")
        at = rows[0].index(self._id)
        return list(dict.fromkeys(row[at] for row in rows[1:] if len(row) > at))

    def _records(self, part: Part) -> None:
        """Every record, chunk by chunk."""
        header: list[str] = []
        waiting = [self._ids[n : n + self._source.chunk] for n in range(0, len(self._ids), self._source.chunk)]
        while waiting:
            asked = waiting.pop(0)
            try:
                text = self._chunk(asked)
            except TooMuch:
                if len(asked) == 1:
                    raise self._access.final("one record alone is too much for the server's memory", "name fewer `forms`") from None
                half = len(asked) // 2
                waiting[:0] = [asked[:half], asked[half:]]
                continue
            rows = _rows(text)
            if not rows:
                self._prove(asked, set())
                continue
            if self._id not in rows[0] or any(len(row) != len(rows[0]) for row in rows):
                raise self._access.passing("what the server returned is cut or no record export")
            if header and rows[0] != header:
                raise PassingError(f"{self._access.key}: the project's fields changed while it was read; it is read again")
            at = rows[0].index(self._id)
            self._prove(asked, {row[at] for row in rows[1:]})
            first, _, rest = text.partition("\n")
            text = rest if header else f"{first}\n{rest}"
            header = rows[0]
            part.write((text if text.endswith("\n") or not text else f"{text}\n").encode())
        part.complete(None)

    def _chunk(self, ids: list[str]) -> str:
        return self._api.ask(
            "record", type="flat", rawOrLabel="raw", rawOrLabelHeaders="raw", exportCheckboxLabel="false", exportDataAccessGroups="true",
            exportSurveyFields=str(self._source.survey_fields).lower(), exportBlankForGrayFormStatus="true", csvDelimiter=",",
            records=ids, events=list(self._source.events), **self._chosen(),
        ) or ""  # fmt: skip

    def _prove(self, asked: list[str], came: set[str]) -> None:
        """Raises unless those that were asked for came, and nobody else."""
        access = self._access
        if extra := came - set(asked):
            raise access.final(f"the server returned {len(extra)} records nobody asked for", "tell who runs the server")
        missing = [i for i in asked if i not in came]
        if not missing:
            return
        if self._identifiers() != self._ids:
            raise PassingError(f"{access.key}: records were made or deleted while the project was read; it is read again")
        if self._chosen():  # records that have none of these forms give no row; that they are there is known
            self._without += len(missing)
            return
        what = f"{len(asked)} records were asked for and {len(came)} came; nothing was landed"
        raise access.final(what, "tell who runs the server; a smaller source.chunk may help")


def _rows(text: str) -> list[list[str]]:
    csv.field_size_limit(2**31 - 1)
    return [row for row in csv.reader(io.StringIO(text, newline="")) if row]


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
