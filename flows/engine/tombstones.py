"""Tombstones: who was purged, told by keyed hashes only, and keeping that participant out of whatever is delivered later.

What belongs here: the hashes, taking a participant's rows out of one file. What does not: purging what is there (purge.py).

The key is made at random at the first purge and lies in the data folder, for its owner only. The ledger's lines `purge_started` and
`purged` hold, for each purge, a hash of the participant (`tombstone`) and of each way the site wrote the identifier (`spellings`); no
identifier. Only the standard library is imported; pyarrow only for a Parquet file.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.engine import ledger
from schemas.findings import ReadError

if TYPE_CHECKING:
    from schemas.site import Site

KEY_FILE = ".tombstones.key"
STARTED, REWRITTEN, DONE = "purge_started", "deliveries_purged", "purged"
TEXT_ENDINGS = (".csv", ".tsv", ".ssv", ".psv", ".txt", ".tab", ".dat")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Marks:
    """What may not come back at one export: spelling's hash -> site."""

    key: bytes
    study: str
    sites: dict[str, str]

    def __call__(self, text: str) -> bool:
        """Whether a text is a spelling of a purged participant."""
        return spelling(self.key, self.study, text) in self.sites


def key_of(data: Path, *, make: bool = False) -> bytes | None:
    """The folder's key; None when nobody was ever purged. `make`: make one."""
    path = data / KEY_FILE
    if not path.is_file():
        if not make:
            return None
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
    return path.read_bytes()


def tombstone(key: bytes, study: str, site: str, subject: str) -> str:
    """32 hex that stand for a purged participant."""
    return _mac(key, "subject", study, site, subject)


def spelling(key: bytes, study: str, text: str) -> str:
    """32 hex that stand for an identifier as a site wrote it."""
    return _mac(key, "spelling", study, text.strip())


def _mac(key: bytes, *parts: str) -> str:
    return hmac.new(key, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]


def marks(data: Path, unit: str, study: str) -> Marks | None:
    """What may not come back in a delivery of an export; None when nobody of it was purged."""
    key = key_of(data)
    if key is None:
        return None
    sites = {mark: str(e["site"]) for e in ledger.entries(data, STARTED) if e["unit"] == unit for mark in e["spellings"]}
    return Marks(key, study, sites) if sites else None


def rewritten(data: Path) -> dict[str, dict[str, str]]:
    """Export -> (sha256 of a delivery as it came -> of the same one as purges have left it, "" where it was removed whole)."""
    if key_of(data) is None:
        return {}
    out: dict[str, dict[str, str]] = {}
    for entry in ledger.entries(data, REWRITTEN):
        known, new = out.setdefault(str(entry["unit"]), {}), dict(entry["deliveries"])
        known |= {old: new.get(now, now) for old, now in known.items()} | new
    return out


def id_columns(site: Site) -> set[tuple[str, ...]]:
    """The source columns that name the participant, as a mapping reads them; several are joined with a space."""
    named = [site.subject_id, *(spec.fields.get("subject_id") for several in site.tables.values() for spec in several)]
    return {field.from_ for field in named if field is not None and field.from_}


def can_strip(path: Path) -> bool:
    """Whether rows can be taken out of a file of this kind."""
    return path.suffix.lower() in (*TEXT_ENDINGS, ".parquet", ".pq")


def strip(path: Path, columns: set[tuple[str, ...]], is_gone: Callable[[str], bool], delimiter: str | None) -> tuple[bytes, int] | None:
    """A file without the rows of whom `is_gone`, and how many they were; None when it holds none.

    The other bytes stay as they are. Raises ReadError for a text that cannot be cut into rows.
    """
    if path.suffix.lower() in (".parquet", ".pq"):
        return _strip_parquet(path, columns, is_gone)
    content = path.read_bytes()
    bom = next((b for b in _BOMS if content.startswith(b)), b"")
    text = content[len(bom) :].decode(_BOMS[bom] if bom else "latin-1")
    own = (lambda cell: cell) if bom else _utf8
    kept: list[str] = []
    places: list[list[int]] = []
    gone = 0
    lines = _LINE.findall(text)
    sign = delimiter or max(_DELIMITERS, key=lambda d: max((line.count(d) for line in lines[:5]), default=0))
    for cells, raw in _records(lines, sign, path.name):
        cells = [own(c).removeprefix("\ufeff").strip() for c in cells]
        found = [[cells.index(name) for name in group] for group in columns if all(name in cells for name in group)]
        if not places and found:
            places = found
        elif any(is_gone(" ".join(cells[n] for n in group if n < len(cells) and cells[n])) for group in places):
            gone += 1
            continue
        kept.append(raw)
    return (bom + "".join(kept).encode(_BOMS[bom] if bom else "latin-1"), gone) if gone else None


def _utf8(cell: str) -> str:
    """A cell that was read as latin-1 so that every byte comes back, as the UTF-8 it most likely is."""
    try:
        return cell.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return cell


def _records(lines: list[str], delimiter: str, name: str) -> Iterator[tuple[list[str], str]]:
    """Each record's cells and its text as it stands in the file; a quoted cell may run over several lines."""
    used: list[str] = []

    def feed() -> Iterator[str]:
        for line in lines:
            used.append(line)
            yield line

    csv.field_size_limit(2**31 - 1)
    reader = csv.reader(feed(), delimiter=delimiter)
    try:
        for cells in reader:
            yield cells, "".join(used)
            used.clear()
    except csv.Error as error:
        raise ReadError(f"{name}: cannot be cut into rows to take a purged participant out ({error})") from None
    if used:
        yield [], "".join(used)


def _strip_parquet(path: Path, columns: set[tuple[str, ...]], is_gone: Callable[[str], bool]) -> tuple[bytes, int] | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    keep = [True] * table.num_rows
    for group in columns:
        if set(group) <= set(table.column_names):
            rows = zip(*(table.column(n).to_pylist() for n in group), strict=True)
            keep = [k and not is_gone(" ".join(str(c).strip() for c in r if c is not None)) for k, r in zip(keep, rows, strict=True)]
    if all(keep):
        return None
    sink = pa.BufferOutputStream()
    pq.write_table(table.filter(pa.array(keep)), sink)
    return sink.getvalue().to_pybytes(), keep.count(False)
