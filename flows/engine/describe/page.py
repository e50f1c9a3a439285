"""dictionary.html: every published variable on one page that needs nothing else and works without scripts.

What belongs here: the page. What does not: the facts (the package's __init__).

The filter is the page's only script; without it every variable is shown. A variable's anchor is its name: dictionary.html#adex.TIMCAT.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from flows.engine.describe import Fact, facts, file_of, meaning
from schemas.codes import CodeList
from schemas.columns import RESTRICTED, TITLES
from schemas.harmonization import COLUMNS

STYLE = """
:root { color-scheme: light }
body { font: 15px/1.45 system-ui, sans-serif; color: #1b1b1b; background: #fff; margin: 1.5rem auto; max-width: 90rem; padding: 0 1rem }
a { color: #0b4f9e }
:focus-visible { outline: 3px solid #0b4f9e; outline-offset: 2px }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; background: #fff; padding: .3rem .6rem }
nav ul { columns: 16rem; padding-left: 1.2rem }
label { font-weight: 600 }
input { font: inherit; padding: .3rem .5rem; border: 1px solid #595959; border-radius: .2rem; width: 20rem; max-width: 100% }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem }
caption { text-align: left; padding: .2rem 0; color: #404040 }
th, td { border-bottom: 1px solid #767676; padding: .3rem .5rem; text-align: left; vertical-align: top }
thead th { border-bottom: 2px solid #1b1b1b }
tbody th { font-weight: 600; white-space: nowrap }
tbody.variables td:nth-child(5) { min-width: 16rem }
code { font-size: .85em }
.scroll { overflow-x: auto }
tr:target { background: #fff3c4 }
@media print { nav, .filter, .skip { display: none } body { margin: 0; max-width: none; font-size: 9pt } tr { break-inside: avoid } }
"""

SCRIPT = """
const box = document.getElementById('filter'), told = document.getElementById('shown');
const rows = Array.from(document.querySelectorAll('tbody.variables tr'));
box.closest('.filter').hidden = false;
box.addEventListener('input', () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let n = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every(word => text.includes(word));
    n += !row.hidden;
  }
  for (const section of document.querySelectorAll('section.set'))
    section.hidden = !section.querySelector('tbody.variables tr:not([hidden])');
  told.textContent = n + ' of ' + rows.length + ' variables shown';
});
"""

LAST = '<li><a href="#harmonization">harmonization</a>: which variable can be had from which site</li>\n'
HEADS = ("Variable", "Label", "Type", "Values", "How it comes about", "Computed from", "Rests on")
ORIGINS = {
    "Collected": "the site's own field, unchanged after mapping",
    "Derived": "computed",
    "Assigned": "a text or number of trialweave or the configuration",
}
RESTS = "Rests on: the fields of intake tables, as a site's mapping names them, and what of the configuration goes in."


def as_html() -> bytes:
    """The page; the same code gives the same bytes."""
    sets = facts()
    n = sum(map(len, sets.values()))
    links = "\n".join(f'<li><a href="#{d}">{d}</a>: {_e(TITLES[d])}</li>' for d in sets)
    origins = "\n".join(f"<dt>{_e(name)}</dt><dd>{_e(text)}</dd>" for name, text in ORIGINS.items())
    lists = {f.codes.name: f.codes for found in sets.values() for f in found if f.codes is not None}
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">',
        f"<title>Data dictionary</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        '<a class="skip" href="#main">To the variables</a>\n<header><h1>Data dictionary</h1>',
        f"<p>{n} variables of {len(sets)} sets. The same facts are in dictionary.csv, define.xml and the field metadata of the Parquet"
        " files. Instants are in UTC, dates are the site's own.</p></header>",
        f'<nav aria-label="Sets">\n<ul>\n{links}\n{LAST}<li><a href="#codes">Code lists</a></li>\n</ul>\n</nav>\n<main id="main">',
        '<div class="filter" hidden><label for="filter">Filter</label> <input id="filter" type="search" autocomplete="off">'
        ' <span id="shown" role="status"></span></div>',
        f"<h2>Origins</h2>\n<dl>\n{origins}\n</dl>\n<p>{_e(RESTS)}</p>",
        *(_set(dataset, found) for dataset, found in sets.items()),
        _matrix(),
        '<section aria-labelledby="codes">\n<h2 id="codes">Code lists</h2>',
        *(_codes(lists[name]) for name in sorted(lists)),
        f"</section>\n</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts).encode()


def _set(dataset: str, found: Sequence[Fact]) -> str:
    keys = ", ".join(f.column.name for f in found if f.column.is_key)
    where = "It lies in restricted/, not in the release." if dataset in RESTRICTED else f"Files: {dataset}/study/site-hash.parquet."
    heads = "".join(f'<th scope="col">{_e(h)}</th>' for h in HEADS)
    return (
        f'<section class="set" aria-labelledby="{dataset}">\n<h2 id="{dataset}">{dataset}: {_e(TITLES[dataset])}</h2>\n'
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{dataset}">\n<table>\n'
        f"<caption>One row a {_e(keys)}. Made by <code>{_e(found[0].file)}</code>. {where}</caption>\n"
        f'<thead><tr>{heads}</tr></thead>\n<tbody class="variables">\n'
        + "\n".join(_row(dataset, f) for f in found)
        + "\n</tbody>\n</table>\n</div>\n</section>"
    )


def _row(dataset: str, fact: Fact) -> str:
    column = fact.column
    kind = column.type + (f", {column.unit}" if column.unit else "")
    values = f'<a href="#CL.{fact.codes.name}">{_e(" ".join(column.codes))}</a>' if fact.codes else ""
    models = [file_of(table) or table for table in fact.reads]
    rests_on = [_coded(fact.fields)] if fact.fields else []
    rests_on += [f"configuration: {_coded(fact.configuration)}"] if fact.configuration else []
    cells = [
        _e(column.label), _e(kind), values, f"{_e(fact.origin)}. {_e(meaning(fact))}".strip(), _coded(models), "<br>".join(rests_on),
    ]  # fmt: skip
    inside = "".join(f"<td>{cell}</td>" for cell in cells)
    name = f"{column.name}{' (key)' if column.is_key else ''}"
    return f'<tr id="{dataset}.{column.name}"><th scope="row">{_e(name)}</th>{inside}</tr>'


def _matrix() -> str:
    """The harmonization matrix, which is no set of participants' data."""
    heads = "".join(f'<th scope="col">{_e(h)}</th>' for h in ("Variable", "Label", "Type", "Values", "Meaning"))
    rows = "\n".join(
        f'<tr id="harmonization.{name}"><th scope="row">{_e(name)}{" (key)" if is_key else ""}</th>'
        + "".join(f"<td>{_e(text)}</td>" for text in (label, kind, codes, meaning)) + "</tr>"
        for name, (label, kind, codes, is_key, meaning) in COLUMNS.items()
    )  # fmt: skip
    return (
        '<section aria-labelledby="harmonization">\n<h2 id="harmonization">harmonization: which variable can be had from which site</h2>\n'
        '<div class="scroll" role="region" tabindex="0" aria-labelledby="harmonization">\n<table>\n'
        f"<caption>Files: harmonization.parquet, harmonization.csv.</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n"
        "</table>\n</div>\n</section>"
    )


def _codes(codes: CodeList) -> str:
    rows = "\n".join(f'<tr><th scope="row"><code>{_e(c)}</code></th><td>{_e(label)}</td></tr>' for c, label in codes.terms.items())
    told = f"{codes.title}{f' (CDISC {codes.nci})' if codes.nci else ''}"
    head = '<thead><tr><th scope="col">Code</th><th scope="col">Meaning</th></tr></thead>'
    return f'<h3 id="CL.{codes.name}">{_e(told)}</h3>\n<table>\n{head}\n<tbody>\n{rows}\n</tbody>\n</table>'


def _coded(names: Iterable[str]) -> str:
    shown = (_e(name).replace("/", "/<wbr>") for name in names)  # where a line may break
    return " ".join(f"<code>{name}</code>" for name in shown)


def _e(text: str) -> str:
    return html.escape(text, quote=True)
