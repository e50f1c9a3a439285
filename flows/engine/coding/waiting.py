"""Drug names of a release that wait for a person: how often, what they hold open, what they may mean.

What belongs here: reading a release's sets. What does not: writing a decision (decisions.py), printing (flows/cli/coding.py).
Names are the sites' own words and may hold anything: for the data manager's screen, never for a log.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from flows.engine.catalog import open_release
from flows.engine.coding.clean import spoken
from flows.engine.coding.lookup import Coder
from flows.engine.config import Programme

_ROWS = """
    select
        m.STUDYID, m.SITEID, m.CMTRT, m.CODESTAT, m.USUBJID, count(distinct m.CMSEQ) as records,
        count(distinct x.EXSEQ) as doses,
        bool_or(l.ADBLFL = 'U' or l.PSYBLFL = 'U') as baseline_open,
    from adcm as m
    inner join adsl as l on m.STUDYID = l.STUDYID and m.USUBJID = l.USUBJID
    left join adex as x
        on m.STUDYID = x.STUDYID and m.USUBJID = x.USUBJID
        and 'U' in (x.ADDOSFL, x.SSRIDFL, x.BZDDFL, x.PSYDFL, x.INTDFL)
        and (m.ASTDT is null or x.EXSTDTC is null or m.ASTDT <= try_cast(left(x.EXSTDTC, 10) as date))
        and (m.AENDT is null or x.EXSTDTC is null or m.AENDT >= try_cast(left(x.EXSTDTC, 10) as date))
    where m.CODESTAT in ('UNCODED', 'AMBIGUOUS', 'FUZZY_REVIEW') and m.CMTRT is not null
    group by all
    order by all
"""


@dataclass(frozen=True)
class Suggestion:
    """One drug a name may mean: its likeness (0-1) and what coding it so would touch."""

    name: str
    score: float
    ingredients: tuple[str, ...]
    classes: tuple[str, ...]
    touches: tuple[str, ...]


@dataclass(frozen=True)
class Waiting:
    """One name of one trial without a decision: where it stands, what it holds open (doses and baselines with a flag U)."""

    study: str
    verbatim: str
    status: str
    sites: tuple[str, ...]
    records: int
    subjects: int
    doses_open: int
    baselines_open: int
    suggestions: tuple[Suggestion, ...]

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self)


def waiting(release: Path, programme: Programme, coder: Coder, site: str = "") -> list[Waiting]:
    """Names of a release that wait, the most harmful first: by doses held open, then baselines, then records.

    Spellings that a decision would settle together (case, accents, spaces) are one. `site` is study/site.
    Raises duckdb.Error when the release cannot be read.
    """
    con = open_release(release)
    try:
        rows = con.execute(_ROWS).fetchall()
    finally:
        con.close()
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in rows:
        if not site or site == f"{row[0]}/{row[1]}":
            found.setdefault((row[0], spoken(row[2])), []).append(row)
    out = [_one(study, group, programme, coder) for (study, _), group in found.items()]
    return sorted(out, key=lambda w: (-w.doses_open, -w.baselines_open, -w.records, w.study, w.verbatim))


def _one(study: str, rows: list[tuple[Any, ...]], programme: Programme, coder: Coder) -> Waiting:
    verbatim = str(rows[0][2])
    trial = programme.trials.get(study)
    banned = set(trial.prohibited_classes) if trial else set()
    suggestions = tuple(
        _suggestion(coder, shown, score, banned) for shown, score in coder.suggestions(verbatim)
    )
    return Waiting(
        study, verbatim, str(rows[0][3]), tuple(sorted({str(r[1]) for r in rows})), sum(int(r[5]) for r in rows),
        len({r[4] for r in rows}), sum(int(r[6]) for r in rows), len({r[4] for r in rows if r[7]}), suggestions,
    )  # fmt: skip


def _suggestion(coder: Coder, shown: str, score: float, banned: set[str]) -> Suggestion:
    names = (shown.rpartition(" = ")[2] if " = " in shown else shown).split(" + ")
    drugs = [d for name in names for d in (coder.dictionary.ingredient(name) or ())]
    touches = {
        "antidepressant": any(d.antidepressant for d in drugs), "SSRI": any(d.ssri for d in drugs),
        "benzodiazepine": any(d.benzodiazepine for d in drugs), "psychotropic": any(d.psychotropic for d in drugs),
        "interacting": any(d.interacting for d in drugs), "prohibited": any(d.meets(c) for d in drugs for c in banned),
    }  # fmt: skip
    return Suggestion(
        shown, round(score, 2), tuple(d.ingredient for d in drugs), tuple(dict.fromkeys(d.drug_class for d in drugs)),
        tuple(word for word, yes in touches.items() if yes),
    )  # fmt: skip
