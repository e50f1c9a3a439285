"""One site on the page: completeness, findings, timing, clock times, amounts, fear, outcome, coding.

What belongs here: which numbers of a site are shown, and how. What does not: the charts as such (draw.py), the numbers (sql/7_report).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flows.report.draw import bars, e, figure, grid, line, table
from flows.report.facts import Facts, Row, SiteFacts, total
from flows.report.overview import SEVERITIES, anchor, needs_look, one_line
from flows.report.shown import HIDDEN, Shown
from schemas.trial import Trial

CODED = ("EXACT_INGREDIENT", "EXACT_BRAND", "OVERRIDE")
#: Minutes: first and last step of report.dose_lag, and its step.
LAG_LOW, LAG_HIGH, LAG_STEP = -120, 360, 10
AGES = (("n_week", "0-7 days"), ("n_month", "8-30"), ("n_quarter", "31-90"), ("n_older", "over 90"))


def site(facts: Facts, key: tuple[str, str], shown: Shown, rate: float) -> str:
    """The section of a site."""
    found, (study, name) = facts.sites[key], key
    look, here = int(needs_look(facts, key, rate)), e(anchor(study, name))
    head = (
        f'<section class="site" data-study="{e(study)}" data-site="{e(name)}" data-look="{look}" aria-labelledby="{here}">'
        f'<h3 id="{here}">{e(study)}/{e(name)}</h3><p>{e(one_line(found).capitalize())}.</p>'
    )
    if not found.people:
        return head + "<p>No participant of this site is in the release.</p>" + _findings(found, shown) + "</section>"
    if shown.shareable and found.people < shown.few:
        return head + f"<p>Fewer than {shown.few} participants: nothing is shown.</p></section>"
    charts, coding = found.drawn or draw(facts, key, shown)
    tables = f'<div class="pair"><div>{_complete(found, shown)}</div><div>{_findings(found, shown)}{coding}</div></div>'
    return f'{head}{tables}<div class="charts">{charts}</div></section>'


def draw(facts: Facts, key: tuple[str, str], shown: Shown) -> tuple[str, str]:
    """What hangs on the site's own data only, not on the day or on other sites: its charts, and how its medications were coded."""
    found, trial = facts.sites[key], facts.trials.get(key[0])
    withheld = key[0] in facts.release.manifest["amounts_withheld"]
    charts = [*_lags(found, trial, shown), _minutes(found, shown), _amounts(found, trial, shown, withheld), _fear(found, shown)]
    return "".join([*charts, _outcome(found, shown)]), _coding(found, shown)


def _complete(found: SiteFacts, shown: Shown) -> str:
    rows = [(r["form"], r["what"], shown.part(r["n"], r["n_of"])) for r in found.rows["site_count"]]
    return table("Completeness by form", ("Form", "What", "There"), rows, first="row")


def _findings(found: SiteFacts, shown: Shown) -> str:
    rows: list[Sequence[object]] = []
    for severity in SEVERITIES:
        mine = [r for r in found.rows["finding_count"] if r["severity"] == severity]
        if mine:
            rows.append((
                severity, shown.cell(total(mine, "n_open")), shown.cell(total(mine, "n_new")),
                *(shown.cell(total(mine, n)) for n, _ in AGES), shown.cell(total(mine, "n_impact")),
                shown.cell(total(mine, "n") - total(mine, "n_open")),
            ))  # fmt: skip
    gone = "" if found.resolved is None else f" Resolved since the release before: {_plain(shown, found.resolved)}."
    if not rows:
        return f"<p>No findings.{gone}</p>"
    heads = ("Severity", "Open", "New", *(f"Open {a}" for _, a in AGES), "Touch timing or primary outcome", "Answered or waived")
    gravest = sorted((r for r in found.rows["finding_count"] if r["n_open"] and r["severity"] != "note"),
                     key=lambda r: (SEVERITIES.index(r["severity"]), -r["n_open"], r["rule"]))[:8]  # fmt: skip
    listed = ", ".join(f"{r['rule']} ({_plain(shown, r['n_open'])})" for r in gravest)
    return table("Findings", heads, rows) + f"<p>{e(f'Gravest open rules: {listed}.' if listed else '')}{e(gone)}</p>"


def _plain(shown: Shown, n: int) -> str:
    counted = shown.count(n)
    return f"1 to {shown.few - 1}" if counted is None else str(counted)


def _lags(found: SiteFacts, trial: Trial | None, shown: Shown) -> list[str]:
    window = trial.timing_window if trial else None
    out = []
    for point in ("PRE-SESSION", "POST-SESSION"):
        rows = [r for r in found.rows["dose_lag"] if r["EXTPT"] == point]
        if not rows:
            if point == "PRE-SESSION" and not found.rows["dose_lag"]:
                out.append("<p>No dose with known timing.</p>")
            continue
        own = (window.pre if point == "PRE-SESSION" else window.post) if window else None
        is_pre = point == "PRE-SESSION"
        what = "exposure" if window and window.pre and window.pre.reference == "exposure_start" else "session"
        axis = f"minutes from dose to start of {what}" if is_pre else "minutes from end of session to dose"
        by = {r["lag_from_min"]: r for r in rows}
        low = max(LAG_LOW, min([*by, int(own.from_min) if own else 0]) - 20) // LAG_STEP * LAG_STEP
        high = min(LAG_HIGH, max([*by, int(own.to_min) if own else 0]) + 20)
        steps = list(range(low, high + 1, LAG_STEP))
        values = [(str(s), shown.count(by[s]["n"], by[s]["people"]) if s in by else 0) for s in steps]
        every = 60 if len(steps) > 14 else 30
        band = ((own.from_min - low) / LAG_STEP, (own.to_min - low) / LAG_STEP + 0.12) if own else None
        outside = total(rows, "n_outside")
        told = shown.of(total(rows, "n"), "doses") + ("" if shown.shareable else f"{outside} outside the trial's window. " if own else "")
        told += f"Shaded: {own.from_min:g} to {own.to_min:g} min." if own else "The trial has no window here."
        name = "Dose timing, before the session" if is_pre else "Dose timing, after the session"
        ticks = [i for i, s in enumerate(steps) if s % every == 0]
        numbers = table(name, (axis.capitalize(), "Doses"),
                        [(_step(r["lag_from_min"]), shown.cell(r["n"], r["people"])) for r in rows])  # fmt: skip
        drawn = bars(f"{name}: doses by {axis}", axis, values, ticks=ticks, band=band, band_name="window", is_range=True)
        out.append(figure(name, told, drawn, numbers))
    return out


def _step(start: int) -> str:
    if start == LAG_LOW:
        return f"below {LAG_LOW + LAG_STEP}"
    return f"{LAG_HIGH} or more" if start == LAG_HIGH else f"{start} to below {start + LAG_STEP}"


def _minutes(found: SiteFacts, shown: Shown) -> str:
    rows = found.rows["dose_minute"]
    if not rows:
        return ""
    by = {r["minute"]: r for r in rows}
    values = [(str(m), shown.count(by[m]["n"], by[m]["people"]) if m in by else 0) for m in range(60)]
    n, round_ = total(rows, "n"), sum(r["n"] for r in rows if r["minute"] % 5 == 0)
    told = shown.of(n, "doses with a clock time") + f"On a multiple of five minutes: {shown.share(round_, n)} (12 of 60 minutes: 20 %)."
    drawn = bars(f"Minute of the hour of dose times. {told}", "minute of the hour", values, ticks=range(0, 60, 15),
                 strong=frozenset(range(0, 60, 5)))  # fmt: skip
    numbers = table("Dose times by minute", ("Minute", "Doses"), [(r["minute"], shown.cell(r["n"], r["people"])) for r in rows])
    return figure("Heaping of dose times", told, drawn, numbers)


def _amounts(found: SiteFacts, trial: Trial | None, shown: Shown, withheld: bool) -> str:
    rows = [r for r in found.rows["dose_amount"] if r["EXDOSE"] is not None]
    unknown = total([r for r in found.rows["dose_amount"] if r["EXDOSE"] is None], "n")
    if withheld:
        return "<p>Amounts are withheld while the trial is blinded.</p>"
    if not rows:
        return "<p>No dose with a known amount.</p>"
    most = sorted(sorted(rows, key=lambda r: -r["n"])[:12], key=lambda r: r["EXDOSE"])
    values = [(f"{r['EXDOSE']:g}", shown.count(r["n"], r["people"])) for r in most]
    arms = trial.arms if trial else ()
    nominal = sorted({a.dose_mg for a in arms if a.dose_mg} | {b.dose_mg for a in arms for b in a.dose_mg_by_weight})
    told = shown.of(total(rows, "n"), "doses of known amount") + ("" if shown.shareable else f"{unknown} unknown. ")
    told += f"The trial's strengths: {', '.join(f'{d:g}' for d in nominal)} mg."
    strong = frozenset(i for i, r in enumerate(most) if r["EXDOSE"] in nominal)
    drawn = bars(f"Dose amounts. {told}", "mg; dark: a strength of the trial", values, ticks=range(len(values)), strong=strong)
    numbers = table("Dose amounts", ("mg", "Doses"), [(f"{r['EXDOSE']:g}", shown.cell(r["n"], r["people"])) for r in rows])
    return figure("Dose amounts", told, drawn, numbers)


def _fear(found: SiteFacts, shown: Shown) -> str:
    rows = found.rows["session_fear"]
    if not rows:
        return "<p>No session with fear at its begin and end.</p>"
    cells = {(r["begin_from"] // 10, r["end_from"] // 10): shown.count(r["n"], r["people"]) for r in rows}
    fell = sum(r["n"] for r in rows if r["end_from"] < r["begin_from"])
    told = shown.of(total(rows, "n"), "sessions")
    told += f"Fear fell by a step of ten or more in {shown.share(fell, total(rows, 'n'))}; below the line it fell."
    name = "Fear at begin and end of sessions"
    return figure(name, told, grid(f"{name}. {told}", "SUDS at begin", "SUDS at end", cells), _fear_table(rows, shown))


def _fear_table(rows: Sequence[Row], shown: Shown) -> str:
    shown_rows: list[Sequence[object]] = []
    for begin in sorted({r["begin_from"] for r in rows}):
        mine = [r for r in rows if r["begin_from"] == begin]
        ends = ", ".join(f"{r['end_from']}-{r['end_from'] + 9}: {_hid(shown, r)}" for r in mine)
        shown_rows.append((f"{begin}-{begin + 9 if begin < 90 else 100}", ends))
    return table("Sessions by fear at begin and end", ("Begin", "End: sessions"), shown_rows)


def _hid(shown: Shown, row: Row) -> str:
    n = shown.count(row["n"], row["people"])
    return "hidden" if n is None else str(n)


def _outcome(found: SiteFacts, shown: Shown) -> str:
    rows = found.rows["outcome"]
    if not rows:
        return "<p>No primary outcome yet.</p>"
    kept = [r if shown.count(r["people"]) is not None else None for r in rows]
    labels = [_short(r["AVISIT"]) for r in rows]
    parts = [[r[c] if r else None for r in kept] for c in ("middle", "low", "high")]
    name = f"{rows[0]['PARAMCD']} by visit"
    told = "Median, bars from the first to the third quartile."
    cells = [(r["AVISIT"], _people(r["people"], shown), *(_q(r, c, shown) for c in ("low", "middle", "high"))) for r in rows]
    numbers = table(name, ("Visit", "Participants", "First quartile", "Median", "Third quartile"), cells)
    return figure(f"Primary outcome: {name}", told, line(f"Primary outcome {name}: median and quartiles", labels, *parts), numbers)


def _people(n: int, shown: Shown) -> object:
    """Participants at a visit; beside those of another visit they would tell how few are missing."""
    return shown.cell(n) if not shown.shareable or n < shown.few else f"{shown.few} or more"


def _q(row: Row, column: str, shown: Shown) -> object:
    return HIDDEN if shown.count(row["people"]) is None else f"{row[column]:.1f}"


def _short(visit: str) -> str:
    return visit.replace("BASELINE", "BASE").replace("WEEK ", "W")[:7]


def _coding(found: SiteFacts, shown: Shown) -> str:
    rows = [r for r in found.rows["coding"] if r["CODESTAT"] != "NOT_A_DRUG"]
    if not rows:
        return "<p>No medication.</p>"
    counts = Counter({r["CODESTAT"]: r["n"] for r in rows})
    coded = sum(counts[c] for c in CODED)
    cells = [(r["CODESTAT"].replace("_", " ").lower(), shown.cell(r["n"], r["people"])) for r in rows]
    told = shown.part(coded, sum(counts.values()))
    return f"<p>Medications coded: {told}.</p>" + table("Medications by how they were coded", ("Coding", "Rows"), cells)
