"""Write an analysis: effect table as CSV and Parquet, a page with forest plot and trajectories, both also as PNG.

What belongs here: files and pictures. What does not: numbers (fitting.py, pooling.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from flows.analysis.fitting import QUESTIONS, Effect
from flows.engine.partitions import encode, put
from flows.report.draw import e, num, table
from flows.report.page import POLICY, STYLE

COLUMNS = (
    ("RELEASE", pa.string()), ("STUDYID", pa.string()), ("EFFECT", pa.string()), ("EFFECTL", pa.string()), ("UNIT", pa.string()),
    ("N", pa.int32()), ("NROWS", pa.int32()), ("ESTIMATE", pa.float64()), ("SE", pa.float64()), ("LOW", pa.float64()),
    ("HIGH", pa.float64()), ("P", pa.float64()), ("NOTE", pa.string()),
)  # fmt: skip
#: What a picture needs of its own when it stands alone.
SVG_STYLE = (
    "text{font:13px sans-serif;fill:#1b1b1b}.axis{stroke:#1b1b1b;fill:none}"
    ".a{stroke:#10375f;fill:#10375f}.b{stroke:#a4001d;fill:#a4001d}"
)


def write(folder: Path, release_id: str, found: Sequence[Effect], visits: pd.DataFrame) -> list[Path]:
    """Every file of an analysis; the same release gives the same bytes but for PNG of another version of the drawing library."""
    import vl_convert

    rows = [cells(release_id, effect) for effect in found]
    names = [n for n, _ in COLUMNS]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([["" if c is None else c for c in row] for row in rows])
    schema = pa.schema([pa.field(n, t) for n, t in COLUMNS])
    frame = pa.table({n: pa.array([row[i] for row in rows], t) for i, (n, t) in enumerate(COLUMNS)}, schema=schema)
    forest_, paths_ = forest(found), trajectories(visits)
    files = {
        "effects.csv": out.getvalue().encode(), "effects.parquet": encode(frame, schema),
        "analysis.html": page(release_id, found, forest_, paths_, visits).encode(),
        "forest.png": vl_convert.svg_to_png(forest_, scale=2), "trajectories.png": vl_convert.svg_to_png(paths_, scale=2),
    }  # fmt: skip
    for name, content in files.items():
        put(folder / name, content)
    return [folder / name for name in files]


def cells(release_id: str, f: Effect) -> list[object]:
    """One line of the effect table, numbers to six digits."""
    numbers = [None if v is None else float(f"{v:.6g}") for v in (f.estimate, f.error, f.low, f.high, f.p)]
    return [release_id, f.study, f.question.name, f.question.title, f.question.unit, f.people, f.rows, *numbers, f.note]


def interval(f: Effect) -> str:
    """An estimate with its interval."""
    return "" if f.estimate is None else f"{f.estimate:.2f} ({f.low:.2f} to {f.high:.2f})"


def forest(found: Sequence[Effect]) -> str:
    """Estimate and interval of each effect, each question on its own scale around zero."""
    width, left, right, line = 900, 330, 620, 22
    out, y = [], 34
    for question in QUESTIONS:
        mine = [f for f in found if f.question == question]
        known = [f for f in mine if f.estimate is not None]
        reach = max([abs(v) for f in known for v in (f.low or 0, f.high or 0)] + [1e-9])
        middle = (left + right) / 2
        half = (right - left) / 2
        unit = f'<tspan font-weight="normal">({e(question.unit)})</tspan>'
        out.append(f'<text x="8" y="{y}" font-weight="bold">{e(question.title)} {unit}</text>')
        top = y + 6
        for f in mine:
            y += line
            out.append(f'<text x="24" y="{y}">{e(f.study)} (n = {f.people})</text>')
            if f.estimate is None:
                out.append(f'<text x="{right + 20}" y="{y}">{e(f.note[:44])}</text>')
                continue
            x, a, b = (middle + half * v / reach for v in (f.estimate, f.low or 0, f.high or 0))
            mark = "b" if f.tau is not None else "a"
            out.append(f'<line class="{mark}" stroke-width="2" x1="{num(a)}" x2="{num(b)}" y1="{y - 4}" y2="{y - 4}"/>')
            out.append(f'<rect class="{mark}" x="{num(x - 4)}" y="{y - 8}" width="8" height="8"/>')
            out.append(f'<text x="{right + 20}" y="{y}">{interval(f)}</text>')
        out.append(f'<line class="axis" stroke-dasharray="3 3" x1="{num(middle)}" x2="{num(middle)}" y1="{top}" y2="{y + 6}"/>')
        y += line + 16
    told = "Forest plot of the effects; the same numbers are in the table. Left of the line favours D-cycloserine."
    out.append(f'<text x="{left}" y="{y - 6}">favours D-cycloserine</text>')
    out.append(f'<text x="{right}" y="{y - 6}" text-anchor="end">favours placebo</text>')
    return _svg(width, y + 6, told, "".join(out))


def trajectories(visits: pd.DataFrame) -> str:
    """Mean outcome and its standard error at each visit, by arm, a panel a trial."""
    studies = sorted(visits.STUDYID.unique())
    width, tall = 900, 250
    out = []
    for i, study in enumerate(studies):
        mine = visits[visits["STUDYID"] == study]
        stats = mine.groupby(["active", "AVISITN"]).outcome.agg(["mean", "std", "count"]).reset_index()
        labels = mine.groupby("AVISITN").AVISIT.first()
        at = {n: 70 + 560 * k / max(len(labels) - 1, 1) for k, n in enumerate(labels.index)}
        top, bottom = i * tall + 30, i * tall + tall - 40
        out.append(f'<text x="8" y="{top - 10}" font-weight="bold">{e(study)}: mean outcome (0-100), bars: one standard error</text>')
        out.append(f'<path class="axis" d="M50 {top}V{bottom}H650"/>')
        out += [f'<text x="44" y="{num(bottom - (bottom - top) * v / 100 + 4)}" text-anchor="end">{v}</text>' for v in (0, 50, 100)]
        out += [f'<text x="{num(x)}" y="{bottom + 18}" text-anchor="middle">{e(labels[n])}</text>' for n, x in at.items()]
        for active, mark, name in ((1, "a", "D-cycloserine"), (0, "b", "placebo")):
            arm = stats[stats.active == active]
            points = [(at[r.AVISITN] + 4 * active, bottom - (bottom - top) * r["mean"] / 100, r) for _, r in arm.iterrows()]
            dash = ' stroke-dasharray="6 4"' if not active else ""
            joined = " ".join(f"{num(x)},{num(y)}" for x, y, _ in points)
            out.append(f'<polyline class="{mark}"{dash} style="fill:none" stroke-width="2" points="{joined}"/>')
            for x, y, r in points:
                if r["count"] > 1:
                    half = (bottom - top) * r["std"] / r["count"] ** 0.5 / 100
                    out.append(f'<line class="{mark}" x1="{num(x)}" x2="{num(x)}" y1="{num(y - half)}" y2="{num(y + half)}"/>')
                shape = f'<circle class="{mark}" cx="{num(x)}" cy="{num(y)}" r="4"/>'
                out.append(shape if active else f'<rect class="{mark}" x="{num(x - 4)}" y="{num(y - 4)}" width="8" height="8"/>')
            if points:
                x, y, _ = points[-1]
                out.append(f'<text x="{num(x + 14)}" y="{num(y + (14 if active else -4))}">{name}</text>')
    told = "Mean outcome by visit and arm; the numbers are in the table of means."
    return _svg(width, tall * max(len(studies), 1), told, "".join(out))


def _svg(width: int, height: float, told: str, inside: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {num(height)}" width="{width}" height="{num(height)}" role="img"'
        f' aria-label="{e(told)}"><style>{SVG_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>{inside}</svg>'
    )


def page(release_id: str, found: Sequence[Effect], forest_: str, paths_: str, visits: pd.DataFrame) -> str:
    """The page: pictures, table, what was done."""
    heads = ("Trial", "Effect", "Unit", "Participants", "Rows", "Estimate (95 % interval)", "p", "Note")
    rows = [
        (f.study, f.question.title, f.question.unit, f.people, f.rows, interval(f), "" if f.p is None else f"{f.p:.3g}", f.note)
        for f in found
    ]
    formulas = "".join(f"<li>{e(q.title)}: <code>{e(q.formula)}</code>, effect <code>{e(q.term)}</code></li>" for q in QUESTIONS)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width">
<title>Worked analysis of release {e(release_id)}</title>
<style>{STYLE} svg {{ max-width: 60rem }}</style>
</head>
<body>
<main>
<h1>Worked analysis</h1>
<p>Release {e(release_id)}. Outcomes on 0-100 (percent of the maximum possible), higher is worse: an effect below zero favours
D-cycloserine. This is an example to start from, not a trial's statistical analysis plan.</p>
<h2>Effects</h2>
{table("Effects by trial and over all trials", heads, rows)}
<h2>Forest plot</h2>
{forest_}
<h2>Trajectories</h2>
{paths_}
{_means(visits)}
<h2>Method</h2>
<ul>
<li>Participants as randomized; each model is a linear mixed model (REML) with a random intercept a participant, and a random slope of time
where time is in question. Where these cannot be estimated the note says what was left out.</li>
{formulas}
<li>Over trials: random effects of DerSimonian and Laird (1986). Intervals and p by the normal approximation: with few participants they are
too narrow. Five questions are asked; p are not adjusted for that.</li>
<li>Doses count up to nine (Rosenfield 2019). Doses, timing and fear are not randomized: what they moderate may have other causes.</li>
<li>Rows where a value that a model needs is unknown are left out; the columns Participants and Rows say how many are left.</li>
</ul>
</main>
</body>
</html>
"""


def _means(visits: pd.DataFrame) -> str:
    """The numbers of the trajectories."""
    stats = visits.groupby(["STUDYID", "AVISITN", "AVISIT", "active"]).outcome.agg(["mean", "std", "count"]).reset_index()
    rows = [
        (r.STUDYID, r.AVISIT, "D-cycloserine" if r.active else "placebo", int(r["count"]), f"{r['mean']:.1f}",
         f"{r['std'] / r['count'] ** 0.5:.1f}" if r["count"] > 1 else "")
        for _, r in stats.iterrows()
    ]  # fmt: skip
    return table("Mean outcome by visit and arm", ("Trial", "Visit", "Arm", "Participants", "Mean", "Standard error"), rows)
