"""A purge in what was computed: rows of a participant out of Parquet files, findings' history, releases, snapshots; and the proof.

What belongs here: which rows are a participant's, writing files again without them. What does not: landing (purge_landing.py), the
order of steps (purge.py).

Sums over a trial that the participant once was part of (adref, ranks and Z of adipd) stay as they were published: they name nobody.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from flows.engine import answers, findings_store, ledger, partitions, query_groups, releases, snapshots
from flows.engine.config import Unit

PURGED = "release_purged"
#: What was counted with the participant, and may name the key; `trialweave report` makes it again.
REPORT = ("report.html", "report.json")
#: Folder of what a report keeps for the next one: counts of sites.
REPORT_COUNTS = "report_counts"
_WHO = ("USUBJID", "SUBJID", "subject", "subject_id")
_KEPT = ("ledger.jsonl", "purges/", ".lock", ".leases/", ".tombstones.key")


@dataclass(frozen=True)
class Gone:
    """Whose rows go: `ids` are the identifiers as computed (SUBJID, USUBJID, pseudonyms), `marks` tells the spellings of the site."""

    study: str
    site: str
    ids: frozenset[str]
    marks: Callable[[str], bool] | None

    def rows(self, frame: pl.DataFrame) -> pl.Series:
        """Which rows of a table are the participant's; a table without study or site is taken to be of theirs."""
        hit = pl.Series([False] * frame.height, dtype=pl.Boolean)
        for name in (c for c in _WHO if c in frame.columns):
            hit |= frame.get_column(name).cast(pl.String).is_in(list(self.ids)).fill_null(value=False)
        if "record_key" in frame.columns:
            hit |= pl.Series([self._names(k) for k in frame.get_column("record_key")], dtype=pl.Boolean)
        for name, value in (("study", self.study), ("STUDYID", self.study), ("site", self.site), ("SITEID", self.site)):
            if name in frame.columns:
                hit &= (frame.get_column(name).cast(pl.String) == value).fill_null(value=False)
        return hit

    def _names(self, record_key: str | None) -> bool:
        first = (record_key or "").split("|")[0].strip()
        return bool(first) and (first in self.ids or (self.marks is not None and self.marks(first)))


def without(path: Path, who: Gone) -> tuple[bytes, pl.DataFrame] | None:
    """A Parquet file without the participant's rows, and what is left of it; None when it holds none. Column metadata stay."""
    table = pq.read_table(path)
    frame = pl.DataFrame(table)
    hit = who.rows(frame)
    if not hit.any():
        return None
    kept = table.filter(pa.array((~hit).to_list()))
    return partitions.encode(kept, table.schema), frame.filter(~hit)


def history(folder: Path, who: Gone) -> int:
    """Rows out of a folder of histories (findings, changes); a file that is left empty is removed. Returns the rows taken out."""
    gone = 0
    for path in sorted(folder.glob("*.parquet")):
        found = without(path, who)
        if found is None:
            continue
        gone += pq.read_metadata(path).num_rows - found[1].height
        if found[1].is_empty():
            path.unlink()
        else:
            replace(path, found[0])
    return gone


def answers_about(data: Path, who: Gone) -> int:
    """Answers and waivers about the participant's findings out of answers.jsonl, and what questions about many records keep of them; to be
    done before the history loses the findings."""
    ids: set[str] = set()
    for file in sorted((data / "findings").glob("*.parquet")):
        frame = pl.read_parquet(file)
        ids |= set(frame.filter(who.rows(frame)).get_column("finding_id"))
    if (groups := query_groups.without(data, ids)) is not None:
        replace(data / query_groups.NAME, groups.encode())
    path = data / answers.NAME
    if not path.is_file():
        return 0
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not any(i in line for i in ids)]
    if len(kept) < len(lines):
        replace(path, "".join(kept).encode())
    return len(lines) - len(kept)


def replace(path: Path, content: bytes) -> None:
    """Another content under the same name, in one step; the mode stays."""
    mode = path.stat().st_mode & 0o777
    temporary = path.with_name(f".tmp-{path.name}")
    partitions.put(temporary, content)
    temporary.chmod(mode)
    temporary.replace(path)


def releases_of(data: Path, who: Gone, grave: str) -> int:
    """Rows out of every release and its restricted folder; manifests are hashed again and say so. Returns how many releases changed."""
    shutil.rmtree(data / REPORT_COUNTS, ignore_errors=True)
    for folder in sorted(p for p in (data / "releases").glob("2*") if not p.is_symlink()):
        _release(folder, who, grave)
        _release(data / "restricted" / folder.name, who, grave)
    return _tell_manifests(data, grave)


def _release(folder: Path, who: Gone, grave: str) -> None:
    """Rows out of one release folder: new files first, then the manifest that names them, then the old files go."""
    place = folder / releases.MANIFEST
    manifest: dict[str, Any] = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else {"files": []}
    old: list[Path] = []
    rows = 0
    for path in sorted(folder.glob(f"*/{who.study}/*.parquet")):
        if path.name[: -len("-12345678.parquet")] != who.site or (found := without(path, who)) is None:
            continue
        content, left = found
        sha256 = hashlib.sha256(content).hexdigest()
        new = path.with_name(f"{who.site}-{sha256[:8]}.parquet")
        rows += pq.read_metadata(path).num_rows - left.height
        partitions.put(new, content)
        new.chmod(path.stat().st_mode & 0o777)
        old.append(path)
        for entry in manifest["files"]:
            if entry["path"] == path.relative_to(folder).as_posix():
                entry |= {"path": new.relative_to(folder).as_posix(), "rows": left.height, "sha256": sha256}
                _count_findings(manifest, entry, left, who)
    if old and place.is_file():
        _note(place, manifest, grave, rows)
        for name in REPORT:
            (folder / name).unlink(missing_ok=True)
    for path in old:
        path.unlink()


def _note(place: Path, manifest: dict[str, Any], grave: str, rows: int) -> None:
    """Write a manifest again with the purge in it."""
    manifest["purged"] = [*manifest.get("purged", []), {"tombstone": grave, "rows": rows}]
    replace(place, releases.lines(manifest).encode())


def _tell_manifests(data: Path, grave: str) -> int:
    """Tell the ledger of every manifest that a purge has written again, also one that was killed; returns how many."""
    told: dict[str, str] = {}
    for entry in ledger.entries(data):
        if "manifest_sha256" in entry:
            told[str(entry.get("release_id"))] = str(entry["manifest_sha256"])
    changed = 0
    for folder in sorted(p for p in (data / "releases").glob("2*") if not p.is_symlink() and (p / releases.MANIFEST).is_file()):
        content = (folder / releases.MANIFEST).read_bytes()
        sha256, listed = hashlib.sha256(content).hexdigest(), data / "restricted" / folder.name / releases.MANIFEST
        if told.get(folder.name, sha256) != sha256 and b'"purged"' in content:
            inside = hashlib.sha256(listed.read_bytes()).hexdigest() if listed.is_file() else None
            ledger.append(data, PURGED, release_id=folder.name, tombstone=grave, manifest_sha256=sha256, restricted_sha256=inside)
            changed += 1
    return changed


def _count_findings(manifest: dict[str, Any], entry: dict[str, Any], left: pl.DataFrame, who: Gone) -> None:
    """What the manifest says of a site's findings, counted again."""
    if entry["dataset"] == "findings":
        for site in manifest.get("sites", []):
            if (site["study"], site["site"]) == (who.study, who.site):
                key = (who.study, who.site)
                site |= findings_store.counts(left, releases.moment(manifest["as_of"]).date(), [key])[key]


def snapshots_of(data: Path, unit: Unit, who: Gone, grave: str) -> int:
    """Corrections that name the participant out of kept configurations, which get another hash and so another name; the manifests
    that name them follow. Returns how many corrections."""
    gone = 0
    for path in sorted((data / snapshots.HOME).glob("[0-9a-f]*.zip")):
        with zipfile.ZipFile(path) as packed:
            content = {n: packed.read(n) for n in packed.namelist()}
        found = {n: _corrections(c, who) for n, c in content.items() if n.endswith(f"sites/{unit.folder.name}/corrections.yaml")}
        if not (n := sum(k for _, k in found.values())):
            continue
        old = snapshots.sha256_of(content)
        new = snapshots.keep(data, content | {name: left for name, (left, _) in found.items()})
        for folder in sorted(p for p in (data / "releases").glob("2*") if not p.is_symlink()):
            manifest = json.loads((folder / releases.MANIFEST).read_text(encoding="utf-8"))
            if old in snapshots.configs_of(manifest):
                sites = [e | ({"config": new} if e.get("config") == old else {}) for e in manifest["sites"]]
                own = new if manifest.get("config_snapshot") == old else manifest.get("config_snapshot")
                _note(folder / releases.MANIFEST, manifest | {"config_snapshot": own, "sites": sites}, grave, 0)
        _tell_manifests(data, grave)
        path.unlink()
        gone += n
    return gone


def _corrections(content: bytes, who: Gone) -> tuple[bytes, int]:
    """A corrections.yaml without those of the participant, and how many they were."""
    from ruamel.yaml import YAML

    yaml = YAML()
    told = yaml.load(content.decode("utf-8"))
    known = (told or {}).get("corrections") or []
    kept = [c for c in known if not who._names(str(c["key"]))]
    if len(kept) == len(known):
        return content, 0
    plain = YAML(typ="safe")
    out = io.StringIO()
    plain.dump({"corrections": [dict(c) for c in kept]}, out)
    return out.getvalue().encode(), len(known) - len(kept)


def names_in_corrections(path: Path, who: Gone) -> int:
    """How many corrections of a configuration folder name the participant."""
    return _corrections(path.read_bytes(), who)[1] if path.is_file() else 0


def proof(data: Path, who: Gone) -> tuple[list[str], list[str]]:
    """Files that still hold a row of the participant, and files whose text holds the identifier and that a person should look at."""
    left, look = [], []
    for path in _files(data):
        name = path.relative_to(data).as_posix()
        if path.suffix == ".parquet":
            frame = pl.DataFrame(pq.read_table(path))
            told = [name.split("/")[n] for n in (1, 2)] if name.count("/") > 2 and name.startswith("staged/") else []
            if who.rows(frame).any() and not (told and told[0] != who.study):
                left.append(name)
        elif path.stat().st_size < 2**26 and any(len(i) > 5 and i.encode() in path.read_bytes() for i in who.ids):
            look.append(f"{name} holds the text of the identifier")
    return left, look


def _files(data: Path) -> Iterator[Path]:
    """Every file of a data folder that could tell somebody something; landing is proven by mapping it."""
    for folder, inner, names in os.walk(data):
        inner[:] = sorted(i for i in inner if not Path(folder, i).is_symlink() and i != "landing")
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink() and not path.relative_to(data).as_posix().startswith(_KEPT):
                yield path
