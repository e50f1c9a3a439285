"""Make a release again from landing, with the configuration it was made with, and compare byte for byte.

What belongs here: computing everything anew in a temporary place. What does not: which deliveries and configuration (remake.py),
how two files are compared (rebuild_compare.py), whether stored bytes are as they were stored (verify.py).

Sets, restricted sets and findings are made again. Nothing staged is used. Findings about deliveries (what shrank or disappeared)
compare a delivery with the release before it; they are taken as published, all other findings are found again and their life
(first seen, status) is read from the history as it was. The catalog holds paths and the manifest holds clock times: of the
manifest the counts and check results are compared.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import answers, batch, copies, findings_store, harmonization, ledger, night, releases, remake
from flows.engine import rebuild_compare as compare
from flows.engine.assemble import matrix_sites, restricted_parts, set_parts
from flows.engine.batch import Staged
from flows.engine.config import Programme
from flows.engine.copies import Shown
from flows.engine.describe import documents
from flows.engine.guard import no_values
from flows.engine.night import Attempt, Failure, Night, Placed
from flows.engine.releases import Part, Release
from flows.engine.remake import Source
from flows.engine.roster import Roster
from schemas.findings import ReadError
from schemas.rules import catalogue

Entry = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """`changed`: what is not as it was when the release was made; `differs`: one sentence a file or fact that came out otherwise;
    `purged`: what cannot be proven any more because a participant was purged since."""

    release_id: str
    changed: list[str]
    compared: int
    differs: list[str]
    purged: list[str]

    @property
    def identical(self) -> bool:
        """Every file came out byte for byte."""
        return not self.differs and not self.purged


def rebuild(data: Path, release: Release) -> Report:
    """Make a release again and compare. Raises ConfigurationError when its configuration was not kept."""
    with remake.programme_of(data, release) as programme, tempfile.TemporaryDirectory(prefix="trialweave-rebuild-") as name:
        sources = remake.sources(data, programme, release)
        changed = [told for told in (remake.changed_code(release), *(s.why for s in sources)) if told]
        place = Path(name)
        made, differs = _work(programme, place, release, sources)
        pooled = _pool(programme, place, made)
        roster = _roster(Night(programme, place, release.as_of), sources, made)
        how = copies.how(roster)
        sets = copies.shown(set_parts([*made.values(), *pooled]), how)
        matrix = harmonization.parts(matrix_sites(roster, release.manifest["sites"], pooled, sets, how))
        findings = _findings(data, release, made, how)
        parts = [*sets, *matrix, *(part for _, part in findings)]
        purged, lost = ({(s.key.split("/")[0], site) for s in sources if s.purged and (s.attempt is None) is gone for site in s.sites}
                        for gone in (False, True))  # fmt: skip
        listed = [f for f in release.manifest["files"] if f["dataset"] != "findings"] + [f for f, _ in findings]
        found = compare.files(listed, release.folder, parts, purged, lost)
        closed = data / "restricted" / release.release_id
        there = [{"path": p.relative_to(closed).as_posix(), "sha256": releases.file_sha256(p)} for p in sorted(closed.rglob("*.parquet"))]
        arms = restricted_parts(list(made.values()), how)
        beside = compare.files(there, closed, arms, purged, lost, f"restricted/{release.release_id}/")
        differs += [*found.differs, *beside.differs]
        receipts = {key: staged.receipt for key, staged in made.items()}
        differs += compare.facts(release.manifest["sites"], release.manifest["checks"], receipts, purged)
        differs += _compare_documents(release)
        n = len(listed) + len(release.manifest.get("documents", ()))
        return Report(release.release_id, changed, n, differs, [*found.told(), *beside.told()])


def _work(
    programme: Programme, place: Path, release: Release, sources: Sequence[Source]
) -> tuple[dict[tuple[str, str], Staged], list[str]]:
    """Compute every source anew: (unit, fingerprint) -> what came out for its sites; and what could not be made."""
    (place / "staged").mkdir()
    out: dict[tuple[str, str], Staged] = {}
    failed = [f"{s.key}: cannot be made again" for s in sources if s.attempt is None and not s.purged]
    waiting = [s for s in sources if s.attempt is not None]
    while waiting:
        round_ = {s.key: s for s in reversed(waiting)}  # a unit that stands with two deliveries is worked twice
        waiting = [s for s in waiting if round_[s.key] is not s]
        for told in {id(p): p for s in round_.values() if (p := s.programme or programme)}.values():
            at = Night(told, place, release.as_of)
            mine = (s.attempt for s in round_.values() if s.attempt is not None and (s.programme or programme) is told)
            for result in (r for attempts in night.batches(mine) for r in night.work(at, [a for a in attempts if _is_whole(a, failed)])):
                if isinstance(result, Failure):
                    failed.append(result.reason)
                else:
                    source = round_[result.unit_key]
                    out[(source.key, source.mark)] = _only(result, source.sites)
    return out, failed


def _is_whole(attempt: Attempt, failed: list[str]) -> bool:
    """Whether landing still holds what was received; if not, that is told and the rest is made again."""
    try:
        night.landed_as_received(attempt)
    except ReadError as error:
        failed.append(str(error))
        return False
    return True


def _only(staged: Staged, sites: Sequence[str]) -> Staged:
    """A staged output with only the sites that stand in the release with it."""
    files = {d: {s: e for s, e in of.items() if s in sites} for d, of in staged.receipt["files"].items()}
    return Staged(staged.unit_key, staged.fingerprint, staged.folder, staged.receipt | {"files": files})


def _roster(at: Night, sources: Sequence[Source], made: dict[tuple[str, str], Staged]) -> Roster:
    """What was made as a night's roster, which says how each trial is shown."""
    out = Roster(at)
    for source in sources:
        staged = made.get((source.key, source.mark))
        if staged is not None and source.attempt is not None:
            out.chosen.setdefault(source.key, {}).update(dict.fromkeys(source.sites, Placed(source.attempt, staged, recomputed=True)))
    return out


def _pool(programme: Programme, place: Path, made: dict[tuple[str, str], Staged]) -> list[Staged]:
    studies: dict[str, list[Staged]] = {}
    for (key, _), staged in sorted(made.items()):
        studies.setdefault(key.split("/")[0], []).append(staged)
    with no_values():
        return [batch.pool(programme, place, study, of) for study, of in sorted(studies.items())]


def _compare_documents(release: Release) -> list[str]:
    """Documents that came out otherwise; a release of before they were listed has none to compare."""
    studies = (e["study"] for e in release.manifest["sites"])
    again = {p.path: p.sha256 for p in documents.documents(studies, release.manifest["as_of"], release.content)}
    told = {d["path"]: d["sha256"] for d in release.manifest.get("documents", ())}
    return [f"{name} differs" for name in sorted(told) if again.get(name) != told[name]]


def _findings(
    data: Path, release: Release, made: dict[tuple[str, str], Staged], how: dict[str, Shown]
) -> list[tuple[Entry, Part]]:
    """Each file of findings of a release whose making is known, and the same made again."""
    files = {compare.stem(f["path"]): f for f in release.manifest["files"] if f["dataset"] == "findings"}
    published = {str(e["release_id"]): e for e in ledger.entries(data, "release_published")}
    out = []
    for entry in release.manifest["sites"]:
        site = (entry["study"], entry["site"])
        file = files.get("/".join(("findings", *site)))
        maker = published.get(entry.get("findings_from") or "")
        if file is None or maker is None:
            continue
        staged = made.get((entry["unit"], entry["fingerprint"])) if entry["fingerprint"] else None
        content = _of_site(data, release.folder / file["path"], staged, site, maker, how)
        sha256 = hashlib.sha256(content).hexdigest()
        path = f"{compare.stem(file['path'])}-{sha256[:8]}.parquet"
        out.append((file, Part("findings", path, 0, sha256, content=content)))
    return out


def _of_site(
    data: Path, path: Path, staged: Staged | None, site: tuple[str, str], maker: Entry, how: dict[str, Shown]
) -> bytes:
    """A site's file of findings as the release that first published it must have made it."""
    on = releases.moment(maker["as_of"]).date()
    known = findings_store.history(data, [site], before=str(maker["release_id"]))
    rules = {r.id for r in catalogue() if any(t.split(".")[0] == "delivery" for t in r.tables)}
    if site[0] in how:  # the published copy does not show everything
        told = findings_store.history(data, [site], before=f"{maker['release_id']}~").filter(pl.col("status") != "RESOLVED")
    else:
        told = pl.read_parquet(path).with_columns(pl.lit(None, pl.String).alias("raw_value"))
    told = told.filter(pl.col("rule").is_in(rules))
    found = findings_store.read_staged({staged.folder: [site[1]]} if staged is not None else {})
    both = pl.concat([found, told.select(found.columns).cast(found.schema)]).unique("finding_id", keep="first", maintain_order=True)
    given = answers.known(data, maker.get("answers", 0))
    living = answers.apply(findings_store.judge_life(both, known, on), given, on)
    return findings_store.by_site(living, on, [site], lambda frame: copies.show_findings(frame, how))[site].content
