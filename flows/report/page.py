"""report.html whole: frame, style, filter, method.

What belongs here: the page. What does not: its parts (overview.py, monitor_part.py, site_part.py).

The page's policy forbids every request, so that it works offline and tells nobody that it was read. Without scripts everything is shown.
"""

from __future__ import annotations

from flows.report import overview
from flows.report.draw import e
from flows.report.facts import Facts
from flows.report.monitor_part import monitoring
from flows.report.shown import Shown
from flows.report.site_part import draw, site

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE = """
:root { color-scheme: light }
* { box-sizing: border-box }
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; background: #fff; margin: 1.5rem auto; max-width: 84rem; padding: 0 1rem }
a { color: #0b4f9e }
:focus-visible { outline: 3px solid #0b4f9e; outline-offset: 2px }
.skip, .sr { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; background: #fff; padding: .3rem .6rem }
h1 { margin-bottom: .2rem } h2 { border-bottom: 2px solid #1b1b1b; padding-bottom: .2rem; margin-top: 2.2rem }
[id] { scroll-margin-top: 4rem }
section.site { border-top: 1px solid #767676; margin-top: 1.5rem }
h3 { font-size: 1.2rem; margin: .8rem 0 .2rem }
nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; padding: 0; list-style: none }
.filter { position: sticky; top: 0; background: #fff; border-bottom: 1px solid #767676; padding: .5rem 0; display: flex; flex-wrap: wrap;
  gap: .4rem 1.2rem; align-items: center; z-index: 1 }
[hidden] { display: none !important }
label { font-weight: 600 }
input[type=search], select { font: inherit; padding: .25rem .4rem; border: 1px solid #595959; border-radius: .2rem; background: #fff }
table { border-collapse: collapse; margin: .5rem 0 1rem; min-width: 17rem }
.pair { display: flex; flex-wrap: wrap; gap: 0 2.5rem } .pair > * { max-width: 100% }
caption { text-align: left; padding: .2rem 0; color: #404040; font-weight: 600 }
th, td { border-bottom: 1px solid #8a8a8a; padding: .2rem .6rem; text-align: left; vertical-align: top }
thead th { border-bottom: 2px solid #1b1b1b; font-size: .92em }
tbody th { font-weight: 400 }
td.n { text-align: right; font-variant-numeric: tabular-nums }
.scroll { overflow-x: auto }
.told, .hidden-cell { color: #505050 }
.alarm { border-left: .4rem solid #a4001d; padding: .3rem .8rem; font-weight: 600 }
ul.why { list-style: none; padding: 0 } ul.why pre { white-space: pre-wrap; margin: .3rem 0; font-size: .95em }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1rem 1.5rem; align-items: start }
figure { margin: 0; break-inside: avoid }
svg { width: 100%; max-width: 30rem; height: auto; display: block; margin-top: .3rem } svg.narrow { max-width: 17rem }
.bar { fill: #3f7fbf } .bar2 { fill: #10375f } .band { fill: #f2d9a0 } .hid { fill: none; stroke: #505050; stroke-dasharray: 2 2 }
.axis { fill: none; stroke: #1b1b1b } .diag { stroke: #1b1b1b; stroke-dasharray: 4 3 }
.s { font: 10px system-ui, sans-serif; fill: #1b1b1b }
.line { fill: none; stroke: #10375f; stroke-width: 2 } .dot { fill: #10375f } .range { stroke: #3f7fbf; stroke-width: 3 }
summary { cursor: pointer; color: #0b4f9e }
:target { background: #fff3c4 }
@media print {
  nav, .filter, .skip, figure details { display: none } body { margin: 0; max-width: none; font-size: 9pt }
  tr, figure { break-inside: avoid } h2, h3, caption { break-after: avoid } .scroll { overflow: visible }
  .charts { grid-template-columns: repeat(2, 1fr) } a { color: inherit; text-decoration: none }
}
"""

SCRIPT = """
const box = document.getElementById('filter'), text = document.getElementById('find'), trial = document.getElementById('trial');
const look = document.getElementById('look'), told = document.getElementById('shown');
const parts = Array.from(document.querySelectorAll('[data-site]')), sections = document.querySelectorAll('section.site');
box.hidden = false;
function sift() {
  const words = text.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let n = 0;
  for (const part of parts) {
    const d = part.dataset, name = (d.study + '/' + d.site).toLowerCase();
    part.hidden = !((!trial.value || d.study === trial.value) && (!look.checked || d.look === '1') && words.every(w => name.includes(w)));
    n += part.tagName === 'SECTION' && !part.hidden;
  }
  told.textContent = n + ' of ' + sections.length + ' sites shown';
}
for (const [field, event] of [[text, 'input'], [trial, 'change'], [look, 'change']]) field.addEventListener(event, sift);
function reach() {
  const there = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const site = there && there.closest('[data-site]');
  if (site && site.hidden) { text.value = ''; trial.value = ''; look.checked = false; sift(); there.scrollIntoView(); }
}
addEventListener('hashchange', reach);
sift();
"""

PARTS = (
    ("events", "Events of special interest"), ("standing", "Held and carried"), ("sites", "Trials and sites"),
    ("since", "Since the last release"), ("trends", "Trends"), ("monitoring", "Sites beside each other"), ("each", "Site by site"),
    ("method", "Method and sources"),
)  # fmt: skip


def draw_sites(facts: Facts) -> None:
    """Draw the charts of the sites that have none from an earlier report, as the page that is not shareable shows them."""
    shown = Shown(False, facts.evidence.small_cell_subjects.value)
    for key, found in facts.sites.items():
        if found.drawn is None:
            found.drawn = draw(facts, key, shown)


def as_html(facts: Facts, *, shareable: bool = False) -> bytes:
    """The page. Shareable: no cell of fewer participants than evidence.yaml's small cell, others rounded, no keys, no reasons."""
    evidence = facts.evidence
    shown = Shown(shareable, evidence.small_cell_subjects.value)
    rate, few = evidence.monitor_false_discovery_pct.value, evidence.monitor_min_participants.value
    told = facts.release.manifest
    studies = sorted({study for study, _ in facts.sites})
    people, n_sites = sum(f.people for f in facts.sites.values()), sum(f.people > 0 for f in facts.sites.values())
    blinded = ", ".join(told["blinded"]) or "none"
    form = (
        f"Shareable form: cells of fewer than {shown.few} participants are hidden, all other counts are rounded to the nearest {shown.few},"
        " so that none can be worked out from others. "
        if shareable
        else ""
    )
    links = "".join(f'<li><a href="#{name}">{e(title)}</a></li>' for name, title in PARTS)
    options = "".join(f"<option>{e(s)}</option>" for s in studies)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<meta name="viewport" content="width=device-width">',
        f"<title>Report of release {e(told['release_id'])}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        '<a class="skip" href="#main">To the report</a>\n<header><h1>Report of a release</h1>',
        f"<p>Release {e(told['release_id'])}, as of {e(told['as_of'][:10])} (UTC). {len(studies)} trials, {n_sites} sites with"
        f" participants, {shown.rounded(people)} participants. Blinded trials: {e(blinded)}. {form}No treatment arm is"
        " read for or shown in this report.</p></header>",
        f'<nav aria-label="Parts of the report"><ul>{links}</ul></nav>\n<main id="main">',
        overview.events(facts, shown), overview.standing(facts, shown),
        '<div class="filter" id="filter" role="search" aria-label="Sites to show" hidden><span><label for="find">Site</label>'
        ' <input id="find" type="search" autocomplete="off" placeholder="e.g. 07"></span><span><label for="trial">Trial</label>'
        f' <select id="trial"><option value="">all</option>{options}</select></span>'
        '<span><input id="look" type="checkbox"> <label for="look">only sites to look at</label></span>'
        '<span id="shown" role="status"></span></div>',
        overview.sites(facts, shown, rate), overview.since(facts, shown), overview.trends(facts, shown),
        monitoring(facts, shown, rate, few),
        '<section aria-labelledby="each"><h2 id="each">Site by site</h2>',
        *(site(facts, key, shown, rate) for key in facts.sites),
        f"</section>\n{_method(facts, rate, few)}\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
    ]  # fmt: skip
    return "\n".join(parts).encode()


def _method(facts: Facts, rate: float, few: int) -> str:
    return f"""<section aria-labelledby="method"><h2 id="method">Method and sources</h2>
<ul>
<li>All numbers are computed by the queries in sql/7_report over the Parquet files of this release.</li>
<li>Completeness counts fields of records that are there. A visit is due for a participant when its window has ended by the day of the
release; where a trial's dates are shifted, every randomized participant counts. A visit at which nobody of the trial has the primary
outcome is left out. Whether a field that is nowhere filled is mapped or collected at all stands in harmonization.csv of the release.</li>
<li>Dose timing: elapsed minutes; before the session to the trial's own reference (start of the session or of the exposure), after it from
the end of the session. Doses whose timing is unknown are in no chart; the table of completeness counts them.</li>
<li>Findings: open means neither answered nor waived. Age counts from the day a finding was first seen.</li>
<li>Sites beside each other: the participant is the unit. Spread is the mean distance from the site's own median (Brown and Forsythe 1974).
Means are compared with those of all other sites of the trial by Welch's test (1947), shares by Fisher's exact test, two-sided.
At least {few} participants on either side. All comparisons of a trial are one family; q is the false discovery rate of Benjamini and
Hochberg (1995), and a site stands out at q of at most {rate / 100:g}. The signs follow Venet et al. (2012, doi:10.1177/1740774512447898):
spread, digits, repetition, errors. With small sites the tests are approximate; they point to where to look.</li>
<li>A row of ratings counts as the same as another's when it has at least {facts.evidence.ratings_copied_min.value:g} numbers, all
equal, and is of another participant of the same site. Larger sites have more pairs, so more chance of an equal one.</li>
</ul></section>"""
