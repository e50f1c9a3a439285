"""Findings as a person asks for them: of the latest release or of a held delivery, with or without the text as sent.

What belongs here: choosing rows. What does not: printing (flows/cli/rows.py), keeping the history (findings_store.py).
"""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from flows.engine import finding_ids, findings_store
from flows.engine.releases import Release
from schemas.findings import ConfigurationError, FindingStatus
from schemas.rules import catalogue
from schemas.site import IntakeTable


def select(
    data: Path, release: Release, *, site: str = "", rule: str = "", severity: str = "", table: str = "", subject: str = "",
    status: str = "", held: bool = False, values: bool = False,
) -> pl.DataFrame:  # fmt: skip
    """Findings that fit, in order of severity, rule, site and record, `file` the name of the site's file. `raw_value` only with
    `values`; those of a de-identified trial are then as the history has them, under their own ids. Those that are RESOLVED are in no
    release: they are asked of the history, with `why` they are gone.

    Raises ConfigurationError for a participant that is not there, and where a de-identified trial's key is needed and not in the
    environment."""
    if status == FindingStatus.RESOLVED and not held:
        frame = findings_store.history(data).drop("release_id")
    else:
        frame = _held(data, release) if held else _published(data, release, site, values)
    frame = frame.filter(_at(site))
    for column, wanted in (("rule", rule), ("severity", severity), ("table", table), ("status", status)):
        if wanted:
            frame = frame.filter(pl.col(column) == wanted)
    if subject:
        frame = frame.filter(pl.col("subject").is_in(_called(data, release, site, subject)))
    if not values:
        frame = frame.drop("raw_value", strict=False)
    order = pl.col("severity").replace_strict({"reject": 0, "withhold": 1, "query": 2, "note": 3}, default=4)
    frame = frame.join(file_names(data, frame), on=["study", "site", "source_file"], how="left")
    return frame.sort(order, "rule", "study", "site", "table", "record_key", "field")


def tables(data: Path) -> set[str]:
    """Every table that findings may be about."""
    named = {t for r in catalogue() for t in r.tables if t != "*"}
    return {*map(str, IntakeTable), *named, *findings_store.history(data)["table"].drop_nulls()}


def _at(site: str) -> pl.Expr:
    """Rows of a site (study/site), of a whole trial (study), or all."""
    study, _, name = site.partition("/")
    return (pl.lit(not site) | (pl.col("study") == study)) & (pl.lit(not name) | (pl.col("site") == name))


def _called(data: Path, release: Release, site: str, subject: str) -> list[str]:
    """What a participant is called in findings: as the site's identifier is read, and as a de-identified release says it."""
    entries = [e for e in release.manifest["sites"] if not site or site in (e["study"], f"{e['study']}/{e['site']}")]
    told = findings_store.history(data, [(e["study"], e["site"]) for e in entries])
    known = set(told["subject"].drop_nulls())
    for file in release.manifest["files"]:
        study, name = Path(file["path"]).parts[1:3] if file["dataset"] in ("adsl", "findings") else ("", "")
        if any(study == e["study"] and name.rpartition("-")[0] == e["site"] for e in entries) and file["rows"]:
            column = "SUBJID" if file["dataset"] == "adsl" else "subject"
            known |= set(pl.read_parquet(release.folder / file["path"], columns=[column])[column].drop_nulls())
    if subject in known and not told.filter(pl.col("subject") == subject).height:
        return [subject]  # a pseudonym, or somebody of whom nothing is found
    codes = finding_ids.keys_of(data, release, lambda study: any(e["study"] == study for e in entries))
    called = [k.code(f"{e['study']}-{e['site']}-{subject}") for e in entries if (k := codes.get(e["study"]))]
    if subject not in known and not known.intersection(called):
        raise ConfigurationError(
            "no participant of this name is in the release or its findings\n"
            "  fix -> SUBJID as adsl shows it, which is what the site's identifier is read as: trialweave sql \"select SUBJID from adsl\""
        )
    return [subject, *called]


def _published(data: Path, release: Release, site: str, values: bool) -> pl.DataFrame:
    """The release's own findings; the text as sent comes from the data manager's history, and all of them of a de-identified trial."""
    files = [release.folder / f["path"] for f in release.manifest["files"] if f["dataset"] == "findings" and f["rows"]]
    schema = {c: findings_store.COLUMNS[c] for c in findings_store.IN_RELEASE}
    frame = pl.concat([pl.read_parquet(f) for f in files]) if files else pl.DataFrame(schema=schema)
    if not values:
        return frame
    history, asked = findings_store.history(data), site.partition("/")[0]
    keys = finding_ids.keys_of(data, release, lambda study: asked in ("", study))
    ids = [keys[study].finding(f) if study in keys else f for f, study in history.select("finding_id", "study").iter_rows()]
    known = history.select("finding_id", "subject", "record_key", "suggestion", "raw_value").with_columns(pl.Series("_shown", ids))
    joined = frame.join(known, left_on="finding_id", right_on="_shown", how="left", suffix="_own")
    hidden = pl.col("study").is_in(list(keys)) & pl.col("finding_id_own").is_not_null()
    own = [c.removesuffix("_own") for c in joined.columns if c.endswith("_own")]
    told = (pl.when(hidden).then(pl.col(f"{c}_own")).otherwise(pl.col(c)).alias(c) for c in own)
    return joined.with_columns(told).drop(f"{c}_own" for c in own)


def _held(data: Path, release: Release) -> pl.DataFrame:
    """Findings of deliveries that were worked but are in no release: what a held site must put right."""
    folders: dict[Path, list[str]] = {}
    troubled = [e for e in release.manifest["sites"] if e["reason"]]
    for entry in troubled:
        folder = data / "staged" / entry["study"] / entry["export"] / (entry.get("held") or "-")[:16]
        if (folder / "findings.parquet").is_file():
            folders.setdefault(folder, []).append(entry["site"])
    found = findings_store.read_staged(folders)
    about = {r.id for r in catalogue() if any(t.startswith("delivery") for t in r.tables)}
    known = findings_store.history(data, [(e["study"], e["site"]) for e in troubled])
    told = known.filter(pl.col("rule").is_in(about) & (pl.col("status") != "RESOLVED")).select(found.columns)
    frame = pl.concat([found, told]).unique("finding_id", keep="first", maintain_order=True)
    blank = [pl.lit(None, dtype).alias(name) for name, dtype in findings_store.LIFE.items()]
    return frame.with_columns(blank).with_columns(pl.lit("HELD").alias("status"))


def file_names(data: Path, frame: pl.DataFrame) -> pl.DataFrame:
    """study, site, source_file -> `file`: what a landed file is called, of the files these findings name."""
    rows = []
    known: dict[Path, dict[str, str]] = {}
    for study, site, source in frame.select("study", "site", "source_file").unique().drop_nulls().iter_rows():
        for home in (data / "landing" / study / site, *sorted((data / "landing" / study).glob("*"))):
            if home not in known:
                receipts = [json.loads(p.read_text(encoding="utf-8")) for p in sorted(home.glob("*/receipt.json"))]
                known[home] = {f["sha256"][:12]: f["name"] for r in receipts for f in r["files"]}
            if source in known[home]:
                rows.append((study, site, source, known[home][source]))
                break
    schema = dict.fromkeys(("study", "site", "source_file", "file"), pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row").unique(["study", "site", "source_file"])
