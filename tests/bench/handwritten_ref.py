"""Small tables the hand-written script needs before it reads data: files, sites, clocks, visits, drugs, terms.

What belongs here: listing and hashing the files of a batch, the zones' clock changes, code lists as tables.
What does not: any SQL over the data (handwritten/*.sql), running it (handwritten.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import yaml

from tests.bench import setup

CODELISTS = Path(__file__).resolve().parents[2] / "config" / "codelists"
HEADERS: dict[str, tuple[str, ...]] = {
    "subjects": ("subject", "age", "sex", "weight", "consent", "randomized"),
    "sessions": ("subject", "session", "attended", "start", "exposure_start", "end"),
    "doses": ("subject", "session", "taken", "dose", "at"),
    "suds": ("subject", "session", "exercise", "begin", "peak", "end"),
    "medications": ("subject", "drug", "start", "end", "ongoing"),
    "lsas": ("subject", "visit", "date", *setup.ITEMS, "total"),
    "spds": ("subject", "visit", "date", "severity"),
    "adverse_events": ("subject", "term", "start", "severity", "serious", "related"),
    "withdrawals": ("subject", "date", "reason"),
}


class SentSite(NamedTuple):
    """One site: its number in this run, its clock and its files, table by table; `untidy`: those with blanks that may not be plain."""

    no: int
    site: str
    timezone: str
    files: dict[str, Path]
    hashes: dict[str, str]
    n_bytes: int
    untidy: frozenset[str]


UNIT = ("text", "unit", "quantity", "factor")
#: Texts that stand in columns of the long sets, besides the parameters.
WORDS = ("LSAS", "SPD-S", "SAD", "Y", "AVERAGE", "0-100")


def sites(config: Path, exports: Path) -> list[SentSite]:
    """Every configured site with the files it sent; a file with other columns stops the run."""
    out = []
    for no, folder in enumerate(sorted((config / "sites").iterdir())):
        body = yaml.load((folder / "site.yaml").read_bytes(), Loader=yaml.CSafeLoader)
        files = {table: exports / body["site_id"] / f"{table}.csv" for table in HEADERS}
        hashes, n_bytes, untidy = {}, 0, set()
        for table, path in files.items():
            content = path.read_bytes()
            if content[: content.index(b"\n")].strip().decode() != ",".join(HEADERS[table]):
                raise ValueError(f"{body['site_id']}/{path.name}: the columns are not those expected")
            n_bytes += len(content)
            hashes[table] = hashlib.sha256(content).hexdigest()[:12]
            if not content.isascii() or b"\t" in content:
                untidy.add(table)
        out.append(SentSite(no, body["site_id"], body["timezone"], files, hashes, n_bytes, frozenset(untidy)))
    return out


def local_days(zones: set[str], first: dt.date, last: dt.date) -> Iterator[tuple[object, ...]]:
    """Zone, day, offset before and after a clock change of that day, and the wall-clock times that are lost or double."""
    for name in sorted(zones):
        zone = ZoneInfo(name)
        midnight = dt.datetime.combine(first, dt.time(), zone)
        before = int(midnight.utcoffset().total_seconds())  # type: ignore[union-attr]
        for i in range((last - first).days):
            day = first + dt.timedelta(days=i)
            tomorrow = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), zone)
            after = int(tomorrow.utcoffset().total_seconds())  # type: ignore[union-attr]
            change = _change(zone, day, before, after) if after != before else (None, None)
            yield name, day, before, after, *change
            before = after


def _change(zone: ZoneInfo, day: dt.date, before: int, after: int) -> tuple[dt.datetime, dt.datetime]:
    """From and to of the wall-clock times that do not exist, or exist twice, on a day of clock change."""
    instant = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(seconds=before)
    while int(instant.astimezone(zone).utcoffset().total_seconds()) == before:  # type: ignore[union-attr]
        instant += dt.timedelta(minutes=15)
    walls = [(instant + dt.timedelta(seconds=s)).replace(tzinfo=None) for s in (before, after)]
    return min(walls), max(walls)


def event_terms() -> Iterator[tuple[object, ...]]:
    """Number, pattern, term, special interest, whether it is an expected side effect, words near it; the first that fits decides."""
    with (CODELISTS / "adverse_events.csv").open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines)):
            near = [w for w in row["near"].split("|") if w]
            yield number, row["pattern"], row["term"], row["special_interest"], row["expected"].upper() in ("Y", "TRUE"), near


def plain(text: str) -> str:
    """A drug's name as it is compared: no case, no accents, what is no letter or digit as one space."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w+%]", " ", re.sub(r"['.\u00ae\u2122]", "", letters)).split())


def drugs() -> list[dict[str, object]]:
    """Each name of the code lists, one row an ingredient of it; a name of several meanings is ambiguous."""
    with (CODELISTS / "medications.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    by_name = {row["ingredient"]: row for row in rows}
    meanings: dict[str, list[list[str]]] = {}
    sure, doubtful = set(), set()

    def lead(name: str, to: str) -> None:
        parts = [p for p in (by_name[to]["components"] or "").split("|") if p] or [to]
        if parts not in meanings.setdefault(plain(name), []):
            meanings[plain(name)].append(parts)

    for row in rows:
        sure.add(plain(row["ingredient"]))
        for name in (row["ingredient"], *(b for b in row["brands"].split("|") if b)):
            lead(name, row["ingredient"])
    with (CODELISTS / "medication_names.csv").open(encoding="utf-8", newline="") as lines:
        for other in csv.DictReader(lines):
            lead(other["name"], other["ingredient"])
            if other["ambiguous"] == "Y":
                doubtful.add(plain(other["name"]))
    out = []
    for name, of in meanings.items():
        told = " | ".join(" + ".join(parts) for parts in of)
        for part in dict.fromkeys(p for parts in of for p in parts):
            exact = "EXACT_INGREDIENT" if name in sure else "EXACT_BRAND"
            ambiguous = name in doubtful or len(of) > 1
            out.append({"name": name, "told": told, **_drug("AMBIGUOUS" if ambiguous else exact, by_name[part])})
    return out


def _drug(status: str, row: dict[str, str]) -> dict[str, object]:
    kind = row["class"].upper()
    return {
        "codestat": status,
        "ingredient": row["ingredient"],
        "class": kind,
        "atc": row["atc"],
        "is_antidepressant": row["antidepressant"] == "Y",
        "is_ssri": kind == "SSRI",
        "is_benzodiazepine": kind == "BENZODIAZEPINE",
        "is_psychotropic": row["psychotropic"] == "Y",
        "is_interacting": row["interacting"] == "Y",
        "by_use": row["by_use"] == "Y",
        "review_to_mg": float(row["review_to_mg"]) if row["review_to_mg"] else None,
        "is_study_drug": "CYCLOSERINE" in kind or kind.startswith("STUDY_DRUG"),
    }


def code_list(name: str, *columns: str) -> Iterator[tuple[object, ...]]:
    """Some columns of a code list."""
    with (CODELISTS / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        yield from (tuple(row[c] for c in columns) for row in csv.DictReader(lines))


class Tables(NamedTuple):
    """What every batch's database starts with."""

    types: dict[str, list[str]]
    tables: dict[str, pa.Table]


def tables(all_sites: list[SentSite]) -> Tables:
    """The enum types and small tables that hold for the whole run."""
    types = {
        "site_t": [s.site for s in all_sites],
        "sha_t": sorted({h for s in all_sites for h in s.hashes.values()}),
        "visit_t": [*(v.name for v in setup.VISITS), "UNSCHEDULED"],
        "item_t": [*setup.ITEMS, "SPDS"],
        "text_t": list(dict.fromkeys([setup.STUDY, *WORDS, *setup.PARAMS, *setup.PARAMS.values()])),
    }
    days = local_days({s.timezone for s in all_sites}, dt.date(2021, 1, 1), dt.date(2026, 12, 31))
    visits = ((v.name.lower(), v.name, v.order, v.target, v.target - v.slack, v.target + v.slack) for v in setup.VISITS[1:])
    baseline = ("baseline", "BASELINE", 0, 1, -14, 1)
    return Tables(
        types,
        {
            "local_day": _table("timezone day before_s after_s change_from change_to", days),
            "drug": pa.Table.from_pylist(drugs()),
            "no_drug": _table("name", ((plain(str(n)),) for (n,) in code_list("not_a_drug", "name"))),
            "unit": _table("text unit quantity factor", ((*row[:3], float(str(row[3]))) for row in code_list("units", *UNIT))),
            "site_name": _table("site_no site", ((s.no, s.site) for s in all_sites)),
            "visit_name": _table("label visit visit_order target_day from_day to_day", (baseline, *visits)),
            "event_term": _table("term_no pattern term special_interest expected near", event_terms()),
        },
    )


def _table(names: str, rows: Iterable[tuple[object, ...]]) -> pa.Table:
    return pa.table(dict(zip(names.split(), map(list, zip(*rows, strict=True)), strict=True)))


def load(con: duckdb.DuckDBPyConnection, given: Tables) -> None:
    """Create the types and the tables in a new database."""
    for name, values in given.types.items():
        con.execute(f"create type {name} as enum ({', '.join(map(repr, values))})")
    for name, table in given.tables.items():
        con.register(name, table)
    con.execute("create table site as select site_no::utinyint as site_no, site::site_t as site from site_name")
    con.execute("create table visit as select * replace (visit::visit_t as visit) from visit_name")
