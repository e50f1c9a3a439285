"""A release's own copy of a staged file where it must not show all that is staged: de-identified trials, texts that name an arm.

What belongs here: which files of a release are copies, making and keeping them. What does not: what is taken out (deidentify.py,
blinding.py), releases as such (assemble.py).

    staged/<study>/<site>/<fingerprint>/shown-<tag>/<set>/<site>.<rows>.<sha256>.parquet

The tag tells the key and the purpose, so that a copy is made once and linked into every release that shows the same data.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows.engine import blinded_amounts, blinding, deidentify, looking, partitions
from flows.engine.deidentify import FREE_TEXT, Masker, mask, maskers
from flows.engine.releases import Part
from flows.engine.roster import Roster
from schemas.columns import RESTRICTED
from schemas.findings import PublicationError

#: The rule that sets aside the rows of a participant who asked for removal.
REMOVAL = "removal_requested"
ARMS = ("TRT01P", "TRT01A")
Change = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Shown:
    """How the files of one trial are shown. `zones`: site -> IANA zone; `terms`: words of a blinded trial's arms; `named`: (set, site)
    with a text that names one."""

    masker: Masker | None
    zones: dict[str, str]
    terms: blinding.Terms | None
    named: frozenset[tuple[str, str]] = frozenset()


def how(roster: Roster) -> dict[str, Shown]:
    """How the trials of a night are shown, of those that are not shown as staged. Raises ConfigurationError without a key."""
    programme = roster.night.programme
    keys = maskers(programme.trials.values())
    zones: dict[str, dict[str, str]] = {}
    named: dict[str, set[tuple[str, str]]] = {}
    for key, chosen in roster.chosen.items():
        own = programme.units[key].site
        for site, placed in chosen.items():
            member = own.sites.known.get(site) if own.sites else None
            zones.setdefault(own.study, {})[site] = (member.timezone if member else None) or own.timezone
            if own.study in roster.terms:
                found = blinding.look(placed.staged.folder, placed.staged.receipt["files"], site, roster.terms[own.study])
                named.setdefault(own.study, set()).update((s, site) for s in found.sets)
    return {
        study: Shown(keys.get(study), zones.get(study, {}), roster.terms.get(study), frozenset(named.get(study, ())))
        for study in programme.trials
        if study in keys or study in roster.terms
    }


def show_findings(frame: pl.DataFrame, how: dict[str, Shown]) -> pl.DataFrame:
    """Findings of one trial as a release shows them; a participant who asked for removal is not named."""
    asked = pl.col("rule") == REMOVAL
    frame = frame.with_columns(
        pl.when(~asked).then(pl.col("subject")).alias("subject"),
        pl.when(asked).then(pl.lit("")).otherwise(pl.col("record_key")).alias("record_key"),
    )
    told = how.get(frame.item(0, "study")) if frame.height else None
    if told is not None and told.terms is not None:
        frame = blinding.plain_findings(frame, told.terms)
    return deidentify.mask_findings(frame, told.masker) if told is not None and told.masker is not None else frame


def gate(parts: Iterable[Part], how: dict[str, Shown], passed: frozenset[str] = frozenset()) -> None:
    """The last look before a release: no set of a blinded trial holds an arm, or an amount that tells it. Raises PublicationError with
    keys and counts only.

    `passed`: hashes of files that were looked at before and are the same.
    """
    asked = [p for p in parts if (told := how.get(place(p)[0])) is not None and told.terms is not None and p.source is not None]
    holding = {str(p.source): p.rows for p in asked if p.dataset in RESTRICTED and p.rows}
    holding |= _with_arm([str(p.source) for p in asked if p.dataset not in RESTRICTED and p.sha256 not in passed])
    for part in asked:  # amounts are looked at every time: the same file may have been shown before
        if how[place(part)[0]].terms.no_amounts and part.dataset in blinded_amounts.COLUMNS and part.source is not None:  # type: ignore[union-attr]
            left = blinded_amounts.left_in(pl.read_parquet(part.source), part.dataset)
            holding[str(part.source)] = holding.get(str(part.source), 0) + left
        if n := holding.get(str(part.source)):
            study, site = place(part)
            raise PublicationError(
                f"{study}/{site}: {part.dataset} holds the arm in {n} rows although the trial is blinded; nothing is published\n"
                f"  fix -> was it staged while the trial was open? correct blinding.status in trials/{study}.yaml, then: trialweave run"
            )


def _with_arm(paths: list[str]) -> dict[str, int]:
    """File -> rows that hold an arm; the files' own statistics tell in most cases that there are none."""
    paths = [p for p in paths if any(arm.encode() in _footer(p) for arm in ARMS)]
    if not paths:
        return {}
    with looking.connect(threads=1) as con:
        told = con.execute(
            "select distinct file_name from parquet_metadata($1) where path_in_schema in ('TRT01P', 'TRT01A') "
            "and row_group_num_rows > 0 and stats_null_count is distinct from row_group_num_rows", [paths],
        ).fetchall()  # fmt: skip
    out = {}
    for (path,) in told:
        arms = [c for c in ARMS if c in pq.read_schema(path).names]
        out[path] = pl.read_parquet(path, columns=arms).filter(pl.any_horizontal(pl.col(arms).is_not_null())).height
    return out


def _footer(path: str) -> bytes:
    """What a Parquet file says of itself: a column's name stands there as it is, and most sets have none of an arm."""
    with open(path, "rb") as file:  # noqa: PTH123 - a Path for each of a release's files would take as long as reading it
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return file.read(length)


def shown(parts: Iterable[Part], how: dict[str, Shown]) -> list[Part]:
    """The parts of a release as its readers may see them; those of other trials as they are."""
    out = []
    for part in parts:
        study, site = place(part)
        told = how.get(study)
        out.append(part if told is None else _one(part, told, site, keep_text=False))
    return sorted(out, key=lambda p: p.path)


def with_text(parts: Iterable[Part], how: dict[str, Shown]) -> list[Part]:
    """The restricted parts of de-identified trials: assignment, and the sets whose free text the release leaves out."""
    out = []
    for part in parts:
        study, site = place(part)
        told = how.get(study)
        if told is not None and told.masker is not None and part.dataset in FREE_TEXT:
            out.append(_one(part, told, site, keep_text=True))
    return sorted(out, key=lambda p: p.path)


def place(part: Part) -> tuple[str, str]:
    """Study and site of a part, from its path <set>/<study>/<site>-<hash8>.parquet."""
    _, study, name = part.path.split("/")
    return study, name[: -len("-12345678.parquet")]


def _one(part: Part, told: Shown, site: str, *, keep_text: bool) -> Part:
    """One part, copied when something of it is not to be seen."""
    if part.source is None or (told.masker is None and told.terms is None):
        return part

    def change(frame: pl.DataFrame) -> pl.DataFrame:
        if told.terms is not None:
            frame = blinding.without_arms(frame, part.dataset, told.terms)
        if told.masker is not None:
            frame = mask(frame, part.dataset, told.masker, told.zones.get(site, "UTC"), keep_text=keep_text)
        return frame

    if told.masker is None and (part.dataset, site) not in told.named:
        return part
    purpose = ("text" if keep_text else "plain") + (told.masker.check if told.masker else "")
    tag = hashlib.sha256(f"{purpose}{told.terms.mark if told.terms else ''}".encode()).hexdigest()[:12]
    return _copied(part, tag, change)


def _copied(part: Part, tag: str, change: Change) -> Part:
    """The part with another content, made once and kept beside what it was made from."""
    source = Path(os.path.normpath(part.source or ""))
    folder = source.parents[1] / f"shown-{tag}" / part.dataset
    known = sorted(p for p in folder.glob("*.parquet") if p.name.rsplit(".", 3)[0] == source.stem) if folder.is_dir() else []
    if known and known[0].stat().st_size:
        _, rows, sha256, _ = known[0].name.rsplit(".", 3)
        return _named(part, int(rows), sha256, known[0])
    frame = change(pl.DataFrame(pq.read_table(source)))
    content = to_bytes(frame, part.dataset)
    sha256 = hashlib.sha256(content).hexdigest()
    path = folder / f"{source.stem}.{frame.height}.{sha256}.parquet"
    temporary = path.with_name(f".tmp-{os.getpid()}-{source.stem}")
    partitions.put(temporary, content)
    temporary.replace(path)
    return _named(part, frame.height, sha256, path)


def to_bytes(frame: pl.DataFrame, dataset: str) -> bytes:
    """A set as Parquet, as batch.py would have written it."""
    schema = partitions.arrow_schema(dataset)
    table: pa.Table = frame.to_arrow()
    plain = pa.schema([pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type) for f in table.schema])
    return partitions.encode(partitions.compact(partitions.as_published(table.cast(plain), dataset)), schema)


def _named(part: Part, rows: int, sha256: str, source: Path) -> Part:
    study, site = place(part)
    return Part(part.dataset, f"{part.dataset}/{study}/{site}-{sha256[:8]}.parquet", rows, sha256, source)
