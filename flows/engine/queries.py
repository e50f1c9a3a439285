"""The listing a site answers: its open findings, what touches the primary outcome, the timing and the amount of doses first.

What belongs here: which findings are asked about, in which order and words, questions about many records of one cause, writing csv and
xlsx. What does not: reading answers back (answers.py), how the workbook looks (query_book.py).

One file holds the rows of one site only. Texts come from sites, so a cell that a spreadsheet would take for a formula is made
plain text: in csv by an apostrophe before it, in xlsx by its type. A finding that only the data manager can do something about (a rule
whose docstring asks nothing of the site) is not sent.

    data/query_groups.jsonl    which findings a question about many records stands for: what its answer closes
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import findings_store, query_book
from flows.engine import query_words as words
from flows.engine.answers import FILLED_IN, GROUPS, groups
from flows.engine.findings_view import file_names
from schemas.findings import FindingStatus, Impact, Severity
from schemas.rules import catalogue

COLUMNS = (
    "query_id", "rank", "about", "subject", "record_key", "field", "value_as_sent", "file", "row", "n_rows", "question", "request",
    "suggestion", "state", "touches", "first_seen", *FILLED_IN,
)  # fmt: skip
_ORDER = {str(Impact.BOTH): 0, str(Impact.PRIMARY): 1, str(Impact.TIMING): 2, str(Impact.AMOUNT): 2, str(Impact.NONE): 3}
_GRAVITY = {str(s): n for n, s in enumerate(Severity)}
#: From so many records on, the same thing with the same text is one question.
MANY = 6
#: Rules that miss one record behind many (a participant, a session): from two on they are one question a participant and text.
_BEHIND = {"subject_not_listed", "rating_without_session", "dose_without_session"}
_SHOWN = 5
#: A spreadsheet takes a cell that begins so for a formula; the last ones are their full-width forms.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def of_sites(data: Path, site: str = "") -> dict[tuple[str, str], pl.DataFrame]:
    """(study, site) -> its listing, gravest first; sites that are asked nothing are left out. `members`: the findings of a question;
    `records`: what they are about."""
    asked = {r.id: r.request for r in catalogue()}
    ours = [rule for rule, request in asked.items() if not request]
    found = findings_store.history(data).filter(
        pl.col("status").is_in([str(FindingStatus.OPEN), str(FindingStatus.REOPENED)])
        & (pl.col("severity") != str(Severity.NOTE)) & ~pl.col("rule").is_in(ours)
    )  # fmt: skip
    if site:
        found = found.filter(pl.concat_str("study", "site", separator="/") == site)
    found = found.join(file_names(data, found), on=["study", "site", "source_file"], how="left")
    listed = found.with_columns(
        pl.col("impact").fill_null("").replace_strict(_ORDER, default=3).alias("_impact"),
        pl.col("severity").replace_strict(_GRAVITY, default=9).alias("_gravity"),
        pl.col("subject").is_not_null().alias("_of_one"),  # what is said of a whole site may explain what is said of its records
    ).sort("study", "site", "_impact", "_gravity", "_of_one", "first_seen", "rule", "table", "record_key", "field", "finding_id")
    out = {}
    for (study, name), mine in listed.group_by("study", "site", maintain_order=True):
        causes: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        its = list(mine.iter_rows(named=True))
        unlisted = len({f["subject"] for f in its if f["rule"] == "subject_not_listed"}) >= MANY
        for f in its:
            causes.setdefault(_cause(f, unlisted), []).append(f)
        rows = [row for cause, of in causes.items() for row in _questions(cause, of, asked)]
        out[(str(study), str(name))] = pl.DataFrame(rows, infer_schema_length=None).with_columns(
            pl.int_range(1, pl.len() + 1).alias("rank"), *(pl.lit("").alias(c) for c in FILLED_IN)
        )
    return out


def _cause(f: dict[str, Any], unlisted: bool) -> tuple[str, ...]:
    """Findings of one cause: the same thing said of the same text. `unlisted`: so many participants are not in the list of participants
    that it is one cause for all of them."""
    if f["rule"] == "subject_not_listed":
        return (f["rule"], "" if unlisted else f["subject"] or f["record_key"])
    if f["rule"] in _BEHIND:
        return (f["rule"], f["subject"] or "", f["raw_value"] or "")
    return (f["rule"], f["table"], f["field"] or "", f["raw_value"] or "", f["suggestion"] or "", f["severity"])


def _questions(cause: tuple[str, ...], of: list[dict[str, Any]], asked: dict[str, str]) -> Iterator[dict[str, Any]]:
    """A question a finding; one for all of them where they are many."""
    if len(of) >= (2 if cause[0] in _BEHIND else MANY):
        yield _question(of, asked)
    else:
        yield from (_question([f], asked) for f in of)


def _question(of: list[dict[str, Any]], asked: dict[str, str]) -> dict[str, Any]:
    first, single = of[0], len(of) == 1
    ids = [f["finding_id"] for f in of]
    people = sorted({f["subject"] for f in of if f["subject"]})
    keys = [f["record_key"] for f in of]
    texts = {f["raw_value"] for f in of}
    many = "" if single else f" ({len(of)} records{f' of {len(people)} participants' if len(people) > 1 else ''})"
    kinds = ", ".join(dict.fromkeys(words.about(f["table"]) for f in of))
    return {
        "query_id": first["finding_id"] if single else "many-" + hashlib.sha256("".join(sorted(ids)).encode()).hexdigest()[:16],
        "about": kinds, "subject": first["subject"] if len(people) == 1 or single else f"{len(people)} participants",
        "record_key": "; ".join(keys),
        "field": words.field(first["field"] or ""), "value_as_sent": first["raw_value"] if len(texts) == 1 else None,
        "file": first["file"] if len({f["file"] for f in of}) == 1 else None, "row": first["source_row"] if single else None,
        "n_rows": sum(f["n_rows"] or 1 for f in of), "question": f"{first['message']}{many}", "request": asked.get(first["rule"], ""),
        "suggestion": words.hint(first["suggestion"]) if single or len({f["suggestion"] for f in of}) == 1 else "",
        "state": words.state(first["severity"]), "touches": words.touches(first["impact"]), "first_seen": min(f["first_seen"] for f in of),
        "members": ids,
        "records": [] if single else [
            [str(f[c] if f[c] is not None else "") for c in ("subject", "record_key", "raw_value", "file", "source_row")] for f in of
        ],
    }  # fmt: skip


def issue(data: Path, folder: Path, site: str = "") -> list[dict[str, Any]]:
    """Write the listings of all sites (or of one), and keep what their questions about many records stand for."""
    made, there = [], groups(data)
    for (study, name), listing in of_sites(data, site).items():
        fresh = [r for r in listing.select("query_id", "members").iter_rows() if len(r[1]) > 1 and r[0] not in there]
        if fresh:
            handle = os.open(data / GROUPS, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.writelines(json.dumps({"query": query, "findings": ids}) + "\n" for query, ids in fresh)
        paths = write(folder, study, name, listing)
        counts = {"queries": listing.height, "findings": sum(len(m) for m in listing.get_column("members"))}
        made.append({"site": f"{study}/{name}", **counts, "files": [str(p) for p in paths]})
    return made


def write(folder: Path, study: str, site: str, listing: pl.DataFrame) -> list[Path]:
    """Write a site's listing as csv and xlsx, for its owner only; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [["" if cell is None else str(cell) for cell in row] for row in listing.select(COLUMNS).iter_rows()]
    paths = [folder / f"{study}_{site}_queries.csv", folder / f"{study}_{site}_queries.xlsx"]
    for path in paths:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
    with paths[0].open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerows([list(COLUMNS), *([harmless(cell) for cell in row] for row in rows)])
    behind = dict(listing.select("query_id", "records").iter_rows()) if "records" in listing.columns else {}
    for row in rows:
        if len(of := behind.get(row[0], ())) > _SHOWN:
            at = COLUMNS.index("record_key")
            row[at] = "; ".join([*(r[1] for r in of[:_SHOWN]), f"and {len(of) - _SHOWN} more: see the sheet Records"])
    title = f"Questions about the data of site {site}, trial {study}"
    query_book.write(paths[1], title, COLUMNS, FILLED_IN, rows, [[query, *r] for query, of in behind.items() for r in of])
    return paths


def harmless(text: str) -> str:
    """A text no spreadsheet takes for a formula, wherever it stands in the cell."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text
