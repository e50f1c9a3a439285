"""Explain one published cell, or one finding: everything a person needs on one page, as plain values.

What belongs here: the order of the answer, why a value is null, what changed since the release. What does not: following rows
(explain.py), source rows (explain_source.py), printing (flows/cli/explain.py).

The answer holds participants' values. It is for the screen of the data manager who asked: nothing of it is logged or written.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import explain, explain_key, explain_shown, explain_source, finding_ids, findings_store, models, remake
from flows.engine.config import Programme
from flows.engine.explain import Recomputed, Walk
from flows.engine.fingerprint import config_sha256
from flows.engine.releases import Release
from flows.engine.remake import Source
from schemas.columns import POOLED
from schemas.findings import ConfigurationError

Answer = dict[str, Any]
_TOLD = ("finding_id", "severity", "rule", "table", "record_key", "field", "raw_value", "message", "suggestion")


def cell(data: Path, release: Release, dataset: str, key: str, column: str, today: Programme | None = None) -> Answer:
    """Everything behind one published cell. `today`: the configuration in force now, to say whether it changed.

    Raises ConfigurationError for a set, key or column that is not there, or a configuration that was not kept.
    """
    name = explain_key.check_names(dataset, column)
    row = explain_key.find_row(data, release, dataset, key)
    entry = _entry(release, row)
    with _made(data, release, entry, row) as (programme, source, made):
        answer = _head(release, entry, source, programme, today)
        answer |= {"set": dataset, "key": explain_key.key_of(dataset, row), "column": name, "published": row[name]}
        if dataset in POOLED:
            _pool(data, release, programme, made, row["STUDYID"])
        found = explain_shown.find_again(made, programme, dataset, row)
        walked = _walk(made, dataset, found.rowid, name) if found else Walk()
        answer["found_again"], answer["recomputed"] = found is not None, found.shown[name] if found else None
        answer["same"] = found is not None and _same(found.shown[name], row[name])
        row = found.own if found else row
        answer |= _body(made, walked, data)
        if answer["published"] is None:
            hidden = explain_shown.why_hidden(programme, dataset, name, found) if found else ""
            answer["why_null"] = [hidden] if hidden else _why_null(made, answer, row)
    return answer


def finding(data: Path, release: Release, finding_id: str, today: Programme | None = None) -> Answer:
    """Everything behind one finding, by its id or the beginning of it: the rows it is about, as sent, and where they are now.

    Raises ConfigurationError for an id that is not there.
    """
    it = finding_ids.find(data, finding_id, release)
    row = {"STUDYID": it["study"], "SITEID": it["site"]}
    with _made(data, release, _entry(release, row), row) as (programme, source, made):
        answer = _head(release, _entry(release, row), source, programme, today)
        answer["finding"] = {c: it[c] for c in (*_TOLD, "site", "study", "status", "first_seen", "last_seen", "source_row", "n_rows")}
        again = made.findings.filter(pl.col("finding_id") == it["finding_id"])
        table, rows = explain_source.rows_of_finding(made.con, it["table"], again.get_column("row_id").drop_nulls().to_list())
        walked = _of_rows(made, table, rows, it["field"]) if table else Walk()
        answer["found_again"] = not again.is_empty()
        answer |= _body(made, walked, data)
        answer["now"] = _where_now(made, it, table, rows)
    return answer


def _of_rows(made: Recomputed, table: str, rows: list[int], field: str) -> Walk:
    """The source rows of a finding: for a record as sent all its fields, for a computed one those its field is made of."""
    columns = [r[0] for r in made.con.execute(f"describe {table}").fetchall()]
    if table.startswith("core."):
        return explain.walk(made.con, table, rows, [c for c in columns if c in (field, f"{field}_raw")] or columns)
    mapped = f"mapped.{table.partition('.')[2]}"
    numbers = ", ".join(map(str, rows)) or "null"
    there = f"select rowid from {mapped} where row_id in (select row_id from {table} where rowid in ({numbers}))"
    found = [r[0] for r in made.con.execute(there).fetchall()]
    return Walk(sources={mapped: (found, set(columns))}, visited={table: rows})


def _entry(release: Release, row: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of the site of a row; for a row of a whole trial, of its first site."""
    for entry in release.manifest["sites"]:
        if entry["study"] == row["STUDYID"] and entry["fingerprint"] and row.get("SITEID") in (None, entry["site"]):
            return dict(entry)
    raise ConfigurationError(f"release {release.release_id} holds no data of {row['STUDYID']}/{row.get('SITEID')}")


@contextmanager
def _made(
    data: Path, release: Release, entry: dict[str, Any], row: dict[str, Any]
) -> Iterator[tuple[Programme, Source, Recomputed]]:
    """The site's delivery computed again with the configuration of the release."""
    with remake.programme_of(data, release) as programme:
        source = next(s for s in remake.sources(data, programme, release) if (s.key, s.mark) == (entry["unit"], entry["fingerprint"]))
        if source.attempt is None:
            raise ConfigurationError(source.why)
        programme = source.programme or programme
        with explain.recomputed(programme, source.attempt) as made:
            yield programme, source, made


def _head(release: Release, entry: dict[str, Any], source: Source, programme: Programme, today: Programme | None) -> Answer:
    changed = [c for c in (remake.changed_code(release), source.why) if c]
    if today is not None and config_sha256(today) != config_sha256(programme):
        changed.append("the configuration changed since: what is shown below is the one of the release")
    standing = f"{entry['study']}/{entry['site']} is {entry['status']}: {entry['reason'].splitlines()[0]}" if entry["reason"] else ""
    hidden = programme.trials[entry["study"]].deidentification is not None
    notice = "the trial is de-identified: below the release's own line stand identifiers, dates and texts as the site sent them"
    return {"release": release.release_id, "changed": changed, "standing": standing, "notice": notice if hidden else ""}


def _walk(made: Recomputed, dataset: str, rowid: int, column: str) -> Walk:
    """The way back of one value; from a pooled set on through the site's own tables."""
    walked = explain.walk(made.con, explain_shown.table_of(dataset), [rowid], [column])
    behind = walked.visited.get("staged.ipd_base", [])
    if 0 < len(behind) <= explain.MANY:
        _go_on(made, walked, behind)
    return walked


def _pool(data: Path, release: Release, programme: Programme, made: Recomputed, study: str) -> None:
    """The pooled step on the same database, from every site of the trial computed again."""
    made.con.execute("create or replace table staged.ipd_base as select * from core.ipd_base")
    for source in remake.sources(data, programme, release):
        if source.attempt is None or not source.key.startswith(f"{study}/") or source.attempt == made.attempt:
            continue
        with explain.recomputed(source.programme or programme, source.attempt) as other:
            base = other.con.execute("select * from core.ipd_base").to_arrow_table()
        made.con.register("other_base", base)
        made.con.execute("insert into staged.ipd_base select * from other_base")
        made.con.unregister("other_base")
    models.run_schema(made.con, "pooled")


def _go_on(made: Recomputed, walked: Walk, behind: list[int]) -> None:
    """From what a site gave to the pooled step back through its own models; other sites' rows end there."""
    grain = models.catalogue()["core.ipd_base"].grain
    names, numbers = ", ".join(grain), ", ".join(map(str, behind))
    rows = [r[0] for r in made.con.execute(
        f"select rowid from core.ipd_base where ({names}) in (select ({names}) from staged.ipd_base where rowid in ({numbers}))"
    ).fetchall()]  # fmt: skip
    step = next(s for s in walked.steps if s.table == "staged.ipd_base")
    more = explain.walk(made.con, "core.ipd_base", rows, list(step.columns))
    walked.steps += more.steps
    walked.sources |= more.sources
    walked.visited |= more.visited


def _body(made: Recomputed, walked: Walk, data: Path) -> Answer:
    """Steps, configuration, source rows, findings."""
    sources = [t for table, (rows, columns) in walked.sources.items() for t in explain_source.trace(made, table, rows, columns)]
    found = explain_source.findings_on(made, walked.visited).select(_TOLD)
    status = findings_store.history(data).select("finding_id", "status")
    told = found.join(status, on="finding_id", how="left", maintain_order="left")
    return {
        "steps": [asdict(s) for s in walked.steps if not s.table.startswith(("ref.", "mapped."))],
        "configuration": [asdict(s) for s in walked.steps if s.table.startswith("ref.") and s.rows],
        "sources": [asdict(s) for s in sources],
        "findings": told.to_dicts(),
    }  # fmt: skip


def _why_null(made: Recomputed, answer: Answer, row: dict[str, Any]) -> list[str]:
    """What on the way was missing, as sentences."""
    out = [f"{s['table']} has no row that counts for this one" for s in answer["steps"] if s["missing"]]
    for source in answer["sources"]:
        for told in source["fields"]:
            where = f"{source['table']} {told['field']} ({source['file']} row {source['row']})"
            if told["fault"]:
                out.append(f"{where} was sent as {told['as_sent']!r}, which cannot be used: {told['fault']}")
            elif told["as_sent"] is None and told["value"] is None:
                out.append(f"{where} was not sent")
    out += [f"{f['field']} of {f['table']} {f['record_key']} is withheld: {f['message']} ({f['rule']})" for f in answer["findings"]
            if f["severity"] == "withhold"]  # fmt: skip
    return list(dict.fromkeys(out)) + _set_aside(made, answer, row)


def _set_aside(made: Recomputed, answer: Answer, row: dict[str, Any]) -> list[str]:
    """Quarantined rows of the participant in the tables on the way."""
    tables = {s["table"].partition(".")[2] for s in answer["steps"] if s["table"].startswith("intake.")}
    tables |= {r.partition(".")[2] for s in answer["steps"] if s["missing"] and s["table"] in models.catalogue()
               for r in models.catalogue()[s["table"]].reads if r.startswith("intake.")}  # fmt: skip
    con = made.con
    subject = con.execute("select subject_id from core.subject where usubjid = $1", [row.get("USUBJID")]).fetchall()
    there = {r[0] for r in con.execute("select table_name from information_schema.tables where table_schema = 'quarantine'").fetchall()}
    out = []
    for table in sorted(tables & there):
        if not subject:
            break
        what = "source_row, quarantine_rules, quarantine_finding"
        held = con.execute(f"select {what} from quarantine.{table} where subject_id = $1 order by 1", [subject[0][0]]).fetchall()
        out += [f"{table} row {number} of this participant is in quarantine: {rules} (finding {found})" for number, rules, found in held]
    return out


def _where_now(made: Recomputed, told: dict[str, Any], table: str, rows: list[int]) -> str:
    """What became of the rows a finding is about."""
    if not table:
        return "the finding is about a delivery, not about a row"
    if not rows:
        return "the rows are not in the data of this release"
    short = table.partition(".")[2]
    numbers = ", ".join(map(str, rows))
    if table.startswith("core."):
        return "kept as sent; the site is asked" if told["severity"] == "query" else "kept as sent"
    n = made.con.execute(
        f"select count(*) from quarantine.{short} where row_id in (select row_id from {table} where rowid in ({numbers}))"
    ).fetchall()[0][0]
    if n:
        return f"{n} of {len(rows)} row(s) in quarantine: in no analysis set"
    return {"withhold": f"the row is kept, its {told['field']} is null in the sets", "query": "kept as sent; the site is asked"}.get(
        told["severity"], "kept"
    )


def _same(one: Any, two: Any) -> bool:
    """Equal values; two that are not a number are equal."""
    if isinstance(one, float) and isinstance(two, float) and math.isnan(one) and math.isnan(two):
        return True
    return bool(one == two)
