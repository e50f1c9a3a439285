"""A purge in landing: deliveries written again without the participant, and proof that nobody else is touched.

What belongs here: which deliveries hold the participant, the new ones, their log. What does not: taking rows out of one file
(tombstones.py), the rest of a purge (purge.py).

How a site writes a participant's identifier is asked of the mapping itself: each delivery is mapped, and the texts that became the
identifier are taken. A delivery written again is mapped again: the participant must be gone and every other one must have as many
rows as before, else the delivery is refused (rows without the identifier would fall to the row above, for example).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

from flows.engine import keep_out, landed, models, tombstones
from flows.engine.config import Programme, Unit
from flows.engine.landed import Delivery, LandedFile
from flows.engine.mapping import MapInput, map_batch
from flows.engine.wanted import RECEIPT
from schemas.findings import ConfigurationError, ReadError
from schemas.intake import CONTRACTS

#: (table, site, subject) -> rows.
People = dict[tuple[str, str, str], int]


@dataclass
class Plan:
    """What will be done to an export's deliveries. `written`: delivery sha256 -> its folder without the participant, made aside;
    `refused`: delivery sha256 -> why rows cannot be taken out; `stripped`: delivery sha256 -> the files that rows were taken out of."""

    home: Path
    spellings: set[str] = field(default_factory=set)
    written: dict[str, tuple[Path, str]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    stripped: dict[str, list[str]] = field(default_factory=dict)

    @property
    def renamed(self) -> dict[str, str]:
        """Delivery sha256 as it came -> as the purge leaves it, "" where it is removed whole."""
        return {old: sha256 for old, (_, sha256) in self.written.items()} | dict.fromkeys(self.refused, "")


def plan(programme: Programme, data: Path, unit: Unit, site: str, subject: str, known: Set[str], key: bytes) -> Plan:
    """Write the new deliveries aside and check them; landing itself is not changed."""
    study = unit.site.study
    out = Plan(landed.home_of(data, study, unit.site.site_id))
    for stale in out.home.glob(".tmp-*"):
        shutil.rmtree(stale)
    once = {d.sha256: d for d in landed.deliveries(data, study, unit.site.site_id)}
    before: dict[str, People] = {}
    for sha256, delivery in once.items():
        try:
            before[sha256], found = _people(programme, unit, delivery, site, subject)
            out.spellings |= found
        except (ReadError, ConfigurationError) as error:
            out.refused[sha256] = str(error).splitlines()[0]
    marks = set(known) | {tombstones.spelling(key, study, s) for s in {*out.spellings, subject}}

    def is_gone(text: str) -> bool:
        return tombstones.spelling(key, study, text) in marks

    for sha256, delivery in once.items():
        if sha256 in before:
            _rewrite(programme, unit, delivery, out, before[sha256], (site, subject), is_gone)
        elif not _holds(delivery, unit, is_gone):
            del out.refused[sha256]
    return out


def _people(programme: Programme, unit: Unit, delivery: Delivery, site: str, subject: str) -> tuple[People, set[str]]:
    """Rows of everybody in a delivery, and how it writes the participant's identifier."""
    con = models.connect()
    try:
        map_batch(con, [MapInput(0, unit, (delivery,))], programme.codelists)
        people: People = {}
        found: set[str] = set()
        for table in CONTRACTS:
            rows = con.execute(
                f"select site, coalesce(subject_id, subject_id_raw, ''), count(*) from mapped.{table} group by all"
            ).fetchall()
            people |= {(table, s or "", who): n for s, who, n in rows}
            sql = f"select distinct subject_id_raw from mapped.{table} where subject_id = $1 and (site = $2 or site is null)"
            found |= {r[0].strip() for r in con.execute(sql, [subject, site]).fetchall() if r[0]}
        return people, found
    finally:
        con.close()


def _rewrite(
    programme: Programme, unit: Unit, delivery: Delivery, out: Plan, before: People, gone: tuple[str, str], is_gone: object
) -> None:
    """One delivery without the participant, aside; refused when a row cannot be taken out or somebody else loses one."""
    expected = {k: n for k, n in before.items() if k[1:] != gone}
    columns = tombstones.id_columns(unit.site)
    folder = Path(tempfile.mkdtemp(prefix=".tmp-", dir=out.home))
    changed = False
    for file in delivery.files:
        source, target = landed.file_path(delivery, file.name), folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        found = None
        if tombstones.can_strip(source):
            found = tombstones.strip(source, columns, is_gone, keep_out.delimiter_of(unit.site, file.name))  # type: ignore[arg-type]
        changed |= found is not None
        if found is not None:
            out.stripped.setdefault(delivery.sha256, []).append(file.name)
        target.write_bytes(found[0] if found is not None else source.read_bytes())
    if not changed and expected == before:
        shutil.rmtree(folder)
        return
    files = tuple(LandedFile(f.name, (folder / f.name).stat().st_size, _sha256(folder / f.name)) for f in delivery.files)
    sha256 = landed.delivery_sha256((f.name, f.sha256) for f in files)
    new = Delivery(delivery.study, delivery.site, sha256[:12], sha256, folder, files, delivery.delivered_at, delivery.left_out)
    try:
        after, _ = _people(programme, unit, new, *gone)
    except (ReadError, ConfigurationError) as error:
        after = {}
        out.refused[delivery.sha256] = f"without the rows it cannot be read: {str(error).splitlines()[0]}"
    else:
        if after != expected:
            kinds = ", ".join(sorted({Path(f.name).suffix for f in delivery.files}))
            told = f"taking the rows out of {kinds} files is not possible, or would change other participants"
            out.refused[delivery.sha256] = told
    if after == expected:
        _receipt(delivery, new)
        out.written[delivery.sha256] = (folder, sha256)
    else:
        shutil.rmtree(folder)


def _receipt(old: Delivery, new: Delivery) -> None:
    """The receipt of a delivery that was written again."""
    told = json.loads((old.folder / RECEIPT).read_text(encoding="utf-8"))
    told |= {
        "sha256": new.sha256,
        "files": [{"name": f.name, "size": f.size, "sha256": f.sha256} for f in new.files],
        "purged_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    }
    (new.folder / RECEIPT).write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in sorted(new.folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o444)
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    new.folder.chmod(0o755)


def _holds(delivery: Delivery, unit: Unit, is_gone: object) -> bool:
    """Whether a delivery that the mapping cannot read may hold the participant; what cannot be looked into may."""
    columns = tombstones.id_columns(unit.site)
    try:
        paths = [landed.file_path(delivery, f.name) for f in delivery.files]
        return any(not tombstones.can_strip(p) or tombstones.strip(p, columns, is_gone, None) is not None for p in paths)  # type: ignore[arg-type]
    except ReadError:
        return True


def carry_out(plan: Plan) -> int:
    """Put the new deliveries in place, then the log that names them, then remove the old bytes. Returns how many deliveries changed."""
    new = {old: sha256 for old, (_, sha256) in plan.written.items()}
    for folder, sha256 in plan.written.values():
        target = plan.home / sha256[:12]
        if target.exists():
            shutil.rmtree(folder)
        else:
            folder.rename(target)
    log = plan.home / landed.LOG
    if not log.is_file():
        return 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").split("\n")[:-1]]
    lines = [e for e in lines if e["sha256"] not in plan.refused]
    kept = [e | {"delivery_id": (s := new.get(e["sha256"], e["sha256"]))[:12], "sha256": s} for e in lines]
    temporary = log.with_name(f".tmp-{landed.LOG}")
    with temporary.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(e) + "\n" for e in kept)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(log)
    named = {e["delivery_id"] for e in kept}
    for folder in sorted(p for p in plan.home.iterdir() if p.is_dir() and p.name not in named):
        shutil.rmtree(folder)
    return len(new) + len(plan.refused)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
