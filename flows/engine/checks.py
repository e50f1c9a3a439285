"""The result of every check for every site of a run, and of past runs under other thresholds.

What belongs here: completing the results of a batch, and judging n and percent against thresholds. What does not: running checks
(judge.py), what a check asks (schemas/rules/).

A threshold never changes what happens to a row or value: it says from which percent on a check counts as FAILED for a site.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine.config import Programme
from schemas.base import CheckLimit
from schemas.findings import CheckStatus, Severity
from schemas.rules import Rule, catalogue

Result = dict[str, Any]
#: How a site of a release stands -> what that makes of a check that has no result there.
_WITHOUT_DATA = {"held": CheckStatus.ERROR, "missing": CheckStatus.NOT_DUE}


def status(severity: str, checked: int, violated: int, limit: CheckLimit | None) -> CheckStatus:
    """A result in one word. Without a threshold, one row rejected or one value withheld is FAILED, a query or note is not."""
    if not checked:
        return CheckStatus.NOT_APPLICABLE
    if not violated:
        return CheckStatus.PASSED
    if limit is not None:
        return CheckStatus.FAILED if 100 * violated > limit.max_pct * checked else CheckStatus.PASSED_WITH_FINDINGS
    grave = severity in (Severity.REJECT, Severity.WITHHOLD)
    return CheckStatus.FAILED if grave else CheckStatus.PASSED_WITH_FINDINGS


def limits_of(programme: Programme, unit: str) -> dict[str, CheckLimit]:
    """Check -> its threshold at a site: the site's own, else the trial's."""
    known = programme.units.get(unit)
    return {} if known is None else {**known.trial.checks, **known.site.checks}


def of_release(
    programme: Programme, entries: Sequence[Mapping[str, Any]], made: Mapping[tuple[str, str], Sequence[Result]],
    told: Mapping[str, Sequence[pl.DataFrame]],
) -> list[Result]:  # fmt: skip
    """Every check of every site. `entries`: the manifest's sites; `made`: (unit, site) -> results of its batch; `told`: unit ->
    findings about its deliveries."""
    out: list[Result] = []
    severity = _severity()
    hits: dict[tuple[str, str, str], int] = {}
    for key, frames in told.items():
        for rule, site in (pair for f in frames if f.height for pair in f.select("rule", "site").iter_rows()):
            hits[(key, site, rule)] = hits.get((key, site, rule), 0) + 1
    for entry in entries:
        unit, site = entry["unit"], entry["site"]
        results = list(made.get((unit, site), ())) if entry["fingerprint"] else []
        seen = {r["rule"] for r in results}
        results += [_lacking(rule, entry, hits.get((unit, site, rule.id), 0)) for rule in catalogue() if rule.id not in seen]
        limits, more = limits_of(programme, unit), {"study": entry["study"], "threshold": None}
        out += [_within(r | more, limits[r["rule"]], severity) if r["rule"] in limits else r | more for r in results]
    return out


def _within(result: Result, limit: CheckLimit, severity: Mapping[str, str]) -> Result:
    """A result, judged by a threshold."""
    result |= {"threshold": limit.max_pct}
    if result["status"] not in (CheckStatus.ERROR, CheckStatus.NOT_DUE):
        result["status"] = str(status(severity[result["rule"]], result["n_checked"], result["n_violated"], limit))
    return result | {"note": limit.note} if limit else result


def _severity() -> dict[str, str]:
    return {r.id: str(r.severity) for r in catalogue()}


def _lacking(rule: Rule, entry: Mapping[str, Any], hits: int) -> Result:
    """The result of a check that no batch gave: one about the delivery, one without rows to look at, one that could not run."""
    result: Result = {"rule": rule.id, "table": "", "site": entry["site"], "n_checked": 0, "n_violated": 0, "pct": None, "threshold": None}
    if entry["status"] != "missing" and any(t.startswith("delivery") for t in rule.tables):
        checked = max(hits, 1)
        told = str(status(rule.severity, checked, hits, None))
        return result | {"n_checked": checked, "n_violated": hits, "pct": round(100 * hits / checked, 3), "status": told}
    standing = "" if entry["fingerprint"] else entry["status"]
    return result | {"status": str(_WITHOUT_DATA.get(standing, CheckStatus.NOT_APPLICABLE))}


def limits_sha(programme: Programme) -> str:
    """All thresholds as text: when they change, the results of the next release do."""
    told = [
        [key, *({r: c.model_dump() for r, c in sorted(of.items())} for of in (u.trial.checks, u.site.checks))]
        for key, u in sorted(programme.units.items())
    ]
    return json.dumps(told)


def history(data: Path, programme: Programme | None = None, rule: str = "", site: str = "") -> Iterator[Result]:
    """Results of every release there is, oldest first, judged again by today's thresholds when a configuration is given."""
    found = []
    for path in (data / "releases").glob("2*/manifest.json"):
        try:
            found.append(json.loads(path.read_text(encoding="utf-8")))
        except ValueError:
            continue
    severity = _severity()
    for manifest in sorted(found, key=lambda m: (m["as_of"], m["release_id"])):
        units = {(e["study"], e["site"]): e["unit"] for e in manifest["sites"]}
        for r in manifest["checks"]:
            key = (r["study"], r["site"])
            if (rule and r["rule"] != rule) or (site and "/".join(key) != site):
                continue
            made = r | {"release_id": manifest["release_id"], "as_of": manifest["as_of"]}
            if programme is not None and r["rule"] in severity and r["status"] not in (CheckStatus.ERROR, CheckStatus.NOT_DUE):
                limit = limits_of(programme, units.get(key, "")).get(r["rule"])
                again = status(severity[r["rule"]], r["n_checked"], r["n_violated"], limit)
                made |= {"threshold": limit.max_pct if limit else None, "status": str(again)}
            yield made
