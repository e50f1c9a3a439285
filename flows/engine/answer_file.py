"""The listing that a site sends back: its rows as answers, and what of them cannot be one.

What belongs here: reading the file, judging its rows. What does not: writing the listing (queries.py), keeping answers and what they make
of findings (answers.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.engine import answers, findings_store, query_groups
from flows.engine.answers import CONFIRMED, CORRECTED, FILLED_IN, Answer
from flows.engine.query_book import SHEET
from flows.engine.query_words import HEADINGS
from flows.readers import ROW, read
from flows.readers.cells import ReadOptions
from flows.readers.contents import sheets
from schemas.findings import ConfigurationError, FindingStatus, ReadError

#: What a site may write in the column `answer`, without regard to case.
SPELLINGS = {"corrected": CORRECTED, "confirmed": CONFIRMED, "confirmed correct": CONFIRMED, "correct": CONFIRMED}
_STALE = "the value as sent is not that of the newest data: it changed since the question was asked, or the cell was written over"


@dataclass
class Taken:
    """What became of a file. `corrected`, `confirmed`: answers that are new, one a finding; `known`: those that were there before;
    `unanswered`: rows without an answer; `not_taken`: sentences about rows that were not taken or hold something that is not read."""

    corrected: int = 0
    confirmed: int = 0
    known: int = 0
    unanswered: int = 0
    not_taken: list[str] = field(default_factory=list)


def take(data: Path, path: Path, today: dt.date) -> Taken:
    """Read a listing that came back, csv or xlsx.

    Raises ConfigurationError listing every row that is wrong (nothing is taken then); ReadError for an unreadable file.
    """
    if not path.is_file():
        raise ConfigurationError(f"there is no file {path}")
    table = _listing(path)
    lacking = [c for c in ("query_id", "answer", "answered_by", "answered_on") if c not in table.column_names]
    if lacking:
        names = ", ".join(HEADINGS.get(c, c) for c in lacking)
        raise ConfigurationError(f"{path.name} has no column {names}\n  fix -> send back the listing of trialweave queries")
    findings = {r["finding_id"]: r for r in findings_store.history(data).iter_rows(named=True)}
    grouped = query_groups.known(data)
    taken, found, wrong, seen = Taken(), list[Answer](), list[str](), dict[str, tuple[int, dict[str, str]]]()
    for row in table.to_pylist():
        cells = {k: (v or "").strip() for k, v in row.items() if k != ROW}
        query, line = cells["query_id"], int(row[ROW]) + 1
        where = f"{path.name} line {line}" + (f" (query {query})" if query in findings or query in grouped else "")
        said = {c: cells[c] for c in FILLED_IN if cells.get(c)}
        first, before = seen.setdefault(query, (line, said))
        if before != said:
            wrong.append(f"{where}: the same query is answered otherwise in line {first}")
            continue
        if first != line:
            continue
        made, trouble, stale = _row(cells, findings, grouped.get(query), today)
        if trouble:
            wrong.append(f"{where}: {trouble}")
        elif stale:
            told = "there the answer was not taken and the question stays open" if said else "no new value is taken from this file"
            taken.not_taken.append(f"{where}: {stale}; {told}")
        found += made
        taken.unanswered += not said
    if wrong:
        lines = [*wrong[:20], f"{len(wrong)} rows cannot be taken; no answer of this file was taken"]
        raise ConfigurationError("\n".join([*lines, "  fix -> put these rows right, or empty their answer, and read the file again"]))
    kept = answers.keep(data, found, "answers_read", file_sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    taken.corrected, taken.confirmed = kept[CORRECTED], kept[CONFIRMED]
    taken.known = len(found) - sum(kept.values())
    return taken


def unread(data: Path, path: Path) -> int:
    """How many rows of a listing are filled in and have not been read yet; 0 for a file that is no listing."""
    try:
        rows = _listing(path).to_pylist()
    except ReadError:
        return 0
    there, grouped = answers.known(data), query_groups.known(data)
    n = 0
    for row in rows:
        query, answer = row.get("query_id") or "", SPELLINGS.get((row.get("answer") or "").strip().casefold())
        asked = grouped[query].findings if query in grouped else [query]
        read_before = answer is not None and any(f in there and there[f].answer == answer for f in asked)
        n += any((row.get(c) or "").strip() for c in FILLED_IN) and not read_before
    return n


def _row(
    cells: Mapping[str, str], findings: Mapping[str, dict[str, Any]], group: query_groups.Group | None, today: dt.date
) -> tuple[list[Answer], str, str]:
    """The answers of a row (one a finding it stands for), what is wrong with it, and why it is stale."""
    asked = group.findings if group is not None else [cells["query_id"]]
    standing = [findings[f] for f in asked if f in findings]
    said = any(cells.get(c) for c in FILLED_IN)
    if said and (trouble := _wrong(cells, standing, today)):
        return [], trouble, ""
    if group is not None:
        standing = [f for f in standing if f["status"] != FindingStatus.RESOLVED]  # of many records some were put right meanwhile
        as_asked = [f for f in standing if group.values.get(f["finding_id"]) in (None, answers.value_now(f))]
    else:
        as_asked = [f for f in standing if _as_asked(cells, f)]
    if not said:
        return [], "", "" if group is not None or len(as_asked) == len(standing) else _STALE
    kind = SPELLINGS[cells["answer"].casefold()]
    taken = as_asked if kind == CONFIRMED else standing
    until = _day(cells.get("valid_until", ""))
    who, on, reason = cells["answered_by"], _day(cells["answered_on"]) or "", cells.get("comment", "")
    some = f" (of {len(standing) - len(taken)} of {len(standing)} records)" if taken else ""
    return [answers.of_finding(f, kind, who, on, reason, until) for f in taken], "", _STALE + some if len(taken) < len(standing) else ""


def _wrong(cells: Mapping[str, str], standing: list[dict[str, Any]], today: dt.date) -> str:
    """What is wrong with an answered row (never a text of it), or nothing."""
    if not standing:
        return "query_id is no finding of this data folder"
    kind = SPELLINGS.get(cells["answer"].casefold())
    if kind is None:
        return f"answer must be one of: {', '.join(SPELLINGS)}"
    if not cells["answered_by"]:
        return "answered_by is empty; an answer needs a name"
    on, until = _day(cells["answered_on"]), _day(cells.get("valid_until", ""))
    if on is None:
        return "answered_on is no date such as 2026-03-31"
    if on > (today + dt.timedelta(days=1)).isoformat():
        return "answered_on lies in the future"
    if cells.get("valid_until") and until is None:
        return "valid_until is no date such as 2026-03-31"
    if until is not None and until < today.isoformat():
        return "valid_until is past, so the answer would not hold for a single night"
    if kind == CONFIRMED and not cells.get("comment"):
        return "comment is empty; a confirmed value needs a reason"
    return ""


def _as_asked(cells: Mapping[str, str], finding: Mapping[str, Any]) -> bool:
    """Whether a row shows the value and the number of rows that the finding has now; a listing without these columns cannot say."""
    same_rows = cells.get("n_rows") in (None, "", str(finding["n_rows"] or 1))
    return same_rows and _same(cells.get("value_as_sent"), finding["raw_value"])


def _same(cell: str | None, raw: object) -> bool:
    """Whether a cell is a text as sent, also as a spreadsheet gives a number back."""
    if cell is None:
        return True
    one, other = (" ".join(str(t or "").removeprefix("'").split()) for t in (cell, raw))
    if one == other:
        return True
    try:
        return float(one.replace(",", ".")) == float(other.replace(",", "."))
    except ValueError:
        return False


def _listing(path: Path) -> pa.Table:
    """A listing as it came back, its columns by their plain names."""
    sheet = next((s for s in sheets(path) if s.casefold() == SHEET.casefold()), None)
    table = read(path, ReadOptions(sheet=sheet) if sheet else None).table
    plain = {heading.casefold(): name for name, heading in HEADINGS.items()}
    return table.rename_columns([plain.get(c.strip().casefold(), c.strip()) for c in table.column_names])


def _day(text: str) -> str | None:
    """An ISO date, also as a spreadsheet gives it back (with a time of midnight)."""
    try:
        return dt.date.fromisoformat(text.split("T")[0].split(" ")[0]).isoformat()
    except ValueError:
        return None
