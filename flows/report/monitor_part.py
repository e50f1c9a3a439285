"""Sites beside each other, as a table and in sentences.

What belongs here: showing tests. What does not: the tests (monitor.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.report.draw import Html, e, table
from flows.report.facts import Facts
from flows.report.monitor import SIGNS, Test
from flows.report.overview import anchor
from flows.report.shown import Shown


def monitoring(facts: Facts, shown: Shown, rate: float, few: int) -> str:
    """Who stands out, then every comparison."""
    unusual = [t for t in facts.tests if t.is_unusual(rate)]
    items = "".join(f"<li>{_link(t)}: {e(_sentence(t, shown))}</li>" for t in sorted(unusual, key=lambda t: (t.q or 0, t.study, t.site)))
    told = f"<ul>{items}</ul>" if unusual else "<p>No site stands out.</p>"
    tables = "".join(_trial(study, facts, shown, rate) for study in sorted({t.study for t in facts.tests}))
    return (
        '<section aria-labelledby="monitoring"><h2 id="monitoring">Sites beside each other</h2>'
        f"<p>Each site is compared with all other sites of its trial, by participants. A site that stands out is one to be asked, not one"
        f" that did wrong: it may treat other participants, or work otherwise. Of the sites listed at most {rate:g} % are expected to be"
        f" there by chance (false discovery rate over all comparisons of a trial). Fewer than {few} participants on either side are not"
        f' compared. <a href="#method">Method</a>.</p>{told}{tables}</section>'
    )


def _link(test: Test) -> Html:
    return Html(f'<a href="#{e(anchor(test.study, test.site))}">{e(test.study)}/{e(test.site)}</a>')


def _value(test: Test, value: float | None) -> str:
    if value is None:
        return "none"
    return f"{100 * value:.0f} %" if test.sign.unit == "%" else f"{value:.1f} {test.sign.unit}"


def _sentence(test: Test, shown: Shown) -> str:
    if shown.shareable:
        return f"{test.sign.title.lower()}: {test.words}"
    return (
        f"{test.sign.title.lower()} {_value(test, test.mean)} (n = {test.n}) against {_value(test, test.others_mean)}"
        f" (n = {test.others_n}): {test.words}; q = {_p(test.q)}"
    )


def _p(value: float | None) -> str:
    if value is None:
        return ""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _trial(study: str, facts: Facts, shown: Shown, rate: float) -> str:
    by = {(t.site, t.sign.name): t for t in facts.tests if t.study == study}
    tested = {site for site, _ in by}
    sites = [site for s, site in facts.sites if s == study and site in tested]
    heads = ("Site", *(s.title for s in SIGNS))
    rows: list[Sequence[object]] = []
    for site in sites:
        cells: list[object] = [Html(f'<a href="#{e(anchor(study, site))}">{e(site)}</a>')]
        for sign in SIGNS:
            test = by.get((site, sign.name))
            cells.append(_cell(test, shown, rate) if test else Html('<span class="told">no data</span>'))
        rows.append(cells)
    told = f"{study}: value of the site; in brackets the false discovery rate q; \u25b2 higher, \u25bc lower than the others"
    return table(told, heads, rows, kind="tests")


def _cell(test: Test, shown: Shown, rate: float) -> Html:
    mark = ("\u25b2 " if test.mean > (test.others_mean or 0) else "\u25bc ") if test.is_unusual(rate) else ""
    if test.p is None:
        value = "" if shown.shareable else f"{e(_value(test, test.mean))} "
        return Html(f'{value}<span class="told">(too few)</span>')
    if shown.shareable:
        return Html(f"<strong>{mark}stands out</strong>" if mark else "as others")
    inside = f"{mark}{e(_value(test, test.mean))} ({e(_p(test.q))})"
    return Html(f"<strong>{inside}</strong>" if mark else inside)
