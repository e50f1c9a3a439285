"""Write the tables: Parquet and CSV with a column a number, HTML for people.

What belongs here: columns, labels, footnotes, files. What does not: the numbers (counting.py).
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from flows.engine.partitions import encode, put
from flows.tables.counting import ALL, Mean, Row, Table
from schemas.evidence import Evidence

#: Column -> Arrow type and label, in order.
COLUMNS: dict[str, tuple[pa.DataType, str]] = {
    "RELEASE": (pa.string(), "Release"),
    "STUDYID": (pa.string(), "Study Identifier"),
    "DISORDER": (pa.string(), "Disorder Studied"),
    "PARAMCD": (pa.string(), "Primary Outcome Parameter Code"),
    "AVISIT": (pa.string(), "Analysis Visit of the Outcome"),
    "ARM": (pa.string(), "Planned Treatment, or ALL"),
    "CLASS": (pa.string(), "Class"),
    "CLASSL": (pa.string(), "Class, in Words"),
    "HIDDENFL": (pa.string(), "Numbers Hidden Flag"),
    "N": (pa.int32(), "Randomized Participants"),
    "NDOSE": (pa.int32(), "Doses Taken"),
    "NCHG": (pa.int32(), "Participants With a Change"),
    "CHG": (pa.float64(), "Mean Change From Baseline"),
    "CHGSD": (pa.float64(), "Standard Deviation of Change (n-1)"),
    "CHGLO": (pa.float64(), "Lower Confidence Limit of Mean Change"),
    "CHGHI": (pa.float64(), "Upper Confidence Limit of Mean Change"),
    "NPOMP": (pa.int32(), "Participants With a Change in Percent of Maximum"),
    "POMPCHG": (pa.float64(), "Mean Change in Percent of Maximum Possible"),
    "POMPLO": (pa.float64(), "Lower Confidence Limit, Percent of Maximum"),
    "POMPHI": (pa.float64(), "Upper Confidence Limit, Percent of Maximum"),
}

#: Columns of the HTML table after the class.
HEADS = ("Participants", "Doses taken", "With a change", "Mean change ({level} % interval)", "In percent of maximum ({level} % interval)")

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fff; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 2rem; width: 100% }
caption { text-align: left; font-weight: 600; padding: .3rem 0 }
th, td { border-bottom: 1px solid #767676; padding: .3rem .6rem; text-align: right; vertical-align: top }
th[scope=row], thead th:first-child { text-align: left; font-weight: 400 }
thead th { border-bottom: 2px solid #1b1b1b }
tr.total th, tr.total td { font-weight: 600 }
.scroll { overflow-x: auto }
@media print { body { margin: 0; max-width: none } }
"""


def write(folder: Path, release_id: str, found: Sequence[tuple[Table, list[Row]]], notes: Sequence[str], evidence: Evidence) -> list[Path]:
    """Write every table as Parquet and CSV, and all of them as tables.html; the same release gives the same bytes."""
    paths = []
    for table, rows in found:
        cells = [cells_of(release_id, r) for r in rows]
        for name, content in ((f"{table.name}.parquet", _parquet(table, cells, release_id, notes)), (f"{table.name}.csv", _csv(cells))):
            put(folder / name, content)
            paths.append(folder / name)
    put(folder / "tables.html", as_html(release_id, found, notes, evidence).encode())
    return [*paths, folder / "tables.html"]


def notes_of(evidence: Evidence, *, shareable: bool) -> list[str]:
    """The footnotes: population, definitions, formula and, in a shareable copy, what is hidden. Each number comes from evidence.yaml."""
    level, low, high = (f"{t.value:g}" for t in (evidence.table_confidence_pct, evidence.dose_low_mg, evidence.dose_high_mg))
    out = [
        "Population: randomized participants (ADSL.ITTFL = Y), all arms unless one is named; who has no known arm counts"
        " in all arms only. Doses are capsules taken, placebo included, at their nominal strength.",
        "A participant is of the class that holds more than half of the doses taken. Not known: doses of unknown amount or timing, or"
        " records of doses that may have been taken, could still decide.",
        f"Dose classes: {low} mg: {evidence.dose_low_mg.source}; {high} mg: {evidence.dose_high_mg.source}. {low} mg is the capsule of most"
        f" trials and stands with the lower amounts here; ADEX.DOSECAT counts it to {low}-{high} mg.",
        "Timing classes: ADEX.TIMCAT, minutes between the dose and the session's start or end. More than "
        f"{evidence.timing_over60_min.value:g} min before exposure: ADEX.GT60FL ({evidence.timing_over60_min.source}).",
        "Change: primary outcome at the visit named minus baseline (ADQS.CHG, ANL01FL = Y). Unless another was asked for, the visit is"
        " POST, or where a trial has none its first follow-up. Negative is a gain where a higher score is worse."
        " Percent of maximum: ADIPD.POMP - POMPBL.",
        f"Interval: mean ± t * SD / sqrt(n), t of n - 1 degrees of freedom, {level} % ({evidence.table_confidence_pct.source})."
        " The classes were not randomized: differences between them are no effects of dose or timing.",
    ]  # fmt: skip
    if shareable:
        few = f"{evidence.small_cell_subjects.value:g}"
        out.append(
            f"Hidden: classes with fewer than {few} participants or outcomes, and as many more as it takes that they cannot be worked out"
            f" ({evidence.small_cell_subjects.source})."
        )
    return out


def cells_of(release_id: str, row: Row) -> dict[str, Any]:
    """One row as the columns of COLUMNS."""
    change, pomp = row.change or Mean(0), row.pomp_change or Mean(0)
    out: dict[str, Any] = {
        "RELEASE": release_id, "STUDYID": row.study, "DISORDER": row.disorder, "PARAMCD": row.paramcd, "AVISIT": row.visit, "ARM": row.arm,
        "CLASS": row.code, "CLASSL": row.label, "HIDDENFL": "Y" if row.is_hidden else "N", "N": row.n, "NDOSE": row.n_doses,
        "NCHG": change.n, "CHG": change.mean, "CHGSD": change.sd, "CHGLO": change.low, "CHGHI": change.high, "NPOMP": pomp.n,
        "POMPCHG": pomp.mean, "POMPLO": pomp.low, "POMPHI": pomp.high,
    }  # fmt: skip
    if row.is_hidden:
        out |= {"NCHG": None, "NPOMP": None}
    return out


def _parquet(table: Table, cells: list[dict[str, Any]], release_id: str, notes: Sequence[str]) -> bytes:
    fields = [pa.field(name, kind, metadata={"label": label}) for name, (kind, label) in COLUMNS.items()]
    told = {"table": table.name, "title": table.title, "release_id": release_id, "notes": "\n".join(notes)}
    schema = pa.schema(fields, metadata=told)
    arrays = [pa.array([c[f.name] for c in cells], type=f.type) for f in fields]
    return encode(pa.table(arrays, names=schema.names), schema)


def _csv(cells: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells)
    return out.getvalue().encode()


def as_html(release_id: str, found: Sequence[tuple[Table, list[Row]]], notes: Sequence[str], evidence: Evidence) -> str:
    """All tables as one page that needs nothing else: a heading a table, a table a trial and arm, the notes below."""
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">',
        f"<title>Dosage and timing tables, release {html.escape(release_id)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>",
        f"<h1>Dosage and timing</h1>\n<p>Release {html.escape(release_id)}. Definitions are in the <a href=\"#notes\">notes</a>.</p>",
    ]
    for table, rows in found:
        parts.append(f'<section aria-labelledby="{table.name}">\n<h2 id="{table.name}">{html.escape(table.title)}</h2>')
        for study, arm in dict.fromkeys((r.study, r.arm) for r in rows):
            parts.append(_block([r for r in rows if (r.study, r.arm) == (study, arm)], evidence))
        parts.append("</section>")
    items = "\n".join(f"<li>{html.escape(note)}</li>" for note in notes)
    parts.append(f'<section aria-labelledby="notes">\n<h2 id="notes">Notes</h2>\n<ol>\n{items}\n</ol>\n</section>')
    parts.append("</main>\n</body>\n</html>")
    return "\n".join(parts) + "\n"


def _block(rows: list[Row], evidence: Evidence) -> str:
    first, level = rows[0], f"{evidence.table_confidence_pct.value:g}"
    outcome = f"change in {first.paramcd} from baseline to {first.visit}" if first.visit else "no visit after treatment"
    arm = "all arms" if first.arm == ALL else f"arm: {first.arm}"
    caption = html.escape(f"{first.study} ({first.disorder}), {arm}; {outcome}")
    heads = "".join(f'<th scope="col">{h.format(level=level)}</th>' for h in ("Class", *HEADS))
    body = "\n".join(_line(r, is_total=r is rows[-1]) for r in rows)
    inside = f"<caption>{caption}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>"
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{caption}">\n<table>\n{inside}\n</table>\n</div>'


def shown(row: Row) -> list[str]:
    """The cells of HEADS for a person."""
    if row.is_hidden:
        return ["hidden"] * len(HEADS)
    return [str(row.n), str(row.n_doses), str((row.change or Mean(0)).n), interval(row.change), interval(row.pomp_change)]


def _line(row: Row, *, is_total: bool) -> str:
    inside = "".join(f"<td>{c}</td>" for c in shown(row))
    return f'<tr{" class=total" if is_total else ""}><th scope="row">{html.escape(row.label)}</th>{inside}</tr>'


def interval(found: Mean | None) -> str:
    """`-12.34 (-15.00 to -9.68)`; one value without its interval; a dash for none."""
    if found is None or found.mean is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.mean:.2f}"
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"
