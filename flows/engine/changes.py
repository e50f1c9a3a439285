"""What changed in a site's records from one good delivery to the next: the old text, the new one, and which delivery brought it.

What belongs here: making and keeping the history of changes for data managers. What does not: matching records (records.py),
findings (findings_store.py), differences between releases.

    data/changes/<release_id>.parquet    restricted to its owner: it holds texts as sent

kind: `changed` a field of a record has another text, an item of a questionnaire or a total as reported another value; `late` a record
that happened before the last delivery came only now; `disappeared` a record is no longer sent; `released` a row that was in quarantine
is in the sets now. Rows that are simply new are no changes.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import findings_store, lock, partitions, records
from flows.engine.batch import Staged
from schemas.rules import catalogue

HOME = "changes"
SCHEMA: dict[str, type[pl.DataType]] = {
    "study": pl.String, "site": pl.String, "table": pl.String, "record_key": pl.String, "subject": pl.String, "kind": pl.String,
    "field": pl.String, "old_value": pl.String, "new_value": pl.String, "old_file": pl.String, "old_row": pl.Int64,
    "new_file": pl.String, "new_row": pl.Int64, "old_delivered_on": pl.String, "new_delivered_on": pl.String, "why": pl.String,
}  # fmt: skip
CAUSES = {"delivery": "source", "mapping": "mapping", "corrections": "correction", "code": "rule", "shared": "codelist"}


def causes(before: dict[str, Any] | None, now: dict[str, str]) -> str:
    """What a site's data are made of that is not as before: source, mapping, correction, rule, codelist; joined by +."""
    old = (before or {}).get("made_of") or {}
    return "+".join(word for part, word in CAUSES.items() if old and old.get(part) != now.get(part))


def of_site(
    study: str, site: str, last: dict[str, Any], folder: Path, staged: Staged, diff: records.Difference | None, why: str
) -> pl.DataFrame:
    """Changes of one site from its last good data (`last`: their manifest entry, `folder`: where they were staged)."""
    known = {"study": study, "site": site, "old_delivered_on": last["delivered_on"], "new_delivered_on": staged.receipt["delivered_on"],
             "why": why}  # fmt: skip
    rows: list[dict[str, Any]] = []
    if diff is not None:
        rows += _changed(diff.pairs)
        rows += [_told("disappeared", r, old_value=_texts(r), old_file=r["source_file"], old_row=r["source_row"])
                 for r in diff.lost.iter_rows(named=True)]  # fmt: skip
        late = diff.added.filter(pl.col("happened_on") < dt.date.fromisoformat(last["delivered_on"]))
        rows += [_told("late", r, new_value=_texts(r), new_file=r["source_file"], new_row=r["source_row"])
                 for r in late.iter_rows(named=True)]  # fmt: skip
        rows += _items(diff.pairs, folder, staged, site)
        rows += _values(folder, staged, site, "adqs", "PARAMCD", "AVALREP")
    rows += _released(folder, staged, site)
    frame = pl.DataFrame([{n: r.get(n) for n in SCHEMA} | known for r in rows], schema=SCHEMA)
    return frame.sort("table", "record_key", "kind", "field")


def _told(kind: str, record: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": kind, "table": record["table"], "record_key": record["record_key"], "subject": record["subject"], "field": "", **more}


def _texts(record: dict[str, Any]) -> str:
    """A record's texts as JSON, field by field."""
    named = zip(records.fields(record["table"]), record["as_sent"], strict=False)
    return json.dumps({n: v for n, v in named if v is not None}, ensure_ascii=False)


def _changed(pairs: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """A row each field whose text is another one; blanks at its ends do not count."""
    for r in pairs.filter(pl.col("as_sent") != pl.col("as_sent_old")).iter_rows(named=True):
        for name, new, old in zip(records.fields(r["table"]), r["as_sent"], r["as_sent_old"], strict=False):
            if (new or "").strip() != (old or "").strip():
                yield _told(
                    "changed", r, field=name, old_value=old, new_value=new, old_file=r["source_file_old"], old_row=r["source_row_old"],
                    new_file=r["source_file"], new_row=r["source_row"],
                )  # fmt: skip


def _items(pairs: pl.DataFrame, folder: Path, staged: Staged, site: str) -> list[dict[str, Any]]:
    """Items of questionnaires whose value is another one; looked at only where some form changed."""
    differs = (pl.col("digest") != pl.col("digest_old")) | (pl.col("n") != pl.col("n_old"))
    forms = pairs.filter((pl.col("table") == "assessment") & differs)
    return [] if forms.is_empty() else _values(folder, staged, site, "aditem", "ITEMCD", "AVAL")


def _values(folder: Path, staged: Staged, site: str, dataset: str, name: str, value: str) -> list[dict[str, Any]]:
    """Values of a set of questionnaires that are other ones, of administrations that both deliveries hold. `name`: what is told."""
    old, new = (home / dataset / f"{site}.parquet" for home in (folder, staged.folder))
    if not old.is_file() or not new.is_file():
        return []
    on = ["USUBJID", "PARCAT1", "AVISIT", "ADT", name]
    was, now = (pl.read_parquet(p, columns=[*on, value, "SRCFILE", "SRCROW"]).with_columns(pl.col(on).cast(pl.String)) for p in (old, new))
    joined = now.join(was, on=on, how="full", coalesce=True, suffix="_old", nulls_equal=True)
    for side in (was, now):
        joined = joined.join(side.select(on[:-1]).unique(), on=on[:-1], how="semi", nulls_equal=True)
    hit = joined.filter(pl.col(value).ne_missing(pl.col(f"{value}_old"))).sort(on)
    return [
        {"kind": "changed", "table": "assessment", "record_key": "|".join(str(r[c] or "") for c in on), "field": r[name],
         "subject": r["USUBJID"].removeprefix(f"{staged.unit_key.split('/')[0]}-{site}-"), "old_value": _plain(r[f"{value}_old"]),
         "new_value": _plain(r[value]), "old_file": r["SRCFILE_old"], "old_row": r["SRCROW_old"], "new_file": r["SRCFILE"],
         "new_row": r["SRCROW"]}
        for r in hit.iter_rows(named=True)
    ]  # fmt: skip


def _plain(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _released(folder: Path, staged: Staged, site: str) -> list[dict[str, Any]]:
    """Rows that were in quarantine and whose record is kept now."""
    old, new = _quarantine(folder, site), _quarantine(staged.folder, site)
    now = records.read(staged.folder)
    if old is None or new is None or old.is_empty() or now is None:
        return []
    on = ["table", "record_key"]
    named = old.join(new, on=on, how="anti").unique(on, keep="first", maintain_order=True)
    here = now.filter(pl.col("site") == site).select(*on, "subject", pl.col("source_file", "source_row").name.prefix("_"))
    hit = named.join(here.unique(on, keep="first", maintain_order=True), on=on, how="inner").sort(on)
    return [
        {"kind": "released", "table": r["table"], "record_key": r["record_key"], "subject": r["subject"], "field": "",
         "old_value": r["rules"], "old_file": r["source_file"], "old_row": r["source_row"], "new_file": r["_source_file"],
         "new_row": r["_source_row"]}
        for r in hit.iter_rows(named=True)
    ]  # fmt: skip


def _quarantine(folder: Path, site: str) -> pl.DataFrame | None:
    """Rejected rows of a site; rows set aside without blame (repetitions, removals) were never missed."""
    path = folder / "quarantine.parquet"
    if not path.is_file():
        return None
    names = ["site", "table", "record_key", "source_file", "source_row", "rules"]
    notes = [r.id for r in catalogue() if r.drops]
    rows = pl.read_parquet(path, columns=names).filter(pl.col("site") == site)
    blamed = rows.filter(pl.col("rules").fill_null("").str.split(",").list.eval(~pl.element().is_in(notes)).list.any())
    return blamed.with_columns(pl.col("table").replace({"form": "assessment"}))


def append(data: Path, release_id: str, frames: Sequence[pl.DataFrame]) -> int:
    """Keep the changes a release brought, whole or not at all; returns how many."""
    rows = pl.concat([f for f in frames if f.height]) if any(f.height for f in frames) else pl.DataFrame(schema=SCHEMA)
    if rows.is_empty():
        return 0
    folder = data / HOME
    folder.mkdir(mode=0o700, exist_ok=True)
    temporary = folder / f".tmp-{release_id}.parquet"
    partitions.put(temporary, findings_store.to_parquet(rows.sort("study", "site", "table", "record_key", "kind", "field")))
    temporary.chmod(0o600)
    lock.put_in_place(data, temporary, folder / f"{release_id}.parquet")
    return rows.height


def history(data: Path) -> pl.DataFrame:
    """Every change ever told, oldest release first, with its release_id."""
    files = findings_store.by_night(data / HOME)
    frames = [pl.read_parquet(f).with_columns(pl.lit(f.stem).alias("release_id")) for f in files]
    return pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA | {"release_id": pl.String})
