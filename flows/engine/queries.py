"""The listing a site answers: its open findings, what touches the primary outcome, the timing and the amount of doses first.

What belongs here: which findings are asked about, in which order and words, questions about many records of one cause, writing csv and
xlsx. What does not: reading answers back (answer_file.py), how the workbook looks (query_book.py).

One file holds the rows of one site only. Texts come from sites, so a cell that a spreadsheet would take for a formula is made
plain text: in csv by an apostrophe before it, in xlsx by its type. A finding that only the data manager can do something about (a rule
whose docstring asks nothing of the site) is not sent.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import answer_file, findings_store, query_book, query_groups, releases
from flows.engine import query_words as words
from flows.engine.answers import FILLED_IN, value_now
from flows.engine.findings_view import file_names
from schemas.findings import ConfigurationError, FindingStatus, Impact, Severity
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
    `values`: the hash of what each is about; `records`: their texts."""
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
    values = [value_now(f) for f in of]
    digest = hashlib.sha256("".join(sorted(i + v for i, v in zip(ids, values, strict=True))).encode()).hexdigest()[:16]
    people = sorted({f["subject"] for f in of if f["subject"]})
    keys = [f["record_key"] for f in of]
    texts = {f["raw_value"] for f in of}
    many = "" if single else f" ({len(of)} records{f' of {len(people)} participants' if len(people) > 1 else ''})"
    kinds = ", ".join(dict.fromkeys(words.about(f["table"]) for f in of))
    return {
        "query_id": first["finding_id"] if single else f"many-{digest}",
        "about": kinds, "subject": first["subject"] if len(people) == 1 or single else f"{len(people)} participants",
        "record_key": "; ".join(keys),
        "field": words.field(first["field"] or ""), "value_as_sent": first["raw_value"] if len(texts) == 1 else None,
        "file": first["file"] if len({f["file"] for f in of}) == 1 else None, "row": first["source_row"] if single else None,
        "n_rows": sum(f["n_rows"] or 1 for f in of), "question": f"{first['message']}{many}", "request": asked.get(first["rule"], ""),
        "suggestion": words.hint(first["suggestion"]) if single or len({f["suggestion"] for f in of}) == 1 else "",
        "state": words.state(first["severity"]), "touches": words.touches(first["impact"]), "first_seen": min(f["first_seen"] for f in of),
        "members": ids, "values": values,
        "records": [] if single else [
            [str(f[c] if f[c] is not None else "") for c in ("subject", "record_key", "raw_value", "file", "source_row")] for f in of
        ],
    }  # fmt: skip


def left_over(folder: Path, made: Iterable[dict[str, Any]]) -> list[Path]:
    """Listings of a folder that were not written just now."""
    fresh = {Path(p).name for one in made for p in one["files"]}
    return sorted(p for p in folder.glob("*_queries.*") if p.name not in fresh)


def issue(data: Path, folder: Path, site: str = "") -> list[dict[str, Any]]:
    """Write the listings of all sites (or of one), and keep what their questions about many records stand for.

    Raises ConfigurationError for a site that the latest release does not know, or where a listing that is there holds answers that
    were not read.
    """
    made = []
    listings = of_sites(data, site)
    release = releases.latest(data)
    known = [f"{e['study']}/{e['site']}" for e in (release.manifest["sites"] if release is not None else ())]
    if site and not listings and site not in known:
        raise ConfigurationError(f"{site} is no site of the latest release; there are {', '.join(known) or 'none'}")
    if release is not None and (n := findings_store.lacking(data, release.manifest)):
        told = f"the history in {data}/findings lacks {n} findings of release {release.release_id}: questions would be missing"
        raise ConfigurationError(f"{told}\n  fix -> restore the folder findings from a backup; no listing was written")
    unread = [f"{path} holds {n} answers that were not read" for key in listings for path in files_of(folder, *key)
              if path.is_file() and (n := answer_file.unread(data, path))]  # fmt: skip
    if unread:
        raise ConfigurationError("\n".join([*unread, "  fix -> trialweave answers FILE for each, or another --out; nothing was written"]))
    for (study, name), listing in listings.items():
        many = [row for row in listing.select("query_id", "members", "values").iter_rows() if len(row[1]) > 1]
        query_groups.keep(data, {q: query_groups.Group(ids, dict(zip(ids, values, strict=True))) for q, ids, values in many})
        paths = write(folder, study, name, listing)
        counts = {"queries": listing.height, "findings": sum(len(m) for m in listing.get_column("members"))}
        made.append({"site": f"{study}/{name}", **counts, "files": [str(p) for p in paths]})
    return made


def write(folder: Path, study: str, site: str, listing: pl.DataFrame) -> list[Path]:
    """Write a site's listing as csv and xlsx, for its owner only; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = files_of(folder, study, site)
    rows = [["" if cell is None else str(cell) for cell in row] for row in listing.select(COLUMNS).iter_rows()]
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


def files_of(folder: Path, study: str, site: str) -> list[Path]:
    """Where a site's listing stands."""
    return [folder / f"{study}_{site}_queries.csv", folder / f"{study}_{site}_queries.xlsx"]


def harmless(text: str) -> str:
    """A text no spreadsheet takes for a formula, wherever it stands in the cell."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) else text
