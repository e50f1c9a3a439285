"""The first screens of a report: events of special interest, who is held, all sites, what changed, trends.

What belongs here: what is said of the release as a whole. What does not: one site (site_part.py), sites beside each other
(monitor_part.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.engine.summary import standings
from flows.report.draw import Html, e, figure, line, table
from flows.report.facts import Facts, SiteFacts, total
from flows.report.shown import Shown

SEVERITIES = ("reject", "withhold", "query", "note")
KINDS = {"changed": "values corrected", "late": "records sent late", "disappeared": "records no longer sent",
         "released": "rows released from quarantine"}  # fmt: skip


def anchor(study: str, site: str) -> str:
    """The id of a site's section."""
    return f"site-{study}-{site}"


def needs_look(facts: Facts, key: tuple[str, str], rate: float) -> bool:
    """Whether a site is not there with its newest data, or stands out beside the others."""
    line_ = facts.sites[key].line
    unusual = any(t.is_unusual(rate) for t in facts.tests_of[key])
    return unusual or line_.status not in ("fresh", "unchanged") or bool(line_.reason)


def events(facts: Facts, shown: Shown) -> str:
    """Psychosis and convulsions: each of them, or in a shareable report how many a trial."""
    head = '<section aria-labelledby="events"><h2 id="events">Events of special interest: psychosis, convulsion</h2>'
    if not facts.events:
        return head + "<p>None is in this release.</p></section>"
    if shown.shareable:
        studies = sorted({r["STUDYID"] for r in facts.events})
        rows: list[Sequence[object]] = []
        for study in studies:
            mine = [r for r in facts.events if r["STUDYID"] == study]
            rows.append((study, shown.cell(len(mine), len({r["USUBJID"] for r in mine}))))
        return head + table("Events of special interest by trial", ("Trial", "Events"), rows) + "</section>"
    heads = ("Participant", "Site", "Event", "Start", "Severity", "Serious", "After first dose", "Days since last dose")
    rows = [
        (
            r["USUBJID"], _site(r["STUDYID"], r["SITEID"]), r["AESICAT"].lower(), r["AESTDTC"] or "not known",
            (r["AESEV"] or "not known").lower(), _word(r["AESER"]), _word(r["TRTEMFL"]),
            "" if r["DAYSLDOS"] is None else r["DAYSLDOS"],
        )
        for r in facts.events
    ]  # fmt: skip
    told = f"{len(rows)} events, newest first. Somebody must have looked at each of them; none is closed here."
    return head + f'<p class="alarm">{e(told)}</p>' + table("Events of special interest", heads, rows) + "</section>"


def _word(flag: str | None) -> str:
    return {"Y": "yes", "N": "no"}.get(flag or "", "not known")


def _site(study: str, site: str) -> Html:
    return Html(f'<a href="#{e(anchor(study, site))}">{e(study)}/{e(site)}</a>')


def standing(facts: Facts, shown: Shown) -> str:
    """Sites that are held, missing or carried, and why."""
    lines = [f.line for f in facts.sites.values() if f.line.status not in ("fresh", "unchanged") or f.line.reason]
    head = '<section aria-labelledby="standing"><h2 id="standing">Held and carried</h2>'
    if not lines:
        return head + "<p>Every site is there with its newest data.</p></section>"
    today = facts.release.as_of.date()
    if shown.shareable:
        items = "".join(f"<li>{e(li.key)}: {e(li.status)}</li>" for li in lines)
        return head + f"<ul>{items}</ul></section>"
    items = "".join(f"<li><pre>{e(text)}</pre></li>" for text in standings(lines, today))
    return head + f"<ul class=\"why\">{items}</ul></section>"


def sites(facts: Facts, shown: Shown, rate: float) -> str:
    """A line a site."""
    today = facts.release.as_of.date()
    heads = ("Site", "Data", "Age in days", "Participants", "Rows received", "In quarantine", "Values withheld", "Findings open", "New",
             "Resolved", "Stands out")  # fmt: skip
    rows: list[Sequence[object]] = []
    marks = []
    held = {(s["study"], s["site"]): sum(t["withheld"] for t in s["tables"].values()) for s in facts.release.manifest["sites"]}
    for (study, site), found in facts.sites.items():
        unusual = [t for t in facts.tests_of[(study, site)] if t.is_unusual(rate)]
        age = found.line.age_on(today)
        signs = f"{len(unusual)} sign{'' if len(unusual) == 1 else 's'}" if unusual else "no"
        rows.append((
            _site(study, site), found.line.status, "no data" if age is None else age, shown.cell(found.people),
            shown.rounded(found.line.received), shown.cell(found.line.quarantined), shown.cell(held.get((study, site), 0)),
            shown.cell(total(found.rows["finding_count"], "n_open")),
            shown.cell(total(found.rows["finding_count"], "n_new")),
            "not known" if found.resolved is None else shown.cell(found.resolved), signs,
        ))  # fmt: skip
        marks.append((study, site, needs_look(facts, (study, site), rate)))
    body = table("Every site of the release", heads, rows, kind="sites")
    for study, site, look in marks:  # what the filter looks at
        old = f'<tr><th scope="row"><a href="#{e(anchor(study, site))}"'
        mark = f'<tr data-study="{e(study)}" data-site="{e(site)}" data-look="{int(look)}">'
        body = body.replace(old, old.replace("<tr>", mark), 1)
    studies = sorted({study for study, _ in facts.sites} & facts.trials.keys())
    titles = "".join(f"<li><strong>{e(s)}</strong>: {e(facts.trials[s].title)}</li>" for s in studies)
    return (
        f'<section aria-labelledby="sites"><h2 id="sites">Trials and sites</h2><ul>{titles}</ul>{body}'
        "<p>Open: neither answered nor waived. New: open, and first seen on the day of the release (UTC). Resolved: found in the release"
        " before and no more. Data: <em>fresh</em> new or"
        " changed, <em>unchanged</em>, <em>carried</em> the last good data stand in, <em>held</em> or <em>missing</em> nothing is"
        " there.</p></section>"
    )


def since(facts: Facts, shown: Shown) -> str:
    """What is otherwise than in the release before."""
    head = '<section aria-labelledby="since"><h2 id="since">Since the last release</h2>'
    previous = facts.release.manifest["previous"]
    if previous is None:
        return head + "<p>This is the first release.</p></section>"
    before = facts.before["sites"] if facts.before else {}
    told = "" if before else "<p>The release before is no longer kept or has no summary; participants are not compared.</p>"
    rows: list[Sequence[object]] = []
    for (study, site), found in facts.sites.items():
        old = before.get(f"{study}/{site}")
        cells = [
            shown.cell(found.people - old["participants"]) if old else "not known",
            old["status"] if old and old["status"] != found.line.status else "",
            *(shown.cell(found.changes.get(kind, 0)) for kind in KINDS),
            shown.cell(total(found.rows["finding_count"], "n_new")), "not known" if found.resolved is None else shown.cell(found.resolved),
        ]  # fmt: skip
        if any(c not in (0, "", "not known") for c in cells):
            rows.append((_site(study, site), *cells))
    if not rows:
        return head + told + "<p>No site's data, findings or standing changed.</p></section>"
    heads = ("Site", "Participants more", "Was", *(k.capitalize() for k in KINDS.values()), "Findings new", "Findings resolved")
    return head + told + table(f"Sites that changed since release {previous}", heads, rows) + "</section>"


def trends(facts: Facts, shown: Shown) -> str:
    """Releases one after the other."""
    told = facts.trend
    head = '<section aria-labelledby="trends"><h2 id="trends">Trends over releases</h2>'
    untold = ""
    if facts.untold:
        untold = f"<p>{facts.untold} earlier releases have no summary and are not shown: trialweave report RELEASE makes one.</p>"
    if len(told) < 2:
        return head + untold + "<p>There is no earlier release to compare with.</p></section>"
    labels = [t["as_of"][5:10] for t in told]
    people = [shown.rounded(sum(s["participants"] for s in t["sites"].values())) for t in told]
    received = [shown.rounded(t["received"]) for t in told]
    refused = [100 * shown.rounded(t["quarantined"]) / n if n else None for t, n in zip(told, received, strict=True)]
    found = [shown.rounded(sum(n for s, n in t["open"].items() if s != "note")) for t in told]
    away = [sum(s["status"] in ("carried", "held", "missing") for s in t["sites"].values()) for t in told]
    rows = [
        (t["release_id"], t["as_of"][:10], p, n, "" if r is None else f"{r:.2f} %", f, a)
        for t, p, n, r, f, a in zip(told, people, received, refused, found, away, strict=True)
    ]
    charts = [
        ("Participants", people, "in all sites together"), ("Rows in quarantine, percent", refused, "of rows received"),
        ("Open findings", found, "without notes"), ("Sites held, carried or missing", away, "of all sites"),
    ]  # fmt: skip
    drawn = ""
    for name, values, sub in charts:
        numbers = [(t["as_of"][:10], "" if v is None else f"{v:.4g}") for t, v in zip(told, values, strict=True)]
        said = f"{sub}; first {values[0] or 0:.4g}, last {values[-1] or 0:.4g}."
        drawing = line(f"{name} {sub} by release; {said}", labels, values, floor=0)
        drawn += figure(name, said, drawing, table(name, ("Release of", name), numbers))
    heads = ("Release", "As of", "Participants", "Rows received", "In quarantine", "Open findings", "Sites held, carried, missing")
    return head + untold + f'<div class="charts">{drawn}</div>' + table("Releases, oldest first", heads, rows) + "</section>"


def one_line(found: SiteFacts) -> str:
    """How a site's data stand, in words."""
    line_ = found.line
    return f"{line_.status}, delivered on {line_.delivered_on}" if line_.delivered_on else line_.status
