"""Golden cases of instruments: forms as a site sends them, through mapping, rules and the scoring models, for test_instruments.py.

What belongs here: reading tests/spec/instruments/<instrument>.txt and running all of its forms at once, wide or long.
What does not: the answers (the text files), what must come out of a single case (test_instruments.py).

A line of a text file is one form of one participant:

    case    | answers in item order                          | scores           | reported total | findings
    one out | 2*6 9 (`.` blank, `2*6` six times 2)           | PDSSTOT -        | PDSSTOT 14     | out_of_scale:PDSS07

Scores: every parameter that must come out, `-` no score, `~` filled by the person's mean. Findings: rule and item or parameter,
all that must be found; none when the cell is blank.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from flows.engine import judge, models, reference
from flows.engine.config import PROJECT, Unit
from flows.engine.mapping import MapInput, map_batch
from flows.engine.yamlfile import YamlFile
from schemas.instrument import Instrument
from tests.harness import EVIDENCE, ModelBench, table
from tests.spec.mapping_bench import MappingBench

FOLDER = Path(__file__).parent / "instruments"
#: Rules that say what is wrong with a form, an item or a total; the others speak of the trial around them.
TOLD = ("form", "item", "item_fault", "core.total_check", "core.form_check", "core.form_shift")


@dataclass(frozen=True)
class Case:
    """One form: its texts as sent and what must become of it."""

    instrument: str
    name: str
    answers: tuple[str, ...]
    scores: dict[str, tuple[float | None, bool]]
    reported: dict[str, str]
    findings: tuple[str, ...]
    subject: str


@cache
def instruments() -> dict[str, Instrument]:
    """Every instrument of the project, by name."""
    found = {}
    for path in sorted((PROJECT / "instruments").glob("*.yaml")):
        file = YamlFile.read(path, [])
        assert file is not None, path.name
        instrument = Instrument.model_validate(file.data)
        found[instrument.name] = instrument
    return found


def words(text: str) -> tuple[str, ...]:
    """`2*3 . x` -> 2 2 2 (blank) x."""
    out: list[str] = []
    for word in text.split():
        value, _, times = word.partition("*")
        out += ["" if value == "." else value] * int(times or 1)
    return tuple(out)


def pairs(text: str | None) -> dict[str, str]:
    """`A 1 B 2` -> {A: 1, B: 2}."""
    parts = (text or "").split()
    return dict(zip(parts[::2], parts[1::2], strict=True))


def visit_of(instrument: Instrument) -> str:
    """Visit and day of its golden forms, in a file: a change is not rated at baseline."""
    return "W4,2024-01-29" if instrument.of_change else "BASELINE,2024-01-01"


@cache
def cases() -> tuple[Case, ...]:
    """Every golden case, in order. Lines that begin with # say what was computed by hand."""
    out = []
    for path in sorted(FOLDER.glob("*.txt")):
        text = "\n".join(line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
        name = next(n for n in instruments() if n.lower().replace("-", "_") == path.stem)
        for number, row in enumerate(table(text)[1], start=1):
            case, answers, scores, reported, findings = [*row, None, None, None][:5]
            wanted = {
                p: (None if v == "-" else float(v.removesuffix("~")), v.endswith("~")) for p, v in pairs(scores).items()
            }
            subject = f"{path.stem}-{number:02d}".upper()
            out.append(
                Case(name, case or "", words(answers or ""), wanted, pairs(reported), tuple(sorted((findings or "").split())), subject)
            )
    return tuple(out)


@dataclass(frozen=True)
class Scored:
    """What became of all forms: per subject {paramcd: (score, filled)} and `rule:field` of its findings."""

    scores: dict[str, dict[str, tuple[float | None, bool]]]
    findings: dict[str, tuple[str, ...]]
    bench: ModelBench


def wide(b: MappingBench) -> str:
    """One file an instrument, items side by side, reported totals at the end, those of one item in a long file; the mapping."""
    single = {n for n, i in instruments().items() if len(i.item_codes()) == 1}
    tables = [f"  - {long(b, single)}"]
    for name, instrument in instruments().items():
        if name in single:
            continue
        codes, params = instrument.item_codes(), [s.paramcd for s in instrument.scales]
        own = [c for c in cases() if c.instrument == name]
        header = ["subject_id", "visit", "day", *(f"q_{c}" for c in codes), *(f"t_{p}" for p in params)]
        lines = [",".join(header)]
        lines += [",".join([c.subject, visit_of(instrument), *c.answers, *(c.reported.get(p, "") for p in params)]) for c in own]
        b.text(f"{name}.csv", "\n".join(lines) + "\n")
        totals = ", ".join(f"{p}: t_{p}" for p in params)
        tables.append(
            f"  - {{file: {name}.csv, wide: {{pattern: 'q_(?P<code>\\w+)', item: '{{code}}'}}, totals: {{{totals}}},\n"
            f"     fields: {{instrument: {{const: {name}}}, visit: visit, assessed_on: day}}}}"
        )
    return "assessment:\n" + "\n".join(tables)


def long(b: MappingBench, only: set[str] | None = None) -> str:
    """Forms in one file, one item or total a row, in mixed order; the mapping that reads it."""
    lines = ["subject_id,form,visit,day,code,val"]
    for c in (c for c in cases() if only is None or c.instrument in only):
        rows = [(code, v) for code, v in zip(instruments()[c.instrument].item_codes(), c.answers, strict=True) if v]
        key = f"{c.subject},{c.instrument},{visit_of(instruments()[c.instrument])}"
        lines += [f"{key},{code},{v}" for code, v in [*c.reported.items(), *reversed(rows)]]
    b.text("long.csv", "\n".join(lines) + "\n")
    return "{file: long.csv, fields: {instrument: form, visit: visit, assessed_on: day, item: code, value: val}}"


def run(folder: Path, delivery: str) -> Scored:
    """Map, judge and score every golden case, delivered `wide` or `long`."""
    b = MappingBench(folder)
    mapping = wide(b) if delivery == "wide" else f"assessment: {long(b)}"
    subjects = "\n".join(f"{c.subject},2023-12-20,2024-01-01" for c in cases())
    b.text("people.csv", f"subject_id,consent,rand\n{subjects}\n")
    mapping += "\nsubject: {file: people.csv, fields: {consented_on: consent, randomized_on: rand}}"
    made = b.unit(mapping)
    trial = made.trial.model_copy(update={"instruments": tuple(instruments()), "primary": "LSASTOT"})
    unit = Unit(made.key, made.site, trial, tuple(instruments().values()), (), (), b.folder)
    delivered = b.delivery()
    map_batch(b.con, [MapInput(0, unit, (delivered,))])
    reference.build(b.con, [reference.UnitRow(0, unit, delivered.delivered_at.date(), "0" * 12)], EVIDENCE, [])
    told = [j.findings for j in judge.judge_intake(b.con, EVIDENCE)]
    bench = ModelBench()
    bench.con = b.con
    bench.made = {f"{s}.{t}" for s, t in b.con.execute("select table_schema, table_name from information_schema.tables").fetchall()}
    bench.given("core.treatment_period", "study | site | subject_id | first_on::DATE")
    bench.run("core.score", *(t for t in TOLD if t in models.catalogue()))
    told += [judge.judge_table(b.con, t, EVIDENCE).findings for t in TOLD if t in models.catalogue()]
    scores: dict[str, dict[str, tuple[float | None, bool]]] = {}
    for subject, paramcd, aval, filled in b.con.execute(
        "select v.subject_id, s.paramcd, s.aval, s.is_prorated from core.score s join core.form_visit v using (form_id)"
    ).fetchall():
        scores.setdefault(subject, {})[paramcd] = (aval, filled)
    return Scored(scores, _by_subject(pl.concat(told)), bench)


def _by_subject(findings: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """`rule:what` of every finding, where what is the item or parameter, or nothing for a whole form."""
    out: dict[str, list[str]] = {}
    tables = {t.removeprefix("core.") for t in TOLD}
    for row in findings.filter(pl.col("table").is_in(tables)).iter_rows(named=True):
        last = str(row["record_key"]).rsplit("|", 1)[-1]
        what = f":{last}" if row["table"] in ("item", "item_fault", "total_check") else ""
        out.setdefault(str(row["subject"]), []).append(f"{row['rule']}{what}")
    return {subject: tuple(sorted(rules)) for subject, rules in out.items()}


def points(bench: ModelBench, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of core.score with the subject first."""
    names = ", ".join(f"s.{c}" for c in columns)
    return bench.con.execute(
        f"select v.subject_id, {names} from core.score s join core.form_visit v using (form_id) order by all"
    ).fetchall()
