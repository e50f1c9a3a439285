"""Whether one site of a blinded trial may be published as it is staged: what is told, and what holds its delivery.

What belongs here: what a look through a staged site (blinding.py) means for its place in the night. What does not: the look itself,
which delivery is tried next (settling.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.engine import blinding, delivery_findings
from flows.engine.batch import Staged
from flows.engine.config import Unit

if TYPE_CHECKING:
    from flows.engine.roster import Roster


def keeps_blind(roster: Roster, unit: Unit, staged: Staged, site: str) -> bool:
    """Texts that name an arm, and amounts where they tell it, are told as findings; a site whose identifiers or amounts tell the arm
    in spite of that is held, whoever let it pass."""
    study = unit.site.study
    words = roster.terms.get(study)
    if words is None:
        return True
    found = blinding.look(staged.folder, staged.receipt["files"], site, words)
    if found.identifiers:
        told = f"{found.identifiers} participants have an identifier (or an arm) that tells the arm of a blinded trial"
        fix = f"map a subject_id without it in sites/{unit.folder.name}/site.yaml"
        _hold(roster, unit, staged, site, told, fix, ("arm_in_identifier", "subject", "subject_id", found.identifiers))
        return False
    if found.parted:
        told = f"{found.parted} participants have another amount at every dose than all others; that may tell the arm of a blinded trial"
        fix = f"ask the site for amounts without the arm; where they do not tell it, write in trials/{study}.yaml:\n"
        fix += "          blinding: {status: blinded, amounts: shown}"
        _hold(roster, unit, staged, site, told, fix, ("arm_in_amount", "dose", "dose_mg", found.parted))
        return False
    if found.amounts:
        _tell(roster, unit, site, "amount_tells_arm", [{"table": "dose", "field": "dose_mg", "n_rows": found.amounts}])
    if found.rows:
        _tell(roster, unit, site, "arm_named", found.rows)
    return True


def _hold(roster: Roster, unit: Unit, staged: Staged, site: str, told: str, fix: str, finding: tuple[str, str, str, int]) -> None:
    """Hold a site; told once, of the newest delivery."""
    key = staged.unit_key
    if (key, site) in roster.site_reasons:
        return
    roster.site_reasons[(key, site)] = f"{unit.site.study}/{site}: {told}\n  fix  -> {fix}"
    roster.held[(key, site)] = staged.fingerprint
    rule, table, field, n = finding
    _tell(roster, unit, site, rule, [{"table": table, "field": field, "n_rows": n}])


def _tell(roster: Roster, unit: Unit, site: str, rule: str, rows: list[dict[str, str | int | None]]) -> None:
    frame = pl.DataFrame(rows, schema_overrides={"source_row": pl.Int64, "n_rows": pl.Int64}, infer_schema_length=None)
    roster.told.setdefault(unit.key, []).append(delivery_findings.findings(rule, unit, site, frame))
