"""Answers of sites and waivers: who said what of which finding, until when; and what that makes of a finding tonight.

What belongs here: keeping answers, applying them to findings. What does not: writing the listing (queries.py), reading it when it comes
back (answer_file.py), the history of findings (findings_store.py).

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
from typing import Any

import polars as pl

from flows.engine import decisions, finding_ids, ledger, lock
from schemas.findings import ConfigurationError, FindingStatus

NAME = "answers.jsonl"
CORRECTED, CONFIRMED = "corrected", "confirmed"
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


def value_now(finding: Mapping[str, object]) -> str:
    """What a finding of the history is about now."""
    raw, rows = finding["raw_value"], finding["n_rows"]
    return value_of(str(raw) if raw is not None else None, rows if isinstance(rows, int) else None)


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


def of_finding(finding: Mapping[str, object], kind: str, who: str, on: str, reason: str, until: str | None) -> Answer:
    """An answer to a finding as it stands in the history."""
    value = value_now(finding)
    return Answer(str(finding["finding_id"]), str(finding["study"]), str(finding["site"]), kind, who, on, reason, value, until)


def waive(data: Path, finding_id: str, who: str, reason: str, until: dt.date | None, today: dt.date) -> dict[str, Any]:
    """A data manager's own waiver, by the id or its beginning, also as a de-identified release shows it. Returns the finding.

    Raises ConfigurationError for an unknown or a resolved finding, a last day that is past, or an empty name or reason.
    """
    if not who.strip() or not reason.strip():
        raise ConfigurationError("say who waives the finding (--who) and why (--reason)")
    found = finding_ids.find(data, finding_id)
    if found["status"] == FindingStatus.RESOLVED:
        raise ConfigurationError(f"{finding_id} is resolved: the newest data no longer show it, so there is nothing to waive")
    if until is not None and until < today:
        raise ConfigurationError(f"--until {until} is past, so the waiver would not hold for a single night")
    last = until.isoformat() if until else None
    made = of_finding(found, CONFIRMED, who.strip(), today.isoformat(), reason.strip(), last)
    keep(data, [made], "finding_waived", finding_id=made.finding_id)
    return found


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
