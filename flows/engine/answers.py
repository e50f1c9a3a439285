"""Answers of sites and waivers: who said what of which finding, until when; and what that makes of a finding tonight.

What belongs here: keeping answers, reading the file a site sends back, applying answers to findings. What does not: writing the
listing (queries.py), the history of findings (findings_store.py).

    data/answers.jsonl    append-only, one line an answer, for its owner only; the ledger names each file read with its hash

`corrected`: the site will send the record again; the finding is ANSWERED until its value changes. `confirmed`: the value is right
as it is; the finding is WAIVED until the day given, and for as long as the site sends the same value.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from flows.engine import decisions, finding_ids, findings_store, ledger, lock
from flows.engine.query_book import SHEET
from flows.engine.query_words import HEADINGS
from flows.readers import ROW, read
from flows.readers.cells import ReadOptions
from flows.readers.contents import sheets
from schemas.findings import ConfigurationError, FindingStatus

NAME = "answers.jsonl"
GROUPS = "query_groups.jsonl"
CORRECTED, CONFIRMED = "corrected", "confirmed"
#: What a site may write in the column `answer`, without regard to case.
SPELLINGS = {"corrected": CORRECTED, "confirmed": CONFIRMED, "confirmed correct": CONFIRMED, "correct": CONFIRMED}
#: Columns of the listing that a site fills in.
FILLED_IN = ("answer", "comment", "answered_by", "answered_on", "valid_until")


@dataclass(frozen=True)
class Answer:
    """One answer to one finding. `value`: hash of the text it was given for; `until`: last day it holds, None: no end."""

    finding_id: str
    study: str
    site: str
    answer: str
    who: str
    on: str
    reason: str
    value: str
    until: str | None = None

    def holds(self, today: dt.date) -> bool:
        """Whether it has not run out."""
        return self.until is None or today <= dt.date.fromisoformat(self.until)


def value_of(raw: str | None, n_rows: int | None) -> str:
    """What an answer was given for: the text as sent and how many rows; another value is another question."""
    return hashlib.sha256(f"{raw!r} {n_rows}".encode()).hexdigest()[:16]


def known(data: Path, first: int | None = None) -> dict[str, Answer]:
    """Finding -> its last answer; `first`: of the first so many answers only, as they were known when there were no more."""
    found = [Answer(**json.loads(line)) for line in _lines(data)[:first]]
    return {a.finding_id: a for a in found}


def count(data: Path) -> int:
    """How many answers there are."""
    return len(_lines(data))


def _lines(data: Path) -> list[str]:
    path = data / NAME
    return path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []


def standing(answers: Iterable[Answer], today: dt.date) -> dict[tuple[str, str], str]:
    """(study, site) -> hash of its answers and which of them hold: another hash, and its findings are judged again."""
    facts: dict[tuple[str, str], list[str]] = {}
    for a in sorted(answers, key=lambda a: a.finding_id):
        facts.setdefault((a.study, a.site), []).append(f"{a.finding_id} {a.answer} {a.value} {a.holds(today)}")
    return {key: hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] for key, lines in facts.items()}


def apply(living: pl.DataFrame, answers: Mapping[str, Answer], today: dt.date) -> pl.DataFrame:
    """Findings of tonight (with `status`) as answers leave them: WAIVED, ANSWERED, or REOPENED when the value changed or time is up."""
    out = []
    for finding_id, status, raw, rows in living.select("finding_id", "status", "raw_value", "n_rows").iter_rows():
        given = answers.get(finding_id)
        if given is None:
            was = status in (FindingStatus.WAIVED, FindingStatus.ANSWERED)
            out.append(str(FindingStatus.REOPENED) if was else status)
        elif not given.holds(today) or given.value != value_of(raw, rows):
            out.append(str(FindingStatus.REOPENED))
        else:
            out.append(str(FindingStatus.WAIVED if given.answer == CONFIRMED else FindingStatus.ANSWERED))
    return living.with_columns(pl.Series("status", out, dtype=pl.String))


def groups(data: Path) -> dict[str, list[str]]:
    """Question about many records -> the findings it stands for."""
    path = data / GROUPS
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.is_file() else []
    return {told["query"]: told["findings"] for told in map(json.loads, lines)}


def _listing(path: Path) -> pa.Table:
    """A listing as it came back, its columns by their plain names."""
    sheet = next((s for s in sheets(path) if s.casefold() == SHEET.casefold()), None)
    table = read(path, ReadOptions(sheet=sheet) if sheet else None).table
    plain = {heading: name for name, heading in HEADINGS.items()}
    return table.rename_columns([plain.get(c, c) for c in table.column_names])


def take(data: Path, path: Path) -> dict[str, int]:
    """Read a listing that came back, csv or xlsx; returns how many answers of each kind are new.

    Raises ConfigurationError listing every row that cannot be taken (nothing is taken then); ReadError for an unreadable file.
    """
    table = _listing(path)
    lacking = [c for c in ("query_id", "answer", "answered_by", "answered_on") if c not in table.column_names]
    if lacking:
        raise ConfigurationError(f"{path.name} has no column {', '.join(lacking)}\n  fix -> send back the listing of trialweave queries")
    history = findings_store.history(data)
    findings = {r["finding_id"]: r for r in history.iter_rows(named=True)}
    known_groups = groups(data)
    found: list[Answer] = []
    wrong: list[str] = []
    for row in table.to_pylist():
        cells = {k: (v or "").strip() for k, v in row.items() if k != ROW}
        if not any(cells.get(c) for c in FILLED_IN):
            continue
        for finding in known_groups.get(cells["query_id"], [cells["query_id"]]):
            standing = findings.get(finding)
            if standing is not None and cells["query_id"] in known_groups and standing["status"] == FindingStatus.RESOLVED:
                continue  # of many records some were put right meanwhile
            made = _answer(cells, standing)
            if isinstance(made, Answer):
                found.append(made)
            else:
                wrong.append(f"{path.name} row {row[ROW]}: {made}")
                break
    if wrong:
        raise ConfigurationError("\n".join([*wrong[:20], f"{len(wrong)} rows cannot be taken; no answer of this file was taken"]))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return keep(data, found, "answers_read", file_sha256=digest)


def _answer(cells: Mapping[str, str], finding: Mapping[str, object] | None) -> Answer | str:
    """One row of a listing as an answer, or what is wrong with it (never a text of the row but the query's id)."""
    if finding is None:
        return "query_id is no finding of this data folder"
    kind = SPELLINGS.get(cells["answer"].casefold())
    if kind is None:
        return f"answer must be one of: {', '.join(SPELLINGS)}"
    if not cells["answered_by"]:
        return "answered_by is empty; an answer needs a name"
    dates = {name: _day(cells.get(name, "")) for name in ("answered_on", "valid_until")}
    if dates["answered_on"] is None:
        return "answered_on is no date such as 2026-03-31"
    if cells.get("valid_until") and dates["valid_until"] is None:
        return "valid_until is no date such as 2026-03-31"
    if kind == CONFIRMED and not cells.get("comment"):
        return "comment is empty; a confirmed value needs a reason"
    return of_finding(finding, kind, cells["answered_by"], dates["answered_on"], cells.get("comment", ""), dates["valid_until"])


def of_finding(finding: Mapping[str, object], kind: str, who: str, on: str, reason: str, until: str | None) -> Answer:
    """An answer to a finding as it stands in the history."""
    rows = finding["n_rows"]
    value = value_of(str(finding["raw_value"]) if finding["raw_value"] is not None else None, rows if isinstance(rows, int) else None)
    return Answer(str(finding["finding_id"]), str(finding["study"]), str(finding["site"]), kind, who, on, reason, value, until)


def _day(text: str) -> str | None:
    """An ISO date, also as a spreadsheet gives it back (with a time of midnight)."""
    try:
        return dt.date.fromisoformat(text.split("T")[0].split(" ")[0]).isoformat()
    except ValueError:
        return None


def waive(data: Path, finding_id: str, who: str, reason: str, until: dt.date | None, today: dt.date) -> None:
    """A data manager's own waiver, by the id or its beginning, also as a de-identified release shows it.

    Raises ConfigurationError for an unknown finding or an empty name or reason.
    """
    if not who.strip() or not reason.strip():
        raise ConfigurationError("say who waives the finding (--who) and why (--reason)")
    found = finding_ids.find(data, finding_id)
    last = until.isoformat() if until else None
    made = of_finding(found, CONFIRMED, who.strip(), today.isoformat(), reason.strip(), last)
    keep(data, [made], "finding_waived", finding_id=made.finding_id)


def keep(data: Path, answers: Sequence[Answer], event: str, **facts: str) -> dict[str, int]:
    """Append answers that are not known yet, and a line of the ledger; the next run applies them."""
    with lock.writing(data):
        there = known(data)
        fresh = [a for a in dict.fromkeys(answers) if there.get(a.finding_id) != a]
        counts = {kind: sum(a.answer == kind for a in fresh) for kind in (CORRECTED, CONFIRMED)}
        if fresh:
            handle = os.open(data / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(a), ensure_ascii=False) + "\n" for a in fresh)
                file.flush()
                os.fsync(file.fileno())
            ledger.append(data, event, **facts, **counts)
            decisions.run_again(data)
    return counts
